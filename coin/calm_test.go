//go:build !race

package coin_test

const racing = false

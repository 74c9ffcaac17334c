//go:build !race

package calendar_test

const racing = false

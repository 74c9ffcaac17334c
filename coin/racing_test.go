//go:build race

package coin_test

// racing reports whether the race detector is at work, which makes all ten times as
// slow.
const racing = true

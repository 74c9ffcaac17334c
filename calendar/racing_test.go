//go:build race

package calendar_test

// racing: the detector makes oracles slow and finds nothing in them, so they
// draw a tenth.
const racing = true

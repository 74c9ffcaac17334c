//go:build race

package caltest

// Racing says that the detector of races is on: it makes oracles slow and finds
// nothing in them, so they draw a tenth.
const Racing = true

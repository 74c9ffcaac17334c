package catalog

import (
	"math/bits"
	"slices"
)

// smallest is a set of numbers below a bound that gives back the smallest: a
// bit for each, a bit for each word of bits that is not empty, and so on. It is
// small enough to stay near the processor, where a heap of a million is not.
type smallest [][]uint64

const word = 64

func newSmallest(bound int) smallest {
	var s smallest
	for {
		bound = (bound + word - 1) / word
		s = append(s, make([]uint64, max(bound, 1)))
		if bound <= 1 {
			return s
		}
	}
}

func (s smallest) add(n int32) {
	at := uint(n) //nolint:gosec // G115: not negative
	for _, words := range s {
		words[at/word] |= 1 << (at % word)
		at /= word
	}
}

// pop takes the smallest out, false if there is none.
func (s smallest) pop() (int32, bool) {
	if s[len(s)-1][0] == 0 {
		return 0, false
	}
	at := 0
	for _, words := range slices.Backward(s) {
		at = at*word + bits.TrailingZeros64(words[at])
	}
	rest := at
	for _, words := range s {
		place := rest / word
		words[place] &= words[place] - 1 // its lowest bit is the smallest's
		if words[place] != 0 {
			break
		}
		rest = place
	}
	return num(at), true
}

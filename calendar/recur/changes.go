package recur

import (
	"math/bits"
	"slices"
)

// changes are what happens to windows, gathered window by window, each in the
// order of its time. They are kept in blocks, since nobody knows how many there
// will be.
type changes struct {
	full [][]uint64
	last []uint64
	n    int
}

// changesBlock is how many changes a block holds.
const changesBlock = 1 << 15

func (c *changes) add(change uint64) {
	if len(c.last) == cap(c.last) {
		if c.last != nil {
			c.full = append(c.full, c.last)
		}
		c.last = make([]uint64, 0, changesBlock)
	}
	c.last = append(c.last, change)
	c.n++
}

// sorted returns the changes of windows in a span of so many seconds in the order
// of their time, those of one second in the order of their windows. They come in
// that order, and of one window no two are at one second: so it is enough to sort
// by seconds what keeps its order where they are the same, digit by digit.
func (c *changes) sorted(seconds uint64) []uint64 {
	const digit = 13 // a year has 25 bits
	blocks := slices.Concat(c.full, [][]uint64{c.last})
	c.full, c.last = nil, nil // they are let go once they have been read
	out, other := make([]uint64, c.n), []uint64(nil)
	at := make([]int, 1<<digit) // where the next one of each digit goes
	for shift := changeTimeShift; ; shift += digit {
		clear(at)
		for _, block := range blocks {
			for _, x := range block {
				at[x>>shift&(1<<digit-1)]++
			}
		}
		sum := 0
		for i, n := range at {
			at[i] = sum
			sum += n
		}
		for _, block := range blocks {
			for _, x := range block {
				place := &at[x>>shift&(1<<digit-1)]
				out[*place] = x
				*place++
			}
		}
		if shift+digit-changeTimeShift >= bits.Len64(seconds) {
			return out
		}
		if other == nil {
			other = make([]uint64, c.n)
		}
		blocks = [][]uint64{out}
		out, other = other, out
	}
}

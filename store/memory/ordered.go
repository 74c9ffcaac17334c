package memory

import (
	"iter"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// entry is one line of a list: customer, index value, id.
type entry struct {
	customer servicecoin.CustomerID
	value    string
	id       string
}

func (e entry) compare(o entry) int {
	if c := strings.Compare(string(e.customer), string(o.customer)); c != 0 {
		return c
	}
	if c := strings.Compare(e.value, o.value); c != 0 {
		return c
	}
	return strings.Compare(e.id, o.id)
}

// ordered is a sorted set of entries in blocks, so that an insertion moves a
// few dozen entries at most.
type ordered struct{ blocks [][]entry }

const blockSize = 128

// place returns the block and offset of the first entry that is not below e.
func (o *ordered) place(e entry) (block, offset int, found bool) {
	block, _ = slices.BinarySearchFunc(o.blocks, e, func(b []entry, e entry) int { return b[len(b)-1].compare(e) })
	if block == len(o.blocks) {
		return block, 0, false
	}
	offset, found = slices.BinarySearchFunc(o.blocks[block], e, entry.compare)
	return block, offset, found
}

func (o *ordered) insert(e entry) {
	block, offset, found := o.place(e)
	if found {
		return
	}
	if block == len(o.blocks) {
		if block == 0 {
			o.blocks = append(o.blocks, newBlock([]entry{e}))
			return
		}
		block--
		offset = len(o.blocks[block])
	}
	b := slices.Insert(o.blocks[block], offset, e)
	o.blocks[block] = b
	if len(b) > blockSize {
		upper := b[len(b)/2:]
		o.blocks = slices.Insert(o.blocks, block+1, newBlock(upper))
		clear(upper) // what stays behind the end would keep its texts alive
		o.blocks[block] = b[:len(b)/2]
	}
}

// newBlock copies entries into a block with room for as many as one may have.
func newBlock(entries []entry) []entry { return append(make([]entry, 0, blockSize+1), entries...) }

func (o *ordered) remove(e entry) {
	block, offset, found := o.place(e)
	if !found {
		return
	}
	o.blocks[block] = slices.Delete(o.blocks[block], offset, offset+1)
	if len(o.blocks[block]) == 0 {
		o.blocks = slices.Delete(o.blocks, block, block+1)
	}
}

// walk yields the entries from e on (nil: from the begin), or, descending, the
// entries from e downwards (nil: from the end). e itself need not be there.
func (o *ordered) walk(e *entry, descending bool) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		block, offset := 0, 0
		if e != nil {
			block, offset, _ = o.place(*e)
		} else if descending {
			block = len(o.blocks)
		}
		if !descending {
			for ; block < len(o.blocks); block, offset = block+1, 0 {
				for _, x := range o.blocks[block][offset:] {
					if !yield(x) {
						return
					}
				}
			}
			return
		}
		for ; block >= 0; block-- {
			if block < len(o.blocks) {
				for i := min(offset, len(o.blocks[block])-1); i >= 0; i-- {
					if !yield(o.blocks[block][i]) {
						return
					}
				}
			}
			offset = blockSize * 2
		}
	}
}

package metering

import "math/bits"

// keyIndex finds what is stored under a key by its hash: which chunk has it, in which
// row. It keeps no key: whoever asks compares with what is stored there. It is a table
// with linear probing in many parts, each of which grows by itself, so that none takes
// long to; it takes about 18 bytes a key.
type keyIndex struct {
	parts [1 << partBits]keyPart
}

const partBits = 4

type keyPart struct {
	slots []keySlot
	used  int // with those that are dropped
}

type keySlot struct {
	hash uint32
	ref
}

// ref is where an event is stored. The zero value is nowhere.
type ref struct {
	chunk uint32
	row   uint32
}

const (
	nowhere = 0
	dropped = 1 // the chunk of what was forgotten
	aside   = 2 // the chunk of what is stored aside
	chunks  = 3 // the first chunk of a day
)

// find returns where the first event with such a hash is that same says is it.
func (x *keyIndex) find(hash uint64, same func(ref) bool) (ref, bool) {
	p := &x.parts[hash>>(64-partBits)]
	n := len(p.slots)
	if n == 0 {
		return ref{}, false
	}
	h := uint32(hash) //nolint:gosec // G115: half of the bits
	for i := p.place(h); ; {
		s := &p.slots[i]
		if s.chunk == nowhere {
			return ref{}, false
		}
		if s.hash == h && s.chunk != dropped && same(s.ref) {
			return s.ref, true
		}
		if i++; i == n {
			i = 0
		}
	}
}

// peek reads what find reads first.
func (x *keyIndex) peek(hash uint64) uint32 {
	p := &x.parts[hash>>(64-partBits)]
	if len(p.slots) == 0 {
		return 0
	}
	return p.slots[p.place(uint32(hash))].chunk //nolint:gosec // G115: half of the bits
}

// place returns where to look first.
func (p *keyPart) place(h uint32) int {
	high, _ := bits.Mul32(h, uint32(len(p.slots))) //nolint:gosec // G115: a part is smaller
	return int(high)
}

// add adds an event that is not there.
func (x *keyIndex) add(hash uint64, r ref) {
	const least = 64
	p := &x.parts[hash>>(64-partBits)]
	if full := len(p.slots) / 5 * 4; p.used >= full { // four fifths
		p.grow(max(least, len(p.slots)/5*7)) //nolint:mnd // to seven fifths
	}
	p.put(keySlot{uint32(hash), r}) //nolint:gosec // G115: half of the bits
	p.used++
}

func (p *keyPart) put(s keySlot) {
	i := p.place(s.hash)
	for p.slots[i].chunk != nowhere {
		if i++; i == len(p.slots) {
			i = 0
		}
	}
	p.slots[i] = s
}

func (p *keyPart) grow(size int) {
	old := p.slots
	*p = keyPart{slots: make([]keySlot, size)}
	for _, s := range old {
		if s.chunk > dropped {
			p.put(s)
			p.used++
		}
	}
}

// drop forgets those events that gone says.
func (x *keyIndex) drop(gone func(ref) bool) {
	for i := range x.parts {
		for k := range x.parts[i].slots {
			if s := &x.parts[i].slots[k]; s.chunk > dropped && gone(s.ref) {
				s.chunk = dropped
			}
		}
	}
}

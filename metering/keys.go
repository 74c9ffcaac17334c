package metering

import "math/bits"

// keyIndex finds what is stored under a key by its hash: which chunk has it, in which
// row. It keeps no key: whoever asks compares with what is stored there. It is a table
// with linear probing in many parts, each of which grows by itself, so that none takes
// long to; it takes about 18 bytes a key.
type keyIndex struct {
	parts [1 << partBits]keyPart
}

const partBits = 8

type keyPart struct {
	refs   []ref
	hashes []uint32 // which part of refs an entry belongs in
	used   int      // with those that are dropped
}

// ref is where an event is stored. The zero value is nowhere.
type ref struct {
	chunk uint32 // dropped: it was stored
	row   uint32
}

const (
	nowhere = 0
	dropped = 1 // the chunk of what was forgotten
	aside   = 2 // the chunk of what is stored aside
	chunks  = 3 // the first chunk of a day
)

func (x *keyIndex) part(hash uint64) *keyPart { return &x.parts[hash>>(64-partBits)] }

// find returns where the first event with such a hash is that same says is it.
func (x *keyIndex) find(hash uint64, same func(ref) bool) (ref, bool) {
	p := x.part(hash)
	n := len(p.refs)
	if n == 0 {
		return ref{}, false
	}
	h := uint32(hash) //nolint:gosec // G115: half of the bits
	for i := p.place(h); ; {
		r := p.refs[i]
		if r.chunk == nowhere {
			return ref{}, false
		}
		if p.hashes[i] == h && r.chunk != dropped && same(r) {
			return r, true
		}
		if i++; i == n {
			i = 0
		}
	}
}

// place returns where to look first.
func (p *keyPart) place(h uint32) int {
	high, _ := bits.Mul32(h, uint32(len(p.refs))) //nolint:gosec // G115: a part is smaller
	return int(high)
}

// add adds an event that is not there.
func (x *keyIndex) add(hash uint64, r ref) {
	const least, full, more = 64, 0.8, 1.4
	p := x.part(hash)
	if float64(p.used+1) > float64(len(p.refs))*full {
		p.grow(max(least, int(float64(len(p.refs))*more)))
	}
	p.put(uint32(hash), r) //nolint:gosec // G115: half of the bits
	p.used++
}

func (p *keyPart) put(h uint32, r ref) {
	i := p.place(h)
	for p.refs[i].chunk != nowhere {
		if i++; i == len(p.refs) {
			i = 0
		}
	}
	p.refs[i], p.hashes[i] = r, h
}

func (p *keyPart) grow(size int) {
	old := *p
	*p = keyPart{refs: make([]ref, size), hashes: make([]uint32, size)}
	for i, r := range old.refs {
		if r.chunk > dropped {
			p.put(old.hashes[i], r)
			p.used++
		}
	}
}

// drop forgets those events that gone says.
func (x *keyIndex) drop(gone func(ref) bool) {
	for i := range x.parts {
		p := &x.parts[i]
		for k, r := range p.refs {
			if r.chunk > dropped && gone(r) {
				p.refs[k].chunk = dropped
			}
		}
	}
}

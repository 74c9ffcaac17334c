package metering

import (
	"strings"
)

// dict are the texts of blocks as small numbers: subjects and sources, and the
// dimensions that come together. It belongs to one customer and goes with it. Number 0 is
// no text, and no dimensions.
type dict struct {
	texts  []string
	combos []Dimensions
	// The hashes of texts and of dimensions.
	textHash, comboHash []uint64
	textAt, comboAt     hashTable // empty of a dictionary that was read
	apart               bool      // it is of one block only
	round               uint32    // how often another block was read into it
	room                Dimensions

	// Most events come from the source, and have the dimensions, of the one before.
	lastSource, lastCombo uint32
}

func newDict() *dict {
	return &dict{texts: []string{""}, combos: []Dimensions{nil}, textHash: []uint64{0}, comboHash: []uint64{0}}
}

// hashTable finds numbers by the hashes of what they stand for.
type hashTable struct {
	slots []hashSlot
	used  int
}

type hashSlot struct{ hash, id uint32 } // id 0: free

// find returns the first number with such a hash that same says is it.
func (t *hashTable) find(hash uint64, same func(id uint32) bool) (uint32, bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	h, mask := uint32(hash), uint32(len(t.slots)-1) //nolint:gosec // G115: half of the bits; fewer than events
	for i := h & mask; ; i = (i + 1) & mask {
		s := t.slots[i]
		if s.id == 0 {
			return 0, false
		}
		if s.hash == h && same(s.id) {
			return s.id, true
		}
	}
}

// peek reads what find reads first.
func (t *hashTable) peek(hash uint64) uint32 {
	if len(t.slots) == 0 {
		return 0
	}
	return t.slots[uint32(hash)&uint32(len(t.slots)-1)].id //nolint:gosec // G115: half of the bits; fewer than events
}

// add adds a number that is not there.
func (t *hashTable) add(hash uint64, id uint32) {
	const least = 8
	if 2*t.used >= len(t.slots) {
		old := t.slots
		t.slots = make([]hashSlot, max(least, 2*len(old)))
		for _, s := range old {
			if s.id != 0 {
				t.put(s)
			}
		}
	}
	t.put(hashSlot{uint32(hash), id}) //nolint:gosec // G115: half of the bits
	t.used++
}

func (t *hashTable) put(s hashSlot) {
	mask := uint32(len(t.slots) - 1) //nolint:gosec // G115: fewer than events
	i := s.hash & mask
	for t.slots[i].id != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}

// knownText returns the number of a text that is there.
func (d *dict) knownText(s string) (uint32, bool) {
	if s == "" {
		return 0, true
	}
	return d.lookText(s, hashText(s))
}

func (d *dict) lookText(s string, hash uint64) (uint32, bool) {
	return d.textAt.find(hash, func(id uint32) bool { return d.texts[id] == s })
}

// text returns the number of a text.
func (d *dict) text(s string) uint32 {
	if s == "" {
		return 0
	}
	hash := hashText(s)
	id, ok := d.lookText(s, hash)
	if !ok {
		id = d.addText(s, hash)
	}
	return id
}

// addText adds a text that is not there, and returns its number.
func (d *dict) addText(s string, hash uint64) uint32 {
	id := uint32(len(d.texts))                  //nolint:gosec // G115: fewer than events
	d.texts = append(d.texts, strings.Clone(s)) // of its own: not the text of a whole batch
	d.textHash = append(d.textHash, hash)
	d.textAt.add(hash, id)
	return id
}

// knownSource returns the number of a source that is there, most often that of the event
// before.
func (d *dict) knownSource(s string) (uint32, bool) {
	if id := d.lastSource; id != 0 && d.texts[id] == s {
		return id, true
	}
	id, ok := d.knownText(s)
	if ok && id != 0 {
		d.lastSource = id
	}
	return id, ok && id != 0
}

// knownCombo returns the number of dimensions that are there.
func (d *dict) knownCombo(dims Dimensions) (uint32, bool) {
	if len(dims) == 0 {
		return 0, true
	}
	if sameDimensions(d.combos[d.lastCombo], dims) {
		return d.lastCombo, true
	}
	id, ok := d.lookCombo(dims, hashDimensions(dims))
	if ok {
		d.lastCombo = id
	}
	return id, ok
}

func (d *dict) lookCombo(dims Dimensions, hash uint64) (uint32, bool) {
	return d.comboAt.find(hash, func(id uint32) bool { return sameDimensions(d.combos[id], dims) })
}

// combo returns the number of dimensions, which are in order.
func (d *dict) combo(dims Dimensions) uint32 {
	if len(dims) == 0 {
		return 0
	}
	if sameDimensions(d.combos[d.lastCombo], dims) {
		return d.lastCombo
	}
	hash := hashDimensions(dims)
	id, ok := d.lookCombo(dims, hash)
	if !ok {
		own := make(Dimensions, len(dims))
		for i, x := range dims {
			own[i] = Dimension{d.texts[d.text(x.Name)], d.texts[d.text(x.Value)]}
		}
		id = uint32(len(d.combos)) //nolint:gosec // G115: fewer than events
		d.combos = append(d.combos, own)
		d.comboHash = append(d.comboHash, hash)
		d.comboAt.add(hash, id)
	}
	d.lastCombo = id
	return id
}

// hashDimensions returns the hash of dimensions, 0 of none.
func hashDimensions(dims Dimensions) uint64 {
	if len(dims) == 0 {
		return 0
	}
	h := uint64(len(dims))
	for _, x := range dims {
		h = mix(mix(h, hashText(x.Name)), hashText(x.Value))
	}
	return h
}

func sameDimensions(a, b Dimensions) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Value != b[i].Value || a[i].Name != b[i].Name {
			return false
		}
	}
	return true
}

// number returns the number of a text that some dimension has.
func (d *dict) number(s string) uint32 {
	if s == "" {
		return 0
	}
	if len(d.textAt.slots) > 0 {
		id, _ := d.knownText(s)
		return id
	}
	for i, text := range d.texts { // of a block that was read
		if text == s {
			return uint32(i)
		}
	}
	return 0
}

// learn fills in the hashes of a dictionary that was read, and makes it ready for more.
// A text may stand there twice, once for each part of a block: it returns the first number
// of each.
func (d *dict) learn() []uint32 {
	d.textHash, d.comboHash = make([]uint64, len(d.texts)), make([]uint64, len(d.combos))
	first := make([]uint32, len(d.texts))
	for i, s := range d.texts {
		if i == 0 {
			continue
		}
		d.textHash[i] = hashText(s)
		id, there := d.lookText(s, d.textHash[i])
		if !there {
			id = uint32(i)
			d.textAt.add(d.textHash[i], id)
		}
		first[i] = id
	}
	for i, c := range d.combos[1:] {
		d.comboHash[i+1] = hashDimensions(c)
		d.comboAt.add(d.comboHash[i+1], uint32(i+1))
	}
	return first
}

package metering

import (
	"encoding/binary"
	"strings"
)

// dict are the texts of blocks as small numbers: subjects and sources, and the
// dimensions that come together. It belongs to one customer and goes with it. Number 0 is
// no text, and no dimensions.
type dict struct {
	texts    []string
	textIDs  map[string]uint32
	combos   []Dimensions
	comboIDs map[string]uint32
	scratch  []byte
	apart    bool // it is of one block only
	// The hashes of texts and of dimensions, for marks.
	textHash, comboHash []uint64

	// Most events come from the source, and have the dimensions, of the one before.
	lastText  [4]uint32
	lastCombo uint32
}

func newDict() *dict {
	return &dict{texts: []string{""}, textIDs: map[string]uint32{}, combos: []Dimensions{nil}, comboIDs: map[string]uint32{}, textHash: []uint64{0}, comboHash: []uint64{0}}
}

// text returns the number of a text.
func (d *dict) text(s string) uint32 {
	if s == "" {
		return 0
	}
	if id, ok := d.textIDs[s]; ok {
		return id
	}
	id := uint32(len(d.texts)) //nolint:gosec // G115: fewer than events
	s = strings.Clone(s)       // of its own: not the text of a whole batch
	d.texts = append(d.texts, s)
	d.textIDs[s] = id
	d.textHash = append(d.textHash, hashText(s))
	return id
}

// source returns the number of a source, most often that of the event before.
func (d *dict) source(s string) uint32 {
	for i, id := range d.lastText {
		if id != 0 && d.texts[id] == s {
			return d.lastText[i]
		}
	}
	id := d.text(s)
	copy(d.lastText[1:], d.lastText[:])
	d.lastText[0] = id
	return id
}

// combo returns the number of dimensions, which are in order.
func (d *dict) combo(dims Dimensions) uint32 {
	if len(dims) == 0 {
		return 0
	}
	if sameDimensions(d.combos[d.lastCombo], dims) {
		return d.lastCombo
	}
	d.written(dims)
	id, ok := d.comboIDs[string(d.scratch)]
	if !ok {
		own := make(Dimensions, len(dims))
		for i, x := range dims {
			own[i] = Dimension{d.texts[d.text(x.Name)], d.texts[d.text(x.Value)]}
		}
		id = uint32(len(d.combos)) //nolint:gosec // G115: fewer than events
		d.combos = append(d.combos, own)
		d.comboIDs[string(d.scratch)] = id
		d.comboHash = append(d.comboHash, hashText(string(d.scratch)))
	}
	d.lastCombo = id
	return id
}

func sameDimensions(a, b Dimensions) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
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
	if d.textIDs != nil {
		return d.textIDs[s]
	}
	for i, text := range d.texts { // of a block that was read
		if text == s {
			return uint32(i) //nolint:gosec // G115: fewer than events
		}
	}
	return 0
}

// rehash fills in the hashes of a dictionary that was read.
func (d *dict) rehash() {
	d.textHash, d.comboHash = make([]uint64, len(d.texts)), make([]uint64, len(d.combos))
	for i, s := range d.texts[1:] {
		d.textHash[i+1] = hashText(s)
	}
	for i, c := range d.combos[1:] {
		d.comboHash[i+1] = hashText(d.written(c))
	}
}

// written returns dimensions as one text.
func (d *dict) written(dims Dimensions) []byte {
	d.scratch = d.scratch[:0]
	for _, x := range dims {
		d.scratch = binary.AppendUvarint(d.scratch, uint64(len(x.Name)))
		d.scratch = append(d.scratch, x.Name...)
		d.scratch = binary.AppendUvarint(d.scratch, uint64(len(x.Value)))
		d.scratch = append(d.scratch, x.Value...)
	}
	return d.scratch
}

// index makes a block that was read ready for more entries.
func (b *Block) index() {
	d := b.dict
	d.textIDs, d.comboIDs = make(map[string]uint32, len(d.texts)), make(map[string]uint32, len(d.combos))
	first := make([]uint32, len(d.texts)) // a text of both parts of the block has two numbers
	for i := range d.texts {
		id := uint32(i) //nolint:gosec // G115: fewer than events
		if earlier, there := d.textIDs[d.texts[i]]; there {
			id = earlier
		} else if i > 0 {
			d.textIDs[d.texts[i]] = id
		}
		first[i] = id
	}
	for row, id := range b.source {
		b.source[row] = first[id]
	}
	for i := range d.combos[1:] {
		d.comboIDs[string(d.written(d.combos[i+1]))] = uint32(i + 1) //nolint:gosec // G115: fewer than events
	}
}

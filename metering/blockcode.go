package metering

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// A block is written in two parts: what figures are made of, and what else is needed to
// have the events back, so that a figure reads no more than it needs. Rows are written in
// the order of [Entry.Compare], as differences from the row before where they have many
// digits.

const (
	blockVersion = 1

	withEnds = 1 << 0
	withGone = 1 << 1
)

var errBlock = errors.New("metering: the bytes of a block are broken")

// Encode writes the block: what figures are made of, and the rest.
func (b *Block) Encode() (cells, rest []byte) {
	rows := b.sorted()
	w := blockWriter{b: b, rows: rows, textOf: make([]uint32, len(b.of.dict.texts))}
	return w.cells(), w.rest()
}

type blockWriter struct {
	b      *Block
	rows   []int32
	out    []byte
	texts  []string // as they are written
	textOf []uint32 // by the number in the dictionary: the place among texts, and 1
}

func (w *blockWriter) uvarint(n uint64) { w.out = binary.AppendUvarint(w.out, n) }
func (w *blockWriter) varint(n int64)   { w.out = binary.AppendVarint(w.out, n) }
func (w *blockWriter) text(s string)    { w.uvarint(uint64(len(s))); w.out = append(w.out, s...) }

// place returns the place of a text among those that are written; 0 is none.
func (w *blockWriter) place(id uint32) uint64 {
	if id == 0 {
		return 0
	}
	if w.textOf[id] == 0 {
		w.texts = append(w.texts, w.b.of.dict.texts[id])
		w.textOf[id] = uint32(len(w.texts)) //nolint:gosec // G115: of a day
	}
	return uint64(w.textOf[id])
}

func (w *blockWriter) cells() []byte {
	b, d := w.b, w.b.of.dict
	var flags byte
	if b.hasEnds() {
		flags |= withEnds
	}
	if b.hasGone() {
		flags |= withGone
	}
	// What follows the texts, which are only known behind it.
	combos, comboAt := []uint32{0}, map[uint32]uint64{0: 0}
	for _, i := range w.rows {
		if _, there := comboAt[b.rows[i].combo]; !there {
			comboAt[b.rows[i].combo] = uint64(len(combos))
			combos = append(combos, b.rows[i].combo)
		}
	}
	w.uvarint(uint64(len(combos)))
	for _, id := range combos {
		w.uvarint(uint64(len(d.combos[id])))
		for _, x := range d.combos[id] {
			w.uvarint(w.place(d.number(x.Name)))
			w.uvarint(w.place(d.number(x.Value)))
		}
	}
	before := int64(0)
	for _, i := range w.rows {
		w.varint(b.rows[i].at - before)
		before = b.rows[i].at
	}
	w.numbers(func(i int32) int64 { return b.rows[i].value }, b.odd())
	for _, i := range w.rows {
		w.uvarint(w.place(b.rows[i].subject))
	}
	for _, i := range w.rows {
		w.uvarint(comboAt[b.rows[i].combo])
	}
	if b.hasEnds() {
		for _, i := range w.rows {
			switch end := b.end(i); end {
			case ofPoint:
				w.uvarint(0)
			case ofOpen:
				w.uvarint(1)
			default:
				w.uvarint(uint64(end-b.rows[i].at) + 1) //nolint:gosec // G115: an end is behind its beginning
			}
		}
	}
	if b.hasGone() {
		marks := make([]byte, (len(w.rows)+7)/8)
		for k, i := range w.rows {
			if b.gone(i) {
				marks[k/8] |= 1 << (k % 8)
			}
		}
		w.out = append(w.out, marks...)
	}
	w.uvarint(uint64(len(b.fields())))
	for _, f := range b.fields() {
		w.uvarint(w.place(d.number(f.name)))
		w.numbers(func(i int32) int64 { return f.value[i] }, f.odd)
	}
	body := w.out
	w.out = make([]byte, 0, len(body)+64)
	w.out = append(w.out, blockVersion, flags)
	w.uvarint(uint64(len(w.rows)))
	w.writeTexts()
	w.out = append(w.out, body...)
	return w.out
}

func (w *blockWriter) writeTexts() {
	w.uvarint(uint64(len(w.texts)))
	for _, s := range w.texts {
		w.text(s)
	}
}

// numbers writes a column of values, without the zeros that all of them end in.
func (w *blockWriter) numbers(value func(i int32) int64, odd map[int32]decimal.Decimal) {
	scale, unit := byte(9), int64(1_000_000_000)
	for _, i := range w.rows {
		for v := value(i); v != null && v != isOdd && v%unit != 0; {
			scale, unit = scale-1, unit/10
		}
	}
	w.out = append(w.out, scale)
	for _, i := range w.rows {
		switch v := value(i); v {
		case null:
			w.uvarint(0)
		case isOdd:
			w.uvarint(1)
			w.text(Plain(odd[i]))
		default:
			v /= unit
			const behind = 2
			w.uvarint(uint64(v<<1^v>>63) + behind) //nolint:gosec // G115: the sign in the last bit
		}
	}
}

func (w *blockWriter) rest() []byte {
	b := w.b
	w.out, w.texts = nil, nil
	clear(w.textOf)
	for _, i := range w.rows {
		w.uvarint(w.place(b.rows[i].source))
	}
	before := int64(0)
	for _, i := range w.rows {
		w.varint(b.rows[i].known - before)
		before = b.rows[i].known
	}
	for _, i := range w.rows {
		w.uvarint(uint64(len(b.id(i))))
	}
	for _, i := range w.rows {
		w.out = append(w.out, b.id(i)...)
	}
	body := w.out
	w.out = append(make([]byte, 0, len(body)+64), blockVersion)
	w.uvarint(uint64(len(w.rows)))
	w.writeTexts()
	return append(w.out, body...)
}

// ReadBlock reads what [Block.Encode] has written. Without the rest it makes figures, and
// no events. It keeps none of the bytes.
func ReadBlock(customer servicecoin.CustomerID, eventType string, cells, rest []byte) (*Block, error) {
	b := &Block{of: &owner{customer: customer, kind: eventType, dict: &dict{texts: []string{""}, apart: true}}}
	if err := b.readCells(cells); err != nil {
		return nil, err
	}
	if rest != nil {
		b.of.head = mix(hashText(string(customer)), hashText(eventType))
		if err := b.readRest(rest); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// blockReader reads, and remembers that something was wrong.
type blockReader struct {
	in  string
	bad bool
}

func (r *blockReader) byte() byte {
	if len(r.in) == 0 {
		r.bad = true
		return 0
	}
	c := r.in[0]
	r.in = r.in[1:]
	return c
}

func (r *blockReader) uvarint() uint64 {
	in := r.in
	if len(in) > 0 && in[0] < 0x80 { // most are short
		r.in = in[1:]
		return uint64(in[0])
	}
	var n uint64
	for i := range min(len(in), binary.MaxVarintLen64) {
		c := in[i]
		if i == binary.MaxVarintLen64-1 && c > 1 {
			break
		}
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.in = in[i+1:]
			return n
		}
	}
	r.bad, r.in = true, ""
	return 0
}

func (r *blockReader) varint() int64 {
	n := r.uvarint()
	return int64(n>>1) ^ -int64(n&1)
}

// count reads how many things follow, each of at least one byte.
func (r *blockReader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.in)) {
		r.bad = true
		return 0
	}
	return int(n) //nolint:gosec // G115: of bytes that are there
}

func (r *blockReader) text() string {
	n := r.count()
	s := r.in[:n]
	r.in = r.in[n:]
	return s
}

// readTexts reads texts, and returns how many the dictionary had before.
func (r *blockReader) readTexts(d *dict) (before uint64) {
	before = uint64(len(d.texts)) - 1
	n := r.count()
	d.texts = slices.Grow(d.texts, n)
	for ; n > 0 && !r.bad; n-- {
		d.texts = append(d.texts, r.text())
	}
	return before
}

// place reads the place of a text.
func (r *blockReader) place(d *dict, before uint64) uint32 {
	n := r.uvarint()
	if n == 0 {
		return 0
	}
	if n += before; n >= uint64(len(d.texts)) {
		r.bad = true
		return 0
	}
	return uint32(n) //nolint:gosec // G115: of a list
}

func (b *Block) readCells(cells []byte) error {
	r := &blockReader{in: string(cells)} // one copy, of which all texts are parts
	d := b.of.dict
	if r.byte() != blockVersion {
		return errBlock
	}
	flags := r.byte()
	n := r.count()
	before := r.readTexts(d)
	if err := b.readCombos(r, before); err != nil {
		return err
	}
	b.rows = make([]row, n)
	at := int64(0)
	for i := range b.rows {
		at += r.varint()
		b.rows[i].at = at
	}
	var m more
	r.numbers(n, func(i int, v int64) { b.rows[i].value = v }, &m.odd)
	for i := range b.rows {
		b.rows[i].subject = r.place(d, before)
	}
	for i := range b.rows {
		c := r.uvarint()
		if c >= uint64(len(d.combos)) {
			return errBlock
		}
		b.rows[i].combo = uint32(c) //nolint:gosec // G115: of a list
	}
	if flags&withEnds != 0 {
		m.end = make([]int64, n)
		for i := range m.end {
			switch d := r.uvarint(); d {
			case 0:
				m.end[i] = ofPoint
			case 1:
				m.end[i] = ofOpen
			default:
				m.end[i] = b.rows[i].at + int64(d-1) //nolint:gosec // G115: the bits are what counts
			}
		}
	}
	if flags&withGone != 0 {
		size := (n + 7) / 8
		if len(r.in) < size {
			return errBlock
		}
		m.gone = make([]bool, n)
		for i := range m.gone {
			m.gone[i] = r.in[i/8]>>(i%8)&1 == 1
		}
		r.in = r.in[size:]
	}
	for k := r.count(); k > 0 && !r.bad; k-- {
		f := fieldColumn{name: d.texts[r.place(d, before)], value: make([]int64, n)}
		r.numbers(n, func(i int, v int64) { f.value[i] = v }, &f.odd)
		m.fields = append(m.fields, f)
	}
	if r.bad || r.in != "" {
		return errBlock
	}
	if m.odd != nil || m.end != nil || m.gone != nil || m.fields != nil {
		b.more = &m
	}
	rows := identity(n)
	b.order.Store(&rows)
	return nil
}

func (b *Block) readCombos(r *blockReader, before uint64) error {
	n := r.count()
	b.of.dict.combos = slices.Grow(b.of.dict.combos, n)
	room := make(Dimensions, n) // most have one
	for ; n > 0 && !r.bad; n-- {
		var c Dimensions
		if k := r.count(); k > 0 {
			if k > len(room) {
				room = make(Dimensions, k)
			}
			c, room = room[:k:k], room[k:]
			for i := range c {
				c[i].Name, c[i].Value = b.of.dict.texts[r.place(b.of.dict, before)], b.of.dict.texts[r.place(b.of.dict, before)]
			}
		}
		b.of.dict.combos = append(b.of.dict.combos, c)
	}
	if r.bad {
		return errBlock
	}
	return nil
}

// numbers reads a column of values.
func (r *blockReader) numbers(n int, set func(i int, v int64), odd *map[int32]decimal.Decimal) {
	scale, unit := r.byte(), int64(1)
	if scale > 9 { //nolint:mnd // fixed.Places
		r.bad = true
		return
	}
	for range scale {
		unit *= 10
	}
	for i := range n {
		switch n := r.uvarint(); n {
		case 0:
			set(i, null)
		case 1:
			text := r.text()
			d, err := decimal.NewFromString(text)
			if r.bad || err != nil || len(text) > MaxDigits+MaxPlaces+2 || d.Exponent() < -MaxPlaces || d.Exponent() > MaxDigits {
				r.bad = true
				return
			}
			if *odd == nil {
				*odd = map[int32]decimal.Decimal{}
			}
			set(i, isOdd)
			(*odd)[int32(i)] = d
		default:
			n -= 2
			high, low := bits.Mul64(n>>1, uint64(unit))
			if high != 0 || low > math.MaxInt64 {
				r.bad = true
				return
			}
			set(i, (int64(n>>1)^-int64(n&1))*unit)
		}
	}
}

func (b *Block) readRest(rest []byte) error {
	r := &blockReader{in: string(rest)}
	if r.byte() != blockVersion || r.count() != len(b.rows) {
		return errBlock
	}
	before := r.readTexts(b.of.dict)
	for i := range b.rows {
		b.rows[i].source = r.place(b.of.dict, before)
	}
	known := int64(0)
	for i := range b.rows {
		known += r.varint()
		b.rows[i].known = known
	}
	end := uint64(0)
	for i := range b.rows {
		end += r.uvarint()
		if r.bad || end > uint64(len(r.in)) {
			return errBlock
		}
		b.rows[i].idEnd = uint32(end) //nolint:gosec // G115: of a day
	}
	if uint64(len(r.in)) != end {
		return errBlock
	}
	b.ids = []byte(r.in)
	first := b.of.dict.learn()
	for i := range b.rows {
		b.rows[i].source = first[b.rows[i].source]
	}
	return nil
}

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
	if err := b.readCells(string(cells)); err != nil { // one copy, of which all texts are parts
		return nil, err
	}
	if rest != nil {
		b.of.head = headOf(customer, eventType)
		if err := b.readRest(rest); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// BlockReader reads blocks one after the other, each in the place of the one before, to
// make figures of them: see [Plan.Keeps].
type BlockReader struct {
	block Block
	owner owner
	dict  dict
}

// Read reads what figures are made of. The block is good until the next Read.
func (r *BlockReader) Read(customer servicecoin.CustomerID, eventType string, cells []byte) (*Block, error) {
	d := &r.dict
	*d = dict{texts: append(d.texts[:0], ""), combos: d.combos[:0], room: d.room[:0], apart: true, round: d.round + 1}
	r.owner = owner{customer: customer, kind: eventType, dict: d}
	r.block.of, r.block.rows, r.block.ids, r.block.more = &r.owner, r.block.rows[:0], nil, nil
	r.block.order.Store(nil)
	return &r.block, r.block.readCells(string(cells))
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

func (b *Block) readCells(cells string) error {
	r := &blockReader{in: cells}
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
	b.rows = slices.Grow(b.rows[:0], n)[:n]
	clear(b.rows)
	at := int64(0)
	for i := range b.rows {
		at += r.varint()
		b.rows[i].at = at
	}
	var odd map[int32]decimal.Decimal
	var ends []int64
	var gone []bool
	var fields []fieldColumn
	r.values(b.rows, &odd)
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
		ends = make([]int64, n)
		for i := range ends {
			switch d := r.uvarint(); d {
			case 0:
				ends[i] = ofPoint
			case 1:
				ends[i] = ofOpen
			default:
				ends[i] = b.rows[i].at + int64(d-1) //nolint:gosec // G115: the bits are what counts
			}
		}
	}
	if flags&withGone != 0 {
		size := (n + 7) / 8
		if len(r.in) < size {
			return errBlock
		}
		gone = make([]bool, n)
		for i := range gone {
			gone[i] = r.in[i/8]>>(i%8)&1 == 1
		}
		r.in = r.in[size:]
	}
	for k := r.count(); k > 0 && !r.bad; k-- {
		f := fieldColumn{name: d.texts[r.place(d, before)], value: make([]int64, n)}
		r.numbers(n, func(i int, v int64) { f.value[i] = v }, &f.odd)
		fields = append(fields, f)
	}
	if r.bad || r.in != "" {
		return errBlock
	}
	if odd != nil || ends != nil || gone != nil || fields != nil {
		b.more = &more{ends, gone, fields, odd}
	}
	b.inOrder = true
	return nil
}

func (b *Block) readCombos(r *blockReader, before uint64) error {
	n := r.count()
	d := b.of.dict
	d.combos = slices.Grow(d.combos, n)
	for ; n > 0 && !r.bad; n-- {
		var c Dimensions
		if k := r.count(); k > 0 {
			if k > cap(d.room)-len(d.room) {
				d.room = make(Dimensions, 0, max(2*cap(d.room), k+n)) // what has room already keeps it
			}
			from := len(d.room)
			d.room = d.room[:from+k]
			c = d.room[from : from+k : from+k]
			for i := range c {
				c[i].Name, c[i].Value = d.texts[r.place(d, before)], d.texts[r.place(d, before)]
			}
		}
		d.combos = append(d.combos, c)
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

// values reads the values of rows.
func (r *blockReader) values(rows []row, odd *map[int32]decimal.Decimal) {
	if len(r.in) == 0 || r.in[0] > 9 { //nolint:mnd // fixed.Places
		r.bad = true
		return
	}
	unit := int64(1)
	for range r.in[0] {
		unit *= 10
	}
	most := uint64(math.MaxInt64 / unit)
	all := *r
	r.in = r.in[1:]
	for i := range rows {
		n := r.uvarint()
		const behind = 2
		switch {
		case n == 0:
			rows[i].value = null
		case n == 1 || (n-behind)>>1 > most: // one that does not fit, or is broken
			*r = all
			r.numbers(len(rows), func(i int, v int64) { rows[i].value = v }, odd)
			return
		default:
			n -= behind
			rows[i].value = (int64(n>>1) ^ -int64(n&1)) * unit
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

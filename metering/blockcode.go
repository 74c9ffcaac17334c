package metering

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"strings"

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
	w := blockWriter{b: b, rows: rows, textOf: make([]uint32, len(b.dict.texts))}
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
		w.texts = append(w.texts, w.b.dict.texts[id])
		w.textOf[id] = uint32(len(w.texts)) //nolint:gosec // G115: of a day
	}
	return uint64(w.textOf[id])
}

func (w *blockWriter) cells() []byte {
	b := w.b
	var flags byte
	if b.end != nil {
		flags |= withEnds
	}
	if b.gone != nil {
		flags |= withGone
	}
	// What follows the texts, which are only known behind it.
	combos, comboAt := []uint32{0}, map[uint32]uint64{0: 0}
	for _, row := range w.rows {
		if _, there := comboAt[b.combo[row]]; !there {
			comboAt[b.combo[row]] = uint64(len(combos))
			combos = append(combos, b.combo[row])
		}
	}
	w.uvarint(uint64(len(combos)))
	for _, id := range combos {
		w.uvarint(uint64(len(b.dict.combos[id])))
		for _, d := range b.dict.combos[id] {
			w.uvarint(w.place(b.dict.number(d.Name)))
			w.uvarint(w.place(b.dict.number(d.Value)))
		}
	}
	before := int64(0)
	for _, row := range w.rows {
		w.varint(b.at[row] - before)
		before = b.at[row]
	}
	w.numbers(b.value, b.odd)
	for _, row := range w.rows {
		w.uvarint(w.place(b.subject[row]))
	}
	for _, row := range w.rows {
		w.uvarint(comboAt[b.combo[row]])
	}
	if b.end != nil {
		for _, row := range w.rows {
			switch end := b.end[row]; end {
			case ofPoint:
				w.uvarint(0)
			case ofOpen:
				w.uvarint(1)
			default:
				w.uvarint(uint64(end-b.at[row]) + 1) //nolint:gosec // G115: an end is behind its beginning
			}
		}
	}
	if b.gone != nil {
		marks := make([]byte, (len(w.rows)+7)/8)
		for i, row := range w.rows {
			if b.gone[row] {
				marks[i/8] |= 1 << (i % 8)
			}
		}
		w.out = append(w.out, marks...)
	}
	w.uvarint(uint64(len(b.fields)))
	for i := range b.fields {
		w.uvarint(w.place(b.dict.number(b.fields[i].name)))
		w.numbers(b.fields[i].value, b.fields[i].odd)
	}
	body := w.out
	w.out = make([]byte, 0, len(body)+64)
	w.out = append(w.out, blockVersion, flags)
	w.uvarint(uint64(len(w.rows)))
	w.writeTexts()
	out := append(w.out, body...)
	w.out = nil
	return out
}

func (w *blockWriter) writeTexts() {
	w.uvarint(uint64(len(w.texts)))
	for _, s := range w.texts {
		w.text(s)
	}
}

// numbers writes a column of values, without the zeros that all of them end in.
func (w *blockWriter) numbers(column []int64, odd map[int32]decimal.Decimal) {
	scale, unit := byte(9), int64(1_000_000_000)
	for _, row := range w.rows {
		for v := column[row]; v != null && v != isOdd && v%unit != 0; {
			scale, unit = scale-1, unit/10
		}
	}
	w.out = append(w.out, scale)
	for _, row := range w.rows {
		switch v := column[row]; v {
		case null:
			w.uvarint(0)
		case isOdd:
			w.uvarint(1)
			w.text(Plain(odd[row]))
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
	for _, row := range w.rows {
		w.uvarint(w.place(b.source[row]))
	}
	before := int64(0)
	for _, row := range w.rows {
		w.varint(b.known[row] - before)
		before = b.known[row]
	}
	for _, row := range w.rows {
		w.uvarint(uint64(len(b.id(row))))
	}
	for _, row := range w.rows {
		w.out = append(w.out, b.id(row)...)
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
	b := &Block{customer: customer, kind: eventType, dict: &dict{texts: []string{""}, apart: true}}
	if err := b.readCells(cells); err != nil {
		return nil, err
	}
	if rest != nil {
		b.head = mix(hashText(string(customer)), hashText(eventType))
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
	return int64(n>>1) ^ -int64(n&1) //nolint:gosec // G115: the sign in the last bit
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
	for n := r.count(); n > 0 && !r.bad; n-- {
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
	if r.byte() != blockVersion {
		return errBlock
	}
	flags := r.byte()
	n := r.count()
	before := r.readTexts(b.dict)
	if err := b.readCombos(r, before); err != nil {
		return err
	}
	numbers := make([]int64, 2*n)
	b.at, b.value = numbers[:n:n], numbers[n:]
	at := int64(0)
	for i := range b.at {
		at += r.varint()
		b.at[i] = at
	}
	r.numbers(b.value, &b.odd)
	places := make([]uint32, 2*n)
	b.subject, b.combo = places[:n:n], places[n:]
	for i := range b.subject {
		b.subject[i] = r.place(b.dict, before)
	}
	for i := range b.combo {
		c := r.uvarint()
		if c >= uint64(len(b.dict.combos)) {
			return errBlock
		}
		b.combo[i] = uint32(c) //nolint:gosec // G115: of a list
	}
	if flags&withEnds != 0 {
		b.end = make([]int64, n)
		for i := range b.end {
			switch d := r.uvarint(); d {
			case 0:
				b.end[i] = ofPoint
			case 1:
				b.end[i] = ofOpen
			default:
				b.end[i] = b.at[i] + int64(d-1) //nolint:gosec // G115: the bits are what counts
			}
		}
	}
	if flags&withGone != 0 {
		size := (n + 7) / 8
		if len(r.in) < size {
			return errBlock
		}
		b.gone = make([]bool, n)
		for i := range b.gone {
			b.gone[i] = r.in[i/8]>>(i%8)&1 == 1
		}
		r.in = r.in[size:]
	}
	for k := r.count(); k > 0 && !r.bad; k-- {
		f := fieldColumn{name: b.dict.texts[r.place(b.dict, before)], value: make([]int64, n)}
		r.numbers(f.value, &f.odd)
		b.fields = append(b.fields, f)
	}
	if r.bad || r.in != "" {
		return errBlock
	}
	rows := identity(n)
	b.order.Store(&rows)
	return nil
}

func (b *Block) readCombos(r *blockReader, before uint64) error {
	for n := r.count(); n > 0 && !r.bad; n-- {
		var c Dimensions
		if k := r.count(); k > 0 {
			c = make(Dimensions, k)
			for i := range c {
				c[i].Name, c[i].Value = b.dict.texts[r.place(b.dict, before)], b.dict.texts[r.place(b.dict, before)]
			}
		}
		b.dict.combos = append(b.dict.combos, c)
	}
	if r.bad {
		return errBlock
	}
	return nil
}

// numbers reads a column of values.
func (r *blockReader) numbers(column []int64, odd *map[int32]decimal.Decimal) {
	scale, unit := r.byte(), int64(1)
	if scale > 9 { //nolint:mnd // fixed.Places
		r.bad = true
		return
	}
	for range scale {
		unit *= 10
	}
	for i := range column {
		switch n := r.uvarint(); n {
		case 0:
			column[i] = null
		case 1:
			text := r.text()
			d, err := decimal.NewFromString(text)
			if r.bad || err != nil || len(text) > MaxDigits+MaxPlaces+2 {
				r.bad = true
				return
			}
			if *odd == nil {
				*odd = map[int32]decimal.Decimal{}
			}
			column[i] = isOdd
			(*odd)[int32(i)] = d //nolint:gosec // G115: of a day
		default:
			n -= 2
			high, low := bits.Mul64(n>>1, uint64(unit)) //nolint:gosec // G115: not negative
			if high != 0 || low > math.MaxInt64 {
				r.bad = true
				return
			}
			column[i] = (int64(n>>1) ^ -int64(n&1)) * unit //nolint:gosec // G115: the sign in the last bit
		}
	}
}

func (b *Block) readRest(rest []byte) error {
	r := &blockReader{in: string(rest)}
	if r.byte() != blockVersion || r.count() != len(b.at) {
		return errBlock
	}
	n := len(b.at)
	before := r.readTexts(b.dict)
	places := make([]uint32, 2*n)
	b.source, b.idEnd = places[:n:n], places[n:]
	for i := range b.source {
		b.source[i] = r.place(b.dict, before)
	}
	b.known = make([]int64, n)
	known := int64(0)
	for i := range b.known {
		known += r.varint()
		b.known[i] = known
	}
	end := uint64(0)
	for i := range b.idEnd {
		end += r.uvarint()
		if r.bad || end > uint64(len(r.in)) {
			return errBlock
		}
		b.idEnd[i] = uint32(end) //nolint:gosec // G115: of a day
	}
	if uint64(len(r.in)) != end {
		return errBlock
	}
	b.ids = []byte(strings.Clone(r.in))
	b.dict.rehash()
	return nil
}

func identity(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i) //nolint:gosec // G115: of a day
	}
	return rows
}

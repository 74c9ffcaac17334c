package metering

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// Mark is a sum of 128 bits over the contents of events: it is kept up as they come,
// and says at once whether two totals rest on the same ones. It finds mistakes, and
// nothing else: whoever wants to can make other events of the same mark. A [Digest] is
// for that.
type Mark [2]uint64 //nolint:recvcheck // a value, which some methods fill in

// String returns the mark in hexadecimal.
func (m Mark) String() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], m[1])
	binary.BigEndian.PutUint64(b[8:], m[0])
	return hex.EncodeToString(b[:])
}

// add adds a mark, or takes it away.
func (m *Mark) add(other Mark, gone bool) {
	var carry uint64
	if gone {
		m[0], carry = bits.Sub64(m[0], other[0], 0)
		m[1], _ = bits.Sub64(m[1], other[1], carry)
		return
	}
	m[0], carry = bits.Add64(m[0], other[0], 0)
	m[1], _ = bits.Add64(m[1], other[1], carry)
}

// Odd numbers without a pattern.
const (
	salt0 = 0xa0761d6478bd642f
	salt1 = 0xe7037ed1a0b428db
	salt2 = 0x8ebc6af09c88c6e3
)

// mix makes one number of two so that each bit of the result hangs on all of theirs.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^salt0, b^salt1)
	return high ^ low
}

// hashText returns 64 bits of a text.
func hashText[T string | []byte](s T) uint64 {
	h := uint64(len(s)) ^ salt2
	for len(s) >= 8 {
		h = mix(h, uint64(s[0])|uint64(s[1])<<8|uint64(s[2])<<16|uint64(s[3])<<24|uint64(s[4])<<32|uint64(s[5])<<40|uint64(s[6])<<48|uint64(s[7])<<56)
		s = s[8:]
	}
	last := uint64(0)
	for i := range len(s) {
		last |= uint64(s[i]) << (8 * i)
	}
	return mix(h, last)
}

// content is what a mark is made of: hashes of texts, 0 for none, and numbers as columns
// have them.
type content struct {
	head                       uint64 // of customer and type
	id, source, subject, combo uint64
	at, end                    int64
	value                      uint64 // see numberHash
}

// hash returns the hash of all but the fields, each of which adds [fieldHash] to it.
func (c *content) hash() uint64 {
	h := mix(c.head, c.id)
	h = mix(h, c.source^bits.RotateLeft64(c.subject, 1)) // so that the two may not change places
	h = mix(h, c.combo)
	h = mix(h, uint64(c.at)) //nolint:gosec // G115: the bits are what counts
	h = mix(h, c.value)
	if c.end != ofPoint {
		h = mix(h, uint64(c.end)) //nolint:gosec // G115: the bits are what counts
	}
	return h
}

// fieldHash is what a field adds, in whatever order fields come.
func fieldHash(name string, value uint64) uint64 { return mix(hashText(name), value) }

func markOf(hash uint64) Mark { return Mark{mix(hash, salt1), mix(hash, salt2)} }

func headOf(customer servicecoin.CustomerID, kind string) uint64 {
	return mix(hashText(string(customer)), hashText(kind))
}

// mark returns the mark of a row: of all that its event says.
func (b *Block) mark(i int32) Mark {
	r, d := &b.rows[i], b.of.dict
	c := content{
		head: b.of.head, id: hashText(b.id(i)), source: d.textHash[r.source], subject: d.textHash[r.subject], combo: d.comboHash[r.combo],
		at: r.at, end: b.end(i), value: numberHash(r.value, i, b.odd()),
	}
	h := c.hash()
	for _, f := range b.fields() {
		if f.value[i] != null {
			h += fieldHash(f.name, numberHash(f.value[i], i, f.odd))
		}
	}
	return markOf(h)
}

// mark returns the mark that the row of an entry has.
func (e *Entry) mark() Mark {
	c := content{
		head: headOf(e.Customer, e.Type), id: hashText(e.ID), source: textHash(e.Source), subject: textHash(e.Subject), combo: hashDimensions(e.Dimensions),
		at: e.Time.UnixMicro(), end: e.endColumn(), value: decimalHash(e.Value),
	}
	h := c.hash()
	for _, f := range e.Fields {
		h += fieldHash(f.Name, decimalHash(servicecoin.Some(f.Value)))
	}
	return markOf(h)
}

// textHash is the hash of a text as a dictionary has it.
func textHash(s string) uint64 {
	if s == "" {
		return 0
	}
	return hashText(s)
}

// decimalHash is the hash of a number as numberHash makes it of columns.
func decimalHash(d decimal.NullDecimal) uint64 {
	var odd map[int32]decimal.Decimal
	n := int64(null)
	if d.Valid {
		n = inColumn(d.Decimal, 0, &odd)
	}
	return numberHash(n, 0, odd)
}

func numberHash(n int64, i int32, odd map[int32]decimal.Decimal) uint64 {
	if n == isOdd {
		return hashText(Plain(odd[i]))
	}
	return uint64(n) //nolint:gosec // G115: the bits are what counts
}

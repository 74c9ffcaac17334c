package metering

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"

	"github.com/shopspring/decimal"
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

// mark returns the mark of a row: of all that its event says.
func (b *Block) mark(i int32) Mark {
	r, d := &b.rows[i], b.of.dict
	h := mix(b.of.head, hashText(b.id(i)))
	h = mix(h, d.textHash[r.source]^bits.RotateLeft64(d.textHash[r.subject], 1))
	h = mix(h, d.comboHash[r.combo])
	h = mix(h, uint64(r.at)) //nolint:gosec // G115: the bits are what counts
	h = mix(h, numberHash(r.value, i, b.odd()))
	if end := b.end(i); end != ofPoint {
		h = mix(h, uint64(end)) //nolint:gosec // G115: the bits are what counts
	}
	for _, f := range b.fields() {
		if f.value[i] != null {
			h += mix(hashText(f.name), numberHash(f.value[i], i, f.odd)) // in whatever order the fields came
		}
	}
	return Mark{mix(h, salt1), mix(h, salt2)}
}

func numberHash(n int64, i int32, odd map[int32]decimal.Decimal) uint64 {
	if n == isOdd {
		return hashText(Plain(odd[i]))
	}
	return uint64(n) //nolint:gosec // G115: the bits are what counts
}

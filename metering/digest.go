package metering

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// The rules by which a digest is made of events. An issued statement names the one
// that its digests were made by.
const (
	// DigestLines is how digests were made before they had a rule: SHA-256 of the
	// contents of the events in the order of [Event.Compare], a line of JSON each.
	DigestLines = ""
	// DigestTree is a tree of SHA-256 over days: see [DigestOf].
	DigestTree = "tree-1"
)

// Digest says which events a figure rests on: equal digests of the same rule rest on
// equal events.
type Digest struct {
	Rule   string `json:"rule"`
	Root   string `json:"root"` // SHA-256, in hexadecimal
	Events int64  `json:"events"`
	Days   []Leaf `json:"days,omitempty"` // those that have an event, in order
}

// Leaf is the digest of the events of one day of UTC.
type Leaf struct {
	Day    time.Time         `json:"day"` // its beginning
	Events int64             `json:"events"`
	Sum    [sha256.Size]byte `json:"-"`
}

// NewDigest returns the digest of days: the root of a tree as that of RFC 6962, whose
// leaves are the day, the number of its events and their sum, in the order of days. A
// leaf is hashed behind a byte 0, two nodes behind a byte 1; a node without a
// neighbour is moved up as it is. Without days it is the SHA-256 of nothing.
func NewDigest(days []Leaf) Digest {
	d := Digest{Rule: DigestTree, Days: days}
	nodes := make([][sha256.Size]byte, 0, len(days))
	var b [1 + 8 + 8 + sha256.Size]byte
	for _, leaf := range days {
		d.Events += leaf.Events
		binary.BigEndian.PutUint64(b[1:], uint64(leaf.Day.Unix())) //nolint:gosec // G115: the bits are what counts
		binary.BigEndian.PutUint64(b[9:], uint64(leaf.Events))     //nolint:gosec // G115: not negative
		copy(b[17:], leaf.Sum[:])
		nodes = append(nodes, sha256.Sum256(b[:]))
	}
	var pair [1 + 2*sha256.Size]byte
	pair[0] = 1
	for len(nodes) > 1 {
		up := nodes[:0]
		for i := 0; i < len(nodes); i += 2 {
			if i+1 == len(nodes) {
				up = append(up, nodes[i])
				continue
			}
			copy(pair[1:], nodes[i][:])
			copy(pair[1+sha256.Size:], nodes[i+1][:])
			up = append(up, sha256.Sum256(pair[:]))
		}
		nodes = up
	}
	root := sha256.Sum256(nil)
	if len(nodes) == 1 {
		root = nodes[0]
	}
	d.Root = hex.EncodeToString(root[:])
	return d
}

// DigestOfDays is [NewDigest] of leaves by the numbers of their days, of those that have an
// event.
func DigestOfDays(leaves map[int32]Leaf) Digest {
	var days []Leaf
	for _, day := range slices.Sorted(maps.Keys(leaves)) {
		if leaves[day].Events > 0 {
			days = append(days, leaves[day])
		}
	}
	return NewDigest(days)
}

// DigestOf returns the digest of events, which come in the order of [Event.Compare]: of
// each day of UTC the SHA-256 of their contents one after the other, and over the days
// the tree of [NewDigest].
func DigestOf(events iter.Seq2[Event, error]) (Digest, error) {
	var days []Leaf
	var text []byte
	sum := sha256.New()
	seal := func() {
		if n := len(days); n > 0 {
			sum.Sum(days[n-1].Sum[:0])
			sum.Reset()
		}
	}
	for e, err := range events {
		if err != nil {
			return Digest{}, err
		}
		day := dayOf(e.Time)
		if n := len(days); n == 0 || !days[n-1].Day.Equal(day) {
			seal()
			days = append(days, Leaf{Day: day})
		}
		text = appendContent(text[:0], e)
		sum.Write(text) // a hash takes everything
		days[len(days)-1].Events++
	}
	seal()
	return NewDigest(days), nil
}

// Leaf returns the digest of the events of a day that stand, between two instants, of
// what was recorded before another one; false if there are none.
func (b *Block) Leaf(q Query) (Leaf, bool) {
	leaf := Leaf{Day: WholeDay(b.day()).Start}
	sum := sha256.New()
	var text []byte
	for i := range b.within(q.cut()) {
		text = appendContent(text[:0], b.entry(i).Event)
		sum.Write(text) // a hash takes everything
		leaf.Events++
	}
	sum.Sum(leaf.Sum[:0])
	return leaf, leaf.Events > 0
}

// Sealed reports whether a day lies in a query as a whole, and all of its entries were
// recorded before its instant, so that a leaf of the whole day is the one asked for.
func (q Query) Sealed(day int32, t *Total) bool {
	q = q.cut()
	from := int64(day) * microsPerDay
	return q.During.Start.UnixMicro() <= from && q.During.End.UnixMicro() >= from+microsPerDay && t.until < q.known()
}

// digestLines makes a digest by the rule [DigestLines].
func digestLines(events iter.Seq2[Event, error]) (string, error) {
	sum := sha256.New()
	for e, err := range events {
		if err == nil {
			err = writeLine(sum, e)
		}
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// writeLine writes an event as it does not depend on how its value is written.
func writeLine(sum hash.Hash, e Event) error {
	e.RecordedAt = time.Time{}
	e.Time = servicecoin.Instant(e.Time)
	value := "null"
	if e.Value.Valid {
		value = Plain(e.Value.Decimal)
	}
	e.Value = decimal.NullDecimal{}
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("event %v: %w", e.Key(), err)
	}
	sum.Write(append(append(line, value...), '\n')) // a hash takes everything
	return nil
}

// dayOf returns the beginning of the day of UTC.
func dayOf(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// appendContent writes what an event says, one text for one content: each part behind
// its length.
func appendContent(b []byte, e Event) []byte {
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	text(string(e.Customer))
	text(e.Source)
	text(e.ID)
	text(e.Type)
	text(e.Subject)
	for _, t := range []time.Time{e.Time, e.End} {
		n := int64(-1 << 63)
		if !t.IsZero() {
			n = t.UnixMicro()
		}
		b = binary.BigEndian.AppendUint64(b, uint64(n)) //nolint:gosec // G115: the bits are what counts
	}
	flags := byte(0)
	if e.Open {
		flags |= 1
	}
	if e.Value.Valid {
		flags |= 2
	}
	b = append(b, flags)
	if e.Value.Valid {
		text(Plain(e.Value.Decimal))
	}
	b = binary.AppendUvarint(b, uint64(len(e.Fields)))
	for _, f := range e.Fields {
		text(f.Name)
		text(Plain(f.Value))
	}
	b = binary.AppendUvarint(b, uint64(len(e.Dimensions)))
	for _, d := range e.Dimensions {
		text(d.Name)
		text(d.Value)
	}
	return b
}

package metering

import (
	"iter"
	"math"
	"math/bits"

	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// What stores need that keep blocks and totals outside of memory.

// Find returns the row in which each of some events of the block's customer came first,
// -1 for one that is not there.
func (b *Block) Find(refs []Ref) []int {
	rows, wanted := make([]int, len(refs)), make(map[string][]int, len(refs))
	for i, r := range refs {
		rows[i] = -1
		wanted[r.ID] = append(wanted[r.ID], i)
	}
	for row := range int32(len(b.rows)) { //nolint:gosec // G115: of a day
		if b.gone(row) {
			continue
		}
		for _, i := range wanted[string(b.id(row))] {
			if rows[i] < 0 && refs[i].Source == b.of.dict.texts[b.rows[row].source] {
				rows[i] = int(row)
			}
		}
	}
	return rows
}

// Events yields the events of the block that a query lists, in the order of
// [Event.Compare].
func (b *Block) Events(q Query) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		q := q.cut()
		start, end := q.During.Start.UnixMicro(), q.During.End.UnixMicro()
		for _, row := range b.standing(q.known()) {
			if at := b.rows[row].at; at >= start && at < end && !yield(b.entry(row).Event) {
				return
			}
		}
	}
}

// NeedsRest reports that figures of bytes of [Block.Encode] are made of the rest, too:
// some of the entries are gone.
func NeedsRest(cells []byte) bool {
	return len(cells) > 1 && cells[1]&withGone != 0
}

// NeedsRest reports that the plan needs all of the days whose entries it needs, and not
// only what figures are made of.
func (p *Plan) NeedsRest() bool { return p.how == fromEvents || p.known != math.MaxInt64 }

// Adds reports that a day may be handed in as several blocks, if no entry of the later
// ones is gone.
func (p *Plan) Adds() bool { return p.how != fromEvents && p.m.Meter.Aggregation != Unique }

// Reach returns when the last of the intervals ends, in microseconds since 1970: least of
// all numbers if there is none.
func (t *Total) Reach() int64 {
	if t.rows == 0 {
		return math.MinInt64
	}
	return t.reach
}

// Empty reports that the total is one of nothing.
func (t *Total) Empty() bool { return t.rows == 0 }

// Rows returns how many entries there are, with those that are gone.
func (t *Total) Rows() int64 { return t.rows }

// Add adds an entry, as the block of its day would.
func (t *Total) Add(e *Entry) {
	if t.rows == 0 {
		*t = newTotal()
	}
	one := int64(1)
	if e.Gone {
		one = -1
		t.flags |= hasGone
	}
	t.rows++
	t.Events += one
	if e.Value.Valid {
		t.Valued += one
		v, ok := fixed.Of(e.Value.Decimal)
		switch {
		case !ok:
			t.flags |= hasOdd
		case e.Gone:
			t.sum.Add(-v)
		default:
			t.sum.Add(v)
			t.least, t.largest = min(t.least, v), max(t.largest, v)
		}
	}
	known := e.RecordedAt.UnixMicro()
	t.knownFrom, t.until = min(t.knownFrom, known), max(t.until, known)
	if end := e.endColumn(); end != ofPoint {
		t.flags |= hasSpans
		t.reach = max(t.reach, end)
	}
	t.Mark.add(e.mark(), e.Gone)
}

func (e *Entry) endColumn() int64 {
	switch {
	case e.Open:
		return ofOpen
	case !e.End.IsZero():
		return e.End.UnixMicro()
	}
	return ofPoint
}

// mark returns the mark that the row of an entry has: see [Block.mark].
func (e *Entry) mark() Mark {
	h := mix(hashText(string(e.Customer)), hashText(e.Type))
	h = mix(h, hashText(e.ID))
	h = mix(h, hashOr0(e.Source)^bits.RotateLeft64(hashOr0(e.Subject), 1)) //nolint:mnd // as a block's
	combo := uint64(0)
	if len(e.Dimensions) > 0 {
		combo = hashDimensions(e.Dimensions)
	}
	h = mix(h, combo)
	h = mix(h, uint64(e.Time.UnixMicro()))
	value := uint64(1 << 63) // null
	if e.Value.Valid {
		if n, ok := fixed.Of(e.Value.Decimal); ok {
			value = uint64(n) //nolint:gosec // G115: the bits are what counts
		} else {
			value = hashText(Plain(e.Value.Decimal))
		}
	}
	h = mix(h, value)
	if end := e.endColumn(); end != ofPoint {
		h = mix(h, uint64(end)) //nolint:gosec // G115: the bits are what counts
	}
	for _, f := range e.Fields {
		n, ok := fixed.Of(f.Value)
		value := uint64(n) //nolint:gosec // G115: the bits are what counts
		if !ok {
			value = hashText(Plain(f.Value))
		}
		h += mix(hashText(f.Name), value)
	}
	return Mark{mix(h, salt1), mix(h, salt2)}
}

// hashOr0 is the hash of a text as a dictionary has it.
func hashOr0(s string) uint64 {
	if s == "" {
		return 0
	}
	return hashText(s)
}

package metering

import (
	"iter"
	"math"

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
		for i := range b.within(q.cut()) {
			if !yield(b.entry(i).Event) {
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
	v := int64(null)
	if e.Value.Valid {
		var fits bool
		if v, fits = fixed.Of(e.Value.Decimal); !fits {
			v = isOdd
		}
	}
	t.add(v, e.Gone, e.RecordedAt.UnixMicro(), e.endColumn(), e.mark())
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

package metering

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// Page is one customer in a [Plan].
type Page struct {
	plan  *Plan
	place int32           // of the customer
	accs  []acc           // by group and window
	spans []extreme       // the same, for the least and the largest
	odds  map[int]*oddAcc // the same, of those that have any
	slots [][]string
	fault error

	blocks []*Block // of a plan that works on events

	dict    *dict   // that the tables below are of
	round   uint32  // of the dictionary
	slotOf  []int32 // of dimensions: unknown, out, or the group's place
	pairs   map[uint64]int32
	bySlots map[string]int32
	texts   []uint32          // of dimensions: the text that is counted
	stamps  [][]uint32        // by group: the window in which a text was seen last, and base
	base    uint32            // above all stamps of the pages before
	name    []byte            // of the group at hand
	words   map[string]uint32 // the numbers of texts in windows of several dictionaries
	wordOf  []uint32          // of texts
}

// Places of dimensions in the groups of a page.
const (
	notLooked = -2
	filtered  = -1
)

func (p *Plan) newPage() *Page {
	g := p.free
	if g == nil {
		g = &p.room.page
	}
	p.free = nil
	*g = Page{
		plan: p, place: int32(len(p.customers) - 1), accs: g.accs[:0], spans: g.spans[:0], odds: g.odds, slots: g.slots[:0], blocks: g.blocks[:0], //nolint:gosec // G115: of a list
		slotOf: g.slotOf[:0], texts: g.texts[:0], pairs: g.pairs, bySlots: g.bySlots, stamps: g.stamps, base: g.base + uint32(len(p.starts)) + 1, name: g.name, words: g.words, wordOf: g.wordOf[:0], //nolint:gosec // G115: bounded by MaxWindows
	}
	if g.base > math.MaxUint32/2 {
		g.base, g.stamps = 0, nil
	}
	clear(g.odds)
	clear(g.pairs)
	clear(g.bySlots)
	clear(g.words)
	if len(p.m.GroupBy) == 0 && p.how != fromEvents {
		g.slots = append(g.slots, nil)
		g.widen()
	}
	return g
}

// slot returns the place of the group of the page that an event belongs to.
func (g *Page) slot(e *Event) int32 {
	by := g.plan.m.GroupBy
	g.name = g.name[:0]
	for _, name := range by {
		g.name = append(append(g.name, e.Dimension(name)...), 0) // values have no control characters
	}
	if at, ok := g.bySlots[string(g.name)]; ok {
		return at
	}
	width := len(g.plan.starts)
	n := (len(g.slots) + 1) * width
	if n > MaxPoints {
		if g.fault == nil {
			g.fault = tooMany(n)
		}
		return filtered
	}
	at := int32(len(g.slots)) //nolint:gosec // G115: bounded by MaxPoints
	if g.bySlots == nil {
		g.bySlots = map[string]int32{}
	}
	values, there := g.plan.values[string(g.name)]
	if !there {
		values = make([]string, len(by))
		for i, name := range by {
			values[i] = strings.Clone(e.Dimension(name)) // of its own: not a part of a block
		}
		if len(g.plan.customers) > 1 {
			g.plan.values[string(g.name)] = values
		}
	}
	g.bySlots[string(g.name)] = at
	g.slots = append(g.slots, values)
	g.widen()
	return at
}

// widen makes room for a group. What lies behind the groups that there are is zero: a page
// that is added up leaves nothing else there.
func (g *Page) widen() {
	width := len(g.plan.starts)
	n := len(g.accs)
	g.accs = slices.Grow(g.accs, width)[:n+width]
	if a := g.plan.m.Meter.Aggregation; a == Min || a == Max {
		g.spans = slices.Grow(g.spans, width)[:n+width]
		clear(g.spans[n:])
	}
}

// tooMany refuses a question with too many points.
func tooMany(n int) error {
	var v servicecoin.Violations
	v.Add("groupBy", "too-many", strconv.Itoa(n), fmt.Sprintf("makes more than %d points", MaxPoints))
	return v.Err()
}

// Total adds the total of a stretch that the plan needs the total of: its first day.
func (g *Page) Total(day int32, t *Total) {
	w := g.plan.holderOf(day)
	if w < 0 {
		return
	}
	a := &g.accs[w]
	a.events += t.Events
	a.valued += t.Valued
	a.sum.AddSum(t.sum)
	if len(g.spans) > 0 && t.least <= t.largest {
		g.spans[w].widen(t.least)
		g.spans[w].widen(t.largest)
	}
}

// Add adds the entries of a day, all that there are.
func (g *Page) Add(b *Block) {
	p := g.plan
	switch {
	case b.Len() == 0 || g.fault != nil:
	case p.how == fromEvents:
		g.blocks = append(g.blocks, b)
	case p.m.Meter.Aggregation == Unique:
		g.unique(b)
	default:
		g.columns(b)
	}
}

// look makes the tables of a block's dimensions ready.
func (g *Page) look(b *Block) {
	if g.dict != b.of.dict || g.round != g.dict.round {
		g.dict, g.round = b.of.dict, b.of.dict.round
		g.slotOf = g.slotOf[:0]
		clear(g.pairs)
		g.texts, g.wordOf = g.texts[:0], g.wordOf[:0]
	}
	for len(g.slotOf) < len(b.of.dict.combos) {
		g.slotOf = append(g.slotOf, notLooked)
	}
}

// slotAt returns the place of the group that a row belongs to, below 0 for a row that
// does not count.
func (g *Page) slotAt(b *Block, r *row) int32 {
	if len(g.plan.m.GroupBy) == 0 && len(g.plan.m.Meter.Filters) == 0 {
		return 0
	}
	if !g.plan.subject {
		if g.slotOf[r.combo] == notLooked {
			g.slotOf[r.combo] = g.judge(b, r)
		}
		return g.slotOf[r.combo]
	}
	pair := uint64(r.combo)<<32 | uint64(r.subject) //nolint:mnd // two words in one
	at, ok := g.pairs[pair]
	if !ok {
		if g.pairs == nil {
			g.pairs = map[uint64]int32{}
		}
		at = g.judge(b, r)
		g.pairs[pair] = at
	}
	return at
}

// bySubject reports that the subject decides to which group an event belongs, or
// whether it counts.
func (m Measurement) bySubject() bool {
	return slices.Contains(m.GroupBy, Subject) || slices.ContainsFunc(m.Meter.Filters, func(f Filter) bool { return f.Dimension == Subject })
}

// judge finds the group of a row.
func (g *Page) judge(b *Block, r *row) int32 {
	return g.groupOf(&Event{Subject: b.of.dict.texts[r.subject], Dimensions: b.of.dict.combos[r.combo]})
}

// groupOf finds the group of an event, below 0 for one that does not count.
func (g *Page) groupOf(e *Event) int32 {
	for _, f := range g.plan.m.Meter.Filters {
		if !f.Matches(*e) {
			return filtered
		}
	}
	if len(g.plan.m.GroupBy) == 0 {
		return 0
	}
	return g.slot(e)
}

// finish adds up the page, and hands its cells to the plan.
func (g *Page) finish() {
	p := g.plan
	if g.fault != nil {
		return
	}
	if p.how == fromEvents {
		series, err := p.m.Meter.Measure(p.events(g.blocks), p.m)
		if err != nil {
			g.fault = err
			return
		}
		for _, s := range series {
			g.emit(s)
		}
		return
	}
	var one [1]int32
	order := one[:min(1, len(g.slots))]
	if len(g.slots) > 1 {
		order = identity(len(g.slots))
	}
	slices.SortFunc(order, func(a, b int32) int { return slices.Compare(g.slots[a], g.slots[b]) })
	width, n := len(p.starts), 0
	for i := range g.accs {
		if g.accs[i].some() {
			n++
		}
	}
	if len(p.cells)+n > cap(p.cells) { // twice as many each time: cells are large
		p.cells = slices.Grow(p.cells, max(n, len(p.cells)))
	}
	simple := g.simple()
	for _, slot := range order {
		group := int32(-1)
		base := int(slot) * width
		for w := range g.accs[base : base+width] {
			a := &g.accs[base+w]
			if !a.some() {
				if a.sum != (fixed.Sum{}) {
					*a = acc{}
				}
				continue
			}
			if group < 0 {
				group = p.group(g.slots[slot])
			}
			c := Cell{Customer: g.place, Group: group, Window: p.places[w], Events: a.events}
			if !simple {
				c.amount = g.amount(base + w)
			} else if a.valued > 0 {
				c.amount = amount{sum: a.sum, some: true}
			}
			p.cells = append(p.cells, c)
			*a = acc{}
		}
	}
}

// simple reports that every figure is the sum of the values.
func (g *Page) simple() bool {
	m := &g.plan.m.Meter
	return m.Aggregation == Sum && len(g.odds) == 0 && !m.EmptyIsZero && m.Convert == nil && m.Round == nil
}

// emit hands a series to the plan.
func (g *Page) emit(s Series) {
	group := int32(-1)
	for w, point := range s.Points {
		if point.Events == 0 && !point.Value.Valid {
			continue
		}
		if group < 0 {
			group = g.plan.group(s.Group)
		}
		g.plan.cells = append(g.plan.cells, Cell{Customer: g.place, Group: group, Window: int32(w), Events: point.Events, amount: exactly(point.Value)})
	}
}

// amount returns what the meter makes of what was added up.
func (g *Page) amount(at int) amount {
	a, m := &g.accs[at], &g.plan.m.Meter
	result := amount{}
	switch m.Aggregation {
	case Count:
		if a.events > 0 {
			result = whole(a.events)
		}
	case Unique:
		if a.valued > 0 {
			result = whole(a.valued)
		}
	case Sum:
		if a.valued > 0 {
			result = amount{sum: a.sum, some: true}
			if len(g.odds) > 0 && g.odds[at] != nil {
				result = exactly(servicecoin.Some(g.total(at)))
			}
		}
	case Average:
		q := quantity{}
		if a.valued > 0 {
			q = fraction(g.total(at), a.valued)
		}
		return exactly((&rule{*m}).figure(q))
	case Min:
		result = g.outermost(at, g.spans[at].least, false)
	case Max:
		result = g.outermost(at, g.spans[at].largest, true)
	case Latest, TimeWeighted, Percentile, Product:
	}
	switch {
	case !result.some && m.EmptyIsZero, result.some && (m.Convert != nil || m.Round != nil):
		q := quantity{}
		if result.some {
			q = quantityOf(result.value().Decimal)
		}
		return exactly((&rule{*m}).figure(q))
	}
	return result
}

func (g *Page) total(at int) decimal.Decimal {
	d := g.accs[at].sum.Decimal(fixed.Places)
	if o := g.odds[at]; o != nil {
		d = d.Add(o.sum)
	}
	return d
}

// outermost is the least or the largest, of what fits and of what does not.
func (g *Page) outermost(at int, n int64, largest bool) amount {
	var odd decimal.NullDecimal
	if o := g.odds[at]; o != nil {
		if odd = o.least; largest {
			odd = o.largest
		}
	}
	if !g.spans[at].is {
		return exactly(odd)
	}
	var s fixed.Sum
	s.Add(n)
	if odd.Valid {
		if d := s.Decimal(fixed.Places); odd.Decimal.LessThan(d) != largest {
			return exactly(odd)
		}
	}
	return amount{sum: s, some: true}
}

// whole is an amount of a number of events.
func whole(n int64) amount {
	const billion = 1_000_000_000
	if n >= -9e9 && n <= 9e9 {
		a := amount{some: true}
		a.sum.Add(n * billion)
		return a
	}
	return exactly(servicecoin.Some(decimal.NewFromInt(n)))
}

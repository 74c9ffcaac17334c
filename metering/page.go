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
	place int32 // of the customer
	accs  []acc // by group and window
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

// acc adds up one window of one group.
type acc struct {
	events, valued int64
	sum            fixed.Sum
	least, largest int64
	some, fits     bool // something was added; least and largest are of a value
	odd            *oddAcc
}

// oddAcc is what does not fit.
type oddAcc struct {
	sum            decimal.Decimal
	least, largest decimal.NullDecimal
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
		plan: p, place: int32(len(p.customers) - 1), accs: g.accs[:0], slots: g.slots[:0], blocks: g.blocks[:0], //nolint:gosec // G115: of a list
		slotOf: g.slotOf[:0], texts: g.texts[:0], pairs: g.pairs, bySlots: g.bySlots, stamps: g.stamps, base: g.base + uint32(len(p.starts)) + 1, name: g.name, words: g.words, wordOf: g.wordOf[:0], //nolint:gosec // G115: bounded by MaxWindows
	}
	if g.base > math.MaxUint32/2 {
		g.base, g.stamps = 0, nil
	}
	clear(g.pairs)
	clear(g.bySlots)
	clear(g.words)
	if len(p.m.GroupBy) == 0 && p.how != fromEvents {
		g.slots = append(g.slots, nil)
		g.accs = append(g.accs, make([]acc, len(p.starts))...)
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
	values := make([]string, len(by))
	for i, name := range by {
		values[i] = strings.Clone(e.Dimension(name)) // of its own: not a part of a block
	}
	g.bySlots[string(g.name)] = at
	g.slots = append(g.slots, values)
	g.accs = slices.Grow(g.accs, width)[:n]
	clear(g.accs[n-width:])
	return at
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
	a.some = a.some || t.Events != 0 || t.Valued != 0
	if t.least <= t.largest {
		a.span(t.least)
		a.span(t.largest)
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

// windows finds the window of rows, most often that of the row before.
type windows struct {
	starts, ends []int64
	last         int
}

// at returns the place of the window that holds an instant, -1 for none.
func (w *windows) at(t int64) int {
	if t >= w.starts[w.last] {
		if t < w.ends[w.last] {
			return w.last
		}
		if n := w.last + 1; n < len(w.starts) && t >= w.starts[n] && t < w.ends[n] {
			w.last = n
			return n
		}
	}
	i, found := slices.BinarySearch(w.starts, t)
	if !found {
		i--
	}
	if i < 0 || t >= w.ends[i] {
		return -1
	}
	w.last = i
	return i
}

// columns adds the rows of a block.
func (g *Page) columns(b *Block) {
	p := g.plan
	if len(p.starts) == 0 {
		return
	}
	g.look(b)
	plain := len(p.m.GroupBy) == 0 && len(p.m.Meter.Filters) == 0
	field := b.field(p.m.Meter.Field)
	find := windows{starts: p.starts, ends: p.ends}
	width := len(p.starts)
	spread := b.hasEnds() && p.spans()
	if !spread && !b.hasGone() && !b.laterThan(p.known) && field.simple() {
		for i := range b.rows { // most blocks
			r := &b.rows[i]
			at := find.at(r.at)
			if at < 0 {
				continue
			}
			slot := int32(0)
			if !plain {
				if slot = g.slotAt(b, r); slot < 0 {
					continue
				}
			}
			g.accs[int(slot)*width+at].plain(r.value)
		}
		return
	}
	for _, i := range b.standing(p.known) {
		r := &b.rows[i]
		at := find.at(r.at)
		if at < 0 && !spread {
			continue
		}
		slot := g.slotAt(b, r)
		if slot < 0 {
			continue
		}
		if spread && b.end(i) != ofPoint {
			v, odd := field.at(b, i)
			if !g.spread(b, i, int(slot)*width, v, odd) && at >= 0 {
				g.accs[int(slot)*width+at].plain(null)
			}
			continue
		}
		if at >= 0 {
			g.accs[int(slot)*width+at].add(field.at(b, i))
		}
	}
}

// fieldOf is a value of the rows of a block: their own, a field, or none.
type fieldOf struct {
	own    bool
	odd    bool
	column *fieldColumn
}

func (b *Block) field(name string) fieldOf {
	if name == "" {
		return fieldOf{own: true, odd: b.odd() != nil}
	}
	for i := range b.fields() {
		if b.more.fields[i].name == name {
			return fieldOf{column: &b.more.fields[i]}
		}
	}
	return fieldOf{}
}

// simple reports that every value is in its row, or null.
func (f fieldOf) simple() bool { return f.own && !f.odd }

// at returns the value of a row.
func (f fieldOf) at(b *Block, i int32) (int64, decimal.Decimal) {
	switch {
	case f.own:
		return b.rows[i].value, b.odd()[i]
	case f.column != nil:
		return f.column.value[i], f.column.odd[i]
	}
	return null, decimal.Decimal{}
}

// plain adds a value that fits, or none.
func (a *acc) plain(v int64) {
	a.events++
	a.some = true
	if v == null {
		return
	}
	a.valued++
	a.sum.Add(v)
	if !a.fits {
		a.least, a.largest, a.fits = v, v, true
		return
	}
	a.least, a.largest = min(a.least, v), max(a.largest, v)
}

// add adds a value, which is odd, or none.
func (a *acc) add(v int64, odd decimal.Decimal) {
	if v != isOdd {
		a.plain(v)
		return
	}
	a.events++
	a.some = true
	a.valued++
	a.addOdd(odd)
}

// span widens what lies between the least and the largest.
func (a *acc) span(v int64) {
	if !a.fits {
		a.least, a.largest, a.fits = v, v, true
		return
	}
	a.least, a.largest = min(a.least, v), max(a.largest, v)
}

func (a *acc) addOdd(d decimal.Decimal) {
	if a.odd == nil {
		a.odd = &oddAcc{}
	}
	a.odd.sum = a.odd.sum.Add(d)
	if !a.odd.least.Valid || d.LessThan(a.odd.least.Decimal) {
		a.odd.least = servicecoin.Some(d)
	}
	if !a.odd.largest.Valid || d.GreaterThan(a.odd.largest.Decimal) {
		a.odd.largest = servicecoin.Some(d)
	}
}

// spread adds the parts of an interval to the windows that it touches. It reports false
// for one that is still to begin.
func (g *Page) spread(b *Block, i int32, base int, v int64, odd decimal.Decimal) bool {
	p := g.plan
	from, to := b.rows[i].at, b.end(i)
	open := to == ofOpen
	if open {
		to = p.now
	}
	if to <= from {
		return false
	}
	first, found := slices.BinarySearch(p.starts, from)
	if !found {
		first = max(first-1, 0)
	}
	value := number{fast: v}
	if v == isOdd {
		value = numberOf(odd)
	}
	for w := first; w < len(p.starts) && p.starts[w] < to; w++ {
		start, end := max(p.starts[w], from), min(p.ends[w], to)
		if start >= end {
			continue
		}
		a := &g.accs[base+w]
		a.events++
		a.some = true
		if v == null || open {
			continue
		}
		a.valued++
		part := value.share(end-from, to-from).minus(value.share(start-from, to-from))
		if part.exact == nil {
			a.sum.Add(part.fast)
			continue
		}
		a.addOdd(*part.exact)
	}
	return true
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
	if !g.plan.bySubject() {
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
func (p *Plan) bySubject() bool {
	return slices.Contains(p.m.GroupBy, Subject) || slices.ContainsFunc(p.m.Meter.Filters, func(f Filter) bool { return f.Dimension == Subject })
}

// judge finds the group of a row.
func (g *Page) judge(b *Block, r *row) int32 {
	e := Event{Subject: b.of.dict.texts[r.subject], Dimensions: b.of.dict.combos[r.combo]}
	for _, f := range g.plan.m.Meter.Filters {
		if !f.Matches(e) {
			return filtered
		}
	}
	if len(g.plan.m.GroupBy) == 0 {
		return 0
	}
	return g.slot(&e)
}

// unique counts the different texts of a block. Windows come in their order, so that a
// text which was seen in the window at hand is known by one number.
func (g *Page) unique(b *Block) {
	p := g.plan
	if len(p.starts) == 0 {
		return
	}
	g.look(b)
	g.distinct(b)
	find := windows{starts: p.starts, ends: p.ends}
	width := len(p.starts)
	day := b.day()
	several := b.of.dict.apart && p.beyond(day)
	if several {
		g.wordOf = grown(g.wordOf, len(b.of.dict.texts), 0)
	}
	if whole := p.holds(day, day+1); whole >= 0 && !b.hasGone() && !b.laterThan(p.known) {
		for i := range b.rows {
			g.see(b, &b.rows[i], int(whole), width, several)
		}
		return
	}
	for _, i := range b.standing(p.known) { // in order of time
		if at := find.at(b.rows[i].at); at >= 0 {
			g.see(b, &b.rows[i], at, width, several)
		}
	}
}

// see counts the text of a row that lies in a window.
func (g *Page) see(b *Block, r *row, at, width int, several bool) {
	slot := g.slotAt(b, r)
	if slot < 0 {
		return
	}
	a := &g.accs[int(slot)*width+at]
	a.events++
	a.some = true
	id := r.subject
	if g.plan.m.Meter.Distinct != Subject {
		id = g.texts[r.combo]
	}
	if id == 0 {
		return
	}
	texts := len(b.of.dict.texts)
	if several {
		id = g.word(b.of.dict, id)
		texts = len(g.words) + 1
	}
	for int(slot) >= len(g.stamps) {
		g.stamps = append(g.stamps, nil)
	}
	stamps := g.stamps[slot]
	if int(id) >= len(stamps) {
		stamps = append(stamps, make([]uint32, texts-len(stamps))...)
		g.stamps[slot] = stamps
	}
	if stamp := g.base + uint32(at) + 1; stamps[id] != stamp { //nolint:gosec // G115: of a list
		stamps[id] = stamp
		a.valued++
	}
}

// beyond reports that a window which touches a day goes beyond it.
func (p *Plan) beyond(day int32) bool {
	start, end := int64(day)*microsPerDay, int64(day+1)*microsPerDay
	i, _ := slices.BinarySearch(p.ends, start+1)
	for ; i < len(p.starts) && p.starts[i] < end; i++ {
		if p.starts[i] < start || p.ends[i] > end {
			return true
		}
	}
	return false
}

// word returns the number of a text among those of all dictionaries.
func (g *Page) word(d *dict, id uint32) uint32 {
	if n := g.wordOf[id]; n != 0 {
		return n
	}
	n, there := g.words[d.texts[id]]
	if !there {
		if g.words == nil {
			g.words = map[string]uint32{}
		}
		n = uint32(len(g.words)) + 1 //nolint:gosec // G115: fewer than events
		g.words[strings.Clone(d.texts[id])] = n
	}
	g.wordOf[id] = n
	return n
}

// distinct finds the texts that dimensions have in the one that is counted.
func (g *Page) distinct(b *Block) {
	name := g.plan.m.Meter.Distinct
	for i := len(g.texts); name != Subject && i < len(b.of.dict.combos); i++ {
		g.texts = append(g.texts, b.of.dict.number(b.of.dict.combos[i].Get(name)))
	}
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
	width := len(p.starts)
	for _, slot := range order {
		group := int32(-1)
		for w := range width {
			a := &g.accs[int(slot)*width+w]
			if !a.some {
				continue
			}
			if group < 0 {
				group = p.group(g.slots[slot])
			}
			p.cells = append(p.cells, Cell{Customer: g.place, Group: group, Window: p.places[w], Events: a.events, amount: a.amount(&p.m.Meter)})
		}
	}
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
func (a *acc) amount(m *Meter) amount {
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
			if a.odd != nil {
				result = exactly(servicecoin.Some(a.total()))
			}
		}
	case Average:
		q := quantity{}
		if a.valued > 0 {
			q = fraction(a.total(), a.valued)
		}
		return exactly((&rule{*m}).figure(q))
	case Min:
		result = a.extreme(a.least, false)
	case Max:
		result = a.extreme(a.largest, true)
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

func (a *acc) total() decimal.Decimal {
	d := a.sum.Decimal(fixed.Places)
	if a.odd != nil {
		d = d.Add(a.odd.sum)
	}
	return d
}

func (a *acc) extreme(n int64, largest bool) amount {
	var odd decimal.NullDecimal
	if a.odd != nil {
		if odd = a.odd.least; largest {
			odd = a.odd.largest
		}
	}
	if !a.fits {
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

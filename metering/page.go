package metering

import (
	"fmt"
	"slices"
	"strconv"

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
	slotOf  []int32 // of dimensions: unknown, out, or the group's place
	pairs   map[uint64]int32
	bySlots map[string]int32
	texts   []uint32          // of dimensions: the text that is counted
	stamps  [][]int32         // by group: the window in which a text was seen last, and 1
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
		g = &Page{plan: p}
	}
	p.free = nil
	*g = Page{
		plan: p, place: int32(len(p.customers) - 1), accs: g.accs[:0], slots: g.slots[:0], blocks: g.blocks[:0], //nolint:gosec // G115: of a list
		slotOf: g.slotOf[:0], texts: g.texts[:0], pairs: g.pairs, bySlots: g.bySlots, stamps: g.stamps[:0],
	}
	clear(g.pairs)
	clear(g.bySlots)
	clear(g.words)
	if len(p.m.GroupBy) == 0 && p.how != fromEvents {
		g.slot(nil)
	}
	return g
}

// slot returns the place of a group of the page.
func (g *Page) slot(values []string) int32 {
	var name []byte
	for _, v := range values {
		name = append(append(name, v...), 0)
	}
	if at, ok := g.bySlots[string(name)]; ok {
		return at
	}
	n := (len(g.slots) + 1) * len(g.plan.starts)
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
	g.bySlots[string(name)] = at
	g.slots = append(g.slots, values)
	g.accs = slices.Grow(g.accs, len(g.plan.starts))[:n]
	clear(g.accs[n-len(g.plan.starts):])
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
	w := g.plan.holds(day, day+1)
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
	column, odd := b.column(p.m.Meter.Field)
	find := windows{starts: p.starts, ends: p.ends}
	width := len(p.starts)
	spread := b.end != nil && p.spans()
	add := func(row int32) {
		at := find.at(b.at[row])
		if at < 0 && !spread {
			return
		}
		slot := g.slotAt(b, row)
		if slot < 0 {
			return
		}
		if spread && b.end[row] != ofPoint {
			g.spread(b, row, at, int(slot)*width, column, odd)
			return
		}
		if at >= 0 {
			g.accs[int(slot)*width+at].add(column, odd, row)
		}
	}
	if b.gone == nil && !b.laterThan(p.known) {
		for row := range int32(len(b.at)) { //nolint:gosec // G115: of a day
			add(row)
		}
		return
	}
	for _, row := range b.standing(p.known) {
		add(row)
	}
}

// column returns the values of a field: a column of none if no row has it.
func (b *Block) column(field string) (column []int64, odd map[int32]decimal.Decimal) {
	if field == "" {
		return b.value, b.odd
	}
	for i := range b.fields {
		if b.fields[i].name == field {
			return b.fields[i].value, b.fields[i].odd
		}
	}
	return nil, nil
}

// add adds a row.
func (a *acc) add(column []int64, odd map[int32]decimal.Decimal, row int32) {
	a.events++
	a.some = true
	if column == nil {
		return
	}
	switch v := column[row]; v {
	case null:
	case isOdd:
		a.valued++
		a.addOdd(odd[row])
	default:
		a.valued++
		a.sum.Add(v)
		a.span(v)
	}
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

// spread adds the parts of an interval to the windows that it touches.
func (g *Page) spread(b *Block, row int32, at, base int, column []int64, odd map[int32]decimal.Decimal) {
	if at >= 0 {
		a := &g.accs[base+at]
		a.events++
		a.some = true
	}
	if column == nil || column[row] == null || b.end[row] == ofOpen {
		return
	}
	value := decimalIn(column[row], row, odd).Decimal
	from, to := b.at[row], b.end[row]
	first, found := slices.BinarySearch(g.plan.starts, from)
	if !found {
		first = max(first-1, 0)
	}
	for w := first; w < len(g.plan.starts) && g.plan.starts[w] < to; w++ {
		start, end := max(g.plan.starts[w], from), min(g.plan.ends[w], to)
		if start >= end {
			continue
		}
		a := &g.accs[base+w]
		a.valued++
		a.some = true
		part := partOf(value, from, to, start, end)
		if n, ok := fixed.Of(part); ok {
			a.sum.Add(n)
			continue
		}
		a.addOdd(part)
	}
}

// look makes the tables of a block's dimensions ready.
func (g *Page) look(b *Block) {
	if g.dict != b.dict {
		g.dict = b.dict
		g.slotOf = g.slotOf[:0]
		clear(g.pairs)
		g.texts, g.wordOf = g.texts[:0], g.wordOf[:0]
	}
	for len(g.slotOf) < len(b.dict.combos) {
		g.slotOf = append(g.slotOf, notLooked)
	}
}

// slotAt returns the place of the group that a row belongs to, below 0 for a row that
// does not count.
func (g *Page) slotAt(b *Block, row int32) int32 {
	if len(g.plan.m.GroupBy) == 0 && len(g.plan.m.Meter.Filters) == 0 {
		return 0
	}
	if !g.plan.bySubject() {
		combo := b.combo[row]
		if g.slotOf[combo] == notLooked {
			g.slotOf[combo] = g.judge(b, row)
		}
		return g.slotOf[combo]
	}
	pair := uint64(b.combo[row])<<32 | uint64(b.subject[row]) //nolint:mnd // two words in one
	at, ok := g.pairs[pair]
	if !ok {
		if g.pairs == nil {
			g.pairs = map[uint64]int32{}
		}
		at = g.judge(b, row)
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
func (g *Page) judge(b *Block, row int32) int32 {
	e := Event{Subject: b.dict.texts[b.subject[row]], Dimensions: b.dict.combos[b.combo[row]]}
	for _, f := range g.plan.m.Meter.Filters {
		if !f.Matches(e) {
			return filtered
		}
	}
	if len(g.plan.m.GroupBy) == 0 {
		return 0
	}
	values := make([]string, len(g.plan.m.GroupBy))
	for i, name := range g.plan.m.GroupBy {
		values[i] = e.Dimension(name)
	}
	return g.slot(values)
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
	var rows []int32
	day := b.day()
	texts, several := len(b.dict.texts), b.dict.apart && p.beyond(day)
	if several {
		g.wordOf = grown(g.wordOf, texts, 0)
	}
	if whole := p.holds(day, day+1) >= 0; !whole || b.gone != nil || b.laterThan(p.known) {
		rows = b.standing(p.known) // in order of time
	}
	add := func(row int32) {
		at := find.at(b.at[row])
		if at < 0 {
			return
		}
		slot := g.slotAt(b, row)
		if slot < 0 {
			return
		}
		a := &g.accs[int(slot)*width+at]
		a.events++
		a.some = true
		id := b.subject[row]
		if p.m.Meter.Distinct != Subject {
			id = g.texts[b.combo[row]]
		}
		if id == 0 {
			return
		}
		if several {
			id = g.word(b.dict, id)
			texts = len(g.words) + 1
		}
		for int(slot) >= len(g.stamps) {
			g.stamps = append(g.stamps, nil)
		}
		stamps := g.stamps[slot]
		if int(id) >= len(stamps) {
			stamps = append(stamps, make([]int32, texts-len(stamps))...)
			g.stamps[slot] = stamps
		}
		if stamps[id] != int32(at)+1 { //nolint:gosec // G115: of a list
			stamps[id] = int32(at) + 1 //nolint:gosec // G115: of a list
			a.valued++
		}
	}
	if rows == nil {
		for row := range int32(len(b.at)) { //nolint:gosec // G115: of a day
			add(row)
		}
		return
	}
	for _, row := range rows {
		add(row)
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
		g.words[d.texts[id]] = n
	}
	g.wordOf[id] = n
	return n
}

// distinct finds the texts that dimensions have in the one that is counted.
func (g *Page) distinct(b *Block) {
	name := g.plan.m.Meter.Distinct
	for i := len(g.texts); name != Subject && i < len(b.dict.combos); i++ {
		g.texts = append(g.texts, b.dict.number(b.dict.combos[i].Get(name)))
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
	order := make([]int32, len(g.slots))
	for i := range order {
		order[i] = int32(i) //nolint:gosec // G115: of a list
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
			p.cells = append(p.cells, Cell{Customer: g.place, Group: group, Window: int32(w), Events: a.events, amount: a.amount(&p.m.Meter)}) //nolint:gosec // G115: of a list
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
		g.plan.cells = append(g.plan.cells, Cell{Customer: g.place, Group: group, Window: int32(w), Events: point.Events, amount: exactly(point.Value)}) //nolint:gosec // G115: of a list
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
		if a.valued > 0 {
			result = exactly(servicecoin.Some(a.total().DivRound(decimal.NewFromInt(a.valued), MaxPlaces)))
		}
	case Min:
		result = a.extreme(a.least, false)
	case Max:
		result = a.extreme(a.largest, true)
	case Latest, TimeWeighted, Percentile, Product:
	}
	if !result.some && m.EmptyIsZero {
		result = whole(0)
	}
	if result.some && (m.Convert != nil || m.Round != nil) {
		result = exactly(m.said(result.value()))
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

// partOf returns the part of a value that falls into [a,b) of an interval over which it is
// spread evenly: of times in microseconds. The parts of windows that follow each other
// sum to the whole, since each is what has come up to its end less what had come before;
// what has come up to an instant is rounded to 9 places, or to as many as the value has.
func partOf(value decimal.Decimal, from, to, a, b int64) decimal.Decimal {
	places := max(fixed.Places, -value.Exponent())
	upTo := func(t int64) decimal.Decimal {
		switch {
		case t <= from:
			return decimal.Decimal{}
		case t >= to:
			return value
		}
		return value.Mul(decimal.NewFromInt(t-from)).DivRound(decimal.NewFromInt(to-from), places)
	}
	return upTo(b).Sub(upTo(a))
}

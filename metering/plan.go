package metering

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Plan is how a measurement is answered from what a store keeps: totals of days and of
// months where they say enough, the columns of a day where they do not. A store hands
// in, for each customer, what the plan [Plan.Needs], and gets the answer from
// [Plan.Done]. It is not safe for concurrent use.
type Plan struct {
	m           Measurement
	starts      []int64 // of the windows that are not empty
	ends        []int64
	places      []int32 // which of the measurement's they are
	now         int64   // up to when an open interval runs
	known       int64   // entries that were recorded at or after it do not count
	step        int64   // how long every window is, if each begins where the one before ends; 0: they differ
	first, last int32   // the days that windows touch
	subject     bool    // it decides what counts, or where
	holder      []int32
	how         how

	customers []servicecoin.CustomerID
	groups    map[string]int32
	values    map[string][]string // of the groups of pages, by their names
	names     [][]string
	cells     []Cell
	scratch   *Scratch // where cells are gathered that are copied in the end; nil: they are the answer
	page      *Page
	free      *Page // its parts are used again
	fault     error

	room struct { // of a question about little
		starts, ends [1]int64
		places       [1]int32
		names        [1][]string
		page         Page
	}
}

// how is the way in which an aggregation is worked out.
type how int

const (
	fromTotals  how = iota // totals and columns
	fromColumns            // columns
	fromEvents             // [Meter.Measure] over the events of columns
)

// Need is what a plan needs of a stretch of time.
type Need int

// What a plan needs.
const (
	Nothing Need = iota // it lies outside
	ItsTotal
	ItsEntries
)

// Days of [Plan.Days]: before all that there are.
const anyDay = math.MinInt32

// NewPlan returns the plan of a measurement, an ErrInvalid if it is not valid.
func NewPlan(m Measurement) (*Plan, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	p := &Plan{m: m, now: math.MaxInt64, known: math.MaxInt64, how: m.way()}
	p.starts, p.ends, p.places = p.room.starts[:0], p.room.ends[:0], p.room.places[:0]
	if !m.KnownBefore.IsZero() {
		p.known = servicecoin.Instant(m.KnownBefore).UnixMicro()
	}
	if !m.Now.IsZero() {
		p.now = servicecoin.Instant(m.Now).UnixMicro()
	}
	if n := len(m.Windows); n > 1 {
		room := make([]int64, 2*n)
		p.starts, p.ends, p.places = room[:0:n], room[n:n], make([]int32, 0, n)
	}
	for i, w := range m.Windows {
		start, end := servicecoin.Instant(w.Start).UnixMicro(), servicecoin.Instant(w.End).UnixMicro()
		if start < end {
			p.starts, p.ends, p.places = append(p.starts, start), append(p.ends, end), append(p.places, int32(i))
		}
	}
	p.step, p.subject = even(p.starts, p.ends), m.bySubject()
	p.first, p.last = 0, -1
	if n := len(m.Windows); n > 0 {
		start, end := servicecoin.Instant(m.Windows[0].Start).UnixMicro(), servicecoin.Instant(m.Windows[n-1].End).UnixMicro()
		p.first, p.last = dayNumber(start), dayNumber(max(end-1, start))
	}
	if n := int(p.last-p.first) + 1; p.how == fromTotals && n > 0 && n <= mostHolders && len(p.starts) > 1 {
		p.holder = make([]int32, n)
		for i := range p.holder {
			p.holder[i] = p.holds(p.first+int32(i), p.first+int32(i)+1)
		}
	}
	if len(m.GroupBy) == 0 {
		p.names = p.room.names[:]
	} else {
		p.groups, p.values = map[string]int32{}, map[string][]string{}
	}
	return p, nil
}

// even returns how long windows are, each of which begins where the one before ends, 0 if
// they are not all as long.
func even(starts, ends []int64) int64 {
	if len(starts) == 0 {
		return 0
	}
	step := ends[0] - starts[0]
	for i := range starts {
		if ends[i]-starts[i] != step || i > 0 && starts[i] != ends[i-1] {
			return 0
		}
	}
	return step
}

// way returns how the measurement is worked out.
func (m Measurement) way() how {
	switch m.Meter.Aggregation {
	case Count, Sum, Min, Max, Average:
		if m.Meter.Field == Seconds || m.Meter.Times != "" {
			return fromEvents
		}
		if len(m.GroupBy) == 0 && len(m.Meter.Filters) == 0 && m.Meter.Field == "" {
			return fromTotals
		}
		return fromColumns
	case Unique:
		if m.Meter.Removes == nil {
			return fromColumns
		}
	case Latest, TimeWeighted, Percentile, Product:
	}
	return fromEvents
}

// holds returns the window that has all of the days from one to before another, -1 if
// none has any of them, -2 if one has a part.
func (p *Plan) holds(from, to int32) int32 {
	start, end := int64(from)*microsPerDay, int64(to)*microsPerDay
	i, found := slices.BinarySearch(p.starts, start)
	if !found {
		i--
	}
	if i >= 0 && p.ends[i] >= end {
		return int32(i) //nolint:gosec // G115: of a list
	}
	if i >= 0 && p.ends[i] > start || i+1 < len(p.starts) && p.starts[i+1] < end {
		return -2
	}
	return -1
}

// mostHolders is for how many days it is worked out beforehand which window has them.
const mostHolders = 1000

// holderOf returns the window that has a day, as holds does.
func (p *Plan) holderOf(day int32) int32 {
	if i := int(day - p.first); day >= p.first && i < len(p.holder) {
		return p.holder[i]
	}
	return p.holds(day, day+1)
}

// Days returns the days of UTC, numbered from 1970, that the plan needs something of:
// from the first to the last. Before the first one it needs those days that have
// intervals which end after the instant reach (microseconds since 1970). all: it needs
// every day before the last.
func (p *Plan) Days() (first, last int32, reach int64, all bool) {
	reach = math.MaxInt64
	if len(p.starts) > 0 && p.spans() {
		reach = p.starts[0]
	}
	return p.first, p.last, reach, p.chained()
}

// spans reports that an interval counts in every window that it touches.
func (p *Plan) spans() bool {
	m := &p.m.Meter
	return splits(m.Aggregation) || splits(m.SampledBy) || m.Aggregation == TimeWeighted
}

// chained reports that all that was before a window may count in it.
func (p *Plan) chained() bool { return (&rule{p.m.Meter}).chained() }

// NeedsEntries reports that the plan reads the entries of every day, whatever its total
// says.
func (p *Plan) NeedsEntries() bool { return p.how != fromTotals }

// Keeps reports that the plan keeps the blocks that are handed in until its end. If it does
// not, the next one may take the place of the one before: see [BlockReader].
func (p *Plan) Keeps() bool { return p.how == fromEvents }

// Needs returns what the plan needs of a day.
func (p *Plan) Needs(day int32, t *Total) Need {
	if t.rows == 0 || t.knownFrom >= p.known || day > p.last {
		return Nothing
	}
	if day < p.first {
		if p.chained() || p.spans() && len(p.starts) > 0 && t.reach > p.starts[0] {
			return ItsEntries
		}
		return Nothing
	}
	if p.how != fromTotals {
		return ItsEntries
	}
	switch p.holderOf(day) {
	case -1:
		return p.overlapping(t)
	case -2: //nolint:mnd // see holds
		return ItsEntries
	}
	return p.enough(t)
}

// overlapping returns what is needed of a day that no window touches.
func (p *Plan) overlapping(t *Total) Need {
	if p.spans() && t.flags&hasSpans != 0 {
		return ItsEntries
	}
	return Nothing
}

// enough returns whether a total says enough of a stretch that lies in one window.
func (p *Plan) enough(t *Total) Need {
	unsure := byte(hasOdd)
	switch p.m.Meter.Aggregation {
	case Count:
		unsure = 0
	case Sum:
		unsure |= hasSpans
	case Min, Max:
		unsure |= hasGone
	case Average, Unique, Latest, TimeWeighted, Percentile, Product:
	}
	if t.until >= p.known || t.flags&unsure != 0 {
		return ItsEntries
	}
	return ItsTotal
}

// NeedsMonth returns what the plan needs of a whole month of UTC, of days from one to
// before another: its total if that is enough, its entries if its days are to be asked
// for one by one.
func (p *Plan) NeedsMonth(from, to int32, t *Total) Need {
	if p.how != fromTotals || t.rows == 0 || p.spans() && t.flags&hasSpans != 0 {
		return ItsEntries
	}
	if t.knownFrom >= p.known {
		return Nothing
	}
	switch p.holds(from, to) {
	case -1:
		return Nothing
	case -2: //nolint:mnd // see holds
		return ItsEntries
	}
	return p.enough(t)
}

// Done returns the answer.
func (p *Plan) Done() (*Measured, error) {
	p.close()
	if p.fault != nil {
		return nil, p.fault
	}
	done := &Measured{Customers: p.customers, Windows: p.m.Windows, Groups: p.names, Cells: p.cells}
	if p.scratch != nil {
		p.scratch.cells, done.Cells = p.cells[:0], slices.Clone(p.cells)
	}
	order := identity(len(p.names))
	slices.SortFunc(order, func(a, b int32) int { return slices.Compare(p.names[a], p.names[b]) })
	if !slices.IsSorted(order) {
		place := make([]int32, len(order))
		done.Groups = make([][]string, len(order))
		for i, was := range order {
			place[was], done.Groups[i] = int32(i), p.names[was]
		}
		for i := range done.Cells {
			done.Cells[i].Group = place[done.Cells[i].Group]
		}
	}
	return done, nil
}

// Scratch is room in which plans of questions about everybody gather their cells, one plan
// after the other.
type Scratch struct{ cells []Cell }

// Use has the plan gather its cells in a scratch until it is [Plan.Done].
func (p *Plan) Use(s *Scratch) { p.scratch, p.cells = s, s.cells[:0] }

// Expect makes room for so many customers.
func (p *Plan) Expect(customers int) {
	const most = 1 << 18 // cells
	p.customers = slices.Grow(p.customers, customers)
	if p.how == fromTotals {
		p.cells = slices.Grow(p.cells, min(customers*len(p.starts), most))
	}
}

// Page begins with another customer; they come in byte order. What was handed in of the
// one before is added up.
func (p *Plan) Page(customer servicecoin.CustomerID) *Page {
	p.close()
	p.customers = append(p.customers, customer)
	p.page = p.newPage()
	return p.page
}

func (p *Plan) close() {
	if p.page != nil {
		p.page.finish()
		p.fault = cmp.Or(p.fault, p.page.fault)
		p.free, p.page = p.page, nil
	}
}

// group returns the number of a group in the answer.
func (p *Plan) group(values []string) int32 {
	if p.groups == nil {
		return 0
	}
	size := 0
	for _, v := range values {
		size += len(v) + 1
	}
	name := make([]byte, 0, size)
	for _, v := range values {
		name = append(append(name, v...), 0) // values have no control characters
	}
	id, ok := p.groups[string(name)]
	if !ok {
		id = int32(len(p.names)) //nolint:gosec // G115: bounded by MaxPoints
		p.groups[string(name)] = id
		p.names = append(p.names, values)
	}
	return id
}

// events yields what blocks of one customer leave, day by day.
func (p *Plan) events(blocks []*Block) iter.Seq2[Event, error] {
	slices.SortStableFunc(blocks, func(a, b *Block) int { return int(a.day()) - int(b.day()) })
	return func(yield func(Event, error) bool) {
		for _, b := range blocks {
			for _, row := range b.standing(p.known) {
				if !yield(b.entry(row).Event, nil) {
					return
				}
			}
		}
	}
}

// day returns the day of a block that is not empty.
func (b *Block) day() int32 {
	if len(b.rows) == 0 {
		return anyDay
	}
	return dayNumber(b.rows[0].at)
}

// DayOf returns the number of the day of UTC that an instant lies in, from 1970.
func DayOf(t time.Time) int32 { return dayNumber(t.UnixMicro()) }

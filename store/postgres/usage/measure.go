package usage

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// Measure implements metering.EventStore: from the totals of months and of days, and
// from the columns of those days of which they do not say enough. All of them are read
// from one state of the database, in two round trips.
func (s *Store) Measure(ctx context.Context, m metering.Measurement) (*metering.Measured, error) {
	if ctx.Err() != nil {
		return nil, servicecoin.Unchanged(context.Cause(ctx))
	}
	plan, err := metering.NewPlan(m)
	if err != nil {
		return nil, err
	}
	q := &question{m: m, plan: plan, of: map[servicecoin.CustomerID]*asked{}}
	q.first, q.last, q.reach, q.all = plan.Days()
	q.first, q.last = inRange(q.first), inRange(q.last)
	sc := scope{across: m.Customers == nil, customers: slices.Sorted(slices.Values(m.Customers))}
	for _, c := range sc.customers {
		q.at(c)
	}
	if err := s.reading(ctx, sc, func(w *work) error { return q.answer(ctx, w, sc) }); err != nil {
		return nil, err
	}
	return plan.Done()
}

// question is one Measure.
type question struct {
	m           metering.Measurement
	plan        *metering.Plan
	first, last int32
	reach       int64
	all         bool

	of     map[servicecoin.CustomerID]*asked
	wanted []*part // whose packed entries are needed, in order
	order  []*asked
	begun  bool           // with the first of order
	page   *metering.Page // its
}

// asked is a customer that is asked about.
type asked struct {
	customer servicecoin.CustomerID
	months   []*packedMonth
	tails    map[int32]*tailDay
	parts    []*part // in the order of their days
}

type packedMonth struct {
	from  int32
	total metering.Total
	days  []byte
}

// part is what is handed in of a day, or of a month.
type part struct {
	of    *asked
	day   int32
	total *metering.Total // nil: entries
	late  *tailDay
	whole bool // the packed entries are read with their rest
	apart bool // what is late is handed in by itself
	has   byte // what a summary has that takes the place of the entries; 0: none does

	block   *metering.Block
	summary *metering.Summary
}

func (q *question) at(c servicecoin.CustomerID) *asked {
	a := q.of[c]
	if a == nil {
		a = &asked{customer: c, tails: map[int32]*tailDay{}}
		q.of[c] = a
	}
	return a
}

// answer hands the plan what it needs.
func (q *question) answer(ctx context.Context, w *work, sc scope) error {
	q.queue(w, sc)
	if err := w.send(ctx); err != nil {
		return err
	}
	for _, c := range slices.Sorted(maps.Keys(q.of)) {
		a := q.of[c]
		q.order = append(q.order, a)
		if err := q.decide(a); err != nil {
			return err
		}
	}
	if len(q.wanted) == 0 {
		q.upTo(nil)
		return w.last(ctx)
	}
	var c dayColumns
	whole, has := make([]bool, len(q.wanted)), make([]int32, len(q.wanted))
	for i, x := range q.wanted {
		c.add(dayOf{x.of.customer, q.m.Meter.Type, x.day})
		whole[i], has[i] = x.whole, int32(x.has)
	}
	var n, before int
	var brief bool
	var cells, rest []byte
	each(w.Queue(w.store.sql.getCells, c.customer, c.day, whole, q.m.Meter.Type, has), []any{&n, &brief, &cells, &rest}, func() (err error) {
		if n <= before {
			return errors.New("usage: the server has not kept to the order of days")
		}
		before = n
		x := q.wanted[n-1]
		if brief {
			x.summary, err = metering.ReadSummary(x.day, cells)
		} else {
			x.block, err = metering.ReadBlock(x.of.customer, q.m.Meter.Type, cells, rest)
		}
		if err != nil {
			return err
		}
		q.upTo(x)
		return nil
	})
	if err := w.last(ctx); err != nil {
		return err
	}
	q.upTo(nil)
	return nil
}

// queue has months and the tail read.
func (q *question) queue(w *work, sc scope) {
	from, _ := metering.MonthOf(q.first)
	if q.last < q.first {
		return
	}
	var customer string
	var first int32
	var total, days, entries []byte
	month := func() error {
		m := &packedMonth{from: first, days: days}
		days = nil
		a := q.at(servicecoin.CustomerID(customer))
		a.months = append(a.months, m)
		return m.total.UnmarshalBinary(total)
	}
	late := func(e *metering.Entry) {
		day := metering.DayOf(e.Time)
		if day > q.last {
			return
		}
		a := q.at(e.Customer)
		if a.tails[day] == nil {
			a.tails[day] = &tailDay{}
		}
		a.tails[day].add(e)
	}
	t := &w.store.sql
	if sc.across {
		each(w.Queue(t.monthsOf, q.m.Meter.Type, q.last, from, q.all, q.reach), []any{&customer, &first, &total, &days}, month)
		each(w.Queue(t.logOf, q.last), []any{&customer, &entries}, func() error {
			return readLog(servicecoin.CustomerID(customer), entries, q.m.Meter.Type, late)
		})
		return
	}
	names := make([]string, len(sc.customers))
	for i, c := range sc.customers {
		names[i] = string(c)
	}
	each(w.Queue(t.getMonths, names, q.m.Meter.Type, q.last, from, q.all, q.reach), []any{&customer, &first, &total, &days}, month)
	w.queueLog(names, q.m.Meter.Type, firstDay, q.last, late)
}

// decide asks the plan what it needs of a customer.
func (q *question) decide(a *asked) error {
	slices.SortFunc(a.months, func(x, y *packedMonth) int { return cmp.Compare(x.from, y.from) })
	late := slices.Sorted(maps.Keys(a.tails))
	months := a.months
	for len(months) > 0 || len(late) > 0 {
		from := int32(math.MaxInt32)
		if len(months) > 0 {
			from = months[0].from
		}
		if len(late) > 0 {
			first, _ := metering.MonthOf(late[0])
			from = min(from, first)
		}
		_, to := metering.MonthOf(from)
		var packed *packedMonth
		if len(months) > 0 && months[0].from == from {
			packed, months = months[0], months[1:]
		}
		n, _ := slices.BinarySearch(late, to)
		if err := q.month(a, from, to, packed, late[:n]); err != nil {
			return err
		}
		late = late[n:]
	}
	return nil
}

// month asks for a month, and if its total does not say enough for its days.
func (q *question) month(a *asked, from, to int32, packed *packedMonth, late []int32) error {
	var total metering.Total
	if packed != nil {
		total.Merge(&packed.total)
	}
	for _, day := range late {
		total.Merge(&a.tails[day].total)
	}
	switch q.plan.NeedsMonth(from, to, &total) {
	case metering.ItsTotal:
		a.parts = append(a.parts, &part{of: a, day: from, total: &total})
		return nil
	case metering.Nothing:
		return nil
	case metering.ItsEntries:
	}
	if packed != nil {
		err := metering.EachDayTotal(from, packed.days, func(day int32, text []byte) error {
			for len(late) > 0 && late[0] < day {
				q.day(a, late[0], &a.tails[late[0]].total, false)
				late = late[1:]
			}
			if day > q.last {
				return nil
			}
			var total metering.Total
			if err := total.UnmarshalBinary(text); err != nil {
				return err
			}
			if len(late) > 0 && late[0] == day {
				total.Merge(&a.tails[day].total)
				late = late[1:]
			}
			q.day(a, day, &total, true)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, day := range late {
		q.day(a, day, &a.tails[day].total, false)
	}
	return nil
}

// day asks for a day.
func (q *question) day(a *asked, day int32, total *metering.Total, packed bool) {
	x := &part{of: a, day: day}
	switch q.plan.Needs(day, total) {
	case metering.Nothing:
		return
	case metering.ItsTotal:
		x.total = total
	case metering.ItsEntries:
		x.late = a.tails[day]
		x.apart = x.late == nil || q.plan.Adds() && !x.late.gone
		x.whole = q.plan.NeedsRest() || !x.apart
		if packed && q.plan.MayTakeSummary(day, total, x.late != nil) {
			x.has = q.plan.SummaryHas()
		}
		if packed {
			q.wanted = append(q.wanted, x)
		}
	}
	a.parts = append(a.parts, x)
}

// upTo hands in all parts up to one, nil: all that there are.
func (q *question) upTo(last *part) {
	for len(q.order) > 0 {
		a := q.order[0]
		if !q.begun {
			q.page, q.begun = q.plan.Page(a.customer), true
		}
		for len(a.parts) > 0 {
			x := a.parts[0]
			a.parts = a.parts[1:]
			q.hand(x)
			if x == last {
				return
			}
		}
		q.order, q.begun = q.order[1:], false
	}
}

func (q *question) hand(x *part) {
	if x.total != nil {
		q.page.Total(x.day, x.total)
		return
	}
	if x.summary != nil {
		q.page.Summary(x.day, x.summary)
		x.summary = nil
	}
	b := x.block
	x.block = nil
	if b != nil && !x.apart {
		x.late.addTo(b)
		x.late = nil
	}
	if b != nil {
		q.page.Add(b)
	}
	if x.late != nil {
		late := metering.NewBlock(x.of.customer, q.m.Meter.Type)
		x.late.addTo(late)
		q.page.Add(late)
	}
}

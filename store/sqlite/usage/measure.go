package usage

import (
	"context"
	"database/sql"
	"math"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

const (
	listTotals   = `SELECT page, month, total FROM servicecoin_usage_months WHERE kind = ? AND month BETWEEN ? AND ?`
	getTotal     = `SELECT total FROM servicecoin_usage_months WHERE kind = ? AND month = ? AND page = ?`
	listDays     = `SELECT page, days FROM servicecoin_usage_totals WHERE kind = ? AND month = ?`
	getDays      = `SELECT days FROM servicecoin_usage_totals WHERE kind = ? AND month = ? AND page = ?`
	nextMonth    = `SELECT month FROM servicecoin_usage_months WHERE kind = ? AND month >= ? ORDER BY month LIMIT 1`
	listReaching = `SELECT month FROM servicecoin_usage_reaches WHERE kind = ? AND month <= ? AND reach > ? ORDER BY month`
	listCells    = `SELECT place, cells FROM servicecoin_usage_days WHERE place BETWEEN ? AND ? ORDER BY place`
	cellSweep    = `SELECT d.place, d.cells FROM servicecoin_usage_pages p CROSS JOIN servicecoin_usage_days d
ON d.place BETWEEN p.id * 4194304 + ?1 AND p.id * 4194304 + ?2 WHERE p.kind = ?3 ORDER BY p.customer, d.place`
	wholeSweep = `SELECT d.place, d.cells, r.rest FROM servicecoin_usage_pages p CROSS JOIN servicecoin_usage_days d
ON d.place BETWEEN p.id * 4194304 + ?1 AND p.id * 4194304 + ?2 CROSS JOIN servicecoin_usage_rests r ON r.place = d.place
WHERE p.kind = ?3 ORDER BY p.customer, d.place`
	listSummaries = `SELECT place, summary FROM servicecoin_usage_summaries WHERE place BETWEEN ? AND ? ORDER BY place`
	listWhole     = `SELECT d.place, d.cells, r.rest FROM servicecoin_usage_days d CROSS JOIN servicecoin_usage_rests r ON r.place = d.place
WHERE d.place BETWEEN ? AND ? ORDER BY d.place`
)

// Measure implements metering.EventStore: from the totals of months and of days, and from
// the columns of those days of which they do not say enough, all of one state of the file.
func (s *Store) Measure(ctx context.Context, m metering.Measurement) (*metering.Measured, error) {
	plan, err := metering.NewPlan(m)
	if err != nil {
		return nil, err
	}
	q := &question{m: m, plan: plan}
	r, _ := s.room.Get().(*room)
	if r == nil {
		r = new(room)
	}
	defer s.room.Put(r)
	if q.room = r; m.Customers == nil {
		plan.Use(&r.scratch)
	}
	q.first, q.last, q.reach, q.all = plan.Days()
	if err := s.snapshot(ctx, q.capture, func(ses *session) error { return q.answer(ctx, ses) }); err != nil {
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

	kind      int64
	customers []servicecoin.CustomerID
	pages     []pageRef // of those that have one, in the same order
	bulk      bool      // most pages of the kind
	tails     map[int64][]tailDay

	room *room

	early  []int64 // months, up to that of the first window, that have intervals which go on
	totals map[int64][]monthTotal
	days   map[int64]map[int64][]byte // by month and page
}

// room is what one question after the other is worked out in.
type room struct {
	reader  metering.BlockReader
	texts   []byte // of summaries
	scratch metering.Scratch
}

type monthTotal struct {
	month int64
	total metering.Total
}

// capture takes what the tail has.
func (q *question) capture(t *tail) {
	q.customers = slices.Sorted(slices.Values(q.m.Customers))
	if q.m.Customers == nil {
		q.customers = t.dir.customers
	}
	k := t.dir.kinds[q.m.Meter.Type]
	if k == nil {
		return
	}
	q.kind = k.id
	if q.m.Customers == nil {
		q.pages = k.pages
	} else {
		for _, c := range q.customers {
			if id := k.place[c]; id != 0 {
				q.pages = append(q.pages, pageRef{id, c, k})
			}
		}
	}
	const few, part = 16, 8
	q.bulk = len(q.pages) > few && len(q.pages) > len(k.pages)/part
	from := q.first
	if q.all || q.reach != math.MaxInt64 {
		from = math.MinInt32
	}
	q.tails = map[int64][]tailDay{}
	for _, p := range q.pages {
		if days := t.view(p.id, from, q.last); len(days) > 0 {
			q.tails[p.id] = days
		}
	}
}

// answer hands the plan what it needs, customer by customer.
func (q *question) answer(ctx context.Context, ses *session) error {
	if len(q.pages) > 0 {
		if err := q.load(ctx, ses); err != nil {
			return err
		}
	}
	if q.bulk && q.plan.NeedsEntries() && len(q.early) == 0 && !q.all && q.first <= q.last {
		return q.sweep(ctx, ses)
	}
	pages := q.pages
	for _, c := range q.customers {
		g := q.plan.Page(c)
		if len(pages) == 0 || pages[0].customer != c {
			continue
		}
		f := filling{question: q, page: pages[0], g: g}
		if err := f.run(ctx, ses); err != nil {
			return err
		}
		pages = pages[1:]
	}
	return nil
}

// sweep reads the days of all pages of the kind in one go: most of them are asked about.
func (q *question) sweep(ctx context.Context, ses *session) error {
	byID := make(map[int64]int, len(q.pages))
	for i, p := range q.pages {
		byID[p.id] = i
	}
	customers, at := q.customers, -1
	var f filling
	upTo := func(next int) error { // begins with each page up to one, and ends those before it
		for ; at < next; at++ {
			if at >= 0 {
				if err := f.upTo(math.MaxInt32); err != nil {
					return err
				}
			}
			if at+1 == len(q.pages) {
				continue
			}
			page := q.pages[at+1]
			for len(customers) > 0 && customers[0] != page.customer {
				q.plan.Page(customers[0])
				customers = customers[1:]
			}
			customers = customers[1:]
			f = filling{question: q, page: page, g: q.plan.Page(page.customer)}
			for i := range q.tails[page.id] {
				if d := &q.tails[page.id][i]; d.day >= q.first || q.plan.Needs(d.day, &d.total) == metering.ItsEntries {
					f.pending = append(f.pending, d)
				}
			}
		}
		return nil
	}
	var place int64
	var cells, rest sql.RawBytes // good until the next row
	text, into := cellSweep, []any{&place, &cells}
	if q.plan.NeedsRest() {
		text, into = wholeSweep, append(into, &rest)
	}
	take := func() error {
		i, asked := byID[pageOf(place)]
		if !asked {
			return nil
		}
		if err := upTo(i); err != nil {
			return err
		}
		return f.sealed(ctx, ses, place, cells, rest)
	}
	if err := ses.query(ctx, text, into, take, placeOf(0, q.first), placeOf(0, q.last), q.kind); err != nil {
		return err
	}
	if err := upTo(len(q.pages)); err != nil {
		return err
	}
	for _, c := range customers {
		q.plan.Page(c)
	}
	return nil
}

// load reads which months there are, and their totals.
func (q *question) load(ctx context.Context, ses *session) error {
	q.totals, q.days = map[int64][]monthTotal{}, map[int64]map[int64][]byte{}
	from, to := monthOf(q.first), monthOf(q.last)
	if q.last < q.first {
		return nil
	}
	var month int64
	if q.reach != math.MaxInt64 && !q.all {
		err := ses.query(ctx, listReaching, []any{&month}, func() error {
			q.early = append(q.early, month)
			return nil
		}, q.kind, from, q.reach)
		if err != nil {
			return err
		}
	}
	if q.entriesAlone() {
		return nil
	}
	for _, month := range q.early {
		if month == from {
			continue
		}
		if err := q.loadTotals(ctx, ses, month, month); err != nil {
			return err
		}
	}
	return q.loadTotals(ctx, ses, from, to)
}

// entriesAlone reports that no totals are read: the plan needs the entries of every day, and
// no summary can take their place. Where most pages are asked about, one pass over all entries
// is the faster way.
func (q *question) entriesAlone() bool {
	return q.plan.NeedsEntries() && (q.bulk || !q.plan.Summarized())
}

// loadTotals reads the totals of months.
func (q *question) loadTotals(ctx context.Context, ses *session, from, to int64) error {
	var page, month int64
	var data []byte
	add := func() error {
		t := monthTotal{month: month}
		err := t.total.UnmarshalBinary(data)
		q.totals[page] = append(q.totals[page], t)
		return err
	}
	if q.bulk {
		return ses.query(ctx, listTotals, []any{&page, &month, &data}, add, q.kind, from, to)
	}
	return ses.eachMonth(ctx, q.kind, from, to, func(at int64) error {
		month = at
		for _, p := range q.pages {
			page = p.id
			if err := ses.query(ctx, getTotal, []any{&data}, add, q.kind, month, page); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachMonth goes through the months from one to another: of many, those that have any
// entry of the kind.
func (ses *session) eachMonth(ctx context.Context, kind, from, to int64, each func(month int64) error) error {
	const few = 3
	for at := from; at <= to; at++ {
		if to-from > few {
			next, there := at, false
			found := func() error {
				there = true
				return nil
			}
			if err := ses.query(ctx, nextMonth, []any{&next}, found, kind, at); err != nil || !there || next > to {
				return err
			}
			at = next
		}
		if err := each(at); err != nil {
			return err
		}
	}
	return nil
}

// daysOf reads the totals of the days of a month.
func (q *question) daysOf(ctx context.Context, ses *session, page, month int64) ([]byte, error) {
	if byPage, is := q.days[month]; is {
		return byPage[page], nil
	}
	if q.bulk {
		byPage := map[int64][]byte{}
		var id int64
		var data []byte
		err := ses.query(ctx, listDays, []any{&id, &data}, func() error {
			byPage[id] = data
			data = nil
			return nil
		}, q.kind, month)
		q.days[month] = byPage
		return byPage[page], err
	}
	var data []byte
	err := ses.query(ctx, getDays, []any{&data}, func() error { return nil }, q.kind, month, page)
	return data, err
}

package usage

import (
	"cmp"
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
	listDays     = `SELECT page, days FROM servicecoin_usage_months WHERE kind = ? AND month = ?`
	getDays      = `SELECT days FROM servicecoin_usage_months WHERE kind = ? AND month = ? AND page = ?`
	nextMonth    = `SELECT month FROM servicecoin_usage_months WHERE kind = ? AND month >= ? ORDER BY month LIMIT 1`
	listReaching = `SELECT month FROM servicecoin_usage_reaches WHERE kind = ? AND month <= ? AND reach > ? ORDER BY month`
	listCells    = `SELECT place, cells FROM servicecoin_usage_days WHERE place BETWEEN ? AND ? ORDER BY place`
	cellSweep    = `SELECT d.place, d.cells FROM servicecoin_usage_pages p CROSS JOIN servicecoin_usage_days d
ON d.place BETWEEN p.id * 4194304 + ?1 AND p.id * 4194304 + ?2 WHERE p.kind = ?3 ORDER BY p.customer, d.place`
	wholeSweep = `SELECT d.place, d.cells, r.rest FROM servicecoin_usage_pages p CROSS JOIN servicecoin_usage_days d
ON d.place BETWEEN p.id * 4194304 + ?1 AND p.id * 4194304 + ?2 CROSS JOIN servicecoin_usage_rests r ON r.place = d.place
WHERE p.kind = ?3 ORDER BY p.customer, d.place`
	listWhole = `SELECT d.place, d.cells, r.rest FROM servicecoin_usage_days d CROSS JOIN servicecoin_usage_rests r ON r.place = d.place
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

	reader metering.BlockReader

	early  []int64 // months, up to that of the first window, that have intervals which go on
	totals map[int64][]monthTotal
	days   map[int64]map[int64][]byte // by month and page
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
	if q.plan.NeedsEntries() {
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
	const few = 3
	into := []any{&data}
	for at := from; at <= to; at++ {
		if to-from > few {
			there := false
			next := func() error {
				there = true
				return nil
			}
			if err := ses.query(ctx, nextMonth, []any{&month}, next, q.kind, at); err != nil {
				return err
			}
			if !there || month > to {
				return nil
			}
			at = month
		}
		month = at
		for _, p := range q.pages {
			page = p.id
			if err := ses.query(ctx, getTotal, into, add, q.kind, month, page); err != nil {
				return err
			}
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

// filling is what one page comes to.
type filling struct {
	*question

	page    pageRef
	g       *metering.Page
	pending []*tailDay // whose entries are needed, in order
	wanted  []int32    // days whose sealed entries are needed, in order
	breaks  []int32    // days that are there, and are not needed
}

func (f *filling) run(ctx context.Context, ses *session) error {
	tails := f.tails[f.page.id]
	if f.plan.NeedsEntries() {
		return f.entries(ctx, ses, tails)
	}
	months := f.totals[f.page.id]
	for len(months) > 0 || len(tails) > 0 {
		month := int64(math.MaxInt64)
		if len(months) > 0 {
			month = months[0].month
		}
		if len(tails) > 0 {
			month = min(month, monthOf(tails[0].day))
		}
		from, to := daysOf(month)
		n, _ := slices.BinarySearchFunc(tails, to, func(d tailDay, day int32) int { return cmp.Compare(d.day, day) })
		var sealed *metering.Total
		var total metering.Total
		if len(months) > 0 && months[0].month == month {
			sealed, months = &months[0].total, months[1:]
			total.Merge(sealed)
		}
		for i := range tails[:n] {
			total.Merge(&tails[i].total)
		}
		switch f.plan.NeedsMonth(from, to, &total) {
		case metering.ItsTotal:
			f.g.Total(from, &total)
		case metering.ItsEntries:
			if err := f.month(ctx, ses, month, sealed != nil, tails[:n]); err != nil {
				return err
			}
		case metering.Nothing:
		}
		tails = tails[n:]
	}
	return f.read(ctx, ses, f.runs())
}

// month asks for each day of a month by itself.
func (f *filling) month(ctx context.Context, ses *session, month int64, sealed bool, tails []tailDay) error {
	need := func(day int32, total *metering.Total, late *tailDay, sealed bool) {
		switch f.plan.Needs(day, total) {
		case metering.ItsTotal:
			f.g.Total(day, total)
			f.breaks = append(f.breaks, day)
		case metering.ItsEntries:
			if late != nil {
				f.pending = append(f.pending, late)
			}
			if sealed {
				f.wanted = append(f.wanted, day)
			}
		case metering.Nothing:
			f.breaks = append(f.breaks, day)
		}
	}
	upTo := func(day int32) { // those that are not sealed at all
		for len(tails) > 0 && tails[0].day < day {
			need(tails[0].day, &tails[0].total, &tails[0], false)
			tails = tails[1:]
		}
	}
	if sealed {
		data, err := f.daysOf(ctx, ses, f.page.id, month)
		if err != nil {
			return err
		}
		err = metering.EachDayTotal(firstOf(month), data, func(day int32, text []byte) error {
			upTo(day)
			if day > f.last {
				return nil
			}
			var total metering.Total
			if err := total.UnmarshalBinary(text); err != nil {
				return err
			}
			var late *tailDay
			if len(tails) > 0 && tails[0].day == day {
				late = &tails[0]
				total.Merge(&late.total)
				tails = tails[1:]
			}
			need(day, &total, late, true)
			return nil
		})
		if err != nil {
			return err
		}
	}
	upTo(math.MaxInt32)
	return nil
}

// run is a stretch of days that are read at once.
type run struct{ from, to int32 }

// runs puts days together between which none is there that is not wanted.
func (f *filling) runs() []run {
	var list []run
	slices.Sort(f.breaks)
	for _, day := range f.wanted {
		if n := len(list); n > 0 {
			i, _ := slices.BinarySearch(f.breaks, list[n-1].to)
			if i == len(f.breaks) || f.breaks[i] > day {
				list[n-1].to = day
				continue
			}
		}
		list = append(list, run{day, day})
	}
	return list
}

// entries reads all days from the first to the last, and those before them that have
// intervals which go on.
func (f *filling) entries(ctx context.Context, ses *session, tails []tailDay) error {
	from := f.first
	if f.all {
		from = math.MinInt32
	}
	if f.last < f.first {
		return nil
	}
	for _, month := range f.early {
		data, err := f.daysOf(ctx, ses, f.page.id, month)
		if err != nil {
			return err
		}
		err = metering.EachDayTotal(firstOf(month), data, func(day int32, text []byte) error {
			var total metering.Total
			if day >= f.first {
				return nil
			}
			if err := total.UnmarshalBinary(text); err != nil {
				return err
			}
			i, late := slices.BinarySearchFunc(tails, day, func(d tailDay, day int32) int { return cmp.Compare(d.day, day) })
			if late {
				total.Merge(&tails[i].total)
			}
			if f.plan.Needs(day, &total) == metering.ItsEntries {
				f.wanted = append(f.wanted, day)
			} else {
				f.breaks = append(f.breaks, day)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for i := range tails {
		d := &tails[i]
		if d.day >= from || slices.Contains(f.wanted, d.day) || f.plan.Needs(d.day, &d.total) == metering.ItsEntries {
			f.pending = append(f.pending, d)
		}
	}
	return f.read(ctx, ses, append(f.runs(), run{max(from, -dayShift), f.last}))
}

// read hands in the entries of runs, and of the tail's days that are pending, in the
// order of their days.
func (f *filling) read(ctx context.Context, ses *session, runs []run) error {
	var place int64
	var cells, rest sql.RawBytes // good until the next row
	text, into := listCells, []any{&place, &cells}
	if f.plan.NeedsRest() {
		text, into = listWhole, append(into, &rest)
	}
	take := func() error { return f.sealed(ctx, ses, place, cells, rest) }
	for _, r := range runs {
		if err := ses.query(ctx, text, into, take, placeOf(f.page.id, r.from), placeOf(f.page.id, r.to)); err != nil {
			return err
		}
	}
	return f.upTo(math.MaxInt32)
}

// upTo hands in the days before another that only the tail has.
func (f *filling) upTo(day int32) error {
	for len(f.pending) > 0 && f.pending[0].day < day {
		b := metering.NewBlock(f.page.customer, f.page.kind.name)
		if err := f.pending[0].addTo(b); err != nil {
			return err
		}
		f.g.Add(b)
		f.pending = f.pending[1:]
	}
	return nil
}

// sealed hands in a day that is packed, with what the tail has of it.
func (f *filling) sealed(ctx context.Context, ses *session, place int64, cells, rest []byte) error {
	day := dayOf(place)
	if err := f.upTo(day); err != nil {
		return err
	}
	var late *tailDay
	if len(f.pending) > 0 && f.pending[0].day == day {
		late = f.pending[0]
	}
	apart := late == nil || f.plan.Adds() && !late.gone
	if rest == nil && (!apart || metering.NeedsRest(cells)) {
		whole, err := ses.sealedBlock(ctx, f.page, place)
		if err != nil {
			return err
		}
		return f.hand(whole, late, apart)
	}
	var b *metering.Block
	var err error
	if rest == nil && !f.plan.Keeps() && (late == nil || apart) {
		b, err = f.reader.Read(f.page.customer, f.page.kind.name, cells)
	} else {
		b, err = metering.ReadBlock(f.page.customer, f.page.kind.name, cells, rest)
	}
	if err != nil {
		return err
	}
	return f.hand(b, late, apart)
}

func (f *filling) hand(b *metering.Block, late *tailDay, apart bool) error {
	if late != nil && !apart {
		if err := late.addTo(b); err != nil {
			return err
		}
		f.pending = f.pending[1:]
	}
	f.g.Add(b) // what is apart follows with the pending ones
	return nil
}

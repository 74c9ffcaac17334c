package usage

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// Seal packs the days of all customers that end at an instant or before: figures of them
// are read from their totals. What comes later for such a day is sealed with the next
// one. Append seals by itself; a host that calls Seal at a quiet hour after midnight, UTC,
// spares it that, and seals the days of customers of whom nothing more comes.
func (s *Store) Seal(ctx context.Context, until time.Time) error {
	before := inRange(metering.DayOf(until))
	var list []sealing
	err := s.reading(ctx, scope{across: true}, func(w *work) error {
		var customer string
		each(w.Queue(s.sql.owners, before), []any{&customer}, func() error {
			list = append(list, sealing{servicecoin.CustomerID(customer), before})
			return nil
		})
		return w.last(ctx)
	})
	if err != nil {
		return err
	}
	for group := range slices.Chunk(list, s.limits.customers) {
		if err := s.seal(ctx, group); err != nil {
			return err
		}
	}
	return nil
}

// sealSome seals what Append has found due, and leaves for the next one what it cannot.
func (s *Store) sealSome(ctx context.Context, list []sealing) {
	for len(list) > 0 {
		n := min(len(list), s.limits.customers)
		if s.seal(ctx, list[:n]) != nil {
			s.tails.put(list)
			return
		}
		list = list[n:]
	}
}

// seal packs days of customers, in as many transactions as their size asks for.
func (s *Store) seal(ctx context.Context, list []sealing) error {
	for {
		if ctx.Err() != nil {
			return servicecoin.Unchanged(context.Cause(ctx))
		}
		more, err := s.sealPart(ctx, list)
		if err != nil || !more {
			return err
		}
	}
}

// sealPart seals what one transaction bears.
func (s *Store) sealPart(ctx context.Context, list []sealing) (more bool, err error) {
	p := packing{store: s, before: map[string]int32{}, tails: map[dayOf]*tailDay{}, months: map[dayOf]*metering.MonthTotals{}}
	customers, days := make([]servicecoin.CustomerID, len(list)), make([]int32, len(list))
	names := make([]string, len(list))
	for i, x := range list {
		customers[i], names[i], days[i] = x.customer, string(x.customer), x.before
		p.before[names[i]] = x.before
	}
	if p.work, err = s.begin(ctx, changes, scope{customers: customers}); err != nil {
		return false, before(ctx, err)
	}
	defer func() { p.work.end(ctx) }()
	p.work.lock(customers, everybody)
	if more, err = p.choose(ctx, names, days); err != nil || len(p.rows.seq) == 0 {
		return false, err
	}
	if err := p.read(ctx); err != nil {
		return false, before(ctx, err)
	}
	if err := p.pack(); err != nil {
		return false, before(ctx, err)
	}
	return more, p.work.commit(ctx)
}

// packing is one transaction that seals.
type packing struct {
	store  *Store
	work   *work
	before map[string]int32
	rows   logKeys // of the log

	kept   logRows // what they hold of later days
	keptAt []int64
	gone   logKeys
	tails  map[dayOf]*tailDay
	blocks map[dayOf]*metering.Block       // of what is packed already
	months map[dayOf]*metering.MonthTotals // by their first days
}

// logKeys are the keys of rows of the log.
type logKeys struct {
	customer []string
	seq      []int64
}

func (k *logKeys) add(customer string, seq int64) {
	k.customer, k.seq = append(k.customer, customer), append(k.seq, seq)
}

// bytesAtOnce is how much of the log one transaction seals.
const bytesAtOnce = 8 << 20

// choose looks for rows of the log that have days to be sealed. It reports whether there
// are more than it has chosen.
func (p *packing) choose(ctx context.Context, customers []string, days []int32) (more bool, err error) {
	var customer string
	var seq int64
	var size, all int
	each(p.work.Queue(p.store.sql.early, customers, days), []any{&customer, &seq, &size}, func() error {
		if all > 0 && all+size > bytesAtOnce {
			more = true
			return nil
		}
		all += size
		p.rows.add(customer, seq)
		return nil
	})
	if err := p.work.send(ctx); err != nil {
		return false, before(ctx, err)
	}
	return more, nil
}

// read reads those rows, and what is packed already of their days.
func (p *packing) read(ctx context.Context) error {
	var customer string
	var seq int64
	var data []byte
	each(p.work.Queue(p.store.sql.earlyLog, p.rows.customer, p.rows.seq), []any{&customer, &seq, &data}, func() error {
		return p.split(customer, seq, data)
	})
	if err := p.work.send(ctx); err != nil {
		return err
	}
	places := slices.SortedFunc(maps.Keys(p.tails), dayOf.compare)
	var days, months dayColumns
	var order []*metering.MonthTotals
	for _, at := range places {
		days.add(at)
		first, _ := metering.MonthOf(at.day)
		if month := (dayOf{at.customer, at.kind, first}); p.months[month] == nil {
			p.months[month] = metering.NewMonthTotals(first)
			order = append(order, p.months[month])
			months.add(month)
		}
	}
	p.blocks = make(map[dayOf]*metering.Block, len(places))
	var n int
	var cells, rest, total []byte
	each(p.work.Queue(p.store.sql.getDays, days.customer, days.kind, days.day), []any{&n, &cells, &rest}, func() (err error) {
		at := places[n-1]
		p.blocks[at], err = metering.ReadBlock(at.customer, at.kind, cells, rest)
		return err
	})
	each(p.work.Queue(p.store.sql.theseMonths, months.customer, months.kind, months.day), []any{&n, &total, &data}, func() error {
		m, err := metering.ReadMonthTotals(order[n-1].From, total, data)
		if err == nil {
			*order[n-1] = *m
		}
		return err
	})
	return p.work.send(ctx)
}

// split takes the entries of a row of the log apart.
func (p *packing) split(customer string, seq int64, data []byte) error {
	var later []metering.Entry
	err := readLog(servicecoin.CustomerID(customer), data, "", func(e *metering.Entry) {
		at := dayOf{e.Customer, e.Type, metering.DayOf(e.Time)}
		if at.day >= p.before[customer] {
			later = append(later, *e)
			return
		}
		t := p.tails[at]
		if t == nil {
			t = &tailDay{}
			p.tails[at] = t
		}
		t.add(e)
	})
	if err != nil {
		return err
	}
	if len(later) == 0 {
		p.gone.add(customer, seq)
		return nil
	}
	p.kept.add(later)
	p.keptAt = append(p.keptAt, seq)
	return nil
}

// pack queues the days and months, and what becomes of the log.
func (p *packing) pack() error {
	var d struct {
		dayColumns
		whole                []bool
		summary, cells, rest [][]byte
	}
	for _, at := range slices.SortedFunc(maps.Keys(p.tails), dayOf.compare) {
		b, t := p.blocks[at], p.tails[at]
		if b == nil {
			b = metering.NewBlock(at.customer, at.kind)
		}
		t.addTo(b)
		cells, rest := b.Encode()
		d.add(at)
		summary, err := b.Summary().AppendBinary(nil)
		if err != nil {
			return err
		}
		d.whole, d.summary = append(d.whole, metering.NeedsRest(cells)), append(d.summary, summary)
		d.cells, d.rest = append(d.cells, cells), append(d.rest, rest)
		first, _ := metering.MonthOf(at.day)
		p.months[dayOf{at.customer, at.kind, first}].Add(at.day, &t.total)
	}
	var m struct {
		dayColumns
		reach       []*int64
		total, days [][]byte
	}
	for _, at := range slices.SortedFunc(maps.Keys(p.months), dayOf.compare) {
		month := p.months[at]
		total, days, err := month.Encode()
		if err != nil {
			return err
		}
		m.add(at)
		m.total, m.days, m.reach = append(m.total, total), append(m.days, days), append(m.reach, reachOf(&month.Total))
	}
	q := &p.store.sql
	p.work.Queue(q.putDays, d.customer, d.kind, d.day, d.whole, d.summary, d.cells, d.rest)
	p.work.Queue(q.putMonths, m.customer, m.kind, m.day, m.reach, m.total, m.days)
	if len(p.gone.seq) > 0 {
		p.work.Queue(q.cutLog, p.gone.customer, p.gone.seq)
	}
	if len(p.keptAt) > 0 {
		p.work.Queue(q.replaceLog, p.kept.customer, p.keptAt, p.kept.first, p.kept.entries)
	}
	return nil
}

// reachOf returns when the last interval of a total ends, nil where there is none.
func reachOf(t *metering.Total) *int64 {
	if r := t.Reach(); r != math.MinInt64 {
		return &r
	}
	return nil
}

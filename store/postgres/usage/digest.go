package usage

import (
	"context"
	"math"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// Digest implements metering.EventStore: from the digests of days that are packed, and
// for the others from their entries, a day at a time.
func (s *Store) Digest(ctx context.Context, q metering.Query) (metering.Digest, error) {
	if ctx.Err() != nil {
		return metering.Digest{}, servicecoin.Unchanged(context.Cause(ctx))
	}
	if err := q.Validate(); err != nil {
		return metering.Digest{}, err
	}
	if q.During.Empty() {
		return metering.NewDigest(nil), nil
	}
	d := digesting{q: q, leaves: map[int32]metering.Leaf{}, totals: map[int32]*metering.Total{}, tails: map[int32]*tailDay{}}
	err := s.reading(ctx, scope{customers: []servicecoin.CustomerID{q.Customer}}, func(w *work) error { return d.run(ctx, w) })
	if err != nil {
		return metering.Digest{}, err
	}
	return metering.DigestOfDays(d.leaves), nil
}

type digesting struct {
	q      metering.Query
	leaves map[int32]metering.Leaf
	totals map[int32]*metering.Total // of days that are packed
	tails  map[int32]*tailDay
}

func (d *digesting) run(ctx context.Context, w *work) error {
	first, last := metering.DayOf(d.q.During.Start), metering.DayOf(d.q.During.End.Add(-1))
	d.queue(w, first, last)
	if err := w.send(ctx); err != nil {
		return err
	}
	var open []int32 // days whose entries are read
	for day, total := range d.totals {
		if d.tails[day] != nil || !d.q.Sealed(day, total) {
			open = append(open, day)
			delete(d.leaves, day)
		}
	}
	for day, late := range d.tails {
		if d.totals[day] == nil {
			b := metering.NewBlock(d.q.Customer, d.q.Type)
			late.addTo(b)
			d.leaves[day], _ = b.Leaf(d.q)
		}
	}
	slices.Sort(open)
	return d.entries(ctx, w, open)
}

// queue has totals, digests and the tail of days read.
func (d *digesting) queue(w *work, first, last int32) {
	customer, t := string(d.q.Customer), &w.store.sql
	month, _ := metering.MonthOf(first)
	var whose string
	var from, day int32
	var total, days, data []byte
	each(w.Queue(t.getMonths, []string{customer}, d.q.Type, last, month, false, int64(math.MaxInt64)), []any{&whose, &from, &total, &days}, func() error {
		return metering.EachDayTotal(from, days, func(day int32, text []byte) error {
			if day < first || day > last {
				return nil
			}
			d.totals[day] = &metering.Total{}
			return d.totals[day].UnmarshalBinary(text)
		})
	})
	each(w.Queue(t.getSummaries, customer, d.q.Type, first, last), []any{&day, &data}, func() error {
		s, err := metering.ReadSummary(day, data)
		if err == nil {
			d.leaves[day] = s.Leaf
		}
		return err
	})
	w.queueLog([]string{customer}, d.q.Type, first, last, func(e *metering.Entry) {
		day := metering.DayOf(e.Time)
		if day < first || day > last {
			return
		}
		if d.tails[day] == nil {
			d.tails[day] = &tailDay{}
		}
		d.tails[day].add(e)
	})
}

// entries makes the digests of days that are packed, of parts of them, or as they were
// known at an instant.
func (d *digesting) entries(ctx context.Context, w *work, days []int32) error {
	const atOnce = 16
	for some := range slices.Chunk(days, atOnce) {
		var c dayColumns
		for _, day := range some {
			c.add(dayOf{d.q.Customer, d.q.Type, day})
		}
		var n int
		var cells, rest []byte
		each(w.Queue(w.store.sql.getDays, c.customer, c.kind, c.day), []any{&n, &cells, &rest}, func() error {
			b, err := metering.ReadBlock(d.q.Customer, d.q.Type, cells, rest)
			if err != nil {
				return err
			}
			day := some[n-1]
			if late := d.tails[day]; late != nil {
				late.addTo(b)
			}
			d.leaves[day], _ = b.Leaf(d.q)
			return nil
		})
		if err := w.send(ctx); err != nil {
			return err
		}
	}
	return nil
}

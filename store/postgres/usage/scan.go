package usage

import (
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// mostDays is how many days one round trip of a listing reads.
const mostDays = 16

// Scan implements metering.EventStore. It reads some days in a round trip.
func (s *Store) Scan(ctx context.Context, q metering.Query) iter.Seq2[metering.Event, error] {
	return func(yield func(metering.Event, error) bool) {
		if err := q.Validate(); err != nil {
			yield(metering.Event{}, err)
			return
		}
		if ctx.Err() != nil {
			yield(metering.Event{}, servicecoin.Unchanged(context.Cause(ctx)))
			return
		}
		if q.During.Empty() {
			return
		}
		from, to := metering.DayOf(q.During.Start), metering.DayOf(q.During.End.Add(-1))
		for n := 1; from <= to; n = min(2*n, mostDays) {
			blocks, next, err := s.some(ctx, q.Customer, q.Type, from, to, n)
			if err != nil {
				yield(metering.Event{}, err)
				return
			}
			for _, b := range blocks {
				for e := range b.Events(q) {
					if ctx.Err() != nil {
						yield(metering.Event{}, servicecoin.Unchanged(context.Cause(ctx)))
						return
					}
					if !yield(e, nil) {
						return
					}
				}
			}
			from = next
		}
	}
}

// some returns the blocks of the first days, from one to another, that are packed, and of
// those between them that are not; and the day with which to go on.
func (s *Store) some(ctx context.Context, customer servicecoin.CustomerID, kind string, from, to int32, most int) (blocks []*metering.Block, next int32, err error) {
	byDay := map[int32]*metering.Block{}
	next = to + 1
	err = s.reading(ctx, scope{customers: []servicecoin.CustomerID{customer}}, func(w *work) error {
		args := []any{string(customer), kind, from, to, most}
		var day int32
		var cells, rest, data []byte
		each(w.Queue(s.sql.nextDays, args...), []any{&day, &cells, &rest}, func() (err error) {
			byDay[day], err = metering.ReadBlock(customer, kind, cells, rest)
			if len(byDay) == most {
				next = day + 1
			}
			return err
		})
		each(w.Queue(s.sql.nextLog, args...), []any{&data}, func() error {
			return readLog(customer, data, kind, func(e *metering.Entry) {
				day := metering.DayOf(e.Time)
				if day < from || day >= next {
					return
				}
				if byDay[day] == nil {
					byDay[day] = metering.NewBlock(customer, kind)
				}
				byDay[day].Add(*e)
			})
		})
		return w.last(ctx)
	})
	for _, day := range slices.Sorted(maps.Keys(byDay)) {
		blocks = append(blocks, byDay[day])
	}
	return blocks, next, err
}

// History implements metering.EventStore.
func (s *Store) History(ctx context.Context, key metering.EventKey) (known []metering.Event, err error) {
	err = s.reading(ctx, scope{customers: []servicecoin.CustomerID{key.Customer}}, func(w *work) error {
		var h hasher
		sum := h.of(key)
		var c columns
		c.add(key.Customer, &sum)
		rows := make([]keyRow, 1)
		w.queueKeys(c, rows)
		w.queueFacts(s.sql.factsAbout, c, func(_ int, e metering.Event) error {
			if e.About() != key {
				return collision(key)
			}
			known = append(known, e)
			return nil
		})
		if err := w.send(ctx); err != nil {
			return err
		}
		if !rows[0].there || rows[0].kind == "" {
			return nil
		}
		var event metering.Event
		if err := w.find(ctx, []wanted{wantedOf(key, sum, &rows[0], &event)}); err != nil {
			return err
		}
		known = append(known, event)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return metering.Told(known), nil
}

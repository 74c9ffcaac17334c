package usage

import (
	"context"
	"iter"
	"math"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store/sqlite/internal/wait"
)

const nextDay = `SELECT d.place, d.cells, r.rest FROM servicecoin_usage_days d CROSS JOIN servicecoin_usage_rests r ON r.place = d.place
WHERE d.place BETWEEN ? AND ? ORDER BY d.place LIMIT 1`

// Scan implements metering.EventStore. It reads a day at a time.
func (s *Store) Scan(ctx context.Context, q metering.Query) iter.Seq2[metering.Event, error] {
	return func(yield func(metering.Event, error) bool) {
		if err := q.Validate(); err != nil {
			yield(metering.Event{}, err)
			return
		}
		if err := s.begin(ctx); err != nil {
			yield(metering.Event{}, err)
			return
		}
		if q.During.Empty() {
			return
		}
		from, to := metering.DayOf(q.During.Start), metering.DayOf(q.During.End.Add(-1))
		for from <= to {
			block, day, err := s.nextDay(ctx, q.Customer, q.Type, from, to)
			if err != nil {
				yield(metering.Event{}, err)
				return
			}
			if block == nil {
				return
			}
			for e := range block.Events(q) {
				if err := wait.Alive(ctx); err != nil {
					yield(metering.Event{}, err)
					return
				}
				if !yield(e, nil) {
					return
				}
			}
			from = day + 1
		}
	}
}

// nextDay returns the entries of the first day, from one to another, that has any.
func (s *Store) nextDay(ctx context.Context, customer servicecoin.CustomerID, eventType string, from, to int32) (block *metering.Block, day int32, err error) {
	p := pageRef{customer: customer, kind: &kind{name: eventType}}
	var late []tailDay
	capture := func(t *tail) {
		if p.id = t.dir.page(customer, eventType); p.id != 0 {
			if late = t.view(p.id, from, to); len(late) > 1 {
				late = late[:1]
			}
		}
	}
	err = s.snapshot(ctx, capture, func(ses *session) error {
		if p.id == 0 {
			return nil
		}
		last := to
		if len(late) > 0 {
			last = late[0].day
		}
		var place int64
		var cells, rest []byte
		err := ses.query(ctx, nextDay, []any{&place, &cells, &rest}, func() (err error) {
			day = dayOf(place)
			block, err = metering.ReadBlock(customer, eventType, cells, rest)
			return err
		}, placeOf(p.id, from), placeOf(p.id, last))
		if err != nil || len(late) == 0 || block != nil && day < late[0].day {
			return err
		}
		if block == nil {
			block, day = metering.NewBlock(customer, eventType), late[0].day
		}
		return late[0].addTo(block)
	})
	return block, day, err
}

// History implements metering.EventStore.
func (s *Store) History(ctx context.Context, key metering.EventKey) (known []metering.Event, err error) {
	hash := s.hash
	late, pages := map[int64]tailDay{}, map[int64]pageRef{}
	capture := func(t *tail) {
		for _, k := range t.dir.kinds {
			if id := k.place[key.Customer]; id != 0 {
				pages[id] = pageRef{id, key.Customer, k}
				for _, d := range t.view(id, math.MinInt32, math.MaxInt32) {
					late[placeOf(id, d.day)] = d
				}
			}
		}
	}
	err = s.snapshot(ctx, capture, func(ses *session) error {
		slot := hash.of(key)
		if known, err = ses.factsAbout(ctx, slot, key); err != nil || len(known) > 0 {
			return err
		}
		for ; ; slot++ {
			place, taken, err := ses.placeAt(ctx, slot)
			if err != nil || !taken {
				return err
			}
			if p, ours := pages[pageOf(place)]; ours {
				found, err := ses.find(ctx, p, place, late[place], []metering.Ref{key.Ref})
				if err != nil {
					return err
				}
				if found[0] != nil {
					known = []metering.Event{*found[0]}
					return nil
				}
			}
		}
	})
	return metering.Told(known), err
}

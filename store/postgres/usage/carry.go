package usage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store/postgres"
)

// Carry carries over what an earlier release has stored, one row an event, for a host that
// runs its migrations itself: after the third one, and before [New]. It is done some
// thousand events a transaction, so that it goes on where it was if it is stopped. Without
// such rows it does nothing. The program's role may run it.
func Carry(ctx context.Context, pool *pgxpool.Pool, o *postgres.Options) error {
	s, err := open(ctx, pool, o)
	if err != nil {
		return err
	}
	return s.carry(ctx)
}

var errLate = fmt.Errorf("%w: usage: usage_events has rows of an earlier release: run usage.Carry, or set Options.Migrate to store.MigrateAtStart", servicecoin.ErrRefused)

// carried refuses a database in which something is left to be carried over.
func (s *Store) carried(ctx context.Context) error {
	customer, err := s.nextLate(ctx)
	if err == nil && customer != "" {
		return errLate
	}
	return err
}

// nextLate returns the first customer of whom something is left, "" for none.
func (s *Store) nextLate(ctx context.Context) (customer servicecoin.CustomerID, err error) {
	err = s.reading(ctx, scope{across: true}, func(w *work) error {
		var text string
		each(w.Queue(s.sql.late), []any{&text}, func() error {
			customer = servicecoin.CustomerID(text)
			return nil
		})
		return w.last(ctx)
	})
	const undefinedTable = "42P01" // it was empty, and dropped
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == undefinedTable {
		return "", nil
	}
	return customer, err
}

// carry carries everything over.
func (s *Store) carry(ctx context.Context) error {
	for {
		customer, err := s.nextLate(ctx)
		if err != nil || customer == "" {
			return err
		}
		newest := int32(firstDay)
		for more := true; more; {
			if more, err = s.carrySome(ctx, customer, &newest); err != nil {
				return err
			}
			if err := s.seal(ctx, []sealing{{customer, newest}}); err != nil {
				return err
			}
		}
	}
}

// carrySome carries over some events of a customer, in the order of type and time, so that
// each of its days is packed but once or twice. It reports false when none is left.
func (s *Store) carrySome(ctx context.Context, customer servicecoin.CustomerID, newest *int32) (more bool, err error) {
	only := []servicecoin.CustomerID{customer}
	h := &shelf{ctx: ctx, store: s, alone: map[servicecoin.CustomerID]bool{customer: true}}
	defer h.end()
	if err := h.open(only); err != nil {
		return false, err
	}
	var events []metering.Event
	var row late // read behind the lock: none that another has carried over meanwhile
	each(h.work.Queue(s.sql.carrySome, string(customer), metering.MaxBatch), row.into(), func() error {
		e, err := row.event()
		events = append(events, e)
		return err
	})
	if err := h.work.send(ctx); err != nil {
		return false, before(ctx, err)
	}
	if len(events) == 0 {
		return false, nil
	}
	last := events[len(events)-1]
	if err := h.carry(events); err != nil {
		return false, err
	}
	h.work.Queue(s.sql.carryCut, string(customer), last.Type, last.Time, last.Source, last.ID)
	if err := h.work.commit(ctx); err != nil {
		return false, err
	}
	for i := range events {
		*newest = max(*newest, min(metering.DayOf(events[i].Time), metering.DayOf(events[i].RecordedAt)))
	}
	return len(events) == metering.MaxBatch, nil
}

// carry stores events of an earlier release, which were valid and unique when they came.
func (h *shelf) carry(events []metering.Event) error {
	placed, err := h.Put(events)
	if err != nil {
		return err
	}
	var about []metering.EventKey
	var entries []metering.Entry
	for i := range events {
		switch {
		case placed[i].Awaited:
			about = append(about, metering.KeyOf(events[i]))
		case placed[i].Added:
			entries = append(entries, metering.Entry{Event: events[i]})
		case !events[i].Same(placed[i].Stored):
			return servicecoin.Unchanged(fmt.Errorf("usage: %v of usage_events is stored with other content", events[i].Key()))
		}
	}
	if len(about) > 0 {
		known, err := h.Known(about)
		if err != nil {
			return err
		}
		for _, all := range known {
			entries = append(entries, metering.Timeline(all)...)
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return h.Lay(entries)
}

// late is a row of an earlier release.
type late struct {
	customer, source, id, kind, subject string
	at, recorded                        time.Time
	value, dimensions                   *string
}

func (l *late) into() []any {
	return []any{&l.customer, &l.source, &l.id, &l.kind, &l.subject, &l.at, &l.value, &l.dimensions, &l.recorded}
}

func (l *late) event() (metering.Event, error) {
	e := metering.Event{
		Customer: servicecoin.CustomerID(l.customer), Source: l.source, ID: l.id, Type: l.kind, Subject: l.subject, Time: l.at.UTC(), RecordedAt: l.recorded.UTC(),
	}
	if l.value != nil {
		d, err := decimal.NewFromString(*l.value)
		if err != nil {
			return e, fmt.Errorf("value of %v: %w", e.Key(), err)
		}
		e.Value = servicecoin.Some(d)
	}
	if l.dimensions != nil {
		if err := json.Unmarshal([]byte(*l.dimensions), &e.Dimensions); err != nil {
			return e, fmt.Errorf("dimensions of %v: %w", e.Key(), err)
		}
	}
	return e, nil
}

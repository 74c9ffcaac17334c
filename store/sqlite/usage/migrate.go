package usage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store/sqlite/internal/wait"
)

// Version 1 of the tables had a row for each event.
const (
	putAsideVersion1 = `DROP INDEX IF EXISTS servicecoin_usage_key;
ALTER TABLE servicecoin_usage RENAME TO servicecoin_usage_1;
`
	version1 = "servicecoin_usage_1"

	listVersion1 = `SELECT customer, type, at, source, id, subject, value, dimensions, recorded FROM servicecoin_usage_1
ORDER BY customer, type, at, source, id LIMIT ?`
	cutVersion1 = `DELETE FROM servicecoin_usage_1 WHERE (customer, type, at, source, id) <= (?, ?, ?, ?, ?)`
	endVersion1 = `DROP TABLE IF EXISTS servicecoin_usage_1`
)

// Migrate brings the tables of an earlier release to those of this one, for a host that
// runs its migrations itself (store.MigrateByHost); it makes them if there are none.
// What it does is stored some thousand events at a time: if it is stopped, it goes on
// where it was. The file is in WAL mode.
func Migrate(ctx context.Context, db *sql.DB) error {
	s, err := New(ctx, db, nil)
	if err != nil {
		return err
	}
	return s.Close()
}

// carryOver takes over the events of a version 1 that was put aside.
func (s *Store) carryOver(ctx context.Context, asItIs bool) error {
	ses, err := s.reads.take(ctx)
	if err != nil {
		return err
	}
	var there int
	err = wait.Retry(ctx, s.most, func() error {
		return ses.query(ctx, hasTable, []any{&there}, func() error { return nil }, version1)
	})
	ses.spent = err != nil
	if err = errors.Join(err, s.reads.give(ses)); err != nil || there == 0 {
		return err
	}
	if asItIs {
		return errOlder
	}
	for {
		more, err := s.carrySome(ctx)
		if err != nil || !more {
			return err
		}
		if day, due := s.due(); due {
			if err := s.seal(ctx, day); err != nil {
				return err
			}
		}
	}
}

// carrySome takes over some events in one transaction. It reports false after the last.
func (s *Store) carrySome(ctx context.Context) (more bool, err error) {
	c, err := s.changing(ctx)
	if err != nil {
		return false, err
	}
	committed := false
	defer func() { err = errors.Join(err, c.done(ctx, committed)) }()
	var there int
	if err := c.ses.query(ctx, hasTable, []any{&there}, func() error { return nil }, version1); err != nil || there == 0 {
		return false, err // another process has done it
	}
	events, err := c.ses.version1(ctx)
	if err != nil {
		return false, err
	}
	h := &shelf{ctx: ctx, hash: s.hash, change: c}
	if len(events) == 0 {
		if _, err := c.ses.exec(ctx, endVersion1); err != nil {
			return false, failed(err)
		}
	} else if err := h.carry(events); err != nil {
		return false, err
	}
	if err := c.commit(ctx); err != nil {
		return false, err
	}
	committed = true
	c.show(h.laid)
	return len(events) > 0, nil
}

// carry stores events of version 1, which were valid and unique when they came.
func (s *shelf) carry(events []metering.Event) error {
	placed, err := s.Put(events)
	if err != nil {
		return err
	}
	entries := make([]metering.Entry, len(events))
	for i := range events {
		if !placed[i].Added {
			return fmt.Errorf("sqlite: %v is there twice", events[i].Key())
		}
		entries[i].Event = events[i]
	}
	if err := s.Lay(entries); err != nil {
		return err
	}
	last := events[len(events)-1]
	if _, err := s.change.ses.exec(s.ctx, cutVersion1, string(last.Customer), last.Type, last.Time.UnixMicro(), last.Source, last.ID); err != nil {
		return failed(err)
	}
	return nil
}

// version1 reads the first events of version 1.
func (ses *session) version1(ctx context.Context) (list []metering.Event, err error) {
	var customer, dimensions string
	var at, recorded int64
	var value sql.NullString
	var e metering.Event
	err = ses.query(ctx, listVersion1, []any{&customer, &e.Type, &at, &e.Source, &e.ID, &e.Subject, &value, &dimensions, &recorded}, func() error {
		e.Customer, e.Time, e.RecordedAt = servicecoin.CustomerID(customer), time.UnixMicro(at).UTC(), time.UnixMicro(recorded).UTC()
		e.Value, e.Dimensions = servicecoin.Undefined(), nil
		if value.Valid {
			d, err := decimal.NewFromString(value.String)
			if err != nil {
				return fmt.Errorf("sqlite: value of %v: %w", e.Key(), err)
			}
			e.Value = servicecoin.Some(d)
		}
		if dimensions != "" {
			if err := json.Unmarshal([]byte(dimensions), &e.Dimensions); err != nil {
				return fmt.Errorf("sqlite: dimensions of %v: %w", e.Key(), err)
			}
		}
		list = append(list, e)
		return nil
	}, metering.MaxBatch)
	return list, err
}

package usage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store/sqlite/internal/wait"
)

const (
	insertEvent = `INSERT INTO servicecoin_usage (customer, type, at, source, id, subject, value, dimensions, recorded)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING`

	columns = `type, at, source, id, subject, value, dimensions, recorded`

	getEvent = `SELECT ` + columns + ` FROM servicecoin_usage INDEXED BY servicecoin_usage_key WHERE customer = ?1 AND source = ?2 AND id = ?3`

	// The cursor before the first one has no source, and every event has one.
	listEvents = `SELECT ` + columns + ` FROM servicecoin_usage
WHERE customer = ?1 AND type = ?2 AND (at, source, id) > (?3, ?4, ?5) AND at < ?6 AND recorded < ?7
ORDER BY at, source, id LIMIT +?8`

	eraseEvents = `DELETE FROM servicecoin_usage WHERE customer = ?1`
)

// Append implements metering.EventStore.
func (s *Store) Append(ctx context.Context, events []metering.Event) ([]metering.Result, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	return metering.Settle(events, func(first []metering.Event) (stored []metering.Event, added []bool, err error) {
		err = s.transaction(ctx, func(conn *sql.Conn) error {
			stored, added, err = insert(ctx, conn, first)
			return err
		})
		return stored, added, err
	})
}

// insert stores what is not there, and reads what is.
func insert(ctx context.Context, conn *sql.Conn, events []metering.Event) (stored []metering.Event, added []bool, err error) {
	plain := context.WithoutCancel(ctx)
	put, err := conn.PrepareContext(plain, insertEvent)
	if err != nil {
		return nil, nil, failed(err)
	}
	defer func() { err = errors.Join(err, put.Close()) }()
	const often = 256
	stored, added = make([]metering.Event, len(events)), make([]bool, len(events))
	for i, e := range events {
		if i%often == 0 {
			if err := wait.Alive(ctx); err != nil {
				return nil, nil, err
			}
		}
		dimensions, err := dimensionText(e)
		if err != nil {
			return nil, nil, err
		}
		var value any
		if e.Value.Valid {
			value = metering.Plain(e.Value.Decimal)
		}
		result, err := put.ExecContext(plain, string(e.Customer), e.Type, e.Time.UnixMicro(), e.Source, e.ID, e.Subject, value, dimensions, e.RecordedAt.UnixMicro())
		if err != nil {
			return nil, nil, failed(err)
		}
		rows, err := result.RowsAffected()
		if err != nil {
			return nil, nil, failed(err)
		}
		stored[i], added[i] = e, rows == 1
		if rows == 1 {
			continue
		}
		if stored[i], err = get(plain, conn, e); err != nil {
			return nil, nil, err
		}
	}
	return stored, added, nil
}

func get(ctx context.Context, conn *sql.Conn, e metering.Event) (metering.Event, error) {
	row := conn.QueryRowContext(ctx, getEvent, string(e.Customer), e.Source, e.ID)
	return scan(e.Customer, row.Scan)
}

// Scan implements metering.EventStore.
func (s *Store) Scan(ctx context.Context, q metering.Query) iter.Seq2[metering.Event, error] {
	return metering.Pages(ctx, q, func(ctx context.Context, q metering.Query, after *metering.Cursor) ([]metering.Event, error) {
		if err := s.begin(ctx); err != nil {
			return nil, err
		}
		var page []metering.Event
		err := wait.Retry(ctx, s.most, func() error {
			var err error
			page, err = s.page(ctx, q, after)
			return err
		})
		return page, err
	})
}

func (s *Store) page(ctx context.Context, q metering.Query, after *metering.Cursor) (page []metering.Event, err error) {
	cursor, known := metering.Cursor{Time: q.During.Start}, int64(math.MaxInt64)
	if after != nil {
		cursor = *after
	}
	if !q.KnownBefore.IsZero() {
		known = q.KnownBefore.UnixMicro()
	}
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return nil, failed(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// A page is short: a driver that is to be interrupted starts a goroutine.
	rows, err := conn.QueryContext(context.WithoutCancel(ctx), listEvents, string(q.Customer), q.Type,
		cursor.Time.UnixMicro(), cursor.Source, cursor.ID, q.During.End.UnixMicro(), known, metering.PageSize)
	if err != nil {
		return nil, failed(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	page = make([]metering.Event, 0, metering.PageSize)
	for rows.Next() {
		e, err := scan(q.Customer, rows.Scan)
		if err != nil {
			return nil, err
		}
		page = append(page, e)
	}
	if err := rows.Err(); err != nil {
		return nil, failed(err)
	}
	return page, nil
}

// scan reads a row of columns.
func scan(customer servicecoin.CustomerID, row func(dest ...any) error) (metering.Event, error) {
	e := metering.Event{Customer: customer}
	var at, recorded int64
	var value sql.NullString
	var dimensions string
	if err := row(&e.Type, &at, &e.Source, &e.ID, &e.Subject, &value, &dimensions, &recorded); err != nil {
		return metering.Event{}, failed(err)
	}
	e.Time, e.RecordedAt = time.UnixMicro(at).UTC(), time.UnixMicro(recorded).UTC()
	if value.Valid {
		d, err := decimal.NewFromString(value.String)
		if err != nil {
			return metering.Event{}, fmt.Errorf("sqlite: value of %v: %w", e.Key(), err)
		}
		e.Value = decimal.NewNullDecimal(d)
	}
	if dimensions != "" {
		if err := json.Unmarshal([]byte(dimensions), &e.Dimensions); err != nil {
			return metering.Event{}, fmt.Errorf("sqlite: dimensions of %v: %w", e.Key(), err)
		}
	}
	return e, nil
}

func dimensionText(e metering.Event) (string, error) {
	if len(e.Dimensions) == 0 {
		return "", nil
	}
	text, err := json.Marshal(e.Dimensions)
	if err != nil {
		return "", fmt.Errorf("sqlite: dimensions of %v: %w", e.Key(), err)
	}
	return string(text), nil
}

// Forget implements metering.EventStore. The erased bytes stay in free space of
// the file and its WAL until something else is written there; where that is not
// enough, run VACUUM and a checkpoint.
func (s *Store) Forget(ctx context.Context, customer servicecoin.CustomerID) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	if err := v.Err(); err != nil {
		return err
	}
	return s.transaction(ctx, func(conn *sql.Conn) error {
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), eraseEvents, string(customer)); err != nil {
			return failed(err)
		}
		return nil
	})
}

package usage

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store/postgres/internal/outcome"
)

// Append implements metering.EventStore.
func (s *Store) Append(ctx context.Context, events []metering.Event) ([]metering.Result, error) {
	if ctx.Err() != nil {
		return nil, servicecoin.Unchanged(context.Cause(ctx))
	}
	return metering.Settle(events, func(first []metering.Event) ([]metering.Event, []bool, error) {
		c, err := columnsOf(first)
		if err != nil {
			return nil, nil, err
		}
		p := putting{table: s.table, events: first, columns: c, at: make(map[key]int, len(first)), added: make([]bool, len(first))}
		for i, e := range first {
			p.at[keyOf(e)] = i
		}
		err = s.transaction(ctx, func(b *pgx.Batch) {
			scope(b, c.customers)
			s.lock(b, "pg_advisory_xact_lock_shared", c.customers)
			p.insert(b)
		}, p.look)
		return p.events, p.added, err
	})
}

// key is what an event is unique by.
type key struct {
	customer   servicecoin.CustomerID
	source, id string
}

func keyOf(e metering.Event) key { return key{e.Customer, e.Source, e.ID} }

// putting is a batch being stored. Its events come in the order of their keys,
// so that two batches that share some wait for each other in one direction only.
type putting struct {
	table   string
	events  []metering.Event // what is stored under the key of each, at the end
	columns columns
	at      map[key]int
	added   []bool
}

// insert stores what is not there, and learns what that was.
func (p *putting) insert(b *pgx.Batch) {
	c := p.columns
	b.Queue("INSERT INTO "+p.table+` (customer, source, id, type, subject, at, value, dimensions, recorded_at)
SELECT customer, source, id, type, subject, at, value::numeric, dimensions::jsonb, recorded_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[], $9::timestamptz[])
AS e (customer, source, id, type, subject, at, value, dimensions, recorded_at)
ON CONFLICT DO NOTHING RETURNING customer, source, id`,
		c.customer, c.source, c.id, c.kind, c.subject, c.at, c.value, c.dimensions, c.recorded).Query(func(rows pgx.Rows) error {
		var k key
		_, err := pgx.ForEachRow(rows, []any{&k.customer, &k.source, &k.id}, func() error {
			p.added[p.at[k]] = true
			return nil
		})
		return err
	})
}

// look reads what was there. What the insertion waited for is committed by now,
// and a statement of its own sees it.
func (p *putting) look(b *pgx.Batch) {
	var there columns
	for i, e := range p.events {
		if !p.added[i] {
			there.key(e)
		}
	}
	if len(there.id) == 0 {
		return
	}
	b.Queue("SELECT "+all+" FROM "+p.table+` AS e
JOIN unnest($1::text[], $2::text[], $3::text[]) AS k (customer, source, id) USING (customer, source, id)`,
		there.customer, there.source, there.id).Query(func(rows pgx.Rows) error {
		list, err := pgx.CollectRows(rows, read)
		if err != nil {
			return err
		}
		if len(list) != len(there.id) {
			return fmt.Errorf("%d of %d stored events are not to be seen", len(there.id)-len(list), len(there.id))
		}
		p.events = slices.Clone(p.events)
		for _, e := range list {
			p.events[p.at[keyOf(e)]] = e
		}
		return nil
	})
}

// columns are events as the arrays of a statement, which is the same for one
// event and for ten thousand.
type columns struct {
	customers                           []servicecoin.CustomerID // each once
	customer, source, id, kind, subject []string
	at, recorded                        []time.Time
	value, dimensions                   []*string
}

func (c *columns) key(e metering.Event) {
	c.customer, c.source, c.id = append(c.customer, string(e.Customer)), append(c.source, e.Source), append(c.id, e.ID)
}

func columnsOf(events []metering.Event) (columns, error) {
	var c columns
	for _, e := range events {
		if n := len(c.customers); n == 0 || c.customers[n-1] != e.Customer {
			c.customers = append(c.customers, e.Customer)
		}
		c.key(e)
		c.kind, c.subject = append(c.kind, e.Type), append(c.subject, e.Subject)
		c.at, c.recorded = append(c.at, e.Time), append(c.recorded, e.RecordedAt)
		var value, dimensions *string
		if e.Value.Valid {
			value = new(metering.Plain(e.Value.Decimal))
		}
		if len(e.Dimensions) > 0 {
			text, err := json.Marshal(e.Dimensions)
			if err != nil {
				return c, fmt.Errorf("dimensions of %v: %w", e.Key(), err)
			}
			dimensions = new(string(text))
		}
		c.value, c.dimensions = append(c.value, value), append(c.dimensions, dimensions)
	}
	return c, nil
}

// all are the columns that read reads.
const all = "customer, source, id, type, subject, at, value::text, dimensions::text, recorded_at"

func read(row pgx.CollectableRow) (metering.Event, error) {
	var e metering.Event
	var value, dimensions *string
	if err := row.Scan(&e.Customer, &e.Source, &e.ID, &e.Type, &e.Subject, &e.Time, &value, &dimensions, &e.RecordedAt); err != nil {
		return e, err
	}
	e.Time, e.RecordedAt = e.Time.UTC(), e.RecordedAt.UTC()
	if value != nil {
		d, err := decimal.NewFromString(*value)
		if err != nil {
			return e, fmt.Errorf("value of %v: %w", e.Key(), err)
		}
		e.Value = servicecoin.Some(d)
	}
	if dimensions != nil {
		if err := json.Unmarshal([]byte(*dimensions), &e.Dimensions); err != nil {
			return e, fmt.Errorf("dimensions of %v: %w", e.Key(), err)
		}
	}
	return e, nil
}

// Scan implements metering.EventStore. A page is one round trip.
func (s *Store) Scan(ctx context.Context, q metering.Query) iter.Seq2[metering.Event, error] {
	return metering.Pages(ctx, q, func(ctx context.Context, q metering.Query, after *metering.Cursor) (page []metering.Event, err error) {
		var b pgx.Batch
		scope(&b, []servicecoin.CustomerID{q.Customer})
		b.Queue(ordered)
		text, args := s.listing(q, after)
		b.Queue(text, args...).Query(func(rows pgx.Rows) error {
			page, err = pgx.CollectRows(rows, read)
			return err
		})
		if err := s.pool.SendBatch(ctx, &b).Close(); err != nil {
			return nil, fmt.Errorf("usage: %w", outcome.Read(ctx, err))
		}
		return page, nil
	})
}

// listing is the statement of a page. The cursor before the first one has no
// source, and every event has one.
func (s *Store) listing(q metering.Query, after *metering.Cursor) (text string, args []any) {
	cursor := metering.Cursor{Time: q.During.Start}
	if after != nil {
		cursor = *after
	}
	var known *time.Time
	if !q.KnownBefore.IsZero() {
		known = &q.KnownBefore
	}
	return "SELECT " + all + " FROM " + s.table + ` AS e
WHERE customer = $1 AND type = $2 AND (at, source, id) > ($3, $4, $5) AND at < $6 AND ($7::timestamptz IS NULL OR recorded_at < $7)
ORDER BY at, source, id LIMIT $8`,
		[]any{string(q.Customer), q.Type, cursor.Time, cursor.Source, cursor.ID, q.During.End, known, metering.PageSize}
}

// Forget implements metering.EventStore. It waits for the customer's batches in
// flight, and they for it.
func (s *Store) Forget(ctx context.Context, customer servicecoin.CustomerID) error {
	if ctx.Err() != nil {
		return servicecoin.Unchanged(context.Cause(ctx))
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	if err := v.Err(); err != nil {
		return err
	}
	return s.transaction(ctx, func(b *pgx.Batch) {
		scope(b, []servicecoin.CustomerID{customer})
		s.lock(b, "pg_advisory_xact_lock", []servicecoin.CustomerID{customer})
	}, func(b *pgx.Batch) {
		b.Queue("DELETE FROM "+s.table+" WHERE customer = $1", string(customer))
	})
}

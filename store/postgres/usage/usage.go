// Package usage keeps usage events in PostgreSQL (13 or later): a
// metering.EventStore over a pgx pool of the host's, in the schema in which the
// package postgres keeps records.
//
//	events, err := usage.New(ctx, pool, nil)
//	ledger := metering.New(s.For(customer.ID), events, meters, customer, nil)
//
// The table comes with the second file of postgres/migrations, which a database
// administrator reads and runs, or [postgres.Migrate] does.
//
// A batch is one transaction of two round trips, however many events it has.
// Each transaction says which customers it is about, and the table's policy
// holds it to that, as that of the records does; the program's role needs to
// select, insert and delete, and should own nothing.
package usage

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store/postgres"
	"github.com/servicecoin/servicecoin/store/postgres/internal/outcome"
)

// Store is a metering.EventStore in a PostgreSQL schema. Its zero value is not
// ready; see [New].
type Store struct {
	pool   *pgxpool.Pool
	schema string
	table  string // its quoted name
}

var _ metering.EventStore = (*Store)(nil)

// New returns a store over the pool, which stays the host's to close. It checks
// the schema, or migrates it, as [postgres.New] does.
func New(ctx context.Context, pool *pgxpool.Pool, o *postgres.Options) (*Store, error) {
	if _, err := postgres.New(ctx, pool, o); err != nil {
		return nil, err
	}
	s := &Store{pool: pool, schema: postgres.DefaultSchema}
	if o != nil && o.Schema != "" {
		s.schema = o.Schema
	}
	s.table = pgx.Identifier{s.schema, "usage_events"}.Sanitize()
	return s, nil
}

// scope says which customers a transaction is about: the table's policy reads
// it. Ids have no control characters, so one can part them.
func scope(b *pgx.Batch, customers []servicecoin.CustomerID) {
	parts := make([]string, len(customers))
	for i, c := range customers {
		parts[i] = string(c)
	}
	b.Queue("SELECT set_config('servicecoin.customers', $1, true)", strings.Join(parts, "\x1f"))
}

// ordered keeps the planner to the index in its order, whatever it makes of a
// table that it has not analysed yet.
const ordered = "SELECT set_config('enable_sort', 'off', true), set_config('enable_incremental_sort', 'off', true)," +
	" set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true)"

// lock takes the advisory locks of customers: those who append share them, and
// Forget takes one alone, so that it does not miss a batch in flight. They are
// taken in the order of their numbers.
func (s *Store) lock(b *pgx.Batch, function string, customers []servicecoin.CustomerID) {
	numbers := map[int64]struct{}{}
	for _, c := range customers {
		h := fnv.New64a()
		for _, part := range []string{"servicecoin", s.schema, "usage", string(c)} {
			_, _ = h.Write(append([]byte(part), 0x1f)) // a hash takes everything
		}
		numbers[int64(h.Sum64())] = struct{}{} //nolint:gosec // G115: the bits are what counts
	}
	b.Queue("SELECT "+function+"(number) FROM unnest($1::bigint[]) AS l (number)", slices.Sorted(maps.Keys(numbers)))
}

// transaction runs two round trips on one connection: BEGIN and what open
// queues, then what end queues and COMMIT.
func (s *Store) transaction(ctx context.Context, open, end func(b *pgx.Batch)) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return before(ctx, err)
	}
	defer conn.Release() // with a transaction that is still open, the pool closes it
	var b pgx.Batch
	b.Queue("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
	open(&b)
	if err := conn.SendBatch(ctx, &b).Close(); err != nil {
		return before(ctx, err)
	}
	b = pgx.Batch{}
	end(&b)
	b.Queue("COMMIT")
	if ctx.Err() != nil {
		return before(ctx, ctx.Err())
	}
	long, over := outcome.Patient(ctx)
	defer over()
	if err := conn.SendBatch(long, &b).Close(); err != nil {
		return fmt.Errorf("usage: %w", outcome.Ended(ctx, err, nil))
	}
	return nil
}

// before judges an error from before COMMIT was sent: nothing is stored. The
// same call can be made again, also where two got in each other's way.
func before(ctx context.Context, err error) error {
	err = fmt.Errorf("usage: %w", outcome.Before(ctx, err))
	if errors.Is(err, servicecoin.ErrConflict) {
		return fmt.Errorf("%w: %s", servicecoin.ErrBusy, err.Error()) // not err too: to the caller it is no conflict
	}
	return err
}

// Package usage keeps usage events in PostgreSQL (13 or later), and answers what
// meters make of them: a metering.EventStore over a pgx pool of the host's, in the
// schema in which the package postgres keeps records.
//
//	events, err := usage.New(ctx, pool, nil)
//	ledger := metering.New(s.For(customer.ID), events, meters, customer, nil)
//
// The tables come with the second and the third file of postgres/migrations, which a
// database administrator reads and runs, or [postgres.Migrate] does. What an earlier
// release has stored, one row an event, is carried over by New if it may migrate, and by
// [Carry] otherwise.
//
// # How it is stored
//
// A batch is one transaction of two round trips, however many events it has: their
// keys, and their entries in a log, a row a customer. Whoever sends events again, or
// facts about some, adds a few.
//
// When a day of a customer is over it is sealed: its entries are packed by type of event,
// with a total of each day and month beside them, and leave the log. Append does so by
// itself, for as many customers at once as it was handed events of; [Store.Seal] does it
// for all. Figures are made of totals where these say enough. The table of the packed days
// is partitioned by year.
//
// # Row-level security
//
// Each transaction says which customers it is about, and the tables' policies hold it to
// that, as they do for records; a question about everybody says so, and may only read. The
// program's role needs to select, insert, update and delete, and should own nothing.
package usage

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres"
)

// Store is a metering.EventStore in a PostgreSQL schema. Make it with [New].
type Store struct {
	pool   *pgxpool.Pool
	schema string
	sql    texts
	tails  tails
	limits limits
}

var _ metering.EventStore = (*Store)(nil)

// New returns a store over the pool, which stays the host's to close. It checks the
// schema, or migrates it, as [postgres.New] does. A database in which an earlier release
// has left events is carried over first, if Options.Migrate says that New may, and is
// ErrRefused otherwise.
func New(ctx context.Context, pool *pgxpool.Pool, o *postgres.Options) (*Store, error) {
	s, err := open(ctx, pool, o)
	if err != nil {
		return nil, err
	}
	if o != nil && o.Migrate == store.MigrateAtStart {
		err = s.carry(ctx)
	} else {
		err = s.carried(ctx)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// open returns a store, whatever an earlier release has left.
func open(ctx context.Context, pool *pgxpool.Pool, o *postgres.Options) (*Store, error) {
	if ctx.Err() != nil {
		return nil, servicecoin.Unchanged(context.Cause(ctx))
	}
	if _, err := postgres.New(ctx, pool, o); err != nil {
		return nil, fmt.Errorf("usage: %w", err)
	}
	s := &Store{pool: pool, schema: postgres.DefaultSchema, limits: limits{customers: customersAtOnce, entries: entriesInTail}}
	if o != nil && o.Schema != "" {
		s.schema = o.Schema
	}
	s.sql = textsOf(func(name string) string { return pgx.Identifier{s.schema, name}.Sanitize() })
	return s, nil
}

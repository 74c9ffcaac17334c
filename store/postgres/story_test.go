package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/coin/cointest"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres"
	"github.com/servicecoin/servicecoin/store/postgres/usage"
	"github.com/servicecoin/servicecoin/store/storetest"
)

// The exchange between the sides, behind the row policies.
func TestStory(t *testing.T) {
	d := open(t)
	cointest.Run(t, storetest.Harness{
		Open: d.schema,
		Begin: func(tb testing.TB, b store.Backend) storetest.Tx {
			tx, err := d.app.Begin(tb.Context())
			require.NoError(tb, err)
			tb.Cleanup(func() { tx.Rollback(context.WithoutCancel(tb.Context())) })
			return storetest.Tx{
				Backend:  schemaOf(tb, b).In(tx),
				Commit:   func() error { return tx.Commit(tb.Context()) },
				Rollback: func() error { return tx.Rollback(tb.Context()) },
			}
		},
	})
}

// One coin, from the catalogue to the statement.
func TestWholeStory(t *testing.T) {
	d := open(t)
	events := func(tb testing.TB, b store.Backend) metering.EventStore {
		s, err := usage.New(tb.Context(), d.app, &postgres.Options{Schema: schemaOf(tb, b).name})
		require.NoError(tb, err)
		return s
	}
	cointest.Story(t, storetest.Harness{Open: d.schema}, events)
	cointest.Stories(t, storetest.Harness{Open: d.schema}, events)
}

// contracts is the host's own table, in the same database.
type contracts struct{ pool *pgxpool.Pool }

func (c contracts) Service(ctx context.Context, id servicecoin.ServiceID) (name string, err error) {
	err = c.pool.QueryRow(ctx, "SELECT name FROM shop.products WHERE sku = $1", string(id)).Scan(&name)
	if errors.Is(err, pgx.ErrNoRows) {
		err = servicecoin.NotFound(servicecoin.Key{Customer: servicecoin.Provider, Kind: "product", ID: string(id)})
	}
	return name, err
}

func (c contracts) Concerned(ctx context.Context, id servicecoin.ServiceID, during calendar.Interval, after servicecoin.CustomerID, limit int) ([]servicecoin.CustomerID, error) {
	rows, err := c.pool.Query(ctx, `SELECT DISTINCT account FROM shop.contracts WHERE sku = $1 AND since < $2 AND coalesce(until, 'infinity') > $3 AND account > $4 ORDER BY account LIMIT $5`,
		string(id), during.End, during.Start, string(after), limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[servicecoin.CustomerID])
}

func TestServicesOfTheHostsTable(t *testing.T) {
	d := open(t)
	d.must(t, `CREATE SCHEMA shop;
CREATE TABLE shop.products (sku text COLLATE "C" PRIMARY KEY, name text NOT NULL);
CREATE TABLE shop.contracts (account text COLLATE "C", sku text REFERENCES shop.products, since timestamptz NOT NULL, until timestamptz);
INSERT INTO shop.products VALUES ('M-1', 'Mail');
INSERT INTO shop.contracts VALUES ('acme', 'M-1', '2020-01-01Z', NULL), ('globex', 'M-1', '2020-01-01Z', '2021-01-01Z'), ('late', 'M-1', '2026-03-29 00:30Z', NULL);
GRANT USAGE ON SCHEMA shop TO app; GRANT SELECT ON ALL TABLES IN SCHEMA shop TO app`)
	now := begun
	s := store.New(d.backend(t), &store.Options{Now: func() time.Time { return now }})
	provider, err := coin.New(s, contracts{d.app}, nil)
	require.NoError(t, err)
	ada := servicecoin.Person("ada")
	for _, c := range []servicecoin.CustomerID{"acme", "globex", "late"} {
		_, err := provider.Keeper(c).Make(t.Context(), ada, sla.Promise{
			ID: "mail", Service: "M-1", Objective: decimal.RequireFromString("99.9"), ValidFrom: begun.AddDate(-10, 0, 0),
			Terms: sla.Terms{Weights: sla.Weights{"outage": decimal.NewFromInt(1)}},
		})
		require.NoError(t, err)
	}
	i, err := provider.Desk().Open(t.Context(), ada, incident.Report{Title: "Mail is down", Effects: []incident.Effect{{Service: "M-1", Level: incident.Outage, From: begun}}})
	require.NoError(t, err)
	now = begun.Add(time.Hour)
	_, err = provider.Desk().Resolve(t.Context(), ada, i.ID, incident.Resolution{Text: "Restarted"})
	require.NoError(t, err)
	x, err := provider.Exchange(nil)
	require.NoError(t, err)
	_, err = x.Step(t.Context(), 100)
	require.NoError(t, err)
	for c, want := range map[servicecoin.CustomerID]int{"acme": 1, "globex": 0, "late": 1} {
		n := 0
		for _, err := range provider.Keeper(c).Due().All(t.Context()) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, want, n, c)
	}
}

// An id is at or above any bytes exactly if it is at or above their ceiling.
func TestCeiling(t *testing.T) {
	text := rapid.StringOf(rapid.RuneFrom([]rune{' ', 'a', '~', '\u0080', 'ä', '\u07ff', '\u0800', '\ud7ff', '\ue000', '\uffff', '\U00010000', '\U0010ffff'}))
	rapid.Check(t, func(t *rapid.T) {
		id := text.Draw(t, "id")
		bound := rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 0, 6), rapid.Map(text, func(s string) []byte { return []byte(s) }),
			rapid.Custom(func(t *rapid.T) []byte {
				return append([]byte(text.Draw(t, "begin")), rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "rest")...)
			})).Draw(t, "bound")
		least, ok := postgres.Ceiling(bound)
		above := ok && id >= least
		if want := bytes.Compare([]byte(id), bound) >= 0; above != want {
			t.Fatalf("id %q, bound %q: ceiling %q (%v) says %v, the bytes say %v", id, bound, least, ok, above, want)
		}
	})
}

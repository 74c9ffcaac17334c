package usage_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres"
	"github.com/servicecoin/servicecoin/store/postgres/usage"
)

// earlier is a database of the second migration, with what a program of then has stored.
func earlier(t *testing.T) (d database, events []metering.Event) {
	t.Helper()
	d = open(t)
	for _, m := range postgres.Migrations()[:2] {
		d.must(t, m.SQL)
	}
	for _, c := range []servicecoin.CustomerID{"acme", "globex", "zeta"} {
		n := map[servicecoin.CustomerID]int{"acme": metering.MaxBatch + 2000, "globex": 300, "zeta": 10}[c]
		for i, e := range batch(c, 0, n) {
			e.Time = day.AddDate(0, 0, i*7/n).Add(e.Time.Sub(day))
			e.RecordedAt = e.Time
			switch i % 5 {
			case 1:
				e.Value = servicecoin.Undefined()
			case 2:
				e.Dimensions, e.Subject = nil, "vm'1"
			case 3:
				e.Type = "vm.slept"
			}
			events = append(events, e)
		}
	}
	const put = `INSERT INTO servicecoin.usage_events (customer, source, id, type, subject, at, value, dimensions, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::text::numeric, $8::text::jsonb, $9)`
	tx, err := d.owner.Begin(t.Context())
	require.NoError(t, err)
	for i := range events {
		e := &events[i]
		var value, dimensions *string
		if e.Value.Valid {
			value = new(metering.Plain(e.Value.Decimal))
		}
		if e.Dimensions != nil {
			text, err := e.Dimensions.MarshalJSON()
			require.NoError(t, err)
			dimensions = new(string(text))
		}
		_, err := tx.Exec(t.Context(), put, string(e.Customer), e.Source, e.ID, e.Type, e.Subject, e.Time, value, dimensions, e.RecordedAt)
		require.NoError(t, err)
	}
	require.NoError(t, tx.Commit(t.Context()))
	return d, events
}

// carried demands that a store has the events, and nothing else of their customers.
func carried(t *testing.T, d database, s *usage.Store, events []metering.Event) {
	t.Helper()
	model := metering.NewMemoryStore()
	for from := 0; from < len(events); from += metering.MaxBatch {
		_, err := model.Append(t.Context(), events[from:min(from+metering.MaxBatch, len(events))])
		require.NoError(t, err)
	}
	for _, c := range []servicecoin.CustomerID{"acme", "globex", "zeta"} {
		for _, kind := range []string{"vm.ran", "vm.slept"} {
			q := all(c)
			q.Type = kind
			require.Equal(t, list(t, model, q), list(t, s, q))
		}
		differences, err := s.Verify(t.Context(), c)
		require.NoError(t, err)
		require.Empty(t, differences)
	}
	var left, waiting int
	require.NoError(t, d.owner.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM servicecoin.usage_events), (SELECT count(*) FROM servicecoin.usage_log WHERE first_day < '2026-04-04')").Scan(&left, &waiting))
	require.Zero(t, left)
	require.Zero(t, waiting, "days that are over are sealed")
	receipt, err := s.Append(t.Context(), events[:50])
	require.NoError(t, err)
	require.Equal(t, metering.Receipt{Repeats: 50}, receipt)
}

// With the right to migrate, New carries over what an earlier release has stored.
func TestCarriedAtStart(t *testing.T) {
	d, events := earlier(t)
	_, err := usage.New(t.Context(), d.owner, nil)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, "0003_usage_days.sql")
	var wg sync.WaitGroup
	for range 3 { // programs that start at the same time
		wg.Go(func() {
			if _, err := usage.New(t.Context(), d.owner, &postgres.Options{Migrate: store.MigrateAtStart}); err != nil {
				t.Errorf("new: %v", err)
			}
		})
	}
	wg.Wait()
	s, err := usage.New(t.Context(), d.owner, nil)
	require.NoError(t, err)
	carried(t, d, s, events)
}

// Without it, New refuses until Carry was run, which the program's role may, and which goes on
// where it was.
func TestCarriedByHost(t *testing.T) {
	d, events := earlier(t)
	o := d.schema(t, postgres.DefaultSchema)
	app := d.app(t)
	_, err := usage.New(t.Context(), app, o)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, "usage.Carry")
	_, err = d.owner.Exec(t.Context(), `INSERT INTO servicecoin.usage_events (customer, source, id, type, subject, at, recorded_at) VALUES ('acme', 's', 'late', 't', '', now(), now())`)
	require.ErrorContains(t, err, "carried_over", "a program of the earlier release is told that it is late")

	d.must(t, `ALTER TABLE servicecoin.usage_events DROP CONSTRAINT carried_over; UPDATE servicecoin.usage_events SET dimensions = '{"region": 1}' WHERE customer = 'zeta' AND id = '5'`)
	require.ErrorContains(t, usage.Carry(t.Context(), app, o), `dimensions of zeta`)
	var left int
	require.NoError(t, d.owner.QueryRow(t.Context(), "SELECT count(*) FROM servicecoin.usage_events").Scan(&left))
	require.Equal(t, 10, left, "what came before is carried over")
	_, err = usage.New(t.Context(), app, o)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	d.must(t, `UPDATE servicecoin.usage_events SET dimensions = '{"region": "eu"}' WHERE customer = 'zeta' AND id = '5'`)
	require.NoError(t, usage.Carry(t.Context(), app, o))
	require.NoError(t, usage.Carry(t.Context(), app, o), "nothing is left")
	d.must(t, "ALTER TABLE servicecoin.usage_events RENAME TO aside")
	_, err = usage.New(t.Context(), app, o)
	require.NoError(t, err, "the table is not needed any more")
	d.must(t, "ALTER TABLE servicecoin.aside RENAME TO usage_events")
	s, err := usage.New(t.Context(), app, o)
	require.NoError(t, err)
	carried(t, d, s, events)
}

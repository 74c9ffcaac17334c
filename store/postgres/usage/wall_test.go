package usage_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store/postgres/pgtest"
	"github.com/servicecoin/servicecoin/store/postgres/usage"
)

// settled stores a day of each of acme and globex that is packed, one that is not, and a fact.
func settled(t *testing.T, d database) {
	t.Helper()
	s, err := usage.New(t.Context(), d.app(t), d.schema(t, "servicecoin"))
	require.NoError(t, err)
	for _, c := range []servicecoin.CustomerID{"acme", "globex"} {
		list := batch(c, 0, 3)
		list[2].Time = day.AddDate(0, 0, 1)
		fact := metering.Event{Customer: c, Source: "desk", ID: "1", Does: metering.Void, Of: metering.Ref{Source: "s", ID: "not yet"}, RecordedAt: day}
		_, err := s.Append(t.Context(), append(list, fact))
		require.NoError(t, err)
	}
	require.NoError(t, s.Seal(t.Context(), day.AddDate(0, 0, 1)))
}

// rowsOf says how many rows a customer has after settled: three events, a fact, and what it
// waits for.
func rowsOf() map[string]int64 {
	return map[string]int64{"usage_keys": 5, "usage_facts": 1, "usage_log": 1, "usage_days": 1, "usage_months": 1}
}

// breaches tries careless statements as somebody, and lists what they see or change
// that they should not, and what they cannot do that they should.
func breaches(t *testing.T, who *pgxpool.Pool) []string {
	t.Helper()
	var found []string
	note := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	try := func(customers, across, sql string) (rows int64, err error) {
		tx, err := who.Begin(t.Context())
		require.NoError(t, err)
		defer tx.Rollback(context.WithoutCancel(t.Context()))
		_, err = tx.Exec(t.Context(), "SELECT set_config('servicecoin.customers', $1, true), set_config('servicecoin.across', $2, true)", customers, across)
		require.NoError(t, err)
		tag, err := tx.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
		return tag.RowsAffected(), err
	}
	for table, n := range rowsOf() {
		for _, c := range []struct {
			what, customers, across string
			sees, changes           int64
		}{
			{"nobody", "", "", 0, 0},
			{"globex", "globex", "", n, n},
			{"a stranger", "acm", "", 0, 0},
			{"a list", "x\x1fglobex\x1fy", "", n, n},
			{"both", "acme\x1fglobex", "", 2 * n, 2 * n},
			{"everyone", "", "on", 2 * n, 0},
		} {
			if got, err := try(c.customers, c.across, "SELECT customer FROM servicecoin."+table); err != nil || got != c.sees {
				note("%s sees %d rows of %s, %d expected (%v)", c.what, got, table, c.sees, err)
			}
			if got, err := try(c.customers, c.across, "DELETE FROM servicecoin."+table); err != nil || got != c.changes {
				note("%s deletes %d rows of %s, %d expected (%v)", c.what, got, table, c.changes, err)
			}
		}
		if _, err := try("globex", "", "UPDATE servicecoin."+table+" SET customer = 'acme2'"); err == nil {
			note("globex hands rows of %s to another", table)
		}
	}
	if got, err := try("globex", "", "UPDATE servicecoin.usage_days SET cells = ''"); err != nil || got != 1 {
		note("globex changes %d days (%v)", got, err)
	}
	for _, partition := range []string{"usage_days_2026", "usage_days_other"} {
		if got, err := try("acme\x1fglobex", "on", "SELECT customer FROM servicecoin."+partition); err == nil && got > 0 {
			note("%d rows of %s are seen directly", got, partition)
		}
	}
	const forged = "INSERT INTO servicecoin.usage_keys (customer, day, aside, key, type) VALUES ('acme', now(), false, 'x', 't')"
	if _, err := try("globex", "on", forged); err == nil {
		note("globex takes a key of acme")
	}
	if _, err := try("acme", "", forged); err != nil {
		note("acme cannot take its own key: %v", err)
	}
	return found
}

// The second wall: statements that forgot their WHERE, run as the program's role, which owns
// nothing, and as an owner who is no superuser.
func TestRowPolicy(t *testing.T) {
	d := open(t)
	settled(t, d)
	d.must(t, "GRANT SELECT ON ALL TABLES IN SCHEMA servicecoin TO collector") // as the first migration grants
	require.Empty(t, breaches(t, d.app(t)))
	d.must(t, `DO $$ BEGIN CREATE ROLE packer LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$; GRANT USAGE ON SCHEMA servicecoin TO packer`)
	for table := range rowsOf() {
		d.must(t, "ALTER TABLE servicecoin."+table+" OWNER TO packer")
	}
	require.Empty(t, breaches(t, pgtest.Pool(t, pgtest.As(d.dsn, "packer"))), "the owner is bound, too")
}

// Each way to drop the wall, or a part of it, is noticed by the test above.
func TestDroppedRowPolicyIsNoticed(t *testing.T) {
	d := open(t)
	settled(t, d)
	d.must(t, "GRANT SELECT ON ALL TABLES IN SCHEMA servicecoin TO collector")
	app := d.app(t)
	for table := range rowsOf() {
		for _, sql := range [][2]string{
			{"ALTER TABLE %s DISABLE ROW LEVEL SECURITY", "ALTER TABLE %s ENABLE ROW LEVEL SECURITY"},
			{"CREATE POLICY careless ON %s USING (true)", "DROP POLICY careless ON %s"},
		} {
			d.must(t, fmt.Sprintf(sql[0], "servicecoin."+table))
			require.NotEmpty(t, breaches(t, app), sql[0], table)
			d.must(t, fmt.Sprintf(sql[1], "servicecoin."+table))
		}
	}
	d.must(t, "ALTER TABLE servicecoin.usage_days_2026 DISABLE ROW LEVEL SECURITY")
	require.NotEmpty(t, breaches(t, app))
	d.must(t, "ALTER TABLE servicecoin.usage_days_2026 ENABLE ROW LEVEL SECURITY")
	require.Empty(t, breaches(t, app))
}

// Nothing of a scope stays behind on a connection.
func TestScopeEnds(t *testing.T) {
	d := open(t)
	settled(t, d)
	app := d.app(t, func(c *pgxpool.Config) { c.MaxConns = 1 })
	s, err := usage.New(t.Context(), app, nil)
	require.NoError(t, err)
	check := func(what string) {
		t.Helper()
		for table := range rowsOf() {
			var n int
			require.NoError(t, app.QueryRow(t.Context(), "SELECT count(*) FROM servicecoin."+table).Scan(&n))
			require.Zero(t, n, "%s: %s", what, table)
		}
	}
	list(t, s, all("acme"))
	check("scan")
	_, err = s.Measure(t.Context(), metering.Measurement{Meter: metering.Meter{ID: "m", Name: "M", Type: "vm.ran", Aggregation: metering.Count, Unit: "u"}, Windows: nil})
	require.NoError(t, err)
	check("measure")
	_, err = s.Append(t.Context(), batch("acme", 0, 1))
	require.NoError(t, err)
	check("append")
	require.NoError(t, s.Seal(t.Context(), day.AddDate(0, 0, 9)))
	check("seal")
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	_, err = s.Append(ctx, batch("acme", 0, 1))
	require.Error(t, err)
	check("a context that has ended")
}

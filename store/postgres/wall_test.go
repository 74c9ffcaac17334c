package postgres_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres"
	"github.com/servicecoin/servicecoin/store/postgres/pgtest"
)

// The second wall: statements that forgot their WHERE, run as the program's
// role, which owns nothing, and as an owner who is no superuser.
func TestRowPolicy(t *testing.T) {
	d := open(t)
	settle(t, d)
	require.Empty(t, breaches(t, d.app))
	d.must(t, `DO $$ BEGIN CREATE ROLE builder LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
ALTER TABLE servicecoin.documents OWNER TO builder; ALTER TABLE servicecoin.events OWNER TO builder; ALTER TABLE servicecoin.forgotten OWNER TO builder;
GRANT USAGE ON SCHEMA servicecoin TO builder`)
	require.Empty(t, breaches(t, pgtest.Pool(t, as(d, "builder"))), "the owner is bound, too")
}

// Each way to drop the wall, or a part of it, is noticed by the test above.
func TestDroppedRowPolicyIsNoticed(t *testing.T) {
	for name, sql := range map[string]string{
		"row security off":     "ALTER TABLE servicecoin.documents DISABLE ROW LEVEL SECURITY",
		"events open":          "ALTER TABLE servicecoin.events DISABLE ROW LEVEL SECURITY",
		"forgotten open":       "ALTER TABLE servicecoin.forgotten DISABLE ROW LEVEL SECURITY",
		"another policy":       "CREATE POLICY careless ON servicecoin.documents USING (true)",
		"across writes":        "CREATE POLICY careless ON servicecoin.documents FOR UPDATE USING (current_setting('servicecoin.across', true) = 'on')",
		"no policy for across": "DROP POLICY across ON servicecoin.documents",
		"no policy at all":     "DROP POLICY of_customers ON servicecoin.documents",
		"a superuser":          "ALTER ROLE app BYPASSRLS",
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			settle(t, d)
			d.must(t, sql)
			if name == "a superuser" {
				t.Cleanup(func() {
					_, err := d.owner.Exec(context.WithoutCancel(t.Context()), "ALTER ROLE app NOBYPASSRLS")
					require.NoError(t, err)
				})
			}
			found := breaches(t, d.app)
			require.NotEmpty(t, found)
			t.Log(found)
		})
	}
}

// The owner is not bound where force was left out, so that is noticed as well.
func TestUnforcedRowPolicyIsNoticed(t *testing.T) {
	d := open(t)
	settle(t, d)
	d.must(t, `DO $$ BEGIN CREATE ROLE builder LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
ALTER TABLE servicecoin.documents OWNER TO builder; ALTER TABLE servicecoin.events OWNER TO builder; ALTER TABLE servicecoin.forgotten OWNER TO builder;
ALTER TABLE servicecoin.documents NO FORCE ROW LEVEL SECURITY; GRANT USAGE ON SCHEMA servicecoin TO builder`)
	require.NotEmpty(t, breaches(t, pgtest.Pool(t, as(d, "builder"))))
}

func as(d database, role string) string { return d.dsn + " user=" + role }

// settle stores two records and two events each for acme and globex.
func settle(t *testing.T, d database) {
	t.Helper()
	b := d.backend(t)
	for _, c := range []servicecoin.CustomerID{"acme", "globex"} {
		var commit store.Commit
		for _, id := range []string{"1", "2"} {
			k := store.Key{Customer: c, Kind: "thing", ID: id}
			commit.Writes = append(commit.Writes, store.Write{Document: store.Document{Key: k, Body: []byte("secret of " + c)}})
			commit.Events = append(commit.Events, store.Event{ID: string(c) + id, Name: "thing.made", Subject: k, Actor: servicecoin.Program("test"), At: begun})
		}
		require.NoError(t, b.Commit(t.Context(), commit))
	}
	require.NoError(t, b.Forget(t.Context(), "gone", 0))
	d.must(t, "INSERT INTO servicecoin.forgotten VALUES ('globex', 7)")
}

// breaches tries careless statements as somebody, and lists what they see or
// change that they should not, and what they cannot do that they should.
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
	for _, table := range []string{"documents", "events", "forgotten"} {
		per := map[string]int64{"documents": 2, "events": 2, "forgotten": 1}[table]
		all := map[string]int64{"documents": 4, "events": 4, "forgotten": 0}[table] // nobody lists what was forgotten
		for _, c := range []struct {
			what, customers, across string
			want                    int64
		}{
			{"nobody", "", "", 0}, {"globex", "globex", "", per}, {"a stranger", "acm", "", 0}, {"a list", "x\x1fglobex\x1fy", "", per}, {"everyone", "", "on", all},
		} {
			if n, err := try(c.customers, c.across, "SELECT customer FROM servicecoin."+table); err != nil || n != c.want {
				note("%s sees %d rows of %s, %d expected (%v)", c.what, n, table, c.want, err)
			}
		}
		for _, c := range []struct {
			what, customers, across string
			want                    int64
		}{
			{"nobody", "", "", 0}, {"globex", "globex", "", per}, {"everyone", "", "on", 0},
		} {
			if n, err := try(c.customers, c.across, "DELETE FROM servicecoin."+table); err != nil || n != c.want {
				note("%s deletes %d rows of %s, %d expected (%v)", c.what, n, table, c.want, err)
			}
			if table == "documents" {
				if n, err := try(c.customers, c.across, "UPDATE servicecoin.documents SET body = 'x'"); err != nil || n != c.want {
					note("%s changes %d rows, %d expected (%v)", c.what, n, c.want, err)
				}
			}
		}
	}
	const forged = "INSERT INTO servicecoin.documents (customer, kind, id, version, shape, body) VALUES ('acme', 'thing', '3', 1, 0, 'x')"
	if _, err := try("globex", "on", forged); err == nil {
		note("globex inserts a record of acme")
	}
	if _, err := try("globex", "", "UPDATE servicecoin.documents SET customer = 'acme', id = '9' WHERE id = '1'"); err == nil {
		note("globex moves a record to acme")
	}
	if _, err := try("acme", "", forged); err != nil {
		note("acme cannot insert its own record: %v", err)
	}
	return found
}

// Nothing of a scope stays behind on a connection, nor in the host's
// transaction.
func TestScopeEnds(t *testing.T) {
	d := open(t, func(c *pgxpool.Config) { c.MaxConns = 1 })
	settle(t, d)
	b := d.backend(t)
	count := func(q interface {
		QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	},
	) (n int) {
		require.NoError(t, q.QueryRow(t.Context(), "SELECT count(*) FROM servicecoin.documents").Scan(&n))
		return n
	}
	_, err := b.Get(t.Context(), store.Key{Customer: "acme", Kind: "thing", ID: "1"})
	require.NoError(t, err)
	require.Zero(t, count(d.app), "after Get")
	_, err = b.Find(t.Context(), store.Query{Everyone: true, Kind: "thing", Limit: 10})
	require.NoError(t, err)
	require.Zero(t, count(d.app), "after a listing of everyone")
	_, err = b.Events(t.Context(), store.Feed{Everyone: true, Limit: 10})
	require.NoError(t, err)
	require.Zero(t, count(d.app), "after the feed")

	tx, err := d.app.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	inside := postgres.In(tx)
	_, err = inside.Find(t.Context(), store.Query{Everyone: true, Kind: "thing", Limit: 10})
	require.NoError(t, err)
	require.Zero(t, count(tx), "in the host's transaction, after a listing")
	require.NoError(t, inside.Commit(t.Context(), store.Commit{Writes: []store.Write{{Document: store.Document{Key: store.Key{Customer: "acme", Kind: "thing", ID: "in"}}}}}))
	require.Zero(t, count(tx), "in the host's transaction, after a commit")
	err = inside.Commit(t.Context(), store.Commit{Writes: []store.Write{{Document: store.Document{Key: store.Key{Customer: "acme", Kind: "thing", ID: "in"}}}}})
	require.ErrorIs(t, err, servicecoin.ErrExists)
	require.Zero(t, count(tx), "in the host's transaction, after a refused commit")
}

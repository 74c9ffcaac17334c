package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres/pgtest"
)

// What an error says of a commit whose context ends, at any moment of it, holds;
// and it says that it does not know only where it cannot.
func TestEndedContexts(t *testing.T) {
	const n = 1500
	d := open(t)
	b := d.backend(t)
	var took []time.Duration
	for i := range 50 {
		begun := time.Now()
		require.NoError(t, b.Commit(t.Context(), pairOf(fmt.Sprint("before-", i))))
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	usual := took[len(took)/2]
	acknowledged, open, openStored, wrong := 0, 0, 0, 0
	for i := range n {
		id := fmt.Sprint("ended-", i)
		ctx, cancel := context.WithTimeout(t.Context(), usual*2*time.Duration(i%500)/500)
		err := b.Commit(ctx, pairOf(id))
		cancel()
		_, lost := b.Get(t.Context(), store.Key{Customer: "acme", Kind: "left", ID: id})
		if errors.Is(lost, servicecoin.ErrNotFound) {
			lost = servicecoin.ErrNotFound
		} else {
			require.NoError(t, lost)
		}
		switch {
		case err == nil:
			acknowledged++
			require.NoError(t, lost, "an acknowledged commit")
		case servicecoin.MayHaveHappened(err):
			open++
			if lost == nil {
				openStored++
			}
		case lost == nil:
			wrong++
		}
	}
	t.Logf("%d contexts, ended within %v: %d acknowledged, %d said that they failed, %d that they may have happened, of which %d had",
		n, 2*usual, acknowledged, n-acknowledged-open, open, openStored)
	require.Zero(t, wrong, "said that nothing was changed, and were stored")
	require.LessOrEqual(t, open, n/50)
}

// Before it begins, a call with an ended context is sure.
func TestEndedBefore(t *testing.T) {
	d := open(t)
	b := d.backend(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, get := b.Get(ctx, store.Key{Customer: "acme", Kind: "left", ID: "x"})
	_, find := b.Find(ctx, store.Query{Customer: "acme", Kind: "left", Limit: 1})
	_, events := b.Events(ctx, store.Feed{Customer: "acme", Limit: 1})
	for what, err := range map[string]error{
		"get": get, "find": find, "events": events, "commit": b.Commit(ctx, pairOf("x")), "forget": b.Forget(ctx, "acme", 0),
	} {
		require.ErrorIs(t, err, context.Canceled, what)
		require.False(t, servicecoin.MayHaveHappened(err), what)
	}
}

// Refused rights leave no doubt, neither for reads nor for commits.
func TestRefusedRights(t *testing.T) {
	d := open(t)
	b := d.backend(t)
	require.NoError(t, b.Commit(t.Context(), pairOf("there")))
	check := func(err error) {
		t.Helper()
		require.Error(t, err)
		require.False(t, servicecoin.MayHaveHappened(err), "%v", err)
		require.Equal(t, http.StatusInternalServerError, problem.Status(err))
	}
	d.must(t, "REVOKE INSERT ON servicecoin.events FROM app")
	check(b.Commit(t.Context(), pairOf("new")))
	d.must(t, "REVOKE SELECT ON servicecoin.documents, servicecoin.events FROM app")
	check(b.Commit(t.Context(), pairOf("new")))
	_, err := b.Get(t.Context(), store.Key{Customer: "acme", Kind: "left", ID: "there"})
	check(err)
	_, err = b.Find(t.Context(), store.Query{Customer: "acme", Kind: "left", Limit: 1})
	check(err)
	_, err = b.Events(t.Context(), store.Feed{Everyone: true, Limit: 1})
	check(err)
	check(b.Forget(t.Context(), "acme", 0))
}

// A server that takes no more connections is busy, and nothing has happened;
// so is one that cannot be reached.
func TestNoConnection(t *testing.T) {
	d := open(t)
	full := pgtest.Pool(t, pgtest.As(d.dsn, "app"), func(c *pgxpool.Config) { c.MaxConns = 2 })
	held, err := full.Acquire(t.Context())
	require.NoError(t, err)
	defer held.Release()
	b := d.backend(t)
	d.app.Reset()
	_, err = d.owner.Exec(t.Context(), `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 1', current_database()); END $$`)
	require.NoError(t, err)
	check := func(err error) {
		t.Helper()
		require.ErrorIs(t, err, servicecoin.ErrBusy)
		require.Equal(t, http.StatusServiceUnavailable, problem.Status(err))
		require.True(t, servicecoin.Retryable(err) && !servicecoin.MayHaveHappened(err))
	}
	check(b.Commit(t.Context(), pairOf("new")))
	_, err = b.Get(t.Context(), store.Key{Customer: "acme", Kind: "left", ID: "x"})
	check(err)
	check(b.Forget(t.Context(), "acme", 0))
}

// A commit that is on its way is waited for, though not for ever: then nobody
// knows.
func TestEndedUnderCommit(t *testing.T) {
	d := open(t)
	b := d.backend(t)
	slow := func(seconds string) {
		d.must(t, `CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(`+seconds+`); RETURN NEW; END $$;
CREATE OR REPLACE TRIGGER slow BEFORE INSERT ON servicecoin.events FOR EACH ROW EXECUTE FUNCTION slow()`)
	}
	commit := func(id string) error {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		return b.Commit(ctx, pairOf(id))
	}
	slow("0.3")
	require.NoError(t, commit("slow"))
	slow("20")
	err := commit("slower")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.True(t, servicecoin.MayHaveHappened(err), "%v", err)
}

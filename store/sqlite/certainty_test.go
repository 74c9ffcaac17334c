package sqlite_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

// What an error says of a commit whose context ends holds, at any moment of it;
// none is left open.
func TestEndedContexts(t *testing.T) {
	t.Parallel()
	const n = 1500
	b, _ := opened(t, nil)
	acknowledged, open := 0, 0
	for i := range n {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%500)*4*time.Microsecond)
		err := commitThing(ctx, b, strconv.Itoa(i))
		cancel()
		stored := there(t, b, strconv.Itoa(i))
		switch {
		case err == nil:
			acknowledged++
			require.True(t, stored, "an acknowledged commit")
		case servicecoin.MayHaveHappened(err):
			open++
		default:
			require.False(t, stored, "the commit said %v", err)
		}
	}
	t.Logf("%d contexts: %d acknowledged, %d said that they failed, %d that they may have happened", n, acknowledged, n-acknowledged-open, open)
	require.Zero(t, open)
}

// A lock that somebody else holds, and a file that may not be written, leave no
// doubt.
func TestRefusalsAreCertain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "the.db")
	b, err := sqlite.Open(t.Context(), path, &sqlite.Options{BusyTimeout: time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	db := database(t, path)
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	for what, err := range map[string]error{"commit": commitThing(t.Context(), b, "x"), "forget": b.Forget(t.Context(), "acme", 0)} {
		require.ErrorIs(t, err, servicecoin.ErrBusy, what)
		require.Equal(t, http.StatusServiceUnavailable, problem.Status(err))
		require.False(t, servicecoin.MayHaveHappened(err), what)
	}
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	db.SetMaxOpenConns(1)
	h, err := sqlite.New(t.Context(), db, nil)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "PRAGMA query_only = ON")
	require.NoError(t, err)
	err = commitThing(t.Context(), h, "x")
	require.ErrorContains(t, err, "readonly")
	require.False(t, servicecoin.MayHaveHappened(err), "%v", err)
	require.Equal(t, http.StatusInternalServerError, problem.Status(err))
	_, err = db.ExecContext(t.Context(), "PRAGMA query_only = OFF")
	require.NoError(t, err)
	require.NoError(t, commitThing(t.Context(), h, "x"))
}

package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
	"github.com/servicecoin/servicecoin/store/storetest"
)

// The memory store is the oracle, for a file, for the host's database and inside
// of the host's transaction.
func TestSameAsMemory(t *testing.T) { //nolint:tparallel // the subtests share a file
	t.Parallel()
	path := filepath.Join(t.TempDir(), "same.db")
	db := database(t, path)
	b, err := sqlite.Open(t.Context(), path, &sqlite.Options{Synchronous: sqlite.Normal})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	inHost, err := sqlite.New(t.Context(), db, &sqlite.Options{Synchronous: sqlite.Normal})
	require.NoError(t, err)
	for name, engine := range map[string]store.Backend{"opened": b, "hosted": inHost} {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // one file
			storetest.RunSame(t, storetest.Harness{Open: func(tb testing.TB) store.Backend {
				empty(tb, db)
				return engine
			}})
		})
	}
	t.Run("joined", func(t *testing.T) { //nolint:paralleltest // one file
		var tx *sql.Tx // of the sequence of calls before
		storetest.RunSame(t, storetest.Harness{Open: func(tb testing.TB) store.Backend {
			if tx != nil {
				require.NoError(tb, tx.Rollback())
			}
			empty(tb, db)
			var err error
			tx, err = db.BeginTx(tb.Context(), nil)
			require.NoError(tb, err)
			return sqlite.In(tx)
		}})
		require.NoError(t, tx.Rollback())
	})
}

func empty(tb testing.TB, db *sql.DB) {
	tb.Helper()
	_, err := db.ExecContext(tb.Context(), "DELETE FROM servicecoin_documents; DELETE FROM servicecoin_events; DELETE FROM servicecoin_forgotten")
	require.NoError(tb, err)
}

func BenchmarkBackend(b *testing.B) {
	storetest.RunBenchmarks(b, storetest.Harness{Open: func(tb testing.TB) store.Backend {
		b, _ := opened(tb, nil)
		return b
	}})
}

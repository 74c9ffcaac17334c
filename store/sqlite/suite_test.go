package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/servicecoin/servicecoin/coin/cointest"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
	"github.com/servicecoin/servicecoin/store/sqlite/usage"
	"github.com/servicecoin/servicecoin/store/storetest"
)

func TestContractOpened(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Harness{Open: func(tb testing.TB) store.Backend {
		tb.Helper()
		b, _ := opened(tb, nil)
		return b
	}})
}

func TestContractHosted(t *testing.T) {
	t.Parallel()
	storetest.Run(t, inHost())
}

// The exchange between the sides, on a file.
func TestExchange(t *testing.T) {
	t.Parallel()
	cointest.Run(t, inHost())
}

// One coin, from the catalogue to the statement, records and usage in one file.
func TestStory(t *testing.T) {
	t.Parallel()
	events := func(tb testing.TB, b store.Backend) metering.EventStore {
		tb.Helper()
		s, err := usage.New(tb.Context(), ofHost(tb, b).db, nil)
		require.NoError(tb, err)
		tb.Cleanup(func() { require.NoError(tb, s.Close()) })
		return s
	}
	h := storetest.Harness{Open: inHost().Open}
	cointest.Story(t, h, events)
	cointest.Stories(t, h, events)
}

// hostedBackend is a backend, and the host's database that it is in.
type hostedBackend struct {
	*sqlite.Backend
	db *sql.DB
}

func ofHost(tb testing.TB, b store.Backend) hostedBackend {
	tb.Helper()
	h, ok := b.(hostedBackend)
	require.True(tb, ok)
	return h
}

// inHost opens backends in databases of a host, which can begin transactions of
// its own.
func inHost() storetest.Harness {
	return storetest.Harness{
		Open: func(tb testing.TB) store.Backend {
			tb.Helper()
			b, db := hosted(tb, nil)
			return hostedBackend{b, db}
		},
		Begin: func(tb testing.TB, b store.Backend) storetest.Tx {
			tb.Helper()
			h := ofHost(tb, b)
			tx, err := h.db.BeginTx(tb.Context(), nil)
			require.NoError(tb, err)
			return storetest.Tx{Backend: h.In(tx), Commit: tx.Commit, Rollback: tx.Rollback}
		},
	}
}

// One connection is enough for a host that keeps no transaction open.
func TestContractOneConnection(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Harness{Open: func(tb testing.TB) store.Backend {
		tb.Helper()
		db := database(tb, filepath.Join(tb.TempDir(), "one.db"))
		db.SetMaxOpenConns(1)
		b, err := sqlite.New(tb.Context(), db, nil)
		require.NoError(tb, err)
		return b
	}})
}

// opened returns a backend that opened its file, and the file's path.
func opened(tb testing.TB, o *sqlite.Options) (*sqlite.Backend, string) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "servicecoin.db")
	b, err := sqlite.Open(tb.Context(), path, o)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, b.Close()) })
	return b, path
}

// hosted returns a backend in a host's database.
func hosted(tb testing.TB, o *sqlite.Options) (*sqlite.Backend, *sql.DB) {
	tb.Helper()
	db := database(tb, filepath.Join(tb.TempDir(), "host.db"))
	b, err := sqlite.New(tb.Context(), db, o)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, b.Close()) })
	return b, db
}

// database opens a file as a host would, without any setting.
func database(tb testing.TB, path string) *sql.DB {
	tb.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, db.Close()) })
	return db
}

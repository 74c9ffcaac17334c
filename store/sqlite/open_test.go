package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	newer := filepath.Join(dir, "newer.db")
	script(t, newer, "PRAGMA journal_mode = WAL", sqlite.Schema(), "UPDATE servicecoin_meta SET value = 99")
	wide := filepath.Join(dir, "wide.db")
	script(t, wide, "PRAGMA encoding = 'UTF-16le'", "CREATE TABLE hosts (id)")
	garbage := filepath.Join(dir, "garbage.db")
	script(t, garbage, "CREATE TABLE servicecoin_meta (other)")
	bare := filepath.Join(dir, "bare.db")
	script(t, bare, "PRAGMA journal_mode = WAL", "CREATE TABLE hosts (id)")
	rollback := filepath.Join(dir, "rollback.db")
	script(t, rollback, sqlite.Schema())
	none := &sqlite.Options{Migrate: store.MigrateByHost}
	for _, c := range []struct {
		name, path string
		o          *sqlite.Options
		is         error
		says       string
	}{
		{"in memory", ":memory:", nil, nil, "store/memory"},
		{"a URI in memory", "file::memory:?cache=shared", nil, nil, "store/memory"},
		{"a URI", "file:x.db", nil, servicecoin.ErrInvalid, "New"},
		{"no path", "", nil, servicecoin.ErrInvalid, "path"},
		{"no such folder", filepath.Join(dir, "no", "x.db"), nil, nil, "no/x.db"},
		{"newer tables", newer, nil, servicecoin.ErrNewer, "99"},
		{"UTF-16", wide, nil, nil, "UTF-16le"},
		{"tables of somebody else", garbage, nil, nil, "servicecoin_meta"},
		{"no tables, and none to be made", bare, none, servicecoin.ErrRefused, "not there"},
		{"no WAL, and none to be made", rollback, none, servicecoin.ErrRefused, "WAL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := sqlite.Open(t.Context(), c.path, c.o)
			require.ErrorContains(t, err, c.says)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
			if errors.Is(c.is, servicecoin.ErrInvalid) || c.name == "no such folder" {
				return // is Open's alone
			}
			_, err = sqlite.New(t.Context(), database(t, c.path), c.o)
			require.ErrorContains(t, err, c.says)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := sqlite.Open(ctx, filepath.Join(dir, "x.db"), nil)
	require.ErrorIs(t, err, context.Canceled)
}

// A host that runs the schema itself needs no migration.
func TestHostRunsSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "host.db")
	script(t, path, "PRAGMA journal_mode = WAL", "PRAGMA user_version = 7", sqlite.Schema())
	b, err := sqlite.Open(t.Context(), path, &sqlite.Options{Migrate: store.MigrateByHost})
	require.NoError(t, err)
	require.NoError(t, insert(t.Context(), b, "a"))
	again, err := sqlite.New(t.Context(), database(t, path), nil)
	require.NoError(t, err)
	assert.True(t, there(t, again, "a"))
	require.NoError(t, again.Close())
	require.NoError(t, b.Close())
	var version int
	require.NoError(t, database(t, path).QueryRowContext(t.Context(), "PRAGMA user_version").Scan(&version))
	assert.Equal(t, 7, version, "user_version is the host's")
}

func TestClose(t *testing.T) {
	t.Parallel()
	b, path := opened(t, nil)
	inHost, db := hosted(t, nil)
	require.NoError(t, insert(t.Context(), b, "a"))
	for range 2 {
		require.NoError(t, b.Close())
		require.NoError(t, inHost.Close())
	}
	for _, b := range []*sqlite.Backend{b, inHost} {
		require.Error(t, insert(t.Context(), b, "b"))
		_, err := b.Get(t.Context(), thing("a", "").Key)
		require.Error(t, err)
		require.NotErrorIs(t, err, servicecoin.ErrNotFound)
	}
	require.NoError(t, db.PingContext(t.Context()), "the host's database stays open")
	again, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	assert.True(t, there(t, again, "a"))
	require.NoError(t, again.Close())
	assert.NoFileExists(t, path+"-wal")
}

// Reads wait for a free connection as long as their context lasts.
func TestMaxReaders(t *testing.T) {
	t.Parallel()
	db := database(t, filepath.Join(t.TempDir(), "one.db"))
	db.SetMaxOpenConns(1)
	b, err := sqlite.New(t.Context(), db, nil)
	require.NoError(t, err)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error)
	go func() {
		_, err := b.Get(ctx, thing("a", "").Key)
		got <- err
	}()
	cancel()
	require.ErrorIs(t, <-got, context.Canceled)
	require.NoError(t, tx.Rollback())
	assert.False(t, there(t, b, "a"))
}

func script(t *testing.T, path string, texts ...string) {
	t.Helper()
	db := database(t, path)
	db.SetMaxOpenConns(1)
	for _, text := range texts {
		_, err := db.ExecContext(t.Context(), text)
		require.NoError(t, err)
	}
}

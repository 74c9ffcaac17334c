package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

// A file that was deleted or replaced while it was open takes no commit any
// more, and no connection makes one in its place.
func TestFileDeletedOrReplaced(t *testing.T) {
	t.Parallel()
	ways := map[string]struct {
		take func(t *testing.T, path string)
		says string
	}{
		"deleted": {func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, os.Remove(path))
		}, "was deleted"},
		"deleted with its log": {func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Remove(path+"-wal"))
			require.NoError(t, os.Remove(path+"-shm"))
		}, "was deleted"},
		"moved away": {func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, os.Rename(path, path+".old"))
		}, "was deleted"},
		"replaced": {func(t *testing.T, path string) {
			t.Helper()
			other := filepath.Join(t.TempDir(), "other.db")
			b, err := sqlite.Open(t.Context(), other, nil)
			require.NoError(t, err)
			require.NoError(t, commitThing(t.Context(), b, "of the other"))
			require.NoError(t, b.Close())
			require.NoError(t, os.Rename(other, path))
		}, "was replaced"},
	}
	logs := map[string]func(t *testing.T, path string){
		"its log deleted": func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, os.Remove(path+"-wal"))
		},
		"its log replaced": func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, os.WriteFile(path+".new", nil, 0o600))
			require.NoError(t, os.Rename(path+".new", path+"-wal"))
		},
	}
	openings := map[string]func(t *testing.T, path string) (b *sqlite.Backend, shut func() error){
		"opened": func(t *testing.T, path string) (*sqlite.Backend, func() error) {
			t.Helper()
			b, err := sqlite.Open(t.Context(), path, nil)
			require.NoError(t, err)
			return b, b.Close
		},
		"hosted": func(t *testing.T, path string) (*sqlite.Backend, func() error) {
			t.Helper()
			db, err := sql.Open("sqlite", path)
			require.NoError(t, err)
			b, err := sqlite.New(t.Context(), db, nil)
			require.NoError(t, err)
			return b, db.Close
		},
	}
	lose := func(t *testing.T, b *sqlite.Backend, says string) {
		t.Helper()
		for i := range 20 {
			err := store.New(b, nil).Do(t.Context(), func(tx *store.Store) error {
				return store.Of(tx.For("acme"), counters()).Insert(t.Context(), counter{ID: fmt.Sprint("lost", i)})
			})
			require.ErrorContains(t, err, says)
			require.False(t, servicecoin.MayHaveHappened(err))
		}
		require.ErrorContains(t, b.Forget(t.Context(), "acme", 0), says)
	}
	for how, open := range openings {
		for what, way := range ways {
			t.Run(how+"/"+what, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "the.db")
				b, shut := open(t, path)
				require.NoError(t, commitThing(t.Context(), b, "before"))
				way.take(t, path)
				lose(t, b, way.says)
				require.ErrorContains(t, b.Backup(t.Context(), path+".copy"), way.says)
				require.NoError(t, shut())
				if way.says == "was deleted" {
					_, err := os.Stat(path)
					require.ErrorIs(t, err, fs.ErrNotExist, "a file was made in its place")
					return
				}
				again, err := sqlite.Open(t.Context(), path, nil)
				require.NoError(t, err)
				require.True(t, there(t, again, "of the other"))
				require.False(t, there(t, again, "before"), "the log of the other file was mixed in")
				require.NoError(t, again.Close())
			})
		}
	}
	for what, take := range logs {
		t.Run("opened/"+what, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "the.db")
			b, shut := openings["opened"](t, path)
			require.NoError(t, commitThing(t.Context(), b, "before"))
			take(t, path)
			lose(t, b, strings.Replace(what, "its log ", "was ", 1))
			require.NoError(t, shut())
		})
	}
}

// A connection for reads that is opened late makes no file either.
func TestLateReaderMakesNoFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "the.db")
	b, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	_, err = b.Get(t.Context(), store.Key{Customer: "acme", Kind: "thing", ID: "x"})
	require.ErrorContains(t, err, "was deleted")
	require.False(t, servicecoin.MayHaveHappened(err))
	require.NoError(t, b.Close())
	_, err = os.Stat(path)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func commitThing(ctx context.Context, b store.Backend, id string) error {
	return b.Commit(ctx, store.Commit{Writes: []store.Write{{Document: thing(id, "")}}})
}

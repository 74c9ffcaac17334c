package sqlite_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

// A backup that is made while commits go on is one state of the file.
func TestBackup(t *testing.T) {
	t.Parallel()
	b, _ := opened(t, nil)
	inHost, db := hosted(t, nil)
	_, err := db.ExecContext(t.Context(), "CREATE TABLE hosts (id); INSERT INTO hosts VALUES (1)")
	require.NoError(t, err)
	for name, b := range map[string]*sqlite.Backend{"opened": b, "hosted": inHost} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var wg sync.WaitGroup
			for g := range 2 {
				wg.Go(func() {
					for i := 0; ctx.Err() == nil; i++ {
						assert.NoError(t, commitPair(t.Context(), b, g, strconv.Itoa(g)+"-"+strconv.Itoa(i)))
					}
				})
			}
			dir := t.TempDir()
			for i := range 5 {
				path := filepath.Join(dir, strconv.Itoa(i)+" ?%.db")
				require.NoError(t, b.Backup(t.Context(), path))
				copied, err := sqlite.Open(t.Context(), path, &sqlite.Options{Migrate: store.MigrateAtStart})
				require.NoError(t, err)
				verify(t, copied, nil)
				require.NoError(t, copied.Close())
			}
			stop()
			wg.Wait()
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Len(t, left, 5, "files besides the backups")
		})
	}
}

func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	b, path := opened(t, nil)
	require.NoError(t, insert(t.Context(), b, "a"))
	require.ErrorIs(t, b.Backup(t.Context(), path), servicecoin.ErrExists)
	other := filepath.Join(t.TempDir(), "other")
	require.NoError(t, os.WriteFile(other, []byte("mine"), 0o600))
	require.ErrorIs(t, b.Backup(t.Context(), other), servicecoin.ErrExists)
	content, err := os.ReadFile(other)
	require.NoError(t, err)
	assert.Equal(t, "mine", string(content))
	require.Error(t, b.Backup(t.Context(), filepath.Join(other, "nowhere")))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, b.Backup(ctx, other+"2"), context.Canceled)
	_, err = os.Lstat(other + "2")
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.True(t, there(t, b, "a"))
}

// What is forgotten is not in a backup, nor in its free space.
func TestBackupAfterForget(t *testing.T) {
	t.Parallel()
	const secret = "the name of the patient"
	b, path := opened(t, nil)
	for i := range 50 {
		d := thing(strconv.Itoa(i), strings.Repeat(secret+" ", 10*i))
		e := store.Event{ID: strconv.Itoa(i), Name: "n", Subject: d.Key, Actor: servicecoin.Program("t"), At: day, Data: []byte(secret)}
		require.NoError(t, b.Commit(t.Context(), store.Commit{Writes: []store.Write{{Document: d}}, Events: []store.Event{e}}))
	}
	has := func(path string) bool {
		require.NoError(t, b.Backup(t.Context(), path))
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		return bytes.Contains(content, []byte(secret))
	}
	assert.True(t, has(path+".before"))
	require.NoError(t, b.Forget(t.Context(), "acme", 0))
	assert.False(t, has(path+".after"))
}

// Positions go on after the last event of the feed was erased.
func TestForgetKeepsPositions(t *testing.T) {
	t.Parallel()
	b, _ := opened(t, nil)
	event := func(c servicecoin.CustomerID) store.Position {
		e := store.Event{ID: "x", Name: "n", Subject: store.Key{Customer: c, Kind: "k", ID: "i"}, Actor: servicecoin.Program("t"), At: day}
		require.NoError(t, b.Commit(t.Context(), store.Commit{Events: []store.Event{e}}))
		page, err := b.Events(t.Context(), store.Feed{Customer: c, Limit: store.MaxPage})
		require.NoError(t, err)
		return page[len(page)-1].Position
	}
	event("other")
	last := event("acme")
	for range 3 {
		require.NoError(t, b.Forget(t.Context(), "acme", 0))
		page, err := b.Events(t.Context(), store.Feed{Everyone: true, Limit: 10})
		require.NoError(t, err)
		require.Len(t, page, 1)
		next := event("acme")
		require.Greater(t, next, last)
		last = next
	}
}

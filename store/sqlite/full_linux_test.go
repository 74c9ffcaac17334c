package sqlite_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

// A disk without space left fails commits with an error that says so, leaves
// nothing half-written, and hinders nobody once there is space again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	t.Run("pages", func(t *testing.T) { // as many pages as a file may have
		t.Parallel()
		b, _ := opened(t, nil)
		limit := func(pages int) {
			require.NoError(t, b.Script(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)))
		}
		limit(300)
		fill(t, b, func() { limit(1 << 20) })
	})
	t.Run("file system", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
			t.Logf("no small file system, as mounting is not allowed here (%v): the case above stands alone", err)
			return
		}
		// Detached, since a process that another test is just starting may still hold
		// a descriptor of the file.
		t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
		b, err := sqlite.Open(t.Context(), filepath.Join(dir, "full.db"), nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, b.Close()) })
		fill(t, b, func() { require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m")) })
	})
}

// fill commits from several goroutines until each has failed, makes room, and
// looks at what is there.
func fill(t *testing.T, b *sqlite.Backend, room func()) {
	t.Helper()
	body := bytes.Repeat([]byte("x"), 20_000)
	commit := func(ctx context.Context, id string) error {
		d := thing(id, "")
		d.Body = body
		half := thing(id+" too", "")
		return b.Commit(ctx, store.Commit{Writes: []store.Write{{Document: d}, {Document: half}}, Events: []store.Event{{
			ID: id, Name: "thing.made", Subject: d.Key, Actor: servicecoin.Program("test"), At: day,
		}}})
	}
	var mu sync.Mutex
	stored, failed := map[string]bool{}, 0
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 1000 {
				id := strconv.Itoa(g) + "-" + strconv.Itoa(i)
				err := commit(t.Context(), id)
				mu.Lock()
				stored[id] = err == nil
				mu.Unlock()
				if err != nil {
					mu.Lock()
					failed++
					mu.Unlock()
					assert.Contains(t, err.Error(), "full")
					assert.True(t, !servicecoin.MayHaveHappened(err) && servicecoin.Retryable(err), "%v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, 4, failed, "the disk was never full")
	look := func() {
		for id, want := range stored {
			assert.Equal(t, want, there(t, b, id), id)
			assert.Equal(t, want, there(t, b, id+" too"), id)
		}
		events, err := b.Events(t.Context(), store.Feed{Everyone: true, Limit: store.MaxPage})
		require.NoError(t, err)
		got := map[string]bool{}
		for _, e := range events {
			got[e.ID] = true
		}
		for id, want := range stored {
			assert.Equal(t, want, got[id], "the event of %s", id)
		}
	}
	look()
	room()
	for id, was := range stored {
		if !was {
			require.NoError(t, commit(t.Context(), id))
			stored[id] = true
		}
	}
	require.NoError(t, commit(t.Context(), "after"))
	look()
	t.Logf("%d commits before the disk was full", len(stored)-failed)
}

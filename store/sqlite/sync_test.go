package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

const syncedCommits = 25

// The system calls that bring a file to the disk are counted in another
// process, by strace. Full makes one a commit at least; a backend that forgot
// to would be found out, as the level that no host can choose is.
func TestEveryCommitIsSynced(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("left out: system calls are counted with strace, of Debian's package strace, which is not installed")
	}
	full, hosted, normal, off := syncCalls(t, "sync full"), syncCalls(t, "sync hosted"), syncCalls(t, "sync normal"), syncCalls(t, "sync off")
	t.Logf("%d commits: %d syncs with Full, %d in a host's database that does not sync by itself, %d with Normal, %d without", syncedCommits, full, hosted, normal, off)
	assert.GreaterOrEqual(t, full, syncedCommits, "Full")
	assert.GreaterOrEqual(t, hosted, syncedCommits, "Full in a host's database")
	assert.Less(t, normal, syncedCommits, "Normal")
	assert.Zero(t, off, "the count does not notice that the sync is missing")
}

// syncCalls returns how many syncs a task made while it committed.
func syncCalls(t *testing.T, task string) int {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "calls")
	cmd := process(t, task, filepath.Join(dir, "sync.db"), "strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,unlink,unlinkat", "-o", log)
	out, err := cmd.Output()
	require.NoError(t, err, "%s", out)
	calls, err := os.ReadFile(log)
	require.NoError(t, err)
	// The child brackets its commits with calls that nothing else makes.
	_, inside, found := strings.Cut(string(calls), "begin-of-commits")
	require.True(t, found, "%s", calls)
	inside, _, found = strings.Cut(inside, "end-of-commits")
	require.True(t, found, "%s", calls)
	return strings.Count(inside, "fsync(") + strings.Count(inside, "fdatasync(")
}

func syncs(level sqlite.Synchronous) func(context.Context, string) error {
	return func(ctx context.Context, path string) error {
		b, err := sqlite.Open(ctx, path, &sqlite.Options{Synchronous: level})
		if err != nil {
			return err
		}
		return syncedly(ctx, b)
	}
}

func syncsHosted(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", path+"?_pragma=synchronous(OFF)")
	if err != nil {
		return err
	}
	b, err := sqlite.New(ctx, db, nil)
	if err != nil {
		return err
	}
	return syncedly(ctx, b)
}

func syncedly(ctx context.Context, b store.Backend) error {
	_ = os.Remove("begin-of-commits") // is not there
	for i := range syncedCommits {
		d := store.Document{Key: store.Key{Customer: "acme", Kind: "k", ID: strconv.Itoa(i)}}
		if err := b.Commit(ctx, store.Commit{Writes: []store.Write{{Document: d}}}); err != nil {
			return err
		}
	}
	_ = os.Remove("end-of-commits")
	return nil
}

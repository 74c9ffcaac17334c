package sqlite_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Commits that wait for the writer share a transaction, each all or nothing on
// its own, judged on what those before it did.
func TestGroup(t *testing.T) {
	t.Parallel()
	b, path := opened(t, nil)
	require.NoError(t, insert(t.Context(), b, "taken"))
	db := database(t, path)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "CREATE TABLE hosts (id)") // holds the write lock
	require.NoError(t, err)

	first, second, half := thing("first", "x"), thing("second", "x"), thing("half", "x")
	event := store.Event{ID: "lost", Name: "n", Subject: first.Key, Actor: servicecoin.Program("t"), At: day}
	commits := []struct {
		store.Commit
		want error
	}{
		{store.Commit{Writes: []store.Write{{Document: first}}}, nil},
		{store.Commit{Writes: []store.Write{{Document: half}, {Document: thing("taken", "y")}}, Events: []store.Event{event}}, servicecoin.ErrExists},
		{store.Commit{Writes: []store.Write{{Document: second}}, Checks: []store.Check{{Key: first.Key, Version: 1}}}, nil},
		{store.Commit{Writes: []store.Write{{Document: half}}, Checks: []store.Check{{Key: first.Key}}}, servicecoin.ErrConflict},
		{store.Commit{Writes: []store.Write{{Document: thing("first", "y"), Expect: 1}, {Document: half}}}, nil},
		{store.Commit{Writes: []store.Write{{Document: thing("first", "z"), Expect: 1}}, Events: []store.Event{event}}, servicecoin.ErrConflict},
	}
	errs := make([]chan error, len(commits))
	for i, c := range commits {
		errs[i] = make(chan error, 1)
		go func() { errs[i] <- b.Commit(t.Context(), c.Commit) }()
		require.Eventually(t, func() bool { return b.Queued() == i+1 }, time.Minute, time.Millisecond)
	}
	before := transactions(t, path)
	require.NoError(t, tx.Rollback())
	for i, c := range commits {
		if err := <-errs[i]; c.want == nil {
			require.NoError(t, err, i)
		} else {
			require.ErrorIs(t, err, c.want, i)
		}
	}
	assert.Equal(t, 1, transactions(t, path)-before, "transactions of the group")
	for id, want := range map[string]string{"first": "y", "second": "x", "half": "x", "taken": "x"} {
		d, err := b.Get(t.Context(), thing(id, "").Key)
		require.NoError(t, err)
		assert.Equal(t, want, string(d.Body), id)
	}
	events, err := b.Events(t.Context(), store.Feed{Everyone: true, Limit: 10})
	require.NoError(t, err)
	assert.Empty(t, events)
}

// Commits that come while a group is written join it, except one that is alone
// and refused: half of it may be in the transaction.
func TestGroupIsJoined(t *testing.T) {
	t.Parallel()
	b, path := opened(t, nil)
	one := func(id string) store.Commit { return store.Commit{Writes: []store.Write{{Document: thing(id, "x")}}} }
	half := store.Commit{Writes: []store.Write{{Document: thing("half", "x")}, {Document: thing("a", "y")}}}
	require.NoError(t, insert(t.Context(), b, "zero"))

	before := transactions(t, path)
	errs, asked, err := b.Together(t.Context(), []store.Commit{one("a")}, []store.Commit{one("b"), half, one("c")})
	require.NoError(t, err)
	assert.Equal(t, 2, asked)
	assert.Equal(t, 1, transactions(t, path)-before)
	require.NoError(t, errs[0])
	require.NoError(t, errs[1])
	require.ErrorIs(t, errs[2], servicecoin.ErrExists)
	require.NoError(t, errs[3])

	errs, asked, err = b.Together(t.Context(), []store.Commit{half}, []store.Commit{one("d")})
	require.NoError(t, err)
	assert.Zero(t, asked, "half of it would be kept with the others")
	require.ErrorIs(t, errs[0], servicecoin.ErrExists)
	for id, want := range map[string]bool{"a": true, "b": true, "c": true, "half": false, "d": false} {
		_, err := b.Get(t.Context(), thing(id, "").Key)
		assert.Equal(t, want, err == nil, "%s: %v", id, err)
	}
}

// A queue longer than a group is stored in several.
func TestLongQueue(t *testing.T) {
	t.Parallel()
	b, path := opened(t, nil)
	db := database(t, path)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "CREATE TABLE hosts (id)")
	require.NoError(t, err)
	const commits = 150
	errs := make(chan error, commits)
	for i := range commits {
		go func() { errs <- insert(t.Context(), b, strconv.Itoa(i)) }()
	}
	require.Eventually(t, func() bool { return b.Queued() == commits }, time.Minute, time.Millisecond)
	before := transactions(t, path)
	require.NoError(t, tx.Rollback())
	for range commits {
		require.NoError(t, <-errs)
	}
	assert.Equal(t, 3, transactions(t, path)-before, "transactions of %d commits", commits)
}

// transactions counts the commit frames in the WAL.
func transactions(t *testing.T, path string) (n int) {
	t.Helper()
	const header, frame = 32, 24 + 4096
	wal, err := os.ReadFile(path + "-wal")
	require.NoError(t, err)
	for at := header; at+frame <= len(wal); at += frame {
		size, salt := binary.BigEndian.Uint32(wal[at+4:]), wal[at+8:at+16]
		if size != 0 && bytes.Equal(salt, wal[16:24]) {
			n++
		}
	}
	return n
}

package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

type counter struct {
	ID string `json:"id"`
	N  int    `json:"n"`
}

func counters() store.Kind[counter] {
	return store.Kind[counter]{Name: "counter", ID: func(c counter) string { return c.ID }}
}

func increment(ctx context.Context, c store.Collection[counter]) error {
	_, err := c.Update(ctx, "one", func(n *counter) ([]store.Event, error) {
		n.N++
		return nil, nil
	})
	return err
}

func thing(id, body string) store.Document {
	return store.Document{Key: store.Key{Customer: "acme", Kind: "thing", ID: id}, Body: []byte(body)}
}

func insert(ctx context.Context, b store.Backend, id string) error {
	return b.Commit(ctx, store.Commit{Writes: []store.Write{{Document: thing(id, "x")}}})
}

func there(t *testing.T, b store.Backend, id string) bool {
	t.Helper()
	_, err := b.Get(t.Context(), thing(id, "").Key)
	if err != nil {
		require.ErrorIs(t, err, servicecoin.ErrNotFound)
	}
	return err == nil
}

// The host's rows and the library's records are committed together, or not.
func TestHostTransaction(t *testing.T) {
	t.Parallel()
	b, db := hosted(t, nil)
	_, err := db.ExecContext(t.Context(), "CREATE TABLE orders (id TEXT PRIMARY KEY)")
	require.NoError(t, err)
	work := func(id string) *sql.Tx {
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = tx.ExecContext(t.Context(), "INSERT INTO orders VALUES (?)", id)
		require.NoError(t, err)
		require.NoError(t, insert(t.Context(), sqlite.In(tx), id))
		require.ErrorIs(t, insert(t.Context(), sqlite.In(tx), id), servicecoin.ErrExists)
		assert.True(t, there(t, sqlite.In(tx), id))
		assert.False(t, there(t, b, id))
		return tx
	}
	orders := func() (n int) {
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM orders").Scan(&n))
		return n
	}
	require.NoError(t, work("lost").Rollback())
	assert.False(t, there(t, b, "lost"))
	assert.Equal(t, 0, orders())
	require.NoError(t, work("kept").Commit())
	assert.True(t, there(t, b, "kept"))
	assert.Equal(t, 1, orders())
}

// A plain write waits for the host's transaction: as long as it may, or its
// context lasts.
func TestWaitForHost(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T, *sqlite.Options) (*sqlite.Backend, *sql.DB){
		"opened": func(t *testing.T, o *sqlite.Options) (*sqlite.Backend, *sql.DB) {
			t.Helper()
			b, path := opened(t, o)
			return b, database(t, path)
		},
		"hosted": func(t *testing.T, o *sqlite.Options) (*sqlite.Backend, *sql.DB) {
			t.Helper()
			return hosted(t, o)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, db := open(t, &sqlite.Options{BusyTimeout: 100 * time.Millisecond})
			require.NoError(t, insert(t.Context(), b, "before"))
			tx, err := db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			require.NoError(t, insert(t.Context(), sqlite.In(tx), "host's"))
			err = insert(t.Context(), b, "waits its time")
			require.ErrorIs(t, err, servicecoin.ErrBusy)
			assert.False(t, servicecoin.MayHaveHappened(err))
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			err = insert(ctx, b, "waits")
			require.ErrorIs(t, err, servicecoin.ErrBusy)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorIs(t, b.Forget(t.Context(), "acme", 0), servicecoin.ErrBusy)
			assert.True(t, there(t, b, "before"), "reads go on")
			assert.False(t, there(t, b, "host's"))
			require.NoError(t, tx.Commit())
			require.NoError(t, insert(t.Context(), b, "after"))
			assert.True(t, there(t, b, "host's"))
			assert.False(t, there(t, b, "waits"))
			assert.False(t, there(t, b, "waits its time"))
		})
	}
}

// A transaction that has read what was changed since cannot write, and is told
// so at once.
func TestStaleTransaction(t *testing.T) {
	t.Parallel()
	b, db := hosted(t, nil)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	assert.False(t, there(t, sqlite.In(tx), "a"))
	require.NoError(t, insert(t.Context(), b, "a"))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	require.ErrorIs(t, insert(ctx, sqlite.In(tx), "b"), servicecoin.ErrBusy)
	require.NoError(t, ctx.Err(), "it waited in vain")
	require.NoError(t, tx.Rollback())
}

// What New borrows it gives back as it was.
func TestHostSettingsAreKept(t *testing.T) {
	t.Parallel()
	db := database(t, filepath.Join(t.TempDir(), "host.db")+"?_pragma=busy_timeout(1234)&_pragma=synchronous(OFF)")
	db.SetMaxOpenConns(1)
	b, err := sqlite.New(t.Context(), db, nil)
	require.NoError(t, err)
	for i := range 5 {
		require.NoError(t, insert(t.Context(), b, strconv.Itoa(i)))
		require.ErrorIs(t, insert(t.Context(), b, strconv.Itoa(i)), servicecoin.ErrExists)
	}
	for pragma, want := range map[string]int{"busy_timeout": 1234, "synchronous": 0} {
		var is int
		require.NoError(t, db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&is))
		assert.Equal(t, want, is, pragma)
	}
}

func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	b, path := opened(t, &sqlite.Options{Synchronous: sqlite.Normal})
	c := store.Of(store.New(b, nil).For("acme"), counters())
	require.NoError(t, c.Insert(t.Context(), counter{ID: "one"}))
	var wg sync.WaitGroup
	for range 2 {
		cmd := process(t, "count", path)
		wg.Go(func() {
			out, err := cmd.Output()
			assert.NoError(t, err, "%s", out)
		})
	}
	for range increments {
		require.NoError(t, increment(t.Context(), c))
	}
	wg.Wait()
	n, err := c.Get(t.Context(), "one")
	require.NoError(t, err)
	assert.Equal(t, 3*increments, n.N)
}

// While another process holds the write lock, reads go on; what waits for it
// can be cancelled one by one, whoever leads.
func TestQueueWhileLocked(t *testing.T) {
	t.Parallel()
	b, path := opened(t, nil)
	require.NoError(t, insert(t.Context(), b, "before"))
	cmd := process(t, "hold", path)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	require.True(t, bufio.NewScanner(out).Scan())

	const writers = 8
	errs, cancels := make([]chan error, writers), make([]context.CancelFunc, writers)
	for i := range writers {
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		errs[i], cancels[i] = make(chan error, 1), cancel
		go func() { errs[i] <- insert(ctx, b, strconv.Itoa(i)) }()
		require.Eventually(t, func() bool { return b.Queued() == i+1 }, time.Minute, time.Millisecond)
	}
	for _, i := range []int{0, 5} { // the leader and one that follows
		cancels[i]()
		err := <-errs[i]
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, servicecoin.ErrBusy)
		assert.False(t, servicecoin.Retryable(err))
	}
	assert.True(t, there(t, b, "before"))
	require.NoError(t, in.Close())
	for i := range writers {
		if i != 0 && i != 5 {
			require.NoError(t, <-errs[i])
		}
		assert.Equal(t, i != 0 && i != 5, there(t, b, strconv.Itoa(i)))
	}
	require.NoError(t, cmd.Wait())
}

// A commit that the database refuses takes nobody along who shares its
// transaction.
func TestPoisonedGroup(t *testing.T) {
	t.Parallel()
	b, db := hosted(t, nil)
	_, err := db.ExecContext(t.Context(), `CREATE TRIGGER poison BEFORE INSERT ON servicecoin_documents WHEN NEW.id = 'poison'
BEGIN SELECT RAISE(ROLLBACK, 'poisoned'); END`)
	require.NoError(t, err)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	require.NoError(t, insert(t.Context(), sqlite.In(tx), "host's"))
	ids := []string{"a", "poison", "b", "a"}
	errs := make([]chan error, len(ids))
	for i, id := range ids {
		errs[i] = make(chan error, 1)
		go func() { errs[i] <- insert(t.Context(), b, id) }()
		require.Eventually(t, func() bool { return b.Queued() == i+1 }, time.Minute, time.Millisecond)
	}
	require.NoError(t, tx.Commit())
	require.NoError(t, <-errs[0])
	err = <-errs[1]
	require.ErrorContains(t, err, "poisoned")
	require.NotErrorIs(t, err, servicecoin.ErrBusy)
	require.NoError(t, <-errs[2])
	require.ErrorIs(t, <-errs[3], servicecoin.ErrExists)
	assert.True(t, there(t, b, "a"))
	assert.True(t, there(t, b, "b"))
	assert.False(t, there(t, b, "poison"))
}

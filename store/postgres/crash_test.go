package postgres_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres/pgtest"
)

// The server is cut off in the middle of commits and recovers. What was
// acknowledged is there, no half of any commit, and the feed goes on.
func TestServerCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short: it takes some seconds")
	}
	server := pgtest.StartDurable(t)
	d := prepare(t, server.Database(t))
	var acknowledged, certain sync.Map
	var made atomic.Int64
	for round := range 4 {
		b := d.backend(t)
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				for {
					n := fmt.Sprintf("%d-%d", round, made.Add(1))
					err := b.Commit(t.Context(), pairOf(n))
					if err != nil {
						if !servicecoin.MayHaveHappened(err) {
							certain.Store(n, err) // it had not come to its end
						}
						return
					}
					acknowledged.Store(n, true)
				}
			})
		}
		require.Eventually(t, func() bool { return made.Load() > int64(200*(round+1)) }, time.Minute, time.Millisecond)
		server.Crash(t)
		wg.Wait()
		d.app.Reset()
		whole(t, d, &acknowledged)
		certain.Range(func(n, said any) bool {
			_, err := d.backend(t).Get(t.Context(), store.Key{Customer: "acme", Kind: "left", ID: n.(string)}) //nolint:forcetypeassert // see above
			require.ErrorIs(t, err, servicecoin.ErrNotFound, "the commit said %v", said)
			return true
		})
	}
}

// pairOf is a commit of two records and an event.
func pairOf(n string) store.Commit {
	left, right := store.Key{Customer: "acme", Kind: "left", ID: n}, store.Key{Customer: "acme", Kind: "right", ID: n}
	return store.Commit{
		Writes: []store.Write{{Document: store.Document{Key: left, Body: []byte(n)}}, {Document: store.Document{Key: right, Body: []byte(n)}}},
		Events: []store.Event{{ID: n, Name: "pair.made", Subject: left, Actor: servicecoin.Program("test"), At: begun}},
	}
}

func whole(t *testing.T, d database, acknowledged *sync.Map) {
	t.Helper()
	b := d.backend(t)
	seen := map[string]string{}
	for _, kind := range []string{"left", "right"} {
		q := store.Query{Customer: "acme", Kind: kind, Limit: store.MaxPage}
		for {
			page, err := b.Find(t.Context(), q)
			require.NoError(t, err)
			for _, doc := range page {
				seen[doc.Key.ID] += kind
			}
			if len(page) < q.Limit {
				break
			}
			q.After = &store.Cursor{Key: page[len(page)-1].Key}
		}
	}
	for f := (store.Feed{Everyone: true, Limit: store.MaxPage}); ; {
		page, err := b.Events(t.Context(), f)
		require.NoError(t, err)
		for _, e := range page {
			seen[e.ID] += "event"
			f.After = e.Position
		}
		if len(page) < f.Limit {
			break
		}
	}
	for n, parts := range seen {
		require.Equal(t, "leftrightevent", parts, "half of commit %s, or twice", n)
	}
	count := 0
	acknowledged.Range(func(n, _ any) bool {
		count++
		require.Contains(t, seen, n, "an acknowledged commit is lost")
		return true
	})
	t.Logf("%d acknowledged, %d stored", count, len(seen))
}

// A connection that is gone before COMMIT leaves nothing, and the error tells
// that it may be tried again.
func TestTerminatedSession(t *testing.T) {
	d := open(t)
	b := d.backend(t)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = d.owner.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app' AND datname = current_database()")
				time.Sleep(3 * time.Millisecond) // paces the disturbance, decides nothing
			}
		}
	})
	kept := map[string]bool{}
	failed := 0
	for n := range 300 {
		name := strconv.Itoa(n)
		err := b.Commit(t.Context(), pairOf(name))
		if err == nil {
			kept[name] = true
			continue
		}
		failed++
		require.True(t, servicecoin.Retryable(err) || strings.Contains(err.Error(), "terminat"), "%v", err)
	}
	close(stop)
	wg.Wait()
	var acknowledged sync.Map
	for n := range kept {
		acknowledged.Store(n, true)
	}
	d.app.Reset()
	whole(t, d, &acknowledged)
	t.Logf("%d commits were disturbed", failed)
}

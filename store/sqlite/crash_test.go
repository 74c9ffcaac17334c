package sqlite_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

var day = time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)

func servicecoinNotFound(err error) bool { return errors.Is(err, servicecoin.ErrNotFound) }

const (
	crashFiles  = 10
	crashRounds = 30 // kills a file
)

// A process that commits is killed in the middle of it, again and again. Every
// acknowledged commit is there, and no half of any.
func TestCrash(t *testing.T) {
	t.Parallel()
	for n := range crashFiles {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(n), 1))
			path := filepath.Join(t.TempDir(), "crash.db")
			acknowledged := []string(nil)
			for range crashRounds {
				acknowledged = append(acknowledged, killed(t, path, random.IntN(40))...)
				b, err := sqlite.Open(t.Context(), path, nil)
				require.NoError(t, err)
				verify(t, b, acknowledged)
				require.NoError(t, b.Close())
			}
			db := database(t, path)
			var answer string
			require.NoError(t, db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&answer))
			assert.Equal(t, "ok", answer)
			t.Logf("%d kills, %d acknowledged commits", crashRounds, len(acknowledged))
		})
	}
}

// killed runs a process until it has acknowledged so many commits, kills it,
// and returns all that it acknowledged.
func killed(t *testing.T, path string, after int) []string {
	t.Helper()
	cmd := process(t, "commit", path)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var names []string
	lines := bufio.NewScanner(out)
	for len(names) <= after && lines.Scan() {
		names = append(names, lines.Text())
	}
	require.NoError(t, cmd.Process.Kill())
	for lines.Scan() { // what it had written by then
		names = append(names, lines.Text())
	}
	_, err = io.Copy(io.Discard, out)
	require.NoError(t, err)
	require.Error(t, cmd.Wait(), "it ended by itself: %v", names)
	for _, name := range names {
		require.NotContains(t, name, "failed")
	}
	return names
}

func verify(t *testing.T, b *sqlite.Backend, acknowledged []string) {
	t.Helper()
	bodies := map[string]map[string]string{}
	for _, kind := range []string{"left", "right", "left last", "right last"} {
		bodies[kind] = map[string]string{}
		q := store.Query{Customer: "acme", Kind: kind, Slot: 1, Limit: store.MaxPage}
		for {
			page, err := b.Find(t.Context(), q)
			require.NoError(t, err)
			for _, d := range page {
				require.Equal(t, d.Body, d.Index[0])
				bodies[kind][d.Key.ID] = fmt.Sprint(string(d.Body), " ", d.Version)
			}
			if len(page) < q.Limit {
				break
			}
			last := page[len(page)-1]
			q.After = &store.Cursor{Key: last.Key, Index: last.Index[0]}
		}
	}
	events := map[string]bool{}
	for f := (store.Feed{Everyone: true, Limit: store.MaxPage}); ; {
		page, err := b.Events(t.Context(), f)
		require.NoError(t, err)
		for _, e := range page {
			require.False(t, events[e.ID], "an event twice")
			events[e.ID], f.After = true, e.Position
		}
		if len(page) < f.Limit {
			break
		}
	}
	require.Equal(t, bodies["left"], bodies["right"], "half of a commit")
	require.Equal(t, bodies["left last"], bodies["right last"], "half of a commit")
	require.Len(t, events, len(bodies["left"]), "half of a commit")
	for name := range bodies["left"] {
		require.True(t, events[name], "half of a commit: no event of %s", name)
	}
	for _, name := range acknowledged {
		require.Contains(t, bodies["left"], name, "an acknowledged commit is lost")
	}
}

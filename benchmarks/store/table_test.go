// Package store_test measures the store beside the same work written by hand on
// the bare driver, in one run, round by round, so that a busy machine disturbs
// both alike:
//
//	go test -run '^$' -bench Table -benchtime 1x -timeout 30m ./store
package store_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/postgres"
	"github.com/servicecoin/servicecoin/store/postgres/pgtest"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

var (
	rounds = flag.Int("rounds", 5, "rounds of each cell")
	slice  = flag.Duration("slice", 400*time.Millisecond, "length of one measurement")
	only   = flag.String("only", "", "measure only the engines whose names hold this")
)

const records = 4000

func over(b store.Backend) engine {
	return ours{store.Of(store.New(b, nil).For("acme"), tickets())}
}

// pair is our engine and the peer, nil where there is none.
type pair struct {
	name        string
	ours, peers engine
}

func pairs(b *testing.B) []pair {
	b.Helper()
	sqlitePair := func(name, pragma string, s sqlite.Synchronous) pair {
		back, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "ours.db"), &sqlite.Options{Synchronous: s})
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, back.Close()) })
		return pair{name, over(back), newHandSQLite(b, pragma)}
	}
	list := []pair{
		{"memory", over(memory.New()), nil},
		sqlitePair("SQLite NORMAL", "NORMAL", sqlite.Normal),
		sqlitePair("SQLite FULL", "FULL", sqlite.Full),
	}
	pool := pools(b)
	own, _ := ownPostgres(b, pool)
	return append(list, pair{"PostgreSQL, fsync", over(own), newHandPostgres(b, pool())})
}

// pools returns a function that opens a pool of 16 connections to a new
// database of a server that syncs each commit.
func pools(b *testing.B) func() *pgxpool.Pool {
	b.Helper()
	server := pgtest.StartDurable(b)
	return func() *pgxpool.Pool {
		cfg, err := pgxpool.ParseConfig(server.Database(b))
		require.NoError(b, err)
		cfg.MaxConns = 16
		if *latency > 0 {
			cfg.ConnConfig.DialFunc = far(cfg.ConnConfig.DialFunc)
		}
		p, err := pgxpool.NewWithConfig(b.Context(), cfg)
		require.NoError(b, err)
		b.Cleanup(p.Close)
		return p
	}
}

// ownPostgres returns a backend that works as a role which owns nothing, so
// that the row policies bind it, and the pool of the superuser.
func ownPostgres(b *testing.B, pool func() *pgxpool.Pool) (*postgres.Backend, *pgxpool.Pool) {
	b.Helper()
	super := pool()
	require.NoError(b, postgres.Migrate(b.Context(), super, ""))
	_, err := super.Exec(b.Context(), `DO $$ BEGIN CREATE ROLE app LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT USAGE ON SCHEMA servicecoin TO app; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA servicecoin TO app;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA servicecoin TO app`, pgx.QueryExecModeSimpleProtocol)
	require.NoError(b, err)
	cfg := super.Config()
	cfg.ConnConfig.User = "app"
	app, err := pgxpool.NewWithConfig(b.Context(), cfg)
	require.NoError(b, err)
	b.Cleanup(app.Close)
	back, err := postgres.New(b.Context(), app, nil)
	require.NoError(b, err)
	return back, super
}

// BenchmarkRowPolicies prints what the second wall costs: the same backend with
// the policies, and with row security switched off.
func BenchmarkRowPolicies(b *testing.B) {
	pool := pools(b)
	walled, _ := ownPostgres(b, pool)
	open, super := ownPostgres(b, pool)
	for _, table := range []string{"documents", "events", "forgotten"} {
		_, err := super.Exec(b.Context(), "ALTER TABLE servicecoin."+table+" DISABLE ROW LEVEL SECURITY")
		require.NoError(b, err)
	}
	fmt.Println("| engine | goroutines | work | with policies/s | without/s | ratio |")
	fmt.Println("|---|---|---|---|---|---|")
	everything(b, pair{"PostgreSQL, fsync", over(walled), over(open)})
	b.ReportMetric(0, "ns/op")
}

// BenchmarkTable prints the table of docs/benchmarks.md.
func BenchmarkTable(b *testing.B) {
	fmt.Println("| engine | goroutines | work | ours/s | by hand/s | ratio |")
	fmt.Println("|---|---|---|---|---|---|")
	for _, p := range pairs(b) {
		if strings.Contains(p.name, *only) {
			everything(b, p)
		}
	}
	b.ReportMetric(0, "ns/op") // the table is the result
}

// everything fills both and measures every cell of a pair.
func everything(b *testing.B, p pair) {
	b.Helper()
	for _, e := range []engine{p.ours, p.peers} {
		if e != nil {
			fill(b, e)
		}
	}
	for _, goroutines := range []int{1, 16} {
		for _, work := range []string{"create", "read", "update", "find 20"} {
			cell(b, p, goroutines, work)
		}
	}
}

// cell measures both in turn, and prints medians.
func cell(b *testing.B, p pair, goroutines int, work string) {
	b.Helper()
	var rates [2][]float64
	for range *rounds {
		for n, e := range []engine{p.ours, p.peers} {
			if e != nil {
				rates[n] = append(rates[n], rate(b, e, goroutines, work))
			}
		}
	}
	mine, theirs := median(rates[0]), median(rates[1])
	if theirs == 0 {
		fmt.Printf("| %s | %d | %s | %.0f | | |\n", p.name, goroutines, work, mine)
		return
	}
	ratios := make([]float64, len(rates[0]))
	for i := range ratios {
		ratios[i] = rates[0][i] / rates[1][i]
	}
	fmt.Printf("| %s | %d | %s | %.0f | %.0f | %.2f |\n", p.name, goroutines, work, mine, theirs, median(ratios))
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

func fill(b *testing.B, e engine) {
	b.Helper()
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := g; i < records; i += 16 {
				if err := e.create(b.Context(), newTicket(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// fresh numbers the records that create adds, over all rounds.
var fresh atomic.Int64

// rate returns operations a second.
func rate(b *testing.B, e engine, goroutines int, work string) float64 {
	b.Helper()
	do := map[string]func(i int) error{
		"create": func(int) error { return e.create(b.Context(), newTicket(records+int(fresh.Add(1)))) },
		"read": func(i int) error {
			_, err := e.read(b.Context(), newTicket(i*7919%records).ID)
			return err
		},
		"update":  func(i int) error { return e.update(b.Context(), newTicket(i*7919%records).ID, i%5) },
		"find 20": func(i int) error { _, err := e.find(b.Context(), newTicket(i*7919%records).Owner); return err },
	}[work]
	var done atomic.Int64
	var wg sync.WaitGroup
	begin := time.Now()
	for range goroutines {
		wg.Go(func() {
			for time.Since(begin) < *slice {
				if err := do(int(done.Add(1))); err != nil {
					b.Errorf("%s: %v", work, err)
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(begin).Seconds()
}

// BenchmarkExchange prints how many effects a consumer makes in a second, each
// stored together with the cursor that it moves, and what an idle feed costs.
func BenchmarkExchange(b *testing.B) {
	server := pools(b)
	for _, c := range []struct {
		name string
		open func() store.Backend
	}{
		{"memory", func() store.Backend { return memory.New() }},
		{"SQLite NORMAL", func() store.Backend { return exchangeFile(b, sqlite.Normal) }},
		{"SQLite FULL", func() store.Backend { return exchangeFile(b, sqlite.Full) }},
		{"PostgreSQL, fsync", func() store.Backend { own, _ := ownPostgres(b, server); return own }},
	} {
		var rates, idle []float64
		for range *rounds {
			r, i := exchange(b, store.New(c.open(), nil))
			rates, idle = append(rates, r), append(idle, i)
		}
		fmt.Printf("| %s | %.0f effects/s | %.0f unanswered events/s |\n", c.name, median(rates), median(idle))
	}
	b.ReportMetric(0, "ns/op")
}

func exchangeFile(b *testing.B, s sqlite.Synchronous) store.Backend {
	b.Helper()
	back, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "exchange.db"), &sqlite.Options{Synchronous: s})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, back.Close()) })
	return back
}

func exchange(b *testing.B, s *store.Store) (effects, idle float64) {
	b.Helper()
	const events = 5000
	ctx := b.Context()
	record := func(name string) {
		for range events / 50 {
			var list []store.Event
			for range 50 {
				e, err := store.Happened(servicecoin.Program("bench"), name, nil)
				require.NoError(b, err)
				e.Subject = s.For("acme").Key("ticket", "x")
				list = append(list, e)
			}
			require.NoError(b, s.For("acme").Record(ctx, list...))
		}
	}
	rule := store.Rule{Name: "file", On: []string{"ticket.answered"}, Do: func(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
		return "", store.Of(tx.For("acme"), tickets()).Insert(ctx, ticket{ID: tx.NewID(), State: "open"})
	}}
	c, err := store.NewConsumer(s, "bench", []store.Rule{rule}, nil)
	require.NoError(b, err)
	drain := func() float64 {
		begin, n := time.Now(), 0
		for {
			done, err := c.Step(ctx, store.MaxPage)
			require.NoError(b, err)
			if done.Effects+done.Skipped == 0 {
				break
			}
			n += done.Effects + done.Skipped
		}
		if n != events {
			b.Error(errors.New("events were lost"))
		}
		return float64(n) / time.Since(begin).Seconds()
	}
	record("ticket.answered")
	effects = drain()
	record("ticket.unanswered")
	return effects, drain()
}

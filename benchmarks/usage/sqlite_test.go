package usage_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver

	"github.com/servicecoin/servicecoin/benchmarks/usage"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store/sqlite"
	sqliteusage "github.com/servicecoin/servicecoin/store/sqlite/usage"
)

var (
	fills  = flag.Int("fill", 1_000_000, "rows that the fuller one of two files has")
	turns  = flag.Int("turns", 15, "batches of 10,000 of each at each fill")
	alone  = flag.Bool("alone", false, "without the bare tables")
	kept   = flag.String("kept", "", "a file that is filled once, and asked again")
	answer = flag.Bool("answers", false, "compare the answers with those of the program without a store")
)

// bare is what a careful programmer writes for these events and nothing else: one table,
// one row an event, its key unique.
type bare struct {
	db  *sql.DB
	put *sql.Stmt
}

// The two tables that he can choose from.
var tables = map[string]string{
	"bare, without rowid": `CREATE TABLE events (customer TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL,
at INTEGER NOT NULL, value INTEGER NOT NULL, region TEXT NOT NULL, recorded INTEGER NOT NULL, PRIMARY KEY (customer, source, id)) WITHOUT ROWID`,
	"bare, with an index": `CREATE TABLE events (customer TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL,
at INTEGER NOT NULL, value INTEGER NOT NULL, region TEXT NOT NULL, recorded INTEGER NOT NULL);
CREATE UNIQUE INDEX events_key ON events (customer, source, id)`,
}

func newBare(tb testing.TB, table string) *bare {
	tb.Helper()
	const pragmas = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-16000)&_pragma=journal_size_limit(67108864)&_txlock=immediate"
	db, err := sql.Open("sqlite", "file:"+filepath.Join(tb.TempDir(), "bare.db")+pragmas)
	require.NoError(tb, err)
	db.SetMaxOpenConns(1)
	tb.Cleanup(func() { require.NoError(tb, db.Close()) })
	_, err = db.ExecContext(tb.Context(), table)
	require.NoError(tb, err)
	put, err := db.PrepareContext(tb.Context(), `INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, put.Close()) })
	return &bare{db, put}
}

func (b *bare) append(ctx context.Context, events []metering.Event) (added int64, err error) {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	put := tx.StmtContext(ctx, b.put) //nolint:sqlclosecheck // closed with the transaction
	plain := context.WithoutCancel(ctx)
	for i := range events {
		e := &events[i]
		result, err := put.ExecContext(plain, string(e.Customer), e.Source, e.ID, e.Type, e.Subject, e.Time.UnixMicro(), e.Value.Decimal.CoefficientInt64(), e.Dimensions[0].Value, e.RecordedAt.UnixMicro())
		if err != nil {
			return 0, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		added += n
	}
	return added, tx.Commit()
}

// runner takes batches in.
type runner struct {
	name   string
	append func(ctx context.Context, events []metering.Event) (int64, error)
	took   []time.Duration
}

// BenchmarkSQLiteIntake appends the workload to SQLite and to the bare tables, in turns,
// on an empty file and on one that has -fill rows: -benchtime 1x.
func BenchmarkSQLiteIntake(b *testing.B) {
	for range b.N {
		s, err := sqliteusage.Open(b.Context(), filepath.Join(b.TempDir(), "usage.db"), nil)
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, s.Close()) })
		runners := []*runner{{name: "usage", append: func(ctx context.Context, events []metering.Event) (int64, error) {
			receipt, err := s.Append(ctx, events)
			return int64(receipt.Added), err
		}}}
		for name, table := range tables {
			if *alone {
				break
			}
			runners = append(runners, &runner{name: name, append: newBare(b, table).append})
		}
		w := usage.New(max(10_000_000, *fills+10*metering.MaxBatch**turns)) // a day has as many as in the table
		n := 0
		turn := func(size, batches int) {
			buffer := make([]metering.Event, size)
			for i := range batches {
				events := w.Batch(buffer)
				n += len(events)
				for k := range runners {
					r := runners[(i+k)%len(runners)]
					start := time.Now()
					added, err := r.append(b.Context(), events)
					r.took = append(r.took, time.Since(start))
					require.NoError(b, err)
					require.EqualValues(b, len(events), added)
				}
			}
			rates := map[string]float64{}
			for _, r := range runners {
				sum := time.Duration(0)
				for _, d := range r.took {
					sum += d
				}
				slices.Sort(r.took)
				rates[r.name] = float64(size*batches) / sum.Seconds()
				fmt.Printf("at %8d rows, batches of %5d: %-20s %8.0f events/s, median %v, longest %v\n", n, size, r.name, rates[r.name], r.took[len(r.took)/2].Round(time.Microsecond), r.took[len(r.took)-1].Round(time.Millisecond))
				r.took = r.took[:0]
			}
			best := max(rates["bare, without rowid"], rates["bare, with an index"])
			fmt.Printf("  ratio %.2f\n", rates["usage"]/best)
		}
		turn(metering.MaxBatch, *turns)
		turn(100, 20**turns)
		for n < *fills {
			turn(metering.MaxBatch, min(100, (*fills-n)/metering.MaxBatch+1))
		}
		turn(metering.MaxBatch, *turns)
		turn(100, 20**turns)
	}
}

// SQLite answers the questions as the program without a store does.
func TestSQLiteAnswers(t *testing.T) {
	t.Parallel()
	const n = 100_000
	s, err := sqliteusage.Open(t.Context(), filepath.Join(t.TempDir(), "usage.db"), &sqliteusage.Options{Synchronous: sqlite.Normal})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	fill(t, s, n)
	answers(t, s, usage.Cluster(n))
	require.NoError(t, s.Seal(t.Context(), usage.End()))
	answers(t, s, usage.Cluster(n))
}

// BenchmarkSQLiteTable asks the questions of the table, with all days sealed and with
// the last one not: -benchtime 1x -events 10000000 -kept FILE.
func BenchmarkSQLiteTable(b *testing.B) {
	for range b.N {
		path := *kept
		if path == "" {
			path = filepath.Join(b.TempDir(), "usage.db")
		}
		s, err := sqliteusage.Open(b.Context(), path, nil)
		require.NoError(b, err)
		start := time.Now()
		q, err := usage.Ask(s)
		require.NoError(b, err)
		d, err := q.Total(b.Context(), 0, 0)
		require.NoError(b, err)
		if len(d.Cells) == 0 {
			fill(b, s, *events)
			fmt.Printf("filled in %v\n", time.Since(start).Round(time.Millisecond))
		} else {
			fmt.Printf("first total after opening: %v\n", time.Since(start).Round(time.Microsecond))
		}
		ask(b, q, "a day unsealed")
		start = time.Now()
		require.NoError(b, s.Seal(b.Context(), usage.End()))
		fmt.Printf("sealed in %v\n", time.Since(start).Round(time.Millisecond))
		ask(b, q, "sealed")
		if *answer {
			answers(b, s, usage.Cluster(*events))
		}
		require.NoError(b, s.Close())
	}
}

// ask prints the best and the median of each question.
func ask(b *testing.B, q *usage.Questions, what string) {
	b.Helper()
	ctx := b.Context()
	for _, x := range []struct {
		name string
		ask  func() error
	}{
		{"A", func() error { _, err := q.A(ctx); return err }},
		{"B", func() error { _, err := q.B(ctx, 3); return err }},
		{"C", func() error { _, err := q.C(ctx, 3); return err }},
		{"D", func() error { _, err := q.D(ctx, 3); return err }},
		{"E", func() error { _, err := q.E(ctx, 3, 0); return err }},
		{"one total", func() error {
			for i := range 100 {
				if _, err := q.Total(ctx, i%10, i); err != nil {
					return err
				}
			}
			return nil
		}},
	} {
		var took []time.Duration
		for range *rounds {
			start := time.Now()
			require.NoError(b, x.ask())
			d := time.Since(start)
			if x.name == "one total" {
				d /= 100
			}
			took = append(took, d)
		}
		slices.Sort(took)
		fmt.Printf("%-15s %-10s best %10v  median %10v\n", what, x.name, took[0].Round(time.Microsecond), took[len(took)/2].Round(time.Microsecond))
	}
}

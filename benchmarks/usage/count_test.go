package usage_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/benchmarks/usage"
	"github.com/servicecoin/servicecoin/metering"
	recordstore "github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres"
	"github.com/servicecoin/servicecoin/store/postgres/pgtest"
	pgusage "github.com/servicecoin/servicecoin/store/postgres/usage"
	sqliteusage "github.com/servicecoin/servicecoin/store/sqlite/usage"
)

var (
	counted = flag.Int("counted", 30_000, "events that are counted twice, by a store and without one")
	kills   = flag.Int("kills", 3, "how often the process that appends them is killed")
)

// The totals of the workload, one in a hundred of it late, void, corrected, repeated or in
// conflict, are what a count without the library comes to: in memory, and on each engine
// after the process that appends was killed again and again.
//
//	go test ./usage -run Count -counted 10000000 -kills 20 -timeout 6h
func TestCount(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		s := metering.NewMemoryStore()
		d := usage.NewDisturbed(*counted)
		buffer := make([]metering.Event, metering.MaxBatch)
		for batch := d.Batch(buffer); len(batch) > 0; batch = d.Batch(buffer) {
			_, err := s.Append(t.Context(), batch)
			require.NoError(t, err)
		}
		compare(t, s, d)
	})
	t.Run("SQLite", func(t *testing.T) {
		killed(t, "sqlite:"+filepath.Join(t.TempDir(), "usage.db"))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		killed(t, "postgres:"+pgtest.StartDurable(t).Database(t))
	})
}

// open opens the store of a place.
func open(ctx context.Context, place string) (s metering.EventStore, done func(), err error) {
	kind, address, _ := strings.Cut(place, ":")
	if kind == "sqlite" {
		s, err := sqliteusage.Open(ctx, address, nil)
		if err != nil {
			return nil, nil, err
		}
		return s, func() { _ = s.Close() }, nil
	}
	pool, err := pgxpool.New(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	store, err := pgusage.New(ctx, pool, &postgres.Options{Migrate: recordstore.MigrateAtStart})
	return store, pool.Close, err
}

const (
	placeOf = "SERVICECOIN_COUNT_PLACE"
	skipOf  = "SERVICECOIN_COUNT_SKIP"
	manyOf  = "SERVICECOIN_COUNT_EVENTS"
)

// TestAppending is no test: it is the process that is killed.
func TestAppending(t *testing.T) {
	place := os.Getenv(placeOf)
	if place == "" {
		t.Skip("runs in the process that TestCount starts")
	}
	skip, err := strconv.Atoi(os.Getenv(skipOf))
	require.NoError(t, err)
	many, err := strconv.Atoi(os.Getenv(manyOf))
	require.NoError(t, err)
	s, done, err := open(t.Context(), place)
	require.NoError(t, err)
	defer done()
	d := usage.NewDisturbed(many)
	buffer := make([]metering.Event, batchSize(many))
	for n := 0; ; n++ {
		batch := d.Batch(buffer)
		if len(batch) == 0 {
			break
		}
		if n < skip {
			continue
		}
		_, err := s.Append(t.Context(), batch)
		require.NoError(t, err)
		fmt.Println("acknowledged", n+1)
	}
	fmt.Println("acknowledged all")
}

func batchSize(many int) int { return min(metering.MaxBatch, max(many/100, 100)) }

// killed has the workload appended by a process that is killed at any moment, and goes on
// from what was acknowledged.
func killed(t *testing.T, place string) {
	t.Helper()
	acknowledged, all, deaths := 0, false, 0
	each := time.Duration(*counted) * 2 * time.Microsecond
	for !all {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAppending$", "-test.timeout=6h")
		cmd.Env = append(os.Environ(), placeOf+"="+place, skipOf+"="+strconv.Itoa(acknowledged), manyOf+"="+strconv.Itoa(*counted))
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		var end *time.Timer
		if deaths < *kills {
			end = time.AfterFunc(200*time.Millisecond+rand.N(each+time.Millisecond), func() { _ = cmd.Process.Kill() })
			deaths++
		}
		var said []string
		for lines := bufio.NewScanner(out); lines.Scan(); {
			text, is := strings.CutPrefix(lines.Text(), "acknowledged ")
			switch {
			case text == "all":
				all = true
			case is:
				acknowledged, err = strconv.Atoi(text)
				require.NoError(t, err)
			default:
				said = append(said, lines.Text())
			}
		}
		err = cmd.Wait()
		if end != nil {
			end.Stop()
		} else {
			require.NoError(t, err, "%v", said)
		}
	}
	s, done, err := open(t.Context(), place)
	require.NoError(t, err)
	defer done()
	d := usage.NewDisturbed(*counted)
	buffer := make([]metering.Event, batchSize(*counted))
	for batch := d.Batch(buffer); len(batch) > 0; batch = d.Batch(buffer) { // for its own count
		continue
	}
	t.Logf("killed up to %d times, %d events and facts, %d of them odd", deaths, *counted, d.Others())
	compare(t, s, d)
}

// compare compares totals of days and of all days with the count.
func compare(t *testing.T, s metering.EventStore, d *usage.Disturbed) {
	t.Helper()
	days := d.Count()
	whole := map[[3]int32]usage.Counted{}
	for key, c := range days {
		key[2] = 0
		sum := whole[key]
		if sum.Count == 0 || c.Max > sum.Max {
			sum.Max = c.Max
		}
		sum.Sum, sum.Count = sum.Sum+c.Sum, sum.Count+c.Count
		whole[key] = sum
	}
	q, err := usage.Ask(s)
	require.NoError(t, err)
	a, err := q.A(t.Context())
	require.NoError(t, err)
	found := 0
	for m := range usage.Meters {
		found += agree(t, a[2*m:2*m+2], int32(m), whole)
		b, err := q.B(t.Context(), m)
		require.NoError(t, err)
		found += agree(t, b, int32(m), days)
	}
	require.Equal(t, len(whole)+len(days), found)
	for _, c := range []servicecoin.CustomerID{"customer-0000", "customer-0500"} {
		differences, err := s.Verify(t.Context(), c)
		require.NoError(t, err)
		require.Empty(t, differences)
	}
}

func agree(t *testing.T, got []*metering.Measured, meter int32, want map[[3]int32]usage.Counted) int {
	t.Helper()
	for i, cell := range got[0].Cells {
		number, err := strconv.Atoi(strings.TrimPrefix(string(got[0].Customers[cell.Customer]), "customer-"))
		require.NoError(t, err)
		c := want[[3]int32{meter, int32(number), cell.Window}]
		require.Equal(t, c.Count, cell.Events, "events of %v", cell)
		require.True(t, decimal.New(c.Sum, -4).Equal(cell.Value().Decimal), "sum: %d and %s", c.Sum, cell.Value().Decimal)
		require.True(t, decimal.New(c.Max, -4).Equal(got[1].Cells[i].Value().Decimal), "maximum")
	}
	return len(got[0].Cells)
}

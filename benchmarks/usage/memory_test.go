package usage_test

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/benchmarks/usage"
	"github.com/servicecoin/servicecoin/metering"
)

var (
	events = flag.Int("events", 1_000_000, "events of the workload")
	rounds = flag.Int("rounds", 5, "rounds, of which the best counts")
)

// The questions are answered right: as the program without a store answers them.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const n = 100_000
	s := metering.NewMemoryStore()
	fill(t, s, n)
	answers(t, s, usage.Cluster(n))
	require.NoError(t, s.Seal(t.Context(), usage.End()))
	answers(t, s, usage.Cluster(n))
}

func fill(t testing.TB, s metering.EventStore, n int) {
	t.Helper()
	w := usage.New(n)
	buffer := make([]metering.Event, metering.MaxBatch)
	for batch := w.Batch(buffer); len(batch) > 0; batch = w.Batch(buffer) {
		receipt, err := s.Append(t.Context(), batch)
		require.NoError(t, err)
		require.Equal(t, metering.Receipt{Added: len(batch)}, receipt)
	}
}

func answers(t testing.TB, s metering.EventStore, c *usage.Columns) {
	t.Helper()
	q, err := usage.Ask(s)
	require.NoError(t, err)
	a, err := q.A(t.Context())
	require.NoError(t, err)
	i := 0
	for m := range usage.Meters {
		same(t, a[2*m:2*m+2], c.A()[i:i+len(a[2*m].Cells)])
		i += len(a[2*m].Cells)
	}
	b, err := q.B(t.Context(), 3)
	require.NoError(t, err)
	same(t, b, c.B(3))
	d, err := q.C(t.Context(), 3)
	require.NoError(t, err)
	byGroup(t, d[0], c.C(3, 0, 1))
	u, err := q.D(t.Context(), 3)
	require.NoError(t, err)
	groups := c.D(3)
	require.Len(t, u[0].Cells, len(groups))
	for i, cell := range u[0].Cells {
		require.Equal(t, groups[i].Count, cell.Value().Decimal.IntPart())
	}
	e, err := q.E(t.Context(), 3, 0)
	require.NoError(t, err)
	byGroup(t, e[0], c.E(3, 0))
}

// same compares sums and maxima.
func same(t testing.TB, got []*metering.Measured, want []usage.Group) {
	t.Helper()
	require.Len(t, got[0].Cells, len(want))
	for i, cell := range got[0].Cells {
		g := want[i]
		require.Equal(t, []any{g.Window, g.Count}, []any{cell.Window, cell.Events})
		require.True(t, decimal.New(g.Sum, -4).Equal(cell.Value().Decimal))
		require.True(t, decimal.New(g.Max, -4).Equal(got[1].Cells[i].Value().Decimal))
	}
}

// byGroup compares sums that come group by group.
func byGroup(t testing.TB, got *metering.Measured, want []usage.Group) {
	t.Helper()
	slices.SortStableFunc(want, func(a, b usage.Group) int {
		if a.Customer != b.Customer {
			return int(a.Customer - b.Customer)
		}
		return int(a.Region - b.Region)
	})
	require.Len(t, got.Cells, len(want))
	for i, cell := range got.Cells {
		g := want[i]
		require.Equal(t, []any{g.Window, g.Count, fmt.Sprintf("region-%d", g.Region)}, []any{cell.Window, cell.Events, got.Groups[cell.Group][0]})
		require.True(t, decimal.New(g.Sum, -4).Equal(cell.Value().Decimal))
	}
}

// BenchmarkIntake appends the workload to the store in memory: -benchtime 1x -events N.
func BenchmarkIntake(b *testing.B) {
	for _, sealing := range []bool{false, true} {
		b.Run(fmt.Sprintf("sealing=%v", sealing), func(b *testing.B) {
			for range b.N {
				intake(b, sealing)
			}
		})
	}
}

func intake(b *testing.B, sealing bool) {
	b.Helper()
	const size = 1000
	s := metering.NewMemoryStore()
	w := usage.New(*events)
	buffer := make([]metering.Event, 100*size)
	var took time.Duration
	sealed := usage.Start()
	n := 0
	for chunk := w.Batch(buffer); len(chunk) > 0; chunk = w.Batch(buffer) {
		start := time.Now()
		for batch := range slices.Chunk(chunk, size) {
			if _, err := s.Append(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
			n += len(batch)
			if day := batch[0].RecordedAt.Add(-time.Hour); sealing && day.Sub(sealed) > 24*time.Hour {
				sealed = sealed.AddDate(0, 0, 1)
				if err := s.Seal(b.Context(), sealed); err != nil {
					b.Fatal(err)
				}
			}
		}
		took += time.Since(start)
	}
	b.ReportMetric(float64(n)/took.Seconds(), "events/s")
	runtime.GC()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	b.ReportMetric(float64(mem.HeapAlloc)/float64(n), "heapB/event")
	runtime.KeepAlive(s)
}

// BenchmarkTable asks the questions of the store in memory and of the program without
// one, in turns, and prints the best of each: -benchtime 1x -events 10000000.
func BenchmarkTable(b *testing.B) {
	for range b.N {
		s := metering.NewMemoryStore()
		fill(b, s, *events)
		c := usage.Cluster(*events)
		unsealed := table(b, s, c, "a day unsealed", func() { require.NoError(b, s.Seal(b.Context(), usage.End().AddDate(0, 0, -1))) })
		sealed := table(b, s, c, "sealed", func() { require.NoError(b, s.Seal(b.Context(), usage.End())) })
		fmt.Println(unsealed + sealed)
	}
}

func table(b *testing.B, s metering.EventStore, c *usage.Columns, name string, before func()) string {
	b.Helper()
	before()
	runtime.GC()
	q, err := usage.Ask(s)
	require.NoError(b, err)
	ctx := context.Background()
	const meter, customer = 3, 20
	questions := []struct {
		name  string
		limit func()
		ours  func() ([]*metering.Measured, error)
	}{
		{"A", func() { c.A() }, func() ([]*metering.Measured, error) { return q.A(ctx) }},
		{"B", func() { c.B(meter) }, func() ([]*metering.Measured, error) { return q.B(ctx, meter) }},
		{"C", func() { c.C(meter, 0, 1) }, func() ([]*metering.Measured, error) { return q.C(ctx, meter) }},
		{"D", func() { c.D(meter) }, func() ([]*metering.Measured, error) { return q.D(ctx, meter) }},
		{"E", func() { c.E(meter, customer) }, func() ([]*metering.Measured, error) { return q.E(ctx, meter, customer) }},
		{"total", func() {}, func() ([]*metering.Measured, error) {
			m, err := q.Total(ctx, meter, customer)
			return []*metering.Measured{m}, err
		}},
	}
	late := usage.New(1000 + len(name)).Batch(make([]metering.Event, 1000))
	var text strings.Builder
	fmt.Fprintf(&text, "%s, %d events\n", name, *events)
	restated := time.Hour
	for i, e := range late {
		e.ID, e.Time, e.RecordedAt = fmt.Sprintf("late %s %d", name, i), usage.Start().AddDate(0, 0, i%usage.Days), usage.End()
		start := time.Now()
		_, err := s.Append(ctx, []metering.Event{e})
		require.NoError(b, err)
		_, err = q.Total(ctx, meter, customer)
		require.NoError(b, err)
		restated = min(restated, time.Since(start))
	}
	for _, x := range questions {
		limit, ours := time.Hour, time.Hour
		for range *rounds {
			start := time.Now()
			x.limit()
			limit = min(limit, time.Since(start))
			start = time.Now()
			_, err := x.ours()
			ours = min(ours, time.Since(start))
			require.NoError(b, err)
		}
		fmt.Fprintf(&text, "%-6s limit %10v  ours %10v  %.2f\n", x.name, limit, ours, float64(ours)/float64(limit))
	}
	fmt.Fprintf(&text, "one late event, and a total again: %v\n", restated)
	return text.String()
}

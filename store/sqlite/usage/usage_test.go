package usage_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/meteringtest"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
	"github.com/servicecoin/servicecoin/store/sqlite/usage"
)

// The test binary runs itself as another process, which appends until it is
// killed.
const fileVariable = "SERVICECOIN_TEST_USAGE_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(openedOnce); path != "" {
		if err := openOnce(context.Background(), path); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
		return
	}
	path := os.Getenv(fileVariable)
	if path == "" {
		os.Exit(m.Run())
	}
	fmt.Println("failed:", appendForever(context.Background(), path))
	os.Exit(1)
}

var day = time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)

func batch(name string, n int) []metering.Event {
	list := make([]metering.Event, n)
	for i := range list {
		list[i] = metering.Event{
			Customer: "acme", Source: name, ID: strconv.Itoa(i), Type: "vm.ran", Time: day.Add(time.Duration(i) * time.Second),
			Value: decimal.NewNullDecimal(decimal.New(int64(i), -2)), Dimensions: metering.DimensionsOf(map[string]string{"region": "eu"}), RecordedAt: day,
		}
	}
	return list
}

func all() metering.Query {
	return metering.Query{Customer: "acme", Type: "vm.ran", During: calendar.Between(day, day.AddDate(1, 0, 0))}
}

func list(t testing.TB, s metering.EventStore, q metering.Query) (events []metering.Event) {
	t.Helper()
	for e, err := range s.Scan(t.Context(), q) {
		require.NoError(t, err)
		events = append(events, e)
	}
	return events
}

func opened(tb testing.TB) (*usage.Store, string) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "usage.db")
	s, err := usage.Open(tb.Context(), path, &usage.Options{Synchronous: sqlite.Normal})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return s, path
}

func database(tb testing.TB, path string) *sql.DB {
	tb.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, db.Close()) })
	return db
}

func closing(tb testing.TB, s metering.EventStore) {
	tb.Helper()
	c, ok := s.(*usage.Store)
	require.True(tb, ok)
	require.NoError(tb, c.Close())
}

func TestContractOpened(t *testing.T) {
	t.Parallel()
	meteringtest.Run(t, meteringtest.Harness{
		Open: func(tb testing.TB) metering.EventStore {
			tb.Helper()
			s, _ := opened(tb)
			return s
		},
		Close: closing,
	})
}

// One connection is enough for a host that keeps no transaction open.
func TestContractHosted(t *testing.T) {
	t.Parallel()
	for name, most := range map[string]int{"pool": 0, "one connection": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			meteringtest.Run(t, meteringtest.Harness{
				Open: func(tb testing.TB) metering.EventStore {
					tb.Helper()
					db := database(tb, filepath.Join(tb.TempDir(), "host.db"))
					db.SetMaxOpenConns(most)
					// Eight writers wait for one lock: on a busy machine that takes its time.
					s, err := usage.New(tb.Context(), db, &usage.Options{BusyTimeout: time.Minute})
					require.NoError(tb, err)
					return s
				},
				Close: closing,
			})
		})
	}
}

// Whatever is appended in whatever batches, the answers are those of memory.
func TestSameAsMemory(t *testing.T) {
	t.Parallel()
	s, _ := opened(t)
	meteringtest.RunSame(t, meteringtest.Harness{Open: func(testing.TB) metering.EventStore { return s }})
}

func BenchmarkStore(b *testing.B) {
	meteringtest.RunBenchmarks(b, meteringtest.Harness{Open: func(tb testing.TB) metering.EventStore {
		s, _ := opened(tb)
		return s
	}})
}

func TestBesideRecordsInOneFile(t *testing.T) {
	t.Parallel()
	s, path := opened(t)
	records, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, records.Close()) })
	st := store.New(records, nil)
	meters := metering.NewMeters(st.For(servicecoin.Provider))
	ada := servicecoin.Person("ada")
	require.NoError(t, meters.Define(t.Context(), ada, metering.Meter{ID: "hours", Name: "Hours", Type: "vm.ran", Aggregation: metering.Sum, Unit: "h"}))
	ledger := metering.New(st.For("acme"), s, meters, servicecoin.Customer{ID: "acme", Name: "Acme"}, nil)
	_, err = ledger.SetQuota(t.Context(), ada, metering.Quota{ID: "q", Meter: "hours", Limit: decimal.NewFromInt(1), Mode: metering.Hard, Period: metering.Daily, From: day})
	require.NoError(t, err)
	receipt, err := ledger.Record(t.Context(), ada, batch("b", 100)...)
	require.NoError(t, err)
	require.Equal(t, 100, receipt.Added)
	n := 0
	for x, err := range ledger.Excesses().All(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, "49.5", x.Used.String())
		n++
	}
	require.Equal(t, 1, n)

	copied := filepath.Join(t.TempDir(), "backup.db")
	require.NoError(t, records.Backup(t.Context(), copied))
	again, err := usage.Open(t.Context(), copied, nil)
	require.NoError(t, err)
	require.Len(t, list(t, again, all()), 100, "a backup of the file has the usage")
	require.NoError(t, again.Close())
	require.NoError(t, again.Close(), "closing again does nothing")
}

func TestStory(t *testing.T) {
	t.Parallel()
	s, path := opened(t)
	records, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, records.Close()) })
	meteringtest.Story(t, records, s)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, path := range []string{"", ":memory:", "file:x.db"} {
		_, err := usage.Open(ctx, path, nil)
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
	}
	_, err := usage.Open(ctx, filepath.Join(t.TempDir(), "absent", "x.db"), nil)
	require.Error(t, err)
	empty := filepath.Join(t.TempDir(), "empty.db")
	_, err = usage.Open(ctx, empty, &usage.Options{Migrate: store.MigrateByHost})
	require.ErrorContains(t, err, "WAL is needed")
	db := database(t, empty)
	var mode string
	require.NoError(t, db.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode))
	_, err = usage.New(ctx, db, &usage.Options{Migrate: store.MigrateByHost})
	require.ErrorContains(t, err, "run usage.Schema()")
	_, err = db.ExecContext(ctx, usage.Schema())
	require.NoError(t, err)
	s, err := usage.New(ctx, db, &usage.Options{Migrate: store.MigrateByHost})
	require.NoError(t, err)
	_, err = s.Append(ctx, batch("b", 1))
	require.NoError(t, err)
	_, err = db.ExecContext(ctx, "UPDATE servicecoin_usage_meta SET value = 99")
	require.NoError(t, err)
	_, err = usage.Open(ctx, empty, nil)
	require.ErrorIs(t, err, servicecoin.ErrNewer)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = usage.New(gone, db, nil)
	require.ErrorIs(t, err, context.Canceled)
}

// A lock that somebody else holds is waited for, and then told; listings go on.
func TestLocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "locked.db")
	s, err := usage.Open(t.Context(), path, &usage.Options{BusyTimeout: 20 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	_, err = s.Append(t.Context(), batch("before", 3))
	require.NoError(t, err)
	conn, err := database(t, path).Conn(t.Context())
	require.NoError(t, err)
	_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	_, err = s.Append(t.Context(), batch("meanwhile", 3))
	require.ErrorIs(t, err, servicecoin.ErrBusy)
	require.ErrorIs(t, s.Forget(t.Context(), "acme"), servicecoin.ErrBusy)
	require.Len(t, list(t, s, all()), 3)
	_, err = conn.ExecContext(t.Context(), "COMMIT")
	require.NoError(t, err)
	_, err = s.Append(t.Context(), batch("meanwhile", 3))
	require.NoError(t, err)
	require.Len(t, list(t, s, all()), 6)
	require.NoError(t, conn.Close())
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 1000, metering.MaxBatch} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			b.ReportAllocs()
			s, _ := opened(b)
			n := 0
			for b.Loop() {
				n++
				if _, err := s.Append(b.Context(), batch(strconv.Itoa(n), size)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*size)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func BenchmarkScan(b *testing.B) {
	b.ReportAllocs()
	s, _ := opened(b)
	const many = 20_000
	for n := range many / metering.MaxBatch {
		if _, err := s.Append(b.Context(), batch(strconv.Itoa(n), metering.MaxBatch)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if n := len(list(b, s, all())); n != many {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/many, "ns/event")
}

package usage_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/meteringtest"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres"
	"github.com/servicecoin/servicecoin/store/postgres/pgtest"
	"github.com/servicecoin/servicecoin/store/postgres/usage"
	"github.com/servicecoin/servicecoin/suitetest"
)

// database is a database, and the two who use it.
type database struct {
	dsn   string
	owner *pgxpool.Pool // superuser: no policy binds it

	schemas *schemas
}

func open(tb testing.TB) database {
	tb.Helper()
	dsn := pgtest.Start(tb).Database(tb)
	d := database{dsn: dsn, owner: pgtest.Pool(tb, dsn), schemas: &schemas{}}
	d.must(tb, "DO $$ BEGIN CREATE ROLE collector LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;")
	return d
}

// must runs statements as superuser.
func (d database) must(tb testing.TB, sql string) {
	tb.Helper()
	pgtest.Exec(tb, d.owner, sql)
}

// app returns connections of the program's role: it owns nothing, and may do
// what the migration names.
func (d database) app(tb testing.TB, change ...func(*pgxpool.Config)) *pgxpool.Pool {
	tb.Helper()
	return pgtest.Pool(tb, pgtest.As(d.dsn, "collector"), change...)
}

func (d database) schema(tb testing.TB, name string) *postgres.Options {
	tb.Helper()
	o := &postgres.Options{Schema: name}
	require.NoError(tb, postgres.Migrate(tb.Context(), d.owner, name))
	quoted := pgx.Identifier{name}.Sanitize()
	d.must(tb, "GRANT USAGE ON SCHEMA "+quoted+" TO collector; GRANT SELECT ON "+quoted+".migrations TO collector;"+
		strings.ReplaceAll("GRANT SELECT, INSERT, UPDATE, DELETE ON s.usage_keys, s.usage_facts, s.usage_log, s.usage_days, s.usage_months TO collector;"+
			"GRANT SELECT, DELETE ON s.usage_events TO collector;", "s.", quoted+"."))
	return o
}

// schemas are those of a database that nobody uses any more: a schema takes longer to
// make than a case of the suite to run.
type schemas struct {
	mu   sync.Mutex
	made int
	free []string
}

// store returns an empty store in a schema that is its own until the test ends.
func (d database) store(tb testing.TB, p *pgxpool.Pool) *usage.Store {
	tb.Helper()
	s, _ := d.storeIn(tb, p)
	return s
}

func (d database) storeIn(tb testing.TB, p *pgxpool.Pool) (*usage.Store, string) {
	tb.Helper()
	d.schemas.mu.Lock()
	defer d.schemas.mu.Unlock()
	name := fmt.Sprintf(`Schema "%d"; --`, d.schemas.made+1)
	if n := len(d.schemas.free); n > 0 {
		name, d.schemas.free = d.schemas.free[n-1], d.schemas.free[:n-1]
	} else {
		d.schema(tb, name)
		d.schemas.made++
	}
	quoted := pgx.Identifier{name}.Sanitize()
	tb.Cleanup(func() {
		for _, table := range tables() {
			_, err := d.owner.Exec(context.WithoutCancel(tb.Context()), "DELETE FROM "+quoted+"."+table)
			require.NoError(tb, err)
		}
		d.schemas.mu.Lock()
		defer d.schemas.mu.Unlock()
		d.schemas.free = append(d.schemas.free, name)
	})
	s, err := usage.New(tb.Context(), p, &postgres.Options{Schema: name})
	require.NoError(tb, err)
	return s, quoted
}

func tables() []string {
	return []string{"usage_keys", "usage_facts", "usage_log", "usage_days", "usage_months"}
}

// The program's role owns nothing, so the whole suite runs behind the row
// policy; in schemas of odd names, and in each of pgx's modes.
func TestContract(t *testing.T) {
	d := open(t)
	for name, mode := range map[string]pgx.QueryExecMode{"prepared": pgx.QueryExecModeCacheStatement, "exec": pgx.QueryExecModeExec, "described": pgx.QueryExecModeCacheDescribe} {
		t.Run(name, func(t *testing.T) {
			app := d.app(t, func(c *pgxpool.Config) { c.ConnConfig.DefaultQueryExecMode = mode })
			meteringtest.Run(t, meteringtest.Harness{Open: func(tb testing.TB) metering.EventStore { return d.store(tb, app) }})
		})
	}
}

// sealed is a store that seals all that there is after each batch.
type sealed struct{ *usage.Store }

func (s sealed) Append(ctx context.Context, events []metering.Event) (metering.Receipt, error) {
	receipt, err := s.Store.Append(ctx, events)
	if err == nil {
		err = s.Seal(ctx, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))
	}
	return receipt, err
}

// What is sealed answers as what is not.
func TestContractSealed(t *testing.T) {
	d := open(t)
	app := d.app(t)
	meteringtest.Run(t, meteringtest.Harness{Open: func(tb testing.TB) metering.EventStore { return sealed{d.store(tb, app)} }})
}

func TestContractClosed(t *testing.T) {
	d := open(t)
	h := meteringtest.Harness{
		Open: func(tb testing.TB) metering.EventStore {
			p := d.app(tb)
			return withPool{d.store(tb, p), p}
		},
		Close: func(tb testing.TB, s metering.EventStore) {
			w, ok := s.(withPool)
			require.True(tb, ok)
			w.pool.Close()
		},
	}
	suitetest.Run(t, "meteringtest", suitetest.Needing(meteringtest.Cases(), meteringtest.Closing), h)
}

// withPool is a store that loses its connections when its pool is closed.
type withPool struct {
	metering.EventStore
	pool *pgxpool.Pool
}

var day = time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)

func batch(customer servicecoin.CustomerID, from, n int) []metering.Event {
	list := make([]metering.Event, n)
	for i := range list {
		list[i] = metering.Event{
			Customer: customer, Source: "s", ID: strconv.Itoa(from + i), Type: "vm.ran", Time: day.Add(time.Duration(from+i) * time.Second),
			Value: decimal.NewNullDecimal(decimal.New(int64(i), -2)), Dimensions: metering.DimensionsOf(map[string]string{"region": "eu"}), RecordedAt: day,
		}
	}
	return list
}

func all(customer servicecoin.CustomerID) metering.Query {
	return metering.Query{Customer: customer, Type: "vm.ran", During: calendar.Between(day, day.AddDate(1, 0, 0))}
}

func list(t testing.TB, s metering.EventStore, q metering.Query) (events []metering.Event) {
	t.Helper()
	for e, err := range s.Scan(t.Context(), q) {
		require.NoError(t, err)
		events = append(events, e)
	}
	return events
}

// Whatever is appended in whatever batches, the answers are those of memory.
func TestSameAsMemory(t *testing.T) {
	d := open(t)
	s := d.store(t, d.app(t))
	meteringtest.RunSame(t, meteringtest.Harness{Open: func(testing.TB) metering.EventStore { return s }})
}

func TestSameAsMemorySealed(t *testing.T) {
	d := open(t)
	s := sealed{d.store(t, d.app(t))}
	meteringtest.RunSame(t, meteringtest.Harness{Open: func(testing.TB) metering.EventStore { return s }})
}

func BenchmarkStore(b *testing.B) {
	d := open(b)
	app := d.app(b)
	meteringtest.RunBenchmarks(b, meteringtest.Harness{Open: func(tb testing.TB) metering.EventStore { return d.store(tb, app) }})
}

// Records and events in one schema, both behind their policies.
func TestStory(t *testing.T) {
	d := open(t)
	o := d.schema(t, "story")
	d.must(t, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA story TO collector; GRANT SELECT ON ALL SEQUENCES IN SCHEMA story TO collector")
	app := d.app(t)
	records, err := postgres.New(t.Context(), app, o)
	require.NoError(t, err)
	s, err := usage.New(t.Context(), app, o)
	require.NoError(t, err)
	meteringtest.Story(t, records, s)
}

func TestNewRefuses(t *testing.T) {
	d := open(t)
	_, err := usage.New(t.Context(), d.owner, nil)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, "0002_usage_events.sql")
	_, err = usage.New(t.Context(), d.owner, &postgres.Options{Migrate: store.MigrateAtStart})
	require.NoError(t, err)
	d.must(t, "INSERT INTO servicecoin.migrations (version, name) VALUES (99, 'later')")
	_, err = usage.New(t.Context(), d.owner, nil)
	require.ErrorIs(t, err, servicecoin.ErrNewer)
}

// Forget waits for a batch in flight, which does not reappear behind it; and
// those who append the same keys in opposite orders do not lock each other out.
func TestForgetAndAppendAtOnce(t *testing.T) {
	d := open(t)
	s := d.store(t, d.app(t))
	var wg sync.WaitGroup
	for w := range 6 {
		wg.Go(func() {
			for n := range 20 {
				events := batch("acme", n*10, 60)
				if w%2 == 1 {
					events = batch("acme", 190-n*10, 60)
				}
				if _, err := s.Append(t.Context(), events); err != nil {
					t.Errorf("append: %v", err)
				}
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			if err := s.Forget(t.Context(), "acme"); err != nil {
				t.Errorf("forget: %v", err)
			}
		}
	})
	wg.Wait()
	require.NoError(t, s.Forget(t.Context(), "acme"))
	require.Empty(t, list(t, s, all("acme")))
}

// A lock that somebody else holds is waited for until the context ends: then it
// is ErrBusy, and nothing is stored.
func TestLocked(t *testing.T) {
	d := open(t)
	s, schema := d.storeIn(t, d.app(t))
	table := schema + ".usage_keys"
	tx, err := d.owner.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE "+table+" IN SHARE MODE")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = s.Append(ctx, batch("acme", 0, 3))
	require.ErrorIs(t, err, servicecoin.ErrBusy)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, tx.Rollback(t.Context()))
	require.Empty(t, list(t, s, all("acme")))
	_, err = s.Append(t.Context(), batch("acme", 0, 3))
	require.NoError(t, err)
}

func BenchmarkAppend(b *testing.B) {
	d := open(b)
	s := d.store(b, d.app(b))
	n := 0
	for _, size := range []int{1, 1000, metering.MaxBatch} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			b.ReportAllocs()
			before := n
			for b.Loop() {
				if _, err := s.Append(b.Context(), batch("acme", n, size)); err != nil {
					b.Fatal(err)
				}
				n += size
			}
			b.ReportMetric(float64(n-before)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

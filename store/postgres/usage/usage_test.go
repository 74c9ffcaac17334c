package usage_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
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
}

func open(tb testing.TB) database {
	tb.Helper()
	dsn := pgtest.Start(tb).Database(tb)
	d := database{dsn: dsn, owner: pgtest.Pool(tb, dsn)}
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
		"GRANT SELECT, INSERT, DELETE ON "+quoted+".usage_events TO collector;")
	return o
}

var schemas atomic.Int64

func (d database) store(tb testing.TB, p *pgxpool.Pool) *usage.Store {
	tb.Helper()
	s, err := usage.New(tb.Context(), p, d.schema(tb, fmt.Sprintf(`Schema "%d"; --`, schemas.Add(1))))
	require.NoError(tb, err)
	return s
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
			Value: decimal.NewNullDecimal(decimal.New(int64(i), -2)), Dimensions: map[string]string{"region": "eu"}, RecordedAt: day,
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

// The second wall: whoever forgets to say which customers it is about sees and
// changes nothing, and a batch cannot store for a customer that it does not name.
func TestRowPolicy(t *testing.T) {
	d := open(t)
	app := d.app(t)
	s := d.store(t, app)
	_, err := s.Append(t.Context(), append(batch("acme", 0, 3), batch("globex", 0, 2)...))
	require.NoError(t, err)
	table := pgx.Identifier{fmt.Sprintf(`Schema "%d"; --`, schemas.Load()), "usage_events"}.Sanitize()
	count := func(p *pgxpool.Pool, customers string) (n int) {
		tx, err := p.Begin(t.Context())
		require.NoError(t, err)
		defer tx.Rollback(t.Context())
		_, err = tx.Exec(t.Context(), "SELECT set_config('servicecoin.customers', $1, true)", customers)
		require.NoError(t, err)
		require.NoError(t, tx.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
		return n
	}
	require.Equal(t, 5, count(d.owner, ""))
	require.Equal(t, 0, count(app, ""))
	require.Equal(t, 3, count(app, "acme"))
	require.Equal(t, 5, count(app, "acme\x1fglobex"))
	tag, err := app.Exec(t.Context(), "DELETE FROM "+table)
	require.NoError(t, err)
	require.Zero(t, tag.RowsAffected())
	_, err = app.Exec(t.Context(), "INSERT INTO "+table+" (customer, source, id, type, subject, at, recorded_at) VALUES ('acme', 's', 'x', 't', '', now(), now())")
	require.ErrorContains(t, err, "row-level security")
	_, err = app.Exec(t.Context(), "UPDATE "+table+" SET subject = 'x'")
	require.ErrorContains(t, err, "permission denied")
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
	s := d.store(t, d.app(t))
	table := pgx.Identifier{fmt.Sprintf(`Schema "%d"; --`, schemas.Load()), "usage_events"}.Sanitize()
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

// A listing walks the index in its order, with the values of the parameters and
// without them.
func TestPlans(t *testing.T) {
	d := open(t)
	require.NoError(t, postgres.Migrate(t.Context(), d.owner, ""))
	d.must(t, "GRANT USAGE ON SCHEMA servicecoin TO collector; GRANT SELECT ON servicecoin.migrations, servicecoin.usage_events TO collector")
	d.must(t, `INSERT INTO servicecoin.usage_events (customer, source, id, type, subject, at, recorded_at)
SELECT 'c' || n % 25, 's', n, 't' || n % 3, '', '2026-03-29'::timestamptz + n * interval '1 second', now() FROM generate_series(1, 20000) AS n;
ANALYZE servicecoin.usage_events`)
	app := d.app(t)
	s, err := usage.New(t.Context(), app, nil)
	require.NoError(t, err)
	q := metering.Query{Customer: "c7", Type: "t1", During: calendar.Between(day, day.AddDate(0, 0, 1))}
	for name, cursor := range map[string]*metering.Cursor{"first": nil, "next": {Time: day.Add(time.Hour), Source: "s", ID: "9"}} {
		text, args := s.Listing(q, cursor)
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				tx, err := app.Begin(t.Context())
				require.NoError(t, err)
				defer tx.Rollback(t.Context())
				_, err = tx.Exec(t.Context(), "SELECT set_config('plan_cache_mode', $1, true), set_config('servicecoin.customers', 'c7', true)", mode)
				require.NoError(t, err)
				_, err = tx.Exec(t.Context(), usage.Ordered())
				require.NoError(t, err)
				var plan string
				require.NoError(t, tx.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON) "+text, args...).Scan(&plan))
				require.True(t, json.Valid([]byte(plan)))
				require.Contains(t, plan, `"Index Name": "usage_events_time"`)
				for _, bad := range []string{`"Sort"`, `"Seq Scan"`, `"Bitmap Heap Scan"`} {
					require.NotContains(t, plan, `"Node Type": `+bad)
				}
			})
		}
	}
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

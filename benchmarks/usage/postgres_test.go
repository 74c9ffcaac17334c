package usage_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/benchmarks/usage"
	"github.com/servicecoin/servicecoin/metering"
	recordstore "github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres"
	"github.com/servicecoin/servicecoin/store/postgres/pgtest"
	pgusage "github.com/servicecoin/servicecoin/store/postgres/usage"
)

// hands are who writes a batch to a server.
type hands struct {
	name  string
	write func(ctx context.Context, batch []metering.Event) error
	took  []time.Duration
}

// BenchmarkPostgresIntake appends the workload to PostgreSQL, durably, in batches of
// 10,000: by the store, by hand into tables that are the same, and by hand into one table
// with a row an event, in turns: -benchtime 1x -events N. It prints the events a second of all,
// and the medians of the last tenth of the batches.
func BenchmarkPostgresIntake(b *testing.B) {
	for range b.N {
		server := pgtest.StartDurable(b)
		all := []*hands{store(b, server), sameTables(b, server), rows(b, server)}
		w := usage.New(max(*events, 10_000_000)) // as many a day as of the whole workload
		buffer := make([]metering.Event, metering.MaxBatch)
		n := 0
		for batch := w.Batch(buffer); n < *events && len(batch) > 0; batch = w.Batch(buffer) {
			for _, h := range all {
				start := time.Now()
				require.NoError(b, h.write(b.Context(), batch))
				h.took = append(h.took, time.Since(start))
			}
			n += len(batch)
		}
		fmt.Printf("PostgreSQL, %d events in batches of %d\n", n, metering.MaxBatch)
		for _, h := range all {
			var sum time.Duration
			for _, d := range h.took {
				sum += d
			}
			last := slices.Sorted(slices.Values(h.took[len(h.took)*9/10:]))
			middle := slices.Sorted(slices.Values(h.took))[len(h.took)/2]
			fmt.Printf("%-28s %8.0f events/s  median %10v  at the end %10v  longest %10v\n", h.name, float64(n)/sum.Seconds(), middle, last[len(last)/2], slices.Max(h.took))
		}
	}
}

// role returns connections of a role that owns nothing.
func role(b *testing.B, server *pgtest.Server, grants string) (owner, app *pgxpool.Pool) {
	b.Helper()
	dsn := server.Database(b)
	owner = pgtest.Pool(b, dsn)
	require.NoError(b, postgres.Migrate(b.Context(), owner, ""))
	pgtest.Exec(b, owner, "DO $$ BEGIN CREATE ROLE collector LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;"+grants+
		"GRANT USAGE ON SCHEMA servicecoin TO collector; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA servicecoin TO collector")
	return owner, pgtest.Pool(b, pgtest.As(dsn, "collector"))
}

func store(b *testing.B, server *pgtest.Server) *hands {
	b.Helper()
	_, app := role(b, server, "")
	s, err := pgusage.New(b.Context(), app, nil)
	require.NoError(b, err)
	return &hands{name: "the store, with sealing", write: func(ctx context.Context, batch []metering.Event) error {
		receipt, err := s.Append(ctx, batch)
		if err == nil && receipt.Added != len(batch) {
			err = fmt.Errorf("%d of %d were added", receipt.Added, len(batch))
		}
		return err
	}}
}

// inOneTransaction sends statements in one round trip.
func inOneTransaction(ctx context.Context, pool *pgxpool.Pool, customers map[string]bool, fill func(b *pgx.Batch)) error {
	var b pgx.Batch
	b.Queue("BEGIN")
	names := make([]string, 0, len(customers))
	for c := range customers {
		names = append(names, c)
	}
	b.Queue("SELECT set_config('servicecoin.customers', $1, true)", strings.Join(names, "\x1f"))
	fill(&b)
	b.Queue("COMMIT")
	return pool.SendBatch(ctx, &b).Close()
}

// sameTables writes keys and a log as the store does: no checks, no answer for each event,
// no facts, and nothing is ever packed.
func sameTables(b *testing.B, server *pgtest.Server) *hands {
	b.Helper()
	_, app := role(b, server, "")
	return &hands{name: "by hand, the same tables", write: func(ctx context.Context, batch []metering.Event) error {
		var customer, kind []string
		var key [][]byte
		var day []int32
		customers, logs := map[string]bool{}, map[string][]byte{}
		for i := range batch {
			e := &batch[i]
			c := string(e.Customer)
			customers[c] = true
			sum := sha256.Sum256([]byte(c + "\x00" + e.Source + "\x00" + e.ID))
			customer, kind, key, day = append(customer, c), append(kind, e.Type), append(key, sum[:16]), append(day, int32(e.Time.Unix()/86400))
			l := logs[c]
			for _, text := range []string{e.Source, e.ID, e.Type, e.Subject, e.Dimensions[0].Name, e.Dimensions[0].Value} {
				l = append(binary.AppendUvarint(l, uint64(len(text))), text...)
			}
			l = binary.AppendVarint(binary.AppendVarint(l, e.Time.UnixMicro()), e.RecordedAt.UnixMicro())
			logs[c] = binary.AppendVarint(l, e.Value.Decimal.CoefficientInt64())
		}
		var whose []string
		var entries [][]byte
		for c, l := range logs {
			whose, entries = append(whose, c), append(entries, l)
		}
		return inOneTransaction(ctx, app, customers, func(b *pgx.Batch) {
			b.Queue(`INSERT INTO servicecoin.usage_keys (customer, day, aside, key, type)
SELECT customer, date '1970-01-01' + day, false, key, type FROM unnest($1::text[], $2::bytea[], $3::int[], $4::text[]) AS e (customer, key, day, type)
ON CONFLICT DO NOTHING`, customer, key, day, kind)
			b.Queue(`INSERT INTO servicecoin.usage_log (customer, first_day, last_day, entries)
SELECT customer, date '1970-01-01' + $1::int, date '1970-01-01' + $1::int, entries FROM unnest($2::text[], $3::bytea[]) AS e (customer, entries)`, day[0], whose, entries)
		})
	}}
}

// rows writes a row an event.
func rows(b *testing.B, server *pgtest.Server) *hands {
	b.Helper()
	_, app := role(b, server, `ALTER TABLE servicecoin.usage_events DROP CONSTRAINT carried_over; DROP INDEX servicecoin.usage_events_time;`)
	return &hands{name: "by hand, a row an event", write: func(ctx context.Context, batch []metering.Event) error {
		var customer, source, id, kind, subject, value, dimensions []string
		var at, recorded []time.Time
		customers := map[string]bool{}
		for i := range batch {
			e := &batch[i]
			customers[string(e.Customer)] = true
			text, err := json.Marshal(e.Dimensions)
			if err != nil {
				return err
			}
			customer, source, id, kind = append(customer, string(e.Customer)), append(source, e.Source), append(id, e.ID), append(kind, e.Type)
			subject, value, dimensions = append(subject, e.Subject), append(value, e.Value.Decimal.String()), append(dimensions, string(text))
			at, recorded = append(at, e.Time), append(recorded, e.RecordedAt)
		}
		return inOneTransaction(ctx, app, customers, func(b *pgx.Batch) {
			b.Queue(`INSERT INTO servicecoin.usage_events (customer, source, id, type, subject, at, value, dimensions, recorded_at)
SELECT customer, source, id, type, subject, at, value::numeric, dimensions::jsonb, recorded_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[], $9::timestamptz[])
AS e (customer, source, id, type, subject, at, value, dimensions, recorded_at) ON CONFLICT DO NOTHING`,
				customer, source, id, kind, subject, at, value, dimensions, recorded)
		})
	}}
}

// BenchmarkPostgresTable asks the questions of PostgreSQL, with the last day in the log and
// with all of it packed, and prints the best of each: -benchtime 1x -events 10000000.
func BenchmarkPostgresTable(b *testing.B) {
	for range b.N {
		_, app := role(b, pgtest.Start(b), "")
		s, err := pgusage.New(b.Context(), app, nil)
		require.NoError(b, err)
		fill(b, s, *events)
		c := usage.Cluster(*events)
		unsealed := table(b, s, c, "PostgreSQL, a day unsealed", func() { require.NoError(b, s.Seal(b.Context(), usage.End().AddDate(0, 0, -1))) })
		sealed := table(b, s, c, "PostgreSQL, sealed", func() { require.NoError(b, s.Seal(b.Context(), usage.End())) })
		fmt.Println(unsealed + sealed)
	}
}

// The questions are answered right by PostgreSQL, too.
func TestAnswersOfPostgres(t *testing.T) {
	const n = 50_000
	dsn := pgtest.Start(t).Database(t)
	pool := pgtest.Pool(t, dsn)
	s, err := pgusage.New(t.Context(), pool, &postgres.Options{Migrate: recordstore.MigrateAtStart})
	require.NoError(t, err)
	fill(t, s, n)
	answers(t, s, usage.Cluster(n))
	require.NoError(t, s.Seal(t.Context(), usage.End()))
	answers(t, s, usage.Cluster(n))
}

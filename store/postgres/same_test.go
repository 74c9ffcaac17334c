package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/storetest"
)

// The memory store is the oracle, in each of pgx's modes.
func TestSameAsMemory(t *testing.T) {
	for name, mode := range map[string]pgx.QueryExecMode{
		"prepared": pgx.QueryExecModeCacheStatement, "described": pgx.QueryExecModeCacheDescribe, "exec": pgx.QueryExecModeExec,
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, func(c *pgxpool.Config) { c.ConnConfig.DefaultQueryExecMode = mode })
			b := d.backend(t)
			storetest.RunSame(t, storetest.Harness{Open: func(tb testing.TB) store.Backend {
				d.must(tb, "TRUNCATE servicecoin.documents, servicecoin.events, servicecoin.forgotten; ALTER SEQUENCE servicecoin.events_position RESTART")
				return b
			}})
		})
	}
}

func BenchmarkBackend(b *testing.B) {
	storetest.RunBenchmarks(b, storetest.Harness{Open: open(b).schema})
}

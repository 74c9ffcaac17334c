package postgres_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres"
	"github.com/servicecoin/servicecoin/store/storetest"
	"github.com/servicecoin/servicecoin/suitetest"
)

// The program's role owns nothing, so the whole suite runs behind the row
// policies; and in schemas of odd names.
func TestSuite(t *testing.T) {
	d := open(t)
	storetest.Run(t, storetest.Harness{
		Open: d.schema,
		Begin: func(tb testing.TB, b store.Backend) storetest.Tx {
			tx, err := d.app.Begin(tb.Context())
			require.NoError(tb, err)
			tb.Cleanup(func() { tx.Rollback(tb.Context()) })
			return storetest.Tx{
				Backend:  schemaOf(tb, b).In(tx),
				Commit:   func() error { return tx.Commit(tb.Context()) },
				Rollback: func() error { return tx.Rollback(tb.Context()) },
			}
		},
	})
}

// What concerns the host's transaction once more with database/sql.
func TestSuiteSQL(t *testing.T) {
	d := open(t)
	db := stdlib.OpenDBFromPool(d.app)
	t.Cleanup(func() { db.Close() })
	h := storetest.Harness{
		Open: d.schema,
		Begin: func(tb testing.TB, b store.Backend) storetest.Tx {
			tx, err := db.BeginTx(tb.Context(), nil)
			require.NoError(tb, err)
			tb.Cleanup(func() { tx.Rollback() })
			return storetest.Tx{Backend: schemaOf(tb, b).InSQL(tx), Commit: tx.Commit, Rollback: tx.Rollback}
		},
	}
	suitetest.Run(t, "storetest", suitetest.Needing(storetest.Cases(), storetest.HostTransactions), h)
}

// inSchema is a backend that remembers where it is.
type inSchema struct {
	*postgres.Backend
	name string
}

var schemas atomic.Int64

// schema returns a backend in a new schema of the database.
func (d database) schema(tb testing.TB) store.Backend {
	name := fmt.Sprintf(`Schema "%d"; --`, schemas.Add(1))
	_, err := postgres.New(tb.Context(), d.owner, &postgres.Options{Schema: name, Migrate: store.MigrateAtStart})
	require.NoError(tb, err)
	quoted := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
	d.must(tb, strings.ReplaceAll(grants, "SCHEMA servicecoin", "SCHEMA "+quoted))
	b, err := postgres.New(tb.Context(), d.app, &postgres.Options{Schema: name})
	require.NoError(tb, err)
	return inSchema{b, name}
}

func schemaOf(tb testing.TB, b store.Backend) inSchema {
	tb.Helper()
	in, ok := b.(inSchema)
	require.True(tb, ok)
	return in
}

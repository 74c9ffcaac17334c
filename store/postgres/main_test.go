package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/store/postgres"
	"github.com/servicecoin/servicecoin/store/postgres/pgtest"
)

// database is a migrated database, and the two who use it.
type database struct {
	dsn   string        // as superuser
	owner *pgxpool.Pool // superuser: no policy binds it
	app   *pgxpool.Pool // owns nothing; what the program logs in as
}

const grants = `DO $$ BEGIN CREATE ROLE app LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
GRANT USAGE ON SCHEMA servicecoin TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA servicecoin TO app;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA servicecoin TO app;`

func open(tb testing.TB, change ...func(*pgxpool.Config)) database {
	tb.Helper()
	return prepare(tb, pgtest.Start(tb).Database(tb), change...)
}

func prepare(tb testing.TB, dsn string, change ...func(*pgxpool.Config)) database {
	tb.Helper()
	d := database{dsn: dsn, owner: pgtest.Pool(tb, dsn)}
	require.NoError(tb, postgres.Migrate(tb.Context(), d.owner, ""))
	d.must(tb, grants)
	d.app = pgtest.Pool(tb, pgtest.As(dsn, "app"), change...)
	return d
}

// must runs statements as superuser.
func (d database) must(tb testing.TB, sql string) {
	tb.Helper()
	pgtest.Exec(tb, d.owner, sql)
}

func (d database) backend(tb testing.TB) *postgres.Backend {
	tb.Helper()
	b, err := postgres.New(tb.Context(), d.app, nil)
	require.NoError(tb, err)
	return b
}

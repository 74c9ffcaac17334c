package postgres_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres"
	"github.com/servicecoin/servicecoin/store/postgres/pgtest"
)

var begun = time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)

// Nothing is created unless it is asked for, and what is missing has a name.
func TestNoMigrationUnasked(t *testing.T) {
	p := pgtest.Pool(t, pgtest.Start(t).Database(t))
	_, err := postgres.New(t.Context(), p, nil)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, "0001_documents_and_events.sql")
	var there bool
	require.NoError(t, p.QueryRow(t.Context(), "SELECT to_regnamespace('servicecoin') IS NOT NULL").Scan(&there))
	require.False(t, there, "New created the schema")
}

// A database administrator runs the files as they are, with psql, as an owner
// who is no superuser; the program's role then needs the grants that the file
// names, and no more.
func TestAdministratorMigrates(t *testing.T) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("left out: psql is not installed")
	}
	dsn := pgtest.Start(t).Database(t)
	super := database{dsn: dsn, owner: pgtest.Pool(t, dsn)}
	super.must(t, `DO $$ BEGIN CREATE ROLE administrator LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO administrator', current_database()); END $$;
DO $$ BEGIN CREATE ROLE app LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`)
	var text strings.Builder
	for _, m := range postgres.Migrations() {
		file := filepath.Join(t.TempDir(), m.Name+".sql")
		require.NoError(t, os.WriteFile(file, []byte(m.SQL), 0o600))
		out, err := exec.CommandContext(t.Context(), psql, "-X", "-v", "ON_ERROR_STOP=1", "-f", file, pgtest.As(dsn, "administrator")).CombinedOutput()
		require.NoError(t, err, "%s", out)
		text.WriteString(m.SQL)
	}
	app := pgtest.Pool(t, pgtest.As(dsn, "app"))
	_, err = postgres.New(t.Context(), app, nil)
	require.ErrorIs(t, err, servicecoin.ErrRefused, "without grants")
	require.ErrorContains(t, err, "grants")

	// The grants, as the file's comment has them.
	_, comment, found := strings.Cut(text.String(), `(here it logs in as "app"):`)
	require.True(t, found)
	comment, _, _ = strings.Cut(comment, "BEGIN;")
	var statements strings.Builder
	for line := range strings.Lines(comment) {
		statements.WriteString(strings.TrimPrefix(strings.TrimSpace(line), "--") + "\n")
	}
	super.must(t, statements.String())
	b, err := postgres.New(t.Context(), app, nil)
	require.NoError(t, err)
	key := store.Key{Customer: "acme", Kind: "thing", ID: "1"}
	require.NoError(t, b.Commit(t.Context(), store.Commit{
		Writes: []store.Write{{Document: store.Document{Key: key}}},
		Events: []store.Event{{ID: "e", Name: "thing.made", Subject: key, Actor: servicecoin.Program("test"), At: begun}},
	}))
	events, err := b.Events(t.Context(), store.Feed{Everyone: true, Limit: 10})
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.NoError(t, b.Forget(t.Context(), "acme", 0))
	_, err = postgres.New(t.Context(), app, &postgres.Options{Migrate: store.MigrateAtStart})
	require.NoError(t, err, "nothing is left to migrate, so no right is needed")
	require.Error(t, postgres.Migrate(t.Context(), app, "another"), "the program's role creates nothing")
}

func TestMigrateAtOnceAndAgain(t *testing.T) {
	dsn := pgtest.Start(t).Database(t)
	p := pgtest.Pool(t, dsn)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := postgres.Migrate(t.Context(), p, ""); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var n int
	require.NoError(t, p.QueryRow(t.Context(), "SELECT count(*) FROM servicecoin.migrations").Scan(&n))
	require.Equal(t, len(postgres.Migrations()), n)

	_, err := p.Exec(t.Context(), "INSERT INTO servicecoin.migrations (version, name) VALUES (99, 'from the future')")
	require.NoError(t, err)
	require.ErrorIs(t, postgres.Migrate(t.Context(), p, ""), servicecoin.ErrNewer)
	_, err = postgres.New(t.Context(), p, nil)
	require.ErrorIs(t, err, servicecoin.ErrNewer)
}

func TestNewRefuses(t *testing.T) {
	server := pgtest.Start(t)
	dsn := server.Database(t)
	p := pgtest.Pool(t, dsn)
	_, err := postgres.New(t.Context(), p, &postgres.Options{Schema: strings.Repeat("x", 64)})
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "a name that PostgreSQL would cut")
	_, err = postgres.New(t.Context(), p, &postgres.Options{Schema: "a\x00b"})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)

	_, err = p.Exec(t.Context(), "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := pgtest.Pool(t, dsn).Exec(t.Context(), "DROP DATABASE IF EXISTS latin WITH (FORCE)")
		_ = err // the server goes with the tests
	})
	latin := pgtest.Pool(t, dsn+" dbname=latin")
	_, err = postgres.New(t.Context(), latin, nil)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, "LATIN1")
}

// A step differs from the file in the schema's name alone.
func TestStepInAnotherSchema(t *testing.T) {
	for _, m := range postgres.Migrations() {
		got := postgres.Step(m, `odd "name"`)
		named := strings.Count(m.SQL, "SCHEMA IF NOT EXISTS servicecoin;") + strings.Count(m.SQL, "TO servicecoin;")
		require.Positive(t, named, m.Name)
		require.Equal(t, named, strings.Count(got, `"odd ""name"""`), m.Name)
		require.Equal(t, m.SQL, strings.ReplaceAll(strings.ReplaceAll(got, `SCHEMA IF NOT EXISTS "odd ""name""";`, "SCHEMA IF NOT EXISTS servicecoin;"), `TO "odd ""name""";`, "TO servicecoin;"))
	}
}

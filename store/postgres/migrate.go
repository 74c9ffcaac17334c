package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/servicecoin/servicecoin"
)

//go:embed migrations/*.sql
var files embed.FS

// Migration is one step of the schema: SQL for psql, a transaction of its own,
// written for [DefaultSchema]. Steps are never changed once released.
type Migration struct {
	Name string // "0001_documents_and_events"; they run in order of their names
	SQL  string
}

// Migrations returns all steps in order. The number of steps is the version of
// the schema that this release works with.
func Migrations() []Migration {
	names, _ := fs.Glob(files, "migrations/*.sql") // fails for a bad pattern only; sorted
	list := make([]Migration, 0, len(names))
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			continue // the glob has just named it
		}
		list = append(list, Migration{Name: strings.TrimSuffix(path.Base(name), ".sql"), SQL: string(text)})
	}
	return list
}

// Migrate runs the steps that the database does not have yet, one transaction
// each; "" is [DefaultSchema]. Programs that start at the same time wait for
// each other, and calling it again does nothing. The pool's role becomes the
// owner of the tables, and row-level security binds it all the same. A database
// that is ahead of this release answers ErrNewer. It needs a session of its
// own: no pgbouncer in transaction mode.
func Migrate(ctx context.Context, pool *pgxpool.Pool, schema string) error {
	n, err := namesOf(&Options{Schema: schema})
	if err != nil {
		return err
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", n.lock("migrate")); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	err = n.migrate(ctx, conn.Conn())
	if _, e := conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", n.lock("migrate")); err == nil && e != nil {
		err = fmt.Errorf("migrate: %w", e)
	}
	return err
}

func (n names) migrate(ctx context.Context, conn *pgx.Conn) error {
	steps := Migrations()
	at, err := n.version(ctx, conn)
	if err != nil {
		return err
	}
	if at > len(steps) {
		return n.ahead(at)
	}
	for _, step := range steps[at:] {
		if _, err := conn.PgConn().Exec(ctx, step.in(n.schema)).ReadAll(); err != nil {
			return fmt.Errorf("migration %s: %w", step.Name, err)
		}
	}
	return nil
}

// in returns the step for a schema of another name: two statements name it.
func (m Migration) in(schema string) string {
	quoted := pgx.Identifier{schema}.Sanitize()
	return strings.NewReplacer(
		"CREATE SCHEMA IF NOT EXISTS "+DefaultSchema+";", "CREATE SCHEMA IF NOT EXISTS "+quoted+";",
		"SET LOCAL search_path TO "+DefaultSchema+";", "SET LOCAL search_path TO "+quoted+";",
	).Replace(m.SQL)
}

// querier is what a pool and a connection have in common.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// version returns how many steps the database has, 0 for none.
func (n names) version(ctx context.Context, q querier) (int, error) {
	const (
		undefinedTable = "42P01"
		invalidSchema  = "3F000"
		noPrivilege    = "42501"
	)
	var at int
	err := q.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM "+n.table("migrations")).Scan(&at)
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case undefinedTable, invalidSchema:
			return 0, nil
		case noPrivilege:
			return 0, fmt.Errorf("%w: the role may not read the schema %q; the grants it needs stand at the top of the first migration: %w",
				servicecoin.ErrRefused, n.schema, err)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("schema version: %w", err)
	}
	return at, nil
}

// ready refuses a database that this release cannot work with.
func (n names) ready(ctx context.Context, q querier) error {
	var encoding string
	if err := q.QueryRow(ctx, "SELECT current_setting('server_encoding')").Scan(&encoding); err != nil {
		return fmt.Errorf("server encoding: %w", err)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("%w: the database is encoded in %s, it must be UTF8", servicecoin.ErrRefused, encoding)
	}
	at, err := n.version(ctx, q)
	if err != nil {
		return err
	}
	steps := Migrations()
	if at > len(steps) {
		return n.ahead(at)
	}
	if at == len(steps) {
		return nil
	}
	missing := make([]string, 0, len(steps))
	for _, step := range steps[at:] {
		missing = append(missing, step.Name+".sql")
	}
	return fmt.Errorf("%w: the schema %q is at version %d, %d is needed: run %s with psql, or set Options.Migrate",
		servicecoin.ErrRefused, n.schema, at, len(steps), strings.Join(missing, ", "))
}

func (n names) ahead(at int) error {
	return fmt.Errorf("%w: the schema %q is at version %d, this release knows %d", servicecoin.ErrNewer, n.schema, at, len(Migrations()))
}

package usage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store/sqlite/internal/wait"
)

const (
	readSchema = `SELECT value FROM servicecoin_usage_meta WHERE name = 'schema'`
	readSeed   = `SELECT value FROM servicecoin_usage_meta WHERE name = 'seed'`
	hasTable   = `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?`
)

// prepare makes the file what the contract needs: UTF-8, WAL, and the tables.
func (s *Store) prepare(ctx context.Context, asItIs bool) error {
	ses, err := s.writes.take(ctx)
	if err != nil {
		return err
	}
	err = s.prepareFile(ctx, ses, asItIs)
	if err == nil {
		err = s.prepareTables(ctx, ses, asItIs)
	}
	if err == nil {
		err = ses.query(ctx, readSeed, []any{&s.hash.seed}, func() error { return nil })
	}
	ses.spent = err != nil
	if err := errors.Join(err, s.writes.give(ses)); err != nil {
		return err
	}
	return s.carryOver(ctx, asItIs)
}

// prepareFile looks at the encoding, and sets the journal's mode.
func (s *Store) prepareFile(ctx context.Context, ses *session, asItIs bool) error {
	pragma := func(text string, into *string) error {
		return wait.Retry(ctx, s.most, func() error { return ses.conn.QueryRowContext(ctx, text).Scan(into) })
	}
	var encoding, journal string
	if err := errors.Join(pragma("PRAGMA encoding", &encoding), pragma("PRAGMA journal_mode", &journal)); err != nil {
		return failed(err)
	}
	if encoding != "UTF-8" {
		return fmt.Errorf("sqlite: the database is encoded in %s, which does not sort byte by byte; UTF-8 is needed", encoding)
	}
	switch {
	case journal == "wal":
		return nil
	case journal == "memory":
		return errors.New("sqlite: an in-memory database is not supported; use metering.NewMemoryStore")
	case asItIs:
		return fmt.Errorf("%w: sqlite: the file's journal_mode is %s; WAL is needed: run PRAGMA journal_mode = WAL, or set Options.Migrate to store.MigrateAtStart",
			servicecoin.ErrRefused, journal)
	}
	if err := pragma("PRAGMA journal_mode = WAL", &journal); err != nil || journal != "wal" {
		return fmt.Errorf("sqlite: journal_mode WAL: it is %s (%w)", journal, err)
	}
	return nil
}

var (
	errAbsent = fmt.Errorf("%w: sqlite: the tables of usage are not there; run usage.Schema(), or set Options.Migrate to store.MigrateAtStart", servicecoin.ErrRefused)
	errOlder  = fmt.Errorf("%w: sqlite: the tables of usage are those of an earlier release; run usage.Migrate, or set Options.Migrate to store.MigrateAtStart", servicecoin.ErrRefused)
)

// prepareTables makes the tables, or puts those of an earlier release aside, from where
// carryOver takes what they hold.
func (s *Store) prepareTables(ctx context.Context, ses *session, asItIs bool) error {
	err := s.checkSchema(ctx, ses)
	if !errors.Is(err, errAbsent) && !errors.Is(err, errOlder) || asItIs {
		return err
	}
	plain := context.WithoutCancel(ctx)
	exec := func(text string) error {
		_, err := ses.conn.ExecContext(plain, text)
		return err
	}
	if err := wait.Retry(ctx, s.most, func() error { return exec("BEGIN IMMEDIATE") }); err != nil {
		return failed(err)
	}
	err = s.checkSchema(ctx, ses)
	switch { // otherwise another process was faster
	case errors.Is(err, errAbsent):
		err = exec(schemaText)
	case errors.Is(err, errOlder):
		err = exec(putAsideVersion1 + schemaText)
	}
	if err == nil {
		err = exec("COMMIT")
	}
	if err != nil {
		_ = exec("ROLLBACK")
		return failed(err)
	}
	return nil
}

func (s *Store) checkSchema(ctx context.Context, ses *session) error {
	var there, version int
	read := func() error {
		err := ses.conn.QueryRowContext(ctx, hasTable, "servicecoin_usage_meta").Scan(&there)
		if err != nil || there == 0 {
			return err
		}
		err = ses.conn.QueryRowContext(ctx, readSchema).Scan(&version)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("the table servicecoin_usage_meta says no version: %w", err)
		}
		return err
	}
	switch err := wait.Retry(ctx, s.most, read); {
	case err != nil:
		return failed(err)
	case there == 0:
		return errAbsent
	case version > schemaVersion:
		return fmt.Errorf("%w: the usage tables have version %d, this release knows %d", servicecoin.ErrNewer, version, schemaVersion)
	case version < schemaVersion:
		return errOlder
	default:
		return nil
	}
}

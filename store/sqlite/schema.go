package sqlite

import (
	"context"
	"database/sql/driver"
	_ "embed" // the schema's text
	"errors"
	"fmt"

	"github.com/servicecoin/servicecoin"
)

//go:embed schema.sql
var schemaText string

// schemaVersion is what this release reads and writes.
const schemaVersion = 1

// Schema returns the SQL that creates the tables and indexes, for a host that
// runs its migrations itself (store.MigrateByHost). Run it once, in one
// transaction, in a file in WAL mode.
func Schema() string { return schemaText }

const (
	hasMeta      = `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'servicecoin_meta'`
	readMeta     = `SELECT value FROM servicecoin_meta WHERE name = 'schema'`
	readEncoding = `PRAGMA encoding`
	readJournal  = `PRAGMA journal_mode`
)

// errAbsent: the tables are not there.
var errAbsent = fmt.Errorf("%w: sqlite: the tables of Service Coin are not there; run sqlite.Schema(), or set Options.Migrate to store.MigrateAtStart", servicecoin.ErrRefused)

func notWAL(journal string) error {
	return fmt.Errorf("%w: sqlite: the file's journal_mode is %s; WAL is needed: run PRAGMA journal_mode = WAL, or set Options.Migrate to store.MigrateAtStart",
		servicecoin.ErrRefused, journal)
}

// checkSchema answers nil if the tables are those of this release, errAbsent if
// there are none.
func checkSchema(ctx context.Context, r runner) error {
	there, err := one[int64](ctx, r, hasMeta)
	if err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	if there == 0 {
		return errAbsent
	}
	switch version, err := one[int64](ctx, r, readMeta); {
	case err != nil:
		return fmt.Errorf("sqlite: read servicecoin_meta: %w", err)
	case version > schemaVersion:
		return fmt.Errorf("%w: the tables have version %d, this release knows %d", servicecoin.ErrNewer, version, schemaVersion)
	default:
		return nil
	}
}

// checkFile refuses files that cannot keep the contract.
func checkFile(ctx context.Context, r runner) (journal string, err error) {
	encoding, err := one[string](ctx, r, readEncoding)
	if err != nil {
		return "", fmt.Errorf("sqlite: %w", err)
	}
	if encoding != "UTF-8" {
		return "", fmt.Errorf("sqlite: the database is encoded in %s, which does not sort byte by byte; UTF-8 is needed", encoding)
	}
	if journal, err = one[string](ctx, r, readJournal); err != nil {
		return "", fmt.Errorf("sqlite: %w", err)
	}
	if journal == "memory" {
		return "", errInMemory
	}
	return journal, nil
}

var errInMemory = errors.New("sqlite: an in-memory database is not supported; use store/memory")

var errNothing = errors.New("answered nothing")

// one returns the first column of the first row, or errNothing.
func one[T any](ctx context.Context, r runner, text string, args ...any) (T, error) {
	var result T
	found := false
	err := r.query(ctx, text, func(row []driver.Value) error {
		if found {
			return nil
		}
		if b, ok := row[0].([]byte); ok { // some drivers give text as bytes
			row[0] = string(b)
		}
		result, found = row[0].(T)
		if !found {
			return fmt.Errorf("%q answered a %T", text, row[0])
		}
		return nil
	}, args...)
	if err == nil && !found {
		err = fmt.Errorf("%q: %w", text, errNothing)
	}
	return result, err
}

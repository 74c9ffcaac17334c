// Package usage keeps usage events in a SQLite file: a metering.EventStore with
// one file, no server, and no cgo when it opens the file itself.
//
//	events, err := usage.Open(ctx, "portal.db", nil)
//	if err != nil {
//		return err
//	}
//	defer events.Close()
//	ledger := metering.New(s.For(customer.ID), events, meters, customer, nil)
//
// The file may be the one in which the package sqlite keeps records: the tables
// are named servicecoin_usage…, and a backup of the file has both. [New] keeps
// them in a database of the host, of any driver.
//
// A batch is one transaction, and with [sqlite.Full] one sync: it is stored
// whole or not at all, and survives a crash once Append has returned. Reads
// never wait for writes. A write waits for a lock that somebody else holds until
// its context ends or [Options].BusyTimeout has passed, then it answers ErrBusy.
package usage

import (
	"context"
	"database/sql"
	_ "embed" // the schema's text
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver of Open

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
	"github.com/servicecoin/servicecoin/store/sqlite/internal/same"
	"github.com/servicecoin/servicecoin/store/sqlite/internal/wait"
)

// Options are what a host may set; nil and the zero value have defaults.
type Options struct {
	// Synchronous says what a stored batch survives. New leaves it to the host's
	// connections.
	Synchronous sqlite.Synchronous

	// BusyTimeout is how long a write waits for a lock that another connection
	// holds before it answers ErrBusy, if its context lasts as long. Default:
	// 5 seconds.
	BusyTimeout time.Duration

	// Migrate says who makes the tables and puts the file in WAL mode. Default:
	// store.MigrateAtStart. With store.MigrateByHost the host runs [Schema].
	Migrate store.Migrate
}

//go:embed schema.sql
var schemaText string

// schemaVersion is what this release reads and writes.
const schemaVersion = 1

// Schema returns the SQL that creates the tables, for a host that runs its
// migrations itself (store.MigrateByHost). Run it once, in one
// transaction, in a file in WAL mode.
func Schema() string { return schemaText }

// Store is a metering.EventStore in a SQLite file. Make it with [Open] or [New].
type Store struct {
	same        *same.File
	write, read *sql.DB
	most        time.Duration
	ours        bool // the connections are to be closed
	closed      atomic.Bool
}

var _ metering.EventStore = (*Store)(nil)

// Open opens the file at path, and creates it and its tables if they are not
// there. A file whose tables a newer release made is ErrNewer. Close it after
// the last use.
func Open(ctx context.Context, path string, o *Options) (*Store, error) {
	if err := wait.Alive(ctx); err != nil {
		return nil, err
	}
	if path == "" || strings.HasPrefix(path, "file:") || strings.Contains(path, ":memory:") {
		var v servicecoin.Violations
		v.Add("path", "bad-path", path, "must be the path of a file; open a URI with database/sql and hand it to New, and for memory use metering.NewMemoryStore")
		return nil, v.Err()
	}
	opts := o.orDefault()
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	const readers = 8
	synchronous := "FULL"
	if opts.Synchronous == sqlite.Normal {
		synchronous = "NORMAL"
	}
	s := &Store{most: opts.BusyTimeout, ours: true}
	if s.write, err = pool(absolute, true, 1, "busy_timeout(0)", "synchronous("+synchronous+")", "cache_size(-16000)", "journal_size_limit(67108864)"); err != nil {
		return nil, err
	}
	if s.read, err = pool(absolute, false, readers, "busy_timeout(0)", "query_only(1)", "cache_size(-8000)"); err != nil {
		return nil, errors.Join(err, s.write.Close())
	}
	if err := s.prepare(ctx, opts.Migrate == store.MigrateByHost); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), s.Close())
	}
	s.same = same.Of(ctx, s.write)
	return s, nil
}

// New returns a store in the host's own database, with the host's driver. It
// creates the tables if they are not there, and puts the file in WAL mode, which
// stays. Close leaves db open.
func New(ctx context.Context, db *sql.DB, o *Options) (*Store, error) {
	if err := wait.Alive(ctx); err != nil {
		return nil, err
	}
	opts := o.orDefault()
	s := &Store{write: db, read: db, most: opts.BusyTimeout}
	if err := s.prepare(ctx, opts.Migrate == store.MigrateByHost); err != nil {
		return nil, err
	}
	s.same = same.Of(ctx, db)
	return s, nil
}

func (o *Options) orDefault() Options {
	var d Options
	if o != nil {
		d = *o
	}
	if d.BusyTimeout <= 0 {
		d.BusyTimeout = 5 * time.Second
	}
	return d
}

// pool returns connections to a file with settings of their own.
func pool(absolute string, creates bool, most int, pragmas ...string) (*sql.DB, error) {
	absolute = filepath.ToSlash(absolute)
	if !strings.HasPrefix(absolute, "/") { // C:/…
		absolute = "/" + absolute
	}
	query := url.Values{"_pragma": pragmas}
	if !creates {
		query.Set("mode", "rw")
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: absolute, RawQuery: query.Encode()}).String())
	if err != nil {
		return nil, failed(err)
	}
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	return db, nil
}

// Close closes the connections that Open made; after New it leaves them. Later
// calls answer an error.
func (s *Store) Close() error {
	if s.closed.Swap(true) || !s.ours {
		return nil
	}
	return errors.Join(s.read.Close(), s.write.Close())
}

var errClosed = servicecoin.Unchanged(errors.New("sqlite: the usage store is closed"))

// begin answers what stands in the way of any call.
func (s *Store) begin(ctx context.Context) error {
	if s.closed.Load() {
		return errClosed
	}
	return wait.Alive(ctx)
}

// transaction runs fn while it holds the file's write lock, and commits what it
// did if it answers no error. Between begin and end the context's end does not
// interrupt a statement: fn looks after it.
func (s *Store) transaction(ctx context.Context, fn func(conn *sql.Conn) error) (err error) {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return wait.Waited(ctx, err)
		}
		return failed(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	plain := context.WithoutCancel(ctx)
	if err := s.same.Check(); err != nil {
		return err
	}
	begin := func() error {
		_, err := conn.ExecContext(plain, "BEGIN IMMEDIATE")
		return err
	}
	if err := wait.Retry(ctx, s.most, begin); err != nil {
		return failed(err)
	}
	err = fn(conn)
	if err == nil {
		err = s.same.Commit(func() error {
			_, err := conn.ExecContext(plain, "COMMIT")
			return err
		})
		if err == nil {
			return nil
		}
		err = wait.Ended(err)
	}
	// SQLite rolls some failed transactions back by itself; then there is
	// nothing left to roll back.
	_, _ = conn.ExecContext(plain, "ROLLBACK")
	return err
}

// failed says where an error of the driver comes from, and that nothing is
// stored.
func failed(err error) error { return wait.Failed(err) }

// prepare makes the file what the contract needs: UTF-8, WAL, and the tables.
func (s *Store) prepare(ctx context.Context, asItIs bool) error {
	var encoding, journal string
	for pragma, into := range map[string]*string{"PRAGMA encoding": &encoding, "PRAGMA journal_mode": &journal} {
		if err := wait.Retry(ctx, s.most, func() error { return s.write.QueryRowContext(ctx, pragma).Scan(into) }); err != nil {
			return failed(err)
		}
	}
	if encoding != "UTF-8" {
		return fmt.Errorf("sqlite: the database is encoded in %s, which does not sort byte by byte; UTF-8 is needed", encoding)
	}
	if journal != "wal" {
		switch {
		case journal == "memory":
			return errors.New("sqlite: an in-memory database is not supported; use metering.NewMemoryStore")
		case asItIs:
			return fmt.Errorf("%w: sqlite: the file's journal_mode is %s; WAL is needed: run PRAGMA journal_mode = WAL, or set Options.Migrate to store.MigrateAtStart",
				servicecoin.ErrRefused, journal)
		}
		set := func() error { return s.write.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&journal) }
		if err := wait.Retry(ctx, s.most, set); err != nil || journal != "wal" {
			return fmt.Errorf("sqlite: journal_mode WAL: it is %s (%w)", journal, err)
		}
	}
	err := s.checkSchema(ctx, s.write)
	if !errors.Is(err, errAbsent) || asItIs {
		return err
	}
	return s.transaction(ctx, func(conn *sql.Conn) error {
		err := s.checkSchema(ctx, conn)
		if !errors.Is(err, errAbsent) { // another process was faster
			return err
		}
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), schemaText); err != nil {
			return failed(err)
		}
		return nil
	})
}

var errAbsent = fmt.Errorf("%w: sqlite: the tables of usage are not there; run usage.Schema(), or set Options.Migrate to store.MigrateAtStart", servicecoin.ErrRefused)

func (s *Store) checkSchema(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
},
) error {
	var there, version int
	read := func() error {
		err := q.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'servicecoin_usage_meta'`).Scan(&there)
		if err != nil || there == 0 {
			return err
		}
		return q.QueryRowContext(ctx, `SELECT value FROM servicecoin_usage_meta WHERE name = 'schema'`).Scan(&version)
	}
	switch err := wait.Retry(ctx, s.most, read); {
	case err != nil:
		return failed(err)
	case there == 0:
		return errAbsent
	case version > schemaVersion:
		return fmt.Errorf("%w: the usage tables have version %d, this release knows %d", servicecoin.ErrNewer, version, schemaVersion)
	default:
		return nil
	}
}

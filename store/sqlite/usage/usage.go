// Package usage keeps usage events in a SQLite file, and answers what meters make of
// them: a metering.EventStore with one file, no server, and no cgo when it opens the
// file itself.
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
//
// Entries come into a log, a batch a row, and every process keeps what stands in the
// log in memory. When a day is over it is sealed: its entries are packed by customer
// and type of event, with a total of each day and month beside them, and leave the log.
// Figures are made of totals where these say enough.
package usage

import (
	"context"
	"database/sql"
	_ "embed" // the schema's text
	"errors"
	"fmt"
	"math"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
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
	// store.MigrateAtStart. With store.MigrateByHost the host runs [Schema] in a file
	// without tables, and [Migrate] in one with those of an earlier release.
	Migrate store.Migrate
}

//go:embed schema.sql
var schemaText string

// schemaVersion is what this release reads and writes.
const schemaVersion = 2

// Schema returns the SQL that creates the tables, for a host that runs its
// migrations itself (store.MigrateByHost). Run it once, in one
// transaction, in a file in WAL mode.
func Schema() string { return schemaText }

// Store is a metering.EventStore in a SQLite file. Make it with [Open] or [New].
type Store struct {
	same          *same.File
	writes, reads *sessions
	most          time.Duration
	closed        atomic.Bool

	turn   chan struct{} // of the one change at a time
	hash   hasher
	tail   *tail
	limits limits
	texts  statements
	room   sync.Pool // of questions: a *room
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
	write, err := pool(absolute, true, 1, "busy_timeout(0)", "synchronous("+synchronous+")", "cache_size(-16000)", "journal_size_limit(67108864)")
	if err != nil {
		return nil, err
	}
	read, err := pool(absolute, false, readers, "busy_timeout(0)", "query_only(1)", "cache_size(-32000)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	s := newStore(opts, newSessions(write, 1), newSessions(read, readers))
	if err := s.prepare(ctx, opts.Migrate == store.MigrateByHost); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), s.Close())
	}
	s.same = same.Of(ctx, read)
	return s, nil
}

func newStore(o Options, writes, reads *sessions) *Store {
	return &Store{
		writes: writes, reads: reads, most: o.BusyTimeout, turn: make(chan struct{}, 1), hash: hasher{mask: math.MaxUint64}, tail: newTail(0),
		limits: limits{few: fewEntries, most: mostEntries}, texts: newStatements(),
	}
}

// New returns a store in the host's own database, with the host's driver. It
// creates the tables if they are not there, and puts the file in WAL mode, which
// stays. Close leaves db open.
func New(ctx context.Context, db *sql.DB, o *Options) (*Store, error) {
	if err := wait.Alive(ctx); err != nil {
		return nil, err
	}
	opts := o.orDefault()
	s := newStore(opts, newSessions(db, 0), newSessions(db, 0))
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
	if s.closed.Swap(true) {
		return nil
	}
	return errors.Join(s.reads.close(), s.writes.close())
}

var errClosed = servicecoin.Unchanged(errors.New("sqlite: the usage store is closed"))

// begin answers what stands in the way of any call.
func (s *Store) begin(ctx context.Context) error {
	if s.closed.Load() {
		return errClosed
	}
	return wait.Alive(ctx)
}

// failed says where an error of the driver comes from, and that nothing is
// stored.
func failed(err error) error { return wait.Failed(err) }

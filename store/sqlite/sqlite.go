// Package sqlite keeps records and events in a SQLite file: one file, no
// server, no cgo when it opens the file itself.
//
//	b, err := sqlite.Open(ctx, "portal.db", nil)
//	if err != nil {
//		return err
//	}
//	defer b.Close()
//	s := store.New(b, nil)
//
// A host that has a SQLite database already keeps everything in it: [New]
// takes its *sql.DB, of any driver, and [In] or [Backend.In] its open transaction,
// so that the host's rows and the library's records are committed together. The tables are
// named servicecoin_…, beside the host's own; [Schema] has their text.
//
// # What it promises
//
// The file is in WAL mode, and each commit is synced before it is acknowledged
// ([Full]), so that it survives a crash of the process, of the operating
// system, and a loss of power. [Normal] gives up the last moments before a
// power loss, never the consistency of the file. Commits that wait for each
// other share one transaction and one sync, each all or nothing on its own.
// Reads never wait for writes. A write waits for a lock that somebody else
// holds (a transaction of the host, another process) until its context ends or
// [Options].BusyTimeout has passed, then it answers ErrBusy.
//
// SQLite's locks do not work on network file systems: keep the file on a local
// disk. A file that is deleted, moved or replaced while it is open takes no
// commit any more: each says so, and nothing is stored where nobody finds it.
// (Inside of a transaction of the host, [In], nothing can be said about the
// file.) To restore a backup, stop the program first, and remove the files
// ending in -wal and -shm with the old one.
//
// # Errors
//
// Besides those of a [store.Backend]: ErrBusy after [Options].BusyTimeout, and for a
// transaction of the host that has read what was changed since; ErrNewer for a file
// whose tables a newer release made; ErrRefused for tables that are not there, or a
// file that is not in WAL mode, if the host makes them (store.MigrateByHost). A full
// disk and a file that is gone or replaced are errors of their own, which say that
// nothing was changed ([servicecoin.Unchanged]).
//
// [servicecoin.Unchanged]: https://pkg.go.dev/github.com/servicecoin/servicecoin#Unchanged
package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"time"

	"github.com/servicecoin/servicecoin/store"
)

// Synchronous says what an acknowledged commit survives.
type Synchronous int

// The levels, as in PRAGMA synchronous.
const (
	Full   Synchronous = iota // everything, power loss included: one sync a commit, or group of commits
	Normal                    // a crash of the process; the last commits may be lost with the power, whole ones
	off                       // for the test that proves that syncs are counted
)

// Options are what a host may set; nil and the zero value have defaults.
type Options struct {
	Synchronous Synchronous

	// BusyTimeout is how long a write waits for a lock that another connection
	// holds before it answers ErrBusy, if its context lasts as long. Default:
	// 5 seconds.
	BusyTimeout time.Duration

	// MaxReaders is how many connections Open keeps for reads at most; further
	// reads wait for one. Default: 8. New leaves this to the host's *sql.DB.
	MaxReaders int

	// Migrate says who makes the tables and puts the file in WAL mode. Default:
	// store.MigrateAtStart. With store.MigrateByHost the host runs [Schema].
	Migrate store.Migrate
}

func (o *Options) orDefault() Options {
	var d Options
	if o != nil {
		d = *o
	}
	if d.BusyTimeout <= 0 {
		d.BusyTimeout = 5 * time.Second
	}
	if d.MaxReaders <= 0 {
		d.MaxReaders = 8
	}
	return d
}

// Backend is a store.Backend in a SQLite file. Make it with [Open] or [New].
type Backend struct {
	from  source
	queue *queue
}

var _ store.Backend = (*Backend)(nil)

// Open opens the file at path, creates it and its tables if they are not there,
// and keeps one connection for writes and a few for reads. An in-memory
// database is refused: store/memory is that. A file whose tables a newer
// release made is ErrNewer. Close it after the last use.
func Open(ctx context.Context, path string, o *Options) (*Backend, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	opts := o.orDefault()
	f, err := openFile(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	return newBackend(f, opts), nil
}

// New returns a backend in the host's own database, with the host's driver. It
// creates the tables if they are not there, and puts the file in WAL mode,
// which stays. Close leaves db open. It borrows a connection for each read and
// each group of commits, and gives it back as it was; a db with one connection
// is enough as long as no transaction of the host holds it.
func New(ctx context.Context, db *sql.DB, o *Options) (*Backend, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	opts := o.orDefault()
	h, err := newHosted(ctx, db, opts)
	if err != nil {
		return nil, err
	}
	return newBackend(h, opts), nil
}

// byHost reports whether the file is to be left as it is.
func (o *Options) byHost() bool { return o.Migrate == store.MigrateByHost }

func newBackend(from source, o Options) *Backend {
	return &Backend{from: from, queue: newQueue(o.BusyTimeout)}
}

// Close closes the connections that Open made, once the calls under way have
// ended, and moves what is in the WAL into the file. Later calls answer an
// error. After New it closes prepared statements only.
func (b *Backend) Close() error {
	b.queue.take()
	defer b.queue.give()
	return b.from.close()
}

// source is where connections come from: a file of our own, or the host's
// database.
type source interface {
	// read lends a connection for one statement.
	read(ctx context.Context, fn func(runner) error) error
	// snapshot lends a connection whose statements all see the same state.
	snapshot(ctx context.Context, fn func(runner) error) error
	// begin begins a transaction that holds the file's write lock, or answers
	// an error that busy reports.
	begin(ctx context.Context) (writer, error)
	// vacuumInto writes a consistent copy of the file.
	vacuumInto(ctx context.Context, path string) error
	close() error
}

// runner runs statements on one connection. Where a connection is at hand the
// end of ctx does not interrupt a statement: none runs long but a page, which
// looks after each row, and a driver that is to be interrupted starts a
// goroutine for each statement.
type runner interface {
	exec(ctx context.Context, text string, args ...any) (rows int64, err error)
	query(ctx context.Context, text string, each func(row []driver.Value) error, args ...any) error
}

// writer is a runner inside a transaction of its own.
type writer interface {
	runner
	commit(ctx context.Context) error
	rollback(ctx context.Context)
}

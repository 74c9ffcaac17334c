package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store/sqlite/internal/same"
)

// file is a source that owns its connections: one for writes, and a pool for
// reads. begin and its writer are used by one goroutine at a time.
type file struct {
	dsn     string // of connections that create no file
	same    *same.File
	options Options
	pragmas []string
	writer  *session
	readers *pool
	closed  bool
}

var _ source = (*file)(nil)

func openFile(ctx context.Context, path string, o Options) (_ *file, err error) {
	if path == "" || path == ":memory:" || strings.HasPrefix(path, "file:") {
		if path == ":memory:" || strings.Contains(path, ":memory:") || strings.Contains(path, "mode=memory") {
			return nil, errInMemory
		}
		var v servicecoin.Violations
		v.Add("path", "bad-path", path, "must be the path of a file; open a URI with database/sql and hand it to New")
		return nil, v.Err()
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	absolute = filepath.ToSlash(absolute)
	if !strings.HasPrefix(absolute, "/") { // C:/…
		absolute = "/" + absolute
	}
	name := url.URL{Scheme: "file", Path: absolute}
	first := name.String()
	name.RawQuery = "mode=rw"
	f := &file{dsn: name.String(), options: o}
	// The WAL is kept at a size that it reached in a rush, up to a limit. It is
	// written back after 48 MB: a page that changes often is then written back once
	// for many commits (decision 55).
	f.pragmas = []string{
		"PRAGMA busy_timeout = 0",
		"PRAGMA synchronous = " + o.Synchronous.word(),
		"PRAGMA cache_size = -16000", // kB
		"PRAGMA journal_size_limit = 67108864",
		"PRAGMA wal_autocheckpoint = 12000",
	}
	ctx = context.WithoutCancel(ctx)
	if f.writer, err = openSession(ctx, first, f.pragmas...); err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	if f.same, err = same.Open(filepath.FromSlash(absolute)); err != nil {
		return nil, errors.Join(err, f.writer.close())
	}
	f.readers = newPool(o.MaxReaders, func(ctx context.Context) (*session, error) {
		return f.open(ctx, "PRAGMA busy_timeout = 0", "PRAGMA query_only = ON", "PRAGMA cache_size = -8000")
	})
	if err := retry(ctx, o.BusyTimeout, func() error { return f.prepare(ctx) }); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.close())
	}
	return f, nil
}

func (s Synchronous) word() string {
	switch s {
	case Normal:
		return "NORMAL"
	case off:
		return "OFF"
	case Full:
	}
	return "FULL"
}

// prepare makes the file what the contract needs: WAL, and the tables.
func (f *file) prepare(ctx context.Context) error {
	journal, err := checkFile(ctx, f.writer)
	if err != nil {
		return err
	}
	if journal != "wal" {
		if f.options.byHost() {
			return notWAL(journal)
		}
		if err := f.writer.script(ctx, "PRAGMA journal_mode = WAL"); err != nil {
			return fmt.Errorf("sqlite: %w", err)
		}
	}
	err = checkSchema(ctx, f.writer)
	if !errors.Is(err, errAbsent) || f.options.byHost() {
		return err
	}
	w, err := f.begin(ctx)
	if err != nil {
		return err
	}
	// Another process may have been faster.
	if err = checkSchema(ctx, f.writer); errors.Is(err, errAbsent) {
		if err = f.writer.script(ctx, schemaText); err == nil {
			return w.commit(ctx)
		}
	}
	w.rollback(ctx)
	return err
}

func (f *file) read(ctx context.Context, fn func(runner) error) error {
	s, err := f.readers.take(ctx)
	if err != nil {
		return err
	}
	defer f.readers.give(s)
	return retry(ctx, f.options.BusyTimeout, func() error { return fn(s) })
}

func (f *file) snapshot(ctx context.Context, fn func(runner) error) error {
	return f.read(ctx, func(r runner) error {
		if _, err := r.exec(ctx, "BEGIN"); err != nil {
			return err
		}
		err := fn(r)
		_, end := r.exec(ctx, "ROLLBACK")
		return errors.Join(err, end)
	})
}

func (f *file) begin(ctx context.Context) (writer, error) {
	if f.closed {
		return nil, errClosed
	}
	if f.writer != nil {
		_, err := f.writer.exec(ctx, "BEGIN IMMEDIATE")
		if err == nil {
			return fileWriter{f.writer, f.same}, nil
		}
		if busy(err) {
			return nil, err
		}
		_ = f.writer.close() // whatever ails it, a new one has not
		f.writer = nil
	}
	f.same.Reopened()
	s, err := f.open(context.WithoutCancel(ctx), f.pragmas...)
	if err != nil {
		return nil, failed(err)
	}
	f.writer = s
	if _, err := s.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return nil, failed(err)
	}
	return fileWriter{s, f.same}, nil
}

// open opens a connection to the file that was opened first.
func (f *file) open(ctx context.Context, pragmas ...string) (*session, error) {
	if err := f.same.Check(); err != nil {
		return nil, err
	}
	s, err := openSession(ctx, f.dsn, pragmas...)
	if err != nil {
		return nil, err
	}
	if err := f.same.Check(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// fileWriter is a session whose commits must reach the file at the path.
type fileWriter struct {
	*session

	same *same.File
}

func (w fileWriter) commit(ctx context.Context) error {
	return w.same.Commit(func() error { return w.session.commit(ctx) })
}

// vacuumInto implements source, on a connection of its own: the readers' may
// write nothing.
func (f *file) vacuumInto(ctx context.Context, path string) error {
	s, err := f.open(context.WithoutCancel(ctx), f.pragmas...)
	if err != nil {
		return err
	}
	return errors.Join(s.script(ctx, "VACUUM INTO ?", path), s.close())
}

func (f *file) close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	err := f.readers.close()
	if f.writer != nil {
		err = errors.Join(err, f.writer.close())
	}
	return err
}

var errClosed = servicecoin.Unchanged(errors.New("sqlite: the backend is closed"))

// Package same notices that the path of an open database names another file, or
// none. What is written to the one that is open would be acknowledged, and be
// nowhere.
package same

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/servicecoin/servicecoin"
)

// File is the database at a path, and its write-ahead log, as they were when it
// was opened. A nil File is never replaced.
type File struct {
	path  string
	main  fs.FileInfo
	alone bool // without its log

	mu  sync.Mutex
	log fs.FileInfo // nil: not seen yet
}

// Open remembers the file at path.
func Open(path string) (*File, error) {
	main, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	return &File{path: path, main: main}, nil
}

// Of remembers the main file of a database of database/sql, which may close
// all of its connections, and with the last one SQLite removes the log. It
// returns nil if the file cannot be seen from here: a driver may not tell, or
// keep its files elsewhere.
func Of(ctx context.Context, db *sql.DB) *File {
	path := ""
	const text = `SELECT file FROM pragma_database_list WHERE name = 'main'`
	if err := db.QueryRowContext(ctx, text).Scan(&path); err != nil || !filepath.IsAbs(path) {
		return nil
	}
	main, err := os.Stat(path)
	if err != nil {
		return nil
	}
	return &File{path: path, main: main, alone: true}
}

// Commit commits if the path names the file, and says so if it names it no
// longer afterwards.
func (f *File) Commit(commit func() error) error {
	if err := f.Check(); err != nil {
		return err
	}
	if err := commit(); err != nil {
		return err
	}
	if err := f.Check(); err != nil {
		// Not err, which says that nothing was changed.
		return fmt.Errorf("a commit was under way: %s", err.Error())
	}
	return nil
}

// Check answers an error if the path names another file than it did, or none.
// It says that nothing was changed.
func (f *File) Check() error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	log := f.path + "-wal"
	if err := check(f.path, f.main); err != nil {
		if errors.Is(err, errReplaced) {
			f.putAside(log)
		}
		return err
	}
	if f.log != nil && !f.alone {
		return check(log, f.log)
	}
	// SQLite makes it with the first write, and keeps it while a connection is
	// open.
	if is, err := os.Stat(log); err == nil {
		f.log = is
	}
	return nil
}

// putAside keeps the log of the file that was open from being taken for that of
// the one which took its place. It may hold what the old file lacks, and so it
// stays under another name.
func (f *File) putAside(log string) {
	is, err := os.Stat(log)
	if err != nil || f.log == nil || !os.SameFile(f.log, is) {
		return
	}
	for n := 1; n < 100; n++ {
		name := fmt.Sprintf("%s.lost%d", log, n)
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			_ = os.Rename(log, name)       // where it fails, the error that is on its way says enough
			_ = os.Remove(f.path + "-shm") // of the log
			return
		}
	}
}

// Reopened forgets the write-ahead log, which the last connection removes.
func (f *File) Reopened() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = nil
}

var errReplaced = errors.New("was replaced by another file while it was open")

func check(path string, was fs.FileInfo) error {
	is, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return servicecoin.Unchanged(fmt.Errorf("sqlite: %s was deleted while it was open; nothing is written any more: put it back and start again", path))
	case err != nil:
		return servicecoin.Unchanged(fmt.Errorf("sqlite: %w", err))
	case !os.SameFile(was, is):
		return servicecoin.Unchanged(fmt.Errorf("sqlite: %s %w; nothing is written any more: start again", path, errReplaced))
	}
	return nil
}

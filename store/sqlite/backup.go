package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/servicecoin/servicecoin"
)

// Backup writes a copy of the whole file, the host's tables included, to path
// while the backend is in use: one consistent state, of the moment when it
// began, without free pages, synced to the disk. A path that is there already
// is ErrExists. Until the copy is complete it bears another name beside path.
func (b *Backend) Backup(ctx context.Context, path string) (err error) {
	if err := alive(ctx); err != nil {
		return err
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = servicecoin.ErrExists
		}
		return fmt.Errorf("sqlite: backup to %s: %w", path, err)
	}
	part, err := os.MkdirTemp(filepath.Dir(path), ".servicecoin-backup-")
	if err != nil {
		return fmt.Errorf("sqlite: backup: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(part)) }()
	copied := filepath.Join(part, "copy")
	err = retry(ctx, b.queue.most, func() error { return b.from.vacuumInto(ctx, copied) })
	if err == nil {
		err = syncFile(copied)
	}
	if err == nil {
		err = os.Link(copied, path) // unlike Rename it does not overwrite
		if errors.Is(err, fs.ErrExist) {
			err = errors.Join(servicecoin.ErrExists, err)
		} else if err != nil { // a file system without links
			err = os.Rename(copied, path)
		}
	}
	if err == nil && runtime.GOOS != "windows" { // which has no sync of a directory
		err = syncFile(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("sqlite: backup to %s: %w", path, err)
	}
	return nil
}

// syncFile brings a file, or the names in a directory, to the disk.
func syncFile(path string) error {
	f, err := os.Open(path) //nolint:gosec // G304: the caller names it
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

package sqlite

import (
	"bytes"
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite/internal/wait"
)

const (
	// An insert goes on from what a deleted record left at its key, or from the
	// highest version of a customer that was forgotten. Where a record is there
	// it changes nothing. The body is never NULL: some drivers bind an empty
	// value as one.
	insertDocument = `INSERT INTO servicecoin_documents (kind, customer, id, version, shape, i1, i2, i3, i4, i5, i6, i7, i8, body)
VALUES (?1, ?2, ?3, 1 + coalesce((SELECT version FROM servicecoin_forgotten WHERE customer = ?2), 0), ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, coalesce(?13, x''))
ON CONFLICT (kind, customer, id) DO UPDATE SET version = version + 1, shape = excluded.shape,
i1 = excluded.i1, i2 = excluded.i2, i3 = excluded.i3, i4 = excluded.i4, i5 = excluded.i5, i6 = excluded.i6, i7 = excluded.i7, i8 = excluded.i8,
body = excluded.body WHERE body IS NULL`

	updateDocument = `UPDATE servicecoin_documents SET version = version + 1, shape = ?4,
i1 = ?5, i2 = ?6, i3 = ?7, i4 = ?8, i5 = ?9, i6 = ?10, i7 = ?11, i8 = ?12, body = coalesce(?13, x'')
WHERE kind = ?1 AND customer = ?2 AND id = ?3 AND version = ?14 AND shape <= ?4 AND body IS NOT NULL`

	// SQLite writes the index of every column that is set, and with it a page of the
	// log, whether its value is another one or not.
	updateBody = `UPDATE servicecoin_documents SET version = version + 1, shape = ?4, body = coalesce(?5, x'')
WHERE kind = ?1 AND customer = ?2 AND id = ?3 AND version = ?6 AND shape <= ?4 AND body IS NOT NULL`

	deleteDocument = `UPDATE servicecoin_documents SET version = version + 1, shape = 0,
i1 = NULL, i2 = NULL, i3 = NULL, i4 = NULL, i5 = NULL, i6 = NULL, i7 = NULL, i8 = NULL, body = NULL
WHERE kind = ?1 AND customer = ?2 AND id = ?3 AND version = ?5 AND shape <= ?4 AND body IS NOT NULL`

	readVersion = `SELECT version, shape FROM servicecoin_documents WHERE kind = ?1 AND customer = ?2 AND id = ?3 AND body IS NOT NULL`

	insertEvent = `INSERT INTO servicecoin_events (id, name, customer, kind, subject, actor_kind, actor, on_behalf_of, at, data)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)`

	savepoint = `SAVEPOINT servicecoin`
	release   = `RELEASE servicecoin`
	undo      = `ROLLBACK TO servicecoin`
)

// apply writes c, or answers why not. alone says that the transaction is for
// this commit only; otherwise nothing of a refused one is left in it.
func apply(ctx context.Context, r runner, c store.Commit, alone bool) error {
	// One write that is refused has written nothing, and nothing comes before.
	if alone || len(c.Writes) == 0 || len(c.Writes) == 1 && len(c.Checks) == 0 {
		return parts(ctx, r, c)
	}
	return saved(ctx, r, func() error { return parts(ctx, r, c) })
}

// saved runs fn between savepoints, so that an error leaves nothing behind but
// the transaction around it.
func saved(ctx context.Context, r runner, fn func() error) error {
	if _, err := r.exec(ctx, savepoint); err != nil {
		return failed(err)
	}
	err := fn()
	if err != nil {
		if _, err := r.exec(ctx, undo); err != nil {
			return failed(err)
		}
	}
	if _, err := r.exec(ctx, release); err != nil {
		return failed(err)
	}
	return err
}

// parts judges and stores the writes in order, then the checks, then the
// events.
func parts(ctx context.Context, r runner, c store.Commit) error {
	for _, w := range c.Writes {
		if err := write(ctx, r, w); err != nil {
			return err
		}
	}
	for _, x := range c.Checks {
		version, _, err := stored(ctx, r, x.Key)
		if err != nil {
			return err
		}
		if version != x.Version {
			return &servicecoin.KeyError{Key: x.Key, Err: servicecoin.ErrConflict}
		}
	}
	for _, e := range c.Events {
		if _, err := r.exec(ctx, insertEvent, e.ID, e.Name, string(e.Subject.Customer), e.Subject.Kind, e.Subject.ID,
			string(e.Actor.Kind), string(e.Actor.ID), string(e.Actor.OnBehalfOf), e.At.UnixMicro(), blob(e.Data)); err != nil {
			return failed(err)
		}
	}
	return nil
}

func write(ctx context.Context, r runner, w store.Write) error {
	var rows int64
	var err error
	k, x := w.Key, &w.Index
	switch {
	case w.Delete:
		rows, err = r.exec(ctx, deleteDocument, k.Kind, string(k.Customer), k.ID, int64(w.Shape), int64(w.Expect))
	case w.Expect == 0:
		rows, err = r.exec(ctx, insertDocument, k.Kind, string(k.Customer), k.ID, int64(w.Shape),
			blob(x[0]), blob(x[1]), blob(x[2]), blob(x[3]), blob(x[4]), blob(x[5]), blob(x[6]), blob(x[7]), blob(w.Body))
	case sameIndex(w):
		rows, err = r.exec(ctx, updateBody, k.Kind, string(k.Customer), k.ID, int64(w.Shape), blob(w.Body), int64(w.Expect))
	default:
		rows, err = r.exec(ctx, updateDocument, k.Kind, string(k.Customer), k.ID, int64(w.Shape),
			blob(x[0]), blob(x[1]), blob(x[2]), blob(x[3]), blob(x[4]), blob(x[5]), blob(x[6]), blob(x[7]), blob(w.Body), int64(w.Expect))
	}
	switch {
	case err != nil:
		return failed(err)
	case rows == 1:
		return nil
	default:
		return refused(ctx, r, w)
	}
}

// sameIndex reports whether an update leaves every index value as it is.
func sameIndex(w store.Write) bool {
	if w.Was == nil {
		return false
	}
	for i, x := range w.Index {
		if !bytes.Equal(x, w.Was[i]) {
			return false
		}
	}
	return true
}

// refused finds out why a write changed no row.
func refused(ctx context.Context, r runner, w store.Write) error {
	version, shape, err := stored(ctx, r, w.Key)
	switch {
	case err != nil:
		return err
	case w.Expect == 0:
		err = servicecoin.ErrExists
	case version != w.Expect:
		err = servicecoin.ErrConflict
	case shape > w.Shape:
		err = servicecoin.ErrNewer
	default:
		return fmt.Errorf("sqlite: %v has version %d, as it should, and was not written", w.Key, version)
	}
	return &servicecoin.KeyError{Key: w.Key, Err: err}
}

// stored returns the version and shape of a record, 0 if there is none.
func stored(ctx context.Context, r runner, k store.Key) (version store.Version, shape int, err error) {
	err = r.query(ctx, readVersion, func(row []driver.Value) error {
		version, shape = store.Version(number(row[0])), int(number(row[1]))
		return nil
	}, k.Kind, string(k.Customer), k.ID)
	if err != nil {
		return 0, 0, failed(err)
	}
	return version, shape, nil
}

// blob is NULL for no value.
func blob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// failed says where an error of the driver comes from, and that nothing is
// stored.
func failed(err error) error { return wait.Failed(err) }

// ended is failed for the error of a COMMIT.
func ended(err error) error { return wait.Ended(err) }

package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/servicecoin/servicecoin/store/sqlite/internal/same"
)

// hosted is a source over the host's *sql.DB, whatever the driver. It holds no
// connection between calls.
type hosted struct {
	db   *sql.DB
	same *same.File
	sync Synchronous
	busy time.Duration

	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

var _ source = (*hosted)(nil)

// touchMeta changes nothing and takes the write lock.
const touchMeta = `UPDATE servicecoin_meta SET value = value WHERE name = ''`

func newHosted(ctx context.Context, db *sql.DB, o Options) (*hosted, error) {
	h := &hosted{db: db, sync: o.Synchronous, busy: o.BusyTimeout, stmts: map[string]*sql.Stmt{}}
	if err := retry(ctx, o.BusyTimeout, func() error { return h.prepare(ctx, o) }); err != nil {
		return nil, err
	}
	h.same = same.Of(ctx, db)
	// A group of commits holds the connection that preparing them would need.
	for _, text := range []string{touchMeta, insertDocument, updateDocument, updateBody, deleteDocument, readVersion, insertEvent, savepoint, release, undo} {
		if _, err := h.prepared(ctx, text); err != nil { //nolint:sqlclosecheck // kept until the backend is closed
			return nil, failed(err)
		}
	}
	return h, nil
}

// prepare makes the file what the contract needs: WAL, and the tables.
func (h *hosted) prepare(ctx context.Context, o Options) (err error) {
	conn, err := h.db.Conn(ctx)
	if err != nil {
		return failed(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	r := onConn{conn}
	journal, err := checkFile(ctx, r)
	if err != nil {
		return err
	}
	if journal != "wal" {
		if o.byHost() {
			return notWAL(journal)
		}
		if journal, err = one[string](ctx, r, "PRAGMA journal_mode = WAL"); err != nil || journal != "wal" {
			return fmt.Errorf("sqlite: journal_mode WAL: it is %s (%w)", journal, err)
		}
	}
	err = checkSchema(ctx, r)
	if !errors.Is(err, errAbsent) || o.byHost() {
		return err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return failed(err)
	}
	end := "ROLLBACK"
	// Another process may have been faster.
	if err = checkSchema(ctx, r); errors.Is(err, errAbsent) {
		if _, err = conn.ExecContext(ctx, schemaText); err == nil {
			end = "COMMIT"
		}
	}
	_, ended := conn.ExecContext(context.WithoutCancel(ctx), end)
	return errors.Join(err, ended)
}

// prepared returns a statement that database/sql prepares once on each
// connection.
func (h *hosted) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	h.mu.Lock()
	st := h.stmts[text]
	h.mu.Unlock()
	if st != nil {
		return st, nil
	}
	st, err := h.db.PrepareContext(ctx, text) // waits for a connection: not under the lock
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if other := h.stmts[text]; other != nil {
		return other, st.Close() //nolint:sqlclosecheck // another goroutine was faster
	}
	if h.stmts == nil {
		return nil, errors.Join(errClosed, st.Close())
	}
	h.stmts[text] = st
	return st, nil
}

func (h *hosted) read(ctx context.Context, fn func(runner) error) error {
	return retry(ctx, h.busy, func() error { return fn(shared{h}) })
}

func (h *hosted) snapshot(ctx context.Context, fn func(runner) error) error {
	return retry(ctx, h.busy, func() error {
		tx, err := h.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return err
		}
		err = fn(&txRunner{tx: tx, stmts: map[string]*sql.Stmt{}})
		return errors.Join(err, tx.Rollback())
	})
}

// begin implements source: it borrows a connection, sees that it syncs as it
// should and does not wait for locks by itself, and takes the write lock.
func (h *hosted) begin(ctx context.Context) (_ writer, err error) {
	if h.closed() {
		return nil, errClosed
	}
	if err := h.same.Check(); err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, h.busy)
	defer cancel()
	conn, err := h.db.Conn(wait)
	if err != nil {
		if wait.Err() != nil {
			return nil, waited(ctx, errors.New("no connection is free"))
		}
		return nil, failed(err)
	}
	plain := context.WithoutCancel(ctx)
	w := &hostedWriter{conn: conn, same: h.same}
	defer func() {
		if err != nil {
			w.close(plain)
		}
	}()
	if err := w.set(plain, h.sync); err != nil {
		return nil, failed(err)
	}
	tx, err := conn.BeginTx(plain, nil)
	if err != nil {
		return nil, err
	}
	w.txRunner = txRunner{tx: tx, stmts: map[string]*sql.Stmt{}, shared: h}
	if _, err := w.exec(plain, touchMeta); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return w, nil
}

func (h *hosted) vacuumInto(ctx context.Context, path string) error {
	if err := h.same.Check(); err != nil {
		return err
	}
	_, err := h.db.ExecContext(ctx, "VACUUM INTO ?", path)
	return err
}

func (h *hosted) closed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stmts == nil
}

func (h *hosted) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var errs []error
	for _, st := range h.stmts {
		errs = append(errs, st.Close())
	}
	h.stmts = nil
	return errors.Join(errs...)
}

// hostedWriter is a borrowed connection in a transaction, and what to put back
// before it is returned.
type hostedWriter struct {
	txRunner

	conn    *sql.Conn
	same    *same.File
	restore []string
}

// set changes the connection's settings where they differ, which takes effect
// outside of transactions only.
func (w *hostedWriter) set(ctx context.Context, s Synchronous) error {
	level := map[Synchronous]int64{off: 0, Normal: 1, Full: 2}[s]
	for _, p := range []struct {
		name string
		want int64
	}{{"busy_timeout", 0}, {"synchronous", level}} {
		is, err := one[int64](ctx, onConn{w.conn}, "PRAGMA "+p.name)
		if err != nil {
			return err
		}
		if is == p.want || p.name == "synchronous" && is > p.want {
			continue
		}
		if _, err := w.conn.ExecContext(ctx, "PRAGMA "+p.name+" = "+strconv.FormatInt(p.want, 10)); err != nil {
			return err
		}
		w.restore = append(w.restore, "PRAGMA "+p.name+" = "+strconv.FormatInt(is, 10))
	}
	return nil
}

func (w *hostedWriter) commit(ctx context.Context) error {
	committed := false
	err := w.same.Commit(func() error {
		err := w.tx.Commit()
		committed = err == nil
		return err
	})
	if committed {
		w.close(ctx)
	}
	return err // where it was not committed the caller rolls back
}

func (w *hostedWriter) rollback(ctx context.Context) {
	if err := w.tx.Rollback(); errors.Is(err, sql.ErrTxDone) {
		// A failed COMMIT may leave SQLite's transaction open, or may not.
		_, _ = w.conn.ExecContext(ctx, "ROLLBACK")
	}
	w.close(ctx)
}

// close gives the connection back, or gives it up if it cannot be put back as
// it was.
func (w *hostedWriter) close(ctx context.Context) {
	for _, p := range w.restore {
		if _, err := w.conn.ExecContext(ctx, p); err != nil {
			_ = w.conn.Raw(func(any) error { return driver.ErrBadConn }) // database/sql then drops it
			break
		}
	}
	_ = w.conn.Close() // what it can say is that it is closed
}

// onConn runs single statements on a connection, unprepared.
type onConn struct{ conn *sql.Conn }

func (c onConn) exec(ctx context.Context, text string, args ...any) (int64, error) {
	return affected(c.conn.ExecContext(ctx, text, args...))
}

func (c onConn) query(ctx context.Context, text string, each func(row []driver.Value) error, args ...any) error {
	return scan(each)(c.conn.QueryContext(ctx, text, args...)) //nolint:rowserrcheck // scan does
}

// shared runs prepared statements on any free connection. The wait for one
// ends with ctx.
type shared struct{ h *hosted }

func (s shared) exec(ctx context.Context, text string, args ...any) (int64, error) {
	st, err := s.h.prepared(ctx, text) //nolint:sqlclosecheck // kept until the backend is closed
	if err != nil {
		return 0, err
	}
	return affected(st.ExecContext(ctx, args...))
}

func (s shared) query(ctx context.Context, text string, each func(row []driver.Value) error, args ...any) error {
	st, err := s.h.prepared(ctx, text) //nolint:sqlclosecheck // kept until the backend is closed
	if err != nil {
		return err
	}
	return scan(each)(st.QueryContext(ctx, args...)) //nolint:rowserrcheck // scan does
}

// txRunner runs statements inside of a transaction, prepared once in it.
type txRunner struct {
	tx     *sql.Tx
	stmts  map[string]*sql.Stmt
	shared *hosted // has some of them prepared already; may be nil
}

// prepare returns a statement that the end of the transaction closes.
func (t *txRunner) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if st := t.stmts[text]; st != nil {
		return st, nil
	}
	if t.shared != nil {
		t.shared.mu.Lock()
		st := t.shared.stmts[text]
		t.shared.mu.Unlock()
		if st != nil {
			t.stmts[text] = t.tx.StmtContext(ctx, st)
			return t.stmts[text], nil
		}
	}
	st, err := t.tx.PrepareContext(ctx, text)
	if err == nil {
		t.stmts[text] = st
	}
	return st, err
}

func (t *txRunner) exec(ctx context.Context, text string, args ...any) (int64, error) {
	ctx = context.WithoutCancel(ctx)
	st, err := t.prepare(ctx, text) //nolint:sqlclosecheck // closed with the transaction
	if err != nil {
		return 0, err
	}
	return affected(st.ExecContext(ctx, args...))
}

func (t *txRunner) query(ctx context.Context, text string, each func(row []driver.Value) error, args ...any) error {
	ctx = context.WithoutCancel(ctx)
	st, err := t.prepare(ctx, text) //nolint:sqlclosecheck // closed with the transaction
	if err != nil {
		return err
	}
	return scan(each)(st.QueryContext(ctx, args...)) //nolint:rowserrcheck // scan does
}

func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// scan hands each row to a function.
func scan(each func(row []driver.Value) error) func(*sql.Rows, error) error {
	return func(rows *sql.Rows, err error) error {
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		values, into, row := make([]any, len(columns)), make([]any, len(columns)), make([]driver.Value, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				return err
			}
			for i, v := range values {
				row[i] = v
			}
			if err := each(row); err != nil {
				return err
			}
		}
		return rows.Err()
	}
}

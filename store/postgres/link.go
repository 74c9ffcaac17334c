package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/servicecoin/servicecoin/store/postgres/internal/outcome"
)

// statement is one SQL statement, and what becomes of its rows.
type statement struct {
	sql  string
	args []any
	row  func(scan func(dest ...any) error) error // for each row; nil: rows do not matter
}

// link is the way to the database: a pool, or a transaction of the host.
type link interface {
	// run executes the statements in order, in one round trip if the driver can
	// do it, and one transaction. Each sees what was committed before it began.
	run(ctx context.Context, list []statement) error

	// begin opens a transaction, or a savepoint in the host's.
	begin(ctx context.Context) (transaction, error)

	// joined tells whether the transaction is the host's.
	joined() bool
}

// transaction is open from its first run, and over after done or undo.
type transaction interface {
	// run executes the statements; the first run opens the transaction first,
	// in the same round trip.
	run(ctx context.Context, list []statement) error

	// done executes the statements and ends the transaction with success, in
	// the same round trip.
	done(ctx context.Context, list []statement) error

	// undo ends it without effect. It does nothing after done has succeeded.
	undo(ctx context.Context)
}

// batcher is what pool, connection and transaction of pgx have in common.
type batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// send runs the statements as one pipeline. Without a BEGIN in it the server
// makes one transaction of it.
func send(ctx context.Context, to batcher, list []statement) (err error) {
	var batch pgx.Batch
	for _, s := range list {
		batch.Queue(s.sql, s.args...)
	}
	results := to.SendBatch(ctx, &batch)
	defer func() {
		if e := results.Close(); err == nil {
			err = e
		}
	}()
	for _, s := range list {
		if s.row == nil {
			if _, err := results.Exec(); err != nil {
				return err
			}
			continue
		}
		rows, err := results.Query()
		if err != nil {
			return err
		}
		if err := each(rows, s); err != nil {
			return err
		}
	}
	return nil
}

func each(rows pgx.Rows, s statement) error {
	defer rows.Close()
	for rows.Next() {
		if err := s.row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// pooled is the plain store's link.
type pooled struct{ pool *pgxpool.Pool }

func (p pooled) joined() bool { return false }

func (p pooled) run(ctx context.Context, list []statement) error {
	if len(list) > 1 || list[0].row == nil {
		return send(ctx, p.pool, list)
	}
	rows, err := p.pool.Query(ctx, list[0].sql, list[0].args...)
	if err != nil {
		return err
	}
	return each(rows, list[0])
}

func (p pooled) begin(ctx context.Context) (transaction, error) {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	return &pooledTransaction{conn: conn}, nil
}

type pooledTransaction struct {
	conn *pgxpool.Conn // nil: given back
	open bool
}

func (t *pooledTransaction) run(ctx context.Context, list []statement) error {
	if !t.open {
		t.open = true
		list = append([]statement{{sql: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"}}, list...)
	}
	return send(ctx, t.conn, list)
}

func (t *pooledTransaction) done(ctx context.Context, list []statement) error {
	ctx, over := outcome.Patient(ctx)
	defer over()
	err := t.run(ctx, append(list, statement{sql: "COMMIT"}))
	if err == nil {
		t.conn.Release()
		t.conn = nil
	}
	return err
}

func (t *pooledTransaction) undo(ctx context.Context) {
	if t.conn == nil {
		return
	}
	// Where this fails, or the context has ended, the pool closes the
	// connection, which undoes the transaction as well.
	_, _ = t.conn.Exec(ctx, "ROLLBACK")
	t.conn.Release()
	t.conn = nil
}

// hosts is a transaction of the host, of pgx.
type hosts struct{ tx pgx.Tx }

func (h hosts) joined() bool { return true }

func (h hosts) run(ctx context.Context, list []statement) error { return send(ctx, h.tx, list) }

func (h hosts) begin(context.Context) (transaction, error) {
	return &savepoint{link: h, exec: func(ctx context.Context, sql string) error {
		_, err := h.tx.Exec(ctx, sql)
		return err
	}}, nil
}

// hostsSQL is a transaction of the host, of database/sql, which knows no
// pipeline: each statement is a round trip.
type hostsSQL struct{ tx *sql.Tx }

func (h hostsSQL) joined() bool { return true }

func (h hostsSQL) run(ctx context.Context, list []statement) error {
	for _, s := range list {
		if err := h.one(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (h hostsSQL) one(ctx context.Context, s statement) (err error) {
	if s.row == nil {
		_, err := h.tx.ExecContext(ctx, s.sql, s.args...)
		return err
	}
	rows, err := h.tx.QueryContext(ctx, s.sql, s.args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := s.row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (h hostsSQL) begin(context.Context) (transaction, error) {
	return &savepoint{link: h, exec: func(ctx context.Context, sql string) error {
		_, err := h.tx.ExecContext(ctx, sql)
		return err
	}}, nil
}

// savepoint is a commit inside of the host's transaction: undone alone, so
// that the host can go on after a refusal.
type savepoint struct {
	link link
	exec func(ctx context.Context, sql string) error
	open bool
	over bool
}

func (t *savepoint) run(ctx context.Context, list []statement) error {
	if !t.open {
		t.open = true
		list = append([]statement{{sql: "SAVEPOINT servicecoin"}}, list...)
	}
	return t.link.run(ctx, list)
}

func (t *savepoint) done(ctx context.Context, list []statement) error {
	err := t.run(ctx, append(list, scope{}.statement(), statement{sql: "RELEASE SAVEPOINT servicecoin"}))
	t.over = err == nil
	if err != nil {
		return fmt.Errorf("in the host's transaction: %w", err)
	}
	return nil
}

func (t *savepoint) undo(ctx context.Context) {
	if !t.over {
		t.over = true
		// If this fails, so will everything that the host does next: it learns.
		_ = t.exec(ctx, "ROLLBACK TO SAVEPOINT servicecoin; RELEASE SAVEPOINT servicecoin")
	}
}

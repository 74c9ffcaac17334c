package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver
)

// handSQLite is what a careful programmer writes for this one record.
type handSQLite struct {
	db, readers                     *sql.DB
	insert, change, outbox, get, by *sql.Stmt
}

func newHandSQLite(tb testing.TB, synchronous string) *handSQLite {
	tb.Helper()
	path := "file:" + filepath.Join(tb.TempDir(), "hand.db")
	pragmas := "?_pragma=journal_mode(WAL)&_pragma=synchronous(" + synchronous + ")&_pragma=busy_timeout(5000)&_txlock=immediate&_pragma=cache_size(-16000)"
	open := func(n int) *sql.DB {
		db, err := sql.Open("sqlite", path+pragmas)
		require.NoError(tb, err)
		db.SetMaxOpenConns(n)
		db.SetMaxIdleConns(n)
		tb.Cleanup(func() { require.NoError(tb, db.Close()) })
		return db
	}
	h := &handSQLite{db: open(1), readers: open(8)}
	_, err := h.db.ExecContext(tb.Context(), `CREATE TABLE tickets (id TEXT PRIMARY KEY, version INTEGER NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL, opened INTEGER NOT NULL, priority INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX tickets_state ON tickets (state, opened); CREATE INDEX tickets_owner ON tickets (owner); CREATE INDEX tickets_priority ON tickets (priority);
CREATE TABLE outbox (position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, name TEXT NOT NULL, subject TEXT NOT NULL, actor TEXT NOT NULL, at INTEGER NOT NULL, data BLOB)`)
	require.NoError(tb, err)
	prepare := func(db *sql.DB, text string) *sql.Stmt {
		st, err := db.PrepareContext(tb.Context(), text)
		require.NoError(tb, err)
		return st
	}
	h.insert = prepare(h.db, `INSERT INTO tickets VALUES (?, 1, ?, ?, ?, ?, ?)`)
	h.change = prepare(h.db, `UPDATE tickets SET version = version + 1, state = ?, owner = ?, opened = ?, priority = ?, body = ? WHERE id = ? AND version = ?`)
	h.outbox = prepare(h.db, `INSERT INTO outbox (id, name, subject, actor, at, data) VALUES (?, ?, ?, ?, ?, ?)`)
	h.get = prepare(h.readers, `SELECT version, body FROM tickets WHERE id = ?`)
	h.by = prepare(h.readers, `SELECT version, body FROM tickets WHERE owner = ? ORDER BY owner, rowid LIMIT 20`)
	return h
}

func (h *handSQLite) event(ctx context.Context, tx *sql.Tx, id, name string) error {
	data, err := json.Marshal(map[string]string{"id": id})
	if err != nil {
		return err
	}
	_, err = tx.StmtContext(ctx, h.outbox).ExecContext(ctx, id+name, name, id, "system:bench", time.Now().UnixMicro(), data) //nolint:sqlclosecheck // closed with the transaction
	return err
}

func (h *handSQLite) create(ctx context.Context, t ticket) error {
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}
	tx, err := h.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.StmtContext(ctx, h.insert).ExecContext(ctx, t.ID, t.State, t.Owner, t.Opened.UnixMicro(), t.Priority, body); err != nil { //nolint:sqlclosecheck // closed with the transaction
		return err
	}
	if err := h.event(ctx, tx, t.ID, "ticket.opened"); err != nil {
		return err
	}
	return tx.Commit()
}

func (h *handSQLite) read(ctx context.Context, id string) (t ticket, err error) {
	var version int64
	var body []byte
	if err := h.get.QueryRowContext(ctx, id).Scan(&version, &body); err != nil {
		return t, err
	}
	err = json.Unmarshal(body, &t)
	return t, err
}

func (h *handSQLite) update(ctx context.Context, id string, priority int) error {
	for {
		var version int64
		var body []byte
		if err := h.get.QueryRowContext(ctx, id).Scan(&version, &body); err != nil {
			return err
		}
		var t ticket
		if err := json.Unmarshal(body, &t); err != nil {
			return err
		}
		t.Priority = priority
		body, err := json.Marshal(t)
		if err != nil {
			return err
		}
		done, err := h.replace(ctx, t, body, version)
		if done || err != nil {
			return err
		}
	}
}

func (h *handSQLite) replace(ctx context.Context, t ticket, body []byte, version int64) (bool, error) {
	tx, err := h.db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	result, err := tx.StmtContext(ctx, h.change).ExecContext(ctx, t.State, t.Owner, t.Opened.UnixMicro(), t.Priority, body, t.ID, version) //nolint:sqlclosecheck // closed with the transaction
	if err != nil {
		return false, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	if err := h.event(ctx, tx, t.ID, "ticket.changed"); err != nil {
		return false, err
	}
	return true, tx.Commit()
}

func (h *handSQLite) find(ctx context.Context, owner string) (n int, err error) {
	rows, err := h.by.QueryContext(ctx, owner)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var version int64
		var body []byte
		if err := rows.Scan(&version, &body); err != nil {
			return 0, err
		}
		var t ticket
		if err := json.Unmarshal(body, &t); err != nil {
			return 0, err
		}
		n++
	}
	return n, rows.Err()
}

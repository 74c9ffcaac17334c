package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// handPostgres is what a careful programmer writes for this one record: one
// transaction a change, its two statements in one round trip.
type handPostgres struct{ pool *pgxpool.Pool }

func newHandPostgres(tb testing.TB, pool *pgxpool.Pool) *handPostgres {
	tb.Helper()
	_, err := pool.Exec(tb.Context(), `CREATE TABLE tickets (id text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, state text NOT NULL, owner text NOT NULL, opened timestamptz NOT NULL, priority integer NOT NULL, body jsonb NOT NULL);
CREATE INDEX ON tickets (state, opened); CREATE INDEX ON tickets (owner); CREATE INDEX ON tickets (priority);
CREATE TABLE outbox (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL, name text NOT NULL, subject text NOT NULL, actor text NOT NULL, at timestamptz NOT NULL, data jsonb)`)
	require.NoError(tb, err)
	return &handPostgres{pool}
}

var errStale = errors.New("changed meanwhile")

func (h *handPostgres) commit(ctx context.Context, id, name, statement string, args ...any) error {
	data, err := json.Marshal(map[string]string{"id": id})
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		var b pgx.Batch
		b.Queue(statement, args...)
		b.Queue(`INSERT INTO outbox (id, name, subject, actor, at, data) VALUES ($1, $2, $3, $4, $5, $6)`, id+name, name, id, "system:bench", time.Now(), data)
		results := tx.SendBatch(ctx, &b)
		tag, err := results.Exec()
		if err == nil && tag.RowsAffected() == 0 {
			err = errStale
		}
		return errors.Join(err, results.Close())
	})
}

func (h *handPostgres) create(ctx context.Context, t ticket) error {
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return h.commit(ctx, t.ID, "ticket.opened", `INSERT INTO tickets VALUES ($1, 1, $2, $3, $4, $5, $6)`, t.ID, t.State, t.Owner, t.Opened, t.Priority, body)
}

func (h *handPostgres) get(ctx context.Context, id string) (t ticket, version int64, err error) {
	var body []byte
	if err := h.pool.QueryRow(ctx, `SELECT version, body FROM tickets WHERE id = $1`, id).Scan(&version, &body); err != nil {
		return t, 0, err
	}
	err = json.Unmarshal(body, &t)
	return t, version, err
}

func (h *handPostgres) read(ctx context.Context, id string) (ticket, error) {
	t, _, err := h.get(ctx, id)
	return t, err
}

func (h *handPostgres) update(ctx context.Context, id string, priority int) error {
	for {
		t, version, err := h.get(ctx, id)
		if err != nil {
			return err
		}
		t.Priority = priority
		body, err := json.Marshal(t)
		if err != nil {
			return err
		}
		err = h.commit(ctx, id, "ticket.changed", `UPDATE tickets SET version = version + 1, state = $1, owner = $2, opened = $3, priority = $4, body = $5 WHERE id = $6 AND version = $7`,
			t.State, t.Owner, t.Opened, t.Priority, body, id, version)
		if !errors.Is(err, errStale) {
			return err
		}
	}
}

func (h *handPostgres) find(ctx context.Context, owner string) (n int, err error) {
	rows, err := h.pool.Query(ctx, `SELECT version, body FROM tickets WHERE owner = $1 ORDER BY owner LIMIT 20`, owner)
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

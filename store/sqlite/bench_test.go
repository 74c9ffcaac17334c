package sqlite_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

// ticket is a record of about 2 kB with three index values.
type ticket struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Owner    string    `json:"owner"`
	Opened   time.Time `json:"opened"`
	Priority int       `json:"priority"`
	Text     string    `json:"text"`
}

func newTicket(n int) ticket {
	return ticket{
		ID: fmt.Sprintf("%016d", n), State: []string{"open", "done"}[n%2], Owner: fmt.Sprintf("p%03d", n%100),
		Opened: time.Unix(int64(n), 0).UTC(), Priority: n % 5, Text: strings.Repeat("Some text. ", 170),
	}
}

func tickets() store.Kind[ticket] {
	return store.Kind[ticket]{
		Name: "ticket", ID: func(t ticket) string { return t.ID },
		Indexes: []store.Index[ticket]{
			{Name: "state", Columns: "tm", Of: func(t ticket) store.Tuple { return store.Tuple{store.Text(t.State), store.Time(t.Opened)} }},
			{Name: "owner", Columns: "t", Of: func(t ticket) store.Tuple { return store.Tuple{store.Text(t.Owner)} }},
			{Name: "priority", Columns: "i", Of: func(t ticket) store.Tuple { return store.Tuple{store.Int(t.Priority)} }},
		},
	}
}

type engine interface {
	create(ctx context.Context, t ticket) error
	read(ctx context.Context, id string) (ticket, error)
	update(ctx context.Context, id string, priority int) error
	find(ctx context.Context, owner string) (int, error)
}

type ours struct {
	c store.Collection[ticket]
}

func (o ours) create(ctx context.Context, t ticket) error {
	e, err := store.Happened("ticket.opened", servicecoin.Program("bench"), map[string]string{"id": t.ID})
	if err != nil {
		return err
	}
	return o.c.Insert(ctx, t, e)
}

func (o ours) read(ctx context.Context, id string) (ticket, error) { return o.c.Get(ctx, id) }

func (o ours) update(ctx context.Context, id string, priority int) error {
	e, err := store.Happened("ticket.changed", servicecoin.Program("bench"), map[string]string{"id": id})
	if err != nil {
		return err
	}
	_, err = o.c.Update(ctx, id, func(t *ticket) ([]store.Event, error) {
		t.Priority = priority
		return []store.Event{e}, nil
	})
	return err
}

func (o ours) find(ctx context.Context, owner string) (n int, err error) {
	page, err := o.c.Page(ctx, store.By("owner", store.Text(owner)), "", 20)
	return len(page.Items), err
}

// hand is what a careful programmer writes for this one record.
type hand struct {
	db, readers                     *sql.DB
	insert, change, outbox, get, by *sql.Stmt
}

func newHand(tb testing.TB, synchronous string) *hand {
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
	h := &hand{db: open(1), readers: open(8)}
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

func (h *hand) event(ctx context.Context, tx *sql.Tx, id, name string) error {
	data, err := json.Marshal(map[string]string{"id": id})
	if err != nil {
		return err
	}
	_, err = tx.StmtContext(ctx, h.outbox).ExecContext(ctx, id+name, name, id, "system:bench", time.Now().UnixMicro(), data) //nolint:sqlclosecheck // closed with the transaction
	return err
}

func (h *hand) create(ctx context.Context, t ticket) error {
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

func (h *hand) read(ctx context.Context, id string) (t ticket, err error) {
	var version int64
	var body []byte
	if err := h.get.QueryRowContext(ctx, id).Scan(&version, &body); err != nil {
		return t, err
	}
	err = json.Unmarshal(body, &t)
	return t, err
}

func (h *hand) update(ctx context.Context, id string, priority int) error {
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

func (h *hand) replace(ctx context.Context, t ticket, body []byte, version int64) (bool, error) {
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

func (h *hand) find(ctx context.Context, owner string) (n int, err error) {
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

// BenchmarkSteering is for the package's own development; the figures that
// count are in docs/benchmarks.md.
func BenchmarkSteering(b *testing.B) {
	for _, level := range []string{"FULL", "NORMAL"} {
		for _, who := range []string{"ours", "hand"} {
			open := func(b *testing.B) engine {
				b.Helper()
				if who == "hand" {
					return newHand(b, level)
				}
				o := &sqlite.Options{}
				if level == "NORMAL" {
					o.Synchronous = sqlite.Normal
				}
				back, _ := opened(b, o)
				s := store.New(back, nil)
				return ours{store.Of(s.For("acme"), tickets())}
			}
			for _, goroutines := range []int{1, 16} {
				name := func(what string) string { return fmt.Sprintf("%s/%d/%s/%s", what, goroutines, level, who) }
				b.Run(name("create"), func(b *testing.B) {
					e := open(b)
					spread(b, goroutines, func(i int) error { return e.create(b.Context(), newTicket(i)) })
				})
				filled := func(b *testing.B) engine {
					b.Helper()
					e := open(b)
					var wg sync.WaitGroup
					for g := range 16 {
						wg.Go(func() {
							for i := g; i < records; i += 16 {
								if err := e.create(b.Context(), newTicket(i)); err != nil {
									b.Error(err)
								}
							}
						})
					}
					wg.Wait()
					return e
				}
				b.Run(name("update"), func(b *testing.B) {
					e := filled(b)
					spread(b, goroutines, func(i int) error {
						return e.update(b.Context(), newTicket(i*7919%records).ID, i%5)
					})
				})
				if level == "FULL" {
					continue
				}
				b.Run(name("read"), func(b *testing.B) {
					e := filled(b)
					spread(b, goroutines, func(i int) error {
						_, err := e.read(b.Context(), newTicket(i*7919%records).ID)
						return err
					})
				})
				b.Run(name("find20"), func(b *testing.B) {
					e := filled(b)
					spread(b, goroutines, func(i int) error {
						_, err := e.find(b.Context(), newTicket(i*7919%records).Owner)
						return err
					})
				})
			}
		}
	}
}

const records = 4000

// spread calls fn b.N times in n goroutines.
func spread(b *testing.B, n int, fn func(i int) error) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range n {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < b.N; i = int(next.Add(1)) - 1 {
				if err := fn(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

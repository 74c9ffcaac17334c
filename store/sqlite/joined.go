package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// InTx is a backend inside of a transaction of the host. Make it with [In] or
// [Backend.In].
type InTx struct {
	most time.Duration // how long a commit waits for the write lock, if its context lasts as long
	idle chan struct{} // holds one token while nobody is at work
	run  *txRunner
}

var (
	_ store.Backend = (*InTx)(nil)
	_ store.Joined  = (*InTx)(nil)
	_ reader        = (*InTx)(nil)
)

// In returns a backend that works inside of tx, a transaction in a database on
// which [New] has been called: its commits are seen inside at once, and happen
// when tx commits. A refused commit leaves tx and what else it did as it was.
// The backend ends with tx.
//
//	_, err := desk.On(view.In(sqlite.In(tx))).Open(ctx, by, report)
//	// the host's own rows, by tx.ExecContext
//	err = tx.Commit()
//
// A transaction that has read before its first write, and finds that somebody
// else has written since, cannot go on (SQLITE_BUSY_SNAPSHOT): its commits
// answer ErrBusy, and the host rolls it back and runs it again. A transaction
// that begins with a write, or with BEGIN IMMEDIATE (_txlock=immediate in the
// DSN of the known drivers), never meets that.
//
// The options are the defaults; [Backend.In] takes those of a backend.
func In(tx *sql.Tx) *InTx { return in(tx, (*Options)(nil).orDefault()) }

// In is the function [In] with the options of b.
func (b *Backend) In(tx *sql.Tx) *InTx { return in(tx, Options{BusyTimeout: b.queue.most}) }

func in(tx *sql.Tx, o Options) *InTx {
	j := &InTx{most: o.BusyTimeout, idle: make(chan struct{}, 1), run: &txRunner{tx: tx, stmts: map[string]*sql.Stmt{}}}
	j.idle <- struct{}{}
	return j
}

// Joined implements store.Joined.
func (j *InTx) Joined() bool { return true }

// Get implements store.Backend.
func (j *InTx) Get(ctx context.Context, key store.Key) (store.Document, error) {
	if err := alive(ctx); err != nil {
		return store.Document{}, err
	}
	if err := key.Validate(); err != nil {
		return store.Document{}, err
	}
	return get(ctx, j, key)
}

// Find implements store.Backend.
func (j *InTx) Find(ctx context.Context, q store.Query) ([]store.Document, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if err := q.Validate(); err != nil {
		return nil, err
	}
	return find(ctx, j, q)
}

// Events implements store.Backend. It shows the transaction's own events too.
func (j *InTx) Events(ctx context.Context, f store.Feed) ([]store.Event, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if err := f.Validate(); err != nil {
		return nil, err
	}
	return events(ctx, j, f)
}

// Commit implements store.Backend. The commit happens when the host's
// transaction does.
func (j *InTx) Commit(ctx context.Context, c store.Commit) error {
	if err := alive(ctx); err != nil {
		return err
	}
	if err := c.Validate(); err != nil {
		return err
	}
	plain := context.WithoutCancel(ctx)
	return servicecoin.Unchanged(j.write(ctx, func(r runner) error { return apply(plain, r, c, false) }))
}

// Forget implements store.Backend.
func (j *InTx) Forget(ctx context.Context, c servicecoin.CustomerID, before store.Position) error {
	if err := forgettable(ctx, c, before); err != nil {
		return err
	}
	plain := context.WithoutCancel(ctx)
	return servicecoin.Unchanged(j.write(ctx, func(r runner) error {
		return saved(plain, r, func() error { return forget(plain, r, c, before) })
	}))
}

// write gets the write lock with a statement that changes nothing, so that a
// wait for it leaves nothing behind.
func (j *InTx) write(ctx context.Context, fn func(runner) error) error {
	return j.read(ctx, func(r runner) error {
		err := retry(ctx, j.most, func() error {
			_, err := r.exec(context.WithoutCancel(ctx), touchMeta)
			if stale(err) {
				return errStale // not err too: it looks worth waiting for
			}
			return err
		})
		if err != nil {
			return err
		}
		return fn(r)
	})
}

var errStale = fmt.Errorf("%w: the transaction has read what was changed since; roll it back and run it again", servicecoin.ErrBusy)

func (j *InTx) read(ctx context.Context, fn func(runner) error) error {
	select {
	case <-j.idle:
	case <-ctx.Done():
		return servicecoin.Unchanged(context.Cause(ctx))
	}
	defer func() { j.idle <- struct{}{} }()
	return fn(j.run)
}

func (j *InTx) snapshot(ctx context.Context, fn func(runner) error) error { return j.read(ctx, fn) }

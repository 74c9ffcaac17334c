package usage

import (
	"context"
	"errors"

	"github.com/servicecoin/servicecoin/store/sqlite/internal/wait"
)

// snapshot runs fn in a read transaction. Before, it hands the tail to capture in the
// state in which the transaction sees the file; capture takes what fn needs of it, and
// does not wait for anything.
func (s *Store) snapshot(ctx context.Context, capture func(t *tail), fn func(ses *session) error) (err error) {
	if err := s.begin(ctx); err != nil {
		return err
	}
	ses, err := s.reads.take(ctx)
	if err != nil {
		return err
	}
	defer func() {
		ses.spent = ses.spent || err != nil
		err = errors.Join(err, s.reads.give(ses))
	}()
	const tries = 4
	for try := 1; ; try++ {
		t := s.tail
		if try == tries { // others are too fast: a tail of our own
			t = newTail(0)
		}
		if there, err := s.capture(ctx, ses, t, capture); err != nil {
			return err
		} else if !there {
			continue
		}
		err := fn(ses)
		if _, endErr := ses.exec(ctx, "ROLLBACK"); err == nil && endErr != nil {
			err = failed(endErr)
		}
		return err
	}
}

// capture begins a transaction. It reports false, and no transaction is open, if the
// tail is ahead of it.
func (s *Store) capture(ctx context.Context, ses *session, t *tail, capture func(t *tail)) (bool, error) {
	var h head
	err := wait.Retry(ctx, s.most, func() (err error) {
		if _, err := ses.exec(ctx, "BEGIN"); err != nil {
			return failed(err)
		}
		if h, err = ses.head(ctx); err != nil {
			_, _ = ses.exec(ctx, "ROLLBACK")
		}
		return err
	})
	if err != nil {
		return false, err
	}
	for {
		t.mu.RLock()
		is, ahead := t.is(h), t.ahead(h)
		if is {
			capture(t)
		}
		t.mu.RUnlock()
		if is {
			return true, nil
		}
		if !ahead {
			err = t.load(ctx, ses, h)
		}
		if ahead || err != nil {
			if _, endErr := ses.exec(ctx, "ROLLBACK"); err == nil && endErr != nil {
				err = failed(endErr)
			}
			return false, err
		}
	}
}

// change is a transaction that holds the file's write lock.
type change struct {
	store *Store
	ses   *session
	head  head
	dir   additions // to the directory
}

// changing begins a transaction with the tail in its state. Nobody else here begins one
// until done is called.
func (s *Store) changing(ctx context.Context) (c *change, err error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, wait.Waited(ctx, errAllInUse)
	}
	defer func() {
		if err != nil {
			<-s.turn
		}
	}()
	ses, err := s.writes.take(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			ses.spent = true
			err = errors.Join(err, s.writes.give(ses))
		}
	}()
	if err := s.same.Check(); err != nil {
		return nil, err
	}
	begin := func() error {
		_, err := ses.exec(ctx, "BEGIN IMMEDIATE")
		return err
	}
	if err := wait.Retry(ctx, s.most, begin); err != nil {
		return nil, failed(err)
	}
	c = &change{store: s, ses: ses}
	if c.head, err = ses.head(ctx); err == nil && !s.tail.isNow(c.head) {
		err = s.tail.load(ctx, ses, c.head)
	}
	if err != nil {
		_, _ = ses.exec(ctx, "ROLLBACK")
		return nil, err
	}
	return c, nil
}

func (t *tail) isNow(h head) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.is(h)
}

// commit makes the change last. What of it stands in memory is for the caller to do
// before done.
func (c *change) commit(ctx context.Context) error {
	err := c.store.same.Commit(func() error {
		_, err := c.ses.exec(ctx, "COMMIT")
		return err
	})
	if err != nil {
		return wait.Ended(err)
	}
	return nil
}

// done gives the connection back, and undoes what was not committed.
func (c *change) done(ctx context.Context, committed bool) error {
	if !committed {
		// SQLite rolls some failed transactions back by itself; then there is nothing
		// left to roll back.
		_, _ = c.ses.exec(ctx, "ROLLBACK")
		c.ses.spent = true
	}
	err := c.store.writes.give(c.ses)
	<-c.store.turn
	return err
}

package sqlite

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Commits that wait for the writer are stored together: whoever gets the
// writer leads, takes what is queued, and tells each of the others its own
// outcome. A sync is the dearest part of a commit, so sixteen callers that
// share one are several times as fast as sixteen that take turns, and a single
// caller pays nothing for it. Those whom the group before has let go come back
// while this one is written, so the leader looks at the queue again before it
// syncs; otherwise half of the callers would always wait for the other half. No
// goroutine is started.

// The bounds of a group: enough to spread the cost of a sync, not so much that
// the first of them waits for long.
const (
	mostCommits = 64
	mostBytes   = 4 << 20
)

type queue struct {
	writer chan struct{} // holds one token while nobody writes
	most   time.Duration

	last int // how many the last group had; of whoever writes

	mu      sync.Mutex
	waiting []*pending
}

// pending is a commit on its way.
type pending struct {
	commit store.Commit
	size   int
	err    error
	done   chan struct{} // closed once err is final
}

func newQueue(most time.Duration) *queue {
	q := &queue{writer: make(chan struct{}, 1), most: most}
	q.writer <- struct{}{}
	return q
}

func (q *queue) take() { <-q.writer }

func (q *queue) give() { q.writer <- struct{}{} }

// enter waits for the writer without a commit in the queue.
func (q *queue) enter(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, q.most)
	defer cancel()
	select {
	case <-q.writer:
		return nil
	case <-wait.Done():
		return waited(ctx, errQueued)
	}
}

var errQueued = errors.New("other writes are under way")

func (q *queue) add(p *pending) {
	q.mu.Lock()
	q.waiting = append(q.waiting, p)
	q.mu.Unlock()
}

// withdraw takes p out of the queue and reports whether it was still there.
func (q *queue) withdraw(p *pending) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, x := range q.waiting {
		if x == p {
			q.waiting = append(q.waiting[:i:i], q.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// join takes the first of the queue into a group, at most as many as one may
// have, and returns it.
func (q *queue) join(group []*pending) []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	size := 0
	for _, p := range group {
		size += p.size
	}
	n := 0
	for n < len(q.waiting) && len(group) < mostCommits {
		p := q.waiting[n]
		if size += p.size; size > mostBytes && len(group) > 0 {
			break
		}
		group = append(group, p)
		n++
	}
	q.waiting = q.waiting[n:]
	return group
}

func sizeOf(c store.Commit) int {
	n := 0
	for _, w := range c.Writes {
		n += len(w.Body)
		for _, x := range w.Index {
			n += len(x)
		}
	}
	for _, e := range c.Events {
		n += len(e.Data)
	}
	return n
}

// Commit implements store.Backend. Commits of several goroutines at the same
// time share a transaction of SQLite, and a sync.
func (b *Backend) Commit(ctx context.Context, c store.Commit) error {
	if err := alive(ctx); err != nil {
		return err
	}
	if err := c.Validate(); err != nil {
		return err
	}
	p := &pending{commit: c, size: sizeOf(c), done: make(chan struct{})}
	q := b.queue
	q.add(p)
	select {
	case <-q.writer:
		return b.lead(ctx, p)
	default:
	}
	wait, cancel := context.WithTimeout(ctx, q.most)
	defer cancel()
	select {
	case <-p.done:
		return p.err
	case <-q.writer:
		return b.lead(ctx, p)
	case <-wait.Done():
		if q.withdraw(p) {
			return waited(ctx, errQueued)
		}
		<-p.done // it was taken: the outcome is on its way
		return p.err
	}
}

// lead stores groups from the queue until p is among them, then hands the
// writer on.
func (b *Backend) lead(ctx context.Context, p *pending) error {
	defer b.queue.give()
	for {
		select {
		case <-p.done:
			return p.err
		default:
		}
		w, err := b.begin(ctx)
		if err != nil {
			b.queue.withdraw(p)
			return err
		}
		b.store(context.WithoutCancel(ctx), w)
	}
}

// begin waits for the file's write lock.
func (b *Backend) begin(ctx context.Context) (w writer, err error) {
	err = retry(ctx, b.queue.most, func() error {
		w, err = b.from.begin(ctx)
		return err
	})
	return w, servicecoin.Unchanged(err)
}

// store runs what is queued in one transaction and tells each the outcome. A
// context that ends does not end it: it is the leader's, and the others have
// theirs.
func (b *Backend) store(ctx context.Context, w writer) {
	group, finished := b.queue.join(nil), false
	defer func() {
		for _, p := range group {
			if !finished {
				p.err = errAborted // the driver panicked; nobody is to wait for ever
			}
			close(p.done)
		}
	}()
	more := func() []*pending {
		n := len(group)
		for range 3 { // those who are about to come need a moment to be seen
			if group = b.queue.join(group); len(group) > n || n >= b.queue.last {
				break
			}
			runtime.Gosched()
		}
		return group[n:]
	}
	defer func() { b.queue.last = len(group) }()
	if err := together(ctx, w, group, more); err != nil {
		for _, p := range group {
			p.err = err
		}
		if len(group) > 1 {
			b.apart(ctx, group)
		}
	}
	finished = true
}

var errAborted = errors.New("sqlite: the transaction was aborted")

// apart stores the commits of a group that failed as a whole one by one, so
// that the one to blame fails alone.
func (b *Backend) apart(ctx context.Context, group []*pending) {
	for i := range group {
		w, err := b.begin(ctx)
		if err == nil {
			err = together(ctx, w, group[i:i+1], func() []*pending { return nil })
		}
		if err != nil {
			group[i].err = err
		}
	}
}

// together runs the commits in w's transaction, and more that come meanwhile, and
// ends it. Each gets its own answer; an error means that the transaction failed,
// and nothing of it happened.
func together(ctx context.Context, w writer, group []*pending, more func() []*pending) error {
	alone, stored := len(group) == 1, 0
	for len(group) > 0 {
		for _, p := range group {
			if p.err = apply(ctx, w, p.commit, alone); p.err == nil {
				stored++
			} else if !refusal(p.err) {
				w.rollback(ctx)
				return servicecoin.Unchanged(p.err)
			}
		}
		if alone && stored == 0 {
			break // half of it may be in the transaction
		}
		alone, group = false, more()
	}
	if stored == 0 {
		w.rollback(ctx)
		return nil
	}
	if err := w.commit(ctx); err != nil {
		w.rollback(ctx)
		return ended(err)
	}
	return nil
}

// refusal reports whether err is an answer of the contract, not a fault.
func refusal(err error) bool {
	return errors.Is(err, servicecoin.ErrExists) || errors.Is(err, servicecoin.ErrConflict) || errors.Is(err, servicecoin.ErrNewer)
}

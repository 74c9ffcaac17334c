package store

import (
	"context"
	"sync"

	"github.com/servicecoin/servicecoin"
)

// turns lets the updates of one key, within this process, happen one after the
// other. It is for fairness alone: without it, sixteen goroutines on one record
// rerun their functions nine times over. Correctness comes from the versions.
type turns struct {
	mu   sync.Mutex
	keys map[Key]*turn
}

type turn struct {
	free    chan struct{} // holds one token while nobody has the turn
	waiting int
}

func newTurns() *turns { return &turns{keys: map[Key]*turn{}} }

// take waits for the key's turn, or for the end of ctx.
func (t *turns) take(ctx context.Context, key Key) error {
	t.mu.Lock()
	k := t.keys[key]
	if k == nil {
		k = &turn{free: make(chan struct{}, 1)}
		k.free <- struct{}{}
		t.keys[key] = k
	}
	k.waiting++
	t.mu.Unlock()
	select {
	case <-k.free:
		return nil
	case <-ctx.Done():
		t.leave(key)
		return servicecoin.Unchanged(context.Cause(ctx))
	}
}

// give hands the turn on.
func (t *turns) give(key Key) {
	t.mu.Lock()
	t.keys[key].free <- struct{}{}
	t.mu.Unlock()
	t.leave(key)
}

func (t *turns) leave(key Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.keys[key]
	if k.waiting--; k.waiting == 0 {
		delete(t.keys, key)
	}
}

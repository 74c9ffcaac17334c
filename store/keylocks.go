package store

import (
	"context"
	"sync"

	"github.com/servicecoin/servicecoin"
)

// keyLocks let the updates of one key, within this process, happen one after the
// other. They are for fairness alone: without them, sixteen goroutines on one
// record rerun their functions nine times over. Correctness comes from the versions.
type keyLocks struct {
	mu   sync.Mutex
	keys map[Key]*keyLock
}

// keyLock is there while somebody holds it or waits for it.
type keyLock struct {
	free  chan struct{} // holds one token while nobody has the lock
	users int           // who hold it or wait
}

func newKeyLocks() *keyLocks { return &keyLocks{keys: map[Key]*keyLock{}} }

// lock waits for the key's lock, or for the end of ctx.
func (l *keyLocks) lock(ctx context.Context, key Key) error {
	l.mu.Lock()
	k := l.keys[key]
	if k == nil {
		k = &keyLock{free: make(chan struct{}, 1)}
		k.free <- struct{}{}
		l.keys[key] = k
	}
	k.users++
	l.mu.Unlock()
	select {
	case <-k.free:
		return nil
	case <-ctx.Done():
		l.leave(key)
		return servicecoin.Unchanged(context.Cause(ctx))
	}
}

// unlock is called by the holder.
func (l *keyLocks) unlock(key Key) {
	l.mu.Lock()
	l.keys[key].free <- struct{}{}
	l.mu.Unlock()
	l.leave(key)
}

// leave is called once for each lock: when it is given back, or not waited for
// any longer.
func (l *keyLocks) leave(key Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.keys[key]
	if k.users--; k.users == 0 {
		delete(l.keys, key)
	}
}

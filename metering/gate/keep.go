package gate

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// Keep holds the pools, in one place for all authorities of a customer: [Records] in a
// store, [Memory] for a single process.
type Keep interface {
	// Update reads the pool of a key, the zero Pool if there is none, lets it be changed, and
	// stores it, if nobody else has stored it since it was read; else it does so again. It
	// stores nothing if change fails, and returns that error. Change reads what is left of the
	// limit, so it runs after the pool was read.
	Update(ctx context.Context, key Key, change func(*Pool) error) error
}

// Pools is the kind of a pool's record, in the partition of its customer, by the name of
// its key.
const Pools = "metering.pool"

type record struct {
	Name string `json:"name"`
	Pool Pool   `json:"pool"`
}

var pools = store.Kind[record]{Name: Pools, House: house.Own(), ID: func(r record) string { return r.Name }}

// Records keeps pools in a store, each in the partition of its customer, so that the
// authorities of all processes lease from the same. It asks nobody for leave and
// records no events: leases come and go many times a minute.
type Records struct {
	of func(servicecoin.CustomerID) store.View
}

// NewRecords returns what keeps pools in the views given: store.Store.For of a store.
func NewRecords(of func(servicecoin.CustomerID) store.View) *Records { return &Records{of} }

// records returns those of the customer.
func (r *Records) records(key Key) (store.Collection[record], error) {
	if r.of == nil {
		var v servicecoin.Violations
		v.Add("of", "required", "", "is nil: has the views of customers")
		return store.Collection[record]{}, v.Err()
	}
	return store.Of(r.of(key.Customer), pools), key.Validate()
}

// Update changes a pool in a commit of its own.
func (r *Records) Update(ctx context.Context, key Key, change func(*Pool) error) error {
	c, err := r.records(key)
	if err != nil {
		return err
	}
	switch _, err := c.Get(ctx, key.Name); {
	case errors.Is(err, servicecoin.ErrNotFound):
		// Where somebody else is faster, it is there.
		if err := c.Insert(ctx, record{Name: key.Name}); err != nil && !errors.Is(err, servicecoin.ErrExists) {
			return err
		}
	case err != nil:
		return err
	}
	_, err = c.Update(ctx, key.Name, func(x *record) ([]store.Event, error) { return nil, change(&x.Pool) })
	return err
}

// Pool returns the leases of a key, as they are now.
func (r *Records) Pool(ctx context.Context, key Key) (Pool, error) {
	c, err := r.records(key)
	if err != nil {
		return Pool{}, err
	}
	x, err := c.Get(ctx, key.Name)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return Pool{}, nil
	}
	return x.Pool, err
}

// Reindex brings the records of this package, of all customers, into the form of this
// release: see [store.Reindex].
func Reindex(ctx context.Context, s *store.Store) (int, error) { return store.Reindex(ctx, s, pools) }

// Memory keeps pools in memory: for one process, and for tests.
type Memory struct {
	mu    sync.Mutex
	pools map[Key]*kept
}

type kept struct {
	mu   sync.Mutex
	pool Pool
}

// NewMemory returns an empty one.
func NewMemory() *Memory { return &Memory{pools: map[Key]*kept{}} }

// Update changes a pool, one after the other.
func (m *Memory) Update(ctx context.Context, key Key, change func(*Pool) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	k := m.pools[key]
	if k == nil {
		k = &kept{}
		m.pools[key] = k
	}
	m.mu.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	next := k.pool.clone()
	if err := change(&next); err != nil {
		return err
	}
	k.pool = next
	return nil
}

// Pool returns the leases of a key, as they are now.
func (m *Memory) Pool(key Key) Pool {
	m.mu.Lock()
	k := m.pools[key]
	m.mu.Unlock()
	if k == nil {
		return Pool{}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.pool.clone()
}

func (p *Pool) clone() Pool {
	return Pool{Period: p.Period, Leases: slices.Clone(p.Leases), Settled: slices.Clone(p.Settled)}
}

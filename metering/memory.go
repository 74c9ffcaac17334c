package metering

import (
	"cmp"
	"context"
	"hash/maphash"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/servicecoin/servicecoin"
)

// MemoryStore is an [EventStore] in the memory of the process: for tests, for
// examples, and for whoever needs no more. It passes the same suite as the
// engines; what it holds is gone with the process. Make it with
// [NewMemoryStore].
//
// Events lie together by customer, type and day of UTC, each day and each month with
// its total, which is kept up as events come. [MemoryStore.Seal] packs days that are over.
// Customers are spread over shards: the events of a large batch are added to several of
// them at the same time, by as many goroutines as the process has processors.
type MemoryStore struct {
	mu     sync.RWMutex
	seed   maphash.Seed
	shards [shards]shard
	kinds  map[string]*kind

	batch   batch     // of Append
	scratch sync.Pool // of questions about everybody: see [Plan]
}

// shards is how many there are: some for each processor, as some are busier.
const shards = 16

// batch is room that is used again.
type batch struct {
	shard    []uint8 // of each event
	places   []int32 // of the events, by shard
	ends     [shards]int
	receipts [shards]Receipt
}

// kind is what all customers have of one type.
type kind struct {
	mu     sync.Mutex // among those who read at the same time
	pages  []*page
	sorted bool // by customer
}

var _ EventStore = (*MemoryStore)(nil)

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore {
	s := &MemoryStore{seed: maphash.MakeSeed(), kinds: map[string]*kind{}}
	for i := range s.shards {
		s.shards[i] = shard{seed: s.seed, chunks: make([]*chunk, chunks), books: map[servicecoin.CustomerID]*book{}}
	}
	return s
}

// of returns the shard of a customer.
func (s *MemoryStore) of(c servicecoin.CustomerID) *shard { return &s.shards[s.placeOf(c)] }

func (s *MemoryStore) placeOf(c servicecoin.CustomerID) uint8 {
	return uint8(maphash.String(s.seed, string(c)) % shards)
}

// bookOf returns what a customer has, nil for nothing.
func (s *MemoryStore) bookOf(c servicecoin.CustomerID) *book { return s.of(c).books[c] }

// Append implements EventStore.
func (s *MemoryStore) Append(ctx context.Context, events []Event) (Receipt, error) {
	if ctx.Err() != nil {
		return Receipt{}, context.Cause(ctx)
	}
	var v servicecoin.Violations
	if !v.Limit("events", len(events), MaxBatch) {
		return Receipt{}, v.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spread(events)
	var next atomic.Int32
	work := func() {
		for i := int(next.Add(1)) - 1; i < shards; i = int(next.Add(1)) - 1 {
			from := 0
			if i > 0 {
				from = s.batch.ends[i-1]
			}
			s.shards[i].append(events, s.batch.places[from:s.batch.ends[i]], &s.batch.receipts[i])
		}
	}
	const worth = 128 // events that are more work than starting a goroutine
	var others sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(events)/worth, shards) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
	return s.gather(), nil
}

// spread finds out which events belong to which shard, in their order.
func (s *MemoryStore) spread(events []Event) {
	b := &s.batch
	b.shard, b.places = slices.Grow(b.shard[:0], len(events))[:len(events)], slices.Grow(b.places[:0], len(events))[:len(events)]
	var many [shards]int
	for i := range events {
		place := s.placeOf(events[i].Customer)
		b.shard[i] = place
		many[place]++
	}
	at := 0
	for i, n := range many {
		b.ends[i] = at
		at += n
	}
	for i, place := range b.shard {
		b.places[b.ends[place]] = int32(i)
		b.ends[place]++
	}
}

// gather makes one receipt of those of the shards, and lists what came new.
func (s *MemoryStore) gather() Receipt {
	var all Receipt
	for i := range s.shards {
		all.Add(s.batch.receipts[i], 0)
		s.batch.receipts[i] = Receipt{}
		for _, p := range s.shards[i].fresh {
			k := s.kinds[p.of.kind]
			if k == nil {
				k = &kind{}
				s.kinds[p.of.kind] = k
			}
			k.pages, k.sorted = append(k.pages, p), false
		}
		s.shards[i].fresh = nil
	}
	slices.SortFunc(all.Exceptions, func(a, b Exception) int { return cmp.Compare(a.Index, b.Index) })
	return all
}

// Forget implements EventStore.
func (s *MemoryStore) Forget(ctx context.Context, customer servicecoin.CustomerID) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	if err := v.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, p := range s.of(customer).forget(customer) {
		k := s.kinds[name]
		k.pages = slices.DeleteFunc(k.pages, func(other *page) bool { return other == p })
	}
	return nil
}

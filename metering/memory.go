package metering

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/servicecoin/servicecoin"
)

// MemoryStore is an [EventStore] in the memory of the process: for tests, for
// examples, and for whoever needs no more. It passes the same suite as the
// engines; what it holds is gone with the process. Make it with
// [NewMemoryStore].
type MemoryStore struct {
	mu      sync.Mutex
	byKey   map[EventKey]Event
	facts   map[EventKey][]Event // by what they are about
	entries map[listing][]Entry
}

// listing is what one query reads.
type listing struct {
	customer  servicecoin.CustomerID
	eventType string
}

var _ EventStore = (*MemoryStore)(nil)

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{byKey: map[EventKey]Event{}, facts: map[EventKey][]Event{}, entries: map[listing][]Entry{}}
}

// Append implements EventStore.
func (s *MemoryStore) Append(ctx context.Context, events []Event) (Receipt, error) {
	if ctx.Err() != nil {
		return Receipt{}, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return Settle(events, (*memoryShelf)(s))
}

type memoryShelf MemoryStore

func (s *memoryShelf) Put(events []Event) ([]Placed, error) {
	placed := make([]Placed, len(events))
	for i, e := range events {
		if old, there := s.byKey[KeyOf(e)]; there {
			placed[i].Stored = old
			continue
		}
		e = e.clone()
		s.byKey[KeyOf(e)] = e
		placed[i] = Placed{Added: true, Awaited: e.Does == Happen && len(s.facts[KeyOf(e)]) > 0}
		if e.Does != Happen {
			s.facts[e.About()] = append(s.facts[e.About()], e)
		}
	}
	return placed, nil
}

func (s *memoryShelf) Known(keys []EventKey) ([][]Event, error) {
	list := make([][]Event, len(keys))
	for i, key := range keys {
		list[i] = slices.Clone(s.facts[key])
		if e, there := s.byKey[key]; there && e.Does == Happen {
			list[i] = append(list[i], e)
		}
	}
	return list, nil
}

func (s *memoryShelf) Lay(entries []Entry) error {
	for _, e := range entries {
		of := listing{e.Customer, e.Type}
		e.Event = e.clone()
		s.entries[of] = append(s.entries[of], e)
	}
	return nil
}

// Scan implements EventStore.
func (s *MemoryStore) Scan(ctx context.Context, q Query) iter.Seq2[Event, error] {
	return Pages(ctx, q, func(_ context.Context, q Query, after *Cursor) ([]Event, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var page []Event
		for _, e := range Stand(s.entries[listing{q.Customer, q.Type}], q.KnownBefore) {
			if !q.During.Contains(e.Time) || after != nil && CursorOf(e).Compare(*after) <= 0 {
				continue
			}
			if page = append(page, e.clone()); len(page) == PageSize {
				break
			}
		}
		return page, nil
	})
}

// History implements EventStore.
func (s *MemoryStore) History(ctx context.Context, key EventKey) ([]Event, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known, err := (*memoryShelf)(s).Known([]EventKey{key})
	if err != nil {
		return nil, err
	}
	return Told(known[0]), nil
}

// Measure implements EventStore.
func (s *MemoryStore) Measure(ctx context.Context, m Measurement) (*Measured, error) {
	return MeasureScan(ctx, s, m, s.customers())
}

func (s *MemoryStore) customers() []servicecoin.CustomerID {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[servicecoin.CustomerID]struct{}{}
	for of := range s.entries {
		all[of.customer] = struct{}{}
	}
	return slices.Sorted(maps.Keys(all))
}

// Digest implements EventStore.
func (s *MemoryStore) Digest(ctx context.Context, q Query) (Digest, error) { return DigestOf(s.Scan(ctx, q)) }

// Verify implements EventStore.
func (s *MemoryStore) Verify(context.Context, servicecoin.CustomerID) ([]Difference, error) {
	return nil, nil
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
	maps.DeleteFunc(s.byKey, func(k EventKey, _ Event) bool { return k.Customer == customer })
	maps.DeleteFunc(s.facts, func(k EventKey, _ []Event) bool { return k.Customer == customer })
	maps.DeleteFunc(s.entries, func(l listing, _ []Entry) bool { return l.customer == customer })
	return nil
}

package metering

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/servicecoin/servicecoin"
)

// MemoryStore is an [EventStore] in the memory of the process: for tests, for
// examples, and for whoever needs no more. It passes the same suite as the
// engines; what it holds is gone with the process. Make it with
// [NewMemoryStore].
type MemoryStore struct {
	mu    sync.Mutex
	byKey map[key]Event
	lists map[listing]*list
}

// listing is what one query reads.
type listing struct {
	customer  servicecoin.CustomerID
	eventType string
}

// list is sorted when it is read: batches come in any order.
type list struct {
	events []Event
	sorted bool
}

var _ EventStore = (*MemoryStore)(nil)

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{byKey: map[key]Event{}, lists: map[listing]*list{}}
}

// Append implements EventStore.
func (s *MemoryStore) Append(ctx context.Context, events []Event) ([]Result, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return Settle(events, func(first []Event) ([]Event, []bool, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		stored, added := make([]Event, len(first)), make([]bool, len(first))
		for i, e := range first {
			old, there := s.byKey[keyOf(e)]
			if stored[i], added[i] = e, !there; there {
				stored[i] = old
				continue
			}
			s.byKey[keyOf(e)] = e
			s.file(e)
		}
		return stored, added, nil
	})
}

func (s *MemoryStore) file(e Event) {
	of := listing{e.Customer, e.Type}
	l := s.lists[of]
	if l == nil {
		l = &list{sorted: true}
		s.lists[of] = l
	}
	if n := len(l.events); n > 0 && e.Compare(l.events[n-1]) < 0 {
		l.sorted = false
	}
	l.events = append(l.events, e)
}

// Scan implements EventStore.
func (s *MemoryStore) Scan(ctx context.Context, q Query) iter.Seq2[Event, error] {
	return Pages(ctx, q, func(_ context.Context, q Query, after *Cursor) ([]Event, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		l := s.lists[listing{q.Customer, q.Type}]
		if l == nil {
			return nil, nil
		}
		if !l.sorted {
			slices.SortFunc(l.events, Event.Compare)
			l.sorted = true
		}
		from, _ := slices.BinarySearchFunc(l.events, q.During.Start, func(e Event, t time.Time) int { return e.Time.Compare(t) })
		if after != nil {
			at, found := slices.BinarySearchFunc(l.events, *after, func(e Event, p Cursor) int { return CursorOf(e).Compare(p) })
			if found {
				at++
			}
			from = max(from, at)
		}
		page := make([]Event, 0, min(PageSize, len(l.events)-from))
		for _, e := range l.events[from:] {
			if len(page) == PageSize || !e.Time.Before(q.During.End) {
				break
			}
			if q.Matches(e) {
				e.Dimensions = maps.Clone(e.Dimensions)
				page = append(page, e)
			}
		}
		return page, nil
	})
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
	maps.DeleteFunc(s.byKey, func(k key, _ Event) bool { return k.customer == customer })
	maps.DeleteFunc(s.lists, func(l listing, _ *list) bool { return l.customer == customer })
	return nil
}

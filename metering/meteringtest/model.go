package meteringtest

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// NewModel returns an empty store that does what the contract says in the plainest
// way: it keeps what came in maps and lists, and reads all of it for each question. It is what
// [RunSame] compares other stores with, and far too slow for anything else.
func NewModel() metering.EventStore {
	return &model{byKey: map[metering.EventKey]metering.Event{}, facts: map[metering.EventKey][]metering.Event{}, entries: map[listing][]metering.Entry{}}
}

type model struct {
	mu      sync.Mutex
	byKey   map[metering.EventKey]metering.Event
	facts   map[metering.EventKey][]metering.Event // by what they are about
	entries map[listing][]metering.Entry
}

// listing is what one query reads.
type listing struct {
	customer  servicecoin.CustomerID
	eventType string
}

func (m *model) Append(ctx context.Context, events []metering.Event) (metering.Receipt, error) {
	if ctx.Err() != nil {
		return metering.Receipt{}, context.Cause(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return metering.Settle(events, (*modelShelf)(m))
}

// copied shares nothing with e.
func copied(e metering.Event) metering.Event {
	e.Dimensions, e.Fields = slices.Clone(e.Dimensions), slices.Clone(e.Fields)
	return e
}

type modelShelf model

func (m *modelShelf) Put(events []metering.Event) ([]metering.Placed, error) {
	placed := make([]metering.Placed, len(events))
	for i, e := range events {
		key := metering.KeyOf(e)
		if old, there := m.byKey[key]; there {
			placed[i].Stored = old
			continue
		}
		m.byKey[key] = copied(e)
		placed[i] = metering.Placed{Added: true, Awaited: e.Does == metering.Happen && len(m.facts[key]) > 0}
		if e.Does != metering.Happen {
			m.facts[e.About()] = append(m.facts[e.About()], copied(e))
		}
	}
	return placed, nil
}

func (m *modelShelf) Known(keys []metering.EventKey) ([][]metering.Event, error) {
	list := make([][]metering.Event, len(keys))
	for i, key := range keys {
		list[i] = slices.Clone(m.facts[key])
		if e, there := m.byKey[key]; there && e.Does == metering.Happen {
			list[i] = append(list[i], e)
		}
	}
	return list, nil
}

func (m *modelShelf) Lay(entries []metering.Entry) error {
	for _, e := range entries {
		of := listing{e.Customer, e.Type}
		e.Event = copied(e.Event)
		m.entries[of] = append(m.entries[of], e)
	}
	return nil
}

func (m *model) Scan(ctx context.Context, q metering.Query) iter.Seq2[metering.Event, error] {
	return metering.Pages(ctx, q, func(_ context.Context, q metering.Query, after *metering.Cursor) ([]metering.Event, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		var page []metering.Event
		for _, e := range metering.Stand(m.entries[listing{q.Customer, q.Type}], q.KnownBefore) {
			if !q.During.Contains(e.Time) || after != nil && metering.CursorOf(e).Compare(*after) <= 0 {
				continue
			}
			if page = append(page, copied(e)); len(page) == metering.PageSize {
				break
			}
		}
		return page, nil
	})
}

func (m *model) History(ctx context.Context, key metering.EventKey) ([]metering.Event, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	known, err := (*modelShelf)(m).Known([]metering.EventKey{key})
	if err != nil {
		return nil, err
	}
	return metering.Told(known[0]), nil
}

func (m *model) Measure(ctx context.Context, q metering.Measurement) (*metering.Measured, error) {
	return metering.MeasureScan(ctx, m, q, m.customers())
}

func (m *model) customers() []servicecoin.CustomerID {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[servicecoin.CustomerID]struct{}{}
	for of := range m.entries {
		all[of.customer] = struct{}{}
	}
	return slices.Sorted(maps.Keys(all))
}

func (m *model) Digest(ctx context.Context, q metering.Query) (metering.Digest, error) {
	return metering.DigestOf(m.Scan(ctx, q))
}

// Verify has nothing to add up again: no total is kept.
func (m *model) Verify(ctx context.Context, customer servicecoin.CustomerID) ([]metering.Difference, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	return nil, v.Err()
}

func (m *model) Forget(ctx context.Context, customer servicecoin.CustomerID) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	if err := v.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.byKey, func(k metering.EventKey, _ metering.Event) bool { return k.Customer == customer })
	maps.DeleteFunc(m.facts, func(k metering.EventKey, _ []metering.Event) bool { return k.Customer == customer })
	maps.DeleteFunc(m.entries, func(l listing, _ []metering.Entry) bool { return l.customer == customer })
	return nil
}

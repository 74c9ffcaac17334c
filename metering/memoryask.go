package metering

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Scan implements EventStore.
func (s *MemoryStore) Scan(ctx context.Context, q Query) iter.Seq2[Event, error] {
	return Pages(ctx, q, func(_ context.Context, q Query, after *Cursor) ([]Event, error) {
		s.mu.RLock()
		defer s.mu.RUnlock()
		b := s.bookOf(q.Customer)
		if b == nil || b.pages[q.Type] == nil || q.During.Empty() {
			return nil, nil
		}
		from := q.During.Start
		if after != nil {
			from = after.Time
		}
		list := make([]Event, 0, PageSize)
		p := b.pages[q.Type]
		at, _ := slices.BinarySearch(p.nums, DayOf(from))
		for _, c := range p.days[at:] {
			list = c.block.list(list, q, after)
			if len(list) == PageSize || !q.During.End.After(time.UnixMicro(int64(c.day+1)*microsPerDay)) {
				break
			}
		}
		return list, nil
	})
}

// list adds the events of a query that stand behind a cursor, up to a page.
func (b *Block) list(page []Event, q Query, after *Cursor) []Event {
	for i := range b.within(q) {
		if len(page) == PageSize {
			break
		}
		if after != nil && b.rows[i].at < after.Time.UnixMicro() {
			continue
		}
		e := b.entry(i).Event
		if after == nil || CursorOf(e).Compare(*after) > 0 {
			page = append(page, e)
		}
	}
	return page
}

// known returns the instant of KnownBefore in microseconds.
func (q Query) known() int64 {
	if q.KnownBefore.IsZero() {
		return math.MaxInt64
	}
	return servicecoin.Instant(q.KnownBefore).UnixMicro()
}

// History implements EventStore.
func (s *MemoryStore) History(ctx context.Context, key EventKey) ([]Event, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.bookOf(key.Customer)
	if b == nil {
		return nil, nil
	}
	return Told(s.of(key.Customer).known(b, key.Ref)), nil
}

// Measure implements EventStore.
func (s *MemoryStore) Measure(ctx context.Context, m Measurement) (*Measured, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	p, err := NewPlan(m)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if m.Customers != nil {
		customers := m.Customers
		if len(customers) > 1 {
			customers = slices.Sorted(slices.Values(customers))
		}
		for _, c := range customers {
			g := p.Page(c)
			if b := s.bookOf(c); b != nil && b.pages[m.Meter.Type] != nil {
				b.pages[m.Meter.Type].measure(p, g)
			}
		}
		return p.Done()
	}
	pages := s.kinds[m.Meter.Type].inOrder()
	scratch, _ := s.scratch.Get().(*Scratch)
	if scratch == nil {
		scratch = new(Scratch)
	}
	defer s.scratch.Put(scratch)
	p.Use(scratch)
	p.Expect(len(pages))
	for i, page := range pages {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		page.measure(p, p.Page(page.of.customer))
	}
	return p.Done()
}

// inOrder returns the pages by customer.
func (k *kind) inOrder() []*page {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.sorted {
		slices.SortFunc(k.pages, func(a, b *page) int { return cmp.Compare(a.of.customer, b.of.customer) })
		k.sorted = true
	}
	return k.pages
}

// Digest implements EventStore.
func (s *MemoryStore) Digest(ctx context.Context, q Query) (Digest, error) {
	if ctx.Err() != nil {
		return Digest{}, context.Cause(ctx)
	}
	if err := q.Validate(); err != nil {
		return Digest{}, err
	}
	q = q.cut()
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.bookOf(q.Customer)
	if b == nil || b.pages[q.Type] == nil || q.During.Empty() {
		return NewDigest(nil), nil
	}
	p := b.pages[q.Type]
	at, _ := slices.BinarySearch(p.nums, DayOf(q.During.Start))
	var leaves []Leaf
	for _, c := range p.days[at:] {
		if int64(c.day)*microsPerDay >= q.During.End.UnixMicro() {
			break
		}
		if leaf := c.leafOf(q); leaf.Events > 0 {
			leaves = append(leaves, leaf)
		}
	}
	return NewDigest(leaves), nil
}

// Verify implements EventStore.
func (s *MemoryStore) Verify(ctx context.Context, customer servicecoin.CustomerID) ([]Difference, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []Difference
	b := s.bookOf(customer)
	if b == nil {
		return nil, nil
	}
	for _, kind := range slices.Sorted(maps.Keys(b.pages)) {
		p := b.pages[kind]
		byMonth := map[int32]*Total{}
		for _, c := range p.days {
			found := c.block.Total()
			list = append(list, c.total.Differences(customer, kind, c.day, &found)...)
			if byMonth[c.month.from] == nil {
				byMonth[c.month.from] = new(newTotal())
			}
			byMonth[c.month.from].Merge(&found)
		}
		for _, m := range p.months {
			list = append(list, m.total.Differences(customer, kind, m.from, byMonth[m.from])...)
		}
	}
	return list, nil
}

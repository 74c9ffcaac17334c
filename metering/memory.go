package metering

import (
	"cmp"
	"context"
	"hash/maphash"
	"iter"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/servicecoin/servicecoin"
)

// MemoryStore is an [EventStore] in the memory of the process: for tests, for
// examples, and for whoever needs no more. It passes the same suite as the
// engines; what it holds is gone with the process. Make it with
// [NewMemoryStore].
//
// Events lie in columns, by customer, type and day of UTC, each day and each month with
// its total. [MemoryStore.Seal] packs days that are over.
type MemoryStore struct {
	mu     sync.RWMutex
	seed   maphash.Seed
	keys   keyIndex
	chunks []*chunk // by number; the first ones are none
	aside  []Event  // facts, and events that came after facts about them
	books  map[servicecoin.CustomerID]*book
	last   *book // of the event before
}

// book is what one customer has.
type book struct {
	customer servicecoin.CustomerID
	dict     *dict
	pages    map[string]*page
	last     *page
	facts    map[Ref][]uint32 // by what they are about: places in aside
}

// page is what one customer has of one type.
type page struct {
	kind   string
	days   []*chunk // in order
	months []month  // in order
	reach  int64    // when the last interval ends
	latest *chunk   // of the event before
}

// chunk is a day.
type chunk struct {
	number uint32
	day    int32
	block  *Block
	total  Total
	month  *month
	sealed int // rows that are packed
}

// month is a month of UTC.
type month struct {
	from, to int32 // its days: from the first to before the last
	total    *Total
}

var _ EventStore = (*MemoryStore)(nil)

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{seed: maphash.MakeSeed(), chunks: make([]*chunk, chunks), books: map[servicecoin.CustomerID]*book{}}
}

// Append implements EventStore.
func (s *MemoryStore) Append(ctx context.Context, events []Event) (Receipt, error) {
	if ctx.Err() != nil {
		return Receipt{}, context.Cause(ctx)
	}
	var v servicecoin.Violations
	if !v.Limit("events", len(events), MaxBatch) {
		return Receipt{}, v.Err()
	}
	var receipt Receipt
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range events {
		if err := events[i].Validate(); err != nil {
			receipt.Refuse(i, events[i], err)
			continue
		}
		e := events[i].prepared()
		hash := s.hash(&e)
		if r, there := s.find(hash, &e); there {
			receipt.settle(i, e, &Placed{Stored: s.at(r)})
			continue
		}
		s.add(hash, &e)
		receipt.Added++
	}
	return receipt, nil
}

func (s *MemoryStore) hash(e *Event) uint64 {
	return mix(mix(maphash.String(s.seed, string(e.Customer)), maphash.String(s.seed, e.Source)), maphash.String(s.seed, e.ID))
}

// find returns where an event of the same key is stored.
func (s *MemoryStore) find(hash uint64, e *Event) (ref, bool) {
	return s.keys.find(hash, func(r ref) bool {
		if r.chunk == aside {
			return KeyOf(s.aside[r.row]) == KeyOf(*e)
		}
		b := s.chunks[r.chunk].block
		return b.customer == e.Customer && b.dict.texts[b.source[r.row]] == e.Source && string(b.id(int32(r.row))) == e.ID //nolint:gosec // G115: of a day
	})
}

// at returns what is stored somewhere.
func (s *MemoryStore) at(r ref) Event {
	if r.chunk == aside {
		return s.aside[r.row]
	}
	return s.chunks[r.chunk].block.Entry(int(r.row)).Event
}

// add stores an event whose key is not there.
func (s *MemoryStore) add(hash uint64, e *Event) {
	b := s.book(e.Customer)
	switch {
	case e.Does == Happen && (b.facts == nil || b.facts[Ref{e.Source, e.ID}] == nil):
		s.keys.add(hash, s.lay(b, Entry{Event: *e}))
	default:
		before := Timeline(s.known(b, e.About().Ref))
		at := uint32(len(s.aside)) //nolint:gosec // G115: facts are few
		s.aside = append(s.aside, e.clone())
		s.keys.add(hash, ref{aside, at})
		if b.facts == nil {
			b.facts = map[Ref][]uint32{}
		}
		about := e.About().Ref
		b.facts[about] = append(b.facts[about], at)
		for _, entry := range between(before, Timeline(s.known(b, about))) {
			s.lay(b, entry)
		}
	}
}

// known returns an event and all facts about it.
func (s *MemoryStore) known(b *book, about Ref) []Event {
	var list []Event
	e := Event{Customer: b.customer, Source: about.Source, ID: about.ID}
	if r, there := s.find(s.hash(&e), &e); there && r.chunk != aside {
		list = append(list, s.at(r))
	}
	for _, at := range b.facts[about] {
		list = append(list, s.aside[at])
	}
	return list
}

func (s *MemoryStore) book(c servicecoin.CustomerID) *book {
	if s.last != nil && s.last.customer == c {
		return s.last
	}
	b := s.books[c]
	if b == nil {
		b = &book{customer: c, dict: newDict(), pages: map[string]*page{}}
		s.books[c] = b
	}
	s.last = b
	return b
}

// lay adds an entry to its day.
func (s *MemoryStore) lay(b *book, e Entry) ref {
	p := b.last
	if p == nil || p.kind != e.Type {
		if p = b.pages[e.Type]; p == nil {
			p = &page{kind: e.Type, reach: math.MinInt64}
			b.pages[e.Type] = p
		}
		b.last = p
	}
	day := dayNumber(e.Time.UnixMicro())
	c := p.latest
	if c == nil || c.day != day {
		c = s.chunk(b, p, day)
		p.latest = c
	}
	row := int32(c.block.Len()) //nolint:gosec // G115: of a day
	c.block.Add(e)
	mark := c.block.mark(row)
	c.total.addRow(c.block, row, mark)
	c.month.total.addRow(c.block, row, mark)
	p.reach = max(p.reach, c.total.reach)
	return ref{c.number, uint32(row)} //nolint:gosec // G115: not negative
}

// chunk returns the chunk of a day, a new one if there is none.
func (s *MemoryStore) chunk(b *book, p *page, day int32) *chunk {
	at, there := slices.BinarySearchFunc(p.days, day, func(c *chunk, day int32) int { return cmp.Compare(c.day, day) })
	if there {
		return p.days[at]
	}
	c := &chunk{number: uint32(len(s.chunks)), day: day, block: newBlock(b.customer, p.kind, b.dict), total: newTotal(), month: p.monthOf(day)} //nolint:gosec // G115: fewer than events
	s.chunks = append(s.chunks, c)
	p.days = slices.Insert(p.days, at, c)
	return c
}

// monthOf returns the month of a day.
func (p *page) monthOf(day int32) *month {
	from, to := monthDays(day)
	at, there := slices.BinarySearchFunc(p.months, from, func(m month, from int32) int { return cmp.Compare(m.from, from) })
	if !there {
		total := newTotal()
		p.months = slices.Insert(p.months, at, month{from, to, &total})
	}
	m := p.months[at]
	return &m
}

// monthDays returns the days of the month of UTC that a day lies in.
func monthDays(day int32) (from, to int32) {
	const secondsPerDay = 24 * 60 * 60
	y, m, _ := time.Unix(int64(day)*secondsPerDay, 0).UTC().Date()
	first := time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
	return int32(first.Unix() / secondsPerDay), int32(first.AddDate(0, 1, 0).Unix() / secondsPerDay) //nolint:gosec // G115: of the years 1 to 9999
}

// Seal packs the days that end at an instant or before: their columns take no more room
// than they need. What comes later for such a day is added to it all the same.
func (s *MemoryStore) Seal(ctx context.Context, until time.Time) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last := DayOf(until)
	for _, c := range s.chunks[chunks:] {
		if c != nil && c.day < last && c.sealed < c.block.Len() {
			c.block.pack()
			c.sealed = c.block.Len()
		}
	}
	return nil
}

// Scan implements EventStore.
func (s *MemoryStore) Scan(ctx context.Context, q Query) iter.Seq2[Event, error] {
	return Pages(ctx, q, func(_ context.Context, q Query, after *Cursor) ([]Event, error) {
		s.mu.RLock()
		defer s.mu.RUnlock()
		b := s.books[q.Customer]
		if b == nil || b.pages[q.Type] == nil || q.During.Empty() {
			return nil, nil
		}
		from := q.During.Start
		if after != nil {
			from = after.Time
		}
		list := make([]Event, 0, PageSize)
		days := b.pages[q.Type].days
		at, _ := slices.BinarySearchFunc(days, DayOf(from), func(c *chunk, day int32) int { return cmp.Compare(c.day, day) })
		for _, c := range days[at:] {
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
	start, end := q.During.Start.UnixMicro(), q.During.End.UnixMicro()
	for _, row := range b.standing(q.known()) {
		if len(page) == PageSize || b.at[row] >= end {
			break
		}
		if b.at[row] < start || after != nil && b.at[row] < after.Time.UnixMicro() {
			continue
		}
		e := b.entry(row).Event
		if after != nil && CursorOf(e).Compare(*after) <= 0 {
			continue
		}
		page = append(page, e)
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
	b := s.books[key.Customer]
	if b == nil {
		return nil, nil
	}
	return Told(s.known(b, key.Ref)), nil
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
	customers := slices.Sorted(slices.Values(m.Customers))
	if m.Customers == nil {
		customers = slices.Sorted(maps.Keys(s.books))
	}
	for _, c := range customers {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		g := p.Page(c)
		if b := s.books[c]; b != nil && b.pages[m.Meter.Type] != nil {
			b.pages[m.Meter.Type].measure(p, g)
		}
	}
	return p.Done()
}

// measure hands a plan what it needs.
func (p *page) measure(plan *Plan, g *Page) {
	first, last, reach, all := plan.Days()
	from, _ := slices.BinarySearchFunc(p.days, first, func(c *chunk, day int32) int { return cmp.Compare(c.day, day) })
	if all || p.reach > reach {
		from = 0
	}
	months := p.months
	for i := from; i < len(p.days) && p.days[i].day <= last; {
		c := p.days[i]
		for len(months) > 0 && months[0].to <= c.day {
			months = months[1:]
		}
		if m := months[0]; c.day >= first && (i == 0 || p.days[i-1].day < m.from) { // the first day of a month that has any
			if need := plan.NeedsMonth(m.from, m.to, m.total); need != ItsEntries {
				if need == ItsTotal {
					g.Total(m.from, m.total)
				}
				for i < len(p.days) && p.days[i].day < m.to {
					i++
				}
				continue
			}
		}
		switch plan.Needs(c.day, &c.total) {
		case ItsTotal:
			g.Total(c.day, &c.total)
		case ItsEntries:
			g.Add(c.block)
		case Nothing:
		}
		i++
	}
}

// Digest implements EventStore.
func (s *MemoryStore) Digest(ctx context.Context, q Query) (Digest, error) {
	return DigestOf(s.Scan(ctx, q))
}

// Verify implements EventStore.
func (s *MemoryStore) Verify(ctx context.Context, customer servicecoin.CustomerID) ([]Difference, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []Difference
	b := s.books[customer]
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
	b := s.books[customer]
	if b == nil {
		return nil
	}
	s.keys.drop(func(r ref) bool {
		if r.chunk == aside {
			return s.aside[r.row].Customer == customer
		}
		return s.chunks[r.chunk].block.customer == customer
	})
	for _, p := range b.pages {
		for _, c := range p.days {
			s.chunks[c.number] = nil
		}
	}
	for i := range s.aside {
		if s.aside[i].Customer == customer {
			s.aside[i] = Event{}
		}
	}
	delete(s.books, customer)
	s.last = nil
	return nil
}

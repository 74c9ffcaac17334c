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
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// MemoryStore is an [EventStore] in the memory of the process: for tests, for
// examples, and for whoever needs no more. It passes the same suite as the
// engines; what it holds is gone with the process. Make it with
// [NewMemoryStore].
//
// Events lie together by customer, type and day of UTC, each day and each month with
// its total, which is kept up as events come. [MemoryStore.Seal] packs days that are over.
type MemoryStore struct {
	mu     sync.RWMutex
	seed   maphash.Seed
	keys   keyIndex
	chunks []*chunk // by number; the first ones are none
	open   []*chunk // those with rows that are not packed
	aside  []Event  // facts, and events that came after facts about them
	books  map[servicecoin.CustomerID]*book
	kinds  map[string]*kind
	pages  pageIndex
}

// book is what one customer has.
type book struct {
	customer servicecoin.CustomerID
	hash     uint64
	dict     *dict
	sources  []uint64 // hashes of the sources, by the numbers of their texts; 0: not worked out
	pages    map[string]*page
	facts    map[Ref][]uint32 // by what they are about: places in aside
}

// kind is what all customers have of one type.
type kind struct {
	mu     sync.Mutex // among those who read at the same time
	pages  []*page
	sorted bool // by customer
}

// page is what one customer has of one type.
type page struct {
	of     owner
	book   *book
	days   []*chunk // in order
	nums   []int32  // their numbers
	months []*month // in order
	latest *chunk   // of the event before
	slab   []chunk  // room for more of them, side by side
	reach  int64    // when the last interval ends
}

// chunk is a day.
type chunk struct {
	block  Block // first: it is what questions read
	day    int32
	number uint32
	page   *page
	month  *month
	total  Total
	packed int // rows
	leaf   atomic.Pointer[sealedLeaf]
}

// sealedLeaf is the digest of a day as it was with so many rows.
type sealedLeaf struct {
	rows int
	leaf Leaf
}

// month is a month of UTC.
type month struct {
	from, to int32 // its days: from the first to before the last
	total    Total
	run      run
}

// run is all rows of a month's days that are packed, side by side.
type run struct {
	block    *Block // nil: there is none
	from, to int32  // the first of the days, and the last
	days     int    // how many there are
}

var _ EventStore = (*MemoryStore)(nil)

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{seed: maphash.MakeSeed(), chunks: make([]*chunk, chunks), books: map[servicecoin.CustomerID]*book{}, kinds: map[string]*kind{}}
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
		if s.addKnown(&events[i]) {
			receipt.Added++
			continue
		}
		if err := events[i].Validate(); err != nil {
			receipt.Refuse(i, events[i], err)
			continue
		}
		e := events[i].prepared()
		b := s.book(e.Customer)
		hash := s.hash(b, b.dict.text(e.Source), e.Source, e.ID)
		if r, there := s.find(hash, &e); there {
			receipt.settle(i, e, &Placed{Stored: s.at(r)})
			continue
		}
		s.add(hash, b, &e)
		receipt.Added++
	}
	return receipt, nil
}

// addKnown adds an event of a kind that is there already: all its texts were checked
// when they came first, but for its id, and nothing about it is odd. Of any other, and of
// one whose key is there, it does nothing.
func (s *MemoryStore) addKnown(e *Event) bool {
	p := s.pages.find(maphash.String(s.seed, string(e.Customer)), maphash.String(s.seed, e.Type), e)
	if p == nil || e.Does != Happen || e.Of != (Ref{}) || e.Open || !e.End.IsZero() || len(e.Fields) > 0 || p.book.facts != nil {
		return false
	}
	r := row{at: e.Time.UnixMicro(), known: e.RecordedAt.UnixMicro(), value: null}
	if r.at < earliest || r.at >= tooLate || r.known < earliest || r.known >= tooLate || !plainID(e.ID) {
		return false
	}
	if e.Value.Valid {
		n, ok := fixed.Of(e.Value.Decimal)
		if !ok {
			return false
		}
		r.value = n
	}
	d := p.of.dict
	var ok bool
	if r.subject, ok = d.knownText(e.Subject); !ok || len(e.Subject) > MaxSubjectBytes {
		return false
	}
	if r.source, ok = d.knownSource(e.Source); !ok || int(r.source) >= len(p.book.sources) || p.book.sources[r.source] == 0 {
		return false
	}
	if r.combo, ok = d.knownCombo(e.Dimensions); !ok {
		return false
	}
	hash := s.hash(p.book, r.source, e.Source, e.ID)
	if _, there := s.find(hash, e); there {
		return false
	}
	c := s.chunk(p, dayNumber(r.at))
	c.block.ids = append(c.block.ids, e.ID...)
	r.idEnd = uint32(len(c.block.ids)) //nolint:gosec // G115: of a day
	c.block.rows = append(c.block.rows, r)
	if c.block.more != nil {
		c.block.addMore(&Entry{Event: *e})
	}
	s.keys.add(hash, s.laid(c))
	return true
}

// The instants of the years 1 to 9999, in microseconds since 1970.
const (
	earliest = -62135596800_000_000
	tooLate  = 253402300800_000_000
)

// plainID reports whether a text is an id without anything odd.
func plainID(id string) bool {
	if id == "" || len(id) > servicecoin.MaxIDBytes {
		return false
	}
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c >= utf8.RuneSelf-1 {
			return false
		}
	}
	return true
}

func (s *MemoryStore) hash(b *book, source uint32, text, id string) uint64 {
	for int(source) >= len(b.sources) {
		b.sources = append(b.sources, 0)
	}
	if b.sources[source] == 0 || source == 0 {
		b.sources[source] = maphash.String(s.seed, text) | 1
	}
	return mix(b.hash^b.sources[source], maphash.String(s.seed, id))
}

// find returns where an event of the same key is stored.
func (s *MemoryStore) find(hash uint64, e *Event) (ref, bool) {
	return s.keys.find(hash, func(r ref) bool { return s.same(r, e) })
}

// same reports whether what is stored somewhere has the key of an event.
func (s *MemoryStore) same(r ref, e *Event) bool {
	if r.chunk == aside {
		return KeyOf(s.aside[r.row]) == KeyOf(*e)
	}
	b := &s.chunks[r.chunk].block
	return string(b.id(int32(r.row))) == e.ID && b.of.customer == e.Customer && b.of.dict.texts[b.rows[r.row].source] == e.Source //nolint:gosec // G115: of a day
}

// at returns what is stored somewhere.
func (s *MemoryStore) at(r ref) Event {
	if r.chunk == aside {
		return s.aside[r.row]
	}
	return s.chunks[r.chunk].block.Entry(int(r.row)).Event
}

// add stores an event whose key is not there.
func (s *MemoryStore) add(hash uint64, b *book, e *Event) {
	about := e.About().Ref
	if e.Does == Happen && b.facts[about] == nil {
		s.keys.add(hash, s.lay(b, Entry{Event: *e}))
		return
	}
	before := Timeline(s.known(b, about))
	at := uint32(len(s.aside)) //nolint:gosec // G115: facts are few
	s.aside = append(s.aside, e.clone())
	s.keys.add(hash, ref{aside, at})
	if b.facts == nil {
		b.facts = map[Ref][]uint32{}
	}
	b.facts[about] = append(b.facts[about], at)
	for _, entry := range between(before, Timeline(s.known(b, about))) {
		s.lay(b, entry)
	}
}

// known returns an event and all facts about it.
func (s *MemoryStore) known(b *book, about Ref) []Event {
	var list []Event
	e := Event{Customer: b.customer, Source: about.Source, ID: about.ID}
	if source, ok := b.dict.knownText(about.Source); ok && int(source) < len(b.sources) { // one that has no event has no hash
		hash := mix(b.hash^b.sources[source], maphash.String(s.seed, about.ID))
		if r, there := s.find(hash, &e); there && r.chunk != aside {
			list = append(list, s.at(r))
		}
	}
	for _, at := range b.facts[about] {
		list = append(list, s.aside[at])
	}
	return list
}

func (s *MemoryStore) book(c servicecoin.CustomerID) *book {
	b := s.books[c]
	if b == nil {
		b = &book{customer: c, hash: maphash.String(s.seed, string(c)), dict: newDict(), pages: map[string]*page{}}
		s.books[c] = b
	}
	return b
}

// page returns what a customer has of a type.
func (s *MemoryStore) page(b *book, eventType string) *page {
	p := b.pages[eventType]
	if p == nil {
		p = &page{of: *newOwner(b.customer, eventType, b.dict), book: b, reach: math.MinInt64}
		b.pages[eventType] = p
		k := s.kinds[eventType]
		if k == nil {
			k = &kind{}
			s.kinds[eventType] = k
		}
		k.pages, k.sorted = append(k.pages, p), false
		s.pages.add(b.hash, maphash.String(s.seed, eventType), p)
	}
	return p
}

// lay adds an entry to its day.
func (s *MemoryStore) lay(b *book, e Entry) ref {
	c := s.chunk(s.page(b, e.Type), dayNumber(e.Time.UnixMicro()))
	c.block.Add(e)
	return s.laid(c)
}

// laid adds the last row of a day to what is kept of it.
func (s *MemoryStore) laid(c *chunk) ref {
	at := int32(len(c.block.rows) - 1) //nolint:gosec // G115: of a day
	if int(at) == c.packed {
		s.open = append(s.open, c)
		if c.day <= c.month.run.to {
			c.month.run = run{}
		}
	}
	if c.block.order.Load() != nil {
		c.block.order.Store(nil)
	}
	mark := c.block.mark(at)
	c.total.addRow(&c.block, at, mark)
	c.month.total.addRow(&c.block, at, mark)
	if c.total.reach > c.page.reach {
		c.page.reach = c.total.reach
	}
	return ref{c.number, uint32(at)} //nolint:gosec // G115: not negative
}

// chunk returns the chunk of a day, a new one if there is none.
func (s *MemoryStore) chunk(p *page, day int32) *chunk {
	if p.latest != nil && p.latest.day == day {
		return p.latest
	}
	at, there := slices.BinarySearch(p.nums, day)
	if !there {
		if len(p.slab) == 0 {
			const least, most = 1, 8
			p.slab = make([]chunk, min(max(least, len(p.days)), most))
		}
		c := &p.slab[0]
		p.slab = p.slab[1:]
		c.day, c.number, c.page, c.month, c.block.of, c.total = day, uint32(len(s.chunks)), p, p.monthOf(day), &p.of, newTotal() //nolint:gosec // G115: fewer than events
		s.chunks = append(s.chunks, c)
		p.days, p.nums = slices.Insert(p.days, at, c), slices.Insert(p.nums, at, day)
	}
	p.latest = p.days[at]
	return p.latest
}

// monthOf returns the month of a day.
func (p *page) monthOf(day int32) *month {
	from, to := MonthOf(day)
	at, there := slices.BinarySearchFunc(p.months, from, func(m *month, from int32) int { return cmp.Compare(m.from, from) })
	if !there {
		p.months = slices.Insert(p.months, at, &month{from: from, to: to, total: newTotal()})
	}
	return p.months[at]
}

// Seal packs the days that end at an instant or before: the rows of a month come to lie
// side by side, and take no more room than they need. What comes later for such a day is
// added to it all the same.
func (s *MemoryStore) Seal(ctx context.Context, until time.Time) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last := DayOf(until)
	done := map[*month]bool{}
	stays := s.open[:0]
	for _, c := range s.open {
		switch {
		case s.chunks[c.number] != c: // it was forgotten
		case c.day >= last:
			stays = append(stays, c)
		case !done[c.month]:
			done[c.month] = true
			c.page.pack(c.month, last)
		}
	}
	clear(s.open[len(stays):])
	s.open = stays
	return nil
}

// pack brings the rows of a month together, but for days that are not over.
func (p *page) pack(m *month, last int32) {
	from, _ := slices.BinarySearch(p.nums, m.from)
	to, _ := slices.BinarySearch(p.nums, min(m.to, last))
	rows, bytes := 0, 0
	for _, c := range p.days[from:to] {
		rows, bytes = rows+len(c.block.rows), bytes+len(c.block.ids)
	}
	all, ids := make([]row, 0, rows), make([]byte, 0, bytes)
	plain := true
	for _, c := range p.days[from:to] {
		plain = plain && c.block.more == nil
		a, i := len(all), len(ids)
		all, ids = append(all, c.block.rows...), append(ids, c.block.ids...)
		c.block.rows, c.block.ids, c.packed = all[a:len(all):len(all)], ids[i:len(ids):len(ids)], len(c.block.rows)
	}
	if m.run = (run{}); plain && to > from {
		m.run = run{&Block{of: &p.of, rows: all}, p.nums[from], p.nums[to-1], to - from}
	}
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
	if m.Customers != nil {
		customers := m.Customers
		if len(customers) > 1 {
			customers = slices.Sorted(slices.Values(customers))
		}
		for _, c := range customers {
			g := p.Page(c)
			if b := s.books[c]; b != nil && b.pages[m.Meter.Type] != nil {
				b.pages[m.Meter.Type].measure(p, g)
			}
		}
		return p.Done()
	}
	pages := s.kinds[m.Meter.Type].inOrder()
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

// measure hands a plan what it needs.
func (p *page) measure(plan *Plan, g *Page) {
	first, last, reach, all := plan.Days()
	from, _ := slices.BinarySearch(p.nums, first)
	if all || p.reach > reach {
		from = 0
	}
	if plan.NeedsEntries() {
		for _, m := range p.months {
			if r := m.run; r.block != nil && from < len(p.nums) && r.from >= p.nums[from] && plan.takesRun(r) {
				from = p.measureDays(plan, g, from, r.from-1)
				g.addRun(r.block)
				from += r.days
			}
		}
		p.measureDays(plan, g, from, last)
		return
	}
	for ; from < len(p.nums) && p.nums[from] < first; from++ {
		p.measureDay(plan, g, p.days[from])
	}
	for _, m := range p.months {
		if m.to <= first {
			continue
		}
		if m.from > last || from == len(p.nums) {
			break
		}
		switch plan.NeedsMonth(m.from, m.to, &m.total) {
		case ItsTotal:
			g.Total(m.from, &m.total)
		case ItsEntries:
			from, _ = slices.BinarySearch(p.nums, max(first, m.from))
			p.measureDays(plan, g, from, min(last, m.to-1))
		case Nothing:
		}
	}
}

// measureDays hands in days from one to the last, and returns where the next one is.
func (p *page) measureDays(plan *Plan, g *Page, from int, last int32) int {
	for ; from < len(p.nums) && p.nums[from] <= last; from++ {
		p.measureDay(plan, g, p.days[from])
	}
	return from
}

// takesRun reports that the days of a run may be handed in as one block: the plan needs
// the entries of all of them, and where it counts texts, each lies in one window.
func (p *Plan) takesRun(r run) bool {
	if p.how != fromColumns || p.m.Meter.Field != "" || p.known != math.MaxInt64 || r.from < p.first || r.to > p.last {
		return false
	}
	if p.m.Meter.Aggregation == Unique {
		for day := r.from; day <= r.to; day++ {
			if p.holds(day, day+1) < 0 {
				return false
			}
		}
	}
	return true
}

func (p *page) measureDay(plan *Plan, g *Page, c *chunk) {
	switch plan.Needs(c.day, &c.total) {
	case ItsTotal:
		g.Total(c.day, &c.total)
	case ItsEntries:
		g.Add(&c.block)
	case Nothing:
	}
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
	b := s.books[q.Customer]
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

// leafOf returns the digest of a day, which is kept once it was worked out.
func (c *chunk) leafOf(q Query) Leaf {
	whole := q.Sealed(c.day, &c.total)
	if known := c.leaf.Load(); whole && known != nil && known.rows == len(c.block.rows) {
		return known.leaf
	}
	leaf, _ := c.block.Leaf(q)
	if whole {
		c.leaf.Store(&sealedLeaf{len(c.block.rows), leaf})
	}
	return leaf
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
		return s.chunks[r.chunk].block.of.customer == customer
	})
	for name, p := range b.pages {
		for _, c := range p.days {
			s.chunks[c.number] = nil
		}
		k := s.kinds[name]
		k.pages = slices.DeleteFunc(k.pages, func(other *page) bool { return other == p })
	}
	for i := range s.aside {
		if s.aside[i].Customer == customer {
			s.aside[i] = Event{}
		}
	}
	delete(s.books, customer)
	s.pages.drop(customer)
	return nil
}

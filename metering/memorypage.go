package metering

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync/atomic"
	"time"
)

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

// chunk returns the chunk of a day, a new one if there is none.
func (s *shard) chunk(p *page, day int32) *chunk {
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
		if at > 0 && at == len(p.days) {                                                                                         // a day is much as the one before
			before := &p.days[at-1].block
			c.block.rows, c.block.ids = make([]row, 0, len(before.rows)), make([]byte, 0, len(before.ids))
		}
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
	for i := range s.shards {
		s.shards[i].seal(DayOf(until))
	}
	return nil
}

// seal packs the days before one.
func (s *shard) seal(last int32) {
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

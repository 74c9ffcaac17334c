package patch

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Slot is when one target is patched.
type Slot struct {
	Target   servicecoin.ConfigurationID `json:"target"`
	Customer servicecoin.CustomerID      `json:"customer"`
	Service  servicecoin.ServiceID       `json:"service,omitempty"`
	Ring     int                         `json:"ring"`
	During   calendar.Interval           `json:"during"`
	Window   calendar.Interval           `json:"window"` // the time without a break that it lies in
}

// Ref returns the name of its target.
func (s Slot) Ref() Ref { return Ref{s.Customer, s.Target} }

// Missed is a target that has no slot, or none before its deadline, and why.
type Missed struct {
	Target   servicecoin.ConfigurationID `json:"target"`
	Customer servicecoin.CustomerID      `json:"customer"`
	Ring     int                         `json:"ring"` // -1: no ring takes it
	Deadline time.Time                   `json:"deadline,omitzero"`
	Slot     *Slot                       `json:"slot,omitempty"` // after the deadline
	Why      string                      `json:"why"`
}

// Plan is the answer: slots by ring and time, what is missed, and what each ring is.
type Plan struct {
	Slots  []Slot     `json:"slots,omitempty"`
	Missed []Missed   `json:"missed,omitempty"` // by target
	Rings  []RingPlan `json:"rings"`
}

// RingPlan is when a ring is patched.
type RingPlan struct {
	Name    string            `json:"name"`
	Targets int               `json:"targets"`
	Placed  int               `json:"placed"`
	During  calendar.Interval `json:"during,omitzero"` // from its first slot to the end of its last
	Soaked  time.Time         `json:"soaked,omitzero"` // when the next one may begin
	Lacks   []string          `json:"lacks,omitempty"` // of the first ring: what later targets have that it does not
}

// Place gives each target a slot: ring by ring, each as early as it can be, those with the
// earliest deadline first; in its customer's own time, and never so many of redundant
// targets at once that fewer than are needed stay up. What cannot be placed before its
// deadline is told with the reason, before anything is begun. It takes some microseconds
// a target.
func Place(q Question) (Plan, error) {
	if err := q.validate(); err != nil {
		return Plan{}, err
	}
	parts, left := q.parts()
	p := placer{q: q, free: map[place]calendar.Set{}, lanes: map[servicecoin.CustomerID][]time.Time{}, groups: groupsOf(q.Keep), busy: map[servicecoin.CustomerID][]calendar.Interval{}, several: severalOf(q.Targets), room: map[place]time.Time{}}
	plan := Plan{Rings: make([]RingPlan, len(q.Rings))}
	ends := p.take(q.Taken)
	begin := q.During.Start
	for n, r := range q.Rings {
		ring := RingPlan{Name: r.Name, Targets: len(parts[n])}
		if n == 0 && len(q.Rings) > 1 {
			ring.Lacks = Lacks(parts[0], q.Targets)
		}
		slices.SortStableFunc(parts[n], byDeadline)
		end := later(begin, ends[n])
		for _, t := range parts[n] {
			slot, why, err := p.slot(t, n, begin)
			if err != nil {
				return Plan{}, err
			}
			if why != "" {
				plan.Missed = append(plan.Missed, Missed{Target: t.ID, Customer: t.Customer, Ring: n, Deadline: t.Deadline, Why: why})
				continue
			}
			ring.add(slot.During)
			end = later(end, slot.During.End)
			plan.Slots = append(plan.Slots, slot)
			if !t.Deadline.IsZero() && slot.During.End.After(t.Deadline) {
				plan.Missed = append(plan.Missed, Missed{Target: t.ID, Customer: t.Customer, Ring: n, Deadline: t.Deadline, Slot: &slot, Why: p.late(t, n, begin)})
			}
		}
		begin = end
		if ring.Placed > 0 || !ends[n].IsZero() {
			begin = end.Add(r.Soak)
		}
		ring.Soaked = begin
		plan.Rings[n] = ring
	}
	for _, t := range left {
		plan.Missed = append(plan.Missed, Missed{Target: t.ID, Customer: t.Customer, Ring: -1, Deadline: t.Deadline, Why: "no ring takes it"})
	}
	slices.SortStableFunc(plan.Slots, func(a, b Slot) int {
		return cmp.Or(cmp.Compare(a.Ring, b.Ring), a.During.Start.Compare(b.During.Start), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Customer, b.Customer))
	})
	slices.SortStableFunc(plan.Missed, func(a, b Missed) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Customer, b.Customer))
	})
	return plan, nil
}

// parts parts the targets into rings.
func (q Question) parts() (parts [][]Target, left []Target) {
	if q.First == 0 && len(q.Fixed) == 0 {
		return Rings(q.Rings, q.Targets)
	}
	fixed := make([][]Target, len(q.Rings))
	var free []Target
	for _, t := range q.Targets {
		if n, ok := q.Fixed[t.Ref()]; ok && n < len(q.Rings) {
			n = max(n, q.First)
			fixed[n] = append(fixed[n], t)
		} else {
			free = append(free, t)
		}
	}
	parts, left = Rings(q.Rings, free)
	for n := range parts {
		if n < q.First {
			parts[q.First] = append(parts[q.First], parts[n]...)
			parts[n] = nil
		}
		parts[n] = append(parts[n], fixed[n]...)
		slices.SortFunc(parts[n], byID)
	}
	return parts, left
}

// take gives slots to what they are of, and returns when the last of each ring ends.
func (p *placer) take(slots []Slot) map[int]time.Time {
	ends := map[int]time.Time{}
	for _, s := range slots {
		ends[s.Ring] = later(ends[s.Ring], s.During.End)
		for _, g := range p.groups[s.Ref()] {
			g.take(s.Ref(), s.During)
		}
		if p.q.AtOnce > 0 {
			p.busy[s.Customer] = append(p.busy[s.Customer], s.During)
		}
	}
	return ends
}

func (r *RingPlan) add(slot calendar.Interval) {
	if r.Placed++; r.Placed == 1 {
		r.During = slot
		return
	}
	if slot.Start.Before(r.During.Start) {
		r.During.Start = slot.Start
	}
	r.During.End = later(r.During.End, slot.End)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// byDeadline sorts targets: the earliest deadline first, none last.
func byDeadline(a, b Target) int {
	if a.Deadline.IsZero() != b.Deadline.IsZero() {
		if a.Deadline.IsZero() {
			return 1
		}
		return -1
	}
	return a.Deadline.Compare(b.Deadline)
}

// place is whose time is asked for.
type place struct {
	customer servicecoin.CustomerID
	service  servicecoin.ServiceID
}

type placer struct {
	q      Question
	free   map[place]calendar.Set
	lanes  map[servicecoin.CustomerID][]time.Time // until when each is taken
	groups map[Ref][]*group
	busy   map[servicecoin.CustomerID][]calendar.Interval // slots that stay, where there is a limit
	// several are customers of more than one service: those may have other windows, so that
	// their slots are counted one by one, too. room is before when a place has none.
	several map[servicecoin.CustomerID]bool
	room    map[place]time.Time
}

func severalOf(targets []Target) map[servicecoin.CustomerID]bool {
	one, several := map[servicecoin.CustomerID]servicecoin.ServiceID{}, map[servicecoin.CustomerID]bool{}
	for _, t := range targets {
		if s, known := one[t.Customer]; known && s != t.Service {
			several[t.Customer] = true
		}
		one[t.Customer] = t.Service
	}
	return several
}

func (p *placer) times(t Target) (calendar.Set, error) {
	key := place{t.Customer, t.Service}
	set, known := p.free[key]
	if known {
		return set, nil
	}
	set, err := p.q.Free(t.Customer, t.Service)
	if err != nil {
		return calendar.Set{}, fmt.Errorf("when %s may be patched: %w", t.ID, err)
	}
	set = set.Clip(p.q.During)
	p.free[key] = set
	return set, nil
}

// slot gives a target the earliest slot from an instant on, or says why there is none.
func (p *placer) slot(t Target, ring int, from time.Time) (Slot, string, error) {
	free, err := p.times(t)
	if err != nil {
		return Slot{}, "", err
	}
	lane := p.lane(t.Customer)
	start := from
	if lane >= 0 {
		start = later(start, p.lanes[t.Customer][lane])
	}
	counted, kept := lane < 0 && p.q.AtOnce > 0, place{t.Customer, t.Service}
	start = later(start, p.room[kept])
	for alone := counted; ; {
		window, at, ok := fit(free, start, p.q.Length)
		if !ok {
			return Slot{}, p.without(t, free, from), nil
		}
		iv := calendar.Between(at, at.Add(p.q.Length))
		until, full := p.crowded(t, iv)
		if alone && !full {
			p.room[kept], alone = at, false // before that, others of the customer take all
		}
		if end, is := p.down(t, iv); is {
			until, full = later(until, end), true
		}
		if full {
			start = until
			continue
		}
		for _, g := range p.groups[t.Ref()] {
			g.take(t.Ref(), iv)
		}
		switch {
		case lane >= 0:
			p.lanes[t.Customer][lane] = iv.End
		case counted:
			p.busy[t.Customer] = append(p.busy[t.Customer], iv)
		}
		return Slot{Target: t.ID, Customer: t.Customer, Service: t.Service, Ring: ring, During: iv, Window: window}, "", nil
	}
}

// lane returns the lane of a customer that is free first, -1 where there is no limit, or
// slots that stay are counted one by one.
func (p *placer) lane(customer servicecoin.CustomerID) int {
	if p.q.AtOnce == 0 || p.several[customer] || len(p.busy[customer]) > 0 {
		return -1
	}
	lanes := p.lanes[customer]
	if len(lanes) < p.q.AtOnce {
		p.lanes[customer] = append(lanes, time.Time{})
		return len(lanes)
	}
	first := 0
	for n, until := range lanes {
		if until.Before(lanes[first]) {
			first = n
		}
	}
	return first
}

// down reports whether redundancy keeps a target from being patched in an interval, and
// until when at least.
func (p *placer) down(t Target, iv calendar.Interval) (until time.Time, full bool) {
	for _, g := range p.groups[t.Ref()] {
		if end, is := g.full(t.Ref(), iv); is {
			until, full = later(until, end), true
		}
	}
	return until, full
}

// crowded reports whether as many others of its customer are patched in an interval as may
// be at once, and until when at least.
func (p *placer) crowded(t Target, iv calendar.Interval) (until time.Time, full bool) {
	n, first := 0, time.Time{}
	for _, b := range p.busy[t.Customer] {
		if b.Overlaps(iv) {
			if n++; first.IsZero() || b.End.Before(first) {
				first = b.End
			}
		}
	}
	if n == 0 || n < p.q.AtOnce {
		return time.Time{}, false
	}
	return first, true
}

// fit returns the first stretch of a set that has room for a length from an instant on,
// and where in it that begins.
func fit(set calendar.Set, from time.Time, length time.Duration) (window calendar.Interval, at time.Time, ok bool) {
	n, _ := slices.BinarySearchFunc(set.List, from, func(iv calendar.Interval, t time.Time) int {
		if iv.End.After(t) {
			return 1
		}
		return -1
	}) // the first that ends after it
	for _, iv := range set.List[n:] {
		if at = later(iv.Start, from); iv.End.Sub(at) >= length {
			return iv, at, true
		}
	}
	return calendar.Interval{}, time.Time{}, false
}

// without says why a target has no slot.
func (p *placer) without(t Target, free calendar.Set, from time.Time) string {
	switch _, _, ok := fit(free, p.q.During.Start, p.q.Length); {
	case free.Empty():
		return string(t.Customer) + " has no time in which it may be patched"
	case !ok:
		return fmt.Sprintf("%s has no time without a break that is %s long", t.Customer, p.q.Length)
	}
	if _, _, ok := fit(free, from, p.q.Length); !ok {
		return fmt.Sprintf("its ring begins at %s, and %s has no window after it", lifecycle.Stamp(from), t.Customer)
	}
	return string(t.Customer) + " has windows, and others take all that is left of them"
}

// late says why a slot lies after the deadline of its target.
func (p *placer) late(t Target, ring int, from time.Time) string {
	free := p.free[place{t.Customer, t.Service}]
	_, alone, _ := fit(free, p.q.During.Start, p.q.Length)
	_, first, ok := fit(free, from, p.q.Length)
	switch {
	case alone.Add(p.q.Length).After(t.Deadline):
		return fmt.Sprintf("%s has no window before the deadline: the first is at %s", t.Customer, lifecycle.Stamp(alone))
	case ring > 0 && (!ok || first.Add(p.q.Length).After(t.Deadline)):
		return "the rings before it and their soak end at " + lifecycle.Stamp(from)
	}
	return "others, or those that must stay up meanwhile, take the windows before the deadline"
}

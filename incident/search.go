package incident

import (
	"math"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// Order is by what incidents are listed.
type Order string

// The orders. Each has an index, so that a page costs what it shows.
const (
	ByBegan    Order = "began"    // the one that began last first
	ByPriority Order = "priority" // the most urgent first, what is not assessed last; among equals the one that began last
	ByLength   Order = "length"   // what goes on first, the oldest of it first, then what took longest
)

// Orders returns all orders.
func Orders() []Order { return []Order{ByBegan, ByPriority, ByLength} }

// Search says which incidents to list, and in which order.
type Search struct {
	State  State             // "" is all
	Began  calendar.Interval // when it began; a zero end is open
	Order  Order             // "" is ByBegan
	Upward bool              // the other way round
}

// Search lists incidents. By when they began, the state and the time are looked up
// in an index; in another order they are read past. More is asked for by
// [store.Listing.Where].
func (d *Desk) Search(s Search) store.Listing[Incident] {
	all := store.Of(d.view, incidents)
	switch s.Order {
	case ByPriority:
		return all.Find(directed(store.By("priority"), !s.Upward)).Where(s.holds)
	case ByLength:
		return all.Find(directed(store.By("length"), !s.Upward)).Where(s.holds)
	case ByBegan:
	}
	r := store.By("began")
	if s.State != "" {
		r = store.By("state", store.Text(s.State))
	}
	if !s.Began.Start.IsZero() {
		r = r.From(store.Time(s.Began.Start))
	}
	if !s.Began.End.IsZero() {
		r = r.To(store.Time(s.Began.End))
	}
	return all.Find(directed(r, !s.Upward))
}

func directed(r store.Range, descending bool) store.Range {
	if descending {
		return r.Descending()
	}
	return r
}

// holds reports whether an incident is asked for.
func (s Search) holds(i Incident) bool {
	return (s.State == "" || i.State == s.State) && !i.Began.Before(s.Began.Start) && (s.Began.End.IsZero() || i.Began.Before(s.Began.End))
}

// EffectsOn lists what incidents did to a service, the one that began last first,
// of those whose first effect began in the interval; a zero end is open. Effects of
// cancelled incidents are left out.
func (d *Desk) EffectsOn(service servicecoin.ServiceID, began calendar.Interval) store.Listing[ServiceEffects] {
	r := store.By("service", store.Text(service))
	if !began.Start.IsZero() {
		r = r.From(store.Time(began.Start))
	}
	if !began.End.IsZero() {
		r = r.To(store.Time(began.End))
	}
	return store.Of(d.view, serviceEffects).Find(r.Descending())
}

// urgency is the priority as the index has it: the greater, the more urgent, and
// zero is not assessed.
func (i *Incident) urgency() int64 {
	if i.Priority == 0 {
		return 0
	}
	return math.MaxInt32 - int64(i.Priority)
}

// length is how long it lasted, as the index has it, in milliseconds: what goes on
// is behind all that is over, the older the further; what was none lasted nothing.
func (i *Incident) length() int64 {
	switch {
	case i.State == Cancelled:
		return 0
	case i.State.Live():
		return math.MaxInt64/2 - i.Began.UnixMilli()
	}
	return int64(i.RestoredAt.Sub(i.Began) / time.Millisecond)
}

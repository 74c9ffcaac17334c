package change

import (
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Scope is what a change touches.
type Scope struct {
	Services []servicecoin.ServiceID       `json:"services,omitempty"`
	Records  []servicecoin.ConfigurationID `json:"records,omitempty"` // configuration records
	// Customers are those in whose own environments alone it works; none: wherever its
	// services run. Nobody else is told of it, and it is in nobody else's way.
	Customers []servicecoin.CustomerID `json:"customers,omitempty"`
}

// Plan says when a change happens, and how it is taken back.
type Plan struct {
	Start time.Time `json:"start"`
	// Length is how long the work is expected to take, WayBack how long it takes to
	// put everything back as it was, from wherever the work stands.
	Length  calendar.Duration `json:"length"`
	WayBack calendar.Duration `json:"wayBack"`
	// NoReturn is how long after its start the work passes the point of no return;
	// undefined: it can be taken back to the end.
	NoReturn calendar.Duration `json:"noReturn"`
	Downtime []Downtime        `json:"downtime,omitempty"`

	Rollback string `json:"rollback,omitempty"` // how it is put back
	Trigger  string `json:"trigger,omitempty"`  // what is seen when it has to be
}

// Downtime is when a service is expected not to be there, within the plan.
type Downtime struct {
	Service servicecoin.ServiceID `json:"service"`
	After   calendar.Duration     `json:"after"` // from the start of the work
	Length  calendar.Duration     `json:"length"`
}

// Work is the time of the work itself, from its start to its expected end.
func (p Plan) Work() calendar.Interval {
	return calendar.Between(p.Start, p.Start.Add(length(p.Length)))
}

// Span is the time that a change takes at worst: the work, and the whole way back
// after it. It is what has to fit.
func (p Plan) Span() calendar.Interval {
	return calendar.Between(p.Start, p.Start.Add(length(p.Length)+length(p.WayBack)))
}

// At returns the same plan with another start.
func (p Plan) At(start time.Time) Plan {
	p.Start = servicecoin.Instant(start)
	return p
}

// clone returns a scope that shares nothing with s, in one order and without
// what stands twice.
func (s Scope) clone() Scope {
	s.Services, s.Records, s.Customers = slices.Clone(s.Services), slices.Clone(s.Records), slices.Clone(s.Customers)
	slices.Sort(s.Services)
	slices.Sort(s.Records)
	slices.Sort(s.Customers)
	s.Services, s.Records, s.Customers = slices.Compact(s.Services), slices.Compact(s.Records), slices.Compact(s.Customers)
	return s
}

// Tells reports whether a customer whom its services concern is to know of the change.
func (s Scope) Tells(customer servicecoin.CustomerID) bool {
	return len(s.Customers) == 0 || slices.Contains(s.Customers, customer)
}

// length returns a duration, none where it is undefined.
func length(d calendar.Duration) time.Duration {
	t, _ := d.Get()
	return t
}

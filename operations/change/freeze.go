package change

import (
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// FreezeID names a freeze.
type FreezeID string

// Freeze is a time in which nothing is changed: the end of a year, an election, an
// error budget that is used up. It beats every window.
type Freeze struct {
	ID         FreezeID                `json:"id"`
	Name       string                  `json:"name"`
	During     calendar.Interval       `json:"during"`
	Services   []servicecoin.ServiceID `json:"services,omitempty"` // none: all
	Through    []Kind                  `json:"through,omitempty"`  // the kinds of changes that it lets through
	Why        string                  `json:"why"`
	DeclaredBy servicecoin.PersonID    `json:"declaredBy"`
	DeclaredAt time.Time               `json:"declaredAt"`
	Lifted     *Lifted                 `json:"lifted,omitempty"`
}

// Lifted says that a freeze was ended early, by whom and why. One that was lifted in its
// course was in force until then; one that was lifted before it began never was.
type Lifted struct {
	By    servicecoin.PersonID `json:"by"`
	At    time.Time            `json:"at"`
	Why   string               `json:"why"`
	Until time.Time            `json:"until"` // when it was to end
}

// Never reports whether the freeze was lifted before it began.
func (f Freeze) Never() bool { return f.Lifted != nil && !f.Lifted.At.After(f.During.Start) }

// Exception lets one change happen in a freeze all the same, as it was planned then. It
// is kept with the change.
type Exception struct {
	Freeze FreezeID `json:"freeze"`
	// During is the work and its way back as they were when it was allowed, and Services
	// what it touched: a plan that leaves them needs another exception. An empty time is
	// any, for any services.
	During    calendar.Interval       `json:"during,omitzero"`
	Services  []servicecoin.ServiceID `json:"services,omitempty"`
	AllowedBy servicecoin.PersonID    `json:"allowedBy"`
	At        time.Time               `json:"at"`
	Why       string                  `json:"why"`
}

// Validate reports every violation.
func (f Freeze) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(f.ID))
	v.Text("name", f.Name, 1, 200)
	v.Merge("during", f.During.Validate())
	if f.During.Empty() {
		v.Add("during", "empty", f.During.String(), "must not be empty")
	}
	ids(&v, "services", f.Services)
	kinds(&v, "through", f.Through)
	v.Text("why", f.Why, 1, 4000)
	v.ID("declaredBy", string(f.DeclaredBy))
	v.Time("declaredAt", f.DeclaredAt)
	return v.Err()
}

// Validate reports every violation.
func (e Exception) Validate() error {
	var v servicecoin.Violations
	v.ID("freeze", string(e.Freeze))
	v.ID("allowedBy", string(e.AllowedBy))
	v.Time("at", e.At)
	v.Text("why", e.Why, 1, 4000)
	return v.Err()
}

// Holds reports whether the exception was made for a change that takes this time and
// touches these services.
func (e Exception) Holds(during calendar.Interval, services []servicecoin.ServiceID) bool {
	if e.During.Empty() {
		return true
	}
	return within(during, e.During) && !slices.ContainsFunc(services, func(s servicecoin.ServiceID) bool { return !slices.Contains(e.Services, s) })
}

// lets returns the part of a freeze in which the exception lets a change of these
// services happen.
func (e Exception) lets(f Freeze, services []servicecoin.ServiceID) calendar.Set {
	during := e.During
	if during.Empty() {
		during = f.During
	}
	if !e.Holds(during, services) {
		return calendar.Set{}
	}
	return calendar.SetOf(during.Intersect(f.During))
}

// within reports whether an interval lies in another one.
func within(iv, other calendar.Interval) bool {
	return !iv.Start.Before(other.Start) && !iv.End.After(other.End)
}

// Concerns reports whether the freeze is in the way of changes of a kind with this
// scope, at the times at which it holds.
func (f Freeze) Concerns(kind Kind, scope Scope) bool {
	if f.Never() || slices.Contains(f.Through, kind) {
		return false
	}
	return len(f.Services) == 0 || slices.ContainsFunc(scope.Services, func(s servicecoin.ServiceID) bool {
		return slices.Contains(f.Services, s)
	})
}

// Entry returns the freeze as an entry of the forward schedule.
func (f Freeze) Entry() Entry {
	return Entry{
		Kind: FreezeEntry, ID: string(f.ID), Name: f.Name, Span: f.During,
		Services: f.Services, Through: f.Through,
	}
}

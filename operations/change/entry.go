package change

import (
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// EntryKind says what takes the time of an [Entry].
type EntryKind string

// The kinds of entries. The first three are work, the others say when work is not
// wanted: two of those never collide with each other.
const (
	ChangeEntry      EntryKind = "change"
	MaintenanceEntry EntryKind = "maintenance"
	PatchEntry       EntryKind = "patch-slot"
	FreezeEntry      EntryKind = "freeze"
	CriticalEntry    EntryKind = "critical-window"
)

// Work reports whether something is done in such a time.
func (k EntryKind) Work() bool {
	return k == ChangeEntry || k == MaintenanceEntry || k == PatchEntry
}

// words is the kind in a sentence.
func (k EntryKind) words() string {
	switch k {
	case ChangeEntry, MaintenanceEntry, FreezeEntry:
	case PatchEntry:
		return "patch slot"
	case CriticalEntry:
		return "critical window"
	}
	return string(k)
}

// EntryRef names an entry.
type EntryRef struct {
	Kind EntryKind `json:"kind"`
	ID   string    `json:"id"`
}

// Entry is whatever takes time in the forward schedule. Its lists say what it
// concerns. A freeze without services, and a critical window with neither services
// nor customers, concerns every work; one with customers and services concerns what
// touches one of those services for one of those customers.
type Entry struct {
	Kind EntryKind         `json:"kind"`
	ID   string            `json:"id"` // unique among its kind; of what recurs, each time has an id of its own
	Name string            `json:"name,omitempty"`
	Span calendar.Interval `json:"span"` // with the whole way back: see [Plan.Span]

	Services  []servicecoin.ServiceID       `json:"services,omitempty"`
	Records   []servicecoin.ConfigurationID `json:"records,omitempty"`
	People    []servicecoin.PersonID        `json:"people,omitempty"`    // who does it
	Customers []servicecoin.CustomerID      `json:"customers,omitempty"` // whose critical window it is, or whom the work concerns
	// Only are the customers in whose own environments alone a work is done; none: wherever
	// its services run. Two works in the environments of others do not meet there.
	Only      []servicecoin.CustomerID `json:"only,omitempty"`
	Of        Kind                     `json:"of,omitempty"`        // of a change
	Through   []Kind                   `json:"through,omitempty"`   // of a freeze: the changes that it lets through
	Tentative bool                     `json:"tentative,omitempty"` // not certain yet: it warns, and blocks nothing
}

// EntryOf returns the entry of a change.
func EntryOf(id servicecoin.ChangeID, name string, kind Kind, plan Plan, scope Scope, people ...servicecoin.PersonID) Entry {
	return Entry{
		Kind: ChangeEntry, ID: string(id), Name: name, Span: plan.Span(), Of: kind,
		Services: scope.Services, Records: scope.Records, People: people, Only: scope.Customers,
	}
}

// Ref returns its name among all entries.
func (e Entry) Ref() EntryRef { return EntryRef{e.Kind, e.ID} }

// called is what people call it: its name, or its id.
func (e Entry) called() string {
	if e.Name != "" {
		return e.Name
	}
	return e.ID
}

// sorted returns the entry with its lists in order, its span cut to microseconds.
func (e Entry) sorted() Entry {
	e.Services, e.Records, e.People, e.Customers = sorted(e.Services), sorted(e.Records), sorted(e.People), sorted(e.Customers)
	e.Only = sorted(e.Only)
	e.Span = calendar.Between(servicecoin.Instant(e.Span.Start), servicecoin.Instant(e.Span.End))
	return e
}

// sorted returns a list in order and without what stands twice: itself, if it is so.
func sorted[T ~string](list []T) []T {
	for i := 1; i < len(list); i++ {
		if list[i] <= list[i-1] {
			list = slices.Clone(list)
			slices.Sort(list)
			return slices.Compact(list)
		}
	}
	return list
}

// mostIDs is how many ids a list of an entry may have.
const mostIDs = 10_000

// Validate reports every violation.
func (e Entry) Validate() error {
	var v servicecoin.Violations
	switch e.Kind {
	case ChangeEntry, MaintenanceEntry, PatchEntry, FreezeEntry, CriticalEntry:
	default:
		v.Add("kind", "unknown", string(e.Kind), "must be change, maintenance, patch-slot, freeze or critical-window")
	}
	v.ID("id", e.ID)
	v.Merge("span", e.Span.Validate())
	ids(&v, "services", e.Services)
	ids(&v, "records", e.Records)
	ids(&v, "people", e.People)
	ids(&v, "customers", e.Customers)
	ids(&v, "only", e.Only)
	if e.Of != "" {
		e.Of.validate(&v, "of")
	}
	kinds(&v, "through", e.Through)
	return v.Err()
}

// ids checks a list of ids; how many there are comes first.
func ids[T ~string](v *servicecoin.Violations, path string, list []T) {
	if !v.Limit(path, len(list), mostIDs) {
		return
	}
	for n, id := range list {
		if checked := string(id); checked == "" || len(checked) > servicecoin.MaxIDBytes {
			v.ID(fmt.Sprintf("%s[%d]", path, n), checked)
		}
	}
}

// kinds checks a list of kinds of changes.
func kinds(v *servicecoin.Violations, path string, list []Kind) {
	if !v.Limit(path, len(list), len(Kinds())) {
		return
	}
	for n, k := range list {
		k.validate(v, fmt.Sprintf("%s[%d]", path, n))
	}
}

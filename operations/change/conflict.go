package change

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Why says what makes two entries that overlap in time collide.
type Why string

// The reasons of conflicts.
const (
	SameService       Why = "same-service"
	SameConfiguration Why = "same-record" // a configuration record
	SamePerson        Why = "same-person" // who would have to be at both
	RestsOn           Why = "rests-on"    // a service of one rests on a service of the other
	Frozen            Why = "freeze"
	Critical          Why = "critical-window"
)

// Conflict is one reason why an entry collides with another one.
type Conflict struct {
	With    Entry             `json:"with"`
	Why     Why               `json:"why"`
	On      []string          `json:"on,omitempty"` // the ids that they share, as With has them; none: a freeze of everything
	Overlap calendar.Interval `json:"overlap"`      // never empty
	Text    string            `json:"text"`         // with what, for how long, why it matters
}

// Blocks reports whether the conflict has to be accepted, or solved, before the work
// is done: what is tentative only warns.
func (c Conflict) Blocks() bool { return !c.With.Tentative }

// Relations tell which services rest on which, both ways and through all steps
// between: what catalog knows. Nil functions, and nil Relations, know of nothing.
type Relations struct {
	RestsOn func(servicecoin.ServiceID) []servicecoin.ServiceID // what a service rests on
	Carries func(servicecoin.ServiceID) []servicecoin.ServiceID // what rests on it
}

// RelationsOf returns the relations of a map that says of each service what it rests
// on, through all steps between.
func RelationsOf(restsOn map[servicecoin.ServiceID][]servicecoin.ServiceID) *Relations {
	carries := map[servicecoin.ServiceID][]servicecoin.ServiceID{}
	for s, list := range restsOn {
		for _, below := range list {
			carries[below] = append(carries[below], s)
		}
	}
	for _, list := range carries {
		slices.Sort(list)
	}
	return &Relations{
		RestsOn: func(s servicecoin.ServiceID) []servicecoin.ServiceID { return restsOn[s] },
		Carries: func(s servicecoin.ServiceID) []servicecoin.ServiceID { return carries[s] },
	}
}

// below returns what a service rests on.
func (r *Relations) below(s servicecoin.ServiceID) []servicecoin.ServiceID {
	if r == nil || r.RestsOn == nil {
		return nil
	}
	return r.RestsOn(s)
}

// above returns what rests on a service.
func (r *Relations) above(s servicecoin.ServiceID) []servicecoin.ServiceID {
	if r == nil || r.Carries == nil {
		return nil
	}
	return r.Carries(s)
}

// Collides returns the conflicts of an entry with another one, nil if there is none:
// spans that only touch do not collide, nor does an entry with itself. It is the rule
// that [Schedule.Conflicts] answers for many.
func (e Entry) Collides(other Entry, o *Relations) []Conflict {
	return collide(nil, e.sorted(), other.sorted(), o)
}

// collide appends the conflicts of a with b, whose lists are sorted.
func collide(to []Conflict, a, b Entry, o *Relations) []Conflict {
	overlap := a.Span.Intersect(b.Span)
	if overlap.Empty() || a.Ref() == b.Ref() || !a.Kind.Work() && !b.Kind.Work() {
		return to
	}
	add := func(why Why, on []string, text string) {
		to = append(to, Conflict{With: b, Why: why, On: on, Overlap: overlap, Text: fmt.Sprintf(
			"%s with %s %q: %s", lengthOf(overlap), b.Kind.words(), b.called(), text)})
	}
	shared := common(a.Services, b.Services)
	elsewhere := a.Kind.Work() && b.Kind.Work() && len(a.Only) > 0 && len(b.Only) > 0 && len(common(a.Only, b.Only)) == 0
	switch {
	case !b.Kind.Work():
		if why, on, text := b.stops(a, shared); why != "" {
			add(why, on, text)
		}
	case !a.Kind.Work():
		if why, on, text := a.stops(b, shared); why != "" {
			add(why, on, text)
		}
	default:
		if len(shared) > 0 && !elsewhere {
			add(SameService, shared, "both work on "+listed(shared)+", and neither knows in which state the other leaves it")
		}
		if on := common(a.Records, b.Records); len(on) > 0 && !elsewhere {
			add(SameConfiguration, on, "both change "+listed(on))
		}
		if on := common(a.People, b.People); len(on) > 0 {
			add(SamePerson, on, listed(on)+" cannot be at both")
		}
	}
	if !elsewhere && a.lets(b) && b.lets(a) {
		if on, pairs := rests(a.Services, b.Services, o); len(on) > 0 {
			add(RestsOn, on, listed(pairs)+": what happens to one shows in the other")
		}
	}
	return to
}

// stops reports why a freeze or a critical window, and on which of its ids, is in
// the way of a work; "": it is not.
func (e Entry) stops(work Entry, shared []string) (why Why, on []string, text string) {
	customers := common(work.Customers, e.Customers)
	switch {
	case !e.lets(work), len(e.Services) > 0 && len(shared) == 0:
		return "", nil, ""
	case e.Kind == FreezeEntry && len(shared) == 0:
		return Frozen, nil, "nothing is changed then"
	case e.Kind == FreezeEntry:
		return Frozen, shared, listed(shared) + " must not be changed then"
	case len(e.Customers) > 0 && len(shared) > 0:
		return Critical, shared, listed(shared) + " matters more than usual to " + listed(customers)
	case len(e.Customers) > 0:
		return Critical, customers, "it matters more than usual to " + listed(customers)
	case len(shared) > 0:
		return Critical, shared, listed(shared) + " matters more than usual"
	}
	return Critical, nil, "everything matters more than usual"
}

// lets reports whether an entry has to do with a work at all, whatever its services:
// a freeze may let its kind through, a critical window be that of other customers.
func (e Entry) lets(work Entry) bool {
	switch e.Kind {
	case FreezeEntry:
		return !slices.Contains(e.Through, work.Of)
	case CriticalEntry:
		return len(e.Customers) == 0 || len(common(work.Customers, e.Customers)) > 0
	case ChangeEntry, MaintenanceEntry, PatchEntry:
	}
	return true
}

// common returns what two sorted lists share.
func common[T ~string](a, b []T) []string {
	var out []string
	for len(a) > 0 && len(b) > 0 {
		switch c := cmp.Compare(a[0], b[0]); {
		case c < 0:
			a = a[1:]
		case c > 0:
			b = b[1:]
		default:
			out = append(out, string(a[0]))
			a, b = a[1:], b[1:]
		}
	}
	return out
}

// rests returns which services of b, a sorted list, rest on one of a or carry one,
// and says so of each pair.
func rests(a, b []servicecoin.ServiceID, o *Relations) (on, pairs []string) {
	note := func(other, upper, lower servicecoin.ServiceID) {
		if _, is := slices.BinarySearch(b, other); is && upper != lower {
			on = append(on, string(other))
			pairs = append(pairs, fmt.Sprintf("%s rests on %s", upper, lower))
		}
	}
	if len(b) == 0 {
		return nil, nil
	}
	for _, s := range a {
		for _, below := range o.below(s) {
			note(below, s, below)
		}
		for _, above := range o.above(s) {
			note(above, above, s)
		}
	}
	return sorted(on), sorted(pairs)
}

// listed tells a list, of a long one its beginning.
func listed(list []string) string {
	const most = 3
	if n := len(list); n > most+1 {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), n-most)
	} else if n > 1 {
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
	return strings.Join(list, "")
}

// lengthOf tells how long an interval is.
func lengthOf(iv calendar.Interval) string {
	return servicecoin.Quantity{Value: servicecoin.Some(iv.Seconds()), Unit: "s"}.Words()
}

// inOrder compares conflicts by start, then by what they are with, and why.
func inOrder(a, b Conflict) int {
	return cmp.Or(a.Overlap.Start.Compare(b.Overlap.Start), a.With.Span.Start.Compare(b.With.Span.Start),
		cmp.Compare(a.With.Kind, b.With.Kind), cmp.Compare(a.With.ID, b.With.ID), cmp.Compare(a.Why, b.Why))
}

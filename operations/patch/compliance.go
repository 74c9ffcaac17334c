package patch

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Sighting is what was seen of a component of a target: which version ran, and when that
// was seen. That somebody says it is done is none.
type Sighting struct {
	Target    servicecoin.ConfigurationID `json:"target"`
	Component Component                   `json:"component"` // in the version that was seen; without one it was not there
	At        time.Time                   `json:"at"`
	// Until is the last look of several without a break that all saw the same; zero: there
	// was one.
	Until  time.Time `json:"until,omitzero"`
	Absent bool      `json:"absent,omitempty"` // it was looked for, and is not there
}

// Exemption lets a target go without a patch for a while: a person stands for it.
type Exemption struct {
	Target     servicecoin.ConfigurationID `json:"target"`
	Advisory   AdvisoryID                  `json:"advisory"`
	ApprovedBy servicecoin.PersonID        `json:"approvedBy"`
	Why        string                      `json:"why"`
	From       time.Time                   `json:"from"`
	Until      time.Time                   `json:"until"` // it ends by itself
	// Replaced says that another one stands in its place since it ended: what held, held.
	Replaced bool `json:"replaced,omitempty"`
}

// Validate reports every violation: an exemption has an approver, a reason and an end.
func (e Exemption) Validate() error {
	var v servicecoin.Violations
	v.ID("target", string(e.Target))
	v.ID("advisory", string(e.Advisory))
	v.ID("approvedBy", string(e.ApprovedBy))
	v.Text("why", e.Why, 1, maxText)
	v.Time("from", e.From)
	v.Time("until", e.Until)
	if !e.Until.After(e.From) {
		v.Add("until", "out-of-order", lifecycle.Stamp(e.Until), "must be after "+lifecycle.Stamp(e.From))
	}
	return v.Err()
}

func (e Exemption) holds(id AdvisoryID, target servicecoin.ConfigurationID, at time.Time) bool {
	return e.Target == target && e.Advisory == id && !at.Before(e.From) && at.Before(e.Until)
}

// Condition is how a target stands to an advisory.
type Condition string

// The conditions. What is not known is neither compliant nor not.
const (
	Compliant    Condition = "compliant"
	NonCompliant Condition = "nonCompliant"
	Exempt       Condition = "exempt" // not compliant, and somebody stands for that until a day
	NotKnown     Condition = "unknown"
)

// Row is how one target stands, and why.
type Row struct {
	Target    servicecoin.ConfigurationID `json:"target"`
	Customer  servicecoin.CustomerID      `json:"customer"`
	Service   servicecoin.ServiceID       `json:"service,omitempty"`
	Condition Condition                   `json:"condition"`
	Since     time.Time                   `json:"since,omitzero"` // compliant since it was seen so first, without a break
	Seen      time.Time                   `json:"seen,omitzero"`  // when it was looked at last
	Why       string                      `json:"why"`
}

// Tally is how many stand how, of those that an advisory applies to.
type Tally struct {
	Applicable   int `json:"applicable"`
	Compliant    int `json:"compliant"`
	NonCompliant int `json:"nonCompliant"`
	Exempt       int `json:"exempt"`
	Unknown      int `json:"unknown"`
}

// Share returns the share of the applicable that are compliant, and false of none: nothing
// is compliant of nothing. Unknown ones are not.
func (t Tally) Share() (float64, bool) {
	if t.Applicable == 0 {
		return 0, false
	}
	return float64(t.Compliant) / float64(t.Applicable), true
}

// With counts one more.
func (t Tally) With(c Condition) Tally {
	t.Applicable++
	switch c {
	case Compliant:
		t.Compliant++
	case NonCompliant:
		t.NonCompliant++
	case Exempt:
		t.Exempt++
	case NotKnown:
		t.Unknown++
	}
	return t
}

// Look is what is asked of compliance.
type Look struct {
	At       time.Time // the instant that it is asked about: now, or the deadline
	Advisory *Advisory
	// Targets are those that there are; their components say what is to be looked for, and
	// the version that is recorded, which counts for nothing.
	Targets   []Target
	Sightings []Sighting
	// Fresh is how long a sighting counts; 0: for ever. After that nothing is known.
	Fresh      time.Duration
	Exemptions []Exemption
	// Changed is when targets were changed: what was seen of them before counts no more.
	Changed map[servicecoin.ConfigurationID]time.Time
}

// Compliance is the answer: a row for each target that the advisory applies to, by target.
type Compliance struct {
	At    time.Time `json:"at"`
	Tally Tally     `json:"tally"`
	Rows  []Row     `json:"rows,omitempty"`
	// Complete is when the last of them was seen to be compliant, zero while one is not.
	Complete time.Time `json:"complete,omitzero"`
}

// Comply says how targets stand to an advisory at an instant, by what had been seen by
// then: what was seen later, and what somebody said, counts for nothing.
func Comply(l Look) (Compliance, error) {
	var v servicecoin.Violations
	v.Time("at", l.At)
	if l.Advisory == nil {
		v.Add("advisory", "required", "", "say which")
	}
	v.Limit("targets", len(l.Targets), MaxTargets)
	if l.Fresh < 0 {
		v.Add("fresh", "out-of-range", l.Fresh.String(), "must not be negative")
	}
	for n, e := range l.Exemptions {
		if v.Len() >= servicecoin.MaxViolations {
			break
		}
		if err := e.Validate(); err != nil {
			v.Merge(fmt.Sprintf("exemptions[%d]", n), err)
		}
	}
	if err := v.Err(); err != nil {
		return Compliance{}, err
	}
	seen := map[servicecoin.ConfigurationID][]Sighting{}
	for _, s := range l.Sightings {
		if !s.At.After(l.At) {
			seen[s.Target] = append(seen[s.Target], s)
		}
	}
	c := Compliance{At: l.At}
	complete := true
	for _, t := range l.Targets {
		row, applies := l.row(t, seen[t.ID])
		if !applies {
			continue
		}
		c.Tally = c.Tally.With(row.Condition)
		c.Rows = append(c.Rows, row)
		complete = complete && row.Condition == Compliant
		c.Complete = later(c.Complete, row.Since)
	}
	if !complete {
		c.Complete = time.Time{}
	}
	slices.SortFunc(c.Rows, func(a, b Row) int { return cmp.Compare(a.Target, b.Target) })
	return c, nil
}

// Together joins what was asked in parts, of several customers, say, at one instant.
func Together(at time.Time, parts ...Compliance) Compliance {
	c := Compliance{At: at}
	complete := true
	for _, p := range parts {
		for _, r := range p.Rows {
			c.Tally = c.Tally.With(r.Condition)
			complete = complete && r.Condition == Compliant
			c.Complete = later(c.Complete, r.Since)
		}
		c.Rows = append(c.Rows, p.Rows...)
	}
	if !complete {
		c.Complete = time.Time{}
	}
	slices.SortFunc(c.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Customer, b.Customer))
	})
	return c
}

// row says how one target stands; false if the advisory does not apply to it.
func (l Look) row(t Target, seen []Sighting) (Row, bool) {
	row := Row{Target: t.ID, Customer: t.Customer, Service: t.Service, Condition: Compliant}
	applies := false
	for _, c := range l.components(t, seen) {
		one, concerns := l.judge(t.ID, c, seen)
		if !concerns {
			continue
		}
		if !applies || worse(one.Condition, row.Condition) {
			row.Condition, row.Why, row.Seen = one.Condition, one.Why, one.Seen
		}
		row.Since = later(row.Since, one.Since)
		applies = true
	}
	if row.Condition != Compliant {
		row.Since = time.Time{}
	}
	if row.Condition == NonCompliant {
		for _, e := range l.Exemptions {
			if e.holds(l.Advisory.ID, t.ID, l.At) {
				row.Condition = Exempt
				row.Why += fmt.Sprintf("; %s allows that until %s: %s", e.ApprovedBy, lifecycle.Stamp(e.Until), e.Why)
				break
			}
		}
	}
	return row, applies
}

func worse(a, b Condition) bool {
	order := []Condition{Compliant, NotKnown, NonCompliant}
	return slices.Index(order, a) > slices.Index(order, b)
}

// components are those that are recorded of a target, and those that were seen beside.
func (l Look) components(t Target, seen []Sighting) []Component {
	list := slices.Clone(t.Components)
	for _, s := range seen {
		if !slices.ContainsFunc(list, func(c Component) bool { return c.same(s.Component) }) {
			list = append(list, s.Component)
		}
	}
	return list
}

// same reports whether two components are one, in whatever versions.
func (c Component) same(o Component) bool { return Product{Component: c}.is(o) }

// judge says how one component stands by what was seen of it.
func (l Look) judge(target servicecoin.ConfigurationID, c Component, seen []Sighting) (Row, bool) {
	if verdict, _ := l.Advisory.Match(c.unversioned()); verdict == NotApplicable {
		return Row{}, false // it does not speak of it
	}
	var mine []Sighting
	for _, s := range seen {
		if c.same(s.Component) {
			mine = append(mine, s)
		}
	}
	slices.SortStableFunc(mine, func(a, b Sighting) int { return a.At.Compare(b.At) })
	var at, since time.Time
	verdict, why := Undecided, "it was never looked at"
	for n, s := range mine {
		if n > 0 && s.At.Equal(mine[n-1].At) {
			continue
		}
		verdict, why, at = l.found(mine, s.At)
		if verdict != Patched && verdict != NotApplicable {
			since = time.Time{}
		} else if since.IsZero() {
			since = s.At
		}
	}
	row := Row{Seen: at, Since: since, Why: why}
	switch changed := l.Changed[target]; {
	case len(mine) > 0 && !changed.IsZero() && !changed.After(l.At) && at.Before(changed):
		row.Condition, row.Since, row.Why = NotKnown, time.Time{}, "it was changed at "+lifecycle.Stamp(changed)+", and not looked at since"
	case len(mine) > 0 && l.Fresh > 0 && l.At.Sub(at) > l.Fresh:
		row.Condition, row.Since, row.Why = NotKnown, time.Time{}, "it was seen last at "+lifecycle.Stamp(at)
	case verdict == Patched || verdict == NotApplicable:
		row.Condition = Compliant
	case verdict == Vulnerable:
		row.Condition = NonCompliant
	default:
		row.Condition = NotKnown
	}
	return row, true
}

// found says what a look found: the worst of all versions that it saw, why, and when that
// was seen last.
func (l Look) found(mine []Sighting, at time.Time) (verdict Verdict, why string, until time.Time) {
	weight := []Verdict{NotApplicable, Patched, Undecided, Vulnerable}
	for _, s := range mine {
		end := later(s.At, s.Until)
		if s.At.After(at) || end.Before(at) {
			continue
		}
		if v, because := l.verdict(s); verdict == "" || slices.Index(weight, v) > slices.Index(weight, verdict) {
			verdict, why = v, because
		}
		until = later(until, end)
	}
	if until.After(l.At) {
		until = l.At
	}
	return verdict, why, until
}

func (l Look) verdict(s Sighting) (Verdict, string) {
	if s.Absent {
		return NotApplicable, "it is not there"
	}
	return l.Advisory.Match(s.Component)
}

// unversioned is the component in no version in particular.
func (c Component) unversioned() Component {
	c.Version = ""
	if p, err := ParsePURL(c.PURL); err == nil {
		c.PURL = p.Package()
	}
	return c
}

// By counts rows by a name that each has: its customer, service or ring. Names are sorted.
func (c Compliance) By(name func(r Row) string) []Named {
	at := map[string]int{}
	var list []Named
	for _, r := range c.Rows {
		n := name(r)
		place, ok := at[n]
		if !ok {
			place = len(list)
			at[n] = place
			list = append(list, Named{Name: n})
		}
		list[place].Tally = list[place].Tally.With(r.Condition)
	}
	slices.SortFunc(list, func(a, b Named) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// Named is a tally of rows that have something in common.
type Named struct {
	Name  string `json:"name"`
	Tally Tally  `json:"tally"`
}

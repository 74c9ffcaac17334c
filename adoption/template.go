package adoption

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// Template says what signing up for a service needs: the points through which a
// customer goes, in order, and what is due at each. The points are published in a
// [Playbook]; the prerequisites are those of what was ordered, and are added when an
// onboarding begins: see [Template.With].
type Template struct {
	Service  servicecoin.ServiceID  `json:"service"`
	Offering servicecoin.OfferingID `json:"offering,omitempty"` // "": every offering that has no template of its own
	Title    string                 `json:"title"`
	Edition  int                    `json:"edition"` // counts the publications; see [Playbook.PublishTemplate]
	Points   []Point                `json:"points"`  // in the order in which they are reached; at least one

	Prerequisites []Prerequisite `json:"prerequisites"`
}

// With returns the template with further prerequisites, and with every point at
// which they are due. Of points that the template does not have, those that are
// early stand before its own, in the order given, and the others after them, in the
// order of the prerequisites.
func (t Template) With(early []string, list ...Prerequisite) Template {
	t.Prerequisites = slices.Concat(t.Prerequisites, list)
	var first, last []Point
	lacks := func(name string) bool {
		return place(t.Points, name) < 0 && place(first, name) < 0 && place(last, name) < 0
	}
	for _, name := range early {
		if lacks(name) && slices.ContainsFunc(list, func(p Prerequisite) bool { return p.Due == name }) {
			first = append(first, Point{Name: name})
		}
	}
	for _, p := range list {
		if lacks(p.Due) {
			last = append(last, Point{Name: p.Due})
		}
	}
	t.Points = slices.Concat(first, t.Points, last)
	return t
}

// Point is a named moment of signing up, such as "before ordering" or "before
// first use". To reach it is to go on past it.
type Point struct {
	Name string `json:"name"` // 1 to 100 characters, unique in the template
	// WithinDays is by when it should be reached: so many days, of 24 hours,
	// after the point before it, or after the beginning for the first; 0 sets
	// no day. Nothing happens by itself when they have passed.
	WithinDays int `json:"withinDays,omitempty"`
}

// Force is what an unmet prerequisite does.
type Force string

// The forces.
const (
	Blocking Force = "blocking" // its point, and every later one, cannot be reached
	Warning  Force = "warning"  // its point can be reached; that it was unmet is kept
)

// Side is one of the two sides of the counter.
type Side string

// The sides.
const (
	CustomerSide Side = "customer"
	ProviderSide Side = "provider"
)

// Prerequisite is something that must be in place, and by when.
type Prerequisite struct {
	ID     PrerequisiteID `json:"id"`
	Text   string         `json:"text"`             // what must be in place, for people
	Due    string         `json:"due"`              // the name of the point at which it is due
	Force  Force          `json:"force"`            // what happens if it is not
	Owner  Side           `json:"owner"`            // whose it is to see to
	Wanted string         `json:"wanted,omitempty"` // which evidence is wanted, for people
}

// The most that one template has: its onboardings must fit their records
// whatever happens to them.
const (
	maxPoints         = 12
	maxPrerequisites  = 100
	maxPointName      = 100
	maxPrerequisiteID = 64       // bytes
	maxTemplate       = 64 << 10 // bytes of its record
	maxWithinDays     = 3660
)

// Validate reports every violation of the template.
func (t Template) Validate() error {
	var v servicecoin.Violations
	v.ID("service", string(t.Service))
	if t.Offering != "" {
		v.ID("offering", string(t.Offering))
	}
	v.Text("title", t.Title, 1, maxTitle)
	if t.Edition < 0 {
		v.Add("edition", "negative", strconv.Itoa(t.Edition), "must not be negative")
	}
	if !form(&v, t.Points, t.Prerequisites) {
		return v.Err()
	}
	lifecycle.Room(&v, "", t, maxTemplate)
	return v.Err()
}

// form checks points and prerequisites, of a template or of an onboarding. It
// reports whether they are few enough to be looked at one by one.
func form(v *servicecoin.Violations, points []Point, prerequisites []Prerequisite) bool {
	n := len(points)
	if n == 0 || n > maxPoints {
		v.Add("points", "count", strconv.Itoa(n), fmt.Sprintf("must be 1 to %d", maxPoints))
	}
	if !v.Limit("prerequisites", len(prerequisites), maxPrerequisites) || n > maxPoints {
		return false
	}
	names := map[string]bool{}
	for i, p := range points {
		path := fmt.Sprintf("points[%d]", i)
		v.Text(path+".name", p.Name, 1, maxPointName)
		if p.WithinDays < 0 || p.WithinDays > maxWithinDays {
			v.Add(path+".withinDays", "out-of-range", strconv.Itoa(p.WithinDays), fmt.Sprintf("must be 0 to %d", maxWithinDays))
		}
		if names[p.Name] {
			v.Add(path+".name", "duplicate", p.Name, "names two points")
		}
		names[p.Name] = true
	}
	ids := map[PrerequisiteID]bool{}
	for i, p := range prerequisites {
		path := fmt.Sprintf("prerequisites[%d]", i)
		v.Merge(path, p.Validate())
		if ids[p.ID] {
			v.Add(path+".id", "duplicate", string(p.ID), "names two prerequisites")
		}
		ids[p.ID] = true
		if p.Due != "" && !names[p.Due] {
			v.Add(path+".due", "unknown", p.Due, "is no point of the template")
		}
	}
	return true
}

// Validate reports every violation of the prerequisite by itself.
func (p Prerequisite) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(p.ID))
	if len(p.ID) > maxPrerequisiteID {
		v.Add("id", "too-long", string(p.ID), fmt.Sprintf("has %d bytes, %d are allowed", len(p.ID), maxPrerequisiteID))
	}
	v.Text("text", p.Text, 1, maxText)
	v.Text("due", p.Due, 1, maxPointName)
	if p.Force != Blocking && p.Force != Warning {
		v.Add("force", "unknown", string(p.Force), "must be blocking or warning")
	}
	if p.Owner != CustomerSide && p.Owner != ProviderSide {
		v.Add("owner", "unknown", string(p.Owner), "must be customer or provider")
	}
	v.Text("wanted", p.Wanted, 0, maxText)
	return v.Err()
}

func templateID(service servicecoin.ServiceID, offering servicecoin.OfferingID) string {
	return store.JoinID(string(service), string(offering))
}

func place(points []Point, name string) int {
	return slices.IndexFunc(points, func(p Point) bool { return p.Name == name })
}

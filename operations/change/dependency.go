package change

import (
	"cmp"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// DependencyKind says how one change depends on another.
type DependencyKind string

// The kinds of dependencies.
const (
	After    DependencyKind = "after"    // it begins when the other has ended, its way back included, or later
	Together DependencyKind = "together" // the two are one piece of work: they overlap in time
	Apart    DependencyKind = "apart"    // never together: they share no instant
)

// Dependency is what a change asks of the time of another one.
type Dependency struct {
	On   servicecoin.ChangeID `json:"on"`
	Kind DependencyKind       `json:"kind"`
}

// Validate reports every violation.
func (d Dependency) Validate() error {
	var v servicecoin.Violations
	v.ID("on", string(d.On))
	switch d.Kind {
	case After, Together, Apart:
	default:
		v.Add("kind", "unknown", string(d.Kind), "must be after, together or apart")
	}
	return v.Err()
}

// Other is a change that another one depends on.
type Other struct {
	ID   servicecoin.ChangeID
	Name string
	Span calendar.Interval // see [Plan.Span]; of one that is over, the time that it took; the zero one: it has no time yet
}

// Check reports what the span of a change breaks of its dependencies, one by one.
// One on a change that is not among the others, or has no time yet, is broken, but
// for one that only wants to be apart.
func Check(span calendar.Interval, dependencies []Dependency, others []Other) []Obstacle {
	var out []Obstacle
	for _, d := range dependencies {
		o, is := find(others, d.On)
		add := func(during calendar.Interval, text string) {
			out = append(out, Obstacle{Rule: RuleDependency, With: o.called(), ID: string(d.On), During: during, Text: text})
		}
		known := is && o.Span != (calendar.Interval{})
		switch {
		case !known && d.Kind != Apart:
			add(span, "depends on "+o.called()+", which has no time yet")
		case !known:
		case d.Kind == After && span.Start.Before(o.Span.End):
			early := span
			if o.Span.End.Before(early.End) {
				early.End = o.Span.End
			}
			add(early, "begins before "+o.called()+" has ended, at "+lifecycle.Stamp(o.Span.End))
		case d.Kind == Together && !span.Overlaps(o.Span):
			add(span, "is to be done together with "+o.called()+", which happens at another time: "+o.Span.String())
		case d.Kind == Apart && span.Overlaps(o.Span):
			add(span.Intersect(o.Span), "must never happen together with "+o.called())
		}
	}
	return out
}

// find returns one of the others, or one of that id that nothing is known of.
func find(others []Other, id servicecoin.ChangeID) (Other, bool) {
	if i := slices.IndexFunc(others, func(o Other) bool { return o.ID == id }); i >= 0 {
		return others[i], true
	}
	return Other{ID: id}, false
}

func (o Other) called() string { return cmp.Or(o.Name, string(o.ID)) }

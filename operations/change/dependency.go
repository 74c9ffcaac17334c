package change

import (
	"cmp"
	"maps"
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

// Cycles returns the changes of which none can be the first, each cycle in order: of
// what is to be done after each other in a circle, or after what it is to be done
// together with. It looks at all steps, however many there are.
func Cycles(dependencies map[servicecoin.ChangeID][]Dependency) [][]servicecoin.ChangeID {
	g := graph{number: map[servicecoin.ChangeID]int{}}
	for _, id := range slices.Sorted(maps.Keys(dependencies)) {
		from := g.node(id)
		for _, d := range dependencies[id] {
			switch to := g.node(d.On); d.Kind {
			case Together:
				g.unit[g.root(from)] = g.root(to)
			case After:
				g.after = append(g.after, [2]int{from, to})
			case Apart:
			}
		}
	}
	return g.cycles()
}

// graph is changes, as numbers, and which of them are one piece of work.
type graph struct {
	number map[servicecoin.ChangeID]int
	ids    []servicecoin.ChangeID
	unit   []int    // another one of its piece of work; itself: it stands for it
	after  [][2]int // the first one after the second
}

func (g *graph) node(id servicecoin.ChangeID) int {
	n, is := g.number[id]
	if !is {
		n = len(g.ids)
		g.number[id], g.ids, g.unit = n, append(g.ids, id), append(g.unit, n)
	}
	return n
}

// root returns the one that stands for a piece of work.
func (g *graph) root(n int) int {
	for g.unit[n] != n {
		g.unit[n] = g.unit[g.unit[n]]
		n = g.unit[n]
	}
	return n
}

// cycles returns the parts of the graph that can be gone around (Kosaraju's way).
func (g *graph) cycles() [][]servicecoin.ChangeID {
	forward, back := make([][]int, len(g.ids)), make([][]int, len(g.ids))
	for _, a := range g.after {
		from, to := g.root(a[0]), g.root(a[1])
		forward[from], back[to] = append(forward[from], to), append(back[to], from)
	}
	var left []int
	walk(forward, func(n int) bool { return g.root(n) == n }, func(n int) { left = append(left, n) }, g.all())
	slices.Reverse(left)
	circle := make([]int, len(g.ids)) // the number of its circle, from 1
	count := 0
	for _, n := range left {
		if circle[n] != 0 {
			continue
		}
		count++
		walk(back, func(n int) bool { return circle[n] == 0 }, func(n int) { circle[n] = count }, []int{n})
	}
	members := make([][]servicecoin.ChangeID, count+1)
	pieces := make([]int, count+1)
	for n, id := range g.ids {
		c := circle[g.root(n)]
		if members[c] = append(members[c], id); g.root(n) == n {
			pieces[c]++
		}
	}
	var out [][]servicecoin.ChangeID
	for c, list := range members {
		itself := len(list) > 0 && slices.Contains(forward[g.root(g.number[list[0]])], g.root(g.number[list[0]]))
		if pieces[c] > 1 || itself {
			slices.Sort(list)
			out = append(out, list)
		}
	}
	slices.SortFunc(out, func(a, b []servicecoin.ChangeID) int { return cmp.Compare(a[0], b[0]) })
	return out
}

func (g *graph) all() []int {
	list := make([]int, len(g.ids))
	for n := range list {
		list[n] = n
	}
	return list
}

// walk goes from each of some nodes along the arrows, once to each that it may go to,
// and calls leave when it has been everywhere behind one.
func walk(arrows [][]int, may func(n int) bool, leave func(n int), from []int) {
	seen := map[int]bool{}
	type step struct{ node, next int }
	var way []step
	enter := func(n int) {
		if !seen[n] && may(n) {
			seen[n] = true
			way = append(way, step{node: n})
		}
	}
	for _, n := range from {
		enter(n)
		for len(way) > 0 {
			at := &way[len(way)-1]
			if at.next < len(arrows[at.node]) {
				at.next++
				enter(arrows[at.node][at.next-1])
				continue
			}
			way = way[:len(way)-1]
			leave(at.node)
		}
	}
}

package catalog

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Graph is what rests on what: services and their dependencies, in memory, in
// arrays of numbers, so that questions about a million services are answered in
// the blink of an eye. It never changes, is safe for concurrent use, and is the
// same whatever the order in which it was given its parts. Make it with
// [NewGraph].
//
// A service that runs (its state is live or deprecated, or not said) is ordered
// and can be hit. One that is planned or retired is neither. A service that a
// dependency names and nobody has described is implied: it is a [Finding], it is
// not ordered and blocks nothing, and [Graph.Impact] answers for it all the
// same, a supplier's service most often.
type Graph struct {
	ids      []servicecoin.ServiceID // the described ones, sorted, then the implied ones, sorted
	declared int                     // how many are described
	runs     []bool                  // of the described ones
	level    []uint32                // own level, 0: not assessed
	rto      []uint32                // own target in seconds + 1, 0: none; nil if nobody has one
	takes    []uint32                // in seconds + 1, 0: undefined; nil if nobody says

	// A requirement is a set of services of which some must be there. Number n of
	// the first len(ids) is what node n needs altogether: all of them, hard. The
	// further ones are groups, and what is needed softly.
	members spans // requirement → nodes, sorted
	back    spans // node → requirements that it is a member of, sorted
	extra   []requirement
	extras  spans // node → its further requirements; empty if there are none

	circles  [][]int32 // nodes that wait for each other, each sorted, by first node
	findings []Finding
}

// requirement is one beyond the plain hard ones.
type requirement struct {
	owner  int32
	needed int32
	soft   bool
}

// spans is many short lists of numbers in one: list i is to[start[i]:start[i+1]].
type spans struct{ start, to []int32 }

func (s spans) of(i int32) []int32 { return s.to[s.start[i]:s.start[i+1]] }

// laid returns the lists of pairs (i, x): each x is appended to list i. It calls
// pairs twice, and keeps nothing beside the lists: they are filled from their
// ends, so that pairs that come the last first leave them in order.
func laid(n int, pairs func(each func(i, x int32))) spans {
	s := spans{start: make([]int32, n+1)}
	pairs(func(i, _ int32) { s.start[i]++ })
	sum := int32(0)
	for i, count := range s.start {
		sum += count
		s.start[i] = sum
	}
	s.to = make([]int32, sum)
	pairs(func(i, x int32) {
		s.start[i]--
		s.to[s.start[i]] = x
	})
	return s
}

// NewGraph returns the graph of services and dependencies. It takes any input:
// what does not fit together is told by [Graph.Findings]. Of a service only id,
// state, level and recovery count.
func NewGraph(services []Service, dependencies []Dependency) *Graph {
	g := &Graph{}
	g.describe(services)
	b := building{Graph: g, strangers: map[servicecoin.ServiceID]int32{}}
	b.resolve(dependencies)
	b.connect()
	g.look()
	return g
}

// describe lists the services in the order of their ids. Of a service that is
// described twice the worse counts.
func (g *Graph) describe(services []Service) {
	order := sorted(services)
	g.ids = make([]servicecoin.ServiceID, 0, len(services))
	g.runs = make([]bool, 0, len(services))
	g.level = make([]uint32, 0, len(services))
	for i := range services {
		s := &services[i]
		if order != nil {
			s = &services[order[i]]
		}
		last, runs, level := len(g.ids)-1, s.State == "" || s.State.Runs(), uint32(0)
		if s.Level > 0 {
			level = uint32(min(s.Level, 1<<30))
		}
		if twice := last >= 0 && g.ids[last] == s.ID; !twice {
			g.ids, g.runs, g.level = append(g.ids, s.ID), append(g.runs, runs), append(g.level, level)
			last++
		} else {
			if f := len(g.findings) - 1; f < 0 || g.findings[f].Service != s.ID {
				g.findings = append(g.findings, Finding{Code: DescribedTwice, Service: s.ID, Text: fmt.Sprintf("%s is described more than once: the worse counts", s.ID)})
			}
			g.runs[last] = g.runs[last] || runs
			g.level[last] = tighter(g.level[last], level)
		}
		g.recover(last, len(services), seconds(s.Recovery.RTO), seconds(s.Recovery.Takes))
	}
	g.declared = len(g.ids)
}

// recover keeps what is said about the recovery of node n, one of at most so
// many. Where nobody says anything there is nothing to keep.
func (g *Graph) recover(n, most int, rto, takes uint32) {
	if rto == 0 && takes == 0 {
		return
	}
	if g.rto == nil {
		g.rto, g.takes = make([]uint32, most), make([]uint32, most)
	}
	g.rto[n], g.takes[n] = tighter(g.rto[n], rto), max(g.takes[n], takes)
}

// tighter returns the smaller of two values of which 0 is none.
func tighter(a, b uint32) uint32 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// longest is a hundred years in seconds: no valid duration is longer.
const longest = 100 * 365 * 24 * 3600

// seconds returns the length in seconds + 1, 0 if it is undefined.
func seconds(d calendar.Duration) uint32 {
	length, ok := d.Get()
	if !ok {
		return 0
	}
	return uint32(min(max(length/time.Second, 0), longest)) + 1
}

// sorted returns the places of the services in the order of their ids, nil where
// that is the order in which they come: a listing is sorted. Otherwise it
// compares the eight bytes that follow what all ids begin with, and only then
// the texts: several times faster on a million.
func sorted(services []Service) []int32 {
	if ascending(services) {
		return nil
	}
	type place struct {
		key uint64
		at  int32
	}
	places := make([]place, len(services))
	common := ""
	if len(services) > 0 {
		common = string(services[0].ID)
	}
	for i := range services {
		common = common[:shared(common, string(services[i].ID))]
	}
	for i := range services {
		var key [8]byte
		copy(key[:], services[i].ID[len(common):])
		places[i] = place{binary.BigEndian.Uint64(key[:]), num(i)}
	}
	byID := func(a, b place) int {
		if c := cmp.Compare(a.key, b.key); c != 0 {
			return c
		}
		return cmp.Compare(services[a.at].ID, services[b.at].ID)
	}
	slices.SortFunc(places, byID)
	order := make([]int32, len(places))
	for i, p := range places {
		order[i] = p.at
	}
	return order
}

// ascending reports whether the services come in the order of their ids.
func ascending(services []Service) bool {
	for i := 1; i < len(services); i++ {
		if services[i].ID < services[i-1].ID {
			return false
		}
	}
	return true
}

// num is how a count becomes a number of the graph: of two thousand million
// services none of this would fit into a memory.
func num(n int) int32 { return int32(n) } //nolint:gosec // G115: see above

func shared(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// find returns the number of a service, false if nothing names it.
func (g *Graph) find(id servicecoin.ServiceID) (int32, bool) {
	if i, ok := slices.BinarySearch(g.ids[:g.declared], id); ok {
		return num(i), true
	}
	i, ok := slices.BinarySearch(g.ids[g.declared:], id)
	return num(g.declared + i), ok
}

// running reports whether a node is ordered and counts as a need.
func (g *Graph) running(n int32) bool { return int(n) < g.declared && g.runs[n] }

// plain reports whether requirement r is what a node needs altogether.
func (g *Graph) plain(r int32) bool { return int(r) < len(g.ids) }

func (g *Graph) owner(r int32) int32 {
	if g.plain(r) {
		return r
	}
	return g.extra[int(r)-len(g.ids)].owner
}

func (g *Graph) soft(r int32) bool { return !g.plain(r) && g.extra[int(r)-len(g.ids)].soft }

// needed returns how many members of requirement r must be there.
func (g *Graph) needed(r int32) int32 {
	if g.plain(r) {
		return g.members.start[r+1] - g.members.start[r]
	}
	return g.extra[int(r)-len(g.ids)].needed
}

// further returns the requirements of node n beyond the plain one.
func (g *Graph) further(n int32) []int32 {
	if len(g.extra) == 0 {
		return nil
	}
	return g.extras.of(n)
}

// Len returns how many services are described.
func (g *Graph) Len() int { return g.declared }

// Findings returns what does not fit together: services that nobody describes,
// that are described twice, or that do not run though something that runs needs
// them; and cycles. They are sorted by code, then by service.
func (g *Graph) Findings() []Finding { return slices.Clone(g.findings) }

func (g *Graph) names(nodes []int32) []servicecoin.ServiceID {
	list := make([]servicecoin.ServiceID, len(nodes))
	for i, n := range nodes {
		list[i] = g.ids[n]
	}
	return list
}

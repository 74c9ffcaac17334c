package catalog

import (
	"cmp"
	"iter"
	"slices"

	"github.com/servicecoin/servicecoin"
)

// Impact is who is hit when services fail.
type Impact struct {
	Of []servicecoin.ServiceID `json:"of"` // what fails
	// Down are the services that do not work then, over hard dependencies: of a
	// group of which some must be there, only where too few are left.
	Down []Hit `json:"down"`
	// Degraded are those that may work with less: on the way to each is a soft
	// dependency, or a service that is itself degraded.
	Degraded []Hit `json:"degraded"`
}

// Hit is one service that is hit, or rested upon, and how.
type Hit struct {
	Service servicecoin.ServiceID `json:"service"`
	// Path is a shortest way, from the service that needs to the one that is
	// needed; both ends are on it. Of equally short ones it is always the same. A
	// way of more than a hundred services is cut: to the 99 at the end of Service,
	// and the other end.
	Path []servicecoin.ServiceID `json:"path"`
	// Distance is how many dependencies the way has.
	Distance int `json:"distance"`
}

// maxPath bounds what is written out of a way.
const maxPath = 100

// All yields every service that is down, those that fail themselves at first,
// with its path to the one that fails.
func (i Impact) All() iter.Seq[Hit] {
	return func(yield func(Hit) bool) {
		for _, id := range i.Of {
			if !yield(Hit{Service: id, Path: []servicecoin.ServiceID{id}}) {
				return
			}
		}
		for _, h := range i.Down {
			if !yield(h) {
				return
			}
		}
	}
}

// Impact returns who is hit when these services fail at the same time: the
// nearest first, then by id. The services themselves are not among them. One
// that the graph does not know hits nobody. Services that are planned or retired
// are not hit, and pass nothing on.
func (g *Graph) Impact(of ...servicecoin.ServiceID) Impact {
	s := g.spread(of)
	impact := Impact{Of: slices.Clone(of), Down: []Hit{}, Degraded: []Hit{}}
	slices.Sort(impact.Of)
	impact.Of = slices.Compact(impact.Of)
	s.down()
	s.degraded()
	impact.Down = g.hits(s.order[s.sources:], s.trail, false)
	impact.Degraded = g.hits(s.lesser, s.trail, false)
	return impact
}

// trail is how a search came by each node.
type trail struct {
	next  []int32 // node → the one that it was reached from; itself at the beginning; -1: not reached
	depth []int32 // node → how far from the beginning
	root  []int32 // node → its beginning
}

func newTrail(n int) trail {
	t := trail{next: make([]int32, n), depth: make([]int32, n), root: make([]int32, n)}
	for i := range t.next {
		t.next[i] = -1
	}
	return t
}

// begin makes n a beginning, false if it is one already.
func (t trail) begin(n int32) bool {
	if t.next[n] >= 0 {
		return false
	}
	t.next[n], t.root[n] = n, n
	return true
}

// reach says that n is reached from another node, false if it was before.
func (t trail) reach(n, from int32) bool {
	if t.next[n] >= 0 {
		return false
	}
	t.next[n], t.depth[n], t.root[n] = from, t.depth[from]+1, t.root[from]
	return true
}

// way appends the names on the way from a node to its beginning.
func (t trail) way(g *Graph, n int32, list []servicecoin.ServiceID) []servicecoin.ServiceID {
	root := t.root[n]
	for left := maxPath - 1; left > 0 && n != root; left-- {
		list = append(list, g.ids[n])
		n = t.next[n]
	}
	return append(list, g.ids[root])
}

// hits returns nodes with their paths, the nearest first, then by id. A path
// leads from the node to the beginning, or the other way when reversed.
func (g *Graph) hits(nodes []int32, t trail, reversed bool) []Hit {
	nodes = slices.Clone(nodes)
	slices.SortFunc(nodes, func(a, b int32) int {
		switch {
		case t.depth[a] != t.depth[b]:
			return int(t.depth[a]) - int(t.depth[b])
		case int(a) < g.declared == (int(b) < g.declared):
			return int(a) - int(b)
		}
		return cmp.Compare(g.ids[a], g.ids[b])
	})
	total := 0
	for _, n := range nodes {
		total += min(int(t.depth[n])+1, maxPath)
	}
	all := make([]servicecoin.ServiceID, 0, total) // of all paths, so that none needs its own
	list := make([]Hit, len(nodes))
	for i, n := range nodes {
		first := len(all)
		all = t.way(g, n, all)
		path := all[first:len(all):len(all)]
		if reversed {
			slices.Reverse(path)
		}
		list[i] = Hit{Service: g.ids[n], Path: path, Distance: int(t.depth[n])}
	}
	return list
}

// spreading is a failure on its way through the graph.
type spreading struct {
	*Graph
	trail

	spare   []int32 // further requirement → how many members it can still lose
	order   []int32 // what is down, the nearest first
	sources int     // how many of them fail themselves
	lesser  []int32 // what is degraded, the nearest first
}

func (g *Graph) spread(of []servicecoin.ServiceID) *spreading {
	s := &spreading{Graph: g, trail: newTrail(len(g.ids)), spare: make([]int32, len(g.extra))}
	for i := range s.spare {
		r := num(len(g.ids) + i)
		s.spare[i] = num(len(g.members.of(r))) - g.needed(r)
	}
	for _, id := range of {
		if n, ok := g.find(id); ok && s.begin(n) {
			s.order = append(s.order, n)
		}
	}
	slices.Sort(s.order)
	s.sources = len(s.order)
	return s
}

// broken reports whether requirement r cannot do without one more member.
func (s *spreading) broken(r int32) bool {
	if s.plain(r) {
		return true
	}
	spare := &s.spare[int(r)-len(s.ids)]
	*spare--
	return *spare == -1 // below that it was broken before
}

// hit says that n is hit by another node, unless it is hit already, or does not
// run.
func (s *spreading) hit(n, by int32) bool {
	return (int(n) >= s.declared || s.runs[n]) && s.reach(n, by)
}

// down spreads over hard requirements.
func (s *spreading) down() {
	for i := 0; i < len(s.order); i++ {
		n := s.order[i]
		for _, r := range s.back.of(n) {
			if o := s.owner(r); !s.soft(r) && s.broken(r) && s.hit(o, n) {
				s.order = append(s.order, o)
			}
		}
	}
}

// degraded spreads from what is down over soft requirements, and from what is
// degraded by that over all. Both are taken by their distance, so that paths are
// shortest.
func (s *spreading) degraded() {
	for n, isDown := range nearest(s.order, &s.lesser, s.depth) {
		for _, r := range s.back.of(n) {
			if isDown && !s.soft(r) {
				continue // counted when it went down
			}
			if o := s.owner(r); s.broken(r) && s.hit(o, n) {
				s.lesser = append(s.lesser, o)
			}
		}
	}
}

// Reach is what a service rests on.
type Reach struct {
	Of servicecoin.ServiceID `json:"of"`
	// Hard are the services that it needs over hard dependencies. It does not
	// follow that it fails with each of them, where one can stand in for another:
	// that is for [Graph.Impact] to say.
	Hard []Hit `json:"hard"`
	// Soft are the others, with a soft dependency on the way to each.
	Soft []Hit `json:"soft"`
}

// Reach returns what a service rests on, the nearest first, then by id. Itself
// is not among it. A service that the graph does not know rests on nothing.
func (g *Graph) Reach(of servicecoin.ServiceID) Reach {
	reach := Reach{Of: of, Hard: []Hit{}, Soft: []Hit{}}
	root, ok := g.find(of)
	if !ok {
		return reach
	}
	t := newTrail(len(g.ids))
	t.begin(root)
	hard := []int32{root}
	for i := 0; i < len(hard); i++ {
		for m := range g.needs(hard[i], true) {
			if t.reach(m, hard[i]) {
				hard = append(hard, m)
			}
		}
	}
	var soft []int32
	for n := range nearest(hard, &soft, t.depth) {
		for m := range g.needs(n, false) {
			if t.reach(m, n) {
				soft = append(soft, m)
			}
		}
	}
	reach.Hard = g.hits(hard[1:], t, true)
	reach.Soft = g.hits(soft, t, true)
	return reach
}

// nearest merges two lists that are sorted by distance, the second of which
// grows meanwhile. It tells of each node whether it is of the first.
func nearest(first []int32, second *[]int32, depth []int32) iter.Seq2[int32, bool] {
	return func(yield func(int32, bool) bool) {
		for i, j := 0, 0; i < len(first) || j < len(*second); {
			if j == len(*second) || i < len(first) && depth[first[i]] <= depth[(*second)[j]] {
				i++
				if !yield(first[i-1], true) {
					return
				}
				continue
			}
			j++
			if !yield((*second)[j-1], false) {
				return
			}
		}
	}
}

package catalog

import (
	"cmp"
	"iter"
	"math/bits"
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
	// Weakened are those that go on because others stand in for what is down, and can
	// lose less from now on: by service, then by the group.
	Weakened []Weakened `json:"weakened"`
}

// Weakened is a service that has lost members of a group of which some must be
// there, and has enough of them left.
type Weakened struct {
	Service servicecoin.ServiceID   `json:"service"`
	Lost    []servicecoin.ServiceID `json:"lost"` // sorted
	Left    []servicecoin.ServiceID `json:"left"` // sorted
	Needed  int                     `json:"needed"`
	// Soft says that the service works with less, and does not fail, once too few are
	// left.
	Soft bool `json:"soft,omitempty"`
}

// Spare returns how many more of the group may be lost: at zero there is no
// redundancy any more.
func (w Weakened) Spare() int { return len(w.Left) - w.Needed }

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
	impact := Impact{Of: append([]servicecoin.ServiceID{}, of...)}
	slices.Sort(impact.Of)
	impact.Of = slices.Compact(impact.Of)
	s.down()
	impact.Weakened = s.weakened()
	s.degraded()
	impact.Down, impact.Degraded = g.hits(s.trail, false, s.order[s.sources:], s.lesser)
	return impact
}

// trail is how a search came by each node.
type trail []reached

// reached is one node of a trail. What is looked at together lies together.
type reached struct {
	next  int32 // one more than the node that it was reached from, itself at the beginning; 0: not reached
	depth int32 // how far from the beginning
}

// begin makes n a beginning, false if it is one already.
func (t trail) begin(n int32) bool {
	if t[n].next > 0 {
		return false
	}
	t[n].next = n + 1
	return true
}

// reach says that n is reached from another node, false if it was before.
func (t trail) reach(n, from int32) bool {
	if t[n].next > 0 {
		return false
	}
	t[n] = reached{from + 1, t[from].depth + 1}
	return true
}

// hits returns two lists of nodes with their paths, the nearest first, then by
// id. Both come the nearest first; what is on a path is a beginning, or in one of
// them, so that each path is one node before the path of another. A path leads
// from the node to the beginning, or the other way when reversed.
func (g *Graph) hits(t trail, reversed bool, first, second []int32) (a, b []Hit) {
	total := 0
	for _, nodes := range [][]int32{first, second} {
		for _, n := range nodes {
			total += min(int(t[n].depth)+1, maxPath)
		}
	}
	all := make([]servicecoin.ServiceID, 0, total) // of all paths, so that none needs its own
	list := make([]Hit, 0, len(first)+len(second))
	place := make([]int32, len(t)) // node → its place in the list, from 1
	for _, nodes := range [][]int32{first, second} {
		for _, n := range g.arranged(nodes, t) {
			begin, from := len(all), t[n].next-1
			all = append(all, g.ids[n])
			if at := place[from]; at == 0 {
				all = append(all, g.ids[from])
			} else if way := list[at-1].Path; len(way) < maxPath {
				all = append(all, way...)
			} else {
				all = append(append(all, way[:maxPath-2]...), way[maxPath-1])
			}
			list = append(list, Hit{Service: g.ids[n], Path: all[begin:len(all):len(all)], Distance: int(t[n].depth)})
			place[n] = num(len(list))
		}
	}
	if reversed {
		for i := range list {
			slices.Reverse(list[i].Path)
		}
	}
	return list[:len(first):len(first)], list[len(first):]
}

// arranged returns nodes that come the nearest first, those that are equally
// near by id.
func (g *Graph) arranged(nodes []int32, t trail) []int32 {
	nodes = slices.Clone(nodes)
	var marks []uint64 // a row of bits, where many are equally near
	if many := g.declared / (word * word); len(nodes) > many {
		marks = make([]uint64, g.declared/word+1)
	}
	for begin, end := 0, 0; begin < len(nodes); begin = end {
		for depth := t[nodes[begin]].depth; end < len(nodes) && t[nodes[end]].depth == depth; {
			end++
		}
		g.byID(nodes[begin:end], marks)
	}
	return nodes
}

// byID sorts nodes by id. Of many it marks each in a row of bits, all zero, and
// reads the row; without a row there are never many.
func (g *Graph) byID(nodes []int32, marks []uint64) {
	implied := slices.ContainsFunc(nodes, func(n int32) bool { return int(n) >= g.declared })
	switch {
	case implied:
		slices.SortFunc(nodes, func(a, b int32) int { return cmp.Compare(g.ids[a], g.ids[b]) })
	case len(nodes) <= g.declared/(word*word):
		slices.Sort(nodes)
	default:
		for _, n := range nodes {
			marks[n/word] |= 1 << (n % word)
		}
		nodes = nodes[:0]
		for at := range marks {
			for ; marks[at] != 0; marks[at] &= marks[at] - 1 {
				nodes = append(nodes, num(at*word+bits.TrailingZeros64(marks[at])))
			}
		}
	}
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
	s := &spreading{Graph: g, trail: make(trail, len(g.ids)), spare: make([]int32, len(g.extra))}
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

// weakened looks at the groups that have lost members to what is down. It is asked
// before anything is degraded: what works with less still stands in.
func (s *spreading) weakened() []Weakened {
	list := []Weakened{}
	looked := map[int32]bool{}
	for _, n := range s.order {
		for _, r := range s.back.of(n) {
			if s.plain(r) || looked[r] {
				continue
			}
			looked[r] = true
			if w, ok := s.weakness(r); ok {
				list = append(list, w)
			}
		}
	}
	slices.SortFunc(list, func(a, b Weakened) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), slices.Compare(a.Lost, b.Lost), slices.Compare(a.Left, b.Left), cmp.Compare(a.Needed, b.Needed))
	})
	return list
}

// weakness says what requirement r has lost; false where its owner is down itself, or
// does not run, and where too few are left, or all were needed from the beginning.
func (s *spreading) weakness(r int32) (Weakened, bool) {
	o, members := s.owner(r), s.members.of(r)
	w := Weakened{Service: s.ids[o], Needed: int(s.needed(r)), Soft: s.soft(r)}
	if s.trail[o].next > 0 || int(o) < s.declared && !s.runs[o] || w.Needed >= len(members) {
		return w, false
	}
	for _, m := range members {
		if s.trail[m].next > 0 {
			w.Lost = append(w.Lost, s.ids[m])
		} else {
			w.Left = append(w.Left, s.ids[m])
		}
	}
	slices.Sort(w.Lost)
	slices.Sort(w.Left)
	return w, w.Spare() >= 0
}

// degraded spreads from what is down over soft requirements, and from what is
// degraded by that over all. Both are taken by their distance, so that paths are
// shortest.
func (s *spreading) degraded() {
	if !slices.ContainsFunc(s.extra, func(r requirement) bool { return r.soft }) {
		return
	}
	for n, isDown := range nearest(s.order, &s.lesser, s.trail) {
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
	t := make(trail, len(g.ids))
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
	for n := range nearest(hard, &soft, t) {
		for m := range g.needs(n, false) {
			if t.reach(m, n) {
				soft = append(soft, m)
			}
		}
	}
	reach.Hard, reach.Soft = g.hits(t, true, hard[1:], soft)
	return reach
}

// nearest merges two lists that are sorted by distance, the second of which
// grows meanwhile. It tells of each node whether it is of the first.
func nearest(first []int32, second *[]int32, t trail) iter.Seq2[int32, bool] {
	return func(yield func(int32, bool) bool) {
		for i, j := 0, 0; i < len(first) || j < len(*second); {
			if j == len(*second) || i < len(first) && t[first[i]].depth <= t[(*second)[j]].depth {
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

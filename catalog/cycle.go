package catalog

import (
	"slices"

	"github.com/servicecoin/servicecoin"
)

// Cycles returns the groups of services that wait for each other: none of a
// group can be there before another one of it is. A service that stands in a
// circle and has another way (one of two lines, say) is in no group. Each is
// sorted, and so is the list.
func (g *Graph) Cycles() [][]servicecoin.ServiceID {
	list := make([][]servicecoin.ServiceID, len(g.circles))
	for i, c := range g.circles {
		list[i] = g.names(c)
	}
	return list
}

// ClosesCycle reports whether one more hard dependency, of service on needs,
// would close a circle. It looks at what needs rests on, not at all of the
// graph. A way through a group of which not all must be there counts too.
func (g *Graph) ClosesCycle(service, needs servicecoin.ServiceID) bool {
	if service == needs {
		return true
	}
	from, ok := g.find(needs)
	to, known := g.find(service)
	if !ok || !known {
		return false
	}
	seen := map[int32]bool{from: true}
	for queue := []int32{from}; len(queue) > 0; {
		n := queue[0]
		queue = queue[1:]
		for m := range g.needs(n, true) {
			if m == to {
				return true
			}
			if !seen[m] && g.running(m) {
				seen[m] = true
				queue = append(queue, m)
			}
		}
	}
	return false
}

// cycles finds the groups by restoring what can be restored, in whatever order.
// Where nothing more can be, the services left wait for each other, or for
// those that do: their strongly connected components tell which.
func (g *Graph) cycles() [][]int32 {
	if g.straight() {
		return nil
	}
	var found [][]int32
	w := g.walk(nil)
	restored := make([]bool, len(g.ids))
	left := 0
	ready := []int32{}
	for n := range num(g.declared) {
		if !g.runs[n] {
			continue
		}
		left++
		if w.nodes[n].pending == 0 {
			ready = append(ready, n)
		}
	}
	for {
		for len(ready) > 0 {
			n := ready[len(ready)-1]
			ready = ready[:len(ready)-1]
			if restored[n] {
				continue
			}
			restored[n] = true
			left--
			w.release(n, func(m int32) { ready = append(ready, m) })
		}
		if left == 0 {
			break
		}
		for _, circle := range g.stuck(w, restored) {
			found = append(found, circle)
			ready = append(ready, circle...)
		}
	}
	slices.SortFunc(found, func(a, b []int32) int { return int(a[0]) - int(b[0]) })
	return found
}

// straight reports that there is no circle even if every member of every hard
// need must be there, running or not: most graphs are so, and a count for each
// node tells.
func (g *Graph) straight() bool {
	waits := make([]int32, len(g.ids)) // node → how many of what it needs are left
	for r := range num(len(g.ids) + len(g.extra)) {
		if !g.soft(r) {
			waits[g.owner(r)] += g.members.start[r+1] - g.members.start[r]
		}
	}
	var ready []int32
	left := len(waits)
	drop := func(n int32) {
		left--
		for _, r := range g.back.of(n) {
			if g.soft(r) {
				continue
			}
			o := g.owner(r)
			if waits[o]--; waits[o] == 0 {
				ready = append(ready, o)
			}
		}
	}
	for n := range waits {
		if waits[n] != 0 {
			continue
		}
		waits[n] = -1 // begun
		drop(num(n))
		for len(ready) > 0 {
			next := ready[len(ready)-1]
			ready = ready[:len(ready)-1]
			waits[next] = -1
			drop(next)
		}
	}
	return left == 0
}

// stuck returns the circles among the services that are left: every component
// of which nothing outside can be of help. That is each that waits for none of
// the others; and where no choice is left on the way to it, because all of every
// group must be there, each other component that is a circle.
func (g *Graph) stuck(w *walk, restored []bool) [][]int32 {
	var nodes []int32
	local := make([]int32, len(g.ids))
	for n := range num(g.declared) {
		if g.runs[n] && !restored[n] {
			local[n] = num(len(nodes))
			nodes = append(nodes, n)
		}
	}
	waits := spans{start: make([]int32, 1, len(nodes)+1)}
	choice := make([]bool, len(nodes)) // some of its needs can do without some of their members
	for i, n := range nodes {
		for _, r := range g.hard(n) {
			remaining := *w.remaining(r)
			if remaining <= 0 {
				continue
			}
			candidates := int32(0)
			for _, m := range g.members.of(r) {
				if g.running(m) && !restored[m] {
					waits.to = append(waits.to, local[m])
					candidates++
				}
			}
			choice[i] = choice[i] || candidates > remaining
		}
		waits.start = append(waits.start, num(len(waits.to)))
	}
	var circles [][]int32
	of := make([]int32, len(nodes)) // its component; those that it waits for have lower numbers
	components := waits.components(of)
	free := make([]bool, len(components)) // a choice is left in it, or in what it waits for
	for c, component := range components {
		outside, circle := false, len(component) > 1
		for _, i := range component {
			free[c] = free[c] || choice[i]
			for _, j := range waits.of(i) {
				circle = circle || i == j
				if int(of[j]) != c {
					outside = true
					free[c] = free[c] || free[of[j]]
				}
			}
		}
		if !circle || outside && free[c] {
			continue
		}
		members := make([]int32, len(component))
		for k, i := range component {
			members[k] = nodes[i]
		}
		slices.Sort(members)
		circles = append(circles, members)
	}
	return circles
}

// components returns the strongly connected components of a graph, those first
// that the others lead to, and says of each node which it is in (Tarjan 1972,
// without recursion).
func (s spans) components(of []int32) [][]int32 {
	const unseen, done = 0, -1
	count := len(s.start) - 1
	index := make([]int32, count) // 0 unseen, -1 in a component, else the order of discovery from 1
	low := make([]int32, count)
	next := make([]int32, count) // the edge to look at
	var found [][]int32
	var path, open []int32
	clock := int32(0)
	for root := range num(count) {
		if index[root] != unseen {
			continue
		}
		path = append(path, root)
		for len(path) > 0 {
			n := path[len(path)-1]
			if index[n] == unseen {
				clock++
				index[n], low[n] = clock, clock
				next[n] = s.start[n]
				open = append(open, n)
			}
			deeper := false
			for ; next[n] < s.start[n+1]; next[n]++ {
				switch m := s.to[next[n]]; index[m] {
				case unseen:
					path = append(path, m)
					deeper = true
				case done:
				default:
					low[n] = min(low[n], low[m])
				}
				if deeper {
					break
				}
			}
			if deeper {
				continue // and look at this edge again, when low[m] is known
			}
			path = path[:len(path)-1]
			if low[n] != index[n] {
				continue
			}
			at := len(open) - 1
			for open[at] != n {
				at--
			}
			component := slices.Clone(open[at:])
			open = open[:at]
			for _, m := range component {
				index[m] = done
				of[m] = num(len(found))
			}
			found = append(found, component)
		}
	}
	return found
}

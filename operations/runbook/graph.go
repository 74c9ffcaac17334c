package runbook

import "slices"

// graph is which steps come before which. Steps are known by their place in the
// list.
type graph struct {
	place  map[StepID]int
	before [][]int // of each step those that it waits for
	chosen [][]int // of each step the decisions that have it in a branch; none: it is done in any case
}

// graphOf builds the graph; what refers to no step is left out.
func graphOf(steps []Step) graph {
	g := graph{place: make(map[StepID]int, len(steps)), before: make([][]int, len(steps)), chosen: make([][]int, len(steps))}
	for n, s := range steps {
		if _, twice := g.place[s.ID]; !twice {
			g.place[s.ID] = n
		}
	}
	for n, s := range steps {
		switch {
		case s.AtStart:
		case len(s.After) > 0:
			for _, id := range s.After {
				if p, ok := g.place[id]; ok {
					g.before[n] = append(g.before[n], p)
				}
			}
		case n > 0:
			g.before[n] = append(g.before[n], n-1)
		}
		if s.Decision == nil {
			continue
		}
		for _, b := range s.Decision.Branches {
			for _, id := range b.Steps {
				if p, ok := g.place[id]; ok && !slices.Contains(g.chosen[p], n) {
					g.chosen[p] = append(g.chosen[p], n)
				}
			}
		}
	}
	for n := range steps {
		g.before[n] = append(g.before[n], g.chosen[n]...)
		slices.Sort(g.before[n])
		g.before[n] = slices.Compact(g.before[n])
	}
	return g
}

// order returns the steps so that each comes after what it waits for, as they stand
// in the list where that leaves a choice, and those that can never come.
func (g graph) order() (order, never []int) {
	waits := make([]int, len(g.before))
	after := make([][]int, len(g.before))
	for n, before := range g.before {
		waits[n] = len(before)
		for _, p := range before {
			after[p] = append(after[p], n)
		}
	}
	done := make([]bool, len(g.before))
	var ready []int
	for n := range waits {
		if waits[n] == 0 {
			ready = append(ready, n)
		}
	}
	for len(ready) > 0 {
		first := slices.Index(ready, slices.Min(ready))
		n := ready[first]
		ready = slices.Delete(ready, first, first+1)
		done[n] = true
		order = append(order, n)
		for _, next := range after[n] {
			if waits[next]--; waits[next] == 0 {
				ready = append(ready, next)
			}
		}
	}
	for n := range done {
		if !done[n] {
			never = append(never, n)
		}
	}
	return order, never
}

// comesBefore reports whether step n waits for step p, be it by way of others.
func (g graph) comesBefore(p, n int) bool {
	seen := make([]bool, len(g.before))
	todo := []int{n}
	for len(todo) > 0 {
		x := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, b := range g.before[x] {
			if b == p {
				return true
			}
			if !seen[b] {
				seen[b] = true
				todo = append(todo, b)
			}
		}
	}
	return false
}

// ways are the graph of a plan, and an order in which its steps can be done.
type ways struct {
	graph graph
	order []int
}

func waysOf(steps []Step) *ways {
	w := &ways{graph: graphOf(steps)}
	w.order, _ = w.graph.order()
	return w
}

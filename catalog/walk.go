package catalog

import (
	"iter"
	"slices"
)

// walk is a restoration under way: what each service still waits for.
type walk struct {
	*Graph

	nodes  []waiting
	extra  []int32 // further requirement → how many members it still waits for
	head   []int32 // node → the first of its circle; nil if there are no circles
	circle map[int32][]int32
}

// waiting is one node in a walk. What is looked at together lies together.
type waiting struct {
	plain   int32  // how many members its plain requirement still waits for
	pending int32  // of a head: how many requirements wait
	wave    int32  // of a head: one more than the last that it waited for
	level   uint32 // inherited, in the order of restoration
}

// remaining returns how many members requirement r still waits for.
func (w *walk) remaining(r int32) *int32 {
	if w.plain(r) {
		return &w.nodes[r].plain
	}
	return &w.extra[int(r)-len(w.nodes)]
}

// walk begins a restoration in which the nodes of each circle come together.
func (g *Graph) walk(circles [][]int32) *walk {
	w := &walk{Graph: g, nodes: make([]waiting, len(g.ids)), extra: make([]int32, len(g.extra))}
	whole := len(g.ids) == g.declared && !slices.Contains(g.runs, false)
	for r := range num(len(w.nodes) + len(w.extra)) {
		o := g.owner(r)
		if g.soft(r) || !g.running(o) {
			continue
		}
		// What does not run is of no help, and blocks nothing.
		there := g.needed(r)
		if !whole {
			running := int32(0)
			for _, m := range g.members.of(r) {
				if g.running(m) {
					running++
				}
			}
			there = min(there, running)
		}
		*w.remaining(r) = there
		if there > 0 {
			w.nodes[o].pending++
		}
	}
	w.bind(circles)
	return w
}

// bind makes each circle one: its nodes do not wait for each other.
func (w *walk) bind(circles [][]int32) {
	if len(circles) == 0 {
		return
	}
	w.head = make([]int32, len(w.ids))
	for n := range w.head {
		w.head[n] = num(n)
	}
	w.circle = make(map[int32][]int32, len(circles))
	for _, c := range circles {
		w.circle[c[0]] = c
		for _, n := range c {
			w.head[n] = c[0]
		}
	}
	for _, c := range circles {
		for _, n := range c {
			for _, r := range w.hard(n) {
				remaining := w.remaining(r)
				if *remaining <= 0 {
					continue
				}
				for _, m := range w.members.of(r) {
					if w.running(m) && w.head[m] == c[0] {
						*remaining--
					}
				}
				if *remaining <= 0 {
					w.nodes[n].pending--
				}
			}
			if n != c[0] {
				w.nodes[c[0]].pending += w.nodes[n].pending
				w.nodes[n].pending = 0
			}
		}
	}
}

// headOf returns the node that stands for n's circle.
func (w *walk) headOf(n int32) int32 {
	if w.head == nil {
		return n
	}
	return w.head[n]
}

// together returns all that is restored with a head.
func (w *walk) together(head int32, buffer []int32) []int32 {
	if c, ok := w.circle[head]; ok {
		return c
	}
	return append(buffer[:0], head)
}

// count returns how many heads there are.
func (w *walk) count() int {
	total := 0
	for n := range num(w.declared) {
		if w.runs[n] && w.headOf(n) == n {
			total++
		}
	}
	return total
}

// heads names each head that is ready at the beginning.
func (w *walk) heads(ready func(int32)) {
	for n := range num(w.declared) {
		if w.runs[n] && w.headOf(n) == n && w.nodes[n].pending == 0 {
			ready(n)
		}
	}
}

// release says that a head, and all of its circle, is back; ready hears of each
// head that has all it needs by that.
func (w *walk) release(head int32, ready func(int32)) {
	var one [1]int32
	wave := w.nodes[head].wave + 1
	for _, n := range w.together(head, one[:0]) {
		for _, r := range w.back.of(n) {
			remaining := w.remaining(r)
			if *remaining <= 0 {
				continue // soft, or met already
			}
			o := w.headOf(w.owner(r))
			if w.head != nil && o == head {
				continue // counted when the circle was bound
			}
			state := &w.nodes[o]
			state.wave = max(state.wave, wave)
			if *remaining--; *remaining > 0 {
				continue
			}
			if state.pending--; state.pending == 0 {
				ready(o)
			}
		}
	}
}

// hard returns the hard requirements of a node.
func (g *Graph) hard(n int32) []int32 {
	list := []int32{n}
	for _, r := range g.further(n) {
		if !g.soft(r) {
			list = append(list, r)
		}
	}
	return list
}

// needs yields what a node needs, only hard or also softly; what is needed in
// two ways comes twice.
func (g *Graph) needs(n int32, onlyHard bool) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for _, m := range g.members.of(n) {
			if !yield(m) {
				return
			}
		}
		for _, r := range g.further(n) {
			if onlyHard && g.soft(r) {
				continue
			}
			for _, m := range g.members.of(r) {
				if !yield(m) {
					return
				}
			}
		}
	}
}

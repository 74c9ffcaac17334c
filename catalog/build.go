package catalog

import (
	"cmp"
	"iter"
	"slices"

	"github.com/servicecoin/servicecoin"
)

// building is a graph while its dependencies are laid down.
type building struct {
	*Graph

	strangers map[servicecoin.ServiceID]int32 // what nobody describes
	plains    []edge                          // hard needs of which all must be there
	groups    []group                         // and everything else
}

type edge struct{ owner, needs int32 }

type group struct {
	requirement

	members []int32
}

// resolve turns ids into numbers. What nobody describes gets a number behind
// the described ones.
func (b *building) resolve(dependencies []Dependency) {
	b.plains = make([]edge, 0, len(dependencies))
	soft := map[int32][]int32{}
	for d, numbers := range b.numbered(dependencies) {
		owner, needs := numbers[0], numbers[1:]
		all := d.AtLeast <= 0 || d.AtLeast >= len(d.Needs)
		switch {
		case all && d.Strength == SoftDependency:
			soft[owner] = append(soft[owner], needs...)
		case all:
			for _, n := range needs {
				b.plains = append(b.plains, edge{owner, n})
			}
		default:
			b.groups = append(b.groups, group{
				requirement: requirement{owner: owner, needed: num(d.AtLeast), soft: d.Strength == SoftDependency},
				members:     slices.Clone(needs),
			})
		}
	}
	for owner, members := range soft {
		b.groups = append(b.groups, group{requirement: requirement{owner: owner, needed: -1, soft: true}, members: members})
	}
	b.implied()
}

// numbered yields each dependency with the number of its service, and of all
// that it needs.
func (b *building) numbered(dependencies []Dependency) iter.Seq2[*Dependency, []int32] {
	return func(yield func(*Dependency, []int32) bool) {
		names := newIndex(b.ids)
		var ids []servicecoin.ServiceID
		var numbers []int32
		for done := 0; done < len(dependencies); {
			end := done
			for ids = ids[:0]; end < len(dependencies) && len(ids) < batch; end++ {
				ids = append(append(ids, dependencies[end].Service), dependencies[end].Needs...)
			}
			numbers = slices.Grow(numbers[:0], len(ids))[:len(ids)]
			for at := 0; at < len(ids); at += batch {
				stop := min(at+batch, len(ids))
				names.find(ids[at:stop], numbers[at:stop])
			}
			for i, n := range numbers {
				if n < 0 {
					numbers[i] = b.stranger(ids[i])
				}
			}
			for rest := numbers; done < end; done++ {
				size := 1 + len(dependencies[done].Needs)
				if !yield(&dependencies[done], rest[:size]) {
					return
				}
				rest = rest[size:]
			}
		}
	}
}

// stranger returns the number of a service that nobody describes.
func (b *building) stranger(id servicecoin.ServiceID) int32 {
	n, ok := b.strangers[id]
	if !ok {
		n = num(len(b.ids))
		b.strangers[id] = n
		b.ids = append(b.ids, id)
	}
	return n
}

// implied sorts what nobody describes, so that its numbers do not depend on the
// order of the input.
func (b *building) implied() {
	first := b.declared
	if len(b.ids) == first {
		return
	}
	found := slices.Clone(b.ids[first:])
	slices.Sort(b.ids[first:])
	moved := make([]int32, len(found))
	for i, id := range found {
		place, _ := slices.BinarySearch(b.ids[first:], id)
		moved[i] = num(first + place)
	}
	move := func(n *int32) {
		if int(*n) >= first {
			*n = moved[int(*n)-first]
		}
	}
	for i := range b.plains {
		move(&b.plains[i].owner)
		move(&b.plains[i].needs)
	}
	for i := range b.groups {
		move(&b.groups[i].owner)
		for j := range b.groups[i].members {
			move(&b.groups[i].members[j])
		}
	}
}

// connect lays requirements and members down, and the way back.
func (b *building) connect() {
	b.arrange()
	n := len(b.ids)
	counts := make([]int32, n+len(b.groups))
	for _, e := range b.plains {
		counts[e.owner]++
	}
	for i, g := range b.groups {
		counts[n+i] = num(len(g.members))
	}
	var next []int32
	b.members, next = newSpans(counts)
	for _, e := range b.plains {
		b.members.to[next[e.owner]] = e.needs
		next[e.owner]++
	}
	for i, g := range b.groups {
		copy(b.members.to[b.members.start[n+i]:], g.members)
	}
	for i := range n {
		if list := b.members.of(num(i)); len(list) > 1 {
			slices.Sort(list)
		}
	}
	counts = make([]int32, n)
	for _, m := range b.members.to {
		counts[m]++
	}
	b.back, next = newSpans(counts)
	for r := range num(n + len(b.groups)) {
		for _, m := range b.members.of(r) {
			b.back.to[next[m]] = r
			next[m]++
		}
	}
}

// arrange brings the further requirements into an order of their own, owner by
// owner.
func (b *building) arrange() {
	for i := range b.groups {
		g := &b.groups[i]
		slices.Sort(g.members)
		g.members = slices.Compact(g.members)
		size := num(len(g.members))
		if g.needed < 0 || g.needed > size {
			g.needed = size
		}
	}
	slices.SortFunc(b.groups, func(x, y group) int {
		return cmp.Or(cmp.Compare(x.owner, y.owner), rank(x.soft, y.soft), cmp.Compare(x.needed, y.needed), slices.Compare(x.members, y.members))
	})
	if len(b.groups) == 0 {
		return
	}
	counts := make([]int32, len(b.ids))
	for i := range b.groups {
		b.extra = append(b.extra, b.groups[i].requirement)
		counts[b.groups[i].owner]++
	}
	b.extras, _ = newSpans(counts)
	for i := range b.extras.to {
		b.extras.to[i] = num(len(b.ids) + i)
	}
}

func rank(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

package catalog

import (
	"cmp"
	"slices"

	"github.com/servicecoin/servicecoin"
)

// building is a graph while its dependencies are laid down.
type building struct {
	*Graph

	strangers map[servicecoin.ServiceID]int32 // what nobody describes
	groups    []group                         // all but the hard needs of which all must be there

	// The hard needs of which all must be there: needs[i] is one of owners[i]. A
	// listing has the owners in order; then counts[n] says how many needs of node n
	// come next, and there are no owners.
	needs  []int32
	owners []int32
	counts []int32
}

type group struct {
	requirement

	members []int32
}

// resolve turns ids into numbers. What nobody describes gets a number behind
// the described ones.
func (b *building) resolve(dependencies []Dependency) {
	b.needs = make([]int32, 0, len(dependencies))
	b.counts = make([]int32, b.declared)
	soft := map[int32][]int32{}
	last := int32(0)
	b.numbered(dependencies, func(d *Dependency, owner int32, needs []int32) {
		all := d.AtLeast <= 0 || d.AtLeast >= len(d.Needs)
		switch {
		case all && d.Strength == SoftDependency:
			soft[owner] = append(soft[owner], needs...)
		case all:
			if b.counts != nil && (owner < last || int(owner) >= b.declared) {
				b.scatter(len(dependencies))
			}
			last = owner
			b.needs = append(b.needs, needs...)
			if b.counts != nil {
				b.counts[owner] += num(len(needs))
				return
			}
			for range needs {
				b.owners = append(b.owners, owner)
			}
		default:
			b.groups = append(b.groups, group{
				requirement: requirement{owner: owner, needed: num(d.AtLeast), soft: d.Strength == SoftDependency},
				members:     slices.Clone(needs),
			})
		}
	})
	for owner, members := range soft {
		b.groups = append(b.groups, group{requirement: requirement{owner: owner, needed: -1, soft: true}, members: members})
	}
	b.implied()
}

// scatter writes the owners down one by one: they do not come in order.
func (b *building) scatter(most int) {
	b.owners = make([]int32, 0, max(most, len(b.needs)))
	for n, count := range b.counts {
		for range count {
			b.owners = append(b.owners, num(n))
		}
	}
	b.counts = nil
}

// numbered tells each dependency with the number of its service, and of all that
// it needs.
func (b *building) numbered(dependencies []Dependency, tell func(d *Dependency, owner int32, needs []int32)) {
	names := newIndex(b.ids)
	var ids []servicecoin.ServiceID // to look up
	var numbers, owners []int32
	last := int32(0)
	for done := 0; done < len(dependencies); {
		end := done
		ids, owners = ids[:0], owners[:0]
		for ; end < len(dependencies) && len(ids) < batch; end++ {
			d := &dependencies[end]
			owner := b.near(last, d.Service)
			if owner < 0 {
				ids = append(ids, d.Service)
			} else {
				last = owner
			}
			owners = append(owners, owner)
			ids = append(ids, d.Needs...)
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
		rest := numbers
		for _, owner := range owners {
			if owner < 0 {
				owner, rest = rest[0], rest[1:]
				last = min(owner, num(b.declared))
			}
			d := &dependencies[done]
			tell(d, owner, rest[:len(d.Needs)])
			rest = rest[len(d.Needs):]
			done++
		}
	}
}

// near returns the number of a service if it is the last one, or a little behind
// it, and -1 otherwise. A listing of dependencies is sorted by service, so most
// of them are there and need no look-up; where they are not, it is not tried.
func (b *building) near(last int32, id servicecoin.ServiceID) int32 {
	const few = 4
	if b.counts == nil {
		return -1
	}
	for n := last; n < min(last+few, num(b.declared)); n++ {
		if b.ids[n] == id {
			return n
		}
	}
	return -1
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
	for i := range b.owners {
		move(&b.owners[i])
	}
	for i := range b.needs {
		move(&b.needs[i])
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
	b.members = b.plainly()
	for i := range n {
		if list := b.members.of(num(i)); len(list) > 1 {
			slices.Sort(list)
		}
	}
	for _, g := range b.groups {
		b.members.to = append(b.members.to, g.members...)
		b.members.start = append(b.members.start, num(len(b.members.to)))
	}
	b.back = laid(n, func(each func(i, x int32)) {
		for r := num(n+len(b.groups)) - 1; r >= 0; r-- {
			for _, m := range b.members.of(r) {
				each(m, r)
			}
		}
	})
}

// plainly returns the plain hard needs, node by node.
func (b *building) plainly() spans {
	n := len(b.ids)
	if b.counts == nil {
		return laid(n, func(each func(i, x int32)) {
			for i, owner := range b.owners {
				each(owner, b.needs[i])
			}
		})
	}
	s := spans{start: make([]int32, n+1, n+1+len(b.groups)), to: b.needs}
	for i, count := range b.counts {
		s.start[i+1] = s.start[i] + count
	}
	for i := len(b.counts); i < n; i++ {
		s.start[i+1] = s.start[i] // implied ones have none
	}
	return s
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
	for i := range b.groups {
		b.extra = append(b.extra, b.groups[i].requirement)
	}
	b.extras = laid(len(b.ids), func(each func(i, x int32)) {
		for i, g := range slices.Backward(b.groups) {
			each(g.owner, num(len(b.ids)+i))
		}
	})
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

package inventory

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin/operations/configuration"
)

// The limits of the pointers of secrets: see [configuration.Observation.Validate].
const (
	mostSecrets  = 100
	mostPointer  = 1000 // bytes
	mostSegments = 50
)

// marks returns the pointers of what is true in a value: Terraform marks so what is
// sensitive in a copy of the value's shape. Where more is marked than is named one by one, or
// deeper, what is around it stands for it; coarse says so.
func marks(n configuration.Value) (pointers []string, coarse bool) {
	m := marking{}
	return m.walk(n, "", 0), m.coarse
}

// unknowns returns the pointers of what is not known yet, which is marked in the same way: of
// each attribute that has any.
func unknowns(n configuration.Value) []string {
	if n.Kind() != configuration.Object {
		all, _ := marks(n)
		return all
	}
	var out []string
	for _, x := range n.Members() {
		m := marking{}
		out = append(out, m.walk(x.Value, pointer(x.Name), 1)...)
	}
	return out
}

type marking struct{ coarse bool }

func (m *marking) walk(n configuration.Value, at string, depth int) []string {
	if s, _ := n.Scalar(); n.Kind() == configuration.Bool && s == "true" {
		return []string{at}
	}
	var out []string
	for i, x := range n.Members() {
		name := x.Name
		if n.Kind() == configuration.List {
			name = strconv.Itoa(i)
		}
		next := pointer(name)
		if depth >= mostSegments || len(at)+len(next) > mostPointer {
			if anyTrue(x.Value) {
				m.coarse = true
				return []string{at}
			}
			continue
		}
		if out = append(out, m.walk(x.Value, at+next, depth+1)...); len(out) > mostSecrets {
			m.coarse = true
			return []string{at}
		}
	}
	return out
}

func anyTrue(n configuration.Value) bool {
	s, _ := n.Scalar()
	return n.Kind() == configuration.Bool && s == "true" || slices.ContainsFunc(n.Members(), func(m configuration.Member) bool { return anyTrue(m.Value) })
}

// fewer returns so few pointers, each so short, as a register takes. Where they are too many,
// those of what is around them stand for them.
func fewer(pointers []string) (few []string, coarse bool) {
	all := plain(pointers)
	fits := func(list []string) bool {
		return len(list) <= mostSecrets && !slices.ContainsFunc(list, func(p string) bool { return len(p) > mostPointer || strings.Count(p, "/") > mostSegments })
	}
	if fits(all) {
		return all, false
	}
	few = []string{""}
	for depth := 1; depth <= mostSegments; depth++ {
		held := map[string]bool{}
		for _, p := range all {
			if held[upTo(p, depth)] = true; len(held) > mostSecrets {
				return few, true
			}
		}
		cut := slices.Sorted(maps.Keys(held))
		if !fits(cut) {
			return few, true
		}
		few = cut
	}
	return few, true
}

// upTo returns the first segments of a pointer.
func upTo(p string, depth int) string {
	for i := range len(p) {
		if p[i] != '/' {
			continue
		}
		if depth == 0 {
			return p[:i]
		}
		depth--
	}
	return p
}

// plain sorts pointers, and leaves out those that stand twice, or are below another one.
func plain(pointers []string) []string {
	all := slices.Clone(pointers)
	slices.Sort(all)
	all = slices.Compact(all)
	held := make(map[string]bool, len(all))
	out := all[:0:0]
	for _, p := range all {
		if !below(held, p) {
			held[p] = true
			out = append(out, p)
		}
	}
	return out
}

// below reports whether a pointer that is held is above another one.
func below(held map[string]bool, p string) bool {
	for i := range len(p) {
		if p[i] == '/' && held[p[:i]] {
			return true
		}
	}
	return false
}

// places are pointers, in which others are looked up.
type places struct {
	sorted []string
	held   map[string]bool
}

func placesOf(pointers []string) places {
	p := places{sorted: plain(pointers), held: map[string]bool{}}
	for _, at := range p.sorted {
		p.held[at] = true
	}
	return p
}

// touch reports whether what stands at a pointer has something in common with one of the
// places: one of both is above the other, or they are the same.
func (p places) touch(at string) bool {
	if p.held[at] || below(p.held, at) {
		return true
	}
	n, _ := slices.BinarySearch(p.sorted, at+"/")
	return n < len(p.sorted) && strings.HasPrefix(p.sorted[n], at+"/")
}

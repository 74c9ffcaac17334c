package configuration

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// Apply carries out differences without rules: see [Comparer.Apply].
func Apply(desired Value, list []Difference) (Value, error) {
	var c *Comparer
	return c.Apply(desired, list)
}

// Apply returns what the desired value becomes if these differences are right: with
// all that [Comparer.Compare] found it is the observed value, as far as the rules can
// tell. Some of them will do, but a list that is told by its places grows and shrinks
// at its end alone. The error is an [*servicecoin.InvalidError] with the paths that do
// not fit the value.
func (c *Comparer) Apply(desired Value, list []Difference) (Value, error) {
	a := applying{c: c}
	root := &step{}
	for n := range list {
		names, err := SplitPointer(list[n].Path)
		if err != nil {
			a.wrong.Merge("["+strconv.Itoa(n)+"].path", err)
			continue
		}
		at := root
		for _, name := range names {
			if at.below == nil {
				at.below = map[string]*step{}
			}
			if at.below[name] == nil {
				at.below[name] = &step{name: name}
			}
			at = at.below[name]
		}
		at.here = append(at.here, &list[n])
	}
	st := c.start()
	var out *Value
	if len(list) == 0 {
		return desired, nil
	}
	out = a.apply(there(&desired), root, &st, "")
	if err := a.wrong.Err(); err != nil || out == nil {
		return Value{}, err
	}
	return *out, nil
}

// step is a place of the value that differences are at, or below.
type step struct {
	name  string
	here  []*Difference
	below map[string]*step
}

type applying struct {
	c     *Comparer
	wrong servicecoin.Violations
}

func (a *applying) refuse(path, why string) *Value {
	a.wrong.Add(path, "mismatch", "", why)
	return nil
}

// apply returns what a value becomes; nil is nothing.
func (a *applying) apply(v *Value, s *step, st *state, path string) *Value {
	switch {
	case len(s.here) > 1 || len(s.here) == 1 && len(s.below) > 0:
		return a.refuse(path, "several differences are at this place")
	case len(s.here) == 1 && s.here[0].Kind == Missing:
		return nil
	case len(s.here) == 1:
		return there(&s.here[0].Observed)
	}
	if v == nil && st.rule != nil {
		v = st.rule.orDefault(v)
	}
	switch {
	case v != nil && v.kind == Object:
		return a.object(v, s, st, path)
	case v != nil && v.kind == List && st.rule != nil && (st.rule.Set || len(st.rule.Key) > 0):
		return a.keyed(v, s, st, path)
	case v != nil && v.kind == List:
		return a.list(v, s, st, path)
	}
	return a.refuse(path, "there is no object or list")
}

func (a *applying) below(v *Value, s *step, st *state, path string) *Value {
	next := a.c.next(st, s.name)
	return a.apply(v, s, &next, path+"/"+EscapeSegment(s.name))
}

// next is step, of a comparer that may be nil.
func (c *Comparer) next(st *state, name string) state {
	if c == nil {
		return state{}
	}
	return c.step(st, name)
}

// sorted returns the steps below in the order of their names.
func (s *step) sorted() []*step {
	return slices.SortedFunc(maps.Values(s.below), func(a, b *step) int { return strings.Compare(a.name, b.name) })
}

func (a *applying) object(v *Value, s *step, st *state, path string) *Value {
	out := Value{kind: Object, members: slices.Clone(v.members)}
	for _, below := range s.sorted() {
		n, ok := find(out.members, below.name)
		var old *Value
		if ok {
			old = &out.members[n].Value
		}
		switch now := a.below(old, below, st, path); {
		case now != nil && ok:
			out.members[n].Value = *now
		case now != nil:
			out.members = slices.Insert(out.members, n, Member{Name: below.name, Value: *now})
		case ok:
			out.members = slices.Delete(out.members, n, n+1)
		}
	}
	return &out
}

// keyed applies differences to a list whose members are told by a key, or to a set.
func (a *applying) keyed(v *Value, s *step, st *state, path string) *Value {
	w := walk{c: a.c}
	entries, ok := w.entries("", v, st.rule)
	if !ok {
		a.wrong.Merge(path, w.wrong.Err())
		return nil
	}
	if st.rule.Set {
		return a.set(entries, s)
	}
	places := map[string][]int{}
	for _, e := range entries {
		places[e.name] = append(places[e.name], e.place)
	}
	out := Value{kind: List, members: slices.Clone(v.members)}
	for _, below := range s.sorted() {
		var old *Value
		at := places[below.name]
		if len(at) > 1 {
			return a.refuse(path+"/"+EscapeSegment(below.name), "several members have this path")
		}
		if len(at) == 1 {
			old = &out.members[at[0]].Value
		}
		switch now := a.below(old, below, st, path); {
		case now != nil && old != nil:
			*old = *now
		case now != nil:
			out.members = append(out.members, Member{Value: *now})
		case old != nil:
			*old = Value{}
		}
	}
	out.members = slices.DeleteFunc(out.members, func(m Member) bool { return m.Value.kind == Absent })
	return &out
}

// set takes members of a set away, and puts others into it.
func (a *applying) set(entries []entry, s *step) *Value {
	out := Value{kind: List}
	gone := func(e entry) bool {
		below := s.below[e.name]
		return below != nil && slices.ContainsFunc(below.here, func(d *Difference) bool {
			return d.Kind == Missing && same(&d.Desired, e.value)
		})
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.place, b.place) })
	for _, e := range entries {
		if !gone(e) {
			out.members = append(out.members, Member{Value: *e.value})
		}
	}
	for _, below := range s.sorted() {
		for _, d := range below.here {
			if d.Kind != Missing {
				out.members = append(out.members, Member{Value: d.Observed})
			}
		}
	}
	return &out
}

// list applies differences to a list whose members are told by their places.
func (a *applying) list(v *Value, s *step, st *state, path string) *Value {
	steps := make(map[int]*step, len(s.below))
	for name, below := range s.below {
		n, ok := indexOf(name)
		if !ok || n > MaxValues {
			return a.refuse(path+"/"+EscapeSegment(name), "must be an index")
		}
		steps[n] = below
	}
	out := Value{kind: List, members: slices.Clone(v.members)}
	for _, n := range slices.Sorted(maps.Keys(steps)) {
		for len(out.members) < n {
			if !a.silent(nil, len(out.members), st) {
				return a.refuse(path+"/"+strconv.Itoa(n), "is not the next place of the list")
			}
			out.members = append(out.members, Member{Value: NullOf()})
		}
		var old *Value
		if n < len(out.members) {
			old = &out.members[n].Value
		} else {
			out.members = append(out.members, Member{})
		}
		now := a.below(old, steps[n], st, path)
		if now == nil {
			now = new(Value)
		}
		out.members[n].Value = *now
	}
	for hole(out.members) {
		last := len(out.members) - 1
		if v := &out.members[last].Value; v.kind != Absent && !a.silent(v, last, st) {
			break
		}
		out.members = out.members[:last]
	}
	for n := range out.members {
		switch {
		case out.members[n].Value.kind != Absent:
		case a.silent(nil, n, st):
			out.members[n].Value = NullOf()
		default:
			return a.refuse(path+"/"+strconv.Itoa(n), "is not the last place of the list")
		}
	}
	return &out
}

// hole reports whether a member is to go.
func hole(members []Member) bool {
	return slices.ContainsFunc(members, func(m Member) bool { return m.Value.kind == Absent })
}

// silent reports whether it makes no difference what stands at a place of a list, or
// whether nothing does.
func (a *applying) silent(v *Value, n int, st *state) bool {
	next := a.c.next(st, strconv.Itoa(n))
	r := next.rule
	return r != nil && (r.Ignore || r.Empty == EmptyAbsent && empty(v))
}

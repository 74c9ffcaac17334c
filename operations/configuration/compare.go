package configuration

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// DifferenceKind says what differs.
type DifferenceKind string

// The kinds of differences.
const (
	Missing    DifferenceKind = "missing"    // desired, and not observed
	Unexpected DifferenceKind = "unexpected" // observed, and not desired
	Changed    DifferenceKind = "changed"    // observed as something else
)

// Difference is one way in which what is observed is not what is desired: the highest
// place that differs. What is missing as a whole is told as a whole.
type Difference struct {
	// Path is the JSON pointer of the place, "" for the whole. Segments of members of a
	// list are their index, or the values of their key with a comma between them.
	Path     string         `json:"path"`
	Kind     DifferenceKind `json:"kind"`
	Desired  Value          `json:"desired,omitzero"`
	Observed Value          `json:"observed,omitzero"`
	Severity Severity       `json:"severity,omitempty"` // as a rule says
}

// Compare returns how the observed value differs from the desired one, by path in the
// order of bytes: see [Comparer.Compare]. There are no rules: lists are compared place
// by place, and everything counts.
func Compare(desired, observed Value) []Difference {
	var c *Comparer
	list, _ := c.Compare(desired, observed) // errors come of rules
	return list
}

// Compare returns how the observed value differs from the desired one by the rules, by
// path in the order of bytes. Numbers are compared as decimals, whatever their size;
// values of different kinds differ, null is a value, and the order of names in objects
// never matters. A nil Comparer has no rules.
//
// The error is an [*servicecoin.InvalidError]: a list whose members are told by a key
// has one that is no object, one with a list or an object for a key, or two of one key;
// or a set has a member that is no scalar. Its paths begin with "desired" or "observed".
func (c *Comparer) Compare(desired, observed Value) ([]Difference, error) {
	w := walk{c: c}
	st := c.start()
	w.compare(there(&desired), there(&observed), &st, place{})
	if err := w.wrong.Err(); err != nil {
		return nil, err
	}
	byPath := func(a, b Difference) int {
		if n := strings.Compare(a.Path, b.Path); n != 0 {
			return n
		}
		return cmp.Compare(a.Kind, b.Kind)
	}
	if !slices.IsSortedFunc(w.found, byPath) {
		slices.SortStableFunc(w.found, byPath)
	}
	return w.found, nil
}

// Reverse returns the differences as seen from the other side.
func Reverse(list []Difference) []Difference {
	out := slices.Clone(list)
	for n := range out {
		d := &out[n]
		d.Desired, d.Observed = d.Observed, d.Desired
		switch d.Kind {
		case Missing:
			d.Kind = Unexpected
		case Unexpected:
			d.Kind = Missing
		case Changed:
		}
	}
	return out
}

// there returns nil for what is absent.
func there(v *Value) *Value {
	if v.kind == Absent {
		return nil
	}
	return v
}

// walk is one comparison.
type walk struct {
	c     *Comparer
	path  []segment
	found []Difference
	wrong servicecoin.Violations
}

// segment is a step of a path: a name, or an index where that is not negative.
type segment struct {
	name  string
	index int
}

func (s segment) text() string {
	if s.index >= 0 {
		return strconv.Itoa(s.index)
	}
	return s.name
}

// place is what a member's rules depend on beside its path.
type place struct {
	open  bool // what is observed only is nothing to tell of
	named bool // it is the member of an object
}

// pointer writes the path that the walk has come to.
func (w *walk) pointer() string {
	var b strings.Builder
	for _, s := range w.path {
		b.WriteByte('/')
		b.WriteString(EscapeSegment(s.text()))
	}
	return b.String()
}

func (w *walk) tell(kind DifferenceKind, desired, observed *Value, r *Rule) {
	d := Difference{Path: w.pointer(), Kind: kind}
	if desired != nil {
		d.Desired = *desired
	}
	if observed != nil {
		d.Observed = *observed
	}
	if r != nil {
		d.Severity = r.Severity
	}
	w.found = append(w.found, d)
}

// compare compares what stands at a place; nil is nothing.
func (w *walk) compare(desired, observed *Value, st *state, in place) {
	r := st.rule
	said := desired != nil // if only that there is nothing
	if r != nil {
		if r.Ignore {
			return
		}
		if in.named {
			desired, observed = r.orDefault(desired), r.orDefault(observed)
		}
		if r.Empty != "" && empty(desired) && empty(observed) && (r.Empty == EmptyAbsent || desired != nil && observed != nil) {
			return
		}
		if r.Empty == EmptyAbsent && (desired == nil || observed == nil || desired.kind != observed.kind) {
			desired, observed = unlessEmpty(desired), unlessEmpty(observed)
		}
	}
	switch {
	case desired == nil && observed == nil:
		return
	case observed == nil:
		w.tell(Missing, desired, nil, r)
		return
	case desired == nil:
		if said || !in.open {
			w.tell(Unexpected, nil, observed, r)
		}
		return
	}
	if desired.kind == observed.kind {
		switch desired.kind {
		case Object:
			w.objects(desired.members, observed.members, st)
			return
		case List:
			w.lists(desired, observed, st)
			return
		case Number:
			if desired.text == observed.text || sameNumber(desired.text, observed.text) {
				return
			}
		case Absent, Null, Bool, Text:
			if desired.text == observed.text {
				return
			}
		}
	}
	if r == nil || !r.alike(desired, observed) {
		w.tell(Changed, desired, observed, r)
	}
}

// orDefault returns what a member of an object stands for.
func (r *Rule) orDefault(v *Value) *Value {
	if r.Default.kind != Absent && (v == nil || r.Empty == EmptyAbsent && empty(v)) {
		return &r.Default
	}
	return v
}

// empty reports whether a value is null, {}, [], "" or absent.
func empty(v *Value) bool { return v == nil || v.kind != Absent && v.nothing() }

func (v *Value) nothing() bool {
	return v.kind == Null || v.kind == Text && v.text == "" || v.kind >= List && len(v.members) == 0
}

func unlessEmpty(v *Value) *Value {
	if empty(v) {
		return nil
	}
	return v
}

// alike reports whether a rule takes two values for the same that are not.
func (r *Rule) alike(desired, observed *Value) bool {
	if len(r.Units) > 0 {
		x, ok := quantity(desired, r.Units)
		y, is := quantity(observed, r.Units)
		if ok && is {
			return near(x, y, r)
		}
	}
	if desired.kind != observed.kind {
		return false
	}
	switch desired.kind {
	case Number:
		x, ok := reckoned(desired.text)
		y, is := reckoned(observed.text)
		return ok && is && near(x, y, r)
	case Text:
		return r.Fold && strings.EqualFold(desired.text, observed.text)
	case Absent, Null, Bool, List, Object:
	}
	return false
}

// objects compares the members of two objects.
func (w *walk) objects(a, b []Member, st *state) {
	in := place{open: st.rule != nil && st.rule.Members == Open, named: true}
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].Name < b[0].Name:
			w.member(segment{a[0].Name, -1}, &a[0].Value, nil, st, in)
			a = a[1:]
		case len(a) == 0 || a[0].Name != b[0].Name:
			w.member(segment{b[0].Name, -1}, nil, &b[0].Value, st, in)
			b = b[1:]
		default:
			x, y := &a[0].Value, &b[0].Value
			if !x.scalar() || x.kind != y.kind || x.text != y.text { // whatever the rules are
				w.member(segment{a[0].Name, -1}, x, y, st, in)
			}
			a, b = a[1:], b[1:]
		}
	}
}

func (w *walk) member(s segment, desired, observed *Value, st *state, in place) {
	w.path = append(w.path, s)
	var next state
	if len(st.nodes) > 0 || st.deep != nil {
		next = w.c.step(st, s.text())
	}
	w.compare(desired, observed, &next, in)
	w.path = w.path[:len(w.path)-1]
}

// lists compares two lists as their rule says.
func (w *walk) lists(desired, observed *Value, st *state) {
	r := st.rule
	in := place{open: r != nil && r.Members == Open}
	if r != nil && (r.Set || len(r.Key) > 0) {
		a, ok := w.entries("desired", desired, r)
		b, is := w.entries("observed", observed, r)
		if ok && is {
			w.merge(a, b, st, in)
		}
		return
	}
	for n := range max(len(desired.members), len(observed.members)) {
		var x, y *Value
		if n < len(desired.members) {
			x = &desired.members[n].Value
		}
		if n < len(observed.members) {
			y = &observed.members[n].Value
		}
		if x == nil || y == nil || !x.scalar() || x.kind != y.kind || x.text != y.text {
			w.member(segment{"", n}, x, y, st, in)
		}
	}
}

// merge compares members of lists that are told by what they are, not by their place.
func (w *walk) merge(a, b []entry, st *state, in place) {
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].id < b[0].id:
			w.member(segment{a[0].name, -1}, a[0].value, nil, st, in)
			a = a[1:]
		case len(a) == 0 || a[0].id != b[0].id:
			w.member(segment{b[0].name, -1}, nil, b[0].value, st, in)
			b = b[1:]
		default:
			if !st.rule.Set {
				w.member(segment{a[0].name, -1}, a[0].value, b[0].value, st, in)
			}
			a, b = a[1:], b[1:]
		}
	}
}

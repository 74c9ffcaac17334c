package calendar

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// Set is a set of instants, kept as intervals in UTC that are sorted, not
// empty, and neither overlap nor touch. The zero Set is the empty one. A Set
// never changes, so it can be shared between goroutines. In JSON it is an
// array of intervals.
type Set struct{ List []Interval }

// SetOf returns the set of all instants in the intervals, which come in any
// order and may overlap. An empty or reversed interval adds nothing: where a
// reversed one is a mistake of the input, ask [Interval.Validate] first.
func SetOf(intervals ...Interval) Set {
	list := make([]Interval, 0, len(intervals))
	for _, iv := range intervals {
		if !iv.Empty() {
			list = append(list, Between(iv.Start, iv.End))
		}
	}
	if !slices.IsSortedFunc(list, byStart) {
		slices.SortFunc(list, byStart)
	}
	merged := list[:0] // in place: it never grows past what was read
	for _, iv := range list {
		merged = extend(merged, iv)
	}
	return Set{List: slices.Clip(merged)}
}

func byStart(a, b Interval) int { return a.Start.Compare(b.Start) }

// extend appends iv, which starts no earlier than the last of list does, and
// joins the two if they overlap or touch.
func extend(list []Interval, iv Interval) []Interval {
	if n := len(list); n > 0 && !list[n-1].End.Before(iv.Start) {
		list[n-1].End = later(list[n-1].End, iv.End)
		return list
	}
	return append(list, iv)
}

// All yields the intervals in order.
func (s Set) All() iter.Seq[Interval] { return slices.Values(s.List) }

// Len returns the number of disjoint intervals.
func (s Set) Len() int { return len(s.List) }

// Empty reports whether the set contains no instant.
func (s Set) Empty() bool { return len(s.List) == 0 }

// Bounds returns the interval from the first start to the last end, the zero
// Interval for the empty set.
func (s Set) Bounds() Interval {
	if s.Empty() {
		return Interval{}
	}
	return Interval{Start: s.List[0].Start, End: s.List[len(s.List)-1].End}
}

// Equal reports whether both contain the same instants.
func (s Set) Equal(other Set) bool {
	return slices.EqualFunc(s.List, other.List, Interval.Equal)
}

// Duration returns the length of all intervals together. Beyond 292 years it
// stays at the largest time.Duration: [Set.Seconds] is exact.
func (s Set) Duration() time.Duration {
	var sum time.Duration
	for _, iv := range s.List {
		d := iv.Duration()
		if sum > math.MaxInt64-d {
			return math.MaxInt64
		}
		sum += d
	}
	return sum
}

// Seconds returns the exact length of all intervals together in seconds.
func (s Set) Seconds() decimal.Decimal {
	var l length
	for _, iv := range s.List {
		l.add(iv)
	}
	return l.seconds()
}

// after returns the index of the first interval that ends after t.
func (s Set) after(t time.Time) int {
	return sort.Search(len(s.List), func(i int) bool { return s.List[i].End.After(t) })
}

// Contains reports whether t is in the set, by binary search.
func (s Set) Contains(t time.Time) bool {
	i := s.after(t)
	return i < len(s.List) && s.List[i].Contains(t)
}

// Covers reports whether every instant of the interval is in the set. An empty
// interval is always covered.
func (s Set) Covers(iv Interval) bool {
	if iv.Empty() {
		return true
	}
	i := s.after(iv.Start)
	return i < len(s.List) && s.List[i].Contains(iv.Start) && !s.List[i].End.Before(iv.End)
}

// Union returns the instants that are in either set.
func (s Set) Union(other Set) Set {
	if s.Empty() {
		return other
	}
	if other.Empty() {
		return s
	}
	out := make([]Interval, 0, len(s.List)+len(other.List))
	a, b := s.List, other.List
	for len(a) > 0 && len(b) > 0 {
		if b[0].Start.Before(a[0].Start) {
			a, b = b, a
		}
		out = extend(out, a[0])
		a = a[1:]
	}
	for _, iv := range a {
		out = extend(out, iv)
	}
	for _, iv := range b {
		out = extend(out, iv)
	}
	return Set{List: out}
}

// Intersect returns the instants that are in both sets.
func (s Set) Intersect(other Set) Set {
	var out []Interval
	a, b := s.List, other.List
	for len(a) > 0 && len(b) > 0 {
		if shared := a[0].Intersect(b[0]); !shared.Empty() {
			out = append(out, shared)
		}
		if a[0].End.Before(b[0].End) {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return Set{List: out}
}

// Subtract returns the instants of s that are not in other.
func (s Set) Subtract(other Set) Set {
	var out []Interval
	cut := other.List
	for _, iv := range s.List {
		for len(cut) > 0 && !cut[0].End.After(iv.Start) {
			cut = cut[1:]
		}
		rest := iv
		for _, c := range cut {
			if !c.Start.Before(rest.End) {
				break
			}
			if rest.Start.Before(c.Start) {
				out = append(out, Interval{Start: rest.Start, End: c.Start})
			}
			rest.Start = c.End
		}
		if !rest.Empty() {
			out = append(out, rest)
		}
	}
	return Set{List: out}
}

// Clip returns the instants of the set that lie in the interval.
func (s Set) Clip(to Interval) Set {
	if to.Empty() {
		return Set{}
	}
	first := s.after(to.Start)
	last := sort.Search(len(s.List), func(i int) bool { return !s.List[i].Start.Before(to.End) })
	if first >= last {
		return Set{}
	}
	out := slices.Clone(s.List[first:last])
	out[0] = out[0].Intersect(to)
	out[len(out)-1] = out[len(out)-1].Intersect(to)
	return Set{List: out}
}

// Gaps returns the instants of the interval that are not in the set.
func (s Set) Gaps(within Interval) Set {
	return SetOf(within).Subtract(s.Clip(within))
}

// Coverage returns the share of the interval that is in the set, 0 to 1, cut to
// so many decimal places, not rounded: it is 1 only if [Set.Covers] says so. It
// is undefined for an empty interval.
func (s Set) Coverage(within Interval, places int32) decimal.NullDecimal {
	if within.Empty() {
		return servicecoin.Undefined()
	}
	share, _ := s.Clip(within).Seconds().QuoRem(within.Seconds(), places)
	return servicecoin.Some(share)
}

// String lists the intervals, with a comma and a space between them.
func (s Set) String() string {
	parts := make([]string, len(s.List))
	for i, iv := range s.List {
		parts[i] = iv.String()
	}
	return strings.Join(parts, ", ")
}

// MarshalJSON writes an array of intervals in order, [] for the empty set.
func (s Set) MarshalJSON() ([]byte, error) {
	if s.List == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(s.List)
}

// UnmarshalJSON reads an array of intervals in any order. It refuses all that
// [Interval.Validate] refuses, each with its index.
func (s *Set) UnmarshalJSON(data []byte) error {
	var list []Interval
	var v servicecoin.Violations
	if err := json.Unmarshal(data, &list); err != nil {
		v.Add("", "bad-format", "", "must be an array of intervals: "+err.Error())
		return v.Err()
	}
	for i, iv := range list {
		if err := iv.Validate(); err != nil { // a path is costly to write for nothing
			v.Merge(fmt.Sprintf("[%d]", i), err)
		}
		if v.Len() >= servicecoin.MaxViolations {
			break
		}
	}
	if err := v.Err(); err != nil {
		return err
	}
	*s = SetOf(list...)
	return nil
}

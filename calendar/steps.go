package calendar

import (
	"cmp"
	"container/heap"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"sort"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// Span is an interval that weighs something, and what it comes from: an
// incident that took 0.3 of a service from ten to eleven.
type Span struct {
	Interval
	Weight decimal.Decimal `json:"weight"` // a share or a rate, never negative; 1 is the whole for a share
	Tag    string          `json:"tag"`    // whose weight it is, the id of an incident for instance
}

// Validate reports the violations of the interval, and a weight that is
// negative, not below 10^30 or of more than 30 decimals, with which nobody weighs.
func (s Span) Validate() error {
	const digits, places = 30, 30
	var v, weight servicecoin.Violations
	v.Merge("", s.Interval.Validate())
	if weight.Number("weight", s.Weight, digits, places); weight.Len() == 0 && s.Weight.IsNegative() {
		weight.Add("weight", "negative", s.Weight.String(), "must not be negative")
	}
	v.Merge("", weight.Err())
	return v.Err()
}

// Equal reports whether interval, weight and tag are the same; a weight of
// 0.30 is one of 0.3.
func (s Span) Equal(other Span) bool {
	return s.Interval.Equal(other.Interval) && s.same(other)
}

func (s Span) same(other Span) bool {
	return s.Tag == other.Tag && s.Weight.Equal(other.Weight)
}

// String returns "start/end weight tag".
func (s Span) String() string {
	return s.Interval.String() + " " + s.Weight.String() + " " + s.Tag
}

// WeightedSeconds returns the exact length in seconds times the weight.
func (s Span) WeightedSeconds() decimal.Decimal { return s.Seconds().Mul(s.Weight) }

// Steps is a step function of time: spans in UTC that are sorted and disjoint,
// of which no two touch with the same weight and tag. Where no span is,
// nothing is known, which differs from a step of weight zero. The zero Steps
// is empty. It never changes, so it can be shared between goroutines. In JSON
// it is an array of spans.
type Steps struct{ list []Span }

// Worst returns the largest weight at each instant, never a sum: two incidents
// that each take 0.3 at one time take 0.3 together. Each step bears the tag of
// the span that counts there; of several with the same weight it is the one
// that started first, then the one with the smallest tag. Empty, reversed and
// negative spans count for nothing: see [Span.Validate]. It sweeps through the
// spans in O(n log n).
func Worst(spans ...Span) Steps {
	ranked := make([]Span, 0, len(spans))
	for _, s := range spans {
		if !s.Empty() && !s.Weight.IsNegative() {
			s.Interval = Between(s.Start, s.End)
			ranked = append(ranked, s)
		}
	}
	// Once sorted, a span's index is its rank: the sweep compares integers.
	slices.SortFunc(ranked, func(a, b Span) int {
		return cmp.Or(b.Weight.Cmp(a.Weight), a.Start.Compare(b.Start), cmp.Compare(a.Tag, b.Tag))
	})
	queue := make([]int, len(ranked))
	for i := range queue {
		queue[i] = i
	}
	slices.SortFunc(queue, func(a, b int) int { return ranked[a].Start.Compare(ranked[b].Start) })

	var (
		open ranks // the spans that have begun, the worst first, ended ones among them
		out  []Span
		now  time.Time
	)
	for len(queue) > 0 || len(open) > 0 {
		if len(open) == 0 {
			now = ranked[queue[0]].Start
		}
		for len(queue) > 0 && !ranked[queue[0]].Start.After(now) {
			heap.Push(&open, queue[0])
			queue = queue[1:]
		}
		for len(open) > 0 && !ranked[open[0]].End.After(now) {
			heap.Pop(&open)
		}
		if len(open) == 0 {
			continue
		}
		step := ranked[open[0]]
		step.Start = now
		for len(queue) > 0 && queue[0] > open[0] && ranked[queue[0]].Start.Before(step.End) {
			heap.Push(&open, queue[0]) // begins under a worse one: no step
			queue = queue[1:]
		}
		if len(queue) > 0 {
			step.End = earlier(step.End, ranked[queue[0]].Start)
		}
		out = appendStep(out, step)
		now = step.End
	}
	return Steps{list: out}
}

// appendStep appends step, joined to the last one if that touches it with the
// same weight and tag.
func appendStep(list []Span, step Span) []Span {
	if n := len(list); n > 0 && list[n-1].End.Equal(step.Start) && list[n-1].same(step) {
		list[n-1].End = step.End
		return list
	}
	return append(list, step)
}

// ranks is a heap.Interface of indexes, the smallest on top.
type ranks []int

func (r *ranks) Len() int           { return len(*r) }
func (r *ranks) Less(i, j int) bool { return (*r)[i] < (*r)[j] }
func (r *ranks) Swap(i, j int)      { (*r)[i], (*r)[j] = (*r)[j], (*r)[i] }
func (r *ranks) Push(x any)         { *r = append(*r, x.(int)) } //nolint:errcheck // only Worst pushes, and only ints
func (r *ranks) Pop() any {
	old := *r
	last := old[len(old)-1]
	*r = old[:len(old)-1]
	return last
}

// All yields the steps in order.
func (s Steps) All() iter.Seq[Span] { return slices.Values(s.list) }

// Len returns the number of steps.
func (s Steps) Len() int { return len(s.list) }

// Empty reports whether there is no step, not even one of weight zero.
func (s Steps) Empty() bool { return len(s.list) == 0 }

// Equal reports whether both have the same steps.
func (s Steps) Equal(other Steps) bool {
	return slices.EqualFunc(s.list, other.list, Span.Equal)
}

// At returns the step that t lies in, and false if there is none.
func (s Steps) At(t time.Time) (Span, bool) {
	i := sort.Search(len(s.list), func(i int) bool { return s.list[i].End.After(t) })
	if i == len(s.list) || !s.list[i].Contains(t) {
		return Span{}, false
	}
	return s.list[i], true
}

// Set returns the instants that weigh more than zero.
func (s Steps) Set() Set {
	var out []Interval
	for _, step := range s.list {
		if step.Weight.IsPositive() {
			out = extend(out, step.Interval)
		}
	}
	return Set{List: out}
}

// Clip returns the steps as far as they lie in the interval.
func (s Steps) Clip(to Interval) Steps { return s.Intersect(SetOf(to)) }

// Intersect returns the steps as far as they lie in the set.
func (s Steps) Intersect(with Set) Steps {
	var out []Span
	a, b := s.list, with.List
	for len(a) > 0 && len(b) > 0 {
		if shared := a[0].Intersect(b[0]); !shared.Empty() {
			out = append(out, Span{Interval: shared, Weight: a[0].Weight, Tag: a[0].Tag})
		}
		if a[0].End.Before(b[0].End) {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return Steps{list: out}
}

// Subtract returns the steps as far as they lie outside of the set.
func (s Steps) Subtract(without Set) Steps {
	if s.Empty() {
		return s
	}
	return s.Intersect(without.Gaps(Interval{Start: s.list[0].Start, End: s.list[len(s.list)-1].End}))
}

// WeightedSeconds returns the sum of each step's seconds times its weight,
// exactly: 0.3 over an hour is 1080. It is 0 where there is no step.
func (s Steps) WeightedSeconds() decimal.Decimal {
	var sum decimal.Decimal
	for _, step := range s.list {
		sum = sum.Add(step.WeightedSeconds())
	}
	return sum
}

// Share is what one tag adds to a step function.
type Share struct {
	Tag             string          `json:"tag"`
	Seconds         decimal.Decimal `json:"seconds"`         // where the tag's weight counted
	WeightedSeconds decimal.Decimal `json:"weightedSeconds"` // the same times the weight
}

// ByTag returns what each tag adds, sorted by tag. A span that never was the
// worst has no share; the weighted seconds of all shares sum to
// [Steps.WeightedSeconds].
func (s Steps) ByTag() []Share {
	at := make(map[string]int)
	var out []Share
	for _, step := range s.list {
		i, seen := at[step.Tag]
		if !seen {
			i = len(out)
			at[step.Tag] = i
			out = append(out, Share{Tag: step.Tag})
		}
		out[i].Seconds = out[i].Seconds.Add(step.Seconds())
		out[i].WeightedSeconds = out[i].WeightedSeconds.Add(step.WeightedSeconds())
	}
	slices.SortFunc(out, func(a, b Share) int { return cmp.Compare(a.Tag, b.Tag) })
	return out
}

// MarshalJSON writes an array of spans in order, [] where there is none.
func (s Steps) MarshalJSON() ([]byte, error) {
	if s.list == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(s.list)
}

// UnmarshalJSON reads an array of spans and keeps the [Worst] of it. It
// refuses all that [Span.Validate] refuses, each with its index.
func (s *Steps) UnmarshalJSON(data []byte) error {
	var list []Span
	var v servicecoin.Violations
	if err := json.Unmarshal(data, &list); err != nil {
		v.Add("", "bad-format", "", "must be an array of spans: "+err.Error())
		return v.Err()
	}
	for i, span := range list {
		if err := span.Validate(); err != nil { // a path is costly to write for nothing
			v.Merge(fmt.Sprintf("[%d]", i), err)
		}
		if v.Len() >= servicecoin.MaxViolations {
			break
		}
	}
	if err := v.Err(); err != nil {
		return err
	}
	*s = Worst(list...)
	return nil
}

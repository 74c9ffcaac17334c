package hours

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
)

// CriticalKind tells whose matter a critical window is.
type CriticalKind string

// The kinds of critical windows.
const (
	OperationalWindow CriticalKind = "operational-window" // the provider's: a settlement run, a backup, the closing of a month
	BusinessEvent     CriticalKind = "business-event"     // the customer's: a launch, a sale, an election night
)

// CriticalWindow is a time that matters more than others, and why: a critical
// operational window or a business-critical event. It comes once, During an
// interval, or again and again, whenever Hours are open. What follows from it
// (a heavier outage, a change that must wait, another limit) is the affair of
// those who read it.
type CriticalWindow struct {
	Name   string            `json:"name"` // unique in a list
	Kind   CriticalKind      `json:"kind"`
	Reason string            `json:"reason"`          // for those who must wait because of it
	Weight decimal.Decimal   `json:"weight"`          // how much an instant counts, 1 being an ordinary one; above 0
	During calendar.Interval `json:"during,omitzero"` // one of the two
	Hours  *Hours            `json:"hours,omitempty"`
}

// Validate reports every violation.
func (w CriticalWindow) Validate() error {
	var v servicecoin.Violations
	v.Text("name", w.Name, 1, lines.MaxName)
	switch w.Kind {
	case OperationalWindow, BusinessEvent:
	default:
		v.Add("kind", "unknown", string(w.Kind), "must be operational-window or business-event")
	}
	v.Text("reason", w.Reason, 1, 1000)
	if bad := (calendar.Span{Interval: calendar.Between(time.Unix(0, 0), time.Unix(1, 0)), Weight: w.Weight}).Validate(); bad != nil {
		v.Merge("", bad)
	} else if !w.Weight.IsPositive() {
		v.Add("weight", "out-of-range", w.Weight.String(), "must be above 0")
	}
	switch once := w.During != (calendar.Interval{}); {
	case once && w.Hours != nil:
		v.Add("hours", "unexpected", "", "must not stand beside during")
	case w.Hours != nil:
		v.Merge("hours", w.Hours.Validate())
	default:
		v.Merge("during", w.During.Validate())
	}
	return v.Err()
}

// CriticalTimes is a list of critical windows, worked out for a span of time:
// which hold at an instant, and which weighs most. It never changes, so it can
// be shared between goroutines.
type CriticalTimes struct {
	span    calendar.Interval
	windows []timedWindow // the heaviest first, then by name
	steps   calendar.Steps
}

type timedWindow struct {
	CriticalWindow

	times calendar.Set
}

// maxCritical is how often critical windows may come in the span that they are
// worked out for.
const maxCritical = 1_000_000

// CompileCritical works the windows out within an interval, for at most 250
// years and [MaxDays] windows, which come a million times at most. Every violation is reported with the index of
// its window.
func CompileCritical(within calendar.Interval, windows ...CriticalWindow) (*CriticalTimes, error) {
	var v servicecoin.Violations
	if _, err := newTimetable(within, nil); err != nil {
		v.Merge("", err)
	}
	if !v.Limit("windows", len(windows), MaxDays) {
		return nil, v.Err()
	}
	validateDays(&v, "windows", windows)
	seen := map[string]bool{}
	for i, w := range windows {
		if lines.Enough(&v) {
			break
		}
		if seen[w.Name] {
			v.Add(fmt.Sprintf("windows[%d].name", i), "duplicate", w.Name, "names two windows")
		}
		seen[w.Name] = true
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	c := &CriticalTimes{span: calendar.Between(within.Start, within.End)}
	var spans []calendar.Span
	for i, w := range windows {
		times, err := w.within(c.span)
		if err != nil {
			v.Merge(fmt.Sprintf("windows[%d].hours", i), err)
		}
		if len(spans)+times.Len() > maxCritical {
			v.Add("within", "too-many", within.String(), fmt.Sprintf("must be shorter: the windows come more than %d times", maxCritical))
			break
		}
		c.windows = append(c.windows, timedWindow{w, times})
		for iv := range times.All() {
			spans = append(spans, calendar.Span{Interval: iv, Weight: w.Weight, Tag: w.Name})
		}
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	slices.SortFunc(c.windows, func(a, b timedWindow) int {
		return cmp.Or(b.Weight.Cmp(a.Weight), cmp.Compare(a.Name, b.Name))
	})
	c.steps = calendar.Worst(spans...)
	return c, nil
}

// within returns the instants of the window in an interval.
func (w CriticalWindow) within(span calendar.Interval) (calendar.Set, error) {
	if w.Hours == nil {
		return calendar.SetOf(w.During).Clip(span), nil
	}
	tt, err := w.Hours.Compile(span, nil)
	if err != nil {
		return calendar.Set{}, err
	}
	return tt.Set(span)
}

// Span returns the interval that the windows were worked out for.
func (c *CriticalTimes) Span() calendar.Interval { return c.span }

// All yields the windows, the heaviest first, each with its instants.
func (c *CriticalTimes) All() iter.Seq2[CriticalWindow, calendar.Set] {
	return func(yield func(CriticalWindow, calendar.Set) bool) {
		for _, w := range c.windows {
			if !yield(w.CriticalWindow, w.times) {
				return
			}
		}
	}
}

// At returns the windows that hold at t, the heaviest first. An instant outside
// of the span is an [*calendar.OutsideError].
func (c *CriticalTimes) At(t time.Time) ([]CriticalWindow, error) {
	if !c.span.Contains(t) {
		return nil, &calendar.OutsideError{What: t.UTC().Format(time.RFC3339Nano), Span: c.span}
	}
	return c.those(func(s calendar.Set) bool { return s.Contains(t) }), nil
}

// Overlapping returns the windows that share an instant with the interval, the
// heaviest first: what a planned change would run into. An interval that is
// not within the span is an [*calendar.OutsideError].
func (c *CriticalTimes) Overlapping(iv calendar.Interval) ([]CriticalWindow, error) {
	if iv.Start.Before(c.span.Start) || iv.End.After(c.span.End) {
		return nil, &calendar.OutsideError{What: iv.String(), Span: c.span}
	}
	return c.those(func(s calendar.Set) bool { return !s.Clip(iv).Empty() }), nil
}

func (c *CriticalTimes) those(hold func(calendar.Set) bool) []CriticalWindow {
	var out []CriticalWindow
	for _, w := range c.windows {
		if hold(w.times) {
			out = append(out, w.CriticalWindow)
		}
	}
	return out
}

// Heaviest returns the window that weighs most at t, and false if none holds. Of
// several with the same weight it is the one whose stretch began first, then the
// first by name: as in [CriticalTimes.Steps]. It allocates nothing.
func (c *CriticalTimes) Heaviest(t time.Time) (CriticalWindow, bool, error) {
	if !c.span.Contains(t) {
		return CriticalWindow{}, false, &calendar.OutsideError{What: t.UTC().Format(time.RFC3339Nano), Span: c.span}
	}
	step, is := c.steps.At(t)
	if !is {
		return CriticalWindow{}, false, nil
	}
	i := slices.IndexFunc(c.windows, func(w timedWindow) bool { return w.Name == step.Tag })
	return c.windows[i].CriticalWindow, true, nil
}

// Steps returns the largest weight at each instant, tagged with the name of the
// window; where none holds there is no step. Weights are never added up.
func (c *CriticalTimes) Steps() calendar.Steps { return c.steps }

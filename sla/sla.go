// Package sla models what a provider promises about a service and whether it
// was kept: objectives, time-based availability, error budgets, credits and
// monthly reports.
//
// It answers: how available was a service in a month, over the time for which
// the facts are known; was the promise kept, and how much of the budget is
// left; which credit is due, unasked; which outages is each figure made of; and
// what changes when a fact comes late?
//
// [Terms.Measure] is the arithmetic, free of any store. A [Promise] has terms,
// an objective and credit bands; [Promise.Report] turns facts into a [Report]
// that recomputes to the same bytes. [Keeper] keeps promises and reports of one
// customer, fed by a [Source] that the host fills in.
//
// Percentages are percentages everywhere (99.9, as contracts write them);
// times are seconds in exact decimals. What is not known is undefined, never
// zero and never "up".
package sla

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Level is how badly a service was affected: a word that [Weights] knows, such
// as "outage" or "disruption".
type Level string

// Weights says how much of a second of each level counts as downtime, 0 to 1. A
// level that it does not name counts nothing, and reports list it
// ([Measurement.Unweighted]).
type Weights map[Level]decimal.Decimal

// The most that terms and facts hold.
const (
	maxWeights    = 100
	maxBands      = 100
	maxAmendments = 100
	maxFacts      = 1_000_000 // outages, or exclusions
)

// number checks a percentage, weight or time that somebody typed or computed,
// and reports whether it can be compared and printed.
func number(v *servicecoin.Violations, path string, d decimal.Decimal) bool {
	const digits, places = 18, 30
	n := v.Len()
	v.Number(path, d, digits, places)
	return v.Len() == n
}

// Validate reports every weight outside of 0 to 1 and every unnamed level.
func (w Weights) Validate() error {
	var v servicecoin.Violations
	if len(w) == 0 {
		v.Add("", "required", "", "at least one level has a weight")
	}
	if !v.Limit("", len(w), maxWeights) {
		return v.Err()
	}
	for _, l := range slices.Sorted(maps.Keys(w)) {
		n := v.Len()
		v.ID("level", string(l))
		if v.Len() > n || !number(&v, string(l), w[l]) {
			continue
		}
		if x := w[l]; x.IsNegative() || x.GreaterThan(decimal.NewFromInt(1)) {
			v.Add(string(l), "out-of-range", x.String(), "a weight is 0 to 1")
		}
	}
	return v.Err()
}

// Outage is a span in which a service was affected.
type Outage struct {
	calendar.Interval

	Level Level           `json:"level"`
	From  servicecoin.Key `json:"from"` // the record that says so, an incident most often
}

// Exclusion is a span that the promise does not count, if its terms allow:
// announced maintenance, most often.
type Exclusion struct {
	calendar.Interval

	Reason      string               `json:"reason"`
	AnnouncedAt time.Time            `json:"announcedAt"` // when customers were told
	ApprovedBy  servicecoin.PersonID `json:"approvedBy,omitempty"`
	From        servicecoin.Key      `json:"from"` // the record that says so
}

// Facts are what is known of one service.
type Facts struct {
	// Coverage is the time for which the facts are complete. Outside of it
	// nothing is known: neither up nor down.
	Coverage   calendar.Set `json:"coverage"`
	Outages    []Outage     `json:"outages"`
	Exclusions []Exclusion  `json:"exclusions,omitempty"`
}

// Validate reports every reversed or undated span. Levels are checked by the
// terms that weigh them.
func (f Facts) Validate() error {
	var v servicecoin.Violations
	outages, exclusions := v.Limit("outages", len(f.Outages), maxFacts), v.Limit("exclusions", len(f.Exclusions), maxFacts)
	if !outages || !exclusions {
		return v.Err()
	}
	for i, o := range f.Outages {
		if v.Len() > servicecoin.MaxViolations { // enough to see what is wrong with all of them
			return v.Err()
		}
		v.Merge(fmt.Sprintf("outages[%d]", i), o.Validate())
		if o.Level == "" {
			v.Add(fmt.Sprintf("outages[%d].level", i), "required", "", "must not be empty")
		}
	}
	for i, e := range f.Exclusions {
		if v.Len() > servicecoin.MaxViolations {
			return v.Err()
		}
		path := fmt.Sprintf("exclusions[%d]", i)
		v.Merge(path, e.Validate())
		v.Text(path+".reason", e.Reason, 1, 500)
	}
	return v.Err()
}

// Within returns the facts that touch a period, clipped to it, in a fixed
// order.
func (f Facts) Within(period calendar.Interval) Facts { return f.kept(period, Exact) }

// kept is what a report keeps of the facts: those within its period, but outages
// whole where it takes their start to count them. Outages that touch are one
// then, so that all of those that hang together stay.
func (f Facts) kept(period calendar.Interval, counting Counting) Facts {
	out := Facts{Coverage: f.Coverage.Clip(period), Outages: []Outage{}}
	whole := calendar.Interval{}
	if counting == WholeMinutes {
		whole = f.reach(period)
	}
	for _, o := range f.Outages {
		if counting != WholeMinutes {
			o.Interval = o.Intersect(period)
		} else if !o.Overlaps(whole) {
			continue
		}
		if !o.Empty() {
			out.Outages = append(out.Outages, o)
		}
	}
	for _, e := range f.Exclusions {
		// An announcement counts from its own start, so it keeps it.
		if e.Overlaps(period) {
			out.Exclusions = append(out.Exclusions, e)
		}
	}
	slices.SortFunc(out.Outages, func(a, b Outage) int {
		return order(a.Interval, b.Interval, a.From, b.From, string(a.Level), string(b.Level))
	})
	slices.SortFunc(out.Exclusions, func(a, b Exclusion) int {
		return order(a.Interval, b.Interval, a.From, b.From, a.Reason, b.Reason)
	})
	return out
}

// reach returns the period together with the outages that reach beyond it,
// or hang together with one that does.
func (f Facts) reach(period calendar.Interval) calendar.Interval {
	spans := make([]calendar.Interval, len(f.Outages))
	for i, o := range f.Outages {
		spans[i] = o.Interval
	}
	for iv := range calendar.SetOf(spans...).All() {
		if !iv.Overlaps(period) {
			continue
		}
		if iv.Start.Before(period.Start) {
			period.Start = iv.Start
		}
		if iv.End.After(period.End) {
			period.End = iv.End
		}
	}
	return period
}

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

// Weights says how much of a second of each level counts as downtime, 0 to 1.
type Weights map[Level]decimal.Decimal

// Validate reports every weight outside of 0 to 1 and every unnamed level.
func (w Weights) Validate() error {
	var v servicecoin.Violations
	if len(w) == 0 {
		v.Add("", "required", "", "at least one level has a weight")
	}
	for _, l := range slices.Sorted(maps.Keys(w)) {
		v.ID("level", string(l))
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
	for i, o := range f.Outages {
		v.Merge(fmt.Sprintf("outages[%d]", i), o.Validate())
		if o.Level == "" {
			v.Add(fmt.Sprintf("outages[%d].level", i), "required", "", "must not be empty")
		}
	}
	for i, e := range f.Exclusions {
		path := fmt.Sprintf("exclusions[%d]", i)
		v.Merge(path, e.Validate())
		v.Text(path+".reason", e.Reason, 1, 500)
	}
	return v.Err()
}

// Within returns the facts that touch a period, clipped to it, in a fixed
// order: what a report keeps.
func (f Facts) Within(period calendar.Interval) Facts {
	out := Facts{Coverage: f.Coverage.Clip(period), Outages: []Outage{}}
	for _, o := range f.Outages {
		if o.Interval = o.Intersect(period); !o.Empty() {
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

package metering

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// MeterID names a meter.
type MeterID string

// Aggregation is how a meter makes one quantity of many events.
type Aggregation string

// The aggregations. What is said of values is said of [Meter.Field].
const (
	Count        Aggregation = "count"         // how many events, with a value or without
	Sum          Aggregation = "sum"           // of the values; an event without one adds nothing
	Min          Aggregation = "min"           // the smallest value
	Max          Aggregation = "max"           // the largest value
	Average      Aggregation = "average"       // the sum of the values by how many there are
	Unique       Aggregation = "unique"        // how many different texts a dimension, or the subject, has
	Latest       Aggregation = "latest"        // the value of the last event that has one, by [Event.Compare]
	TimeWeighted Aggregation = "time-weighted" // the level that values set or change, on average over the time of the window
	Percentile   Aggregation = "percentile"    // the value that so many per cent of the samples do not exceed, by nearest rank
	Product      Aggregation = "product"       // the sum of the values times another field of the same event
)

// Level is what a value does to the level of a meter that is time-weighted.
type Level string

// The levels.
const (
	Changes Level = ""     // a value is added to the level: what was added or, below nothing, taken away
	Sets    Level = "sets" // a value is the level from then on
)

// Empty is what an inner window without a sample counts as.
type Empty string

// What an inner window without a sample counts as.
const (
	EmptySkips  Empty = ""     // as none
	EmptyAsZero Empty = "zero" // as a sample of 0
)

// Filter chooses events by one dimension, or the [Subject].
type Filter struct {
	Dimension string   `json:"dimension"`
	Values    []string `json:"values"`        // any of them; "" stands for none at all
	Not       bool     `json:"not,omitempty"` // none of them
}

// Matches reports whether the filter chooses an event.
func (f Filter) Matches(e Event) bool {
	return slices.Contains(f.Values, e.Dimension(f.Dimension)) != f.Not
}

// Meter turns the events of a type into quantities.
//
// Where there is no event there is no quantity: it is undefined, not zero, for
// nobody knows whether nothing was used or nothing was reported. A host whose
// sources are complete says so with EmptyIsZero.
//
// A figure of an interval that is asked for in windows is split by time where it is a
// sum, and holds all the time where it is time-weighted; every other aggregation has
// an interval in the window in which it begins.
type Meter struct {
	ID          MeterID     `json:"id"`
	Name        string      `json:"name"`
	Type        string      `json:"type"` // of the events that it reads
	Aggregation Aggregation `json:"aggregation"`
	Unit        string      `json:"unit"` // "GB-month", "requests": for people

	// Field is which value of an event the meter reads: "" for its Value, the name of
	// one of its fields, or [Seconds] for how long it was.
	Field string `json:"field,omitempty"`
	// Times is the other field of a Product, named like Field.
	Times string `json:"times,omitempty"`
	// Filters choose the events: those that all of them match.
	Filters []Filter `json:"filters,omitempty"`
	// Distinct is the dimension whose different values Unique counts, [Subject]
	// for the event's subject. Values are compared as texts.
	Distinct string `json:"distinct,omitempty"`
	// Removes makes Unique count what stands at the end of a window: everything that
	// came since the beginning, but for what an event that matches has taken away.
	Removes *Filter `json:"removes,omitempty"`
	// Level says what a value does to the level of a time-weighted meter.
	Level Level `json:"level,omitempty"`
	// Percent is which percentile: above 0, up to 100.
	Percent decimal.NullDecimal `json:"percent"`
	// Sampled makes the samples of a Percentile: of each such stretch one, by the
	// aggregation SampledBy. "": each value is a sample.
	Sampled      Stretch     `json:"sampled,omitempty"`
	SampledBy    Aggregation `json:"sampledBy,omitempty"`
	EmptySamples Empty       `json:"emptySamples,omitempty"`

	// GroupBy are the dimensions (and [Subject]) by which usage can be asked
	// for in groups.
	GroupBy []string `json:"groupBy,omitempty"`
	// EmptyIsZero makes the count, sum or number of nothing 0.
	EmptyIsZero bool `json:"emptyIsZero,omitempty"`

	// Convert makes the meter's unit of what was measured, and Round rounds that: in
	// each case of the quantity of a whole window, never of its parts.
	Convert *Conversion `json:"convert,omitempty"`
	Round   *Rounding   `json:"round,omitempty"`

	// Version numbers the definitions of a meter from 1, and From is when, in the time of
	// events, this one begins to hold: zero for the first, which holds from the beginning.
	// [Meters] sets both.
	Version int       `json:"version,omitempty"`
	From    time.Time `json:"from,omitzero"`
}

// looksBack reports that events before a window may count in it.
func (m Meter) looksBack() bool {
	return (&rule{m}).chained() || splits(m.Aggregation) || splits(m.SampledBy)
}

// nothing is what the meter says of no events.
func (m Meter) nothing() decimal.NullDecimal { return (&rule{m}).figure(quantity{}) }

// rule is a meter at work, on many events: by reference.
type rule struct{ Meter }

// reads reports whether an event counts for the meter.
func (m *rule) reads(e *Event) bool {
	if e.Type != m.Type {
		return false
	}
	for i := range m.Filters {
		f := &m.Filters[i]
		if slices.Contains(f.Values, e.Dimension(f.Dimension)) == f.Not {
			return false
		}
	}
	return true
}

// chained reports that what was before a window goes on in it.
func (m *rule) chained() bool { return m.Aggregation == TimeWeighted || m.Removes != nil }

// splits reports that an aggregation has a part of an interval in each window.
func splits(a Aggregation) bool { return a == Sum || a == Product }

// figure is the quantity of a window as the meter says it: converted, and rounded once.
func (m *rule) figure(q quantity) decimal.NullDecimal {
	if !q.some {
		if !m.EmptyIsZero {
			return servicecoin.Undefined()
		}
		q = quantityOf(decimal.Zero)
	}
	if m.Convert != nil {
		q = m.Convert.quantity(q)
	}
	if m.Round != nil {
		return servicecoin.Some(m.Round.quantity(q))
	}
	return servicecoin.Some(q.decimal())
}

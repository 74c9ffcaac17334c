package metering

import (
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
)

// MeterID names a meter.
type MeterID string

// Aggregation is how a meter makes one quantity of many events.
type Aggregation string

// The aggregations.
const (
	Count  Aggregation = "count"  // how many events, with a value or without
	Sum    Aggregation = "sum"    // of the values; an event without one adds nothing
	Max    Aggregation = "max"    // the largest value
	Unique Aggregation = "unique" // how many different texts a dimension, or the subject, has
)

// Meter turns the events of a type into quantities.
//
// Where there is no event there is no quantity: it is undefined, not zero, for
// nobody knows whether nothing was used or nothing was reported. A host whose
// sources are complete says so with EmptyIsZero.
type Meter struct {
	ID          MeterID     `json:"id"`
	Name        string      `json:"name"`
	Type        string      `json:"type"` // of the events that it reads
	Aggregation Aggregation `json:"aggregation"`
	Unit        string      `json:"unit"` // "GB-month", "requests": for people

	// Distinct is the dimension whose different values Unique counts, [Subject]
	// for the event's subject. Values are compared as texts.
	Distinct string `json:"distinct,omitempty"`
	// GroupBy are the dimensions (and [Subject]) by which usage can be asked
	// for in groups.
	GroupBy []string `json:"groupBy,omitempty"`
	// EmptyIsZero makes the count, sum or number of nothing 0.
	EmptyIsZero bool `json:"emptyIsZero,omitempty"`
}

// Validate reports every violation of the meter.
func (m Meter) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(m.ID))
	v.Text("name", m.Name, 1, 200)
	v.ID("type", m.Type)
	v.Text("unit", m.Unit, 1, 100)
	switch m.Aggregation {
	case Count, Sum:
	case Max:
		if m.EmptyIsZero {
			v.Add("emptyIsZero", "contradiction", "", "there is no largest of no values")
		}
	case Unique:
		v.ID("distinct", m.Distinct)
	default:
		v.Add("aggregation", "unknown", string(m.Aggregation), "must be count, sum, max or unique")
	}
	if m.Distinct != "" && m.Aggregation != Unique {
		v.Add("distinct", "contradiction", m.Distinct, "is for the aggregation unique")
	}
	if !v.Limit("groupBy", len(m.GroupBy), MaxDimensions) {
		return v.Err()
	}
	for i, name := range m.GroupBy {
		path := fmt.Sprintf("groupBy[%d]", i)
		v.ID(path, name)
		if slices.Index(m.GroupBy, name) < i {
			v.Add(path, "duplicate", name, "stands there twice")
		}
	}
	return v.Err()
}

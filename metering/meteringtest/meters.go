package meteringtest

import (
	"context"
	"slices"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/money"
)

// everyMeter is the table of the meters that the cases and RunSame measure with: each
// aggregation in each of its forms. They read vm.hours and group by the same dimensions.
func everyMeter() []metering.Meter {
	five := metering.Stretch("5min")
	eu := metering.Filter{Dimension: "region", Values: []string{"eu", ""}}
	small := metering.Filter{Dimension: "size", Values: []string{"xl"}, Not: true}
	subject := metering.Filter{Dimension: metering.Subject, Values: []string{"vm1", "vm2"}}
	list := []metering.Meter{
		{ID: "count", Aggregation: metering.Count},
		{ID: "count, of a subject", Aggregation: metering.Count, Filters: []metering.Filter{subject}, EmptyIsZero: true},
		{ID: "sum", Aggregation: metering.Sum},
		{ID: "sum, nothing is 0", Aggregation: metering.Sum, EmptyIsZero: true},
		{ID: "sum of a field", Aggregation: metering.Sum, Field: "in"},
		{ID: "sum of lengths", Aggregation: metering.Sum, Field: metering.Seconds},
		{ID: "sum, filtered", Aggregation: metering.Sum, Filters: []metering.Filter{eu, small}},
		{
			ID: "sum, converted", Aggregation: metering.Sum, Convert: &metering.Conversion{Divide: some("3600"), Add: some("0.5")},
			Round: &metering.Rounding{Mode: money.HalfAwayFromZero, Places: 2},
		},
		{ID: "min", Aggregation: metering.Min},
		{ID: "min of a field", Aggregation: metering.Min, Field: "out"},
		{ID: "max", Aggregation: metering.Max},
		{ID: "max, filtered", Aggregation: metering.Max, Field: "in", Filters: []metering.Filter{small}},
		{ID: "average", Aggregation: metering.Average},
		{ID: "average of a field", Aggregation: metering.Average, Field: "out"},
		{ID: "unique subjects", Aggregation: metering.Unique, Distinct: metering.Subject},
		{ID: "unique regions", Aggregation: metering.Unique, Distinct: "region", Filters: []metering.Filter{subject}},
		{ID: "unique regions of large ones", Aggregation: metering.Unique, Distinct: "region", Filters: []metering.Filter{small}},
		{ID: "unique, taken away", Aggregation: metering.Unique, Distinct: metering.Subject, Removes: &small},
		{ID: "latest", Aggregation: metering.Latest},
		{ID: "latest of a field", Aggregation: metering.Latest, Field: "in", Filters: []metering.Filter{eu}},
		{ID: "level, changed", Aggregation: metering.TimeWeighted},
		{ID: "level, set", Aggregation: metering.TimeWeighted, Level: metering.Sets, Field: "in"},
		{ID: "percentile of values", Aggregation: metering.Percentile, Percent: some("95")},
		{ID: "percentile of samples", Aggregation: metering.Percentile, Percent: some("50"), Sampled: five, SampledBy: metering.Sum},
		{ID: "percentile of all samples", Aggregation: metering.Percentile, Percent: some("99.9"), Sampled: metering.Hourly, SampledBy: metering.Max, EmptySamples: metering.EmptyAsZero},
		{ID: "product", Aggregation: metering.Product, Times: "in"},
		{ID: "product with lengths", Aggregation: metering.Product, Times: metering.Seconds, Filters: []metering.Filter{eu}},
	}
	for i := range list {
		m := &list[i]
		m.Name, m.Type, m.Unit, m.GroupBy = string(m.ID), hours, "units", []string{"region", "size", metering.Subject}
	}
	return list
}

func some(text string) decimal.NullDecimal { return servicecoin.Some(decimal.RequireFromString(text)) }

// meters are those of the table that this version of the library measures with; it
// prints which it does not, and why.
func meters(t testing.TB) []metering.Meter {
	t.Helper()
	left := leftOut(t.Context())
	if len(left) > 0 {
		t.Logf("left out: meters %v", left)
	}
	return slices.DeleteFunc(everyMeter(), func(m metering.Meter) bool { return slices.Contains(left, m.ID) })
}

// leftOut returns the meters of the table that the library does not measure
// with, for want of an aggregation.
func leftOut(ctx context.Context) []metering.MeterID {
	var left []metering.MeterID
	for _, m := range everyMeter() {
		q := metering.Measurement{Meter: m, Customers: []servicecoin.CustomerID{acme}, Windows: days(1)}
		if _, err := NewModel().Measure(ctx, q); err != nil {
			left = append(left, m.ID)
		}
	}
	return left
}

// meter returns one of the table by its name.
func meter(t testing.TB, id metering.MeterID) metering.Meter {
	t.Helper()
	for _, m := range everyMeter() {
		if m.ID == id {
			return m
		}
	}
	t.Fatalf("no meter %q in the table", id)
	return metering.Meter{}
}

package metering

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// The limits of a meter's filters.
const (
	MaxFilters      = 16     // of a meter
	MaxFilterValues = 100    // of a filter
	MaxFilterBytes  = 16_384 // values of a filter together
)

// Validate reports every violation of the meter.
func (m Meter) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(m.ID))
	v.Text("name", m.Name, 1, 200)
	v.ID("type", m.Type)
	v.Text("unit", m.Unit, 1, 100)
	switch m.Aggregation {
	case Count, Sum, Min, Max, Average, Unique, Latest, TimeWeighted, Percentile, Product:
	default:
		v.Add("aggregation", "unknown", string(m.Aggregation),
			"must be count, sum, min, max, average, unique, latest, time-weighted, percentile or product")
	}
	m.validReading(&v)
	m.validSamples(&v)
	if what, is := undefinedOfNothing(m.Aggregation); is && m.EmptyIsZero {
		v.Add("emptyIsZero", "contradiction", "", "there is no "+what+" of no values")
	}
	if v.Limit("groupBy", len(m.GroupBy), MaxDimensions) {
		eachOf(&v, "groupBy", m.GroupBy, func(v *servicecoin.Violations, name string) { v.ID("", name) })
	}
	m.validFilters(&v)
	if m.Convert != nil {
		v.Merge("convert", m.Convert.Validate())
	}
	if m.Round != nil {
		v.Merge("round", m.Round.Validate())
		if m.Convert != nil && m.Round.Places < 0 && m.Round.Places >= LeastRoundingPlaces {
			v.Add("round.places", "contradiction", "", "must not be below 0 where a larger unit is made of the quantity: divide it by more")
		}
	}
	if m.Version < 0 {
		v.Add("version", "out-of-range", "", "must not be negative")
	}
	if !m.From.IsZero() {
		v.Time("from", m.From)
	}
	return v.Err()
}

// undefinedOfNothing names what there is none of where there are no values.
func undefinedOfNothing(a Aggregation) (string, bool) {
	switch a {
	case Min:
		return "smallest", true
	case Max:
		return "largest", true
	case Average:
		return "average", true
	case Latest:
		return "last", true
	case Percentile:
		return "percentile", true
	case Count, Sum, Unique, TimeWeighted, Product:
	}
	return "", false
}

// validReading checks what the meter reads of an event.
func (m Meter) validReading(v *servicecoin.Violations) {
	only := func(path, value string, of Aggregation) {
		if value != "" && m.Aggregation != of {
			v.Add(path, "contradiction", value, "is for the aggregation "+string(of))
		}
	}
	if m.Field != "" {
		v.ID("field", m.Field)
		switch {
		case m.Aggregation == Count || m.Aggregation == Unique || m.Aggregation == Percentile && m.SampledBy == Count:
			v.Add("field", "contradiction", m.Field, "no value is read where events or texts are counted")
		case m.Aggregation == TimeWeighted && m.Field == Seconds:
			v.Add("field", "contradiction", m.Field, "how long an interval is sets no level")
		}
	}
	if m.Times != "" {
		v.ID("times", m.Times)
	}
	if only("times", m.Times, Product); m.Aggregation == Product && m.Times == m.Field {
		v.Add("times", "duplicate", m.Times, "must be another field than the one that it multiplies")
	}
	if only("distinct", m.Distinct, Unique); m.Aggregation == Unique {
		v.ID("distinct", m.Distinct)
	}
	if m.Removes != nil && m.Aggregation != Unique {
		v.Add("removes", "contradiction", m.Removes.Dimension, "is for the aggregation unique")
	}
	only("level", string(m.Level), TimeWeighted)
	if m.Level != Changes && m.Level != Sets {
		v.Add("level", "unknown", string(m.Level), "must be sets, or empty for changes")
	}
}

// validSamples checks what a percentile is made of.
func (m Meter) validSamples(v *servicecoin.Violations) {
	is := m.Aggregation == Percentile
	switch p := m.Percent; {
	case is && !p.Valid:
		v.Add("percent", "required", "", "must say which percentile")
	case is:
		before := v.Len()
		if v.Number("percent", p.Decimal, 3, MaxPlaces); v.Len() > before {
			break
		}
		if p.Decimal.Sign() <= 0 || p.Decimal.Cmp(decimal.NewFromInt(100)) > 0 {
			v.Add("percent", "out-of-range", "", "must be above 0, up to 100")
		}
	case p.Valid:
		v.Add("percent", "contradiction", "", "is for the aggregation percentile")
	}
	v.Merge("sampled", m.Sampled.Validate())
	switch {
	case m.Sampled == Whole:
		if m.SampledBy != "" {
			v.Add("sampledBy", "contradiction", string(m.SampledBy), "is for samples of inner windows: see sampled")
		}
		if m.EmptySamples != EmptySkips {
			v.Add("emptySamples", "contradiction", string(m.EmptySamples), "is for samples of inner windows: see sampled")
		}
		return
	case !is:
		v.Add("sampled", "contradiction", string(m.Sampled), "is for the aggregation percentile")
	}
	switch m.SampledBy {
	case Count, Sum, Min, Max, Average, Latest:
	case Unique, TimeWeighted, Percentile, Product:
		fallthrough
	default:
		v.Add("sampledBy", "unknown", string(m.SampledBy), "must be count, sum, min, max, average or latest")
	}
	if m.EmptySamples != EmptySkips && m.EmptySamples != EmptyAsZero {
		v.Add("emptySamples", "unknown", string(m.EmptySamples), "must be zero, or empty")
	}
}

// validFilters checks what chooses events.
func (m Meter) validFilters(v *servicecoin.Violations) {
	if m.Removes != nil {
		v.Merge("removes", m.Removes.Validate())
	}
	if !v.Limit("filters", len(m.Filters), MaxFilters) {
		return
	}
	for i, f := range m.Filters {
		var one servicecoin.Violations
		one.Merge("", f.Validate())
		if slices.ContainsFunc(m.Filters[:i], func(x Filter) bool { return x.Dimension == f.Dimension && x.Not == f.Not }) {
			one.Add("dimension", "duplicate", f.Dimension, "is filtered in this way already")
		}
		mergeAt(v, "filters", i, &one)
	}
}

// eachOf checks each text of a list, and that none stands there twice.
func eachOf(v *servicecoin.Violations, path string, list []string, check func(v *servicecoin.Violations, text string)) {
	for i, text := range list {
		var one servicecoin.Violations
		check(&one, text)
		if slices.Index(list, text) < i {
			one.Add("", "duplicate", text, "stands there twice")
		}
		mergeAt(v, path, i, &one)
	}
}

// mergeAt takes over the violations of a part of a list. Without any it makes no path.
func mergeAt(v *servicecoin.Violations, path string, i int, one *servicecoin.Violations) {
	if err := one.Err(); err != nil {
		v.Merge(fmt.Sprintf("%s[%d]", path, i), err)
	}
}

// Validate reports every violation of the filter.
func (f Filter) Validate() error {
	var v servicecoin.Violations
	v.ID("dimension", f.Dimension)
	if len(f.Values) == 0 {
		v.Add("values", "required", "", "must name a value")
	}
	if !v.Limit("values", len(f.Values), MaxFilterValues) {
		return v.Err()
	}
	size := 0
	eachOf(&v, "values", f.Values, func(v *servicecoin.Violations, value string) {
		plainText(v, "", value, MaxDimensionBytes)
		size += len(value)
	})
	if size > MaxFilterBytes {
		v.Add("values", "too-large", "", fmt.Sprintf("have %d bytes, %d are allowed", size, MaxFilterBytes))
	}
	return v.Err()
}

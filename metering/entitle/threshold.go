package entitle

import (
	"maps"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// Measure is what a threshold looks at.
type Measure string

// The measures.
const (
	Amount   Measure = "amount"   // what is used, in the meter's unit
	Percent  Measure = "percent"  // what is used, in percent of the limit; of a limit of zero, or below, any use is all of it
	Expected Measure = "forecast" // what is expected by the end of the period, in percent of the limit
)

// Threshold is a figure that somebody wants to hear of, once, when it is reached.
type Threshold struct {
	Name     string          `json:"name"`               // unique
	Measure  Measure         `json:"measure"`            //
	At       decimal.Decimal `json:"at"`                 // it is reached at this figure
	Critical string          `json:"critical,omitempty"` // of this critical limit; "": of the limit of all
	// Rearm is how far the figure has to fall below At until the threshold can be told
	// again in the same period: what moves to and fro at the line is told once. Null:
	// once a period, whatever the figure does.
	Rearm decimal.NullDecimal `json:"rearm"`
}

func (t Threshold) check(v *servicecoin.Violations, path string, counters map[string]bool) {
	v.Text(path+".name", t.Name, 1, servicecoin.MaxIDBytes)
	switch t.Measure {
	case Amount, Percent, Expected:
	default:
		v.Add(path+".measure", "unknown", string(t.Measure), "must be amount, percent or forecast")
	}
	amount(v, path+".at", t.At)
	if t.At.IsZero() {
		v.Add(path+".at", "out-of-range", "", "must be above 0")
	}
	if !counters[t.Critical] {
		v.Add(path+".critical", "unknown", t.Critical, "is none of the critical limits")
	}
	if t.Critical != "" && t.Measure == Expected {
		v.Add(path+".critical", "unsupported", t.Critical, "a forecast is one of all that is used")
	}
	if t.Rearm.Valid {
		amount(v, path+".rearm", t.Rearm.Decimal)
	}
}

// Memory is what was told in a period. It is kept by who tells, and given back the next
// time; the zero Memory has nothing.
type Memory struct {
	Period time.Time `json:"period"` // where it begins
	// Told has when each threshold, and each limit that is passed, was told.
	Told map[string]time.Time `json:"told,omitempty"`
}

// Telling is something that somebody is to hear of.
type Telling struct {
	Feature   FeatureID       `json:"feature"`
	Threshold string          `json:"threshold,omitempty"` // "": a limit is passed
	Critical  string          `json:"critical,omitempty"`  // of which limit; "": of that of all
	Figure    decimal.Decimal `json:"figure"`              // as the threshold measures it; what is used of a limit
	Line      decimal.Decimal `json:"line"`                // what it reached, or passed
	At        time.Time       `json:"at"`
	// Follows is what was declared for a limit that is passed.
	Follows []Consequence `json:"follows,omitempty"`
}

// key is what the telling is remembered by.
func (t Telling) key() string {
	if t.Threshold != "" {
		return "threshold " + t.Threshold
	}
	return "limit " + t.Critical
}

// Review says what is to be told: thresholds that are reached and limits that are
// passed by what was used, and were not told in the period yet. It returns the memory
// with those. Who tells keeps it in the commit in which the tellings are recorded.
func (e Entitlement) Review(f Facts, m Memory) ([]Telling, Memory, error) {
	f.Amount = decimal.Decimal{}
	j, err := e.Judge(f)
	if err != nil || !j.Has || e.Kind != Metered {
		return nil, m, err
	}
	next := Memory{Period: f.Period.Start, Told: map[string]time.Time{}}
	if m.Period.Equal(f.Period.Start) {
		maps.Copy(next.Told, m.Told)
	}
	var told []Telling
	for _, t := range e.Thresholds {
		figure := t.figure(j, f)
		if !figure.Valid {
			continue
		}
		key := (Telling{Threshold: t.Name}).key()
		_, known := next.Told[key]
		reached := figure.Decimal.GreaterThanOrEqual(t.At)
		switch {
		case reached && !known:
			next.Told[key] = f.At
			told = append(told, Telling{Feature: e.Feature, Threshold: t.Name, Critical: t.Critical, Figure: figure.Decimal, Line: t.At, At: f.At})
		case known && t.Rearm.Valid && figure.Decimal.LessThan(t.At.Sub(t.Rearm.Decimal)):
			delete(next.Told, key)
		}
	}
	for _, c := range j.Counters {
		key := (Telling{Critical: c.Name}).key()
		if _, known := next.Told[key]; known || !c.Exceeds {
			continue
		}
		next.Told[key] = f.At
		told = append(told, Telling{Feature: e.Feature, Critical: c.Name, Figure: c.After, Line: c.Limit, At: f.At, Follows: c.Follows})
	}
	return told, next, nil
}

// figure is what the threshold looks at: null where it is not known.
func (t Threshold) figure(j Judgement, f Facts) decimal.NullDecimal {
	for _, c := range j.Counters {
		switch {
		case c.Name != t.Critical:
			continue
		case t.Measure == Expected && f.Forecast == nil:
			return servicecoin.Undefined()
		case t.Measure == Expected && !f.Forecast.Expected.Valid:
			return servicecoin.Undefined()
		case t.Measure == Expected:
			return servicecoin.Some(percent(f.Forecast.Expected.Decimal, c.Limit))
		case !c.Used.Valid:
			return servicecoin.Undefined()
		case t.Measure == Percent:
			return servicecoin.Some(percent(c.Used.Decimal, c.Limit))
		}
		return c.Used
	}
	return servicecoin.Undefined()
}

// percent returns a part of a limit, cut to six places: what is not all of it does not
// become that by rounding.
func percent(part, limit decimal.Decimal) decimal.Decimal {
	const places = 6
	hundred := decimal.NewFromInt(100)
	if !limit.IsPositive() {
		if part.IsPositive() {
			return hundred
		}
		return decimal.Decimal{}
	}
	q, _ := part.Mul(hundred).QuoRem(limit, places)
	return q
}

// Saying tells it to people: the unit is that of the meter.
func (t Telling) Saying(unit string) servicecoin.Saying {
	quantity := func(d decimal.Decimal) servicecoin.Quantity {
		return servicecoin.Quantity{Value: servicecoin.Some(d), Unit: unit}
	}
	where := ""
	if t.Critical != "" {
		where = " in " + t.Critical
	}
	if t.Threshold != "" {
		return servicecoin.Say("%v of %v is reached"+escaped(where)+": %v, told from %v on", t.Threshold, string(t.Feature), metering.Plain(t.Figure), metering.Plain(t.Line))
	}
	return servicecoin.Say("more of %v is used"+escaped(where)+" than the limit allows: %v of %v", string(t.Feature), quantity(t.Figure), quantity(t.Line))
}

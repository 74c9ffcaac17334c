package entitle

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/grant"
)

// MaxUsage is how many quantities [Within] takes at once.
const MaxUsage = grant.MaxUsage

// Inside is what was used inside of critical windows in a period, and whether it is one
// of them now.
type Inside struct {
	Name string              `json:"name"` // as [Critical] names them
	Used decimal.NullDecimal `json:"used"` // null: nothing was recorded
	Open bool                `json:"open"` // whether an instant of the facts lies in one
	// Until is when that changes; zero: not in the period.
	Until time.Time `json:"until,omitzero"`
}

// Within counts what was used inside of windows, in a period that at lies in. The windows
// are those of a calendar, at least for the period, in whatever zone and with whatever
// holidays it has: [hours.Timetable.Set], [recur.WindowTimes.Set] and the sets of
// [hours.CriticalTimes.All] are such.
//
// What was used over a time of which a part lies inside counts by its share of that time,
// rounded half away from zero to nine places, or as many as the quantity has. What was
// used at an instant counts whole.
//
// [hours.Timetable.Set]: https://pkg.go.dev/github.com/servicecoin/servicecoin/calendar/hours#Timetable.Set
// [hours.CriticalTimes.All]: https://pkg.go.dev/github.com/servicecoin/servicecoin/calendar/hours#CriticalTimes.All
// [recur.WindowTimes.Set]: https://pkg.go.dev/github.com/servicecoin/servicecoin/calendar/recur#WindowTimes.Set
func Within(name string, windows calendar.Set, usage []grant.Usage, period calendar.Interval, at time.Time) (Inside, error) {
	var v servicecoin.Violations
	v.Merge("period", period.Validate())
	if !period.Contains(at) {
		v.Add("at", "out-of-range", at.UTC().Format(time.RFC3339Nano), "must lie in the period")
	}
	if v.Limit("usage", len(usage), MaxUsage) {
		for i := range usage {
			if v.Len() >= servicecoin.MaxViolations {
				break
			}
			var one servicecoin.Violations
			one.Merge("during", usage[i].During.Validate())
			if amount(&one, "quantity", usage[i].Quantity); one.Len() > 0 {
				v.Merge(fmt.Sprintf("usage[%d]", i), one.Err())
			}
		}
	}
	if err := v.Err(); err != nil {
		return Inside{}, err
	}
	x, windows := opened(name, windows, period, at)
	for i := range usage {
		u := &usage[i]
		if part, some := share(windows, u); some {
			x.Used = servicecoin.Some(x.Used.Decimal.Add(part))
		}
	}
	return x, nil
}

// share returns how much of a quantity lies inside of windows, and whether any does.
func share(windows calendar.Set, u *grant.Usage) (decimal.Decimal, bool) {
	if u.During.Empty() {
		return u.Quantity, windows.Contains(u.During.Start)
	}
	within := windows.Clip(u.During)
	if within.Empty() {
		return decimal.Decimal{}, false
	}
	if windows.Covers(u.During) {
		return u.Quantity, true
	}
	const places = 9
	part := u.Quantity.Mul(within.Seconds())
	return part.DivRound(u.During.Seconds(), max(places, -u.Quantity.Exponent())), true
}

// opened says whether an instant lies in one of the windows of a period, and until when
// that is so. It returns the windows as well, clipped to the period.
func opened(name string, windows calendar.Set, period calendar.Interval, at time.Time) (Inside, calendar.Set) {
	windows = windows.Clip(period)
	x := Inside{Name: name, Open: windows.Contains(at)}
	for iv := range windows.All() {
		if edge := iv.Start; !x.Open && edge.After(at) {
			x.Until = edge
			break
		}
		if x.Open && iv.Contains(at) {
			if iv.End.Before(period.End) {
				x.Until = iv.End
			}
			break
		}
	}
	return x, windows
}

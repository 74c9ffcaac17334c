package entitle

import (
	"math"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/estimate"
	"github.com/servicecoin/servicecoin/metering"
)

// Forecast is what is expected to be used by the end of a period.
type Forecast struct {
	Expected decimal.NullDecimal `json:"expected"` // null: there is nothing yet to expect it from
	N        int                 `json:"n"`        // of how many whole windows the mean was taken
	// Interval is where the sum of the period will lie, if the windows to come are as
	// those that were: Student's, around the mean. Nil of fewer than two, and of windows
	// that all agree.
	Interval *estimate.Interval `json:"interval,omitempty"`
}

// Foresee expects each window that is still to come to use as much as those that are
// over on average. Points are the windows of the period so far, in order, of equal
// length by the clock of their zone, as [metering.Ledger.Usage] has them for days; one
// without a value used nothing. What was used in the window that at lies in is counted,
// and as much more is expected as is left of it. The level is that of the interval; 0 is
// [estimate.DefaultLevel].
func Foresee(points []metering.Point, period calendar.Interval, at time.Time, level float64) (Forecast, error) {
	var v servicecoin.Violations
	v.Merge("period", period.Validate())
	if !period.Contains(at) {
		v.Add("at", "out-of-range", at.UTC().Format(time.RFC3339Nano), "must lie in the period")
	}
	v.Limit("points", len(points), metering.MaxPoints)
	if level == 0 {
		level = estimate.DefaultLevel
	}
	estimate.Confidence(&v, level)
	if err := v.Err(); err != nil {
		return Forecast{}, err
	}
	var f Forecast
	var used, whole, seconds decimal.Decimal
	var values []decimal.Decimal
	for _, p := range points {
		if !period.Contains(p.Start) {
			continue
		}
		used = used.Add(p.Value.Decimal)
		if p.End.After(at) {
			continue
		}
		values = append(values, p.Value.Decimal)
		whole, seconds = whole.Add(p.Value.Decimal), seconds.Add(p.Seconds())
	}
	if f.N = len(values); f.N == 0 || seconds.IsZero() {
		return f, nil
	}
	// What lies ahead is weighed by its length: a day of 25 hours is a little more.
	ahead := calendar.Between(at, period.End).Seconds()
	const places = 9
	f.Expected = servicecoin.Some(used.Add(whole.Mul(ahead).DivRound(seconds, places)))
	f.Interval = interval(values, used, ahead, seconds, level)
	return f, nil
}

// interval is Student's around the mean, for as many windows as lie ahead.
func interval(values []decimal.Decimal, used, ahead, seconds decimal.Decimal, level float64) *estimate.Interval {
	if len(values) < 2 {
		return nil
	}
	n := float64(len(values))
	var mean, squares float64
	for _, d := range values {
		mean += d.InexactFloat64() / n
	}
	for _, d := range values {
		squares += (d.InexactFloat64() - mean) * (d.InexactFloat64() - mean)
	}
	if squares == 0 {
		return nil
	}
	windows := ahead.InexactFloat64() / seconds.InexactFloat64() * n
	// The windows to come scatter as those that were, beside the mean being unsure.
	spread := estimate.StudentQuantile(len(values)-1, level) * math.Sqrt(squares/(n-1)) * math.Sqrt(windows*windows/n+windows)
	base := used.InexactFloat64()
	return &estimate.Interval{
		Low: math.Max(base, base+mean*windows-spread), High: base + mean*windows + spread, Level: level, Method: estimate.StudentT,
	}
}

// escaped keeps a name from being read as a format.
func escaped(text string) string { return strings.ReplaceAll(text, "%", "%%") }

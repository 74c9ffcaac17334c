package metering_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// A group of which nothing is left, and of which nothing happened, is not told; all
// together it is known that there is nothing.
func TestGroupsOfWhichNothingIsLeft(t *testing.T) {
	t.Parallel()
	m := meter(metering.TimeWeighted)
	events := []metering.Event{
		used(-3*time.Hour, some("5"), "region", "eu"), used(-2*time.Hour, some("-5"), "region", "eu"),
		used(-3*time.Hour, some("4"), "region", "us"),
	}
	events[1].ID = "2"
	got, err := m.Series(each(events...), []calendar.Interval{hours(1)}, "region")
	require.NoError(t, err)
	require.Equal(t, []string{"us 4/0"}, text(got))
	got, err = m.Series(each(events[:2]...), []calendar.Interval{hours(1)})
	require.NoError(t, err)
	require.Equal(t, []string{" 0/0"}, text(got))
	got, err = m.Series(each(), []calendar.Interval{hours(1)})
	require.NoError(t, err)
	require.Equal(t, []string{" -/0"}, text(got), "of what nobody has told nothing is known")
}

// The time still to come has no level, and no length.
func TestNow(t *testing.T) {
	t.Parallel()
	e := used(0, some("8"))
	e.Open = true
	level, length := meter(metering.TimeWeighted), meter(metering.Sum)
	length.Field = metering.Seconds
	windows, err := metering.Hourly.Split(hours(3), nil)
	require.NoError(t, err)
	for _, c := range []struct {
		now    time.Time
		level  string
		length string
	}{
		{time.Time{}, " 8/1 8/1 8/1", " 3600/1 3600/1 3600/1"},
		{origin.Add(90 * time.Minute), " 8/1 4/1 -/0", " 3600/1 1800/1 -/0"},
		{origin, " -/1 -/0 -/0", " -/1 -/0 -/0"},
	} {
		q := metering.Measurement{Windows: windows, Now: c.now}
		got, err := level.Measure(each(e), q)
		require.NoError(t, err)
		require.Equal(t, []string{c.level}, text(got), c.now)
		got, err = length.Measure(each(e), q)
		require.NoError(t, err)
		require.Equal(t, []string{c.length}, text(got), c.now)
	}
	sum, err := meter(metering.Sum).Series(each(e), windows)
	require.NoError(t, err)
	require.Equal(t, []string{" -/1 -/1 -/1"}, text(sum), "what an open interval comes to nobody knows yet")
	_, err = level.Measure(each(e), metering.Measurement{Windows: windows, Now: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
	require.ErrorContains(t, err, "now")
}

func TestLongMetersAreRefused(t *testing.T) {
	t.Parallel()
	m := meter(metering.Sum)
	m.Filters = slices.Repeat([]metering.Filter{{}}, 100_000)
	require.ErrorContains(t, m.Validate(), "filters: has 100000")
	m.Filters = []metering.Filter{{Dimension: "a", Values: slices.Repeat([]string{"x"}, 100_000)}}
	require.ErrorContains(t, m.Validate(), "filters[0].values: has 100000")
	_, err := meter(metering.Sum).Series(each(), slices.Repeat([]calendar.Interval{hours(1)}, 100_000))
	require.ErrorContains(t, err, "windows: has 100000")
	p := sound(metering.Percentile)
	p.Sampled, p.SampledBy = metering.Hourly, metering.Sum
	var years []calendar.Interval
	for i := range 50 {
		years = append(years, calendar.Between(origin.AddDate(i, 0, 0), origin.AddDate(i+1, 0, 0)))
	}
	_, err = p.Series(each(), years)
	require.ErrorContains(t, err, "more than 250000 inner windows")
}

// Network billing: of the values of each hour the one that 95 per cent do not exceed, and
// hours without a value count as nothing.
func ExampleMeter_Measure() {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	meter := metering.Meter{
		ID: "transit", Name: "Transit", Type: "net.sent", Aggregation: metering.Percentile, Unit: "Mbit/s",
		Percent: servicecoin.Some(decimal.NewFromInt(95)), Sampled: metering.Hourly, SampledBy: metering.Max, EmptySamples: metering.EmptyAsZero,
		GroupBy: []string{"port"},
	}
	events := func(yield func(metering.Event, error) bool) {
		for hour := range 48 {
			e := metering.Event{
				Type: "net.sent", Time: start.Add(time.Duration(hour) * time.Hour), Value: servicecoin.Some(decimal.NewFromInt(int64(hour * 10))),
				Dimensions: metering.Dimensions{{Name: "port", Value: []string{"a", "b"}[hour%2]}},
			}
			if !yield(e, nil) {
				return
			}
		}
	}
	series, err := meter.Measure(events, metering.Measurement{
		Windows: []calendar.Interval{calendar.Between(start, start.AddDate(0, 0, 2))}, GroupBy: []string{"port"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range series {
		fmt.Println(strings.Join(s.Group, " "), s.Points[0].Value.Decimal, "of", s.Points[0].Events)
	}
	// Output:
	// a 420 of 24
	// b 430 of 24
}

// Asked for in groups, nothing has none: not one without values. Without groups there is
// always one.
func TestNoGroupsOfNothing(t *testing.T) {
	t.Parallel()
	m := meter(metering.Sum)
	q := metering.Measurement{Meter: m, Windows: []calendar.Interval{hours(1)}}
	for name, measure := range map[string]func(metering.Measurement) (*metering.Measured, error){
		"store": func(q metering.Measurement) (*metering.Measured, error) {
			return metering.NewMemoryStore().Measure(t.Context(), q)
		},
		"scan": func(q metering.Measurement) (*metering.Measured, error) {
			return metering.MeasureScan(t.Context(), metering.NewMemoryStore(), q, nil)
		},
	} {
		for _, customers := range [][]servicecoin.CustomerID{nil, {"acme"}} {
			q := q
			q.Customers = customers
			got, err := measure(q)
			require.NoError(t, err)
			require.Equal(t, []string{" -/0"}, text(got.Series(m, "acme")), name)
			q.GroupBy = []string{"region"}
			got, err = measure(q)
			require.NoError(t, err)
			require.Empty(t, got.Series(m, "acme"), name)
		}
	}
}

package metering_test

import (
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func some(text string) decimal.NullDecimal { return servicecoin.Some(dec(text)) }

func each(events ...metering.Event) iter.Seq2[metering.Event, error] {
	return func(yield func(metering.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

var origin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func used(at time.Duration, value decimal.NullDecimal, dimensions ...string) metering.Event {
	told := map[string]string{}
	for i := 0; i < len(dimensions); i += 2 {
		told[dimensions[i]] = dimensions[i+1]
	}
	return metering.Event{Type: "t", Time: origin.Add(at), Value: value, Dimensions: metering.DimensionsOf(told)}
}

func meter(a metering.Aggregation) metering.Meter {
	m := metering.Meter{ID: "m", Name: "M", Type: "t", Aggregation: a, Unit: "units", GroupBy: []string{"region", "size", metering.Subject}}
	if a == metering.Unique {
		m.Distinct = "user"
	}
	return m
}

func hours(n int) calendar.Interval {
	return calendar.Between(origin, origin.Add(time.Duration(n)*time.Hour))
}

// text is a series in short: "group: value/events value/events".
func text(series []metering.Series) (lines []string) {
	for _, s := range series {
		var b strings.Builder
		b.WriteString(strings.Join(s.Group, ","))
		for _, p := range s.Points {
			value := "-"
			if p.Value.Valid {
				value = metering.Plain(p.Value.Decimal)
			}
			b.WriteString(" " + value + "/" + decimal.NewFromInt(p.Events).String())
		}
		lines = append(lines, b.String())
	}
	return lines
}

func TestAggregations(t *testing.T) {
	t.Parallel()
	null := servicecoin.Undefined()
	events := []metering.Event{
		used(0, some("1.5"), "region", "eu", "user", "1"),
		used(10*time.Minute, some("-0.5"), "region", "us", "user", "1.0"),
		used(20*time.Minute, null, "region", "eu", "user", "1"),
		used(2*time.Hour-time.Microsecond, some("0"), "region", "eu"),
		used(2*time.Hour, some("7"), "user", "x"), // on the border: of the third hour
		used(4*time.Hour, some("9")),              // outside
		{Type: "other", Time: origin, Value: some("100")},
	}
	for a, want := range map[metering.Aggregation][2][]string{
		metering.Count:  {{" 3/3 1/1 1/1 -/0"}, {" -/0 -/0 1/1 -/0", "eu 2/2 1/1 -/0 -/0", "us 1/1 -/0 -/0 -/0"}},
		metering.Sum:    {{" 1/3 0/1 7/1 -/0"}, {" -/0 -/0 7/1 -/0", "eu 1.5/2 0/1 -/0 -/0", "us -0.5/1 -/0 -/0 -/0"}},
		metering.Max:    {{" 1.5/3 0/1 7/1 -/0"}, {" -/0 -/0 7/1 -/0", "eu 1.5/2 0/1 -/0 -/0", "us -0.5/1 -/0 -/0 -/0"}},
		metering.Unique: {{" 2/3 -/1 1/1 -/0"}, {" -/0 -/0 1/1 -/0", "eu 1/2 -/1 -/0 -/0", "us 1/1 -/0 -/0 -/0"}},
	} {
		m := meter(a)
		windows, err := metering.Hourly.Split(hours(4), nil)
		require.NoError(t, err)
		for i, by := range [][]string{nil, {"region"}} {
			got, err := m.Series(each(events...), windows, by...)
			require.NoError(t, err)
			require.Equal(t, want[i], text(got), a)
			turned := slices.Clone(events)
			slices.Reverse(turned)
			again, err := m.Series(each(turned...), windows, by...)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(got, again), "the order of events does not matter")
		}
	}
}

func TestNothingIsUndefined(t *testing.T) {
	t.Parallel()
	for _, a := range []metering.Aggregation{metering.Count, metering.Sum, metering.Max, metering.Unique} {
		m := meter(a)
		windows, err := metering.Hourly.Split(hours(2), nil)
		require.NoError(t, err)
		got, err := m.Series(each(), windows)
		require.NoError(t, err)
		require.Equal(t, []string{" -/0 -/0"}, text(got))
		grouped, err := m.Series(each(), windows, "region")
		require.NoError(t, err)
		require.Empty(t, grouped)
		m.EmptyIsZero = true
		got, err = m.Series(each(used(0, servicecoin.Undefined())), windows)
		if a == metering.Max {
			require.ErrorContains(t, err, "no largest of no values")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, "0/0", strings.Fields(text(got)[0])[1], "the host says that its sources are complete")
	}
}

func TestGroupsByTwo(t *testing.T) {
	t.Parallel()
	e1, e2 := used(0, some("1"), "region", "a", "size", "bc"), used(1, some("2"), "region", "ab", "size", "c")
	e1.Subject, e2.Subject = "vm1", "vm2"
	got, err := meter(metering.Sum).Series(each(e1, e2, e1), []calendar.Interval{hours(1)}, "size", "region", metering.Subject)
	require.NoError(t, err)
	require.Equal(t, []string{"bc,a,vm1 2/2", "c,ab,vm2 2/1"}, text(got))
}

func TestSeriesRefuses(t *testing.T) {
	t.Parallel()
	m := meter(metering.Sum)
	m.ID, m.Aggregation = "", "median"
	_, err := m.Series(each(), []calendar.Interval{hours(2), hours(3)}, "colour")
	for _, want := range []string{"meter.id", "meter.aggregation", "windows[1]", "groupBy[0]"} {
		require.ErrorContains(t, err, want)
	}
	broken := errors.New("broken")
	_, err = meter(metering.Sum).Series(func(yield func(metering.Event, error) bool) { yield(metering.Event{}, broken) }, nil)
	require.ErrorIs(t, err, broken)

	windows := make([]calendar.Interval, metering.MaxWindows)
	for i := range windows {
		windows[i] = calendar.Between(origin.Add(time.Duration(i)*time.Second), origin.Add(time.Duration(i+1)*time.Second))
	}
	var many []metering.Event
	for i := range 30 {
		many = append(many, used(0, some("1"), "region", strings.Repeat("x", i)))
	}
	_, err = meter(metering.Sum).Series(each(many...), windows, "region")
	require.ErrorContains(t, err, "more than 250000 points")
	_, err = metering.Hourly.Split(calendar.Between(origin, origin.AddDate(2, 0, 0)), nil)
	require.ErrorContains(t, err, "more than 10000 windows")
	_, err = metering.Stretch("fortnight").Split(calendar.Interval{End: origin, Start: origin.Add(1)}, nil)
	require.ErrorContains(t, err, "window")
	require.ErrorContains(t, err, "during.end")
}

func TestMeterValidates(t *testing.T) {
	t.Parallel()
	for _, a := range []metering.Aggregation{metering.Count, metering.Sum, metering.Max, metering.Unique} {
		require.NoError(t, meter(a).Validate())
	}
	bad := metering.Meter{Aggregation: metering.Unique, GroupBy: []string{"a", "", "a"}}
	for _, want := range []string{"id:", "name", "type", "unit", "distinct", "groupBy[1]", "groupBy[2]"} {
		require.ErrorContains(t, bad.Validate(), want)
	}
	bad = meter(metering.Count)
	bad.Distinct, bad.GroupBy = "user", make([]string, 33)
	require.ErrorContains(t, bad.Validate(), "distinct")
	require.ErrorContains(t, bad.Validate(), "groupBy")
}

// The windows are the interval: nothing is counted twice, nothing is lost, in
// any zone and any length.
func TestWindowsPartition(t *testing.T) {
	t.Parallel()
	zones := []string{"UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns"}
	rapid.Check(t, func(t *rapid.T) {
		loc, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		require.NoError(t, err)
		start := time.Date(2006, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, 7*365*86400).Draw(t, "start")) * time.Second)
		during := calendar.Between(start, start.Add(time.Duration(rapid.Int64Range(0, 40*86400*1e6).Draw(t, "length"))*time.Microsecond))
		w := rapid.SampledFrom([]metering.Stretch{metering.Whole, metering.Hourly, metering.Daily, metering.Monthly}).Draw(t, "window")
		windows, err := w.Split(during, loc)
		require.NoError(t, err)
		at := during.Start
		for _, window := range windows {
			require.True(t, window.Start.Equal(at), "%v begins late", window)
			require.False(t, window.Empty())
			at = window.End
		}
		require.True(t, at.Equal(during.End))
		var events []metering.Event
		for range rapid.IntRange(0, 20).Draw(t, "events") {
			offset := rapid.Int64Range(-1e6, during.Duration().Microseconds()+1e6).Draw(t, "at")
			events = append(events, metering.Event{Type: "t", Time: during.Start.Add(time.Duration(offset) * time.Microsecond)})
		}
		series, err := meter(metering.Count).Series(each(events...), windows)
		require.NoError(t, err)
		for i, p := range series[0].Points {
			inside := 0
			for _, e := range events {
				if windows[i].Contains(e.Time) {
					inside++
				}
			}
			require.EqualValues(t, inside, p.Events)
		}
	})
}

// number draws decimals that fit into machine words, barely do, and do not.
func number() *rapid.Generator[decimal.Decimal] {
	return rapid.Custom(func(t *rapid.T) decimal.Decimal {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return decimal.New(rapid.Int64Range(-1e6, 1e6).Draw(t, "coefficient"), -int32(rapid.IntRange(0, 6).Draw(t, "places")))
		case 1:
			return decimal.New(rapid.Int64().Draw(t, "coefficient"), int32(rapid.IntRange(-12, 12).Draw(t, "exponent")))
		case 2:
			return dec(rapid.StringMatching(`-?[0-9]{1,30}(\.[0-9]{1,30})?`).Draw(t, "text"))
		default:
			return dec("9223372036854775807").Shift(int32(rapid.IntRange(-12, 3).Draw(t, "shift")))
		}
	})
}

// The sum in machine words is the exact sum, and the largest the largest.
func TestFastIsExact(t *testing.T) {
	t.Parallel()
	fast, slow := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(number(), 1, 60).Draw(t, "numbers")
		var events []metering.Event
		sum, largest := decimal.Zero, numbers[0]
		for _, n := range numbers {
			events = append(events, used(0, servicecoin.Some(n)))
			sum = sum.Add(n)
			if n.GreaterThan(largest) {
				largest = n
			}
			if _, ok := fixed.Of(n); ok {
				fast++
			} else {
				slow++
			}
		}
		for a, want := range map[metering.Aggregation]decimal.Decimal{metering.Sum: sum, metering.Max: largest} {
			got, err := meter(a).Series(each(events...), []calendar.Interval{hours(1)})
			require.NoError(t, err)
			value := got[0].Points[0].Value
			require.True(t, value.Valid && value.Decimal.Equal(want), "%s of %v: want %s, got %s", a, numbers, want, value.Decimal)
		}
	})
	require.Positive(t, fast)
	require.Positive(t, slow)
	t.Logf("%d numbers in machine words, %d as decimals", fast, slow)
}

func TestSumBeyondOneWord(t *testing.T) {
	t.Parallel()
	var events []metering.Event
	want := decimal.Zero
	for range 1000 {
		events = append(events, used(0, some("9223372036")), used(0, some("-1.000000001")), used(0, some("0.0000000001")))
		want = want.Add(dec("9223372036")).Add(dec("-1.000000001")).Add(dec("0.0000000001"))
	}
	got, err := meter(metering.Sum).Series(each(events...), []calendar.Interval{hours(1)})
	require.NoError(t, err)
	require.Equal(t, metering.Plain(want), metering.Plain(got[0].Points[0].Value.Decimal))
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0": "0", "-0.00": "0", "0.50": "0.5", "100": "100", "1e3": "1000", "-1.250": "-1.25", "12e-4": "0.0012", "100.00": "100",
	} {
		require.Equal(t, want, metering.Plain(dec(text)), text)
	}
}

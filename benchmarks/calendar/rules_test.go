package calendar_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/teambition/rrule-go"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/calendar/rota"
)

const ruleZone = "America/New_York"

// recurring is one rule in both.
type recurring struct {
	name   string
	ours   *recur.Recurrence
	theirs *rrule.RRule
}

func newRecurring(t testing.TB, name, rule string) recurring {
	t.Helper()
	text := "DTSTART;TZID=" + ruleZone + ":20160104T090000\nRRULE:" + rule
	parsed, err := recur.Parse(text)
	require.NoError(t, err)
	ours, err := parsed.Compile()
	require.NoError(t, err)
	theirs, err := rrule.StrToRRule(text)
	require.NoError(t, err)
	return recurring{name, ours, theirs}
}

func recurringOnes(t testing.TB) []recurring {
	t.Helper()
	return []recurring{
		newRecurring(t, "daily", "FREQ=DAILY"),
		newRecurring(t, "weekly MO,WE,FR", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
		newRecurring(t, "second Tuesday", "FREQ=MONTHLY;BYDAY=2TU"),
	}
}

// instants of a year, 10 years after the start.
func instants() func() time.Time {
	list, next := make([]time.Time, 1024), 0
	for i := range list {
		list[i] = time.Date(2026, time.January, 4, 12, 0, 0, 0, time.UTC).Add(time.Duration(i*7919%len(list)) * 8 * time.Hour)
	}
	return func() time.Time { next++; return list[next%len(list)] }
}

func ruleRows(t testing.TB) []row {
	t.Helper()
	at := instants()
	var rows []row
	for _, r := range recurringOnes(t) {
		rows = append(rows, row{"next recurrence, 10 years on: " + r.name, func() { r.ours.Next(at()) }, func() { r.theirs.After(at(), false) }})
	}
	daily := recurringOnes(t)[0]
	from := time.Date(2016, time.January, 4, 0, 0, 0, 0, time.UTC)
	rows = append(rows, row{
		"all daily recurrences of 10 years, as a slice",
		func() { _ = slices.Collect(daily.ours.Between(from, from.AddDate(10, 0, 0))) },
		func() { daily.theirs.Between(from, from.AddDate(10, 0, 0), true) },
	}, row{
		"the same, one after the other",
		func() {
			for t := range daily.ours.Between(from, from.AddDate(10, 0, 0)) {
				_ = t
			}
		},
		func() {
			for t, next := from, daily.theirs.Iterator(); t.Before(from.AddDate(10, 0, 0)); t, _ = next() {
				_ = t
			}
		},
	})
	rotation, err := rota.Parse("hourly from 2006-01-04 09:00 America/Chicago: a, b, c")
	require.NoError(t, err)
	turns, err := rotation.Compile()
	require.NoError(t, err)
	year := calendar.Between(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC))
	list := manyWindows(t)
	windows, err := recur.CompileWindows(year, list...)
	require.NoError(t, err)
	return append(rows,
		row{"who is on call, hourly rotation, 20 years on", func() { turns.Who(at()) }, nil},
		row{"inside any of 10,000 recurring windows", func() { _, _ = windows.Any(at()) }, nil},
		row{"inside which of them", func() { _, _ = windows.At(at()) }, nil},
		row{"which of them overlap a day", func() { t := at(); _, _ = windows.Overlapping(calendar.Between(t, t.Add(24*time.Hour))) }, nil},
		row{"compile them for a year", func() { _, _ = recur.CompileWindows(year, list...) }, nil},
	)
}

// manyWindows are of many kinds, in several zones; a third is open at any time.
func manyWindows(t testing.TB) []recur.Window {
	t.Helper()
	zones := []string{"Europe/Berlin", "America/Chicago", "Asia/Tokyo", "Australia/Lord_Howe", "UTC"}
	repeats := []string{"FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=DAILY;INTERVAL=2", "FREQ=WEEKLY;BYDAY=SA"}
	lengths := []string{"PT8H", "P1D", "PT4H", "P2D", "PT36H"}
	out := make([]recur.Window, 10_000)
	for i := range out {
		w, err := recur.ParseWindow(fmt.Sprintf("DTSTART;TZID=%s:202001%02dT%02d%02d00\nRRULE:%s\nDURATION:%s",
			zones[i%5], 1+i%28, i%24, i%60, repeats[i/5%5], lengths[i/3%5]))
		require.NoError(t, err)
		out[i] = w
	}
	return out
}

// TestSameRecurrences holds both to the same work. They differ at 02:30 on the
// day on which the clock jumps over it; nothing here is at night.
func TestSameRecurrences(t *testing.T) {
	t.Parallel()
	for _, r := range recurringOnes(t) {
		at := time.Date(2016, time.January, 1, 0, 0, 30, 0, time.UTC)
		for range 1000 {
			at = at.Add(97*time.Hour + 11*time.Minute)
			next, ok := r.ours.Next(at)
			require.True(t, ok)
			require.True(t, next.Equal(r.theirs.After(at, false)), "%s after %s", r.name, at)
		}
	}
}

// BenchmarkRulesTable prints the table of docs/benchmarks.md: medians.
func BenchmarkRulesTable(b *testing.B) {
	table(b, "rrule-go v1.8.2", ruleRows(b))
}

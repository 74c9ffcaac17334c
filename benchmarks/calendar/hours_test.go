// Package calendar_test measures the calendar beside light peers, in one run,
// round by round, so that a busy machine disturbs both alike:
//
//	go test -run '^$' -bench Table -benchtime 1x ./calendar
package calendar_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/de"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
)

var (
	hourRounds = flag.Int("hourrounds", 9, "rounds of each row")
	hourSlice  = flag.Duration("hourslice", 50*time.Millisecond, "length of one measurement")
)

const (
	firstYear = 2015
	lastYear  = 2036
)

// work is the same calendar in both: nine to five in Berlin, without the
// holidays of Germany.
type work struct {
	loc    *time.Location
	hours  hours.Hours
	ours   *hours.Timetable
	theirs *cal.BusinessCalendar
}

func newWork(t testing.TB) work {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	w := work{loc: loc, theirs: cal.NewBusinessCalendar()}
	w.theirs.AddHoliday(de.Holidays...)
	w.hours, err = hours.Parse("Mo-Fr 09:00-17:00; PH off")
	require.NoError(t, err)
	w.hours.Zone = loc.String()
	for day := time.Date(firstYear, 1, 1, 12, 0, 0, 0, loc); day.Year() <= lastYear; day = day.AddDate(0, 0, 1) {
		if actual, _, h := w.theirs.IsHoliday(day); actual {
			w.hours.Holidays = append(w.hours.Holidays, hours.Holiday{Name: h.Name, Dates: hours.On(calendar.DateOf(day, loc))})
		}
	}
	require.Greater(t, len(w.hours.Holidays), 9*(lastYear-firstYear))
	w.ours, err = w.hours.CompileYears(firstYear, lastYear, nil)
	require.NoError(t, err)
	return w
}

// row is one workload for both.
type row struct {
	name         string
	ours, theirs func()
}

func (w work) rows(t testing.TB) []row {
	t.Helper()
	const day = 24 * time.Hour
	starts, next := make([]time.Time, 1024), 0 // of a year, so that nothing stays in the nearest cache
	for i := range starts {
		starts[i] = time.Date(2016, 1, 4, 0, 0, 0, 0, w.loc).Add(time.Duration(i*7919%len(starts)) * 8 * time.Hour)
	}
	start := func() time.Time { next++; return starts[next%len(starts)] }
	deadline := func(d time.Duration) row {
		return row{
			fmt.Sprintf("deadline after %.0f h of work", d.Hours()),
			func() { _, _ = w.ours.Deadline(start(), d) }, func() { w.theirs.AddWorkHours(start(), d) },
		}
	}
	elapsed := func(name string, d time.Duration) row {
		return row{
			"working time within " + name,
			func() { from := start(); _, _ = w.ours.Elapsed(from, from.Add(d)) },
			func() { from := start(); w.theirs.WorkHoursInRange(from, from.Add(d)) },
		}
	}
	return []row{
		{"is it open", func() { _, _ = w.ours.Open(start()) }, func() { w.theirs.IsWorkTime(start()) }},
		deadline(time.Hour), deadline(100 * time.Hour), deadline(10_000 * time.Hour),
		elapsed("a week", 7*day), elapsed("a year", 365*day), elapsed("20 years", 20*365*day),
		{"compile 10 years", func() { _, _ = w.hours.CompileYears(2020, 2029, nil) }, nil},
	}
}

// TestSameAnswers holds both to the same work.
func TestSameAnswers(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	at := time.Date(2016, 1, 1, 0, 0, 30, 0, w.loc)
	for range 2000 {
		at = at.Add(4*time.Hour + 11*time.Minute)
		open, err := w.ours.Open(at)
		require.NoError(t, err)
		require.Equal(t, w.theirs.IsWorkTime(at), open, at)
		for _, d := range []time.Duration{time.Minute, 13 * time.Hour, 999 * time.Hour} {
			due, err := w.ours.Deadline(at, d)
			require.NoError(t, err)
			require.True(t, due.Equal(w.theirs.AddWorkHours(at, d)), "%s and %s: %s, %s", at, d, due, w.theirs.AddWorkHours(at, d))
		}
		end := at.Add(300 * time.Hour)
		elapsed, err := w.ours.Elapsed(at, end)
		require.NoError(t, err)
		require.Equal(t, w.theirs.WorkHoursInRange(at, end), elapsed)
	}
}

// BenchmarkHoursTable prints the table of docs/benchmarks.md: medians.
func BenchmarkHoursTable(b *testing.B) {
	table(b, "rickar/cal v2.1.13", newWork(b).rows(b))
}

// table measures the rows, and prints them.
func table(b *testing.B, peer string, rows []row) {
	b.Helper()
	fmt.Printf("| workload | ours | allocations | %s | times |\n", peer)
	fmt.Println("|---|---|---|---|---|")
	for _, r := range rows {
		var mine, theirs, ratios []float64
		for range *hourRounds {
			mine = append(mine, nanoseconds(r.ours))
			if r.theirs != nil {
				theirs = append(theirs, nanoseconds(r.theirs))
				ratios = append(ratios, theirs[len(theirs)-1]/mine[len(mine)-1])
			}
		}
		allocations := testing.AllocsPerRun(10, r.ours)
		if r.theirs == nil {
			fmt.Printf("| %s | %s | %.0f | none | |\n", r.name, human(mine), allocations)
			continue
		}
		fmt.Printf("| %s | %s | %.0f | %s | %.0f |\n", r.name, human(mine), allocations, human(theirs), middle(ratios))
	}
	b.ReportMetric(0, "ns/op") // the table is the result
}

// nanoseconds returns how long a call takes, over about hourSlice.
func nanoseconds(call func()) float64 {
	for n := 1; ; n *= 2 {
		began := time.Now()
		for range n {
			call()
		}
		if took := time.Since(began); took >= *hourSlice/2 {
			return float64(took.Nanoseconds()) / float64(n)
		}
	}
}

func middle(list []float64) float64 { return slices.Sorted(slices.Values(list))[len(list)/2] }

func human(list []float64) string {
	ns := middle(list)
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%.0f ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.1f µs", ns/1e3)
	}
	return fmt.Sprintf("%.2f ms", ns/1e6)
}

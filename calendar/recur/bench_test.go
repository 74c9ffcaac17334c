package recur_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

func compiledRule(t testing.TB, text string) *recur.Recurrence {
	t.Helper()
	rule, err := recur.Parse(text)
	require.NoError(t, err, text)
	c, err := rule.Compile()
	require.NoError(t, err, text)
	return c
}

func BenchmarkRuleNext(b *testing.B) {
	for _, c := range []struct{ name, rule string }{
		{"daily", "FREQ=DAILY"},
		{"MO,WE,FR", "FREQ=WEEKLY;BYDAY=MO,WE,FR"},
		{"2TU", "FREQ=MONTHLY;BYDAY=2TU"},
		{"yearly week 20", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO"},
		{"every 15 minutes", "FREQ=MINUTELY;INTERVAL=15"},
		{"last working day", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"},
		{"29 February", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"},
	} {
		r := compiledRule(b, "DTSTART;TZID=America/New_York:20160104T090000\nRRULE:"+c.rule)
		at := time.Date(2026, time.January, 4, 12, 0, 0, 0, time.UTC)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Next(at)
			}
		})
		b.Run(c.name+" previous", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Previous(at)
			}
		})
	}
}

func BenchmarkRuleTenYears(b *testing.B) {
	r := compiledRule(b, "DTSTART;TZID=America/New_York:20160104T090000\nRRULE:FREQ=DAILY")
	from := time.Date(2016, time.January, 1, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(10, 0, 0)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for range r.Between(from, to) {
			n++
		}
		if n < 3650 {
			b.Fatal(n)
		}
	}
}

func BenchmarkRuleCompile(b *testing.B) {
	for _, c := range []struct{ name, rule string }{
		{"weekly", "FREQ=WEEKLY;BYDAY=MO,WE,FR"},
		{"count", "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=1000"},
		{"count with interval", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR;COUNT=1000"},
		{"never", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
		{"never in secondly", "FREQ=SECONDLY;INTERVAL=604800;BYDAY=TU"},
		{"never in weekly", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR;BYSETPOS=4"},
	} {
		rule, err := recur.Parse("DTSTART;TZID=America/New_York:20160104T090000\nRRULE:" + c.rule)
		require.NoError(b, err)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := rule.Compile(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// manyWindows are of many kinds, in several zones, and a third of them is open
// at any time.
func manyWindows(t testing.TB, n int) []recur.Window {
	t.Helper()
	zones := []string{"Europe/Berlin", "America/Chicago", "Asia/Tokyo", "Australia/Lord_Howe", "UTC"}
	repeats := []string{"FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=DAILY;INTERVAL=2", "FREQ=WEEKLY;BYDAY=SA"}
	lengths := []string{"PT8H", "P1D", "PT4H", "P2D", "PT36H"}
	out := make([]recur.Window, n)
	for i := range out {
		text := fmt.Sprintf("DTSTART;TZID=%s:202001%02dT%02d%02d00\nRRULE:%s\nDURATION:%s",
			zones[i%5], 1+i%28, i%24, i%60, repeats[i/5%5], lengths[i/3%5])
		w, err := recur.ParseWindow(text)
		require.NoError(t, err, text)
		out[i] = w
	}
	return out
}

func BenchmarkWindows10k(b *testing.B) {
	year := caltest.Between(b, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
	list := manyWindows(b, 10_000)
	windows, err := recur.CompileWindows(year, list...)
	require.NoError(b, err)
	at := time.Date(2026, time.July, 4, 12, 30, 0, 0, time.UTC)
	open, err := windows.At(at)
	require.NoError(b, err)
	b.Logf("%d of %d are open", len(open), windows.Len())
	b.Run("any", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			windows.Any(at)
		}
	})
	b.Run("which", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			windows.At(at)
		}
	})
	b.Run("overlapping a day", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			windows.Overlapping(calendar.Between(at, at.AddDate(0, 0, 1)))
		}
	})
	b.Run("one by one", func(b *testing.B) {
		times := make([]*recur.WindowTimes, len(list))
		for i, w := range list {
			times[i], err = w.Compile()
			require.NoError(b, err)
		}
		b.ReportAllocs()
		for b.Loop() {
			for _, w := range times {
				w.Contains(at)
			}
		}
	})
	b.Run("compile", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := recur.CompileWindows(year, list...); err != nil {
				b.Fatal(err)
			}
		}
	})
}

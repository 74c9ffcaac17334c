package hours_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
)

// twentyYears has two spans a day, 15 holidays a year and a zone that changes
// its clock.
func twentyYears(t testing.TB) hours.Hours {
	t.Helper()
	morning := calendar.ClockSpan{Open: calendar.ClockAt(9, 0), Close: calendar.ClockAt(12, 30)}
	afternoon := calendar.ClockSpan{Open: calendar.ClockAt(13, 30), Close: calendar.ClockAt(18, 0)}
	h := hours.Hours{Zone: "Europe/Berlin", Weekly: hours.Workdays(morning, afternoon)}
	for i := range 15 {
		h.Holidays = append(h.Holidays, hours.Holiday{Name: "holiday", Dates: hours.Yearly(time.January, 1+2*i)})
	}
	return h
}

func compiled(t testing.TB) *hours.Timetable {
	t.Helper()
	tt, err := twentyYears(t).CompileYears(2020, 2040, nil)
	require.NoError(t, err)
	return tt
}

// questions are what a host asks in its loops; none allocates.
func questions(t testing.TB) map[string]func() error {
	tt := compiled(t)
	noon := time.Date(2023, time.June, 14, 12, 0, 0, 0, time.UTC)
	later := time.Date(2024, time.June, 14, 12, 0, 0, 0, time.UTC)
	first, last := time.Date(2020, time.January, 2, 12, 0, 0, 0, time.UTC), time.Date(2040, time.December, 30, 12, 0, 0, 0, time.UTC)
	week := calendar.Between(noon, noon.AddDate(0, 0, 7))
	day := calendar.Date{Year: 2023, Month: time.June, Day: 14}
	return map[string]func() error{
		"Open":            func() error { _, err := tt.Open(noon); return err },
		"NextOpen":        func() error { _, err := tt.NextOpen(noon); return err },
		"NextClose":       func() error { _, err := tt.NextClose(noon); return err },
		"OpenAtOrAfter":   func() error { _, err := tt.OpenAtOrAfter(noon); return err },
		"OpenAtOrBefore":  func() error { _, err := tt.OpenAtOrBefore(noon); return err },
		"Deadline1h":      func() error { _, err := tt.Deadline(noon, time.Hour); return err },
		"Deadline10000h":  func() error { _, err := tt.Deadline(noon, 10_000*time.Hour); return err },
		"LatestStart":     func() error { _, err := tt.LatestStart(last, 10_000*time.Hour); return err },
		"ElapsedYear":     func() error { _, err := tt.Elapsed(noon, later); return err },
		"Elapsed20Years":  func() error { _, err := tt.Elapsed(first, last); return err },
		"OpeningsOfAWeek": func() error { return count(tt, week) },
		"Backward":        func() error { return countBackward(tt, week) },
		"Holiday":         func() error { _, _, err := tt.Holiday(noon); return err },
		"Break":           func() error { _, _, err := tt.Break(noon); return err },
		"AddDays":         func() error { _, err := tt.AddDays(day, 200); return err },
		"DaysBetween":     func() error { _, err := tt.DaysBetween(day, day.AddDays(1000)); return err },
		"DaysAfter":       func() error { _, err := tt.DaysAfter(noon, 200); return err },
		"EndOfDay":        func() error { _, err := tt.EndOfDay(noon, 200); return err },
	}
}

func count(tt *hours.Timetable, within calendar.Interval) error {
	for _, err := range tt.Openings(within) {
		if err != nil {
			return err
		}
	}
	return nil
}

func countBackward(tt *hours.Timetable, within calendar.Interval) error {
	for _, err := range tt.OpeningsBackward(within) {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestQuestionsDoNotAllocate(t *testing.T) {
	for name, ask := range questions(t) {
		require.NoError(t, ask(), name)
		assert.Zero(t, testing.AllocsPerRun(100, func() { _ = ask() }), name)
	}
}

func BenchmarkTimetable(b *testing.B) {
	for name, ask := range questions(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompile10Years(b *testing.B) {
	h := twentyYears(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.CompileYears(2020, 2029, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// Ten thousand special days of every year, for all years.
func BenchmarkCompileSpecialDays(b *testing.B) {
	h := hours.Hours{Weekly: hours.Workdays(calendar.AllDay())}
	for i := range hours.MaxDays {
		h.Special = append(h.Special, hours.SpecialDay{Dates: hours.Yearly(time.Month(1+i%12), 1+i%28)})
	}
	b.ReportAllocs()
	for b.Loop() {
		_, err := h.CompileYears(1900, 2149, nil)
		require.NoError(b, err)
	}
}

// Package caltest is what the tests of calendar and of the packages below it
// share: instants and intervals as they are written, the codes of an error, and
// the cases of testdata/vectors.
package caltest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the same zones on every machine

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// At reads an instant.
func At(t testing.TB, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339Nano, text)
	must(t, err)
	return parsed
}

// Between reads an interval.
func Between(t testing.TB, start, end string) calendar.Interval {
	t.Helper()
	return calendar.Between(At(t, start), At(t, end))
}

// Location loads a zone.
func Location(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	must(t, err)
	return loc
}

// Date reads a date.
func Date(t testing.TB, text string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(text)
	must(t, err)
	return d
}

// Weekdays reads the names of days of the week.
func Weekdays(t testing.TB, names ...string) calendar.Weekdays {
	t.Helper()
	w, err := calendar.ParseWeekdays(strings.Join(names, ","))
	must(t, err)
	return w
}

// Mask reads seven numbers from Sunday on, of which 1 is a day of the set.
func Mask(list []int) calendar.Weekdays {
	var w calendar.Weekdays
	for day, on := range list {
		if on == 1 {
			w |= calendar.WeekdaysOf(time.Weekday(day))
		}
	}
	return w
}

// Codes returns "path:code" of every violation.
func Codes(t testing.TB, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	if !ok || !errors.Is(err, servicecoin.ErrInvalid) {
		t.Fatalf("must be invalid: %v", err)
	}
	var out []string
	for _, v := range invalid.Violations {
		out = append(out, v.Path+":"+v.Code)
	}
	return out
}

// Jumps lists the jumps of a zone.
func Jumps(iv calendar.Interval, loc *time.Location) []calendar.Jump {
	return slices.Collect(calendar.Jumps(iv, loc))
}

// Transitions finds the changes of offset without ZoneBounds: it halves each
// hour in which the offset changes.
func Transitions(loc *time.Location, within calendar.Interval) []time.Time {
	offset := func(t time.Time) int { _, o := t.In(loc).Zone(); return o }
	var out []time.Time
	for t := within.Start; t.Before(within.End); t = t.Add(24 * time.Hour) {
		lo, hi := t, t.Add(24*time.Hour)
		if offset(lo) == offset(hi) {
			continue
		}
		for hi.Sub(lo) > time.Second {
			if mid := lo.Add(hi.Sub(lo) / 2).Truncate(time.Second); offset(mid) == offset(lo) {
				lo = mid
			} else {
				hi = mid
			}
		}
		out = append(out, hi)
	}
	return out
}

// Wall is a local time that pretends to be in UTC.
func Wall(l calendar.LocalTime) time.Time {
	return time.Date(l.Date.Year, l.Date.Month, l.Date.Day, 0, 0, int(l.Clock), 0, time.UTC)
}

// LocalOf returns what was made a [Wall].
func LocalOf(t time.Time) calendar.LocalTime { return calendar.LocalTimeOf(t, time.UTC) }

// InUTC returns instants in UTC.
func InUTC(list []time.Time) []time.Time {
	out := []time.Time{}
	for _, t := range list {
		out = append(out, t.UTC())
	}
	return out
}

package hours_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

func itoa(n int) string { return strconv.Itoa(n) }

func emptyIsNil() cmp.Option { return cmpopts.EquateEmpty() }

// hoursIn reads hours in their text form, for a zone.
func hoursIn(t testing.TB, zone, text string) hours.Hours {
	t.Helper()
	h := parsed(t, text)
	h.Zone = zone
	return h
}

func years(t testing.TB, h hours.Hours, first, last int) *hours.Timetable {
	t.Helper()
	tt, err := h.CompileYears(first, last, nil)
	require.NoError(t, err)
	return tt
}

// openings lists what is open on some days, by the clock of the zone.
func openings(t testing.TB, tt *hours.Timetable, first, last string) []string {
	t.Helper()
	var out []string
	within := calendar.Between(caltest.Date(t, first).In(tt.Location()).Start, caltest.Date(t, last).In(tt.Location()).End)
	for iv, err := range tt.Openings(within) {
		require.NoError(t, err)
		out = append(out, iv.Start.In(tt.Location()).Format("02 15:04:05")+" "+iv.Duration().String())
	}
	return out
}

func TestOrderOfHours(t *testing.T) {
	t.Parallel()
	// 2026-12-24 is a Thursday. Nights from Wednesday to Saturday.
	const text = "We-Sa 22:00-06:00; "
	for _, c := range []struct {
		why, text string
		holidays  []string
		want      []string // from the 23rd to the 26th
	}{
		{"a night belongs to the day on which it began", text + "2026 Dec 20 off", nil, []string{"23 22:00:00 8h0m0s", "24 22:00:00 8h0m0s", "25 22:00:00 8h0m0s", "26 22:00:00 2h0m0s"}},
		{"a special day has its own hours, and keeps the night that began before", text + "2026 Dec 24 09:00-12:00", nil, []string{"23 22:00:00 8h0m0s", "24 09:00:00 3h0m0s", "25 22:00:00 8h0m0s", "26 22:00:00 2h0m0s"}},
		{"the last special day wins", text + "2026 Dec 24 09:00-12:00; Dec 24 off", nil, []string{"23 22:00:00 8h0m0s", "25 22:00:00 8h0m0s", "26 22:00:00 2h0m0s"}},
		{"a holiday is closed from midnight to midnight", text + "2026 Dec 20 off", []string{"2026-12-24"}, []string{"23 22:00:00 2h0m0s", "25 22:00:00 8h0m0s", "26 22:00:00 2h0m0s"}},
		{"a holiday wins over a special day", text + "2026 Dec 24 09:00-12:00", []string{"2026-12-24"}, []string{"23 22:00:00 2h0m0s", "25 22:00:00 8h0m0s", "26 22:00:00 2h0m0s"}},
		{"unless that holds even on holidays", text + "PH off; 2026 Dec 24 09:00-12:00", []string{"2026-12-24"}, []string{"23 22:00:00 2h0m0s", "24 09:00:00 3h0m0s", "25 22:00:00 8h0m0s", "26 22:00:00 2h0m0s"}},
		{"which wins over any other special day", text + "Dec 24 10:00-11:00; PH off; 2026 Dec 24 09:00-12:00", nil, []string{"23 22:00:00 8h0m0s", "24 09:00:00 3h0m0s", "25 22:00:00 8h0m0s", "26 22:00:00 2h0m0s"}},
		{"hours on holidays run into the next holiday", text + "PH 20:00-02:00", []string{"2026-12-24/2026-12-25"}, []string{"23 22:00:00 2h0m0s", "24 20:00:00 6h0m0s", "25 20:00:00 6h0m0s", "26 22:00:00 2h0m0s"}},
		{"breaks are cut out of all of it", text + "PH 20:00-02:00; 2026 Dec 25 00:00-01:00 off; Dec 23 23:00-23:30 off", []string{"2026-12-24"}, []string{"23 22:00:00 1h0m0s", "23 23:30:00 30m0s", "24 20:00:00 4h0m0s", "25 01:00:00 1h0m0s", "25 22:00:00 8h0m0s", "26 22:00:00 2h0m0s"}},
		{"a holiday of every year", text + "2026 Dec 20 off", []string{"12-24/12-25"}, []string{"23 22:00:00 2h0m0s", "26 22:00:00 2h0m0s"}},
	} {
		h := hoursIn(t, "Europe/Berlin", c.text)
		for _, d := range c.holidays {
			h.Holidays = append(h.Holidays, hours.Holiday{Dates: dates(t, d)})
		}
		assert.Equal(t, c.want, openings(t, years(t, h, 2026, 2026), "2026-12-23", "2026-12-26"), c.why)
	}
}

func TestHoursWhereTheClockIsChanged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, zone, text, first, last string
		want                         []string
	}{
		{"spring", "Europe/Berlin", "24/7", "2023-03-26", "2023-03-26", []string{"26 00:00:00 23h0m0s"}},
		{"autumn", "Europe/Berlin", "24/7", "2023-10-29", "2023-10-29", []string{"29 00:00:00 25h0m0s"}},
		{"02:30 becomes 03:30", "Europe/Berlin", "Su 02:30-05:00", "2023-03-26", "2023-03-26", []string{"26 03:30:00 1h30m0s"}},
		{"a span inside of the gap moves on whole", "Europe/Berlin", "Su 02:15-02:45", "2023-03-26", "2023-03-26", []string{"26 03:15:00 30m0s"}},
		{"nothing is left of one that ends before it begins", "Europe/Berlin", "Su 02:30-03:15", "2023-03-26", "2023-03-26", nil},
		{"the first of two", "Europe/Berlin", "Su 02:30-05:00", "2023-10-29", "2023-10-29", []string{"29 02:30:00 3h30m0s"}},
		{"a span inside of the hour that is repeated", "Europe/Berlin", "Su 02:15-02:45", "2023-10-29", "2023-10-29", []string{"29 02:15:00 30m0s"}},
		{"half an hour, with seconds", "Australia/Lord_Howe", "Su 02:15:30-04:00", "2023-10-01", "2023-10-01", []string{"01 02:45:30 1h14m30s"}},
		{"half an hour back", "Australia/Lord_Howe", "Su 01:15-02:15", "2023-04-02", "2023-04-02", []string{"02 01:15:00 1h30m0s"}},
		{"midnight is jumped over", "America/Sao_Paulo", "Sa 22:00-24:00; Su 00:00-02:00", "2018-11-03", "2018-11-04", []string{"03 22:00:00 3h0m0s"}},
		{"midnight comes twice", "America/Sao_Paulo", "Sa 22:00-24:00", "2018-02-17", "2018-02-18", []string{"17 22:00:00 3h0m0s"}},
		{"a holiday where midnight is jumped over", "Africa/Cairo", "Th 22:00-04:00", "2023-04-27", "2023-04-28", []string{"27 22:00:00 5h0m0s"}},
		{"a date that the zone left out", "Pacific/Apia", "Th-Sa 09:00-17:00", "2011-12-29", "2011-12-31", []string{"29 09:00:00 8h0m0s", "31 09:00:00 8h0m0s"}},
		{"a night over a date that was left out", "Pacific/Apia", "Th 22:00-06:00", "2011-12-29", "2011-12-31", []string{"29 22:00:00 8h0m0s"}},
		{"an offset with seconds", "Africa/Monrovia", "Mo-Su 00:10-02:00", "1972-01-06", "1972-01-07", []string{"06 00:10:00 1h50m0s", "07 00:54:30 1h5m30s"}},
	} {
		tt := years(t, hoursIn(t, c.zone, c.text), caltest.Date(t, c.first).Year, caltest.Date(t, c.last).Year)
		assert.Equal(t, c.want, openings(t, tt, c.first, c.last), "%s: %s in %s", c.why, c.text, c.zone)
	}
}

// A day begins where Date.In says, around every jump of zones with odd ones.
func TestTimetableDaysAreTheDays(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo", "America/St_Johns", "America/Toronto", "Asia/Manila", "Pacific/Kwajalein"} {
		loc := caltest.Location(t, name)
		h := hoursIn(t, name, "24/7")
		seen := map[calendar.Date]bool{}
		for _, jump := range caltest.Transitions(loc, caltest.Between(t, "1905-01-01T00:00:00Z", "2040-01-01T00:00:00Z")) {
			for i := -2; i <= 2; i++ {
				if d := calendar.DateOf(jump, loc).AddDays(i); !seen[d] {
					seen[d] = true
					h.Holidays = append(h.Holidays, hours.Holiday{Name: d.String(), Dates: hours.On(d)})
				}
			}
		}
		tt := years(t, h, 1904, 2040)
		for d := range seen {
			if day := d.In(loc); !day.Empty() {
				for _, at := range []time.Time{day.Start, day.End.Add(-1)} {
					got, _, err := tt.Holiday(at)
					require.NoError(t, err)
					require.Equal(t, d.String(), got, "%s in %s", at, name)
				}
			}
		}
		require.Greater(t, len(seen), 15)
	}
}

func TestDateAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, date, clock, want string }{
		{"Europe/Berlin", "2023-03-26", "02:30", "2023-03-26T03:30:00+02:00"},
		{"Europe/Berlin", "2023-10-29", "02:30", "2023-10-29T02:30:00+02:00"},
		{"Europe/Berlin", "2023-10-29", "24:00", "2023-10-30T00:00:00+01:00"},
		{"Australia/Lord_Howe", "2023-10-01", "02:10:20", "2023-10-01T02:40:20+11:00"},
		{"Pacific/Apia", "2011-12-30", "10:00", "2011-12-31T10:00:00+14:00"},
		{"America/Toronto", "1919-03-30", "23:45", "1919-03-31T00:45:00-04:00"},
		{"UTC", "0001-01-01", "00:00:01", "0001-01-01T00:00:01Z"},
		{"UTC", "9999-12-31", "23:59:59", "9999-12-31T23:59:59Z"},
	} {
		clock, err := calendar.ParseClock(c.clock)
		require.NoError(t, err)
		got := caltest.Date(t, c.date).At(clock, caltest.Location(t, c.zone))
		assert.Equal(t, c.want, got.In(caltest.Location(t, c.zone)).Format(time.RFC3339), c)
		assert.Equal(t, time.UTC, got.Location())
	}
	assert.Equal(t, calendar.ClockAt(23, 59)+59, calendar.ClockOf(caltest.At(t, "2023-06-01T21:59:59.9Z"), caltest.Location(t, "Europe/Berlin")))
}

func TestOutsideOfTheSpan(t *testing.T) {
	t.Parallel()
	within := caltest.Between(t, "2026-03-02T12:00:00Z", "2026-03-06T12:00:00Z") // Monday to Friday
	tt, err := parsed(t, "Mo-Fr 09:00-17:00").Compile(within, nil)
	require.NoError(t, err)
	assert.Equal(t, within, tt.Span())
	for name, ask := range map[string]func(t time.Time) error{
		"Open":           func(t time.Time) error { _, err := tt.Open(t); return err },
		"NextOpen":       func(t time.Time) error { _, err := tt.NextOpen(t); return err },
		"NextClose":      func(t time.Time) error { _, err := tt.NextClose(t); return err },
		"OpenAtOrAfter":  func(t time.Time) error { _, err := tt.OpenAtOrAfter(t); return err },
		"OpenAtOrBefore": func(t time.Time) error { _, err := tt.OpenAtOrBefore(t); return err },
		"Deadline":       func(t time.Time) error { _, err := tt.Deadline(t, 0); return err },
		"LatestStart":    func(t time.Time) error { _, err := tt.LatestStart(t, 0); return err },
		"Elapsed from":   func(t time.Time) error { _, err := tt.Elapsed(t, within.End); return err },
		"Elapsed to":     func(t time.Time) error { _, err := tt.Elapsed(within.Start, t); return err },
		"Openings":       func(t time.Time) error { return count(tt, calendar.Interval{Start: t, End: within.End}) },
		"Backward":       func(t time.Time) error { return countBackward(tt, calendar.Interval{Start: within.Start, End: t}) },
		"Set":            func(t time.Time) error { _, err := tt.Set(calendar.Interval{Start: within.Start, End: t}); return err },
		"Holiday":        func(t time.Time) error { _, _, err := tt.Holiday(t); return err },
		"Break":          func(t time.Time) error { _, _, err := tt.Break(t); return err },
		"DaysAfter":      func(t time.Time) error { _, err := tt.DaysAfter(t, 1); return err },
		"DaysBefore":     func(t time.Time) error { _, err := tt.DaysBefore(t, 1); return err },
		"EndOfDay":       func(t time.Time) error { _, err := tt.EndOfDay(t, 0); return err },
	} {
		for _, t2 := range []time.Time{within.Start.Add(-1), within.End.Add(1), {}, caltest.At(t, "9999-01-01T00:00:00Z"), caltest.At(t, "1400-01-01T00:00:00Z")} {
			err := ask(t2)
			var outside *calendar.OutsideError
			require.ErrorAs(t, err, &outside, "%s %s", name, t2)
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			assert.Equal(t, within, outside.Span)
			assert.Equal(t, t2.UTC().Format(time.RFC3339Nano), outside.What)
			require.ErrorContains(t, err, "lies outside of the compiled span 2026-03-02T12:00:00Z/2026-03-06T12:00:00Z")
		}
	}
	dateErrors := map[string]error{}
	_, dateErrors["WorkingDay"] = tt.WorkingDay(caltest.Date(t, "2026-03-07"))
	_, dateErrors["AddDays"] = tt.AddDays(caltest.Date(t, "2026-03-01"), 0)
	_, dateErrors["AddDays ahead"] = tt.AddDays(caltest.Date(t, "2026-03-06"), 1)
	_, dateErrors["AddDays far"] = tt.AddDays(caltest.Date(t, "2026-03-06"), 1<<62)
	_, dateErrors["AddDays back"] = tt.AddDays(caltest.Date(t, "2026-03-06"), -1<<63)
	_, dateErrors["DaysBetween from"] = tt.DaysBetween(caltest.Date(t, "2026-03-01"), caltest.Date(t, "2026-03-06"))
	_, dateErrors["DaysBetween"] = tt.DaysBetween(caltest.Date(t, "2026-03-02"), caltest.Date(t, "2026-03-07"))
	_, _, dateErrors["HolidayOn"] = tt.HolidayOn(caltest.Date(t, "0001-01-01"))
	for what, err := range dateErrors {
		var outside *calendar.OutsideError
		assert.ErrorAs(t, err, &outside, what)
	}
}

// Both ends of the span belong to it, and what goes on beyond is no edge.
func TestEndsOfTheSpan(t *testing.T) {
	t.Parallel()
	within := caltest.Between(t, "2026-03-02T12:00:00Z", "2026-03-06T12:00:00Z")
	tt, err := parsed(t, "Mo-Fr 09:00-17:00").Compile(within, nil)
	require.NoError(t, err)
	open, err := tt.Open(within.End)
	require.NoError(t, err)
	assert.True(t, open)
	total, err := tt.Elapsed(within.Start, within.End)
	require.NoError(t, err)
	assert.Equal(t, 32*time.Hour, total)
	end, err := tt.Deadline(within.Start, total)
	require.NoError(t, err)
	sameInstant(t, within.End, end)
	start, err := tt.LatestStart(within.End, total)
	require.NoError(t, err)
	sameInstant(t, within.Start, start)
	_, err = tt.Deadline(within.Start, total+1)
	require.ErrorContains(t, err, "the deadline lies outside")
	_, err = tt.LatestStart(within.End, total+1)
	require.ErrorContains(t, err, "the latest start lies outside")
	_, err = tt.NextClose(caltest.At(t, "2026-03-06T10:00:00Z"))
	require.ErrorContains(t, err, "the next closing lies outside", "17:00 is not known to be the closing")
	_, err = tt.NextOpen(caltest.At(t, "2026-03-06T10:00:00Z"))
	require.ErrorContains(t, err, "the next opening lies outside")
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	h := parsed(t, "Mo-Fr 09:00-17:00")
	day := caltest.Between(t, "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z")
	for name, c := range map[string]struct {
		hours  hours.Hours
		within calendar.Interval
		p      *hours.Policies
		want   []string
	}{
		"empty span":      {h, calendar.Between(day.Start, day.Start), nil, []string{"within:empty"}},
		"no span":         {h, calendar.Interval{}, nil, []string{"within.start:required", "within.end:required"}},
		"reversed span":   {h, calendar.Between(day.End, day.Start), nil, []string{"within.end:reversed"}},
		"too early":       {h, caltest.Between(t, "1800-01-01T00:00:00Z", "1901-01-01T00:00:00Z"), nil, []string{"within:out-of-range"}},
		"too late":        {h, caltest.Between(t, "2000-01-01T00:00:00Z", "9000-01-01T00:00:00Z"), nil, []string{"within:out-of-range"}},
		"policies":        {h, day, &hours.Policies{Closing: "a", Zero: "b", Reversed: "c"}, []string{"policies.closing:unknown", "policies.zero:unknown", "policies.reversed:unknown"}},
		"never open":      {parsed(t, "off; Dec 24 off"), day, nil, []string{"weekly:never-open"}},
		"all of it":       {hours.Hours{Zone: "Mars"}, calendar.Interval{}, nil, []string{"zone:unknown-zone", "weekly:never-open", "within.start:required", "within.end:required"}},
		"too many breaks": {hours.Hours{Weekly: h.Weekly, Breaks: []hours.Break{{Dates: dates(t, "01-01/12-31"), Hours: make([]calendar.ClockSpan, 48)}}}, caltest.Between(t, "2000-01-01T00:00:00Z", "2010-01-01T00:00:00Z"), nil, []string{"breaks:too-many"}},
	} {
		_, err := c.hours.Compile(c.within, c.p)
		assert.Equal(t, c.want, caltest.Codes(t, err), name)
	}
	_, err := h.CompileYears(1900, 2150, nil)
	require.NoError(t, err)
	_, err = h.CompileYears(-1<<62, 1<<62, nil)
	assert.Equal(t, []string{"within.start:out-of-range", "within.end:out-of-range"}, caltest.Codes(t, err))
	_, err = hours.Hours{Zone: "Local"}.CompileYears(2020, 2021, nil)
	assert.Equal(t, []string{"zone:unknown-zone"}, caltest.Codes(t, err))
	_, err = hours.TimetableOf(calendar.Set{}, day, nil, &hours.Policies{Zero: "x"})
	assert.Equal(t, []string{"policies.zero:unknown"}, caltest.Codes(t, err))
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	h := parsed(t, "Mo-Fr 09:00-17:00")
	saturday, monday := caltest.At(t, "2026-03-07T12:00:00Z"), caltest.At(t, "2026-03-09T09:00:00Z")
	ask := func(p hours.Policies) *hours.Timetable {
		tt, err := h.CompileYears(2026, 2026, &p)
		require.NoError(t, err)
		return tt
	}
	for _, c := range []struct {
		p    hours.Policies
		want time.Time
	}{{hours.Policies{}, monday}, {hours.Policies{Zero: hours.SnapToOpen}, monday}, {hours.Policies{Zero: hours.KeepStart}, saturday}} {
		got, err := ask(c.p).Deadline(saturday, 0)
		require.NoError(t, err)
		sameInstant(t, c.want, got)
		got, err = ask(c.p).DaysAfter(saturday, 0)
		require.NoError(t, err)
		sameInstant(t, c.want, got)
	}
	kept, err := ask(hours.Policies{Zero: hours.KeepStart}).LatestStart(saturday, 0)
	require.NoError(t, err)
	sameInstant(t, saturday, kept)
	friday := caltest.At(t, "2026-03-06T16:00:00Z")
	for _, c := range []struct {
		p    hours.ClosingPolicy
		want time.Time
	}{{"", friday.Add(time.Hour)}, {hours.StayAtClosing, friday.Add(time.Hour)}, {hours.NextOpening, monday}} {
		got, err := ask(hours.Policies{Closing: c.p}).Deadline(friday, time.Hour)
		require.NoError(t, err)
		sameInstant(t, c.want, got)
	}
	tt := ask(hours.Policies{})
	_, err = tt.Deadline(friday, -1)
	assert.Equal(t, []string{"work:negative"}, caltest.Codes(t, err))
	_, err = tt.LatestStart(friday, -1)
	assert.Equal(t, []string{"work:negative"}, caltest.Codes(t, err))
	_, err = tt.DaysAfter(friday, -1)
	assert.Equal(t, []string{"days:negative"}, caltest.Codes(t, err))
	_, err = tt.DaysBefore(friday, -1)
	assert.Equal(t, []string{"days:negative"}, caltest.Codes(t, err))
	_, err = tt.EndOfDay(friday, -1)
	assert.Equal(t, []string{"days:negative"}, caltest.Codes(t, err))
}

// Hours as a set make the same timetable.
func TestTimetableOf(t *testing.T) {
	t.Parallel()
	list, err := regions()
	require.NoError(t, err)
	rapid.Check(t, func(rt *rapid.T) {
		d := rapidDice{rt}
		x := newTrial(d, list[d.roll("region", len(list))])
		span := calendar.Between(x.r.instant(x.from*60), x.r.instant(x.to*60))
		wide, err := x.hours.Compile(calendar.Between(span.Start.AddDate(0, 0, -9), span.End.AddDate(0, 0, 9)), nil)
		require.NoError(rt, err)
		set, err := wide.Set(wide.Span())
		require.NoError(rt, err)
		a, err := x.hours.Compile(span, &x.policies)
		require.NoError(rt, err)
		b, err := hours.TimetableOf(set, span, x.r.loc, &x.policies)
		require.NoError(rt, err)
		one, err := a.Set(span)
		require.NoError(rt, err)
		two, err := b.Set(span)
		require.NoError(rt, err)
		require.True(rt, one.Equal(two))
		s := x.from*60 + d.roll("at", (x.to-x.from)*60)
		x.askInstantOf(rt, b, s)
		day := x.r.date(x.firstDay() + d.roll("day", x.lastDay()-x.firstDay()+1))
		works, err := b.WorkingDay(day)
		require.NoError(rt, err)
		require.Equal(rt, !set.Clip(day.In(x.r.loc)).Empty(), works, "a working day of a set is one on which it has an instant")
	})
}

func (x *trial) askInstantOf(t *rapid.T, tt *hours.Timetable, s int) {
	v := &verdict{x: x}
	at := x.r.instant(s)
	got, err := tt.NextOpen(at)
	v.instant("next opening", x.nextEdge(s, true), got, err)
	got, err = tt.NextClose(at)
	v.instant("next closing", x.nextEdge(s, false), got, err)
	got, err = tt.Deadline(at, time.Hour)
	v.instant("deadline", x.deadline(s, 3600), got, err)
	require.Empty(t, v.list)
}

func TestHolidaysOfSomeYears(t *testing.T) {
	t.Parallel()
	h := parsed(t, "24/7")
	h.Holidays = []hours.Holiday{
		{Name: "leap day", Dates: dates(t, "02-29")},
		{Name: "turn", Dates: dates(t, "12-31/01-01"), Since: 2020, Until: 2021},
		{Name: "also", Dates: dates(t, "12-31")},
		{Name: "carnival", Dates: dates(t, "02-27/03-01"), Since: 2023},
	}
	tt := years(t, h, 2018, 2025)
	for _, c := range [][2]string{
		{"2020-02-29", "leap day"},
		{"2021-03-01", ""},
		{"2019-12-31", "also"},
		{"2020-01-01", ""},
		{"2020-12-31", "turn"},
		{"2021-01-01", "turn"},
		{"2021-12-31", "turn"},
		{"2022-01-01", "turn"},
		{"2022-12-31", "also"},
		{"2023-01-01", ""},
		{"2023-02-28", "carnival"},
		{"2023-03-01", "carnival"},
		{"2024-02-29", "leap day"},
		{"2024-03-02", ""},
	} {
		name, is, err := tt.HolidayOn(caltest.Date(t, c[0]))
		require.NoError(t, err)
		assert.Equal(t, c[1], name, c[0])
		assert.Equal(t, c[1] != "", is, c[0])
	}
}

func TestZeroTimetable(t *testing.T) {
	t.Parallel()
	var tt hours.Timetable
	epoch := time.Unix(0, 0)
	_, err := tt.Open(epoch)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = tt.AddDays(caltest.Date(t, "1970-01-01"), 0)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = new(hours.CriticalTimes).At(epoch)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// What is exact to the nanosecond, and true of every timetable.
func TestWorkingTimeAddsUp(t *testing.T) {
	t.Parallel()
	tt := years(t, hoursIn(t, "Australia/Lord_Howe", "Mo-Th 09:00-12:30:15,13:30-18:00; Fr 22:00-06:00"), 2020, 2026)
	span := tt.Span()
	rapid.Check(t, func(t *rapid.T) {
		at := func(name string) time.Time {
			return span.Start.Add(time.Duration(rapid.Int64Range(0, int64(span.Duration())).Draw(t, name)))
		}
		a, b, c := at("a"), at("b"), at("c")
		elapsed := func(a, b time.Time) time.Duration {
			if b.Before(a) {
				d, err := tt.Elapsed(b, a)
				require.NoError(t, err)
				return -d
			}
			d, err := tt.Elapsed(a, b)
			require.NoError(t, err)
			return d
		}
		require.Equal(t, elapsed(a, c), elapsed(a, b)+elapsed(b, c))
		if work := elapsed(a, b); work > 0 {
			due, err := tt.Deadline(a, work)
			require.NoError(t, err)
			require.False(t, due.After(b))
			require.Equal(t, work, elapsed(a, due))
			require.Less(t, elapsed(a, due.Add(-1)), work, "the first instant by which it has passed")
			start, err := tt.LatestStart(b, work)
			require.NoError(t, err)
			require.False(t, start.Before(a))
			require.Equal(t, work, elapsed(start, b))
			require.Less(t, elapsed(start.Add(1), b), work, "the last instant from which it passes")
		}
	})
}

func TestEdgesOfCompiling(t *testing.T) {
	t.Parallel()
	// Closed days that began in the year before the span.
	h := parsed(t, "24/7")
	h.Holidays = []hours.Holiday{{Dates: dates(t, "12-24/01-20")}}
	tt, err := h.Compile(caltest.Between(t, "2026-01-10T00:00:00Z", "2026-02-01T00:00:00Z"), nil)
	require.NoError(t, err)
	_, is, err := tt.HolidayOn(caltest.Date(t, "2026-01-10"))
	require.NoError(t, err)
	assert.True(t, is)

	// A span that ends as it opens, and begins as it closes.
	tt, err = parsed(t, "Mo-Fr 09:00-17:00").Compile(caltest.Between(t, "2026-03-06T17:00:00Z", "2026-03-09T09:00:00Z"), nil)
	require.NoError(t, err)
	sunday := caltest.At(t, "2026-03-08T12:00:00Z")
	for _, ask := range []func(time.Time) (time.Time, error){tt.NextOpen, tt.OpenAtOrAfter} {
		opens, err := ask(sunday)
		require.NoError(t, err)
		sameInstant(t, tt.Span().End, opens)
	}
	shut, err := tt.OpenAtOrBefore(sunday)
	require.NoError(t, err)
	sameInstant(t, tt.Span().Start, shut)
	_, err = tt.NextOpen(tt.Span().End)
	require.ErrorContains(t, err, "the next opening lies outside")

	// A date that the zone left out is no working day, whatever the set.
	apia := caltest.Location(t, "Pacific/Apia")
	all := caltest.Between(t, "2011-12-01T00:00:00Z", "2012-02-01T00:00:00Z")
	tt, err = hours.TimetableOf(calendar.SetOf(all), caltest.Between(t, "2011-12-20T00:00:00Z", "2012-01-10T00:00:00Z"), apia, nil)
	require.NoError(t, err)
	days, err := tt.DaysBetween(caltest.Date(t, "2011-12-28"), caltest.Date(t, "2011-12-31"))
	require.NoError(t, err)
	assert.Equal(t, 2, days)
	works, err := tt.WorkingDay(caltest.Date(t, "2011-12-30"))
	require.NoError(t, err)
	assert.False(t, works)
}

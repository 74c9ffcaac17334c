package workday_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/calendar/workday"
)

func office(t testing.TB, first, last int) *hours.Timetable {
	t.Helper()
	h, err := hours.Parse("Mo-Fr 09:00-17:00; Dec 24-31 off; 2026 Jun 2-10 off; 2026 May 1 off")
	require.NoError(t, err)
	h.Zone = "Europe/Berlin"
	tt, err := h.CompileYears(first, last, nil)
	require.NoError(t, err)
	return tt
}

func compile(t testing.TB, text string, tt *hours.Timetable) *workday.Days {
	t.Helper()
	rule, err := workday.Parse(text)
	require.NoError(t, err)
	days, err := rule.Compile(tt)
	require.NoError(t, err)
	return days
}

func TestDays(t *testing.T) {
	t.Parallel()
	tt := office(t, 2025, 2027)
	for text, want := range map[string][]string{
		"FREQ=MONTHLY;BYMONTHDAY=-1 on or before a working day":                                       {"2026-04-30", "2026-05-29", "2026-06-30"},
		"FREQ=MONTHLY;BYMONTHDAY=1 on or after a working day":                                         {"2026-04-01", "2026-05-04", "2026-06-01"},
		"FREQ=MONTHLY;BYMONTHDAY=1 only on a working day":                                             {"2026-04-01", "2026-06-01"},
		"FREQ=MONTHLY;BYMONTHDAY=1":                                                                   {"2026-04-01", "2026-05-01", "2026-06-01"},
		"3 working days after FREQ=MONTHLY;BYMONTHDAY=-1":                                             {"2026-04-03", "2026-05-06", "2026-06-12"},
		"3 working days after FREQ=MONTHLY;BYDAY=2TU":                                                 {"2026-04-17", "2026-05-15", "2026-06-15"},
		"1 working day before FREQ=MONTHLY;BYMONTHDAY=1":                                              {"2026-04-30", "2026-05-29", "2026-06-30"},
		"2 working days before FREQ=MONTHLY;BYMONTHDAY=3":                                             {"2026-04-01", "2026-04-29", "2026-05-29"}, // 2 April is one of the first, 3 May a Sunday
		"1 working day after FREQ=WEEKLY;BYDAY=SU from 2026-06-20":                                    {"2026-06-22", "2026-06-29"},
		"1 working day after FREQ=WEEKLY;BYDAY=SU on or after a working day":                          {"2026-04-07", "2026-04-14", "2026-04-21", "2026-04-28", "2026-05-05", "2026-05-12", "2026-05-19", "2026-05-26", "2026-06-11", "2026-06-12", "2026-06-16", "2026-06-23", "2026-06-30"},
		"1 working day before FREQ=WEEKLY;BYDAY=SA on or after a working day":                         {"2026-04-03", "2026-04-10", "2026-04-17", "2026-04-24", "2026-04-30", "2026-05-08", "2026-05-15", "2026-05-22", "2026-05-29", "2026-06-01", "2026-06-12", "2026-06-19", "2026-06-26"},
		"FREQ=DAILY;UNTIL=20260611 on or after a working day from 2026-05-29":                         {"2026-05-29", "2026-06-01", "2026-06-11"},
		"1 working day after FREQ=WEEKLY;BYDAY=MO;COUNT=2 on or before a working day from 2026-06-08": {"2026-06-11", "2026-06-16"},
	} {
		days := compile(t, text, tt)
		var got []string
		for d, err := range days.Between(caltest.Date(t, "2026-04-01"), caltest.Date(t, "2026-07-01")) {
			require.NoError(t, err)
			got = append(got, d.String())
		}
		assert.Equal(t, want, got, text)
	}
}

// A day that is a working day is not moved, be the rule asked from within a long
// break or not.
func TestNextAndPrevious(t *testing.T) {
	t.Parallel()
	days := compile(t, "FREQ=MONTHLY;BYMONTHDAY=-1 on or before a working day", office(t, 2025, 2027))
	for _, c := range []struct{ at, next, previous string }{
		{"2026-05-28", "2026-05-29", "2026-04-30"}, {"2026-05-29", "2026-06-30", "2026-04-30"}, {"2026-05-30", "2026-06-30", "2026-05-29"}, {"2026-12-31", "2027-01-29", "2026-12-23"},
	} {
		next, ok, err := days.Next(caltest.Date(t, c.at))
		require.NoError(t, err)
		require.True(t, ok)
		assert.Equal(t, c.next, next.String())
		previous, ok, err := days.Previous(caltest.Date(t, c.at))
		require.NoError(t, err)
		require.True(t, ok)
		assert.Equal(t, c.previous, previous.String())
	}
	is, err := days.Contains(caltest.Date(t, "2026-05-29"))
	require.NoError(t, err)
	assert.True(t, is)
	is, err = days.Contains(caltest.Date(t, "2026-05-31"))
	require.NoError(t, err)
	assert.False(t, is)
	ended := compile(t, "FREQ=MONTHLY;COUNT=2 on or after a working day from 2026-01-05", office(t, 2025, 2027))
	_, ok, err := ended.Next(caltest.Date(t, "2026-02-05"))
	require.NoError(t, err)
	assert.False(t, ok)
	_, ok, err = ended.Previous(caltest.Date(t, "2026-01-05"))
	require.NoError(t, err)
	assert.False(t, ok)
}

// What depends on days outside of the span is an error, never a guess.
func TestOutsideOfTheSpan(t *testing.T) {
	t.Parallel()
	tt := office(t, 2026, 2026)
	for text, at := range map[string]string{
		"FREQ=MONTHLY;BYMONTHDAY=-1 on or before a working day": "2025-12-30",
		"FREQ=MONTHLY;BYMONTHDAY=2 on or after a working day":   "2026-12-15",
		"5 working days after FREQ=MONTHLY;BYMONTHDAY=-1":       "2026-01-02",
		"FREQ=WEEKLY;BYDAY=SU only on a working day":            "2026-06-15",
	} {
		_, ok, err := compile(t, text, tt).Next(caltest.Date(t, at))
		require.False(t, ok, text)
		outside, is := errors.AsType[*calendar.OutsideError](err)
		require.True(t, is, "%s: %v", text, err)
		assert.True(t, outside.Span.Equal(tt.Span()))
	}
	_, ok, err := compile(t, "10 working days before FREQ=MONTHLY;BYMONTHDAY=1", tt).Previous(caltest.Date(t, "2026-01-10"))
	require.Error(t, err)
	require.False(t, ok)
	var got []string
	for d, err := range compile(t, "FREQ=MONTHLY;BYMONTHDAY=1 on or after a working day", tt).Between(caltest.Date(t, "2026-10-15"), caltest.Date(t, "2027-02-15")) {
		if err != nil {
			got = append(got, "outside")
			break
		}
		got = append(got, d.String())
	}
	assert.Equal(t, []string{"2026-11-02", "2026-12-01", "2027-01-01", "outside"}, got)
	all := slices.Collect(compile(t, "1 working day after FREQ=MONTHLY;BYMONTHDAY=-1", tt).All())
	require.Len(t, all, 12)
	assert.Equal(t, "2026-02-02", all[0].String(), "that of January comes from a day outside")
	assert.Equal(t, "2027-01-01", all[11].String(), "both ends of the span are answered for")
	free := compile(t, "FREQ=YEARLY;COUNT=3 from 2026-01-05", nil)
	assert.Len(t, slices.Collect(free.All()), 3, "what counts no working days needs none")
}

func TestRulesThatAreNone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                    {"column 1:required"},
		"3":                                   {"column 2:syntax"},
		"3 working":                           {"column 10:syntax"},
		"0 working days after FREQ=DAILY":     {"column 1:out-of-range"},
		"1001 working days after FREQ=DAILY":  {"column 1:out-of-range"},
		"3 working days since FREQ=DAILY":     {"column 16:syntax"},
		"3 working days after":                {"column 21:required"},
		"FREQ=DAYLY":                          {"column 6:unknown"},
		"FREQ=DAILY on a working day":         {"column 15:syntax"},
		"FREQ=DAILY on or near a working day": {"column 18:syntax"},
		"FREQ=DAILY on or after a working":    {"column 33:syntax"},
		"FREQ=DAILY only on a working day on or after a working day": {"column 34:duplicate"},
		"FREQ=DAILY from 2026-02-30":                                 {"column 17:out-of-range"},
		"FREQ=DAILY from 2026-01-01 from 2026-01-01":                 {"column 28:duplicate"},
		"FREQ=DAILY every day":                                       {"column 12:syntax"},
		"FREQ=HOURLY on or after a working day":                      {"repeat:unexpected"},
		"FREQ=DAILY;UNTIL=20260101T000000Z":                          {"repeat.until:bad-format"},
	} {
		_, err := workday.Parse(text)
		assert.Equal(t, want, caltest.Codes(t, err), "%s: %v", text, err)
	}
	bad := workday.Rule{Repeat: recur.Repeat{Frequency: "NOW"}, From: calendar.Date{Year: -1}, Shift: 2000, Roll: "up"}
	assert.ElementsMatch(t, []string{"from:out-of-range", "repeat.frequency:unknown", "shift:out-of-range", "roll:unknown"}, caltest.Codes(t, bad.Validate()))
	_, err := workday.Rule{Repeat: recur.Repeat{Frequency: recur.Daily}, Shift: 1}.Compile(nil)
	assert.Equal(t, []string{"timetable:required"}, caltest.Codes(t, err))
	_, err = bad.MarshalText()
	require.Error(t, err)
}

func TestRulesAsJSON(t *testing.T) {
	t.Parallel()
	type held struct {
		Due workday.Rule `json:"due,omitzero"`
	}
	var h held
	require.NoError(t, json.Unmarshal([]byte(`{"due":"3 Working Days AFTER freq=monthly;byday=2tu FROM 2026-01-01"}`), &h))
	assert.Equal(t, 3, h.Due.Shift)
	body, err := json.Marshal(h)
	require.NoError(t, err)
	assert.JSONEq(t, `{"due":"3 working days after FREQ=MONTHLY;BYDAY=2TU from 2026-01-01"}`, string(body))
	body, err = json.Marshal(held{})
	require.NoError(t, err)
	assert.JSONEq(t, `{}`, string(body))
}

func drawRule(t *rapid.T) workday.Rule {
	r := workday.Rule{
		Shift: rapid.OneOf(rapid.IntRange(-3, 3), rapid.IntRange(-30, 30)).Draw(t, "shift"),
		Roll:  rapid.SampledFrom([]workday.Roll{"", workday.OnOrAfter, workday.OnOrBefore, workday.OnlyOn}).Draw(t, "roll"),
		From:  calendar.Date{Year: rapid.IntRange(2019, 2023).Draw(t, "year"), Month: time.Month(rapid.IntRange(1, 12).Draw(t, "month")), Day: rapid.IntRange(1, 28).Draw(t, "day")},
	}
	r.Repeat = rapid.SampledFrom([]recur.Repeat{
		{Frequency: recur.Monthly, ByMonthDay: []int{-1}},
		{Frequency: recur.Monthly, ByMonthDay: []int{1, 15}},
		{Frequency: recur.Monthly, ByDay: []recur.NthDay{{N: 2, Day: time.Tuesday}}},
		{Frequency: recur.Weekly, ByDay: []recur.NthDay{{Day: time.Saturday}, {Day: time.Sunday}, {Day: time.Monday}}},
		{Frequency: recur.Weekly, Interval: 3},
		{Frequency: recur.Daily},
		{Frequency: recur.Daily, Interval: 5, Count: 40},
		{Frequency: recur.Yearly},
	}).Draw(t, "repeat")
	return r
}

// The days are those that somebody finds who walks day by day.
func TestDaysAsAWalkerFindsThem(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		weekdays := rapid.SampledFrom([]string{"Mo-Fr 09:00-17:00", "Mo,Th 22:00-06:00", "24/7", "Su 10:00-12:00"}).Draw(t, "hours")
		h, err := hours.Parse(weekdays)
		require.NoError(t, err)
		for range rapid.IntRange(0, 6).Draw(t, "holidays") {
			first := calendar.Date{Year: 2021, Month: time.January, Day: 1}.AddDays(rapid.IntRange(0, 800).Draw(t, "holiday"))
			h.Holidays = append(h.Holidays, hours.Holiday{Dates: hours.Through(first, first.AddDays(rapid.IntRange(0, 40).Draw(t, "days")))})
		}
		tt, err := h.CompileYears(2017, 2026, nil)
		require.NoError(t, err)
		rule := drawRule(t)
		days, err := rule.Compile(tt)
		require.NoError(t, err)
		want := walk(t, rule, tt)
		from := calendar.Date{Year: 2021, Month: time.January, Day: 1}.AddDays(rapid.IntRange(0, 500).Draw(t, "from"))
		to := from.AddDays(rapid.IntRange(0, 200).Draw(t, "length"))
		var got, between []calendar.Date
		for d, err := range days.Between(from, to) {
			require.NoError(t, err)
			got = append(got, d)
		}
		for _, d := range want {
			if d.Compare(from) >= 0 && d.Compare(to) < 0 {
				between = append(between, d)
			}
		}
		require.Equal(t, between, got, "%s", rule)
		at := from
		i, is := slices.BinarySearchFunc(want, at, calendar.Date.Compare)
		contains, err := days.Contains(at)
		require.NoError(t, err)
		require.Equal(t, is, contains, "%s on %s", rule, at)
		previous, ok, err := days.Previous(at)
		require.NoError(t, err)
		if require.Equal(t, i > 0, ok); ok {
			require.Equal(t, want[i-1], previous, "%s before %s", rule, at)
		}
		if is {
			i++
		}
		next, ok, err := days.Next(at)
		if rule.Roll != workday.OnlyOn || i < len(want) { // else the span ends before it may come
			require.NoError(t, err)
		}
		switch {
		case i < len(want):
			require.True(t, ok)
			require.Equal(t, want[i], next, "%s after %s", rule, at)
		case ok:
			require.Greater(t, next.Year, 2023, "farther than the walker went")
		}
	})
}

// walk finds all days of a rule from 2018 to 2025, one step after the other.
func walk(t *rapid.T, r workday.Rule, tt *hours.Timetable) []calendar.Date {
	works := func(d calendar.Date) bool {
		is, err := tt.WorkingDay(d)
		require.NoError(t, err)
		return is
	}
	times, err := recur.Rule{Start: recur.WholeDay(r.From), Repeats: []recur.Repeat{r.Repeat}}.Compile()
	require.NoError(t, err)
	var out []calendar.Date
	for at := range times.Between(time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)) {
		d := calendar.DateOf(at, nil)
		if r.Roll == workday.OnlyOn && !works(d) {
			continue
		}
		for r.Roll == workday.OnOrAfter && !works(d) {
			d = d.AddDays(1)
		}
		for r.Roll == workday.OnOrBefore && !works(d) {
			d = d.AddDays(-1)
		}
		step := 1
		if r.Shift < 0 {
			step = -1
		}
		for n := r.Shift; n != 0; {
			if d = d.AddDays(step); works(d) {
				n -= step
			}
		}
		out = append(out, d)
	}
	slices.SortFunc(out, calendar.Date.Compare)
	return slices.Compact(out)
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"FREQ=MONTHLY;BYMONTHDAY=-1 on or before a working day", "3 working days after FREQ=MONTHLY;BYDAY=2TU from 2026-01-01",
		"1 working day before FREQ=MONTHLY;BYMONTHDAY=1 on or after a working day", "FREQ=WEEKLY;BYDAY=MO only on a working day", "٣ working",
	} {
		f.Add(seed)
	}
	tt := office(f, 2020, 2030)
	f.Fuzz(func(t *testing.T, text string) {
		rule, err := workday.Parse(text)
		if err != nil {
			caltest.Codes(t, err)
			return
		}
		require.NoError(t, rule.Validate(), "what is read is valid")
		again, err := workday.Parse(rule.String())
		require.NoError(t, err, rule.String())
		require.Equal(t, rule.String(), again.String())
		days, err := rule.Compile(tt)
		require.NoError(t, err)
		at := calendar.Date{Year: 2025, Month: time.June, Day: 15}
		if next, ok, err := days.Next(at); err == nil && ok {
			require.Positive(t, next.Compare(at))
			is, err := days.Contains(next)
			require.NoError(t, err)
			require.True(t, is)
			previous, ok, err := days.Previous(next.AddDays(1))
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, next, previous)
		}
	})
}

func BenchmarkNext(b *testing.B) {
	days := compile(b, "3 working days after FREQ=MONTHLY;BYDAY=2TU", office(b, 2020, 2030))
	at := calendar.Date{Year: 2026, Month: time.June, Day: 15}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, err := days.Next(at); err != nil || !ok {
			b.Fatal(err)
		}
	}
}

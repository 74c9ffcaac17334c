package hours_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

func parsed(t testing.TB, text string) hours.Hours {
	t.Helper()
	h, err := hours.Parse(text)
	require.NoError(t, err, text)
	return h
}

func TestParseHours(t *testing.T) {
	t.Parallel()
	nine := calendar.ClockSpan{Open: calendar.ClockAt(9, 0), Close: calendar.ClockAt(17, 0)}
	noon := calendar.ClockSpan{Open: calendar.ClockAt(9, 0), Close: calendar.ClockAt(12, 0)}
	night := calendar.ClockSpan{Open: calendar.ClockAt(22, 0), Close: calendar.ClockAt(6, 0)}
	week := func(spans map[time.Weekday][]calendar.ClockSpan) (w hours.Week) {
		for d, s := range spans {
			w[d] = s
		}
		return w
	}
	for text, want := range map[string]hours.Hours{
		"Mo-Fr 09:00-17:00":                  {Weekly: hours.Workdays(nine)},
		" mo - FR 9:00 - 17:00 ; PH closed ": {Weekly: hours.Workdays(nine)},
		"24/7":                               {Weekly: hours.EveryDay(calendar.AllDay())},
		"09:00-17:00":                        {Weekly: hours.EveryDay(nine)},
		"off":                                {},
		"Mo-Su 09:00-17:00; We off":          {Weekly: week(map[time.Weekday][]calendar.ClockSpan{0: {nine}, 1: {nine}, 2: {nine}, 4: {nine}, 5: {nine}, 6: {nine}})},
		"Sa-Mo 22:00-06:00":                  {Weekly: week(map[time.Weekday][]calendar.ClockSpan{0: {night}, 1: {night}, 6: {night}})},
		"Mo,We 09:00-12:00,22:00-06:00":      {Weekly: week(map[time.Weekday][]calendar.ClockSpan{1: {noon, night}, 3: {noon, night}})},
		"Mo 09:00-12:00; Mo 09:00-17:00":     {Weekly: week(map[time.Weekday][]calendar.ClockSpan{1: {nine}})},
		"Mo,PH 09:00-17:00":                  {Weekly: week(map[time.Weekday][]calendar.ClockSpan{1: {nine}}), OnHolidays: []calendar.ClockSpan{nine}},
		"PH,Mo 09:00-17:00":                  {Weekly: week(map[time.Weekday][]calendar.ClockSpan{1: {nine}}), OnHolidays: []calendar.ClockSpan{nine}},
		"24/7; PH 09:00-12:00":               {Weekly: hours.EveryDay(calendar.AllDay()), OnHolidays: []calendar.ClockSpan{noon}},
		"off; Dec 24-26 off; 2026 Dec 31 09:00-12:00 \"New Year's Eve\"": {Special: []hours.SpecialDay{
			{Dates: dates(t, "12-24/12-26")}, {Dates: dates(t, "2026-12-31"), Name: "New Year's Eve", Hours: []calendar.ClockSpan{noon}},
		}},
		"off; Dec 24,2026 Dec 30-2027 Jan 02,Dec 30-Jan 2 off; PH off; Jan 01 09:00-12:00": {Special: []hours.SpecialDay{
			{Dates: dates(t, "12-24")},
			{Dates: dates(t, "2026-12-30/2027-01-02")},
			{Dates: dates(t, "12-30/01-02")},
			{Dates: dates(t, "01-01"), Hours: []calendar.ClockSpan{noon}, EvenOnHolidays: true},
		}},
		"Mo-Fr 09:00-17:00; 2026 Mar 04 09:00-12:00 off \"staff; all of it\"": {
			Weekly: hours.Workdays(nine),
			Breaks: []hours.Break{{Name: "staff; all of it", Dates: dates(t, "2026-03-04"), Hours: []calendar.ClockSpan{noon}}},
		},
		"Fr 01:30:30-24:00": {Weekly: week(map[time.Weekday][]calendar.ClockSpan{5: {{Open: calendar.ClockAt(1, 30) + 30, Close: calendar.EndOfDay}}})},
	} {
		got, err := hours.Parse(text)
		require.NoError(t, err, text)
		assert.Empty(t, cmp.Diff(want, got), text)
	}
}

// The place is where the caret stands.
func TestParseHoursPointsAtTheCharacter(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"", "^", "expected weekdays, dates, PH, times or 24/7"},
		{"Mo-Fr", "     ^", "expected a time such as 09:00"},
		{"Mo-Fr 09:00", "           ^", "expected a hyphen and the time at which it closes"},
		{"Mo-Fr 09:00-25:00", "            ^", "expected a time from 00:00 to 24:00; a night is written 22:00-06:00"},
		{"Mo-Fr 22:00-26:00", "            ^", "expected a time from 00:00 to 24:00; a night is written 22:00-06:00"},
		{"Mo-Fr 9-17", "      ^", "expected a time such as 09:00"},
		{"Mo-Fr 24:00-06:00", "            ^", "expected an opening before 24:00, which is 00:00 of the next day"},
		{"Mo-Xx 09:00-17:00", "   ^", "expected a weekday, Mo to Su"},
		{"Mo, 09:00-17:00", "    ^", "expected a weekday, Mo to Su, or PH"},
		{"Mo 09:00-17:00 We 09:00-12:00", "               ^", "expected a semicolon or the end"},
		{"Mo 09:00-17:00, We 09:00-12:00", "              ^", "expected a semicolon: rules that add to others are not read"},
		{"Mo 09:00-17:00;", "               ^", "expected weekdays, dates, PH, times or 24/7"},
		{"Mo 09:00+", "        ^", "expected a hyphen and the time at which it closes"},
		{"Mo 09:00-17:00+", "              ^", "expected a semicolon or the end: an open end is not read"},
		{"Mo 12:00-13:00 off", "               ^", "expected a semicolon or the end: times are cut out of dates only, so write the hours that remain"},
		{"Mo 09:00-17:00 \"staff\"", "               ^", "expected a semicolon or the end: a name stands after dates only"},
		{"Mo[1] 09:00-17:00", "  ^", "expected times or off; the n-th weekday of a month is not read"},
		{"Mo sunrise-17:00", "   ^", "expected a time such as 09:00: times of the sun are not read"},
		{"Mo 09:00-12:00,sunset-22:00", "               ^", "expected a time such as 09:00: times of the sun are not read"},
		{"SH off", "^", `expected weekdays, dates or PH; "SH" is not read here`},
		{"week 1-26 09:00-17:00", "^", `expected weekdays, dates or PH; "week" is not read here`},
		{"Ünter 09:00-17:00", "^", "expected weekdays, dates, PH, times or 24/7"},
		{"PH off; Mo 09:00-17:00", "        ^", "expected weekly hours before dates and PH: what comes later replaces them"},
		{"PH off; PH 09:00-17:00", "        ^", "expected PH once, after the weekly hours and before the breaks"},
		{"Dec 24 12:00-13:00 off; Dec 24 off", "                        ^", "expected this rule before the breaks, which are cut out of all of it"},
		{"Dec 24 12:00-13:00 off; PH off", "                        ^", "expected PH once, after the weekly hours and before the breaks"},
		{"Dec off", "    ^", "expected a day of the month: whole months are not read"},
		{"Apr-Sep Mo-Fr 09:00-17:00", "   ^", "expected a day of the month: whole months are not read"},
		{"Apr 01-Sep 30 Mo-Fr 09:00-17:00", "              ^", "expected times or off; weekdays of a season are not read"},
		{"Feb 30 off", "^", "expected days that the calendar has"},
		{"2026 Feb 29 off", "^", "expected days that the calendar has"},
		{"2026 24 off", "     ^", "expected a month, Jan to Dec"},
		{"0000 Dec 24 off", "     ^", "expected a year from 0001 on"},
		{"2026 Dec 30-Jan 02 off", "^", "expected a last day that is not before the first one; write its year"},
		{"Dec 30-2027 Jan 02 off", "^", "expected a year in both days or in none"},
		{"Dec 24-x off", "       ^", "expected a day of the month, or a month, Jan to Dec"},
		{"09:00-17:00+", "           ^", "expected a semicolon or the end: an open end is not read"},
		{"09:00-", "      ^", "expected a time such as 09:00"},
		{"Mo,PH 09:00-17:00 x", "                  ^", "expected a semicolon or the end"},
		{"PH 09:00-17:00 x", "               ^", "expected a semicolon or the end"},
		{"Dec 24 off \"" + strings.Repeat("x", 201) + "\"", "            ^", "expected a name of at most 200 characters"},
		{"Dec 24 off \"\xff\"", "            ^", "expected a name of at most 200 characters"},
		{"Dec 24 off \"eve", "               ^", "expected a quotation mark at the end of the name"},
		{"Dec 24 09:00–12:00", "            ^", "expected a hyphen and the time at which it closes"},
	} {
		_, err := hours.Parse(c[0])
		var invalid *servicecoin.InvalidError
		require.ErrorAs(t, err, &invalid, c[0])
		require.Len(t, invalid.Violations, 1, c[0])
		v := invalid.Violations[0]
		assert.Equal(t, "column "+itoa(len(c[1])), v.Path, "%s\n%s\n%s", c[0], c[1], v)
		assert.Equal(t, "syntax", v.Code)
		assert.Equal(t, c[2], v.Text, c[0])
	}
}

func TestParseHoursReportsEveryRule(t *testing.T) {
	t.Parallel()
	_, err := hours.Parse(`Mo 9-17; Dec 24 off "a;b" x; Tu 09:00-17:00; Feb 31 off`)
	assert.Equal(t, []string{"column 4:syntax", "column 27:syntax", "column 46:syntax"}, caltest.Codes(t, err))
	require.ErrorContains(t, err, `column 27 "x": expected a semicolon or the end (syntax)`)
	_, err = hours.Parse(strings.Repeat("Mo off;", 10_000))
	assert.Equal(t, []string{":too-long"}, caltest.Codes(t, err))
	_, err = hours.Parse("Mo " + strings.Repeat("09:00-10:00,", 60) + "11:00-12:00")
	assert.Equal(t, []string{"column 591:syntax"}, caltest.Codes(t, err), "a day has at most 48 spans")
}

func TestHoursString(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"off", "24/7", "Mo-Su 09:00-17:00", "Mo-We,Fr 09:00-17:00; Th 09:00-12:00,13:00-20:00",
		"Mo,Tu 22:00-06:00", "24/7; Dec 24-26 off; PH 10:00-14:00",
		`Mo 09:00-17:00; 2026 Dec 24 09:00-12:00 "Eve"; PH off; Jan 01-02 10:00-11:00; 2026 Mar 04 11:00-13:00 off "staff"`,
		"off; Dec 24-Jan 02 09:00-12:00; 2026 Dec 24-2027 Jan 02 off; 2026 Nov 30-Dec 01 off",
	} {
		assert.Equal(t, text, parsed(t, text).String())
	}
	h := parsed(t, "Mo 09:00-17:00")
	h.Holidays = []hours.Holiday{{Dates: dates(t, "12-25")}}
	assert.Equal(t, "Mo 09:00-17:00; PH off", h.String(), "holidays that are listed are closed")
	h.Special = []hours.SpecialDay{{Name: `a "b"`, Dates: dates(t, "12-24")}}
	assert.Equal(t, `Mo 09:00-17:00; Dec 24 off "a 'b'"; PH off`, h.String())
}

func TestHoursTextRoundTrip(t *testing.T) {
	t.Parallel()
	list, err := regions()
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		d := rapidDice{t}
		h := newTrial(d, list[d.roll("region", len(list))]).hours
		for i := range h.Special {
			h.Special[i].Name = rapid.StringMatching(`[^"]{0,9}`).Draw(t, "name")
		}
		back, err := hours.Parse(h.String())
		require.NoError(t, err, h.String())
		h.Zone, h.Holidays = "", nil
		slices.SortStableFunc(h.Special, func(a, b hours.SpecialDay) int {
			return map[bool]int{true: 1}[a.EvenOnHolidays] - map[bool]int{true: 1}[b.EvenOnHolidays]
		})
		h.Breaks = slices.DeleteFunc(h.Breaks, func(b hours.Break) bool { return b.Dates.IsZero() })
		require.Empty(t, cmp.Diff(h, back, emptyIsNil()), h.String())
	})
}

func FuzzParseHours(f *testing.F) {
	for _, text := range []string{
		"Mo-Fr 09:00-12:30,13:30-18:00; Sa 10:00-14:00; Dec 24-26 off; PH off", "24/7", "off",
		`2026 Dec 24-2027 Jan 02 22:00-06:00 "a name"; PH,Su 01:30:30-24:00; Dec 31 12:00-13:00 off`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := hours.Parse(text)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		for _, code := range caltest.Codes(t, h.Validate()) {
			require.Equal(t, "weekly:never-open", code, text)
		}
		back, err := hours.Parse(h.String())
		require.NoError(t, err, "%q became %q", text, h.String())
		require.Empty(t, cmp.Diff(h, back, emptyIsNil()), "%q became %q", text, h.String())
		require.Equal(t, h.String(), back.String())
	})
}

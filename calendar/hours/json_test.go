package hours_test

import (
	"encoding/json"
	"os"
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

func TestHoursValidate(t *testing.T) {
	t.Parallel()
	bad := hours.Hours{
		Zone:   "Local",
		Weekly: hours.Week{time.Monday: {{Open: -1, Close: 90_000}, calendar.AllDay()}, time.Sunday: make([]calendar.ClockSpan, 49)},
		Special: []hours.SpecialDay{
			{Name: strings.Repeat("x", 201)}, {Dates: dates(t, "12-24"), Hours: []calendar.ClockSpan{{Open: calendar.EndOfDay, Close: 1}}},
		},
		Holidays: []hours.Holiday{
			{Dates: hours.Through(caltest.Date(t, "2026-12-24"), caltest.Date(t, "2026-12-23"))},
			{Dates: dates(t, "2026-12-24"), Since: 2020},
			{Dates: dates(t, "12-24"), Since: 2020, Until: 2019},
			{Dates: hours.Yearly(time.February, 30)},
			{Dates: hours.Through(caltest.Date(t, "2026-12-24"), calendar.Date{Month: time.December, Day: 25})},
		},
		OnHolidays: []calendar.ClockSpan{{Open: 5, Close: 90_000}},
		Breaks: []hours.Break{
			{},
			{Dates: dates(t, "12-24"), Hours: []calendar.ClockSpan{calendar.AllDay()}, During: caltest.Between(t, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")},
			{During: caltest.Between(t, "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z")},
		},
	}
	assert.Equal(t, []string{
		"zone:unknown-zone", "weekly.mon[0].open:out-of-range", "weekly.mon[0].close:out-of-range", "weekly.sun:too-many",
		"special[0].name:too-long", "special[0].dates:required", "special[1].hours[0].open:out-of-range",
		"holidays[0].dates:reversed", "holidays[1].since:unexpected", "holidays[2].until:reversed",
		"holidays[3].dates:out-of-range", "holidays[4].dates:bad-format", "onHolidays[0].close:out-of-range",
		"breaks[0].dates:required", "breaks[0].hours:required", "breaks[1].during:unexpected", "breaks[2].during.end:reversed",
	}, caltest.Codes(t, bad.Validate()))
	many := hours.Hours{Weekly: hours.EveryDay(calendar.AllDay()), Holidays: make([]hours.Holiday, hours.MaxDays+1)}
	assert.Equal(t, []string{"holidays:too-many"}, caltest.Codes(t, many.Validate()))
	holidaysOnly := hours.Hours{OnHolidays: []calendar.ClockSpan{calendar.AllDay()}, Holidays: []hours.Holiday{{Dates: dates(t, "12-24")}}}
	require.NoError(t, holidaysOnly.Validate())
}

func TestHoursJSON(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/hours.json")
	require.NoError(t, err)
	var h hours.Hours
	require.NoError(t, json.Unmarshal(text, &h))
	require.NoError(t, h.Validate())
	assert.Equal(t, `Mo-Th 09:00-12:30,13:30-18:00; Fr 22:00-06:00; 2026 Dec 31 09:00-12:00 "New Year's Eve"; PH 10:00-14:00; `+
		`2026 Dec 24 off; 2026 Mar 04 11:00-13:00 off "staff meeting"`, h.String())
	back, err := json.MarshalIndent(h, "", "  ")
	require.NoError(t, err)
	assert.JSONEq(t, string(text), string(back))

	for text, want := range map[string][]string{
		`[]`:                            {":bad-format"},
		`{"holiday": []}`:               {":bad-format"}, // a field that there is not
		`{"weekly": {"monday": ["x"]}}`: {"weekly.monday:unknown"},
		`{"weekly": {"mon": ["9-17"]}}`: {"weekly.mon[0]:bad-format", "weekly.mon[0]:bad-format"},
		`{"special": [{"dates": "x"}]}`: {"special[0].dates:bad-format"},
		`{"breaks": [{"name": "lunch"}], "onHolidays": ["24:00-25:00"], "holidays": [{"dates": "13-01"}]}`: {"holidays[0].dates:out-of-range", "onHolidays[0]:out-of-range", "breaks[0].dates:bad-format"},
	} {
		assert.Equal(t, want, caltest.Codes(t, json.Unmarshal([]byte(text), &h)), text)
	}
	var w hours.Week
	assert.Equal(t, []string{":bad-format"}, caltest.Codes(t, json.Unmarshal([]byte(`{"mon": 5}`), &w)))
	assert.Equal(t, []string{"tue[0]:bad-format", "x:unknown"}, caltest.Codes(t, json.Unmarshal([]byte(`{"x": [], "tue": [""]}`), &w)))
	_, err = json.Marshal(hours.Week{1: {{Open: -1}}})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

func TestHoursJSONRoundTrip(t *testing.T) {
	t.Parallel()
	list, err := regions()
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		d := rapidDice{t}
		h := newTrial(d, list[d.roll("region", len(list))]).hours
		data, err := json.Marshal(h)
		require.NoError(t, err)
		var back hours.Hours
		require.NoError(t, json.Unmarshal(data, &back))
		require.Empty(t, cmp.Diff(h, back, emptyIsNil()))
	})
}

func FuzzHoursJSON(f *testing.F) {
	text, err := os.ReadFile("testdata/hours.json")
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte(`{"weekly": {"mon": []}, "breaks": [{"dates": "12-24", "hours": ["09:00-12:00"]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var h hours.Hours
		if json.Unmarshal(text, &h) != nil || h.Validate() != nil {
			return
		}
		data, err := json.Marshal(h)
		require.NoError(t, err)
		var back hours.Hours
		require.NoError(t, json.Unmarshal(data, &back))
		require.Empty(t, cmp.Diff(h, back, emptyIsNil()))
	})
}

package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

func TestClock(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"09:30": "09:30", "9:30": "09:30", "24:00": "24:00", "00:00": "00:00", "01:30:30": "01:30:30", "09:30:00": "09:30"} {
		c, err := calendar.ParseClock(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, c.String())
	}
	for text, want := range map[string]string{
		"": ":bad-format", "9": ":bad-format", "9:3": ":bad-format", "009:30": ":bad-format", "09:30:5": ":bad-format", "09:30:00:00": ":bad-format",
		"+9:30": ":bad-format", "٠٩:30": ":bad-format", "24:01": ":out-of-range", "23:60": ":out-of-range", "23:59:60": ":out-of-range", "25:00": ":out-of-range",
	} {
		_, err := calendar.ParseClock(text)
		assert.Equal(t, []string{want}, codes(t, err), text)
	}
	assert.Equal(t, calendar.Clock(34_200), calendar.ClockAt(9, 30))
	for _, c := range []calendar.Clock{-1, calendar.EndOfDay + 1} {
		_, err := c.MarshalText()
		assert.Equal(t, []string{":out-of-range"}, codes(t, err))
	}
	var c calendar.Clock
	require.Error(t, c.UnmarshalText([]byte("x")))
	require.NoError(t, c.UnmarshalText([]byte("10:00")))
	assert.Equal(t, calendar.ClockAt(10, 0), c)
}

func TestClockSpan(t *testing.T) {
	t.Parallel()
	for text, overnight := range map[string]bool{"09:00-17:30": false, "22:00-06:00": true, "09:00-09:00": true, "00:00-24:00": false, "18:00-00:00": true} {
		s, err := calendar.ParseClockSpan(text)
		require.NoError(t, err, text)
		assert.Equal(t, text, s.String())
		assert.Equal(t, overnight, s.Overnight(), text)
	}
	for text, want := range map[string][]string{
		"09:00": {":bad-format"}, "9-x": {":bad-format", ":bad-format"}, "24:00-06:00": {"open:out-of-range"}, "09:00-25:00": {":out-of-range"},
	} {
		_, err := calendar.ParseClockSpan(text)
		assert.Equal(t, want, codes(t, err), text)
	}
	data, err := json.Marshal([]calendar.ClockSpan{calendar.AllDay()})
	require.NoError(t, err)
	assert.JSONEq(t, `["00:00-24:00"]`, string(data))
	var back []calendar.ClockSpan
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, []calendar.ClockSpan{calendar.AllDay()}, back)
	require.Error(t, json.Unmarshal([]byte(`["x"]`), &back))
	_, err = calendar.ClockSpan{Open: -1}.MarshalText()
	require.Error(t, err)
	text, err := calendar.ClockAt(9, 30).MarshalText()
	require.NoError(t, err)
	assert.Equal(t, "09:30", string(text))
}

func TestDates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text    string
		yearly  bool
		in, out []string
	}{
		{"2026-12-24", false, []string{"2026-12-24"}, []string{"2026-12-23", "2026-12-25", "2025-12-24"}},
		{"2026-12-24/2027-01-01", false, []string{"2026-12-24", "2026-12-31", "2027-01-01"}, []string{"2026-12-23", "2027-01-02", "2025-12-31"}},
		{"12-24", true, []string{"2026-12-24", "1901-12-24"}, []string{"2026-12-23"}},
		{"05-01/05-03", true, []string{"2026-05-01", "2027-05-03"}, []string{"2026-04-30", "2026-05-04"}},
		{"12-24/01-01", true, []string{"2026-12-24", "2026-12-31", "2027-01-01", "2026-01-01"}, []string{"2026-01-02", "2026-12-23"}},
		{"02-29", true, []string{"2024-02-29"}, []string{"2023-02-28", "2023-03-01"}},
		{"02-20/02-29", true, []string{"2023-02-28", "2024-02-29"}, []string{"2023-03-01"}},
		{"02-29/03-01", true, []string{"2023-03-01", "2024-02-29"}, []string{"2023-02-28", "2023-03-02"}},
	} {
		d := dates(t, c.text)
		assert.Equal(t, c.text, d.String())
		assert.Equal(t, c.yearly, d.Yearly(), c.text)
		h := calendar.Hours{Weekly: calendar.EveryDay(calendar.AllDay()), Holidays: []calendar.Holiday{{Dates: d}}}
		tt := years(t, h, 1901, 2030)
		for want, list := range map[bool][]string{true: c.in, false: c.out} {
			for _, day := range list {
				assert.Equal(t, want, d.Contains(date(t, day)), "%s: %s", c.text, day)
				_, is, err := tt.HolidayOn(date(t, day))
				require.NoError(t, err)
				assert.Equal(t, want, is, "%s: %s, compiled", c.text, day)
			}
		}
	}
	for text, want := range map[string]string{
		"": ":bad-format", "2026": ":bad-format", "2026-12-24/": ":bad-format", "2026-12-24/12-26": ":bad-format", "12-24/2026-12-26": ":bad-format",
		"0000-12-24": ":bad-format", "01-01/00-00": ":bad-format", "00-00": ":bad-format", "1-1": ":bad-format", "2026-12-24/2026-12-23": ":reversed", "2026-02-29": ":out-of-range", "02-30": ":out-of-range", "12-24/12-32": ":out-of-range",
	} {
		_, err := calendar.ParseDates(text)
		assert.Equal(t, []string{want}, codes(t, err), text)
	}
	assert.Equal(t, "12-24", calendar.Yearly(time.December, 24).String())
	assert.Equal(t, "2026-12-24", calendar.On(date(t, "2026-12-24")).String())
	assert.True(t, calendar.Dates{}.IsZero())
	assert.False(t, calendar.Dates{}.Yearly())
	assert.Equal(t, []string{":required"}, codes(t, calendar.Dates{}.Validate()))
	_, err := calendar.Dates{}.MarshalText()
	require.Error(t, err)
	var d calendar.Dates
	require.Error(t, d.UnmarshalText([]byte("x")))
	require.NoError(t, d.UnmarshalText([]byte("12-24/12-26")))
	assert.Equal(t, "12-24/12-26", d.String())
}

func TestWeek(t *testing.T) {
	t.Parallel()
	w := calendar.Workdays(calendar.AllDay())
	assert.Empty(t, w[time.Sunday])
	assert.Len(t, w[time.Friday], 1)
	assert.False(t, w.Empty())
	assert.True(t, calendar.Week{}.Empty())
	all := calendar.EveryDay(calendar.AllDay())
	all[0][0].Close = 5
	assert.Equal(t, calendar.EndOfDay, all[1][0].Close, "days do not share their hours")
	data, err := json.Marshal(calendar.Week{})
	require.NoError(t, err)
	assert.JSONEq(t, `{}`, string(data))
}

func FuzzParseClockSpan(f *testing.F) {
	f.Add("09:00-17:30")
	f.Add("22:00:15-24:00")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := calendar.ParseClockSpan(text)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		require.NoError(t, s.Validate())
		back, err := calendar.ParseClockSpan(s.String())
		require.NoError(t, err)
		require.Equal(t, s, back)
	})
}

func FuzzParseDates(f *testing.F) {
	for _, text := range []string{"2026-12-24", "12-24/01-01", "2026-12-24/2027-01-01", "02-29"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := calendar.ParseDates(text)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		require.NoError(t, d.Validate())
		require.Equal(t, text, d.String())
		require.True(t, d.Yearly() || d.Contains(d.First))
	})
}

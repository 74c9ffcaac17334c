package hours_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

func FuzzParseDates(f *testing.F) {
	for _, text := range []string{"2026-12-24", "12-24/01-01", "2026-12-24/2027-01-01", "02-29"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := hours.ParseDates(text)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		require.NoError(t, d.Validate())
		require.Equal(t, text, d.String())
		require.True(t, d.Yearly() || d.Contains(d.First))
	})
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
		h := hours.Hours{Weekly: hours.EveryDay(calendar.AllDay()), Holidays: []hours.Holiday{{Dates: d}}}
		tt := years(t, h, 1901, 2030)
		for want, list := range map[bool][]string{true: c.in, false: c.out} {
			for _, day := range list {
				assert.Equal(t, want, d.Contains(caltest.Date(t, day)), "%s: %s", c.text, day)
				_, is, err := tt.HolidayOn(caltest.Date(t, day))
				require.NoError(t, err)
				assert.Equal(t, want, is, "%s: %s, compiled", c.text, day)
			}
		}
	}
	for text, want := range map[string]string{
		"": ":bad-format", "2026": ":bad-format", "2026-12-24/": ":bad-format", "2026-12-24/12-26": ":bad-format", "12-24/2026-12-26": ":bad-format",
		"0000-12-24": ":bad-format", "01-01/00-00": ":bad-format", "00-00": ":bad-format", "1-1": ":bad-format", "2026-12-24/2026-12-23": ":reversed", "2026-02-29": ":out-of-range", "02-30": ":out-of-range", "12-24/12-32": ":out-of-range",
	} {
		_, err := hours.ParseDates(text)
		assert.Equal(t, []string{want}, caltest.Codes(t, err), text)
	}
	assert.Equal(t, "12-24", hours.Yearly(time.December, 24).String())
	assert.Equal(t, "2026-12-24", hours.On(caltest.Date(t, "2026-12-24")).String())
	assert.True(t, hours.Dates{}.IsZero())
	assert.False(t, hours.Dates{}.Yearly())
	assert.Equal(t, []string{":required"}, caltest.Codes(t, hours.Dates{}.Validate()))
	_, err := hours.Dates{}.MarshalText()
	require.Error(t, err)
	var d hours.Dates
	require.Error(t, d.UnmarshalText([]byte("x")))
	require.NoError(t, d.UnmarshalText([]byte("12-24/12-26")))
	assert.Equal(t, "12-24/12-26", d.String())
}

func TestWeek(t *testing.T) {
	t.Parallel()
	w := hours.Workdays(calendar.AllDay())
	assert.Empty(t, w[time.Sunday])
	assert.Len(t, w[time.Friday], 1)
	assert.False(t, w.Empty())
	assert.True(t, hours.Week{}.Empty())
	all := hours.EveryDay(calendar.AllDay())
	all[0][0].Close = 5
	assert.Equal(t, calendar.EndOfDay, all[1][0].Close, "days do not share their hours")
	data, err := json.Marshal(hours.Week{})
	require.NoError(t, err)
	assert.JSONEq(t, `{}`, string(data))
}

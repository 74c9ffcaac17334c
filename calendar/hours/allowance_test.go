package hours_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

func TestOneDayHasThreeMeanings(t *testing.T) {
	t.Parallel()
	tt := years(t, parsed(t, "Mo-Fr 09:00-17:00"), 2026, 2026)
	friday := caltest.At(t, "2026-03-06T15:00:00Z")
	for text, want := range map[string]string{
		"8h":                   "2026-03-09T15:00:00Z",
		"24h":                  "2026-03-11T15:00:00Z",
		"0s":                   "2026-03-06T15:00:00Z",
		"1 working day":        "2026-03-09T15:00:00Z",
		"2 working days":       "2026-03-10T15:00:00Z",
		"end of working day 1": "2026-03-09T17:00:00Z",
		"end of working day 0": "2026-03-06T17:00:00Z",
		"1h30m":                "2026-03-06T16:30:00Z",
	} {
		a, err := hours.ParseAllowance(text)
		require.NoError(t, err, text)
		assert.Equal(t, text, a.String())
		got, err := a.Due(tt, friday)
		require.NoError(t, err, text)
		assert.Equal(t, want, got.Format(time.RFC3339), text)
	}
}

func TestAllowance(t *testing.T) {
	t.Parallel()
	for text, a := range map[string]hours.Allowance{
		"8h": hours.WorkingTime(8 * time.Hour), "1m30s": hours.WorkingTime(90 * time.Second), "30m": hours.WorkingTime(30 * time.Minute),
		"10h": hours.WorkingTime(10 * time.Hour), "0 working days": hours.WorkingDays(0), "1 working day": hours.WorkingDays(1),
		"end of working day 12": hours.EndOfWorkingDay(12), "1.5s": hours.WorkingTime(1500 * time.Millisecond),
	} {
		data, err := json.Marshal(a)
		require.NoError(t, err)
		assert.JSONEq(t, `"`+text+`"`, string(data))
		var back hours.Allowance
		require.NoError(t, json.Unmarshal(data, &back))
		assert.Equal(t, a, back)
	}
	for text, want := range map[string]string{
		"": ":bad-format", "1 day": ":bad-format", "2d": ":bad-format", "8": ":bad-format", "x working days": ":bad-format",
		"1234567 working days": ":bad-format", "999999 working days": "days:out-of-range", "-2 working days": ":bad-format",
		"end of working day": ":bad-format", "end of working day x": ":bad-format", "-8h": "work:negative",
	} {
		_, err := hours.ParseAllowance(text)
		assert.Equal(t, []string{want}, caltest.Codes(t, err), text)
	}
	tt := years(t, parsed(t, "24/7"), 2026, 2026)
	for want, a := range map[string]hours.Allowance{
		"measure:unknown": {}, "days:out-of-range": hours.WorkingDays(-1), "work:negative": hours.WorkingTime(-1),
		"days:unexpected": {Measure: hours.InWorkingTime, Days: 1}, "work:unexpected": {Measure: hours.InWorkingDays, Work: 1},
	} {
		_, err := a.Due(tt, tt.Span().Start)
		assert.Equal(t, []string{want}, caltest.Codes(t, err))
		_, err = a.MarshalText()
		require.Error(t, err)
	}
	var a hours.Allowance
	require.Error(t, a.UnmarshalText([]byte("soon")))
}

func TestEndOfDayOfANight(t *testing.T) {
	t.Parallel()
	tt := years(t, hoursIn(t, "Europe/Berlin", "Mo-Fr 22:00-06:00"), 2026, 2026)
	for _, c := range []struct {
		at   string
		n    int
		want string
	}{
		{"2026-03-03T02:00:00+01:00", 0, "2026-03-03T06:00:00+01:00"}, // in Monday's night
		{"2026-03-03T02:00:00+01:00", 1, "2026-03-04T06:00:00+01:00"},
		{"2026-03-03T06:00:00+01:00", 0, "2026-03-04T06:00:00+01:00"}, // it is over: Tuesday's
		{"2026-03-07T05:59:59+01:00", 0, "2026-03-07T06:00:00+01:00"}, // Friday's, on a Saturday
		{"2026-03-07T07:00:00+01:00", 0, "2026-03-10T06:00:00+01:00"}, // Monday's
		{"2026-03-07T07:00:00+01:00", 1, "2026-03-11T06:00:00+01:00"},
	} {
		got, err := tt.EndOfDay(caltest.At(t, c.at), c.n)
		require.NoError(t, err)
		assert.Equal(t, c.want, got.In(tt.Location()).Format(time.RFC3339), "%s, %d", c.at, c.n)
	}
	_, err := tt.EndOfDay(caltest.At(t, "2026-12-31T12:00:00+01:00"), 0)
	require.ErrorContains(t, err, "the end of the working day lies outside")
}

func FuzzParseAllowance(f *testing.F) {
	for _, text := range []string{"8h30m", "1 working day", "2 working days", "end of working day 0", "1.5s"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := hours.ParseAllowance(text)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		require.NoError(t, a.Validate())
		back, err := hours.ParseAllowance(a.String())
		require.NoError(t, err)
		require.Equal(t, a, back)
	})
}

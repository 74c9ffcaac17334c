package calendar_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
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
		assert.Equal(t, []string{want}, caltest.Codes(t, err), text)
	}
	assert.Equal(t, calendar.Clock(34_200), calendar.ClockAt(9, 30))
	for _, c := range []calendar.Clock{-1, calendar.EndOfDay + 1} {
		_, err := c.MarshalText()
		assert.Equal(t, []string{":out-of-range"}, caltest.Codes(t, err))
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
		assert.Equal(t, want, caltest.Codes(t, err), text)
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

package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

func TestLocalTimeText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-01-05T09:00": "2026-01-05T09:00", "2026-01-05 9:00": "2026-01-05T09:00", "0001-01-01T23:59:59": "0001-01-01T23:59:59",
	} {
		l, err := calendar.ParseLocalTime(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, l.String())
		data, err := json.Marshal(l)
		require.NoError(t, err)
		var back calendar.LocalTime
		require.NoError(t, json.Unmarshal(data, &back))
		assert.Equal(t, l, back)
	}
	for text, want := range map[string][]string{
		"": {":bad-format"}, "2026-01-05": {":bad-format"}, "2026-01-05x09:00": {":bad-format"}, "2026-02-30T25:00": {":out-of-range", ":out-of-range"},
		"2026-01-05T24:00": {":out-of-range"}, "2026-01-05T": {":bad-format"},
	} {
		_, err := calendar.ParseLocalTime(text)
		assert.Equal(t, want, caltest.Codes(t, err), text)
	}
	_, err := json.Marshal(calendar.LocalTime{})
	require.Error(t, err)
	assert.True(t, calendar.LocalTime{}.IsZero())
	a, b := caltest.LocalOf(caltest.At(t, "2026-01-05T09:00:00Z")), caltest.LocalOf(caltest.At(t, "2026-01-05T09:00:01Z"))
	assert.Equal(t, []int{-1, 0, 1, -1}, []int{a.Compare(b), b.Compare(caltest.LocalOf(caltest.At(t, "2026-01-05T09:00:01Z"))), b.Compare(a), a.Compare(caltest.LocalOf(caltest.At(t, "2026-01-06T00:00:00Z")))})
}

func TestLocalTimeInZones(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, zone, local string
		gap              calendar.GapPolicy
		twice            calendar.TwicePolicy
		want             []string
	}{
		{"plain", "Europe/Berlin", "2026-01-05T09:00", "", "", []string{"2026-01-05T08:00:00Z"}},
		{"moved on", "Europe/Berlin", "2026-03-29T02:30", "", "", []string{"2026-03-29T01:30:00Z"}},
		{"after", "Europe/Berlin", "2026-03-29T02:30", calendar.AfterGap, "", []string{"2026-03-29T01:00:00Z"}},
		{"skipped", "Europe/Berlin", "2026-03-29T02:30", calendar.SkipGap, "", nil},
		{"the first", "Europe/Berlin", "2026-10-25T02:30", "", "", []string{"2026-10-25T00:30:00Z"}},
		{"the last", "Europe/Berlin", "2026-10-25T02:30", "", calendar.LastOfTwo, []string{"2026-10-25T01:30:00Z"}},
		{"both", "Europe/Berlin", "2026-10-25T02:30", "", calendar.BothOfTwo, []string{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"}},
		{"not twice: as the clock is set back", "Europe/Berlin", "2026-10-25T03:00", "", calendar.BothOfTwo, []string{"2026-10-25T02:00:00Z"}},
		{"half an hour", "Australia/Lord_Howe", "2023-04-02T01:45", "", calendar.BothOfTwo, []string{"2023-04-01T14:45:00Z", "2023-04-01T15:15:00Z"}},
		{"a date that was left out", "Pacific/Apia", "2011-12-30T12:00", calendar.AfterGap, "", []string{"2011-12-30T10:00:00Z"}},
		{"a date that came twice", "Pacific/Kwajalein", "1993-08-21T12:00", "", calendar.BothOfTwo, []string{"1993-08-22T00:00:00Z"}},
		{"the last day of a leap year, by a rule", "America/Chicago", "2052-12-31T12:00", "", calendar.BothOfTwo, []string{"2052-12-31T18:00:00Z"}},
	} {
		l, err := calendar.ParseLocalTime(c.local)
		require.NoError(t, err)
		var got []string
		for _, at := range l.In(caltest.Location(t, c.zone), c.gap, c.twice) {
			got = append(got, at.Format(time.RFC3339))
		}
		assert.Equal(t, c.want, got, c.why)
	}
	assert.Equal(t, []time.Time{caltest.At(t, "2026-01-05T09:00:00Z")}, caltest.LocalOf(caltest.At(t, "2026-01-05T09:00:00Z")).In(nil, "", ""))
}

func TestWhenText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"2026-01-05T09:00", "2026-01-05T09:00Z", "2026-01-05T09:00:30Z", "2026-01-05"} {
		w, err := recur.ParseWhen(text)
		require.NoError(t, err, text)
		assert.Equal(t, text, w.String())
	}
	for text, want := range map[string][]string{
		"": {":bad-format"}, "2026-02-30": {":out-of-range"}, "2026-01-05T09:00+01:00": {":bad-format"}, "2026-01-05Z": {":bad-format"},
	} {
		_, err := recur.ParseWhen(text)
		assert.Equal(t, want, caltest.Codes(t, err), text)
	}
	w := recur.WholeDay(caltest.Date(t, "2026-01-05"))
	w.Local.Clock = 1
	assert.Equal(t, []string{":bad-format"}, caltest.Codes(t, w.Validate()))
	_, err := w.MarshalText()
	require.Error(t, err)
	assert.True(t, recur.When{}.IsZero())
}

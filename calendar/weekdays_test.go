package calendar_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

func TestWeekdaysText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Mo-Fr": "Mo-Fr", "fri-MON": "Mo,Fr-Su", "0,4": "Th,Su", "Monday ,	tu": "Mo,Tu", "": "", "mo,we-th,su": "Mo,We,Th,Su", "5-1": "Mo,Fr-Su", "Su-Sa": "Mo-Su",
	} {
		w, err := calendar.ParseWeekdays(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, w.String(), text)
	}
	for w := range calendar.AllWeekdays + 1 {
		data, err := json.Marshal(w)
		require.NoError(t, err)
		var back calendar.Weekdays
		require.NoError(t, json.Unmarshal(data, &back))
		assert.Equal(t, w, back, "%s", data)
		assert.Equal(t, calendar.AllWeekdays, w|w.Without())
		assert.Equal(t, 7, w.Len()+w.Without().Len())
	}
	for text, want := range map[string][]string{
		"m": {"column 1:syntax"}, "7": {"column 1:syntax"}, "mö,mo-,-mo,mo-tu-we, ,x": {
			"column 1:syntax", "column 4:syntax", "column 8:syntax", "column 12:syntax", "column 21:syntax", "column 23:syntax",
		}, "mondays": {"column 1:syntax"}, strings.Repeat("mo,", 100): {":too-long"},
	} {
		_, err := calendar.ParseWeekdays(text)
		assert.Equal(t, want, caltest.Codes(t, err), text)
	}
	_, err := calendar.Weekdays(128).MarshalText()
	assert.Equal(t, []string{":out-of-range"}, caltest.Codes(t, err))
}

func TestWeekdaysRun(t *testing.T) {
	t.Parallel()
	days := calendar.WeekdaysOf(time.Friday, time.Saturday, time.Sunday, time.Monday)
	first, last, ok := days.Run(caltest.Date(t, "2026-01-04")) // a Sunday
	assert.True(t, ok)
	assert.Equal(t, "2026-01-02 2026-01-05", first.String()+" "+last.String())
	_, _, ok = days.Run(caltest.Date(t, "2026-01-06"))
	assert.False(t, ok, "not in the set")
	_, _, ok = calendar.AllWeekdays.Run(caltest.Date(t, "2026-01-06"))
	assert.False(t, ok, "without end")
	assert.Equal(t, -1, calendar.Weekdays(0).DaysUntil(time.Monday))
	assert.Equal(t, -1, calendar.Weekdays(0).DaysSince(time.Monday))
	assert.Equal(t, 6, calendar.WeekdaysOf(time.Sunday).DaysUntil(time.Monday))
}

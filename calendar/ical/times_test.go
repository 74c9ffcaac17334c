package ical_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/ical"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/calendar/rota"
)

func TestStretches(t *testing.T) {
	t.Parallel()
	set := calendar.SetOf(caltest.Between(t, "2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z"), caltest.Between(t, "2026-01-06T09:00:00Z", "2026-01-06T10:00:00Z"))
	list := ical.Stretches(ical.Entry{UID: "critical", Summary: "Month end", Zone: "Europe/Berlin", First: caltest.Date(t, "2026-01-01")}, set)
	require.Len(t, list, 2)
	assert.Equal(t, "critical-20260106T090000Z", list[1].UID)
	assert.Equal(t, []string{"critical-20260105T090000Z 2026-01-05T09:00:00Z/2026-01-05T10:00:00Z", "critical-20260106T090000Z 2026-01-06T09:00:00Z/2026-01-06T10:00:00Z"}, told(readIn(t, write(t, list...), "UTC")))
}

func TestShifts(t *testing.T) {
	t.Parallel()
	rotation := rota.Rotation{Zone: "Europe/Berlin", Start: calendar.LocalTime{Date: caltest.Date(t, "2026-01-05"), Clock: calendar.ClockAt(9, 0)}, Unit: rota.Daily, Length: 1, Days: caltest.Weekdays(t, "mon", "tue"), Members: []servicecoin.PersonID{"ann", "bob"}}
	turns, err := rotation.Compile()
	require.NoError(t, err)
	week := caltest.Between(t, "2026-01-05T12:00:00Z", "2026-01-08T12:00:00Z")
	list := ical.Shifts(ical.Entry{UID: "desk", Summary: "Desk", Zone: "Europe/Berlin"}, turns.Shifts(week), func(id servicecoin.PersonID) string { return "Person " + string(id) })
	require.Len(t, list, 2, "nobody's is none")
	assert.Equal(t, "Desk: Person ann", list[0].Summary)
	assert.Equal(t, "desk-20260106T080000Z", list[1].UID)
	assert.Contains(t, write(t, list...), "DTSTART;TZID=Europe/Berlin:20260106T090000\r\n")
	list = ical.Shifts(ical.Entry{UID: "desk"}, turns.Shifts(week), nil)
	assert.Equal(t, "bob", list[1].Summary)
}

// Nights that end by the clock are as long as they are, to every reader.
func TestWindowsThatEndByTheClock(t *testing.T) {
	t.Parallel()
	within := caltest.Between(t, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
	for _, text := range []string{
		"Sa 22:00-06:00 Europe/Berlin from 2026-01-05 \"patch night\"",
		"DTSTART;TZID=Europe/Berlin:20260105T013000\nRRULE:FREQ=DAILY\nX-UNTIL:02:30",
		"DTSTART;TZID=Europe/Berlin:20260105T021000\nRRULE:FREQ=DAILY\nX-UNTIL:02:30",
		"DTSTART;TZID=Europe/Berlin:20260105T090000\nRRULE:FREQ=DAILY;BYHOUR=9,14\nX-UNTIL;DAYS=1:17:00",
		"DTSTART;TZID=Europe/Berlin:20260105T090000\nRRULE:FREQ=DAILY\nDURATION:P1DT1H",
		"DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=MONTHLY",
	} {
		w, err := recur.ParseWindow(text)
		if err != nil { // it has no length
			rule, err := recur.Parse(text)
			require.NoError(t, err)
			w = recur.Window{Rule: rule}
		}
		times, err := w.Compile()
		require.NoError(t, err)
		entries, err := ical.Window(ical.Entry{UID: "w"}, w, within)
		require.NoError(t, err)
		assert.Equal(t, w.Name, entries[0].Summary)
		file := write(t, entries...)
		var want, got []string
		for iv := range times.Overlapping(within) {
			want = append(want, iv.String())
		}
		for _, e := range readWithin(t, file, within) {
			iv := e.During
			if !e.Dates.IsZero() {
				iv = e.Dates.First.In(nil)
			}
			got = append(got, iv.String())
		}
		assert.ElementsMatch(t, want, got, text)
	}
	_, err := ical.Window(ical.Entry{UID: "w"}, recur.Window{}, within)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	w, err := recur.ParseWindow("Sa 22:00-06:00 from 2028-01-05")
	require.NoError(t, err)
	_, err = ical.Window(ical.Entry{UID: "w"}, w, within)
	assert.Equal(t, []string{"window:empty"}, caltest.Codes(t, err))
}

func readWithin(t *testing.T, text string, within calendar.Interval) []ical.Event {
	t.Helper()
	events, err := ical.ReadWithin(strings.NewReader(text), time.UTC, within)
	require.NoError(t, err)
	return events
}

// Rules that iCalendar does not know are written as their times.
func TestTimes(t *testing.T) {
	t.Parallel()
	rule, err := recur.Parse("DTSTART;TZID=Europe/Berlin:20260327T023000\nRRULE:FREQ=DAILY\nX-GAP:SKIP")
	require.NoError(t, err)
	e := ical.Entry{UID: "odd", Rule: rule, For: calendar.Period{Exact: time.Hour}, Summary: "Odd"}
	list, err := ical.Times(e, caltest.Between(t, "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z"))
	require.NoError(t, err)
	assert.Equal(t, []string{
		"odd-20260328T013000Z 2026-03-28T01:30:00Z/2026-03-28T02:30:00Z", "odd-20260330T003000Z 2026-03-30T00:30:00Z/2026-03-30T01:30:00Z",
	}, told(readIn(t, write(t, list...), "UTC")))
	assert.Equal(t, "Odd", list[1].Summary)
	days := ical.Entry{UID: "days", Rule: recur.Rule{Start: recur.WholeDay(caltest.Date(t, "2026-03-27")), Zone: "Asia/Tokyo", Repeats: []recur.Repeat{{Frequency: recur.Weekly}}}, For: calendar.Period{Days: 2}}
	list, err = ical.Times(days, caltest.Between(t, "2026-04-02T00:00:00Z", "2026-04-04T00:00:00Z"))
	require.NoError(t, err)
	assert.Equal(t, []string{"days-20260403 2026-04-03/2026-04-04"}, told(readIn(t, write(t, list...), "UTC")))
	once := ical.Entry{UID: "once", First: caltest.Date(t, "2026-03-27")}
	list, err = ical.Times(once, caltest.Between(t, "2026-04-02T00:00:00Z", "2026-04-04T00:00:00Z"))
	require.NoError(t, err)
	assert.Equal(t, []ical.Entry{once}, list)
	hourly := e
	hourly.Rule.Repeats = []recur.Repeat{{Frequency: recur.Minutely}}
	_, err = ical.Times(hourly, caltest.Between(t, "2026-04-02T00:00:00Z", "2027-04-04T00:00:00Z"))
	assert.Equal(t, []string{"rule:too-many"}, caltest.Codes(t, err))
	_, err = ical.Times(ical.Entry{UID: "a", Rule: recur.Rule{Start: rule.Start, Zone: "Mars"}}, calendar.Interval{})
	assert.ElementsMatch(t, []string{"within.start:required", "within.end:required"}, caltest.Codes(t, err))
}

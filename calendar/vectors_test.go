package calendar_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

func checkClock(twice calendar.TwicePolicy) func(*testing.T, caltest.Case) {
	return func(t *testing.T, c caltest.Case) {
		in := caltest.Fields[struct {
			Zone  string         `json:"zone"`
			Date  calendar.Date  `json:"date"`
			Clock calendar.Clock `json:"clock"`
		}](t, c.Input)
		want := caltest.Fields[map[string]time.Time](t, c.Expect)["instant"]
		gap := calendar.ShiftByGap
		if c.Policy == "AfterGap" {
			gap = calendar.AfterGap
		}
		got := calendar.LocalTime{Date: in.Date, Clock: in.Clock}.In(caltest.Location(t, in.Zone), gap, twice)
		require.Equal(t, []time.Time{want.UTC()}, got)
	}
}

func checkJumpInDay(t *testing.T, c caltest.Case) {
	in := caltest.Fields[struct {
		Zone string        `json:"zone"`
		Date calendar.Date `json:"date"`
	}](t, c.Input)
	want := caltest.Fields[struct {
		Changes bool            `json:"changes"`
		At      *calendar.Clock `json:"at_clock"`
		By      *int            `json:"offset_change_seconds"`
	}](t, c.Expect)
	loc := caltest.Location(t, in.Zone)
	all := caltest.Jumps(in.Date.In(loc), loc)
	require.Equal(t, want.Changes, len(all) > 0)
	require.Equal(t, want.Changes, want.At != nil)
	if want.Changes {
		require.Len(t, all, 1)
		require.Equal(t, *want.At, all[0].From().Clock)
		require.Equal(t, *want.By, int(all[0].By().Seconds()))
	}
}

func checkWeekdays(count func(calendar.Weekdays, time.Weekday) int) func(*testing.T, caltest.Case) {
	return func(t *testing.T, c caltest.Case) {
		in := caltest.Fields[struct {
			Mask    []int  `json:"weekdays_sun_first"`
			Weekday string `json:"weekday"`
			Enabled bool   `json:"enabled"`
		}](t, c.Input)
		days := caltest.Mask(in.Mask)
		if !in.Enabled {
			days = days.Without()
		}
		from := time.Weekday(caltest.Weekdays(t, in.Weekday).DaysUntil(time.Sunday))
		require.Equal(t, caltest.Fields[map[string]int](t, c.Expect)["days"], count(days, from))
	}
}

func checkRunStart(t *testing.T, c caltest.Case) {
	in := caltest.Fields[struct {
		Zone string    `json:"zone"`
		Mask []int     `json:"weekdays_sun_first"`
		At   time.Time `json:"at"`
	}](t, c.Input)
	loc := caltest.Location(t, in.Zone)
	first, _, ok := caltest.Mask(in.Mask).Run(calendar.DateOf(in.At, loc))
	require.True(t, ok)
	require.Equal(t, caltest.Fields[map[string]time.Time](t, c.Expect)["start"].UTC(), first.In(loc).Start)
}

func checkWeekdaysParse(t *testing.T, c caltest.Case) {
	want := caltest.Fields[struct {
		Valid bool     `json:"valid"`
		Days  []string `json:"days"`
	}](t, c.Expect)
	got, err := calendar.ParseWeekdays(caltest.Fields[map[string]string](t, c.Input)["text"])
	require.Equal(t, want.Valid, err == nil, err)
	if !c.Quirk {
		require.Equal(t, want.Valid, want.Days != nil)
	}
	if want.Valid {
		require.Equal(t, caltest.Weekdays(t, want.Days...), got)
	}
}

func checkRepeating(t *testing.T, c caltest.Case) {
	want := caltest.Fields[struct {
		Repeat int       `json:"repeat"`
		Start  time.Time `json:"start"`
		End    time.Time `json:"end"`
	}](t, c.Expect)
	// A repeating interval is a period n times over from its start.
	parts := strings.Split(caltest.Fields[map[string]string](t, c.Input)["text"], "/")
	require.Len(t, parts, 3)
	repeats, err := strconv.Atoi(strings.TrimPrefix(parts[0], "R"))
	require.NoError(t, err)
	period, err := calendar.ParsePeriod(parts[2])
	require.NoError(t, err)
	require.Equal(t, want.Repeat, repeats)
	require.Equal(t, want.Start, caltest.At(t, parts[1]))
	require.Equal(t, want.End, period.Times(repeats+1).After(caltest.At(t, parts[1]), time.UTC))
}

func TestVectors(t *testing.T) {
	caltest.Vectors{
		Files: []string{"goalert_clock.json", "kured_windows.json"},
		Quirks: map[string]caltest.Quirk{
			"ga-clock-first_of_day-2018-03-11-0230": {Policy: "AfterGap"},
			"kured-days-7":                          {Refused: "commas without days are a mistake", Instead: `{"valid": false}`},
		},
		Asked: map[string]caltest.Asked{
			"clock.dst_change_in_day":    {"zone date", "changes at_clock offset_change_seconds"},
			"clock.first_of_day":         {"zone date clock", "instant"},
			"clock.last_of_day":          {"zone date clock", "instant"},
			"iso8601.repeating_interval": {"text", "repeat start end"},
			"weekdays.active_run_start":  {"zone weekdays_sun_first at", "start"},
			"weekdays.days_since":        {"weekdays_sun_first weekday enabled", "days"},
			"weekdays.days_until":        {"weekdays_sun_first weekday enabled", "days"},
			"weekdays.parse":             {"text", "valid days"},
		},
		Checks: map[string]func(*testing.T, caltest.Case){
			"clock.dst_change_in_day":    checkJumpInDay,
			"clock.first_of_day":         checkClock(calendar.FirstOfTwo),
			"clock.last_of_day":          checkClock(calendar.LastOfTwo),
			"iso8601.repeating_interval": checkRepeating,
			"weekdays.active_run_start":  checkRunStart,
			"weekdays.days_since":        checkWeekdays(calendar.Weekdays.DaysSince),
			"weekdays.days_until":        checkWeekdays(calendar.Weekdays.DaysUntil),
			"weekdays.parse":             checkWeekdaysParse,
		},
	}.Run(t)
}

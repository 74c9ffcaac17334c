package calendar_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

func TestDayInZone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, zone, day, start string
		hours                 float64
	}{
		{"plain", "UTC", "2023-04-01", "2023-04-01T00:00:00Z", 24},
		{"spring", "Europe/Berlin", "2023-03-26", "2023-03-25T23:00:00Z", 23},
		{"autumn", "Europe/Berlin", "2023-10-29", "2023-10-28T22:00:00Z", 25},
		{"jumps from midnight to one", "America/Havana", "2023-03-12", "2023-03-12T05:00:00Z", 23},
		{"back from one to midnight", "America/Havana", "2023-11-05", "2023-11-05T04:00:00Z", 25},
		{"jumps from midnight to one", "Asia/Beirut", "2022-03-27", "2022-03-26T22:00:00Z", 23},
		{"back from midnight to 23", "Asia/Beirut", "2023-10-28", "2023-10-27T21:00:00Z", 25},
		{"jumps from midnight to one", "Africa/Cairo", "2023-04-28", "2023-04-27T22:00:00Z", 23},
		{"jumps from midnight to one", "America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", 23},
		{"left out", "Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0},
		{"before the one left out", "Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", 24},
		{"after the one left out", "Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", 24},
		{"spring by half an hour", "Australia/Lord_Howe", "2023-10-01", "2023-09-30T13:30:00Z", 23.5},
		{"autumn by half an hour", "Australia/Lord_Howe", "2023-04-02", "2023-04-01T13:00:00Z", 24.5},
		{"back from 00:01 to 23:01, the first midnight", "America/St_Johns", "2009-11-01", "2009-11-01T02:30:00Z", 25},
		{"offset not of whole minutes", "Africa/Monrovia", "1972-01-07", "1972-01-07T00:44:30Z", 23.0 + 15.5/60},
	} {
		iv := caltest.Date(t, c.day).In(caltest.Location(t, c.zone))
		assert.Equal(t, c.start, iv.Start.Format(time.RFC3339), "%s: %s in %s", c.why, c.day, c.zone)
		assert.InDelta(t, c.hours, iv.Duration().Hours(), 1e-9, "%s: %s in %s", c.why, c.day, c.zone)
	}
}

func TestNilZoneIsUTC(t *testing.T) {
	t.Parallel()
	iv := caltest.Between(t, "2023-04-01T10:30:00Z", "2023-04-01T10:45:00Z")
	for _, day := range calendar.Days(iv, nil) {
		assert.Equal(t, "2023-04-01T00:00:00Z/2023-04-02T00:00:00Z", day.String())
	}
	for hour := range calendar.ClockHours(iv, nil) {
		assert.Equal(t, "2023-04-01T10:00:00Z/2023-04-01T11:00:00Z", hour.String())
	}
	assert.Equal(t, "2023-04", calendar.MonthOf(iv.Start, nil).String())
}

func TestMonthInZone(t *testing.T) {
	t.Parallel()
	berlin := caltest.Location(t, "Europe/Berlin")
	march := calendar.Month{Year: 2023, Month: time.March}
	assert.Equal(t, "2023-02-28T23:00:00Z/2023-03-31T22:00:00Z", march.In(berlin).String())
	assert.Equal(t, "2023-04", calendar.MonthOf(caltest.At(t, "2023-03-31T22:00:00Z"), berlin).String())

	// The first of November 2009 began twice in St. John's: the hour between
	// is November's, although the clock showed October again.
	newfoundland := caltest.Location(t, "America/St_Johns")
	repeated := caltest.At(t, "2009-11-01T02:45:00Z")
	require.Equal(t, time.October, repeated.In(newfoundland).Month())
	assert.Equal(t, "2009-11", calendar.MonthOf(repeated, newfoundland).String())
	assert.Equal(t, "2009-11-01", calendar.DateOf(repeated, newfoundland).String())
}

func TestDaysSkipWhatTheZoneLeftOut(t *testing.T) {
	t.Parallel()
	apia := caltest.Location(t, "Pacific/Apia")
	var got []string
	for d, iv := range calendar.Days(caltest.Between(t, "2011-12-29T12:00:00Z", "2011-12-31T12:00:00Z"), apia) {
		got = append(got, d.String()+" "+iv.Duration().String())
	}
	assert.Equal(t, []string{"2011-12-29 24h0m0s", "2011-12-31 24h0m0s", "2012-01-01 24h0m0s"}, got)
}

func TestDaysAndMonthsAreWhole(t *testing.T) {
	t.Parallel()
	iv := caltest.Between(t, "2023-03-31T12:00:00Z", "2023-05-01T00:00:00Z")
	var months, days []string
	for m, whole := range calendar.Months(iv, time.UTC) {
		months = append(months, m.String())
		assert.Equal(t, m.In(time.UTC), whole)
	}
	assert.Equal(t, []string{"2023-03", "2023-04"}, months, "an end at midnight does not touch the next")
	for d := range calendar.Days(iv, time.UTC) {
		days = append(days, d.String())
	}
	require.Len(t, days, 31)
	assert.Equal(t, "2023-03-31", days[0])
	assert.Equal(t, "2023-04-30", days[30])

	empty := calendar.Between(iv.End, iv.Start)
	for range calendar.Days(empty, time.UTC) {
		t.Error("an empty interval has no days")
	}
	for range calendar.Months(empty, time.UTC) {
		t.Error("an empty interval has no months")
	}
	for range calendar.ClockHours(empty, time.UTC) {
		t.Error("an empty interval has no hours")
	}
	for range calendar.Days(iv, time.UTC) {
		break // the sequence must stop
	}
}

func TestClockHours(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, zone, start, end string
		want                  []string // local start and length
	}{
		{
			"whole, not clipped", "Europe/Berlin", "2023-04-01T10:30:00Z", "2023-04-01T11:01:00Z",
			[]string{"12:00 1h0m0s", "13:00 1h0m0s"},
		},
		{
			"quarter-hour zone", "Asia/Kathmandu", "2023-04-01T10:30:00Z", "2023-04-01T11:15:00Z",
			[]string{"16:00 1h0m0s"},
		},
		{
			"spring by an hour", "Europe/Berlin", "2023-03-26T00:00:00Z", "2023-03-26T02:00:00Z",
			[]string{"01:00 1h0m0s", "03:00 1h0m0s"},
		},
		{
			"autumn by an hour", "Europe/Berlin", "2023-10-29T00:00:00Z", "2023-10-29T02:00:00Z",
			[]string{"02:00 1h0m0s", "02:00 1h0m0s"},
		},
		{
			"spring by half an hour", "Australia/Lord_Howe", "2023-09-30T14:30:00Z", "2023-09-30T16:30:00Z",
			[]string{"01:00 1h0m0s", "02:30 30m0s", "03:00 1h0m0s"},
		},
		{
			"autumn by half an hour", "Australia/Lord_Howe", "2023-04-01T14:00:00Z", "2023-04-01T16:30:00Z",
			[]string{"01:00 1h0m0s", "01:30 30m0s", "02:00 1h0m0s"},
		},
		{
			"a jump of an hour in the middle of one", "America/St_Johns", "2009-11-01T02:30:00Z", "2009-11-01T03:30:00Z",
			[]string{"00:00 1h0m0s"},
		},
	} {
		loc := caltest.Location(t, c.zone)
		var got []string
		for hour := range calendar.ClockHours(caltest.Between(t, c.start, c.end), loc) {
			got = append(got, hour.Start.In(loc).Format("15:04")+" "+hour.Duration().String())
		}
		assert.Equal(t, c.want, got, "%s: %s", c.why, c.zone)
	}
}

// TestEveryZone walks through all zones of the tz database, 2000 to 2040.
func TestEveryZone(t *testing.T) {
	t.Parallel()
	names, err := os.ReadFile("testdata/zones.txt")
	require.NoError(t, err)
	decades := caltest.Between(t, "2000-01-01T00:00:00Z", "2041-01-01T00:00:00Z")
	seen := map[string]string{}
	for name := range strings.FieldsSeq(string(names)) {
		loc := caltest.Location(t, name)
		jumps := caltest.Transitions(loc, decades)
		var shape strings.Builder
		for _, j := range jumps {
			shape.WriteString(j.String())
			shape.WriteString(j.In(loc).Format("Z07:00:00"))
		}
		shape.WriteString(decades.Start.In(loc).Format("Z07:00:00"))
		if _, twin := seen[shape.String()]; twin {
			continue // another name for the same clock
		}
		seen[shape.String()] = name
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contiguousDays(t, loc, decades)
			contiguousMonths(t, loc, decades)
			for _, j := range jumps {
				aroundJump(t, loc, j)
			}
		})
	}
	assert.Greater(t, len(seen), 150)
}

func contiguousDays(t *testing.T, loc *time.Location, within calendar.Interval) {
	t.Helper()
	var end time.Time
	var last calendar.Date
	for d, day := range calendar.Days(within, loc) {
		switch {
		case day.Empty():
			t.Fatalf("%s is empty", d)
		case !end.IsZero() && !day.Start.Equal(end):
			t.Fatalf("%s starts at %s, the day before ends at %s", d, day.Start, end)
		case d.Compare(last) <= 0:
			t.Fatalf("%s comes after %s", d, last)
		case day.Duration() > 27*time.Hour || day.Duration() < 20*time.Hour:
			t.Fatalf("%s lasts %s", d, day.Duration())
		}
		end, last = day.End, d
	}
	require.False(t, end.Before(within.End))
}

func contiguousMonths(t *testing.T, loc *time.Location, within calendar.Interval) {
	t.Helper()
	var end time.Time
	for m, month := range calendar.Months(within, loc) {
		if !end.IsZero() && !month.Start.Equal(end) {
			t.Fatalf("%s starts at %s, the month before ends at %s", m, month.Start, end)
		}
		if calendar.MonthOf(month.Start, loc) != m || calendar.MonthOf(month.End.Add(-1), loc) != m {
			t.Fatalf("%s does not contain its own ends", m)
		}
		end = month.End
	}
	require.False(t, end.Before(within.End))
}

// aroundJump compares days and hours around a jump with the clock, minute by
// minute: a day begins when the clock first shows its date or a later one.
func aroundJump(t *testing.T, loc *time.Location, jump time.Time) {
	t.Helper()
	around := calendar.Between(jump.Add(-50*time.Hour), jump.Add(50*time.Hour))
	var shown time.Time // the latest date that the clock has shown, as UTC
	for now := around.Start; now.Before(around.End); now = now.Add(time.Minute) {
		y, m, d := now.In(loc).Date()
		today := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		if shown.IsZero() {
			shown = today
		}
		if today.After(shown) {
			shown = today
			want := calendar.Date{Year: y, Month: m, Day: d}
			if got := want.In(loc).Start; !got.Equal(now) {
				t.Fatalf("%s begins at %s, want %s", want, got, now)
			}
			if got := calendar.DateOf(now, loc); got != want {
				t.Fatalf("the date at %s is %s, want %s", now, got, want)
			}
		}
		if now.Minute()%15 != 0 {
			continue
		}
		if got := calendar.DateOf(now, loc).In(loc); !got.Contains(now) {
			t.Fatalf("the day %s of %s does not contain it", got, now)
		}
	}
	near := calendar.Between(jump.Add(-3*time.Hour), jump.Add(3*time.Hour))
	var end time.Time
	for hour := range calendar.ClockHours(near, loc) {
		switch {
		case hour.Empty() || hour.Duration() > time.Hour:
			t.Fatalf("an hour of %s: %s", hour.Duration(), hour)
		case !end.IsZero() && !hour.Start.Equal(end):
			t.Fatalf("an hour starts at %s, the one before ends at %s", hour.Start, end)
		case hour.Start.In(loc).Minute() != 0 && !hour.Start.Equal(jump):
			t.Fatalf("an hour starts at %s", hour.Start.In(loc))
		}
		end = hour.End
	}
}

// The zero time is none, and has neither date nor month nor local time.
func TestTheZeroTimeHasNoDate(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"UTC", "Asia/Tokyo", "America/New_York"} {
		loc := caltest.Location(t, zone)
		var none time.Time
		require.True(t, calendar.DateOf(none, loc).IsZero(), zone)
		require.True(t, calendar.MonthOf(none, loc).IsZero(), zone)
		require.True(t, calendar.LocalTimeOf(none, loc).IsZero(), zone)
		require.Error(t, calendar.DateOf(none, loc).Validate())
		require.Error(t, calendar.MonthOf(none, loc).Validate())
		require.True(t, calendar.DateOf(none.In(loc), loc).IsZero(), "in whatever zone")
		first := none.Add(time.Second)
		require.False(t, calendar.DateOf(first, loc).IsZero())
		days := 0
		for _, day := range calendar.Days(calendar.Between(none, none.Add(48*time.Hour)), loc) {
			require.False(t, day.Empty())
			days++
		}
		require.Contains(t, []int{2, 3}, days, "who asks for the days of an interval gets them, that one included")
		for m := range calendar.Months(calendar.Between(none, none.Add(48*time.Hour)), loc) {
			require.LessOrEqual(t, m.Year, 1)
		}
	}
}

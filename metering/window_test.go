package metering_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

// spans reads intervals as "start/end".
func spans(t testing.TB, texts ...string) []calendar.Interval {
	t.Helper()
	var list []calendar.Interval
	for _, text := range texts {
		iv, err := calendar.ParseInterval(text)
		require.NoError(t, err)
		list = append(list, iv)
	}
	return list
}

func TestStretchSplit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		window metering.Stretch
		zone   string
		during string
		want   []string
	}{
		{
			"weeks begin on Monday, the first and the last are clipped", metering.Weekly, "Europe/Berlin", "2026-03-25T12:00:00Z/2026-04-08T12:00:00Z",
			[]string{"2026-03-25T12:00:00Z/2026-03-29T22:00:00Z", "2026-03-29T22:00:00Z/2026-04-05T22:00:00Z", "2026-04-05T22:00:00Z/2026-04-08T12:00:00Z"},
		},
		{
			"a week of one Sunday", metering.Weekly, "", "2026-03-29T00:00:00Z/2026-03-30T00:00:00Z",
			[]string{"2026-03-29T00:00:00Z/2026-03-30T00:00:00Z"},
		},
		{
			"quarters", metering.Quarterly, "America/New_York", "2025-12-01T05:00:00Z/2026-05-01T00:00:00Z",
			[]string{"2025-12-01T05:00:00Z/2026-01-01T05:00:00Z", "2026-01-01T05:00:00Z/2026-04-01T04:00:00Z", "2026-04-01T04:00:00Z/2026-05-01T00:00:00Z"},
		},
		{
			"years", metering.Yearly, "Asia/Kolkata", "2024-06-01T00:00:00Z/2026-01-01T00:00:00Z",
			[]string{"2024-06-01T00:00:00Z/2024-12-31T18:30:00Z", "2024-12-31T18:30:00Z/2025-12-31T18:30:00Z", "2025-12-31T18:30:00Z/2026-01-01T00:00:00Z"},
		},
		{
			"minutes of a zone of half an hour", "15min", "Asia/Kathmandu", "2026-01-01T00:00:00Z/2026-01-01T00:40:00Z",
			[]string{"2026-01-01T00:00:00Z/2026-01-01T00:15:00Z", "2026-01-01T00:15:00Z/2026-01-01T00:30:00Z", "2026-01-01T00:30:00Z/2026-01-01T00:40:00Z"},
		},
		{
			"hours are those of the zone", "30min", "Asia/Kathmandu", "2026-01-01T00:00:00Z/2026-01-01T01:00:00Z", // 05:45
			[]string{"2026-01-01T00:00:00Z/2026-01-01T00:15:00Z", "2026-01-01T00:15:00Z/2026-01-01T00:45:00Z", "2026-01-01T00:45:00Z/2026-01-01T01:00:00Z"},
		},
		{
			"half an hour more on the clock cuts an hour", "60min", "Australia/Lord_Howe", "2026-10-03T15:00:00Z/2026-10-03T17:00:00Z", // 01:30 to 02:00, which is 02:30
			[]string{"2026-10-03T15:00:00Z/2026-10-03T15:30:00Z", "2026-10-03T15:30:00Z/2026-10-03T16:00:00Z", "2026-10-03T16:00:00Z/2026-10-03T17:00:00Z"},
		},
		{
			"and no half hour", "30min", "Australia/Lord_Howe", "2026-10-03T15:00:00Z/2026-10-03T16:30:00Z",
			[]string{"2026-10-03T15:00:00Z/2026-10-03T15:30:00Z", "2026-10-03T15:30:00Z/2026-10-03T16:00:00Z", "2026-10-03T16:00:00Z/2026-10-03T16:30:00Z"},
		},
		{
			"an hour that is left out is left out of a long window", "90min", "Europe/Berlin", "2026-03-29T00:30:00Z/2026-03-29T02:30:00Z", // 01:30 to 04:30
			[]string{"2026-03-29T00:30:00Z/2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z/2026-03-29T02:30:00Z"},
		},
		{
			"an hour that comes twice is in one", "90min", "Europe/Berlin", "2026-10-24T23:30:00Z/2026-10-25T03:30:00Z", // 01:30 to 04:30
			[]string{"2026-10-24T23:30:00Z/2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z/2026-10-25T03:30:00Z"},
		},
		{
			"a border that the clock jumps over", "72min", "Europe/Berlin", "2026-03-29T00:12:00Z/2026-03-29T01:36:00Z", // 01:12 to 03:36, without 02:24
			[]string{"2026-03-29T00:12:00Z/2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z/2026-03-29T01:36:00Z"},
		},
		{
			"a border that the clock shows twice", "72min", "Europe/Berlin", "2026-10-24T23:12:00Z/2026-10-25T02:36:00Z", // 01:12 to 03:36
			[]string{"2026-10-24T23:12:00Z/2026-10-25T00:24:00Z", "2026-10-25T00:24:00Z/2026-10-25T02:36:00Z"},
		},
		{
			"half days", "720min", "Europe/Berlin", "2026-10-24T22:00:00Z/2026-10-25T23:00:00Z",
			[]string{"2026-10-24T22:00:00Z/2026-10-25T11:00:00Z", "2026-10-25T11:00:00Z/2026-10-25T23:00:00Z"},
		},
		{
			"a date that was left out has no windows", "480min", "Pacific/Apia", "2011-12-29T20:00:00Z/2011-12-30T18:00:00Z",
			[]string{"2011-12-29T20:00:00Z/2011-12-30T02:00:00Z", "2011-12-30T02:00:00Z/2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z/2011-12-30T18:00:00Z"},
		},
		{"nothing", "15min", "", "2026-01-01T00:00:00Z/2026-01-01T00:00:00Z", nil},
	} {
		got, err := c.window.Split(spans(t, c.during)[0], zone(t, c.zone))
		require.NoError(t, err, c.name)
		require.Empty(t, cmp.Diff(spans(t, c.want...), got), c.name)
	}
}

// How many windows a day has on which the clock is changed.
func TestStretchCounts(t *testing.T) {
	t.Parallel()
	day := func(name string, d calendar.Date) calendar.Interval { return d.In(zone(t, name)) }
	long, short := calendar.Date{Year: 2026, Month: time.October, Day: 25}, calendar.Date{Year: 2026, Month: time.March, Day: 29}
	for _, c := range []struct {
		window metering.Stretch
		zone   string
		day    calendar.Date
		want   int
	}{
		{"1min", "Europe/Berlin", long, 1500},
		{"5min", "Europe/Berlin", long, 300},
		{"15min", "Europe/Berlin", long, 100},
		{"60min", "Europe/Berlin", long, 25},
		{"1min", "Europe/Berlin", short, 1380},
		{"15min", "Europe/Berlin", short, 92},
		{"60min", "Europe/Berlin", short, 23},
		{metering.Hourly, "Europe/Berlin", short, 23},
		{"90min", "Europe/Berlin", long, 16},
		{"90min", "Europe/Berlin", short, 16},
		{"240min", "Europe/Berlin", short, 6},
		{"240min", "Europe/Berlin", long, 6},
		{"1440min", "Europe/Berlin", long, 1},
		{metering.Daily, "Europe/Berlin", long, 1},
		{metering.Weekly, "Europe/Berlin", long, 1},
		{"45min", "Europe/Berlin", long, 34}, // 33 1/3: at the jump one is cut
		{"15min", "Australia/Lord_Howe", calendar.Date{Year: 2026, Month: time.April, Day: 5}, 98},
		{"15min", "Asia/Kathmandu", long, 96},
		{"120min", "America/Sao_Paulo", calendar.Date{Year: 2018, Month: time.November, Day: 4}, 12}, // it begins at 01:00
	} {
		list, err := c.window.Split(day(c.zone, c.day), zone(t, c.zone))
		require.NoError(t, err)
		require.Len(t, list, c.want, "%s of %s in %s", c.window, c.day, c.zone)
	}
}

func TestStretchValidate(t *testing.T) {
	t.Parallel()
	for _, w := range []metering.Stretch{metering.Whole, metering.Hourly, metering.Daily, metering.Weekly, metering.Monthly, metering.Quarterly, metering.Yearly, metering.Minutes(15), "1min", "90min", "1440min"} {
		require.NoError(t, w.Validate(), "%q", w)
		text, err := json.Marshal(w)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("%q", string(w)), string(text))
	}
	for _, w := range []metering.Stretch{"min", "0min", "-15min", "+15min", "015min", "7min", "1441min", "2880min", "15 min", "15", "15Min", "1e1min", "99999999999999999999min", "hours", "fortnight", "half_year", "\x00", metering.Minutes(0), metering.Minutes(-60)} {
		require.ErrorIs(t, w.Validate(), servicecoin.ErrInvalid, "%q", w)
		_, err := w.Split(spans(t, "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z")[0], nil)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, "%q", w)
		require.True(t, w.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), nil).Empty(), "%q", w)
	}
	_, err := metering.Stretch("1min").Split(spans(t, "2026-01-01T00:00:00Z/2026-02-01T00:00:00Z")[0], nil)
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "44,640 windows")
	require.True(t, metering.Whole.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), nil).Empty())
	require.True(t, metering.Weekly.At(time.Time{}, nil).Empty())
}

func someZones() []string {
	return []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "America/Sao_Paulo", "Africa/Monrovia", "Pacific/Apia", "Antarctica/Troll"}
}

func everyStretch() []metering.Stretch {
	list := []metering.Stretch{metering.Hourly, metering.Daily, metering.Weekly, metering.Monthly, metering.Quarterly, metering.Yearly}
	for n := 1; n <= 24*60; n++ {
		if 24*60%n == 0 {
			list = append(list, metering.Minutes(n))
		}
	}
	return list
}

// Whatever the window, the zone and the interval: together they are the interval, each
// is what At answers for its instants, and those of minutes are as long as is said.
func TestStretchIsWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.SampledFrom(everyStretch()).Draw(t, "window")
		loc, err := time.LoadLocation(rapid.SampledFrom(someZones()).Draw(t, "zone"))
		require.NoError(t, err)
		year := rapid.SampledFrom([]int{1919, 1972, 2006, 2011, 2018, 2026}).Draw(t, "year")
		start := time.Date(year, 1, 1, 0, 0, rapid.IntRange(0, 365*24*3600).Draw(t, "start"), 0, time.UTC)
		if jumps := slices.Collect(calendar.Jumps(calendar.Between(start, start.AddDate(1, 0, 0)), loc)); len(jumps) > 0 && rapid.Bool().Draw(t, "at a jump") {
			start = jumps[0].At.Add(-time.Duration(rapid.IntRange(0, 48*3600).Draw(t, "before")) * time.Second)
		}
		during := calendar.Between(start, start.Add(time.Duration(rapid.IntRange(1, 96*3600).Draw(t, "length"))*time.Second))
		list, err := w.Split(during, loc)
		require.NoError(t, err)
		require.Equal(t, during.Start, list[0].Start)
		require.Equal(t, during.End, list[len(list)-1].End)
		for i, window := range list {
			require.False(t, window.Empty())
			if i > 0 {
				require.Equal(t, list[i-1].End, window.Start)
			}
			for _, at := range []time.Time{window.Start, window.End.Add(-1)} {
				require.Equal(t, window, w.At(at, loc).Intersect(during), "at %s", at)
			}
			if n := len(list); w == metering.Minutes(60) || w == metering.Minutes(24*60) {
				other, err := map[metering.Stretch]metering.Stretch{"60min": metering.Hourly, "1440min": metering.Daily}[w].Split(during, loc)
				require.NoError(t, err)
				require.Len(t, other, n)
				require.Equal(t, other[i], window)
			}
		}
	})
}

func ExampleMinutes() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	long := calendar.Date{Year: 2026, Month: time.October, Day: 25}.In(berlin)
	for _, n := range []int{15, 60, 240} {
		windows, err := metering.Minutes(n).Split(long, berlin)
		fmt.Println(metering.Minutes(n), len(windows), err)
	}
	// Output:
	// 15min 100 <nil>
	// 60min 25 <nil>
	// 240min 6 <nil>
}

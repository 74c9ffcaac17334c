package metering_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// moment reads an instant.
func moment(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err, text)
	return at.UTC()
}

func every(t testing.TB, text string) calendar.Period {
	t.Helper()
	p, err := calendar.ParsePeriod(text)
	require.NoError(t, err, text)
	return p
}

// rhythmic are periods of one rhythm that has always been so.
func rhythmic(t testing.TB, length, anchor, zone string) metering.Periods {
	t.Helper()
	p, err := metering.NewPeriods(metering.Rhythm{Every: every(t, length), Anchor: moment(t, anchor), Zone: zone})
	require.NoError(t, err)
	return p
}

func TestPeriodsSplit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, length, anchor, zone, during string
		want                               []string
	}{
		{
			"the anchor's day comes back after a short month", "P1M", "2026-01-31T00:00:00Z", "", "2026-01-31T00:00:00Z/2026-05-10T00:00:00Z",
			[]string{"2026-01-31T00:00:00Z/2026-02-28T00:00:00Z", "2026-02-28T00:00:00Z/2026-03-31T00:00:00Z", "2026-03-31T00:00:00Z/2026-04-30T00:00:00Z", "2026-04-30T00:00:00Z/2026-05-10T00:00:00Z"},
		},
		{
			"before the anchor, too", "P1M", "2026-05-31T00:00:00Z", "", "2025-12-31T00:00:00Z/2026-03-31T00:00:00Z",
			[]string{"2025-12-31T00:00:00Z/2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z/2026-02-28T00:00:00Z", "2026-02-28T00:00:00Z/2026-03-31T00:00:00Z"},
		},
		{
			"a leap day", "P1Y", "2024-02-29T12:00:00Z", "", "2024-02-29T12:00:00Z/2028-02-29T12:00:00Z",
			[]string{"2024-02-29T12:00:00Z/2025-02-28T12:00:00Z", "2025-02-28T12:00:00Z/2026-02-28T12:00:00Z", "2026-02-28T12:00:00Z/2027-02-28T12:00:00Z", "2027-02-28T12:00:00Z/2028-02-29T12:00:00Z"},
		},
		{
			"months by the clock of the zone", "P1M", "2026-01-14T23:00:00Z", "Europe/Berlin", "2026-03-01T00:00:00Z/2026-05-01T00:00:00Z",
			[]string{"2026-03-01T00:00:00Z/2026-03-14T23:00:00Z", "2026-03-14T23:00:00Z/2026-04-14T22:00:00Z", "2026-04-14T22:00:00Z/2026-05-01T00:00:00Z"},
		},
		{
			"two weeks, half an hour from UTC", "P2W", "2026-01-01T18:30:00Z", "Asia/Kolkata", "2026-01-10T00:00:00Z/2026-01-20T00:00:00Z",
			[]string{"2026-01-10T00:00:00Z/2026-01-15T18:30:00Z", "2026-01-15T18:30:00Z/2026-01-20T00:00:00Z"},
		},
		{
			"days of 23 and 25 hours", "P1D", "2026-01-01T11:00:00Z", "Europe/Berlin", "2026-10-24T10:00:00Z/2026-10-26T11:00:00Z",
			[]string{"2026-10-24T10:00:00Z/2026-10-25T11:00:00Z", "2026-10-25T11:00:00Z/2026-10-26T11:00:00Z"},
		},
		{
			"a time that the clock jumps over", "P1D", "2026-03-27T01:30:00Z", "Europe/Berlin", "2026-03-28T01:30:00Z/2026-03-30T00:30:00Z", // 02:30, on the 29th 03:30
			[]string{"2026-03-28T01:30:00Z/2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z/2026-03-30T00:30:00Z"},
		},
		{
			"an anchor within a second", "P1D", "2026-01-01T00:00:00.25Z", "", "2026-01-01T00:00:00Z/2026-01-02T00:00:00.25Z",
			[]string{"2026-01-01T00:00:00Z/2026-01-01T00:00:00.25Z", "2026-01-01T00:00:00.25Z/2026-01-02T00:00:00.25Z"},
		},
		{
			"an anchor at a time that the clock shows for the second time", "P1D", "2026-10-25T01:30:00Z", "Europe/Berlin", "2026-10-24T00:30:00Z/2026-10-26T01:30:00Z",
			[]string{"2026-10-24T00:30:00Z/2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z/2026-10-26T01:30:00Z"},
		},
		{"nothing", "P1D", "2026-01-01T00:00:00Z", "", "2026-01-01T00:00:00Z/2026-01-01T00:00:00Z", nil},
	} {
		got, err := rhythmic(t, c.length, c.anchor, c.zone).Split(spans(t, c.during)[0])
		require.NoError(t, err, c.name)
		require.Empty(t, cmp.Diff(spans(t, c.want...), got), c.name)
	}
	_, err := rhythmic(t, "P1D", "2026-01-01T00:00:00Z", "").Split(spans(t, "2000-01-01T00:00:00Z/2040-01-01T00:00:00Z")[0])
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "14,610 days")
	_, err = rhythmic(t, "P1D", "2026-01-01T00:00:00Z", "").Split(calendar.Interval{})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

func TestPeriodsNeighbours(t *testing.T) {
	t.Parallel()
	p := rhythmic(t, "P1M", "2026-01-31T08:30:00Z", "")
	for _, c := range []struct{ at, before, next string }{
		{"2026-04-30T08:30:00Z", "2026-03-31T08:30:00Z", "2026-05-31T08:30:00Z"},
		{"2026-04-30T08:30:00.000001Z", "2026-04-30T08:30:00Z", "2026-05-31T08:30:00Z"},
		{"2026-04-30T08:29:59.999999Z", "2026-03-31T08:30:00Z", "2026-04-30T08:30:00Z"},
	} {
		before, there := p.Before(moment(t, c.at))
		require.True(t, there)
		require.Equal(t, []time.Time{moment(t, c.before), moment(t, c.next)}, []time.Time{before, p.Next(moment(t, c.at))}, c.at)
	}
	first, err := metering.NewPeriods(metering.Rhythm{From: moment(t, "2026-02-10T12:00:00Z"), Every: every(t, "P1M"), Anchor: moment(t, "2026-01-01T00:00:00Z")})
	require.NoError(t, err)
	require.Equal(t, spans(t, "2026-02-10T12:00:00Z/2026-03-01T00:00:00Z")[0], first.At(moment(t, "2020-01-01T00:00:00Z")), "before all periods")
	require.Equal(t, moment(t, "2026-02-10T12:00:00Z"), first.Next(moment(t, "2020-01-01T00:00:00Z")))
	_, there := first.Before(moment(t, "2026-02-10T12:00:00Z"))
	require.False(t, there, "there is none before the first")
	list, err := first.Split(spans(t, "2026-01-01T00:00:00Z/2026-02-10T12:00:00Z")[0])
	require.NoError(t, err)
	require.Empty(t, list)
	var none metering.Periods
	_, there = none.Before(moment(t, "2026-02-10T12:00:00Z"))
	require.False(t, there)
	require.True(t, none.At(moment(t, "2026-02-10T12:00:00Z")).Empty())
	require.True(t, none.Next(moment(t, "2026-02-10T12:00:00Z")).IsZero())
	_, err = none.Move(moment(t, "2026-02-10T12:00:00Z"), "UTC")
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// A rhythm begins where it is told to, and its first period ends where it is told to.
func TestPeriodsChange(t *testing.T) {
	t.Parallel()
	p, err := metering.NewPeriods(
		metering.Rhythm{Every: every(t, "P1M"), Anchor: moment(t, "2026-01-01T00:00:00Z")},
		metering.Rhythm{From: moment(t, "2026-02-10T00:00:00Z"), Every: every(t, "P1W"), Anchor: moment(t, "2026-02-02T00:00:00Z"), FirstEnd: moment(t, "2026-02-18T12:00:00Z")},
		metering.Rhythm{From: moment(t, "2026-02-24T00:00:00Z"), Every: every(t, "P1M"), Anchor: moment(t, "2026-01-31T00:00:00Z")},
	)
	require.NoError(t, err)
	got, err := p.Split(spans(t, "2026-01-01T00:00:00Z/2026-03-31T00:00:00Z")[0])
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(spans(t, "2026-01-01T00:00:00Z/2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z/2026-02-10T00:00:00Z",
		"2026-02-10T00:00:00Z/2026-02-18T12:00:00Z", "2026-02-18T12:00:00Z/2026-02-23T00:00:00Z", "2026-02-23T00:00:00Z/2026-02-24T00:00:00Z",
		"2026-02-24T00:00:00Z/2026-02-28T00:00:00Z", "2026-02-28T00:00:00Z/2026-03-31T00:00:00Z"), got))
}

// A customer moves: the period that runs ends as it would have, the next begins there.
func TestPeriodsMove(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, length, anchor, from, to, at, during string
		want                                       []string
	}{
		{ // as statements do: see statement-zone-change
			"east, months", "P1M", "2025-06-01T04:00:00Z", "America/New_York", "Europe/Berlin", "2025-10-20T00:00:00Z", "2025-10-01T04:00:00Z/2025-12-31T23:00:00Z",
			[]string{"2025-10-01T04:00:00Z/2025-11-01T04:00:00Z", "2025-11-01T04:00:00Z/2025-11-30T23:00:00Z", "2025-11-30T23:00:00Z/2025-12-31T23:00:00Z"},
		},
		{
			"west, months", "P1M", "2025-05-31T22:00:00Z", "Europe/Berlin", "America/New_York", "2025-10-20T00:00:00Z", "2025-09-30T22:00:00Z/2026-01-01T05:00:00Z",
			[]string{"2025-09-30T22:00:00Z/2025-10-31T23:00:00Z", "2025-10-31T23:00:00Z/2025-12-01T05:00:00Z", "2025-12-01T05:00:00Z/2026-01-01T05:00:00Z"},
		},
		{
			"the day of a short month stays", "P1M", "2026-01-30T23:00:00Z", "Europe/Berlin", "UTC", "2026-02-01T00:00:00Z", "2026-01-30T23:00:00Z/2026-04-30T00:00:00Z",
			[]string{"2026-01-30T23:00:00Z/2026-02-27T23:00:00Z", "2026-02-27T23:00:00Z/2026-03-31T00:00:00Z", "2026-03-31T00:00:00Z/2026-04-30T00:00:00Z"},
		},
		{
			"days, almost around the world", "P1D", "2026-01-01T11:00:00Z", "Etc/GMT+11", "Etc/GMT-14", "2026-03-10T12:00:00Z", "2026-03-10T11:00:00Z/2026-03-12T10:00:00Z",
			[]string{"2026-03-10T11:00:00Z/2026-03-11T11:00:00Z", "2026-03-11T11:00:00Z/2026-03-12T10:00:00Z"},
		},
		{
			"and back", "P1D", "2026-01-01T10:00:00Z", "Etc/GMT-14", "Etc/GMT+11", "2026-03-10T12:00:00Z", "2026-03-10T10:00:00Z/2026-03-13T11:00:00Z",
			[]string{"2026-03-10T10:00:00Z/2026-03-11T10:00:00Z", "2026-03-11T10:00:00Z/2026-03-13T11:00:00Z"},
		},
		{
			"an anchor within a second", "P1D", "2026-01-01T00:00:00.25Z", "UTC", "Europe/Berlin", "2026-01-05T12:00:00Z", "2026-01-05T00:00:00.25Z/2026-01-07T23:00:00.25Z",
			[]string{"2026-01-05T00:00:00.25Z/2026-01-06T00:00:00.25Z", "2026-01-06T00:00:00.25Z/2026-01-06T23:00:00.25Z", "2026-01-06T23:00:00.25Z/2026-01-07T23:00:00.25Z"},
		},
		{
			"to where it was", "P1W", "2026-01-05T00:00:00Z", "UTC", "UTC", "2026-01-07T00:00:00Z", "2026-01-05T00:00:00Z/2026-01-26T00:00:00Z",
			[]string{"2026-01-05T00:00:00Z/2026-01-12T00:00:00Z", "2026-01-12T00:00:00Z/2026-01-19T00:00:00Z", "2026-01-19T00:00:00Z/2026-01-26T00:00:00Z"},
		},
	} {
		moved, err := rhythmic(t, c.length, c.anchor, c.from).Move(moment(t, c.at), c.to)
		require.NoError(t, err, c.name)
		got, err := moved.Split(spans(t, c.during)[0])
		require.NoError(t, err, c.name)
		require.Empty(t, cmp.Diff(spans(t, c.want...), got), c.name)
	}
	p := rhythmic(t, "P1M", "2026-01-01T00:00:00Z", "")
	_, err := p.Move(time.Time{}, "Mars/Olympus")
	require.ErrorContains(t, err, "at")
	require.ErrorContains(t, err, "zone")
	moved, err := p.Move(moment(t, "2026-01-15T00:00:00Z"), "Europe/Berlin")
	require.NoError(t, err)
	_, err = moved.Move(moment(t, "2026-01-20T00:00:00Z"), "UTC")
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "before the move")
	require.Len(t, p.Rhythms(), 1, "what was moved stays")
}

// Whatever zones a customer moves through, no instant is lost, and none counts twice.
func TestPeriodsAreWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.SampledFrom([]calendar.Period{{Days: 1}, {Days: 7}, {Days: 45}, {Months: 1}, {Months: 3}, {Years: 1}, {Years: 1, Months: 1}}).Draw(t, "every")
		start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
		someTime := func(what string) time.Time {
			return start.Add(time.Duration(rapid.Int64Range(0, 8*365*24*3600).Draw(t, what)) * time.Second)
		}
		p, err := metering.NewPeriods(metering.Rhythm{Every: length, Anchor: someTime("anchor"), Zone: rapid.SampledFrom(someZones()).Draw(t, "zone")})
		require.NoError(t, err)
		at := someTime("at")
		for range rapid.IntRange(0, 4).Draw(t, "moves") {
			p, err = p.Move(at, rapid.SampledFrom(someZones()).Draw(t, "to"))
			require.NoError(t, err)
			at = p.At(p.At(at).End).Start.Add(time.Duration(rapid.IntRange(0, 100*24*3600).Draw(t, "later")) * time.Second)
		}
		during := calendar.Between(at.AddDate(-1, 0, 0), at.AddDate(0, 3, 0))
		list, err := p.Split(during)
		require.NoError(t, err)
		require.Equal(t, during.Start, list[0].Start)
		require.Equal(t, during.End, list[len(list)-1].End)
		for i, period := range list {
			require.False(t, period.Empty())
			if i > 0 {
				require.Equal(t, list[i-1].End, period.Start)
				before, there := p.Before(period.Start)
				require.True(t, there)
				require.Equal(t, before, p.At(list[i-1].Start).Start)
				require.Equal(t, period.Start, p.Next(list[i-1].Start))
			}
			whole := p.At(period.Start)
			require.Equal(t, whole, p.At(period.End.Add(-1)))
			require.LessOrEqual(t, whole.Duration(), 2*366*24*time.Hour)
		}
		text, err := json.Marshal(p)
		require.NoError(t, err)
		var again metering.Periods
		require.NoError(t, json.Unmarshal(text, &again))
		require.Equal(t, p.Rhythms(), again.Rhythms())
		require.Equal(t, p.At(at), again.At(at))
	})
}

// The arithmetic is that of counting on from the anchor, one period at a time.
func TestPeriodsCount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(someZones()).Draw(t, "zone")
		loc, err := time.LoadLocation(name)
		require.NoError(t, err)
		anchor := time.Date(2010, 1, 1, 0, rapid.IntRange(0, 3*365*24*60).Draw(t, "anchor"), 0, 0, time.UTC)
		shown := calendar.LocalTimeOf(anchor, loc)
		months := rapid.IntRange(0, 13).Draw(t, "months")
		length, step := calendar.Period{Months: months}, func(n int) calendar.Date { return shown.Date.AddMonths(n * months) }
		if months == 0 {
			days := rapid.IntRange(1, 40).Draw(t, "days")
			length, step = calendar.Period{Days: days}, func(n int) calendar.Date { return shown.Date.AddDays(n * days) }
		}
		begin := func(n int) time.Time {
			if n == 0 {
				return anchor
			}
			return calendar.LocalTime{Date: step(n), Clock: shown.Clock}.In(loc, calendar.ShiftByGap, calendar.FirstOfTwo)[0]
		}
		p, err := metering.NewPeriods(metering.Rhythm{Every: length, Anchor: anchor, Zone: name})
		require.NoError(t, err)
		for n := -30; n < 30; n++ {
			want := calendar.Between(begin(n), begin(n+1))
			if want.Empty() { // the zone left the day out
				continue
			}
			require.Equal(t, want, p.At(want.Start), "period %d", n)
			require.Equal(t, want, p.At(want.End.Add(-1)), "period %d", n)
		}
	})
}

func TestPeriodsValidate(t *testing.T) {
	t.Parallel()
	good := metering.Rhythm{Every: every(t, "P1M"), Anchor: moment(t, "2026-01-01T00:00:00Z")}
	for path, change := range map[string]func(r *metering.Rhythm){
		"rhythms[0].every":        func(r *metering.Rhythm) { r.Every = calendar.Period{} },
		"rhythms[0].every.days":   func(r *metering.Rhythm) { r.Every = calendar.Period{Days: -1} },
		"rhythms[0].every.months": func(r *metering.Rhythm) { r.Every = calendar.Period{Months: 1 << 40} },
		"rhythms[0].anchor":       func(r *metering.Rhythm) { r.Anchor = time.Time{} },
		"rhythms[0].zone":         func(r *metering.Rhythm) { r.Zone = "Local" },
		"rhythms[0].firstEnd":     func(r *metering.Rhythm) { r.FirstEnd = moment(t, "2026-01-01T00:00:00Z") },
		"rhythms[0].from":         func(r *metering.Rhythm) { r.From = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		bad := good
		change(&bad)
		_, err := metering.NewPeriods(bad)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, path)
		require.ErrorContains(t, err, path)
	}
	for _, length := range []string{"PT1H", "P1DT1H", "P1M1D", "P1Y1D"} {
		bad := good
		bad.Every = every(t, length)
		_, err := metering.NewPeriods(bad)
		require.ErrorContains(t, err, "rhythms[0].every", length)
	}
	_, err := metering.NewPeriods()
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = metering.NewPeriods(good, good)
	require.ErrorContains(t, err, "rhythms[1].from")
	_, err = metering.NewPeriods(make([]metering.Rhythm, metering.MaxRhythms+1)...)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	var p metering.Periods
	require.Error(t, json.Unmarshal([]byte(`{"every":"P1M"}`), &p))
	require.ErrorIs(t, json.Unmarshal([]byte(`[{"every":"P1M"}]`), &p), servicecoin.ErrInvalid)
}

// The first and the last years that there are, and lengths beyond them, answer at once.
func TestPeriodsFarAway(t *testing.T) {
	t.Parallel()
	for _, length := range []string{"P1D", "P1M", "P9999Y", "P10000Y", "P3660000D"} {
		for _, anchor := range []string{"0001-01-01T00:00:01Z", "2026-01-31T00:00:00Z", "9999-12-31T23:59:59Z"} {
			for _, zone := range []string{"", "Europe/Berlin", "America/New_York"} {
				p := rhythmic(t, length, anchor, zone)
				for _, at := range []string{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000001Z", "2026-06-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"} {
					period := p.At(moment(t, at))
					require.True(t, period.Contains(moment(t, at)), "every %s from %s in %q: %s lies in %s", length, anchor, zone, at, period)
				}
			}
		}
	}
}

func BenchmarkPeriodsAt(b *testing.B) {
	p := rhythmic(b, "P1M", "1999-01-31T08:30:00Z", "Europe/Berlin")
	at := moment(b, "2026-04-30T09:00:00Z")
	b.ReportAllocs()
	for b.Loop() {
		if p.At(at).Empty() {
			b.Fatal("no period")
		}
	}
}

func ExamplePeriods() {
	p, err := metering.NewPeriods(metering.Rhythm{
		Every: calendar.Period{Months: 1}, Anchor: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for period := range p.All(calendar.Month{Year: 2026, Month: time.March}.In(time.UTC)) {
		fmt.Println(period.Start.Format(time.DateOnly), "to", period.End.Format(time.DateOnly))
	}
	// Output:
	// 2026-02-28 to 2026-03-31
	// 2026-03-31 to 2026-04-30
}

func ExamplePeriods_Move() {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := metering.NewPeriods(metering.Rhythm{Every: calendar.Period{Months: 1}, Anchor: time.Date(2025, 1, 1, 0, 0, 0, 0, newYork), Zone: "America/New_York"})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err = p.Move(time.Date(2025, 10, 20, 0, 0, 0, 0, time.UTC), "Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, month := range []time.Month{time.October, time.November, time.December} {
		fmt.Println(p.At(time.Date(2025, month, 15, 0, 0, 0, 0, time.UTC)))
	}
	// Output:
	// 2025-10-01T04:00:00Z/2025-11-01T04:00:00Z
	// 2025-11-01T04:00:00Z/2025-11-30T23:00:00Z
	// 2025-11-30T23:00:00Z/2025-12-31T23:00:00Z
}

package recur_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// The oracle goes through every period of a rule, every day of it and every
// second that its lists name, and asks the standard library what day that is.
// Then it looks for the instants at which the clock shows that.

// oracle is a repeat with what the oracle takes from the start.
type oracle struct {
	recur.Repeat

	start     time.Time // on the wall
	weekStart time.Weekday
}

func newOracle(r recur.Repeat, start time.Time) oracle {
	o := oracle{Repeat: r, start: start, weekStart: time.Monday}
	if r.WeekStart != nil {
		o.weekStart = *r.WeekStart
	}
	o.Interval = max(1, o.Interval)
	day := len(r.ByDay)+len(r.ByMonthDay)+len(r.ByYearDay)+len(r.ByWeekNo) == 0
	switch r.Frequency {
	case recur.Yearly:
		if day {
			o.ByMonthDay = []int{start.Day()}
			if len(r.ByMonth) == 0 {
				o.ByMonth = []time.Month{start.Month()}
			}
		}
	case recur.Monthly:
		if day {
			o.ByMonthDay = []int{start.Day()}
		}
	case recur.Weekly:
		if day {
			o.ByDay = []recur.NthDay{{Day: start.Weekday()}}
		}
	default:
	}
	return o
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

func (o oracle) weekOf(t time.Time) time.Time {
	d := midnight(t)
	for d.Weekday() != o.weekStart {
		d = d.AddDate(0, 0, -1)
	}
	return d
}

// period returns the n-th period, counted from the one of the start.
func (o oracle) period(n int) (from, to time.Time) {
	n *= o.Interval
	switch y, m, _ := o.start.Date(); o.Frequency {
	case recur.Yearly:
		return time.Date(y+n, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(y+n+1, 1, 1, 0, 0, 0, 0, time.UTC)
	case recur.Monthly:
		return time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC), time.Date(y, m+time.Month(n)+1, 1, 0, 0, 0, 0, time.UTC)
	case recur.Weekly:
		from = o.weekOf(o.start).AddDate(0, 0, 7*n)
		return from, from.AddDate(0, 0, 7)
	case recur.Daily:
		from = midnight(o.start).AddDate(0, 0, n)
		return from, from.AddDate(0, 0, 1)
	case recur.Hourly:
		from = o.start.Truncate(time.Hour).Add(time.Duration(n) * time.Hour)
		return from, from.Add(time.Hour)
	case recur.Minutely:
		from = o.start.Truncate(time.Minute).Add(time.Duration(n) * time.Minute)
		return from, from.Add(time.Minute)
	default:
		from = o.start.Add(time.Duration(n) * time.Second)
		return from, from.Add(time.Second)
	}
}

// week returns the number of the week of a day, and how many its year has.
func (o oracle) week(day time.Time) (number, of int) {
	first := func(year int) time.Time { return o.weekOf(time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)) }
	year := day.Year() + 1
	for first(year).After(day) {
		year--
	}
	days := func(d time.Duration) int { return int(d / (24 * time.Hour)) }
	return days(day.Sub(first(year)))/7 + 1, days(first(year+1).Sub(first(year))) / 7
}

// in reports whether n, or how far it is from the end, is listed.
func in(list []int, n, of int) bool {
	return slices.Contains(list, n) || slices.Contains(list, n-of-1)
}

func (o oracle) allowsDay(day time.Time) bool {
	if len(o.ByMonth) > 0 && !slices.Contains(o.ByMonth, day.Month()) {
		return false
	}
	length := time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	if len(o.ByMonthDay) > 0 && !in(o.ByMonthDay, day.Day(), length) {
		missing := slices.ContainsFunc(o.ByMonthDay, func(n int) bool { return n > length })
		if o.Skip != recur.BackMissing || day.Day() != length || !missing {
			return false
		}
	}
	yearLength := time.Date(day.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
	if len(o.ByYearDay) > 0 && !in(o.ByYearDay, day.YearDay(), yearLength) {
		return false
	}
	if len(o.ByWeekNo) > 0 {
		if number, of := o.week(day); !in(o.ByWeekNo, number, of) {
			return false
		}
	}
	return len(o.ByDay) == 0 || slices.ContainsFunc(o.ByDay, func(d recur.NthDay) bool {
		switch {
		case d.Day != day.Weekday():
			return false
		case d.N == 0 || o.Frequency != recur.Monthly && o.Frequency != recur.Yearly:
			return true
		case o.Frequency == recur.Yearly && len(o.ByMonth) == 0:
			return d.N == (day.YearDay()-1)/7+1 || d.N == -((yearLength-day.YearDay())/7+1)
		}
		return d.N == (day.Day()-1)/7+1 || d.N == -((length-day.Day())/7+1)
	})
}

// times returns what the n-th period allows, in order, before positions are
// picked.
func (o oracle) times(n int) []time.Time {
	from, to := o.period(n)
	var out []time.Time
	values := func(list []int, size, own int, derived bool) []int {
		var all []int
		for i := range size {
			if len(list) == 0 && (!derived || i == own) || slices.Contains(list, i) || i == 59 && slices.Contains(list, 60) {
				all = append(all, i)
			}
		}
		return all
	}
	f := slices.Index(frequencies, o.Frequency)
	hours := values(o.ByHour, 24, o.start.Hour(), f > 2)
	minutes := values(o.ByMinute, 60, o.start.Minute(), f > 1)
	seconds := values(o.BySecond, 60, o.start.Second(), f > 0)
	for day := midnight(from); day.Before(to); day = day.AddDate(0, 0, 1) {
		if !o.allowsDay(day) {
			continue
		}
		for _, h := range hours {
			if f <= 2 && h != from.Hour() {
				continue
			}
			for _, m := range minutes {
				if f <= 1 && m != from.Minute() {
					continue
				}
				for _, s := range seconds {
					t := day.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second)
					if !t.Before(from) && t.Before(to) {
						out = append(out, t)
					}
				}
			}
		}
	}
	return out
}

var frequencies = []recur.Frequency{
	recur.Secondly, recur.Minutely, recur.Hourly, recur.Daily,
	recur.Weekly, recur.Monthly, recur.Yearly,
}

// picked returns what comes of the n-th period.
func (o oracle) picked(n int) []time.Time {
	all := o.times(n)
	if len(o.BySetPos) > 0 {
		var some []time.Time
		for i, t := range all {
			if in(o.BySetPos, i+1, len(all)) {
				some = append(some, t)
			}
		}
		all = some
	}
	return slices.DeleteFunc(all, func(t time.Time) bool { return t.Before(o.start) })
}

// instants returns what a repeat comes to before an instant, in order.
func (o oracle) instants(t *rapid.T, rule recur.Rule, loc *time.Location, end time.Time) []time.Time {
	var out []time.Time
	left := o.Count
	shown := caltest.Wall(calendar.LocalTimeOf(end, loc)).Add(90 * time.Minute)
	if loc.String() == "Pacific/Apia" {
		shown = shown.Add(24 * time.Hour)
	}
	for n := 0; ; n++ {
		from, _ := o.period(n)
		if from.After(shown) {
			break
		}
		for _, l := range o.picked(n) {
			at := caltest.Moments(l, loc, rule.Gap, rule.Twice)
			if len(at) == 0 {
				continue
			}
			if o.Count > 0 && left == 0 {
				return sorted(out)
			}
			left--
			for _, at := range at {
				if o.Until.IsZero() || o.Until.UTC && !at.After(caltest.Wall(o.Until.Local)) || !o.Until.UTC && !l.After(caltest.Wall(o.Until.Local)) {
					out = append(out, at)
				}
			}
		}
	}
	return sorted(out)
}

func sorted(list []time.Time) []time.Time {
	slices.SortFunc(list, time.Time.Compare)
	return slices.CompactFunc(list, time.Time.Equal)
}

// aRepeat draws a repeat that is not too rich, since the oracle walks.
func aRepeat(t *rapid.T, start time.Time) recur.Repeat {
	r := recur.Repeat{Frequency: rapid.SampledFrom(frequencies).Draw(t, "frequency")}
	f := slices.Index(frequencies, r.Frequency)
	r.Interval = rapid.SampledFrom([]int{0, 1, 1, 2, 3, 5, 7, 24, 25}).Draw(t, "interval")
	some := func(name string, odds int, values ...int) []int {
		if rapid.IntRange(0, odds).Draw(t, "has "+name) != 0 {
			return nil
		}
		return rapid.SliceOfN(rapid.SampledFrom(values), 1, 3).Draw(t, name)
	}
	r.BySecond = some("seconds", 4, 0, 1, 30, 59, 60, start.Second())
	r.ByMinute = some("minutes", 3, 0, 1, 15, 30, 45, 59, start.Minute())
	r.ByHour = some("hours", 3, 0, 1, 2, 3, 12, 23, start.Hour())
	r.ByMonthDay = some("month days", 4, 1, 2, 13, 28, 29, 30, 31, -1, -2, -29, -30, -31, start.Day())
	r.ByYearDay = some("year days", 9, 1, 2, 59, 60, 61, 100, 365, 366, -1, -365, -366, start.YearDay())
	r.ByWeekNo = some("weeks", 6, 1, 2, 20, 52, 53, -1, -2, -52, -53)
	for _, m := range some("months", 4, 1, 2, 3, 12, int(start.Month())) {
		r.ByMonth = append(r.ByMonth, time.Month(m))
	}
	for _, n := range some("days", 2, 0, 0, 0, 1, 2, 5, -1, -2, -5, 20, -53) {
		day := time.Weekday(rapid.IntRange(0, 6).Draw(t, "day"))
		if f < 5 && rapid.Bool().Draw(t, "plain") || n > 5 && f == 5 {
			n = 0
		}
		r.ByDay = append(r.ByDay, recur.NthDay{N: n, Day: day})
	}
	if len(r.BySecond)+len(r.ByMinute)+len(r.ByHour)+len(r.ByMonthDay)+len(r.ByYearDay)+len(r.ByWeekNo)+len(r.ByMonth)+len(r.ByDay) > 0 {
		r.BySetPos = some("positions", 2, 1, 2, 3, 10, -1, -2, -3)
	}
	if rapid.IntRange(0, 3).Draw(t, "has week start") == 0 {
		r.WeekStart = new(time.Weekday(rapid.IntRange(0, 6).Draw(t, "week start")))
	}
	if rapid.IntRange(0, 4).Draw(t, "has skip") == 0 {
		r.Skip = rapid.SampledFrom([]recur.MonthSkipPolicy{recur.OmitMissing, recur.BackMissing}).Draw(t, "skip")
	}
	return r
}

// reach is how far the oracle walks, by frequency.
var reach = []time.Duration{
	time.Hour, 8 * time.Hour, 80 * time.Hour, 40 * 24 * time.Hour, 200 * 24 * time.Hour, 800 * 24 * time.Hour, 6 * 366 * 24 * time.Hour,
}

func TestRulesAgreeWithTheOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		place := rapid.SampledFrom(caltest.Awkward()).Draw(t, "place")
		loc, err := time.LoadLocation(place.Zone)
		require.NoError(t, err)
		jump, err := time.Parse(time.RFC3339, place.Jump)
		require.NoError(t, err)
		rule := recur.Rule{
			Zone:  place.Zone,
			Gap:   rapid.SampledFrom([]calendar.GapPolicy{"", calendar.ShiftByGap, calendar.AfterGap, calendar.SkipGap}).Draw(t, "gap"),
			Twice: rapid.SampledFrom([]calendar.TwicePolicy{"", calendar.FirstOfTwo, calendar.LastOfTwo, calendar.BothOfTwo}).Draw(t, "twice"),
		}
		r := aRepeat(t, jump.In(loc))
		far := reach[slices.Index(frequencies, r.Frequency)]
		start := caltest.Wall(calendar.LocalTimeOf(jump, loc)).
			Add(-time.Duration(rapid.Int64Range(0, int64(far/time.Second)).Draw(t, "start")) * time.Second)
		if rapid.Bool().Draw(t, "at the jump") {
			start = start.Truncate(24 * time.Hour).Add(caltest.Wall(calendar.LocalTimeOf(jump, loc)).Sub(midnight(caltest.Wall(calendar.LocalTimeOf(jump, loc)))) - 30*time.Minute)
		}
		rule.Start = recur.At(caltest.LocalOf(start))
		end := jump.Add(far / 2)
		switch rapid.IntRange(0, 3).Draw(t, "ends") {
		case 0:
			r.Count = rapid.IntRange(1, 50).Draw(t, "count")
		case 1:
			until := jump.Add(time.Duration(rapid.Int64Range(-int64(far/time.Second), int64(far/time.Second)).Draw(t, "until")) * time.Second)
			r.Until = recur.When{Local: caltest.LocalOf(until), UTC: true}
		default:
		}
		rule.Repeats = []recur.Repeat{r}
		want := newOracle(r, start).instants(t, rule, loc, end)
		want = slices.DeleteFunc(want, func(x time.Time) bool { return !x.Before(end) })

		text := rule.String()
		again, err := recur.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, text, again.String())
		c, err := again.Compile()
		require.NoError(t, err, text)
		got := slices.Collect(c.Between(start.Add(-50*time.Hour), end))
		if !slices.EqualFunc(want, got, time.Time.Equal) {
			i := 0
			for i < len(want) && i < len(got) && want[i].Equal(got[i]) {
				i++
			}
			t.Fatalf("%s\nfrom the %d-th of %d and %d on: want %v, got %v", text, i, len(want), len(got), want[i:min(i+3, len(want))], got[i:min(i+3, len(got))])
		}
		// From anywhere, without having walked there.
		for range 5 {
			at := start.Add(time.Duration(rapid.Int64Range(-100, max(0, int64(end.Sub(start)/time.Second))+100).Draw(t, "at")) * time.Second)
			i := slices.IndexFunc(want, func(x time.Time) bool { return x.After(at) })
			if next, ok := c.Next(at); i >= 0 {
				require.True(t, ok && next.Equal(want[i]), "%s\nnext after %s: want %s, got %s %t", text, at, want[i], next, ok)
			} else if ok {
				require.False(t, next.Before(end), "%s\nnext after %s: want none before %s, got %s", text, at, end, next)
			}
			if !at.Before(end) {
				continue
			}
			i = slices.IndexFunc(want, func(x time.Time) bool { return !x.Before(at) })
			if i < 0 {
				i = len(want)
			}
			last, ok := c.Previous(at)
			require.Equal(t, i > 0, ok, "%s\nprevious to %s: %s", text, at, last)
			if ok {
				require.True(t, last.Equal(want[i-1]), "%s\nprevious to %s: want %s, got %s", text, at, want[i-1], last)
			}
			require.Equal(t, i < len(want) && want[i].Equal(at), c.Contains(at), "%s\ncontains %s", text, at)
		}
	})
}

package metering_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	opening "github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/metering"
)

// runVectors runs the cases of a file by their models; those that are answered elsewhere
// have a reason.
func runVectors(t *testing.T, file string, checks map[string]func(*testing.T, vector), others map[string]string) {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors/" + file)
	require.NoError(t, err)
	cases := fields[[]vector](t, text)
	require.NotEmpty(t, cases)
	passed, left := 0, map[string]int{}
	for _, c := range cases {
		if _, ok := others[c.Model]; ok {
			left[c.Model]++
			continue
		}
		require.False(t, c.Quirk, "%s: a quirk needs a named policy", c.ID)
		check, ok := checks[c.Model]
		require.True(t, ok, "no check for model %s of case %s", c.Model, c.ID)
		if t.Run(c.ID, func(t *testing.T) { check(t, c) }) {
			passed++
		}
	}
	t.Logf("%s: %d cases, %d passed", file, len(cases), passed)
	for model, n := range left {
		t.Logf("%s: %d of %s left: %s", file, n, model, others[model])
	}
}

func TestWindowVectors(t *testing.T) {
	runVectors(t, "windows_periods.json", map[string]func(*testing.T, vector){
		"recurrence_next_after": checkNext, "recurrence_prev_before": checkPrevious, "recurrence_period_at": checkPeriodAt,
		"usage_period_at": checkUsagePeriod, "reset_timeline": checkResets, "bucket_starts": checkBuckets, "add_month_clamped": checkClamped,
		"calendar_days_between": checkDaysBetween, "quota_window": checkQuotaWindow, "advance_billing_period": checkBillingPeriod,
		"period_contains": checkContains, "period_overlaps": checkOverlaps,
	}, nil)
}

func TestTimeOfDayVectors(t *testing.T) {
	runVectors(t, "time_of_day.json", map[string]func(*testing.T, vector){
		"minute_of_day": checkMinute, "window_contains": checkDayWindow, "windows_contain": checkDayWindows,
	}, map[string]string{
		"windowed_commitment": "a commitment by the hours of the day is a price, of the issue of rating",
		"weekly_multiplier":   "a price that differs by the hour is of the issue of rating",
	})
}

// recurrence is a rhythm as the vectors have it.
type recurrence struct {
	Effective *time.Time      `json:"effective"`
	Interval  calendar.Period `json:"interval"`
	Anchor    time.Time       `json:"anchor"`
	Boundary  string          `json:"boundary"`
}

func (r recurrence) rhythm(zone string) metering.Rhythm {
	rhythm := metering.Rhythm{Every: r.Interval, Anchor: r.Anchor, Zone: zone}
	if r.Effective != nil {
		rhythm.From = *r.Effective
	}
	return rhythm
}

type recurrences struct {
	Timezone    string       `json:"timezone"`
	Recurrences []recurrence `json:"recurrences"`
}

func (r recurrences) periods(t *testing.T) metering.Periods {
	t.Helper()
	var list []metering.Rhythm
	for _, x := range r.Recurrences {
		list = append(list, x.rhythm(r.Timezone))
	}
	p, err := metering.NewPeriods(list...)
	require.NoError(t, err)
	return p
}

type fromTo struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

func (x fromTo) interval() calendar.Interval { return calendar.Between(x.From, x.To) }

// recurring reads a vector about one recurrence.
func recurring(t *testing.T, c vector) (p metering.Periods, at time.Time, inclusive bool) {
	t.Helper()
	params := fields[recurrence](t, c.Params)
	in := fields[struct{ T time.Time }](t, c.Input)
	p, err := metering.NewPeriods(params.rhythm(""))
	require.NoError(t, err)
	return p, in.T, params.Boundary == "inclusive"
}

func checkNext(t *testing.T, c vector) {
	p, at, inclusive := recurring(t, c)
	got := p.Next(at)
	if inclusive && p.At(at).Start.Equal(at) {
		got = at
	}
	require.Equal(t, fields[struct{ Time time.Time }](t, c.Expect).Time, got)
}

func checkPrevious(t *testing.T, c vector) {
	p, at, inclusive := recurring(t, c)
	got, there := p.Before(at)
	if inclusive {
		got = p.At(at).Start
	}
	require.True(t, there)
	require.Equal(t, fields[struct{ Time time.Time }](t, c.Expect).Time, got)
}

func checkPeriodAt(t *testing.T, c vector) {
	p, at, _ := recurring(t, c)
	require.Equal(t, fields[fromTo](t, c.Expect).interval(), p.At(at))
}

// checkUsagePeriod reads "any time before" an instant as a day before it, and a year.
func checkUsagePeriod(t *testing.T, c vector) {
	p := fields[recurrences](t, c.Params).periods(t)
	text := fields[struct{ T string }](t, c.Input).T
	instants := []time.Time{}
	if before, is := strings.CutPrefix(text, "any time before "); is {
		instants = append(instants, moment(t, before).Add(-1), moment(t, before).AddDate(0, 0, -1), moment(t, before).AddDate(-1, 0, 0))
	} else {
		instants = append(instants, moment(t, text))
	}
	for _, at := range instants {
		require.Equal(t, fields[fromTo](t, c.Expect).interval(), p.At(at))
	}
}

func checkResets(t *testing.T, c vector) {
	p := fields[recurrences](t, c.Params).periods(t)
	during := fields[fromTo](t, c.Input).interval()
	var got []time.Time
	for period := range p.All(during) {
		if during.Contains(period.Start) {
			got = append(got, period.Start)
		}
	}
	require.Empty(t, cmp.Diff(fields[struct{ Times []time.Time }](t, c.Expect).Times, got))
}

// checkBuckets asks for whole windows: months from the anchor, or from the beginning of the
// interval; days are those of UTC.
func checkBuckets(t *testing.T, c vector) {
	params := fields[struct {
		Window metering.Stretch
		Anchor *time.Time
	}](t, c.Params)
	during := fields[fromTo](t, c.Input).interval()
	windows := func(yield func(calendar.Interval) bool) {
		for at := during.Start; at.Before(during.End); {
			w := params.Window.At(at, nil)
			if !yield(w) {
				return
			}
			at = w.End
		}
	}
	if params.Window == metering.Monthly {
		anchor := during.Start
		if params.Anchor != nil {
			anchor = *params.Anchor
		}
		p, err := metering.NewPeriods(metering.Rhythm{Every: calendar.Period{Months: 1}, Anchor: anchor})
		require.NoError(t, err)
		windows = p.All(during)
	}
	starts := []time.Time{}
	for w := range windows {
		starts = append(starts, w.Start)
	}
	require.Empty(t, cmp.Diff(fields[struct{ Starts []time.Time }](t, c.Expect).Starts, starts))
}

// monthsFrom are periods of months on one day of the month, counted from January.
func monthsFrom(t *testing.T, months, day int, from time.Time) metering.Periods {
	t.Helper()
	p, err := metering.NewPeriods(metering.Rhythm{Every: calendar.Period{Months: months}, Anchor: time.Date(2000, 1, day, 0, 0, 0, 0, time.UTC), From: from})
	require.NoError(t, err)
	return p
}

func checkClamped(t *testing.T, c vector) {
	params := fields[struct {
		AnchorDay int `json:"anchor_day"`
	}](t, c.Params)
	type date struct{ Date calendar.Date }
	start := fields[date](t, c.Input).Date.In(time.UTC).Start
	p := monthsFrom(t, 1, params.AnchorDay, time.Time{})
	require.Equal(t, start, p.At(start).Start)
	require.Equal(t, fields[date](t, c.Expect).Date, calendar.DateOf(p.Next(start), time.UTC))
}

func checkDaysBetween(t *testing.T, c vector) {
	loc := zone(t, fields[struct{ Timezone string }](t, c.Params).Timezone)
	in := fields[fromTo](t, c.Input)
	whole := calendar.Between(calendar.DateOf(in.From, loc).In(loc).Start, calendar.DateOf(in.To, loc).In(loc).Start)
	days, err := metering.Daily.Split(whole, loc)
	require.NoError(t, err)
	require.Len(t, days, fields[struct{ Days int }](t, c.Expect).Days)
}

func checkQuotaWindow(t *testing.T, c vector) {
	params := fields[struct {
		Interval string
		Anchor   *time.Time
	}](t, c.Params)
	now := fields[struct{ Now time.Time }](t, c.Input).Now
	got := metering.Stretch(params.Interval).At(now, time.UTC)
	switch {
	case params.Anchor != nil:
		lengths := map[string]calendar.Period{"day": {Days: 1}, "week": {Days: 7}, "month": {Months: 1}, "quarter": {Months: 3}, "half_year": {Months: 6}, "year": {Years: 1}}
		p, err := metering.NewPeriods(metering.Rhythm{Every: lengths[params.Interval], Anchor: *params.Anchor})
		require.NoError(t, err)
		got = p.At(now)
	case params.Interval == "half_year":
		got = monthsFrom(t, 6, 1, time.Time{}).At(now)
	}
	require.Equal(t, fields[fromTo](t, c.Expect).interval(), got)
}

func checkBillingPeriod(t *testing.T, c vector) {
	params := fields[struct {
		Interval    string
		BillingDay  int  `json:"billing_day"`
		FirstPeriod bool `json:"first_period"`
	}](t, c.Params)
	start := fields[struct {
		InvoiceDate calendar.Date `json:"invoice_date"`
	}](t, c.Input).InvoiceDate.In(time.UTC).Start
	from := time.Time{}
	if params.FirstPeriod {
		from = start
	}
	months := map[string]int{"month": 1, "quarter": 3, "year": 12}[params.Interval]
	require.NotZero(t, months, params.Interval)
	want := fields[struct{ From, To calendar.Date }](t, c.Expect)
	got := monthsFrom(t, months, params.BillingDay, from).At(start)
	require.Equal(t, calendar.Between(want.From.In(time.UTC).Start, want.To.In(time.UTC).Start), got)
}

// checkContains asks about instants of the kind that the case names. Periods are half-open;
// one that holds its end, too, is the same but there.
func checkContains(t *testing.T, c vector) {
	period := rhythmic(t, "P1M", "2026-01-01T00:00:00Z", "").At(moment(t, "2026-01-15T00:00:00Z"))
	instants := map[string][]time.Time{
		"before start": {period.Start.Add(-1), period.Start.AddDate(-1, 0, 0)}, "after end": {period.End.Add(1), period.End.AddDate(1, 0, 0)},
		"at start": {period.Start}, "start": {period.Start}, "at end": {period.End}, "end": {period.End},
		"inside": {period.Start.Add(1), period.End.Add(-1)}, "between": {period.Start.Add(1)}, "in between": {period.Start.Add(1)},
	}[fields[struct{ T string }](t, c.Input).T]
	require.NotEmpty(t, instants)
	want := fields[struct {
		Inclusive bool
		HalfOpen  bool `json:"half_open"`
	}](t, c.Expect)
	for _, at := range instants {
		require.Equal(t, want.HalfOpen, period.Contains(at))
		require.Equal(t, want.Inclusive, period.Contains(at) || period.End.Equal(at))
	}
}

func checkOverlaps(t *testing.T, c vector) {
	in := fields[struct{ A, B [2]calendar.Date }](t, c.Input)
	of := func(d [2]calendar.Date) calendar.Interval {
		return calendar.Between(d[0].In(time.UTC).Start, d[1].In(time.UTC).Start)
	}
	require.Equal(t, fields[struct{ Overlaps bool }](t, c.Expect).Overlaps, of(in.A).Overlaps(of(in.B)))
}

func checkMinute(t *testing.T, c vector) {
	in := fields[struct{ Hour, Minute int }](t, c.Input)
	require.Equal(t, fields[struct{ Minute int }](t, c.Expect).Minute, int(calendar.ClockAt(in.Hour, in.Minute))/60)
}

func checkDayWindow(t *testing.T, c vector) {
	params := fields[struct{ Start, End, TZ string }](t, c.Params)
	insideDay(t, c, params.TZ, [][2]string{{params.Start, params.End}})
}

func checkDayWindows(t *testing.T, c vector) {
	params := fields[struct {
		Windows [][2]string
		TZ      string
	}](t, c.Params)
	insideDay(t, c, params.TZ, params.Windows)
}

// insideDay answers with opening hours: calendar/hours has windows of the day, in any zone
// and across midnight. A window from 09:00 to 09:00 is none to the vectors; to hours it is a day
// and a night, so a host that means none lists none.
func insideDay(t *testing.T, c vector, tz string, windows [][2]string) {
	t.Helper()
	at := fields[struct{ T time.Time }](t, c.Input).T
	spans := []calendar.ClockSpan{}
	for _, w := range windows {
		if w[0] != w[1] {
			var span calendar.ClockSpan
			require.NoError(t, json.Unmarshal([]byte(`"`+w[0]+"-"+w[1]+`"`), &span))
			spans = append(spans, span)
		}
	}
	inside := false
	if len(spans) > 0 {
		h := opening.Hours{Zone: tz, Weekly: opening.EveryDay(spans...)}
		timetable, err := h.Compile(calendar.Between(at.AddDate(0, 0, -3), at.AddDate(0, 0, 3)), nil)
		require.NoError(t, err)
		inside, err = timetable.Open(at)
		require.NoError(t, err)
	}
	require.Equal(t, fields[struct{ Inside bool }](t, c.Expect).Inside, inside)
}

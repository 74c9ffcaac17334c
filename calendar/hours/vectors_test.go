package hours_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

// hoursCase is a case of testdata/vectors.
type hoursCase = caltest.Case

// hoursVectorFiles are those of working time. Of the last three only the kinds of
// this package are checked here: the rest is about tickets.
func hoursVectorFiles() []string {
	return []string{
		"calendar_biz.json", "calendar_working_hours.json", "calendar_otobo.json", "calendar_other.json",
		"chatwoot.json", "ticket_clock_glpi.json", "ticket_clock_zammad.json",
	}
}

// hoursQuirk is what we do about a case that only its source behaves like: a policy
// that gives its answer, or a refusal and the answer that we give instead.
type hoursQuirk struct {
	policy  hours.Policies
	refused string // why; "" where the policy gives the answer of the source
	instead string // the fields that we expect instead
}

func hoursQuirks() map[string]hoursQuirk {
	zero := hours.Policies{Reversed: hours.ZeroReversed}
	absolute := hours.Policies{Reversed: hours.AbsoluteReversed}
	return map[string]hoursQuirk{
		"biz-timeline-for-exact-first": {policy: hours.Policies{Closing: hours.NextOpening}},
		"biz-intersection":             {}, // both are given the zone of the first: then wall clocks are intersected, not instants
		"otobo-delta-00":               {policy: zero},
		"cal-range-1-flipped":          {policy: absolute},
		"cal-range-3-flipped":          {policy: absolute},
		"cal-range-4-flipped":          {policy: absolute},
		"glpi-active-3":                {policy: zero},
		"zammad-24x7-midnight":         {}, // what is written: 23:59 closes a minute early; 24:00 says what was meant
		"wh-dst-midnight":              {refused: "a day on which the clock is set back has 25 real hours", instead: `{"seconds": "90000"}`},
		"cal-open-end-second":          {refused: "the closing instant is closed", instead: `{"open": false}`},
		"chatwoot-all-closed":          {refused: "hours that are never open are an error, never the clock on the wall"},
	}
}

func TestHoursVectors(t *testing.T) {
	for _, file := range hoursVectorFiles() {
		cases := caltest.Cases(t, file)
		passed, byPolicy, refused, other := 0, 0, 0, 0
		for _, c := range cases {
			check, ours := hoursChecks()[c.Kind]
			if !ours {
				require.True(t, strings.HasPrefix(c.Kind, "ticket."), "no check for kind %s of case %s", c.Kind, c.ID)
				other++
				continue
			}
			hoursFields()[c.Kind].Require(t, c)
			var q hoursQuirk
			if c.Quirk {
				require.Contains(t, hoursQuirks(), c.ID, "a quirk needs a named policy or a refusal")
				q = hoursQuirks()[c.ID]
				require.Equal(t, q.refused == "", q.instead == "" && c.Kind != neverOpenKind, "a refusal is checked by what we do instead")
				if q.instead != "" {
					caltest.RequireOther(t, c, q.instead)
					c.Expect = json.RawMessage(q.instead)
				}
			}
			ok := t.Run(c.ID, func(t *testing.T) { check(t, c, &q.policy) })
			switch {
			case !ok:
			case q.refused != "":
				refused++
			case c.Quirk:
				byPolicy++
			default:
				passed++
			}
		}
		t.Logf("%s: %d cases, %d passed, %d quirks by policy, %d quirks refused, %d of other rooms",
			file, len(cases), passed, byPolicy, refused, other)
	}
}

func TestEveryHoursQuirkIsThere(t *testing.T) {
	t.Parallel()
	decided := hoursQuirks()
	for _, file := range hoursVectorFiles() {
		for _, c := range caltest.Cases(t, file) {
			if c.Quirk && strings.HasPrefix(c.Kind, "ticket.") { // of another room, which decides on it
				decided[c.ID] = hoursQuirk{}
			}
		}
	}
	caltest.RequireQuirks(t, decided, hoursVectorFiles())
}

// neverOpenKind is that of cases which we refuse.
const neverOpenKind = "calendar.deadline.degenerate"

// hoursFields are the fields that the checks ask.
func hoursFields() map[string]caltest.Asked {
	return map[string]caltest.Asked{
		"calendar.add_days":          {"calendar start? date? days direction end_of_working_day?", "at? date?"},
		"calendar.closing_after":     {"calendar at", "at"},
		"calendar.days_between":      {"calendar start end", "days"},
		"calendar.deadline":          {"calendar start duration_seconds direction", "at"},
		neverOpenKind:                {"calendar start duration_seconds", "at"},
		"calendar.deadline.validate": {"calendar amount unit", "error"},
		"calendar.elapsed":           {"calendar start end", "seconds"},
		"calendar.intersection":      {"a b origin count", "periods"},
		"calendar.local_to_utc":      {"time_zone date time", "at"},
		"calendar.next_opening":      {"calendar at", "at"},
		"calendar.on_break":          {"calendar at", "on_break"},
		"calendar.on_holiday":        {"calendar at", "on_holiday"},
		"calendar.open":              {"calendar at", "open"},
		"calendar.open_at_or_after":  {"calendar at", "at"},
		"calendar.open_at_or_before": {"calendar at", "at"},
		"calendar.periods":           {"calendar origin count direction", "periods"},
		"timeline.consume":           {"periods duration_seconds", "at"},
		"timeline.until":             {"periods until", "periods"},
	}
}

func hoursChecks() map[string]func(*testing.T, hoursCase, *hours.Policies) {
	return map[string]func(*testing.T, hoursCase, *hours.Policies){
		"calendar.add_days":            checkAddDays,
		"calendar.closing_after":       checkInstant((*hours.Timetable).NextClose),
		"calendar.days_between":        checkDaysBetween,
		"calendar.deadline":            checkDeadline,
		"calendar.deadline.degenerate": checkNeverOpen,
		"calendar.deadline.validate":   checkAmount,
		"calendar.elapsed":             checkElapsed,
		"calendar.intersection":        checkIntersection,
		"calendar.local_to_utc":        checkLocal,
		"calendar.next_opening":        checkInstant((*hours.Timetable).NextOpen),
		"calendar.on_break":            checkFlag("on_break", onBreak),
		"calendar.on_holiday":          checkFlag("on_holiday", onHoliday),
		"calendar.open":                checkFlag("open", (*hours.Timetable).Open),
		"calendar.open_at_or_after":    checkInstant((*hours.Timetable).OpenAtOrAfter),
		"calendar.open_at_or_before":   checkInstant((*hours.Timetable).OpenAtOrBefore),
		"calendar.periods":             checkPeriods,
		"timeline.consume":             checkConsume,
		"timeline.until":               checkUntil,
	}
}

func caseFields[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	return caltest.Strict[T](t, "case", raw)
}

// direction returns what a direction stands for, and fails for another one.
func direction[T any](t *testing.T, said string, after, before T) T {
	t.Helper()
	require.Contains(t, []string{"after", "before"}, said)
	if said == "before" {
		return before
	}
	return after
}

// vectorHours is the calendar object of the vectors.
type vectorHours struct {
	Zone      string                 `json:"time_zone"`
	Weekly    map[string][][2]string `json:"weekly"`
	Holidays  []string               `json:"holidays"`
	Annual    []string               `json:"annual_holidays"`
	Ranges    [][2]string            `json:"holiday_ranges"`
	Overrides map[string][][2]string `json:"date_overrides"`
	Breaks    map[string][][2]string `json:"breaks"`
}

func (h vectorHours) hours(t *testing.T) hours.Hours {
	t.Helper()
	out := hours.Hours{Zone: h.Zone}
	for i, key := range []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} {
		out.Weekly[i] = clockSpans(t, h.Weekly[key])
	}
	for _, d := range slices.Concat(h.Holidays, h.Annual) {
		out.Holidays = append(out.Holidays, hours.Holiday{Dates: dates(t, d)})
	}
	for _, r := range h.Ranges {
		out.Holidays = append(out.Holidays, hours.Holiday{Dates: dates(t, r[0]+"/"+r[1])})
	}
	for d, spans := range h.Overrides {
		out.Special = append(out.Special, hours.SpecialDay{Dates: dates(t, d), Hours: clockSpans(t, spans)})
	}
	for d, spans := range h.Breaks {
		out.Breaks = append(out.Breaks, hours.Break{Dates: dates(t, d), Hours: clockSpans(t, spans)})
	}
	return out
}

func clockSpans(t *testing.T, raw [][2]string) (out []calendar.ClockSpan) {
	t.Helper()
	for _, r := range raw {
		s, err := calendar.ParseClockSpan(r[0] + "-" + r[1])
		require.NoError(t, err)
		out = append(out, s)
	}
	return out
}

func dates(t testing.TB, text string) hours.Dates {
	t.Helper()
	d, err := hours.ParseDates(text)
	require.NoError(t, err)
	return d
}

func (h vectorHours) compile(t *testing.T, p *hours.Policies) *hours.Timetable {
	t.Helper()
	tt, err := h.hours(t).CompileYears(1990, 2030, p)
	require.NoError(t, err)
	return tt
}

// vectorInput has the fields of all kinds.
type vectorInput struct {
	Calendar  vectorHours    `json:"calendar"`
	At        time.Time      `json:"at"`
	Start     json.Token     `json:"start"`
	End       json.Token     `json:"end"`
	Date      string         `json:"date"`
	Time      string         `json:"time"`
	Zone      string         `json:"time_zone"`
	Seconds   json.Number    `json:"duration_seconds"`
	Amount    json.Number    `json:"amount"`
	Unit      string         `json:"unit"`
	Days      int            `json:"days"`
	ToEnd     bool           `json:"end_of_working_day"`
	Direction string         `json:"direction"`
	Origin    time.Time      `json:"origin"`
	Count     int            `json:"count"`
	Periods   [][2]time.Time `json:"periods"`
	Until     time.Time      `json:"until"`
	A         vectorHours    `json:"a"`
	B         vectorHours    `json:"b"`
}

func (in vectorInput) start(t *testing.T) time.Time { return caltest.At(t, in.Start.(string)) }
func (in vectorInput) end(t *testing.T) time.Time   { return caltest.At(t, in.End.(string)) }

func (in vectorInput) duration(t *testing.T) time.Duration {
	t.Helper()
	n, err := in.Seconds.Int64()
	require.NoError(t, err)
	return time.Duration(n) * time.Second
}

// vectorExpect has the fields of all kinds.
type vectorExpect struct {
	At      time.Time      `json:"at"`
	Date    string         `json:"date"`
	Days    int            `json:"days"`
	Seconds json.Number    `json:"seconds"`
	Error   bool           `json:"error"`
	Periods [][2]time.Time `json:"periods"`
}

func sameInstant(t *testing.T, want, got time.Time) {
	t.Helper()
	require.True(t, want.Equal(got), "want %s, got %s", want.UTC(), got)
}

func checkFlag(field string, ask func(*hours.Timetable, time.Time) (bool, error)) func(*testing.T, hoursCase, *hours.Policies) {
	return func(t *testing.T, c hoursCase, p *hours.Policies) {
		in, want := caseFields[vectorInput](t, c.Input), caseFields[map[string]bool](t, c.Expect)
		got, err := ask(in.Calendar.compile(t, p), in.At)
		require.NoError(t, err)
		require.Equal(t, want[field], got)
	}
}

func onBreak(tt *hours.Timetable, at time.Time) (bool, error) {
	_, is, err := tt.Break(at)
	return is, err
}

func onHoliday(tt *hours.Timetable, at time.Time) (bool, error) {
	_, is, err := tt.Holiday(at)
	return is, err
}

func checkInstant(ask func(*hours.Timetable, time.Time) (time.Time, error)) func(*testing.T, hoursCase, *hours.Policies) {
	return func(t *testing.T, c hoursCase, p *hours.Policies) {
		in, want := caseFields[vectorInput](t, c.Input), caseFields[vectorExpect](t, c.Expect)
		got, err := ask(in.Calendar.compile(t, p), in.At)
		require.NoError(t, err)
		sameInstant(t, want.At, got)
	}
}

func checkDeadline(t *testing.T, c hoursCase, p *hours.Policies) {
	in, want := caseFields[vectorInput](t, c.Input), caseFields[vectorExpect](t, c.Expect)
	tt := in.Calendar.compile(t, p)
	ask := direction(t, in.Direction, tt.Deadline, tt.LatestStart)
	got, err := ask(in.start(t), in.duration(t))
	require.NoError(t, err)
	sameInstant(t, want.At, got)
}

func checkNeverOpen(t *testing.T, c hoursCase, p *hours.Policies) {
	in, want := caseFields[vectorInput](t, c.Input), caseFields[vectorExpect](t, c.Expect)
	sameInstant(t, want.At, in.start(t).Add(in.duration(t))) // the source goes by the clock on the wall, then
	_, err := in.Calendar.hours(t).CompileYears(1990, 2030, p)
	require.Equal(t, []string{"weekly:never-open"}, caltest.Codes(t, err))
}

func checkAmount(t *testing.T, c hoursCase, p *hours.Policies) {
	in, want := caseFields[vectorInput](t, c.Input), caseFields[vectorExpect](t, c.Expect)
	tt := in.Calendar.compile(t, p)
	n, err := in.Amount.Int64()
	require.NoError(t, err)
	monday := caltest.At(t, "2006-01-02T12:00:00Z")
	units := map[string]time.Duration{"seconds": time.Second, "minutes": time.Minute, "hours": time.Hour}
	if unit, ok := units[in.Unit]; ok {
		_, err = tt.Deadline(monday, time.Duration(n)*unit)
	} else {
		require.Equal(t, "days", in.Unit)
		_, err = tt.DaysAfter(monday, int(n))
	}
	require.Equal(t, want.Error, err != nil, "%v", err)
}

func checkElapsed(t *testing.T, c hoursCase, p *hours.Policies) {
	in, want := caseFields[vectorInput](t, c.Input), caseFields[vectorExpect](t, c.Expect)
	got, err := in.Calendar.compile(t, p).Elapsed(in.start(t), in.end(t))
	require.NoError(t, err)
	seconds, err := want.Seconds.Int64()
	require.NoError(t, err)
	require.Equal(t, time.Duration(seconds)*time.Second, got)
	if c.Quirk && p.Reversed != "" { // refused without the policy
		_, err := in.Calendar.compile(t, nil).Elapsed(in.start(t), in.end(t))
		require.Equal(t, []string{"to:reversed"}, caltest.Codes(t, err))
	}
}

func checkAddDays(t *testing.T, c hoursCase, p *hours.Policies) {
	in, want := caseFields[vectorInput](t, c.Input), caseFields[vectorExpect](t, c.Expect)
	tt := in.Calendar.compile(t, p)
	if in.Date != "" {
		sign := direction(t, in.Direction, 1, -1)
		require.Nil(t, in.Start)
		require.False(t, in.ToEnd)
		got, err := tt.AddDays(caltest.Date(t, in.Date), sign*in.Days)
		require.NoError(t, err)
		require.Equal(t, want.Date, got.String())
		return
	}
	ask := direction(t, in.Direction, tt.DaysAfter, tt.DaysBefore)
	if in.ToEnd {
		require.Equal(t, "after", in.Direction)
		ask = tt.EndOfDay
	}
	got, err := ask(in.start(t), in.Days)
	require.NoError(t, err)
	sameInstant(t, want.At, got)
}

func checkDaysBetween(t *testing.T, c hoursCase, p *hours.Policies) {
	in, want := caseFields[vectorInput](t, c.Input), caseFields[vectorExpect](t, c.Expect)
	got, err := in.Calendar.compile(t, p).DaysBetween(caltest.Date(t, in.Start.(string)), caltest.Date(t, in.End.(string)))
	require.NoError(t, err)
	require.Equal(t, want.Days, got)
}

func checkLocal(t *testing.T, c hoursCase, _ *hours.Policies) {
	in, want := caseFields[vectorInput](t, c.Input), caseFields[vectorExpect](t, c.Expect)
	clock, err := calendar.ParseClock(in.Time)
	require.NoError(t, err)
	sameInstant(t, want.At, caltest.Date(t, in.Date).At(clock, caltest.Location(t, in.Zone)))
}

func samePeriods(t *testing.T, want [][2]time.Time, got []calendar.Interval) {
	t.Helper()
	require.Len(t, got, len(want))
	for i, w := range want {
		require.True(t, calendar.Between(w[0], w[1]).Equal(got[i]), "%d: want %s, got %s", i, w, got[i])
	}
}

func checkPeriods(t *testing.T, c hoursCase, p *hours.Policies) {
	in, want := caseFields[vectorInput](t, c.Input), caseFields[vectorExpect](t, c.Expect)
	tt := in.Calendar.compile(t, p)
	within, seq := calendar.Between(in.Origin, tt.Span().End), tt.Openings
	if direction(t, in.Direction, false, true) {
		within, seq = calendar.Between(tt.Span().Start, in.Origin), tt.OpeningsBackward
	}
	var got []calendar.Interval
	for iv, err := range seq(within) {
		require.NoError(t, err)
		if got = append(got, iv); len(got) == in.Count {
			break
		}
	}
	samePeriods(t, want.Periods, got)
}

// checkIntersection reads both by the clock of the first, as the source does.
// Ours intersect instants.
func checkIntersection(t *testing.T, c hoursCase, p *hours.Policies) {
	in, want := caseFields[vectorInput](t, c.Input), caseFields[vectorExpect](t, c.Expect)
	shared := func() (got []calendar.Interval) {
		a, b := in.A.compile(t, p), in.B.compile(t, p)
		within := calendar.Between(in.Origin, in.Origin.AddDate(1, 0, 0))
		first, err := a.Set(within)
		require.NoError(t, err)
		second, err := b.Set(within)
		require.NoError(t, err)
		for iv := range first.Intersect(second).All() {
			got = append(got, iv)
		}
		return got[:in.Count]
	}
	instants := shared()
	in.B.Zone = in.A.Zone
	samePeriods(t, want.Periods, shared())
	require.NotEqual(t, shared(), instants)
}

func timeline(t *testing.T, in vectorInput, p *hours.Policies) *hours.Timetable {
	t.Helper()
	var list []calendar.Interval
	for _, x := range in.Periods {
		list = append(list, calendar.Between(x[0], x[1]))
	}
	set := calendar.SetOf(list...)
	tt, err := hours.TimetableOf(set, calendar.Between(in.Periods[0][0].AddDate(-2, 0, 0), set.Bounds().End), nil, p)
	require.NoError(t, err)
	return tt
}

func checkConsume(t *testing.T, c hoursCase, p *hours.Policies) {
	in, want := caseFields[vectorInput](t, c.Input), caseFields[vectorExpect](t, c.Expect)
	tt := timeline(t, in, p)
	got, err := tt.Deadline(tt.Span().Start, in.duration(t))
	require.NoError(t, err)
	sameInstant(t, want.At, got)
}

func checkUntil(t *testing.T, c hoursCase, p *hours.Policies) {
	in, want := caseFields[vectorInput](t, c.Input), caseFields[vectorExpect](t, c.Expect)
	tt := timeline(t, in, p)
	var got []calendar.Interval
	for iv, err := range tt.Openings(calendar.Between(tt.Span().Start, in.Until)) {
		require.NoError(t, err)
		got = append(got, iv)
	}
	samePeriods(t, want.Periods, got)
}

package calendar_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
)

// ruleCase is a case of testdata/vectors.
type ruleCase struct {
	vectorCase

	policy string
}

// ruleVectorFiles are those of rules, windows and rotations.
func ruleVectorFiles() []string {
	return []string{
		"rfc5545_examples.json", "rrule_dateutil.json", "kured_windows.json", "goalert_rotation.json",
		"goalert_rules.json", "goalert_clock.json", "midnight_dst.json", "oneuptime_layers.json",
	}
}

// ruleQuirk is what we do about a case that only its source behaves like: a
// policy that gives its answer, or a refusal and the answer that we give instead.
type ruleQuirk struct {
	policy  string // the policy, or the default, that gives the answer of the source
	refused string // why not
	instead string // what we expect instead; "" checks that the input is an error
}

func ruleQuirks() map[string]ruleQuirk {
	const (
		wallClock = "hourly turns follow the clock on the wall, as ours do"
		easter    = "RFC 5545 has no Easter: list the dates as RDATE"
		inclusive = "windows are half-open: the end is not in them"
		ownDay    = "a window belongs to the day on which it begins, as in GoAlert"
		layers    = "the first layer that has somebody: that is put together by who asks, two rotations and a window here"
	)
	quirks := map[string]ruleQuirk{
		"ga-rot-walk-h1-gap-0230":               {policy: wallClock},
		"ga-rot-walk-h1-fallback-0230":          {policy: wallClock},
		"ga-clock-first_of_day-2018-03-11-0230": {policy: "AfterGap"},
		"kured-5-4":                             {refused: inclusive, instead: `{"contains": false}`},
		"kured-8-4":                             {refused: inclusive, instead: `{"contains": false}`},
		"kured-6-2":                             {policy: ownDay},
		"kured-6-4":                             {policy: ownDay},
		"kured-7-2":                             {policy: ownDay},
		"kured-7-3":                             {refused: ownDay, instead: `{"contains": true}`},
		"kured-7-4":                             {policy: ownDay},
		"kured-days-7":                          {refused: "commas without days are a mistake", instead: `{"valid": false}`},
		"ga-month-31-overflow":                  {policy: "OverflowDay"},
		"ou-2day-grid":                          {policy: "turn 0 begins at the start"},
		"ou-interval-zero":                      {refused: "turns of no length are an error"},
		"ou-overnight-daily":                    {policy: "a turn is handed over in the window, too: the rotation and the window are two things"},
		"ou-primary-restricted-fallback":        {policy: layers},
	}
	for _, name := range []string{
		"yearlybyeaster", "monthlybyeaster", "monthlybyeasterpos", "weeklybyeaster", "weeklybyeasterpos", "weeklybyeasterneg", "dailybyeaster",
		"dailybyeasterneg", "hourlybyeaster", "hourlybyeasterpos", "hourlybyeasterneg", "minutelybyeasterpos", "secondlybyeaster", "secondlybyeasterneg",
	} {
		quirks["rrule-"+name] = ruleQuirk{refused: easter}
	}
	return quirks
}

func TestRuleVectors(t *testing.T) {
	for _, file := range ruleVectorFiles() {
		passed, byPolicy, refused := 0, 0, 0
		cases := ruleCases(t, file)
		for _, c := range cases {
			check, ok := ruleChecks()[c.Kind]
			require.True(t, ok, "no check for kind %s of case %s", c.Kind, c.ID)
			ruleFields()[c.Kind].require(t, c.vectorCase)
			var q ruleQuirk
			if c.Quirk {
				require.Contains(t, ruleQuirks(), c.ID, "a quirk needs a named policy or a refusal")
				if q = ruleQuirks()[c.ID]; q.instead != "" {
					requireOther(t, c.vectorCase, q.instead)
					c.Expect = json.RawMessage(q.instead)
				}
				require.NotEqual(t, q.policy == "", q.refused == "", "a quirk is by policy or refused")
				if c.policy = q.policy; q.refused != "" && q.instead == "" {
					check = checkRefusal
				}
			}
			ok = t.Run(c.ID, func(t *testing.T) { check(t, c) })
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
		t.Logf("%s: %d cases, %d passed, %d quirks by policy, %d quirks refused", file, len(cases), passed, byPolicy, refused)
	}
}

func ruleCases(t *testing.T, file string) []ruleCase {
	t.Helper()
	var cases []ruleCase
	for _, c := range vectorCases(t, file) {
		cases = append(cases, ruleCase{vectorCase: c})
	}
	return cases
}

func TestEveryRuleQuirkIsThere(t *testing.T) {
	t.Parallel()
	requireQuirks(t, ruleQuirks(), ruleVectorFiles())
}

// ruleFields are the fields that the checks ask.
func ruleFields() map[string]askedFields {
	return map[string]askedFields{
		"clock.dst_change_in_day":    {"zone date", "changes at_clock offset_change_seconds"},
		"clock.first_of_day":         {"zone date clock", "instant"},
		"clock.last_of_day":          {"zone date clock", "instant"},
		"iso8601.repeating_interval": {"text", "repeat start end"},
		"layer.user_at":              {"layers", "probes"},
		"recurrence.after":           {"rule args", "occurrences"},
		"recurrence.all":             {"ical? limit? rule?", "occurrences"},
		"recurrence.before":          {"rule args", "occurrences"},
		"recurrence.between":         {"rule args", "occurrences"},
		"recurrence.next_after":      {"start every after zone", "next"},
		"rotation.boundaries":        {"type shift_length start zone walk_from walk_to walk_step_seconds", "first_shift_start? first_shift_end? all_boundaries"},
		"rotation.month_overflow":    {"start zone every", "handoffs? second_handoff?"},
		"rotation.shift_end":         {"type shift_length start zone at", "shift_end real_hours?"},
		"rotation.shift_start":       {"type shift_length start zone at", "shift_start"},
		"rule.active":                {"start end weekdays_sun_first zone at", "active"},
		"rule.active_changes":        {"start end weekdays_sun_first zone sample_from sample_minutes", "changes"},
		"rule.end_time":              {"start end weekdays_sun_first zone at", "end_time"},
		"rule.start_time":            {"start end weekdays_sun_first zone at", "start_time"},
		"weekdays.active_run_start":  {"zone weekdays_sun_first at", "start"},
		"weekdays.days_since":        {"weekdays_sun_first weekday enabled", "days"},
		"weekdays.days_until":        {"weekdays_sun_first weekday enabled", "days"},
		"weekdays.parse":             {"text", "valid days"},
		"window.contains":            {"days start end zone at", "contains"},
	}
}

func ruleChecks() map[string]func(*testing.T, ruleCase) {
	return map[string]func(*testing.T, ruleCase){
		"clock.dst_change_in_day":    checkJumpInDay,
		"clock.first_of_day":         checkClock(calendar.FirstOfTwo),
		"clock.last_of_day":          checkClock(calendar.LastOfTwo),
		"iso8601.repeating_interval": checkRepeating,
		"layer.user_at":              checkLayer,
		"recurrence.after":           checkRecurrenceAfter,
		"recurrence.all":             checkRecurrenceAll,
		"recurrence.before":          checkRecurrenceBefore,
		"recurrence.between":         checkRecurrenceBetween,
		"recurrence.next_after":      checkNextAfter,
		"rotation.boundaries":        checkBoundaries,
		"rotation.month_overflow":    checkHandoffs,
		"rotation.shift_end":         checkShift,
		"rotation.shift_start":       checkShift,
		"rule.active":                checkActive,
		"rule.active_changes":        checkActiveChanges,
		"rule.end_time":              checkActiveInterval,
		"rule.start_time":            checkActiveInterval,
		"weekdays.active_run_start":  checkRunStart,
		"weekdays.days_since":        checkWeekdays(calendar.Weekdays.DaysSince),
		"weekdays.days_until":        checkWeekdays(calendar.Weekdays.DaysUntil),
		"weekdays.parse":             checkWeekdaysParse,
		"window.contains":            checkWindow,
	}
}

// checkRefusal expects an error, or that there is nothing to ask.
func checkRefusal(t *testing.T, c ruleCase) {
	switch c.Kind {
	case "recurrence.all":
		_, err := calendar.ParseRule(fields[recurrenceInput](t, c.Input).text(t))
		require.Equal(t, []string{"unknown"}, onlyCodes(t, err))
	case "layer.user_at":
		in := fields[layerInput](t, c.Input)
		require.Len(t, in.Layers, 1)
		require.Equal(t, []string{"length:out-of-range"}, codes(t, in.Layers[0].rotation(t).Validate()))
	default:
		t.Fatal("a refusal of this kind needs a check")
	}
}

func onlyCodes(t *testing.T, err error) []string {
	t.Helper()
	var out []string
	for _, c := range codes(t, err) {
		out = append(out, c[strings.LastIndexByte(c, ':')+1:])
	}
	return out
}

// recurrenceInput is a rule as iCalendar lines, or as parts in small letters.
type recurrenceInput struct {
	ICal  []string                   `json:"ical"`
	Limit *int                       `json:"limit"`
	Rule  map[string]json.RawMessage `json:"rule"`
	Args  []any                      `json:"args"`
}

func (in recurrenceInput) text(t *testing.T) string {
	if in.ICal != nil {
		return strings.Join(in.ICal, "\n")
	}
	code := func(raw json.RawMessage) string {
		return fields[time.Time](t, raw).UTC().Format("20060102T150405Z")
	}
	var parts []string
	for name, raw := range in.Rule {
		switch name {
		case "dtstart":
		case "until":
			parts = append(parts, "UNTIL="+code(raw))
		case "byweekday":
			parts = append(parts, "BYDAY="+strings.Join(fields[[]string](t, raw), ","))
		default:
			parts = append(parts, strings.ToUpper(name)+"="+strings.Join(strings.Fields(strings.Trim(string(raw), `[]"`)), ""))
		}
	}
	slices.Sort(parts)
	return "DTSTART:" + code(in.Rule["dtstart"]) + "\nRRULE:" + strings.Join(parts, ";")
}

func recurrence(t *testing.T, c ruleCase) (*calendar.Recurrence, recurrenceInput) {
	in := fields[recurrenceInput](t, c.Input)
	rule, err := calendar.ParseRule(in.text(t))
	require.NoError(t, err)
	r, err := rule.Compile()
	require.NoError(t, err)
	return r, in
}

func sameOccurrences(t *testing.T, c ruleCase, got []time.Time) {
	want := fields[struct {
		Occurrences []time.Time `json:"occurrences"`
	}](t, c.Expect).Occurrences
	require.Equal(t, fmt.Sprint(inUTC(want)), fmt.Sprint(got))
}

func inUTC(list []time.Time) []time.Time {
	out := []time.Time{}
	for _, t := range list {
		out = append(out, t.UTC())
	}
	return out
}

func checkRecurrenceAll(t *testing.T, c ruleCase) {
	r, in := recurrence(t, c)
	got := []time.Time{}
	for at := range r.All() {
		if in.Limit != nil && len(got) == *in.Limit {
			break
		}
		got = append(got, at)
	}
	sameOccurrences(t, c, got)
}

func argTime(t *testing.T, in recurrenceInput, i int) time.Time {
	return at(t, in.Args[i].(string))
}

func checkRecurrenceAfter(t *testing.T, c ruleCase) {
	r, in := recurrence(t, c)
	require.Len(t, in.Args, 2)
	from := argTime(t, in, 0)
	if in.Args[1].(bool) {
		from = from.Add(-1)
	}
	got := []time.Time{}
	if next, ok := r.Next(from); ok {
		got = append(got, next)
	}
	sameOccurrences(t, c, got)
}

func checkRecurrenceBefore(t *testing.T, c ruleCase) {
	r, in := recurrence(t, c)
	require.Len(t, in.Args, 2)
	to := argTime(t, in, 0)
	if in.Args[1].(bool) {
		to = to.Add(1)
	}
	got := []time.Time{}
	if last, ok := r.Previous(to); ok {
		got = append(got, last)
	}
	sameOccurrences(t, c, got)
}

func checkRecurrenceBetween(t *testing.T, c ruleCase) {
	r, in := recurrence(t, c)
	require.Len(t, in.Args, 3)
	from, to := argTime(t, in, 0), argTime(t, in, 1)
	if in.Args[2].(bool) {
		to = to.Add(1)
	} else {
		from = from.Add(1)
	}
	sameOccurrences(t, c, slices.Collect(r.Between(from, to)))
}

func fields[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	return strict[T](t, "case", raw)
}

// weekdayMask reads seven numbers from Sunday on.
func weekdayMask(list []int) calendar.Weekdays {
	var w calendar.Weekdays
	for day, on := range list {
		if on == 1 {
			w |= calendar.WeekdaysOf(time.Weekday(day))
		}
	}
	return w
}

func weekdayOf(t *testing.T, names ...string) calendar.Weekdays {
	w, err := calendar.ParseWeekdays(strings.Join(names, ","))
	require.NoError(t, err)
	return w
}

// activeInput is a window of the week.
type activeInput struct {
	Days       []string       `json:"days"`
	Mask       []int          `json:"weekdays_sun_first"`
	Start      calendar.Clock `json:"start"`
	End        calendar.Clock `json:"end"`
	Zone       string         `json:"zone"`
	At         time.Time      `json:"at"`
	SampleFrom time.Time      `json:"sample_from"`
	Minutes    int            `json:"sample_minutes"`
}

func (in activeInput) window(t *testing.T) *calendar.WindowTimes {
	days := weekdayMask(in.Mask)
	if in.Days != nil {
		days = weekdayOf(t, in.Days...)
	}
	span := calendar.ClockSpan{Open: in.Start, Close: in.End}
	w, err := calendar.WeeklyWindow(days, span, in.Zone, date(t, "2000-01-01")).Compile()
	require.NoError(t, err)
	return w
}

func checkActive(t *testing.T, c ruleCase) {
	in := fields[activeInput](t, c.Input)
	want := fields[map[string]bool](t, c.Expect)["active"]
	require.Equal(t, want, in.window(t).Contains(in.At))
}

func checkWindow(t *testing.T, c ruleCase) {
	in := fields[activeInput](t, c.Input)
	want := fields[map[string]bool](t, c.Expect)["contains"]
	require.Equal(t, want, in.window(t).Contains(in.At))
}

// checkActiveInterval expects the stretch that is going on, or the next one.
func checkActiveInterval(t *testing.T, c ruleCase) {
	in := fields[activeInput](t, c.Input)
	want := fields[struct {
		Start time.Time `json:"start_time"`
		End   time.Time `json:"end_time"`
	}](t, c.Expect)
	for iv := range in.window(t).Set(calendar.Between(in.At.AddDate(0, 0, -8), in.At.AddDate(0, 0, 15))).All() {
		if !iv.End.After(in.At) {
			continue
		}
		if !want.Start.IsZero() {
			require.Equal(t, want.Start.UTC(), iv.Start)
		}
		if !want.End.IsZero() {
			require.Equal(t, want.End.UTC(), iv.End)
		}
		return
	}
	t.Fatal("nothing is going on or comes next")
}

func checkActiveChanges(t *testing.T, c ruleCase) {
	in := fields[activeInput](t, c.Input)
	type change struct {
		At     time.Time `json:"at"`
		Active bool      `json:"active"`
	}
	want := fields[struct {
		Changes []change `json:"changes"`
	}](t, c.Expect).Changes
	w := in.window(t)
	require.NotEmpty(t, want)
	var got []change
	for at := in.SampleFrom.UTC(); len(got) < len(want) && at.Before(in.SampleFrom.AddDate(0, 0, 3)); at = at.Add(time.Duration(in.Minutes) * time.Minute) {
		if active := w.Contains(at); len(got) == 0 || got[len(got)-1].Active != active {
			got = append(got, change{at, active})
		}
	}
	for i := range want {
		want[i].At = want[i].At.UTC()
	}
	require.Equal(t, want, got)
}

func checkClock(twice calendar.TwicePolicy) func(*testing.T, ruleCase) {
	return func(t *testing.T, c ruleCase) {
		in := fields[struct {
			Zone  string         `json:"zone"`
			Date  calendar.Date  `json:"date"`
			Clock calendar.Clock `json:"clock"`
		}](t, c.Input)
		want := fields[map[string]time.Time](t, c.Expect)["instant"]
		gap := calendar.ShiftByGap
		if c.policy == "AfterGap" {
			gap = calendar.AfterGap
		}
		got := calendar.LocalTime{Date: in.Date, Clock: in.Clock}.In(location(t, in.Zone), gap, twice)
		require.Equal(t, []time.Time{want.UTC()}, got)
	}
}

func checkJumpInDay(t *testing.T, c ruleCase) {
	in := fields[struct {
		Zone string        `json:"zone"`
		Date calendar.Date `json:"date"`
	}](t, c.Input)
	want := fields[struct {
		Changes bool            `json:"changes"`
		At      *calendar.Clock `json:"at_clock"`
		By      *int            `json:"offset_change_seconds"`
	}](t, c.Expect)
	loc := location(t, in.Zone)
	all := jumps(in.Date.In(loc), loc)
	require.Equal(t, want.Changes, len(all) > 0)
	require.Equal(t, want.Changes, want.At != nil)
	if want.Changes {
		require.Len(t, all, 1)
		require.Equal(t, *want.At, all[0].From().Clock)
		require.Equal(t, *want.By, int(all[0].By().Seconds()))
	}
}

func checkWeekdays(count func(calendar.Weekdays, time.Weekday) int) func(*testing.T, ruleCase) {
	return func(t *testing.T, c ruleCase) {
		in := fields[struct {
			Mask    []int  `json:"weekdays_sun_first"`
			Weekday string `json:"weekday"`
			Enabled bool   `json:"enabled"`
		}](t, c.Input)
		days := weekdayMask(in.Mask)
		if !in.Enabled {
			days = days.Without()
		}
		from := time.Weekday(weekdayOf(t, in.Weekday).DaysUntil(time.Sunday))
		require.Equal(t, fields[map[string]int](t, c.Expect)["days"], count(days, from))
	}
}

func checkRunStart(t *testing.T, c ruleCase) {
	in := fields[struct {
		Zone string    `json:"zone"`
		Mask []int     `json:"weekdays_sun_first"`
		At   time.Time `json:"at"`
	}](t, c.Input)
	loc := location(t, in.Zone)
	first, _, ok := weekdayMask(in.Mask).Run(calendar.DateOf(in.At, loc))
	require.True(t, ok)
	require.Equal(t, fields[map[string]time.Time](t, c.Expect)["start"].UTC(), first.In(loc).Start)
}

func checkWeekdaysParse(t *testing.T, c ruleCase) {
	want := fields[struct {
		Valid bool     `json:"valid"`
		Days  []string `json:"days"`
	}](t, c.Expect)
	got, err := calendar.ParseWeekdays(fields[map[string]string](t, c.Input)["text"])
	require.Equal(t, want.Valid, err == nil, err)
	if !c.Quirk {
		require.Equal(t, want.Valid, want.Days != nil)
	}
	if want.Valid {
		require.Equal(t, weekdayOf(t, want.Days...), got)
	}
}

func checkRepeating(t *testing.T, c ruleCase) {
	want := fields[struct {
		Repeat int       `json:"repeat"`
		Start  time.Time `json:"start"`
		End    time.Time `json:"end"`
	}](t, c.Expect)
	// A repeating interval is a period n times over from its start.
	parts := strings.Split(fields[map[string]string](t, c.Input)["text"], "/")
	require.Len(t, parts, 3)
	repeats, err := strconv.Atoi(strings.TrimPrefix(parts[0], "R"))
	require.NoError(t, err)
	period, err := calendar.ParsePeriod(parts[2])
	require.NoError(t, err)
	require.Equal(t, want.Repeat, repeats)
	require.Equal(t, want.Start, at(t, parts[1]))
	require.Equal(t, want.End, period.Times(repeats+1).After(at(t, parts[1]), time.UTC))
}

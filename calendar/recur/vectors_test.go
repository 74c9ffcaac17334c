package recur_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

func onlyCodes(t *testing.T, err error) []string {
	t.Helper()
	var out []string
	for _, c := range caltest.Codes(t, err) {
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
		return caltest.Fields[time.Time](t, raw).UTC().Format("20060102T150405Z")
	}
	var parts []string
	for name, raw := range in.Rule {
		switch name {
		case "dtstart":
		case "until":
			parts = append(parts, "UNTIL="+code(raw))
		case "byweekday":
			parts = append(parts, "BYDAY="+strings.Join(caltest.Fields[[]string](t, raw), ","))
		default:
			parts = append(parts, strings.ToUpper(name)+"="+strings.Join(strings.Fields(strings.Trim(string(raw), `[]"`)), ""))
		}
	}
	slices.Sort(parts)
	return "DTSTART:" + code(in.Rule["dtstart"]) + "\nRRULE:" + strings.Join(parts, ";")
}

func recurrence(t *testing.T, c caltest.Case) (*recur.Recurrence, recurrenceInput) {
	in := caltest.Fields[recurrenceInput](t, c.Input)
	rule, err := recur.Parse(in.text(t))
	require.NoError(t, err)
	r, err := rule.Compile()
	require.NoError(t, err)
	return r, in
}

func sameOccurrences(t *testing.T, c caltest.Case, got []time.Time) {
	want := caltest.Fields[struct {
		Occurrences []time.Time `json:"occurrences"`
	}](t, c.Expect).Occurrences
	require.Equal(t, fmt.Sprint(caltest.InUTC(want)), fmt.Sprint(got))
}

func checkRecurrenceAll(t *testing.T, c caltest.Case) {
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
	return caltest.At(t, in.Args[i].(string))
}

func checkRecurrenceAfter(t *testing.T, c caltest.Case) {
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

func checkRecurrenceBefore(t *testing.T, c caltest.Case) {
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

func checkRecurrenceBetween(t *testing.T, c caltest.Case) {
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

func (in activeInput) window(t *testing.T) *recur.WindowTimes {
	days := caltest.Mask(in.Mask)
	if in.Days != nil {
		days = caltest.Weekdays(t, in.Days...)
	}
	span := calendar.ClockSpan{Open: in.Start, Close: in.End}
	w, err := recur.WeeklyWindow(days, span, in.Zone, caltest.Date(t, "2000-01-01")).Compile()
	require.NoError(t, err)
	return w
}

func checkActive(t *testing.T, c caltest.Case) {
	in := caltest.Fields[activeInput](t, c.Input)
	want := caltest.Fields[map[string]bool](t, c.Expect)["active"]
	require.Equal(t, want, in.window(t).Contains(in.At))
}

func checkWindow(t *testing.T, c caltest.Case) {
	in := caltest.Fields[activeInput](t, c.Input)
	want := caltest.Fields[map[string]bool](t, c.Expect)["contains"]
	require.Equal(t, want, in.window(t).Contains(in.At))
}

// checkActiveInterval expects the stretch that is going on, or the next one.
func checkActiveInterval(t *testing.T, c caltest.Case) {
	in := caltest.Fields[activeInput](t, c.Input)
	want := caltest.Fields[struct {
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

func checkActiveChanges(t *testing.T, c caltest.Case) {
	in := caltest.Fields[activeInput](t, c.Input)
	type change struct {
		At     time.Time `json:"at"`
		Active bool      `json:"active"`
	}
	want := caltest.Fields[struct {
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

func TestVectors(t *testing.T) {
	const (
		easter    = "RFC 5545 has no Easter: list the dates as RDATE"
		inclusive = "windows are half-open: the end is not in them"
		ownDay    = "a window belongs to the day on which it begins, as in GoAlert"
	)
	quirks := map[string]caltest.Quirk{
		"kured-5-4": {Refused: inclusive, Instead: `{"contains": false}`},
		"kured-8-4": {Refused: inclusive, Instead: `{"contains": false}`},
		"kured-6-2": {Policy: ownDay},
		"kured-6-4": {Policy: ownDay},
		"kured-7-2": {Policy: ownDay},
		"kured-7-3": {Refused: ownDay, Instead: `{"contains": true}`},
		"kured-7-4": {Policy: ownDay},
	}
	for _, name := range []string{
		"yearlybyeaster", "monthlybyeaster", "monthlybyeasterpos", "weeklybyeaster", "weeklybyeasterpos", "weeklybyeasterneg", "dailybyeaster",
		"dailybyeasterneg", "hourlybyeaster", "hourlybyeasterpos", "hourlybyeasterneg", "minutelybyeasterpos", "secondlybyeaster", "secondlybyeasterneg",
	} {
		quirks["rrule-"+name] = caltest.Quirk{Refused: easter}
	}
	caltest.Vectors{
		Files:  []string{"rfc5545_examples.json", "rrule_dateutil.json", "kured_windows.json", "goalert_rules.json", "midnight_dst.json", "oneuptime_layers.json"},
		Quirks: quirks,
		Asked: map[string]caltest.Asked{
			"recurrence.after":      {"rule args", "occurrences"},
			"recurrence.all":        {"ical? limit? rule?", "occurrences"},
			"recurrence.before":     {"rule args", "occurrences"},
			"recurrence.between":    {"rule args", "occurrences"},
			"recurrence.next_after": {"start every after zone", "next"},
			"rule.active":           {"start end weekdays_sun_first zone at", "active"},
			"rule.active_changes":   {"start end weekdays_sun_first zone sample_from sample_minutes", "changes"},
			"rule.end_time":         {"start end weekdays_sun_first zone at", "end_time"},
			"rule.start_time":       {"start end weekdays_sun_first zone at", "start_time"},
			"window.contains":       {"days start end zone at", "contains"},
		},
		Checks: map[string]func(*testing.T, caltest.Case){
			"recurrence.after":      checkRecurrenceAfter,
			"recurrence.all":        checkRecurrenceAll,
			"recurrence.before":     checkRecurrenceBefore,
			"recurrence.between":    checkRecurrenceBetween,
			"recurrence.next_after": checkNextAfter,
			"rule.active":           checkActive,
			"rule.active_changes":   checkActiveChanges,
			"rule.end_time":         checkActiveInterval,
			"rule.start_time":       checkActiveInterval,
			"window.contains":       checkWindow,
		},
		Refusal: checkRefusal,
	}.Run(t)
}

// checkRefusal expects that a rule has a part that is not read.
func checkRefusal(t *testing.T, c caltest.Case) {
	_, err := recur.Parse(caltest.Fields[recurrenceInput](t, c.Input).text(t))
	require.Equal(t, []string{"unknown"}, onlyCodes(t, err))
}

// startInput is "every 2 days" from a start.
type startInput struct {
	Start time.Time `json:"start"`
	Every struct {
		Unit  string `json:"unit"`
		Count int    `json:"count"`
	} `json:"every"`
	After time.Time `json:"after"`
	Zone  string    `json:"zone"`
}

// checkNextAfter asks a rule: it begins at its start, and months without the day
// have it on their last.
func checkNextAfter(t *testing.T, c caltest.Case) {
	in := caltest.Fields[startInput](t, c.Input)
	frequency := map[string]recur.Frequency{
		"hour": recur.Hourly, "day": recur.Daily, "week": recur.Weekly,
		"month": recur.Monthly, "year": recur.Yearly,
	}[in.Every.Unit]
	rule := recur.Rule{
		Start: recur.At(calendar.LocalTimeOf(in.Start, caltest.Location(t, in.Zone))), Zone: in.Zone,
		Repeats: []recur.Repeat{{Frequency: frequency, Interval: in.Every.Count, Skip: recur.BackMissing}},
	}
	r, err := rule.Compile()
	require.NoError(t, err)
	next, ok := r.Next(in.After)
	require.True(t, ok)
	require.Equal(t, caltest.Fields[map[string]time.Time](t, c.Expect)["next"].UTC(), next)
}

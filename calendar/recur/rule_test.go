package recur_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/calendar/rota"
)

// some returns the first occurrences by the clock of the rule's zone, and
// whether there are more.
func some(r *recur.Recurrence, n int) []string {
	var out []string
	for t := range r.All() {
		if len(out) == n {
			return append(out, "…")
		}
		out = append(out, t.In(r.Location()).Format("2006-01-02 15:04 -07"))
	}
	return out
}

func TestRules(t *testing.T) {
	t.Parallel()
	const berlin = "DTSTART;TZID=Europe/Berlin:"
	for _, c := range []struct {
		why, rule string
		want      []string
	}{
		{"one occurrence, without a repeat", berlin + "20260105T090000", []string{"2026-01-05 09:00 +01"}},
		{"dates and the start", berlin + "20260105T090000\nRDATE;TZID=Europe/Berlin:20260107T100000,20260106T090000\nRDATE:20260106T080000Z", []string{"2026-01-05 09:00 +01", "2026-01-06 09:00 +01", "2026-01-07 10:00 +01"}},
		{"dates of another zone", berlin + "20260105T090000\nRDATE;TZID=America/New_York:20260106T090000", []string{"2026-01-05 09:00 +01", "2026-01-06 15:00 +01"}},
		{"the start is out of step", berlin + "20260106T090000\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2", []string{"2026-01-12 09:00 +01", "2026-01-19 09:00 +01"}},
		{"two repeats, each once", berlin + "20260105T090000\nRRULE:FREQ=DAILY;COUNT=3\nRRULE:FREQ=DAILY;INTERVAL=2;COUNT=3", []string{"2026-01-05 09:00 +01", "2026-01-06 09:00 +01", "2026-01-07 09:00 +01", "2026-01-09 09:00 +01"}},
		{"an exception rule", berlin + "20260105T090000\nRRULE:FREQ=DAILY;COUNT=5\nEXRULE:FREQ=DAILY;INTERVAL=2", []string{"2026-01-06 09:00 +01", "2026-01-08 09:00 +01"}},
		{"exceptions, counted all the same", berlin + "20260105T090000\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE;TZID=Europe/Berlin:20260106T090000\nEXDATE:20260107T080000Z", []string{"2026-01-05 09:00 +01", "2026-01-08 09:00 +01"}},
		{"a day without", berlin + "20260105T090000\nRRULE:FREQ=HOURLY;INTERVAL=10;COUNT=6\nEXDATE;VALUE=DATE:20260106", []string{"2026-01-05 09:00 +01", "2026-01-05 19:00 +01", "2026-01-07 01:00 +01", "2026-01-07 11:00 +01"}},
		{"until an instant, which counts", berlin + "20260105T090000\nRRULE:FREQ=DAILY;UNTIL=20260106T080000Z", []string{"2026-01-05 09:00 +01", "2026-01-06 09:00 +01"}},
		{"until before the start", berlin + "20260105T090000\nRRULE:FREQ=DAILY;UNTIL=20260104T080000Z", nil},
		{"until a day", "DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY;UNTIL=20260106\nX-WR-TIMEZONE:Europe/Berlin", []string{"2026-01-05 00:00 +01", "2026-01-06 00:00 +01"}},
		{"until a local time", "DTSTART:20260105T090000\nRRULE:FREQ=DAILY;UNTIL=20260106T090000", []string{"2026-01-05 09:00 +00", "2026-01-06 09:00 +00"}},
		{"the first that ends", "DTSTART:20260105T090000Z\nRRULE:FREQ=DAILY;COUNT=9;UNTIL=20260106T090000Z", []string{"2026-01-05 09:00 +00", "2026-01-06 09:00 +00"}},
		{"whole days where midnight is jumped over", "DTSTART;VALUE=DATE:20250308\nRRULE:FREQ=DAILY;COUNT=3\nX-WR-TIMEZONE:America/Havana", []string{"2025-03-08 00:00 -05", "2025-03-09 01:00 -04", "2025-03-10 00:00 -04"}},
		{"moved on by the gap", berlin + "20260328T023000\nRRULE:FREQ=DAILY;COUNT=3", []string{"2026-03-28 02:30 +01", "2026-03-29 03:30 +02", "2026-03-30 02:30 +02"}},
		{"after the gap", berlin + "20260328T023000\nRRULE:FREQ=DAILY;COUNT=3\nX-GAP:AFTER", []string{"2026-03-28 02:30 +01", "2026-03-29 03:00 +02", "2026-03-30 02:30 +02"}},
		{"not in the gap, nor counted", berlin + "20260328T023000\nRRULE:FREQ=DAILY;COUNT=3\nX-GAP:SKIP", []string{"2026-03-28 02:30 +01", "2026-03-30 02:30 +02", "2026-03-31 02:30 +02"}},
		{"half an hour's gap", "DTSTART;TZID=Australia/Lord_Howe:20230930T021500\nRRULE:FREQ=DAILY;COUNT=3", []string{"2023-09-30 02:15 +10", "2023-10-01 02:45 +11", "2023-10-02 02:15 +11"}},
		{"the first of two", berlin + "20261024T023000\nRRULE:FREQ=DAILY;COUNT=3", []string{"2026-10-24 02:30 +02", "2026-10-25 02:30 +02", "2026-10-26 02:30 +01"}},
		{"the last of two", berlin + "20261024T023000\nRRULE:FREQ=DAILY;COUNT=3\nX-TWICE:LAST", []string{"2026-10-24 02:30 +02", "2026-10-25 02:30 +01", "2026-10-26 02:30 +01"}},
		{"both, of which one is counted", berlin + "20261024T023000\nRRULE:FREQ=DAILY;COUNT=3\nX-TWICE:BOTH", []string{"2026-10-24 02:30 +02", "2026-10-25 02:30 +02", "2026-10-25 02:30 +01", "2026-10-26 02:30 +01"}},
		{"hours on the wall", berlin + "20260329T010000\nRRULE:FREQ=HOURLY;COUNT=4", []string{"2026-03-29 01:00 +01", "2026-03-29 03:00 +02", "2026-03-29 04:00 +02"}},
		{"hours that come twice", berlin + "20261025T010000\nRRULE:FREQ=HOURLY;COUNT=3\nX-TWICE:BOTH", []string{"2026-10-25 01:00 +02", "2026-10-25 02:00 +02", "2026-10-25 02:00 +01", "2026-10-25 03:00 +01"}},
		{"a day that was left out", "DTSTART;TZID=Pacific/Apia:20111229T090000\nRRULE:FREQ=DAILY;COUNT=3", []string{"2011-12-29 09:00 -10", "2011-12-31 09:00 +14"}},
		{"months without the day", "DTSTART:20260131T090000Z\nRRULE:FREQ=MONTHLY;COUNT=3", []string{"2026-01-31 09:00 +00", "2026-03-31 09:00 +00", "2026-05-31 09:00 +00"}},
		{"their last day instead", "DTSTART:20260131T090000Z\nRRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD;COUNT=4", []string{"2026-01-31 09:00 +00", "2026-02-28 09:00 +00", "2026-03-31 09:00 +00", "2026-04-30 09:00 +00"}},
		{"leap days", "DTSTART:20960229T090000Z\nRRULE:FREQ=YEARLY;COUNT=3", []string{"2096-02-29 09:00 +00", "2104-02-29 09:00 +00", "2108-02-29 09:00 +00"}},
		{"leap days of every 300th year", "DTSTART:20000229T090000Z\nRRULE:FREQ=YEARLY;INTERVAL=300;COUNT=3", []string{"2000-02-29 09:00 +00", "3200-02-29 09:00 +00", "4400-02-29 09:00 +00"}},
		{"a leap second", "DTSTART:20260131T090060Z\nRRULE:FREQ=YEARLY;BYSECOND=60;COUNT=1", []string{"2026-01-31 09:00 +00"}},
		{"mixed weekdays", "DTSTART:20260101T090000Z\nRRULE:FREQ=MONTHLY;BYDAY=MO,1TU;COUNT=6", []string{"2026-01-05 09:00 +00", "2026-01-06 09:00 +00", "2026-01-12 09:00 +00", "2026-01-19 09:00 +00", "2026-01-26 09:00 +00", "2026-02-02 09:00 +00"}},
		{"never: 30 February", "DTSTART:20260101T090000Z\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", nil},
		{"never: ten o'clock is passed over", "DTSTART:20260101T090000Z\nRRULE:FREQ=HOURLY;INTERVAL=2;BYHOUR=10", nil},
		{"never: no third second of a minute", "DTSTART:20260101T090000Z\nRRULE:FREQ=MINUTELY;BYSECOND=1,2;BYSETPOS=3", nil},
		{"never: a Wednesday is passed over", "DTSTART:20260106T090000Z\nRRULE:FREQ=SECONDLY;INTERVAL=604800;BYDAY=WE", nil},
		{"nothing but exceptions", "DTSTART:20260106T090000Z\nRRULE:FREQ=SECONDLY\nEXRULE:FREQ=SECONDLY\nRDATE:20260106T090001Z", nil},
		{"the end of the calendar", "DTSTART:99980106T090000Z\nRRULE:FREQ=YEARLY", []string{"9998-01-06 09:00 +00", "9999-01-06 09:00 +00"}},
		{"the end of the calendar in a zone", "DTSTART;TZID=America/New_York:99991230T200000\nRRULE:FREQ=DAILY", []string{"9999-12-30 20:00 -05"}},
	} {
		assert.Equal(t, c.want, some(compiledRule(t, c.rule), 20), c.why)
	}
}

func TestRecurrenceAnswers(t *testing.T) {
	t.Parallel()
	r := compiledRule(t, "DTSTART;TZID=Europe/Berlin:20260105T090000\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=5")
	first, last := caltest.At(t, "2026-01-05T08:00:00Z"), caltest.At(t, "2026-01-14T08:00:00Z")
	next, ok := r.Next(first.Add(-1))
	assert.True(t, ok && next.Equal(first))
	next, ok = r.Next(first)
	assert.True(t, ok && next.Equal(first.AddDate(0, 0, 2)), "after, not at")
	_, ok = r.Next(last)
	assert.False(t, ok)
	prev, ok := r.Previous(last.AddDate(9, 0, 0))
	assert.True(t, ok && prev.Equal(last))
	prev, ok = r.Previous(first.Add(1))
	assert.True(t, ok && prev.Equal(first))
	_, ok = r.Previous(first)
	assert.False(t, ok, "before, not at")
	end, ok := r.Last()
	assert.True(t, ok && end.Equal(last))
	assert.True(t, r.Contains(last))
	assert.False(t, r.Contains(last.Add(1)))
	assert.False(t, r.Contains(last.Add(time.Second)))
	assert.Len(t, slices.Collect(r.Between(first, last)), 4, "half-open")
	assert.Len(t, slices.Collect(r.Between(first.Add(1), last.Add(1))), 4)
	assert.Empty(t, slices.Collect(r.Between(last, first)))
	assert.Equal(t, "Europe/Berlin", r.Location().String())
	assert.Equal(t, recur.Weekly, r.Rule().Repeats[0].Frequency)
	for range r.All() {
		break // the sequence must stop
	}

	_, ok = compiledRule(t, "DTSTART:20260105T090000Z\nRRULE:FREQ=DAILY").Last()
	assert.False(t, ok, "without end")
	_, ok = compiledRule(t, "DTSTART:20260105T090000Z\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30").Last()
	assert.False(t, ok, "never")
	end, ok = compiledRule(t, "DTSTART:20260105T090000Z\nRDATE:20260205T090000Z").Last()
	assert.True(t, ok && end.Equal(caltest.At(t, "2026-02-05T09:00:00Z")))
}

// TestRulesFromAfar compares what is found by jumping with what is found by going
// on from the start.
func TestRulesFromAfar(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{
		"FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,MO;WKST=SU", "FREQ=MONTHLY;BYDAY=2TU",
		"FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=-1,31", "FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=MO", "FREQ=YEARLY;INTERVAL=3;BYDAY=20MO,-1FR",
		"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1,1", "FREQ=HOURLY;INTERVAL=31", "FREQ=MINUTELY;INTERVAL=7919;BYDAY=TU", "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=30;BYSETPOS=2",
		"FREQ=WEEKLY;COUNT=900", "FREQ=DAILY;INTERVAL=11;UNTIL=20350101T000000Z",
	} {
		r := compiledRule(t, "DTSTART;TZID=America/New_York:20160104T023000\nRRULE:"+rule)
		all := slices.Collect(r.Between(caltest.At(t, "2016-01-01T00:00:00Z"), caltest.At(t, "2041-01-01T00:00:00Z")))
		require.NotEmpty(t, all, rule)
		for i := 0; i < len(all); i += 1 + len(all)/300 {
			next, ok := r.Next(all[i].Add(-time.Second))
			require.True(t, ok && next.Equal(all[i]), "%s: the %d-th, %s, found %s", rule, i, all[i], next)
			if i > 0 {
				prev, ok := r.Previous(all[i])
				require.True(t, ok && prev.Equal(all[i-1]), "%s: before the %d-th, %s, found %s, want %s", rule, i, all[i], prev, all[i-1])
			}
		}
	}
}

func TestRuleText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"DTSTART;TZID=Europe/Berlin:20260105T090000\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR\n",
		"DTSTART:20260105T090000Z\nRRULE:FREQ=YEARLY;UNTIL=20300101T000000Z;INTERVAL=2;BYSECOND=0,60;BYMINUTE=\n 1;BYHOUR=2,3;BYDAY=MO,2TU,-1FR;BYMONTHDAY=1,-1;BYYEARDAY=100,-100;BYWEEKNO\n =20,-1;BYMONTH=1,12;BYSETPOS=1,-1;WKST=SU\n",
		"DTSTART;VALUE=DATE:20260105\nX-WR-TIMEZONE:Europe/Berlin\nRRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT;COUNT=3\nRDATE;VALUE=DATE:20260107,20260108\nEXDATE;VALUE=DATE:20260107\n",
		"DTSTART:20260105T090000\nRDATE:20260106T090000\nRDATE:20260106T090000Z\nEXRULE:FREQ=DAILY\nX-GAP:SKIP\nX-TWICE:BOTH\n",
		"DTSTART;TZID=Europe/Berlin:20260105T090000\nEXDATE;TZID=Europe/Berlin:20260105T090001\nEXDATE:20260105T090000Z\nEXDATE;VALUE=DATE:20260106\n",
	} {
		rule, err := recur.Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, text, rule.String())
		require.NoError(t, rule.Validate())
		data, err := json.Marshal(rule)
		require.NoError(t, err)
		var back recur.Rule
		require.NoError(t, json.Unmarshal(data, &back), "%s", data)
		assert.Equal(t, text, back.String(), "%s", data)
	}
	for text, want := range map[string]string{
		"rrule:freq=daily;interval=1;wkst=mo;\r\ndtstart:20260105T090000Z\r\n":                          "DTSTART:20260105T090000Z\nRRULE:FREQ=DAILY\n",
		"DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Berlin:20260105T090000":                   "DTSTART;TZID=Europe/Berlin:20260105T090000\n",
		"DTSTART;TZID=\"Europe/Berlin\";VALUE=DATE-TIME:20260105T090000\n\n":                            "DTSTART;TZID=Europe/Berlin:20260105T090000\n",
		"DTSTART:20260105T090000Z\nRRULE:FREQ=DA\n ILY;BYDA\r\n\tY=MO":                                  "DTSTART:20260105T090000Z\nRRULE:FREQ=DAILY;BYDAY=MO\n",
		"DTSTART;TZID=Europe/Berlin:20260105T090000\nRDATE;TZID=America/New_York:20260106T090000":       "DTSTART;TZID=Europe/Berlin:20260105T090000\nRDATE:20260106T140000Z\n",
		"X-WR-TIMEZONE:Europe/Berlin\nDTSTART:20260105T090000\nRRULE:FREQ=DAILY;UNTIL=20260106T080000Z": "DTSTART;TZID=Europe/Berlin:20260105T090000\nRRULE:FREQ=DAILY;UNTIL=20260106T080000Z\n",
	} {
		rule, err := recur.Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, rule.String())
	}
}

func TestRuleTextErrors(t *testing.T) {
	t.Parallel()
	const start = "DTSTART;TZID=Europe/Berlin:20260105T090000\n"
	long := "DTSTART:20260105T090000Z\nRRULE:FREQ=DAILY;BYHOUR=" + strings.Repeat("1,", 1000) + "1"
	for text, want := range map[string][]string{
		"":                          {":required"},
		"RRULE:FREQ=DAILY":          {":required"},
		start + "RRULE":             {"line 2, column 1:syntax"},
		start + "R€RULE:FREQ=DAILY": {"line 2, column 1:syntax"},
		start + "RRULE:\xff":        {"line 2, column 1:bad-text"},
		start + start:               {"line 2, column 1:duplicate"},
		start + "SUMMARY:x":         {"line 2, column 1:unknown"},
		start + "RRULE:":            {"line 2, column 7:required"},
		start + "RRULE:BYDAY=MO":    {"line 2, column 7:required"},
		start + "RRULE:FREQ=DAILY;FREQ=WEEKLY;X=1;BYDAY;COUNT=0;INTERVAL=0": {
			"line 2, column 18:duplicate", "line 2, column 30:unknown", "line 2, column 34:syntax", "line 2, column 46:out-of-range", "line 2, column 57:out-of-range",
		},
		start + "RRULE:FREQ=FORTNIGHTLY;BYHOUR=24,x,,-1;BYMONTHDAY=0,32,-32,+5,--1;WKST=XX": {
			"line 2, column 12:unknown", "line 2, column 31:out-of-range", "line 2, column 34:syntax", "line 2, column 36:syntax", "line 2, column 37:out-of-range",
			"line 2, column 51:out-of-range", "line 2, column 53:out-of-range", "line 2, column 56:out-of-range", "line 2, column 63:syntax", "line 2, column 72:unknown",
		},
		start + "RRULE:FREQ=DAILY;BYDAY=54MO,0TU,XMO,M;COUNT=99999999999999999999": {
			"line 2, column 24:out-of-range", "line 2, column 29:out-of-range", "line 2, column 33:syntax", "line 2, column 37:syntax", "line 2, column 45:out-of-range",
		},
		start + "RRULE:FREQ=DAILY;UNTIL=20260106;BYSETPOS=1":       {"line 2, column 33:unexpected", "line 2, column 24:bad-format"},
		start + "RRULE:FREQ=DAILY;UNTIL=20260106T090000":           {"line 2, column 24:bad-format"},
		start + "RRULE:FREQ=DAILY;UNTIL=20260230T090000Z":          {"line 2, column 24:out-of-range"},
		start + "RRULE:FREQ=DAILY;UNTIL=tomorrow":                  {"line 2, column 24:syntax"},
		start + "RRULE:FREQ=DAILY;SKIP=BACKWARD":                   {"line 2, column 18:unexpected"},
		start + "RRULE:RSCALE=HEBREW;FREQ=DAILY;SKIP=FORWARD":      {"line 2, column 14:unsupported", "line 2, column 37:unsupported"},
		start + "RRULE:FREQ=DAILY;BYDAY=MO,\n TU,\n  XX":           {"line 4, column 3:syntax"},
		start + "RRULE:FREQ=DÄILY;BYHÖUR=99":                       {"line 2, column 12:unknown", "line 2, column 18:unknown"},
		start + "RDATE:20260105,20260132T000000,20260105T2500":     {"line 2, column 7:bad-format", "line 2, column 16:out-of-range", "line 2, column 32:syntax"},
		start + "RDATE;VALUE=PERIOD:20260105T000000Z/PT1H":         {"line 2, column 13:unsupported"},
		start + "EXDATE;VALUE=DATE:20260105T000000Z":               {"line 2, column 14:unsupported"},
		start + "EXDATE;TZID=Mars/Olympus:20260105T000000":         {"line 2, column 13:unknown-zone"},
		start + "X-GAP:HOPE\nX-TWICE:":                             {"line 2, column 7:unknown", "line 3, column 9:unknown"},
		"DTSTART;TZID=Mars/Olympus:20260105T090000":                {"line 1, column 14:unknown-zone"},
		"DTSTART;TZID=Europe/Berlin:20260105T090000Z":              {"line 1, column 14:unexpected"},
		"DTSTART:20260105T090000Z\nX-WR-TIMEZONE:Europe/Berlin":    {"line 2, column 15:unexpected"},
		"DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=HOURLY":           {"line 2, column 12:unexpected"},
		"DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY;BYMINUTE=3": {"line 2, column 27:unexpected"},
		"DTSTART;VALUE=DATE:20260105\nRDATE:20260105T090000":       {"line 2, column 7:bad-format"},
		"DTSTART;X=\"a:20260105T090000":                            {"line 1, column 1:syntax", ":required"},
		long:                                                       {"line 2, column 25:too-many"},
	} {
		_, err := recur.Parse(text)
		assert.Equal(t, want, caltest.Codes(t, err), "%s: %v", text, err)
	}
	_, err := recur.Parse(strings.Repeat("x", 1<<20+1))
	assert.Equal(t, []string{":too-long"}, caltest.Codes(t, err))
	_, err = recur.ParseRepeat(strings.Repeat("x", 1<<20+1))
	assert.Equal(t, []string{":too-long"}, caltest.Codes(t, err))
	_, err = recur.ParseRepeat("FREQ=DÄILY;BYHOUR=24")
	assert.Equal(t, []string{"column 6:unknown", "column 19:out-of-range"}, caltest.Codes(t, err))
	_, err = recur.Parse("DTSTART:20260105T090000Z\nRDATE:" + strings.Repeat("20260105T090000Z,", 10_000) + "20260105T090000Z")
	assert.Equal(t, []string{"line 2, column 170007:too-many"}, caltest.Codes(t, err))
}

func TestRuleValidate(t *testing.T) {
	t.Parallel()
	day := recur.WholeDay(caltest.Date(t, "2026-01-05"))
	rule := recur.Rule{
		Zone: "Mars/Olympus", Gap: "hope", Twice: "often",
		Repeats: []recur.Repeat{{
			Frequency: "LUNAR", Interval: -1, Count: -1, Until: recur.When{UTC: true, Whole: true}, BySecond: []int{61}, ByDay: []recur.NthDay{{N: 54}},
			ByMonth: []time.Month{13}, ByHour: make([]int, 1001), WeekStart: new(time.Weekday(7)), Skip: "FORWARD",
		}},
		Except: []recur.Repeat{{Frequency: recur.Daily, BySetPos: []int{1, 0}, ByDay: make([]recur.NthDay, 1001)}},
		Dates:  []recur.When{day}, ExceptDates: make([]recur.When, 10_001),
	}
	assert.Equal(t, []string{
		"start:required", "zone:unknown-zone", "repeats[0].frequency:unknown", "repeats[0].interval:out-of-range", "repeats[0].count:out-of-range",
		"repeats[0].until:out-of-range", "repeats[0].until:bad-format", "repeats[0].bySecond[0]:out-of-range", "repeats[0].byHour:too-many", "repeats[0].byMonth[0]:out-of-range",
		"repeats[0].byDay[0]:out-of-range", "repeats[0].weekStart:out-of-range", "repeats[0].skip:unknown", "repeats[0].until:bad-format",
		"except[0].bySetPos[1]:out-of-range", "except[0].byDay:too-many", "dates[0]:bad-format", "exceptDates:too-many", "gap:unknown", "twice:unknown",
	}, caltest.Codes(t, rule.Validate()))
	_, err := rule.Compile()
	assert.Equal(t, caltest.Codes(t, rule.Validate()), caltest.Codes(t, err))
	rule = recur.Rule{Start: recur.When{Local: day.Local, UTC: true}, Zone: "UTC", Repeats: make([]recur.Repeat, 51)}
	assert.Equal(t, []string{"zone:unexpected", "repeats:too-many"}, caltest.Codes(t, rule.Validate()))
	rule = recur.Rule{Start: day, Repeats: []recur.Repeat{{Frequency: recur.Daily, ByHour: []int{1}}, {Frequency: recur.Daily, BySecond: []int{1}}}}
	assert.Equal(t, []string{"repeats[0]:unexpected", "repeats[1]:unexpected"}, caltest.Codes(t, rule.Validate()))
	rule.Repeats = []recur.Repeat{{Frequency: recur.Daily, BySetPos: []int{1}}}
	assert.Equal(t, []string{"repeats[0].bySetPos:unexpected"}, caltest.Codes(t, rule.Validate()))

	err = json.Unmarshal([]byte(`{"start": "then", "repeats": ["FREQ=LUNAR"], "dates": ["", "2026-01-05"], "except": ["FREQ=DAILY;X=1"], "exceptDates": ["2026-02-30T09:00Z"]}`), &rule)
	assert.Equal(t, []string{
		"start:bad-format", "repeats[0].column 6:unknown", "dates[0]:bad-format", "except[0].column 12:unknown", "exceptDates[0]:out-of-range",
	}, caltest.Codes(t, err))
	assert.Equal(t, []string{":bad-format"}, caltest.Codes(t, json.Unmarshal([]byte(`{"repeat": []}`), &rule)))
}

func TestRepeatConform(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO":            nil,
		"FREQ=MONTHLY;BYDAY=2TU":                     nil,
		"FREQ=SECONDLY;BYYEARDAY=1":                  nil,
		"FREQ=DAILY;BYMONTHDAY=13":                   nil,
		"FREQ=MONTHLY;BYWEEKNO=1;BYYEARDAY=1":        {"byWeekNo:not-in-rfc", "byYearDay:not-in-rfc"},
		"FREQ=WEEKLY;BYMONTHDAY=13;BYDAY=MO,2TU":     {"byMonthDay:not-in-rfc", "byDay[1]:not-in-rfc"},
		"FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO":           {"byDay[0]:not-in-rfc"},
		"FREQ=DAILY;COUNT=3;UNTIL=20260105T090000Z":  {"until:not-in-rfc"},
		"FREQ=DAILY;BYYEARDAY=3;BYMONTH=1;BYHOUR=12": {"byYearDay:not-in-rfc"},
	} {
		r, err := recur.ParseRepeat(text)
		require.NoError(t, err, text)
		if want == nil {
			require.NoError(t, r.Conform(), text)
			continue
		}
		assert.Equal(t, want, caltest.Codes(t, r.Conform()), text)
	}
}

// TestRulesOfSeveralPartsAgreeWithTheOracle puts repeats, dates and exceptions
// together.
func TestRulesOfSeveralPartsAgreeWithTheOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		place := rapid.SampledFrom(caltest.Awkward()).Draw(t, "place")
		loc, err := time.LoadLocation(place.Zone)
		require.NoError(t, err)
		jump, err := time.Parse(time.RFC3339, place.Jump)
		require.NoError(t, err)
		start := caltest.Wall(calendar.LocalTimeOf(jump, loc)).AddDate(0, 0, -10).Add(time.Duration(rapid.IntRange(-8, 8).Draw(t, "start")) * 15 * time.Minute)
		end := jump.AddDate(0, 0, 10)
		rule := recur.Rule{
			Start: recur.At(caltest.LocalOf(start)), Zone: place.Zone,
			Gap:   rapid.SampledFrom([]calendar.GapPolicy{calendar.ShiftByGap, calendar.AfterGap, calendar.SkipGap}).Draw(t, "gap"),
			Twice: rapid.SampledFrom([]calendar.TwicePolicy{calendar.FirstOfTwo, calendar.LastOfTwo, calendar.BothOfTwo}).Draw(t, "twice"),
		}
		repeat := func() recur.Repeat {
			r := recur.Repeat{Frequency: rapid.SampledFrom(frequencies[2:5]).Draw(t, "frequency"), Interval: rapid.IntRange(1, 4).Draw(t, "interval")}
			if rapid.Bool().Draw(t, "days") {
				r.ByDay = []recur.NthDay{{Day: time.Weekday(rapid.IntRange(0, 6).Draw(t, "day"))}, {Day: time.Weekday(rapid.IntRange(0, 6).Draw(t, "day"))}}
			}
			if rapid.IntRange(0, 3).Draw(t, "counted") == 0 {
				r.Count = rapid.IntRange(1, 12).Draw(t, "count")
			}
			return r
		}
		in, out := map[time.Time]time.Time{}, map[time.Time]bool{} // by instant: what the rule calls it
		days := map[time.Time]bool{}
		put := func(at, l time.Time) {
			if _, taken := in[at]; !taken || caltest.Wall(calendar.LocalTimeOf(at, loc)).Equal(l) {
				in[at] = l
			}
		}
		each := func(r recur.Repeat, put func(at, l time.Time)) {
			o, left := newOracle(r, start), r.Count
			for n := 0; ; n++ {
				if from, _ := o.period(n); from.After(caltest.Wall(calendar.LocalTimeOf(end, loc)).Add(26 * time.Hour)) {
					return
				}
				for _, l := range o.picked(n) {
					at := caltest.Moments(l, loc, rule.Gap, rule.Twice)
					if len(at) == 0 {
						continue
					}
					if left--; left < 0 && r.Count > 0 {
						return
					}
					for _, x := range at {
						put(x, l)
					}
				}
			}
		}
		for range rapid.IntRange(0, 3).Draw(t, "repeats") {
			r := repeat()
			rule.Repeats = append(rule.Repeats, r)
			each(r, put)
		}
		for range rapid.IntRange(0, 2).Draw(t, "excepts") {
			r := repeat()
			rule.Except = append(rule.Except, r)
			each(r, func(at, _ time.Time) { out[at] = true })
		}
		when := func() (recur.When, time.Time, []time.Time) {
			l := start.Add(time.Duration(rapid.IntRange(0, 480).Draw(t, "hours")) * time.Hour)
			w := recur.When{Local: caltest.LocalOf(l), UTC: rapid.Bool().Draw(t, "utc")}
			if w.UTC {
				return w, caltest.Wall(calendar.LocalTimeOf(l, loc)), []time.Time{l}
			}
			return w, l, caltest.Moments(l, loc, rule.Gap, rule.Twice)
		}
		for range rapid.IntRange(0, 4).Draw(t, "dates") {
			w, l, at := when()
			rule.Dates = append(rule.Dates, w)
			for _, x := range at {
				put(x, l)
			}
		}
		for range rapid.IntRange(0, 4).Draw(t, "except dates") {
			w, l, at := when()
			if rapid.IntRange(0, 3).Draw(t, "whole") == 0 {
				w = recur.WholeDay(caltest.LocalOf(l).Date)
				days[midnight(l)] = true
				at = nil
			}
			rule.ExceptDates = append(rule.ExceptDates, w)
			for _, x := range at {
				out[x] = true
			}
		}
		if len(rule.Repeats) == 0 {
			for _, x := range caltest.Moments(start, loc, rule.Gap, rule.Twice) {
				put(x, start)
			}
		}
		want := []time.Time{}
		for at, l := range in {
			if !out[at] && !days[midnight(l)] && at.Before(end) {
				want = append(want, at)
			}
		}
		want = sorted(want)
		text := rule.String()
		again, err := recur.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, text, again.String())
		r, err := again.Compile()
		require.NoError(t, err, text)
		require.Equal(t, fmt.Sprint(want), fmt.Sprint(slices.Collect(r.Between(start.AddDate(0, 0, -5), end))), text)
		for i, at := range want {
			require.True(t, r.Contains(at))
			if i > 0 {
				prev, ok := r.Previous(at)
				require.True(t, ok && prev.Equal(want[i-1]), text)
			}
		}
	})
}

func TestManyExceptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rule, after, want string }{
		{"DTSTART:20260101T000000Z\nRRULE:FREQ=MINUTELY\nEXRULE:FREQ=MINUTELY;BYMONTH=1,2,3", "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"},
		{"DTSTART:20260601T000000Z\nRRULE:FREQ=MINUTELY\nEXRULE:FREQ=MINUTELY;BYMONTH=1,2,3", "2026-12-31T23:59:00Z", "2027-04-01T00:00:00Z"},
		{"DTSTART;TZID=Europe/Berlin:20260301T000000\nRRULE:FREQ=SECONDLY\nEXRULE:FREQ=SECONDLY;BYMONTH=3", "2026-03-01T00:00:00Z", "2026-03-31T22:00:00Z"},
		{"DTSTART;TZID=Europe/Berlin:20260301T000000\nRRULE:FREQ=SECONDLY\nEXRULE:FREQ=SECONDLY;BYMONTH=3\nRDATE:20260320T120000", "2026-03-20T00:00:00Z", "2026-03-31T22:00:00Z"},
		{"DTSTART:20260101T000000Z\nRRULE:FREQ=SECONDLY\nEXRULE:FREQ=SECONDLY;COUNT=1000000\nRRULE:FREQ=DAILY", "2026-01-01T00:00:00Z", "2026-01-12T13:46:40Z"},
		{"DTSTART:20260101T000000Z\nRRULE:FREQ=SECONDLY\nEXRULE:FREQ=SECONDLY;UNTIL=22260101T000000Z", "2026-01-01T00:00:00Z", "2226-01-01T00:00:01Z"},
		{"DTSTART:20260101T000000Z\nRRULE:FREQ=HOURLY;INTERVAL=2\nEXRULE:FREQ=HOURLY;INTERVAL=2;COUNT=1000000", "2026-01-01T00:00:00Z", "2254-02-28T08:00:00Z"},
		{"DTSTART:20260101T000000Z\nRRULE:FREQ=SECONDLY\nEXRULE:FREQ=SECONDLY\nRDATE:20260106T090001Z", "2026-01-01T00:00:00Z", ""},
		{"DTSTART:20260101T000000Z\nRRULE:FREQ=SECONDLY\nEXRULE:FREQ=SECONDLY;BYMINUTE=0,1\nEXRULE:FREQ=SECONDLY;BYHOUR=0", "2026-01-01T00:00:00Z", "2026-01-01T01:02:00Z"},
		{"DTSTART:20260101T000000Z\nRRULE:FREQ=HOURLY\nEXRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;BYDAY=MO,TU,WE,TH,FR,SA", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"},
		{"DTSTART;TZID=Europe/Berlin:20230316T030000\nRRULE:FREQ=HOURLY;INTERVAL=2\nEXRULE:FREQ=HOURLY;INTERVAL=2\nEXRULE:FREQ=WEEKLY;COUNT=2", "2023-01-01T00:00:00Z", ""},
		{"DTSTART:20260101T000000Z\nRRULE:FREQ=HOURLY;INTERVAL=2\nEXRULE:FREQ=HOURLY;INTERVAL=2\nRDATE:25000101T000001Z", "2026-01-01T00:00:00Z", "2500-01-01T00:00:01Z"},
		{"DTSTART:20260101T003000Z\nRRULE:FREQ=MINUTELY;INTERVAL=7\nEXRULE:FREQ=MINUTELY;UNTIL=20260301T120000Z\nRDATE:20260201T000001Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:01Z"},
	} {
		next, ok := compiledRule(t, c.rule).Next(caltest.At(t, c.after))
		if c.want == "" {
			assert.False(t, ok, "%s comes at %s", c.rule, next)
			continue
		}
		assert.True(t, ok && next.Equal(caltest.At(t, c.want)), "%s comes at %s, want %s", c.rule, next, c.want)
	}
	rule, err := recur.Parse("DTSTART:20260101T000000Z\nRRULE:FREQ=MINUTELY;INTERVAL=2\nEXRULE:FREQ=MINUTELY;INTERVAL=2;UNTIL=30000101T000000Z")
	require.NoError(t, err)
	_, err = rule.Compile()
	assert.Equal(t, []string{"except:too-many"}, caltest.Codes(t, err))
}

// TestCompiledIsOnItsOwn changes what was handed in and what comes back.
func TestCompiledIsOnItsOwn(t *testing.T) {
	t.Parallel()
	until := calendar.ClockAt(12, 0)
	w := recur.Window{
		Rule:  recur.Rule{Start: recur.At(caltest.LocalOf(caltest.At(t, "2026-01-05T09:00:00Z"))), Repeats: []recur.Repeat{{Frequency: recur.Weekly, ByDay: []recur.NthDay{{Day: time.Monday}}}}},
		Until: &until,
	}
	times, err := w.Compile()
	require.NoError(t, err)
	all, err := recur.CompileWindows(caltest.Between(t, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"), w)
	require.NoError(t, err)
	spoil := func(w recur.Window) {
		*w.Until = calendar.ClockAt(17, 0)
		w.Rule.Repeats[0].ByDay[0].Day = time.Friday
	}
	text := w.String()
	spoil(times.Window())
	spoil(all.Window(0))
	spoil(w)
	next, ok := times.Next(caltest.At(t, "2026-01-01T00:00:00Z"))
	assert.True(t, ok)
	assert.Equal(t, "2026-01-05T09:00:00Z/2026-01-05T12:00:00Z", next.String())
	assert.Equal(t, text, times.Window().String())
	assert.Equal(t, text, all.Window(0).String())

	r, err := rota.Parse("daily from 2026-01-05 09:00: anna, ben; from 2026-02-01 00:00: anna, ben, carla")
	require.NoError(t, err)
	turns, err := r.Compile()
	require.NoError(t, err)
	written := r.String()
	for _, r := range []rota.Rotation{turns.Rotation(), r} {
		r.Members[0], r.Changes[0].Members[2] = "zoe", "zoe"
	}
	who, _ := turns.Who(caltest.At(t, "2026-01-05T10:00:00Z"))
	assert.Equal(t, servicecoin.PersonID("anna"), who)
	assert.Equal(t, written, turns.Rotation().String())
	assert.Equal(t, "2026-01-05T09:00:00Z/2026-01-06T09:00:00Z anna", turns.Shift(caltest.At(t, "2026-01-05T10:00:00Z")).String())
}

// What comes seldom is looked for as long as it takes the interval to fall in with
// the calendar, and no longer: it is what going there step by step finds.
func TestSeldomIsNotNever(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := calendar.Date{Year: rapid.IntRange(1, 3000).Draw(t, "year"), Month: time.January, Day: 1}
		every := rapid.OneOf(rapid.IntRange(1, 40), rapid.SampledFrom([]int{7, 97, 146_097, 365, 1461, 399, 400, 401, 4799, 4800, 20_871, 36_524})).Draw(t, "every")
		frequency := rapid.SampledFrom([]recur.Frequency{recur.Daily, recur.Weekly, recur.Monthly, recur.Yearly}).Draw(t, "frequency")
		onDay := time.Weekday(rapid.IntRange(0, 6).Draw(t, "weekday"))
		month, day := time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(28, 31).Draw(t, "day")
		rule := recur.Rule{Start: recur.WholeDay(start), Repeats: []recur.Repeat{{
			Frequency: frequency, Interval: every, ByMonth: []time.Month{month}, ByMonthDay: []int{day}, ByDay: []recur.NthDay{{Day: onDay}},
		}}}
		c, err := rule.Compile()
		require.NoError(t, err)
		// The days that the lists allow, one a year at most, of which the interval
		// passes over all but some.
		monday := start.AddDays(-int(start.Weekday()+6) % 7)
		days := func(from, to calendar.Date) int {
			return int(to.In(nil).Start.Unix()-from.In(nil).Start.Unix()) / 86_400
		}
		var want time.Time
		for year := start.Year; year <= 9999 && want.IsZero(); year++ {
			d := calendar.Date{Year: year, Month: month, Day: day}
			if d.Validate() != nil || d.Weekday() != onDay {
				continue
			}
			n := map[recur.Frequency]int{
				recur.Yearly: year - start.Year, recur.Monthly: (year-start.Year)*12 + int(month) - 1,
				recur.Weekly: days(monday, d) / 7, recur.Daily: days(start, d),
			}[frequency]
			if n%every == 0 {
				want = d.In(nil).Start
			}
		}
		got, ok := c.Next(start.In(nil).Start.Add(-1))
		require.Equal(t, !want.IsZero(), ok, rule.String())
		if ok {
			require.Equal(t, want, got, rule.String())
		}
	})
}

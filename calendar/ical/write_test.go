package ical_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/ical"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

var stamp = time.Date(2026, time.November, 27, 8, 0, 0, 0, time.UTC)

func write(t testing.TB, entries ...ical.Entry) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, ical.Write(&b, ical.Calendar{At: stamp, Entries: entries}))
	return b.String()
}

// requireForm checks what every file must be like.
func requireForm(t require.TestingT, text string) {
	require.True(t, utf8.ValidString(text))
	require.True(t, strings.HasSuffix(text, "\r\n"))
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		require.LessOrEqual(t, len(line), 75, "%q", line)
		require.NotEmpty(t, line)
		require.True(t, utf8.ValidString(line), "%q", line)
		require.False(t, strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }), "%q", line)
		backslashes := len(line) - len(strings.TrimRight(line, `\`))
		require.Zero(t, backslashes%2, "a pair is cut: %q", line)
	}
}

func local(t testing.TB, text string) recur.When {
	t.Helper()
	w, err := recur.ParseWhen(text)
	require.NoError(t, err)
	return w
}

func TestWhatIsWritten(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	err := ical.Write(&b, ical.Calendar{
		At: stamp, Name: "Changes, ours", Refresh: calendar.Within(time.Hour),
		Entries: []ical.Entry{
			{
				UID: "change-7@example.org", Sequence: 2, Modified: stamp.Add(-time.Hour), Status: ical.Tentative,
				During: caltest.Between(t, "2026-03-28T22:00:00Z", "2026-03-29T02:30:00Z"), Zone: "Europe/Berlin",
				Summary: "Move the database; slowly", Description: "Line 1\nLine 2\\3", Location: "Hall 2, rack 7", URL: "https://example.org/changes/7",
				Categories: []string{"checkout", "a,b"}, Extra: map[string]string{"X-ROLLBACK": "PT1H"},
			},
			{UID: "freeze", First: caltest.Date(t, "2026-12-18"), Last: caltest.Date(t, "2027-01-03"), Summary: "Freeze", Transparent: true, Status: ical.Cancelled},
			{UID: "now", During: caltest.Between(t, "2026-01-05T09:00:00.9Z", "2026-01-05T09:00:00.95Z")},
			{
				UID: "patches", For: calendar.Period{Exact: 8 * time.Hour},
				Rule: recur.Rule{
					Start: local(t, "2026-01-10T22:00"), Zone: "Europe/Berlin", Repeats: []recur.Repeat{{Frequency: recur.Monthly, ByDay: []recur.NthDay{{N: 2, Day: time.Saturday}}}},
					ExceptDates: []recur.When{local(t, "2026-02-14")}, Dates: []recur.When{local(t, "2026-02-21T22:00")},
				},
			},
		},
	})
	require.NoError(t, err)
	requireForm(t, b.String())
	assert.Equal(t, strings.Split(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//servicecoin//servicecoin//EN
CALSCALE:GREGORIAN
NAME:Changes\, ours
X-WR-CALNAME:Changes\, ours
REFRESH-INTERVAL;VALUE=DURATION:PT1H
X-PUBLISHED-TTL:PT1H
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:20251026T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20260329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20261025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:change-7@example.org
DTSTAMP:20261127T080000Z
LAST-MODIFIED:20261127T070000Z
SEQUENCE:2
DTSTART;TZID=Europe/Berlin:20260328T230000
DTEND;TZID=Europe/Berlin:20260329T043000
SUMMARY:Move the database\; slowly
DESCRIPTION:Line 1\nLine 2\\3
LOCATION:Hall 2\, rack 7
URL:https://example.org/changes/7
CATEGORIES:checkout,a\,b
STATUS:TENTATIVE
X-ROLLBACK:PT1H
END:VEVENT
BEGIN:VEVENT
UID:freeze
DTSTAMP:20261127T080000Z
SEQUENCE:0
DTSTART;VALUE=DATE:20261218
DTEND;VALUE=DATE:20270104
SUMMARY:Freeze
STATUS:CANCELLED
TRANSP:TRANSPARENT
END:VEVENT
BEGIN:VEVENT
UID:now
DTSTAMP:20261127T080000Z
SEQUENCE:0
DTSTART:20260105T090000Z
END:VEVENT
BEGIN:VEVENT
UID:patches
DTSTAMP:20261127T080000Z
SEQUENCE:0
DTSTART;TZID=Europe/Berlin:20260110T220000
DURATION:PT8H
RRULE:FREQ=MONTHLY;BYDAY=2SA
RDATE;TZID=Europe/Berlin:20260221T220000
EXDATE:20260214T210000Z
END:VEVENT
END:VCALENDAR
`, "\n"), strings.Split(b.String(), "\r\n"))
}

func TestWhatIsNotWritten(t *testing.T) {
	t.Parallel()
	timed := caltest.Between(t, "2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z")
	rule := func(text string) recur.Rule {
		r, err := recur.Parse(text)
		require.NoError(t, err)
		return r
	}
	daily := rule("DTSTART;TZID=Europe/Berlin:20260105T090000\nRRULE:FREQ=DAILY")
	days := rule("DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY")
	with := func(r recur.Rule, change func(*recur.Rule)) recur.Rule {
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		entry ical.Entry
		want  []string
	}{
		"nothing":                  {ical.Entry{}, []string{"entries[0].uid:required", "entries[0]:bad-format"}},
		"two forms":                {ical.Entry{UID: "a", During: timed, First: caltest.Date(t, "2026-01-05")}, []string{"entries[0]:bad-format"}},
		"texts":                    {ical.Entry{UID: "a\n", During: timed, Summary: "\xff", Status: "maybe", Sequence: -1, URL: "example", Categories: []string{""}, Extra: map[string]string{"x-a": "", "X-A": "\xff"}}, []string{"entries[0].uid:bad-text", "entries[0].sequence:out-of-range", "entries[0].summary:bad-text", "entries[0].status:unknown", "entries[0].url:bad-format", "entries[0].categories[0]:required", "entries[0].extra.X-A:bad-text", "entries[0].extra:bad-format"}},
		"a line in an address":     {ical.Entry{UID: "a", During: timed, URL: "https://a/\r\nX:1"}, []string{"entries[0].url:bad-format"}},
		"a line in a name":         {ical.Entry{UID: "a", During: timed, Extra: map[string]string{"X-A:\r\nB": ""}}, []string{"entries[0].extra:bad-format"}},
		"no such zone":             {ical.Entry{UID: "a", During: timed, Zone: "Mars"}, []string{"entries[0].zone:unknown-zone"}},
		"reversed":                 {ical.Entry{UID: "a", During: calendar.Interval{Start: timed.End, End: timed.Start}}, []string{"entries[0].during.end:reversed"}},
		"reversed days":            {ical.Entry{UID: "a", First: caltest.Date(t, "2026-01-05"), Last: caltest.Date(t, "2026-01-04")}, []string{"entries[0].last:reversed"}},
		"the last day of all":      {ical.Entry{UID: "a", First: caltest.Date(t, "9999-12-31")}, []string{"entries[0].last:out-of-range"}},
		"a last day alone":         {ical.Entry{UID: "a", Last: caltest.Date(t, "2026-01-04")}, []string{"entries[0].first:out-of-range"}},
		"for without a rule":       {ical.Entry{UID: "a", During: timed, For: calendar.Period{Days: 1}}, []string{"entries[0].for:unexpected"}},
		"replaces with a rule":     {ical.Entry{UID: "a", Rule: daily, Replaces: daily.Start}, []string{"entries[0].replaces:unexpected"}},
		"a zone beside a rule":     {ical.Entry{UID: "a", Rule: daily, Zone: "UTC"}, []string{"entries[0].zone:unexpected"}},
		"months":                   {ical.Entry{UID: "a", Rule: daily, For: calendar.Period{Months: 1}}, []string{"entries[0].for:unsupported"}},
		"hours of days":            {ical.Entry{UID: "a", Rule: days, For: calendar.Period{Exact: time.Hour}}, []string{"entries[0].for:bad-format"}},
		"an empty rule":            {ical.Entry{UID: "a", Rule: rule("DTSTART:20260105T090000Z\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")}, []string{"entries[0].rule:empty"}},
		"a policy":                 {ical.Entry{UID: "a", Rule: with(daily, func(r *recur.Rule) { r.Gap = calendar.SkipGap })}, []string{"entries[0].rule.gap:unsupported"}},
		"another policy":           {ical.Entry{UID: "a", Rule: with(daily, func(r *recur.Rule) { r.Twice = calendar.BothOfTwo })}, []string{"entries[0].rule.twice:unsupported"}},
		"two rules":                {ical.Entry{UID: "a", Rule: rule("DTSTART:20260105T090000Z\nRRULE:FREQ=DAILY\nRRULE:FREQ=YEARLY")}, []string{"entries[0].rule.repeats:unsupported"}},
		"a rule of exceptions":     {ical.Entry{UID: "a", Rule: rule("DTSTART:20260105T090000Z\nRRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY")}, []string{"entries[0].rule.except:unsupported"}},
		"what RFC 5545 forbids":    {ical.Entry{UID: "a", Rule: rule("DTSTART:20260105T090000Z\nRRULE:FREQ=WEEKLY;BYMONTHDAY=13")}, []string{"entries[0].rule.repeats[0].byMonthDay:not-in-rfc"}},
		"a broken rule":            {ical.Entry{UID: "a", Rule: with(daily, func(r *recur.Rule) { r.Zone = "Mars" })}, []string{"entries[0].rule.zone:unknown-zone"}},
		"a thousand years of days": {ical.Entry{UID: "a", Rule: days, For: calendar.Period{Days: 400_000}}, []string{"entries[0].for:out-of-range"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			err := ical.Write(&b, ical.Calendar{At: stamp, Entries: []ical.Entry{c.entry}})
			got := caltest.Codes(t, err)
			assert.ElementsMatch(t, c.want, got, "%v", err)
			assert.Zero(t, b.Len(), "nothing half-written")
			assert.Equal(t, err, ical.Calendar{At: stamp, Entries: []ical.Entry{c.entry}}.Validate())
		})
	}
	err := ical.Write(new(bytes.Buffer), ical.Calendar{Name: "\xff", Entries: []ical.Entry{{UID: "a", During: timed}, {UID: "a", During: timed}}})
	assert.Equal(t, []string{"at:required", "name:bad-text", "entries[1].uid:duplicate"}, caltest.Codes(t, err))
	err = ical.Write(new(bytes.Buffer), ical.Calendar{At: stamp, Entries: make([]ical.Entry, ical.MaxEntries+1)})
	assert.Equal(t, []string{"entries:too-many"}, caltest.Codes(t, err))
	long := make([]ical.Entry, 60)
	for i := range long {
		long[i] = ical.Entry{UID: strconv.Itoa(i), During: timed, Description: strings.Repeat(";", 100_000)}
	}
	err = ical.Write(new(bytes.Buffer), ical.Calendar{At: stamp, Entries: long})
	assert.Equal(t, []string{"entries[41]:too-long"}, caltest.Codes(t, err))
	err = ical.Write(new(bytes.Buffer), ical.Calendar{At: stamp, Entries: long[:30]})
	assert.Equal(t, []string{":too-long"}, caltest.Codes(t, err), "what stands before what is escaped counts")
	many := make([]ical.Entry, 1001)
	for i := range many {
		many[i] = ical.Entry{UID: strconv.Itoa(i), Rule: daily}
	}
	err = ical.Write(new(bytes.Buffer), ical.Calendar{At: stamp, Entries: many})
	assert.Equal(t, []string{"entries[1000].rule:too-many"}, caltest.Codes(t, err))
	broken := errors.New("broken")
	require.ErrorIs(t, ical.Write(failing{broken}, ical.Calendar{At: stamp}), broken)
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// The clock of a zone that is written is that of the tz database, for as long as
// it is needed.
func TestZonesAreWritten(t *testing.T) {
	t.Parallel()
	zones := map[string]bool{"Europe/Berlin": true, "Africa/Casablanca": true, "Europe/Dublin": true, "America/Sao_Paulo": true, "Asia/Jerusalem": true, "Africa/Cairo": true, "Asia/Tokyo": true, "America/Caracas": true, "Asia/Pyongyang": true, "Pacific/Apia": true, "Antarctica/Troll": true}
	for _, a := range caltest.Awkward() {
		zones[a.Zone] = true
	}
	for zone := range maps.Keys(zones) {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			loc := caltest.Location(t, zone)
			span := caltest.Between(t, "1900-02-01T00:00:00Z", "2149-12-01T00:00:00Z")
			var list []ical.Entry
			at := func(start time.Time) {
				e := ical.Entry{UID: strconv.Itoa(len(list)), During: calendar.Between(start, start.Add(time.Hour)), Zone: zone}
				list = append(list, e)
			}
			for _, j := range caltest.Jumps(span, loc) {
				at(j.At.Add(-2 * time.Hour))
				at(j.At)
				at(j.At.Add(2 * time.Hour))
			}
			at(span.Start)
			at(span.End)
			// A rule without an end keeps all that is to come.
			list = append(list, ical.Entry{UID: "always", Rule: recur.Rule{Start: local(t, "2020-01-01T12:00"), Zone: zone, Repeats: []recur.Repeat{{Frequency: recur.Yearly}}}})
			for name, from := range map[string]int{"all": 0, "the last ones": len(list) * 3 / 4, "one": len(list) - 2} {
				text := write(t, list[from:]...)
				requireForm(t, text)
				if strings.Contains(text, ":"+zone+"\r\n") {
					text = strings.ReplaceAll(text, zone, "Nowhere") // the tz database does not know it
				}
				events, err := ical.Read(strings.NewReader(text), time.UTC)
				require.NoError(t, err)
				i := from
				for _, e := range events {
					if e.UID == "always" {
						require.Equal(t, calendar.ClockAt(12, 0), calendar.ClockOf(e.During.Start, loc), "%s: %s", name, e.During)
						continue
					}
					require.Equal(t, list[i].During.String(), e.During.String(), name)
					i++
				}
				require.Equal(t, len(list)-1, i)
			}
		})
	}
}

// A time that the clock shows twice is said in UTC, where it is the second one.
func TestTimesThatComeTwice(t *testing.T) {
	t.Parallel()
	text := write(t,
		ical.Entry{UID: "first", Zone: "Europe/Berlin", During: caltest.Between(t, "2026-10-25T00:30:00Z", "2026-10-25T00:45:00Z")},
		ical.Entry{UID: "second", Zone: "Europe/Berlin", During: caltest.Between(t, "2026-10-25T01:30:00Z", "2026-10-25T03:00:00Z")},
		ical.Entry{UID: "both", Zone: "Europe/Berlin", During: caltest.Between(t, "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")},
		ical.Entry{UID: "long ago", Zone: "Europe/Berlin", During: caltest.Between(t, "1850-10-25T00:30:00Z", "1850-10-25T01:30:00Z")},
	)
	assert.Equal(t, 1, strings.Count(text, "DTSTART;TZID=Europe/Berlin:"))
	assert.Equal(t, []string{
		"first 2026-10-25T00:30:00Z/2026-10-25T00:45:00Z", "second 2026-10-25T01:30:00Z/2026-10-25T03:00:00Z",
		"both 2026-10-25T00:30:00Z/2026-10-25T01:30:00Z", "long ago 1850-10-25T00:30:00Z/1850-10-25T01:30:00Z",
	}, told(readIn(t, text, "Asia/Tokyo")))
}

// A start that is none of the times of its rule does not come to those who take it
// for the first, and is not counted.
func TestStartsThatTheRuleDoesNotSay(t *testing.T) {
	t.Parallel()
	rule, err := recur.Parse("DTSTART;TZID=Europe/Berlin:20260105T090000\nRRULE:FREQ=MONTHLY;BYDAY=2TU;COUNT=2")
	require.NoError(t, err)
	text := write(t, ical.Entry{UID: "a", Rule: rule})
	assert.Contains(t, text, "RRULE:FREQ=MONTHLY;UNTIL=20260210T080000Z;BYDAY=2TU\r\n")
	assert.Contains(t, text, "EXDATE;TZID=Europe/Berlin:20260105T090000\r\n")
	assert.Equal(t, []string{"a 2026-01-13T08:00:00Z/2026-01-13T08:00:00Z", "a 2026-02-10T08:00:00Z/2026-02-10T08:00:00Z"}, told(readIn(t, text, "UTC")))
}

// A moved event has a higher sequence, and the copy that is older does not win.
func TestMovedEvents(t *testing.T) {
	t.Parallel()
	before := ical.Entry{UID: "a", During: caltest.Between(t, "2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z")}
	after := before
	after.Sequence, after.During = 1, caltest.Between(t, "2026-01-06T09:00:00Z", "2026-01-06T10:00:00Z")
	off := after
	off.Sequence, off.Status = 2, ical.Cancelled
	both := write(t, after) + write(t, before)
	assert.Equal(t, []string{"a 2026-01-06T09:00:00Z/2026-01-06T10:00:00Z"}, told(readIn(t, both, "UTC")))
	assert.Empty(t, told(readIn(t, write(t, off)+both, "UTC")))
	rule := ical.Entry{UID: "b", Rule: recur.Rule{Start: local(t, "2026-01-05T09:00"), Zone: "Europe/Berlin", Repeats: []recur.Repeat{{Frequency: recur.Weekly, Count: 3}}}}
	moved := ical.Entry{UID: "b", Zone: "Europe/Berlin", Replaces: local(t, "2026-01-12T09:00"), During: caltest.Between(t, "2026-01-13T09:00:00Z", "2026-01-13T10:00:00Z")}
	assert.Equal(t, []string{
		"b 2026-01-05T08:00:00Z/2026-01-05T08:00:00Z", "b 2026-01-19T08:00:00Z/2026-01-19T08:00:00Z", "b 2026-01-13T09:00:00Z/2026-01-13T10:00:00Z",
	}, told(readIn(t, write(t, rule, moved), "UTC")))
	again := moved
	again.Replaces = local(t, "2026-01-12T08:00Z")
	err := ical.Write(new(bytes.Buffer), ical.Calendar{At: stamp, Entries: []ical.Entry{rule, moved, again}})
	assert.Equal(t, []string{"entries[2].uid:duplicate"}, caltest.Codes(t, err), "the same time, said in two ways")
}

func BenchmarkWrite(b *testing.B) {
	start := time.Date(2026, time.March, 28, 22, 0, 0, 0, time.UTC)
	c := ical.Calendar{At: stamp}
	for i := range 1000 {
		during := calendar.Between(start.AddDate(0, 0, i), start.AddDate(0, 0, i).Add(4*time.Hour))
		c.Entries = append(c.Entries, ical.Entry{UID: strconv.Itoa(i), During: during, Zone: "Europe/Berlin", Summary: "Change", Description: "What is done, and why", Categories: []string{"checkout"}})
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := ical.Write(io.Discard, c); err != nil {
			b.Fatal(err)
		}
	}
}

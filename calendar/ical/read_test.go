package ical_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/ical"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

// ical wraps events in a calendar; the first one begins in line 3.
func icsOf(events ...string) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
	for _, e := range events {
		b.WriteString("BEGIN:VEVENT\r\n" + strings.ReplaceAll(e, "\n", "\r\n") + "\r\nEND:VEVENT\r\n")
	}
	b.WriteString("END:VCALENDAR\r\n")
	return b.String()
}

func readICal(t testing.TB, text string) ([]ical.Event, error) {
	t.Helper()
	return ical.Read(strings.NewReader(text), caltest.Location(t, "Europe/Berlin"))
}

func TestReadICalendar(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines string
		want  ical.Event
	}{
		"one day": {
			"UID:1\nDTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261226\nSUMMARY:Christmas",
			ical.Event{UID: "1", Summary: "Christmas", Dates: dates(t, "2026-12-25")},
		},
		"without an end": {"DTSTART:20261225", ical.Event{Dates: dates(t, "2026-12-25")}},
		"an end that is the start, as some write": {
			"DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225",
			ical.Event{Dates: dates(t, "2026-12-25")},
		},
		"the end is not included": {
			"DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20270102",
			ical.Event{Dates: dates(t, "2026-12-24/2027-01-01")},
		},
		"days by duration":  {"DTSTART;VALUE=DATE:20261224\nDURATION:P3D", ical.Event{Dates: dates(t, "2026-12-24/2026-12-26")}},
		"weeks by duration": {"DTSTART;VALUE=DATE:20261224\nDURATION:P1W", ical.Event{Dates: dates(t, "2026-12-24/2026-12-30")}},
		"escapes, folds and case": {
			"dtstart;value=date:20261225\nsummary;language=de:Erster\\, zweiter\\;\n  dritter\\n\\\\\\N Tag \n\tund mehr",
			ical.Event{Summary: `Erster, zweiter; dritter \ Tag und mehr`, Dates: dates(t, "2026-12-25")},
		},
		"UTC": {
			"DTSTART:20261224T120000Z\nDTEND:20261224T150000Z",
			ical.Event{During: caltest.Between(t, "2026-12-24T12:00:00Z", "2026-12-24T15:00:00Z")},
		},
		"floating": {
			"DTSTART:20260624T120000\nDURATION:PT1H30M15S",
			ical.Event{During: caltest.Between(t, "2026-06-24T10:00:00Z", "2026-06-24T11:30:15Z")},
		},
		"in a zone": {
			"DTSTART;TZID=America/New_York:20260624T120000\nDTEND;TZID=\"Europe/Berlin\":20260624T200000",
			ical.Event{During: caltest.Between(t, "2026-06-24T16:00:00Z", "2026-06-24T18:00:00Z")},
		},
		"in a zone with a prefix": {
			"DTSTART;TZID=/freeassociation.sourceforge.net/Asia/Tokyo:20260624T120000\nDURATION:PT1H",
			ical.Event{During: caltest.Between(t, "2026-06-24T03:00:00Z", "2026-06-24T04:00:00Z")},
		},
		"a day of 23 hours by duration": {
			"DTSTART:20260328T120000\nDURATION:P1DT1H",
			ical.Event{During: caltest.Between(t, "2026-03-28T11:00:00Z", "2026-03-29T11:00:00Z")},
		},
		"a time that the clock jumps over": {
			"DTSTART:20260329T023000\nDURATION:PT1H",
			ical.Event{During: caltest.Between(t, "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z")},
		},
		"a moment": {
			"DTSTART:20260624T120000Z",
			ical.Event{During: caltest.Between(t, "2026-06-24T12:00:00Z", "2026-06-24T12:00:00Z")},
		},
		"every year": {
			"DTSTART;VALUE=DATE:20211003\nRRULE:FREQ=YEARLY",
			ical.Event{Dates: dates(t, "10-03"), Since: 2021},
		},
		"every year, said in full": {
			"DTSTART;VALUE=DATE:20211003\nRRULE:FREQ=YEARLY;INTERVAL=1;BYMONTH=10;BYMONTHDAY=3;WKST=MO",
			ical.Event{Dates: dates(t, "10-03"), Since: 2021},
		},
		"every year, so often": {
			"DTSTART;VALUE=DATE:20211003\nRRULE:FREQ=YEARLY;COUNT=3",
			ical.Event{Dates: dates(t, "10-03"), Since: 2021, Until: 2023},
		},
		"every year until its day": {
			"DTSTART;VALUE=DATE:20211003\nRRULE:FREQ=YEARLY;UNTIL=20251003",
			ical.Event{Dates: dates(t, "10-03"), Since: 2021, Until: 2025},
		},
		"every year until a day before it": {
			"DTSTART;VALUE=DATE:20211003\nRRULE:FREQ=YEARLY;UNTIL=20251002T215959Z",
			ical.Event{Dates: dates(t, "10-03"), Since: 2021, Until: 2024},
		},
		"every year until its day in the zone of the reader": {
			"DTSTART;VALUE=DATE:20211003\nRRULE:FREQ=YEARLY;UNTIL=20251002T220000Z",
			ical.Event{Dates: dates(t, "10-03"), Since: 2021, Until: 2025},
		},
		"every year until it begins": {
			"DTSTART;VALUE=DATE:20211003\nRRULE:FREQ=YEARLY;UNTIL=20200101",
			ical.Event{Dates: dates(t, "10-03"), Since: 2021, Until: 2021},
		},
		"leap days, so often": {
			"DTSTART;VALUE=DATE:20200229\nRRULE:FREQ=YEARLY;COUNT=3",
			ical.Event{Dates: dates(t, "02-29"), Since: 2020, Until: 2028},
		},
		"every turn of the year": {
			"DTSTART;VALUE=DATE:20211231\nDTEND;VALUE=DATE:20220102\nRRULE:FREQ=YEARLY",
			ical.Event{Dates: dates(t, "12-31/01-01"), Since: 2021},
		},
		"what does not concern us": {
			"DTSTART;VALUE=DATE:20261225\nX-WHO:me\nTRANSP:TRANSPARENT\nBEGIN:VALARM\nDTSTART:nonsense\nRDATE:20260101\nEND:VALARM",
			ical.Event{
				Dates: dates(t, "2026-12-25"), Transparent: true,
				Properties: []ical.Property{{Name: "X-WHO", Value: "me", Place: "line 5, column 7"}},
			},
		},
		"what says more": {
			"DTSTART;VALUE=DATE:20261225\nstatus: Tentative\nCATEGORIES;LANGUAGE=en:FREEZE, mail\\, old ,,a\\\\,b\\n;c\nTRANSP:OPAQUE\nCATEGORIES:mail\\\nX-Rollback;X-BY=\"a:b\":PT\n 1H\nDESCRIPTION:a\\, b",
			ical.Event{
				Dates: dates(t, "2026-12-25"), Status: "TENTATIVE", Categories: []string{"FREEZE", "mail, old", `a\`, "b\n;c", `mail\`},
				Properties: []ical.Property{
					{Name: "X-ROLLBACK", Value: "PT1H", Place: "line 9, column 23"},
					{Name: "DESCRIPTION", Value: `a\, b`, Place: "line 11, column 13"},
				},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readICal(t, icsOf(c.lines))
			require.NoError(t, err)
			c.want.Line = 3
			c.want.Unended = !strings.Contains(c.lines, "DTEND") && !strings.Contains(c.lines, "DURATION")
			require.Empty(t, cmp.Diff([]ical.Event{c.want}, got))
		})
	}
}

func TestReadICalendarWhole(t *testing.T) {
	t.Parallel()
	text := "\uFEFF" + strings.ReplaceAll(icsOf(
		"STATUS:CANCELLED\nDTSTART:nonsense", "DTSTART:20260101\nSTATUS:CONFIRMED",
	), "\r\n", "\n") + "\n" + icsOf("DTSTART:20260102")
	text = strings.Replace(text, "VERSION:2.0", "BEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nDTSTART:19701101T020000\nEND:STANDARD\nEND:VTIMEZONE", 1)
	got, err := readICal(t, text)
	require.NoError(t, err)
	require.Len(t, got, 2, "two calendars, a cancelled event left out")
	assert.Equal(t, "2026-01-01", got[0].Dates.String())
	assert.Equal(t, "2026-01-02", got[1].Dates.String())

	got, err = readICal(t, icsOf())
	require.NoError(t, err)
	assert.Empty(t, got)
}

func TestReadICalendarRefuses(t *testing.T) {
	t.Parallel()
	day := "DTSTART;VALUE=DATE:20211003\n"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"nothing":           {"", []string{":required"}},
		"something else":    {"<html>", []string{"line 1:syntax", ":required"}},
		"cut off":           {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\n", []string{"line 3:syntax"}},
		"crossed":           {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\nDTSTART:20260101\nEND:VEVENT\nEND:VCALENDAR\n", []string{"line 3:syntax"}},
		"no calendar":       {"BEGIN:VEVENT\nDTSTART:20260101\nEND:VEVENT\n", []string{"line 1:syntax", ":required"}},
		"an end too many":   {icsOf() + "END:VCALENDAR\n", []string{"line 4:syntax"}},
		"a property before": {"VERSION:2.0\n" + icsOf(), []string{"line 1:syntax"}},
		"all at once": {
			icsOf("SUMMARY:x", "DTSTART:2026\nDTEND:20260101", "DTSTART:20260101\nnonsense\nDTSTART:20260102"),
			[]string{"line 3:required", "line 7:syntax", "line 12:syntax", "line 13:duplicate"},
		},
		"no such day":               {icsOf("DTSTART:20260229"), []string{"line 4:out-of-range"}},
		"no such time":              {icsOf("DTSTART:20260228T240000"), []string{"line 4:out-of-range"}},
		"value of another kind":     {icsOf("DTSTART;VALUE=DATE:20260228T120000"), []string{"line 4:unsupported"}},
		"value of no kind":          {icsOf("DTSTART;VALUE=PERIOD:20260228T120000/P1D"), []string{"line 4:unsupported"}},
		"time without a time":       {icsOf("DTSTART;VALUE=DATE-TIME:20260228"), []string{"line 4:unsupported"}},
		"a date and a time":         {icsOf("DTSTART:20260228\nDTEND:20260301T120000"), []string{"line 5:bad-format"}},
		"reversed dates":            {icsOf("DTSTART:20260228\nDTEND:20260227"), []string{"line 5:reversed"}},
		"reversed times":            {icsOf("DTSTART:20260228T120000Z\nDTEND:20260228T115959Z"), []string{"line 5:reversed"}},
		"two ends":                  {icsOf("DTSTART:20260228\nDTEND:20260301\nDURATION:P1D"), []string{"line 6:unexpected"}},
		"negative duration":         {icsOf("DTSTART:20260228\nDURATION:-P1D"), []string{"line 5:syntax"}},
		"hours of a date":           {icsOf("DTSTART:20260228\nDURATION:PT1H"), []string{"line 5:bad-format"}},
		"empty duration":            {icsOf("DTSTART:20260228\nDURATION:P"), []string{"line 5:syntax"}},
		"huge duration":             {icsOf("DTSTART:20260228\nDURATION:P999999D"), []string{"line 5:out-of-range"}},
		"far duration":              {icsOf("DTSTART:99990228\nDURATION:P99999W"), []string{"line 5:out-of-range"}},
		"before the year 1":         {icsOf("DTSTART;TZID=Asia/Tokyo:00010101T000000"), []string{"line 3:out-of-range"}},
		"unknown zone":              {icsOf("DTSTART;TZID=W. Europe Standard Time:20260228T120000"), []string{"line 4:unknown-zone"}},
		"the machine's zone":        {icsOf("DTSTART;TZID=Local:20260228T120000"), []string{"line 4:unknown-zone"}},
		"not every year":            {icsOf(day + "RRULE:COUNT=3"), []string{"line 5:required"}},
		"count nonsense":            {icsOf(day + "RRULE:FREQ=YEARLY;COUNT=0"), []string{"line 5:out-of-range"}},
		"until nonsense":            {icsOf(day + "RRULE:FREQ=YEARLY;UNTIL=never"), []string{"line 5:syntax"}},
		"daily for ever":            {icsOf(day + "RRULE:FREQ=DAILY"), []string{"line 3:too-many"}},
		"a time of day of dates":    {icsOf(day + "RRULE:FREQ=WEEKLY;BYHOUR=3"), []string{"line 5:unexpected"}},
		"a rule on two lines":       {icsOf(day + "SUMMARY:x\nRRULE:FREQ=WEEKLY;\n UNTIL=never"), []string{"line 7:syntax"}},
		"a moved one that repeats":  {icsOf(day + "RRULE:FREQ=YEARLY\nRECURRENCE-ID:20221003"), []string{"line 6:unexpected"}},
		"all that follow are moved": {icsOf(day + "RECURRENCE-ID;RANGE=THISANDFUTURE:20221003"), []string{"line 5:unsupported"}},
		"moved from nowhere":        {icsOf(day+"UID:1\nRRULE:FREQ=WEEKLY;COUNT=3", day+"UID:1\nRECURRENCE-ID:soon"), []string{"line 11:syntax"}},
		"a time taken out of days":  {icsOf(day + "RRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:20211010T120000"), []string{"line 6:bad-format"}},
		"not UTF-8":                 {icsOf("DTSTART:20260228\nSUMMARY:\xff"), []string{"line 5:bad-text"}},
		"parameter without end":     {icsOf("DTSTART;TZID=\"a:20260228"), []string{"line 3:required", "line 4:syntax"}},
		"name with a space":         {icsOf("DT START:20260228"), []string{"line 3:required", "line 4:syntax"}},
		"an end that is none":       {icsOf("DTSTART:20260228\nDTEND:soon"), []string{"line 5:syntax"}},
		"parameter without sign":    {icsOf("DTSTART;TZID:20260228"), []string{"line 3:required", "line 4:syntax"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readICal(t, c.text)
			assert.Equal(t, c.want, lineCodes(t, err), "%v", err)
		})
	}
}

func TestReadICalendarRepeats(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		events []string
		want   string // the times of the years 2026 and 2027
	}{
		"a weekday of a month": {
			[]string{"DTSTART;VALUE=DATE:20201126\nDTEND;VALUE=DATE:20201128\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"},
			"2026-11-26/2026-11-27 2027-11-25/2027-11-26",
		},
		"every other year":     {[]string{"DTSTART:20211003\nRRULE:FREQ=YEARLY;INTERVAL=2"}, "2027-10-03"},
		"over a leap day":      {[]string{"DTSTART:20260227\nDTEND:20260302\nRRULE:FREQ=YEARLY"}, "2026-02-27/2026-03-01 2027-02-27/2027-03-01"},
		"a time every year":    {[]string{"DTSTART:20250329T023000\nDURATION:PT1H\nRRULE:FREQ=YEARLY"}, "2026-03-29T01:30:00Z/2026-03-29T02:30:00Z 2027-03-29T00:30:00Z/2027-03-29T01:30:00Z"},
		"days by the calendar": {[]string{"DTSTART:20260327T120000\nDURATION:P2D\nRRULE:FREQ=WEEKLY;COUNT=1"}, "2026-03-27T11:00:00Z/2026-03-29T10:00:00Z"},
		"in another zone": {
			[]string{"DTSTART;TZID=America/New_York:20260109T160000\nDTEND;TZID=America/New_York:20260109T170000\nRRULE:FREQ=MONTHLY;BYDAY=2FR;UNTIL=20260331T000000Z"},
			"2026-01-09T21:00:00Z/2026-01-09T22:00:00Z 2026-02-13T21:00:00Z/2026-02-13T22:00:00Z 2026-03-13T20:00:00Z/2026-03-13T21:00:00Z",
		},
		"dates besides, and without": {
			[]string{"DTSTART:20260105\nRRULE:FREQ=WEEKLY;COUNT=4\nRDATE;VALUE=DATE:20260701,20260801\nEXDATE;VALUE=DATE:20260112"},
			"2026-01-05 2026-01-19 2026-01-26 2026-07-01 2026-08-01",
		},
		"two rules, less a third": {
			[]string{"DTSTART:20260105\nRRULE:FREQ=WEEKLY;COUNT=3\nRRULE:FREQ=MONTHLY;COUNT=2\nEXRULE:FREQ=DAILY;INTERVAL=7;COUNT=2"},
			"2026-01-19 2026-02-05",
		},
		"moved, and cancelled": {
			[]string{
				"UID:a\nDTSTART:20260105\nRRULE:FREQ=WEEKLY;COUNT=4", "UID:a\nRECURRENCE-ID;VALUE=DATE:20260112\nDTSTART:20260113",
				"UID:a\nRECURRENCE-ID:20260119\nDTSTART:20260119\nSTATUS:CANCELLED", "UID:b\nRECURRENCE-ID:20260105\nDTSTART:20260301",
			},
			"2026-01-05 2026-01-26 2026-01-13 2026-03-01",
		},
		"a day of every year, moved once": {
			[]string{"UID:a\nRECURRENCE-ID:20261003\nDTSTART:20261005", "UID:a\nDTSTART:20211003\nRRULE:FREQ=YEARLY"},
			"2026-10-05 2027-10-03",
		},
		"until a midnight in UTC, of days":         {[]string{"DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;UNTIL=20260119T000000Z"}, "2026-01-05 2026-01-12 2026-01-19"},
		"until an evening in UTC, of days":         {[]string{"DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;UNTIL=20260118T230000Z"}, "2026-01-05 2026-01-12 2026-01-19"},
		"until a day, of times":                    {[]string{"DTSTART:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;UNTIL=20260112"}, "2026-01-05T08:00:00Z/2026-01-05T09:00:00Z 2026-01-12T08:00:00Z/2026-01-12T09:00:00Z"},
		"until a local time":                       {[]string{"DTSTART:20260105T090000\nDURATION:PT1H\nRRULE:UNTIL=20260112T085959;FREQ=WEEKLY"}, "2026-01-05T08:00:00Z/2026-01-05T09:00:00Z"},
		"a day with a zone":                        {[]string{"DTSTART;TZID=America/New_York;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;COUNT=2"}, "2026-01-05 2026-01-12"},
		"UTC with a zone":                          {[]string{"DTSTART;TZID=UTC:20260105T090000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=1"}, "2026-01-05T09:00:00Z/2026-01-05T10:00:00Z"},
		"midnights taken out of days":              {[]string{"DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;TZID=Europe/Berlin:20260112T000000\nEXDATE:20260119T000000Z"}, "2026-01-05 2026-01-26"},
		"a day taken out of times":                 {[]string{"DTSTART:20260105T003000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2\nEXDATE;VALUE=DATE:20260112"}, "2026-01-04T23:30:00Z/2026-01-05T00:30:00Z"},
		"moved in an event without a UID":          {[]string{"DTSTART:20260105\nRRULE:FREQ=WEEKLY;COUNT=2", "RECURRENCE-ID:20260112\nDTSTART:20260113"}, "2026-01-05 2026-01-12 2026-01-13"},
		"long UIDs that differ at their end":       {[]string{"UID:" + strings.Repeat("u", 220) + "a\nDTSTART:20260105\nRRULE:FREQ=WEEKLY;COUNT=2", "UID:" + strings.Repeat("u", 220) + "b\nRECURRENCE-ID:20260112\nDTSTART:20260113"}, "2026-01-05 2026-01-12 2026-01-13"},
		"moments":                                  {[]string{"DTSTART:20260105T120000Z\nRRULE:FREQ=SECONDLY;COUNT=2"}, "2026-01-05T12:00:00Z/2026-01-05T12:00:00Z 2026-01-05T12:00:01Z/2026-01-05T12:00:01Z"},
		"the end that is the start, as some write": {[]string{"DTSTART:20260105\nDTEND:20260105\nRRULE:FREQ=WEEKLY;COUNT=2"}, "2026-01-05 2026-01-12"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readICal(t, icsOf(c.events...))
			require.NoError(t, err)
			var times []string
			for _, e := range got {
				when, year := e.Dates.String(), e.Dates.First.Year
				if e.Dates.IsZero() {
					when, year = e.During.String(), e.During.Start.Year()
				}
				if year == 2026 || year == 2027 {
					times = append(times, when)
				}
			}
			assert.Equal(t, c.want, strings.Join(times, " "))
			require.NoError(t, ical.ClosedOn(hours.Hours{Weekly: hours.EveryDay(calendar.AllDay())}, got...).Validate())
		})
	}
	many := make([]string, 1001)
	for i := range many {
		many[i] = "DTSTART:20260101\nRRULE:FREQ=WEEKLY;COUNT=2"
	}
	_, err := readICal(t, icsOf(many...))
	assert.Equal(t, []string{"line 4003:too-many"}, lineCodes(t, err))
	_, err = readICal(t, icsOf("DTSTART:20260105\nRRULE:FREQ=DAILY;COUNT=9"+strings.Repeat("\nEXRULE:FREQ=WEEKLY", 20)))
	assert.Equal(t, []string{"line 3:too-many"}, lineCodes(t, err))
	for _, loc := range []*time.Location{time.FixedZone("CET", 3600), time.Local} { //nolint:gosmopolitan // what a reader may hand in
		for _, day := range []string{"20260112T090000", "20260706T090000"} {
			got, err := ical.Read(strings.NewReader(icsOf("DTSTART:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;UNTIL="+day+"\nEXDATE:20260112T090000", "DTSTART:"+day+"\nDURATION:PT1H")), loc)
			require.NoError(t, err)
			last, same := got[len(got)-2].During, got[len(got)-1].During
			if day == "20260112T090000" {
				last.Start, last.End = last.Start.AddDate(0, 0, 7), last.End.AddDate(0, 0, 7) // the week before is the last one
			}
			assert.Equal(t, same.String(), last.String(), "%s %s", loc, day)
		}
	}
}

func TestReadICalendarLimits(t *testing.T) {
	t.Parallel()
	_, err := readICal(t, strings.Repeat(" ", ical.MaxBytes+1))
	assert.Equal(t, []string{":too-long"}, lineCodes(t, err))
	many := make([]string, hours.MaxDays+1)
	for i := range many {
		many[i] = "DTSTART:20260101"
	}
	_, err = readICal(t, icsOf(many...))
	assert.Equal(t, []string{"line 30005:too-many"}, lineCodes(t, err))
	_, err = readICal(t, "BEGIN:VCALENDAR\n"+strings.Repeat("x\n", 10_000))
	assert.Len(t, lineCodes(t, err), 100, "enough is enough")
	long, err := readICal(t, icsOf("DTSTART:20260101\nSUMMARY:"+strings.Repeat("ä", 500)))
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("ä", 199)+"…", long[0].Summary)

	broken := errors.New("broken pipe")
	_, err = ical.Read(io.MultiReader(strings.NewReader(icsOf()), iotest.ErrReader(broken)), nil)
	require.ErrorIs(t, err, broken)
}

func TestClosedOn(t *testing.T) {
	t.Parallel()
	events, err := readICal(t, icsOf(
		"DTSTART:20260101\nSUMMARY:New Year", "DTSTART:20181031\nRRULE:FREQ=YEARLY\nSUMMARY:Reformation Day",
		"DTSTART:20261224T120000\nDURATION:PT8H\nSUMMARY:Christmas Eve", "DTSTART:20261224T120000",
	))
	require.NoError(t, err)
	open, err := hours.Parse("Mo-Fr 09:00-17:00")
	require.NoError(t, err)
	open.Zone = "Europe/Berlin"
	h := ical.ClosedOn(open, events...)
	require.NoError(t, h.Validate())
	assert.Empty(t, open.Holidays, "the hours stay as they were")
	tt, err := h.CompileYears(2016, 2026, nil)
	require.NoError(t, err)
	for _, c := range []struct{ day, name string }{
		{"2026-01-01", "New Year"}, {"2025-01-01", ""}, {"2026-10-31", "Reformation Day"}, {"2018-10-31", "Reformation Day"}, {"2017-10-31", ""}, {"2026-12-24", ""},
	} {
		name, is, err := tt.HolidayOn(caltest.Date(t, c.day))
		require.NoError(t, err)
		assert.Equal(t, c.name, name, c.day)
		assert.Equal(t, c.name != "", is, c.day)
	}
	shut, err := tt.NextClose(caltest.At(t, "2026-12-24T10:00:00+01:00"))
	require.NoError(t, err)
	require.WithinDuration(t, caltest.At(t, "2026-12-24T12:00:00+01:00"), shut, 0)
	name, is, err := tt.Break(caltest.At(t, "2026-12-24T19:59:59+01:00"))
	require.NoError(t, err)
	assert.True(t, is)
	assert.Equal(t, "Christmas Eve", name)
}

func FuzzReadICalendar(f *testing.F) {
	f.Add(icsOf("UID:1\nDTSTART;VALUE=DATE:20211231\nDTEND;VALUE=DATE:20220102\nSUMMARY:a\\, b\n c\nRRULE:FREQ=YEARLY;UNTIL=20301231"))
	f.Add(icsOf("DTSTART;TZID=\"Europe/Berlin\":20260329T023000\nDURATION:P1DT1H\nBEGIN:VALARM\nEND:VALARM\nSTATUS:CONFIRMED"))
	f.Add(icsOf("DTSTART;VALUE=DATE:20200229\nRRULE:FREQ=YEARLY;COUNT=3\nEXDATE:20240229", "DTSTART:20261224T120000Z\nDTEND:20261224T150000Z"))
	f.Add(icsOf("UID:1\nDTSTART;VALUE=DATE:20201126\nRRULE:FREQ=YEARLY;BYDAY=4TH;BYMONTH=11\nRDATE:20260101\nEXRULE:FREQ=YEARLY;INTERVAL=3", "UID:1\nRECURRENCE-ID:20211125\nDTSTART:20211126"))
	f.Add(icsOf("DTSTART;TZID=Asia/Tehran:20260105T120000\nDTEND;TZID=Asia/Tokyo:20260106T120000\nRRULE:FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO,\n TU;UNTIL=20300101T000000Z\nEXDATE:20260126T120000"))
	f.Fuzz(func(t *testing.T, text string) {
		events, err := ical.Read(strings.NewReader(text), time.UTC)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		h := ical.ClosedOn(hours.Hours{Weekly: hours.EveryDay(calendar.AllDay())}, events...)
		require.NoError(t, h.Validate(), "what is read is valid")
		for _, e := range events {
			require.NotEqual(t, e.Dates.IsZero(), e.During == calendar.Interval{}, "an event has dates or an interval")
		}
	})
}

// lineCodes is codes with the lines of a file without their columns.
func lineCodes(t testing.TB, err error) []string {
	t.Helper()
	out := caltest.Codes(t, err)
	for i, code := range out {
		if line, rest, found := strings.Cut(code, ", column "); found {
			_, code, _ = strings.Cut(rest, ":")
			out[i] = line + ":" + code
		}
	}
	return out
}

func dates(t testing.TB, text string) hours.Dates {
	t.Helper()
	d, err := hours.ParseDates(text)
	require.NoError(t, err)
	return d
}

func TestPropertiesByName(t *testing.T) {
	t.Parallel()
	got, err := readICal(t, icsOf("DTSTART:20261225T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2\nX-NOTE:a\\, b\nX-NOTE:c\nSTATUS:CONFIRMED"))
	require.NoError(t, err)
	require.Len(t, got, 2)
	for _, e := range got {
		p, is := e.Property("x-note")
		require.True(t, is)
		require.Equal(t, "a, b", p.Text())
		require.Equal(t, "CONFIRMED", e.Status)
		require.False(t, e.Unended)
		_, is = e.Property("STATUS")
		require.False(t, is, "it has a field")
	}
}

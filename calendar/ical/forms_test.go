package ical_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/ical"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// Of the versions of an event one counts, wherever it stands.
func TestVersionsOfAnEvent(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{
		"patches 2026-01-05T21:00:00Z/2026-01-06T01:00:00Z", "patches 2026-01-19T21:00:00Z/2026-01-20T01:00:00Z", "patches 2026-01-14T21:00:00Z/2026-01-15T01:00:00Z",
	}, told(readIn(t, caseFile(t, "ics-versions-of-an-event.ics"), "Europe/Berlin")))
	weekly := "UID:a\nDTSTART:20260105\nRRULE:FREQ=WEEKLY;COUNT=3\n"
	moved := "UID:a\nRECURRENCE-ID:20260112\n"
	for name, c := range map[string]struct {
		events []string
		want   []string
	}{
		"the whole event":               {[]string{"UID:a\nDTSTART:20260105\nSEQUENCE:2", "UID:a\nDTSTART:20260106\nSEQUENCE:10", "UID:a\nDTSTART:20260107\nSEQUENCE:9"}, []string{"a 2026-01-06"}},
		"none is 0":                     {[]string{"UID:a\nDTSTART:20260105\nSEQUENCE:1", "UID:a\nDTSTART:20260106"}, []string{"a 2026-01-05"}},
		"stamps, then":                  {[]string{"UID:a\nDTSTART:20260105\nSEQUENCE:1\nDTSTAMP:20260102T000000Z", "UID:a\nDTSTART:20260106\nSEQUENCE:1\nDTSTAMP:20260101T000000Z"}, []string{"a 2026-01-05"}},
		"stamps, the later one last":    {[]string{"UID:a\nDTSTART:20260105\nDTSTAMP:20260101T000000Z\nLAST-MODIFIED:20260105T000000Z", "UID:a\nDTSTART:20260106\nDTSTAMP:20260102T000000Z"}, []string{"a 2026-01-06"}},
		"changes, then":                 {[]string{"UID:a\nDTSTART:20260105\nLAST-MODIFIED:20260101T000000Z", "UID:a\nDTSTART:20260106\nLAST-MODIFIED:20260102T000000Z", "UID:a\nDTSTART:20260107"}, []string{"a 2026-01-06"}},
		"nothing tells":                 {[]string{"UID:a\nDTSTART:20260105", "UID:a\nDTSTART:20260106"}, []string{"a 2026-01-05", "a 2026-01-06"}},
		"the same again":                {[]string{"UID:a\nDTSTART:20260105", "UID:a\nDTSTART:20260105"}, []string{"a 2026-01-05"}},
		"no UID":                        {[]string{"DTSTART:20260105\nSEQUENCE:1", "DTSTART:20260106\nSEQUENCE:2"}, []string{"2026-01-05", "2026-01-06"}},
		"called off":                    {[]string{weekly + "SEQUENCE:1", weekly + "SEQUENCE:2\nSTATUS:CANCELLED"}, []string{}},
		"called off before":             {[]string{weekly + "SEQUENCE:2\nSTATUS:CANCELLED ", weekly + "SEQUENCE:1"}, []string{}},
		"and on again":                  {[]string{weekly + "SEQUENCE:2\nSTATUS:CANCELLED", "UID:a\nDTSTART:20260105\nSEQUENCE:3"}, []string{"a 2026-01-05"}},
		"called off, nothing tells":     {[]string{weekly + "STATUS:CANCELLED", weekly}, []string{}},
		"one of many of one UID":        {[]string{"UID:a\nDTSTART:20260105", "UID:a\nDTSTART:20260106", "UID:a\nDTSTART:20260106\nSTATUS:CANCELLED", "UID:a\nDTSTART:20260107"}, []string{"a 2026-01-05", "a 2026-01-07"}},
		"called off with what moved":    {[]string{moved + "DTSTART:20260113\nSEQUENCE:1", weekly + "SEQUENCE:1\nSTATUS:CANCELLED"}, []string{}},
		"moved after that":              {[]string{moved + "DTSTART:20260113\nSEQUENCE:2", weekly + "SEQUENCE:1\nSTATUS:CANCELLED"}, []string{"a 2026-01-13"}},
		"moved, then called off":        {[]string{weekly, moved + "DTSTART:20260113\nSEQUENCE:1", moved + "DTSTART:20260113\nSEQUENCE:2\nSTATUS:CANCELLED"}, []string{"a 2026-01-05", "a 2026-01-19"}},
		"called off, then moved":        {[]string{weekly, moved + "DTSTART:20260112\nSEQUENCE:1\nSTATUS:CANCELLED", moved + "DTSTART:20260113\nSEQUENCE:2"}, []string{"a 2026-01-05", "a 2026-01-19", "a 2026-01-13"}},
		"moved twice, nothing tells":    {[]string{weekly, moved + "DTSTART:20260113", moved + "DTSTART:20260114"}, []string{"a 2026-01-05", "a 2026-01-19", "a 2026-01-14"}},
		"the rule has versions":         {[]string{weekly + "SEQUENCE:1", moved + "DTSTART:20260113", "UID:a\nDTSTART:20260106\nRRULE:FREQ=WEEKLY;COUNT=2\nSEQUENCE:2"}, []string{"a 2026-01-13", "a 2026-01-06", "a 2026-01-13"}},
		"one time written two ways":     {[]string{"UID:a\nDTSTART:20260105T090000\nRRULE:FREQ=WEEKLY;COUNT=1", "UID:a\nRECURRENCE-ID:20260105T080000Z\nDTSTART:20260106T090000\nSEQUENCE:1", "UID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20260105T090000\nDTSTART:20260107T090000\nSEQUENCE:2"}, []string{"a 2026-01-07T08:00:00Z/2026-01-07T08:00:00Z"}},
		"one day written two ways":      {[]string{weekly, moved + "DTSTART:20260113\nSEQUENCE:1", "UID:a\nRECURRENCE-ID:20260111T230000Z\nDTSTART:20260114\nSEQUENCE:2"}, []string{"a 2026-01-05", "a 2026-01-19", "a 2026-01-14"}},
		"in two calendars, in one file": {[]string{"UID:a\nDTSTART:20260105\nSEQUENCE:2\nEND:VEVENT\nEND:VCALENDAR\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART:20260106\nSEQUENCE:1"}, []string{"a 2026-01-05"}},
		"a calendar that calls off":     {[]string{"UID:a\nDTSTART:20260105\nSEQUENCE:1\nEND:VEVENT\nEND:VCALENDAR\nBEGIN:VCALENDAR\nMETHOD:CANCEL\nBEGIN:VEVENT\nUID:a\nDTSTART:20260105\nSEQUENCE:2"}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, told(readIn(t, icsOf(c.events...), "Europe/Berlin")))
		})
	}
	_, err := readICal(t, icsOf("UID:a\nDTSTART:20260105\nSEQUENCE:one", "UID:a\nDTSTART:20260106\nDTSTAMP:never"))
	assert.Equal(t, []string{"line 6:bad-format", "line 11:syntax"}, lineCodes(t, err), "what decides must be read")
	got := readIn(t, icsOf("UID:a\nDTSTART:20260105\nSEQUENCE:one"), "UTC")
	assert.Len(t, got, 1, "and what decides nothing need not")
}

// A file from which nothing is read because of its form is not like an empty one.
func TestFormsOfFiles(t *testing.T) {
	t.Parallel()
	got := readIn(t, caseFile(t, "ics-spaces-after-begin.ics"), "UTC")
	require.Equal(t, []string{"x 2026-05-01"}, told(got))
	require.Equal(t, "Labour day", got[0].Summary)
	event := "BEGIN:VEVENT\nDTSTART:20260501\nEND:VEVENT\n"
	for name, text := range map[string]string{
		"small letters":         "begin:vcalendar\nbegin:vevent\ndtstart;value=date:20260501\nend:vevent\nend:vcalendar\n",
		"tabs and spaces":       "BEGIN: VCALENDAR\t\nBEGIN:\tVEVENT \nDTSTART;VALUE=DATE:20260501  \nEND:VEVENT\t\nEND:VCALENDAR \n",
		"a quoted parameter":    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;X-A=\"a;b:c\";VALUE=\"DATE\":20260501\nEND:VEVENT\nEND:VCALENDAR",
		"ends of lines":         "BEGIN:VCALENDAR\r\r\nBEGIN:VEVENT\r\nDTSTART:20260501\r\r\nEND:VEVENT\nEND:VCALENDAR\r\n",
		"blank lines":           "\n\nBEGIN:VCALENDAR\n\r\n" + strings.ReplaceAll(event, "\n", "\n \t\n\n") + "END:VCALENDAR\n\n \n",
		"folded names":          "BEGIN:VCAL\r\n ENDAR\r\nBEG\n\tIN:VEVENT\nDTST\n ART:2026\n 0501\nEND:VEVENT\nEND:VCALENDAR\n",
		"a zone by the way":     "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:a\nBEGIN:STANDARD\nEND:STANDARD\nBEGIN:X-B\nEND:X-B\nEND:VTIMEZONE\n" + event + "END:VCALENDAR\n",
		"components of others":  "BEGIN:VCALENDAR\nBEGIN:VTODO\nDTSTART:1\nBEGIN:VALARM\nEND:VALARM\nEND:VTODO\nBEGIN:X-ROOM\nDTSTART:2\nEND:X-ROOM\nBEGIN:UNHEARD\nNAME:of\nEND:UNHEARD\n" + event + "END:VCALENDAR\n",
		"a description of one":  "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260501\nDESCRIPTION:it said\\nBEGIN:VEVENT\\n and\n  begin:vevent was there\nEND:VEVENT\nEND:VCALENDAR\n",
		"a rule without a rule": "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260501\nRRULE:\nEXRULE: ;\nRDATE:\nEXDATE;TZID=Europe/Berlin:\nEXDATE:,\nEND:VEVENT\nEND:VCALENDAR\n",
	} {
		assert.Equal(t, []string{"2026-05-01"}, told(readIn(t, text, "UTC")), name)
	}
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"a name misspelt":             {"BEGIN:VEVNT\nDTSTART:20260501\nEND:VEVNT\n", []string{"line 2:unknown"}},
		"a name misspelt, beside":     {event + "BEGIN:EVENT\nDTSTART:20260501\nEND:EVENT\n", []string{"line 5:unknown"}},
		"nothing but what is unknown": {"BEGIN:UNHEARD\nEND:UNHEARD\n", []string{"line 2:unknown"}},
		"an event in another":         {"BEGIN:VEVENT\nDTSTART:20260501\n" + event + "END:VEVENT\n", []string{"line 4:syntax"}},
		"an event in a group":         {"BEGIN:X-GROUP\n" + event + "END:X-GROUP\n", []string{"line 3:syntax"}},
		"an event in a zone":          {"BEGIN:VTIMEZONE\n" + event + "END:VTIMEZONE\n", []string{"line 3:syntax"}},
		"all is indented":             {"  BEGIN:VEVENT\n  DTSTART:20260501\n  END:VEVENT\n", []string{"line 2:syntax", "line 5:syntax", ":required"}},
		"indented after a property":   {"VERSION:2.0\n\tBEGIN:VEVENT\n\tDTSTART:20260501\n\tEND:VEVENT\n", []string{"line 3:syntax"}},
		"a space in the name":         {"BEGIN :VEVENT\nDTSTART:20260501\nEND :VEVENT\n", []string{"line 2:syntax", "line 4:syntax"}},
		"a parameter of BEGIN":        {"BEGIN;A=b:EVENT\nDTSTART:20260501\nEND:EVENT\n", []string{"line 2:unknown"}},
		"an end that is missing":      {"BEGIN:VEVENT\nDTSTART:20260501\n", []string{"line 4:syntax", "line 4:syntax"}},
		"old ends of lines":           {"BEGIN:VEVENT\rDTSTART:20260501\rEND:VEVENT\n", []string{"line 3:syntax", "line 3:syntax"}},
		"too deep":                    {strings.Repeat("BEGIN:X-A\n", 9) + strings.Repeat("END:X-A\n", 9), []string{"line 9:too-many"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events, err := readICal(t, "BEGIN:VCALENDAR\n"+c.text+"END:VCALENDAR\n")
			assert.Equal(t, c.want, lineCodes(t, err), "%v, read %v", err, told(events))
		})
	}
}

func TestMomentsThatRepeat(t *testing.T) {
	t.Parallel()
	at9 := func(days ...string) []string {
		out := []string{}
		for _, d := range days {
			out = append(out, fmt.Sprintf("release 2026-01-%sT08:00:00Z/2026-01-%[1]sT08:00:00Z", d))
		}
		return out
	}
	require.Equal(t, at9("05", "12", "19", "26"), told(readIn(t, caseFile(t, "ics-moments-that-repeat.ics"), "UTC")))
	start := "UID:release\nDTSTART;TZID=Europe/Berlin:20260105T090000\n"
	for name, c := range map[string]struct {
		events []string
		want   []string
	}{
		"the first one is left out":  {[]string{start + "RRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;TZID=Europe/Berlin:20260105T090000"}, at9("12", "19", "26")},
		"a day is left out":          {[]string{start + "RRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;VALUE=DATE:20260112"}, at9("05", "19", "26")},
		"one is moved":               {[]string{start + "RRULE:FREQ=WEEKLY;COUNT=3", "UID:release\nRECURRENCE-ID:20260112T080000Z\nDTSTART:20260113T080000Z"}, at9("05", "19", "13")},
		"one is called off":          {[]string{start + "RRULE:FREQ=WEEKLY;COUNT=3", "UID:release\nRECURRENCE-ID:20260112T080000Z\nDTSTART:20260112T080000Z\nSTATUS:CANCELLED"}, at9("05", "19")},
		"dates besides":              {[]string{start + "RDATE:20260108T080000Z,20260107T080000Z"}, at9("05", "07", "08")},
		"an exception of a rule":     {[]string{start + "RRULE:FREQ=WEEKLY;COUNT=3\nEXRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=2"}, at9("12")},
		"no length, said as an end":  {[]string{start + "DTEND;TZID=Europe/Berlin:20260105T090000\nRRULE:FREQ=WEEKLY;COUNT=2"}, at9("05", "12")},
		"no length, said as seconds": {[]string{start + "DURATION:PT0S\nRRULE:FREQ=WEEKLY;COUNT=2"}, at9("05", "12")},
		"one without the rule":       {[]string{start + "EXDATE;TZID=Europe/Berlin:20260105T090000"}, []string{}},
	} {
		assert.Equal(t, c.want, told(readIn(t, icsOf(c.events...), "UTC")), name)
	}
	got, err := ical.ReadWithin(strings.NewReader(icsOf(start+"RRULE:FREQ=WEEKLY")), nil, caltest.Between(t, "2026-01-12T08:00:00Z", "2026-01-26T08:00:00Z"))
	require.NoError(t, err)
	assert.Equal(t, at9("12", "19"), told(got), "the end is not in the span")
}

// What people have, and what is read of it.
func TestFilesThatPeopleHave(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		events []string
		want   []string
	}{
		"a rule without a value":               {[]string{"DTSTART;VALUE=DATE:20260501\nRRULE:"}, []string{"2026-05-01"}},
		"days that end with a time":            {[]string{"DTSTART;VALUE=DATE:20210531\nDTEND:20210531T040001Z"}, []string{"2021-05-31"}},
		"days that end with a midnight":        {[]string{"DTSTART;VALUE=DATE:20210531\nDTEND:20210602T040000Z"}, []string{"2021-05-31/2021-06-01"}},
		"days that end with a local midnight":  {[]string{"DTSTART;VALUE=DATE:20210531\nDTEND;TZID=America/New_York:20210601T000000"}, []string{"2021-05-31"}},
		"days that end within the first":       {[]string{"DTSTART;VALUE=DATE:20210531\nDTEND:20210531T170000"}, []string{"2021-05-31"}},
		"a rule that ends in a semicolon":      {[]string{"DTSTART;VALUE=DATE:20261003\nRRULE:FREQ=YEARLY;"}, []string{"10-03 from 2026 to 0"}},
		"a rule with semicolons and spaces":    {[]string{"DTSTART;VALUE=DATE:20261003\nRRULE:; FREQ = yearly;;BYMONTH=10 ;COUNT=2;"}, []string{"10-03 from 2026 to 2027"}},
		"periods":                              {[]string{"DTSTART:20260105T090000Z\nDURATION:PT1H\nRDATE;VALUE=PERIOD:20260106T090000Z/20260106T110000Z,20260107T090000Z/PT30M, 20260108T090000Z/P1DT1H,"}, []string{"2026-01-05T09:00:00Z/2026-01-05T10:00:00Z", "2026-01-06T09:00:00Z/2026-01-06T11:00:00Z", "2026-01-07T09:00:00Z/2026-01-07T09:30:00Z", "2026-01-08T09:00:00Z/2026-01-09T10:00:00Z"}},
		"a period of a time that comes anyhow": {[]string{"DTSTART:20260105T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2\nRDATE;VALUE=PERIOD:20260106T090000Z/PT3H"}, []string{"2026-01-05T09:00:00Z/2026-01-05T10:00:00Z", "2026-01-06T09:00:00Z/2026-01-06T12:00:00Z"}},
		"a period that is left out":            {[]string{"DTSTART:20260105T090000Z\nDURATION:PT1H\nRDATE;VALUE=PERIOD:20260106T090000Z/PT3H\nEXDATE:20260106T090000Z"}, []string{"2026-01-05T09:00:00Z/2026-01-05T10:00:00Z"}},
		"a period in a zone, of a moment":      {[]string{"DTSTART:20260105T090000Z\nRDATE;TZID=Europe/Berlin;VALUE=PERIOD:20260706T090000/PT3H"}, []string{"2026-01-05T09:00:00Z/2026-01-05T09:00:00Z", "2026-07-06T07:00:00Z/2026-07-06T10:00:00Z"}},
		"midnights of a maker, left out":       {[]string{"DTSTART;VALUE=DATE:20230301\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20230301T230000Z"}, []string{"2023-03-01", "2023-03-03"}},
		"nothing left out":                     {[]string{"DTSTART:20260105\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE;TZID=Europe/Berlin:"}, []string{"2026-01-05", "2026-01-06"}},
		"a comma at the end":                   {[]string{"DTSTART:20260105\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20260106,,20260107,"}, []string{"2026-01-05"}},
		"a leap second":                        {[]string{"DTSTART:20161231T235960Z\nDURATION:PT1S"}, []string{"2016-12-31T23:59:59Z/2017-01-01T00:00:00Z"}},
		"small letters":                        {[]string{"DTSTART:20260105t090000z\nDURATION:PT1H"}, []string{"2026-01-05T09:00:00Z/2026-01-05T10:00:00Z"}},
		"a date for each of many lines":        {[]string{"DTSTART:20260101\nRRULE:FREQ=DAILY;COUNT=302" + strings.Repeat("\nEXDATE:20260101,20260102", 300) + "\nEXRULE:FREQ=DAILY;COUNT=300"}, []string{"2026-10-28", "2026-10-29"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, told(readIn(t, icsOf(c.events...), "UTC")))
		})
	}
	for name, c := range map[string]struct{ event, want string }{
		"days that end at a time of another day": {"DTSTART;VALUE=DATE:20210531\nDTEND:20210602T120001Z", "line 5:bad-format"},
		"a time that ends with a date":           {"DTSTART:20210531T090000Z\nDTEND;VALUE=DATE:20210601", "line 5:bad-format"},
		"periods of days":                        {"DTSTART;VALUE=DATE:20210531\nRDATE;VALUE=PERIOD:20210601T000000Z/P1D", "line 5:unsupported"},
		"a period without an end":                {"DTSTART:20210531T090000Z\nRDATE;VALUE=PERIOD:20210601T000000Z", "line 5:bad-format"},
		"a period that is reversed":              {"DTSTART:20210531T090000Z\nRDATE;VALUE=PERIOD:20210601T000000Z/20210531T000000Z", "line 5:bad-format"},
		"a period of nonsense":                   {"DTSTART:20210531T090000Z\nRDATE;VALUE=PERIOD:20210601T000000Z/soon", "line 5:syntax"},
		"a zone of Windows that nothing defines": {"DTSTART;TZID=W. Europe Standard Time:20260228T120000", "line 4:unknown-zone"},
		"a second too late":                      {"DTSTART:20161231T235961Z", "line 4:out-of-range"},
	} {
		_, err := readICal(t, icsOf(c.event))
		assert.Equal(t, []string{c.want}, lineCodes(t, err), name)
	}
}

// Who asks for less gets less: what has no end is read as far as it is needed.
func TestReadICalendarWithin(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 79 {
		many = append(many, fmt.Sprintf("UID:%d\nDTSTART;VALUE=DATE:2024%02d%02d\nRRULE:FREQ=YEARLY;BYMONTH=%[2]d;BYDAY=%[4]dMO", i, i%12+1, 1+i%20, 1+i%4))
	}
	many = append(many, "DTSTART:20240101T220000\nDURATION:PT4H\nRRULE:FREQ=WEEKLY", "DTSTART:20240103T220000\nDURATION:PT4H\nRRULE:FREQ=WEEKLY", "DTSTART:20240103\nRRULE:FREQ=DAILY")
	text := icsOf(many...)
	_, err := readICal(t, text)
	require.ErrorContains(t, err, "within fewer years")
	year := caltest.Between(t, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
	got, err := ical.ReadWithin(strings.NewReader(text), nil, year)
	require.NoError(t, err)
	require.Equal(t, 79+52+53+365, len(got), "a night reaches into the year") //nolint:testifylint // the list is long
	day := caltest.Between(t, "2026-01-05T23:00:00Z", "2026-01-06T23:00:00Z") // the 6th in Berlin
	for name, c := range map[string]struct {
		event string
		want  []string
	}{
		"a day":                        {"DTSTART:20260106", []string{"2026-01-06"}},
		"the day before":               {"DTSTART:20260105", []string{}},
		"the day after":                {"DTSTART:20260107", []string{}},
		"days around":                  {"DTSTART:20260101\nDTEND:20260201", []string{"2026-01-01/2026-01-31"}},
		"a night that ends in it":      {"DTSTART:20260105T220000\nDURATION:PT4H", []string{"2026-01-05T21:00:00Z/2026-01-06T01:00:00Z"}},
		"one that ends before it":      {"DTSTART:20260105T220000\nDURATION:PT2H", []string{}},
		"one that begins after":        {"DTSTART:20260107T000000\nDURATION:PT2H", []string{}},
		"a moment":                     {"DTSTART:20260106T000000", []string{"2026-01-05T23:00:00Z/2026-01-05T23:00:00Z"}},
		"every year":                   {"DTSTART:20200106\nRRULE:FREQ=YEARLY", []string{"01-06 from 2020 to 0"}},
		"every year, no more":          {"DTSTART:20200106\nRRULE:FREQ=YEARLY;COUNT=3", []string{}},
		"every year, not yet":          {"DTSTART:20300106\nRRULE:FREQ=YEARLY", []string{}},
		"every year, another day":      {"DTSTART:20200107\nRRULE:FREQ=YEARLY", []string{}},
		"every day":                    {"DTSTART:20200106\nRRULE:FREQ=DAILY", []string{"2026-01-06"}},
		"every day for two":            {"DTSTART:20200106\nDURATION:P2D\nRRULE:FREQ=DAILY", []string{"2026-01-05/2026-01-06", "2026-01-06/2026-01-07"}},
		"every week, the night before": {"DTSTART:20200106T000000\nDURATION:P1D\nRRULE:FREQ=WEEKLY", []string{}},
		"moved into it":                {"UID:a\nDTSTART:20260108\nRRULE:FREQ=DAILY;COUNT=1\nEND:VEVENT\nBEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20260108\nDTSTART:20260106", []string{"a 2026-01-06"}},
		"moved out of it":              {"UID:a\nDTSTART:20260106\nRRULE:FREQ=DAILY;COUNT=1\nEND:VEVENT\nBEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20260106\nDTSTART:20260108", []string{}},
	} {
		got, err := ical.ReadWithin(strings.NewReader(icsOf(c.event)), caltest.Location(t, "Europe/Berlin"), day)
		require.NoError(t, err)
		assert.Equal(t, c.want, told(got), name)
	}
	for name, within := range map[string]calendar.Interval{
		"within.start:required": {}, "within:empty": calendar.Between(year.Start, year.Start), "within:out-of-range": caltest.Between(t, "1500-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
		"within.end:reversed": {Start: year.End, End: year.Start},
	} {
		_, err := ical.ReadWithin(strings.NewReader(text), nil, within)
		require.Contains(t, lineCodes(t, err), name)
	}
}

// Whatever stands where it may not is told, and nothing panics.
func TestOuterComponentsOfNoCalendar(t *testing.T) {
	t.Parallel()
	for _, outer := range []string{"", "X", "VEVENT", "VTIMEZONE", "STANDARD"} {
		for _, inner := range []string{"METHOD:CANCEL\n", "BEGIN:VEVENT\nUID:a\nSTATUS:CANCELLED\nEND:VEVENT\n", "BEGIN:VTIMEZONE\nTZID:a\nBEGIN:STANDARD\nDTSTART:1\nEND:STANDARD\nEND:VTIMEZONE\n", "BEGIN:STANDARD\nDTSTART:1\nEND:STANDARD\n"} {
			_, err := readICal(t, "BEGIN:"+outer+"\n"+inner+"END:"+outer+"\n")
			require.Contains(t, lineCodes(t, err), "line 1:syntax", "%q %q", outer, inner)
			_, err = readICal(t, icsOf()+"BEGIN:"+outer+"\n"+inner+"END:"+outer+"\n")
			require.Contains(t, lineCodes(t, err), "line 4:syntax", "%q %q", outer, inner)
		}
	}
}

// What is wrong in a file is told with its place on the line where it stands,
// also on one that goes on from another.
func TestPlacesInFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		event string
		want  []string
	}{
		"a value":             {"DTSTART:soon", []string{"line 4, column 9:syntax"}},
		"a zone":              {`DTSTART;TZID="Nowhere":20260105T090000`, []string{"line 4, column 15:unknown-zone"}},
		"a kind":              {"DTSTART;VALUE=TEXT:20260105", []string{"line 4, column 15:unsupported"}},
		"a part of a rule":    {"DTSTART:20260105\nRRULE:FREQ=DAILY;COUNT=0", []string{"line 5, column 24:out-of-range"}},
		"on a line folded":    {"DTSTART:20260105\nRRULE:FREQ=DAILY;\n COUNT=3;UNTIL=never", []string{"line 6, column 16:syntax"}},
		"hours of days":       {"DTSTART:20260105\nRRULE:FREQ=DAILY;BYHOUR=3", []string{"line 5, column 25:unexpected"}},
		"a date of many":      {"DTSTART:20260105\nRRULE:FREQ=DAILY;COUNT=9\nEXDATE:20260106,2026010x", []string{"line 6, column 17:syntax"}},
		"a period of several": {"DTSTART:20260105T090000Z\nRDATE;VALUE=PERIOD:20260106T090000Z/PT1H,20260107T090000Z/PT1X", []string{"line 5, column 62:syntax"}},
		"a duration":          {"DTSTART:20260105T090000Z\nDURATION:P1DT", []string{"line 5, column 14:syntax"}},
		"months of a length":  {"DTSTART:20260105T090000Z\nDURATION:P1M", []string{"line 5, column 10:unsupported"}},
		"an event":            {"SUMMARY:nothing", []string{"line 3, column 1:required"}},
	} {
		_, err := readICal(t, icsOf(c.event))
		assert.Equal(t, c.want, caltest.Codes(t, err), name)
	}
}

// YEARLY with days of the month and no month is every month, here as in a rule.
func TestDaysOfTheMonthWithoutAMonth(t *testing.T) {
	t.Parallel()
	got := told(readIn(t, icsOf("DTSTART:20260103\nRRULE:FREQ=YEARLY;BYMONTHDAY=3;COUNT=3"), "UTC"))
	assert.Equal(t, []string{"2026-01-03", "2026-02-03", "2026-03-03"}, got)
}

// What stands in quotes may have any sign in it, in a rule as in a file.
func TestQuotedParameters(t *testing.T) {
	t.Parallel()
	w, err := recur.ParseWindow("DTSTART:20260105T090000Z\nSUMMARY;X-A=\"a;b:c\";LANGUAGE=en:patches\nDURATION:+PT1H")
	require.NoError(t, err)
	assert.Equal(t, "patches", w.Name)
}

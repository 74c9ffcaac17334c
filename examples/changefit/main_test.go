package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ics writes a calendar of events, each in lines that a semicolon and a space part.
func ics(t *testing.T, events ...string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
	for _, e := range events {
		b.WriteString("BEGIN:VEVENT\r\n" + strings.ReplaceAll(e, "; ", "\r\n") + "\r\nEND:VEVENT\r\n")
	}
	return file(t, b.String()+"END:VCALENDAR\r\n")
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.ics")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// plan is a change of mail from 22:00 to 23:00, with a way back of an hour.
const plan = "UID:me; SUMMARY:upgrade; CATEGORIES:mail; DTSTART:20260310T220000Z; DTEND:20260310T230000Z; X-ROLLBACK:PT1H"

func ask(args ...string) (status int, out, notes string) {
	var stdout, stderr bytes.Buffer
	status = code(args, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

func TestFits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   string // plan, if it is empty
		calendar []string
		zone     string
		want     []string // rule,with,start,end; times without the date of 10 March
		status   int
		note     string
	}{
		"an empty calendar": {},
		"a shared service": {
			calendar: []string{"UID:1; SUMMARY:disks; CATEGORIES:web,mail; DTSTART:20260310T213000Z; DTEND:20260310T223000Z"},
			want:     []string{"conflict,disks,22:00:00Z,22:30:00Z"}, status: 1,
		},
		"the ways back collide": {
			calendar: []string{"UID:1; CATEGORIES:mail; DTSTART:20260310T190000Z; DURATION:PT1H; X-ROLLBACK:PT2H30M", "UID:2; CATEGORIES:mail; DTSTART:20260310T233000Z; DURATION:PT10M"},
			want:     []string{"conflict,1,22:00:00Z,22:30:00Z", "conflict,2,23:30:00Z,23:40:00Z"}, status: 1,
		},
		"only touching": {
			calendar: []string{"UID:1; CATEGORIES:mail; DTSTART:20260310T200000Z; DURATION:PT1H; X-ROLLBACK:PT1H", "UID:2; CATEGORIES:mail; DTSTART:20260311T000000Z; DURATION:PT10M"},
		},
		"another service, another case": {calendar: []string{"UID:1; CATEGORIES:Mail,mail2; DTSTART:20260310T213000Z; DTEND:20260310T223000Z"}},
		"itself, cancelled and transparent ones": {
			calendar: []string{
				plan, "UID:1; CATEGORIES:mail; STATUS:CANCELLED; DTSTART:20260310T213000Z; DTEND:20260310T223000Z",
				"UID:2; CATEGORIES:mail; TRANSP:TRANSPARENT; DTSTART:20260310T213000Z; DTEND:20260310T223000Z",
				"UID:3; CATEGORIES:FREEZE; TRANSP:TRANSPARENT; DTSTART:20260310T213000Z; DTEND:20260310T223000Z",
			},
		},
		"tentative ones": {
			calendar: []string{
				"UID:1; CATEGORIES:mail; STATUS:TENTATIVE; DTSTART:20260310T213000Z; DTEND:20260310T223000Z",
				"UID:2; CATEGORIES:freeze,mail; STATUS:tentative; DTSTART:20260310T224500Z; DTEND:20260310T230000Z",
				"UID:3; CATEGORIES:Window; DTSTART:20260310T200000Z; DTEND:20260310T233000Z",
				"UID:4; CATEGORIES:Window; STATUS:TENTATIVE; DTSTART:20260310T230000Z; DTEND:20260311T030000Z",
			},
			want: []string{"tentative,1,22:00:00Z,22:30:00Z", "tentative,2,22:45:00Z,23:00:00Z", "tentative,4,23:30:00Z,2026-03-11T00:00:00Z"},
		},
		"a tentative window of one service": {
			change:   "UID:me; CATEGORIES:mail,web; DTSTART:20260310T220000Z; DURATION:PT1H; X-ROLLBACK:PT1H",
			calendar: []string{"UID:a; CATEGORIES:WINDOW,mail; STATUS:TENTATIVE; DTSTART:20260310T200000Z; DURATION:PT6H", "UID:b; CATEGORIES:WINDOW,web; DTSTART:20260310T200000Z; DURATION:PT3H"},
			want:     []string{"tentative,a,22:00:00Z,23:00:00Z", "window,b,23:00:00Z,2026-03-11T00:00:00Z"}, status: 1,
		},
		"a tentative window alone": {
			calendar: []string{"UID:4; CATEGORIES:WINDOW; STATUS:TENTATIVE; DTSTART:20260310T200000Z; DTEND:20260310T233000Z"},
			want:     []string{"tentative,4,22:00:00Z,23:30:00Z", "window,4,23:30:00Z,2026-03-11T00:00:00Z"}, status: 1,
		},
		"a freeze of all, in the reader's zone": {
			calendar: []string{"UID:1; SUMMARY:year end; CATEGORIES:FREEZE; DTSTART;VALUE=DATE:20260311"}, zone: "Europe/Berlin",
			want: []string{"freeze,year end,2026-03-11T00:00:00+01:00,2026-03-11T01:00:00+01:00"}, status: 1,
		},
		"a freeze of other services": {calendar: []string{"UID:1; CATEGORIES:FREEZE; CATEGORIES:web; DTSTART;VALUE=DATE:20260310"}},
		"a freeze of some services, categories on lines": {
			calendar: []string{"UID:1; CATEGORIES:web, mail; CATEGORIES:\"x\",Freeze; DTSTART;VALUE=DATE:20260310"},
			want:     []string{"freeze,1,22:00:00Z,2026-03-11T00:00:00Z"}, status: 1,
		},
		"a freeze every year": {
			calendar: []string{"UID:1; CATEGORIES:FREEZE; DTSTART;VALUE=DATE:20200309; DTEND;VALUE=DATE:20200311; RRULE:FREQ=YEARLY"},
			want:     []string{"freeze,1,22:00:00Z,2026-03-11T00:00:00Z"}, status: 1,
		},
		"inside windows that touch": {
			calendar: []string{"UID:a; CATEGORIES:WINDOW; DTSTART:20260310T210000Z; DTEND:20260310T230000Z", "UID:b; CATEGORIES:WINDOW,mail; DTSTART:20260310T230000Z; DTEND:20260311T000000Z"},
		},
		"between windows": {
			calendar: []string{"UID:a; CATEGORIES:WINDOW; DTSTART:20260310T210000Z; DTEND:20260310T223000Z", "UID:b; CATEGORIES:WINDOW,mail; TRANSP:TRANSPARENT; DTSTART:20260310T230000Z; DTEND:20260310T234500Z"},
			want:     []string{"window,a,22:30:00Z,23:00:00Z", "window,b,23:45:00Z,2026-03-11T00:00:00Z"}, status: 1,
		},
		"far from windows": {
			calendar: []string{"UID:a; CATEGORIES:WINDOW; DTSTART:20260301T210000Z; RRULE:FREQ=DAILY;COUNT=3; DURATION:PT1H", "UID:b; CATEGORIES:WINDOW; DTSTART:20260317T230000Z; DURATION:PT1H"},
			want:     []string{"window,b,22:00:00Z,2026-03-11T00:00:00Z"}, status: 1,
		},
		"a window in a year": {
			calendar: []string{"UID:a; CATEGORIES:WINDOW; DTSTART:20270301T210000Z; DURATION:PT1H"},
			want:     []string{"window,a,22:00:00Z,2026-03-11T00:00:00Z"}, status: 1,
		},
		"every day, for years": {
			calendar: []string{"UID:a; CATEGORIES:mail; DTSTART:20200301T223000Z; DURATION:PT1H; RRULE:FREQ=DAILY"},
			want:     []string{"conflict,a,22:30:00Z,23:30:00Z"}, status: 1,
		},
		"often": { // more than are read of two years
			calendar: []string{"UID:a; CATEGORIES:mail; DTSTART:20200301T223000Z; DURATION:PT5M; RRULE:FREQ=HOURLY"},
			want:     []string{"conflict,a,22:30:00Z,22:35:00Z", "conflict,a,23:30:00Z,23:35:00Z"}, status: 1,
		},
		"a window of another service alone": {
			calendar: []string{"UID:a; CATEGORIES:WINDOW,web; DTSTART:20260310T000000Z; DURATION:P2D"},
			want:     []string{"window,,22:00:00Z,2026-03-11T00:00:00Z"}, status: 1,
		},
		"each time of what recurs, but one that moved": {
			calendar: []string{
				"UID:1; CATEGORIES:mail; DTSTART:20260301T220000Z; DURATION:PT5M; RRULE:FREQ=MINUTELY;INTERVAL=30;UNTIL=20260310T233000Z",
				"UID:1; CATEGORIES:mail; RECURRENCE-ID:20260310T223000Z; DTSTART:20260312T223000Z; DURATION:PT5M",
				"UID:1; RECURRENCE-ID:20260310T230000Z; STATUS:CANCELLED; DTSTART:20260310T230000Z",
			},
			want: []string{"conflict,1,22:00:00Z,22:05:00Z", "conflict,1,23:30:00Z,23:35:00Z"}, status: 1,
		},
		"no services on one side": {
			calendar: []string{"UID:1; SUMMARY:something; DTSTART:20260310T213000Z; DTEND:20260310T223000Z", "UID:2; DTSTART:20260312T213000Z; DTEND:20260312T223000Z"},
			note:     `"something" (`,
		},
		"no services on the other": {
			change:   "UID:me; DTSTART:20260310T220000Z; DURATION:PT2H; X-ROLLBACK;X-BY=\"a:b\":PT0S",
			calendar: []string{"UID:1; CATEGORIES:mail; DTSTART:20260310T213000Z; DTEND:20260310T223000Z", "UID:2; CATEGORIES:FREEZE,mail; DTSTART:20260310T213000Z; DTEND:20260310T223000Z"},
			note:     "the change names no services",
		},
		"an escaped comma is part of a service": {
			change:   `UID:me; CATEGORIES:mail\, old, web; DTSTART:20260310T220000Z; DURATION:PT2H`,
			calendar: []string{`UID:1; CATEGORIES:mail,old; DTSTART:20260310T213000Z; DTEND:20260310T223000Z`, `UID:2; CATEGORIES: mail\, old ; DTSTART:20260310T213000Z; DTEND:20260310T223000Z`},
			want:     []string{"conflict,2,22:00:00Z,22:30:00Z"}, status: 1,
		},
		"the clock is set back": { // 02:30 comes twice, and the first is meant
			change:   "UID:me; CATEGORIES:mail; DTSTART;TZID=Europe/Berlin:20261025T013000; DURATION:PT1H; X-ROLLBACK:P1D",
			calendar: []string{"UID:1; CATEGORIES:mail; DTSTART:20261026T003000Z; DURATION:PT1H"},
		},
		"a day": {
			change:   "UID:me; CATEGORIES:mail; DTSTART;VALUE=DATE:20260310",
			calendar: []string{"UID:1; CATEGORIES:mail; DTSTART:20260310T233000Z; DURATION:PT1H"},
			want:     []string{"conflict,1,23:30:00Z,2026-03-11T00:00:00Z"}, status: 1,
		},
		"a way back that was long ago": {
			calendar: []string{"UID:1; CATEGORIES:mail; DTSTART:20250601T000000Z; DURATION:PT1H; x-rollback:P28\r\n 2DT21H15M"},
			want:     []string{"conflict,1,22:00:00Z,22:15:00Z"}, status: 1,
		},
		"times without a zone": {
			calendar: []string{"UID:1; CATEGORIES:mail; DTSTART:20260310T230000; DURATION:PT15M"}, zone: "Europe/Berlin",
			want: []string{"conflict,1,2026-03-10T23:00:00+01:00,2026-03-10T23:15:00+01:00"}, status: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.change == "" {
				c.change = plan
			}
			if c.zone == "" {
				c.zone = "UTC"
			}
			args := []string{"-calendar", ics(t, c.calendar...), "-change", ics(t, c.change), "-zone", c.zone}
			status, out, notes := ask(append(args, "-format", "csv")...)
			require.Equal(t, c.status, status, "%s%s", out, notes)
			lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
			require.Equal(t, "rule,with,start,end,text", lines[0])
			var got []string
			for _, line := range lines[1:] {
				got = append(got, strings.ReplaceAll(strings.Join(strings.SplitN(line, ",", 5)[:4], ","), "2026-03-10T", ""))
			}
			want := c.want
			if c.zone != "UTC" {
				for i := range want {
					want[i] = strings.ReplaceAll(want[i], "2026-03-10T", "")
				}
			}
			require.Equal(t, want, got)
			if c.note == "" {
				require.Empty(t, notes)
			} else {
				require.Contains(t, notes, c.note)
			}
			again, _, _ := ask(args...)
			require.Equal(t, status, again, "in whatever format")
		})
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	change := ics(t, plan)
	calendar := ics(t,
		"UID:w; SUMMARY:nights; CATEGORIES:WINDOW; DTSTART;TZID=Europe/Berlin:20260301T213000; DURATION:PT2H45M; RRULE:FREQ=DAILY",
		"UID:1; SUMMARY:disks; CATEGORIES:mail; DTSTART:20260310T213000Z; DTEND:20260310T223000Z",
		"UID:f; SUMMARY:sale; CATEGORIES:FREEZE,mail; DTSTART;VALUE=DATE:20260312")
	status, out, notes := ask("-calendar", calendar, "-change", change, "-zone", "Europe/Berlin")
	require.Equal(t, 1, status)
	require.Empty(t, notes)
	require.Equal(t, `conflict, from Tue 10 Mar 2026 23:00:00 CET to Tue 10 Mar 2026 23:30:00 CET: 30 min with change "disks": both work on mail, and neither knows in which state the other leaves it.
window, from Wed 11 Mar 2026 00:15:00 CET to Wed 11 Mar 2026 01:00:00 CET: 45 min of it outside of every window, the nearest is nights.
earliest starts that fit: Wed 11 Mar 2026 21:30:00 CET; Fri 13 Mar 2026 21:30:00 CET; Sat 14 Mar 2026 21:30:00 CET
`, out)
	_, out, _ = ask("-calendar", calendar, "-change", change, "-from", "2026-03-20T21:00:00Z")
	require.Contains(t, out, "earliest starts that fit: Fri 20 Mar 2026 21:00:00 UTC; Sat 21 Mar 2026 20:30:00 UTC; Sun 22 Mar 2026 20:30:00 UTC\n")
	_, out, _ = ask("-calendar", ics(t), "-change", change)
	require.Equal(t, "The change fits.\n", out)
	_, out, _ = ask("-calendar", ics(t, "UID:f; CATEGORIES:FREEZE; DTSTART;VALUE=DATE:20260101; DTEND;VALUE=DATE:20270101"), "-change", change)
	require.True(t, strings.HasSuffix(out, "\nNo start until Mon 8 Jun 2026 22:00:00 UTC fits.\n"), out)
	_, out, _ = ask("-calendar", ics(t, `UID:1; SUMMARY:=1+1\, "x"; CATEGORIES:mail; DTSTART:20260310T213000Z; DTEND:20260310T223000Z`), "-change", change, "-format", "csv")
	require.Contains(t, out, `conflict,"'=1+1, ""x""",2026`, "no formula of a spreadsheet")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	fine := ics(t, plan)
	for name, c := range map[string]struct{ calendar, change, want string }{
		"no calendar":          {"absent.ics", fine, "absent.ics"},
		"no change":            {fine, "absent.ics", "absent.ics"},
		"no iCalendar":         {file(t, "hello"), fine, "line 1"},
		"no iCalendar changes": {fine, file(t, "hello"), "line 1"},
		"an empty file":        {file(t, ""), fine, "must have a VCALENDAR"},
		"no event":             {fine, ics(t), "has no VEVENT"},
		"two events":           {fine, ics(t, plan, plan), "line 11: begins a second VEVENT"},
		"cancelled":            {fine, ics(t, plan+"; STATUS:CANCELLED"), "line 3: the change is cancelled"},
		"repeats":              {fine, ics(t, plan+"; RRULE:FREQ=DAILY;COUNT=2"), "repeats"},
		"repeats every year":   {fine, ics(t, "UID:1; DTSTART;VALUE=DATE:20260310; RRULE:FREQ=YEARLY"), "repeats"},
		"no end":               {fine, ics(t, "UID:1; DTSTART:20260310T220000Z"), "line 3: the change has neither DTEND nor DURATION"},
		"no time":              {fine, ics(t, "UID:1; DTSTART:20260310T220000Z; DURATION:PT0S"), "takes no time"},
		"no start":             {fine, ics(t, "UID:1; DTEND:20260310T220000Z"), "without DTSTART"},
		"odd rollback":         {fine, ics(t, strings.Replace(plan, "PT1H", "an hour", 1)), `line 9, column 12: X-ROLLBACK "an hour": must be a duration`},
		"negative rollback":    {fine, ics(t, strings.Replace(plan, "PT1H", "-PT1H", 1)), `X-ROLLBACK "-PT1H": must not be negative`},
		"empty rollback":       {fine, ics(t, strings.Replace(plan, "PT1H", "", 1)), `X-ROLLBACK ""`},
		"long rollback":        {fine, ics(t, strings.Replace(plan, "PT1H", "P400D", 1)), "366 days at most"},
		"another's rollback":   {ics(t, "UID:1; DTSTART:20260310T220000Z; DURATION:PT1H; X-ROLLBACK:-P1D"), fine, `line 7, column 12: X-ROLLBACK "-P1D"`},
		"long ago":             {fine, ics(t, "UID:1; DTSTART:18260310T220000Z; DURATION:PT1H"), "must lie in the years"},
		"too many":             {ics(t, "UID:1; DTSTART:20260301T220000Z; DURATION:PT1S; RRULE:FREQ=SECONDLY"), fine, "more than 10000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, notes := ask("-calendar", c.calendar, "-change", c.change, "-format", "csv")
			require.Equal(t, 2, status, out)
			require.Empty(t, out)
			require.Contains(t, notes, c.want)
			require.NotContains(t, notes, "\n\n")
		})
	}
	for want, args := range map[string][]string{
		"see -help": {"-calendar", fine}, "and nothing else": {"-calendar", fine, "-change", fine, "more"}, "-format": {"-calendar", fine, "-change", fine, "-format", "pdf"},
		"-zone": {"-calendar", fine, "-change", fine, "-zone", "Mars"}, "flag provided": {"-what"}, "invalid value": {"-calendar", fine, "-change", fine, "-from", "noon"},
	} {
		status, _, notes := ask(args...)
		require.Equal(t, 2, status)
		require.Contains(t, notes, want)
	}
	status, out, _ := ask("-help")
	require.Zero(t, status)
	require.Contains(t, out, "X-ROLLBACK:PT1H")
	require.Contains(t, out, "-calendar file")
}

// TestTheExample reads the two files that the help shows side by side.
func TestTheExample(t *testing.T) {
	t.Parallel()
	const left, right = 2, 42
	var files [2]strings.Builder
	for line := range strings.SplitSeq(usage, "\n") {
		if !strings.HasPrefix(line, "  ") || strings.Contains(line, ".ics") {
			continue
		}
		line += strings.Repeat(" ", right)
		for i, text := range []string{line[left:right], line[right:]} {
			if text = strings.TrimRight(text, " "); text != "" {
				files[i].WriteString(text + "\n")
			}
		}
	}
	status, out, notes := ask("-calendar", file(t, files[0].String()), "-change", file(t, files[1].String()), "-format", "csv")
	require.Equal(t, 1, status, notes)
	require.Equal(t, "rule,with,start,end,text\nfreeze,sale,2026-03-11T00:00:00Z,2026-03-11T01:00:00Z,\"1 h of it in the freeze \"\"sale\"\": as the calendar says\"\n", out)
}

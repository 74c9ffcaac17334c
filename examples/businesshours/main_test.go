package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"
)

func ask(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, run(args, &out, io.Discard))
	return out.String()
}

func holidays(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "holidays.ics")
	require.NoError(t, os.WriteFile(path, []byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20201225\r\nDTEND;VALUE=DATE:20201227\r\n"+
		"RRULE:FREQ=YEARLY\r\nSUMMARY:Christmas\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"), 0o600))
	return path
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	file := holidays(t)
	for want, args := range map[string][]string{
		"Thu 24 Dec 2026 11:30 CET: open, closes Thu 24 Dec 2026 12:00 CET\n" +
			"Mon 28 Dec 2026 12:30 CET: due, 4h; 4h0m0s of work, 97h0m0s by the clock\n": {"-holidays", file, "-at", "2026-12-24T11:30:00+01:00"},
		"Fri 25 Dec 2026 11:30 CET: closed, Christmas, opens Mon 28 Dec 2026 09:00 CET\n" +
			"Mon 28 Dec 2026 18:00 CET: due, end of working day 0; 8h0m0s of work, 78h30m0s by the clock\n": {"-holidays", file, "-at", "2026-12-25T11:30:00+01:00", "-within", "end of working day 0"},
		"Fri 25 Dec 2026 11:30 CET: open, closes Fri 25 Dec 2026 12:30 CET\n" +
			"Mon 28 Dec 2026 11:30 CET: due, 1 working day; 8h0m0s of work, 72h0m0s by the clock\n": {"-at", "2026-12-25T11:30:00+01:00", "-within", "1 working day"},
		"Sun 29 Mar 2026 01:30 CET: open, and stays so\n" +
			"Sun 29 Mar 2026 04:30 CEST: due, 2h; 2h0m0s of work, 2h0m0s by the clock\n": {"-hours", "24/7", "-at", "2026-03-29T01:30:00+01:00", "-within", "2h"},
	} {
		require.Equal(t, want, ask(t, args...), args)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.ics")
	require.NoError(t, os.WriteFile(bad, []byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261301\nEND:VEVENT\nEND:VCALENDAR\n"), 0o600))
	for want, args := range map[string][]string{
		`-hours: invalid: column 13 "26:00": expected a time`: {"-hours", "Mo-Fr 09:00-26:00"},
		"is not a zone of the tz database":                    {"-zone", "Mars/Olympus"},
		`line 3, column 9 "20261301": must be a day`:          {"-holidays", bad},
		"no such file":                       {"-holidays", "absent.ics"},
		"never-open":                         {"-hours", "off", "-at", "2026-12-25T11:30:00Z"},
		"must lie in the years 1900 to 2150": {"-at", "1815-06-18T11:30:00Z"},
		"the deadline lies outside of the compiled span": {"-at", "2026-12-25T11:30:00Z", "-within", "90000h"},
	} {
		require.ErrorContains(t, run(args, io.Discard, io.Discard), want)
	}
	require.ErrorContains(t, run([]string{"-within", "1 day"}, io.Discard, io.Discard), "invalid value")
}

package recur_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// FuzzParseRule reads rules. What can be read is written in a form that reads as
// the same, and can be asked for what comes next and came last.
func FuzzParseRule(f *testing.F) {
	for _, seed := range []string{
		"DTSTART;TZID=Europe/Berlin:20260105T090000\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;WKST=SU;INTERVAL=2",
		"DTSTART:20260105T090000Z\nRRULE:FREQ=YEARLY;UNTIL=20300101T000000Z;BYSECOND=0,60;BYMINUTE=1;BYHOUR=2,3;BYDAY=2TU,-1FR;BYMONTHDAY=1,-1",
		"DTSTART:20260105T090000Z\nRRULE:FREQ=YEARLY;BYYEARDAY=100,-100;BYWEEKNO=20,-1;BYMONTH=1,12;BYSETPOS=1,-1;COUNT=5",
		"DTSTART;VALUE=DATE:20260105\nX-WR-TIMEZONE:America/Havana\nRRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD\nRDATE;VALUE=DATE:20260107\nEXDATE;VALUE=DATE:20260107",
		"DTSTART;TZID=Australia/Lord_Howe:20260105T020000\nRDATE;TZID=Asia/Tehran:20260106T090000\nEXRULE:FREQ=DAILY\nX-GAP:SKIP\nX-TWICE:BOTH",
		"DTSTART;TZID=Pacific/Apia:20111230T090000\nRRULE:FREQ=HOURLY;INTERVAL=25;BYMINUTE=1,2\n ;BYSETPOS=-1\nRRULE:FREQ=MINUTELY;INTERVAL=7919\nRRULE:FREQ=SECONDLY;BYHOUR=2",
		"DTSTART:20260105T090000Z\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
		"BEGIN:VEVENT\nDTSTART;TZID=\"a;b\":x\nRRULE:FREQ=;;COUNT=-1;BYDAY=ɐɐɐɐmo",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rule, err := recur.Parse(text)
		if err != nil {
			caltest.Codes(t, err)
			return
		}
		require.NoError(t, rule.Validate(), "what is read is valid")
		written := rule.String()
		again, err := recur.Parse(written)
		require.NoError(t, err, written)
		require.Equal(t, written, again.String())
		if len(rule.Repeats)+len(rule.Except) > 3 {
			return
		}
		r, err := rule.Compile()
		require.NoError(t, err, written)
		at := time.Date(2030, time.March, 31, 1, 30, 0, 0, time.UTC)
		last := at.Add(-1)
		for range 5 {
			next, ok := r.Next(last)
			if !ok {
				break
			}
			require.True(t, next.After(last), "%s\nafter %s comes %s", written, last, next)
			require.True(t, r.Contains(next), "%s\n%s", written, next)
			last = next
		}
		if prev, ok := r.Previous(at); ok {
			require.True(t, prev.Before(at), written)
			next, ok := r.Next(prev)
			require.True(t, !ok || !next.Before(at), "%s\nbefore %s comes %s, then %s", written, at, prev, next)
		} else if first, ok := r.Next(time.Time{}); ok {
			require.False(t, first.Before(at), "%s\nbefore %s comes nothing, but %s", written, at, first)
		}
	})
}

// FuzzParseWindow reads windows, in both forms.
func FuzzParseWindow(f *testing.F) {
	for _, seed := range []string{
		`Mo-Fr 22:00-06:00 Europe/Berlin from 2026-01-05 "patch night"`, "22:00-24:00", "0,4 8:00-8:00 UTC",
		"SUMMARY:a\\, b\nDTSTART;TZID=Europe/Berlin:20260110T220000\nRRULE:FREQ=MONTHLY;BYDAY=2SA\nDURATION:P1Y2M3DT12H",
		"DTSTART;VALUE=DATE:20260110\nDTEND;VALUE=DATE:20260112", "DTSTART:20260110T000000Z\nX-UNTIL;DAYS=2:17:00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w, err := recur.ParseWindow(text)
		if err != nil {
			caltest.Codes(t, err)
			return
		}
		require.NoError(t, w.Validate(), "what is read is valid")
		written := w.String()
		again, err := recur.ParseWindow(written)
		require.NoError(t, err, written)
		require.Equal(t, written, again.String())
		times, err := w.Compile()
		require.NoError(t, err, written)
		if len(w.Rule.Repeats)+len(w.Rule.Except) > 3 {
			return
		}
		if iv, ok := times.Next(time.Date(2030, time.March, 31, 1, 30, 0, 0, time.UTC)); ok {
			require.False(t, iv.Empty(), written)
			require.True(t, times.Contains(iv.Start), written)
		}
	})
}

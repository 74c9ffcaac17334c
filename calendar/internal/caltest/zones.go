package caltest

import (
	"slices"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
)

// Moments returns the instants at which the clock of loc shows a local time.
func Moments(l time.Time, loc *time.Location, gap calendar.GapPolicy, twice calendar.TwicePolicy) []time.Time {
	shown := func(t time.Time) time.Time { return Wall(calendar.LocalTimeOf(t, loc)) }
	var out []time.Time
	for _, m := range []time.Duration{-30 * time.Hour, 30 * time.Hour} { // no two jumps lie nearer
		_, offset := l.Add(m).In(loc).Zone()
		t := l.Add(-time.Duration(offset) * time.Second)
		if shown(t).Equal(l) && !slices.ContainsFunc(out, t.Equal) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	if len(out) > 0 {
		switch twice {
		case calendar.LastOfTwo:
			return out[len(out)-1:]
		case calendar.BothOfTwo:
			return out
		case calendar.FirstOfTwo:
			fallthrough
		default:
			return out[:1]
		}
	}
	if gap == calendar.SkipGap {
		return nil
	}
	jump := l.Add(-30 * time.Hour)
	for step := time.Hour; step >= time.Second; step /= 60 {
		for shown(jump.Add(step)).Before(l) {
			jump = jump.Add(step)
		}
	}
	_, offset := jump.In(loc).Zone()
	if jump = jump.Add(time.Second); gap == calendar.AfterGap {
		return []time.Time{jump}
	}
	return []time.Time{l.Add(-time.Duration(offset) * time.Second)}
}

// Awkward are zones, and instants at which their clocks jump.
func Awkward() []struct{ Zone, Jump string } {
	return []struct{ Zone, Jump string }{
		{"Europe/Berlin", "2023-03-26T01:00:00Z"},
		{"Europe/Berlin", "2023-10-29T01:00:00Z"},
		{"America/Sao_Paulo", "2018-11-04T03:00:00Z"},
		{"America/Sao_Paulo", "2018-02-18T02:00:00Z"},
		{"Asia/Tehran", "2022-03-21T20:30:00Z"},
		{"Asia/Tehran", "2022-09-21T19:30:00Z"},
		{"Australia/Lord_Howe", "2023-09-30T15:30:00Z"},
		{"Australia/Lord_Howe", "2023-04-01T15:00:00Z"},
		{"Pacific/Apia", "2011-12-30T10:00:00Z"},
		{"Africa/Cairo", "2023-04-27T22:00:00Z"},
		{"Africa/Cairo", "2023-10-26T21:00:00Z"},
		{"America/Havana", "2025-03-09T05:00:00Z"},
		{"America/Havana", "2025-11-02T05:00:00Z"},
		{"Atlantic/Azores", "2025-03-30T01:00:00Z"},
		{"Atlantic/Azores", "2025-10-26T01:00:00Z"},
		{"America/St_Johns", "2009-11-01T02:31:00Z"},
		{"America/Chicago", "2052-03-10T08:00:00Z"},
		{"UTC", "2024-02-29T00:00:00Z"},
	}
}

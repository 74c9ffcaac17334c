package main

import (
	"slices"
	"strconv"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/interop/releases"
)

// row is what is told of a line.
type row struct {
	line               string
	published, planned int
	next, eol          calendar.Date
	lead               string // days, "" where there is no deadline
	phase              string
}

// sheet counts the releases of each line as of a day, the newest line first.
func sheet(s *releases.Schedule, asOf calendar.Date) []row {
	rows := make([]row, 0, len(s.Lines))
	for _, l := range s.Lines {
		rows = append(rows, rowOf(l, asOf))
	}
	slices.SortStableFunc(rows, func(a, b row) int { return releases.CompareVersions(b.line, a.line) })
	return rows
}

func rowOf(l releases.Line, asOf calendar.Date) row {
	r := row{line: l.Name, eol: l.End.Date, phase: phase(l, asOf)}
	var next *releases.Release
	for n := range l.Releases {
		rel := &l.Releases[n]
		switch {
		case rel.Target.IsZero():
			continue
		case rel.Target.Compare(asOf) <= 0:
			r.published++
			continue
		}
		r.planned++
		if next == nil || rel.Target.Compare(next.Target) < 0 { // of two on one day the first in the file
			next = rel
		}
	}
	if next != nil {
		r.next = next.Target
		if !next.Deadline.IsZero() {
			r.lead = strconv.Itoa(releases.DaysBetween(next.Deadline, next.Target))
		}
	}
	return r
}

// phase is how far support has come: the day of the end is still a day of it.
func phase(l releases.Line, asOf calendar.Date) string {
	end, maintenance := l.End.Date, l.Maintenance.Date
	switch {
	case !end.IsZero() && asOf.Compare(end) > 0:
		return "ended"
	case !maintenance.IsZero() && asOf.Compare(maintenance) >= 0:
		return "maintenance"
	}
	return "active"
}

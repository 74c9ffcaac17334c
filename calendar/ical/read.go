// Package ical reads the iCalendar files (RFC 5545) that people have: holidays of
// their country, closings of their offices, as other programs write them, with
// zones, versions and repetitions. It answers "which days and times does this file
// say", and [ClosedOn] makes of them holidays and breaks of somebody's hours.
//
//	events, err := ical.Read(file, berlin)
//	desk = ical.ClosedOn(desk, events...)
//	timetable, err := desk.CompileYears(2026, 2030, nil)
//
// What cannot be read without guessing is refused, with line and column.
//
// [Write] is the other way: it makes a file, or a feed, of entries, so that
// changes, freezes and turns stand in people's own calendars. What it writes is
// read back to the same value.
package ical

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Limits of an iCalendar file, beyond which it is refused.
const (
	MaxBytes      = 4 << 20
	maxComplaints = servicecoin.MaxViolations // after which reading ends
)

// Read reads the events of an iCalendar file (RFC 5545) as lists of
// holidays have them: VEVENTs of whole days or between two times, once or again
// and again. Times without a zone are those of loc, nil means UTC. A TZID is that
// of a VTIMEZONE of its calendar; else a name of the tz database, with or without
// a prefix of its maker. Cancelled events are left out, alarms and other components
// and properties passed over; one that has the form of an event and the name of
// none is refused.
//
// Of several versions of an event, those of its UID and RECURRENCE-ID, the one
// with the highest SEQUENCE counts, then the one with the latest DTSTAMP, then
// LAST-MODIFIED, wherever it stands. Where all of them are the same or missing, one
// that is cancelled calls off those that begin as it does; of those with a
// RECURRENCE-ID the last one counts; events without one stay side by side, since
// nothing says which of them replaces which.
//
// Days that come every year on their date stay one event. Of what repeats in
// another way (see [recur.Parse]: RRULE, RDATE, EXDATE, EXRULE) each time from 1900
// to 2150 is an event of its own, [hours.MaxDays] of them at most: see
// [ReadWithin] for fewer years. A time that is moved or cancelled by an
// event with a RECURRENCE-ID is left out, one "and all that follow" (RANGE) is
// refused, and so are more than 1,000 rules in a file. An UNTIL may be a date or a
// time, with a zone or without.
//
// A whole day that is written as a time in UTC (UNTIL, EXDATE, DTEND) is that of
// the reader's midnight, else the date in UTC, from 11:00 on the next one; the last
// minute of an hour ends a day. The error is an [*servicecoin.InvalidError] with
// the violations, after a hundred of which reading ends; the path is the place,
// "line 12, column 9", counted in characters from 1. A failure of r is returned as it is.
func Read(r io.Reader, loc *time.Location) ([]Event, error) {
	return readICalendar(r, loc, calendar.Interval{})
}

// ReadWithin is [Read] for a span in the years 1900 to 2150:
// what lies outside of it is left out, so that events without an end are read as
// far as they are needed. Days that come every year stay one event.
func ReadWithin(r io.Reader, loc *time.Location, within calendar.Interval) ([]Event, error) {
	var v servicecoin.Violations
	if v.Merge("within", within.Validate()); v.Err() == nil {
		if within.Empty() {
			v.Add("within", "empty", within.String(), "must not be empty")
		}
		if first, last := within.Start.UTC().Year(), within.End.UTC().Year(); first < firstRepeated-1 || last > lastRepeated+1 { // by a zone's hours
			v.Add("within", "out-of-range", within.String(), fmt.Sprintf("must lie in the years %d to %d", firstRepeated, lastRepeated))
		}
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	return readICalendar(r, loc, within)
}

func readICalendar(r io.Reader, loc *time.Location, within calendar.Interval) ([]Event, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading iCalendar: %w", err)
	}
	f := file{loc: wall.OrUTC(loc), within: within, moved: map[string][]property{}}
	if len(data) > MaxBytes {
		var v servicecoin.Violations
		v.Add("", "too-long", "", fmt.Sprintf("has more than %d bytes", MaxBytes))
		return nil, v.Err()
	}
	for p := range lines.Unfold(string(data)) {
		f.take(p)
		if f.complaints >= maxComplaints {
			break
		}
	}
	f.finish()
	f.build()
	if err := f.err(); err != nil {
		return nil, err
	}
	return f.events, nil
}

// property is a line of a file.
type property struct {
	lines.Line

	calendar int // in which it stands, from 0
}

// param returns the text of a parameter, "" if it is missing.
func (p property) param(name string) string { return p.Params[name].Text }

// file is a file that is being read.
type file struct {
	loc        *time.Location
	within     calendar.Interval // the zero one: all
	names      wall.ZoneNames    // of the tz database
	calendars  []*vcalendar
	inside     []string              // the components that are open
	event      *eventLines           // of the VEVENT that is open
	zone       *zoneLines            // of the VTIMEZONE that is open
	foreign    *foreign              // the component of no known name that is open
	strangers  []foreign             // those that were passed over
	read       []*eventLines         // the events
	moved      map[string][]property // by UID: the times that other events stand for
	rules      int                   // what it costs to work the rules out
	dates      int                   // that rules are asked to leave out or add
	jumps      int                   // of the zones that are worked out
	observed   int                   // parts of such zones
	last       lines.Placed          // the last line
	events     []Event
	said       []complaint
	complaints int // about lines
}

// vcalendar is a VCALENDAR of the file.
type vcalendar struct {
	zones     map[string]*zoneLines // by TZID
	cancelled bool                  // METHOD:CANCEL
}

// foreign is a component whose name is not known.
type foreign struct {
	at    lines.Placed
	name  string
	depth int
	dated bool // it has a DTSTART
}

// complaint is a violation, and the line by which it is sorted.
type complaint struct {
	line                    int
	path, code, value, text string
}

// complain adds a violation at the place of a text.
func (f *file) complain(at lines.Placed, code, value, text string) {
	f.complaints++
	f.said = append(f.said, complaint{at.Line(), at.Place(), code, value, text})
}

// blame adds violations that have a place of their own, on account of a line.
func (f *file) blame(v *servicecoin.Violations, at lines.Placed) {
	invalid, ok := errors.AsType[*servicecoin.InvalidError](v.Err())
	if !ok {
		return
	}
	for _, x := range invalid.Violations {
		f.complaints++
		f.said = append(f.said, complaint{at.Line(), x.Path, x.Code, x.Value, x.Text})
	}
}

// err returns all complaints in the order of the lines.
func (f *file) err() error {
	slices.SortStableFunc(f.said, func(a, b complaint) int { return cmp.Compare(a.line, b.line) })
	var v servicecoin.Violations
	for _, c := range f.said {
		v.Add(c.path, c.code, c.value, c.text)
	}
	return v.Err()
}

func (f *file) take(text lines.Placed) {
	f.last = text
	for part := range text.Folds {
		if bracket(part.Text) {
			f.complain(part, "syntax", "", "must not have a space before BEGIN or END: it goes on from the line before, then")
			return
		}
	}
	line, ok := lines.Parse(text)
	p := property{line, len(f.calendars) - 1}
	switch {
	case !utf8.ValidString(text.Text):
		f.complain(text, "bad-text", text.Text, "must be UTF-8")
	case !ok:
		f.complain(text, "syntax", text.Text, "must be a property such as SUMMARY:text")
	case p.Name == "BEGIN":
		f.begin(p)
	case p.Name == "END":
		f.end(p)
	case len(f.inside) == 0:
		f.complain(text, "syntax", text.Text, "must be BEGIN:VCALENDAR")
	case len(f.inside) == 1 && p.Name == "METHOD" && p.calendar >= 0:
		f.calendars[p.calendar].cancelled = strings.EqualFold(strings.TrimSpace(p.Value.Text), "CANCEL")
	case f.event != nil && len(f.inside) == eventDepth:
		f.event.take(f, p)
	case f.zone != nil:
		f.zone.take(p, len(f.inside))
	case f.foreign != nil && len(f.inside) == f.foreign.depth && p.Name == "DTSTART":
		f.foreign.dated = true
	}
}

// build makes the events of what was read.
func (f *file) build() {
	if f.complaints >= maxComplaints {
		return
	}
	f.read = f.newest()
	for _, e := range f.read {
		if e.moves != nil && e.uid != "" {
			f.moved[e.uid] = append(f.moved[e.uid], *e.moves)
		}
	}
	for _, e := range f.read {
		if f.complaints >= maxComplaints {
			return
		}
		f.events = append(f.events, e.build(f)...)
	}
	if len(f.events) > hours.MaxDays {
		f.complain(f.last, "too-many", "", fmt.Sprintf("is the last one, and there are more than %d events: read them within fewer years", hours.MaxDays))
	}
}

// plainName makes a name of a text: on one line, at most 200 characters.
func plainName(text string) string {
	name := strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
	if runes := []rune(name); len(runes) > lines.MaxName {
		name = string(runes[:lines.MaxName-1]) + "…"
	}
	return name
}

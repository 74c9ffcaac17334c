package calendar

import (
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// VEvent is an event of an iCalendar file: either Dates, or During.
type VEvent struct {
	UID     string
	Summary string   // on one line, cut to 200 characters
	Dates   Dates    // of an event of whole days
	Since   int      // of a yearly one: the first year
	Until   int      // and the last one; 0: for ever
	During  Interval // of an event between two times
	Line    int      // where it begins in the file
}

// ClosedOn returns hours with events as further holidays and breaks: one of whole
// days is a holiday, one between two times a break of that name.
func ClosedOn(h Hours, events ...VEvent) Hours {
	h.Holidays, h.Breaks = slices.Clone(h.Holidays), slices.Clone(h.Breaks)
	for _, e := range events {
		switch {
		case !e.Dates.IsZero():
			h.Holidays = append(h.Holidays, e.holiday())
		case !e.During.Empty():
			h.Breaks = append(h.Breaks, Break{Name: e.Summary, During: e.During})
		}
	}
	return h
}

// holiday is an event of whole days.
func (e VEvent) holiday() Holiday {
	return Holiday{Name: e.Summary, Dates: e.Dates, Since: e.Since, Until: e.Until}
}

// eventLines is a VEVENT that is being read.
type eventLines struct {
	at                         placed // its BEGIN
	calendar                   int
	uid                        string // whole
	summary                    string
	cancelled                  bool
	start, end, duration, rule *property
	more                       []property // RDATE, EXDATE, EXRULE, further RRULEs
	moves                      *property  // RECURRENCE-ID: which time of the event with this UID it stands for
	sequence, stamp, modified  *property  // by which versions are told apart
	whole                      []string   // its lines
}

func (e *eventLines) take(f *icalFile, p property) {
	e.whole = append(e.whole, p.whole.text)
	once := map[string]**property{"DTSTART": &e.start, "DTEND": &e.end, "DURATION": &e.duration, "RECURRENCE-ID": &e.moves}
	switch p.name {
	case "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID":
		if at := once[p.name]; *at == nil {
			*at = &p
		} else {
			f.complain(p.whole, "duplicate", p.name, "must stand in an event once")
		}
	case "UID":
		e.uid = strings.TrimSpace(unescape(p.value.text))
	case "SUMMARY":
		e.summary = plainName(unescape(p.value.text))
	case "STATUS":
		e.cancelled = strings.EqualFold(strings.TrimSpace(p.value.text), "CANCELLED")
	case "SEQUENCE":
		e.sequence = &p
	case "DTSTAMP":
		e.stamp = &p
	case "LAST-MODIFIED":
		e.modified = &p
	case "RRULE", "RDATE", "EXDATE", "EXRULE":
		switch {
		case strings.Trim(p.value.text, "; ,\t") == "": // says nothing, as some makers write
		case p.name == "RRULE" && e.rule == nil:
			e.rule = &p
		default:
			e.more = append(e.more, p)
		}
	}
}

// build makes the events, or complains.
func (e *eventLines) build(f *icalFile) []VEvent {
	out := VEvent{UID: plainName(e.uid), Summary: e.summary, Line: e.at.line()}
	if e.off(f) {
		return nil
	}
	before := f.complaints
	switch {
	case e.start == nil:
		f.complain(e.at, "required", "", "begins an event without DTSTART")
	case e.end != nil && e.duration != nil:
		f.complain(e.duration.whole, "unexpected", "DURATION", "must not stand beside DTEND")
	case e.moves != nil && e.moves.param("RANGE") != "":
		f.complain(e.moves.params["RANGE"], "unsupported", e.moves.param("RANGE"), "must move one time: write those that follow as an event of their own")
	case e.moves != nil && (e.rule != nil || len(e.more) > 0):
		f.complain(e.moves.whole, "unexpected", "RECURRENCE-ID", "must not stand in an event that repeats")
	default:
		start, ok := f.moment(*e.start)
		if !ok {
			break
		}
		length := e.span(f, &out, start)
		if f.complaints > before || e.rule == nil && len(e.more) == 0 {
			break
		}
		if e.rule != nil && len(e.more) == 0 && len(f.moved[e.uid]) == 0 {
			if repeat, ok := f.repeat(*e.rule, start); !ok || out.yearly(repeat) {
				break
			}
		}
		return e.repeated(f, out, start, length)
	}
	if f.complaints > before || !f.reaches(out) {
		return nil
	}
	return []VEvent{out}
}

// reaches reports whether an event has an instant, or is one, in the span that is
// asked for.
func (f *icalFile) reaches(e VEvent) bool {
	if f.within.Empty() {
		return true
	}
	if e.Dates.IsZero() {
		return e.During.Overlaps(f.within) || f.within.Contains(e.During.Start)
	}
	return e.holiday().Reaches(f.days())
}

// days returns the first and the last day of the span that is asked for, as the
// reader has them.
func (f *icalFile) days() (first, last Date) {
	return dayIn(f.within.Start, f.loc), dayIn(f.within.End.Add(-1), f.loc)
}

// point is a moment in the zone in which a file has it.
type point struct {
	moment

	loc *time.Location
}

func (p point) instant() time.Time { return p.Local.Date.At(p.Local.Clock, p.loc) }

// inUTC is the moment, in UTC if its zone is that, be it named or not.
func (p point) inUTC() moment {
	p.UTC = p.loc == time.UTC && !p.Whole
	return p.moment
}

// moment reads the value of a property.
func (f *icalFile) moment(p property) (point, bool) { return f.momentOf(p, p.value) }

// momentOf reads one of the values of a property.
func (f *icalFile) momentOf(p property, value placed) (point, bool) {
	var v servicecoin.Violations
	m, ok := p.moment(&v, value)
	if !ok {
		f.blame(&v, p.whole)
		return point{}, false
	}
	loc := f.loc
	if name := p.param("TZID"); m.UTC {
		loc = time.UTC
	} else if name != "" && !m.Whole {
		if loc = f.zoneIn(p, p.params["TZID"]); loc == nil {
			return point{}, false
		}
	}
	return point{m, loc}, true
}

// zoneIn returns the zone that a property names, and complains if it is unknown.
func (f *icalFile) zoneIn(p property, name placed) *time.Location {
	loc := f.zoneOf(name.text, p.calendar)
	if loc == nil {
		f.complain(name, "unknown-zone", name.text, "must name a zone of the tz database, or one that the calendar defines")
	}
	return loc
}

// span sets the dates or the interval of the event, and returns how long it is.
func (e *eventLines) span(f *icalFile, out *VEvent, start point) (length Period) {
	end := start
	at := e.at // what is to blame
	switch {
	case e.end != nil:
		var ok bool
		if end, ok = f.moment(*e.end); !ok {
			return length
		}
		at = e.end.value
		if start.Whole && !end.Whole {
			end, ok = endOfDays(start, end, f.loc)
		} else {
			ok = start.Whole == end.Whole
		}
		if !ok {
			f.complain(at, "bad-format", at.text, "must be a date as DTSTART is, or a time as it is")
			return length
		}
	case e.duration != nil:
		var ok bool
		at = e.duration.value
		if length, ok = f.duration(e.duration.line, at); !ok {
			return length
		}
		if start.Whole && length.Exact != 0 {
			f.complain(at, "bad-format", at.text, "must be whole days, as DTSTART is")
			return length
		}
		end.Local.Date = end.Local.Date.AddDays(length.Days)
	}
	if end.Local.Date.Validate() != nil {
		f.complain(at, "out-of-range", "", "must end in the years 1 to 9999")
		return length
	}
	if start.Whole {
		days := int(numberOf(end.Local.Date) - numberOf(start.Local.Date))
		if out.Dates = On(start.Local.Date); days > 1 {
			out.Dates.Last = end.Local.Date.AddDays(-1)
		}
		if days < 0 {
			f.complain(at, "reversed", "", "must not end before it begins")
		}
		return Period{Days: max(1, days)}
	}
	out.During = Between(start.instant(), end.instant().Add(length.Exact))
	if out.During.End.Before(out.During.Start) {
		f.complain(at, "reversed", "", "must not end before it begins")
	} else if out.During.Validate() != nil {
		f.complain(e.at, "out-of-range", out.During.String(), "begins an event outside of the years 1 to 9999")
	}
	if e.duration != nil {
		return length
	}
	return Period{Exact: out.During.Duration()}
}

// duration reads a duration, which has no years and months in iCalendar.
func (f *icalFile) duration(l line, value placed) (Period, bool) {
	const longest = 1000 * 366 // days
	var v servicecoin.Violations
	d, ok := readDuration(&v, value)
	switch {
	case !ok:
	case d.Years+d.Months > 0:
		v.Add(value.place(), "unsupported", value.text, "must be in weeks, days, hours, minutes and seconds")
	case d.Days > longest:
		v.Add(value.place(), "out-of-range", value.text, "must be a thousand years at most")
	}
	f.blame(&v, l.whole)
	return d, v.Len() == 0
}

// endOfDays reads the end of whole days that is written as a time: a midnight is
// that of the day after the last one, and any time of the first day ends that day.
// A time of another day may end it or not.
func endOfDays(start, end point, reader *time.Location) (point, bool) {
	day := point{moment{Local: LocalTime{Date: end.inUTC().wholeDay(reader)}, Whole: true}, reader}
	return day, end.inUTC().isMidnight() || end.Local.Date == start.Local.Date && day.Local.Date.Compare(start.Local.Date) >= 0
}

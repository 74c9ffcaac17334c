package ical

import (
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
)

// Event is an event of an iCalendar file: either Dates, or During. Those that one
// VEVENT repeats share its lists: do not change them in place.
type Event struct {
	UID     string
	Summary string            // on one line, cut to 200 characters
	Dates   hours.Dates       // of an event of whole days
	Since   int               // of a yearly one: the first year
	Until   int               // and the last one; 0: for ever
	During  calendar.Interval // of an event between two times
	Line    int               // where it begins in the file

	Status      string     // in capitals, "TENTATIVE" for instance; "" is not said. A cancelled event is none
	Transparent bool       // it takes nobody's time: TRANSP
	Categories  []string   // of all its lines, each without spaces around it
	Unended     bool       // it says neither its end nor its length: an instant, or one day
	Properties  []Property // what else its lines say, in their order
}

// Property is a line of an event that [Event] has no field for: DESCRIPTION,
// X-ROLLBACK.
type Property struct {
	Name  string // in capitals
	Value string // as it stands there, unfolded: see [Property.Text]
	Place string // of the value, "line 12, column 9"
}

// Text returns the value of a property that is a text: without the backslashes
// that RFC 5545 puts before commas, semicolons and ends of lines.
func (p Property) Text() string { return lines.Unescape(p.Value) }

// Property returns the first line of that name, in capitals or not, and false if
// there is none.
func (e Event) Property(name string) (Property, bool) {
	i := slices.IndexFunc(e.Properties, func(p Property) bool { return strings.EqualFold(p.Name, name) })
	if i < 0 {
		return Property{}, false
	}
	return e.Properties[i], true
}

// ClosedOn returns hours with events as further holidays and breaks: one of whole
// days is a holiday, one between two times a break of that name.
func ClosedOn(h hours.Hours, events ...Event) hours.Hours {
	h.Holidays, h.Breaks = slices.Clone(h.Holidays), slices.Clone(h.Breaks)
	for _, e := range events {
		switch {
		case !e.Dates.IsZero():
			h.Holidays = append(h.Holidays, e.holiday())
		case !e.During.Empty():
			h.Breaks = append(h.Breaks, hours.Break{Name: e.Summary, During: e.During})
		}
	}
	return h
}

// holiday is an event of whole days.
func (e Event) holiday() hours.Holiday {
	return hours.Holiday{Name: e.Summary, Dates: e.Dates, Since: e.Since, Until: e.Until}
}

// eventLines is a VEVENT that is being read.
type eventLines struct {
	at                         lines.Placed // its BEGIN
	calendar                   int
	uid                        string // whole
	summary                    string
	status                     string
	transparent                bool
	categories                 []string
	others                     []Property
	start, end, duration, rule *property
	more                       []property // RDATE, EXDATE, EXRULE, further RRULEs
	moves                      *property  // RECURRENCE-ID: which time of the event with this UID it stands for
	sequence, stamp, modified  *property  // by which versions are told apart
	whole                      []string   // its lines
}

func (e *eventLines) take(f *file, p property) {
	e.whole = append(e.whole, p.Whole.Text)
	once := map[string]**property{"DTSTART": &e.start, "DTEND": &e.end, "DURATION": &e.duration, "RECURRENCE-ID": &e.moves}
	switch p.Name {
	case "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID":
		if at := once[p.Name]; *at == nil {
			*at = &p
		} else {
			f.complain(p.Whole, "duplicate", p.Name, "must stand in an event once")
		}
	case "UID":
		e.uid = strings.TrimSpace(lines.Unescape(p.Value.Text))
	case "SUMMARY":
		e.summary = plainName(lines.Unescape(p.Value.Text))
	case "STATUS":
		e.status = strings.ToUpper(strings.TrimSpace(p.Value.Text))
	case "TRANSP":
		e.transparent = strings.EqualFold(strings.TrimSpace(p.Value.Text), "TRANSPARENT")
	case "CATEGORIES":
		e.categories = categories(e.categories, p.Value.Text)
	case "SEQUENCE":
		e.sequence = &p
	case "DTSTAMP":
		e.stamp = &p
	case "LAST-MODIFIED":
		e.modified = &p
	case "RRULE", "RDATE", "EXDATE", "EXRULE":
		switch {
		case strings.Trim(p.Value.Text, "; ,\t") == "": // says nothing, as some makers write
		case p.Name == "RRULE" && e.rule == nil:
			e.rule = &p
		default:
			e.more = append(e.more, p)
		}
	}
	switch p.Name {
	case "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "UID", "SUMMARY", "STATUS", "TRANSP", "CATEGORIES",
		"RRULE", "RDATE", "EXDATE", "EXRULE":
	default:
		e.others = append(e.others, Property{p.Name, p.Value.Text, p.Value.Place()})
	}
}

// categories appends those of a line to a list. A comma with a backslash before it
// is part of one.
func categories(list []string, text string) []string {
	begin, escaped := 0, false
	take := func(end int) {
		if name := strings.TrimSpace(lines.Unescape(text[begin:end])); name != "" {
			list = append(list, name)
		}
		begin = end + 1
	}
	for i := range len(text) {
		switch {
		case escaped:
			escaped = false
		case text[i] == '\\':
			escaped = true
		case text[i] == ',':
			take(i)
		}
	}
	take(len(text))
	return list
}

// build makes the events, or complains.
func (e *eventLines) build(f *file) []Event {
	out := Event{
		UID: plainName(e.uid), Summary: e.summary, Line: e.at.Line(), Status: e.status, Transparent: e.transparent,
		Categories: slices.Clip(e.categories), Unended: e.end == nil && e.duration == nil, Properties: slices.Clip(e.others),
	}
	if e.off(f) {
		return nil
	}
	before := f.complaints
	switch {
	case e.start == nil:
		f.complain(e.at, "required", "", "begins an event without DTSTART")
	case e.end != nil && e.duration != nil:
		f.complain(e.duration.Whole, "unexpected", "DURATION", "must not stand beside DTEND")
	case e.moves != nil && e.moves.param("RANGE") != "":
		f.complain(e.moves.Params["RANGE"], "unsupported", e.moves.param("RANGE"), "must move one time: write those that follow as an event of their own")
	case e.moves != nil && (e.rule != nil || len(e.more) > 0):
		f.complain(e.moves.Whole, "unexpected", "RECURRENCE-ID", "must not stand in an event that repeats")
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
			repeat, ok := f.repeat(*e.rule, start)
			if !ok {
				break
			}
			if out, ok = out.yearly(repeat); ok {
				break
			}
		}
		return e.repeated(f, out, start, length)
	}
	if f.complaints > before || !f.reaches(out) {
		return nil
	}
	return []Event{out}
}

// reaches reports whether an event has an instant, or is one, in the span that is
// asked for.
func (f *file) reaches(e Event) bool {
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
func (f *file) days() (first, last calendar.Date) {
	return civil.DayIn(f.within.Start, f.loc), civil.DayIn(f.within.End.Add(-1), f.loc)
}

// point is a moment in the zone in which a file has it.
type point struct {
	lines.Moment

	loc *time.Location
}

func (p point) instant() time.Time { return p.Local.Date.At(p.Local.Clock, p.loc) }

// inUTC is the moment, in UTC if its zone is that, be it named or not.
func (p point) inUTC() lines.Moment {
	p.UTC = p.loc == time.UTC && !p.Whole
	return p.Moment
}

// moment reads the value of a property.
func (f *file) moment(p property) (point, bool) { return f.momentOf(p, p.Value) }

// momentOf reads one of the values of a property.
func (f *file) momentOf(p property, value lines.Placed) (point, bool) {
	var v servicecoin.Violations
	m, ok := p.Moment(&v, value)
	if !ok {
		f.blame(&v, p.Whole)
		return point{}, false
	}
	loc := f.loc
	if name := p.param("TZID"); m.UTC {
		loc = time.UTC
	} else if name != "" && !m.Whole {
		if loc = f.zoneIn(p, p.Params["TZID"]); loc == nil {
			return point{}, false
		}
	}
	return point{m, loc}, true
}

// zoneIn returns the zone that a property names, and complains if it is unknown.
func (f *file) zoneIn(p property, name lines.Placed) *time.Location {
	loc := f.zoneOf(name.Text, p.calendar)
	if loc == nil {
		f.complain(name, "unknown-zone", name.Text, "must name a zone of the tz database, or one that the calendar defines")
	}
	return loc
}

// span sets the dates or the interval of the event, and returns how long it is.
func (e *eventLines) span(f *file, out *Event, start point) (length calendar.Period) {
	end := start
	at := e.at // what is to blame
	switch {
	case e.end != nil:
		var ok bool
		if end, ok = f.moment(*e.end); !ok {
			return length
		}
		at = e.end.Value
		if start.Whole && !end.Whole {
			end, ok = endOfDays(start, end, f.loc)
		} else {
			ok = start.Whole == end.Whole
		}
		if !ok {
			f.complain(at, "bad-format", at.Text, "must be a date as DTSTART is, or a time as it is")
			return length
		}
	case e.duration != nil:
		var ok bool
		at = e.duration.Value
		if length, ok = f.duration(e.duration.Line, at); !ok {
			return length
		}
		if start.Whole && length.Exact != 0 {
			f.complain(at, "bad-format", at.Text, "must be whole days, as DTSTART is")
			return length
		}
		end.Local.Date = end.Local.Date.AddDays(length.Days)
	}
	if end.Local.Date.Validate() != nil {
		f.complain(at, "out-of-range", "", "must end in the years 1 to 9999")
		return length
	}
	if start.Whole {
		days := int(civil.Number(end.Local.Date) - civil.Number(start.Local.Date))
		if out.Dates = hours.On(start.Local.Date); days > 1 {
			out.Dates.Last = end.Local.Date.AddDays(-1)
		}
		if days < 0 {
			f.complain(at, "reversed", "", "must not end before it begins")
		}
		return calendar.Period{Days: max(1, days)}
	}
	out.During = calendar.Between(start.instant(), end.instant().Add(length.Exact))
	if out.During.End.Before(out.During.Start) {
		f.complain(at, "reversed", "", "must not end before it begins")
	} else if out.During.Validate() != nil {
		f.complain(e.at, "out-of-range", out.During.String(), "begins an event outside of the years 1 to 9999")
	}
	if e.duration != nil {
		return length
	}
	return calendar.Period{Exact: out.During.Duration()}
}

// duration reads a duration, which has no years and months in iCalendar.
func (f *file) duration(l lines.Line, value lines.Placed) (calendar.Period, bool) {
	const longest = 1000 * 366 // days
	var v servicecoin.Violations
	d, ok := lines.ReadDuration(&v, value)
	switch {
	case !ok:
	case d.Years+d.Months > 0:
		v.Add(value.Place(), "unsupported", value.Text, "must be in weeks, days, hours, minutes and seconds")
	case d.Days > longest:
		v.Add(value.Place(), "out-of-range", value.Text, "must be a thousand years at most")
	}
	f.blame(&v, l.Whole)
	return d, v.Len() == 0
}

// endOfDays reads the end of whole days that is written as a time: a midnight is
// that of the day after the last one, and any time of the first day ends that day.
// A time of another day may end it or not.
func endOfDays(start, end point, reader *time.Location) (point, bool) {
	day := point{lines.Moment{Local: calendar.LocalTime{Date: end.inUTC().WholeDay(reader)}, Whole: true}, reader}
	return day, end.inUTC().IsMidnight() || end.Local.Date == start.Local.Date && day.Local.Date.Compare(start.Local.Date) >= 0
}

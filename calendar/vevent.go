package calendar

import (
	"slices"
	"strings"
	"time"
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

// ClosedOn returns the hours with the events as further holidays and breaks:
// one of whole days is a holiday, one between two times a break of that name.
func (h Hours) ClosedOn(events ...VEvent) Hours {
	h.Holidays, h.Breaks = slices.Clone(h.Holidays), slices.Clone(h.Breaks)
	for _, e := range events {
		switch {
		case !e.Dates.IsZero():
			h.Holidays = append(h.Holidays, Holiday{Name: e.Summary, Dates: e.Dates, Since: e.Since, Until: e.Until})
		case !e.During.Empty():
			h.Breaks = append(h.Breaks, Break{Name: e.Summary, During: e.During})
		}
	}
	return h
}

// eventLines is a VEVENT that is being read.
type eventLines struct {
	line, calendar             int
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
	e.whole = append(e.whole, p.whole)
	once := map[string]**property{"DTSTART": &e.start, "DTEND": &e.end, "DURATION": &e.duration, "RECURRENCE-ID": &e.moves}
	switch p.name {
	case "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID":
		if at := once[p.name]; *at == nil {
			*at = &p
		} else {
			f.complain(p.n, "duplicate", p.name, "must stand in an event once")
		}
	case "UID":
		e.uid = strings.TrimSpace(unescape(p.value))
	case "SUMMARY":
		e.summary = plainName(unescape(p.value))
	case "STATUS":
		e.cancelled = strings.EqualFold(strings.TrimSpace(p.value), "CANCELLED")
	case "SEQUENCE":
		e.sequence = &p
	case "DTSTAMP":
		e.stamp = &p
	case "LAST-MODIFIED":
		e.modified = &p
	case "RRULE", "RDATE", "EXDATE", "EXRULE":
		switch {
		case strings.Trim(p.value, "; ,\t") == "": // says nothing, as some makers write
		case p.name == "RRULE" && e.rule == nil:
			e.rule = &p
		default:
			e.more = append(e.more, p)
		}
	}
}

// build makes the events, or complains.
func (e *eventLines) build(f *icalFile) []VEvent {
	out := VEvent{UID: plainName(e.uid), Summary: e.summary, Line: e.line}
	if e.off(f) {
		return nil
	}
	before := f.complaints
	switch {
	case e.start == nil:
		f.complain(e.line, "required", "", "begins an event without DTSTART")
	case e.end != nil && e.duration != nil:
		f.complain(e.duration.n, "unexpected", "DURATION", "must not stand beside DTEND")
	case e.moves != nil && e.moves.params["RANGE"] != "":
		f.complain(e.moves.n, "unsupported", e.moves.params["RANGE"], "must move one time: write those that follow as an event of their own")
	case e.moves != nil && (e.rule != nil || len(e.more) > 0):
		f.complain(e.moves.n, "unexpected", "RECURRENCE-ID", "must not stand in an event that repeats")
	default:
		start, ok := f.moment(*e.start)
		if !ok {
			break
		}
		length := e.span(f, &out, start)
		if f.complaints > before || e.rule == nil && len(e.more) == 0 {
			break
		}
		if e.rule != nil && len(e.more) == 0 && len(f.moved[e.uid]) == 0 && e.yearly(f, &out, start) || f.complaints > before {
			break
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
	first, last := f.days()
	found := false
	d := Holiday{Dates: e.Dates, Since: e.Since, Until: e.Until}
	d.Dates.between(first, last, func(year int, _, _ int64) { found = found || !d.Dates.Yearly() || d.holds(year) })
	return found
}

// days returns the first and the last day of the span that is asked for, as the
// reader has them.
func (f *icalFile) days() (first, last Date) {
	return dayAt(f.within.Start, f.loc), dayAt(f.within.End.Add(-1), f.loc)
}

// moment is a date, or a date and a time in a zone.
type moment struct {
	date  Date
	clock Clock
	whole bool // a date alone
	loc   *time.Location
}

func (m moment) instant() time.Time { return m.date.At(m.clock, m.loc) }

// when is the moment as a point of a rule.
func (m moment) when() When {
	return When{Local: LocalTime{Date: m.date, Clock: m.clock}, UTC: m.loc == time.UTC && !m.whole, Whole: m.whole}
}

// moment reads 20261224, 20261224T120000 and 20261224T120000Z. The leap second,
// 60, is 59.
func (f *icalFile) moment(p property) (moment, bool) {
	m := moment{loc: f.loc}
	kind, value := strings.ToUpper(p.params["VALUE"]), strings.ToUpper(strings.TrimSpace(p.value))
	day, clock, timed := strings.Cut(value, "T")
	switch {
	case kind != "" && kind != "DATE" && kind != "DATE-TIME", timed && kind == "DATE", !timed && kind == "DATE-TIME":
		f.complain(p.n, "unsupported", kind, "must have a value of its kind: DATE as 20261224 or DATE-TIME as 20261224T120000")
		return m, false
	case len(day) != len("20060102") || !digits(day):
		f.complain(p.n, "bad-format", p.value, "must be a date as 20261224 or a time as 20261224T120000")
		return m, false
	}
	m.date = Date{Year: number(day[:4]), Month: time.Month(number(day[4:6])), Day: number(day[6:])}
	if m.date.Validate() != nil {
		f.complain(p.n, "out-of-range", p.value, "must be a day that the calendar has")
		return m, false
	}
	if m.whole = !timed; m.whole {
		return m, true
	}
	clock, utc := strings.CutSuffix(clock, "Z")
	if len(clock) != len("150405") || !digits(clock) || number(clock[:2]) > 23 || number(clock[2:4]) > 59 || number(clock[4:]) > 60 {
		f.complain(p.n, "bad-format", p.value, "must have a time from T000000 to T235959")
		return m, false
	}
	m.clock = ClockAt(number(clock[:2]), number(clock[2:4])) + Clock(min(number(clock[4:]), 59))
	if name := p.params["TZID"]; utc {
		m.loc = time.UTC
	} else if name != "" {
		if m.loc = f.zoneOf(name, p.calendar); m.loc == nil {
			f.complain(p.n, "unknown-zone", name, "must name a zone of the tz database, or one that the calendar defines")
			return m, false
		}
	}
	return m, true
}

// span sets the dates or the interval of the event, and returns how long it is.
func (e *eventLines) span(f *icalFile, out *VEvent, start moment) (period Period) {
	end, length := start, icalDuration{}
	var at int // the line that is to blame
	switch {
	case e.end != nil:
		var ok bool
		if end, ok = f.moment(*e.end); !ok {
			return period
		}
		at = e.end.n
		if start.whole && !end.whole {
			end, ok = endOfDays(start, end, f.loc)
		} else {
			ok = start.whole == end.whole
		}
		if !ok {
			f.complain(at, "bad-format", e.end.value, "must be a date as DTSTART is, or a time as it is")
			return period
		}
	case e.duration != nil:
		var ok bool
		at = e.duration.n
		if length, ok = parseDuration(strings.TrimSpace(e.duration.value)); !ok || start.whole && length.exact != 0 {
			f.complain(at, "bad-format", e.duration.value, "must be a duration as P1D or, of a time, PT1H30M; not below zero")
			return period
		}
		end.date = end.date.AddDays(length.days)
	}
	if end.date.Validate() != nil {
		f.complain(at, "out-of-range", "", "must end in the years 1 to 9999")
		return period
	}
	if start.whole {
		days := int(end.date.number() - start.date.number())
		if out.Dates = On(start.date); days > 1 {
			out.Dates.Last = end.date.AddDays(-1)
		}
		if days < 0 {
			f.complain(at, "reversed", "", "must not end before it begins")
		}
		return Period{Days: max(1, days)}
	}
	out.During = Between(start.instant(), end.instant().Add(length.exact))
	if out.During.End.Before(out.During.Start) {
		f.complain(at, "reversed", "", "must not end before it begins")
	} else if out.During.Validate() != nil {
		f.complain(e.line, "out-of-range", out.During.String(), "begins an event outside of the years 1 to 9999")
	}
	if e.duration != nil {
		return Period{Days: length.days, Exact: length.exact}
	}
	return Period{Exact: out.During.Duration()}
}

// endOfDays reads the end of whole days that is written as a time: a midnight is
// that of the day after the last one, and any time of the first day ends that day.
// A time of another day may end it or not.
func endOfDays(start, end moment, reader *time.Location) (moment, bool) {
	w := end.when()
	day := moment{date: w.wholeDay(reader), whole: true, loc: reader}
	return day, w.isMidnight() || w.Local.Date == start.date && day.date.Compare(start.date) >= 0
}

// icalDuration is days by the calendar and time by the clock.
type icalDuration struct {
	days  int
	exact time.Duration
}

// parseDuration reads P1W, P1D, PT1H30M, P1DT12H; with at most five digits for
// each number.
func parseDuration(text string) (d icalDuration, ok bool) {
	text = strings.TrimPrefix(text, "+")
	rest, ok := strings.CutPrefix(text, "P")
	days, clock, timed := strings.Cut(rest, "T")
	if !ok || rest == "" || timed && clock == "" {
		return d, false
	}
	part := func(text *string, unit string) int {
		n := strings.Index(*text, unit)
		if n < 0 {
			return 0
		}
		ok = ok && n > 0 && n <= 5 && digits((*text)[:n])
		value := number((*text)[:n])
		*text = (*text)[n+1:]
		return value
	}
	const week = 7
	d.days = week*part(&days, "W") + part(&days, "D")
	d.exact = time.Duration(part(&clock, "H"))*time.Hour + time.Duration(part(&clock, "M"))*time.Minute +
		time.Duration(part(&clock, "S"))*time.Second
	return d, ok && days == "" && clock == ""
}

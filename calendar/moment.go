package calendar

import (
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// moment is a value of the kind DATE or DATE-TIME.
type moment struct {
	Local LocalTime
	UTC   bool // it ends with a Z
	Whole bool // a date alone
}

// readMoment reads 20260105, 20260105T090000 and 20260105T090000Z. The leap
// second, 60, is 59.
func readMoment(v *servicecoin.Violations, p placed) (moment, bool) {
	p = p.trim()
	text := strings.ToUpper(p.text)
	day, clock, timed := strings.Cut(text, "T")
	clock, utc := strings.CutSuffix(clock, "Z")
	if len(day) != len("20060102") || !digits(day) || timed && (len(clock) != len("150405") || !digits(clock)) {
		v.Add(p.place(), "syntax", p.text, "must be a date such as 20260105, or a time such as 20260105T090000 or 20260105T090000Z")
		return moment{}, false
	}
	m := moment{UTC: utc, Whole: !timed}
	m.Local.Date = Date{Year: number(day[:4]), Month: time.Month(number(day[4:6])), Day: number(day[6:])}
	ok := m.Local.Date.Validate() == nil
	if timed {
		hour, minute, second := number(clock[:2]), number(clock[2:4]), number(clock[4:])
		m.Local.Clock = ClockAt(hour, minute) + Clock(min(second, 59))
		ok = ok && hour < 24 && minute < 60 && second <= 60
	}
	if !ok {
		v.Add(p.place(), "out-of-range", p.text, "must be a day that the calendar has, and a time from T000000 to T235959")
		return moment{}, false
	}
	return m, true
}

// moment reads one value of a line, whose VALUE must agree with it.
func (l line) moment(v *servicecoin.Violations, p placed) (moment, bool) {
	kind, said := l.params["VALUE"]
	name := strings.ToUpper(kind.text)
	if said && name != "DATE" && name != "DATE-TIME" {
		v.Add(kind.place(), "unsupported", kind.text, "must be DATE or DATE-TIME")
		return moment{}, false
	}
	m, ok := readMoment(v, p)
	if said && ok && m.Whole != (name == "DATE") {
		v.Add(kind.place(), "unsupported", kind.text, "must be DATE or DATE-TIME, as the value is")
		return moment{}, false
	}
	return m, ok
}

// readDuration reads the duration of a line: P1W, P1D, PT1H30M, P1DT12H, with a
// plus before it or not.
func readDuration(v *servicecoin.Violations, p placed) (Period, bool) {
	p = p.trim()
	if strings.HasPrefix(p.text, "+") {
		p = p.slice(1, len(p.text))
	}
	d, err := ParsePeriod(p.text)
	mergeAt(v, p, err)
	return d, err == nil
}

// dateReader reads RDATEs and EXDATEs.
type dateReader struct {
	v      *servicecoin.Violations
	start  moment // DTSTART, the zero one if it is missing
	zone   string // the name of the zone of the start
	most   int
	zoneOf func(p placed) *time.Location // complains of a zone that it does not know
	home   func() *time.Location         // of who reads whole days
}

// read returns the dates of a line, with which there are those that there were
// and no more than the most. Times of another zone than the start's become those
// of UTC.
func (r dateReader) read(l line, were int) []moment {
	var list []moment
	var loc *time.Location // of times that are not the start's
	if p, named := l.params["TZID"]; named {
		if loc = r.zoneOf(p); loc == nil {
			return list
		}
		if loc.String() == r.zone {
			loc = nil
		}
	}
	if kind, said := l.params["VALUE"]; said && strings.EqualFold(kind.text, "PERIOD") {
		r.v.Add(kind.place(), "unsupported", kind.text, "must be DATE or DATE-TIME: what is listed here has no lengths")
		return list
	}
	for p := range l.value.split(',') {
		if p.trim().text == "" {
			continue // an empty list, or a comma too many, as some programs write
		}
		m, ok := l.moment(r.v, p)
		switch {
		case enough(r.v):
			return list
		case !ok:
			continue
		case l.name == "EXDATE" && r.start.Whole && !m.Whole:
			if !m.isMidnight() {
				r.v.Add(p.place(), "bad-format", p.text, "must be a date, as DTSTART is, or its midnight, in UTC that of any zone")
				continue
			}
			m = moment{Local: LocalTime{Date: m.wholeDay(r.home())}, Whole: true}
		case l.name == "RDATE" && r.start != moment{} && m.Whole != r.start.Whole:
			r.v.Add(p.place(), "bad-format", p.text, "must be a date if DTSTART is one, else a time")
		case were+len(list) >= r.most:
			r.v.Add(p.place(), "too-many", "", fmt.Sprintf("must be at most %d dates", r.most))
			return list
		case loc != nil && !m.Whole && !m.UTC:
			at := m.Local.In(loc, ShiftByGap, FirstOfTwo)[0]
			m = moment{Local: shownIn(at, time.UTC), UTC: true}
			if m.Local.Validate() != nil {
				r.v.Add(p.place(), "out-of-range", p.text, "must lie in the years 1 to 9999 in UTC, too")
				continue
			}
		}
		list = append(list, m)
	}
	return list
}

package lines

import (
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Moment is a value of the kind DATE or DATE-TIME.
type Moment struct {
	Local calendar.LocalTime
	UTC   bool // it ends with a Z
	Whole bool // a date alone
}

// ReadMoment reads 20260105, 20260105T090000 and 20260105T090000Z. The leap
// second, 60, is 59.
func ReadMoment(v *servicecoin.Violations, p Placed) (Moment, bool) {
	p = p.Trim()
	text := strings.ToUpper(p.Text)
	day, clock, timed := strings.Cut(text, "T")
	clock, utc := strings.CutSuffix(clock, "Z")
	if len(day) != len("20060102") || !wall.Digits(day) || timed && (len(clock) != len("150405") || !wall.Digits(clock)) {
		v.Add(p.Place(), "syntax", p.Text, "must be a date such as 20260105, or a time such as 20260105T090000 or 20260105T090000Z")
		return Moment{}, false
	}
	m := Moment{UTC: utc, Whole: !timed}
	m.Local.Date = calendar.Date{Year: wall.Number(day[:4]), Month: time.Month(wall.Number(day[4:6])), Day: wall.Number(day[6:])}
	ok := m.Local.Date.Validate() == nil
	if timed {
		hour, minute, second := wall.Number(clock[:2]), wall.Number(clock[2:4]), wall.Number(clock[4:])
		m.Local.Clock = calendar.ClockAt(hour, minute) + calendar.Clock(min(second, 59))
		ok = ok && hour < 24 && minute < 60 && second <= 60
	}
	if !ok {
		v.Add(p.Place(), "out-of-range", p.Text, "must be a day that the calendar has, and a time from T000000 to T235959")
		return Moment{}, false
	}
	return m, true
}

// Moment reads one value of a line, whose VALUE must agree with it.
func (l Line) Moment(v *servicecoin.Violations, p Placed) (Moment, bool) {
	kind, said := l.Params["VALUE"]
	name := strings.ToUpper(kind.Text)
	if said && name != "DATE" && name != "DATE-TIME" {
		v.Add(kind.Place(), "unsupported", kind.Text, "must be DATE or DATE-TIME")
		return Moment{}, false
	}
	m, ok := ReadMoment(v, p)
	if said && ok && m.Whole != (name == "DATE") {
		v.Add(kind.Place(), "unsupported", kind.Text, "must be DATE or DATE-TIME, as the value is")
		return Moment{}, false
	}
	return m, ok
}

// ReadDuration reads the duration of a line: P1W, P1D, PT1H30M, P1DT12H, with a
// plus before it or not.
func ReadDuration(v *servicecoin.Violations, p Placed) (calendar.Period, bool) {
	p = p.Trim()
	if strings.HasPrefix(p.Text, "+") {
		p = p.Slice(1, len(p.Text))
	}
	d, err := calendar.ParsePeriod(p.Text)
	MergeAt(v, p, err)
	return d, err == nil
}

// DateReader reads RDATEs and EXDATEs.
type DateReader struct {
	V      *servicecoin.Violations
	Start  Moment // DTSTART, the zero one if it is missing
	Zone   string // the name of the zone of the start
	Most   int
	ZoneOf func(p Placed) *time.Location // complains of a zone that it does not know
	Home   func() *time.Location         // of who reads whole days
}

// Read returns the dates of a line, with which there are those that there were
// and no more than the most. Times of another zone than the start's become those
// of UTC.
func (r DateReader) Read(l Line, were int) []Moment {
	var list []Moment
	var loc *time.Location // of times that are not the start's
	if p, named := l.Params["TZID"]; named {
		if loc = r.ZoneOf(p); loc == nil {
			return list
		}
		if loc.String() == r.Zone {
			loc = nil
		}
	}
	if kind, said := l.Params["VALUE"]; said && strings.EqualFold(kind.Text, "PERIOD") {
		r.V.Add(kind.Place(), "unsupported", kind.Text, "must be DATE or DATE-TIME: what is listed here has no lengths")
		return list
	}
	for p := range l.Value.Split(',') {
		if p.Trim().Text == "" {
			continue // an empty list, or a comma too many, as some programs write
		}
		m, ok := l.Moment(r.V, p)
		switch {
		case Enough(r.V):
			return list
		case !ok:
			continue
		case l.Name == "EXDATE" && r.Start.Whole && !m.Whole:
			if !m.IsMidnight() {
				r.V.Add(p.Place(), "bad-format", p.Text, "must be a date, as DTSTART is, or its midnight, in UTC that of any zone")
				continue
			}
			m = Moment{Local: calendar.LocalTime{Date: m.WholeDay(r.Home())}, Whole: true}
		case l.Name == "RDATE" && r.Start != Moment{} && m.Whole != r.Start.Whole:
			r.V.Add(p.Place(), "bad-format", p.Text, "must be a date if DTSTART is one, else a time")
		case were+len(list) >= r.Most:
			r.V.Add(p.Place(), "too-many", "", fmt.Sprintf("must be at most %d dates", r.Most))
			return list
		case loc != nil && !m.Whole && !m.UTC:
			at := m.Local.In(loc, calendar.ShiftByGap, calendar.FirstOfTwo)[0]
			m = Moment{Local: civil.ShownIn(at, time.UTC), UTC: true}
			if m.Local.Validate() != nil {
				r.V.Add(p.Place(), "out-of-range", p.Text, "must lie in the years 1 to 9999 in UTC, too")
				continue
			}
		}
		list = append(list, m)
	}
	return list
}

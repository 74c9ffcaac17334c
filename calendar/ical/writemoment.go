package ical

import (
	"fmt"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// isUTC reports whether a zone is UTC under any of its names.
func isUTC(loc *time.Location) bool {
	switch loc.String() {
	case "", "UTC", "Etc/UTC", "Zulu", "Etc/Zulu", "UCT", "Etc/UCT", "Universal", "Etc/Universal":
		return true
	}
	return false
}

// shown returns an instant, cut to the second, by the clock of a zone; in UTC if
// the clock shows it for the second time, or if no zone is written for its year.
func shown(t time.Time, loc *time.Location) point {
	t = wall.Unix(t.Unix())
	if y := t.Year(); !isUTC(loc) && y >= firstRepeated && y <= lastRepeated {
		l := civil.ShownIn(t, loc)
		if l.Date.At(l.Clock, loc).Equal(t) {
			return point{lines.Moment{Local: l}, loc}
		}
	}
	return point{lines.Moment{Local: civil.ShownIn(t, time.UTC), UTC: true}, time.UTC}
}

// day returns a whole day.
func day(d calendar.Date) point {
	return point{lines.Moment{Local: calendar.LocalTime{Date: d}, Whole: true}, time.UTC}
}

// inZone returns a point of a rule in its zone.
func inZone(w recur.When, loc *time.Location) point {
	p := point{lines.Moment(w), loc}
	if p.Whole || p.UTC || isUTC(loc) {
		p.UTC, p.loc = !p.Whole, time.UTC
	}
	return p
}

// zone returns the name of the zone by whose clock the point is written, "" for
// UTC and whole days.
func (p point) zone() string {
	if p.loc == nil || p.UTC || p.Whole {
		return ""
	}
	return p.loc.String()
}

// key tells points apart.
func (p point) key() string {
	if p.loc == nil {
		return ""
	}
	if p.Whole {
		return p.code()
	}
	return strconv.FormatInt(p.instant().Unix(), 10)
}

// code returns the value of a moment: 20260105, 20260105T090000Z.
func (p point) code() string {
	d, c := p.Local.Date, int(p.Local.Clock)
	text := fmt.Sprintf("%04d%02d%02d", d.Year, int(d.Month), d.Day)
	if p.Whole {
		return text
	}
	if text += fmt.Sprintf("T%02d%02d%02d", c/3600, c/60%60, c%60); p.UTC {
		text += "Z"
	}
	return text
}

// params returns the parameters of a property that has such moments.
func (p point) params() string {
	switch {
	case p.Whole:
		return ";VALUE=DATE"
	case p.zone() != "":
		return ";TZID=" + p.zone()
	}
	return ""
}

// moment writes a property, nothing if there is no moment.
func (p *printer) moment(name string, m point) {
	if m.loc != nil {
		p.line(name+m.params(), m.code())
	}
}

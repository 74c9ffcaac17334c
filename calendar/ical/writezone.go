package ical

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// zoneInUse is a zone by whose clock entries are written, and since when and until
// when they need it.
type zoneInUse struct {
	loc       *time.Location
	from, to  time.Time
	unlimited bool
}

// uses notes the zones of an entry.
func (x written) uses(zones map[string]*zoneInUse) {
	for _, p := range []point{x.start, x.end, x.replaces} {
		if p.zone() != "" {
			use(zones, p.loc, p.instant())
		}
	}
	if x.loc == nil || isUTC(x.loc) {
		return
	}
	for _, w := range slices.Concat(x.rule.Dates, x.rule.ExceptDates) {
		if !w.UTC {
			use(zones, x.loc, inZone(w, x.loc).instant())
		}
	}
	if z := zones[x.loc.String()]; x.until.IsZero() {
		z.unlimited = true
	} else {
		use(zones, x.loc, x.until)
	}
}

func use(zones map[string]*zoneInUse, loc *time.Location, t time.Time) {
	z := zones[loc.String()]
	if z == nil {
		z = &zoneInUse{loc: loc, from: t, to: t}
		zones[loc.String()] = z
	}
	if t.Before(z.from) {
		z.from = t
	}
	if t.After(z.to) {
		z.to = t
	}
}

// shift is an instant from which on a clock shows another time.
type shift struct {
	at       int64
	from, to int // seconds ahead of UTC
	name     string
	summer   bool
}

// local returns what the clock shows at the shift, had it not been set.
func (s shift) local() calendar.LocalTime { return civil.Local(s.at + int64(s.from)) }

// shifts returns the last one before the zone is needed and all after it.
func (z *zoneInUse) shifts() []shift {
	first := z.from.In(z.loc)
	begin, _ := first.ZoneBounds()
	name, offset := first.Zone()
	list := []shift{{from: offset, to: offset, name: name, summer: first.IsDST()}}
	if begin.IsZero() {
		year := calendar.Date{Year: max(1, first.Year()-1), Month: time.January, Day: 1}
		list[0].at = civil.Second(calendar.LocalTime{Date: year}) - int64(offset)
	} else {
		list[0].at = begin.Unix()
		_, list[0].from = begin.Add(-time.Second).In(z.loc).Zone()
	}
	to := z.to
	if z.unlimited {
		to = yearBegins(lastRepeated + 1)
	}
	for j := range calendar.Jumps(calendar.Between(z.from, to.Add(time.Second)), z.loc) {
		if j.At.Unix() <= list[0].at {
			continue
		}
		at := j.At.In(z.loc)
		name, _ := at.Zone()
		list = append(list, shift{at: j.At.Unix(), from: int(j.Before / time.Second), to: int(j.After / time.Second), name: name, summer: at.IsDST()})
	}
	return list
}

// observance is a part of a VTIMEZONE: a shift that comes once, again and again by
// a rule, or on dates.
type observance struct {
	shift

	rule  string
	dates []shift // besides it
}

// observances puts shifts together that come every year on the same weekday of the
// month, then those that are alike.
func (z *zoneInUse) observances(list []shift) []observance {
	const least = 3 // years
	horizon := yearBegins(lastRepeated + 1).Unix()
	taken := make([]bool, len(list))
	var out []observance
	for i, s := range list {
		if taken[i] || i == 0 {
			continue
		}
		var best []int
		var day recur.NthDay
		for _, d := range nthDays(s.local().Date) {
			if run := sameEachYear(list, taken, i, d); len(run) > len(best) {
				best, day = run, d
			}
		}
		if len(best) < least {
			continue
		}
		for _, k := range best {
			taken[k] = true
		}
		end := list[best[len(best)-1]]
		rule := fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYDAY=%s", int(s.local().Date.Month), day)
		const aYear = 366 * wall.SecondsADay
		if !z.unlimited || horizon-end.at > aYear {
			rule += ";UNTIL=" + shown(wall.Unix(end.at), time.UTC).code()
		}
		out = append(out, observance{shift: s, rule: rule})
	}
	alike := map[shift]int{} // the index of the part of those that come on dates
	for i, s := range list {
		kind := s
		kind.at = 0
		switch n, is := alike[kind]; {
		case taken[i]:
		case is:
			out[n].dates = append(out[n].dates, s)
		default:
			alike[kind] = len(out)
			out = append(out, observance{shift: s})
		}
	}
	slices.SortStableFunc(out, func(a, b observance) int { return cmp.Compare(a.at, b.at) })
	return out
}

// nthDays returns how a date is counted in its month: as the second Tuesday, and
// as the last one if it is that.
func nthDays(d calendar.Date) []recur.NthDay {
	const week = 7
	list := []recur.NthDay{{N: (d.Day-1)/week + 1, Day: d.Weekday()}}
	if d.AddDays(week).Month != d.Month {
		list = append(list, recur.NthDay{N: -1, Day: d.Weekday()})
	}
	return list
}

// sameEachYear returns the shifts from the i-th on that come in years in a row on
// the same day of the month as that, alike in all else.
func sameEachYear(list []shift, taken []bool, i int, day recur.NthDay) []int {
	first := list[i]
	local := first.local()
	run := []int{i}
	year := local.Date.Year + 1
	for k := i + 1; k < len(list) && list[k].local().Date.Year <= year; k++ {
		s, l := list[k], list[k].local()
		if taken[k] || l.Date.Year < year || l.Date.Month != local.Date.Month || l.Clock != local.Clock || !slices.Contains(nthDays(l.Date), day) {
			continue
		}
		if s.from == first.from && s.to == first.to && s.name == first.name && s.summer == first.summer {
			run = append(run, k)
			year++
		}
	}
	return run
}

// put writes a zone.
func (z *zoneInUse) put(p *printer, name string) {
	p.line("BEGIN", "VTIMEZONE")
	p.line("TZID", escape(name))
	for _, o := range z.observances(z.shifts()) {
		kind := "STANDARD"
		if o.summer {
			kind = "DAYLIGHT"
		}
		p.line("BEGIN", kind)
		p.line("DTSTART", localCode(o.local()))
		p.line("TZOFFSETFROM", offsetCode(o.from))
		p.line("TZOFFSETTO", offsetCode(o.to))
		p.text("TZNAME", o.name)
		if o.rule != "" {
			p.line("RRULE", o.rule)
		}
		if len(o.dates) > 0 {
			codes := make([]string, len(o.dates))
			for i, s := range o.dates {
				codes[i] = localCode(s.local())
			}
			p.line("RDATE", strings.Join(codes, ","))
		}
		p.line("END", kind)
	}
	p.line("END", "VTIMEZONE")
}

func localCode(l calendar.LocalTime) string {
	return point{lines.Moment{Local: l}, nil}.code()
}

// offsetCode writes +0100, and +001234 where there are seconds.
func offsetCode(seconds int) string {
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	text := fmt.Sprintf("%s%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		text += fmt.Sprintf("%02d", seconds%60)
	}
	return text
}

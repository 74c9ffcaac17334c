package main

import (
	"net/http"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/calendar/rota"
	"github.com/servicecoin/servicecoin/problem"
)

// calendarArea is when the desk is there, and what is planned.
func (p *portal) calendarArea() area {
	return area{
		pages: map[string]route{"GET /calendar": {people, p.showCalendar}},
		nav: func(who person) []navItem {
			if who.ID == "" {
				return nil
			}
			return []navItem{{Path: calendarPath, Name: "Calendar"}}
		},
	}
}

const calendarPath = "/calendar"

// calendarPage is a month of the service desk, by days of the zone of whoever
// looks at it.
type calendarPage struct {
	page

	Here      string
	Month     calendar.Month
	Previous  calendar.Month // zero: what was before is not known
	Following calendar.Month // zero: nor what comes after
	Blank     int            // days of the first week that are in the month before
	Days      []calendarDay
	Critical  []hours.CriticalWindow // of the month
	Answer    hours.Allowance
	At        time.Time // the message
	Due       time.Time // its answer
	Open      bool
	Changes   time.Time  // when it opens or closes next
	OnCall    rota.Shift // around the message; for the provider's people only
	Planned   []plannedWindow
}

// plannedWindow is a window that recurs, and when it comes next.
type plannedWindow struct {
	recur.Window

	Next calendar.Interval
}

type calendarDay struct {
	Date     calendar.Date
	Weekday  string
	Today    bool
	Openings []calendar.Interval
	Holiday  string
	Critical []criticalDay
	Windows  []recur.WindowChange // that open on the day
	Shifts   []rota.Shift         // for the provider's people only
}

// criticalDay is a day of something that matters more than usual: which one, where it
// lasts several.
type criticalDay struct {
	hours.CriticalWindow

	Day, Of int // 0: it is not one that lasts days
}

// runs knows which windows there are on which days, so that those on days in a row
// are one event.
type runs struct {
	desk *desk
	loc  *time.Location
	days map[calendar.Date]map[string]bool
}

// has reports whether a window is on a day. Outside of the years that the desk knows
// none is.
func (r runs) has(name string, on calendar.Date) bool {
	names, known := r.days[on]
	if !known {
		names = map[string]bool{}
		list, err := r.desk.critical.Overlapping(on.In(r.loc))
		for _, w := range list {
			names[w.Name] = err == nil
		}
		r.days[on] = names
	}
	return names[name]
}

// on says which day of a window a date is.
func (r runs) on(w hours.CriticalWindow, date calendar.Date) criticalDay {
	const most = 366
	before, after := 0, 0
	for before < most && r.has(w.Name, date.AddDays(-before-1)) {
		before++
	}
	for after < most && r.has(w.Name, date.AddDays(after+1)) {
		after++
	}
	if before+after == 0 {
		return criticalDay{CriticalWindow: w}
	}
	return criticalDay{CriticalWindow: w, Day: before + 1, Of: before + after + 1}
}

func (p *portal) showCalendar(w http.ResponseWriter, r *http.Request) error {
	loc, err := p.zone(r)
	if err != nil {
		return err
	}
	now, q := p.store.Now(), r.URL.Query()
	v := calendarPage{page: p.page(r, "Calendar of the service desk", calendarPath), Here: calendarPath, Answer: p.desk.answer, At: now.Truncate(time.Minute), Month: calendar.MonthOf(now, loc)}
	if text := q.Get("month"); text != "" {
		var bad servicecoin.Violations
		m, err := calendar.ParseMonth(text)
		bad.Merge("month", err)
		if err == nil && (m.Compare(p.desk.first) < 0 || m.Compare(p.desk.last) > 0) {
			bad.Add("month", "out-of-range", "", "the hours of the desk are known from "+p.desk.first.Words()+" to "+p.desk.last.Words()+", "+m.Words()+" is not among them")
		}
		if err := bad.Err(); err != nil {
			return err
		}
		v.Month = m
	}
	f, err := readForm(r)
	if err != nil {
		return err
	}
	problems := p.messageAt(&v, f, loc)
	if problems != nil {
		v.again(f, problems)
	}
	if v.Month != p.desk.first {
		v.Previous = v.Month.Previous()
	}
	if v.Month != p.desk.last {
		v.Following = v.Month.Next()
	}
	v.Blank = sinceMonday(v.Month.First())
	today, lasting := calendar.DateOf(now, loc), runs{desk: &p.desk, loc: loc, days: map[calendar.Date]map[string]bool{}}
	for date, day := range calendar.Days(v.Month.In(loc), loc) {
		part := calendarDay{Date: date, Weekday: date.Weekday().String()[:3], Today: date == today}
		if err := p.fillDay(&part, day, lasting); err != nil {
			return err
		}
		v.Days = append(v.Days, part)
	}
	if v.Critical, err = p.desk.critical.Overlapping(v.Month.In(loc)); err != nil {
		return err
	}
	for _, w := range p.desk.windows {
		next, _ := w.Next(now)
		v.Planned = append(v.Planned, plannedWindow{Window: w.Window(), Next: next})
	}
	if err := p.answers(&v); err != nil {
		return err
	}
	if viewer(r).Provider() {
		v.OnCall = p.desk.turns.Shift(v.At)
		for i, day := range v.Days {
			v.Days[i].Shifts = slices.Collect(p.desk.turns.Shifts(day.Date.In(loc)))
		}
	}
	return p.render(w, r, "calendar.html", problem.Status(problems), v)
}

// messageAt reads when a message comes in, by the clock of the desk or of who asks:
// now, where nothing is said.
func (p *portal) messageAt(v *calendarPage, f *form, loc *time.Location) error {
	text := f.r.Form.Get("at")
	if text == "" {
		return nil
	}
	at, err := time.ParseInLocation(wholeTime, text, loc)
	if err != nil {
		f.bad.Add("at", "bad-time", text, "must be a day and a time, as 2026-11-24T09:30")
		return f.bad.Err()
	}
	if _, err := p.desk.answer.Due(p.desk.open, at); err != nil {
		f.bad.Add("at", "out-of-range", text, "is outside of the years for which the hours of the desk are known")
		return f.bad.Err()
	}
	v.At = at
	return nil
}

// fillDay says what a day has.
func (p *portal) fillDay(part *calendarDay, day calendar.Interval, lasting runs) (err error) {
	if day.Empty() { // a date that the zone left out
		return nil
	}
	if part.Openings, err = collect(p.desk.open.Openings(day)); err != nil {
		return err
	}
	name, is, err := p.desk.open.HolidayOn(part.Date)
	if err != nil {
		return err
	}
	if is {
		part.Holiday = name
	}
	for change := range p.desk.maintenance.Changes(day) {
		if change.Opens {
			part.Windows = append(part.Windows, change)
		}
	}
	critical, err := p.desk.critical.Overlapping(day)
	for _, w := range critical {
		part.Critical = append(part.Critical, lasting.on(w, part.Date))
	}
	return err
}

// answers says by when a message is answered, and whether anybody is there now.
func (p *portal) answers(v *calendarPage) (err error) {
	if v.Due, err = v.Answer.Due(p.desk.open, v.At); err != nil {
		return err
	}
	if v.Open, err = p.desk.open.Open(v.At); err != nil {
		return err
	}
	if v.Open {
		v.Changes, err = p.desk.open.NextClose(v.At)
	} else {
		v.Changes, err = p.desk.open.NextOpen(v.At)
	}
	return err
}

// sinceMonday is how many days of its week come before a day.
func sinceMonday(d calendar.Date) int { return (int(d.Weekday()) + 6) % 7 }

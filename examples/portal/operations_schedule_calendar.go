package main

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// changeCalendarPage is the change calendar: a month as a sheet, a week as a list.
type changeCalendarPage struct {
	page

	Here      string
	Month     calendar.Month
	Week      calendar.Date // its Monday; zero: a month is shown
	Last      calendar.Date // its Sunday
	Previous  string
	Following string
	Today     string // the way to this month or week
	Other     string // the way to the week of the month, or the month of the week
	Blank     int    // days of the first week that are in the month before
	Days      []scheduleDay
	Clashing  []scheduleItem // the changes that something is in the way of
}

type scheduleDay struct {
	Date    calendar.Date
	Weekday string
	Today   bool
	Items   []dayItem
}

// dayItem is an item on one of its days.
type dayItem struct {
	scheduleItem

	Begins, Ends bool // on the day
	Day, Of      int  // which of its days; 0: it has no more than one, or two with a night between
}

func (p *portal) showChangeCalendar(w http.ResponseWriter, r *http.Request) error {
	loc, err := p.zone(r)
	if err != nil {
		return err
	}
	today := calendar.DateOf(p.store.Now(), loc)
	v := changeCalendarPage{page: p.page(r, "Change calendar", changeCalendarPath), Here: changeCalendarPath}
	during, err := v.read(r, today, loc)
	if err != nil {
		return err
	}
	items, err := p.forward(r.Context(), during)
	if err != nil {
		return err
	}
	for date, iv := range calendar.Days(during, loc) {
		part := scheduleDay{Date: date, Weekday: date.Weekday().String()[:3], Today: date == today}
		for _, item := range items {
			if x, on := item.on(date, iv, loc); on {
				part.Items = append(part.Items, x)
			}
		}
		slices.SortStableFunc(part.Items, func(a, b dayItem) int { return cmp.Compare(a.rank(), b.rank()) })
		v.Days = append(v.Days, part)
	}
	for _, item := range items {
		if len(item.Clashes) > 0 {
			v.Clashing = append(v.Clashing, item)
		}
	}
	return p.render(w, r, "schedule_calendar.html", 0, v)
}

// read reads which month or week is asked for.
func (v *changeCalendarPage) read(r *http.Request, today calendar.Date, loc *time.Location) (calendar.Interval, error) {
	const first, last = 1970, 2100
	var bad servicecoin.Violations
	q := r.URL.Query()
	known := func(field string, year int) {
		if year < first || year > last {
			bad.Add(field, "out-of-range", q.Get(field), "must be in the years "+strconv.Itoa(first)+" to "+strconv.Itoa(last))
		}
	}
	address := func(field, value string) string { return changeCalendarPath + "?" + field + "=" + value }
	if text := q.Get("week"); text != "" {
		date, err := calendar.ParseDate(text)
		if bad.Merge("week", err); err == nil {
			known("week", date.Year)
		}
		if err := bad.Err(); err != nil {
			return calendar.Interval{}, err
		}
		v.Week = monday(date)
		v.Last, v.Month = v.Week.AddDays(6), monthOf(date)
		v.Previous, v.Following = address("week", v.Week.AddDays(-7).String()), address("week", v.Week.AddDays(7).String())
		v.Today, v.Other = address("week", today.String()), address("month", v.Month.String())
		return calendar.Between(v.Week.In(loc).Start, v.Last.In(loc).End), nil
	}
	v.Month = monthOf(today)
	if text := q.Get("month"); text != "" {
		m, err := calendar.ParseMonth(text)
		if bad.Merge("month", err); err == nil {
			known("month", m.Year)
		}
		if err := bad.Err(); err != nil {
			return calendar.Interval{}, err
		}
		v.Month = m
	}
	shown := v.Month.First()
	if v.Month.Contains(today) {
		shown = today
	}
	v.Previous, v.Following = address("month", v.Month.Previous().String()), address("month", v.Month.Next().String())
	v.Today, v.Other = changeCalendarPath, address("week", shown.String())
	v.Blank = sinceMonday(v.Month.First())
	return v.Month.In(loc), nil
}

// monday is the first day of the week of a date.
func monday(d calendar.Date) calendar.Date { return d.AddDays(-sinceMonday(d)) }

func monthOf(d calendar.Date) calendar.Month { return calendar.Month{Year: d.Year, Month: d.Month} }

// on returns the item as it stands on a day. What comes every night stands on the day
// on which it begins alone.
func (i scheduleItem) on(date calendar.Date, of calendar.Interval, loc *time.Location) (dayItem, bool) {
	span := i.Span
	if span.Empty() {
		span.End = span.Start.Add(time.Microsecond)
	}
	if !span.Overlaps(of) {
		return dayItem{}, false
	}
	x := dayItem{scheduleItem: i, Begins: of.Contains(span.Start), Ends: !span.End.After(of.End)}
	short := span.Duration() < day
	if !x.Begins && short && (i.Kind == itemWindow || i.Kind == itemMaintenance) {
		return dayItem{}, false
	}
	if first, last := calendar.DateOf(span.Start, loc), calendar.DateOf(span.End.Add(-time.Microsecond), loc); !short && first != last {
		x.Day, x.Of = daysBetween(first, date)+1, daysBetween(first, last)+1
	}
	return x, true
}

// daysBetween counts the days from a date to another one.
func daysBetween(a, b calendar.Date) int {
	return int(b.In(time.UTC).Start.Sub(a.In(time.UTC).Start) / day)
}

// Count says how many changes there are on the day, and how many with something in
// their way.
func (d scheduleDay) Count() (changes int) {
	for _, x := range d.Items {
		if x.Kind == itemChange {
			changes++
		}
	}
	return changes
}

// Windows are when changes may be done on the day.
func (d scheduleDay) Windows() []dayItem {
	return slices.DeleteFunc(slices.Clone(d.Items), func(x dayItem) bool { return x.Kind != itemWindow })
}

// Others is what there is on the day without the change windows.
func (d scheduleDay) Others() []dayItem {
	return slices.DeleteFunc(slices.Clone(d.Items), func(x dayItem) bool { return x.Kind == itemWindow })
}

// Busy reports whether anything stands on the day that is not a change window.
func (d scheduleDay) Busy() bool {
	return slices.ContainsFunc(d.Items, func(x dayItem) bool { return x.Kind != itemWindow })
}

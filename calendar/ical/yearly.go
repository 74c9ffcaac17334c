package ical

import (
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// yearly returns an event of whole days as one that comes every year on its date,
// if that is what an RRULE says, and whether it does.
func (e Event) yearly(r recur.Repeat) (Event, bool) {
	const most = 9999 // years
	first := e.Dates.First
	if r.Frequency != recur.Yearly || r.Interval > 1 || r.Count > most || r.Skip != "" || e.Dates.IsZero() || !sameDaysEachYear(e.Dates) {
		return e, false
	}
	if len(r.BySecond)+len(r.ByMinute)+len(r.ByHour)+len(r.ByDay)+len(r.ByYearDay)+len(r.ByWeekNo)+len(r.BySetPos) > 0 {
		return e, false
	}
	if n := len(r.ByMonth); n > 1 || n == 1 && r.ByMonth[0] != first.Month {
		return e, false
	}
	if n := len(r.ByMonthDay); n > 1 || n == 1 && (r.ByMonthDay[0] != first.Day || len(r.ByMonth) == 0) { // without a month: of every one
		return e, false
	}
	e.Since, e.Until = first.Year, lastYearly(first, r.Until.Local.Date, r.Count)
	e.Dates.First.Year = 0
	if !e.Dates.Last.IsZero() {
		e.Dates.Last.Year = 0
	}
	return e, true
}

// sameDaysEachYear reports whether so many days from the first date on end on
// the last date in every year.
func sameDaysEachYear(d hours.Dates) bool {
	last := d.First
	if !d.Last.IsZero() {
		last = d.Last
	}
	days := int(civil.Number(last) - civil.Number(d.First))
	if days >= 365 {
		return false
	}
	for _, year := range []int{2000, 2001, 2003} { // leap, not, followed by a leap one
		first := calendar.Date{Year: year, Month: d.First.Month, Day: d.First.Day}
		if end := first.AddDays(days); days > 0 && (end.Month != d.Last.Month || end.Day != d.Last.Day) {
			return false
		}
	}
	return true
}

// lastYearly returns the year of the last of the dates that come every year
// from first on, up to a limit and at most count of them; 0 if there is none.
// The first one comes in any case.
func lastYearly(first, limit calendar.Date, count int) int {
	last := 0
	leapDay := first.Month == time.February && first.Day == 29
	for year := first.Year; year <= 9999 && count > 0; year++ {
		if !leapDay || wall.IsLeap(year) {
			last = year
			count--
		}
	}
	if !limit.IsZero() {
		year := limit.Year
		if limit.Compare(calendar.Date{Year: year, Month: first.Month, Day: first.Day}) < 0 {
			year--
		}
		if year = max(year, first.Year); last == 0 || year < last {
			last = year
		}
	}
	return last
}

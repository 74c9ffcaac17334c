package hours

import (
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// A working day is a date whose own hours leave something open once holidays
// and breaks are taken off. A night belongs to the day on which it began. "One
// day" has three meanings, and each its own call:
//
//   - so many hours of work: [Timetable.Deadline] with 8 hours, or with 24;
//   - the same time on the next working day: [Timetable.DaysAfter] with 1;
//   - the end of the next working day: [Timetable.EndOfDay] with 1.
//
// [Allowance] is one of the three, to be written in a contract.

func (tt *Timetable) date(i int) calendar.Date {
	return civil.DateShown(time.Unix((tt.first+int64(i))*wall.SecondsADay, 0).UTC())
}

// index returns the place of a date among the days.
func (tt *Timetable) index(d calendar.Date) (int, error) {
	i := civil.Number(d) - tt.first
	if i < margin || i >= int64(len(tt.days)-1-margin) {
		return 0, tt.outside(d.String())
	}
	return int(i), nil
}

// dayAt returns the place of the local day that n lies in.
func (tt *Timetable) dayAt(n int64) int {
	i := int((n - tt.days[0].start) / (wall.SecondsADay * int64(time.Second)))
	i = min(max(i, 0), len(tt.days)-2)
	for tt.days[i].start > n {
		i--
	}
	for tt.days[i+1].start <= n {
		i++
	}
	return i
}

// Holiday reports whether t lies in a local day that is a holiday, and the name
// of the first one listed that says so.
func (tt *Timetable) Holiday(t time.Time) (name string, is bool, err error) {
	n, err := tt.nano(t)
	if err != nil {
		return "", false, err
	}
	name, is = tt.holiday(tt.dayAt(n))
	return name, is, nil
}

// HolidayOn reports whether the date is a holiday, and which.
func (tt *Timetable) HolidayOn(d calendar.Date) (name string, is bool, err error) {
	i, err := tt.index(d)
	if err != nil {
		return "", false, err
	}
	name, is = tt.holiday(i)
	return name, is, nil
}

func (tt *Timetable) holiday(i int) (name string, is bool) {
	h := tt.days[i].holiday
	if h == none {
		return "", false
	}
	return tt.holidays[h], true
}

// Break reports whether t lies in a break, and in which: of several in the one
// that began first. A break is one also where nothing would be open.
func (tt *Timetable) Break(t time.Time) (name string, is bool, err error) {
	if _, err := tt.nano(t); err != nil {
		return "", false, err
	}
	step, is := tt.breaks.At(t)
	return step.Tag, is, nil
}

// WorkingDay reports whether the date is a working day.
func (tt *Timetable) WorkingDay(d calendar.Date) (bool, error) {
	i, err := tt.index(d)
	if err != nil {
		return false, err
	}
	return tt.days[i].shut != never, nil
}

// DaysBetween counts the working days after one date up to and including
// another. If that is the earlier one, the count is negative, so that it is
// the opposite of the other way round.
func (tt *Timetable) DaysBetween(from, to calendar.Date) (int, error) {
	a, err := tt.index(from)
	if err != nil {
		return 0, err
	}
	b, err := tt.index(to)
	if err != nil {
		return 0, err
	}
	return int(tt.days[b].worked - tt.days[a].worked), nil
}

// AddDays returns the working day n working days after a date, before it if n
// is negative. A date that is none counts from the next working day in that
// direction: from a Sunday, 1 is Tuesday and -1 is Thursday. 0 returns the
// date as it is.
func (tt *Timetable) AddDays(d calendar.Date, n int) (calendar.Date, error) {
	i, err := tt.index(d)
	if err != nil || n == 0 {
		return d, err
	}
	if i, err = tt.step(i, n); err != nil {
		return calendar.Date{}, err
	}
	d = tt.date(i)
	_, err = tt.index(d)
	return d, err
}

// step returns the working day n working days from day i, which is moved to a
// working day in that direction first.
func (tt *Timetable) step(i, n int) (int, error) {
	at := int(tt.days[i].worked) - 1 // the last working day up to i
	if n >= 0 && tt.days[i].shut == never {
		at++
	}
	// Beyond the bounds nothing is added, which could overflow.
	if n >= len(tt.working)-at || n < -at {
		return 0, tt.outside("the working day")
	}
	return int(tt.working[at+n]), nil
}

// DaysAfter returns the same clock time n working days after t, and the next
// opening if it is closed then; 0 days are a deadline of no work. A day that is
// no working day counts from the next one: from a Sunday 13:00, 1 is Tuesday
// 13:00.
func (tt *Timetable) DaysAfter(t time.Time, n int) (time.Time, error) {
	if n == 0 {
		return tt.Deadline(t, 0)
	}
	at, err := tt.sameTime(t, n, n)
	if err != nil {
		return time.Time{}, err
	}
	if i := tt.after(at); tt.goOn || i == 0 || tt.slots[i-1].end != at {
		if at, err = tt.forward(at); err != nil {
			return time.Time{}, err
		}
	}
	return instant(at), nil
}

// DaysBefore returns the same clock time n working days before t, and the
// closing before if it is closed then. A day that is no working day counts from
// the one before.
func (tt *Timetable) DaysBefore(t time.Time, n int) (time.Time, error) {
	if n == 0 {
		return tt.LatestStart(t, 0)
	}
	at, err := tt.sameTime(t, n, -n)
	if err != nil {
		return time.Time{}, err
	}
	if i := tt.after(at); tt.goOn || i == len(tt.slots) || tt.slots[i].start != at {
		if at, err = tt.backward(at); err != nil {
			return time.Time{}, err
		}
	}
	return instant(at), nil
}

// sameTime returns the clock time of t on the day that is step working days
// away.
func (tt *Timetable) sameTime(t time.Time, n, step int) (int64, error) {
	at, err := tt.nano(t)
	if err != nil {
		return 0, err
	}
	if n < 0 {
		return 0, negative("days", strconv.Itoa(n))
	}
	i, err := tt.step(tt.dayAt(at), step)
	if err != nil {
		return 0, err
	}
	same := tt.date(i).At(calendar.ClockOf(t, tt.loc), tt.loc).Add(time.Duration(t.Nanosecond()))
	return tt.nano(same)
}

// EndOfDay returns the instant at which the n-th working day after t closes; 0
// is the one that t lies in, or the next one if its hours are over. A night
// belongs to the day on which it began. A day that is no working day counts
// from the next one.
func (tt *Timetable) EndOfDay(t time.Time, n int) (time.Time, error) {
	at, err := tt.nano(t)
	if err != nil {
		return time.Time{}, err
	}
	if n < 0 {
		return time.Time{}, negative("days", strconv.Itoa(n))
	}
	i := tt.dayAt(at)
	for j := i - 1; j >= max(0, i-2); j-- { // two, if the zone left one out
		if tt.days[j].shut > at {
			i = j
		}
	}
	if n == 0 && tt.days[i].shut != never && tt.days[i].shut < at {
		i++
	}
	if i, err = tt.step(i, n); err != nil {
		return time.Time{}, err
	}
	shut := tt.days[i].shut
	if shut > tt.to || shut < tt.from {
		return time.Time{}, tt.outside("the end of the working day")
	}
	return instant(shut), nil
}

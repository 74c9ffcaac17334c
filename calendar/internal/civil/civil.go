// Package civil turns dates and local times of calendar into the numbers of
// package wall, and back, for the packages that stand on both.
package civil

import (
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Number returns the days since 1970-01-01.
func Number(d calendar.Date) int64 { return wall.DayNumber(int64(d.Year), int(d.Month), d.Day) }

// Midnight is the start of a day in UTC, where every day has one.
func Midnight(d calendar.Date) time.Time { return wall.Unix(Number(d) * wall.SecondsADay) }

// DateShown returns the date that is shown where t is.
func DateShown(t time.Time) calendar.Date {
	y, m, day := t.Date()
	return calendar.Date{Year: y, Month: m, Day: day}
}

// DayIn is [calendar.DateOf] for any instant, the first one of the year 1 included.
func DayIn(t time.Time, loc *time.Location) calendar.Date {
	if t.IsZero() {
		return DateShown(t.In(wall.OrUTC(loc)))
	}
	return calendar.DateOf(t, loc)
}

// Second returns the seconds since 1970-01-01 00:00 on the wall.
func Second(l calendar.LocalTime) int64 { return Number(l.Date)*wall.SecondsADay + int64(l.Clock) }

// Local returns what Second was made of.
func Local(second int64) calendar.LocalTime {
	day := wall.FloorDiv(second, wall.SecondsADay)
	y, m, d := wall.DayDate(day)
	return calendar.LocalTime{
		Date:  calendar.Date{Year: int(y), Month: time.Month(m), Day: d},
		Clock: calendar.Clock(second - day*wall.SecondsADay),
	}
}

// ShownIn is [calendar.LocalTimeOf] for any instant, the first one of the year 1 included.
func ShownIn(t time.Time, loc *time.Location) calendar.LocalTime {
	t = t.In(wall.OrUTC(loc))
	return calendar.LocalTime{Date: DateShown(t), Clock: calendar.ClockOf(t, loc)}
}

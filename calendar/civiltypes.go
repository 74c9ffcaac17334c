package calendar

import "time"

// numberOf returns the days since 1970-01-01.
func numberOf(d Date) int64 { return dayNumber(int64(d.Year), int(d.Month), d.Day) }

// midnightOf is the start of a day in UTC, where every day has one.
func midnightOf(d Date) time.Time { return unix(numberOf(d) * secondsADay) }

// dateShown returns the date that is shown where t is.
func dateShown(t time.Time) Date {
	y, m, day := t.Date()
	return Date{Year: y, Month: m, Day: day}
}

// dayIn is [DateOf] for any instant, the first one of the year 1 included.
func dayIn(t time.Time, loc *time.Location) Date {
	if t.IsZero() {
		return dateShown(t.In(zone(loc)))
	}
	return DateOf(t, loc)
}

// secondOf returns the seconds since 1970-01-01 00:00 on the wall.
func secondOf(l LocalTime) int64 { return numberOf(l.Date)*secondsADay + int64(l.Clock) }

// localOf returns what secondOf was made of.
func localOf(second int64) LocalTime {
	day := floorDiv(second, secondsADay)
	y, m, d := dayDate(day)
	return LocalTime{
		Date:  Date{Year: int(y), Month: time.Month(m), Day: d},
		Clock: Clock(second - day*secondsADay),
	}
}

// shownIn is [LocalTimeOf] for any instant, the first one of the year 1 included.
func shownIn(t time.Time, loc *time.Location) LocalTime {
	t = t.In(zone(loc))
	return LocalTime{Date: dateShown(t), Clock: ClockOf(t, loc)}
}

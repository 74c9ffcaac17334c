package calendar

import "time"

// Days and seconds of a calendar on a wall, as whole numbers. A day is counted
// from 1970-01-01, a second from 1970-01-01 00:00, whatever the zone: what a
// clock shows is a number that can be added to, and [clockwork] says when it
// shows that.

// dayNumber returns the number of a day of the Gregorian calendar. The month
// is 1 to 12; the day may lie outside of it, then it counts on.
func dayNumber(year int64, month, day int) int64 {
	// Years that begin in March have the leap day at their end (Howard Hinnant,
	// chrono-Compatible Low-Level Date Algorithms).
	y, m := year, int64(month)-3
	if m < 0 {
		m += 12
		y--
	}
	era := floorDiv(y, 400)
	y -= era * 400
	return era*daysIn400Years + y*365 + y/4 - y/100 + (153*m+2)/5 + int64(day) - 1 - epochFromMarch
}

const (
	daysIn400Years = 146_097
	epochFromMarch = 719_468 // days from 0000-03-01 to 1970-01-01
)

// dayDate returns the year, month and day of a day number.
func dayDate(n int64) (year int64, month, day int) {
	n += epochFromMarch
	era := floorDiv(n, daysIn400Years)
	d := n - era*daysIn400Years
	y := (d - d/1460 + d/36_524 - d/146_096) / 365
	d -= 365*y + y/4 - y/100
	m := (5*d + 2) / 153
	year, month, day = era*400+y, int(m)+3, int(d-(153*m+2)/5)+1
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// monthLength returns the days of a month from 1 to 12.
func monthLength(year int64, month int) int {
	if month == 2 {
		if isLeap(int(year)) {
			return 29
		}
		return 28
	}
	return 30 + (month+month/8)%2
}

// yearLength returns 365 or 366.
func yearLength(year int64) int {
	if isLeap(int(year)) {
		return 366
	}
	return 365
}

// weekdayOfDay returns 0 for Sunday to 6 for Saturday.
func weekdayOfDay(n int64) int { return int(modulo(n+4, 7)) }

// lastDay is the last day that rules and rotations know: 9999-12-31.
const lastDay = 2_932_896

// floorDiv returns a/b, rounded down; b is above 0.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// modulo returns what floorDiv leaves over, from 0 up to b.
func modulo(a, b int64) int64 {
	m := a % b
	if m < 0 {
		m += b
	}
	return m
}

// unix returns the instant in UTC.
func unix(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// addMonths returns the day number of the same day n months later, or of the
// last one of that month if it is shorter.
func addMonths(y int64, m, d int, n int64) int64 {
	n += y*12 + int64(m) - 1
	y, m = floorDiv(n, 12), int(modulo(n, 12))+1
	return dayNumber(y, m, min(d, monthLength(y, m)))
}

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// divisor returns the greatest common divisor of a and b; of 0 and b it is b.
func divisor(a, b int64) int64 {
	for a != 0 {
		a, b = b%a, a
	}
	return b
}

const secondsADay = 24 * 60 * 60

// addNominal returns what a calendar and a clock show so many months and then
// days after a second of the wall.
func addNominal(second, months, days int64) int64 {
	if months == 0 {
		return second + days*secondsADay
	}
	day := floorDiv(second, secondsADay)
	y, m, d := dayDate(day)
	return (addMonths(y, m, d, months)+days)*secondsADay + second - day*secondsADay
}

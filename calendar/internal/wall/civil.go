// Package wall is the clockwork below calendar: days and seconds of a calendar on
// a wall as whole numbers, and when the clock of a zone shows them. It knows no type
// of calendar; package civil turns those into its numbers.
package wall

import "time"

// Days and seconds of a calendar on a wall, as whole numbers. A day is counted
// from 1970-01-01, a second from 1970-01-01 00:00, whatever the zone: what a
// clock shows is a number that can be added to, and a [Clockwork] says when it
// shows that.

// DayNumber returns the number of a day of the Gregorian calendar. The month
// is 1 to 12; the day may lie outside of it, then it counts on.
func DayNumber(year int64, month, day int) int64 {
	// Years that begin in March have the leap day at their end (Howard Hinnant,
	// chrono-Compatible Low-Level Date Algorithms).
	y, m := year, int64(month)-3
	if m < 0 {
		m += 12
		y--
	}
	era := FloorDiv(y, 400)
	y -= era * 400
	return era*daysIn400Years + y*365 + y/4 - y/100 + (153*m+2)/5 + int64(day) - 1 - epochFromMarch
}

const (
	daysIn400Years = 146_097
	epochFromMarch = 719_468 // days from 0000-03-01 to 1970-01-01
)

// DayDate returns the year, month and day of a day number.
func DayDate(n int64) (year int64, month, day int) {
	n += epochFromMarch
	era := FloorDiv(n, daysIn400Years)
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

// MonthLength returns the days of a month from 1 to 12.
func MonthLength(year int64, month int) int {
	if month == 2 {
		if IsLeap(int(year)) {
			return 29
		}
		return 28
	}
	return 30 + (month+month/8)%2
}

// YearLength returns 365 or 366.
func YearLength(year int64) int {
	if IsLeap(int(year)) {
		return 366
	}
	return 365
}

// WeekdayOfDay returns 0 for Sunday to 6 for Saturday.
func WeekdayOfDay(n int64) int { return int(Modulo(n+4, 7)) }

// LastDay is the last day that rules and rotations know: 9999-12-31.
const LastDay = 2_932_896

// FloorDiv returns a/b, rounded down; b is above 0.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Modulo returns what FloorDiv leaves over, from 0 up to b.
func Modulo(a, b int64) int64 {
	m := a % b
	if m < 0 {
		m += b
	}
	return m
}

// Unix returns the instant in UTC.
func Unix(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// addMonths returns the day number of the same day n months later, or of the
// last one of that month if it is shorter.
func addMonths(y int64, m, d int, n int64) int64 {
	n += y*12 + int64(m) - 1
	y, m = FloorDiv(n, 12), int(Modulo(n, 12))+1
	return DayNumber(y, m, min(d, MonthLength(y, m)))
}

// IsLeap reports whether a year has a 29 February.
func IsLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// Divisor returns the greatest common divisor of a and b; of 0 and b it is b.
func Divisor(a, b int64) int64 {
	for a != 0 {
		a, b = b%a, a
	}
	return b
}

// SecondsADay is how long a day is where no clock jumps.
const SecondsADay = 24 * 60 * 60

// AddNominal returns what a calendar and a clock show so many months and then
// days after a second of the wall.
func AddNominal(second, months, days int64) int64 {
	if months == 0 {
		return second + days*SecondsADay
	}
	day := FloorDiv(second, SecondsADay)
	y, m, d := DayDate(day)
	return (addMonths(y, m, d, months)+days)*SecondsADay + second - day*SecondsADay
}

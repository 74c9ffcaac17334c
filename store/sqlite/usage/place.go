package usage

import "time"

// A place is a page and a day in one number, so that the days of a page lie side by
// side.
const (
	dayBits  = 22
	dayShift = 1 << 20 // so that days before 1970 come before those after
)

func placeOf(page int64, day int32) int64 { return page<<dayBits + int64(day) + dayShift }

func pageOf(place int64) int64 { return place >> dayBits }

func dayOf(place int64) int32 { return int32(place&(1<<dayBits-1) - dayShift) }

const secondsPerDay = 24 * 60 * 60

// monthOf returns the number of the month of UTC that a day lies in: twelve times the
// year and the month, from 0.
func monthOf(day int32) int64 {
	y, m, _ := time.Unix(int64(day)*secondsPerDay, 0).UTC().Date()
	return int64(y)*12 + int64(m) - 1
}

// firstOf returns the first day of a month.
func firstOf(month int64) int32 {
	return int32(time.Date(int(month/12), time.Month(month%12+1), 1, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay) //nolint:gosec // G115: of the years 1 to 9999
}

// daysOf returns the days of a month: from the first to before the last.
func daysOf(month int64) (from, to int32) { return firstOf(month), firstOf(month + 1) }

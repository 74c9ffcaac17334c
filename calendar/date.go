package calendar

import (
	"cmp"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Date is a day of the Gregorian calendar, in no zone yet; as text and in JSON
// "2023-04-30". The zero Date is none, and invalid.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads "2023-04-30": digits and hyphens just so, and a day that
// exists. The error is an [*servicecoin.InvalidError].
func ParseDate(text string) (Date, error) {
	var v servicecoin.Violations
	if len(text) != 10 || text[4] != '-' || text[7] != '-' ||
		!wall.Digits(text[:4]) || !wall.Digits(text[5:7]) || !wall.Digits(text[8:]) {
		v.Add("", "bad-format", text, "must be a day as 2006-01-02")
		return Date{}, v.Err()
	}
	d := Date{Year: wall.Number(text[:4]), Month: time.Month(wall.Number(text[5:7])), Day: wall.Number(text[8:])}
	if err := d.Validate(); err != nil {
		return Date{}, err
	}
	return d, nil
}

// DateOf returns the day of loc that t lies in: the one whose [Date.In]
// contains it. That is the date on the clock, except in an hour that the clock
// repeats across midnight, which stays with the day that had begun. The zero
// time is none, and so is its date: the zero Date, which is invalid.
func DateOf(t time.Time, loc *time.Location) Date {
	if t.IsZero() {
		return Date{}
	}
	return dayAt(t, loc)
}

// dayAt is DateOf for any instant, the first one of the year 1 included.
func dayAt(t time.Time, loc *time.Location) Date {
	d := clockDate(t.In(wall.OrUTC(loc)))
	for !t.Before(d.AddDays(1).start(loc)) {
		d = d.AddDays(1)
	}
	return d
}

func clockDate(t time.Time) Date {
	y, m, day := t.Date()
	return Date{Year: y, Month: m, Day: day}
}

// String returns "2023-04-30".
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// IsZero reports whether it is the zero Date, so that omitzero leaves it out.
func (d Date) IsZero() bool { return d == Date{} }

// Validate reports a day that the calendar does not have, and a year outside
// of 1 to 9999.
func (d Date) Validate() error {
	var v servicecoin.Violations
	if d.Year < 1 || d.Year > 9999 || clockDate(d.midnight()) != d {
		v.Add("", "out-of-range", d.String(), "must be a day of the years 1 to 9999")
	}
	return v.Err()
}

// MarshalText writes what String returns, and refuses an invalid date.
func (d Date) MarshalText() ([]byte, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what [ParseDate] reads.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// Compare returns -1 if d is before other, 1 if it is after it, and 0 if they
// are the same.
func (d Date) Compare(other Date) int {
	return cmp.Or(
		cmp.Compare(d.Year, other.Year),
		cmp.Compare(d.Month, other.Month),
		cmp.Compare(d.Day, other.Day),
	)
}

// midnight is the start of the day in UTC, where every day has one.
func (d Date) midnight() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.midnight().Weekday() }

// AddDays returns the date n days later, earlier if n is negative.
func (d Date) AddDays(n int) Date {
	return clockDate(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC))
}

// AddMonths returns the same day n months later, or the last day of that month
// if it is shorter: 31 January and 1 is 28 February, and 2 is 31 March. Count
// from the first date of a series, not from the one before, or a short month
// shortens all that follow.
func (d Date) AddMonths(n int) Date {
	to := Month{Year: d.Year, Month: d.Month}.Add(n).Last()
	to.Day = min(d.Day, to.Day)
	return to
}

// In returns the instants of the day in loc: 24 hours, 23 or 25 where the clock
// is changed, none where the zone left the date out. The package comment tells
// where a day begins.
func (d Date) In(loc *time.Location) Interval {
	return Interval{Start: d.start(loc), End: d.AddDays(1).start(loc)}
}

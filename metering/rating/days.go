package rating

import (
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// DayCount is whether the last day of a stretch of days counts.
type DayCount string

// The ways to count.
const (
	EndExcluded DayCount = ""         // from the first day up to, but without, the last: 1 to 31 March are 30
	EndIncluded DayCount = "included" // with the last day, as Flexprice and Lago count: 31
)

// Days is a stretch of days by the calendar, in the zone of whose days they are.
type Days struct {
	From  calendar.Date `json:"from"`
	To    calendar.Date `json:"to"`
	Count DayCount      `json:"count,omitempty"` // whether To is one of them
}

// DaysOf returns the days of a zone that an interval touches: a day that began is one.
func DaysOf(during calendar.Interval, loc *time.Location) Days {
	if during.Empty() {
		day := calendar.DateOf(during.Start, loc)
		return Days{From: day, To: day}
	}
	return Days{From: calendar.DateOf(during.Start, loc), To: calendar.DateOf(during.End.Add(-1), loc).AddDays(1)}
}

// Validate reports every violation: the days are in order, and 100 years at most.
func (d Days) Validate() error {
	const most = 36_600
	var v servicecoin.Violations
	v.Merge("from", d.From.Validate())
	v.Merge("to", d.To.Validate())
	if d.Count != EndExcluded && d.Count != EndIncluded {
		v.Add("count", "unknown", string(d.Count), "must be included, or empty")
	}
	if err := v.Err(); err != nil {
		return err
	}
	if n := d.Len(); n < 0 || n > most {
		v.Add("to", "out-of-range", d.To.String(), fmt.Sprintf("makes %d days, between 0 and %d are allowed", n, most))
	}
	return v.Err()
}

// Len returns how many days there are.
func (d Days) Len() int {
	n := number(d.To) - number(d.From)
	if d.Count == EndIncluded {
		n++
	}
	return n
}

// number is the number of a day, from 1 January 1970.
func number(d calendar.Date) int {
	const day = 24 * 60 * 60
	return int(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix() / day)
}

// Left returns what is left of the days from one of them on, as a fraction of
// all. A day before them is the whole, one behind them nothing.
func (d Days) Left(from calendar.Date) (Fraction, error) {
	return d.Share(Days{from, d.To, d.Count}, d)
}

// Share returns so many days of these as the others have in common with them, as a
// fraction of the days of the period that a price is for: 30 days of a month are
// 30/365 of a price for the year.
func (d Days) Share(used, of Days) (Fraction, error) {
	var v servicecoin.Violations
	v.Merge("days", d.Validate())
	v.Merge("used.from", used.From.Validate())
	v.Merge("used.to", used.To.Validate())
	v.Merge("of", of.Validate())
	if err := v.Err(); err != nil {
		return Fraction{}, err
	}
	if of.Len() == 0 {
		v.Add("of", "empty", "", "has no day")
		return Fraction{}, v.Err()
	}
	first, end := max(number(d.From), number(used.From)), min(number(d.From)+d.Len(), number(used.From)+used.Len())
	return Fraction{Part: int64(max(0, end-first)), Whole: int64(of.Len())}, nil
}

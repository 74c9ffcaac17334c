package hours

import (
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Dates is one date, or several in a row, of one year or of every year. As
// text and in JSON it is "2026-12-24", "2026-12-24/2026-12-26", "12-24" for
// every year, or "12-24/01-01", which runs into the next year.
type Dates struct {
	First calendar.Date // its year is 0 where the dates come every year
	Last  calendar.Date // included; the zero Date: First alone
}

// On returns one date.
func On(d calendar.Date) Dates { return Dates{First: d} }

// Through returns the dates from first to last, both included.
func Through(first, last calendar.Date) Dates { return Dates{First: first, Last: last} }

// Yearly returns a day of every year. 29 February is one of leap years.
func Yearly(month time.Month, day int) Dates {
	return Dates{First: calendar.Date{Month: month, Day: day}}
}

// ParseDates reads what [Dates.String] writes. The error is an
// [*servicecoin.InvalidError].
func ParseDates(text string) (Dates, error) {
	var v servicecoin.Violations
	var d Dates
	first, last, several := strings.Cut(text, "/")
	ok := parseDay(first, &d.First)
	if several {
		ok = parseDay(last, &d.Last) && ok && len(first) == len(last)
	}
	if !ok {
		v.Add("", "bad-format", text, "must be a day as 2026-12-24 or, for every year, 12-24, or two with a slash between them")
		return Dates{}, v.Err()
	}
	if err := d.Validate(); err != nil {
		return Dates{}, err
	}
	return d, nil
}

// parseDay reads "2006-01-02" and "01-02", whether there is such a day or not,
// but no zeros, which stand for none.
func parseDay(text string, d *calendar.Date) bool {
	if len(text) == len("2006-01-02") && text[4] == '-' && wall.Digits(text[:4]) {
		if d.Year = wall.Number(text[:4]); d.Year == 0 {
			return false
		}
		text = text[5:]
	}
	if len(text) != len("01-02") || text[2] != '-' || !wall.Digits(text[:2]) || !wall.Digits(text[3:]) {
		return false
	}
	d.Month, d.Day = time.Month(wall.Number(text[:2])), wall.Number(text[3:])
	return d.Month > 0 && d.Day > 0
}

// Yearly reports whether the dates come every year.
func (d Dates) Yearly() bool { return d.First.Year == 0 && !d.IsZero() }

// IsZero reports whether it is the zero Dates, so that omitzero leaves it out.
func (d Dates) IsZero() bool { return d == Dates{} }

// last is Last, or First where that is all.
func (d Dates) last() calendar.Date {
	if d.Last.IsZero() {
		return d.First
	}
	return d.Last
}

// String returns "2026-12-24", "12-24", or two of them with a slash.
func (d Dates) String() string {
	text := dayText(d.First)
	if !d.Last.IsZero() {
		text += "/" + dayText(d.Last)
	}
	return text
}

func dayText(d calendar.Date) string {
	if d.Year == 0 {
		return fmt.Sprintf("%02d-%02d", int(d.Month), d.Day)
	}
	return d.String()
}

// Validate reports days that the calendar does not have, a last date before
// the first one, and one date with a year beside one without.
func (d Dates) Validate() error {
	const leap = 2000
	var v servicecoin.Violations
	if d.IsZero() {
		v.Add("", "required", "", "must be set")
		return v.Err()
	}
	if (d.First.Year == 0) != (d.last().Year == 0) {
		v.Add("", "bad-format", d.String(), "must have a year in both dates or in none")
		return v.Err()
	}
	for _, day := range []calendar.Date{d.First, d.last()} {
		on := day
		if d.Yearly() {
			on.Year = leap
		}
		if on.Validate() != nil {
			v.Add("", "out-of-range", dayText(day), "must be a day of the calendar")
			return v.Err()
		}
	}
	if !d.Yearly() && d.last().Compare(d.First) < 0 {
		v.Add("", "reversed", d.String(), "must not end before it begins")
	}
	return v.Err()
}

// Contains reports whether the date is one of them.
func (d Dates) Contains(day calendar.Date) bool {
	if !d.Yearly() {
		return d.First.Compare(day) <= 0 && day.Compare(d.last()) <= 0
	}
	day.Year = 0
	first, last := d.First.Compare(day) <= 0, day.Compare(d.last()) <= 0
	if d.last().Compare(d.First) < 0 { // over the turn of the year
		return first || last
	}
	return first && last
}

// MarshalText writes what String returns, and refuses invalid dates.
func (d Dates) MarshalText() ([]byte, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what [ParseDates] reads.
func (d *Dates) UnmarshalText(text []byte) error {
	parsed, err := ParseDates(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// between calls fn with the day numbers of the first and the last date of each
// row of them that overlaps the dates from first to last, for yearly ones with
// the year in which the row begins.
func (d Dates) between(first, last calendar.Date, fn func(year int, from, to int64)) {
	least, most := civil.Number(first), civil.Number(last)
	if !d.Yearly() {
		if from, to := civil.Number(d.First), civil.Number(d.last()); from <= most && least <= to {
			fn(d.First.Year, from, to)
		}
		return
	}
	start, end := d.First, d.last()
	over := 0 // the last date is one of the year after
	if end.Compare(start) < 0 {
		over = 1
	}
	for year := first.Year - 1; year <= last.Year; year++ {
		start.Year, end.Year = year, year+over
		from := civil.Number(start)
		to := from
		if !d.Last.IsZero() || end.Day == leapDay {
			to = civil.Number(endOfFebruary(end))
		}
		if from <= to && from <= most && least <= to {
			fn(year, from, to)
		}
	}
}

// leapDay is the day of February that not every year has.
const leapDay = 29

// endOfFebruary returns 28 February for a 29th that its year does not have.
func endOfFebruary(d calendar.Date) calendar.Date {
	if d.Day < leapDay {
		return d
	}
	to := calendar.Month{Year: d.Year, Month: d.Month}.Last()
	to.Day = min(d.Day, to.Day)
	return to
}

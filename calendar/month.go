package calendar

import (
	"cmp"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Month is a month of the Gregorian calendar, in no zone yet; as text and in
// JSON "2023-04". The zero Month is none, and invalid.
type Month struct {
	Year  int
	Month time.Month
}

// ParseMonth reads "2023-04": four digits, a hyphen, two digits, nothing else.
// The error is an [*servicecoin.InvalidError].
func ParseMonth(text string) (Month, error) {
	var v servicecoin.Violations
	if len(text) != 7 || text[4] != '-' || !wall.Digits(text[:4]) || !wall.Digits(text[5:]) {
		v.Add("", "bad-format", text, "must be a month as 2006-01")
		return Month{}, v.Err()
	}
	m := Month{Year: wall.Number(text[:4]), Month: time.Month(wall.Number(text[5:]))}
	if err := m.Validate(); err != nil {
		return Month{}, err
	}
	return m, nil
}

// MonthOf returns the month of loc that t lies in: the one whose
// [Month.In] contains it. The zero time is none, and so is its month: the zero
// Month, which is invalid.
func MonthOf(t time.Time, loc *time.Location) Month {
	d := DateOf(t, loc)
	return Month{Year: d.Year, Month: d.Month}
}

// String returns "2023-04".
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m.Year, int(m.Month)) }

// Words returns "April 2023".
func (m Month) Words() string { return fmt.Sprintf("%s %04d", m.Month, m.Year) }

// IsZero reports whether it is the zero Month, so that omitzero leaves it out.
func (m Month) IsZero() bool { return m == Month{} }

// Validate reports a year outside of 1 to 9999 and a month outside of 1 to 12.
func (m Month) Validate() error {
	var v servicecoin.Violations
	if m.Year < 1 || m.Year > 9999 || m.Month < time.January || m.Month > time.December {
		v.Add("", "out-of-range", m.String(), "must be a month of the years 1 to 9999")
	}
	return v.Err()
}

// MarshalText writes what String returns, and refuses an invalid month.
func (m Month) MarshalText() ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return []byte(m.String()), nil
}

// UnmarshalText reads what [ParseMonth] reads.
func (m *Month) UnmarshalText(text []byte) error {
	parsed, err := ParseMonth(string(text))
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

// Compare returns -1 if m is before other, 1 if it is after it, and 0 if they
// are the same.
func (m Month) Compare(other Month) int {
	return cmp.Or(cmp.Compare(m.Year, other.Year), cmp.Compare(m.Month, other.Month))
}

// Add returns the month n months later, earlier if n is negative.
func (m Month) Add(n int) Month {
	const year = 12
	n += int(m.Month) - 1
	m.Year += n / year
	n %= year
	if n < 0 {
		n += year
		m.Year--
	}
	m.Month = time.Month(n + 1)
	return m
}

// Next returns the month after m.
func (m Month) Next() Month { return m.Add(1) }

// Previous returns the month before m.
func (m Month) Previous() Month { return m.Add(-1) }

// Days returns how many days it has on paper, 28 to 31; a zone may have
// left one out.
func (m Month) Days() int { return m.Last().Day }

// First returns day 1 of it.
func (m Month) First() Date { return Date{Year: m.Year, Month: m.Month, Day: 1} }

// Last returns its last day.
func (m Month) Last() Date { return m.Next().First().AddDays(-1) }

// Contains reports whether the day is one of the month.
func (m Month) Contains(d Date) bool { return d.Year == m.Year && d.Month == m.Month }

// In returns the instants of the month in loc, from the first of its first day
// up to the first of the next month's. A jump of the clock at midnight is
// followed to where it lands.
func (m Month) In(loc *time.Location) Interval {
	return Interval{Start: m.First().start(loc), End: m.Next().First().start(loc)}
}

package recur

import (
	"fmt"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// When is a point of a rule as RFC 5545 writes it: a local time in the zone of
// the rule, an instant in UTC, or a whole day. In JSON it is
// "2026-01-05T09:00", "2026-01-05T09:00Z" or "2026-01-05". The zero When is none.
type When struct {
	Local calendar.LocalTime
	UTC   bool // the clock is that of UTC, whatever the zone of the rule
	Whole bool // a day: the clock is 00:00, and the zone that of the rule
}

// At returns the local time, in the zone of the rule.
func At(l calendar.LocalTime) When { return When{Local: l} }

// WholeDay returns the day.
func WholeDay(d calendar.Date) When { return When{Local: calendar.LocalTime{Date: d}, Whole: true} }

// ParseWhen reads what [When.String] writes. The error is an
// [*servicecoin.InvalidError].
func ParseWhen(text string) (When, error) {
	if len(text) == len("2006-01-02") {
		d, err := calendar.ParseDate(text)
		if err != nil {
			return When{}, err
		}
		return WholeDay(d), nil
	}
	clock, utc := strings.CutSuffix(text, "Z")
	l, err := calendar.ParseLocalTime(clock)
	if err != nil {
		return When{}, err
	}
	return When{Local: l, UTC: utc}, nil
}

// String returns "2026-01-05T09:00", "2026-01-05T09:00Z" or "2026-01-05".
func (w When) String() string {
	switch {
	case w.Whole:
		return w.Local.Date.String()
	case w.UTC:
		return w.Local.String() + "Z"
	default:
		return w.Local.String()
	}
}

// IsZero reports whether it is the zero When, so that omitzero leaves it out.
func (w When) IsZero() bool { return w == When{} }

// Validate reports what [calendar.LocalTime.Validate] reports, and a whole day with a
// clock or in UTC.
func (w When) Validate() error {
	var v servicecoin.Violations
	v.Merge("", w.Local.Validate())
	if w.Whole && (w.UTC || w.Local.Clock != calendar.StartOfDay) {
		v.Add("", "bad-format", w.Local.String(), "must have neither clock nor zone where it is a whole day")
	}
	return v.Err()
}

// MarshalText writes what String returns, and refuses an invalid one.
func (w When) MarshalText() ([]byte, error) {
	if err := w.Validate(); err != nil {
		return nil, err
	}
	return []byte(w.String()), nil
}

// UnmarshalText reads what [ParseWhen] reads.
func (w *When) UnmarshalText(text []byte) error {
	parsed, err := ParseWhen(string(text))
	if err != nil {
		return err
	}
	*w = parsed
	return nil
}

// form names what it is, for messages.
func (w When) form() string {
	switch {
	case w.Whole:
		return "a date such as 20260105"
	case w.UTC:
		return "a time in UTC such as 20260105T090000Z"
	default:
		return "a local time such as 20260105T090000"
	}
}

// sameForm reports whether both are days, or both in UTC, or neither.
func (w When) sameForm(other When) bool { return w.Whole == other.Whole && w.UTC == other.UTC }

// code returns the value as RFC 5545 writes it: 20260105T090000Z.
func (w When) code() string {
	d, c := w.Local.Date, int(w.Local.Clock)
	text := fmt.Sprintf("%04d%02d%02d", d.Year, int(d.Month), d.Day)
	if w.Whole {
		return text
	}
	text += fmt.Sprintf("T%02d%02d%02d", c/3600, c/60%60, c%60)
	if w.UTC {
		text += "Z"
	}
	return text
}

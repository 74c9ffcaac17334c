package calendar

import (
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Clock is a time of day as a clock on the wall shows it, in seconds since
// midnight: 0 to 86,400, which is 24:00, the end of the day. As text and in
// JSON it is "09:30", with seconds if it has any.
type Clock int

// Midnight at both ends of a day.
const (
	StartOfDay Clock = 0
	EndOfDay   Clock = wall.SecondsADay
)

// ClockAt returns the time of day: ClockAt(9, 30) is 09:30. It takes any
// numbers: [Clock.Validate] tells whether a clock shows them.
func ClockAt(hour, minute int) Clock { return Clock((hour*60 + minute) * 60) }

// ParseClock reads "09:30", "9:30" and "09:30:15", up to "24:00". The error is
// an [*servicecoin.InvalidError].
func ParseClock(text string) (Clock, error) {
	var v servicecoin.Violations
	parts := strings.Split(text, ":")
	ok := len(parts) == 2 || len(parts) == 3
	for i, p := range parts {
		ok = ok && wall.Digits(p) && (len(p) == 2 || i == 0 && len(p) == 1)
	}
	if !ok {
		v.Add("", "bad-format", text, "must be a time of day as 09:30")
		return 0, v.Err()
	}
	hour, minute, second := wall.Number(parts[0]), wall.Number(parts[1]), 0
	if len(parts) == 3 {
		second = wall.Number(parts[2])
	}
	c := ClockAt(hour, minute) + Clock(second)
	if minute > 59 || second > 59 || c > EndOfDay {
		v.Add("", "out-of-range", text, "must be a time of day from 00:00 to 24:00")
		return 0, v.Err()
	}
	return c, nil
}

// ClockOf returns the time of day that the clock of loc shows at t, cut to the
// second.
func ClockOf(t time.Time, loc *time.Location) Clock {
	hour, minute, second := t.In(wall.OrUTC(loc)).Clock()
	return ClockAt(hour, minute) + Clock(second)
}

// String returns "09:30", and "09:30:15" where there are seconds.
func (c Clock) String() string {
	hour, minute, second := int(c)/3600, int(c)/60%60, int(c)%60
	if second != 0 {
		return fmt.Sprintf("%02d:%02d:%02d", hour, minute, second)
	}
	return fmt.Sprintf("%02d:%02d", hour, minute)
}

// Validate reports a time outside of 00:00 to 24:00.
func (c Clock) Validate() error {
	var v servicecoin.Violations
	if c < StartOfDay || c > EndOfDay {
		v.Add("", "out-of-range", fmt.Sprintf("%d s", int(c)), "must be a time of day from 00:00 to 24:00")
	}
	return v.Err()
}

// MarshalText writes what String returns, and refuses an invalid time.
func (c Clock) MarshalText() ([]byte, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return []byte(c.String()), nil
}

// UnmarshalText reads what [ParseClock] reads.
func (c *Clock) UnmarshalText(text []byte) error {
	parsed, err := ParseClock(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}

// ClockSpan is a stretch of a day by the clock, from Open up to, but without,
// Close. One whose Close is not after its Open runs past midnight into the
// next day: 22:00-06:00 is a night, 09:00-09:00 a day and a night. As text and
// in JSON it is "09:00-17:30".
type ClockSpan struct {
	Open  Clock // before 24:00
	Close Clock
}

// AllDay returns 00:00-24:00: 24 hours, 23 or 25 where the clock is changed.
func AllDay() ClockSpan { return ClockSpan{Open: StartOfDay, Close: EndOfDay} }

// ParseClockSpan reads "09:00-17:30". The error is an
// [*servicecoin.InvalidError].
func ParseClockSpan(text string) (ClockSpan, error) {
	var v servicecoin.Violations
	first, second, found := strings.Cut(text, "-")
	if !found {
		v.Add("", "bad-format", text, "must be two times of day as 09:00-17:30")
		return ClockSpan{}, v.Err()
	}
	var s ClockSpan
	var err error
	s.Open, err = ParseClock(first)
	v.Merge("", err)
	s.Close, err = ParseClock(second)
	v.Merge("", err)
	if err := v.Err(); err != nil {
		return ClockSpan{}, err
	}
	return s, s.Validate()
}

// String returns "09:00-17:30".
func (s ClockSpan) String() string { return s.Open.String() + "-" + s.Close.String() }

// Overnight reports whether the span runs past midnight.
func (s ClockSpan) Overnight() bool { return s.Close <= s.Open }

// Validate reports times that no clock shows, and an Open of 24:00, which is
// the next day's 00:00.
func (s ClockSpan) Validate() error {
	var v servicecoin.Violations
	v.Merge("open", s.Open.Validate())
	v.Merge("close", s.Close.Validate())
	if s.Open == EndOfDay {
		v.Add("open", "out-of-range", s.String(), "must open before 24:00, which is 00:00 of the next day")
	}
	return v.Err()
}

// MarshalText writes what String returns, and refuses an invalid span.
func (s ClockSpan) MarshalText() ([]byte, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return []byte(s.String()), nil
}

// UnmarshalText reads what [ParseClockSpan] reads.
func (s *ClockSpan) UnmarshalText(text []byte) error {
	parsed, err := ParseClockSpan(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// At returns the instant, in UTC, at which the clock of loc shows this date
// and time, the first of two where it shows them twice. A time that the clock
// jumps over moves on by as much as the clock does: 02:30 becomes 03:30. 24:00
// is 00:00 of the next day.
func (d Date) At(c Clock, loc *time.Location) time.Time {
	z := wall.NewClockwork(loc)
	return time.Unix(z.Instant(d.number()*wall.SecondsADay+int64(c)), 0).UTC()
}

// number returns the days since 1970-01-01.
func (d Date) number() int64 { return d.midnight().Unix() / wall.SecondsADay }

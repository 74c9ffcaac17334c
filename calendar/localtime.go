package calendar

import (
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// LocalTime is a date and a time of day, as a calendar and a clock on the wall
// show them: in no zone yet, so it is no instant. As text and in JSON it is
// "2026-01-05T09:00", with seconds if it has any. The zero LocalTime is none,
// and invalid.
type LocalTime struct {
	Date  Date
	Clock Clock // before 24:00
}

// ParseLocalTime reads "2026-01-05T09:00", also with a space instead of the T
// and with seconds. The error is an [*servicecoin.InvalidError].
func ParseLocalTime(text string) (LocalTime, error) {
	var v servicecoin.Violations
	const day = len("2006-01-02")
	if len(text) <= day || text[day] != 'T' && text[day] != ' ' {
		v.Add("", "bad-format", text, "must be a date and a time of day as 2006-01-02T15:04")
		return LocalTime{}, v.Err()
	}
	var l LocalTime
	var err error
	l.Date, err = ParseDate(text[:day])
	v.Merge("", err)
	l.Clock, err = ParseClock(text[day+1:])
	v.Merge("", err)
	if v.Err() == nil {
		v.Merge("", l.Validate())
	}
	if err := v.Err(); err != nil {
		return LocalTime{}, err
	}
	return l, nil
}

// LocalTimeOf returns what the calendar and the clock of loc show at t, cut to
// the second. The zero time is none, and so is its local time.
func LocalTimeOf(t time.Time, loc *time.Location) LocalTime {
	if t.IsZero() {
		return LocalTime{}
	}
	return shownAt(t, loc)
}

// shownAt is LocalTimeOf for any instant, the first one of the year 1 included.
func shownAt(t time.Time, loc *time.Location) LocalTime {
	t = t.In(wall.OrUTC(loc))
	return LocalTime{Date: clockDate(t), Clock: ClockOf(t, loc)}
}

// String returns "2026-01-05T09:00".
func (l LocalTime) String() string { return l.Date.String() + "T" + l.Clock.String() }

// IsZero reports whether it is the zero LocalTime, so that omitzero leaves it
// out.
func (l LocalTime) IsZero() bool { return l == LocalTime{} }

// Validate reports a day that the calendar does not have and a time that no
// clock shows. 24:00 is the next day's 00:00, and refused.
func (l LocalTime) Validate() error {
	var v servicecoin.Violations
	v.Merge("", l.Date.Validate())
	v.Merge("", l.Clock.Validate())
	if l.Clock == EndOfDay {
		v.Add("", "out-of-range", l.String(), "must be 00:00 of the next day instead of 24:00")
	}
	return v.Err()
}

// MarshalText writes what String returns, and refuses an invalid time.
func (l LocalTime) MarshalText() ([]byte, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	return []byte(l.String()), nil
}

// UnmarshalText reads what [ParseLocalTime] reads.
func (l *LocalTime) UnmarshalText(text []byte) error {
	parsed, err := ParseLocalTime(string(text))
	if err != nil {
		return err
	}
	*l = parsed
	return nil
}

// Compare returns -1 if l is before other, 1 if it is after it, and 0 if they
// are the same.
func (l LocalTime) Compare(other LocalTime) int {
	if c := l.Date.Compare(other.Date); c != 0 {
		return c
	}
	return int(min(1, max(-1, l.Clock-other.Clock)))
}

// In returns the instants, in UTC and in order, at which the clock of loc shows
// the local time: one, or two where the clock is set back and the policy asks
// for both, or none where it is jumped over and the policy skips it. Empty
// policies are their defaults. A nil loc means UTC.
func (l LocalTime) In(loc *time.Location, gap GapPolicy, twice TwicePolicy) []time.Time {
	z := wall.NewClockwork(loc)
	local := l.second()
	u, jumped := z.Find(local)
	if jumped {
		switch gap {
		case SkipGap:
			return nil
		case AfterGap:
			u = z.End
		case ShiftByGap:
		}
		return []time.Time{wall.Unix(u)}
	}
	if twice == LastOfTwo || twice == BothOfTwo {
		if again, is := z.Again(local); is && twice == LastOfTwo {
			u = again
		} else if is {
			return []time.Time{wall.Unix(u), wall.Unix(again)}
		}
	}
	return []time.Time{wall.Unix(u)}
}

// second returns the seconds since 1970-01-01 00:00 on the wall.
func (l LocalTime) second() int64 {
	return wall.DayNumber(int64(l.Date.Year), int(l.Date.Month), l.Date.Day)*wall.SecondsADay + int64(l.Clock)
}

// localTime returns what second was made of.
func localTime(second int64) LocalTime {
	day := wall.FloorDiv(second, wall.SecondsADay)
	y, m, d := wall.DayDate(day)
	return LocalTime{
		Date:  Date{Year: int(y), Month: time.Month(m), Day: d},
		Clock: Clock(second - day*wall.SecondsADay),
	}
}

// GapPolicy says what becomes of a local time that the clock jumps over, when
// it is set forward.
type GapPolicy string

// The gap policies. The default of each use says which it is.
const (
	ShiftByGap GapPolicy = "shift" // later by as much as the clock jumps: 02:30 is 03:30, as RFC 5545 3.3.5 has it
	AfterGap   GapPolicy = "after" // the first instant after the jump: 02:30 is 03:00
	SkipGap    GapPolicy = "skip"  // it does not come, and is not counted, as RFC 5545 3.3.10 has it
)

// TwicePolicy says which is meant of a local time that the clock shows twice,
// when it is set back.
type TwicePolicy string

// The policies for what the clock shows twice.
const (
	FirstOfTwo TwicePolicy = "first" // the default
	LastOfTwo  TwicePolicy = "last"
	BothOfTwo  TwicePolicy = "both"
)

// Validate reports a policy that is none. The empty one is the default.
func (p GapPolicy) Validate() error {
	var v servicecoin.Violations
	switch p {
	case "", ShiftByGap, AfterGap, SkipGap:
	default:
		v.Add("", "unknown", string(p), "must be shift, after or skip")
	}
	return v.Err()
}

// Validate reports a policy that is none. The empty one is the default.
func (p TwicePolicy) Validate() error {
	var v servicecoin.Violations
	switch p {
	case "", FirstOfTwo, LastOfTwo, BothOfTwo:
	default:
		v.Add("", "unknown", string(p), "must be first, last or both")
	}
	return v.Err()
}

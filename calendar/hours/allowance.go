package hours

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Allowance is how long somebody has to do something, in one of the three
// measures that all are called days: so many hours of work, the same time so
// many working days later, or the end of a working day. It is what a contract
// says; a [Timetable] makes an instant of it. As text and in JSON it is
// "8h30m", "2 working days", "end of working day 2".
type Allowance struct {
	Measure Measure
	Work    time.Duration // of WorkingTime
	Days    int           // of the others
}

// Measure is what an [Allowance] counts.
type Measure string

// The measures.
const (
	InWorkingTime  Measure = "working-time"   // see [Timetable.Deadline]
	InWorkingDays  Measure = "working-days"   // the same clock time: see [Timetable.DaysAfter]
	ToEndOfWorkDay Measure = "end-of-workday" // see [Timetable.EndOfDay]
)

// WorkingTime allows so many hours of work: a day of 8 hours is 8 hours, one of
// 24 is 24.
func WorkingTime(d time.Duration) Allowance { return Allowance{Measure: InWorkingTime, Work: d} }

// WorkingDays allows until the same clock time n working days later.
func WorkingDays(n int) Allowance { return Allowance{Measure: InWorkingDays, Days: n} }

// EndOfWorkingDay allows until the hours of the n-th working day after this one
// are over; 0 is this one.
func EndOfWorkingDay(n int) Allowance { return Allowance{Measure: ToEndOfWorkDay, Days: n} }

// Due returns the instant at which what was started is due.
func (a Allowance) Due(tt *Timetable, start time.Time) (time.Time, error) {
	if err := a.Validate(); err != nil {
		return time.Time{}, err
	}
	switch a.Measure {
	case InWorkingDays:
		return tt.DaysAfter(start, a.Days)
	case ToEndOfWorkDay:
		return tt.EndOfDay(start, a.Days)
	case InWorkingTime:
	}
	return tt.Deadline(start, a.Work)
}

const (
	daysText = " working days"
	dayText1 = "1 working day"
	endText  = "end of working day "
	maxDays  = 100_000
)

// ParseAllowance reads what [Allowance.String] writes, and every duration that
// time.ParseDuration reads. The error is an [*servicecoin.InvalidError]: "1 day"
// is one, since it may mean three things.
func ParseAllowance(text string) (Allowance, error) {
	var v servicecoin.Violations
	var a Allowance
	days, isDays := strings.CutSuffix(text, daysText)
	end, isEnd := strings.CutPrefix(text, endText)
	d, err := time.ParseDuration(text)
	switch {
	case text == dayText1:
		a = WorkingDays(1)
	case isDays && count(days, &a.Days):
		a.Measure = InWorkingDays
	case isEnd && count(end, &a.Days):
		a.Measure = ToEndOfWorkDay
	case err == nil:
		a = WorkingTime(d)
	default:
		v.Add("", "bad-format", text, `must be working time as "8h30m", "2 working days" or "end of working day 2"`)
		return Allowance{}, v.Err()
	}
	if err := a.Validate(); err != nil {
		return Allowance{}, err
	}
	return a, nil
}

// count reads a number of up to six digits.
func count(text string, n *int) bool {
	if text == "" || len(text) > 6 || !wall.Digits(text) {
		return false
	}
	var err error
	*n, err = strconv.Atoi(text)
	return err == nil
}

// String returns "8h30m", "2 working days", "end of working day 2".
func (a Allowance) String() string {
	switch a.Measure {
	case InWorkingDays:
		if a.Days == 1 {
			return dayText1
		}
		return strconv.Itoa(a.Days) + daysText
	case ToEndOfWorkDay:
		return endText + strconv.Itoa(a.Days)
	case InWorkingTime:
	}
	text := a.Work.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Validate reports an unknown measure, and time or days that are negative,
// too many, or of the other measure.
func (a Allowance) Validate() error {
	var v servicecoin.Violations
	switch a.Measure {
	case InWorkingTime:
		if a.Work < 0 {
			v.Add("work", "negative", a.Work.String(), "must not be negative")
		}
		if a.Days != 0 {
			v.Add("days", "unexpected", strconv.Itoa(a.Days), "must not stand beside working time")
		}
	case InWorkingDays, ToEndOfWorkDay:
		if a.Days < 0 || a.Days > maxDays {
			v.Add("days", "out-of-range", strconv.Itoa(a.Days), fmt.Sprintf("must be 0 to %d", maxDays))
		}
		if a.Work != 0 {
			v.Add("work", "unexpected", a.Work.String(), "must not stand beside working days")
		}
	default:
		v.Add("measure", "unknown", string(a.Measure), "must be working-time, working-days or end-of-workday")
	}
	return v.Err()
}

// MarshalText writes what String returns, and refuses an invalid allowance.
func (a Allowance) MarshalText() ([]byte, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	return []byte(a.String()), nil
}

// UnmarshalText reads what [ParseAllowance] reads.
func (a *Allowance) UnmarshalText(text []byte) error {
	parsed, err := ParseAllowance(string(text))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

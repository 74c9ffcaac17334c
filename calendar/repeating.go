package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Repeating is a stretch of time that is repeated: one period from Start, and
// Repeats more of them, each beginning where the one before ends. As text and
// in JSON it is a repeating interval of ISO 8601, "R3/2022-01-31T00:00:00Z/P1M",
// of which all is in UTC. It is counted from the start, so a short month
// shortens no other: 31 January, 28 February, 31 March.
type Repeating struct {
	Repeats int       // after the first one
	Start   time.Time // in UTC
	Period  Period
}

// maxRepeats is the most repetitions of a [Repeating].
const maxRepeats = 1_000_000

// ParseRepeating reads "R3/start/period", "R3/period/end" and "R3/start/end",
// with instants as in RFC 3339. An end is that of the last repetition, and the
// whole is cut into equal parts in the last form. The error is an
// [*servicecoin.InvalidError].
func ParseRepeating(text string) (Repeating, error) {
	var v servicecoin.Violations
	var r Repeating
	parts := strings.Split(text, "/")
	if len(parts) != 3 || !strings.HasPrefix(parts[0], "R") {
		v.Add("", "bad-format", text, "must be a repeating interval such as R3/2022-01-31T00:00:00Z/P1M")
		return r, v.Err()
	}
	n, err := strconv.Atoi(parts[0][1:])
	if err != nil || !digits(parts[0][1:]) || n > maxRepeats {
		v.Add("repeats", "bad-format", parts[0], fmt.Sprintf("must be R and a number of repetitions from 0 to %d", maxRepeats))
	}
	r.Repeats = n
	var end time.Time
	for i, path := range []string{"start", "end"} {
		part := parts[i+1]
		if strings.HasPrefix(part, "P") {
			if !r.Period.IsZero() {
				v.Add(path, "bad-format", part, "must be an instant: there is a period already")
				continue
			}
			r.Period, err = ParsePeriod(part)
			v.Merge("period", err)
			continue
		}
		t, err := time.Parse(time.RFC3339, part)
		switch {
		case err != nil:
			v.Add(path, "bad-format", part, "must be an instant as in RFC 3339, or a period such as P1M")
		case i == 0:
			r.Start = t.UTC()
		default:
			end = t.UTC()
		}
	}
	if err := v.Err(); err != nil {
		return Repeating{}, err
	}
	switch {
	case r.Period.IsZero() && !end.IsZero():
		r.Period.Exact = end.Sub(r.Start) / time.Duration(n+1)
	case !end.IsZero() && !r.Period.fits(n+1, 0):
		v.Add("", "out-of-range", text, "must lie in the years 1 to 9999")
		return Repeating{}, v.Err()
	case !end.IsZero():
		all := r.Period.Times(n + 1)
		back := Period{Years: -all.Years, Months: -all.Months, Days: -all.Days}
		r.Start = back.After(end.Add(-all.Exact), time.UTC)
	}
	if err := r.Validate(); err != nil {
		return Repeating{}, err
	}
	return r, nil
}

// String returns "R3/2022-01-31T00:00:00Z/P1M".
func (r Repeating) String() string {
	return "R" + strconv.Itoa(r.Repeats) + "/" + r.Start.UTC().Format(time.RFC3339Nano) + "/" + r.Period.String()
}

// Validate reports a negative number of repetitions, a missing start, a period
// of no length, and an end beyond the year 9999.
func (r Repeating) Validate() error {
	var v servicecoin.Violations
	if r.Repeats < 0 || r.Repeats > maxRepeats {
		v.Add("repeats", "out-of-range", strconv.Itoa(r.Repeats), fmt.Sprintf("must be 0 to %d", maxRepeats))
	}
	v.Time("start", r.Start)
	v.Merge("period", r.Period.Validate())
	if r.Period.IsZero() {
		v.Add("period", "required", "", "must have a length")
	}
	if v.Err() == nil && (!r.Period.fits(r.Repeats+1, r.Start.UTC().Year()) || r.End().Year() > 9999) {
		v.Add("", "out-of-range", r.String(), "must end in the years 1 to 9999")
	}
	return v.Err()
}

// fits reports whether n periods from a year on may end before the year 10000,
// so that the end can be computed to see.
func (p Period) fits(n, year int) bool {
	exact := p.Exact.Seconds() / (365.25 * secondsADay) * float64(n)
	years := (float64(p.Years) + float64(p.Months)/12 + float64(p.Days)/365.25) * float64(n)
	return exact < 290 && float64(year)+exact+years < 10_010
}

// MarshalText writes what String returns, and refuses an invalid interval.
func (r Repeating) MarshalText() ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return []byte(r.String()), nil
}

// UnmarshalText reads what [ParseRepeating] reads.
func (r *Repeating) UnmarshalText(text []byte) error {
	parsed, err := ParseRepeating(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}

// End returns the end of the last repetition.
func (r Repeating) End() time.Time { return r.Period.Times(r.Repeats+1).After(r.Start, time.UTC) }

// Interval returns the n-th period, counted from 0.
func (r Repeating) Interval(n int) Interval {
	return Interval{
		Start: r.Period.Times(n).After(r.Start, time.UTC),
		End:   r.Period.Times(n+1).After(r.Start, time.UTC),
	}
}

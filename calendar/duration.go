package calendar

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// longestDuration is the longest duration that is taken for one.
const longestDuration = 100 * 365 * dayOfClock

// dayOfClock is a day as a duration counts it.
const dayOfClock = 24 * time.Hour

// Duration is a length of time in whole seconds that somebody sets, and that may
// be undefined: a recovery target, a lead time. The zero Duration is undefined,
// which is not the same as no time at all: a target of 0 seconds allows no loss.
//
// In JSON it is a text as ISO 8601 has it, "PT36H", or null. It is real time that
// passes: days and weeks are read as 24 and 168 hours, years and months, whose
// length varies, are refused. What follows the calendar is a [Period], what was
// measured an [Elapsed].
//
// There is no IsZero on purpose: with omitzero it would make 0 seconds vanish.
type Duration struct {
	length  time.Duration
	defined bool
}

// Within returns a defined duration, cut to whole seconds.
func Within(d time.Duration) Duration {
	return Duration{length: d.Truncate(time.Second), defined: true}
}

// Defined reports whether it is a length of time at all.
func (d Duration) Defined() bool { return d.defined }

// Get returns the length, false if it is undefined.
func (d Duration) Get() (time.Duration, bool) { return d.length, d.defined }

// Equal reports whether both are the same length, or both undefined.
func (d Duration) Equal(other Duration) bool { return d == other }

// String returns "4h0m0s", or "undefined".
func (d Duration) String() string {
	if !d.defined {
		return "undefined"
	}
	return d.length.String()
}

// Validate reports a negative duration, and one of more than a hundred years.
// An undefined one is valid.
func (d Duration) Validate() error {
	var v servicecoin.Violations
	switch {
	case d.length < 0:
		v.Add("", "negative", d.String(), "must not be negative")
	case d.length > longestDuration:
		v.Add("", "out-of-range", d.String(), "must be a hundred years at most")
	}
	return v.Err()
}

// MarshalJSON writes an ISO 8601 duration of hours, minutes and seconds, null if
// it is undefined. It refuses what [Duration.Validate] reports.
func (d Duration) MarshalJSON() ([]byte, error) {
	if err := d.Validate(); err != nil || !d.defined {
		return []byte("null"), err
	}
	return json.Marshal(Period{Exact: d.length}.String())
}

// UnmarshalJSON reads an ISO 8601 duration, or null. Years, months, parts of a
// second and numbers are refused, and so is what [Duration.Validate] reports.
func (d *Duration) UnmarshalJSON(data []byte) error {
	const want = "must be an ISO 8601 duration of days, hours, minutes and seconds, such as PT36H, or null"
	var read Duration
	if data = bytes.TrimSpace(data); !bytes.Equal(data, []byte("null")) {
		var text string
		var v servicecoin.Violations
		if err := json.Unmarshal(data, &text); err != nil {
			v.Add("", "bad-format", string(data), want)
			return v.Err()
		}
		p, err := ParsePeriod(text)
		if err != nil || p.Years != 0 || p.Months != 0 {
			v.Add("", "bad-format", text, want)
			return v.Err()
		}
		if p.Days > int(longestDuration/dayOfClock) {
			v.Add("", "out-of-range", text, "must be a hundred years at most")
			return v.Err()
		}
		read = Within(time.Duration(p.Days)*dayOfClock + p.Exact)
		if err := read.Validate(); err != nil {
			return err
		}
	}
	*d = read
	return nil
}

// Elapsed is a length of time in whole seconds that was measured or computed,
// and that may be undefined. In JSON it is a decimal number of seconds, as all
// measures are, or null: its field is named for the unit.
type Elapsed struct{ Duration }

// Took returns a defined length, cut to whole seconds.
func Took(d time.Duration) Elapsed { return Elapsed{Within(d)} }

// Equal reports whether both are the same length, or both undefined.
func (e Elapsed) Equal(other Elapsed) bool { return e == other }

// MarshalJSON writes a decimal, "5400", or null if it is undefined.
func (e Elapsed) MarshalJSON() ([]byte, error) {
	return json.Marshal(decimal.NullDecimal{Decimal: decimal.NewFromInt(int64(e.length / time.Second)), Valid: e.defined})
}

// UnmarshalJSON reads a decimal of whole seconds, or null.
func (e *Elapsed) UnmarshalJSON(data []byte) error {
	var v servicecoin.Violations
	var n decimal.NullDecimal
	if err := json.Unmarshal(data, &n); err != nil {
		v.Add("", "bad-format", string(data), "must be a decimal of whole seconds, or null")
		return v.Err()
	}
	if !n.Valid {
		*e = Elapsed{}
		return nil
	}
	const digits = 10
	v.Number("", n.Decimal, digits, 0)
	if err := v.Err(); err != nil {
		return err
	}
	read := Took(time.Duration(n.Decimal.IntPart()) * time.Second)
	if err := read.Validate(); err != nil {
		return err
	}
	*e = read
	return nil
}

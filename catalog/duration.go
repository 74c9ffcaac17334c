package catalog

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
)

// longest is the longest duration that is taken for one: a hundred years.
const longest = 100 * 365 * 24 * time.Hour

// Duration is a length of time in whole seconds that may be undefined: a
// recovery target, a lead time. The zero Duration is undefined, which is not
// the same as no time at all: a target of 0 seconds allows no loss. In JSON it
// is a number of seconds, or null.
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
	case d.length > longest:
		v.Add("", "out-of-range", d.String(), "must be a hundred years at most")
	}
	return v.Err()
}

// MarshalJSON writes whole seconds as a number, null if it is undefined.
func (d Duration) MarshalJSON() ([]byte, error) {
	if !d.defined {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, int64(d.length/time.Second), 10), nil
}

// UnmarshalJSON reads what MarshalJSON writes. A fraction, an exponent and a
// text are refused, and so is what [Duration.Validate] reports.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var read Duration
	if data = bytes.TrimSpace(data); !bytes.Equal(data, []byte("null")) {
		var seconds int64
		var v servicecoin.Violations
		if err := json.Unmarshal(data, &seconds); err != nil {
			v.Add("", "bad-format", string(data), "must be whole seconds, or null")
			return v.Err()
		}
		const most = int64(longest / time.Second)
		if seconds < 0 || seconds > most {
			v.Add("", "out-of-range", string(data), "must be 0 seconds to a hundred years")
			return v.Err()
		}
		read = Within(time.Duration(seconds) * time.Second)
	}
	*d = read
	return nil
}

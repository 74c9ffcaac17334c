package runbook

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
)

const (
	mostPattern  = 500 // bytes of an expression
	mostMeasured = 500 // characters of what is measured
)

// Met reports whether a value is what is expected. A value that is no number is
// not between two, nor at most one; an expression that cannot be read is met by
// nothing. Placeholders have been filled.
func (e Expectation) Met(value string) bool {
	trimmed := strings.TrimSpace(value)
	switch e.Is {
	case Equals:
		want := strings.TrimSpace(e.Value)
		x, one := number(trimmed)
		y, two := number(want)
		return trimmed == want || one && two && x.Equal(y)
	case Contains:
		return strings.Contains(value, e.Value)
	case Matches:
		if len(e.Value) > mostPattern || utf8.RuneCountInString(value) > mostMeasured {
			return false
		}
		re, err := regexp.Compile(e.Value)
		return err == nil && re.MatchString(value)
	case Between:
		x, ok := number(trimmed)
		low, one := number(strings.TrimSpace(e.Low))
		high, two := number(strings.TrimSpace(e.High))
		return ok && one && two && !x.LessThan(low) && !x.GreaterThan(high)
	case AtMost:
		x, ok := number(trimmed)
		most, is := number(strings.TrimSpace(e.Value))
		return ok && is && !x.GreaterThan(most)
	}
	return false
}

// String says what is expected, in English: "between 3 and 5".
func (e Expectation) String() string {
	switch e.Is {
	case Equals, Contains, Matches:
		return string(e.Is) + " " + e.Value
	case Between:
		return "between " + e.Low + " and " + e.High
	case AtMost:
		return "at most " + e.Value
	}
	return ""
}

// Validate reports every violation of the expectation: an unknown comparison,
// numbers that are none, an expression that RE2 does not know. What names
// parameters is checked when they are filled in.
func (e Expectation) Validate() error {
	var v servicecoin.Violations
	numeric := func(path, text string) {
		if _, ok := number(strings.TrimSpace(text)); !ok && len(Placeholders(text)) == 0 {
			v.Add(path, "bad-format", text, "must be a decimal number")
		}
	}
	switch e.Is {
	case Equals, Contains:
		v.Text("value", e.Value, 1, mostValue)
	case Matches:
		if len(e.Value) > mostPattern {
			v.Limit("value", len(e.Value), mostPattern)
			break
		}
		v.Text("value", e.Value, 1, mostPattern)
		plain := Fill(e.Value, func(string) (string, bool) { return "x", true })
		if _, err := regexp.Compile(plain); err != nil {
			v.Add("value", "bad-format", e.Value, "must be an expression as RE2 has it: "+err.Error())
		}
	case Between:
		numeric("low", e.Low)
		numeric("high", e.High)
		low, one := number(e.Low)
		high, two := number(e.High)
		if one && two && low.GreaterThan(high) {
			v.Add("high", "out-of-order", e.High, "must not be below "+e.Low)
		}
	case AtMost:
		numeric("value", e.Value)
	default:
		v.Add("is", "unknown", string(e.Is), "must be equals, contains, matches, between or atMost")
	}
	return v.Err()
}

// filled returns the expectation with its parameters in place. In an expression a
// value stands for its own letters.
func (e Expectation) filled(value func(string) (string, bool)) Expectation {
	quoted := value
	if e.Is == Matches {
		quoted = func(name string) (string, bool) {
			text, ok := value(name)
			return regexp.QuoteMeta(text), ok
		}
	}
	e.Value, e.Low, e.High = Fill(e.Value, quoted), Fill(e.Low, value), Fill(e.High, value)
	return e
}

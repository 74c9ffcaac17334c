package configuration

import (
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// mostExponent is how many digits an exponent may have once zeros in front are cut:
// one of that length is a number of the machine.
const mostExponent = 17

// scanNumber returns where the number ends that a text begins with, and what is wrong
// with it, "" for nothing: as RFC 8259 has it.
func scanNumber(s string) (end int, wrong string) {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	switch {
	case i == len(s) || !digit(s[i]):
		return i, "a digit is missing"
	case s[i] == '0' && i+1 < len(s) && digit(s[i+1]):
		return i, "a number does not begin with a zero"
	}
	i = digits(s, i)
	if i < len(s) && s[i] == '.' {
		from := i + 1
		if i = digits(s, from); i == from {
			return i, "a digit is missing behind the point"
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		from := i
		if i = digits(s, from); i == from {
			return i, "a digit is missing in the exponent"
		}
		if len(strings.TrimLeft(s[from:i], "0")) > mostExponent {
			return i, "the exponent is too long"
		}
	}
	return i, ""
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// digits returns where the digits end that begin at a place.
func digits(s string, i int) int {
	for i < len(s) && digit(s[i]) {
		i++
	}
	return i
}

// figures is a number in its one form: digits without zeros at either end, times ten
// to the exponent. Zero has no digits.
type figures struct {
	negative bool
	whole    string // the digits, in two parts
	rest     string
	exponent int64
}

// figuresOf reads a number that is written as RFC 8259 has it.
func figuresOf(s string) figures {
	var f figures
	if s[0] == '-' {
		f.negative, s = true, s[1:]
	}
	if at := strings.IndexAny(s, "eE"); at >= 0 {
		f.exponent, _ = strconv.ParseInt(s[at+1:], 10, 64)
		s = s[:at]
	}
	f.whole, f.rest, _ = strings.Cut(s, ".")
	f.exponent -= int64(len(f.rest))
	f.whole = strings.TrimLeft(f.whole, "0")
	if f.whole == "" {
		f.rest = strings.TrimLeft(f.rest, "0")
	}
	n := len(f.rest)
	f.rest = strings.TrimRight(f.rest, "0")
	f.exponent += int64(n - len(f.rest))
	if f.rest == "" {
		n = len(f.whole)
		f.whole = strings.TrimRight(f.whole, "0")
		f.exponent += int64(n - len(f.whole))
	}
	if f.whole == "" && f.rest == "" {
		return figures{}
	}
	return f
}

// sameNumber compares two numbers as decimals, whatever their size.
func sameNumber(a, b string) bool {
	x, y := figuresOf(a), figuresOf(b)
	if x.negative != y.negative || x.exponent != y.exponent || len(x.whole)+len(x.rest) != len(y.whole)+len(y.rest) {
		return false
	}
	if len(x.whole) > len(y.whole) {
		x, y = y, x
	}
	more := len(y.whole) - len(x.whole) // of y before its point
	return x.whole == y.whole[:len(x.whole)] && x.rest[:more] == y.whole[len(x.whole):] && x.rest[more:] == y.rest
}

// form is the number as all that are the same write it.
func (f figures) form() string {
	if f.whole == "" && f.rest == "" {
		return "0"
	}
	sign := ""
	if f.negative {
		sign = "-"
	}
	return sign + f.whole + f.rest + "e" + strconv.FormatInt(f.exponent, 10)
}

// The numbers that are reckoned with: others are the same or they are not.
const (
	mostDigits = 100
	mostShift  = 100
)

// reckoned returns a number to reckon with; false if it is too long or too far from 1.
func reckoned(text string) (decimal.Decimal, bool) {
	f := figuresOf(text)
	n := int64(len(f.whole) + len(f.rest))
	if n > mostDigits || f.exponent < -mostShift || f.exponent > mostShift {
		return decimal.Decimal{}, false
	}
	d, err := decimal.NewFromString(f.form())
	return d, err == nil
}

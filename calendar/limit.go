package calendar

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// Limits of what is read.
const (
	maxRuleText   = 1 << 20 // bytes of a text
	maxNameLength = 200     // characters of a name
)

// limit is what a number may be.
type limit struct {
	from, to int
	signed   bool // from -to as well, without 0
}

// allows reports whether a number is within the limit.
func (l limit) allows(n int) bool {
	return n >= l.from && n <= l.to || l.signed && n >= -l.to && n <= -l.from
}

// rule says what the limit is, for messages.
func (l limit) rule() string {
	if l.signed {
		return fmt.Sprintf("must be %d to %d, or -%d to -%d from the end", l.from, l.to, l.from, l.to)
	}
	return fmt.Sprintf("must be %d to %d", l.from, l.to)
}

// readNumber reads a whole number, with a sign or without.
func readNumber(v *servicecoin.Violations, p placed, l limit) int {
	p = p.trim()
	plain := strings.TrimPrefix(p.text, "+")
	if p.text != plain && !l.signed || strings.HasPrefix(plain, "+") {
		plain = ""
	}
	n, err := strconv.Atoi(plain)
	switch {
	case err != nil && !digits(strings.TrimPrefix(plain, "-")), plain == "", plain == "-":
		v.Add(p.place(), "syntax", p.text, "must be a number: "+l.rule())
		return 0
	case err != nil || !l.allows(n):
		v.Add(p.place(), "out-of-range", p.text, l.rule())
		return 0
	}
	return n
}

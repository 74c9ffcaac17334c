package lines

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Limits of what is read.
const (
	MaxText = 1 << 20 // bytes of a text
	MaxName = 200     // characters of a name
)

// Limit is what a number may be.
type Limit struct {
	From, To int
	Signed   bool // from -to as well, without 0
}

// Allows reports whether a number is within the limit.
func (l Limit) Allows(n int) bool {
	return n >= l.From && n <= l.To || l.Signed && n >= -l.To && n <= -l.From
}

// Rule says what the limit is, for messages.
func (l Limit) Rule() string {
	if l.Signed {
		return fmt.Sprintf("must be %d to %d, or -%d to -%d from the end", l.From, l.To, l.From, l.To)
	}
	return fmt.Sprintf("must be %d to %d", l.From, l.To)
}

// ReadNumber reads a whole number, with a sign or without.
func ReadNumber(v *servicecoin.Violations, p Placed, l Limit) int {
	p = p.Trim()
	plain := strings.TrimPrefix(p.Text, "+")
	if p.Text != plain && !l.Signed || strings.HasPrefix(plain, "+") {
		plain = ""
	}
	n, err := strconv.Atoi(plain)
	switch {
	case err != nil && !wall.Digits(strings.TrimPrefix(plain, "-")), plain == "", plain == "-":
		v.Add(p.Place(), "syntax", p.Text, "must be a number: "+l.Rule())
		return 0
	case err != nil || !l.Allows(n):
		v.Add(p.Place(), "out-of-range", p.Text, l.Rule())
		return 0
	}
	return n
}

package metering

import (
	"math/bits"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// Most values have few digits, and are added up in machine words. The odd one
// that does not fit is added as a decimal. Both are exact, and so is their sum:
// a property test holds it to plain decimals.

// number is a decimal in two words: one of 10^-9 in 64 bits, if it fits.
type number struct {
	fast  int64
	exact *decimal.Decimal // what does not fit; nil: fast is it
}

func numberOf(d decimal.Decimal) number {
	if n, ok := fixed.Of(d); ok {
		return number{fast: n}
	}
	return number{exact: new(d)} // so that d itself stays where it is
}

func (n number) decimal() decimal.Decimal {
	if n.exact != nil {
		return *n.exact
	}
	var s fixed.Sum
	s.Add(n.fast)
	return s.Decimal(fixed.Places)
}

// cmp compares as numbers.
func (n number) cmp(other number) int {
	if n.exact == nil && other.exact == nil {
		switch {
		case n.fast < other.fast:
			return -1
		case n.fast > other.fast:
			return 1
		}
		return 0
	}
	return n.decimal().Cmp(other.decimal())
}

// negated turns the sign.
func (n number) negated() number {
	if n.exact == nil && n.fast != -1<<63 {
		return number{fast: -n.fast}
	}
	return numberOf(n.decimal().Neg())
}

// total adds up numbers. Its zero value is ready.
type total struct {
	fast fixed.Sum
	rest decimal.Decimal // what did not fit
	some bool            // something was added
}

func (t *total) add(n number) {
	t.some = true
	if n.exact == nil {
		t.fast.Add(n.fast)
		return
	}
	t.rest = t.rest.Add(*n.exact)
}

// decimal returns the sum: 0 if nothing was added.
func (t *total) decimal() decimal.Decimal {
	sum := t.fast.Decimal(fixed.Places)
	if !t.rest.IsZero() {
		sum = sum.Add(t.rest)
	}
	return sum
}

// area adds up numbers times microseconds. Its zero value is ready.
type area struct {
	over, under fixed.Sum // above and below nothing
	rest        decimal.Decimal
}

// add adds a number for so long; for a time that is not negative.
func (a *area) add(n number, micros int64) {
	if n.exact == nil && n.fast != -1<<63 {
		side, size := &a.over, n.fast
		if size < 0 {
			side, size = &a.under, -size
		}
		if sum := *side; sum.AddProduct(size, micros) {
			*side = sum
			return
		}
	}
	a.rest = a.rest.Add(n.decimal().Mul(decimal.NewFromInt(micros)))
}

func (a *area) decimal() decimal.Decimal {
	under := a.under
	under.Negate()
	sum := a.over.Decimal(fixed.Places).Add(under.Decimal(fixed.Places))
	if !a.rest.IsZero() {
		sum = sum.Add(a.rest)
	}
	return sum
}

// share returns the part of a number that falls to elapsed of all microseconds,
// rounded half away from zero to nine places, or as many as the number has.
func (n number) share(elapsed, all int64) number {
	switch {
	case elapsed <= 0:
		return number{}
	case elapsed >= all:
		return n
	}
	if n.exact == nil && n.fast != -1<<63 {
		size := n.fast
		if size < 0 {
			size = -size
		}
		high, low := bits.Mul64(uint64(size), uint64(elapsed)) //nolint:gosec // G115: not negative
		low, carry := bits.Add64(low, uint64(all)/2, 0)        //nolint:gosec // G115: not negative
		part, _ := bits.Div64(high+carry, low, uint64(all))    //nolint:gosec // G115: the quotient is at most size
		if n.fast < 0 {
			return number{fast: -int64(part)} //nolint:gosec // G115: at most size
		}
		return number{fast: int64(part)} //nolint:gosec // G115: at most size
	}
	d := n.decimal()
	return numberOf(d.Mul(decimal.NewFromInt(elapsed)).DivRound(decimal.NewFromInt(all), max(fixed.Places, placesOf(d))))
}

// minus returns the difference.
func (n number) minus(other number) number {
	if n.exact == nil && other.exact == nil {
		if d := n.fast - other.fast; (d < n.fast) == (other.fast > 0) {
			return number{fast: d}
		}
	}
	return numberOf(n.decimal().Sub(other.decimal()))
}

// placesOf returns how many places behind the point count.
func placesOf(d decimal.Decimal) int32 {
	places := max(0, -d.Exponent())
	for places > 0 && d.Truncate(places-1).Equal(d) {
		places--
	}
	return places
}

// Plain writes a decimal as digits with a point between them if need be, and no
// zeros behind those that count: one text for one number, which
// decimal.Decimal.String is not, as it heeds global switches of the host.
func Plain(d decimal.Decimal) string {
	text := d.StringFixed(max(0, -d.Exponent()))
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

package metering

import (
	"math"
	"math/big"
	"math/bits"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// Most values have few digits. They are added up as whole numbers of 10^-9 in
// two machine words; the odd one that does not fit is added as a decimal. Both
// are exact, and so is their sum: a property test holds it to plain decimals.

const fastPlaces = 9

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// scaled returns d as a number of 10^-9, if it is one of 64 bits.
func scaled(d decimal.Decimal) (int64, bool) {
	const mostDigits = 18
	up := int(d.Exponent()) + fastPlaces
	if up < 0 || up > mostDigits || d.NumDigits() > mostDigits {
		return 0, false
	}
	c, p := d.CoefficientInt64(), pow10(up)
	if c > math.MaxInt64/p || c < -math.MaxInt64/p {
		return 0, false
	}
	return c * p, true
}

// unscaled is the way back, without zeros behind the point.
func unscaled(n int64) decimal.Decimal {
	places := int32(fastPlaces)
	for places > 0 && n%10 == 0 {
		n, places = n/10, places-1
	}
	return decimal.New(n, -places)
}

// total adds up decimals. Its zero value is ready.
type total struct {
	high int64 // a number of 10^-9 in 128 bits
	low  uint64
	rest decimal.Decimal // what did not fit
	some bool            // something was added
}

func (t *total) add(d decimal.Decimal) {
	t.some = true
	n, ok := scaled(d)
	if !ok {
		t.rest = t.rest.Add(d)
		return
	}
	low, carry := bits.Add64(t.low, uint64(n), 0) //nolint:gosec // G115: two's complement on purpose
	t.low = low
	t.high += n>>63 + int64(carry) //nolint:gosec // G115: 0 or 1
}

// value returns the sum, undefined if nothing was added.
func (t *total) value() decimal.NullDecimal {
	if !t.some {
		return servicecoin.Undefined()
	}
	if n := int64(t.low); t.high == n>>63 { //nolint:gosec // G115: two's complement on purpose
		sum := unscaled(n)
		if !t.rest.IsZero() {
			sum = sum.Add(t.rest)
		}
		return servicecoin.Some(sum)
	}
	n := new(big.Int).Lsh(big.NewInt(t.high), 64)
	n.Add(n, new(big.Int).SetUint64(t.low))
	return servicecoin.Some(decimal.NewFromBigInt(n, -fastPlaces).Add(t.rest))
}

// largest keeps the largest of decimals. Its zero value is ready.
type largest struct {
	best decimal.Decimal
	fast int64
	fits bool // fast is best
	some bool
}

func (l *largest) add(d decimal.Decimal) {
	n, fits := scaled(d)
	if l.some {
		if fits && l.fits {
			if n <= l.fast {
				return
			}
		} else if d.Cmp(l.best) <= 0 {
			return
		}
	}
	l.best, l.fast, l.fits, l.some = d, n, fits, true
}

func (l *largest) value() decimal.NullDecimal {
	if !l.some {
		return servicecoin.Undefined()
	}
	return servicecoin.Some(l.best)
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

// Package fixed computes with decimals as whole numbers of 10^-9 in machine
// words. Everything here is exact: what does not fit is said not to, and the
// caller goes on with decimals.
package fixed

import (
	"cmp"
	"math"
	"math/big"
	"math/bits"

	"github.com/shopspring/decimal"
)

// Places is how many decimals a number has.
const Places = 9

const mostDigits = 18 // of what fits

// Of returns d as a number of 10^-9, if it is one of 64 bits. That is so of the number,
// however it is written: of 1.50 as of 1.50000000000.
func Of(d decimal.Decimal) (n int64, ok bool) {
	up := int(d.Exponent()) + Places
	if up < 0 || up > mostDigits || d.NumDigits() > mostDigits {
		if d, ok = shorter(d); !ok {
			return 0, false
		}
		up = int(d.Exponent()) + Places
	}
	c, p := d.CoefficientInt64(), int64(1)
	for range up {
		p *= 10
	}
	if c > math.MaxInt64/p || c < -math.MaxInt64/p {
		return 0, false
	}
	return c * p, true
}

// shorter returns a decimal that does not fit as it is written without the zeros at its
// end that keep it from that, if it fits then.
func shorter(d decimal.Decimal) (decimal.Decimal, bool) {
	if d.Sign() == 0 {
		return decimal.Zero, true
	}
	digits := d.NumDigits()
	zeros := max(-int(d.Exponent())-Places, digits-mostDigits)
	if zeros <= 0 || zeros >= digits || int(d.Exponent())+zeros+Places > mostDigits {
		return d, false
	}
	ten := big.NewInt(10) //nolint:mnd // the base
	n, rest := new(big.Int).QuoRem(d.Coefficient(), ten.Exp(ten, big.NewInt(int64(zeros)), nil), new(big.Int))
	return decimal.NewFromBigInt(n, d.Exponent()+int32(zeros)), rest.Sign() == 0 //nolint:gosec // G115: fewer than its digits
}

// Equal reports whether two decimals are the same number. It looks at their size
// first: bringing 1 and 10^100000000 to the same exponent would take minutes.
func Equal(a, b decimal.Decimal) bool {
	if a.Sign() != b.Sign() {
		return false
	}
	size := func(d decimal.Decimal) int64 { return int64(d.Exponent()) + int64(d.NumDigits()) }
	return a.Sign() == 0 || size(a) == size(b) && a.Equal(b) // their exponents differ by digits that are there
}

// Sum is a number in 128 bits: of 10^-9 where numbers are added, of 10^-18 where
// products are. Its zero value is 0.
type Sum struct {
	high int64
	low  uint64
}

// Add adds a number. 2^63 of them fit.
func (s *Sum) Add(n int64) {
	low, carry := bits.Add64(s.low, uint64(n), 0) //nolint:gosec // G115: two's complement on purpose
	s.low = low
	s.high += n>>63 + int64(carry) //nolint:gosec // G115: 0 or 1
}

// AddProduct adds the product of two numbers that are not negative. It reports
// false, and the sum is spoilt, if the result does not fit.
func (s *Sum) AddProduct(a, b int64) bool {
	high, low := bits.Mul64(uint64(a), uint64(b)) //nolint:gosec // G115: not negative
	var carry uint64
	s.low, carry = bits.Add64(s.low, low, 0)
	high += carry                            // below 2^62 before: the factors are below 2^63
	if high > math.MaxInt64-uint64(s.high) { //nolint:gosec // G115: not negative
		return false
	}
	s.high += int64(high) //nolint:gosec // G115: checked
	return true
}

// Negate turns the sign.
func (s *Sum) Negate() {
	low, carry := bits.Add64(^s.low, 1, 0)
	s.low, s.high = low, ^s.high+int64(carry) //nolint:gosec // G115: 0 or 1
}

// Decimal returns the sum, which has so many places, without zeros behind those
// that count.
func (s *Sum) Decimal(places int32) decimal.Decimal {
	high, low := s.high, s.low
	if negative := high < 0; !fits(high, low) && places > Places {
		// A billion at once: most amounts have fewer decimals than their factors
		// together could have.
		m := Sum{high, low}
		if negative {
			m.Negate()
		}
		const billion = 1_000_000_000
		h, rest := uint64(m.high)/billion, uint64(m.high)%billion //nolint:gosec // G115: not negative
		l, rest := bits.Div64(rest, m.low, billion)
		if rest == 0 {
			m = Sum{int64(h), l} //nolint:gosec // G115: smaller than before
			if negative {
				m.Negate()
			}
			high, low, places = m.high, m.low, places-Places
		}
	}
	if fits(high, low) {
		n := int64(low) //nolint:gosec // G115: two's complement on purpose
		for places > 0 && n%10 == 0 {
			n, places = n/10, places-1
		}
		return decimal.New(n, -places)
	}
	n := new(big.Int).Lsh(big.NewInt(high), 64)
	n.Add(n, new(big.Int).SetUint64(low))
	return decimal.NewFromBigInt(n, -places)
}

// fits reports whether the number is one of 64 bits.
func fits(high int64, low uint64) bool { return high == int64(low)>>63 } //nolint:gosec // G115: two's complement on purpose

// AddSum adds a sum.
func (s *Sum) AddSum(other Sum) {
	low, carry := bits.Add64(s.low, other.low, 0)
	s.low = low
	s.high += other.high + int64(carry) //nolint:gosec // G115: 0 or 1
}

// Words returns the sum as two words, the high one with the sign.
func (s *Sum) Words() (high int64, low uint64) { return s.high, s.low }

// SumOf returns a sum of two words.
func SumOf(high int64, low uint64) Sum { return Sum{high, low} }

// Cmp returns -1 if s is less than other, 1 if it is more, 0 if they are equal.
func (s *Sum) Cmp(other Sum) int {
	return cmp.Or(cmp.Compare(s.high, other.high), cmp.Compare(s.low, other.low))
}

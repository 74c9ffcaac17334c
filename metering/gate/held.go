package gate

import (
	"math/big"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// lease is a share as the gate holds it: the zero lease is none.
type lease struct {
	from      time.Time     // when it was asked for
	length    time.Duration // above 0
	left      fixed.Sum
	until     time.Time
	unlimited bool
	share     fixed.Sum
	id        LeaseID
}

// refusal is what the source said was left, and how long that is not asked again.
type refusal struct {
	from   time.Time
	length time.Duration
	left   fixed.Sum
}

// failure is why the source could not be asked, and when.
type failure struct {
	err error // nil: it could
	at  time.Time
}

func (l *lease) there() bool { return l.length > 0 }

// within reports whether something that holds for so long from an instant on does at
// another one: not where the clock was set back by more than that, either.
func within(at, from time.Time, length time.Duration) bool {
	passed := at.Sub(from)
	return passed < length && passed >= -length
}

func (l *lease) holds(at time.Time) bool { return within(at, l.from, l.length) }

// take takes a quantity of the share, if that suffices.
func (l *lease) take(n fixed.Sum) bool {
	rest := l.left
	n.Negate()
	rest.AddSum(n)
	if high, _ := rest.Words(); high < 0 {
		return false
	}
	l.left = rest
	return true
}

// less reports whether a sum is less than another one.
func less(a, b fixed.Sum) bool {
	b.Negate()
	a.AddSum(b)
	high, _ := a.Words()
	return high < 0
}

// sumOf returns a quantity in units of 10^-9, rounded up, if it is not negative and no
// more than a share can be.
func sumOf(d decimal.Decimal) (fixed.Sum, bool) {
	var s fixed.Sum
	if n, ok := fixed.Of(d); ok {
		s.Add(n)
		return s, n >= 0
	}
	const mostDigits = 19
	if d.IsNegative() || int(d.Exponent())+d.NumDigits() > mostDigits || d.Exponent() < -maxPlaces || d.GreaterThan(largest()) {
		return s, false
	}
	n := d.RoundCeil(places).Shift(places).BigInt()
	const word = 64
	high := new(big.Int).Rsh(n, word)
	return fixed.SumOf(high.Int64(), new(big.Int).Sub(n, new(big.Int).Lsh(high, word)).Uint64()), true
}

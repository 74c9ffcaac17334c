package money

import (
	"fmt"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// Rounding names how a value is brought to fewer decimals. It stands in the
// contract that a figure serves, so there is no default: the empty one is
// refused.
type Rounding string

// The roundings. The first three go to the nearest value and differ only for
// one that lies in the middle; the examples are for no decimals.
const (
	HalfAwayFromZero Rounding = "half-away-from-zero" // commercial: 2.5 to 3, -2.5 to -3
	HalfEven         Rounding = "half-even"           // bankers': 2.5 to 2, 3.5 to 4
	HalfTowardZero   Rounding = "half-toward-zero"    // 2.5 to 2, -2.5 to -2
	Up               Rounding = "up"                  // away from zero: 2.1 to 3, -2.1 to -3
	Down             Rounding = "down"                // toward zero, cut off: 2.9 to 2, -2.9 to -2
	Ceiling          Rounding = "ceiling"             // to the larger: 2.1 to 3, -2.9 to -2
	Floor            Rounding = "floor"               // to the smaller: 2.9 to 2, -2.1 to -3
)

// Validate reports a rounding that has no such name.
func (r Rounding) Validate() error {
	var v servicecoin.Violations
	switch r {
	case HalfAwayFromZero, HalfEven, HalfTowardZero, Up, Down, Ceiling, Floor:
	case "":
		v.Add("", "required", "", "must name a rounding")
	default:
		v.Add("", "unknown", string(r), "unknown rounding")
	}
	return v.Err()
}

// UnmarshalText reads the name of a rounding, and refuses all else.
func (r *Rounding) UnmarshalText(text []byte) error {
	if err := Rounding(text).Validate(); err != nil {
		return err
	}
	*r = Rounding(text)
	return nil
}

// Round returns d with at most this many decimals; -3 rounds to thousands. It
// refuses an unknown rounding, and places and values beyond those of an amount.
// It serves for figures that are no money, too: an availability, a share.
func (r Rounding) Round(d decimal.Decimal, places int) (decimal.Decimal, error) {
	var v servicecoin.Violations
	v.Merge("rounding", r.Validate())
	bounded(&v, "value", d)
	if places > mostPlaces || places < -mostDigits {
		v.Add("places", "out-of-range", strconv.Itoa(places), fmt.Sprintf("must be between %d and %d", -mostDigits, mostPlaces))
	}
	if err := v.Err(); err != nil {
		return decimal.Decimal{}, err
	}
	if -int(d.Exponent()) <= places {
		return d, nil
	}
	unit := decimal.New(1, int32(-places)) //nolint:gosec // checked above
	units, rest := d.QuoRem(unit, 0)       // cut toward zero; the rest has the sign of d
	if r.away(units, rest, unit) {
		units = units.Add(decimal.NewFromInt(int64(rest.Sign())))
	}
	return units.Mul(unit), nil
}

// away reports whether a value that was cut to units, with a rest, goes one
// unit farther from zero.
func (r Rounding) away(units, rest, unit decimal.Decimal) bool {
	if rest.IsZero() {
		return false
	}
	half := rest.Abs().Mul(decimal.NewFromInt(2)).Cmp(unit)
	switch r {
	case HalfAwayFromZero:
		return half >= 0
	case HalfEven:
		return half > 0 || half == 0 && units.Coefficient().Bit(0) == 1
	case HalfTowardZero:
		return half > 0
	case Up:
		return true
	case Down:
		return false
	case Ceiling:
		return rest.IsPositive()
	case Floor:
		return rest.IsNegative()
	}
	return false
}

// Round returns the amount in whole minor units of its currency.
func (a Amount) Round(r Rounding) (Amount, error) { return a.RoundTo(a.currency.Digits(), r) }

// RoundTo returns the amount with at most this many decimals, for unit prices
// that are finer than the currency, or coarser for a display.
func (a Amount) RoundTo(places int, r Rounding) (Amount, error) {
	var v servicecoin.Violations
	defined(&v, "", a)
	rounded, err := r.Round(a.value, places)
	v.Merge("", err)
	if err := v.Err(); err != nil {
		return Amount{}, err
	}
	return New(rounded, a.currency)
}

// Rounded reports whether the amount is in whole minor units already.
func (a Amount) Rounded() bool {
	return a.value.Shift(int32(a.currency.Digits())).IsInteger() //nolint:gosec // 4 at most
}

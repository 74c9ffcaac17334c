package sla

import (
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/money"
)

// Ratio is an exact share of a whole. It is undefined if the whole is zero.
type Ratio struct {
	Part  decimal.Decimal
	Whole decimal.Decimal
}

// Defined reports whether the ratio has a value.
func (r Ratio) Defined() bool { return r.Whole.IsPositive() }

// ComparePercent compares the exact ratio with a percentage, without dividing:
// -1, 0 or 1. An undefined ratio compares as 0; ask [Ratio.Defined] first.
func (r Ratio) ComparePercent(percent decimal.Decimal) int {
	if !r.Defined() {
		return 0
	}
	return r.Part.Shift(2).Cmp(percent.Mul(r.Whole))
}

// Percent returns the ratio in percent, rounded half away from zero to so many
// places, or undefined.
func (r Ratio) Percent(places int32) decimal.NullDecimal {
	if !r.Defined() {
		return servicecoin.Undefined()
	}
	return servicecoin.Some(r.Part.Shift(2).DivRound(r.Whole, places))
}

// Fraction returns the ratio as a fraction, rounded half away from zero to so
// many places, or undefined.
func (r Ratio) Fraction(places int32) decimal.NullDecimal {
	if !r.Defined() {
		return servicecoin.Undefined()
	}
	return servicecoin.Some(r.Part.DivRound(r.Whole, places))
}

// rounded returns the percentage that a contract bands by: exact where rounding
// is nil.
func (r Ratio) rounded(rounding *UptimeRounding) (Ratio, error) {
	if rounding == nil || !r.Defined() {
		return r, nil
	}
	const spare = 30 // digits: no two different seconds of a century agree in them
	p, err := rounding.Mode.Round(r.Part.Shift(2).DivRound(r.Whole, spare), rounding.Places)
	return Ratio{Part: p, Whole: decimal.NewFromInt(100)}, err
}

// UptimeRounding is the contract's own rounding of the uptime before it is
// compared with the bands: 99.9899 that is shown as 99.99 still earns credit
// without it, and none with two places.
type UptimeRounding struct {
	Places int            `json:"places"`
	Mode   money.Rounding `json:"mode"`
}

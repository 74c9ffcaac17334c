package rating

import (
	"math"
	"math/bits"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
	"github.com/servicecoin/servicecoin/money"
)

// fastTiers is a price in machine words: per unit (one tier), graduated or by
// volume, with its bounds and without billing units. Its sums are exact or not
// given: a property test holds them to those of the plain decimals.
type fastTiers struct {
	volume bool
	free   bool // zero usage costs nothing
	signed bool
	tiers  []fastTier
	full   []Line // of a graduated price: the lines of tiers that are full

	minimum, maximum int64 // of 10^-9; negative: none
	digits           int   // of the currency
	rounding         money.Rounding
	unit             uint64 // a minor unit, of 10^-18
}

// fastTier has numbers of 10^-9.
type fastTier struct {
	upTo, unit, flat int64

	price Tier // as it was given
	n     int  // as lines have it: from 1, 0 for a price without tiers
	lines int  // how many of fastTiers.full are of this tier and those before it
}

// fastOf returns the price in machine words, nil if it does not fit.
func fastOf(p Price) *fastTiers {
	tiers := p.Tiers
	switch p.Model {
	case Graduated, Volume:
	case PerUnit:
		tiers = []Tier{{Unit: p.UnitPrice.Decimal}}
	case Flat, Package, Percentage, GraduatedPercentage, GraduatedProrated, Dynamic, Matrix, Capacity:
		return nil
	}
	if p.BillingUnit.Valid || p.Each != EachWhole || p.Discount != nil || p.Commitment != nil {
		return nil
	}
	f := &fastTiers{
		volume: p.Model == Volume, free: p.ZeroUsage == BillNothing, signed: p.Signed, tiers: make([]fastTier, 0, len(tiers)),
		minimum: -1, maximum: -1, digits: p.Currency.Digits(), rounding: p.Rounding, unit: one * one,
	}
	for range f.digits {
		f.unit /= 10
	}
	for bound, given := range map[*int64]decimal.NullDecimal{&f.minimum: p.Minimum, &f.maximum: p.Maximum} {
		if !given.Valid {
			continue
		}
		n, ok := fixed.Of(given.Decimal)
		if !ok || n < 0 {
			return nil
		}
		*bound = n
	}
	for _, t := range tiers {
		unit, ok1 := fixed.Of(t.Unit)
		flat, ok2 := fixed.Of(t.Flat)
		upTo, ok3 := int64(math.MaxInt64), true
		if t.UpTo.Valid {
			upTo, ok3 = fixed.Of(t.UpTo.Decimal)
		}
		if !ok1 || !ok2 || !ok3 || unit < 0 || flat < 0 || t.Cap.Valid {
			return nil
		}
		x := fastTier{upTo: upTo, unit: unit, flat: flat, price: t}
		if p.Model != PerUnit {
			x.n = len(f.tiers) + 1
		}
		if from := f.end(); t.UpTo.Valid {
			f.full = x.with(append(f.full, x.line(upTo-from, decimal.Decimal{}, decimal.Decimal{})))
			x.lines = len(f.full)
		}
		f.tiers = append(f.tiers, x)
	}
	return f
}

// scaled is an exact amount as a number of 10^-18.
type scaled struct {
	size     fixed.Sum // not negative
	negative bool
}

// decimal returns the amount.
func (s scaled) decimal() decimal.Decimal {
	if s.negative {
		s.size.Negate()
	}
	return s.size.Decimal(2 * fixed.Places)
}

// units returns a quantity as a number of 10^-9 above zero.
func (f *fastTiers) units(quantity decimal.Decimal) (q int64, negative, ok bool) {
	q, ok = fixed.Of(quantity)
	if !ok || q < 0 && !f.signed || q == math.MinInt64 {
		return 0, false, false
	}
	if q < 0 {
		return -q, true, true
	}
	return q, false, true
}

// sum returns the exact amount of a quantity, if it fits.
func (f *fastTiers) sum(quantity decimal.Decimal) (s scaled, ok bool) {
	q, negative, ok := f.units(quantity)
	if !ok {
		return scaled{}, false
	}
	s.negative = negative
	switch {
	case q == 0 && f.free:
	case f.volume:
		ok = f.byVolume(&s.size, q)
	default:
		ok = f.graduated(&s.size, q)
	}
	if ok && (f.minimum >= 0 || f.maximum >= 0) {
		f.bound(&s.size)
	}
	return s, ok
}

// one is 1, as a number of 10^-9.
const one = 1_000_000_000

func (f *fastTiers) graduated(s *fixed.Sum, q int64) bool {
	from := int64(0)
	for i := range f.tiers {
		t := &f.tiers[i]
		if i > 0 && q <= from {
			break
		}
		if !s.AddProduct(min(q, t.upTo)-from, t.unit) || t.flat != 0 && !s.AddProduct(t.flat, one) {
			return false
		}
		from = t.upTo
	}
	return true
}

func (f *fastTiers) byVolume(s *fixed.Sum, q int64) bool {
	for i := range f.tiers {
		if t := &f.tiers[i]; q <= t.upTo {
			return s.AddProduct(q, t.unit) && s.AddProduct(t.flat, one)
		}
	}
	return false
}

// bound brings a sum within minimum and maximum.
func (f *fastTiers) bound(s *fixed.Sum) {
	var least, most fixed.Sum // of 64 bits each: their products fit
	if f.minimum >= 0 && least.AddProduct(f.minimum, one) && s.Cmp(least) < 0 {
		*s = least
	} else if f.maximum >= 0 && most.AddProduct(f.maximum, one) && s.Cmp(most) > 0 {
		*s = most
	}
}

// minor rounds to minor units of the currency, if they fit.
func (f *fastTiers) minor(s scaled) (int64, bool) {
	high, low := s.size.Words()
	if uint64(high) >= f.unit { //nolint:gosec // G115: not negative
		return 0, false
	}
	n, rest := bits.Div64(uint64(high), low, f.unit) //nolint:gosec // G115: not negative
	if n >= math.MaxInt64 {
		return 0, false
	}
	if rest != 0 && f.away(n, rest, s.negative) {
		n++
	}
	if s.negative {
		return -int64(n), true
	}
	return int64(n), true
}

// away reports whether n minor units with a rest become one more.
func (f *fastTiers) away(n, rest uint64, negative bool) bool {
	half := f.unit - rest // compared with the rest: twice the rest may not fit
	switch f.rounding {
	case money.HalfAwayFromZero:
		return rest >= half
	case money.HalfEven:
		return rest > half || rest == half && n%2 == 1
	case money.HalfTowardZero:
		return rest > half
	case money.Up:
		return true
	case money.Down:
		return false
	case money.Ceiling:
		return !negative
	case money.Floor:
		return negative
	}
	return false
}

func plain(d decimal.Decimal) string { return metering.Plain(d) }

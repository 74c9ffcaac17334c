package rating

import (
	"math"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// fastTiers is a price in machine words: per unit (one tier), graduated or by
// volume, without bounds and billing units. Its sums are exact or not given: a
// property test holds them to those of the plain decimals.
type fastTiers struct {
	volume bool
	free   bool // zero usage costs nothing
	tiers  []fastTier
}

// fastTier has numbers of 10^-9.
type fastTier struct{ upTo, unit, flat int64 }

// fastOf returns the price in machine words, nil if it does not fit.
func fastOf(p Price) *fastTiers {
	tiers := p.Tiers
	switch p.Model {
	case Graduated, Volume:
	case PerUnit:
		tiers = []Tier{{Unit: p.UnitPrice.Decimal}}
	case Flat, Package:
		return nil
	}
	if p.BillingUnit.Valid || p.Minimum.Valid || p.Maximum.Valid {
		return nil
	}
	f := &fastTiers{volume: p.Model == Volume, free: p.ZeroUsage == BillNothing}
	for _, t := range tiers {
		unit, ok1 := fixed.Of(t.Unit)
		flat, ok2 := fixed.Of(t.Flat)
		upTo, ok3 := int64(math.MaxInt64), true
		if t.UpTo.Valid {
			upTo, ok3 = fixed.Of(t.UpTo.Decimal)
		}
		if !ok1 || !ok2 || !ok3 || unit < 0 || flat < 0 {
			return nil
		}
		f.tiers = append(f.tiers, fastTier{upTo: upTo, unit: unit, flat: flat})
	}
	return f
}

// sum returns the exact amount of a quantity, if it fits.
func (f *fastTiers) sum(quantity decimal.Decimal, signed bool) (decimal.Decimal, bool) {
	q, ok := fixed.Of(quantity)
	if !ok || q < 0 && !signed || q == math.MinInt64 {
		return decimal.Decimal{}, false
	}
	negative := q < 0
	if negative {
		q = -q
	}
	var s fixed.Sum
	switch {
	case q == 0 && f.free:
	case f.volume:
		ok = f.byVolume(&s, q)
	default:
		ok = f.graduated(&s, q)
	}
	if !ok {
		return decimal.Decimal{}, false
	}
	if negative {
		s.Negate()
	}
	return s.Decimal(2 * fixed.Places), true
}

const one = 1_000_000_000 // 1, as a number of 10^-9

func (f *fastTiers) graduated(s *fixed.Sum, q int64) bool {
	from := int64(0)
	for i, t := range f.tiers {
		if i > 0 && q <= from {
			break
		}
		if !s.AddProduct(min(q, t.upTo)-from, t.unit) || !s.AddProduct(t.flat, one) {
			return false
		}
		from = t.upTo
	}
	return true
}

func (f *fastTiers) byVolume(s *fixed.Sum, q int64) bool {
	for _, t := range f.tiers {
		if q <= t.upTo {
			return s.AddProduct(q, t.unit) && s.AddProduct(t.flat, one)
		}
	}
	return false
}

func plain(d decimal.Decimal) string { return metering.Plain(d) }

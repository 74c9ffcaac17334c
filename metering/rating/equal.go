package rating

import (
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// Equal reports whether two prices say the same; numbers are compared as
// numbers.
func (p Price) Equal(other Price) bool {
	return p.Name == other.Name && p.Model == other.Model && p.Currency == other.Currency && p.Rounding == other.Rounding && p.Unit == other.Unit && p.In == other.In &&
		same(p.Amount, other.Amount) && same(p.UnitPrice, other.UnitPrice) && same(p.Factor, other.Factor) &&
		slices.EqualFunc(p.Tiers, other.Tiers, Tier.equal) && both(p.Package, other.Package, Bundle.equal) && both(p.Share, other.Share, Share.equal) &&
		slices.EqualFunc(p.Rows, other.Rows, func(a, b Row) bool { return maps.Equal(a.Where, b.Where) && fixed.Equal(a.Unit, b.Unit) }) &&
		slices.EqualFunc(p.Plans, other.Plans, func(a, b Plan) bool {
			return fixed.Equal(a.Price, b.Price) && maps.EqualFunc(a.Most, b.Most, fixed.Equal)
		}) &&
		same(p.BillingUnit, other.BillingUnit) && p.Each == other.Each && both(p.Commitment, other.Commitment, Commitment.equal) &&
		both(p.Discount, other.Discount, Discount.equal) && same(p.Minimum, other.Minimum) && same(p.Maximum, other.Maximum) &&
		slices.EqualFunc(p.Windows, other.Windows, PriceWindow.equal) && p.ZeroUsage == other.ZeroUsage && p.Due == other.Due && p.Proration == other.Proration && p.Signed == other.Signed
}

func same(a, b decimal.NullDecimal) bool {
	return a.Valid == b.Valid && (!a.Valid || fixed.Equal(a.Decimal, b.Decimal))
}

// both compares what may be missing.
func both[T any](a, b *T, equal func(a, b T) bool) bool {
	return a == nil && b == nil || a != nil && b != nil && equal(*a, *b)
}

func (t Tier) equal(other Tier) bool {
	return same(t.UpTo, other.UpTo) && fixed.Equal(t.Unit, other.Unit) && fixed.Equal(t.Flat, other.Flat) &&
		same(t.Percent, other.Percent) && same(t.Cap, other.Cap)
}

func (b Bundle) equal(other Bundle) bool {
	return fixed.Equal(b.Size, other.Size) && fixed.Equal(b.Price, other.Price) && fixed.Equal(b.Free, other.Free) && b.Partial == other.Partial
}

func (s Share) equal(other Share) bool {
	return fixed.Equal(s.Percent, other.Percent) && fixed.Equal(s.PerEvent, other.PerEvent) && s.FreeEvents == other.FreeEvents &&
		same(s.FreeAmount, other.FreeAmount) && same(s.Least, other.Least) && same(s.Most, other.Most)
}

func (c Commitment) equal(other Commitment) bool {
	return same(c.Amount, other.Amount) && same(c.Quantity, other.Quantity) && same(c.Overage, other.Overage) && c.TrueUp == other.TrueUp
}

func (d Discount) equal(other Discount) bool {
	return same(d.Free, other.Free) && same(d.Percent, other.Percent) && same(d.Amount, other.Amount)
}

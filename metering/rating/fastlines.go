package rating

import (
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
	"github.com/servicecoin/servicecoin/money"
)

// rate returns the charge of a quantity with its lines, if it fits into machine
// words and no bound changes it. Lines of tiers that are full were made with the
// price; only the last one is computed.
func (f *fastTiers) rate(quantity decimal.Decimal, zero money.Amount) (Charge, bool) {
	q, negative, ok := f.units(quantity)
	if !ok || negative {
		return Charge{}, false
	}
	var s scaled
	switch {
	case q == 0 && f.free:
	case f.volume:
		ok = f.byVolume(&s.size, q)
	default:
		ok = f.graduated(&s.size, q)
	}
	if !ok {
		return Charge{}, false
	}
	if f.minimum >= 0 || f.maximum >= 0 {
		bounded := s.size
		if f.bound(&bounded); bounded != s.size {
			return Charge{}, false
		}
	}
	minor, ok := f.minor(s)
	if !ok {
		return Charge{}, false
	}
	c := Charge{Quantity: quantity, Billed: quantity}
	exact := s.decimal()
	c.Lines = f.lines(q, quantity, exact)
	var err, err2 error
	c.Exact, err = zero.With(exact)
	c.Amount, err2 = zero.With(decimal.New(minor, -int32(f.digits))) //nolint:gosec // 4 at most
	return c, err == nil && err2 == nil
}

// lines returns the lines of a quantity, which is given as a decimal, too. The exact
// amount is that of the only line where there is one.
func (f *fastTiers) lines(q int64, quantity, exact decimal.Decimal) []Line {
	if q == 0 && f.free {
		return []Line{}
	}
	last := f.reached(q)
	const most = 2 // of a tier: units and fee
	if f.volume {
		t := &f.tiers[last]
		return t.with(append(make([]Line, 0, most), t.only(q, quantity, exact)))
	}
	t, before, from := &f.tiers[last], 0, int64(0)
	if last > 0 {
		before, from = f.tiers[last-1].lines, f.tiers[last-1].upTo
	}
	lines := make([]Line, before, before+most)
	copy(lines, f.full[:before])
	switch {
	case last == 0:
		return t.with(append(lines, t.only(q, quantity, exact)))
	case q == t.upTo:
		return append(lines, f.full[before:t.lines]...)
	}
	return t.with(append(lines, t.line(q-from, decimal.Decimal{}, decimal.Decimal{})))
}

// with adds the fee of the tier, if it has one.
func (t *fastTier) with(lines []Line) []Line {
	if t.flat == 0 {
		return lines
	}
	return append(lines, Line{Kind: FeeLine, Tier: t.n, Amount: t.price.Flat})
}

// only is the line of units that are all in this tier: what they cost is the exact
// amount, unless there is a fee in it.
func (t *fastTier) only(q int64, quantity, exact decimal.Decimal) Line {
	if t.flat != 0 {
		exact = decimal.Decimal{}
	}
	return t.line(q, quantity, exact)
}

// reached returns the place of the last tier that has a line.
func (f *fastTiers) reached(q int64) int {
	last := 0
	for last < len(f.tiers)-1 && q > f.tiers[last].upTo {
		last++
	}
	return last
}

// end is the bound of the last tier that is there, 0 for none.
func (f *fastTiers) end() int64 {
	if len(f.tiers) == 0 {
		return 0
	}
	return f.tiers[len(f.tiers)-1].upTo
}

// line is what n units cost in the tier. A decimal that is not known yet is the zero
// value.
func (t *fastTier) line(n int64, quantity, amount decimal.Decimal) Line {
	if quantity.IsZero() && n != 0 {
		var s fixed.Sum
		s.Add(n)
		quantity = s.Decimal(fixed.Places)
	}
	if amount.IsZero() && n != 0 && t.unit != 0 {
		var s fixed.Sum
		if s.AddProduct(n, t.unit) {
			amount = s.Decimal(2 * fixed.Places)
		} else {
			amount = quantity.Mul(t.price.Unit)
		}
	}
	return Line{Kind: UsageLine, Tier: t.n, Quantity: servicecoin.Some(quantity), Unit: servicecoin.Some(t.price.Unit), Amount: amount}
}

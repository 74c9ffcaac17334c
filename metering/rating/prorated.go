package rating

import (
	"math/big"

	"github.com/shopspring/decimal"
)

// prorated charges units that were there for a part of the period. Each event goes
// from what was there before it to what is there after it; its prorated value is
// spread evenly over that way, and what lies in a tier costs what the tier says.
// A tier's fee is due once it was entered.
//
// A share of a way need not be a decimal. The amounts are fractions, and are cut
// once, to 30 decimals: the lines by their running total, so that they sum to it.
func (c *bill) prorated(u Usage) {
	events, tiers := u.Events, c.price.Tiers
	if len(events) == 0 && !u.Quantity.IsZero() {
		events = []Event{{Value: u.Quantity}}
	}
	units := make([]big.Rat, len(tiers))
	running, most := decimal.Zero, decimal.Zero
	for _, e := range events {
		before := running
		running = running.Add(e.Value)
		most = decimal.Max(most, running)
		if e.Value.IsZero() {
			continue
		}
		prorated := e.Value
		if e.Prorated.Valid {
			prorated = e.Prorated.Decimal
		}
		each := new(big.Rat).Quo(prorated.Rat(), e.Value.Abs().Rat())
		low, high := decimal.Min(before, running), decimal.Max(before, running)
		from := decimal.Zero
		for i, t := range tiers {
			to := high
			if t.UpTo.Valid {
				to = decimal.Min(to, t.UpTo.Decimal)
			}
			if way := to.Sub(decimal.Max(low, from)); way.IsPositive() {
				units[i].Add(&units[i], new(big.Rat).Mul(each, way.Rat()))
			}
			from = t.UpTo.Decimal
		}
	}
	c.Billed = running
	if most.IsZero() {
		c.nothing()
		return
	}
	var amount, quantity fractions
	from := decimal.Zero
	for i, t := range tiers {
		if i > 0 && !most.GreaterThan(from) {
			return
		}
		c.priced(UsageLine, i+1, quantity.next(&units[i]), t.Unit, amount.next(new(big.Rat).Mul(&units[i], t.Unit.Rat())))
		if !t.Flat.IsZero() {
			c.fee(i+1, t.Flat)
		}
		if !t.UpTo.Valid {
			return
		}
		from = t.UpTo.Decimal
	}
}

// prorates reports a price whose model does not look at time, but charges units for the
// part of the period that they were there for if events say so.
func (p Price) prorates() bool {
	return (p.Model == PerUnit || p.Model == Volume) && !p.BillingUnit.Valid && (p.Discount == nil || !p.Discount.Free.Valid)
}

// there returns the units that are charged: those that are billed, or what they come to
// for the time that each was there.
func (c *bill) there(u Usage) decimal.Decimal {
	sum, some := decimal.Zero, false
	for _, e := range u.Events {
		value := e.Value
		if e.Prorated.Valid {
			value, some = e.Prorated.Decimal, true
		}
		sum = sum.Add(value)
	}
	switch {
	case !some:
		return c.Billed
	case u.Quantity.IsNegative(): // the lines are turned again
		return sum.Neg()
	}
	return sum
}

// fractions cuts fractions to decimals that sum to the sum of them, cut.
type fractions struct {
	exact big.Rat
	sum   decimal.Decimal
}

func (f *fractions) next(r *big.Rat) decimal.Decimal {
	const places = 30
	f.exact.Add(&f.exact, r)
	before := f.sum
	f.sum = decimal.NewFromBigRat(&f.exact, places)
	return f.sum.Sub(before)
}

package rating

import (
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// commit adds what a commitment changes at the sum so far, which is that of one
// part: what is above it costs a factor, and what is missing is charged at the end.
func (c *bill) commit(promised Commitment) error {
	amount := promised.Amount.Decimal
	if promised.Quantity.Valid {
		plain := *c.price
		plain.Commitment, plain.Discount = nil, nil
		of := bill{price: &plain, last: true}
		if err := of.model(Usage{Quantity: promised.Quantity.Decimal}, promised.Quantity.Decimal, nil); err != nil {
			return err
		}
		amount = of.sum
	}
	switch over := c.sum.Sub(amount); {
	case over.IsPositive() && promised.Overage.Valid:
		factor := promised.Overage.Decimal.Sub(decimal.NewFromInt(1))
		c.priced(OverageLine, 0, over, factor, over.Mul(factor))
	case over.IsNegative() && promised.TrueUp && c.last:
		c.add(Line{Kind: TrueUpLine, Amount: over.Neg()})
	}
	return nil
}

// total takes off what is taken off, and brings the sum within its bounds: each by
// a line of its own. Of a quantity below zero it does what it would do above, with
// the sign turned; of parts, some of which are below zero and some above, if they cost
// less than nothing, too.
func (c *bill) total(u Usage) {
	if p := c.price; p.Discount == nil && !p.Minimum.Valid && !p.Maximum.Valid {
		return
	}
	turned := u.Quantity.IsNegative() && (len(u.Parts) == 0 || !c.sum.IsPositive())
	from, billed := len(c.Lines), c.Billed
	if turned {
		c.sum = c.sum.Neg()
	}
	c.discount()
	c.bound()
	if turned {
		c.turn(from)
		c.Billed = billed
	}
}

func (c *bill) discount() {
	d := c.price.Discount
	if d == nil {
		return
	}
	if d.Percent.Valid && !c.sum.IsZero() {
		c.priced(DiscountLine, 0, c.sum, d.Percent.Decimal, percent(c.sum, d.Percent.Decimal).Neg())
	}
	if off := decimal.Min(d.Amount.Decimal, c.sum); off.IsPositive() {
		c.add(Line{Kind: DiscountLine, Amount: off.Neg()})
	}
}

// bound brings the sum within minimum and maximum.
func (c *bill) bound() {
	p := c.price
	switch {
	case c.last && p.Minimum.Valid && c.sum.LessThan(p.Minimum.Decimal):
		c.add(Line{Kind: MinimumLine, Amount: p.Minimum.Decimal.Sub(c.sum)})
	case p.Maximum.Valid && c.sum.GreaterThan(p.Maximum.Decimal):
		c.add(Line{Kind: MaximumLine, Amount: p.Maximum.Decimal.Sub(c.sum)})
	}
}

// share charges a percentage of the events' amounts, and their fees.
func (c *bill) share(s Share, u Usage) error {
	if len(u.Events) == 0 {
		if !u.Quantity.IsZero() && (s.FreeEvents > 0 || !s.PerEvent.IsZero() || s.Least.Valid || s.Most.Valid) {
			var v servicecoin.Violations
			v.Add("events", "required", "", "must be given: the price asks for each of them")
			return v.Err()
		}
		paid := decimal.Max(decimal.Zero, u.Quantity.Abs().Sub(s.FreeAmount.Decimal))
		c.Billed = paid
		c.priced(PercentLine, 0, paid, s.Percent, percent(paid, s.Percent))
		return nil
	}
	free := allowance{events: s.FreeEvents, amount: s.FreeAmount, open: s.FreeEvents > 0 || s.FreeAmount.Valid}
	var paid, bounded decimal.Decimal
	events := int64(0)
	for _, e := range u.Events {
		sign := decimal.NewFromInt(1)
		value := e.Value
		if value.IsNegative() {
			sign, value = sign.Neg(), value.Neg()
		} else {
			if value = free.use(value); free.was {
				continue
			}
		}
		amount := percent(value, s.Percent).Add(s.PerEvent)
		within := amount
		if s.Least.Valid {
			within = decimal.Max(within, s.Least.Decimal)
		}
		if s.Most.Valid {
			within = decimal.Min(within, s.Most.Decimal)
		}
		paid, events = paid.Add(value.Mul(sign)), events+int64(sign.Sign())
		bounded = bounded.Add(within.Sub(amount).Mul(sign))
	}
	if u.Quantity.IsNegative() { // the lines are turned once more
		paid, events, bounded = paid.Neg(), -events, bounded.Neg()
	}
	c.Billed = paid
	c.priced(PercentLine, 0, paid, s.Percent, percent(paid, s.Percent))
	if n := decimal.NewFromInt(events); !s.PerEvent.IsZero() {
		c.priced(PerEventLine, 0, n, s.PerEvent, n.Mul(s.PerEvent))
	}
	if !bounded.IsZero() {
		c.add(Line{Kind: PerEventBoundLine, Amount: bounded})
	}
	return nil
}

// allowance is what is still free.
type allowance struct {
	open   bool
	was    bool // the last event was free altogether
	events int
	amount decimal.NullDecimal
	used   int
}

// use takes an event, and returns how much of it is to be paid.
func (a *allowance) use(value decimal.Decimal) decimal.Decimal {
	a.was = false
	if !a.open {
		return value
	}
	a.used++
	if a.amount.Valid {
		free := decimal.Min(value, a.amount.Decimal)
		a.amount.Decimal = a.amount.Decimal.Sub(free)
		value = value.Sub(free)
		a.open = a.amount.Decimal.IsPositive()
	} else {
		value = decimal.Zero
	}
	a.was = value.IsZero()
	if a.events > 0 && a.used == a.events {
		a.open = false
	}
	return value
}

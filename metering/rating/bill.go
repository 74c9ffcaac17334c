package rating

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// bill is a charge in the making.
type bill struct {
	Charge

	price  *Price
	matrix *matrix
	last   bool            // the period is over
	free   decimal.Decimal // units that the discount still has
	part   string          // of the lines that are being made
	sum    decimal.Decimal // of the lines
}

// make makes the lines: of each part what the model says and what was promised,
// then what is taken off, then the bounds.
func (c *bill) make(u Usage) error {
	if d := c.price.Discount; d != nil {
		c.free = d.Free.Decimal // 0 where there is none
	}
	if c.price.Each == EachWhole && c.price.Model != Matrix || len(u.Parts) == 0 && !u.Quantity.IsZero() {
		if err := c.one(u, nil); err != nil {
			return err
		}
	}
	for i, part := range u.Parts {
		c.part = part.says(i)
		if err := c.one(part.Usage, part.Dimensions); err != nil {
			return at(err, fmt.Sprintf("parts[%d]", i))
		}
	}
	c.part = ""
	c.total(u)
	return nil
}

// at puts a place before the violations of err.
func at(err error, path string) error {
	var v servicecoin.Violations
	v.Merge(path, err)
	return v.Err()
}

// one makes the lines of a part, or of the whole. A quantity below zero costs what
// the one above does, with the sign turned.
func (c *bill) one(u Usage, where map[string]string) error {
	from, before, billed := len(c.Lines), c.sum, c.Billed
	negative := u.Quantity.IsNegative()
	units := u.Quantity.Abs()
	if !c.free.IsZero() {
		used := decimal.Min(units, c.free)
		units, c.free = units.Sub(used), c.free.Sub(used)
	}
	c.sum, c.Billed = decimal.Zero, decimal.Zero
	if err := c.model(u, units, where); err != nil {
		return err
	}
	if c.price.Commitment != nil {
		if err := c.commit(*c.price.Commitment); err != nil {
			return err
		}
	}
	if negative {
		c.turn(from)
	}
	c.sum, c.Billed = before.Add(c.sum), billed.Add(c.Billed)
	return nil
}

// model makes the lines of the model for so many units.
func (c *bill) model(u Usage, units decimal.Decimal, where map[string]string) error {
	p := c.price
	switch p.Model {
	case Flat:
		c.Billed = units
		if c.last || p.Due == InAdvance {
			c.fee(0, p.Amount.Decimal)
		}
	case PerUnit:
		c.Billed = p.billed(units)
		c.usage(0, c.there(u), p.UnitPrice.Decimal)
	case Graduated, GraduatedPercentage:
		c.Billed = p.billed(units)
		c.graduated()
	case Volume:
		c.Billed = p.billed(units)
		c.volume(c.there(u))
	case Package:
		c.packages(*p.Package, units)
	case Percentage:
		return c.share(*p.Share, u)
	case GraduatedProrated:
		c.prorated(u)
	case Dynamic:
		c.Billed = units
		amount := units
		if u.Amount.Valid {
			amount = u.Amount.Decimal
			if u.Quantity.IsNegative() {
				amount = amount.Neg() // it is turned again with the lines
			}
		}
		c.priced(PassedLine, 0, amount, p.Factor.Decimal, amount.Mul(p.Factor.Decimal))
	case Matrix:
		i := c.matrix.row(where)
		if i < 0 {
			var v servicecoin.Violations
			v.Add("dimensions", "no-row", dimensions(where), "no row of the price fits")
			return v.Err()
		}
		if c.part == "" {
			c.part = p.Rows[i].says()
		}
		c.Billed = units
		c.usage(0, units, p.Rows[i].Unit)
	case Capacity:
		return c.capacity(u)
	}
	return nil
}

// add adds a line, and its amount to the sum.
func (c *bill) add(l Line) {
	l.Part = c.part
	c.Lines = append(c.Lines, l)
	c.sum = c.sum.Add(l.Amount)
}

func (c *bill) fee(tier int, amount decimal.Decimal) {
	c.add(Line{Kind: FeeLine, Tier: tier, Amount: amount})
}

func (c *bill) priced(kind LineKind, tier int, quantity, unit, amount decimal.Decimal) {
	c.add(Line{Kind: kind, Tier: tier, Quantity: servicecoin.Some(quantity), Unit: servicecoin.Some(unit), Amount: amount})
}

// usage adds units at a price, which is for one billing unit if there is such a
// thing.
func (c *bill) usage(tier int, units, price decimal.Decimal) {
	if b := c.price.BillingUnit; b.Valid {
		units = wholes(units, b.Decimal).times // they are whole ones
	}
	c.priced(UsageLine, tier, units, price, units.Mul(price))
}

// billed returns the quantity in whole billing units, as units.
func (p Price) billed(units decimal.Decimal) decimal.Decimal {
	if !p.BillingUnit.Valid {
		return units
	}
	return wholes(units, p.BillingUnit.Decimal).up().Mul(p.BillingUnit.Decimal)
}

// tier adds what units of a tier cost: themselves, the fee, and what is above the cap.
func (c *bill) tier(i int, units decimal.Decimal) {
	t, before := c.price.Tiers[i], c.sum
	if t.Percent.Valid {
		c.priced(PercentLine, i+1, units, t.Percent.Decimal, percent(units, t.Percent.Decimal))
	} else {
		c.usage(i+1, units, t.Unit)
	}
	if !t.Flat.IsZero() {
		c.fee(i+1, t.Flat)
	}
	if t.Cap.Valid {
		if over := c.sum.Sub(before).Sub(t.Cap.Decimal); over.IsPositive() {
			c.add(Line{Kind: CapLine, Tier: i + 1, Amount: over.Neg()})
		}
	}
}

func percent(of, share decimal.Decimal) decimal.Decimal {
	const places = 2
	return of.Mul(share).Shift(-places)
}

func (c *bill) graduated() {
	if c.Billed.IsZero() {
		c.nothing()
		return
	}
	from := decimal.Zero
	for i, t := range c.price.Tiers {
		if i > 0 && !c.Billed.GreaterThan(from) {
			return
		}
		to := c.Billed
		if t.UpTo.Valid && t.UpTo.Decimal.LessThan(to) {
			to = t.UpTo.Decimal
		}
		c.tier(i, to.Sub(from))
		from = t.UpTo.Decimal
		if !t.UpTo.Valid {
			return
		}
	}
}

// nothing is what zero usage costs in tiers.
func (c *bill) nothing() {
	if c.price.ZeroUsage == BillFirstTier {
		c.tier(0, decimal.Zero)
	}
}

// volume charges units at the tier that all that are billed reach.
func (c *bill) volume(units decimal.Decimal) {
	if c.Billed.IsZero() && units.IsZero() {
		c.nothing()
		return
	}
	for i, t := range c.price.Tiers {
		if !t.UpTo.Valid || !c.Billed.GreaterThan(t.UpTo.Decimal) {
			c.tier(i, units)
			return
		}
	}
}

func (c *bill) packages(b Bundle, units decimal.Decimal) {
	c.Billed = decimal.Max(decimal.Zero, units.Sub(b.Free))
	w := wholes(c.Billed, b.Size)
	n := w.up()
	if b.Partial == PartialFree {
		n = w.times
	}
	c.priced(PackageLine, 0, n, b.Price, n.Mul(b.Price))
}

// capacity charges the first plan that the peaks stay within.
func (c *bill) capacity(u Usage) error {
	var v servicecoin.Violations
	p, peaks, units := c.price, u.Peaks, c.price.units()
	c.Billed = u.Quantity.Abs()
	if peaks == nil && len(units) > 0 {
		if len(units) > 1 {
			v.Add("peaks", "required", "", "must be set: the plans bound "+strings.Join(units, ", "))
			return v.Err()
		}
		peaks = map[string]decimal.Decimal{units[0]: c.Billed}
	}
	for _, unit := range slices.Sorted(maps.Keys(peaks)) {
		if len(units) > 0 && !slices.Contains(units, unit) {
			v.Add("peaks."+unit, "unknown", plain(peaks[unit]), "no plan bounds it")
		}
	}
	i := p.plan(peaks)
	if i < 0 {
		v.Add("peaks", "out-of-range", "", "are above the largest plan")
	}
	if err := v.Err(); err != nil {
		return err
	}
	c.fee(i+1, p.Plans[i].Price)
	return nil
}

// turn makes the lines of a quantity below zero out of those of the one above.
func (c *bill) turn(from int) {
	c.Billed, c.sum = c.Billed.Neg(), c.sum.Neg()
	for i := from; i < len(c.Lines); i++ {
		l := &c.Lines[i]
		l.Amount = l.Amount.Neg()
		if l.Quantity.Valid {
			l.Quantity.Decimal = l.Quantity.Decimal.Neg()
		}
	}
}

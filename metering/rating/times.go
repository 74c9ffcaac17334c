package rating

import (
	"slices"

	"github.com/shopspring/decimal"
)

// times returns the price with all that usage costs times a factor: units, fees,
// packages, rows, plans, percentages.
func (p Price) times(factor decimal.Decimal) Price {
	p.Amount, p.UnitPrice, p.Factor = multiplied(p.Amount, factor), multiplied(p.UnitPrice, factor), multiplied(p.Factor, factor)
	p.Tiers = slices.Clone(p.Tiers)
	for i := range p.Tiers {
		t := &p.Tiers[i]
		t.Unit, t.Flat, t.Percent, t.Cap = t.Unit.Mul(factor), t.Flat.Mul(factor), multiplied(t.Percent, factor), multiplied(t.Cap, factor)
	}
	p.Rows = slices.Clone(p.Rows)
	for i := range p.Rows {
		p.Rows[i].Unit = p.Rows[i].Unit.Mul(factor)
	}
	p.Plans = slices.Clone(p.Plans)
	for i := range p.Plans {
		p.Plans[i].Price = p.Plans[i].Price.Mul(factor)
	}
	if b := p.Package; b != nil {
		p.Package = &Bundle{Size: b.Size, Price: b.Price.Mul(factor), Free: b.Free, Partial: b.Partial}
	}
	if s := p.Share; s != nil {
		of := *s
		of.Percent, of.PerEvent = s.Percent.Mul(factor), s.PerEvent.Mul(factor)
		of.Least, of.Most = multiplied(s.Least, factor), multiplied(s.Most, factor)
		p.Share = &of
	}
	return p
}

// bounded returns the price with what bounds the amount, what was promised and what
// is taken off times a factor.
func (p Price) bounded(factor decimal.Decimal) Price {
	p.Minimum, p.Maximum = multiplied(p.Minimum, factor), multiplied(p.Maximum, factor)
	if d := p.Discount; d != nil {
		of := *d
		of.Amount = multiplied(d.Amount, factor)
		p.Discount = &of
	}
	if c := p.Commitment; c != nil {
		of := *c
		of.Amount = multiplied(c.Amount, factor)
		p.Commitment = &of
	}
	return p
}

func multiplied(d decimal.NullDecimal, factor decimal.Decimal) decimal.NullDecimal {
	if d.Valid {
		d.Decimal = d.Decimal.Mul(factor)
	}
	return d
}

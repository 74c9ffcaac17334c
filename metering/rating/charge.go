package rating

import (
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/money"
)

// LineKind is what a line of a charge is for.
type LineKind string

// The kinds of lines.
const (
	UsageLine         LineKind = "usage"           // units at a price
	FeeLine           LineKind = "fee"             // a flat amount: of the price, of a tier that was entered, of the plan
	PackageLine       LineKind = "package"         // packages at a price
	PercentLine       LineKind = "percent"         // an amount at a percentage
	PerEventLine      LineKind = "per-event"       // events at a fee
	PerEventBoundLine LineKind = "per-event-bound" // what least and most of an event add up to
	PassedLine        LineKind = "passed"          // an amount that came with the events, times a factor
	CapLine           LineKind = "cap"             // what is above the cap of a tier, taken off
	OverageLine       LineKind = "overage"         // what usage above a commitment costs more
	TrueUpLine        LineKind = "true-up"         // what is missing to a commitment
	DiscountLine      LineKind = "discount"        // a percentage or an amount, taken off
	MinimumLine       LineKind = "minimum"         // what is missing to the minimum
	MaximumLine       LineKind = "maximum"         // what is above the maximum, taken off
	ProrationLine     LineKind = "proration"       // the part of the period that is not charged, taken off
)

// Line is a part of a charge. The amounts of all lines sum to the exact amount.
type Line struct {
	Kind     LineKind            `json:"kind"`
	Part     string              `json:"part,omitempty"` // the bucket, group, row or window; "": the price has none
	Tier     int                 `json:"tier,omitempty"` // from 1; 0: the price has none
	Quantity decimal.NullDecimal `json:"quantity"`       // units, packages, events, or an amount; null where there is none
	Unit     decimal.NullDecimal `json:"unit"`           // price of one, or a percentage or factor; null where there is none
	Amount   decimal.Decimal     `json:"amount"`         // exact, in the currency of the charge
}

// Charge is what usage costs at a price, and why.
type Charge struct {
	Quantity   decimal.Decimal `json:"quantity"` // as it was used
	Billed     decimal.Decimal `json:"billed"`   // as it is priced: in whole billing units, less what is free
	Lines      []Line          `json:"lines"`
	Exact      money.Amount    `json:"exact"`                // the sum of the lines
	Amount     money.Amount    `json:"amount"`               // rounded to the currency's digits
	Conversion *Conversion     `json:"conversion,omitempty"` // by which the price came to be in money
}

// UnitAmount returns what a billed unit costs on the average, rounded half away
// from zero to so many places: undefined if none is billed.
func (c Charge) UnitAmount(places int32) decimal.NullDecimal { return c.each(c.Billed, places) }

// Effective returns what a unit that was used costs on the average, those that are
// free included, rounded half away from zero: undefined if none was used.
func (c Charge) Effective(places int32) decimal.NullDecimal { return c.each(c.Quantity, places) }

func (c Charge) each(units decimal.Decimal, places int32) decimal.NullDecimal {
	if units.IsZero() {
		return servicecoin.Undefined()
	}
	return servicecoin.Some(c.Exact.Decimal().DivRound(units, places))
}

// Rate returns what a quantity costs at a price. For many quantities,
// [Compile] the price once.
func Rate(p Price, quantity decimal.Decimal) (Charge, error) {
	t, err := Compile(p)
	if err != nil {
		return Charge{}, err
	}
	return t.Rate(quantity)
}

// Tariff is a price that was checked and prepared. It never changes, and is safe
// for concurrent use.
type Tariff struct {
	price      Price
	fast       *fastTiers // nil: the price does not fit into machine words
	matrix     *matrix
	conversion *Conversion
	zero       money.Amount // of the currency
}

// Compile checks a price and prepares it. A price in a unit of the host's own is
// refused (see [Conversion.Price]), and so is one with windows (see [CompileDuring]).
func Compile(p Price) (*Tariff, error) {
	var v servicecoin.Violations
	v.Merge("", p.Validate())
	if p.In != "" {
		v.Add("in", "not-money", p.In, "must be converted to money first")
	}
	if len(p.Windows) > 0 {
		v.Add("windows", "contradiction", "", "must be worked out for a span of time: a charge without a time has no window")
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	zero, err := money.Zero(p.Currency)
	return &Tariff{price: p, fast: fastOf(p), matrix: matrixOf(p.Rows), zero: zero}, err
}

// Price returns what was compiled.
func (t *Tariff) Price() Price { return t.price }

// Rate returns what a quantity costs, with every line of it.
func (t *Tariff) Rate(quantity decimal.Decimal) (Charge, error) {
	return t.Charge(Usage{Quantity: quantity})
}

// Charge returns what usage costs, with every line of it.
func (t *Tariff) Charge(u Usage) (Charge, error) { return t.charge(u, true) }

// SoFar returns what usage costs while the period goes on: without what is due at
// its end, the minimum, a true-up and a flat amount in arrears.
func (t *Tariff) SoFar(u Usage) (Charge, error) { return t.charge(u, false) }

// charge takes the quick way if there is one: it stops where a bound would change
// the sum, so what is due at the end of a period is never in it.
func (t *Tariff) charge(u Usage, last bool) (Charge, error) {
	if t.fast != nil && u.divides() && !u.Amount.Valid {
		if c, ok := t.fast.rate(u.Quantity, t.zero); ok {
			c.Conversion = t.conversion
			return c, nil
		}
	}
	return t.long(u, last)
}

// long makes every line out of decimals.
func (t *Tariff) long(u Usage, last bool) (Charge, error) {
	u, err := t.price.checked(u)
	if err != nil {
		return Charge{}, err
	}
	b := bill{price: &t.price, matrix: t.matrix, last: last}
	b.Lines = make([]Line, 0, 2+2*len(t.price.Tiers)) // units and fee of each tier
	b.Quantity = u.Quantity
	if err := b.make(u); err != nil {
		return Charge{}, err
	}
	if b.Exact, err = t.zero.With(b.sum); err != nil {
		return Charge{}, err
	}
	b.Conversion = t.conversion
	b.Amount, err = b.Exact.Round(t.price.Rounding)
	return b.Charge, err
}

// Exact returns the exact amount of [Tariff.Rate] without its lines, quicker.
func (t *Tariff) Exact(quantity decimal.Decimal) (money.Amount, error) {
	if t.fast != nil {
		if sum, ok := t.fast.sum(quantity); ok {
			return t.zero.With(sum.decimal())
		}
	}
	c, err := t.Rate(quantity)
	return c.Exact, err
}

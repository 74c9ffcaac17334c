package rating

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/money"
)

// LineKind is what a line of a charge is for.
type LineKind string

// The kinds of lines.
const (
	UsageLine   LineKind = "usage"   // units at a price
	FeeLine     LineKind = "fee"     // a flat amount: of the price, or of a tier that was entered
	PackageLine LineKind = "package" // packages at a price
	MinimumLine LineKind = "minimum" // what is missing to the minimum
	MaximumLine LineKind = "maximum" // what is above the maximum, taken off
)

// Line is a part of a charge. The amounts of all lines sum to the exact amount.
type Line struct {
	Kind     LineKind            `json:"kind"`
	Tier     int                 `json:"tier,omitempty"` // from 1; 0: the price has none
	Quantity decimal.NullDecimal `json:"quantity"`       // units or packages; null for fees and bounds
	Unit     decimal.NullDecimal `json:"unit"`           // price of one; null for fees and bounds
	Amount   decimal.Decimal     `json:"amount"`         // exact, in the currency of the charge
}

// Charge is what a quantity costs at a price, and why.
type Charge struct {
	Quantity decimal.Decimal `json:"quantity"` // as it was used
	Billed   decimal.Decimal `json:"billed"`   // as it is priced: in whole billing units, less what is free
	Lines    []Line          `json:"lines"`
	Exact    money.Amount    `json:"exact"`  // the sum of the lines
	Amount   money.Amount    `json:"amount"` // rounded to the currency's digits
}

// UnitAmount returns what a billed unit costs on the average, rounded half away
// from zero to so many places: undefined if none is billed.
func (c Charge) UnitAmount(places int32) decimal.NullDecimal {
	if c.Billed.IsZero() {
		return servicecoin.Undefined()
	}
	return servicecoin.Some(c.Exact.Decimal().DivRound(c.Billed, places))
}

// Trace explains the amount: line by line, then the rounding.
func (c Charge) Trace() servicecoin.Trace { return c.TraceOf("") }

// TraceOf is [Charge.Trace] of something that has a name: people are told of
// "1 000 documents at 0.09 EUR each". The exact form is the same.
func (c Charge) TraceOf(unit string) servicecoin.Trace {
	currency := string(c.Exact.Currency())
	exact := servicecoin.Trace{Label: "exactly", Plain: servicecoin.Say("before it is rounded"), Value: servicecoin.Some(c.Exact.Decimal()), Unit: currency}
	if c.Amount.Equal(c.Exact) {
		exact.Plain = servicecoin.Skip()
	}
	each := c.counted(unit)
	for _, l := range c.Lines {
		exact.Parts = append(exact.Parts, servicecoin.Trace{Label: l.label(), Plain: l.says(each, currency), Value: servicecoin.Some(l.Amount), Unit: currency})
	}
	says := servicecoin.Say("charge")
	if !c.Quantity.IsZero() && (unit != "" || !c.Quantity.Equal(decimal.NewFromInt(1))) {
		says = servicecoin.Say("charge for %v", servicecoin.Quantity{Value: servicecoin.Some(c.Quantity), Unit: unit})
	}
	return servicecoin.Trace{
		Label: "charge for " + plain(c.Quantity), Plain: says, Value: servicecoin.Some(c.Amount.Decimal()), Unit: currency, Parts: []servicecoin.Trace{exact},
	}
}

// counted is what the lines of usage count: the unit, unless they count what is
// billed at once (a hundred documents, say).
func (c Charge) counted(unit string) string {
	sum := decimal.Zero
	for _, l := range c.Lines {
		if l.Kind == UsageLine && l.Quantity.Valid {
			sum = sum.Add(l.Quantity.Decimal)
		}
	}
	if sum.Equal(c.Quantity) {
		return unit
	}
	return ""
}

// says is a line for people.
func (l Line) says(unit, currency string) servicecoin.Saying {
	before, of := "", ""
	if l.Tier > 0 {
		before, of = fmt.Sprintf("tier %d: ", l.Tier), fmt.Sprintf(" of tier %d", l.Tier)
	}
	switch l.Kind {
	case FeeLine:
		return servicecoin.Say("fee" + of)
	case MinimumLine:
		return servicecoin.Say("what is missing to the least that is charged")
	case MaximumLine:
		return servicecoin.Say("what is above the most that is charged")
	case PackageLine:
		unit = "packages"
	case UsageLine:
	}
	if !l.Quantity.Valid || !l.Unit.Valid {
		return servicecoin.Say(before + string(l.Kind))
	}
	return servicecoin.Say(before+"%v at %v each", servicecoin.Quantity{Value: l.Quantity, Unit: unit}, servicecoin.Quantity{Value: l.Unit, Unit: currency}).Equals()
}

func (l Line) label() string {
	text := string(l.Kind)
	if l.Tier > 0 {
		text += fmt.Sprintf(", tier %d", l.Tier)
	}
	if l.Quantity.Valid {
		text += fmt.Sprintf(": %s at %s", plain(l.Quantity.Decimal), plain(l.Unit.Decimal))
	}
	return text
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
	price Price
	fast  *fastTiers // nil: the price does not fit into machine words
}

// Compile checks a price and prepares it.
func Compile(p Price) (*Tariff, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return &Tariff{price: p, fast: fastOf(p)}, nil
}

// Price returns what was compiled.
func (t *Tariff) Price() Price { return t.price }

func (t *Tariff) check(quantity decimal.Decimal) error {
	var v servicecoin.Violations
	v.Number("quantity", quantity, quantityDigits, quantityPlaces)
	if quantity.IsNegative() && !t.price.Signed {
		v.Add("quantity", "negative", "", "must not be negative, unless the price is signed")
	}
	return v.Err()
}

// Rate returns what a quantity costs, with every line of it.
func (t *Tariff) Rate(quantity decimal.Decimal) (Charge, error) {
	if err := t.check(quantity); err != nil {
		return Charge{}, err
	}
	c := bill{Charge{Quantity: quantity, Lines: []Line{}}}
	p := t.price
	units := quantity.Abs()
	switch p.Model {
	case Flat:
		c.Billed = units
		c.fee(0, p.Amount.Decimal)
	case PerUnit:
		c.Billed = p.billed(units)
		c.usage(p, 0, c.Billed, p.UnitPrice.Decimal)
	case Graduated:
		c.Billed = p.billed(units)
		c.graduated(p)
	case Volume:
		c.Billed = p.billed(units)
		c.volume(p)
	case Package:
		c.packages(*p.Package, units)
	}
	sum := c.bound(p, c.sum())
	if quantity.IsNegative() {
		sum = sum.Neg()
		c.turn()
	}
	var err error
	if c.Exact, err = money.New(sum, p.Currency); err != nil {
		return Charge{}, err
	}
	c.Amount, err = c.Exact.Round(p.Rounding)
	return c.Charge, err
}

// Exact returns the exact amount of [Tariff.Rate] without its lines, quicker.
func (t *Tariff) Exact(quantity decimal.Decimal) (money.Amount, error) {
	if t.fast != nil {
		if sum, ok := t.fast.sum(quantity, t.price.Signed); ok {
			return money.New(sum, t.price.Currency)
		}
	}
	c, err := t.Rate(quantity)
	return c.Exact, err
}

// bill is a charge in the making.
type bill struct{ Charge }

// billed returns the quantity in whole billing units, as units.
func (p Price) billed(units decimal.Decimal) decimal.Decimal {
	if !p.BillingUnit.Valid {
		return units
	}
	return wholes(units, p.BillingUnit.Decimal).up().Mul(p.BillingUnit.Decimal)
}

func (c *bill) fee(tier int, amount decimal.Decimal) {
	c.Lines = append(c.Lines, Line{Kind: FeeLine, Tier: tier, Amount: amount})
}

// usage adds units at a price, which is for one billing unit if there is such a
// thing.
func (c *bill) usage(p Price, tier int, units, price decimal.Decimal) {
	if p.BillingUnit.Valid {
		units = wholes(units, p.BillingUnit.Decimal).times // they are whole ones
	}
	c.Lines = append(c.Lines, Line{
		Kind: UsageLine, Tier: tier, Quantity: servicecoin.Some(units), Unit: servicecoin.Some(price), Amount: units.Mul(price),
	})
}

func (c *bill) graduated(p Price) {
	if c.Billed.IsZero() {
		c.nothing(p)
		return
	}
	from := decimal.Zero
	for i, t := range p.Tiers {
		if i > 0 && !c.Billed.GreaterThan(from) {
			return
		}
		to := c.Billed
		if t.UpTo.Valid && t.UpTo.Decimal.LessThan(to) {
			to = t.UpTo.Decimal
		}
		c.usage(p, i+1, to.Sub(from), t.Unit)
		if !t.Flat.IsZero() {
			c.fee(i+1, t.Flat)
		}
		from = t.UpTo.Decimal
		if !t.UpTo.Valid {
			return
		}
	}
}

// nothing is what zero usage costs in tiers.
func (c *bill) nothing(p Price) {
	if p.ZeroUsage == BillNothing {
		return
	}
	c.usage(p, 1, decimal.Zero, p.Tiers[0].Unit)
	if !p.Tiers[0].Flat.IsZero() {
		c.fee(1, p.Tiers[0].Flat)
	}
}

func (c *bill) volume(p Price) {
	if c.Billed.IsZero() {
		c.nothing(p)
		return
	}
	for i, t := range p.Tiers {
		if t.UpTo.Valid && c.Billed.GreaterThan(t.UpTo.Decimal) {
			continue
		}
		c.usage(p, i+1, c.Billed, t.Unit)
		if !t.Flat.IsZero() {
			c.fee(i+1, t.Flat)
		}
		return
	}
}

func (c *bill) packages(b Bundle, units decimal.Decimal) {
	c.Billed = decimal.Max(decimal.Zero, units.Sub(b.Free))
	w := wholes(c.Billed, b.Size)
	n := w.up()
	if b.Partial == PartialFree {
		n = w.times
	}
	c.Lines = append(c.Lines, Line{Kind: PackageLine, Quantity: servicecoin.Some(n), Unit: servicecoin.Some(b.Price), Amount: n.Mul(b.Price)})
}

func (c *bill) sum() decimal.Decimal {
	sum := decimal.Zero
	for _, l := range c.Lines {
		sum = sum.Add(l.Amount)
	}
	return sum
}

// bound brings the sum within minimum and maximum, by a line of its own.
func (c *bill) bound(p Price, sum decimal.Decimal) decimal.Decimal {
	switch {
	case p.Minimum.Valid && sum.LessThan(p.Minimum.Decimal):
		c.Lines = append(c.Lines, Line{Kind: MinimumLine, Amount: p.Minimum.Decimal.Sub(sum)})
		return p.Minimum.Decimal
	case p.Maximum.Valid && sum.GreaterThan(p.Maximum.Decimal):
		c.Lines = append(c.Lines, Line{Kind: MaximumLine, Amount: p.Maximum.Decimal.Sub(sum)})
		return p.Maximum.Decimal
	}
	return sum
}

// turn makes the charge of a quantity below zero out of that of the one above.
func (c *bill) turn() {
	c.Billed = c.Billed.Neg()
	for i := range c.Lines {
		l := &c.Lines[i]
		l.Amount = l.Amount.Neg()
		if l.Quantity.Valid {
			l.Quantity.Decimal = l.Quantity.Decimal.Neg()
		}
	}
}

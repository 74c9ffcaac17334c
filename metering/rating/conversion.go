package rating

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/money"
)

// Conversion is what one unit of the host's own ("credit"), or of another currency,
// is worth in money from an instant on, until there is a newer one.
type Conversion struct {
	From      string          `json:"from"` // a unit of the host's own, or a currency
	To        money.Currency  `json:"to"`
	Rate      decimal.Decimal `json:"rate"` // above 0: 1 From is Rate To
	ValidFrom time.Time       `json:"validFrom"`
	Source    string          `json:"source,omitempty"` // who says so: "ECB reference rate", for people
}

// Validate reports every violation.
func (c Conversion) Validate() error {
	var v servicecoin.Violations
	v.Text("from", c.From, 1, 100)
	v.Merge("to", c.To.Validate())
	if c.From != "" && c.From == string(c.To) {
		v.Add("to", "contradiction", c.From, "must be another one")
	}
	positive(&v, "rate", servicecoin.Some(c.Rate))
	v.Time("validFrom", c.ValidFrom)
	v.Text("source", c.Source, 0, 200)
	return v.Err()
}

// Trace is the rate, for whoever recomputes.
func (c Conversion) Trace() servicecoin.Trace {
	return servicecoin.Trace{
		Label: fmt.Sprintf("1 %s since %s", c.From, c.ValidFrom.UTC().Format(time.RFC3339)),
		Plain: servicecoin.Say("1 %v since %v", c.From, c.ValidFrom), Value: servicecoin.Some(c.Rate), Unit: string(c.To),
	}
}

// Price returns a price in money, made of one in the unit that is converted: every
// number that is an amount, times the rate, and nothing is rounded.
func (c Conversion) Price(p Price) (Price, error) {
	var v servicecoin.Violations
	v.Merge("conversion", c.Validate())
	v.Merge("price", p.Validate())
	if p.In != c.From {
		v.Add("price.in", "mixed", p.In, "must be "+c.From+", which is converted")
	}
	if p.Currency != c.To {
		v.Add("price.currency", "mixed", string(p.Currency), "must be "+string(c.To)+", which it is converted to")
	}
	if err := v.Err(); err != nil {
		return Price{}, err
	}
	p.In = ""
	p = p.times(c.Rate).bounded(c.Rate)
	p.Windows = slices.Clone(p.Windows)
	for i := range p.Windows {
		if w := &p.Windows[i]; w.Price != nil {
			other := w.Price.times(c.Rate).bounded(c.Rate)
			other.In = ""
			w.Price = &other
		}
	}
	return p, p.Validate()
}

// Compile is [Compile] of the price that [Conversion.Price] makes; the charges of the
// tariff name the conversion.
func (c Conversion) Compile(p Price) (*Tariff, error) {
	p, err := c.Price(p)
	if err != nil {
		return nil, err
	}
	t, err := Compile(p)
	if err != nil {
		return nil, err
	}
	t.conversion = &c
	return t, nil
}

// Conversions are rates with the instants from which they hold. They never change.
type Conversions struct{ list []Conversion }

// NewConversions checks rates and puts them in order. Two for the same from the same
// instant on are refused.
func NewConversions(list ...Conversion) (*Conversions, error) {
	const most = 100_000
	var v servicecoin.Violations
	if !v.Limit("conversions", len(list), most) {
		return nil, v.Err()
	}
	type key struct {
		from string
		to   money.Currency
		at   time.Time
	}
	seen := make(map[key]bool, len(list))
	for i, c := range list {
		path := fmt.Sprintf("conversions[%d]", i)
		v.Merge(path, c.Validate())
		k := key{c.From, c.To, c.ValidFrom.UTC()}
		if seen[k] {
			v.Add(path, "duplicate", c.From, "there is another rate from that instant on")
		}
		seen[k] = true
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b Conversion) int { return a.ValidFrom.Compare(b.ValidFrom) })
	return &Conversions{list: sorted}, nil
}

// At returns the rate that holds at an instant, or an error that is
// [servicecoin.ErrNotFound]: no rate is guessed, and none is turned round.
func (c *Conversions) At(from string, to money.Currency, t time.Time) (Conversion, error) {
	for _, x := range slices.Backward(c.list) {
		if x.From == from && x.To == to && !x.ValidFrom.After(t) {
			return x, nil
		}
	}
	return Conversion{}, fmt.Errorf("rate from %s to %s at %s: %w", from, to, t.UTC().Format(time.RFC3339), servicecoin.ErrNotFound)
}

// Converted is an amount of one currency as one of another, and by which rate.
type Converted struct {
	Of     money.Amount `json:"of"`
	By     Conversion   `json:"by"`
	Exact  money.Amount `json:"exact"`
	Amount money.Amount `json:"amount"` // rounded to the currency's digits
}

// Amount converts an amount at the rate that holds at an instant. One that is in the
// currency already is refused: there is nothing to convert.
func (c *Conversions) Amount(a money.Amount, to money.Currency, t time.Time, r money.Rounding) (Converted, error) {
	by, err := c.At(string(a.Currency()), to, t)
	if err != nil {
		return Converted{}, err
	}
	exact, err := money.New(a.Decimal().Mul(by.Rate), to)
	if err != nil {
		return Converted{}, err
	}
	amount, err := exact.Round(r)
	return Converted{Of: a, By: by, Exact: exact, Amount: amount}, err
}

// Trace explains the amount: what was converted, by which rate.
func (c Converted) Trace() servicecoin.Trace {
	unit := string(c.Amount.Currency())
	return servicecoin.Trace{
		Label: "converted", Plain: servicecoin.Say("converted"), Value: servicecoin.Some(c.Amount.Decimal()), Unit: unit,
		Parts: []servicecoin.Trace{
			{Label: "of", Plain: servicecoin.Say("the amount"), Value: servicecoin.Some(c.Of.Decimal()), Unit: string(c.Of.Currency())},
			c.By.Trace(),
			{Label: "exactly", Plain: servicecoin.Say("before it is rounded"), Value: servicecoin.Some(c.Exact.Decimal()), Unit: unit},
		},
	}
}

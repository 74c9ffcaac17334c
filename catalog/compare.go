package catalog

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/money"
)

// Planned is a usage that somebody plans: meter → quantity, in the unit of the
// meter and for the period that the pricing function goes by. Which meters there
// are, this package does not know.
type Planned map[string]decimal.Decimal

// The most that is planned: meters, and digits of a quantity before and behind the
// point.
const (
	maxPlanned    = 100
	plannedDigits = 30
	plannedPlaces = 30
)

// Validate reports unnamed meters, negative quantities and those that no meter
// counts.
func (p Planned) Validate() error {
	var v servicecoin.Violations
	if !v.Limit("planned", len(p), maxPlanned) {
		return v.Err()
	}
	for _, meter := range slices.Sorted(maps.Keys(p)) {
		v.ID("planned", meter)
		path := "planned." + meter[:min(len(meter), servicecoin.MaxIDBytes)]
		v.Number(path, p[meter], plannedDigits, plannedPlaces)
		if p[meter].Sign() < 0 {
			v.Add(path, "negative", "", "a planned quantity is not negative")
		}
	}
	return v.Err()
}

// Price is what an offering costs at a planned usage.
type Price struct {
	Amount money.Amount      // no amount: it is not priced, which is never the same as free
	Note   string            // for people: why it is not priced, what is not included
	Trace  servicecoin.Trace // how it came about
}

// PriceFunc prices an offering at a planned usage. It is pure: the same offering
// and usage have the same price. An offering that it cannot price has no amount,
// and a note that says why; an error ends the comparison.
type PriceFunc func(o Offering, planned Planned) (Price, error)

// Comparison is offerings side by side, as data: a row each, in the order in
// which they were given.
type Comparison struct {
	Planned Planned `json:"planned"`
	Rows    []Row   `json:"rows"`
}

// Row is one offering in a comparison: the offering as it was given, with its
// lead time, promise, support hours and prerequisites, and what it costs. Whether
// it can be ordered, ask [Offering.Orderable].
type Row struct {
	Offering Offering `json:"offering"`

	Price money.Amount      `json:"price"` // null: not priced
	Note  string            `json:"note,omitempty"`
	Trace servicecoin.Trace `json:"trace,omitzero"`
	// Cheapest is set for the lowest price among all of its currency, on each of
	// several that are equal. Where only one is priced in a currency nothing is
	// compared, and so none is cheapest.
	Cheapest bool `json:"cheapest"`
	// More is how much more it costs than the cheapest of its currency; null
	// where nothing is compared.
	More money.Amount `json:"more"`
	// Soonest is set for the shortest promised lead time, where two or more are
	// promised.
	Soonest bool `json:"soonest"`
}

const maxCompared = 100

// Compare puts offerings side by side at a planned usage. Prices of two currencies are not compared with each other, and an offering
// without a price is not compared at all: it is neither cheapest nor free. It
// reports every violation of the offerings and the usage at once, and the error
// of the pricing function with the offering that it came from.
func Compare(offerings []Offering, planned Planned, price PriceFunc) (Comparison, error) {
	var v servicecoin.Violations
	v.Merge("", planned.Validate())
	if price == nil {
		v.Add("price", "required", "", "prices an offering; one that prices nothing returns Price{}")
	}
	if !v.Limit("offerings", len(offerings), maxCompared) {
		return Comparison{}, v.Err()
	}
	seen := map[servicecoin.OfferingID]bool{}
	for i := range offerings {
		o := &offerings[i]
		v.ID(fmt.Sprintf("offerings[%d].id", i), string(o.ID))
		if seen[o.ID] {
			v.Add(fmt.Sprintf("offerings[%d].id", i), "duplicate", string(o.ID), "is named twice")
		}
		seen[o.ID] = true
	}
	if err := v.Err(); err != nil {
		return Comparison{}, err
	}
	c := Comparison{Planned: maps.Clone(planned), Rows: []Row{}}
	for _, o := range offerings {
		o.tidy()
		p, err := price(o, maps.Clone(planned))
		if err != nil {
			return Comparison{}, fmt.Errorf("price of offering %s: %w", o.ID, err)
		}
		c.Rows = append(c.Rows, Row{Offering: o, Price: p.Amount, Note: p.Note, Trace: p.Trace})
	}
	if err := c.cheapest(); err != nil {
		return Comparison{}, err
	}
	c.soonest()
	return c, nil
}

// cheapest marks the lowest price of each currency, and says how much more the
// others are.
func (c *Comparison) cheapest() error {
	least := make(map[money.Currency]money.Amount)
	count := make(map[money.Currency]int)
	for _, r := range c.Rows {
		if !r.Price.Defined() {
			continue
		}
		currency := r.Price.Currency()
		count[currency]++
		if l, ok := least[currency]; !ok || r.Price.Decimal().LessThan(l.Decimal()) {
			least[currency] = r.Price
		}
	}
	for i := range c.Rows {
		r := &c.Rows[i]
		if !r.Price.Defined() || count[r.Price.Currency()] < 2 {
			continue
		}
		var err error
		if r.More, err = r.Price.Sub(least[r.Price.Currency()]); err != nil {
			return fmt.Errorf("price of offering %s: %w", r.Offering.ID, err)
		}
		r.Cheapest = r.More.Sign() == 0
	}
	return nil
}

func (c *Comparison) soonest() {
	var least time.Duration
	promised := 0
	for _, r := range c.Rows {
		if d, ok := r.Offering.LeadTime.Get(); ok {
			if promised == 0 || d < least {
				least = d
			}
			promised++
		}
	}
	for i := range c.Rows {
		d, ok := c.Rows[i].Offering.LeadTime.Get()
		c.Rows[i].Soonest = ok && promised > 1 && d == least
	}
}

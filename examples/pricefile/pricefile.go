// Package pricefile reads prices as people write them down for a calculation: a JSON
// object of prices by their names, or a list of prices that have a name or an id; or
// either of them as the only member "prices" of an object.
//
//	{
//	  "storage": {"model": "graduated", "currency": "EUR", "tiers": [
//	    {"up_to": "100", "unit": "0.10", "flat": "2"},
//	    {"up_to": null, "unit": "0.05"}
//	  ]},
//	  "calls": {"model": "package", "package_size": 1000, "package_price": "1.50", "free_units": 5000}
//	}
//
// A number is a JSON number or a text; neither goes through a float. The fields of a
// model may also stand in an object "params". An amount is rounded as the price says:
// to the digits of its currency, or to precision decimals, by rounding (mode), which
// is half-away-from-zero if it is not named. A price that names neither is not
// rounded. What is wrong is told with its line and its path.
package pricefile

import (
	"fmt"
	"io"
	"os"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// MaxPrices is how many a file may have.
const MaxPrices = 10_000

// Price is one of the file.
type Price struct {
	*rating.Tariff

	Name string

	named    bool // a currency is named, to whose digits amounts are rounded
	places   *int
	rounding money.Rounding
}

// In returns the currency that the price names, "" if it names none.
func (p Price) In() string {
	if !p.named {
		return ""
	}
	return string(p.Price().Currency)
}

// Amount returns the amount of a charge, rounded as the price says.
func (p Price) Amount(c rating.Charge) (decimal.Decimal, error) {
	switch {
	case p.places != nil:
		return p.rounding.Round(c.Exact.Decimal(), *p.places)
	case p.named:
		return c.Amount.Decimal(), nil
	}
	return c.Exact.Decimal(), nil
}

// Of returns what a quantity costs. One row of usage is one event, one bucket, one
// peak, to a model that looks at those.
func (p Price) Of(quantity decimal.Decimal) (rating.Charge, error) {
	switch price := p.Price(); {
	case price.Each != rating.EachWhole:
		return p.Charge(rating.Usage{Parts: []rating.Part{{Usage: rating.Usage{Quantity: quantity}}}})
	case price.Model == rating.Percentage:
		return p.Charge(rating.Usage{Events: []rating.Event{{Value: quantity}}})
	}
	return p.Rate(quantity)
}

// Prices are those of a file by their names.
type Prices map[string]Price

// Open reads a file; see [Read].
func Open(path string) (Prices, error) {
	f, err := os.Open(path) //nolint:gosec // G304: the file is the user's own choice
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(f)
}

// Read reads prices. The error is an [*servicecoin.InvalidError] with all that is
// wrong, or that of r.
func Read(r io.Reader) (Prices, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	root, err := read(text)
	if err != nil {
		return nil, err
	}
	var v servicecoin.Violations
	prices := Prices{}
	add := func(name, path string, n *node) {
		b := builder{v: &v, path: path, name: name, root: n}
		if n.is != isObject {
			b.wrong(n, "", "type", "must be an object")
			return
		}
		if b.name == "" {
			b.name = b.naming()
		}
		if _, again := prices[b.name]; again {
			b.wrong(n, "", "duplicate", "there is another price of the name "+b.name)
			return
		}
		p, ok := b.price()
		if ok || b.name != "" {
			prices[b.name] = p // one that is wrong, too: usage of it is not of an unknown one
		}
	}
	if list := root.members["prices"]; list != nil && len(root.names) == 1 && list.members["model"] == nil {
		root = list
	}
	switch root.is {
	case isObject:
		if v.Limit("line 1", len(root.names), MaxPrices) {
			for _, name := range root.names {
				add(name, name, root.members[name])
			}
		}
	case isList:
		if v.Limit("line 1", len(root.list), MaxPrices) {
			for i, n := range root.list {
				add("", fmt.Sprintf("[%d]", i), n)
			}
		}
	case isNull, isText, isNumber, isBool:
		v.Add(fmt.Sprintf("line %d", root.line), "type", "", "must be an object of prices, or a list of them")
	}
	return prices, v.Err()
}

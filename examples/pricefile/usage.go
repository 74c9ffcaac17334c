package pricefile

import (
	"errors"
	"io"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/examples/csvfile"
)

// Use is a row of a file of usage.
type Use struct {
	At       string // "line 12, quantity", for what is wrong with it
	Price    string
	Text     string // the quantity as it is written
	Quantity decimal.Decimal
}

// ReadUsage reads usage in CSV, with the columns price and quantity, and calls use for
// each row; what use finds wrong it adds to v.
func ReadUsage(r io.Reader, use func(v *servicecoin.Violations, u Use)) error {
	const longest = 200
	return csvfile.Read(r, []string{"price", "quantity"}, func(v *servicecoin.Violations, row csvfile.Row) {
		u := Use{At: row.At("quantity"), Price: row.Field("price")}
		text := strings.TrimSpace(row.Field("quantity"))
		if text == "" {
			v.Add(u.At, "required", "", "must not be empty")
			return
		}
		d, err := decimal.NewFromString(text)
		if err != nil || len(text) > longest {
			v.Add(u.At, "number", text, `must be a number, with a point before its decimals and no separators: "1234.5"`)
			return
		}
		u.Price, u.Text, u.Quantity = strings.Clone(u.Price), strings.Clone(text), d
		use(v, u)
	})
}

// Rated is a row of usage, and what it costs.
type Rated struct {
	Use

	Amount decimal.Decimal
	Unit   decimal.NullDecimal // of a unit on the average, to six places; null for no quantity
}

// Rate rates usage, row by row.
func (p Prices) Rate(r io.Reader) ([]Rated, error) {
	const places = 6
	var rows []Rated
	err := ReadUsage(r, func(v *servicecoin.Violations, u Use) {
		price, known := p[u.Price]
		if !known {
			if price, known = p[strings.TrimSpace(u.Price)]; !known {
				v.Add(strings.Replace(u.At, "quantity", "price", 1), "unknown", u.Price, "must be a price of the file of prices")
				return
			}
		}
		c, err := price.Of(u.Quantity)
		if err == nil {
			var amount decimal.Decimal
			if amount, err = price.Amount(c); err == nil {
				rows = append(rows, Rated{Use: u, Amount: amount, Unit: c.Effective(places)})
				return
			}
		}
		invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
		if !ok {
			v.Add(u.At, "invalid", u.Text, err.Error())
			return
		}
		for _, x := range invalid.Violations {
			v.Add(u.At, x.Code, u.Text, x.Text)
		}
	})
	return rows, err
}

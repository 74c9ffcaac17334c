package rating

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/money"
)

// Says returns the price in words, in English: "0.10 EUR per GB up to 100, then
// 0.05 EUR". It is for lists and comparisons; a contract has the fields.
func (p Price) Says() string {
	var b strings.Builder
	per := " per " + p.per()
	switch p.Model {
	case Flat:
		b.WriteString(p.money(p.Amount.Decimal))
	case PerUnit:
		b.WriteString(p.money(p.UnitPrice.Decimal) + per)
	case Graduated, Volume:
		p.tiers(&b, per)
	case Package:
		if p.Package != nil {
			fmt.Fprintf(&b, "%s per %s %s, ", p.money(p.Package.Price), plain(p.Package.Size), p.unit())
			if p.Package.Partial == PartialFree {
				b.WriteString("whole ones only")
			} else {
				b.WriteString("a started one is whole")
			}
			if p.Package.Free.IsPositive() {
				fmt.Fprintf(&b, ", the first %s free", plain(p.Package.Free))
			}
		}
	}
	if p.Minimum.Valid {
		b.WriteString(", at least " + p.money(p.Minimum.Decimal))
	}
	if p.Maximum.Valid {
		b.WriteString(", at most " + p.money(p.Maximum.Decimal))
	}
	return b.String()
}

func (p Price) unit() string {
	if p.Unit == "" {
		return "units"
	}
	return p.Unit
}

func (p Price) per() string {
	if p.BillingUnit.Valid {
		return "started " + plain(p.BillingUnit.Decimal) + " " + p.unit()
	}
	one := servicecoin.Quantity{Value: servicecoin.Some(decimal.NewFromInt(1)), Unit: p.unit()}
	return strings.TrimPrefix(one.Words(), "1 ") // a price is per document, also of what is counted in documents
}

func (p Price) tiers(b *strings.Builder, per string) {
	for i, t := range p.Tiers {
		switch {
		case i > 0 && p.Model == Volume:
			b.WriteString(", or for all of them ")
		case i > 0:
			b.WriteString(", then ")
		}
		b.WriteString(p.money(t.Unit))
		if i == 0 {
			b.WriteString(per)
		}
		if !t.Flat.IsZero() {
			b.WriteString(" and " + p.money(t.Flat))
		}
		if t.UpTo.Valid {
			b.WriteString(" up to " + plain(t.UpTo.Decimal))
		}
	}
}

func (p Price) money(d decimal.Decimal) string {
	a, err := money.New(d, p.Currency)
	if err != nil {
		return plain(d)
	}
	return a.String()
}

package rating

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/money"
)

// Taxable is what tax may be due on.
type Taxable struct {
	Customer servicecoin.CustomerID `json:"customer"`
	Code     string                 `json:"code,omitempty"` // the host's, of what is sold: "saas", "hardware"
	Amount   money.Amount           `json:"amount"`         // rounded, without tax
	At       time.Time              `json:"at"`             // by whose law
}

// Tax is one tax on an amount. None is an empty list, and says why nowhere: an
// exemption is a tax of 0 with its reason.
type Tax struct {
	Name    string              `json:"name"` // "VAT DE"
	Percent decimal.NullDecimal `json:"percent"`
	Amount  money.Amount        `json:"amount"` // rounded, in the currency of what it is on
	Reason  string              `json:"reason,omitempty"`
}

// Taxer says what tax is due. The host fills it in: what is due where, for whom and on
// what is a matter of law, that this library does not know.
type Taxer interface {
	Tax(ctx context.Context, of Taxable) ([]Tax, error)
}

// Taxed asks for the taxes on an amount, and returns them with what is due in all. An
// answer in another currency, or finer than the currency is, is refused.
func Taxed(ctx context.Context, taxer Taxer, of Taxable) (taxes []Tax, due money.Amount, err error) {
	const most = 100
	if taxes, err = taxer.Tax(ctx, of); err != nil {
		return nil, money.Amount{}, err
	}
	var v servicecoin.Violations
	if !v.Limit("taxes", len(taxes), most) {
		return nil, money.Amount{}, v.Err()
	}
	due = of.Amount
	for i, tax := range taxes {
		path := fmt.Sprintf("taxes[%d]", i)
		v.Text(path+".name", tax.Name, 1, 200)
		if tax.Percent.Valid {
			v.Number(path+".percent", tax.Percent.Decimal, mostDigits, mostPlaces)
		}
		sum, err := due.Add(tax.Amount)
		if err != nil {
			v.Merge(path+".amount", err)
			continue
		}
		if !tax.Amount.Rounded() {
			v.Add(path+".amount", "not-rounded", tax.Amount.String(), "must have the digits of its currency at most")
		}
		due = sum
	}
	if err := v.Err(); err != nil {
		return nil, money.Amount{}, err
	}
	return taxes, due, nil
}

// FixedTax is a [Taxer] with one tax on everything, for tests and for hosts to whom
// that is all there is.
type FixedTax struct {
	Name     string
	Percent  decimal.Decimal
	Rounding money.Rounding
}

// Tax answers with the percentage of the amount.
func (f FixedTax) Tax(_ context.Context, of Taxable) ([]Tax, error) {
	amount, err := of.Amount.Mul(f.Percent.Shift(-2))
	if err != nil {
		return nil, err
	}
	amount, err = amount.Round(f.Rounding)
	return []Tax{{Name: f.Name, Percent: servicecoin.Some(f.Percent), Amount: amount}}, err
}

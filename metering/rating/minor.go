package rating

import (
	"fmt"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/money"
)

// Minor returns the amount of [Tariff.Rate], rounded, in minor units of the
// currency: 12.30 EUR is 1230, 12 JPY is 12. Where price and quantity fit into
// machine words it allocates nothing, and takes a fraction of the time; elsewhere
// it is the long way to the same number. An amount beyond 64 bits is refused.
func (t *Tariff) Minor(quantity decimal.Decimal) (int64, error) {
	if t.fast != nil {
		if s, ok := t.fast.sum(quantity); ok {
			if n, ok := t.fast.minor(s); ok {
				return n, nil
			}
		}
	}
	return t.slowMinor(quantity)
}

func (t *Tariff) slowMinor(quantity decimal.Decimal) (int64, error) {
	c, err := t.Rate(quantity)
	if err != nil {
		return 0, err
	}
	d := c.Amount.Decimal()
	units := d.Shift(int32(t.price.Currency.Digits())).BigInt() //nolint:gosec // 4 at most
	if !units.IsInt64() {
		var v servicecoin.Violations
		v.Add("quantity", "out-of-range", plain(quantity), "comes to more minor units than 64 bits hold: "+plain(d))
		return 0, v.Err()
	}
	return units.Int64(), nil
}

// Minors is [Tariff.Minor] of many quantities, into the caller's slice, which is as
// long. All that are wrong are told of, by their place, and the others are right.
func (t *Tariff) Minors(into []int64, quantities []decimal.Decimal) error {
	var v servicecoin.Violations
	if len(into) != len(quantities) {
		v.Add("into", "length", strconv.Itoa(len(into)), fmt.Sprintf("must be as long as the quantities, %d", len(quantities)))
		return v.Err()
	}
	for i, q := range quantities {
		n, err := t.Minor(q)
		if err != nil {
			v.Merge(fmt.Sprintf("quantities[%d]", i), err)
		}
		into[i] = n
	}
	return v.Err()
}

// Quote is what a quantity costs, and why on demand.
type Quote struct {
	Quantity decimal.Decimal
	Exact    money.Amount // not rounded
	Amount   money.Amount // rounded to the currency's digits

	tariff *Tariff
}

// Quote returns what [Tariff.Rate] does without making its lines.
func (t *Tariff) Quote(quantity decimal.Decimal) (Quote, error) {
	q := Quote{Quantity: quantity, tariff: t}
	if t.fast != nil {
		if s, ok := t.fast.sum(quantity); ok {
			var err error
			if q.Exact, err = t.zero.With(s.decimal()); err != nil {
				return Quote{}, err
			}
			if n, ok := t.fast.minor(s); ok {
				q.Amount, err = t.zero.With(decimal.New(n, -int32(t.fast.digits))) //nolint:gosec // 4 at most
			} else {
				q.Amount, err = q.Exact.Round(t.price.Rounding)
			}
			return q, err
		}
	}
	c, err := t.Rate(quantity)
	q.Exact, q.Amount = c.Exact, c.Amount
	return q, err
}

// Charge returns the quote with every line of it. Of the zero Quote it is the zero
// Charge.
func (q Quote) Charge() (Charge, error) {
	if q.tariff == nil {
		return Charge{}, nil
	}
	return q.tariff.Rate(q.Quantity)
}

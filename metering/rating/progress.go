package rating

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/money"
)

// Delta is what is due now of a period that is billed in steps: what all of its
// usage so far costs as one, less what was billed of it. It is below zero where
// usage was taken back, or where more of it reached a cheaper tier.
//
// The amounts of all steps sum to what the whole period costs at once: each step
// rounds the sum, and not itself.
type Delta struct {
	Charge Charge       `json:"charge"` // of all usage so far
	Billed money.Amount `json:"billed"` // of the period, before
	Amount money.Amount `json:"amount"` // what is due now
	Last   bool         `json:"last,omitempty"`
}

// Delta returns what is due of a period, by its usage so far. Usage is everything
// since the period began, late and corrected events included; billed is the sum of
// the deltas before. With the last step comes what is due at the end of the period:
// the minimum, a true-up, a flat amount in arrears.
func (t *Tariff) Delta(soFar Usage, billed money.Amount, last bool) (Delta, error) {
	c, err := t.charge(soFar, last)
	if err != nil {
		return Delta{}, err
	}
	due, err := c.Amount.Sub(billed)
	if err != nil {
		return Delta{}, at(err, "billed")
	}
	return Delta{Charge: c, Billed: billed, Amount: due, Last: last}, nil
}

// Trace explains the amount: what the whole costs, and what was billed of it.
func (d Delta) Trace() servicecoin.Trace {
	unit := string(d.Amount.Currency())
	return servicecoin.Trace{
		Label: "due now", Plain: servicecoin.Say("due now"), Value: servicecoin.Some(d.Amount.Decimal()), Unit: unit,
		Parts: []servicecoin.Trace{
			d.Charge.Trace(),
			{Label: "billed before", Plain: servicecoin.Say("billed before, taken off"), Value: servicecoin.Some(d.Billed.Decimal().Neg()), Unit: unit},
		},
	}
}

// Since returns by which lines a charge differs from one before it, of less usage
// in the same period: units that came in a tier, or left one. Their amounts sum to
// the difference of the exact amounts.
func (c Charge) Since(before Charge) []Line {
	lines := []Line{}
	left := slices.Clone(before.Lines)
	for _, now := range c.Lines {
		i := slices.IndexFunc(left, func(l Line) bool { return l.like(now) })
		if i >= 0 {
			now = now.less(left[i])
			left = slices.Delete(left, i, i+1)
		}
		if !now.Amount.IsZero() || now.Quantity.Valid && !now.Quantity.Decimal.IsZero() {
			lines = append(lines, now)
		}
	}
	for _, gone := range left {
		none := gone
		none.Amount = decimal.Zero
		if none.Quantity.Valid {
			none.Quantity.Decimal = decimal.Zero
		}
		if none = none.less(gone); !none.Amount.IsZero() || none.Quantity.Valid && !none.Quantity.Decimal.IsZero() {
			lines = append(lines, none)
		}
	}
	return lines
}

// like reports whether two lines are for the same thing at the same price.
func (l Line) like(other Line) bool {
	return l.Kind == other.Kind && l.Part == other.Part && l.Tier == other.Tier &&
		l.Unit.Valid == other.Unit.Valid && (!l.Unit.Valid || l.Unit.Decimal.Equal(other.Unit.Decimal))
}

func (l Line) less(other Line) Line {
	l.Amount = l.Amount.Sub(other.Amount)
	if l.Quantity.Valid && other.Quantity.Valid {
		l.Quantity.Decimal = l.Quantity.Decimal.Sub(other.Quantity.Decimal)
	}
	return l
}

// TrueUp returns what is missing of an amount that was promised, 0 if nothing is:
// a commitment over several charges, or over a contract, is a line of its own.
func TrueUp(promised, billed money.Amount) (money.Amount, error) {
	missing, err := promised.Sub(billed)
	if err != nil {
		return money.Amount{}, err
	}
	if missing.Sign() < 0 {
		return money.Zero(missing.Currency())
	}
	return missing, nil
}

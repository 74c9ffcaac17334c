package rating

import (
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/money"
)

// Change is a fixed price that is changed inside of a period that was, or is, charged
// as a whole. An amount that is not defined is none: something that is added, or
// that ends.
type Change struct {
	Period   Days           `json:"period"`
	On       calendar.Date  `json:"on"`  // the first day of what is new
	Old      money.Amount   `json:"old"` // for its whole period
	OldFor   *Days          `json:"oldFor,omitempty"`
	New      money.Amount   `json:"new"` // for its whole period
	NewFor   *Days          `json:"newFor,omitempty"`
	Paid     money.Amount   `json:"paid"`     // of the old; not defined: no bound to the credit
	Credited money.Amount   `json:"credited"` // of it, before
	Rounding money.Rounding `json:"rounding"`
}

// Adjustment is what a change comes to.
type Adjustment struct {
	Credit money.Amount `json:"credit"` // of the old, below zero; not defined if there was none
	Charge money.Amount `json:"charge"` // of the new; not defined if there is none
	Net    money.Amount `json:"net"`
	Left   Fraction     `json:"left"` // of the period, from the day of the change on
}

// Reckon returns what the days that are left come to: the old price back, never more
// than was paid less what was credited before, and the new one due. Each is the
// exact fraction, rounded once.
func (c Change) Reckon() (Adjustment, error) {
	left, err := c.Period.Left(c.On)
	if err != nil {
		return Adjustment{}, err
	}
	done := Adjustment{Left: left}
	part := func(a money.Amount, own *Days) (money.Amount, error) {
		if !a.Defined() {
			return a, nil
		}
		of := c.Period
		if own != nil {
			of = *own
		}
		share, err := c.Period.Share(Days{c.On, c.Period.To, c.Period.Count}, of)
		if err != nil {
			return money.Amount{}, err
		}
		return share.Amount(a, c.Rounding)
	}
	credit, err := part(c.Old, c.OldFor)
	if err != nil {
		return Adjustment{}, at(err, "old")
	}
	if credit.Defined() && c.Paid.Defined() {
		if credit, err = CreditCap(credit, c.Paid, c.Credited); err != nil {
			return Adjustment{}, err
		}
	}
	done.Credit = credit.Neg()
	if done.Charge, err = part(c.New, c.NewFor); err != nil {
		return Adjustment{}, at(err, "new")
	}
	switch {
	case !done.Charge.Defined():
		done.Net = done.Credit
	case !done.Credit.Defined():
		done.Net = done.Charge
	default:
		done.Net, err = done.Charge.Add(done.Credit)
	}
	return done, err
}

// CreditCap returns a credit that is no more than was paid less earlier credits, and
// no less than 0. An amount of earlier credits that is not defined is none.
func CreditCap(credit, paid, credited money.Amount) (money.Amount, error) {
	room := paid
	var err error
	if credited.Defined() {
		if room, err = paid.Sub(credited); err != nil {
			return money.Amount{}, err
		}
	}
	if room.Sign() < 0 {
		return money.Zero(paid.Currency())
	}
	order, err := credit.Cmp(room)
	if err != nil {
		return money.Amount{}, err
	}
	if order > 0 {
		return room, nil
	}
	return credit, nil
}

package sla

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/money"
)

// Band gives a credit where the uptime is below a bound.
type Band struct {
	Below  decimal.Decimal `json:"below"`  // percent of uptime; exactly this belongs to the better band
	Credit decimal.Decimal `json:"credit"` // percent of the charge
}

// Bands are a promise's credits, from the best uptime to the worst.
type Bands []Band

// Validate reports every bound that does not fall and every credit that does
// not rise.
func (b Bands) Validate() error {
	var v servicecoin.Violations
	hundred := decimal.NewFromInt(100)
	if !v.Limit("", len(b), maxBands) {
		return v.Err()
	}
	ordered := false // the band before has numbers that can be compared
	for i, x := range b {
		path := fmt.Sprintf("[%d]", i)
		below, credit := number(&v, path+".below", x.Below), number(&v, path+".credit", x.Credit)
		if below && (!x.Below.IsPositive() || x.Below.GreaterThan(hundred)) {
			v.Add(path+".below", "out-of-range", x.Below.String(), "must be above 0 and at most 100")
		}
		if credit && (!x.Credit.IsPositive() || x.Credit.GreaterThan(hundred)) {
			v.Add(path+".credit", "out-of-range", x.Credit.String(), "must be above 0 and at most 100")
		}
		if ordered && below && !x.Below.LessThan(b[i-1].Below) {
			v.Add(path+".below", "order", x.Below.String(), "must be lower than the bound before, "+b[i-1].Below.String())
		}
		if ordered && credit && x.Credit.LessThan(b[i-1].Credit) {
			v.Add(path+".credit", "order", x.Credit.String(), "must not be less than the credit before, "+b[i-1].Credit.String())
		}
		ordered = below && credit
	}
	return v.Err()
}

// Credit returns the percentage that an uptime earns: 0 at or above the first
// bound, undefined if the uptime is. The lower bound of a band is inclusive.
func (b Bands) Credit(uptime Ratio) decimal.NullDecimal {
	if !uptime.Defined() {
		return servicecoin.Undefined()
	}
	credit := decimal.Zero
	for _, x := range b {
		if uptime.ComparePercent(x.Below) < 0 {
			credit = x.Credit
		}
	}
	return servicecoin.Some(credit)
}

// Amount returns a percentage of a charge, rounded to the currency's digits.
func Amount(charge money.Amount, percent decimal.Decimal, r money.Rounding) (money.Amount, error) {
	part, err := charge.Mul(percent.Shift(-2))
	if err != nil {
		return money.Amount{}, err
	}
	return part.Round(r)
}

// ClaimWindow says until when a customer can claim a credit that it was not
// given. One of the fields is set.
type ClaimWindow struct {
	Cycles int `json:"cycles,omitempty"` // whole billing months after the month of the incident
	Days   int `json:"days,omitempty"`   // days from the instant from which it can be claimed
}

// Deadline returns the exclusive end of the window for an incident at t, in the
// zone of the contract.
func (w ClaimWindow) Deadline(t time.Time, loc *time.Location) (time.Time, error) {
	var v servicecoin.Violations
	if (w.Cycles > 0) == (w.Days > 0) || w.Cycles < 0 || w.Days < 0 {
		v.Add("", "contradiction", "", "either cycles or days is positive")
		return time.Time{}, v.Err()
	}
	if w.Days > 0 {
		return t.In(loc).AddDate(0, 0, w.Days).UTC(), nil
	}
	return calendar.MonthOf(t, loc).Add(w.Cycles).In(loc).End, nil
}

// HourlyWaiver leaves out of the bill every clock hour in which a resource was
// unavailable for longer than a limit.
type HourlyWaiver struct{ Over time.Duration }

// Charged reports whether an hour with that much unavailability is charged.
func (w HourlyWaiver) Charged(unavailable time.Duration) bool { return unavailable <= w.Over }

// AllFailed reports whether a minute counts as unavailable where a contract
// demands that every attempt in it failed. A minute without an attempt is not
// known to be unavailable.
func AllFailed(attempts, failed int) bool { return attempts > 0 && failed >= attempts }

package sla

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
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

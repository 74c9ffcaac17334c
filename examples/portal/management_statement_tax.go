package main

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/money"
)

// tax is which tax is on what a customer is charged in a month.
type tax struct {
	Rate  decimal.NullDecimal `json:"ratePercent"` // null: nobody told the portal
	Words string              `json:"words"`       // as they stand on the statement
}

// taxFunc is the host's hook: the library knows of no tax. A real host asks its
// accounting.
type taxFunc func(c client, m calendar.Month) tax

// taxOf is the tax of the demonstration, whose provider is in Germany: its own
// rate at home, none where the customer owes it, and none elsewhere.
func taxOf(c client, _ calendar.Month) tax {
	europe := []string{"AT", "BE", "BG", "CY", "CZ", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
	switch {
	case c.Country == "":
		return tax{Words: "Which tax applies is not known here: all amounts are without tax."}
	case c.Country == ownParty().Country:
		return tax{Rate: some("19"), Words: "VAT 19 %"}
	case slices.Contains(europe, c.Country):
		return tax{Rate: some("0"), Words: "No VAT: reverse charge, the customer owes the tax where it is"}
	}
	return tax{Rate: some("0"), Words: "No VAT: the place of the service is outside of the European Union"}
}

// on is the tax on an amount, rounded as accounts are; no amount where either is
// not known.
func (t tax) on(net money.Amount) (money.Amount, error) {
	if !t.Rate.Valid || !net.Defined() {
		return money.Amount{}, nil
	}
	exact, err := net.Mul(t.Rate.Decimal.Shift(-2))
	if err != nil {
		return money.Amount{}, err
	}
	return exact.Round(money.HalfAwayFromZero)
}

// letterhead is how a statement was addressed and taxed when it was issued. What
// a customer calls itself later changes no statement that it has.
type letterhead struct {
	ID          string                           `json:"id"` // of the statement
	Provider    partyNamed                       `json:"provider"`
	Customer    partyNamed                       `json:"customer"`
	Tax         tax                              `json:"tax"`
	CostCentre  string                           `json:"costCentre,omitempty"`
	CostCentres map[servicecoin.ServiceID]string `json:"costCentres,omitempty"`
}

// partyNamed is a party with its name.
type partyNamed struct {
	party

	Name string `json:"name"`
}

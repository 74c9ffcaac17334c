package main

import (
	"net/http"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// customersArea is whom the provider works for.
func (p *portal) customersArea() area {
	return area{
		pages: map[string]route{"GET /customers": {providers, p.showCustomers}},
		nav:   toProviders(navItem{Path: "/customers", Name: "Customers"}),
	}
}

// customer reads whose page it is.
func (p *portal) customer(r *http.Request) (client, error) {
	return p.host.clients().Get(r.Context(), r.PathValue("customer"))
}

// zone is that of the customer; what is not a zone was refused when it was
// enrolled.
func (c client) zone() *time.Location {
	loc, err := c.Location()
	if err != nil {
		return time.UTC
	}
	return loc
}

// month reads which month is asked for: the last one of which anything is
// known, where nothing is said.
func (p *portal) month(c client, text string) (calendar.Month, error) {
	if text == "" {
		m := calendar.MonthOf(p.store.Now(), c.zone())
		if !c.Latest.IsZero() && c.Latest.Compare(m) < 0 {
			m = c.Latest
		}
		return m, nil
	}
	m, err := calendar.ParseMonth(text)
	if err != nil {
		var v servicecoin.Violations
		v.Merge("month", err)
		return m, v.Err()
	}
	return m, nil
}

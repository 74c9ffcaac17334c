package main

import (
	"context"
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
	var v servicecoin.Violations
	m, err := calendar.ParseMonth(text)
	switch now := calendar.MonthOf(p.store.Now(), c.zone()); {
	case err != nil:
		v.Merge("month", err)
	case m.Compare(now) > 0:
		v.Add("month", "to-come", "", m.Words()+" is still to come: the latest is "+now.Words())
	case m.Compare(earliestMonth()) < 0:
		v.Add("month", "too-early", "", "nothing is known of "+m.Words()+": the earliest is "+earliestMonth().Words())
	}
	return m, v.Err()
}

// earliestMonth is before everything that any portal knows.
func earliestMonth() calendar.Month { return calendar.Month{Year: 2000, Month: time.January} }

// known returns the first month of which anything is known of a customer: since when
// something is promised, was ordered, or cost something. Zero: nothing is.
func (p *portal) known(ctx context.Context, c client) (calendar.Month, error) {
	const few = 100 // of each; who has more has had them for a while
	first := c.Earliest
	earlier := func(at time.Time) {
		if m := calendar.MonthOf(at, c.zone()); first.IsZero() || m.Compare(first) < 0 {
			first = m
		}
	}
	promises, err := p.Keeper(c.ID).Promises("").Page(ctx, "", few)
	if err != nil {
		return first, err
	}
	for _, x := range promises.Items {
		earlier(x.Value.ValidFrom)
	}
	subscriptions, err := p.Subscriptions(c.ID).List().Page(ctx, "", few)
	if err != nil {
		return first, err
	}
	for _, x := range subscriptions.Items {
		earlier(x.Value.RequestedAt)
	}
	return first, nil
}

package main

import (
	"fmt"
	"net/http"

	"github.com/servicecoin/servicecoin"
)

// route is a page and whose it is.
type route struct {
	who  access
	show func(http.ResponseWriter, *http.Request) error
}

func (p *portal) routes() map[string]route {
	return map[string]route{
		"GET /{$}":         {everybody, p.showHome},
		"GET /status":      {everybody, p.showStatus},
		"GET /status/{id}": {everybody, p.showPublicIncident},
		"GET /signin":      {everybody, p.showSignIn},
		"POST /signin":     {everybody, p.signIn},
		"POST /signout":    {everybody, p.signOut},

		"GET /incidents":              {providers, p.showIncidents},
		"GET /incidents/new":          {providers, p.showNewIncident},
		"POST /incidents":             {providers, p.openIncident},
		"GET /incidents/{id}":         {providers, p.showIncident},
		"POST /incidents/{id}/{verb}": {providers, p.changeIncident},
		"GET /followups":              {providers, p.showFollowUps},

		"GET /exchange":        {providers, p.showExchange},
		"POST /exchange/break": {providers, p.breakLease},

		"GET /calendar": {people, p.showCalendar},

		"GET /customers":            {providers, p.showCustomers},
		"GET /customers/{customer}": {ofCustomer, p.showCoin},
		"GET /dependencies":         {providers, p.showGraph},

		"GET /customers/{customer}/catalogue":                            {ofCustomer, p.showCatalogue},
		"GET /customers/{customer}/catalogue/{service}":                  {ofCustomer, p.showCompare},
		"GET /customers/{customer}/orders":                               {ofCustomer, p.showOrders},
		"POST /customers/{customer}/orders":                              {ofCustomer, p.placeOrder},
		"GET /customers/{customer}/orders/{order}":                       {ofCustomer, p.showOrder},
		"POST /customers/{customer}/orders/{order}/{verb}":               {ofCustomer, p.changeOrder},
		"GET /customers/{customer}/subscriptions/{subscription}":         {ofCustomer, p.showSubscription},
		"POST /customers/{customer}/subscriptions/{subscription}/{verb}": {ofCustomer, p.changeSubscription},

		"GET /customers/{customer}/usage":            {ofCustomer, p.showUsage},
		"GET /customers/{customer}/usage/{meter}":    {ofCustomer, p.showEvents},
		"GET /customers/{customer}/statement":        {ofCustomer, p.showStatement},
		"POST /customers/{customer}/statement/issue": {providers, p.issueStatement},

		"GET /customers/{customer}/availability":                   {ofCustomer, p.showAvailability},
		"GET /customers/{customer}/availability/{promise}/{month}": {ofCustomer, p.showEvidence},
		"POST /customers/{customer}/availability/close":            {providers, p.closeMonth},

		"GET /customers/{customer}/letters":                  {ofCustomer, p.showLetters},
		"POST /customers/{customer}/letters/{letter}/{verb}": {providers, p.changeLetter},
	}
}

// access says whose a page is.
type access int

const (
	everybody  access = iota
	people            // whoever has signed in
	providers         // the provider's people
	ofCustomer        // the provider's people, and those of the customer in the path
)

var errSignIn = fmt.Errorf("%w: sign in first", servicecoin.ErrForbidden)

// allow says nil, or why not. What is another customer's is not there.
func (a access) allow(r *http.Request) error {
	who := viewer(r)
	switch {
	case a == everybody, who.Provider(), a == people && who.ID != "":
		return nil
	case who.ID == "":
		return errSignIn
	case a == ofCustomer && who.Customer == servicecoin.CustomerID(r.PathValue("customer")):
		return nil
	case a == ofCustomer:
		return noPage(r)
	}
	return fmt.Errorf("%w: this page is for the provider's people", servicecoin.ErrForbidden)
}

func noPage(r *http.Request) error {
	return servicecoin.NotFound(servicecoin.Key{Customer: servicecoin.Provider, Kind: "page", ID: r.URL.Path})
}

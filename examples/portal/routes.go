package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// route is a page and whose it is.
type route struct {
	who  access
	show func(http.ResponseWriter, *http.Request) error
}

// area is what one part of the portal adds to it, in a file of its own.
type area struct {
	pages map[string]route            // by method and path
	nav   func(who person) []navItem  // ways in the main navigation
	of    func(base string) []navItem // ways in the navigation of one customer, whose pages begin with base
	work  []chore                     // what waits for the provider's people
	money bool                        // those ways are not for a customer's members
	done  map[string]string           // what a page says once after a form, by the word that confirmed was called with
}

// areas is the one list that a new part of the portal is written into, in the
// order of its navigation.
func (p *portal) areas() []area {
	return []area{
		p.workArea(), p.statusArea(), p.customersArea(), p.incidentsArea(), p.changesArea(), p.graphArea(), p.exchangeArea(), p.sessionsArea(),
		p.coinArea(), p.shopArea(), p.ordersArea(), p.subscriptionsArea(), p.usageArea(), p.tariffsArea(), p.statementArea(), p.limitsArea(), p.availabilityArea(), p.lettersArea(), p.problemsArea(), p.calendarArea(),
		p.scheduleArea(), p.noticesArea(), p.feedsArea(),
		p.runbooksArea(), p.runsArea(), p.checklistsArea(),
		p.configurationArea(),
		p.patchesArea(), p.capacityArea(),
		p.releasesArea(), p.featuresArea(), p.certificationArea(), p.apisArea(),
	}
}

// routes are the pages of all areas.
func (p *portal) routes() map[string]route {
	all := map[string]route{}
	for _, x := range p.made {
		for pattern, to := range x.pages {
			if _, twice := all[pattern]; twice {
				panic("two areas have the page " + pattern)
			}
			all[pattern] = to
		}
	}
	return all
}

// toProviders is navigation for the provider's people.
func toProviders(items ...navItem) func(person) []navItem {
	return func(who person) []navItem {
		if !who.Provider() {
			return nil
		}
		return items
	}
}

// toCustomer is the way to a page of one customer.
func toCustomer(name string, parts ...string) func(base string) []navItem {
	return func(base string) []navItem {
		return []navItem{{Path: strings.Join(append([]string{base}, parts...), "/"), Name: name}}
	}
}

// access says whose a page is.
type access int

const (
	everybody  access = iota
	people            // whoever has signed in
	providers         // the provider's people
	ofCustomer        // the provider's people, and those of the customer in the path
	ofOwner           // the same, without the customer's members: what is paid is the owner's affair
)

var (
	errSignIn    = fmt.Errorf("%w: sign in first", servicecoin.ErrForbidden)
	errProviders = fmt.Errorf("%w: this page is for the provider's people", servicecoin.ErrForbidden)
	errOwner     = fmt.Errorf("%w: this page is for whoever owns the account", servicecoin.ErrForbidden)
)

// allow says nil, or why not. What is another customer's is not there.
func (a access) allow(r *http.Request) error {
	who := viewer(r)
	switch {
	case a == everybody, who.Provider(), a == people && who.ID != "":
		return nil
	case who.ID == "":
		return errSignIn
	case a != ofCustomer && a != ofOwner:
		return errProviders
	case who.Customer != servicecoin.CustomerID(r.PathValue("customer")):
		return noPage(r)
	case a == ofOwner && who.Role != owner:
		return errOwner
	}
	return nil
}

func noPage(r *http.Request) error {
	return servicecoin.NotFound(servicecoin.Key{Customer: servicecoin.Provider, Kind: "page", ID: r.URL.Path})
}

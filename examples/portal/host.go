package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/store"
)

// client is what the portal knows of a customer.
type client struct {
	servicecoin.Customer

	Earliest calendar.Month `json:"earliest,omitzero"` // of costs that were taken in; zero: there are none
	Latest   calendar.Month `json:"latest,omitzero"`   // of the same; zero: its months go on

	party

	CostCentre  string                           `json:"costCentre,omitempty"`  // that its statements are booked on
	CostCentres map[servicecoin.ServiceID]string `json:"costCentres,omitempty"` // of the services that are booked elsewhere
}

// party is how somebody stands on a statement.
type party struct {
	Address []string `json:"address,omitempty"` // line by line, without the name
	Country string   `json:"country,omitempty"` // two letters, as in ISO 3166; "": nobody told the portal
	TaxID   string   `json:"taxId,omitempty"`
}

// providerName and ownParty are the provider as it stands on what it sends out.
const providerName = "Nordlicht Services"

func ownParty() party {
	return party{Address: []string{"Nordlicht Services GmbH", "Hafenstraße 12", "24103 Kiel", "Germany"}, Country: "DE", TaxID: "DE 811 907 980"}
}

// centre is the cost centre of a service, "" where the customer has none.
func (c client) centre(s servicecoin.ServiceID) string { return cmp.Or(c.CostCentres[s], c.CostCentre) }

var clients = store.Kind[client]{Name: "portal.customer", ID: func(c client) string { return string(c.ID) }}

// host is what the portal keeps itself, beside the library's records: customers
// and people. A host with tables of its own would read those.
type host struct{ store *store.Store }

func (h host) clients() store.Collection[client] {
	return store.Of(h.store.For(servicecoin.Provider), clients)
}

func (h host) persons() store.Collection[person] {
	return store.Of(h.store.For(servicecoin.Provider), persons)
}

// names returns what people are called. Nobody joins while the portal runs.
func (h host) names(ctx context.Context) (map[servicecoin.PersonID]string, error) {
	all, err := collect(h.persons().Find(store.All()).All(ctx))
	names := map[servicecoin.PersonID]string{}
	for _, x := range all {
		names[x.ID] = x.Name
	}
	return names, err
}

// customer is what the library asks of the host: zone and currency.
func (h host) customer(ctx context.Context, id servicecoin.CustomerID) (servicecoin.Customer, error) {
	c, err := h.clients().Get(ctx, string(id))
	return c.Customer, err
}

// The labels under which the portal keeps for which time the incidents of a
// service are all recorded.
const (
	coveredFrom  = "covered.from"
	coveredUntil = "covered.until" // exclusive; none: they still are
	// internalLabel marks what nobody orders: it is not on the status page.
	internalLabel = "internal"
)

// covered says for which part of an interval the incidents of a service are
// known.
func (p *portal) covered(ctx context.Context, id servicecoin.ServiceID, during calendar.Interval) (calendar.Set, error) {
	s, err := p.Catalog().Service(ctx, id)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return calendar.Set{}, nil
	}
	if err != nil {
		return calendar.Set{}, fmt.Errorf("service %s: %w", id, err)
	}
	return calendar.SetOf(during.Intersect(coverage(s, p.store.Now()))), nil
}

// coverage is empty for a service that the portal was told nothing about.
func coverage(s catalog.Service, now time.Time) calendar.Interval {
	from, err := time.Parse(time.RFC3339, s.Labels[coveredFrom])
	if err != nil {
		return calendar.Interval{}
	}
	until, err := time.Parse(time.RFC3339, s.Labels[coveredUntil])
	if err != nil || until.After(now) {
		until = now
	}
	return calendar.Between(from, until)
}

// services lists what is offered, by name.
func (p *portal) services(ctx context.Context) ([]catalog.Service, error) {
	list, err := collect(p.Catalog().Services().All(ctx))
	list = slices.DeleteFunc(list, func(s catalog.Service) bool { return s.State == catalog.ServiceRetired })
	slices.SortStableFunc(list, func(a, b catalog.Service) int { return compareFold(a.Name, b.Name) })
	return list, err
}

// public leaves out what is the provider's own affair.
func public(list []catalog.Service) []catalog.Service {
	return slices.DeleteFunc(slices.Clone(list), func(s catalog.Service) bool { return s.Labels[internalLabel] != "" })
}

// serviceFor returns a service as somebody may see it: what is internal is not there
// for anybody but the provider's people.
func (p *portal) serviceFor(ctx context.Context, who person, id servicecoin.ServiceID) (catalog.Service, error) {
	s, err := p.Catalog().Service(ctx, id)
	if err == nil && s.Labels[internalLabel] != "" && !who.Provider() {
		return catalog.Service{}, servicecoin.NotFound(servicecoin.Key{Customer: servicecoin.Provider, Kind: catalog.ServiceRecord, ID: string(id)})
	}
	return s, err
}

type namesByID map[servicecoin.ServiceID]string

// Of returns the name of a service, its id if it has none.
func (n namesByID) Of(id servicecoin.ServiceID) string {
	if name := n[id]; name != "" {
		return name
	}
	return string(id)
}

func namesOf(list []catalog.Service) namesByID {
	names := namesByID{}
	for _, s := range list {
		names[s.ID] = s.Name
	}
	return names
}

func (p *portal) names(ctx context.Context) (namesByID, error) {
	list, err := p.services(ctx)
	return namesOf(list), err
}

// collect gathers a listing.
func collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var list []T
	for x, err := range seq {
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

// kept takes what is there already for success: filling goes on where it was.
func kept(err error) error {
	if errors.Is(err, servicecoin.ErrExists) {
		return nil
	}
	return err
}

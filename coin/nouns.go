package coin

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// The nouns of the provider's partition.

func (c *Coin) provider() store.View { return c.store.For(servicecoin.Provider) }

func (c *Coin) catalogOptions() *catalog.Options {
	return &catalog.Options{CheckParameters: c.o.CheckParameters, NoApproval: c.o.NoApproval, Holder: c.o.Holder, Ready: c.ready}
}

// Catalog is what the provider offers: services, what they rest on, offerings.
func (c *Coin) Catalog() *catalog.Catalog { return catalog.New(c.provider(), c.catalogOptions()) }

// Directory tells whom a service concerns: the host's own, or the catalogue's.
func (c *Coin) Directory() catalog.Directory {
	if c.directory != nil {
		return c.directory
	}
	return c.Catalog().Directory()
}

// Desk is where incidents are worked on.
func (c *Coin) Desk() *incident.Desk {
	return incident.New(c.provider(), &incident.Options{Matrix: c.o.Matrix, Service: c.known})
}

// known answers ErrNotFound for a service that the directory does not have.
func (c *Coin) known(ctx context.Context, id servicecoin.ServiceID) error {
	_, err := c.Directory().Service(ctx, id)
	return err
}

// Meters are the definitions of what is metered.
func (c *Coin) Meters() *metering.Meters {
	return metering.NewMeters(c.provider())
}

// Prices is the provider's price list.
func (c *Coin) Prices() *rating.PriceList {
	return rating.New(c.provider())
}

// Playbook is how customers are to come to use what is offered: templates of
// onboarding, journeys, surveys.
func (c *Coin) Playbook() *adoption.Playbook {
	return adoption.NewPlaybook(c.provider())
}

// The nouns of a customer's partition.

// Orders is what one customer has ordered.
func (c *Coin) Orders(customer servicecoin.CustomerID) *catalog.Orders {
	return catalog.NewOrders(c.store.For(customer), c.catalogOptions())
}

// Subscriptions is what one customer has.
func (c *Coin) Subscriptions(customer servicecoin.CustomerID) *catalog.Subscriptions {
	return catalog.NewSubscriptions(c.store.For(customer), c.catalogOptions())
}

// Letters is what one customer is told about incidents.
func (c *Coin) Letters(customer servicecoin.CustomerID) *incident.Letters {
	return incident.NewLetters(c.store.For(customer))
}

// Keeper keeps one customer's promises, fed from the incidents.
func (c *Coin) Keeper(customer servicecoin.CustomerID) *sla.Keeper {
	return sla.New(c.store.For(customer), c.Source())
}

// Ledger is what one customer used, in its zone.
func (c *Coin) Ledger(customer servicecoin.Customer) *metering.Ledger {
	return metering.New(c.store.For(customer.ID).Need("Options.Usage", c.o.Usage != nil), c.o.Usage, c.Meters(), customer, nil)
}

// Statements is what one customer is charged, in its zone and currency.
func (c *Coin) Statements(customer servicecoin.Customer) *cost.Statements {
	return cost.New(c.store.For(customer.ID), customer, c.Ledger(customer), c.Prices(), nil)
}

// Program is how one customer comes to use what it has: onboardings, answers to
// surveys, departures. A departure follows its subscription: it is announced by
// [catalog.Subscriptions.Depart].
func (c *Coin) Program(customer servicecoin.CustomerID) *adoption.Program {
	return adoption.New(c.store.For(customer), &adoption.Options{Led: true})
}

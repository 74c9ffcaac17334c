package coin

import (
	"context"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/adoptionroom"
	"github.com/servicecoin/servicecoin/coin/bundle"
	"github.com/servicecoin/servicecoin/coin/catalogroom"
	"github.com/servicecoin/servicecoin/coin/costroom"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/incidentroom"
	"github.com/servicecoin/servicecoin/coin/meteringroom"
	"github.com/servicecoin/servicecoin/coin/slaroom"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// rooms is the list of all rooms. Nothing else names them: the exchange, a Spin,
// forgetting a customer and the table in docs/exchange.md go through it. The order
// is that of words in a Spin.
func (c *Coin) rooms() []exchange.Room {
	promises, usage, charges := c.promises().Room(), c.usage().Room(), c.charges().Room()
	offers, brings := c.offers().Room(), c.brings()
	offers.Links = append(offers.Links, brings.Ask())
	own := offers.Reindex
	offers.Reindex = func(ctx context.Context, s *store.Store) (int, error) { // what comes with subscriptions has no room of its own
		n, err := own(ctx, s)
		if err != nil {
			return n, err
		}
		more, err := bundle.Reindex(ctx, s)
		return n + more, err
	}
	promises.Links = append(promises.Links, brings.Promises()...)
	usage.Links = append(usage.Links, brings.Quotas()...)
	charges.Links = append(charges.Links, brings.Charges()...)
	return []exchange.Room{promises, charges, offers, c.incidents().Room(), c.changes().Room(), c.books().Room(), c.records().Room(), c.patches().Room(), c.releases().Room(), usage, c.Capacity().Room(), c.people().Room()}
}

// The rooms, each with what the host has set for it.

func (c *Coin) base() exchange.Base {
	return exchange.Base{
		Store: c.store, Customer: c.o.Customer, Fault: c.fault,
		Services: func(s *store.Store) exchange.Directory { return c.On(s).Directory() },
	}
}

func (c *Coin) offers() catalogroom.Nouns {
	return catalogroom.Nouns{Base: c.base(), Options: catalogroom.Options{
		Provisioner: c.o.Provisioner, CheckParameters: c.o.CheckParameters, NoApproval: c.o.NoApproval, Holder: c.o.Holder,
		Ready: adoptionroom.Ready, Directory: c.directory,
	}}
}

func (c *Coin) incidents() incidentroom.Nouns {
	return incidentroom.Nouns{Base: c.base(), Options: incidentroom.Options{
		Matrix: c.o.Matrix, Compose: c.o.Compose, SendUnder: c.o.SendUnder, Impact: c.impact,
		Service: func(ctx context.Context, id servicecoin.ServiceID) error {
			_, err := c.Directory().Service(ctx, id)
			return err
		},
	}}
}

// impact tells what fails with what, by the catalogue's dependencies.
func (c *Coin) impact(ctx context.Context, b exchange.Base, affected []servicecoin.ServiceID) ([]incidentroom.Hit, error) {
	graph, err := c.offers().On(b).Catalog().Graph(ctx)
	if err != nil {
		return nil, err
	}
	var hits []incidentroom.Hit
	for h := range graph.Impact(affected...).All() {
		hits = append(hits, incidentroom.Hit{Service: h.Service, Path: h.Path})
	}
	return hits, nil
}

func (c *Coin) promises() slaroom.Nouns {
	return slaroom.Nouns{Base: c.base(), Options: slaroom.Options{Covered: c.o.Covered, Exclusions: c.exclusions}}
}

func (c *Coin) usage() meteringroom.Nouns {
	return meteringroom.Nouns{Base: c.base(), Options: meteringroom.Options{
		Usage: c.o.Usage, Active: c.o.Active, Meters: c.meters, Windows: c.windows(), LimitsByReview: c.o.LimitsByReview,
	}}
}

// meters are those by which the services of a customer are charged.
func (c *Coin) meters(ctx context.Context, b exchange.Base, customer servicecoin.Customer, during calendar.Interval) ([]meteringroom.Metered, error) {
	if customer.Currency == "" {
		return nil, nil // nothing is charged
	}
	var list []meteringroom.Metered
	for item, err := range c.charges().On(b).Statements(customer).Items("").All(ctx) {
		if err != nil {
			return nil, err
		}
		m := meteringroom.Metered{Service: item.Service, Meter: item.Meter}
		if item.Meter != "" && !item.In(during).Empty() && !slices.Contains(list, m) {
			list = append(list, m)
		}
	}
	return list, nil
}

func (c *Coin) charges() costroom.Nouns {
	o := costroom.Options{
		Ledger: func(b exchange.Base, customer servicecoin.Customer) *metering.Ledger {
			return c.usage().On(b).Ledger(customer)
		},
		Rates: c.o.Rates,
	}
	if c.o.Usage != nil {
		o.Excesses = func(b exchange.Base, customer servicecoin.Customer) cost.Excesses {
			return excesses{c.usage().On(b).Entitlements(customer)}
		}
	}
	return costroom.Nouns{Base: c.base(), Options: o}
}

func (c *Coin) people() adoptionroom.Nouns {
	return adoptionroom.Nouns{Base: c.base(), Options: adoptionroom.Options{
		Provisioner: c.o.Provisioner,
		Orders:      func(b exchange.Base, id servicecoin.CustomerID) *catalog.Orders { return c.offers().On(b).Orders(id) },
		Subscriptions: func(b exchange.Base, id servicecoin.CustomerID) *catalog.Subscriptions {
			return c.offers().On(b).Subscriptions(id)
		},
	}}
}

func (c *Coin) brings() bundle.Nouns {
	return bundle.Nouns{
		Base: c.base(), Comes: c.o.Comes,
		Subscriptions: func(b exchange.Base, id servicecoin.CustomerID) *catalog.Subscriptions {
			return c.offers().On(b).Subscriptions(id)
		},
		Ledger: func(b exchange.Base, who servicecoin.Customer) *metering.Ledger { return c.usage().On(b).Ledger(who) },
		Statements: func(b exchange.Base, who servicecoin.Customer) *cost.Statements {
			return c.charges().On(b).Statements(who)
		},
		Keeper: func(b exchange.Base, id servicecoin.CustomerID) *sla.Keeper { return c.promises().On(b).Keeper(id) },
	}
}

package coin

import (
	"context"
	"iter"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/bundle"
	"github.com/servicecoin/servicecoin/coin/catalogroom"
	"github.com/servicecoin/servicecoin/coin/runbookroom"
	"github.com/servicecoin/servicecoin/coin/slaroom"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/grant"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/sla"
)

// The nouns of the provider's partition.

// Catalog is what the provider offers: services, what they rest on, offerings.
func (c *Coin) Catalog() *catalog.Catalog { return c.offers().Catalog() }

// Directory tells whom a service concerns: the host's own, or the catalogue's.
func (c *Coin) Directory() catalog.Directory {
	if c.directory != nil {
		return c.directory
	}
	return c.Catalog().Directory()
}

// Desk is where incidents are worked on.
func (c *Coin) Desk() *incident.Desk { return c.incidents().Desk() }

// Control is where changes are asked for, decided and done.
func (c *Coin) Control() *change.Control { return c.changes().Control() }

// Library is where run books are written and published.
func (c *Coin) Library() *runbook.Library { return c.books().Library() }

// Runs is where run books are worked on.
func (c *Coin) Runs() *runbook.Runs { return c.books().Runs() }

// Checklists are templates of checklists, and what was ticked.
func (c *Coin) Checklists() *runbook.Checklists { return c.books().Checklists() }

// Runbooks is the room of run books: what takes several of its nouns.
func (c *Coin) Runbooks() runbookroom.Nouns { return c.books() }

// Meters are the definitions of what is metered.
func (c *Coin) Meters() *metering.Meters { return c.usage().List() }

// Prices is the provider's price list.
func (c *Coin) Prices() *rating.PriceList { return c.charges().Prices() }

// Playbook is how customers are to come to use what is offered: templates of
// onboarding, journeys, surveys.
func (c *Coin) Playbook() *adoption.Playbook { return c.people().Playbook() }

// Source tells the service levels what the incidents did.
func (c *Coin) Source() sla.Source { return c.promises().Source() }

// The nouns of a customer's partition, by id, without asking the host who that is. Where
// the host knows the customer, begin with [Coin.Account].

// Orders is what one customer has ordered.
func (c *Coin) Orders(customer servicecoin.CustomerID) *catalog.Orders {
	return c.offers().Orders(customer)
}

// Subscriptions is what one customer has.
func (c *Coin) Subscriptions(customer servicecoin.CustomerID) *catalog.Subscriptions {
	return c.offers().Subscriptions(customer)
}

// Letters is what one customer is told about incidents.
func (c *Coin) Letters(customer servicecoin.CustomerID) *incident.Letters {
	return c.incidents().Letters(customer)
}

// Notices is what one customer is told of changes, and answers.
func (c *Coin) Notices(customer servicecoin.CustomerID) *change.Notices {
	return c.changes().Notices(customer)
}

// Keeper keeps one customer's promises, fed from the incidents.
func (c *Coin) Keeper(customer servicecoin.CustomerID) *sla.Keeper {
	return c.promises().Keeper(customer)
}

// Ledger is what one customer used, in its zone.
func (c *Coin) Ledger(customer servicecoin.Customer) *metering.Ledger {
	return c.usage().Ledger(customer)
}

// Grants are one customer's credits: what it may use up before anything else is charged
// or refused.
func (c *Coin) Grants(customer servicecoin.Customer) *grant.Grants {
	return c.usage().Grants(customer)
}

// Entitlements are what one customer may have and use, in its zone.
func (c *Coin) Entitlements(customer servicecoin.Customer) *entitle.Entitlements {
	return c.usage().Entitlements(customer)
}

// Intake takes the usage events of many customers at once: those of a collector, which are
// then in the [Coin.Ledger] of each.
func (c *Coin) Intake() *metering.Intake { return c.usage().Intake() }

// Statements is what one customer is charged, in its zone and currency.
func (c *Coin) Statements(customer servicecoin.Customer) *cost.Statements {
	return c.charges().Statements(customer)
}

// Program is how one customer comes to use what it has: onboardings, answers to
// surveys, departures. A departure follows its subscription: it is announced by
// [catalog.Subscriptions.Depart].
func (c *Coin) Program(customer servicecoin.CustomerID) *adoption.Program {
	return c.people().Program(customer)
}

// What takes several nouns.

// Brought returns what a subscription brings, or ErrNotFound where that was not
// asked for yet.
func (c *Coin) Brought(ctx context.Context, customer servicecoin.CustomerID, id servicecoin.SubscriptionID) (bundle.Brought, error) {
	return c.brings().Brought(ctx, customer, id)
}

// Pursue asks the provisioner after everything that is under way: see
// [catalogroom.Nouns.Pursue].
func (c *Coin) Pursue(ctx context.Context) (catalogroom.Pursued, error) {
	return c.offers().Pursue(ctx)
}

// CloseMonth closes a month for a customer: see [slaroom.Nouns.CloseMonth].
func (c *Coin) CloseMonth(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID, m calendar.Month) (slaroom.MonthOf, error) {
	return c.promises().CloseMonth(ctx, by, customer, m)
}

// CloseDue closes again what became due in months that were closed before: see
// [slaroom.Nouns.CloseDue].
func (c *Coin) CloseDue(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID) ([]sla.Closed, error) {
	return c.promises().CloseDue(ctx, by, customer)
}

// DueCustomers lists the customers that have a month whose facts changed since its
// last report: see [slaroom.Nouns.DueCustomers].
func (c *Coin) DueCustomers(ctx context.Context) iter.Seq2[servicecoin.CustomerID, error] {
	return c.promises().DueCustomers(ctx)
}

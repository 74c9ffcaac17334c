// Package catalogroom is the room of package catalog in the exchange: what is
// ordered is set up and taken down, and who uses what is known.
package catalogroom

import (
	"context"
	"encoding/json"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/store"
)

// Name is the name of the room.
const Name = "catalog"

// Options are what a host may set for the room.
type Options struct {
	// Provisioner sets up what was ordered; nil: orders are fulfilled by hand.
	Provisioner catalog.Provisioner
	// CheckParameters, NoApproval, Holder and Ready are those of [catalog.Options];
	// Ready gets the base of the commit.
	CheckParameters func(schema, parameters json.RawMessage) error
	NoApproval      bool
	Holder          string
	Ready           func(ctx context.Context, tx store.View, o catalog.Order, due string) error
	// Directory is the host's own; nil: the catalogue tells who uses what, and
	// follows the subscriptions for that.
	Directory catalog.Directory
}

// Nouns are the nouns of the room over a base.
type Nouns struct {
	exchange.Base
	Options
}

// On returns the same nouns over another base: that of a commit.
func (n Nouns) On(b exchange.Base) Nouns { return Nouns{b, n.Options} }

func (n Nouns) options() *catalog.Options {
	return &catalog.Options{CheckParameters: n.CheckParameters, NoApproval: n.NoApproval, Holder: n.Holder, Ready: n.Ready}
}

// Catalog is what the provider offers: services, what they rest on, offerings.
func (n Nouns) Catalog() *catalog.Catalog { return catalog.New(n.Provider(), n.options()) }

// Orders is what one customer has ordered.
func (n Nouns) Orders(customer servicecoin.CustomerID) *catalog.Orders {
	return catalog.NewOrders(n.Of(customer), n.options())
}

// Subscriptions is what one customer has.
func (n Nouns) Subscriptions(customer servicecoin.CustomerID) *catalog.Subscriptions {
	return catalog.NewSubscriptions(n.Of(customer), n.options())
}

// Room is the room in the exchange.
func (n Nouns) Room() exchange.Room {
	r := exchange.Room{
		Name: Name, Side: exchange.Management,
		Reindex: catalog.Reindex,
		Spin:    &exchange.Gatherer{Rows: n.rows, Figures: n.gather, Judge: judge},
		Forget: func(ctx context.Context, by servicecoin.Actor, id servicecoin.CustomerID) error {
			return n.Catalog().Forget(ctx, by, id)
		},
	}
	if n.Options.Directory == nil {
		r.Links = append(r.Links, n.follow())
	}
	if n.Provisioner != nil {
		r.Links = append(r.Links, n.provision(), n.deprovision())
	}
	return r
}

// follow is the link that keeps the catalogue's word of who uses what.
func (n Nouns) follow() exchange.Link {
	l := exchange.When(n.Base, "subscriber.follow", Name, Name,
		[]string{catalog.EventSubscriptionActivated, catalog.EventSubscriptionDeparted},
		func(ctx context.Context, w exchange.Work, change catalog.SubscriptionChanged) error {
			return n.On(w.Base).Catalog().Follow(ctx, exchange.By(), w.Customer, change)
		})
	l.EndedBy = l.Name // the same link hears of the end
	return l
}

// provision is the link that has what was approved set up. What was called off
// meanwhile, and what waits for something that is due before, is left alone.
func (n Nouns) provision() exchange.Link {
	l := exchange.When(n.Base, "order.provision", Name, Name,
		[]string{catalog.EventOrderApproved, catalog.EventOrderRetried},
		func(ctx context.Context, w exchange.Work, change catalog.OrderChanged) error {
			_, err := n.On(w.Base).Orders(w.Customer).Provision(ctx, exchange.By(), change.Order, n.Provisioner)
			return exchange.UnlessRefused(err)
		})
	l.EndedBy = "subscription.deprovision"
	return l
}

// deprovision is the link that has what departs taken down: now, or by
// [Nouns.Pursue] once the day has come on which the customer leaves.
func (n Nouns) deprovision() exchange.Link {
	return exchange.When(n.Base, "subscription.deprovision", Name, Name, []string{catalog.EventSubscriptionDeparting},
		func(ctx context.Context, w exchange.Work, change catalog.SubscriptionChanged) error {
			_, err := n.On(w.Base).Subscriptions(w.Customer).Deprovision(ctx, exchange.By(), change.Subscription, n.Provisioner)
			return exchange.UnlessRefused(err)
		})
}

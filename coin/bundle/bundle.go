// Package bundle is what comes with a subscription: quotas, what it is charged for,
// promises. The host is asked once, what it says is kept, and all of it ends with the
// subscription.
package bundle

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// Bundle is what comes with a subscription, and ends with it. Empty ids, services
// and beginnings are filled in; all of it is a bundle of the one subscription.
type Bundle struct {
	Quotas   []metering.Quota `json:"quotas,omitempty"`
	Items    []cost.Item      `json:"items,omitempty"` // left out for a customer without a currency
	Promises []sla.Promise    `json:"promises,omitempty"`
}

// Brought is what a subscription brings, as the host said it when it was asked:
// the record that its quotas, items and promises are made from, and ended from. A
// plan that changes later changes nothing here.
type Brought struct {
	Bundle

	Subscription servicecoin.SubscriptionID `json:"subscription"` // its id: there is one for each
	AskedAt      time.Time                  `json:"askedAt"`
}

// The most that one subscription brings.
const (
	mostGrants = 500       // of each kind
	maxBundle  = 240 << 10 // bytes of the record: a document of the store, and room
)

// BroughtRecord is the kind of the record of a [Brought], in the customer's
// partition.
const BroughtRecord = "bundle.brought"

var bundles = store.Kind[Brought]{
	Name:  BroughtRecord,
	House: house.Own(),
	ID:    func(b Brought) string { return string(b.Subscription) },
}

// Nouns are what the links of the package work with, over a base.
type Nouns struct {
	exchange.Base

	// Comes says what comes with a subscription; nil is one fee a month at the price
	// of the offering, if it has one.
	Comes func(ctx context.Context, customer servicecoin.CustomerID, s catalog.SubscriptionChanged) (Bundle, error)

	// Where things are kept.
	Subscriptions func(b exchange.Base, customer servicecoin.CustomerID) *catalog.Subscriptions
	Ledger        func(b exchange.Base, customer servicecoin.Customer) *metering.Ledger
	Statements    func(b exchange.Base, customer servicecoin.Customer) *cost.Statements
	Keeper        func(b exchange.Base, customer servicecoin.CustomerID) *sla.Keeper
}

// On returns the same nouns over another base: that of a commit.
func (n Nouns) On(b exchange.Base) Nouns {
	n.Base = b
	return n
}

// Brought returns what a subscription brings, or ErrNotFound where that was not
// asked for yet.
func (n Nouns) Brought(ctx context.Context, customer servicecoin.CustomerID, id servicecoin.SubscriptionID) (Brought, error) {
	return store.Of(n.Of(customer), bundles).Get(ctx, string(id))
}

// brings returns what a subscription brings: as it is kept, or as the host says,
// which is kept then. A bundle that is not in order is not kept; the host is asked
// again when the event is tried again.
func (n Nouns) brings(ctx context.Context, w exchange.Work, customer servicecoin.CustomerID, change catalog.SubscriptionChanged) (Brought, error) {
	kept := store.Of(w.Of(customer), bundles)
	b, err := kept.Get(ctx, string(change.Subscription))
	if !errors.Is(err, servicecoin.ErrNotFound) {
		return b, err
	}
	known, err := n.Known(ctx, customer)
	if err != nil {
		return Brought{}, err
	}
	b = Brought{Subscription: change.Subscription, AskedAt: w.Store.Now()}
	b.Bundle, err = n.comes(ctx, customer, change)
	if known.Currency == "" {
		b.Items = nil // there are no statements
	}
	if err == nil {
		err = b.complete(change, w.Store.NewID)
	}
	if err == nil {
		// Not through tx: so many reads would be too many checks of its commit.
		err = n.acceptable(ctx, known, b)
	}
	if err != nil {
		return Brought{}, fmt.Errorf("what comes with %s: %w", change.Offering, err)
	}
	return b, kept.Insert(ctx, b)
}

// comes asks the host, or returns the fee of the offering.
func (n Nouns) comes(ctx context.Context, customer servicecoin.CustomerID, change catalog.SubscriptionChanged) (Bundle, error) {
	if n.Comes != nil {
		return n.Comes(ctx, customer, change)
	}
	if change.Price == "" {
		return Bundle{}, nil
	}
	return Bundle{Items: []cost.Item{{ID: cost.ItemID(change.Subscription), Name: string(change.Offering), Price: change.Price}}}, nil
}

// complete fills in what the subscription says, and reports every violation.
func (b *Brought) complete(change catalog.SubscriptionChanged, newID func() string) error {
	var v servicecoin.Violations
	few := v.Limit("quotas", len(b.Quotas), mostGrants)
	few = v.Limit("items", len(b.Items), mostGrants) && few
	few = v.Limit("promises", len(b.Promises), mostGrants) && few
	if !few {
		return v.Err()
	}
	b.Quotas, b.Items, b.Promises = slices.Clone(b.Quotas), slices.Clone(b.Items), slices.Clone(b.Promises)
	g := granted{v: &v, change: change, newID: newID, seen: map[string]bool{}}
	for n := range b.Quotas {
		q := &b.Quotas[n]
		path := fmt.Sprintf("quotas[%d]", n)
		q.ID = metering.QuotaID(g.member(path, "quota", string(q.ID), &q.Subscription))
		q.From, q.Until = g.span(q.From, q.Until)
		v.Merge(path, q.Validate())
	}
	for n := range b.Items {
		i := &b.Items[n]
		path := fmt.Sprintf("items[%d]", n)
		i.ID = cost.ItemID(g.member(path, "item", string(i.ID), &i.Subscription))
		i.From, i.Until = g.span(i.From, i.Until)
		i.Service = cmp.Or(i.Service, change.Service)
		v.Merge(path, i.Validate())
	}
	for n := range b.Promises {
		p := &b.Promises[n]
		path := fmt.Sprintf("promises[%d]", n)
		p.ID = servicecoin.PromiseID(g.member(path, "promise", string(p.ID), &p.Subscription))
		p.ValidFrom, p.ValidUntil = g.span(p.ValidFrom, p.ValidUntil)
		p.Service = cmp.Or(p.Service, change.Service)
		v.Merge(path, p.Validate())
	}
	if err := v.Err(); err != nil {
		return err
	}
	text, err := json.Marshal(b)
	if err == nil {
		v.Limit("", len(text), maxBundle)
	}
	return errors.Join(err, v.Err())
}

// granted checks what all that comes with a subscription has in common.
type granted struct {
	v      *servicecoin.Violations
	change catalog.SubscriptionChanged
	newID  func() string
	seen   map[string]bool // kind and id
}

// member returns the id of what is granted, and says whose it is.
func (g *granted) member(path, kind, id string, of *servicecoin.SubscriptionID) string {
	if id == "" {
		id = g.newID()
	}
	if key := store.JoinID(kind, id); g.seen[key] {
		g.v.Add(path+".id", "duplicate", id, "is named twice")
	} else {
		g.seen[key] = true
	}
	if *of != "" && *of != g.change.Subscription {
		g.v.Add(path+".subscription", "foreign", string(*of), "is not the subscription that it comes with, "+string(g.change.Subscription))
	}
	*of = g.change.Subscription
	return id
}

// span returns from when until when something holds, as stores keep it.
func (g *granted) span(from, until time.Time) (time.Time, time.Time) {
	if from.IsZero() {
		from = g.change.From
	}
	if !until.IsZero() {
		until = servicecoin.Instant(until)
	}
	return servicecoin.Instant(from), until
}

// acceptable refuses a bundle with the id of something that is there and of
// something else, and one that names what nobody knows.
func (n Nouns) acceptable(ctx context.Context, customer servicecoin.Customer, b Brought) error {
	var v servicecoin.Violations
	for k, q := range b.Quotas {
		path := fmt.Sprintf("quotas[%d]", k)
		there, err := n.Ledger(n.Base, customer).Quota(ctx, q.ID)
		if err := free(&v, path, string(q.ID), err, there.Subscription, b.Subscription); err != nil {
			return err
		}
		_, err = n.Ledger(n.Base, customer).Meter(ctx, q.Meter)
		if errors.Is(err, servicecoin.ErrNotFound) {
			v.Add(path+".meter", "unknown", string(q.Meter), "is not defined")
		} else if err != nil {
			return err
		}
	}
	for k, i := range b.Items {
		path := fmt.Sprintf("items[%d]", k)
		there, err := n.Statements(n.Base, customer).Item(ctx, i.ID)
		if err := free(&v, path, string(i.ID), err, there.Subscription, b.Subscription); err != nil {
			return err
		}
		if err := n.Statements(n.Base, customer).Known(ctx, i); errors.Is(err, servicecoin.ErrInvalid) {
			v.Merge(path, err)
		} else if err != nil {
			return err
		}
	}
	for k, p := range b.Promises {
		there, err := n.Keeper(n.Base, customer.ID).Get(ctx, p.ID)
		if err := free(&v, fmt.Sprintf("promises[%d]", k), string(p.ID), err, there.Subscription, b.Subscription); err != nil {
			return err
		}
	}
	return v.Err()
}

// free reports an id that is taken: err is how a look for it ended, of is whose it
// is.
func free(v *servicecoin.Violations, path, id string, err error, of, own servicecoin.SubscriptionID) error {
	switch {
	case errors.Is(err, servicecoin.ErrNotFound):
		return nil
	case err != nil:
		return err
	case of == "":
		v.Add(path+".id", "taken", id, "is there already, and of no subscription")
	case of != own:
		v.Add(path+".id", "taken", id, "is there already, of subscription "+string(of))
	}
	return nil
}

package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// Subscriber says, in the provider's partition, that a customer has or had a
// service: what a [Directory] is asked for, without a look into every customer's
// partition. It follows the subscriptions, a moment behind them.
type Subscriber struct {
	Customer     servicecoin.CustomerID     `json:"customer"`
	Subscription servicecoin.SubscriptionID `json:"subscription"`
	Service      servicecoin.ServiceID      `json:"service"`
	Offering     servicecoin.OfferingID     `json:"offering,omitempty"`
	From         time.Time                  `json:"from"`
	Until        time.Time                  `json:"until,omitzero"` // exclusive; zero: has it still
}

// subscriberID is a digest: what is left of a deleted record is its key, and a
// key that names a customer would outlive the customer's erasure.
func subscriberID(customer servicecoin.CustomerID, subscription servicecoin.SubscriptionID) string {
	sum := sha256.Sum256([]byte(store.JoinID("servicecoin/subscriber", string(customer), string(subscription))))
	return hex.EncodeToString(sum[:16])
}

// Overlaps reports whether the customer had it at some time of the interval. An
// interval without end (the zero time) is going on. What ended as it began was
// never had.
func (s Subscriber) Overlaps(during calendar.Interval) bool {
	begun := during.End.IsZero() || s.From.Before(during.End)
	return begun && (s.Until.IsZero() || s.Until.After(during.Start) && s.Until.After(s.From))
}

// The verbs of subscribers.
const (
	VerbFollowSubscriber = "subscriber.follow"
	VerbForgetSubscriber = "subscriber.forget"
)

// Follow takes in what happened to a customer's subscription: the data of
// [EventSubscriptionActivated] and [EventSubscriptionDeparted]; others say
// nothing new, and it is no mistake to hand them in. It can be called again with
// the same, and in whatever order: what has ended does not begin again. The
// exchange calls it for each event, inside of its unit of work. No event is
// recorded, so that the feed of the provider does not name the customer.
func (c *Catalog) Follow(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID, change SubscriptionChanged) error {
	id := subscriberID(customer, change.Subscription)
	if err := c.authorize(ctx, by, VerbFollowSubscriber, SubscriberRecord, id); err != nil {
		return err
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	v.ID("subscription", string(change.Subscription))
	v.ID("service", string(change.Service))
	if !change.Until.IsZero() && change.Until.Before(change.From) {
		v.Add("until", "reversed", lifecycle.Stamp(change.Until), "must not be before "+lifecycle.Stamp(change.From))
	}
	if err := v.Err(); err != nil {
		return err
	}
	if change.From.IsZero() {
		return nil // ordered, or withdrawn: never had
	}
	return c.view.Do(ctx, func(tx store.View) error {
		kept := store.Of(tx, subscribers)
		before, err := kept.Get(ctx, id)
		if errors.Is(err, servicecoin.ErrNotFound) {
			return kept.Insert(ctx, Subscriber{
				Customer: customer, Subscription: change.Subscription, Service: change.Service, Offering: change.Offering,
				From: lifecycle.Instant(change.From), Until: lifecycle.Instant(change.Until),
			})
		}
		if err != nil || change.Until.IsZero() || !before.Until.IsZero() {
			return err
		}
		_, err = kept.Update(ctx, id, func(s *Subscriber) ([]store.Event, error) {
			s.Until = lifecycle.Instant(change.Until)
			return nil, nil
		})
		return err
	})
}

// forgetAtOnce is how many records one commit of [Catalog.Forget] deletes.
const forgetAtOnce = 40

// Forget removes all that the catalogue keeps of a customer in the provider's
// partition. It is a part of erasing a customer: call it after [store.Store.Forget],
// from when on the exchange leaves the customer's events alone, or one of them may
// bring a record back. It is done in commits of forty records, and can be called
// again.
func (c *Catalog) Forget(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID) error {
	if err := c.authorize(ctx, by, VerbForgetSubscriber, SubscriberRecord, store.Forgotten(customer)); err != nil {
		return err
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	if err := v.Err(); err != nil {
		return err
	}
	for {
		page, err := store.Of(c.view, subscribers).Find(store.By("customer", store.Text(customer))).Page(ctx, "", forgetAtOnce)
		if err != nil || len(page.Items) == 0 {
			return err
		}
		err = c.view.Do(ctx, func(tx store.View) error {
			for _, item := range page.Items {
				if err := store.Of(tx, subscribers).Delete(ctx, item.Key.ID); err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// Subscribers lists who has or had a service, by customer.
func (c *Catalog) Subscribers(service servicecoin.ServiceID) store.Listing[Subscriber] {
	return store.Of(c.view, subscribers).Find(store.By("service", store.Text(service)))
}

// SubscribedBy lists what a customer has or had, the oldest first.
func (c *Catalog) SubscribedBy(customer servicecoin.CustomerID) store.Listing[Subscriber] {
	return store.Of(c.view, subscribers).Find(store.By("customer", store.Text(customer)))
}

// Directory returns the catalogue as a [Directory], from its services and its
// subscribers.
func (c *Catalog) Directory() Directory { return directory{c} }

type directory struct{ catalog *Catalog }

// Service implements Directory.
func (d directory) Service(ctx context.Context, id servicecoin.ServiceID) (string, error) {
	s, err := d.catalog.Service(ctx, id)
	return s.Name, err
}

// Concerned implements Directory. It reads past those who had the service at
// another time only.
func (d directory) Concerned(ctx context.Context, service servicecoin.ServiceID, during calendar.Interval, after servicecoin.CustomerID, limit int) ([]servicecoin.CustomerID, error) {
	r := store.By("service", store.Text(service))
	if after != "" {
		r = r.From(store.Text(after + "\x00")) // the first text behind it
	}
	var list []servicecoin.CustomerID
	for s, err := range store.Of(d.catalog.view, subscribers).Find(r).All(ctx) {
		switch {
		case err != nil:
			return nil, err
		case len(list) >= limit:
			return list, nil
		case !s.Overlaps(during), len(list) > 0 && list[len(list)-1] == s.Customer:
			continue
		}
		list = append(list, s.Customer)
	}
	return list, nil
}

package coin

import (
	"context"
	"errors"
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/store"
)

// provision has what was approved set up. What was called off meanwhile, and what
// waits for something that is due before, is left alone.
func (c *Coin) provision(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
	change, err := store.Payload[catalog.OrderChanged](e)
	if err != nil {
		return "", err
	}
	_, err = c.On(tx).Orders(e.Subject.Customer).Provision(ctx, program(), change.Order, c.o.Provisioner)
	return "", unlessRefused(err)
}

// deprovision has what departs taken down: now, or by [Coin.Pursue] once the day has
// come on which the customer leaves.
func (c *Coin) deprovision(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
	change, err := store.Payload[catalog.SubscriptionChanged](e)
	if err != nil {
		return "", err
	}
	_, err = c.On(tx).Subscriptions(e.Subject.Customer).Deprovision(ctx, program(), change.Subscription, c.o.Provisioner)
	return "", unlessRefused(err)
}

func unlessRefused(err error) error {
	if errors.Is(err, servicecoin.ErrRefused) {
		return nil
	}
	return err
}

// Pursued is what one round of [Coin.Pursue] did.
type Pursued struct {
	Fulfilled int // orders whose subscription is active now
	Failed    int // orders that failed for good
	Departed  int // subscriptions that are taken down
	Leaving   int // subscriptions that depart on a day which has not come
	UnderWay  int // that are still worked on
}

// Pursue asks the provisioner after everything that is under way, of all
// customers, and has taken down what departs on a day that has come: the host calls
// it now and then. What one operation answers does not
// hold up the others; the error has all that went wrong. Without a provisioner
// it does nothing.
func (c *Coin) Pursue(ctx context.Context) (Pursued, error) {
	var done Pursued
	if c.o.Provisioner == nil {
		return done, nil
	}
	var wrong error
	for item, err := range catalog.OrdersIn(c.store, catalog.OrderProvisioning).Items(ctx) {
		if err != nil {
			return done, errors.Join(wrong, err)
		}
		order, err := c.Orders(item.Key.Customer).Provision(ctx, program(), item.Value.ID, c.o.Provisioner)
		switch {
		case err != nil:
			wrong = errors.Join(wrong, fmt.Errorf("order %v: %w", item.Key, err))
		case order.State == catalog.OrderFulfilled:
			done.Fulfilled++
		case order.State == catalog.OrderFailed:
			done.Failed++
		default:
			done.UnderWay++
		}
	}
	for item, err := range catalog.SubscriptionsIn(c.store, catalog.SubscriptionDeparting).Items(ctx) {
		if err != nil {
			return done, errors.Join(wrong, err)
		}
		if item.Value.LeavesAt.After(c.store.Now()) {
			done.Leaving++
			continue
		}
		sub, err := c.Subscriptions(item.Key.Customer).Deprovision(ctx, program(), item.Value.ID, c.o.Provisioner)
		switch {
		case err != nil:
			wrong = errors.Join(wrong, fmt.Errorf("subscription %v: %w", item.Key, err))
		case sub.State == catalog.SubscriptionDeparted:
			done.Departed++
		default:
			done.UnderWay++
		}
	}
	return done, wrong
}

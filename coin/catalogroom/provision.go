package catalogroom

import (
	"context"
	"errors"
	"fmt"

	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/exchange"
)

// Pursued is what one round of [Nouns.Pursue] did.
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
func (n Nouns) Pursue(ctx context.Context) (Pursued, error) {
	var done Pursued
	if n.Provisioner == nil {
		return done, nil
	}
	var wrong error
	for item, err := range catalog.OrdersIn(n.Store, catalog.OrderProvisioning).Items(ctx) {
		if err != nil {
			return done, errors.Join(wrong, err)
		}
		order, err := n.Orders(item.Key.Customer).Provision(ctx, exchange.By(), item.Value.ID, n.Provisioner)
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
	for item, err := range catalog.SubscriptionsIn(n.Store, catalog.SubscriptionDeparting).Items(ctx) {
		if err != nil {
			return done, errors.Join(wrong, err)
		}
		if item.Value.LeavesAt.After(n.Store.Now()) {
			done.Leaving++
			continue
		}
		sub, err := n.Subscriptions(item.Key.Customer).Deprovision(ctx, exchange.By(), item.Value.ID, n.Provisioner)
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

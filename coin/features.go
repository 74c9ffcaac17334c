package coin

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/release"
)

// offerings are what a customer subscribes to, as long as it may use it.
func (c *Coin) offerings(ctx context.Context, b exchange.Base, customer servicecoin.CustomerID) ([]servicecoin.OfferingID, error) {
	var list []servicecoin.OfferingID
	for _, state := range []catalog.SubscriptionState{catalog.SubscriptionActive, catalog.SubscriptionDeparting} {
		for s, err := range c.offers().On(b).Subscriptions(customer).InState(state).All(ctx) {
			if err != nil {
				return nil, err
			}
			list = append(list, s.Offering)
		}
	}
	return list, nil
}

// carriedBy are a platform's service, or the one that has its id, and what rests on it.
func (c *Coin) carriedBy(ctx context.Context, b exchange.Base, platform release.PlatformID) ([]servicecoin.ServiceID, error) {
	own := servicecoin.ServiceID(platform)
	p, err := release.NewSchedule(b.Provider()).Platform(ctx, platform)
	if err := exchange.UnlessGone(err); err != nil {
		return nil, err
	}
	if p.Service != "" {
		own = p.Service
	}
	g, err := c.offers().On(b).Catalog().Graph(ctx)
	if err != nil {
		return nil, err
	}
	return append([]servicecoin.ServiceID{own}, carried{g}.Above(own)...), nil
}

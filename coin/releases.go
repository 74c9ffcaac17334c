package coin

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/releaseroom"
)

// releases is the room of releases, with what it knows of the other rooms.
func (c *Coin) releases() releaseroom.Nouns {
	o := c.o.Releases
	if o.Patched == nil {
		o.Patched = c.patched
	}
	if o.Offerings == nil {
		o.Offerings = c.offerings
	}
	if o.Carries == nil {
		o.Carries = c.carriedBy
	}
	return releaseroom.Nouns{Base: c.base(), Options: o}
}

// Releases is the room of releases: schedules, features, evidence, APIs.
func (c *Coin) Releases() releaseroom.Nouns { return c.releases() }

// patched says how the targets of a customer stand to a flaw, by one of its names.
func (c *Coin) patched(ctx context.Context, b exchange.Base, customer servicecoin.CustomerID, name string) (releaseroom.Patched, bool, error) {
	patches := c.patches().On(b)
	a, err := patches.Advisories().Named(ctx, name)
	if err != nil {
		return releaseroom.Patched{}, false, exchange.UnlessGone(err)
	}
	s, err := patches.Standing(ctx, b.Store.Now(), customer, a.ID)
	if err != nil {
		return releaseroom.Patched{}, false, err
	}
	t := s.Now.Tally
	return releaseroom.Patched{Targets: t.Applicable, Compliant: t.Compliant, Unknown: t.Unknown}, true, nil
}

package coin

import (
	"context"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/patchroom"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// patches is the room of patches, with what it knows of the other rooms.
func (c *Coin) patches() patchroom.Nouns {
	o := c.o.Patches
	if o.Keep == nil {
		o.Keep = c.redundant
	}
	if o.Incidents == nil {
		o.Incidents = c.openOn
	}
	if o.Fill == nil {
		o.Fill = func(ctx context.Context, b exchange.Base, x runbook.Beginning) (runbook.Beginning, error) {
			return c.books().On(b).Fill(ctx, x)
		}
	}
	o.Register = func(b exchange.Base, customer servicecoin.CustomerID) *configuration.Register {
		return c.records().On(b).Register(customer)
	}
	o.Control = func(b exchange.Base) *change.Control { return c.changes().On(b).Control() }
	o.Runs = func(b exchange.Base) *runbook.Runs { return c.books().On(b).Runs() }
	return patchroom.Nouns{Base: c.base(), Options: o}
}

// openOn returns the incidents that are worked on and are not over on services.
func (c *Coin) openOn(ctx context.Context, b exchange.Base, services []servicecoin.ServiceID) ([]servicecoin.IncidentID, error) {
	var list []servicecoin.IncidentID
	for i, err := range c.incidents().On(b).Desk().Live().All(ctx) {
		if err != nil {
			return nil, err
		}
		for _, e := range i.Effects {
			if e.Until.IsZero() && slices.Contains(services, e.Service) {
				list = append(list, i.ID)
				break
			}
		}
	}
	return list, nil
}

// redundant returns the targets that stand in for each other: of a customer, those of the
// services of which the catalogue says that some must work for another one.
func (c *Coin) redundant(ctx context.Context, b exchange.Base, targets []patch.Target) ([]patch.Redundant, error) {
	type whose struct {
		customer servicecoin.CustomerID
		service  servicecoin.ServiceID
	}
	of := map[whose][]patch.Ref{}
	var customers []servicecoin.CustomerID
	for _, t := range targets {
		if t.Service != "" {
			of[whose{t.Customer, t.Service}] = append(of[whose{t.Customer, t.Service}], t.Ref())
		}
		if !slices.Contains(customers, t.Customer) {
			customers = append(customers, t.Customer)
		}
	}
	var list []patch.Redundant
	for d, err := range c.offers().On(b).Catalog().Dependencies("").All(ctx) {
		if err != nil {
			return nil, err
		}
		if d.AtLeast <= 0 || d.AtLeast >= len(d.Needs) {
			continue
		}
		for _, customer := range customers {
			r := patch.Redundant{Name: fmt.Sprintf("%s needs %d of %d", d.Service, d.AtLeast, len(d.Needs)), Keep: d.AtLeast}
			for _, s := range d.Needs {
				if unit := of[whose{customer, s}]; len(unit) > 0 {
					r.Units = append(r.Units, unit)
				}
			}
			// Those that are not patched stay up.
			if r.Keep -= len(d.Needs) - len(r.Units); r.Keep > 0 && len(r.Units) > 0 {
				list = append(list, r)
			}
		}
	}
	return list, nil
}

// Patches is the room of patches: advisories, cycles, and how targets stand.
func (c *Coin) Patches() patchroom.Nouns { return c.patches() }

// Advisories is what is known of flaws.
func (c *Coin) Advisories() *patch.Advisories { return c.patches().Advisories() }

// Cycles is where targets are patched, ring by ring.
func (c *Coin) Cycles() *patch.Cycles { return c.patches().Cycles() }

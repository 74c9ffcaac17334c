// Package capacityroom is the room of package operations/capacity in the exchange: limits
// that were passed, and whose entitlement says that those who plan capacity hear of it.
package capacityroom

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/operations/capacity"
)

// Name is the name of the room.
const Name = "capacity"

// metering is the room whose events are answered.
const metering = "metering"

// Nouns are the nouns of the room over a base.
type Nouns struct{ exchange.Base }

// On returns the same nouns over another base: that of a commit.
func (n Nouns) On(b exchange.Base) Nouns { return Nouns{b} }

// Demands is what passed what was planned, or is expected to.
func (n Nouns) Demands() *capacity.Demands { return capacity.New(n.Provider()) }

// Room is the room in the exchange.
func (n Nouns) Room() exchange.Room {
	return exchange.Room{
		Name: Name, Side: exchange.Operations,
		Links:   []exchange.Link{n.raise()},
		Reindex: capacity.Reindex,
		Forget: func(ctx context.Context, by servicecoin.Actor, id servicecoin.CustomerID) error {
			return n.Demands().Forget(ctx, by, id)
		},
	}
}

// raise is the link that raises a demand where a limit is passed that was declared to do
// so. It grants nothing: what was used stays used, and a person closes the demand.
func (n Nouns) raise() exchange.Link {
	return exchange.When(n.Base, "capacity.raise", metering, Name, []string{entitle.EventExceeded},
		func(ctx context.Context, w exchange.Work, told entitle.Told) error {
			for _, c := range told.Follows {
				if c.Act != entitle.Capacity {
					continue
				}
				_, err := n.On(w.Base).Demands().Raise(ctx, exchange.By(), DemandOf(told, c, w.Event.Subject))
				return err
			}
			return nil
		})
}

// DemandOf is the demand that is raised where a limit was told to be passed.
func DemandOf(told entitle.Told, c entitle.Consequence, source servicecoin.Key) capacity.Demand {
	d := capacity.Demand{
		Customer: source.Customer, Service: told.Service, Meter: string(told.Meter), Feature: string(told.Feature), Unit: told.Unit,
		Limit: servicecoin.Some(told.Line), Used: servicecoin.Some(told.Figure), Period: told.Period, Windows: told.Critical, Window: told.Window,
		Note: c.Note, Source: source,
		Because: []servicecoin.Key{source, (entitle.Kept{Entitlement: entitle.Entitlement{Feature: told.Feature, From: told.Version}}).Key(source.Customer)},
	}
	if told.Forecast != nil {
		d.Forecast = told.Forecast.Expected
	}
	return d
}

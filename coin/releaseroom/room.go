// Package releaseroom is the room of package operations/release in the exchange: what is
// released, which features a customer may use and hears of, what is proven, and which
// bindings keep up.
package releaseroom

import (
	"context"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
)

// Name is the name of the room.
const Name = "release"

// Options are what a host may set for the room.
type Options struct {
	ScheduleOptions
	FeatureOptions
	EvidenceOptions
	APIOptions
}

// Nouns are the nouns of the room over a base.
type Nouns struct {
	exchange.Base
	Options
}

// On returns the same nouns over another base: that of a commit.
func (n Nouns) On(b exchange.Base) Nouns { return Nouns{b, n.Options} }

// Room is the room in the exchange.
func (n Nouns) Room() exchange.Room {
	return exchange.Room{
		Name: Name, Side: exchange.Operations,
		Reindex: reindex,
		Forget: func(ctx context.Context, by servicecoin.Actor, id servicecoin.CustomerID) error {
			for _, forget := range []func(context.Context, servicecoin.Actor, servicecoin.CustomerID) error{
				n.forgetSchedule, n.forgetFeatures, n.forgetEvidence, n.forgetAPIs,
			} {
				if err := forget(ctx, by, id); err != nil {
					return err
				}
			}
			return nil
		},
		Spin:  &exchange.Gatherer{Figures: n.gather, Judge: judge},
		Links: slices.Concat(n.scheduleLinks(), n.featureLinks(), n.evidenceLinks(), n.apiLinks()),
	}
}

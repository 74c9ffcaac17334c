package releaseroom

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
)

// FeatureOptions are what a host may set for features and who hears of them.
type FeatureOptions struct{}

func (n Nouns) featureLinks() []exchange.Link { return nil }

func (n Nouns) forgetFeatures(context.Context, servicecoin.Actor, servicecoin.CustomerID) error {
	return nil
}

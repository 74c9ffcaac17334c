package releaseroom

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
)

// APIOptions are what a host may set for APIs and their bindings.
type APIOptions struct{}

func (n Nouns) apiLinks() []exchange.Link { return nil }

func (n Nouns) forgetAPIs(context.Context, servicecoin.Actor, servicecoin.CustomerID) error {
	return nil
}

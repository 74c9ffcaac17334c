package releaseroom

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
)

// EvidenceOptions are what a host may set for evidence and certificates.
type EvidenceOptions struct{}

func (n Nouns) evidenceLinks() []exchange.Link { return nil }

func (n Nouns) forgetEvidence(context.Context, servicecoin.Actor, servicecoin.CustomerID) error {
	return nil
}

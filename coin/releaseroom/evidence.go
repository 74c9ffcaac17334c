package releaseroom

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/release"
)

// EvidenceOptions are what a host may set for evidence and certificates.
type EvidenceOptions struct{}

// Proofs are what proves features, the reports of test runs, and certificates.
func (n Nouns) Proofs() *release.Proofs { return release.NewProofs(n.Provider()) }

func (n Nouns) evidenceLinks() []exchange.Link { return []exchange.Link{n.revises()} }

// revises is the link that makes the next edition of a certificate once what is known says
// that its version is certified no more: by new evidence, by evidence that was taken back,
// by another build, or as a waiver ended. What ends by itself is found by
// [release.Proofs.Tend].
func (n Nouns) revises() exchange.Link {
	on := []string{release.EventEvidenceTaken, release.EventEvidenceRetracted, release.EventBuildIdentified, release.EventProofWaived, release.EventProofWaiverEnded}
	return exchange.When(n.Base, "certificate.revise", Name, Name, on, func(ctx context.Context, w exchange.Work, news release.EvidenceChanged) error {
		proofs := n.On(w.Base).Proofs()
		if news.Version != "" {
			_, _, err := proofs.Revise(ctx, by(), news.Platform, news.Version)
			return exchange.UnlessRefused(err)
		}
		_, err := proofs.Tend(ctx, by(), news.Platform)
		return exchange.UnlessRefused(err)
	})
}

func (n Nouns) forgetEvidence(context.Context, servicecoin.Actor, servicecoin.CustomerID) error {
	return nil // it is the provider's own: no customer is named in it
}

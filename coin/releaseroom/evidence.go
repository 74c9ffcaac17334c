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
// by another build, or as a waiver ended: of many versions a few in a commit. What ends by
// itself is found by [release.Proofs.Tend].
func (n Nouns) revises() exchange.Link {
	on := []string{release.EventEvidenceTaken, release.EventEvidenceRetracted, release.EventBuildIdentified, release.EventProofWaived, release.EventProofWaiverEnded}
	return exchange.Parts(n.Base, "certificate.revise", Name, Name, on, func(ctx context.Context, w exchange.Work, news release.EvidenceChanged, at string) (string, error) {
		proofs := n.On(w.Base).Proofs()
		if news.Version != "" {
			_, _, err := proofs.Revise(ctx, by(), news.Platform, news.Version)
			return "", exchange.UnlessRefused(err)
		}
		const few = 4 // an edition takes up to 16 of what a commit has room for
		page, err := proofs.Versions(news.Platform).Page(ctx, at, few)
		if err != nil {
			return "", err
		}
		for _, item := range page.Items {
			if !item.Value.Certified {
				continue
			}
			_, _, err := proofs.Revise(ctx, by(), news.Platform, item.Value.Version)
			if err := exchange.UnlessRefused(err); err != nil {
				return "", err
			}
		}
		return page.Next, nil
	})
}

func (n Nouns) forgetEvidence(context.Context, servicecoin.Actor, servicecoin.CustomerID) error {
	return nil // it is the provider's own: no customer is named in it
}

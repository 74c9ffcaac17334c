package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/releaseroom"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
)

// featureFacts are what the portal knows of a feature beside the library: where it is
// described, by which run book it is run, and on which versions its tests passed where no
// report was taken in.
type featureFacts struct {
	Feature release.FeatureID     `json:"feature"`
	Manual  string                `json:"manual,omitempty"`
	Runbook servicecoin.RunbookID `json:"runbook,omitempty"`
}

var allFeatureFacts = store.Kind[featureFacts]{Name: "portal.feature", ID: func(f featureFacts) string { return string(f.Feature) }}

func (h host) featureFacts() store.Collection[featureFacts] {
	return store.Of(h.store.For(servicecoin.Provider), allFeatureFacts)
}

// factsOf are those of a feature, none where nobody has said any.
func (h host) factsOf(ctx context.Context, id release.FeatureID) (featureFacts, error) {
	x, err := h.featureFacts().Get(ctx, string(id))
	if errors.Is(err, servicecoin.ErrNotFound) {
		return featureFacts{Feature: id}, nil
	}
	return x, err
}

// featureRules are what this host knows for features: what is known of
// customers, and where features are described.
func (p *portal) featureRules() releaseroom.FeatureOptions {
	return releaseroom.FeatureOptions{
		Attributes: func(ctx context.Context, id servicecoin.CustomerID) (map[string]string, error) {
			c, err := p.host.clients().Get(ctx, string(id))
			if errors.Is(err, servicecoin.ErrNotFound) {
				return nil, nil
			}
			return map[string]string{"country": c.Country, "zone": c.Zone}, err
		},
		Documentation: func(ctx context.Context, b exchange.Base, f release.Feature, _ string) (release.Shown, error) {
			x, err := host{b.Store}.factsOf(ctx, f.ID)
			return release.Shown{Met: x.Manual != "", Text: x.Manual, Ref: x.Manual}, err
		},
		Runbook: func(ctx context.Context, b exchange.Base, f release.Feature) (release.Shown, error) {
			x, err := host{b.Store}.factsOf(ctx, f.ID)
			if err != nil || x.Runbook == "" {
				return release.Shown{}, err
			}
			book, err := p.Library().On(b.Provider()).Published(ctx, x.Runbook)
			if errors.Is(err, servicecoin.ErrNotFound) {
				return release.Shown{Text: "run book " + string(x.Runbook) + " is not published"}, nil
			}
			if err != nil {
				return release.Shown{}, fmt.Errorf("run book %s: %w", x.Runbook, err)
			}
			title, _ := book.Title.In("en")
			return release.Shown{Met: true, Text: title, Ref: "/runbooks/" + string(x.Runbook)}, nil
		},
	}
}

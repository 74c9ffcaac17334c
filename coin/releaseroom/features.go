package releaseroom

import (
	"context"
	"errors"
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/version"
)

// FeatureOptions are what a host may set for features and who hears of them.
type FeatureOptions struct {
	// Runs returns which version of a platform a customer runs, "" for none; nil: what its
	// installations say, the oldest of several.
	Runs func(ctx context.Context, b exchange.Base, customer servicecoin.CustomerID, platform release.PlatformID) (string, error)
	// Newest returns the version of a platform that somebody would get who is no customer
	// yet, "" for none; nil: the newest that is out and was not recalled.
	Newest func(ctx context.Context, b exchange.Base, platform release.PlatformID) (string, error)
	// Offerings returns what a customer has; nil: what it subscribes to.
	Offerings func(ctx context.Context, b exchange.Base, customer servicecoin.CustomerID) ([]servicecoin.OfferingID, error)
	// Attributes returns what the host knows of a customer, that audiences ask for: country,
	// tier; nil: nothing.
	Attributes func(ctx context.Context, customer servicecoin.CustomerID) (map[string]string, error)
	// Carries returns the services that a platform carries, whose customers are told of its
	// news; nil: the platform's service, and all that rests on it.
	Carries func(ctx context.Context, b exchange.Base, platform release.PlatformID) ([]servicecoin.ServiceID, error)

	// Proven, Documentation, Runbook and Use are those of a [release.World], over a base;
	// nil: nobody knows. What is proven, nil takes from the evidence; of use, nil counts who
	// entered.
	Proven        func(ctx context.Context, b exchange.Base, f release.Feature, version string) (release.Shown, error)
	Documentation func(ctx context.Context, b exchange.Base, f release.Feature, version string) (release.Shown, error)
	Runbook       func(ctx context.Context, b exchange.Base, f release.Feature) (release.Shown, error)
	Use           func(ctx context.Context, b exchange.Base, f release.Feature) (release.Usage, error)

	// Compose writes what is drafted of a feature that was promoted; nil: [ComposeNews].
	Compose func(f release.Feature, before release.Stage) release.Wording
}

// Features is what platforms can do, and how that is promoted.
func (n Nouns) Features() *release.Features {
	return release.NewFeatures(n.Provider(), &release.FeaturesOptions{World: featureWorld{n}})
}

// News is what customers and others are told.
func (n Nouns) News() *release.News { return release.NewNews(n.Provider()) }

// Access is what a customer entered, and left again.
func (n Nouns) Access(customer servicecoin.CustomerID) *release.Access {
	return release.NewAccess(n.Of(customer))
}

// Tellings is what a customer was told.
func (n Nouns) Tellings(customer servicecoin.CustomerID) *release.Tellings {
	return release.NewTellings(n.Of(customer))
}

// forgetFeatures takes a customer out of audiences; the rest is in its own partition.
func (n Nouns) forgetFeatures(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID) error {
	return n.Features().Forget(ctx, by, customer)
}

// runs is which version of a platform a customer runs.
func (n Nouns) runs(ctx context.Context, customer servicecoin.CustomerID, platform release.PlatformID) (string, error) {
	if n.Runs != nil {
		return n.Runs(ctx, n.Base, customer, platform)
	}
	var oldest string
	for r, err := range release.NewInstallations(n.Of(customer), nil).All().All(ctx) {
		if err != nil {
			return "", err
		}
		if r.Platform == platform && r.Version != "" && (oldest == "" || newer(oldest, r.Version)) {
			oldest = r.Version
		}
	}
	return oldest, nil
}

// newest is the version that a prospect would get.
func (n Nouns) newest(ctx context.Context, platform release.PlatformID) (string, error) {
	if n.Newest != nil {
		return n.Newest(ctx, n.Base, platform)
	}
	var last string
	for r, err := range release.NewSchedule(n.Provider()).Releases(platform).All(ctx) {
		if err != nil {
			return "", err
		}
		if r.Kind == release.Prerelease || r.Done.IsZero() || r.Recalled != nil {
			continue
		}
		if last == "" || newer(r.Version, last) {
			last = r.Version
		}
	}
	return last, nil
}

// newer reports whether a version is newer than another one; what is no version is not.
func newer(a, b string) bool {
	p, errA := version.ParseLoose(a)
	q, errB := version.ParseLoose(b)
	return errA == nil && errB == nil && q.Less(p)
}

// services are those that a platform carries.
func (n Nouns) services(ctx context.Context, platform release.PlatformID) ([]servicecoin.ServiceID, error) {
	if n.Carries == nil {
		return []servicecoin.ServiceID{servicecoin.ServiceID(platform)}, nil
	}
	list, err := n.Carries(ctx, n.Base, platform)
	if err != nil {
		return nil, fmt.Errorf("services of %s: %w", platform, err)
	}
	return list, nil
}

// featureWorld tells promotions what is known elsewhere.
type featureWorld struct{ n Nouns }

// Proven implements release.World.
func (w featureWorld) Proven(ctx context.Context, f release.Feature, version string) (release.Shown, error) {
	if w.n.Proven == nil {
		return w.n.Proofs().Proven(ctx, f, version)
	}
	return w.n.Proven(ctx, w.n.Base, f, version)
}

// Documentation implements release.World.
func (w featureWorld) Documentation(ctx context.Context, f release.Feature, version string) (release.Shown, error) {
	if w.n.Documentation == nil {
		return release.Shown{}, nil
	}
	return w.n.Documentation(ctx, w.n.Base, f, version)
}

// Runbook implements release.World.
func (w featureWorld) Runbook(ctx context.Context, f release.Feature) (release.Shown, error) {
	if w.n.Runbook == nil {
		return release.Shown{}, nil
	}
	return w.n.Runbook(ctx, w.n.Base, f)
}

// Use implements release.World.
func (w featureWorld) Use(ctx context.Context, f release.Feature) (release.Usage, error) {
	if w.n.Use != nil {
		return w.n.Use(ctx, w.n.Base, f)
	}
	if s := f.Last().Stage; s != release.StageAlpha && s != release.StageBeta {
		return release.Usage{}, nil // who uses what everybody may use, nobody counts
	}
	u := release.Usage{Known: true}
	for _, err := range release.AccessAcross(w.n.Store, f.ID, release.AccessIn).All(ctx) {
		if err != nil {
			return u, err
		}
		u.Customers++
	}
	return u, nil
}

func isNotFound(err error) bool { return errors.Is(err, servicecoin.ErrNotFound) }

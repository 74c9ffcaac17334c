package releaseroom

import (
	"context"
	"errors"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/release"
)

// MayUse says whether a customer may use a feature now, and why: with one call, by what it
// runs, has, entered, and by what is known of it.
func (n Nouns) MayUse(ctx context.Context, customer servicecoin.CustomerID, id release.FeatureID) (release.Decision, error) {
	list, err := n.Features().With(ctx, id)
	if err != nil {
		return release.Decision{}, err
	}
	w, err := n.who(ctx, customer, list)
	if err != nil {
		return release.Decision{}, err
	}
	return w.MayUse(id), nil
}

// All is the rule over the features of all platforms: a host that asks often keeps it, until
// an event of a feature says that it changed.
func (n Nouns) All(ctx context.Context) (*release.Audiences, []release.Feature, error) {
	var list []release.Feature
	for f, err := range n.Features().All().All(ctx) {
		if err != nil {
			return nil, nil, err
		}
		list = append(list, f)
	}
	r, err := release.CompileAudiences(list)
	return r, list, err
}

// who makes a customer ready to be asked about some features.
func (n Nouns) who(ctx context.Context, customer servicecoin.CustomerID, list []release.Feature) (*release.Who, error) {
	r, err := release.CompileAudiences(list)
	if err != nil {
		return nil, err
	}
	s, err := n.Subject(ctx, customer, platformsOf(list))
	if err != nil {
		return nil, err
	}
	return r.For(s)
}

func platformsOf(list []release.Feature) []release.PlatformID {
	var platforms []release.PlatformID
	for _, f := range list {
		if !slices.Contains(platforms, f.Platform) {
			platforms = append(platforms, f.Platform)
		}
	}
	return platforms
}

// Subject is a customer as the rule knows it, for some platforms; of "", somebody who is no
// customer yet.
func (n Nouns) Subject(ctx context.Context, customer servicecoin.CustomerID, platforms []release.PlatformID) (release.Subject, error) {
	s := release.Subject{Customer: customer, Runs: map[release.PlatformID]string{}}
	var problems [4]error
	for _, p := range platforms {
		runs := n.newest
		if customer != "" {
			runs = func(ctx context.Context, p release.PlatformID) (string, error) { return n.runs(ctx, customer, p) }
		}
		text, err := runs(ctx, p)
		problems[0] = errors.Join(problems[0], err)
		s.Runs[p] = text
	}
	if customer == "" {
		return s, problems[0]
	}
	s.Entered, problems[1] = n.Access(customer).States(ctx)
	if n.Offerings != nil {
		s.Offerings, problems[2] = n.Offerings(ctx, n.Base, customer)
	}
	if n.Attributes != nil {
		s.Attributes, problems[3] = n.Attributes(ctx, customer)
	}
	return s, errors.Join(problems[:]...)
}

// Standing is how one feature stands to a customer.
type Standing struct {
	Feature release.Feature
	release.Decision

	// Next is the decision once the customer runs the newest version, where that changes
	// something.
	Next release.Decision
}

// Standings returns how all features stand to a customer, by platform and id: those that it
// may not be told of left out. What is coming for it has Next.
func (n Nouns) Standings(ctx context.Context, customer servicecoin.CustomerID) ([]Standing, error) {
	r, list, err := n.All(ctx)
	if err != nil {
		return nil, err
	}
	s, err := n.Subject(ctx, customer, platformsOf(list))
	if err != nil {
		return nil, err
	}
	now, err := r.For(s)
	if err != nil {
		return nil, err
	}
	ahead := s
	ahead.Runs = map[release.PlatformID]string{}
	for p, runs := range s.Runs {
		newest, err := n.newest(ctx, p)
		if err != nil {
			return nil, err
		}
		ahead.Runs[p] = runs
		if runs != "" && newer(newest, runs) {
			ahead.Runs[p] = newest
		}
	}
	then, err := r.For(ahead)
	if err != nil {
		return nil, err
	}
	var found []Standing
	for _, f := range list {
		x := Standing{Feature: f, Decision: now.MayUse(f.ID)}
		if d := then.MayUse(f.ID); d != x.Decision && d.Told() != release.ToldNothing {
			x.Next = d
		}
		entered := s.Entered[f.ID] == release.AccessIn || s.Entered[f.ID] == release.AccessAsked || s.Entered[f.ID] == release.AccessDeclined
		if x.Told() != release.ToldNothing || x.Next.Feature != "" || entered {
			found = append(found, x)
		}
	}
	return found, nil
}

// Enter has a customer enter a feature, or ask for it: as the rule says now.
func (n Nouns) Enter(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID, id release.FeatureID) (release.EarlyAccess, error) {
	d, err := n.MayUse(ctx, customer, id)
	if err != nil {
		return release.EarlyAccess{}, err
	}
	return n.Access(customer).Enter(ctx, by, d)
}

// Read is an item of news as one reader is told of it.
type Read struct {
	release.NewsItem

	As release.Telling
}

// NewsFor returns what a customer is told, the last first and at most so many: by the rule,
// as it is now. What is withdrawn is there for those who were told of it. Of "", what
// everybody is told.
func (n Nouns) NewsFor(ctx context.Context, customer servicecoin.CustomerID, limit int) ([]Read, error) {
	r, err := n.rule(ctx)
	if err != nil {
		return nil, err
	}
	w, err := n.reader(ctx, r, customer)
	if err != nil {
		return nil, err
	}
	var list []Read
	for x, err := range n.News().Published().All(ctx) {
		if err != nil || len(list) >= limit {
			return list, err
		}
		as := x.ToldTo(w)
		if x.State == release.NewsWithdrawn && customer != "" {
			told, err := n.Tellings(customer).Get(ctx, x.ID)
			if err != nil && !isNotFound(err) {
				return nil, err
			}
			as = told.As
		}
		if as != release.ToldNothing {
			list = append(list, Read{x, as})
		}
	}
	return list, nil
}

// rule is the rule over all features, for many readers.
type rule struct {
	*release.Audiences

	platforms []release.PlatformID // those of features, and all others
}

func (n Nouns) rule(ctx context.Context) (rule, error) {
	r, list, err := n.All(ctx)
	if err != nil {
		return rule{}, err
	}
	all := rule{r, platformsOf(list)}
	for p, err := range release.NewSchedule(n.Provider()).Platforms().All(ctx) {
		if err != nil {
			return rule{}, err
		}
		if !slices.Contains(all.platforms, p.ID) {
			all.platforms = append(all.platforms, p.ID)
		}
	}
	return all, nil
}

// reader makes a customer ready to be asked about all features and platforms.
func (n Nouns) reader(ctx context.Context, r rule, customer servicecoin.CustomerID) (*release.Who, error) {
	s, err := n.Subject(ctx, customer, r.platforms)
	if err != nil {
		return nil, err
	}
	return r.For(s)
}

// Audience is a customer, and as what it is told.
type Audience struct {
	Customer servicecoin.CustomerID
	As       release.Telling
}

// Told returns whom an item of news is told, if it were published now: of the customers of
// the platform's services, those that the rule tells, at most so many; and whether everybody
// else is told, too.
func (n Nouns) Told(ctx context.Context, x release.NewsItem, limit int) (list []Audience, public bool, err error) {
	x.State = release.NewsPublished
	r, err := n.rule(ctx)
	if err != nil {
		return nil, false, err
	}
	anybody, err := n.reader(ctx, r, "")
	if err != nil {
		return nil, false, err
	}
	public = x.ToldTo(anybody) != release.ToldNothing
	err = n.customers(ctx, x.Platform, func(id servicecoin.CustomerID) (bool, error) {
		w, err := n.reader(ctx, r, id)
		if err != nil {
			return false, err
		}
		if as := x.ToldTo(w); as != release.ToldNothing {
			list = append(list, Audience{id, as})
		}
		return len(list) < limit, nil
	})
	return list, public, err
}

// WhoMay returns how a feature stands to the customers of its platform's services, at most
// so many.
func (n Nouns) WhoMay(ctx context.Context, id release.FeatureID, limit int) (map[servicecoin.CustomerID]release.Decision, error) {
	found := map[servicecoin.CustomerID]release.Decision{}
	list, err := n.Features().With(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := release.CompileAudiences(list)
	if err != nil {
		return nil, err
	}
	err = n.customers(ctx, list[0].Platform, func(customer servicecoin.CustomerID) (bool, error) {
		s, err := n.Subject(ctx, customer, platformsOf(list))
		if err != nil {
			return false, err
		}
		w, err := r.For(s)
		if err != nil {
			return false, err
		}
		found[customer] = w.MayUse(id)
		return len(found) < limit, nil
	})
	return found, err
}

// customers calls do for each customer of a platform's services, once, as long as it wants
// more.
func (n Nouns) customers(ctx context.Context, p release.PlatformID, do func(id servicecoin.CustomerID) (bool, error)) error {
	services, err := n.services(ctx, p)
	if err != nil {
		return err
	}
	seen := map[servicecoin.CustomerID]bool{}
	now := n.Store.Now()
	for _, s := range services {
		for id, err := range exchange.Concerned(ctx, n.Directory(), s, calendar.Between(now, now.Add(1))) {
			if err != nil {
				return err
			}
			if seen[id] {
				continue
			}
			seen[id] = true
			if more, err := do(id); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

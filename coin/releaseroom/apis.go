package releaseroom

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
)

// APIOptions are what a host may set for APIs and their bindings.
type APIOptions struct {
	// TellOwner tells the owner of a binding, and the API's owner where nobody owns it, that
	// it is behind, or is not any more. It is called at least once for each event, whose id is
	// the key. Nil: nobody is told but by the lists.
	TellOwner func(ctx context.Context, to servicecoin.PersonID, event string, news release.BindingChanged, key string) error
}

// APIs is what services offer to programs, and which bindings keep up with that: versions
// that were recalled, and lines whose support is over, need not be followed any more.
func (n Nouns) APIs() *release.APIs {
	return release.NewAPIs(n.Provider(), &release.APIOptions{Ignored: ignored})
}

func (n Nouns) apiLinks() []exchange.Link {
	links := []exchange.Link{n.follows()}
	if n.TellOwner != nil {
		links = append(links, n.tellsOwner())
	}
	return links
}

// follows is the link by which the bindings of a platform's APIs have to follow a version
// that came: API by API, whose bindings have room in one commit.
func (n Nouns) follows() exchange.Link {
	return exchange.Parts(n.Base, "binding.follow", Name, Name, []string{release.EventPublished},
		func(ctx context.Context, w exchange.Work, news release.Changed, at string) (string, error) {
			if news.Version == "" || news.Done.IsZero() {
				return "", nil
			}
			apis := n.On(w.Base).APIs()
			page, err := apis.OfPlatform(news.Platform).Page(ctx, at, 1)
			if err != nil {
				return "", err
			}
			for _, item := range page.Items {
				err := apis.OfferTo(ctx, exchange.By(), item.Value.ID, news.Version, news.Done)
				if err := exchange.UnlessRefused(err); err != nil {
					return "", err
				}
			}
			return page.Next, nil
		})
}

// tellsOwner is the link that tells whoever owns a binding how it stands.
func (n Nouns) tellsOwner() exchange.Link {
	return exchange.When(n.Base, "binding.tell", Name, Name, []string{release.EventBindingBehind, release.EventBindingCurrent},
		func(ctx context.Context, w exchange.Work, news release.BindingChanged) error {
			to := news.Owner
			if to == "" {
				a, err := n.On(w.Base).APIs().API(ctx, news.API)
				if err != nil {
					return exchange.UnlessGone(err)
				}
				to = a.Owner
			}
			return n.TellOwner(ctx, to, w.Event.Name, news, w.Event.ID)
		})
}

// TendBindings tells which bindings are behind by now and which are not any more. The host
// calls it, once a day or more often.
func (n Nouns) TendBindings(ctx context.Context, by servicecoin.Actor) (release.TendedBindings, error) {
	return n.APIs().Tend(ctx, by)
}

// ignored says which versions of a platform nobody has to follow on a day.
func ignored(ctx context.Context, view store.View, p release.PlatformID, on calendar.Date) (func(string) bool, error) {
	schedule := release.NewSchedule(view)
	lines, err := schedule.Lines(ctx, p)
	if err != nil {
		return nil, err
	}
	recalled := map[string]bool{}
	for r, err := range schedule.Releases(p).All(ctx) {
		if err != nil {
			return nil, err
		}
		if r.Recalled != nil {
			recalled[release.Canonical(r.Version)] = true
		}
	}
	return func(text string) bool {
		if recalled[release.Canonical(text)] {
			return true
		}
		l, ok := release.LineOf(lines, text)
		return ok && l.Phase(on) == release.Ended
	}, nil
}

func (n Nouns) forgetAPIs(context.Context, servicecoin.Actor, servicecoin.CustomerID) error {
	return nil // they are the provider's, and name no customer
}

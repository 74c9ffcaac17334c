package cointest

import (
	"errors"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/followup"
	"github.com/servicecoin/servicecoin/operations/release"
)

// livedPlatform is the platform of a life's APIs.
const livedPlatform = release.PlatformID("lived")

// api does something with APIs and their bindings.
func (l *life) api(a Act) error {
	n, by := l.coin.Releases(), l.by()
	api := release.APIID(fmt.Sprintf("api%d", a.N%2))
	binding := release.BindingID(fmt.Sprintf("%s-%d", api, a.N%3))
	text := fmt.Sprintf("%d.%d.%d", 1+a.N%2, a.M%3, a.M%4)
	day := calendar.DateOf(l.now, time.UTC)
	switch a.M % 8 {
	case 0:
		if _, err := n.Schedule().Platform(l.ctx, livedPlatform); errors.Is(err, servicecoin.ErrNotFound) {
			if _, err := n.Schedule().KeepPlatform(l.ctx, by, release.Platform{ID: livedPlatform, Name: "Lived", Zone: "Europe/Berlin"}); err != nil {
				return err
			}
		}
		for _, line := range []string{"1", "2"} {
			if _, err := n.Schedule().KeepLine(l.ctx, by, release.Line{Platform: livedPlatform, Name: line}); err != nil {
				return err
			}
		}
		if _, err := n.APIs().API(l.ctx, api); err == nil {
			return nil
		}
		return second(n.APIs().KeepAPI(l.ctx, by, release.API{ID: api, Platform: livedPlatform, Name: string(api), Kind: release.GRPC, Stability: release.Stable, Owner: "olga", KeepUp: release.KeepUp{Days: 1 + a.N%20}}))
	case 1:
		return second(n.APIs().KeepBinding(l.ctx, by, release.Binding{
			ID: binding, API: api, Language: "go", Package: "p", Owner: []servicecoin.PersonID{"", "gopher", "paula"}[a.N%3],
			Stability: release.Stabilities()[a.M%3], Range: []string{"", "1", ">=1.1", "2.x"}[a.N%4],
		}))
	case 2, 3:
		return second(n.Schedule().Publish(l.ctx, by, release.Plan{Platform: livedPlatform, Version: text, On: day}))
	case 4:
		return second(n.APIs().Revise(l.ctx, by, release.Revision{
			API: api, Version: text, Released: day, Own: fmt.Sprintf("1.%d", a.N%3), Document: []string{"", "a", "b"}[a.N%3], Gone: a.N%41 == 0,
		}))
	case 5:
		return second(n.APIs().Report(l.ctx, by, release.Tried{Binding: binding, Version: text, Passed: a.N%3 > 0}))
	case 6:
		if a.N%2 == 0 {
			return second(n.APIs().Drop(l.ctx, by, binding, text, "why"))
		}
		return second(n.Schedule().Recall(l.ctx, by, livedPlatform, text, "bad", ""))
	default:
		return second(n.TendBindings(l.ctx, by))
	}
}

// apis: each version that came is to be followed by the bindings of an API that was there,
// what is behind was told, and nobody has to try what was tried.
func (l *life) apis(servicecoin.CustomerID) error {
	n := l.coin.Releases()
	if _, err := n.TendBindings(l.ctx, l.by()); err != nil {
		return err
	}
	for a, err := range n.APIs().All().All(l.ctx) {
		if err != nil {
			return err
		}
		board, err := n.APIs().Board(l.ctx, a.ID)
		if err != nil {
			return err
		}
		for _, s := range board.Standings {
			told := ""
			if s.Binding.Behind != nil {
				told = s.Binding.Behind.Version
			}
			if told != s.Missing {
				return fmt.Errorf("%s misses %q, told was %q", s.Binding.ID, s.Missing, told)
			}
			for x, err := range n.APIs().Trials(s.Binding.ID).All(l.ctx) {
				if err != nil {
					return err
				}
				if x.Report != nil && x.Work != nil && x.Work.State == followup.Open {
					return fmt.Errorf("%s was tried with %s, and is to be", x.Binding, x.Version)
				}
			}
		}
		if err := l.followed(a, board); err != nil {
			return err
		}
	}
	return nil
}

// followed: an API has a revision of each version that came since it is there, unless it was
// gone by then.
func (l *life) followed(a release.API, board release.Board) error {
	known, gone := map[string]bool{}, false
	for _, r := range board.Revisions {
		known[r.Version] = true
		gone = gone || r.Gone
	}
	for r, err := range l.coin.Releases().Schedule().Releases(a.Platform).All(l.ctx) {
		if err != nil {
			return err
		}
		if r.ChangedAt.After(a.KeptAt) && !known[r.Version] && !gone {
			return fmt.Errorf("%s has no revision of %s", a.ID, r.Version)
		}
	}
	return nil
}

package release

import (
	"context"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// API returns an API.
func (n *APIs) API(ctx context.Context, id APIID) (API, error) {
	return store.Of(n.view, apis).Get(ctx, string(id))
}

// All lists the APIs, by name.
func (n *APIs) All() store.Listing[API] { return store.Of(n.view, apis).Find(store.By("name")) }

// OfPlatform lists the APIs of a platform, by name.
func (n *APIs) OfPlatform(p PlatformID) store.Listing[API] {
	return store.Of(n.view, apis).Find(store.By("platform", store.Text(p)))
}

// Revisions returns the revisions of an API, the oldest version first.
func (n *APIs) Revisions(ctx context.Context, id APIID) ([]Revision, error) {
	var list []Revision
	for r, err := range store.Of(n.view, revisions).Find(store.By("api", store.Text(id))).All(ctx) {
		if err != nil {
			return nil, err
		}
		if list = append(list, r); len(list) >= maxRevisions {
			break
		}
	}
	byVersion(list)
	return list, nil
}

// Revision returns an API in one version of its platform, however that is written.
func (n *APIs) Revision(ctx context.Context, id APIID, text string) (Revision, error) {
	return store.Of(n.view, revisions).Get(ctx, store.JoinID(string(id), Canonical(text)))
}

// Binding returns a binding.
func (n *APIs) Binding(ctx context.Context, id BindingID) (Binding, error) {
	return store.Of(n.view, bindings).Get(ctx, string(id))
}

// Of lists the bindings of an API, by language.
func (n *APIs) Of(id APIID) store.Listing[Binding] {
	return store.Of(n.view, bindings).Find(store.By("api", store.Text(id)))
}

// OwnedBy lists the bindings of a person; of "" those that nobody owns.
func (n *APIs) OwnedBy(p servicecoin.PersonID) store.Listing[Binding] {
	return store.Of(n.view, bindings).Find(store.By("owner", store.Text(p)))
}

// Trials lists what is known of a binding, by the texts of the versions.
func (n *APIs) Trials(id BindingID) store.Listing[Trial] {
	return store.Of(n.view, trials).Find(store.By("binding", store.Text(id)))
}

// Due lists the works of all bindings that are to be done before an instant, the most
// overdue first: those before now are overdue.
func (n *APIs) Due(before time.Time) store.Listing[Trial] {
	return store.Of(n.view, trials).Find(store.By("due").To(store.Time(before)))
}

// Board is an API with its revisions and how all its bindings keep up with it.
type Board struct {
	API       API        `json:"api"`
	Revisions []Revision `json:"revisions,omitempty"` // the newest version first
	Standings []Standing `json:"standings,omitempty"` // by language
}

// Board returns how the bindings of an API keep up with it, now.
func (n *APIs) Board(ctx context.Context, id APIID) (Board, error) {
	a, err := n.API(ctx, id)
	if err != nil {
		return Board{}, err
	}
	out := Board{API: a}
	at := n.view.Now()
	loc, err := n.zone(ctx, a.Platform)
	if err != nil {
		return Board{}, err
	}
	on := calendar.DateOf(at, loc)
	list, err := n.Revisions(ctx, id)
	if err != nil {
		return Board{}, err
	}
	counted, err := n.counted(ctx, a.Platform, list, on)
	if err != nil {
		return Board{}, err
	}
	var known []Trial
	for t, err := range store.Of(n.view, trials).Find(store.By("api", store.Text(id))).All(ctx) {
		if err != nil {
			return Board{}, err
		}
		if known = append(known, t); len(known) >= maxRevisions*maxBindings {
			break
		}
	}
	for b, err := range n.Of(id).All(ctx) {
		if err != nil {
			return Board{}, err
		}
		out.Standings = append(out.Standings, StandingOf(b, counted, known, on, at))
	}
	slices.Reverse(list)
	out.Revisions = list
	return out, nil
}

// counted leaves out the versions that nobody has to follow.
func (n *APIs) counted(ctx context.Context, p PlatformID, list []Revision, on calendar.Date) ([]Revision, error) {
	if n.o.Ignored == nil {
		return list, nil
	}
	ignored, err := n.o.Ignored(ctx, n.view, p, on)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(list), func(r Revision) bool { return ignored(r.Version) }), nil
}

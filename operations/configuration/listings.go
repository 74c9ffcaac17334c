package configuration

import (
	"context"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Item returns an item.
func (r *Register) Item(ctx context.Context, id servicecoin.ConfigurationID) (Item, error) {
	return store.Of(r.view, items).Get(ctx, string(id))
}

// Items lists all items by their names, with those that are retired.
func (r *Register) Items() store.Listing[Item] {
	return store.Of(r.view, items).Find(store.By("name"))
}

// OfType lists the items of a type by their names.
func (r *Register) OfType(t TypeName) store.Listing[Item] {
	return store.Of(r.view, items).Find(store.By("type", store.Text(t)))
}

// InEnvironment lists the items of an environment by their names.
func (r *Register) InEnvironment(name string) store.Listing[Item] {
	return store.Of(r.view, items).Find(store.By("environment", store.Text(name)))
}

// OfService lists the items of a service by their names.
func (r *Register) OfService(id servicecoin.ServiceID) store.Listing[Item] {
	return store.Of(r.view, items).Find(store.By("service", store.Text(id)))
}

// Drifting lists the items with open findings, the worst first, then those that have
// them for longest; with those of which nobody knows any more: ask [Item.Standing].
func (r *Register) Drifting() store.Listing[Item] {
	return store.Of(r.view, items).Find(store.By("drift"))
}

// Unknown lists the items that were not looked at for longer than their type allows at
// an instant, and those that never were, the longest first. Those that were only looked
// at in part count from when they were looked at as a whole.
func (r *Register) Unknown(at time.Time) store.Listing[Item] {
	return store.Of(r.view, items).Find(store.By("stale").To(store.Time(at.Add(time.Microsecond))))
}

// NeverSeen lists the items that are recorded and were not observed in the time that
// their type allows, the longest first.
func (r *Register) NeverSeen(at time.Time) store.Listing[Item] {
	return r.Unknown(at).Where(func(i Item) bool { return i.Standing(at) == NeverSeen })
}

// DriftingAcross lists the items with open findings of all customers: customer by
// customer, the worst first.
func DriftingAcross(s *store.Store) store.Listing[Item] {
	return store.Across(s, items).Find(store.By("drift"))
}

// UnknownAcross lists the items of all customers of which nobody knows at an instant how
// they are: see [Register.Unknown].
func UnknownAcross(s *store.Store, at time.Time) store.Listing[Item] {
	return store.Across(s, items).Find(store.By("stale").To(store.Time(at.Add(time.Microsecond))))
}

// CalledAcross lists the items of an id, in whichever partition: one, where ids are made
// by the library.
func CalledAcross(s *store.Store, id servicecoin.ConfigurationID) store.Listing[Item] {
	return store.Across(s, items).Find(store.By("id", store.Text(id)))
}

// OfServiceAcross lists the items of a service, in whichever partition.
func OfServiceAcross(s *store.Store, id servicecoin.ServiceID) store.Listing[Item] {
	return store.Across(s, items).Find(store.By("service", store.Text(id)))
}

// ChangedAcross lists the items of a type, in whichever partition, that were recorded
// anew at an instant or later: each by its last version.
func ChangedAcross(s *store.Store, t TypeName, since time.Time) store.Listing[Item] {
	return store.Across(s, items).Find(store.By("changed", store.Text(t)).From(store.Time(since)))
}

// RelatedTo lists the relations that lead to an item.
func (r *Register) RelatedTo(id servicecoin.ConfigurationID) store.Listing[Related] {
	return store.Of(r.view, relations).Find(store.By("to", store.Text(id)))
}

// Drift returns what is known of the differences of an item, with nothing in it where it
// was never compared.
func (r *Register) Drift(ctx context.Context, id servicecoin.ConfigurationID) (Drift, error) {
	if _, err := r.Item(ctx, id); err != nil {
		return Drift{}, err
	}
	return r.drift(ctx, id)
}

func (r *Register) drift(ctx context.Context, id servicecoin.ConfigurationID) (Drift, error) {
	d, err := store.Of(r.view, drifts).Get(ctx, string(id))
	if errors.Is(err, servicecoin.ErrNotFound) {
		return Drift{Item: id, Open: []Finding{}, Past: []Finding{}}, nil
	}
	return d, err
}

// Observed returns the last observation of an item, secrets as digests.
func (r *Register) Observed(ctx context.Context, id servicecoin.ConfigurationID) (Observation, error) {
	s, err := getSeen(ctx, r.view, id)
	if err != nil {
		return Observation{}, err
	}
	return Observation{Item: id, Look: s.Look, State: s.State}, nil
}

// Strays lists what was observed and is not recorded, the longest first.
func (r *Register) Strays() store.Listing[Stray] {
	return store.Of(r.view, strays).Find(store.By("first"))
}

// StraysAcross lists what was observed and is not recorded, of all customers: customer by
// customer, the longest first.
func StraysAcross(s *store.Store) store.Listing[Stray] {
	return store.Across(s, strays).Find(store.By("first"))
}

// Versions lists the versions of an item, the last one first. What is desired is left
// out of those in which it is kept in parts: see [Register.Version].
func (r *Register) Versions(id servicecoin.ConfigurationID) store.Listing[Version] {
	return store.Of(r.view, versions).Find(store.By("item", store.Text(id)).Descending())
}

// Version returns a version of an item with all that was desired.
func (r *Register) Version(ctx context.Context, id servicecoin.ConfigurationID, number int) (Version, error) {
	return getVersion(ctx, r.view, id, number)
}

// AsOf returns the version of an item that held at an instant; ErrNotFound before it was
// recorded. One that is retired says so.
func (r *Register) AsOf(ctx context.Context, id servicecoin.ConfigurationID, at time.Time) (Version, error) {
	x, err := r.Item(ctx, id)
	if err != nil {
		return Version{}, err
	}
	v, err := r.versionAt(ctx, x, at)
	if err != nil {
		return Version{}, err
	}
	return wholeVersion(ctx, r.view, v)
}

// versionAt returns the version that held at an instant, without a state in parts.
func (r *Register) versionAt(ctx context.Context, x Item, at time.Time) (Version, error) {
	found := r.Versions(x.ID)
	if at.Before(x.ChangedAt) {
		found = store.Of(r.view, versions).Find(store.By("item", store.Text(x.ID)).To(store.Time(at.Add(time.Microsecond))).Descending())
	}
	for v, err := range found.All(ctx) {
		return v, err
	}
	return Version{}, servicecoin.NotFound(r.view.Key(VersionRecord, string(x.ID)))
}

// Baselines lists the baselines, the last one first, without their items.
func (r *Register) Baselines() store.Listing[Baseline] {
	return store.Of(r.view, baselines).Find(store.By("at").Descending())
}

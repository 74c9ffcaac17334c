package release

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// FeaturesOptions are what a host may set for features.
type FeaturesOptions struct {
	// World tells what promotions are judged by; nil: nobody knows anything.
	World World
}

// Features keeps what a platform can do, and how that is promoted: over a view of the
// provider's partition. Every changing verb asks Authorize, applies the rule at the
// store's time, and records an event in the same commit.
type Features struct {
	view  store.View
	world World
}

// NewFeatures returns the features of a view of the provider's partition; of another one,
// the first call says so. A nil o means defaults.
func NewFeatures(view store.View, o *FeaturesOptions) *Features {
	n := &Features{view: view.OfProvider("the features of platforms"), world: MemoryWorld{}}
	if o != nil && o.World != nil {
		n.world = o.World
	}
	return n
}

// On returns the same features over another view.
func (n *Features) On(view store.View) *Features {
	return NewFeatures(view, &FeaturesOptions{World: n.world})
}

// Get returns a feature, as it is now.
func (n *Features) Get(ctx context.Context, id FeatureID) (Feature, error) {
	return store.Of(n.view, features).Get(ctx, string(id))
}

// All lists the features of all platforms, by platform and id.
func (n *Features) All() store.Listing[Feature] {
	return store.Of(n.view, features).Find(store.By("platform"))
}

// Of lists the features of a platform, by id.
func (n *Features) Of(p PlatformID) store.Listing[Feature] {
	return store.Of(n.view, features).Find(store.By("platform", store.Text(p)))
}

// InStage lists the features that are in a stage in their newest line, by id.
func (n *Features) InStage(s Stage) store.Listing[Feature] {
	return store.Of(n.view, features).Find(store.By("stage", store.Text(s)))
}

// Editions lists what a feature was, the latest edition first: each change made one.
func (n *Features) Editions(id FeatureID) store.Listing[Feature] {
	return store.Of(n.view, editions).Find(store.By("feature", store.Text(id)).Descending())
}

// With returns a feature and all that it needs, through all steps: what [CompileAudiences]
// wants for one of them.
func (n *Features) With(ctx context.Context, id FeatureID) ([]Feature, error) {
	var list []Feature
	seen := map[FeatureID]bool{id: true}
	for next := []FeatureID{id}; len(next) > 0; next = next[1:] {
		f, err := n.Get(ctx, next[0])
		if err != nil {
			return nil, err
		}
		list = append(list, f)
		for _, need := range f.Needs {
			if !seen[need] {
				seen[need] = true
				next = append(next, need)
			}
		}
	}
	return list, nil
}

// Define records a feature, with the stages that it is in already: what is promoted from
// then on goes by the procedure. An empty id is filled in; edition, hold and history of f
// are not looked at. A stage of which f does not say since when is so from now on.
func (n *Features) Define(ctx context.Context, by servicecoin.Actor, f Feature) (Feature, error) {
	if f.ID == "" {
		f.ID = FeatureID(n.view.NewID())
	}
	if err := n.view.Ask(ctx, by, VerbDefineFeature, FeatureRecord, string(f.ID)); err != nil {
		return Feature{}, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), nil)
	if err != nil {
		return Feature{}, err
	}
	f.Edition, f.Hold, f.History = 0, nil, nil
	f.Stages = slices.Clone(f.Stages)
	var v servicecoin.Violations
	for k := range f.Stages {
		since := &f.Stages[k].Since
		if *since = lifecycle.Instant(*since); since.IsZero() {
			*since = at
		}
		if since.After(at) {
			v.Add(fmt.Sprintf("stages[%d].since", k), "in-the-future", lifecycle.Stamp(*since), "cannot be so since a time to come")
		}
	}
	if err := v.Err(); err != nil {
		return Feature{}, err
	}
	err = n.view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, features)
		if _, err := c.Get(ctx, string(f.ID)); err == nil {
			return &servicecoin.KeyError{Key: tx.Key(FeatureRecord, string(f.ID)), Err: servicecoin.ErrExists}
		} else if !isNotFound(err) {
			return err
		}
		next := f
		note(&next, by, at, VerbDefineFeature, "")
		if err := keep(ctx, tx, by, next, 0, EventFeatureDefined, ""); err != nil {
			return err
		}
		f = next
		return nil
	})
	return f, err
}

// note makes the next edition, with an entry.
func note(f *Feature, by servicecoin.Actor, at time.Time, verb, text string) {
	f.Edition++
	f.ChangedAt, f.ChangedBy = at, by
	last := f.Last()
	e := FeatureEntry{At: at, By: by, Verb: verb, Edition: f.Edition, Stage: last.Stage, From: last.From, Text: text}
	f.History = append(slices.Clip(f.History), e)
	if over := len(f.History) - MaxHistory; over > 0 {
		f.History = f.History[over:]
	}
}

// keep writes a feature with its edition, once it fits to the others of its platform.
func keep(ctx context.Context, tx store.View, by servicecoin.Actor, f Feature, version store.Version, event string, before Stage) error {
	if err := f.Validate(); err != nil {
		return err
	}
	t, err := store.Of(tx, togethers).Item(ctx, string(f.Platform))
	if err != nil && !isNotFound(err) {
		return err
	}
	count := t.Value
	count.Platform = f.Platform
	count.Changes++
	if version == 0 {
		count.Features++
	}
	var v servicecoin.Violations
	if !v.Limit("platform", count.Features, maxTogether) {
		return v.Err()
	}
	if err := fits(ctx, tx, f); err != nil {
		return err
	}
	if err := store.Of(tx, togethers).Put(ctx, count, t.Version); err != nil {
		return err
	}
	if err := store.Of(tx, editions).Insert(ctx, f); err != nil {
		return err
	}
	e, err := featureHappened(by, event, f, before)
	if err != nil {
		return err
	}
	return store.Of(tx, features).Put(ctx, f, version, e)
}

// fits reports where a feature cannot rest on what it needs, and where others cannot rest
// on it any more because of where it stands in their lines.
func fits(ctx context.Context, tx store.View, f Feature) error {
	list := []Feature{f}
	for other, err := range NewFeatures(tx, nil).Of(f.Platform).All(ctx) {
		if err != nil {
			return err
		}
		if other.ID != f.ID {
			list = append(list, other)
		}
	}
	var v servicecoin.Violations
	for _, s := range Strains(list) {
		if !s.Later && (s.Feature == f.ID || s.Needs == f.ID || s.Cause == CauseCycle) {
			v.Add("needs", string(s.Cause), string(s.Needs), s.String())
		}
	}
	return v.Err()
}

// change applies a rule to a feature, as the next edition.
func (n *Features) change(ctx context.Context, by servicecoin.Actor, id FeatureID, verb, event, text string, rule func(f *Feature, at time.Time) error) (Feature, error) {
	if err := n.view.Ask(ctx, by, verb, FeatureRecord, string(id)); err != nil {
		return Feature{}, err
	}
	var after Feature
	err := n.view.Do(ctx, func(tx store.View) error {
		item, err := store.Of(tx, features).Item(ctx, string(id))
		if err != nil {
			return err
		}
		f := item.Value
		at, err := lifecycle.Check(by, tx.Now(), nil)
		if err != nil {
			return err
		}
		if err := rule(&f, at); err != nil {
			return err
		}
		note(&f, by, at, verb, text)
		if err := keep(ctx, tx, by, f, item.Version, event, ""); err != nil {
			return err
		}
		after = f
		return nil
	})
	return after, err
}

// Revise replaces what is said of a feature: its names and texts, owner, needs, offerings,
// audiences, from which stage on it is public. Platform, stages, hold and deprecation stay
// as they are, whatever f says.
func (n *Features) Revise(ctx context.Context, by servicecoin.Actor, f Feature, why string) (Feature, error) {
	return n.change(ctx, by, f.ID, VerbReviseFeature, EventFeatureRevised, why, func(old *Feature, _ time.Time) error {
		var v servicecoin.Violations
		if v.Text("why", why, 0, maxReason); v.Len() > 0 {
			return v.Err()
		}
		f := f
		f.Platform, f.Edition, f.Stages, f.Hold, f.Deprecation, f.History = old.Platform, old.Edition, old.Stages, old.Hold, old.Deprecation, old.History
		*old = f
		return nil
	})
}

// Hold takes a feature back, from a line on: nobody may use it or enter it there, and who
// is asked hears that. Its stage stays: it is not promoted backwards.
func (n *Features) Hold(ctx context.Context, by servicecoin.Actor, id FeatureID, from, why string) (Feature, error) {
	return n.change(ctx, by, id, VerbHoldFeature, EventFeatureHeld, why, func(f *Feature, at time.Time) error {
		var v servicecoin.Violations
		v.Text("why", why, 1, maxReason)
		readLine(&v, "from", from)
		if err := v.Err(); err != nil {
			return err
		}
		if f.Hold != nil {
			return f.refuse(VerbHoldFeature, "it is taken back already, from "+f.Hold.From+" on")
		}
		if s, err := StageAt(f.Stages, from, ""); err == nil && s.Stage == StageRemoved {
			return f.refuse(VerbHoldFeature, "it is removed in "+from)
		}
		f.Hold = &Hold{From: from, Why: why, At: at, By: by}
		return nil
	})
}

// Free ends that a feature is taken back.
func (n *Features) Free(ctx context.Context, by servicecoin.Actor, id FeatureID, why string) (Feature, error) {
	return n.change(ctx, by, id, VerbFreeFeature, EventFeatureFreed, why, func(f *Feature, _ time.Time) error {
		var v servicecoin.Violations
		if v.Text("why", why, 1, maxReason); v.Len() > 0 {
			return v.Err()
		}
		if f.Hold == nil {
			return f.refuse(VerbFreeFeature, "it is not taken back")
		}
		f.Hold = nil
		return nil
	})
}

func (f Feature) refuse(verb, why string) error {
	return &servicecoin.RefusedError{Subject: servicecoin.Key{Kind: FeatureRecord, ID: string(f.ID)}, Verb: verb, From: string(f.Last().Stage), Why: why}
}

// Forget takes a customer out of the audiences of all features, and of all their editions:
// one in a commit.
func (n *Features) Forget(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID) error {
	if err := n.view.AskFor(ctx, by, VerbForgetFeatures, FeatureRecord, store.Forgotten(customer), customer); err != nil {
		return err
	}
	if err := forgetIn(ctx, n.view, editions, customer); err != nil {
		return err
	}
	return forgetIn(ctx, n.view, features, customer)
}

func forgetIn(ctx context.Context, view store.View, kind store.Kind[Feature], customer servicecoin.CustomerID) error {
	c := store.Of(view, kind)
	for item, err := range c.Find(store.By("names")).Items(ctx) {
		if err != nil {
			return err
		}
		if _, names := item.Value.without(customer); !names {
			continue
		}
		_, err := c.Update(ctx, item.Key.ID, func(f *Feature) ([]store.Event, error) {
			*f, _ = f.without(customer)
			return nil, nil
		})
		if err != nil && !isNotFound(err) {
			return err
		}
	}
	return nil
}

// without returns the feature with audiences that do not name a customer.
func (f Feature) without(customer servicecoin.CustomerID) (Feature, bool) {
	names := false
	audiences := make(map[Stage]Audience, len(f.Audiences))
	for s, a := range f.Audiences {
		left, named := a.without(customer)
		audiences[s] = left
		names = names || named
	}
	if names {
		f.Audiences = audiences
	}
	return f, names
}

func isNotFound(err error) bool { return errors.Is(err, servicecoin.ErrNotFound) }

package configuration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// ahead is how far the clock of an observer may be before that of the store.
const ahead = 5 * time.Minute

// Observe takes an observation: compares it with what is desired, and keeps what
// differs. What is not recorded, or is retired and there all the same, is kept as a
// stray, with an empty Drift. An observation that is older than the last one is
// refused.
func (r *Register) Observe(ctx context.Context, by servicecoin.Actor, o Observation) (Drift, error) {
	if err := r.view.Ask(ctx, by, VerbObserve, ItemRecord, string(o.Item)); err != nil {
		return Drift{}, err
	}
	return r.observe(ctx, by, o)
}

func (r *Register) observe(ctx context.Context, by servicecoin.Actor, o Observation) (Drift, error) {
	o.At = servicecoin.Instant(o.At)
	now, err := lifecycle.Check(by, r.view.Now(), func(v *servicecoin.Violations) {
		v.Merge("", o.Validate())
		if o.At.After(r.view.Now().Add(ahead)) {
			v.Add("at", "out-of-range", lifecycle.Stamp(o.At), "must not lie ahead")
		}
	})
	if err != nil {
		return Drift{}, err
	}
	var after Drift
	err = r.view.Do(ctx, func(tx store.View) error {
		stored, err := store.Of(tx, items).Item(ctx, string(o.Item))
		x := stored.Value
		switch {
		case errors.Is(err, servicecoin.ErrNotFound), err == nil && !x.RetiredAt.IsZero():
			after = Drift{Item: o.Item, Look: o.Look, Open: []Finding{}, Past: []Finding{}}
			if o.Gone {
				return nil
			}
			return r.On(tx).stray(ctx, by, o)
		case err != nil:
			return err
		case o.At.Before(x.Looked.At):
			return refuse(VerbObserve, x.ID, "it was observed at "+lifecycle.Stamp(x.Looked.At)+", which is later than "+lifecycle.Stamp(o.At))
		}
		after, err = r.On(tx).found(ctx, by, now, &x, stored.Version, o)
		return err
	})
	if err != nil {
		return Drift{}, err
	}
	return after, nil
}

// found compares an observation of an item with what is desired of it.
func (r *Register) found(ctx context.Context, by servicecoin.Actor, now time.Time, x *Item, expect store.Version, o Observation) (Drift, error) {
	t, err := r.typeOf(x.Type)
	if err != nil {
		return Drift{}, err
	}
	state, err := r.reveal(t, x, o)
	if err != nil {
		return Drift{}, err
	}
	_, _, list, err := r.against(ctx, t, x, state)
	if err != nil {
		return Drift{}, err
	}
	s := sighting{look: o.Look, by: by, at: now, ends: FindingRemedied}
	if s.origin, s.change, err = r.origin(ctx, *x, o.At, len(list) > 0); err != nil {
		return Drift{}, err
	}
	told := ItemObserved{Item: x.ID, Type: x.Type, Service: x.Service, At: o.At, Before: x.WholeAt, Gone: o.Gone}
	lost := !x.Looked.IsZero() && !x.StaleAt.IsZero() && o.At.After(x.StaleAt)
	x.Looked = o.Look
	if !o.Gone {
		x.SeenAt = o.At
	}
	if o.Complete() {
		x.WholeAt, x.StaleAt = o.At, o.At.Add(t.fresh())
		*x = x.outdated()
	}
	before, after, err := r.meet(ctx, x, list, s, "", nil)
	if err != nil {
		return Drift{}, err
	}
	other, err := r.keep(ctx, seen{Item: x.ID, Look: o.Look, State: state})
	if err != nil {
		return Drift{}, err
	}
	events, err := drifted(by, *x, before, after)
	if err != nil {
		return Drift{}, err
	}
	if other || lost {
		if o.Complete() {
			x.OtherAt = o.At
		}
		e, err := store.Happened(by, EventObserved, told)
		if err != nil {
			return Drift{}, err
		}
		events = append([]store.Event{e}, events...)
	}
	return after, store.Of(r.view, items).Put(ctx, *x, expect, events...)
}

// against compares a state with what is desired of an item now, and returns that and by
// what the two were compared.
func (r *Register) against(ctx context.Context, t declared, x *Item, state Value) (desired Value, c *Comparer, list []Difference, err error) {
	version, err := getVersion(ctx, r.view, x.ID, x.Version)
	if err != nil {
		return Value{}, nil, nil, err
	}
	if desired, _, err = r.sealed(t, x.ID, x.Secrets, version.Desired, version.Desired); err != nil {
		return Value{}, nil, nil, err
	}
	if c, err = t.with(x.Secrets); err != nil {
		return Value{}, nil, nil, err
	}
	list, err = c.Compare(desired, state)
	return desired, c, list, err
}

// keep keeps an observation as the last one, and reports whether it is another state than
// the one before, or the first.
func (r *Register) keep(ctx context.Context, s seen) (other bool, err error) {
	s.Digest = s.digest()
	before, err := store.Of(r.view, observations).Item(ctx, string(s.Item))
	switch {
	case errors.Is(err, servicecoin.ErrNotFound):
		return true, putSeen(ctx, r.view, nil, s)
	case err != nil:
		return false, err
	}
	return before.Value.Digest != s.Digest, putSeen(ctx, r.view, &before, s)
}

// reveal returns what was observed, with secrets as digests, and notes in the item
// which places the observer calls secret.
func (r *Register) reveal(t declared, x *Item, o Observation) (Value, error) {
	state, all, err := r.sealed(t, x.ID, union(x.Secrets, o.Secrets), o.State, Value{})
	if err != nil || len(o.Secrets) == 0 {
		return state, err
	}
	_, known, err := r.sealed(t, x.ID, x.Secrets, o.State, Value{})
	if err != nil {
		return Value{}, err
	}
	all = slices.DeleteFunc(all, func(p string) bool { return slices.Contains(known, p) })
	x.Secrets = union(x.Secrets, all)
	var v servicecoin.Violations
	secrets(&v, "secrets", x.Secrets)
	return state, v.Err()
}

// origin says what a new difference comes of: what happened between the observation
// before and this one.
func (r *Register) origin(ctx context.Context, x Item, at time.Time, needed bool) (Origin, servicecoin.ChangeID, error) {
	if r.o.Changes == nil || !needed {
		return Untold, "", nil
	}
	since := x.Looked.At
	if since.IsZero() {
		since = x.RecordedAt
	}
	if !since.Before(at) {
		since = at.Add(-time.Microsecond)
	}
	during := calendar.Between(since, at)
	list, err := r.o.Changes.During(ctx, during)
	if err != nil {
		return "", "", err
	}
	if id, ok := Explain(list, x, during); ok {
		return ByChange, id, nil
	}
	return Unauthorised, "", nil
}

// drifted tells what came to differ, and what does no more.
func drifted(by servicecoin.Actor, x Item, before, after Drift) ([]store.Event, error) {
	var found, gone []int
	old := map[int]Finding{}
	for _, f := range before.Open {
		old[f.Number] = f
	}
	for _, f := range after.Open {
		was, known := old[f.Number]
		if !known || !same(&was.Observed, &f.Observed) {
			found = append(found, f.Number)
		}
		delete(old, f.Number)
	}
	for number := range old {
		gone = append(gone, number)
	}
	slices.Sort(gone)
	var events []store.Event
	for _, told := range []struct {
		name     string
		findings []int
	}{{EventDrifted, found}, {EventRemedied, gone}} {
		if len(told.findings) == 0 {
			continue
		}
		e, err := itemHappened(by, told.name, x, "", told.findings)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

// stray keeps what was observed and is not recorded.
func (r *Register) stray(ctx context.Context, by servicecoin.Actor, o Observation) error {
	item, err := store.Of(r.view, strays).Item(ctx, string(o.Item))
	s := item.Value
	switch {
	case errors.Is(err, servicecoin.ErrNotFound):
		s = Stray{ID: o.Item, Type: o.Type, Name: o.Name, FirstSeen: o.At, LastSeen: o.At, SeenBy: o.By}
		e, err := store.Happened(by, EventStrayFound, StrayChanged{ID: s.ID, Type: s.Type})
		if err != nil {
			return err
		}
		return store.Of(r.view, strays).Insert(ctx, s, e)
	case err != nil:
		return err
	case o.At.Before(s.LastSeen):
		return refuse(VerbObserve, o.Item, "it was observed at "+lifecycle.Stamp(s.LastSeen)+", which is later than "+lifecycle.Stamp(o.At))
	}
	s.LastSeen, s.SeenBy = o.At, o.By
	return store.Of(r.view, strays).Put(ctx, s, item.Version)
}

// LookAt lets an observer look at an item, and takes what it finds.
func (r *Register) LookAt(ctx context.Context, by servicecoin.Actor, id servicecoin.ConfigurationID, observer Observer) (Drift, error) {
	if err := r.view.Ask(ctx, by, VerbObserve, ItemRecord, string(id)); err != nil {
		return Drift{}, err
	}
	x, err := r.Item(ctx, id)
	if err != nil {
		return Drift{}, err
	}
	o, err := observer.Observe(ctx, x)
	if err != nil {
		return Drift{}, err
	}
	o.Item = id
	return r.observe(ctx, by, o)
}

// Swept is what came of a sweep.
type Swept struct {
	Observed int                           `json:"observed"` // items that are recorded
	Strays   []servicecoin.ConfigurationID `json:"strays"`   // there, and not recorded or retired
	Gone     []servicecoin.ConfigurationID `json:"gone"`     // recorded, and not there
	Drifted  []servicecoin.ConfigurationID `json:"drifted"`  // with open findings
	Failed   []Failed                      `json:"failed"`   // what was not taken
}

// Failed is an observation that was not taken.
type Failed struct {
	Item servicecoin.ConfigurationID `json:"item"`
	Why  string                      `json:"why"`
}

// Sweep takes all that was found at once, each observation in a commit of its own: what
// is refused or malformed is told, and the others are taken. Of a complete sweep, what is
// recorded and was not found is gone; what is recorded after it is not.
func (r *Register) Sweep(ctx context.Context, by servicecoin.Actor, s Sweep) (Swept, error) {
	out := Swept{Strays: []servicecoin.ConfigurationID{}, Gone: []servicecoin.ConfigurationID{}, Drifted: []servicecoin.ConfigurationID{}, Failed: []Failed{}}
	if err := r.view.Ask(ctx, by, VerbSweep, ItemRecord, s.Environment); err != nil {
		return out, err
	}
	if err := s.Validate(); err != nil {
		return out, err
	}
	s.At = servicecoin.Instant(s.At)
	found := map[servicecoin.ConfigurationID]bool{}
	take := func(o Observation) error {
		d, err := r.observe(ctx, by, o)
		switch {
		case errors.Is(err, servicecoin.ErrInvalid), errors.Is(err, servicecoin.ErrRefused):
			out.Failed = append(out.Failed, Failed{o.Item, err.Error()})
			return nil
		case err != nil:
			return err
		}
		x, err := r.Item(ctx, o.Item)
		switch {
		case errors.Is(err, servicecoin.ErrNotFound), err == nil && !x.RetiredAt.IsZero():
			if !o.Gone {
				out.Strays = append(out.Strays, o.Item)
			}
			return nil
		case err != nil:
			return err
		}
		out.Observed++
		if o.Gone {
			out.Gone = append(out.Gone, o.Item)
		}
		if len(d.Open) > 0 {
			out.Drifted = append(out.Drifted, o.Item)
		}
		return nil
	}
	for _, o := range s.Found {
		if o.At.IsZero() {
			o.At = s.At
		}
		if o.By == "" {
			o.By = s.By
		}
		found[o.Item] = true
		if err := take(o); err != nil {
			return out, err
		}
	}
	if !s.Complete {
		return out, nil
	}
	missing, err := r.unfound(ctx, s, found)
	if err != nil {
		return out, err
	}
	for _, id := range missing {
		if err := take(Observation{Item: id, Look: Look{At: s.At, By: s.By, Gone: true}}); err != nil {
			return out, err
		}
	}
	return out, nil
}

// unfound lists what is recorded and was not found.
func (r *Register) unfound(ctx context.Context, s Sweep, found map[servicecoin.ConfigurationID]bool) ([]servicecoin.ConfigurationID, error) {
	var list []servicecoin.ConfigurationID
	for _, t := range s.Types {
		for x, err := range r.OfType(t).All(ctx) {
			if err != nil {
				return nil, fmt.Errorf("looking for what was not found: %w", err)
			}
			if x.RetiredAt.IsZero() && !found[x.ID] && !x.RecordedAt.After(s.At) && (s.Environment == "" || s.Environment == x.Environment) {
				list = append(list, x.ID)
			}
		}
	}
	return list, nil
}

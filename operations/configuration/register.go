package configuration

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

// Options are what a host may set for a register.
type Options struct {
	// Types are the types of items. What was recorded under one that is not declared any
	// more is read and retired, and neither revised nor observed.
	Types []Type
	// Changes tells of approved changes; nil: nobody knows of any. Then a finding is of
	// unknown origin, and what is accepted is so by the id of a change that is not looked
	// up.
	Changes Changes
	// SecretKey is the key under which secrets are kept as digests, 16 bytes at least. It
	// stays the same, and out of backups of the store. Without one no type may declare a
	// secret, and nothing that an observer calls secret is taken.
	SecretKey []byte
	// Service answers ErrNotFound for a service that is not known, nil for one that is;
	// nil: every service is known.
	Service func(ctx context.Context, id servicecoin.ServiceID) error
}

// Register is where configuration items are recorded, observed, and compared
// ("configuration management database"): over a view of the partition of whom they are
// kept for, a customer's or the provider's. Every changing verb asks Authorize, applies
// the rule at the store's time, and records an event in the same commit.
type Register struct {
	view  store.View
	o     Options
	types map[TypeName]declared
}

// Validate reports what is wrong with the types, and with the key where one of them has
// a secret.
func (o *Options) Validate() error {
	_, err := o.compile()
	return err
}

func (o *Options) compile() (map[TypeName]declared, error) {
	types, err := compile(o.Types)
	for _, t := range types {
		if err == nil && t.comparer.secrets() {
			_, err = NewSealer(o.SecretKey, "")
		}
	}
	return types, err
}

// New returns a register. What is wrong with the types, the first call says. A nil o
// means that there are no types: nothing can be recorded.
func New(view store.View, o *Options) *Register {
	r := &Register{view: view}
	if o != nil {
		r.o = *o
	}
	types, err := r.o.compile()
	r.types = types
	if err != nil {
		r.view = r.view.With(err)
	}
	return r
}

// On returns the same register over another view: of the host's transaction, or of a
// unit of work. Its types are not compiled again.
func (r *Register) On(view store.View) *Register {
	return &Register{view: view.With(r.view.Err()), o: r.o, types: r.types}
}

// Asking returns the same register, which asks others about changes and services: those
// of the transaction that [Register.On] is of.
func (r *Register) Asking(changes Changes, service func(ctx context.Context, id servicecoin.ServiceID) error) *Register {
	other := *r
	other.o.Changes, other.o.Service = changes, service
	return &other
}

// Types returns the types that are declared.
func (r *Register) Types() []Type { return slices.Clone(r.o.Types) }

// Fresh returns how long a look at an item of a type counts, and false for a type that is
// not known.
func (r *Register) Fresh(t TypeName) (time.Duration, bool) {
	d, err := r.typeOf(t)
	if err != nil {
		return 0, false
	}
	return d.fresh(), true
}

// Why says why something is recorded, and of which change it came.
type Why struct {
	Reason string               `json:"reason,omitempty"`
	Change servicecoin.ChangeID `json:"change,omitempty"`
}

func (w Why) check(v *servicecoin.Violations) {
	v.Text("reason", w.Reason, 0, mostReason)
	if w.Change != "" {
		v.ID("change", string(w.Change))
	}
}

func (r *Register) sealer(id servicecoin.ConfigurationID) (Sealer, error) {
	return NewSealer(r.o.SecretKey, string(r.view.Customer())+"\x00"+string(id))
}

// typeOf returns a type that is declared.
func (r *Register) typeOf(name TypeName) (declared, error) {
	t, ok := r.types[name]
	if !ok {
		var v servicecoin.Violations
		v.Add("type", "unknown", string(name), "is no type that is declared")
		return t, v.Err()
	}
	return t, nil
}

// sealed returns a state with its secrets as digests, and the pointers of them.
func (r *Register) sealed(t declared, id servicecoin.ConfigurationID, secrets []string, state, before Value) (Value, []string, error) {
	c, err := t.with(secrets)
	if err != nil || !c.secrets() {
		return state, nil, err
	}
	s, err := r.sealer(id)
	if err != nil {
		return Value{}, nil, err
	}
	return c.Seal(s, state, before)
}

// Record records an item that is new. An empty id is filled in, an empty owner is that
// of the partition. If it was observed before it was recorded, that finding has ended.
func (r *Register) Record(ctx context.Context, by servicecoin.Actor, d Draft, why Why) (Item, error) {
	if d.ID == "" {
		d.ID = servicecoin.ConfigurationID(r.view.NewID())
	}
	if err := r.view.Ask(ctx, by, VerbRecord, ItemRecord, string(d.ID)); err != nil {
		return Item{}, err
	}
	d, t, err := r.prepare(ctx, d, why)
	if err != nil {
		return Item{}, err
	}
	var item Item
	err = r.view.Do(ctx, func(tx store.View) error {
		now, err := lifecycle.Check(by, tx.Now(), nil)
		if err != nil {
			return err
		}
		if err := r.On(tx).related(ctx, d, nil); err != nil {
			return err
		}
		desired, _, err := r.sealed(t, d.ID, d.Secrets, d.Desired, Value{})
		if err != nil {
			return err
		}
		v := Version{Item: d.ID, Number: 1, From: now, By: by, Reason: why.Reason, Change: why.Change, Described: d.Described, Desired: desired}
		if err := putVersion(ctx, tx, v); err != nil {
			return err
		}
		if _, err := store.Of(tx, strays).Get(ctx, string(d.ID)); err == nil {
			err = store.Of(tx, strays).Delete(ctx, string(d.ID))
			if err != nil {
				return err
			}
		} else if !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		item = Item{ID: d.ID, Described: d.Described, Version: 1, RecordedAt: now, ChangedAt: now, StaleAt: now.Add(t.fresh())}
		e, err := itemHappened(by, EventRecorded, item, why.Change, nil)
		if err != nil {
			return err
		}
		return store.Of(tx, items).Insert(ctx, item, e)
	})
	if err != nil {
		return Item{}, err
	}
	return item, nil
}

// prepare checks what is to be recorded, as far as it needs no other record.
func (r *Register) prepare(ctx context.Context, d Draft, why Why) (Draft, declared, error) {
	if d.Owner == "" {
		d.Owner = OfCustomer
		if r.view.Customer() == servicecoin.Provider {
			d.Owner = OfProvider
		}
	}
	d.Relations, d.Secrets = slices.Clone(d.Relations), slices.Clone(d.Secrets)
	if d.Relations == nil {
		d.Relations = []Relation{}
	}
	if d.Secrets == nil {
		d.Secrets = []string{}
	}
	var v servicecoin.Violations
	v.Merge("", d.Validate())
	why.check(&v)
	if err := v.Err(); err != nil {
		return d, declared{}, err
	}
	t, err := r.typeOf(d.Type)
	if err != nil {
		return d, t, err
	}
	if err := t.Check(d.Desired); err != nil {
		return d, t, err
	}
	if d.Service != "" && r.o.Service != nil {
		if err := r.o.Service(ctx, d.Service); err != nil {
			return d, t, err
		}
	}
	return d, t, nil
}

// Revise records an item anew: another version, with what is desired from now on. A
// digest that stands where a secret was is kept. What was observed last is compared
// again: a finding that is no difference any more has ended.
func (r *Register) Revise(ctx context.Context, by servicecoin.Actor, d Draft, why Why) (Item, error) {
	if err := r.view.Ask(ctx, by, VerbRevise, ItemRecord, string(d.ID)); err != nil {
		return Item{}, err
	}
	d, t, err := r.prepare(ctx, d, why)
	if err != nil {
		return Item{}, err
	}
	return r.change(ctx, by, VerbRevise, d.ID, func(tx store.View, x *Item, now time.Time) ([]store.Event, error) {
		if x.Type != d.Type {
			var v servicecoin.Violations
			v.Add("type", "fixed", string(d.Type), "is "+string(x.Type)+", and stays so")
			return nil, v.Err()
		}
		if err := r.On(tx).related(ctx, d, x); err != nil {
			return nil, err
		}
		before, err := getVersion(ctx, tx, x.ID, x.Version)
		if err != nil {
			return nil, err
		}
		secrets := union(x.Secrets, d.Secrets) // what was secret stays so
		desired, _, err := r.sealed(t, x.ID, secrets, d.Desired, before.Desired)
		if err != nil {
			return nil, err
		}
		x.Described = d.Described
		x.Secrets = secrets
		return r.On(tx).desire(ctx, by, x, now, t, desired, why, EventRevised, nil)
	})
}

// desire stores a version with what is desired from now on, and compares it with what
// was observed last.
func (r *Register) desire(ctx context.Context, by servicecoin.Actor, x *Item, now time.Time, t declared, desired Value, why Why, event string, accepted []int) ([]store.Event, error) {
	x.Version++
	x.ChangedAt = now
	v := Version{Item: x.ID, Number: x.Version, From: now, By: by, Reason: why.Reason, Change: why.Change, Described: x.Described, Desired: desired}
	var invalid servicecoin.Violations
	secrets(&invalid, "secrets", x.Secrets)
	size(&invalid, "desired", desired)
	if err := invalid.Err(); err != nil {
		return nil, err
	}
	if err := putVersion(ctx, r.view, v); err != nil {
		return nil, err
	}
	s, err := getSeen(ctx, r.view, x.ID)
	switch {
	case errors.Is(err, servicecoin.ErrNotFound):
	case err != nil:
		return nil, err
	default:
		c, err := t.with(x.Secrets)
		if err != nil {
			return nil, err
		}
		list, err := c.Compare(desired, s.State)
		if err != nil {
			return nil, err
		}
		sight := sighting{look: s.Look, by: by, at: now, origin: Pending, ends: FindingOverruled}
		if _, _, err := r.meet(ctx, x, list, sight, why.Change, accepted); err != nil {
			return nil, err
		}
	}
	e, err := itemHappened(by, event, *x, why.Change, accepted)
	return []store.Event{e}, err
}

// meet brings the drift of an item up to a comparison, and returns what it was before
// and is after. Those that are accepted end so.
func (r *Register) meet(ctx context.Context, x *Item, list []Difference, s sighting, change servicecoin.ChangeID, accepted []int) (before, after Drift, err error) {
	item, err := store.Of(r.view, drifts).Item(ctx, string(x.ID))
	isNew := errors.Is(err, servicecoin.ErrNotFound)
	if err != nil && !isNew {
		return Drift{}, Drift{}, err
	}
	before = item.Value
	if isNew {
		before = Drift{Item: x.ID, Open: []Finding{}, Past: []Finding{}}
	}
	d := before.meet(list, s)
	for n := range d.Past {
		if f := &d.Past[n]; f.Ended != nil && f.Ended.At.Equal(s.at) && slices.Contains(accepted, f.Number) {
			f.State, f.Ended.Change = FindingAccepted, change
		}
	}
	*x = x.summed(d)
	if isNew {
		return before, d, store.Of(r.view, drifts).Insert(ctx, d)
	}
	return before, d, store.Of(r.view, drifts).Put(ctx, d, item.Version)
}

// Retire says that an item is no more. What other items rest on stays.
func (r *Register) Retire(ctx context.Context, by servicecoin.Actor, id servicecoin.ConfigurationID, why Why) (Item, error) {
	if err := r.view.Ask(ctx, by, VerbRetire, ItemRecord, string(id)); err != nil {
		return Item{}, err
	}
	var v servicecoin.Violations
	why.check(&v)
	if err := v.Err(); err != nil {
		return Item{}, err
	}
	return r.change(ctx, by, VerbRetire, id, func(tx store.View, x *Item, now time.Time) ([]store.Event, error) {
		for rel, err := range store.Of(tx, relations).Find(store.By("to", store.Text(id))).All(ctx) {
			if err != nil {
				return nil, err
			}
			return nil, refuse(VerbRetire, id, fmt.Sprintf("%s %s it", rel.From, rel.Kind.words()))
		}
		before, err := getVersion(ctx, tx, x.ID, x.Version)
		if err != nil {
			return nil, err
		}
		if err := r.On(tx).relate(ctx, x.ID, x.Relations, nil); err != nil {
			return nil, err
		}
		x.Version++
		x.ChangedAt, x.RetiredAt, x.Relations = now, now, []Relation{}
		version := Version{Item: x.ID, Number: x.Version, From: now, By: by, Reason: why.Reason, Change: why.Change, Described: x.Described, Retired: true, Desired: before.Desired}
		if err := putVersion(ctx, tx, version); err != nil {
			return nil, err
		}
		if _, _, err := r.On(tx).meet(ctx, x, nil, sighting{look: Look{At: x.Looked.At, By: x.Looked.By}, by: by, at: now, ends: FindingOverruled}, why.Change, nil); err != nil {
			return nil, err
		}
		e, err := itemHappened(by, EventRetired, *x, why.Change, nil)
		return []store.Event{e}, err
	})
}

func (k RelationKind) words() string {
	switch k {
	case RunsOn:
		return "runs on"
	case PartOf:
		return "is part of"
	case ConnectsTo:
		return "connects to"
	case Uses:
	}
	return string(k)
}

func refuse(verb string, id servicecoin.ConfigurationID, why string) error {
	return &servicecoin.RefusedError{Subject: servicecoin.Key{Kind: ItemRecord, ID: string(id)}, Verb: verb, Why: why}
}

// change applies a rule to an item that is not retired, and tells of it, in one commit.
func (r *Register) change(ctx context.Context, by servicecoin.Actor, verb string, id servicecoin.ConfigurationID, rule func(tx store.View, x *Item, now time.Time) ([]store.Event, error)) (Item, error) {
	var after Item
	err := r.view.Do(ctx, func(tx store.View) error {
		now, err := lifecycle.Check(by, tx.Now(), nil)
		if err != nil {
			return err
		}
		stored, err := store.Of(tx, items).Item(ctx, string(id))
		if err != nil {
			return err
		}
		x := stored.Value
		switch {
		case !x.RetiredAt.IsZero():
			return refuse(verb, id, "it is retired since "+lifecycle.Stamp(x.RetiredAt))
		case now.Before(x.ChangedAt):
			return refuse(verb, id, "it was changed at "+lifecycle.Stamp(x.ChangedAt)+", which is later")
		}
		events, err := rule(tx, &x, now)
		if err != nil {
			return err
		}
		after = x
		return store.Of(tx, items).Put(ctx, x, stored.Version, events...)
	})
	if err != nil {
		return Item{}, err
	}
	return after, nil
}

// union returns what is in one of two lists, in order.
func union(a, b []string) []string {
	list := slices.Concat(a, b)
	slices.Sort(list)
	return slices.Compact(list)
}

package change

import (
	"context"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// The verbs of what stands beside changes.
const (
	VerbDeclareFreeze = "freeze.declare"
	VerbLiftFreeze    = "freeze.lift"
	VerbKeepWindow    = "window.keep"
	VerbDropWindow    = "window.drop"
)

// The events of windows. Their data is the [Window].
const (
	EventWindowKept    = "window.kept"
	EventWindowDropped = "window.dropped"
)

// AcceptConflict says who stands for a conflict of a change, by what it is with and why
// they collide. A conflict that there is none of is refused.
func (c *Control) AcceptConflict(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, with EntryRef, why Why, reason string) (Change, error) {
	if err := c.ask(ctx, by, VerbAcceptConflict, id); err != nil {
		return Change{}, err
	}
	return c.do(ctx, by, id, EventConflictAccepted, func(tx store.View, x *Change, at time.Time) error {
		standing, err := c.On(tx).standing(ctx, x, at)
		if err != nil {
			return err
		}
		for _, conflict := range standing.Conflicts {
			if conflict.With.Ref() == with && conflict.Why == why {
				return x.AcceptConflict(by, at, conflict, reason)
			}
		}
		return x.refuse(VerbAcceptConflict, "", "it does not collide with "+string(with.Kind)+" "+with.ID+" for the reason "+string(why))
	})
}

// Except lets a change happen in a freeze all the same.
func (c *Control) Except(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, freeze FreezeID, reason string) (Change, error) {
	if err := c.ask(ctx, by, VerbExcept, id); err != nil {
		return Change{}, err
	}
	return c.do(ctx, by, id, EventExcepted, func(tx store.View, x *Change, at time.Time) error {
		f, err := store.Of(tx, freezes).Get(ctx, string(freeze))
		if err != nil {
			return err
		}
		return x.Except(by, at, f, reason)
	})
}

// AskConsent asks a customer with a runtime of its own.
func (c *Control) AskConsent(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, customer servicecoin.CustomerID, mode ConsentMode, until time.Time) (Change, error) {
	if err := c.ask(ctx, by, VerbAskConsent, id); err != nil {
		return Change{}, err
	}
	return c.do(ctx, by, id, EventConsentAsked, func(tx store.View, x *Change, at time.Time) error {
		if err := x.AskConsent(by, at, customer, mode, until); err != nil {
			return err
		}
		return upsert(ctx, store.Of(tx, asked), askedID(customer, id), Asked{customer, id})
	})
}

// Consent records what a customer said, and when; zero: now. The exchange brings it from
// the notice.
func (c *Control) Consent(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, customer servicecoin.CustomerID, answer Answer, person servicecoin.PersonID, reason string, said time.Time) (Change, error) {
	return c.change(ctx, by, id, VerbConsent, EventConsentAnswered, func(x *Change, at time.Time) error {
		return x.Consent(by, at, customer, answer, person, reason, said)
	})
}

// Declare is a freeze that somebody declares.
type Declare struct {
	ID       FreezeID // "" is filled in; one that is there is extended to the new time
	Name     string
	During   calendar.Interval
	Services []servicecoin.ServiceID // none: all
	Through  []Kind                  // the kinds of changes that it lets through
	Why      string
}

// DeclareFreeze declares a freeze, or gives one that is there and not over another time
// and other words: what has passed of it stays.
func (c *Control) DeclareFreeze(ctx context.Context, by servicecoin.Actor, d Declare) (Freeze, error) {
	if d.ID == "" {
		d.ID = FreezeID(c.view.NewID())
	}
	if err := c.view.Ask(ctx, by, VerbDeclareFreeze, FreezeRecord, string(d.ID)); err != nil {
		return Freeze{}, err
	}
	f := Freeze{
		ID: d.ID, Name: d.Name, During: calendar.Between(servicecoin.Instant(d.During.Start), servicecoin.Instant(d.During.End)),
		Services: sorted(d.Services), Through: d.Through, Why: d.Why, DeclaredBy: by.ID, DeclaredAt: c.view.Now(),
	}
	if err := f.Validate(); err != nil {
		return Freeze{}, err
	}
	err := c.view.Do(ctx, func(tx store.View) error {
		old, err := store.Of(tx, freezes).Item(ctx, string(f.ID))
		switch at := tx.Now(); {
		case errors.Is(err, servicecoin.ErrNotFound):
		case err != nil:
			return err
		default:
			if why := old.Value.keeps(f, at); why != "" {
				return &servicecoin.RefusedError{Subject: tx.Key(FreezeRecord, string(f.ID)), Verb: VerbDeclareFreeze, Why: why}
			}
		}
		return putFreeze(ctx, tx, by, f, old.Version, EventFreezeDeclared)
	})
	return f, err
}

// keeps says why a freeze cannot become another one any more, "" if it can.
func (f Freeze) keeps(other Freeze, at time.Time) string {
	switch over := f.over(at); {
	case over != "":
		return over + ": declare another one"
	case f.During.Start.Before(at) && !other.During.Start.Equal(f.During.Start):
		return "it began at " + lifecycle.Stamp(f.During.Start) + ": that stays"
	case f.During.Start.Before(at) && other.During.End.Before(at):
		return "it is in force until now at least: lift it"
	}
	return ""
}

// over says how a freeze came to an end, "" if it has not.
func (f Freeze) over(at time.Time) string {
	switch {
	case f.Lifted != nil:
		return "it was lifted at " + lifecycle.Stamp(f.Lifted.At)
	case !f.During.End.After(at):
		return "it ended at " + lifecycle.Stamp(f.During.End)
	}
	return ""
}

// LiftFreeze ends a freeze now: what is left of it is not frozen, what has passed was. One
// that lies ahead never comes into force. Both stay on record.
func (c *Control) LiftFreeze(ctx context.Context, by servicecoin.Actor, id FreezeID, reason string) (Freeze, error) {
	if err := c.view.Ask(ctx, by, VerbLiftFreeze, FreezeRecord, string(id)); err != nil {
		return Freeze{}, err
	}
	if _, err := lifecycle.Check(by, c.view.Now(), needsReason(reason)); err != nil {
		return Freeze{}, err
	}
	var f Freeze
	err := c.view.Do(ctx, func(tx store.View) error {
		item, err := store.Of(tx, freezes).Item(ctx, string(id))
		if err != nil {
			return err
		}
		f = item.Value
		at := tx.Now()
		if why := f.over(at); why != "" {
			return &servicecoin.RefusedError{Subject: tx.Key(FreezeRecord, string(id)), Verb: VerbLiftFreeze, Why: why}
		}
		f.Lifted = &Lifted{By: by.ID, At: at, Why: reason, Until: f.During.End}
		if !f.Never() {
			f.During.End = at
		}
		return putFreeze(ctx, tx, by, f, item.Version, EventFreezeLifted)
	})
	return f, err
}

func putFreeze(ctx context.Context, tx store.View, by servicecoin.Actor, f Freeze, version store.Version, name string) error {
	e, err := store.Happened(by, name, FreezeChanged{f.ID, f.Services, f.During})
	if err != nil {
		return err
	}
	return store.Of(tx, freezes).Put(ctx, f, version, e)
}

// upsert stores a record, whether one with its id is there or not.
func upsert[T any](ctx context.Context, of store.Collection[T], id string, record T, events ...store.Event) error {
	item, err := of.Item(ctx, id)
	if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return err
	}
	return of.Put(ctx, record, item.Version, events...)
}

// KeepWindow adds a change window, or replaces the one of its id.
func (c *Control) KeepWindow(ctx context.Context, by servicecoin.Actor, w Window) error {
	if err := c.view.Ask(ctx, by, VerbKeepWindow, WindowRecord, string(w.ID)); err != nil {
		return err
	}
	if err := w.Validate(); err != nil {
		return err
	}
	return c.view.Do(ctx, func(tx store.View) error {
		e, err := store.Happened(by, EventWindowKept, w)
		if err != nil {
			return err
		}
		return upsert(ctx, store.Of(tx, windows), string(w.ID), w, e)
	})
}

// DropWindow removes a change window.
func (c *Control) DropWindow(ctx context.Context, by servicecoin.Actor, id WindowID) error {
	if err := c.view.Ask(ctx, by, VerbDropWindow, WindowRecord, string(id)); err != nil {
		return err
	}
	e, err := store.Happened(by, EventWindowDropped, Window{ID: id})
	if err != nil {
		return err
	}
	return store.Of(c.view, windows).Delete(ctx, string(id), e)
}

// DraftModel writes a model of standard changes down. An empty id is filled in.
func (c *Control) DraftModel(ctx context.Context, by servicecoin.Actor, id ModelID, t ModelTerms) (Model, error) {
	if id == "" {
		id = ModelID(c.view.NewID())
	}
	if err := c.view.Ask(ctx, by, VerbDraftModel, ModelRecord, string(id)); err != nil {
		return Model{}, err
	}
	m, err := NewModel(by, c.view.Now(), id, t)
	if err != nil {
		return Model{}, err
	}
	e, err := store.Happened(by, EventModelDrafted, ModelChanged{m.ID, m.Edition, m.State})
	if err != nil {
		return Model{}, err
	}
	return m, store.Of(c.view, models).Insert(ctx, m, e)
}

// ReviseModel replaces the terms of a model; it is approved again.
func (c *Control) ReviseModel(ctx context.Context, by servicecoin.Actor, id ModelID, t ModelTerms) (Model, error) {
	return c.model(ctx, by, id, VerbReviseModel, EventModelRevised, func(m *Model, at time.Time) error { return m.Revise(by, at, t) })
}

// ApproveModel lets changes be made from a model until it expires.
func (c *Control) ApproveModel(ctx context.Context, by servicecoin.Actor, id ModelID, reason string) (Model, error) {
	return c.model(ctx, by, id, VerbApproveModel, EventModelApproved, func(m *Model, at time.Time) error { return m.Approve(by, at, reason) })
}

// WithdrawModel says that a model is not used any more.
func (c *Control) WithdrawModel(ctx context.Context, by servicecoin.Actor, id ModelID, reason string) (Model, error) {
	return c.model(ctx, by, id, VerbWithdrawModel, EventModelWithdrawn, func(m *Model, at time.Time) error { return m.Withdraw(by, at, reason) })
}

func (c *Control) model(ctx context.Context, by servicecoin.Actor, id ModelID, verb, event string, rule func(m *Model, at time.Time) error) (Model, error) {
	if err := c.view.Ask(ctx, by, verb, ModelRecord, string(id)); err != nil {
		return Model{}, err
	}
	return store.Of(c.view, models).Update(ctx, string(id), func(m *Model) ([]store.Event, error) {
		if err := rule(m, c.view.Now()); err != nil {
			return nil, err
		}
		e, err := store.Happened(by, event, ModelChanged{m.ID, m.Edition, m.State})
		return []store.Event{e}, err
	})
}

// Forget takes out of the changes what a customer was asked and said. It is a part of
// erasing a customer, and can be called again. No event is recorded, so that the feed
// of the provider does not name the customer.
func (c *Control) Forget(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID) error {
	if err := c.ask(ctx, by, VerbForget, servicecoin.ChangeID(store.Forgotten(customer))); err != nil {
		return err
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	if err := v.Err(); err != nil {
		return err
	}
	for {
		page, err := store.Of(c.view, asked).Find(store.By("customer", store.Text(customer))).Page(ctx, "", 20)
		if err != nil || len(page.Items) == 0 {
			return err
		}
		for _, item := range page.Items {
			err := c.view.Do(ctx, func(tx store.View) error {
				_, err := store.Of(tx, changes).Update(ctx, string(item.Value.Change), func(x *Change) ([]store.Event, error) {
					x.forget(customer)
					return nil, nil
				})
				if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
					return err
				}
				return store.Of(tx, asked).Delete(ctx, item.Key.ID)
			})
			if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
				return err
			}
		}
	}
}

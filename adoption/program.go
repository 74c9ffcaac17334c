package adoption

import (
	"context"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Program is how one customer comes to use its services, and leaves them: its
// onboardings, its people's answers to surveys, and its departures, over a view
// of its partition. Every changing
// verb asks Authorize, applies the rule at the store's time, and records an
// event in the same commit. What the provider has designed for everybody, a
// template or a survey, is handed in as a value: see [Playbook].
type Program struct {
	view store.View
	o    Options
}

// New returns the program of a customer's view; of the provider's, the first call
// says so. A nil o means defaults.
func New(view store.View, o *Options) *Program {
	p := &Program{view: view.OfCustomer("the program of a customer's adoption")}
	if o != nil {
		p.o = *o
	}
	return p
}

// On returns the same program over another view: of the host's transaction, of
// a unit of work, or of another customer.
func (p *Program) On(view store.View) *Program { return New(view, &p.o) }

// Begin begins the onboarding of a subscription, unless there is one already,
// in whatever state: then that one is returned as it is, and nothing is
// recorded. It can therefore be called for every request, however often that
// is told.
func (p *Program) Begin(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, t Template) (Onboarding, error) {
	if err := p.authorize(ctx, by, VerbBeginOnboarding, id); err != nil {
		return Onboarding{}, err
	}
	var o Onboarding
	err := p.view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, onboardings)
		var err error
		if o, err = c.Get(ctx, string(id)); !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		if o, err = Begin(by, tx.Now(), id, t); err != nil {
			return err
		}
		events, err := happened(by, o.told(OnboardingChanged{Edition: o.Edition}), EventOnboardingBegun)
		if err != nil {
			return err
		}
		return c.Insert(ctx, o, events...)
	})
	if err != nil {
		return Onboarding{}, err
	}
	return o, nil
}

// Meet gives evidence for a prerequisite.
func (p *Program) Meet(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, what PrerequisiteID, e Evidence) (Onboarding, error) {
	return p.change(ctx, by, id, VerbMeetPrerequisite, func(o *Onboarding, at time.Time) ([]store.Event, error) {
		if err := o.Meet(by, at, what, e); err != nil {
			return nil, err
		}
		i, _ := o.Item(what)
		return happened(by, o.told(OnboardingChanged{Prerequisite: what, Evidence: &i.Evidence}), EventPrerequisiteMet)
	})
}

// Waive says that the provider does without a prerequisite, and why.
func (p *Program) Waive(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, what PrerequisiteID, reason string) (Onboarding, error) {
	return p.change(ctx, by, id, VerbWaivePrerequisite, func(o *Onboarding, at time.Time) ([]store.Event, error) {
		if err := o.Waive(by, at, what, reason); err != nil {
			return nil, err
		}
		return happened(by, o.told(OnboardingChanged{Prerequisite: what, Reason: reason}), EventPrerequisiteWaived)
	})
}

// Withdraw takes back evidence or a waiver, and says why.
func (p *Program) Withdraw(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, what PrerequisiteID, reason string) (Onboarding, error) {
	return p.change(ctx, by, id, VerbWithdrawPrerequisite, func(o *Onboarding, at time.Time) ([]store.Event, error) {
		before, _ := o.Item(what)
		if err := o.Withdraw(by, at, what, reason); err != nil {
			return nil, err
		}
		told := OnboardingChanged{Prerequisite: what, Reason: reason}
		if before.Waiver.At.IsZero() {
			told.Evidence = &before.Evidence
		}
		return happened(by, o.told(told), EventEvidenceWithdrawn)
	})
}

// Reach goes on past a point. It is refused while blocking prerequisites that
// are due by then are unmet, and names each.
func (p *Program) Reach(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, point string) (Onboarding, error) {
	return p.change(ctx, by, id, VerbReachPoint, func(o *Onboarding, at time.Time) ([]store.Event, error) {
		if err := o.Reach(by, at, point); err != nil {
			return nil, err
		}
		names := []string{EventPointReached}
		if o.State == Complete {
			names = append(names, EventOnboardingCompleted)
		}
		return happened(by, o.told(OnboardingChanged{Point: point, Warnings: o.Reached[len(o.Reached)-1].Warnings}), names...)
	})
}

// Cancel says that an onboarding will not be completed, and why.
func (p *Program) Cancel(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, reason string) (Onboarding, error) {
	return p.change(ctx, by, id, VerbCancelOnboarding, func(o *Onboarding, at time.Time) ([]store.Event, error) {
		if err := o.Cancel(by, at, reason); err != nil {
			return nil, err
		}
		return happened(by, o.told(OnboardingChanged{Reason: reason}), EventOnboardingCancelled)
	})
}

// told fills in what every event of an onboarding says.
func (o *Onboarding) told(c OnboardingChanged) OnboardingChanged {
	c.Subscription, c.Service, c.State = o.Subscription, o.Service, o.State
	return c
}

func (p *Program) authorize(ctx context.Context, by servicecoin.Actor, verb string, id servicecoin.SubscriptionID) error {
	return p.view.Ask(ctx, by, verb, OnboardingRecord, string(id))
}

func (p *Program) change(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, verb string, rule func(o *Onboarding, at time.Time) ([]store.Event, error)) (Onboarding, error) {
	if err := p.authorize(ctx, by, verb, id); err != nil {
		return Onboarding{}, err
	}
	return store.Of(p.view, onboardings).Update(ctx, string(id), func(o *Onboarding) ([]store.Event, error) {
		return rule(o, p.view.Now())
	})
}

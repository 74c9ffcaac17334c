package catalog

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// Subscriptions is what one customer has: over a view of that customer's
// partition. They come of [Orders].
type Subscriptions struct {
	view store.View
	o    Options
}

// NewSubscriptions returns the subscriptions of a customer's view. A nil o
// means defaults.
func NewSubscriptions(view store.View, o *Options) *Subscriptions {
	return &Subscriptions{view: view.OfCustomer("the subscriptions of a customer"), o: o.filled()}
}

// On returns the same subscriptions over another view.
func (s *Subscriptions) On(view store.View) *Subscriptions {
	return &Subscriptions{view: view.OfCustomer("the subscriptions of a customer"), o: s.o}
}

// Suspend says that it is not to be used for now, and why.
func (s *Subscriptions) Suspend(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, reason string) (Subscription, error) {
	return s.change(ctx, by, id, VerbSuspendSubscription, EventSubscriptionSuspended, func(x *Subscription, at time.Time) error { return x.Suspend(by, at, reason) })
}

// Resume ends the suspension, and says why.
func (s *Subscriptions) Resume(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, reason string) (Subscription, error) {
	return s.change(ctx, by, id, VerbResumeSubscription, EventSubscriptionResumed, func(x *Subscription, at time.Time) error { return x.Resume(by, at, reason) })
}

// Depart says that the customer leaves, from when on, and why; a zero leavesAt is
// as soon as can be.
func (s *Subscriptions) Depart(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, leavesAt time.Time, reason string) (Subscription, error) {
	return s.change(ctx, by, id, VerbDepartSubscription, EventSubscriptionDeparting, func(x *Subscription, at time.Time) error { return x.Depart(by, at, leavesAt, reason) })
}

// Stay takes the departure back, and says why. It is refused once something may
// have been taken down.
func (s *Subscriptions) Stay(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, reason string) (Subscription, error) {
	return s.change(ctx, by, id, VerbStaySubscription, EventSubscriptionStayed, func(x *Subscription, at time.Time) error { return x.Stay(by, at, reason) })
}

// Complete says that it is gone, and that the customer has back what is theirs,
// by hand: where no [Provisioner] takes it down.
func (s *Subscriptions) Complete(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID) (Subscription, error) {
	return s.change(ctx, by, id, VerbCompleteSubscription, EventSubscriptionDeparted, func(x *Subscription, at time.Time) error { return x.Complete(by, at) })
}

func (s *Subscriptions) authorize(ctx context.Context, by servicecoin.Actor, verb string, id servicecoin.SubscriptionID) error {
	return s.view.Ask(ctx, by, verb, SubscriptionRecord, string(id))
}

func (s *Subscriptions) change(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, verb, event string, rule func(x *Subscription, at time.Time) error) (Subscription, error) {
	if err := s.authorize(ctx, by, verb, id); err != nil {
		return Subscription{}, err
	}
	return s.apply(ctx, by, s.view, id, event, rule)
}

// apply changes a subscription; an empty event tells nobody.
func (s *Subscriptions) apply(ctx context.Context, by servicecoin.Actor, view store.View, id servicecoin.SubscriptionID, event string, rule func(x *Subscription, at time.Time) error) (Subscription, error) {
	return store.Of(view, subscriptions).Update(ctx, string(id), func(x *Subscription) ([]store.Event, error) {
		if err := rule(x, view.Now()); err != nil || event == "" {
			return nil, err
		}
		e, err := x.changed(by, event)
		return []store.Event{e}, err
	})
}

// Deprovision has a provisioner take down what departs, and records what came
// of it: call it when the departure has been asked for, and again, as often as it
// takes. It is as safe to repeat as [Orders.Provision], for the same reason. After
// a failure ([EventSubscriptionStumbled]) the next call is another attempt. What
// is departed is returned as it is, without a call. Before the day on which the
// customer leaves it is refused.
func (s *Subscriptions) Deprovision(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, p Provisioner) (Subscription, error) {
	if err := s.authorize(ctx, by, VerbDeprovisionSubscription, id); err != nil {
		return Subscription{}, err
	}
	var sub Subscription
	err := s.view.Do(ctx, func(tx store.View) error {
		var err error
		sub, err = store.Of(tx, subscriptions).Get(ctx, string(id))
		underWay := sub.State == SubscriptionDeparting && sub.Attempt > 0 && sub.Trouble == ""
		if err != nil || sub.State == SubscriptionDeparted || underWay {
			return err
		}
		sub, err = s.apply(ctx, by, tx, id, "", func(x *Subscription, at time.Time) error { return x.Deprovision(at) })
		return err
	})
	if err != nil || sub.State == SubscriptionDeparted {
		return sub, err
	}
	operation := sub.operation(s.view.Customer())
	progress, err := p.Deprovision(ctx, operation)
	if err == nil {
		err = progress.Validate()
	}
	if err != nil {
		return sub, &ProvisionerError{Key: operation.Key, Err: err}
	}
	return s.record(ctx, by, sub, progress)
}

// record keeps what a provisioner said about an attempt, unless somebody else
// has done so meanwhile.
func (s *Subscriptions) record(ctx context.Context, by servicecoin.Actor, asked Subscription, progress Progress) (Subscription, error) {
	after := asked
	err := s.view.Do(ctx, func(tx store.View) error {
		var err error
		after, err = store.Of(tx, subscriptions).Get(ctx, string(asked.ID))
		if err != nil || after.State != SubscriptionDeparting || after.Attempt != asked.Attempt || after.Trouble != "" {
			return err
		}
		switch progress.State {
		case UnderWay:
			text := progress.brief()
			if text == after.Progress {
				return nil
			}
			after, err = s.apply(ctx, by, tx, asked.ID, "", func(x *Subscription, _ time.Time) error {
				x.Progress = text
				return nil
			})
		case Done:
			after, err = s.apply(ctx, by, tx, asked.ID, EventSubscriptionDeparted, func(x *Subscription, at time.Time) error { return x.Complete(by, at) })
		case Failed:
			after, err = s.apply(ctx, by, tx, asked.ID, EventSubscriptionStumbled, func(x *Subscription, _ time.Time) error { return x.Stumble(progress.Text) })
		}
		return err
	})
	if err != nil {
		return asked, err
	}
	return after, nil
}

// Get returns a subscription.
func (s *Subscriptions) Get(ctx context.Context, id servicecoin.SubscriptionID) (Subscription, error) {
	return store.Of(s.view, subscriptions).Get(ctx, string(id))
}

// List lists the subscriptions, the last requested first.
func (s *Subscriptions) List() store.Listing[Subscription] {
	return store.Of(s.view, subscriptions).Find(store.By("requested").Descending())
}

// InState lists the subscriptions of a state, the first requested first.
func (s *Subscriptions) InState(state SubscriptionState) store.Listing[Subscription] {
	return store.Of(s.view, subscriptions).Find(store.By("state", store.Text(state)))
}

// During lists the subscriptions of a service that the customer had at some
// time of the interval, by when they ended. An interval without end (the zero
// time) is going on.
func (s *Subscriptions) During(service servicecoin.ServiceID, during calendar.Interval) store.Listing[Subscription] {
	r := store.By("service", store.Text(service)).From(store.Time(during.Start))
	return store.Of(s.view, subscriptions).Find(r).Where(func(x Subscription) bool {
		return !x.From.IsZero() && Subscriber{From: x.From, Until: x.Until}.Overlaps(during)
	})
}

// SubscriptionsIn lists the subscriptions of a state of all customers, customer
// by customer: what the host's worker goes through to have departures taken down.
func SubscriptionsIn(s *store.Store, state SubscriptionState) store.Listing[Subscription] {
	return store.Across(s, subscriptions).Find(store.By("state", store.Text(state)))
}

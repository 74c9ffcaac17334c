package adoption

import (
	"context"
	"iter"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Get returns the onboarding of a subscription.
func (p *Program) Get(ctx context.Context, id servicecoin.SubscriptionID) (Onboarding, error) {
	return store.Of(p.view, onboardings).Get(ctx, string(id))
}

// InState lists the customer's onboardings in a state, the one that began first
// at the front: those that run are the open list.
func (p *Program) InState(s State) store.Listing[Onboarding] {
	return store.Of(p.view, onboardings).Find(store.By("state", store.Text(s)))
}

// To lists the customer's onboardings to a service, the one that began first at
// the front.
func (p *Program) To(service servicecoin.ServiceID) store.Listing[Onboarding] {
	return store.Of(p.view, onboardings).Find(store.By("service", store.Text(service)))
}

// Late lists the onboardings whose next point should have been reached before
// t, the longest overdue first.
func (p *Program) Late(t time.Time) store.Listing[Onboarding] {
	return store.Of(p.view, onboardings).Find(store.By("due").To(store.Time(t)))
}

// Expiring lists the running onboardings with evidence that has expired before
// t, or will have, the first to expire at the front.
func (p *Program) Expiring(t time.Time) store.Listing[Onboarding] {
	return store.Of(p.view, onboardings).Find(store.By("expires").To(store.Time(t)))
}

// Tasks lists what is unmet now in the customer's running onboardings, one
// onboarding after the other, and of each what is due first at the front. A
// side keeps what that side has to see to, "" keeps everything.
func (p *Program) Tasks(ctx context.Context, side Side) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		now := p.view.Now()
		for o, err := range p.InState(Running).All(ctx) {
			if err != nil {
				yield(Task{}, err)
				return
			}
			for _, t := range o.Tasks(now) {
				if (side == "" || side == t.Owner) && !yield(t, nil) {
					return
				}
			}
		}
	}
}

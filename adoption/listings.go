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
func (p *Program) InState(ctx context.Context, s State) iter.Seq2[Onboarding, error] {
	return store.Of(p.view, onboardings).Find(ctx, store.By("state", store.Text(s)))
}

// InStatePage is one page of [Program.InState], after the page before ("" for
// the first). limit is 1 to [store.MaxPage].
func (p *Program) InStatePage(ctx context.Context, s State, after string, limit int) (store.Page[Onboarding], error) {
	return store.Of(p.view, onboardings).Page(ctx, store.By("state", store.Text(s)), after, limit)
}

// To lists the customer's onboardings to a service, the one that began first at
// the front.
func (p *Program) To(ctx context.Context, service servicecoin.ServiceID) iter.Seq2[Onboarding, error] {
	return store.Of(p.view, onboardings).Find(ctx, store.By("service", store.Text(service)))
}

// Late lists the onboardings whose next point should have been reached before
// t, the longest overdue first.
func (p *Program) Late(ctx context.Context, t time.Time) iter.Seq2[Onboarding, error] {
	return store.Of(p.view, onboardings).Find(ctx, store.By("due").To(store.Time(t)))
}

// Expiring lists the running onboardings with evidence that has expired before
// t, or will have, the first to expire at the front.
func (p *Program) Expiring(ctx context.Context, t time.Time) iter.Seq2[Onboarding, error] {
	return store.Of(p.view, onboardings).Find(ctx, store.By("expires").To(store.Time(t)))
}

// Tasks lists what is unmet now in the customer's running onboardings, one
// onboarding after the other, and of each what is due first at the front. A
// side keeps what that side has to see to, "" keeps everything.
func (p *Program) Tasks(ctx context.Context, side Side) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		now := p.view.Now()
		for o, err := range p.InState(ctx, Running) {
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

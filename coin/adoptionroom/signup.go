package adoptionroom

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/store"
)

// An onboarding begins with the request: its prerequisites are those of the order,
// its points those of the playbook and those at which something is due. Points that
// the order passes are reached by it; what blocks them keeps the order from passing.

// about is what the news of orders, subscriptions and onboardings have in common.
type about struct {
	Subscription servicecoin.SubscriptionID `json:"subscription"`
}

// signup is a subscription, and the order that it comes of, as they stand.
type signup struct {
	Nouns // inside of the commit

	ctx      context.Context //nolint:containedctx // lives for one call
	customer servicecoin.CustomerID
	sub      catalog.Subscription
	order    catalog.Order
}

// follows is a link that works on the signup that an event is about, if there is
// one.
func (n Nouns) follows(name string, on []string, do func(s signup) error) exchange.Link {
	return exchange.When(n.Base, name, offers, Name, on, func(ctx context.Context, w exchange.Work, news about) error {
		s := signup{Nouns: n.On(w.Base), ctx: ctx, customer: w.Customer}
		var err error
		if s.sub, err = s.Subscriptions(s.Base, s.customer).Get(ctx, news.Subscription); err == nil {
			s.order, err = s.Orders(s.Base, s.customer).Get(ctx, s.sub.Order)
		}
		if errors.Is(err, servicecoin.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return do(s)
	})
}

// over reports whether nothing comes of the subscription any more.
func (s signup) over() bool {
	return s.sub.State == catalog.SubscriptionWithdrawn || s.sub.State == catalog.SubscriptionDeparted
}

// begin is the link that begins what signing up needs, if anything is due, or the
// playbook has a way.
func (n Nouns) begin() exchange.Link {
	l := n.follows("onboarding.begin", []string{catalog.EventSubscriptionRequested}, signup.begin)
	l.EndedBy = "onboarding.cancel"
	return l
}

func (s signup) begin() error {
	if s.over() {
		return nil
	}
	template, err := s.Playbook().TemplateFor(s.ctx, s.sub.Service, s.sub.Offering)
	if errors.Is(err, servicecoin.ErrNotFound) {
		if len(s.order.Terms.Prerequisites) == 0 {
			return nil
		}
		template, err = adoption.Template{Service: s.sub.Service, Offering: s.sub.Offering, Title: s.order.Terms.Name}, nil
	}
	if err != nil {
		return err
	}
	var due []adoption.Prerequisite
	for _, p := range s.order.Terms.Prerequisites {
		due = append(due, prerequisite(p))
	}
	if _, err = s.Program(s.customer).Begin(s.ctx, exchange.By(), s.sub.ID, template.With(catalog.Dues(), due...)); err != nil {
		return err
	}
	return s.reach()
}

// prerequisite says the same as an offering does, in the words of adoption.
func prerequisite(p catalog.Prerequisite) adoption.Prerequisite {
	a := adoption.Prerequisite{
		ID: adoption.PrerequisiteID(p.ID), Text: p.Text, Due: p.Due, Wanted: p.Wanted, Force: adoption.Warning, Owner: adoption.CustomerSide,
	}
	if p.Blocking {
		a.Force = adoption.Blocking
	}
	if p.ByProvider {
		a.Owner = adoption.ProviderSide
	}
	return a
}

// reachPoints is the link that has an onboarding follow its order.
func (n Nouns) reachPoints() exchange.Link {
	on := []string{
		catalog.EventOrderApproved, catalog.EventOrderProvisioning, catalog.EventOrderFulfilled, adoption.EventPrerequisiteMet, adoption.EventPrerequisiteWaived,
	}
	return n.follows("onboarding.reach", on, func(s signup) error {
		if s.over() {
			return nil
		}
		return s.reach()
	})
}

// reach goes on past the farthest point that the order has passed and nothing keeps
// the onboarding from.
func (s signup) reach() error {
	o, err := s.Program(s.customer).Get(s.ctx, s.sub.ID)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	passed := []string{catalog.DueBeforeOrder}
	if !s.order.ApprovedAt.IsZero() {
		passed = append(passed, catalog.DueBeforeApproval)
	}
	if s.order.Attempt > 0 || !s.order.FulfilledAt.IsZero() {
		passed = append(passed, catalog.DueBeforeProvisioning)
	}
	for _, name := range slices.Backward(passed) {
		if !slices.ContainsFunc(o.Points, func(p adoption.Point) bool { return p.Name == name }) {
			continue
		}
		_, err := s.Program(s.customer).Reach(s.ctx, exchange.By(), s.sub.ID, name)
		if !errors.Is(err, servicecoin.ErrRefused) {
			return err // nil: those before it lie behind, too
		}
	}
	return nil
}

// cancel is the link that ends an onboarding which its customer has left behind, or
// whose order came to nothing.
func (n Nouns) cancel() exchange.Link {
	on := []string{catalog.EventSubscriptionDeparted, catalog.EventSubscriptionWithdrawn}
	return exchange.When(n.Base, "onboarding.cancel", offers, Name, on, func(ctx context.Context, w exchange.Work, change catalog.SubscriptionChanged) error {
		reason := "The subscription has ended"
		if change.State == catalog.SubscriptionWithdrawn {
			reason = "The order came to nothing"
		}
		_, err := n.On(w.Base).Program(w.Customer).Cancel(ctx, exchange.By(), change.Subscription, reason)
		if errors.Is(err, servicecoin.ErrNotFound) {
			return nil // there was none
		}
		return exchange.UnlessRefused(err) // it was over
	})
}

// provisionReady is the link that goes on with an order which waited for what is
// met now.
func (n Nouns) provisionReady() exchange.Link {
	on := []string{adoption.EventPrerequisiteMet, adoption.EventPrerequisiteWaived}
	l := n.follows("order.ready", on, func(s signup) error {
		if s.order.State != catalog.OrderApproved {
			return nil
		}
		_, err := s.Orders(s.Base, s.customer).Provision(s.ctx, exchange.By(), s.order.ID, n.Provisioner)
		return exchange.UnlessRefused(err) // something else is still unmet
	})
	l.From = Name
	return l
}

// Ready refuses an order to pass a point while something blocks it: it is due by
// then, and unmet. What the onboarding does not know yet, because it has not begun,
// is unmet.
func Ready(ctx context.Context, tx store.View, o catalog.Order, due string) error {
	by := slices.Index(catalog.Dues(), due)
	var blocking []catalog.Prerequisite
	for _, p := range o.Terms.Prerequisites {
		if n := slices.Index(catalog.Dues(), p.Due); p.Blocking && n >= 0 && n <= by {
			blocking = append(blocking, p)
		}
	}
	if len(blocking) == 0 {
		return nil
	}
	onboarding, err := adoption.New(tx, nil).Get(ctx, o.Subscription)
	switch {
	case errors.Is(err, servicecoin.ErrNotFound):
	case err != nil:
		return err
	case onboarding.State.Terminal():
		return nil // somebody has ended it: nothing is asked for any more
	}
	var unmet []string
	for _, p := range blocking {
		if item, ok := onboarding.Item(adoption.PrerequisiteID(p.ID)); !ok || item.Status(tx.Now()).Unmet() {
			unmet = append(unmet, fmt.Sprintf("%s (%s), due %s", p.ID, p.Text, p.Due))
		}
	}
	if len(unmet) == 0 {
		return nil
	}
	verb := catalog.VerbApproveOrder
	if due == catalog.DueBeforeProvisioning {
		verb = catalog.VerbProvisionOrder
	}
	return &servicecoin.RefusedError{Subject: tx.Key(catalog.OrderRecord, string(o.ID)), Verb: verb, Why: "unmet: " + strings.Join(unmet, "; ")}
}

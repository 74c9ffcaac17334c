package coin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/catalog"
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
	*Coin // inside of the commit

	ctx      context.Context //nolint:containedctx // lives for one call
	customer servicecoin.CustomerID
	sub      catalog.Subscription
	order    catalog.Order
}

// signup returns what an event is about; ok is false where there is nothing.
func (c *Coin) signup(ctx context.Context, tx *store.Store, e store.Event) (s signup, ok bool, err error) {
	s = signup{Coin: c.On(tx), ctx: ctx, customer: e.Subject.Customer}
	news, err := store.Payload[about](e)
	if err != nil {
		return s, false, err
	}
	if s.sub, err = s.Subscriptions(s.customer).Get(ctx, news.Subscription); err == nil {
		s.order, err = s.Orders(s.customer).Get(ctx, s.sub.Order)
	}
	if errors.Is(err, servicecoin.ErrNotFound) {
		return s, false, nil
	}
	return s, err == nil, err
}

// over reports whether nothing comes of the subscription any more.
func (s signup) over() bool {
	return s.sub.State == catalog.SubscriptionWithdrawn || s.sub.State == catalog.SubscriptionDeparted
}

// beginOnboarding begins what signing up needs, if anything is due, or the playbook
// has a way.
func (c *Coin) beginOnboarding(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
	s, ok, err := c.signup(ctx, tx, e)
	if err != nil || !ok || s.over() {
		return "", err
	}
	template, err := s.Playbook().TemplateFor(ctx, s.sub.Service, s.sub.Offering)
	if errors.Is(err, servicecoin.ErrNotFound) {
		if len(s.order.Terms.Prerequisites) == 0 {
			return "", nil
		}
		template, err = adoption.Template{Service: s.sub.Service, Offering: s.sub.Offering, Title: s.order.Terms.Name}, nil
	}
	if err != nil {
		return "", err
	}
	var due []adoption.Prerequisite
	for _, p := range s.order.Terms.Prerequisites {
		due = append(due, prerequisite(p))
	}
	if _, err = s.Program(s.customer).Begin(ctx, program(), s.sub.ID, template.With(catalog.Dues(), due...)); err != nil {
		return "", err
	}
	return "", s.reach()
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

// reachPoints has an onboarding follow its order.
func (c *Coin) reachPoints(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
	s, ok, err := c.signup(ctx, tx, e)
	if err != nil || !ok || s.over() {
		return "", err
	}
	return "", s.reach()
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
		_, err := s.Program(s.customer).Reach(s.ctx, program(), s.sub.ID, name)
		if !errors.Is(err, servicecoin.ErrRefused) {
			return err // nil: those before it lie behind, too
		}
	}
	return nil
}

// cancelOnboarding ends an onboarding that its customer has left behind, or whose
// order came to nothing.
func (c *Coin) cancelOnboarding(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
	change, err := store.Payload[catalog.SubscriptionChanged](e)
	if err != nil {
		return "", err
	}
	reason := "The subscription has ended"
	if change.State == catalog.SubscriptionWithdrawn {
		reason = "The order came to nothing"
	}
	_, err = c.On(tx).Program(e.Subject.Customer).Cancel(ctx, program(), change.Subscription, reason)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return "", nil // there was none
	}
	return "", unlessRefused(err) // it was over
}

// provisionReady goes on with an order that waited for what is met now.
func (c *Coin) provisionReady(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
	s, ok, err := c.signup(ctx, tx, e)
	if err != nil || !ok || s.order.State != catalog.OrderApproved {
		return "", err
	}
	_, err = s.Orders(s.customer).Provision(ctx, program(), s.order.ID, c.o.Provisioner)
	return "", unlessRefused(err)
}

// ready refuses an order to pass a point while something blocks it: it is due by
// then, and unmet. What the onboarding does not know yet, because it has not begun,
// is unmet.
func (c *Coin) ready(ctx context.Context, tx store.View, o catalog.Order, due string) error {
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

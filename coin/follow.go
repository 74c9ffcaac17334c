package coin

import (
	"context"
	"errors"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// What follows when a subscription begins or ends, a rule each, so that one
// that fails is parked alone.

// follow keeps the catalogue's word of who uses what.
func (c *Coin) follow(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
	change, err := store.Payload[catalog.SubscriptionChanged](e)
	if err != nil {
		return "", err
	}
	return "", c.On(tx).Catalog().Follow(ctx, e.Subject.Customer, change, program())
}

// beginOnboarding begins what signing up needs, if the playbook has something.
func (c *Coin) beginOnboarding(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
	change, err := store.Payload[catalog.SubscriptionChanged](e)
	if err != nil {
		return "", err
	}
	now := c.On(tx)
	template, err := now.Playbook().Template(ctx, change.Service, change.Offering)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	_, err = now.Program(e.Subject.Customer).Begin(ctx, change.Subscription, template, program())
	return "", err
}

// cancelOnboarding ends an onboarding that its customer has left behind.
func (c *Coin) cancelOnboarding(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
	change, err := store.Payload[catalog.SubscriptionChanged](e)
	if err != nil {
		return "", err
	}
	_, err = c.On(tx).Program(e.Subject.Customer).Cancel(ctx, change.Subscription, "The subscription has ended", program())
	if errors.Is(err, servicecoin.ErrNotFound) || errors.Is(err, servicecoin.ErrRefused) {
		return "", nil // there was none, or it was over
	}
	return "", err
}

// chargeCredit takes a credit, or its correction, off the month's charge.
func (c *Coin) chargeCredit(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
	change, err := store.Payload[sla.CreditChanged](e)
	if err != nil {
		return "", err
	}
	customer, err := c.customer(ctx, e.Subject.Customer)
	if err != nil || customer.Currency == "" {
		return "", err
	}
	reason := "Promise not kept in " + change.Month.String()
	if e.Name == sla.CreditCorrected {
		reason = "Correction of the credit for " + change.Month.String()
	}
	_, err = c.On(tx).Statements(customer).Credit(ctx, cost.Credit{
		Reference: e.Subject, Service: change.Service, Month: change.Month,
		Percent: servicecoin.Some(change.Percent), Reason: reason, Because: change.Outages,
	}, program())
	return "", err
}

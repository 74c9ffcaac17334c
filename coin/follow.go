package coin

import (
	"context"
	"errors"
	"fmt"

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

// setQuotas sets the quotas that come with a subscription.
func (c *Coin) setQuotas(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
	if c.o.Quotas == nil {
		return "", nil
	}
	change, err := store.Payload[catalog.SubscriptionChanged](e)
	if err != nil {
		return "", err
	}
	quotas, err := c.o.Quotas(ctx, e.Subject.Customer, change)
	if err != nil {
		return "", fmt.Errorf("quotas of %s: %w", change.Offering, err)
	}
	customer, err := c.customer(ctx, e.Subject.Customer)
	if err != nil {
		return "", err
	}
	ledger := c.On(tx).Ledger(customer)
	for _, q := range quotas {
		if _, err := ledger.SetQuota(ctx, q, program()); err != nil {
			return "", err
		}
	}
	return "", nil
}

// includeCharges puts what a subscription is charged for on the statements.
func (c *Coin) includeCharges(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
	change, err := store.Payload[catalog.SubscriptionChanged](e)
	if err != nil {
		return "", err
	}
	customer, err := c.customer(ctx, e.Subject.Customer)
	if err != nil || customer.Currency == "" {
		return "", err // there are no statements
	}
	items, err := c.items(ctx, customer.ID, change)
	if err != nil {
		return "", fmt.Errorf("what %s is charged for: %w", change.Offering, err)
	}
	statements := c.On(tx).Statements(customer)
	for _, i := range items {
		if i.From.IsZero() {
			i.From = change.From
		}
		if i.Service == "" {
			i.Service = change.Service
		}
		if _, err := statements.Include(ctx, i, program()); err != nil {
			return "", err
		}
	}
	return "", nil
}

func (c *Coin) items(ctx context.Context, customer servicecoin.CustomerID, change catalog.SubscriptionChanged) ([]cost.Item, error) {
	if c.o.Items != nil {
		return c.o.Items(ctx, customer, change)
	}
	if change.Price == "" {
		return nil, nil
	}
	return []cost.Item{{ID: cost.ItemID(change.Subscription), Name: string(change.Offering), Service: change.Service, Price: change.Price}}, nil
}

// endCharges ends them with the subscription.
func (c *Coin) endCharges(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
	change, err := store.Payload[catalog.SubscriptionChanged](e)
	if err != nil {
		return "", err
	}
	customer, err := c.customer(ctx, e.Subject.Customer)
	if err != nil || customer.Currency == "" {
		return "", err
	}
	items, err := c.items(ctx, customer.ID, change)
	if err != nil {
		return "", fmt.Errorf("what %s was charged for: %w", change.Offering, err)
	}
	statements := c.On(tx).Statements(customer)
	for _, i := range items {
		if _, err := statements.End(ctx, i.ID, change.Until, program()); err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return "", err
		}
	}
	return "", nil
}

// makePromises makes the promises that come with a subscription.
func (c *Coin) makePromises(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
	change, promises, err := c.promises(ctx, e)
	if err != nil {
		return "", err
	}
	keeper := c.On(tx).Keeper(e.Subject.Customer)
	for _, p := range promises {
		if p.Service == "" {
			p.Service = change.Service
		}
		if p.ValidFrom.IsZero() {
			p.ValidFrom = change.From
		}
		switch _, err := keeper.Get(ctx, p.ID); {
		case err == nil:
			continue // made already
		case !errors.Is(err, servicecoin.ErrNotFound):
			return "", err
		}
		if _, err := keeper.Make(ctx, p, program()); err != nil {
			return "", err
		}
	}
	return "", nil
}

// endPromises ends them with it.
func (c *Coin) endPromises(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
	change, promises, err := c.promises(ctx, e)
	if err != nil {
		return "", err
	}
	keeper := c.On(tx).Keeper(e.Subject.Customer)
	for _, p := range promises {
		made, err := keeper.Get(ctx, p.ID)
		if errors.Is(err, servicecoin.ErrNotFound) || err == nil && !change.Until.After(made.ValidFrom) {
			continue // never made, or over before it was valid
		}
		if err == nil {
			_, err = keeper.End(ctx, p.ID, program(), change.Until)
		}
		if err != nil {
			return "", err
		}
	}
	return "", nil
}

func (c *Coin) promises(ctx context.Context, e store.Event) (catalog.SubscriptionChanged, []sla.Promise, error) {
	change, err := store.Payload[catalog.SubscriptionChanged](e)
	if err != nil || c.o.Promises == nil {
		return change, nil, err
	}
	list, err := c.o.Promises(ctx, e.Subject.Customer, change)
	if err != nil {
		return change, nil, fmt.Errorf("promises of %s: %w", change.Offering, err)
	}
	return change, list, nil
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

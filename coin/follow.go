package coin

import (
	"context"

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
	return "", c.On(tx).Catalog().Follow(ctx, program(), e.Subject.Customer, change)
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
	if e.Name == sla.EventCreditCorrected {
		reason = "Correction of the credit for " + change.Month.String()
	}
	_, err = c.On(tx).Statements(customer).Credit(ctx, program(), cost.Credit{
		Reference: e.Subject, Service: change.Service, Month: change.Month,
		Percent: servicecoin.Some(change.Percent), Reason: reason, Because: change.Outages,
	})
	return "", err
}

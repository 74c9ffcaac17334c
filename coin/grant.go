package coin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// What a subscription brings is granted when it begins, and ended when it has
// departed, by a rule each for quotas, items and promises. The rules come in any
// order, since one that fails is parked and tried again later: a rule that grants
// looks at the subscription, and grants what has departed up to its end; a rule
// that ends passes over what is not granted yet. What there is when all have run is
// the same in every order.

// grant is what a rule works on that grants or ends.
type grant struct {
	*Coin // inside of the commit

	ctx      context.Context //nolint:containedctx // lives for one call
	customer servicecoin.CustomerID
	brought  Brought
	until    time.Time // when the subscription was gone; zero: it is there
}

// granting returns what a subscription brings, and how it stands now.
func (c *Coin) granting(ctx context.Context, tx *store.Store, e store.Event) (grant, error) {
	g := grant{Coin: c.On(tx), ctx: ctx, customer: e.Subject.Customer}
	change, err := store.Payload[catalog.SubscriptionChanged](e)
	if err != nil {
		return g, err
	}
	sub, err := g.Subscriptions(g.customer).Get(ctx, change.Subscription)
	if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return g, err
	}
	g.until = sub.Until
	g.brought, err = c.brings(ctx, tx, g.customer, change)
	return g, err
}

// ending returns what a subscription that has departed brought: nothing, where
// nobody has asked for it yet.
func (c *Coin) ending(ctx context.Context, tx *store.Store, e store.Event) (grant, error) {
	g := grant{Coin: c.On(tx), ctx: ctx, customer: e.Subject.Customer}
	change, err := store.Payload[catalog.SubscriptionChanged](e)
	if err != nil {
		return g, err
	}
	g.until = change.Until
	g.brought, err = g.Brought(ctx, g.customer, change.Subscription)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return g, nil
	}
	return g, err
}

// bounded returns the end of something that is granted from an instant on: its own
// or that of the subscription, whichever comes first, and not before it begins.
func (g grant) bounded(from, until time.Time) time.Time {
	if !g.until.IsZero() && (until.IsZero() || until.After(g.until)) {
		until = g.until
	}
	if !until.IsZero() && until.Before(from) {
		return from
	}
	return until
}

// own reports whether what is there under an id came with the subscription. It
// refuses what did not.
func (g grant) own(kind, id string, err error, of servicecoin.SubscriptionID) (bool, error) {
	if errors.Is(err, servicecoin.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var v servicecoin.Violations
	if err := free(&v, kind+"["+id+"]", id, nil, of, g.brought.Subscription); err != nil {
		return false, err
	}
	return true, v.Err()
}

// The most that one commit grants or ends, each in a record and an event. An item
// reads its price and its meter as well, and may make 36 months due.
const (
	grantsAtOnce = 20
	itemsAtOnce  = 3
)

// inParts does something for each member of a list, so many in one commit. from
// and next name the member that was done last. Members that are apart are not done
// in the same commit.
func inParts[T any](list []T, id func(T) string, from string, most int, apart func(a, b T) bool, do func(T) error) (next string, err error) {
	first := 0
	if from != "" {
		first = slices.IndexFunc(list, func(x T) bool { return id(x) == from }) + 1
	}
	for n, x := range list[first:] {
		if n == most || n > 0 && apart(list[first], x) {
			return id(list[first+n-1]), nil
		}
		if err := do(x); err != nil {
			return "", fmt.Errorf("%s: %w", id(x), err)
		}
	}
	return "", nil
}

func never[T any](T, T) bool { return false }

func quotaID(q metering.Quota) string { return string(q.ID) }
func itemID(i cost.Item) string       { return string(i.ID) }
func promiseID(p sla.Promise) string  { return string(p.ID) }

// setQuotas sets the quotas that come with a subscription.
func (c *Coin) setQuotas(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
	g, err := c.granting(ctx, tx, e)
	if err != nil || len(g.brought.Quotas) == 0 {
		return "", err
	}
	customer, err := c.customer(ctx, g.customer)
	if err != nil {
		return "", err
	}
	ledger := g.Ledger(customer)
	return inParts(g.brought.Quotas, quotaID, from, grantsAtOnce, never, func(q metering.Quota) error {
		there, err := ledger.Quota(ctx, q.ID)
		if made, err := g.own("quotas", string(q.ID), err, there.Subscription); made || err != nil {
			return err
		}
		q.Until = g.bounded(q.From, q.Until)
		_, err = ledger.SetQuota(ctx, program(), q)
		return err
	})
}

// endQuotas ends them with it. Past months keep theirs.
func (c *Coin) endQuotas(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
	g, err := c.ending(ctx, tx, e)
	if err != nil || len(g.brought.Quotas) == 0 {
		return "", err
	}
	customer, err := c.customer(ctx, g.customer)
	if err != nil {
		return "", err
	}
	ledger := g.Ledger(customer)
	return inParts(g.brought.Quotas, quotaID, from, grantsAtOnce, never, func(q metering.Quota) error {
		there, err := ledger.Quota(ctx, q.ID)
		until := g.bounded(there.From, there.Until)
		if made, err := g.own("quotas", string(q.ID), err, there.Subscription); !made || err != nil || until.Equal(there.Until) {
			return err
		}
		_, err = ledger.EndQuota(ctx, program(), q.ID, until)
		return err
	})
}

// includeCharges puts what a subscription is charged for on the statements.
func (c *Coin) includeCharges(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
	g, err := c.granting(ctx, tx, e)
	if err != nil || len(g.brought.Items) == 0 {
		return "", err
	}
	customer, err := c.customer(ctx, g.customer)
	if err != nil {
		return "", err
	}
	statements := g.Statements(customer)
	apart := func(a, b cost.Item) bool { return !a.From.Equal(b.From) }
	return inParts(g.brought.Items, itemID, from, itemsAtOnce, apart, func(i cost.Item) error {
		there, err := statements.Item(ctx, i.ID)
		if made, err := g.own("items", string(i.ID), err, there.Subscription); made || err != nil {
			return err
		}
		i.Until = g.bounded(i.From, i.Until)
		_, err = statements.Include(ctx, program(), i)
		return err
	})
}

// endCharges ends them with it.
func (c *Coin) endCharges(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
	g, err := c.ending(ctx, tx, e)
	if err != nil || len(g.brought.Items) == 0 {
		return "", err
	}
	customer, err := c.customer(ctx, g.customer)
	if err != nil {
		return "", err
	}
	statements := g.Statements(customer)
	apart := func(a, b cost.Item) bool { return !g.bounded(a.From, a.Until).Equal(g.bounded(b.From, b.Until)) }
	return inParts(g.brought.Items, itemID, from, itemsAtOnce, apart, func(i cost.Item) error {
		there, err := statements.Item(ctx, i.ID)
		until := g.bounded(there.From, there.Until)
		if made, err := g.own("items", string(i.ID), err, there.Subscription); !made || err != nil || until.Equal(there.Until) {
			return err
		}
		_, err = statements.End(ctx, program(), i.ID, until)
		return err
	})
}

// makePromises makes the promises that come with a subscription.
func (c *Coin) makePromises(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
	g, err := c.granting(ctx, tx, e)
	if err != nil {
		return "", err
	}
	keeper := g.Keeper(g.customer)
	return inParts(g.brought.Promises, promiseID, from, grantsAtOnce, never, func(p sla.Promise) error {
		there, err := keeper.Get(ctx, p.ID)
		if made, err := g.own("promises", string(p.ID), err, there.Subscription); made || err != nil {
			return err
		}
		p.ValidUntil = g.bounded(p.ValidFrom, p.ValidUntil)
		_, err = keeper.Make(ctx, program(), p)
		return err
	})
}

// endPromises ends them with it.
func (c *Coin) endPromises(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
	g, err := c.ending(ctx, tx, e)
	if err != nil {
		return "", err
	}
	keeper := g.Keeper(g.customer)
	return inParts(g.brought.Promises, promiseID, from, grantsAtOnce, never, func(p sla.Promise) error {
		there, err := keeper.Get(ctx, p.ID)
		until := g.bounded(there.ValidFrom, there.ValidUntil)
		if made, err := g.own("promises", string(p.ID), err, there.Subscription); !made || err != nil || until.Equal(there.ValidUntil) {
			return err
		}
		_, err = keeper.End(ctx, program(), p.ID, until)
		return err
	})
}

package bundle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/sla"
)

// What a subscription brings is granted when it begins, and ended when it has
// departed, by a rule each for quotas, items and promises. The rules come in any
// order, since one that fails is parked and tried again later: a rule that grants
// looks at the subscription, and grants what has departed up to its end; a rule
// that ends passes over what is not granted yet. What there is when all have run is
// the same in every order.

// grant is what a link works on that grants or ends.
type grant struct {
	Nouns // inside of the commit

	ctx      context.Context //nolint:containedctx // lives for one call
	customer servicecoin.CustomerID
	brought  Brought
	until    time.Time // when the subscription was gone; zero: it is there
}

// grants is a link that grants something of what a subscription brings, as it
// stands now.
func (n Nouns) grants(name, to, endedBy string, do func(g grant, at string) (string, error)) exchange.Link {
	l := exchange.Parts(n.Base, name, offers, to, []string{catalog.EventSubscriptionActivated},
		func(ctx context.Context, w exchange.Work, change catalog.SubscriptionChanged, at string) (string, error) {
			g := grant{Nouns: n.On(w.Base), ctx: ctx, customer: w.Customer}
			sub, err := g.Subscriptions(g.Base, g.customer).Get(ctx, change.Subscription)
			if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
				return "", err
			}
			g.until = sub.Until
			if g.brought, err = n.brings(ctx, w, g.customer, change); err != nil {
				return "", err
			}
			return do(g, at)
		})
	l.EndedBy = endedBy
	return l
}

// ends is a link that ends something of what a subscription brought that has
// departed: nothing, where nobody has asked for it yet.
func (n Nouns) ends(name, to string, do func(g grant, at string) (string, error)) exchange.Link {
	return exchange.Parts(n.Base, name, offers, to, []string{catalog.EventSubscriptionDeparted},
		func(ctx context.Context, w exchange.Work, change catalog.SubscriptionChanged, at string) (string, error) {
			g := grant{Nouns: n.On(w.Base), ctx: ctx, customer: w.Customer, until: change.Until}
			var err error
			if g.brought, err = g.Brought(ctx, g.customer, change.Subscription); errors.Is(err, servicecoin.ErrNotFound) {
				return "", nil
			} else if err != nil {
				return "", err
			}
			return do(g, at)
		})
}

// offers is the room whose events the links answer.
const offers = "catalog"

// Ask is the link that asks what a subscription brings, before anything is made of
// it.
func (n Nouns) Ask() exchange.Link {
	l := exchange.When(n.Base, "bundle.ask", offers, offers, []string{catalog.EventSubscriptionActivated},
		func(ctx context.Context, w exchange.Work, change catalog.SubscriptionChanged) error {
			_, err := n.brings(ctx, w, w.Customer, change)
			return err
		})
	return l
}

// Quotas are the links that set the quotas which come with a subscription, and end
// them with it: past months keep theirs.
func (n Nouns) Quotas() []exchange.Link {
	return []exchange.Link{n.grants("quota.set", "metering", "quota.end", grant.setQuotas), n.ends("quota.end", "metering", grant.endQuotas)}
}

// Charges are the links that put what a subscription is charged for on the
// statements, and end it with the subscription.
func (n Nouns) Charges() []exchange.Link {
	return []exchange.Link{n.grants("charge.include", "cost", "charge.end", grant.includeCharges), n.ends("charge.end", "cost", grant.endCharges)}
}

// Promises are the links that make the promises which come with a subscription, and
// end them with it.
func (n Nouns) Promises() []exchange.Link {
	return []exchange.Link{n.grants("promise.make", "sla", "promise.end", grant.makePromises), n.ends("promise.end", "sla", grant.endPromises)}
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
// reads its price and its meter as well, and may make 36 months due; a promise that
// ends looks at the reports of the last year, and may make each of them due.
const (
	grantsAtOnce   = 20
	itemsAtOnce    = 3
	promisesAtOnce = 3
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
func (g grant) setQuotas(from string) (string, error) {
	if len(g.brought.Quotas) == 0 {
		return "", nil
	}
	customer, err := g.Known(g.ctx, g.customer)
	if err != nil {
		return "", err
	}
	ledger := g.Ledger(g.Base, customer)
	return inParts(g.brought.Quotas, quotaID, from, grantsAtOnce, never, func(q metering.Quota) error {
		there, err := ledger.Quota(g.ctx, q.ID)
		if made, err := g.own("quotas", string(q.ID), err, there.Subscription); made || err != nil {
			return err
		}
		q.Until = g.bounded(q.From, q.Until)
		_, err = ledger.SetQuota(g.ctx, exchange.By(), q)
		return err
	})
}

// endQuotas ends them with it. Past months keep theirs.
func (g grant) endQuotas(from string) (string, error) {
	if len(g.brought.Quotas) == 0 {
		return "", nil
	}
	customer, err := g.Known(g.ctx, g.customer)
	if err != nil {
		return "", err
	}
	ledger := g.Ledger(g.Base, customer)
	return inParts(g.brought.Quotas, quotaID, from, grantsAtOnce, never, func(q metering.Quota) error {
		there, err := ledger.Quota(g.ctx, q.ID)
		until := g.bounded(there.From, there.Until)
		if made, err := g.own("quotas", string(q.ID), err, there.Subscription); !made || err != nil || until.Equal(there.Until) {
			return err
		}
		_, err = ledger.EndQuota(g.ctx, exchange.By(), q.ID, until)
		return err
	})
}

// includeCharges puts what a subscription is charged for on the statements.
func (g grant) includeCharges(from string) (string, error) {
	if len(g.brought.Items) == 0 {
		return "", nil
	}
	customer, err := g.Known(g.ctx, g.customer)
	if err != nil {
		return "", err
	}
	statements := g.Statements(g.Base, customer)
	apart := func(a, b cost.Item) bool { return !a.From.Equal(b.From) }
	return inParts(g.brought.Items, itemID, from, itemsAtOnce, apart, func(i cost.Item) error {
		there, err := statements.Item(g.ctx, i.ID)
		if made, err := g.own("items", string(i.ID), err, there.Subscription); made || err != nil {
			return err
		}
		i.Until = g.bounded(i.From, i.Until)
		_, err = statements.Include(g.ctx, exchange.By(), i)
		return err
	})
}

// endCharges ends them with it.
func (g grant) endCharges(from string) (string, error) {
	if len(g.brought.Items) == 0 {
		return "", nil
	}
	customer, err := g.Known(g.ctx, g.customer)
	if err != nil {
		return "", err
	}
	statements := g.Statements(g.Base, customer)
	apart := func(a, b cost.Item) bool { return !g.bounded(a.From, a.Until).Equal(g.bounded(b.From, b.Until)) }
	return inParts(g.brought.Items, itemID, from, itemsAtOnce, apart, func(i cost.Item) error {
		there, err := statements.Item(g.ctx, i.ID)
		until := g.bounded(there.From, there.Until)
		if made, err := g.own("items", string(i.ID), err, there.Subscription); !made || err != nil || until.Equal(there.Until) {
			return err
		}
		_, err = statements.End(g.ctx, exchange.By(), i.ID, until)
		return err
	})
}

// makePromises makes the promises that come with a subscription.
func (g grant) makePromises(from string) (string, error) {
	if len(g.brought.Promises) == 0 {
		return "", nil
	}
	keeper := g.Keeper(g.Base, g.customer)
	return inParts(g.brought.Promises, promiseID, from, grantsAtOnce, never, func(p sla.Promise) error {
		there, err := keeper.Get(g.ctx, p.ID)
		if made, err := g.own("promises", string(p.ID), err, there.Subscription); made || err != nil {
			return err
		}
		p.ValidUntil = g.bounded(p.ValidFrom, p.ValidUntil)
		_, err = keeper.Make(g.ctx, exchange.By(), p)
		return err
	})
}

// endPromises ends them with it.
func (g grant) endPromises(from string) (string, error) {
	if len(g.brought.Promises) == 0 {
		return "", nil
	}
	keeper := g.Keeper(g.Base, g.customer)
	return inParts(g.brought.Promises, promiseID, from, promisesAtOnce, never, func(p sla.Promise) error {
		there, err := keeper.Get(g.ctx, p.ID)
		until := g.bounded(there.ValidFrom, there.ValidUntil)
		if made, err := g.own("promises", string(p.ID), err, there.Subscription); !made || err != nil || until.Equal(there.ValidUntil) {
			return err
		}
		_, err = keeper.End(g.ctx, exchange.By(), p.ID, until)
		return err
	})
}

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
	return []exchange.Link{n.grants("quota.set", "metering", "quota.end", makes(grant.quotas)), n.ends("quota.end", "metering", ended(grant.quotas))}
}

// Charges are the links that put what a subscription is charged for on the
// statements, and end it with the subscription.
func (n Nouns) Charges() []exchange.Link {
	return []exchange.Link{n.grants("charge.include", "cost", "charge.end", makes(grant.items)), n.ends("charge.end", "cost", ended(grant.items))}
}

// Promises are the links that make the promises which come with a subscription, and
// end them with it.
func (n Nouns) Promises() []exchange.Link {
	return []exchange.Link{n.grants("promise.make", "sla", "promise.end", makes(grant.promises)), n.ends("promise.end", "sla", ended(grant.promises))}
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

// kindOf is one list of what a subscription brings, and how its members are looked
// up, made and ended.
type kindOf[T any] struct {
	name   string // of the list
	list   []T
	id     func(T) string
	of     func(T) servicecoin.SubscriptionID
	from   func(T) time.Time
	until  func(*T) *time.Time
	makes  int  // the most that one commit makes
	ends   int  // and ends
	months bool // those that begin, or end, at different instants are apart: each makes other months due
	get    func(T) (T, error)
	make   func(T) error
	end    func(x T, until time.Time) error
}

// makes makes what is not there yet.
func makes[T any](look func(grant) (kindOf[T], error)) func(g grant, at string) (string, error) {
	return func(g grant, at string) (string, error) {
		k, err := look(g)
		if err != nil {
			return "", err
		}
		apart := func(a, b T) bool { return k.months && !k.from(a).Equal(k.from(b)) }
		return inParts(k.list, k.id, at, k.makes, apart, func(x T) error {
			there, err := k.get(x)
			if made, err := g.own(k.name, k.id(x), err, k.of(there)); made || err != nil {
				return err
			}
			until := k.until(&x)
			*until = g.bounded(k.from(x), *until)
			return k.make(x)
		})
	}
}

// ended ends with the subscription what is there.
func ended[T any](look func(grant) (kindOf[T], error)) func(g grant, at string) (string, error) {
	return func(g grant, at string) (string, error) {
		k, err := look(g)
		if err != nil {
			return "", err
		}
		end := func(x T) time.Time { return g.bounded(k.from(x), *k.until(&x)) }
		apart := func(a, b T) bool { return k.months && !end(a).Equal(end(b)) }
		return inParts(k.list, k.id, at, k.ends, apart, func(x T) error {
			there, err := k.get(x)
			until := end(there)
			if made, err := g.own(k.name, k.id(x), err, k.of(there)); !made || err != nil || until.Equal(*k.until(&there)) {
				return err
			}
			return k.end(x, until)
		})
	}
}

// quotas are those that come with a subscription. Past months keep theirs when it
// ends.
func (g grant) quotas() (kindOf[metering.Quota], error) {
	if len(g.brought.Quotas) == 0 {
		return kindOf[metering.Quota]{}, nil
	}
	customer, err := g.Known(g.ctx, g.customer)
	ledger := g.Ledger(g.Base, customer)
	return kindOf[metering.Quota]{
		name: "quotas", list: g.brought.Quotas, makes: grantsAtOnce, ends: grantsAtOnce,
		id:    func(q metering.Quota) string { return string(q.ID) },
		of:    func(q metering.Quota) servicecoin.SubscriptionID { return q.Subscription },
		from:  func(q metering.Quota) time.Time { return q.From },
		until: func(q *metering.Quota) *time.Time { return &q.Until },
		get:   func(q metering.Quota) (metering.Quota, error) { return ledger.Quota(g.ctx, q.ID) },
		make: func(q metering.Quota) error {
			_, err := ledger.SetQuota(g.ctx, exchange.By(), q)
			return err
		},
		end: func(q metering.Quota, until time.Time) error {
			_, err := ledger.EndQuota(g.ctx, exchange.By(), q.ID, until)
			return err
		},
	}, err
}

// items are what a subscription is charged for.
func (g grant) items() (kindOf[cost.Item], error) {
	if len(g.brought.Items) == 0 {
		return kindOf[cost.Item]{}, nil
	}
	customer, err := g.Known(g.ctx, g.customer)
	statements := g.Statements(g.Base, customer)
	return kindOf[cost.Item]{
		name: "items", list: g.brought.Items, makes: itemsAtOnce, ends: itemsAtOnce, months: true,
		id:    func(i cost.Item) string { return string(i.ID) },
		of:    func(i cost.Item) servicecoin.SubscriptionID { return i.Subscription },
		from:  func(i cost.Item) time.Time { return i.From },
		until: func(i *cost.Item) *time.Time { return &i.Until },
		get:   func(i cost.Item) (cost.Item, error) { return statements.Item(g.ctx, i.ID) },
		make: func(i cost.Item) error {
			_, err := statements.Include(g.ctx, exchange.By(), i)
			return err
		},
		end: func(i cost.Item, until time.Time) error {
			_, err := statements.End(g.ctx, exchange.By(), i.ID, until)
			return err
		},
	}, err
}

// promises are those that come with a subscription.
func (g grant) promises() (kindOf[sla.Promise], error) {
	if len(g.brought.Promises) == 0 {
		return kindOf[sla.Promise]{}, nil
	}
	keeper := g.Keeper(g.Base, g.customer)
	return kindOf[sla.Promise]{
		name: "promises", list: g.brought.Promises, makes: grantsAtOnce, ends: promisesAtOnce,
		id:    func(p sla.Promise) string { return string(p.ID) },
		of:    func(p sla.Promise) servicecoin.SubscriptionID { return p.Subscription },
		from:  func(p sla.Promise) time.Time { return p.ValidFrom },
		until: func(p *sla.Promise) *time.Time { return &p.ValidUntil },
		get:   func(p sla.Promise) (sla.Promise, error) { return keeper.Get(g.ctx, p.ID) },
		make: func(p sla.Promise) error {
			_, err := keeper.Make(g.ctx, exchange.By(), p)
			return err
		},
		end: func(p sla.Promise, until time.Time) error {
			_, err := keeper.End(g.ctx, exchange.By(), p.ID, until)
			return err
		},
	}, nil
}

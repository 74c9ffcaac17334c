package cointest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/coin/bundle"
	"github.com/servicecoin/servicecoin/coin/changeroom"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/releaseroom"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/storetest"
)

// life is a provider with two services, each with an offering that brings a fee, a
// metered item, a quota and a promise; three customers in three zones; and two
// replicas of the exchange.
type life struct {
	ctx      context.Context //nolint:containedctx // lives as long as the life
	faults   *storetest.Faults
	usage    *metering.MemoryStore
	now      time.Time
	zones    map[servicecoin.CustomerID]string
	limit    int64 // of the quotas that new subscriptions bring
	failing  bool  // the host's function fails
	coin     *coin.Coin
	workers  [2]*store.Consumer
	ahead    time.Duration // of the second worker's clock
	furthest time.Time     // that its clock showed when it was ahead by more
	fewer    bool          // the second worker has a rule less, and in another order
	seen     time.Time     // when the first worker was at work last

	subs    map[servicecoin.CustomerID][]servicecoin.SubscriptionID
	events  map[servicecoin.CustomerID]int
	cases   []servicecoin.IncidentID
	changes []servicecoin.ChangeID
	firsts  map[string]calendar.Date // when versions were promised first
	n       int
	open    error
}

var simulated = []servicecoin.CustomerID{"acme", "globex", "initech"} //nolint:gochecknoglobals // constant

const simulator = servicecoin.PersonID("simulator")

func newLife(ctx context.Context) (*life, error) {
	l := &life{
		ctx: ctx, faults: storetest.NewFaults(memory.New()), usage: metering.NewMemoryStore(), limit: 100,
		now:   begun(),
		zones: map[servicecoin.CustomerID]string{"acme": "Europe/Berlin", "globex": "America/New_York", "initech": "UTC"},
		subs:  map[servicecoin.CustomerID][]servicecoin.SubscriptionID{}, events: map[servicecoin.CustomerID]int{},
	}
	var err error
	if l.coin, err = l.assemble(0); err != nil {
		return nil, err
	}
	by, c := l.by(), l.coin
	long := l.now.AddDate(-1, 0, 0)
	if err := errors.Join(
		second(c.Prices().Publish(ctx, by, "fee", rating.Price{Name: "Fee", Model: rating.Flat, Currency: "EUR", Rounding: money.HalfAwayFromZero, Amount: servicecoin.Some(decimal.NewFromInt(100))}, long)),
		second(c.Prices().Publish(ctx, by, "call", rating.Price{Name: "Call", Model: rating.PerUnit, Currency: "EUR", Rounding: money.HalfAwayFromZero, UnitPrice: servicecoin.Some(decimal.NewFromInt(1))}, long)),
		c.Meters().Define(ctx, by, metering.Meter{ID: "calls", Name: "Calls", Type: "called", Aggregation: metering.Sum, Unit: "calls"}),
	); err != nil {
		return nil, err
	}
	for _, s := range []servicecoin.ServiceID{"mail", "files"} {
		if err := errors.Join(
			second(c.Catalog().AddService(ctx, by, catalog.Service{ID: s, Name: string(s), Kind: catalog.Business})),
			second(c.Catalog().LaunchService(ctx, by, s)),
			second(c.Catalog().Publish(ctx, by, catalog.Offering{ID: servicecoin.OfferingID(s), Service: s, Name: string(s), Kind: catalog.Cloud, Price: "fee", Approval: catalog.ApprovalNone})),
		); err != nil {
			return nil, err
		}
	}
	err = l.hire()
	return l, err
}

// begun is when a life begins.
func begun() time.Time { return time.Date(2026, 1, 28, 12, 0, 0, 0, time.UTC) }

func second[T any](_ T, err error) error { return err }

func (l *life) by() servicecoin.Actor { return servicecoin.Person(simulator) }

// latest is the latest instant that any clock has shown.
func (l *life) latest() time.Time {
	if at := l.now.Add(l.ahead); at.After(l.furthest) {
		return at
	}
	return l.furthest
}

// assemble makes a coin over the life's backend, with a clock of its own.
func (l *life) assemble(replica int) (*coin.Coin, error) {
	s := store.New(l.faults, &store.Options{Now: func() time.Time {
		if replica == 1 {
			return l.now.Add(l.ahead)
		}
		return l.now
	}, NewID: func() string { l.n++; return "id" + strconv.Itoa(l.n) }})
	return coin.New(s, nil, &coin.Options{
		NoApproval: true, Usage: l.usage,
		Customer: func(_ context.Context, id servicecoin.CustomerID) (servicecoin.Customer, error) {
			return servicecoin.Customer{ID: id, Name: string(id), Zone: l.zones[id], Currency: "EUR"}, nil
		},
		Comes: l.comes, FreezeWhenSpent: true,
		Patches:       flaws(),
		Releases:      releaseroom.Options{FeatureOptions: l.featureRules()},
		Configuration: configuration.Options{Types: recorded(), SecretKey: []byte("a key that a test need not hide")},
		Changes: changeroom.Options{Grace: 60 * 24 * time.Hour, Policy: &change.Policy{Name: "one", Rules: []change.ApprovalRule{
			{Quorums: []change.Quorum{{Group: "all", Members: []servicecoin.PersonID{simulator}}}},
		}}},
	})
}

// comes is the plan that holds now: another one by the time at which it ends.
func (l *life) comes(_ context.Context, _ servicecoin.CustomerID, s catalog.SubscriptionChanged) (bundle.Bundle, error) {
	if l.failing {
		return bundle.Bundle{}, errors.New("the host's plans are away")
	}
	id, d := string(s.Subscription), decimal.RequireFromString
	b := bundle.Bundle{
		Items:  []cost.Item{{ID: cost.ItemID(id + " fee"), Name: "Fee", Price: "fee"}},
		Quotas: []metering.Quota{{ID: metering.QuotaID(id), Meter: "calls", Limit: decimal.NewFromInt(l.limit), Mode: metering.Soft, Period: metering.Monthly}},
		Promises: []sla.Promise{{
			ID: servicecoin.PromiseID(id), Objective: d("99.9"), Terms: sla.Terms{Weights: sla.Weights{"outage": d("1"), "disruption": d("0.5")}},
			Bands: sla.Bands{{Below: d("99.9"), Credit: d("10")}, {Below: d("99"), Credit: d("25")}},
		}},
	}
	if l.limit == 100 { // the first plan had a metered item too
		b.Items = append(b.Items, cost.Item{ID: cost.ItemID(id + " calls"), Name: "Calls", Price: "call", Meter: "calls"})
	}
	return b, nil
}

// hire starts both replicas anew: with a new lease, and the second one as it is said
// to be.
func (l *life) hire() error {
	for i := range l.workers {
		c, err := l.assemble(i)
		if err != nil {
			return err
		}
		x, err := c.Rooms()
		if err != nil {
			return err
		}
		rules := x.Rules()
		if i == 1 && l.fewer {
			rules = slices.DeleteFunc(rules, func(r store.Rule) bool { return r.Name == "quota.end" || r.Name == "letter.draft" })
			slices.Reverse(rules)
		}
		if l.workers[i], err = store.NewConsumer(c.Store(), exchange.Name, rules, &store.ConsumerOptions{Holder: "worker" + strconv.Itoa(i), Tries: 2, Backoff: store.AtOnce}); err != nil {
			return err
		}
	}
	return nil
}

func (l *life) customer(n int) servicecoin.CustomerID { return simulated[n%len(simulated)] }

func (l *life) known(id servicecoin.CustomerID) servicecoin.Customer {
	return servicecoin.Customer{ID: id, Name: string(id), Zone: l.zones[id], Currency: "EUR"}
}

func (l *life) service(n int) servicecoin.ServiceID {
	return []servicecoin.ServiceID{"mail", "files"}[n%2]
}

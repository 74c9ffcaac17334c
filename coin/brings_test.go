package coin_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/coin/bundle"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

var (
	ada   = servicecoin.Person("ada")
	start = time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
)

func d(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func acme(id servicecoin.CustomerID) servicecoin.Customer {
	return servicecoin.Customer{ID: id, Name: "Acme", Currency: "EUR"}
}

// shop is a provider with one offering that needs no approval, fulfilled by hand.
type shop struct {
	*coin.Coin

	t     testing.TB
	store *store.Store
	now   time.Time
	comes func(s catalog.SubscriptionChanged) (bundle.Bundle, error)
	asked int

	authorize servicecoin.Authorizer // nil allows everything
}

func newShop(t testing.TB, change ...func(o *coin.Options)) *shop {
	t.Helper()
	s := &shop{t: t, now: start, comes: plan}
	s.store = store.New(memory.New(), &store.Options{
		Now:       func() time.Time { return s.now },
		Authorize: func(ctx context.Context, a servicecoin.Attempt) error { return s.authorize.Ask(ctx, a) },
	})
	o := coin.Options{
		Customer: func(_ context.Context, id servicecoin.CustomerID) (servicecoin.Customer, error) { return acme(id), nil },
		Usage:    metering.NewMemoryStore(),
		Comes: func(_ context.Context, _ servicecoin.CustomerID, change catalog.SubscriptionChanged) (bundle.Bundle, error) {
			s.asked++
			return s.comes(change)
		},
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	s.Coin, err = coin.New(s.store, nil, &o)
	require.NoError(t, err)
	ctx := t.Context()
	_, err = s.Catalog().AddService(ctx, ada, catalog.Service{ID: "mail", Name: "Mail", Kind: catalog.Business})
	require.NoError(t, err)
	_, err = s.Catalog().LaunchService(ctx, ada, "mail")
	require.NoError(t, err)
	s.publish(catalog.Offering{ID: "mail-std", Service: "mail", Name: "Mail", Kind: catalog.Cloud, Price: "fee", Approval: catalog.ApprovalNone})
	price := rating.Price{Name: "Fee", Model: rating.Flat, Currency: "EUR", Rounding: money.HalfAwayFromZero, Amount: servicecoin.Some(d("10"))}
	_, err = s.Prices().Publish(ctx, ada, "fee", price, start.AddDate(-1, 0, 0))
	require.NoError(t, err)
	require.NoError(t, s.Meters().Define(ctx, ada, metering.Meter{ID: "calls", Name: "Calls", Type: "called", Aggregation: metering.Sum, Unit: "calls"}))
	return s
}

func (s *shop) publish(o catalog.Offering) {
	s.t.Helper()
	_, err := s.Catalog().Publish(s.t.Context(), ada, o)
	require.NoError(s.t, err)
}

// plan is one of each, and one of each with an end or a beginning of its own.
func plan(s catalog.SubscriptionChanged) (bundle.Bundle, error) {
	id := string(s.Subscription)
	quota := metering.Quota{Meter: "calls", Limit: d("10"), Mode: metering.Hard, Period: metering.Monthly}
	item := cost.Item{Name: "Fee", Price: "fee"}
	promise := sla.Promise{
		Objective: d("99.9"),
		Terms:     sla.Terms{Weights: sla.Weights{"outage": d("1"), "disruption": d("0.3"), "degradation": d("0"), "information": d("0")}},
	}
	soon, later := start.AddDate(0, 0, 3), start.AddDate(1, 0, 0)
	var b bundle.Bundle
	for _, x := range []struct {
		name        string
		from, until time.Time
	}{{"open", time.Time{}, time.Time{}}, {"ends soon", time.Time{}, soon}, {"ends later", time.Time{}, later}, {"begins later", later, time.Time{}}} {
		quota.ID, quota.From, quota.Until = metering.QuotaID(id+"/"+x.name), x.from, x.until
		item.ID, item.From, item.Until = cost.ItemID(id+"/"+x.name), x.from, x.until
		promise.ID, promise.ValidFrom, promise.ValidUntil = servicecoin.PromiseID(id+"/"+x.name), x.from, x.until
		b.Quotas, b.Items, b.Promises = append(b.Quotas, quota), append(b.Items, item), append(b.Promises, promise)
	}
	return b, nil
}

// subscribe gives a customer the offering at once.
func (s *shop) subscribe(customer servicecoin.CustomerID, id servicecoin.SubscriptionID) {
	s.t.Helper()
	ctx := s.t.Context()
	offering, err := s.Catalog().Orderable(ctx, "mail-std")
	require.NoError(s.t, err)
	order, err := s.Orders(customer).Place(ctx, servicecoin.Client("mika"), offering, catalog.Request{Subscription: id})
	require.NoError(s.t, err)
	_, err = s.Orders(customer).Fulfil(ctx, ada, order.ID, nil)
	require.NoError(s.t, err)
}

// leave has a subscription depart a month later.
func (s *shop) leave(customer servicecoin.CustomerID, id servicecoin.SubscriptionID) {
	s.t.Helper()
	ctx := s.t.Context()
	s.now = start.AddDate(0, 1, 0)
	_, err := s.Subscriptions(customer).Depart(ctx, ada, id, time.Time{}, "moves on")
	require.NoError(s.t, err)
	_, err = s.Subscriptions(customer).Complete(ctx, ada, id)
	require.NoError(s.t, err)
}

// drain runs the exchange until nothing is left, and returns what it parked.
func (s *shop) drain() (x *store.Consumer, parked []store.Item[store.Parked]) {
	s.t.Helper()
	x, err := s.Exchange(&store.ConsumerOptions{Holder: "one", Tries: 1})
	require.NoError(s.t, err)
	for range 2000 {
		done, err := x.Step(s.t.Context(), 100)
		require.NoError(s.t, err)
		if done.Effects+done.Skipped+done.Parked == 0 {
			for p, err := range x.Parked().Items(s.t.Context()) {
				require.NoError(s.t, err)
				parked = append(parked, p)
			}
			return x, parked
		}
	}
	s.t.Fatal("the exchange does not come to an end")
	return nil, nil
}

// event returns the last event of a name in a customer's partition.
func (s *shop) event(customer servicecoin.CustomerID, name string) (found store.Event) {
	s.t.Helper()
	events, err := s.store.For(customer).Events(s.t.Context(), 0, 1000)
	require.NoError(s.t, err)
	for _, e := range events {
		if e.Name == name {
			found = e
		}
	}
	return found
}

// run makes the whole effect of one rule on an event, by hand.
func (s *shop) run(rule string, e store.Event) error {
	s.t.Helper()
	for _, r := range s.Links() {
		if r.Name != rule {
			continue
		}
		for from := ""; ; {
			next := ""
			err := s.store.Do(s.t.Context(), func(tx *store.Store) error {
				var err error
				next, err = r.Do(s.t.Context(), tx, e, from)
				return err
			})
			if err != nil || next == "" {
				return err
			}
			from = next
		}
	}
	s.t.Fatalf("no rule %s", rule)
	return nil
}

// granted says what there is for a customer, in lines.
func (s *shop) granted(customer servicecoin.CustomerID, id servicecoin.SubscriptionID) []string {
	s.t.Helper()
	ctx := s.t.Context()
	list := []string{}
	add := func(kind, name string, from, until time.Time, of servicecoin.SubscriptionID) {
		require.Equal(s.t, id, of)
		end := "open"
		if !until.IsZero() {
			end = until.Format(time.DateOnly)
		}
		list = append(list, fmt.Sprintf("%s %s: %s to %s", kind, strings.TrimPrefix(name, string(id)+"/"), from.Format(time.DateOnly), end))
	}
	for q, err := range s.Ledger(acme(customer)).Quotas("").All(ctx) {
		require.NoError(s.t, err)
		add("quota", string(q.ID), q.From, q.Until, q.Subscription)
	}
	for i, err := range s.Statements(acme(customer)).Items("").All(ctx) {
		require.NoError(s.t, err)
		add("item", string(i.ID), i.From, i.Until, i.Subscription)
	}
	for p, err := range s.Keeper(customer).Promises("").All(ctx) {
		require.NoError(s.t, err)
		add("promise", string(p.ID), p.ValidFrom, p.ValidUntil, p.Subscription)
	}
	return list
}

var ofOneThatLeft = []string{
	"open: 2026-01-10 to 2026-02-10", "ends soon: 2026-01-10 to 2026-01-13", "ends later: 2026-01-10 to 2026-02-10", "begins later: 2027-01-10 to 2027-01-10",
}

func of(kinds ...string) (list []string) {
	for _, kind := range kinds {
		for _, line := range ofOneThatLeft {
			list = append(list, kind+" "+line)
		}
	}
	return list
}

func permutations(list []string, visit func(order []string)) {
	var walk func(n int)
	walk = func(n int) {
		if n == len(list) {
			visit(list)
			return
		}
		for i := n; i < len(list); i++ {
			list[n], list[i] = list[i], list[n]
			walk(n + 1)
			list[n], list[i] = list[i], list[n]
		}
	}
	walk(0)
}

// Whatever order a subscription's rules run in, because some were parked and
// retried, what there is in the end is the same.
func TestEveryOrderOfGrantAndEnd(t *testing.T) {
	t.Parallel()
	for kind, rules := range map[string][2]string{
		"quota": {"quota.set", "quota.end"}, "item": {"charge.include", "charge.end"}, "promise": {"promise.make", "promise.end"},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			grant, end := rules[0], rules[1]
			n := 0
			// The rule that grants may also run a second time: a try whose answer was lost.
			permutations([]string{"bundle.ask", grant, end, grant + " again", "depart"}, func(order []string) {
				s := newShop(t)
				n++
				s.subscribe("acme", "s1")
				began := s.event("acme", catalog.EventSubscriptionActivated)
				var left store.Event
				for _, what := range order {
					rule, _, _ := strings.Cut(what, " ")
					switch {
					case what == "depart":
						s.leave("acme", "s1")
						left = s.event("acme", catalog.EventSubscriptionDeparted)
						s.comes = func(catalog.SubscriptionChanged) (bundle.Bundle, error) {
							return plan(catalog.SubscriptionChanged{Subscription: "s1"})
						}
					case rule == end && left.ID == "":
						return // there is no such event yet
					case rule == end:
						require.NoError(t, s.run(end, left), "%v", order)
						require.NoError(t, s.run(end, left), "%v", order)
					default:
						require.NoError(t, s.run(rule, began), "%v", order)
					}
				}
				require.ElementsMatch(t, of(kind), s.granted("acme", "s1"), "%v", order)
				require.Equal(t, 1, s.asked, "%v", order)
			})
			require.Equal(t, 120, n)
		})
	}
}

// Through the exchange itself: any rule fails and is parked, and is retried before
// the departure, between it and what ends, or after all.
func TestParkedAndRetried(t *testing.T) {
	t.Parallel()
	broken := errors.New("the machine is on fire")
	for _, when := range []string{"before", "between", "after"} {
		for failing := range 1 << 7 {
			if one := failing&(failing-1) == 0; when != "between" && !one && failing != 1<<7-1 {
				continue // of those only none, one, or all
			}
			s, fails := newShop(t), map[string]bool{}
			s.authorize = func(_ context.Context, a servicecoin.Attempt) error {
				if a.Actor == servicecoin.Program(exchange.Name) && fails[a.Verb] {
					return broken
				}
				return nil
			}
			for n, verb := range []string{"quota.set", "quota.end", "statement.include", "statement.end", "promise.make", "promise.end"} {
				fails[verb] = failing&(1<<n) != 0
			}
			askFails := failing&(1<<6) != 0
			good := s.comes
			if askFails {
				s.comes = func(catalog.SubscriptionChanged) (bundle.Bundle, error) { return bundle.Bundle{}, broken }
			}
			s.subscribe("acme", "s1")
			mend := func() {
				fails, s.comes = map[string]bool{}, good
				x, parked := s.drain()
				for _, p := range parked {
					require.NoError(t, x.Retry(t.Context(), p.Key))
				}
			}
			s.drain()
			if when == "before" {
				mend()
			}
			s.leave("acme", "s1")
			if when == "between" {
				x, err := s.Exchange(&store.ConsumerOptions{Holder: "one", Tries: 1})
				require.NoError(t, err)
				fails, s.comes = map[string]bool{}, good
				var parked []store.Item[store.Parked]
				for p, err := range x.Parked().Items(t.Context()) {
					require.NoError(t, err)
					parked = append(parked, p)
				}
				for _, p := range parked {
					require.NoError(t, x.Retry(t.Context(), p.Key))
				}
			}
			s.drain()
			mend()
			_, left := s.drain()
			require.Empty(t, left)
			require.ElementsMatch(t, of("quota", "item", "promise"), s.granted("acme", "s1"), "%s, %07b", when, failing)
		}
	}
}

// The host's plans change while somebody is subscribed: that changes nothing.
func TestPlansChange(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.subscribe("acme", "s1")
	_, parked := s.drain()
	require.Empty(t, parked)
	require.Equal(t, 1, s.asked)
	s.comes = func(catalog.SubscriptionChanged) (bundle.Bundle, error) { return bundle.Bundle{}, nil }
	past, err := s.Ledger(acme("acme")).Check(t.Context(), "calls", d("11"), start)
	require.NoError(t, err)
	require.False(t, past.Allowed)
	s.leave("acme", "s1")
	_, parked = s.drain()
	require.Empty(t, parked)
	require.ElementsMatch(t, of("quota", "item", "promise"), s.granted("acme", "s1"))
	require.Equal(t, 1, s.asked, "it is not asked again")
	now, err := s.Ledger(acme("acme")).Check(t.Context(), "calls", d("11"), s.now)
	require.NoError(t, err)
	require.True(t, now.Allowed, "a hard quota of what has departed refuses nothing")
	past, err = s.Ledger(acme("acme")).Check(t.Context(), "calls", d("11"), start)
	require.NoError(t, err)
	require.False(t, past.Allowed, "and is remembered")
	require.NoError(t, s.store.Forget(t.Context(), ada, "acme"))
	_, err = s.Brought(t.Context(), "acme", "s1")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}

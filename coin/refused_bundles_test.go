package coin_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/coin/bundle"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/sla"
)

// What a host answers that is not in order is refused whole, says what is wrong,
// and takes over nothing.
func TestBundlesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(b *bundle.Bundle)
		want   []string
	}{
		"invalid grants": {func(b *bundle.Bundle) {
			b.Quotas[0].Limit, b.Items[1].Name, b.Promises[2].Objective = d("-1"), "", d("101")
		}, []string{"quotas[0].limit", "items[1].name", "promises[2].objective"}},
		"the quota of another":        {func(b *bundle.Bundle) { b.Quotas[0].ID = "s0/open" }, []string{"quotas[0].id", "of subscription s0"}},
		"the item of another":         {func(b *bundle.Bundle) { b.Items[0].ID = "s0/open" }, []string{"items[0].id", "of subscription s0"}},
		"the promise of another":      {func(b *bundle.Bundle) { b.Promises[0].ID = "s0/open" }, []string{"promises[0].id", "of subscription s0"}},
		"a promise made by hand":      {func(b *bundle.Bundle) { b.Promises[0].ID = "by hand" }, []string{"promises[0].id", "of no subscription"}},
		"for another":                 {func(b *bundle.Bundle) { b.Items[0].Subscription = "s0" }, []string{"items[0].subscription", "is not the subscription that it comes with"}},
		"twice the same":              {func(b *bundle.Bundle) { b.Items[1].ID = b.Items[0].ID }, []string{"items[1].id", "named twice"}},
		"a price that nobody knows":   {func(b *bundle.Bundle) { b.Items[0].Price = "none" }, []string{"items[0].price", "no version of it holds"}},
		"meters that nobody knows":    {func(b *bundle.Bundle) { b.Items[0].Meter, b.Quotas[0].Meter = "none", "none" }, []string{"items[0].meter", "quotas[0].meter"}},
		"more than anybody looks at":  {func(b *bundle.Bundle) { b.Quotas = make([]metering.Quota, 100_000) }, []string{"quotas", "has 100000, 500 are allowed"}},
		"more than a record can hold": {func(b *bundle.Bundle) { b.Promises = long(b.Promises[0]) }, []string{"245760 are allowed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.subscribe("acme", "s0")
			_, parked := s.drain()
			require.Empty(t, parked)
			byHand, err := plan(catalog.SubscriptionChanged{Subscription: "s0"})
			require.NoError(t, err)
			byHand.Promises[0].ID, byHand.Promises[0].Service, byHand.Promises[0].ValidFrom = "by hand", "mail", start
			_, err = s.Keeper("acme").Make(t.Context(), ada, byHand.Promises[0])
			require.NoError(t, err)
			before := s.records("acme")
			s.comes = func(x catalog.SubscriptionChanged) (bundle.Bundle, error) {
				b, err := plan(x)
				c.change(&b)
				return b, err
			}
			s.subscribe("acme", "s1")
			x, parked := s.drain()
			require.Len(t, parked, 4)
			for _, p := range parked {
				for _, want := range c.want {
					require.Contains(t, p.Value.Error, want)
				}
			}
			require.Equal(t, before, s.records("acme"), "nothing is granted, and nothing of another is altered")
			s.comes = plan
			for _, p := range parked {
				require.NoError(t, x.Retry(t.Context(), p.Key))
			}
			require.Len(t, s.records("acme"), len(before)+12)
		})
	}
}

func long(p sla.Promise) (list []sla.Promise) {
	for k := range 70 {
		p.ID, p.Rationale.Text = servicecoin.PromiseID(fmt.Sprint("p", k)), strings.Repeat("x", 4000)
		list = append(list, p)
	}
	return list
}

// records returns the quotas, items and promises of a customer as they are kept.
func (s *shop) records(customer servicecoin.CustomerID) (list []string) {
	s.t.Helper()
	keep := func(x any, err error) {
		require.NoError(s.t, err)
		text, err := json.Marshal(x)
		require.NoError(s.t, err)
		list = append(list, string(text))
	}
	for x, err := range s.Ledger(acme(customer)).Quotas("").All(s.t.Context()) {
		keep(x, err)
	}
	for x, err := range s.Statements(acme(customer)).Items("").All(s.t.Context()) {
		keep(x, err)
	}
	for x, err := range s.Keeper(customer).Promises("").All(s.t.Context()) {
		keep(x, err)
	}
	return list
}

// Without Comes, a subscription brings the fee of its offering.
func TestFeeOfTheOffering(t *testing.T) {
	t.Parallel()
	s := newShop(t, func(o *coin.Options) { o.Comes = nil })
	s.subscribe("acme", "s1")
	_, parked := s.drain()
	require.Empty(t, parked)
	require.Equal(t, []string{"item s1: 2026-01-10 to open"}, s.granted("acme", "s1"))
	s.leave("acme", "s1")
	_, parked = s.drain()
	require.Empty(t, parked)
	require.Equal(t, []string{"item s1: 2026-01-10 to 2026-02-10"}, s.granted("acme", "s1"))
}

package coin_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/bundle"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// A bundle that one commit does not hold is granted and ended in parts.
func TestLargeBundles(t *testing.T) {
	t.Parallel()
	const n = 150
	s := newShop(t)
	s.comes = func(c catalog.SubscriptionChanged) (bundle.Bundle, error) {
		small, err := plan(c)
		var b bundle.Bundle
		for k := range n {
			q, i, p := small.Quotas[0], small.Items[0], small.Promises[0]
			q.ID, i.ID, p.ID = metering.QuotaID(fmt.Sprint("q", k)), cost.ItemID(fmt.Sprint("i", k)), servicecoin.PromiseID(fmt.Sprint("p", k))
			b.Quotas, b.Items, b.Promises = append(b.Quotas, q), append(b.Items, i), append(b.Promises, p)
		}
		return b, err
	}
	// Months that are issued are due by each item that begins in them.
	month := calendar.Month{Year: 2023, Month: time.January}
	s.now = start.AddDate(-3, 0, 0)
	_, err := s.Prices().Publish(t.Context(), ada, "old", rating.Price{Name: "Old", Model: rating.Flat, Currency: "EUR", Rounding: money.HalfAwayFromZero, Amount: servicecoin.Some(d("1"))}, start.AddDate(-4, 0, 0))
	require.NoError(t, err)
	statements := s.Statements(acme("acme"))
	_, err = statements.Include(t.Context(), ada, cost.Item{ID: "old", Name: "Old", Service: "mail", Price: "old", From: month.In(time.UTC).Start})
	require.NoError(t, err)
	for k := range 60 {
		s.now = month.Add(k + 1).In(time.UTC).Start
		_, err := statements.Issue(t.Context(), ada, month.Add(k))
		require.NoError(t, err)
	}
	_, err = statements.End(t.Context(), ada, "old", s.now)
	require.NoError(t, err)
	s.now = start
	s.subscribe("acme", "s1")
	s.now = start.AddDate(3, 0, 0)
	_, parked := s.drain()
	require.Empty(t, parked)
	ctx := t.Context()
	counts := func() (open, ended int) {
		for q, err := range s.Ledger(acme("acme")).Quotas("").All(ctx) {
			require.NoError(t, err)
			if q.Until.IsZero() {
				open++
			} else {
				ended++
			}
		}
		for i, err := range statements.Items("").All(ctx) {
			require.NoError(t, err)
			switch {
			case i.ID == "old":
			case i.Until.IsZero():
				open++
			default:
				ended++
			}
		}
		for p, err := range s.Keeper("acme").Promises("").All(ctx) {
			require.NoError(t, err)
			if p.ValidUntil.IsZero() {
				open++
			} else {
				ended++
			}
		}
		return open, ended
	}
	open, ended := counts()
	require.Equal(t, [2]int{3 * n, 0}, [2]int{open, ended})
	s.leave("acme", "s1")
	s.now = start.AddDate(3, 0, 0)
	_, parked = s.drain()
	require.Empty(t, parked)
	open, ended = counts()
	require.Equal(t, [2]int{0, 3 * n}, [2]int{open, ended})
	for _, name := range []string{metering.EventQuotaSet, metering.EventQuotaEnded, cost.EventItemIncluded, cost.EventItemEnded, sla.EventPromiseMade, sla.EventPromiseEnded} {
		want := n
		if name == cost.EventItemIncluded || name == cost.EventItemEnded {
			want++ // the old one
		}
		require.Equal(t, want, s.count("acme", name), name)
	}
}

// Items that begin or end at different instants make different months due, together
// more than one commit holds.
func TestItemsOfDifferentSpans(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := newShop(t)
	s.comes = func(c catalog.SubscriptionChanged) (bundle.Bundle, error) {
		small, err := plan(c)
		var b bundle.Bundle
		for k := range 3 {
			i := small.Items[0]
			i.ID, i.From = cost.ItemID(fmt.Sprint("i", k)), start.AddDate(0, 37*k, 0)
			b.Items = append(b.Items, i)
		}
		return b, err
	}
	statements := s.Statements(acme("acme"))
	_, err := statements.Include(ctx, ada, cost.Item{ID: "old", Name: "Old", Service: "mail", Price: "fee", From: start})
	require.NoError(t, err)
	first := calendar.MonthOf(start, time.UTC)
	last := first.Add(120).In(time.UTC).Start
	issue := func() {
		for k := range 120 {
			if over := first.Add(k + 1).In(time.UTC).Start; s.now.Before(over) {
				s.now = over
			}
			_, err := statements.Issue(ctx, ada, first.Add(k))
			require.NoError(t, err)
		}
	}
	issue()
	s.now = start
	s.subscribe("acme", "s1")
	s.now = last
	_, parked := s.drain()
	require.Empty(t, parked)
	issue()
	s.leave("acme", "s1")
	s.now = last
	_, parked = s.drain()
	require.Empty(t, parked)
	for i, err := range statements.Items("").All(ctx) {
		require.NoError(t, err)
		require.Equal(t, i.ID == "old", i.Until.IsZero(), i.ID)
	}
}

func (s *shop) count(customer servicecoin.CustomerID, name string) (n int) {
	s.t.Helper()
	after := store.Position(0)
	for {
		events, err := s.store.For(customer).Events(s.t.Context(), after, 1000)
		require.NoError(s.t, err)
		if len(events) == 0 {
			return n
		}
		for _, e := range events {
			after = e.Position
			if e.Name == name {
				n++
			}
		}
	}
}

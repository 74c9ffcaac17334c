package coin_test

import (
	"context"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// The end of a month in which a customer's currency changed issues a statement in each
// account, once.
func TestMonthEndOfTwoAccounts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	currency := "EUR"
	c, err := coin.New(store.New(memory.New(), &store.Options{Now: func() time.Time { return now }}), &catalog.MemoryDirectory{}, &coin.Options{
		Customer: func(_ context.Context, id servicecoin.CustomerID) (servicecoin.Customer, error) {
			return servicecoin.Customer{ID: id, Name: "Acme", Currency: currency}, nil
		},
	})
	require.NoError(t, err)
	x, err := c.Exchange(nil)
	require.NoError(t, err)
	change := time.Date(2026, 1, 16, 0, 0, 0, 0, time.UTC)
	for _, of := range []money.Currency{money.EUR, money.USD} {
		_, err := c.Prices().Publish(ctx, ada, servicecoin.PriceID("fee-"+of), rating.Price{
			Name: "Fee", Model: rating.Flat, Amount: servicecoin.Some(decimal.NewFromInt(31)), Currency: of, Rounding: money.HalfAwayFromZero, Proration: rating.ByDays,
		}, now.AddDate(-1, 0, 0))
		require.NoError(t, err)
	}
	include := func(of money.Currency, from time.Time) {
		_, err := c.Account(ctx, "acme").Statements().Include(ctx, ada, cost.Item{ID: cost.ItemID(of), Name: "Fee", Service: "mail", Price: servicecoin.PriceID("fee-" + of), From: from})
		require.NoError(t, err)
	}
	include(money.EUR, now)
	_, err = c.Account(ctx, "acme").Statements().End(ctx, ada, cost.ItemID(money.EUR), change)
	require.NoError(t, err)
	now, currency = change, "USD"
	include(money.USD, change)
	month := calendar.Month{Year: 2026, Month: time.January}
	now = month.In(time.UTC).End.AddDate(0, 0, 2)
	for turn, want := range []int{1, 0} {
		done, err := c.CloseAll(ctx, ada, x, month)
		require.NoError(t, err)
		require.Equal(t, want, done.Statements, "turn %d: a customer has its statements", turn)
	}
	statements := c.Account(ctx, "acme").Statements()
	for of, total := range map[money.Currency]string{money.EUR: "15.00 EUR", money.USD: "16.00 USD"} {
		st, err := statements.Account(of).Get(ctx, month)
		require.NoError(t, err)
		require.Equal(t, total, st.Total.String())
	}
	next := month.Next()
	now = next.In(time.UTC).End.AddDate(0, 0, 2)
	for _, want := range []int{1, 0} { // in dollars alone
		done, err := c.CloseAll(ctx, ada, x, next)
		require.NoError(t, err)
		require.Equal(t, want, done.Statements)
	}
}

package rating_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// A customer's own price holds for its time, and for nobody else.
func TestOverride(t *testing.T) {
	t.Parallel()
	ctx, ada := t.Context(), servicecoin.Person("ada")
	list := rating.New(store.New(memory.New(), nil).For(servicecoin.Provider))
	own := storage()
	own.Name = "Acme's"
	_, err := list.AtFor(ctx, "acme", "disk", day(1))
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = list.Publish(ctx, ada, "disk", storage(), day(1))
	require.NoError(t, err)
	during := calendar.Between(day(10), day(20))
	v, err := list.Override(ctx, ada, "acme", "disk", own, during)
	require.NoError(t, err)
	require.Equal(t, rating.OverrideID("acme", "disk"), v.ID)
	again, err := list.Override(ctx, ada, "acme", "disk", own, during)
	require.NoError(t, err)
	require.Equal(t, v.Number, again.Number, "the same again answers what is there")
	for at, want := range map[time.Time]string{day(1): "Storage", day(10).Add(-1): "Storage", day(10): "Acme's", day(20).Add(-time.Microsecond): "Acme's", day(20): "Storage"} {
		got, err := list.AtFor(ctx, "acme", "disk", at)
		require.NoError(t, err)
		require.Equal(t, want, got.Price.Name, at)
		got, err = list.AtFor(ctx, "globex", "disk", at)
		require.NoError(t, err)
		require.Equal(t, "Storage", got.Price.Name)
	}
	_, err = list.Override(ctx, ada, "acme", "disk", own, calendar.Interval{Start: day(25)}) // for good
	require.NoError(t, err)
	got, err := list.AtFor(ctx, "acme", "disk", day(31))
	require.NoError(t, err)
	require.Equal(t, 2, got.Number)
	charge, err := rating.Rate(got.Price, dec("150"))
	require.NoError(t, err)
	require.Equal(t, `Charge for 150 GB: 14.50 EUR
  Acme's, since 25 Jan 2026, 00:00: 0.10 EUR per GB and 2.00 EUR up to 100, then 0.05 EUR up to 500, then 0.0125 EUR
  Tier 1: 100 GB at 0.10 EUR each = 10.00 EUR
  Fee of tier 1: 2.00 EUR
  Tier 2: 50 GB at 0.05 EUR each = 2.50 EUR
`, got.TraceOf(charge).Tell(servicecoin.Reader{}).String())
	require.Equal(t, got.Key(), got.TraceOf(charge).Parts[0].From[0])
	_, err = list.Override(ctx, ada, "", "disk", own, calendar.Between(day(2), day(2)))
	require.ElementsMatch(t, []string{"customer:required", "validUntil:order"}, codes(t, err))
}

type wrongTax []rating.Tax

func (w wrongTax) Tax(context.Context, rating.Taxable) ([]rating.Tax, error) {
	if w == nil {
		return nil, errors.New("the office is closed")
	}
	return w, nil
}

func TestTaxed(t *testing.T) {
	t.Parallel()
	eur := func(text string) money.Amount {
		a, err := money.Parse(text)
		require.NoError(t, err)
		return a
	}
	of := rating.Taxable{Customer: "acme", Amount: eur("10.03 EUR"), At: day(1)}
	taxes, due, err := rating.Taxed(t.Context(), rating.FixedTax{Name: "VAT", Percent: dec("19"), Rounding: money.HalfAwayFromZero}, of)
	require.NoError(t, err)
	require.Equal(t, "1.91 EUR", taxes[0].Amount.String())
	require.Equal(t, "11.94 EUR", due.String())
	_, _, err = rating.Taxed(t.Context(), wrongTax{{Amount: eur("1 USD")}, {Name: "x", Amount: eur("0.001 EUR")}}, of)
	require.ElementsMatch(t, []string{"taxes[0].name:required", "taxes[0].amount.currency:mixed", "taxes[1].amount:not-rounded"}, codes(t, err))
	_, due, err = rating.Taxed(t.Context(), wrongTax{}, of)
	require.NoError(t, err)
	require.True(t, due.Equal(of.Amount))
	_, _, err = rating.Taxed(t.Context(), wrongTax(nil), of)
	require.ErrorContains(t, err, "closed")
}

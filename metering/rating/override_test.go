package rating_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

func TestVersionsDuringAMonth(t *testing.T) {
	t.Parallel()
	ctx, ada := t.Context(), servicecoin.Person("ada")
	s := store.New(memory.New(), nil)
	list := rating.New(s.For(servicecoin.Provider))
	flat := func(amount string) rating.Price {
		return rating.Price{Name: "Flat", Model: rating.Flat, Amount: some(amount), Currency: money.EUR, Rounding: money.HalfAwayFromZero}
	}
	for i, p := range []rating.Price{flat("1"), flat("1.0"), flat("2"), flat("3")} {
		_, err := list.Publish(ctx, ada, "x", p, day(1+5*i)) // the 1st, 6th, 11th and 16th
		require.NoError(t, err)
	}
	_, err := list.Override(ctx, ada, "acme", "x", flat("9"), calendar.Between(day(4), day(12)))
	require.NoError(t, err)
	_, err = list.Override(ctx, ada, "acme", "x", flat("8"), calendar.Between(day(18), day(19)))
	require.NoError(t, err)
	_, err = list.Override(ctx, ada, "acme-two", "x", flat("7"), calendar.Between(day(1), day(30)))
	require.NoError(t, err)
	held := func(customer servicecoin.CustomerID, from, to int) (words []string) {
		all, err := list.During(ctx, customer, "x", calendar.Between(day(from), day(to)))
		require.NoError(t, err)
		for _, h := range all {
			words = append(words, fmt.Sprintf("%d-%d %s", h.Start.Day(), h.End.Day(), h.Version.Price.Amount.Decimal))
		}
		return words
	}
	require.Equal(t, []string{"1-4 1", "4-12 9", "12-16 2", "16-18 3", "18-19 8", "19-25 3"}, held("acme", 1, 25))
	require.Equal(t, []string{"1-11 1", "11-16 2", "16-25 3"}, held("globex", 1, 25), "what says the same is no other version")
	require.Equal(t, []string{"5-7 9"}, held("acme", 5, 7))
	require.Equal(t, []string{"18-19 8"}, held("acme", 18, 19))
	require.Equal(t, []string{"20-21 3"}, held("acme", 20, 21))
	_, err = list.During(ctx, "acme", "x", calendar.Between(day(1).AddDate(0, 0, -3), day(5)))
	require.ErrorIs(t, err, servicecoin.ErrNotFound, "at the beginning nothing holds")
	_, err = list.During(ctx, "acme", "none", calendar.Between(day(1), day(5)))
	require.ErrorIs(t, err, servicecoin.ErrNotFound)

	require.NoError(t, list.Forget(ctx, ada, "acme"))
	require.NoError(t, list.Forget(ctx, ada, "acme"), "again")
	require.Equal(t, []string{"1-11 1", "11-16 2", "16-25 3"}, held("acme", 1, 25))
	require.Equal(t, []string{"1-25 7"}, held("acme-two", 1, 25), "one whose id begins alike is another customer")
	require.ErrorContains(t, list.Forget(ctx, ada, ""), "customer")
	_, err = list.Override(ctx, ada, servicecoin.CustomerID(strings.Repeat("a", 190)), servicecoin.PriceID(strings.Repeat("b", 190)), flat("1"), calendar.Between(day(1), day(2)))
	require.ErrorContains(t, err, "must be shorter")
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

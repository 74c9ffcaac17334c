package rating_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

func day(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }

func rates(t *testing.T) *rating.Conversions {
	t.Helper()
	c, err := rating.NewConversions(
		rating.Conversion{From: "credit", To: money.EUR, Rate: dec("0.06"), ValidFrom: day(15)},
		rating.Conversion{From: "credit", To: money.EUR, Rate: dec("0.05"), ValidFrom: day(1)},
		rating.Conversion{From: "USD", To: money.EUR, Rate: dec("0.9173"), ValidFrom: day(1), Source: "ECB"},
	)
	require.NoError(t, err)
	return c
}

func TestRateOfADay(t *testing.T) {
	t.Parallel()
	c := rates(t)
	for at, want := range map[time.Time]string{day(1): "0.05", day(15).Add(-1): "0.05", day(15): "0.06", day(31): "0.06"} {
		got, err := c.At("credit", money.EUR, at)
		require.NoError(t, err)
		require.Equal(t, want, got.Rate.String())
	}
	for _, x := range []struct {
		from string
		to   money.Currency
		at   time.Time
	}{{"credit", money.EUR, day(1).Add(-1)}, {"EUR", money.USD, day(2)}, {"credit", money.USD, day(2)}} {
		_, err := c.At(x.from, x.to, x.at)
		require.ErrorIs(t, err, servicecoin.ErrNotFound, "no rate is guessed, and none is turned round")
	}
}

func TestAmountIsConverted(t *testing.T) {
	t.Parallel()
	usd, err := money.Parse("12.34 USD")
	require.NoError(t, err)
	got, err := rates(t).Amount(usd, money.EUR, day(3), money.HalfEven)
	require.NoError(t, err)
	require.Equal(t, "11.32 EUR", got.Amount.String())
	require.Equal(t, `converted: 11.32 EUR
  of: 12.34 USD
  1 USD since 2026-01-01T00:00:00Z: 0.9173 EUR
  exactly: 11.319482 EUR
`, got.Trace().String())
}

func TestPriceInCredits(t *testing.T) {
	t.Parallel()
	p := storage()
	p.In, p.Minimum, p.Discount = "credit", some("100"), &rating.Discount{Amount: some("10")}
	_, err := rating.Compile(p)
	require.ErrorContains(t, err, "in \"credit\": must be converted to money first")
	rate, err := rates(t).At("credit", money.EUR, day(20))
	require.NoError(t, err)
	tariff, err := rate.Compile(p)
	require.NoError(t, err)
	c, err := tariff.Rate(dec("512.3"))
	require.NoError(t, err)
	require.Equal(t, "6.00 EUR", c.Amount.String())
	require.Equal(t, rate, *c.Conversion)
	require.Contains(t, c.Trace().String(), "1 credit since 2026-01-15T00:00:00Z: 0.06 EUR")

	p.Windows = []rating.PriceWindow{{Name: "sale", During: calendar.Between(day(1), day(2)), Price: &rating.Price{
		Name: "Sale", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfEven, UnitPrice: some("2"), In: "credit",
	}}}
	inMoney, err := rate.Price(p)
	require.NoError(t, err)
	require.Equal(t, "0.12", inMoney.Windows[0].Price.UnitPrice.Decimal.String())
	require.Equal(t, "credit", p.Windows[0].Price.In, "the price that was given is as it was")

	p.Currency, p.Windows = money.USD, nil
	_, err = rate.Price(p)
	require.ErrorContains(t, err, "price.currency")
	p.In = "point"
	_, err = rate.Price(p)
	require.ErrorContains(t, err, "price.in")
}

// A price in credits costs what the same price in money does, times the rate.
func TestConversionIsLinear(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawnPrice(t)
		if p.Model == rating.Percentage || p.Model == rating.GraduatedPercentage || p.Model == rating.Dynamic {
			return
		}
		u := drawnUsage(t, p)
		plain, err := rating.Compile(p)
		require.NoError(t, err)
		want, err := plain.Charge(u)
		require.NoError(t, err)
		p.In = "credit"
		c := rating.Conversion{From: "credit", To: p.Currency, Rate: above(priceNumbers()).Draw(t, "rate"), ValidFrom: day(1)}
		tariff, err := c.Compile(p)
		require.NoError(t, err)
		got, err := tariff.Charge(u)
		require.NoError(t, err)
		require.True(t, want.Exact.Decimal().Mul(c.Rate).Equal(got.Exact.Decimal()), "want %s times %s, got %s", want.Exact, c.Rate, got.Exact)
	})
}

func TestConversionsValidate(t *testing.T) {
	t.Parallel()
	_, err := rating.NewConversions(
		rating.Conversion{}, rating.Conversion{From: "EUR", To: money.EUR, Rate: decimal.New(1, 1<<30), ValidFrom: day(1)},
		rating.Conversion{From: "credit", To: money.EUR, Rate: dec("1"), ValidFrom: day(1)}, rating.Conversion{From: "credit", To: money.EUR, Rate: dec("2"), ValidFrom: day(1)},
	)
	require.ElementsMatch(t, []string{
		"conversions[0].from:required", "conversions[0].to:required", "conversions[0].rate:out-of-range", "conversions[0].validFrom:required",
		"conversions[1].to:contradiction", "conversions[1].rate:out-of-range", "conversions[3]:duplicate",
	}, codes(t, err))
}

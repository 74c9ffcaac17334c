package rating_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

func parts(quantities ...string) rating.Usage {
	var u rating.Usage
	for _, q := range quantities {
		u.Parts = append(u.Parts, rating.Part{Usage: rating.Usage{Quantity: dec(q)}})
	}
	return u
}

// Free units are those of the first parts, until none is left.
func TestFreeUnitsOfParts(t *testing.T) {
	t.Parallel()
	p := rating.Price{
		Name: "P", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfEven, UnitPrice: some("1"), Each: rating.EachBucket, Discount: &rating.Discount{Free: some("10")},
	}
	c := charged(t, p, parts("6", "6", "6"))
	require.Equal(t, "8.00 EUR", c.Amount.String())
	require.Equal(t, "8", c.Billed.String())
	require.Equal(t, "0", c.Lines[0].Quantity.Decimal.String())
	require.Equal(t, "2", c.Lines[1].Quantity.Decimal.String())
	require.Equal(t, "6", c.Lines[2].Quantity.Decimal.String())
	require.Equal(t, "part 3", c.Lines[2].Part)
}

// Bounds are of all parts together, a commitment of each.
func TestTermsOfParts(t *testing.T) {
	t.Parallel()
	p := rating.Price{
		Name: "P", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfEven, UnitPrice: some("1"), Each: rating.EachGroup,
		Commitment: &rating.Commitment{Amount: some("5"), Overage: some("3"), TrueUp: true}, Maximum: some("20"),
	}
	require.Equal(t, "19.00 EUR", charged(t, p, parts("2", "8")).Amount.String(), "5, and 5 and three times 3")
	require.Equal(t, "20.00 EUR", charged(t, p, parts("2", "9")).Amount.String())
}

// A half is rounded as the price says, by the quick way, too.
func TestHalves(t *testing.T) {
	t.Parallel()
	for r, want := range map[money.Rounding][4]int64{ // of 0.5, 1.5, -0.5 and -1.5 cents
		money.HalfAwayFromZero: {1, 2, -1, -2}, money.HalfEven: {0, 2, 0, -2}, money.HalfTowardZero: {0, 1, 0, -1},
		money.Up: {1, 2, -1, -2}, money.Down: {0, 1, 0, -1}, money.Ceiling: {1, 2, 0, -1}, money.Floor: {0, 1, -1, -2},
	} {
		tariff, err := rating.Compile(rating.Price{Name: "P", Model: rating.PerUnit, Currency: money.EUR, Rounding: r, UnitPrice: some("0.005"), Signed: true})
		require.NoError(t, err)
		got := make([]int64, len(want))
		require.NoError(t, tariff.Minors(got, []decimal.Decimal{dec("1"), dec("3"), dec("-1"), dec("-3")}))
		require.Equal(t, want[:], got, r)
	}
}

func TestMinorsRefuse(t *testing.T) {
	t.Parallel()
	tariff, err := rating.Compile(storage())
	require.NoError(t, err)
	require.ErrorContains(t, tariff.Minors(make([]int64, 1), make([]decimal.Decimal, 2)), "into")
	into := make([]int64, 3)
	err = tariff.Minors(into, []decimal.Decimal{dec("1"), dec("-1"), dec("2")})
	require.Equal(t, []string{"quantities[1].quantity:negative"}, codes(t, err))
	require.Equal(t, []int64{210, 0, 220}, into, "the others are right")
	dear, err := rating.Compile(rating.Price{Name: "P", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfEven, UnitPrice: some("1e9")})
	require.NoError(t, err)
	_, err = dear.Minor(dec("1e9"))
	require.ErrorContains(t, err, "more minor units than 64 bits hold")
	n, err := dear.Minor(dec("92233720.36854775807"))
	require.NoError(t, err)
	require.Equal(t, int64(9223372036854775807), n)
	require.NotPanics(t, func() { _, _ = rating.Quote{}.Charge() })
	q, err := tariff.Quote(dec("512.3"))
	require.NoError(t, err)
	c, err := q.Charge()
	require.NoError(t, err)
	require.Equal(t, c.Amount, q.Amount)
	require.Len(t, c.Lines, 4)
}

// A refund of an event costs what the event did, and is never free.
func TestRefunds(t *testing.T) {
	t.Parallel()
	p := rating.Price{
		Name: "P", Model: rating.Percentage, Currency: money.EUR, Rounding: money.HalfEven, Signed: true,
		Share: &rating.Share{Percent: dec("1"), PerEvent: dec("0.1"), Most: some("2")},
	}
	require.Equal(t, "0.00 EUR", charged(t, p, rating.Usage{Events: eventsOf([]decimal.Decimal{dec("50"), dec("-50")})}).Amount.String())
	require.Equal(t, "-2.00 EUR", charged(t, p, rating.Usage{Events: eventsOf([]decimal.Decimal{dec("-500")})}).Amount.String())
	p.Share = &rating.Share{Percent: dec("1"), FreeAmount: some("100")}
	require.Equal(t, "-1.00 EUR", charged(t, p, rating.Usage{Quantity: dec("-200")}).Amount.String(), "without its events")
}

func TestDeltaIsTold(t *testing.T) {
	t.Parallel()
	tariff, err := rating.Compile(storage())
	require.NoError(t, err)
	billed, err := money.Parse("11 EUR")
	require.NoError(t, err)
	d, err := tariff.Delta(rating.Usage{Quantity: dec("80")}, billed, false)
	require.NoError(t, err)
	require.Equal(t, `due now: -1 EUR
  charge for 80: 10 EUR
    exactly: 10 EUR
      usage, tier 1: 80 at 0.1: 8 EUR
      fee, tier 1: 2 EUR
  billed before: -11 EUR
`, d.Trace().String())
	usd, err := money.Parse("1 USD")
	require.NoError(t, err)
	_, err = tariff.Delta(rating.Usage{}, usd, false)
	require.ErrorContains(t, err, "billed.currency")
	_, err = tariff.Delta(rating.Usage{Quantity: dec("-1")}, billed, false)
	require.ErrorContains(t, err, "quantity")
	_, err = rating.TrueUp(billed, usd)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	none, err := rating.TrueUp(billed, billed)
	require.NoError(t, err)
	require.Zero(t, none.Sign())
}

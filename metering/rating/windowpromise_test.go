package rating_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// What was promised of a price is promised once, however many windows it has: only a
// window whose own price has a commitment is counted by itself.
func TestOnePromiseOverWindows(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	month := calendar.Between(day, day.AddDate(0, 1, 0))
	night := calendar.Between(day.AddDate(0, 0, 10), day.AddDate(0, 0, 20))
	unit := func(price string, c *rating.Commitment) rating.Price {
		return rating.Price{Name: "P", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfAwayFromZero, UnitPrice: some(price), Commitment: c}
	}
	promise := &rating.Commitment{Amount: some("100"), Overage: some("2"), TrueUp: true}
	units := &rating.Commitment{Quantity: some("100"), TrueUp: true}
	own := unit("0.5", &rating.Commitment{Amount: some("50"), TrueUp: true})
	plain := unit("0.5", nil)
	half := rating.PriceWindow{Name: "night", During: night, Factor: some("0.5")}
	use := func(days, nights string) []rating.Timed {
		return []rating.Timed{
			{At: day, Usage: rating.Usage{Quantity: dec(days)}}, {At: night.Start, Usage: rating.Usage{Quantity: dec(nights)}},
		}
	}
	for name, c := range map[string]struct {
		price        rating.Price
		window       rating.PriceWindow
		list         []rating.Timed
		end, goingOn string
	}{
		"missing":              {unit("1", promise), half, use("60", "60"), "100", "90"},
		"above":                {unit("1", promise), half, use("90", "60"), "140", "140"},
		"at night alone":       {unit("1", promise), half, use("0", "60"), "100", "30"},
		"by day alone":         {unit("1", promise), half, use("60", "0"), "100", "60"},
		"nothing":              {unit("1", promise), half, nil, "100", "0"},
		"units":                {unit("1", units), half, use("60", "60"), "100", "90"},
		"another price":        {unit("1", promise), rating.PriceWindow{Name: "night", During: night, Price: &plain}, use("60", "60"), "100", "90"},
		"a promise of its own": {unit("1", promise), rating.PriceWindow{Name: "night", During: night, Price: &own}, use("60", "60"), "150", "90"},
		"of the window alone":  {unit("1", nil), rating.PriceWindow{Name: "night", During: night, Price: &own}, use("60", "60"), "110", "90"},
		"none used of its own": {unit("1", promise), rating.PriceWindow{Name: "night", During: night, Price: &own}, use("60", "0"), "100", "60"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.price.Windows = []rating.PriceWindow{c.window}
			tariff, err := rating.CompileDuring(c.price, month)
			require.NoError(t, err)
			got, err := tariff.Charge(c.list)
			require.NoError(t, err)
			sameDecimal(t, "at the end", dec(c.end), got.Exact.Decimal())
			got, err = tariff.SoFar(c.list)
			require.NoError(t, err)
			sameDecimal(t, "while it goes on", dec(c.goingOn), got.Exact.Decimal())
		})
	}
	signed := unit("1", promise)
	signed.Signed, signed.Windows = true, []rating.PriceWindow{half}
	tariff, err := rating.CompileDuring(signed, month)
	require.NoError(t, err)
	above, err := tariff.Charge(use("90", "60"))
	require.NoError(t, err)
	below, err := tariff.Charge(use("-90", "-60"))
	require.NoError(t, err)
	sameDecimal(t, "the sign turned", above.Exact.Decimal().Neg(), below.Exact.Decimal())
}

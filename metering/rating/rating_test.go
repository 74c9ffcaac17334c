package rating_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func some(text string) decimal.NullDecimal { return servicecoin.Some(dec(text)) }

// amounts draws prices and fees: most fit into machine words.
func amounts() *rapid.Generator[decimal.Decimal] {
	return rapid.Custom(func(t *rapid.T) decimal.Decimal {
		switch rapid.IntRange(0, 9).Draw(t, "size") {
		case 0:
			return decimal.Zero
		case 1:
			return decimal.New(rapid.Int64Range(0, 1e15).Draw(t, "coefficient"), -int32(rapid.IntRange(0, 15).Draw(t, "places")))
		default:
			return decimal.New(rapid.Int64Range(0, 1e8).Draw(t, "coefficient"), -int32(rapid.IntRange(0, 7).Draw(t, "places")))
		}
	})
}

func quantities() *rapid.Generator[decimal.Decimal] {
	return rapid.Custom(func(t *rapid.T) decimal.Decimal {
		switch rapid.IntRange(0, 6).Draw(t, "size") {
		case 0:
			return decimal.Zero
		case 1:
			return dec(rapid.StringMatching(`[0-9]{1,20}(\.[0-9]{1,20})?`).Draw(t, "text"))
		default:
			return decimal.New(rapid.Int64Range(0, 1e9).Draw(t, "coefficient"), -int32(rapid.IntRange(0, 5).Draw(t, "places")))
		}
	})
}

// prices draws valid prices of every model.
func prices() *rapid.Generator[rating.Price] {
	return rapid.Custom(func(t *rapid.T) rating.Price {
		p := rating.Price{
			Name: "Price", Currency: rapid.SampledFrom([]money.Currency{money.EUR, money.JPY, "KWD"}).Draw(t, "currency"),
			Rounding: rapid.SampledFrom([]money.Rounding{money.HalfAwayFromZero, money.HalfEven, money.Up, money.Down}).Draw(t, "rounding"),
			Model:    rapid.SampledFrom([]rating.Model{rating.Flat, rating.PerUnit, rating.Graduated, rating.Volume, rating.Package}).Draw(t, "model"),
			Signed:   rapid.Bool().Draw(t, "signed"),
		}
		unit := dec("1")
		if (p.Model != rating.Flat && p.Model != rating.Package) && rapid.IntRange(0, 3).Draw(t, "in units") == 0 {
			unit = rapid.SampledFrom([]decimal.Decimal{dec("10"), dec("0.25"), dec("1000")}).Draw(t, "billing unit")
			p.BillingUnit = servicecoin.Some(unit)
		}
		switch p.Model {
		case rating.Flat:
			p.Amount = servicecoin.Some(amounts().Draw(t, "amount"))
		case rating.PerUnit:
			p.UnitPrice = servicecoin.Some(amounts().Draw(t, "unit price"))
		case rating.Graduated, rating.Volume:
			p.ZeroUsage = rapid.SampledFrom([]rating.ZeroUsage{rating.BillFirstTier, rating.BillNothing}).Draw(t, "zero")
			bound := decimal.Zero
			for range rapid.IntRange(0, 4).Draw(t, "tiers") {
				bound = bound.Add(unit.Mul(decimal.NewFromInt(rapid.Int64Range(1, 5000).Draw(t, "width"))))
				p.Tiers = append(p.Tiers, rating.Tier{UpTo: servicecoin.Some(bound), Unit: amounts().Draw(t, "unit"), Flat: amounts().Draw(t, "flat")})
			}
			p.Tiers = append(p.Tiers, rating.Tier{Unit: amounts().Draw(t, "unit"), Flat: amounts().Draw(t, "flat")})
		case rating.Package:
			p.Package = &rating.Bundle{
				Size: amounts().Draw(t, "size").Add(dec("0.5")), Price: amounts().Draw(t, "price"), Free: amounts().Draw(t, "free"),
				Partial: rapid.SampledFrom([]rating.Partial{rating.PartialWhole, rating.PartialFree}).Draw(t, "partial"),
			}
		}
		if rapid.IntRange(0, 3).Draw(t, "bounded") == 0 {
			p.Minimum = servicecoin.Some(amounts().Draw(t, "minimum"))
			p.Maximum = servicecoin.Some(p.Minimum.Decimal.Add(amounts().Draw(t, "span")))
		}
		return p
	})
}

// For every price and quantity: the quick way is exact, the lines sum to the
// whole, and the amount is the whole, rounded once.
func TestChargesAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := prices().Draw(t, "price")
		require.NoError(t, p.Validate())
		q := quantities().Draw(t, "quantity")
		if p.Signed && rapid.Bool().Draw(t, "negative") {
			q = q.Neg()
		}
		tariff, err := rating.Compile(p)
		require.NoError(t, err)
		c, err := tariff.Rate(q)
		if errors.Is(err, servicecoin.ErrInvalid) {
			return // more than money can be
		}
		require.NoError(t, err)
		exact, err := tariff.Exact(q)
		require.NoError(t, err)
		require.True(t, exact.Equal(c.Exact), "the quick way: want %s, got %s", c.Exact, exact)
		sum := decimal.Zero
		for _, l := range c.Lines {
			sum = sum.Add(l.Amount)
			if l.Quantity.Valid {
				require.True(t, l.Amount.Equal(l.Quantity.Decimal.Mul(l.Unit.Decimal)), "%+v", l)
			}
		}
		require.True(t, sum.Equal(c.Exact.Decimal()), "lines sum to %s, not %s", sum, c.Exact)
		rounded, err := c.Exact.Round(p.Rounding)
		require.NoError(t, err)
		require.True(t, rounded.Equal(c.Amount))

		text, err := json.Marshal(p)
		require.NoError(t, err)
		var again rating.Price
		require.NoError(t, json.Unmarshal(text, &again))
		require.True(t, p.Equal(again), "%s", text)
		require.NotEmpty(t, p.Says())
	})
}

// A correction takes back exactly what was charged.
func TestCorrectionsTakeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := prices().Draw(t, "price")
		p.Signed, p.Rounding = true, money.HalfAwayFromZero
		q := quantities().Draw(t, "quantity")
		if q.IsZero() {
			return
		}
		up, err := rating.Rate(p, q)
		if errors.Is(err, servicecoin.ErrInvalid) {
			return
		}
		require.NoError(t, err)
		down, err := rating.Rate(p, q.Neg())
		require.NoError(t, err)
		require.True(t, up.Exact.Equal(down.Exact.Neg()))
		require.True(t, up.Amount.Equal(down.Amount.Neg()))
		require.True(t, up.Billed.Equal(down.Billed.Neg()))
	})
}

// Graduated prices never fall, and have no jumps but the flat fees.
func TestGraduatedIsContinuous(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rating.Price{Name: "P", Model: rating.Graduated, Currency: money.EUR, Rounding: money.HalfAwayFromZero}
		bound := decimal.Zero
		for range rapid.IntRange(1, 4).Draw(t, "tiers") {
			bound = bound.Add(decimal.NewFromInt(rapid.Int64Range(1, 100).Draw(t, "width")))
			p.Tiers = append(p.Tiers, rating.Tier{UpTo: servicecoin.Some(bound), Unit: amounts().Draw(t, "unit")})
		}
		p.Tiers = append(p.Tiers, rating.Tier{Unit: amounts().Draw(t, "unit")})
		a, b := quantities().Draw(t, "a"), quantities().Draw(t, "b")
		cheapest, dearest := p.Tiers[0].Unit, p.Tiers[0].Unit
		for _, x := range p.Tiers {
			cheapest, dearest = decimal.Min(cheapest, x.Unit), decimal.Max(dearest, x.Unit)
		}
		two, err := rating.Rate(p, decimal.Max(a, b))
		if errors.Is(err, servicecoin.ErrInvalid) {
			require.False(t, decimal.Max(a, b).Mul(dearest).LessThan(dec("1e30")), "refused, though it is money: %v", err)
			return
		}
		require.NoError(t, err)
		one, err := rating.Rate(p, decimal.Min(a, b))
		require.NoError(t, err)
		order, err := one.Exact.Cmp(two.Exact)
		require.NoError(t, err)
		require.LessOrEqual(t, order, 0)

		// What comes on top costs no less than in the cheapest tier, and no more than
		// in the dearest.
		half := decimal.Max(a, b).Sub(decimal.Min(a, b))
		least := two.Exact.Decimal().Sub(one.Exact.Decimal())
		require.False(t, least.LessThan(half.Mul(cheapest)))
		require.False(t, least.GreaterThan(half.Mul(dearest)))
	})
}

func TestZeroUsage(t *testing.T) {
	t.Parallel()
	for _, model := range []rating.Model{rating.Graduated, rating.Volume} {
		p := storage()
		p.Model = model
		c := rate(t, p, decimal.Zero)
		require.Equal(t, "2.00 EUR", c.Amount.String(), "the first tier's fee is due")
		require.False(t, c.UnitAmount(2).Valid)
		p.ZeroUsage = rating.BillNothing
		c = rate(t, p, decimal.Zero)
		require.Equal(t, "0.00 EUR", c.Amount.String())
		require.Empty(t, c.Lines)
		require.Equal(t, "2.00 EUR", rate(t, p, dec("0.0001")).Amount.String(), "entered with the first bit of use")
	}
}

func TestPriceValidates(t *testing.T) {
	t.Parallel()
	require.NoError(t, storage().Validate())
	huge := decimal.New(1, 1<<30)
	for name, c := range map[string]struct {
		price rating.Price
		want  []string
	}{
		"empty":                {rating.Price{}, []string{"name:required", "currency:required", "rounding:required", "model:unknown"}},
		"flat without":         {rating.Price{Model: rating.Flat, UnitPrice: some("1")}, []string{"amount:required", "unitPrice:contradiction"}},
		"per unit without":     {rating.Price{Model: rating.PerUnit, Amount: some("1"), Tiers: []rating.Tier{{}}}, []string{"amount:contradiction", "unitPrice:required", "tiers:contradiction"}},
		"no tiers":             {rating.Price{Model: rating.Graduated}, []string{"tiers:required"}},
		"too many":             {rating.Price{Model: rating.Graduated, Tiers: make([]rating.Tier, 101)}, []string{"tiers:too-many"}},
		"a closed end":         {rating.Price{Model: rating.Volume, Tiers: []rating.Tier{{UpTo: some("1")}}}, []string{"tiers[0].upTo:closed"}},
		"an open middle":       {rating.Price{Model: rating.Volume, Tiers: []rating.Tier{{}, {}}}, []string{"tiers[0].upTo:required"}},
		"out of order":         {rating.Price{Model: rating.Volume, Tiers: []rating.Tier{{UpTo: some("5")}, {UpTo: some("5.0")}, {}}}, []string{"tiers[1].upTo:order"}},
		"a tier of nothing":    {rating.Price{Model: rating.Volume, Tiers: []rating.Tier{{UpTo: some("0")}, {}}}, []string{"tiers[0].upTo:order"}},
		"negative prices":      {rating.Price{Model: rating.Graduated, Tiers: []rating.Tier{{Unit: dec("-1"), Flat: dec("-1")}}, Minimum: some("-1")}, []string{"tiers[0].unit:negative", "tiers[0].flat:negative", "minimum:negative"}},
		"mad numbers":          {rating.Price{Model: rating.Graduated, Tiers: []rating.Tier{{UpTo: servicecoin.Some(huge), Unit: huge}, {}}, BillingUnit: servicecoin.Some(huge), Minimum: servicecoin.Some(huge), Maximum: servicecoin.Some(huge)}, []string{"tiers[0].unit:out-of-range", "tiers[0].upTo:out-of-range", "billingUnit:out-of-range", "maximum:out-of-range", "minimum:out-of-range"}},
		"too precise":          {rating.Price{Model: rating.PerUnit, UnitPrice: servicecoin.Some(decimal.New(1, -31))}, []string{"unitPrice:too-precise"}},
		"no package":           {rating.Price{Model: rating.Package}, []string{"package:required"}},
		"a package of nothing": {rating.Price{Model: rating.Package, Package: &rating.Bundle{Price: dec("-1"), Free: dec("-1"), Partial: "half"}}, []string{"package.size:out-of-range", "package.price:negative", "package.free:negative", "package.partial:unknown"}},
		"a stray package":      {rating.Price{Model: rating.Flat, Amount: some("1"), Package: &rating.Bundle{}, BillingUnit: some("1")}, []string{"package:contradiction", "billingUnit:contradiction"}},
		"a fraction of a unit": {rating.Price{Model: rating.Graduated, Tiers: []rating.Tier{{UpTo: some("15")}, {}}, BillingUnit: some("10")}, []string{"tiers[0].upTo:fraction"}},
		"no billing unit":      {rating.Price{Model: rating.PerUnit, UnitPrice: some("1"), BillingUnit: some("0")}, []string{"billingUnit:out-of-range"}},
		"crossed bounds":       {rating.Price{Model: rating.PerUnit, UnitPrice: some("1"), Minimum: some("2"), Maximum: some("1")}, []string{"maximum:order"}},
		"a strange zero":       {rating.Price{Model: rating.PerUnit, UnitPrice: some("1"), ZeroUsage: "never"}, []string{"zeroUsage:unknown", "zeroUsage:contradiction"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.price.Name = "P"; name == "empty" {
				c.price.Name = ""
			} else {
				c.price.Currency, c.price.Rounding = money.EUR, money.HalfEven
			}
			_, err := rating.Compile(c.price)
			e, ok := errors.AsType[*servicecoin.InvalidError](err)
			require.True(t, ok, "%v", err)
			var got []string
			for _, v := range e.Violations {
				got = append(got, v.Path+":"+v.Code)
			}
			require.ElementsMatch(t, c.want, got)
		})
	}
}

func TestRateRefuses(t *testing.T) {
	t.Parallel()
	for _, q := range []decimal.Decimal{dec("-1"), decimal.New(1, 1<<30), decimal.New(1, -(1 << 30)), dec("1e30")} {
		_, err := rating.Rate(storage(), q)
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
		tariff, err := rating.Compile(storage())
		require.NoError(t, err)
		_, err = tariff.Exact(q)
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
	}
	_, err := rating.Rate(rating.Price{}, dec("1"))
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	dear := rating.Price{Name: "P", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfEven, UnitPrice: some("1e17")}
	_, err = rating.Rate(dear, dec("1e17"))
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "more than money can be")
}

func TestSays(t *testing.T) {
	t.Parallel()
	p := rating.Price{Currency: money.EUR, Model: rating.Package, Unit: "calls", Package: &rating.Bundle{Size: dec("100"), Price: dec("1"), Free: dec("50")}, Minimum: some("5"), Maximum: some("20")}
	require.Equal(t, "1.00 EUR per 100 calls, a started one is whole, the first 50 free, at least 5.00 EUR, at most 20.00 EUR", p.Says())
	p = rating.Price{Currency: money.JPY, Model: rating.PerUnit, UnitPrice: some("3"), BillingUnit: some("1000"), Unit: "requests"}
	require.Equal(t, "3 JPY per started 1000 requests", p.Says())
	v := storage()
	v.Model = rating.Volume
	require.Equal(t, "0.10 EUR per GB and 2.00 EUR up to 100, or for all of them 0.05 EUR up to 500, or for all of them 0.0125 EUR", v.Says())
	require.Equal(t, "100.00 EUR", rating.Price{Currency: money.EUR, Model: rating.Flat, Amount: some("100")}.Says())
}

package rating_test

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// The oracle computes in fractions, from what the package says of its models and not
// from how they are computed: a graduated price by what each tier holds of the
// quantity, free events one by one, terms by their order.

func ratOf(d decimal.Decimal) *big.Rat { return d.Rat() }

func zeroRat() *big.Rat { return new(big.Rat) }

func mulRat(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }

func addRat(a, b *big.Rat) *big.Rat { return new(big.Rat).Add(a, b) }

func subRat(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }

func minRat(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

func maxRat(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) > 0 {
		return a
	}
	return b
}

// floorRat is the whole number of times that b goes into a, neither being negative.
func floorRat(a, b *big.Rat) *big.Rat {
	q := new(big.Rat).Quo(a, b)
	return new(big.Rat).SetInt(new(big.Int).Quo(q.Num(), q.Denom()))
}

func ceilRat(a, b *big.Rat) *big.Rat {
	n := floorRat(a, b)
	if mulRat(n, b).Cmp(a) < 0 {
		n.Add(n, big.NewRat(1, 1))
	}
	return n
}

func percentRat(d decimal.Decimal) *big.Rat { return mulRat(ratOf(d), big.NewRat(1, 100)) }

// tierCost is what so many units of a tier cost, with its fee.
func tierCost(p rating.Price, t rating.Tier, units *big.Rat) *big.Rat {
	if p.BillingUnit.Valid {
		units = new(big.Rat).Quo(units, ratOf(p.BillingUnit.Decimal))
	}
	each := ratOf(t.Unit)
	if t.Percent.Valid {
		each = percentRat(t.Percent.Decimal)
	}
	cost := addRat(mulRat(units, each), ratOf(t.Flat))
	if t.Cap.Valid {
		cost = minRat(cost, ratOf(t.Cap.Decimal))
	}
	return cost
}

// modelCost is what the model makes of units that are not negative.
func modelCost(p rating.Price, units *big.Rat, u rating.Usage, where map[string]string, last bool) *big.Rat {
	if p.BillingUnit.Valid {
		b := ratOf(p.BillingUnit.Decimal)
		units = mulRat(ceilRat(units, b), b)
	}
	switch p.Model {
	case rating.Flat:
		if !last && p.Due == rating.InArrears {
			return zeroRat()
		}
		return ratOf(p.Amount.Decimal)
	case rating.PerUnit:
		return tierCost(p, rating.Tier{Unit: p.UnitPrice.Decimal}, units)
	case rating.Graduated, rating.GraduatedPercentage, rating.GraduatedProrated:
		sum, from := zeroRat(), zeroRat()
		for i, t := range p.Tiers {
			in := subRat(units, from)
			if t.UpTo.Valid {
				in = minRat(in, subRat(ratOf(t.UpTo.Decimal), from))
			}
			entered := in.Sign() > 0 || i == 0 && (units.Sign() > 0 || p.ZeroUsage == rating.BillFirstTier)
			if entered {
				sum = addRat(sum, tierCost(p, t, maxRat(in, zeroRat())))
			}
			from = ratOf(t.UpTo.Decimal)
		}
		return sum
	case rating.Volume:
		if units.Sign() == 0 && p.ZeroUsage == rating.BillNothing {
			return zeroRat()
		}
		i := 0
		for p.Tiers[i].UpTo.Valid && units.Cmp(ratOf(p.Tiers[i].UpTo.Decimal)) > 0 {
			i++
		}
		return tierCost(p, p.Tiers[i], units)
	case rating.Package:
		paid := maxRat(zeroRat(), subRat(units, ratOf(p.Package.Free)))
		n := ceilRat(paid, ratOf(p.Package.Size))
		if p.Package.Partial == rating.PartialFree {
			n = floorRat(paid, ratOf(p.Package.Size))
		}
		return mulRat(n, ratOf(p.Package.Price))
	case rating.Percentage:
		sum, before := zeroRat(), zeroRat()
		s := p.Share
		for i, e := range u.Events {
			value, paid := ratOf(e.Value), ratOf(e.Value)
			limited := s.FreeEvents > 0 || s.FreeAmount.Valid
			if limited && (s.FreeEvents == 0 || i < s.FreeEvents) {
				left := value
				if s.FreeAmount.Valid {
					left = maxRat(zeroRat(), subRat(ratOf(s.FreeAmount.Decimal), before))
				}
				// With nothing left the allowance is closed: an event of 0 pays, too.
				if left.Sign() > 0 || !s.FreeAmount.Valid {
					if paid = subRat(value, minRat(value, left)); paid.Sign() == 0 {
						before = addRat(before, value)
						continue
					}
				}
			}
			before = addRat(before, value)
			cost := addRat(mulRat(paid, percentRat(s.Percent)), ratOf(s.PerEvent))
			if s.Least.Valid {
				cost = maxRat(cost, ratOf(s.Least.Decimal))
			}
			if s.Most.Valid {
				cost = minRat(cost, ratOf(s.Most.Decimal))
			}
			sum = addRat(sum, cost)
		}
		return sum
	case rating.Dynamic:
		return mulRat(units, ratOf(p.Factor.Decimal))
	case rating.Matrix:
		best, most := zeroRat(), -1
		for _, r := range p.Rows {
			fits := true
			for name, value := range r.Where {
				fits = fits && where[name] == value
			}
			if fits && len(r.Where) > most {
				best, most = ratOf(r.Unit), len(r.Where)
			}
		}
		return mulRat(units, best)
	case rating.Capacity:
		for _, plan := range p.Plans {
			if most, bounded := plan.Most["x"]; !bounded || units.Cmp(ratOf(most)) <= 0 {
				return ratOf(plan.Price)
			}
		}
	}
	panic("no such model " + string(p.Model))
}

// cost is the oracle.
func cost(p rating.Price, u rating.Usage, last bool) *big.Rat {
	sum, free := zeroRat(), zeroRat()
	if p.Discount != nil {
		free = ratOf(p.Discount.Free.Decimal)
	}
	one := func(u rating.Usage, where map[string]string) {
		units := ratOf(u.Quantity.Abs())
		used := minRat(units, free)
		units, free = subRat(units, used), subRat(free, used)
		made := modelCost(p, units, u, where, last)
		if c := p.Commitment; c != nil {
			promised := ratOf(c.Amount.Decimal)
			if c.Quantity.Valid {
				promised = modelCost(p, ratOf(c.Quantity.Decimal), rating.Usage{}, nil, true)
			}
			over := subRat(made, promised)
			switch {
			case over.Sign() > 0 && c.Overage.Valid:
				made = addRat(promised, mulRat(over, ratOf(c.Overage.Decimal)))
			case over.Sign() < 0 && c.TrueUp && last:
				made = promised
			}
		}
		if u.Quantity.IsNegative() {
			made = new(big.Rat).Neg(made)
		}
		sum = addRat(sum, made)
	}
	switch {
	case p.Each == rating.EachWhole && p.Model != rating.Matrix:
		one(u, nil)
	default:
		for _, part := range u.Parts {
			one(part.Usage, part.Dimensions)
		}
	}
	turned := u.Quantity.IsNegative() && (len(u.Parts) == 0 || sum.Sign() <= 0)
	if turned {
		sum = new(big.Rat).Neg(sum)
	}
	if d := p.Discount; d != nil {
		sum = subRat(sum, mulRat(sum, percentRat(d.Percent.Decimal)))
		sum = subRat(sum, maxRat(zeroRat(), minRat(sum, ratOf(d.Amount.Decimal))))
	}
	if p.Minimum.Valid && last && sum.Cmp(ratOf(p.Minimum.Decimal)) < 0 {
		sum = ratOf(p.Minimum.Decimal)
	} else if p.Maximum.Valid {
		sum = minRat(sum, ratOf(p.Maximum.Decimal))
	}
	if turned {
		sum = new(big.Rat).Neg(sum)
	}
	return sum
}

// small amounts, with a zero now and then, and few or many decimals.
func priceNumbers() *rapid.Generator[decimal.Decimal] {
	return rapid.Custom(func(t *rapid.T) decimal.Decimal {
		return decimal.New(rapid.Int64Range(0, 5000).Draw(t, "n"), -rapid.Int32Range(0, 4).Draw(t, "places"))
	})
}

func maybe(t *rapid.T, g *rapid.Generator[decimal.Decimal], what string) decimal.NullDecimal {
	if rapid.Bool().Draw(t, "has "+what) {
		return servicecoin.Some(g.Draw(t, what))
	}
	return servicecoin.Undefined()
}

func above(g *rapid.Generator[decimal.Decimal]) *rapid.Generator[decimal.Decimal] {
	return rapid.Map(g, func(d decimal.Decimal) decimal.Decimal { return d.Add(dec("0.01")) })
}

// models are all that the oracle draws, graduated-prorated without prorated events.
func models() []rating.Model {
	return []rating.Model{
		rating.Flat, rating.PerUnit, rating.Graduated, rating.Volume, rating.Package, rating.Percentage, rating.GraduatedPercentage,
		rating.GraduatedProrated, rating.Dynamic, rating.Matrix, rating.Capacity,
	}
}

// drawnPrice is a price of any model with any terms that it may have.
func drawnPrice(t *rapid.T) rating.Price {
	n := priceNumbers()
	p := rating.Price{
		Name: "Price", Model: rapid.SampledFrom(models()).Draw(t, "model"), Currency: rapid.SampledFrom([]money.Currency{money.EUR, money.JPY, "KWD"}).Draw(t, "currency"),
		Rounding: rapid.SampledFrom([]money.Rounding{money.HalfAwayFromZero, money.HalfEven, money.HalfTowardZero, money.Up, money.Down, money.Ceiling, money.Floor}).Draw(t, "rounding"),
		Signed:   rapid.Bool().Draw(t, "signed"),
	}
	switch p.Model {
	case rating.Flat:
		p.Amount, p.Due = servicecoin.Some(n.Draw(t, "amount")), rapid.SampledFrom([]rating.Due{rating.InAdvance, rating.InArrears}).Draw(t, "due")
	case rating.PerUnit:
		p.UnitPrice = servicecoin.Some(n.Draw(t, "unit"))
	case rating.Graduated, rating.Volume, rating.GraduatedPercentage, rating.GraduatedProrated:
		bound := decimal.Zero
		for i := range rapid.IntRange(1, 5).Draw(t, "tiers") {
			tier := rating.Tier{Unit: n.Draw(t, "unit"), Flat: n.Draw(t, "flat")}
			if p.Model == rating.GraduatedPercentage {
				tier.Percent, tier.Unit = servicecoin.Some(tier.Unit), decimal.Zero
			}
			if p.Model != rating.GraduatedProrated {
				tier.Cap = maybe(t, n, "cap")
			}
			if i > 0 {
				bound = bound.Add(decimal.NewFromInt(rapid.Int64Range(1, 500).Draw(t, "bound")))
				p.Tiers[i-1].UpTo = servicecoin.Some(bound)
			}
			p.Tiers = append(p.Tiers, tier)
		}
		p.ZeroUsage = rapid.SampledFrom([]rating.ZeroUsage{rating.BillFirstTier, rating.BillNothing}).Draw(t, "zero usage")
		p.Signed = p.Signed && p.Model != rating.GraduatedProrated
	case rating.Package:
		p.Package = &rating.Bundle{Size: above(n).Draw(t, "size"), Price: n.Draw(t, "price"), Free: n.Draw(t, "free"), Partial: rapid.SampledFrom([]rating.Partial{rating.PartialWhole, rating.PartialFree}).Draw(t, "partial")}
	case rating.Percentage:
		p.Share = &rating.Share{Percent: n.Draw(t, "percent"), PerEvent: n.Draw(t, "fee"), FreeEvents: rapid.IntRange(0, 4).Draw(t, "free events"), FreeAmount: maybe(t, above(n), "free amount"), Least: maybe(t, n, "least")}
		if most := maybe(t, n, "most"); most.Valid {
			p.Share.Most = servicecoin.Some(most.Decimal.Add(p.Share.Least.Decimal))
		}
		p.Signed = false
	case rating.Dynamic:
		p.Factor = servicecoin.Some(n.Draw(t, "factor"))
	case rating.Matrix:
		p.Rows = []rating.Row{{Unit: n.Draw(t, "any")}, {Where: map[string]string{"a": "1"}, Unit: n.Draw(t, "a")}, {Where: map[string]string{"b": "1"}, Unit: n.Draw(t, "b")}, {Where: map[string]string{"a": "1", "b": "1"}, Unit: n.Draw(t, "both")}}
	case rating.Capacity:
		p.Plans = []rating.Plan{{Price: n.Draw(t, "small"), Most: map[string]decimal.Decimal{"x": dec("10")}}, {Price: n.Draw(t, "large"), Most: map[string]decimal.Decimal{"x": dec("1000")}}, {Price: n.Draw(t, "any")}}
	}
	countable := p.Model == rating.PerUnit || p.Model == rating.Graduated || p.Model == rating.Volume
	if countable && rapid.Bool().Draw(t, "has billing unit") {
		unit := rapid.SampledFrom([]decimal.Decimal{dec("1"), dec("10"), dec("2.5"), dec("0.03")}).Draw(t, "billing unit")
		p.BillingUnit = servicecoin.Some(unit)
		for i, tier := range p.Tiers {
			if tier.UpTo.Valid {
				p.Tiers[i].UpTo = servicecoin.Some(tier.UpTo.Decimal.Mul(unit))
			}
		}
	}
	if p.Model != rating.Matrix {
		p.Each = rapid.SampledFrom([]rating.Each{rating.EachWhole, rating.EachWhole, rating.EachBucket, rating.EachGroup}).Draw(t, "each")
	}
	if rapid.Bool().Draw(t, "has discount") {
		d := rating.Discount{Percent: servicecoin.Some(decimal.NewFromInt(rapid.Int64Range(1, 100).Draw(t, "off"))), Amount: maybe(t, above(n), "amount off")}
		if countable || p.Model == rating.Package || p.Model == rating.Matrix {
			d.Free = maybe(t, above(n), "free units")
		}
		p.Discount = &d
	}
	if rapid.Bool().Draw(t, "has commitment") {
		c := rating.Commitment{Overage: maybe(t, above(n), "overage"), TrueUp: rapid.Bool().Draw(t, "true-up")}
		if (countable || p.Model == rating.Package) && rapid.Bool().Draw(t, "by quantity") {
			c.Quantity = servicecoin.Some(above(n).Draw(t, "promised units"))
		} else {
			c.Amount = servicecoin.Some(above(n).Draw(t, "promised"))
		}
		p.Commitment = &c
	}
	if p.Signed && rapid.Bool().Draw(t, "gives back") {
		p.UnitPrice.Decimal = p.UnitPrice.Decimal.Neg()
		for i := range p.Tiers {
			p.Tiers[i].Unit = p.Tiers[i].Unit.Neg()
		}
	}
	p.Minimum = maybe(t, n, "minimum")
	if most := maybe(t, n, "maximum"); most.Valid {
		p.Maximum = servicecoin.Some(most.Decimal.Add(p.Minimum.Decimal))
	}
	return p
}

// drawnUsage is usage of a price that is no less than before, part by part.
func drawnUsage(t *rapid.T, p rating.Price) rating.Usage {
	quantity := func() decimal.Decimal {
		d := decimal.New(rapid.Int64Range(0, 2_000_000).Draw(t, "quantity"), -rapid.Int32Range(0, 4).Draw(t, "places"))
		if n := len(p.Tiers) - 1; n > 0 && rapid.Bool().Draw(t, "near a bound") {
			d = p.Tiers[rapid.IntRange(0, n-1).Draw(t, "of tier")].UpTo.Decimal.Add(rapid.SampledFrom([]decimal.Decimal{{}, dec("0.000001"), dec("-0.000001")}).Draw(t, "off"))
		}
		if p.Signed && rapid.Bool().Draw(t, "below zero") {
			return d.Neg()
		}
		return d
	}
	one := func() rating.Usage {
		if p.Model != rating.Percentage {
			return rating.Usage{Quantity: quantity()}
		}
		u := rating.Usage{}
		for range rapid.IntRange(0, 6).Draw(t, "events") {
			e := rating.Event{Value: quantity()}
			u.Events, u.Quantity = append(u.Events, e), u.Quantity.Add(e.Value)
		}
		return u
	}
	if p.Each == rating.EachWhole && p.Model != rating.Matrix {
		return one()
	}
	var u rating.Usage
	for range rapid.IntRange(1, 4).Draw(t, "parts") {
		part := rating.Part{Usage: one()}
		if p.Model == rating.Matrix {
			part.Dimensions = map[string]string{"a": rapid.SampledFrom([]string{"1", "2"}).Draw(t, "a"), "b": rapid.SampledFrom([]string{"1", "2"}).Draw(t, "b")}
		}
		u.Parts, u.Quantity = append(u.Parts, part), u.Quantity.Add(part.Usage.Quantity)
	}
	return u
}

func TestOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawnPrice(t)
		u := drawnUsage(t, p)
		tariff, err := rating.Compile(p)
		require.NoError(t, err)
		for _, last := range []bool{true, false} {
			c, err := tariff.SoFar(u)
			if last {
				c, err = tariff.Charge(u)
			}
			require.NoError(t, err)
			want := cost(p, u, last)
			require.Zero(t, want.Cmp(ratOf(c.Exact.Decimal())), "want %s, got %s", want.RatString(), c.Exact)
			sum := decimal.Zero
			for _, l := range c.Lines {
				sum = sum.Add(l.Amount)
			}
			require.True(t, sum.Equal(c.Exact.Decimal()), "the lines")
			rounded, err := c.Exact.Round(p.Rounding)
			require.NoError(t, err)
			require.True(t, rounded.Equal(c.Amount))
			require.NotContains(t, c.TraceOf("GB").Tell(servicecoin.Reader{}).String(), "%!")
			require.NotContains(t, strings.ReplaceAll(p.Says(), " %", ""), "%")
		}
	})
}

// The quick ways say what the long one does.
func TestQuickIsLong(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawnPrice(t)
		if p.Model != rating.PerUnit && p.Model != rating.Graduated && p.Model != rating.Volume {
			p.Model, p.UnitPrice = rating.PerUnit, servicecoin.Some(dec("0.07"))
			p = rating.Price{Name: "P", Model: rating.PerUnit, Currency: p.Currency, Rounding: p.Rounding, UnitPrice: p.UnitPrice, Signed: p.Signed, Minimum: p.Minimum, Maximum: p.Maximum}
		}
		p.Each, p.Discount, p.Commitment, p.BillingUnit = rating.EachWhole, nil, nil, servicecoin.Undefined()
		for i := range p.Tiers {
			p.Tiers[i].Cap = servicecoin.Undefined()
		}
		q := rapid.OneOf(
			rapid.Custom(func(t *rapid.T) decimal.Decimal { return drawnUsage(t, p).Quantity }),
			rapid.Custom(func(t *rapid.T) decimal.Decimal { // at a bound, and beside it
				beside := decimal.New(rapid.Int64Range(-1, 1).Draw(t, "beside"), -9)
				if len(p.Tiers) < 2 {
					return beside.Abs()
				}
				return p.Tiers[rapid.IntRange(0, len(p.Tiers)-2).Draw(t, "tier")].UpTo.Decimal.Add(beside)
			}),
			rapid.Custom(func(t *rapid.T) decimal.Decimal {
				return decimal.New(rapid.Int64Range(0, 1<<62).Draw(t, "large"), -rapid.Int32Range(0, 18).Draw(t, "places"))
			}),
		).Draw(t, "q")
		tariff, err := rating.Compile(p)
		require.NoError(t, err)
		long, err := tariff.Long(rating.Usage{Quantity: q})
		if err != nil {
			_, err := tariff.Minor(q)
			require.Error(t, err)
			return
		}
		quick, err := tariff.Rate(q)
		require.NoError(t, err)
		require.Len(t, quick.Lines, len(long.Lines))
		for i, l := range quick.Lines {
			w := long.Lines[i]
			require.True(t, l.Kind == w.Kind && l.Tier == w.Tier && l.Amount.Equal(w.Amount) && l.Unit.Valid == w.Unit.Valid && l.Unit.Decimal.Equal(w.Unit.Decimal) &&
				l.Quantity.Valid == w.Quantity.Valid && l.Quantity.Decimal.Equal(w.Quantity.Decimal), "want %+v, got %+v", w, l)
		}
		exact, err := tariff.Exact(q)
		require.NoError(t, err)
		quote, err := tariff.Quote(q)
		require.NoError(t, err)
		for _, got := range []money.Amount{quick.Exact, exact, quote.Exact} {
			require.True(t, long.Exact.Equal(got), "want %s, got %s", long.Exact, got)
		}
		require.True(t, long.Amount.Equal(quick.Amount), "want %s, got %s", long.Amount, quick.Amount)
		require.True(t, long.Amount.Equal(quote.Amount), "want %s, got %s", long.Amount, quote.Amount)
		require.True(t, long.Billed.Equal(quick.Billed))
		minor, err := tariff.Minor(q)
		want := long.Amount.Decimal().Shift(int32(p.Currency.Digits()))
		if want.Abs().GreaterThan(dec("9223372036854775807")) {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		require.NoError(t, err)
		require.True(t, want.Equal(decimal.NewFromInt(minor)), "want %s, got %d", want, minor)
	})
}

// However a period is cut into steps, what is billed of it sums to what it costs as
// one; and so do the lines by which the steps differ.
func TestStepsSumToTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawnPrice(t)
		tariff, err := rating.Compile(p)
		require.NoError(t, err)
		billed, err := money.Zero(p.Currency)
		require.NoError(t, err)
		var before rating.Charge
		steps := rapid.IntRange(1, 5).Draw(t, "steps")
		exact := decimal.Zero
		for i := range steps {
			u := drawnUsage(t, p) // more, or less: late events and corrections
			d, err := tariff.Delta(u, billed, i == steps-1)
			require.NoError(t, err)
			billed, err = billed.Add(d.Amount)
			require.NoError(t, err)
			for _, l := range d.Charge.Since(before) {
				exact = exact.Add(l.Amount)
			}
			before = d.Charge
			if i == steps-1 {
				whole, err := tariff.Charge(u)
				require.NoError(t, err)
				require.True(t, whole.Amount.Equal(billed), "want %s, got %s", whole.Amount, billed)
				require.True(t, whole.Exact.Decimal().Equal(exact), "the lines: want %s, got %s", whole.Exact, exact)
			}
		}
	})
}

// Events that were there all the time cost what their sum does; each is priced on its
// own way through the tiers.
func TestProratedByAnOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawnPrice(t)
		n := priceNumbers()
		p = rating.Price{Name: "P", Model: rating.GraduatedProrated, Currency: p.Currency, Rounding: p.Rounding}
		p.Tiers = []rating.Tier{
			{UpTo: servicecoin.Some(decimal.NewFromInt(rapid.Int64Range(1, 20).Draw(t, "bound"))), Unit: n.Draw(t, "one"), Flat: n.Draw(t, "fee")},
			{UpTo: servicecoin.Some(dec("40")), Unit: n.Draw(t, "two")},
			{Unit: n.Draw(t, "three"), Flat: n.Draw(t, "last fee")},
		}
		// In tenths of a unit, each on its own: the oracle walks through all of them.
		var u rating.Usage
		tenths, highest := int64(0), int64(0)
		want := zeroRat()
		unitOf := func(tenth int64) *big.Rat { // of the stretch from tenth to the next
			for _, t := range p.Tiers {
				if !t.UpTo.Valid || decimal.New(tenth, -1).LessThan(t.UpTo.Decimal) {
					return ratOf(t.Unit)
				}
			}
			panic("no tier")
		}
		for range rapid.IntRange(0, 6).Draw(t, "events") {
			step := rapid.Int64Range(-tenths, 300).Draw(t, "step")
			share := big.NewRat(rapid.Int64Range(0, 8).Draw(t, "eighths"), 8)
			e := rating.Event{Value: decimal.New(step, -1)}
			e.Prorated = servicecoin.Some(e.Value.Mul(decimal.NewFromBigRat(share, 3)))
			u.Events = append(u.Events, e)
			each := mulRat(share, big.NewRat(1, 10))
			for ; step > 0; step-- {
				want = addRat(want, mulRat(each, unitOf(tenths)))
				tenths++
			}
			for ; step < 0; step++ {
				tenths--
				want = subRat(want, mulRat(each, unitOf(tenths)))
			}
			highest = max(highest, tenths)
		}
		from := decimal.Zero
		for i, t := range p.Tiers {
			if i == 0 || decimal.New(highest, -1).GreaterThan(from) {
				want = addRat(want, ratOf(t.Flat))
			}
			from = t.UpTo.Decimal
		}
		tariff, err := rating.Compile(p)
		require.NoError(t, err)
		c, err := tariff.Charge(u)
		require.NoError(t, err)
		require.Zero(t, want.Cmp(ratOf(c.Exact.Decimal())), "want %s, got %s", want.FloatString(10), c.Exact)
	})
}

// Of the rows that fit, the most specific one is it; where two could be, the price is
// refused.
func TestRowsByAnOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rating.Price{Name: "P", Model: rating.Matrix, Currency: money.EUR, Rounding: money.HalfEven}
		draw := func() map[string]string {
			where := map[string]string{}
			for _, name := range []string{"a", "b", "c"} {
				if v := rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, name); v != "" {
					where[name] = v
				}
			}
			return where
		}
		for i := range rapid.IntRange(1, 6).Draw(t, "rows") {
			p.Rows = append(p.Rows, rating.Row{Where: draw(), Unit: decimal.NewFromInt(int64(i + 1))})
		}
		tariff, err := rating.Compile(p)
		refused := errors.Is(err, servicecoin.ErrInvalid)
		torn := false
		for a := range 3 {
			for b := range 3 {
				for c := range 3 {
					where := map[string]string{"a": strconv.Itoa(a), "b": strconv.Itoa(b), "c": strconv.Itoa(c)}
					most, found, rows := -1, 0, 0
					for i, r := range p.Rows {
						fits := true
						for name, value := range r.Where {
							fits = fits && where[name] == value
						}
						switch {
						case fits && len(r.Where) > most:
							most, found, rows = len(r.Where), i+1, 1
						case fits && len(r.Where) == most:
							rows++
						}
					}
					if torn = torn || rows > 1; rows > 1 || refused {
						continue
					}
					got, err := tariff.Charge(rating.Usage{Parts: []rating.Part{{Dimensions: where, Usage: rating.Usage{Quantity: decimal.NewFromInt(1)}}}})
					if found == 0 {
						require.ErrorContains(t, err, "no row of the price fits")
						continue
					}
					require.NoError(t, err)
					require.Equal(t, strconv.Itoa(found), got.Exact.Decimal().String())
				}
			}
		}
		if torn {
			require.True(t, refused, "two rows fit alike, and the price was taken")
		}
	})
}

package rating_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/limittest"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// Whatever somebody hands in, checking it takes little: 100,000 members of each
// list are refused for their number.
func TestLongListsAreRefused(t *testing.T) { //nolint:paralleltest // counts what is allocated
	for _, model := range []rating.Model{rating.Graduated, rating.Volume, rating.PerUnit, rating.Flat} {
		p := rating.Price{
			Name: "x", Model: model, Currency: money.EUR, Rounding: money.HalfEven, Tiers: make([]rating.Tier, 100_000),
			BillingUnit: servicecoin.Some(decimal.NewFromInt(3)),
		}
		for i := range p.Tiers {
			p.Tiers[i].UpTo = servicecoin.Some(decimal.NewFromInt(10))
		}
		var err error
		bytes := limittest.Allocated(func() { err = p.Validate() })
		require.ErrorContains(t, err, "tiers")
		require.Less(t, bytes, uint64(1<<20), model)
	}
}

// Numbers whose digits would fill the memory are refused before anybody computes
// with them, wherever they stand.
func TestHugeNumbersAreRefused(t *testing.T) {
	t.Parallel()
	one := servicecoin.Some(decimal.NewFromInt(1))
	good := map[rating.Model]rating.Price{
		rating.Flat: {Amount: one}, rating.PerUnit: {UnitPrice: one, BillingUnit: one, Minimum: one, Maximum: one},
		rating.Graduated: {Tiers: []rating.Tier{{UpTo: one, Unit: one.Decimal, Flat: one.Decimal}, {}}, BillingUnit: one},
		rating.Package:   {Package: &rating.Bundle{Size: one.Decimal, Price: one.Decimal}},
	}
	for _, d := range limittest.HugeNumbers() {
		some := servicecoin.Some(d)
		for path, c := range map[string]struct {
			model  rating.Model
			change func(p *rating.Price)
		}{
			"amount": {rating.Flat, func(p *rating.Price) { p.Amount = some }}, "unitPrice": {rating.PerUnit, func(p *rating.Price) { p.UnitPrice = some }},
			"billingUnit": {rating.PerUnit, func(p *rating.Price) { p.BillingUnit = some }}, "minimum": {rating.PerUnit, func(p *rating.Price) { p.Minimum = some }},
			"maximum": {rating.PerUnit, func(p *rating.Price) { p.Maximum = some }}, "tiers[0].upTo": {rating.Graduated, func(p *rating.Price) { p.Tiers[0].UpTo = some }},
			"tiers[0].unit": {rating.Graduated, func(p *rating.Price) { p.Tiers[0].Unit = d }}, "tiers[0].flat": {rating.Graduated, func(p *rating.Price) { p.Tiers[0].Flat = d }},
			"package.size": {rating.Package, func(p *rating.Price) { p.Package = &rating.Bundle{Size: d} }}, "package.price": {rating.Package, func(p *rating.Price) { p.Package = &rating.Bundle{Price: d} }},
			"package.free": {rating.Package, func(p *rating.Price) { p.Package = &rating.Bundle{Free: d} }},
		} {
			p := good[c.model]
			p.Name, p.Model, p.Currency, p.Rounding, p.Signed = "x", c.model, money.EUR, money.HalfEven, true
			p.Tiers = append([]rating.Tier(nil), p.Tiers...)
			before := p
			before.Tiers = append([]rating.Tier(nil), p.Tiers...)
			c.change(&p)
			limittest.AtOnce(t, func() {
				require.ErrorContains(t, p.Validate(), path)
				require.False(t, p.Equal(before))
				require.False(t, before.Equal(p))
				_, err := rating.Rate(before, d)
				require.ErrorIs(t, err, servicecoin.ErrInvalid)
			})
		}
	}
}

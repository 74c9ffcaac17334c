package rating_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// charged is what usage costs at a price.
func charged(t *testing.T, p rating.Price, u rating.Usage) rating.Charge {
	t.Helper()
	tariff, err := rating.Compile(p)
	require.NoError(t, err)
	c, err := tariff.Charge(u)
	require.NoError(t, err)
	sum := decimal.Zero
	for _, l := range c.Lines {
		sum = sum.Add(l.Amount)
	}
	sameDecimal(t, "the lines", c.Exact.Decimal(), sum)
	return c
}

func eventsOf(values []decimal.Decimal) []rating.Event {
	list := make([]rating.Event, 0, len(values))
	for _, v := range values {
		list = append(list, rating.Event{Value: v})
	}
	return list
}

func lineOf(c rating.Charge, kind rating.LineKind) rating.Line {
	i := slices.IndexFunc(c.Lines, func(l rating.Line) bool { return l.Kind == kind })
	if i < 0 {
		return rating.Line{}
	}
	return c.Lines[i]
}

func checkPercentage(t *testing.T, c vector) {
	params := fields[struct {
		Rate    decimal.Decimal     `json:"rate_percent"`
		Fixed   decimal.Decimal     `json:"fixed_per_event"`
		Events  int                 `json:"free_events"`
		Amount  decimal.NullDecimal `json:"free_amount"`
		Minimum decimal.NullDecimal `json:"min_per_event"`
		Maximum decimal.NullDecimal `json:"max_per_event"`
	}](t, c.Params)
	in := fields[struct {
		Values []decimal.Decimal `json:"event_values"`
	}](t, c.Input)
	want := fields[struct {
		Amount     decimal.Decimal     `json:"amount"`
		Unit       decimal.NullDecimal `json:"unit_amount"`
		FreeUnits  decimal.NullDecimal `json:"free_units"`
		PaidUnits  decimal.NullDecimal `json:"paid_units"`
		FreeEvents *int64              `json:"free_events"`
		PaidEvents *int64              `json:"paid_events"`
		Rate       decimal.NullDecimal `json:"rate_part"`
		Fixed      decimal.NullDecimal `json:"fixed_part"`
	}](t, c.Expect)
	if params.Amount.Decimal.IsZero() { // the source writes 0 for none
		params.Amount = servicecoin.Undefined()
	}
	got := charged(t, rating.Price{
		Name: "P", Model: rating.Percentage, Currency: money.EUR, Rounding: money.HalfAwayFromZero,
		Share: &rating.Share{Percent: params.Rate, PerEvent: params.Fixed, FreeEvents: params.Events, FreeAmount: params.Amount, Least: params.Minimum, Most: params.Maximum},
	}, rating.Usage{Events: eventsOf(in.Values)})
	sameDecimal(t, "amount", want.Amount, got.Exact.Decimal())
	if want.Unit.Valid {
		sameDecimal(t, "a unit", want.Unit.Decimal, got.Effective(20).Decimal)
	}
	if want.PaidUnits.Valid {
		sameDecimal(t, "paid", want.PaidUnits.Decimal, got.Billed)
	}
	if want.FreeUnits.Valid {
		sameDecimal(t, "free", want.FreeUnits.Decimal, got.Quantity.Sub(got.Billed))
	}
	paid := lineOf(got, rating.PerEventLine)
	if want.PaidEvents != nil {
		require.Equal(t, *want.PaidEvents, paid.Quantity.Decimal.IntPart())
	}
	if want.FreeEvents != nil {
		require.Equal(t, *want.FreeEvents, int64(len(in.Values))-paid.Quantity.Decimal.IntPart())
	}
	if want.Rate.Valid {
		sameDecimal(t, "the share", want.Rate.Decimal, lineOf(got, rating.PercentLine).Amount)
	}
	if want.Fixed.Valid {
		sameDecimal(t, "the fees", want.Fixed.Decimal, paid.Amount)
	}
}

func checkEventAmount(t *testing.T, c vector) {
	in := fields[struct {
		Units decimal.Decimal `json:"units"`
		Minor decimal.Decimal `json:"sum_of_event_amount_minor"`
	}](t, c.Input)
	want := fields[struct {
		Amount decimal.Decimal `json:"amount"`
		Unit   *string         `json:"unit_amount"`
	}](t, c.Expect)
	p := rating.Price{Name: "P", Model: rating.Dynamic, Currency: money.EUR, Rounding: money.HalfAwayFromZero, Factor: some("1")}
	got := charged(t, p, rating.Usage{Quantity: in.Units, Amount: servicecoin.Some(in.Minor.Shift(-2))})
	sameDecimal(t, "amount", want.Amount, got.Exact.Decimal())
	rounded(t, "a unit", want.Unit, got.UnitAmount(20))
}

// prorated runs a case of events that were there for a part of the period.
func prorated(t *testing.T, c vector) (rating.Charge, error) {
	t.Helper()
	in := fields[struct {
		Values   []decimal.Decimal `json:"event_values"`
		Prorated []decimal.Decimal `json:"event_prorated"`
		Full     decimal.Decimal   `json:"full_units"`
	}](t, c.Input)
	require.Len(t, in.Prorated, len(in.Values))
	u := rating.Usage{Events: eventsOf(in.Values), Quantity: in.Full}
	for i := range u.Events {
		u.Events[i].Prorated = servicecoin.Some(in.Prorated[i])
	}
	if in.Full.IsNegative() {
		u.Quantity = decimal.Zero
	}
	tariff, err := rating.Compile(price(t, c.Model, c.Params))
	require.NoError(t, err)
	return tariff.Charge(u)
}

func checkProrated(t *testing.T, c vector) {
	want := fields[struct {
		Amount string  `json:"amount_rounded"`
		Unit   *string `json:"unit_amount_rounded"`
	}](t, c.Expect)
	got, err := prorated(t, c)
	require.NoError(t, err)
	rounded(t, "amount", &want.Amount, servicecoin.Some(got.Exact.Decimal()))
	rounded(t, "a unit", want.Unit, got.UnitAmount(20))
}

// checkCredits uses credits up on the lines of a charge, in their order.
func checkCredits(t *testing.T, c vector) {
	in := fields[struct {
		Units   decimal.Decimal   `json:"units"`
		Credits []decimal.Decimal `json:"credits"`
	}](t, c.Input)
	want := fields[struct {
		Used  decimal.Decimal `json:"credits_used"`
		Due   decimal.Decimal `json:"amount_due"`
		Error string          `json:"error"`
	}](t, c.Expect)
	got := charged(t, price(t, "graduated", c.Params), rating.Usage{Quantity: in.Units})
	left := decimal.Sum(decimal.Zero, in.Credits...)
	due, used := decimal.Zero, decimal.Zero
	for _, l := range got.Lines {
		n := decimal.Min(left, l.Amount)
		left, used, due = left.Sub(n), used.Add(n), due.Add(l.Amount.Sub(n))
	}
	if want.Error != "" {
		require.True(t, left.IsPositive(), "more credit than there is to pay")
		return
	}
	require.True(t, left.IsZero())
	sameDecimal(t, "used", want.Used, used)
	sameDecimal(t, "due", want.Due, due)
}

// checkUsageDiscount looks at what is billed before and after a line.
func checkUsageDiscount(t *testing.T, c vector) {
	params := fields[priceParams](t, c.Params)
	in := fields[struct {
		Line     decimal.Decimal `json:"line_units"`
		Previous decimal.Decimal `json:"previous_units"`
	}](t, c.Input)
	want := fields[struct {
		Line     decimal.Decimal     `json:"line_units_after"`
		Previous decimal.Decimal     `json:"previous_after"`
		Applied  decimal.Decimal     `json:"applied_line"`
		Before   decimal.NullDecimal `json:"applied_previous"`
	}](t, c.Expect)
	p := rating.Price{Name: "P", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfAwayFromZero, UnitPrice: some("1"), Discount: &rating.Discount{Free: params.FreeUnits}}
	before, after := charged(t, p, rating.Usage{Quantity: in.Previous}), charged(t, p, rating.Usage{Quantity: in.Previous.Add(in.Line)})
	sameDecimal(t, "before", want.Previous, before.Billed)
	sameDecimal(t, "the line", want.Line, after.Billed.Sub(before.Billed))
	sameDecimal(t, "free in the line", want.Applied, in.Line.Sub(after.Billed.Sub(before.Billed)))
	if want.Before.Valid {
		sameDecimal(t, "free before", want.Before.Decimal, in.Previous.Sub(before.Billed))
	}
}

func checkParts(t *testing.T, c vector) {
	params := fields[priceParams](t, c.Params)
	in := fields[struct {
		Buckets []decimal.Decimal `json:"buckets"`
		Groups  []decimal.Decimal `json:"groups"`
	}](t, c.Input)
	want := fields[struct {
		Amount decimal.Decimal `json:"amount"`
	}](t, c.Expect)
	p := price(t, params.Inner, c.Params)
	p.Each = rating.EachBucket
	if in.Groups != nil {
		p.Each = rating.EachGroup
	}
	var u rating.Usage
	for _, q := range append(in.Buckets, in.Groups...) {
		u.Parts = append(u.Parts, rating.Part{Usage: rating.Usage{Quantity: q}})
	}
	sameDecimal(t, "amount", want.Amount, charged(t, p, u).Exact.Decimal())
}

type capacityParams struct {
	Tiers []struct {
		Price decimal.Decimal            `json:"price"`
		Most  map[string]decimal.Decimal `json:"max"`
	} `json:"tiers"`
}

func (c capacityParams) price() rating.Price {
	p := rating.Price{Name: "P", Model: rating.Capacity, Currency: money.USD, Rounding: money.HalfAwayFromZero}
	for _, x := range c.Tiers {
		p.Plans = append(p.Plans, rating.Plan{Price: x.Price, Most: x.Most})
	}
	return p
}

func checkCapacity(t *testing.T, c vector) {
	in := fields[struct {
		Peaks map[string]decimal.Decimal `json:"peak_units"`
	}](t, c.Input)
	want := fields[struct {
		Amount decimal.Decimal `json:"amount"`
		Error  string          `json:"error"`
	}](t, c.Expect)
	p := fields[capacityParams](t, c.Params).price()
	if want.Error != "" {
		tariff, err := rating.Compile(p)
		require.NoError(t, err)
		_, err = tariff.Charge(rating.Usage{Peaks: in.Peaks})
		require.Error(t, err)
		return
	}
	sameDecimal(t, "amount", want.Amount, charged(t, p, rating.Usage{Peaks: in.Peaks}).Exact.Decimal())
}

// block is a tier of Kill Bill: so many blocks of a size, of its own.
type block struct {
	Size  decimal.Decimal `json:"block_size"`
	Most  decimal.Decimal `json:"max_blocks"`
	Price decimal.Decimal `json:"block_price"`
}

// checkBlocks composes each tier of a package price, and adds up the units.
func checkBlocks(t *testing.T, c vector) {
	var units map[string]decimal.Decimal
	tiers := map[string][]block{}
	if strings.HasSuffix(c.Model, "_multi_unit") {
		for unit, x := range fields[struct {
			Units map[string]struct {
				Blocks []block `json:"tier_blocks"`
			} `json:"units"`
		}](t, c.Params).Units {
			tiers[unit] = x.Blocks
		}
		units = fields[struct {
			Units map[string]decimal.Decimal `json:"units"`
		}](t, c.Input).Units
	} else {
		tiers[""] = fields[struct {
			Blocks []block `json:"tier_blocks"`
		}](t, c.Params).Blocks
		units = map[string]decimal.Decimal{"": fields[struct {
			Units decimal.Decimal `json:"units"`
		}](t, c.Input).Units}
	}
	want := fields[struct {
		Amount  decimal.Decimal   `json:"amount"`
		PerTier []decimal.Decimal `json:"per_tier"`
	}](t, c.Expect)
	sum, perTier := decimal.Zero, []decimal.Decimal{}
	for _, unit := range slices.Sorted(maps.Keys(units)) {
		left := units[unit]
		for i, b := range tiers[unit] {
			room, last := b.Size.Mul(b.Most), i == len(tiers[unit])-1
			took := left
			if strings.HasPrefix(c.Model, "blocks_top") {
				// All at the tier that is reached: the tiers before it are full.
				if left.GreaterThan(room) && !last {
					left = left.Sub(room)
					continue
				}
				took = units[unit]
				left = decimal.Zero
			} else {
				took = decimal.Min(took, room)
				left = left.Sub(took)
			}
			p := rating.Price{
				Name: fmt.Sprint(unit, i), Model: rating.Package, Currency: money.USD, Rounding: money.HalfAwayFromZero,
				Package: &rating.Bundle{Size: b.Size, Price: b.Price},
			}
			amount := charged(t, p, rating.Usage{Quantity: took}).Exact.Decimal()
			sum, perTier = sum.Add(amount), append(perTier, amount)
			if left.IsZero() {
				break
			}
		}
	}
	sameDecimal(t, "amount", want.Amount, sum)
	for i, x := range want.PerTier {
		sameDecimal(t, "a tier", x, perTier[i])
	}
}

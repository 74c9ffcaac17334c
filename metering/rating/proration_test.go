package rating_test

import (
	"math/big"
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

func date(text string) calendar.Date {
	var d calendar.Date
	if err := d.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return d
}

func TestDays(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for _, c := range []struct {
		days rating.Days
		want int
	}{
		{rating.Days{From: date("2026-03-01"), To: date("2026-04-01")}, 31},
		{rating.Days{From: date("2026-03-01"), To: date("2026-03-31"), Count: rating.EndIncluded}, 31},
		{rating.Days{From: date("2028-02-01"), To: date("2028-03-01")}, 29},
		{rating.Days{From: date("2026-03-01"), To: date("2026-03-01")}, 0},
		// The month with the short day, and a part of a day that began.
		{rating.DaysOf(calendar.Month{Year: 2026, Month: time.March}.In(berlin), berlin), 31},
		{rating.DaysOf(calendar.Between(time.Date(2026, 3, 28, 22, 30, 0, 0, time.UTC), time.Date(2026, 3, 29, 22, 0, 0, 1, time.UTC)), berlin), 3},
		{rating.DaysOf(calendar.Interval{}, berlin), 0},
	} {
		require.Equal(t, c.want, c.days.Len())
	}
}

func TestShares(t *testing.T) {
	t.Parallel()
	month := rating.Days{From: date("2026-03-01"), To: date("2026-04-01")}
	for from, want := range map[string]rating.Fraction{"2026-03-01": {Part: 31, Whole: 31}, "2026-03-15": {Part: 17, Whole: 31}, "2026-03-31": {Part: 1, Whole: 31}, "2026-04-01": {Whole: 31}, "2026-02-01": {Part: 31, Whole: 31}} {
		got, err := month.Left(date(from))
		require.NoError(t, err)
		require.Equal(t, want, got, from)
	}
	got, err := month.Share(rating.Days{From: date("2026-03-10"), To: date("2026-05-01")}, rating.Days{From: date("2026-01-01"), To: date("2027-01-01")})
	require.NoError(t, err)
	require.Equal(t, "22 of 365", got.Words())
	for _, bad := range []rating.Days{{}, {From: date("2026-03-02"), To: date("2026-03-01")}, {From: date("0001-01-01"), To: date("9999-01-01")}, {From: date("2026-03-01"), To: date("2026-03-01")}, {From: date("2026-03-01"), To: date("2026-03-02"), Count: "x"}} {
		_, err := bad.Left(date("2026-03-01"))
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
	}
}

// A fraction is rounded as the exact number is, by each rounding, and the parts that
// one by one are a whole are within a unit of it.
func TestFractionIsRoundedOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := decimal.New(rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, "d"), -rapid.Int32Range(0, 6).Draw(t, "places"))
		f := rating.Fraction{Part: rapid.Int64Range(0, 400).Draw(t, "part"), Whole: rapid.Int64Range(1, 400).Draw(t, "whole")}
		places := rapid.IntRange(0, 4).Draw(t, "to")
		r := rapid.SampledFrom([]money.Rounding{money.HalfAwayFromZero, money.HalfEven, money.HalfTowardZero, money.Up, money.Down, money.Ceiling, money.Floor}).Draw(t, "rounding")
		got, err := f.Of(d, places, r)
		require.NoError(t, err)
		exact := new(big.Rat).Mul(d.Rat(), big.NewRat(f.Part, f.Whole))
		unit := decimal.New(1, -int32(places)).Rat()
		off := new(big.Rat).Sub(got.Rat(), exact)
		size := new(big.Rat).Abs(off)
		half := new(big.Rat).Quo(unit, big.NewRat(2, 1))
		away := off.Sign()*exact.Sign() > 0 // farther from zero than it is
		switch r {
		case money.HalfAwayFromZero:
			require.True(t, size.Cmp(half) < 0 || size.Cmp(half) == 0 && away)
		case money.HalfEven:
			require.True(t, size.Cmp(half) < 0 || size.Cmp(half) == 0 && got.Shift(int32(places)).Mod(decimal.NewFromInt(2)).IsZero())
		case money.HalfTowardZero:
			require.True(t, size.Cmp(half) < 0 || size.Cmp(half) == 0 && !away)
		case money.Up:
			require.True(t, size.Cmp(unit) < 0 && (off.Sign() == 0 || away))
		case money.Down:
			require.True(t, size.Cmp(unit) < 0 && !away)
		case money.Ceiling:
			require.True(t, size.Cmp(unit) < 0 && off.Sign() >= 0)
		case money.Floor:
			require.True(t, size.Cmp(unit) < 0 && off.Sign() <= 0)
		}
	})
}

func TestFractionRefuses(t *testing.T) {
	t.Parallel()
	for _, f := range []rating.Fraction{{}, {Part: -1, Whole: 1}, {Part: 1, Whole: -1}} {
		_, err := f.Of(dec("1"), 2, money.HalfEven)
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
	}
	for _, err := range []error{
		second(rating.Fraction{Part: 1, Whole: 1}.Of(decimal.New(1, 1<<30), 2, money.HalfEven)),
		second(rating.Fraction{Part: 1, Whole: 1}.Of(dec("1"), -1, money.HalfEven)),
		second(rating.Fraction{Part: 1, Whole: 1}.Of(dec("1"), 2, "")),
	} {
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
	}
}

func second[T any](_ T, err error) error { return err }

func TestChangeOfAPrice(t *testing.T) {
	t.Parallel()
	eur := func(text string) money.Amount {
		a, err := money.Parse(text + " EUR")
		require.NoError(t, err)
		return a
	}
	c := rating.Change{
		Period: rating.Days{From: date("2026-03-01"), To: date("2026-04-01")}, On: date("2026-03-15"), Old: eur("31"), New: eur("62"), Rounding: money.HalfAwayFromZero,
		Paid: eur("20"), Credited: eur("5"),
	}
	got, err := c.Reckon()
	require.NoError(t, err)
	require.Equal(t, "-15.00 EUR", got.Credit.String(), "no more than was paid, less what was credited")
	require.Equal(t, "34.00 EUR", got.Charge.String())
	require.Equal(t, "19.00 EUR", got.Net.String())
	usd, err := money.Parse("1 USD")
	require.NoError(t, err)
	c.New = usd
	_, err = c.Reckon()
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "two currencies")
	c.New, c.Paid = eur("1"), usd
	_, err = c.Reckon()
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = rating.Change{}.Reckon()
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

func TestHourlyRates(t *testing.T) {
	t.Parallel()
	for per, want := range map[rating.RatePeriod]int64{rating.PerHour: 1, rating.PerDay: 24, rating.PerWeek: 168, rating.PerMonth: 744, rating.PerYear: 8760} {
		f, err := per.Hourly(31 * 24)
		require.NoError(t, err)
		require.Equal(t, want, f.Whole)
	}
	_, err := rating.PerMonth.Hourly(0)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = rating.RatePeriod("annually").Hourly(720)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// Units that were there for a part of the period pick the tier as whole ones, and are
// charged for their part; the average is that of a whole unit.
func TestProratedVolume(t *testing.T) {
	t.Parallel()
	volume := rating.Price{Name: "P", Model: rating.Volume, Currency: money.EUR, Rounding: money.HalfAwayFromZero, Tiers: []rating.Tier{
		{UpTo: some("100"), Unit: dec("2"), Flat: dec("10")}, {UpTo: some("200"), Unit: dec("1")}, {Unit: dec("0.5"), Flat: dec("50")},
	}}
	free := volume
	free.ZeroUsage = rating.BillNothing
	signed := volume
	signed.Signed = true
	unit := rating.Price{Name: "P", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfAwayFromZero, UnitPrice: some("3")}
	event := func(value, prorated string) rating.Event {
		return rating.Event{Value: dec(value), Prorated: some(prorated)}
	}
	for name, c := range map[string]struct {
		price          rating.Price
		events         []rating.Event
		billed, amount string
	}{
		"the upper tier":     {volume, []rating.Event{event("210", "70")}, "210", "85"},
		"at the bound":       {volume, []rating.Event{event("100", "30.5")}, "100", "71"},
		"above the bound":    {volume, []rating.Event{event("100", "30"), {Value: dec("0.5")}}, "100.5", "30.5"},
		"taken away":         {volume, []rating.Event{event("5", "3.5"), event("-5", "-1")}, "0", "15"},
		"taken away, free":   {free, []rating.Event{event("5", "3.5"), event("-5", "-1")}, "0", "15"},
		"nothing, free":      {free, []rating.Event{event("5", "3"), event("-5", "-3")}, "0", "0"},
		"given back":         {signed, []rating.Event{event("-210", "-70")}, "-210", "-85"},
		"per unit":           {unit, []rating.Event{event("5", "3.5"), event("5", "2.66667")}, "10", "18.50001"},
		"per unit, none yet": {unit, nil, "0", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := charged(t, c.price, rating.Usage{Events: c.events})
			sameDecimal(t, "billed", dec(c.billed), got.Billed)
			sameDecimal(t, "amount", dec(c.amount), got.Exact.Decimal())
			sum := rating.Usage{Events: c.events}.Sum()
			if !sum.IsZero() {
				sameDecimal(t, "a unit", dec(c.amount).DivRound(sum, 6), got.UnitAmount(6).Decimal)
			}
		})
	}
	billing, off := unit, unit
	billing.BillingUnit = some("10")
	off.Discount = &rating.Discount{Free: some("1")}
	for name, c := range map[string]struct {
		price  rating.Price
		events []rating.Event
		want   string
	}{
		"billing units":    {billing, []rating.Event{event("5", "3.5")}, "without billing or free units"},
		"free units":       {off, []rating.Event{event("5", "3.5")}, "without billing or free units"},
		"more than is":     {volume, []rating.Event{event("5", "3.5"), event("-6", "-1")}, "takes away more than is there"},
		"the other sign":   {volume, []rating.Event{event("5", "-3.5")}, "must have the sign of the value"},
		"below, unsigned":  {volume, []rating.Event{event("5", "3.5"), {Value: dec("-1")}}, "unless the price is signed"},
		"another quantity": {volume, []rating.Event{event("5", "3.5"), {Value: dec("1")}}, ""},
	} {
		tariff, err := rating.Compile(c.price)
		require.NoError(t, err)
		_, err = tariff.Charge(rating.Usage{Events: c.events})
		if c.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, c.want, name)
	}
}

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

package money_test

import (
	"encoding/json"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/money"
)

func roundings() []money.Rounding {
	return []money.Rounding{
		money.HalfAwayFromZero, money.HalfEven, money.HalfTowardZero,
		money.Up, money.Down, money.Ceiling, money.Floor,
	}
}

func TestRounding(t *testing.T) {
	t.Parallel()
	values := []string{"2.5", "3.5", "-2.5", "-3.5", "2.1", "-2.1", "2.9", "-2.9", "2.500001", "2", "0.4", "-0.4", "0"}
	for r, want := range map[money.Rounding][]string{
		money.HalfAwayFromZero: {"3", "4", "-3", "-4", "2", "-2", "3", "-3", "3", "2", "0", "0", "0"},
		money.HalfEven:         {"2", "4", "-2", "-4", "2", "-2", "3", "-3", "3", "2", "0", "0", "0"},
		money.HalfTowardZero:   {"2", "3", "-2", "-3", "2", "-2", "3", "-3", "3", "2", "0", "0", "0"},
		money.Up:               {"3", "4", "-3", "-4", "3", "-3", "3", "-3", "3", "2", "1", "-1", "0"},
		money.Down:             {"2", "3", "-2", "-3", "2", "-2", "2", "-2", "2", "2", "0", "0", "0"},
		money.Ceiling:          {"3", "4", "-2", "-3", "3", "-2", "3", "-2", "3", "2", "1", "0", "0"},
		money.Floor:            {"2", "3", "-3", "-4", "2", "-3", "2", "-3", "2", "2", "0", "-1", "0"},
	} {
		for i, value := range values {
			got, err := r.Round(dec(value), 0)
			require.NoError(t, err)
			assert.Equal(t, want[i], got.String(), "%s of %s", r, value)
			cents, err := r.Round(dec(value).Shift(-2), 2)
			require.NoError(t, err)
			assert.Equal(t, dec(want[i]).Shift(-2).String(), cents.String(), "%s of %s cents", r, value)
			thousands, err := r.Round(dec(value).Shift(3), -3)
			require.NoError(t, err)
			assert.Equal(t, dec(want[i]).Shift(3).String(), thousands.String(), "%s of %s thousands", r, value)
		}
	}
}

// The library below rounds, too: both agree wherever it knows the mode.
func TestRoundingAgreesWithDecimal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := decimal.New(rapid.Int64().Draw(t, "value"), int32(rapid.IntRange(-12, 2).Draw(t, "exp")))
		places := rapid.IntRange(-3, 12).Draw(t, "places")
		down, twice := d.RoundDown(int32(places)), decimal.NewFromInt(2)
		nearest := d.Round(int32(places))
		if d.Sub(down).Abs().Mul(twice).Equal(decimal.New(1, -int32(places))) {
			nearest = down
		}
		for r, want := range map[money.Rounding]decimal.Decimal{
			money.HalfAwayFromZero: d.Round(int32(places)),
			money.HalfEven:         d.RoundBank(int32(places)),
			money.HalfTowardZero:   nearest,
			money.Up:               d.RoundUp(int32(places)),
			money.Down:             d.RoundDown(int32(places)),
			money.Ceiling:          d.RoundCeil(int32(places)),
			money.Floor:            d.RoundFloor(int32(places)),
		} {
			got, err := r.Round(d, places)
			require.NoError(t, err)
			require.True(t, want.Equal(got), "%s of %s to %d: %s, want %s", r, d, places, got, want)
		}
	})
}

func TestRoundOfAnAmount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1.005 EUR": "1.01 EUR", "1.5 JPY": "2 JPY", "0.0005 KWD": "0.001 KWD", "1.00005 CLF": "1.0001 CLF", "-1.005 EUR": "-1.01 EUR",
	} {
		a := amount(t, text)
		assert.False(t, a.Rounded(), text)
		got, err := a.Round(money.HalfAwayFromZero)
		require.NoError(t, err)
		assert.Equal(t, want, got.String())
		assert.True(t, got.Rounded())
	}
	price, err := amount(t, "0.123456 EUR").RoundTo(4, money.Down)
	require.NoError(t, err)
	assert.Equal(t, "0.1234 EUR", price.String())
	about, err := amount(t, "1234567 EUR").RoundTo(-3, money.HalfEven)
	require.NoError(t, err)
	assert.Equal(t, "1235000.00 EUR", about.String())
}

func TestRoundingRefuses(t *testing.T) {
	t.Parallel()
	_, err := amount(t, "1 EUR").Round("")
	assert.Equal(t, []string{"rounding:required"}, codes(t, err))
	_, err = amount(t, "1 EUR").RoundTo(1_000, "nearest")
	assert.Equal(t, []string{"rounding:unknown", "places:out-of-range"}, codes(t, err))
}

func TestRoundingText(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(roundings())
	require.NoError(t, err)
	assert.JSONEq(t, `["half-away-from-zero","half-even","half-toward-zero","up","down","ceiling","floor"]`, string(data))
	var back []money.Rounding
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, roundings(), back)
	var one money.Rounding
	assert.Equal(t, []string{":unknown"}, codes(t, json.Unmarshal([]byte(`"half-up"`), &one)))
	assert.Equal(t, []string{":required"}, codes(t, json.Unmarshal([]byte(`""`), &one)))
}

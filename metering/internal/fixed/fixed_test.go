package fixed_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "1": 1e9, "-1.5": -15e8, "0.000000001": 1, "1e3": 1e12, "9223372036": 9223372036e9, "-9223372036": -9223372036e9, "0.100": 1e8,
		"0.1000000000": 1e8, "-1.500000000000000000000": -15e8, "1000000000.000000000": 1e18, "0.000000000000": 0, "0e30": 0, "0.0000000010": 1,
	} {
		got, ok := fixed.Of(decimal.RequireFromString(text))
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, d := range []decimal.Decimal{decimal.New(1, -1<<31), decimal.New(10, -1<<31), decimal.New(1, 1<<31-1)} {
		_, ok := fixed.Of(d)
		require.False(t, ok)
	}
	for _, text := range []string{"0.0000000001", "9223372037", "-9223372037", "1e10", "1e30", "1234567890123456789", "99999999999999999999", "0.00000000010", "9223372037.0000000000000"} {
		_, ok := fixed.Of(decimal.RequireFromString(text))
		require.False(t, ok, text)
	}
}

// Whether a number fits hangs on the number alone, and not on how it is written.
func TestOfIsOfTheNumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := decimal.New(rapid.Int64().Draw(t, "digits"), int32(rapid.IntRange(-12, 12).Draw(t, "exponent")))
		zeros := int32(rapid.IntRange(0, 30).Draw(t, "zeros"))
		longer := decimal.NewFromBigInt(d.Shift(zeros).BigInt(), -zeros)
		if !longer.Equal(d) {
			t.Skip("is cut")
		}
		n, ok := fixed.Of(d)
		again, okAgain := fixed.Of(longer)
		require.Equal(t, ok, okAgain, "%s and with %d zeros", d, zeros)
		require.Equal(t, n, again)
		if ok {
			require.True(t, decimalOf(n).Equal(d))
		}
	})
}

func decimalOf(n int64) decimal.Decimal { return decimal.New(n, -fixed.Places) }

func TestSumIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s fixed.Sum
		want := decimal.Zero
		for range rapid.IntRange(0, 20).Draw(t, "n") {
			n := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1e10, 1e10), rapid.Just[int64](-1<<63), rapid.Just[int64](1<<63-1)).Draw(t, "number")
			s.Add(n)
			want = want.Add(decimalOf(n))
		}
		require.True(t, want.Equal(s.Decimal(fixed.Places)), "want %s, got %s", want, s.Decimal(fixed.Places))
		s.Negate()
		require.True(t, want.Neg().Equal(s.Decimal(fixed.Places)))
	})
}

func TestProductsAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s fixed.Sum
		want := decimal.Zero
		for range rapid.IntRange(0, 6).Draw(t, "n") {
			factor := rapid.OneOf(rapid.Int64Range(0, 1<<63-1), rapid.Int64Range(0, 1e11), rapid.Just[int64](1<<63-1))
			a, b := factor.Draw(t, "a"), factor.Draw(t, "b")
			want = want.Add(decimalOf(a).Mul(decimalOf(b)))
			if !s.AddProduct(a, b) {
				require.Greater(t, want.Shift(18).BigInt().BitLen(), 127, "%s fits", want)
				return
			}
		}
		got := s.Decimal(2 * fixed.Places)
		require.True(t, want.Equal(got), "want %s, got %s", want, got)
		s.Negate()
		require.True(t, want.Neg().Equal(s.Decimal(2*fixed.Places)))
	})
	// What does not fit is told, by no chance.
	var full fixed.Sum
	fit := 0
	for full.AddProduct(1<<63-1, 1<<63-1) {
		fit++
		require.Less(t, fit, 4)
	}
	require.Positive(t, fit)
}

func TestCmp(t *testing.T) {
	t.Parallel()
	low, high := fixed.SumOf(0, 1<<63), fixed.SumOf(1, 0)
	below := fixed.SumOf(-1, 5)
	require.Equal(t, -1, low.Cmp(high))
	require.Equal(t, 1, high.Cmp(low))
	same := low
	require.Equal(t, 0, low.Cmp(same))
	require.Equal(t, -1, below.Cmp(low))
}

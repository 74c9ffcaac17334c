package money_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/money"
)

func decs(texts ...string) []decimal.Decimal {
	var out []decimal.Decimal
	for _, text := range texts {
		out = append(out, dec(text))
	}
	return out
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		whole   string
		weights []decimal.Decimal
		want    []string
	}{
		{"100.00 EUR", decs("1", "1", "1"), []string{"33.34 EUR", "33.33 EUR", "33.33 EUR"}},
		{"-100.00 EUR", decs("1", "1", "1"), []string{"-33.34 EUR", "-33.33 EUR", "-33.33 EUR"}},
		{"100 JPY", decs("1", "1", "1"), []string{"34 JPY", "33 JPY", "33 JPY"}},
		{"0.01 EUR", decs("1", "2"), []string{"0.00 EUR", "0.01 EUR"}},
		{"0.02 EUR", decs("0", "1", "1", "1"), []string{"0.00 EUR", "0.01 EUR", "0.01 EUR", "0.00 EUR"}},
		{"0.05 EUR", decs("0.3", "0.7"), []string{"0.02 EUR", "0.03 EUR"}},
		{"0.05 EUR", decs("0.7", "0.3"), []string{"0.04 EUR", "0.01 EUR"}},
		{"10.00 EUR", decs("0.500", "1e1", "0"), []string{"0.48 EUR", "9.52 EUR", "0.00 EUR"}},
		{"0.00 EUR", decs("1", "2"), []string{"0.00 EUR", "0.00 EUR"}},
		{"1.000 KWD", decs("1", "1", "1"), []string{"0.334 KWD", "0.333 KWD", "0.333 KWD"}},
		{"7.0000 EUR", decs("5"), []string{"7.00 EUR"}},
		{"900000000000000000000000000000 EUR", decs("1", "2"), []string{"300000000000000000000000000000.00 EUR", "600000000000000000000000000000.00 EUR"}},
	} {
		parts, err := amount(t, c.whole).Split(c.weights...)
		require.NoError(t, err)
		var got []string
		for _, p := range parts {
			got = append(got, p.String())
		}
		assert.Equal(t, c.want, got, "%s by %v", c.whole, c.weights)
	}
}

func TestSplitRefuses(t *testing.T) {
	t.Parallel()
	one := amount(t, "1.00 EUR")
	for want, do := range map[string]func() error{
		"[weights:required]":                             func() error { _, err := one.Split(); return err },
		"[weights:all-zero]":                             func() error { _, err := one.Split(decs("0", "0")...); return err },
		"[weights[0]:negative weights[2]:negative]":      func() error { _, err := one.Split(decs("-1", "5", "-2")...); return err },
		"[:not-rounded weights[0]:negative]":             func() error { _, err := amount(t, "1.005 EUR").Split(decs("-1")...); return err },
		"[shares:required]":                              func() error { _, err := one.SplitBy(); return err },
		"[shares[0].id:required shares[2].id:duplicate]": func() error { _, err := one.SplitBy(share("", "1"), share("a", "1"), share("a", "1")); return err },
		"[shares[1].weight:negative]":                    func() error { _, err := one.SplitBy(share("a", "1"), share("b", "-1")); return err },
		"[shares:all-zero]":                              func() error { _, err := one.SplitBy(share("a", "0")); return err },
	} {
		assert.Equal(t, want, fmt.Sprint(codes(t, do())))
	}
}

func share(id, weight string) money.Share { return money.Share{ID: id, Weight: dec(weight)} }

func TestSplitByGivesTheSmallerIDMore(t *testing.T) {
	t.Parallel()
	parts, err := amount(t, "0.05 EUR").SplitBy(share("c", "1"), share("a", "1"), share("b", "1"))
	require.NoError(t, err)
	var got []string
	for _, p := range parts {
		got = append(got, p.ID+" "+p.Amount.String())
	}
	assert.Equal(t, []string{"c 0.01 EUR", "a 0.02 EUR", "b 0.02 EUR"}, got)
}

func TestPartsSumToTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		currency := rapid.SampledFrom([]money.Currency{"EUR", "JPY", "KWD", "CLF"}).Draw(t, "currency")
		minor := rapid.Int64Range(-1e15, 1e15).Draw(t, "minor units")
		whole, err := money.New(decimal.New(minor, -int32(currency.Digits())), currency)
		require.NoError(t, err)
		var shares []money.Share
		var weights []decimal.Decimal
		total := decimal.New(1, 0)
		for i := range rapid.IntRange(1, 9).Draw(t, "n") {
			w := decimal.New(rapid.Int64Range(0, 1e9).Draw(t, "weight"), int32(rapid.IntRange(-6, 3).Draw(t, "exp")))
			if i == 0 {
				w = w.Add(total) // at least one is more than 0
				total = decimal.Decimal{}
			}
			total = total.Add(w)
			weights = append(weights, w)
			shares = append(shares, money.Share{ID: strconv.Itoa(i), Weight: w})
		}

		parts, err := whole.Split(weights...)
		require.NoError(t, err)
		sum, err := money.Sum(currency, parts...)
		require.NoError(t, err)
		require.True(t, whole.Equal(sum))
		for i, p := range parts {
			require.True(t, p.Rounded())
			// No part is off its exact share by a minor unit or more.
			exact := whole.Decimal().Mul(weights[i])
			off := p.Decimal().Mul(total).Sub(exact).Abs()
			require.True(t, off.LessThan(decimal.New(1, -int32(currency.Digits())).Mul(total)), "part %d", i)
		}
		mirrored, err := whole.Neg().Split(weights...)
		require.NoError(t, err)
		for i := range parts {
			require.True(t, parts[i].Equal(mirrored[i].Neg()))
		}

		want, err := whole.SplitBy(shares...)
		require.NoError(t, err)
		byID := map[string]money.Amount{}
		for _, p := range want {
			byID[p.ID] = p.Amount
		}
		got, err := whole.SplitBy(rapid.Permutation(shares).Draw(t, "shuffled")...)
		require.NoError(t, err)
		for _, p := range got {
			require.True(t, p.Amount.Equal(byID[p.ID]), "the order of shares does not matter")
		}
	})
}

func BenchmarkSplit100(b *testing.B) {
	whole := amount(b, "12345.67 EUR")
	weights := make([]decimal.Decimal, 100)
	for i := range weights {
		weights[i] = decimal.New(int64(i*7919%101), -2)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := whole.Split(weights...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSum1k(b *testing.B) {
	list := make([]money.Amount, 1_000)
	for i := range list {
		list[i] = amount(b, fmt.Sprintf("%d.%02d EUR", i, i%100))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := money.Sum(money.EUR, list...); err != nil {
			b.Fatal(err)
		}
	}
}

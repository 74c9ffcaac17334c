package money_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/money"
)

func amount(t testing.TB, text string) money.Amount {
	t.Helper()
	a, err := money.Parse(text)
	require.NoError(t, err)
	return a
}

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// codes returns "path:code" of every violation.
func codes(t testing.TB, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	var invalid *servicecoin.InvalidError
	require.ErrorAs(t, err, &invalid)
	var out []string
	for _, v := range invalid.Violations {
		out = append(out, v.Path+":"+v.Code)
	}
	return out
}

// anAmount draws euros with up to six decimals.
func anAmount(t *rapid.T) money.Amount {
	value := decimal.New(rapid.Int64Range(-1e15, 1e15).Draw(t, "units"), -int32(rapid.IntRange(0, 6).Draw(t, "places")))
	a, err := money.New(value, money.EUR)
	require.NoError(t, err)
	return a
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"12.30 EUR":                          "12.30 EUR",
		"12.3 EUR":                           "12.30 EUR",
		"12 EUR":                             "12.00 EUR",
		"-0.00 EUR":                          "0.00 EUR",
		"007.5000 EUR":                       "7.50 EUR",
		"0.12345 EUR":                        "0.12345 EUR",
		"1200 JPY":                           "1200 JPY",
		"1200.0 JPY":                         "1200 JPY",
		"0.5 JPY":                            "0.5 JPY",
		"1.5 KWD":                            "1.500 KWD",
		"1 CLF":                              "1.0000 CLF",
		"-100 USD":                           "-100.00 USD",
		"999999999999999999999999999999 EUR": "999999999999999999999999999999.00 EUR",
	} {
		a, err := money.Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, a.String())
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                       {":bad-format"},
		"12.30":                                  {":bad-format"},
		"12.30EUR":                               {":bad-format"},
		" EUR":                                   {"amount:bad-format"},
		"12.30 ":                                 {"currency:required"},
		"12.30  EUR":                             {"currency:unknown"},
		"1e3 EUR":                                {"amount:bad-format"},
		"1e999999999 EUR":                        {"amount:bad-format"},
		"x ABC":                                  {"currency:unknown", "amount:bad-format"},
		"1_000 EUR":                              {"amount:bad-format"},
		"1,000 EUR":                              {"amount:bad-format"},
		"+1 EUR":                                 {"amount:bad-format"},
		"--1 EUR":                                {"amount:bad-format"},
		".5 EUR":                                 {"amount:bad-format"},
		"5. EUR":                                 {"amount:bad-format"},
		"1.2.3 EUR":                              {"amount:bad-format"},
		"٣ EUR":                                  {"amount:bad-format"},
		"NaN EUR":                                {"amount:bad-format"},
		"1 eur":                                  {"currency:unknown"},
		"1 XAU":                                  {"currency:no-minor-unit"},
		"1" + strings.Repeat("0", 30) + " EUR":   {"amount:out-of-range"},
		"0." + strings.Repeat("1", 101) + " EUR": {"amount:too-precise"},
		strings.Repeat("1", 1_000_000) + " EUR":  {"amount:too-long"},
		"0." + strings.Repeat("0", 1_000_000) + " ": {"currency:required", "amount:too-long"},
	} {
		_, err := money.Parse(text)
		assert.Equal(t, want, codes(t, err), "%.40q", text)
	}
}

func TestNewRefusesWhatWouldFillTheMemory(t *testing.T) {
	t.Parallel()
	for _, exp := range []int32{1 << 30, -(1 << 30), 31, -101} {
		_, err := money.New(decimal.New(1, exp), money.EUR)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, exp)
		_, err = amount(t, "1 EUR").Mul(decimal.New(1, exp))
		require.ErrorIs(t, err, servicecoin.ErrInvalid, exp)
		_, err = amount(t, "1 EUR").Split(decimal.New(1, exp))
		require.ErrorIs(t, err, servicecoin.ErrInvalid, exp)
		_, err = money.Down.Round(decimal.New(1, exp), 0)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, exp)
	}
	_, err := money.New(decimal.New(1, 29), money.EUR)
	require.NoError(t, err)
	most := amount(t, "999999999999999999999999999999 EUR")
	_, err = most.Add(amount(t, "1 EUR"))
	assert.Equal(t, []string{"amount:out-of-range"}, codes(t, err))
}

func TestArithmetic(t *testing.T) {
	t.Parallel()
	a, b := amount(t, "12.30 EUR"), amount(t, "0.005 EUR")
	sum, err := a.Add(b)
	require.NoError(t, err)
	assert.Equal(t, "12.305 EUR", sum.String())
	diff, err := b.Sub(a)
	require.NoError(t, err)
	assert.Equal(t, "-12.295 EUR", diff.String())
	product, err := a.Mul(dec("-0.333"))
	require.NoError(t, err)
	assert.Equal(t, "-4.0959 EUR", product.String())
	order, err := a.Cmp(b)
	require.NoError(t, err)
	assert.Equal(t, 1, order)
	assert.Equal(t, "-12.30 EUR", a.Neg().String())
	assert.Equal(t, -1, a.Neg().Sign())
	assert.Equal(t, money.EUR, a.Currency())
	assert.True(t, a.Decimal().Equal(dec("12.3")))
	assert.Empty(t, cmp.Diff(a, amount(t, "12.3000 EUR"))) // by Amount.Equal
	assert.False(t, a.Equal(amount(t, "12.30 USD")))
	assert.False(t, a.Equal(b))

	zero, err := money.Zero(money.EUR)
	require.NoError(t, err)
	assert.Equal(t, "0.00 EUR", zero.String())
	assert.True(t, zero.Defined())
	_, err = money.Zero("EURO")
	assert.Equal(t, []string{"currency:unknown"}, codes(t, err))
}

func TestMixedCurrenciesAreRefused(t *testing.T) {
	t.Parallel()
	a, b := amount(t, "1 EUR"), amount(t, "1 USD")
	mixed := []string{"currency:mixed"}
	_, err := a.Add(b)
	assert.Equal(t, mixed, codes(t, err))
	_, err = a.Sub(b)
	assert.Equal(t, mixed, codes(t, err))
	_, err = a.Cmp(b)
	assert.Equal(t, mixed, codes(t, err))
	_, err = money.Sum(money.EUR, a, b, money.Amount{}, b)
	assert.Equal(t, []string{"amounts[1].currency:mixed", "amounts[2]:required", "amounts[3].currency:mixed"}, codes(t, err))
	_, err = money.Sum("EURO")
	assert.Equal(t, []string{"currency:unknown"}, codes(t, err))
}

func TestNoAmount(t *testing.T) {
	t.Parallel()
	var none money.Amount
	one := amount(t, "1 EUR")
	assert.False(t, none.Defined())
	assert.Equal(t, "no amount", none.String())
	assert.True(t, none.Equal(money.Amount{}))
	assert.True(t, none.Neg().Equal(none))
	assert.Zero(t, none.Sign())
	zero, err := money.Zero(money.EUR)
	require.NoError(t, err)
	assert.False(t, none.Equal(zero), "no amount is not an amount of 0")

	for name, do := range map[string]func() error{
		"add":      func() error { _, err := none.Add(one); return err },
		"added":    func() error { _, err := one.Add(none); return err },
		"both":     func() error { _, err := none.Add(none); return err },
		"sub":      func() error { _, err := one.Sub(none); return err },
		"cmp":      func() error { _, err := none.Cmp(one); return err },
		"mul":      func() error { _, err := none.Mul(dec("2")); return err },
		"round":    func() error { _, err := none.Round(money.Down); return err },
		"split":    func() error { _, err := none.Split(dec("1")); return err },
		"split by": func() error { _, err := none.SplitBy(money.Share{ID: "a", Weight: dec("1")}); return err },
		"text":     func() error { _, err := none.MarshalText(); return err },
		"value":    func() error { _, err := none.Value(); return err },
	} {
		assert.Equal(t, []string{":required"}, codes(t, do()), name)
	}
}

func TestSumsDoNotDependOnOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(anAmount), 0, 12).Draw(t, "list")
		want, err := money.Sum(money.EUR, list...)
		require.NoError(t, err)
		got, err := money.Sum(money.EUR, rapid.Permutation(list).Draw(t, "shuffled")...)
		require.NoError(t, err)
		require.True(t, want.Equal(got))
		for _, a := range list {
			got, err = got.Sub(a)
			require.NoError(t, err)
		}
		require.Zero(t, got.Sign())
		require.Equal(t, "0.00 EUR", got.String())
	})
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"12.30 EUR", "-0.005 JPY", "1e999999999 EUR", "1 XAU", "0.0000 CLF", " ", "99999999999999999999999999999999 EUR"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := money.Parse(text)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			require.False(t, a.Defined())
			return
		}
		back, err := money.Parse(a.String())
		require.NoError(t, err)
		require.True(t, a.Equal(back))
		require.Equal(t, a.String(), back.String())
	})
}

func TestWith(t *testing.T) {
	t.Parallel()
	a, err := money.Parse("12.30 EUR")
	require.NoError(t, err)
	b, err := a.With(decimal.RequireFromString("0.5"))
	require.NoError(t, err)
	require.Equal(t, "0.50 EUR", b.String())
	_, err = a.With(decimal.New(1, 1<<30))
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = money.Amount{}.With(decimal.Zero)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

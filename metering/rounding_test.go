package metering_test

import (
	"os"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/money"
)

func TestRoundingVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors/rounding_units.json")
	require.NoError(t, err)
	checks := map[string]func(*testing.T, vector){
		"unit_conversion": checkConversion, "unit_conversion_validate": checkConversionValid,
		"metric_round": checkMetricRound, "quantity_mutate": checkMutate, "unit_linear": checkLinear,
	}
	elsewhere := map[string]string{
		"currency_round": "of package rating", "currency_precision": "of package rating", "round_order": "of package rating",
	}
	passed, other := 0, 0
	for _, c := range fields[[]vector](t, text) {
		if elsewhere[c.Model] != "" {
			other++
			continue
		}
		require.Contains(t, checks, c.Model, c.ID)
		if t.Run(c.ID, func(t *testing.T) { checks[c.Model](t, c) }) {
			passed++
		}
	}
	require.Positive(t, passed)
	t.Logf("rounding_units.json: %d passed, %d of package rating", passed, other)
}

// modes are the roundings by the names that others have for them.
func modes() map[string]money.Rounding {
	return map[string]money.Rounding{
		"ceiling": money.Ceiling, "floor": money.Floor, "half_up": money.HalfAwayFromZero, // ties away from zero, says the case
		"ceil": money.Ceiling, "round": money.HalfAwayFromZero,
	}
}

type unitConfig struct {
	Operation string          `json:"operation"`
	Factor    decimal.Decimal `json:"factor"`
	Rounding  string          `json:"rounding"`
	Precision int32           `json:"precision"`
}

// meter is a sum with a conversion and a rounding.
func (u unitConfig) meter() metering.Meter {
	m := meter(metering.Sum)
	m.Convert = new(metering.Conversion)
	switch u.Operation {
	case "multiply":
		m.Convert.Multiply = servicecoin.Some(u.Factor)
	case "divide":
		m.Convert.Divide = servicecoin.Some(u.Factor)
	}
	if u.Rounding != "" && u.Rounding != "none" {
		mode, ok := modes()[u.Rounding]
		if !ok {
			mode = money.Rounding(u.Rounding)
		}
		m.Round = &metering.Rounding{Mode: mode, Places: u.Precision}
	}
	return m
}

// measured is what a meter makes of one value.
func measured(t require.TestingT, m metering.Meter, value decimal.Decimal) decimal.Decimal {
	series, err := m.Series(each(used(0, servicecoin.Some(value))), []calendar.Interval{hours(1)})
	require.NoError(t, err)
	require.True(t, series[0].Points[0].Value.Valid)
	return series[0].Points[0].Value.Decimal
}

func same(t require.TestingT, want, got decimal.Decimal) {
	require.True(t, want.Equal(got), "want %s, got %s", want, got)
}

func checkConversion(t *testing.T, c vector) {
	m := fields[unitConfig](t, c.Params).meter()
	in := fields[struct {
		Raw decimal.Decimal `json:"raw"`
	}](t, c.Input)
	want := fields[struct {
		Converted decimal.Decimal `json:"converted"`
		Billed    decimal.Decimal `json:"billed"`
	}](t, c.Expect)
	same(t, want.Converted, m.Convert.Apply(in.Raw))
	same(t, want.Billed, measured(t, m, in.Raw))
}

func checkConversionValid(t *testing.T, c vector) {
	m := fields[unitConfig](t, c.Params).meter()
	want := fields[struct {
		Error string `json:"error"`
		Valid bool   `json:"valid"`
	}](t, c.Expect)
	if want.Valid { // a precision without a rounding says nothing
		require.NoError(t, m.Validate())
		return
	}
	paths := map[string]string{
		"invalid_operation": "convert: must multiply", "factor_not_positive": "convert.divide: must be above 0",
		"invalid_rounding": "unknown rounding", "negative_precision": "round.places: must not be below 0",
	}
	require.Contains(t, paths, want.Error)
	require.ErrorContains(t, m.Validate(), paths[want.Error])
}

func checkMetricRound(t *testing.T, c vector) {
	params := fields[struct {
		Function  string `json:"function"`
		Precision int32  `json:"precision"`
	}](t, c.Params)
	in := fields[struct {
		Units decimal.Decimal `json:"units"`
	}](t, c.Input)
	want := fields[struct {
		Units decimal.Decimal `json:"units"`
	}](t, c.Expect)
	m := meter(metering.Sum)
	m.Round = &metering.Rounding{Mode: modes()[params.Function], Places: params.Precision}
	same(t, want.Units, measured(t, m, in.Units))
	same(t, want.Units, m.Round.Apply(in.Units))
}

func checkMutate(t *testing.T, c vector) {
	params := fields[struct {
		Mode string            `json:"mode"`
		Map  map[string]string `json:"map"`
	}](t, c.Params)
	in := fields[struct {
		Value string `json:"value"`
	}](t, c.Input)
	want := fields[struct {
		Value decimal.Decimal `json:"value"`
	}](t, c.Expect)
	m := meter(metering.Sum)
	switch params.Mode {
	case "NUMBOOL":
		m.Convert = &metering.Conversion{Flag: metering.FlagAny}
	case "NOTNUMBOOL":
		m.Convert = &metering.Conversion{Flag: metering.FlagNil}
	case "CEIL":
		m.Round = &metering.Rounding{Mode: money.Ceiling}
	case "MAP": // a text that counts 1 is a count behind a filter; what is not in the map is nothing
		m = meter(metering.Count)
		m.EmptyIsZero = true
		filter := metering.Filter{Dimension: "status"}
		for text, weight := range params.Map {
			require.Equal(t, "1", weight)
			filter.Values = append(filter.Values, text)
		}
		m.Filters = []metering.Filter{filter}
		series, err := m.Series(each(used(0, servicecoin.Undefined(), "status", in.Value)), []calendar.Interval{hours(1)})
		require.NoError(t, err)
		same(t, want.Value, series[0].Points[0].Value.Decimal)
		return
	default:
		t.Fatal(params.Mode)
	}
	same(t, want.Value, measured(t, m, dec(in.Value)))
}

// checkLinear has numbers as fractions: multiplied by the numerator, divided by the
// denominator.
func checkLinear(t *testing.T, c vector) {
	params := fields[struct {
		Factor string `json:"factor"`
		Offset string `json:"offset"`
	}](t, c.Params)
	in := fields[struct {
		Value string `json:"value"`
	}](t, c.Input)
	want := fields[struct {
		Value decimal.Decimal `json:"value"`
	}](t, c.Expect)
	fraction := func(text string) (decimal.Decimal, decimal.Decimal) {
		over, under, found := strings.Cut(text, "/")
		require.True(t, found)
		return dec(over), dec(under)
	}
	over, under := fraction(params.Factor)
	add, by := fraction(params.Offset)
	value, parts := fraction(in.Value)
	m := meter(metering.Sum)
	m.Convert = &metering.Conversion{Multiply: servicecoin.Some(over), Divide: servicecoin.Some(under), Add: servicecoin.Some(add.Div(by))}
	same(t, want.Value, measured(t, m, value.Div(parts)))
}

// A fraction is rounded once: 20 of 3 times 3 is 20, and not a little more.
func TestFractionsAreRoundedOnce(t *testing.T) {
	t.Parallel()
	m := meter(metering.Average)
	m.Convert = &metering.Conversion{Multiply: some("3")}
	m.Round = &metering.Rounding{Mode: money.Ceiling}
	series, err := m.Series(each(used(0, some("20")), used(1, some("0")), used(2, some("0"))), []calendar.Interval{hours(1)})
	require.NoError(t, err)
	require.Equal(t, []string{" 20/3"}, text(series))
	m.Convert, m.Round = nil, nil
	series, err = m.Series(each(used(0, some("20")), used(1, some("0")), used(2, some("0"))), []calendar.Interval{hours(1)})
	require.NoError(t, err)
	require.Equal(t, []string{" 6.666666666666666666666666666667/3"}, text(series), "to 30 places")
}

// A rounding is that of money, however large the quantity, for fractions too.
func TestRoundingIsThatOfMoney(t *testing.T) {
	t.Parallel()
	all := []money.Rounding{money.HalfAwayFromZero, money.HalfEven, money.HalfTowardZero, money.Up, money.Down, money.Ceiling, money.Floor}
	rapid.Check(t, func(t *rapid.T) {
		r := metering.Rounding{Mode: rapid.SampledFrom(all).Draw(t, "mode"), Places: rapid.Int32Range(-18, 30).Draw(t, "places")}
		d := decimal.New(rapid.Int64Range(-2000, 2000).Draw(t, "n"), -r.Places-1+rapid.Int32Range(-2, 2).Draw(t, "shift"))
		want, err := r.Mode.Round(d, int(r.Places))
		require.NoError(t, err)
		same(t, want, r.Apply(d))
		huge := decimal.New(2, 40) // even in any place
		if d.Sign() < 0 {
			huge = huge.Neg()
		}
		same(t, want.Add(huge), r.Apply(d.Add(huge)))
	})
	thirds := meter(metering.Average)
	thirds.Round = &metering.Rounding{Mode: money.HalfEven, Places: 1}
	got, err := thirds.Series(each(used(0, some("0.75")), used(1, some("0")), used(2, some("0.000000000000000000000000000001"))), []calendar.Interval{hours(1)})
	require.NoError(t, err)
	require.Equal(t, []string{" 0.3/3"}, text(got), "a little over the middle is no middle")
}

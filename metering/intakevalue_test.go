package metering_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/limittest"
	"github.com/servicecoin/servicecoin/metering"
)

func codeOf(t *testing.T, err error) string {
	t.Helper()
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	require.True(t, ok, "%v", err)
	require.Len(t, invalid.Violations, 1)
	return invalid.Violations[0].Code
}

func TestParseValue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "1": "1", "+1": "1", "007": "7", ".5": "0.5", "-.5": "-0.5", "1.50": "1.5", "0.4567890123456789": "0.4567890123456789",
		"1e3": "1000", "1E+3": "1000", "1.5e-3": "0.0015", "1e0000": "1", "9" + strings.Repeat("9", 29) + "." + strings.Repeat("9", 30): strings.Repeat("9", 30) + "." + strings.Repeat("9", 30),
	} {
		got, err := metering.ParseValue(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got.String(), text)
	}
	for text, want := range map[string]string{
		"": "required", "-": "not-a-number", ".": "not-a-number", "e3": "not-a-number", "1.": "not-a-number", "1.e3": "not-a-number", "1e": "not-a-number", "1e+-3": "not-a-number",
		"1e3.0": "not-a-number", "--1": "grouped", "1.2.3": "grouped", "0x10": "not-a-number", "1_000": "grouped", " 1": "grouped", "1 000": "grouped", "1\u00a0000": "grouped",
		"NaN": "not-finite", "nan": "not-finite", "+Inf": "not-finite", "-Infinity": "not-finite", "1,5": "decimal-comma", "1.234,5": "decimal-comma", "1,234.5": "grouped", "1,234,567": "grouped",
		"1e999999999": "out-of-range", "1e-999999999": "out-of-range", "1e99999999999999999999": "out-of-range", "1e31": "out-of-range", "1e-31": "too-precise", "1" + strings.Repeat("0", 30): "out-of-range",
		strings.Repeat("1", 101): "too-long", "١": "not-a-number", "true": "not-a-number", "1\n": "not-a-number",
	} {
		_, err := metering.ParseValue(text)
		require.Equal(t, want, codeOf(t, err), "%q", text)
	}
}

func TestParseValueIsCheap(t *testing.T) {
	for _, text := range []string{"1e999999999", "1e-999999999", strings.Repeat("9", 10<<20), "1e" + strings.Repeat("0", 10<<20) + "1"} {
		require.Less(t, limittest.Allocated(func() { _, _ = metering.ParseValue(text) }), uint64(1<<20))
	}
}

// A number is read as JSON and the package decimal read it, or refused.
func FuzzParseValue(f *testing.F) {
	for _, text := range []string{"0", "-1.5e-3", "1,5", "NaN", "1e999999999", ".5", "+1", "1.", "007"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := metering.ParseValue(text)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			require.True(t, got.IsZero())
			return
		}
		want, err := decimal.NewFromString(text)
		require.NoError(t, err)
		require.True(t, want.Equal(got))
		again, err := metering.ParseValue(got.String())
		require.NoError(t, err)
		require.True(t, again.Equal(got))
		if json.Valid([]byte(text)) {
			var d decimal.Decimal
			require.NoError(t, json.Unmarshal([]byte(text), &d))
			require.True(t, d.Equal(got))
		}
	})
}

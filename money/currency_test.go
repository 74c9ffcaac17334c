package money_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/money"
)

func TestDigits(t *testing.T) {
	t.Parallel()
	for code, want := range map[money.Currency]int{
		"EUR": 2, "USD": 2, "GBP": 2, "CHF": 2, "MGA": 2, "MRU": 2, "HUF": 2, "XCD": 2, "XCG": 2, "ZWG": 2, "SLE": 2, "CHE": 2, "AED": 2,
		"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "UGX": 0, "VND": 0, "XAF": 0, "XOF": 0, "XPF": 0, "UYI": 0, "BIF": 0,
		"KWD": 3, "BHD": 3, "IQD": 3, "JOD": 3, "LYD": 3, "OMR": 3, "TND": 3,
		"CLF": 4, "UYW": 4,
		"BGN": 2, "HRK": 2, // withdrawn, still readable
	} {
		c, err := money.ParseCurrency(string(code))
		require.NoError(t, err)
		assert.Equal(t, want, c.Digits(), code)
	}
	assert.Zero(t, money.Currency("ABC").Digits())
}

// TestTable tries all codes of three letters: the number of known ones is that
// of List One, so that a typing error in the table shows.
func TestTable(t *testing.T) {
	t.Parallel()
	count := map[int]int{}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			for c := 'A'; c <= 'Z'; c++ {
				if cur := money.Currency([]rune{a, b, c}); cur.Validate() == nil {
					count[cur.Digits()]++
				}
			}
		}
	}
	assert.Equal(t, map[int]int{0: 17, 2: 139 + 6, 3: 7, 4: 2}, count)
}

func TestParseCurrencyRefuses(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"": ":required", "eur": ":unknown", "EU": ":unknown", "EURO": ":unknown", "ABC": ":unknown", "ED ": ":unknown", "D A": ":unknown",
		" AE": ":unknown", "DEM": ":unknown", "BTC": ":unknown", "EUR USD": ":unknown",
		"XAU": ":no-minor-unit", "XXX": ":no-minor-unit", "XTS": ":no-minor-unit", "XDR": ":no-minor-unit",
	} {
		c, err := money.ParseCurrency(code)
		assert.Equal(t, []string{want}, codes(t, err), code)
		assert.Empty(t, c)
	}
	var c money.Currency
	require.NoError(t, json.Unmarshal([]byte(`"CHF"`), &c))
	assert.Equal(t, money.CHF, c)
	assert.Equal(t, []string{":unknown"}, codes(t, json.Unmarshal([]byte(`"Franken"`), &c)))
	assert.Equal(t, money.CHF, c)
}

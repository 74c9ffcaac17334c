package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

func TestSimulate(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{
		"a.json":   `{"disk": {"model": "per_unit", "unit": "0.10", "currency": "EUR"}, "calls": {"model": "package", "package_size": 100, "package_price": 1, "currency": "EUR"}}`,
		"b.json":   `{"disk": {"model": "graduated", "tiers": [{"up_to": 100, "unit": "0.12"}, {"unit": "0.05"}], "currency": "EUR"}, "calls": {"model": "flat", "amount": 5, "currency": "EUR"}}`,
		"usd.json": `{"disk": {"model": "per_unit", "unit": "0.10", "currency": "USD"}}`,
		"use.csv":  "price,quantity\ndisk,100\ncalls,150\ndisk,50\n",
		"odd.csv":  "price,quantity\nfish,1\n",
	})
	path := func(name string) string { return filepath.Join(dir, name) }
	var out, diagnostics bytes.Buffer
	require.Equal(t, done, code([]string{"-before", path("a.json"), "-after", path("b.json"), "-usage", path("use.csv")}, &out, &diagnostics), "%s", diagnostics.String())
	require.Equal(t, `     price  quantity  before  after    change        
      disk       150      15   14.5  -0.5 EUR  -3.3 %
     calls       150       2      5     3 EUR   150 %
  together                17   19.5   2.5 EUR  14.7 %
`, out.String())
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nothing":    {nil, "must be given"},
		"no file":    {[]string{"-before", path("x.json"), "-after", path("b.json"), "-usage", path("use.csv")}, "x.json"},
		"no such":    {[]string{"-before", path("a.json"), "-after", path("b.json"), "-usage", path("odd.csv")}, "line 2, price \"fish\": must be a price of both tariffs"},
		"two moneys": {[]string{"-before", path("a.json"), "-after", path("usd.json"), "-usage", path("use.csv")}, "same currency"},
		"a strange":  {[]string{"-what"}, "-what"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, diagnostics bytes.Buffer
			require.Equal(t, unread, code(c.args, &out, &diagnostics))
			require.Contains(t, diagnostics.String(), c.want)
			require.Empty(t, out.String())
		})
	}
	require.Equal(t, done, code([]string{"-help"}, &out, &diagnostics))
}

// A row is one event, one bucket, one group or a peak to the models that look at those:
// what two events cost is not what one of their sum does.
func TestRowsThatAreNotAddedUp(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{
		"a.json": `{"pay": {"model": "percentage", "rate_percent": 1, "fixed_per_event": "0.30", "free_events": 1, "currency": "EUR"},
			"hours": {"model": "per_bucket", "inner": "package", "package_size": 10, "package_price": 1, "currency": "EUR"},
			"ports": {"model": "capacity", "tiers": [{"price": 10, "max": {"x": 9}}, {"price": 20}], "currency": "EUR"}}`,
		"b.json": `{"pay": {"model": "per_unit", "unit": "0.01", "currency": "EUR"}, "hours": {"model": "per_unit", "unit": "0.1", "currency": "EUR"},
			"ports": {"model": "capacity", "tiers": [{"price": 15}], "currency": "EUR"}}`,
		"use.csv": "price,quantity\npay,100\nhours,9\nports,9\npay,100\nhours, 10\n ports ,5\npay,50\n",
	})
	path := func(name string) string { return filepath.Join(dir, name) }
	var out, diagnostics bytes.Buffer
	require.Equal(t, done, code([]string{"-before", path("a.json"), "-after", path("b.json"), "-usage", path("use.csv")}, &out, &diagnostics), "%s", diagnostics.String())
	require.Equal(t, `     price  quantity  before  after    change        
       pay       250     2.1    2.5   0.4 EUR    19 %
     hours        19       2    1.9  -0.1 EUR    -5 %
     ports         9      10     15     5 EUR    50 %
  together              14.1   19.4   5.3 EUR  37.6 %
`, out.String())
}

// A price that names no currency is not said to be in one.
func TestNoCurrency(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{
		"a.json":  `{"disk": {"model": "per_unit", "unit": "0.10"}}`,
		"b.json":  `{"disk": {"model": "per_unit", "unit": "0.25"}}`,
		"use.csv": "price,quantity\ndisk,100\n",
	})
	path := func(name string) string { return filepath.Join(dir, name) }
	var out, diagnostics bytes.Buffer
	require.Equal(t, done, code([]string{"-before", path("a.json"), "-after", path("b.json"), "-usage", path("use.csv")}, &out, &diagnostics), "%s", diagnostics.String())
	require.NotContains(t, out.String(), "EUR")
	require.Contains(t, out.String(), "15  150 %")
}

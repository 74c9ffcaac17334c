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
		"no such":    {[]string{"-before", path("a.json"), "-after", path("b.json"), "-usage", path("odd.csv")}, "line 2, quantity \"fish\": must be a price of both tariffs"},
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

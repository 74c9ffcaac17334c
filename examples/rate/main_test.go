package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

func ran(t *testing.T, prices, usage string) (status int, out, diagnostics string) {
	t.Helper()
	dir := t.TempDir()
	p, u := filepath.Join(dir, "prices.json"), filepath.Join(dir, "usage.csv")
	require.NoError(t, os.WriteFile(p, []byte(prices), 0o600))
	require.NoError(t, os.WriteFile(u, []byte(usage), 0o600))
	var o, d bytes.Buffer
	status = code([]string{"-prices", p, "-usage", u, "-format", "csv"}, nil, &o, &d)
	return status, o.String(), strings.ReplaceAll(d.String(), dir+string(filepath.Separator), "")
}

const graduated = `{"storage": {"model": "graduated", "currency": "EUR", "tiers": [
	{"up_to": "100", "unit": "0.10", "flat": "2"}, {"up_to": "500", "unit": 0.05}, {"up_to": null, "unit": "0.0125"}]}}`

func TestRate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ prices, usage, want string }{
		"graduated":         {graduated, "price,quantity\nstorage,512.3\nstorage,0\nstorage,100\n", "storage,512.3,32.15,0.062764\nstorage,0,2,0\nstorage,100,12,0.12\n"},
		"mark, quotes":      {"\ufeff" + graduated, "\ufeff\"price\",\"quantity\"\r\n\"storage\",\"500\"\r\n", "storage,500,32,0.064\n"},
		"other order":       {graduated, "note,quantity,price\nx, 500 ,storage\n", "storage,500,32,0.064\n"},
		"no rows":           {graduated, "price,quantity\n", ""},
		"a list":            {`[{"id": "a", "model": "per_unit", "unit": "0.001", "currency": "USD"}, {"name": "b", "model": "flat", "params": {"amount": 5}}]`, "price,quantity\nb,7\na,333\n", "b,7,5,0.714286\na,333,0.33,0.001\n"},
		"under a name":      {`{"prices": [{"price": "a", "model": "per_unit", "unit": 2}]}`, "price,quantity\na,3\n", "a,3,6,2\n"},
		"a cap":             {`{"a": {"model": "graduated", "tiers": [{"unit": 2, "flat": 3, "cap": 10}]}}`, "price,quantity\na,3\na,4\n", "a,3,9,3\na,4,10,2.5\n"},
		"not rounded":       {`{"a": {"model": "per_unit", "unit": "5.12345"}}`, "price,quantity\na,10\n", "a,10,51.2345,5.12345\n"},
		"precision":         {`{"a": {"model": "per-unit", "unit": "5.12345", "precision": 3, "rounding": "half_even"}}`, "price,quantity\na,10\n", "a,10,51.234,5.12345\n"},
		"nothing used":      {`{"a": {"model": "graduated", "tiers": [{"flat": 2}]}}`, "price,quantity\na,0\n", "a,0,2,0\n"},
		"yen":               {`{"a": {"model": "per-unit", "unit": "0.5", "currency": "JPY", "mode": "up"}}`, "price,quantity\na,3\n", "a,3,2,0.5\n"},
		"rounding down":     {`{"a": {"model": "package", "package_size": 100, "package_price": 1, "rounding": "down"}}`, "price,quantity\na,250\n", "a,250,2,0.008\n"},
		"percentage":        {`{"a": {"model": "percentage", "rate_percent": "2.9", "fixed_per_event": "0.30", "free_events": null, "free_amount": 0, "currency": "EUR"}}`, "price,quantity\na,100\n", "a,100,3.2,0.032\n"},
		"the peak":          {`{"a": {"model": "capacity", "tiers": [{"price": 10, "max": {"x": 5}}, {"price": 20, "max": {}}]}}`, "price,quantity\na,5\na,6\n", "a,5,10,2\na,6,20,3.333333\n"},
		"a bucket":          {`{"a": {"model": "per_bucket", "inner": "package", "package_size": 10, "package_price": 1}}`, "price,quantity\na,9\n", "a,9,1,0.111111\n"},
		"terms":             {`{"a": {"model": "per_unit", "unit": 10, "min_spend": 30, "max_spend": 100, "percent_discount": 50, "free_quantity": 1}}`, "price,quantity\na,2\na,9\na,100\n", "a,2,30,15\na,9,40,4.444444\na,100,100,1\n"},
		"what was promised": {`{"a": {"model": "per_unit", "unit": 2, "commit_amount": 10, "overage_factor": 2, "true_up": true}}`, "price,quantity\na,2\na,8\n", "a,2,10,5\na,8,22,2.75\n"},
		"all fields":        {`{"a": {"model": "per_unit", "unit": 2, "tiers": null, "package_size": null, "free_events": null, "amount": null}}`, "price,quantity\na,3\n", "a,3,6,2\n"},
		"half up":           {`{"a": {"model": "per_unit", "unit": "0.125", "currency": "USD", "rounding": "half_up"}}`, "price,quantity\na,1\n", "a,1,0.13,0.125\n"},
		"below zero":        {`{"a": {"model": "per_unit", "unit": 2, "allow_negative": true}}`, "price,quantity\na,-3\n", "a,-3,-6,2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, diagnostics := ran(t, c.prices, c.usage)
			require.Equal(t, done, status, "%s", diagnostics)
			require.Equal(t, "price,quantity,amount,unit\n"+c.want, out)
		})
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	rows := "price,quantity\nstorage,1\n"
	for name, c := range map[string]struct {
		prices, usage string
		want          []string
	}{
		"no JSON":         {"{\n\"a\": {]}", rows, []string{"prices.json: line 2: must be JSON"}},
		"cut off":         {"{\n\"a\": {", rows, []string{"line 2: must be JSON: it ends too early"}},
		"more behind":     {"{}\n{}", rows, []string{"line 2: must be JSON"}},
		"twice":           {"{\"a\": {\"model\": \"flat\", \"amount\": 1},\n\"a\": {}}", rows, []string{`line 2: must be JSON: "a" is there twice`}},
		"a number":        {"7", rows, []string{"line 1: must be an object of prices"}},
		"no object":       {`{"a": 7}`, rows, []string{`line 1, a "7": must be an object`}},
		"no name":         {"[\n{\"model\": \"flat\", \"amount\": 1}]", rows, []string{"line 2, [0].name: must have a name or an id"}},
		"one name":        {`[{"id": "a", "model": "flat", "amount": 1}, {"name": "a", "model": "flat", "amount": 1}]`, rows, []string{"[1]: there is another price of the name a"}},
		"no model":        {`{"a": {}}`, rows, []string{"line 1, a.model"}},
		"a strange model": {`{"a": {"model": "guess"}}`, rows, []string{"line 1, a.model \"guess\": must be one of capacity"}},
		"a strange field": {"{\"a\": {\"model\": \"flat\",\n \"amount\": 1,\n\"allowance\": 5}}", rows, []string{"line 3, a.allowance \"5\": is no field"}},
		"a strange tier":  {"{\"a\": {\"model\": \"volume\", \"tiers\": [\n{\"upTo\": 1}]}}", rows, []string{"line 2, a.tiers[0].upTo \"1\": is no field"}},
		"no number":       {`{"a": {"model": "flat", "amount": "1,5"}}`, rows, []string{"line 1, a.amount \"1,5\": must be a number"}},
		"a mad number":    {`{"a": {"model": "flat", "amount": 1e999999999}}`, rows, []string{"line 1, a.amount"}},
		"tiers in a mess": {"{\"a\": {\"model\": \"graduated\", \"tiers\": [\n{\"up_to\": 5},\n{\"up_to\": 4},\n{\"unit\": -1}]}}", rows, []string{"line 3, a.tiers[1].up_to", "line 4, a.tiers[2].unit"}},
		"no end":          {"{\"a\": {\"model\": \"graduated\", \"tiers\": [\n{\"up_to\": 5}]}}", rows, []string{"line 2, a.tiers[0].up_to: must be null"}},
		"no tiers":        {`{"a": {"model": "graduated"}}`, rows, []string{"line 1, a.tiers: must be there"}},
		"no package":      {"{\"a\": {\"model\": \"package\",\n\"package_size\": 0}}", rows, []string{"line 2, a.package_size: must be above 0"}},
		"a null field":    {`{"a": {"model": "flat", "amount": 1, "guess": null}}`, rows, []string{"line 1, a.guess: is no field"}},
		"no currency":     {`{"a": {"model": "flat", "amount": 1, "currency": "Euro"}}`, rows, []string{"line 1, a.currency"}},
		"a strange mode":  {`{"a": {"model": "flat", "amount": 1, "rounding": "bankers"}}`, rows, []string{"line 1, a.rounding"}},
		"UTF-16":          {"\xff\xfe", rows, []string{"line 1: must be UTF-8"}},
		"deep":            {strings.Repeat("[", 50), rows, []string{"nested deeper"}},
		"empty usage":     {graduated, "", []string{"usage.csv: line 1: the file has no header"}},
		"no column":       {graduated, "price;quantity\n", []string{"usage.csv: line 1: has no column price"}},
		"unknown price":   {graduated, "price,quantity\nstorage,1\nfish,2\n", []string{`usage.csv: line 3, price "fish": must be a price`}},
		"no quantity":     {graduated, "price,quantity\nstorage,\n", []string{"line 2, quantity: must not be empty"}},
		"a thousand":      {graduated, "price,quantity\nstorage,\"1,234\"\n", []string{`line 2, quantity "1,234": must be a number`}},
		"below zero":      {graduated, "price,quantity\nstorage,-1\n", []string{`line 2, quantity "-1": must not be negative`}},
		"a huge one":      {graduated, "price,quantity\nstorage,1e999999\n", []string{"line 2, quantity"}},
		"one column":      {graduated, "price,quantity\nstorage\n", []string{"line 2: has 1 columns"}},
		"a stray quote":   {graduated, "price,quantity\nsto\"rage,1\n", []string{"line 2, column"}},
		"several at once": {graduated, "price,quantity\nfish,1\nstorage,x\n", []string{"line 2, price", "line 3, quantity"}},
		"both files":      {`{"storage": {"model": "guess"}}`, "price,quantity\nfish,1\nstorage,x\nstorage,1\n", []string{"prices.json: line 1, storage.model", `usage.csv: line 2, price "fish"`, "usage.csv: line 3, quantity"}},
		"half a file":     {`{"storage"`, "price,quantity\nstorage,x\n", []string{"prices.json: line 1: must be JSON", "usage.csv: line 2, quantity"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, diagnostics := ran(t, c.prices, c.usage)
			require.Equal(t, unread, status)
			require.Empty(t, out)
			for _, want := range c.want {
				require.Contains(t, diagnostics, want)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"none": nil, "no usage": {"-prices", "x"}, "another format": {"-prices", "x", "-usage", "y", "-format", "xml"}, "unknown": {"-x"}, "more": {"-prices", "x", "-usage", "y", "z"},
		"no such file": {"-prices", filepath.Join(t.TempDir(), "none.json"), "-usage", "y"},
	} {
		var out, diagnostics bytes.Buffer
		require.Equal(t, unread, code(args, nil, &out, &diagnostics), name)
		require.True(t, strings.HasPrefix(diagnostics.String(), "rate: "), name)
	}
	var out, diagnostics bytes.Buffer
	require.Equal(t, done, code([]string{"-help"}, nil, &out, &diagnostics))
	require.Contains(t, diagnostics.String(), "-prices FILE")

	path := filepath.Join(t.TempDir(), "p.json")
	require.NoError(t, os.WriteFile(path, []byte(graduated), 0o600))
	require.Equal(t, done, code([]string{"-prices", path, "-usage", "-"}, strings.NewReader("price,quantity\nstorage,1\n"), &out, &diagnostics))
	require.Equal(t, "price,quantity,amount,unit\nstorage,1,2.1,2.1\n", out.String())
}

// A name stays in its line, and says nothing to a terminal.
func TestNamesInDiagnostics(t *testing.T) {
	t.Parallel()
	status, _, diagnostics := ran(t, `{"a\nrate: b\u001b[2J": {"model": "guess"}}`, "price,quantity\n")
	require.Equal(t, unread, status)
	require.Equal(t, 1, strings.Count(diagnostics, "\n"))
	require.NotContains(t, diagnostics, "\x1b")
	require.Contains(t, diagnostics, `line 1, a\nrate: b\x1b[2J.model "guess": must be one of`)
}

// A file of usage that is not there is told beside prices that are wrong.
func TestNoUsageAndWrongPrices(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, u := filepath.Join(dir, "prices.json"), filepath.Join(dir, "none.csv")
	require.NoError(t, os.WriteFile(p, []byte("7"), 0o600))
	var out, diagnostics bytes.Buffer
	require.Equal(t, unread, code([]string{"-prices", p, "-usage", u}, nil, &out, &diagnostics))
	require.Contains(t, diagnostics.String(), "line 1: must be an object of prices")
	require.Contains(t, diagnostics.String(), "none.csv: open ")
}

// The cases of the vectors that ask for a quantity alone, by their own field names.
func TestVectors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../metering/rating/testdata/vectors/charge_models.json")
	require.NoError(t, err)
	var cases []struct {
		ID, Model string
		Params    json.RawMessage
		Input     map[string]any
		Expect    struct {
			Amount *string
		}
		Quirk bool
	}
	require.NoError(t, json.Unmarshal(text, &cases))
	known := []string{"flat", "per_unit", "graduated", "volume", "package", "graduated_percentage", "dynamic_multiplier"}
	prices := map[string]any{}
	var usage strings.Builder
	usage.WriteString("price,quantity\n")
	want := map[string]decimal.Decimal{}
	for _, c := range cases {
		units, ok := c.Input["units"].(string)
		if !ok || c.Expect.Amount == nil || !slices.Contains(known, c.Model) || strings.Contains(string(c.Params), "allowance") {
			continue
		}
		prices[c.ID] = map[string]any{"model": c.Model, "params": c.Params}
		fmt.Fprintf(&usage, "%s,%s\n", c.ID, units)
		want[c.ID] = decimal.RequireFromString(*c.Expect.Amount)
	}
	require.Greater(t, len(want), 80)
	file, err := json.Marshal(prices)
	require.NoError(t, err)
	status, out, diagnostics := ran(t, string(file), usage.String())
	require.Equal(t, done, status, "%s", diagnostics)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, len(want)+1)
	for _, row := range rows[1:] {
		require.True(t, want[row[0]].Equal(decimal.RequireFromString(row[2])), "%s: want %s, got %s", row[0], want[row[0]], row[2])
	}
}

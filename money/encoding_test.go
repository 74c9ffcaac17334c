package money_test

import (
	"database/sql"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/money"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	type bill struct {
		Due  money.Amount `json:"due"`
		Paid money.Amount `json:"paid,omitzero"`
		Tip  money.Amount `json:"tip"`
	}
	in := bill{Due: amount(t, "12.3 EUR"), Paid: amount(t, "0 JPY")}
	data, err := json.Marshal(in)
	require.NoError(t, err)
	assert.JSONEq(t, `{"due":{"amount":"12.30","currency":"EUR"},"paid":{"amount":"0","currency":"JPY"},"tip":null}`, string(data),
		"0 stays with omitzero, no amount is null")
	back := bill{Tip: amount(t, "1 EUR")}
	require.NoError(t, json.Unmarshal(data, &back))
	assert.True(t, in.Due.Equal(back.Due) && in.Paid.Equal(back.Paid))
	assert.False(t, back.Tip.Defined(), "null takes away what was there")
}

func TestJSONRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`{"amount":12.30,"currency":"EUR"}`: {":bad-format"},
		`"12.30 EUR"`:                       {":bad-format"},
		`[]`:                                {":bad-format"},
		`{}`:                                {"currency:required", "amount:bad-format"},
		`{"amount":"12.30"}`:                {"currency:required"},
		`{"amount":"1e999999999","currency":"EUR"}`: {"amount:bad-format"},
		`{"amount":"x","currency":"DEM"}`:           {"currency:unknown", "amount:bad-format"},
	} {
		was := amount(t, "1 EUR")
		a := was
		assert.Equal(t, want, codes(t, json.Unmarshal([]byte(text), &a)), text)
		assert.True(t, a.Equal(was), "a refused amount leaves the old one")
	}
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := anAmount(t)
		data, err := json.Marshal(a)
		require.NoError(t, err)
		var fromJSON money.Amount
		require.NoError(t, json.Unmarshal(data, &fromJSON))
		require.True(t, a.Equal(fromJSON))
		again, err := json.Marshal(fromJSON)
		require.NoError(t, err)
		require.Equal(t, string(data), string(again), "the same bytes")

		value, err := a.Value()
		require.NoError(t, err)
		var fromSQL, fromBytes money.Amount
		require.NoError(t, fromSQL.Scan(value))
		require.True(t, a.Equal(fromSQL))
		text, err := a.MarshalText()
		require.NoError(t, err)
		require.NoError(t, fromBytes.Scan(text))
		require.True(t, a.Equal(fromBytes))
		var fromText money.Amount
		require.NoError(t, fromText.UnmarshalText(text))
		require.True(t, a.Equal(fromText))
	})
}

func TestScan(t *testing.T) {
	t.Parallel()
	var a money.Amount
	err := a.Scan(nil)
	assert.Equal(t, []string{":required"}, codes(t, err))
	require.ErrorContains(t, err, "sql.Null[money.Amount]")
	assert.Equal(t, []string{":bad-format"}, codes(t, a.Scan(12.5)))
	assert.Equal(t, []string{":bad-format"}, codes(t, a.Scan("12.30")))

	var null sql.Null[money.Amount]
	require.NoError(t, null.Scan(nil))
	assert.False(t, null.Valid)
	require.NoError(t, null.Scan("12.30 EUR"))
	assert.True(t, null.Valid)
	assert.Equal(t, "12.30 EUR", null.V.String())
	value, err := null.Value()
	require.NoError(t, err)
	assert.Equal(t, "12.30 EUR", value)
	value, err = sql.Null[money.Amount]{}.Value()
	require.NoError(t, err)
	assert.Nil(t, value)
}

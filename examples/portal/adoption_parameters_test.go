package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
)

const sizes = `{"type":"object","required":["people","site"],"additionalProperties":false,"properties":{
	"people":{"type":"integer","title":"How many people","minimum":1,"maximum":5000},"site":{"type":"string","title":"Site","enum":["north","south"]},
	"share":{"type":"number","exclusiveMinimum":0.5},"backup":{"type":"boolean","title":"Copies at night"}}}`

// What does not fit the schema is said in words, under the name of the field.
func TestWhatIsWrongWithParameters(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]map[string]string{
		`{"people":"many","site":"north"}`:                        {"people": "must be a whole number"},
		`{"people":24.5,"site":"north"}`:                          {"people": "must be a whole number"},
		`{"people":0,"site":"east"}`:                              {"people": "must be at least 1", "site": "must be one of north, south"},
		`{"people":5001,"site":"north"}`:                          {"people": "must be at most 5000"},
		`{}`:                                                      {"people": "is needed", "site": "is needed"},
		`{"people":1,"site":"north","colour":"red"}`:              {"colour": "is not asked for"},
		`{"people":1,"site":"north","share":0.5}`:                 {"share": "must be more than 0.5"},
		`{"people":1,"site":"north","backup":"often"}`:            {"backup": "must be yes or no"},
		`{"people":1,"site":"north","backup":true,"share":0.625}`: {},
	} {
		got := map[string]string{}
		if invalid, ok := checkParameters(json.RawMessage(sizes), json.RawMessage(given)).(*servicecoin.InvalidError); ok { //nolint:errorlint // it is not wrapped
			for _, v := range invalid.Violations {
				got[v.Path] = v.Text
			}
		}
		require.Equal(t, want, got, given)
	}
}

func TestParametersOfAForm(t *testing.T) {
	t.Parallel()
	filled := url.Values{"parameter.people": {"24"}, "parameter.site": {"north"}, "parameter.share": {"0.75"}, "parameter.backup": {"no"}, "people": {"7"}}
	raw, err := parameters(json.RawMessage(sizes), filled.Get)
	require.NoError(t, err)
	require.JSONEq(t, `{"people":24,"site":"north","share":0.75,"backup":false}`, string(raw))
	require.NoError(t, checkParameters(json.RawMessage(sizes), raw))
	require.Equal(t, []groupLine{{"Copies at night", "no"}, {"How many people", "24"}, {"Share", "0.75"}, {"Site", "north"}}, parameterWords(json.RawMessage(sizes), raw))
	require.Equal(t, []groupLine{{"Disks", "a, b"}, {"Owner", "name Ines, since 2\u202f026"}}, parameterWords(nil, json.RawMessage(`{"disks":["a","b"],"owner":{"name":"Ines","since":2026}}`)))
	require.Equal(t, "1e999", asNumber("1e999"), "what would fill the memory stays a text")
}

// Whoever approves sees the price at the plan; nothing that was typed is lost; and
// what is only ordered is not there.
func TestOrderWithAPlan(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	member, owner, ada := nobody.as("member@birch"), nobody.as("owner@birch"), nobody.as("ada")
	fields := url.Values{"service": {"erp"}, "offering": {"erp-own"}, "documents": {"30000"}, "parameter.people": {"many"}, "note": {"For the <north> yard"}}
	status, body := member.post("/customers/birch/orders", fields)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, want := range []string{"How many people: must be a whole number", "Site: is needed", `aria-invalid="true"`, `value="many"`, "For the &lt;north&gt; yard", `value="30000"`} {
		require.Contains(t, body, want)
	}
	require.NotContains(t, body, "got string")

	fields.Set("documents", "lots")
	status, body = member.post("/customers/birch/orders", fields)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "must be a number from 0")

	fields = url.Values{"service": {"database"}, "offering": {"database-std"}, "db.hours": {"100"}}
	res := member.raw(http.MethodPost, "/customers/birch/orders", fields)
	res.Body.Close()
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	order := res.Header.Get("Location")
	for _, who := range []*running{owner, ada} {
		body := who.page(order)
		for _, want := range []string{"14.00 EUR", "100 hours", "100 at 0.14", "at the usage that was planned", "Approve"} {
			require.Contains(t, body, want)
		}
		for _, path := range []string{"/customers/birch/catalogue", "/customers/birch/catalogue/database"} {
			require.Contains(t, who.page(path), "Ordered, waits for approval", path)
		}
	}
	require.NotContains(t, ada.page("/customers/birch/catalogue"), "You have it")
	require.NotContains(t, ada.page("/customers/birch/catalogue/erp"), "your subscription")

	res = owner.raw(http.MethodGet, order, nil)
	res.Body.Close()
	require.Empty(t, res.Header.Get("Refresh"), "what waits for people does not move by itself")
	status, body = owner.post(order+"/approve", nil)
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "Looked at")
	require.NotContains(t, body, "Call it off now", "a page that looks again throws away what is typed")
	res = owner.raw(http.MethodGet, order, nil)
	res.Body.Close()
	require.Equal(t, "3", res.Header.Get("Refresh"))
	res = owner.raw(http.MethodGet, order+"?stay=1", nil)
	res.Body.Close()
	require.Empty(t, res.Header.Get("Refresh"))

	body = ada.page("/customers/cedar/orders/erp-cloud")
	for _, want := range []string{"How many people", "<dd>24</dd>", "Site", "540.00 EUR"} {
		require.Contains(t, body, want)
	}
	require.NotContains(t, body, `&#34;people&#34;`)
}

package main

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

const orderInterface = "/limits/order%20interface"

// Gauges say what is used of what, what is expected, what happens beyond, when the next
// critical window is and what was told; each figure leads to its events.
func TestGauges(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	olga, pavel, ada := nobody.as("owner@alder"), nobody.as("owner@birch"), nobody.as("ada")
	for _, path := range []string{"/limits", orderInterface, "/usage"} {
		body := olga.page("/customers/alder" + path)
		for _, want := range []string{
			"Order interface", "of 60\u202f000 calls", "Near the limit", "Expected by then: ", "95 % interval",
			"your contacts are told", "more is charged as “Calls beyond the limit”: 0.002 EUR per call", "we plan capacity for it", "nothing is refused",
			"Told at 80 % of the limit: <strong>", "Told at 100 % of the limit expected by the end of the period: <strong>",
		} {
			require.Contains(t, body, want, path)
		}
		require.NotContains(t, body, "ZgotmplZ")
	}
	body := olga.page("/customers/alder/limits")
	for _, want := range []string{"Accounts export", "Database hours", "Lapses soon", "Hours for the move of the archive", "What was told", "to Olga Lind"} {
		require.Contains(t, body, want)
	}
	require.Contains(t, olga.page("/customers/alder/grants"), "<strong class=\"num\">690</strong> hours left")
	for _, path := range []string{"/customers/birch/limits", "/customers/birch" + orderInterface} {
		body := pavel.page(path)
		for _, want := range []string{"In Monday orders", "Over the limit", "next <time", "it is slowed to 2 calls a second", "“Calls in a rush”"} {
			require.Contains(t, body, want, path)
		}
	}
	body = pavel.page("/customers/birch" + orderInterface)
	require.Contains(t, body, "The limit in Monday orders is passed: ")
	require.Contains(t, body, "to Pavel Birch")
	require.Contains(t, body, "What held, and since when")
	require.NotContains(t, nobody.as("member@birch").page("/customers/birch/limits"), "EUR", "what it costs is the owner's affair")
	require.Contains(t, pavel.page("/customers/birch"), "In Monday orders: ", "on the first page")
	require.NotContains(t, pavel.page("/customers/birch?month=2026-10"), "In Monday orders: ", "limits are those of now")
	require.Contains(t, nobody.as("owner@cedar").page("/customers/cedar/limits"), "10 years")

	// What a gauge says is what its events add up to.
	way := regexp.MustCompile(`<a class="num" href="([^"]+)"><strong>57`).FindStringSubmatch(olga.page("/customers/alder" + orderInterface))
	require.NotNil(t, way)
	require.Contains(t, olga.page(html.UnescapeString(way[1])), "interface, calls-2026-11-")
	for _, path := range []string{"/customers/alder/limits/nothing", "/customers/alder/limits-set?feature=nothing"} {
		status, _ := ada.get(path)
		require.Equal(t, http.StatusNotFound, status, path)
	}
}

// The service manager sets, changes and ends a limit, and gives and takes back amounts; all
// that is wrong is told at once, beside its field.
func TestLimitsAreSetAndEnded(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ada, ben, olga := nobody.as("ada"), nobody.as("ben"), nobody.as("owner@alder")
	set := "/customers/alder/limits-set"
	status, body := ada.post(set, url.Values{"feature": {""}, "kind": {"metered"}, "meter": {"nothing"}, "limit": {"many"}, "every": {"fortnight"}, "rate": {"-1"}, "price": {""}, "percents": {"80 x"}, "expected": {"1e5"}, "critical": {mondayOrders}, "criticalLimit": {""}, "critical-rate": {"fast"}, "from": {"soon"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, name := range []string{"feature", "meter", "limit", "rate", "percents", "expected", "criticalLimit", "critical-rate", "from"} {
		require.Contains(t, body, `name="`+name+`" aria-invalid="true"`, name)
	}
	require.Contains(t, body, `value="many"`)
	status, body = ada.post(set, url.Values{"feature": {"x"}, "kind": {"metered"}, "meter": {"documents"}, "limit": {"-5"}, "every": {"fortnight"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, name := range []string{"limit", "every"} {
		require.Contains(t, body, `name="`+name+`" aria-invalid="true"`, name)
	}

	good := url.Values{"feature": {"documents"}, "kind": {"metered"}, "meter": {"documents"}, "limit": {"2000"}, "every": {"month"}, "service": {"erp"}, "refuse": {"yes"}, "notify": {"yes"}, "percents": {"80, 95"}, "critical": {"Advent orders"}, "criticalLimit": {"500"}, "critical-rate": {"5"}}
	status, body = ben.post(set, good)
	require.Equal(t, http.StatusForbidden, status, body)
	status, body = ben.get(set)
	require.Equal(t, http.StatusForbidden, status, body)
	status, body = ada.post(set, good)
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "It is set.")
	for _, want := range []string{"of 2\u202f000 documents", "Over the limit", "more is refused", "In Advent orders", "it is slowed to 5 documents a second", "next <time datetime=\"2026-11-27"} {
		require.Contains(t, olga.page("/customers/alder/limits/documents"), want)
	}
	body = ada.page(set + "?feature=documents")
	for _, want := range []string{`value="2000"`, `value="80, 95"`, `name="refuse" value="yes" checked`, `value="Advent orders" selected`, `name="critical-rate" value="5"`} {
		require.Contains(t, body, want)
	}
	good.Set("limit", "4000")
	status, body = ada.post(set, good)
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "of 4\u202f000 documents")
	require.Contains(t, body, "2\u202f000 documents a month", "what held before")

	status, body = ada.post("/customers/alder/limits/documents/end", url.Values{"until": {"never"}})
	require.Equal(t, http.StatusUnprocessableEntity, status, body)
	status, body = ada.post("/customers/alder/limits/documents/end", url.Values{"until": {"2026-12-24T12:00"}})
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "It ends on 24 Dec 2026, 12:00.")

	status, body = ada.post("/customers/alder/grants", url.Values{"meter": {"x"}, "amount": {""}, "priority": {"first"}, "from": {"x"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, name := range []string{"meter", "amount", "priority", "from"} {
		require.Regexp(t, `name="`+name+`" aria-invalid="true"`, body, name)
	}
	status, body = ada.post("/customers/alder/grants", url.Values{"meter": {"db.hours"}, "amount": {"77"}, "priority": {"3"}, "until": {"2026-11-30T00:00"}, "reason": {"For the trouble"}})
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "It is given.")
	require.Contains(t, olga.page("/customers/alder/grants"), "For the trouble")
	require.NotContains(t, olga.page("/customers/alder/grants"), "Take back")
	status, body = ada.post("/customers/alder/grants/welcome/void", url.Values{"reason": {""}})
	require.Equal(t, http.StatusUnprocessableEntity, status, body)
	status, body = ada.post("/customers/alder/grants/welcome/void", url.Values{"reason": {"Given twice"}})
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "Taken back")
}

// What passed what was planned waits for somebody, and is closed with what came of it.
func TestCapacity(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ben := nobody.as("ben")
	require.Contains(t, ben.page("/work/capacity"), "Order interface")
	body := ben.page("/capacity")
	require.Contains(t, body, "Birch &amp; Sons")
	require.Contains(t, body, ", in Monday orders")
	m := regexp.MustCompile(`formaction="(/capacity/[^"]+)/acknowledge"`).FindStringSubmatch(body)
	require.NotNil(t, m)
	status, body := ben.post(m[1]+"/acknowledge", url.Values{"note": {"Asked the vendor"}})
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "Asked the vendor")
	require.NotContains(t, ben.page("/work/capacity"), "Order interface")
	status, body = ben.post(m[1]+"/close", url.Values{"note": {""}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "Must say what came of it.")
	status, body = ben.post(m[1]+"/close", url.Values{"note": {"A second machine from Monday on"}})
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "Nothing passed what was planned.")
	require.Contains(t, ben.page("/capacity?state=closed"), "A second machine from Monday on")
	status, _ = ben.post("/capacity/nothing/close", url.Values{"note": {"x"}})
	require.Equal(t, http.StatusNotFound, status)
	status, _ = ben.get("/capacity?state=lost")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, ben.page("/capacity?as=csv&state=closed"), "order interface,api.calls,birch,Monday orders,calls,1800,")
}

package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/operations/release"
)

// pagesOfAPIs are those of APIs and bindings: the provider's own affair.
func pagesOfAPIs() []string {
	return []string{
		"/apis", "/apis/orders-api", "/apis/orders-api/compare", "/apis/orders-api/versions/8.4.0", "/apis/orders-api/versions/8.3.0", "/apis/fax-gateway", "/apis/stock-events",
	}
}

// formsOfAPIs are all paths of theirs that change something.
func formsOfAPIs() []string {
	return []string{
		"/apis/orders-api/revise", "/apis/orders-api/bindings/orders-python/report", "/apis/orders-api/bindings/orders-python/own",
		"/apis/orders-api/bindings/orders-python/putOff", "/apis/orders-api/bindings/orders-python/drop",
	}
}

// Nobody outside sees or does any of it.
func TestAPIsAreInternal(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	for _, who := range []string{"owner@alder", "member@birch"} {
		r := nobody.as(who)
		for _, path := range pagesOfAPIs() {
			status, _ := r.get(path)
			require.Equal(t, http.StatusForbidden, status, "%s asks for %s", who, path)
		}
		for _, path := range append(formsOfAPIs(), "/apis/orders-api/compare") {
			status, _ := r.post(path, url.Values{"version": {"8.4.0"}, "why": {"x"}, "passed": {"yes"}})
			require.Equal(t, http.StatusForbidden, status, "%s posts to %s", who, path)
		}
	}
}

// The story: somebody pastes a description, sees what breaks, keeps it; the bindings are to
// be tried with it; one that nobody owned gets an owner, is tried and keeps up.
func TestAPIsAndBindings(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	ada := nobody.as("ada")
	body := ada.page("/apis")
	for _, want := range []string{"Orders", "Stable", "2.2.0", "2 behind", "1 owned by nobody", "Fax gateway", "may be gone from", "trials are overdue"} {
		require.Contains(t, body, want)
	}
	body = ada.page("/apis/orders-api")
	for _, want := range []string{"Nobody", "100 days", "it misses 8.4.0", "1 breaking", "no new major one", "Broken", "Inferred"} {
		require.Contains(t, strings.ToLower(body), strings.ToLower(want))
	}
	require.Contains(t, ada.page("/apis/orders-api/versions/8.4.0"), "GET /orders")

	paste := func(text string) url.Values {
		return url.Values{"version": {"8.5.0"}, "released": {"2026-11-24"}, "text": {text}}
	}
	removed := strings.Replace(ordersDescription, "  /orders/{order}/barcodes:\n", "  /orders/{order}/labels:\n", 1)
	status, body := ada.post("/apis/orders-api/compare", paste(removed))
	require.Equal(t, http.StatusOK, status)
	for _, want := range []string{"GET /orders/{order}/barcodes", "Is gone, and was not deprecated before", "the version is still 2.2.0", "Keep it as the revision in 8.5.0"} {
		require.Contains(t, body, want)
	}
	require.NotContains(t, ada.page("/apis/orders-api"), "8.5.0", "nothing is kept before somebody says so")

	for _, c := range []struct {
		fields url.Values
		want   string
	}{
		{paste("hello"), "is no OpenAPI document"},
		{paste(strings.Repeat("#", release.MaxDescription+1)), "163840 are allowed"},
		{paste(strings.Replace(ordersDescription, `"#/components/schemas/Order"`, `"https://example.org/x.yaml"`, 1)), "is no OpenAPI document"},
		{url.Values{"version": {"soon"}, "released": {"2026-02-30"}, "text": {""}}, "there is nothing in the document"},
	} {
		for _, path := range []string{"/apis/orders-api/compare", "/apis/orders-api/revise"} {
			status, body = ada.post(path, c.fields)
			require.Equal(t, http.StatusUnprocessableEntity, status, c.want)
			require.Contains(t, body, c.want)
		}
	}

	ada.does("/apis/orders-api/revise", paste(removed))
	body = ada.page("/apis/orders-api")
	require.Contains(t, body, "8.5.0")
	require.Contains(t, ada.page("/apis/orders-api/versions/8.5.0"), "Is gone, and was not deprecated before")

	rust := "/apis/orders-api/bindings/orders-rust"
	ada.does(rust+"/own", url.Values{"owner": {"emil"}})
	ada.does(rust+"/report", url.Values{"version": {"8.5.0"}, "passed": {"yes"}, "own": {"0.3.0"}})
	ada.does(rust+"/putOff", url.Values{"version": {"8.4.0"}, "due": {"2026-12-24"}, "why": {"Emil is away"}})
	ada.does(rust+"/drop", url.Values{"version": {"8.3.0"}, "why": {"Nobody runs it"}})
	status, body = ada.post(rust+"/report", url.Values{"version": {"soon"}, "passed": {"yes"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "Version")
	status, _ = ada.post(rust+"/own", url.Values{"owner": {"owner@alder"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	status, _ = ada.post("/apis/stock-events/bindings/orders-rust/own", url.Values{"owner": {"emil"}})
	require.Equal(t, http.StatusNotFound, status)
	require.NotContains(t, ada.page("/apis"), "owned by nobody")
	require.Contains(t, ada.page("/work"), "nordlicht-orders (Python) with 8.4.0")
}

// Each page is looked at in both widths and both colours.
func TestBrowserAPIs(t *testing.T) {
	t.Parallel()
	base := startDemo(t).base
	b := openBrowser(t, base)
	b.signIn("ada")
	for _, path := range pagesOfAPIs() {
		b.inEachLook(path, func(where string) {
			b.shoot(strings.Trim(strings.NewReplacer("/", "-", " px, ", "_", " at ", "_").Replace(where), "-"))
			b.unfold()
			require.Empty(t, read(b, chromedp.Evaluate[[]string](wide)), "sticks out: %s", where)
			require.Empty(t, read(b, chromedp.Evaluate[[]string](contrast)), "hard to read: %s", where)
			b.foldAll()
		})
	}
}

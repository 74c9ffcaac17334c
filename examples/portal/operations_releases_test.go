package main

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func pagesOfReleases() []string {
	return []string{
		"/releases", "/releases?by=quarter", "/releases?by=nothing", "/releases?platform=order-entry", "/releases/running", "/releases/fixes/orders-of-others", "/releases/versions/8.4.3", "/releases/versions/8.5.0", "/releases?as=csv", "/releases/running?as=csv",
	}
}

// What is released is the provider's own affair; a customer sees what it runs, and nothing
// of anybody else.
func TestReleasesAreInternal(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	for _, path := range pagesOfReleases() {
		res := nobody.raw(http.MethodGet, path, nil)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusSeeOther, res.StatusCode, path)
		status, _ := nobody.as("owner@alder").get(path)
		require.Equal(t, http.StatusForbidden, status, path)
		status, _ = nobody.as("ben").get(path)
		require.Equal(t, http.StatusOK, status, path)
	}
	owner := nobody.as("owner@alder")
	for _, path := range []string{"/releases", "/releases/versions/8.5.0/move", "/releases/versions/8.4.4/recall", "/customers/alder/platform/pin", "/customers/alder/platform/run"} {
		status, _ := owner.post(path, url.Values{"version": {"8.4.9"}, "on": {"2030-01-01"}, "why": {"x"}, "platform": {"order-entry"}})
		require.Equal(t, http.StatusForbidden, status, path)
	}
	status, _ := owner.get("/customers/birch/platform")
	require.Equal(t, http.StatusNotFound, status)
	body := owner.page("/customers/alder/platform")
	require.Contains(t, body, "Order entry 8.3.9")
	require.Contains(t, body, "A receipt can be booked twice")
	require.Contains(t, body, "without support", "what a pin costs")
	require.NotContains(t, body, "Birch")
	require.Contains(t, nobody.as("member@cedar").page("/customers/cedar/platform"), "Nothing is recorded")
}

// A release is promised, moved and comes; the first promise stays on the page.
func TestAReleaseIsMoved(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	ben, ada := nobody.as("ben"), nobody.as("ada")
	today, err := time.Parse(time.RFC3339, demoNow)
	require.NoError(t, err)
	in := func(days int) string { return today.AddDate(0, 0, days).Format("2006-01-02") }
	words := func(days int) string { return today.AddDate(0, 0, days).Format("2 Jan 2006") }

	status, body := ben.post("/releases", url.Values{"version": {"9.9.9"}, "on": {"soon"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "must be a day, as")
	status, body = ben.post("/releases", url.Values{"version": {"9.9.9"}, "on": {in(20)}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "no line of the platform has this version")
	status, body = ben.post("/releases", url.Values{"version": {"8.4.6"}, "on": {in(-3)}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "has passed")

	ben.does("/releases", url.Values{"version": {"8.4.6"}, "on": {in(20)}, "fixes": {"One\nTwo"}, "notes": {"Two things"}})
	body = ben.page("/releases/versions/8.4.6")
	require.Contains(t, body, words(20))
	require.Contains(t, body, "<li>Two</li>")
	status, body = ben.post("/releases/versions/8.4.6/move", url.Values{"on": {in(30)}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "Promise another day")
	ben.does("/releases/versions/8.4.6/move", url.Values{"on": {in(30)}, "why": {"the printer is late"}})
	body = ben.page("/releases/versions/8.4.6")
	require.Contains(t, body, "the printer is late")
	require.Contains(t, body, words(20), "the first promise")
	require.Contains(t, body, words(30))
	require.Contains(t, ben.page("/releases"), "the printer is late")

	status, _ = ben.post("/releases/versions/8.4.4/recall", url.Values{"why": {"x"}})
	require.Equal(t, http.StatusForbidden, status, "a service manager recalls")
	ada.does("/releases/versions/8.4.4/recall", url.Values{"why": {"it prints nothing"}, "instead": {"8.4.1"}})
	require.Contains(t, ada.page("/releases/versions/8.4.4"), "it prints nothing")
	status, body = ben.post("/customers/alder/platform/run", url.Values{"platform": {"order-entry"}, "installation": {"test"}, "version": {"8.4.4"}, "form": {"run-1"}})
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, body, "it prints nothing")
}

// A version of no line that is known is not shown as out of support, and a file is of the
// platform whose page it is on.
func TestRunningIsOfAPlatform(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Support not stated", phaseWords(""))
	require.Contains(t, demoPortal(t).as("ben").page("/releases/running"), "/releases/running?platform=order-entry&amp;as=csv")
}

package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

// A session ends when its owner says so, in this browser or in another one, and a
// cookie of one that has ended is nobody's.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	here, there, third := nobody.as("ada"), nobody.as("ada"), nobody.as("ada")
	other := nobody.as("ben")
	require.NotEqual(t, here.cookie, there.cookie)
	ends := regexp.MustCompile(`/sessions/([0-9a-f]{64})/end`)
	require.Len(t, ends.FindAllString(here.page("/sessions"), -1), 3)
	require.NotContains(t, here.page("/sessions"), strings.TrimPrefix(there.cookie, "session="), "a token is shown to nobody")

	status, _ := there.post("/signout", nil)
	require.Equal(t, http.StatusOK, status)
	res := there.raw(http.MethodGet, "/customers", nil)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusSeeOther, res.StatusCode, "the cookie of a session that was ended")
	left := ends.FindAllString(here.page("/sessions"), -1)
	require.Len(t, left, 2)

	for _, path := range left {
		status, _ = other.post(path, nil)
		require.Equal(t, http.StatusNotFound, status, "another's session")
		status, _ = nobody.post(path, nil)
		require.Equal(t, http.StatusForbidden, status)
	}
	status, _ = here.post("/sessions/end", nil)
	require.Equal(t, http.StatusOK, status)
	res = third.raw(http.MethodGet, "/customers", nil)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	require.Contains(t, here.page("/sessions"), "this one")
	require.Contains(t, other.page("/customers"), "Ben Okafor", "another's go on")
	status, _ = here.post(ends.FindString(here.page("/sessions")), nil)
	require.Equal(t, http.StatusOK, status)
	res = here.raw(http.MethodGet, "/customers", nil)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
}

// A session is over after a while without a click, and in the end in any case; it
// outlives a start of the portal; the file tells no token.
func TestSessionsExpire(t *testing.T) {
	t.Parallel()
	path := demoFile(t)
	begin, err := time.Parse(time.RFC3339, demoNow)
	require.NoError(t, err)
	at := func(after time.Duration) string { return begin.Add(after).Format(time.RFC3339) }
	r := start(t, "-db", path, "-now", demoNow).as("ada")
	require.NoError(t, r.stop())
	again := func(after time.Duration) bool {
		next := start(t, "-db", path, "-now", at(after))
		next.cookie = r.cookie
		res := next.raw(http.MethodGet, "/customers", nil)
		require.NoError(t, res.Body.Close())
		require.NoError(t, next.stop())
		return res.StatusCode == http.StatusOK
	}
	require.True(t, again(time.Hour))
	require.True(t, again(2*time.Hour+30*time.Minute), "it was seen since")
	require.False(t, again(5*time.Hour), "two hours without a click")
	b, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	list, err := collect(host{store.New(b, nil)}.sessions().Find(store.All()).All(t.Context()))
	require.NoError(t, err)
	require.Empty(t, list, "what is over is thrown away")
	require.NoError(t, b.Close())
}

// What is internal is not there for anybody outside, wherever it is asked for.
func TestInternalThings(t *testing.T) {
	t.Parallel()
	path := demoFile(t)
	nobody := start(t, "-db", path, "-now", demoNow)
	ada := nobody.as("ada")
	open := func(title string, services ...string) string {
		res := ada.raw(http.MethodPost, "/incidents", url.Values{"title": {title}, "headline": {title}, "service": services, "level": {"outage"}})
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusSeeOther, res.StatusCode)
		return strings.TrimPrefix(res.Header.Get("Location"), "/incidents/")
	}
	disks := open("Disks of the array fail", "storage", "line-a")
	both := open("Nobody can sign in", "signin", "storage")
	for who, r := range map[string]*running{"nobody": nobody, "member@alder": nobody.as("member@alder"), "owner@alder": nobody.as("owner@alder"), "owner@birch": nobody.as("owner@birch")} {
		pages := []string{"/status", "/status/" + both}
		if who != "nobody" {
			c := who[strings.Index(who, "@")+1:]
			pages = append(append(pages, "/calendar", "/sessions"), pagesFor(who)...)
			for _, p := range []string{"/customers/" + c + "/catalogue/storage", "/customers/" + c + "/catalogue/line-a"} {
				status, body := r.get(p)
				require.Equal(t, http.StatusNotFound, status, "%s asks for %s", who, p)
				require.NotContains(t, body, "Disks for all")
			}
			status, _ := r.get("/incidents/" + disks)
			require.Equal(t, http.StatusForbidden, status)
		}
		for _, p := range pages {
			body := r.page(p)
			words := []string{"Disks for all", "Line of carrier", "Disks of the array", "line-a", disks}
			if strings.HasPrefix(p, "/status") || strings.Contains(p, "/catalogue") || strings.HasSuffix(p, "/letters") {
				words = append(words, "Storage") // elsewhere a meter has that name
			}
			for _, word := range words {
				require.NotContains(t, body, word, "%s reads %s", who, p)
			}
		}
		status, body := r.get("/status/" + disks)
		_, nowhere := r.get("/status/" + strings.Repeat("f", len(disks)))
		require.Equal(t, http.StatusNotFound, status)
		require.Equal(t, strings.ReplaceAll(nowhere, strings.Repeat("f", len(disks)), disks), body, "not yours and not there are one answer")
		require.Contains(t, r.page("/status/"+both), "Sign-in")
	}
	require.Contains(t, ada.page("/incidents/"+disks), "Line of carrier A")
	require.Contains(t, ada.page("/customers/alder/catalogue/storage"), "Storage")
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	r := startDemo(t)
	for _, path := range []string{"/status", "/static/style.css", "/nowhere"} {
		res := r.raw(http.MethodGet, path, nil)
		require.NoError(t, res.Body.Close())
		for name, want := range map[string]string{
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		} {
			require.Equal(t, want, res.Header.Get(name), path)
		}
		require.Contains(t, res.Header.Get("Permissions-Policy"), "camera=()")
		require.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'")
	}
}

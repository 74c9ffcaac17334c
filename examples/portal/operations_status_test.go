package main

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What people work with comes first, the rest is folded until something is wrong with it.
func TestStatusHasGroups(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	body := nobody.page("/status")
	require.Less(t, strings.Index(body, "What you work with"), strings.Index(body, ">Order entry<"))
	require.Less(t, strings.Index(body, ">Order entry<"), strings.Index(body, "What it rests on"))
	require.Contains(t, body, `<details class="group"><summary><span class="h3">What it rests on`)
	require.Contains(t, body, "Planned maintenance")
	require.Contains(t, body, "Backup is tried out</strong> <span class=\"soft\">29 Nov 2026, 01:00 to 02:30")
	require.NotContains(t, body, "Database platform is patched", "it is more than two weeks away")
	require.Contains(t, nobody.as("member@alder").page("/status"), "29 Nov 2026, 02:00 to 03:30", "by the reader's clock")

	only := nobody.page("/status?only=affected")
	require.Contains(t, only, "The last 90 days of File share")
	require.NotContains(t, only, "The last 90 days of Mail")
	ben := nobody.as("ben")
	path := ben.open(url.Values{"title": {"Switch"}, "headline": {"The network is slow"}, "service": {"network"}, "level": {"degradation"}})
	body = nobody.page("/status")
	require.NotContains(t, body, `<details class="group">`, "what is affected is not folded away")
	require.Contains(t, nobody.page("/status?only=affected"), "The last 90 days of Network")
	status, _ := ben.post(path+"/resolve", url.Values{"resolution": {"x"}})
	require.Equal(t, http.StatusOK, status)
	status, _ = ben.post("/incidents/files-upload/resolve", url.Values{"resolution": {"x"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, nobody.page("/status?only=affected"), "Nothing is affected now")
}

// The status page shows the last of many, and the history has them all.
func TestHistory(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ben := nobody.as("ben")
	for n := range 30 {
		path := ben.open(url.Values{"title": {"Secret name"}, "headline": {fmt.Sprintf("Hiccup %02d", n)}, "service": {"mail"}, "level": {"information"}})
		if n == 0 {
			status, _ := ben.post(path+"/cancel", url.Values{"reason": {"none"}})
			require.Equal(t, http.StatusOK, status)
		}
	}
	body := nobody.page("/status")
	_, mail, _ := strings.Cut(body, "The last 90 days of Mail")
	mail, _, _ = strings.Cut(mail, "</section>")
	require.Equal(t, 5, strings.Count(mail, "Hiccup"))
	require.Contains(t, mail, "All 31, and older ones")
	require.Contains(t, body, "10 more go on", "what goes on is not shown without end")

	next := regexp.MustCompile(`<a href="([^"]+)" rel="next"`)
	prev := regexp.MustCompile(`<a href="([^"]+)" rel="prev"`)
	for _, path := range []string{"/status/history?service=mail", "/status/history", "/status/history?month=2026-11", "/status/history?month=2026-11&service=mail"} {
		body := nobody.page(path)
		require.Equal(t, 25, strings.Count(body, "Hiccup"), path)
		require.NotContains(t, body, "Hiccup 00", "it was none")
		require.NotContains(t, body, "Secret name")
		m := next.FindStringSubmatch(body)
		require.NotNil(t, m, path)
		older := nobody.page(strings.ReplaceAll(m[1], "&amp;", "&"))
		require.Equal(t, 4, strings.Count(older, "Hiccup"), path)
		require.Contains(t, older, "Mail is not delivered")
		m = prev.FindStringSubmatch(older)
		require.NotNil(t, m, path)
		require.Equal(t, 25, strings.Count(nobody.page(strings.ReplaceAll(m[1], "&amp;", "&")), "Hiccup"), path)
	}
	body = nobody.page("/status/history?month=2026-09")
	require.Contains(t, body, "Orders cannot be entered")
	require.Contains(t, body, "September 2026")
	require.NotContains(t, body, "Hiccup")
	require.NotContains(t, nobody.page("/status/history?service=erp"), "Hiccup")
	for path, want := range map[string]int{"/status/history?service=storage": 404, "/status/history?service=moon": 404, "/status/history?month=May": 422, "/status/history?after=x": 422} {
		status, _ := nobody.get(path)
		require.Equal(t, want, status, path)
	}
}

package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Leaving asks for a day, says what rests on the service, and asks once more before
// anything is done.
func TestLeaving(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	owner, ada := nobody.as("owner@alder"), nobody.as("ada")
	const sub = "/customers/alder/subscriptions/signin-std"
	for who, want := range map[string]int{"member@alder": http.StatusForbidden, "ben": http.StatusForbidden, "owner@birch": http.StatusNotFound} {
		status, body := nobody.as(who).get(sub + "/leave")
		require.Equal(t, want, status, "%s\n%s", who, body)
		for _, verb := range []string{"leave", "depart"} {
			status, _ := nobody.as(who).post(sub+"/"+verb, url.Values{"sure": {"yes"}, "day": {"2026-12-31"}, "reason": {"x"}})
			require.Equal(t, want, status, "%s posts to %s", who, verb)
		}
	}
	require.Contains(t, owner.page(sub), sub+"/leave")
	for _, who := range []*running{owner, ada} {
		body := who.page(sub + "/leave")
		for _, want := range []string{"What rests on it", "Order entry", "does not work without it", "https://signin.alder.example", "It belongs to Alder Hospital", "kept for 30 days"} {
			require.Contains(t, body, want)
		}
		require.NotContains(t, body, "yours")
		require.Contains(t, who.page("/customers/alder/subscriptions/erp-cloud/leave"), "Nothing else that Alder Hospital has rests on it")
		network := who.page("/customers/alder/subscriptions/network-std/leave")
		require.NotContains(t, network, "Line of carrier", "what nobody orders is not told")
	}
	for day, want := range map[string]string{"": "say from which day on", "2026-11-23": "must not be over", "soon": "must be a day", "2099-01-01": "within ten years"} {
		status, body := owner.post(sub+"/leave", url.Values{"day": {day}, "reason": {"We move <away>"}})
		require.Equal(t, http.StatusUnprocessableEntity, status, day)
		require.Contains(t, body, want, day)
		require.Contains(t, body, "We move &lt;away&gt;", "nothing that was typed is lost")
	}
	status, body := owner.post(sub+"/leave", url.Values{"day": {"2026-12-31"}, "reason": {strings.Repeat("x", 4001)}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "at most 4000 characters")

	answer := url.Values{"day": {"2026-12-31"}, "reason": {"We move <away>"}}
	for _, verb := range []string{"leave", "depart"} { // also for who skips the first page
		status, body = owner.post(sub+"/"+verb, answer)
		require.Equal(t, http.StatusOK, status, body)
		for _, want := range []string{"is that meant?", "on <strong>31 Dec 2026</strong>", "until <strong>30 Jan 2027</strong>", "does not work without it"} {
			require.Contains(t, body, want)
		}
		require.NotContains(t, owner.page(sub), "Departing", "nothing is done yet")
	}
	answer.Set("change", "yes")
	_, body = owner.post(sub+"/leave", answer)
	require.Contains(t, body, `value="2026-12-31"`)
	answer.Del("change")
	answer.Set("sure", "yes")
	status, body = owner.post(sub+"/depart", answer)
	require.Equal(t, http.StatusOK, status, body)
	for _, want := range []string{"Departing", "leaves 31 Dec 2026", "Its data is kept until 30 Jan 2027", "Stay after all"} {
		require.Contains(t, body, want)
	}
	status, _ = owner.get(sub + "/leave")
	require.Equal(t, http.StatusConflict, status, "it is left already")
	require.Contains(t, ada.page("/customers/alder/catalogue"), "Ends 31 Dec 2026")
	res := owner.raw(http.MethodGet, sub, nil)
	require.NoError(t, res.Body.Close())
	require.Empty(t, res.Header.Get("Refresh"), "until then nothing moves")

	// At once: the machines begin, and the page looks again until it is gone.
	const mail = "/customers/alder/subscriptions/mail-std"
	res = owner.raw(http.MethodPost, mail+"/depart", url.Values{"day": {"2026-11-24"}, "reason": {"We have another"}, "sure": {"yes"}})
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	res = owner.raw(http.MethodGet, mail, nil)
	require.NoError(t, res.Body.Close())
	require.Equal(t, "3", res.Header.Get("Refresh"))
	require.NotContains(t, owner.page(mail), "/stay\"", "what is typed into a page that looks again is thrown away")
	require.Eventually(t, func() bool { return strings.Contains(owner.page(mail), "Its data is kept until 24 Dec 2026") }, time.Minute, 300*time.Millisecond)
	require.Contains(t, owner.page(mail), "Departed")
}

package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store"
)

var taskKey = regexp.MustCompile(`name="task" value="([^"]+)"`)

func (r *running) tasks(path string) (keys []string) {
	r.t.Helper()
	for _, m := range taskKey.FindAllStringSubmatch(r.page(path), -1) {
		keys = append(keys, m[1])
	}
	return keys
}

// What waits stands on one page, over all customers, and is done from there.
func TestMyWork(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ada, ben := nobody.as("ada"), nobody.as("ben")
	for _, r := range []*running{ada, ben} {
		res := r.raw(http.MethodGet, "/", nil)
		require.NoError(t, res.Body.Close())
		require.Equal(t, "/work", res.Header.Get("Location"))
		body := r.page("/work")
		for _, word := range []string{"Uploads of large files break off", "Alarm three weeks before any certificate expires", "Order entry, shared", "asked by Tom Weil", "Alder Hospital", "Nothing waits in: "} {
			require.Contains(t, body, word)
		}
	}
	keys := ada.tasks("/work/letters")
	require.Len(t, keys, 3)
	status, body := ada.post("/work/letters", url.Values{"task": append(keys, "nobody/nothing")})
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, 3, strings.Count(body, `<span class="tag good">Done`), body)
	require.Equal(t, 1, strings.Count(body, `<span class="tag bad">Not done`), "what cannot be done keeps nothing else from it")
	require.Empty(t, ada.tasks("/work/letters"))
	require.Contains(t, nobody.as("owner@birch").page("/customers/birch/letters"), "One of the gateways")
	status, body = ada.post("/work/letters", url.Values{"task": keys})
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, 3, strings.Count(body, "Not done"), "a letter is sent once")
	for _, bad := range []url.Values{nil, {"task": make([]string, 51)}, {"task": {"no-slash"}}, {"task": {"%zz/x"}}} {
		status, _ = ada.post("/work/letters", bad)
		require.Contains(t, []int{http.StatusUnprocessableEntity, http.StatusNotFound}, status, bad)
	}
	for _, path := range []string{"/work", "/work/letters"} {
		status, _ = nobody.as("owner@alder").get(path)
		require.Equal(t, http.StatusForbidden, status)
	}
	status, _ = nobody.as("owner@alder").post("/work/letters", url.Values{"task": keys})
	require.Equal(t, http.StatusForbidden, status)
	status, _ = ada.get("/work/nothing-of-the-kind")
	require.Equal(t, http.StatusNotFound, status)
	status, _ = ada.post("/work/letters/all", nil)
	require.Equal(t, http.StatusForbidden, status, "letters are not sent unread")
	status, _ = ada.post("/work/follow-ups", url.Values{"task": {"/mail-queue"}})
	require.Equal(t, http.StatusForbidden, status, "each is done where it is looked at")
}

// A month is closed for all customers by one click, and corrected by another when
// something becomes known of it.
func TestMonthIsClosedFromWork(t *testing.T) {
	t.Parallel()
	path := demoFile(t)
	require.NoError(t, start(t, "-db", path, "-now", demoNow).stop())
	nobody := start(t, "-db", path, "-now", "2026-12-02T09:00:00Z")
	ada, ben := nobody.as("ada"), nobody.as("ben")
	require.Contains(t, ben.page("/work/months"), "November 2026")
	require.Empty(t, ben.tasks("/work/months"), "closing is the manager's")
	for _, p := range []string{"/work/months", "/work/months/all"} {
		status, _ := ben.post(p, url.Values{"task": {"alder/2026-11"}})
		require.Equal(t, http.StatusForbidden, status)
	}
	require.Equal(t, []string{"alder/2026-11", "birch/2026-11", "cedar/2026-11"}, ada.tasks("/work/months"))
	status, body := ada.post("/work/months", url.Values{"task": {"birch/2026-11"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `<span class="tag good">Done`, body)
	require.Equal(t, []string{"alder/2026-11", "cedar/2026-11"}, ada.tasks("/work/months"))
	status, body = ada.post("/work/months/all", nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "November 2026: 10 reports and 2 statements issued, for 3 customers")
	require.Empty(t, ada.tasks("/work/months"))
	require.Contains(t, nobody.as("owner@cedar").page("/customers/cedar/statement?month=2026-11"), "Issued")

	res := ada.raw(http.MethodPost, "/incidents", url.Values{
		"title": {"Mail was down at night"}, "headline": {"No mail"}, "service": {"mail"}, "level": {"outage"}, "began": {"2026-11-28T02:00"},
	})
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	where := res.Header.Get("Location")
	for verb, fields := range map[string]url.Values{"resolve": {"resolution": {"it was put right"}, "restored": {"2026-11-28T04:00"}}} {
		status, body := ada.post(where+"/"+verb, fields)
		require.Equal(t, http.StatusOK, status, body)
	}
	keys := ada.tasks("/work/corrections")
	require.Equal(t, []string{"alder/mail-std@2026-11", "birch/mail-std@2026-11", "cedar/mail-std@2026-11"}, keys)
	status, body = ada.post("/work/corrections", url.Values{"task": keys})
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, 3, strings.Count(body, `<span class="tag good">Done`), body)
	require.Empty(t, ada.tasks("/work/corrections"))
}

// What was given up on is tried again from the list, and what waits is in pages.
func TestWorkInPages(t *testing.T) {
	t.Parallel()
	path := demoFile(t)
	ada := start(t, "-db", path, "-now", demoNow).as("ada")
	s, now := besides(t, path)
	for n := range 60 {
		_, err := incident.NewLetters(s.For("alder")).Draft(t.Context(), servicecoin.Program("test"), incident.Addressee{Incident: servicecoin.IncidentID(fmt.Sprintf("i%d", n))}, incident.Letter{Subject: fmt.Sprintf("Letter %d", n), Body: "x"})
		require.NoError(t, err)
	}
	body := ada.page("/work")
	require.Contains(t, body, `<a href="/work/letters">More`)
	require.Len(t, ada.tasks("/work/letters"), 50)
	next := regexp.MustCompile(`/work/letters\?after=[^"]+`).FindString(ada.page("/work/letters"))
	require.NotEmpty(t, next)
	require.Len(t, ada.tasks(strings.ReplaceAll(next, "&amp;", "&")), 13)

	other := otherCopy(t, s, &store.ConsumerOptions{Tries: 1})
	require.NoError(t, s.For("alder").Record(t.Context(), store.Event{
		Name: "paper.wanted", Subject: store.Key{Customer: "alder", Kind: "thing", ID: "x"}, Actor: servicecoin.Program("test"), At: now,
	}))
	_, err := other.Drain(t.Context())
	require.True(t, err == nil || errors.Is(err, errNoPaper), err)
	require.NoError(t, other.Release(t.Context()))
	require.Contains(t, ada.page("/work"), "the printer is out of paper")
	keys := ada.tasks("/work/parked")
	require.Len(t, keys, 1)
	status, body := ada.post("/work/parked", url.Values{"task": keys})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "Not done", "this release has no such step")
	require.Len(t, ada.tasks("/work/parked"), 1)
}

// The list of customers is searched, goes in pages and comes as a file.
func TestCustomersList(t *testing.T) {
	t.Parallel()
	path := demoFile(t)
	ada := start(t, "-db", path, "-now", demoNow).as("ada")
	s, _ := besides(t, path)
	h := host{s}
	for n := range 60 {
		require.NoError(t, h.clients().Insert(t.Context(), client{Customer: servicecoin.Customer{ID: servicecoin.CustomerID(fmt.Sprintf("x%02d", n)), Name: "=Equal", Currency: "EUR", Zone: "UTC"}}))
	}
	body := ada.page("/customers")
	require.Contains(t, body, "Alder Hospital")
	require.Contains(t, body, "1 letter", "what waits for it")
	require.Equal(t, 25, strings.Count(body, `data-label="Letters to send"`))
	next := regexp.MustCompile(`/customers\?after=[^"]+`).FindString(body)
	require.Equal(t, 25, strings.Count(ada.page(next), `data-label="Letters to send"`))
	found := ada.page("/customers?q=ALDER")
	require.Contains(t, found, "Alder Hospital")
	require.NotContains(t, found, "Birch")
	require.Contains(t, ada.page("/customers?q=nobody-like-this"), "Nobody is called that")
	found = ada.page("/customers?q=equal")
	require.Equal(t, 25, strings.Count(found, `data-label="Letters to send"`))
	require.Contains(t, found, "q=equal")
	file := ada.page("/customers?q=equal&as=csv")
	require.Equal(t, 61, strings.Count(file, "\n"))
	require.Contains(t, file, "x00,'=Equal,UTC,EUR")
	require.NotContains(t, file, "alder")
}

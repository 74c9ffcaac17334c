package main

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/operations/runbook"
)

var attempts = regexp.MustCompile(`(\d+) entries, each chained`)

// A run is followed by several people to its end, and the record is verified.
func TestRunIsFollowed(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ada, ben, cleo := nobody.as("ada"), nobody.as("ben"), nobody.as("cleo")
	const run = "/runs/restore-birch"
	at := func(r *running, verb, step string, more ...string) (int, string) {
		t.Helper()
		v := url.Values{"step": {step}}
		for i := 0; i+1 < len(more); i += 2 {
			v.Set(more[i], more[i+1])
		}
		return r.post(run+"/"+verb, v)
	}
	ok := func(r *running, verb, step string, more ...string) string {
		t.Helper()
		status, body := at(r, verb, step, more...)
		require.Equal(t, http.StatusOK, status, "%s %s\n%s", verb, step, body)
		return body
	}
	require.Contains(t, ada.page("/work/approvals-of-runs"), "Go, or not")
	require.Contains(t, cleo.page("/work/runs"), "with Cleo Diaz")
	require.Contains(t, cleo.page(run), "You lead this run: somebody else has to say go.")
	require.Contains(t, ben.page(run), "It is for the service manager: Ada Brandt.")
	require.Contains(t, ada.page(run), `action="/runs/restore-birch/approve"`)
	status, _ := at(ben, "approve", "go")
	require.Equal(t, http.StatusForbidden, status)
	status, body := at(ada, "refuse", "go")
	require.Equal(t, http.StatusUnprocessableEntity, status, body)
	// Two press the same button.
	before := attempts.FindStringSubmatch(ada.page(run))[1]
	var wg sync.WaitGroup
	codes := make([]int, 4)
	for n := range codes {
		wg.Go(func() { codes[n], _ = at(ada, "approve", "go", "attempt", "0") })
	}
	wg.Wait()
	require.Equal(t, []int{200, 200, 200, 200}, codes)
	require.Equal(t, "7", before)
	require.Equal(t, "8", attempts.FindStringSubmatch(ada.page(run))[1], "one result")

	ok(cleo, "begin", "close", "attempt", "0")
	ok(cleo, "begin", "close", "attempt", "0")
	status, body = at(cleo, "finish", "close", "note", "kept in the form", "number", "many", "link", "wiki", "file", "a.jpg")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, word := range []string{"“many” must be a number", "“wiki” must begin with https://", "is what proves that it is this very file", "kept in the form"} {
		require.Contains(t, body, word)
	}
	ok(cleo, "finish", "close", "attempt", "1", "seen", "0 sessions", "number", "0", "unit", "sessions", "link", "https://wiki.example/x", "file", "a.jpg", "digest", strings.Repeat("AB", 32))
	body = ok(cleo, "begin", "restore", "attempt", "0")
	require.Contains(t, body, "The machines are at it")
	require.Eventually(t, func() bool { return strings.Contains(cleo.page(run), "41.6 GB were written") }, 30*time.Second, 200*time.Millisecond, "the machine room tells later")
	status, _ = at(cleo, "measure", "count", "attempt", "0")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	body = ok(cleo, "measure", "count", "attempt", "0", "value", "12")
	require.Contains(t, body, "the run cannot succeed")
	ok(cleo, "retry", "count", "attempt", "1")
	ok(cleo, "measure", "count", "attempt", "2", "value", "1204118")
	body = ok(ben, "begin", "lag", "attempt", "0")
	require.Contains(t, body, "Does the customer find what they miss?")
	status, body = at(cleo, "answer", "right", "answer", "perhaps")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "“perhaps” is no answer to this decision")
	ok(cleo, "answer", "right", "answer", "yes")
	status, body = at(cleo, "skip", "open", "attempt", "0", "reason", "typed", "allowedBy", "olga")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "is nobody of our own people")
	require.Contains(t, body, "typed</textarea>")
	ok(cleo, "skip", "open", "attempt", "0", "reason", "It was open", "allowedBy", "ada")
	ok(ben, "finish", "others", "attempt", "1")
	status, _ = at(cleo, "succeed", "")
	require.Equal(t, http.StatusConflict, status, "a step is left")
	ok(cleo, "finish", "end", "attempt", "0")
	require.Contains(t, cleo.page(run), "Every step is behind us")
	body = ok(cleo, "succeed", "", "note", "All found")
	require.Contains(t, body, "It has ended")
	status, body = at(cleo, "note", "", "note", "too late")
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, body, "it has ended")

	require.Contains(t, cleo.page(run+"?verify=1"), "It stands as it was written.")
	body = cleo.page(run + "/evidence")
	head := regexp.MustCompile(`class="digest">([0-9a-f]{64})<`).FindStringSubmatch(body)[1]
	count := regexp.MustCompile(`<dt>Entries</dt><dd>(\d+)<`).FindStringSubmatch(body)[1]
	for _, word := range []string{"SHA-256 " + strings.Repeat("ab", 32), "0 sessions", "It was open", "allowed by: Ada Brandt", "Birch &amp; Sons"} {
		require.Contains(t, body, word)
	}
	require.Contains(t, cleo.page(run+"/evidence?count="+count+"&head="+head), "It stands as it was written.")
	require.Contains(t, cleo.page(run+"/evidence?count="+count+"&head="+strings.Repeat("0", 64)), "Entry "+count+" changed: is not what the head of the chain says")
	require.Contains(t, cleo.page(run+"/evidence?count=5&head="+head), "was never counted")
	status, _ = cleo.get(run + "/evidence?count=x&head=" + head)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, cleo.page(run+"/evidence?as=markdown"), head)
	for _, as := range []string{"markdown", "html"} {
		printed := cleo.page(run + "/evidence?as=" + as)
		require.Contains(t, printed, "Cleo Diaz (human:cleo)", as)
		require.Contains(t, printed, "person: Ada Brandt (ada)", as, "who allowed a step to be left out")
	}
	require.Contains(t, cleo.page("/runs?as=csv"), head)
}

// A run is begun when nothing is missing, handed over, paused, and given up: what was
// done is undone.
func TestRunIsGivenUp(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ben, cleo := nobody.as("ben"), nobody.as("cleo")
	const book = "/runbooks/database-restore/start"
	body := ben.page(book)
	for _, word := range []string{"moment has no value", "customer has no value: choose the customer, or type it", "site has no value"} {
		require.Contains(t, body, word)
	}
	body = ben.page(book + "?customer=cedar&note=kept")
	require.Contains(t, body, "neither here nor in the customer’s record “erp”", "cedar has none")
	require.Contains(t, body, "kept</textarea>")
	body = ben.page(book + "?customer=birch&value.moment=2026-11-23T10:00")
	require.Contains(t, body, "Nothing is missing.")
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(body)[1]
	status, body := ben.post(book, url.Values{"id": {id}, "customer": {"birch"}, "value.rows": {"many"}, "note": {"kept"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, word := range []string{"must be a decimal number", "kept</textarea>", `value="many"`} {
		require.Contains(t, body, word)
	}
	for _, bad := range []url.Values{{"customer": {"nobody"}}, {"change": {"none"}}} {
		status, body = ben.post(book, bad)
		require.Equal(t, http.StatusUnprocessableEntity, status, body)
	}
	form := url.Values{"id": {id}, "customer": {"birch"}, "value.moment": {"2026-11-23T10:00"}, "drill": {"yes"}}
	for range 2 { // who presses twice has one
		status, body = ben.post(book, form)
		require.Equal(t, http.StatusOK, status, body)
	}
	require.Contains(t, body, "Drill: nothing is meant")
	require.Contains(t, body, "Take the data back to 23 Nov 2026, 10:00")
	run := "/runs/" + id
	status, _ = ben.post(run+"/handover", nil)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	status, body = ben.post(run+"/handover", url.Values{"to": {"cleo"}, "note": {"Good night"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "with Cleo Diaz")
	status, _ = cleo.post(run+"/pause", url.Values{"reason": {"Lunch"}})
	require.Equal(t, http.StatusOK, status)
	status, body = cleo.post(run+"/begin", url.Values{"step": {"tell"}})
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, body, "the run is paused")
	status, _ = cleo.post(run+"/resume", nil)
	require.Equal(t, http.StatusOK, status)
	ada := nobody.as("ada")
	for _, step := range [][]string{{"finish", "tell"}, {"begin", "snapshot"}} {
		status, body = cleo.post(run+"/"+step[0], url.Values{"step": {step[1]}})
		require.Equal(t, http.StatusOK, status, body)
	}
	require.Eventually(t, func() bool { return strings.Contains(ada.page(run), run+"/approve") }, 30*time.Second, 200*time.Millisecond)
	for _, step := range [][]string{{"approve", "go"}, {"finish", "close"}} {
		who := cleo
		if step[0] == "approve" {
			who = ada
		}
		status, body = who.post(run+"/"+step[0], url.Values{"step": {step[1]}})
		require.Equal(t, http.StatusOK, status, body)
	}
	status, _ = cleo.post(run+"/abort", nil)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, cleo.page(run), "This is undone then, in this order:")
	status, body = cleo.post(run+"/abort", url.Values{"reason": {"The customer has found it"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "Undo: Close order entry at site north")
	require.Contains(t, body, "site north open erp")
	status, body = cleo.post(run+"/finish", url.Values{"step": {"undo:close"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "Given up and undone")
	status, _ = cleo.post(run+"/nothing", nil)
	require.Equal(t, http.StatusNotFound, status)
}

// The machine room does an attempt once, tells later what takes a while, and stops
// telling what was cancelled.
func TestMachineRoom(t *testing.T) {
	t.Parallel()
	p := openDemo(t)
	t.Cleanup(func() { require.NoError(t, p.close(context.WithoutCancel(t.Context()))) })
	room := machineRoom{p.store, time.Hour}
	do := func(key, action string, attempt int) runbook.Result {
		r, err := room.Do(t.Context(), runbook.Task{Key: key, Run: "none", Step: "s", Attempt: attempt, Action: action})
		require.NoError(t, err)
		return r
	}
	require.True(t, do("a", actSnapshot, 1).Accepted)
	require.True(t, do("a", actSnapshot, 1).Accepted)
	require.NoError(t, room.Cancel(t.Context(), runbook.Task{Key: "a"}))
	require.NoError(t, room.Cancel(t.Context(), runbook.Task{Key: "never"}))
	require.True(t, do("a", actSnapshot, 1).Failed)
	require.True(t, do("b/1", actUpdate, 1).Failed)
	require.True(t, do("b/1", actUpdate, 2).Failed, "the same key, the same answer")
	require.Equal(t, "14", do("b/2", actUpdate, 2).Outputs["packages"])
	require.True(t, do("c", "dance", 1).Failed)
	require.NoError(t, room.report(t.Context(), p.Runs()), "nothing is due")
}

package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// pagesOfRunbooks are those of run books, runs and checklists: the provider's own
// affair.
func pagesOfRunbooks() []string {
	return []string{
		"/runbooks", "/runbooks/new", "/runbooks/manual/database", "/runbooks/database-restore", "/runbooks/files-restore?version=1", "/runbooks/files-restore/edit?version=1", "/runbooks/erp-start/changes?from=1&to=2",
		"/runbooks/database-restore/start?customer=birch", "/runs", "/runs/restore-birch", "/runs/patch-november", "/runs/restore-drill?verify=1", "/runs/restore-drill/evidence",
		"/checklists", "/checklists/all", "/checklists/morning-round%2F2026-11-24", "/checklists/morning-round%2F2026-11-23", "/checklists/templates", "/checklists/templates/morning-round", "/checklists/templates/new",
	}
}

// Nobody outside sees or does any of it.
func TestRunbooksAreInternal(t *testing.T) {
	t.Parallel()
	nobody := start(t, "-db", filepath.Join(t.TempDir(), "portal.db"), "-now", demoNow)
	files := []string{"/runbooks/database-restore/markdown", "/runbooks/database-restore/html", "/runbooks?as=csv", "/runs?as=csv", "/checklists/all?as=csv", "/runs/restore-drill/evidence?as=html"}
	forms := []string{
		"/runbooks", "/runbooks/files-restore/edit", "/runbooks/files-restore/publish", "/runbooks/database-restore/start", "/runbooks/database-restore/withdraw", "/runs/restore-birch/approve", "/runs/restore-birch/begin",
		"/runs/restore-birch/abort", "/checklists", "/checklists/morning-round%2F2026-11-24/pass", "/checklists/morning-round%2F2026-11-23/signoff", "/checklists/templates", "/checklists/templates/morning-round/withdraw",
	}
	for _, path := range append(pagesOfRunbooks(), files...) {
		res := nobody.raw(http.MethodGet, path, nil)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusSeeOther, res.StatusCode, path)
		require.Contains(t, res.Header.Get("Location"), "/signin?back=", path)
	}
	for _, who := range []*running{nobody, nobody.as("owner@birch"), nobody.as("member@alder")} {
		for _, path := range append(pagesOfRunbooks(), files...) {
			if who.cookie == "" {
				break
			}
			status, body := who.get(path)
			require.Equal(t, http.StatusForbidden, status, path)
			require.NotContains(t, body, "Restore", path)
		}
		for _, path := range forms {
			status, _ := who.post(path, url.Values{"step": {"go"}, "reason": {"x"}})
			require.Equal(t, http.StatusForbidden, status, path)
		}
	}
	require.NotContains(t, nobody.as("owner@birch").page("/customers/birch"), "Restore a customer")
	require.NotContains(t, nobody.as("owner@birch").page("/customers/birch"), `"/runbooks"`)
	ben := nobody.as("ben")
	for _, path := range append(pagesOfRunbooks(), files...) {
		ben.page(path)
	}
}

// The library says what there is, what is stale and why, and what there is not.
func TestLibrary(t *testing.T) {
	t.Parallel()
	nobody := start(t, "-db", filepath.Join(t.TempDir(), "portal.db"), "-now", demoNow)
	ada, ben := nobody.as("ada"), nobody.as("ben")
	body := ada.page("/runbooks")
	for _, word := range []string{"Restore a customer&#39;s database", "nobody has read it again, which was due by 3 Oct 2026", "Restore a folder", ">none</span>", "Fresh", "Stale"} {
		require.Contains(t, body, word)
	}
	body = ada.page("/runbooks?service=mail&scenario=restore")
	require.Contains(t, body, "No run book of this kind is published")
	body = ada.page("/runbooks/database-restore")
	for _, word := range []string{"Close order entry", "<strong>Hazard:</strong>", "Open it again", "in 1 run", "The service manager says", "the customer’s record “erp”", "the machines find it: nobody types it", "Yes</strong>: open for everybody"} {
		require.Contains(t, body, word)
	}
	require.Contains(t, ada.page("/runbooks/manual/database"), "Hand the database to its standby")
	require.Contains(t, ada.page("/runbooks/erp-start/changes?from=1&to=2"), "Wait for: 2 min")
	require.Contains(t, ada.page("/runbooks/database-restore/markdown"), "### 5. Close order entry")
	require.Contains(t, ada.page("/runbooks/manual/database?as=html"), "<!DOCTYPE html>")
	require.Contains(t, ada.page("/runbooks?as=csv"), "signin-diagnose,1,Why nobody can sign in,diagnose,signin")
	for path, want := range map[string]int{"/runbooks/none": 404, "/runbooks/erp-start?version=9": 404, "/runbooks/erp-start?version=x": 404, "/runbooks/erp-start/nothing": 404, "/runbooks/manual/none": 404, "/runbooks/erp-start/changes?from=1": 404, "/runs?state=asleep": 404, "/checklists/all?state=x": 404, "/runs/none": 404, "/checklists/none": 404, "/checklists/templates/none": 404} {
		status, _ := ada.get(path)
		require.Equal(t, want, status, path)
	}
	body = ben.page("/runbooks/files-restore?version=1")
	require.Contains(t, body, "“writes” is no step of this book")
	require.Contains(t, body, "“night” is no parameter of this book")
	status, body := ada.post("/runbooks/files-restore/publish", url.Values{"version": {"1"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "is no step of this book")
	status, _ = ada.post("/runbooks/signin-diagnose/review", url.Values{"version": {"1"}})
	require.Equal(t, http.StatusOK, status)
	require.NotContains(t, ada.page("/work"), "Why nobody can sign in", "it is read")
	status, body = ada.post("/runbooks/mail-handover/withdraw", url.Values{"version": {"1"}})
	require.Equal(t, http.StatusUnprocessableEntity, status, body)
	status, _ = ada.post("/runbooks/mail-handover/withdraw", url.Values{"version": {"1"}, "reason": {"The new system has another one"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, ada.page("/runbooks"), "The new system has another one")
	status, _ = ada.post("/runbooks/erp-start/nothing", nil)
	require.Equal(t, http.StatusNotFound, status)
}

const written = `## Look
- Step: look
- Expected: 1 h 30 min
- Look at: How many
- Expect: between 1 and {{most}}
- Unit: orders

Count them.

## Mend it
- Hazard: It is slow meanwhile

Restart **both**.

Undo:

Start the old one.
`

// A run book is written in a form that loses nothing, and published by somebody else.
func TestRunbookIsWritten(t *testing.T) {
	t.Parallel()
	nobody := start(t, "-db", filepath.Join(t.TempDir(), "portal.db"), "-now", demoNow)
	ben, cleo := nobody.as("ben"), nobody.as("cleo")
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(ben.page("/runbooks/new?service=mail"))[1]
	form := url.Values{
		"id": {id}, "title": {"Empty the queue"}, "scenario": {"diagnose"}, "services": {"mail"}, "reviewEvery": {"x"}, "roles": {"operator: Is at the desk"},
		"parameters": {"most | number | = 5 | How many at most\nodd"}, "steps": {strings.Replace(written, "Expected: 1 h 30 min", "Expected: soon", 1)}, "preconditions": {"It is night.\n\nNobody is there."},
	}
	status, body := ben.post("/runbooks", form)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, word := range []string{"“x” must be a whole number", "“soon” Expected must be a length of time, as 1 h 30 min (line 3)", "“odd” must be “name | type | where from | what it means” (line 2)", "Start the old one.", "How many at most", "Nobody is there."} {
		require.Contains(t, body, word)
	}
	form.Set("reviewEvery", "90")
	form.Set("parameters", "most | number | = 5 | How many at most")
	form.Set("steps", written)
	for range 2 { // sent twice, there is one
		status, body = ben.post("/runbooks", form)
	}
	require.Equal(t, http.StatusConflict, status, "there is a draft already")
	require.Contains(t, body, "there is a draft of this book already")
	body = ben.page("/runbooks/" + id)
	require.Contains(t, body, "from 1 to {{most}} orders")
	require.Contains(t, body, "somebody else has to publish it")
	status, _ = ben.post("/runbooks/"+id+"/publish", url.Values{"version": {"1"}})
	require.Equal(t, http.StatusConflict, status)
	body = ben.page("/runbooks/" + id + "/edit?version=1")
	require.Contains(t, body, "- Expect: between 1 and {{most}}")
	status, _ = cleo.post("/runbooks/"+id+"/publish", url.Values{"version": {"1"}})
	require.Equal(t, http.StatusOK, status)
	status, body = cleo.post("/runbooks/"+id+"/revise", nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "Start the old one.")
	form.Set("version", "2")
	form.Set("steps", strings.Replace(written, "Count them.", "Count them twice.", 1))
	status, body = cleo.post("/runbooks/"+id+"/edit", form)
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, ben.page("/runbooks/"+id+"/changes?from=1&to=2"), "Count them twice.")
	form.Set("title", "")
	status, body = cleo.post("/runbooks/"+id+"/edit", form)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "Count them twice.")
	status, _ = cleo.post("/runbooks/"+id+"/discard", url.Values{"version": {"2"}})
	require.Equal(t, http.StatusOK, status)
}

// What the form shows of steps is read back as what it was.
func TestStepsAsText(t *testing.T) {
	t.Parallel()
	books := []runbook.Book{draftOfDemo()}
	for _, b := range booksOfDemo() {
		books = append(books, b.Book)
	}
	for _, b := range books {
		var v servicecoin.Violations
		text := stepsText(b.Steps)
		require.True(t, strings.HasPrefix(text, "## "), "%s is not shown as JSON: %s", b.ID, text)
		require.Equal(t, b.Steps, readSteps(text, &v), b.ID)
		require.NoError(t, v.Err())
		require.True(t, plainEnough(b), b.ID)
	}
	two := books[0].Steps
	two[0].Title = servicecoin.Texts{"en": "Find", "de": "Suchen"}
	var v servicecoin.Violations
	require.True(t, strings.HasPrefix(stepsText(two), "["), "what the text cannot say")
	require.Equal(t, two, readSteps(stepsText(two), &v))
	require.NoError(t, v.Err())
	for text, want := range map[string]string{
		"Look\n":                       "stands before the first step",
		"## A\n- Input: x = 1":         "must stand below a line",
		"## A\n- Then: b":              "must stand below a line “If”",
		"## A\n- Expect: good":         "must be “equals …”",
		"## A\n- Action: x\n- Input: ": "Input must be",
		"## A\n- Value: a":             "Value must be",
		"[{\"id\":1}]":                 "cannot be read as JSON",
	} {
		var v servicecoin.Violations
		readSteps(text, &v)
		require.ErrorContains(t, v.Err(), want, text)
	}
	steps := readSteps("## A b\nDo.\n```\n## no step\n```\n## A b\n", &v)
	require.Len(t, steps, 2, "code is no heading")
	require.Equal(t, runbook.StepID("a-b-2"), steps[1].ID)
}

func FuzzStepsAsText(f *testing.F) {
	f.Add(written)
	f.Add("## A\n- If: yes\n- Then: b\n\n## b\n- Wait for: 3 min\n")
	f.Fuzz(func(t *testing.T, text string) {
		var v servicecoin.Violations
		steps := readSteps(text, &v)
		if v.Err() != nil || strings.HasPrefix(strings.TrimSpace(text), "[") {
			return
		}
		require.True(t, sameSteps(steps, readSteps(stepsText(steps), &v)))
	})
}

var attempts = regexp.MustCompile(`(\d+) entries, each chained`)

// A run is followed by several people to its end, and the record is verified.
func TestRunIsFollowed(t *testing.T) {
	t.Parallel()
	nobody := start(t, "-db", filepath.Join(t.TempDir(), "portal.db"), "-now", demoNow)
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
	require.Contains(t, ben.page(run), "It is for the service manager to say.")
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
	require.Contains(t, cleo.page("/runs?as=csv"), head)
}

// A run is begun when nothing is missing, handed over, paused, and given up: what was
// done is undone.
func TestRunIsGivenUp(t *testing.T) {
	t.Parallel()
	nobody := start(t, "-db", filepath.Join(t.TempDir(), "portal.db"), "-now", demoNow)
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

// The morning round is ticked, and looked at by a second person.
func TestChecklists(t *testing.T) {
	t.Parallel()
	nobody := start(t, "-db", filepath.Join(t.TempDir(), "portal.db"), "-now", demoNow)
	ben, cleo := nobody.as("ben"), nobody.as("cleo")
	body := ben.page("/checklists")
	for _, word := range []string{"Overdue", "nobody began it", "it was finished later", "To be signed off", "Every working day, 08:00 to 12:00"} {
		require.Contains(t, body, word)
	}
	for _, word := range []string{"Checklists due today", "Checklists overdue", "Checklists to sign off"} {
		require.Contains(t, cleo.page("/work"), word)
	}
	const today = "/checklists/morning-round%2F2026-11-24"
	status, body := cleo.post("/checklists", url.Values{"template": {"morning-round"}, "day": {"2026-11-24"}})
	require.Equal(t, http.StatusOK, status, "begun already: it is that one")
	require.Contains(t, body, "begun by Ben Okafor")
	for _, day := range []string{"2026-11-22", "x", "2026-11-25"} {
		status, _ = cleo.post("/checklists", url.Values{"template": {"morning-round"}, "day": {day}})
		require.Contains(t, []int{409, 422}, status, day)
	}
	status, body = ben.post(today+"/pass", url.Values{"item": {"queue"}, "wanted": {"value"}, "number": {"many"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "“many” must be a number")
	status, _ = ben.post(today+"/again", url.Values{"item": {"queue"}})
	require.Equal(t, http.StatusOK, status)
	status, body = ben.post(today+"/pass", url.Values{"item": {"queue"}, "wanted": {"value"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "must have what the item asks for")
	status, _ = ben.post(today+"/pass", url.Values{"item": {"queue"}, "number": {"12,5"}, "unit": {"messages"}})
	require.Equal(t, http.StatusOK, status)
	status, _ = ben.post(today+"/fail", url.Values{"item": {"disks"}})
	require.Equal(t, http.StatusUnprocessableEntity, status, "it says why")
	status, _ = ben.post(today+"/fail", url.Values{"item": {"disks"}, "note": {"files-3 is full"}})
	require.Equal(t, http.StatusOK, status)
	status, body = ben.post(today+"/skip", url.Values{"item": {"handover"}, "note": {"kept"}})
	require.Equal(t, http.StatusConflict, status, "it must be done")
	require.Contains(t, body, "kept</textarea>")
	status, _ = ben.post(today+"/skip", url.Values{"item": {"certificates"}, "note": {"The list is away"}})
	require.Equal(t, http.StatusOK, status)
	status, _ = ben.post(today+"/complete", nil)
	require.Equal(t, http.StatusConflict, status)
	for range 2 {
		status, _ = ben.post(today+"/pass", url.Values{"item": {"handover"}})
		require.Equal(t, http.StatusOK, status)
	}
	status, body = ben.post(today+"/complete", nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "You had a hand in it")
	status, _ = ben.post(today+"/signoff", nil)
	require.Equal(t, http.StatusConflict, status)
	status, _ = cleo.post(today+"/sendback", nil)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	status, _ = cleo.post(today+"/sendback", url.Values{"reason": {"Which disk?"}})
	require.Equal(t, http.StatusOK, status)
	status, _ = ben.post(today+"/complete", nil)
	require.Equal(t, http.StatusOK, status)
	status, body = cleo.post(today+"/signoff", url.Values{"note": {"An order is written"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "Signed off")
	status, _ = cleo.post("/checklists/morning-round%2F2026-11-19/abandon", url.Values{"reason": {"Too old"}})
	require.Equal(t, http.StatusOK, status)
	status, _ = cleo.post(today+"/nothing", nil)
	require.Equal(t, http.StatusNotFound, status)
	require.Contains(t, ben.page("/checklists/all?as=csv"), "disks,failed,files-3 is full,ben")
	require.Contains(t, ben.page("/checklists/templates/morning-round"), "95 % interval")
}

// A checklist is written as lines, and comes on the days that are said.
func TestChecklistTemplates(t *testing.T) {
	t.Parallel()
	nobody := start(t, "-db", filepath.Join(t.TempDir(), "portal.db"), "-now", demoNow)
	ben, cleo := nobody.as("ben"), nobody.as("cleo")
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(ben.page("/checklists/templates/new"))[1]
	form := url.Values{"id": {id}, "title": {"Evening"}, "items": {"Lights are off [often]\nDoors [may be left out; number; within 30 min; for the guard]"}, "rule": {"every evening"}, "from": {"18:00"}, "until": {"x"}, "services": {"files"}}
	status, body := ben.post("/checklists/templates", form)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, word := range []string{"“often” must be “may be left out”", "must be two times of the day", "every evening", "Doors [may be left out"} {
		require.Contains(t, body, word)
	}
	form.Set("items", "Lights are off\nDoors [may be left out; number; within 30 min; for the guard]")
	form.Set("rule", "FREQ=WEEKLY;BYDAY=FR on or before a working day")
	form.Set("until", "20:00")
	status, body = ben.post("/checklists/templates", form)
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "Every Friday, or the working day before it, 18:00 to 20:00, Europe/Berlin")
	path := "/checklists/templates/" + id
	require.Contains(t, ben.page(path+"/edit?edition=1"), "{doors} Doors [may be left out; number; within 30 min; for the guard]")
	status, _ = ben.post(path+"/publish", url.Values{"edition": {"1"}})
	require.Equal(t, http.StatusConflict, status)
	status, body = cleo.post(path+"/publish", url.Values{"edition": {"1"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "Next: 2026-11-27, due by 27 Nov 2026, 19:00")
	status, _ = cleo.post(path+"/revise", nil)
	require.Equal(t, http.StatusOK, status)
	form.Set("edition", "2")
	form.Set("rule", "")
	status, body = cleo.post(path+"/edit", form)
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "whenever somebody begins one")
	status, _ = cleo.post(path+"/discard", url.Values{"edition": {"2"}})
	require.Equal(t, http.StatusOK, status)
	status, _ = cleo.post(path+"/withdraw", url.Values{"edition": {"1"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	status, _ = cleo.post(path+"/withdraw", url.Values{"edition": {"1"}, "reason": {"The guard does it"}})
	require.Equal(t, http.StatusOK, status)
	status, _ = cleo.post(path+"/nothing", nil)
	require.Equal(t, http.StatusNotFound, status)
}

// The machine room does an attempt once, tells later what takes a while, and stops
// telling what was cancelled.
func TestMachineRoom(t *testing.T) {
	t.Parallel()
	now, err := time.Parse(time.RFC3339, demoNow)
	require.NoError(t, err)
	p, err := open(t.Context(), config{db: filepath.Join(t.TempDir(), "portal.db"), now: now}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
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

package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

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
	nobody := startDemo(t)
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
	nobody := startDemo(t)
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
	nobody := startDemo(t)
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

package runbookmd_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/interop/runbookmd"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

func TestBookOfAFile(t *testing.T) {
	t.Parallel()
	text := `---
title: Restore the database
lang: en-GB
purpose: When data is lost.
services: [db]
scenario: restore
roles:
  dba: who owns the database
  operator:
preconditions:
  - The backup is there.
parameters:
  - host
  - {name: size, type: choice, choices: [s, m], default: s, optional: true, text: how large}
  - {name: 1st}
last_reviewed_on: 2026-01-31
review_in: 1 month
---
# Restore

Some words.

## Prerequisites

1. A key
2. - [ ] A lock

## Restore

Take care.

1. Stop it:

   ` + "```sh" + `
   stop --host {{host}} --for {{ reason }}

     wait
   ` + "```" + `

   - really
2. Load it
   1. Slowly

After it:

## Cleanup

Remove the rest.

## Notes

More words.
`
	doc := parse(t, text)
	im := doc.Book(&runbookmd.BookOptions{ID: "restore-db"})
	en := func(text string) servicecoin.Texts { return servicecoin.Texts{"en-GB": text} }
	due := time.Date(2026, time.February, 28, 0, 0, 0, 0, time.UTC)
	want := runbook.Book{
		ID: "restore-db", Version: 1, State: runbook.Draft, Title: en("Restore the database"), Scenario: runbook.Restore, Services: []servicecoin.ServiceID{"db"},
		Purpose:       en("When data is lost.\n\nSome words.\n\n## Notes\n\nMore words."),
		Preconditions: []servicecoin.Texts{en("The backup is there."), en("A key"), en("[ ] A lock")},
		Roles:         []runbook.Role{{Name: "dba", Text: en("who owns the database")}, {Name: "operator"}},
		Parameters: []runbook.Parameter{
			{Name: "host", Type: runbook.Text},
			{Name: "size", Type: runbook.Choice, Choices: []string{"s", "m"}, Default: "s", Optional: true, Text: en("how large")},
			{Name: "reason", Type: runbook.Text},
		},
		Steps: []runbook.Step{
			{ID: "stop-it", Kind: runbook.ManualStep, Title: en("Stop it"), Text: en("## Restore\n\nTake care.\n\nStop it:\n\n```sh\nstop --host {{host}} --for {{ reason }}\n\n  wait\n```\n\n- really")},
			{ID: "load-it", Kind: runbook.ManualStep, Title: en("Load it"), Text: en("Load it")},
			{ID: "slowly", Kind: runbook.ManualStep, Title: en("Slowly"), Text: en("Slowly\n\nAfter it:")},
			{ID: "cleanup", Kind: runbook.ManualStep, Title: en("Cleanup"), Text: en("Remove the rest.")},
		},
		ReviewEvery: doc.Review().Every(), ReviewBy: due,
	}
	every, ok := want.ReviewEvery.Get()
	require.True(t, ok)
	require.Equal(t, 28*24*time.Hour, every)
	require.Empty(t, cmp.Diff(want, im.Book))
	require.Empty(t, im.Rest)
	require.Equal(t, []string{runbookmd.FoundUnknownMeta, runbookmd.FoundTemplateInUse}, codes(im.Findings))
	require.Equal(t, 15, im.Findings[0].Line)
}

func TestBooksOfAFile(t *testing.T) {
	t.Parallel()
	section := func(name string) string {
		return "## " + name + "\n\n### Impact\n\nBad.\n\n### Restore\n\n1. Do " + name + "\n\n"
	}
	doc := parse(t, "# All\n\nOutside.\n\n"+section("One")+section("Two")+"## See also\n\nNothing.\n\n"+section("One"))
	books := doc.Books(&runbookmd.BookOptions{ID: "x", Services: []servicecoin.ServiceID{"s"}})
	var ids []string
	for _, im := range books {
		ids = append(ids, string(im.Book.ID))
		require.Equal(t, "### Impact\n\nBad.", im.Book.Purpose["en"])
		require.Len(t, im.Book.Steps, 1)
		require.Equal(t, []servicecoin.ServiceID{"s"}, im.Book.Services)
		require.Equal(t, runbook.Diagnose, im.Book.Scenario)
	}
	require.Equal(t, []string{"x-one", "x-two", "x-one-2"}, ids)
	require.Equal(t, []string{runbookmd.FoundOutsideBooks}, codes(books[0].Findings))
	require.Equal(t, []string{runbookmd.FoundOutsideBooks}, codes(books[1].Findings), "what stands after it")
	require.Equal(t, []string{runbookmd.FoundSharedTitle}, codes(books[2].Findings))
	require.Len(t, doc.Books(&runbookmd.BookOptions{Level: -1}), 1)
	require.Len(t, doc.Books(&runbookmd.BookOptions{Level: 1}), 1)
	require.Len(t, parse(t, "# One\n1. a\n# Two\n1. b\n").Books(nil), 2, "several headings of the first level")
	require.Equal(t, []string{runbookmd.FoundNoSteps}, codes(parse(t, "").Book(nil).Findings))
}

func TestBoxesAreStepsWhereThereAreNoOthers(t *testing.T) {
	t.Parallel()
	im := parse(t, "# Cut\n\n## Before\n\n- [ ] Ask\n  - twice\n  - [ ] or more\n- [x] Wait\n\nWords.\n\n## After\n\n- [ ] Ask\n").Book(nil)
	var steps []string
	for _, s := range im.Book.Steps {
		steps = append(steps, string(s.ID)+": "+s.Text["en"])
	}
	require.Equal(t, []string{"ask: ## Before\n\n- [ ] Ask\n  - twice\n  - [ ] or more", "wait: - [x] Wait\n\nWords.", "ask-2: ## After\n\n- [ ] Ask"}, steps)
}

func TestLongStepsAreCutAtBlocks(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 700)
	im := parse(t, "1. a\n\n   "+long+"\n\n   "+long+"\n2. b\n\n   ```\n   "+strings.Repeat("x", 4100)+"\n   ```\n").Book(nil)
	var titles []string
	for _, s := range im.Book.Steps {
		titles = append(titles, s.Title["en"])
	}
	require.Equal(t, []string{"a", "a (2)", "b", "b (2)"}, titles)
	require.Equal(t, []string{runbookmd.FoundDoesNotFit}, codes(im.Findings), "a block is never cut: its commands stay whole")
}

// Every command of a real file is in one of its run books, whole, and every run
// book of one is a draft that can be kept.
func TestBooksOfRealFilesHaveEveryCommand(t *testing.T) {
	t.Parallel()
	for name, source := range corpus(t) {
		doc, err := runbookmd.Parse(source)
		require.NoError(t, err)
		var texts []string
		for _, im := range doc.Books(nil) {
			require.NoError(t, im.Book.Validate(), name)
			require.False(t, slices.ContainsFunc(im.Book.Check(runbook.Checks{}), func(f runbook.Finding) bool { return f.Severity == runbook.Fault }), name)
			for _, s := range im.Book.Steps {
				texts = append(texts, s.Text["en"])
			}
			for _, p := range im.Book.Preconditions {
				texts = append(texts, p["en"])
			}
			texts = append(texts, im.Book.Purpose["en"], im.Rest)
		}
		for _, c := range doc.Code() {
			if c.Fenced {
				require.True(t, slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, "```"+c.Info+"\n"+c.Text+"```") }), "%s, line %d", name, c.Line)
			}
		}
	}
}

// What a run book writes is read back with the same steps.
func TestManualsAreReadBack(t *testing.T) {
	t.Parallel()
	en := func(text string) servicecoin.Texts { return servicecoin.Texts{"en": text} }
	made := runbook.Book{
		ID: "made", Version: 1, State: runbook.Draft, Title: en("Made *up* [by] 1 < 2"), Scenario: runbook.Restore,
		Services: []servicecoin.ServiceID{"db", "web"}, Purpose: en("Why.\n\n- a\n- b"), Preconditions: []servicecoin.Texts{en("One."), en("Two.")},
		Roles: []runbook.Role{{Name: "dba", Text: en("who")}},
		Parameters: []runbook.Parameter{
			{Name: "host", Type: runbook.Text, Text: en("a | b"), From: &runbook.Source{Record: "cluster", Path: "/hosts/0"}},
			{Name: "size", Type: runbook.Choice, Choices: []string{"s", "m"}, Default: "s"},
		},
		Steps: []runbook.Step{
			{
				ID: "first", Kind: runbook.ManualStep, Title: en("First: {{host}}"), Text: en("# Head\n\n1. a\n\n   ```sh\n   b  {{size}}\n   ```\n\n- **x**: y\n\n---"),
				Role: "dba", Expected: calendar.Within(90 * time.Minute), Hazard: en("breaks *all*"), AtStart: true, Undo: &runbook.Undo{Text: en("Put it back:\n\n```\nback\n```")},
			},
			{ID: "2nd.step_x", Kind: runbook.ManualStep, Title: en("Second #"), Text: en("~~~\nUndo:\n~~~"), After: []runbook.StepID{"first"}, Expected: calendar.Within(50*time.Hour + 5*time.Minute)},
			{ID: "third", Kind: runbook.ManualStep, Title: en("Third"), Text: en("c"), Expected: calendar.Within(0)},
		},
	}
	require.NoError(t, made.Validate())
	books := []runbook.Book{made}
	for _, source := range corpus(t) {
		doc, err := runbookmd.Parse(source)
		require.NoError(t, err)
		for _, im := range doc.Books(nil) {
			books = append(books, im.Book)
		}
	}
	read := func(m runbook.Manual) []runbookmd.Imported {
		var b strings.Builder
		require.NoError(t, m.WriteMarkdown(&b))
		doc := parse(t, b.String())
		require.Equal(t, b.String(), doc.String())
		return doc.Books(nil)
	}
	for _, b := range books {
		got := read(runbook.Manual{Books: []runbook.Book{b}})
		require.Len(t, got, 1, b.ID)
		require.Empty(t, cmp.Diff(b.Steps, got[0].Book.Steps), b.ID)
		require.Equal(t, b.Title, got[0].Book.Title)
		require.Equal(t, b.Purpose, got[0].Book.Purpose)
		require.Equal(t, b.Scenario, got[0].Book.Scenario)
	}
	all := read(runbook.Manual{Title: "All", Books: books})
	require.Len(t, all, len(books))
	for i, b := range books {
		require.Empty(t, cmp.Diff(b.Steps, all[i].Book.Steps), b.ID)
	}
	require.Empty(t, cmp.Diff(made.Preconditions, all[0].Book.Preconditions))
	require.Empty(t, cmp.Diff(made.Roles, all[0].Book.Roles))
	require.Empty(t, cmp.Diff(made.Parameters, all[0].Book.Parameters))
	require.Empty(t, cmp.Diff(made.Services, all[0].Book.Services))
}

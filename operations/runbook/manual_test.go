package runbook_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

func written(t testing.TB, m runbook.Manual) (markdown, html string) {
	t.Helper()
	var a, b bytes.Buffer
	require.NoError(t, m.WriteMarkdown(&a))
	require.NoError(t, m.WriteHTML(&b))
	return a.String(), b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestManual(t *testing.T) {
	t.Parallel()
	b := failover()
	b.Version, b.State, b.PublishedAt = 2, runbook.Published, time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	b.Preconditions = []servicecoin.Texts{en("You have access.")}
	b.Steps = append(b.Steps, call("stop", "stop-mail", runbook.Argument{Name: "host", Value: "{{primary}}"}))
	start := runbook.Book{
		ID: "start", Version: 1, State: runbook.Published, Title: en("Start mail"), Scenario: runbook.Start, Services: []servicecoin.ServiceID{"mail"},
		Steps: []runbook.Step{{ID: "a", Kind: runbook.ManualStep, Title: en("Start"), Text: en("Type:\n\n```sh\nmail <start>\n```\n\n1. wait\n2. see `it`\n\n- one\n- two"), AtStart: true, Expected: calendar.Within(time.Minute)}},
	}
	draft := start
	draft.State = runbook.Draft
	m := runbook.ManualOf("mail", "Mail", []runbook.Book{b, draft, start, {State: runbook.Published}}, nil)
	require.Len(t, m.Books, 2)
	require.Equal(t, servicecoin.RunbookID("start"), m.Books[0].ID, "in the order of scenarios")
	markdown, html := written(t, m)
	golden(t, "manual.md", markdown)
	golden(t, "manual.html", html)
	_, html = written(t, runbook.Manual{Books: []runbook.Book{b}, Languages: []string{"de"}, Words: map[string]string{"Steps": "Schritte"}})
	require.Contains(t, html, "<h1 id=\"book-1\">Fail over the database</h1>")
	require.Contains(t, html, "<code>{{primary}}</code> ansehen.")
	require.Contains(t, html, "<h2>Schritte</h2>")
	require.NotContains(t, html, "<nav>")
}

func TestHostileTexts(t *testing.T) {
	t.Parallel()
	const evil = "<script>alert(1)</script> \"><img src=x onerror=alert(2)> [x](javascript:alert(3)) &lt;b&gt; `<i>` |"
	b := runbook.Book{
		ID: evil, Version: 1, State: runbook.Published, Title: en(evil), Purpose: en(evil), Scenario: evil, Services: []servicecoin.ServiceID{evil},
		Preconditions: []servicecoin.Texts{en("```" + evil + "\n" + evil)}, Roles: []runbook.Role{{Name: evil, Text: en(evil)}},
		Parameters: []runbook.Parameter{{Name: evil, Text: en(evil), Type: runbook.Choice, Choices: []string{evil}, From: &runbook.Source{Record: evil, Path: evil}}},
		Steps: []runbook.Step{{
			ID: evil, Kind: evil, Title: en(evil), Text: en("# " + evil + "\n- " + evil + "\n1. " + evil + "\n~~~" + evil + "\n" + evil), Role: evil, Hazard: en(evil), After: []runbook.StepID{evil},
			Undo:         &runbook.Undo{Text: en(evil), Action: &runbook.Action{Name: evil, Inputs: []runbook.Input{{Name: evil, Value: evil}}}},
			Verification: &runbook.Verification{LookAt: en(evil), Expect: runbook.Expectation{Is: runbook.Equals, Value: evil}, Unit: evil},
			Decision:     &runbook.Decision{Of: &runbook.Reading{Step: evil, Output: evil}, Branches: []runbook.Branch{{Answer: evil, Text: en(evil), Steps: []runbook.StepID{evil}}}},
			Wait:         &runbook.Wait{Until: evil}, Approval: &runbook.Approval{Role: evil}, Call: &runbook.Call{Book: evil, Values: []runbook.Argument{{Name: evil, Value: evil}}},
		}},
	}
	markdown, html := written(t, runbook.Manual{Title: evil, Books: []runbook.Book{b, b}, Words: map[string]string{"Steps": evil, "Step": evil}})
	tags := regexp.MustCompile(`<[^>]*>`).FindAllString(html, -1)
	allowed := regexp.MustCompile(`^</?(html|head|body|title|style|nav|ul|ol|li|p|pre|code|strong|h[1-4]|dl|dt|dd|table|tr|td|th|hr)>$|^<!DOCTYPE html>$|^<meta charset="utf-8">$|^<a href="#[^"<>]*">$|^</a>$|^<h[1-4] id="[^"<>]*">$`)
	for _, tag := range tags {
		require.Regexp(t, allowed, tag)
	}
	for _, word := range []string{"<script", "<img", "href=\"javascript"} {
		require.NotContains(t, html, word)
	}
	heading := regexp.MustCompile(`(?m)^#.*<`).FindString(markdown)
	require.True(t, heading == "" || strings.Contains(heading, `\<`), heading)
	require.Zero(t, strings.Count(markdown, "\n~~~\n")%2, "what was open is closed")
}

func FuzzSafeHTML(f *testing.F) {
	for _, s := range []string{"", "a\n\nb", "```\n<b>", "- a\n- b\n1. c", "# h", "`<`", "~~~x\n```\n~~~", "<script>", "    ```\na"} {
		f.Add(s)
	}
	allowed := regexp.MustCompile(`</?(p|ul|ol|li|pre|code|strong)>`)
	f.Fuzz(func(t *testing.T, text string) {
		html := runbook.SafeHTML(text)
		require.NotContains(t, allowed.ReplaceAllString(html, ""), "<")
		for _, tag := range []string{"p", "ul", "ol", "li", "pre", "code", "strong"} {
			require.Equal(t, strings.Count(html, "<"+tag+">"), strings.Count(html, "</"+tag+">"), tag)
		}
	})
}

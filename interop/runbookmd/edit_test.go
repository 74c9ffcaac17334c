package runbookmd_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/runbookmd"
)

func parse(t testing.TB, text string) *runbookmd.Document {
	t.Helper()
	doc, err := runbookmd.Parse([]byte(text))
	require.NoError(t, err)
	return doc
}

// refused asserts that an edit was not made, and why.
func refused(t testing.TB, doc *runbookmd.Document, before, path, code string, err error) {
	t.Helper()
	var invalid *servicecoin.InvalidError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, path, invalid.Violations[0].Path)
	require.Equal(t, code, invalid.Violations[0].Code)
	require.Equal(t, before, doc.String(), "nothing changed")
}

const procedure = `---
title: Restore # the name
review_in: 6 months

# who may
roles: [operator]
---
# Restore

1. Stop the writers:

   ` + "```sh" + `
   stop  --now

   echo 'done'
   ` + "```" + `

2. Restore
   the backup.
   1. Choose one
   2. - [ ] Load it
3. [x] Check it

Then tell everybody:
` + "```" + `
tell all
` + "```" + `

> - [ ] quoted
`

func TestEditsChangeTheirOwnLines(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		edit func(*runbookmd.Document) error
		// what the diff has to be: lines that go, and lines that come
		minus, plus string
	}{
		{"tick", func(d *runbookmd.Document) error { return d.Tick(0, true) }, "   2. - [ ] Load it\n", "   2. - [x] Load it\n"},
		{"untick", func(d *runbookmd.Document) error { return d.Tick(1, false) }, "3. [x] Check it\n", "3. [ ] Check it\n"},
		{"tick in a quote", func(d *runbookmd.Document) error { return d.Tick(2, true) }, "> - [ ] quoted\n", "> - [x] quoted\n"},
		{"ticked already", func(d *runbookmd.Document) error { return d.Tick(1, true) }, "", ""},
		{"text", func(d *runbookmd.Document) error { return d.SetStepText(0, "Stop them:") }, "1. Stop the writers:\n", "1. Stop them:\n"},
		{"text of two lines", func(d *runbookmd.Document) error { return d.SetStepText(1, "Restore\neverything.") }, "   the backup.\n", "   everything.\n"},
		{"text with a box", func(d *runbookmd.Document) error { return d.SetStepText(4, "Look at it") }, "3. [x] Check it\n", "3. [x] Look at it\n"},
		{"text of a paragraph", func(d *runbookmd.Document) error { return d.SetStepText(5, "Tell **all**:") }, "Then tell everybody:\n", "Tell **all**:\n"},
		{"code", func(d *runbookmd.Document) error { return d.ReplaceCode(0, "a\n\n  b\n") }, "   stop  --now\n   echo 'done'\n", "   a\n     b\n"},
		{"code with a fence", func(d *runbookmd.Document) error { return d.ReplaceCode(1, "```\nx\n```") }, "tell all\n", "````\nx\n````\n"},
		{"no code", func(d *runbookmd.Document) error { return d.ReplaceCode(1, "") }, "tell all\n", ""},
		{"meta", func(d *runbookmd.Document) error { return d.SetMeta("title", "Restore: all") }, "title: Restore # the name\n", "title: 'Restore: all'\n"},
		{"another interval", func(d *runbookmd.Document) error { return d.SetMeta("review_in", "3 months") }, "review_in: 6 months\n", "review_in: 3 months\n"},
		{"new key", func(d *runbookmd.Document) error { return d.SetMeta("services", []string{"db", "web"}) }, "", "services:\n- db\n- web\n"},
		{"no key", func(d *runbookmd.Document) error { return d.SetMeta("roles", nil) }, "roles: [operator]\n", ""},
		{"no such key", func(d *runbookmd.Document) error { return d.SetMeta("weight", nil) }, "", ""},
		{"step after", func(d *runbookmd.Document) error { return inserted(d, 0, 1, runbookmd.NewStep{Text: "Wait"}) }, "", "2. Wait\n\n"},
		{"step inside", func(d *runbookmd.Document) error { return inserted(d, 2, 3, runbookmd.NewStep{Text: "Think"}) }, "", "   2. Think\n"},
		{"step after those inside", func(d *runbookmd.Document) error { return inserted(d, 1, 4, runbookmd.NewStep{Text: "Wait\nlong"}) }, "", "3. Wait\n   long\n"},
		{"first step", func(d *runbookmd.Document) error { return inserted(d, -1, 0, runbookmd.NewStep{Text: "Begin"}) }, "", "1. Begin\n\n"},
		{"step with code", func(d *runbookmd.Document) error {
			return inserted(d, 4, 5, runbookmd.NewStep{Text: "See", Code: []runbookmd.NewCode{{"sh", "a\n\nb"}}})
		}, "", "4. See\n\n   ```sh\n   a\n\n   b\n   ```\n\n"},
		{"paragraph with code", func(d *runbookmd.Document) error {
			return inserted(d, 5, 6, runbookmd.NewStep{Text: "Go:", Code: []runbookmd.NewCode{{"", "a"}}})
		}, "", "Go:\n\n```\na\n```\n\n"},
	}
	for _, end := range []string{"\n", "\r\n"} {
		for _, c := range cases {
			t.Run(fmt.Sprintf("%s %q", c.name, end), func(t *testing.T) {
				t.Parallel()
				before := strings.ReplaceAll(procedure, "\n", end)
				doc := parse(t, before)
				require.NoError(t, c.edit(doc))
				minus, plus := diff(before, doc.String())
				require.Empty(t, cmp.Diff(strings.ReplaceAll(c.minus, "\n", end), minus), "what went")
				require.Empty(t, cmp.Diff(strings.ReplaceAll(c.plus, "\n", end), plus), "what came")
				whole(t, doc.Bytes(), doc)
			})
		}
	}
}

func inserted(d *runbookmd.Document, after, want int, s runbookmd.NewStep) error {
	at, err := d.InsertStep(after, s)
	if err == nil && (at != want || d.Steps()[at].Text != s.Text) {
		return fmt.Errorf("is step %d, not %d", at, want)
	}
	return err
}

// diff returns the lines that only the first text has, and those that only the
// second has, by their longest common sequence.
func diff(before, after string) (minus, plus string) {
	a, b := strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := range slices.Backward(a) {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			minus += a[i]
			i++
		default:
			plus += b[j]
			j++
		}
	}
	return minus, plus
}

func TestEditsThatWouldChangeMoreAreRefused(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, text, path, code string
		edit                   func(*runbookmd.Document) error
	}{
		{"two paragraphs", procedure, "text", "changes-others", func(d *runbookmd.Document) error { return d.SetStepText(0, "a\n\nb") }},
		{"a fence", procedure, "text", "changes-others", func(d *runbookmd.Document) error { return d.SetStepText(0, "```") }},
		{"a heading", procedure, "text", "changes-others", func(d *runbookmd.Document) error { return d.SetStepText(5, "# a") }},
		{"a list", procedure, "text", "changes-others", func(d *runbookmd.Document) error { return d.SetStepText(0, "- a") }},
		{"a comment", procedure, "text", "changes-others", func(d *runbookmd.Document) error { return d.SetStepText(5, "<!--") }},
		{"no text", procedure, "text", "required", func(d *runbookmd.Document) error { return d.SetStepText(0, " \n") }},
		{"no such step", procedure, "step", "unknown", func(d *runbookmd.Document) error { return d.SetStepText(6, "a") }},
		{"no such box", procedure, "box", "unknown", func(d *runbookmd.Document) error { return d.Tick(-1, true) }},
		{"no such code", procedure, "code", "unknown", func(d *runbookmd.Document) error { return d.ReplaceCode(2, "a") }},
		{"loose", "<!--\n1. a\n-->\n", "step", "loose", func(d *runbookmd.Document) error { return d.SetStepText(0, "b") }},
		{"code closes a comment", "<!--\n```\na\n```\n-->\n", "code", "loose", func(d *runbookmd.Document) error { return d.ReplaceCode(0, "-->") }},
		{"paragraph without code", procedure, "code", "required", func(d *runbookmd.Document) error {
			_, err := d.InsertStep(5, runbookmd.NewStep{Text: "a"})
			return err
		}},
		{"toml", "+++\na = 1\n+++\n", "", "unreadable", func(d *runbookmd.Document) error { return d.SetMeta("a", 2) }},
		{"broken yaml", "---\na: [\n---\n", "", "unreadable", func(d *runbookmd.Document) error { return d.SetMeta("a", 2) }},
		{"flow yaml", "---\n{a: 1}\n---\n", "", "unreadable", func(d *runbookmd.Document) error { return d.SetMeta("a", 2) }},
		{"an anchor that others use", "---\na: &x 1\nb: *x\n---\n", "value", "changes-others", func(d *runbookmd.Document) error { return d.SetMeta("a", 2) }},
		{"a key of two lines", procedure, "key", "bad-text", func(d *runbookmd.Document) error { return d.SetMeta("a\nb", 2) }},
		{"no such list", procedure, "list", "unknown", func(d *runbookmd.Document) error { return d.Renumber(9) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			doc := parse(t, c.text)
			refused(t, doc, c.text, c.path, c.code, c.edit(doc))
		})
	}
}

func TestRenumberIndentsWhatStandsBelow(t *testing.T) {
	t.Parallel()
	text := "8. a\n9. b\n9. c\n\n   ```\n   x\n     y\n   ```\n\n   - d\n12. e\n    f\n"
	doc := parse(t, text)
	require.Equal(t, runbookmd.FoundNumber, doc.Findings()[0].Code)
	require.NoError(t, doc.Renumber(1))
	require.Equal(t, "8. a\n9. b\n10. c\n\n    ```\n    x\n      y\n    ```\n\n    - d\n11. e\n    f\n", doc.String())
	require.Empty(t, doc.Findings())
	require.Equal(t, "x\n  y\n", doc.Code()[0].Text)
}

func TestFrontMatterIsMade(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ before, after string }{
		{"# a\r\n", "---\r\ntitle: b\r\n---\r\n# a\r\n"},
		{"\xef\xbb\xbf# a\n", "\xef\xbb\xbf---\ntitle: b\n---\n# a\n"},
		{"", "---\ntitle: b\n---\n"},
		{"---\n---\n", "---\ntitle: b\n---\n"},
		{"---\n# a\n---\nx", "---\n# a\ntitle: b\n---\nx"},
	} {
		doc := parse(t, c.before)
		require.NoError(t, doc.SetMeta("title", "b"))
		require.Equal(t, c.after, doc.String())
		require.Equal(t, "b", doc.Title())
		require.NoError(t, doc.SetMeta("title", nil))
	}
}

func TestFilesWithoutLastLineEnd(t *testing.T) {
	t.Parallel()
	doc := parse(t, "1. a\n\n   ```\n   b")
	require.Equal(t, "b", doc.Code()[0].Text)
	require.NoError(t, doc.ReplaceCode(0, "c\nd\n"))
	require.Equal(t, "1. a\n\n   ```\n   c\n   d", doc.String())
	doc = parse(t, "1. a")
	at, err := doc.InsertStep(0, runbookmd.NewStep{Text: "b"})
	require.NoError(t, err)
	require.Equal(t, 1, at)
	require.Equal(t, "1. a\n2. b\n", doc.String())
}

// On real files, every edit that is made changes nothing but lines of its own.
func TestEditsOfRealFiles(t *testing.T) {
	t.Parallel()
	files := corpus(t)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "file")
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")
		before := strings.ReplaceAll(string(files[name]), "\n", end)
		doc, err := runbookmd.Parse([]byte(before))
		require.NoError(t, err)
		from, to := 0, 0 // the lines that may change
		grows := 0
		switch kind := rapid.SampledFrom([]string{"tick", "text", "code", "insert"}).Draw(t, "kind"); {
		case kind == "tick" && len(doc.Boxes()) > 0:
			i := rapid.IntRange(0, len(doc.Boxes())-1).Draw(t, "box")
			from, to = doc.Boxes()[i].Line, doc.Boxes()[i].Line
			err = doc.Tick(i, true)
			require.NoError(t, err)
			require.True(t, doc.Boxes()[i].Ticked)
		case kind == "text" && len(doc.Steps()) > 0:
			i := rapid.IntRange(0, len(doc.Steps())-1).Draw(t, "step")
			s := doc.Steps()[i]
			from, to = s.Line, s.Line+strings.Count(before[s.Span.From:s.Span.To], "\n")
			text := rapid.SampledFrom([]string{"Do", "Do it\nnow", "See [this](that) and `that`"}).Draw(t, "text")
			if s.Kind == runbookmd.Titled {
				text = "Do"
			}
			require.NoError(t, doc.SetStepText(i, text))
			require.Equal(t, text, doc.Steps()[i].Text)
			grows = strings.Count(text, "\n") - (to - from)
		case kind == "code" && len(doc.Code()) > 0:
			i := rapid.IntRange(0, len(doc.Code())-1).Draw(t, "code")
			c := doc.Code()[i]
			from, to = c.Line, c.Line+strings.Count(before[c.Span.From:c.Span.To], "\n")-1
			text := rapid.SampledFrom([]string{"a\n", "a\n\n\tb  \n", "```\n", "1. a\n# b\n- [ ] c\n"}).Draw(t, "text")
			require.NoError(t, doc.ReplaceCode(i, text))
			require.Equal(t, strings.ReplaceAll(text, "\n", end), doc.Code()[i].Text)
			grows = strings.Count(text, "\n") - strings.Count(c.Text, "\n")
		case kind == "insert" && len(doc.Steps()) > 0:
			i := rapid.IntRange(0, len(doc.Steps())-1).Draw(t, "step")
			at, err := doc.InsertStep(i, runbookmd.NewStep{Text: "Do it", Code: []runbookmd.NewCode{{"sh", "a\n"}}})
			require.NoError(t, err)
			require.Equal(t, "Do it", doc.Steps()[at].Text)
			minus, _ := diff(before, doc.String())
			require.Empty(t, minus)
			return
		}
		a, b := strings.SplitAfter(before, "\n"), strings.SplitAfter(doc.String(), "\n")
		require.Len(t, b, len(a)+grows)
		if from > 0 {
			require.Equal(t, a[:from-1], b[:from-1], "lines before")
			require.Equal(t, a[to:], b[to+grows:], "lines after")
		}
	})
}

package runbookmd_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/interop/runbookmd"
)

// codes returns the codes of findings.
func codes(findings []runbookmd.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, f.Code)
	}
	return list
}

// What CommonMark takes for text, and its writer for a step, is held and marked.
func TestWhatLooksLikeAStepIsHeld(t *testing.T) {
	t.Parallel()
	fence := "```"
	cases := []struct {
		name, text string
		counts     runbookmd.Counts
		steps      []string // "number text", "~" before a loose one
		found      []string
	}{
		{
			"a number in the middle of a paragraph", "Do:\n2. this\n   well\n3) that\n\n" + fence + "\nx\n" + fence + "\n",
			runbookmd.Counts{Numbered: 2, Fenced: 1},
			[]string{"~2. this\nwell", "~3) that"},
			[]string{"loose-number", "loose-number"},
		},
		{"a comment", "<!--\n# Head\n1. a\n- [x] b\n-->\n", runbookmd.Counts{Headings: 1, Numbered: 1, Boxes: 1, Ticked: 1}, []string{"~1. a"}, []string{"loose-heading", "loose-number", "loose-box"}},
		{
			"inside of tags", "<details>\n1. a\n" + fence + "sh\nb\n  c\n" + fence + "\n2. d\n</details>\n",
			runbookmd.Counts{Numbered: 2, Fenced: 1, Details: 1},
			[]string{"~1. a", "~2. d"},
			[]string{"loose-number", "loose-code", "loose-number"},
		},
		{
			"indented too deep", "1. a\n\n        " + fence + "sh\n        b\n          c\n        " + fence + "\n2. d\n",
			runbookmd.Counts{Numbered: 2, Fenced: 1},
			[]string{"1. a", "2. d"},
			[]string{"loose-code"},
		},
		{"numbers indented as code", "a\n\n    1. b\n    2. c\n", runbookmd.Counts{Numbered: 2}, []string{" a", "~1. b", "~2. c"}, []string{"loose-number", "loose-number"}},
		{"a step of another mark", "1. a\n2) b\n", runbookmd.Counts{Numbered: 2}, []string{"1. a", "2) b"}, nil},
		{"numbers in quotes are not counted", "> 1. a\n> 2. b\n", runbookmd.Counts{}, []string{"1. a", "2. b"}, nil},
		{"a number behind a bullet is not counted", "- 1. a\n", runbookmd.Counts{}, []string{"1. a"}, nil},
		{"no number", "1.5 of them\n10.0.0.1\n", runbookmd.Counts{}, nil, nil},
		{"no blank behind the number", "9. a\n\n10.Remove *b*\n11.) c\n", runbookmd.Counts{Numbered: 3}, []string{"9. a", "~10. Remove *b*", "~11.) c"}, []string{"loose-number", "loose-number"}},
		{"code is code", fence + "\n# a\n1. b\n- [ ] c\n" + fence + "\n", runbookmd.Counts{Fenced: 1}, []string{" "}, nil},
		{"a fence that nothing closes", fence + "\n1. a\n", runbookmd.Counts{Fenced: 1}, []string{" "}, []string{"open-code"}},
		{"a heading without space", "##Title\n#channel\n", runbookmd.Counts{}, nil, []string{"heading-space"}},
		{"numbers that jump", "1. a\n3. b\n3. c\n", runbookmd.Counts{Numbered: 3}, []string{"1. a", "3. b", "3. c"}, []string{"number"}},
		{"a box with a link", "- [x](there)\n- [ ] b\n", runbookmd.Counts{Boxes: 1}, nil, nil},
		{"not UTF-8", "a\n\xff\n", runbookmd.Counts{}, nil, []string{"not-utf8"}},
		{"an underlined heading is none with signs", "Title\n=====\n\n# a\n", runbookmd.Counts{Headings: 1}, nil, nil},
		{"nothing", "", runbookmd.Counts{}, nil, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			doc := parse(t, c.text)
			whole(t, []byte(c.text), doc)
			var steps []string
			for _, s := range doc.Steps() {
				text := s.Number + " " + s.Text
				if s.Loose {
					text = "~" + text
				}
				steps = append(steps, text)
			}
			require.Equal(t, c.counts, doc.Counts())
			require.Empty(t, cmp.Diff(c.steps, steps))
			require.Equal(t, c.found, codes(doc.Findings()))
		})
	}
}

func TestCodeStandsUnderTheStepThatItFollows(t *testing.T) {
	t.Parallel()
	fence := "```"
	block := func(name string) string { return fence + "\n" + name + "\n" + fence + "\n" }
	text := "# Top\n\n" + block("0") +
		"## Part\n\nWords.\n\nDo:\n\n" + block("1") + "\n" + block("2") +
		"\n1. one\n   - bullet\n\n     ```\n     3\n     ```\n2. two\n   1. in two\n\n> [!NOTE]\n> mind\n\n" + block("4") +
		"3. three\n\nMore:\n" + block("5") + "\n- bullet:\n" + block("6") + "\n## Last\n" + block("7")
	doc := parse(t, text)
	got := map[string]string{}
	for _, c := range doc.Code() {
		s := doc.Steps()[c.Step]
		got[strings.TrimSpace(c.Text)] = string(s.Kind) + " " + s.Number + s.Text + " @" + strings.Join(s.Path, "/")
	}
	require.Empty(t, cmp.Diff(map[string]string{
		"0": "titled Top @Top", "1": "written Do: @Top/Part", "2": "written Do: @Top/Part", "3": "numbered 1.one @Top/Part",
		"4": "numbered 1.in two @Top/Part", "5": "written More: @Top/Part", "6": "bulleted bullet: @Top/Part", "7": "titled Last @Top/Last",
	}, got))
	for _, s := range doc.Segments() {
		if strings.HasPrefix(text[s.From:s.To], "> [!NOTE]") {
			require.True(t, s.Quoted)
			require.Equal(t, "in two", doc.Steps()[s.Step].Text, "what stands between a step and its code is of the step")
		}
	}
	list := 0
	for _, s := range doc.Steps() {
		if s.Number == "3." {
			list = s.List
		}
	}
	require.Equal(t, 1, list, "a list that goes on after an interruption is the same list")
	require.Empty(t, doc.Findings())
}

// A list or a paragraph that is indented by too little is of the step all the same.
func TestWhatIsIndentedTooLittleBelongsToItsStep(t *testing.T) {
	t.Parallel()
	fence := "```"
	text := "1. one:\n  * bullet:\n\n    " + fence + "\n    0\n    " + fence + "\n\n  words\n\n  " + fence + "\n  1\n  " + fence + "\n\n2. two\n\nwords\n\n" + fence + "\n2\n" + fence + "\n"
	var got []string
	doc := parse(t, text)
	for _, c := range doc.Code() {
		got = append(got, doc.Steps()[c.Step].Text+" "+c.Text)
	}
	require.Equal(t, []string{"one: 0\n", "one: 1\n", "words 2\n"}, got)
	require.Len(t, doc.Steps(), 3)
}

// goldmark takes the CR from blank lines of code in lists; they are kept.
func TestBlankLinesOfCodeKeepTheirEnds(t *testing.T) {
	t.Parallel()
	doc := parse(t, "1. a\r\n\r\n   ```\r\n   b\r\n\r\n  \r\n     c\r\n   ```\r\n\r\n-     d\r\n\r\n      e\r\n")
	require.Equal(t, "b\r\n\r\n\r\n  c\r\n", doc.Code()[0].Text)
	require.Equal(t, "d\r\n\r\ne\r\n", doc.Code()[1].Text)
}

func TestLanguageOfCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ open, language, info string }{
		{"```", "", ""},
		{"```bash", "bash", "bash"},
		{"~~~~ yaml title=\"a\"", "yaml", "yaml title=\"a\""},
		{"``` {.sh .numbered}", "sh", "{.sh .numbered}"},
		{"> ```sql", "sql", "sql"},
		{">\t```sql", "sql", "sql"},
		{"1. ```hcl", "hcl", "hcl"},
	} {
		code := parse(t, c.open+"\n").Code()
		require.Len(t, code, 1, c.open)
		require.Equal(t, c.language, code[0].Language, c.open)
		require.Equal(t, c.info, code[0].Info, c.open)
	}
}

func TestFrontMatterIsRead(t *testing.T) {
	t.Parallel()
	doc := parse(t, "---\r\ntitle: \"A: b\"\r\nlabels: x, y\r\nservices:\r\n  - db\r\n  - {a: b}\r\nempty:\r\nwhen: 2026-01-31\r\nlast_reviewed_on: 2026-08-31\r\nreview_in: 6 months\r\ntitle: c\r\n...\r\n# Head\r\n")
	require.Equal(t, runbookmd.YAML, doc.FrontMatter().Format)
	require.Equal(t, []string{"title", "labels", "services", "empty", "when", "last_reviewed_on", "review_in"}, doc.FrontMatter().Keys)
	require.Equal(t, "A: b", doc.Title())
	require.Equal(t, []string{"x", "y"}, doc.MetaList("labels"))
	require.Equal(t, []string{"db"}, doc.MetaList("services"))
	when, ok := doc.Meta("when")
	require.True(t, ok)
	require.Equal(t, "2026-01-31", when)
	_, ok = doc.Meta("services")
	require.False(t, ok)
	require.Equal(t, []string{runbookmd.FoundRepeatedMeta}, codes(doc.Findings()))
	require.Equal(t, 11, doc.Findings()[0].Line)
	due, ok := doc.Review().Due()
	require.True(t, ok)
	require.Equal(t, "2027-02-28", due.String(), "the last day of a shorter month")

	for _, c := range []struct {
		text, title string
		format      runbookmd.Format
		found       []string
	}{
		{"---\n---\n# a\n", "a", runbookmd.YAML, nil},
		{"+++\ntitle = 'x'\n+++\n# a\n", "a", runbookmd.TOML, nil},
		{"---\ntitle: [\n---\n# a\n", "a", runbookmd.YAML, []string{runbookmd.FoundFrontMatter}},
		{"---\n- a\n---\n# a\n", "a", runbookmd.YAML, []string{runbookmd.FoundFrontMatter}},
		{"---\na: b\n", "", "", nil},
		{"\n---\ntitle: b\n---\n", "title: b", "", nil},
		{"---\nname: n\n---\n## b\n", "n", runbookmd.YAML, nil},
		{"---\nname: n\n---\n# b\n", "b", runbookmd.YAML, nil},
		{"---\ntitle: t\nlast_reviewed_on: soon\nreview_in: often\n---\n", "t", runbookmd.YAML, []string{"review", "review"}},
		{"# <%= current_page.data.title %>\n## b\n", "b", "", []string{"template"}},
		{"# {{ .Title }}\n", "", "", []string{"template"}},
	} {
		doc := parse(t, c.text)
		whole(t, []byte(c.text), doc)
		require.Equal(t, c.format, doc.FrontMatter().Format, c.text)
		require.Equal(t, c.title, doc.Title(), c.text)
		require.Equal(t, c.found, codes(doc.Findings()), c.text)
	}
}

func TestTitlesHaveNoMarkup(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"# *a* `b_c` [d](e) <!-- f -->": "a b_c d",
		"# a &amp; b\\*":                "a & b*",
		"# 3.1 Seed ##":                 "3.1 Seed",
		"# <https://a.example>":         "https://a.example",
	} {
		require.Equal(t, want, parse(t, text).Headings()[0].Title)
	}
	numbers := map[string]string{}
	for _, h := range parse(t, "# 1. a\n# Step 2: b\n# 3.1 c\n# v4 d\n# 5th e\n").Headings() {
		numbers[h.Title] = h.Number
	}
	require.Equal(t, map[string]string{"1. a": "1", "Step 2: b": "2", "3.1 c": "3.1", "v4 d": "", "5th e": ""}, numbers)
}

func TestKindsOfSegments(t *testing.T) {
	t.Parallel()
	text := "\xef\xbb\xbf---\na: b\n---\n\nTitle\n---\n\npara\n\n<%= partial 'x' %>\n\n{{< hint >}}\n\n<div>\nx\n</div>\n\n<!-- c -->\n\n|a|b|\n|-|-|\n|c|d|\n\n***\n\n[l]: m\n\n```\nx\n```\n-\n"
	var kinds []runbookmd.SegmentKind
	for _, s := range parse(t, text).Segments() {
		if s.Kind != runbookmd.Blank {
			kinds = append(kinds, s.Kind)
		}
	}
	require.Equal(t, []runbookmd.SegmentKind{
		runbookmd.Mark, runbookmd.Front, runbookmd.HeadingLine, runbookmd.Paragraph, runbookmd.Template, runbookmd.Template, runbookmd.HTML,
		runbookmd.Comment, runbookmd.TableLines, runbookmd.ThematicLine, runbookmd.Definition, runbookmd.CodeLines, runbookmd.Other,
	}, kinds)
}

func TestChecklists(t *testing.T) {
	t.Parallel()
	text := "## CPU\n\n| Check | Why | Silver | Gold |\n|---|:-:|---|--|\n| [Limits](x) | a \\| b | x | yes |\n| Limits | | - | ✅ |\n| Odd | | :white_check_mark: | |\n\n" +
		"## Memory\n\n| Check | Text | Gold |\n|-|-|-|\n| Limits | c | [x] |\n| None | d | no |\n\n| Key | Value |\n|-|-|\n| x | y |\n\n- [ ] box\n  - [x] inside\n"
	doc := parse(t, text)
	require.Equal(t, []string{"Silver", "Gold"}, doc.Levels())
	var gold []string
	for _, c := range doc.Checklist("gold") {
		gold = append(gold, strings.Join(c.Section, "/")+": "+c.Name+" "+c.Text)
	}
	require.Equal(t, []string{"CPU: Limits a | b", "CPU: Limits ", "Memory: Limits c"}, gold)
	require.Len(t, doc.Checklist("Silver"), 2)
	require.Empty(t, doc.Checklist("Bronze"))
	all := doc.Checklist("")
	require.Len(t, all, 7)
	require.Equal(t, runbookmd.Check{Name: "inside", Text: "inside", Section: []string{"Memory"}, Box: 1, Ticked: true, Depth: 2, Line: 21}, all[6])
	require.Equal(t, []string{runbookmd.FoundLevels}, codes(doc.Findings()))
	require.Equal(t, 7, doc.Findings()[0].Line)
}

package runbookmd_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/interop/runbookmd"
)

// row is what must come out of a real file.
type row struct {
	File           string
	Title          string
	Counts         runbookmd.Counts
	Languages      []string
	Meta           map[string]string
	Due            string // the day on which it has to be reviewed
	CodeOfNumbered int    // code blocks of numbered steps
	Lists          []int  // how many steps each numbered list has
	Depth          int    // of the deepest step; 0 is 1
	Loose          int    // boxes that are text to CommonMark
	Tables         []struct {
		Header []string
		Rows   int
	}
	Kept       []string // text that stands in a segment of HTML or a comment
	Levels     map[string]int
	LevelNames []string
	At, NotAt  map[string][]string
	Findings   map[string]int
	Books      []string
}

func rows(t *testing.T) []row {
	t.Helper()
	source, err := os.ReadFile("testdata/corpus.json")
	require.NoError(t, err)
	var list []row
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&list))
	require.Len(t, list, len(corpus(t)), "each file has a row")
	return list
}

func TestRealFilesSayWhatTheyMustSay(t *testing.T) {
	t.Parallel()
	files := corpus(t)
	for _, want := range rows(t) {
		t.Run(want.File, func(t *testing.T) {
			t.Parallel()
			source := files[want.File]
			doc, err := runbookmd.Parse(source)
			require.NoError(t, err)
			whole(t, source, doc)
			require.Equal(t, want.Title, doc.Title())
			require.Equal(t, want.Counts, doc.Counts())
			want.parts(t, doc)
			want.frontMatter(t, doc)
			want.checklists(t, doc)
			var titles []string
			for _, im := range doc.Books(nil) {
				titles = append(titles, im.Book.Title["en"])
			}
			require.Equal(t, want.Books, titles)
			found := map[string]int{}
			for _, f := range doc.Findings() {
				found[f.Code]++
			}
			if want.Findings == nil {
				want.Findings = map[string]int{}
			}
			require.Equal(t, want.Findings, found)
		})
	}
}

func (want row) parts(t *testing.T, doc *runbookmd.Document) {
	t.Helper()
	languages := map[string]bool{}
	for _, c := range doc.Code() {
		if c.Fenced {
			languages[c.Language] = true
		}
	}
	var names []string
	for name := range languages {
		names = append(names, name)
	}
	slices.Sort(names)
	require.Equal(t, want.Languages, names)
	lists := map[int]int{}
	code, depth := 0, 0
	for _, s := range doc.Steps() {
		depth = max(depth, s.Depth)
		if s.Kind == runbookmd.Numbered {
			lists[s.List]++
			code += len(s.Code)
		}
	}
	var sizes []int
	for list := 1; list <= len(lists); list++ {
		sizes = append(sizes, lists[list])
	}
	require.Equal(t, want.Lists, sizes, "lists that begin again at 1, and those that go on")
	require.Equal(t, want.CodeOfNumbered, code, "code blocks below numbered steps")
	if len(doc.Steps()) > 0 {
		require.Equal(t, max(1, want.Depth), depth)
	}
	loose := 0
	for _, b := range doc.Boxes() {
		if b.Loose {
			loose++
		}
	}
	require.Equal(t, want.Loose, loose)
	for i, table := range want.Tables {
		require.Equal(t, table.Header, doc.Tables()[i].Header)
		require.Len(t, doc.Tables()[i].Rows, table.Rows)
	}
	for _, text := range want.Kept {
		source := doc.String()
		require.True(t, slices.ContainsFunc(doc.Segments(), func(s runbookmd.Segment) bool {
			return (s.Kind == runbookmd.HTML || s.Kind == runbookmd.Comment) && source[s.From:s.To] == text
		}), "%q", text)
	}
}

func (want row) frontMatter(t *testing.T, doc *runbookmd.Document) {
	t.Helper()
	for key, value := range want.Meta {
		got, ok := doc.Meta(key)
		require.True(t, ok, key)
		require.Equal(t, value, got, key)
	}
	due, ok := doc.Review().Due()
	if want.Due == "" {
		require.False(t, ok)
		return
	}
	require.Equal(t, want.Due, due.String())
	before := due.AddDays(-1)
	require.False(t, doc.Review().Overdue(before))
	require.True(t, doc.Review().Overdue(due))
}

func (want row) checklists(t *testing.T, doc *runbookmd.Document) {
	t.Helper()
	require.Equal(t, want.LevelNames, doc.Levels())
	for level, n := range want.Levels {
		require.Len(t, doc.Checklist(level), n, "level %q", level)
	}
	names := func(level string) []string {
		var list []string
		for _, c := range doc.Checklist(level) {
			list = append(list, c.Name)
		}
		return list
	}
	for level, list := range want.At {
		require.Subset(t, names(level), list)
	}
	for level, list := range want.NotAt {
		for _, name := range list {
			require.NotContains(t, names(level), name)
		}
	}
}

// The disaster recovery page is overdue today, as its README says.
func TestOverdueFromTheFrontMatter(t *testing.T) {
	t.Parallel()
	today, err := calendar.ParseDate("2026-11-27")
	require.NoError(t, err)
	overdue := map[string]bool{}
	for name, source := range corpus(t) {
		doc, err := runbookmd.Parse(source)
		require.NoError(t, err)
		if doc.Review().Overdue(today) {
			overdue[name] = true
		}
	}
	require.Equal(t, map[string]bool{"disaster-recovery-scenarios.md": true, "rds-snapshots.md": true}, overdue)
}

// Whatever stands between two fences of the file, read line by line and without
// goldmark, is a code block with the same line ends.
func TestEachCommandIsAsInTheFile(t *testing.T) {
	t.Parallel()
	fence := regexp.MustCompile("^([ \t]*)(```+|~~~+)(.*)$")
	for name, source := range corpus(t) {
		for ending, text := range map[string]string{"LF": string(source), "CR LF": strings.ReplaceAll(string(source), "\n", "\r\n"), "CR": strings.ReplaceAll(string(source), "\n", "\r")} {
			doc, err := runbookmd.Parse([]byte(text))
			require.NoError(t, err)
			var got []string
			for _, c := range doc.Code() {
				if c.Fenced {
					got = append(got, c.Text)
				}
			}
			var want []string
			var block *strings.Builder
			indent := 0
			end := map[string]string{"LF": "\n", "CR LF": "\r\n", "CR": "\r"}[ending]
			for line := range strings.SplitAfterSeq(text, end) {
				m := fence.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
				switch {
				case m != nil && block == nil:
					block, indent = &strings.Builder{}, len(m[1])
				case len(m) > 0 && strings.TrimSpace(m[3]) == "":
					want = append(want, block.String())
					block = nil
				case block != nil:
					cut := min(indent, len(line)-len(strings.TrimLeft(line, " ")))
					block.WriteString(line[cut:])
				}
			}
			require.Equal(t, want, got, "%s with %s", name, ending)
		}
	}
}

// What a file says does not depend on how its lines end.
func TestLineEndsChangeNothingButThemselves(t *testing.T) {
	t.Parallel()
	for name, source := range corpus(t) {
		plain, err := runbookmd.Parse(source)
		require.NoError(t, err)
		for _, end := range []string{"\r\n", "\r"} {
			text := append([]byte("\xef\xbb\xbf"), bytes.ReplaceAll(source, []byte("\n"), []byte(end))...)
			doc, err := runbookmd.Parse(text)
			require.NoError(t, err)
			whole(t, text, doc)
			require.Equal(t, plain.Counts(), doc.Counts(), name)
			require.Equal(t, plain.Title(), doc.Title(), name)
			require.Len(t, doc.Steps(), len(plain.Steps()), name)
			for i, s := range doc.Steps() {
				require.Equal(t, plain.Steps()[i].Text, s.Text, name)
				require.Equal(t, plain.Steps()[i].Line, s.Line, name)
				require.Equal(t, plain.Steps()[i].Code, s.Code, name)
			}
			for i, b := range doc.Boxes() {
				require.Equal(t, plain.Boxes()[i].Text, b.Text, name)
			}
			for i, b := range doc.Books(nil) {
				require.Equal(t, plain.Books(nil)[i].Book, b.Book, name)
			}
		}
	}
}

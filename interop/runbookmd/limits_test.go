package runbookmd_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/runbookmd"
)

// hostile returns texts that are made to be slow, with one of so many parts of the
// bytes and lines that are allowed.
func hostile(parts int) map[string]string {
	fill := func(unit string) string { return strings.Repeat(unit, runbookmd.MaxBytes/parts/len(unit)) }
	lines := func(unit string) string {
		return strings.Repeat(unit, min((runbookmd.MaxBytes/parts-100)/len(unit), (runbookmd.MaxLines/parts-100)/max(1, strings.Count(unit, "\n"))))
	}
	var nested, numbered strings.Builder
	for depth := range runbookmd.MaxDepth - 1 {
		nested.WriteString(strings.Repeat("  ", depth) + "- a\n")
		numbered.WriteString(strings.Repeat("   ", depth) + "1. a\n")
	}
	return map[string]string{
		"one long line":      fill("a"),
		"brackets":           fill("["),
		"stars":              fill("*a "),
		"backticks":          fill("`a``b"),
		"blanks":             fill(" "),
		"tabs":               lines("\t\t\t\n"),
		"empty lines":        lines("\n"),
		"headings":           lines("# [a](b) *c*\n"),
		"long headings":      lines("# " + strings.Repeat("[", 990) + "\n"),
		"numbers":            lines("1. a\n"),
		"bullets":            lines("-\n"),
		"boxes":              lines("- [ ] a\n"),
		"loose numbers":      "a\n" + lines("2. a\n"),
		"comment of numbers": "<!--\n" + lines("1. a\n"),
		"comment of fences":  "<!--\n" + lines("```\n"),
		"fences in a comment that nothing closes": "<!--\n" + lines("```a\n"),
		"code":                   lines("```\na\n```\n\n"),
		"open tags":              lines("<div>\n\n"),
		"details":                fill("<details>"),
		"definitions":            lines("[a]: b\n"),
		"nested bullets":         strings.Repeat(nested.String(), 200/parts),
		"nested numbers":         strings.Repeat(numbered.String(), 100/parts),
		"quotes":                 strings.Repeat(strings.Repeat(">", runbookmd.MaxDepth)+" a\n", 10000/parts),
		"numbers below headings": strings.Repeat("#### a\n1. a\n", 50000/parts),
		"headings in steps":      strings.Repeat("# a\n## b\n### c\n#### d\n##### e\n###### f\n1. x\n", 20000/parts),
		"paragraphs and code":    strings.Repeat("a\n```\nb\n```\n", 40000/parts),
		"carriage returns":       strings.Repeat("1. a\r", runbookmd.MaxLines/parts),
	}
}

func TestHostileFilesAreReadOrRefused(t *testing.T) {
	t.Parallel()
	for name, text := range hostile(4) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc, err := runbookmd.Parse([]byte(text))
			if err != nil {
				require.ErrorIs(t, err, servicecoin.ErrInvalid)
				return
			}
			require.True(t, bytes.Equal([]byte(text), doc.Bytes()), "the same bytes")
			for _, f := range doc.Findings() {
				require.NotEqual(t, runbookmd.FoundUnreadable, f.Code, f.Text)
			}
		})
	}
}

func TestLimitsNameWhatIsTooMuch(t *testing.T) {
	t.Parallel()
	row := "|" + strings.Repeat("a|", 1000) + "\n|" + strings.Repeat("-|", 1000) + "\n" + strings.Repeat("|\n", 1000)
	many := strings.Repeat(strings.Repeat("- ", 99)+"a\n\n_\n\n", runbookmd.MaxBlocks/99+100)
	cases := []struct{ name, text, path, code string }{
		{"bytes", strings.Repeat("a", runbookmd.MaxBytes+1), "", "too-long"},
		{"lines", strings.Repeat("\n", runbookmd.MaxLines+1), "lines", "too-many"},
		{"front matter", "---\na: " + strings.Repeat("b", runbookmd.MaxFrontMatter) + "\n---\n", "frontMatter", "too-many"},
		{"quotes", strings.Repeat(">", runbookmd.MaxDepth+1) + " a", "depth", "too-many"},
		{"lists", strings.Repeat("- ", runbookmd.MaxDepth+1) + "a", "depth", "too-many"},
		{"numbers", strings.Repeat("1. ", runbookmd.MaxDepth+1) + "a", "depth", "too-many"},
		{"blocks", many, "blocks", "too-many"},
		{"cells", row, "tables", "too-many"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := runbookmd.Parse([]byte(c.text))
			var invalid *servicecoin.InvalidError
			require.ErrorAs(t, err, &invalid)
			require.Len(t, invalid.Violations, 1)
			require.Equal(t, c.path, invalid.Violations[0].Path)
			require.Equal(t, c.code, invalid.Violations[0].Code)
		})
	}
	for _, text := range []string{strings.Repeat(">", runbookmd.MaxDepth) + " a", strings.Repeat("1. ", runbookmd.MaxDepth) + "a"} {
		_, err := runbookmd.Parse([]byte(text))
		require.NoError(t, err, strconv.Quote(text))
	}
}

func BenchmarkParse(b *testing.B) {
	for name, source := range corpus(b) {
		if name != "rds-snapshots.md" && name != "checklist-release-team-lead.md" {
			continue
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(source)))
			for b.Loop() {
				_, err := runbookmd.Parse(source)
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkHostile reads what is made to be slow, at the limits.
func BenchmarkHostile(b *testing.B) {
	for name, text := range hostile(1) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := runbookmd.Parse([]byte(text)); err != nil {
					require.ErrorIs(b, err, servicecoin.ErrInvalid)
				}
			}
		})
	}
}

func BenchmarkTick(b *testing.B) {
	source := corpus(b)["checklist-release-team-lead.md"]
	doc, err := runbookmd.Parse(source)
	require.NoError(b, err)
	b.ReportAllocs()
	on := true
	for b.Loop() {
		require.NoError(b, doc.Tick(50, on))
		on = !on
	}
}

package runbookmd_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/runbookmd"
)

// corpus returns the real files by name.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/corpus/*.md")
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, name := range names {
		if filepath.Base(name) == "README.md" {
			continue
		}
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		files[filepath.Base(name)] = source
	}
	require.NotEmpty(t, files)
	return files
}

// whole asserts what holds for every file that is read.
func whole(t testing.TB, source []byte, doc *runbookmd.Document) {
	t.Helper()
	require.True(t, bytes.Equal(source, doc.Bytes()), "the same bytes")
	end := 0
	for i, s := range doc.Segments() {
		require.Equal(t, end, s.From, "segment %d begins where the one before it ends", i)
		require.Greater(t, s.To, s.From, "segment %d", i)
		end = s.To
	}
	require.Equal(t, len(source), end, "the last segment ends with the file")
	steps, code, headings := doc.Steps(), doc.Code(), doc.Headings()
	owned := 0
	for i, s := range steps {
		require.Less(t, s.Parent, i)
		require.Less(t, s.Section, len(headings))
		require.LessOrEqual(t, s.Span.From, s.Span.To)
		require.LessOrEqual(t, s.Span.To, len(source))
		for _, c := range s.Code {
			require.Equal(t, i, code[c].Step)
			owned++
		}
	}
	require.Equal(t, len(code), owned, "each code block belongs to one step")
	for _, b := range doc.Boxes() {
		require.Contains(t, " \txX", string(source[b.At]))
	}
	for i, h := range headings {
		require.Less(t, h.Parent, i)
	}
}

// FuzzRoundTrip reads anything: what can be read is written with the same bytes,
// and nothing breaks.
func FuzzRoundTrip(f *testing.F) {
	for _, source := range corpus(f) {
		f.Add(source)
		f.Add(bytes.ReplaceAll(source, []byte("\n"), []byte("\r\n")))
		f.Add(append([]byte("\xef\xbb\xbf"), source...))
	}
	for _, text := range []string{
		"", "\n", "\r", "\xff", ">\t#", ">\t#\n", "- - - 1. # x", "1.\n\n\tx", "---\n---", "---\n", "+++\na=1\n+++\n", "---\n- a\n---\n",
		"```", "~~~ a\nb", "- ```\n  x", ">\t```\n>\tx\n", "|a|\n|-|\n|b|", "a\n2. b\n", "<!--\n1. a\n- [ ] b\n```\nc\n-->\n", "Title\n===\n", "    1. a\n",
		"\xef\xbb\xbf---\na: b\n---\n- [x] c\r- [ ] d\r\n", "1. a\n\n    ```sh\n    b\n    ```\n", "<%= a %>\n", "{{< hint >}}\n# a\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		doc, err := runbookmd.Parse(source)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		whole(t, source, doc)
		doc.Counts()
		doc.Title()
		doc.Review()
	})
}

// FuzzEdits edits anything: an edit is made and read back, or refused and nothing
// changes.
func FuzzEdits(f *testing.F) {
	for _, source := range corpus(f) {
		f.Add(source, "text", 0)
	}
	f.Add([]byte("1. a\n\n   ```\n   b\n   ```\n- [ ] c\n"), "```\nd", 0)
	f.Add([]byte("> 1. ```\r\n> b"), "d\n\n\te", 1)
	f.Add([]byte("---\na: |\n  b\n# c\nd: e\n---\n"), "f: g", 2)
	f.Add([]byte("9. a\n9. b\n\n   c\n"), "x", 0)
	f.Fuzz(func(t *testing.T, source []byte, text string, at int) {
		if len(source) > 10_000 || len(text) > 1000 {
			return
		}
		edits := []func(*runbookmd.Document) error{
			func(d *runbookmd.Document) error { return d.Tick(at, true) },
			func(d *runbookmd.Document) error { return d.SetStepText(at, text) },
			func(d *runbookmd.Document) error { return d.ReplaceCode(at, text) },
			func(d *runbookmd.Document) error { return d.SetMeta("k", text) },
			func(d *runbookmd.Document) error { return d.SetMeta(text, nil) },
			func(d *runbookmd.Document) error { return d.Renumber(at) },
			func(d *runbookmd.Document) error {
				_, err := d.InsertStep(at, runbookmd.NewStep{Text: text})
				return err
			},
			func(d *runbookmd.Document) error {
				_, err := d.InsertStep(at, runbookmd.NewStep{Text: "a", Code: []runbookmd.NewCode{{Language: "sh", Text: text}}})
				return err
			},
		}
		for i, edit := range edits {
			doc, err := runbookmd.Parse(source)
			if err != nil {
				return
			}
			if err := edit(doc); err != nil {
				require.ErrorIs(t, err, servicecoin.ErrInvalid, "edit %d", i)
				require.True(t, bytes.Equal(source, doc.Bytes()), "edit %d", i)
			}
			whole(t, doc.Bytes(), doc)
		}
		if doc, err := runbookmd.Parse(source); err == nil {
			for _, im := range doc.Books(nil) {
				require.NotEmpty(t, im.Book.ID)
			}
			doc.Checklist("")
			doc.Checklist(text)
		}
	})
}

package calendar_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// vectorCase is a case of testdata/vectors. Where it comes from and what it shows
// is for people; all else is asked.
type vectorCase struct {
	ID     string          `json:"id"`
	Source string          `json:"source"`
	Kind   string          `json:"kind"`
	Input  json.RawMessage `json:"input"`
	Expect json.RawMessage `json:"expect"`
	Note   string          `json:"note"`
	Quirk  bool            `json:"quirk"`
}

// strict reads one value and nothing else, and refuses a field that it does not
// know.
func strict[T any](t *testing.T, what string, raw []byte) T {
	t.Helper()
	var x T
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&x), what)
	require.ErrorIs(t, d.Decode(new(any)), io.EOF, "%s: there is more", what)
	return x
}

// vectorCases reads a file, which must have cases, each with an id of its own.
func vectorCases(t *testing.T, file string) []vectorCase {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors/" + file)
	require.NoError(t, err)
	cases := strict[[]vectorCase](t, file, text)
	require.NotEmpty(t, cases, "%s has no case", file)
	seen := map[string]bool{}
	for _, c := range cases {
		require.NotEmpty(t, c.ID, file)
		require.False(t, seen[c.ID], "%s: %s stands twice", file, c.ID)
		seen[c.ID] = true
	}
	return cases
}

// askedFields are the fields of a kind that its check asks, those with a ? where
// they are there.
type askedFields struct{ input, expect string }

// require holds a case to them: nothing is missing, and nothing is not asked.
func (a askedFields) require(t *testing.T, c vectorCase) {
	t.Helper()
	for what, x := range map[string]struct {
		raw  json.RawMessage
		want string
	}{"input": {c.Input, a.input}, "expect": {c.Expect, a.expect}} {
		got := strict[map[string]json.RawMessage](t, c.ID+" "+what, x.raw)
		for name := range strings.FieldsSeq(x.want) {
			plain := strings.TrimSuffix(name, "?")
			_, there := got[plain]
			require.True(t, there || plain != name, "%s: %s has no %s", c.ID, what, plain)
			delete(got, plain)
		}
		require.Empty(t, got, "%s: fields of %s that nothing asks", c.ID, what)
	}
}

// requireQuirks holds that the quirks that are decided on are those of the files.
func requireQuirks[T any](t *testing.T, decided map[string]T, files []string) {
	t.Helper()
	found := map[string]bool{}
	for _, file := range files {
		for _, c := range vectorCases(t, file) {
			if c.Quirk {
				found[c.ID] = true
				require.Contains(t, decided, c.ID, "a quirk needs a named policy or a refusal")
			} else {
				require.NotContains(t, decided, c.ID, "is no quirk")
			}
		}
	}
	for id := range decided {
		require.True(t, found[id], "%s is in no file", id)
	}
}

// requireOther holds that a refusal answers something else than the source does.
func requireOther(t *testing.T, c vectorCase, instead string) {
	t.Helper()
	require.NotEqual(t, strict[map[string]any](t, c.ID, c.Expect), strict[map[string]any](t, c.ID, []byte(instead)), "%s: what is refused is what we answer", c.ID)
}

func TestVectorsAreReadStrictly(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir("testdata/vectors")
	require.NoError(t, err)
	var read []string
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".json") {
			read = append(read, f.Name())
		}
	}
	asked := slices.Concat(hoursVectorFiles(), ruleVectorFiles())
	slices.Sort(asked)
	require.Equal(t, asked, read, "every file is asked")
}

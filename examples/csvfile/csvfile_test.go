package csvfile_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/examples/csvfile"
	"github.com/servicecoin/servicecoin/internal/limittest"
)

// read returns the first two fields of each row.
func read(r io.Reader) ([]string, error) {
	var rows []string
	err := csvfile.Read(r, []string{"a"}, func(v *servicecoin.Violations, r csvfile.Row) {
		rows = append(rows, fmt.Sprintf("%d:%s|%s", r.Line, r.Field("a"), r.Field("b")))
		if r.Field("a") == "bad" {
			v.Add(r.At("a"), "bad", "", "is bad")
		}
	})
	return rows, err
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"plain":                      {"a,b\n1,2\n", "[2:1|2]"},
		"a mark":                     {"\ufeffa,b\n1,2\n", "[2:1|2]"},
		"quotes":                     {"\"a\",\"b\"\r\n\"1\",\"2\"\r\n", "[2:1|2]"},
		"a mark before quotes":       {"\ufeff\"a\",\"b\"\r\n\"1\",\"2\"", "[2:1|2]"},
		"another order":              {"x,b , a\n0,2,1\n", "[2:1|2]"},
		"no such column":             {"a\n1\n", "[2:1|]"},
		"lines in a field":           {"a,b\n\"1\n2\",\"say \"\"yes\"\"\"\n3,4\n", "[2:1\n2|say \"yes\" 4:3|4]"},
		"only the header":            {"\ufeffa,b\n", "[]"},
		"blank lines":                {"a,b\n\n1,2\n\n", "[3:1|2]"},
		"a mark within, which stays": {"a,b\n\ufeff1,2\n", "[2:\ufeff1|2]"},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
			rows, err := read(r)
			require.NoError(t, err, name)
			require.Equal(t, c.want, fmt.Sprint(rows), name)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want []string // place and code
	}{
		"nothing":             {"", []string{":empty"}},
		"a mark alone":        {"\ufeff", []string{":empty"}},
		"UTF-16":              {"\xff\xfea\x00", []string{"line 1, column 1:bad-text"}},
		"UTF-16, the other":   {"\xfe\xff\x00a", []string{"line 1, column 1:bad-text"}},
		"columns":             {"b,b\n1,2\n", []string{"line 1:duplicate-column", "line 1:missing-column"}},
		"a quote in the head": {"a,b\"\n1,2\n", []string{"line 1, column 4:syntax"}},
		"quotes, and more":    {"a,b\n1,x\"y\"\n2\nbad,4\n\"5\"6,7\n8,9\n", []string{"line 2, column 4:syntax", "line 3:columns", "line 4, a:bad", "line 5, column 3:syntax"}},
		"a quote left open":   {"a,b\n1,\"2\n3,4\n", []string{"line 3, column 5:syntax"}},
		"not UTF-8":           {"a,b\n1,\xff\n", []string{"line 2, column 3:bad-text"}},
		"two marks":           {"\ufeff\ufeffa,b\n1,2\n", []string{"line 1:missing-column"}},
		"too many columns":    {"a" + strings.Repeat(",", csvfile.MaxColumns) + "\n", []string{"line 1:too-many"}},
	} {
		_, err := read(strings.NewReader(c.text))
		invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
		require.True(t, ok, "%s: %v", name, err)
		var got []string
		for _, x := range invalid.Violations {
			got = append(got, x.Path+":"+x.Code)
		}
		require.Equal(t, c.want, got, "%s: %v", name, err)
	}
	broken := errors.New("broken pipe")
	for _, begin := range []string{"", "a,b\n1,2\n", "\ufeff"} {
		_, err := read(io.MultiReader(strings.NewReader(begin), iotest.ErrReader(broken)))
		require.ErrorIs(t, err, broken)
		require.NotErrorIs(t, err, servicecoin.ErrInvalid)
	}
}

// Whatever a file has, the complaints about it are bounded, and so is what they
// cost.
func TestBoundedWork(t *testing.T) {
	for name, text := range map[string]string{
		"rows of another length": "a,b\n" + strings.Repeat("1\n", 100_000),
		"quotes":                 "a,b\n" + strings.Repeat("1,\"2\"3\n", 100_000),
		"bad rows":               "a,b\n" + strings.Repeat("bad,2\n", 100_000),
		"columns":                strings.Repeat("a,", 100_000) + "\n",
		"one open quote":         "a,b\n1,\"" + strings.Repeat("2\n", 100_000),
	} {
		var err error
		bytes := limittest.Allocated(func() { _, err = read(strings.NewReader(text)) })
		invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
		require.True(t, ok, name)
		require.LessOrEqual(t, len(invalid.Violations), servicecoin.MaxViolations, name)
		require.Less(t, bytes, uint64(16<<20), name)
	}
}

package junit_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/junit"
)

// fuzz reads whatever comes, and asserts what holds of all reports.
func fuzz(f *testing.F, pattern string, more ...string) {
	f.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "corpus", pattern))
	require.NoError(f, err)
	require.NotEmpty(f, names)
	for _, name := range names {
		data, err := os.ReadFile(name)
		require.NoError(f, err)
		const most = 7000 // long ones are slow to change
		if len(data) < most {
			f.Add(data)
		}
	}
	for _, text := range more {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := junit.Read(bytes.NewReader(file), &junit.Options{Cases: 1000})
		if err != nil {
			if !errors.Is(err, junit.ErrNoReport) {
				require.ErrorIs(t, err, servicecoin.ErrInvalid)
			}
			return
		}
		require.Equal(t, int64(len(file)), r.Size)
		require.LessOrEqual(t, len(r.Complaints), junit.MaxComplaints)
		counts := r.Counts()
		require.Len(t, r.Cases, counts.Tests()+counts.Whole)
		for n := range r.Cases {
			x := &r.Cases[n]
			require.Less(t, x.Suite, len(r.Suites))
			require.True(t, utf8.ValidString(x.Name+x.Class+x.Message+r.Path(x)+r.Package(x)))
			require.LessOrEqual(t, len(x.Message), junit.MaxMessage+len("…"))
			require.False(t, x.Timed && (x.Took < 0 || x.Claimed != ""))
			require.NotEmpty(t, x.Outcome)
			require.Equal(t, x.Outcome == junit.Failed, x.Kind != "" && x.Outcome == junit.Failed, "a failure has a kind")
			for range r.All(x) {
				continue
			}
		}
		again, err := junit.Read(bytes.NewReader(file), &junit.Options{Cases: 1000})
		require.NoError(t, err)
		require.Equal(t, r, again)
	})
}

func FuzzJUnit(f *testing.F) {
	fuzz(f, "*.xml", `<testsuite><testcase name="a" time="1,234.5"><flakyError/></testcase></testsuite>`)
}

func FuzzGoTest(f *testing.F) { fuzz(f, "*.jsonl", gotest("start", "run a", "fail a", "run a")) }

func FuzzTAP(f *testing.F) {
	fuzz(f, "*.tap", "# Subtest: a\n    ok 1 # time=3ms {\n        1..2\n    }\nBail out!\n")
}

func FuzzCTRF(f *testing.F) {
	fuzz(f, "*.json", `{"results":{"tests":[{"suite":["a"],"labels":{"x":[1]}}]}}`)
}

package junit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/interop/junit"
)

func read(t testing.TB, text string) *junit.Report {
	t.Helper()
	r, err := junit.Read(bytes.NewReader([]byte(text)), nil)
	require.NoError(t, err)
	return r
}

func corpus(t testing.TB, name string) *junit.Report {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "corpus", name))
	require.NoError(t, err)
	return read(t, string(data))
}

func codes(r *junit.Report) []string {
	var list []string
	for _, c := range r.Complaints {
		list = append(list, c.Code)
	}
	return list
}

// TestCorpus holds what must come out of each file, as its README says.
func TestCorpus(t *testing.T) {
	type counts = junit.Counts
	for name, want := range map[string]struct {
		counts
		suites     int
		incomplete bool
		codes      []string
	}{
		"ctrf-report.json":            {counts{Passed: 2, Flaky: 3, Failed: 2, Skipped: 2, Other: 1}, 0, false, []string{"time"}},
		"gotest-attributes.jsonl":     {counts{Passed: 1}, 1, false, nil},
		"gotest-build-failed.jsonl":   {counts{Whole: 1}, 1, false, nil},
		"gotest-nonjson.jsonl":        {counts{Passed: 1}, 1, false, []string{"noise"}},
		"gotest-panic-race.jsonl":     {counts{Passed: 1, Whole: 1}, 1, false, nil},
		"gotest-parallel-fails.jsonl": {counts{Failed: 8, Passed: 4}, 1, false, nil},
		"gotest.jsonl":                {counts{Failed: 12, Passed: 42, Skipped: 5, Whole: 1}, 5, false, nil},
		"junit-bazel.xml":             {counts{Errors: 1}, 1, false, nil},
		"junit-cunit-empty.xml":       {counts{}, 0, false, nil},
		"junit-disabled.xml":          {counts{Passed: 6, Failed: 4, Errors: 2, Skipped: 10}, 1, false, nil},
		"junit-entities.xml":          {counts{Failed: 1, Errors: 1, Skipped: 2}, 1, false, nil},
		"junit-gotestsum.xml":         {counts{Passed: 42, Failed: 13, Skipped: 5}, 5, false, slices.Repeat([]string{"count"}, 4)},
		"junit-jest.xml":              {counts{Passed: 2}, 1, false, nil},
		"junit-mocha.xml":             {counts{Passed: 109}, 1, false, []string{"duplicate"}},
		"junit-multiresult.xml":       {counts{Passed: 1, Failed: 1, Errors: 1, Skipped: 1}, 1, false, nil},
		"junit-nanoseconds.xml":       {counts{Passed: 3}, 1, true, []string{"duration", "duration", "count"}},
		"junit-nested.xml":            {counts{Passed: 5}, 4, false, nil},
		"junit-nextest.xml":           {counts{Passed: 2, Failed: 1}, 1, false, nil},
		"junit-no-attributes.xml":     {counts{Passed: 1, Failed: 1, Errors: 1, Skipped: 1}, 1, false, nil},
		"junit-no-cases.xml":          {counts{}, 1, false, nil},
		"junit-pytest-fail.xml":       {counts{Passed: 3, Failed: 1, Skipped: 1}, 1, false, nil},
		"junit-surefire-flaky.xml":    {counts{Flaky: 1}, 1, false, nil},
		"junit-surefire.xml":          {counts{Failed: 2}, 1, false, nil},
		"junit-unicode.xml":           {counts{Passed: 1, Failed: 2, Errors: 2, Skipped: 2}, 1, false, nil},
		"junit-xunit-bom.xml":         {counts{Passed: 2}, 1, true, []string{"count"}},
		"tap-spec-failures.tap":       {counts{Passed: 5, Failed: 2}, 0, false, nil},
		"tap-spec-skip.tap":           {counts{Passed: 1, Skipped: 4}, 0, false, nil},
		// 21 points are ok, of which 4 are to be skipped and 4 to be done.
		"tap-tapjs.tap": {counts{Passed: 13, Skipped: 4, Todo: 4, Failed: 2}, 0, true, []string{"number", "number", "number", "unended"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := corpus(t, name)
			require.Empty(t, cmp.Diff(want.counts, r.Counts()))
			require.Len(t, r.Suites, want.suites)
			require.Equal(t, want.incomplete, r.Incomplete != "", r.Incomplete)
			require.Empty(t, cmp.Diff(want.codes, codes(r)), r.Complaints)
			require.Len(t, r.Digest, 64)
		})
	}
}

func TestPeculiarities(t *testing.T) {
	t.Run("seconds instead of milliseconds", func(t *testing.T) {
		r := corpus(t, "ctrf-report.json")
		require.Equal(t, time.Date(2024, 1, 30, 19, 47, 3, 0, time.UTC), r.Started)
		require.Equal(t, "jest", r.Producer)
		require.NotContains(t, r.Cases[1].Message, "\x1b", "colours are left out")
		require.Contains(t, r.Cases[1].Message, "Timed out 5000ms waiting for expect(locator).toHaveTitle(expected)")
		require.Equal(t, []int{3, 2, 4}, []int{r.Cases[2].Attempts, r.Cases[7].Attempts, r.Cases[9].Attempts})
	})
	t.Run("attributes of Go tests", func(t *testing.T) {
		r := corpus(t, "gotest-attributes.jsonl")
		require.Empty(t, cmp.Diff([]junit.Property{{Name: "hello", Value: "world"}, {Name: "other", Value: "side"}}, r.Cases[0].Properties))
		require.Equal(t, time.Date(2025, 8, 26, 19, 42, 33, 666137000, time.UTC), r.Cases[0].Started)
	})
	t.Run("a package that was not built", func(t *testing.T) {
		x := corpus(t, "gotest-build-failed.jsonl").Cases[0]
		require.True(t, x.Whole)
		require.Equal(t, junit.KindBuild, x.Kind)
		require.Contains(t, x.Message, "undefined: assert.foo")
		require.Equal(t, "example.com/internal/cacher", x.Class)
	})
	t.Run("a line that is no event", func(t *testing.T) {
		require.Equal(t, 2, corpus(t, "gotest-nonjson.jsonl").Complaints[0].Line)
	})
	t.Run("a package that failed after its only test had passed", func(t *testing.T) {
		r := corpus(t, "gotest-panic-race.jsonl")
		require.Equal(t, junit.Passed, r.Cases[0].Outcome)
		require.True(t, r.Cases[1].Whole)
		require.Equal(t, junit.KindSuite, r.Cases[1].Kind)
	})
	t.Run("entities", func(t *testing.T) {
		r := corpus(t, "junit-entities.xml")
		for _, x := range r.Cases {
			require.NotContains(t, x.Name, "&lt;")
			require.NotContains(t, x.Name, "&quot;")
		}
	})
	t.Run("nanoseconds are told and not believed", func(t *testing.T) {
		x := corpus(t, "junit-nanoseconds.xml").Cases[0]
		require.False(t, x.Timed)
		require.Equal(t, "999638317", x.Claimed)
	})
	t.Run("nested suites", func(t *testing.T) {
		r := corpus(t, "junit-nested.xml")
		require.Equal(t, "Project Test Suite/TestSuite2/TestSuite2.1", r.Path(&r.Cases[2]))
		require.Equal(t, "Project Test Suite", r.Path(&r.Cases[4]))
	})
	t.Run("nextest", func(t *testing.T) {
		r := corpus(t, "junit-nextest.xml")
		require.Equal(t, "nextest", r.Producer)
		require.Equal(t, time.Date(2024, 12, 2, 20, 6, 10, 513_000_000, time.UTC), r.Cases[0].Started)
	})
	t.Run("pytest", func(t *testing.T) {
		r := corpus(t, "junit-pytest-fail.xml")
		require.Equal(t, "3f909e363d82", r.Host)
		require.Equal(t, time.Date(2020, 9, 4, 16, 18, 4, 966371000, time.UTC), r.At(&r.Cases[0]))
		require.Equal(t, "test.test_spark", r.Package(&r.Cases[0]))
		require.Equal(t, "test/test_spark.py", r.Cases[0].File)
	})
	t.Run("mocha", func(t *testing.T) {
		r := corpus(t, "junit-mocha.xml")
		require.Equal(t, time.Date(2022, 12, 3, 23, 10, 7, 0, time.UTC), r.Started)
	})
	t.Run("flaky", func(t *testing.T) {
		x := corpus(t, "junit-surefire-flaky.xml").Cases[0]
		require.Equal(t, 2, x.Attempts)
		require.Contains(t, x.Message, "Expected: <false>")
	})
	t.Run("xunit", func(t *testing.T) {
		r := corpus(t, "junit-xunit-bom.xml")
		require.Contains(t, r.Properties, junit.Property{Name: "nunit-version", Value: "xUnit.net 2.4.1.0"})
		require.Contains(t, r.Complaints[0].Text, "declares tests 173, and contains 2")
	})
	t.Run("TAP", func(t *testing.T) {
		r := corpus(t, "tap-spec-failures.tap")
		require.Equal(t, "pinged saphire", r.Cases[3].Name)
		require.Equal(t, `hostname "saphire" unknown`, r.Cases[3].Message)
		require.Equal(t, []junit.Property{{Name: "comment", Value: "need to ping 6 servers"}}, r.Cases[1].Properties)
		r = corpus(t, "tap-spec-skip.tap")
		require.Empty(t, r.Cases[1].Name)
		require.Equal(t, "no /sys directory", r.Cases[1].Message)
		r = corpus(t, "tap-tapjs.tap")
		require.Equal(t, "bonus", r.Cases[9].Name)
		require.Equal(t, junit.Todo, r.Cases[9].Outcome)
		require.Equal(t, "the stream has no plan", r.Incomplete)
	})
}

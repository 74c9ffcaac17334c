package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const header = "line,published,planned,next,lead,eol,phase\n"

func ask(t testing.TB, text, asOf string) (status int, out, told string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "schedule.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return askFile(path, asOf)
}

func askFile(path, asOf string) (status int, out, told string) {
	var o, d bytes.Buffer
	status = code([]string{"-file", path, "-as-of", asOf, "-format", "csv"}, &o, &d)
	return status, o.String(), d.String()
}

var corpus = filepath.Join("..", "..", "interop", "releases", "testdata", "corpus", "kubernetes-schedule.yaml")

func TestRealSchedule(t *testing.T) {
	t.Parallel()
	for asOf, want := range map[string]string{
		"2023-07-10": "1.27,4,1,2023-07-19,5,2024-06-28,active\n1.26,7,1,2023-07-19,5,2024-02-28,active\n" +
			"1.25,12,1,2023-07-19,5,2023-10-28,active\n1.24,16,1,2023-07-19,5,2023-07-28,maintenance\n",
		// The day of a target, and the day of an end, are inside.
		"2023-07-19": "1.27,5,0,,,2024-06-28,active\n1.26,8,0,,,2024-02-28,active\n1.25,13,0,,,2023-10-28,active\n1.24,17,0,,,2023-07-28,maintenance\n",
		"2023-07-28": "1.27,5,0,,,2024-06-28,active\n1.26,8,0,,,2024-02-28,active\n1.25,13,0,,,2023-10-28,active\n1.24,17,0,,,2023-07-28,maintenance\n",
		"2023-07-29": "1.27,5,0,,,2024-06-28,active\n1.26,8,0,,,2024-02-28,active\n1.25,13,0,,,2023-10-28,active\n1.24,17,0,,,2023-07-28,ended\n",
		// Before the release, nothing came; the out-of-band fix is one day after its deadline.
		"2022-09-14": "1.27,0,5,2023-04-11,,2024-06-28,active\n1.26,0,8,2022-12-09,,2024-02-28,active\n" +
			"1.25,2,11,2022-09-21,1,2023-10-28,active\n1.24,6,11,2022-09-21,1,2023-07-28,active\n",
	} {
		status, out, told := askFile(corpus, asOf)
		require.Zero(t, status)
		require.Equal(t, header+want, out, asOf)
		require.Equal(t, "releasesheet: line 5: 1.27 is released on 2024-04-11, after its own 1.27.0 on 2023-04-11\n", told)
	}
}

func TestOddSchedules(t *testing.T) {
	t.Parallel()
	const asOf = "2024-03-01"
	for name, c := range map[string]struct{ text, want, told string }{
		"a number that YAML would cut": {"schedules:\n- release: 1.20\n- release: 1.3\n", "1.20,0,0,,,,active\n1.3,0,0,,,,active\n", ""},
		"newest first by number": {
			"schedules:\n- {release: 1.9}\n- {release: '1.10'}\n- {release: v1.11}\n- {release: 2.0}\n",
			"2.0,0,0,,,,active\nv1.11,0,0,,,,active\n1.10,0,0,,,,active\n1.9,0,0,,,,active\n", "",
		},
		"no schedules": {"schedules: []\n", "", ""},
		"nothing":      {"schedules:\n", "", ""},
		"several to come": {
			"schedules:\n- release: 1.2\n  next:\n  - {release: 1.2.4, targetDate: 2024-04-09, cherryPickDeadline: \"2024-04-05\"}\n" +
				"  - {release: 1.2.3, targetDate: \"2024-03-12\", cherryPickDeadline: 2024-03-08}\n",
			"1.2,0,2,2024-03-12,4,,active\n", "",
		},
		"one to come that came": {
			"schedules:\n- release: 1.2\n  next: {release: 1.2.4, targetDate: 2024-03-01}\n", "1.2,1,0,,,,active\n", "",
		},
		"a past patch that is to come": {
			"schedules:\n- release: 1.2\n  previousPatches: [{release: 1.2.4, targetDate: 2024-03-02, cherryPickDeadline: 2024-03-02}]\n",
			"1.2,0,1,2024-03-02,0,,active\n", "",
		},
		"two on one day": {
			"schedules:\n- release: 1.2\n  next:\n  - {release: 1.2.4, targetDate: 2024-04-09, cherryPickDeadline: 2024-04-01}\n" +
				"  - {release: 1.2.5, targetDate: 2024-04-09}\n  previousPatches:\n  - {release: 1.2.3, targetDate: 2024-02-01}\n  - {release: 1.2.2, targetDate: 2024-02-01}\n",
			"1.2,2,2,2024-04-09,8,,active\n", "",
		},
		"below zero": {
			"schedules:\n- release: 1.2\n  next: {release: 1.2.4, targetDate: 2024-04-09, cherryPickDeadline: 2024-04-19}\n",
			"1.2,0,1,2024-04-09,-10,,active\n", "line 3: 1.2.4 takes changes until 2024-04-19, which is after its target 2024-04-09",
		},
		"no target": {
			"schedules:\n- release: 1.2\n  next: {release: 1.2.4, targetDate: \"\"}\n", "1.2,0,0,,,,active\n", "line 3: 1.2.4 has no target date: it is not counted",
		},
		"maintenance begins today": {
			"schedules:\n- release: 1.2\n  maintenanceModeStartDate: 2024-03-01\n  endOfLifeDate: 2024-03-01\n", "1.2,0,0,,,2024-03-01,maintenance\n", "",
		},
		"no end": {"schedules:\n- release: 1.2\n  maintenanceModeStartDate: 2024-03-02\n  endOfLifeDate: ''\n", "1.2,0,0,,,,active\n", ""},
		"the end before maintenance": {
			"schedules:\n- release: 1.2\n  maintenanceModeStartDate: 2024-06-01\n  endOfLifeDate: 2024-02-29\n", "1.2,0,0,,,2024-02-29,ended\n",
			"line 2: 1.2 ends on 2024-02-29, before its maintenance begins on 2024-06-01",
		},
		"a version twice": {
			"schedules:\n- release: 1.2\n  previousPatches:\n  - {release: 1.2.1, targetDate: 2024-01-01}\n  - {release: 1.2.1, targetDate: 2024-02-01}\n",
			"1.2,2,0,,,,active\n", "line 5: 1.2.1 stands in line 4, too",
		},
		"a line twice": {"schedules:\n- release: 1.2\n- release: \"1.2\"\n", "1.2,0,0,,,,active\n1.2,0,0,,,,active\n", "line 3: 1.2 stands in line 2, too"},
		"what is to come came": {
			"schedules:\n- release: 1.2\n  next: {release: 1.2.3, targetDate: 2024-01-01}\n  previousPatches:\n  - {release: 1.2.2, targetDate: 2024-01-01}\n",
			"1.2,2,0,,,,active\n", "line 3: 1.2.3 is to come on 2024-01-01, 1.2.2 came on 2024-01-01",
		},
		"after the end": {
			"schedules:\n- release: 1.2\n  endOfLifeDate: 2024-04-01\n  next: {release: 1.2.3, targetDate: 2024-04-02}\n",
			"1.2,0,1,2024-04-02,,2024-04-01,active\n", "line 4: 1.2.3 is to come on 2024-04-02, 1.2 ends on 2024-04-01",
		},
		"the other way round": {
			"schedules:\n- release: 1.2\n  previousPatches:\n  - {release: 1.2.10, targetDate: 2024-01-01}\n  - {release: 1.2.9, targetDate: 2024-02-01}\n",
			"1.2,2,0,,,,active\n", "line 4: 1.2.10 has the target 2024-01-01, 1.2.9 before it 2024-02-01",
		},
		"of another line": {
			"schedules:\n- release: 1.2\n  previousPatches: [{release: 1.20.1, targetDate: 2024-01-01}]\n", "1.2,1,0,,,,active\n", "line 3: 1.20.1 is no version of 1.2",
		},
		"a mark and other line ends": {"\ufeff---\r\nschedules:\r\n- release: 1.2\r\n  endOfLifeDate: 2024-02-29\r\n", "1.2,0,0,,,2024-02-29,ended\n", ""},
		"an alias":                   {"schedules:\n- release: 1.2\n  releaseDate: &d 2024-01-01\n  previousPatches: [{release: 1.2.0, targetDate: *d}]\n", "1.2,1,0,,,,active\n", ""},
		"a comma in a name":          {"schedules:\n- release: '1,2'\n", "\"1,2\",0,0,,,,active\n", ""},
	} {
		status, out, told := ask(t, c.text, asOf)
		require.Zero(t, status, "%s: %s", name, told)
		require.Equal(t, header+c.want, out, name)
		if c.told == "" {
			require.Empty(t, told, name)
		}
		require.Contains(t, told, c.told, name)
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"nothing":           {"", "line 1: there is nothing in the file"},
		"space":             {" \n\n", "there is nothing"},
		"a comment":         {"# nothing\n", "line 1: is no YAML"},
		"not UTF-8":         {"schedules:\n- release: \xff\n", "line 2: must be UTF-8"},
		"no YAML":           {"schedules:\n- release: [\n", "line "},
		"a text":            {"hello\n", "line 1 \"hello\": must be an object, it is a text"},
		"a list":            {"- release: 1.2\n", "line 1: must be an object, it is a list"},
		"another file":      {"branches: []\n", "line 1, schedules: must be a list of release lines"},
		"no list":           {"schedules: 1.2\n", "line 1, schedules \"1.2\": must be a list, it is a text"},
		"a line of text":    {"schedules:\n- 1.2\n", "line 2, schedules[0] \"1.2\": must be an object, it is a text"},
		"a line of nothing": {"schedules:\n-\n", "line 2, schedules[0]: must be an object, there is nothing"},
		"no name":           {"schedules:\n- releaseDate: 2024-01-01\n", "line 2, schedules[0].release: must not be empty"},
		"no day":            {"schedules:\n- release: 1.2\n  endOfLifeDate: 2024-02-30\n", "line 3, schedules[0].endOfLifeDate \"2024-02-30\": must be a day"},
		"a word for a day":  {"schedules:\n- release: 1.2\n  endOfLifeDate: soon\n", "line 3, schedules[0].endOfLifeDate \"soon\": must be a day"},
		"true for a day":    {"schedules:\n- release: 1.2\n  endOfLifeDate: true\n", "must be a text, it is true or false"},
		"a day with a time": {"schedules:\n- release: 1.2\n  endOfLifeDate: 2024-02-20T00:00:00Z\n", "must be a day"},
		"next without name": {"schedules:\n- release: 1.2\n  next: {targetDate: 2024-01-01}\n", "line 3, schedules[0].next.release: must not be empty"},
		"next is a text":    {"schedules:\n- release: 1.2\n  next: 1.2.3\n", "line 3, schedules[0].next \"1.2.3\": must be a list"},
		"a target that is none": {
			"schedules:\n- release: 1.2\n  previousPatches:\n  - {release: 1.2.3, targetDate: 24-01-01}\n",
			"line 4, schedules[0].previousPatches[0].targetDate \"24-01-01\": must be a day",
		},
		"a key twice":   {"schedules:\n- release: 1.2\n  release: 1.3\n", "line 3"},
		"too deep":      {"schedules: " + strings.Repeat("[", 50) + strings.Repeat("]", 50), "too-deep"},
		"far too deep":  {"schedules: " + strings.Repeat("[", 50_000), "too-deep"},
		"too long":      {"schedules: []\n" + strings.Repeat("#\n", 1<<19), "too-long"},
		"many aliases":  {"a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nschedules: [*e]\n", "too-many"},
		"two documents": {"schedules: []\n---\nschedules: []\n", "line "},
		"itself inside": {"schedules: &a [*a]\n", "line 1"},
	} {
		status, out, told := ask(t, c.text, "2024-03-01")
		require.Equal(t, 2, status, name)
		require.Contains(t, told, c.want, name)
		require.Empty(t, out, name)
	}
}

// All that is wrong or odd is told at once, and no more than a person reads.
func TestBoundedComplaints(t *testing.T) {
	t.Parallel()
	for text, status := range map[string]int{
		"schedules:\n" + strings.Repeat("- release: 1.2\n  endOfLifeDate: soon\n", 3000): 2,
		"schedules:\n" + strings.Repeat("- release: 1.2\n", 3000):                        0,
	} {
		got, _, told := ask(t, text, "2024-03-01")
		require.Equal(t, status, got)
		require.Contains(t, told, "releasesheet: line 3")
		require.Contains(t, told, "and 29")
		require.LessOrEqual(t, strings.Count(told, "\n"), 101)
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	var out, told bytes.Buffer
	require.Zero(t, code([]string{"-help"}, &out, &told))
	require.Contains(t, out.String(), "releasesheet -file schedule.yaml -as-of 2023-07-10 -format csv")
	require.Contains(t, out.String(), "-as-of day")
	require.Empty(t, told.String())
	for name, args := range map[string][]string{
		"nothing": {}, "no file": {"-as-of", "2025-03-01"}, "more": {"-file", corpus, "-as-of", "2025-03-01", "more"},
		"no such day": {"-file", corpus, "-as-of", "2025-02-29"}, "a word": {"-file", corpus, "-as-of", "today"}, "an empty day": {"-file", corpus, "-as-of", ""},
		"another format": {"-file", corpus, "-as-of", "2025-03-01", "-format", "xml"}, "no such file": {"-file", corpus + "x"},
		"a directory": {"-file", filepath.Dir(corpus)}, "no such flag": {"-day", "x"},
	} {
		out.Reset()
		told.Reset()
		require.Equal(t, 2, code(args, &out, &told), name)
		require.Empty(t, out.String(), name)
		require.NotEmpty(t, told.String(), name)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var out, told bytes.Buffer
	require.Zero(t, code([]string{"-file", corpus, "-as-of", "2023-07-10"}, &out, &told))
	require.Equal(t, `Release lines as of 2023-07-10.

line  releases  planned  next        changes taken until  support      ends after
1.27  4         1        2023-07-19  5 days before        active       2024-06-28
1.26  7         1        2023-07-19  5 days before        active       2024-02-28
1.25  12        1        2023-07-19  5 days before        active       2023-10-28
1.24  16        1        2023-07-19  5 days before        maintenance  2023-07-28
`, out.String())
	out.Reset()
	require.Zero(t, code([]string{"-file", corpus}, &out, &told))
	require.Contains(t, out.String(), "Release lines as of "+time.Now().UTC().Format("2006-"))
}

// FuzzSheet: whatever the file holds, there is a whole answer or a line where it is wrong.
func FuzzSheet(f *testing.F) {
	text, err := os.ReadFile(corpus)
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte("schedules:\n- {release: 1.2, next: [{release: 1.2.3, targetDate: 2024-03-01}]}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		status, out, told := ask(t, string(text), "2023-07-10")
		if status == 2 {
			require.Empty(t, out)
			require.Regexp(t, `line \d+`, told)
			return
		}
		require.Zero(t, status)
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		require.NoError(t, err)
		for _, r := range rows {
			require.Len(t, r, 7)
		}
	})
}

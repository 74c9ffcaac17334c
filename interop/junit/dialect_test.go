package junit_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/junit"
)

// outcomes are what came of each case, in order, with its kind.
func outcomes(r *junit.Report) string {
	var list []string
	for _, x := range r.Cases {
		text := string(x.Outcome)
		if x.Kind != "" {
			text += ":" + x.Kind
		}
		if x.Whole {
			text = "whole " + text
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// TestDialects are the ways in which tools write the same thing.
func TestDialects(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{
			"gtest: not run, suppressed, skipped",
			`<testsuites tests="4" name="AllTests"><testsuite name="S" tests="4" disabled="1" skipped="1"><testcase name="a" status="run" result="completed" time="0." classname="S"/>
<testcase name="b" status="notrun" result="suppressed"/><testcase name="c" status="run" result="skipped"><skipped message="m"/></testcase>
<testcase name="d" status="run" result="completed"><failure message="x" type=""/><failure message="y"/></testcase></testsuite></testsuites>`,
			"passed, skipped, skipped, failed:failure",
		},
		{
			"CTest",
			`<testsuite name="Linux-c++" tests="4" failures="1" disabled="1" skipped="1" hostname="h" time="0" timestamp="2024-05-01T10:00:00"><testcase name="a" classname="a" time="0.1" status="run"><properties/><system-out>x</system-out></testcase>
<testcase name="b" status="fail"><failure message="Failed"/></testcase><testcase name="c" status="disabled"/><testcase name="d" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase></testsuite>`,
			"passed, failed:failure, skipped, skipped",
		},
		{"a status without an element", `<testsuite><testcase name="a" status="failed"/><testcase name="b" status="Error"/><testcase name="c" result="fail"/></testsuite>`, "failed:failure, failed:error, failed:failure"},
		{"NUnit's words", `<testsuite><testcase name="a" status="Passed"/><testcase name="b" status="Inconclusive"/><testcase name="c" status="odd"/></testsuite>`, "passed, skipped, other:odd"},
		{
			"Surefire's reruns",
			`<testsuite><testcase name="a"><failure message="m"/><rerunFailure message="n"/><rerunError/></testcase><testcase name="b"><flakyError message="e"><stackTrace>s</stackTrace></flakyError></testcase></testsuite>`,
			"failed:failure, flaky",
		},
		{"PHPUnit", `<testsuites><testsuite name=""><testsuite name="T"><testcase name="a" class="T" classname="T" file="/t.php" line="3" assertions="1" time="0.1"/><testcase name="b"><warning type="W">No tests found</warning></testcase></testsuite></testsuite></testsuites>`, "passed, other:warning"},
		{"the worst of several", `<testsuite><testcase name="a"><skipped/><failure/><error message="e"/><system-err>failure</system-err></testcase></testsuite>`, "failed:error"},
		{"what stands in an output is none", `<testsuite><testcase name="a"><system-out><![CDATA[<failure/>]]></system-out><properties><property name="p" value="v"/></properties></testcase></testsuite>`, "passed"},
		{"a suite that failed as a whole", `<testsuite name="s"><error message="no set-up"/><testcase name="a"/></testsuite>`, "whole failed:suite, passed"},
		{"an element within a failure", `<testsuite><testcase name="a"><failure><message>m</message><skipped/></failure></testcase></testsuite>`, "failed:failure"},
		{"prefixes and a DOCTYPE", `<?xml version="1.0"?><!DOCTYPE testsuite><j:testsuite xmlns:j="urn:j"><j:testcase name="a"/></j:testsuite>`, "passed"},
		{"cases without a suite", `<testsuites><testcase name="a"/><testcase name="b"><skipped/></testcase></testsuites>`, "passed, skipped"},
		{"two documents in a file", `<testsuite><testcase name="a"/></testsuite><?xml version="1.0"?><testsuite><testcase name="b"><failure/></testcase></testsuite>`, "passed, failed:failure"},
		{"text before the document", "> npm test\n\n<?xml version=\"1.0\"?>\n<testsuite><testcase name=\"a\"/></testsuite>", "passed"},

		{"Go: run again", gotest("start", "run a", "fail a", "fail", "start", "run a", "pass a", "pass"), "flaky"},
		{"Go: passed, then failed", gotest("run a", "pass a", "run a", "fail a", "fail"), "failed:failure"},
		{"Go: no end", gotest("start", "run a", "pass a", "run b"), "passed, failed:unfinished"},
		{"Go: a test that never ended in a package that did", gotest("run a", "run b", "pass a", "fail"), "passed, failed:unfinished"},
		{"Go: nothing to test", gotest("start", "skip"), ""},
		{"Go: run again, in the midst", gotest("run a", "fail a", "run a"), "failed:unfinished"},
		{"Go: what a build wrote first", "go: downloading example.com/x v1.0.0\n" + gotest("run a", "pass a", "pass"), "passed"},

		{"TAP: plan of nothing", "TAP version 13\n1..0 # SKIP no database\n", ""},
		{"TAP: bailed out", "1..3\nok 1 - a\nBail out! no database\n", "passed, whole failed:bailout"},
		{"TAP: to do", "1..2\nnot ok 1 - a # TODO later\nok 2 b # todo\n", "todo, todo"},
		{"TAP: without numbers", "1..2\nok\nnot ok - b\n", "passed, failed:failure"},
		{"TAP: an escaped directive", "1..1\nok 1 - say \\# SKIP loudly\n", "passed"},
		{"TAP: a directive that is none", "1..1\nok 1 - #skip\n", "skipped"},
		{"TAP: subtests", "TAP version 14\n# Subtest: math\n    ok 1 - adds\n    not ok 2 - divides\n      ---\n      error: 'by zero'\n      ...\n    1..2\nnot ok 1 - math\n1..1\n", "passed, failed:failure, failed:failure"},
		{"TAP: subtests in braces", "TAP version 14\nok 1 - math # time=12ms {\n    ok 1 - adds\n    1..1\n}\n1..1\n", "passed, passed"},
		{"Go: a benchmark has no end", gotest("start", "run BenchmarkX", "pass"), "skipped:benchmark"},
		{"Go: a benchmark that did not come to its end", gotest("start", "run BenchmarkX", "fail"), "failed:unfinished"},
		{"TAP: several streams", "TAP version 13\n1..1\nok 1\nTAP version 13\n1..1\nnot ok 1\n", "passed, failed:failure"},
		{"TAP: prove", "ok 1 - a\nnot ok 2 - b\n#   Failed test 'b'\n#   at t/x.t line 3.\n1..2\n# Looks like you failed 1 test of 2.\n", "passed, failed:failure"},

		{"CTRF: all words", `{"reportFormat":"CTRF","results":{"tool":{"name":"x"},"tests":[{"name":"a","status":"passed","retries":1},{"name":"b","status":"passed","flaky":true},{"name":"c","status":"pending"},{"name":"d","status":"new"}]}}`, "flaky, flaky, skipped:pending, other:new"},
		{"CTRF: other kinds of values", `{"results":{"tool":{},"tests":[{"name":"a","status":"Passed","flaky":"true","message":{"x":1},"start":"2024-01-01T00:00:00Z","duration":"12"},{"name":"b","status":null}]}}`, "flaky, other"},
		{"CTRF: a summary of other kinds", `{"results":{"summary":{"tests":"1","passed":"\"","failed":{},"start":null},"tests":[{"name":"a","status":"passed"}]}}`, "passed"},
		{"disabled by an attribute", `<testsuite><testcase name="a" disabled="true"/></testsuite>`, "skipped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, outcomes(read(t, c.text)))
		})
	}
}

// gotest writes events: "run a", or "pass" of the package.
func gotest(list ...string) string {
	var b strings.Builder
	for _, e := range list {
		action, test, _ := strings.Cut(e, " ")
		b.WriteString(`{"Time":"2025-01-01T10:00:00Z","Action":"` + action + `","Package":"x/y"`)
		if test != "" {
			b.WriteString(`,"Test":"` + test + `"`)
		}
		b.WriteString(",\"Elapsed\":0.5}\n")
	}
	return b.String()
}

func TestIncomplete(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no end of a package":            {gotest("start", "run a", "pass a"), `the package "x/y" has no end`},
		"no end of a test":               {gotest("start", "run a"), `the test "a" of "x/y" has no end`},
		"no plan":                        {"ok 1\n", "the stream has no plan"},
		"fewer points than planned":      {"1..3\nok 1\n", "the stream has 1 of 3 points"},
		"a subtest without a plan":       {"# Subtest: a\n    ok 1\nok 1 - a\n1..1\n", `the subtest "a" has no plan`},
		"given up":                       {"1..3\nok 1\nBail out!\n", "the run was given up: no reason is told"},
		"more declared than contained":   {`<testsuite tests="2"><testcase name="a"/></testsuite>`, `the suite "" declares tests 2, and contains 1`},
		"a summary that says more":       {`{"results":{"tool":{},"summary":{"tests":2},"tests":[{"name":"a","status":"passed"}]}}`, "the report declares tests 2, and contains 1"},
		"nothing is missing":             {gotest("start", "run a", "pass a", "pass"), ""},
		"a block that has no end":        {"1..1\nnot ok 1\n  ---\n  message: m\n", "ends within what a point says of itself"},
		"a plan of nothing is kept":      {"1..0\n", ""},
		"what is declared is not enough": {`<testsuite tests="1" failures="0"><testcase name="a"/></testsuite>`, ""},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, read(t, c.text).Incomplete) })
	}
}

func TestNames(t *testing.T) {
	t.Run("controls and colours", func(t *testing.T) {
		r := read(t, "<testsuite><testcase name=\"a\x01b&#27;[31mc&#x1b;[0m\n d\"><failure>\x1b[1mbold\x1b[0m &nbsp; &amp;lt; x & y</failure></testcase></testsuite>")
		require.Equal(t, "abc  d", r.Cases[0].Name)
		require.Equal(t, "bold &nbsp; &lt; x & y", r.Cases[0].Message)
		require.Contains(t, codes(r), junit.CodeEntity)
	})
	t.Run("long names stay two", func(t *testing.T) {
		long := strings.Repeat("é", 5000)
		r := read(t, `<testsuite><testcase name="`+long+`1"/><testcase name="`+long+`2"/></testsuite>`)
		require.NotEqual(t, r.Cases[0].Name, r.Cases[1].Name)
		require.Less(t, len(r.Cases[0].Name), junit.MaxName+30)
		require.True(t, strings.HasPrefix(r.Cases[0].Name, "éé"))
	})
	t.Run("CDATA has no references", func(t *testing.T) {
		r := read(t, `<testsuite><testcase name="a"><failure><![CDATA[a &lt; b]]> &lt; c</failure></testcase></testsuite>`)
		require.Equal(t, "a &lt; b < c", r.Cases[0].Message)
	})
	t.Run("Latin 1", func(t *testing.T) {
		r := read(t, "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><testsuite><testcase name=\"caf\xe9 \x80\"/></testsuite>")
		require.Equal(t, "café €", r.Cases[0].Name)
	})
	t.Run("UTF-16", func(t *testing.T) {
		for _, mark := range []string{"\ufeff", ""} {
			var b strings.Builder
			for _, u := range utf16.Encode([]rune(mark + `<?xml version="1.0" encoding="utf-16"?><testsuite><testcase name="é😀"/></testsuite>`)) {
				b.WriteByte(byte(u))
				b.WriteByte(byte(u >> 8))
			}
			require.Equal(t, "é😀", read(t, b.String()).Cases[0].Name)
		}
	})
	t.Run("a property of any kind", func(t *testing.T) {
		r := read(t, `<testsuites><properties><property name="run" value="1"/></properties><testsuite package="p"><testcase name="a"><properties><property name="id">REQ-1</property></properties></testcase>
<properties><property name="late" value="2"/></properties></testsuite></testsuites>`)
		var list []junit.Property
		for p := range r.All(&r.Cases[0]) {
			list = append(list, p)
		}
		require.Empty(t, cmp.Diff([]junit.Property{{Name: "id", Value: "REQ-1"}, {Name: "late", Value: "2"}, {Name: "run", Value: "1"}}, list))
		require.Equal(t, "p", r.Package(&r.Cases[0]))
	})
	t.Run("CTRF", func(t *testing.T) {
		r := read(t, `{"results":{"tool":{"name":"playwright","version":"1.2"},"environment":{"commit":"abc","extra":{"deep":{}}},"tests":[{"name":"a","status":"failed","suite":["s","t"],
"tags":["@x","y"],"labels":{"feature":"login","n":3},"filePath":"a.ts","trace":"t","start":1700000000000,"duration":1500}]}}`)
		x := &r.Cases[0]
		require.Equal(t, "s/t", r.Path(x))
		require.Equal(t, "playwright 1.2", r.Producer)
		require.Empty(t, cmp.Diff([]junit.Property{{Name: "tag", Value: "@x"}, {Name: "tag", Value: "y"}, {Name: "feature", Value: "login"}, {Name: "n", Value: "3"}}, x.Properties))
		require.Equal(t, "abc", r.Properties[0].Value)
		require.Equal(t, 1500*time.Millisecond, x.Took)
		require.Equal(t, time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC), r.At(x))
	})
	t.Run("TAP of Node.js", func(t *testing.T) {
		r := read(t, "TAP version 13\n# Subtest: alone\nok 1 - alone\n# Subtest: suite\n    # Subtest: inner\n        # Subtest: leaf\n        ok 1 - leaf\n        1..1\n    ok 1 - inner\n    # Subtest: other\n    ok 2 - other\n    1..2\nok 2 - suite\n1..2\n# tests 2\n")
		var list []string
		for n := range r.Cases {
			list = append(list, r.Path(&r.Cases[n])+": "+r.Cases[n].Name)
		}
		require.Equal(t, []string{": alone", "suite/inner: leaf", "suite: inner", "suite: other", ": suite"}, list)
		require.Empty(t, r.Incomplete)
	})
	t.Run("run again", func(t *testing.T) {
		for name, c := range map[string]struct {
			text string
			want []bool
		}{
			"pytest":           {`<testsuite name="pytest"><testcase name="a"/><testcase name="a"/></testsuite>`, []bool{false, true}},
			"Go":               {`<testsuite><properties><property name="go.version" value="1"/></properties><testcase name="a"/><testcase name="a"/></testsuite>`, []bool{false, true}},
			"the same line":    {`<testsuite><testcase name="a" file="f" line="1"/><testcase name="a" file="f" line="1"/></testsuite>`, []bool{false, true}},
			"another line":     {`<testsuite><testcase name="a" file="f" line="1"/><testcase name="a" file="f" line="2"/></testsuite>`, []bool{false, false}},
			"nobody knows":     {`<testsuite><testcase name="a"/><testcase name="a"/></testsuite>`, []bool{false, false}},
			"another class":    {`<testsuite name="pytest"><testcase classname="x" name="a"/><testcase name="a"/></testsuite>`, []bool{false, false}},
			"in another suite": {`<testsuites><testsuite name="pytest"><testcase name="a"/></testsuite><testsuite name="pytest"><testcase name="a"/></testsuite></testsuites>`, []bool{false, false}},
			"without any name": {`<testsuite name="pytest"><testcase/><testcase/></testsuite>`, []bool{false, false}},
		} {
			var again []bool
			for _, x := range read(t, c.text).Cases {
				again = append(again, x.Again)
			}
			require.Equal(t, c.want, again, name)
		}
	})
	t.Run("TAP", func(t *testing.T) {
		r := read(t, "TAP version 14\n1..3\n# Subtest: math\n    1..1\n    ok 1 - adds\nok 2 - math # time=3.5ms\nok 3 copies a file in 35ms\n")
		require.Equal(t, "math", r.Path(&r.Cases[0]))
		require.Equal(t, 3500*time.Microsecond, r.Cases[1].Took)
		require.Equal(t, "copies a file", r.Cases[2].Name)
	})
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0.5": 500 * time.Millisecond, "1,234.5": 1234500 * time.Millisecond, "0,5": 500 * time.Millisecond, "1.4e-05": 14 * time.Microsecond,
		"1.234,5": 1234500 * time.Millisecond, "1,234,567.5": 1234567500 * time.Millisecond, "3": 3 * time.Second, "0.1s": 100 * time.Millisecond,
		"": -1, "-1": -1, "NaN": -1, "Inf": -1, "1e300": -1, "0x10": -1, "1_000": -1, "1967986371": -1, "soon": -1, "1,2,3": -1,
	} {
		t.Run(text, func(t *testing.T) {
			x := read(t, `<testsuite><testcase name="a" time="`+text+`"/></testsuite>`).Cases[0]
			require.Equal(t, want >= 0, x.Timed)
			if want >= 0 {
				require.Equal(t, want, x.Took)
			}
		})
	}
}

func TestTimes(t *testing.T) {
	utc := time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2024-05-01T10:00:00Z": utc, "2024-05-01T10:00:00": utc, "2024-05-01 10:00:00": utc, "2024-05-01T12:00:00+02:00": utc, "2024-05-01T12:00:00+0200": utc,
		"2024-05-01T12:00:00+02": utc, "2024-05-01T10:00:00,5": utc.Add(500 * time.Millisecond), "2024-05-01T10:00:00.1234567890123Z": utc.Add(123456 * time.Microsecond),
		"Wed, 01 May 2024 10:00:00 GMT": utc, "1714557600": utc, "1714557600000": utc, "2024-05-01": time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC),
		"2024-05-01T10:00:00 UTC": utc, "0001-01-01T00:00:00Z": {}, "1970-01-01T00:00:00Z": {}, "2024-13-01T10:00:00Z": {}, "2024-05-01T25:00:00Z": {}, "yesterday": {}, "": {},
	} {
		t.Run(text, func(t *testing.T) {
			r := read(t, `<testsuite timestamp="`+text+`"><testcase name="a"/></testsuite>`)
			require.Equal(t, want, r.At(&r.Cases[0]))
		})
	}
}

func TestWrong(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"an element that is not closed":  {"<testsuite>\n<testcase name='a'>", "line 2: ends in the middle: <testcase> is not closed"},
		"ends in a tag":                  {"<testsuite>\n<testcase name='a", "line 2: ends in the middle"},
		"closed by another":              {"<testsuite><testcase></testsuite>", "line 1: <testcase> is closed by </testsuite>"},
		"a DOCTYPE that declares":        {"<!DOCTYPE testsuite [<!ENTITY a 'b'>]><testsuite/>", "line 1: a DOCTYPE must declare nothing"},
		"deep suites":                    {strings.Repeat("<testsuite>", 150), "line 1: suites lie 100 deep in each other at most"},
		"CTRF that ends":                 {`{"results":{"tool":{},` + "\n" + `"tests":[{"name":"a"`, "line 2: ends in the middle"},
		"CTRF of another shape":          {`{"results":{"tool":{},"tests":{"a":1}}}`, "line 1: is no JSON: another kind of value is there than CTRF has"},
		"CTRF with a number for a name":  {`{"results":{"tool":{},"tests":[{"name":1}]}}`, "line 1: is no JSON"},
		"an attribute without its value": {"<testsuite><testcase name/></testsuite>", `line 1: the attribute "name" must have a value`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := junit.Read(strings.NewReader(c.text), nil)
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			require.Contains(t, err.Error(), c.want)
		})
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":       {" \n\t", "there is nothing in it"},
		"a log":         {"hello\nworld\n", "it is text"},
		"go test":       {"ok  \texample.com/x\t0.005s\nok then\n", "it is text"},
		"another XML":   {`<?xml version="1.0"?><project/>`, "it is XML of another kind: <project>"},
		"another JSON":  {`{"name": "x"}`, "it is JSON of another kind"},
		"a list":        {`[1]`, "it is JSON of another kind"},
		"xUnit's own":   {`<assemblies><assembly/></assemblies>`, "<assemblies>"},
		"half a letter": {"\xff\xfe<", "it is"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := junit.Read(strings.NewReader(c.text), nil)
			require.ErrorIs(t, err, junit.ErrNoReport)
			require.Contains(t, err.Error(), c.want)
		})
	}
	t.Run("too long", func(t *testing.T) {
		_, err := junit.Read(strings.NewReader(`<testsuite><testcase name="a"/></testsuite>`), &junit.Options{Bytes: 20})
		require.ErrorContains(t, err, "has more than the 20 bytes that are allowed")
	})
	t.Run("too many", func(t *testing.T) {
		for _, text := range []string{`<testsuite><testcase/><testcase/></testsuite>`, gotest("run a", "run b"), "ok 1\nok 2\n", `{"results":{"tests":[{"name":"a"},{"name":"b"}]}}`} {
			_, err := junit.Read(strings.NewReader(text), &junit.Options{Cases: 1})
			require.ErrorContains(t, err, "has more than the 1 cases that are allowed")
		}
	})
}

// TestStopped: Ginkgo's words for a test that was stopped are of one that failed.
func TestStopped(t *testing.T) {
	for _, word := range []string{"panicked", "interrupted", "aborted", "timedout", "KILLED"} {
		r, err := junit.Read(strings.NewReader(`<testsuite name="s"><testcase name="a" status="`+word+`"/></testsuite>`), nil)
		require.NoError(t, err)
		require.Equal(t, junit.Failed, r.Cases[0].Outcome, word)
	}
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const header = "feature,state,passed,failed,skipped,newest\n"

// folder writes files into a folder, by their paths.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

// ask asks about reports by rules, and returns the status, the answer and what was told.
func ask(t testing.TB, dir, rules string, more ...string) (status int, out, told string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	require.NoError(t, os.WriteFile(path, []byte(rules), 0o600))
	var o, d bytes.Buffer
	status = code(append([]string{"-reports", dir, "-rules", path, "-version", "8.3.1", "-format", "csv"}, more...), &o, &d)
	return status, o.String(), strings.ReplaceAll(strings.ReplaceAll(d.String(), path, "rules.yaml"), dir, "DIR")
}

// block returns the lines of the help between two others, without what they are indented.
func block(t testing.TB, after, before string) string {
	t.Helper()
	_, rest, found := strings.Cut(usage, after)
	require.True(t, found, after)
	text, _, found := strings.Cut(rest, before)
	require.True(t, found, before)
	var b strings.Builder
	for line := range strings.Lines(strings.Trim(text, "\n") + "\n") {
		b.WriteString(strings.TrimPrefix(line, "  "))
	}
	return b.String()
}

// TestHelp does what the help says.
func TestHelp(t *testing.T) {
	var out, told bytes.Buffer
	require.Zero(t, code([]string{"-help"}, &out, &told))
	require.Contains(t, out.String(), "-as-of")
	require.Empty(t, told.String())
	dir := folder(t, map[string]string{"orders.xml": block(t, "as JUnit writes it,\n", "and the rules\n")})
	status, csv, notes := ask(t, dir, block(t, "and the rules\n", "the call\n"), "-as-of", "2026-03-10")
	require.Equal(t, block(t, "writes\n", "and ends with 0"), csv)
	require.Zero(t, status, notes)
	require.Empty(t, notes)
}

func rulesOf(lines ...string) string { return "features:\n" + strings.Join(lines, "\n") + "\n" }

const passing = `<testsuite name="s" timestamp="2026-03-02T10:00:00.75"><testcase classname="c" name="a"/></testsuite>`

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		files  map[string]string
		rules  string
		args   []string
		status int
		want   string
		told   string
	}{
		"proven":           {map[string]string{"a.xml": passing}, rulesOf("- {feature: f, tests: [{name: a}]}"), nil, 0, "f,proven,1,0,0,2026-03-02T10:00:00Z\n", ""},
		"one pattern":      {map[string]string{"a.xml": passing}, rulesOf("- {feature: f, tests: {class: c}}"), nil, 0, "f,proven,1,0,0,2026-03-02T10:00:00Z\n", ""},
		"nothing":          {nil, rulesOf("- {feature: f, tests: [{name: a}]}"), nil, 1, "f,unproven,0,0,0,\n", "DIR: has no test report"},
		"in byte order":    {nil, rulesOf("- {feature: b, tests: [{name: a}]}", "- {feature: a, tests: [{name: a}]}", "- {feature: B, tests: [{name: a}]}"), nil, 1, "B,unproven,0,0,0,\na,unproven,0,0,0,\nb,unproven,0,0,0,\n", ""},
		"folders in it":    {map[string]string{"x/y/a": passing, "x/.hidden": "<testsuite", ".git/a.xml": "<testsuite"}, rulesOf("- {feature: f, tests: [{name: a}]}"), nil, 0, "f,proven,1,0,0,2026-03-02T10:00:00Z\n", ""},
		"other files":      {map[string]string{"a.xml": passing, "log.txt": "hello", "pom.xml": "<project/>", "empty": ""}, rulesOf("- {feature: f, tests: [{name: a}]}"), nil, 0, "f,proven,1,0,0,2026-03-02T10:00:00Z\n", "pom.xml: is no test report of a known form: it is XML of another kind: <project>, and left out"},
		"a configuration":  {map[string]string{"a.xml": passing, "phpunit.xml": "<?xml version=\"1.0\"?>\n<phpunit>\n<testsuites>\n<testsuite name=\"unit\">\n<directory>tests</directory>\n</testsuite>\n</testsuites>\n</phpunit>\n"}, rulesOf("- {feature: f, tests: [{name: a}]}"), nil, 0, "f,proven,1,0,0,2026-03-02T10:00:00Z\n", "phpunit.xml: is no test report of a known form: it is XML of another kind: <phpunit>, and left out"},
		"mochawesome":      {map[string]string{"a.xml": passing, "m.json": "{\n\"stats\": {\"tests\": 1},\n\"results\": [\n{\"tests\": []}]}\n"}, rulesOf("- {feature: f, tests: [{name: a}]}"), nil, 0, "f,proven,1,0,0,2026-03-02T10:00:00Z\n", "m.json: is no test report of a known form: it is JSON whose results are no object, and left out"},
		"SARIF":            {map[string]string{"a.xml": passing, "m.json": "{\"runs\": [{\"tool\": {}, \"results\": [" + strings.Repeat("{\"ruleId\": \"a rule\"},\n", 400_000) + "{}]}]}"}, rulesOf("- {feature: f, tests: [{name: a}]}"), nil, 0, "f,proven,1,0,0,2026-03-02T10:00:00Z\n", "m.json: is no test report of a known form: it is JSON without results, and left out"},
		"twice":            {map[string]string{"a.xml": passing, "b.xml": passing}, rulesOf("- {feature: f, tests: [{name: a}]}"), nil, 0, "f,proven,1,0,0,2026-03-02T10:00:00Z\n", "DIR/b.xml: is the same as DIR/a.xml, and left out"},
		"old":              {map[string]string{"a.xml": passing}, rulesOf("- {feature: f, max-age: 7d, tests: [{name: a}]}"), []string{"-as-of", "2026-03-09"}, 1, "f,expired,1,0,0,2026-03-02T10:00:00Z\n", ""},
		"old enough":       {map[string]string{"a.xml": passing}, "max-age: P8D\n" + rulesOf("- {feature: f, tests: [{name: a}]}"), []string{"-as-of", "2026-03-09"}, 0, "f,proven,1,0,0,2026-03-02T10:00:00Z\n", ""},
		"later":            {map[string]string{"a.xml": passing}, rulesOf("- {feature: f, tests: [{name: a}]}"), []string{"-as-of", "2026-03-01"}, 1, "f,unproven,0,0,0,\n", "1 results are later than -as-of, and do not count"},
		"without a time":   {map[string]string{"a.tap": "1..1\nok 1 - a\n"}, rulesOf("- {feature: f, max-age: 7d, tests: [{name: a}]}"), nil, 1, "f,expired,1,0,0,\n", ""},
		"no stage yet":     {nil, rulesOf("- {feature: f, stage: {8.4.0: alpha}, tests: [{name: a}]}"), nil, 0, "f,unproven,0,0,0,\n", ""},
		"a stage below":    {nil, rulesOf("- {feature: f, stage: {8.3.0: alpha, 8.4.0: beta}, proven-from: beta, tests: [{name: a}]}"), nil, 0, "f,unproven,0,0,0,\n", ""},
		"a stage reached":  {nil, rulesOf("- {feature: f, stage: {8.4.0: deprecated, 8.3: GA, 8.2.0: beta}, proven-from: beta, tests: [{name: a}]}"), nil, 1, "f,unproven,0,0,0,\n", ""},
		"removed":          {nil, rulesOf("- {feature: f, stage: removed, tests: [{name: a}]}"), nil, 0, "f,unproven,0,0,0,\n", ""},
		"never":            {nil, rulesOf("- {feature: f, proven-from: never, tests: [{name: a}]}"), nil, 0, "f,unproven,0,0,0,\n", ""},
		"waived":           {nil, rulesOf("- {feature: f, tests: [{name: a}], waived: {by: ada, until: 2026-04-01, why: w}}"), []string{"-as-of", "2026-03-31"}, 0, "f,waived,0,0,0,\n", ""},
		"no longer waived": {nil, rulesOf("- {feature: f, tests: [{name: a}], waived: {by: ada, until: 2026-04-01, why: w}}"), []string{"-as-of", "2026-04-01"}, 1, "f,unproven,0,0,0,\n", ""},
		"unmapped":         {map[string]string{"a.xml": `<testsuite name="s"><testcase name="a, &quot;b&quot;"><failure/></testcase><testcase name="f"/></testsuite>`}, rulesOf("- {feature: f, tests: [{name: f}]}"), nil, 0, "f,proven,1,0,0,\n\"s/a, \"\"b\"\"\",unmapped,0,1,0,\n", ""},
		"flaky breaks":     {map[string]string{"a.xml": `<testsuite><testcase name="a"><flakyFailure/></testcase></testsuite>`}, "flaky: breaks\n" + rulesOf("- {feature: f, tests: [{name: a}]}"), nil, 1, "f,broken,0,1,0,\n", ""},
		"incomplete":       {map[string]string{"a.tap": "ok 1 - a\n"}, "incomplete: nothing\n" + rulesOf("- {feature: f, tests: [{name: a}]}"), nil, 1, "f,unproven,0,0,1,\n", "is incomplete: the stream has no plan"},
		"another version":  {map[string]string{"a.xml": `<testsuite><properties><property name="app" value="8.3.0"/></properties><testcase name="a"/></testsuite>`}, "version-property: app\n" + rulesOf("- {feature: f, tests: [{name: a}]}"), nil, 1, "f,expired,0,0,0,\n", ""},
		"this version":     {map[string]string{"a.xml": `<testsuite><properties><property name="app" value="v8.3.1"/></properties><testcase name="a"/></testsuite>`}, "version-property: app\n" + rulesOf("- {feature: f, tests: [{name: a}]}"), nil, 0, "f,proven,1,0,0,\n", ""},
		"the newest":       {map[string]string{"a.xml": strings.Replace(passing, `name="a"/>`, `name="a"><failure/></testcase>`, 1), "b.xml": strings.Replace(passing, "-02T", "-03T", 1)}, rulesOf("- {feature: f, tests: [{name: a}]}"), nil, 0, "f,proven,1,0,0,2026-03-03T10:00:00Z\n", ""},
		"nothing to run":   {map[string]string{"a.xml": `<testsuite tests="0"/>`}, rulesOf("- {feature: f, tests: [{name: a}]}"), nil, 1, "f,unproven,0,0,0,\n", "has no tests: it proves nothing"},
		"a package above": {map[string]string{"a.json": `{"Time":"2026-03-02T10:00:00Z","Action":"start","Package":"ex.com/shop"}
{"Time":"2026-03-02T10:00:00Z","Action":"output","Package":"ex.com/shop","Output":"panic: oh\n"}
{"Time":"2026-03-02T10:00:00Z","Action":"fail","Package":"ex.com/shop","Elapsed":0}
{"Time":"2026-03-02T10:00:00Z","Action":"start","Package":"ex.com/shop/orders"}
{"Time":"2026-03-02T10:00:00Z","Action":"run","Package":"ex.com/shop/orders","Test":"TestA"}
{"Time":"2026-03-02T10:00:00Z","Action":"pass","Package":"ex.com/shop/orders","Test":"TestA","Elapsed":0}
{"Time":"2026-03-02T10:00:00Z","Action":"pass","Package":"ex.com/shop/orders","Elapsed":0}
`}, rulesOf("- {feature: f, tests: [{name: TestA}]}"), nil, 0, "f,proven,1,0,0,2026-03-02T10:00:00Z\nex.com/shop/(the suite as a whole),unmapped,0,1,0,2026-03-02T10:00:00Z\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, told := ask(t, folder(t, c.files), c.rules, c.args...)
			require.Equal(t, header+c.want, out)
			require.Equal(t, c.status, status, told)
			require.Contains(t, told, c.told)
		})
	}
}

func TestUnreadable(t *testing.T) {
	good := rulesOf("- {feature: f, tests: [{name: a}]}")
	for name, c := range map[string]struct {
		files map[string]string
		rules string
		args  []string
		want  string
	}{
		"a report that is cut off": {map[string]string{"a.xml": passing, "b.xml": "<testsuite>\n<testcase"}, good, nil, "certify: DIR/b.xml: line 2: ends in the middle (bad-xml)"},
		"no folder":                {nil, good, []string{"-reports", "/there/is/none"}, "certify: stat /there/is/none: no such file or directory"},
		"no rules":                 {nil, good, []string{"-rules", "/there/is/none"}, "certify: /there/is/none: no such file or directory"},
		"no version":               {nil, good, []string{"-version", "new"}, `certify: version "new"`},
		"no day":                   {nil, good, []string{"-as-of", "today"}, `certify: -as-of "today": must be a day or an instant`},
		"no format":                {nil, good, []string{"-format", "xml"}, `certify: -format "xml": must be text or csv`},
		"an argument more":         {nil, good, []string{"more"}, "certify: name -reports, -rules and -version, and nothing else"},
		"no flag":                  {nil, good, []string{"-what"}, "certify: flag provided but not defined: -what"},
		"no YAML":                  {nil, "features: [", nil, "certify: rules.yaml: line "},
		"nothing":                  {nil, "", nil, "certify: rules.yaml: is empty"},
		"a list":                   {nil, "- a", nil, "certify: rules.yaml: line 1: must be fields with values (bad-type)"},
		"no features":              {nil, "flaky: proves", nil, "certify: rules.yaml: line 1 features: must be there (required)"},
		"an unknown field":         {nil, rulesOf("- feature: f", "  test: [{name: a}]"), nil, `certify: rules.yaml: line 3 features[0].test "test": must be one of feature, max-age, proven-from, stage, tests, waived (unknown)`},
		"an unknown pattern":       {nil, rulesOf("- feature: f", "  tests:", "  - klass: a"), nil, `certify: rules.yaml: line 4 features[0].tests[0].klass "klass": must be one of class, name, package, property, suite (unknown)`},
		"a feature twice":          {nil, rulesOf("- {feature: f, tests: [{name: a}]}", "- {feature: f, tests: [{name: a}]}"), nil, `certify: rules.yaml: line 3 features[1].feature "f": is that of line 2 (duplicate)`},
		"no tests":                 {nil, rulesOf("- {feature: f}"), nil, "certify: rules.yaml: line 2 features[0].tests: must say which tests prove it (required)"},
		"an empty pattern":         {nil, rulesOf("- {feature: f, tests: [{}]}"), nil, "certify: rules.yaml: line 2 features[0].tests[0]: must name a suite"},
		"a bad age":                {nil, "max-age: -1d\n" + good, nil, `certify: rules.yaml: line 1 max-age "-1d": must be a length of time`},
		"a bad stage":              {nil, rulesOf("- {feature: f, stage: gamma, tests: [{name: a}]}"), nil, `features[0].stage "gamma": must be one of pre-alpha`},
		"a bad version":            {nil, rulesOf("- {feature: f, stage: {new: beta}, tests: [{name: a}]}"), nil, `features[0].stage.new "new": must be a version`},
		"a waiver without a day":   {nil, rulesOf("- {feature: f, tests: [{name: a}], waived: {by: a, why: w}}"), nil, "features[0].waived.until: must be there (required)"},
		"a policy":                 {nil, "flaky: maybe\n" + good, nil, `line 1 flaky "maybe": must be proves or breaks`},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, told := ask(t, folder(t, c.files), c.rules, c.args...)
			require.Equal(t, 2, status)
			require.Empty(t, out)
			require.Contains(t, told, c.want)
		})
	}
}

// TestCorpus puts reports of every form into one answer.
func TestCorpus(t *testing.T) {
	status, out, told := ask(t, "../../interop/junit/testdata/corpus", rulesOf(
		"- {feature: attributes, tests: [{property: hello=wor*}]}",
		"- {feature: builds, tests: [{package: example.com/internal/cacher}]}",
		"- {feature: cancels, tests: [{class: nowhere}]}",
		"- {feature: mocha, tests: [{suite: Mocha Tests}]}",
		"- {feature: panics, tests: [{name: TestHello}]}",
		"- {feature: ping, tests: [{name: pinged *}]}",
		"- {feature: profile, tests: [{name: \"*profile*\"}]}",
		"- {feature: todo, tests: [{name: bonus*}]}",
		"- {feature: webhooks, tests: [{name: createWebhook}]}",
	))
	require.Equal(t, 1, status)
	require.True(t, strings.HasPrefix(out, header+`attributes,proven,1,0,0,2025-08-26T19:42:33Z
builds,broken,0,1,0,2025-03-11T00:34:31Z
cancels,unproven,0,0,0,
mocha,proven,109,0,0,2022-12-03T23:10:07Z
panics,broken,1,1,0,2022-12-14T09:49:01Z
ping,broken,4,2,0,
profile,broken,1,2,0,2024-01-30T19:47:03Z
todo,unproven,0,0,2,
webhooks,proven,1,0,0,
`), out)
	require.Contains(t, told, "junit-xunit-bom.xml: is incomplete: the report declares tests 173, and contains 2")
	require.Contains(t, told, "tap-tapjs.tap: is incomplete: the stream has no plan")
}

func TestText(t *testing.T) {
	dir := folder(t, map[string]string{"a.xml": `<testsuite name="s" timestamp="2026-03-02T10:00:00Z"><testcase name="a"><failure/></testcase><testcase name="b"/></testsuite>`})
	_, out, _ := ask(t, dir, rulesOf("- {feature: f, tests: [{name: a}]}"), "-format", "text", "-as-of", "2026-03-02T11:00:00Z")
	require.Equal(t, `version 8.3.1, as of 2026-03-02T11:00:00Z

feature  state   must be  passed  failed  skipped  newest                why
f        broken  yes      0       1       0        2026-03-02T10:00:00Z  1 of 1 test failed

0 of 1 features that must be proven are.

f fails in
  s/a

These tests prove no feature:
  s/b  1 passed, 0 failed, 0 skipped  2026-03-02T10:00:00Z
`, out)
}

// TestLink: a link to a folder is that folder.
func TestLink(t *testing.T) {
	link := filepath.Join(t.TempDir(), "latest")
	require.NoError(t, os.Symlink(folder(t, map[string]string{"a.xml": passing}), link))
	status, out, told := ask(t, link, rulesOf("- {feature: f, tests: [{name: a}]}"))
	require.Equal(t, header+"f,proven,1,0,0,2026-03-02T10:00:00Z\n", out)
	require.Zero(t, status, told)
}

package main

import (
	"bytes"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// drift calls the command with what is desired and observed as files.
func drift(t *testing.T, desired, observed string, args ...string) (status int, out, diagnostics string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"desired": desired, "observed": observed} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	var o, d bytes.Buffer
	status = run(append([]string{"-desired", filepath.Join(dir, "desired"), "-observed", filepath.Join(dir, "observed"), "-format", "csv"}, args...), &o, &d)
	return status, o.String(), strings.ReplaceAll(d.String(), dir, "")
}

func TestDrift(t *testing.T) {
	t.Parallel()
	const ports = `{"spec":{"ports":[{"port":443},{"port":443,"protocol":"UDP"}]}}`
	for _, c := range []struct {
		name, desired, observed string
		args                    []string
		rows                    string
	}{
		{"none", `{"a":1,"b":[1.0]}`, "b: [1]\na: 1.0\n", nil, ""},
		{"numbers as written", `{"a":1.50,"b":1E2}`, `{"a":1.51,"b":1e+3}`, nil, "/a,changed,1.50,1.51\n/b,changed,1E2,1e+3\n"},
		{"kinds differ", `[1,"1",null]`, `["1",1,false]`, nil, `/0,changed,1,"""1"""` + "\n" + `/1,changed,"""1""",1` + "\n/2,changed,null,false\n"},
		{"the whole", `[1]`, "x", nil, `,changed,[1],"""x"""` + "\n"},
		{"not escaped", `{"a":"<&>","b\n":1}`, `{}`, nil, "/a,missing,\"\"\"<&>\"\"\",\n\"/b\n\",missing,1,\n"},
		{"keys sorted", `{}`, `{"x":{"b":1,"a":{"d":1,"c":[]}}}`, nil, `/x,unexpected,,"{""a"":{""c"":[],""d"":1},""b"":1}"` + "\n"},
		{"order of bytes", `{"a":{"x":1},"a-":1,"a/b":1,"Z":1}`, `{"a":{}}`, nil, "/Z,missing,1,\n/a-,missing,1,\n/a/x,missing,1,\n/a~1b,missing,1,\n"},
		{"key", ports, `{"spec":{"ports":[{"port":443,"protocol":"TCP"}]}}`, []string{"-key", "/spec/ports=port,protocol:TCP"}, `"/spec/ports/443,TCP/protocol",unexpected,,"""TCP"""` + "\n" + `"/spec/ports/443,UDP",missing,"{""port"":443,""protocol"":""UDP""}",` + "\n"},
		{"key without default", ports, `{"spec":{"ports":[]}}`, []string{"-key", "/*/ports=port,protocol"}, `"/spec/ports/443,",missing,"{""port"":443}",` + "\n" + `"/spec/ports/443,UDP",missing,"{""port"":443,""protocol"":""UDP""}",` + "\n"},
		{"key behind the last equals sign", `{"a=b":[{"n":1}]}`, `{"a=b":[{"n":2}]}`, []string{"-key", "/a=b=n"}, "/a=b/1,missing,\"{\"\"n\"\":1}\",\n/a=b/2,unexpected,,\"{\"\"n\"\":2}\"\n"},
		{"default with a colon", `[{}]`, `[{"n":"a:b","v":1}]`, []string{"-key", "=n:a:b"}, `/a:b/n,unexpected,,"""a:b"""` + "\n/a:b/v,unexpected,,1\n"},
		{"only what is desired", `{"a":{"b":1}}`, `{"a":{"b":1,"c":1},"d":1}`, []string{"-only-desired"}, ""},
		{"ignored", `{"a":{"b":1,"c":2},"d":{"b":1}}`, `{"a":{"b":2,"c":2}}`, []string{"-ignore", "/*/b"}, `/d,missing,"{""b"":1}",` + "\n"},
		{"ignored by keyed segment", ports, `{"spec":{"ports":[]}}`, []string{"-key", "/spec/ports=port,protocol:TCP", "-ignore", "/spec/ports/443,UDP"}, `"/spec/ports/443,TCP",missing,"{""port"":443}",` + "\n"},
		{"a key below a key", "l: [{n: a, m: [{k: 1, v: 1}]}]", "l: [{n: a, m: [{k: 2}, {k: 1, v: 2}]}]", []string{"-key", "/l=n", "-key", "/l/a/m=k"}, "/l/a/m/1/v,changed,1,2\n/l/a/m/2,unexpected,,\"{\"\"k\"\":2}\"\n"},
	} {
		status, out, diagnostics := drift(t, c.desired, c.observed, c.args...)
		require.Equal(t, "path,kind,desired,observed\n"+c.rows, out, c.name)
		require.Empty(t, diagnostics, c.name)
		require.Equal(t, c.rows != "", status == different, c.name)
		require.NotEqual(t, unread, status, c.name)
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	for text, where := range map[string]string{
		`{"a":1,"a":2}`:                      "line 1, column 8",
		"{\n\"a\": NaN}":                     "line 2, column 6",
		"{a: 1}":                             "line 1, column 2",
		`[1,2`:                               "line 1, column 5",
		"a: 1\nb: 2\na: 3\n":                 "line 3, column 1",
		"a: 1\nb:\n  - 1: x\n    \"1\": y\n": "line 4, column 5",
		"a: .nan":                            "line 1, column 4",
		"a:\n  - -.INF":                      "line 2, column 5",
		"a: 1\n---\nb: 1\n":                  "line 2, column 1",
		"a: 1\n--- \n":                       "line 2, column 1",
		"":                                   "line 1, column 1",
		"# nothing\n":                        "line 1, column 1",
		"a: b: c":                            "line 1, column 5",
		"a: 'b":                              "line 1, column 6",
		"\ta: 1":                             "line 1, column 1",
		"a: *x":                              "line 1, column 4",
		"a: &x [*x]":                         "line 1, column 8",
		"[a]: b":                             "line 1, column 2",
		"? {a: 1}\n: b":                      "line 1, column 3",
		"a: !Ref b":                          "line 1, column 4",
		"a: !!binary aGk=":                   "line 1, column 4",
		"a: !!timestamp 2001-01-01":          "line 1, column 4",
		"a: !!int x":                         "line 1, column 4",
		"a: !!float 0x1F":                    "line 1, column 4",
		"a: !!set {b}":                       "line 1, column 4",
		"b: \n a: \xff":                      "line 2, column 5",
		"a: \x01":                            "line 1, column 4",
		"a: 1e99999999999999999999":          "line 1, column 4",
		strings.Repeat("- ", 600) + "a":      "line 1, column ",
	} {
		status, out, diagnostics := drift(t, `{}`, text)
		require.Equal(t, unread, status, "%.100q: %s", text, out)
		require.Contains(t, diagnostics, where, "%.100q", text)
		require.Empty(t, out)
		status, _, diagnostics = drift(t, text, `{}`)
		require.Equal(t, unread, status, "%.100q", text)
		require.Contains(t, diagnostics, "/desired: ", "it says which file")
	}
	position := regexp.MustCompile(`line \d+, column \d+`)
	for _, text := range []string{`{"l":[1]}`, "l: [{n: []}]", "l:\n- n: 1\n- n: \"1\"", "l: [{}, {m: 1}]"} {
		status, _, diagnostics := drift(t, text, text, "-key", "/l=n")
		require.Equal(t, unread, status, text)
		require.Regexp(t, position, diagnostics)
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("{}"), 0o600))
	both := []string{"-desired", file, "-observed", file}
	for _, args := range [][]string{
		nil,
		{"-desired", file},
		{"-observed", file},
		append(both, "more"), append(both, "-format", "xml"), append(both, "-unknown"),
		append(both, "-ignore", "a"), append(both, "-ignore", "/a~2"), append(both, "-key", "/a"), append(both, "-key", "/a="), append(both, "-key", "/a=b,,c"),
		append(both, "-key", "a=b"), append(both, "-key", "/a=b,b"),
		{"-desired", file, "-observed", file + "2"},
		{"-desired", file, "-observed", t.TempDir()},
	} {
		var diagnostics bytes.Buffer
		require.Equal(t, unread, run(args, io.Discard, &diagnostics), args)
		require.NotEmpty(t, diagnostics.String())
	}
	require.Equal(t, same, run([]string{"-help"}, io.Discard, io.Discard))
	var out bytes.Buffer
	require.Equal(t, same, run(both, &out, io.Discard))
	require.Equal(t, "No drift.\n", out.String())
}

// The help has an example, which comes out as it is printed.
func TestHelpIsTrue(t *testing.T) {
	t.Parallel()
	_, after, _ := strings.Cut(help, "With wanted.yaml\n")
	wanted, after, _ := strings.Cut(after, "and live.yaml\n")
	live, after, _ := strings.Cut(after, "the call\n")
	call, after, _ := strings.Cut(after, "writes\n")
	rows, _, _ := strings.Cut(after, "\n\n")
	args := strings.Fields(call)
	require.Equal(t, "drift", args[0])
	status, out, _ := drift(t, wanted, live, args[5:]...)
	require.Equal(t, different, status)
	require.Equal(t, strings.ReplaceAll(rows+"\n", "  ", ""), out)
}

func TestTextForPeople(t *testing.T) {
	t.Parallel()
	_, out, _ := drift(t, `{"a":1}`, `{"a":2,"b":"`+strings.Repeat("x", 100)+`"}`, "-format", "text")
	require.Equal(t, "KIND        PATH  DESIRED  OBSERVED\nchanged     \"/a\"  1        2\nunexpected  \"/b\"           \""+strings.Repeat("x", 58)+"…\n", out)
}

// The pairs of real manifests and what the API server returned for them.
func TestManifests(t *testing.T) {
	t.Parallel()
	keys := []string{"-format", "csv"}
	for _, k := range []string{
		"/spec/ports=port,protocol:TCP", "/spec/template/spec/containers=name", "/spec/template/spec/initContainers=name", "/spec/template/spec/volumes=name",
		"/spec/template/spec/containers/*/ports=containerPort,protocol:TCP", "/spec/template/spec/containers/*/env=name", "/spec/template/spec/containers/*/volumeMounts=mountPath", "/webhooks=name",
	} {
		keys = append(keys, "-key", k)
	}
	for name, c := range map[string]struct {
		kind       string
		unexpected int
		drift      []string // that is not only observed
	}{
		"k8s-deployment":            {"json", 21, nil},
		"k8s-elasticsearch":         {"json", 32, nil},
		"k8s-mutatingwebhookconfig": {"json", 16, nil},
		"k8s-smd-deploy2":           {"yaml", 23, nil},
		"k8s-smd-service":           {"yaml", 14, []string{"/spec/ports/1935,UDP missing", "/spec/ports/443,UDP missing"}},
	} {
		files := []string{"-desired", "testdata/" + name + "-wanted." + c.kind, "-observed", "testdata/" + name + "-live." + c.kind}
		var out, diagnostics bytes.Buffer
		require.Equal(t, different, run(append(files, keys...), &out, &diagnostics), diagnostics.String())
		rows, err := csv.NewReader(&out).ReadAll()
		require.NoError(t, err)
		unexpected, drift := 0, []string(nil)
		for _, row := range rows[1:] {
			if row[1] == "unexpected" {
				unexpected++
			} else {
				drift = append(drift, row[0]+" "+row[1])
			}
		}
		require.Equal(t, c.unexpected, unexpected, name)
		require.Empty(t, cmp.Diff(c.drift, drift), name)
		status := run(append(append(files, keys...), "-only-desired"), io.Discard, io.Discard)
		require.Equal(t, len(c.drift) > 0, status == different, name)
	}
	// By number alone, the lost ports are told apart from nothing: two of one key.
	require.Equal(t, unread, run([]string{"-desired", "testdata/k8s-smd-service-wanted.yaml", "-observed", "testdata/k8s-smd-service-live.yaml", "-key", "/spec/ports=port"}, io.Discard, io.Discard))
}

package documents_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/inventory/documents"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// kubectl reads YAML 1.1, and so does the API server: a manifest means what they make of it.
func TestAsKubernetesReads(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[yes, Yes, YES, y, Y, on, On, ON, true]":                     "[true,true,true,true,true,true,true,true,true]",
		"[no, No, NO, n, N, off, Off, OFF, false]":                    "[false,false,false,false,false,false,false,false,false]",
		"['yes', \"on\", !!str no, yEs, oN]":                          `["yes","on","no","yEs","oN"]`,
		"[0644, 0600, -017, +07, 00, 0, 089, 08.5]":                   `[420,384,-15,7,0,0,89,8.5]`,
		"[0o17, 0x1F, -0x1F, 0b101, +0b1, 1_000, 0_7, 0x_f, 1_0.5_0]": `[15,31,-31,5,1,1000,7,15,10.50]`,
		"[_1, _, 1__0, 0x, 0b, 0b2, 0x1G, +-1, +-0x1, --0x1]":         `["_1","_",10,"0x","0b","0b2","0x1G","+-1","+-0x1","--0x1"]`,
		"[1:30, 2001-01-01, '0644', ~]":                               `["1:30","2001-01-01","0644",null]`,
		"on: x\n0644: z":                                              `{"420":"z","true":"x"}`,
		"a: &x {b: 1}\nc: *x":                                         `{"a":{"b":1},"c":{"b":1}}`,
		"\"<<\": 1":                                                   `{"<<":1}`,
	} {
		values, err := documents.Read([]byte(" "+text), &documents.Options{Kubernetes: true})
		if strings.Contains(text, "\n") || text[0] == '"' {
			values, err = documents.Read([]byte(text), &documents.Options{Kubernetes: true})
		}
		require.NoError(t, err, text)
		require.Equal(t, want, values[0].String(), text)
	}
	_, err := documents.Read([]byte("a: &x {b: 1}\nc:\n  <<: *x\n"), &documents.Options{Kubernetes: true})
	require.ErrorContains(t, err, "line 3, column 3: merge keys are not read")
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	values, err := documents.Read([]byte("---\na: 1\n---\n# nothing\n---\n- b\n...\n---\n{\"c\": 2}\n"), nil)
	require.NoError(t, err)
	var got []string
	for _, v := range values {
		got = append(got, v.Position()+" "+v.String())
	}
	require.Equal(t, []string{`line 2, column 1 {"a":1}`, `line 5, column 1 null`, `line 6, column 1 ["b"]`, `line 9, column 1 {"c":2}`}, got)
	_, err = documents.Read([]byte("a: 1\n---\nb: 2\n"), &documents.Options{Single: true})
	require.ErrorContains(t, err, "line 2, column 1: a second document begins")
	values, err = documents.Read([]byte("\n\t {\"a\": 1.50}"), nil)
	require.NoError(t, err)
	require.Equal(t, `{"a":1.50}`, values[0].String(), "JSON may have space in front")
}

// Whatever is wrong, the error says where, and nothing of what stands there.
func TestNothingIsTold(t *testing.T) {
	t.Parallel()
	for text, where := range map[string]string{
		"password: *hunter2":                    "line 1, column 11",
		"password: &hunter2":                    "",
		"password: !hunter2 x":                  "line 1, column 11",
		"password: 'hunter2":                    "line 1, column ",
		"password: \"hunter2\\q\"":              "line 1, column ",
		"password: [hunter2":                    "line ",
		"password: hunter2: x":                  "line 1, column ",
		"password: hunter2\n\tx: 1":             "line ",
		"password: %hunter2":                    "line 1, column ",
		"password: @hunter2":                    "line 1, column ",
		"password: `hunter2`":                   "line 1, column ",
		"{\"password\": hunter2}":               "line 1, column 14",
		"{\"password\": \"hunter2\"":            "line 1, column 23",
		"[\"hunter2\", 1e99999999999999999999]": "line 1, column 35",
		"? [hunter2]\n: x":                      "line 1, column 3",
		"a: !!binary hunter2":                   "line 1, column 4",
		"a: !!int hunter2":                      "line 1, column 4",
		"a: 0x" + strings.Repeat("f", 20_000):   "line 1, column 4",
		"a: hunter2\xff":                        "line 1, column ",
		"a: hunter2\n--- !hunter2\n":            "line 2, column ",
	} {
		for _, o := range []*documents.Options{nil, {Kubernetes: true}} {
			_, err := documents.Read([]byte(text), o)
			if where == "" {
				require.NoError(t, err, text)
				continue
			}
			require.ErrorIs(t, err, servicecoin.ErrInvalid, text)
			require.ErrorContains(t, err, where, text)
			require.NotContains(t, err.Error(), "hunter2", text)
		}
	}
}

// A few bytes never stand for many values.
func TestAliasesStandForLittle(t *testing.T) {
	t.Parallel()
	_, err := documents.Read([]byte(bomb()), nil)
	require.ErrorContains(t, err, fmt.Sprintf("has more than %d values, with what aliases stand for", 10_000+len(bomb())))
	values, err := documents.Read([]byte("a: &a [x, y]\nb: [*a, *a, *a]\n"), nil)
	require.NoError(t, err)
	require.JSONEq(t, `{"a":["x","y"],"b":[["x","y"],["x","y"],["x","y"]]}`, values[0].String())
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for text, code := range map[string]string{
		strings.Repeat("a", documents.MaxYAML+1):             "too-long",
		strings.Repeat("- ", configuration.MaxDepth+2) + "a": "too-deep",
		strings.Repeat("---\n", documents.MaxDocuments+1):    "too-many",
		bomb():       "too-many",
		"# nothing":  "empty",
		"a: &x [*x]": "syntax",
	} {
		_, err := documents.Read([]byte(text), nil)
		require.ErrorContains(t, err, "("+code+")", "%.20q", text)
	}
}

// bomb is a text whose aliases stand for billions of values.
func bomb() string {
	var text strings.Builder
	text.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for n := range 9 {
		at, up := string(rune('0'+n)), string(rune('1'+n))
		text.WriteString("a" + up + ": &a" + up + " [" + strings.Repeat("*a"+at+", ", 9) + "*a" + at + "]\n")
	}
	return text.String()
}

package documents_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/interop/inventory/documents"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// read reads the one document of a text.
func read(text []byte) (configuration.Value, error) {
	values, err := documents.Read(text, &documents.Options{Single: true})
	if err != nil {
		return configuration.Value{}, err
	}
	return values[0], nil
}

// YAML 1.2, core schema.
func TestYAML(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: yes\nb: no\nc: on\nd: off\ne: y\nf: n":                                      `{"a":"yes","b":"no","c":"on","d":"off","e":"y","f":"n"}`,
		"[true, True, TRUE, false, False, FALSE, tRUE]":                                 `[true,true,true,false,false,false,"tRUE"]`,
		"[~, null, Null, NULL, nULL, '', ]":                                             `[null,null,null,null,"nULL",""]`,
		"a:\nb: ~\n":                                                                    `{"a":null,"b":null}`,
		"[0o17, 0x1F, 0x1f, 0o0, 017, 0o8, 0b11, 0X1F, -0x1]":                           `[15,31,31,0,17,"0o8","0b11","0X1F","-0x1"]`,
		"[+1, -1, +0, -0, 00, 1_000, 1:30, 0xFFFFFFFFFFFFFFFFFF]":                       `[1,-1,0,-0,0,"1_000","1:30",4722366482869645213695]`,
		"[.5, +.5, -.5, 1., 1.50, 1e3, 1.e3, .5E-3, +12e03, 01.5, ., +., 1e, e3, .e3]":  `[0.5,0.5,-0.5,1,1.50,1e3,1e3,0.5E-3,12e03,1.5,".","+.","1e","e3",".e3"]`,
		"[.inf.nan, inf, nan, Infinity, '.inf', \".nan\", .NAn]":                        `[".inf.nan","inf","nan","Infinity",".inf",".nan",".NAn"]`,
		"[123456789012345678901234567890, 1.00000000000000000000001]":                   `[123456789012345678901234567890,1.00000000000000000000001]`,
		"['1', \"true\", !!str 1, ! 1, !!str null, !!str]":                              `["1","true","1","1","null",""]`,
		"[!!int '5', !!float 1, !!float \"1.5\", !!bool 'true', !!null '', !!int 0x10]": `[5,1,1.5,true,null,16]`,
		"a: 2001-12-14\nb: 2001-12-14t21:59:43.10-05:00\nc: 12:30":                      `{"a":"2001-12-14","b":"2001-12-14t21:59:43.10-05:00","c":"12:30"}`,
		"1: a\ntrue: b\n~: c\n1.0: d\n0x10: e\n? f\n":                                   `{"1":"a","1.0":"d","16":"e","f":null,"null":"c","true":"b"}`,
		"a: &x {b: 1}\nc: *x\nd: [*x, &y 2, *y]":                                        `{"a":{"b":1},"c":{"b":1},"d":[{"b":1},2,2]}`,
		"&k a: 1\nb: *k\n*k : 2\n":                                                      "", // the key stands twice
		"a: &x {b: 1}\nc:\n  <<: *x\n  d: 2":                                            `{"a":{"b":1},"c":{"<<":{"b":1},"d":2}}`,
		"a: !!map {b: !!seq [c]}":                                                       `{"a":{"b":["c"]}}`,
		"a: |\n  x\n   y\nb: >-\n  x\n  y\n\nc: |+\n  z\n\n":                            `{"a":"x\n y\n","b":"x y","c":"z\n\n"}`,
		"a: |\n  12\n": `{"a":"12\n"}`,
		"|\n  12\n":    `"12\n"`,
		"a: x y\n  z\nb: \"x\\n\\u00e4\\x41\\_\\\n  q\"\nc: 'it''s'": `{"a":"x y z","b":"x\näA` + "\u00a0" + `q","c":"it's"}`,
		"- a\n-\n- - b\n  - c\n- d: e\n  f: g":                       `["a",null,["b","c"],{"d":"e","f":"g"}]`,
		"a:\n- 1\n- 2\n":                                             `{"a":[1,2]}`,
		"%YAML 1.2\n---\na: 1\n...\n":                                `{"a":1}`,
		"---\na: 1\n...\n# end\n":                                    `{"a":1}`,
		"--- 5\n":                                                    `5`,
		"---\n":                                                      `null`,
		"\n{a: 1, \"b\":2, c}":                                       `{"a":1,"b":2,"c":null}`,
		" {\"a\": 1}":                                                `{"a":1}`,
		"a: b: c":                                                    "",
		"a: #x\nb: c#d\nc: 'x' # y":                                  `{"a":null,"b":"c#d","c":"x"}`,
		"\"a\": \"\\ud83d\\ude00\"":                                  "", // YAML has no pairs of surrogates
		"http://x: http://y":                                         `{"http://x":"http://y"}`,
		"\ufeff# x\n%YAML 1.2 # y\n--- 5":                            `5`,
		"%YAML 1.2\n%TAG !e! tag:yaml.org,2002:\n---\n!e!str 5": `"5"`,
		"%YAML 1.20\n---\n5":           "",
		"--- |\n %YAML 1.2\n":          "\"%YAML 1.2\\n\"",
		"%FOO x\n%YAML 1.3\n---\n5":    `5`,
		"%YAML 1.2\n%YAML 1.2\n---\n5": "",
		"%YAML 1.2\na: 1":              "",
		"%YAML 2.0\n---\na: 1":         "",
		"a: x\u2028y\u2029 \u0085z\nb: \"\\L\\ue000\u2028\"\n\u2028: \ue001": "{\"a\":\"x\u2028y\u2029 \u0085z\",\"b\":\"\u2028\ue000\u2028\",\"\u2028\":\"\ue001\"}",
		"a: \"\\/\\x41\\e\\U0001F600\"":                                      `{"a":"/A\u001b😀"}`,
		" {\"a\":1,b:2,\"c\":[x:y, -1, a?b]}":                                `{"a":1,"b:2":null,"c":["x:y",-1,"a?b"]}`,
		"plain":                                                              `"plain"`,
		"a: 😀\r\nb: ü\r\n":                                                   `{"a":"😀","b":"ü"}`,
		"{a: 1}":                                                             "", // begins with a brace: it is JSON
		"a: '\u0085'":                                                        `{"a":"` + "\u0085" + `"}`,
	} {
		if text[0] == '[' { // JSON, if nothing is before it
			text = " " + text
		}
		v, err := read([]byte(text))
		if want == "" {
			require.ErrorContains(t, err, "line ", text)
			require.ErrorContains(t, err, "column ", text)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, want, v.String(), text)
	}
}

// Text without quotes is what the core schema of YAML 1.2 makes of it.
func TestCoreSchema(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "null", "~": "null", "null": "null", "Null": "null", "NULL": "null", "nULL": `"nULL"`,
		"true": "true", "True": "true", "FALSE": "false", "yes": `"yes"`, "no": `"no"`, "on": `"on"`, "Off": `"Off"`, "y": `"y"`, "tRUE": `"tRUE"`,
		"1": "1", "-1": "-1", "+1": "1", "007": "7", "-012": "-12", "0o17": "15", "0x1F": "31", "0xffffffffffffffffffff": "1208925819614629174706175",
		"0b1": `"0b1"`, "1_000": `"1_000"`, "-0x1F": `"-0x1F"`, "0o8": `"0o8"`, "190:20:30": `"190:20:30"`, "2001-01-01": `"2001-01-01"`,
		"1.50": "1.50", ".5": "0.5", "-.5": "-0.5", "+.5e-3": "0.5e-3", "1.": "1", "1.e3": "1e3", "01.50": "1.50", "1E+5": "1E+5", "1e400": "1e400",
		".": `"."`, "e3": `"e3"`, "-": `[null]`, "+": `"+"`, "1e": `"1e"`, "inf": `"inf"`, "nan": `"nan"`, ".Infinity": `".Infinity"`,
		"'1'": `"1"`, `"~"`: `"~"`, "|\n  1": `"1"`, "! 12": `"12"`, "!!str 12": `"12"`, "!!str": `""`, `!!int "12"`: "12", "!!float 1": "1", "!!null ''": "null", "!!bool 'true'": "true",
		"!!map {a: 1}": `{"a":1}`, "!!seq [a]": `["a"]`, "!<tag:yaml.org,2002:str> 1": `"1"`,
	} {
		v, err := read([]byte("k: " + text))
		if text == "-" { // a list begins, on a line of its own
			v, err = read([]byte("k:\n- "))
		}
		require.NoError(t, err, text)
		require.Equal(t, want, v.At("/k").String(), text)
	}
	for text, want := range map[string]string{
		"&x [1]\n":                 "[1]",
		"a: &x {b: 1}\nc: *x\n":    `{"a":{"b":1},"c":{"b":1}}`,
		"a: &x {b: 1}\n<<: *x\n":   `{"<<":{"b":1},"a":{"b":1}}`,
		"1: a\ntrue: b\n0x10: c\n": `{"1":"a","16":"c","true":"b"}`,
		"# no\n--- text\n...\n":    `"text"`,
		"%YAML 1.2\n---\na: [b, ]": `{"a":["b"]}`,
		"---\n":                    "null",
		" {\"a\": 1, \"b\": 2.50}": `{"a":1,"b":2.50}`,
		"\ufeff{\"a\":1}":          `{"a":1}`,
		"\ufeffa: 1":               `{"a":1}`,
		"a: \"\\u263a\"":           `{"a":"☺"}`,
	} {
		v, err := read([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, v.String(), text)
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"a: &x [1, 0x1F, .5]\nb: *x\n<<: {c: |\n  x\n}", "{\"a\":1}", "- ~\n- !!str 1\n", "? a\n: b\n", "a: .inf", "%YAML 1.2\n---\n'x'\n...\n", "&a [*a]", "a: \"\\ud83d\"", "--- >+1\n x\n", "!!map {a: !t b}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := read(text)
		if err != nil {
			require.ErrorContains(t, err, "line ")
			require.ErrorContains(t, err, "column ")
			require.NotContains(t, err.Error(), "is YAML that cannot be read", "the library broke")
			return
		}
		again, err := configuration.Parse([]byte(v.String()))
		require.NoError(t, err)
		require.Equal(t, v.String(), again.String())
		require.Empty(t, configuration.Compare(v, again))
	})
}

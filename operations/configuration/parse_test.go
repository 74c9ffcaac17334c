package configuration_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

func parse(t testing.TB, text string) configuration.Value {
	t.Helper()
	v, err := configuration.Parse([]byte(text))
	require.NoError(t, err, text)
	return v
}

func TestParseKeepsWhatIsWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"b":1,"a":[ true , false,null ] }`:         `{"a":[true,false,null],"b":1}`,
		" \t\r\n1.50e+007 ":                          `1.50e+007`,
		"\ufeff[]":                                   `[]`,
		`-0`:                                         `-0`,
		`1e00000000000000000000001`:                  `1e00000000000000000000001`,
		`123456789012345678901234567890.1230`:        `123456789012345678901234567890.1230`,
		`"a\u003cb<>&\/\"\\\b\f\n\r\t\u0001"`:        `"a<b<>&/\"\\\b\f\n\r\t\u0001"`,
		`"\u00e4\uD83D\ude00` + "\u2028\u007f" + `"`: "\"ä😀\u2028\u007f\"",

		`{"":{},"\u0000":[],"z":"\u00e9","e":"ö"}`: `{"":{},"\u0000":[],"e":"ö","z":"é"}`,
	} {
		require.Equal(t, want, parse(t, text).String(), text)
	}
}

func TestParseSaysWhere(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", configuration.MaxDepth)
	for text, want := range map[string]string{
		"":                                "line 1, column 1",
		" \n ":                            "line 2, column 2",
		"{\"a\":1,\n \"b\":2,\n \"a\":3}": "line 3, column 2 \"a\": the name stands twice",
		`{"a":1,"\u0061":2}`:              "line 1, column 8 \"a\"",
		`{"ä":"ö", x`:                     "line 1, column 11",
		`["äö\n",` + "\n\"ü\",]":          "line 2, column 5",
		`[1,]`:                            "line 1, column 4",
		`[1 2]`:                           "line 1, column 4",
		`[1`:                              "line 1, column 3",
		`{"a" 1}`:                         "line 1, column 6",
		`{a:1}`:                           "line 1, column 2",
		`{"a":1,}`:                        "line 1, column 8",
		`{"a":1} x`:                       "line 1, column 9",
		`NaN`:                             "line 1, column 1",
		`-Infinity`:                       "line 1, column 2",
		`01`:                              "line 1, column 1",
		`1.`:                              "line 1, column 3",
		`1.e5`:                            "line 1, column 3",
		`1e`:                              "line 1, column 3",
		`1e+`:                             "line 1, column 4",
		`+1`:                              "line 1, column 1",
		`.5`:                              "line 1, column 1",
		`1e999999999999999999`:            "the exponent is too long",
		`tru`:                             "line 1, column 1",
		`truex`:                           "line 1, column 5",
		`"a`:                              "line 1, column",
		`"a\`:                             "line 1, column 3",
		"\"a\nb\"":                        "line 1, column 3",
		`"\x"`:                            "line 1, column 2",
		`"\u12g4"`:                        "line 1, column 2",
		`"\ud800"`:                        "half of a surrogate pair",
		`"\udc00\ud800"`:                  "half of a surrogate pair",
		"\"\xff\"":                        "line 1, column 2",
		"[\"é\xc3\"]":                     "line 1, column 4",
		"\"\\n\xed\xa0\x80\"":             "not UTF-8",
		deep + "[":                        "more than 500",
		"[" + deep + strings.Repeat("]", configuration.MaxDepth) + "]": "more than 500",
		"/* no */ 1": "line 1, column 1",
		`'a'`:        "line 1, column 1",
	} {
		_, err := configuration.Parse([]byte(text))
		require.ErrorIs(t, err, servicecoin.ErrInvalid, text)
		require.ErrorContains(t, err, want, text)
		require.ErrorContains(t, err, "line ", text)
	}
	_, err := configuration.Parse([]byte(deep + strings.Repeat("]", configuration.MaxDepth)))
	require.NoError(t, err)
	_, err = configuration.Parse(make([]byte, configuration.MaxBytes+1))
	require.ErrorContains(t, err, "are allowed")
	_, err = configuration.Parse([]byte("[" + strings.Repeat("1,", configuration.MaxValues) + "1]"))
	require.ErrorContains(t, err, "more than 2000000 values")
}

// What a document says is in no error: it may be a secret.
func TestErrorsSayNothingOfTheDocument(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"password":"geheim"`, `{"password":geheim}`, `{"password":"geheim\ud800"}`, `{"password":"geheim" "geheim"}`} {
		_, err := configuration.Parse([]byte(text))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "geheim")
	}
}

func TestValueInJSON(t *testing.T) {
	t.Parallel()
	var d configuration.Difference
	text := `{"path":"/a","kind":"changed","desired":1.00,"observed":{"a":"<"}}`
	require.NoError(t, json.Unmarshal([]byte(text), &d))
	require.Equal(t, "1.00", d.Desired.String())
	written, err := json.Marshal(d)
	require.NoError(t, err)
	require.JSONEq(t, text, string(written))
	require.Contains(t, string(written), "1.00")
	_, err = configuration.Value{}.MarshalJSON()
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	require.Error(t, json.Unmarshal([]byte(`{"desired":{"a":1,"a":2}}`), &d))
}

func TestMadeValues(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "-", "1x", " 1", "0x1", "1e1234567890123456789", "NaN"} {
		_, err := configuration.NumberOf(text)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, text)
	}
	n, err := configuration.NumberOf("-1.50")
	require.NoError(t, err)
	o, err := configuration.ObjectOf(
		configuration.Member{Name: "b", Value: configuration.ListOf(n, configuration.NullOf(), configuration.BoolOf(true))},
		configuration.Member{Name: "a", Value: configuration.TextOf("x\xff")})
	require.NoError(t, err)
	require.Equal(t, `{"a":"x�","b":[-1.50,null,true]}`, o.String()) //nolint:testifylint // to the byte
	require.Equal(t, "-1.50", o.At("/b/0").String())
	require.Equal(t, configuration.Absent, o.At("/b/3").Kind())
	require.Equal(t, configuration.Absent, o.At("/b/00").Kind())
	require.Equal(t, configuration.Absent, o.At("b").Kind())
	require.Equal(t, configuration.Absent, o.At("/b/0/x").Kind())
	require.Equal(t, "object array string number boolean null absent", strings.Join([]string{
		o.Kind().String(), o.Member("b").Kind().String(), o.Member("a").Kind().String(), n.Kind().String(),
		configuration.BoolOf(false).Kind().String(), configuration.NullOf().Kind().String(), o.Member("c").Kind().String(),
	}, " "))
	_, err = configuration.ObjectOf(configuration.Member{Name: "a", Value: n}, configuration.Member{Name: "a", Value: n})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{`{"a":[1,2.50e-3,"\u00e4\ud83d\ude00"],"b":{"":null}}`, `[true,false]`, "\ufeff1", `{"a":1,"a":2}`, "\"\xff\"", "1e999999999999999999"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := configuration.Parse(text)
		valid := json.Valid([]byte(strings.TrimPrefix(string(text), "\ufeff")))
		if err != nil {
			if valid && !strings.Contains(err.Error(), "twice") && !strings.Contains(err.Error(), "surrogate") &&
				!strings.Contains(err.Error(), "UTF-8") && !strings.Contains(err.Error(), "exponent is too long") && !strings.Contains(err.Error(), "inside of each other") {
				t.Errorf("%q is JSON: %v", text, err)
			}
			return
		}
		if !valid {
			t.Fatalf("%q is no JSON", text)
		}
		written := v.String()
		again, err := configuration.Parse([]byte(written))
		if err != nil || again.String() != written || !again.Equal(v) {
			t.Errorf("%q is written as %q, and read as %q, %v", text, written, again, err)
		}
		if list := configuration.Compare(v, again); len(list) != 0 {
			t.Errorf("%q differs from itself: %v", text, list)
		}
	})
}

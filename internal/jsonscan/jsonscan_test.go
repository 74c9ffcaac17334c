package jsonscan_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/internal/jsonscan"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	many := make([]string, 40)
	for i := range many {
		many[i] = fmt.Sprintf(`"n%d":1`, i)
	}
	wide := strings.Join(many, ",")
	for text, want := range map[string]string{
		`1`: "", `{"a":{"b":[1, {"c":2}]},"d":[[]] ,"e":{}}`: "", `[[1],[2],[3],[4],[5],[6]]`: "", `[[{}],{},{},{},{},{}]`: "", `["{","}","\"]"]`: "",
		`[[[[[]]]]]`: "too-deep", `{"a":{"a":{"a":{"a":{}}}}}`: "too-deep", `{"a":1,"b":2,"a":3}`: "duplicate", `{"a":1,"\u0061":3}`: "duplicate", `[{"x":[{"b":1,"b":1}]}]`: "duplicate",
		`{"a":{"a":1},"b":{"a":1}}`: "", "{" + wide + "}": "", "{" + wide + `,"n3":1}`: "duplicate", "{" + wide + `,"x":1,"x":1}`: "duplicate", "{" + wide + `,"n39":1}`: "duplicate",
	} {
		require.True(t, json.Valid([]byte(text)), text)
		got := ""
		if v := jsonscan.Check([]byte(text), 4); v != nil {
			got = v.Code
		}
		require.Equal(t, want, got, text)
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	object := []byte(` { "a" : [1, "x]" ,{"b":2}] ,"\u00e4":1e5,"c":{}, "d":"\"}" , "e": null } `)
	var got []string
	for _, m := range jsonscan.Members(object, 10) {
		got = append(got, m.Name+"="+string(m.Raw))
		require.Equal(t, string(m.Raw), string(object[m.At:m.At+len(m.Raw)]))
	}
	require.Equal(t, []string{`a=[1, "x]" ,{"b":2}]`, "ä=1e5", "c={}", `d="\"}"`, "e=null"}, got)
	require.Len(t, jsonscan.Members(object, 2), 3)
	list := jsonscan.Elements([]byte(` [ 1 , "a,b" ,[2,3], {} , null] `), 10)
	require.Equal(t, `["1" "\"a,b\"" "[2,3]" "{}" "null"]`, fmt.Sprintf("%q", list))
	require.Len(t, jsonscan.Elements([]byte(`[1,2,3]`), 1), 2)
	require.Empty(t, jsonscan.Elements([]byte(`[]`), 1))
	require.Empty(t, jsonscan.Members([]byte(`{}`), 1))
	find := func(steps ...jsonscan.Step) string { return string(jsonscan.Find(object, steps)) }
	require.Equal(t, "2", find(jsonscan.Step{Name: "a"}, jsonscan.Step{List: true, Index: 2}, jsonscan.Step{Name: "b"}))
	require.Equal(t, "1e5", find(jsonscan.Step{Name: "ä"}))
	require.Empty(t, find(jsonscan.Step{Name: "a"}, jsonscan.Step{List: true, Index: 3}))
	require.Empty(t, find(jsonscan.Step{Name: "a"}, jsonscan.Step{Name: "b"}))
	require.Empty(t, find(jsonscan.Step{List: true}))
	require.Empty(t, find(jsonscan.Step{Name: "c"}, jsonscan.Step{Name: "b"}))
}

// The parts are those that encoding/json reads, and a check without objects inside is
// told as json.Decoder counts names.
func FuzzParts(f *testing.F) {
	for _, text := range []string{`{"a":[1,"x]",{"b":2}],"\u00e4":1e5}`, `[[],{},"\\\"",null,true]`, `{"":{"":{"":0}}}`, `"a"`, ` [ ] `} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) || !utf8.ValidString(text) {
			return
		}
		var list []json.RawMessage
		if json.Unmarshal([]byte(text), &list) == nil && list != nil {
			got := jsonscan.Elements([]byte(text), len(list))
			require.Len(t, got, len(list))
			for i := range list {
				require.Equal(t, string(list[i]), string(got[i]))
			}
		}
		var object map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &object) == nil && object != nil {
			got := jsonscan.Members([]byte(text), len(text))
			last := map[string]string{}
			for _, m := range got {
				last[m.Name] = string(m.Raw)
			}
			require.Len(t, last, len(object))
			for name, raw := range object {
				require.Equal(t, string(raw), last[name])
			}
			if v := jsonscan.Check([]byte(text), len(text)); v == nil {
				require.Len(t, got, len(object))
			}
		}
	})
}

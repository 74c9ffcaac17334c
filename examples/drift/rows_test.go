package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// Each case is a sentence of what the program promises.
func TestRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		desired, observed string
		args              []string
		want              string // lines after the header
	}{
		"missing":                              {`{"a":1}`, `{}`, nil, "/a,missing,1,\n"},
		"unexpected":                           {`{}`, `{"a":1}`, nil, "/a,unexpected,,1\n"},
		"changed":                              {`{"a":1}`, `{"a":2}`, nil, "/a,changed,1,2\n"},
		"only desired":                         {`{"a":1,"b":{"c":1},"l":[1]}`, `{"a":2,"x":1,"b":{"c":1,"d":1},"l":[1,2]}`, []string{"-only-desired"}, "/a,changed,1,2\n"},
		"only desired in keyed lists":          {`[{"n":1}]`, `[{"n":2},{"n":1,"v":1}]`, []string{"-only-desired", "-key", "=n"}, ""},
		"the root's path is empty":             {`[]`, `{}`, nil, ",changed,[],{}\n"},
		"the highest path only":                {`{"a":{"b":{"c":1,"d":[2]}}}`, `{"a":{}}`, nil, `/a/b,missing,"{""c"":1,""d"":[2]}",` + "\n"},
		"indexes in byte order":                {`[0,1,2,3,4,5,6,7,8,9,10]`, `[0,1,2,3,4,5,6,7,8]`, nil, "/10,missing,10,\n/9,missing,9,\n"},
		"escaped segments":                     {`{"a/b":1,"m~n":1,"":1," ":1}`, `{}`, nil, "/,missing,1,\n/ ,missing,1,\n/a~1b,missing,1,\n/m~0n,missing,1,\n"},
		"keys sorted, numbers as written":      {`{"a":{"z":1.50,"b":-1E2}}`, `{}`, nil, `/a,missing,"{""b"":-1E2,""z"":1.50}",` + "\n"},
		"numbers are decimals":                 {`[1.0,100,0.1,1e400,9007199254740993]`, `[1,1e2,0.10000000000000001,10e399,9007199254740992]`, nil, "/2,changed,0.1,0.10000000000000001\n/4,changed,9007199254740993,9007199254740992\n"},
		"types differ":                         {`[1,true,[],"",0]`, `["1","true",{},null,false]`, nil, "/0,changed,1,\"\"\"1\"\"\"\n/1,changed,true,\"\"\"true\"\"\"\n/2,changed,[],{}\n/3,changed,\"\"\"\"\"\",null\n/4,changed,0,false\n"},
		"null is a value":                      {`{"a":null}`, `{"b":null}`, nil, "/a,missing,null,\n/b,unexpected,,null\n"},
		"not escaped":                          {`{"a":"<b>&c"}`, `{"a":"\u003cb\u003e&d"}`, nil, "/a,changed,\"\"\"<b>&c\"\"\",\"\"\"<b>&d\"\"\"\n"},
		"ignored with all below":               {`{"s":{"a":1},"b":1}`, `{"s":{"a":2,"x":1},"b":2}`, []string{"-ignore", "/s"}, "/b,changed,1,2\n"},
		"ignored several times":                {`{"a":1,"b":1,"c":1}`, `{"a":2,"b":2,"c":2}`, []string{"-ignore", "/a", "-ignore=/c"}, "/b,changed,1,2\n"},
		"ignored, and absent":                  {`{"a":1}`, `{"b":1}`, []string{"-ignore", "/a", "-ignore", "/b"}, ""},
		"a star is one segment":                {`{"a":{"x":{"t":1}},"b":[{"t":1,"u":1}],"t":1}`, `{"a":{"x":{"t":2}},"b":[{"t":2,"u":2}],"t":2}`, []string{"-ignore", "/*/*/t"}, "/b/0/u,changed,1,2\n/t,changed,1,2\n"},
		"ignored does not trim":                {`{"a":{"b":1,"c":1}}`, `{}`, []string{"-ignore", "/a/b"}, `/a,missing,"{""b"":1,""c"":1}",` + "\n"},
		"ignored, the root":                    {`1`, `{}`, []string{"-ignore", ""}, ""},
		"an index does not ignore a keyed one": {`[{"n":"x","v":1}]`, `[{"n":"x","v":2}]`, []string{"-key", "=n", "-ignore", "/0/v"}, "/x/v,changed,1,2\n"},
		"keyed segments in a key's pointer":    {`{"c":[{"n":"a","env":[{"n":"X"}]},{"n":"b","env":[{"n":"X"}]}]}`, `{"c":[{"n":"b","env":[{"n":"Z"}]},{"n":"a","env":[{"n":"Y"}]}]}`, []string{"-key", "/c=n", "-key", "/c/a/env=n"}, "/c/a/env/X,missing,\"{\"\"n\"\":\"\"X\"\"}\",\n/c/a/env/Y,unexpected,,\"{\"\"n\"\":\"\"Y\"\"}\"\n/c/b/env/0/n,changed,\"\"\"X\"\"\",\"\"\"Z\"\"\"\n"},
		"a comma in a keyed segment":           {`[{"p":443,"q":"UDP","v":1},{"p":443,"q":"TCP","v":1}]`, `[{"p":443,"q":"TCP","v":2},{"p":443,"q":"UDP","v":2}]`, []string{"-key", "=p,q", "-ignore", "/443,UDP/v"}, "\"/443,TCP/v\",changed,1,2\n"},
		"a slash in a key":                     {`[{"n":"a/b~"}]`, `[]`, []string{"-key", "=n"}, "/a~1b~0,missing,\"{\"\"n\"\":\"\"a/b~\"\"}\",\n"},
		"scalars as text":                      {`[{"n":1.0},{"n":true},{"n":null}]`, `[{"n":"1.0"},{"n":"true"},{"n":"null"}]`, []string{"-key", "=n"}, "/1.0/n,changed,1.0,\"\"\"1.0\"\"\"\n/null/n,changed,null,\"\"\"null\"\"\"\n/true/n,changed,true,\"\"\"true\"\"\"\n"},
		"a key where there is no list":         {`{"l":[{"n":1}]}`, `{"l":{"n":1}}`, []string{"-key", "/l=n"}, "/l,changed,\"[{\"\"n\"\":1}]\",\"{\"\"n\"\":1}\"\n"},
		"an ignored list needs no keys":        {`{"l":[1,1]}`, `{"l":[1]}`, []string{"-key", "/l=n", "-ignore", "/l"}, ""},
		"marks of byte order":                  {"\ufeff{ \"a\" : 1 }\n", "\ufeffa: 2\n", nil, "/a,changed,1,2\n"},
		"YAML that JSON cannot write":          {"a: 0x1F\nb: .5\nc: +1\nd: 0o17", `{"a":32,"b":0.6,"c":2,"d":15.0}`, nil, "/a,changed,31,32\n/b,changed,0.5,0.6\n/c,changed,1,2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, notes := drift(t, c.desired, c.observed, c.args...)
			require.Empty(t, notes)
			if diff := cmp.Diff("path,kind,desired,observed\n"+c.want, out); diff != "" {
				t.Error(diff)
			}
			require.Equal(t, c.want != "", status == different, "status %d", status)
			require.NotEqual(t, unread, status)
		})
	}
}

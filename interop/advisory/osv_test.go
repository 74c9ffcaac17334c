package advisory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/advisory"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// record reads a record with the id X-1 and more.
func record(t testing.TB, more string) *advisory.OSV {
	t.Helper()
	o, err := advisory.ReadOSV([]byte(`{"id": "X-1", ` + more + `}`))
	require.NoError(t, err, more)
	return o
}

func codes(list []advisory.Finding) (out []string) {
	for _, f := range list {
		out = append(out, f.Code)
	}
	return out
}

func TestPackages(t *testing.T) {
	t.Parallel()
	for where, want := range map[string]string{
		`"Go","name":"golang.org/x/net"`:                                   "pkg:golang/golang.org/x/net",
		`"Go","name":"stdlib"`:                                             "pkg:golang/stdlib",
		`"Go","name":"toolchain"`:                                          "pkg:golang/toolchain",
		`"npm","name":"@angular/core"`:                                     "pkg:npm/%40angular/core",
		`"npm","name":"left-pad"`:                                          "pkg:npm/left-pad",
		`"PyPI","name":"Django"`:                                           "pkg:pypi/Django",
		`"Maven","name":"org.a:b"`:                                         "pkg:maven/org.a/b",
		`"Maven:https://repo.example.com/","name":"org.a:b"`:               "pkg:maven/org.a/b",
		`"crates.io","name":"serde"`:                                       "pkg:cargo/serde",
		`"NuGet","name":"Newtonsoft.Json"`:                                 "pkg:nuget/Newtonsoft.Json",
		`"RubyGems","name":"rails"`:                                        "pkg:gem/rails",
		`"Packagist","name":"symfony/http-kernel"`:                         "pkg:composer/symfony/http-kernel",
		`"GitHub Actions","name":"actions/checkout"`:                       "pkg:github/actions/checkout",
		`"SwiftURL","name":"github.com/apple/swift-nio"`:                   "pkg:swift/github.com/apple/swift-nio",
		`"Debian:12","name":"g++"`:                                         "pkg:deb/debian/g%2B%2B",
		`"Alpine:v3.19","name":"openssl"`:                                  "pkg:apk/alpine/openssl",
		`"Go","name":"x","purl":"pkg:golang/example.com/y"`:                "pkg:golang/example.com/y",
		`"Go","name":"x","purl":"pkg:golang/example.com/y@v1.2?a=b"`:       "pkg:golang/example.com/y?a=b",
		`"npm","name":"x","purl":"pkg:npm/%40a/b@1%40c#sub"`:               "pkg:npm/%40a/b#sub",
		`"Go","name":"example.com/x","purl":"golang/example.com/x@v1.0.0"`: "pkg:golang/example.com/x",
	} {
		o := record(t, `"affected":[{"package":{"ecosystem":`+where+`},"versions":["1"]}]`)
		require.Equal(t, []patch.Product{{Component: patch.Component{PURL: want}, Versions: []string{"1"}}}, o.Bulletin.Products, where)
	}
	o := record(t, `"affected":[{"package":{"ecosystem":"Amiga","name":"x"},"versions":["1"]}]`)
	require.Equal(t, patch.Component{Name: "x"}, o.Bulletin.Products[0].Component)
	require.Equal(t, []string{advisory.FoundEcosystem}, codes(o.Findings))
}

func TestWhatVersionsAreAffected(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		affected string
		standing patch.Standing // "-": no product
		spans    int
		found    []string
	}{
		"a range":               {`"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]`, "", 1, nil},
		"nothing":               {`"ranges":null`, patch.Open, 0, []string{advisory.FoundRange}},
		"commits alone":         {`"ranges":[{"type":"GIT","repo":"x","events":[{"introduced":"0"}]}]`, patch.Open, 0, []string{advisory.FoundRange}},
		"commits and a version": {`"versions":["1"],"ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]`, "", 0, nil},
		"another type":          {`"ranges":[{"type":"MOON","events":[{"introduced":"0"}]}]`, patch.Open, 0, []string{advisory.FoundRange, advisory.FoundRange}},
		"an empty range":        {`"ranges":[{"type":"SEMVER","events":[]}]`, "-", 0, []string{advisory.FoundRange}},
		"an odd event":          {`"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"begun":"1"}]}]`, "", 1, []string{advisory.FoundRange}},
		"odd versions":          {`"ranges":[{"type":"SEMVER","events":[{"introduced":"one"},{"fixed":"two"}]}]`, "", 1, []string{advisory.FoundRange}},
		"null in an event":      {`"ranges":[{"type":"SEMVER","events":[{"introduced":"0","fixed":null}]}]`, "", 1, nil},
	} {
		o := record(t, `"affected":[{"package":{"ecosystem":"Go","name":"x"},`+c.affected+`}]`)
		require.Equal(t, c.found, codes(o.Findings), "%s: %v", name, o.Findings)
		if c.standing == "-" {
			require.Empty(t, o.Bulletin.Products, name)
			continue
		}
		require.Len(t, o.Bulletin.Products, 1, name)
		require.Equal(t, c.standing, o.Bulletin.Products[0].Standing, name)
		require.Len(t, o.Bulletin.Products[0].Spans, c.spans, name)
	}
	o := record(t, `"affected":[{"ranges":[{"type":"GIT","events":[]}]}]`)
	require.Empty(t, o.Bulletin.Products)
	require.Equal(t, []string{advisory.FoundNameless}, codes(o.Findings))

	// More versions than one product may have are several products.
	o = record(t, `"affected":[{"package":{"ecosystem":"npm","name":"x"},"versions":["`+strings.Join(numbers(4500), `","`)+`"]}]`)
	require.Len(t, o.Bulletin.Products, 3)
	got, _ := o.Bulletin.Match(patch.Component{PURL: "pkg:npm/x@1.4499.0"})
	require.Equal(t, patch.Vulnerable, got)
	got, _ = o.Bulletin.Match(patch.Component{PURL: "pkg:npm/x@1.4500.0"})
	require.Equal(t, patch.Patched, got)
}

func numbers(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("1.%d.0", i))
	}
	return out
}

func TestSeverities(t *testing.T) {
	t.Parallel()
	const v2, v31, v40 = `{"type":"CVSS_V2","score":"AV:N/AC:L/Au:N/C:C/I:C/A:C"}`, `{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}`,
		`{"type":"CVSS_V4","score":"CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}`
	for name, c := range map[string]struct {
		more, score string
		severity    patch.Severity
		found       []string
	}{
		"none":                       {`"severity":null`, "", "", nil},
		"2.0":                        {`"severity":[` + v2 + `]`, "10", patch.High, nil},
		"3.1":                        {`"severity":[` + v31 + `]`, "9.8", "", nil},
		"the newest counts":          {`"severity":[` + v31 + `,` + v40 + `,` + v2 + `]`, "7.3", "", nil},
		"of what is affected":        {`"affected":[{"package":{"ecosystem":"Go","name":"x"},"versions":["1"],"severity":[` + v31 + `]}]`, "9.8", "", nil},
		"a word":                     {`"database_specific":{"severity":"MODERATE"}`, "", patch.Medium, nil},
		"a score is more":            {`"severity":[` + v40 + `],"database_specific":{"severity":"CRITICAL"}`, "7.3", "", nil},
		"an odd word":                {`"database_specific":{"severity":"purple"}`, "", "", nil},
		"a word of another kind":     {`"database_specific":{"severity":["x"]}`, "", "", nil},
		"Ubuntu's":                   {`"severity":[{"type":"Ubuntu","score":"medium"}]`, "", patch.Medium, nil},
		"a vector that is none":      {`"severity":[{"type":"CVSS_V3","score":"9.8"}],"database_specific":{"severity":"low"}`, "", patch.Low, []string{advisory.FoundVector}},
		"the worst word of packages": {`"affected":[{"package":{"ecosystem":"Go","name":"x"},"versions":["1"],"database_specific":{"severity":"low"}},{"package":{"ecosystem":"Go","name":"y"},"versions":["1"],"ecosystem_specific":{"severity":"high"}}]`, "", patch.High, nil},
	} {
		o := record(t, c.more)
		score := ""
		if o.Bulletin.Score.Valid {
			score = o.Bulletin.Score.Decimal.String()
		}
		require.Equal(t, c.score, score, name)
		require.Equal(t, c.severity, o.Bulletin.Severity, name)
		require.Equal(t, c.found, codes(o.Findings), name)
	}
}

func TestRecordsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"nothing":              {"", "line 1, column 1: there is nothing"},
		"a list":               {"[]", "line 1, column 1: a record must be an object"},
		"no id":                {`{"aliases":[]}`, "line 1, column 1: the record has no id"},
		"an id that is none":   {`{"id":1}`, "line 1, column 7: id must be a text, it is a number"},
		"another format":       {`{"schema_version":"2.0.0","id":"x"}`, "line 1, column 19 \"2.0.0\": only version 1"},
		"a time that is none":  {`{"id":"x","published":"2024-01-24"}`, "line 1, column 23 \"2024-01-24\": published must be an instant"},
		"aliases, one text":    {`{"id":"x","aliases":"y"}`, "line 1, column 21: aliases must be a list"},
		"an alias, a number":   {`{"id":"x","aliases":["y",1]}`, "line 1, column 26: a member of aliases must be a text"},
		"affected, an object":  {`{"id":"x","affected":{}}`, "line 1, column 22: affected must be a list"},
		"too long an id":       {`{"id":"` + strings.Repeat("x", 201) + `"}`, "line 1, id"},
		"too many aliases":     {`{"id":"x","aliases":["` + strings.Repeat(`a","`, 60) + `b"]}`, "line 1, aliases: has 61"},
		"a key twice":          {`{"id":"x","id":"y"}`, "line 1, column 11: the key \"id\" stands twice"},
		"it ends early":        {`{"id":"x"`, "line 1, column 10: the JSON ends early"},
		"YAML, a key twice":    {"id: x\nid: y\n", "line 2, column 1: the key \"id\" stands twice"},
		"YAML, an alias":       {"id: &a x\naliases: [*a]\n", "line 1, column 5: anchors and aliases"},
		"YAML, two documents":  {"id: x\n---\nid: y\n", "is no YAML"},
		"YAML, a list":         {"- x\n", "line 1, column 1: a record must be an object, it is a list"},
		"YAML, a plain value":  {"hello\n", "line 1, column 1: a record must be an object, it is a plain value"},
		"YAML, a bad indent":   {"id: x\naffected:\n - package:\n   name: y\n  x: z\n", "is no YAML"},
		"YAML, an open quote":  {"id: \"x\n", "is no YAML"},
		"YAML, a tab":          {"id: x\n\t- y", "is no YAML"},
		"YAML, too deep":       {"id: " + strings.Repeat("[", 150) + strings.Repeat("]", 150), "too-deep"},
		"YAML, much too deep":  {"id: " + strings.Repeat("[", 200_000), "too-deep"},
		"YAML, dashes":         {strings.Repeat("- ", 200_000), "too-deep"},
		"YAML, too long":       {"id: x\ndetails: " + strings.Repeat("x", 1<<20), "too-long"},
		"YAML, a list of keys": {"? [a]\n: b\n", "line 1, column 3: a key must be a text"},
	} {
		_, err := advisory.ReadOSV([]byte(c.text))
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
		require.ErrorContains(t, err, c.want, name)
		require.Regexp(t, `line \d+, `, err.Error(), name)
	}
	_, err := advisory.ReadOSV(make([]byte, advisory.MaxBytes+1))
	require.ErrorContains(t, err, "too-long")
}

func TestYAML(t *testing.T) {
	t.Parallel()
	o, err := advisory.ReadOSV([]byte(`---
id: X-1
modified: 0001-01-01T00:00:00Z
published: 2024-01-24T18:31:02+01:00
withdrawn: ~
summary: >-
  two
  lines
details: |
  a: b
  - c
affected:
- package: {name: django, ecosystem: PyPI}
  versions: [1.10, 2, '1e3', 0x10]
  ranges:
  - type: ECOSYSTEM
    events:
    - introduced: 0
    - fixed: 1.10
`))
	require.NoError(t, err)
	require.Equal(t, "two lines", o.Bulletin.Title)
	require.Equal(t, "a: b\n- c", o.Bulletin.Text)
	require.True(t, o.Bulletin.Modified.IsZero())
	require.Equal(t, instant(t, "2024-01-24T17:31:02Z"), o.Bulletin.Published)
	require.Equal(t, []string{"1.10", "2", "1e3", "0x10"}, o.Bulletin.Products[0].Versions, "versions are as they are written")
	require.Equal(t, []patch.Span{{Fixed: "1.10"}}, o.Bulletin.Products[0].Spans)
}

func TestWhatIsCut(t *testing.T) {
	t.Parallel()
	links := `{"url":"https://example.com/` + strings.Join(numbers(250), `"},{"url":"https://example.com/`) + `"}`
	o := record(t, `"summary":"`+strings.Repeat("ä", 600)+`","details":"`+strings.Repeat("ä", 9000)+`","references":[`+links+`]`)
	require.NoError(t, o.Bulletin.Validate())
	require.Equal(t, []string{advisory.FoundCut, advisory.FoundCut, advisory.FoundCut}, codes(o.Findings))
	require.True(t, strings.HasSuffix(o.Bulletin.Text, "ä…"))
	require.Len(t, o.Bulletin.References, 200)
}

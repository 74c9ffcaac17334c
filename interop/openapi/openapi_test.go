package openapi_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/interop/openapi"
)

var today = calendar.Date{Year: 2026, Month: 3, Day: 2}

func file(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "corpus", name+".yaml"))
	require.NoError(t, err)
	return text
}

func compare(t testing.TB, before, after string) *openapi.Difference {
	t.Helper()
	d, err := openapi.Compare(file(t, before), file(t, after), today)
	require.NoError(t, err)
	return d
}

// of are the changes of a level as "code operation: text".
func of(d *openapi.Difference, l openapi.Level) []string {
	var out []string
	for _, c := range d.Changes {
		if c.Level == l {
			out = append(out, strings.TrimSpace(c.Code+" "+c.Operation)+": "+c.Text)
		}
	}
	return out
}

func codes(d *openapi.Difference) []string {
	var out []string
	for _, f := range d.Findings {
		out = append(out, f.Code)
	}
	return out
}

const score = "GET /api/{domain}/{project}/badges/security-score"

// Every loss that the corpus names is found.
func TestTufin(t *testing.T) {
	t.Parallel()
	d := compare(t, "tufin-1", "tufin-2")
	require.Equal(t, []string{
		"request-schema-not-added " + score + ": the query parameter image may no longer be what its new not describes",
		"response-success-status-removed " + score + ": removed the success response with the status `200`",
		"response-success-status-removed " + score + ": removed the success response with the status `201`",
		"api-security-removed POST /register: the endpoint scheme security `bearerAuth` was removed from the API",
		"api-security-scope-added POST /register: the security scope `write:pets` was added to the endpoint's security scheme `OAuth`",
	}, of(d, openapi.Breaking))
	risky := strings.Join(of(d, openapi.Risky), "\n")
	for _, want := range []string{
		score + ": deleted the `cookie` request parameter `test`", score + ": deleted the `header` request parameter `user`",
		score + ": deleted the `query` request parameter `filter`",
		"GET /api/{domain}/{project}/install-command: deleted the `header` request parameter `network-policies`",
	} {
		require.Contains(t, risky, want)
	}
	harmless := strings.Join(of(d, openapi.Harmless), "\n")
	for _, want := range []string{"removed the non-success response with the status `400`", "added the new enum value `test1`", "added the new optional `header` request parameter `name`"} {
		require.Contains(t, harmless, want)
	}
	// The enum of domain is only in another order, and no operation is gone.
	require.NotContains(t, harmless+risky, "`domain`")
	require.NotContains(t, harmless+risky, "removed-")
	require.Equal(t, []string{openapi.CodeBreakingVersion}, codes(d))
	require.Contains(t, d.Findings[0].Text, "from 1.0.0 to 1.0.1: no new major one")
	require.Equal(t, "Tufin 1.0.0 3.0.3 4", fmt.Sprint(d.Before.Title, " ", d.Before.Version, " ", d.Before.OpenAPI, " ", d.Before.Operations))
	require.Equal(t, "Tufin1 1.0.1", d.After.Title+" "+d.After.Version)
}

func TestTufinStates(t *testing.T) {
	t.Parallel()
	d := compare(t, "tufin-701", "tufin-702")
	require.False(t, d.Breaks())
	require.Zero(t, d.Counts[openapi.Risky])
	require.Equal(t, []string{
		"request-parameter-enum-value-added GET /api/{domain}/{project}/install-command: added the new enum value `removed-value` to the `path` request parameter `domain`",
		"endpoint-added POST /subscribe: endpoint added",
	}, of(d, openapi.Harmless))
	require.Equal(t, []string{openapi.CodeVersionSame}, codes(d))

	d = compare(t, "tufin-702", "tufin-703")
	require.Equal(t, []string{
		"request-parameter-enum-value-removed GET /api/{domain}/{project}/install-command: removed the enum value `removed-value` from the `path` request parameter `domain`",
	}, of(d, openapi.Breaking))
	require.Contains(t, strings.Join(of(d, openapi.Harmless), "\n"), "POST /register: added the media type")
	require.Equal(t, []string{openapi.CodeBreakingVersion}, codes(d))
	require.Equal(t, "one change breaks, and the version is still 1.0.0", d.Findings[0].Text)

	same := compare(t, "tufin-1", "tufin-1")
	require.Empty(t, same.Changes)
	require.Empty(t, same.Findings)
	require.Equal(t, same.Before, same.After)
}

func TestSunset(t *testing.T) {
	t.Parallel()
	doc, err := openapi.Read(file(t, "sunset-deprecated"))
	require.NoError(t, err)
	require.Equal(t, []openapi.Operation{{Name: "GET /api/test", Sunset: calendar.Date{Year: 9999, Month: 8, Day: 10}}}, doc.Deprecated)

	d := compare(t, "sunset-deprecated", "sunset-removed")
	require.Equal(t, []string{"removed-before-sunset GET /api/test: is gone on 2026-03-02, before its sunset on 9999-08-10"}, of(d, openapi.Breaking))
	require.Equal(t, []string{openapi.CodeBeforeSunset, openapi.CodeBreakingVersion}, codes(d))

	base, after := string(file(t, "sunset-deprecated")), file(t, "sunset-removed")
	for name, c := range map[string]struct {
		change, to string
		level      openapi.Level
		code       string
	}{
		"on the day":       {"9999-08-10", "2026-03-02", openapi.Harmless, openapi.CodeAfterSunset},
		"the day before":   {"9999-08-10", "2026-03-03", openapi.Breaking, openapi.CodeBeforeSunset},
		"with a time":      {"9999-08-10", "2026-03-01T12:00:00Z", openapi.Harmless, openapi.CodeAfterSunset},
		"no day":           {"9999-08-10", "soon", openapi.Breaking, openapi.CodeBadSunset},
		"no sunset":        {"      x-sunset: \"9999-08-10\"\n", "", openapi.Risky, openapi.CodeNoSunset},
		"not deprecated":   {"deprecated: true", "deprecated: false", openapi.Breaking, openapi.CodeNotDeprecated},
		"a draft":          {"deprecated: true", "x-stability-level: draft", openapi.Harmless, openapi.CodeUnstable},
		"said to be there": {"/api/test", "/api/other", openapi.Breaking, openapi.CodeBeforeSunset},
	} {
		require.Contains(t, base, c.change, name)
		d, err := openapi.Compare([]byte(strings.Replace(base, c.change, c.to, 1)), after, today)
		require.NoError(t, err, name)
		found := false
		for _, x := range d.Changes {
			found = found || x.Code == c.code && x.Level == c.level
		}
		require.True(t, found, "%s: %v", name, d.Changes)
	}
}

// doc is a small document.
func doc(version, get string) []byte {
	return fmt.Appendf(nil, `{"openapi":"3.0.3","info":{"title":"T","version":%q},"paths":{"/a/{id}":{"parameters":[{"in":"path","name":"id","required":true,"schema":{"type":"string"}}],"get":{%s"responses":{"200":{"description":"OK"}}}}}}`, version, get)
}

func TestVersions(t *testing.T) {
	t.Parallel()
	const filter = `"parameters":[{"in":"query","name":"q","schema":{"type":"string"}}],`
	const needs = `"parameters":[{"in":"query","name":"q","required":true,"schema":{"type":"string"}}],`
	for name, c := range map[string]struct {
		before, after string
		breaks        bool
		want          []string
	}{
		"a major one":             {"1.4.0", "2.0.0", true, nil},
		"before one":              {"0.1.0", "0.2.0", true, nil},
		"before one, a patch":     {"0.1.0", "0.1.1", true, []string{openapi.CodeBreakingVersion}},
		"a minor one":             {"1.4.0", "1.5.0", true, []string{openapi.CodeBreakingVersion}},
		"a minor one, harmless":   {"1.4.0", "1.5.0", false, nil},
		"the same in other words": {"v1", "1.0.0", true, []string{openapi.CodeBreakingVersion}},
		"a day":                   {"2024-01-01", "2024-06-01", true, nil},
		"words":                   {"one", "two", true, nil},
		"the same words":          {"one", "one", true, []string{openapi.CodeBreakingVersion}},
		"back":                    {"2.0.0", "1.0.0", false, []string{openapi.CodeVersionBack}},
		"back, and breaking":      {"2.0.0", "1.0.0", true, []string{openapi.CodeVersionBack, openapi.CodeBreakingVersion}},
	} {
		get := filter
		if c.breaks {
			get = needs
		}
		d, err := openapi.Compare(doc(c.before, ""), doc(c.after, get), today)
		require.NoError(t, err, name)
		require.Equal(t, c.breaks, d.Breaks(), name)
		require.Equal(t, c.want, codes(d), name)
	}
	// A path whose parameter has another name is the same path.
	d, err := openapi.Compare(doc("1.0.0", ""), []byte(strings.ReplaceAll(strings.ReplaceAll(string(doc("1.0.1", "")), "{id}", "{key}"), `"name":"id"`, `"name":"key"`)), today)
	require.NoError(t, err)
	require.False(t, d.Breaks(), d.Changes)
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	good := doc("1.0.0", "")
	for name, c := range map[string]struct{ text, want string }{
		"nothing":          {"", "there is nothing"},
		"not UTF-8":        {"\xff", "must be UTF-8"},
		"too long":         {strings.Repeat(" ", openapi.MaxBytes+1), "are allowed"},
		"too deep":         {strings.Repeat("[", 5000), "too-deep"},
		"no YAML":          {"a: [", "is no OpenAPI document"},
		"a text":           {"hello", "is no OpenAPI document"},
		"Swagger":          {`{"swagger":"2.0","info":{"title":"T","version":"1"},"paths":{}}`, "must be OpenAPI 3"},
		"no info":          {`{"openapi":"3.0.3","paths":{}}`, "must have an info"},
		"another file":     {strings.Replace(string(good), `{"type":"string"}`, `{"$ref":"other.yaml#/x"}`, 1), "is no OpenAPI document"},
		"another machine":  {strings.Replace(string(good), `{"type":"string"}`, `{"$ref":"http://169.254.169.254/x"}`, 1), "is no OpenAPI document"},
		"a lost reference": {strings.Replace(string(good), `{"type":"string"}`, `{"$ref":"#/components/schemas/X"}`, 1), "is no OpenAPI document"},
		"many aliases":     {"a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e]\n", "values"},
		"many operations":  {manyOperations(2001), "2001 operations"},
	} {
		_, err := openapi.Read([]byte(c.text))
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
		require.ErrorContains(t, err, c.want, name)
		_, err = openapi.Compare(good, []byte(c.text), today)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
		require.ErrorContains(t, err, "after", name)
	}
	_, err := openapi.Compare([]byte("x"), []byte("y"), calendar.Date{})
	require.ErrorContains(t, err, "before")
	require.ErrorContains(t, err, "after")
	require.ErrorContains(t, err, "asOf")
}

// An operation that holds much, many times.
func heavy(operations, schemas, most int) []byte {
	var b strings.Builder
	b.WriteString(`{"openapi":"3.0.3","info":{"title":"T","version":"1"},"paths":{`)
	for n := range operations {
		if n > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `"/p%d":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/S0"}}}},"responses":{"200":{"description":"x"}}}}`, n)
	}
	b.WriteString(`},"components":{"schemas":{`)
	for n := range schemas {
		if n > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `"S%d":{"type":"object","properties":{"next":{"$ref":"#/components/schemas/S%d"},"text":{"type":"string","maxLength":%d}}}`, n, (n+1)%schemas, most)
	}
	b.WriteString("}}}")
	return []byte(b.String())
}

func TestReach(t *testing.T) {
	t.Parallel()
	_, err := openapi.Read(heavy(500, 300, 10)) // 500 times 600
	require.ErrorContains(t, err, "reach more than 150000 schemas")
	d, err := openapi.Compare(heavy(20, 100, 10), heavy(20, 100, 5), today)
	require.NoError(t, err)
	require.True(t, d.Breaks())
}

func manyOperations(n int) string {
	paths := map[string]any{}
	for i := range n {
		paths[fmt.Sprintf("/p%d", i)] = map[string]any{"get": map[string]any{"responses": map[string]any{"200": map[string]any{"description": "OK"}}}}
	}
	text, err := json.Marshal(map[string]any{"openapi": "3.0.3", "info": map[string]any{"title": "T", "version": "1"}, "paths": paths})
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// A list of changes has an end; its counts do not.
func TestManyChanges(t *testing.T) {
	t.Parallel()
	d, err := openapi.Compare([]byte(manyOperations(1500)), []byte(manyOperations(1)), today)
	require.NoError(t, err)
	require.Len(t, d.Changes, openapi.MaxChanges)
	require.Equal(t, 1499-openapi.MaxChanges, d.More)
	require.Equal(t, 1499, d.Counts[openapi.Breaking])
}

// Schemas that hold themselves end.
func TestRecursiveSchemas(t *testing.T) {
	t.Parallel()
	tree := func(not string) []byte {
		return []byte(`{"openapi":"3.0.3","info":{"title":"T","version":"1"},"paths":{"/a":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/N"}}}},"responses":{"200":{"description":"OK"}}}}},"components":{"schemas":{"N":{"type":"object",` + not + `"properties":{"a":{"$ref":"#/components/schemas/N"},"b":{"$ref":"#/components/schemas/N"},"c":{"type":"array","items":{"$ref":"#/components/schemas/N"}}}}}}}`)
	}
	d, err := openapi.Compare(tree(""), tree(`"not":{"required":["x"]},`), today)
	require.NoError(t, err)
	require.Equal(t, []string{"request-schema-not-added POST /a: the body application/json may no longer be what its new not describes"}, of(d, openapi.Breaking))
}

func FuzzCompare(f *testing.F) {
	for _, pair := range [][2]string{{"tufin-702", "tufin-703"}, {"sunset-deprecated", "sunset-removed"}} {
		f.Add(file(f, pair[0]), file(f, pair[1]))
	}
	f.Add(doc("1", ""), doc("2", `"deprecated":true,`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		d, err := openapi.Compare(a, b, today)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		total := 0
		for _, n := range d.Counts {
			total += n
		}
		require.Equal(t, total, len(d.Changes)+d.More)
		again, err := openapi.Compare(a, b, today)
		require.NoError(t, err)
		require.Equal(t, d, again)
	})
}

package advisory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/advisory"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/version"
)

const head = `{"document":{"csaf_version":"2.0","title":"T","tracking":{"id":"D-1"},"aggregate_severity":{"text":"Important"}},`

// document is a CSAF document with a product tree and one vulnerability.
func document(t testing.TB, tree, flaw string) *advisory.CSAF {
	t.Helper()
	c, err := advisory.ReadCSAF([]byte(head + `"product_tree":{` + tree + `},"vulnerabilities":[{"cve":"CVE-1",` + flaw + `}]}`))
	require.NoError(t, err)
	return c
}

// branch is products of a vendor and a name, by a category and names; ids are p1, p2 …
func branch(category string, names ...string) string {
	var list []string
	for n, name := range names {
		list = append(list, fmt.Sprintf(`{"category":%q,"name":%q,"product":{"name":"V N %s","product_id":"p%d"}}`, category, name, name, n+1))
	}
	return `"branches":[{"category":"vendor","name":"V","branches":[{"category":"product_name","name":"N","branches":[` + strings.Join(list, ",") + `]}]}]`
}

func TestProductsOfTrees(t *testing.T) {
	t.Parallel()
	const affected = `"product_status":{"known_affected":["p1"]}`
	full := func(name, helper string) string {
		return `"full_product_names":[{"name":"` + name + `","product_id":"p1","product_identification_helper":{` + helper + `}}]`
	}
	for name, c := range map[string]struct {
		tree string
		want patch.Component
		of   []string // versions
	}{
		"branches":                      {branch("product_version", "1.2"), patch.Component{Vendor: "V", Name: "N"}, []string{"1.2"}},
		"a service pack, a number":      {branch("service_pack", "12.2(55)SE"), patch.Component{Vendor: "V", Name: "N"}, []string{"12.2(55)SE"}},
		"a full name alone":             {full("Router X", ""), patch.Component{Name: "Router X"}, nil},
		"an image":                      {full("a/b:v1", ""), patch.Component{Name: "a/b"}, []string{"v1"}},
		"a package URL":                 {full("log4j", `"purl":"pkg:rpm/redhat/log4j@0:1.2-7?arch=noarch"`), patch.Component{PURL: "pkg:rpm/redhat/log4j?arch=noarch", Name: "log4j"}, []string{"0:1.2-7"}},
		"a CPE of 2.2":                  {full("", `"cpe":"cpe:/a:csaf-tools:converter:1.0.0"`), patch.Component{Vendor: "csaf-tools", Name: "converter"}, []string{"1.0.0"}},
		"a CPE of 2.3":                  {full("", `"cpe":"cpe:2.3:o:a\\:b:c\\-d:*:*:*:*:*:*:*:*"`), patch.Component{Vendor: "a:b", Name: "c-d"}, nil},
		"a package URL that is none":    {full("x", `"purl":"log4j"`), patch.Component{Name: "x"}, nil},
		"a part of another product":     {`"full_product_names":[{"name":"os","product_id":"o"},{"name":"lib","product_id":"l","product_identification_helper":{"purl":"pkg:npm/lib@1"}}],"relationships":[{"category":"default_component_of","product_reference":"l","relates_to_product_reference":"o","full_product_name":{"name":"lib of os","product_id":"p1"}}]`, patch.Component{PURL: "pkg:npm/lib", Name: "lib"}, []string{"1"}},
		"a part with a URL of its own":  {`"full_product_names":[{"name":"os","product_id":"o"},{"name":"lib","product_id":"l"}],"relationships":[{"category":"installed_on","product_reference":"l","relates_to_product_reference":"o","full_product_name":{"name":"lib of os","product_id":"p1","product_identification_helper":{"purl":"pkg:npm/lib@2"}}}]`, patch.Component{PURL: "pkg:npm/lib", Name: "lib"}, []string{"2"}},
		"a family stands for no name":   {`"branches":[{"category":"product_family","name":"F","branches":[{"category":"product_version","name":"3","product":{"name":"F 3","product_id":"p1"}}]}]`, patch.Component{Name: "F"}, []string{"3"}},
		"a service pack beside version": {`"branches":[{"category":"product_name","name":"W","branches":[{"category":"product_version","name":"7","branches":[{"category":"service_pack","name":"Service Pack 1","product":{"name":"W","product_id":"p1"}}]}]}]`, patch.Component{Name: "W"}, []string{"7 Service Pack 1"}},
	} {
		d := document(t, c.tree, affected)
		require.Equal(t, []patch.Product{{Component: c.want, Standing: patch.Affected, Versions: c.of}}, d.Flaws[0].Products, "%s: %v", name, d.Findings)
	}
}

func TestRangesOfVersions(t *testing.T) {
	t.Parallel()
	for text, c := range map[string]struct {
		spans    []patch.Span
		versions []string
		scheme   version.Scheme
		found    bool
	}{
		"<4.2":                       {[]patch.Span{{Fixed: "4.2"}}, nil, version.SemVer, false},
		"<= V4.2":                    {[]patch.Span{{Last: "V4.2"}}, nil, "", false},
		"vers:npm/>=1.0.0|<2.0.0":    {[]patch.Span{{Introduced: "1.0.0", Fixed: "2.0.0"}}, nil, version.SemVer, false},
		"vers:maven/>=1|<=2|>=3|<4":  {[]patch.Span{{Introduced: "1", Last: "2"}, {Introduced: "3", Fixed: "4"}}, nil, version.Maven, false},
		"vers:pypi/1.0|1.1":          {nil, []string{"1.0", "1.1"}, version.PyPI, false},
		"vers:all/*":                 {[]patch.Span{{}}, nil, version.SemVer, false},
		">=1.0,<2.0":                 {[]patch.Span{{Introduced: "1.0", Fixed: "2.0"}}, nil, version.SemVer, false},
		">1.0":                       {[]patch.Span{{Introduced: "1.0"}}, nil, version.SemVer, true},
		"vers:npm/<2.0.0|!=1.0.0":    {[]patch.Span{{Fixed: "2.0.0"}}, nil, version.SemVer, true},
		"all versions":               {[]patch.Span{{}}, nil, version.SemVer, false},
		"prior to 4.2":               {nil, nil, "", true},
		"vers:npm/":                  {nil, nil, version.SemVer, true},
		"<10.0.0.1":                  {[]patch.Span{{Fixed: "10.0.0.1"}}, nil, "", false},
		">=1.0 <2.0":                 {nil, nil, "", true},
		"vers:generic/<1.0|>=2.0|<3": {[]patch.Span{{Fixed: "1.0"}, {Introduced: "2.0", Fixed: "3"}}, nil, version.SemVer, false},
	} {
		for _, status := range []string{"known_affected", "known_not_affected"} {
			d := document(t, branch("product_version_range", text), `"product_status":{"`+status+`":["p1"]}`)
			require.Len(t, d.Flaws[0].Products, 1, text)
			p := d.Flaws[0].Products[0]
			require.Equal(t, c.spans, p.Spans, text)
			require.Equal(t, c.versions, p.Versions, text)
			require.Equal(t, c.scheme, p.Scheme, text)
			require.Equal(t, c.found, len(d.Findings) > 0, "%s: %v", text, d.Findings)
			if c.spans == nil && c.versions == nil {
				require.Equal(t, patch.Open, p.Standing, "%s: what cannot be read is open, not safe", text)
			}
		}
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	three := branch("product_version", "1.0", "2.0", "3.0")
	for name, c := range map[string]struct {
		tree, flaw string
		has        map[string]patch.Verdict
		found      []string
	}{
		"all of them": {
			three, `"product_status":{"known_affected":["p1"],"under_investigation":["p2"],"known_not_affected":["p3"]}`,
			map[string]patch.Verdict{"1.0": patch.Vulnerable, "2.0": patch.Undecided, "3.0": patch.NotApplicable},
			nil,
		},
		"recommended is mended": {three, `"product_status":{"known_affected":["p1","p2"],"recommended":["p3"]}`, map[string]patch.Verdict{"2.0": patch.Vulnerable, "3.0": patch.Patched}, nil},
		"from the first to the last": {
			three, `"product_status":{"first_affected":["p1"],"last_affected":["p2"],"first_fixed":["p3"]}`,
			map[string]patch.Verdict{"0.9": patch.Patched, "1.0": patch.Vulnerable, "1.5": patch.Vulnerable, "2.9": patch.Vulnerable, "3.0": patch.Patched},
			nil,
		},
		"to the last": {three, `"product_status":{"last_affected":["p2"]}`, map[string]patch.Verdict{"0.1": patch.Vulnerable, "2.0": patch.Vulnerable, "2.1": patch.Patched}, nil},
		"the worst of one version holds": {
			three, `"product_status":{"known_not_affected":["p1"],"known_affected":["p1"],"fixed":["p1"]}`,
			map[string]patch.Verdict{"1.0": patch.Vulnerable},
			[]string{advisory.FoundStatus, advisory.FoundStatus},
		},
		"safe in one product, not in another": {
			`"full_product_names":[{"name":"lib","product_id":"a"},{"name":"lib","product_id":"b"}]`, `"product_status":{"known_not_affected":["a"],"known_affected":["b"]}`,
			map[string]patch.Verdict{"1.0": patch.Vulnerable},
			[]string{advisory.FoundStatus},
		},
		"all safe but one": {
			`"full_product_names":[{"name":"lib","product_id":"a"},{"name":"lib","product_id":"b","product_identification_helper":{"cpe":"cpe:/a:v:lib:1.0"}}],"branches":[{"category":"product_name","name":"lib","branches":[{"category":"product_version","name":"1.0","product":{"name":"lib 1.0","product_id":"c"}}]}]`,
			`"product_status":{"known_not_affected":["a"],"known_affected":["c"]}`,
			map[string]patch.Verdict{"1.0": patch.Vulnerable},
			[]string{advisory.FoundStatus},
		},
		"a product that is not there": {three, `"product_status":{"known_affected":["p9","p1"]}`, map[string]patch.Verdict{"1.0": patch.Vulnerable}, []string{advisory.FoundProduct}},
		"no status":                   {three, `"product_status":null`, map[string]patch.Verdict{"1.0": patch.NotApplicable}, nil},
	} {
		d := document(t, c.tree, c.flaw)
		require.Equal(t, c.found, codes(d.Findings), "%s: %v", name, d.Findings)
		component := patch.Component{Vendor: "V", Name: "N"}
		if !strings.Contains(c.tree, `"N"`) {
			component = patch.Component{Name: "lib"}
		}
		for v, want := range c.has {
			component.Version = v
			got, why := d.Flaws[0].Match(component)
			require.Equal(t, want, got, "%s, %s: %s", name, v, why)
		}
	}
}

func TestRemediesAndScores(t *testing.T) {
	t.Parallel()
	d := document(t, branch("product_version", "1", "2", "3")+`,"product_groups":[{"group_id":"g","product_ids":["p2","p3"]}]`, `
		"ids":[{"system_name":"Bug","text":"7"},{"system_name":"GitHub","text":"GHSA-1"},{"system_name":"Web","text":"https://example.com/7"}],
		"notes":[{"category":"other","text":"no"},{"category":"description","text":"yes"}],
		"product_status":{"known_affected":["p1","p2"],"known_not_affected":["p3"]},
		"remediations":[{"category":"workaround","details":"Turn it off.","group_ids":["g"]},{"category":"vendor_fix","details":"Update.","url":"https://example.com","product_ids":["p1","p2"]},
			{"category":"no_fix_planned","details":"It is old.","product_ids":["p2"]}],
		"scores":[{"products":["p1"],"cvss_v3":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N","baseScore":6.1}},
			{"products":["p2"],"cvss_v2":{"version":"2.0","vectorString":"AV:N/AC:L/Au:N/C:C/I:C/A:C","baseScore":10},"cvss_v3":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","baseScore":9.9}}]`)
	b := d.Flaws[0]
	require.Equal(t, "D-1/CVE-1", b.ID)
	require.Equal(t, []string{"CVE-1", "GHSA-1"}, b.Aliases, "a bug of a tracker is no name of the flaw")
	require.Contains(t, b.References, "https://example.com/7")
	require.Equal(t, "yes\n\nNo fix is planned. It is old.", b.Text)
	require.Equal(t, map[string]int{"workaround": 1, "vendor_fix": 1, "no_fix_planned": 1}, d.Remediations)
	got := map[string]string{}
	for _, p := range b.Products {
		got[strings.Join(p.Versions, ",")] = p.Remedy
	}
	require.Equal(t, map[string]string{"1": "Update. https://example.com", "2": "Update. https://example.com\nOnly a workaround: Turn it off.", "3": ""}, got)
	require.Equal(t, "9.8", b.Score.Decimal.String(), "that of the vector, of the newest CVSS, the highest")
	require.Equal(t, []string{advisory.FoundVector}, codes(d.Findings), "9.9 is given")

	for scores, want := range map[string]patch.Bulletin{
		`[]`: {Severity: patch.High}, // Important
		`[{"cvss_v3":{"vectorString":"CVSS:3.1/odd","baseScore":5.5}}]`:                                     {Vector: "CVSS:3.1/odd"},
		`[{"cvss_v2":{"version":"2.0","vectorString":"odd","baseScore":9.5}}]`:                              {Vector: "odd", Severity: patch.High},
		`[{"cvss_v3":{"vectorString":"CVSS:3.1/odd"}}]`:                                                     {Severity: patch.High},
		`[{"cvss_v2":{"version":"2.0","vectorString":"AV:N/AC:L/Au:N/C:C/I:C/A:C"}}]`:                       {Vector: "AV:N/AC:L/Au:N/C:C/I:C/A:C", Severity: patch.High},
		`[{"cvss_v3":{"vectorString":"CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"}}]`:                     {Vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"},
		`[{"cvss_v3":{"vectorString":"CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N"}}]`:                     {Vector: "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N"},
		`null,"threats":[{"category":"impact","details":"Low"}]`:                                            {Severity: patch.Low},
		`null,"threats":[{"category":"exploit_status","details":"Low"}]`:                                    {Severity: patch.High},
		`null,"threats":[{"category":"impact","details":"Code execution, perhaps"}]`:                        {Severity: patch.High},
		`null,"threats":[{"category":"impact","details":"Low"},{"category":"impact","details":"Critical"}]`: {Severity: patch.Critical},
	} {
		b := document(t, branch("product_version", "1"), `"scores":`+scores).Flaws[0]
		require.Equal(t, want.Vector, b.Vector, scores)
		require.Equal(t, want.Severity, b.Severity, scores)
	}
}

func TestNamesOfVulnerabilities(t *testing.T) {
	t.Parallel()
	d, err := advisory.ReadCSAF([]byte(head + `"vulnerabilities":[{"cve":"CVE-1"},{"cve":"CVE-1"},{"ids":[{"system_name":"Bug","text":"7"}]},{"title":"x"}]}`))
	require.NoError(t, err)
	var ids []string
	for _, b := range d.Bulletins() {
		ids = append(ids, b.ID)
	}
	require.Equal(t, []string{"D-1/CVE-1", "D-1/CVE-1/2", "D-1/Bug 7", "D-1/4"}, ids)
	require.Equal(t, []string{advisory.FoundNameless}, codes(d.Findings))
}

func TestDocumentsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                   {"", "line 1, column 1: there is nothing"},
		"a list":                    {"[]", "line 1, column 1: the document must be an object"},
		"no document":               {"{}", "line 1, column 1: there is no document"},
		"no version":                {`{"document":{}}`, "line 1, column 13: the document has no csaf_version"},
		"another version":           {`{"document":{"csaf_version":"3.0"}}`, `line 1, column 29 "3.0": is CSAF 3.0`},
		"no id":                     {`{"document":{"csaf_version":"2.0"}}`, "line 1, column 13: the document has no tracking id"},
		"a time that is none":       {`{"document":{"csaf_version":"2.0","tracking":{"id":"x","initial_release_date":"soon"}}}`, `line 1, column 79 "soon"`},
		"it ends early":             {head + `"product_tree":{`, "the JSON ends early"},
		"YAML":                      {"document:\n  csaf_version: x\n", "line 1, column 1: is no JSON"},
		"a product without an id":   {head + `"product_tree":{"full_product_names":[{"name":"x"}]}}`, "a product has no product_id"},
		"two products of one id":    {head + `"product_tree":{"full_product_names":[{"name":"x","product_id":"p"},{"name":"y","product_id":"p"}]}}`, "two products have this product_id"},
		"branches, an object":       {head + `"product_tree":{"branches":{}}}`, "branches must be a list"},
		"a score that cannot be":    {head + `"vulnerabilities":[{"scores":[{"cvss_v3":{"vectorString":"x","baseScore":11}}]}]}`, "baseScore must be from 0 to 10"},
		"vulnerabilities, a number": {head + `"vulnerabilities":1}`, "vulnerabilities must be a list"},
		"too deep":                  {head + `"product_tree":{` + strings.Repeat(`"branches":[{`, 100), "too-deep"},
		"a relationship twice":      {head + `"product_tree":{"full_product_names":[{"name":"x","product_id":"p"}],"relationships":[{"product_reference":"p","full_product_name":{"product_id":"p"}}]}}`, "a relationship needs a product_id of its own"},
	} {
		_, err := advisory.ReadCSAF([]byte(c.text))
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
		require.ErrorContains(t, err, c.want, name)
		require.Regexp(t, `line \d+, column \d+`, err.Error(), name)
	}
}

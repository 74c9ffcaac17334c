package advisory_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/advisory"
	"github.com/servicecoin/servicecoin/operations/patch"
)

func corpus(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "corpus", name))
	require.NoError(t, err)
	return data
}

func osv(t testing.TB, name string) *advisory.OSV {
	t.Helper()
	o, err := advisory.ReadOSV(corpus(t, name))
	require.NoError(t, err, name)
	require.NoError(t, o.Bulletin.Validate(), name)
	return o
}

func csaf(t testing.TB, name string) *advisory.CSAF {
	t.Helper()
	c, err := advisory.ReadCSAF(corpus(t, name))
	require.NoError(t, err, name)
	for _, b := range c.Flaws {
		require.NoError(t, b.Validate(), name)
	}
	return c
}

func kev(t testing.TB, name string) *advisory.KEV {
	t.Helper()
	k, err := advisory.ReadKEV(corpus(t, name))
	require.NoError(t, err, name)
	for _, b := range k.Bulletins() {
		require.NoError(t, b.Validate(), name)
	}
	return k
}

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

// What the corpus says of its OSV records: a line for each of them, and the versions that
// its README names.
func TestOSVRecords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, schema, published, withdrawn string
		aliases, related                   []string
		products                           int
		verdicts                           map[string]patch.Verdict
	}{
		{
			"osv-GHSA-6f9g-cxwr-q5jr.json", "1.4.0", "2024-01-24T18:31:02Z", "",
			[]string{"CVE-2024-23897"},
			nil, 3,
			map[string]patch.Verdict{
				"pkg:maven/org.jenkins-ci.main/jenkins-core@1.605": patch.Patched, "pkg:maven/org.jenkins-ci.main/jenkins-core@1.606": patch.Vulnerable,
				"pkg:maven/org.jenkins-ci.main/jenkins-core@2.426.3": patch.Patched, "pkg:maven/org.jenkins-ci.main/jenkins-core@2.426.10": patch.Patched,
				"pkg:maven/org.jenkins-ci.main/jenkins-core@2.427": patch.Vulnerable, "pkg:maven/org.jenkins-ci.main/jenkins-core@2.441": patch.Vulnerable,
				"pkg:maven/org.jenkins-ci.main/jenkins-core@2.442": patch.Patched, "pkg:maven/org.jenkins-ci.main/remoting@2.441": patch.NotApplicable,
			},
		},
		{
			"osv-GO-2022-0248.json", "1.3.1", "2022-07-15T23:07:18Z", "",
			[]string{"CVE-2021-3907", "GHSA-cqh2-vc2f-q4fh", "GHSA-8459-6rc9-8vf8"},
			[]string{"GHSA-3jhm-87m6-x959"},
			1,
			map[string]patch.Verdict{"pkg:golang/github.com/cloudflare/cfrpki@v1.4.3": patch.Vulnerable, "pkg:golang/github.com/cloudflare/cfrpki@v1.4.4": patch.Patched},
		},
		{
			"osv-GO-2023-1800.json", "1.3.1", "", "",
			[]string{"CVE-2023-33189", "GHSA-pvrc-wvj2-f59p"},
			nil, 1,
			map[string]patch.Verdict{
				"pkg:golang/github.com/pomerium/pomerium@v0.18.0": patch.Vulnerable, "pkg:golang/github.com/pomerium/pomerium@v0.18.1": patch.Patched,
				"pkg:golang/github.com/pomerium/pomerium@v0.17.4": patch.Patched, "pkg:golang/github.com/pomerium/pomerium@v0.22.1": patch.Vulnerable,
			},
		},
		{
			"osv-GO-2024-2687.json", "1.3.1", "", "",
			[]string{"CVE-2023-45288", "GHSA-4v7x-pqxf-cx7m"},
			nil, 2,
			map[string]patch.Verdict{
				"pkg:golang/stdlib@1.21.8": patch.Vulnerable, "pkg:golang/stdlib@1.21.9": patch.Patched, "pkg:golang/stdlib@1.22.0-rc.1": patch.Vulnerable,
				"pkg:golang/stdlib@1.22.2": patch.Patched, "pkg:golang/golang.org/x/net@v0.22.0": patch.Vulnerable, "pkg:golang/golang.org/x/net@v0.23.0": patch.Patched,
			},
		},
		{
			"osv-GO-2024-2730.json", "1.3.1", "", "2024-04-17T18:06:23Z", nil,
			[]string{"CVE-2024-3400"},
			1,
			map[string]patch.Verdict{"pkg:golang/github.com/gorilla/sessions@v1.2.2": patch.NotApplicable},
		},
		{
			"osv-GO-2024-3112.json", "1.3.1", "", "",
			[]string{"GHSA-g5xx-c4hv-9ccc"},
			nil, 1,
			map[string]patch.Verdict{
				"pkg:golang/github.com/cometbft/cometbft@v0.36.9": patch.Patched, "pkg:golang/github.com/cometbft/cometbft@v0.37.10": patch.Vulnerable,
				"pkg:golang/github.com/cometbft/cometbft@v0.37.11": patch.Patched, "pkg:golang/github.com/cometbft/cometbft@v0.38.11": patch.Vulnerable,
			},
		},
		{
			"osv-PYSEC-2009-3.yaml", "", "2009-08-04T16:30:00Z", "",
			[]string{"CVE-2009-2659"},
			nil, 1,
			map[string]patch.Verdict{"pkg:pypi/django@0.96": patch.Vulnerable, "pkg:pypi/Django@1.0.4": patch.Vulnerable, "pkg:pypi/django@1.1": patch.Patched},
		},
	} {
		o := osv(t, c.file)
		b := o.Bulletin
		require.Equal(t, c.schema, o.Schema, c.file)
		require.Contains(t, c.file, b.ID)
		require.Equal(t, c.aliases, b.Aliases, c.file)
		require.Equal(t, c.related, o.Related, c.file)
		require.Len(t, b.Products, c.products, c.file)
		require.NotEmpty(t, b.Title, c.file)
		require.NotEmpty(t, b.References, c.file)
		for text, at := range map[string]time.Time{c.published: b.Published, c.withdrawn: b.Withdrawn} {
			if text == "" {
				continue
			}
			require.Equal(t, instant(t, text), at, c.file)
		}
		require.Equal(t, c.published == "", b.Published.IsZero(), "%s: 0001-01-01 is unknown", c.file)
		require.Equal(t, c.withdrawn == "", b.Withdrawn.IsZero(), c.file)
		for purl, want := range c.verdicts {
			got, why := b.Match(patch.Component{PURL: purl})
			require.Equal(t, want, got, "%s, %s: %s", c.file, purl, why)
		}
	}
	require.Equal(t, "9.8", osv(t, "osv-GHSA-6f9g-cxwr-q5jr.json").Bulletin.Score.Decimal.String())
	require.Equal(t, []advisory.Finding{{Line: 8, Code: advisory.FoundPURL, Text: "is no package URL: pkg:pypi:django"}}, osv(t, "osv-PYSEC-2009-3.yaml").Findings)
	found := osv(t, "osv-GO-2024-3112.json").Findings
	require.Len(t, found, 1)
	require.Contains(t, found[0].Text, "only its ecosystem understands", "custom_ranges")
}

// What the corpus says of its CSAF documents.
func TestCSAFDocuments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, id, category, version, released, current, tlp string
		flaws, products, relationships, revisions           int
		statuses, remediations                              map[string]int
	}{
		{
			"csaf-bsi-2022-0001.json", "BSI-2022-0001", "csaf_security_advisory", "1", "2022-03-17T13:03:42.105Z", "2022-03-17T13:03:42.105Z", "WHITE", 1, 6, 0, 1,
			map[string]int{"first_fixed": 1, "fixed": 1, "known_affected": 5},
			map[string]int{"vendor_fix": 1},
		},
		{
			"csaf-cisco-smi2.json", "cisco-sa-20180328-smi2", "Cisco Security Advisory", "3.0.0", "2018-03-28T16:00:00Z", "2018-04-17T15:08:41Z", "", 1, 259, 0, 7,
			map[string]int{"known_affected": 259},
			map[string]int{"workaround": 1},
		},
		{
			"csaf-rhsa-2021_5186.json", "RHSA-2021:5186", "csaf_security_advisory", "1", "2021-12-16T22:34:00Z", "2021-12-16T22:34:00Z", "WHITE", 2, 4, 3, 1,
			map[string]int{"fixed": 2, "known_not_affected": 4},
			map[string]int{"vendor_fix": 2},
		},
		{
			"csaf-vex-mixed.json", "2022-EVD-UC-03-MS-001", "csaf_vex", "1", "2022-03-03T11:00:00Z", "2022-03-03T11:00:00Z", "", 19, 1, 0, 1,
			map[string]int{"fixed": 3, "known_affected": 5, "known_not_affected": 6, "under_investigation": 5},
			map[string]int{"none_available": 5},
		},
	} {
		d := csaf(t, c.file)
		require.Equal(t, []string{c.id, c.category, c.version, "final", c.tlp}, []string{d.ID, d.Category, d.Version, d.Status, d.TLP}, c.file)
		require.Equal(t, []int{c.flaws, c.products, c.relationships, c.revisions}, []int{len(d.Flaws), d.Products, d.Relationships, d.Revisions}, c.file)
		require.Equal(t, instant(t, c.released), d.Released, c.file)
		require.Equal(t, instant(t, c.current), d.Current, c.file)
		require.Equal(t, c.statuses, d.Statuses, c.file)
		require.Equal(t, c.remediations, d.Remediations, c.file)
		require.Empty(t, d.Findings, c.file)
	}
	_, err := advisory.ReadCSAF(corpus(t, "csaf21-rhsa-2022_0011.json"))
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	require.ErrorContains(t, err, `line 9, column 21 "2.1": is CSAF 2.1: only 2.0 is known`)
}

func TestWhatCSAFMeans(t *testing.T) {
	t.Parallel()
	says := func(b patch.Bulletin, vendor, name, version string) patch.Verdict {
		got, _ := b.Match(patch.Component{Vendor: vendor, Name: name, Version: version})
		return got
	}
	bsi := csaf(t, "csaf-bsi-2022-0001.json").Flaws[0]
	require.Equal(t, "BSI-2022-0001/CVE-2022-27193", bsi.ID)
	require.Equal(t, []string{"CVE-2022-27193"}, bsi.Aliases)
	require.Equal(t, "6.1", bsi.Score.Decimal.String())
	require.Equal(t, patch.Vulnerable, says(bsi, "CSAF Tools", "CVRF-CSAF-Converter", "1.0.0-rc1"))
	require.Equal(t, patch.Patched, says(bsi, "CSAF Tools", "CVRF-CSAF-Converter", "1.0.0-rc2"))
	require.Len(t, bsi.Products, 2, "first_fixed and fixed are one")

	cisco := csaf(t, "csaf-cisco-smi2.json").Flaws[0]
	require.Equal(t, patch.Critical, patch.SeverityOf(cisco.Score))
	named := 0
	for _, p := range cisco.Products {
		require.Contains(t, p.Remedy, "Only a workaround: ")
		named += len(p.Versions)
	}
	require.Equal(t, 259, named)
	require.Equal(t, patch.Vulnerable, says(cisco, "Cisco", "IOS", "12.2(55)SE3"))

	rh := csaf(t, "csaf-rhsa-2021_5186.json").Flaws
	require.Equal(t, []patch.Severity{patch.Medium, patch.Critical}, []patch.Severity{rh[0].Severity, rh[1].Severity}, "words, where there is no score")
	require.Equal(t, patch.Patched, says(rh[0], "Red Hat", "openshift4/ose-metering-hive", "v4.6.0-202112160147.p0.gf139e12.assembly.stream"))
	work := 0
	for _, b := range rh {
		for _, p := range b.Products {
			if p.Standing == patch.NotAffected {
				require.Empty(t, p.Remedy, "there is nothing to patch")
				work++
			}
		}
	}
	require.Equal(t, 4, work)

	count := map[patch.Verdict]int{}
	for _, b := range csaf(t, "csaf-vex-mixed.json").Flaws {
		v := says(b, "Example Company", "GHI", "17.4")
		count[v]++
		if v == patch.Vulnerable {
			require.Empty(t, b.Products[0].Remedy, "none_available is no remedy")
			require.Contains(t, b.Text, "There is no remedy yet. We are working")
		}
	}
	require.Equal(t, map[patch.Verdict]int{patch.Vulnerable: 5, patch.Undecided: 5, patch.NotApplicable: 6, patch.Patched: 3}, count)
}

// What the corpus says of CISA's lists.
func TestKEVLists(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, version, released, first, last string
		entries, vendors, products           int
		known, uncwed                        int
		days                                 string
	}{
		{
			"kev-2021.csv", "", "", "2021-11-03", "2022-03-07", 400, 72, -1, 87, -1,
			"-644: 1, -467: 1, -408: 1, -201: 4, -106: 1, 14: 147, 21: 68, 181: 158, 182: 11, 184: 8",
		},
		{
			"kev-newer.json", "2025.08.25", "2025-08-25T17:04:19.9796Z", "2021-11-03", "2025-05-07", 255, 85, 145, 41, 14,
			"-644: 1, -408: 1, -201: 1, -194: 4, -106: 1, 7: 7, 8: 1, 21: 239",
		},
		{
			"kev-older.json", "2025.02.18", "2025-02-18T17:59:12.4464Z", "2021-11-03", "2025-02-18", 193, 69, 117, 20, 10,
			"-644: 1, -408: 1, -201: 1, -194: 4, -106: 1, 7: 6, 8: 1, 21: 177, 49: 1",
		},
	} {
		k := kev(t, c.file)
		require.Equal(t, c.version, k.Version, c.file)
		if c.released != "" {
			require.Equal(t, instant(t, c.released), k.Released, c.file)
		}
		require.Len(t, k.Entries, c.entries, c.file)
		require.Len(t, k.Bulletins(), c.entries, c.file)
		vendors, products, days := map[string]bool{}, map[string]bool{}, map[int]int{}
		var added []string
		known, uncwed := 0, 0
		for _, e := range k.Entries {
			vendors[e.Vendor], products[e.Product] = true, true
			added = append(added, e.Added.String())
			days[int(e.Due.In(time.UTC).Start.Sub(e.Added.In(time.UTC).Start).Hours()/24)]++
			if e.Ransomware == "Known" {
				known++
			}
			if len(e.CWEs) == 0 {
				uncwed++
			}
		}
		require.Len(t, vendors, c.vendors, c.file)
		if c.products >= 0 {
			require.Len(t, products, c.products, c.file)
		}
		require.Equal(t, []string{c.first, c.last}, []string{slices.Min(added), slices.Max(added)}, c.file)
		require.Equal(t, c.known, known, c.file)
		if c.uncwed >= 0 {
			require.Equal(t, c.uncwed, uncwed, c.file)
		}
		var keys []int
		for d := range days {
			keys = append(keys, d)
		}
		slices.Sort(keys)
		var text []string
		for _, d := range keys {
			text = append(text, fmt.Sprintf("%d: %d", d, days[d]))
		}
		require.Equal(t, c.days, strings.Join(text, ", "), c.file)
	}
	require.Equal(t, []advisory.Finding{{Line: 5, Code: advisory.FoundCount, Text: "count says 1404, the list has 255 entries"}}, kev(t, "kev-newer.json").Findings)
}

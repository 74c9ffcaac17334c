package releases_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/releases"
)

type reader = func([]byte) (*releases.Schedule, error)

var readers = map[string]reader{
	"kubernetes": releases.ReadKubernetes, "ends": releases.ReadKubernetesEnds, "page": releases.ReadKubernetesPage,
	"exceptions": releases.ReadKubernetesExceptions, "node": releases.ReadNode, "cycle": releases.ReadOpenStackCycle,
	"deliverable": releases.ReadOpenStackDeliverable, "series": releases.ReadOpenStackSeries, "ubuntu": releases.ReadUbuntu,
	"endoflife": releases.ReadEndOfLife,
}

const ubuntuHead = "version,codename,series,created,release,eol\n"

const table = "| What | Who | When | Week |\n|---|---|---|---|\n"

func TestOddFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ reader, text, want string }{
		"ends: no end":               {"ends", "branches:\n- release: 1.2\n", "1.2 has no end of life"},
		"ends: twice":                {"ends", "branches:\n- {release: 1.2, endOfLifeDate: 2024-01-01}\n- {release: v1.2, endOfLifeDate: 2024-01-01}\n", "v1.2 stands in line 2, too"},
		"exceptions: reviewed first": {"exceptions", "codeFreeze:\n- {name: x, date_requested: 2024-01-02, date_reviewed: 2024-01-01}\n", "before it is asked for"},
		"node: in maintenance early": {"node", `{"v1": {"start": "2024-02-01", "maintenance": "2024-01-01"}}`, "its maintenance on 2024-01-01 is before its start on 2024-02-01"},
		"cycle: a week backwards":    {"cycle", "cycle:\n- {start: 2024-01-05, end: 2024-01-01}\n", "the week ends on 2024-01-01"},
		"cycle: a week twice":        {"cycle", "cycle:\n- {start: 2024-01-01, end: 2024-01-05}\n- {start: 2024-01-01, end: 2024-01-05}\n", "another week begins"},
		"cycle: no such week":        {"cycle", "release-week: 2024-02-01\ncycle: []\n", "no week of the cycle begins on 2024-02-01"},
		"deliverable: twice":         {"deliverable", "releases:\n- version: 1.0\n- version: 1.0\n", "1.0 stands in line 2, too"},
		"series: ended, and more":    {"series", "- {name: a, status: end of life, next-phase: {status: maintained}}\n", "has a next phase"},
		"series: an end too many":    {"series", "- {name: a, status: maintained, eol-date: 2024-01-01}\n", "has an end of life, and the status maintained"},
		"ubuntu: ends first":         {"ubuntu", ubuntuHead + "4.10,Warty,warty,2004-03-05,2004-10-20,2004-04-30\n", "its end on 2004-04-30 is before its release on 2004-10-20"},
		"endoflife: no end":          {"endoflife", "releases:\n- releaseCycle: 1.0\n", "1.0 does not say when it ends"},
		"endoflife: extended ends":   {"endoflife", "releases:\n- {releaseCycle: '1', eol: 2024-02-01, extendedSupport: 2024-01-01}\n", "the end of extended support on 2024-01-01 is before"},
		"endoflife: newest first":    {"endoflife", "releases:\n- {releaseCycle: '1', releaseDate: 2024-02-01, eol: false, latest: 1.1, latestReleaseDate: 2024-01-01}\n", "is before it was released"},
		"page: no day":               {"page", table + "| Start | x | Monday 1st January 2024 | |\n| Later | x | some day | |\n", `Later: "some day" is no day`},
		"page: another weekday":      {"page", table + "| Start | x | Tuesday 1st January 2024 | |\n", "2024-01-01 is a Monday, not a Tuesday"},
		"page: no year":              {"page", table + "| Start | x | Monday 1st January 2024 | |\n| Later | x | Tuesday 2nd January | |\n", "has no year, 2024 is taken"},
		"page: an unknown zone":      {"page", table + "| Start | x | 10:00 XYZ Monday 1st January 2024 | |\n", "the zone XYZ is not known"},
		"page: backwards":            {"page", table + "| Start | x | January 9-2 2024 | |\n", "ends on 2024-01-02, before it begins"},
		"page: half an hour":         {"page", table + "| Start | x | 10:00 UTC Monday 1st January 2024 / 02:30 PST Monday 1st January 2024 | |\n", "they differ by 0 h 30 min"},
		"page: summary and timeline": {"page", "- **Monday 1st January 2024**: Week 1 — Kubernetes v1 released\n\n" + table + "| v1 released | | Tuesday 2nd January 2024 | |\n", "is on 2024-01-01 in the summary and on 2024-01-02 in line 5"},
	} {
		s, err := readers[c.reader]([]byte(c.text))
		require.NoError(t, err, name)
		require.Len(t, s.Complaints, 1, name)
		require.Contains(t, s.Complaints[0].Text, c.want, name)
		require.NotZero(t, s.Complaints[0].Line, name)
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ reader, text, want string }{
		"ends: no list":       {"ends", "schedules: []\n", "branches: must be a list"},
		"ends: no name":       {"ends", "branches:\n- endOfLifeDate: 2024-01-01\n", "line 2, branches[0].release: must not be empty"},
		"exceptions: a text":  {"exceptions", "codeFreeze: none\n", "must be a list"},
		"node: a list":        {"node", "[]", "line 1: must be an object"},
		"node: ends early":    {"node", "{\"v1\": {\n\"start\": ", "line 2"},
		"node: more":          {"node", "{}\n{}", "nothing may follow"},
		"node: a bad day":     {"node", "{\"v1\": {\n\"start\": \"soon\"}}", "line 2, v1.start \"soon\""},
		"node: nothing":       {"node", "{\"v1\": null}", "must be an object, there is nothing"},
		"node: twice":         {"node", "{\"v1\": {},\n\"v1\": {}}", "line 2, v1: the key stands twice"},
		"node: too deep":      {"node", strings.Repeat(`{"a":`, 30), "too-deep"},
		"node: a comma":       {"node", "{\"v1\": {},\n}", "is no JSON"},
		"cycle: no week":      {"cycle", "cycle:\n- {start: 2024-01-01}\n", "a week must have a start and an end"},
		"cycle: nothing":      {"cycle", "start-week: 2024-01-01\n", "cycle: must be a list of weeks"},
		"deliverable: a list": {"deliverable", "- a\n", "must be an object"},
		"deliverable: none":   {"deliverable", "releases:\n- hash: a\n", "version: must not be empty"},
		"series: an object":   {"series", "a: b\n", "must be a list"},
		"series: no status":   {"series", "- name: a\n", "status: must not be empty"},
		"ubuntu: no column":   {"ubuntu", "version,series\n", "release: the header does not have"},
		"ubuntu: twice":       {"ubuntu", "version,version,series,release,eol\n", "stands there twice"},
		"ubuntu: long":        {"ubuntu", ubuntuHead + "1,2,3,2024-01-01,2024-01-01,2024-01-01,7\n", "line 2: the row has more fields"},
		"ubuntu: a quote":     {"ubuntu", ubuntuHead + "\"1,2\n", "line 2: is no CSV"},
		"ubuntu: no day":      {"ubuntu", ubuntuHead + "1,2,3,2024-01-01,soon,2024-01-01\n", "line 2, release \"soon\""},
		"ubuntu: no name":     {"ubuntu", ubuntuHead + ",x,,,,\n", "neither a version nor a series"},
		"endoflife: none":     {"endoflife", "title: x\n", "must be a list of release cycles"},
		"endoflife: no name":  {"endoflife", "releases:\n- eol: true\n", "releases[0].releaseCycle: must not be empty"},
		"endoflife: a word":   {"endoflife", "releases:\n- {releaseCycle: '1', eol: maybe}\n", "releases[0].eol \"maybe\""},
		"page: no table":      {"page", "# Kubernetes\n\n| a | b |\n|---|---|\n| c | d |\n", "there is no table of milestones"},
		"page: many":          {"page", table + strings.Repeat("| a | | 1st January 2024 | |\n", 3000), "too many milestones"},
	} {
		_, err := readers[c.reader]([]byte(c.text))
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
		require.ErrorContains(t, err, c.want, name)
	}
	for name, read := range readers {
		for _, text := range []string{"", " \n", "\ufeff", "\xff", strings.Repeat("x", releases.MaxBytes+1), "\"", "{", "[[[[", "&a [*a]", "\x00"} {
			_, err := read([]byte(text))
			require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
			require.ErrorContains(t, err, "line ", name)
		}
	}
}

// A product of endoflife.date as it stands on the site, between hyphens and with prose.
func TestEndOfLifeWithProse(t *testing.T) {
	t.Parallel()
	s, err := releases.ReadEndOfLife([]byte("---\ntitle: X\nreleases:\n- {releaseCycle: 1.10, eol: yes, lts: no}\n---\n\n> [X](https://example.org): *is*\n"))
	require.NoError(t, err)
	require.Equal(t, "1.10", s.Lines[0].Name)
	require.Equal(t, releases.When{Yes: true}, s.Lines[0].End)
	require.Equal(t, releases.When{No: true}, s.Lines[0].LongTerm)
}

func TestMoves(t *testing.T) {
	t.Parallel()
	read := func(text string) *releases.Schedule {
		s, err := releases.ReadKubernetes([]byte(text))
		require.NoError(t, err)
		return s
	}
	before := read("schedules:\n- release: 1.2\n  endOfLifeDate: 2024-01-31\n  next: {release: 1.2.1, targetDate: 2024-02-27}\n- {release: 1.1, endOfLifeDate: 2023-01-01}\n")
	after := read("schedules:\n- release: 1.2\n  endOfLifeDate: 2024-01-30\n  next: {release: 1.2.2, targetDate: 2024-04-01}\n" +
		"  previousPatches: [{release: 1.2.1, targetDate: 2024-03-01}]\n")
	require.Equal(t, []releases.Move{
		{Name: "1.2, end of support", Before: date(t, "2024-01-31"), After: date(t, "2024-01-30"), Days: -1, Line: 2},
		{Name: "1.2.2", After: date(t, "2024-04-01"), Came: true, Line: 4},
		{Name: "1.2.1", Before: date(t, "2024-02-27"), After: date(t, "2024-03-01"), Days: 3, Line: 5},
		{Name: "1.1, end of support", Before: date(t, "2023-01-01"), Went: true, Line: 5},
	}, releases.Moves(before, after))
	require.Empty(t, releases.Moves(after, after))
}

func TestCompareVersions(t *testing.T) {
	t.Parallel()
	ordered := []string{"0.9", "v1.2", "1.9", "v1.10-rc.1", "1.10-rc.2", "1.10", "1.10.0-alpha", "1.10.0", "1.10.1", "2", "2.0", "24.04", "2024.2"}
	for n := range ordered {
		for m := range ordered {
			want := 0
			if n < m {
				want = -1
			} else if n > m {
				want = 1
			}
			require.Equal(t, want, releases.CompareVersions(ordered[n], ordered[m]), "%s %s", ordered[n], ordered[m])
		}
	}
	require.Zero(t, releases.CompareVersions("v1.02", "1.2"))
}

// The order is total: it turns round, and what is below stays below.
func TestCompareVersionsProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.StringMatching(`v?[0-9a-c.\-]{0,6}`)
		a, b, c := v.Draw(t, "a"), v.Draw(t, "b"), v.Draw(t, "c")
		require.Equal(t, -releases.CompareVersions(b, a), releases.CompareVersions(a, b))
		if releases.CompareVersions(a, b) <= 0 && releases.CompareVersions(b, c) <= 0 {
			require.LessOrEqual(t, releases.CompareVersions(a, c), 0)
		}
	})
}

func fuzz(f *testing.F, names []string, seeds ...string) {
	f.Helper()
	for _, name := range seeds {
		text, err := os.ReadFile(filepath.Join("testdata", "corpus", name))
		require.NoError(f, err)
		if len(text) > 8000 {
			text = text[:8000] // the rest is more of the same
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, name := range names {
			s, err := readers[name](text)
			if err != nil {
				require.ErrorIs(t, err, servicecoin.ErrInvalid)
				require.ErrorContains(t, err, "line ")
				continue
			}
			require.LessOrEqual(t, len(s.Complaints), releases.MaxComplaints)
			lines := strings.Count(string(text), "\n") + 1
			for _, c := range s.Complaints {
				require.True(t, c.Line >= 1 && c.Line <= lines, c)
			}
			require.Empty(t, releases.Moves(s, s))
		}
	})
}

func FuzzYAML(f *testing.F) {
	fuzz(f, []string{"kubernetes", "ends", "exceptions", "cycle", "deliverable", "series", "endoflife"},
		"kubernetes-schedule.yaml", "kubernetes-eol.yaml", "kubernetes-1.31-exceptions.yaml", "openstack-dalmatian-schedule.yaml",
		"openstack-nova-dalmatian.yaml", "openstack-series.yaml", "endoflife/redis.yaml")
}

func FuzzNode(f *testing.F) { fuzz(f, []string{"node"}, "nodejs-schedule.json") }

func FuzzUbuntu(f *testing.F) { fuzz(f, []string{"ubuntu"}, "ubuntu.csv") }

func FuzzPage(f *testing.F) {
	fuzz(f, []string{"page"}, "kubernetes-1.26-after.md", "kubernetes-1.31-after.md")
}

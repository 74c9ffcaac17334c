package releases_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/interop/releases"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "corpus", name))
	require.NoError(t, err)
	return text
}

func read(t testing.TB, reader func([]byte) (*releases.Schedule, error), name string) *releases.Schedule {
	t.Helper()
	s, err := reader(file(t, name))
	require.NoError(t, err)
	return s
}

func date(t testing.TB, text string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(text)
	require.NoError(t, err)
	return d
}

// complaints are the texts, with the lines in front.
func complaints(s *releases.Schedule) []string {
	var out []string
	for _, c := range s.Complaints {
		out = append(out, c.Text)
	}
	return out
}

func line(t testing.TB, s *releases.Schedule, name string) releases.Line {
	t.Helper()
	for _, l := range s.Lines {
		if l.Name == name {
			return l
		}
	}
	require.Fail(t, "no line", name)
	return releases.Line{}
}

func TestKubernetesSchedule(t *testing.T) {
	t.Parallel()
	s := read(t, releases.ReadKubernetes, "kubernetes-schedule.yaml")
	counts := map[string][2]int{}
	nexts := map[string]string{}
	for _, l := range s.Lines {
		n := counts[l.Name]
		for _, r := range l.Releases {
			if r.Planned {
				n[1]++
				nexts[l.Name] = r.Version + " on " + r.Target.String()
			} else {
				n[0]++
			}
		}
		counts[l.Name] = n
	}
	require.Equal(t, map[string][2]int{"1.27": {4, 1}, "1.26": {7, 1}, "1.25": {12, 1}, "1.24": {16, 1}}, counts)
	require.Equal(t, map[string]string{
		"1.27": "1.27.4 on 2023-07-19", "1.26": "1.26.7 on 2023-07-19", "1.25": "1.25.12 on 2023-07-19", "1.24": "1.24.16 on 2023-07-19",
	}, nexts)
	var oneDay []string
	for _, l := range s.Lines {
		for _, r := range l.Releases {
			if !r.Deadline.IsZero() && releases.DaysBetween(r.Deadline, r.Target) < 2 {
				oneDay = append(oneDay, r.Version)
			}
		}
	}
	require.Equal(t, []string{"1.25.2", "1.24.6"}, oneDay)
	require.Equal(t, []string{"1.27 is released on 2024-04-11, after its own 1.27.0 on 2023-04-11"}, complaints(s))
	require.Equal(t, 5, s.Complaints[0].Line)
	require.Equal(t, "schedules[0]", s.Complaints[0].Path)
}

func TestKubernetesEnds(t *testing.T) {
	t.Parallel()
	ended := read(t, releases.ReadKubernetesEnds, "kubernetes-eol.yaml")
	promised := read(t, releases.ReadKubernetes, "kubernetes-schedule.yaml")
	require.Len(t, ended.Lines, 30)
	require.Empty(t, complaints(ended))
	require.Equal(t, "1.20", line(t, ended, "1.20").Name)
	late := map[string]int{}
	for _, l := range promised.Lines {
		late[l.Name] = releases.DaysBetween(l.End.Date, line(t, ended, l.Name).End.Date)
	}
	require.Equal(t, map[string]int{"1.27": 18, "1.26": 0, "1.25": 0, "1.24": 0}, late)
	var after []string
	for _, l := range ended.Lines {
		if strings.Contains(l.Note, "was released in") {
			after = append(after, l.Final)
		}
	}
	require.Equal(t, []string{"1.26.15", "1.25.16", "1.24.17", "1.22.17"}, after)
}

func TestKubernetesExceptions(t *testing.T) {
	t.Parallel()
	s := read(t, releases.ReadKubernetesExceptions, "kubernetes-1.31-exceptions.yaml")
	require.Len(t, s.Exceptions, 11)
	require.Empty(t, complaints(s))
	decisions, freezes, slow := map[string]int{}, map[string]int{}, 0
	for _, e := range s.Exceptions {
		decisions[e.Decision]++
		freezes[e.Freeze]++
		if days, ok := e.Days(); ok && days > 2 {
			slow++
		}
	}
	require.Equal(t, map[string]int{"approved": 9, "rejected": 2}, decisions)
	require.Equal(t, map[string]int{"enhancementFreeze": 5, "codeFreeze": 6}, freezes)
	require.Equal(t, 3, slow)
}

func TestNode(t *testing.T) {
	t.Parallel()
	s := read(t, releases.ReadNode, "nodejs-schedule.json")
	require.Len(t, s.Lines, 14)
	require.Empty(t, complaints(s))
	var long []string
	for _, l := range s.Lines {
		if !l.LongTerm.Date.IsZero() {
			long = append(long, l.Name)
		}
	}
	require.Equal(t, []string{"v4", "v6", "v8", "v10", "v12", "v14"}, long)
	if d := cmp.Diff(releases.Line{
		Name: "v0.10", Released: date(t, "2013-03-11"), End: releases.When{Date: date(t, "2016-10-31")}, LongTerm: releases.When{No: true}, At: 2,
	}, s.Lines[0]); d != "" {
		t.Error(d)
	}
	last := line(t, s, "v14")
	require.Empty(t, last.Codename)

	// What became of the promise.
	came := line(t, read(t, releases.ReadEndOfLife, "endoflife/nodejs.yaml"), "14")
	require.Equal(t, "2020-10-20", last.LongTerm.Date.String())
	require.Equal(t, "2020-10-27", came.LongTerm.Date.String())
	require.Equal(t, "2023-04-30", last.End.Date.String())
	require.Equal(t, last.End, came.End)
}

func TestOpenStackCycle(t *testing.T) {
	t.Parallel()
	s := read(t, releases.ReadOpenStackCycle, "openstack-dalmatian-schedule.yaml")
	require.Empty(t, complaints(s))
	count, weeks := 0, map[string]bool{}
	for _, m := range s.Milestones {
		if m.Group == "cycle" {
			continue
		}
		count++
		weeks[m.Week] = true
		require.Equal(t, 4, releases.DaysBetween(m.From, m.To), m.Name)
	}
	require.Equal(t, 44, count)
	require.True(t, weeks["R-7"] && weeks["R+0"])
	cycle := s.Milestones[len(s.Milestones)-2:]
	require.Equal(t, "start-week 2024-04-08", cycle[0].Name+" "+cycle[0].From.String())
	require.Equal(t, "release-week 2024-09-30 2024-10-04", cycle[1].Name+" "+cycle[1].From.String()+" "+cycle[1].To.String())
	require.Equal(t, "2024-04-01", s.Milestones[0].From.String())

	// The promised week has the day on which it came.
	came := line(t, read(t, releases.ReadOpenStackSeries, "openstack-series.yaml"), "2024.2").Released
	require.Equal(t, "2024-10-02", came.String())
	require.True(t, came.Compare(cycle[1].From) >= 0 && came.Compare(cycle[1].To) <= 0)
}

func TestOpenStackDeliverable(t *testing.T) {
	t.Parallel()
	s := read(t, releases.ReadOpenStackDeliverable, "openstack-nova-dalmatian.yaml")
	require.Equal(t, "nova", s.Title)
	var versions, ends []string
	for _, r := range s.Lines[0].Releases {
		require.True(t, r.Target.IsZero())
		versions = append(versions, r.Version)
		if r.Ends {
			ends = append(ends, r.Version)
		}
	}
	require.Equal(t, []string{"30.0.0.0rc1", "30.0.0", "30.1.0", "30.2.0", "30.2.1", "30.3.0", "2024.2-eol"}, versions)
	require.Equal(t, []string{"2024.2-eol"}, ends)
}

func TestOpenStackSeries(t *testing.T) {
	t.Parallel()
	s := read(t, releases.ReadOpenStackSeries, "openstack-series.yaml")
	require.Len(t, s.Lines, 35)
	status := map[string]int{}
	for _, l := range s.Lines {
		status[l.Status]++
	}
	require.Equal(t, map[string]int{"future": 1, "development": 1, "maintained": 3, "end of life": 26, "unmaintained": 4}, status)
	require.Equal(t, "2027.1", s.Lines[0].Name)
	require.Equal(t, "indri", s.Lines[0].Codename)
	require.True(t, s.Lines[0].LongTerm.Yes)
	d := line(t, s, "2024.2")
	require.Equal(t, "dalmatian 2024-10-02 2026-04-29", d.Codename+" "+d.Released.String()+" "+d.End.Date.String())
	require.Equal(t, releases.Phase{Status: "unmaintained", Date: date(t, "2026-10-02")}, *line(t, s, "2025.1").Next)
	require.Equal(t, "austin", s.Lines[34].Name)
	require.Empty(t, complaints(s))
}

func TestUbuntu(t *testing.T) {
	t.Parallel()
	s := read(t, releases.ReadUbuntu, "ubuntu.csv")
	require.Len(t, s.Lines, 44)
	require.Empty(t, complaints(s))
	require.Equal(t, "4.10 2004-10-20", s.Lines[0].Name+" "+s.Lines[0].Released.String())
	require.Equal(t, "26.04 LTS 2026-04-23", s.Lines[43].Name+" "+s.Lines[43].Released.String())
	ends, long := map[string]int{}, 0
	for _, l := range s.Lines {
		for _, e := range l.Ends {
			ends[e.Name]++
		}
		if l.LongTerm.Yes {
			long++
		}
	}
	require.Equal(t, 11, ends["eol-server"])
	require.Equal(t, 8, ends["eol-esm"])
	require.Equal(t, 11, long)
}

func milestone(t testing.TB, s *releases.Schedule, name string) releases.Milestone {
	t.Helper()
	for _, m := range s.Milestones {
		if m.Name == name && !m.Summary {
			return m
		}
	}
	require.Fail(t, "no milestone", name)
	return releases.Milestone{}
}

func TestKubernetesPages(t *testing.T) {
	t.Parallel()
	rows := map[string]int{}
	for _, name := range []string{"1.26-before", "1.26-after", "1.31-before", "1.31-after"} {
		for _, m := range read(t, releases.ReadKubernetesPage, "kubernetes-"+name+".md").Milestones {
			if !m.Summary {
				rows[name]++
			}
		}
	}
	require.Equal(t, map[string]int{"1.26-before": 40, "1.26-after": 40, "1.31-before": 37, "1.31-after": 37}, rows)

	before := read(t, releases.ReadKubernetesPage, "kubernetes-1.26-before.md")
	m := milestone(t, before, "v1.26.0 released")
	require.Equal(t, "2022-12-06 week 14 Branch Manager", m.From.String()+" "+m.Week+" "+m.Who)
	require.Equal(t, "Kubernetes 1.26", before.Title)
	con := milestone(t, before, "KubeCon NA")
	require.Equal(t, "2022-10-24 2022-10-28", con.From.String()+" "+con.To.String())
	after := read(t, releases.ReadKubernetesPage, "kubernetes-1.26-after.md")
	require.Equal(t, "2022-12-09", milestone(t, after, "v1.26.0 released").From.String())

	// From the sixth of November on it was 17:00 PST: the page goes on saying PDT.
	require.Contains(t, complaints(after), "Begin Code Freeze: 17:00 PDT is not 01:00 UTC, they differ by an hour: the first is taken")

	before = read(t, releases.ReadKubernetesPage, "kubernetes-1.31-before.md")
	freeze := milestone(t, before, "Begin Code Freeze")
	require.Equal(t, "2024-07-10 02:00 UTC", freeze.Time.Format("2006-01-02 15:04 MST"))
	require.Contains(t, complaints(before), "Test Freeze: 19:00 PDT is not 01:00 UTC, they differ by an hour: the first is taken")
	after = read(t, releases.ReadKubernetesPage, "kubernetes-1.31-after.md")
	require.Equal(t, "2024-07-24 02:00 UTC", milestone(t, after, "Begin Code Freeze").Time.Format("2006-01-02 15:04 MST"))
	require.Equal(t, "2024-08-13", milestone(t, after, "v1.31.0 released").From.String())
	require.Equal(t, []string{
		"Test Freeze: 19:00 PDT is not 01:00 UTC, they differ by an hour: the first is taken",
		"Test Freeze is at 02:00 in the summary and at 01:00 UTC in line 79",
	}, complaints(after))
}

func TestMovesOfPages(t *testing.T) {
	t.Parallel()
	moves := func(version string) map[string]int {
		out := map[string]int{}
		for _, m := range releases.Moves(
			read(t, releases.ReadKubernetesPage, "kubernetes-"+version+"-before.md"),
			read(t, releases.ReadKubernetesPage, "kubernetes-"+version+"-after.md")) {
			require.False(t, m.Came || m.Went, m.Name)
			out[m.Name] = m.Days
		}
		return out
	}
	require.Equal(t, map[string]int{
		"v1.26.0 released": 3, "Release blog published": 3, "Thaw": 3, "Release Notes complete — reviewed & merged to k/k": 6,
	}, moves("1.26"))
	require.Equal(t, map[string]int{
		"Begin Code Freeze": 14, "Deprecations and Removals blog published": 7, "Begin Friday APAC-friendly meetings": -16,
	}, moves("1.31"))
}

func TestEndOfLife(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		title, first, last string
		lines              int
		line               releases.Line
	}{
		"debian": {"Debian", "13", "1.1", 18, releases.Line{
			Name: "12", Codename: "Bookworm", Released: date(t, "2023-06-10"), End: releases.When{Date: date(t, "2026-07-11")}, Final: "12.15", At: 40,
			Ends:     []releases.Ending{{Name: "eoes", When: releases.When{Date: date(t, "2028-06-30")}}},
			Releases: []releases.Release{{Version: "12.15", Target: date(t, "2026-07-11"), At: 46}},
		}},
		"go": {"Go", "1.27", "1.10", 18, releases.Line{
			Name: "1.27", Released: date(t, "2026-08-19"), End: releases.When{No: true}, Final: "1.27.0", At: 32,
			Releases: []releases.Release{{Version: "1.27.0", Target: date(t, "2026-08-19"), At: 35}},
		}},
		"kubernetes": {"Kubernetes", "1.36", "1.16", 21, releases.Line{
			Name: "1.36", Released: date(t, "2026-04-22"), Active: releases.When{Date: date(t, "2027-04-28")}, End: releases.When{Date: date(t, "2027-06-28")},
			Final: "1.36.4", At: 27, Releases: []releases.Release{{Version: "1.36.4", Target: date(t, "2026-08-20"), At: 31}},
		}},
		"nodejs":         {"Node.js", "26", "1", 26, releases.Line{}},
		"postgresql":     {"PostgreSQL", "18", "6.3", 29, releases.Line{}},
		"redis":          {"Redis", "8.10", "5.0", 12, releases.Line{}},
		"ubuntu":         {"Ubuntu", "26.04", "4.10", 44, releases.Line{}},
		"windows-server": {"Microsoft Windows Server", "2025", "2000", 20, releases.Line{}},
	} {
		s := read(t, releases.ReadEndOfLife, "endoflife/"+name+".yaml")
		require.Equal(t, want.title, s.Title)
		require.Empty(t, complaints(s), name)
		require.Len(t, s.Lines, want.lines, name)
		require.Equal(t, want.first, s.Lines[0].Name)
		require.Equal(t, want.last, s.Lines[len(s.Lines)-1].Name)
		if want.line.Name != "" {
			if d := cmp.Diff(want.line, line(t, s, want.line.Name)); d != "" {
				t.Error(name, d)
			}
		}
	}
}

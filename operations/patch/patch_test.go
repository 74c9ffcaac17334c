package patch_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/version"
)

// friday is a Friday at noon.
func friday() time.Time { return time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC) }

func day(text string) calendar.Date {
	d, err := calendar.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

func score(text string) decimal.NullDecimal { return servicecoin.Some(decimal.RequireFromString(text)) }

// jenkins is a bulletin of three products of one package.
func jenkins() patch.Bulletin {
	core := patch.Component{PURL: "pkg:maven/org.jenkins-ci.main/jenkins-core"}
	return patch.Bulletin{
		Source: "osv", ID: "GHSA-6f9g-cxwr-q5jr", Aliases: []string{"CVE-2024-23897"}, Title: "Arbitrary file read", Score: score("9.8"), Published: friday(),
		Products: []patch.Product{
			{Component: core, Spans: []patch.Span{{Introduced: "1.606", Fixed: "2.426.3"}}},
			{Component: core, Spans: []patch.Span{{Introduced: "2.427", Fixed: "2.442"}}},
			{Component: core, Versions: []string{"2.441"}},
		},
	}
}

func kev() patch.Bulletin {
	return patch.Bulletin{
		Source: "kev", ID: "CVE-2024-23897", Exploited: day("2026-03-08"), Due: day("2026-03-20"),
		Products: []patch.Product{{Component: patch.Component{Vendor: "Jenkins", Name: "Jenkins CLI"}}},
	}
}

func TestSeverity(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]patch.Severity{
		"0": patch.None, "0.1": patch.Low, "3.9": patch.Low, "4": patch.Medium, "6.9": patch.Medium, "7.0": patch.High, "8.9": patch.High, "9": patch.Critical, "10": patch.Critical,
		"10.1": patch.Unknown, "-1": patch.Unknown,
	} {
		require.Equal(t, want, patch.SeverityOf(score(text)), text)
	}
	require.Equal(t, patch.Unknown, patch.SeverityOf(decimal.NullDecimal{}), "none is unknown, and not low")
	require.True(t, patch.High.AtLeast(patch.Medium))
	require.False(t, patch.Unknown.AtLeast(patch.Low))
}

func TestWhatIsNoBulletin(t *testing.T) {
	t.Parallel()
	err := patch.Bulletin{
		ID: strings.Repeat("x", 201), Severity: "bad", Score: score("11"), Aliases: []string{""}, Due: calendar.Date{Year: 2026, Month: 2, Day: 30},
		Products: []patch.Product{
			{}, {Component: patch.Component{PURL: "maven/x", Scheme: "rpm"}, Standing: "odd", Spans: make([]patch.Span, 201), Versions: []string{""}},
		},
	}.Validate()
	for _, want := range []string{"source", "id", "aliases[0]", "severity", "score", "due", "products[0].purl", "products[1].purl", "products[1].scheme", "products[1].standing", "products[1].spans", "products[1].versions[0]"} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, patch.Bulletin{Source: "osv", ID: "x", Score: servicecoin.Some(decimal.New(1, 1_000_000))}.Validate(), "score", "the exponent before the value")
	require.ErrorContains(t, patch.Bulletin{Source: "osv", ID: "x", Products: make([]patch.Product, 3000)}.Validate(), "too-many")
	require.ErrorContains(t, patch.Bulletin{Source: "osv", ID: "x", References: repeat(strings.Repeat("x", 8000), 100)}.Validate(), "too-large")
}

func repeat(text string, n int) (list []string) {
	for range n {
		list = append(list, text)
	}
	return list
}

func TestMatch(t *testing.T) {
	t.Parallel()
	b := jenkins()
	for text, want := range map[string]patch.Verdict{
		"1.605": patch.Patched, "1.606": patch.Vulnerable, "2.426.2": patch.Vulnerable, "2.426.3": patch.Patched, "2.426.10": patch.Patched, "2.427": patch.Vulnerable,
		"2.441": patch.Vulnerable, "2.442": patch.Patched, "": patch.Undecided,
	} {
		got, why := b.Match(patch.Component{PURL: "pkg:maven/org.jenkins-ci.main/jenkins-core@" + text})
		require.Equal(t, want, got, "%s: %s", text, why)
		require.NotEmpty(t, why)
	}
	got, _ := b.Match(patch.Component{PURL: "pkg:maven/org.jenkins-ci.main/remoting@1.606"})
	require.Equal(t, patch.NotApplicable, got)
	b.Withdrawn = friday()
	got, why := b.Match(patch.Component{PURL: "pkg:maven/org.jenkins-ci.main/jenkins-core@2.441"})
	require.Equal(t, patch.NotApplicable, got)
	require.Equal(t, "it was withdrawn", why)
}

func TestStandings(t *testing.T) {
	t.Parallel()
	app := func(v string, s patch.Standing) patch.Product {
		return patch.Product{Component: patch.Component{Vendor: "Example", Name: "App", Version: v}, Standing: s}
	}
	b := patch.Bulletin{Source: "csaf", ID: "x", Products: []patch.Product{app("1", patch.Affected), app("2", patch.NotAffected), app("3", patch.Open), app("4", patch.Fixed)}}
	has := func(v string) patch.Component { return patch.Component{Vendor: "EXAMPLE", Name: "app", Version: v} }
	for v, want := range map[string]patch.Verdict{"1": patch.Vulnerable, "2": patch.NotApplicable, "3": patch.Undecided, "4": patch.Patched} {
		got, why := b.Match(has(v))
		require.Equal(t, want, got, "%s: %s", v, why)
	}
	all := patch.Bulletin{Source: "kev", ID: "y", Products: []patch.Product{{Component: patch.Component{Name: "app"}}}}
	got, why := all.Match(has(""))
	require.Equal(t, patch.Vulnerable, got)
	require.Equal(t, "affected: all versions", why)
	odd := patch.Bulletin{Source: "osv", ID: "z", Products: []patch.Product{{Component: patch.Component{Name: "app", Scheme: version.SemVer}, Spans: []patch.Span{{Fixed: "2"}, {Introduced: "3", Last: "4"}}}}}
	for v, want := range map[string]patch.Verdict{"1": patch.Vulnerable, "2.0.0": patch.Patched, "4": patch.Vulnerable, "5": patch.Patched, "soon": patch.Undecided} {
		got, why := odd.Match(has(v))
		require.Equal(t, want, got, "%s: %s", v, why)
	}
	fixed := patch.Bulletin{Source: "csaf", ID: "f", Products: []patch.Product{
		{Component: patch.Component{Name: "app", Scheme: version.SemVer}, Spans: []patch.Span{{Fixed: "9"}}}, app("4", patch.Fixed),
	}}
	got, _ = fixed.Match(has("4"))
	require.Equal(t, patch.Patched, got, "what is named as mended is")
	got, _ = fixed.Match(has("5"))
	require.Equal(t, patch.Vulnerable, got)
}

func TestWhoNamesNoVersionSaysLess(t *testing.T) {
	t.Parallel()
	is := patch.Component{Vendor: "Jenkins", Name: "Jenkins CLI"}
	vendor := patch.Bulletin{Source: "csaf", ID: "J-1", Aliases: []string{"CVE-2024-23897"}, Products: []patch.Product{
		{Component: is, Versions: []string{"2.441"}, Standing: patch.Affected}, {Component: is, Versions: []string{"2.442"}, Standing: patch.Fixed},
	}}
	at := func(version string) patch.Component { c := is; c.Version = version; return c }
	list, err := patch.NewAdvisory("a", friday(), kev())
	require.NoError(t, err)
	both := list
	_, _, err = both.Take(friday(), vendor)
	require.NoError(t, err)
	for _, row := range []struct {
		advisory patch.Advisory
		version  string
		want     patch.Verdict
	}{
		{list, "2.442", patch.Vulnerable}, // nobody else speaks of it
		{both, "2.442", patch.Patched},
		{both, "2.441", patch.Vulnerable},
		{both, "", patch.Undecided}, // which version runs is not known
	} {
		got, why := row.advisory.Match(at(row.version))
		require.Equal(t, row.want, got, "%q: %s", row.version, why)
	}
}

func TestPURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]patch.PURL{
		"pkg:golang/github.com/Pomerium/pomerium@v0.18.0":      {"golang", "github.com/pomerium", "pomerium", "v0.18.0"},
		"PKG:PyPI/Django_App@1.1":                              {"pypi", "", "django-app", "1.1"},
		"pkg:npm/%40angular/core@1.0.0?arch=x#sub/path":        {"npm", "@angular", "core", "1.0.0"},
		"pkg:rpm/redhat/log4j@0:1.2-7?arch=noarch&distro=el-7": {"rpm", "redhat", "log4j", "0:1.2-7"},
		"pkg://maven/org.a/b":                                  {"maven", "org.a", "b", ""},
	} {
		got, err := patch.ParsePURL(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		"": `must begin with "pkg:"`, "pkg:": "type and a name", "pkg:npm": "type and a name", "pkg:npm/": "type and a name", "pkg:npm/a/%zz": "percent sign",
		"pkg:npm/" + strings.Repeat("a", 1000): "too-long",
	} {
		_, err := patch.ParsePURL(text)
		require.ErrorContains(t, err, want, text)
	}
}

func FuzzParsePURL(f *testing.F) {
	f.Add("pkg:npm/%40angular/core@1.0.0?arch=x#sub/path")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := patch.ParsePURL(text)
		if err == nil && (p.Name == "" || p.Type == "" || !p.Same(p)) {
			t.Fatalf("%q: %+v", text, p)
		}
	})
}

// calm is a policy: critical within three days, all else in thirty.
func calm() patch.Policy {
	return patch.Policy{
		Name: "house", OnList: true, Exploited: patch.Clocked(48 * time.Hour),
		Rules: []patch.Rule{{AtLeast: patch.Critical, Within: patch.Clocked(72 * time.Hour)}, {AtLeast: patch.Low, Within: patch.Worked(hours.WorkingDays(20))}},
	}
}

func around(t testing.TB) *hours.Timetable {
	t.Helper()
	h := hours.Hours{Weekly: hours.Workdays(calendar.AllDay())}
	tt, err := h.Compile(calendar.Between(friday().AddDate(-1, 0, 0), friday().AddDate(1, 0, 0)), nil)
	require.NoError(t, err)
	return tt
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	tt, p := around(t), calm()
	require.NoError(t, p.Validate())
	a, err := patch.NewAdvisory("a", friday().Add(time.Hour), jenkins())
	require.NoError(t, err)
	due := func() patch.Deadline {
		d, err := p.Deadline(&a, tt, time.UTC)
		require.NoError(t, err)
		return d
	}
	require.Equal(t, friday().Add(72*time.Hour), due().At)
	require.Equal(t, "critical within 72h by the clock, published at 2026-03-06T12:00:00Z", due().Why)
	p.Clock = patch.FromImported
	require.Equal(t, friday().Add(73*time.Hour), due().At)
	p.Clock = patch.FromConfirmed
	require.Equal(t, patch.Deadline{Why: "nobody has confirmed that it concerns us"}, due())
	p.Clock = patch.FromPublished

	// A list gives a later day: nothing changes. It brings it forward: that holds.
	outcome, _, err := a.Take(friday().Add(2*time.Hour), kev())
	require.NoError(t, err)
	require.Equal(t, patch.New, outcome)
	require.Equal(t, friday().Add(50*time.Hour), due().At, "exploited, and known since")
	earlier := kev()
	earlier.Due = day("2026-03-07")
	outcome, fields, err := a.Take(friday().Add(3*time.Hour), earlier)
	require.NoError(t, err)
	require.Equal(t, patch.Changed, outcome)
	require.Equal(t, []string{"due"}, fields)
	require.Equal(t, patch.Deadline{At: time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC), Why: "KEV gives 2026-03-07 as the last day"}, due())
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	require.NoError(t, err)
	d, err := p.Deadline(&a, tt, tokyo)
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 3, 7, 15, 0, 0, 0, time.UTC), d.At.UTC(), "the day ends in its zone")

	outcome, _, err = a.Take(friday().Add(4*time.Hour), earlier)
	require.NoError(t, err)
	require.Equal(t, patch.Same, outcome)
	gone := jenkins()
	gone.Withdrawn = friday()
	outcome, _, err = a.Take(friday().Add(4*time.Hour), gone)
	require.NoError(t, err)
	require.Equal(t, patch.Withdrawn, outcome)
	require.False(t, a.Withdrawn(), "the list stands by it")
	earlier.Withdrawn = friday()
	_, _, err = a.Take(friday().Add(4*time.Hour), earlier)
	require.NoError(t, err)
	require.Equal(t, patch.Deadline{Why: "it was withdrawn"}, due())
	require.Equal(t, patch.Unknown, a.Severity())

	err = patch.Policy{Clock: "soon", Rules: []patch.Rule{{AtLeast: "bad"}}, Exploited: patch.Worked(hours.WorkingDays(-1))}.Validate()
	for _, want := range []string{"name", "clock", "rules[0].atLeast", "rules[0].within", "exploited"} {
		require.ErrorContains(t, err, want)
	}
}

func register(t testing.TB) (*patch.Advisories, *store.Store, *time.Time) {
	t.Helper()
	now := friday()
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	return patch.NewAdvisories(s.For(servicecoin.Provider)), s, &now
}

func TestImports(t *testing.T) {
	t.Parallel()
	ctx, by := t.Context(), servicecoin.Program("importer")
	r, s, now := register(t)
	first, err := r.Import(ctx, by, jenkins())
	require.NoError(t, err)
	require.Equal(t, patch.New, first.Outcome)
	*now = now.Add(time.Hour)
	met, err := r.Import(ctx, by, kev())
	require.NoError(t, err)
	require.Equal(t, patch.Imported{Source: "kev", ID: "CVE-2024-23897", Advisory: first.Advisory, Outcome: patch.New}, met, "they meet on the alias")
	again, err := r.Import(ctx, by, kev())
	require.NoError(t, err)
	require.Equal(t, patch.Same, again.Outcome)
	a, err := r.Named(ctx, "GHSA-6f9g-cxwr-q5jr")
	require.NoError(t, err)
	require.Len(t, a.Bulletins, 2)
	require.Equal(t, patch.Critical, a.Severity())
	require.Equal(t, *now, a.ExploitedKnownAt)

	// Two that were strangers turn out to be one.
	other, err := r.Import(ctx, by, patch.Bulletin{Source: "host", ID: "OURS-1"})
	require.NoError(t, err)
	require.NotEqual(t, first.Advisory, other.Advisory)
	joined, err := r.Import(ctx, by, patch.Bulletin{Source: "host", ID: "OURS-1", Aliases: []string{"CVE-2024-23897"}})
	require.NoError(t, err)
	require.Equal(t, first.Advisory, joined.Advisory, "the older one stays")
	require.Equal(t, []patch.AdvisoryID{other.Advisory}, joined.Joined)
	was, err := r.Get(ctx, other.Advisory)
	require.NoError(t, err, "what was said by its id is said of the other one")
	require.Equal(t, first.Advisory, was.ID)
	a, err = r.Named(ctx, "OURS-1")
	require.NoError(t, err)
	require.Equal(t, first.Advisory, a.ID)

	_, err = r.Confirm(ctx, servicecoin.Person("ada"), a.ID)
	require.NoError(t, err)
	_, err = r.Confirm(ctx, servicecoin.Person("ada"), a.ID)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = r.Supersede(ctx, servicecoin.Person("ada"), a.ID, a.ID)
	require.ErrorContains(t, err, "cannot supersede itself")
	_, err = r.Supersede(ctx, servicecoin.Person("ada"), a.ID, "nothing")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	page, err := r.Standing().Page(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 1)

	_, err = r.Import(ctx, by, patch.Bulletin{Source: "osv"})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = patch.NewAdvisories(s.For("alder")).Import(ctx, by, kev())
	require.Error(t, err, "a customer has none")
	events, err := s.Events(ctx, 0, 100)
	require.NoError(t, err)
	var names []string
	for _, e := range events {
		names = append(names, e.Name)
	}
	require.Equal(t, []string{patch.EventImported, patch.EventChanged, patch.EventImported, patch.EventChanged, patch.EventJoined, patch.EventConfirmed}, names)
}

// Nobody's severity is as bad as the worst that stands, and lists come worst first.
// TestSuperseded: no advisory loses its deadline to itself, by however many others.
func TestSuperseded(t *testing.T) {
	t.Parallel()
	r, _, _ := register(t)
	ids := make([]patch.AdvisoryID, 3)
	for n := range ids {
		out, err := r.Import(t.Context(), ada(), patch.Bulletin{Source: "host", ID: fmt.Sprintf("OURS-%d", n)})
		require.NoError(t, err)
		ids[n] = out.Advisory
	}
	_, err := r.Supersede(t.Context(), ada(), ids[0], ids[1])
	require.NoError(t, err)
	_, err = r.Supersede(t.Context(), ada(), ids[1], ids[2])
	require.NoError(t, err)
	_, err = r.Supersede(t.Context(), ada(), ids[2], ids[0])
	require.ErrorContains(t, err, "cannot supersede itself")

	// Two of which one supersedes the other turn out to be one.
	_, err = r.Import(t.Context(), ada(), patch.Bulletin{Source: "host", ID: "OURS-0", Aliases: []string{"OURS-1"}})
	require.NoError(t, err)
	a, err := r.Get(t.Context(), ids[1])
	require.NoError(t, err)
	require.Empty(t, a.SupersededBy)
	page, err := r.Standing().Page(t.Context(), "", 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
}

func TestWorstFirst(t *testing.T) {
	t.Parallel()
	ctx, by := t.Context(), servicecoin.Program("importer")
	r, _, _ := register(t)
	for n, s := range []string{"", "5", "9.9", "0", "7"} {
		b := patch.Bulletin{Source: "osv", ID: fmt.Sprintf("X-%d", n)}
		if s != "" {
			b.Score = score(s)
		}
		_, err := r.Import(ctx, by, b)
		require.NoError(t, err)
	}
	var got []patch.Severity
	for a, err := range r.Standing().All(ctx) {
		require.NoError(t, err)
		got = append(got, a.Severity())
	}
	require.Equal(t, []patch.Severity{patch.Critical, patch.High, patch.Medium, patch.None, patch.Unknown}, got)
}

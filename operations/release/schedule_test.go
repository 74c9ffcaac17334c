package release_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

const harbour release.PlatformID = "harbour"

func ada() servicecoin.Actor { return servicecoin.Person("ada") }

// house is a provider whose clock the test turns.
type house struct {
	t     *testing.T
	store *store.Store
	now   time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	h.store = store.New(memory.New(), &store.Options{Now: func() time.Time { return h.now }})
	return h
}

func (h *house) on(month time.Month, d int) { h.now = time.Date(2026, month, d, 9, 0, 0, 0, time.UTC) }

func (h *house) schedule() *release.Schedule {
	return release.NewSchedule(h.store.For(servicecoin.Provider))
}

func (h *house) fixes() *release.Fixes { return release.NewFixes(h.store.For(servicecoin.Provider)) }

func (h *house) installations(c servicecoin.CustomerID) *release.Installations {
	return release.NewInstallations(h.store.For(c), h.schedule())
}

func date(month time.Month, d int) calendar.Date {
	return calendar.Date{Year: 2026, Month: month, Day: d}
}

// platform keeps a platform with two lines.
func (h *house) platform(change func(p *release.Platform)) {
	h.t.Helper()
	ctx := h.t.Context()
	p := release.Platform{ID: harbour, Name: "Harbour", Zone: "Europe/Berlin", Channels: []string{"stable", "early"}}
	if change != nil {
		change(&p)
	}
	_, err := h.schedule().KeepPlatform(ctx, ada(), p)
	require.NoError(h.t, err)
	for name, until := range map[string]calendar.Date{"8.3": date(time.June, 30), "8.4": {Year: 2027, Month: time.June, Day: 30}} {
		_, err = h.schedule().KeepLine(ctx, ada(), release.Line{Platform: harbour, Name: name, Released: calendar.Date{Year: 2025, Month: time.June, Day: 1}, Support: release.Support{Until: release.LastDay(until)}})
		require.NoError(h.t, err)
	}
}

func (h *house) planned(version string, on calendar.Date) {
	h.t.Helper()
	_, err := h.schedule().Plan(h.t.Context(), ada(), release.Plan{Platform: harbour, Version: version, On: on})
	require.NoError(h.t, err)
}

func (h *house) published(version string, on calendar.Date) {
	h.t.Helper()
	_, err := h.schedule().Publish(h.t.Context(), ada(), release.Plan{Platform: harbour, Version: version, On: on})
	require.NoError(h.t, err)
}

func refused(t *testing.T, err error, why string) {
	t.Helper()
	r, ok := errors.AsType[*servicecoin.RefusedError](err)
	require.True(t, ok, "%v", err)
	require.Contains(t, r.Why, why)
}

func violated(t *testing.T, err error, path, code string) {
	t.Helper()
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	require.True(t, ok, "%v", err)
	for _, v := range invalid.Violations {
		if v.Path == path && v.Code == code {
			return
		}
	}
	require.Fail(t, "no such violation", "%s %s in %v", path, code, err)
}

// The first promise stays, whatever comes after it.
func TestFirstPromiseStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.platform(nil)
	h.planned("8.4.1", date(time.March, 10))
	h.planned("8.4.2", date(time.April, 10))
	h.planned("8.4.3", date(time.April, 20))
	h.planned("v8.4.4", date(time.May, 20))
	_, err := h.schedule().Plan(ctx, ada(), release.Plan{Platform: harbour, Version: "8.4.4", On: date(time.June, 1)})
	require.ErrorIs(t, err, servicecoin.ErrExists, "it is the same version")

	h.on(time.March, 5)
	r, err := h.schedule().Move(ctx, ada(), harbour, "8.4.1", date(time.March, 17), "a test fails")
	require.NoError(t, err)
	require.Equal(t, date(time.March, 10), r.First)
	require.Equal(t, date(time.March, 17), r.Target)
	require.Equal(t, "a test fails", r.Moves[0].Why)
	require.Equal(t, ada(), r.Moves[0].By)
	_, err = h.schedule().Move(ctx, ada(), harbour, "8.4.1", date(time.March, 17), "again")
	refused(t, err, "promised for that day")

	h.on(time.March, 12) // the first day has passed
	_, err = h.schedule().Move(ctx, ada(), harbour, "8.4.1", date(time.March, 24), "still")
	require.NoError(t, err)
	_, err = h.schedule().Move(ctx, ada(), harbour, "8.4.1", date(time.March, 11), "into the past")
	violated(t, err, "to", "out-of-order")
	h.on(time.March, 24)
	h.published("8.4.1", date(time.March, 24))
	_, err = h.schedule().Move(ctx, ada(), harbour, "8.4.1", date(time.April, 1), "it came")
	refused(t, err, "it came on 2026-03-24")
	_, err = h.schedule().Publish(ctx, ada(), release.Plan{Platform: harbour, Version: "8.4.2", On: date(time.March, 25)})
	violated(t, err, "on", "out-of-order")

	h.on(time.April, 9)
	h.published("8.4.2", date(time.April, 9)) // early
	h.published("8.4.9", date(time.April, 9)) // nobody had planned it
	_, err = h.schedule().Skip(ctx, ada(), harbour, "8.4.3", "there is nothing in it")
	require.NoError(t, err)
	h.on(time.May, 25)

	p, err := h.schedule().Platform(ctx, harbour)
	require.NoError(t, err)
	all, err := h.schedule().Promised(ctx, harbour)
	require.NoError(t, err)
	got := release.Honoured(all, p, date(time.May, 25))
	require.Equal(t, "1 of 4", got.Words())
	require.Equal(t, [6]int{1, 1, 1, 1, 0, 1}, [6]int{got.Kept, got.Late, got.Skipped, got.Overdue, got.Due, got.Unpromised})
	require.Equal(t, [2]int{1, 1}, [2]int{got.Before, got.After}, "moves before and after the first day")
	require.Equal(t, [2]int{5, 14}, [2]int{got.Median, got.Ninetieth}, "14 days late, and 5 so far")
	require.True(t, got.Known)
	require.InDelta(t, 0.0456, got.Interval.Low, 0.0005)
	require.InDelta(t, 0.6994, got.Interval.High, 0.0005)

	by := release.HonouredBy(release.ByQuarter, all, p, date(time.May, 25))
	require.Len(t, by, 2)
	require.Equal(t, []string{"2026-Q1", "0 of 1", "2026-Q2", "1 of 3"}, []string{by[0].Name, by[0].Words(), by[1].Name, by[1].Words()})
}

// Days are those of the platform's zone.
func TestDaysOfThePlatform(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.platform(func(p *release.Platform) { p.Zone = "Pacific/Auckland" })
	h.now = time.Date(2026, 3, 9, 20, 0, 0, 0, time.UTC) // the 10th there
	_, err := h.schedule().Plan(t.Context(), ada(), release.Plan{Platform: harbour, Version: "8.4.1", On: date(time.March, 9)})
	violated(t, err, "on", "out-of-order")
	h.planned("8.4.1", date(time.March, 10))
	h.published("8.4.1", date(time.March, 10))
	r, err := h.schedule().Get(t.Context(), harbour, "8.4.1")
	require.NoError(t, err)
	require.Equal(t, release.WasKept, r.Outcome(date(time.March, 10)))
}

func TestPlansThatAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.platform(nil)
	for name, c := range map[string]struct {
		plan       release.Plan
		path, code string
	}{
		"no platform":      {release.Plan{Version: "8.4.1", On: date(time.May, 1)}, "platform", "required"},
		"other platform":   {release.Plan{Platform: "quay", Version: "8.4.1", On: date(time.May, 1)}, "platform", "unknown"},
		"no version":       {release.Plan{Platform: harbour, On: date(time.May, 1)}, "version", "required"},
		"bad version":      {release.Plan{Platform: harbour, Version: "next", On: date(time.May, 1)}, "version", "bad-version"},
		"no line":          {release.Plan{Platform: harbour, Version: "9.0.0", On: date(time.May, 1)}, "line", "unknown"},
		"line of others":   {release.Plan{Platform: harbour, Version: "8.4.1", Line: "8.3", On: date(time.May, 1)}, "line", "out-of-range"},
		"no such channel":  {release.Plan{Platform: harbour, Version: "8.4.1", Channel: "nightly", On: date(time.May, 1)}, "channel", "unknown"},
		"no day":           {release.Plan{Platform: harbour, Version: "8.4.1"}, "on", "out-of-range"},
		"a day of before":  {release.Plan{Platform: harbour, Version: "8.4.1", On: date(time.March, 1)}, "on", "out-of-order"},
		"empty fix":        {release.Plan{Platform: harbour, Version: "8.4.1", On: date(time.May, 1), Holds: release.Holds{Fixes: []release.Item{{}}}}, "holds.fixes[0].text", "required"},
		"no such language": {release.Plan{Platform: harbour, Version: "8.4.1", On: date(time.May, 1), Notes: servicecoin.Texts{"": "x"}}, "notes", "bad-language"},
	} {
		_, err := h.schedule().Plan(t.Context(), ada(), c.plan)
		require.Error(t, err, name)
		invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
		require.True(t, ok, "%s: %v", name, err)
		require.Equal(t, c.path, invalid.Violations[0].Path, name)
		require.Equal(t, c.code, invalid.Violations[0].Code, name)
	}
	n := 0
	for _, err := range h.schedule().Releases(harbour).All(t.Context()) {
		require.NoError(t, err)
		n++
	}
	require.Zero(t, n, "nothing is half there")
	_, err := release.NewSchedule(h.store.For("alder")).Plan(t.Context(), ada(), release.Plan{Platform: harbour, Version: "8.4.1", On: date(time.May, 1)})
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "a customer's view has no schedule")
}

// What is said of a release as it comes counts; what is left out stays as it was planned.
func TestPublishSaysMore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.platform(nil)
	notes := servicecoin.Texts{"en": "Two things"}
	_, err := h.schedule().Plan(ctx, ada(), release.Plan{Platform: harbour, Version: "8.4.1", On: date(time.March, 10), Freeze: date(time.March, 5), Notes: notes})
	require.NoError(t, err)
	_, err = h.schedule().Publish(ctx, ada(), release.Plan{Platform: harbour, Version: "8.4.1", On: date(time.March, 1)})
	violated(t, err, "on", "out-of-order")
	h.on(time.March, 9)
	_, err = h.schedule().Publish(ctx, ada(), release.Plan{Platform: harbour, Version: "8.4.1", On: date(time.March, 9), Channel: "nightly"})
	violated(t, err, "channel", "unknown")
	holds := release.Holds{Advisories: []string{"CVE-2026-7"}}
	r, err := h.schedule().Publish(ctx, ada(), release.Plan{Platform: harbour, Version: "8.4.1", On: date(time.March, 9), Channel: "early", Holds: holds})
	require.NoError(t, err)
	require.Equal(t, holds, r.Holds)
	require.Equal(t, notes, r.Notes)
	require.Equal(t, date(time.March, 5), r.Freeze)
	require.Equal(t, "early", r.Channel)
}

func TestRecall(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.platform(nil)
	h.planned("8.4.3", date(time.March, 20))
	h.published("8.4.1", date(time.March, 1))
	h.published("8.4.2", date(time.March, 2))
	_, err := h.schedule().Recall(ctx, ada(), harbour, "8.4.3", "broken", "")
	refused(t, err, "did not come")
	for instead, code := range map[string]string{"8.4.3": "out-of-range", "8.4.2": "out-of-range", "8.9": "unknown", "soon": "bad-version"} {
		_, err = h.schedule().Recall(ctx, ada(), harbour, "8.4.2", "broken", instead)
		require.Error(t, err, instead)
		invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
		require.True(t, ok, "%s: %v", instead, err)
		require.Equal(t, code, invalid.Violations[0].Code, instead)
	}
	r, err := h.schedule().Recall(ctx, ada(), harbour, "8.4.2", "it loses orders", "8.4.1")
	require.NoError(t, err)
	require.Equal(t, "8.4.1", r.Recalled.Instead)
	_, err = h.schedule().Recall(ctx, ada(), harbour, "8.4.2", "again", "")
	refused(t, err, "it was recalled")

	_, err = h.installations("alder").Run(ctx, ada(), harbour, "", "8.4.2")
	refused(t, err, "8.4.1 stands in its place")
	_, err = h.installations("alder").Observe(ctx, ada(), harbour, "", "8.4.2", h.now)
	require.NoError(t, err, "a fact is not refused")
}

func TestMilestones(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.platform(nil)
	_, err := h.schedule().PlanMilestone(ctx, ada(), harbour, "8.4", "Code freeze", date(time.July, 10))
	require.NoError(t, err)
	_, err = h.schedule().PlanMilestone(ctx, ada(), harbour, "9", "Code freeze", date(time.July, 10))
	violated(t, err, "line", "unknown")
	m, err := h.schedule().MoveMilestone(ctx, ada(), harbour, "8.4", "Code freeze", date(time.July, 24), "two weeks of holidays")
	require.NoError(t, err)
	require.Equal(t, date(time.July, 10), m.First)
	h.on(time.July, 24)
	_, err = h.schedule().Reach(ctx, ada(), harbour, "8.4", "Code freeze", date(time.July, 24))
	require.NoError(t, err)
	_, err = h.schedule().SkipMilestone(ctx, ada(), harbour, "8.4", "Code freeze", "no")
	refused(t, err, "it came on")
	p, err := h.schedule().Platform(ctx, harbour)
	require.NoError(t, err)
	all, err := h.schedule().Promised(ctx, harbour)
	require.NoError(t, err)
	by := release.HonouredBy(release.ByKind, all, p, date(time.July, 24))
	require.Len(t, by, 1)
	require.Equal(t, release.AMilestone, by[0].Name)
	require.Equal(t, 14, by[0].Median)
}

// What is taken in keeps the promises of its time, and is checked as a whole.
func TestTake(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.platform(nil)
	told := time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC)
	r := release.Release{
		Platform: harbour, Version: "8.4.0", Line: "8.4", Kind: release.Minor,
		Planned: release.Planned{
			First: date(time.February, 1), FirstAt: told, Target: date(time.February, 8), Done: date(time.February, 9),
			Moves: []release.Move{{From: date(time.February, 1), To: date(time.February, 8), At: told.AddDate(0, 0, 9), By: ada(), Why: "ice"}},
		},
	}
	got, err := h.schedule().Take(ctx, ada(), r)
	require.NoError(t, err)
	require.Equal(t, 8, got.Late(date(time.March, 1)))
	r.Version, r.Kind = "8.4.1", release.Patch
	for name, change := range map[string]func(r *release.Release){
		"a move from elsewhere":    func(r *release.Release) { r.Moves[0].From = date(time.February, 2) },
		"moved before it was told": func(r *release.Release) { r.Moves[0].At = told.Add(-time.Hour) },
		"a target nobody named":    func(r *release.Release) { r.Target = date(time.March, 1) },
		"came tomorrow":            func(r *release.Release) { r.Done = date(time.March, 3) },
		"told tomorrow":            func(r *release.Release) { r.Moves[0].At = h.now.Add(time.Hour) },
		"came and skipped":         func(r *release.Release) { r.Skipped = &release.Skip{At: told, By: ada(), Why: "x"} },
		"nothing promised":         func(r *release.Release) { r.Planned = release.Planned{} },
	} {
		bad := r
		bad.Moves = append([]release.Move{}, r.Moves...)
		change(&bad)
		_, err = h.schedule().Take(ctx, ada(), bad)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
	}
}

// A line keeps what was promised of its support before.
func TestFormerLines(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.platform(nil)
	l, err := h.schedule().Line(ctx, harbour, "8.3")
	require.NoError(t, err)
	l.Support.Until, l.Successor = release.LastDay(date(time.May, 31)), "8.4"
	l, err = h.schedule().KeepLine(ctx, ada(), l)
	require.NoError(t, err)
	require.Equal(t, 2, l.Version)
	n := 0
	for f, err := range h.schedule().FormerLines(harbour, "8.3").All(ctx) {
		require.NoError(t, err)
		require.Equal(t, release.LastDay(date(time.June, 30)), f.Line.Support.Until)
		n++
	}
	require.Equal(t, 1, n)
	l.Support.Active = release.LastDay(date(time.June, 1))
	_, err = h.schedule().KeepLine(ctx, ada(), l)
	violated(t, err, "support.until", "out-of-order")
}

func TestFindings(t *testing.T) {
	t.Parallel()
	p := release.Platform{ID: harbour, Rules: release.Rules{Cadence: 30, Support: 12, Patch: []release.Content{release.HasFix, release.HasAdvisory}}}
	none := 0
	l := release.Line{Platform: harbour, Name: "8.4", Released: date(time.January, 10), Support: release.Support{Active: release.LastDay(date(time.March, 1)), Until: release.LastDay(date(time.August, 1))}}
	came := func(version string, month time.Month, d int) release.Release {
		return release.Release{Version: version, Line: "8.4", Kind: release.Patch, Planned: release.Planned{Done: date(month, d)}}
	}
	list := []release.Release{came("8.4.0", time.January, 9), came("8.4.1", time.February, 9), came("8.4.2", time.March, 8), came("8.4.3", time.August, 2)}
	list[0].Kind = release.Minor
	list[1].Freeze = date(time.February, 8)
	list[2].Freeze, list[2].Holds.Features = date(time.March, 6), []release.FeatureID{"f"}
	list = append(list, release.Release{Version: "8.4.4", Line: "8.4", Kind: release.Patch, Planned: release.Planned{
		First: date(time.July, 1), FirstAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Target: date(time.September, 1),
		Moves: []release.Move{{From: date(time.July, 1), To: date(time.September, 1), At: time.Date(2026, 7, 2, 9, 0, 0, 0, time.UTC), Why: "x"}},
	}})
	var got []string
	for _, f := range release.Findings(p, l, list, date(time.July, 10)) {
		got = append(got, f.Code+" "+f.Version+" "+f.On.String())
	}
	require.Equal(t, []string{
		"before-line 8.4.0 2026-01-09",
		"cadence 8.4.1 2026-02-09", "out-of-band 8.4.1 2026-02-09",
		"contents 8.4.2 2026-03-08", "phase 8.4.2 2026-03-08",
		"overdue 8.4.4 2026-07-01", "announced-late 8.4.4 2026-07-02",
		"no-successor  2026-08-01", "support-length  2026-08-01",
		"after-end 8.4.3 2026-08-02", "cadence 8.4.3 2026-08-02",
	}, got)

	p.Rules.FreezeLead = &none
	for _, f := range release.Findings(p, l, list, date(time.July, 10)) {
		require.NotEqual(t, release.OutOfBand, f.Code, "nothing is the least lead")
	}
	// Nobody waits for a release once support is over.
	for on, want := range map[calendar.Date]int{date(time.June, 1): 55, date(time.December, 1): 116} {
		found := false
		for _, f := range release.Findings(p, l, list[:3], on) {
			if f.Code == release.NoneInCadence {
				require.Equal(t, want, f.Days, on)
				found = true
			}
		}
		require.True(t, found)
	}
}

func TestLineOf(t *testing.T) {
	t.Parallel()
	list := []release.Line{{Name: "8"}, {Name: "8.4"}, {Name: "24.04"}, {Name: "1.2"}, {Name: "1.20"}}
	for version, want := range map[string]string{"8.4.1": "8.4", "8.5": "8", "24.04.2": "24.04", "24.4.9": "24.04", "1.20.1": "1.20", "1.2.9-rc.1": "1.2", "9.0": "", "x": ""} {
		l, ok := release.LineOf(list, version)
		require.Equal(t, want, l.Name, version)
		require.Equal(t, want != "", ok, version)
	}
}

// What became of promises adds up, and only days that were promised first count.
func TestHonourAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		on := date(time.June, 15)
		drawn := func(label string) calendar.Date {
			return date(time.January, 1).AddDays(rapid.IntRange(0, 300).Draw(t, label))
		}
		var list []release.Promised
		kept := 0
		for range rapid.IntRange(0, 30).Draw(t, "n") {
			x := release.Promised{Line: "1", Kind: "patch"}
			if rapid.Bool().Draw(t, "promised") {
				x.First = drawn("first")
				x.Target = x.First
				if rapid.Bool().Draw(t, "moved") {
					to := drawn("to")
					x.Moves, x.Target = []release.Move{{From: x.First, To: to, At: x.First.AddDays(-3).In(time.UTC).Start}}, to
				}
			}
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				if x.Done = drawn("done"); !x.First.IsZero() && x.Done.Compare(x.First) <= 0 {
					kept++
				}
			case 1:
				x.Skipped = &release.Skip{Why: "x"}
			}
			list = append(list, x)
		}
		h := release.Honoured(list, release.Platform{}, on)
		require.Equal(t, kept, h.Kept)
		require.Equal(t, len(list), h.Of+h.Due+h.Unpromised)
		require.Equal(t, h.Of, h.Kept+h.Late+h.Skipped+h.Overdue)
		require.GreaterOrEqual(t, h.Ninetieth, h.Median)
		require.Zero(t, h.After, "all moves were told three days before")
		require.Equal(t, h.Of > 0, h.Known)
		sum := 0
		for _, g := range release.HonouredBy(release.ByMonth, list, release.Platform{}, on) {
			sum += g.Of
		}
		require.Equal(t, h.Of, sum)
	})
}

// What came does not hold less than was said.
func TestDescribeKeepsWhatWasSaid(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.platform(nil)
	h.planned("8.4.1", date(time.March, 5))
	describe := func(holds release.Holds) error {
		_, err := h.schedule().Describe(ctx, ada(), harbour, "8.4.1", holds, calendar.Date{}, nil)
		return err
	}
	require.NoError(t, describe(release.Holds{Features: []release.FeatureID{"f"}}))
	holds := release.Holds{Advisories: []string{"CVE-1"}, Fixes: []release.Item{{ID: "a", Text: "x"}, {Text: "y"}}, Breaking: []release.Item{{Text: "z"}}}
	require.NoError(t, describe(holds), "it did not come yet")
	h.published("8.4.1", date(time.March, 2))
	for name, bad := range map[string]release.Holds{
		"advisory": {Fixes: holds.Fixes, Breaking: holds.Breaking, Advisories: []string{"CVE-2"}},
		"fix":      {Fixes: []release.Item{{ID: "b", Text: "x"}, {Text: "y"}}, Breaking: holds.Breaking, Advisories: holds.Advisories},
		"fewer":    {Fixes: holds.Fixes[:1], Breaking: holds.Breaking, Advisories: holds.Advisories},
		"breaking": {Fixes: holds.Fixes, Advisories: holds.Advisories},
	} {
		refused(t, describe(bad), "holds")
		require.NotEmpty(t, name)
	}
	holds.Fixes = []release.Item{{Text: "y, and what that means"}, {ID: "a", Text: "x, in words"}, {ID: "c", Text: "more"}}
	require.NoError(t, describe(holds))
}

// A milestone that was moved often, with long reasons, is refused before the store refuses it.
func TestMilestoneHasRoom(t *testing.T) {
	t.Parallel()
	m := release.Milestone{Platform: harbour, Line: "8.4", Name: "review", Planned: release.Planned{First: date(time.March, 1), FirstAt: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Target: date(time.March, 1)}}
	for range 100 {
		m.Moves = append(m.Moves, release.Move{From: date(time.March, 1), To: date(time.March, 1), At: m.FirstAt, By: ada(), Why: strings.Repeat("w", 4000)})
	}
	require.ErrorIs(t, m.Validate(), servicecoin.ErrInvalid)
	m.Moves = m.Moves[:40]
	require.NoError(t, m.Validate())
}

// A release during extended support is none after the end, and a line whose support is over
// owes no more releases.
func TestFindingsOfExtendedSupport(t *testing.T) {
	t.Parallel()
	r := release.Release{Version: "8.2.9", Line: "8.2", Kind: release.Patch, Planned: release.Planned{Done: date(time.March, 10)}, Holds: release.Holds{Features: []release.FeatureID{"f"}}}
	l := release.Line{Name: "8.2", Support: release.Support{Until: "2026-02-28", Extended: "2026-12-31"}}
	list := release.Findings(release.Platform{}, l, []release.Release{r}, date(time.April, 1))
	require.Len(t, list, 1)
	require.Equal(t, release.AgainstPhase, list[0].Code)
	require.NotContains(t, list[0].Text, "since ", "nobody said since when")
	l.Support.Extended = ""
	list = release.Findings(release.Platform{}, l, []release.Release{r}, date(time.April, 1))
	require.Equal(t, release.AfterEnd, list[0].Code)
	l = release.Line{Name: "8.2", Support: release.Support{Active: release.Over}, Rules: release.Rules{Cadence: 7}}
	r.Holds = release.Holds{}
	require.Empty(t, release.Findings(release.Platform{}, l, []release.Release{r}, date(time.September, 1)))
}

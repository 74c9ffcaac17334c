package release_test

import (
	"context"
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

func TestWhatRuns(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.platform(nil)
	h.published("8.3.5", date(time.March, 1))
	h.published("8.4.1", date(time.March, 1))
	h.planned("8.4.3", date(time.March, 20))
	_, err := h.schedule().Publish(ctx, ada(), release.Plan{Platform: harbour, Version: "8.4.2", On: date(time.March, 2), Channel: "early"})
	require.NoError(t, err)
	alder := h.installations("alder")

	_, err = alder.Run(ctx, ada(), harbour, "", "8.4.3")
	refused(t, err, "not out")
	_, err = alder.Run(ctx, ada(), harbour, "", "8.4.2")
	refused(t, err, `in the channel "early"`)
	_, err = alder.Run(ctx, ada(), harbour, "", "8.4.7")
	violated(t, err, "version", "unknown")
	_, err = alder.Run(ctx, ada(), "quay", "", "8.4.1")
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = alder.Stop(ctx, ada(), harbour, "")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)

	_, err = alder.Run(ctx, ada(), harbour, "", "8.3.5")
	require.NoError(t, err)
	h.on(time.March, 4)
	_, err = alder.Run(ctx, ada(), harbour, "", "8.4.1")
	require.NoError(t, err)
	_, err = alder.Observe(ctx, ada(), harbour, "", "8.3.5", h.now.Add(-48*time.Hour))
	refused(t, err, "since")
	_, err = alder.Observe(ctx, ada(), harbour, "", "8.3.5", h.now.Add(time.Hour))
	violated(t, err, "since", "out-of-order")
	_, err = alder.Place(ctx, ada(), harbour, "", "early", 2)
	require.NoError(t, err)
	h.on(time.March, 5)
	r, err := alder.Run(ctx, ada(), harbour, "", "8.4.2")
	require.NoError(t, err)
	require.Equal(t, 2, r.Ring)
	require.Equal(t, "8.3.5", r.At(time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)))
	require.Equal(t, "8.4.1", r.At(time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)))
	require.Empty(t, r.At(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)))
	spans, err := alder.History(ctx, harbour, "")
	require.NoError(t, err)
	require.Len(t, spans, 2)
	n := 0
	for _, err := range release.RunsAcross(h.store, harbour, "v8.4.2").All(ctx) {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, 1, n)
	_, err = release.NewInstallations(h.store.For(servicecoin.Provider), nil).Run(ctx, ada(), harbour, "", "8.4.1")
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// No span is lost, however many there are.
func TestManySpans(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	alder := release.NewInstallations(h.store.For("alder"), nil)
	const many = 1000
	for n := range many {
		h.now = h.now.Add(time.Hour)
		_, err := alder.Run(ctx, ada(), harbour, "test", []string{"1.0", "1.1", "1.2"}[n%3])
		require.NoError(t, err)
	}
	spans, err := alder.History(ctx, harbour, "test")
	require.NoError(t, err)
	require.Len(t, spans, many-1)
	for n, s := range spans {
		require.Equal(t, []string{"1.0", "1.1", "1.2"}[n%3], s.Version)
		if n > 0 {
			require.Equal(t, spans[n-1].Until, s.From)
		}
	}
}

func TestPins(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.platform(nil)
	h.published("8.3.5", date(time.March, 1))
	h.published("8.4.1", date(time.March, 1))
	alder := h.installations("alder")
	pin := release.Pin{Platform: harbour, Range: "8.3", Until: date(time.December, 31), Why: "their own programs are not ready", Contract: "A-17"}
	for name, c := range map[string]struct {
		change     func(p *release.Pin)
		path, code string
	}{
		"no range":  {func(p *release.Pin) { p.Range = "" }, "range", "required"},
		"bad range": {func(p *release.Pin) { p.Range = ">>8" }, "range", "bad-version"},
		"no reason": {func(p *release.Pin) { p.Why = "" }, "why", "required"},
		"over":      {func(p *release.Pin) { p.Until = date(time.March, 1) }, "until", "out-of-order"},
	} {
		bad := pin
		c.change(&bad)
		_, err := alder.Pin(ctx, ada(), bad)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
		if c.code != "bad-version" {
			violated(t, err, c.path, c.code)
		}
	}
	_, err := alder.Pin(ctx, ada(), pin)
	require.NoError(t, err)
	_, err = alder.Pin(ctx, ada(), pin)
	refused(t, err, "it is pinned to 8.3 until 2026-12-31")
	_, err = alder.Run(ctx, ada(), harbour, "", "8.4.1")
	refused(t, err, "their own programs are not ready")
	_, err = alder.Run(ctx, ada(), harbour, "", "8.3.5")
	require.NoError(t, err)

	h.on(time.March, 20)
	all, err := h.schedule().Lines(ctx, harbour)
	require.NoError(t, err)
	r, err := alder.Get(ctx, harbour, "")
	require.NoError(t, err)
	var list []release.Release
	for x, err := range h.schedule().Releases(harbour).All(ctx) {
		require.NoError(t, err)
		list = append(list, x)
	}
	fix := release.Fix{ID: "f", Affected: "<8.4", KnownAt: h.now}
	cost := release.CostOf(*r.Pin, all, list, []release.Fix{fix}, date(time.March, 20))
	require.Equal(t, release.Cost{Today: release.Active, AtEnd: release.Ended, Without: 184, Fixes: []release.FixID{"f"}}, cost)

	_, err = alder.Unpin(ctx, ada(), harbour, "", "")
	violated(t, err, "reason", "required")
	out, err := alder.Unpin(ctx, ada(), harbour, "", "they are ready")
	require.NoError(t, err)
	require.Equal(t, "they are ready", out.Ended.Why)
	_, err = alder.Unpin(ctx, ada(), harbour, "", "again")
	refused(t, err, "not pinned")
	_, err = alder.Run(ctx, ada(), harbour, "", "8.4.1")
	require.NoError(t, err)
	_, err = alder.Pin(ctx, ada(), pin)
	require.NoError(t, err)
	n := 0
	for _, err := range alder.Pins(harbour, "").All(ctx) {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, 1, n, "those of before")
}

func TestWhereItStands(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 10, 9, 0, 0, 0, time.UTC)
	p := release.Platform{ID: harbour, Channels: []string{"stable", "early"}}
	all := []release.Line{
		{Name: "8.3", Released: date(time.January, 1), Support: release.Support{Until: release.LastDay(date(time.June, 30))}, Successor: "8.4"},
		{Name: "8.4", Support: release.Support{Until: release.NotOver}},
	}
	came := func(version, line, channel string, d calendar.Date) release.Release {
		return release.Release{Version: version, Line: line, Kind: release.Patch, Channel: channel, Planned: release.Planned{Done: d}}
	}
	list := []release.Release{
		came("8.4.2", "8.4", "early", date(time.June, 1)), came("8.3.10", "8.3", "", date(time.May, 2)), came("8.3.9", "8.3", "", date(time.May, 1)),
		came("8.4.1", "8.4", "stable", date(time.May, 20)), came("8.4.3", "8.4", "stable", date(time.June, 20)), came("8.5.0-rc.1", "8.5", "", date(time.June, 2)),
	}
	list[2].Recalled = &release.Recalled{Why: "it loses orders", Instead: "8.3.10"}
	list[5].Kind = release.Prerelease
	fixes := []release.Fix{{ID: "f1", Affected: "<8.3.10", KnownAt: now.AddDate(0, 0, -30), In: []release.FixedIn{{Version: "8.3.10"}}}, {ID: "f2", Affected: "<8.3.2", KnownAt: now}}
	i := release.Installation{Customer: "alder", Running: release.Running{Platform: harbour, Version: "8.3.9", Since: now.AddDate(0, 0, -20)}}
	pos := release.Locate(i, p, all, list, fixes, now)
	var between []string
	for _, s := range pos.Between {
		between = append(between, s.Version)
	}
	require.Equal(t, []string{"8.3.10", "8.4.1", "8.4.2"}, between, "what is not out, and pre-releases, stand between nothing")
	require.Equal(t, "8.4.2", pos.Newest)
	require.Equal(t, "8.4.1", pos.Offered)
	require.Equal(t, "it loses orders", pos.Recalled.Why)
	require.Equal(t, []release.FixID{"f1"}, pos.Fixes)
	require.True(t, pos.NearEnd)
	require.Equal(t, release.Active, pos.Phase)
	require.Equal(t, 39, pos.Behind(date(time.June, 10)))

	i.Pin = &release.Pin{Range: "8.3", From: now.AddDate(0, 0, -1), Until: date(time.July, 1), Why: "contract"}
	pos = release.Locate(i, p, all, list, fixes, now)
	require.Equal(t, "8.3.10", pos.Offered)
	require.Contains(t, pos.Between[1].Withheld, "contract")
}

func TestFixesUntilTheLastCustomer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	day := 24 * time.Hour
	h.platform(func(p *release.Platform) {
		p.Fixes = release.FixPromise{Fixed: calendar.Within(2 * day), Rolled: calendar.Within(5 * day), Customers: map[servicecoin.CustomerID]calendar.Duration{"birch": calendar.Within(day - time.Hour)}}
	})
	h.published("8.3.5", date(time.March, 1))
	h.published("8.4.1", date(time.March, 1))
	known := h.now
	_, err := h.fixes().Know(ctx, ada(), release.Known{ID: "cve", Platform: harbour, Title: "Orders of others can be read", Affected: ">=8.3 <8.4.2", At: known.Add(time.Hour)})
	violated(t, err, "knownAt", "out-of-order")
	for c, run := range map[servicecoin.CustomerID]struct {
		version string
		ring    int
	}{"alder": {"8.4.1", 0}, "birch": {"8.3.5", 1}, "cedar": {"8.3.5", 1}} {
		_, err := h.installations(c).Place(ctx, ada(), harbour, "", "", run.ring)
		require.NoError(t, err)
		_, err = h.installations(c).Run(ctx, ada(), harbour, "", run.version)
		require.NoError(t, err)
	}
	_, err = h.fixes().Know(ctx, ada(), release.Known{ID: "cve", Platform: harbour, Title: "Orders of others can be read", Affected: ">=8.3 <8.4.2", At: known})
	require.NoError(t, err)

	look := func() release.Rollout {
		f, err := h.fixes().Get(ctx, "cve")
		require.NoError(t, err)
		p, err := h.schedule().Platform(ctx, harbour)
		require.NoError(t, err)
		all, err := h.schedule().Lines(ctx, harbour)
		require.NoError(t, err)
		var list []release.Installation
		for _, c := range []servicecoin.CustomerID{"alder", "birch", "cedar"} {
			r, err := h.installations(c).Get(ctx, harbour, "")
			require.NoError(t, err)
			list = append(list, release.Installation{Customer: c, Running: r})
		}
		return release.RollOut(f, p, all, list, h.now)
	}
	h.on(time.March, 3)
	_, err = h.fixes().Fix(ctx, ada(), "cve", "8.4.2", h.now)
	violated(t, err, "version", "unknown")
	h.published("8.4.2", date(time.March, 3))
	h.published("8.3.6", date(time.March, 3))
	_, err = h.fixes().Fix(ctx, ada(), "cve", "8.4.2", known.Add(-time.Hour))
	violated(t, err, "in[0].at", "out-of-order")
	for _, v := range []string{"8.4.2", "8.3.6"} {
		_, err = h.fixes().Fix(ctx, ada(), "cve", v, h.now)
		require.NoError(t, err)
	}
	_, err = h.fixes().Fix(ctx, ada(), "cve", "v8.4.2", h.now)
	refused(t, err, "mends it")
	got := look()
	require.Equal(t, 3, got.Exposed)
	require.Equal(t, 1, got.Missed, "a day was promised to birch")
	require.True(t, got.Complete.IsZero())

	_, err = h.installations("alder").Run(ctx, ada(), harbour, "", "8.4.2")
	require.NoError(t, err)
	h.on(time.March, 4)
	_, err = h.installations("birch").Run(ctx, ada(), harbour, "", "8.3.6")
	require.NoError(t, err)
	_, err = h.installations("cedar").Pin(ctx, ada(), release.Pin{Platform: harbour, Range: "8.3.5", Until: date(time.May, 1), Why: "contract"})
	require.NoError(t, err)
	got = look()
	require.Equal(t, []release.InRing{{Ring: 0, Affected: 1, Mended: 1, Complete: known.Add(day)}, {Ring: 1, Affected: 2, Mended: 1}}, got.Rings())
	require.Equal(t, "8.3.5: contract", got.Rows[2].Pinned)
	took, _ := got.Rows[1].Took.Get()
	require.Equal(t, 2*day, took)

	h.on(time.March, 8)
	_, err = h.installations("cedar").Stop(ctx, ada(), harbour, "")
	require.NoError(t, err)
	got = look()
	require.Equal(t, [3]int{1, 2, 0}, [3]int{got.Kept, got.Missed, got.Exposed})
	require.Equal(t, h.now, got.Complete)

	_, err = h.fixes().Withdraw(ctx, ada(), "cve", "it was ours to begin with")
	require.NoError(t, err)
	_, err = h.fixes().Fix(ctx, ada(), "cve", "8.4.1", h.now)
	refused(t, err, "withdrawn")
}

// However versions come and go: who runs an affected one is exposed, who ran one while the
// flaw was known is mended since it ran none any more, and nobody else is concerned.
func TestRolloutAgainstMinutes(t *testing.T) {
	t.Parallel()
	known := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		f := release.Fix{ID: "f", Affected: "1.1", KnownAt: known}
		at := known.Add(-20 * time.Hour)
		var r release.Running
		for range rapid.IntRange(0, 8).Draw(t, "spans") {
			from := at.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "pause")) * time.Hour)
			at = from.Add(time.Duration(rapid.IntRange(1, 9).Draw(t, "long")) * time.Hour)
			r.Spans = append(r.Spans, release.Span{Version: rapid.SampledFrom([]string{"1.0.0", "1.1.0", "1.1.1", "1.2.0"}).Draw(t, "version"), From: from, Until: at})
		}
		if rapid.Bool().Draw(t, "runs") {
			r.Version, r.Since = rapid.SampledFrom([]string{"1.0.0", "1.1.0", "1.2.0"}).Draw(t, "now"), at
		}
		now := known.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "now")) * time.Hour)

		last, ever := time.Time{}, false // the last half hour in which it ran one
		for x := known.Add(30 * time.Minute); x.Before(now); x = x.Add(time.Hour) {
			if v := r.At(x); v == "1.1.0" || v == "1.1.1" {
				last, ever = x.Add(30*time.Minute), true
			}
		}
		row := release.RollOut(f, release.Platform{}, nil, []release.Installation{{Customer: "c", Running: r}}, now).Rows[0]
		v := r.At(now)
		switch {
		case v == "1.1.0" || v == "1.1.1":
			require.Contains(t, []release.Progress{release.Exposed, release.NeverAffected}, row.Progress)
			if ever {
				require.Equal(t, release.Exposed, row.Progress)
			}
		case !ever:
			require.Equal(t, release.NeverAffected, row.Progress)
		case v == "":
			require.Equal(t, release.Stopped, row.Progress)
			require.Equal(t, last, row.At)
		default:
			require.Equal(t, release.Mended, row.Progress)
			require.False(t, row.At.Before(last))
			require.Equal(t, v, r.At(now))
			require.NotEmpty(t, r.At(row.At))
		}
	})
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	w := release.NewWarnings(h.store.For("alder"))
	x := release.Warning{Platform: harbour, About: release.ARecall, Of: "8.4.2", Version: "8.4.2", Instead: "8.4.3", Why: "it loses orders"}
	given, err := w.Give(ctx, ada(), x)
	require.NoError(t, err)
	h.on(time.March, 3)
	x.Instead = "8.4.4"
	again, err := w.Give(ctx, ada(), x)
	require.NoError(t, err)
	require.Equal(t, given.GivenAt, again.GivenAt)
	require.NoError(t, w.Settle(ctx, ada(), x))
	refused(t, w.Settle(ctx, ada(), x), "it was settled")
	n := 0
	for _, err := range w.Open(harbour, "").All(ctx) {
		require.NoError(t, err)
		n++
	}
	require.Zero(t, n)
	_, err = w.Give(ctx, ada(), x)
	require.NoError(t, err)
	for got, err := range w.All().All(ctx) {
		require.NoError(t, err)
		require.Equal(t, "8.4.4", got.Instead)
		require.True(t, got.SettledAt.IsZero())
		n++
	}
	require.Equal(t, 1, n)
	_, err = w.Give(ctx, ada(), release.Warning{Platform: harbour, About: "weather", Of: "x"})
	violated(t, err, "about", "unknown")
}

// A channel that a platform does not have any more is not for everybody.
func TestOffersOfNoChannel(t *testing.T) {
	t.Parallel()
	p := release.Platform{Channels: []string{"stable", "early"}}
	require.True(t, p.Offers("", ""))
	require.True(t, p.Offers("stable", "gone"))
	require.True(t, p.Offers("stable", "early"))
	require.False(t, p.Offers("early", "stable"))
	require.False(t, p.Offers("beta", "early"), "beta is none of its channels")
	require.False(t, release.Platform{}.Offers("beta", ""))
}

func came(version, line string, day int, change func(r *release.Release)) release.Release {
	r := release.Release{Version: version, Line: line, Kind: release.Patch, Planned: release.Planned{Done: date(time.March, day)}}
	if change != nil {
		change(&r)
	}
	return r
}

func recalled(instead string) func(r *release.Release) {
	return func(r *release.Release) { r.Recalled = &release.Recalled{Why: "bad", Instead: instead} }
}

// Who runs what was recalled is led to what was not, however often that happened.
func TestLocateLeadsToWhatIsGood(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)
	p := release.Platform{ID: harbour}
	lines := []release.Line{{Name: "8.4", Support: release.Support{Active: "2026-06-30"}}}
	list := []release.Release{
		came("8.4.1", "8.4", 1, recalled("8.4.2")), came("8.4.2", "8.4", 2, recalled("8.4.3")), came("8.4.3", "8.4", 3, nil), came("8.4.4", "8.4", 4, recalled("")),
	}
	at := func(version string) release.Position {
		return release.Locate(release.Installation{Running: release.Running{Platform: harbour, Version: version}}, p, lines, list, nil, now)
	}
	pos := at("8.4.1")
	require.Equal(t, "8.4.3", pos.Recalled.Instead)
	require.Equal(t, "8.4.2", list[0].Recalled.Instead, "what was said stays")
	require.Equal(t, "8.4.3", pos.Newest)
	require.Len(t, pos.Between, 2, "up to the newest that is good")
	require.Equal(t, release.End("2026-06-30"), pos.Until, "the end of the active support, where nothing else is stated")
	require.Empty(t, at("8.4.3").Between, "what was recalled is nothing to go to")
	list[2].Recalled = &release.Recalled{Why: "bad", Instead: "8.4.1"}
	require.Empty(t, at("8.4.1").Recalled.Instead, "they lead in a ring")
}

// A line that has a name, and not numbers, is the one that its releases say.
func TestLocateInNamedLine(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)
	lines := []release.Line{{Name: "dalmatian", Support: release.Support{Until: "2026-04-30"}, Successor: "epoxy"}, {Name: "epoxy"}}
	list := []release.Release{came("30.0.0", "dalmatian", 1, nil), came("31.0.0", "epoxy", 2, nil)}
	i := release.Installation{Running: release.Running{Platform: harbour, Version: "30.0"}}
	pos := release.Locate(i, release.Platform{ID: harbour}, lines, list, nil, now)
	require.Equal(t, "dalmatian", pos.Line.Name)
	require.Equal(t, release.End("2026-04-30"), pos.Until)
	require.True(t, pos.NearEnd)
	cost := release.CostOf(release.Pin{Range: "30", Until: date(time.May, 10)}, lines, list, nil, date(time.March, 20))
	require.Equal(t, release.Ended, cost.AtEnd)
	require.Equal(t, 10, cost.Without)
}

// Pre-releases of a version stand between an earlier one of it and the version.
func TestLocatePrerelease(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)
	pre := func(r *release.Release) { r.Kind = release.Prerelease }
	list := []release.Release{came("9.0.0-rc.1", "9.0", 1, pre), came("9.0.0-rc.2", "9.0", 2, pre), came("9.1.0-rc.1", "9.1", 3, pre), came("8.4.0", "8.4", 1, nil)}
	at := func(version string) string {
		return release.Locate(release.Installation{Running: release.Running{Version: version}}, release.Platform{}, nil, list, nil, now).Newest
	}
	require.Equal(t, "9.0.0-rc.2", at("9.0.0-rc.1"))
	require.Empty(t, at("8.4.0"))
}

// What was no flaw exposes nobody.
func TestRollOutOfWithdrawn(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)
	f := release.Fix{Affected: ">=8", KnownAt: now.Add(-48 * time.Hour), Promise: release.FixPromise{Rolled: calendar.Within(time.Hour)}}
	list := []release.Installation{{Customer: "alder", Running: release.Running{Version: "8.4.0", Since: now.Add(-96 * time.Hour)}}}
	require.Equal(t, 1, release.RollOut(f, release.Platform{}, nil, list, now).Missed)
	f.Withdrawn = &release.Skip{At: now, Why: "it was another program"}
	out := release.RollOut(f, release.Platform{}, nil, list, now)
	require.Zero(t, out.Exposed)
	require.Zero(t, out.Missed)
	require.Equal(t, release.NeverAffected, out.Rows[0].Progress)
}

// Who may not run anything is not told why a version is withheld.
func TestRunAsksAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.platform(nil)
	h.published("8.4.1", date(time.March, 1))
	_, err := h.schedule().Recall(ctx, ada(), harbour, "8.4.1", "a secret", "")
	require.NoError(t, err)
	no := store.New(memory.New(), &store.Options{
		Now:       func() time.Time { return h.now },
		Authorize: func(context.Context, servicecoin.Attempt) error { return servicecoin.ErrForbidden },
	})
	_, err = release.NewInstallations(no.For("alder"), h.schedule()).Run(ctx, ada(), harbour, "", "8.4.1")
	require.ErrorIs(t, err, servicecoin.ErrForbidden)
}

// Whatever a line or a version may be called, a customer can be warned of it.
func TestWarningOfLongNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 250)
	w := release.Warning{Platform: harbour, About: release.AnEnd, Of: long, Version: long, Instead: long}
	require.NoError(t, w.Validate())
}

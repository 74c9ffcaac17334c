package release_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/followup"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

func (h *house) apis() *release.APIs {
	return release.NewAPIs(h.store.For(servicecoin.Provider), nil)
}

const orders release.APIID = "orders"

func ordersAPI() release.API {
	return release.API{
		ID: orders, Platform: harbour, Name: "Orders", Kind: release.REST, Stability: release.Stable, Owner: "olga",
		KeepUp: release.KeepUp{Languages: map[string]int{"go": 7}, Stability: map[release.Stability]int{release.Experimental: 60}},
	}
}

func goBinding() release.Binding {
	return release.Binding{ID: "orders-go", API: orders, Language: "go", Package: "example.org/orders", Owner: "gopher", Stability: release.Stable, Version: "1.4.0", Range: ">=8.3 <8.5"}
}

// keepBindings keeps the API and some bindings.
func (h *house) keepBindings(list ...release.Binding) {
	h.t.Helper()
	h.platform(nil)
	_, err := h.apis().KeepAPI(h.t.Context(), ada(), ordersAPI())
	require.NoError(h.t, err)
	for _, b := range list {
		_, err = h.apis().KeepBinding(h.t.Context(), ada(), b)
		require.NoError(h.t, err)
	}
}

func (h *house) revise(r release.Revision) release.Revision {
	h.t.Helper()
	r.API = orders
	out, err := h.apis().Revise(h.t.Context(), ada(), r)
	require.NoError(h.t, err)
	return out
}

func (h *house) tried(b release.BindingID, version string, passed bool) {
	h.t.Helper()
	_, err := h.apis().Report(h.t.Context(), ada(), release.Tried{Binding: b, Version: version, Passed: passed})
	require.NoError(h.t, err)
}

func (h *house) bindingStanding(b release.BindingID) release.Standing {
	h.t.Helper()
	board, err := h.apis().Board(h.t.Context(), orders)
	require.NoError(h.t, err)
	for _, s := range board.Standings {
		if s.Binding.ID == b {
			return s
		}
	}
	require.Fail(h.t, "no binding", b)
	return release.Standing{}
}

// bindingStates are "8.4.0 tested, 8.3.0 inferred".
func bindingStates(s release.Standing) string {
	var list []string
	for _, c := range s.Cells {
		list = append(list, c.Version+" "+string(c.State))
	}
	return strings.Join(list, ", ")
}

func codesOf(list []release.APIFinding) string {
	var out []string
	for _, f := range list {
		out = append(out, f.Code)
	}
	return strings.Join(out, " ")
}

// A binding falls behind, its owner is told once, it is tried, and is not behind any more.
func TestABindingFallsBehind(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	python := release.Binding{ID: "orders-py", API: orders, Language: "python", Package: "orders", Stability: release.Stable, Range: "8.3"}
	h.keepBindings(goBinding(), python)
	h.revise(release.Revision{Version: "8.3.0", Released: date(time.March, 2), Own: "1.0.0", Document: "sha256:a"})
	h.tried("orders-go", "8.3.0", true)
	h.tried("orders-py", "8.3.0", true)

	h.on(time.April, 1)
	r := h.revise(release.Revision{
		Version: "8.4.0", Released: date(time.April, 1), Own: "1.1.0", Document: "sha256:b",
		Differences: &release.Differences{Since: "8.3.0", Breaking: 2, Harmless: 1, Changes: []release.APIChange{{Level: "breaking", Operation: "GET /orders", Text: "is gone"}}},
	})
	require.Equal(t, release.BreakingWithoutMajor, codesOf(r.Findings))
	require.Contains(t, r.Findings[0].Text, "from 1.0.0 to 1.1.0")

	s := h.bindingStanding("orders-go")
	require.Equal(t, "8.4.0 inferred, 8.3.0 tested", bindingStates(s))
	require.Zero(t, s.Days)
	require.Equal(t, release.InferredOnly, codesOf(s.Findings))
	work := s.Cells[0].Work
	require.Equal(t, servicecoin.PersonID("gopher"), work.Owner)
	require.Equal(t, "2026-04-08T22:00:00Z", work.Due.Format(time.RFC3339), "the end of the seventh day after it, in Berlin")

	s = h.bindingStanding("orders-py")
	require.Equal(t, "8.4.0 untested, 8.3.0 tested", bindingStates(s))
	require.Equal(t, servicecoin.PersonID("olga"), s.Cells[0].Work.Owner, "nobody owns it: the API's owner has the work")
	require.Equal(t, release.NobodyOwns+" "+release.IsBehind, codesOf(s.Findings))

	h.on(time.May, 5)
	require.Equal(t, 34, h.bindingStanding("orders-py").Days)
	overdue := 0
	for x, err := range h.apis().Due(h.now).All(ctx) {
		require.NoError(t, err)
		require.Equal(t, "8.4.0", x.Version)
		overdue++
	}
	require.Equal(t, 2, overdue)
	done, err := h.apis().Tend(ctx, ada())
	require.NoError(t, err)
	require.Equal(t, release.TendedBindings{Behind: []release.BindingID{"orders-py"}}, done)
	done, err = h.apis().Tend(ctx, ada())
	require.NoError(t, err)
	require.Empty(t, done.Behind, "it is told once")

	// Somebody takes it over, and the work with it.
	python.Owner = "paula"
	_, err = h.apis().KeepBinding(ctx, ada(), python)
	require.NoError(t, err)
	s = h.bindingStanding("orders-py")
	require.Equal(t, servicecoin.PersonID("paula"), s.Cells[0].Work.Owner)
	require.NotNil(t, s.Binding.Behind)

	h.tried("orders-py", "8.4.0", false)
	s = h.bindingStanding("orders-py")
	require.Equal(t, "8.4.0 broken, 8.3.0 tested", bindingStates(s))
	require.Equal(t, 34, s.Days, "what is broken is behind")
	require.Equal(t, followup.Done, s.Cells[0].Work.State)
	require.Equal(t, release.BrokenNow+" "+release.IsBehind, codesOf(s.Findings))

	h.now = h.now.Add(time.Hour)
	h.tried("orders-py", "v8.4", true)
	done, err = h.apis().Tend(ctx, ada())
	require.NoError(t, err)
	require.Equal(t, release.TendedBindings{Current: []release.BindingID{"orders-py"}}, done)
	s = h.bindingStanding("orders-py")
	require.Equal(t, "8.4.0 tested, 8.3.0 tested", bindingStates(s))
	require.Empty(t, s.Findings)
	require.Nil(t, s.Binding.Behind)

	var names []string
	events, err := h.store.For(servicecoin.Provider).Events(ctx, 0, 1000)
	require.NoError(t, err)
	for _, e := range events {
		if !strings.HasPrefix(e.Name, "api.") && !strings.HasPrefix(e.Name, "binding.") {
			continue
		}
		names = append(names, e.Name)
	}
	require.Equal(t, []string{
		"api.kept", "binding.kept", "binding.kept", "api.revised", "binding.tested", "binding.tested", "api.revised",
		"binding.behind", "binding.kept", "binding.broken", "binding.tested", "binding.current",
	}, names)
}

// A version that came without a description is known at once; its description comes later.
func TestOffer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.keepBindings(goBinding())
	h.revise(release.Revision{Version: "8.3.0", Released: date(time.January, 2), Own: "1.0.0", Document: "sha256:a"})
	h.tried("orders-go", "8.3.0", true)
	require.NoError(t, h.apis().Offer(ctx, ada(), harbour, "8.4.0", date(time.March, 1)))
	require.NoError(t, h.apis().Offer(ctx, ada(), harbour, "8.4.0", date(time.March, 1)), "again changes nothing")
	require.NoError(t, h.apis().Offer(ctx, ada(), "elsewhere", "8.4.0", date(time.March, 1)))
	s := h.bindingStanding("orders-go")
	require.Equal(t, "8.4.0 inferred, 8.3.0 tested", bindingStates(s))
	require.Equal(t, followup.Open, s.Cells[0].Work.State)

	r := h.revise(release.Revision{Version: "8.4.0", Released: date(time.March, 1), Own: "1.0.0", Document: "sha256:b"})
	require.Equal(t, release.OwnVersionSame, codesOf(r.Findings))
	require.Equal(t, "2026-03-09", h.bindingStanding("orders-go").Cells[0].Work.Due.Format("2006-01-02"), "it is due when it was")

	// The same description as before is nothing to do; and a pre-release is no version to follow.
	h.revise(release.Revision{Version: "8.4.1", Released: date(time.March, 2), Own: "1.0.0", Document: "sha256:b"})
	h.revise(release.Revision{Version: "8.5.0-rc.1", Released: date(time.March, 2), Document: "sha256:c"})
	s = h.bindingStanding("orders-go")
	require.Equal(t, "8.5.0-rc.1 untested, 8.4.1 inferred, 8.4.0 inferred, 8.3.0 tested", bindingStates(s))
	require.Nil(t, s.Cells[0].Work)
	require.Nil(t, s.Cells[1].Work)
	require.Zero(t, s.Days)

	// What is gone is not followed, and not offered again.
	r = h.revise(release.Revision{Version: "9.0.0", Released: date(time.March, 2), Gone: true})
	require.Equal(t, release.GoneWithoutSunset, codesOf(r.Findings))
	require.NoError(t, h.apis().Offer(ctx, ada(), harbour, "9.1.0", date(time.March, 2)))
	require.Len(t, h.bindingStanding("orders-go").Cells, 4)
	_, err := h.apis().Revision(ctx, orders, "9.1.0")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}

// A binding that is new has to follow the newest version, from the day on which it was kept.
func TestANewBindingFollows(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.keepBindings()
	h.revise(release.Revision{Version: "8.3.0", Released: date(time.January, 2)})
	h.revise(release.Revision{Version: "8.4.0", Released: date(time.January, 30)})
	h.revise(release.Revision{Version: "8.5.0-rc.1", Released: date(time.February, 2)})
	rust := release.Binding{ID: "orders-rs", API: orders, Language: "rust", Package: "orders", Stability: release.Experimental, From: "8.4"}
	old := release.Binding{ID: "orders-pl", API: orders, Language: "perl", Package: "Orders", Stability: release.Deprecated, Owner: "pia"}
	h.keepBindings(rust, old)
	s := h.bindingStanding("orders-rs")
	require.Equal(t, "8.5.0-rc.1 untested, 8.4.0 untested, 8.3.0 untested", bindingStates(s))
	require.Equal(t, "2026-05-01T22:00:00Z", s.Cells[1].Work.Due.Format(time.RFC3339), "sixty days from the second of March on")
	require.Equal(t, "8.4.0 31", fmt.Sprint(s.Missing, " ", s.Days), "what is below its first version does not count")
	require.Equal(t, release.NobodyOwns+" "+release.IsBehind+" "+release.NothingKnown, codesOf(s.Findings))
	s = h.bindingStanding("orders-pl")
	require.Zero(t, s.Days, "what is deprecated need not follow")
	require.Nil(t, s.Cells[1].Work)

	// A newer version of the line covers the one before.
	h.revise(release.Revision{Version: "8.4.1", Released: date(time.March, 1)})
	h.tried("orders-rs", "8.4.1", true)
	require.Zero(t, h.bindingStanding("orders-rs").Days)
	nobody := 0
	for b, err := range h.apis().OwnedBy("").All(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, release.BindingID("orders-rs"), b.ID)
		nobody++
	}
	require.Equal(t, 1, nobody)
}

func TestJudge(t *testing.T) {
	t.Parallel()
	breaks := &release.Differences{Since: "8.3.0", Breaking: 1}
	for name, c := range map[string]struct {
		stability   release.Stability
		sunset      calendar.Date
		before, own string
		diff        *release.Differences
		gone        bool
		want        string
	}{
		"a new major one":     {release.Stable, calendar.Date{}, "1.9.0", "2.0.0", breaks, false, ""},
		"a minor one":         {release.Stable, calendar.Date{}, "1.9.0", "1.10.0", breaks, false, release.BreakingWithoutMajor},
		"the same":            {release.Stable, calendar.Date{}, "1.9.0", "1.9.0", breaks, false, release.BreakingWithoutMajor},
		"before one":          {release.Stable, calendar.Date{}, "0.1.0", "0.2.0", breaks, false, ""},
		"an experiment":       {release.Experimental, calendar.Date{}, "1.9.0", "1.10.0", breaks, false, ""},
		"a calendar version":  {release.Stable, calendar.Date{}, "2024-01-01", "2024-06-01", breaks, false, ""},
		"nothing breaks":      {release.Stable, calendar.Date{}, "1.9.0", "1.10.0", nil, false, ""},
		"unnoticed":           {release.Stable, calendar.Date{}, "1.9.0", "1.9.0", nil, false, release.OwnVersionSame},
		"gone early":          {release.Deprecated, date(time.June, 1), "1", "", nil, true, release.GoneBeforeSunset},
		"gone on its day":     {release.Deprecated, date(time.May, 1), "1", "", nil, true, ""},
		"gone without a day":  {release.Stable, calendar.Date{}, "1", "", nil, true, release.GoneWithoutSunset},
		"a gone experiment":   {release.Experimental, calendar.Date{}, "1", "", nil, true, ""},
		"a version not known": {release.Stable, calendar.Date{}, "", "1.10.0", breaks, false, ""},
	} {
		a := ordersAPI()
		a.Stability, a.Sunset = c.stability, c.sunset
		before := release.Revision{Version: "8.3.0", Own: c.before, Document: "sha256:a"}
		after := release.Revision{Version: "8.4.0", Released: date(time.May, 1), Own: c.own, Document: "sha256:b", Differences: c.diff, Gone: c.gone}
		require.Equal(t, c.want, codesOf(a.Judge(&before, after)), name)
		require.Equal(t, c.gone, len(a.Judge(nil, after)) > 0 || c.want == "" && c.gone, name)
	}
}

func TestAPIsRefuse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	n := h.apis()
	_, err := n.KeepAPI(ctx, ada(), release.API{KeepUp: release.KeepUp{Days: -1, Languages: map[string]int{"": 0}, Stability: map[release.Stability]int{"old": 1}}})
	for _, path := range []string{"id", "platform", "name", "kind", "stability", "owner", "keepUp.days", "keepUp.languages", "keepUp.languages[]", "keepUp.stability"} {
		require.ErrorContains(t, err, path)
	}
	h.keepBindings(goBinding())
	own := ordersAPI()
	own.Successor = own.ID
	_, err = n.KeepAPI(ctx, ada(), own)
	require.ErrorContains(t, err, "must be another API")
	own = ordersAPI()
	own.Platform = "elsewhere"
	_, err = n.KeepAPI(ctx, ada(), own)
	require.ErrorIs(t, err, servicecoin.ErrRefused)

	_, err = n.KeepBinding(ctx, ada(), release.Binding{Range: ">>", From: "soon"})
	for _, path := range []string{"id", "api", "language", "package", "stability", "range", "from"} {
		require.ErrorContains(t, err, path)
	}
	lost := goBinding()
	lost.ID, lost.API = "x", "nowhere"
	_, err = n.KeepBinding(ctx, ada(), lost)
	require.ErrorContains(t, err, "api \"nowhere\": is not known")
	_, err = n.KeepAPI(ctx, ada(), release.API{ID: "other", Platform: harbour, Name: "Other", Kind: release.GRPC, Stability: release.Stable, Owner: "olga"})
	require.NoError(t, err)
	lost.ID, lost.API = "orders-go", "other"
	_, err = n.KeepBinding(ctx, ada(), lost)
	require.ErrorIs(t, err, servicecoin.ErrRefused)

	_, err = n.Revise(ctx, ada(), release.Revision{API: "nowhere", Version: "8.3", Released: date(time.March, 1)})
	require.ErrorContains(t, err, "is not known")
	_, err = n.Revise(ctx, ada(), release.Revision{API: orders, Version: "soon", Differences: &release.Differences{Breaking: -1, Changes: []release.APIChange{{Level: "bad"}}}})
	for _, path := range []string{"version", "released", "differences.since", "differences.breaking", "differences.changes[0].level", "differences.changes[0].text"} {
		require.ErrorContains(t, err, path)
	}
	_, err = n.Revise(ctx, ada(), release.Revision{API: orders, Version: "8.3", Released: date(time.March, 1), Findings: make([]release.APIFinding, 51)})
	require.ErrorContains(t, err, "findings: has 51")

	_, err = n.Report(ctx, ada(), release.Tried{Binding: "nobody's", Version: "8.3"})
	require.ErrorContains(t, err, "is not known")
	_, err = n.Report(ctx, ada(), release.Tried{Binding: "orders-go", Version: "8.3", At: h.now.Add(time.Second)})
	require.ErrorContains(t, err, "must not be after now")
	h.tried("orders-go", "8.3", true)
	_, err = n.Report(ctx, ada(), release.Tried{Binding: "orders-go", Version: "8.3.0", At: h.now.Add(-time.Second)})
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = n.PutOff(ctx, ada(), "orders-go", "8.3", h.now.Add(time.Hour), "later")
	require.ErrorIs(t, err, servicecoin.ErrRefused, "it was never to be done")
	_, err = n.Drop(ctx, ada(), "orders-go", "9", "why")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)

	h.revise(release.Revision{Version: "8.4", Released: date(time.March, 1)})
	_, err = n.PutOff(ctx, ada(), "orders-go", "8.4", h.now.Add(-time.Hour), "")
	require.ErrorContains(t, err, "must not have passed")
	require.ErrorContains(t, err, "why")
	trial, err := n.PutOff(ctx, ada(), "orders-go", "8.4", h.now.Add(240*time.Hour), "Paula is away")
	require.NoError(t, err)
	require.NotEqual(t, trial.Work.FirstDue, trial.Work.Due)
	trial, err = n.Drop(ctx, ada(), "orders-go", "8.4", "nobody uses it")
	require.NoError(t, err)
	require.Equal(t, followup.Dropped, trial.Work.State)

	for k := range 40 {
		b := goBinding()
		b.ID = release.BindingID(fmt.Sprintf("b%d", k))
		_, err = n.KeepBinding(ctx, ada(), b)
	}
	require.ErrorContains(t, err, "has 41, 40 are allowed")
	h.revise(release.Revision{Version: "8.5", Released: date(time.March, 1)}) // all of them in one commit

	_, err = release.NewAPIs(h.store.For("acme"), nil).KeepAPI(ctx, ada(), ordersAPI())
	require.ErrorContains(t, err, "works in the provider's")
	_, err = n.Tend(ctx, servicecoin.Actor{})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// Each verb is asked for, by its name, before anything is read.
func TestAPIsAsk(t *testing.T) {
	t.Parallel()
	var asked []string
	s := store.New(memory.New(), &store.Options{Authorize: func(_ context.Context, x servicecoin.Attempt) error {
		asked = append(asked, x.Verb)
		return servicecoin.ErrForbidden
	}})
	n, ctx := release.NewAPIs(s.For(servicecoin.Provider), nil), t.Context()
	for _, do := range []func() error{
		func() error { _, err := n.KeepAPI(ctx, ada(), ordersAPI()); return err },
		func() error { _, err := n.Describe(ctx, ada(), "x"); return err },
		func() error { _, err := n.Revise(ctx, ada(), release.Revision{}); return err },
		func() error { _, err := n.KeepBinding(ctx, ada(), goBinding()); return err },
		func() error { _, err := n.Report(ctx, ada(), release.Tried{}); return err },
		func() error { _, err := n.PutOff(ctx, ada(), "b", "1", time.Time{}, ""); return err },
		func() error { _, err := n.Drop(ctx, ada(), "b", "1", ""); return err },
		func() error { _, err := n.Tend(ctx, ada()); return err },
	} {
		require.ErrorIs(t, do(), servicecoin.ErrForbidden)
	}
	require.Equal(t, []string{
		release.VerbKeepAPI, release.VerbDescribeAPI, release.VerbRevise, release.VerbKeepBinding, release.VerbReport, release.VerbMoveWork, release.VerbDropWork, release.VerbTend,
	}, asked)
}

func TestDescriptions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	digest, err := h.apis().Describe(ctx, ada(), "openapi: 3.0.3")
	require.NoError(t, err)
	again, err := h.apis().Describe(ctx, ada(), "openapi: 3.0.3")
	require.NoError(t, err)
	require.Equal(t, digest, again)
	text, err := h.apis().Description(ctx, digest)
	require.NoError(t, err)
	require.Equal(t, "openapi: 3.0.3", text)
	for _, bad := range []string{"", strings.Repeat("x", release.MaxDescription+1), "\xff", strings.Repeat("\x01", release.MaxDescription)} {
		_, err = h.apis().Describe(ctx, ada(), bad)
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
	}
	_, err = h.apis().Description(ctx, "sha256:nothing")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}

// bindingWorld draws an API's revisions, a binding and what is known of it.
func bindingWorld(t *rapid.T) (release.Binding, []release.Revision, []release.Trial) {
	versions := []string{"8.2.0", "8.2.1", "8.3.0", "8.3.1", "8.4.0-rc.1", "8.4.0", "9.0.0"}
	var revisions []release.Revision
	var trials []release.Trial
	for n, v := range versions {
		if rapid.Bool().Draw(t, v) {
			revisions = append(revisions, release.Revision{
				API: orders, Version: v, Released: date(time.January, 1).AddDays(n*10 + rapid.IntRange(0, 15).Draw(t, "day")),
				Document: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "document"), Gone: rapid.IntRange(0, 9).Draw(t, "gone") == 0,
				Differences: &release.Differences{Breaking: rapid.IntRange(0, 1).Draw(t, "breaking")},
			})
		}
		if rapid.IntRange(0, 2).Draw(t, "report") == 0 {
			trials = append(trials, release.Trial{API: orders, Binding: "b", Version: v, Report: &release.BindingReport{Passed: rapid.Bool().Draw(t, "passed")}})
		}
	}
	b := release.Binding{
		ID: "b", API: orders, Stability: release.Stable, From: rapid.SampledFrom([]string{"", "8.3"}).Draw(t, "from"),
		Range: rapid.SampledFrom([]string{"", "8.2", ">=8.3", "8.3 - 8.4", "8.4.x", ">=8.4.0-rc.1"}).Draw(t, "range"),
	}
	return b, revisions, trials
}

// A report more that it works, and a wider range, never make a binding more behind; a day
// more never makes it less so; and the order of what is known does not matter.
func TestStandingProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, revisions, trials := bindingWorld(t)
		on := date(time.January, 1).AddDays(rapid.IntRange(0, 120).Draw(t, "on"))
		at := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
		s := release.StandingOf(b, revisions, trials, on, at)
		if s.Missing == "" {
			require.Zero(t, s.Days)
		} else {
			require.GreaterOrEqual(t, s.Days, 0)
			for _, c := range s.Cells {
				if c.Version == s.Missing {
					require.False(t, c.State.Covers())
				}
			}
		}
		for _, c := range s.Cells {
			if c.Report != nil {
				require.Equal(t, c.Report.Passed, c.State == release.BindingTested, "what was tried is known")
			}
		}
		later := release.StandingOf(b, revisions, trials, on.AddDays(1), at)
		require.GreaterOrEqual(t, later.Days, s.Days)

		more := make([]release.Trial, 0, len(trials)+1)
		v := rapid.SampledFrom([]string{"8.2.1", "8.3.0", "8.3.1", "8.4.0", "9.0.0"}).Draw(t, "tried")
		for _, x := range trials {
			if x.Version != v {
				more = append(more, x)
			}
		}
		more = append(more, release.Trial{API: orders, Binding: "b", Version: v, Report: &release.BindingReport{Passed: true}})
		require.LessOrEqual(t, release.StandingOf(b, revisions, more, on, at).Days, s.Days)

		wide := b
		wide.Range = ">=0"
		require.LessOrEqual(t, release.StandingOf(wide, revisions, trials, on, at).Days, s.Days)

		shuffled := rapid.Permutation(revisions).Draw(t, "shuffled")
		if d := cmp.Diff(s, release.StandingOf(b, shuffled, rapid.Permutation(trials).Draw(t, "trials"), on, at)); d != "" {
			t.Error(d)
		}
	})
}

// Who has tried the newest version of a line need not try those before it.
func TestOlderWorkIsSpared(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.keepBindings(goBinding())
	for n, v := range []string{"8.3.9", "8.4.0", "8.4.1", "8.4.2"} {
		h.revise(release.Revision{Version: v, Released: date(time.February, n+1)})
	}
	h.tried("orders-go", "8.4.1", false)
	h.tried("orders-go", "8.4.2", true)
	var works []string
	for _, c := range h.bindingStanding("orders-go").Cells {
		works = append(works, c.Version+" "+string(c.Work.State))
	}
	require.Equal(t, []string{"8.4.2 done", "8.4.1 done", "8.4.0 dropped", "8.3.9 open"}, works)
}

// The earliest day counts, not the lowest version; and what was tried before it came is not
// to be tried again.
func TestTheEarliestDayCounts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := goBinding()
	b.Range = ""
	h.keepBindings(b)
	h.tried("orders-go", "8.5.0", true)
	h.revise(release.Revision{Version: "8.4.0", Released: date(time.February, 1)})
	h.revise(release.Revision{Version: "8.3.9", Released: date(time.February, 20)})
	h.revise(release.Revision{Version: "8.5.0", Released: date(time.February, 25)})
	s := h.bindingStanding("orders-go")
	require.Equal(t, "8.4.0 2026-02-01 29", fmt.Sprint(s.Missing, " ", s.Since, " ", s.Days))
	require.Equal(t, release.BindingTested, s.Cells[0].State)
	require.Nil(t, s.Cells[0].Work)
}

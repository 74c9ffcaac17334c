package release_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// shop is features over a store in memory, with a clock and a world that are set.
type shop struct {
	t        *testing.T
	now      time.Time
	s        *store.Store
	world    release.MemoryWorld
	features *release.Features
}

func newShop(t *testing.T) *shop {
	t.Helper()
	h := &shop{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), world: release.MemoryWorld{
		Tests: map[release.FeatureID]map[string]release.Shown{}, Used: map[release.FeatureID]release.Usage{},
		Written: map[release.FeatureID]release.Shown{}, Books: map[release.FeatureID]release.Shown{},
	}}
	h.s = store.New(memory.New(), &store.Options{Now: func() time.Time { return h.now }})
	h.features = release.NewFeatures(h.s.For(servicecoin.Provider), &release.FeaturesOptions{World: h.world})
	return h
}

func ben() servicecoin.Actor { return servicecoin.Person("ben") }
func cy() servicecoin.Actor  { return servicecoin.Person("cy") }

func (h *shop) days(n int) { h.now = h.now.AddDate(0, 0, n) }

func (h *shop) define(f release.Feature) release.Feature {
	h.t.Helper()
	f, err := h.features.Define(h.t.Context(), ada(), f)
	require.NoError(h.t, err)
	return f
}

func (h *shop) commit() release.Procedure {
	h.t.Helper()
	p, err := h.features.CommitProcedure(h.t.Context(), ada(), release.DefaultProcedure())
	require.NoError(h.t, err)
	return p
}

func (h *shop) propose(id release.FeatureID, to release.Stage, version string) release.Promotion {
	h.t.Helper()
	p, err := h.features.Propose(h.t.Context(), ada(), release.Proposal{Feature: id, To: to, Version: version, Default: to == release.StageGeneral, Why: "it is ready"})
	require.NoError(h.t, err)
	return p
}

// lacks are the criteria that an error names.
func lacks(t require.TestingT, err error) (list []string) {
	e, ok := errors.AsType[*release.LackingError](err)
	require.True(t, ok, "%v", err)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	for _, r := range e.Judgement.Lacking() {
		require.NotEmpty(t, r.Lacks, r.Criterion)
		require.NotEmpty(t, r.Found, r.Criterion)
		list = append(list, r.Criterion)
	}
	return list
}

// TestPromote takes a feature from beta to general availability: refused with all that it lacks,
// then criterion by criterion, one of them waived, which is shown until it is met.
func TestPromote(t *testing.T) {
	t.Parallel()
	h, ctx := newShop(t), t.Context()
	h.define(feature("f", release.StageBeta))
	p := h.propose("f", release.StageGeneral, "3.2.0-rc.1")
	require.Equal(t, release.PromotionID("f~generallyAvailable~3.2"), p.ID)
	_, err := h.features.Promote(ctx, ben(), p.ID)
	require.ErrorContains(t, err, "no procedure is committed")
	procedure := h.commit()
	require.Equal(t, 1, procedure.Edition)

	_, err = h.features.Promote(ctx, ben(), p.ID)
	require.Equal(t, []string{"tests", "soak", "use", "satisfaction", "documentation", "runbook", "support", "product", "operations"}, lacks(t, err))
	f, err := h.features.Get(ctx, "f")
	require.NoError(t, err)
	require.Equal(t, release.StageBeta, f.Last().Stage, "what is refused changes nothing")

	_, err = h.features.SignOff(ctx, ada(), p.ID, "product", "")
	require.ErrorContains(t, err, "who proposed it cannot sign it off")
	_, err = h.features.SignOff(ctx, servicecoin.Actor{Kind: servicecoin.Human, ID: "dan", OnBehalfOf: "ada"}, p.ID, "product", "")
	require.ErrorContains(t, err, "who proposed it cannot sign it off")
	_, err = h.features.SignOff(ctx, servicecoin.Program("robot"), p.ID, "product", "")
	require.Equal(t, []string{"by not-a-person"}, codes(err))
	for _, role := range []string{"product", "operations", "support"} {
		_, err = h.features.SignOff(ctx, ben(), p.ID, role, "looked at it")
		require.NoError(t, err)
	}
	_, err = h.features.SignOff(ctx, ben(), p.ID, "support", "")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	h.world.Written["f"], h.world.Books["f"] = release.Shown{Met: true}, release.Shown{Met: true, Text: "run book 7"}
	h.world.Tests["f"] = map[string]release.Shown{"3.2.0-rc.1": {Met: true}}
	h.world.Used["f"] = release.Usage{Known: true, Customers: 5, Asked: 5, Satisfied: 5}
	h.days(29)
	_, err = h.features.Promote(ctx, ben(), p.ID)
	require.Equal(t, []string{"soak", "satisfaction"}, lacks(t, err), "five of five are 56.55 % by the lower bound")
	require.ErrorContains(t, err, "wait until 2026-04-01T09:00:00Z")
	h.days(1)

	// Another version: tests and words are of the one before.
	p = h.propose("f", release.StageGeneral, "3.2.0")
	_, err = h.features.Promote(ctx, ben(), p.ID)
	require.Equal(t, []string{"tests", "satisfaction", "support", "product", "operations"}, lacks(t, err))
	h.world.Tests["f"]["3.2.0"] = release.Shown{Met: true}
	for _, role := range []string{"product", "operations", "support"} {
		_, err = h.features.SignOff(ctx, cy(), p.ID, role, "")
		require.NoError(t, err)
	}
	until := h.now.AddDate(0, 0, 20)
	_, err = h.features.Waive(ctx, ada(), p.ID, "satisfaction", "few have answered", until)
	require.ErrorContains(t, err, "who proposed it cannot waive")
	_, err = h.features.Waive(ctx, ben(), p.ID, "beauty", "it is not pretty", until)
	require.ErrorContains(t, err, "does not ask for beauty")
	_, err = h.features.Waive(ctx, ben(), p.ID, "satisfaction", " ", h.now)
	require.Equal(t, []string{"why required", "until out-of-range"}, codes(err))
	_, err = h.features.Waive(ctx, ben(), p.ID, "satisfaction", "few have answered", until)
	require.NoError(t, err)
	f, err = h.features.Promote(ctx, ben(), p.ID)
	require.NoError(t, err)
	require.Equal(t, release.StageEntry{From: "3.2", Stage: release.StageGeneral, Default: true, Since: h.now}, f.Last())
	require.Equal(t, 2, f.Edition)
	_, err = h.features.Promote(ctx, ben(), p.ID)
	require.ErrorContains(t, err, "only what is proposed is promoted")

	// The waiver is shown with the stage, and becomes a finding.
	open, err := h.features.OpenOf(ctx, "f")
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.False(t, open[0].Over)
	require.Equal(t, "few have answered", open[0].Waiver.Why)
	h.now = until
	open, err = h.features.OpenOf(ctx, "f")
	require.NoError(t, err)
	require.True(t, open[0].Over, "promoted under a waiver that is over")
	waived, err := collect(h.features.Waived().All(ctx))
	require.NoError(t, err)
	require.Len(t, waived, 1)

	// Another one has its own reason, and the first stays on record.
	_, err = h.features.Waive(ctx, ben(), p.ID, "tests", "why not", until.AddDate(0, 0, 9))
	require.ErrorContains(t, err, "was not promoted without tests")
	p, err = h.features.Waive(ctx, cy(), p.ID, "satisfaction", "the survey runs", until.AddDate(0, 0, 9))
	require.NoError(t, err)
	require.Len(t, p.Waivers, 2)
	require.False(t, p.Open(h.now)[0].Over)

	// What it rests on recomputes, and survives JSON.
	require.NotNil(t, p.Judgement)
	body, err := json.Marshal(p.Judgement)
	require.NoError(t, err)
	var back release.Judgement
	require.NoError(t, json.Unmarshal(body, &back))
	require.Empty(t, cmp.Diff(*p.Judgement, back.Again(procedure)))

	// It is met after all.
	p, err = h.features.Settle(ctx, ada(), p.ID)
	require.NoError(t, err)
	require.Len(t, p.Open(h.now), 1)
	h.world.Used["f"] = release.Usage{Known: true, Customers: 9, Asked: 20, Satisfied: 18}
	p, err = h.features.Settle(ctx, ada(), p.ID)
	require.NoError(t, err)
	require.Empty(t, p.Open(h.now))
	waived, err = collect(h.features.Waived().All(ctx))
	require.NoError(t, err)
	require.Empty(t, waived)
	list, err := collect(h.features.Editions("f").All(ctx))
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, release.StageBeta, list[1].Last().Stage)
}

func collect[T any](seq func(yield func(T, error) bool)) (list []T, err error) {
	for x, err := range seq {
		if err != nil {
			return list, err
		}
		list = append(list, x)
	}
	return list, nil
}

// TestPromoteGoesForward: what cannot be at all is refused when it is proposed.
func TestPromoteGoesForward(t *testing.T) {
	t.Parallel()
	h, ctx := newShop(t), t.Context()
	h.commit()
	h.define(feature("base", release.StageBeta))
	h.define(feature("top", release.StageBeta, func(f *release.Feature) { f.Needs = []release.FeatureID{"base"} }))
	for name, c := range map[string]struct {
		to      release.Stage
		version string
		refused bool
	}{
		"back":                  {release.StageAlpha, "3.2", true},
		"an older line":         {release.StageGeneral, "3.0", false},
		"the same line":         {release.StageGeneral, "3.1.9", false},
		"nothing new":           {release.StageBeta, "3.2", false},
		"no version":            {release.StageGeneral, "", false},
		"no stage":              {"gamma", "3.2", false},
		"before it could exist": {release.StagePreAlpha, "3.2", true},
	} {
		_, err := h.features.Propose(ctx, ada(), release.Proposal{Feature: "top", To: c.to, Version: c.version, Why: name})
		if c.refused {
			require.ErrorIs(t, err, servicecoin.ErrRefused, name)
		} else {
			require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
		}
	}
	_, err := h.features.Propose(ctx, ada(), release.Proposal{Feature: "nothing", To: release.StageBeta, Version: "3.2", Why: "it is not there"})
	require.ErrorIs(t, err, servicecoin.ErrNotFound)

	// One that would rest on what is less mature is not promoted, whatever was signed.
	p := h.propose("top", release.StageGeneral, "3.2.0")
	h.days(40)
	h.world.Tests["top"] = map[string]release.Shown{"3.2.0": {Met: true}}
	for _, c := range []string{"use", "satisfaction", "documentation", "runbook", "support", "product", "operations"} {
		_, err := h.features.Waive(ctx, ben(), p.ID, c, "a test", h.now.AddDate(0, 0, 5))
		require.NoError(t, err)
	}
	_, err = h.features.Promote(ctx, ben(), p.ID)
	require.Equal(t, []string{"needs stage-inversion", "needs default-inversion"}, codes(err))

	// What others need is not removed, and what customers use neither.
	p = h.propose("base", release.StageRemoved, "3.3.0")
	_, err = h.features.Promote(ctx, ben(), p.ID)
	require.Equal(t, []string{"unused"}, lacks(t, err))
	h.world.Used["base"] = release.Usage{Known: true, Customers: 1}
	_, err = h.features.Promote(ctx, ben(), p.ID)
	require.ErrorContains(t, err, "1 customer uses it")
	_, err = h.features.Waive(ctx, ben(), p.ID, "unused", "it is moved by hand", h.now.AddDate(0, 0, 5))
	require.NoError(t, err)
	_, err = h.features.Promote(ctx, ben(), p.ID)
	require.ErrorContains(t, err, "top needs it")
	_, err = h.features.Drop(ctx, ben(), p.ID, "not yet")
	require.NoError(t, err)
	_, err = h.features.SignOff(ctx, ben(), p.ID, "product", "")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.Equal(t, release.PromotionProposed, h.propose("base", release.StageRemoved, "3.3.0").State)
}

func TestDeprecate(t *testing.T) {
	t.Parallel()
	h, ctx := newShop(t), t.Context()
	h.commit()
	h.define(feature("old", release.StageGeneral))
	h.define(feature("new", release.StageGeneral))
	x := release.Proposal{Feature: "old", To: release.StageDeprecated, Version: "3.2", Why: "the new one is better", Deprecation: &release.Deprecation{Ends: calendar.Date{Year: 2027, Month: 3, Day: 31}, Successor: "new", Last: "3.4"}}
	p, err := h.features.Propose(ctx, ada(), x)
	require.NoError(t, err)
	f, err := h.features.Promote(ctx, ada(), p.ID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(x.Deprecation, f.Deprecation))
	x.Deprecation = &release.Deprecation{Successor: "old"}
	x.Version, x.Default = "3.3", true
	_, err = h.features.Propose(ctx, ada(), x)
	require.Equal(t, []string{"deprecation.successor contradiction"}, codes(err))
}

func TestHold(t *testing.T) {
	t.Parallel()
	h, ctx := newShop(t), t.Context()
	h.define(feature("f", release.StageBeta, func(f *release.Feature) { f.Stages[0].Default = true }))
	_, err := h.features.Hold(ctx, ben(), "f", "3.1.5", "")
	require.Equal(t, []string{"why required", "from not-a-line"}, codes(err))
	f, err := h.features.Hold(ctx, ben(), "f", "3.2", "it loses orders")
	require.NoError(t, err)
	for version, on := range map[string]bool{"3.1": true, "3.2.4": false, "3.3": false} {
		s, err := f.At(version, "")
		require.NoError(t, err)
		require.Equal(t, release.StageBeta, s.Stage)
		require.Equal(t, on, s.Default, version)
	}
	_, err = h.features.Hold(ctx, ben(), "f", "3.2", "again")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	f, err = h.features.Free(ctx, ben(), "f", "mended in 3.2.5")
	require.NoError(t, err)
	require.Nil(t, f.Hold)
	require.Equal(t, []string{release.VerbDefineFeature, release.VerbHoldFeature, release.VerbFreeFeature}, []string{f.History[0].Verb, f.History[1].Verb, f.History[2].Verb})
	_, err = h.features.Free(ctx, ben(), "f", "again")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
}

func TestDefineRefuses(t *testing.T) {
	t.Parallel()
	h, ctx := newShop(t), t.Context()
	h.define(feature("f", release.StageBeta))
	for name, c := range map[string]struct {
		f    release.Feature
		want error
	}{
		"twice":         {feature("f", release.StageBeta), servicecoin.ErrExists},
		"nothing":       {release.Feature{}, servicecoin.ErrInvalid},
		"unknown need":  {feature("g", release.StageBeta, func(f *release.Feature) { f.Needs = []release.FeatureID{"x"} }), servicecoin.ErrInvalid},
		"of the future": {feature("g", release.StageBeta, func(f *release.Feature) { f.Stages[0].Since = h.now.AddDate(0, 0, 1) }), servicecoin.ErrInvalid},
	} {
		_, err := h.features.Define(ctx, ada(), c.f)
		require.ErrorIs(t, err, c.want, name)
	}
	_, err := h.features.Define(ctx, servicecoin.Actor{}, feature("g", release.StageBeta))
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = release.NewFeatures(h.s.For("acme"), nil).Define(ctx, ada(), feature("g", release.StageBeta))
	require.ErrorIs(t, err, servicecoin.ErrInvalid)

	// Two that need each other: the second is not taken.
	h.define(feature("a", release.StageBeta))
	h.define(feature("b", release.StageBeta, func(f *release.Feature) { f.Needs = []release.FeatureID{"a"} }))
	a, err := h.features.Get(ctx, "a")
	require.NoError(t, err)
	a.Needs = []release.FeatureID{"b"}
	_, err = h.features.Revise(ctx, ada(), a, "a circle")
	require.Contains(t, codes(err), "needs cycle")
	a.Needs, a.Stages, a.Owner = nil, nil, "orders"
	a, err = h.features.Revise(ctx, ada(), a, "an owner")
	require.NoError(t, err)
	require.Len(t, a.Stages, 1, "stages are promoted, not revised")
	require.Equal(t, "orders", a.Owner)
	list, err := h.features.With(ctx, "b")
	require.NoError(t, err)
	require.Len(t, list, 2)
}

// TestForgetInAudiences: nothing that the provider keeps names a customer that is forgotten.
func TestForgetInAudiences(t *testing.T) {
	t.Parallel()
	h, ctx := newShop(t), t.Context()
	f := h.define(feature("f", release.StageBeta, func(f *release.Feature) {
		f.Audiences = map[release.Stage]release.Audience{release.StageBeta: {Customers: []servicecoin.CustomerID{"alder", "birch"}, Except: []servicecoin.CustomerID{"birch"}}}
	}))
	_, err := h.features.Revise(ctx, ada(), f, "another edition")
	require.NoError(t, err)
	require.NoError(t, h.features.Forget(ctx, ada(), "birch"))
	require.NoError(t, h.features.Forget(ctx, ada(), "birch"), "may be called again")
	all, err := collect(h.features.Editions("f").All(ctx))
	require.NoError(t, err)
	f, err = h.features.Get(ctx, "f")
	require.NoError(t, err)
	for _, f := range append(all, f) {
		body, err := json.Marshal(f)
		require.NoError(t, err)
		require.NotContains(t, string(body), "birch")
		require.Equal(t, []servicecoin.CustomerID{"alder"}, f.Audiences[release.StageBeta].Customers)
	}
}

func TestProcedureRefuses(t *testing.T) {
	t.Parallel()
	h := newShop(t)
	p := release.Procedure{Criteria: map[release.Stage][]release.Criterion{
		release.StagePreAlpha: {},
		release.StageBeta: {
			{ID: "a", Kind: "magic", Text: "x"},
			{ID: "a", Kind: release.AskSoak, Text: "x"},
			{ID: "u", Kind: release.AskUse, Text: "x", Customers: -1},
			{ID: "s", Kind: release.AskSatisfaction, Text: "x", Counts: "middle", Level: servicecoin.Some(decimal.NewFromInt(1))},
			{ID: "r", Kind: release.AskSignOff},
			{ID: "huge", Kind: release.AskSatisfaction, Text: "x", Share: servicecoin.Some(decimal.New(1, 999_999_999))},
		},
	}}
	_, err := h.features.CommitProcedure(t.Context(), ada(), p)
	require.Empty(t, cmp.Diff([]string{
		"why required", "criteria unknown", "criteria[beta][0].kind unknown", "criteria[beta][1].soak out-of-range", "criteria[beta][1].id duplicate",
		"criteria[beta][2].customers out-of-range", "criteria[beta][3].share required", "criteria[beta][3].counts unknown", "criteria[beta][3].level out-of-range",
		"criteria[beta][4].text required", "criteria[beta][4].role required", "criteria[beta][5].share out-of-range",
	}, codes(err)))
	_, err = h.features.CommitProcedure(t.Context(), servicecoin.Program("robot"), release.DefaultProcedure())
	require.Equal(t, []string{"by not-a-person"}, codes(err))
	require.NoError(t, func() error { p := release.DefaultProcedure(); p.Edition = 1; return p.Validate() }())
}

// TestJudgeIsMonotone: a fact more never makes a judgement worse, and it recomputes.
func TestJudgeIsMonotone(t *testing.T) {
	t.Parallel()
	p := release.DefaultProcedure()
	p.Edition = 3
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		to := rapid.SampledFrom(release.Stages()[1:]).Draw(t, "to")
		asked := rapid.IntRange(0, 40).Draw(t, "asked")
		f := release.Facts{
			At: at, Since: at.AddDate(0, 0, -rapid.IntRange(0, 60).Draw(t, "days")), Proven: release.Shown{Met: rapid.Bool().Draw(t, "proven")},
			Use:     release.Usage{Known: rapid.Bool().Draw(t, "known"), Customers: rapid.IntRange(0, 9).Draw(t, "customers"), Asked: asked, Satisfied: rapid.IntRange(0, asked).Draw(t, "satisfied")},
			Written: release.Shown{Met: rapid.Bool().Draw(t, "written")}, Runbook: release.Shown{Met: rapid.Bool().Draw(t, "book")},
		}
		for _, role := range []string{"product", "support", "operations"} {
			if rapid.Bool().Draw(t, role) {
				f.SignOffs = append(f.SignOffs, release.SignOff{Role: role, Version: "3.2", By: ben(), At: at})
			}
		}
		j := p.Judge("f", release.StageBeta, to, "3.2", f)
		require.Equal(t, len(j.Lacking()) == 0, j.Passed)
		require.Empty(t, cmp.Diff(j, j.Again(p)))
		better := f
		better.Proven.Met, better.Written.Met, better.Runbook.Met = true, true, true
		better.Since = f.Since.AddDate(0, 0, -100)
		if to != release.StageRemoved {
			better.Use.Customers++
		}
		better.Use.Asked, better.Use.Satisfied = f.Use.Asked+3, f.Use.Satisfied+3
		after := p.Judge("f", release.StageBeta, to, "3.2", better)
		for n, r := range j.Rows {
			require.False(t, r.Met && !after.Rows[n].Met, r.Criterion)
		}
		// A waiver of each row that lacks lets it pass, until it is over.
		for _, r := range j.Lacking() {
			f.Waivers = append(f.Waivers, release.Waiver{Criterion: r.Criterion, At: at, Until: at.AddDate(0, 0, 1), By: ben()})
		}
		require.True(t, p.Judge("f", release.StageBeta, to, "3.2", f).Passed)
		f.At = at.AddDate(0, 0, 1)
		late := p.Judge("f", release.StageBeta, to, "3.2", f)
		require.False(t, slices.ContainsFunc(late.Rows, func(r release.Row) bool { return r.Waived }))
	})
}

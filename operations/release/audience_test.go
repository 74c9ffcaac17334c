package release_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/release"
)

// feature makes one that is in a stage from 3.1 on.
func feature(id release.FeatureID, s release.Stage, with ...func(f *release.Feature)) release.Feature {
	f := release.Feature{ID: id, Platform: "p", Name: servicecoin.Texts{"en": string(id)}, Stages: []release.StageEntry{{From: "3.1", Stage: s}}}
	for _, w := range with {
		w(&f)
	}
	return f
}

func runs(version string) map[release.PlatformID]string {
	return map[release.PlatformID]string{"p": version}
}

// asks compiles one feature, and asks for one subject.
func asks(t require.TestingT, s release.Subject, id release.FeatureID, list ...release.Feature) release.Decision {
	r, err := release.CompileAudiences(list)
	require.NoError(t, err)
	w, err := r.For(s)
	require.NoError(t, err)
	return w.MayUse(id)
}

func TestMayUse(t *testing.T) {
	t.Parallel()
	audience := func(a release.Audience) func(*release.Feature) {
		return func(f *release.Feature) { f.Audiences = map[release.Stage]release.Audience{release.StageBeta: a} }
	}
	offering := func(f *release.Feature) { f.Offerings = []servicecoin.OfferingID{"gold"} }
	public := func(f *release.Feature) { f.PublicFrom = release.StageBeta }
	held := func(f *release.Feature) { f.Hold = &release.Hold{From: "3.2", Why: "it loses orders"} }
	german := release.Segment{Name: "Germans", Where: []release.Condition{{Attribute: "country", Is: []string{"DE", "AT"}}}}
	foreign := release.Segment{Name: "others", Where: []release.Condition{{Attribute: "country", IsNot: []string{"DE"}}}}
	newer := release.Segment{Name: "newer clients", Where: []release.Condition{{Attribute: "client", Range: ">=2.1"}}}
	in := func(s release.AccessState) map[release.FeatureID]release.AccessState {
		return map[release.FeatureID]release.AccessState{"f": s}
	}
	type want struct {
		why    release.Reason
		enter  release.Entrance
		told   release.Telling
		public bool
	}
	for name, c := range map[string]struct {
		feature release.Feature
		subject release.Subject
		want    want
	}{
		"general": {feature("f", release.StageGeneral), release.Subject{Runs: runs("3.1.4")}, want{release.WhyEverybody, "", release.ToldHas, false}},
		"not in this version": {
			feature("f", release.StageGeneral), release.Subject{Runs: runs("3.0")}, want{why: release.WhyNotYet},
		},
		"nobody knows which":          {feature("f", release.StageGeneral), release.Subject{}, want{why: release.WhyNoVersion}},
		"alpha":                       {feature("f", release.StageAlpha), release.Subject{Runs: runs("3.2")}, want{release.WhyMayAsk, release.EnterAsked, release.ToldInvited, false}},
		"alpha, asked":                {feature("f", release.StageAlpha), release.Subject{Runs: runs("3.2"), Entered: in(release.AccessAsked)}, want{why: release.WhyWaits}},
		"alpha, declined":             {feature("f", release.StageAlpha), release.Subject{Runs: runs("3.2"), Entered: in(release.AccessDeclined)}, want{why: release.WhyDeclined}},
		"alpha, admitted":             {feature("f", release.StageAlpha), release.Subject{Runs: runs("3.2"), Entered: in(release.AccessIn)}, want{release.WhyEntered, "", release.ToldHas, false}},
		"beta":                        {feature("f", release.StageBeta), release.Subject{Runs: runs("3.2")}, want{release.WhyMayEnter, release.EnterOpen, release.ToldInvited, false}},
		"beta, entered":               {feature("f", release.StageBeta), release.Subject{Runs: runs("3.2"), Entered: in(release.AccessIn)}, want{release.WhyEntered, "", release.ToldHas, false}},
		"beta, left":                  {feature("f", release.StageBeta), release.Subject{Runs: runs("3.2"), Entered: in(release.AccessLeft)}, want{release.WhyMayEnter, release.EnterOpen, release.ToldInvited, false}},
		"beta, by name":               {feature("f", release.StageBeta, audience(release.Audience{Customers: []servicecoin.CustomerID{"acme"}})), release.Subject{Runs: runs("3.2")}, want{release.WhyNamed, "", release.ToldHas, false}},
		"beta, others by name":        {feature("f", release.StageBeta, audience(release.Audience{Customers: []servicecoin.CustomerID{"else"}})), release.Subject{Runs: runs("3.2")}, want{why: release.WhyNotInvited}},
		"beta, left out":              {feature("f", release.StageBeta, public, audience(release.Audience{Everybody: true, Except: []servicecoin.CustomerID{"acme"}})), release.Subject{Runs: runs("3.2")}, want{why: release.WhyExcepted, public: true}},
		"by attribute":                {feature("f", release.StageBeta, audience(release.Audience{Segments: []release.Segment{german}})), release.Subject{Runs: runs("3.2"), Attributes: map[string]string{"country": "AT"}}, want{release.WhySegment, "", release.ToldHas, false}},
		"by another attribute":        {feature("f", release.StageBeta, audience(release.Audience{Segments: []release.Segment{german}})), release.Subject{Runs: runs("3.2"), Attributes: map[string]string{"country": "FR"}}, want{why: release.WhyNotInvited}},
		"not by attribute":            {feature("f", release.StageBeta, audience(release.Audience{Segments: []release.Segment{foreign}})), release.Subject{Runs: runs("3.2"), Attributes: map[string]string{"country": "FR"}}, want{release.WhySegment, "", release.ToldHas, false}},
		"not what nobody knows":       {feature("f", release.StageBeta, audience(release.Audience{Segments: []release.Segment{foreign}})), release.Subject{Runs: runs("3.2")}, want{why: release.WhyNotInvited}},
		"by range":                    {feature("f", release.StageBeta, audience(release.Audience{Segments: []release.Segment{newer}})), release.Subject{Runs: runs("3.2"), Attributes: map[string]string{"client": "2.10"}}, want{release.WhySegment, "", release.ToldHas, false}},
		"below the range":             {feature("f", release.StageBeta, audience(release.Audience{Segments: []release.Segment{newer}})), release.Subject{Runs: runs("3.2"), Attributes: map[string]string{"client": "2.0.9"}}, want{why: release.WhyNotInvited}},
		"no version in the attribute": {feature("f", release.StageBeta, audience(release.Audience{Segments: []release.Segment{newer}})), release.Subject{Runs: runs("3.2"), Attributes: map[string]string{"client": "new"}}, want{why: release.WhyNotInvited}},
		"some may enter": {
			feature("f", release.StageBeta, audience(release.Audience{Enter: release.EnterOpen, EnterWhere: []release.Segment{german}})),
			release.Subject{Runs: runs("3.2"), Attributes: map[string]string{"country": "DE"}},
			want{release.WhyMayEnter, release.EnterOpen, release.ToldInvited, false},
		},
		"others may not enter": {
			feature("f", release.StageBeta, audience(release.Audience{Enter: release.EnterOpen, EnterWhere: []release.Segment{german}})),
			release.Subject{Runs: runs("3.2"), Entered: in(release.AccessIn)},
			want{why: release.WhyNotInvited},
		},
		"entitled":                      {feature("f", release.StageGeneral, offering), release.Subject{Runs: runs("3.2"), Offerings: []servicecoin.OfferingID{"blue", "gold"}}, want{release.WhyEverybody, "", release.ToldHas, false}},
		"not entitled":                  {feature("f", release.StageGeneral, offering), release.Subject{Runs: runs("3.2")}, want{why: release.WhyNotEntitled}},
		"not entitled, and offered":     {feature("f", release.StageGeneral, offering, public), release.Subject{Runs: runs("3.2")}, want{release.WhyNotEntitled, "", release.ToldOffered, true}},
		"a prospect":                    {feature("f", release.StageGeneral), release.Subject{Runs: runs("3.2"), Customer: "nobody"}, want{why: release.WhyProspect}},
		"a prospect, and public":        {feature("f", release.StageGeneral, public), release.Subject{Runs: runs("3.2"), Customer: "nobody"}, want{release.WhyProspect, "", release.ToldPublic, true}},
		"a prospect, public, too early": {feature("f", release.StageAlpha, public), release.Subject{Runs: runs("3.2"), Customer: "nobody"}, want{why: release.WhyProspect}},
		"held":                          {feature("f", release.StageGeneral, public, held), release.Subject{Runs: runs("3.2")}, want{why: release.WhyHeld}},
		"held in a later line":          {feature("f", release.StageGeneral, held), release.Subject{Runs: runs("3.1")}, want{release.WhyEverybody, "", release.ToldHas, false}},
		"removed": {feature("f", release.StageAlpha, func(f *release.Feature) {
			f.Stages = append(f.Stages, release.StageEntry{From: "3.2", Stage: release.StageRemoved})
		}), release.Subject{Runs: runs("3.2")}, want{why: release.WhyRemoved}},
		"another feature": {feature("g", release.StageGeneral), release.Subject{Runs: runs("3.2")}, want{why: release.WhyUnknown}},
		"an empty share":  {feature("f", release.StageBeta, audience(release.Audience{Segments: []release.Segment{{Name: "none", Share: servicecoin.Some(decimal.Zero)}}})), release.Subject{Runs: runs("3.2")}, want{why: release.WhyNotInvited}},
		"a share of all":  {feature("f", release.StageBeta, audience(release.Audience{Segments: []release.Segment{{Name: "all", Share: servicecoin.Some(decimal.NewFromInt(100))}}})), release.Subject{Runs: runs("3.2")}, want{release.WhySegment, "", release.ToldHas, false}},
		"a compatible line holds it back": {feature("f", release.StageBeta, func(f *release.Feature) {
			f.Stages = append(f.Stages, release.StageEntry{From: "3.1", Stage: release.StageBeta, Default: true, MinCompatible: "3.1"}, release.StageEntry{From: "3.2", Stage: release.StageGeneral, Default: true})
		}), release.Subject{Runs: runs("3.2"), Compatible: runs("3.0")}, want{release.WhyMayEnter, release.EnterOpen, release.ToldInvited, false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			switch c.subject.Customer {
			case "":
				c.subject.Customer = "acme"
			case "nobody":
				c.subject.Customer = ""
			}
			d := asks(t, c.subject, "f", c.feature)
			require.Empty(t, cmp.Diff(c.want, want{d.Reason, d.Enter, d.Told(), d.Public}, cmp.AllowUnexported(want{})))
			require.NotEmpty(t, d.Reason.Words())
		})
	}
}

// Who may not use what a feature needs may not use it.
func TestMayUseWhatIsNeeded(t *testing.T) {
	t.Parallel()
	needs := func(ids ...release.FeatureID) func(f *release.Feature) {
		return func(f *release.Feature) { f.Needs = ids }
	}
	list := []release.Feature{
		feature("top", release.StageAlpha, needs("middle"), func(f *release.Feature) {
			f.Audiences = map[release.Stage]release.Audience{release.StageAlpha: {Everybody: true}}
		}),
		feature("middle", release.StageBeta, needs("bottom")),
		feature("bottom", release.StageGeneral, func(f *release.Feature) { f.Offerings = []servicecoin.OfferingID{"gold"} }),
	}
	s := release.Subject{Customer: "acme", Runs: runs("3.1")}
	d := asks(t, s, "top", list...)
	require.Equal(t, release.Decision{Feature: "top", Stage: release.StageAlpha, Reason: release.WhyNeeds, Needs: "bottom"}, d)
	require.Equal(t, release.ToldNothing, d.Told())

	s.Offerings = []servicecoin.OfferingID{"gold"}
	d = asks(t, s, "top", list...)
	require.Equal(t, release.Decision{Feature: "top", Stage: release.StageAlpha, Enter: release.EnterOpen, Reason: release.WhyNeeds, Needs: "middle"}, d)
	require.Equal(t, release.ToldInvited, d.Told())

	s.Entered = map[release.FeatureID]release.AccessState{"middle": release.AccessIn}
	d = asks(t, s, "top", list...)
	require.True(t, d.May)
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list []release.Feature
		want []string
	}{
		"twice":   {[]release.Feature{feature("f", release.StageBeta), feature("f", release.StageBeta)}, []string{"[1].id duplicate"}},
		"unknown": {[]release.Feature{feature("f", release.StageBeta, func(f *release.Feature) { f.Needs = []release.FeatureID{"g"} })}, []string{"[0].needs unknown-feature"}},
		"itself":  {[]release.Feature{feature("f", release.StageBeta, func(f *release.Feature) { f.Needs = []release.FeatureID{"f", "f"} })}, []string{"[0].needs[0] cycle", "[0].needs[1] duplicate", "[0].needs[1] cycle"}},
		"audiences": {[]release.Feature{feature("f", release.StageBeta, func(f *release.Feature) {
			f.Audiences = map[release.Stage]release.Audience{release.StageBeta: {
				Enter: "sideways", Customers: []servicecoin.CustomerID{"a", "a", ""}, Except: []servicecoin.CustomerID{servicecoin.Provider},
				Segments: []release.Segment{
					{Share: servicecoin.Some(decimal.New(1, 3)), Where: []release.Condition{{Attribute: "a"}}},
					{Name: "huge", Share: servicecoin.Some(decimal.New(1, 999_999_999))},
					{Name: "less than nothing", Share: servicecoin.Some(decimal.NewFromInt(-1))},
					{Name: "too fine", Share: servicecoin.Some(decimal.New(1, -4))},
					{Name: "both", Where: []release.Condition{{Attribute: "a", Is: []string{"x"}, Range: ">1"}, {Attribute: "a", Range: "not a range"}}},
				},
			}, release.StageRemoved: {}}
		})}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := release.CompileAudiences(c.list)
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			if c.want != nil {
				require.Empty(t, cmp.Diff(c.want, codes(err)))
				return
			}
			got := codes(err)
			for _, want := range []string{
				"[0].audiences unknown", "[0].audiences[beta].enter unknown", "[0].audiences[beta].customers[1] duplicate", "[0].audiences[beta].customers[2] required",
				"[0].audiences[beta].except[0] contradiction", "[0].audiences[beta].segments[0].name required", "[0].audiences[beta].segments[0].share out-of-range",
				"[0].audiences[beta].segments[0].where[0] contradiction", "[0].audiences[beta].segments[2].share out-of-range", "[0].audiences[beta].segments[4].where[0] contradiction",
			} {
				require.Contains(t, got, want)
			}
		})
	}
	r, err := release.CompileAudiences([]release.Feature{feature("f", release.StageBeta)})
	require.NoError(t, err)
	_, err = r.For(release.Subject{Customer: "acme", Runs: runs("the new one")})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// A share holds about as many as it says, always the same ones, and a larger one holds
// those of a smaller one.
func TestShares(t *testing.T) {
	t.Parallel()
	in := func(id release.FeatureID, salt, percent string) (list []int) {
		f := feature(id, release.StageBeta, func(f *release.Feature) {
			f.Audiences = map[release.Stage]release.Audience{release.StageBeta: {Segments: []release.Segment{
				{Name: "some", Share: servicecoin.Some(decimal.RequireFromString(percent)), Salt: salt},
			}}}
		})
		r, err := release.CompileAudiences([]release.Feature{f})
		require.NoError(t, err)
		for n := range 20_000 {
			w, err := r.For(release.Subject{Customer: servicecoin.CustomerID("customer-" + strconv.Itoa(n)), Runs: runs("3.2")})
			require.NoError(t, err)
			if w.MayUse(id).May {
				list = append(list, n)
			}
		}
		return list
	}
	tenth, fifth := in("f", "", "10"), in("f", "", "20.5")
	require.InDelta(t, 2000, len(tenth), 150)
	require.InDelta(t, 4100, len(fifth), 200)
	for _, n := range tenth {
		_, found := slices.BinarySearch(fifth, n)
		require.True(t, found)
	}
	require.Equal(t, []int{4, 6, 19}, tenth[:3], "who is in a share is a promise: a release does not change it")
	both := 0
	for _, n := range in("g", "", "10") {
		if _, found := slices.BinarySearch(tenth, n); found {
			both++
		}
	}
	require.InDelta(t, 200, both, 60, "another feature picks others")
	require.Equal(t, in("g", "s", "10"), in("h", "s", "10"), "features of one salt pick the same")
}

// TestToldIsWhoMay: whoever is told may use it, may enter it, or it is public; whoever may use it may
// use all that it needs; and one decision at a time is the same as all at once.
func TestToldIsWhoMay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := someFeatures(t)
		r, err := release.CompileAudiences(list)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		s := someSubject(t)
		w, err := r.For(s)
		require.NoError(t, err)
		all := w.All(nil)
		require.Len(t, all, len(list))
		for n, f := range list {
			d := w.MayUse(f.ID)
			require.Equal(t, all[n], d)
			require.False(t, d.May && d.Enter != release.EnterClosed)
			require.True(t, d.Told() == release.ToldNothing || d.May || d.Enter != release.EnterClosed || d.Public)
			require.False(t, d.May && s.Customer == "")
			if d.May {
				for _, need := range f.Needs {
					require.True(t, w.MayUse(need).May, "%s needs %s", f.ID, need)
				}
			}
			stand, err := f.At(s.Runs["p"], s.Compatible["p"])
			require.NoError(t, err)
			require.Equal(t, stand.Stage, d.Stage)
			require.False(t, d.May && (d.Stage == release.StagePreAlpha || d.Stage == release.StageRemoved))
		}
	})
}

func someFeatures(t *rapid.T) (list []release.Feature) {
	for n := range rapid.IntRange(1, 5).Draw(t, "features") {
		f := feature(release.FeatureID("f"+strconv.Itoa(n)), release.StageAlpha)
		f.Stages = nil
		minor := 0
		for s := rapid.IntRange(0, 3).Draw(t, "first"); s < 6 && len(f.Stages) < 4; s++ {
			minor += rapid.IntRange(1, 2).Draw(t, "lines")
			f.Stages = append(f.Stages, release.StageEntry{From: "3." + strconv.Itoa(minor), Stage: release.Stages()[s]})
		}
		for k := range n {
			if rapid.IntRange(0, 3).Draw(t, "needs") == 0 {
				f.Needs = append(f.Needs, release.FeatureID("f"+strconv.Itoa(k)))
			}
		}
		if rapid.Bool().Draw(t, "audience") {
			s := rapid.SampledFrom(release.Stages()[1:5]).Draw(t, "of")
			f.Audiences = map[release.Stage]release.Audience{s: someAudience(t)}
		}
		if rapid.IntRange(0, 3).Draw(t, "offering") == 0 {
			f.Offerings = []servicecoin.OfferingID{"gold"}
		}
		f.PublicFrom = rapid.SampledFrom(append([]release.Stage{""}, release.Stages()...)).Draw(t, "public")
		if rapid.IntRange(0, 5).Draw(t, "held") == 0 {
			f.Hold = &release.Hold{From: "3.3", Why: "a fault"}
		}
		list = append(list, f)
	}
	return list
}

func someAudience(t *rapid.T) release.Audience {
	a := release.Audience{
		Everybody: rapid.Bool().Draw(t, "everybody"),
		Enter:     rapid.SampledFrom([]release.Entrance{release.EnterClosed, release.EnterOpen, release.EnterAsked}).Draw(t, "enter"),
	}
	if rapid.Bool().Draw(t, "named") {
		a.Customers = []servicecoin.CustomerID{"acme"}
	}
	if rapid.IntRange(0, 3).Draw(t, "except") == 0 {
		a.Except = []servicecoin.CustomerID{"acme"}
	}
	if rapid.Bool().Draw(t, "segment") {
		a.Segments = []release.Segment{{Name: "s", Where: []release.Condition{{Attribute: "tier", Is: []string{"1"}}}, Share: servicecoin.Some(decimal.NewFromInt(int64(rapid.IntRange(0, 100).Draw(t, "share"))))}}
	}
	return a
}

func someSubject(t *rapid.T) release.Subject {
	s := release.Subject{
		Customer: rapid.SampledFrom([]servicecoin.CustomerID{"", "acme", "alder"}).Draw(t, "customer"),
		Runs:     runs("3." + strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "runs"))),
		Entered:  map[release.FeatureID]release.AccessState{},
	}
	for n := range 5 {
		s.Entered[release.FeatureID("f"+strconv.Itoa(n))] = rapid.SampledFrom([]release.AccessState{"", release.AccessAsked, release.AccessIn, release.AccessDeclined, release.AccessLeft}).Draw(t, "entered")
	}
	if rapid.Bool().Draw(t, "gold") {
		s.Offerings = []servicecoin.OfferingID{"gold"}
	}
	if rapid.Bool().Draw(t, "tier") {
		s.Attributes = map[string]string{"tier": rapid.SampledFrom([]string{"1", "2"}).Draw(t, "which")}
	}
	return s
}

// BenchmarkMayUse asks of 1,000 features for one customer, its attributes and lists among
// it: one call is all of them, and the preparation.
func BenchmarkMayUse(b *testing.B) {
	r, s := manyFeatures(b, 1000)
	w, err := r.For(s)
	require.NoError(b, err)
	var list []release.Decision
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Into(w, s); err != nil {
			b.Fatal(err)
		}
		list = w.All(list[:0])
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/feature")
	require.Len(b, list, 1000)
}

// BenchmarkMayUseOne asks of one feature by its id.
func BenchmarkMayUseOne(b *testing.B) {
	r, s := manyFeatures(b, 1000)
	w, err := r.For(s)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		w.MayUse("feature-0700")
	}
}

func manyFeatures(tb testing.TB, n int) (*release.Audiences, release.Subject) {
	tb.Helper()
	list := make([]release.Feature, n)
	for k := range list {
		f := feature(release.FeatureID(fmt.Sprintf("feature-%04d", k)), release.StageAlpha)
		f.Stages = []release.StageEntry{
			{From: "3.1", Stage: release.StageAlpha}, {From: "3.3", Stage: release.StageBeta}, {From: "3." + strconv.Itoa(5+k%5), Stage: release.StageGeneral, Default: true},
		}
		f.Audiences = map[release.Stage]release.Audience{release.StageBeta: {
			Enter: release.EnterOpen, Customers: []servicecoin.CustomerID{"alder", servicecoin.CustomerID("c" + strconv.Itoa(k))},
			Segments: []release.Segment{
				{Name: "large", Where: []release.Condition{{Attribute: "country", Is: []string{"DE", "FR"}}, {Attribute: "tier", IsNot: []string{"3"}}}, Share: servicecoin.Some(decimal.NewFromInt(int64(k % 100)))},
			},
		}}
		if k > 0 && k%10 == 0 {
			f.Needs = []release.FeatureID{list[k-1].ID}
			f.Stages[2].From = "3.9"
		}
		list[k] = f
	}
	r, err := release.CompileAudiences(list)
	require.NoError(tb, err)
	return r, release.Subject{
		Customer: "0197a3c2-8c1e-7d4a-9b62-3f5e1c7a9d04", Runs: runs("3.7.2"), Offerings: []servicecoin.OfferingID{"gold"},
		Attributes: map[string]string{"country": "DE", "tier": "1", "size": "large"},
		Entered:    map[release.FeatureID]release.AccessState{"feature-0003": release.AccessIn},
	}
}

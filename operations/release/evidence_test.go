package release_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// lab is a provider with a clock, and what proves two features of its platform.
type lab struct {
	*testing.T

	now    time.Time
	store  *store.Store
	proofs *release.Proofs
	n      int
}

const webshop release.PlatformID = "shop"

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{T: t, now: march(1)}
	l.store = store.New(memory.New(), &store.Options{Now: func() time.Time { return l.now }})
	l.proofs = release.NewProofs(l.store.For(servicecoin.Provider))
	_, err := l.proofs.Set(t.Context(), tester(), webshop, release.ProofRules{Proofs: []release.Proof{
		{Feature: "split", Tests: []release.TestPattern{{Name: "split*"}}, MaxAge: calendar.Within(10 * 24 * time.Hour)},
		{Feature: "scan", Tests: []release.TestPattern{{Name: "scan*"}}},
	}})
	require.NoError(t, err)
	return l
}

func tester() servicecoin.Actor { return servicecoin.Person("tess") }

// report is evidence with a digest of its own.
func (l *lab) report(version string) release.Evidence {
	l.n++
	return release.Evidence{Report: fmt.Sprintf("%064x", l.n), Platform: webshop, Version: version, Environment: "linux", RanAt: l.now}
}

func results(tests string) func(yield func(*release.TestResult) bool) {
	return func(yield func(*release.TestResult) bool) {
		for text := range strings.SplitSeq(tests, ", ") {
			name, outcome, _ := strings.Cut(text, " ")
			if !yield(&release.TestResult{Suite: "s", Name: name, Outcome: release.TestOutcome(outcome)}) {
				return
			}
		}
	}
}

// take takes a report in.
func (l *lab) take(version, tests string) release.Evidence {
	l.Helper()
	e, fresh, err := l.proofs.Take(l.Context(), tester(), l.report(version), results(tests))
	require.NoError(l, err)
	require.True(l, fresh)
	return e
}

func (l *lab) state(feature release.FeatureID, version string) release.ProofState {
	l.Helper()
	c, err := l.proofs.State(l.Context(), webshop, feature, version)
	require.NoError(l, err)
	return c.State
}

func (l *lab) events() []string {
	l.Helper()
	list, err := l.store.For(servicecoin.Provider).Events(l.Context(), 0, 1000)
	require.NoError(l, err)
	var names []string
	for _, e := range list {
		names = append(names, e.Name)
	}
	return names
}

func TestEvidenceIsTakenOnce(t *testing.T) {
	l := newLab(t)
	e := l.report("8.3.0")
	first, fresh, err := l.proofs.Take(t.Context(), tester(), e, results("split1 passed, split2 failed, scan flaky, x skipped"))
	require.NoError(t, err)
	require.True(t, fresh)
	require.Empty(t, cmp.Diff(release.TestCounts{Passed: 2, Flaky: 1, Failed: 1, Skipped: 1}, first.Counts))
	again, fresh, err := l.proofs.Take(t.Context(), tester(), e, results("split1 passed"))
	require.NoError(t, err)
	require.False(t, fresh)
	require.Empty(t, cmp.Diff(first, again))
	for name, change := range map[string]func(e *release.Evidence){
		"version":     func(e *release.Evidence) { e.Version = "8.4.0" },
		"platform":    func(e *release.Evidence) { e.Platform = "other" },
		"environment": func(e *release.Evidence) { e.Environment = "windows" },
		"build":       func(e *release.Evidence) { e.Build = "abc" },
	} {
		other := e
		change(&other)
		_, _, err := l.proofs.Take(t.Context(), tester(), other, results("split1 passed"))
		require.ErrorIs(t, err, servicecoin.ErrRefused, name)
	}
	same := e
	same.Version = "v8.3"
	_, fresh, err = l.proofs.Take(t.Context(), tester(), same, results(""))
	require.NoError(t, err, "it is the same version")
	require.False(t, fresh)
	require.Equal(t, []string{release.EventProofsSet, release.EventEvidenceTaken}, l.events())
	require.Equal(t, release.IsBroken, l.state("split", "8.3.0"))
	require.Equal(t, release.IsProven, l.state("scan", "8.3"))
	require.Equal(t, release.IsUnproven, l.state("scan", "8.4.0"))
}

func TestEvidenceIsRetracted(t *testing.T) {
	l := newLab(t)
	l.take("8.3.0", "split1 passed")
	l.now = march(2)
	bad := l.take("8.3.0", "split1 failed")
	require.Equal(t, release.IsBroken, l.state("split", "8.3.0"))
	before := l.now
	l.now = march(3)
	_, err := l.proofs.Retract(t.Context(), tester(), bad.Report, "")
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = l.proofs.Retract(t.Context(), tester(), bad.Report, "it ran on the wrong machine")
	require.NoError(t, err)
	_, err = l.proofs.Retract(t.Context(), tester(), bad.Report, "again")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.Equal(t, release.IsProven, l.state("split", "8.3.0"))
	m, err := l.proofs.Matrix(t.Context(), webshop, before, "8.3.0")
	require.NoError(t, err)
	require.Equal(t, release.IsBroken, m.Rows[1].Cells[0].State, "as it was known then")

	bad.Environment = "windows"
	_, fresh, err := l.proofs.Take(t.Context(), tester(), bad, results("split1 passed"))
	require.NoError(t, err)
	require.True(t, fresh, "after it was retracted it is taken in for something else")
	var kept []bool
	for e, err := range l.proofs.Evidence(webshop, "8.3.0").All(t.Context()) {
		require.NoError(t, err)
		kept = append(kept, e.Retracted())
	}
	require.Equal(t, []bool{false, true, false}, kept, "and what was retracted stays on record")
}

func TestCertificate(t *testing.T) {
	l := newLab(t)
	issue := func() (release.Certificate, error) { return l.proofs.Issue(l.Context(), tester(), webshop, "8.3.0") }
	_, err := issue()
	require.ErrorContains(t, err, "there is no evidence of 8.3.0")
	l.take("8.3.0", "split1 passed, split2 failed")
	_, err = issue()
	require.ErrorContains(t, err, "scan is unproven (no test ran); split is broken (1 of 2 tests failed)")
	l.now = march(2)
	l.take("8.3.0", "split2 passed")
	_, err = l.proofs.Waive(t.Context(), servicecoin.Program("clock"), webshop, release.ProofWaiver{Feature: "scan", Why: "its bench burnt down", Until: march(5)})
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "a person stands for it")
	_, err = l.proofs.Waive(t.Context(), tester(), webshop, release.ProofWaiver{Feature: "scan", Version: "8.3.0", Why: "its bench burnt down", Until: march(5)})
	require.NoError(t, err)
	_, err = l.proofs.Issue(t.Context(), servicecoin.Program("clock"), webshop, "8.3.0")
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "a person issues it")
	first, err := issue()
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 1, 1}, []int{first.Edition, first.Features, first.Proven, first.Waived})
	_, err = issue()
	require.ErrorContains(t, err, "edition 1 holds")
	l.verified(first)

	_, revised, err := l.proofs.Revise(t.Context(), tester(), webshop, "8.3.0")
	require.NoError(t, err)
	require.False(t, revised, "nothing changed")

	l.now = march(6)
	list, err := l.proofs.Tend(t.Context(), servicecoin.Program("clock"), webshop)
	require.NoError(t, err)
	require.Len(t, list, 1, "the waiver is over")
	second := list[0]
	require.False(t, second.Certified)
	require.Empty(t, cmp.Diff([]release.ChangedProof{{Feature: "scan", From: release.IsWaived, To: release.IsUnproven, Since: march(6), Why: "no test ran"}}, second.Changed))

	l.take("8.3.0", "scan passed")
	third, err := issue()
	require.NoError(t, err)
	require.Equal(t, 3, third.Edition)
	l.now = march(7)
	l.take("8.3.0", "scan failed")
	fourth, revised, err := l.proofs.Revise(t.Context(), tester(), webshop, "8.3.0")
	require.NoError(t, err)
	require.True(t, revised)
	require.Empty(t, cmp.Diff([]release.ChangedProof{{Feature: "scan", From: release.IsProven, To: release.IsBroken, Since: march(7), Why: "1 of 1 test failed", Failing: []string{"s/scan"}}}, fourth.Changed))

	// What proves it is said anew: what was issued by the old rules stays as it was.
	_, err = l.proofs.Set(t.Context(), tester(), webshop, release.ProofRules{Proofs: []release.Proof{{Feature: "other", Tests: []release.TestPattern{{Name: "o"}}}}})
	require.NoError(t, err)
	var editions []release.Certificate
	for c, err := range l.proofs.Certificates(webshop, "8.3.0").All(t.Context()) {
		require.NoError(t, err)
		editions = append(editions, c)
		l.verified(c)
	}
	require.Len(t, editions, 4)
	require.Equal(t, march(6), editions[0].SupersededAt)
	require.Zero(t, editions[3].SupersededAt)
}

func (l *lab) verified(c release.Certificate) {
	l.Helper()
	same, err := l.proofs.Verify(l.Context(), c)
	require.NoError(l, err)
	require.True(l, same)
}

func TestExpiryMakesAnEdition(t *testing.T) {
	l := newLab(t)
	l.take("8.3.0", "split passed, scan passed")
	_, err := l.proofs.Issue(t.Context(), tester(), webshop, "8.3.0")
	require.NoError(t, err)
	l.now = march(11).Add(time.Second)
	list, err := l.proofs.Tend(t.Context(), servicecoin.Program("clock"), webshop)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Empty(t, cmp.Diff([]release.ChangedProof{{Feature: "split", From: release.IsProven, To: release.IsExpired, Since: march(11), Why: "evidence is older than the 10 days that are allowed"}}, list[0].Changed))
}

func TestAnotherBuild(t *testing.T) {
	l := newLab(t)
	e := l.report("8.3.0")
	e.Build = "abc"
	_, _, err := l.proofs.Take(t.Context(), tester(), e, results("split passed, scan passed"))
	require.NoError(t, err)
	_, err = l.proofs.Issue(t.Context(), tester(), webshop, "8.3.0")
	require.NoError(t, err)
	_, err = l.proofs.Identify(t.Context(), tester(), webshop, "8.3.0", "def")
	require.NoError(t, err)
	require.Equal(t, release.IsExpired, l.state("scan", "8.3.0"))
	c, revised, err := l.proofs.Revise(t.Context(), tester(), webshop, "8.3.0")
	require.NoError(t, err)
	require.True(t, revised)
	l.verified(c)
}

// TestCertifiedByItsOwnRules: rules that are added take no certificate away; and what is
// taken in later was not known before.
func TestCertifiedByItsOwnRules(t *testing.T) {
	l := newLab(t)
	l.take("8.3.0", "split passed, scan passed")
	_, err := l.proofs.Issue(t.Context(), tester(), webshop, "8.3.0")
	require.NoError(t, err)
	sheet, err := l.proofs.Sheet(t.Context(), webshop)
	require.NoError(t, err)
	rules := sheet.Rules
	rules.Proofs = append(rules.Proofs, release.Proof{Feature: "new", Tests: []release.TestPattern{{Name: "new"}}})
	_, err = l.proofs.Set(t.Context(), tester(), webshop, rules)
	require.NoError(t, err)
	_, revised, err := l.proofs.Revise(t.Context(), tester(), webshop, "8.3.0")
	require.NoError(t, err)
	require.False(t, revised)
	require.Equal(t, release.IsUnproven, l.state("new", "8.3.0"), "by the rules of today")

	ran := l.now.Add(time.Hour)
	l.now = march(3)
	e := l.report("8.3.0")
	e.RanAt = ran
	_, _, err = l.proofs.Take(t.Context(), tester(), e, results("scan failed"))
	require.NoError(t, err)
	m, err := l.proofs.Matrix(t.Context(), webshop, march(2), "8.3.0")
	require.NoError(t, err)
	require.Equal(t, release.IsProven, m.Rows[1].Cells[0].State, "nobody knew it then")
	c, revised, err := l.proofs.Revise(t.Context(), tester(), webshop, "8.3.0")
	require.NoError(t, err)
	require.True(t, revised)
	require.Equal(t, ran, c.Changed[0].Since, "since it failed, not since that was known")
}

// TestTamperedResults: results that are not those that were taken in prove nothing.
func TestTamperedResults(t *testing.T) {
	l := newLab(t)
	e := l.take("8.3.0", "split passed, scan passed")
	c, err := l.proofs.Issue(t.Context(), tester(), webshop, "8.3.0")
	require.NoError(t, err)
	release.Tamper(t.Context(), t, l.store, e.Results)
	same, err := l.proofs.Verify(t.Context(), c)
	require.NoError(t, err)
	require.False(t, same)
}

func TestKept(t *testing.T) {
	l := newLab(t)
	l.take("8.3.0", "scan passed")
	l.take("8.3.1", "scan passed")
	l.take("8.4.0", "scan failed")
	l.take("8.5.0", "scan skipped")
	for versions, want := range map[string]string{
		"8.3.x": "kept []", "^8.3.0": "broken [8.4.0]", ">=8.5.0": "unproven [8.5.0]", "9.x": "unproven []", "8.3.1": "kept []",
	} {
		kept, not, err := l.proofs.Kept(t.Context(), webshop, "scan", versions)
		require.NoError(t, err)
		require.Equal(t, want, fmt.Sprintf("%s %v", kept, not), versions)
	}
	_, _, err := l.proofs.Kept(t.Context(), webshop, "scan", "new")
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	shown, err := l.proofs.Proven(t.Context(), release.Feature{ID: "scan", Platform: webshop}, "8.3.0")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(release.Shown{Met: true, Text: "1 test passed", Ref: fmt.Sprintf("%064x", 1)}, shown))
}

func TestHistory(t *testing.T) {
	l := newLab(t)
	l.take("8.3.0", "scan1 passed, scan2 passed, split passed")
	l.now = march(2)
	l.take("8.3.0", "scan1 failed")
	list, all, err := l.proofs.History(t.Context(), webshop, "scan", "8.3.0", 1)
	require.NoError(t, err)
	require.Equal(t, 2, all)
	require.Len(t, list, 1)
	require.Equal(t, "s/scan1", list[0].Called)
	require.Equal(t, []release.TestOutcome{release.TestFailed, release.TestPassed}, []release.TestOutcome{list[0].Runs[0].Outcome, list[0].Runs[1].Outcome})
	_, _, err = l.proofs.History(t.Context(), webshop, "other", "8.3.0", 1)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}

// TestDemandedByStage: what a feature must be depends on the stage that it is in.
func TestDemandedByStage(t *testing.T) {
	l := newLab(t)
	_, err := l.proofs.Set(t.Context(), tester(), webshop, release.ProofRules{Proofs: []release.Proof{
		{Feature: "split", Tests: []release.TestPattern{{Name: "split*"}}},
		{Feature: "scan", From: release.StageBeta, Tests: []release.TestPattern{{Name: "scan*"}}},
	}})
	require.NoError(t, err)
	features := release.NewFeatures(l.store.For(servicecoin.Provider), nil)
	_, err = features.Define(t.Context(), tester(), release.Feature{
		ID: "scan", Platform: webshop, Name: servicecoin.Texts{"en": "Scan"}, Stages: []release.StageEntry{{From: "8.3", Stage: release.StageAlpha}, {From: "8.4", Stage: release.StageBeta}},
	})
	require.NoError(t, err)
	l.take("8.3.0", "split passed")
	l.take("8.4.0", "split passed")
	_, err = l.proofs.Issue(t.Context(), tester(), webshop, "8.3.0")
	require.NoError(t, err)
	_, err = l.proofs.Issue(t.Context(), tester(), webshop, "8.4.0")
	require.ErrorContains(t, err, "scan is unproven (no test ran)")
}

// TestManyResults: a report that is larger than a record, and a commit.
func TestManyResults(t *testing.T) {
	l := newLab(t)
	e, _, err := l.proofs.Take(t.Context(), tester(), l.report("8.3.0"), func(yield func(*release.TestResult) bool) {
		for n := range 40_000 {
			r := release.TestResult{Suite: "s", Name: fmt.Sprintf("scan %x", n*2654435761), Outcome: release.TestPassed, At: march(1).Add(time.Duration(n*7919) * time.Millisecond)}
			if !yield(&r) {
				return
			}
		}
	})
	require.NoError(t, err)
	require.Greater(t, e.Parts, 4)
	c, err := l.proofs.State(t.Context(), webshop, "scan", "8.3.0")
	require.NoError(t, err)
	require.Equal(t, 0, c.Counts.Passed-1, "the others ran later")
	l.now = march(20)
	c, err = l.proofs.State(t.Context(), webshop, "scan", "8.3.0")
	require.NoError(t, err)
	require.Equal(t, 40_000, c.Counts.Passed)
}

func TestBadEvidence(t *testing.T) {
	l := newLab(t)
	good := l.report("8.3.0")
	for name, c := range map[string]struct {
		change func(e *release.Evidence)
		tests  string
		want   string
	}{
		"digest":      {func(e *release.Evidence) { e.Report = "abc" }, "a passed", "report"},
		"version":     {func(e *release.Evidence) { e.Version = "new" }, "a passed", "version"},
		"platform":    {func(e *release.Evidence) { e.Platform = "" }, "a passed", "platform"},
		"environment": {func(e *release.Evidence) { e.Environment = strings.Repeat("e", 101) }, "a passed", "environment"},
		"outcome":     {func(*release.Evidence) {}, "a passed, b odd", "results[1].outcome"},
	} {
		t.Run(name, func(t *testing.T) {
			e := good
			c.change(&e)
			_, _, err := l.proofs.Take(t.Context(), tester(), e, results(c.tests))
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			require.ErrorContains(t, err, c.want)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := l.proofs.Take(ctx, tester(), good, results("a passed"))
	require.ErrorIs(t, err, context.Canceled)
	_, _, err = release.NewProofs(l.store.For("acme")).Take(t.Context(), tester(), good, results("a passed"))
	require.Error(t, err, "a customer has no proofs")
	require.Equal(t, []string{release.EventProofsSet}, slices.Compact(l.events()))
}

// TestManyReports: a version has a report of each of its modules, of which a commit could
// not look at each.
func TestManyReports(t *testing.T) {
	l := newLab(t)
	for n := range 120 {
		l.take("8.3.0", fmt.Sprintf("split%d passed, scan%d passed", n, n))
	}
	c, err := l.proofs.Issue(t.Context(), tester(), webshop, "8.3.0")
	require.NoError(t, err)
	l.verified(c)
	l.now = march(2)
	l.take("8.3.0", "split7 failed")
	c, revised, err := l.proofs.Revise(t.Context(), tester(), webshop, "8.3.0")
	require.NoError(t, err)
	require.True(t, revised)
	l.verified(c)
}

package release_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
)

func march(n int) time.Time { return time.Date(2026, 3, n, 10, 0, 0, 0, time.UTC) }

// ran is what a report says, "name outcome" for each test.
type ran struct {
	release.TestRun

	tests string
}

func (r ran) add(s *release.Sheet) {
	var list []*release.TestResult
	for text := range strings.SplitSeq(r.tests, ", ") {
		if text == "" {
			continue
		}
		name, outcome, _ := strings.Cut(text, " ")
		x := &release.TestResult{Suite: "s", Name: name}
		outcome, x.Again = strings.CutSuffix(outcome, " again")
		outcome, x.Whole = strings.CutSuffix(outcome, " whole")
		if x.Whole {
			x.Name = ""
		}
		x.Outcome = release.TestOutcome(outcome)
		list = append(list, x)
	}
	s.Add(r.TestRun, slices.Values(list))
}

func on(n int, tests string) ran {
	return ran{release.TestRun{Report: "r" + march(n).Format("02"), At: march(n)}, tests}
}

func TestStates(t *testing.T) {
	proof := release.Proof{Feature: "f", Tests: []release.TestPattern{{Name: "f*"}}}
	aged, both := proof, proof
	aged.MaxAge = calendar.Within(10 * 24 * time.Hour)
	both.Environments = []string{"linux", "windows"}
	in := func(r ran, env string) ran {
		r.Environment = env
		return r
	}
	of := func(r ran, build string) ran {
		r.Build = build
		return r
	}
	cut := func(r ran) ran {
		r.Cut = true
		return r
	}
	untimed := func(tests string) ran { return ran{release.TestRun{Report: "r0"}, tests} }
	for name, c := range map[string]struct {
		proof  release.Proof
		rules  release.ProofRules
		build  string
		runs   []ran
		state  release.ProofState
		why    string
		counts release.TestCounts
	}{
		"nothing":                               {proof, release.ProofRules{}, "", nil, release.IsUnproven, "no test ran", release.TestCounts{}},
		"another test":                          {proof, release.ProofRules{}, "", []ran{on(1, "g passed")}, release.IsUnproven, "no test ran", release.TestCounts{}},
		"passed":                                {proof, release.ProofRules{}, "", []ran{on(1, "f1 passed, f2 passed")}, release.IsProven, "2 tests passed", release.TestCounts{Passed: 2}},
		"one failed":                            {proof, release.ProofRules{}, "", []ran{on(1, "f1 passed, f2 failed")}, release.IsBroken, "1 of 2 tests failed", release.TestCounts{Passed: 1, Failed: 1}},
		"all skipped":                           {proof, release.ProofRules{}, "", []ran{on(1, "f1 skipped, f2 skipped")}, release.IsUnproven, "all tests were skipped", release.TestCounts{Skipped: 2}},
		"one skipped":                           {proof, release.ProofRules{}, "", []ran{on(1, "f1 skipped, f2 passed")}, release.IsProven, "1 test passed", release.TestCounts{Passed: 1, Skipped: 1}},
		"the newest counts: passed":             {proof, release.ProofRules{}, "", []ran{on(1, "f1 failed"), on(2, "f1 passed")}, release.IsProven, "1 test passed", release.TestCounts{Passed: 1}},
		"the newest counts, whichever is first": {proof, release.ProofRules{}, "", []ran{on(2, "f1 passed"), on(1, "f1 failed")}, release.IsProven, "1 test passed", release.TestCounts{Passed: 1}},
		"the newest counts: failed":             {proof, release.ProofRules{}, "", []ran{on(1, "f1 passed"), on(2, "f1 failed")}, release.IsBroken, "1 of 1 test failed", release.TestCounts{Failed: 1}},
		"the newest counts: skipped":            {proof, release.ProofRules{}, "", []ran{on(1, "f1 failed"), on(2, "f1 skipped")}, release.IsUnproven, "all tests were skipped", release.TestCounts{Skipped: 1}},
		"at once, the worse counts":             {proof, release.ProofRules{}, "", []ran{on(1, "f1 failed"), on(1, "f1 passed")}, release.IsBroken, "1 of 1 test failed", release.TestCounts{Failed: 1}},
		"without a time, the worse counts":      {proof, release.ProofRules{}, "", []ran{untimed("f1 failed"), on(1, "f1 passed")}, release.IsBroken, "1 of 1 test failed", release.TestCounts{Failed: 1}},
		"a name twice: both count":              {proof, release.ProofRules{}, "", []ran{on(1, "f1 failed, f1 passed")}, release.IsBroken, "1 of 2 tests failed", release.TestCounts{Passed: 1, Failed: 1}},
		"run again in a report":                 {proof, release.ProofRules{}, "", []ran{on(1, "f1 failed, f1 passed again")}, release.IsProven, "1 test passed, 1 only when run again", release.TestCounts{Passed: 1, Flaky: 1}},
		"run again, and failed":                 {proof, release.ProofRules{}, "", []ran{on(1, "f1 passed, f1 failed again")}, release.IsBroken, "1 of 1 test failed", release.TestCounts{Failed: 1}},
		"flaky proves":                          {proof, release.ProofRules{}, "", []ran{on(1, "f1 flaky")}, release.IsProven, "1 test passed, 1 only when run again", release.TestCounts{Passed: 1, Flaky: 1}},
		"flaky breaks":                          {proof, release.ProofRules{Flaky: release.FlakyBreaks}, "", []ran{on(1, "f1 flaky")}, release.IsBroken, "1 of 1 test failed", release.TestCounts{Failed: 1}},
		"flaky breaks, run again":               {proof, release.ProofRules{Flaky: release.FlakyBreaks}, "", []ran{on(1, "f1 failed, f1 passed again")}, release.IsBroken, "1 of 1 test failed", release.TestCounts{Failed: 1}},
		"a run that was cut":                    {proof, release.ProofRules{}, "", []ran{cut(on(1, "f1 passed"))}, release.IsProven, "1 test passed", release.TestCounts{Passed: 1}},
		"a run that was cut proves nothing":     {proof, release.ProofRules{Cut: release.CutNothing}, "", []ran{cut(on(1, "f1 passed"))}, release.IsUnproven, "all tests were skipped", release.TestCounts{Skipped: 1}},
		"a run that was cut breaks":             {proof, release.ProofRules{Cut: release.CutNothing}, "", []ran{cut(on(1, "f1 failed"))}, release.IsBroken, "1 of 1 test failed", release.TestCounts{Failed: 1}},
		"young enough":                          {aged, release.ProofRules{}, "", []ran{on(10, "f1 passed")}, release.IsProven, "1 test passed", release.TestCounts{Passed: 1}},
		"too old":                               {aged, release.ProofRules{}, "", []ran{on(9, "f1 passed")}, release.IsExpired, "evidence is older than the 10 days that are allowed", release.TestCounts{Passed: 1}},
		"of no age":                             {aged, release.ProofRules{}, "", []ran{untimed("f1 passed")}, release.IsExpired, "evidence is older than the 10 days that are allowed", release.TestCounts{Passed: 1}},
		"one of two is young enough":            {aged, release.ProofRules{}, "", []ran{on(1, "f1 passed"), on(15, "f2 passed")}, release.IsProven, "2 tests passed", release.TestCounts{Passed: 2}},
		"a failure does not age":                {aged, release.ProofRules{}, "", []ran{on(1, "f1 failed"), on(15, "f2 passed")}, release.IsBroken, "1 of 2 tests failed", release.TestCounts{Passed: 1, Failed: 1}},
		"what is to come does not count":        {proof, release.ProofRules{}, "", []ran{on(1, "f1 passed"), on(21, "f1 failed")}, release.IsProven, "1 test passed", release.TestCounts{Passed: 1}},
		"another build":                         {proof, release.ProofRules{}, "b1", []ran{of(on(1, "f1 passed"), "b0")}, release.IsExpired, "evidence is of another build", release.TestCounts{}},
		"another build breaks nothing":          {proof, release.ProofRules{}, "b1", []ran{of(on(2, "f1 failed"), "b0"), of(on(1, "f1 passed"), "b1")}, release.IsProven, "1 test passed", release.TestCounts{Passed: 1}},
		"a build that is not told":              {proof, release.ProofRules{}, "b1", []ran{on(1, "f1 passed")}, release.IsProven, "1 test passed", release.TestCounts{Passed: 1}},
		"both environments":                     {both, release.ProofRules{}, "", []ran{in(on(1, "f1 passed"), "linux"), in(on(1, "f1 passed"), "windows")}, release.IsProven, "2 tests passed", release.TestCounts{Passed: 2}},
		"one of two environments":               {both, release.ProofRules{}, "", []ran{in(on(1, "f1 passed"), "linux")}, release.IsUnproven, "no test ran in windows", release.TestCounts{Passed: 1}},
		"broken where nothing is demanded":      {both, release.ProofRules{}, "", []ran{in(on(1, "f1 passed"), "linux"), in(on(1, "f1 passed"), "windows"), in(on(1, "f1 failed"), "macos")}, release.IsBroken, "1 of 3 tests failed", release.TestCounts{Passed: 2, Failed: 1}},
		"any environment":                       {proof, release.ProofRules{}, "", []ran{in(on(1, "f1 passed"), "linux"), in(on(1, "f1 skipped"), "windows")}, release.IsProven, "1 test passed", release.TestCounts{Passed: 1, Skipped: 1}},
		"a suite that failed as a whole":        {proof, release.ProofRules{}, "", []ran{on(1, "f1 passed, x failed whole")}, release.IsBroken, "1 of 2 tests failed", release.TestCounts{Passed: 1, Failed: 1}},
		"and was whole again":                   {proof, release.ProofRules{}, "", []ran{on(1, "f1 passed, x failed whole"), on(2, "f1 passed")}, release.IsProven, "1 test passed", release.TestCounts{Passed: 1}},
		"and was whole again, told before":      {proof, release.ProofRules{}, "", []ran{on(2, "f1 passed"), on(1, "f1 passed, x failed whole")}, release.IsProven, "1 test passed", release.TestCounts{Passed: 1}},
		"a suite without a test of it":          {proof, release.ProofRules{}, "", []ran{on(1, "g passed, x failed whole")}, release.IsUnproven, "no test ran", release.TestCounts{}},
	} {
		t.Run(name, func(t *testing.T) {
			c.rules.Proofs = []release.Proof{c.proof}
			p, err := release.NewProver(c.rules)
			require.NoError(t, err)
			s := release.NewSheet(p, "1.0.0", c.build, march(20))
			for _, r := range c.runs {
				r.add(s)
			}
			cell := s.Cells()[0]
			require.Equal(t, c.state, cell.State)
			require.Equal(t, c.why, cell.Why)
			require.Empty(t, cmp.Diff(c.counts, cell.Counts))
		})
	}
}

func TestWaived(t *testing.T) {
	p := prover(t, release.Proof{Feature: "f", Tests: []release.TestPattern{{Name: "f"}}}, release.Proof{Feature: "h", Tests: []release.TestPattern{{Name: "h"}}})
	for name, c := range map[string]struct {
		w    release.ProofWaiver
		want release.ProofState
	}{
		"it holds":          {release.ProofWaiver{Feature: "f", Until: march(21)}, release.IsWaived},
		"of this version":   {release.ProofWaiver{Feature: "f", Version: "v1.0", Until: march(21)}, release.IsWaived},
		"of another one":    {release.ProofWaiver{Feature: "f", Version: "1.1.0", Until: march(21)}, release.IsBroken},
		"it is over":        {release.ProofWaiver{Feature: "f", Until: march(20)}, release.IsBroken},
		"it comes later":    {release.ProofWaiver{Feature: "f", From: march(21), Until: march(22)}, release.IsBroken},
		"nothing to waive":  {release.ProofWaiver{Feature: "h", Until: march(21)}, release.IsProven},
		"of something else": {release.ProofWaiver{Feature: "g", Until: march(21)}, release.IsBroken},
	} {
		t.Run(name, func(t *testing.T) {
			s := release.NewSheet(p, "1.0.0", "", march(20))
			on(1, "f failed, h passed").add(s)
			cells := s.Cells(c.w)
			cell := cells[0]
			if c.w.Feature == "h" {
				cell = cells[1]
			}
			require.Equal(t, c.want, cell.State)
			if cell.State == release.IsWaived {
				require.Equal(t, release.IsBroken, cell.Was)
			}
		})
	}
}

func TestUnmapped(t *testing.T) {
	s := release.NewSheet(prover(t, release.Proof{Feature: "f", Tests: []release.TestPattern{{Name: "f"}}}), "1.0.0", "", march(20))
	on(1, "f passed, b failed, a passed, c skipped").add(s)
	on(2, "a skipped").add(s)
	list, all := s.Unmapped(2)
	require.Equal(t, 3, all)
	require.Empty(t, cmp.Diff([]release.UnmappedTest{
		{Called: "s/a", Counts: release.TestCounts{Skipped: 1}, Newest: march(2)}, {Called: "s/b", Counts: release.TestCounts{Failed: 1}, Newest: march(1)},
	}, list))
}

// TestEnvironments: how a feature stands in each environment.
func TestEnvironments(t *testing.T) {
	s := release.NewSheet(prover(t, release.Proof{Feature: "f", Tests: []release.TestPattern{{Name: "f*"}}, MaxAge: calendar.Within(72 * time.Hour)}), "1.0.0", "", march(5))
	for env, tests := range map[string]string{"b": "f1 passed, f2 failed", "a": "f1 passed", "c": "f1 skipped"} {
		r := on(4, tests)
		r.Environment = env
		r.add(s)
	}
	old := on(1, "f1 passed")
	old.Environment = "d"
	old.add(s)
	require.Empty(t, cmp.Diff([]release.EnvironmentCell{
		{Environment: "a", State: release.IsProven, Counts: release.TestCounts{Passed: 1}, Newest: march(4)},
		{Environment: "b", State: release.IsBroken, Counts: release.TestCounts{Passed: 1, Failed: 1}, Newest: march(4)},
		{Environment: "c", State: release.IsUnproven, Counts: release.TestCounts{Skipped: 1}, Newest: march(4)},
		{Environment: "d", State: release.IsExpired, Counts: release.TestCounts{Passed: 1}, Newest: march(1)},
	}, s.Cells()[0].Environments))
}

// TestOrderOfReports: the order in which reports are taken in changes nothing.
func TestOrderOfReports(t *testing.T) {
	p := prover(t, release.Proof{Feature: "f", Tests: []release.TestPattern{{Name: "f*"}}}, release.Proof{Feature: "g", Tests: []release.TestPattern{{Name: "*1"}}, MaxAge: calendar.Within(72 * time.Hour)})
	rapid.Check(t, func(t *rapid.T) {
		var runs []ran
		for range rapid.IntRange(1, 6).Draw(t, "runs") {
			var tests []string
			for range rapid.IntRange(1, 5).Draw(t, "tests") {
				name := rapid.SampledFrom([]string{"f1", "f2", "g1", "x"}).Draw(t, "name")
				tests = append(tests, name+" "+rapid.SampledFrom([]string{"passed", "failed", "flaky", "skipped", "failed whole"}).Draw(t, "outcome"))
			}
			r := on(rapid.IntRange(1, 5).Draw(t, "day"), strings.Join(tests, ", "))
			if rapid.IntRange(0, 3).Draw(t, "timed") == 0 {
				r.At = time.Time{}
			}
			runs = append(runs, r)
		}
		cells := func(runs []ran) []release.Cell {
			s := release.NewSheet(p, "1.0.0", "", march(6))
			for _, r := range runs {
				r.add(s)
			}
			list := s.Cells()
			for n := range list {
				list[n].Reports = nil // of two at once, either may be named
			}
			return list
		}
		want := cells(runs)
		require.Empty(t, cmp.Diff(want, cells(rapid.Permutation(runs).Draw(t, "order"))))
	})
}

// TestASuiteThatWasNotBuilt breaks what patterns look for in it, by anything but names: none
// of its tests ran.
func TestASuiteThatWasNotBuilt(t *testing.T) {
	for name, c := range map[string]struct {
		pattern release.TestPattern
		want    release.ProofState
	}{
		"by its class":       {release.TestPattern{Class: "pkg", Name: "Test*"}, release.IsBroken},
		"by its suite":       {release.TestPattern{Suite: "pkg"}, release.IsBroken},
		"another one":        {release.TestPattern{Class: "other", Name: "Test*"}, release.IsUnproven},
		"by the name alone":  {release.TestPattern{Name: "Test*"}, release.IsUnproven},
		"by a property, too": {release.TestPattern{Class: "pkg", Property: "a=b"}, release.IsUnproven},
	} {
		t.Run(name, func(t *testing.T) {
			s := release.NewSheet(prover(t, release.Proof{Feature: "f", Tests: []release.TestPattern{c.pattern}}), "1.0.0", "", march(5))
			s.Add(release.TestRun{Report: "r", At: march(4)}, slices.Values([]*release.TestResult{{Suite: "pkg", Class: "pkg", Whole: true, Outcome: release.TestFailed}}))
			require.Equal(t, c.want, s.Cells()[0].State)
		})
	}
}

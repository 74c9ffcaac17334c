package release

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// TestRun is what the results of one report have in common.
type TestRun struct {
	Report      string    // its digest
	Environment string    // where it ran; "": it is not told
	Build       string    // what was tested, a commit or a digest; "": it is not told
	At          time.Time // when it ran, for results that do not say; zero: not told
	Cut         bool      // it did not come to its end
}

// Sheet gathers the results of one version: of each test in each environment the newest
// counts. Of two results whose order is not known, the worse counts. Tests that share a
// name within a report are told apart by their order in it.
type Sheet struct {
	prover  *Prover
	version string
	build   string
	asOf    time.Time

	ask     asking
	places  map[string]int32
	tests   []sheetTest
	suites  map[string]*sheetSuite // how suites as wholes stand, by environment and suite
	envs    []string
	envOf   map[string]int32
	reports []string
	other   map[int]otherBuild // by proof: what was proven of another build
	later   int
}

// sheetTest is the result of a test that counts so far.
type sheetTest struct {
	at      time.Time
	called  string // what it is called, where it matters: it failed, or proves nothing
	message string
	proofs  []int32
	report  int32
	env     int32
	outcome TestOutcome // the newest; "": none has a time
	untimed TestOutcome // the worst of those without a time; "": each has one
}

// counts is the outcome that counts: of those whose order is not known the worst.
func (t *sheetTest) counts() TestOutcome {
	if t.untimed.worse(t.outcome) {
		return t.untimed
	}
	return t.outcome
}

// sheetSuite is whether a suite failed as a whole, in the newest report that has it, or in
// one without a time.
type sheetSuite struct {
	at              time.Time
	failed, untimed *sheetTest
}

// otherBuild is what results of another build say of a feature.
type otherBuild struct {
	passed int
	newest time.Time
}

// NewSheet begins the sheet of a version, as of an instant: what ran after it does not
// count; the zero time is the end of all. Results that name another build than the
// version's prove nothing of it; "" is any.
func NewSheet(p *Prover, version, build string, asOf time.Time) *Sheet {
	return &Sheet{
		prover: p, version: version, build: build, asOf: asOf, places: map[string]int32{}, suites: map[string]*sheetSuite{},
		envOf: map[string]int32{}, other: map[int]otherBuild{},
	}
}

// suiteInRun is what a report says of a suite.
type suiteInRun struct {
	at     time.Time
	proofs []int32
	failed *TestResult
}

// Add takes the results of a report. What a result holds may be used again by the caller
// once the next one is asked for, its texts excepted.
func (s *Sheet) Add(run TestRun, results iter.Seq[*TestResult]) {
	report := int32(len(s.reports)) //nolint:gosec // few
	s.reports = append(s.reports, run.Report)
	env, ok := s.envOf[run.Environment]
	if !ok {
		env = int32(len(s.envs)) //nolint:gosec // few
		s.envs, s.envOf[run.Environment] = append(s.envs, run.Environment), env
	}
	foreign := s.build != "" && run.Build != "" && run.Build != s.build
	inRun, times := map[string]*suiteInRun{}, map[string]int{}
	for r := range results {
		at := r.At
		if at.IsZero() {
			at = run.At
		}
		if !s.asOf.IsZero() && at.After(s.asOf) {
			s.later++
			continue
		}
		proofs := s.prover.ask(&s.ask, r)
		outcome := s.outcome(r, run.Cut)
		if foreign {
			s.foreign(proofs, outcome, at)
			continue
		}
		suite := inRun[r.Suite]
		if suite == nil {
			suite = &suiteInRun{}
			inRun[r.Suite] = suite
		}
		if at.After(suite.at) {
			suite.at = at
		}
		if r.Whole {
			failed := *r
			suite.failed = &failed
			continue
		}
		for _, n := range proofs {
			if p := int32(n); !slices.Contains(suite.proofs, p) { //nolint:gosec // 2,000 at most
				suite.proofs = append(suite.proofs, p)
			}
		}
		key := run.Environment + "\x01" + r.key()
		n := times[key]
		if !r.Again || n == 0 {
			n++
			times[key] = n
		}
		if n > 1 { // another test of the same name
			key += "\x00" + strconv.Itoa(n)
		}
		s.put(key, r, sheetTest{at: at, report: report, env: env, outcome: outcome}, proofs)
	}
	s.wholes(run, report, env, inRun)
}

// outcome is what a result counts as, by the policies.
func (s *Sheet) outcome(r *TestResult, cut bool) TestOutcome {
	switch {
	case cut && s.prover.rules.Cut == CutNothing && (r.Outcome == TestPassed || r.Outcome == TestFlaky):
		return TestSkipped
	case r.Outcome == TestFlaky && s.prover.rules.Flaky == FlakyBreaks:
		return TestFailed
	}
	return r.Outcome
}

func (s *Sheet) foreign(proofs []int, outcome TestOutcome, at time.Time) {
	if outcome != TestPassed && outcome != TestFlaky {
		return
	}
	for _, n := range proofs {
		o := s.other[n]
		o.passed++
		if at.After(o.newest) {
			o.newest = at
		}
		s.other[n] = o
	}
}

// put keeps a result if it is the one that counts.
func (s *Sheet) put(key string, r *TestResult, t sheetTest, proofs []int) {
	place, known := s.places[key]
	if known {
		was := &s.tests[place]
		switch {
		case was.report == t.report && r.Again:
			if before := was.counts(); t.outcome == TestPassed && (before == TestFailed || before == TestFlaky) {
				t.outcome = s.outcome(&TestResult{Outcome: TestFlaky}, false)
			}
		case t.at.IsZero():
			if t.outcome.worse(was.untimed) {
				was.untimed = t.outcome
				was.say(r, was.proofs)
			}
			return
		case t.at.Before(was.at), t.at.Equal(was.at) && !t.outcome.worse(was.outcome):
			return
		}
		t.untimed = was.untimed
	} else {
		place = int32(len(s.tests)) //nolint:gosec // a sheet of two thousand million tests does not fit
		s.places[key] = place
		s.tests = append(s.tests, sheetTest{})
	}
	if t.at.IsZero() {
		t.outcome, t.untimed = "", t.outcome
	}
	t.proofs = indexes(s.tests[place].proofs, proofs)
	t.say(r, t.proofs)
	s.tests[place] = t
}

// say keeps what a test is called, where that is asked for.
func (t *sheetTest) say(r *TestResult, proofs []int32) {
	if t.counts() == TestFailed || len(proofs) == 0 {
		t.called, t.message = r.Called(), r.Message
	}
}

// indexes keeps a list of proofs in little room.
func indexes(room []int32, list []int) []int32 {
	if len(room) != len(list) {
		room = make([]int32, len(list))
	}
	for k, n := range list {
		room[k] = int32(n) //nolint:gosec // 2,000 at most
	}
	return room
}

// wholes takes how the suites of a report stand as wholes. One that failed breaks what its
// tests in this report prove, those of the suites in it too, if it has any, and what patterns look for in
// it by anything but names.
func (s *Sheet) wholes(run TestRun, report, env int32, inRun map[string]*suiteInRun) {
	for name, suite := range inRun {
		key := run.Environment + "\x01" + name
		was := s.suites[key]
		if was == nil {
			was = &sheetSuite{}
			s.suites[key] = was
		}
		failed := s.whole(report, env, name, inRun)
		switch {
		case suite.at.IsZero():
			was.untimed = both(was.untimed, failed)
		case suite.at.Equal(was.at):
			was.failed = both(was.failed, failed)
		case suite.at.After(was.at):
			was.at, was.failed = suite.at, failed
		}
	}
}

// whole is what it means that a suite failed as a whole; nil: it did not.
func (s *Sheet) whole(report, env int32, name string, inRun map[string]*suiteInRun) *sheetTest {
	suite := inRun[name]
	if suite.failed == nil {
		return nil
	}
	list := slices.Clone(suite.proofs)
	for other, o := range inRun {
		if name == "" || !suite.failed.Alone && strings.HasPrefix(other, name+"/") {
			list = append(list, o.proofs...)
		}
	}
	for _, n := range s.prover.ofWhole(suite.failed) {
		list = append(list, int32(n)) //nolint:gosec // 2,000 at most
	}
	slices.Sort(list)
	return &sheetTest{
		at: suite.at, called: suite.failed.Called(), message: suite.failed.Message, proofs: slices.Compact(list), report: report, env: env, outcome: TestFailed,
	}
}

// both is what two failures at once concern.
func both(a, b *sheetTest) *sheetTest {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	a.proofs = append(slices.Clone(a.proofs), b.proofs...)
	slices.Sort(a.proofs)
	a.proofs = slices.Compact(a.proofs)
	return a
}

// Later is how many results ran after the instant of the sheet, and do not count.
func (s *Sheet) Later() int { return s.later }

// all yields the results that count, in no order.
func (s *Sheet) all() iter.Seq[*sheetTest] {
	return func(yield func(*sheetTest) bool) {
		for n := range s.tests {
			if !yield(&s.tests[n]) {
				return
			}
		}
		for _, suite := range s.suites {
			if failed := both(clone(suite.failed), suite.untimed); failed != nil && !yield(failed) {
				return
			}
		}
	}
}

func clone(t *sheetTest) *sheetTest {
	if t == nil {
		return nil
	}
	c := *t
	return &c
}

// UnmappedTest is a test that proves no feature.
type UnmappedTest struct {
	Called string     `json:"called"`
	Counts TestCounts `json:"counts"`
	Newest time.Time  `json:"newest,omitzero"`
}

// Unmapped returns the tests that prove nothing, by what they are called, the first most
// of them, and how many there are. Tests of several environments are one.
func (s *Sheet) Unmapped(most int) (list []UnmappedTest, all int) {
	places := map[string]int{}
	for t := range s.all() {
		if len(t.proofs) > 0 {
			continue
		}
		n, ok := places[t.called]
		if !ok {
			n = len(list)
			places[t.called] = n
			list = append(list, UnmappedTest{Called: t.called})
		}
		list[n].Counts.add(t.counts())
		if t.at.After(list[n].Newest) {
			list[n].Newest = t.at
		}
	}
	slices.SortFunc(list, func(a, b UnmappedTest) int { return cmp.Compare(a.Called, b.Called) })
	all = len(list)
	return list[:min(len(list), max(0, most))], all
}

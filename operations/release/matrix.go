package release

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin/lifecycle"
)

// ProofState is how a feature stands in a version.
type ProofState string

// The states of a feature in a version.
const (
	IsProven   ProofState = "proven"
	IsBroken   ProofState = "broken"   // the newest result of one of its tests is a failure
	IsUnproven ProofState = "unproven" // nothing proves it: no test ran, or all were skipped
	IsExpired  ProofState = "expired"  // what proved it is older than allowed, or of another build
	IsWaived   ProofState = "waived"   // it is not proven, and somebody stands for that
)

// ProofStates returns the states, the best first.
func ProofStates() []ProofState {
	return []ProofState{IsProven, IsWaived, IsExpired, IsUnproven, IsBroken}
}

// Cell is how a feature stands in a version, and by what.
type Cell struct {
	Feature FeatureID  `json:"feature"`
	Version string     `json:"version"`
	State   ProofState `json:"state"`
	Was     ProofState `json:"was,omitempty"` // what is waived
	Counts  TestCounts `json:"counts"`
	// Stale are those of the passed ones that are older than allowed.
	Stale   int       `json:"stale,omitempty"`
	Newest  time.Time `json:"newest,omitzero"` // of all results; zero: none has a time
	Failing []string  `json:"failing,omitempty"`
	// MoreFailing is how many failing tests are not named.
	MoreFailing  int               `json:"moreFailing,omitempty"`
	Environments []EnvironmentCell `json:"environments,omitempty"`
	Reports      []string          `json:"reports,omitempty"` // the digests of those that count, sorted
	Why          string            `json:"why"`
	Waiver       *ProofWaiver      `json:"waiver,omitempty"`
	Optional     bool              `json:"optional,omitempty"` // it need not be proven
}

// EnvironmentCell is how a feature stands in one environment.
type EnvironmentCell struct {
	Environment string     `json:"environment"`
	State       ProofState `json:"state"`
	Counts      TestCounts `json:"counts"`
	Newest      time.Time  `json:"newest,omitzero"`
}

// Holds reports whether what is demanded of the feature is there.
func (c *Cell) Holds() bool { return c.State == IsProven || c.State == IsWaived || c.Optional }

// gathering is what a sheet says of one feature.
type gathering struct {
	envs    map[int32]*inEnvironment
	failing []string
	reports map[int32]bool
}

// inEnvironment is what is known of a feature in one environment.
type inEnvironment struct {
	counts   TestCounts
	stale    int
	newest   time.Time
	hasFresh bool
}

// Cells returns how each feature of the rules stands, in byte order.
func (s *Sheet) Cells(waivers ...ProofWaiver) []Cell {
	list := make([]gathering, len(s.prover.rules.Proofs))
	for t := range s.all() {
		for _, n := range t.proofs {
			s.gather(&list[n], &s.prover.rules.Proofs[n], t)
		}
	}
	cells := make([]Cell, 0, len(list))
	for n := range list {
		c := s.cell(n, &list[n])
		c.waive(waivers, s.asOf)
		cells = append(cells, c)
	}
	slices.SortFunc(cells, func(a, b Cell) int { return cmp.Compare(a.Feature, b.Feature) })
	return cells
}

func (s *Sheet) gather(g *gathering, p *Proof, t *sheetTest) {
	if g.envs == nil {
		g.envs, g.reports = map[int32]*inEnvironment{}, map[int32]bool{}
	}
	e := g.envs[t.env]
	if e == nil {
		e = &inEnvironment{}
		g.envs[t.env] = e
	}
	e.counts.add(t.counts())
	if t.at.After(e.newest) {
		e.newest = t.at
	}
	g.reports[t.report] = true
	switch t.counts() {
	case TestPassed, TestFlaky:
		if s.fresh(p, t.at) {
			e.hasFresh = true
		} else {
			e.stale++
		}
	case TestFailed:
		g.failing = append(g.failing, t.called)
	case TestSkipped:
	}
}

// fresh reports whether evidence of an instant is young enough.
func (s *Sheet) fresh(p *Proof, at time.Time) bool {
	age, limited := p.MaxAge.Get()
	if !limited {
		return true
	}
	return !at.IsZero() && (s.asOf.IsZero() || !at.Before(s.asOf.Add(-age)))
}

// state is how a feature stands in an environment. A failure breaks it however old it is:
// nothing says that it is mended.
func (e *inEnvironment) state() ProofState {
	switch {
	case e == nil:
		return IsUnproven
	case e.counts.Failed > 0:
		return IsBroken
	case e.hasFresh:
		return IsProven
	case e.stale > 0:
		return IsExpired
	}
	return IsUnproven
}

// cell puts together how a feature stands.
func (s *Sheet) cell(n int, g *gathering) Cell {
	p := &s.prover.rules.Proofs[n]
	c := Cell{Feature: p.Feature, Version: s.version, Optional: p.Optional}
	for _, k := range sortedEnvs(g.envs, s.envs) {
		e := g.envs[k]
		c.Environments = append(c.Environments, EnvironmentCell{s.envs[k], e.state(), e.counts, e.newest})
		c.Counts = TestCounts{c.Counts.Passed + e.counts.Passed, c.Counts.Flaky + e.counts.Flaky, c.Counts.Failed + e.counts.Failed, c.Counts.Skipped + e.counts.Skipped}
		c.Stale += e.stale
		if e.newest.After(c.Newest) {
			c.Newest = e.newest
		}
	}
	for k := range g.reports {
		c.Reports = append(c.Reports, s.reports[k])
	}
	slices.Sort(c.Reports)
	c.Reports = slices.Compact(c.Reports)
	slices.Sort(g.failing)
	g.failing = slices.Compact(g.failing)
	c.Failing = g.failing[:min(len(g.failing), mostFailing)]
	c.MoreFailing = len(g.failing) - len(c.Failing)
	c.State, c.Why = s.judge(n, p, &c)
	return c
}

func sortedEnvs(of map[int32]*inEnvironment, names []string) []int32 {
	var list []int32
	for k := range of {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b int32) int { return cmp.Compare(names[a], names[b]) })
	return list
}

// judge says how a feature stands over all environments, and why: a failure in any breaks
// it, and each that is demanded must prove it.
func (s *Sheet) judge(n int, p *Proof, c *Cell) (ProofState, string) {
	in := func(name string) ProofState {
		k := slices.IndexFunc(c.Environments, func(e EnvironmentCell) bool { return e.Environment == name })
		if k < 0 {
			return IsUnproven
		}
		return c.Environments[k].State
	}
	if c.Counts.Failed > 0 {
		return IsBroken, fmt.Sprintf("%d of %s failed", c.Counts.Failed, testsOf(c.Counts.Failed+c.Counts.Passed))
	}
	state, where := IsUnproven, ""
	if len(p.Environments) == 0 {
		for _, e := range c.Environments {
			if badness(e.State) < badness(state) {
				state = e.State
			}
		}
	} else {
		state = IsProven
		for _, name := range p.Environments {
			if e := in(name); badness(e) > badness(state) {
				state, where = e, " in "+name
			}
		}
	}
	switch state {
	case IsProven:
		if c.Counts.Flaky > 0 {
			return state, fmt.Sprintf("%s passed, %d only when run again", testsOf(c.Counts.Passed), c.Counts.Flaky)
		}
		return state, testsOf(c.Counts.Passed) + " passed"
	case IsExpired:
		age, _ := p.MaxAge.Get()
		return state, fmt.Sprintf("evidence%s is older than the %s that are allowed", where, lengthOf(age))
	case IsBroken, IsUnproven, IsWaived:
	}
	if o := s.other[n]; o.passed > 0 {
		return IsExpired, fmt.Sprintf("evidence%s is of another build", where)
	}
	if c.Counts.Skipped > 0 && c.Counts.Passed == 0 {
		return state, "all tests were skipped"
	}
	return state, "no test ran" + where
}

func badness(s ProofState) int { return slices.Index(ProofStates(), s) }

// testsOf says how many tests.
func testsOf(n int) string {
	if n == 1 {
		return "1 test"
	}
	return fmt.Sprintf("%d tests", n)
}

// lengthOf says a length in days where it is whole days.
func lengthOf(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return fmt.Sprintf("%d days", d/day)
	}
	return d.String()
}

// waive applies the waiver that holds, to what is not proven.
func (c *Cell) waive(list []ProofWaiver, at time.Time) {
	if c.State == IsProven {
		return
	}
	for n := range list {
		w := &list[n]
		if w.Feature != c.Feature || w.Version != "" && compare(w.Version, c.Version) != 0 || !w.holds(at) {
			continue
		}
		c.Was, c.State, c.Waiver = c.State, IsWaived, w
		c.Why += fmt.Sprintf("; %s stands for that until %s: %s", w.By, lifecycle.Stamp(w.Until), w.Why)
		return
	}
}

// Matrix is how features stand in versions.
type Matrix struct {
	AsOf     time.Time   `json:"asOf"`
	Versions []string    `json:"versions"`
	Rows     []MatrixRow `json:"rows"`
}

// MatrixRow is how one feature stands in each version of the matrix.
type MatrixRow struct {
	Feature FeatureID `json:"feature"`
	Cells   []Cell    `json:"cells"`
}

// NewMatrix puts the cells of versions together, which must be of the same rules.
func NewMatrix(asOf time.Time, sheets []*Sheet, waivers ...ProofWaiver) Matrix {
	m := Matrix{AsOf: asOf, Versions: []string{}, Rows: []MatrixRow{}}
	for n, s := range sheets {
		m.Versions = append(m.Versions, s.version)
		for k, c := range s.Cells(waivers...) {
			if n == 0 {
				m.Rows = append(m.Rows, MatrixRow{Feature: c.Feature})
			}
			m.Rows[k].Cells = append(m.Rows[k].Cells, c)
		}
	}
	return m
}

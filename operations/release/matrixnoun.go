package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/version"
)

// run is what the results of a report that was taken in have in common.
func (e *Evidence) run() TestRun {
	at := e.RanAt
	if at.IsZero() {
		at = e.TakenAt
	}
	return TestRun{Report: e.Report, Environment: e.Environment, Build: e.Build, At: at, Cut: e.Incomplete != ""}
}

// demanded returns the rules as of a version: what must be proven there by the stages that
// its features are in. A feature that is not defined must be.
func (n *Proofs) demanded(ctx context.Context, platform PlatformID, rules ProofRules, version string) (ProofRules, error) {
	if !slices.ContainsFunc(rules.Proofs, func(p Proof) bool { return p.From != "" }) {
		return rules, nil
	}
	stages := map[FeatureID]Stage{}
	for f, err := range store.Of(n.view, features).Find(store.By("platform", store.Text(platform))).All(ctx) {
		if err != nil {
			return rules, err
		}
		if stand, err := f.At(version, ""); err == nil {
			stages[f.ID] = stand.Stage
		}
	}
	rules.Proofs = slices.Clone(rules.Proofs)
	for k := range rules.Proofs {
		p := &rules.Proofs[k]
		stage, known := stages[p.Feature]
		if p.From != "" && known && (stage.Before(p.From) || stage == StageRemoved) {
			p.Optional = true
		}
	}
	return rules, nil
}

// counting returns the reports of a version that count at an instant: taken in by then, and
// not retracted.
func (n *Proofs) counting(ctx context.Context, platform PlatformID, version string, at time.Time) ([]Evidence, error) {
	var list []Evidence
	for e, err := range n.Evidence(platform, version).All(ctx) {
		if err != nil {
			return nil, err
		}
		if !e.TakenAt.After(at) && (!e.Retracted() || e.RetractedAt.After(at)) {
			list = append(list, e)
		}
	}
	return list, nil
}

// fill puts reports that were taken in into a sheet.
func (n *Proofs) fill(ctx context.Context, s *Sheet, list []Evidence) error {
	for k := range list {
		var failed error
		s.Add(list[k].run(), func(yield func(*TestResult) bool) {
			for r, err := range n.Results(ctx, list[k]) {
				if err != nil {
					failed = err
					return
				}
				if !yield(r) {
					return
				}
			}
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}

// SheetOf gathers what counts of a version at an instant, by the rules as they are.
func (n *Proofs) SheetOf(ctx context.Context, platform PlatformID, version string, at time.Time) (*Sheet, []ProofWaiver, error) {
	var v servicecoin.Violations
	readVersion(&v, "version", version)
	v.Time("at", at)
	if err := v.Err(); err != nil {
		return nil, nil, err
	}
	sheet, err := n.Sheet(ctx, platform)
	if err != nil {
		return nil, nil, err
	}
	rules, err := n.demanded(ctx, platform, sheet.Rules, version)
	if err != nil {
		return nil, nil, err
	}
	p, err := NewProver(rules)
	if err != nil {
		return nil, nil, err
	}
	s, err := n.sheetBy(ctx, p, platform, version, at)
	return s, sheet.Waivers, err
}

func (n *Proofs) sheetBy(ctx context.Context, p *Prover, platform PlatformID, version string, at time.Time) (*Sheet, error) {
	t, err := n.Version(ctx, platform, version)
	if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return nil, err
	}
	list, err := n.counting(ctx, platform, version, at)
	if err != nil {
		return nil, err
	}
	s := NewSheet(p, version, t.Build, at)
	return s, n.fill(ctx, s, list)
}

// Matrix says how the features of a platform stand in versions, at an instant.
func (n *Proofs) Matrix(ctx context.Context, platform PlatformID, at time.Time, versions ...string) (Matrix, error) {
	var sheets []*Sheet
	var waivers []ProofWaiver
	const most = 200
	var v servicecoin.Violations
	if !v.Limit("versions", len(versions), most) {
		return Matrix{}, v.Err()
	}
	for _, version := range versions {
		s, w, err := n.SheetOf(ctx, platform, version, at)
		if err != nil {
			return Matrix{}, err
		}
		sheets, waivers = append(sheets, s), w
	}
	return NewMatrix(at, sheets, waivers...), nil
}

// State says how a feature stands in a version now; one that no rule speaks of is unproven.
func (n *Proofs) State(ctx context.Context, platform PlatformID, feature FeatureID, version string) (Cell, error) {
	s, waivers, err := n.SheetOf(ctx, platform, version, n.view.Now())
	if err != nil {
		return Cell{}, err
	}
	for _, c := range s.Cells(waivers...) {
		if c.Feature == feature {
			return c, nil
		}
	}
	return Cell{Feature: feature, Version: version, State: IsUnproven, Why: "no rule says what proves it"}, nil
}

// Proven says whether the tests of a feature passed on a version, as [World] asks it.
// What is waived is not proven.
func (n *Proofs) Proven(ctx context.Context, f Feature, version string) (Shown, error) {
	c, err := n.State(ctx, f.Platform, f.ID, version)
	if err != nil {
		return Shown{}, err
	}
	shown := Shown{Met: c.State == IsProven, Text: c.Why}
	if len(c.Reports) > 0 {
		shown.Ref = c.Reports[len(c.Reports)-1]
	}
	return shown, nil
}

// Kept is whether a promise of a feature is kept over a range of versions.
type Kept string

// The answers.
const (
	PromiseKept     Kept = "kept"     // proven or waived in each version of the range of which there is evidence
	PromiseBroken   Kept = "broken"   // in one of them at least
	PromiseUnproven Kept = "unproven" // or of no version in the range there is evidence
)

// Kept says whether a feature does what it is supposed to in a range of versions ("8.3.x",
// ">=8.3.0 <8.5.0"), and names the versions that keep it from being so.
func (n *Proofs) Kept(ctx context.Context, platform PlatformID, feature FeatureID, versions string) (kept Kept, not []string, err error) {
	var v servicecoin.Violations
	v.Text("versions", versions, 1, version.MaxRange)
	if err := v.Err(); err != nil {
		return "", nil, err
	}
	in, err := version.ParseRange(versions)
	if err != nil {
		return "", nil, err
	}
	found, broken := false, false
	var unproven []string
	for t, err := range n.Versions(platform).All(ctx) {
		if err != nil {
			return "", nil, err
		}
		p, err := version.ParseLoose(t.Version)
		if err != nil || !in.Contains(p) {
			continue
		}
		c, err := n.State(ctx, platform, feature, t.Version)
		if err != nil {
			return "", nil, err
		}
		found = true
		switch c.State {
		case IsProven, IsWaived:
		case IsBroken:
			broken = true
			not = append(not, t.Version)
		case IsUnproven, IsExpired:
			unproven = append(unproven, t.Version)
		}
	}
	switch {
	case broken:
		return PromiseBroken, not, nil
	case !found || len(unproven) > 0:
		return PromiseUnproven, unproven, nil
	}
	return PromiseKept, nil, nil
}

// TestInRun is what came of a test in one report.
type TestInRun struct {
	Report      string      `json:"report"`
	Environment string      `json:"environment,omitempty"`
	At          time.Time   `json:"at"`
	Outcome     TestOutcome `json:"outcome"`
	Message     string      `json:"message,omitempty"`
	Retracted   bool        `json:"retracted,omitempty"`
}

// TestHistory is a test that proves a feature, and what came of it over time.
type TestHistory struct {
	Called string      `json:"called"`
	Runs   []TestInRun `json:"runs"` // the newest first
}

// History returns what came of the tests of a feature in a version, by what they are
// called: of the first most of them, with all their runs, and how many there are.
func (n *Proofs) History(ctx context.Context, platform PlatformID, feature FeatureID, version string, most int) (list []TestHistory, all int, err error) {
	sheet, err := n.Sheet(ctx, platform)
	if err != nil {
		return nil, 0, err
	}
	k := slices.IndexFunc(sheet.Rules.Proofs, func(p Proof) bool { return p.Feature == feature })
	if k < 0 {
		return nil, 0, fmt.Errorf("%w: no rule says what proves %s", servicecoin.ErrNotFound, feature)
	}
	p, err := NewProver(ProofRules{Proofs: sheet.Rules.Proofs[k : k+1]})
	if err != nil {
		return nil, 0, err
	}
	places := map[string]int{}
	for e, err := range n.Evidence(platform, version).All(ctx) {
		if err != nil {
			return nil, 0, err
		}
		run := e.run()
		for r, err := range n.Results(ctx, e) {
			if err != nil {
				return nil, 0, err
			}
			if len(p.Proves(r)) == 0 {
				continue
			}
			called := r.Called()
			at, ok := places[called]
			if !ok {
				at = len(list)
				places[called] = at
				list = append(list, TestHistory{Called: called})
			}
			ran := r.At
			if ran.IsZero() {
				ran = run.At
			}
			list[at].Runs = append(list[at].Runs, TestInRun{e.Report, e.Environment, ran, r.Outcome, r.Message, e.Retracted()})
		}
	}
	slices.SortFunc(list, func(a, b TestHistory) int { return cmp.Compare(a.Called, b.Called) })
	for k := range list {
		slices.SortStableFunc(list[k].Runs, func(a, b TestInRun) int { return b.At.Compare(a.At) })
	}
	all = len(list)
	return list[:min(max(0, most), all)], all, nil
}

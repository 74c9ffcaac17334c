package cointest

import (
	"errors"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/release"
)

// evidenceStory tells a version that is certified on what tests proved, and a later failure
// of it that makes a new edition of the certificate by itself.
func evidenceStory(p *provider) {
	ctx, proofs := p.t.Context(), p.Releases().Proofs()
	p.at(time.March, 2, 9, 0)
	_, err := proofs.Set(ctx, ada(), harbour, release.ProofRules{Proofs: []release.Proof{
		{Feature: "berths", Tests: []release.TestPattern{{Class: "Berths"}}},
		{Feature: "tides", Tests: []release.TestPattern{{Name: "tide *"}}},
	}})
	p.must(err)
	take := func(digest, tests string) {
		p.t.Helper()
		e := release.Evidence{Report: strings.Repeat(digest, 64), Platform: harbour, Version: "8.4.0", Environment: "test"}
		_, fresh, err := proofs.Take(ctx, ada(), e, func(yield func(*release.TestResult) bool) {
			for name := range strings.SplitSeq(tests, ", ") {
				name, failed := strings.CutSuffix(name, "!")
				x := release.TestResult{Class: "Berths", Name: name, Outcome: release.TestPassed}
				if failed {
					x.Outcome = release.TestFailed
				}
				if !yield(&x) {
					return
				}
			}
		})
		p.must(err)
		same(p.t, "it is new", true, fresh)
	}
	take("a", "two ships, three ships")
	_, err = proofs.Issue(ctx, ada(), harbour, "8.4.0")
	same(p.t, "it is refused, with what is lacking", true, errors.Is(err, servicecoin.ErrRefused) && strings.Contains(err.Error(), "tides is unproven"))
	take("b", "tide comes")
	first, err := proofs.Issue(ctx, ada(), harbour, "8.4.0")
	p.must(err)
	p.exchange()
	standing, err := proofs.Version(ctx, harbour, "8.4.0")
	p.must(err)
	same(p.t, "nothing changed", []any{1, true}, []any{standing.Edition, standing.Certified})

	p.at(time.March, 9, 9, 0)
	take("c", "three ships!")
	p.exchange()
	second, err := proofs.Certificate(ctx, harbour, "8.4.0", 2)
	p.must(err)
	same(p.t, "certified", false, second.Certified)
	same(p.t, "what changed", []release.ChangedProof{{
		Feature: "berths", From: release.IsProven, To: release.IsBroken, Since: p.clock(), Why: "1 of 3 tests failed", Failing: []string{"Berths/three ships"},
	}}, second.Changed)
	for _, c := range []release.Certificate{first, second} {
		whole, err := proofs.Verify(ctx, c)
		p.must(err)
		same(p.t, "it recomputes to the same bytes", true, whole)
	}
	kept, not, err := proofs.Kept(ctx, harbour, "berths", ">=8.3.0 <9.0.0")
	p.must(err)
	same(p.t, "the promise", []any{release.PromiseBroken, []string{"8.4.0"}}, []any{kept, not})

	// It ran on the wrong machine: that does not certify it by itself again.
	_, err = proofs.Retract(ctx, ada(), strings.Repeat("c", 64), "the wrong machine")
	p.must(err)
	p.exchange()
	third, err := proofs.Issue(ctx, servicecoin.Person("ada"), harbour, "8.4.0")
	p.must(err)
	same(p.t, "a person issues it anew", 3, third.Edition)
}

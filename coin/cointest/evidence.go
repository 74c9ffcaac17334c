package cointest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
)

// tested is the platform of the simulation that tests are run for.
const tested release.PlatformID = "tested"

// prove takes a report of tests of some version in, or one that was taken in back.
func (l *life) prove(a Act) error {
	n, by := l.coin.Releases().Proofs(), l.by()
	sheet, err := n.Sheet(l.ctx, tested)
	if err != nil {
		return err
	}
	if len(sheet.Rules.Proofs) == 0 {
		return second(n.Set(l.ctx, by, tested, release.ProofRules{Proofs: []release.Proof{
			{Feature: "f", Tests: []release.TestPattern{{Name: "f*"}}, MaxAge: calendar.Within(20 * 24 * time.Hour)},
			{Feature: "g", Tests: []release.TestPattern{{Name: "*g"}, {Class: "g"}}},
		}}))
	}
	version := fmt.Sprintf("1.%d.0", a.N%3)
	if a.M%7 == 0 {
		page, err := n.Taken(tested).Page(l.ctx, "", 1)
		if err != nil || len(page.Items) == 0 {
			return err
		}
		return second(n.Retract(l.ctx, by, page.Items[0].Value.Report, "the wrong machine"))
	}
	e := release.Evidence{Report: fmt.Sprintf("%064x", a.N*1000+a.M), Platform: tested, Version: version, Environment: []string{"linux", "windows"}[a.M%2], RanAt: l.now.Add(-time.Duration(a.M) * time.Minute)}
	outcomes := []release.TestOutcome{release.TestPassed, release.TestPassed, release.TestPassed, release.TestFlaky, release.TestFailed, release.TestSkipped}
	_, _, err = n.Take(l.ctx, by, e, func(yield func(*release.TestResult) bool) {
		for k, name := range []string{"f1", "f2", "fg"} {
			at := 0
			if a.M%3 == 0 {
				at = (a.N + k*a.M) % len(outcomes)
			}
			if !yield(&release.TestResult{Suite: "s", Name: name, Outcome: outcomes[at]}) {
				return
			}
		}
	})
	return err
}

// certify issues a certificate, waives what is lacking, says what a version is, or looks
// whether what was certified still is.
func (l *life) certify(a Act) error {
	n, by := l.coin.Releases().Proofs(), l.by()
	version := fmt.Sprintf("1.%d.0", a.N%3)
	switch a.M % 6 {
	case 0:
		return second(n.Waive(l.ctx, by, tested, release.ProofWaiver{Feature: []release.FeatureID{"f", "g"}[a.N%2], Version: version, Why: "we know", Until: l.now.AddDate(0, 0, 1+a.M%20)}))
	case 1:
		return second(n.EndWaiver(l.ctx, by, tested, []release.FeatureID{"f", "g"}[a.N%2], version))
	case 2: //nolint:mnd // one of six
		return second(n.Tend(l.ctx, by, tested))
	}
	return second(n.Issue(l.ctx, by, tested, version))
}

// certificates checks that each edition of a certificate recomputes to the same bytes, that
// one follows the other, and that what is certified is.
func (l *life) certificates() error {
	n := l.coin.Releases().Proofs()
	if _, err := n.Tend(l.ctx, l.by(), tested); err != nil {
		return err
	}
	var wrong []error
	for t, err := range n.Versions(tested).All(l.ctx) {
		if err != nil {
			return err
		}
		wrong = append(wrong, l.editions(n, t), l.taken(n, t))
	}
	return errors.Join(wrong...)
}

func (l *life) editions(n *release.Proofs, t release.Tested) error {
	edition := 0
	var last release.Certificate
	for c, err := range n.Certificates(tested, t.Version).All(l.ctx) {
		if err != nil {
			return err
		}
		edition++
		if same, err := n.Verify(l.ctx, c); err != nil || !same || c.Edition != edition {
			return fmt.Errorf("edition %d of %s: recomputes: %t (%w)", c.Edition, t.Version, same, errors.Join(err))
		}
		if edition > 1 && !last.SupersededAt.Equal(c.IssuedAt) {
			return fmt.Errorf("edition %d of %s was superseded at %s, by one of %s", last.Edition, t.Version, last.SupersededAt, c.IssuedAt)
		}
		if edition > 1 && !last.Certified && !c.Certified {
			return fmt.Errorf("editions %d and %d of %s both say that it is certified no more", last.Edition, c.Edition, t.Version)
		}
		last = c
	}
	if t.Edition != edition || t.Certified != (edition > 0 && last.Certified) || !last.SupersededAt.IsZero() {
		return fmt.Errorf("%s says edition %d, certified %t; there are %d, the last says %t", t.Version, t.Edition, t.Certified, edition, last.Certified)
	}
	if !t.Certified {
		return nil
	}
	s, waivers, err := n.SheetOf(l.ctx, tested, t.Version, l.now)
	if err != nil {
		return err
	}
	for _, c := range s.Cells(waivers...) {
		if !c.Holds() {
			return fmt.Errorf("%s is certified, and %s is %s: %s", t.Version, c.Feature, c.State, c.Why)
		}
	}
	return nil
}

// taken checks that each report is there once, as it was taken in.
func (l *life) taken(n *release.Proofs, t release.Tested) error {
	reports := 0
	var standing []string
	for e, err := range n.Evidence(tested, t.Version).All(l.ctx) {
		if err != nil {
			return err
		}
		if reports++; !e.Retracted() {
			if slices.Contains(standing, e.Report) {
				return fmt.Errorf("the report %s counts twice for %s", e.Report, t.Version)
			}
			standing = append(standing, e.Report)
		}
		found := 0
		for _, err := range n.Results(l.ctx, e) {
			if err != nil {
				return err
			}
			found++
		}
		if c := e.Counts; found != c.Passed+c.Failed+c.Skipped {
			return fmt.Errorf("the report %s says %+v, and has %d results", e.Report, c, found)
		}
	}
	if reports != t.Reports {
		return fmt.Errorf("%s says %d reports, there are %d", t.Version, t.Reports, reports)
	}
	return nil
}

package cointest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/releaseroom"
	"github.com/servicecoin/servicecoin/operations/release"
)

const (
	splitting release.FeatureID = "split-orders"
	publicAPI release.APIID     = "orders"
	python    release.BindingID = "orders-python"
)

// platformStory tells how a platform keeps what it says of itself: a feature goes from alpha to
// generally available on evidence and its customers hear of it, a release is moved and the
// first promise stays on record, a binding falls behind and its owner is told, and a later
// failure makes a new edition of the certificate.
func platformStory(p *provider) {
	p.orders()
	p.hasReleases()
	p.hasAFeature()
	p.promotesOnEvidence()
	p.movesTheRelease()
	p.isCertified()
	p.hearsOfIt()
	p.bindingFallsBehind()
	p.failsLater()
}

// hasAFeature defines one in alpha, how it is promoted, and what proves it.
func (p *provider) hasAFeature() {
	p.t.Helper()
	ctx, n := p.t.Context(), p.Releases()
	p.at(time.February, 2, 9, 0)
	p.published("8.3.5", dayOf(time.February, 2), release.Holds{})
	p.runs(acme, "8.3.5")
	_, err := n.Features().Define(ctx, ada(), release.Feature{
		ID: splitting, Platform: harbour, Name: servicecoin.Texts{"en": "Split orders"}, Offerings: []servicecoin.OfferingID{cloud}, Owner: "orders team",
		Stages: []release.StageEntry{{From: "8.3", Stage: release.StageAlpha}}, PublicFrom: release.StageGeneral,
	})
	p.must(err)
	const month = 30 * 24 * time.Hour
	tests := release.Criterion{ID: "tests", Kind: release.AskProven, Text: "its tests passed on this version"}
	_, err = n.Features().CommitProcedure(ctx, ada(), release.Procedure{Why: "agreed with the product council", Criteria: map[release.Stage][]release.Criterion{ //nolint:exhaustive // the others ask for nothing
		release.StageBeta: {tests},
		release.StageGeneral: {
			tests,
			{ID: "soak", Kind: release.AskSoak, Text: "a month in beta", Soak: calendar.Within(month)},
			{ID: "use", Kind: release.AskUse, Text: "somebody uses it", Customers: 1},
			{ID: "support", Kind: release.AskSignOff, Text: "support is briefed", Role: "support"},
		},
	}})
	p.must(err)
	_, err = n.Proofs().Set(ctx, ada(), harbour, release.ProofRules{Proofs: []release.Proof{{Feature: splitting, Tests: []release.TestPattern{{Class: "orders.Split"}}, From: release.StageBeta}}})
	p.must(err)
	d, err := n.MayUse(ctx, acme, splitting)
	p.must(err)
	same(p.t, "alpha is for those who are admitted", false, d.May)
}

// tested takes a report in.
func (p *provider) tested(version string, number int, outcome release.TestOutcome) {
	p.t.Helper()
	_, fresh, err := p.Releases().Proofs().Take(p.t.Context(), ada(), release.Evidence{
		Report: fmt.Sprintf("%064x", number), Platform: harbour, Version: version, Environment: "test", RanBy: "nightly", RanAt: p.clock(),
	}, slices.Values([]*release.TestResult{{Class: "orders.Split", Name: "by day", Outcome: outcome}, {Class: "orders.Other", Name: "unmapped", Outcome: release.TestPassed}}))
	p.must(err)
	same(p.t, "fresh", true, fresh)
	p.exchange()
}

// promotesOnEvidence gets it into beta once its tests passed, and refuses what is missing.
func (p *provider) promotesOnEvidence() {
	p.t.Helper()
	ctx, f := p.t.Context(), p.Releases().Features()
	p.at(time.February, 9, 9, 0)
	proposal, err := f.Propose(ctx, ada(), release.Proposal{Feature: splitting, To: release.StageBeta, Version: "8.4.0", Why: "two customers ask for it"})
	p.must(err)
	_, err = f.Promote(ctx, bea(), proposal.ID)
	same(p.t, "without evidence", true, errors.Is(err, servicecoin.ErrRefused))
	same(p.t, "what is missing is said", true, err != nil && strings.Contains(err.Error(), "its tests passed on this version"))
	p.published("8.4.0", dayOf(time.February, 9), release.Holds{})
	p.tested("8.4.0", 1, release.TestPassed)
	_, err = f.Promote(ctx, bea(), proposal.ID)
	p.must(err)
	p.exchange()

	p.runs(acme, "8.4.0")
	_, err = p.Releases().Enter(ctx, olga(), acme, splitting)
	p.must(err)
	d, err := p.Releases().MayUse(ctx, acme, splitting)
	p.must(err)
	same(p.t, "in beta, and entered", true, d.May)
}

// movesTheRelease promises the version that it is to be generally available in, and moves it.
func (p *provider) movesTheRelease() {
	p.t.Helper()
	ctx, s := p.t.Context(), p.Releases().Schedule()
	_, err := s.KeepLine(ctx, ada(), release.Line{Platform: harbour, Name: "8.5", Released: dayOf(time.March, 20), Support: release.Support{Until: release.NotOver}})
	p.must(err)
	p.planned("8.5.0", dayOf(time.March, 20))
	p.at(time.March, 13, 9, 0)
	_, err = s.Move(ctx, ada(), harbour, "8.5.0", dayOf(time.March, 30), "a test of split orders fails")
	p.must(err)
	p.at(time.March, 30, 9, 0)
	p.tested("8.5.0", 2, release.TestPassed)
	p.published("8.5.0", dayOf(time.March, 30), release.Holds{Features: []release.FeatureID{splitting}})
	r, err := s.Get(ctx, harbour, "8.5.0")
	p.must(err)
	same(p.t, "first promised for", dayOf(time.March, 20), r.First)
	same(p.t, "what became of it", release.WasLate, r.Outcome(dayOf(time.March, 30)))
	same(p.t, "by", 10, r.Late(dayOf(time.March, 30)))
}

// isCertified issues the certificate, and promotes the feature to everybody.
func (p *provider) isCertified() {
	p.t.Helper()
	ctx, n := p.t.Context(), p.Releases()
	c, err := n.Proofs().Issue(ctx, ada(), harbour, "8.5.0")
	p.must(err)
	same(p.t, "certified", [2]int{1, 1}, [2]int{c.Edition, c.Proven})
	proposal, err := n.Features().Propose(ctx, ada(), release.Proposal{Feature: splitting, To: release.StageGeneral, Version: "8.5.0", Default: true, Why: "a month in beta"})
	p.must(err)
	_, err = n.Features().Promote(ctx, bea(), proposal.ID)
	same(p.t, "support is not briefed", true, errors.Is(err, servicecoin.ErrRefused) && strings.Contains(err.Error(), "support is briefed"))
	_, err = n.Features().SignOff(ctx, servicecoin.Person("carl"), proposal.ID, "support", "the desk knows it")
	p.must(err)
	_, err = n.Features().Promote(ctx, bea(), proposal.ID)
	p.must(err)
	p.exchange()
}

// hearsOfIt publishes what the promotion has drafted: who may use it is told.
func (p *provider) hearsOfIt() {
	p.t.Helper()
	ctx, n := p.t.Context(), p.Releases()
	p.runs(acme, "8.5.0")
	f, err := n.Features().Get(ctx, splitting)
	p.must(err)
	same(p.t, "stage", release.StageGeneral, f.Last().Stage)
	_, err = n.News().Publish(ctx, ada(), releaseroom.NewsOf(splitting, f.Edition))
	p.must(err)
	p.exchange()
	for customer, want := range map[servicecoin.CustomerID]int{acme: 1, "globex": 0} {
		read, err := n.NewsFor(ctx, customer, 10)
		p.must(err)
		has := 0
		for _, x := range read {
			if x.As == release.ToldHas {
				has++
			}
		}
		same(p.t, "told as one who has it: "+string(customer), want, has)
	}
}

// bindingFallsBehind has a binding that nobody tries with the new version: its owner is told.
func (p *provider) bindingFallsBehind() {
	p.t.Helper()
	ctx, a := p.t.Context(), p.Releases().APIs()
	_, err := a.KeepAPI(ctx, ada(), release.API{ID: publicAPI, Platform: harbour, Service: erp, Name: "Orders", Kind: release.REST, Stability: release.Stable, Owner: "ada", KeepUp: release.KeepUp{Days: 14}})
	p.must(err)
	_, err = a.KeepBinding(ctx, ada(), release.Binding{ID: python, API: publicAPI, Language: "python", Package: "orders", Owner: "carl", Stability: release.Stable, Version: "1.4.0", Range: ">=8.4.0 <8.5.1", From: "8.4.0"})
	p.must(err)
	p.exchange()
	p.at(time.April, 7, 9, 0)
	p.published("8.5.1", dayOf(time.April, 7), release.Holds{})
	_, err = p.Releases().TendBindings(ctx, ada())
	p.must(err)
	p.exchange()
	p.at(time.April, 22, 9, 0)
	_, err = p.Releases().TendBindings(ctx, ada())
	p.must(err)
	p.exchange()
	same(p.t, "told", []string{"carl: orders-python is behind 8.5.1"}, p.owners)
	overdue := 0
	for x, err := range a.Due(p.clock()).All(ctx) {
		p.must(err)
		same(p.t, "overdue with", "8.5.1", x.Version)
		overdue++
	}
	same(p.t, "overdue", 1, overdue)
	_, err = a.Report(ctx, servicecoin.Person("carl"), release.Tried{Binding: python, Version: "8.5.1", Own: "1.4.1", Passed: true})
	p.must(err)
	_, err = p.Releases().TendBindings(ctx, ada())
	p.must(err)
	p.exchange()
	same(p.t, "told again", []string{"carl: orders-python is behind 8.5.1", "carl: orders-python is not behind any more"}, p.owners)
}

// failsLater takes a failure of the certified version in: the certificate has an edition that
// says so, and the one before recomputes to the same bytes.
func (p *provider) failsLater() {
	p.t.Helper()
	ctx, proofs := p.t.Context(), p.Releases().Proofs()
	p.at(time.May, 4, 9, 0)
	p.tested("8.5.0", 3, release.TestFailed)
	var editions []release.Certificate
	for c, err := range proofs.Certificates(harbour, "8.5.0").All(ctx) {
		p.must(err)
		editions = append(editions, c)
		intact, err := proofs.Verify(ctx, c)
		p.must(err)
		same(p.t, "recomputes to the same bytes", true, intact)
	}
	same(p.t, "editions", 2, len(editions))
	same(p.t, "certified, and no more", [2]bool{true, false}, [2]bool{editions[0].Certified, editions[1].Certified})
	kept, _, err := proofs.Kept(ctx, harbour, splitting, "8.5.0")
	p.must(err)
	same(p.t, "a promise on it", release.PromiseBroken, kept)
}

// tellOwner notes what owners of bindings are told.
func (p *provider) tellOwner(to servicecoin.PersonID, event string, news release.BindingChanged) {
	words := "is not behind any more"
	if event == release.EventBindingBehind {
		words = "is behind " + news.Version
	}
	p.owners = append(p.owners, fmt.Sprintf("%s: %s %s", to, news.Binding, words))
}

func bea() servicecoin.Actor { return servicecoin.Person("bea") }

package coin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/releaseroom"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
)

// featured is a shop whose platform is the service mail, in version 8.4, with one feature
// in beta for those who have mail.
func featured(t *testing.T) *shop {
	t.Helper()
	s := newShop(t, func(o *coin.Options) {
		o.Releases.Runs = func(context.Context, exchange.Base, servicecoin.CustomerID, release.PlatformID) (string, error) {
			return "8.4.2", nil
		}
		o.Releases.Newest = func(context.Context, exchange.Base, release.PlatformID) (string, error) { return "8.5.0", nil }
		o.Releases.Attributes = func(context.Context, servicecoin.CustomerID) (map[string]string, error) {
			return map[string]string{"country": "DE"}, nil
		}
		o.Releases.Proven = func(context.Context, exchange.Base, release.Feature, string) (release.Shown, error) {
			return release.Shown{Met: true}, nil
		}
	})
	_, err := s.Releases().Features().Define(t.Context(), ada, release.Feature{
		ID: "scan", Platform: "mail", Name: servicecoin.Texts{"en": "Scanning", "de": "Einlesen"}, Offerings: []servicecoin.OfferingID{"mail-std"},
		Stages: []release.StageEntry{{From: "8.4", Stage: release.StageBeta}}, PublicFrom: release.StageGeneral,
	})
	require.NoError(t, err)
	return s
}

func titles(list []releaseroom.Read) (out []string) {
	for _, x := range list {
		title, _ := x.Title.In("en")
		out = append(out, string(x.As)+" "+string(x.State)+" "+title)
	}
	return out
}

// TestOneRuleOfFeatures: one call says who may use a feature, and the same decides who hears
// of it: a beta is entered and left; a promotion makes a draft, which a person publishes; who
// has it is told, and hears of the correction and the end.
func TestOneRuleOfFeatures(t *testing.T) {
	t.Parallel()
	s, ctx := featured(t), t.Context()
	n := s.Releases()
	s.subscribe("acme", "s1")
	s.drain() // the catalogue hears of it
	ben, mika := servicecoin.Person("ben"), servicecoin.Client("mika")

	d, err := n.MayUse(ctx, "acme", "scan")
	require.NoError(t, err)
	require.Equal(t, release.WhyMayEnter, d.Reason)
	d, err = n.MayUse(ctx, "birch", "scan")
	require.NoError(t, err)
	require.Equal(t, release.WhyNotEntitled, d.Reason, "it has no mail")
	_, err = n.Enter(ctx, mika, "birch", "scan")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = n.Enter(ctx, mika, "acme", "scan")
	require.NoError(t, err)
	d, err = n.MayUse(ctx, "acme", "scan")
	require.NoError(t, err)
	require.True(t, d.May && d.On)
	all, err := n.WhoMay(ctx, "scan", 10)
	require.NoError(t, err)
	require.Equal(t, map[servicecoin.CustomerID]release.Decision{"acme": d}, all)

	// General availability from 8.5 on, by a procedure that wants tests and use.
	_, err = n.Features().CommitProcedure(ctx, ada, release.Procedure{Why: "small", Criteria: map[release.Stage][]release.Criterion{
		release.StageGeneral: {{ID: "tests", Kind: release.AskProven, Text: "tests"}, {ID: "use", Kind: release.AskUse, Customers: 1, Text: "somebody uses it"}},
	}})
	require.NoError(t, err)
	p, err := n.Features().Propose(ctx, ada, release.Proposal{Feature: "scan", To: release.StageGeneral, Version: "8.5.0", Default: true, Why: "it is ready"})
	require.NoError(t, err)
	_, err = n.Features().Promote(ctx, ben, p.ID)
	require.NoError(t, err)
	_, parked := s.drain()
	require.Empty(t, parked)
	draft, err := n.News().Get(ctx, releaseroom.NewsOf("scan", 2))
	require.NoError(t, err)
	require.Equal(t, "Einlesen: generally available", draft.Title["de"])
	told, public, err := n.Told(ctx, draft, 10)
	require.NoError(t, err)
	require.Empty(t, told, "acme runs 8.4, and cannot have it yet")
	require.True(t, public)

	// What is coming for a customer.
	list, err := n.Standings(ctx, "acme")
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, release.WhyEntered, list[0].Reason)
	require.Equal(t, release.WhyEverybody, list[0].Next.Reason)

	// It is for all versions: then acme is told, as one who has it.
	draft.Version = ""
	_, err = n.News().Edit(ctx, ben, draft)
	require.NoError(t, err)
	_, err = n.News().Publish(ctx, ben, draft.ID)
	require.NoError(t, err)
	read, err := n.NewsFor(ctx, "acme", 10)
	require.NoError(t, err)
	require.Equal(t, []string{"has published Scanning: generally available"}, titles(read))
	read, err = n.NewsFor(ctx, "", 10)
	require.NoError(t, err)
	require.Equal(t, []string{"public published Scanning: generally available"}, titles(read))
	s.drain()
	_, err = n.News().Correct(ctx, ben, draft.ID, release.Wording{Title: servicecoin.Texts{"en": "Scanning"}, Text: servicecoin.Texts{"en": "From Monday on."}}, "the day was missing")
	require.NoError(t, err)
	s.drain()
	_, err = n.Access("acme").Leave(ctx, mika, "scan", "it is slow")
	require.NoError(t, err)
	_, err = n.News().Withdraw(ctx, ben, draft.ID, "it is not so")
	require.NoError(t, err)
	_, parked = s.drain()
	require.Empty(t, parked)
	got, err := n.Tellings("acme").Get(ctx, draft.ID)
	require.NoError(t, err)
	require.Equal(t, release.Told{News: draft.ID, As: release.ToldHas, At: s.now, Edition: 2, Withdrawn: true}, got)
	read, err = n.NewsFor(ctx, "acme", 10)
	require.NoError(t, err)
	require.Equal(t, []string{"has withdrawn Scanning"}, titles(read), "who saw it sees that it is withdrawn")
	d, err = n.MayUse(ctx, "acme", "scan")
	require.NoError(t, err)
	require.False(t, d.May, "it left")
}

// TestAFeatureIsTakenBack: its draft is thrown away, who could use it hears that it is lost, and
// that it is there again.
func TestAFeatureIsTakenBack(t *testing.T) {
	t.Parallel()
	s, ctx := featured(t), t.Context()
	n := s.Releases()
	s.subscribe("acme", "s1")
	s.subscribe("birch", "s2")
	s.drain()
	_, err := n.Enter(ctx, servicecoin.Client("mika"), "acme", "scan")
	require.NoError(t, err)
	_, err = n.Features().CommitProcedure(ctx, ada, release.Procedure{Why: "small", Criteria: map[release.Stage][]release.Criterion{release.StageGeneral: {}}})
	require.NoError(t, err)
	p, err := n.Features().Propose(ctx, ada, release.Proposal{Feature: "scan", To: release.StageGeneral, Version: "8.5.0", Why: "it is ready"})
	require.NoError(t, err)
	_, err = n.Features().Promote(ctx, ada, p.ID)
	require.NoError(t, err)
	s.drain()
	_, err = n.Features().Hold(ctx, ada, "scan", "8.4", "it loses mail")
	require.NoError(t, err)
	_, parked := s.drain()
	require.Empty(t, parked)
	_, err = n.News().Get(ctx, releaseroom.NewsOf("scan", 2))
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	d, err := n.MayUse(ctx, "acme", "scan")
	require.NoError(t, err)
	require.Equal(t, release.WhyHeld, d.Reason)
	lost, err := n.Tellings("acme").Lost(ctx, "scan")
	require.NoError(t, err)
	require.Equal(t, release.Loss{Feature: "scan", Edition: 3, Lost: true, Why: "it loses mail", At: s.now}, lost)
	_, err = n.Tellings("birch").Lost(ctx, "scan")
	require.ErrorIs(t, err, servicecoin.ErrNotFound, "it never had it")
	_, err = n.Features().Free(ctx, ada, "scan", "mended")
	require.NoError(t, err)
	s.drain()
	require.NotZero(t, s.event("acme", release.EventFeatureRegained).At)
}

// TestForgetFeatures: a customer that is forgotten stands in no audience any more, and its early
// access is gone.
func TestForgetFeatures(t *testing.T) {
	t.Parallel()
	s, ctx := featured(t), t.Context()
	n := s.Releases()
	s.subscribe("acme", "s1")
	f, err := n.Features().Get(ctx, "scan")
	require.NoError(t, err)
	f.Audiences = map[release.Stage]release.Audience{release.StageBeta: {Enter: release.EnterAsked, Customers: []servicecoin.CustomerID{"acme"}}}
	_, err = n.Features().Revise(ctx, ada, f, "somebody helps")
	require.NoError(t, err)
	d, err := n.MayUse(ctx, "acme", "scan")
	require.NoError(t, err)
	require.Equal(t, release.WhyNamed, d.Reason)
	f.Audiences = nil
	f, err = n.Features().Revise(ctx, ada, f, "it does not any more")
	require.NoError(t, err)
	_, err = n.Enter(ctx, servicecoin.Client("mika"), "acme", "scan")
	require.NoError(t, err)
	s.drain()
	s.now = s.now.Add(time.Hour)
	require.NoError(t, s.Forget(ctx, ada, "acme"))
	for f, err := range n.Features().Editions("scan").All(ctx) {
		require.NoError(t, err)
		body, err := json.Marshal(f)
		require.NoError(t, err)
		require.NotContains(t, string(body), "acme")
	}
	for _, err := range release.AccessAcross(s.store, "scan", release.AccessIn).All(ctx) {
		require.NoError(t, err)
		t.Fatal("its early access is there")
	}
	events, err := s.store.For("acme").Events(ctx, 0, store.MaxPage)
	require.NoError(t, err)
	require.Empty(t, events)
	require.Equal(t, 3, f.Edition)
}

// TestManyCertificates: as a waiver for all versions ends, all that were certified by it get
// an edition, however many there are.
func TestManyCertificates(t *testing.T) {
	t.Parallel()
	s, ctx := featured(t), t.Context()
	n := s.Releases().Proofs()
	_, err := n.Set(ctx, ada, "mail", release.ProofRules{Proofs: []release.Proof{{Feature: "scan", Tests: []release.TestPattern{{Name: "scans"}}}}})
	require.NoError(t, err)
	_, err = n.Waive(ctx, ada, "mail", release.ProofWaiver{Feature: "scan", Why: "its bench is away", Until: s.now.AddDate(0, 1, 0)})
	require.NoError(t, err)
	const versions = 40
	for k := range versions {
		version := fmt.Sprintf("8.%d.0", k)
		_, _, err := n.Take(ctx, ada, release.Evidence{Report: fmt.Sprintf("%064x", k), Platform: "mail", Version: version, RanAt: s.now}, func(yield func(*release.TestResult) bool) {
			yield(&release.TestResult{Name: "scans", Outcome: release.TestSkipped})
		})
		require.NoError(t, err)
		_, err = n.Issue(ctx, ada, "mail", version)
		require.NoError(t, err)
	}
	_, err = n.EndWaiver(ctx, ada, "mail", "scan", "")
	require.NoError(t, err)
	_, parked := s.drain()
	require.Empty(t, parked)
	for k := range versions {
		c, err := n.Certificate(ctx, "mail", fmt.Sprintf("8.%d.0", k), 2)
		require.NoError(t, err)
		require.False(t, c.Certified)
	}
}

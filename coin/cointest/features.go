package cointest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/releaseroom"
	"github.com/servicecoin/servicecoin/operations/release"
)

// platform is what has features in a life: the service of that name carries it.
const platform release.PlatformID = "mail"

// featureRules are what the host of a life knows: customers run newer lines as time passes,
// each at its own pace.
func (l *life) featureRules() releaseroom.FeatureOptions {
	return releaseroom.FeatureOptions{
		Runs: func(_ context.Context, _ exchange.Base, id servicecoin.CustomerID, _ release.PlatformID) (string, error) {
			return "3." + strconv.Itoa(l.lineOf(len(id))), nil
		},
		Newest: func(context.Context, exchange.Base, release.PlatformID) (string, error) {
			return "3." + strconv.Itoa(l.lineOf(0)+1), nil
		},
		Proven: func(_ context.Context, _ exchange.Base, f release.Feature, version string) (release.Shown, error) {
			return release.Shown{Met: len(f.ID+release.FeatureID(version))%2 == 0}, nil
		},
	}
}

// lineOf is the line that runs now, for those who are so many weeks behind.
func (l *life) lineOf(behind int) int {
	const hoursOfALine = 24 * 14
	return max(0, int(l.now.Sub(begun()).Hours())/hoursOfALine-behind%3)
}

// feature defines a feature, or takes a step with one.
func (l *life) feature(a Act) error {
	n, by, other := l.coin.Releases().Features(), l.by(), servicecoin.Person("second")
	id := release.FeatureID("f" + strconv.Itoa(a.N%4))
	f, err := n.Get(l.ctx, id)
	if errors.Is(err, servicecoin.ErrNotFound) {
		x := release.Feature{
			ID: id, Platform: platform, Name: servicecoin.Texts{"en": string(id)}, Stages: []release.StageEntry{{From: "3." + strconv.Itoa(a.M%3), Stage: release.Stages()[a.M%3]}},
			PublicFrom: []release.Stage{"", release.StageBeta, release.StageGeneral}[a.M%3],
		}
		if a.N%4 > 0 && a.M%2 == 0 {
			x.Needs = []release.FeatureID{"f0"}
		}
		return second(n.Define(l.ctx, by, x))
	}
	if err != nil {
		return err
	}
	if _, err := n.Procedure(l.ctx); errors.Is(err, servicecoin.ErrNotFound) || err == nil && a.M%29 == 0 {
		return second(n.CommitProcedure(l.ctx, by, release.DefaultProcedure()))
	} else if err != nil {
		return err
	}
	switch a.M % 11 {
	case 0:
		return second(n.Hold(l.ctx, by, id, "3."+strconv.Itoa(a.M%4), "a fault"))
	case 1, 2:
		return second(n.Free(l.ctx, by, id, "mended"))
	case 3:
		f.Audiences = map[release.Stage]release.Audience{ //nolint:exhaustive // others have the default
			release.StageBeta: {Enter: release.EnterOpen, Customers: []servicecoin.CustomerID{l.customer(a.M)}},
		}
		return second(n.Revise(l.ctx, by, f, "named"))
	}
	for p, err := range n.Proposed().All(l.ctx) {
		if err != nil {
			return err
		}
		if p.Feature == id {
			return l.promotes(n, p, a, other)
		}
	}
	if a.M%11 == 4 {
		for p, err := range n.Waived().All(l.ctx) {
			if err != nil {
				return err
			}
			return second(n.Settle(l.ctx, by, p.ID))
		}
	}
	to := release.Stages()[min(a.M%7, 5)]
	return second(n.Propose(l.ctx, by, release.Proposal{Feature: id, To: to, Version: fmt.Sprintf("3.%d.0", l.lineOf(0)+a.M%2), Default: to == release.StageGeneral, Why: "it is ready"}))
}

// promotes takes a step with a promotion that is proposed.
func (l *life) promotes(n *release.Features, p release.Promotion, a Act, other servicecoin.Actor) error {
	j, err := n.Judge(l.ctx, p.ID)
	if err != nil {
		return err
	}
	lacking := j.Lacking()
	switch {
	case len(lacking) == 0 || a.M%5 == 0:
		return second(n.Promote(l.ctx, other, p.ID))
	case a.M%5 == 1:
		return second(n.Drop(l.ctx, other, p.ID, "not now"))
	}
	for _, row := range lacking { // all that lacks, so that something is promoted in a life
		if err := second(n.Waive(l.ctx, other, p.ID, row.Criterion, "a life is short", l.now.AddDate(0, 0, 1+a.M%40))); err != nil {
			return err
		}
	}
	return nil
}

// enter has a customer enter a feature or leave it, or the provider answer.
func (l *life) enter(a Act) error {
	who, id := l.customer(a.N), release.FeatureID("f"+strconv.Itoa(a.M%4))
	access, theirs := l.coin.Releases().Access(who), servicecoin.Client("theirs")
	switch a.M / 4 % 5 {
	case 0:
		return second(access.Leave(l.ctx, theirs, id, ""))
	case 1:
		return second(access.Admit(l.ctx, l.by(), id))
	case 2:
		return second(access.Decline(l.ctx, l.by(), id, "it is full"))
	}
	return second(l.coin.Releases().Enter(l.ctx, theirs, who, id))
}

// news drafts an item, or takes a step with one.
func (l *life) news(a Act) error {
	n, by := l.coin.Releases().News(), l.by()
	words := release.Wording{Title: servicecoin.Texts{"en": "News"}, Text: servicecoin.Texts{"en": "Text " + strconv.Itoa(a.N)}}
	if a.M%4 == 0 {
		return second(n.Draft(l.ctx, by, release.NewsItem{
			ID: release.NewsID("n" + strconv.Itoa(a.N%9)), Kind: release.NewsOfFeature, Platform: platform, Feature: release.FeatureID("f" + strconv.Itoa(a.N%4)), Wording: words,
		}))
	}
	for x, err := range n.Drafts().All(l.ctx) {
		if err != nil {
			return err
		}
		return second(n.Publish(l.ctx, by, x.ID))
	}
	for x, err := range n.Published().All(l.ctx) {
		switch {
		case err != nil:
			return err
		case x.State != release.NewsPublished:
		case a.M%3 == 0:
			return second(n.Withdraw(l.ctx, by, x.ID, "no"))
		default:
			return second(n.Correct(l.ctx, by, x.ID, words, "a slip"))
		}
	}
	return nil
}

// featured: who may use a feature by opting in has opted in, and may use what it needs;
// stages only go forward, and each was reached by what the procedure asked for, or by a
// waiver that is shown; nobody was told of what is a draft.
func (l *life) featured(who servicecoin.CustomerID) error {
	n := l.coin.Releases()
	states, err := n.Access(who).States(l.ctx)
	if err != nil {
		return err
	}
	for f, err := range n.Features().All().All(l.ctx) {
		if err != nil {
			return err
		}
		d, err := n.MayUse(l.ctx, who, f.ID)
		if err != nil {
			return err
		}
		if d.May && d.Reason == release.WhyEntered && states[f.ID] != release.AccessIn {
			return fmt.Errorf("may use %s as one that entered, and is %q", f.ID, states[f.ID])
		}
		if d.Told() != release.ToldNothing && !d.May && d.Enter == release.EnterClosed && !d.Public {
			return fmt.Errorf("is told of %s, and cannot have it", f.ID)
		}
		for _, need := range f.Needs {
			if other, err := n.MayUse(l.ctx, who, need); err != nil || d.May && !other.May {
				return errors.Join(err, fmt.Errorf("may use %s without %s", f.ID, need))
			}
		}
		if err := errors.Join(l.forward(f.ID), l.judged(f)); err != nil {
			return err
		}
	}
	for t, err := range n.Tellings(who).All().All(l.ctx) {
		if err != nil {
			return err
		}
		x, err := n.News().Get(l.ctx, t.News)
		if err != nil {
			return err
		}
		if x.State == release.NewsDraft || t.Edition > x.Edition() || t.Withdrawn && x.State != release.NewsWithdrawn {
			return fmt.Errorf("was told edition %d of %s, which is %s in edition %d", t.Edition, x.ID, x.State, x.Edition())
		}
	}
	return nil
}

func (l *life) forward(id release.FeatureID) error {
	var later release.Stage
	for f, err := range l.coin.Releases().Features().Editions(id).All(l.ctx) { // the latest first
		if err != nil {
			return err
		}
		if later != "" && later.Before(f.Last().Stage) {
			return fmt.Errorf("%s went back from %s to %s", id, f.Last().Stage, later)
		}
		later = f.Last().Stage
	}
	return nil
}

func (l *life) judged(f release.Feature) error {
	n := l.coin.Releases().Features()
	for p, err := range n.Promotions(f.ID).All(l.ctx) {
		if err != nil {
			return err
		}
		if p.State != release.PromotionDone {
			continue
		}
		procedure, err := n.ProcedureEdition(l.ctx, p.Judgement.Edition)
		if err != nil {
			return err
		}
		if again := p.Judgement.Again(procedure); !again.Passed || !reflect.DeepEqual(again, *p.Judgement) {
			return fmt.Errorf("%s was promoted by a judgement that does not recompute", p.ID)
		}
		open := p.Open(l.now)
		for _, row := range p.Judgement.Rows {
			shown := row.Met
			for _, o := range open {
				shown = shown || o.Row.Criterion == row.Criterion
			}
			for _, w := range p.Waivers {
				shown = shown || w.Criterion == row.Criterion && !w.MetAt.IsZero()
			}
			if !shown {
				return fmt.Errorf("%s went without %s, and nobody sees it", p.ID, row.Criterion)
			}
		}
	}
	return nil
}

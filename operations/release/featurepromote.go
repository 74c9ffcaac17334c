package release

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// CommitProcedure makes a procedure the one by which features are promoted from now on: a
// person stands for it. Edition and dates of p are filled in.
func (n *Features) CommitProcedure(ctx context.Context, by servicecoin.Actor, p Procedure) (Procedure, error) {
	before, err := n.Procedure(ctx)
	if err != nil && !isNotFound(err) {
		return Procedure{}, err
	}
	p.Edition = before.Edition + 1
	if err := n.view.Ask(ctx, by, VerbCommitProcedure, ProcedureRecord, procedures.ID(p)); err != nil {
		return Procedure{}, err
	}
	err = n.view.Do(ctx, func(tx store.View) error {
		last, err := n.On(tx).Procedure(ctx)
		if err != nil && !isNotFound(err) {
			return err
		}
		p.Edition = last.Edition + 1
		if p.CommittedAt, err = lifecycle.Check(by, tx.Now(), func(v *servicecoin.Violations) {
			byPerson(v, by)
			v.Merge("", p.Validate())
		}); err != nil {
			return err
		}
		p.CommittedBy = by
		e, err := store.Happened(by, EventProcedureCommitted, Procedure{Edition: p.Edition, CommittedAt: p.CommittedAt, CommittedBy: by, Why: p.Why})
		if err != nil {
			return err
		}
		return store.Of(tx, procedures).Insert(ctx, p, e)
	})
	if err != nil {
		return Procedure{}, err
	}
	return p, nil
}

// Procedure returns the procedure that holds now, or ErrNotFound where none was committed.
func (n *Features) Procedure(ctx context.Context) (Procedure, error) {
	for p, err := range n.Procedures().All(ctx) {
		return p, err
	}
	return Procedure{}, servicecoin.NotFound(n.view.Key(ProcedureRecord, ""))
}

// ProcedureEdition returns an edition of the procedure.
func (n *Features) ProcedureEdition(ctx context.Context, edition int) (Procedure, error) {
	return store.Of(n.view, procedures).Get(ctx, procedures.ID(Procedure{Edition: edition}))
}

// Procedures lists the editions of the procedure, the latest first.
func (n *Features) Procedures() store.Listing[Procedure] {
	return store.Of(n.view, procedures).Find(store.By("edition").Descending())
}

// Proposal is what somebody proposes of a feature.
type Proposal struct {
	Feature FeatureID
	To      Stage
	// Version is what is judged, a release candidate, say; the stage holds from its line on.
	Version string
	Default bool
	Locked  bool
	Why     string
	// Deprecation is of a proposal to deprecate.
	Deprecation *Deprecation
}

// Propose begins a promotion. One that is proposed already is proposed anew, with another
// version, say: what was signed off counts for the version that it was signed for.
func (n *Features) Propose(ctx context.Context, by servicecoin.Actor, x Proposal) (Promotion, error) {
	var v servicecoin.Violations
	shortID(&v, "feature", string(x.Feature))
	at := asked(&v, "version", x.Version)
	p := Promotion{
		ID: PromotionOf(x.Feature, x.To, at.String()), Feature: x.Feature, To: x.To, From: at.String(), Version: x.Version, Default: x.Default, Locked: x.Locked, Why: x.Why,
		State: PromotionProposed, Deprecation: x.Deprecation,
	}
	if err := n.view.Ask(ctx, by, VerbPropose, PromotionRecord, string(p.ID)); err != nil {
		return Promotion{}, err
	}
	v.Text("why", x.Why, 1, maxReason)
	if !x.To.Known() {
		v.Add("to", "unknown", string(x.To), "must be a stage")
	}
	if x.Deprecation != nil && x.To != StageDeprecated {
		v.Add("deprecation", "contradiction", "", "is not proposed to be deprecated")
	}
	if err := v.Err(); err != nil {
		return Promotion{}, err
	}
	err := n.view.Do(ctx, func(tx store.View) error {
		f, err := n.On(tx).Get(ctx, x.Feature)
		if err != nil {
			return err
		}
		if p.At, err = lifecycle.Check(by, tx.Now(), func(v *servicecoin.Violations) { byPerson(v, by) }); err != nil {
			return err
		}
		p.Platform, p.By = f.Platform, by
		if _, err := f.promoted(p, p.At); err != nil {
			return err
		}
		c := store.Of(tx, promotions)
		old, err := c.Item(ctx, string(p.ID))
		if err != nil && !isNotFound(err) {
			return err
		}
		if old.Value.State == PromotionDone {
			return old.Value.refuse(VerbPropose, "it is promoted already")
		}
		p.SignOffs, p.Waivers = old.Value.SignOffs, old.Value.Waivers
		e, err := promotionHappened(by, EventPromotionProposed, p, "", "")
		if err != nil {
			return err
		}
		return c.Put(ctx, p, old.Version, e)
	})
	if err != nil {
		return Promotion{}, err
	}
	return p, nil
}

// promoted is what a feature becomes by a promotion, if that can be at all.
func (f Feature) promoted(p Promotion, at time.Time) (Feature, error) {
	if last := f.Last(); !last.Stage.Before(p.To) && last.Stage != p.To {
		return Feature{}, f.refuse(VerbPromote, "a feature does not go back from "+last.Stage.Words()+": it can be taken back")
	}
	f.Stages = append(slices.Clip(f.Stages), StageEntry{From: p.From, Stage: p.To, Default: p.Default, Locked: p.Locked, Since: at})
	if p.To == StageDeprecated {
		f.Deprecation = p.Deprecation
	}
	return f, f.Validate()
}

// Promotion returns a promotion.
func (n *Features) Promotion(ctx context.Context, id PromotionID) (Promotion, error) {
	return store.Of(n.view, promotions).Get(ctx, string(id))
}

// Promotions lists the promotions of a feature, the last proposed first.
func (n *Features) Promotions(id FeatureID) store.Listing[Promotion] {
	return store.Of(n.view, promotions).Find(store.By("feature", store.Text(id)).Descending())
}

// Proposed lists the promotions of all features that are neither done nor dropped, the first
// proposed first.
func (n *Features) Proposed() store.Listing[Promotion] {
	return store.Of(n.view, promotions).Find(store.By("state", store.Text(PromotionProposed)))
}

// Waived lists the promotions that went without something and still do, that whose waiver
// is over first at the front.
func (n *Features) Waived() store.Listing[Promotion] {
	return store.Of(n.view, promotions).Find(store.By("waived"))
}

// OpenOf returns what a feature went without on its way to where it is, and still does.
func (n *Features) OpenOf(ctx context.Context, id FeatureID) ([]Open, error) {
	var list []Open
	for p, err := range n.Promotions(id).All(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, p.Open(n.view.Now())...)
	}
	return list, nil
}

// amend applies a rule to a promotion and tells of it, in one commit.
func (n *Features) amend(ctx context.Context, by servicecoin.Actor, id PromotionID, verb, event, criterion, role string, rule func(tx store.View, p *Promotion) error) (Promotion, error) {
	if err := n.view.Ask(ctx, by, verb, PromotionRecord, string(id)); err != nil {
		return Promotion{}, err
	}
	var after Promotion
	err := n.view.Do(ctx, func(tx store.View) error {
		item, err := store.Of(tx, promotions).Item(ctx, string(id))
		if err != nil {
			return err
		}
		p := item.Value
		if err := rule(tx, &p); err != nil {
			if errors.Is(err, errNothing) {
				after = p
				return nil
			}
			return err
		}
		e, err := promotionHappened(by, event, p, criterion, role)
		if err != nil {
			return err
		}
		after = p
		return store.Of(tx, promotions).Put(ctx, p, item.Version, e)
	})
	if err != nil {
		return Promotion{}, err
	}
	return after, nil
}

// errNothing says that there is nothing to write.
var errNothing = errors.New("nothing to change")

// SignOff records that a person in a role stands for the version that is judged: see
// [Promotion.Sign]. Who has which role is the host's to know, and to enforce in Authorize.
func (n *Features) SignOff(ctx context.Context, by servicecoin.Actor, id PromotionID, role, text string) (Promotion, error) {
	return n.amend(ctx, by, id, VerbSignOff, EventPromotionSigned, "", role, func(tx store.View, p *Promotion) error { return p.Sign(by, tx.Now(), role, text) })
}

// Waive lets a promotion go without a criterion for a time: see [Promotion.Waive].
func (n *Features) Waive(ctx context.Context, by servicecoin.Actor, id PromotionID, criterion, why string, until time.Time) (Promotion, error) {
	return n.amend(ctx, by, id, VerbWaive, EventPromotionWaived, criterion, "", func(tx store.View, p *Promotion) error {
		if p.State == PromotionProposed {
			procedure, err := n.On(tx).Procedure(ctx)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(procedure.For(p.To), func(c Criterion) bool { return c.ID == criterion }) {
				return p.refuse(VerbWaive, "the procedure does not ask for "+criterion)
			}
		}
		return p.Waive(by, tx.Now(), criterion, why, until)
	})
}

// Drop ends a proposal. It may be proposed again.
func (n *Features) Drop(ctx context.Context, by servicecoin.Actor, id PromotionID, why string) (Promotion, error) {
	return n.amend(ctx, by, id, VerbDrop, EventPromotionDropped, "", "", func(tx store.View, p *Promotion) error {
		at, err := lifecycle.Check(by, tx.Now(), lifecycle.Because(why, maxReason))
		if err != nil {
			return err
		}
		if p.State != PromotionProposed {
			return p.refuse(VerbDrop, "only what is proposed is dropped")
		}
		p.State, p.EndedAt, p.EndedBy, p.Reason = PromotionDropped, at, by, why
		return nil
	})
}

// Judge says what a promotion has and lacks now, by the procedure that holds now. Nothing
// is changed.
func (n *Features) Judge(ctx context.Context, id PromotionID) (Judgement, error) {
	p, err := n.Promotion(ctx, id)
	if err != nil {
		return Judgement{}, err
	}
	f, err := n.Get(ctx, p.Feature)
	if err != nil {
		return Judgement{}, err
	}
	procedure, err := n.Procedure(ctx)
	if err != nil {
		return Judgement{}, err
	}
	return n.judge(ctx, procedure, f, p, n.view.Now())
}

// judge gathers the facts and judges by them.
func (n *Features) judge(ctx context.Context, procedure Procedure, f Feature, p Promotion, at time.Time) (Judgement, error) {
	from := f.Last().Stage
	if p.Judgement != nil {
		from = p.Judgement.From
	}
	facts := Facts{At: at, Waivers: p.Waivers}
	for _, e := range slices.Backward(f.Stages) { // since when it is in the stage, whatever its default
		if e.Stage == from {
			facts.Since = e.Since
		}
	}
	for _, s := range p.SignOffs {
		if s.Version == p.Version {
			facts.SignOffs = append(facts.SignOffs, s)
		}
	}
	var err error
	asks := func(kinds ...CriterionKind) bool {
		return err == nil && slices.ContainsFunc(procedure.For(p.To), func(c Criterion) bool { return slices.Contains(kinds, c.Kind) })
	}
	if asks(AskProven) {
		facts.Proven, err = n.world.Proven(ctx, f, p.Version)
	}
	if asks(AskUse, AskSatisfaction, AskUnused) {
		facts.Use, err = n.world.Use(ctx, f)
	}
	if asks(AskDocumentation) {
		facts.Written, err = n.world.Documentation(ctx, f, p.Version)
	}
	if asks(AskRunbook) {
		facts.Runbook, err = n.world.Runbook(ctx, f)
	}
	if err != nil {
		return Judgement{}, err
	}
	return procedure.Judge(f.ID, from, p.To, p.Version, facts), nil
}

// Promote gets a feature into the stage that was proposed, from the line on. Where it lacks
// something, it is refused with all of that: a [*LackingError]. The judgement is kept with
// its facts.
func (n *Features) Promote(ctx context.Context, by servicecoin.Actor, id PromotionID) (Feature, error) {
	if err := n.view.Ask(ctx, by, VerbPromote, PromotionRecord, string(id)); err != nil {
		return Feature{}, err
	}
	var after Feature
	err := n.view.Do(ctx, func(tx store.View) error {
		mine := n.On(tx)
		item, err := store.Of(tx, promotions).Item(ctx, string(id))
		if err != nil {
			return err
		}
		p := item.Value
		at, err := lifecycle.Check(by, tx.Now(), func(v *servicecoin.Violations) { byPerson(v, by) })
		if err != nil {
			return err
		}
		if p.State != PromotionProposed {
			return p.refuse(VerbPromote, "only what is proposed is promoted")
		}
		was, err := store.Of(tx, features).Item(ctx, string(p.Feature))
		if err != nil {
			return err
		}
		procedure, err := mine.Procedure(ctx)
		if isNotFound(err) {
			return p.refuse(VerbPromote, "no procedure is committed")
		} else if err != nil {
			return err
		}
		j, err := mine.judge(ctx, procedure, was.Value, p, at)
		if err != nil {
			return err
		}
		if !j.Passed {
			return lacking(tx.Key(PromotionRecord, string(id)), VerbPromote, j)
		}
		if p.To == StageRemoved {
			if err := needed(ctx, tx, was.Value); err != nil {
				return err
			}
		}
		f, err := was.Value.promoted(p, at)
		if err != nil {
			return err
		}
		note(&f, by, at, VerbPromote, p.Why)
		if err := keep(ctx, tx, by, f, was.Version, EventFeaturePromoted, j.From); err != nil {
			return err
		}
		after = f
		p.State, p.Judgement, p.EndedAt, p.EndedBy = PromotionDone, &j, at, by
		return store.Of(tx, promotions).Put(ctx, p, item.Version)
	})
	return after, err
}

// needed refuses the removal of what another feature needs.
func needed(ctx context.Context, tx store.View, f Feature) error {
	for other, err := range NewFeatures(tx, nil).Of(f.Platform).All(ctx) {
		if err != nil {
			return err
		}
		if slices.Contains(other.Needs, f.ID) && other.Last().Stage != StageRemoved {
			return f.refuse(VerbPromote, string(other.ID)+" needs it")
		}
	}
	return nil
}

// Settle looks again at what a promotion went without, by the edition of the procedure
// that it was judged by: what is met after all is open no more.
func (n *Features) Settle(ctx context.Context, by servicecoin.Actor, id PromotionID) (Promotion, error) {
	return n.amend(ctx, by, id, VerbRedeem, EventPromotionSettled, "", "", func(tx store.View, p *Promotion) error {
		at, err := lifecycle.Check(by, tx.Now(), nil)
		if err != nil {
			return err
		}
		if p.State != PromotionDone || p.Judgement == nil {
			return p.refuse(VerbRedeem, "it is not promoted")
		}
		mine := n.On(tx)
		f, err := mine.Get(ctx, p.Feature)
		if err != nil {
			return err
		}
		procedure, err := mine.ProcedureEdition(ctx, p.Judgement.Edition)
		if err != nil {
			return err
		}
		j, err := mine.judge(ctx, procedure, f, *p, at)
		if err != nil {
			return err
		}
		if !p.Settle(j) {
			return errNothing
		}
		return nil
	})
}

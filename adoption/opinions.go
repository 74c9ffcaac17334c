package adoption

import (
	"context"
	"errors"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Answer records what somebody says to a survey, while it is open. Answering
// again replaces what was said.
func (p *Program) Answer(ctx context.Context, by servicecoin.Actor, s Survey, r Response) (Answer, error) {
	return p.respond(ctx, by, s, r.Respondent, VerbAnswerSurvey, func(tx store.View, before *Answer) (Answer, error) {
		if before == nil {
			return s.Answer(by, tx.Now(), r)
		}
		a := *before
		err := a.Again(by, tx.Now(), &s, r)
		return a, err
	})
}

// Dismiss records that somebody was shown a survey and did not answer. It says
// nothing where they have answered, or dismissed it, before.
func (p *Program) Dismiss(ctx context.Context, by servicecoin.Actor, s Survey, respondent servicecoin.PersonID) (Answer, error) {
	return p.respond(ctx, by, s, respondent, VerbDismissSurvey, func(tx store.View, before *Answer) (Answer, error) {
		if before == nil {
			return s.Dismiss(by, tx.Now(), respondent)
		}
		return *before, nil
	})
}

// respond reads what was said before, and keeps what is said now.
func (p *Program) respond(ctx context.Context, by servicecoin.Actor, s Survey, respondent servicecoin.PersonID, verb string, say func(tx store.View, before *Answer) (Answer, error)) (Answer, error) {
	id := answerID(s.ID, respondent)
	if err := p.view.Ask(ctx, by, verb, AnswerRecord, id); err != nil {
		return Answer{}, err
	}
	var a Answer
	err := p.view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, answers)
		item, err := c.Item(ctx, id)
		var before *Answer
		switch {
		case err == nil:
			before = &item.Value
		case !errors.Is(err, servicecoin.ErrNotFound):
			return err
		}
		if a, err = say(tx, before); err != nil {
			return err
		}
		if verb == VerbDismissSurvey && before != nil {
			return nil
		}
		name := EventSurveyAnswered
		if verb == VerbDismissSurvey {
			name = EventSurveyDismissed
		}
		events, err := happened(by, AnswerChanged{Survey: a.Survey, Respondent: a.Respondent, Edited: a.Edited}, name)
		if err != nil {
			return err
		}
		return c.Put(ctx, a, item.Version, events...)
	})
	if err != nil {
		return Answer{}, err
	}
	return a, nil
}

// Answered returns what somebody said to a survey; ErrNotFound if they neither
// answered nor dismissed it.
func (p *Program) Answered(ctx context.Context, survey SurveyID, respondent servicecoin.PersonID) (Answer, error) {
	return store.Of(p.view, answers).Get(ctx, answerID(survey, respondent))
}

// Answers lists what the customer's people said to a survey, dismissals too, in
// the order of saying.
func (p *Program) Answers(survey SurveyID) store.Listing[Answer] {
	return store.Of(p.view, answers).Find(store.By("survey", store.Text(survey)))
}

// Score returns the customer's own score of a survey. A nil policy is the
// default. The provider's over all customers is [Results].
func (p *Program) Score(ctx context.Context, s Survey, policy *Policy) (Score, error) {
	tally := s.Tally()
	for a, err := range p.Answers(s.ID).All(ctx) {
		if err != nil {
			return Score{}, err
		}
		if err := tally.Add(a); err != nil {
			return Score{}, err
		}
	}
	return tally.Score(policy)
}

package adoption

import (
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// Response is what somebody says to a survey.
type Response struct {
	Respondent servicecoin.PersonID
	Scores     []int  // one score; ten for a [SUS]
	Comment    string // at most 4000 characters
}

// Answer is what one respondent said to one survey: there is one for each pair
// of them in a customer's partition. Without scores it was dismissed: shown,
// and not answered.
type Answer struct {
	Survey     SurveyID             `json:"survey"`
	Respondent servicecoin.PersonID `json:"respondent"`
	Scores     []int                `json:"scores,omitempty"`
	Comment    string               `json:"comment,omitempty"`
	At         time.Time            `json:"at"`
	By         servicecoin.Actor    `json:"by"`               // who wrote it down
	Edited     int                  `json:"edited,omitempty"` // how often it was answered again
	Edits      []Edit               `json:"edits,omitempty"`  // what was said before, the last ten
}

// Edit is an answer that was replaced.
type Edit struct {
	At     time.Time `json:"at"` // when it had been given
	Scores []int     `json:"scores"`
}

const maxEdits = 10

// Dismissed reports whether the survey was shown and not answered. A dismissal
// is counted apart and is no answer.
func (a *Answer) Dismissed() bool { return len(a.Scores) == 0 }

func answerID(survey SurveyID, respondent servicecoin.PersonID) string {
	return store.JoinID(string(survey), string(respondent))
}

// Answer returns the answer to the survey, while it is open. A person of the
// customer answers for themself, or for whom they act on behalf of; the
// provider's side may write down what it was told.
func (s *Survey) Answer(by servicecoin.Actor, at time.Time, r Response) (Answer, error) {
	return s.first(by, at, VerbAnswerSurvey, r)
}

// Dismiss returns the mark that a respondent was shown the survey, while it is
// open, and did not answer.
func (s *Survey) Dismiss(by servicecoin.Actor, at time.Time, respondent servicecoin.PersonID) (Answer, error) {
	return s.first(by, at, VerbDismissSurvey, Response{Respondent: respondent})
}

func (s *Survey) first(by servicecoin.Actor, at time.Time, verb string, r Response) (Answer, error) {
	a := Answer{Survey: s.ID, Respondent: r.Respondent}
	if err := a.respond(by, at, verb, s, r); err != nil {
		return Answer{}, err
	}
	return a, nil
}

// Again replaces the answer while its survey is open, and remembers what was
// said before.
func (a *Answer) Again(by servicecoin.Actor, at time.Time, s *Survey, r Response) error {
	if s.ID != a.Survey || r.Respondent != a.Respondent {
		var v servicecoin.Violations
		if s.ID != a.Survey {
			v.Add("survey", "mismatch", string(s.ID), "this is an answer to "+string(a.Survey))
		}
		if r.Respondent != a.Respondent {
			v.Add("respondent", "mismatch", string(r.Respondent), "this is the answer of "+string(a.Respondent))
		}
		return v.Err()
	}
	before := *a
	if err := a.respond(by, at, VerbAnswerSurvey, s, r); err != nil || before.Dismissed() {
		return err
	}
	a.Edited++
	a.Edits = append(slices.Clone(a.Edits), Edit{At: before.At, Scores: before.Scores})
	a.Edits = a.Edits[max(0, len(a.Edits)-maxEdits):]
	return nil
}

func (a *Answer) respond(by servicecoin.Actor, at time.Time, verb string, s *Survey, r Response) error {
	at = servicecoin.Instant(at)
	var v servicecoin.Violations
	lifecycle.Acting(&v, by, at)
	v.Merge("survey", s.Validate())
	v.ID("respondent", string(r.Respondent))
	if verb == VerbAnswerSurvey {
		low, high := s.Scale()
		scores(&v, "scores", r.Scores, s.Items(), low, high)
		v.Text("comment", r.Comment, 0, maxLong)
	}
	if err := v.Err(); err != nil {
		return err
	}
	switch {
	case at.Before(s.OpensAt):
		return s.refuse(verb, "it opens at "+lifecycle.Stamp(s.OpensAt))
	case !s.Open(at):
		return s.refuse(verb, "it is over since "+lifecycle.Stamp(s.ClosesAt))
	case by.Kind == servicecoin.CustomerSide && by.ID != r.Respondent && by.OnBehalfOf != r.Respondent:
		return s.refuse(verb, string(by.ID)+" cannot answer for "+string(r.Respondent))
	case at.Before(a.At):
		return s.refuse(verb, string(r.Respondent)+" answered later, at "+lifecycle.Stamp(a.At))
	}
	a.Scores, a.Comment, a.At, a.By = slices.Clone(r.Scores), r.Comment, at, by
	return nil
}

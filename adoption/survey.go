package adoption

import (
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// SurveyKind is what a survey asks for, and so how its answers are scored.
type SurveyKind string

// The kinds of surveys.
const (
	// CSAT is satisfaction from 1 to 5. The score is the share of those who
	// gave 4 or 5.
	CSAT SurveyKind = "csat"
	// NPS is how likely one would recommend, from 0 to 10. The score is the
	// share of promoters (9, 10) less that of detractors (0 to 6), in points.
	NPS SurveyKind = "nps"
	// CES is how easy something was, from 1 to 5 or 1 to 7. The score is the
	// mean.
	CES SurveyKind = "ces"
	// Rating is any other scale from 1 to at most 10. The score is the mean.
	Rating SurveyKind = "rating"
	// SUS is the System Usability Scale: ten statements, each answered from 1
	// to 5. The score of an answer goes from 0 to 100 in
	// steps of 2.5 and is no percentage; that of the survey is their mean.
	SUS SurveyKind = "sus"
)

// SurveyKinds returns all kinds.
func SurveyKinds() []SurveyKind { return []SurveyKind{CSAT, NPS, CES, Rating, SUS} }

// Survey is one round of asking: of the customers of one service, or of the
// provider as a whole. The rounds of a survey that comes again share a series;
// each is a survey of its own with its own answers.
type Survey struct {
	ID       SurveyID              `json:"id"`
	Kind     SurveyKind            `json:"kind"`
	Points   int                   `json:"points,omitempty"` // the top of the scale of a CES or rating; 0 is 5
	Question string                `json:"question"`
	Service  servicecoin.ServiceID `json:"service,omitempty"` // "": the provider as a whole
	Series   string                `json:"series,omitempty"`
	OpensAt  time.Time             `json:"opensAt"`
	ClosesAt time.Time             `json:"closesAt,omitzero"` // exclusive; zero: until it is ended
}

// Validate reports every violation of the survey.
func (s *Survey) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(s.ID))
	switch s.Kind {
	case CES:
		if s.Points != 0 && s.Points != 5 && s.Points != 7 {
			v.Add("points", "unknown", strconv.Itoa(s.Points), "an effort score has 5 or 7 points")
		}
	case Rating:
		if s.Points != 0 && (s.Points < 2 || s.Points > 10) {
			v.Add("points", "out-of-range", strconv.Itoa(s.Points), "a rating has 2 to 10 points")
		}
	case CSAT, NPS, SUS:
		if s.Points != 0 {
			v.Add("points", "contradiction", strconv.Itoa(s.Points), "the scale of "+string(s.Kind)+" is fixed")
		}
	default:
		v.Add("kind", "unknown", string(s.Kind), "must be csat, nps, ces, rating or sus")
	}
	v.Text("question", s.Question, 1, maxText)
	if s.Service != "" {
		v.ID("service", string(s.Service))
	}
	if s.Series != "" {
		v.ID("series", s.Series)
	}
	v.Time("opensAt", s.OpensAt)
	if !s.ClosesAt.IsZero() {
		v.Time("closesAt", s.ClosesAt)
		if s.ClosesAt.Before(s.OpensAt) {
			v.Add("closesAt", "reversed", lifecycle.Stamp(s.ClosesAt), "must not be before it opens, "+lifecycle.Stamp(s.OpensAt))
		}
	}
	return v.Err()
}

// Scale returns the lowest and the highest score of an answer, both allowed; of
// one statement in a [SUS].
func (s *Survey) Scale() (low, high int) {
	const points = 5
	switch s.Kind {
	case NPS:
		return 0, 10
	case CES, Rating:
		if s.Points != 0 {
			return 1, s.Points
		}
	case CSAT, SUS:
	}
	return 1, points
}

// Items returns how many scores one answer has: ten for a [SUS], one for every
// other kind.
func (s *Survey) Items() int {
	if s.Kind == SUS {
		return susItems
	}
	return 1
}

// Open reports whether answers are taken at t.
func (s *Survey) Open(t time.Time) bool {
	return !t.Before(s.OpensAt) && (s.ClosesAt.IsZero() || t.Before(s.ClosesAt))
}

// End sets another end, later or sooner, of a survey that is not over; a zero
// until is now. One that is ended before it opens never opens. What was
// answered stays.
func (s *Survey) End(by servicecoin.Actor, at, until time.Time) error {
	at, until = servicecoin.Instant(at), lifecycle.Instant(until)
	if until.IsZero() {
		until = at
	}
	var v servicecoin.Violations
	lifecycle.Acting(&v, by, at)
	v.Time("until", until)
	if until.Before(at) {
		v.Add("until", "out-of-order", lifecycle.Stamp(until), "must not be before now, "+lifecycle.Stamp(at))
	}
	if err := v.Err(); err != nil {
		return err
	}
	if !s.ClosesAt.IsZero() && !at.Before(s.ClosesAt) {
		return s.refuse(VerbEndSurvey, "it is over since "+lifecycle.Stamp(s.ClosesAt))
	}
	if until.Before(s.OpensAt) {
		until = s.OpensAt
	}
	s.ClosesAt = until
	return nil
}

func (s *Survey) refuse(verb, why string) error {
	return &servicecoin.RefusedError{
		Subject: servicecoin.Key{Customer: servicecoin.Provider, Kind: SurveyRecord, ID: string(s.ID)}, Verb: verb, Why: why,
	}
}

package adoption

import (
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/estimate"
)

// Policy says how sure a score must be. Its zero value is the default.
type Policy struct {
	// Level is the confidence level of the interval; 0 is [estimate.DefaultLevel].
	Level float64
	// Least is the number of answers below which a score is flagged as too few
	// to say, and is kept from view where the results of several customers
	// stand side by side ([Survey.Breakdown]); 0 is [DefaultLeast]. 1 switches
	// both off.
	Least int
}

// DefaultLeast is the number of answers below which there are too few to say.
// Four answers that all agree leave, at 95 %, a Wilson interval half as wide as
// the whole scale, and five is the smallest group that results are commonly
// published for.
const DefaultLeast = 5

// with fills in the defaults and checks the rest.
func (p *Policy) with() (Policy, error) {
	out := Policy{Level: estimate.DefaultLevel, Least: DefaultLeast}
	if p == nil {
		return out, nil
	}
	var v servicecoin.Violations
	if p.Level != 0 {
		out.Level = p.Level
		estimate.Confidence(&v, p.Level)
	}
	if p.Least != 0 {
		out.Least = p.Least
	}
	if p.Least < 0 {
		v.Add("least", "negative", strconv.Itoa(p.Least), "must not be negative")
	}
	return out, v.Err()
}

// Score is what the answers to a survey say. Shares and means are exact and
// rounded once; the interval is an estimate.
type Score struct {
	Survey    SurveyID   `json:"survey"`
	Kind      SurveyKind `json:"kind"`
	N         int        `json:"n"`         // answers
	Dismissed int        `json:"dismissed"` // shown and not answered; in no figure below

	// Value is the score to two places: percent of 4 and 5 for CSAT, points
	// from -100 to 100 for NPS, the mean for the others. Null without answers.
	Value decimal.NullDecimal `json:"value"`
	// Interval is in the unit of Value, cut to its range: [estimate.Wilson] for CSAT,
	// [estimate.AdjustedWald] for NPS (whose centre is not Value: of a few answers, Value
	// may lie outside), [estimate.StudentT] for a mean. Nil without answers, and around
	// the mean of one answer or of answers that all agree.
	Interval *estimate.Interval `json:"interval"`
	// TooFew says that there are fewer answers than the policy asks for: the
	// value is a fact about them, and says nothing about everybody.
	TooFew bool `json:"tooFew"`

	Mean decimal.NullDecimal `json:"mean"` // of all scores, to two places; what Value is for all but CSAT and NPS
	// Boxes counts the answers by score, lowest first, the empty ones too. A
	// SUS has none.
	Boxes []Box `json:"boxes,omitempty"`

	Satisfied     int `json:"satisfied,omitempty"`     // CSAT: gave 4 or 5
	Promoters     int `json:"promoters,omitempty"`     // NPS: gave 9 or 10
	Passives      int `json:"passives,omitempty"`      // NPS: gave 7 or 8
	Detractors    int `json:"detractors,omitempty"`    // NPS: gave 0 to 6
	Points        int `json:"points,omitempty"`        // SUS: of all answers together, 0 to 40 each
	StraightLined int `json:"straightLined,omitempty"` // SUS: ten equal answers, suspicious and counted
}

// Box is how many gave one score.
type Box struct {
	Score int `json:"score"`
	N     int `json:"n"`
}

// Percent returns a count as percent of the answers, rounded half away from
// zero to so many places; undefined without answers.
func (s Score) Percent(count int, places int32) decimal.NullDecimal {
	return quotient(100*count, s.N, places)
}

// Rounded returns the value rounded once, from exact counts, half away from
// zero to so many places: rounding Value again could be off by one.
func (s Score) Rounded(places int32) decimal.NullDecimal {
	switch s.Kind {
	case CSAT:
		return s.Percent(s.Satisfied, places)
	case NPS:
		return s.Percent(s.Promoters-s.Detractors, places)
	case SUS:
		return quotient(susTenths*s.Points, 10*s.N, places)
	case CES, Rating:
	}
	return s.mean(places)
}

func (s Score) mean(places int32) decimal.NullDecimal {
	sum := 0
	for _, b := range s.Boxes {
		sum += b.Score * b.N
	}
	return quotient(sum, s.N, places)
}

func quotient(part, whole int, places int32) decimal.NullDecimal {
	if whole == 0 {
		return servicecoin.Undefined()
	}
	return servicecoin.Some(decimal.NewFromInt(int64(part)).DivRound(decimal.NewFromInt(int64(whole)), places))
}

// Trace explains the score by its counts. It leads to the survey and to no
// answer: who said what is not for everybody who may see the score.
func (s Score) Trace() servicecoin.Trace {
	label, unit := "score", ""
	switch s.Kind {
	case CSAT:
		label, unit = "satisfied (4 or 5 of 5)", "%"
	case NPS:
		label, unit = "promoters (9, 10) less detractors (0 to 6)", "points"
	case CES:
		label = "mean effort score"
	case Rating:
		label = "mean rating"
	case SUS:
		label = "mean SUS score"
	}
	t := servicecoin.Trace{
		Label: label, Value: s.Value, Unit: unit,
		From:  []servicecoin.Key{{Customer: servicecoin.Provider, Kind: SurveyRecord, ID: string(s.Survey)}},
		Parts: []servicecoin.Trace{count("answers", s.N)},
	}
	for _, b := range s.Boxes {
		t.Parts[0].Parts = append(t.Parts[0].Parts, count("gave "+strconv.Itoa(b.Score), b.N))
	}
	t.Parts = append(t.Parts, count("dismissed, not counted", s.Dismissed))
	return t
}

func count(label string, n int) servicecoin.Trace {
	return servicecoin.Trace{Label: label, Value: servicecoin.Some(decimal.NewFromInt(int64(n)))}
}

// Score returns what the answers to the survey say, with the default policy.
// Answers may come in any order; dismissals are counted apart.
func (s *Survey) Score(answers ...Answer) (Score, error) {
	t := s.Tally()
	for i, a := range answers {
		if err := t.Add(a); err != nil {
			var v servicecoin.Violations
			v.Merge("answers["+strconv.Itoa(i)+"]", err)
			return Score{}, v.Err()
		}
	}
	return t.Score(nil)
}

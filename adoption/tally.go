package adoption

import (
	"math"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/estimate"
)

// Tally counts the answers to one survey, one after the other, in little room
// however many they are. Make it with [Survey.Tally].
type Tally struct {
	survey      Survey
	n           int
	boxes       []int
	sum, sqr    int // of scores; of points for SUS
	least, most int // score, or points for SUS
	dismissed   int
	straight    int
}

// Tally returns an empty tally of the survey's answers.
func (s *Survey) Tally() *Tally {
	low, high := s.Scale()
	return &Tally{survey: *s, boxes: make([]int, high-low+1)}
}

// Add counts one answer. One of another survey or outside of the scale is
// refused and not counted.
func (t *Tally) Add(a Answer) error {
	var v servicecoin.Violations
	if a.Survey != t.survey.ID {
		v.Add("survey", "mismatch", string(a.Survey), "this is a tally of "+string(t.survey.ID))
	}
	low, high := t.survey.Scale()
	if !a.Dismissed() {
		scores(&v, "scores", a.Scores, t.survey.Items(), low, high)
	}
	if err := v.Err(); err != nil {
		return err
	}
	switch {
	case a.Dismissed():
		t.dismissed++
	case t.survey.Kind == SUS:
		points, same := susPoints(a.Scores)
		if same {
			t.straight++
		}
		t.count(points)
	default:
		t.boxes[a.Scores[0]-low]++
		t.count(a.Scores[0])
	}
	return nil
}

func (t *Tally) count(score int) {
	if t.n == 0 {
		t.least, t.most = score, score
	}
	t.least, t.most = min(t.least, score), max(t.most, score)
	t.n++
	t.sum += score
	t.sqr += score * score
}

// merge counts what another tally of the same survey has counted.
func (t *Tally) merge(o *Tally) {
	switch {
	case o.n == 0:
	case t.n == 0:
		t.least, t.most = o.least, o.most
	default:
		t.least, t.most = min(t.least, o.least), max(t.most, o.most)
	}
	t.n, t.sum, t.sqr = t.n+o.n, t.sum+o.sum, t.sqr+o.sqr
	t.dismissed, t.straight = t.dismissed+o.dismissed, t.straight+o.straight
	for i, n := range o.boxes {
		t.boxes[i] += n
	}
}

// between returns how many gave a score from low to high, both included.
func (t *Tally) between(from, to int) (n int) {
	low, _ := t.survey.Scale()
	for score := from; score <= to; score++ {
		n += t.boxes[score-low]
	}
	return n
}

// Score returns what was counted so far. A nil policy is the default.
func (t *Tally) Score(p *Policy) (Score, error) {
	policy, err := p.with()
	if err != nil {
		return Score{}, err
	}
	s := Score{Survey: t.survey.ID, Kind: t.survey.Kind, N: t.n, Dismissed: t.dismissed, TooFew: t.n < policy.Least}
	low, _ := t.survey.Scale()
	if t.survey.Kind != SUS {
		for i, n := range t.boxes {
			s.Boxes = append(s.Boxes, Box{Score: low + i, N: n})
		}
	}
	switch t.survey.Kind {
	case CSAT:
		s.Satisfied = t.between(4, 5)
	case NPS:
		s.Promoters, s.Passives, s.Detractors = t.between(9, 10), t.between(7, 8), t.between(0, 6)
	case SUS:
		s.Points, s.StraightLined = t.sum, t.straight
	case CES, Rating:
	}
	s.Value, s.Mean = s.Rounded(2), s.mean(2)
	if t.survey.Kind == SUS {
		s.Mean = s.Value
	}
	if t.n > 0 {
		s.Interval, err = t.interval(s, policy.Level)
	}
	return s, err
}

func (t *Tally) interval(s Score, level float64) (*estimate.Interval, error) {
	switch t.survey.Kind {
	case CSAT:
		i, err := estimate.Wilson.Interval(s.Satisfied, t.n, level)
		i.Low, i.High = 100*i.Low, 100*i.High
		return &i, err
	case NPS:
		net, err := estimate.NetPromoter(estimate.AdjustedWald, s.Promoters, s.Passives, s.Detractors, level)
		return &net.Interval, err
	case CES, Rating, SUS:
	}
	if t.least == t.most {
		return nil, nil // undefined
	}
	n, sum := float64(t.n), float64(t.sum)
	mean, deviation := sum/n, math.Sqrt((n*float64(t.sqr)-sum*sum)/(n*(n-1)))
	low, high := t.survey.Scale()
	least, most := float64(low), float64(high)
	if t.survey.Kind == SUS {
		const weight = susTenths / 10.0
		mean, deviation, least, most = mean*weight, deviation*weight, 0, 100
	}
	i, err := estimate.Mean(t.n, mean, deviation, level)
	i.Low, i.High = max(least, i.Low), min(most, i.High)
	return &i, err
}

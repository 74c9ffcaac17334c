package adoption

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Breakdown is a survey's result by customer, for the provider's eyes: nothing
// in it lets one work out what fewer than [Policy.Least] people said.
type Breakdown struct {
	Total *Score `json:"total"` // nil: fewer answers than the policy asks for
	Cells []Cell `json:"cells"` // by customer, those without any answer too
}

// Cell is one customer's part of a breakdown.
type Cell struct {
	Customer servicecoin.CustomerID `json:"customer"`
	Score    *Score                 `json:"score"` // nil: withheld, to protect those who answered
}

// Breakdown returns the result of tallies by customer. A customer with answers,
// but fewer than the policy asks for, is withheld. Where the total less what is
// shown would still give a small group away, further customers are withheld
// too, the one with the fewest answers first (by id where they are equal).
//
// Results of a survey that is open change with each answer: whoever looks
// before and after one sees the difference. Publish them when it is over.
func (s *Survey) Breakdown(p *Policy, tallies map[servicecoin.CustomerID]*Tally) (Breakdown, error) {
	policy, err := p.with()
	if err != nil {
		return Breakdown{}, err
	}
	total := s.Tally()
	for _, t := range tallies {
		if t.survey.ID != s.ID {
			var v servicecoin.Violations
			v.Add("tallies", "mismatch", string(t.survey.ID), "is not a tally of "+string(s.ID))
			return Breakdown{}, v.Err()
		}
		total.merge(t)
	}
	shown := visible(tallies, policy.Least)
	b := Breakdown{Cells: []Cell{}}
	if total.n == 0 || total.n >= policy.Least {
		score, err := total.Score(p)
		if err != nil {
			return Breakdown{}, err
		}
		b.Total = &score
	}
	for _, customer := range slices.Sorted(maps.Keys(tallies)) {
		cell := Cell{Customer: customer}
		if shown[customer] {
			score, err := tallies[customer].Score(p)
			if err != nil {
				return Breakdown{}, err
			}
			cell.Score = &score
		}
		b.Cells = append(b.Cells, cell)
	}
	return b, nil
}

// visible returns whose cells may be shown.
func visible(tallies map[servicecoin.CustomerID]*Tally, least int) map[servicecoin.CustomerID]bool {
	shown := map[servicecoin.CustomerID]bool{}
	var large []servicecoin.CustomerID
	hidden := 0 // answers that are withheld, over all
	for customer, t := range tallies {
		switch {
		case t.n == 0:
			shown[customer] = true
		case t.n < least:
			hidden += t.n
		default:
			shown[customer] = true
			large = append(large, customer)
		}
	}
	slices.SortFunc(large, func(a, b servicecoin.CustomerID) int {
		return cmp.Or(cmp.Compare(tallies[a].n, tallies[b].n), cmp.Compare(a, b))
	})
	// One large cell beside the small ones is enough.
	if hidden > 0 && hidden < least && len(large) > 0 {
		shown[large[0]] = false
	}
	return shown
}

// Results reads the answers of all customers to a survey and breaks them down.
// The reader is one over all customers:
//
//	adoption.Results(ctx, adoption.Answers(records), survey, nil)
func Results(ctx context.Context, answers store.Reader[Answer], s Survey, p *Policy) (Breakdown, error) {
	tallies := map[servicecoin.CustomerID]*Tally{}
	for item, err := range answers.Find(store.By("survey", store.Text(s.ID))).Items(ctx) {
		if err != nil {
			return Breakdown{}, err
		}
		t := tallies[item.Key.Customer]
		if t == nil {
			t = s.Tally()
			tallies[item.Key.Customer] = t
		}
		if err := t.Add(item.Value); err != nil {
			return Breakdown{}, &servicecoin.KeyError{Key: item.Key, Err: err}
		}
	}
	return s.Breakdown(p, tallies)
}

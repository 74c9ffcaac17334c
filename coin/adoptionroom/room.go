// Package adoptionroom is the room of package adoption in the exchange: onboardings
// that begin with a request and go on with its order, and departures that follow
// their subscription.
package adoptionroom

import (
	"context"
	"fmt"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/exchange"
)

// Name is the name of the room.
const Name = "adoption"

// offers is the room whose events it answers.
const offers = "catalog"

// Options are what the room needs of the one that keeps orders and subscriptions.
type Options struct {
	Orders        func(b exchange.Base, customer servicecoin.CustomerID) *catalog.Orders
	Subscriptions func(b exchange.Base, customer servicecoin.CustomerID) *catalog.Subscriptions
	// Provisioner sets up what was ordered, once what it waits for is met; nil: people
	// do.
	Provisioner catalog.Provisioner
}

// Nouns are the nouns of the room over a base.
type Nouns struct {
	exchange.Base
	Options
}

// On returns the same nouns over another base: that of a commit.
func (n Nouns) On(b exchange.Base) Nouns { return Nouns{b, n.Options} }

// Playbook is how customers are to come to use what is offered: templates of
// onboarding, journeys, surveys.
func (n Nouns) Playbook() *adoption.Playbook { return adoption.NewPlaybook(n.Provider()) }

// Program is how one customer comes to use what it has: onboardings, answers to
// surveys, departures. A departure follows its subscription: it is announced by
// [catalog.Subscriptions.Depart].
func (n Nouns) Program(customer servicecoin.CustomerID) *adoption.Program {
	return adoption.New(n.Of(customer), &adoption.Options{Led: true})
}

// Room is the room in the exchange.
func (n Nouns) Room() exchange.Room {
	r := exchange.Room{
		Name: Name, Side: exchange.Adoption,
		Reindex: adoption.Reindex,
		Links:   []exchange.Link{n.begin(), n.reachPoints(), n.cancel(), n.followDeparture()},
		Spin:    &exchange.Gatherer{Figures: n.gather, Judge: judge},
	}
	if n.Provisioner != nil {
		r.Links = append(r.Links, n.provisionReady())
	}
	return r
}

// Came is how people come to use a service, and what they think of it.
type Came struct {
	Onboarding   *adoption.Checklist `json:"onboarding"`
	Satisfaction *adoption.Score     `json:"satisfaction"` // of this customer; null: nobody was asked
}

// The codes of what is out of balance, and how urgent it is.
const (
	OnboardingBlocked = "onboarding-blocked" // people cannot begin
	Unsatisfied       = "unsatisfied"        // most of those who were asked are not content

	blockedUrgency, unsatisfiedUrgency = 50, 30
)

// gather reads how people come to use the services, and what they think of it.
func (n Nouns) gather(ctx context.Context, s *exchange.Spinning) error {
	surveys := map[servicecoin.ServiceID]adoption.Survey{}
	for x, err := range n.Playbook().Surveys().All(ctx) { // the one that opened last first
		if err != nil {
			return err
		}
		if _, newer := surveys[x.Service]; !newer && x.OpensAt.Before(s.Period().End) {
			surveys[x.Service] = x
		}
	}
	program := n.Program(s.Whose().ID)
	for _, id := range s.Rows() {
		var came Came
		for o, err := range program.To(id).All(ctx) {
			if err != nil {
				return err
			}
			if came.Onboarding == nil || o.State == adoption.Running {
				list := o.Checklist(s.At())
				came.Onboarding = &list
			}
		}
		if x, asked := surveys[id]; asked {
			score, err := program.Score(ctx, x, nil)
			if err != nil {
				return err
			}
			came.Satisfaction = &score
		}
		s.Put(id, exchange.Adoption, came)
	}
	return nil
}

// Lines implements exchange.Figures.
func (c Came) Lines() []exchange.Line {
	var lines []exchange.Line
	if c.Onboarding != nil {
		lines = append(lines, exchange.Line{Text: "onboarding " + string(c.Onboarding.State)})
	}
	if c.Satisfaction != nil {
		lines = append(lines, exchange.Line{Text: satisfactionWords(*c.Satisfaction)})
	}
	return lines
}

func satisfactionWords(x adoption.Score) string {
	switch {
	case x.N == 0:
		return "nobody has answered yet"
	case x.TooFew:
		return fmt.Sprintf("%d answered, too few to say", x.N)
	case x.Interval == nil:
		return fmt.Sprintf("satisfied %s of %d", exchange.Percent(x.Value), x.N)
	}
	return fmt.Sprintf("satisfied %s of %d (95 %% interval %.0f to %.0f)", exchange.Percent(x.Value), x.N, x.Interval.Low, x.Interval.High)
}

func judge(_ exchange.Spin, r exchange.Row) []exchange.Imbalance {
	came := exchange.Of[Came](r.Parts)
	var list []exchange.Imbalance
	alone := []exchange.Side{exchange.Adoption}
	if o := came.Onboarding; o != nil && o.State == adoption.Running {
		if blocked := blockers(o); blocked != "" {
			list = append(list, exchange.Imbalance{Code: OnboardingBlocked, Service: r.Service, Sides: alone, Urgency: blockedUrgency, Text: fmt.Sprintf("%s cannot be begun with: %s.", r.Name, blocked)})
		}
	}
	if x := came.Satisfaction; x != nil && !x.TooFew && x.Kind == adoption.CSAT && 2*x.Satisfied < x.N {
		list = append(list, exchange.Imbalance{Code: Unsatisfied, Service: r.Service, Sides: alone, Urgency: unsatisfiedUrgency, Text: fmt.Sprintf("%s: %d of %d who answered are satisfied.", r.Name, x.Satisfied, x.N)})
	}
	return list
}

// blockers names what keeps people from the next point, "" for nothing.
func blockers(o *adoption.Checklist) string {
	var names []string
	for _, p := range o.Points {
		if !p.ReachedAt.IsZero() || !p.Next {
			continue
		}
		for _, x := range p.Items {
			if x.Force == adoption.Blocking && (x.Status == adoption.Open || x.Status == adoption.Expired) {
				names = append(names, x.Text)
			}
		}
		if len(names) > 0 {
			return strings.Join(names, "; ") + ", due " + p.Name
		}
	}
	return ""
}

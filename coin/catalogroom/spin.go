package catalogroom

import (
	"context"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/exchange"
)

// Held is whose a service is in a month, who holds it, and how its orders went.
type Held struct {
	Imprint []Imprint     `json:"imprint"`
	Lead    *catalog.Lead `json:"lead"` // of an order that was fulfilled or due in the month; null: there was none
}

// Imprint is that of one subscription.
type Imprint struct {
	Subscription servicecoin.SubscriptionID `json:"subscription"`
	Offering     string                     `json:"offering"` // its name
	State        catalog.SubscriptionState  `json:"state"`
	Imprint      catalog.Imprint            `json:"imprint"`
}

// LeadTimeMissed is the code of something that came later than promised, or is
// overdue.
const LeadTimeMissed = "lead-time-missed"

const leadUrgency = 60

func (n Nouns) rows(ctx context.Context, s *exchange.Spinning) error {
	held, err := exchange.Once(s, Name, func() (map[servicecoin.ServiceID]Held, error) { return n.held(ctx, s) })
	for id := range held {
		s.Row(id)
	}
	return err
}

// gather tells what the customer had in the month, and how its orders went.
func (n Nouns) gather(ctx context.Context, s *exchange.Spinning) error {
	held, err := exchange.Once(s, Name, func() (map[servicecoin.ServiceID]Held, error) { return n.held(ctx, s) })
	if err != nil {
		return err
	}
	for _, id := range s.Rows() {
		if h, ok := held[id]; ok {
			s.Put(id, exchange.Management, h)
		}
	}
	return nil
}

func (n Nouns) held(ctx context.Context, s *exchange.Spinning) (map[servicecoin.ServiceID]Held, error) {
	held := map[servicecoin.ServiceID]Held{}
	for sub, err := range n.Subscriptions(s.Whose().ID).List().All(ctx) {
		if err != nil {
			return nil, err
		}
		s.Had(sub.Service, s.Span(sub.From, sub.Until))
		if !overlaps(sub.Held(s.At()), s.Period()) {
			continue
		}
		h := held[sub.Service]
		h.Imprint = append(h.Imprint, Imprint{Subscription: sub.ID, Offering: sub.Terms.Name, State: sub.State, Imprint: sub.Imprint})
		held[sub.Service] = h
	}
	for order, err := range n.Orders(s.Whose().ID).List().All(ctx) {
		if err != nil {
			return nil, err
		}
		lead := order.Lead(s.At())
		if !s.Period().Contains(order.FulfilledAt) && !s.Period().Contains(lead.Due) {
			continue
		}
		if h := held[order.Service]; h.Lead == nil {
			h.Lead = &lead
			held[order.Service] = h
		}
	}
	return held, nil
}

func overlaps(a, b calendar.Interval) bool {
	return !a.Start.IsZero() && a.Start.Before(b.End) && (a.End.IsZero() || a.End.After(b.Start))
}

// For returns how long the customer had the service in the month, up to an instant.
func (h Held) For(period calendar.Interval, at time.Time) time.Duration {
	var longest time.Duration
	for _, x := range h.Imprint {
		longest = max(longest, period.Intersect(calendar.Between(x.Imprint.From, at)).Duration())
	}
	return longest
}

// Lines implements exchange.Figures.
func (h Held) Lines() []exchange.Line {
	if h.Lead == nil {
		return nil
	}
	l := exchange.Line{Text: "lead time " + string(h.Lead.Outcome)}
	if took, ok := h.Lead.Measured.Get(); ok {
		l.Text += ", " + took.String()
	}
	return []exchange.Line{l}
}

func judge(_ exchange.Spin, r exchange.Row) []exchange.Imbalance {
	missed := exchange.Imbalance{Code: LeadTimeMissed, Service: r.Service, Sides: []exchange.Side{exchange.Management, exchange.Adoption}, Urgency: leadUrgency}
	switch l := exchange.Of[Held](r.Parts).Lead; {
	case l == nil:
		return nil
	case l.Outcome == catalog.LeadMissed:
		missed.Text = fmt.Sprintf("%s came %s later than promised.", r.Name, l.Late)
	case l.Outcome == catalog.LeadOpen && l.Late.Defined():
		missed.Text = fmt.Sprintf("%s was ordered and is overdue by %s.", r.Name, l.Late)
	default:
		return nil
	}
	return []exchange.Imbalance{missed}
}

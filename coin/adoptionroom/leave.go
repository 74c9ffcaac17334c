package adoptionroom

import (
	"cmp"
	"errors"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/exchange"
)

// followDeparture is the link that has the record of a departure follow the
// subscription, which leads: it is announced for the day on which the subscription
// is left, and taken back where that stays. It goes by the subscription as it is
// now, so that it can come late, and in any order.
func (n Nouns) followDeparture() exchange.Link {
	on := []string{catalog.EventSubscriptionDeparting, catalog.EventSubscriptionStayed, catalog.EventSubscriptionDeparted}
	l := n.follows("departure.follow", on, signup.follow)
	l.EndedBy = l.Name // the same link takes it back
	return l
}

func (s signup) follow() error {
	departures := s.departures(s.customer)
	there, err := departures.Departure(s.ctx, s.sub.ID)
	if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return err
	}
	announced := there.State == adoption.Announced || there.State == adoption.HandedBack
	var leaves bool
	switch s.sub.State {
	case catalog.SubscriptionDeparting, catalog.SubscriptionDeparted:
		leaves = true
	case catalog.SubscriptionRequested, catalog.SubscriptionActive, catalog.SubscriptionSuspended, catalog.SubscriptionWithdrawn:
	}
	leavesAt := s.sub.LeavesAt
	if leavesAt.IsZero() {
		leavesAt = s.sub.DepartingAt
	}
	if announced && (!leaves || !there.LeavesAt.Equal(leavesAt)) {
		reason := cmp.Or(s.why(catalog.VerbStaySubscription), "Another day was said")
		if _, err := departures.Stay(s.ctx, exchange.By(), s.sub.ID, reason); err != nil {
			return err
		}
		announced = false
	}
	if !leaves || announced || there.State == adoption.Erased {
		return nil
	}
	_, err = departures.AnnounceDeparture(s.ctx, exchange.By(), s.sub.ID, s.sub.Service, leavesAt, s.why(catalog.VerbDepartSubscription))
	return err
}

// why returns the reason that was given last for something, as long as a departure
// can keep it.
func (s signup) why(verb string) string {
	const most = 1000
	for _, e := range slices.Backward(s.sub.History) {
		if e.Verb == verb {
			text := []rune(e.Text)
			return string(text[:min(most, len(text))])
		}
	}
	return ""
}

// departures is a customer's program, for the exchange: it may announce.
func (s signup) departures(customer servicecoin.CustomerID) *adoption.Program {
	return adoption.New(s.Of(customer), nil)
}

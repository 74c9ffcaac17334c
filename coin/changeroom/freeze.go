package changeroom

import (
	"context"
	"errors"
	"strconv"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/store"
)

// roomForAFreeze is the most that one promise takes of a commit.
const roomForAFreeze = 12

// freeze is the link that freezes a service while an error budget on it is used up: until
// the end of the month, for all but emergencies. When the history is told otherwise, and
// something is left, the freeze is lifted.
func (n Nouns) freeze() exchange.Link {
	l := exchange.Each(n.Base, "change.freeze", incidents, Name,
		[]string{incident.EventOpened, incident.EventResolved, incident.EventReopened, incident.EventAffected, incident.EventRedated, incident.EventCancelled, incident.EventRecorded},
		roomForAFreeze,
		func(_ context.Context, w exchange.Work, news incident.Changed) (incident.Changed, []exchange.Concern, error) {
			var concerns []exchange.Concern
			for _, t := range news.Touched {
				until := t.Until
				if until.IsZero() || until.Before(t.From) {
					until = w.Event.At
				}
				concerns = append(concerns, exchange.Concern{Service: t.Service, During: calendar.Between(t.From, until)})
			}
			return news, concerns, nil
		},
		func(ctx context.Context, w exchange.Work, _ incident.Changed, c exchange.Concern, _ string) (string, error) {
			mine := n.On(w.Base)
			budgets, err := n.Spent(ctx, w.Base, w.Customer, c.Service)
			if err != nil {
				return "", err
			}
			for _, b := range budgets {
				if err := mine.hold(ctx, w, c.Service, b); err != nil {
					return "", err
				}
			}
			return "", nil
		})
	l.EndedBy = l.Name // the same link hears that something is left
	return l
}

// mostFreezes is how often a budget of one month freezes its service.
const mostFreezes = 8

// hold declares the freeze of a budget that is spent, and lifts that of one that is not.
func (n Nouns) hold(ctx context.Context, w exchange.Work, service servicecoin.ServiceID, b Budget) error {
	control := n.Control()
	id, there, err := n.frozenBy(ctx, control, w.Customer, b)
	if err != nil || id == "" {
		return err
	}
	holds := there.ID != "" && there.Lifted == nil && there.During.End.After(w.Store.Now())
	switch now := w.Store.Now(); {
	case b.Spent && !holds && b.Month.End.After(now):
		_, err = control.DeclareFreeze(ctx, exchange.By(), change.Declare{
			ID: id, Name: "error budget of " + string(service) + " is spent", During: calendar.Between(now, b.Month.End),
			Services: []servicecoin.ServiceID{service}, Through: []change.Kind{change.Emergency},
			Why: "a promise on it has no downtime left this month",
		})
		return exchange.UnlessRefused(err)
	case !b.Spent && holds:
		_, err = control.LiftFreeze(ctx, exchange.By(), id, "something of the error budget is left after all")
		return exchange.UnlessRefused(err)
	}
	return nil
}

// frozenBy returns the last freeze of a budget in a month, or the id that the next one
// gets: one that was lifted stays on record. The customer's name stands in no record of
// the provider's: the digest is as good.
func (n Nouns) frozenBy(ctx context.Context, control *change.Control, customer servicecoin.CustomerID, b Budget) (change.FreezeID, change.Freeze, error) {
	for number := range mostFreezes {
		id := change.FreezeID(store.JoinID("budget", store.Forgotten(customer), string(b.Promise), b.Month.Start.UTC().Format("2006-01-02"), strconv.Itoa(number+1)))
		f, err := control.Freeze(ctx, id)
		switch {
		case errors.Is(err, servicecoin.ErrNotFound):
			return id, change.Freeze{}, nil
		case err != nil:
			return "", change.Freeze{}, err
		case f.Lifted == nil:
			return id, f, nil
		}
	}
	return "", change.Freeze{}, nil // it goes back and forth: a person looks
}

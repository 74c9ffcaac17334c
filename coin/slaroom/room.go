// Package slaroom is the room of package sla in the exchange: facts that come of
// incidents, reports that are due again, months that are closed.
package slaroom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/sla"
)

// Name is the name of the room.
const Name = "sla"

// Options are what a host may set for the room.
type Options struct {
	// Covered says for which part of an interval the incidents of a service are
	// completely known; nil: for all of it up to now.
	Covered func(ctx context.Context, service servicecoin.ServiceID, during calendar.Interval) (calendar.Set, error)
	// Exclusions are announced windows that promises may leave out; nil: none.
	Exclusions func(ctx context.Context, b exchange.Base, service servicecoin.ServiceID, during calendar.Interval) ([]sla.Exclusion, error)
	// Facts are what promises are measured by; nil: the incidents of the store.
	Facts func(b exchange.Base) sla.Source
}

// Nouns are the nouns of the room over a base.
type Nouns struct {
	exchange.Base
	Options
}

// On returns the same nouns over another base: that of a commit.
func (n Nouns) On(b exchange.Base) Nouns { return Nouns{b, n.Options} }

// Keeper keeps one customer's promises.
func (n Nouns) Keeper(customer servicecoin.CustomerID) *sla.Keeper {
	return sla.New(n.Of(customer), n.Source())
}

// Room is the room in the exchange.
func (n Nouns) Room() exchange.Room {
	return exchange.Room{
		Name: Name, Side: exchange.Management,
		Reindex: sla.Reindex,
		Links:   []exchange.Link{n.due(), n.dueByChange()},
		Spin:    &exchange.Gatherer{Rows: n.rows, Figures: n.gather, Judge: judge},
	}
}

// due is the link that marks the months of every concerned customer's promise as
// due when the history of a service changed: when an incident is resolved, most
// often. What changes while it is live marks the months that are over, since they
// may have their reports; the running one is read as the facts are at its end.
func (n Nouns) due() exchange.Link {
	return exchange.Each(n.Base, "report.due", incidents, Name, []string{
		incident.EventOpened, incident.EventResolved, incident.EventReopened, incident.EventAffected, incident.EventRedated,
		incident.EventCancelled, incident.EventRecorded,
	}, roomForAMonth, n.touched, n.mark)
}

// dueByChange is the link that marks the months that are over when the downtime that a
// change announced is another one since: the work was over earlier, or it was moved or
// called off.
func (n Nouns) dueByChange() exchange.Link {
	return exchange.Each(n.Base, "report.dueByChange", changes, Name, []string{
		change.EventImplemented, change.EventRolledBack, change.EventFailed, change.EventCancelled, change.EventAmended, change.EventWithdrawn,
	}, roomForAMonth, func(ctx context.Context, w exchange.Work, news change.Changed) (time.Time, []exchange.Concern, error) {
		c, err := change.New(w.Provider(), nil).Get(ctx, news.Change)
		if err != nil {
			return time.Time{}, nil, err
		}
		var concerns []exchange.Concern
		for _, d := range c.Plan.Downtime {
			if span := c.Plan.Span(); !slices.ContainsFunc(concerns, func(x exchange.Concern) bool { return x.Service == d.Service }) {
				concerns = append(concerns, exchange.Concern{Service: d.Service, During: span})
			}
		}
		return w.Store.Now(), concerns, nil
	}, n.mark)
}

const (
	incidents = "incident" // the rooms that it answers
	changes   = "change"
	// roomForAMonth is the most that marking one month takes of a commit: the promise
	// and the month that are read and written, and the event.
	roomForAMonth = 4
)

// touched returns the spans that an event changed, and up to when months are over
// that it may reach, zero for all. What an incident did is told as a whole when it
// is resolved, beside what the resolution changed: a month that was running then
// has not been marked before.
func (n Nouns) touched(ctx context.Context, w exchange.Work, change incident.Changed) (over time.Time, concerns []exchange.Concern, err error) {
	if change.State.Live() {
		over = w.Store.Now()
	}
	touched := change.Touched
	if w.Event.Name == incident.EventResolved {
		i, err := incident.New(w.Provider(), nil).Get(ctx, change.Incident)
		if err == nil {
			touched = incident.JoinTouched(touched, i.Touched())
		} else if !errors.Is(err, servicecoin.ErrNotFound) {
			return over, nil, err
		}
	}
	for _, t := range touched {
		concerns = append(concerns, exchange.Concern{Service: t.Service, During: span(t, w.Event.At)})
	}
	return over, concerns, nil
}

// month is where marking goes on within a customer.
type month struct {
	Promise servicecoin.PromiseID `json:"promise"`
	Month   calendar.Month        `json:"month"`
}

// mark marks the months of one customer's promises on a service.
func (n Nouns) mark(ctx context.Context, w exchange.Work, over time.Time, c exchange.Concern, at string) (string, error) {
	var from month
	if at != "" {
		if err := json.Unmarshal([]byte(at), &from); err != nil {
			return "", fmt.Errorf("progress %q: %w", at, err)
		}
	}
	keeper := n.On(w.Base).Keeper(w.Customer)
	var promises []sla.Promise
	for p, err := range keeper.Promises(c.Service).All(ctx) {
		if err != nil {
			return "", err
		}
		promises = append(promises, p)
	}
	// A promise that was there in the part before is there still.
	first := max(0, slices.IndexFunc(promises, func(p sla.Promise) bool { return p.ID == from.Promise }))
	for _, p := range promises[first:] {
		months, err := p.Months(c.During)
		if err != nil {
			return "", err
		}
		for _, m := range months {
			if p.ID == from.Promise && m.Compare(from.Month) < 0 {
				continue
			}
			period, err := p.Period(m)
			if err != nil {
				return "", err
			}
			if !over.IsZero() && period.End.After(over) {
				continue
			}
			if w.Left() < roomForAMonth {
				text, err := json.Marshal(month{p.ID, m})
				return string(text), err
			}
			if err := keeper.MarkDue(ctx, exchange.By(), p.ID, m, w.Event.Subject); err != nil {
				return "", err
			}
		}
	}
	return "", nil
}

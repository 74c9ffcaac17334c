// Package coin assembles the sides of the coin over one store, and is the
// exchange between them: it turns one side's news into the other sides' work.
//
// It answers: which customers does an incident concern; whose service level
// report is due again because of it; what did this month look like for this
// customer; and who consumes the events so that none is lost or counted twice?
//
// Domain packages do not know each other. Coin feeds the service levels from the
// incidents ([Coin.Keeper]), and its [Coin.Exchange] consumes the feed: the host
// calls Step as often as it likes. Which customers a service concerns is the
// host's knowledge, asked through a [catalog.Directory].
package coin

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// Options are what a host may set for a coin.
type Options struct {
	// Authorize is asked before every changing verb of every noun; nil allows
	// everything.
	Authorize func(ctx context.Context, a servicecoin.Attempt) error
	// Matrix computes the priorities of incidents; nil is the default matrix.
	Matrix *incident.Matrix
	// Covered says for which part of an interval the incidents of a service are
	// completely known; nil: for all of it up to now.
	Covered func(ctx context.Context, service servicecoin.ServiceID, during calendar.Interval) (calendar.Set, error)
	// Exclusions are announced windows that promises may leave out; nil: none.
	Exclusions func(ctx context.Context, service servicecoin.ServiceID, during calendar.Interval) ([]sla.Exclusion, error)
}

// Coin is the assembled coin. It is safe for concurrent use.
type Coin struct {
	store     *store.Store
	directory catalog.Directory
	o         Options
}

// New assembles a coin over a store. A nil o means defaults.
func New(s *store.Store, d catalog.Directory, o *Options) (*Coin, error) {
	var v servicecoin.Violations
	if s == nil {
		v.Add("store", "required", "", "keeps everything")
	}
	if d == nil {
		v.Add("directory", "required", "", "tells whom a service concerns")
	}
	c := &Coin{store: s, directory: d}
	if o != nil {
		c.o = *o
	}
	if m := c.o.Matrix; m != nil {
		v.Merge("matrix", m.Validate())
	}
	return c, v.Err()
}

// On returns the same coin over another store: inside of the host's
// transaction, say.
func (c *Coin) On(s *store.Store) *Coin { return &Coin{store: s, directory: c.directory, o: c.o} }

// Desk is where incidents are worked on, in the provider's partition.
func (c *Coin) Desk() *incident.Desk {
	return incident.New(c.store.For(servicecoin.Provider), &incident.Options{Authorize: c.o.Authorize, Matrix: c.o.Matrix})
}

// Letters is what one customer is told about incidents.
func (c *Coin) Letters(customer servicecoin.CustomerID) *incident.Letters {
	return incident.NewLetters(c.store.For(customer), &incident.Options{Authorize: c.o.Authorize})
}

// Keeper keeps one customer's promises, fed from the incidents.
func (c *Coin) Keeper(customer servicecoin.CustomerID) *sla.Keeper {
	return sla.New(c.store.For(customer), c.Source(), &sla.Options{Authorize: c.o.Authorize})
}

// Source tells the service levels what the incidents did.
func (c *Coin) Source() sla.Source { return source{c} }

// source reads facts out of incidents.
type source struct{ c *Coin }

// Facts implements sla.Source. An effect that goes on counts until now.
func (s source) Facts(ctx context.Context, service servicecoin.ServiceID, during calendar.Interval) (sla.Facts, error) {
	now := s.c.store.Now()
	known := calendar.SetOf(during.Intersect(calendar.Between(during.Start, now)))
	facts := sla.Facts{Coverage: known}
	if s.c.o.Covered != nil {
		covered, err := s.c.o.Covered(ctx, service, during)
		if err != nil {
			return sla.Facts{}, fmt.Errorf("coverage: %w", err)
		}
		facts.Coverage = covered.Intersect(known)
	}
	if s.c.o.Exclusions != nil {
		var err error
		if facts.Exclusions, err = s.c.o.Exclusions(ctx, service, during); err != nil {
			return sla.Facts{}, fmt.Errorf("exclusions: %w", err)
		}
	}
	effects, err := s.c.Desk().Effects(ctx, service, during)
	if err != nil {
		return sla.Facts{}, err
	}
	for _, x := range effects {
		for _, e := range x.Effects {
			until := e.Until
			if until.IsZero() {
				until = now
			}
			if !e.From.Before(until) {
				continue
			}
			facts.Outages = append(facts.Outages, sla.Outage{
				Interval: calendar.Between(e.From, until), Level: sla.Level(e.Level),
				From: servicecoin.Key{Customer: servicecoin.Provider, Kind: incident.Incidents.Name, ID: string(x.Incident)},
			})
		}
	}
	return facts, nil
}

// MonthOf is what closing a month did for one customer.
type MonthOf struct {
	Customer servicecoin.CustomerID
	Closed   []sla.Closed // one for each promise that is valid in the month
}

// CloseMonth closes a month for a customer: each of its promises gets its
// report, and at most one credit line. It can be called again: what is closed
// stays, what has become due since is corrected. Promises are closed one by
// one, each in a commit of its own; after an error, call again.
func (c *Coin) CloseMonth(ctx context.Context, customer servicecoin.CustomerID, m calendar.Month, by servicecoin.Actor) (MonthOf, error) {
	out := MonthOf{Customer: customer}
	if err := m.Validate(); err != nil {
		return out, err
	}
	keeper := c.Keeper(customer)
	for p, err := range keeper.Promises(ctx, "") {
		if err != nil {
			return out, err
		}
		period, err := p.Period(m)
		if err != nil {
			return out, err
		}
		if period.Empty() {
			continue
		}
		closed, err := keeper.CloseMonth(ctx, p.ID, m, by)
		if err != nil {
			return out, fmt.Errorf("promise %s, %s: %w", p.ID, m, err)
		}
		out.Closed = append(out.Closed, closed)
	}
	return out, nil
}

// CloseDue closes again what became due in months that were closed before, so
// that corrections do not wait for somebody to look. Open months are left to
// [Coin.CloseMonth]. It returns what changed.
func (c *Coin) CloseDue(ctx context.Context, customer servicecoin.CustomerID, by servicecoin.Actor) ([]sla.Closed, error) {
	var out []sla.Closed
	keeper := c.Keeper(customer)
	for m, err := range keeper.Due(ctx) {
		if err != nil {
			return out, err
		}
		if m.Edition == 0 {
			continue
		}
		closed, err := keeper.CloseMonth(ctx, m.Promise, m.Month, by)
		if errors.Is(err, servicecoin.ErrRefused) {
			continue // the promise was ended before the month: there is nothing to report
		}
		if err != nil {
			return out, err
		}
		if !closed.Again {
			out = append(out, closed)
		}
	}
	return out, nil
}

// DueCustomers lists the customers that have a month whose facts changed since
// its last report, each once, in byte order: for nightly work over all of them.
func (c *Coin) DueCustomers(ctx context.Context) iter.Seq2[servicecoin.CustomerID, error] {
	return func(yield func(servicecoin.CustomerID, error) bool) {
		var last servicecoin.CustomerID
		for m, err := range sla.DueAcross(ctx, c.store) {
			if err == nil && m.Key.Customer == last {
				continue
			}
			last = m.Key.Customer
			if !yield(last, err) || err != nil {
				return
			}
		}
	}
}

// span turns what an event touched into an interval; what goes on reaches to
// the time at which it is looked at.
func span(t incident.Touched, now time.Time) calendar.Interval {
	until := t.Until
	if until.IsZero() || until.Before(t.From) {
		until = now
	}
	return calendar.Between(t.From, until)
}

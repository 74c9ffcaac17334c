package coin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/changeroom"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/runbookroom"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/sla"
)

// changes is the room of changes, with what it knows of the other rooms.
func (c *Coin) changes() changeroom.Nouns {
	o := c.o.Changes
	if o.Service == nil {
		o.Service = func(ctx context.Context, id servicecoin.ServiceID) error {
			_, err := c.Directory().Service(ctx, id)
			return err
		}
	}
	if o.Graph == nil {
		o.Graph = func(ctx context.Context, b exchange.Base) (changeroom.Graph, error) {
			g, err := c.offers().On(b).Catalog().Graph(ctx)
			return carried{g}, err
		}
	}
	if o.Hold == nil {
		o.Hold = func(ctx context.Context, b exchange.Base, id servicecoin.ChangeID) (string, error) {
			return c.patches().On(b).Holds(ctx, id)
		}
	}
	if o.Spent == nil && c.o.FreezeWhenSpent {
		o.Spent = c.spent
	}
	return changeroom.Nouns{Base: c.base(), Options: o}
}

// books is the room of run books, with what it knows of the changes and of the
// configuration.
func (c *Coin) books() runbookroom.Nouns {
	o := c.o.Runbooks
	if o.Changed == nil {
		o.Changed = c.changedAt
	}
	if o.Recorded == nil {
		o.Recorded = c.recorded
	}
	if o.Records == nil {
		o.Records = c.read
	}
	return runbookroom.Nouns{Base: c.base(), Options: o, Plans: c.plans}
}

// changedAt returns when services were changed last, of the last year.
func (c *Coin) changedAt(ctx context.Context, b exchange.Base, services []servicecoin.ServiceID) (map[servicecoin.ServiceID]time.Time, error) {
	now := b.Store.Now()
	last := map[servicecoin.ServiceID]time.Time{}
	for x, err := range c.changes().On(b).Control().Ended(calendar.Between(now.AddDate(-1, 0, 0), now.Add(1))).All(ctx) {
		if err != nil {
			return nil, err
		}
		for _, s := range x.Scope.Services {
			if slices.Contains(services, s) && x.EndedAt.After(last[s]) {
				last[s] = x.EndedAt
			}
		}
	}
	return last, nil
}

// carried is the catalogue's graph as changes ask it.
type carried struct{ *catalog.Graph }

// Above implements changeroom.Graph.
func (g carried) Above(id servicecoin.ServiceID) []servicecoin.ServiceID {
	var list []servicecoin.ServiceID
	for h := range g.Impact(id).All() {
		list = append(list, h.Service)
	}
	return list
}

// Below implements changeroom.Graph.
func (g carried) Below(id servicecoin.ServiceID) []servicecoin.ServiceID {
	var list []servicecoin.ServiceID
	reach := g.Reach(id)
	for _, hits := range [][]catalog.Hit{reach.Hard, reach.Soft} {
		for _, h := range hits {
			list = append(list, h.Service)
		}
	}
	return list
}

// exclusions are what promises may leave out: what the host announced, and the downtimes
// of changes, as long as they were announced.
func (c *Coin) exclusions(ctx context.Context, b exchange.Base, service servicecoin.ServiceID, during calendar.Interval) ([]sla.Exclusion, error) {
	var list []sla.Exclusion
	if c.o.Exclusions != nil {
		var err error
		if list, err = c.o.Exclusions(ctx, service, during); err != nil {
			return nil, err
		}
	}
	downtimes, err := c.changes().On(b).Control().DowntimesOf(ctx, service, during)
	if err != nil {
		return nil, fmt.Errorf("changes: %w", err)
	}
	for _, d := range downtimes {
		list = append(list, exclusion(d))
	}
	return list, nil
}

func exclusion(d change.Announced) sla.Exclusion {
	reason := d.Headline
	if reason == "" {
		reason = "maintenance"
	}
	return sla.Exclusion{Interval: d.During, Reason: reason, AnnouncedAt: d.At, ApprovedBy: d.By, From: change.Key(d.Change)}
}

// spent returns how the error budgets of a customer on a service stand, as the facts are
// now.
func (c *Coin) spent(ctx context.Context, b exchange.Base, customer servicecoin.CustomerID, service servicecoin.ServiceID) ([]changeroom.Budget, error) {
	keeper := c.promises().On(b).Keeper(customer)
	var list []changeroom.Budget
	for p, err := range keeper.Promises(service).All(ctx) {
		if err != nil {
			return nil, err
		}
		loc, err := p.Location()
		if err != nil {
			return nil, err
		}
		report, err := keeper.Month(ctx, p.ID, calendar.MonthOf(b.Store.Now(), loc))
		switch {
		case errors.Is(err, servicecoin.ErrRefused):
			continue // it is not valid then
		case err != nil:
			return nil, err
		}
		list = append(list, changeroom.Budget{Promise: p.ID, Month: report.Period, Spent: report.Figures.Budget.Left.Sign() <= 0})
	}
	return list, nil
}

// Uncovered is a downtime of a change that a promise would not leave out, and why: it
// would count as an outage.
type Uncovered struct {
	Customer servicecoin.CustomerID
	Promise  servicecoin.PromiseID
	Service  servicecoin.ServiceID
	During   calendar.Interval
	Why      string
}

// mostUncovered is how many are told of one change.
const mostUncovered = 100

// Uncovered tells of which promises the downtime of a change would count, if it were
// announced now: before anybody approves it, not after. It looks at each customer whom
// the services concern, and returns the first hundred.
func (c *Coin) Uncovered(ctx context.Context, x change.Change) ([]Uncovered, error) {
	var list []Uncovered
	at := c.store.Now()
	if d := x.Decision; d != nil && d.Approved {
		at = d.At
	}
	for _, d := range x.Downtimes() {
		facts := c.factsWith(exclusion(change.Announced{Change: x.ID, Headline: x.Headline, During: d.During, At: at, By: "somebody"}), d.Service)
		for id, err := range exchange.Concerned(ctx, c.Directory(), d.Service, d.During) {
			if err != nil {
				return nil, err
			}
			if len(list) >= mostUncovered {
				return list, nil
			}
			found, err := c.uncovered(ctx, x, d, id, facts)
			if err != nil {
				return nil, err
			}
			list = append(list, found...)
		}
	}
	return list, nil
}

// factsWith returns what is known of a service in a period, as if the exclusion were
// announced by its record now: read once for each period, since most promises of a
// service have the same.
func (c *Coin) factsWith(announced sla.Exclusion, service servicecoin.ServiceID) func(ctx context.Context, period calendar.Interval) (sla.Facts, error) {
	source, known := c.Source(), map[[2]int64]sla.Facts{}
	return func(ctx context.Context, period calendar.Interval) (sla.Facts, error) {
		key := [2]int64{period.Start.UnixMicro(), period.End.UnixMicro()}
		if facts, ok := known[key]; ok {
			return facts, nil
		}
		facts, err := source.Facts(ctx, service, period)
		if err != nil {
			return facts, err
		}
		facts.Exclusions = slices.DeleteFunc(slices.Clone(facts.Exclusions), func(e sla.Exclusion) bool { return e.From == announced.From })
		facts.Exclusions = append(facts.Exclusions, announced)
		known[key] = facts
		return facts, nil
	}
}

// uncovered asks the promises of one customer.
func (c *Coin) uncovered(ctx context.Context, x change.Change, d change.Span, customer servicecoin.CustomerID, factsIn func(ctx context.Context, period calendar.Interval) (sla.Facts, error)) ([]Uncovered, error) {
	var list []Uncovered
	for p, err := range c.Keeper(customer).Promises(d.Service).All(ctx) {
		if err != nil {
			return nil, err
		}
		months, err := p.Months(d.During)
		if err != nil {
			return nil, err
		}
		for _, m := range months {
			period, err := p.Period(m)
			if err != nil {
				return nil, err
			}
			facts, err := factsIn(ctx, period)
			if err != nil {
				return nil, err
			}
			measured, err := p.TermsIn(m).MeasureAt(period, facts, c.store.Now())
			if err != nil {
				return nil, err
			}
			refused := false
			for _, r := range measured.Refused {
				if r.From == change.Key(x.ID) {
					refused = true
					list = append(list, Uncovered{Customer: customer, Promise: p.ID, Service: d.Service, During: r.Interval, Why: r.Why})
				}
			}
			if refused {
				continue
			}
			for part := range calendar.SetOf(d.During.Intersect(period)).Subtract(measured.Accepted).All() {
				list = append(list, Uncovered{
					Customer: customer, Promise: p.ID, Service: d.Service, During: part,
					Why: "so much is left out of the month already that the cap of the promise is reached",
				})
			}
		}
	}
	return list, nil
}

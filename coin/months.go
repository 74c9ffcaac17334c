package coin

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/sla"
)

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

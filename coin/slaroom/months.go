package slaroom

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
	Open     []NotClosed  // the promises that could not be closed, and why
}

// NotClosed is a month of a promise that could not be closed.
type NotClosed struct { //nolint:errname // a finding of a report first, an error second
	Promise servicecoin.PromiseID
	Service servicecoin.ServiceID
	Month   calendar.Month
	Err     error
}

// Error says which and why.
func (n *NotClosed) Error() string {
	return fmt.Sprintf("promise %s on %s, %s: %v", n.Promise, n.Service, n.Month, n.Err)
}

// Unwrap returns Err.
func (n *NotClosed) Unwrap() error { return n.Err }

// failed is the error that says which of a customer's promises are not closed.
func failed(open []NotClosed) error {
	errs := make([]error, len(open))
	for i := range open {
		errs[i] = &open[i]
	}
	return errors.Join(errs...)
}

// CloseMonth closes a month for a customer: each of its promises gets its
// report, and at most one credit line. It can be called again: what is closed
// stays, what has become due since is corrected. Promises are closed one by
// one, each in a commit of its own; one that cannot be closed does not keep the
// others from it. The error then joins a [*NotClosed] for each of those, and
// Open lists them.
func (n Nouns) CloseMonth(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID, m calendar.Month) (MonthOf, error) {
	out := MonthOf{Customer: customer}
	if err := m.Validate(); err != nil {
		return out, err
	}
	keeper := n.Keeper(customer)
	for p, err := range keeper.Promises("").All(ctx) {
		if err != nil {
			return out, errors.Join(failed(out.Open), err)
		}
		var closed sla.Closed
		period, err := p.Period(m)
		if err == nil && period.Empty() {
			continue
		}
		if err == nil {
			closed, err = keeper.CloseMonth(ctx, by, p.ID, m)
		}
		switch {
		case ctx.Err() != nil:
			return out, errors.Join(failed(out.Open), context.Cause(ctx))
		case err != nil:
			out.Open = append(out.Open, NotClosed{Promise: p.ID, Service: p.Service, Month: m, Err: err})
		default:
			out.Closed = append(out.Closed, closed)
		}
	}
	return out, failed(out.Open)
}

// CloseDue closes again what became due in months that were closed before, so
// that corrections do not wait for somebody to look. Open months are left to
// [Nouns.CloseMonth]. It returns what changed; the error joins a [*NotClosed] for
// each month that could not be closed, which does not keep the others from it.
func (n Nouns) CloseDue(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID) ([]sla.Closed, error) {
	var out []sla.Closed
	var open []NotClosed
	keeper := n.Keeper(customer)
	for m, err := range keeper.Due().All(ctx) {
		if err != nil {
			return out, errors.Join(failed(open), err)
		}
		if m.Edition == 0 {
			continue
		}
		closed, err := keeper.CloseMonth(ctx, by, m.Promise, m.Month)
		switch {
		case ctx.Err() != nil:
			return out, errors.Join(failed(open), context.Cause(ctx))
		case errors.Is(err, servicecoin.ErrRefused):
			// The promise was ended before the month: there is nothing to report.
		case err != nil:
			open = append(open, NotClosed{Promise: m.Promise, Service: m.Service, Month: m.Month, Err: err})
		case !closed.Again:
			out = append(out, closed)
		}
	}
	return out, failed(open)
}

// DueCustomers lists the customers that have a month whose facts changed since
// its last report, each once, in byte order: for nightly work over all of them.
func (n Nouns) DueCustomers(ctx context.Context) iter.Seq2[servicecoin.CustomerID, error] {
	return func(yield func(servicecoin.CustomerID, error) bool) {
		var last servicecoin.CustomerID
		for m, err := range sla.DueAcross(n.Store).Items(ctx) {
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

// Customers returns the customers that something is promised to, in byte order.
func (n Nouns) Customers(ctx context.Context) ([]servicecoin.CustomerID, error) {
	var list []servicecoin.CustomerID
	for p, err := range sla.PromisesAcross(n.Store).Items(ctx) {
		if err != nil {
			return nil, err
		}
		if len(list) == 0 || list[len(list)-1] != p.Key.Customer {
			list = append(list, p.Key.Customer)
		}
	}
	return list, nil
}

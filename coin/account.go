package coin

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/slaroom"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/grant"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// Account is one customer's coin: all its nouns, each made when it is asked for. What
// is wrong with the customer, that the host does not know it, say, is kept, and the
// first call of any noun tells it.
type Account struct {
	coin     *Coin // with what is wrong with the customer
	customer servicecoin.Customer
}

// Account returns the account of a customer, with what the host knows of it.
func (c *Coin) Account(ctx context.Context, id servicecoin.CustomerID) *Account {
	known, err := c.base().Known(ctx, id)
	if err != nil {
		known = servicecoin.Customer{ID: id}
		faulty := *c
		faulty.fault = fmt.Errorf("customer %s: %w", id, err)
		c = &faulty
	}
	return &Account{c, known}
}

// Customer is whose account it is, and what is wrong with it.
func (a *Account) Customer() (servicecoin.Customer, error) { return a.customer, a.coin.fault }

// Orders is what the customer has ordered.
func (a *Account) Orders() *catalog.Orders { return a.coin.Orders(a.customer.ID) }

// Subscriptions is what the customer has.
func (a *Account) Subscriptions() *catalog.Subscriptions { return a.coin.Subscriptions(a.customer.ID) }

// Letters is what the customer is told about incidents.
func (a *Account) Letters() *incident.Letters { return a.coin.Letters(a.customer.ID) }

// Notices is what the customer is told of changes, and answers.
func (a *Account) Notices() *change.Notices { return a.coin.Notices(a.customer.ID) }

// Problems is what the customer's people reported, the last first.
func (a *Account) Problems() store.Listing[incident.Incident] {
	view := a.coin.store.For(servicecoin.Provider).With(a.coin.fault)
	return a.coin.Desk().On(view).ReportedFor(a.customer.ID)
}

// Configuration is where the customer's configuration items are kept, observed and
// compared.
func (a *Account) Configuration() *configuration.Register {
	return a.coin.Configuration(a.customer.ID)
}

// Keeper keeps the customer's promises, fed from the incidents.
func (a *Account) Keeper() *sla.Keeper { return a.coin.Keeper(a.customer.ID) }

// Ledger is what the customer used, in its zone.
func (a *Account) Ledger() *metering.Ledger { return a.coin.Ledger(a.customer) }

// Grants are the customer's credits.
func (a *Account) Grants() *grant.Grants { return a.coin.Grants(a.customer) }

// Entitlements are what the customer may have and use, in its zone.
func (a *Account) Entitlements() *entitle.Entitlements { return a.coin.Entitlements(a.customer) }

// Statements is what the customer is charged, in its zone and currency.
func (a *Account) Statements() *cost.Statements { return a.coin.Statements(a.customer) }

// Program is how the customer comes to use what it has.
func (a *Account) Program() *adoption.Program { return a.coin.Program(a.customer.ID) }

// Spin puts the customer's month side by side.
func (a *Account) Spin(ctx context.Context, m calendar.Month) (exchange.Spin, error) {
	if a.coin.fault != nil {
		return exchange.Spin{}, a.coin.fault
	}
	return a.coin.Spin(ctx, a.customer.ID, m)
}

// MonthEnd is what closing a month for all customers did.
type MonthEnd struct {
	Customers  int                 // that have a promise, a charge or a bill of the month
	Reports    int                 // issued, or issued again
	Statements int                 // issued
	Open       []slaroom.NotClosed // promises that were not closed, and why
	Unissued   []NotIssued         // statements that were not issued, and why
}

// NotIssued is a statement that could not be issued.
type NotIssued struct { //nolint:errname // a finding of a report first, an error second
	Customer servicecoin.CustomerID
	Month    calendar.Month
	Err      error
}

// Error says which and why.
func (n *NotIssued) Error() string {
	return fmt.Sprintf("statement of customer %s, %s: %v", n.Customer, n.Month, n.Err)
}

// Unwrap returns Err.
func (n *NotIssued) Unwrap() error { return n.Err }

// CloseAll closes a month for every customer: its reports are issued, then, once the
// exchange has run dry, its statement, with the credits that came of them. What
// cannot be closed keeps nothing else from it; the error joins all that was not, and
// the report says which and why. It can be called again: what is closed stays.
//
// x is the consumer that [Coin.Exchange] returned.
func (c *Coin) CloseAll(ctx context.Context, by servicecoin.Actor, x *store.Consumer, m calendar.Month) (MonthEnd, error) {
	var done MonthEnd
	if err := m.Validate(); err != nil {
		return done, err
	}
	var wrong error
	promised, err := c.promises().Customers(ctx)
	if err != nil {
		return done, err
	}
	charged, err := c.charges().Customers(ctx)
	if err != nil {
		return done, err
	}
	all := map[servicecoin.CustomerID]bool{}
	for _, id := range promised {
		all[id] = true
		closed, err := c.CloseMonth(ctx, by, id, m)
		if ctx.Err() != nil {
			return done, errors.Join(wrong, context.Cause(ctx))
		}
		wrong = errors.Join(wrong, err)
		done.Open = append(done.Open, closed.Open...)
		for _, x := range closed.Closed {
			if !x.Again {
				done.Reports++
			}
		}
	}
	if _, err := x.Drain(ctx); err != nil {
		return done, errors.Join(wrong, fmt.Errorf("what follows of the reports: %w", err))
	}
	for _, id := range charged {
		all[id] = true
		issued, err := c.issue(ctx, by, id, m)
		switch {
		case ctx.Err() != nil:
			return done, errors.Join(wrong, context.Cause(ctx))
		case err != nil:
			done.Unissued = append(done.Unissued, NotIssued{id, m, err})
			wrong = errors.Join(wrong, &NotIssued{id, m, err})
		case issued:
			done.Statements++
		}
	}
	done.Customers = len(all)
	return done, wrong
}

// issue issues a customer's statement, if it has a currency and no statement yet.
func (c *Coin) issue(ctx context.Context, by servicecoin.Actor, id servicecoin.CustomerID, m calendar.Month) (bool, error) {
	account := c.Account(ctx, id)
	customer, err := account.Customer()
	if err != nil || customer.Currency == "" {
		return false, err
	}
	statements := account.Statements()
	accounts, err := statements.Accounts(ctx, m)
	if err != nil {
		return false, err
	}
	there := make(map[money.Currency]bool) // accounts that have theirs
	for _, c := range accounts {
		standing, err := statements.Account(c).Month(ctx, m)
		if err != nil {
			return false, err
		}
		if standing.Edition > 0 {
			there[standing.Currency] = true
		}
	}
	if len(accounts) > 0 && len(there) == len(accounts) {
		return false, nil
	}
	issued, err := statements.IssueEach(ctx, by, m)
	if err == nil && len(issued) == 0 { // says why
		_, err = statements.Issue(ctx, by, m)
		return err == nil, err
	}
	return slices.ContainsFunc(issued, func(st cost.Statement) bool { return !there[st.Currency] }), err
}

// Package costroom is the room of package metering/cost, with the prices of
// metering/rating, in the exchange: credits that promises give, and what a month
// costs.
package costroom

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// Name is the name of the room.
const Name = "cost"

// Options are what a host may set for the room.
type Options struct {
	// Ledger is where statements read what was used; nil: nothing is metered.
	Ledger func(b exchange.Base, customer servicecoin.Customer) *metering.Ledger
	// Excesses are what a customer used beyond limits and is charged for; nil: nothing.
	Excesses func(b exchange.Base, customer servicecoin.Customer) cost.Excesses
	// Rates tells what units of the host's own, in which prices may be, are worth; nil:
	// there are none.
	Rates cost.Rates
}

// Nouns are the nouns of the room over a base.
type Nouns struct {
	exchange.Base
	Options
}

// On returns the same nouns over another base: that of a commit.
func (n Nouns) On(b exchange.Base) Nouns { return Nouns{b, n.Options} }

// Prices is the provider's price list.
func (n Nouns) Prices() *rating.PriceList { return rating.New(n.Provider()) }

// Statements is what one customer is charged, in its zone and currency.
func (n Nouns) Statements(customer servicecoin.Customer) *cost.Statements {
	var usage cost.Usage
	if n.Ledger != nil {
		usage = n.Ledger(n.Base, customer)
	}
	o := &cost.Options{Rates: n.Rates}
	if n.Excesses != nil {
		o.Excesses = n.Excesses(n.Base, customer)
	}
	return cost.New(n.Of(customer.ID), customer, usage, n.Prices(), o)
}

// Room is the room in the exchange.
func (n Nouns) Room() exchange.Room {
	return exchange.Room{
		Name: Name, Side: exchange.Management,
		Links: []exchange.Link{n.credit()},
		Spin:  &exchange.Gatherer{Rows: n.rows, Figures: n.gather},
		Forget: func(ctx context.Context, by servicecoin.Actor, id servicecoin.CustomerID) error {
			return n.Prices().Forget(ctx, by, id)
		},
		Reindex: func(ctx context.Context, s *store.Store) (int, error) {
			prices, err := rating.Reindex(ctx, s)
			if err != nil {
				return prices, err
			}
			rest, err := cost.Reindex(ctx, s)
			return prices + rest, err
		},
	}
}

// credit is the link that takes a credit, or its correction, off the month's
// charge.
func (n Nouns) credit() exchange.Link {
	l := exchange.When(n.Base, "credit.charge", "sla", Name, []string{sla.EventCreditProposed, sla.EventCreditCorrected},
		func(ctx context.Context, w exchange.Work, change sla.CreditChanged) error {
			customer, err := w.Known(ctx, w.Customer)
			if err != nil || customer.Currency == "" {
				return err // there are no statements
			}
			reason := "Promise not kept in " + change.Month.String()
			if w.Event.Name == sla.EventCreditCorrected {
				reason = "Correction of the credit for " + change.Month.String()
			}
			_, err = n.On(w.Base).Statements(customer).Credit(ctx, exchange.By(), cost.Credit{
				Reference: w.Event.Subject, Service: change.Service, Month: change.Month,
				Percent: servicecoin.Some(change.Percent), Reason: reason, Because: change.Outages,
			})
			return err
		})
	l.EndedBy = l.Name // a correction takes back what was given
	return l
}

// Charged is what a service costs in a month.
type Charged struct {
	Charge       money.Amount        `json:"charge"`       // before credits; null: not known
	Total        money.Amount        `json:"total"`        // with credits and corrections
	CreditAmount money.Amount        `json:"creditAmount"` // taken off the statement, below zero; null: nothing is yet
	Trace        []servicecoin.Trace `json:"trace"`        // the lines of the statement
}

// Credited is what was taken off for promises that were not kept.
type Credited struct {
	Amount money.Amount `json:"amount"` // below zero; null: nothing is yet
}

// Statement is that of the month.
type Statement struct {
	Currency money.Currency `json:"currency"`
	State    cost.State     `json:"state"` // draft or issued
	Total    money.Amount   `json:"total"` // null: not known
	// Others are other currencies in which something of the month is charged: each is a
	// statement of its own.
	Others []money.Currency `json:"others,omitempty"`
}

func (n Nouns) statement(ctx context.Context, s *exchange.Spinning) (*cost.Statement, error) {
	return exchange.Once(s, Name, func() (*cost.Statement, error) {
		if s.Whose().Currency == "" {
			return nil, nil //nolint:nilnil // there are no statements
		}
		statements := n.Statements(s.Whose())
		st, err := statements.Get(ctx, s.Month())
		if errors.Is(err, servicecoin.ErrNotFound) {
			st, err = statements.Draft(ctx, s.Month())
		}
		if err != nil {
			return nil, fmt.Errorf("statement of %s: %w", s.Month(), err)
		}
		return &st, nil
	})
}

// rows names the services that are charged for in the month.
func (n Nouns) rows(ctx context.Context, s *exchange.Spinning) error {
	st, err := n.statement(ctx, s)
	if err != nil || st == nil {
		return err
	}
	for _, l := range st.Lines {
		s.Row(l.Service)
	}
	return nil
}

// gather reads the statement: the one that was issued, or a draft.
func (n Nouns) gather(ctx context.Context, s *exchange.Spinning) error {
	st, err := n.statement(ctx, s)
	if err != nil || st == nil {
		return err
	}
	s.PutWhole(exchange.Management, Statement{Currency: st.Currency, State: st.State, Total: st.Total, Others: st.Others})
	totals, err := st.Services()
	if err != nil {
		return err
	}
	charged := map[servicecoin.ServiceID]Charged{}
	for _, t := range totals {
		charged[t.Service] = Charged{Charge: t.Charged, Total: t.Total, CreditAmount: t.Credited}
	}
	trace := st.Trace()
	for i, l := range st.Lines {
		c := charged[l.Service]
		c.Trace = append(c.Trace, trace.Parts[i])
		charged[l.Service] = c
	}
	for _, id := range s.Rows() {
		c := charged[id]
		if c.Trace == nil {
			c.Trace = []servicecoin.Trace{}
		}
		s.Put(id, exchange.Adoption, c)
		if c.CreditAmount.Defined() {
			s.Put(id, exchange.Management, Credited{c.CreditAmount})
		}
	}
	return nil
}

// Lines implements exchange.Figures.
func (c Charged) Lines() []exchange.Line {
	text := "charge unknown"
	if c.Charge.Defined() {
		text = "charge " + c.Charge.String()
	}
	return []exchange.Line{{Text: text, Evidence: c.Trace}}
}

// Lines implements exchange.Figures.
func (c Credited) Lines() []exchange.Line {
	return []exchange.Line{{Text: "credit " + c.Amount.String()}}
}

// Lines implements exchange.Figures.
func (s Statement) Lines() []exchange.Line {
	total := "unknown"
	if s.Total.Defined() {
		total = s.Total.String()
	}
	lines := []exchange.Line{{Text: string(s.State) + " of statement: " + total}}
	for _, c := range s.Others {
		lines = append(lines, exchange.Line{Text: "and a statement in " + string(c)})
	}
	return lines
}

// Customers returns the customers that are charged for something, or whom a bill was
// delivered for, in byte order.
func (n Nouns) Customers(ctx context.Context) ([]servicecoin.CustomerID, error) {
	var list []servicecoin.CustomerID
	for i, err := range cost.ItemsAcross(n.Store).Items(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, i.Key.Customer)
	}
	for d, err := range cost.DeliveriesAcross(n.Store).Items(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, d.Key.Customer)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

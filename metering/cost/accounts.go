package cost

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
)

// Account returns the same statements in another currency of the customer: a change of
// currency begins a new account. What is charged in a currency, and what is corrected of
// months that were issued in it, is in statements of its account; a month may have one
// in each. [Statements.Accounts] names them.
func (s *Statements) Account(c money.Currency) *Statements {
	other := *s
	other.account = c
	if err := c.Validate(); err != nil {
		var v servicecoin.Violations
		v.Merge("account", err)
		other.view = other.view.With(v.Err())
	}
	return &other
}

// main reports whether it is the account in which the customer is charged now.
func (s *Statements) main() bool { return s.account == money.Currency(s.customer.Currency) }

// Accounts returns the currencies in which the customer is charged in a month, or in
// which a month was issued that its statement looks at again, in byte order: each has a
// statement of its own, if it has lines.
func (s *Statements) Accounts(ctx context.Context, m calendar.Month) ([]money.Currency, error) {
	now, err := s.reckoned(ctx, m)
	if err != nil {
		return nil, err
	}
	all := make(map[money.Currency]bool)
	for i, err := range s.Items("").All(ctx) {
		if err != nil {
			return nil, err
		}
		period := i.In(now.period)
		if period.Empty() {
			continue
		}
		pieces, err := s.pieces(ctx, i, period, now)
		if err != nil {
			return nil, err
		}
		for _, p := range pieces {
			all[p.price.Price.Currency] = true
		}
	}
	beyond, err := s.excesses(ctx, now, nil)
	if err != nil {
		return nil, err
	}
	if len(beyond) > 0 {
		all[now.currency] = true
	}
	maps.Copy(all, now.others)
	for c, err := range s.Credits(m).All(ctx) {
		if err != nil {
			return nil, err
		}
		if c.Amount.Defined() {
			all[c.Amount.Currency()] = true
		}
	}
	for r, err := range s.Rows(m, "").All(ctx) {
		if err != nil {
			return nil, err
		}
		if r.Amount.Defined() {
			all[r.Amount.Currency()] = true
		}
	}
	for standing, err := range store.Of(s.view, months).Find(store.By("month").To(store.Text(m.String()))).All(ctx) {
		if err != nil {
			return nil, err
		}
		if standing.Edition > 0 && (standing.Due || standing.Month == m || s.sees(standing.Month, m)) {
			all[standing.Currency] = true
		}
	}
	return slices.Sorted(maps.Keys(all)), nil
}

// IssueEach issues the statement of a month in each account of the customer that has
// lines in it, as [Statements.Issue] does: in byte order of the currencies.
func (s *Statements) IssueEach(ctx context.Context, by servicecoin.Actor, m calendar.Month) ([]Statement, error) {
	accounts, err := s.Accounts(ctx, m)
	if err != nil {
		return nil, err
	}
	var list []Statement
	for _, c := range accounts {
		on := s.Account(c)
		if standing, err := on.own(ctx, m); err != nil {
			return list, err
		} else if standing.Edition == 0 {
			draft, err := on.Draft(ctx, m)
			if err != nil {
				return list, err
			}
			if len(draft.Lines) == 0 {
				continue
			}
		}
		st, err := on.Issue(ctx, by, m)
		if err != nil {
			return list, err
		}
		list = append(list, st)
	}
	return list, nil
}

// id returns the id of the record: months that were issued in one account only have the
// plain one.
func (m Month) id() string {
	if m.Beside {
		return store.JoinID(m.Month.String(), string(m.Currency))
	}
	return m.Month.String()
}

// own returns where a month stands in the account. One that nothing happened to is open;
// it is a record beside another one if that is of another account.
func (s *Statements) own(ctx context.Context, m calendar.Month) (Month, error) {
	if err := s.view.Err(); err != nil {
		return Month{}, err
	}
	if err := m.Validate(); err != nil {
		return Month{}, err
	}
	c := store.Of(s.view, months)
	first, err := c.Get(ctx, m.String())
	switch {
	case errors.Is(err, servicecoin.ErrNotFound):
		return Month{Month: m}, nil
	case err != nil || first.Edition == 0 || first.Currency == s.account:
		return first, err
	}
	beside := Month{Month: m, Currency: s.account, Beside: true}
	standing, err := c.Get(ctx, beside.id())
	if errors.Is(err, servicecoin.ErrNotFound) {
		return beside, nil
	}
	return standing, err
}

// accounts returns the records of a month, one for each account in which it is issued.
func (s *Statements) accounts(ctx context.Context, m calendar.Month) ([]Month, error) {
	var list []Month
	for standing, err := range store.Of(s.view, months).Find(store.By("month", store.Text(m.String()))).All(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, standing)
	}
	return list, nil
}

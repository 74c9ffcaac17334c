package main

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store"
)

// statementArea is what a customer is charged.
func (p *portal) statementArea() area {
	return area{
		pages: map[string]route{
			"GET /customers/{customer}/statement":          {ofOwner, p.showStatement},
			"GET /customers/{customer}/statement/rows":     {ofOwner, p.showRows},
			"GET /customers/{customer}/statement/line":     {ofOwner, p.showLine},
			"GET /customers/{customer}/statement.csv":      {ofOwner, p.statementCSV},
			"GET /customers/{customer}/statement.json":     {ofOwner, p.statementJSON},
			"POST /customers/{customer}/statement/issue":   {providers, p.issueStatement},
			"POST /customers/{customer}/statement/replace": {providers, p.replaceStatement},
		},
		of:    toCustomer("Statement", "statement"),
		money: true,
	}
}

// statementPage is what a month costs, line by line, down to the events.
type statementPage struct {
	page
	monthly

	Paper    *paper // nil: there is none
	Why      string // why there is none
	Traces   map[string]tracePart
	Events   map[string]string // the paths of what is behind a line of usage, by line
	Rows     map[string]rowsOf // the rows of a bill behind a line, by line
	MayIssue bool
	MayAgain bool // issue a further edition
	Proven   bool
	Query    string    // of this month, account and edition, for the files
	Others   []account // in which something is charged in the month, too
}

// account is a currency in which a customer is charged.
type account struct {
	Currency money.Currency
	Path     string // of the statement in it
}

// rowsOf leads to the rows of a bill.
type rowsOf struct {
	N    int
	Path string
}

func (p *portal) showStatement(w http.ResponseWriter, r *http.Request) error {
	return p.statement(w, r, nil)
}

// noCurrency is why there is no statement.
const noCurrency = "No currency was agreed with this customer, so nothing is charged."

func (p *portal) statement(w http.ResponseWriter, r *http.Request, problems error) error {
	ctx := r.Context()
	m, c, err := p.monthly(r, "statement")
	if err != nil {
		return err
	}
	v := statementPage{page: p.page(r, "Statement", m.Here), monthly: m, Query: m.Asked()}
	if problems != nil {
		v.Problem, v.Problems = inWords(problems)
	}
	if c.Currency == "" && m.Account == "" {
		v.Why = noCurrency
		return p.render(w, r, "statement.html", problem.Status(problems), v)
	}
	st, err := p.standing(r, c, m)
	if err != nil {
		return err
	}
	if v.Others, err = p.otherAccounts(ctx, c, &st, m); err != nil {
		return err
	}
	if len(v.Others) > 0 && len(st.Lines) == 0 && m.Account == "" && problems == nil { // charged before the currency changed, say
		http.Redirect(w, r, v.Others[0].Path, http.StatusSeeOther) //nolint:gosec // G710: a path of the portal
		return nil
	}
	if v.Paper, err = p.paper(ctx, c, &st); err != nil {
		return err
	}
	if st.State == cost.Superseded {
		v.Query += "&edition=" + strconv.Itoa(st.Edition)
	}
	v.Title = "Statement " + v.Paper.Number
	v.MayIssue = st.State == cost.Draft && m.Over && viewer(r).Role == manager && len(st.Lines) > 0
	v.MayAgain = st.State == cost.Issued && v.Paper.Due && viewer(r).Role == manager
	if v.Proven, err = st.Proves(); err != nil {
		return err
	}
	if err := p.evidence(r, c, &st, &v); err != nil {
		return err
	}
	return p.render(w, r, "statement.html", problem.Status(problems), v)
}

// standing returns the statement that a request asks for: an edition of the month,
// the one that holds, or what it would say now.
func (p *portal) standing(r *http.Request, c client, m monthly) (cost.Statement, error) {
	text := r.URL.Query().Get("edition")
	if text == "" {
		return holds(r.Context(), p.account(c, m.Account), m.Month)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		var bad servicecoin.Violations
		bad.Add("edition", "bad-number", text, "must be a whole number from 1")
		return cost.Statement{}, bad.Err()
	}
	return p.account(c, m.Account).Edition(r.Context(), m.Month, n)
}

// account returns the statements of a customer in a currency, "" for the one in which the
// customer is charged now.
func (p *portal) account(c client, in money.Currency) *cost.Statements {
	return inAccount(p.Statements(c.Customer), in)
}

func inAccount(s *cost.Statements, in money.Currency) *cost.Statements {
	if in == "" {
		return s
	}
	return s.Account(in)
}

// otherAccounts are those in which the customer has another statement of the month: none
// where that cannot be computed, so that what was issued stays to be read.
func (p *portal) otherAccounts(ctx context.Context, c client, st *cost.Statement, m monthly) ([]account, error) {
	all, err := p.Statements(c.Customer).Accounts(ctx, m.Month)
	if errors.Is(err, servicecoin.ErrInvalid) || errors.Is(err, servicecoin.ErrRefused) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []account
	for _, currency := range all {
		if currency != st.Currency {
			m.Account = currency
			list = append(list, account{currency, m.Here + m.Asked()})
		}
	}
	return list, nil
}

// holds returns the statement of a month that was issued, or a draft.
func holds(ctx context.Context, statements *cost.Statements, m calendar.Month) (cost.Statement, error) {
	st, err := statements.Get(ctx, m)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return statements.Draft(ctx, m)
	}
	return st, err
}

// evidence explains the lines of a statement.
func (p *portal) evidence(r *http.Request, c client, st *cost.Statement, v *statementPage) error {
	v.Traces, v.Events, v.Rows = map[string]tracePart{}, map[string]string{}, map[string]rowsOf{}
	rows, all := map[servicecoin.ServiceID]int{}, 0
	for _, f := range st.Facts {
		if f.Cost != nil {
			rows[f.Cost.Service] = f.Cost.Rows
			all += f.Cost.Rows
		}
	}
	trace := st.Trace()
	if all > 0 && all <= rowsInATrace {
		var err error
		if trace, err = p.Statements(c.Customer).Trace(r.Context(), st); err != nil {
			return err
		}
	}
	tell, err := p.teller(r)
	if err != nil {
		return err
	}
	for i, l := range st.Lines {
		if l.Kind == cost.CostLine {
			v.Rows[l.ID] = rowsOf{rows[l.Service], rowsPath(v.monthly, l.Service)}
		}
		if v.Traces[l.ID], err = tell.of(r.Context(), trace.Parts[i]); err != nil {
			return err
		}
	}
	for _, f := range st.Facts {
		if f.Charge != nil && f.Charge.Usage != nil {
			v.Events[f.ID()] = linePath(v.monthly, f.ID(), r.URL.Query().Get("edition"))
		}
		if f.Excess != nil {
			v.Events[f.ID()] = linePath(v.monthly, f.ID(), r.URL.Query().Get("edition"))
		}
	}
	return nil
}

func (p *portal) issueStatement(w http.ResponseWriter, r *http.Request) error {
	return p.afterIssue(w, r, func(c client, m monthly) error {
		return p.issue(r.Context(), c, func(s *cost.Statements) ([]cost.Statement, error) {
			st, err := inAccount(s, m.Account).Issue(r.Context(), viewer(r).actor(), m.Month)
			return []cost.Statement{st}, err
		})
	})
}

// replaceStatement issues a further edition, with the reason that its reader gets.
func (p *portal) replaceStatement(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	return p.afterIssue(w, r, func(c client, m monthly) error {
		return p.issue(r.Context(), c, func(s *cost.Statements) ([]cost.Statement, error) {
			st, err := inAccount(s, m.Account).Replace(r.Context(), viewer(r).actor(), m.Month, f.text("reason"))
			return []cost.Statement{st}, err
		})
	})
}

// afterIssue shows the statement that was issued, or why it was not.
func (p *portal) afterIssue(w http.ResponseWriter, r *http.Request, issue func(client, monthly) error) error {
	m, c, err := p.monthly(r, "statement")
	if err != nil {
		return err
	}
	return p.finish(w, r, issue(c, m), m.Here+m.Asked(), func(err error) error { return p.statement(w, r, err) })
}

var letterheads = store.Kind[letterhead]{Name: "portal.letterhead", ID: func(l letterhead) string { return l.ID }}

// issueMonth gives the statements of a month to the customer: one in each account that has
// lines in it.
func (p *portal) issueMonth(ctx context.Context, by servicecoin.Actor, c client, m calendar.Month) error {
	return p.issue(ctx, c, func(s *cost.Statements) ([]cost.Statement, error) {
		list, err := s.IssueEach(ctx, by, m)
		if err == nil && len(list) == 0 {
			_, err = s.Issue(ctx, by, m) // which says why there is none
		}
		return list, err
	})
}

// issue issues statements and keeps how they were addressed and taxed, in one commit.
func (p *portal) issue(ctx context.Context, c client, issue func(*cost.Statements) ([]cost.Statement, error)) error {
	return p.store.For(c.ID).Do(ctx, func(tx store.View) error {
		list, err := issue(p.Statements(c.Customer).On(tx))
		if err != nil {
			return err
		}
		return p.address(ctx, tx, c, list...)
	})
}

// address keeps how statements are addressed, of those of which it is not kept yet.
func (p *portal) address(ctx context.Context, view store.View, c client, list ...cost.Statement) error {
	heads := store.Of(view, letterheads)
	for i := range list {
		switch _, err := heads.Get(ctx, list[i].ID); {
		case err == nil:
		case !errors.Is(err, servicecoin.ErrNotFound):
			return err
		default:
			if err := kept(heads.Insert(ctx, p.letterhead(c, &list[i]))); err != nil {
				return err
			}
		}
	}
	return nil
}

// addressed keeps how the statements of a month are addressed, if they were issued without
// that, by the run of a month for everybody, say.
func (p *portal) addressed(ctx context.Context, c client, m calendar.Month) error {
	for st, err := range p.Statements(c.Customer).List().All(ctx) { // the latest month first
		if err != nil {
			return err
		}
		if st.Month.Compare(m) < 0 {
			break
		}
		if st.Month == m && st.State == cost.Issued {
			if err := p.address(ctx, p.store.For(c.ID), c, st); err != nil {
				return err
			}
		}
	}
	return nil
}

// letterhead is how a statement is addressed and taxed now.
func (p *portal) letterhead(c client, st *cost.Statement) letterhead {
	return letterhead{
		ID: st.ID, Provider: partyNamed{ownParty(), providerName}, Customer: partyNamed{c.party, c.Name},
		Tax: p.taxed(c, st.Month), CostCentre: c.CostCentre, CostCentres: c.CostCentres,
	}
}

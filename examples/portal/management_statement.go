package main

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/cost"
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
	Query    string // of this month and edition, for the files
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
	v := statementPage{page: p.page(r, "Statement", m.Here), monthly: m, Query: "?month=" + m.Month.String()}
	if problems != nil {
		v.Problem, v.Problems = inWords(problems)
	}
	if c.Currency == "" {
		v.Why = noCurrency
		return p.render(w, r, "statement.html", problem.Status(problems), v)
	}
	st, err := p.standing(r, c, m.Month)
	if err != nil {
		return err
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
func (p *portal) standing(r *http.Request, c client, m calendar.Month) (cost.Statement, error) {
	text := r.URL.Query().Get("edition")
	if text == "" {
		return p.holds(r.Context(), c, m)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		var bad servicecoin.Violations
		bad.Add("edition", "bad-number", text, "must be a whole number from 1")
		return cost.Statement{}, bad.Err()
	}
	return p.Statements(c.Customer).Edition(r.Context(), m, n)
}

// holds returns the statement of a month that was issued, or a draft.
func (p *portal) holds(ctx context.Context, c client, m calendar.Month) (cost.Statement, error) {
	statements := p.Statements(c.Customer)
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
	return p.afterIssue(w, r, func(c client, m calendar.Month) error {
		_, err := p.issue(r.Context(), viewer(r).actor(), c, m)
		return err
	})
}

// replaceStatement issues a further edition, with the reason that its reader gets.
func (p *portal) replaceStatement(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	return p.afterIssue(w, r, func(c client, m calendar.Month) error {
		_, err := p.issueBy(r.Context(), c, func(s *cost.Statements) (cost.Statement, error) {
			return s.Replace(r.Context(), viewer(r).actor(), m, f.text("reason"))
		})
		return err
	})
}

// afterIssue shows the statement that was issued, or why it was not.
func (p *portal) afterIssue(w http.ResponseWriter, r *http.Request, issue func(client, calendar.Month) error) error {
	m, c, err := p.monthly(r, "statement")
	if err != nil {
		return err
	}
	return p.finish(w, r, issue(c, m.Month), m.Here+"?month="+m.Month.String(), func(err error) error { return p.statement(w, r, err) })
}

var letterheads = store.Kind[letterhead]{Name: "portal.letterhead", ID: func(l letterhead) string { return l.ID }}

// issue gives the statement of a month to the customer.
func (p *portal) issue(ctx context.Context, by servicecoin.Actor, c client, m calendar.Month) (cost.Statement, error) {
	return p.issueBy(ctx, c, func(s *cost.Statements) (cost.Statement, error) { return s.Issue(ctx, by, m) })
}

// issueBy issues a statement and keeps how it was addressed and taxed, in one commit.
func (p *portal) issueBy(ctx context.Context, c client, issue func(*cost.Statements) (cost.Statement, error)) (cost.Statement, error) {
	var st cost.Statement
	err := p.store.For(c.ID).Do(ctx, func(tx store.View) (err error) {
		if st, err = issue(p.Statements(c.Customer).On(tx)); err != nil {
			return err
		}
		heads := store.Of(tx, letterheads)
		if _, err = heads.Get(ctx, st.ID); !errors.Is(err, servicecoin.ErrNotFound) {
			return err // issued before, or a failure
		}
		return heads.Insert(ctx, p.letterhead(c, &st))
	})
	return st, err
}

// addressed keeps how the statement of a month is addressed, if it was issued without
// that, by the run of a month for everybody, say.
func (p *portal) addressed(ctx context.Context, c client, m calendar.Month) error {
	st, err := p.Statements(c.Customer).Get(ctx, m)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return nil
	}
	if err == nil {
		err = kept(store.Of(p.store.For(c.ID), letterheads).Insert(ctx, p.letterhead(c, &st)))
	}
	return err
}

// letterhead is how a statement is addressed and taxed now.
func (p *portal) letterhead(c client, st *cost.Statement) letterhead {
	return letterhead{
		ID: st.ID, Provider: partyNamed{ownParty(), providerName}, Customer: partyNamed{c.party, c.Name},
		Tax: p.taxed(c, st.Month), CostCentre: c.CostCentre, CostCentres: c.CostCentres,
	}
}

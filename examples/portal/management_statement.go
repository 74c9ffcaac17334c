package main

import (
	"errors"
	"net/http"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/problem"
)

// statementArea is what a customer is charged.
func (p *portal) statementArea() area {
	return area{
		pages: map[string]route{
			"GET /customers/{customer}/statement":        {ofOwner, p.showStatement},
			"POST /customers/{customer}/statement/issue": {providers, p.issueStatement},
		},
		of:    toCustomer("Statement", "statement"),
		money: true,
	}
}

// statementPage is what a month costs, line by line, down to the events.
type statementPage struct {
	page
	monthly

	Statement *cost.Statement // nil: there is none
	Why       string          // why there is none
	Totals    []cost.ServiceTotal
	Lines     []statementLine
	Names     namesByID
	MayIssue  bool
	Due       bool
	Proven    bool
}

type statementLine struct {
	cost.Line

	Trace  tracePart
	Events string // the path of the usage events
}

func (p *portal) showStatement(w http.ResponseWriter, r *http.Request) error {
	return p.statement(w, r, nil)
}

func (p *portal) statement(w http.ResponseWriter, r *http.Request, problems error) error {
	ctx := r.Context()
	m, c, err := p.monthly(r, "statement")
	if err != nil {
		return err
	}
	v := statementPage{page: p.page(r, "Statement", m.Here), monthly: m}
	if problems != nil {
		v.Problem, v.Problems = inWords(problems)
	}
	if c.Currency == "" {
		v.Why = "No currency was agreed with this customer, so nothing is charged."
		return p.render(w, r, "statement.html", problem.Status(problems), v)
	}
	if v.Names, err = p.names(ctx); err != nil {
		return err
	}
	statements := p.Statements(c.Customer)
	st, err := statements.Get(ctx, m.Month)
	if errors.Is(err, servicecoin.ErrNotFound) {
		st, err = statements.Draft(ctx, m.Month)
	}
	if err != nil {
		return err
	}
	standing, err := statements.Month(ctx, m.Month)
	if err != nil {
		return err
	}
	v.Statement, v.Due = &st, standing.Due
	v.MayIssue = st.State == cost.Draft && m.Over && viewer(r).Role == manager && len(st.Lines) > 0
	if v.Totals, err = st.Services(); err != nil {
		return err
	}
	if v.Proven, err = st.Proves(); err != nil {
		return err
	}
	tell, err := p.teller(r)
	if err != nil {
		return err
	}
	trace, err := statements.Trace(ctx, &st)
	if err != nil {
		return err
	}
	meters := map[string]metering.MeterID{}
	for item, err := range statements.Items("").All(ctx) {
		if err != nil {
			return err
		}
		meters[string(item.ID)] = item.Meter
	}
	for i, l := range st.Lines {
		line := statementLine{Line: l}
		if line.Trace, err = tell.of(ctx, trace.Parts[i]); err != nil {
			return err
		}
		for _, f := range st.Facts {
			if f.Charge != nil && f.Charge.Usage != nil && f.Charge.Item.Name == l.Label && f.Charge.Item.Service == l.Service {
				line.Events = customerPath(c.ID, "usage", string(f.Charge.Usage.Meter)) + "?month=" + m.Month.String()
			}
		}
		v.Lines = append(v.Lines, line)
	}
	return p.render(w, r, "statement.html", problem.Status(problems), v)
}

func (p *portal) issueStatement(w http.ResponseWriter, r *http.Request) error {
	m, c, err := p.monthly(r, "statement")
	if err != nil {
		return err
	}
	_, err = p.Statements(c.Customer).Issue(r.Context(), viewer(r).actor(), m.Month)
	if errors.Is(err, servicecoin.ErrRefused) || errors.Is(err, servicecoin.ErrInvalid) {
		return p.statement(w, r, err)
	}
	if err != nil {
		return err
	}
	p.happened(r.Context())
	seeOther(w, m.Here+"?month="+m.Month.String())
	return nil
}

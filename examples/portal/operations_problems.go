package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/problem"
)

// problemsArea is where people of a customer say that something does not work, and
// read what became of it.
func (p *portal) problemsArea() area {
	return area{
		pages: map[string]route{
			"GET /customers/{customer}/problems":  {ofCustomer, p.showProblems},
			"POST /customers/{customer}/problems": {ofCustomer, p.reportProblem},
		},
		of:   toCustomer("Report a problem", "problems"),
		done: map[string]string{"reported": "We have your report. It stands below, and what we answer will stand there, too."},
	}
}

type problemsPage struct {
	page
	pager

	Customer servicecoin.Customer
	Here     string
	Form     url.Values
	ID       string
	Services []catalog.Service // that the customer has
	Levels   []incident.Level
	Wrong    fieldProblems
	List     []problemPart
}

// problemPart is what a customer reported, as the customer sees it.
type problemPart struct {
	incident.ReportedProblem

	Service string
	Stands  string
	Tone    string
	Path    string // where everybody reads of it; "" if nobody does
	Record  string // the whole record, for the provider's people
}

func (p *portal) showProblems(w http.ResponseWriter, r *http.Request) error {
	return p.problems(w, r, problemsPage{ID: p.store.NewID()}, nil)
}

func (p *portal) problems(w http.ResponseWriter, r *http.Request, v problemsPage, problems error) error {
	const most = 20
	ctx, who := r.Context(), viewer(r)
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	v.Here = customerPath(c.ID, "problems")
	v.page, v.Customer, v.Levels = p.page(r, "Report a problem", v.Here), c.Customer, incident.Levels()[1:]
	if problems != nil {
		v.Problem, v.Problems = inWords(problems)
		v.Wrong = problemsAt(problems, map[string]string{"reporter.service": "service", "reporter.level": "level", "reporter.text": "text"})
	}
	if v.Services, err = p.servicesOf(ctx, c.ID); err != nil {
		return err
	}
	all, err := p.services(ctx)
	if err != nil {
		return err
	}
	reported, ways, err := listed(r, p.Desk().ReportedFor(c.ID), most)
	if err != nil {
		return err
	}
	v.pager = ways
	names := namesOf(all)
	for _, item := range reported.Items {
		i := item.Value
		seen, _ := i.ForReporter()
		part := problemPart{ReportedProblem: seen, Service: names.Of(seen.Reporter.Service)}
		part.Stands, part.Tone = standsForReporter(i.State)
		if who.Provider() {
			part.Record = "/incidents/" + url.PathEscape(string(i.ID))
		}
		if _, visible := told(&i, public(all), v.Now); visible {
			part.Path = "/status/" + url.PathEscape(string(i.ID))
		}
		v.List = append(v.List, part)
	}
	return p.render(w, r, "problems.html", problem.Status(problems), v)
}

// standsForReporter says where a report stands, to who made it.
func standsForReporter(s incident.State) (words, tone string) {
	switch s {
	case incident.Reported:
		return "We have it", "warn"
	case incident.Acknowledged, incident.Pending:
		return "We are at it", "warn"
	case incident.Resolved, incident.Closed:
		return "Solved", "good"
	case incident.Cancelled:
		return "Not taken further", "none"
	}
	return "", "none"
}

// servicesOf are the services that a customer has now, by name. What is internal
// cannot be ordered, and is left out all the same.
func (p *portal) servicesOf(ctx context.Context, c servicecoin.CustomerID) ([]catalog.Service, error) {
	const most = 500
	has := map[servicecoin.ServiceID]bool{}
	for _, state := range []catalog.SubscriptionState{catalog.SubscriptionActive, catalog.SubscriptionSuspended, catalog.SubscriptionDeparting} {
		page, err := p.Subscriptions(c).InState(state).Page(ctx, "", most)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			has[item.Value.Service] = true
		}
	}
	all, err := p.services(ctx)
	return slices.DeleteFunc(public(all), func(s catalog.Service) bool { return !has[s.ID] }), err
}

func (p *portal) reportProblem(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	ctx, by := r.Context(), viewer(r).actor()
	x := incident.Problem{
		ID: servicecoin.IncidentID(p.formID(f)), Customer: c.ID, Service: servicecoin.ServiceID(f.text("service")),
		Level: incident.Level(f.text("level")), Title: f.text("title"), Text: f.text("text"), Began: p.timeIn(f, "began"),
	}
	has, err := p.servicesOf(ctx, c.ID)
	if err != nil {
		return err
	}
	if x.Service != "" && !slices.ContainsFunc(has, func(s catalog.Service) bool { return s.ID == x.Service }) {
		f.bad.Add("reporter.service", "unknown", "", "choose one of your services")
	}
	v := problemsPage{Form: f.r.PostForm, ID: string(x.ID)}
	if f.bad.Err() != nil { // ask the rules all the same
		return p.problems(w, r, v, f.err(x.Validate(by, p.store.Now())))
	}
	_, err = p.Desk().Report(ctx, by, x)
	switch {
	case errors.Is(err, servicecoin.ErrInvalid):
		return p.problems(w, r, v, f.err(err))
	case errors.Is(err, servicecoin.ErrExists): // sent again
		i, err := p.Desk().Get(ctx, x.ID)
		if err != nil {
			return err
		}
		if i.Reporter == nil || i.Reporter.Customer != c.ID || i.Timeline[0].Text != x.Title || i.Reporter.Text != x.Text || i.Reporter.Service != x.Service {
			v.ID = p.store.NewID()
			return p.problems(w, r, v, &servicecoin.RefusedError{Subject: incident.Key(x.ID), Verb: incident.VerbReport, Why: "you sent this form before, and have changed it since. To report this, too, send it again."})
		}
	case err != nil:
		return err
	}
	p.happened(ctx)
	seeOther(w, confirmed(customerPath(c.ID, "problems"), "reported"))
	return nil
}

package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/problem"
)

// incidentsArea is where incidents are worked on, and their follow-ups.
func (p *portal) incidentsArea() area {
	return area{
		pages: map[string]route{
			"GET /incidents":              {providers, p.showIncidents},
			"GET /incidents.csv":          {providers, p.incidentsFile},
			"GET /incidents/new":          {providers, p.showNewIncident},
			"POST /incidents":             {providers, p.openIncident},
			"GET /incidents/{id}":         {providers, p.showIncident},
			"POST /incidents/{id}/{verb}": {providers, p.changeIncident},
			"GET /followups":              {providers, p.showFollowUps},
		},
		nav:  toProviders(navItem{Path: "/incidents", Name: "Incidents"}, navItem{Path: "/followups", Name: "Follow-ups"}),
		work: []chore{p.liveIncidents(), p.overdueFollowUps()},
	}
}

type incidentsPage struct {
	page
	pager

	List     []incidentRow
	Query    incidentQuery
	Services []catalog.Service
	States   []incident.State
	Levels   []incident.Level
	Sortings []sorting
	Wrong    fieldProblems
	File     string
	Cut      bool // the search ended before the page was full
}

type incidentRow struct {
	incident.Incident

	Level    incident.Level
	Names    []string
	Priority string
	Lasts    string
	Overdue  int
	From     string // the customer who reported it
}

func (p *portal) showIncidents(w http.ResponseWriter, r *http.Request) error {
	const most = 50
	ctx, now := r.Context(), p.store.Now()
	loc, err := p.zone(r)
	if err != nil {
		return err
	}
	all, err := p.services(ctx)
	if err != nil {
		return err
	}
	names := namesOf(all)
	v := incidentsPage{page: p.page(r, "Incidents", "/incidents"), Services: all, States: incident.States(), Levels: incident.Levels()[1:], Sortings: sortings()}
	if v.Query, err = readIncidentQuery(r.URL.Query(), loc); err != nil {
		v.Problem, v.Problems = inWords(err)
		v.Wrong = problemsAt(err, nil)
		return p.render(w, r, "incidents.html", problem.Status(err), v)
	}
	found, ways, err := listed(r, p.listIncidents(v.Query, names), most)
	if err != nil {
		return err
	}
	for _, item := range found.Items {
		row := p.row(item.Value, names, now)
		if row.From, err = p.reporterName(ctx, &row.Incident); err != nil {
			return err
		}
		v.List = append(v.List, row)
	}
	v.pager, v.File = ways, v.Query.address("/incidents.csv")
	v.Cut = v.Next != "" && len(found.Items) < most
	return p.render(w, r, "incidents.html", 0, v)
}

// reporterName is the name of the customer who reported an incident, "" for others.
func (p *portal) reporterName(ctx context.Context, i *incident.Incident) (string, error) {
	if i.Reporter == nil {
		return "", nil
	}
	c, err := p.host.clients().Get(ctx, string(i.Reporter.Customer))
	if errors.Is(err, servicecoin.ErrNotFound) {
		return string(i.Reporter.Customer), nil
	}
	return c.Name, err
}

func (p *portal) row(i incident.Incident, names namesByID, now time.Time) incidentRow {
	row := incidentRow{Incident: i, Level: worst(i), Priority: p.priority(i), Overdue: len(i.OverdueFollowUps(now)), Lasts: "going on for " + between(i.Began, now)}
	if i.State == incident.Cancelled {
		row.Lasts = ""
	} else if d, over := i.TimeToRestore(); over {
		row.Lasts = between(i.Began, i.Began.Add(d))
	}
	for _, s := range i.Services() {
		row.Names = append(row.Names, names.Of(s))
	}
	if len(row.Names) == 0 && i.Reporter != nil && i.Reporter.Service != "" {
		row.Names = []string{names.Of(i.Reporter.Service)} // as the customer says
	}
	return row
}

// worst returns the worst level that an incident ever had.
func worst(i incident.Incident) incident.Level {
	level := incident.Unaffected
	for _, e := range i.Effects {
		level = incident.Worst(level, e.Level)
	}
	return level
}

func (p *portal) priority(i incident.Incident) string {
	for _, g := range p.Desk().Matrix().Priorities {
		if g.Value == i.Priority {
			return g.Name
		}
	}
	return ""
}

type newIncidentPage struct {
	page

	Form     url.Values
	ID       string // of the incident that the form makes, however often it is sent
	Services []catalog.Service
	Levels   []incident.Level
	Matrix   incident.Matrix
	People   []person
	Wrong    fieldProblems
	There    string // the record that the form has made already
}

// Checked reports whether a service was ticked in the form.
func (v newIncidentPage) Checked(id servicecoin.ServiceID) bool {
	return slices.Contains(v.Form["service"], string(id))
}

func (p *portal) showNewIncident(w http.ResponseWriter, r *http.Request) error {
	return p.newIncident(w, r, newIncidentPage{ID: p.store.NewID()}, nil)
}

// fieldsOfReport is where the violations of a report stand in the form.
func fieldsOfReport() map[string]string {
	return map[string]string{"effects": "service", ".service": "service", ".level": "level", ".from": "began"}
}

func (p *portal) newIncident(w http.ResponseWriter, r *http.Request, v newIncidentPage, problems error) error {
	v.page, v.Levels, v.Matrix = p.page(r, "Report an incident", "/incidents"), incident.Levels()[1:], p.Desk().Matrix()
	var err error
	if v.Services, err = p.services(r.Context()); err != nil {
		return err
	}
	if v.People, err = p.colleagues(r.Context()); err != nil {
		return err
	}
	if problems != nil {
		v.Problem, v.Problems = inWords(problems)
		v.Wrong = problemsAt(problems, fieldsOfReport())
	}
	if v.There != "" {
		v.Problem, v.Problems = "This is reported already", []string{"You sent this form before, and have changed it since. What you changed is not in the record. To make a second one of it, report it now."}
	}
	return p.render(w, r, "incident_new.html", problem.Status(problems), v)
}

func (p *portal) openIncident(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, at := r.Context(), p.store.Now()
	report := p.readReport(ctx, f, at)
	v := newIncidentPage{Form: f.r.PostForm, ID: string(report.ID)}
	if f.bad.Err() != nil { // ask the rules all the same, to hear of everything at once
		report.Matrix = new(p.Desk().Matrix())
		_, err := incident.Open(viewer(r).actor(), at, report)
		return p.newIncident(w, r, v, f.err(err))
	}
	i, err := p.Desk().Open(ctx, viewer(r).actor(), report)
	switch {
	case errors.Is(err, servicecoin.ErrInvalid):
		return p.newIncident(w, r, v, f.err(err))
	case errors.Is(err, servicecoin.ErrExists): // sent again, by a click more or after a step back
		if i, err = p.Desk().Get(ctx, report.ID); err != nil {
			return err
		}
		if !sameReport(&i, report, viewer(r)) {
			v.There, v.ID = "/incidents/"+url.PathEscape(string(i.ID)), p.store.NewID()
			return p.newIncident(w, r, v, servicecoin.ErrExists)
		}
	case err != nil:
		return err
	}
	p.happened(ctx)
	seeOther(w, "/incidents/"+url.PathEscape(string(i.ID)))
	return nil
}

// readReport reads the form. How badly it is has to be chosen: what nobody chose is
// not published.
func (p *portal) readReport(ctx context.Context, f *form, at time.Time) incident.Report {
	report := incident.Report{
		ID: servicecoin.IncidentID(p.formID(f)), Title: f.text("title"), Headline: f.text("headline"), Description: f.text("description"),
		Began: p.timeIn(f, "began"), Impact: f.int("impact"), Urgency: f.int("urgency"), Assignee: p.colleague(ctx, f, "assignee"),
	}
	if report.Began.IsZero() {
		report.Began = at
	}
	level := incident.Level(f.text("level"))
	if level == "" {
		f.bad.Add("level", "required", "", "choose how badly")
	} else if err := level.Validate(); err != nil {
		f.bad.Merge("level", err)
		level = ""
	}
	if level == "" {
		level = incident.Information // nothing is opened with it
	}
	for _, s := range f.all("service") {
		if _, err := p.Catalog().Service(ctx, servicecoin.ServiceID(s)); err != nil {
			f.bad.Add("effects", "unknown", s, "is no service of this provider")
		}
		report.Effects = append(report.Effects, incident.Effect{Service: servicecoin.ServiceID(s), Level: level, From: report.Began})
	}
	if len(report.Effects) == 0 {
		f.bad.Add("effects", "required", "", "tick at least one")
	}
	return report
}

// sameReport reports whether an incident was opened by somebody with this very
// report. When it began is left out: an empty field is another time each time.
func sameReport(i *incident.Incident, r incident.Report, by person) bool {
	first := i.Timeline[0]
	if first.By != by.actor() || first.Text != r.Title || i.Headline != r.Headline || i.Description != r.Description {
		return false
	}
	return !slices.ContainsFunc(r.Effects, func(e incident.Effect) bool {
		return !slices.ContainsFunc(i.Effects, func(x incident.Effect) bool { return x.Service == e.Service && x.Level == e.Level })
	})
}

// happened lets the exchange work at once, so that the next page shows what
// followed. If it cannot, it does so a little later.
func (p *portal) happened(ctx context.Context) {
	p.changes.Add(1)
	if err := p.drain(context.WithoutCancel(ctx)); err != nil {
		p.log.WarnContext(ctx, "the exchange failed and tries again", "cause", err.Error())
	}
}

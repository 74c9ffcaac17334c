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

	List []incidentRow
	Next string // cursor of the next page
	More bool   // this is not the first page
}

type incidentRow struct {
	incident.Incident

	Level    incident.Level
	Names    []string
	Priority string
	Lasts    string
	Overdue  int
}

func (p *portal) showIncidents(w http.ResponseWriter, r *http.Request) error {
	const most = 50
	ctx, now := r.Context(), p.store.Now()
	after := r.URL.Query().Get("after")
	listed, err := p.Desk().Recent().Page(ctx, after, most)
	if err != nil {
		return err
	}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	v := incidentsPage{page: p.page(r, "Incidents", "/incidents"), Next: listed.Next, More: after != ""}
	for _, item := range listed.Items {
		v.List = append(v.List, p.row(item.Value, names, now))
	}
	return p.render(w, r, "incidents.html", 0, v)
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
	Services []catalog.Service
	Levels   []incident.Level
	Matrix   incident.Matrix
}

// Checked reports whether a service was ticked in the form.
func (v newIncidentPage) Checked(id servicecoin.ServiceID) bool {
	return slices.Contains(v.Form["service"], string(id))
}

func (p *portal) showNewIncident(w http.ResponseWriter, r *http.Request) error {
	return p.newIncident(w, r, url.Values{"level": {string(incident.Disruption)}}, nil)
}

func (p *portal) newIncident(w http.ResponseWriter, r *http.Request, filled url.Values, problems error) error {
	v := newIncidentPage{page: p.page(r, "Report an incident", "/incidents"), Form: filled, Levels: incident.Levels()[1:], Matrix: p.Desk().Matrix()}
	var err error
	if v.Services, err = p.services(r.Context()); err != nil {
		return err
	}
	if problems != nil {
		v.Problem, v.Problems = inWords(problems)
	}
	return p.render(w, r, "incident_new.html", problem.Status(problems), v)
}

func (p *portal) openIncident(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	report := incident.Report{
		Title: f.text("title"), Headline: f.text("headline"), Description: f.text("description"),
		Began: f.time("began"), Impact: f.int("impact"), Urgency: f.int("urgency"),
	}
	at := p.store.Now()
	if report.Began.IsZero() {
		report.Began = at
	}
	for _, s := range f.all("service") {
		if _, err := p.Catalog().Service(r.Context(), servicecoin.ServiceID(s)); err != nil {
			f.bad.Add("effects", "unknown", s, "is no service of this provider")
		}
		report.Effects = append(report.Effects, incident.Effect{Service: servicecoin.ServiceID(s), Level: incident.Level(f.text("level")), From: report.Began})
	}
	if len(report.Effects) == 0 {
		f.bad.Add("effects", "required", "", "tick at least one")
	}
	if f.bad.Err() != nil { // ask the rules all the same, to hear of everything at once
		report.ID, report.Matrix = "new", new(p.Desk().Matrix())
		_, err := incident.Open(viewer(r).actor(), at, report)
		return p.newIncident(w, r, f.r.PostForm, f.err(err))
	}
	i, err := p.Desk().Open(r.Context(), viewer(r).actor(), report)
	if errors.Is(err, servicecoin.ErrInvalid) {
		return p.newIncident(w, r, f.r.PostForm, f.err(err))
	}
	if err != nil {
		return err
	}
	p.happened(r.Context())
	seeOther(w, "/incidents/"+url.PathEscape(string(i.ID)))
	return nil
}

// happened lets the exchange work at once, so that the next page shows what
// followed. If it cannot, it does so a little later.
func (p *portal) happened(ctx context.Context) {
	if err := p.drain(context.WithoutCancel(ctx)); err != nil {
		p.log.WarnContext(ctx, "the exchange failed and tries again", "cause", err.Error())
	}
}

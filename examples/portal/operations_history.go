package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store"
)

// historyPage is what customers were told of, month by month, the last first.
type historyPage struct {
	page
	pager

	Asked     servicecoin.ServiceID
	Service   string // its name
	MonthText string
	Services  []catalog.Service
	Months    []historyMonth
	Wrong     fieldProblems
	Cut       bool
}

type historyMonth struct {
	Month calendar.Month
	List  []historyLine
}

type historyLine struct {
	incidentLine

	Names []string
}

func (p *portal) showHistory(w http.ResponseWriter, r *http.Request) error {
	const most = 25
	ctx, q := r.Context(), r.URL.Query()
	loc, err := p.zone(r)
	if err != nil {
		return err
	}
	all, err := p.services(ctx)
	if err != nil {
		return err
	}
	v := historyPage{page: p.page(r, "What happened", "/status"), Asked: servicecoin.ServiceID(q.Get("service")), MonthText: q.Get("month"), Services: public(all)}
	var during calendar.Interval
	if v.MonthText != "" {
		month, err := calendar.ParseMonth(v.MonthText)
		if err != nil {
			var bad servicecoin.Violations
			bad.Merge("month", err)
			v.Problem, v.Problems = inWords(bad.Err())
			v.Wrong = problemsAt(bad.Err(), nil)
			return p.render(w, r, "history.html", problem.Status(bad.Err()), v)
		}
		during = month.In(loc)
	}
	names := namesOf(v.Services)
	if v.Asked != "" {
		if names[v.Asked] == "" { // what is internal is not there
			return noPage(r)
		}
		v.Service = names[v.Asked]
	}
	found, ways, err := p.happenedIn(r, v.Asked, v.Services, during, most)
	if err != nil {
		return err
	}
	for _, i := range found {
		part, visible := told(&i, v.Services, v.Now)
		if !visible {
			continue
		}
		line := historyLine{incidentLine: incidentLine{ID: i.ID, Title: part.Headline, From: i.Began, Lasts: "going on", Path: "/status/" + url.PathEscape(string(i.ID))}}
		if !i.State.Live() && i.Headline == "" {
			line.Title = "An incident"
		}
		if d, over := i.TimeToRestore(); over {
			line.Lasts = between(i.Began, i.Began.Add(d))
		}
		for _, e := range part.Effects {
			line.Level = incident.Worst(line.Level, e.Level)
		}
		for _, s := range i.Services() {
			if name := names[s]; name != "" {
				line.Names = append(line.Names, name)
			}
		}
		v.add(calendar.MonthOf(i.Began, loc), line)
	}
	v.pager = ways
	v.Cut = v.Next != "" && v.Asked == "" && len(found) < most
	return p.render(w, r, "history.html", 0, v)
}

func (v *historyPage) add(m calendar.Month, line historyLine) {
	if n := len(v.Months); n == 0 || v.Months[n-1].Month != m {
		v.Months = append(v.Months, historyMonth{Month: m})
	}
	last := &v.Months[len(v.Months)-1]
	last.List = append(last.List, line)
}

// happenedIn is one page of the incidents that customers were told of, or of what was
// done to one service, which is looked up.
func (p *portal) happenedIn(r *http.Request, service servicecoin.ServiceID, list []catalog.Service, during calendar.Interval, most int) ([]incident.Incident, pager, error) {
	if service == "" {
		now := p.store.Now()
		page, ways, err := listed(r, p.Desk().Search(incident.Search{Began: during}).Where(func(i incident.Incident) bool {
			_, visible := told(&i, list, now)
			return visible && i.State != incident.Cancelled
		}), most)
		var found []incident.Incident
		for _, item := range page.Items {
			found = append(found, item.Value)
		}
		return found, ways, err
	}
	page, ways, err := listed(r, p.Desk().EffectsOn(service, during), most)
	if err != nil {
		return nil, pager{}, err
	}
	found, err := p.incidentsOf(r.Context(), page.Items)
	return found, ways, err
}

// incidentsOf gets the incidents whose effects these are.
func (p *portal) incidentsOf(ctx context.Context, list []store.Item[incident.ServiceEffects]) ([]incident.Incident, error) {
	var found []incident.Incident
	for _, item := range list {
		i, err := p.Desk().Get(ctx, item.Value.Incident)
		if errors.Is(err, servicecoin.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, i)
	}
	return found, nil
}

package main

import (
	"net/http"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store"
)

// showHome leads everybody to what is theirs.
func (p *portal) showHome(w http.ResponseWriter, r *http.Request) error {
	switch who := viewer(r); {
	case who.Provider():
		seeOther(w, "/customers")
	case who.ID != "":
		seeOther(w, customerPath(who.Customer))
	default:
		return p.showStatus(w, r)
	}
	return nil
}

type customersPage struct {
	page

	List []customerLine
}

type customerLine struct {
	client

	Path string
	Tone string
	Due  int    // reports that are due again
	Says string // the month in one sentence
}

// showCustomers lists whom the provider works for.
func (p *portal) showCustomers(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	v := customersPage{page: p.page(r, "Customers", "/customers")}
	for c, err := range p.host.clients().Find(store.All()).All(ctx) {
		if err != nil {
			return err
		}
		line := customerLine{client: c, Path: customerPath(c.ID)}
		due, err := collect(p.Keeper(c.ID).Due().All(ctx))
		if err != nil {
			return err
		}
		for _, d := range due {
			if !d.Month.In(c.zone()).End.After(p.store.Now()) { // the report of a month that goes on is not due yet
				line.Due++
			}
		}
		month, err := p.month(c, "")
		if err != nil {
			return err
		}
		spin, err := p.Spin(ctx, c.ID, month)
		if err != nil {
			return err
		}
		line.Says, line.Tone = spin.Sentence(), toneOf(spin)
		v.List = append(v.List, line)
	}
	return p.render(w, r, "customers.html", 0, v)
}

// publicIncidentPage is what everybody may see of an incident.
type publicIncidentPage struct {
	page
	livePart

	Effects []effectRow
}

func (p *portal) showPublicIncident(w http.ResponseWriter, r *http.Request) error {
	ctx, now := r.Context(), p.store.Now()
	i, err := p.Desk().Get(ctx, servicecoin.IncidentID(r.PathValue("id")))
	if err != nil {
		return err
	}
	all, err := p.services(ctx)
	if err != nil {
		return err
	}
	names := namesOf(all)
	part, visible := told(&i, public(all), now)
	if !visible {
		return noPage(r)
	}
	v := publicIncidentPage{livePart: part}
	v.page = p.page(r, v.Headline, "/status")
	for _, e := range v.livePart.Effects {
		row := effectRow{Effect: incident.Effect{Service: e.Service, Level: e.Level, From: e.From, Until: e.Until, Locations: e.Locations}, Name: names.Of(e.Service)}
		until := e.Until
		if until.IsZero() {
			until = now
		}
		row.Lasts = between(e.From, until)
		v.Effects = append(v.Effects, row)
	}
	return p.render(w, r, "incident_public.html", 0, v)
}

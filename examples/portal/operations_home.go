package main

import (
	"net/http"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
)

// showHome leads everybody to what is theirs.
func (p *portal) showHome(w http.ResponseWriter, r *http.Request) error {
	switch who := viewer(r); {
	case who.Provider():
		seeOther(w, "/work")
	case who.ID != "":
		seeOther(w, customerPath(who.Customer))
	default:
		return p.showStatus(w, r)
	}
	return nil
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

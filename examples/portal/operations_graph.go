package main

import (
	"net/http"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
)

// graphArea is what rests on what.
func (p *portal) graphArea() area {
	return area{
		pages: map[string]route{"GET /dependencies": {providers, p.showGraph}},
		nav:   toProviders(navItem{Path: "/dependencies", Name: "Dependencies"}),
	}
}

// graphPage is what rests on what: the order in which all is restored, and who
// is hit when something fails.
type graphPage struct {
	page

	Steps    []stepPart
	Findings []catalog.Finding
	Names    namesByID
	Services []catalog.Service
	Asked    servicecoin.ServiceID
	Impact   catalog.Impact
}

type stepPart struct {
	Place    int
	Services []servicecoin.ServiceID
	Level    int
	Wave     int
	Back     calendar.Elapsed
	RTO      calendar.Duration
	Why      tracePart
}

func (p *portal) showGraph(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	v := graphPage{page: p.page(r, "Dependencies", "/dependencies"), Asked: servicecoin.ServiceID(r.URL.Query().Get("fails"))}
	var err error
	if v.Services, err = p.services(ctx); err != nil {
		return err
	}
	v.Names = namesOf(v.Services)
	rto := map[servicecoin.ServiceID]calendar.Duration{}
	for _, s := range v.Services {
		rto[s.ID] = s.Recovery.RTO
	}
	graph, err := p.Catalog().Graph(ctx)
	if err != nil {
		return err
	}
	tell, err := p.teller(r)
	if err != nil {
		return err
	}
	plan := graph.RestoreOrder()
	v.Findings = plan.Findings
	for n, s := range plan.Steps {
		part := stepPart{Place: n + 1, Services: s.Services, Level: s.Level, Wave: s.Wave, Back: s.Back, RTO: rto[s.Services[0]]}
		if t, ok := plan.Trace(s.Services[0]); ok {
			if part.Why, err = tell.of(ctx, t); err != nil {
				return err
			}
		}
		v.Steps = append(v.Steps, part)
	}
	if v.Asked != "" {
		if _, err := p.Catalog().Service(ctx, v.Asked); err != nil {
			return err
		}
		v.Impact = graph.Impact(v.Asked)
	}
	return p.render(w, r, "graph.html", 0, v)
}

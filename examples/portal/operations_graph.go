package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

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

// graphPage is what rests on what, drawn and in words: who is hit when something
// fails, and the order in which all is restored.
type graphPage struct {
	page

	Picture  picture
	Drawn    bool
	Words    []needsPart
	Steps    []stepPart
	Findings []catalog.Finding
	Names    namesByID
	Services []catalog.Service
	Asked    servicecoin.ServiceID
	Impact   catalog.Impact
	Weakened []string
	Whom     concerned
	WhomNext string
}

// needsPart is what one service needs, in words.
type needsPart struct {
	ID    servicecoin.ServiceID
	Name  string
	Needs []string
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
	needs, err := collect(p.Catalog().Dependencies("").All(ctx))
	if err != nil {
		return err
	}
	v.Picture, v.Drawn = draw(v.Services, needs)
	v.Words = needsWords(v.Services, needs, v.Names)
	graph, err := p.Catalog().Graph(ctx)
	if err != nil {
		return err
	}
	if err := p.restored(r, &v, graph); err != nil {
		return err
	}
	if v.Asked != "" {
		if _, err := p.Catalog().Service(ctx, v.Asked); err != nil {
			return err
		}
		if err := p.fails(ctx, &v, graph, servicecoin.CustomerID(r.URL.Query().Get("after"))); err != nil {
			return err
		}
	}
	return p.render(w, r, "graph.html", 0, v)
}

// restored adds the order in which all comes back.
func (p *portal) restored(r *http.Request, v *graphPage, graph *catalog.Graph) error {
	rto := map[servicecoin.ServiceID]calendar.Duration{}
	for _, s := range v.Services {
		rto[s.ID] = s.Recovery.RTO
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
			if part.Why, err = tell.of(r.Context(), t); err != nil {
				return err
			}
		}
		v.Steps = append(v.Steps, part)
	}
	return nil
}

// fails adds what fails with a service, whom that hits, and what there is less to fall
// back on.
func (p *portal) fails(ctx context.Context, v *graphPage, graph *catalog.Graph, after servicecoin.CustomerID) (err error) {
	v.Impact = graph.Impact(v.Asked)
	v.Picture.mark(v.Impact)
	for _, w := range v.Impact.Weakened {
		v.Weakened = append(v.Weakened, weakenedWords(w, v.Names))
	}
	v.Whom, err = p.whom(ctx, hitBy(v.Impact, v.Now), v.Names, after)
	if v.Whom.Next != "" {
		v.WhomNext = "/dependencies?fails=" + url.QueryEscape(string(v.Asked)) + "&after=" + url.QueryEscape(string(v.Whom.Next)) + "#h-whom"
	}
	return err
}

// hitBy are the services that fail with one, itself at first, as if it failed now.
func hitBy(impact catalog.Impact, now time.Time) []reach {
	var list []reach
	for h := range impact.All() {
		list = append(list, reach{h.Path, calendar.Interval{Start: now}})
	}
	return list
}

// weakenedWords says what a service has lost that goes on.
func weakenedWords(w catalog.Weakened, names namesByID) string {
	left := serviceNames(w.Left, names)
	then := "it goes down"
	if w.Soft {
		then = "it works with less"
	}
	if w.Spare() == 0 {
		return fmt.Sprintf("%s goes on with %s, but its redundancy is lost: if that fails, too, %s.", names.Of(w.Service), left, then)
	}
	return fmt.Sprintf("%s goes on with %s: %d more may fail before %s.", names.Of(w.Service), left, w.Spare(), then)
}

func serviceNames(list []servicecoin.ServiceID, names namesByID) string {
	var all []string
	for _, s := range list {
		all = append(all, names.Of(s))
	}
	return inList(all)
}

// inList joins names as people do.
func inList(all []string) string {
	if n := len(all); n > 1 {
		return strings.Join(all[:n-1], ", ") + " and " + all[n-1]
	}
	return strings.Join(all, "")
}

// needsWords is the picture in words.
func needsWords(services []catalog.Service, needs []catalog.Dependency, names namesByID) []needsPart {
	place := map[servicecoin.ServiceID]int{}
	var list []needsPart
	for n, s := range services {
		place[s.ID] = n
		list = append(list, needsPart{ID: s.ID, Name: s.Name})
	}
	for _, d := range needs {
		n, known := place[d.Service]
		if !known {
			continue
		}
		text := "needs " + serviceNames(d.Needs, names)
		switch group := d.AtLeast > 0 && d.AtLeast < len(d.Needs); {
		case group && d.Strength == catalog.SoftDependency:
			text = fmt.Sprintf("works with less unless %d of %s are there", d.AtLeast, serviceNames(d.Needs, names))
		case group:
			text = fmt.Sprintf("needs %d of %s", d.AtLeast, serviceNames(d.Needs, names))
		case d.Strength == catalog.SoftDependency:
			text = "works with less without " + serviceNames(d.Needs, names)
		}
		list[n].Needs = append(list[n].Needs, text)
	}
	return list
}

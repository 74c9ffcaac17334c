package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/examples/incidentfile"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store"
)

// everyone is the customer that a public list speaks to.
const everyone = servicecoin.CustomerID("everyone")

// takeIn takes in a public list of incidents: one service for each name, known
// for as long as the list reaches. Taking it in again adds what is new.
func (p *portal) takeIn(ctx context.Context, path string) error {
	list, err := incidentfile.Open(path)
	if err != nil {
		return err
	}
	if _, err := p.begin(ctx, "incidents"); err != nil {
		return err
	}
	if err := p.staff(ctx); err != nil {
		return err
	}
	if err := p.enrol(ctx, servicecoin.Customer{ID: everyone, Name: "Every customer", Zone: "UTC"}, "Owner", "Member"); err != nil {
		return err
	}
	known := list.Coverage()
	for _, name := range list.Services() {
		if err := p.takeInService(ctx, name, known.Start, known.End); err != nil {
			return err
		}
	}
	added := 0
	for _, line := range list {
		i, err := imported(line)
		if err != nil {
			return err
		}
		switch err := p.Desk().Record(ctx, i, servicecoin.Program("import")); {
		case err == nil:
			added++
		case !errors.Is(err, servicecoin.ErrExists):
			return err
		}
	}
	p.log.InfoContext(ctx, "list of incidents taken in", "file", path, "incidents", len(list), "new", added, "known", known.String())
	return nil
}

func (p *portal) takeInService(ctx context.Context, name string, from, until time.Time) error {
	id := servicecoin.ServiceID(name)
	err := p.table.services().Insert(ctx, service{
		ID: id, Name: name, About: "From a public list of incidents", Users: []servicecoin.CustomerID{everyone}, CoveredFrom: from, CoveredUntil: until,
	})
	if errors.Is(err, servicecoin.ErrExists) { // a longer list, perhaps
		_, err = p.table.services().Update(ctx, name, func(s *service) ([]store.Event, error) {
			if from.Before(s.CoveredFrom) {
				s.CoveredFrom = from
			}
			if !s.CoveredUntil.IsZero() && until.After(s.CoveredUntil) {
				s.CoveredUntil = until
			}
			return nil, nil
		})
	}
	if err != nil {
		return err
	}
	return p.promise(ctx, everyone, id, name, "99.9", "", from)
}

// imported tells a line of the list as an incident that is over.
func imported(line incidentfile.Incident) (incident.Incident, error) {
	level, words := incident.Information, "information"
	switch line.Impact {
	case incidentfile.Disruption:
		level, words = incident.Disruption, "disruption"
	case incidentfile.Outage:
		level, words = incident.Outage, "outage"
	}
	by := servicecoin.Program("import")
	r := incident.Report{
		ID: servicecoin.IncidentID(line.ID), Title: line.Service + ": " + words, Headline: line.Service + ": " + words,
		Began: line.Span.Start, DetectedAt: line.Span.Start,
	}
	if len(line.Locations) > 0 {
		r.Description = "Locations: " + strings.Join(line.Locations, ", ")
	}
	// One that names no service in particular counts for none, and an empty
	// span is no time at all.
	if line.Service != incidentfile.Several && !line.Span.Empty() {
		r.Effects = []incident.Effect{{Service: servicecoin.ServiceID(line.Service), Level: level, From: line.Span.Start, Locations: line.Locations}}
	}
	i, err := incident.Open(r, by, line.Span.Start)
	if err != nil {
		return i, err
	}
	err = i.Resolve(by, line.Span.End, incident.Resolution{Text: "Over, as the public list has it"})
	return i, err
}

package main

import (
	"context"
	"net/http"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/incident"
)

// tracePart is a figure explained in words, with links to the incidents behind it.
type tracePart struct {
	servicecoin.Told

	Sources []source
	Parts   []tracePart
}

type source struct{ Path, Name string }

// teller explains figures to whoever asks: by their clock, and with the names of the
// services that they may know of.
type teller struct {
	portal *portal
	reader servicecoin.Reader
	who    person
	titles map[servicecoin.IncidentID]string // headlines that were read already
}

func (p *portal) teller(r *http.Request) (teller, error) {
	zone, err := p.zone(r)
	if err != nil {
		return teller{}, err
	}
	list, err := p.services(r.Context())
	if err != nil {
		return teller{}, err
	}
	who := viewer(r)
	if !who.Provider() {
		list = public(list)
	}
	names := namesOf(list)
	reader := servicecoin.Reader{Zone: zone, Service: func(id servicecoin.ServiceID) string {
		if who.Provider() { // also of what is retired
			return names.Of(id)
		}
		return names[id]
	}}
	return teller{portal: p, reader: reader, who: who, titles: map[servicecoin.IncidentID]string{}}, nil
}

// of explains a figure.
func (t teller) of(ctx context.Context, trace servicecoin.Trace) (tracePart, error) {
	return t.part(ctx, trace.Tell(t.reader))
}

func (t teller) part(ctx context.Context, told servicecoin.Told) (tracePart, error) {
	part := tracePart{Told: told}
	for _, k := range told.From {
		switch k.Kind { // of other records there is no page
		case incident.IncidentRecord:
			title, err := t.portal.headline(ctx, servicecoin.IncidentID(k.ID), t.titles)
			if err != nil {
				return part, err
			}
			part.Sources = append(part.Sources, source{incidentPath(t.who, k.ID), title})
		case creditRecord:
			if x, ok := reportOf(k); ok {
				part.Sources = append(part.Sources, x)
			}
		}
	}
	for _, inner := range told.Parts {
		x, err := t.part(ctx, inner)
		if err != nil {
			return part, err
		}
		part.Parts = append(part.Parts, x)
	}
	return part, nil
}

// creditRecord is the kind of an [sla.CreditLine], whose id is promise, month and
// edition.
const creditRecord = "sla.credit"

// reportOf is the page of the report that a credit comes from.
func reportOf(k servicecoin.Key) (source, bool) {
	rest, _ := cutLast(k.ID, "/")
	promise, text := cutLast(rest, "/")
	m, err := calendar.ParseMonth(text)
	return source{customerPath(k.Customer, "availability", promise, text), "the report of " + monthWords(m)}, err == nil
}

// cutLast cuts a text at the last separator.
func cutLast(text, separator string) (before, after string) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):]
	}
	return text, ""
}

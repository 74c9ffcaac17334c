package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/incident"
)

// reach is a service that is hit, over which way, and when.
type reach struct {
	Path   []servicecoin.ServiceID // from the service that is hit to the one that fails
	During calendar.Interval       // without an end: it goes on
}

// reached are the services that an incident hits, as its letters have it: those that
// it affects and those that need one of them over hard dependencies.
func (p *portal) reached(ctx context.Context, i *incident.Incident) ([]reach, error) {
	graph, err := p.Catalog().Graph(ctx)
	if err != nil {
		return nil, err
	}
	during := map[servicecoin.ServiceID]calendar.Interval{}
	for _, e := range i.Effects {
		iv, known := during[e.Service]
		if !known {
			during[e.Service] = calendar.Interval{Start: e.From, End: e.Until}
			continue
		}
		if e.From.Before(iv.Start) {
			iv.Start = e.From
		}
		if e.Until.IsZero() || !iv.End.IsZero() && e.Until.After(iv.End) {
			iv.End = e.Until
		}
		during[e.Service] = iv
	}
	var list []reach
	for h := range graph.Impact(i.Services()...).All() {
		list = append(list, reach{h.Path, during[h.Path[len(h.Path)-1]]})
	}
	return list, nil
}

// The most customers on a page, and the most that are counted.
const (
	mostConcerned  = 50
	mostCounted    = 1000
	mostConcerning = 60 // services that are asked for
)

// concerned is one page of the customers whom something concerns.
type concerned struct {
	Customers []concernedCustomer
	Count     int
	More      bool // there are more than were counted
	Next      servicecoin.CustomerID
	Missing   int // services that were not asked for
}

type concernedCustomer struct {
	ID           servicecoin.CustomerID
	Name         string
	Path         string
	Way          []string // the services from the one that they use to the one that fails
	Subscription string
	Uses         string // the address of the subscription
	Told         []toldPart
	Letters      string
}

// toldPart is a letter, as far as it has come.
type toldPart struct {
	Draft   bool
	Subject string
	At      time.Time
}

// whom asks the directory whom the services concern: one page after a customer, each
// customer over the nearest service that they use, in the order of their ids.
func (p *portal) whom(ctx context.Context, hits []reach, names namesByID, after servicecoin.CustomerID) (concerned, error) {
	var c concerned
	if n := len(hits) - mostConcerning; n > 0 {
		hits, c.Missing = hits[:mostConcerning], n
	}
	ids, over, err := p.ask(ctx, hits, "", mostCounted+1)
	if err != nil {
		return c, err
	}
	if c.Count = len(ids); c.Count > mostCounted {
		c.Count, c.More = mostCounted, true
	}
	switch {
	case after == "":
	case c.More: // those that were counted may all lie before
		if ids, over, err = p.ask(ctx, hits, after, mostConcerned+1); err != nil {
			return c, err
		}
	default:
		ids = slices.DeleteFunc(ids, func(id servicecoin.CustomerID) bool { return id <= after })
	}
	if len(ids) > mostConcerned {
		ids = ids[:mostConcerned]
		c.Next = ids[len(ids)-1]
	}
	for _, id := range ids {
		x, err := p.concernedBy(ctx, id, hits[over[id]], names)
		if err != nil {
			return c, err
		}
		c.Customers = append(c.Customers, x)
	}
	return c, nil
}

// ask returns the next customers behind one, and for each the first of the services.
func (p *portal) ask(ctx context.Context, hits []reach, after servicecoin.CustomerID, limit int) ([]servicecoin.CustomerID, map[servicecoin.CustomerID]int, error) {
	over := map[servicecoin.CustomerID]int{}
	for n, h := range hits {
		ids, err := p.Directory().Concerned(ctx, h.Path[0], h.During, after, limit)
		if err != nil {
			return nil, nil, err
		}
		for _, id := range ids {
			if _, known := over[id]; !known {
				over[id] = n
			}
		}
	}
	ids := sortedKeys(over)
	return ids[:min(len(ids), limit)], over, nil
}

// concernedBy says over which subscription a customer is hit.
func (p *portal) concernedBy(ctx context.Context, id servicecoin.CustomerID, h reach, names namesByID) (concernedCustomer, error) {
	x := concernedCustomer{ID: id, Name: string(id), Path: customerPath(id), Letters: customerPath(id, "letters")}
	c, err := p.host.clients().Get(ctx, string(id))
	if err == nil && c.Name != "" {
		x.Name = c.Name
	} else if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return x, err
	}
	for _, s := range h.Path {
		x.Way = append(x.Way, names.Of(s))
	}
	subs, err := p.Subscriptions(id).During(h.Path[0], h.During).Page(ctx, "", 1)
	if err != nil || len(subs.Items) == 0 {
		return x, err
	}
	sub := subs.Items[0].Value
	x.Subscription, x.Uses = string(sub.Offering), customerPath(id, "subscriptions", string(sub.ID))
	offering, err := p.Catalog().Offering(ctx, sub.Offering)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return x, nil
	}
	x.Subscription = offering.Name
	return x, err
}

// affected is one page of the customers whom an incident concerns, each with what
// they were told of it.
func (p *portal) affected(ctx context.Context, i *incident.Incident, names namesByID, after servicecoin.CustomerID) (concerned, error) {
	if i.State == incident.Cancelled || len(i.Effects) == 0 {
		return concerned{}, nil
	}
	hits, err := p.reached(ctx, i)
	if err != nil {
		return concerned{}, err
	}
	c, err := p.whom(ctx, hits, names, after)
	for n := range c.Customers {
		if err != nil {
			return c, err
		}
		c.Customers[n].Told, err = p.toldOf(ctx, c.Customers[n].ID, i.ID)
	}
	return c, err
}

// toldOf are the letters to a customer about an incident, the last first.
func (p *portal) toldOf(ctx context.Context, id servicecoin.CustomerID, about servicecoin.IncidentID) ([]toldPart, error) {
	const most = 20
	var list []toldPart
	page, err := p.Letters(id).About(about).Page(ctx, "", most)
	for _, item := range page.Items {
		l := item.Value
		switch l.State {
		case incident.Sent:
			list = append(list, toldPart{Subject: l.Subject, At: l.SentAt})
		case incident.Draft:
			list = append(list, toldPart{Draft: true, Subject: l.Subject, At: l.DraftedAt})
		case incident.Discarded:
		}
	}
	slices.Reverse(list)
	return list, err
}

package slaroom

import (
	"context"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/sla"
)

// Source tells the service levels what the incidents did, or the host's facts.
func (n Nouns) Source() sla.Source {
	if n.Facts != nil {
		return n.Facts(n.Base)
	}
	return source{n}
}

// source reads facts out of incidents.
type source struct{ n Nouns }

// Facts implements sla.Source. An effect that goes on counts until now.
func (s source) Facts(ctx context.Context, service servicecoin.ServiceID, during calendar.Interval) (sla.Facts, error) {
	now := s.n.Store.Now()
	known := calendar.SetOf(during.Intersect(calendar.Between(during.Start, now)))
	facts := sla.Facts{Coverage: known}
	if s.n.Covered != nil {
		covered, err := s.n.Covered(ctx, service, during)
		if err != nil {
			return sla.Facts{}, fmt.Errorf("coverage: %w", err)
		}
		facts.Coverage = covered.Intersect(known)
	}
	if s.n.Exclusions != nil {
		var err error
		if facts.Exclusions, err = s.n.Exclusions(ctx, s.n.Base, service, during); err != nil {
			return sla.Facts{}, fmt.Errorf("exclusions: %w", err)
		}
	}
	effects, err := incident.New(s.n.Provider(), nil).Effects(ctx, service, during)
	if err != nil {
		return sla.Facts{}, err
	}
	for _, x := range effects {
		for _, e := range x.Effects {
			until := e.Until
			if until.IsZero() {
				until = now
			}
			if !e.From.Before(until) {
				continue
			}
			facts.Outages = append(facts.Outages, sla.Outage{
				Interval: calendar.Between(e.From, until), Level: sla.Level(e.Level),
				From: incident.Key(x.Incident),
			})
		}
	}
	return facts, nil
}

// span turns what an event touched into an interval; what goes on reaches to
// the time at which it is looked at.
func span(t incident.Touched, now time.Time) calendar.Interval {
	until := t.Until
	if until.IsZero() || until.Before(t.From) {
		until = now
	}
	return calendar.Between(t.From, until)
}

package incident

import (
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
)

// PublicIncident is what a customer may see of an incident. It holds no name,
// no title, no resolution and no reason: what customers read was written for
// them, as headline or as public message.
type PublicIncident struct {
	ID         servicecoin.IncidentID `json:"id"`
	Headline   string                 `json:"headline"` // "" if nobody wrote one yet
	State      State                  `json:"state"`
	Major      bool                   `json:"major,omitempty"`
	Began      time.Time              `json:"began"`
	RestoredAt time.Time              `json:"restoredAt,omitzero"`
	Effects    []PublicEffect         `json:"effects"`
	Updates    []PublicUpdate         `json:"updates"` // newest first
	NextUpdate time.Time              `json:"nextUpdate,omitzero"`
}

// PublicEffect is what a customer may see of an effect.
type PublicEffect struct {
	Service   servicecoin.ServiceID `json:"service"`
	Level     Level                 `json:"level"`
	From      time.Time             `json:"from"`
	Until     time.Time             `json:"until,omitzero"` // zero: going on
	Locations []string              `json:"locations,omitempty"`
}

// PublicUpdate is one public message.
type PublicUpdate struct {
	At           time.Time `json:"at"`
	Text         string    `json:"text"`
	NextUpdateBy time.Time `json:"nextUpdateBy,omitzero"`
}

// Public returns what a customer may see.
func (i *Incident) Public() PublicIncident {
	p := PublicIncident{
		ID: i.ID, Headline: i.Headline, State: i.State, Major: i.Major,
		Began: i.Began, RestoredAt: i.RestoredAt,
		Effects: []PublicEffect{}, Updates: []PublicUpdate{},
	}
	for _, e := range i.Effects {
		p.Effects = append(p.Effects, PublicEffect{
			Service: e.Service, Level: e.Level, From: e.From, Until: e.Until, Locations: slices.Clone(e.Locations),
		})
	}
	var last time.Time
	for _, e := range i.Timeline {
		last = later(last, e.At)
		if e.Audience == Public {
			p.Updates = append(p.Updates, PublicUpdate{At: e.At, Text: e.Text, NextUpdateBy: e.NextUpdateBy})
		}
	}
	slices.SortStableFunc(p.Updates, func(a, b PublicUpdate) int { return b.At.Compare(a.At) })
	p.NextUpdate, _ = i.NextUpdate(last)
	return p
}

// For narrows the projection to services that a customer uses: effects on
// others are left out, since which services exist is not everybody's to know.
func (p PublicIncident) For(services ...servicecoin.ServiceID) PublicIncident {
	kept := []PublicEffect{}
	for _, e := range p.Effects {
		if slices.Contains(services, e.Service) {
			kept = append(kept, e)
		}
	}
	p.Effects = kept
	return p
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

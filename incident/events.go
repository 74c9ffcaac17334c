package incident

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
)

// The names of events. They are API; the data of each is a [Changed], of those
// of communications a [CommunicationChanged].
const (
	EventOpened            = "incident.opened"
	EventAcknowledged      = "incident.acknowledged"
	EventHeld              = "incident.held"
	EventResumed           = "incident.resumed"
	EventResolved          = "incident.resolved"
	EventReopened          = "incident.reopened"
	EventClosed            = "incident.closed"
	EventCancelled         = "incident.cancelled"
	EventAssessed          = "incident.assessed"
	EventAssigned          = "incident.assigned"
	EventDescribed         = "incident.described"
	EventDeclaredMajor     = "incident.declaredMajor"
	EventRedated           = "incident.redated"
	EventAffected          = "incident.affected"
	EventNoted             = "incident.noted"
	EventRecorded          = "incident.recorded"
	EventFollowUpAdded     = "incident.followUpAdded"
	EventFollowUpCompleted = "incident.followUpCompleted"
	EventFollowUpMoved     = "incident.followUpMoved"
	EventFollowUpDropped   = "incident.followUpDropped"

	EventDrafted   = "communication.drafted"
	EventEdited    = "communication.edited"
	EventSent      = "communication.sent"
	EventDiscarded = "communication.discarded"
)

// Changed is the data of an incident's event.
type Changed struct {
	Incident servicecoin.IncidentID  `json:"incident"`
	State    State                   `json:"state"`
	Priority int                     `json:"priority,omitempty"`
	Services []servicecoin.ServiceID `json:"services,omitempty"`
	Audience Audience                `json:"audience,omitempty"` // of a message: noted
	// Touched is what the change did to the history of services: for each whose
	// effects differ, the hull of what they were and what they are.
	Touched []Touched `json:"touched,omitempty"`
}

// Touched is a span of a service's history that is told differently now.
type Touched struct {
	Service servicecoin.ServiceID `json:"service"`
	From    time.Time             `json:"from"`
	Until   time.Time             `json:"until,omitzero"` // zero: going on
}

// CommunicationChanged is the data of a communication's event.
type CommunicationChanged struct {
	Communication CommunicationID        `json:"communication"`
	Incident      servicecoin.IncidentID `json:"incident"`
	State         CommunicationState     `json:"state"`
}

// counted returns the effects that history holds against a service: none of a
// cancelled incident.
func (i *Incident) counted() map[servicecoin.ServiceID][]Effect {
	m := map[servicecoin.ServiceID][]Effect{}
	if i.State == Cancelled {
		return m
	}
	for _, e := range i.Effects {
		m[e.Service] = append(m[e.Service], e)
	}
	return m
}

// touched compares two histories of an incident.
func touched(before, after map[servicecoin.ServiceID][]Effect) []Touched {
	services := map[servicecoin.ServiceID]bool{}
	for s := range before {
		services[s] = true
	}
	for s := range after {
		services[s] = true
	}
	var list []Touched
	for s := range services {
		if slices.EqualFunc(before[s], after[s], sameEffect) {
			continue
		}
		for _, e := range slices.Concat(before[s], after[s]) {
			list = append(list, Touched{Service: s, From: e.From, Until: e.Until})
		}
	}
	return JoinTouched(list)
}

func sameEffect(a, b Effect) bool {
	return a.Level == b.Level && a.From.Equal(b.From) && a.Until.Equal(b.Until) && slices.Equal(a.Locations, b.Locations)
}

// JoinTouched joins spans of the same services: one for each, from the first
// instant to the last, sorted by service.
func JoinTouched(lists ...[]Touched) []Touched {
	joined := map[servicecoin.ServiceID]Touched{}
	for _, t := range slices.Concat(lists...) {
		x, ok := joined[t.Service]
		if !ok {
			joined[t.Service] = t
			continue
		}
		if t.From.Before(x.From) {
			x.From = t.From
		}
		if x.Until.IsZero() || t.Until.IsZero() {
			x.Until = time.Time{}
		} else {
			x.Until = later(x.Until, t.Until)
		}
		joined[t.Service] = x
	}
	return slices.SortedFunc(maps.Values(joined), func(a, b Touched) int { return cmp.Compare(a.Service, b.Service) })
}

// Touched returns all that the incident did to services, a span each: nothing
// if it is cancelled.
func (i *Incident) Touched() []Touched { return touched(nil, i.counted()) }

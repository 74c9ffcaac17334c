package incident

import (
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records, as they stand in a [servicecoin.Key].
const (
	IncidentRecord      = "incident.incident"      // provider's partition: [Incident]
	CommunicationRecord = "incident.communication" // customer's partition: [Communication]
	EffectsRecord       = "incident.effects"       // provider's partition: [ServiceEffects]
)

// Key returns the key of an incident.
func Key(id servicecoin.IncidentID) servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: IncidentRecord, ID: string(id)}
}

var incidents = store.Kind[Incident]{
	Name:  IncidentRecord,
	House: house.Own(),
	ID:    func(i Incident) string { return string(i.ID) },
	Indexes: []store.Index[Incident]{
		{Name: "began", Columns: "m", Of: func(i Incident) store.Tuple { return store.Tuple{store.Time(i.Began)} }},
		{Name: "state", Columns: "tm", Of: func(i Incident) store.Tuple {
			return store.Tuple{store.Text(i.State), store.Time(i.Began)}
		}},
		{Name: "live", Columns: "m", Of: func(i Incident) store.Tuple {
			if !i.State.Live() {
				return nil
			}
			return store.Tuple{store.Time(i.Began)}
		}},
		{Name: "followUp", Columns: "m", Of: func(i Incident) store.Tuple {
			next, ok := i.nextDue()
			if !ok {
				return nil
			}
			return store.Tuple{store.Time(next)}
		}},
		{Name: "priority", Columns: "im", Of: func(i Incident) store.Tuple {
			return store.Tuple{store.Int(i.urgency()), store.Time(i.Began)}
		}},
		{Name: "length", Columns: "i", Of: func(i Incident) store.Tuple { return store.Tuple{store.Int(i.length())} }},
		{Name: "reporter", Columns: "tm", Of: func(i Incident) store.Tuple {
			if i.Reporter == nil {
				return nil
			}
			return store.Tuple{store.Text(i.Reporter.Customer), store.Time(i.ReportedAt)}
		}},
	},
}

var communications = store.Kind[Communication]{
	Name:  CommunicationRecord,
	House: house.Own(),
	ID:    func(c Communication) string { return string(c.ID) },
	Indexes: []store.Index[Communication]{
		{Name: "state", Columns: "tm", Of: func(c Communication) store.Tuple {
			return store.Tuple{store.Text(c.State), store.Time(c.DraftedAt)}
		}},
		{Name: "incident", Columns: "tm", Of: func(c Communication) store.Tuple {
			return store.Tuple{store.Text(c.Incident), store.Time(c.DraftedAt)}
		}},
	},
}

// ServiceEffects is what one incident did to one service: a record of its own
// for each, written in the commit of the incident, so that the effects on a
// service in an interval are a lookup.
type ServiceEffects struct {
	Service  servicecoin.ServiceID  `json:"service"`
	Incident servicecoin.IncidentID `json:"incident"`
	Effects  []Effect               `json:"effects"`
}

// until returns when the last effect ended, the end of time while one goes on.
func (s ServiceEffects) until() time.Time {
	var last time.Time
	for _, e := range s.Effects {
		if e.Until.IsZero() {
			return time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
		}
		last = later(last, e.Until)
	}
	return last
}

// from returns when the first effect began.
func (s ServiceEffects) from() time.Time {
	first := s.Effects[0].From
	for _, e := range s.Effects[1:] {
		if e.From.Before(first) {
			first = e.From
		}
	}
	return first
}

// The lengths of what incidents did to services, for the index: of each it is known
// how long before an instant one can have begun that still went on then. Most are
// short.
const (
	lastsADay = iota
	lastsAMonth
	lastsLonger
	goesOn
)

// longest is how long each length lasts at most; 0: any time.
func longest(length int) time.Duration {
	const day = 24 * time.Hour
	return map[int]time.Duration{lastsADay: day, lastsAMonth: 32 * day}[length]
}

func (s ServiceEffects) length() int {
	until := s.until()
	if until.Year() == 9999 {
		return goesOn
	}
	for _, l := range []int{lastsADay, lastsAMonth} {
		if until.Sub(s.from()) <= longest(l) {
			return l
		}
	}
	return lastsLonger
}

func effectsID(service servicecoin.ServiceID, id servicecoin.IncidentID) string {
	return store.JoinID(string(service), string(id))
}

var serviceEffects = store.Kind[ServiceEffects]{
	Name:  EffectsRecord,
	House: house.Own(),
	ID:    func(s ServiceEffects) string { return effectsID(s.Service, s.Incident) },
	Indexes: []store.Index[ServiceEffects]{
		{Name: "span", Columns: "tim", Of: func(s ServiceEffects) store.Tuple {
			return store.Tuple{store.Text(s.Service), store.Int(s.length()), store.Time(s.from())}
		}},
		{Name: "service", Columns: "tm", Of: func(s ServiceEffects) store.Tuple {
			return store.Tuple{store.Text(s.Service), store.Time(s.from())}
		}},
	},
}

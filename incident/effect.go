package incident

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Effect is what an incident does to one service: how badly, from when until
// when, and where.
type Effect struct {
	Number     int                   `json:"number"` // unique in the incident, from 1
	Service    servicecoin.ServiceID `json:"service"`
	Level      Level                 `json:"level"`
	From       time.Time             `json:"from"`
	Until      time.Time             `json:"until,omitzero"`      // exclusive; zero: going on
	Locations  []string              `json:"locations,omitempty"` // sorted; none: everywhere
	RecordedAt time.Time             `json:"recordedAt"`          // when this became known as it stands here
}

// The most that one incident affects.
const (
	maxEffects   = 200
	maxServices  = 60 // each has a record of its own in the commit
	maxLocations = 100
)

// Validate reports every violation of the effect by itself.
func (e Effect) Validate() error {
	var v servicecoin.Violations
	v.ID("service", string(e.Service))
	v.Merge("level", e.Level.Validate())
	if e.Level == Unaffected {
		v.Add("level", "no-effect", string(e.Level), "an effect that is none is left out")
	}
	v.Time("from", e.From)
	if !e.Until.IsZero() {
		v.Time("until", e.Until)
		if !e.From.Before(e.Until) {
			v.Add("until", "reversed", stamp(e.Until), "must be after from, "+stamp(e.From))
		}
	}
	if v.Limit("locations", len(e.Locations), maxLocations) {
		for n, l := range e.Locations {
			v.ID(fmt.Sprintf("locations[%d]", n), l)
		}
	}
	return v.Err()
}

// At reports whether the effect was there at t.
func (e Effect) At(t time.Time) bool {
	return !t.Before(e.From) && (e.Until.IsZero() || t.Before(e.Until))
}

// Overlaps reports whether the effect was there at any instant of iv.
func (e Effect) Overlaps(iv calendar.Interval) bool {
	return !iv.Empty() && e.From.Before(iv.End) && (e.Until.IsZero() || e.Until.After(iv.Start))
}

func (e Effect) label() string { return strconv.Itoa(e.Number) + " on " + string(e.Service) }

// Affect records effects, all of them or none. One without a number is new; if
// another on the same service and places is going on, it ends where the new one
// begins, so that a level that changes is one call. One with a number replaces
// that effect. No effect begins before the incident or ends in the future.
//
// Once the incident is resolved, effects have an end; one that ends after
// RestoredAt moves it. A correction may lie in a month that is reported
// already: [Affected] names the services and times that it reaches.
func (i *Incident) Affect(by servicecoin.Actor, at time.Time, effects ...Effect) error {
	var next []Effect
	resolved := i.State == Resolved
	e, err := i.touch(by, at, VerbAffect, func(v *servicecoin.Violations) {
		if len(effects) == 0 {
			v.Add("effects", "required", "", "must name at least one")
		}
		var err error
		next, err = i.merge(effects, servicecoin.Instant(at), resolved)
		v.Merge("effects", err)
		grown := *i
		grown.Effects = next
		v.Merge("", grown.room())
	})
	if err != nil {
		return err
	}
	for n, x := range effects {
		if n > 0 {
			e.Text += "; "
		}
		e.Text += string(x.Service) + " " + string(x.Level) + " " + stamp(x.From) + "/" + stamp(x.Until)
	}
	i.Effects = next
	for _, x := range next {
		if resolved && x.Until.After(i.RestoredAt) {
			i.RestoredAt = x.Until
		}
	}
	i.add(e)
	return nil
}

// merge returns the effects with the given ones laid over them.
func (i *Incident) merge(effects []Effect, at time.Time, ended bool) ([]Effect, error) {
	var v servicecoin.Violations
	next := slices.Clone(i.Effects)
	if !v.Limit("", len(effects), maxEffects) {
		return next, v.Err()
	}
	for n, e := range effects {
		path := fmt.Sprintf("[%d]", n)
		e.From, e.RecordedAt = servicecoin.Instant(e.From), at
		if e.Until.IsZero() {
			e.Until = time.Time{}
		} else {
			e.Until = servicecoin.Instant(e.Until)
		}
		v.Merge(path, e.Validate())
		if len(e.Locations) > maxLocations {
			continue
		}
		e.Locations = slices.Clone(e.Locations)
		slices.Sort(e.Locations)
		e.Locations = slices.Compact(e.Locations)
		i.dated(&v, path, e, at, ended)
		place := slices.IndexFunc(next, func(x Effect) bool { return x.Number == e.Number })
		switch {
		case e.Number == 0:
			for m := range next {
				e.Number = max(e.Number, next[m].Number)
			}
			e.Number++
			relieve(&v, path, next, e)
			next = append(next, e)
		case place < 0:
			v.Add(path+".number", "unknown", strconv.Itoa(e.Number), "is no effect of this incident; 0 adds one")
		default:
			next[place] = e
		}
	}
	v.Limit("", len(next), maxEffects)
	i2 := Incident{Effects: next}
	if n := len(i2.Services()); n > maxServices {
		v.Add("", "too-many", "", fmt.Sprintf("affect %d services, %d are allowed", n, maxServices))
	}
	return next, v.Err()
}

func (i *Incident) dated(v *servicecoin.Violations, path string, e Effect, at time.Time, ended bool) {
	if !e.From.IsZero() && e.From.Before(i.Began) {
		v.Add(path+".from", "out-of-order", stamp(e.From), "must not be before the incident began, "+stamp(i.Began))
	}
	if e.From.After(at) {
		v.Add(path+".from", "future", stamp(e.From), "must not be after it is recorded, "+stamp(at))
	}
	if e.Until.After(at) {
		v.Add(path+".until", "future", stamp(e.Until), "must not be after it is recorded, "+stamp(at))
	}
	if ended && e.Until.IsZero() {
		v.Add(path+".until", "required", "", "nothing goes on in a resolved incident: reopen it")
	}
}

// relieve ends the effect that e takes over from.
func relieve(v *servicecoin.Violations, path string, list []Effect, e Effect) {
	for m := range list {
		x := &list[m]
		if x.Service != e.Service || !x.Until.IsZero() || !slices.Equal(x.Locations, e.Locations) {
			continue
		}
		if !x.From.Before(e.From) {
			v.Add(path+".from", "out-of-order", stamp(e.From), "effect "+x.label()+" is going on since "+stamp(x.From)+": give its number to alter it")
			continue
		}
		x.Until, x.RecordedAt = e.From, e.RecordedAt
	}
}

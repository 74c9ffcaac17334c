package incident

import (
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Audience says who may read an entry.
type Audience string

// The audiences.
const (
	Internal Audience = "internal" // the provider's people; what is not marked is internal
	Public   Audience = "public"   // every customer that the incident concerns
	// ToReporter is for the customer who told of the incident, and nobody else's.
	ToReporter Audience = "reporter"
)

// Entry is one line of the timeline. Every verb leaves one.
type Entry struct {
	At           time.Time         `json:"at"`         // when it happened
	RecordedAt   time.Time         `json:"recordedAt"` // when it was written down
	By           servicecoin.Actor `json:"by"`
	Audience     Audience          `json:"audience"`
	Verb         string            `json:"verb"`
	From         State             `json:"from,omitempty"` // with To: a change of state
	To           State             `json:"to,omitempty"`
	Text         string            `json:"text,omitempty"`
	NextUpdateBy time.Time         `json:"nextUpdateBy,omitzero"` // a promise; on public entries only
}

// Validate reports every violation of the entry by itself.
func (e Entry) Validate() error {
	var v servicecoin.Violations
	v.Time("at", e.At)
	v.Time("recordedAt", e.RecordedAt)
	v.Merge("by", e.By.Validate())
	v.Text("text", e.Text, 0, maxLong)
	audience(&v, e.Audience)
	if !e.NextUpdateBy.IsZero() {
		v.Time("nextUpdateBy", e.NextUpdateBy)
		if e.Audience != Public {
			v.Add("nextUpdateBy", "not-public", stamp(e.NextUpdateBy), "only those who read an update can be promised another")
		}
		if !e.NextUpdateBy.After(e.At) {
			v.Add("nextUpdateBy", "out-of-order", stamp(e.NextUpdateBy), "must be after the entry, "+stamp(e.At))
		}
	}
	return v.Err()
}

func audience(v *servicecoin.Violations, a Audience) {
	if a != Internal && a != Public && a != ToReporter {
		v.Add("audience", "unknown", string(a), "must be internal, public or reporter")
	}
}

// add appends an entry, internal and recorded as it happened unless it says
// otherwise.
func (i *Incident) add(e Entry) {
	if e.Audience == "" {
		e.Audience = Internal
	}
	if e.RecordedAt.IsZero() {
		e.RecordedAt = e.At
	}
	i.Timeline = append(slices.Clip(i.Timeline), e)
}

// Message is what somebody writes into the timeline.
type Message struct {
	Text         string    // 1 to 4000 characters
	Audience     Audience  // "" is Internal
	NextUpdateBy time.Time // by when the next public message comes; zero promises nothing
}

// Note adds a message. What was left out may be added later with the time at
// which it happened, also before other entries; a message that promises the
// next one is public.
func (i *Incident) Note(by servicecoin.Actor, at time.Time, m Message) error {
	if m.Audience == "" {
		m.Audience = Internal
	}
	next := m.NextUpdateBy
	if !next.IsZero() {
		next = servicecoin.Instant(next)
	}
	written := Entry{Audience: m.Audience, Text: m.Text, NextUpdateBy: next}
	e, err := i.touch(by, at, VerbNote, func(v *servicecoin.Violations) {
		v.Text("text", m.Text, 1, maxText)
		audience(v, m.Audience)
		if m.Audience == ToReporter && i.Reporter == nil {
			v.Add("audience", "nobody", string(m.Audience), "no customer reported it")
		}
		if next.IsZero() {
			return
		}
		v.Time("nextUpdateBy", next)
		if m.Audience != Public {
			v.Add("nextUpdateBy", "not-public", stamp(next), "only those who read an update can be promised another")
		}
		if !next.After(servicecoin.Instant(at)) {
			v.Add("nextUpdateBy", "out-of-order", stamp(next), "must be after the message, "+stamp(at))
		}
	})
	if err != nil {
		return err
	}
	written.At, written.By, written.Verb = e.At, e.By, e.Verb
	i.add(written)
	return nil
}

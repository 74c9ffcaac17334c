// Package capacity models demand that passed what was planned for, or will: the beginning
// of capacity management (ITIL 4, capacity and performance management).
//
// It answers: which limits did customers pass, of what, by how much and in which windows; what
// is expected; who looks at it; and what came of it?
//
// A [Demand] is one such observation. [Demands] keeps them in the provider's partition,
// over all customers, since what has to be planned is shared by them: one is raised,
// acknowledged by who looks at it, and closed with a note what came of it. What a record
// raises, its Source, is raised once.
//
// # Errors
//
// A malformed demand is an [*servicecoin.InvalidError] with every violation; what its state
// does not allow is a [*servicecoin.RefusedError].
package capacity

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Limits of a demand, beyond which it is refused.
const (
	MaxBecause = 20
	MaxNote    = 4000 // characters
	maxText    = 200
	maxDigits  = 40
	maxPlaces  = 18
)

// DemandID names a demand.
type DemandID string

// State is how far a demand is looked at.
type State string

// The states.
const (
	Open         State = "open"
	Acknowledged State = "acknowledged" // somebody looks at it
	Closed       State = "closed"       // with a note what came of it
)

// Demand is that more of something was used, or is expected to be, than was planned for.
type Demand struct { //nolint:recvcheck // a value, but where it changes
	ID       DemandID               `json:"id"`
	Customer servicecoin.CustomerID `json:"customer,omitempty"` // whose; "": several, or one that is forgotten
	Service  servicecoin.ServiceID  `json:"service,omitempty"`

	Meter    string              `json:"meter"`             // what is measured, in the host's words
	Feature  string              `json:"feature,omitempty"` // that the limit is of
	Unit     string              `json:"unit,omitempty"`
	Limit    decimal.NullDecimal `json:"limit"`             // what was planned; null: not known
	Used     decimal.NullDecimal `json:"used"`              // null: nothing was measured
	Forecast decimal.NullDecimal `json:"forecast"`          // expected by the end of the period; null: not known
	Period   calendar.Interval   `json:"period,omitzero"`   // in which it is counted
	Windows  string              `json:"windows,omitempty"` // the name of the critical windows that it is about; "": all the time
	Window   calendar.Interval   `json:"window,omitzero"`   // the one of them in which it was noticed

	Note    string            `json:"note,omitempty"`
	Source  servicecoin.Key   `json:"source,omitzero"` // the record that it was raised by, once
	Because []servicecoin.Key `json:"because,omitempty"`

	State   State                    `json:"state"`
	History []lifecycle.Entry[State] `json:"history"` // the first entry is its raising
}

// Raised returns when it was raised, and by whom.
func (d Demand) Raised() (at time.Time, by servicecoin.Actor) {
	if len(d.History) == 0 {
		return time.Time{}, servicecoin.Actor{}
	}
	return d.History[0].At, d.History[0].By
}

// Beyond returns how much more was used than was planned: null where one of both is not
// known.
func (d Demand) Beyond() decimal.NullDecimal {
	if !d.Used.Valid || !d.Limit.Valid {
		return servicecoin.Undefined()
	}
	return servicecoin.Some(d.Used.Decimal.Sub(d.Limit.Decimal))
}

// Validate reports every violation of what the demand says.
func (d Demand) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(d.ID))
	if d.Customer != "" {
		v.ID("customer", string(d.Customer))
	}
	if d.Customer == servicecoin.Provider {
		v.Add("customer", "foreign", string(d.Customer), "is the provider")
	}
	if d.Service != "" {
		v.ID("service", string(d.Service))
	}
	v.ID("meter", d.Meter)
	v.Text("feature", d.Feature, 0, maxText)
	v.Text("unit", d.Unit, 0, maxText)
	v.Text("windows", d.Windows, 0, maxText)
	number(&v, "limit", d.Limit)
	number(&v, "used", d.Used)
	number(&v, "forecast", d.Forecast)
	if d.Period != (calendar.Interval{}) {
		v.Merge("period", d.Period.Validate())
	}
	if d.Window != (calendar.Interval{}) {
		v.Merge("window", d.Window.Validate())
	}
	v.Text("note", d.Note, 0, MaxNote)
	if d.Source != (servicecoin.Key{}) {
		v.Merge("source", d.Source.Validate())
	}
	if v.Limit("because", len(d.Because), MaxBecause) {
		for i, k := range d.Because {
			v.Merge(fmt.Sprintf("because[%d]", i), k.Validate())
		}
	}
	return v.Err()
}

func number(v *servicecoin.Violations, path string, d decimal.NullDecimal) {
	if d.Valid {
		v.Number(path, d.Decimal, maxDigits, maxPlaces)
	}
}

// Transitions are what can become of a demand.
func Transitions() []lifecycle.Transition[State] {
	return []lifecycle.Transition[State]{
		lifecycle.Allow(Open, VerbAcknowledge, Acknowledged),
		lifecycle.Allow(Open, VerbClose, Closed),
		lifecycle.Allow(Acknowledged, VerbClose, Closed),
	}
}

// Acknowledge says that somebody looks at it; the note may be empty.
func (d *Demand) Acknowledge(by servicecoin.Actor, at time.Time, note string) error {
	return d.move(by, at, VerbAcknowledge, note, lifecycle.Maybe(note, MaxNote))
}

// Close says what came of it.
func (d *Demand) Close(by servicecoin.Actor, at time.Time, note string) error {
	return d.move(by, at, VerbClose, note, lifecycle.Because(note, MaxNote))
}

func (d *Demand) move(by servicecoin.Actor, at time.Time, verb, note string, check func(v *servicecoin.Violations)) error {
	since, _ := d.Raised()
	if n := len(d.History); n > 0 {
		since = d.History[n-1].At
	}
	e, err := lifecycle.Record[State]{Key: Key(d.ID), State: d.State, Since: since, Table: Transitions()}.Move(by, at, verb, note, check)
	if err != nil {
		return err
	}
	d.State, d.History = e.To, append(slices.Clone(d.History), e)
	return nil
}

// Trace explains the demand.
func (d Demand) Trace() servicecoin.Trace {
	about := servicecoin.Say("%v", d.Meter)
	if d.Windows != "" {
		about = servicecoin.Say("%v in %v", d.Meter, d.Windows)
	}
	t := servicecoin.Trace{
		Label: "demand for " + d.Meter + " beyond what was planned", Plain: servicecoin.Say("%v beyond what was planned", about),
		Value: d.Beyond(), Unit: d.Unit, From: append([]servicecoin.Key{Key(d.ID)}, d.Because...),
	}
	for _, p := range []struct {
		label string
		value decimal.NullDecimal
	}{{"used", d.Used}, {"planned", d.Limit}, {"expected", d.Forecast}} {
		if p.value.Valid {
			t.Parts = append(t.Parts, servicecoin.Trace{Label: p.label, Plain: servicecoin.Say("%v", p.label), Value: p.value, Unit: d.Unit})
		}
	}
	return t
}

// forget takes out whose it was, and what people wrote of it. What was used stays.
func (d *Demand) forget(now time.Time) {
	d.Customer, d.Source, d.Because, d.Note = "", servicecoin.Key{}, nil, ""
	d.History = slices.Clone(d.History)
	for i := range d.History {
		if d.History[i].Text = ""; d.History[i].By.Kind == servicecoin.CustomerSide {
			d.History[i].By = servicecoin.Program("forgotten")
		}
	}
	if d.State != Closed {
		d.History = append(d.History, lifecycle.Entry[State]{At: servicecoin.Instant(now), By: servicecoin.Program("forgotten"), Verb: VerbClose, From: d.State, To: Closed})
		d.State = Closed
	}
}

// sourceID is the id of what a record raises: it does not say whose that is.
func sourceID(source servicecoin.Key) DemandID {
	sum := sha256.Sum256([]byte("servicecoin/capacity/" + source.String()))
	return DemandID(hex.EncodeToString(sum[:16]))
}

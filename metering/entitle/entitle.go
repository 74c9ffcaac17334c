// Package entitle models what a customer may have and use: a feature that is on, a
// value that is set for it, or an amount in each period, with what follows where it is
// passed.
//
// It answers: may this customer use so much more now, and until when is that so; how far
// is it from its limit, also inside of critical windows, where another limit holds; whom
// to tell that a limit comes near; and what is to happen where one is passed?
//
// [Entitlements] are what a host calls: they are kept for a customer in versions, judged by
// its ledger, its grants and the calendars, and what is reached or passed is told once, in
// the commit that remembers it. Below them an [Entitlement] is plain data, and its rules are
// pure: [Entitlement.Judge] answers an amount by [Facts], and [Entitlement.Review] says what
// is to be told:
//
//	judgement, err := entitlement.Judge(facts)
//	if err := judgement.Err(); err != nil {
//		return err // refused: by which limit, and why
//	}
//
// A limit refuses what is still to come. What happened is counted all the same, and what
// is counted beyond a limit is told, with the consequences that were declared for it.
//
// # Errors
//
// An entitlement, or facts, that cannot be judged are an [*servicecoin.InvalidError] with
// every violation. What a limit refuses is a [Judgement], and a
// [*servicecoin.RefusedError] for who asks [Judgement.Err].
package entitle

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/grant"
)

// Limits of an [Entitlement], beyond which Validate refuses it.
const (
	MaxCritical     = 20
	MaxThresholds   = 50
	MaxConsequences = 10
	maxText         = 1000
)

// FeatureID names what a customer is entitled to, in the host's words: "api.calls".
type FeatureID string

// Kind is what an entitlement says.
type Kind string

// The kinds.
const (
	Boolean Kind = "boolean" // that the customer has it
	Static  Kind = "static"  // that it has it, and with which value
	Metered Kind = "metered" // that it has so much of it
)

// Entitlement is what a customer has of a feature, from an instant on.
type Entitlement struct {
	Feature FeatureID `json:"feature"`
	Kind    Kind      `json:"kind"`
	From    time.Time `json:"from"`
	Until   time.Time `json:"until,omitzero"` // exclusive; zero: no end

	Value string `json:"value,omitempty"` // of a [Static] one: "gold", "25"; the host knows what it means

	Meter metering.MeterID `json:"meter,omitempty"` // of a [Metered] one: what is counted
	// Counts says how: what is used adds up, or is a level, of which the amount that is
	// asked for is the next.
	Counts grant.Counting `json:"counts,omitempty"`
	// Limit is how much there is in a period, in the unit of the meter, and may be used
	// up. Null: as much as the customer's grants.
	Limit decimal.NullDecimal `json:"limit"`
	// Exceeding is what follows where more is used: with [Refuse] among it the limit is
	// hard, else it is soft.
	Exceeding []Consequence `json:"exceeding,omitempty"`
	// Critical are further limits, of what is used inside of critical windows alone. They
	// count beside the limit of all, inside and outside.
	Critical   []Critical  `json:"critical,omitempty"`
	Thresholds []Threshold `json:"thresholds,omitempty"`
}

// Critical is another limit inside of critical windows.
type Critical struct {
	Name      string          `json:"name"`  // of the windows: unique, and as [Inside] names them
	Limit     decimal.Decimal `json:"limit"` // of what is used inside of all of them in the period
	Exceeding []Consequence   `json:"exceeding,omitempty"`
}

// Act is what somebody declared to happen where a limit is passed.
type Act string

// The acts. [Refuse] and [Throttle] are answered by a [Judgement]; what is charged is told by
// [Entitlements.Excesses]; people and those who plan capacity are told by the exchange, or
// by the host.
const (
	Notify   Act = "notify"   // somebody is told
	Refuse   Act = "refuse"   // what would pass the limit is refused
	Throttle Act = "throttle" // it goes on, at a rate
	Charge   Act = "charge"   // it goes on, at a price
	Capacity Act = "capacity" // it is raised where capacity is planned
)

// Consequence is an act, with what it needs.
type Consequence struct {
	Act   Act                  `json:"act"`
	Rate  decimal.NullDecimal  `json:"rate"`            // of [Throttle]: units a second, above 0
	Price servicecoin.PriceID  `json:"price,omitempty"` // of [Charge]
	Whom  servicecoin.PersonID `json:"whom,omitempty"`  // of [Notify]; "": the customer's contacts
	Note  string               `json:"note,omitempty"`  // for those who hear of it
}

// Validate reports every violation of the entitlement.
func (e Entitlement) Validate() error {
	var v servicecoin.Violations
	v.ID("feature", string(e.Feature))
	v.Time("from", e.From)
	if !e.Until.IsZero() {
		v.Time("until", e.Until)
		if e.Until.Before(e.From) {
			v.Add("until", "order", e.Until.UTC().Format(time.RFC3339Nano), "must not lie before from")
		}
	}
	switch e.Kind {
	case Boolean, Static, Metered:
	default:
		v.Add("kind", "unknown", string(e.Kind), "must be boolean, static or metered")
	}
	switch {
	case e.Kind == Static:
		v.Text("value", e.Value, 1, maxText)
	case e.Value != "":
		v.Add("value", "unexpected", e.Value, "only a static entitlement has one")
	}
	if e.Kind == Metered {
		e.checkMetered(&v)
	} else if e.Meter != "" || e.Limit.Valid || len(e.Exceeding)+len(e.Critical)+len(e.Thresholds) > 0 || e.Counts != grant.Drawn {
		v.Add("kind", "unexpected", string(e.Kind), "only a metered entitlement has a meter, limits and thresholds")
	}
	return v.Err()
}

func (e Entitlement) checkMetered(v *servicecoin.Violations) {
	v.ID("meter", string(e.Meter))
	switch e.Counts {
	case grant.Drawn, grant.Level:
	default:
		v.Add("counts", "unknown", string(e.Counts), `must be "" or level`)
	}
	if e.Limit.Valid {
		amount(v, "limit", e.Limit.Decimal)
	}
	consequences(v, "exceeding", e.Exceeding)
	names := map[string]bool{"": true}
	if v.Limit("critical", len(e.Critical), MaxCritical) {
		for i, c := range e.Critical {
			path := fmt.Sprintf("critical[%d]", i)
			v.Text(path+".name", c.Name, 1, servicecoin.MaxIDBytes)
			if names[c.Name] && c.Name != "" {
				v.Add(path+".name", "duplicate", c.Name, "is there already")
			}
			names[c.Name] = true
			amount(v, path+".limit", c.Limit)
			consequences(v, path+".exceeding", c.Exceeding)
		}
	}
	if v.Limit("thresholds", len(e.Thresholds), MaxThresholds) {
		seen := map[string]bool{}
		for i, t := range e.Thresholds {
			t.check(v, fmt.Sprintf("thresholds[%d]", i), names)
			if seen[t.Name] {
				v.Add(fmt.Sprintf("thresholds[%d].name", i), "duplicate", t.Name, "is there already")
			}
			seen[t.Name] = true
		}
	}
}

func consequences(v *servicecoin.Violations, path string, list []Consequence) {
	if !v.Limit(path, len(list), MaxConsequences) {
		return
	}
	seen := map[Consequence]bool{}
	for i, c := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		c.check(v, at)
		same := Consequence{Act: c.Act, Whom: c.Whom}
		if seen[same] {
			v.Add(at+".act", "duplicate", string(c.Act), "is there already")
		}
		seen[same] = true
	}
}

func (c Consequence) check(v *servicecoin.Violations, path string) {
	switch c.Act {
	case Notify, Refuse, Throttle, Charge, Capacity:
	default:
		v.Add(path+".act", "unknown", string(c.Act), "must be notify, refuse, throttle, charge or capacity")
	}
	switch {
	case c.Act == Throttle && !c.Rate.Valid:
		v.Add(path+".rate", "required", "", "a throttle has a rate")
	case c.Act != Throttle && c.Rate.Valid:
		v.Add(path+".rate", "unexpected", "", "only a throttle has a rate")
	case c.Act == Throttle:
		if amount(v, path+".rate", c.Rate.Decimal); c.Rate.Decimal.IsZero() {
			v.Add(path+".rate", "out-of-range", "", "must be above 0: to let nothing pass is to refuse")
		}
	}
	switch {
	case c.Act == Charge:
		v.ID(path+".price", string(c.Price))
	case c.Price != "":
		v.Add(path+".price", "unexpected", string(c.Price), "only a charge has a price")
	}
	if c.Whom != "" {
		if v.ID(path+".whom", string(c.Whom)); c.Act != Notify {
			v.Add(path+".whom", "unexpected", string(c.Whom), "only who notifies tells somebody")
		}
	}
	v.Text(path+".note", c.Note, 0, maxText)
}

// amount checks a number that is not negative.
func amount(v *servicecoin.Violations, path string, d decimal.Decimal) {
	v.Number(path, d, metering.MaxDigits, metering.MaxPlaces)
	if d.IsNegative() {
		v.Add(path, "negative", "", "must not be negative")
	}
}

// Holds reports whether the entitlement is there at an instant.
func (e Entitlement) Holds(at time.Time) bool {
	return !at.Before(e.From) && (e.Until.IsZero() || at.Before(e.Until))
}

// hard reports whether a limit refuses.
func hard(list []Consequence) bool {
	for _, c := range list {
		if c.Act == Refuse {
			return true
		}
	}
	return false
}

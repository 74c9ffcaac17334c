package sla

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// RuleVersion names the arithmetic of this release. A report is stamped with
// it; a release that computes otherwise has another one.
const RuleVersion = "sla/2"

// Promise is an objective given to one customer for one service.
type Promise struct { //nolint:recvcheck // a value, but for the one rule that changes it
	ID      servicecoin.PromiseID `json:"id"`
	Service servicecoin.ServiceID `json:"service"`
	Name    string                `json:"name,omitempty"`

	Objective decimal.Decimal `json:"objective"` // percent of known time, above 0 and at most 100
	Zone      string          `json:"zone"`      // IANA name, whose months count; "" is UTC
	Terms     Terms           `json:"terms"`     // as they were made: see [Promise.TermsIn]
	Bands     Bands           `json:"bands,omitempty"`
	// Rounding of the uptime before it is banded and compared with the
	// objective; null: none.
	Rounding *UptimeRounding `json:"rounding"`

	Rationale  Rationale `json:"rationale"`
	ValidFrom  time.Time `json:"validFrom"`
	ValidUntil time.Time `json:"validUntil,omitzero"` // exclusive; zero: open; at ValidFrom: it is never valid

	// Subscription is what brought it, and ends it; "": nothing but itself.
	Subscription servicecoin.SubscriptionID `json:"subscription,omitempty"`

	// Amendments are other terms, each from the first of a month on; the oldest
	// month first.
	Amendments []Amendment `json:"amendments,omitempty"`
}

// Amendment replaces the terms of a promise from the first of a month on.
type Amendment struct {
	From   calendar.Month    `json:"from"` // in the promise's zone
	Terms  Terms             `json:"terms"`
	Reason string            `json:"reason"`
	By     servicecoin.Actor `json:"by"`
	At     time.Time         `json:"at"` // when it was made
}

// TermsIn returns the terms that hold in a month.
func (p Promise) TermsIn(m calendar.Month) Terms {
	terms := p.Terms
	for _, a := range p.Amendments {
		if a.From.Compare(m) <= 0 {
			terms = a.Terms
		}
	}
	return terms
}

// Amend replaces the terms from the first of a month on. Of two amendments from
// the same month the later one holds; what held before stays in the reports
// that were issued, and in the event.
func (p *Promise) Amend(by servicecoin.Actor, at time.Time, from calendar.Month, terms Terms, reason string) error {
	next := *p
	next.Amendments = slices.DeleteFunc(slices.Clone(p.Amendments), func(a Amendment) bool { return a.From == from })
	next.Amendments = append(next.Amendments, Amendment{From: from, Terms: terms, Reason: reason, By: by, At: servicecoin.Instant(at)})
	slices.SortFunc(next.Amendments, func(a, b Amendment) int { return a.From.Compare(b.From) })
	if err := next.Validate(); err != nil {
		return err
	}
	*p = next
	return nil
}

// Rationale is why this number was promised and not another one.
type Rationale struct {
	Text       string               `json:"text"`
	Owner      servicecoin.PersonID `json:"owner,omitempty"`
	DecidedOn  time.Time            `json:"decidedOn,omitzero"`
	ReviewedBy time.Time            `json:"reviewedBy,omitzero"` // when it is looked at again
}

// Given reports whether there is a rationale at all. A promise without one is
// legal, and shown as such.
func (r Rationale) Given() bool { return r.Text != "" }

// Validate reports every violation of the promise.
func (p Promise) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(p.ID))
	v.ID("service", string(p.Service))
	v.Text("name", p.Name, 0, 200)
	objective := number(&v, "objective", p.Objective)
	if objective && (!p.Objective.IsPositive() || p.Objective.GreaterThan(decimal.NewFromInt(100))) {
		v.Add("objective", "out-of-range", p.Objective.String(), "must be above 0 and at most 100 percent")
	}
	if _, err := time.LoadLocation(p.Zone); err != nil || p.Zone == "Local" {
		v.Add("zone", "unknown-zone", p.Zone, "is not a zone of the tz database")
	}
	v.Merge("terms", p.Terms.Validate())
	v.Merge("bands", p.Bands.Validate())
	if len(p.Bands) > 0 && objective && v.Len() == 0 && p.Bands[0].Below.GreaterThan(p.Objective) {
		v.Add("bands[0].below", "above-objective", p.Bands[0].Below.String(), "gives credit while the objective "+p.Objective.String()+" is kept")
	}
	if r := p.Rounding; r != nil {
		v.Merge("rounding.mode", r.Mode.Validate())
		if r.Places < 0 || r.Places > 10 {
			v.Add("rounding.places", "out-of-range", "", "must be 0 to 10")
		}
	}
	v.Text("rationale.text", p.Rationale.Text, 0, 4000)
	v.Time("validFrom", p.ValidFrom)
	if v.Limit("amendments", len(p.Amendments), maxAmendments) {
		for i, a := range p.Amendments {
			v.Merge(fmt.Sprintf("amendments[%d]", i), a.Validate())
		}
	}
	if !p.ValidUntil.IsZero() && p.ValidUntil.Before(p.ValidFrom) {
		v.Add("validUntil", "reversed", p.ValidUntil.Format(time.RFC3339), "must not lie before validFrom")
	}
	if p.Subscription != "" {
		v.ID("subscription", string(p.Subscription))
	}
	return v.Err()
}

// Validate reports every violation of the amendment.
func (a Amendment) Validate() error {
	var v servicecoin.Violations
	v.Merge("from", a.From.Validate())
	v.Merge("terms", a.Terms.Validate())
	v.Text("reason", a.Reason, 1, 4000)
	v.Merge("by", a.By.Validate())
	v.Time("at", a.At)
	return v.Err()
}

// Location returns the zone whose months count.
func (p Promise) Location() (*time.Location, error) {
	return servicecoin.Customer{Zone: p.Zone}.Location()
}

// Period returns the part of a month in which the promise is valid: empty if it
// is not valid in it at all.
func (p Promise) Period(m calendar.Month) (calendar.Interval, error) {
	if err := m.Validate(); err != nil {
		return calendar.Interval{}, err
	}
	loc, err := p.Location()
	if err != nil {
		return calendar.Interval{}, err
	}
	until := p.ValidUntil
	month := m.In(loc)
	if until.IsZero() {
		until = month.End
	}
	return month.Intersect(calendar.Between(p.ValidFrom, until)), nil
}

// Months returns the months of the promise's zone that an interval touches
// while the promise is valid.
func (p Promise) Months(iv calendar.Interval) ([]calendar.Month, error) {
	loc, err := p.Location()
	if err != nil {
		return nil, err
	}
	var months []calendar.Month
	for m := range calendar.Months(iv, loc) {
		period, err := p.Period(m)
		if err != nil {
			return nil, err
		}
		if period.Overlaps(iv) {
			months = append(months, m)
		}
	}
	return months, nil
}

// Budget is how much downtime a promise allows, in weighted seconds of a
// measured period and of what lies ahead of it.
type Budget struct {
	Allowed decimal.Decimal     `json:"allowedSeconds"` // (100 - objective) % of the known time and the time ahead
	Spent   decimal.Decimal     `json:"spentSeconds"`
	Left    decimal.Decimal     `json:"leftSeconds"`  // below zero: overspent
	Share   decimal.NullDecimal `json:"spentPercent"` // undefined where nothing is allowed
}

// Budget returns what the objective allows over the measured time and the time
// ahead: a running month has a whole month's budget. An objective of 100 %
// allows nothing: that is legal, and any downtime breaks it.
func (p Promise) Budget(m Measurement) Budget {
	const places = 6 // microseconds
	b := Budget{Allowed: decimal.NewFromInt(100).Sub(p.Objective).Shift(-2).Mul(m.Known.Add(m.Ahead)).Truncate(places), Spent: m.Down}
	b.Left = b.Allowed.Sub(b.Spent)
	b.Share = Ratio{Part: b.Spent, Whole: b.Allowed}.Percent(2)
	return b
}

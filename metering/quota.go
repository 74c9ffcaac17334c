package metering

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// QuotaID names a quota of a customer.
type QuotaID string

// Mode is what happens at a quota's limit.
type Mode string

// The modes.
const (
	Soft Mode = "soft" // it is told, and goes on
	Hard Mode = "hard" // Check refuses what would pass the limit
)

// Quota bounds what a customer uses in a day or a month of its zone. The limit
// itself may be used up; what passes it is an excess.
//
// A quota keeps the zone in which it was set: where the customer moves to another
// one, its periods still follow each other, and no use counts in two of them.
// Another quota that is set after the move has the new zone.
type Quota struct {
	ID     QuotaID         `json:"id"`
	Meter  MeterID         `json:"meter"`
	Limit  decimal.Decimal `json:"limit"` // in the meter's unit, not negative
	Mode   Mode            `json:"mode"`
	Period Stretch         `json:"period"` // Daily or Monthly
	// From is when it begins to hold: the period that this lies in is judged
	// whole, earlier ones are not. Set by [Ledger.SetQuota] if it is zero.
	From time.Time `json:"from"`
	// Until is when it ends, exclusive: later instants are not bounded by it, and
	// its last period is judged up to then. Zero: open; at From or before: it never
	// holds. See [Ledger.EndQuota].
	Until time.Time `json:"until,omitzero"`

	// Subscription is what brought it, and ends it; "": nothing but itself.
	Subscription servicecoin.SubscriptionID `json:"subscription,omitempty"`
	// Zone is that of its days and months, an IANA name. Set by [Ledger.SetQuota]
	// when it is set for the first time; "": the customer's, whatever it is.
	Zone string `json:"zone,omitempty"`
}

// Validate reports every violation of the quota.
func (q Quota) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(q.ID))
	v.ID("meter", string(q.Meter))
	v.Number("limit", q.Limit, MaxDigits, MaxPlaces)
	if q.Limit.Sign() < 0 {
		v.Add("limit", "negative", "", "must not be negative")
	}
	switch q.Mode {
	case Soft, Hard:
	default:
		v.Add("mode", "unknown", string(q.Mode), "must be soft or hard")
	}
	if q.Period != Daily && q.Period != Monthly {
		v.Add("period", "unknown", string(q.Period), "must be day or month")
	}
	v.Time("from", q.From)
	if !q.Until.IsZero() {
		v.Time("until", q.Until)
	}
	if q.Subscription != "" {
		v.ID("subscription", string(q.Subscription))
	}
	if q.Zone != "" {
		_, err := (servicecoin.Customer{Zone: q.Zone}).Location()
		v.Merge("", err)
	}
	return v.Err()
}

// In returns the period of the quota that an instant lies in: in its own zone,
// in loc if it has none.
func (q Quota) In(at time.Time, loc *time.Location) calendar.Interval {
	return q.in(at, q.location(loc))
}

// location returns the quota's own zone, loc if it has none.
func (q Quota) location(loc *time.Location) *time.Location {
	if q.Zone == "" {
		return loc
	}
	if own, err := (servicecoin.Customer{Zone: q.Zone}).Location(); err == nil {
		return own
	}
	return loc
}

func (q Quota) in(at time.Time, loc *time.Location) calendar.Interval {
	if q.Period == Daily {
		return calendar.DateOf(at, loc).In(loc)
	}
	return calendar.MonthOf(at, loc).In(loc)
}

// Judges reports whether the quota holds in a period, or in a part of it.
func (q Quota) Judges(period calendar.Interval) bool {
	return q.From.Before(period.End) && (q.Until.IsZero() || q.Until.After(period.Start) && q.Until.After(q.From))
}

// Holds reports whether the quota bounds what is used at an instant. In the
// period in which it begins it holds from the period's start.
func (q Quota) Holds(at time.Time, loc *time.Location) bool {
	return q.Judges(q.In(at, loc)) && (q.Until.IsZero() || at.Before(q.Until))
}

// counted returns the part of a period whose use counts against the quota.
func (q Quota) counted(period calendar.Interval) calendar.Interval {
	if !q.Until.IsZero() && q.Until.Before(period.End) {
		period.End = q.Until
	}
	return period
}

// Standing is where a quota stands in a period.
type Standing struct {
	Quota  Quota               `json:"quota"`
	Period calendar.Interval   `json:"period"`
	Used   decimal.NullDecimal `json:"used"`      // null: nothing was recorded
	After  decimal.Decimal     `json:"after"`     // with the amount asked for
	Left   decimal.Decimal     `json:"remaining"` // of the limit, before that amount; below zero: overdrawn
}

// Exceeds reports whether the amount asked for passes the limit.
func (s Standing) Exceeds() bool { return s.After.GreaterThan(s.Quota.Limit) }

// Weigh returns where the quota would stand with an amount more, in the way in
// which the meter adds: a maximum is the larger of both, all else a sum. For a
// quota nothing recorded is nothing used.
func (q Quota) Weigh(m Meter, used decimal.NullDecimal, amount decimal.Decimal, period calendar.Interval) Standing {
	s := Standing{Quota: q, Period: period, Used: used, After: used.Decimal.Add(amount), Left: q.Limit.Sub(used.Decimal)}
	if m.Aggregation == Max {
		s.After = amount
		if used.Valid {
			s.After = decimal.Max(used.Decimal, amount)
		}
	}
	return s
}

// Decision answers whether a customer may use an amount more.
type Decision struct {
	Meter   MeterID         `json:"meter"`
	Amount  decimal.Decimal `json:"amount"`
	Allowed bool            `json:"allowed"` // no hard quota is passed

	// SoftExceeded says that a soft quota is passed with the amount, which is
	// allowed and worth a word to the customer.
	SoftExceeded bool `json:"softExceeded"`

	// Used, Limit and Remaining are those of the quota with the least remaining,
	// of hard ones if there are any: null where the meter has no quota, Used
	// also where nothing was recorded.
	Used      decimal.NullDecimal `json:"used"`
	Limit     decimal.NullDecimal `json:"limit"`
	Remaining decimal.NullDecimal `json:"remaining"`

	Standings []Standing `json:"standings"` // of every quota of the meter
}

// Decide judges an amount by the standings of all quotas of a meter.
func Decide(id MeterID, amount decimal.Decimal, standings []Standing) Decision {
	d := Decision{Meter: id, Amount: amount, Allowed: true, Standings: append([]Standing{}, standings...)}
	var tightest *Standing
	for i := range standings {
		s := &standings[i]
		if s.Exceeds() {
			d.Allowed = d.Allowed && s.Quota.Mode != Hard
			d.SoftExceeded = d.SoftExceeded || s.Quota.Mode == Soft
		}
		if tightest == nil || s.tighter(*tightest) {
			tightest = s
		}
	}
	if tightest != nil {
		d.Used, d.Limit, d.Remaining = tightest.Used, servicecoin.Some(tightest.Quota.Limit), servicecoin.Some(tightest.Left)
	}
	return d
}

func (s Standing) tighter(other Standing) bool {
	if hard := s.Quota.Mode == Hard; hard != (other.Quota.Mode == Hard) {
		return hard
	}
	return s.Left.LessThan(other.Left)
}

// Err returns an ErrRefused that names every hard quota in the way, nil if the
// amount is allowed.
func (d Decision) Err() error {
	if d.Allowed {
		return nil
	}
	refused := &servicecoin.RefusedError{Subject: servicecoin.Key{Kind: QuotaRecord}, Verb: VerbUseQuota}
	for _, s := range d.Standings {
		if s.Quota.Mode != Hard || !s.Exceeds() {
			continue
		}
		if refused.Subject.ID == "" {
			refused.Subject.ID = string(s.Quota.ID)
		} else {
			refused.Why += "; "
		}
		refused.Why += fmt.Sprintf("%s of %s would make %s, over the %s of a %s that quota %s allows",
			Plain(d.Amount), d.Meter, Plain(s.After), Plain(s.Quota.Limit), s.Quota.Period, s.Quota.ID)
	}
	return refused
}

// Excess says that more was used in a period than a quota allows. There is at
// most one for each quota and period.
type Excess struct {
	Quota  QuotaID           `json:"quota"`
	Meter  MeterID           `json:"meter"`
	Mode   Mode              `json:"mode"`
	Period calendar.Interval `json:"period"`
	Limit  decimal.Decimal   `json:"limit"` // as it was then
	Used   decimal.Decimal   `json:"used"`  // when it was noticed
	At     time.Time         `json:"at"`    // when it was noticed
}

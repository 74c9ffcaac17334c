// Package grant models credits: amounts that a customer may use up before
// anything else is charged or refused, and how they are burnt down by what it uses.
//
// It answers: what is left of each grant, as of an instant; what did no grant
// cover; which grant covered what, and in which order; when does what is left
// lapse, come again or roll over; and why is a balance what it is?
//
// An [Account] is plain data: grants, a stretch of time, the instants at which a
// new period begins, and where the last reckoning had ended. [Account.Burn] is a
// pure rule over it and what was used:
//
//	account := grant.Account{During: january, Grants: []grant.Grant{
//		{ID: "plan", Amount: decimal.NewFromInt(1000), Priority: 2, From: january.Start},
//		{ID: "gift", Amount: decimal.NewFromInt(50), Priority: 1, From: january.Start, Until: january.End},
//	}}
//	result, err := account.Burn(usage)
//	fmt.Println(result.Closing.Balance(), result.Closing.Overage)
//
// The grant of the lowest priority number burns first; among equals the one that
// ends first, then the one that was created first, then the lesser id. What is used
// while nothing is left is an overage: the next amount that is given pays it first.
//
// [Grants] are what a host calls: they are kept for a customer, and burnt down by what its
// ledger says, from the first one on, whenever somebody asks. So what is recorded late, or voided,
// restates what was left.
//
// Everything is exact, and comes out the same however grants and usage are ordered,
// and wherever the stretch is divided: see [Snapshot].
//
// # Errors
//
// What cannot be reckoned with is an [*servicecoin.InvalidError] with every
// violation; nothing is burnt by a part of it.
package grant

import (
	"cmp"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// ID names a grant of a customer.
type ID string

// Grant is an amount in the unit of a meter that may be used up from an instant on.
// Instants are cut to the microsecond.
type Grant struct {
	ID       ID              `json:"id"`
	Amount   decimal.Decimal `json:"amount"`   // not negative
	Priority int             `json:"priority"` // the lowest burns first

	From  time.Time `json:"from"`           // when it begins: its amount is there in full
	Until time.Time `json:"until,omitzero"` // when it ends, exclusive: what is left of it lapses. Zero: never
	// Voided is when somebody took it back, exclusive as Until. At From or before: it never was.
	Voided time.Time `json:"voided,omitzero"`
	// Created orders grants that are alike in priority and end. Zero: From.
	Created time.Time `json:"created,omitzero"`

	// Renewal is when it comes again. Nil: never.
	Renewal *Renewal `json:"renewal,omitempty"`

	// What is left of it when a new period begins is brought between the two: what is
	// beyond the maximum lapses, what is missing to the minimum is given. Both zero: all
	// of it lapses. A renewal at the same instant comes after that.
	RolloverMin decimal.Decimal `json:"rolloverMin"`
	RolloverMax decimal.Decimal `json:"rolloverMax"`
}

// Renewal says when a grant comes again: then it has its amount, and what was
// left of it before has lapsed. That is so at the anchor and every so many days, weeks,
// months or years before and after it, by the clock of the zone, as long as the grant
// holds. A month that is too short for the anchor's day has its last one, and the next
// has the anchor's again.
type Renewal struct {
	Every  calendar.Period `json:"every"`           // "P1D", "P2W", "P1M", "P1Y"
	Anchor time.Time       `json:"anchor,omitzero"` // zero: the grant's From
	Zone   string          `json:"zone,omitempty"`  // IANA name; "": UTC
}

// rhythm returns the renewals of a grant as periods, which each begin with one.
func (r Renewal) rhythm(from time.Time) metering.Rhythm {
	if !r.Anchor.IsZero() {
		from = r.Anchor
	}
	return metering.Rhythm{Every: r.Every, Anchor: from, Zone: r.Zone}
}

// Validate reports every violation of the grant.
func (g Grant) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(g.ID))
	quantity(&v, "amount", g.Amount)
	v.Time("from", g.From)
	if !g.Until.IsZero() {
		v.Time("until", g.Until)
		if g.Until.Before(g.From) {
			v.Add("until", "order", g.Until.UTC().Format(time.RFC3339Nano), "must not lie before from")
		}
	}
	if !g.Voided.IsZero() {
		v.Time("voided", g.Voided)
	}
	if !g.Created.IsZero() {
		v.Time("created", g.Created)
	}
	if g.Renewal != nil {
		v.Merge("renewal", g.Renewal.rhythm(g.From).Validate())
	}
	if quantity(&v, "rolloverMin", g.RolloverMin) && quantity(&v, "rolloverMax", g.RolloverMax) && g.RolloverMin.GreaterThan(g.RolloverMax) {
		v.Add("rolloverMin", "order", metering.Plain(g.RolloverMin), "must not be above rolloverMax, "+metering.Plain(g.RolloverMax))
	}
	return v.Err()
}

// quantity checks a number that is not negative, and reports whether it can be
// reckoned with.
func quantity(v *servicecoin.Violations, path string, d decimal.Decimal) bool {
	n := v.Len()
	v.Number(path, d, metering.MaxDigits, metering.MaxPlaces)
	if d.IsNegative() {
		v.Add(path, "negative", "", "must not be negative")
	}
	return v.Len() == n
}

// Holds returns when the grant may be used: from its beginning up to its end, or up
// to when it was voided if that is earlier; empty if it never may. It is false for
// one that has no end, whose interval has the zero End.
func (g Grant) Holds() (during calendar.Interval, ends bool) {
	from, end := servicecoin.Instant(g.From), g.Until
	if !g.Voided.IsZero() && (end.IsZero() || g.Voided.Before(end)) {
		end = g.Voided
	}
	if end.IsZero() {
		return calendar.Interval{Start: from}, false
	}
	if end = servicecoin.Instant(end); end.Before(from) {
		end = from
	}
	return calendar.Interval{Start: from, End: end}, true
}

// Active reports whether the grant may be used at an instant: no longer when it
// ends or is voided.
func (g Grant) Active(at time.Time) bool {
	during, ends := g.Holds()
	return !at.Before(during.Start) && (!ends || at.Before(during.End))
}

// Compare orders grants as they burn: by priority, then by Until (one without an end
// comes last), by Created, and by id. Whether they hold is no part of it.
func (g Grant) Compare(other Grant) int {
	created := func(g Grant) time.Time {
		if g.Created.IsZero() {
			return g.From
		}
		return g.Created
	}
	ends := 0
	switch {
	case g.Until.IsZero() && other.Until.IsZero():
	case g.Until.IsZero():
		ends = 1
	case other.Until.IsZero():
		ends = -1
	default:
		ends = g.Until.Compare(other.Until)
	}
	return cmp.Or(cmp.Compare(g.Priority, other.Priority), ends, created(g).Compare(created(other)), cmp.Compare(g.ID, other.ID))
}

package gate

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
)

// StandingOf returns what is left of an entitlement, judged by facts for an amount of 0:
// of its hard limits that count now, nothing where the customer is not entitled, and
// without a bound where no limit is hard. Through is up to when the facts have all usage.
func StandingOf(j entitle.Judgement, f entitle.Facts, through time.Time) Standing {
	s := Standing{Through: through, Period: f.Period.Start, Until: j.Until}
	if s.Period.IsZero() { // of what has no period
		s.Period = time.Unix(0, 0).UTC()
	}
	if !j.Has {
		s.Left = servicecoin.Some(decimal.Decimal{})
		return s
	}
	for _, c := range j.Counters {
		if c.Hard && c.Counts {
			s.Left = least(s.Left, c.Left)
		}
	}
	return s
}

// StandingOfQuotas returns what is left by a decision of [metering.Ledger.Check] for an
// amount of 0: of the hard quotas, without a bound if there are none. The meter is one
// that adds up: nobody can have a share of a maximum. Through is up to when the ledger
// has all usage.
func StandingOfQuotas(d metering.Decision, through time.Time) Standing {
	s := Standing{Through: through}
	for _, x := range d.Standings {
		for _, end := range []time.Time{x.Period.End, x.Quota.Until} {
			if !end.IsZero() && (s.Until.IsZero() || end.Before(s.Until)) {
				s.Until = end
			}
		}
		// The longest period: a lease of yesterday counts in the month still.
		if s.Period.IsZero() || x.Period.Start.Before(s.Period) {
			s.Period = x.Period.Start
		}
		if x.Quota.Mode == metering.Hard {
			s.Left = least(s.Left, x.Left)
		}
	}
	if s.Period.IsZero() {
		s.Period = time.Unix(0, 0).UTC()
	}
	return s
}

// least returns the lesser of two bounds, of which the first may be none.
func least(bound decimal.NullDecimal, left decimal.Decimal) decimal.NullDecimal {
	if !bound.Valid || left.LessThan(bound.Decimal) {
		return servicecoin.Some(left)
	}
	return bound
}

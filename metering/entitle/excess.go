package entitle

import (
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// MaxPeriods is how many periods of one version Excesses looks at.
const MaxPeriods = 1_000

// Excess is what was used beyond a limit in a period, with what was declared for that:
// what a statement charges, at the price that is named.
type Excess struct {
	Feature  FeatureID             `json:"feature"`
	Version  time.Time             `json:"version"` // since when the version of the entitlement holds
	Service  servicecoin.ServiceID `json:"service,omitempty"`
	Meter    metering.MeterID      `json:"meter"`
	Unit     string                `json:"unit"`
	Critical string                `json:"critical,omitempty"` // of which limit; "": of that of all
	Period   calendar.Interval     `json:"period"`
	Limit    decimal.Decimal       `json:"limit"`
	Used     decimal.Decimal       `json:"used"`     // in the period; of a critical limit, in its windows
	Quantity decimal.Decimal       `json:"quantity"` // beyond the limit: above 0
	Follows  []Consequence         `json:"follows,omitempty"`

	trace servicecoin.Trace
}

// Price returns the price that is charged for it, "" for none.
func (x Excess) Price() servicecoin.PriceID {
	for _, c := range x.Follows {
		if c.Act == Charge {
			return c.Price
		}
	}
	return ""
}

// Trace explains the quantity: what was used, window by window, and the limit.
func (x Excess) Trace() servicecoin.Trace {
	where := servicecoin.Say("%v", string(x.Feature))
	label := string(x.Feature)
	if x.Critical != "" {
		where = servicecoin.Say("%v in %v", string(x.Feature), x.Critical)
		label += " in " + x.Critical
	}
	return servicecoin.Trace{
		Label: label + " beyond the limit in " + x.Period.String(), Value: servicecoin.Some(x.Quantity), Unit: x.Unit,
		Plain: servicecoin.Say("%v beyond the limit, from %v to %v", where, x.Period.Start, x.Period.End),
		From:  x.trace.From, Parts: x.trace.Parts,
	}
}

// Excesses returns what was used beyond limits in the periods that overlap an interval, by
// feature, period and limit; of all features for "". A period is judged whole, by the
// version that holds in it last, and one that is running as it stands now. Of several limits that are passed
// each has its own excess: who charges two of them charges both prices.
func (n *Entitlements) Excesses(ctx context.Context, feature FeatureID, during calendar.Interval) ([]Excess, error) {
	if err := n.view.Err(); err != nil {
		return nil, err
	}
	var v servicecoin.Violations
	v.Merge("during", during.Validate())
	if err := v.Err(); err != nil {
		return nil, err
	}
	var versions []Kept
	for k, err := range n.List(feature).All(ctx) {
		if err != nil {
			return nil, err
		}
		if k.Kind == Metered && k.From.Before(k.end()) {
			versions = append(versions, k)
		}
	}
	list := []Excess{}
	now := n.view.Now()
	for i, k := range versions {
		periods, err := k.periods(during)
		if err != nil {
			return nil, err
		}
		for _, period := range periods {
			if period.Start.After(now) || !k.judges(period) || succeeded(k, period, same(versions[i:])) {
				continue
			}
			s, err := n.stand(ctx, k, decimal.Decimal{}, k.last(period, now), false)
			if err != nil {
				return nil, err
			}
			some := s.excesses()
			if !k.Limit.Valid {
				if some, err = n.sinceStart(ctx, k, period, some); err != nil {
					return nil, err
				}
			}
			list = append(list, some...)
		}
	}
	return list, nil
}

// sinceStart takes off what no grant covered before the period, and is owed since: it was
// beyond in an earlier one.
func (n *Entitlements) sinceStart(ctx context.Context, k Kept, period calendar.Interval, list []Excess) ([]Excess, error) {
	if len(list) == 0 {
		return list, nil
	}
	before, err := n.o.Grants.Standing(ctx, k.Meter, period.Start)
	if err != nil {
		return nil, err
	}
	var left []Excess
	for _, x := range list {
		if x.Critical == "" {
			x.Quantity = x.Quantity.Sub(before.Overage)
		}
		if x.Quantity.IsPositive() {
			left = append(left, x)
		}
	}
	return left, nil
}

// same returns those at the front that are of the same feature.
func same(versions []Kept) []Kept {
	i := slices.IndexFunc(versions, func(k Kept) bool { return k.Feature != versions[0].Feature })
	if i < 0 {
		return versions
	}
	return versions[:i]
}

// end is when the version ends.
func (k Kept) end() time.Time {
	if k.Until.IsZero() {
		return far()
	}
	return k.Until
}

// periods returns the periods of the version that overlap an interval.
func (k Kept) periods(during calendar.Interval) ([]calendar.Interval, error) {
	var list []calendar.Interval
	at := during.Start
	if at.Before(k.From) {
		at = k.From
	}
	for at.Before(during.End) && at.Before(k.end()) {
		period := k.In(at)
		if period.Empty() { // before the first of its periods
			if at = k.Periods.Next(at); at.IsZero() {
				break
			}
			continue
		}
		if len(list) == MaxPeriods {
			var v servicecoin.Violations
			v.Limit("during", MaxPeriods+1, MaxPeriods)
			return nil, v.Err()
		}
		list = append(list, period)
		at = period.End
	}
	return list, nil
}

// excesses are those of the limits that are passed.
func (s Standing) excesses() []Excess {
	var list []Excess
	for i, c := range s.Judgement.Counters {
		if !c.Exceeds {
			continue
		}
		list = append(list, Excess{
			Feature: s.Kept.Feature, Version: s.Kept.From, Service: s.Kept.Service, Meter: s.Kept.Meter, Unit: s.Unit, Critical: c.Name,
			Period: s.Facts.Period, Limit: c.Limit, Used: c.Used.Decimal, Quantity: c.Used.Decimal.Sub(c.Limit), Follows: c.Follows,
			trace: s.counter(i),
		})
	}
	return list
}

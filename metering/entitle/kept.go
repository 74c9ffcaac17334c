package entitle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/grant"
)

// Kept is an entitlement as it is kept: one version of what a customer has of a feature,
// with the periods in which it counts. Another version begins where this one ends.
type Kept struct {
	Entitlement

	// Every is the period in which a [Metered] one counts: [metering.Daily] to
	// [metering.Yearly], by the clock of Zone. Or it counts in Periods, those of a bill.
	Every   metering.Stretch `json:"every,omitempty"`
	Periods metering.Periods `json:"periods,omitzero"`
	// Zone is an IANA name, that of the customer when the feature was set first: where the
	// customer moves, its periods still follow each other.
	Zone string `json:"zone,omitempty"`

	Service      servicecoin.ServiceID      `json:"service,omitempty"`      // which the feature is one of; "": none in particular
	Subscription servicecoin.SubscriptionID `json:"subscription,omitempty"` // with which it ends; "": none
	SetAt        time.Time                  `json:"setAt"`
	SetBy        servicecoin.Actor          `json:"setBy"`
}

// Validate reports every violation.
func (k Kept) Validate() error {
	var v servicecoin.Violations
	v.Merge("", k.Entitlement.Validate())
	billed := len(k.Periods.Rhythms()) > 0
	switch {
	case k.Kind != Metered && (billed || k.Every != ""):
		v.Add("every", "unexpected", string(k.Every), "only a metered entitlement counts in periods")
	case k.Kind != Metered:
	case billed && k.Every != "":
		v.Add("every", "unexpected", string(k.Every), "must not stand beside periods")
	case billed:
	case !slices.Contains([]metering.Stretch{metering.Daily, metering.Weekly, metering.Monthly, metering.Quarterly, metering.Yearly}, k.Every):
		v.Add("every", "unknown", string(k.Every), "must be day, week, month, quarter or year, or there are periods")
	}
	if k.Zone != "" {
		_, err := k.location()
		v.Merge("", err)
	}
	if k.Service != "" {
		v.ID("service", string(k.Service))
	}
	if k.Subscription != "" {
		v.ID("subscription", string(k.Subscription))
	}
	return v.Err()
}

func (k Kept) location() (*time.Location, error) {
	return (servicecoin.Customer{Zone: k.Zone}).Location()
}

// In returns the period that an instant lies in: the zero interval of what is not
// [Metered], and before the first of Periods.
func (k Kept) In(at time.Time) calendar.Interval {
	if k.Kind != Metered {
		return calendar.Interval{}
	}
	if k.Every == "" {
		if p := k.Periods.At(at); p.Contains(at) {
			return p
		}
		return calendar.Interval{}
	}
	loc, err := k.location()
	if err != nil {
		return calendar.Interval{}
	}
	return k.Every.At(at, loc)
}

// counted returns the part of a period whose use counts: from its beginning, also where
// the version began later, up to where the version ends.
func (k Kept) counted(period calendar.Interval) calendar.Interval {
	if !k.Until.IsZero() && k.Until.Before(period.End) {
		period.End = k.Until
	}
	return period
}

// follows refuses a version with other periods than the one before it, where more is charged
// beyond a limit and a period of either is cut: what was used in it would be charged in both.
func (k Kept) follows(v *servicecoin.Violations, was Kept) {
	if v.Len() > 0 || was.Kind != Metered || k.Kind != Metered || was.Meter != k.Meter || was.end().Before(k.From) || !was.From.Before(k.From) || !k.charges() && !was.charges() {
		return
	}
	before, own := was.In(k.From.Add(-time.Microsecond)), k.In(k.From)
	if own.Equal(was.In(k.From)) || own.Start.Equal(k.From) && !before.End.After(k.From) {
		return
	}
	v.Add("from", "overlap", stamp(k.From), "must be where a period of the version before ends and one of its own begins, as their periods differ: what was used would be charged in both; the one before ends at "+stamp(before.End))
}

// charges reports whether something is charged beyond one of the limits.
func (k Kept) charges() bool {
	is := func(c Consequence) bool { return c.Act == Charge }
	return slices.ContainsFunc(k.Exceeding, is) || slices.ContainsFunc(k.Critical, func(c Critical) bool { return slices.ContainsFunc(c.Exceeding, is) })
}

// judges reports whether the version holds at some time of a period.
func (k Kept) judges(period calendar.Interval) bool {
	return k.From.Before(period.End) && (k.Until.IsZero() || k.Until.After(period.Start) && k.Until.After(k.From))
}

// last returns the instant at which a period is judged: now while it runs and the version
// holds, else the last of both.
func (k Kept) last(period calendar.Interval, now time.Time) time.Time {
	end := k.counted(period).End
	if now.Before(end) && !now.Before(period.Start) {
		if now.Before(k.From) {
			return k.From
		}
		return now
	}
	return end.Add(-time.Microsecond)
}

// filled returns what is set, with what it takes from the version before it, if there is
// one.
func (k Kept) filled(was Kept, zone string) Kept {
	if k.Zone == "" {
		k.Zone = zone
	}
	if was.Feature != "" {
		k.Zone = was.Zone
	}
	if was.Feature != "" && was.Holds(k.From) {
		if k.Subscription == "" {
			k.Subscription = was.Subscription
		}
		if k.Service == "" {
			k.Service = was.Service
		}
		if k.Until.IsZero() {
			k.Until = was.Until
		}
	}
	if rhythms := k.Periods.Rhythms(); len(rhythms) > 0 && slices.ContainsFunc(rhythms, func(r metering.Rhythm) bool { return r.Zone == "" }) {
		for i := range rhythms {
			if rhythms[i].Zone == "" {
				rhythms[i].Zone = k.Zone
			}
		}
		if p, err := metering.NewPeriods(rhythms...); err == nil {
			k.Periods = p
		}
	}
	return k
}

// same reports whether two versions say the same, but for when they hold.
func (k Kept) same(other Kept) bool {
	for _, x := range []*Kept{&k, &other} {
		x.From, x.Until, x.SetAt, x.SetBy = time.Time{}, time.Time{}, time.Time{}, servicecoin.Actor{}
	}
	one, err := json.Marshal(k)
	if err != nil {
		return false
	}
	two, err := json.Marshal(other)
	return err == nil && bytes.Equal(one, two)
}

func (k Kept) changed() Changed {
	return Changed{k.Feature, k.Kind, k.Meter, k.Limit, k.Value, k.From, k.Until, k.Service, k.Subscription}
}

// fits refuses a meter by which the entitlement cannot be judged.
func (k Kept) fits(m metering.Meter) error {
	var v servicecoin.Violations
	adds := false
	switch m.Aggregation {
	case metering.Sum, metering.Count, metering.Product:
		adds = true
		fallthrough
	case metering.Unique:
		if k.Counts == grant.Level {
			v.Add("counts", "contradiction", string(k.Counts), "meter "+string(m.ID)+" adds up: it is no level")
		}
	case metering.Latest, metering.Max, metering.Min, metering.Average, metering.TimeWeighted, metering.Percentile:
		if k.Counts != grant.Level {
			v.Add("counts", "contradiction", string(k.Counts), "meter "+string(m.ID)+" is a level")
		}
	}
	if !adds && m.Aggregation != metering.Max && m.Aggregation != metering.Latest && len(k.Critical) > 0 {
		v.Add("critical", "unsupported", string(m.Aggregation), "several windows of meter "+string(m.ID)+" have no figure together")
	}
	if !adds && slices.ContainsFunc(k.Thresholds, func(t Threshold) bool { return t.Measure == Expected }) {
		v.Add("thresholds", "unsupported", string(m.Aggregation), "of a meter that does not add up there is no forecast")
	}
	if !k.Limit.Valid && !adds && m.Aggregation != metering.Latest {
		v.Add("limit", "required", "", fmt.Sprintf("grants are of meters that add up, or of a level: %s is a %s", m.ID, m.Aggregation))
	}
	return v.Err()
}

// together is the figure of several windows.
func together(m metering.Meter, points []metering.Point) (sum metering.Point) {
	for _, p := range points {
		sum.Events += p.Events
		switch {
		case !p.Value.Valid:
		case !sum.Value.Valid, m.Aggregation == metering.Latest:
			sum.Value = p.Value
		case m.Aggregation == metering.Max:
			if p.Value.Decimal.GreaterThan(sum.Value.Decimal) {
				sum.Value = p.Value
			}
		default:
			sum.Value.Decimal = sum.Value.Decimal.Add(p.Value.Decimal)
		}
	}
	return sum
}

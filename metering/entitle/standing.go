package entitle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/grant"
)

// Standing is how an entitlement stands: the judgement, and everything that it rests on.
type Standing struct {
	Kept      Kept      `json:"kept"` // the version; without a feature: there is none
	Facts     Facts     `json:"facts"`
	Judgement Judgement `json:"judgement"`
	Unit      string    `json:"unit,omitempty"` // of the meter
	// Windows are the critical windows of the period, by the limits in the order of
	// Kept.Critical, with what was used in each.
	Windows []Windowed `json:"windows,omitempty"`

	customer servicecoin.CustomerID
	used     metering.Point
	grants   grant.Statement
}

// Windowed is what was used inside of critical windows of a name.
type Windowed struct {
	Name   string           `json:"name"`
	Points []metering.Point `json:"points"`
}

// Judge answers whether the customer may use an amount more of a feature at an instant:
// by what the ledger says of the period, and of critical windows in it, and by what is
// left of grants. An amount of 0 asks how it stands. What nobody set is not had: no
// error, and nothing is allowed. Judge reserves nothing; see package gate for shares of what is left.
func (n *Entitlements) Judge(ctx context.Context, feature FeatureID, amount decimal.Decimal, at time.Time) (Judgement, error) {
	s, err := n.Standing(ctx, feature, amount, at)
	return s.Judgement, err
}

// Standing returns how an entitlement stands with an amount more: what Judge answers, and
// what that rests on. A forecast is among the facts if a threshold asks for one.
func (n *Entitlements) Standing(ctx context.Context, feature FeatureID, quantity decimal.Decimal, at time.Time) (Standing, error) {
	if err := n.view.Err(); err != nil {
		return Standing{}, err
	}
	var v servicecoin.Violations
	v.ID("feature", string(feature))
	amount(&v, "amount", quantity)
	v.Time("at", at)
	if err := v.Err(); err != nil {
		return Standing{}, err
	}
	k, err := n.near(ctx, feature, at)
	if err != nil {
		return Standing{}, err
	}
	if k.Feature == "" {
		return Standing{Judgement: Judgement{Feature: feature, Amount: quantity}, Facts: Facts{At: at, Amount: quantity}, customer: n.customer.ID}, nil
	}
	return n.stand(ctx, k, quantity, at, true)
}

// stand judges a version by what is known now.
func (n *Entitlements) stand(ctx context.Context, k Kept, quantity decimal.Decimal, at time.Time, foresee bool) (Standing, error) {
	s := Standing{Kept: k, customer: n.customer.ID, Facts: Facts{At: at, Amount: quantity}}
	if k.Kind == Metered {
		if err := n.facts(ctx, &s, foresee); err != nil {
			return Standing{}, fmt.Errorf("%s: %w", k.Feature, err)
		}
	}
	var err error
	s.Judgement, err = k.Judge(s.Facts)
	return s, err
}

// facts reads what a metered entitlement is judged by.
func (n *Entitlements) facts(ctx context.Context, s *Standing, foresee bool) error {
	k, f := s.Kept, &s.Facts
	if f.Period = k.In(f.At); f.Period.Empty() {
		var v servicecoin.Violations
		v.Add("at", "out-of-range", stamp(f.At), "lies in none of the periods of the entitlement")
		return v.Err()
	}
	m, err := n.ledger.Meter(ctx, k.Meter)
	if err != nil {
		return err
	}
	s.Unit = m.Unit
	if !k.Holds(f.At) { // nothing of it is judged
		for _, c := range k.Critical {
			f.Inside = append(f.Inside, Inside{Name: c.Name})
		}
		f.Grants = &grant.Snapshot{At: f.At}
		return nil
	}
	counted := k.counted(f.Period)
	points, err := n.ledger.In(ctx, k.Meter, []calendar.Interval{counted})
	if err != nil {
		return err
	}
	if len(points) > 0 {
		s.used = points[0]
	}
	f.Used = notNegative(s.used.Value)
	if !k.Limit.Valid {
		if err := n.granted(ctx, s); err != nil {
			return err
		}
	}
	for _, c := range k.Critical {
		x, points, err := n.inside(ctx, m, c.Name, f.Period, counted, f.At)
		if err != nil {
			return err
		}
		f.Inside = append(f.Inside, x)
		s.Windows = append(s.Windows, Windowed{c.Name, points})
	}
	if foresee && slices.ContainsFunc(k.Thresholds, func(t Threshold) bool { return t.Measure == Expected }) {
		forecast, err := n.foresee(ctx, k, f.Period, f.At)
		if err != nil {
			return err
		}
		f.Forecast = &forecast
	}
	return nil
}

// notNegative is what counts against a limit: corrections of what was used before the
// period give no more in it.
func notNegative(d decimal.NullDecimal) decimal.NullDecimal {
	if d.Valid && d.Decimal.IsNegative() {
		d.Decimal = decimal.Decimal{}
	}
	return d
}

func (n *Entitlements) granted(ctx context.Context, s *Standing) error {
	if n.o.Grants == nil {
		return n.missing("Options.Grants")
	}
	var err error
	if s.grants, err = n.o.Grants.AsOf(ctx, s.Kept.Meter, s.Facts.At); err != nil {
		return err
	}
	closing := s.grants.Closing
	s.Facts.Grants = &closing
	return nil
}

func (n *Entitlements) missing(what string) error {
	var v servicecoin.Violations
	v.Add(what, "required", "", "is nil")
	return v.Err()
}

// inside asks the meter what was used in each of the windows of a name.
func (n *Entitlements) inside(ctx context.Context, m metering.Meter, name string, period, counted calendar.Interval, at time.Time) (Inside, []metering.Point, error) {
	if n.o.Calendars == nil {
		return Inside{}, nil, n.missing("Options.Calendars")
	}
	set, err := n.o.Calendars.Windows(ctx, n.customer.ID, name, period)
	if err != nil {
		return Inside{}, nil, fmt.Errorf("when %s is open: %w", name, err)
	}
	x, _ := opened(name, set, period, at)
	windows := slices.Collect(set.Clip(counted).All())
	if len(windows) == 0 {
		return x, nil, nil
	}
	points, err := n.ledger.In(ctx, m.ID, windows)
	if err != nil {
		return Inside{}, nil, err
	}
	x.Used = notNegative(together(m, points).Value)
	return x, points, nil
}

// foresee expects what is still to come of a period by its days, or hours, so far.
func (n *Entitlements) foresee(ctx context.Context, k Kept, period calendar.Interval, at time.Time) (Forecast, error) {
	loc, err := k.location()
	if err != nil {
		return Forecast{}, err
	}
	each := metering.Daily
	if k.Every == metering.Daily {
		each = metering.Hourly
	}
	windows, err := each.Split(period, loc)
	if err != nil {
		return Forecast{}, err
	}
	windows = slices.DeleteFunc(windows, func(w calendar.Interval) bool { return w.Start.After(at) })
	points, err := n.ledger.In(ctx, k.Meter, windows)
	if err != nil {
		return Forecast{}, err
	}
	return Foresee(points, period, at, 0)
}

// Forecast returns what is expected to be used of a feature by the end of the period that
// an instant lies in, for a gauge: as a threshold of that measure sees it. It is ErrNotFound
// where the customer has no metered entitlement then.
func (n *Entitlements) Forecast(ctx context.Context, feature FeatureID, at time.Time) (Forecast, error) {
	k, err := n.Get(ctx, feature, at)
	if err != nil {
		return Forecast{}, err
	}
	m, err := n.ledger.Meter(ctx, k.Meter)
	switch {
	case k.Kind != Metered || errors.Is(err, servicecoin.ErrNotFound):
		return Forecast{}, servicecoin.NotFound(n.view.Key(EntitlementRecord, string(feature)))
	case err != nil:
		return Forecast{}, err
	case m.Aggregation != metering.Sum && m.Aggregation != metering.Count && m.Aggregation != metering.Product:
		return Forecast{}, nil // a level is what it is
	}
	return n.foresee(ctx, k, k.In(at), at)
}

// Reached returns the thresholds that are reached now, whether or not they were told.
func (s Standing) Reached() []Threshold {
	var list []Threshold
	for _, t := range s.Kept.Thresholds {
		if figure := t.figure(s.Judgement, s.Facts); figure.Valid && figure.Decimal.GreaterThanOrEqual(t.At) {
			list = append(list, t)
		}
	}
	return list
}

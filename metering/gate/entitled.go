package gate

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
)

// Stander says how an entitlement of a customer stands: [entitle.Entitlements] is one.
type Stander interface {
	Standing(ctx context.Context, feature entitle.FeatureID, amount decimal.Decimal, at time.Time) (entitle.Standing, error)
}

// Entitled are the [Limits] of entitlements, by the names of features: what is left of the
// hard limits that count now. Of what nobody is entitled to nothing is left.
type Entitled struct {
	// Of returns the entitlements of a customer.
	Of func(ctx context.Context, customer servicecoin.CustomerID) (Stander, error)
	// OnTheWay is how long an event is on its way to the ledger, at most.
	OnTheWay time.Duration
}

// Standing implements [Limits].
func (x Entitled) Standing(ctx context.Context, key Key, now time.Time) (Standing, error) {
	if err := sound(x.Of != nil, x.OnTheWay); err != nil {
		return Standing{}, err
	}
	of, err := x.Of(ctx, key.Customer)
	if err != nil {
		return Standing{}, fmt.Errorf("entitlements of %s: %w", key.Customer, err)
	}
	s, err := of.Standing(ctx, entitle.FeatureID(key.Name), decimal.Decimal{}, now)
	if err != nil {
		return Standing{}, err
	}
	return StandingOf(s.Judgement, s.Facts, now.Add(-x.OnTheWay)), nil
}

// Checker checks the quotas of a customer: [metering.Ledger] is one.
type Checker interface {
	Check(ctx context.Context, meter metering.MeterID, amount decimal.Decimal, at time.Time) (metering.Decision, error)
}

// Quotas are the [Limits] of quotas, by the names of meters: what is left of the hard ones.
type Quotas struct {
	// Of returns the ledger of a customer.
	Of func(ctx context.Context, customer servicecoin.CustomerID) (Checker, error)
	// OnTheWay is how long an event is on its way to the ledger, at most.
	OnTheWay time.Duration
}

// Standing implements [Limits].
func (x Quotas) Standing(ctx context.Context, key Key, now time.Time) (Standing, error) {
	if err := sound(x.Of != nil, x.OnTheWay); err != nil {
		return Standing{}, err
	}
	of, err := x.Of(ctx, key.Customer)
	if err != nil {
		return Standing{}, fmt.Errorf("the ledger of %s: %w", key.Customer, err)
	}
	d, err := of.Check(ctx, metering.MeterID(key.Name), decimal.Decimal{}, now)
	if err != nil {
		return Standing{}, err
	}
	return StandingOfQuotas(d, now.Add(-x.OnTheWay)), nil
}

func sound(there bool, onTheWay time.Duration) error {
	var v servicecoin.Violations
	if !there {
		v.Add("of", "required", "", "is nil: tells whose limits they are")
	}
	if onTheWay < 0 || onTheWay > MaxLength {
		v.Add("onTheWay", "out-of-range", onTheWay.String(), "must lie between 0 and "+MaxLength.String())
	}
	return v.Err()
}

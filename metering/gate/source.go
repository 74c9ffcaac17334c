package gate

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// MaxReturns is how many leases a gate gives back at once.
const MaxReturns = 100

// Source leases shares to gates. [Authority] is one; a host whose authority is another
// process fills it with its way to call that.
type Source interface {
	// Lease leases a share. One of nothing is no error: the grant says what is left. The
	// leases that are given back with the ask are settled whether or not there is a share;
	// those that the source does not know, or knows to be settled, it passes over, so that
	// an ask whose answer was lost can be made again. After an error, it may have happened
	// or not.
	Lease(ctx context.Context, ask Ask) (Grant, error)
	// Return settles leases, as an ask does.
	Return(ctx context.Context, key Key, gate string, returns []Return) error
}

// LeaseID names a lease.
type LeaseID string

// Ask is a gate's wish for a share.
type Ask struct {
	Key     Key             `json:"key"`
	Gate    string          `json:"gate"`              // who asks: its own name, unique
	Want    decimal.Decimal `json:"want"`              // at least so much; 0: whatever there is
	Returns []Return        `json:"returns,omitempty"` // leases that the gate is done with
}

// Return is a lease that is given back.
type Return struct {
	Lease LeaseID         `json:"lease"`
	Spent decimal.Decimal `json:"spent"` // of its share
}

// Grant is what a gate gets.
type Grant struct {
	Lease LeaseID         `json:"lease,omitempty"` // "": none
	Share decimal.Decimal `json:"share"`           // at most nine places
	// Unlimited says that nothing is bounded: the gate need not count, for so long.
	Unlimited bool `json:"unlimited,omitempty"`
	// Left is what could be leased at most, where that is less than what was wanted.
	Left decimal.Decimal `json:"left"`
	// For is how long the grant holds, or the refusal, from the instant at which the gate
	// asked: in nanoseconds in JSON.
	For time.Duration `json:"for"`
}

// Validate reports every violation of the ask.
func (a Ask) Validate() error {
	var v servicecoin.Violations
	v.Merge("key", a.Key.Validate())
	v.ID("gate", a.Gate)
	amount(&v, "want", a.Want)
	checkReturns(&v, a.Returns)
	return v.Err()
}

func checkReturns(v *servicecoin.Violations, returns []Return) {
	if !v.Limit("returns", len(returns), MaxReturns) {
		return
	}
	for i, r := range returns {
		path := fmt.Sprintf("returns[%d]", i)
		v.ID(path+".lease", string(r.Lease))
		amount(v, path+".spent", r.Spent)
	}
}

// amount checks a number that is not negative.
func amount(v *servicecoin.Violations, path string, d decimal.Decimal) {
	v.Number(path, d, metering.MaxDigits, metering.MaxPlaces)
	if d.IsNegative() {
		v.Add(path, "negative", "", "must not be negative")
	}
}

package gate

import (
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Why is the reason of an [Answer].
type Why string

// The reasons. Those that let pass are Leased, Unlimited and Unleased.
const (
	Leased    Why = "leased"    // it is within the share of a lease
	Unlimited Why = "unlimited" // nothing is bounded
	Unleased  Why = "unleased"  // nobody could be asked, and the gate is [Open]
	Stale     Why = "stale"     // nobody could be asked, and the gate is [Closed]
	Spent     Why = "spent"     // the share does not suffice: [Counter.Ask] may get more
	Over      Why = "over"      // the limit leaves less than that
	Invalid   Why = "invalid"   // a quantity below zero, or one that no share can have
)

// Answer says whether something may pass.
type Answer struct {
	Allowed bool      `json:"allowed"`
	Why     Why       `json:"why"`
	Until   time.Time `json:"until,omitzero"` // until when the gate answers from what it knows; zero: it does not
}

// VerbPass stands in refusals: a limit would be passed.
const VerbPass = "gate.pass"

// Err returns what a request is refused with, nil if it may pass: an ErrRefused where the
// limit leaves less, or the gate holds less and did not ask; an ErrBusy where nobody could
// be asked and the gate is [Closed].
func (a Answer) Err() error {
	refused := &servicecoin.RefusedError{Subject: servicecoin.Key{Kind: Pools}, Verb: VerbPass}
	switch a.Why {
	case Leased, Unlimited, Unleased:
		return nil
	case Over:
		refused.Why = "the limit leaves less than that"
	case Spent:
		refused.Why = "more than this process may let pass without asking"
	case Invalid:
		var v servicecoin.Violations
		v.Add("quantity", "out-of-range", "", "is negative, or more than a share can have")
		return v.Err()
	case Stale:
		return fmt.Errorf("what is left of the limit is not known now: %w", servicecoin.ErrBusy)
	}
	return refused
}

package hours

import "github.com/servicecoin/servicecoin"

// Policies decide what systems decide differently. The zero value has the
// default of each.
type Policies struct {
	Closing  ClosingPolicy  `json:"closing,omitempty"`
	Zero     ZeroPolicy     `json:"zero,omitempty"`
	Reversed ReversedPolicy `json:"reversed,omitempty"`
}

// ClosingPolicy says where a deadline falls that is reached exactly as hours
// close.
type ClosingPolicy string

// The closing policies. Backwards they hold for the opening instant.
const (
	StayAtClosing ClosingPolicy = "stay"         // at the closing; the default, as in Chatwoot, Zammad, rickar/cal
	NextOpening   ClosingPolicy = "next-opening" // at the next opening, as in zendesk/biz
)

// ZeroPolicy says where a deadline of no work at all falls.
type ZeroPolicy string

// The zero policies.
const (
	SnapToOpen ZeroPolicy = "snap" // at the nearest open instant; the default, as in zendesk/biz
	KeepStart  ZeroPolicy = "keep" // at the start, open or not, as in rickar/cal and GLPI
)

// ReversedPolicy says how much working time lies between two instants of which
// the second is the earlier one.
type ReversedPolicy string

// The policies for reversed intervals.
const (
	RefuseReversed   ReversedPolicy = "refuse"   // an error; the default
	SignedReversed   ReversedPolicy = "signed"   // below zero, as in working_hours
	ZeroReversed     ReversedPolicy = "zero"     // none, as in zendesk/biz, GLPI, OTOBO
	AbsoluteReversed ReversedPolicy = "absolute" // as much as the other way round, as in rickar/cal, iTop
)

// Validate reports every policy that is not one of the named ones. An empty
// one is the default.
func (p Policies) Validate() error {
	var v servicecoin.Violations
	switch p.Closing {
	case "", StayAtClosing, NextOpening:
	default:
		v.Add("closing", "unknown", string(p.Closing), "must be stay or next-opening")
	}
	switch p.Zero {
	case "", SnapToOpen, KeepStart:
	default:
		v.Add("zero", "unknown", string(p.Zero), "must be snap or keep")
	}
	switch p.Reversed {
	case "", RefuseReversed, SignedReversed, ZeroReversed, AbsoluteReversed:
	default:
		v.Add("reversed", "unknown", string(p.Reversed), "must be refuse, signed, zero or absolute")
	}
	return v.Err()
}

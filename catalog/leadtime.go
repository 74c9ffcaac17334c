package catalog

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// LeadOutcome is what became of a promised lead time.
type LeadOutcome string

// The outcomes.
const (
	LeadKept       LeadOutcome = "kept"       // it could be used at the due instant or before
	LeadMissed     LeadOutcome = "missed"     // it could be used after the due instant
	LeadOpen       LeadOutcome = "open"       // it is waited for, overdue or not
	LeadUnpromised LeadOutcome = "unpromised" // nothing was promised
	LeadVoid       LeadOutcome = "void"       // it was rejected or called off
)

// Lead is the lead time of one order: from the order until it could be used.
type Lead struct {
	Promised calendar.Duration `json:"promised"`
	Measured calendar.Elapsed  `json:"measuredSeconds"` // cut to whole seconds; undefined until it can be used
	Due      time.Time         `json:"due,omitzero"`
	Outcome  LeadOutcome       `json:"outcome"`
	// Late is how long it is overdue at the time asked, or was when it came;
	// undefined if it is not, or nothing was promised.
	Late calendar.Elapsed `json:"lateSeconds"`
}

// Lead returns the lead time as it stands at t. The outcome goes by the exact
// instants, so that a second too late is too late, and so is a part of one.
func (o *Order) Lead(t time.Time) Lead {
	l := Lead{Promised: o.Terms.LeadTime, Due: o.Due}
	end := t
	if !o.FulfilledAt.IsZero() {
		end = o.FulfilledAt
		l.Measured = calendar.Took(end.Sub(o.RequestedAt))
	}
	late := !o.Due.IsZero() && end.After(o.Due)
	switch {
	case o.State == OrderRejected || o.State == OrderCancelled:
		l.Outcome = LeadVoid
		return l
	case o.Due.IsZero():
		l.Outcome = LeadUnpromised
	case o.FulfilledAt.IsZero():
		l.Outcome = LeadOpen
	case late:
		l.Outcome = LeadMissed
	default:
		l.Outcome = LeadKept
	}
	if late {
		l.Late = calendar.Took(end.Sub(o.Due))
	}
	return l
}

// LeadTimes is how promised lead times were kept over many orders. It counts
// orders by outcome; the share and the times carry their n beside them.
type LeadTimes struct {
	Orders     int `json:"orders"`
	Kept       int `json:"kept"`
	Missed     int `json:"missed"`
	Open       int `json:"open"`
	Overdue    int `json:"overdue"` // of the open ones
	Unpromised int `json:"unpromised"`
	Void       int `json:"void"`
	// KeptPercent is kept of kept and missed, to two places; undefined while
	// there is neither. Open orders are not in it: see Overdue.
	KeptPercent decimal.NullDecimal `json:"keptPercent"`
	Fulfilled   int                 `json:"fulfilled"` // how many orders the times below are of
	Median      calendar.Elapsed    `json:"medianSeconds"`
	Longest     calendar.Elapsed    `json:"longestSeconds"`
}

// LeadTimesOf counts the lead times of orders as they stand at t. The median of
// an even number is the earlier of the two in the middle: a time that an order
// really took.
func LeadTimesOf(orders []Order, t time.Time) LeadTimes {
	var l LeadTimes
	var measured []time.Duration
	for i := range orders {
		lead := orders[i].Lead(t)
		l.Orders++
		switch lead.Outcome {
		case LeadKept:
			l.Kept++
		case LeadMissed:
			l.Missed++
		case LeadOpen:
			l.Open++
			if lead.Late.Defined() {
				l.Overdue++
			}
		case LeadUnpromised:
			l.Unpromised++
		case LeadVoid:
			l.Void++
		}
		if d, ok := lead.Measured.Get(); ok {
			measured = append(measured, d)
		}
	}
	const places = 2
	if n := l.Kept + l.Missed; n > 0 {
		l.KeptPercent = servicecoin.Some(decimal.NewFromInt(int64(l.Kept)).Shift(2).DivRound(decimal.NewFromInt(int64(n)), places))
	}
	if l.Fulfilled = len(measured); l.Fulfilled > 0 {
		slices.Sort(measured)
		l.Median, l.Longest = calendar.Took(measured[(len(measured)-1)/2]), calendar.Took(measured[len(measured)-1])
	}
	return l
}

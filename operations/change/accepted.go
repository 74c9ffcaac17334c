package change

import (
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Accepted is a conflict that somebody stands for. It holds for what it names, for
// that reason, as long as the two share no more time and no more ids than they did.
type Accepted struct {
	With    EntryRef             `json:"with"`
	Why     Why                  `json:"why"`
	On      []string             `json:"on,omitempty"`
	Overlap calendar.Interval    `json:"overlap"` // as it was
	By      servicecoin.PersonID `json:"by"`
	At      time.Time            `json:"at"`
	Reason  string               `json:"reason"`
}

// Accept returns what somebody says who stands for a conflict.
func (c Conflict) Accept(by servicecoin.PersonID, at time.Time, reason string) Accepted {
	return Accepted{
		With: c.With.Ref(), Why: c.Why, On: slices.Clone(c.On), Overlap: c.Overlap,
		By: by, At: servicecoin.Instant(at), Reason: reason,
	}
}

// Validate reports every violation.
func (a Accepted) Validate() error {
	var v servicecoin.Violations
	v.ID("with.id", a.With.ID)
	switch a.Why {
	case SameService, SameConfiguration, SamePerson, RestsOn, Frozen, Critical:
	default:
		v.Add("why", "unknown", string(a.Why), "must be a reason of conflicts")
	}
	ids(&v, "on", a.On)
	v.Merge("overlap", a.Overlap.Validate())
	v.ID("by", string(a.By))
	v.Time("at", a.At)
	v.Text("reason", a.Reason, 1, 4000)
	return v.Err()
}

// Holds reports whether the acceptance is of a conflict as it is now.
func (a Accepted) Holds(c Conflict) bool {
	if a.With != c.With.Ref() || a.Why != c.Why || c.Overlap.Duration() > a.Overlap.Duration() {
		return false
	}
	if len(c.On) == 0 { // everything
		return len(a.On) == 0
	}
	was := sorted(a.On)
	return len(common(sorted(c.On), was)) == len(sorted(c.On))
}

// Settle parts conflicts into those that are open and those that somebody stands
// for, in the order in which they come.
func Settle(conflicts []Conflict, accepted []Accepted) (open, settled []Conflict) {
	for _, c := range conflicts {
		if slices.ContainsFunc(accepted, func(a Accepted) bool { return a.Holds(c) }) {
			settled = append(settled, c)
		} else {
			open = append(open, c)
		}
	}
	return open, settled
}

package patch

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Terms are what somebody says of a cycle before targets are placed.
type Terms struct {
	Name string `json:"name"`
	Why  string `json:"why"`
	// Advisories are what it mends; none: it brings what is current, and nobody can say
	// by a version whether it did.
	Advisories []AdvisoryID `json:"advisories,omitempty"`
	// Select picks the targets, also those that come when it is planned anew; an empty one
	// all that the advisories concern.
	Select Selector `json:"select,omitempty"`
	// Model is the model of standard changes that its jobs are made from, in the words of
	// who controls changes; "": they are asked for one by one.
	Model string `json:"model,omitempty"`
	// Runbook is how one target is patched; "": there is none, and people say how it went.
	Runbook servicecoin.RunbookID `json:"runbook,omitempty"`
	// Implementers are who patches; none: who plans it.
	Implementers []servicecoin.PersonID `json:"implementers,omitempty"`
	During       calendar.Interval      `json:"during"` // in which slots are looked for
	// Length is how long one target takes, and WayBack how long of that it takes to put it
	// back as it was.
	Length  time.Duration `json:"lengthNanos"`
	WayBack time.Duration `json:"wayBackNanos,omitempty"`
	// AtOnce is that of a [Question].
	AtOnce int    `json:"atOnce,omitempty"`
	Rings  []Ring `json:"rings"`
}

// The limits of a cycle's terms.
const (
	maxCycleRings = 20 // they stand in one record
	maxMends      = 100
)

// Validate reports every violation at once: of what is said, of the rings, and of the time.
func (t Terms) Validate() error {
	var v servicecoin.Violations
	t.validate(&v)
	if len(t.Rings) <= maxCycleRings {
		v.Merge("", t.Question(Want{Free: atAnyTime}).validate())
	}
	return v.Err()
}

func atAnyTime(servicecoin.CustomerID, servicecoin.ServiceID) (calendar.Set, error) {
	return calendar.Set{}, nil
}

func (t Terms) validate(v *servicecoin.Violations) {
	v.Text("name", t.Name, 1, maxTitle)
	v.Text("why", t.Why, 1, maxText)
	v.Text("model", t.Model, 0, maxID)
	if t.Runbook != "" {
		v.ID("runbook", string(t.Runbook))
	}
	if v.Limit("advisories", len(t.Advisories), maxMends) {
		for n, id := range t.Advisories {
			path := fmt.Sprintf("advisories[%d]", n)
			v.ID(path, string(id))
			if slices.Contains(t.Advisories[:n], id) {
				v.Add(path, "duplicate", string(id), "stands twice")
			}
		}
	}
	if v.Limit("implementers", len(t.Implementers), maxMends) {
		for n, id := range t.Implementers {
			v.ID(fmt.Sprintf("implementers[%d]", n), string(id))
		}
	}
	v.Limit("select", len(t.Select), maxLabels)
	if len(t.Rings) == 0 {
		v.Add("rings", "required", "", "there is nothing to place targets in")
	}
	if v.Limit("rings", len(t.Rings), maxCycleRings) {
		for n, r := range t.Rings {
			r.validate(v, fmt.Sprintf("rings[%d]", n))
		}
	}
	if t.Length <= 0 || t.Length > maxSoak {
		v.Add("length", "out-of-range", t.Length.String(), "must be longer than nothing, and at most 366 days")
	}
	if t.AtOnce < 0 {
		v.Add("atOnce", "out-of-range", strconv.Itoa(t.AtOnce), "must not be negative")
	}
	if t.WayBack < 0 || t.WayBack >= t.Length && t.Length > 0 {
		v.Add("wayBack", "out-of-range", t.WayBack.String(), "must be from nothing to less than the length of one target")
	}
	if len(t.Advisories) > 0 || len(t.Rings) > maxCycleRings {
		return
	}
	for n, r := range t.Rings {
		if r.Gate.Verified {
			v.Add(fmt.Sprintf("rings[%d].gate.verified", n), "contradiction", "", "a cycle without advisories wants no version that could be seen")
		}
	}
}

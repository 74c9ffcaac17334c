package configuration

import (
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// BaselineID names a baseline.
type BaselineID string

// BaselineState is where a baseline stands.
type BaselineState string

// The states of baselines.
const (
	BaselineTaken      BaselineState = "taken"
	BaselineApproved   BaselineState = "approved"   // what holds for the customer
	BaselineSuperseded BaselineState = "superseded" // another one was approved
)

// Pinned is an item in a baseline.
type Pinned struct {
	Item    servicecoin.ConfigurationID `json:"item"`
	Version int                         `json:"version"`
}

// Baseline is a named set of items as they were recorded at an instant.
type Baseline struct {
	ID    BaselineID        `json:"id"`
	Name  string            `json:"name"`
	Note  string            `json:"note,omitempty"`
	At    time.Time         `json:"at"` // as of when
	By    servicecoin.Actor `json:"by"`
	Taken time.Time         `json:"taken"`
	State BaselineState     `json:"state"`
	Count int               `json:"count"` // items
	Parts int               `json:"parts"` // in which the items are kept
	// Items are left out of listings, and read with the baseline: by id.
	Items []Pinned `json:"-"`

	History []lifecycle.Entry[BaselineState] `json:"history"`
}

// mostPinned is how many items a baseline has at most.
const mostPinned = 5000

// Approve makes the baseline the one that holds. A person does, and not the one who
// took it.
func (b *Baseline) Approve(by servicecoin.Actor, at time.Time, reason string) error {
	return b.move(by, at, VerbApproveBaseline, reason)
}

func (b *Baseline) move(by servicecoin.Actor, at time.Time, verb, reason string) error {
	life := lifecycle.Record[BaselineState]{
		Key: servicecoin.Key{Kind: BaselineRecord, ID: string(b.ID)}, State: b.State, Since: b.since(),
		Table: []lifecycle.Transition[BaselineState]{
			lifecycle.Allow(BaselineTaken, VerbApproveBaseline, BaselineApproved, "a person, and not the one who took it"),
			lifecycle.Allow(BaselineApproved, verbSupersede, BaselineSuperseded),
		},
	}
	e, err := life.Move(by, at, verb, reason, func(v *servicecoin.Violations) {
		v.Text("reason", reason, 0, mostReason)
		if verb == VerbApproveBaseline && by.Kind != servicecoin.Human && by.Kind != servicecoin.CustomerSide {
			v.Add("by.kind", "not-a-person", string(by.Kind), "a person approves a baseline")
		}
	})
	if err != nil {
		return err
	}
	if verb == VerbApproveBaseline && by.ID == b.By.ID {
		return life.Refuse(verb, BaselineApproved, string(by.ID)+" took it: somebody else approves it")
	}
	b.State, b.History = e.To, append(slices.Clone(b.History), e)
	return nil
}

func (b *Baseline) since() time.Time {
	if n := len(b.History); n > 0 {
		return b.History[n-1].At
	}
	return b.Taken
}

// ItemDifference is how an item differs between two baselines.
type ItemDifference struct {
	Item servicecoin.ConfigurationID `json:"item"`
	Kind DifferenceKind              `json:"kind"` // missing: it is in the first alone; unexpected: in the second
	From int                         `json:"from,omitempty"`
	To   int                         `json:"to,omitempty"` // versions
	// Differences of a changed item are those of [Version.Document].
	Differences []Difference `json:"differences"`
}

// pair walks two lists of items that are in the order of their ids.
func pair(a, b []Pinned, each func(x, y *Pinned) error) error {
	for len(a) > 0 || len(b) > 0 {
		var x, y *Pinned
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].Item < b[0].Item:
			x, a = &a[0], a[1:]
		case len(a) == 0 || a[0].Item != b[0].Item:
			y, b = &b[0], b[1:]
		default:
			x, y, a, b = &a[0], &b[0], a[1:], b[1:]
		}
		if err := each(x, y); err != nil {
			return err
		}
	}
	return nil
}

func byItem(a, b Pinned) int { return strings.Compare(string(a.Item), string(b.Item)) }

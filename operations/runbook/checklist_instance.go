package runbook

import (
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// ChecklistID is the id of one checklist that was made.
type ChecklistID string

// Checklist is one that was made of a template: who found or did what, and who
// looked at it afterwards. Its methods are the rules.
type Checklist struct {
	ID       ChecklistID             `json:"id"`
	Template TemplateID              `json:"template"`
	Edition  int                     `json:"edition"`
	Day      calendar.Date           `json:"day,omitzero"` // the one of the schedule that it is for; none: made by hand
	Title    servicecoin.Texts       `json:"title"`
	Services []servicecoin.ServiceID `json:"services,omitempty"`
	State    ChecklistState          `json:"state"`
	Checks   []Check                 `json:"checks"`
	Opens    time.Time               `json:"opens"`        // from when on it may be due: as the schedule has it, or when it was begun
	Due      time.Time               `json:"due,omitzero"` // zero: at no time

	BegunAt     time.Time         `json:"begunAt"`
	BegunBy     servicecoin.Actor `json:"begunBy"`
	CompletedAt time.Time         `json:"completedAt,omitzero"` // last
	CompletedBy servicecoin.Actor `json:"completedBy,omitzero"`
	EndedAt     time.Time         `json:"endedAt,omitzero"` // signed off or abandoned
	EndedBy     servicecoin.Actor `json:"endedBy,omitzero"`

	// Hands are all who said something about an item, or that it is complete, and those
	// for whom they did, in order: they cannot sign it off.
	Hands   []servicecoin.PersonID            `json:"hands,omitempty"`
	History []lifecycle.Entry[ChecklistState] `json:"history"`
}

// Check is an item, and what came of it.
type Check struct {
	Item
	Result   CheckResult       `json:"result"`
	Note     string            `json:"note,omitempty"`
	Evidence []Evidence        `json:"evidence,omitempty"`
	By       servicecoin.Actor `json:"by,omitzero"`
	At       time.Time         `json:"at,omitzero"`
}

// CheckResult is what came of an item.
type CheckResult string

// The results.
const (
	CheckPending CheckResult = "pending"
	CheckPassed  CheckResult = "passed"
	CheckFailed  CheckResult = "failed"  // it was looked at or done, and is not as it should be
	CheckSkipped CheckResult = "skipped" // left out
)

// ChecklistState is where a checklist stands.
type ChecklistState string

// The states.
const (
	ChecklistOpen      ChecklistState = "open"
	ChecklistCompleted ChecklistState = "completed" // waits for a second person
	ChecklistSignedOff ChecklistState = "signedOff"
	ChecklistAbandoned ChecklistState = "abandoned"
)

// ChecklistStates returns all states in the order of a life.
func ChecklistStates() []ChecklistState {
	return []ChecklistState{ChecklistOpen, ChecklistCompleted, ChecklistSignedOff, ChecklistAbandoned}
}

// Terminal reports whether nothing changes any more: signed off or abandoned.
func (s ChecklistState) Terminal() bool { return s == ChecklistSignedOff || s == ChecklistAbandoned }

// Finished reports whether all items have a result: completed or signed off.
func (s ChecklistState) Finished() bool { return s == ChecklistCompleted || s == ChecklistSignedOff }

// The verbs of checklists.
const (
	VerbBeginChecklist    = "checklist.begin"
	VerbCheck             = "checklist.check"
	VerbCompleteChecklist = "checklist.complete"
	VerbSignOff           = "checklist.signOff"
	VerbSendBack          = "checklist.sendBack"
	VerbAbandonChecklist  = "checklist.abandon"
)

// ChecklistTransitions returns the whole table of a checklist: what is not in it is
// refused.
func ChecklistTransitions() []lifecycle.Transition[ChecklistState] {
	const (
		order  = "not before the change before it"
		reason = "a reason"
	)
	return []lifecycle.Transition[ChecklistState]{
		lifecycle.Allow(ChecklistOpen, VerbCheck, ChecklistOpen, order, "the wanted evidence, to pass", "a note, unless it passes", "what must be is not skipped"),
		lifecycle.Allow(ChecklistOpen, VerbCompleteChecklist, ChecklistCompleted, order, "no item is pending"),
		lifecycle.Allow(ChecklistCompleted, VerbSignOff, ChecklistSignedOff, order, "by a person who had no hand in it"),
		lifecycle.Allow(ChecklistCompleted, VerbSendBack, ChecklistOpen, order, reason),
		lifecycle.Allow(ChecklistOpen, VerbAbandonChecklist, ChecklistAbandoned, order, reason),
		lifecycle.Allow(ChecklistCompleted, VerbAbandonChecklist, ChecklistAbandoned, order, reason),
	}
}

// BeginChecklist makes a checklist of a published template: for an occasion of its
// schedule, or for the zero one by hand.
func BeginChecklist(by servicecoin.Actor, at time.Time, id ChecklistID, t Template, o Occasion) (Checklist, error) {
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) { v.ID("id", string(id)) })
	if err != nil {
		return Checklist{}, err
	}
	if t.State != Published {
		return Checklist{}, t.life().Refuse(VerbBeginChecklist, "", "checklists are made of what is published")
	}
	c := Checklist{
		ID: id, Template: t.ID, Edition: t.Edition, Day: o.Day, Title: t.Title, Services: slices.Clone(t.Services), State: ChecklistOpen,
		Opens: lifecycle.Instant(o.During.Start), Due: lifecycle.Instant(o.During.End), BegunAt: at, BegunBy: by,
		History: []lifecycle.Entry[ChecklistState]{{At: at, By: by, Verb: VerbBeginChecklist, To: ChecklistOpen}},
	}
	if c.Opens.IsZero() {
		c.Opens = at
	}
	if at.Before(c.Opens) {
		return Checklist{}, c.life().Refuse(VerbBeginChecklist, "", "it opens at "+lifecycle.Stamp(c.Opens))
	}
	for _, x := range t.Items {
		c.Checks = append(c.Checks, Check{Item: x, Result: CheckPending})
	}
	return c, nil
}

func (c *Checklist) life() lifecycle.Record[ChecklistState] {
	r := lifecycle.Record[ChecklistState]{Key: servicecoin.Key{Kind: ChecklistRecord, ID: string(c.ID)}, State: c.State, Table: ChecklistTransitions()}
	if n := len(c.History); n > 0 {
		r.Since = c.History[n-1].At
	}
	return r
}

// Checked is what somebody says of an item.
type Checked struct {
	Item     ItemID
	Result   CheckResult // passed, failed or skipped; pending takes back what was said
	Note     string      // why, unless it passes
	Evidence []Evidence
}

// Check says what came of an item. It may be said anew while the checklist is open;
// whoever said something before keeps having had a hand in it.
func (c *Checklist) Check(by servicecoin.Actor, at time.Time, x Checked) error {
	place := slices.IndexFunc(c.Checks, func(k Check) bool { return k.ID == x.Item })
	e, err := c.life().Move(by, at, VerbCheck, fmt.Sprintf("%s: %s", x.Item, x.Result), func(v *servicecoin.Violations) {
		if place < 0 {
			v.Add("item", "unknown", string(x.Item), "is no item of this checklist")
		}
		least := 0
		switch x.Result {
		case CheckPassed, CheckPending:
		case CheckFailed, CheckSkipped:
			least = 1
		default:
			v.Add("result", "unknown", string(x.Result), "must be passed, failed, skipped or pending")
		}
		v.Text("note", x.Note, least, mostReason)
		checkEvidence(v, x.Evidence)
		if place >= 0 && x.Result == CheckPassed && !c.Checks[place].Wanted.in(x.Evidence) {
			v.Add("evidence", "required", string(c.Checks[place].Wanted), "must have what the item asks for: "+string(c.Checks[place].Wanted))
		}
	})
	if err != nil {
		return err
	}
	k := c.Checks[place]
	if k.Need == Must && x.Result == CheckSkipped {
		return c.life().Refuse(VerbCheck, "", string(x.Item)+" must be done: it passes or fails")
	}
	k = Check{Item: k.Item, Result: x.Result, Note: x.Note, Evidence: slices.Clone(x.Evidence), By: by, At: e.At}
	after := *c
	after.Checks = slices.Clone(c.Checks)
	after.Checks[place] = k
	after.touch(by)
	after.add(e)
	var v servicecoin.Violations
	if lifecycle.Room(&v, "", after, mostBody); v.Len() > 0 {
		return v.Err()
	}
	*c = after
	return nil
}

// touch notes who had a hand in it.
func (c *Checklist) touch(by servicecoin.Actor) {
	for _, p := range []servicecoin.PersonID{by.ID, by.OnBehalfOf} {
		if place, there := slices.BinarySearch(c.Hands, p); p != "" && !there {
			c.Hands = slices.Insert(slices.Clone(c.Hands), place, p)
		}
	}
}

func (c *Checklist) add(e lifecycle.Entry[ChecklistState]) {
	c.History = append(slices.Clone(c.History), e)
	c.State = e.To
}

// Complete says that every item has a result.
func (c *Checklist) Complete(by servicecoin.Actor, at time.Time) error {
	e, err := c.life().Move(by, at, VerbCompleteChecklist, "", nil)
	if err != nil {
		return err
	}
	for _, k := range c.Checks {
		if k.Result == CheckPending {
			return c.life().Refuse(VerbCompleteChecklist, ChecklistCompleted, string(k.ID)+" is pending")
		}
	}
	c.add(e)
	c.touch(by)
	c.CompletedAt, c.CompletedBy = e.At, by
	return nil
}

// SignOff says that a second person looked at it. Nobody who had a hand in it can,
// nor somebody for them, nor a program.
func (c *Checklist) SignOff(by servicecoin.Actor, at time.Time, note string) error {
	e, err := c.life().Move(by, at, VerbSignOff, note, lifecycle.Maybe(note, mostReason))
	if err != nil {
		return err
	}
	if by.Kind == servicecoin.System {
		return c.life().Refuse(VerbSignOff, ChecklistSignedOff, "a person has to look at it")
	}
	for _, p := range []servicecoin.PersonID{by.ID, by.OnBehalfOf} {
		if _, had := slices.BinarySearch(c.Hands, p); had {
			return c.life().Refuse(VerbSignOff, ChecklistSignedOff, string(p)+" had a hand in it: somebody else has to look at it")
		}
	}
	c.add(e)
	c.EndedAt, c.EndedBy = e.At, by
	return nil
}

// SendBack opens it again, and says why: something is to be looked at once more.
func (c *Checklist) SendBack(by servicecoin.Actor, at time.Time, reason string) error {
	e, err := c.life().Move(by, at, VerbSendBack, reason, lifecycle.Because(reason, mostReason))
	if err != nil {
		return err
	}
	var v servicecoin.Violations
	after := *c
	after.add(e)
	if lifecycle.Room(&v, "", after, mostBody); v.Len() > 0 { // it may come again and again
		return v.Err()
	}
	after.CompletedAt, after.CompletedBy = time.Time{}, servicecoin.Actor{}
	*c = after
	return nil
}

// Abandon says that it will not be finished, and why.
func (c *Checklist) Abandon(by servicecoin.Actor, at time.Time, reason string) error {
	e, err := c.life().Move(by, at, VerbAbandonChecklist, reason, lifecycle.Because(reason, mostReason))
	if err != nil {
		return err
	}
	c.add(e)
	c.EndedAt, c.EndedBy = e.At, by
	return nil
}

// Count returns how many items have a result.
func (c *Checklist) Count(r CheckResult) int {
	n := 0
	for _, k := range c.Checks {
		if k.Result == r {
			n++
		}
	}
	return n
}

// ItemsDue returns the items that are pending and were due before t, in order.
func (c *Checklist) ItemsDue(t time.Time) []Check {
	var list []Check
	if c.State != ChecklistOpen {
		return nil
	}
	for _, k := range c.Checks {
		due := c.Due
		if within, ok := k.Within.Get(); ok {
			due = c.Opens.Add(within)
		}
		if k.Result == CheckPending && !due.IsZero() && due.Before(t) {
			list = append(list, k)
		}
	}
	return list
}

package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
)

// FollowUpState is where a follow-up stands.
type FollowUpState string

// The states of a follow-up.
const (
	FollowUpOpen    FollowUpState = "open"
	FollowUpDone    FollowUpState = "done"
	FollowUpDropped FollowUpState = "dropped"
)

// FollowUp is something to be done after an incident so that it does not come
// again, with an owner and a day. An incident is not closed before each is done
// or dropped with a reason.
type FollowUp struct {
	Number   int                  `json:"number"` // unique in the incident, from 1
	Text     string               `json:"text"`
	Owner    servicecoin.PersonID `json:"owner"`
	FirstDue time.Time            `json:"firstDue"` // as first promised; never changed
	Due      time.Time            `json:"due"`
	Moves    []Move               `json:"moves,omitempty"`
	State    FollowUpState        `json:"state"`
	Outcome  string               `json:"outcome,omitempty"` // what came of it, or why it was dropped
	EndedAt  time.Time            `json:"endedAt,omitzero"`
}

// Move is one change of a follow-up's due time.
type Move struct {
	From   time.Time         `json:"from"`
	To     time.Time         `json:"to"`
	Reason string            `json:"reason"`
	By     servicecoin.Actor `json:"by"`
	At     time.Time         `json:"at"`
}

// Validate reports every violation of the follow-up by itself.
func (f FollowUp) Validate() error {
	var v servicecoin.Violations
	v.Text("text", f.Text, 1, maxText)
	v.ID("owner", string(f.Owner))
	v.Time("firstDue", f.FirstDue)
	v.Time("due", f.Due)
	v.Limit("moves", len(f.Moves), maxMoves)
	switch f.State {
	case FollowUpOpen, FollowUpDone, FollowUpDropped:
	default:
		v.Add("state", "unknown", string(f.State), "must be open, done or dropped")
	}
	return v.Err()
}

// Overdue reports whether it is open and t is after its due time. At the due
// time itself it is not late yet.
func (f FollowUp) Overdue(t time.Time) bool { return f.State == FollowUpOpen && t.After(f.Due) }

// AddFollowUp adds a task; its number is the last of the follow-ups.
func (i *Incident) AddFollowUp(by servicecoin.Actor, at time.Time, owner servicecoin.PersonID, due time.Time, text string) error {
	due = servicecoin.Instant(due)
	f := FollowUp{Number: 1, Text: text, Owner: owner, FirstDue: due, Due: due, State: FollowUpOpen}
	for _, x := range i.FollowUps {
		f.Number = max(f.Number, x.Number+1)
	}
	e, err := i.touch(by, at, VerbAddFollowUp, func(v *servicecoin.Violations) {
		v.Text("text", text, 1, maxText)
		v.ID("owner", string(owner))
		v.Time("due", due)
		if !due.IsZero() && due.Before(servicecoin.Instant(at)) {
			v.Add("due", "out-of-order", stamp(due), "must not be before it is added, "+stamp(at))
		}
	})
	if err != nil {
		return err
	}
	e.Text = fmt.Sprintf("%d of %s, due %s: %s", f.Number, owner, stamp(due), text)
	i.FollowUps = append(slices.Clone(i.FollowUps), f)
	i.add(e)
	return nil
}

// CompleteFollowUp says what came of it.
func (i *Incident) CompleteFollowUp(by servicecoin.Actor, at time.Time, number int, outcome string) error {
	return i.endFollowUp(by, at, VerbCompleteFollowUp, number, FollowUpDone, outcome)
}

// DropFollowUp says why it will not be done.
func (i *Incident) DropFollowUp(by servicecoin.Actor, at time.Time, number int, reason string) error {
	return i.endFollowUp(by, at, VerbDropFollowUp, number, FollowUpDropped, reason)
}

func (i *Incident) endFollowUp(by servicecoin.Actor, at time.Time, verb string, number int, to FollowUpState, text string) error {
	return i.alter(by, at, verb, number, text, func(f *FollowUp, at time.Time) {
		f.State, f.Outcome, f.EndedAt = to, text, at
	})
}

// MoveFollowUp gives it another due time, with a reason. What was promised
// first stays on record.
func (i *Incident) MoveFollowUp(by servicecoin.Actor, at time.Time, number int, due time.Time, reason string) error {
	due = servicecoin.Instant(due)
	var v servicecoin.Violations
	v.Time("due", due)
	v.Merge("", i.room())
	if err := v.Err(); err != nil {
		return err
	}
	return i.alter(by, at, VerbMoveFollowUp, number, reason, func(f *FollowUp, at time.Time) {
		f.Moves = append(slices.Clone(f.Moves), Move{From: f.Due, To: due, Reason: reason, By: by, At: at})
		f.Due = due
	})
}

// alter changes one open follow-up. Completing and dropping must be possible
// in the fullest record, so it does not ask for room.
func (i *Incident) alter(by servicecoin.Actor, at time.Time, verb string, number int, text string, change func(f *FollowUp, at time.Time)) error {
	if err := i.open(verb); err != nil {
		return err
	}
	at = servicecoin.Instant(at)
	place := slices.IndexFunc(i.FollowUps, func(f FollowUp) bool { return f.Number == number })
	var v servicecoin.Violations
	v.Merge("by", by.Validate())
	v.Time("at", at)
	v.Text("text", text, 1, maxText)
	if place < 0 {
		v.Add("number", "unknown", strconv.Itoa(number), "is no follow-up of this incident")
	}
	if err := v.Err(); err != nil {
		return err
	}
	f := i.FollowUps[place]
	if f.State != FollowUpOpen {
		return i.refuse(verb, "", "follow-up "+strconv.Itoa(number)+" is "+string(f.State)+" already")
	}
	change(&f, at)
	i.FollowUps = slices.Clone(i.FollowUps)
	i.FollowUps[place] = f
	i.add(Entry{At: at, By: by, Verb: verb, Text: strconv.Itoa(number) + ": " + text})
	return nil
}

// OverdueFollowUps returns the open follow-ups whose due time is before t, the
// oldest first.
func (i *Incident) OverdueFollowUps(t time.Time) []FollowUp {
	var out []FollowUp
	for _, f := range i.FollowUps {
		if f.Overdue(t) {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b FollowUp) int {
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Number, b.Number))
	})
	return out
}

// nextDue returns the earliest due time of the open follow-ups.
func (i *Incident) nextDue() (time.Time, bool) {
	var next time.Time
	for _, f := range i.FollowUps {
		if f.State == FollowUpOpen && (next.IsZero() || f.Due.Before(next)) {
			next = f.Due
		}
	}
	return next, !next.IsZero()
}

package incident

import (
	"fmt"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/followup"
)

// FollowUp is something to be done after an incident so that it does not come
// again, with an owner and a day: see [followup.FollowUp]. An incident is not
// closed before each is done or dropped with a reason.
type FollowUp = followup.FollowUp

// FollowUpState is where a follow-up stands.
type FollowUpState = followup.State

// The states of a follow-up.
const (
	FollowUpOpen    = followup.Open
	FollowUpDone    = followup.Done
	FollowUpDropped = followup.Dropped
)

// AddFollowUp adds a task; its number is the last of the follow-ups.
func (i *Incident) AddFollowUp(by servicecoin.Actor, at time.Time, owner servicecoin.PersonID, due time.Time, text string) error {
	task := followup.Task{Owner: owner, Due: due, Text: text}
	e, err := i.touch(by, at, VerbAddFollowUp, func(v *servicecoin.Violations) { v.Merge("", task.Validate(at)) })
	if err != nil {
		return err
	}
	list, f := followup.List(i.FollowUps).Add(task)
	e.Text = fmt.Sprintf("%d of %s, due %s: %s", f.Number, owner, stamp(f.Due), text)
	i.FollowUps = list
	i.add(e)
	return nil
}

// CompleteFollowUp says what came of it.
func (i *Incident) CompleteFollowUp(by servicecoin.Actor, at time.Time, number int, outcome string) error {
	return i.alter(by, at, VerbCompleteFollowUp, number, outcome, func(l followup.List, place int, at time.Time) followup.List {
		return l.End(place, FollowUpDone, outcome, at)
	})
}

// DropFollowUp says why it will not be done.
func (i *Incident) DropFollowUp(by servicecoin.Actor, at time.Time, number int, reason string) error {
	return i.alter(by, at, VerbDropFollowUp, number, reason, func(l followup.List, place int, at time.Time) followup.List {
		return l.End(place, FollowUpDropped, reason, at)
	})
}

// MoveFollowUp gives it another due time, with a reason. What was promised
// first stays on record.
func (i *Incident) MoveFollowUp(by servicecoin.Actor, at time.Time, number int, due time.Time, reason string) error {
	var v servicecoin.Violations
	v.Time("due", servicecoin.Instant(due))
	v.Merge("", i.room())
	if err := v.Err(); err != nil {
		return err
	}
	return i.alter(by, at, VerbMoveFollowUp, number, reason, func(l followup.List, place int, at time.Time) followup.List {
		return l.Move(place, by, at, due, reason)
	})
}

// alter changes one open follow-up. Completing and dropping must be possible
// in the fullest record, so it does not ask for room.
func (i *Incident) alter(by servicecoin.Actor, at time.Time, verb string, number int, text string, change func(l followup.List, place int, at time.Time) followup.List) error {
	if err := i.open(verb); err != nil {
		return err
	}
	at = servicecoin.Instant(at)
	list := followup.List(i.FollowUps)
	var v servicecoin.Violations
	v.Merge("by", by.Validate())
	v.Time("at", at)
	v.Text("text", text, 1, maxText)
	place := list.Find(&v, number)
	if err := v.Err(); err != nil {
		return err
	}
	if state := list[place].State; state != FollowUpOpen {
		return i.refuse(verb, "", "follow-up "+strconv.Itoa(number)+" is "+string(state)+" already")
	}
	i.FollowUps = change(list, place, at)
	i.add(Entry{At: at, By: by, Verb: verb, Text: strconv.Itoa(number) + ": " + text})
	return nil
}

// OverdueFollowUps returns the open follow-ups whose due time is before t, the
// oldest first.
func (i *Incident) OverdueFollowUps(t time.Time) []FollowUp {
	return followup.List(i.FollowUps).Overdue(t)
}

// nextDue returns the earliest due time of the open follow-ups.
func (i *Incident) nextDue() (time.Time, bool) { return followup.List(i.FollowUps).NextDue() }

// Package followup is what is still to be done afterwards, by whom and by when:
// after an incident, after a change. It is ground: a room keeps a [List] in its
// record, checks its own guards, and calls the rules here.
//
// It answers: what is overdue, what is due next, what was promised first, how
// often was it put off and why?
package followup

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
)

// State is where a follow-up stands.
type State string

// The states.
const (
	Open    State = "open"
	Done    State = "done"
	Dropped State = "dropped"
)

const (
	maxText  = 4000
	maxMoves = 2000
)

// FollowUp is something to be done, with an owner and a day.
type FollowUp struct {
	Number   int                  `json:"number"` // unique in its list, from 1
	Text     string               `json:"text"`
	Owner    servicecoin.PersonID `json:"owner"`
	FirstDue time.Time            `json:"firstDue"` // as first promised; never changed
	Due      time.Time            `json:"due"`
	Moves    []Move               `json:"moves,omitempty"`
	State    State                `json:"state"`
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
	case Open, Done, Dropped:
	default:
		v.Add("state", "unknown", string(f.State), "must be open, done or dropped")
	}
	return v.Err()
}

// Overdue reports whether it is open and t is after its due time. At the due time
// itself it is not late yet.
func (f FollowUp) Overdue(t time.Time) bool { return f.State == Open && t.After(f.Due) }

// List is the follow-ups of one record, in the order of their numbers. Its methods
// return a new list and leave the old one as it was.
type List []FollowUp

// Task is a follow-up that is to be added.
type Task struct {
	Owner servicecoin.PersonID
	Due   time.Time // not before it is added
	Text  string    // 1 to 4000 characters
}

// Validate reports every violation of a task that is added at an instant.
func (t Task) Validate(at time.Time) error {
	due := instant(t.Due)
	var v servicecoin.Violations
	v.Text("text", t.Text, 1, maxText)
	v.ID("owner", string(t.Owner))
	v.Time("due", due)
	if !due.IsZero() && due.Before(servicecoin.Instant(at)) {
		v.Add("due", "out-of-order", stamp(due), "must not be before it is added, "+stamp(servicecoin.Instant(at)))
	}
	return v.Err()
}

// Add returns the list with a task more, whose number is the next. The task is
// taken as it is: ask [Task.Validate] before.
func (l List) Add(t Task) (List, FollowUp) {
	due := instant(t.Due)
	f := FollowUp{Number: 1, Text: t.Text, Owner: t.Owner, FirstDue: due, Due: due, State: Open}
	for _, x := range l {
		f.Number = max(f.Number, x.Number+1)
	}
	return append(slices.Clone(l), f), f
}

// Find returns the place of a number, or reports that there is none.
func (l List) Find(v *servicecoin.Violations, number int) int {
	place := slices.IndexFunc(l, func(f FollowUp) bool { return f.Number == number })
	if place < 0 {
		v.Add("number", "unknown", strconv.Itoa(number), "is no follow-up here")
	}
	return place
}

// End returns the list with an open follow-up done or dropped; the text says what
// came of it, or why it will not be done.
func (l List) End(place int, to State, text string, at time.Time) List {
	return l.with(place, func(f *FollowUp) { f.State, f.Outcome, f.EndedAt = to, text, servicecoin.Instant(at) })
}

// Move returns the list with another due time for an open follow-up. What was
// promised first stays.
func (l List) Move(place int, by servicecoin.Actor, at, due time.Time, reason string) List {
	return l.with(place, func(f *FollowUp) {
		due = instant(due)
		f.Moves = append(slices.Clone(f.Moves), Move{From: f.Due, To: due, Reason: reason, By: by, At: servicecoin.Instant(at)})
		f.Due = due
	})
}

func (l List) with(place int, change func(f *FollowUp)) List {
	l = slices.Clone(l)
	change(&l[place])
	return l
}

// Open reports whether any of them is.
func (l List) Open() bool {
	return slices.ContainsFunc(l, func(f FollowUp) bool { return f.State == Open })
}

// Overdue returns the open follow-ups whose due time is before t, the oldest first.
func (l List) Overdue(t time.Time) List {
	var out List
	for _, f := range l {
		if f.Overdue(t) {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b FollowUp) int {
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Number, b.Number))
	})
	return out
}

// NextDue returns the earliest due time of the open follow-ups, false if none is.
func (l List) NextDue() (time.Time, bool) {
	var next time.Time
	for _, f := range l {
		if f.State == Open && (next.IsZero() || f.Due.Before(next)) {
			next = f.Due
		}
	}
	return next, !next.IsZero()
}

// Validate reports every violation of the list: each follow-up by itself, and
// numbers that are not their own.
func (l List) Validate(most int) error {
	var v servicecoin.Violations
	if !v.Limit("", len(l), most) {
		return v.Err()
	}
	seen := map[int]bool{}
	for n, f := range l {
		path := "[" + strconv.Itoa(n) + "]"
		v.Merge(path, f.Validate())
		if f.Number < 1 || seen[f.Number] {
			v.Add(path+".number", "duplicate", strconv.Itoa(f.Number), "must be positive, and unique")
		}
		seen[f.Number] = true
	}
	return v.Err()
}

func instant(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return servicecoin.Instant(t)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

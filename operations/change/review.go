package change

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/followup"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Review is what is learnt of a change.
type Review struct {
	Text    string               `json:"text"`
	Lessons []string             `json:"lessons,omitempty"`
	By      servicecoin.PersonID `json:"by"`
	At      time.Time            `json:"at"`
}

const maxLessons = 50

// WriteReview says what is to be learnt of it, after its work is over. Follow-ups are
// added beside.
func (c *Change) WriteReview(by servicecoin.Actor, at time.Time, text string, lessons ...string) error {
	return c.move(by, at, VerbReview, "", func(v *servicecoin.Violations) {
		v.Text("text", text, 1, maxLong)
		if v.Limit("lessons", len(lessons), maxLessons) {
			for n, l := range lessons {
				v.Text(fmt.Sprintf("lessons[%d]", n), l, 1, maxText)
			}
		}
	}, nil, func(c *Change, at time.Time) {
		c.Review = &Review{Text: text, Lessons: slices.Clone(lessons), By: by.ID, At: at}
	})
}

// AddFollowUp adds what is still to be done, by whom and by when. A change is not
// closed before each is done or dropped.
func (c *Change) AddFollowUp(by servicecoin.Actor, at time.Time, task followup.Task) error {
	return c.touch(by, at, VerbAddFollowUp, func(v *servicecoin.Violations) { v.Merge("", task.Validate(at)) }, func(c *Change, _ time.Time) string {
		list, f := c.FollowUps.Add(task)
		c.FollowUps = list
		return fmt.Sprintf("%d of %s, due %s: %s", f.Number, f.Owner, lifecycle.Stamp(f.Due), f.Text)
	})
}

// CompleteFollowUp says what came of it.
func (c *Change) CompleteFollowUp(by servicecoin.Actor, at time.Time, number int, outcome string) error {
	return c.alter(by, at, VerbCompleteFollowUp, number, outcome, func(l followup.List, place int, at time.Time) followup.List {
		return l.End(place, followup.Done, outcome, at)
	})
}

// DropFollowUp says why it will not be done.
func (c *Change) DropFollowUp(by servicecoin.Actor, at time.Time, number int, reason string) error {
	return c.alter(by, at, VerbDropFollowUp, number, reason, func(l followup.List, place int, at time.Time) followup.List {
		return l.End(place, followup.Dropped, reason, at)
	})
}

// MoveFollowUp gives it another due time; what was promised first stays on record.
func (c *Change) MoveFollowUp(by servicecoin.Actor, at time.Time, number int, due time.Time, reason string) error {
	var v servicecoin.Violations
	v.Time("due", lifecycle.Instant(due))
	if err := v.Err(); err != nil {
		return err
	}
	return c.alter(by, at, VerbMoveFollowUp, number, reason, func(l followup.List, place int, at time.Time) followup.List {
		return l.Move(place, by, at, due, reason)
	})
}

func (c *Change) alter(by servicecoin.Actor, at time.Time, verb string, number int, text string, change func(l followup.List, place int, at time.Time) followup.List) error {
	place := -1
	if err := c.open(verb); err != nil {
		return err
	}
	if _, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		needsReason(text)(v)
		place = c.FollowUps.Find(v, number)
	}); err != nil {
		return err
	}
	if state := c.FollowUps[place].State; state != followup.Open {
		return c.refuse(verb, "", "follow-up "+strconv.Itoa(number)+" is "+string(state)+" already")
	}
	return c.touch(by, at, verb, nil, func(c *Change, at time.Time) string {
		c.FollowUps = change(c.FollowUps, place, at)
		return strconv.Itoa(number) + ": " + text
	})
}

// touch changes something that is no state, while the change is not over.
func (c *Change) touch(by servicecoin.Actor, at time.Time, verb string, check func(v *servicecoin.Violations), change func(c *Change, at time.Time) string) error {
	if err := c.open(verb); err != nil {
		return err
	}
	at, err := lifecycle.Check(by, at, check)
	if err != nil {
		return err
	}
	next := *c
	text := change(&next, at)
	next.add(Event{At: at, By: by, Verb: verb, Text: text})
	return c.become(next, verb)
}

// SuspectStanding is what is thought of an incident that happened while a change was
// done.
type SuspectStanding string

// The standings.
const (
	Suspected SuspectStanding = "suspected" // it fell into the time of the change, on its services
	Confirmed SuspectStanding = "confirmed" // a person says that the change caused it: it counts as a failure
	Dismissed SuspectStanding = "dismissed" // a person says that it did not
)

// Suspect is an incident that happened on the services of a change while that was
// done, or watched.
type Suspect struct {
	Incident servicecoin.IncidentID `json:"incident"`
	Began    time.Time              `json:"began"`
	Standing SuspectStanding        `json:"standing"`
	Reason   string                 `json:"reason,omitempty"`
	By       servicecoin.PersonID   `json:"by,omitempty"` // who confirmed or dismissed it
	At       time.Time              `json:"at"`
}

// Restless is the time in which an incident on the change's services is suspected to
// come of it: from its start to its end, and as long as it is watched; false where it
// has not begun. While it goes on the time has no end yet: until is zero.
func (c *Change) Restless() (from, until time.Time, ok bool) {
	if c.StartedAt.IsZero() {
		return time.Time{}, time.Time{}, false
	}
	until = c.EndedAt
	if c.WatchedUntil.After(until) {
		until = c.WatchedUntil
	}
	return c.StartedAt, until, true
}

// SuspectIncident links an incident as suspected. Once is enough: again it changes
// nothing.
func (c *Change) SuspectIncident(by servicecoin.Actor, at time.Time, id servicecoin.IncidentID, began time.Time) error {
	if slices.ContainsFunc(c.Incidents, func(s Suspect) bool { return s.Incident == id }) {
		return nil
	}
	if c.State == Cancelled || c.StartedAt.IsZero() {
		return c.refuse(VerbSuspectIncident, "", "it was not begun")
	}
	// A change that is closed is suspected all the same: an incident may come to light late.
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		v.ID("incident", string(id))
		v.Time("began", began)
	})
	if err != nil {
		return err
	}
	if len(c.Incidents) >= maxList {
		return c.refuse(VerbSuspectIncident, "", "it is suspected of as many incidents as it can hold")
	}
	next := *c
	next.Incidents = append(slices.Clone(c.Incidents), Suspect{Incident: id, Began: servicecoin.Instant(began), Standing: Suspected, At: at})
	next.add(Event{At: at, By: by, Verb: VerbSuspectIncident, Text: string(id)})
	if next.room(VerbSuspectIncident) != nil { // a refusal: the exchange goes on to the next
		return c.refuse(VerbSuspectIncident, "", "its record is full")
	}
	*c = next
	return nil
}

// ConfirmIncident says that the change caused it.
func (c *Change) ConfirmIncident(by servicecoin.Actor, at time.Time, id servicecoin.IncidentID, reason string) error {
	return c.judge(by, at, VerbConfirmIncident, id, Confirmed, reason)
}

// DismissIncident says that the change did not cause it.
func (c *Change) DismissIncident(by servicecoin.Actor, at time.Time, id servicecoin.IncidentID, reason string) error {
	return c.judge(by, at, VerbDismissIncident, id, Dismissed, reason)
}

func (c *Change) judge(by servicecoin.Actor, at time.Time, verb string, id servicecoin.IncidentID, to SuspectStanding, reason string) error {
	place := slices.IndexFunc(c.Incidents, func(s Suspect) bool { return s.Incident == id })
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		needsReason(reason)(v)
		if place < 0 {
			v.Add("incident", "unknown", string(id), "is not suspected")
		}
		if by.Kind != servicecoin.Human {
			v.Add("by.kind", "not-a-person", string(by.Kind), "a person judges")
		}
	})
	if err != nil {
		return err
	}
	next := *c
	next.Incidents = slices.Clone(c.Incidents)
	s := &next.Incidents[place]
	s.Standing, s.Reason, s.By, s.At = to, reason, by.ID, at
	next.add(Event{At: at, By: by, Verb: verb, Text: string(id) + ": " + reason})
	return c.become(next, verb)
}

// Found is a change that nobody had asked for: it was seen to have been done.
type Found struct {
	ID     servicecoin.ChangeID
	Title  string
	Reason string // how it came to light
	Scope  Scope
	Seen   time.Time            // when it was done, as far as is known
	DoneBy servicecoin.PersonID // "" is not known
}

// Discover records a change that was done without being asked for or approved. It is
// unauthorised for ever, and reviewed before it is closed.
func Discover(by servicecoin.Actor, at time.Time, f Found) (Change, error) {
	seen := lifecycle.Instant(f.Seen)
	c := Change{
		ID: f.ID, Title: f.Title, Reason: f.Reason, Kind: Normal, State: Implemented, RequestedBy: f.DoneBy, Unauthorised: true,
		Work: Work{Scope: f.Scope}.clone(), StartedAt: seen, EndedAt: seen,
	}
	if f.DoneBy == "" {
		c.RequestedBy = by.ID
	} else {
		c.Implementers = []servicecoin.PersonID{f.DoneBy}
	}
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		c.describe(v)
		v.Time("seen", seen)
		if seen.After(servicecoin.Instant(at)) {
			v.Add("seen", "out-of-order", lifecycle.Stamp(seen), "must not be after it is recorded")
		}
		if len(c.Scope.Services)+len(c.Scope.Records) == 0 {
			v.Add("scope", "required", "", "say which services or configuration records it touched")
		}
	})
	if err != nil {
		return Change{}, err
	}
	c.add(Event{At: at, By: by, Verb: VerbDiscover, To: Implemented, Text: f.Reason})
	if err := c.room(VerbDiscover); err != nil {
		return Change{}, err
	}
	return c, nil
}

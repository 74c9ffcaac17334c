package catalog

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// SubscriptionState is where a subscription stands.
type SubscriptionState string

// The states of a subscription.
const (
	SubscriptionRequested SubscriptionState = "requested" // ordered, not there yet
	SubscriptionActive    SubscriptionState = "active"
	SubscriptionSuspended SubscriptionState = "suspended" // there, and not to be used
	SubscriptionDeparting SubscriptionState = "departing" // still there, being taken down
	SubscriptionDeparted  SubscriptionState = "departed"  // gone, for good
	SubscriptionWithdrawn SubscriptionState = "withdrawn" // its order came to nothing
)

// SubscriptionStates returns all states in the order of a plain life.
func SubscriptionStates() []SubscriptionState {
	return []SubscriptionState{SubscriptionRequested, SubscriptionActive, SubscriptionSuspended, SubscriptionDeparting, SubscriptionDeparted, SubscriptionWithdrawn}
}

// Subscription is what one customer has of a service: from the order to the
// departure. It belongs to the customer; the provider holds it for a term and
// hands it back. It is made by [Place], and changed by its methods.
type Subscription struct {
	ID         servicecoin.SubscriptionID `json:"id"`
	Order      servicecoin.OrderID        `json:"order"`
	Service    servicecoin.ServiceID      `json:"service"`
	Offering   servicecoin.OfferingID     `json:"offering"`
	Terms      Terms                      `json:"terms"`                // of the order, without the schema and what is due
	Parameters json.RawMessage            `json:"parameters,omitempty"` // of the order
	Outputs    json.RawMessage            `json:"outputs,omitempty"`    // what the provisioner says about it: addresses, names; no secrets

	Imprint     Imprint           `json:"imprint"`
	State       SubscriptionState `json:"state"`
	RequestedAt time.Time         `json:"requestedAt"`
	From        time.Time         `json:"from,omitzero"` // when it could first be used
	DepartingAt time.Time         `json:"departingAt,omitzero"`
	// LeavesAt is from when on the customer no longer uses it, as it said when it
	// departed; zero: as soon as it is taken down. Before that day nothing is.
	LeavesAt time.Time `json:"leavesAt,omitzero"`
	// Until is when it ended for the customer, exclusive: at LeavesAt, or where no
	// day was said when it was gone; zero: it is there.
	Until time.Time `json:"until,omitzero"`

	Attempt  int     `json:"attempt,omitempty"`  // of deprovisioning, from 1; see [Subscription.Key]
	Progress string  `json:"progress,omitempty"` // what the provisioner last said, for people
	Trouble  string  `json:"trouble,omitempty"`  // why the last attempt to take it down failed; "" if none did
	History  []Entry `json:"history"`
}

// subscribe returns the subscription that an order is for.
func subscribe(o *Order) Subscription {
	terms := o.Terms
	terms.Schema, terms.Prerequisites = nil, nil
	return Subscription{
		ID: o.Subscription, Order: o.ID, Service: o.Service, Offering: o.Offering, Terms: terms,
		Parameters: slices.Clone(o.Parameters), Imprint: Imprint{Until: o.TermUntil},
		State: SubscriptionRequested, RequestedAt: o.RequestedAt,
		History: []Entry{{At: o.RequestedAt, By: o.RequestedBy, Verb: VerbPlace, To: string(SubscriptionRequested)}},
	}
}

// The verbs of subscriptions.
const (
	VerbActivate    Verb = "activate"
	VerbSuspend     Verb = "suspend"
	VerbResume      Verb = "resume"
	VerbDepart      Verb = "depart"
	VerbStay        Verb = "stay"
	VerbDeprovision Verb = "deprovision"
	VerbComplete    Verb = "complete"
	VerbWithdraw    Verb = "withdraw"
)

// SubscriptionTransitions returns the whole table: what is not in it is
// refused.
func SubscriptionTransitions() []Transition[SubscriptionState] {
	const (
		order  = "not before the change of state before it"
		reason = "a reason"
	)
	return []Transition[SubscriptionState]{
		{SubscriptionRequested, VerbActivate, SubscriptionActive, []string{order, "outputs are a JSON object, or nothing"}},
		{SubscriptionRequested, VerbWithdraw, SubscriptionWithdrawn, []string{order}},
		{SubscriptionActive, VerbSuspend, SubscriptionSuspended, []string{order, reason}},
		{SubscriptionSuspended, VerbResume, SubscriptionActive, []string{order, reason}},
		{SubscriptionActive, VerbDepart, SubscriptionDeparting, []string{order, reason, "it leaves now or later"}},
		{SubscriptionSuspended, VerbDepart, SubscriptionDeparting, []string{order, reason, "it leaves now or later"}},
		{SubscriptionDeparting, VerbStay, SubscriptionActive, []string{order, reason, "it was active", "nothing has been taken down yet"}},
		{SubscriptionDeparting, VerbComplete, SubscriptionDeparted, []string{order, "the day on which it leaves has come"}},
	}
}

// Held returns the span in which the customer has or had it, at t: from its
// activation until it was gone, t where it is still there. It is empty where it
// was never active.
func (s *Subscription) Held(t time.Time) calendar.Interval {
	if s.From.IsZero() {
		return calendar.Interval{}
	}
	until := s.Until
	if until.IsZero() {
		until = t
	}
	return calendar.Between(s.From, until)
}

func (s *Subscription) key() servicecoin.Key {
	return servicecoin.Key{Kind: SubscriptionRecord, ID: string(s.ID)}
}

func (s *Subscription) move(by servicecoin.Actor, at time.Time, verb Verb, text string, check func(v *servicecoin.Violations)) (Entry, error) {
	to, err := target(SubscriptionTransitions(), s.key(), s.State, verb)
	if err != nil {
		return Entry{}, err
	}
	if at, err = checked(by, at, check); err != nil {
		return Entry{}, err
	}
	if last := since(s.History, s.RequestedAt); at.Before(last) {
		return Entry{}, refused(s.key(), verb, s.State, to, "at "+stamp(at)+" it was not yet "+string(s.State)+", it is since "+stamp(last))
	}
	return Entry{At: at, By: by, Verb: verb, From: string(s.State), To: string(to), Text: text}, nil
}

func (s *Subscription) apply(e Entry) {
	s.State = SubscriptionState(e.To)
	s.History = append(slices.Clone(s.History), e)
}

// Activate says that it can be used, by whom it is held from now on for which
// owner, and what the provisioner says about it: a JSON object of at most 64 kB,
// or nothing.
func (s *Subscription) Activate(by servicecoin.Actor, at time.Time, owner servicecoin.CustomerID, holder string, outputs json.RawMessage) error {
	e, err := s.move(by, at, VerbActivate, "", func(v *servicecoin.Violations) {
		v.ID("owner", string(owner))
		v.Text("holder", holder, 1, maxTitle)
		object(v, "outputs", outputs)
	})
	if err != nil {
		return err
	}
	s.From, s.Outputs = e.At, slices.Clone(compact(outputs))
	s.Imprint.Owner, s.Imprint.Holder, s.Imprint.From = owner, holder, e.At
	s.apply(e)
	return nil
}

// Withdraw says that its order came to nothing.
func (s *Subscription) Withdraw(by servicecoin.Actor, at time.Time) error {
	e, err := s.move(by, at, VerbWithdraw, "", nil)
	if err != nil {
		return err
	}
	s.apply(e)
	return nil
}

// Suspend says that it is not to be used for now, and why.
func (s *Subscription) Suspend(by servicecoin.Actor, at time.Time, reason string) error {
	return s.turn(by, at, VerbSuspend, reason)
}

// Resume ends the suspension, and says why.
func (s *Subscription) Resume(by servicecoin.Actor, at time.Time, reason string) error {
	return s.turn(by, at, VerbResume, reason)
}

// turn changes the state for a reason, while there is room for it.
func (s *Subscription) turn(by servicecoin.Actor, at time.Time, verb Verb, reason string) error {
	e, err := s.move(by, at, verb, reason, because(reason))
	if err != nil {
		return err
	}
	if err := room(s); err != nil {
		return refused(s.key(), verb, s.State, SubscriptionState(e.To), "its history is full")
	}
	s.apply(e)
	return nil
}

// Depart says that the customer leaves, from when on, and why; a zero leavesAt is
// as soon as can be. It is allowed from active and from suspended: nobody has to
// come back first in order to leave. Another day is said by staying first.
func (s *Subscription) Depart(by servicecoin.Actor, at, leavesAt time.Time, reason string) error {
	leavesAt = instant(leavesAt)
	e, err := s.move(by, at, VerbDepart, reason, func(v *servicecoin.Violations) {
		because(reason)(v)
		if leavesAt.IsZero() {
			return
		}
		v.Time("leavesAt", leavesAt)
		if leavesAt.Before(servicecoin.Instant(at)) {
			v.Add("leavesAt", "out-of-order", stamp(leavesAt), "must not be before "+stamp(servicecoin.Instant(at)))
		}
	})
	if err != nil {
		return err
	}
	s.DepartingAt, s.LeavesAt, s.Progress = e.At, leavesAt, ""
	s.apply(e)
	return nil
}

// Stay takes the departure back, and says why. It is refused once something may
// have been taken down, and to what was suspended: staying does not end a
// suspension.
func (s *Subscription) Stay(by servicecoin.Actor, at time.Time, reason string) error {
	to := SubscriptionActive
	if s.State == SubscriptionDeparting {
		last := s.History[len(s.History)-1]
		switch {
		case s.Attempt > 0:
			return refused(s.key(), VerbStay, s.State, to, "it is being taken down")
		case last.From != string(SubscriptionActive):
			return refused(s.key(), VerbStay, s.State, to, "it was "+last.From+": it can come back by a new order")
		}
	}
	if err := s.turn(by, at, VerbStay, reason); err != nil {
		return err
	}
	s.DepartingAt, s.LeavesAt = time.Time{}, time.Time{}
	return nil
}

// Deprovision says that taking it down begins: the first attempt, or another
// one after a failure. While one is under way there is nothing to say. It is
// refused before the day on which the customer leaves.
func (s *Subscription) Deprovision(at time.Time) error {
	if s.State != SubscriptionDeparting {
		return refused(s.key(), VerbDeprovision, s.State, "", "is allowed when it is departing")
	}
	if at.Before(s.LeavesAt) {
		return refused(s.key(), VerbDeprovision, s.State, "", "the customer uses it until "+stamp(s.LeavesAt))
	}
	if s.Attempt == 0 || s.Trouble != "" {
		s.Attempt++
		s.Progress, s.Trouble = "", ""
	}
	return nil
}

// Stumble says that an attempt to take it down failed, and why. It is departing
// still; the next attempt is another operation.
func (s *Subscription) Stumble(reason string) error {
	if s.State != SubscriptionDeparting || s.Attempt == 0 {
		return refused(s.key(), VerbDeprovision, s.State, "", "is not being taken down")
	}
	var v servicecoin.Violations
	because(reason)(&v)
	if err := v.Err(); err != nil {
		return err
	}
	s.Progress, s.Trouble = "", reason
	return nil
}

// Complete says that it is gone, and that the customer has back what is theirs. It
// is refused before the day on which the customer leaves.
func (s *Subscription) Complete(by servicecoin.Actor, at time.Time) error {
	e, err := s.move(by, at, VerbComplete, "", nil)
	if err != nil {
		return err
	}
	if at.Before(s.LeavesAt) {
		return refused(s.key(), VerbComplete, s.State, SubscriptionDeparted, "the customer uses it until "+stamp(s.LeavesAt))
	}
	s.Until, s.Imprint.HandedBack = e.At, e.At
	if !s.LeavesAt.IsZero() {
		s.Until = s.LeavesAt
	}
	s.Progress, s.Trouble = "", ""
	s.apply(e)
	return nil
}

package catalog

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
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

	Attempt  int                                  `json:"attempt,omitempty"`  // of deprovisioning, from 1; see [Subscription.Key]
	Progress string                               `json:"progress,omitempty"` // what the provisioner last said, for people
	Trouble  string                               `json:"trouble,omitempty"`  // why the last attempt to take it down failed; "" if none did
	History  []lifecycle.Entry[SubscriptionState] `json:"history"`
}

// subscribe returns the subscription that an order is for.
func subscribe(o *Order) Subscription {
	terms := o.Terms
	terms.Schema, terms.Prerequisites = nil, nil
	return Subscription{
		ID: o.Subscription, Order: o.ID, Service: o.Service, Offering: o.Offering, Terms: terms,
		Parameters: slices.Clone(o.Parameters), Imprint: Imprint{Until: o.TermUntil},
		State: SubscriptionRequested, RequestedAt: o.RequestedAt,
		History: []lifecycle.Entry[SubscriptionState]{{At: o.RequestedAt, By: o.RequestedBy, Verb: VerbPlaceOrder, To: SubscriptionRequested}},
	}
}

// The verbs of subscriptions.
const (
	VerbActivateSubscription    = "subscription.activate"
	VerbSuspendSubscription     = "subscription.suspend"
	VerbResumeSubscription      = "subscription.resume"
	VerbDepartSubscription      = "subscription.depart"
	VerbStaySubscription        = "subscription.stay"
	VerbDeprovisionSubscription = "subscription.deprovision"
	VerbCompleteSubscription    = "subscription.complete"
	VerbWithdrawSubscription    = "subscription.withdraw"
)

// SubscriptionTransitions returns the whole table: what is not in it is
// refused.
func SubscriptionTransitions() []lifecycle.Transition[SubscriptionState] {
	const (
		order  = "not before the change of state before it"
		reason = "a reason"
	)
	allow := lifecycle.Allow[SubscriptionState]
	return []lifecycle.Transition[SubscriptionState]{
		allow(SubscriptionRequested, VerbActivateSubscription, SubscriptionActive, order, "outputs are a JSON object, or nothing"),
		allow(SubscriptionRequested, VerbWithdrawSubscription, SubscriptionWithdrawn, order),
		allow(SubscriptionActive, VerbSuspendSubscription, SubscriptionSuspended, order, reason),
		allow(SubscriptionSuspended, VerbResumeSubscription, SubscriptionActive, order, reason),
		allow(SubscriptionActive, VerbDepartSubscription, SubscriptionDeparting, order, reason, "it leaves now or later"),
		allow(SubscriptionSuspended, VerbDepartSubscription, SubscriptionDeparting, order, reason, "it leaves now or later"),
		allow(SubscriptionDeparting, VerbStaySubscription, SubscriptionActive, order, reason, "it was active", "nothing has been taken down yet"),
		allow(SubscriptionDeparting, VerbCompleteSubscription, SubscriptionDeparted, order, "the day on which it leaves has come"),
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

// Key addresses the subscription, in refusals and traces. It
// leaves out the customer: a subscription does not know its partition.
func (s *Subscription) Key() servicecoin.Key {
	return servicecoin.Key{Kind: SubscriptionRecord, ID: string(s.ID)}
}

func (s *Subscription) life() lifecycle.Record[SubscriptionState] {
	return lifecycle.Record[SubscriptionState]{Key: s.Key(), State: s.State, Since: since(s.History, s.RequestedAt), Table: SubscriptionTransitions()}
}

func (s *Subscription) apply(e lifecycle.Entry[SubscriptionState]) {
	s.State = e.To
	s.History = append(slices.Clone(s.History), e)
}

// Activate says that it can be used, by whom it is held from now on for which
// owner, and what the provisioner says about it: a JSON object of at most 64 kB,
// or nothing.
func (s *Subscription) Activate(by servicecoin.Actor, at time.Time, owner servicecoin.CustomerID, holder string, outputs json.RawMessage) error {
	e, err := s.life().Move(by, at, VerbActivateSubscription, "", func(v *servicecoin.Violations) {
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
	e, err := s.life().Move(by, at, VerbWithdrawSubscription, "", nil)
	if err != nil {
		return err
	}
	s.apply(e)
	return nil
}

// Suspend says that it is not to be used for now, and why.
func (s *Subscription) Suspend(by servicecoin.Actor, at time.Time, reason string) error {
	return s.alter(by, at, VerbSuspendSubscription, reason)
}

// Resume ends the suspension, and says why.
func (s *Subscription) Resume(by servicecoin.Actor, at time.Time, reason string) error {
	return s.alter(by, at, VerbResumeSubscription, reason)
}

// alter changes the state for a reason, while the record has room for one more
// change: suspending, resuming and staying call it, leaving does not.
func (s *Subscription) alter(by servicecoin.Actor, at time.Time, verb, reason string) error {
	e, err := s.life().Move(by, at, verb, reason, because(reason))
	if err != nil {
		return err
	}
	if err := room(s); err != nil {
		return s.life().Refuse(verb, e.To, "its history is full")
	}
	s.apply(e)
	return nil
}

// Depart says that the customer leaves, from when on, and why; a zero leavesAt is
// as soon as can be. It is allowed from active and from suspended: nobody has to
// come back first in order to leave. Another day is said by staying first.
func (s *Subscription) Depart(by servicecoin.Actor, at, leavesAt time.Time, reason string) error {
	leavesAt = lifecycle.Instant(leavesAt)
	e, err := s.life().Move(by, at, VerbDepartSubscription, reason, func(v *servicecoin.Violations) {
		because(reason)(v)
		if leavesAt.IsZero() {
			return
		}
		v.Time("leavesAt", leavesAt)
		if leavesAt.Before(servicecoin.Instant(at)) {
			v.Add("leavesAt", "out-of-order", lifecycle.Stamp(leavesAt), "must not be before "+lifecycle.Stamp(servicecoin.Instant(at)))
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
			return s.life().Refuse(VerbStaySubscription, to, "it is being taken down")
		case last.From != SubscriptionActive:
			return s.life().Refuse(VerbStaySubscription, to, "it was "+string(last.From)+": it can come back by a new order")
		}
	}
	if err := s.alter(by, at, VerbStaySubscription, reason); err != nil {
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
		return s.life().Refuse(VerbDeprovisionSubscription, "", "is allowed when it is departing")
	}
	if at.Before(s.LeavesAt) {
		return s.life().Refuse(VerbDeprovisionSubscription, "", "the customer uses it until "+lifecycle.Stamp(s.LeavesAt))
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
		return s.life().Refuse(VerbDeprovisionSubscription, "", "is not being taken down")
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
	e, err := s.life().Move(by, at, VerbCompleteSubscription, "", nil)
	if err != nil {
		return err
	}
	if at.Before(s.LeavesAt) {
		return s.life().Refuse(VerbCompleteSubscription, SubscriptionDeparted, "the customer uses it until "+lifecycle.Stamp(s.LeavesAt))
	}
	s.Until, s.Imprint.HandedBack = e.At, e.At
	if !s.LeavesAt.IsZero() {
		s.Until = s.LeavesAt
	}
	s.Progress, s.Trouble = "", ""
	s.apply(e)
	return nil
}

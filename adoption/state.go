package adoption

import (
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// State is where an onboarding stands.
type State string

// The states of an onboarding.
const (
	Running   State = "running"   // points are still ahead
	Complete  State = "complete"  // the last point is reached
	Cancelled State = "cancelled" // it will not be: the customer has left, or it was begun in error
)

// States returns all states in the order of a plain life.
func States() []State { return []State{Running, Complete, Cancelled} }

// Terminal reports whether no verb is allowed any more: complete or cancelled.
func (s State) Terminal() bool { return s == Complete || s == Cancelled }

// Status is where a prerequisite stands at an instant. It is not stored:
// evidence expires by itself.
type Status string

// The statuses of a prerequisite. Open and expired ones are unmet.
const (
	Open    Status = "open"    // no evidence
	Met     Status = "met"     // evidence is there and valid
	Expired Status = "expired" // evidence is there and no longer valid
	Waived  Status = "waived"  // a person of the provider does without
)

// Statuses returns all statuses.
func Statuses() []Status { return []Status{Open, Met, Expired, Waived} }

// Unmet reports whether something is still to be done: open or expired.
func (s Status) Unmet() bool { return s == Open || s == Expired }

// Verb is what is done, as it stands in refusals. With "onboarding.",
// "departure.", "survey.", "template." or "journey." before it, it is the verb
// of a [servicecoin.Attempt].
type Verb string

// The verbs of onboardings.
const (
	VerbBegin    Verb = "begin"
	VerbMeet     Verb = "meet"
	VerbWaive    Verb = "waive"
	VerbWithdraw Verb = "withdraw"
	VerbReach    Verb = "reach"
	VerbCancel   Verb = "cancel"
)

// The verbs of surveys, templates and journeys.
const (
	VerbAsk     Verb = "ask"
	VerbEnd     Verb = "end"
	VerbAnswer  Verb = "answer"
	VerbDismiss Verb = "dismiss"
	VerbPublish Verb = "publish"
	VerbTest    Verb = "test"
)

// Transition is one allowed change, of a [State] or of a [Status].
type Transition[S ~string] struct {
	From   S
	Verb   Verb
	To     S
	Guards []string // what else must hold, for people
}

// Transitions returns the whole table of onboardings: what is not in it is
// refused. The verbs of prerequisites are allowed while it runs, and keep its
// state.
func Transitions() []Transition[State] {
	const (
		order   = "not before it began or the last point was reached"
		blocked = "every blocking prerequisite that is due at the point or before is met or waived"
		ahead   = "the point is not reached yet"
	)
	return []Transition[State]{
		{Running, VerbReach, Running, []string{order, ahead, blocked}},
		{Running, VerbReach, Complete, []string{order, blocked, "it is the last point"}},
		{Running, VerbCancel, Cancelled, []string{order, "a reason"}},
	}
}

// PrerequisiteTransitions returns the whole table of a prerequisite, while its
// onboarding runs: what is not in it is refused.
func PrerequisiteTransitions() []Transition[Status] {
	const (
		begun    = "not before the onboarding began"
		evidence = "evidence that has not expired"
		owner    = "a person of the customer meets the customer's own prerequisites only"
		reason   = "a reason"
		person   = "by a person of the provider"
		later    = "not before it was given"
	)
	return []Transition[Status]{
		{Open, VerbMeet, Met, []string{begun, evidence, owner}},
		{Met, VerbMeet, Met, []string{begun, evidence, owner, later}},
		{Expired, VerbMeet, Met, []string{begun, evidence, owner}},
		{Waived, VerbMeet, Met, []string{begun, evidence, owner, later}},
		{Open, VerbWaive, Waived, []string{begun, reason, person}},
		{Expired, VerbWaive, Waived, []string{begun, reason, person}},
		{Met, VerbWithdraw, Open, []string{later, reason, owner}},
		{Expired, VerbWithdraw, Open, []string{later, reason, owner}},
		{Waived, VerbWithdraw, Open, []string{later, reason, person}},
	}
}

// target returns where verb leads from a state, and from which states it is
// allowed. ok is false where it is not.
func target[S ~string](table []Transition[S], from S, verb Verb) (to S, allowed string, ok bool) {
	var states []string
	for _, t := range table {
		if t.Verb != verb {
			continue
		}
		if t.From == from {
			return t.To, "", true
		}
		to = t.To
		states = append(states, string(t.From))
	}
	slices.Sort(states)
	return to, strings.Join(slices.Compact(states), ", "), false
}

func (o *Onboarding) refuse(verb Verb, to State, why string) error {
	return &servicecoin.RefusedError{
		Subject: servicecoin.Key{Kind: onboardingKind, ID: string(o.Subscription)},
		Verb:    string(verb), From: string(o.State), To: string(to), Why: why,
	}
}

// refuseItem refuses a change of a prerequisite's status.
func (o *Onboarding) refuseItem(verb Verb, id PrerequisiteID, from, to Status, why string) error {
	return &servicecoin.RefusedError{
		Subject: servicecoin.Key{Kind: onboardingKind, ID: string(o.Subscription)},
		Verb:    string(verb), From: string(from), To: string(to), Why: "prerequisite " + string(id) + ": " + why,
	}
}

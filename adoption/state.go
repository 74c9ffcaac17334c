package adoption

import (
	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
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

// The verbs of onboardings.
const (
	VerbBeginOnboarding      = "onboarding.begin"
	VerbMeetPrerequisite     = "onboarding.meet"
	VerbWaivePrerequisite    = "onboarding.waive"
	VerbWithdrawPrerequisite = "onboarding.withdraw"
	VerbReachPoint           = "onboarding.reach"
	VerbCancelOnboarding     = "onboarding.cancel"
)

// The verbs of surveys, templates and journeys.
const (
	VerbAskSurvey       = "survey.ask"
	VerbEndSurvey       = "survey.end"
	VerbAnswerSurvey    = "survey.answer"
	VerbDismissSurvey   = "survey.dismiss"
	VerbPublishTemplate = "template.publish"
	VerbPublishJourney  = "journey.publish"
	VerbTestJourney     = "journey.test"
)

// Transitions returns the whole table of onboardings: what is not in it is
// refused. The verbs of prerequisites are allowed while it runs, and keep its
// state.
func Transitions() []lifecycle.Transition[State] {
	const (
		order   = "not before it began or the last point was reached"
		blocked = "every blocking prerequisite that is due at the point or before is met or waived"
		ahead   = "the point is not reached yet"
	)
	allow := lifecycle.Allow[State]
	return []lifecycle.Transition[State]{
		allow(Running, VerbReachPoint, Running, order, ahead, blocked),
		allow(Running, VerbReachPoint, Complete, order, blocked, "it is the last point"),
		allow(Running, VerbCancelOnboarding, Cancelled, order, "a reason"),
	}
}

// PrerequisiteTransitions returns the whole table of a prerequisite, while its
// onboarding runs: what is not in it is refused.
func PrerequisiteTransitions() []lifecycle.Transition[Status] {
	const (
		begun    = "not before the onboarding began"
		evidence = "evidence that has not expired"
		owner    = "a person of the customer meets the customer's own prerequisites only"
		reason   = "a reason"
		person   = "by a person of the provider"
		later    = "not before it was given"
	)
	allow := lifecycle.Allow[Status]
	return []lifecycle.Transition[Status]{
		allow(Open, VerbMeetPrerequisite, Met, begun, evidence, owner),
		allow(Met, VerbMeetPrerequisite, Met, begun, evidence, owner, later),
		allow(Expired, VerbMeetPrerequisite, Met, begun, evidence, owner),
		allow(Waived, VerbMeetPrerequisite, Met, begun, evidence, owner, later),
		allow(Open, VerbWaivePrerequisite, Waived, begun, reason, person),
		allow(Expired, VerbWaivePrerequisite, Waived, begun, reason, person),
		allow(Met, VerbWithdrawPrerequisite, Open, later, reason, owner),
		allow(Expired, VerbWithdrawPrerequisite, Open, later, reason, owner),
		allow(Waived, VerbWithdrawPrerequisite, Open, later, reason, person),
	}
}

// Key addresses the onboarding, in refusals and traces. It leaves
// out the customer: an onboarding does not know its partition.
func (o *Onboarding) Key() servicecoin.Key {
	return servicecoin.Key{Kind: OnboardingRecord, ID: string(o.Subscription)}
}

func (o *Onboarding) life() lifecycle.Record[State] {
	return lifecycle.Record[State]{Key: o.Key(), State: o.State, Since: o.changed(), Table: Transitions()}
}

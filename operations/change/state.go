package change

import (
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// State is where a change stands.
type State string

// The states.
const (
	Draft       State = "draft"       // is being written
	Submitted   State = "submitted"   // a normal change that waits to be assessed
	Assessed    State = "assessed"    // its risk is known; it waits for its votes
	Approved    State = "approved"    // may be done as it stands
	Rejected    State = "rejected"    // may not
	Scheduled   State = "scheduled"   // has its place in the forward schedule
	Started     State = "started"     // is being done, or put back
	Implemented State = "implemented" // was done as planned
	RolledBack  State = "rolledBack"  // was put back as it was
	Failed      State = "failed"      // was neither done nor put back
	Reviewed    State = "reviewed"    // somebody has said what is to be learnt of it
	Closed      State = "closed"      // over, for good
	Cancelled   State = "cancelled"   // will not be done
)

// States returns all states in the order of a plain life.
func States() []State {
	return []State{Draft, Submitted, Assessed, Approved, Rejected, Scheduled, Started, Implemented, RolledBack, Failed, Reviewed, Closed, Cancelled}
}

func (s State) known() bool { return slices.Contains(States(), s) }

// Terminal reports whether no verb is allowed any more: closed or cancelled.
func (s State) Terminal() bool { return s == Closed || s == Cancelled }

// Planned reports whether the change lies ahead and was not given up: draft to
// scheduled, without rejected.
func (s State) Planned() bool {
	return s == Draft || s == Submitted || s == Assessed || s == Approved || s == Scheduled
}

// Firm reports whether the change takes its time in the forward schedule for
// certain: it is scheduled or started. Before that it is tentative.
func (s State) Firm() bool { return s == Scheduled || s == Started }

// Ended reports whether the work is over, one way or another.
func (s State) Ended() bool {
	return s == Implemented || s == RolledBack || s == Failed || s == Reviewed || s == Closed
}

// The verbs of changes.
const (
	VerbDraft            = "change.draft"
	VerbRevise           = "change.revise"
	VerbAssign           = "change.assign"
	VerbReassign         = "change.reassign"
	VerbSubmit           = "change.submit"
	VerbPreapprove       = "change.preapprove"
	VerbAssess           = "change.assess"
	VerbVote             = "change.vote"
	VerbApprove          = "change.approve"
	VerbReject           = "change.reject"
	VerbReopen           = "change.reopen"
	VerbReplan           = "change.replan"
	VerbWithdraw         = "change.withdraw"
	VerbAmend            = "change.amend"
	VerbSchedule         = "change.schedule"
	VerbStart            = "change.start"
	VerbStartUnapproved  = "change.startUnapproved"
	VerbFallBack         = "change.fallBack"
	VerbImplement        = "change.implement"
	VerbRollBack         = "change.rollBack"
	VerbFail             = "change.fail"
	VerbWatch            = "change.watch"
	VerbReview           = "change.review"
	VerbClose            = "change.close"
	VerbCancel           = "change.cancel"
	VerbDiscover         = "change.discover"
	VerbAcceptConflict   = "change.acceptConflict"
	VerbExcept           = "change.except"
	VerbAskConsent       = "change.askConsent"
	VerbConsent          = "change.consent"
	VerbSuspectIncident  = "change.suspectIncident"
	VerbConfirmIncident  = "change.confirmIncident"
	VerbDismissIncident  = "change.dismissIncident"
	VerbAddFollowUp      = "change.addFollowUp"
	VerbCompleteFollowUp = "change.completeFollowUp"
	VerbMoveFollowUp     = "change.moveFollowUp"
	VerbDropFollowUp     = "change.dropFollowUp"
	VerbForget           = "change.forget"
)

// Transitions returns the whole table: what is not in it is refused. All other
// verbs keep the state; [Transition] guards are for people.
func Transitions() []lifecycle.Transition[State] {
	const (
		order    = "not before the change of state before it"
		reason   = "a reason"
		does     = "somebody does it"
		normal   = "a normal change"
		standard = "a standard change, inside of a model that holds"
		urgent   = "an emergency"
		votes    = "the votes that the policy asks for"
	)
	table := []lifecycle.Transition[State]{
		lifecycle.Allow(Draft, VerbSubmit, Submitted, order, normal),
		lifecycle.Allow(Draft, VerbPreapprove, Approved, order, standard, does),
		lifecycle.Allow(Draft, VerbAssess, Assessed, order, urgent, does),
		lifecycle.Allow(Submitted, VerbAssess, Assessed, order, does, "enough people may vote on it"),
		lifecycle.Allow(Submitted, VerbReject, Rejected, order, reason),
		lifecycle.Allow(Assessed, VerbApprove, Approved, order, votes),
		lifecycle.Allow(Assessed, VerbReject, Rejected, order, votes),
		lifecycle.Allow(Assessed, VerbStartUnapproved, Started, order, urgent, reason, "the policy lets it begin before it is approved"),
		lifecycle.Allow(Rejected, VerbReopen, Draft, order, reason, "it was rejected before it was assessed"),
		lifecycle.Allow(Rejected, VerbReplan, Assessed, order, reason, "it was voted down"),
		lifecycle.Allow(Approved, VerbSchedule, Scheduled, order, "it is still what was approved", "it fits"),
		lifecycle.Allow(Scheduled, VerbStart, Started, order, "it is still what was approved", "not before its start"),
		lifecycle.Allow(Started, VerbImplement, Implemented, order, "it is not being put back"),
		lifecycle.Allow(Started, VerbRollBack, RolledBack, order, reason),
		lifecycle.Allow(Started, VerbFail, Failed, order, reason),
		lifecycle.Allow(Implemented, VerbRollBack, RolledBack, order, reason),
		lifecycle.Allow(Implemented, VerbClose, Closed, order, "it needs no review", "it is not watched any more", "no open follow-up"),
		lifecycle.Allow(Failed, VerbRollBack, RolledBack, order, reason),
		lifecycle.Allow(Reviewed, VerbClose, Closed, order, "it is approved", "it is not watched any more", "no open follow-up"),
	}
	for _, s := range []State{Implemented, RolledBack, Failed} {
		table = append(table, lifecycle.Allow(s, VerbReview, Reviewed, order))
	}
	for _, s := range []State{Submitted, Assessed, Approved, Scheduled} {
		table = append(table, lifecycle.Allow(s, VerbWithdraw, Draft, order, reason))
	}
	for _, s := range []State{Approved, Scheduled} {
		table = append(table, lifecycle.Allow(s, VerbAmend, Assessed, order, reason))
	}
	for _, s := range []State{Draft, Submitted, Assessed, Approved, Rejected, Scheduled} {
		table = append(table, lifecycle.Allow(s, VerbCancel, Cancelled, order, reason))
	}
	return table
}

func (c *Change) life() lifecycle.Record[State] {
	return lifecycle.Record[State]{
		Key: servicecoin.Key{Kind: ChangeRecord, ID: string(c.ID)}, State: c.State, Since: c.changed(), Table: Transitions(),
	}
}

// open refuses verbs on what is over.
func (c *Change) open(verb string) error {
	if c.State.Terminal() || !c.State.known() {
		return c.refuse(verb, "", "nothing changes any more")
	}
	return nil
}

func (c *Change) refuse(verb string, to State, why string) error {
	return c.life().Refuse(verb, to, why)
}

package incident

import (
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// State is where an incident stands.
type State string

// The states.
const (
	Reported     State = "reported"     // nobody has taken it on
	Acknowledged State = "acknowledged" // somebody works on it
	Pending      State = "pending"      // waits for somebody outside
	Resolved     State = "resolved"     // service is back; reviews and follow-ups may go on
	Closed       State = "closed"       // over, for good
	Cancelled    State = "cancelled"    // was none, or was another one
)

// States returns all states in the order of a plain life.
func States() []State {
	return []State{Reported, Acknowledged, Pending, Resolved, Closed, Cancelled}
}

func (s State) known() bool { return slices.Contains(States(), s) }

// Live reports whether work on the interruption itself goes on: reported,
// acknowledged or pending.
func (s State) Live() bool { return s == Reported || s == Acknowledged || s == Pending }

// Terminal reports whether no verb is allowed any more: closed or cancelled.
func (s State) Terminal() bool { return s == Closed || s == Cancelled }

// The verbs of incidents.
const (
	VerbOpen        = "incident.open"
	VerbAcknowledge = "incident.acknowledge"
	VerbHold        = "incident.hold"
	VerbResume      = "incident.resume"
	VerbResolve     = "incident.resolve"
	VerbReopen      = "incident.reopen"
	VerbClose       = "incident.close"
	VerbCancel      = "incident.cancel"

	VerbAssess       = "incident.assess"
	VerbAssign       = "incident.assign"
	VerbDescribe     = "incident.describe"
	VerbDeclareMajor = "incident.declareMajor"
	VerbRedate       = "incident.redate"
	VerbAffect       = "incident.affect"
	VerbNote         = "incident.note"
	VerbRecord       = "incident.record"

	// VerbReport is asked for in the name of a customer: [servicecoin.Attempt.For].
	VerbReport = "incident.report"
	VerbForget = "incident.forget"

	VerbAddFollowUp      = "incident.addFollowUp"
	VerbCompleteFollowUp = "incident.completeFollowUp"
	VerbMoveFollowUp     = "incident.moveFollowUp"
	VerbDropFollowUp     = "incident.dropFollowUp"
)

// Transitions returns the whole table: what is not in it is refused. All other
// verbs keep the state, and are allowed in every state that is not terminal.
func Transitions() []lifecycle.Transition[State] {
	const (
		order  = "not before the change of state before it"
		reason = "a reason"
	)
	var table []lifecycle.Transition[State]
	for _, from := range []State{Reported, Acknowledged, Pending} {
		table = append(table,
			lifecycle.Allow(from, VerbResolve, Resolved, order, "a resolution", "restored between began and now", "no effect begins after it"),
			lifecycle.Allow(from, VerbCancel, Cancelled, order, reason, "no open follow-up"),
		)
	}
	return append(table,
		lifecycle.Allow(Reported, VerbAcknowledge, Acknowledged, order),
		lifecycle.Allow(Acknowledged, VerbHold, Pending, order, reason),
		lifecycle.Allow(Pending, VerbResume, Acknowledged, order),
		lifecycle.Allow(Resolved, VerbReopen, Acknowledged, order, reason),
		lifecycle.Allow(Resolved, VerbClose, Closed, order, "no open follow-up"),
	)
}

func (i *Incident) life() lifecycle.Record[State] {
	return lifecycle.Record[State]{
		Key: servicecoin.Key{Kind: IncidentRecord, ID: string(i.ID)}, State: i.State, Since: i.changed(), Table: Transitions(),
	}
}

// open refuses verbs on what is over.
func (i *Incident) open(verb string) error {
	if i.State.Terminal() || !i.State.known() {
		return i.refuse(verb, "", "nothing changes any more")
	}
	return nil
}

func (i *Incident) refuse(verb string, to State, why string) error {
	return i.life().Refuse(verb, to, why)
}

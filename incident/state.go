package incident

import (
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
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

// Verb is what is done to an incident or to a communication, as it stands in
// timelines and refusals. With "incident." or "communication." before it, it
// is the verb of a [servicecoin.Attempt].
type Verb string

// The verbs of incidents.
const (
	VerbOpen        Verb = "open"
	VerbAcknowledge Verb = "acknowledge"
	VerbHold        Verb = "hold"
	VerbResume      Verb = "resume"
	VerbResolve     Verb = "resolve"
	VerbReopen      Verb = "reopen"
	VerbClose       Verb = "close"
	VerbCancel      Verb = "cancel"

	VerbAssess       Verb = "assess"
	VerbAssign       Verb = "assign"
	VerbDescribe     Verb = "describe"
	VerbDeclareMajor Verb = "declareMajor"
	VerbRedate       Verb = "redate"
	VerbAffect       Verb = "affect"
	VerbNote         Verb = "note"
	VerbRecord       Verb = "record"

	VerbAddFollowUp      Verb = "addFollowUp"
	VerbCompleteFollowUp Verb = "completeFollowUp"
	VerbMoveFollowUp     Verb = "moveFollowUp"
	VerbDropFollowUp     Verb = "dropFollowUp"
)

// Transition is one allowed change of state.
type Transition struct {
	From   State
	Verb   Verb
	To     State
	Guards []string // what else must hold, for people
}

// Transitions returns the whole table: what is not in it is refused. All other
// verbs keep the state, and are allowed in every state that is not terminal.
func Transitions() []Transition {
	const (
		order  = "not before the change of state before it"
		reason = "a reason"
	)
	var table []Transition
	for _, from := range []State{Reported, Acknowledged, Pending} {
		table = append(table,
			Transition{from, VerbResolve, Resolved, []string{order, "a resolution", "restored between began and now", "no effect begins after it"}},
			Transition{from, VerbCancel, Cancelled, []string{order, reason, "no open follow-up"}},
		)
	}
	return append(table,
		Transition{Reported, VerbAcknowledge, Acknowledged, []string{order}},
		Transition{Acknowledged, VerbHold, Pending, []string{order, reason}},
		Transition{Pending, VerbResume, Acknowledged, []string{order}},
		Transition{Resolved, VerbReopen, Acknowledged, []string{order, reason}},
		Transition{Resolved, VerbClose, Closed, []string{order, "no open follow-up"}},
	)
}

// target returns where verb leads from the state that i is in, or refuses and
// says where it could be asked for.
func (i *Incident) target(verb Verb) (State, error) {
	var to State
	var from []string
	for _, t := range Transitions() {
		if t.Verb != verb {
			continue
		}
		if t.From == i.State {
			return t.To, nil
		}
		to = t.To
		from = append(from, string(t.From))
	}
	slices.Sort(from)
	return "", i.refuse(verb, to, "is allowed when it is "+strings.Join(from, ", "))
}

// open refuses verbs on what is over.
func (i *Incident) open(verb Verb) error {
	if i.State.Terminal() || !i.State.known() {
		return i.refuse(verb, "", "nothing changes any more")
	}
	return nil
}

func (i *Incident) refuse(verb Verb, to State, why string) error {
	return &servicecoin.RefusedError{
		Subject: servicecoin.Key{Kind: IncidentRecord, ID: string(i.ID)},
		Verb:    string(verb), From: string(i.State), To: string(to), Why: why,
	}
}

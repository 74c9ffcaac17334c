package runbook

import (
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// RunState is where a run stands.
type RunState string

// The states of a run.
const (
	Running   RunState = "running"
	Paused    RunState = "paused"    // nobody begins anything; what was asked of the host may still come
	Aborting  RunState = "aborting"  // what was done is being undone
	Succeeded RunState = "succeeded" // every step settled, every verification met
	Failed    RunState = "failed"
	Aborted   RunState = "aborted"
)

// RunStates returns all states in the order of a life.
func RunStates() []RunState {
	return []RunState{Running, Paused, Aborting, Succeeded, Failed, Aborted}
}

// Terminal reports whether the run has ended: succeeded, failed or aborted.
func (s RunState) Terminal() bool { return s == Succeeded || s == Failed || s == Aborted }

// StepState is where a step of a run stands.
type StepState string

// The states of a step.
const (
	StepWaiting   StepState = "waiting"   // something that comes before it is not settled
	StepReady     StepState = "ready"     // somebody can begin
	StepActive    StepState = "active"    // somebody is at it, or a wait goes on
	StepRequested StepState = "requested" // the host was asked to do its action
	StepLate      StepState = "late"      // so it was, and the time limit has passed without a result
	StepDone      StepState = "done"
	StepFailed    StepState = "failed"    // it went wrong, a verification was not met, an approval was refused
	StepSkipped   StepState = "skipped"   // left out, with a reason and who allowed it
	StepOmitted   StepState = "omitted"   // on a branch that was not taken
	StepCancelled StepState = "cancelled" // the run ended before it did; a result that comes is not waited for
)

// StepStates returns all states of steps.
func StepStates() []StepState {
	return []StepState{StepWaiting, StepReady, StepActive, StepRequested, StepLate, StepDone, StepFailed, StepSkipped, StepOmitted, StepCancelled}
}

// Settled reports whether what comes after the step can begin.
func (s StepState) Settled() bool { return s == StepDone || s == StepSkipped || s == StepOmitted }

// The verbs of runs.
const (
	VerbStart    = "run.start"
	VerbBegin    = "run.begin"
	VerbFinish   = "run.finish"
	VerbAnswer   = "run.answer"
	VerbMeasure  = "run.measure"
	VerbApprove  = "run.approve"
	VerbSkip     = "run.skip"
	VerbRetry    = "run.retry"
	VerbReport   = "run.report" // the result of an action
	VerbLapse    = "run.lapse"  // a wait is over, a time limit has passed
	VerbNote     = "run.note"
	VerbHandOver = "run.handOver"
	VerbPause    = "run.pause"
	VerbResume   = "run.resume"
	VerbAbort    = "run.abort"
	VerbSucceed  = "run.succeed"
	VerbFail     = "run.fail"
	VerbErase    = "run.erase"

	verbUndone = "run.undone" // never asked for: the last step that is undone does it
)

// RunTransitions returns the whole table of a run: what is not in it is refused. The
// verbs of steps keep the state; they are for a run that is running, or aborting if
// the step is one that undoes. Results, lapses, notes and a handover are taken until
// the run has ended.
func RunTransitions() []lifecycle.Transition[RunState] {
	const (
		order  = "not before the change of state before it"
		reason = "a reason"
	)
	return []lifecycle.Transition[RunState]{
		lifecycle.Allow(Running, VerbPause, Paused, order, reason),
		lifecycle.Allow(Paused, VerbResume, Running, order),
		lifecycle.Allow(Running, VerbAbort, Aborting, order, reason),
		lifecycle.Allow(Paused, VerbAbort, Aborting, order, reason),
		lifecycle.Allow(Aborting, verbUndone, Aborted, order, "everything to undo is done or skipped"),
		lifecycle.Allow(Running, VerbSucceed, Succeeded, order, "every step is settled", "no verification failed without being met later"),
		lifecycle.Allow(Running, VerbFail, Failed, order, reason),
		lifecycle.Allow(Paused, VerbFail, Failed, order, reason),
		lifecycle.Allow(Aborting, VerbFail, Failed, order, reason),
	}
}

// StepTransitions returns what a verb makes of a step. From waiting to ready and to
// omitted a step comes by itself.
func StepTransitions() []lifecycle.Transition[StepState] {
	const (
		attempt = "the attempt that was seen is the current one"
		action  = "it has an action"
		person  = "a person does it"
	)
	table := []lifecycle.Transition[StepState]{
		lifecycle.Allow(StepReady, VerbBegin, StepActive, attempt, person, "not by who approved it"),
		lifecycle.Allow(StepReady, VerbBegin, StepRequested, attempt, action, "not by who approved it"),
		lifecycle.Allow(StepReady, VerbApprove, StepDone, attempt, "it is an approval", "by nobody who leads the run or asked for it"),
		lifecycle.Allow(StepReady, VerbApprove, StepFailed, attempt, "it is an approval", "by nobody who leads the run or asked for it", "a reason"),
		lifecycle.Allow(StepActive, VerbLapse, StepDone, "a wait whose time has come"),
		lifecycle.Allow(StepRequested, VerbLapse, StepLate, "its time limit has passed"),
		lifecycle.Allow(StepRequested, VerbReport, StepDone, attempt),
		lifecycle.Allow(StepRequested, VerbReport, StepFailed, attempt, "no retry is left"),
		lifecycle.Allow(StepRequested, VerbReport, StepRequested, attempt, "a retry is left"),
		lifecycle.Allow(StepLate, VerbReport, StepDone, attempt),
		lifecycle.Allow(StepLate, VerbReport, StepFailed, attempt),
		lifecycle.Allow(StepFailed, VerbRetry, StepActive, attempt, person),
		lifecycle.Allow(StepFailed, VerbRetry, StepReady, attempt, "it is an approval"),
		lifecycle.Allow(StepFailed, VerbRetry, StepRequested, attempt, action),
		lifecycle.Allow(StepLate, VerbRetry, StepRequested, attempt, action),
	}
	for _, from := range []StepState{StepReady, StepActive} {
		table = append(table,
			lifecycle.Allow(from, VerbFinish, StepDone, attempt, person, "no decision, verification or approval"),
			lifecycle.Allow(from, VerbFinish, StepFailed, attempt, person, "what went wrong"),
			lifecycle.Allow(from, VerbAnswer, StepDone, attempt, "it is a decision", "a branch has the answer"),
			lifecycle.Allow(from, VerbMeasure, StepDone, attempt, "it is a verification of a person", "the expectation is met"),
			lifecycle.Allow(from, VerbMeasure, StepFailed, attempt, "it is a verification of a person", "the expectation is not met"),
		)
	}
	for _, from := range []StepState{StepReady, StepActive, StepRequested, StepLate, StepFailed} {
		table = append(table, lifecycle.Allow(from, VerbSkip, StepSkipped, attempt, "a reason", "who allowed it", "no decision"))
	}
	for _, from := range []StepState{StepActive, StepRequested, StepLate} {
		for _, verb := range []string{VerbAbort, VerbFail} {
			table = append(table, lifecycle.Allow(from, verb, StepCancelled, "the run is over for it"))
		}
	}
	return table
}

// The tables are built once: every verb at a step looks into both.
//
//nolint:gochecknoglobals // constants in all but name
var (
	runTable  = RunTransitions()
	stepTable = StepTransitions()
)

// allowed refuses a verb that the state of a step forbids.
func (r *Run) allowed(s *Status, verb string) error {
	life := lifecycle.Record[StepState]{
		Key: servicecoin.Key{Kind: RunRecord, ID: string(r.ID)}, Part: "step " + string(s.ID), State: s.State, Table: stepTable,
	}
	_, err := life.Target(verb)
	return err
}

func (r *Run) refuseStep(s *Status, verb string, to StepState, why string) error {
	life := lifecycle.Record[StepState]{Key: servicecoin.Key{Kind: RunRecord, ID: string(r.ID)}, Part: "step " + string(s.ID), State: s.State}
	return life.Refuse(verb, to, why)
}

func (r *Run) life() lifecycle.Record[RunState] {
	return lifecycle.Record[RunState]{
		Key: servicecoin.Key{Kind: RunRecord, ID: string(r.ID)}, State: r.State, Since: r.Since, Table: runTable,
	}
}

// live refuses a verb on a run that has ended.
func (r *Run) live(verb string) error {
	if r.State.Terminal() || !slices.Contains(RunStates(), r.State) {
		return r.life().Refuse(verb, "", "it has ended")
	}
	return nil
}

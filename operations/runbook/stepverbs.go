package runbook

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// At says at which step a verb is meant, and which attempt was seen when it was
// asked for: of an older one it is refused, so that nobody finishes what somebody
// else has just begun again. 0 is whichever is current.
type At struct {
	Step    StepID
	Attempt int
}

// work is a verb on its way: everything is done to a copy of the run.
type work struct {
	r    Run
	s    *Status
	step Step
	m    mark
}

// act checks what every verb at a step has in common. It returns nil and no error if
// the same was done already.
func (r *Run) act(p *Plan, by servicecoin.Actor, at time.Time, verb string, where At, again func(s Status) bool, check func(v *servicecoin.Violations, step Step)) (*work, error) {
	w := &work{r: *r}
	w.r.Steps, w.r.Undo = slices.Clone(r.Steps), slices.Clone(r.Undo)
	w.s = w.r.find(where.Step)
	step, known := p.Step(where.Step)
	w.step = step
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		if w.s == nil || !known || p.Run != r.ID {
			v.Add("step", "unknown", string(where.Step), "is no step of this run")
			return
		}
		if check != nil {
			check(v, step)
		}
	})
	if err != nil {
		return nil, err
	}
	if kinds := kindsOf(verb); kinds != nil && !slices.Contains(kinds, step.Kind) {
		return nil, r.refuseStep(w.s, verb, "", "a step of kind "+string(step.Kind)+" ends otherwise")
	}
	if again(*w.s) {
		return nil, nil //nolint:nilnil // the verb is done, and there is nothing left to do
	}
	if where.Attempt != 0 && where.Attempt != w.s.Attempt {
		return nil, r.refuseStep(w.s, verb, "", fmt.Sprintf("attempt %d is over, it is at %d", where.Attempt, w.s.Attempt))
	}
	if err := r.allowed(w.s, verb); err != nil {
		return nil, err
	}
	if err := r.life().Order(at, verb, ""); err != nil {
		return nil, err
	}
	w.m = mark{by: by, fact: Fact{At: at, Verb: verb, Step: where.Step, Attempt: w.s.Attempt}}
	if verb != VerbReport {
		w.s.By = by.ID
	}
	return w, nil
}

// kindsOf returns the steps that a verb is for; nil: all.
func kindsOf(verb string) []StepKind {
	switch verb {
	case VerbFinish:
		return []StepKind{ManualStep, WaitStep}
	case VerbAnswer:
		return []StepKind{DecisionStep}
	case VerbMeasure:
		return []StepKind{VerificationStep}
	case VerbApprove:
		return []StepKind{ApprovalStep}
	}
	return nil
}

// open refuses a verb at a step while nobody may do anything there.
func (r *Run) open(s *Status, verb string) error {
	if err := r.live(verb); err != nil {
		return err
	}
	undo := len(r.Undo) > 0 && slices.ContainsFunc(r.Undo, func(x Status) bool { return x.ID == s.ID })
	switch {
	case undo && r.State != Aborting, !undo && r.State != Running:
		return r.refuseStep(s, verb, "", "the run is "+string(r.State))
	}
	return nil
}

// keep makes the copy the run.
func (w *work) keep(r *Run, p *Plan) {
	w.m.fact.Attempt = w.s.Attempt
	w.r.advance(p, &w.m)
	w.r.leave(w.m)
	*r = w.r
}

// by others checks that whoever approved what comes right before a step does not do
// it.
func (w *work) byOthers(p *Plan, verb string) error {
	for _, id := range w.step.After {
		gate, known := p.Step(id)
		s := w.r.find(id)
		if known && gate.Kind == ApprovalStep && s != nil && s.State == StepDone && (s.By == w.m.by.ID || s.By == w.m.by.OnBehalfOf) {
			return w.r.refuseStep(w.s, verb, "", "who approved it does not do it")
		}
	}
	return nil
}

// action returns what the host does at the step, nil if a person does it.
func (s Step) action() *Action {
	if s.Verification != nil {
		return s.Verification.Action
	}
	return s.Action
}

// Begin says that somebody is at a step, or asks the host to do its action.
func (r *Run) Begin(p Plan, by servicecoin.Actor, at time.Time, where At) error {
	again := func(s Status) bool {
		return (s.State == StepActive || s.State == StepRequested) && (where.Attempt == 0 || where.Attempt >= s.Attempt-1)
	}
	w, err := r.act(&p, by, at, VerbBegin, where, again, nil)
	if err != nil || w == nil {
		return err
	}
	if err := r.open(w.s, VerbBegin); err != nil {
		return err
	}
	if w.step.Kind == ApprovalStep {
		return r.refuseStep(w.s, VerbBegin, "", "an approval is given, not begun")
	}
	if err := w.byOthers(&p, VerbBegin); err != nil {
		return err
	}
	w.r.begin(&w.m, w.s, w.step.action())
	w.keep(r, &p)
	return nil
}

// Finished is how a step of a person ended.
type Finished struct {
	At
	Failed   bool
	Note     string // what went wrong, if it failed; at most 4000 characters
	Evidence []Evidence
}

// Finish says that a manual step is done, or went wrong. A wait can be finished once
// its time has come.
func (r *Run) Finish(p Plan, by servicecoin.Actor, at time.Time, x Finished) error {
	to := StepDone
	if x.Failed {
		to = StepFailed
	}
	again := func(s Status) bool {
		return s.State == to && (x.Attempt == 0 || x.Attempt == s.Attempt || s.Attempt == 1)
	}
	w, err := r.act(&p, by, at, VerbFinish, x.At, again, func(v *servicecoin.Violations, _ Step) {
		least := 0
		if x.Failed {
			least = 1
		}
		v.Text("note", x.Note, least, mostNote)
		checkEvidence(v, x.Evidence)
	})
	if err != nil || w == nil {
		return err
	}
	if err := r.open(w.s, VerbFinish); err != nil {
		return err
	}
	if w.step.Kind == WaitStep && w.m.fact.At.Before(w.s.Due) {
		return r.refuseStep(w.s, VerbFinish, to, "it waits until "+lifecycle.Stamp(w.s.Due))
	}
	if err := w.byOthers(&p, VerbFinish); err != nil {
		return err
	}
	w.straight()
	w.m.say("text", x.Note)
	w.m.show(x.Evidence)
	w.r.move(&w.m, w.s, to)
	w.keep(r, &p)
	return nil
}

// straight begins a step that ends without having been begun: how long it took, is
// not known.
func (w *work) straight() {
	if w.s.State == StepReady {
		w.s.Attempt++
		w.s.Began, w.s.BegunAt = w.r.number(), time.Time{}
	}
}

// Answered is the answer to a decision.
type Answered struct {
	At
	Answer   string // that of one of its branches
	Note     string
	Evidence []Evidence
}

// Answer takes a branch of a decision.
func (r *Run) Answer(p Plan, by servicecoin.Actor, at time.Time, x Answered) error {
	again := func(s Status) bool { return s.State == StepDone && s.Answer == x.Answer }
	w, err := r.act(&p, by, at, VerbAnswer, x.At, again, func(v *servicecoin.Violations, s Step) {
		v.Text("note", x.Note, 0, mostNote)
		checkEvidence(v, x.Evidence)
		if s.Decision != nil && !slices.ContainsFunc(s.Decision.Branches, func(b Branch) bool { return b.Answer == x.Answer }) {
			v.Add("answer", "unknown", x.Answer, "is no answer to this decision")
		}
	})
	if err != nil || w == nil {
		return err
	}
	if err := r.open(w.s, VerbAnswer); err != nil {
		return err
	}
	w.straight()
	w.s.Answer = x.Answer
	w.m.say("text", x.Note)
	w.m.show(x.Evidence)
	w.r.move(&w.m, w.s, StepDone)
	w.keep(r, &p)
	return nil
}

// Measured is what a person saw at a verification.
type Measured struct {
	At
	Value    string // at most 500 characters
	Note     string
	Evidence []Evidence
}

// Measure says what was seen at a verification of a person: it is met, or has
// failed.
func (r *Run) Measure(p Plan, by servicecoin.Actor, at time.Time, x Measured) error {
	again := func(s Status) bool {
		return (s.State == StepDone || s.State == StepFailed) && s.Measured == x.Value && (x.Attempt == 0 || x.Attempt == s.Attempt || s.Attempt == 1)
	}
	w, err := r.act(&p, by, at, VerbMeasure, x.At, again, func(v *servicecoin.Violations, _ Step) {
		v.Text("value", x.Value, 1, mostMeasured)
		v.Text("note", x.Note, 0, mostNote)
		checkEvidence(v, x.Evidence)
	})
	if err != nil || w == nil {
		return err
	}
	if err := r.open(w.s, VerbMeasure); err != nil {
		return err
	}
	if w.step.action() != nil {
		return r.refuseStep(w.s, VerbMeasure, "", "an action measures it")
	}
	if err := w.byOthers(&p, VerbMeasure); err != nil {
		return err
	}
	w.straight()
	w.m.say("text", x.Note)
	w.m.show(x.Evidence)
	w.measured(x.Value)
	if err := w.r.room(); err != nil {
		return err
	}
	w.keep(r, &p)
	return nil
}

// measured compares what was seen with what is expected.
func (w *work) measured(value string) {
	w.s.Measured = value
	w.m.say("measured", value)
	if w.s.Broken = !w.step.Verification.Expect.Met(value); w.s.Broken {
		w.r.move(&w.m, w.s, StepFailed)
		return
	}
	w.r.move(&w.m, w.s, StepDone)
}

// Approved is what somebody says at a gate.
type Approved struct {
	At
	Go     bool
	Reason string // of a no; at most 2000 characters
}

// Approve says go, or that it must not go on. It is for a person who neither leads
// the run nor is at a step that comes right after.
func (r *Run) Approve(p Plan, by servicecoin.Actor, at time.Time, x Approved) error {
	to := StepFailed
	if x.Go {
		to = StepDone
	}
	again := func(s Status) bool { return s.State == to }
	w, err := r.act(&p, by, at, VerbApprove, x.At, again, func(v *servicecoin.Violations, _ Step) {
		least := 1
		if x.Go {
			least = 0
		}
		v.Text("reason", x.Reason, least, mostReason)
	})
	if err != nil || w == nil {
		return err
	}
	if err := r.open(w.s, VerbApprove); err != nil {
		return err
	}
	switch {
	case by.Kind == servicecoin.System:
		return r.refuseStep(w.s, VerbApprove, to, "a person has to say it")
	case by.ID == r.Lead || by.OnBehalfOf == r.Lead:
		return r.refuseStep(w.s, VerbApprove, to, "somebody else than who leads the run has to say it")
	}
	w.straight()
	w.m.say("text", x.Reason)
	w.r.move(&w.m, w.s, to)
	w.keep(r, &p)
	return nil
}

// Skipping says why a step is left out.
type Skipping struct {
	At
	Reason    string               // 1 to 2000 characters
	AllowedBy servicecoin.PersonID // of an approval or a verification: somebody else than who skips it
}

// Skip leaves a step out: with a reason, and who allowed it. A decision is answered
// and not skipped. A verification that has failed stays failed for the run: it goes
// on, and cannot succeed. An action that was asked for is cancelled.
func (r *Run) Skip(p Plan, by servicecoin.Actor, at time.Time, x Skipping) error {
	again := func(s Status) bool { return s.State == StepSkipped }
	w, err := r.act(&p, by, at, VerbSkip, x.At, again, func(v *servicecoin.Violations, _ Step) {
		v.Text("reason", x.Reason, 1, mostReason)
		v.ID("allowedBy", string(x.AllowedBy))
	})
	if err != nil || w == nil {
		return err
	}
	if err := r.open(w.s, VerbSkip); err != nil {
		return err
	}
	gate := w.step.Kind == ApprovalStep || w.step.Kind == VerificationStep
	switch {
	case w.step.Kind == DecisionStep:
		return r.refuseStep(w.s, VerbSkip, StepSkipped, "a decision is answered")
	case gate && (x.AllowedBy == by.ID || x.AllowedBy == by.OnBehalfOf):
		return r.refuseStep(w.s, VerbSkip, StepSkipped, "somebody else has to allow it")
	}
	w.m.say("text", x.Reason)
	w.m.say(personLabel, string(x.AllowedBy))
	w.r.with(x.AllowedBy)
	w.r.move(&w.m, w.s, StepSkipped)
	w.keep(r, &p)
	return nil
}

// Retry begins a step that failed once more, or asks again for an action whose
// result is late: that one may have happened all the same.
func (r *Run) Retry(p Plan, by servicecoin.Actor, at time.Time, where At) error {
	again := func(s Status) bool {
		running := s.State == StepActive || s.State == StepRequested
		return running && s.Attempt > 1 && (where.Attempt == 0 || where.Attempt == s.Attempt-1)
	}
	w, err := r.act(&p, by, at, VerbRetry, where, again, nil)
	if err != nil || w == nil {
		return err
	}
	if err := r.open(w.s, VerbRetry); err != nil {
		return err
	}
	if w.step.Kind == ApprovalStep {
		w.r.move(&w.m, w.s, StepReady)
	} else {
		w.s.Retried, w.s.Outputs, w.s.Measured = 0, nil, ""
		w.r.begin(&w.m, w.s, w.step.action())
	}
	w.keep(r, &p)
	return nil
}

// cut keeps a text of the outside within a length, in whole characters.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

package runbook

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Runner does the actions of automated steps: the host's interface to its machines.
// Whoever carries a run asks it, and no rule of this package does.
type Runner interface {
	// Do does an action, or takes it on. It is called at least once for each attempt:
	// Task.Key is the same then, and what was done already is not done again. A result
	// that is not there yet is Result.Accepted; the host reports it later, by
	// [Runs.Report]. An error says that nobody knows, and that Do is to be called again.
	Do(ctx context.Context, t Task) (Result, error)

	// Cancel says that the result of an attempt is not waited for any more. What is
	// under way may be stopped or not; a result that comes all the same is recorded as
	// late.
	Cancel(ctx context.Context, t Task) error
}

// Task is one attempt of an action.
type Task struct {
	Key      string                 `json:"key"` // idempotency key: of this attempt alone
	Run      RunID                  `json:"run"`
	Step     StepID                 `json:"step"`
	Attempt  int                    `json:"attempt"`
	Drill    bool                   `json:"drill,omitempty"`
	Change   servicecoin.ChangeID   `json:"change,omitempty"`
	Customer servicecoin.CustomerID `json:"customer,omitempty"`
	Action   string                 `json:"action"`
	Inputs   []TaskInput            `json:"inputs,omitempty"`
	Until    time.Time              `json:"until,omitzero"` // when it is late; zero: never
}

// TaskInput is one value that an action is given. A secret has no value: the host
// finds it by the name of the parameter, or at its place in the configuration.
type TaskInput struct {
	Name   string `json:"name"`
	Type   Type   `json:"type"`
	Value  string `json:"value,omitempty"`
	Secret string `json:"secret,omitempty"` // the name of the secret parameter
	From   Source `json:"from,omitzero"`    // of a secret: its place in the configuration, if the book says so
}

// Result is what came of an attempt.
type Result struct {
	Accepted bool   // it is not there yet: it will be reported
	Failed   bool   // it was tried, and went wrong
	Text     string // for people; cut to 4000 characters
	// Outputs are kept if the action names them, cut to 200 characters. No secret is
	// among them.
	Outputs  map[string]string
	Evidence []Evidence
}

// Task returns an attempt of a step's action as the host is asked for it. It is
// false if that attempt is not waited for: the step was done, skipped or begun
// again, or the run has ended.
func (r *Run) Task(p Plan, where At) (Task, bool) {
	s := r.find(where.Step)
	step, known := p.Step(where.Step)
	a := step.action()
	if s == nil || !known || a == nil {
		return Task{}, false
	}
	under := string(where.Step[:strings.LastIndexByte(string(where.Step), '/')+1])
	under = strings.TrimPrefix(under, undoing)
	t := Task{
		Key: fmt.Sprintf("%s/%s/%d", r.ID, where.Step, where.Attempt), Run: r.ID, Step: where.Step, Attempt: where.Attempt,
		Drill: r.Drill, Change: r.Change, Customer: r.Customer, Action: a.Name,
	}
	for _, i := range a.Inputs {
		x := TaskInput{Name: i.Name, Type: i.Type, Value: i.Value}
		if names := Placeholders(i.Value); i.Type == Secret && len(names) == 1 {
			x.Value, x.Secret = "", names[0]
			x.From = p.Secrets[under+names[0]]
		}
		t.Inputs = append(t.Inputs, x)
	}
	waited := !r.State.Terminal() && s.Attempt == where.Attempt && (s.State == StepRequested || s.State == StepLate)
	if waited {
		t.Until = s.Due
	}
	return t, waited
}

// Reported is a result of an attempt.
type Reported struct {
	At // Attempt is never 0
	Result
}

// Report takes the result of an action: the step is done or has failed, or is asked
// for again while a retry is left. One that comes after the time limit counts, and is
// marked late; one of an attempt that nobody waits for any more is recorded and
// changes nothing. The same result again is nothing.
func (r *Run) Report(p Plan, by servicecoin.Actor, at time.Time, x Reported) error {
	if err := r.live(VerbReport); err != nil {
		return err
	}
	if s := r.find(x.Step); s != nil && (x.Attempt < s.Attempt || s.State != StepRequested && s.State != StepLate) {
		return r.stray(p, by, at, x)
	}
	again := func(s Status) bool { return slices.Contains(s.Heard, x.Attempt) }
	w, err := r.act(&p, by, at, VerbReport, At{Step: x.Step}, again, x.check(r))
	if err != nil || w == nil {
		return err
	}
	w.m.fact.Late, w.m.fact.Failed = w.s.State == StepLate, x.Failed
	w.hear(x)
	w.outcome(x)
	if err := w.r.room(); err != nil { // a run that is full still takes the result
		w.s.Outputs = nil
		w.r.move(&w.m, w.s, StepFailed)
	}
	w.r.advance(&p, &w.m)
	w.m.fact.Attempt = x.Attempt
	w.r.leave(w.m)
	*r = w.r
	return nil
}

func (x Reported) check(r *Run) func(v *servicecoin.Violations, s Step) {
	return func(v *servicecoin.Violations, s Step) {
		if s.action() == nil {
			v.Add("step", "not-allowed", string(x.Step), "has no action")
		}
		if st := r.find(x.Step); st != nil && (x.Attempt < 1 || x.Attempt > st.Attempt) {
			v.Add("attempt", "out-of-range", strconv.Itoa(x.Attempt), fmt.Sprintf("must lie between 1 and %d", st.Attempt))
		}
		checkEvidence(v, x.Evidence)
		const mostGiven = 1000
		v.Limit("outputs", len(x.Outputs), mostGiven)
	}
}

// hear keeps what the result says of itself.
func (w *work) hear(x Reported) {
	const mostHeard = 50
	if len(w.s.Heard) < mostHeard {
		w.s.Heard = append(slices.Clone(w.s.Heard), x.Attempt)
		slices.Sort(w.s.Heard)
	}
	w.m.say("text", cut(strings.ToValidUTF8(x.Text, "\uFFFD"), mostNote))
	w.m.show(x.Evidence)
}

// outcome says what becomes of the step.
func (w *work) outcome(x Reported) {
	a := w.step.action()
	const mostOutput = 200
	kept := map[string]string{}
	for _, name := range a.Outputs {
		if value, ok := x.Outputs[name]; ok {
			kept[name] = cut(strings.ToValidUTF8(value, "\uFFFD"), mostOutput)
		}
	}
	w.s.Outputs = nil
	if len(kept) > 0 {
		w.s.Outputs = kept
		for _, name := range slices.Sorted(maps.Keys(kept)) {
			w.m.say("output "+name, kept[name])
		}
	}
	switch {
	case x.Failed && w.s.State == StepRequested && w.s.Retried < a.Retries && w.r.State != Paused:
		w.s.Retried++
		w.r.begin(&w.m, w.s, a)
	case x.Failed:
		w.s.Broken = w.s.Broken || w.step.Kind == VerificationStep
		w.r.move(&w.m, w.s, StepFailed)
	case w.step.Kind == VerificationStep:
		value, ok := kept[w.step.Verification.measure()]
		if !ok {
			w.s.Broken = true
			w.r.move(&w.m, w.s, StepFailed)
			return
		}
		w.measured(value)
	default:
		w.r.move(&w.m, w.s, StepDone)
	}
}

// stray records the result of an attempt that nobody waits for.
func (r *Run) stray(p Plan, by servicecoin.Actor, at time.Time, x Reported) error {
	step, _ := p.Step(x.Step)
	m, err := r.remark(by, at, VerbReport, func(v *servicecoin.Violations) { x.check(r)(v, step) })
	if err != nil {
		return err
	}
	w := &work{r: *r, m: m, step: step}
	w.r.Steps, w.r.Undo = slices.Clone(r.Steps), slices.Clone(r.Undo)
	w.s = w.r.find(x.Step)
	if slices.Contains(w.s.Heard, x.Attempt) {
		return nil
	}
	w.m.fact.Step, w.m.fact.Attempt, w.m.fact.Late, w.m.fact.Failed = x.Step, x.Attempt, true, x.Failed
	w.hear(x)
	w.r.leave(w.m)
	*r = w.r
	return nil
}

package runbook_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// anyBook is a book that can be published.
func anyBook(t *rapid.T) runbook.Book {
	b := runbook.Book{ID: "b", Version: 1, State: runbook.Draft, Title: en("b"), Scenario: runbook.Start}
	n := rapid.IntRange(1, 8).Draw(t, "steps")
	for i := range n {
		s := runbook.Step{ID: runbook.StepID(fmt.Sprintf("s%d", i)), Title: en("s")}
		s.Kind = rapid.SampledFrom([]runbook.StepKind{runbook.ManualStep, runbook.AutomatedStep, runbook.DecisionStep, runbook.VerificationStep, runbook.WaitStep, runbook.ApprovalStep}).Draw(t, "kind")
		switch s.Kind {
		case runbook.AutomatedStep:
			s.Action = &runbook.Action{Name: "act", Retries: 1, Limit: calendar.Within(time.Minute)}
		case runbook.DecisionStep:
			s.Decision = &runbook.Decision{Branches: []runbook.Branch{{Answer: "yes"}, {Answer: "no"}}}
			for j := i + 1; j < n; j++ {
				if to := rapid.IntRange(0, 5).Draw(t, "branch"); to < 2 {
					s.Decision.Branches[to].Steps = append(s.Decision.Branches[to].Steps, runbook.StepID(fmt.Sprintf("s%d", j)))
				}
			}
		case runbook.VerificationStep:
			s.Verification = &runbook.Verification{LookAt: en("x"), Expect: runbook.Expectation{Is: runbook.Equals, Value: "yes"}}
		case runbook.WaitStep:
			s.Wait = &runbook.Wait{For: calendar.Within(time.Minute)}
		case runbook.ApprovalStep:
			s.Approval = &runbook.Approval{}
		default:
			s.Text = en("do")
		}
		if rapid.Bool().Draw(t, "undo") {
			s.Undo = &runbook.Undo{Text: en("undo")}
			if rapid.Bool().Draw(t, "by action") {
				s.Undo = &runbook.Undo{Action: &runbook.Action{Name: "undo"}}
			}
		}
		if i > 0 && rapid.Bool().Draw(t, "after") {
			s.After = []runbook.StepID{runbook.StepID(fmt.Sprintf("s%d", rapid.IntRange(0, i-1).Draw(t, "which")))}
		}
		b.Steps = append(b.Steps, s)
	}
	for _, f := range b.Check(runbook.Checks{}) {
		require.NotEqual(t, runbook.Fault, f.Severity, "%v", f)
	}
	return b
}

// world is a run without a store.
type world struct {
	run    runbook.Run
	plan   runbook.Plan
	at     time.Time
	stored [][]byte
	salt   int
}

func (w *world) seal(t require.TestingT) {
	list, err := w.run.Seal(func() runbook.Salt { w.salt++; return runbook.Salt(fmt.Appendf(nil, "%016d", w.salt)) })
	require.NoError(t, err)
	require.LessOrEqual(t, len(list), 1, "a verb leaves one entry at most")
	for _, e := range list {
		w.stored = append(w.stored, e.Bytes())
	}
}

// act does one verb.
func (w *world) act(verb string, by servicecoin.Actor, where runbook.At, yes bool) error {
	answer := map[bool]string{true: "yes", false: "no"}[yes]
	switch r := &w.run; verb {
	case "begin":
		return r.Begin(w.plan, by, w.at, where)
	case "finish":
		return r.Finish(w.plan, by, w.at, runbook.Finished{At: where, Failed: !yes, Note: "note"})
	case "answer":
		return r.Answer(w.plan, by, w.at, runbook.Answered{At: where, Answer: answer})
	case "measure":
		return r.Measure(w.plan, by, w.at, runbook.Measured{At: where, Value: answer})
	case "approve":
		return r.Approve(w.plan, by, w.at, runbook.Approved{At: where, Go: yes, Reason: "reason"})
	case "skip":
		return r.Skip(w.plan, by, w.at, runbook.Skipping{At: where, Reason: "reason", AllowedBy: "zoe"})
	case "retry":
		return r.Retry(w.plan, by, w.at, where)
	case "report":
		s, _ := r.Status(where.Step)
		return r.Report(w.plan, by, w.at, runbook.Reported{At: runbook.At{Step: where.Step, Attempt: max(1, s.Attempt)}, Result: runbook.Result{Failed: !yes}})
	case "lapse":
		return r.Lapse(w.plan, by, w.at)
	case "note":
		return r.Note(w.plan, by, w.at, runbook.Note{Text: "note"})
	case "handOver":
		return r.HandOver(w.plan, by, w.at, "zoe", "")
	case "pause":
		return r.Pause(w.plan, by, w.at, "reason")
	case "resume":
		return r.Resume(w.plan, by, w.at)
	case "abort":
		return r.Abort(w.plan, by, w.at, "reason")
	case "succeed":
		return r.Succeed(w.plan, by, w.at, "")
	}
	return w.run.Fail(w.plan, by, w.at, "reason")
}

// finish brings a run to its end: well if it can, and by the way of an abort
// otherwise.
func (w *world) finish(t require.TestingT, well bool) {
	for range 200 {
		if w.run.State.Terminal() {
			return
		}
		w.at = w.at.Add(time.Minute)
		switch {
		case w.run.State == runbook.Paused:
			require.NoError(t, w.act("resume", ada, runbook.At{}, true))
		case !well && w.run.State == runbook.Running:
			require.NoError(t, w.act("abort", ada, runbook.At{}, true))
		case len(w.run.Next()) == 0:
			require.NoError(t, w.act("succeed", ada, runbook.At{}, true))
		default:
			s := w.run.Next()[0]
			step, ok := w.plan.Step(s.ID)
			require.True(t, ok)
			if step.Kind == runbook.DecisionStep {
				require.NoError(t, w.act("answer", ada, at(s.ID), true))
			} else {
				require.NoError(t, w.act("skip", ada, at(s.ID), true))
			}
		}
		w.seal(t)
	}
	require.Fail(t, "the run does not end")
}

// inTable reports whether the table of steps has a change.
func inTable(from runbook.StepState, verb string, to runbook.StepState) bool {
	for _, x := range runbook.StepTransitions() {
		if x.From == from && x.Verb == verb && x.To == to {
			return true
		}
	}
	return false
}

func TestAnySequenceOfVerbs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := anyBook(t)
		w := &world{at: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)}
		var err error
		w.plan, _, err = runbook.MakePlan("r", b, nil, nil, nil)
		require.NoError(t, err)
		w.run, err = runbook.Open(ada, w.at, w.plan, nil, runbook.NewRun{})
		require.NoError(t, err)
		w.seal(t)
		verbs := []string{"begin", "begin", "finish", "finish", "answer", "measure", "approve", "skip", "retry", "report", "report", "lapse", "note", "handOver", "pause", "resume", "resume", "abort", "succeed", "fail"}
		most := rapid.IntRange(0, 30).Draw(t, "verbs")
		for range most {
			w.at = w.at.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
			var where runbook.At
			if next := w.run.Next(); len(next) > 0 {
				where.Step = rapid.SampledFrom(next).Draw(t, "step").ID
			} else {
				where.Step = b.Steps[0].ID
			}
			verb := rapid.SampledFrom(verbs).Draw(t, "verb")
			by := rapid.SampledFrom([]servicecoin.Actor{ada, bob, carol}).Draw(t, "by")
			before, count, old := fmt.Sprintf("%+v", w.run), w.run.Count, states(w.run)
			err := w.act(verb, by, where, rapid.Bool().Draw(t, "yes"))
			if err != nil {
				require.Equal(t, before, fmt.Sprintf("%+v", w.run), "what is refused changes nothing")
			}
			for id, to := range states(w.run) {
				if from := old[id]; from != to && from != runbook.StepWaiting && from != "" {
					require.True(t, inTable(from, "run."+verb, to), "%s: %s, %s → %s", verb, id, from, to)
				}
			}
			changed := before != fmt.Sprintf("%+v", w.run)
			w.seal(t)
			require.Equal(t, changed, w.run.Count > count, "what changes something leaves an entry")
		}
		broken := false
		for _, s := range w.run.Steps {
			broken = broken || s.Broken
		}
		well := !broken && w.run.State != runbook.Aborting && rapid.Bool().Draw(t, "well")
		was := w.run.State
		w.finish(t, well)
		if was == runbook.Running || was == runbook.Paused {
			require.Equal(t, map[bool]runbook.RunState{true: runbook.Succeeded, false: runbook.Aborted}[well], w.run.State)
		}
		if w.run.State == runbook.Succeeded {
			require.False(t, broken)
		}
		v := verify(w.run, w.stored)
		require.True(t, v.Sound(), "%v", v.Flaws)
		require.Equal(t, w.run.Count, v.Entries)
		if n := len(w.stored); n > 0 {
			i := rapid.IntRange(0, n-1).Draw(t, "broken entry")
			w.stored[i][len(w.stored[i])/2] ^= 1
			require.Equal(t, i+1, verify(w.run, w.stored).Flaws[0].Number)
		}
	})
}

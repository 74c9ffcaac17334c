package runbook

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// advance brings steps on that need nobody: what is ready, what is on a branch that
// was not taken, waits that begin, decisions by a result that is there, calls.
func (r *Run) advance(p *Plan, m *mark) {
	if r.State == Aborting {
		r.advanceUndo(m)
		return
	}
	w := p.ways
	if w == nil {
		w = waysOf(p.Steps)
	}
	g := w.graph
	for _, n := range w.order {
		s := &r.Steps[n]
		if s.State != StepWaiting {
			continue
		}
		settled := !slices.ContainsFunc(g.before[n], func(b int) bool { return !r.Steps[b].State.Settled() })
		if !settled {
			continue
		}
		s.ReadyAt = m.fact.At
		if !r.taken(p, g, n) {
			r.move(m, s, StepOmitted)
			continue
		}
		r.move(m, s, StepReady)
		r.goOn(p, m, s, p.Steps[n].Kind)
	}
}

// goOn does what a step that has become ready does by itself.
func (r *Run) goOn(p *Plan, m *mark, s *Status, kind StepKind) {
	switch kind {
	case WaitStep:
		step, _ := p.Step(s.ID)
		s.Attempt, s.BegunAt, s.Began = 1, m.fact.At, r.number()
		r.move(m, s, StepActive)
		if s.Due = step.Wait.until(m.fact.At); !s.Due.After(m.fact.At) {
			r.move(m, s, StepDone)
		}
	case CallStep:
		r.move(m, s, StepDone)
	case DecisionStep:
		step, _ := p.Step(s.ID)
		if answer, ok := r.decide(step.Decision); ok {
			s.Answer = answer
			r.move(m, s, StepDone)
		}
	case ManualStep, AutomatedStep, VerificationStep, ApprovalStep:
	}
}

// taken reports whether a step is to be done: no decision has it on a branch, or one
// chose a branch with it, and the step that calls its book is done.
func (r *Run) taken(p *Plan, g graph, n int) bool {
	id := p.Steps[n].ID
	if cut := strings.LastIndexByte(string(id), '/'); cut >= 0 {
		if caller := r.find(id[:cut]); caller != nil && caller.State == StepOmitted {
			return false
		}
	}
	return len(g.chosen[n]) == 0 || slices.ContainsFunc(g.chosen[n], func(d int) bool {
		return slices.ContainsFunc(p.Steps[d].Decision.Branches, func(b Branch) bool {
			return b.Answer == r.Steps[d].Answer && r.Steps[d].State == StepDone && slices.Contains(b.Steps, id)
		})
	})
}

// decide answers a decision by an earlier result, if that is there and a branch
// expects it.
func (r *Run) decide(d *Decision) (string, bool) {
	if d.Of == nil {
		return "", false
	}
	value, ok := r.result(*d.Of)
	if !ok {
		return "", false
	}
	for _, b := range d.Branches {
		if b.When == nil || b.When.Met(value) {
			return b.Answer, true
		}
	}
	return "", false
}

// result returns an earlier result, false if it is not there.
func (r *Run) result(of Reading) (string, bool) {
	s := r.find(of.Step)
	switch {
	case s == nil || !s.State.Settled():
		return "", false
	case of.Output != "":
		value, ok := s.Outputs[of.Output]
		return value, ok
	case s.Measured != "":
		return s.Measured, true
	case s.Answer != "":
		return s.Answer, true
	}
	return string(s.State), true
}

// advanceUndo makes the next step that is undone ready, and ends the run after the
// last one.
func (r *Run) advanceUndo(m *mark) {
	for n := range r.Undo {
		s := &r.Undo[n]
		if s.State.Settled() {
			continue
		}
		if s.State == StepWaiting {
			s.ReadyAt = m.fact.At
			r.move(m, s, StepReady)
		}
		return
	}
	r.to(m, Aborted)
}

// move brings a step to another state. What a verb does to a step is told once: the
// last state that it came to.
func (r *Run) move(m *mark, s *Status, to StepState) {
	s.State = to
	switch to {
	case StepDone, StepFailed, StepSkipped, StepOmitted, StepCancelled:
		s.EndedAt, s.Ended, s.Due = m.fact.At, r.number(), time.Time{}
	case StepWaiting, StepReady, StepActive, StepRequested, StepLate:
		s.EndedAt, s.Ended = time.Time{}, 0
	}
	moved := StepMove{Step: s.ID, To: to, Attempt: s.Attempt, Answer: s.Answer}
	if place := slices.IndexFunc(m.fact.Moves, func(x StepMove) bool { return x.Step == s.ID }); place >= 0 {
		m.fact.Moves[place] = moved
		return
	}
	m.fact.Moves = append(m.fact.Moves, moved)
}

// to brings the run to another state.
func (r *Run) to(m *mark, state RunState) {
	r.State, r.Since = state, m.fact.At
	if state.Terminal() {
		r.EndedAt = m.fact.At
	}
	m.fact.State = state
}

// begin counts a new attempt, by a person or by the host.
func (r *Run) begin(m *mark, s *Status, a *Action) {
	s.Attempt++
	s.BegunAt, s.Began, s.Due = m.fact.At, r.number(), time.Time{}
	if a == nil {
		r.move(m, s, StepActive)
		return
	}
	if limit, ok := a.Limit.Get(); ok {
		s.Due = m.fact.At.Add(limit)
	}
	r.move(m, s, StepRequested)
}

// undone returns what is undone in an abort: every step that was begun and says how,
// the one that ended last first, and before all of them those that have not ended.
func (r *Run) undone(p *Plan) []Status {
	var begun []Status
	for n, s := range r.Steps {
		if s.Began > 0 && p.Steps[n].Undo != nil {
			begun = append(begun, s)
		}
	}
	slices.SortStableFunc(begun, func(a, b Status) int {
		open := func(s Status) int {
			if s.Ended == 0 || s.State == StepCancelled {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(open(a), open(b)), cmp.Compare(b.Ended, a.Ended), cmp.Compare(b.Began, a.Began))
	})
	var list []Status
	for _, s := range begun {
		list = append(list, Status{ID: undoing + s.ID, State: StepWaiting})
	}
	return list
}

// cancel ends what goes on, for good.
func (r *Run) cancel(m *mark) {
	for _, list := range [][]Status{r.Steps, r.Undo} {
		for n := range list {
			switch s := &list[n]; s.State {
			case StepActive, StepRequested, StepLate:
				r.move(m, s, StepCancelled)
			case StepWaiting, StepReady, StepDone, StepFailed, StepSkipped, StepOmitted, StepCancelled:
			}
		}
	}
}

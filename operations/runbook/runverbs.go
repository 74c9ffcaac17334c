package runbook

import (
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// turn changes the state of the run.
func (r *Run) turn(p *Plan, by servicecoin.Actor, at time.Time, verb, text string, check func(v *servicecoin.Violations), do func(w *work)) error {
	e, err := r.life().Move(by, at, verb, text, check)
	if err != nil {
		return err
	}
	w := &work{r: *r}
	w.r.Steps, w.r.Undo = slices.Clone(r.Steps), slices.Clone(r.Undo)
	w.m = mark{by: by, fact: Fact{At: e.At, Verb: verb}}
	w.m.say("text", text)
	w.r.to(&w.m, e.To)
	if do != nil {
		do(w)
	}
	if !w.r.State.Terminal() {
		w.r.advance(p, &w.m)
	}
	w.r.leave(w.m)
	*r = w.r
	return nil
}

// Pause says that nobody begins anything for now, and why.
func (r *Run) Pause(p Plan, by servicecoin.Actor, at time.Time, reason string) error {
	if r.State == Paused {
		return nil
	}
	return r.turn(&p, by, at, VerbPause, reason, lifecycle.Because(reason, mostReason), nil)
}

// Resume says that it goes on.
func (r *Run) Resume(p Plan, by servicecoin.Actor, at time.Time) error {
	if r.State == Running {
		return nil
	}
	return r.turn(&p, by, at, VerbResume, "", nil, nil)
}

// Abort gives the run up: what goes on is cancelled, and every step that was begun
// and says how is undone, the last one first. With nothing to undo the run is over.
func (r *Run) Abort(p Plan, by servicecoin.Actor, at time.Time, reason string) error {
	if r.State == Aborting || r.State == Aborted {
		return nil
	}
	return r.turn(&p, by, at, VerbAbort, reason, lifecycle.Because(reason, mostReason), func(w *work) {
		w.r.cancel(&w.m)
		w.r.Undo = w.r.undone(&p)
	})
}

// Succeed ends the run well. It is refused while a step is not settled, and for good
// if a verification failed and was not met later.
func (r *Run) Succeed(p Plan, by servicecoin.Actor, at time.Time, note string) error {
	if r.State == Succeeded {
		return nil
	}
	if _, err := r.life().Target(VerbSucceed); err != nil {
		return err
	}
	for _, s := range r.Steps {
		switch {
		case s.Broken:
			return r.life().Refuse(VerbSucceed, Succeeded, "the verification "+string(s.ID)+" failed")
		case !s.State.Settled():
			return r.life().Refuse(VerbSucceed, Succeeded, "step "+string(s.ID)+" is "+string(s.State))
		}
	}
	return r.turn(&p, by, at, VerbSucceed, note, lifecycle.Maybe(note, mostNote), nil)
}

// Fail ends the run badly, and says why. It is always possible, and what was done
// stays as it is.
func (r *Run) Fail(p Plan, by servicecoin.Actor, at time.Time, reason string) error {
	if r.State == Failed {
		return nil
	}
	return r.turn(&p, by, at, VerbFail, reason, lifecycle.Because(reason, mostReason), func(w *work) { w.r.cancel(&w.m) })
}

// HandOver gives the run into other hands: to the next shift.
func (r *Run) HandOver(_ Plan, by servicecoin.Actor, at time.Time, to servicecoin.PersonID, note string) error {
	if r.Lead == to {
		return nil
	}
	m, err := r.remark(by, at, VerbHandOver, func(v *servicecoin.Violations) {
		v.ID("to", string(to))
		v.Text("note", note, 0, mostNote)
	})
	if err != nil {
		return err
	}
	m.say(personLabel, string(to))
	m.say("text", note)
	r.Lead = to
	r.with(to)
	r.leave(m)
	return nil
}

// Note is what somebody adds to the record without doing anything.
type Note struct {
	Step     StepID // "": about the run
	Text     string // at most 4000 characters; may be "" if there is evidence
	Evidence []Evidence
}

// Note adds a remark, or evidence.
func (r *Run) Note(_ Plan, by servicecoin.Actor, at time.Time, x Note) error {
	m, err := r.remark(by, at, VerbNote, func(v *servicecoin.Violations) {
		least := 1
		if len(x.Evidence) > 0 {
			least = 0
		}
		v.Text("text", x.Text, least, mostNote)
		checkEvidence(v, x.Evidence)
		if x.Step != "" && r.find(x.Step) == nil {
			v.Add("step", "unknown", string(x.Step), "is no step of this run")
		}
	})
	if err != nil {
		return err
	}
	m.fact.Step = x.Step
	m.say("text", x.Text)
	m.show(x.Evidence)
	r.leave(m)
	return nil
}

// remark checks a verb that changes neither the run's state nor a step.
func (r *Run) remark(by servicecoin.Actor, at time.Time, verb string, check func(v *servicecoin.Violations)) (mark, error) {
	if err := r.live(verb); err != nil {
		return mark{}, err
	}
	at, err := lifecycle.Check(by, at, check)
	if err != nil {
		return mark{}, err
	}
	return mark{by: by, fact: Fact{At: at, Verb: verb}}, r.life().Order(at, verb, "")
}

// Lapse does what time does: waits that are over are done, and actions whose limit
// has passed are late. Nothing happens if there is none.
func (r *Run) Lapse(p Plan, by servicecoin.Actor, at time.Time) error {
	if err := r.live(VerbLapse); err != nil {
		return err
	}
	at, err := lifecycle.Check(by, at, nil)
	if err != nil {
		return err
	}
	if due, ok := r.due(); !ok || due.After(at) {
		return nil
	}
	w := &work{r: *r, m: mark{by: by, fact: Fact{At: at, Verb: VerbLapse}}}
	w.r.Steps, w.r.Undo = slices.Clone(r.Steps), slices.Clone(r.Undo)
	for _, list := range [][]Status{w.r.Steps, w.r.Undo} {
		for n := range list {
			s := &list[n]
			switch {
			case s.Due.IsZero() || s.Due.After(at):
			case s.State == StepActive:
				w.r.move(&w.m, s, StepDone)
			case s.State == StepRequested:
				s.Due = time.Time{}
				w.r.move(&w.m, s, StepLate)
			}
		}
	}
	w.r.advance(&p, &w.m)
	w.r.leave(w.m)
	*r = w.r
	return nil
}

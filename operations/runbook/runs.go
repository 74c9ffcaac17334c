package runbook

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// RunOptions are what a host may set for runs.
type RunOptions struct {
	// Salt returns a random salt; nil: of crypto/rand. One that can be guessed lets
	// erased texts be guessed.
	Salt func() Salt
	// Plans is what several [Runs] keep plans in together; nil: this one, and what
	// [Runs.On] makes of it, have their own. Who makes one for each call shares it.
	Plans *Plans
}

// Runs is where runs are worked on: over a view of the provider's partition. Every
// changing verb asks Authorize, applies the rule at the store's time, and stores the
// run, its new entry and an event in one commit. A verb that somebody else was
// faster with answers the run as it is, and stores nothing.
type Runs struct {
	view store.View
	o    RunOptions
}

// NewRuns returns the runs of a view of the provider's partition; of another one, the
// first call says so. A nil o means defaults.
func NewRuns(view store.View, o *RunOptions) *Runs {
	n := &Runs{view: view.OfProvider("runs of run books")}
	if o != nil {
		n.o = *o
	}
	if n.o.Salt == nil {
		n.o.Salt = randomSalt
	}
	if n.o.Plans == nil {
		n.o.Plans = new(Plans)
	}
	return n
}

func randomSalt() Salt {
	var s Salt
	rand.Read(s[:]) // it never fails
	return s
}

// On returns the same runs over another view: of the host's transaction, or of a unit
// of work.
func (n *Runs) On(view store.View) *Runs { return NewRuns(view, &n.o) }

// Beginning is what a run begins with.
type Beginning struct {
	ID            RunID                 // "" is filled in; at most 60 bytes
	Book          servicecoin.RunbookID // its published version is pinned
	Values        Values                // given by hand
	Configuration Configuration         // of the customer; the rest is filled from it
	NewRun
}

// Prepare returns the plan that a run would begin with now, and what is missing. It
// changes nothing.
func (n *Runs) Prepare(ctx context.Context, x Beginning) (Plan, []Lack, error) {
	return prepare(ctx, n.view, x)
}

func prepare(ctx context.Context, view store.View, x Beginning) (Plan, []Lack, error) {
	find, failed := called(ctx, view)
	b, ok := find(x.Book)
	if err := failed(); err != nil {
		return Plan{}, nil, err
	}
	if !ok {
		return Plan{}, nil, servicecoin.NotFound(view.Key(BookRecord, string(x.Book)))
	}
	p, lacks, err := MakePlan(x.ID, b, x.Values, x.Configuration, find)
	if failed := failed(); failed != nil {
		return Plan{}, nil, failed
	}
	return p, lacks, err
}

// Start begins a run of the published version of a book. An id that is taken by a run
// of the same book is that run: who presses twice has one.
func (n *Runs) Start(ctx context.Context, by servicecoin.Actor, x Beginning) (Run, error) {
	if x.ID == "" {
		x.ID = RunID(n.view.NewID())
	}
	if err := n.authorize(ctx, by, VerbStart, x.ID); err != nil {
		return Run{}, err
	}
	var r Run
	err := n.view.Do(ctx, func(tx store.View) error {
		there, err := store.Of(tx, runs).Get(ctx, string(x.ID))
		if err == nil && there.Book == x.Book {
			r = there
			return nil
		}
		if err == nil {
			return &servicecoin.KeyError{Key: tx.Key(RunRecord, string(x.ID)), Err: servicecoin.ErrExists}
		}
		if !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		p, lacks, err := prepare(ctx, tx, x)
		if err != nil {
			return err
		}
		if r, err = Open(by, tx.Now(), p, lacks, x.NewRun); err != nil {
			return err
		}
		list, err := r.Seal(n.o.Salt)
		if err != nil {
			return err
		}
		var whole StepID
		events, err := happened(by, VerbStart, whole, new(Run), &r)
		if err != nil {
			return err
		}
		if err := r.pin(ctx, tx, p); err != nil {
			return err
		}
		if err := store.Of(tx, runs).Insert(ctx, r, events...); err != nil {
			return err
		}
		return insert(ctx, tx, list)
	})
	if err != nil {
		return Run{}, err
	}
	return r, nil
}

func insert(ctx context.Context, tx store.View, list []Entry) error {
	for _, e := range list {
		if err := store.Of(tx, entries).Insert(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (n *Runs) authorize(ctx context.Context, by servicecoin.Actor, verb string, id RunID) error {
	return n.view.Ask(ctx, by, verb, RunRecord, string(id))
}

// turn is change for a verb that is about the whole run.
func (n *Runs) turn(ctx context.Context, by servicecoin.Actor, id RunID, verb string, rule func(r *Run, p Plan, at time.Time) error) (Run, error) {
	var whole StepID
	return n.change(ctx, by, id, verb, whole, rule)
}

// change applies a rule to a run, chains what it leaves, and tells of it, in one
// commit; nothing is stored where the rule leaves nothing.
func (n *Runs) change(ctx context.Context, by servicecoin.Actor, id RunID, verb string, step StepID, rule func(r *Run, p Plan, at time.Time) error) (Run, error) {
	if err := n.authorize(ctx, by, verb, id); err != nil {
		return Run{}, err
	}
	var after Run
	err := n.view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, runs)
		item, err := c.Item(ctx, string(id))
		if err != nil {
			return err
		}
		before := item.Value
		after = item.Value
		var p Plan
		if verb != VerbNote && verb != VerbHandOver { // they do not look at it, and a note is made in a hurry
			if p, err = n.planOf(ctx, &before); err != nil {
				return err
			}
		}
		if err := rule(&after, p, tx.Now()); err != nil {
			return err
		}
		list, err := after.Seal(n.o.Salt)
		if err != nil || len(list) == 0 {
			return err
		}
		events, err := happened(by, verb, step, &before, &after)
		if err != nil {
			return err
		}
		if err := c.Put(ctx, after, item.Version, events...); err != nil {
			return err
		}
		return insert(ctx, tx, list)
	})
	if err != nil {
		return Run{}, err
	}
	return after, nil
}

// Begin says that somebody is at a step, or asks the host to do its action.
func (n *Runs) Begin(ctx context.Context, by servicecoin.Actor, id RunID, where At) (Run, error) {
	return n.change(ctx, by, id, VerbBegin, where.Step, func(r *Run, p Plan, at time.Time) error { return r.Begin(p, by, at, where) })
}

// Finish says that a manual step is done, or went wrong.
func (n *Runs) Finish(ctx context.Context, by servicecoin.Actor, id RunID, x Finished) (Run, error) {
	return n.change(ctx, by, id, VerbFinish, x.Step, func(r *Run, p Plan, at time.Time) error { return r.Finish(p, by, at, x) })
}

// Answer takes a branch of a decision.
func (n *Runs) Answer(ctx context.Context, by servicecoin.Actor, id RunID, x Answered) (Run, error) {
	return n.change(ctx, by, id, VerbAnswer, x.Step, func(r *Run, p Plan, at time.Time) error { return r.Answer(p, by, at, x) })
}

// Measure says what was seen at a verification.
func (n *Runs) Measure(ctx context.Context, by servicecoin.Actor, id RunID, x Measured) (Run, error) {
	return n.change(ctx, by, id, VerbMeasure, x.Step, func(r *Run, p Plan, at time.Time) error { return r.Measure(p, by, at, x) })
}

// Approve says go at a gate, or that it must not go on.
func (n *Runs) Approve(ctx context.Context, by servicecoin.Actor, id RunID, x Approved) (Run, error) {
	return n.change(ctx, by, id, VerbApprove, x.Step, func(r *Run, p Plan, at time.Time) error { return r.Approve(p, by, at, x) })
}

// Skip leaves a step out.
func (n *Runs) Skip(ctx context.Context, by servicecoin.Actor, id RunID, x Skipping) (Run, error) {
	return n.change(ctx, by, id, VerbSkip, x.Step, func(r *Run, p Plan, at time.Time) error { return r.Skip(p, by, at, x) })
}

// Retry begins a step that failed once more.
func (n *Runs) Retry(ctx context.Context, by servicecoin.Actor, id RunID, where At) (Run, error) {
	return n.change(ctx, by, id, VerbRetry, where.Step, func(r *Run, p Plan, at time.Time) error { return r.Retry(p, by, at, where) })
}

// Report takes the result of an action.
func (n *Runs) Report(ctx context.Context, by servicecoin.Actor, id RunID, x Reported) (Run, error) {
	return n.change(ctx, by, id, VerbReport, x.Step, func(r *Run, p Plan, at time.Time) error { return r.Report(p, by, at, x) })
}

// Lapse does what time does: see [Runs.Due].
func (n *Runs) Lapse(ctx context.Context, by servicecoin.Actor, id RunID) (Run, error) {
	return n.turn(ctx, by, id, VerbLapse, func(r *Run, p Plan, at time.Time) error { return r.Lapse(p, by, at) })
}

// Note adds a remark, or evidence.
func (n *Runs) Note(ctx context.Context, by servicecoin.Actor, id RunID, x Note) (Run, error) {
	return n.change(ctx, by, id, VerbNote, x.Step, func(r *Run, p Plan, at time.Time) error { return r.Note(p, by, at, x) })
}

// HandOver gives the run into other hands.
func (n *Runs) HandOver(ctx context.Context, by servicecoin.Actor, id RunID, to servicecoin.PersonID, note string) (Run, error) {
	return n.turn(ctx, by, id, VerbHandOver, func(r *Run, p Plan, at time.Time) error { return r.HandOver(p, by, at, to, note) })
}

// Pause says that nobody begins anything for now, and why.
func (n *Runs) Pause(ctx context.Context, by servicecoin.Actor, id RunID, reason string) (Run, error) {
	return n.turn(ctx, by, id, VerbPause, func(r *Run, p Plan, at time.Time) error { return r.Pause(p, by, at, reason) })
}

// Resume says that it goes on.
func (n *Runs) Resume(ctx context.Context, by servicecoin.Actor, id RunID) (Run, error) {
	return n.turn(ctx, by, id, VerbResume, func(r *Run, p Plan, at time.Time) error { return r.Resume(p, by, at) })
}

// Abort gives the run up, and has what was done undone.
func (n *Runs) Abort(ctx context.Context, by servicecoin.Actor, id RunID, reason string) (Run, error) {
	return n.turn(ctx, by, id, VerbAbort, func(r *Run, p Plan, at time.Time) error { return r.Abort(p, by, at, reason) })
}

// Succeed ends the run well.
func (n *Runs) Succeed(ctx context.Context, by servicecoin.Actor, id RunID, note string) (Run, error) {
	return n.turn(ctx, by, id, VerbSucceed, func(r *Run, p Plan, at time.Time) error { return r.Succeed(p, by, at, note) })
}

// Fail ends the run badly, and says why.
func (n *Runs) Fail(ctx context.Context, by servicecoin.Actor, id RunID, reason string) (Run, error) {
	return n.turn(ctx, by, id, VerbFail, func(r *Run, p Plan, at time.Time) error { return r.Fail(p, by, at, reason) })
}

package patch

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// World tells what gates ask of the rest of the house.
type World interface {
	// Incidents returns the incidents that are open on services.
	Incidents(ctx context.Context, services []servicecoin.ServiceID) ([]servicecoin.IncidentID, error)
	// Stand says how the targets of a job that are done stand to the advisories of its
	// cycle, by what was seen of them since they were done. A target that is not in the
	// answer was not seen.
	Stand(ctx context.Context, c Cycle, j Job) (map[servicecoin.ConfigurationID]Condition, error)
}

// CycleOptions are what a host may set for cycles.
type CycleOptions struct {
	// World is asked by gates; nil: no incident is known of, and nothing was seen.
	World World
}

// Cycles is where targets are patched ring by ring: over a view of the provider's
// partition. Every changing verb asks Authorize, applies the rule at the store's time,
// and records an event in the same commit.
type Cycles struct {
	view store.View
	o    CycleOptions
}

// NewCycles returns the cycles of a view of the provider's partition; of another one, the
// first call says so. A nil o means defaults.
func NewCycles(view store.View, o *CycleOptions) *Cycles {
	n := &Cycles{view: view.OfProvider("cycles of patches")}
	if o != nil {
		n.o = *o
	}
	return n
}

// On returns the same cycles over another view.
func (n *Cycles) On(view store.View) *Cycles { return NewCycles(view, &n.o) }

// Want is what a plan is made for.
type Want struct {
	Targets []Target
	Keep    []Redundant
	// Free is that of a [Question].
	Free func(customer servicecoin.CustomerID, service servicecoin.ServiceID) (calendar.Set, error)
}

// Question returns what the terms ask for: [Place] answers it without keeping anything.
func (t Terms) Question(w Want) Question {
	return Question{During: t.During, Rings: t.Rings, Length: t.Length, Targets: w.Targets, Keep: w.Keep, AtOnce: t.AtOnce, Free: w.Free}
}

// Plan makes a cycle: each target has its slot, and who is missed is told before anything
// begins. An empty id is filled in.
func (n *Cycles) Plan(ctx context.Context, by servicecoin.Actor, id CycleID, t Terms, w Want) (Cycle, Plan, error) {
	if id == "" {
		id = CycleID(n.view.NewID())
	}
	if err := n.view.Ask(ctx, by, VerbPlan, CycleRecord, string(id)); err != nil {
		return Cycle{}, Plan{}, err
	}
	var v servicecoin.Violations
	v.Merge("", t.Validate())
	v.ID("id", string(id))
	v.Limit("id", len(id), maxCycleID)
	if err := v.Err(); err != nil {
		return Cycle{}, Plan{}, err
	}
	plan, err := Place(t.Question(w).NotBefore(n.view.Now()))
	if err != nil {
		return Cycle{}, Plan{}, err
	}
	c, err := newCycle(by, n.view.Now(), id, t, plan)
	if err != nil {
		return Cycle{}, Plan{}, err
	}
	mine, err := n.attempt(ctx, id, 0)
	if err != nil {
		return Cycle{}, Plan{}, err
	}
	if err := n.write(ctx, mine, 1, plan, w.Targets); err != nil {
		return Cycle{}, Plan{}, err
	}
	e, err := cycleHappened(by, EventPlanned, &c)
	if err != nil {
		return Cycle{}, Plan{}, err
	}
	return c, plan, n.within(ctx, mine, func(tx store.View) error {
		if err := store.Of(tx, plannings).Delete(ctx, string(id)); err != nil {
			return err
		}
		return store.Of(tx, cycles).Insert(ctx, c, e)
	})
}

// attempt begins to plan a cycle that is at an edition, 0: that there is none of. Nobody
// who began before goes on.
func (n *Cycles) attempt(ctx context.Context, id CycleID, edition int) (planning, error) {
	mine := planning{id, n.view.NewID()}
	return mine, n.view.Do(ctx, func(tx store.View) error {
		c, err := n.On(tx).Get(ctx, id)
		switch {
		case err != nil && (edition > 0 || !isNotFound(err)):
			return err
		case err == nil && edition == 0:
			return &servicecoin.KeyError{Key: tx.Key(CycleRecord, string(id)), Err: servicecoin.ErrExists}
		case c.Edition != edition:
			return c.life().Refuse(VerbReplan, c.State, "somebody else has planned it anew")
		}
		item, err := store.Of(tx, plannings).Item(ctx, string(id))
		if err != nil && !isNotFound(err) {
			return err
		}
		return store.Of(tx, plannings).Put(ctx, mine, item.Version)
	})
}

// within does a part of planning in one commit, if nobody else has begun to plan the cycle
// since.
func (n *Cycles) within(ctx context.Context, mine planning, do func(tx store.View) error) error {
	return n.view.Do(ctx, func(tx store.View) error {
		now, err := store.Of(tx, plannings).Get(ctx, string(mine.Cycle))
		if err != nil && !isNotFound(err) {
			return err
		}
		if now.Token != mine.Token {
			return &servicecoin.RefusedError{Subject: CycleKey(mine.Cycle), Verb: VerbPlan, Why: "somebody else plans it at the same time"}
		}
		return do(tx)
	})
}

// maxCycleID leaves room for the names of jobs.
const maxCycleID = 60

// write keeps the jobs of an edition, and whom it misses, in as many commits as it takes.
// Nobody sees them before the cycle has come to that edition.
func (n *Cycles) write(ctx context.Context, mine planning, edition int, p Plan, targets []Target) error {
	if err := n.sweep(ctx, mine, edition); err != nil {
		return err
	}
	deadlines := make(map[Ref]time.Time, len(targets))
	for _, t := range targets {
		deadlines[t.Ref()] = t.Deadline
	}
	const tasks, records = 400, 40 // of a commit
	list := p.jobs(mine.Cycle, edition, deadlines)
	for len(list) > 0 {
		many, size := 0, 0
		for many < len(list) && many < records && (many == 0 || size+len(list[many].Tasks) <= tasks) {
			size += len(list[many].Tasks)
			many++
		}
		err := n.within(ctx, mine, func(tx store.View) error {
			for _, j := range list[:many] {
				if err := store.Of(tx, jobs).Insert(ctx, j); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		list = list[many:]
	}
	part := 0
	for list := range slices.Chunk(p.Missed, missedInAPart) {
		err := n.within(ctx, mine, func(tx store.View) error {
			return store.Of(tx, misses).Insert(ctx, missing{Cycle: mine.Cycle, Edition: edition, Part: part, List: list})
		})
		if err != nil {
			return err
		}
		part++
	}
	return nil
}

// sweep takes away what an attempt to plan left behind that did not get to its end.
func (n *Cycles) sweep(ctx context.Context, mine planning, edition int) error {
	for item, err := range n.jobs(mine.Cycle).Items(ctx) {
		if err != nil {
			return err
		}
		if item.Value.From != edition && item.Value.Until != edition {
			continue
		}
		err = n.within(ctx, mine, func(tx store.View) error {
			if item.Value.From == edition {
				return store.Of(tx, jobs).Delete(ctx, item.Key.ID)
			}
			_, err := store.Of(tx, jobs).Update(ctx, item.Key.ID, func(j *Job) ([]store.Event, error) {
				j.Until = 0
				return nil, nil
			})
			return err
		})
		if err != nil {
			return err
		}
	}
	for item, err := range store.Of(n.view, misses).Find(store.By("cycle", store.Text(mine.Cycle), store.Int(edition))).Items(ctx) {
		if err != nil {
			return err
		}
		err = n.within(ctx, mine, func(tx store.View) error { return store.Of(tx, misses).Delete(ctx, item.Key.ID) })
		if err != nil {
			return err
		}
	}
	return nil
}

// Replan plans anew what is not begun: a deadline was brought forward, a window was
// missed, or targets came or went. Jobs of which anything was begun stay as they are, and
// so does the ring of a target. The targets are all that are to be patched, those that are
// done already among them or not.
func (n *Cycles) Replan(ctx context.Context, by servicecoin.Actor, id CycleID, reason string, w Want) (Cycle, Plan, error) {
	if err := n.view.Ask(ctx, by, VerbReplan, CycleRecord, string(id)); err != nil {
		return Cycle{}, Plan{}, err
	}
	c, err := n.Get(ctx, id)
	if err != nil {
		return Cycle{}, Plan{}, err
	}
	now := servicecoin.Instant(n.view.Now())
	if trial := c; trial.replan(by, now, reason, Plan{Rings: c.Plan}) != nil {
		return Cycle{}, Plan{}, trial.replan(by, now, reason, Plan{Rings: c.Plan})
	}
	edition := c.Edition + 1
	mine, err := n.attempt(ctx, id, c.Edition)
	if err != nil {
		return Cycle{}, Plan{}, err
	}
	if err := n.sweep(ctx, mine, edition); err != nil {
		return Cycle{}, Plan{}, err
	}
	q := c.Question(w).NotBefore(now)
	q.First, q.Fixed = c.Ring, map[Ref]int{}
	var idle []JobID
	stays := map[Ref]bool{}
	for j, err := range n.Jobs(c).All(ctx) {
		if err != nil {
			return Cycle{}, Plan{}, err
		}
		begun := j.Begun()
		if !begun {
			idle = append(idle, j.ID)
		}
		for _, t := range j.Tasks {
			ref := Ref{j.Customer, t.Target}
			switch {
			case !begun:
				q.Fixed[ref] = j.Ring
			case t.Result == Skipped || t.Result == PutBack:
				q.Fixed[ref] = j.Ring // it is planned once more
			default:
				stays[ref] = true
				q.Taken = append(q.Taken, Slot{Target: t.Target, Customer: j.Customer, Service: t.Service, Ring: j.Ring, During: t.Slot, Window: j.Window})
			}
		}
	}
	q.Targets = slices.DeleteFunc(slices.Clone(q.Targets), func(t Target) bool { return stays[t.Ref()] })
	plan, err := Place(q)
	if err != nil {
		return Cycle{}, Plan{}, err
	}
	if first := func(s Slot) bool { return s.Ring == 0 }; c.Ring > 0 || slices.ContainsFunc(q.Taken, first) {
		plan.Rings[0].Lacks = c.Plan[0].Lacks // it was begun: what is left of it says nothing of what it has
	}
	for _, s := range q.Taken {
		plan.Rings[s.Ring].Targets++
		plan.Rings[s.Ring].add(s.During)
	}
	if err := n.write(ctx, mine, edition, plan, w.Targets); err != nil {
		return Cycle{}, Plan{}, err
	}
	if err := n.replace(ctx, mine, idle, edition); err != nil {
		return Cycle{}, Plan{}, err
	}
	err = n.within(ctx, mine, func(tx store.View) error {
		if err := store.Of(tx, plannings).Delete(ctx, string(id)); err != nil {
			return err
		}
		c, err = n.On(tx).change(ctx, id, func(c *Cycle) ([]string, error) { return []string{EventReplanned}, c.replan(by, now, reason, plan) }, by)
		return err
	})
	return c, plan, err
}

// replace says that jobs have others in their place, from an edition on.
func (n *Cycles) replace(ctx context.Context, mine planning, idle []JobID, edition int) error {
	const few = 40
	for part := range slices.Chunk(idle, few) {
		err := n.within(ctx, mine, func(tx store.View) error {
			for _, job := range part {
				_, err := store.Of(tx, jobs).Update(ctx, string(job), func(j *Job) ([]store.Event, error) {
					if j.Begun() {
						return nil, j.refuse(VerbReplan, "it was begun while "+string(mine.Cycle)+" was planned anew: plan once more")
					}
					j.Until = edition
					return nil, nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Begin opens the first ring. If targets are missed, the reason says why it begins all
// the same.
func (n *Cycles) Begin(ctx context.Context, by servicecoin.Actor, id CycleID, reason string) (Cycle, error) {
	return n.verb(ctx, by, id, VerbBegin, EventCycleBegun, func(c *Cycle, at time.Time) error { return c.Begin(by, at, reason) })
}

// Halt stops it: nothing more is begun until a person resumes it.
func (n *Cycles) Halt(ctx context.Context, by servicecoin.Actor, id CycleID, reason string) (Cycle, error) {
	return n.verb(ctx, by, id, VerbHalt, EventHalted, func(c *Cycle, at time.Time) error { return c.Halt(by, at, reason) })
}

// Resume lets it go on where it was halted. What failed until now, and the incidents that
// are open on the services of the ring, halt it no more.
func (n *Cycles) Resume(ctx context.Context, by servicecoin.Actor, id CycleID, reason string) (Cycle, error) {
	if err := n.view.Ask(ctx, by, VerbResume, CycleRecord, string(id)); err != nil {
		return Cycle{}, err
	}
	c, err := n.Get(ctx, id)
	if err != nil {
		return Cycle{}, err
	}
	facts, err := n.Facts(ctx, c)
	if err != nil {
		return Cycle{}, err
	}
	return n.change(ctx, id, func(c *Cycle) ([]string, error) {
		return []string{EventResumed}, c.Resume(by, n.view.Now(), reason, facts.Incidents...)
	}, by)
}

// GoAhead says that the next ring may begin.
func (n *Cycles) GoAhead(ctx context.Context, by servicecoin.Actor, id CycleID, reason string) (Cycle, error) {
	return n.verb(ctx, by, id, VerbGoAhead, EventGoAhead, func(c *Cycle, at time.Time) error { return c.GoAhead(by, at, reason) })
}

// Cancel says that nothing more is begun.
func (n *Cycles) Cancel(ctx context.Context, by servicecoin.Actor, id CycleID, reason string) (Cycle, error) {
	return n.verb(ctx, by, id, VerbCancel, EventCancelled, func(c *Cycle, at time.Time) error { return c.Cancel(by, at, reason) })
}

func (n *Cycles) verb(ctx context.Context, by servicecoin.Actor, id CycleID, verb, event string, rule func(c *Cycle, at time.Time) error) (Cycle, error) {
	if err := n.view.Ask(ctx, by, verb, CycleRecord, string(id)); err != nil {
		return Cycle{}, err
	}
	at := n.view.Now()
	return n.change(ctx, id, func(c *Cycle) ([]string, error) { return []string{event}, rule(c, at) }, by)
}

// change changes a cycle, and records the events that a rule names.
func (n *Cycles) change(ctx context.Context, id CycleID, rule func(c *Cycle) ([]string, error), by servicecoin.Actor) (Cycle, error) {
	return store.Of(n.view, cycles).Update(ctx, string(id), func(c *Cycle) ([]store.Event, error) {
		names, err := rule(c)
		if err != nil {
			return nil, err
		}
		return cycleEvents(by, c, names...)
	})
}

func cycleEvents(by servicecoin.Actor, c *Cycle, names ...string) ([]store.Event, error) {
	var events []store.Event
	for _, name := range names {
		e, err := cycleHappened(by, name, c)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

func cycleHappened(by servicecoin.Actor, name string, c *Cycle) (store.Event, error) {
	return store.Happened(by, name, CycleChanged{Cycle: c.ID, Edition: c.Edition, State: c.State, Ring: c.Ring, Advisories: c.Advisories})
}

// Report says what came of targets of a job. A target is only begun in the ring that the
// cycle has come to, while it runs. Who says the same again changes nothing. Where more
// fail than the gate of the ring allows, the cycle is halted in the same commit.
func (n *Cycles) Report(ctx context.Context, by servicecoin.Actor, id JobID, reports ...Report) (Job, error) {
	if err := n.view.Ask(ctx, by, VerbReport, JobRecord, string(id)); err != nil {
		return Job{}, err
	}
	var v servicecoin.Violations
	v.Limit("reports", len(reports), maxTasks)
	if err := v.Err(); err != nil {
		return Job{}, err
	}
	at := servicecoin.Instant(n.view.Now())
	var out Job
	err := n.view.Do(ctx, func(tx store.View) error {
		stored, err := store.Of(tx, jobs).Item(ctx, string(id))
		if err != nil {
			return err
		}
		j := stored.Value
		j.Tasks = slices.Clone(j.Tasks)
		held, err := store.Of(tx, cycles).Item(ctx, string(j.Cycle))
		if err != nil {
			return err
		}
		c := held.Value
		running := c.State == CycleRunning
		changed, failed := false, 0
		for k, r := range reports {
			t := j.task(r.Target)
			if t != nil && !t.Result.begins() && r.Result == Running {
				if why := c.keeps(&j); why != "" {
					return j.refuse(VerbReport, string(r.Target)+" is not begun: "+why)
				}
			}
			if t != nil && t.Result == Pending && r.Result == Skipped && j.Until != 0 {
				return j.refuse(VerbReport, string(r.Target)+" is not skipped here: "+c.replaced(&j))
			}
			was := t != nil && t.Result.wrong()
			is, err := j.report(by, at, r)
			if err != nil {
				if len(reports) > 1 {
					err = fmt.Errorf("reports[%d]: %w", k, err)
				}
				return err
			}
			changed = changed || is
			if is && r.Result.wrong() && !was {
				failed++
				if err := c.fail(by, at, j.Ring, string(r.Target)+": "+r.Why); err != nil {
					return err
				}
			}
		}
		j.fit()
		if out = j; !changed {
			return nil
		}
		counts := j.Counts(at)
		e, err := store.Happened(by, EventReported, JobChanged{Cycle: j.Cycle, Job: j.ID, Ring: j.Ring, Change: j.Change, Counts: counts, Settled: counts.Open() == 0})
		if err != nil {
			return err
		}
		if err := store.Of(tx, jobs).Put(ctx, j, stored.Version, e); err != nil || failed == 0 {
			return err
		}
		var names []string
		if running && c.State == CycleHalted {
			names = append(names, EventHalted)
		}
		events, err := cycleEvents(by, &c, names...)
		if err != nil {
			return err
		}
		return store.Of(tx, cycles).Put(ctx, c, held.Version, events...)
	})
	if err != nil {
		return Job{}, err
	}
	return out, nil
}

// begins reports whether a target was begun already, and goes on.
func (r Result) begins() bool { return r == Running || r == Restarting }

// keeps says why nothing of a job may be begun now, "" if it may.
func (c *Cycle) keeps(j *Job) string {
	switch {
	case c.State == CycleHalted:
		return "the cycle is halted: " + c.Halted
	case c.State != CycleRunning:
		return "the cycle is " + string(c.State)
	case j.Until != 0:
		return c.replaced(j)
	case !j.Stands(c.Edition):
		return "it is of a plan that does not hold"
	case j.Ring > c.Ring:
		return fmt.Sprintf("its ring, %q, waits for %q", c.Rings[j.Ring].Name, c.Rings[c.Ring].Name)
	}
	return ""
}

// replaced says what became of a job that has another one in its place, or will have.
func (c *Cycle) replaced(j *Job) string {
	if j.Until > c.Edition {
		return "the cycle is being planned anew: if nobody is at that any more, plan it once more"
	}
	return "it has another slot"
}

// Keeps says why nothing of a job may be begun now, "" if it may: what a change that was
// made of it is asked before it starts.
func (n *Cycles) Keeps(ctx context.Context, j Job) (string, error) {
	c, err := n.Get(ctx, j.Cycle)
	if err != nil {
		return "", err
	}
	return c.keeps(&j), nil
}

// Bind says which change a job became, and why that has not got on, "" if it has.
func (n *Cycles) Bind(ctx context.Context, by servicecoin.Actor, id JobID, change servicecoin.ChangeID, stuck string) (Job, error) {
	if err := n.view.Ask(ctx, by, VerbBind, JobRecord, string(id)); err != nil {
		return Job{}, err
	}
	if _, err := lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) { v.ID("change", string(change)) }); err != nil {
		return Job{}, err
	}
	var out Job
	err := n.view.Do(ctx, func(tx store.View) error {
		item, err := store.Of(tx, jobs).Item(ctx, string(id))
		if err != nil {
			return err
		}
		out = item.Value
		if out.Change == change && out.Stuck == clip(stuck) {
			return nil
		}
		if out.Change != "" && out.Change != change {
			return out.refuse(VerbBind, "it is change "+string(out.Change)+" already")
		}
		out.Change, out.Stuck = change, clip(stuck)
		counts := out.Counts(tx.Now())
		e, err := store.Happened(by, EventBound, JobChanged{Cycle: out.Cycle, Job: out.ID, Ring: out.Ring, Change: change, Counts: counts, Settled: counts.Open() == 0})
		if err != nil {
			return err
		}
		return store.Of(tx, jobs).Put(ctx, out, item.Version, e)
	})
	return out, err
}

package patch

import (
	"context"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

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

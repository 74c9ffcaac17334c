package patch

import (
	"context"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

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

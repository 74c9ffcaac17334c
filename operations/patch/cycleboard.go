package patch

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// Get returns a cycle.
func (n *Cycles) Get(ctx context.Context, id CycleID) (Cycle, error) {
	return store.Of(n.view, cycles).Get(ctx, string(id))
}

// Recent lists cycles, the one that was planned last first.
func (n *Cycles) Recent() store.Listing[Cycle] {
	return store.Of(n.view, cycles).Find(store.By("planned").Descending())
}

// Open lists the cycles that are not over, by when they were to begin.
func (n *Cycles) Open() store.Listing[Cycle] { return store.Of(n.view, cycles).Find(store.By("open")) }

// Job returns a job.
func (n *Cycles) Job(ctx context.Context, id JobID) (Job, error) {
	return store.Of(n.view, jobs).Get(ctx, string(id))
}

// Jobs lists the jobs of a cycle that are part of its plan, ring by ring, by when they
// begin.
func (n *Cycles) Jobs(c Cycle) store.Listing[Job] {
	return n.jobs(c.ID).Where(func(j Job) bool { return j.Stands(c.Edition) })
}

// All lists the jobs of a cycle, those among them that have others in their place, or are
// of a plan that is being made: see [Job.Stands].
func (n *Cycles) All(id CycleID) store.Listing[Job] { return n.jobs(id) }

// Replaced lists the jobs of a cycle that have others in their place since an edition of
// its plan.
func (n *Cycles) Replaced(id CycleID, edition int) store.Listing[Job] {
	return n.jobs(id).Where(func(j Job) bool { return j.Until == edition })
}

func (n *Cycles) jobs(id CycleID) store.Listing[Job] {
	return store.Of(n.view, jobs).Find(store.By("cycle", store.Text(id)))
}

// OfRing lists the jobs of a ring of a cycle that are part of its plan, by when they begin.
func (n *Cycles) OfRing(c Cycle, ring int) store.Listing[Job] {
	return store.Of(n.view, jobs).Find(store.By("cycle", store.Text(c.ID), store.Int(ring))).Where(func(j Job) bool { return j.Stands(c.Edition) })
}

// OfCustomer lists the jobs of a customer, the last one first. Those that have others in
// their place are among them: see [Job.Until].
func (n *Cycles) OfCustomer(id servicecoin.CustomerID) store.Listing[Job] {
	return store.Of(n.view, jobs).Find(store.By("customer", store.Text(id)).Descending())
}

// OfChange returns the job that became a change; ErrNotFound where none did.
func (n *Cycles) OfChange(ctx context.Context, id servicecoin.ChangeID) (Job, error) {
	for j, err := range store.Of(n.view, jobs).Find(store.By("change", store.Text(id))).All(ctx) {
		return j, err
	}
	return Job{}, servicecoin.NotFound(n.view.Key(JobRecord, string(id)))
}

// Missed returns whom the plan of a cycle misses, by target.
func (n *Cycles) Missed(ctx context.Context, c Cycle) ([]Missed, error) {
	var list []Missed
	for m, err := range store.Of(n.view, misses).Find(store.By("cycle", store.Text(c.ID), store.Int(c.Edition))).All(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, m.List...)
	}
	return list, nil
}

// Facts returns what there is to know of the ring that a cycle has come to.
func (n *Cycles) Facts(ctx context.Context, c Cycle) (Facts, error) {
	f, _, err := n.facts(ctx, c)
	return f, err
}

// facts returns what there is to know of the ring, and the targets that are done and were
// seen in a version that does not mend it.
func (n *Cycles) facts(ctx context.Context, c Cycle) (Facts, map[JobID][]Report, error) {
	var f Facts
	gate, at := c.Rings[c.Ring].Gate, n.view.Now()
	wrong := map[JobID][]Report{}
	services := map[servicecoin.ServiceID]bool{}
	for j, err := range n.OfRing(c, c.Ring).All(ctx) {
		if err != nil {
			return f, nil, err
		}
		counts := j.Counts(at)
		f.Counts = f.Counts.Add(counts)
		for _, s := range j.Services {
			services[s] = true
		}
		if !gate.Verified || counts.Done == 0 || j.Customer == "" {
			continue // of who is forgotten nothing will be seen
		}
		conditions := map[servicecoin.ConfigurationID]Condition{}
		if n.o.World != nil {
			if conditions, err = n.o.World.Stand(ctx, c, j); err != nil {
				return f, nil, err
			}
		}
		for _, t := range j.Tasks {
			if t.Result != Done {
				continue
			}
			switch conditions[t.Target] {
			case Compliant, Exempt:
			case NonCompliant:
				wrong[j.ID] = append(wrong[j.ID], Report{Target: t.Target, Result: Failed, Why: "it was seen in a version that does not mend it"})
			case NotKnown, "":
				f.Unseen++
			}
		}
	}
	if gate.NoIncident && n.o.World != nil && len(services) > 0 {
		list := make([]servicecoin.ServiceID, 0, len(services))
		for s := range services {
			list = append(list, s)
		}
		slices.Sort(list)
		var err error
		if f.Incidents, err = n.o.World.Incidents(ctx, list); err != nil {
			return f, nil, err
		}
	}
	return f, wrong, nil
}

// Advance looks at the gate of the ring that a cycle has come to: the ring passes and the
// next one opens, or the cycle halts. What is said to be done and was seen in another
// version than the one that mends it has failed. It is asked whenever something came of a
// target, and now and then for time that passes.
func (n *Cycles) Advance(ctx context.Context, by servicecoin.Actor, id CycleID) (Cycle, error) {
	if err := n.view.Ask(ctx, by, VerbAdvance, CycleRecord, string(id)); err != nil {
		return Cycle{}, err
	}
	for {
		before, err := n.Get(ctx, id)
		if err != nil || before.State != CycleRunning {
			return before, err
		}
		f, wrong, err := n.facts(ctx, before)
		if err != nil {
			return Cycle{}, err
		}
		if len(wrong) > 0 {
			if more, err := n.failed(ctx, by, wrong); err != nil || !more {
				return before, err
			}
			continue
		}
		at := n.view.Now()
		trial := before
		if moved, err := trial.Advance(by, at, f); err != nil || !moved {
			return before, err
		}
		var moved, other bool
		after, err := n.change(ctx, id, func(c *Cycle) ([]string, error) {
			if other = c.Ring != before.Ring || c.Edition != before.Edition || len(c.History) != len(before.History); other {
				return nil, nil
			}
			var err error
			if moved, err = c.Advance(by, at, f); err != nil {
				return nil, err
			}
			return whatCame(&before, c), nil
		}, by)
		if err != nil || !other && (!moved || after.State != CycleRunning || after.Ring == before.Ring) {
			return after, err
		}
	}
}

// failed reports targets that were seen in another version, of so many jobs as have room in
// one commit where it is a part of one, and says whether anything came of it. What has no
// room is reported when the gate is looked at again.
func (n *Cycles) failed(ctx context.Context, by servicecoin.Actor, wrong map[JobID][]Report) (bool, error) {
	const most = 8 // jobs of large records
	reported := 0
	for k, job := range slices.Sorted(maps.Keys(wrong)) {
		if k == most {
			break
		}
		switch _, err := n.Report(ctx, by, job, wrong[job]...); {
		case errors.Is(err, servicecoin.ErrRefused): // somebody has said something else meanwhile
		case err != nil:
			return false, err
		default:
			reported++
		}
	}
	return reported > 0, nil
}

// whatCame names the events of an advance.
func whatCame(before, after *Cycle) []string {
	var names []string
	was, is := before.Progress[before.Ring].State, after.Progress[before.Ring].State
	if was == RingOpen && is != RingOpen {
		names = append(names, EventRingSettled)
	}
	if is == RingPassed {
		names = append(names, EventRingPassed)
	}
	if after.Ring > before.Ring {
		names = append(names, EventRingOpened)
	}
	if after.State == CycleHalted {
		names = append(names, EventHalted)
	}
	if after.State == CycleFinished {
		names = append(names, EventFinished)
	}
	return names
}

// RingBoard is a ring as a board shows it.
type RingBoard struct {
	Ring
	Progress

	Planned RingPlan          `json:"planned"`
	During  calendar.Interval `json:"during,omitzero"` // of its jobs as they stand
	Counts  Counts            `json:"counts"`
	Stuck   int               `json:"stuck"` // jobs whose change has not got on
	// Ready is when it has soaked, zero before it is settled.
	Ready time.Time `json:"ready,omitzero"`
	Jobs  []Job     `json:"jobs"`
}

// Board is how a cycle stands at an instant.
type Board struct {
	Cycle Cycle       `json:"cycle"`
	Rings []RingBoard `json:"rings"`
	Total Counts      `json:"total"`
}

// Board returns how a cycle stands now, ring by ring, with all of its jobs.
func (n *Cycles) Board(ctx context.Context, id CycleID) (Board, error) {
	c, err := n.Get(ctx, id)
	if err != nil {
		return Board{}, err
	}
	at := n.view.Now()
	b := Board{Cycle: c, Rings: make([]RingBoard, len(c.Rings))}
	for k := range b.Rings {
		b.Rings[k] = RingBoard{Ring: c.Rings[k], Progress: c.Progress[k], Planned: c.Plan[k]}
	}
	for j, err := range n.Jobs(c).All(ctx) {
		if err != nil {
			return Board{}, err
		}
		r := &b.Rings[j.Ring]
		counts := j.Counts(at)
		r.Counts, b.Total = r.Counts.Add(counts), b.Total.Add(counts)
		if j.Stuck != "" {
			r.Stuck++
		}
		if len(r.Jobs) == 0 {
			r.During = j.During
		}
		r.During.End = later(r.During.End, j.During.End)
		r.Jobs = append(r.Jobs, j)
	}
	for k := range b.Rings {
		if r := &b.Rings[k]; !r.SettledAt.IsZero() {
			r.Ready = r.SettledAt.Add(r.Soak)
		}
	}
	return b, nil
}

// Forget takes what is kept of a customer out of cycles: whose the targets were, which,
// and what was said of them. How many were patched stays; what was not settled yet is
// skipped, so that nobody waits for it.
func (n *Cycles) Forget(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID) error {
	if err := n.view.AskFor(ctx, by, VerbForget, CycleRecord, store.Forgotten(customer), customer); err != nil {
		return err
	}
	for {
		page, err := store.Of(n.view, jobs).Find(store.By("customer", store.Text(customer))).Page(ctx, "", 20)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			if err := n.forget(ctx, item.Key.ID, customer); err != nil {
				return err
			}
		}
		if len(page.Items) == 0 {
			break
		}
	}
	for item, err := range store.Of(n.view, misses).Find(store.By("cycle")).Items(ctx) {
		if err != nil {
			return err
		}
		m := item.Value
		m.List = slices.DeleteFunc(slices.Clone(m.List), func(x Missed) bool { return x.Customer == customer })
		if len(m.List) == len(item.Value.List) {
			continue
		}
		if err := store.Of(n.view, misses).Put(ctx, m, item.Version); err != nil {
			return err
		}
		if err := n.forgetIn(ctx, m.Cycle); err != nil {
			return err
		}
	}
	return nil
}

// forget takes a customer out of a job, and out of what its cycle says of that.
func (n *Cycles) forget(ctx context.Context, id string, customer servicecoin.CustomerID) error {
	return n.view.Do(ctx, func(tx store.View) error {
		item, err := store.Of(tx, jobs).Item(ctx, id)
		if err != nil || item.Value.Customer != customer {
			return unlessNotFound(err)
		}
		j := item.Value
		j.forget(tx.Now())
		if err := store.Of(tx, jobs).Put(ctx, j, item.Version); err != nil {
			return err
		}
		return n.On(tx).forgetIn(ctx, j.Cycle)
	})
}

// forgetIn takes out of a cycle's own record what may name a target or its customer.
func (n *Cycles) forgetIn(ctx context.Context, id CycleID) error {
	_, err := store.Of(n.view, cycles).Update(ctx, string(id), func(c *Cycle) ([]store.Event, error) {
		if last := len(c.History) - 1; c.State == CycleHalted && last >= 0 && c.History[last].To == CycleHalted {
			c.Halted = c.History[last].Text // without the target that was the last to fail
		}
		c.Plan = slices.Clone(c.Plan)
		for k := range c.Plan {
			c.Plan[k].Lacks = nil
		}
		return nil, nil
	})
	return unlessNotFound(err)
}

func unlessNotFound(err error) error {
	if isNotFound(err) {
		return nil
	}
	return err
}

// VerbForget takes a customer out of what the provider keeps.
const VerbForget = "cycle.forget"

package patchroom

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// standard is the kind of change that a job becomes.
const standard = change.Standard

func scopeOf(service servicecoin.ServiceID) change.Scope {
	if service == "" {
		return change.Scope{}
	}
	return change.Scope{Services: []servicecoin.ServiceID{service}}
}

// Preview finds the targets of a cycle's advisories and places them, and keeps nothing:
// who would be missed, and why.
func (n Nouns) Preview(ctx context.Context, t patch.Terms, pick patch.Selector) (patch.Plan, error) {
	w, err := n.wanted(ctx, picking(t, pick))
	if err != nil {
		return patch.Plan{}, err
	}
	return patch.Place(t.Question(w).NotBefore(n.Store.Now()))
}

// picking are terms with a selector: it stays with the cycle, which is planned anew for
// what it picks.
func picking(t patch.Terms, pick patch.Selector) patch.Terms {
	if len(pick) > 0 {
		t.Select = pick
	}
	return t
}

func (n Nouns) wanted(ctx context.Context, t patch.Terms) (patch.Want, error) {
	if err := t.Validate(); err != nil {
		return patch.Want{}, err // before anything is looked for
	}
	found, err := n.Targets(ctx, t.Select, t.Advisories...)
	if err != nil {
		return patch.Want{}, err
	}
	return n.want(ctx, found, t.During)
}

// Plan makes a cycle for the targets that its advisories concern, of all customers; without
// advisories, for all targets that a selector picks; nil is that of the terms.
func (n Nouns) Plan(ctx context.Context, by servicecoin.Actor, id patch.CycleID, t patch.Terms, pick patch.Selector) (patch.Cycle, patch.Plan, error) {
	t = picking(t, pick)
	w, err := n.wanted(ctx, t)
	if err != nil {
		return patch.Cycle{}, patch.Plan{}, err
	}
	return n.Cycles().Plan(ctx, by, id, t, w)
}

// Replan plans anew what of a cycle is not begun, for the targets that its advisories
// concern now.
func (n Nouns) Replan(ctx context.Context, by servicecoin.Actor, id patch.CycleID, reason string) (patch.Cycle, patch.Plan, error) {
	c, err := n.Cycles().Get(ctx, id)
	if err != nil {
		return patch.Cycle{}, patch.Plan{}, err
	}
	w, err := n.again(ctx, c)
	if err != nil {
		return patch.Cycle{}, patch.Plan{}, err
	}
	return n.Cycles().Replan(ctx, by, id, reason, w)
}

// again returns the targets of a cycle as they are now: of one without advisories, those
// that it has.
func (n Nouns) again(ctx context.Context, c patch.Cycle) (patch.Want, error) {
	if len(c.Advisories) > 0 {
		return n.wanted(ctx, c.Terms)
	}
	has := map[patch.Ref]bool{}
	for j, err := range n.Cycles().Jobs(c).All(ctx) {
		if err != nil {
			return patch.Want{}, err
		}
		for _, t := range j.Tasks {
			has[patch.Ref{Customer: j.Customer, ID: t.Target}] = true
		}
	}
	missed, err := n.Cycles().Missed(ctx, c)
	if err != nil {
		return patch.Want{}, err
	}
	for _, m := range missed {
		has[patch.Ref{Customer: m.Customer, ID: m.Target}] = true // it had no slot, and may have one now
	}
	found, err := n.Targets(ctx, nil)
	if err != nil {
		return patch.Want{}, err
	}
	return n.want(ctx, slices.DeleteFunc(found, func(f Found) bool { return !has[f.Ref()] }), c.During)
}

// Tended is what came of tending cycles.
type Tended struct {
	Advanced  []patch.CycleID // that came to another ring, halted or finished
	Planned   []patch.CycleID // of routines
	Replanned []patch.CycleID // whose deadlines were brought forward
	Failed    []NotTended
}

// NotTended is a cycle or a routine that could not be tended.
type NotTended struct {
	Name string
	Err  error
}

// Tend does what time asks for: it looks at the gates of all cycles, plans those anew
// whose deadlines were brought forward and those that are due by a routine. It is a job to
// be called every minute or so. What fails is told, and the rest is tended.
func (n Nouns) Tend(ctx context.Context, by servicecoin.Actor) (Tended, error) {
	var done Tended
	var open []patch.Cycle
	for c, err := range n.Cycles().Open().All(ctx) {
		if err != nil {
			return done, err
		}
		open = append(open, c)
	}
	for _, c := range open {
		after, err := n.Cycles().Advance(ctx, by, c.ID)
		if stop := done.note(ctx, string(c.ID), err); stop != nil {
			return done, stop
		}
		if err == nil && (after.State != c.State || after.Ring != c.Ring) {
			done.Advanced = append(done.Advanced, c.ID)
		}
		if err != nil || after.Over() {
			continue
		}
		reason, err := n.forward(ctx, after)
		if stop := done.note(ctx, string(c.ID), err); stop != nil {
			return done, stop
		}
		if reason == "" || err != nil {
			continue
		}
		_, _, err = n.Replan(ctx, by, c.ID, reason)
		if stop := done.note(ctx, string(c.ID), err); stop != nil {
			return done, stop
		}
		if err == nil {
			done.Replanned = append(done.Replanned, c.ID)
		}
	}
	var routines []patch.Routine
	for r, err := range n.Cycles().Routines().All(ctx) {
		if err != nil {
			return done, err
		}
		routines = append(routines, r)
	}
	for _, r := range routines {
		id, err := n.due(ctx, by, r)
		if stop := done.note(ctx, string(r.ID), err); stop != nil {
			return done, stop
		}
		if id != "" {
			done.Planned = append(done.Planned, id)
		}
	}
	return done, nil
}

func (d *Tended) note(ctx context.Context, name string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, servicecoin.ErrForbidden):
		return err
	}
	d.Failed = append(d.Failed, NotTended{name, err})
	return nil
}

// forward says why a cycle is planned anew, "" if it is not: a deadline is earlier than it
// was when a target was placed that is not begun, and its slot ends after it.
func (n Nouns) forward(ctx context.Context, c patch.Cycle) (string, error) {
	if len(c.Advisories) == 0 {
		return "", nil
	}
	list, err := n.known(ctx, c.Advisories)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return "", nil // it was joined with another one
	}
	if err != nil {
		return "", err
	}
	all, err := n.deadlines(list)
	if err != nil {
		return "", err
	}
	first, which := time.Time{}, 0
	for k, d := range all {
		if !d.At.IsZero() && (first.IsZero() || d.At.Before(first)) {
			first, which = d.At, k
		}
	}
	if first.IsZero() {
		return "", nil
	}
	for j, err := range n.Cycles().Jobs(c).All(ctx) {
		if err != nil {
			return "", err
		}
		if j.Begun() {
			continue
		}
		for _, t := range j.Tasks {
			// A deadline that is none of the flaws' any more was brought forward, and where there
			// was none, there may be one now.
			moved := !slices.ContainsFunc(all, func(d patch.Deadline) bool { return d.At.Equal(t.Deadline) })
			if moved && t.Slot.End.After(first) && (t.Deadline.IsZero() || t.Deadline.After(first)) {
				return fmt.Sprintf("the deadline of %s is %s now: %s", list[which].Title(), first.UTC().Format(time.RFC3339), all[which].Why), nil
			}
		}
	}
	return "", nil
}

// due plans the next cycle of a routine, if it is time to, and returns its id.
func (n Nouns) due(ctx context.Context, by servicecoin.Actor, r patch.Routine) (patch.CycleID, error) {
	now := n.Store.Now()
	h := n.Hours
	if h == nil {
		h = &hours.Hours{Weekly: hours.EveryDay(calendar.AllDay())}
	}
	const years = 2
	tt, err := h.CompileYears(now.Year()-1, now.Year()+years, nil)
	if err != nil {
		return "", err
	}
	during, id, err := n.next(ctx, r, tt, now)
	if err != nil || id == "" {
		return "", err
	}
	t := r.Terms
	t.During = during
	switch _, _, err = n.Plan(ctx, by, id, t, r.Select); {
	case errors.Is(err, servicecoin.ErrExists):
		return "", nil
	case err != nil:
		return "", err
	}
	return id, nil
}

// next returns the first time of a routine that is to be planned now and is not, and the id
// of its cycle: one whose lead has begun, and that is not over. What was under way already
// when somebody kept the routine is none of it.
func (n Nouns) next(ctx context.Context, r patch.Routine, tt *hours.Timetable, now time.Time) (calendar.Interval, patch.CycleID, error) {
	long, _ := r.For.Get()
	lead, _ := r.Lead.Get()
	after := now.Add(-long)
	if r.KeptAt.After(after) {
		after = r.KeptAt
	}
	for {
		during, ok, err := r.Next(tt, after)
		if err != nil || !ok || now.Before(during.Start.Add(-lead)) {
			return during, "", err
		}
		id, err := r.Cycle(during.Start)
		if err != nil {
			return during, "", err
		}
		if _, err := n.Cycles().Get(ctx, id); errors.Is(err, servicecoin.ErrNotFound) {
			return during, id, nil
		} else if err != nil {
			return during, "", err
		}
		after = during.Start
	}
}

package cointest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/patchroom"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// runs is what runs on a machine: nothing that is patched, or one of some versions.
func runs(m int) string {
	if m%3 == 0 {
		return ""
	}
	return fmt.Sprintf(`,"components":["pkg:generic/openssl@3.0.%d"]`, 10+m%4)
}

// advise hears of a flaw, or something else of one that is known.
func (l *life) advise(a Act) error {
	b := patch.Bulletin{
		Source: []string{"osv", "csaf"}[a.N%2], ID: fmt.Sprintf("CVE-%d", a.N%3), Title: "A flaw", Severity: patch.Severities()[1+a.M%5], Published: l.now,
		Products: []patch.Product{{Component: patch.Component{PURL: "pkg:generic/openssl", Scheme: "semver"}, Spans: []patch.Span{{Fixed: fmt.Sprintf("3.0.%d", 11+a.M%3)}}}},
	}
	if a.M%9 == 0 {
		b.Withdrawn = l.now
	}
	return second(l.coin.Advisories().Import(l.ctx, l.by(), b))
}

// cycle plans a cycle for what is known, or takes a step with one.
func (l *life) cycle(a Act) error {
	n, by := l.coin.Cycles(), l.by()
	var open []patch.Cycle
	for c, err := range n.Open().All(l.ctx) {
		if err != nil {
			return err
		}
		open = append(open, c)
	}
	if len(open) == 0 || a.M%19 == 0 {
		var ids []patch.AdvisoryID
		for x, err := range l.coin.Advisories().Standing().All(l.ctx) {
			if err != nil {
				return err
			}
			ids = append(ids, x.ID)
		}
		_, _, err := l.coin.Patches().Plan(l.ctx, by, "", patch.Terms{
			Name: "Cycle", Why: "flaws", Advisories: ids, Implementers: []servicecoin.PersonID{"ingo"}, During: calendar.Between(l.now, l.now.AddDate(0, 0, 20)),
			Length: time.Hour, AtOnce: a.N % 3,
			Rings: []patch.Ring{{Name: "first", Number: 1 + a.M%3, Soak: time.Duration(a.N%30) * time.Hour, Gate: patch.Gate{NoIncident: a.N%2 == 0}}, {Name: "rest", Gate: patch.Gate{MaxFailures: a.N % 2, Verified: a.M%5 == 0 && len(ids) > 0}}},
		}, nil)
		return err
	}
	c := open[a.N%len(open)]
	switch {
	case a.M%17 == 0:
		return second(n.Cancel(l.ctx, by, c.ID, "no need"))
	case c.State == patch.CyclePlanned:
		return second(n.Begin(l.ctx, by, c.ID, "we know"))
	case c.State == patch.CycleHalted && a.M%3 > 0:
		return second(n.Resume(l.ctx, by, c.ID, "we looked"))
	case a.M%4 == 1:
		return second2(l.coin.Patches().Replan(l.ctx, by, c.ID, "the windows moved"))
	case a.M%5 == 0:
		return second(l.coin.Patches().Tend(l.ctx, by))
	}
	return l.report(c, a)
}

func second2[T, U any](_ T, _ U, err error) error { return err }

// report says what came of a target, whichever may be.
func (l *life) report(c patch.Cycle, a Act) error {
	var tasks []patch.Task
	var of []patch.JobID
	for j, err := range l.coin.Cycles().Jobs(c).All(l.ctx) {
		if err != nil {
			return err
		}
		for _, t := range j.Tasks {
			if len(t.Result.After()) > 0 {
				tasks, of = append(tasks, t), append(of, j.ID)
			}
		}
	}
	if len(tasks) == 0 {
		return nil
	}
	k := a.N % len(tasks)
	after := tasks[k].Result.After()
	result := after[0]
	if a.M%6 == 0 {
		result = after[a.M%len(after)]
	}
	return second(l.coin.Cycles().Report(l.ctx, l.by(), of[k], patch.Report{Target: tasks[k].Target, Result: result, Why: "so it went"}))
}

// patches: what is kept of targets is what was seen of them last; each has one place in a
// cycle; nothing was begun before its time; and what has another slot is no change any more.
func (l *life) patches(who servicecoin.CustomerID) error {
	for i, err := range l.coin.Configuration(who).Items().All(l.ctx) {
		if err != nil {
			return err
		}
		if !i.RetiredAt.IsZero() || i.Looked.IsZero() || !i.Looked.Complete() {
			continue
		}
		o, err := l.coin.Configuration(who).Observed(l.ctx, i.ID)
		if err != nil {
			return err
		}
		var want, got []string
		for _, c := range patchroom.Components(configuration.Item{}, o.State) {
			want = append(want, c.Version)
		}
		list, _, err := l.coin.Patches().Sightings(who).Installed(l.ctx, i.ID)
		if err != nil {
			return err
		}
		for _, s := range list {
			if !s.Absent {
				got = append(got, s.Version)
			}
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("%s runs %v, it is kept as %v", i.ID, want, got)
		}
	}
	for c, err := range l.coin.Cycles().Recent().All(l.ctx) {
		if err != nil {
			return err
		}
		if err := l.board(who, &c); err != nil {
			return fmt.Errorf("cycle %s (%s, ring %d, edition %d): %w", c.ID, c.State, c.Ring, c.Edition, err)
		}
	}
	return nil
}

func (l *life) board(who servicecoin.CustomerID, c *patch.Cycle) error {
	placed, failed := map[servicecoin.ConfigurationID]patch.JobID{}, map[int]int{}
	for j, err := range l.coin.Cycles().All(c.ID).All(l.ctx) {
		if err != nil {
			return err
		}
		stands := j.Stands(c.Edition)
		for _, t := range j.Tasks {
			if t.Result == patch.Failed || t.Result == patch.PutBack {
				failed[j.Ring]++
			}
			if j.Customer != who || !stands || t.Result == patch.Skipped || t.Result == patch.PutBack {
				continue
			}
			if other, twice := placed[t.Target]; twice {
				return fmt.Errorf("%s is in %s and in %s", t.Target, other, j.ID)
			}
			placed[t.Target] = j.ID
		}
		if j.Customer != "" && j.Begun() && (c.BegunAt.IsZero() || j.Ring > c.Ring && slices.ContainsFunc(j.Tasks, func(t patch.Task) bool { return !t.BegunAt.IsZero() })) {
			return fmt.Errorf("job %s of ring %d was begun", j.ID, j.Ring)
		}
		if stands && j.Until != 0 {
			return fmt.Errorf("job %s has another in its place in edition %d", j.ID, j.Until)
		}
		if err := l.changeOf(c, &j, stands); err != nil {
			return err
		}
	}
	for ring, n := range failed {
		if c.Progress[ring].Failed < n {
			return fmt.Errorf("ring %d counts %d failures of %d", ring, c.Progress[ring].Failed, n)
		}
	}
	return nil
}

// changeOf: what is not begun and has no place any more will not be done.
func (l *life) changeOf(c *patch.Cycle, j *patch.Job, stands bool) error {
	if j.Change == "" {
		if c.State == patch.CycleRunning && stands && !j.Begun() && j.Customer != "" {
			return fmt.Errorf("job %s is no change", j.ID)
		}
		return nil
	}
	x, err := l.coin.Control().Get(l.ctx, j.Change)
	if errors.Is(err, servicecoin.ErrNotFound) && j.Stuck != "" {
		return nil // it could not be asked for
	}
	if err != nil {
		return err
	}
	over := !stands || c.State == patch.CycleCancelled
	if over && !j.Begun() && x.State != change.Cancelled {
		return fmt.Errorf("job %s has no place, and its change is %s", j.ID, x.State)
	}
	return nil
}

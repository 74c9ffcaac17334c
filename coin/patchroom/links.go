package patchroom

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// sees is the link that takes what was observed of an item as what runs on a target.
func (n Nouns) sees() exchange.Link {
	return exchange.When(n.Base, "patch.see", configurations, Name, []string{configuration.EventObserved},
		func(ctx context.Context, w exchange.Work, news configuration.ItemObserved) error {
			if w.Customer == servicecoin.Provider {
				return nil
			}
			mine := n.On(w.Base)
			register := mine.Register(w.Base, w.Customer)
			item, err := register.Item(ctx, news.Item)
			if err != nil {
				return exchange.UnlessGone(err)
			}
			o, err := register.Observed(ctx, news.Item)
			if err != nil {
				return exchange.UnlessGone(err)
			}
			if !o.Covers("/components") {
				return nil // it was looked at something else
			}
			s := patch.Spotted{Target: news.Item, At: o.At, Before: news.Before}
			if fresh := mine.fresh(w.Customer, item); fresh > 0 && !news.Before.IsZero() {
				s.Lost = news.At.Sub(news.Before) > fresh
			}
			if !o.Gone {
				s.Components = mine.components(item, o.State)
			}
			if len(s.Components) == 0 {
				if list, _, err := mine.Sightings(w.Customer).Installed(ctx, news.Item); err != nil || len(list) == 0 {
					return err // nothing that is patched
				}
			}
			return exchange.UnlessRefused(mine.Sightings(w.Customer).See(ctx, by(), s))
		})
}

// progress is where a link goes on: after which job. Those that have others in their place
// come first, so that they are out of the way.
type progress struct {
	Stands bool        `json:"stands,omitempty"`
	After  patch.JobID `json:"after"`
}

func place(c *patch.Cycle, j *patch.Job) progress { return progress{j.Stands(c.Edition), j.ID} }

func (p progress) before(o progress) bool {
	if p.Stands != o.Stands {
		return !p.Stands
	}
	return p.After < o.After
}

// eachJob calls do for the jobs of a cycle that it picks, as many as have room in the
// commit; it needs at most least of it for one.
func (n Nouns) eachJob(ctx context.Context, w exchange.Work, id patch.CycleID, at string, least int, pick func(c *patch.Cycle, j *patch.Job) bool, do func(c *patch.Cycle, j *patch.Job) error) (string, error) {
	c, err := n.Cycles().Get(ctx, id)
	if err != nil {
		return "", exchange.UnlessGone(err)
	}
	var p progress
	if at != "" {
		if err := json.Unmarshal([]byte(at), &p); err != nil {
			return "", fmt.Errorf("progress %q: %w", at, err)
		}
	}
	var list []patch.Job
	for j, err := range n.Cycles().All(id).All(ctx) {
		if err != nil {
			return "", err
		}
		if p.before(place(&c, &j)) && pick(&c, &j) {
			list = append(list, j)
		}
	}
	slices.SortFunc(list, func(a, b patch.Job) int {
		if place(&c, &a).before(place(&c, &b)) {
			return -1
		}
		return 1
	})
	for k := range list {
		if k > 0 && w.Left() < least {
			text, err := json.Marshal(p)
			return string(text), err
		}
		if err := do(&c, &list[k]); err != nil {
			return "", fmt.Errorf("job %s: %w", list[k].ID, err)
		}
		p = place(&c, &list[k])
	}
	return "", nil
}

// ChangeOf returns the id of the change that a job becomes.
func ChangeOf(id patch.JobID) servicecoin.ChangeID { return servicecoin.ChangeID("patch-" + id) }

// roomForAChange is the most that one change takes of a commit: change, forward schedule
// and model are read and written, the job, and what is told of them.
const roomForAChange = 14

// asks is the link that makes a change of each job, from the model of its cycle: it is
// approved as far as the model holds, and has its place in the forward schedule. What does
// not get on is told with the job, and waits for a person. The changes of jobs that have
// others in their place are cancelled before.
func (n Nouns) asks() exchange.Link {
	l := exchange.Parts(n.Base, "patch.change", Name, Name, []string{patch.EventCycleBegun, patch.EventReplanned},
		func(ctx context.Context, w exchange.Work, news patch.CycleChanged, at string) (string, error) {
			mine := n.On(w.Base)
			return mine.eachJob(ctx, w, news.Cycle, at, roomForAChange, func(c *patch.Cycle, j *patch.Job) bool {
				return !j.Begun() && (moved(c, j) || !c.Over() && !c.BegunAt.IsZero() && j.Until == 0 && j.Change == "" && j.Customer != "")
			}, func(c *patch.Cycle, j *patch.Job) error {
				if moved(c, j) {
					return mine.withdraw(ctx, j, "the patch cycle was planned anew")
				}
				return mine.ask(ctx, c, j)
			})
		})
	l.EndedBy = "patch.withdraw"
	return l
}

// moved reports whether a job has another one in its place, and is a change still.
func moved(c *patch.Cycle, j *patch.Job) bool { return j.Change != "" && !j.Stands(c.Edition) }

// withdraw cancels the change of a job.
func (n Nouns) withdraw(ctx context.Context, j *patch.Job, reason string) error {
	control := n.Control(n.Base)
	_, err := control.Cancel(ctx, by(), j.Change, reason)
	if errors.Is(err, servicecoin.ErrRefused) {
		x, missing := control.Get(ctx, j.Change)
		if missing == nil && slices.ContainsFunc(change.Transitions(), func(t lifecycle.Transition[change.State]) bool {
			return t.From == x.State && t.Verb == change.VerbCancel
		}) {
			return err // another replica, whose clock is ahead, changed it: again when that time has come
		}
	}
	return exchange.UnlessGone(exchange.UnlessRefused(err))
}

// ask makes the change of a job.
func (n Nouns) ask(ctx context.Context, c *patch.Cycle, j *patch.Job) error {
	control, id := n.Control(n.Base), ChangeOf(j.ID)
	r, model, err := n.request(ctx, c, j)
	if err != nil {
		return err
	}
	if _, err := control.Get(ctx, id); errors.Is(err, servicecoin.ErrNotFound) {
		if _, err := control.Draft(ctx, by(), r); err != nil {
			if !errors.Is(err, servicecoin.ErrInvalid) && !errors.Is(err, servicecoin.ErrNotFound) {
				return err
			}
			_, err = n.Cycles().Bind(ctx, by(), j.ID, id, err.Error())
			return err
		}
	} else if err != nil {
		return err
	}
	stuck, err := n.bring(ctx, c, control, id, model)
	if err != nil {
		return err
	}
	_, err = n.Cycles().Bind(ctx, by(), j.ID, id, stuck)
	return err
}

// bring brings a change of a job as far as it gets without a person, and says why it does
// not get on.
func (n Nouns) bring(ctx context.Context, c *patch.Cycle, control *change.Control, id servicecoin.ChangeID, model change.ModelID) (string, error) {
	var err error
	if model == "" {
		_, err = control.Submit(ctx, by(), id)
		if err == nil {
			return "it waits to be assessed and approved", nil
		}
	} else if _, err = control.Preapprove(ctx, by(), id, model); err == nil {
		if err = n.together(ctx, c, control, id); err == nil {
			_, err = control.Schedule(ctx, by(), id)
		}
	}
	switch {
	case errors.Is(err, servicecoin.ErrRefused), errors.Is(err, servicecoin.ErrInvalid), errors.Is(err, servicecoin.ErrNotFound):
		return err.Error(), nil
	case err != nil:
		return "", err
	}
	return "", nil
}

// together accepts that the same people do several jobs of a cycle at once, in the name of
// who planned it: that is how it was planned. Any other conflict is for a person.
func (n Nouns) together(ctx context.Context, c *patch.Cycle, control *change.Control, id servicecoin.ChangeID) error {
	if c.PlannedBy == "" {
		return nil
	}
	s, err := control.Standing(ctx, id)
	if err != nil || len(s.Conflicts) > mostTogether {
		return err
	}
	for _, x := range s.Conflicts {
		if x.Why != change.SamePerson || x.With.Kind != change.ChangeEntry {
			continue
		}
		j, err := n.Cycles().OfChange(ctx, servicecoin.ChangeID(x.With.ID))
		if errors.Is(err, servicecoin.ErrNotFound) || err == nil && j.Cycle != c.ID {
			continue
		}
		if err != nil {
			return err
		}
		reason := "both are jobs of the patch cycle " + string(c.ID) + ", which was planned so"
		if _, err := control.AcceptConflict(ctx, servicecoin.Person(c.PlannedBy), id, x.With.Ref(), x.Why, cut(reason)); err != nil {
			return err
		}
	}
	return nil
}

// mostTogether is how many conflicts are accepted of one change.
const mostTogether = 20

// request is what is asked for with a job.
func (n Nouns) request(ctx context.Context, c *patch.Cycle, j *patch.Job) (change.Request, change.ModelID, error) {
	r := change.Request{
		ID: ChangeOf(j.ID), Title: cut(fmt.Sprintf("%s: %s", c.Name, c.Rings[j.Ring].Name)), Reason: c.Why, Headline: cut(c.Name),
		Kind: change.Normal, RequestedBy: c.PlannedBy, Implementers: c.Implementers,
		Work: change.Work{Scope: change.Scope{Services: j.Services, Customers: []servicecoin.CustomerID{j.Customer}}, Runbook: c.Runbook, Plan: change.Plan{
			Start: j.During.Start, Length: calendar.Within(j.During.Duration() - c.WayBack), WayBack: calendar.Within(c.WayBack),
			Rollback: "each target is put back as its run book says",
		}},
	}
	if len(r.Implementers) == 0 && c.PlannedBy != "" {
		r.Implementers = []servicecoin.PersonID{c.PlannedBy}
	}
	for _, t := range j.Tasks {
		r.Work.Scope.Records = append(r.Work.Scope.Records, t.Target)
	}
	if c.Runbook == "" {
		r.Work.Steps = []string{"patch each of the configuration items that it names"}
	}
	if c.Model == "" {
		return r, "", nil
	}
	m, err := n.Control(n.Base).Model(ctx, change.ModelID(c.Model))
	if errors.Is(err, servicecoin.ErrNotFound) {
		return r, "", nil // people decide on it one by one
	}
	if err != nil {
		return r, "", err
	}
	made := m.Make(r.ID, r.Title, r.Reason, r.Work.Plan, j.Services...)
	made.Headline, made.RequestedBy, made.Implementers, made.Work.Scope = r.Headline, r.RequestedBy, r.Implementers, r.Work.Scope
	return made, m.ID, nil
}

// mostTitle is how many characters a change's title has.
const mostTitle = 200

func cut(text string) string {
	r := []rune(text)
	if len(r) > mostTitle {
		return string(r[:mostTitle-1]) + "…"
	}
	return text
}

// withdraws is the link that cancels the changes of a cycle that is cancelled, as far as
// they are not begun.
func (n Nouns) withdraws() exchange.Link {
	return exchange.Parts(n.Base, "patch.withdraw", Name, Name, []string{patch.EventCancelled},
		func(ctx context.Context, w exchange.Work, news patch.CycleChanged, at string) (string, error) {
			mine := n.On(w.Base)
			return mine.eachJob(ctx, w, news.Cycle, at, roomForAChange, func(_ *patch.Cycle, j *patch.Job) bool {
				return j.Change != "" && !j.Begun()
			}, func(_ *patch.Cycle, j *patch.Job) error {
				return mine.withdraw(ctx, j, "the patch cycle was cancelled")
			})
		})
}

// RunOf returns the id of the run of a run book with which a target is patched, of an
// attempt, from 1.
func RunOf(job patch.JobID, target servicecoin.ConfigurationID, attempt int) runbook.RunID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d", job, target, attempt))
	const bytes = 16
	return runbook.RunID("patch-" + hex.EncodeToString(sum[:bytes]))
}

// roomForARun is the most that one run takes of a commit.
const roomForARun = 12

// begins is the link that begins a run of the cycle's run book for each target of a job
// whose change was started. Without a run book the targets are under way, and people say
// how it went.
func (n Nouns) begins() exchange.Link {
	return exchange.Parts(n.Base, "patch.run", changes, Name, []string{change.EventStarted},
		func(ctx context.Context, w exchange.Work, news change.Changed, at string) (string, error) {
			mine := n.On(w.Base)
			j, err := mine.Cycles().OfChange(ctx, news.Change)
			if err != nil {
				return "", exchange.UnlessGone(err)
			}
			c, err := mine.Cycles().Get(ctx, j.Cycle)
			if err != nil {
				return "", exchange.UnlessGone(err)
			}
			from, _ := strconv.Atoi(at) // "" is the first
			var reports []patch.Report
			stuck, next := "", ""
			for k := from; k < len(j.Tasks); k++ {
				t := j.Tasks[k]
				if t.Result != patch.Pending {
					continue
				}
				if len(reports) > 0 && w.Left() < roomForARun {
					next = strconv.Itoa(k)
					break
				}
				r := patch.Report{Target: t.Target, Result: patch.Running}
				id, err := mine.run(ctx, &c, &j, t)
				if why := refusal(err); why != "" {
					stuck = why
					continue
				}
				if err != nil {
					return "", err
				}
				r.Run = string(id)
				reports = append(reports, r)
			}
			if len(reports) > 0 {
				if _, err := mine.Cycles().Report(ctx, by(), j.ID, reports...); err != nil {
					return "", err
				}
			}
			if stuck != "" {
				if _, err := mine.Cycles().Bind(ctx, by(), j.ID, j.Change, stuck); err != nil {
					return "", err
				}
			}
			return next, nil
		})
}

// refusal is why something was refused, "" if it was not.
func refusal(err error) string {
	if errors.Is(err, servicecoin.ErrRefused) || errors.Is(err, servicecoin.ErrInvalid) || errors.Is(err, servicecoin.ErrNotFound) {
		return err.Error()
	}
	return ""
}

// run begins the run of a target, if there is a run book.
func (n Nouns) run(ctx context.Context, c *patch.Cycle, j *patch.Job, t patch.Task) (runbook.RunID, error) {
	if why, err := n.Cycles().Keeps(ctx, *j); err != nil || why != "" {
		if err == nil {
			err = &servicecoin.RefusedError{Subject: patch.JobKey(j.ID), Verb: runbook.VerbStart, Why: why}
		}
		return "", err
	}
	if c.Runbook == "" || n.Runs == nil {
		return "", nil
	}
	x := runbook.Beginning{
		ID: RunOf(j.ID, t.Target, t.Attempts+1), Book: c.Runbook, Values: runbook.Values{Parameter: string(t.Target)},
		NewRun: runbook.NewRun{Change: j.Change, Customer: j.Customer},
	}
	if n.Fill != nil {
		var err error
		if x, err = n.Fill(ctx, n.Base, x); err != nil {
			return "", err
		}
	}
	run, err := n.Runs(n.Base).Start(ctx, by(), x)
	return run.ID, err
}

// Parameter is the parameter of a run book that is the id of the target.
const Parameter = "target"

// hears is the link that takes how a run ended as what came of its target.
func (n Nouns) hears() exchange.Link {
	return exchange.When(n.Base, "patch.result", runbooks, Name, []string{runbook.EventEnded},
		func(ctx context.Context, w exchange.Work, news runbook.RunChanged) error {
			if news.Change == "" || news.Drill {
				return nil
			}
			mine := n.On(w.Base)
			j, err := mine.Cycles().OfChange(ctx, news.Change)
			if err != nil {
				return exchange.UnlessGone(err)
			}
			at := slices.IndexFunc(j.Tasks, func(t patch.Task) bool { return t.Run == string(news.Run) })
			if at < 0 {
				return nil
			}
			r := patch.Report{Target: j.Tasks[at].Target}
			switch news.State { //nolint:exhaustive // the run is over
			case runbook.Succeeded:
				r.Result = patch.Done
			case runbook.Aborted:
				r.Result, r.Why = patch.PutBack, "its run was aborted, and undone"
			case runbook.Failed:
				r.Result, r.Why = patch.Failed, "its run failed"
			default:
				return nil
			}
			_, err = mine.Cycles().Report(ctx, by(), j.ID, r)
			return exchange.UnlessRefused(err)
		})
}

// settles is the link that ends the change of a job once all of its targets are done, and
// lets its cycle advance. Where something went wrong, a person says what becomes of the
// change.
func (n Nouns) settles() exchange.Link {
	return exchange.When(n.Base, "patch.settle", Name, Name, []string{patch.EventReported, patch.EventCycleBegun, patch.EventGoAhead, patch.EventResumed},
		func(ctx context.Context, w exchange.Work, news settled) error {
			mine := n.On(w.Base)
			if news.Job != "" && !news.Settled {
				return nil
			}
			if c := news.Counts; news.Change != "" && c.Failed+c.PutBack == 0 && c.Done > 0 {
				outcome := fmt.Sprintf("%d of %d targets are patched", c.Done, c.Total())
				if _, err := mine.Control(w.Base).Implement(ctx, by(), news.Change, outcome); err != nil {
					if err := exchange.UnlessGone(exchange.UnlessRefused(err)); err != nil {
						return err
					}
				}
			}
			_, err := mine.Cycles().Advance(ctx, by(), news.Cycle)
			return exchange.UnlessGone(err)
		})
}

// settled is what the events of cycles and of jobs have, as far as it is asked for.
type settled struct {
	Cycle   patch.CycleID        `json:"cycle"`
	Job     patch.JobID          `json:"job"`
	Change  servicecoin.ChangeID `json:"change"`
	Counts  patch.Counts         `json:"counts"`
	Settled bool                 `json:"settled"`
}

// halts is the link that looks at the gates of all cycles when an incident is opened.
func (n Nouns) halts() exchange.Link {
	return exchange.When(n.Base, "patch.halt", incidents, Name, []string{incident.EventOpened},
		func(ctx context.Context, w exchange.Work, _ incident.Changed) error {
			mine := n.On(w.Base)
			for c, err := range mine.Cycles().Open().All(ctx) {
				if err != nil {
					return err
				}
				if c.State != patch.CycleRunning || !c.Rings[c.Ring].Gate.NoIncident {
					continue
				}
				if _, err := mine.Cycles().Advance(ctx, by(), c.ID); err != nil {
					return exchange.UnlessGone(err)
				}
			}
			return nil
		})
}

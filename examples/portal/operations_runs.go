package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/store"
)

// runsArea is where run books are followed.
func (p *portal) runsArea() area {
	return area{
		pages: map[string]route{
			"GET /runs":               {providers, p.showRuns},
			"GET /runs/{id}":          {providers, p.showRun},
			"POST /runs/{id}/{verb}":  {providers, p.changeRun},
			"GET /runs/{id}/evidence": {providers, p.showRunEvidence},
		},
		work: []chore{p.runsToApprove(), p.runsInHand()},
		done: map[string]string{
			"began": "The run has begun. It is yours.", "handed": "The run is handed over.", "step": "That is in the record.", "run": "That is in the record.", "ended": "The run has ended.",
		},
	}
}

func runPath(id runbook.RunID) string { return "/runs/" + url.PathEscape(string(id)) }

// runRow is a run in a list.
type runRow struct {
	runbook.Run

	Name, Path, StateWords, Tone string
	Services                     []string
	Whose                        string // the customer's name
	Settled                      int
	Lasts                        string
}

func (p *portal) runRow(r runbook.Run, names namesByID, customers func(servicecoin.CustomerID) string, now time.Time) runRow {
	row := runRow{Run: r, Name: inEnglish(r.Title), Path: runPath(r.ID), Whose: customers(r.Customer)}
	row.StateWords, row.Tone = runStateWords(r.State)
	for _, s := range r.Services {
		row.Services = append(row.Services, names.Of(s))
	}
	for _, s := range r.Steps {
		if s.State.Settled() {
			row.Settled++
		}
	}
	until := now
	if r.State.Terminal() {
		until = r.EndedAt
	}
	row.Lasts = between(r.StartedAt, until)
	return row
}

type runsPage struct {
	page

	Here   string
	Live   []runRow // what goes on
	More   bool     // and more of it than is shown
	List   []runRow
	State  runbook.RunState
	States []choice
	Pages  pager
}

// choice is one of a list to choose from.
type choice struct{ Value, Name string }

func (p *portal) showRuns(w http.ResponseWriter, r *http.Request) error {
	const most, mostLive = 25, 50
	ctx, now := r.Context(), p.store.Now()
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	customers := p.customerNames(ctx)
	v := runsPage{page: p.page(r, "Runs", runbooksPath), Here: "/runs", State: runbook.RunState(r.URL.Query().Get("state"))}
	for _, s := range runbook.RunStates() {
		words, _ := runStateWords(s)
		v.States = append(v.States, choice{string(s), words})
	}
	list := p.Runs().Recent()
	if v.State != "" {
		if !slices.Contains(runbook.RunStates(), v.State) {
			return noPage(r)
		}
		list = p.Runs().InState(v.State)
	}
	if wantsCSV(r) {
		head := []string{"run", "book", "version", "title", "state", "drill", "customer", "change", "lead", "startedAt", "endedAt", "entries", "head"}
		return p.asCSV(w, r, "runs.csv", head, rowsOfPages(r, list, func(x runbook.Run) [][]string {
			return [][]string{{string(x.ID), string(x.Book), itoa(x.Version), inEnglish(x.Title), string(x.State), yes(x.Drill), string(x.Customer), string(x.Change), string(x.Lead), instantText(x.StartedAt), instantText(x.EndedAt), itoa(x.Count), x.Head}}
		}))
	}
	page, ways, err := listed(r, list, most)
	if err != nil {
		return err
	}
	v.Pages = ways
	if v.State == "" && ways.Previous == "" {
		if v.Live, v.More, err = p.liveRuns(ctx, mostLive, names, customers); err != nil {
			return err
		}
	}
	for _, item := range page.Items {
		if v.State != "" || item.Value.State.Terminal() || ways.Previous != "" {
			v.List = append(v.List, p.runRow(item.Value, names, customers, now))
		}
	}
	return p.render(w, r, "runs.html", 0, v)
}

// liveRuns are those that have not ended.
func (p *portal) liveRuns(ctx context.Context, most int, names namesByID, customers func(servicecoin.CustomerID) string) (list []runRow, more bool, err error) {
	for _, state := range []runbook.RunState{runbook.Aborting, runbook.Running, runbook.Paused} {
		page, err := p.Runs().InState(state).Page(ctx, "", most)
		if err != nil {
			return nil, false, err
		}
		for _, item := range page.Items {
			list = append(list, p.runRow(item.Value, names, customers, p.store.Now()))
		}
		more = more || page.Next != ""
	}
	return list, more, nil
}

// runsToApprove are runs that wait until somebody says go, but whoever leads them.
func (p *portal) runsToApprove() chore {
	return chore{
		name: "approvals-of-runs", title: "Runs that wait for a go", about: "Whoever has the role, and does not lead the run, says go, or that it must not go on.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			var list []task
			page, err := p.Runs().InState(runbook.Running).Page(ctx, after, limit)
			if err != nil {
				return nil, "", err
			}
			customers := p.customerNames(ctx)
			for _, item := range page.Items {
				x := item.Value
				plan, err := p.Runs().Plan(ctx, x.ID)
				if err != nil {
					return nil, "", err
				}
				for _, s := range x.Next() {
					step, _ := plan.Step(s.ID)
					if step.Approval == nil || s.State != runbook.StepReady || !viewerIn(ctx).holds(step.Approval.Role) {
						continue
					}
					more := inEnglish(x.Title) + " · led by " + p.pages.called(x.Lead)
					if step.Approval.Role != "" {
						more += " · for the " + roleName(step.Approval.Role)
					}
					list = append(list, task{ID: string(x.ID) + ":" + string(s.ID), Whose: customers(x.Customer), Customer: x.Customer, What: inEnglish(step.Title), More: more, Path: runPath(x.ID) + "#now", Since: s.ReadyAt})
				}
			}
			return list, page.Next, nil
		},
	}
}

// runsInHand are runs that go on, with who has them.
func (p *portal) runsInHand() chore {
	return chore{
		name: "runs", title: "Runs going on", about: "Whoever has one goes on with it, or hands it over.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			customers, now := p.customerNames(ctx), p.store.Now()
			live := func(x runbook.Run) bool { return !x.State.Terminal() }
			return paged(ctx, p.Runs().Recent().Where(live), after, limit, func(item store.Item[runbook.Run]) (task, error) {
				x := item.Value
				words, _ := runStateWords(x.State)
				t := task{ID: string(x.ID), Whose: customers(x.Customer), Customer: x.Customer, What: inEnglish(x.Title), Path: runPath(x.ID) + "#now", Since: x.StartedAt}
				t.More = words + " · with " + p.pages.called(x.Lead)
				if x.Drill {
					t.More += " · drill"
				}
				for _, s := range x.Next() {
					if s.State == runbook.StepLate || s.State == runbook.StepFailed || !s.Due.IsZero() && s.Due.Before(now) {
						t.Late = true
					}
				}
				return t, nil
			})
		},
	}
}

package main

import (
	"net/http"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/problem"
)

// jobPage is a job: the targets that are patched together, and what came of them.
type jobPage struct {
	page
	jobRow

	Here      string
	Of        patch.Cycle
	CyclePath string
	RingName  string
	Targets   []taskRow
	Results   []option
	Keeps     string // why nothing of it may be begun now; "": it may
	Names     []string
	State     string // of the change
	StateTone string
	Gone      bool // others are in its place
	Open      bool // something can be said of a target
}

type taskRow struct {
	patch.Task

	Called, Path, Stands, Tone string
	RunPath, Who               string
	Late                       bool
	Open                       bool // something can be said of it
}

func (p *portal) showJob(w http.ResponseWriter, r *http.Request) error {
	return p.jobNow(w, r, nil, nil)
}

func (p *portal) jobNow(w http.ResponseWriter, r *http.Request, f *form, problems error) error {
	ctx := r.Context()
	j, err := p.Cycles().Job(ctx, patch.JobID(r.PathValue("job")))
	if err != nil {
		return err
	}
	c, err := p.Cycles().Get(ctx, j.Cycle)
	if err != nil {
		return err
	}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	whose, called := p.customerNames(ctx), p.targetNames(ctx)
	now := p.store.Now()
	v := jobPage{
		page: p.page(r, c.Name+": "+c.Rings[j.Ring].Name, changesPath), Here: "cycles", Of: c, CyclePath: cyclePath(c.ID), RingName: c.Rings[j.Ring].Name, Gone: !j.Stands(c.Edition),
		jobRow: jobRow{Job: j, Path: jobPath(j.ID), Whose: whose(j.Customer), Numbers: countWords(j.Counts(now)), Late: j.Counts(now).Late},
	}
	if j.Customer == "" {
		v.Whose = "A customer who has left"
	}
	for _, s := range j.Services {
		v.Names = append(v.Names, names.Of(s))
	}
	if j.Change != "" {
		v.ChangePath = changePath(j.Change)
		if x, err := p.Control().Get(ctx, j.Change); err == nil {
			v.State, v.StateTone = changeStateWords(x.State), changeStateTone(x.State)
		}
	}
	if v.Keeps, err = p.Cycles().Keeps(ctx, j); err != nil {
		return err
	}
	for _, t := range j.Tasks {
		row := taskRow{Task: t, Called: called(j.Customer, t.Target), Late: t.Result == patch.Pending && !now.Before(t.Slot.End)}
		row.Stands, row.Tone = resultWords(t.Result)
		if t.Run != "" {
			row.RunPath = runPath(runbook.RunID(t.Run))
		}
		if t.By.ID != "" {
			row.Who = p.pages.actor(t.By)
		}
		row.Open = len(t.Result.After()) > 0
		v.Open = v.Open || row.Open
		v.Targets = append(v.Targets, row)
	}
	for _, result := range patch.Results() {
		if words, _ := resultWords(result); result != patch.Pending {
			v.Results = append(v.Results, option{string(result), words})
		}
	}
	if problems != nil {
		v.again(f, problems)
	}
	return p.render(w, r, "patch_job.html", problem.Status(problems), v)
}

// reportJob takes what somebody says of targets of a job.
func (p *portal) reportJob(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	id, result, why := patch.JobID(r.PathValue("job")), patch.Result(f.text("result")), f.text("why")
	const most = 400 // of a why: what the rules allow
	again := func(err error) error { return p.jobNow(w, r, f, f.err(err)) }
	for _, name := range []string{"target", "result", "why"} {
		f.at(name, name)
	}
	var reports []patch.Report
	for _, target := range slices.Compact(slices.Sorted(slices.Values(f.all("target")))) {
		reports = append(reports, patch.Report{Target: servicecoin.ConfigurationID(target), Result: result, Why: why})
	}
	if len(reports) == 0 {
		f.bad.Add("target", "required", "", "tick at least one")
	}
	if !slices.Contains(patch.Results(), result) || result == patch.Pending {
		f.bad.Add("result", "required", string(result), "choose what came of it")
	}
	needs := result == patch.Failed || result == patch.PutBack || result == patch.Skipped
	switch {
	case needs && why == "":
		f.bad.Add("why", "required", "", "say why: it was not done, or went wrong")
	case len([]rune(why)) > most:
		f.bad.Add("why", "too-long", "", "must have at most "+itoa(most)+" characters")
	}
	if f.bad.Err() != nil {
		return again(nil)
	}
	_, err = p.Cycles().Report(r.Context(), viewer(r).actor(), id, reports...)
	return p.finish(w, r, err, confirmed(jobPath(id), "job-reported"), again)
}

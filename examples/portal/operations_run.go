package main

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/problem"
)

// runPage is a run as whoever follows it needs it: what is next, large, and the record
// below.
type runPage struct {
	page
	runRow

	Here     string
	Book     string // the path of the book in the version that is followed
	LeadName string
	Mine     bool // whoever looks leads it
	Next     []runStep
	Steps    []runStep
	Undoing  []runStep
	Total    int
	Values   []figure
	Before   []template.HTML // what has to hold before the first step
	Begun    bool            // somebody has begun a step
	Can      bool            // it can succeed
	Broken   []string        // verifications that were not met
	ToUndo   []string        // what an abort would have undone
	People   []person
	Others   []person // but for who leads it
	Record   []runLine
	Pages    pager
	Verdict  *verdictWords
	Erased   bool // the values were
}

// runStep is a step of a run.
type runStep struct {
	stepView

	Status      runbook.Status
	State, Tone string
	Lasted      string
	Undo        bool   // it takes another step back
	Said        string // what was said when it failed
	WhyNot      string // why whoever looks cannot approve it
	Late        bool
}

func (p *portal) showRun(w http.ResponseWriter, r *http.Request) error {
	return p.run(w, r, "", nil, nil)
}

// run shows a run as it stands: after a form came to nothing with what was typed.
func (p *portal) run(w http.ResponseWriter, r *http.Request, which string, f *form, problems error) error {
	ctx, now := r.Context(), p.store.Now()
	id := runbook.RunID(r.PathValue("id"))
	x, err := p.Runs().Get(ctx, id)
	if err != nil {
		return err
	}
	plan, err := p.Runs().Plan(ctx, id)
	if err != nil {
		return err
	}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	row := p.runRow(x, names, p.customerNames(ctx), now)
	v := runPage{page: p.page(r, row.Name, runbooksPath), runRow: row, Here: "/runs", Book: bookPath(x.Book) + "?version=" + strconv.Itoa(x.Version), LeadName: p.pages.called(x.Lead), Total: len(x.Steps), Erased: plan.Erased}
	v.Mine = v.Viewer.ID == x.Lead
	if v.People, err = p.colleagues(ctx); err != nil {
		return err
	}
	v.Others = slices.DeleteFunc(slices.Clone(v.People), func(y person) bool { return y.ID == x.Lead })
	for _, name := range sortedKeys(plan.Values) {
		v.Values = append(v.Values, figure{name, plan.Values[name]})
	}
	for _, t := range plan.Preconditions {
		v.Before = append(v.Before, manualText(t))
	}
	if err := p.stepsOfRun(r, &v, plan); err != nil {
		return err
	}
	if err := p.linesOfRun(r, &v, plan); err != nil {
		return err
	}
	if r.URL.Query().Get("verify") != "" {
		if v.Verdict, err = p.verify(r); err != nil {
			return err
		}
	}
	if problems != nil {
		v.againIn(which, f, problems)
	}
	return p.render(w, r, "run.html", problem.Status(problems), v)
}

// stepsOfRun says of every step where it stands.
func (p *portal) stepsOfRun(r *http.Request, v *runPage, plan runbook.Plan) error {
	x := &v.Run
	filled := make([]runbook.Step, len(plan.Steps))
	for n, s := range plan.Steps {
		filled[n], _ = plan.Step(s.ID)
	}
	views := stepViews(filled, p.bookNames(r.Context()))
	next := map[runbook.StepID]bool{}
	for _, s := range x.Next() {
		next[s.ID] = true
	}
	settled := true
	for n, s := range x.Steps {
		step := p.runStep(views[n], s, v)
		v.Steps = append(v.Steps, step)
		settled = settled && s.State.Settled()
		v.Begun = v.Begun || s.Attempt > 0
		if s.Broken {
			v.Broken = append(v.Broken, step.Name)
		}
		if filled[n].Undo != nil && s.Attempt > 0 && s.State != runbook.StepSkipped {
			v.ToUndo = append(v.ToUndo, step.Name)
		}
		if next[s.ID] {
			v.Next = append(v.Next, step)
		}
	}
	slices.Reverse(v.ToUndo)
	v.Can = x.State == runbook.Running && settled && len(v.Broken) == 0
	for n, s := range x.Undo {
		filled, _ := plan.Step(s.ID)
		step := p.runStep(viewOf(filled, n+1), s, v)
		step.Undo = true
		v.Undoing = append(v.Undoing, step)
		if next[s.ID] {
			v.Next = append(v.Next, step)
		}
	}
	return nil
}

func (p *portal) runStep(view stepView, s runbook.Status, v *runPage) runStep {
	step := runStep{stepView: view, Status: s}
	step.State, step.Tone = stepStateWords(s.State)
	if over := v.State.Terminal() || v.State == runbook.Aborting && !strings.HasPrefix(string(s.ID), "undo:"); over && (s.State == runbook.StepWaiting || s.State == runbook.StepReady) {
		step.State, step.Tone = "Not done", "none"
	}
	if d, ok := s.Took(); ok {
		step.Lasted = between(time.Time{}, time.Time{}.Add(d))
	}
	if step.Approval == nil {
		return step
	}
	switch {
	case v.Mine:
		step.WhyNot = "You lead this run: somebody else has to say go."
	case !v.Viewer.holds(step.Approval.Role):
		step.WhyNot = whoseRole(v.People, step.Approval.Role)
	}
	return step
}

// bookNames returns what books are called; each is looked up once.
func (p *portal) bookNames(ctx context.Context) func(servicecoin.RunbookID) string {
	known := map[servicecoin.RunbookID]string{}
	return func(id servicecoin.RunbookID) string {
		name, ok := known[id]
		if !ok {
			name = string(id)
			if page, err := p.Library().Versions(id).Page(ctx, "", 1); err == nil && len(page.Items) > 0 {
				name = inEnglish(page.Items[0].Value.Title)
			}
			known[id] = name
		}
		return name
	}
}

// changeRun does what a form of a run asks for.
func (p *portal) changeRun(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	verb, id := r.PathValue("verb"), runbook.RunID(r.PathValue("id"))
	do, word, err := p.runVerb(r.Context(), viewer(r), id, verb, f)
	if err != nil {
		return err
	}
	err = f.err(nil)
	if err == nil {
		err = do()
	}
	which := verb
	if step := f.text("step"); step != "" && verb != "note" {
		which += "-" + step
	}
	if errors.Is(err, servicecoin.ErrInvalid) {
		err = f.err(err)
	}
	next := confirmed(runPath(id), word) + "#now"
	return p.finish(w, r, err, next, func(err error) error { return p.run(w, r, which, f, err) })
}

// runVerb returns what the verb of a form does, and the word for it.
func (p *portal) runVerb(ctx context.Context, who person, id runbook.RunID, verb string, f *form) (do func() error, word string, err error) {
	runs, by := p.Runs(), who.actor()
	at := runbook.At{Step: runbook.StepID(f.text("step")), Attempt: f.int("attempt")}
	note, reason := f.text("note"), f.text("reason")
	evidence := f.evidence()
	after := func(_ runbook.Run, err error) error { return err }
	word = "step"
	switch verb {
	case "begin":
		do = func() error { return after(runs.Begin(ctx, by, id, at)) }
	case "finish":
		do = func() error {
			return after(runs.Finish(ctx, by, id, runbook.Finished{At: at, Note: note, Evidence: evidence}))
		}
	case "fail-step":
		do = func() error {
			return after(runs.Finish(ctx, by, id, runbook.Finished{At: at, Failed: true, Note: note, Evidence: evidence}))
		}
	case "answer":
		do = func() error {
			return after(runs.Answer(ctx, by, id, runbook.Answered{At: at, Answer: f.text("answer"), Note: note, Evidence: evidence}))
		}
	case "measure":
		do = func() error {
			return after(runs.Measure(ctx, by, id, runbook.Measured{At: at, Value: f.text("value"), Note: note, Evidence: evidence}))
		}
	case "approve", "refuse":
		if err := p.mayApprove(ctx, who, id, at.Step); err != nil {
			return nil, "", err
		}
		do = func() error {
			return after(runs.Approve(ctx, by, id, runbook.Approved{At: at, Go: verb == "approve", Reason: reason}))
		}
	case "skip":
		allowed := p.colleague(ctx, f, "allowedBy")
		do = func() error {
			return after(runs.Skip(ctx, by, id, runbook.Skipping{At: at, Reason: reason, AllowedBy: allowed}))
		}
	case "retry":
		do = func() error { return after(runs.Retry(ctx, by, id, at)) }
	default:
		return p.wholeRunVerb(ctx, by, id, verb, f, evidence)
	}
	return do, word, nil
}

// wholeRunVerb is the same of verbs about the whole run.
func (p *portal) wholeRunVerb(ctx context.Context, by servicecoin.Actor, id runbook.RunID, verb string, f *form, evidence []runbook.Evidence) (do func() error, word string, err error) {
	runs, note, reason := p.Runs(), f.text("note"), f.text("reason")
	after := func(_ runbook.Run, err error) error { return err }
	word = "run"
	switch verb {
	case "note":
		f.at("text", "note")
		do = func() error {
			return after(runs.Note(ctx, by, id, runbook.Note{Step: runbook.StepID(f.text("step")), Text: note, Evidence: evidence}))
		}
	case "handover":
		to := p.colleague(ctx, f, "to")
		if to == "" && len(f.text("to")) == 0 {
			f.bad.Add("to", "required", "", "choose who goes on with it")
		}
		do, word = func() error { return after(runs.HandOver(ctx, by, id, to, note)) }, "handed"
	case "pause":
		do = func() error { return after(runs.Pause(ctx, by, id, reason)) }
	case "resume":
		do = func() error { return after(runs.Resume(ctx, by, id)) }
	case "abort":
		do = func() error { return after(runs.Abort(ctx, by, id, reason)) }
	case "succeed":
		do, word = func() error { return after(runs.Succeed(ctx, by, id, note)) }, "ended"
	case "fail":
		do, word = func() error { return after(runs.Fail(ctx, by, id, reason)) }, "ended"
	default:
		return nil, "", servicecoin.NotFound(servicecoin.Key{Customer: servicecoin.Provider, Kind: "verb", ID: verb})
	}
	return do, word, nil
}

// mayApprove holds an approval to the role that the book asks for.
func (p *portal) mayApprove(ctx context.Context, who person, id runbook.RunID, step runbook.StepID) error {
	plan, err := p.Runs().Plan(ctx, id)
	if err != nil {
		return err
	}
	if s, _ := plan.Step(step); s.Approval != nil {
		return p.needsRole(ctx, who, s.Approval.Role)
	}
	return nil
}

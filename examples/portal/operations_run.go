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
	case step.Approval.Role == string(manager) && !v.Viewer.is(manager):
		step.WhyNot = "It is for the service manager to say."
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

// runLine is an entry of the record, for people.
type runLine struct {
	Number   int
	At       time.Time
	Who      string
	Did      string
	Moves    []string
	Says     []figure
	Evidence []shownEvidence
	Late     bool
}

type shownEvidence struct{ Kind, Text, Link, Digest string }

func (p *portal) linesOfRun(r *http.Request, v *runPage, plan runbook.Plan) error {
	const most = 50
	page, ways, err := listed(r, p.Runs().Entries(v.ID), most)
	if err != nil {
		return err
	}
	ways.CSV = ""
	v.Pages = ways
	for _, item := range page.Items {
		l, err := item.Value.Read()
		if err != nil { // somebody changed it: verifying says which
			v.Record = append(v.Record, runLine{Number: l.Number, Who: "nobody knows", Did: "cannot be read any more"})
			continue
		}
		v.Record = append(v.Record, p.lineWords(l, plan))
	}
	for n := range v.Next { // why it failed
		for _, l := range v.Record {
			if l.Number == v.Next[n].Status.Ended && v.Next[n].Status.State == runbook.StepFailed {
				for _, s := range l.Says {
					v.Next[n].Said = s.Value
				}
			}
		}
	}
	return nil
}

// lineWords is an entry in words.
func (p *portal) lineWords(l runbook.Line, plan runbook.Plan) runLine {
	line := runLine{Number: l.Number, At: l.Fact.At, Who: "somebody who was erased", Did: runVerbWords(l.Fact), Late: l.Fact.Late}
	if l.Actor != nil {
		line.Who = p.pages.actor(*l.Actor)
		if l.Actor.Kind == servicecoin.System { // those, or the exchange that asked them
			line.Who = "the machines"
			if l.Actor.ID == "portal" {
				line.Who = "the portal, by itself"
			}
		}
	}
	number := map[runbook.StepID]int{}
	for n, s := range plan.Steps {
		number[s.ID] = n + 1
	}
	title := func(id runbook.StepID) string {
		s, _ := plan.Step(id)
		if of, undo := strings.CutPrefix(string(id), "undo:"); undo {
			return "undo of " + strconv.Itoa(number[runbook.StepID(of)]) + ". " + inEnglish(s.Title)
		}
		return strconv.Itoa(number[id]) + ". " + inEnglish(s.Title)
	}
	for _, m := range l.Fact.Moves {
		words, _ := stepStateWords(m.To)
		text := title(m.Step) + ": " + strings.ToLower(words)
		if m.Answer != "" {
			text += ", “" + m.Answer + "”"
		}
		if m.Attempt > 1 {
			text += ", attempt " + strconv.Itoa(m.Attempt)
		}
		line.Moves = append(line.Moves, text)
	}
	if len(l.Fact.Moves) == 0 && l.Fact.Step != "" {
		line.Moves = append(line.Moves, title(l.Fact.Step))
	}
	for _, label := range l.Fact.Hidden {
		text, there := l.Texts[label]
		if !there || strings.HasPrefix(label, "evidence[") {
			continue
		}
		name := map[string]string{"text": "", "measured": "measured", "person": "allowed by"}[label]
		if label == "person" {
			text = p.pages.called(servicecoin.PersonID(text))
			if l.Fact.Verb == runbook.VerbHandOver {
				name = "to"
			}
		}
		if rest, is := strings.CutPrefix(label, "output "); is {
			name = rest
		}
		line.Says = append(line.Says, figure{name, text})
	}
	for n, s := range l.Fact.Evidence {
		text := l.Texts["evidence["+strconv.Itoa(n)+"]"]
		e := shownEvidence{Kind: s.Kind, Text: text, Digest: s.SHA256}
		switch {
		case s.Value.Valid:
			e.Text = strings.TrimSpace(s.Value.Decimal.String() + " " + s.Unit)
		case s.Kind == "link" && (strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")):
			e.Link = text
		}
		line.Evidence = append(line.Evidence, e)
	}
	for _, label := range l.Erased {
		if label != "actor" {
			line.Says = append(line.Says, figure{label, "erased"})
		}
	}
	return line
}

// runVerbWords says what an entry tells.
func runVerbWords(f runbook.Fact) string {
	switch f.Verb {
	case runbook.VerbStart:
		if f.Drill {
			return "began the run, as a drill"
		}
		return "began the run"
	case runbook.VerbReport:
		if f.Failed {
			return "reported a failure"
		}
		return "reported"
	}
	return map[string]string{
		runbook.VerbBegin: "began", runbook.VerbFinish: "finished", runbook.VerbAnswer: "answered", runbook.VerbMeasure: "measured", runbook.VerbApprove: "said whether it goes on",
		runbook.VerbSkip: "left out", runbook.VerbRetry: "tried again", runbook.VerbLapse: "saw time pass", runbook.VerbNote: "noted", runbook.VerbHandOver: "handed the run over", runbook.VerbPause: "paused it",
		runbook.VerbResume: "went on with it", runbook.VerbAbort: "gave it up", runbook.VerbSucceed: "ended it well", runbook.VerbFail: "ended it as failed", runbook.VerbErase: "erased something",
	}[f.Verb]
}

// verdictWords is what verifying the chain has found.
type verdictWords struct {
	Sound   bool
	Against bool // a count and a head of paper
	Entries int
	Erased  int
	Flaws   []string
	More    int
}

// verify verifies the record of a run: against its own count and head, or against
// those that stand on paper.
func (p *portal) verify(r *http.Request) (*verdictWords, error) {
	ctx, id, q := r.Context(), runbook.RunID(r.PathValue("id")), r.URL.Query()
	var found runbook.Verdict
	var err error
	words := &verdictWords{}
	if head := strings.ToLower(strings.Join(strings.Fields(q.Get("head")), "")); head != "" {
		count, bad := strconv.Atoi(strings.TrimSpace(q.Get("count")))
		if bad != nil {
			var v servicecoin.Violations
			v.Add("count", "bad-number", q.Get("count"), "must be a whole number: how many entries the paper has")
			return nil, v.Err()
		}
		words.Against = true
		found, err = p.Runs().VerifyAgainst(ctx, id, count, head)
	} else {
		found, err = p.Runs().Verify(ctx, id)
	}
	if err != nil {
		return nil, err
	}
	words.Sound, words.Entries, words.Erased, words.More = found.Sound(), found.Entries, len(found.Erased), found.More
	for _, f := range found.Flaws {
		text := "Entry " + strconv.Itoa(f.Number)
		if f.Until > 0 {
			text = "Entries " + strconv.Itoa(f.Number) + " to " + strconv.Itoa(f.Until)
		}
		words.Flaws = append(words.Flaws, text+" "+string(f.Kind)+": "+f.Text)
	}
	return words, nil
}

type runEvidencePage struct {
	page
	runRow

	LeadName string
	Version  int
	Record   []runLine
	Values   []figure
	All      []string // who had to do with it
	Verdict  *verdictWords
	Printed  time.Time
}

// showRunEvidence is the whole record, to be printed or kept.
func (p *portal) showRunEvidence(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), runbook.RunID(r.PathValue("id"))
	x, err := p.Runs().Get(ctx, id)
	if err != nil {
		return err
	}
	plan, err := p.Runs().Plan(ctx, id)
	if err != nil {
		return err
	}
	protocol := runbook.Protocol{Run: x, Plan: plan, Languages: []string{"en"}}
	var lines []runLine
	for e, err := range p.Runs().Entries(id).All(ctx) {
		if err != nil {
			return err
		}
		l, err := e.Read()
		if err != nil {
			lines = append(lines, runLine{Number: l.Number, Who: "nobody knows", Did: "cannot be read any more"})
			continue
		}
		protocol.Lines = append(protocol.Lines, l)
		lines = append(lines, p.lineWords(l, plan))
	}
	switch r.URL.Query().Get("as") {
	case "markdown":
		attach(w, "text/markdown; charset=utf-8", "evidence-"+fileName(string(id))+".md")
		return protocol.WriteMarkdown(w)
	case "html":
		attach(w, "text/html; charset=utf-8", "evidence-"+fileName(string(id))+".html")
		return protocol.WriteHTML(w)
	}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	row := p.runRow(x, names, p.customerNames(ctx), p.store.Now())
	v := runEvidencePage{page: p.page(r, "Evidence: "+row.Name, runbooksPath), runRow: row, LeadName: p.pages.called(x.Lead), Version: x.Version, Record: lines, Printed: p.store.Now()}
	for _, name := range sortedKeys(plan.Values) {
		v.Values = append(v.Values, figure{name, plan.Values[name]})
	}
	for _, id := range x.People {
		v.All = append(v.All, p.pages.called(id))
	}
	if v.Verdict, err = p.verify(r); err != nil {
		return err
	}
	return p.render(w, r, "evidence_of_run.html", 0, v)
}

// fileName is an id as the name of a file.
func fileName(id string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' {
			return c
		}
		return '-'
	}, id)
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

// mayApprove holds an approval to the role that the book asks for: who has it, is the
// portal's to say.
func (p *portal) mayApprove(ctx context.Context, who person, id runbook.RunID, step runbook.StepID) error {
	plan, err := p.Runs().Plan(ctx, id)
	if err != nil {
		return err
	}
	if s, _ := plan.Step(step); s.Approval != nil && s.Approval.Role == string(manager) && !who.is(manager) {
		return servicecoin.ErrForbidden
	}
	return nil
}

package main

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

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
	protocol := runbook.Protocol{Run: x, Plan: plan, Languages: []string{"en"}, People: p.pages.names}
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

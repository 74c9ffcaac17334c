package main

import (
	"html/template"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// inEnglish is a text in the language of the portal, or in any that it has.
func inEnglish(t servicecoin.Texts) string {
	text, _ := t.In("en")
	return text
}

// manualText shows Markdown as it is read.
func manualText(t servicecoin.Texts) template.HTML {
	return template.HTML(runbook.SafeHTML(inEnglish(t))) //nolint:gosec // G203: every sign of the text is escaped in it
}

// lengthWords is how long something takes, "" where nobody says.
func lengthWords(d calendar.Duration) string {
	if !d.Defined() {
		return ""
	}
	return leadWords(d)
}

func scenarioWords(s runbook.Scenario) string {
	if s == runbook.CustomerHandOver {
		return "Customer hand-over"
	}
	return sentence(string(s))
}

func stepKindWords(k runbook.StepKind) string {
	return map[runbook.StepKind]string{
		runbook.ManualStep: "by hand", runbook.AutomatedStep: "by machine", runbook.DecisionStep: "decision", runbook.VerificationStep: "check",
		runbook.WaitStep: "wait", runbook.ApprovalStep: "approval", runbook.CallStep: "other run book",
	}[k]
}

// stepStateWords says where a step stands, and in which tone.
func stepStateWords(s runbook.StepState) (words, tone string) {
	switch s {
	case runbook.StepWaiting:
		return "Later", "none"
	case runbook.StepReady:
		return "Ready", "info"
	case runbook.StepActive:
		return "Going on", "info"
	case runbook.StepRequested:
		return "The machines are at it", "info"
	case runbook.StepLate:
		return "Late", "bad"
	case runbook.StepDone:
		return "Done", "good"
	case runbook.StepFailed:
		return "Failed", "bad"
	case runbook.StepSkipped:
		return "Left out", "warn"
	case runbook.StepOmitted:
		return "Not needed", "none"
	case runbook.StepCancelled:
		return "Cancelled", "none"
	}
	return string(s), "none"
}

// runStateWords says where a run stands, and in which tone.
func runStateWords(s runbook.RunState) (words, tone string) {
	switch s {
	case runbook.Running:
		return "Running", "info"
	case runbook.Paused:
		return "Paused", "warn"
	case runbook.Aborting:
		return "Being undone", "bad"
	case runbook.Succeeded:
		return "Succeeded", "good"
	case runbook.Failed:
		return "Failed", "bad"
	case runbook.Aborted:
		return "Given up and undone", "warn"
	}
	return string(s), "none"
}

func bookStateWords(s runbook.BookState) (words, tone string) {
	switch s {
	case runbook.Draft:
		return "Draft", "warn"
	case runbook.Published:
		return "Published", "good"
	case runbook.Superseded:
		return "Replaced by a later version", "none"
	case runbook.Withdrawn:
		return "Withdrawn: do not follow it", "bad"
	}
	return string(s), "none"
}

// expectationWords says what a value has to be.
func expectationWords(e runbook.Expectation, unit string) string {
	text := ""
	switch e.Is {
	case runbook.Equals:
		text = "exactly “" + e.Value + "”"
	case runbook.Contains:
		text = "something with “" + e.Value + "” in it"
	case runbook.Matches:
		text = "something that fits the expression " + e.Value
	case runbook.Between:
		text = "from " + e.Low + " to " + e.High
	case runbook.AtMost:
		text = "at most " + e.Value
	}
	return strings.TrimSpace(text + " " + unit)
}

// actionWords says what the machines are asked for.
func actionWords(a *runbook.Action) string {
	if a == nil {
		return ""
	}
	parts := []string{}
	for _, i := range a.Inputs {
		value := i.Value
		if i.Type == runbook.Secret {
			value = "secret, found by the machines"
		}
		parts = append(parts, i.Name+": "+value)
	}
	if len(parts) == 0 {
		return a.Name
	}
	return a.Name + " (" + strings.Join(parts, ", ") + ")"
}

// stepView is a step as a page shows it.
type stepView struct {
	runbook.Step

	No                int
	Name              string
	Way               string // its kind, in words
	What, UndoText    template.HTML
	Danger, UndoWords string
	Expects           string // how long it takes, as the book says
	Does              string // what the machines are asked for
	LooksAt, Wants    string // of a verification
	Branches          []branchView
	WaitsFor          string
	Follows           []int // the numbers of the steps that come before it, where that is not just the one before
	Meanwhile         bool  // it waits for none
	CallsName         string
	Calls             string // the path of the called book
	Took              *runbook.Length
}

type branchView struct {
	Answer, Text, When string
	Steps              []int
}

// stepViews are the steps of a book or of a plan.
func stepViews(steps []runbook.Step, called func(servicecoin.RunbookID) string) []stepView {
	number := map[runbook.StepID]int{}
	for n, s := range steps {
		number[s.ID] = n + 1
	}
	var list []stepView
	for n, s := range steps {
		v := viewOf(s, n+1)
		for _, id := range s.After {
			if number[id] != n || len(s.After) > 1 {
				v.Follows = append(v.Follows, number[id])
			}
		}
		v.Meanwhile = n > 0 && len(s.After) == 0 && s.AtStart
		if s.Decision != nil {
			for i, b := range s.Decision.Branches {
				for _, id := range b.Steps {
					v.Branches[i].Steps = append(v.Branches[i].Steps, number[id])
				}
			}
		}
		if s.Call != nil {
			v.Calls, v.CallsName = bookPath(s.Call.Book), called(s.Call.Book)
		}
		list = append(list, v)
	}
	return list
}

func viewOf(s runbook.Step, n int) stepView {
	v := stepView{
		Step: s, No: n, Name: inEnglish(s.Title), Way: stepKindWords(s.Kind), What: manualText(s.Text), Danger: inEnglish(s.Hazard),
		Expects: lengthWords(s.Expected), Does: actionWords(s.Action),
	}
	if s.Undo != nil {
		v.UndoText, v.UndoWords = manualText(s.Undo.Text), actionWords(s.Undo.Action)
	}
	if x := s.Verification; x != nil {
		v.LooksAt, v.Wants, v.Does = inEnglish(x.LookAt), expectationWords(x.Expect, x.Unit), actionWords(x.Action)
	}
	if s.Decision != nil {
		for _, b := range s.Decision.Branches {
			x := branchView{Answer: b.Answer, Text: inEnglish(b.Text)}
			if b.When != nil {
				x.When = expectationWords(*b.When, "")
			}
			v.Branches = append(v.Branches, x)
		}
	}
	if w := s.Wait; w != nil {
		if v.WaitsFor = lengthWords(w.For); v.WaitsFor == "" {
			v.WaitsFor = "until " + w.Until
		}
	}
	return v
}

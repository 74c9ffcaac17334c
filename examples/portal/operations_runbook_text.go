package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// The steps of a run book as text, to be written by a person: a heading of the second
// level for each, a list of what is said of it, what to do, and after a line "Undo:"
// how it is taken back. The names are those of the manual.
//
//	## Close order entry
//	- Step: close, manual
//	- Who: operator
//	- Expected: 5 min
//	- Hazard: Nobody can enter orders
//
//	Wait until nobody is signed in.
//
//	Undo:
//
//	Open it again.
//
// Whatever it cannot say (a second language, say) is shown as JSON, which is read as
// well.

// stepsText writes steps as text.
func stepsText(steps []runbook.Step) string {
	var b strings.Builder
	for n, s := range steps {
		if n > 0 {
			b.WriteString("\n")
		}
		writeStep(&b, s)
	}
	text := b.String()
	var v servicecoin.Violations
	if again := readSteps(text, &v); v.Err() != nil || !sameSteps(again, steps) {
		body, err := json.MarshalIndent(steps, "", "  ")
		if err == nil {
			return string(body)
		}
	}
	return text
}

func sameSteps(a, b []runbook.Step) bool {
	one, err1 := json.Marshal(a)
	two, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && (len(a)+len(b) == 0 || bytes.Equal(one, two))
}

func writeStep(b *strings.Builder, s runbook.Step) {
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(b, "- %s: %s\n", name, text)
		}
	}
	action := func(name string, a *runbook.Action) {
		if a == nil {
			return
		}
		line(name, a.Name)
		for _, i := range a.Inputs {
			kind := ""
			if i.Type != runbook.Text {
				kind = " (" + string(i.Type) + ")"
			}
			line("Input", i.Name+kind+" = "+i.Value)
		}
		line("Outputs", strings.Join(a.Outputs, ", "))
		line("Limit", lengthText(a.Limit))
		if a.Retries > 0 {
			line("Retries", strconv.Itoa(a.Retries))
		}
	}
	fmt.Fprintf(b, "## %s\n", inEnglish(s.Title))
	line("Step", string(s.ID)+", "+string(s.Kind))
	line("Who", s.Role)
	line("Expected", lengthText(s.Expected))
	if s.AtStart {
		line("After", "nothing")
	}
	line("After", joined(s.After, ", "))
	line("Hazard", inEnglish(s.Hazard))
	action("Action", s.Action)
	if x := s.Verification; x != nil {
		line("Look at", inEnglish(x.LookAt))
		line("Expect", x.Expect.String())
		line("Unit", x.Unit)
		action("Measured by", x.Action)
		line("Measure", x.Output)
	}
	if w := s.Wait; w != nil {
		line("Wait for", lengthText(w.For))
		line("Wait until", w.Until)
	}
	if s.Approval != nil {
		fmt.Fprintf(b, "- Says go: %s\n", s.Approval.Role)
	}
	if s.Call != nil {
		line("Run book", string(s.Call.Book))
		for _, a := range s.Call.Values {
			line("Value", a.Name+" = "+a.Value)
		}
	}
	if d := s.Decision; d != nil {
		if d.Of != nil {
			line("Decided by", strings.TrimSpace(string(d.Of.Step)+" "+d.Of.Output))
		}
		for _, x := range d.Branches {
			line("If", x.Answer)
			line("Means", inEnglish(x.Text))
			if x.When != nil {
				line("When", x.When.String())
			}
			line("Then", joined(x.Steps, ", "))
		}
	}
	if s.Undo != nil {
		action("Undo by", s.Undo.Action)
	}
	if text := inEnglish(s.Text); text != "" {
		b.WriteString("\n" + text + "\n")
	}
	if s.Undo != nil && len(s.Undo.Text) > 0 {
		b.WriteString("\nUndo:\n\n" + inEnglish(s.Undo.Text) + "\n")
	}
}

var (
	stepLine  = regexp.MustCompile(`^- \**([A-Z][A-Za-z ]*?)\**:\**\s*(.*)$`)
	inputForm = regexp.MustCompile(`^([^\s=(]+)\s*(?:\((\w+)\))?\s*=\s*(.*)$`)
)

// parametersText writes parameters as rows of a table: name, type, where the value
// comes from, and what it means.
func parametersText(list []runbook.Parameter) string {
	var b strings.Builder
	for _, p := range list {
		kind := string(p.Type)
		if p.Type == runbook.Choice {
			kind += ": " + strings.Join(p.Choices, ", ")
		}
		var origin []string
		if p.From != nil {
			origin = append(origin, p.From.Record+" "+p.From.Path)
		}
		if p.Default != "" {
			origin = append(origin, "= "+p.Default)
		}
		if p.Optional {
			origin = append(origin, "optional")
		}
		fmt.Fprintf(&b, "%s | %s | %s | %s\n", p.Name, kind, strings.Join(origin, "; "), inEnglish(p.Text))
	}
	return b.String()
}

func rolesText(list []runbook.Role) string {
	var b strings.Builder
	for _, r := range list {
		b.WriteString(r.Name)
		if text := inEnglish(r.Text); text != "" {
			b.WriteString(": " + text)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// plainEnough reports whether the form can say all that a book says outside of its
// steps: what is in another language it would lose.
func plainEnough(b runbook.Book) bool {
	var v servicecoin.Violations
	return oneLanguage(b.Title, b.Purpose) && reflect.DeepEqual(readParameters(parametersText(b.Parameters), &v), b.Parameters) && reflect.DeepEqual(readRoles(rolesText(b.Roles)), b.Roles) && oneLanguage(b.Preconditions...)
}

func oneLanguage(texts ...servicecoin.Texts) bool {
	return !slices.ContainsFunc(texts, func(t servicecoin.Texts) bool { return len(t) > 1 || len(t) == 1 && t["en"] == "" })
}

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// stepReader reads the steps of a text.
type stepReader struct {
	bad    *servicecoin.Violations
	steps  []runbook.Step
	used   map[runbook.StepID]bool
	action *runbook.Action // what inputs are of
	branch *runbook.Branch
}

// readSteps reads text or JSON. What is wrong is said of the field "steps", with the
// line.
func readSteps(text string, bad *servicecoin.Violations) []runbook.Step {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if text == "" {
		return nil
	}
	if strings.HasPrefix(text, "[") {
		var steps []runbook.Step
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&steps); err != nil {
			bad.Add("steps", "bad-format", "", "cannot be read as JSON: "+err.Error())
		}
		return steps
	}
	r := stepReader{bad: bad, used: map[runbook.StepID]bool{}}
	lines := strings.Split(text, "\n")
	const most = 20_000
	if !bad.Limit("steps", len(lines), most) {
		return nil
	}
	code := false
	first := 0
	var starts []int
	for n, l := range lines {
		if strings.HasPrefix(strings.TrimSpace(l), "```") {
			code = !code
		}
		if !code && strings.HasPrefix(l, "## ") {
			starts = append(starts, n)
		}
	}
	if len(starts) == 0 || starts[0] > first {
		r.wrong(0, lines[0], "stands before the first step: each step begins with a line “## ” and its title")
	}
	for i, from := range starts {
		until := len(lines)
		if i+1 < len(starts) {
			until = starts[i+1]
		}
		r.step(lines[from:until], from)
	}
	return r.steps
}

func (r *stepReader) wrong(line int, value, text string) {
	r.bad.Add("steps", "bad-format", cut(value, 80), fmt.Sprintf("%s (line %d)", text, line+1))
}

func (r *stepReader) step(lines []string, at int) {
	s := runbook.Step{Title: english(strings.TrimSpace(strings.TrimPrefix(lines[0], "## ")))}
	r.action, r.branch = nil, nil
	n := 1
	for ; n < len(lines); n++ {
		if strings.TrimSpace(lines[n]) == "" && n == 1 {
			continue
		}
		m := stepLine.FindStringSubmatch(strings.TrimRight(lines[n], " "))
		if len(m) == 0 || !r.say(&s, m[1], m[2], at+n) {
			break
		}
	}
	rest := strings.Join(lines[n:], "\n")
	text, undo, has := strings.Cut("\n"+rest, "\nUndo:\n")
	s.Text = english(strings.TrimSpace(text))
	if has && strings.TrimSpace(undo) != "" {
		if s.Undo == nil {
			s.Undo = &runbook.Undo{}
		}
		s.Undo.Text = english(strings.TrimSpace(undo))
	}
	if s.Kind == "" {
		s.Kind = kindOf(s)
	}
	if s.ID == "" {
		s.ID = r.newID(inEnglish(s.Title))
	}
	r.used[s.ID] = true
	r.steps = append(r.steps, s)
}

// kindOf is the kind that a step is by what it has.
func kindOf(s runbook.Step) runbook.StepKind {
	switch {
	case s.Action != nil:
		return runbook.AutomatedStep
	case s.Decision != nil:
		return runbook.DecisionStep
	case s.Verification != nil:
		return runbook.VerificationStep
	case s.Wait != nil:
		return runbook.WaitStep
	case s.Approval != nil:
		return runbook.ApprovalStep
	case s.Call != nil:
		return runbook.CallStep
	}
	return runbook.ManualStep
}

// newID makes an id of a title.
func (r *stepReader) newID(title string) runbook.StepID {
	var b strings.Builder
	for _, c := range strings.ToLower(title) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() == 40 {
			break
		}
	}
	id := strings.Trim(b.String(), "-")
	if id == "" {
		id = "step"
	}
	for n := 1; ; n++ {
		name := runbook.StepID(id)
		if n > 1 {
			name += runbook.StepID("-" + strconv.Itoa(n))
		}
		if !r.used[name] {
			return name
		}
	}
}

// say takes in one line of the list of a step; false: it is none.
func (r *stepReader) say(s *runbook.Step, name, text string, at int) bool {
	length := func() calendar.Duration {
		d, ok := readLength(text)
		if !ok {
			r.wrong(at, text, name+" must be a length of time, as 1 h 30 min")
		}
		return d
	}
	verification := func() *runbook.Verification {
		if s.Verification == nil {
			s.Verification = &runbook.Verification{}
		}
		return s.Verification
	}
	decision := func() *runbook.Decision {
		if s.Decision == nil {
			s.Decision = &runbook.Decision{}
		}
		return s.Decision
	}
	switch name {
	case "Step":
		id, kind, _ := strings.Cut(text, ",")
		s.ID, s.Kind = runbook.StepID(strings.TrimSpace(id)), runbook.StepKind(strings.TrimSpace(kind))
	case "Who":
		s.Role = text
	case "Expected":
		s.Expected = length()
	case "After":
		if text == "nothing" {
			s.AtStart = true
		} else {
			s.After = listOf[runbook.StepID](text)
		}
	case "Hazard":
		s.Hazard = english(text)
	case "Action":
		s.Action = &runbook.Action{Name: text}
		r.action = s.Action
	case "Measured by":
		verification().Action = &runbook.Action{Name: text}
		r.action = s.Verification.Action
	case "Undo by":
		s.Undo = &runbook.Undo{Action: &runbook.Action{Name: text}}
		r.action = s.Undo.Action
	case "Look at":
		verification().LookAt = english(text)
	case "Expect":
		verification().Expect = r.expectation(text, at)
	case "Unit":
		verification().Unit = text
	case "Measure":
		verification().Output = text
	case "Wait for":
		s.Wait = &runbook.Wait{For: length()}
	case "Wait until":
		s.Wait = &runbook.Wait{Until: text}
	case "Says go":
		s.Approval = &runbook.Approval{Role: text}
	case "Run book":
		s.Call = &runbook.Call{Book: servicecoin.RunbookID(text)}
	case "Value":
		key, value, ok := strings.Cut(text, "=")
		if s.Call == nil || !ok {
			r.wrong(at, text, "Value must be “name = value”, below a line “Run book”")
			return true
		}
		s.Call.Values = append(s.Call.Values, runbook.Argument{Name: strings.TrimSpace(key), Value: strings.TrimSpace(value)})
	case "Decided by":
		step, output, _ := strings.Cut(text, " ")
		decision().Of = &runbook.Reading{Step: runbook.StepID(step), Output: output}
	case "If":
		d := decision()
		d.Branches = append(d.Branches, runbook.Branch{Answer: text})
		r.branch = &d.Branches[len(d.Branches)-1]
	default:
		return r.below(name, text, at)
	}
	return true
}

// below takes in what belongs to the action or the branch above it.
func (r *stepReader) below(name, text string, at int) bool {
	switch {
	case slices.Contains([]string{"Input", "Outputs", "Limit", "Retries"}, name):
		if r.action == nil {
			r.wrong(at, text, name+" must stand below a line “Action”, “Measured by” or “Undo by”")
			return true
		}
	case slices.Contains([]string{"Means", "When", "Then"}, name):
		if r.branch == nil {
			r.wrong(at, text, name+" must stand below a line “If”")
			return true
		}
	default:
		return false
	}
	switch name {
	case "Input":
		m := inputForm.FindStringSubmatch(text)
		if m == nil {
			r.wrong(at, text, "Input must be “name = value”, or “name (secret) = {{name}}”")
			return true
		}
		i := runbook.Input{Name: m[1], Type: runbook.Type(m[2]), Value: strings.TrimSpace(m[3])}
		if i.Type == "" {
			i.Type = runbook.Text
		}
		r.action.Inputs = append(r.action.Inputs, i)
	case "Outputs":
		r.action.Outputs = listOf[string](text)
	case "Limit":
		d, ok := readLength(text)
		if !ok {
			r.wrong(at, text, "Limit must be a length of time, as 10 min")
		}
		r.action.Limit = d
	case "Retries":
		n, err := strconv.Atoi(text)
		if err != nil {
			r.wrong(at, text, "Retries must be a whole number")
		}
		r.action.Retries = n
	case "Means":
		r.branch.Text = english(text)
	case "When":
		r.branch.When = new(r.expectation(text, at))
	case "Then":
		r.branch.Steps = listOf[runbook.StepID](text)
	}
	return true
}

func (r *stepReader) expectation(text string, at int) runbook.Expectation {
	for _, is := range []runbook.Comparison{runbook.Equals, runbook.Contains, runbook.Matches} {
		if value, ok := strings.CutPrefix(text, string(is)+" "); ok {
			return runbook.Expectation{Is: is, Value: value}
		}
	}
	if value, ok := strings.CutPrefix(text, "at most "); ok {
		return runbook.Expectation{Is: runbook.AtMost, Value: value}
	}
	if rest, ok := strings.CutPrefix(text, "between "); ok {
		if low, high, ok := strings.Cut(rest, " and "); ok {
			return runbook.Expectation{Is: runbook.Between, Low: low, High: high}
		}
	}
	r.wrong(at, text, "must be “equals …”, “contains …”, “matches …”, “between … and …” or “at most …”")
	return runbook.Expectation{}
}

func listOf[S ~string](text string) []S {
	var list []S
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, S(part))
		}
	}
	return list
}

func readParameters(text string, bad *servicecoin.Violations) []runbook.Parameter {
	var list []runbook.Parameter
	for n, line := range strings.Split(text, "\n") {
		line = strings.Trim(strings.TrimSpace(line), "|")
		if line == "" {
			continue
		}
		cells := strings.SplitN(line, "|", 4)
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) < 2 {
			bad.Add("parameters", "bad-format", cut(line, 80), fmt.Sprintf("must be “name | type | where from | what it means” (line %d)", n+1))
			continue
		}
		cells = append(cells, "", "")
		p := runbook.Parameter{Name: cells[0], Text: english(cells[3])}
		kind, choices, _ := strings.Cut(cells[1], ":")
		p.Type, p.Choices = runbook.Type(strings.TrimSpace(kind)), listOf[string](choices)
		for part := range strings.SplitSeq(cells[2], ";") {
			part = strings.TrimSpace(part)
			record, path, isPlace := strings.Cut(part, " ")
			switch value, isDefault := strings.CutPrefix(part, "= "); {
			case part == "":
			case part == "optional":
				p.Optional = true
			case isDefault:
				p.Default = value
			case isPlace:
				p.From = &runbook.Source{Record: record, Path: strings.TrimSpace(path)}
			default:
				bad.Add("parameters", "bad-format", cut(part, 80), fmt.Sprintf("must be a record and a path, as “customer /name”, “= ” and a value, or “optional” (line %d)", n+1))
			}
		}
		list = append(list, p)
	}
	return list
}

func readRoles(text string) []runbook.Role {
	var list []runbook.Role
	for line := range strings.SplitSeq(text, "\n") {
		name, about, _ := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); name != "" {
			list = append(list, runbook.Role{Name: name, Text: english(strings.TrimSpace(about))})
		}
	}
	return list
}

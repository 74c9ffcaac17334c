package runbook

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// How much of everything there may be.
const (
	mostSteps         = 200 // of a book
	mostParameters    = 100
	mostRoles         = 30
	mostChoices       = 50
	mostPreconditions = 50
	mostServices      = 50
	mostBranches      = 20
	mostInputs        = 30
	mostOutputs       = 10
	mostRetries       = 10
	mostStepID        = 60

	mostTitle  = 200
	mostReason = 2000
	mostUnit   = 30
	// mostBody leaves room in a record of 256 kB for what must always be possible: to
	// end.
	mostBody = 192 << 10
)

// Validate reports every violation of the form of a book: what is too long or too
// many, names that are none, the same name twice, kinds and types that nobody
// knows. A draft has to hold it; what a book lacks before it can be followed, says
// [Book.Check].
func (b *Book) Validate() error {
	var v servicecoin.Violations
	heading(&v, string(b.ID), "version", b.Version, b.State, b.Title, b.Purpose)
	v.ID("scenario", string(b.Scenario))
	v.Merge("reviewEvery", b.ReviewEvery.Validate())
	enough := v.Limit("services", len(b.Services), mostServices)
	enough = v.Limit("preconditions", len(b.Preconditions), mostPreconditions) && enough
	enough = v.Limit("roles", len(b.Roles), mostRoles) && enough
	enough = v.Limit("parameters", len(b.Parameters), mostParameters) && enough
	if enough = v.Limit("steps", len(b.Steps), mostSteps) && enough; !enough {
		return v.Err()
	}
	eachService(&v, b.Services)
	for n, t := range b.Preconditions {
		prose(&v, fmt.Sprintf("preconditions[%d]", n), t, true)
	}
	roles := map[string]bool{}
	for n, r := range b.Roles {
		path := fmt.Sprintf("roles[%d]", n)
		v.Text(path+".name", r.Name, 1, mostName)
		once(&v, path+".name", r.Name, roles[r.Name])
		roles[r.Name] = true
		v.Merge(path+".text", r.Text.Validate())
	}
	parameters := map[string]bool{}
	for n, p := range b.Parameters {
		path := fmt.Sprintf("parameters[%d]", n)
		v.Merge(path, p.Validate())
		once(&v, path+".name", p.Name, parameters[p.Name])
		parameters[p.Name] = true
	}
	steps := map[StepID]bool{}
	for n, s := range b.Steps {
		path := fmt.Sprintf("steps[%d]", n)
		v.Merge(path, s.Validate())
		once(&v, path+".id", string(s.ID), steps[s.ID])
		steps[s.ID] = true
	}
	return v.Err()
}

// mostBookID leaves room in an id for the version.
const mostBookID = 100

func once(v *servicecoin.Violations, path, value string, seen bool) {
	if seen {
		v.Add(path, "duplicate", value, "is there already")
	}
}

// line checks a text of one line, in all its languages.
func line(v *servicecoin.Violations, path string, t servicecoin.Texts, needed bool) {
	prose(v, path, t, needed)
	for tag, text := range t {
		if strings.ContainsAny(text, "\r\n") {
			v.Add(path+"."+tag, "bad-text", text, "must be a line")
		}
		if len(text) > mostTitle*4 {
			v.Add(path+"."+tag, "too-long", text, fmt.Sprintf("must have %d characters at most", mostTitle))
		}
	}
}

func prose(v *servicecoin.Violations, path string, t servicecoin.Texts, needed bool) {
	if needed && len(t) == 0 {
		v.Add(path, "required", "", "must not be empty")
	}
	v.Merge(path, t.Validate())
}

// Validate reports every violation of the parameter by itself.
func (p Parameter) Validate() error {
	var v servicecoin.Violations
	checkName(&v, "name", p.Name)
	v.Merge("text", p.Text.Validate())
	if !slices.Contains(Types(), p.Type) {
		v.Add("type", "unknown", string(p.Type), fmt.Sprintf("must be one of %v", Types()))
	}
	if v.Limit("choices", len(p.Choices), mostChoices) {
		for n, c := range p.Choices {
			v.Text(fmt.Sprintf("choices[%d]", n), c, 1, mostValue)
		}
	}
	switch {
	case p.Type == Choice && len(p.Choices) == 0:
		v.Add("choices", "required", "", "must not be empty")
	case p.Type != Choice && len(p.Choices) > 0:
		v.Add("choices", "not-allowed", "", "are of a choice alone")
	}
	if p.Default != "" {
		if code, text := p.Type.check(p.Default, p.Choices); code != "" {
			v.Add("default", code, "", text)
		}
	}
	if p.From != nil {
		v.ID("from.record", p.From.Record)
		_, err := splitPointer(p.From.Path)
		v.Merge("from.path", err)
	}
	return v.Err()
}

// Validate reports every violation of the form of a step by itself.
func (s Step) Validate() error {
	var v servicecoin.Violations
	stepID(&v, "id", s.ID)
	if !slices.Contains(StepKinds(), s.Kind) {
		v.Add("kind", "unknown", string(s.Kind), fmt.Sprintf("must be one of %v", StepKinds()))
	}
	line(&v, "title", s.Title, true)
	v.Merge("text", s.Text.Validate())
	v.Merge("hazard", s.Hazard.Validate())
	v.Merge("expected", s.Expected.Validate())
	v.Text("role", s.Role, 0, mostName)
	v.Limit("after", len(s.After), mostSteps)
	if s.AtStart && len(s.After) > 0 {
		v.Add("atStart", "not-allowed", "", "a step that comes after others does not come at the start")
	}
	if s.Undo != nil {
		v.Merge("undo.text", s.Undo.Text.Validate())
		v.Merge("undo.action", s.Undo.Action.Validate())
	}
	v.Merge("action", s.Action.Validate())
	if d := s.Decision; d != nil && v.Limit("decision.branches", len(d.Branches), mostBranches) {
		answers := map[string]bool{}
		for n, b := range d.Branches {
			path := fmt.Sprintf("decision.branches[%d]", n)
			v.Text(path+".answer", b.Answer, 1, mostTitle)
			once(&v, path+".answer", b.Answer, answers[b.Answer])
			answers[b.Answer] = true
			v.Merge(path+".text", b.Text.Validate())
			v.Limit(path+".steps", len(b.Steps), mostSteps)
			if b.When != nil {
				v.Merge(path+".when", b.When.Validate())
			}
		}
	}
	if x := s.Verification; x != nil {
		v.Merge("verification.lookAt", x.LookAt.Validate())
		v.Merge("verification.expect", x.Expect.Validate())
		v.Merge("verification.action", x.Action.Validate())
		v.Text("verification.unit", x.Unit, 0, mostUnit)
	}
	if w := s.Wait; w != nil {
		v.Merge("wait.for", w.For.Validate())
		if code, text := Instant.check(w.Until, nil); w.Until != "" && code != "" && len(Placeholders(w.Until)) != 1 {
			v.Add("wait.until", code, w.Until, text+", or a parameter that is one")
		}
	}
	if s.Approval != nil {
		v.Text("approval.role", s.Approval.Role, 0, mostName)
	}
	if c := s.Call; c != nil {
		v.ID("call.book", string(c.Book))
		if v.Limit("call.values", len(c.Values), mostParameters) {
			names := map[string]bool{}
			for n, a := range c.Values {
				path := fmt.Sprintf("call.values[%d]", n)
				checkName(&v, path+".name", a.Name)
				once(&v, path+".name", a.Name, names[a.Name])
				names[a.Name] = true
				v.Text(path+".value", a.Value, 0, mostValue)
			}
		}
	}
	return v.Err()
}

func stepID(v *servicecoin.Violations, path string, id StepID) {
	s := string(id)
	if s == "" || !isLetter(s[0]) && (s[0] < '0' || s[0] > '9') || !wellNamed(s, mostStepID) {
		v.Add(path, "bad-name", s, `must be a letter or digit, then letters, digits, "_", "-" and ".", 60 at most`)
	}
}

// Validate reports every violation of the action by itself. A nil one is valid.
func (a *Action) Validate() error {
	var v servicecoin.Violations
	if a == nil {
		return nil
	}
	v.ID("name", a.Name)
	v.Merge("limit", a.Limit.Validate())
	if a.Retries < 0 || a.Retries > mostRetries {
		v.Add("retries", "out-of-range", strconv.Itoa(a.Retries), fmt.Sprintf("must lie between 0 and %d", mostRetries))
	}
	if v.Limit("inputs", len(a.Inputs), mostInputs) {
		names := map[string]bool{}
		for n, i := range a.Inputs {
			path := fmt.Sprintf("inputs[%d]", n)
			checkName(&v, path+".name", i.Name)
			once(&v, path+".name", i.Name, names[i.Name])
			names[i.Name] = true
			i.validate(&v, path)
		}
	}
	if v.Limit("outputs", len(a.Outputs), mostOutputs) {
		names := map[string]bool{}
		for n, o := range a.Outputs {
			path := fmt.Sprintf("outputs[%d]", n)
			checkName(&v, path, o)
			once(&v, path, o, names[o])
			names[o] = true
		}
	}
	return v.Err()
}

func (i Input) validate(v *servicecoin.Violations, path string) {
	names := Placeholders(i.Value)
	switch {
	case !slices.Contains(Types(), i.Type) || i.Type == Choice:
		v.Add(path+".type", "unknown", string(i.Type), "must be text, number, instant, duration or secret")
	case i.Type == Secret:
		if len(names) != 1 || Fill(i.Value, func(string) (string, bool) { return "", true }) != "" {
			v.Add(path+".value", "secret", "", "must be a secret parameter as {{name}}, and nothing else")
		}
	case i.Type != Text && len(names) == 0:
		if code, text := i.Type.check(i.Value, nil); code != "" {
			v.Add(path+".value", code, i.Value, text)
		}
	default:
		v.Text(path+".value", i.Value, 0, mostValue)
	}
}

package runbook

import (
	"errors"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
)

// Severity says how bad a finding is.
type Severity string

// The severities.
const (
	Fault   Severity = "fault"   // the book cannot be published
	Warning Severity = "warning" // somebody should look at it
)

// Finding is something that is wrong with a book, or may be.
type Finding struct {
	Severity Severity `json:"severity"`
	Path     string   `json:"path"`            // as in JSON: "steps[3].after[0]"
	Code     string   `json:"code"`            // stable, for programs: "cannot-end"
	Value    string   `json:"value,omitempty"` // the offending value, cut to 100 characters
	Text     string   `json:"text"`            // for people
}

// Checks are what [Book.Check] knows of the world around the book.
type Checks struct {
	Scenarios []Scenario // nil: [Scenarios]
	// Called returns the published version of another book, false if there is none.
	// nil: calls are not followed.
	Called func(id servicecoin.RunbookID) (Book, bool)
}

// Check finds what keeps a book from being followed, as faults, and what somebody
// should look at before it is published, as warnings, in the order of the book.
// Faults: all that [Book.Validate] reports; a scenario nobody has; a step without
// the part of its kind or with that of another; a graph that cannot end, and steps
// that are never reached; references to steps, roles, outputs and parameters that
// are not there; a decision by a result that may not be there yet; a secret in a
// text; a book that calls itself, or one that is not published. Warnings:
// parameters that nothing names, and hazardous steps that nobody knows how to undo.
func (b *Book) Check(c Checks) []Finding {
	var f findings
	f.merge(b.Validate())
	if len(f.list) > 0 && (len(b.Steps) > mostSteps || len(b.Parameters) > mostParameters || len(b.Roles) > mostRoles) {
		return f.list
	}
	scenarios := c.Scenarios
	if scenarios == nil {
		scenarios = Scenarios()
	}
	if !slices.Contains(scenarios, b.Scenario) {
		f.fault("scenario", "unknown", string(b.Scenario), fmt.Sprintf("must be one of %v", scenarios))
	}
	if len(b.Steps) == 0 {
		f.fault("steps", "required", "", "a book without steps cannot be followed")
	}
	g := graphOf(b.Steps)
	b.checkParts(&f)
	b.checkReferences(&f, g)
	b.checkEnd(&f, g)
	b.checkParameters(&f)
	b.checkCalls(&f, c)
	return f.list
}

// faults returns the faults as violations.
func faults(list []Finding) error {
	var v servicecoin.Violations
	for _, f := range list {
		if f.Severity == Fault {
			v.Add(f.Path, f.Code, f.Value, f.Text)
		}
	}
	return v.Err()
}

type findings struct{ list []Finding }

func (f *findings) fault(path, code, value, text string) { f.add(Fault, path, code, value, text) }

func (f *findings) warn(path, code, value, text string) { f.add(Warning, path, code, value, text) }

// add cuts values and the list as violations are.
func (f *findings) add(s Severity, path, code, value, text string) {
	var v servicecoin.Violations
	v.Add(path, code, value, text)
	invalid, ok := errors.AsType[*servicecoin.InvalidError](v.Err())
	if ok && len(f.list) < 2*servicecoin.MaxViolations {
		f.list = append(f.list, Finding{Severity: s, Path: path, Code: code, Value: invalid.Violations[0].Value, Text: text})
	}
}

func (f *findings) merge(err error) {
	if invalid, ok := errors.AsType[*servicecoin.InvalidError](err); ok {
		for _, v := range invalid.Violations {
			f.list = append(f.list, Finding{Severity: Fault, Path: v.Path, Code: v.Code, Value: v.Value, Text: v.Text})
		}
	}
}

// checkParts finds steps without the part of their kind, or with another one.
func (b *Book) checkParts(f *findings) {
	for n, s := range b.Steps {
		path := fmt.Sprintf("steps[%d]", n)
		for _, part := range []struct {
			name  string
			kind  StepKind
			there bool
		}{
			{"action", AutomatedStep, s.Action != nil},
			{"decision", DecisionStep, s.Decision != nil},
			{"verification", VerificationStep, s.Verification != nil},
			{"wait", WaitStep, s.Wait != nil},
			{"approval", ApprovalStep, s.Approval != nil},
			{"call", CallStep, s.Call != nil},
		} {
			switch {
			case part.there && s.Kind != part.kind:
				f.fault(path+"."+part.name, "not-allowed", "", "a "+string(s.Kind)+" step has none")
			case !part.there && s.Kind == part.kind && s.Kind != ApprovalStep:
				f.fault(path+"."+part.name, "required", "", "a "+string(s.Kind)+" step has one")
			}
		}
		if s.Kind == ManualStep && len(s.Text) == 0 {
			f.fault(path+".text", "required", "", "a manual step says what to do")
		}
		if x := s.Verification; s.Kind == VerificationStep && x != nil && len(x.LookAt) == 0 && len(s.Text) == 0 && x.Action == nil {
			f.fault(path+".verification.lookAt", "required", "", "must say what is looked at")
		}
		if x := s.Verification; x != nil && x.Action != nil && x.measure() == "" {
			f.fault(path+".verification.action.outputs", "required", "", "must have the output that is the measure")
		}
		if w := s.Wait; w != nil && w.For.Defined() == (w.Until != "") {
			f.fault(path+".wait", "required", "", "must be either for a time or until an instant")
		}
		if d := s.Decision; d != nil && len(d.Branches) == 0 {
			f.fault(path+".decision.branches", "required", "", "a decision has branches")
		}
		if u := s.Undo; u != nil && (len(u.Text) == 0) == (u.Action == nil) {
			f.fault(path+".undo", "required", "", "must be either a text or an action")
		}
		if len(s.Hazard) > 0 && s.Undo == nil && s.Kind != ApprovalStep && s.Kind != VerificationStep {
			f.warn(path+".undo", "required", "", "a hazardous step should say how it is undone")
		}
	}
}

// measure returns which output of an action is what a verification measures.
func (x Verification) measure() string {
	if x.Action == nil {
		return ""
	}
	if x.Output == "" && len(x.Action.Outputs) > 0 {
		return x.Action.Outputs[0]
	}
	if slices.Contains(x.Action.Outputs, x.Output) {
		return x.Output
	}
	return ""
}

// checkReferences finds names of steps, roles and outputs that are not there.
func (b *Book) checkReferences(f *findings, g graph) {
	step := func(path string, id StepID) (int, bool) {
		n, ok := g.place[id]
		if !ok {
			f.fault(path, "unknown", string(id), "is no step of this book")
		}
		return n, ok
	}
	role := func(path, name string) {
		if name != "" && !slices.ContainsFunc(b.Roles, func(r Role) bool { return r.Name == name }) {
			f.fault(path, "unknown", name, "is no role of this book")
		}
	}
	for n, s := range b.Steps {
		path := fmt.Sprintf("steps[%d]", n)
		role(path+".role", s.Role)
		if s.Approval != nil {
			role(path+".approval.role", s.Approval.Role)
		}
		for i, id := range s.After {
			step(fmt.Sprintf("%s.after[%d]", path, i), id)
		}
		if s.Decision == nil {
			continue
		}
		otherwise := false
		for i, branch := range s.Decision.Branches {
			at := fmt.Sprintf("%s.decision.branches[%d]", path, i)
			for j, id := range branch.Steps {
				step(fmt.Sprintf("%s.steps[%d]", at, j), id)
			}
			switch {
			case branch.When != nil && s.Decision.Of == nil:
				f.fault(at+".when", "not-allowed", "", "is for a decision by an earlier result")
			case otherwise:
				f.fault(at, "unreachable", branch.Answer, "is never taken: the branch before it takes every other result")
			}
			otherwise = otherwise || s.Decision.Of != nil && branch.When == nil
		}
		if of := s.Decision.Of; of != nil {
			at := path + ".decision.of"
			p, ok := step(at+".step", of.Step)
			if ok && !g.comesBefore(p, n) {
				f.fault(at+".step", "not-before", string(of.Step), "does not come before the decision, so that its result may not be there")
			}
			if ok && of.Output != "" && !slices.Contains(b.Steps[p].outputs(), of.Output) {
				f.fault(at+".output", "unknown", of.Output, "is no output of that step")
			}
		}
	}
}

func (s Step) outputs() []string {
	switch {
	case s.Action != nil:
		return s.Action.Outputs
	case s.Verification != nil && s.Verification.Action != nil:
		return s.Verification.Action.Outputs
	}
	return nil
}

// checkEnd finds steps that wait for themselves, and those that wait for them.
func (b *Book) checkEnd(f *findings, g graph) {
	_, never := g.order()
	for _, n := range never {
		path := fmt.Sprintf("steps[%d]", n)
		if g.comesBefore(n, n) {
			f.fault(path, "cannot-end", string(b.Steps[n].ID), "waits for itself, by way of the steps before it")
		} else {
			f.fault(path, "unreachable", string(b.Steps[n].ID), "is never reached: a step before it waits for itself")
		}
	}
	for n, s := range b.Steps {
		chosen := false
		for _, d := range g.chosen[n] {
			chosen = chosen || b.Steps[d].Decision.reaches(s.ID)
		}
		if !chosen && len(g.chosen[n]) > 0 {
			f.fault(fmt.Sprintf("steps[%d]", n), "unreachable", string(s.ID), "is never reached: no branch with it is ever taken")
		}
	}
}

// reaches reports whether a branch that can be taken has the step.
func (d *Decision) reaches(id StepID) bool {
	for _, b := range d.Branches {
		if slices.Contains(b.Steps, id) {
			return true
		}
		if d.Of != nil && b.When == nil {
			return false
		}
	}
	return false
}

// checkCalls finds calls of books that are not there, and circles of calls.
func (b *Book) checkCalls(f *findings, c Checks) {
	for n, s := range b.Steps {
		if s.Call == nil {
			continue
		}
		path := fmt.Sprintf("steps[%d].call", n)
		if s.Call.Book == b.ID {
			f.fault(path+".book", "calls-itself", string(b.ID), "a book cannot call itself")
			continue
		}
		if c.Called == nil {
			continue
		}
		called, ok := c.Called(s.Call.Book)
		if !ok {
			f.fault(path+".book", "unknown", string(s.Call.Book), "is no published book")
			continue
		}
		if comesBack(c, b.ID, called, map[servicecoin.RunbookID]bool{}) {
			f.fault(path+".book", "calls-itself", string(s.Call.Book), "calls this book, by way of others perhaps")
			continue
		}
		for i, a := range s.Call.Values {
			place := slices.IndexFunc(called.Parameters, func(p Parameter) bool { return p.Name == a.Name })
			switch at := fmt.Sprintf("%s.values[%d].name", path, i); {
			case place < 0:
				f.fault(at, "unknown", a.Name, "is no parameter of the called book")
			case called.Parameters[place].Type == Secret:
				f.fault(at, "secret", a.Name, "is a secret of the called book: the host finds it")
			}
		}
		for _, p := range called.Parameters {
			given := slices.ContainsFunc(s.Call.Values, func(a Argument) bool { return a.Name == p.Name })
			if !given && !p.Optional && p.Default == "" && p.From == nil && p.Type != Secret {
				f.fault(path+".values", "required", p.Name, "the called book has to be given "+p.Name)
			}
		}
	}
}

// comesBack reports whether a book calls one of that id, by way of others perhaps.
func comesBack(c Checks, id servicecoin.RunbookID, b Book, seen map[servicecoin.RunbookID]bool) bool {
	if b.ID == id {
		return true
	}
	if seen[b.ID] {
		return false
	}
	seen[b.ID] = true
	for _, s := range b.Steps {
		if s.Call == nil {
			continue
		}
		if s.Call.Book == id {
			return true
		}
		if next, ok := c.Called(s.Call.Book); ok && comesBack(c, id, next, seen) {
			return true
		}
	}
	return false
}

package runbook

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Plan is what a run keeps of its books as they were when it began: the steps, with
// those of every called book in their place, and the values of the parameters. It
// never changes, but that the values can be erased.
type Plan struct {
	Run           RunID                   `json:"run"`
	Books         []Pin                   `json:"books"` // the book of the run, then those that it calls
	Title         servicecoin.Texts       `json:"title"`
	Services      []servicecoin.ServiceID `json:"services,omitempty"`
	Scenario      Scenario                `json:"scenario"`
	Preconditions []servicecoin.Texts     `json:"preconditions,omitempty"`
	Roles         []Role                  `json:"roles,omitempty"`
	// Steps say all that they come after: nothing depends on the order of the list.
	Steps  []Step `json:"steps"`
	Values Values `json:"values,omitempty"` // of a called book under the id of the calling step, "restore/host"
	// Secrets are the secret parameters, named as in Values, and where a customer's
	// configuration has them.
	Secrets map[string]Source `json:"secrets,omitempty"`
	Erased  bool              `json:"erased,omitempty"` // the values were

	ways *ways // of Steps; nil: nobody has looked yet
}

// Pin is a book in the version that a run goes by.
type Pin struct {
	Book    servicecoin.RunbookID `json:"book"`
	Version int                   `json:"version"`
}

const (
	mostPlanned = 300 // steps of a plan
	mostDepth   = 5   // calls within calls
)

// Called returns the version of another book that is called, false if there is
// none.
type Called func(id servicecoin.RunbookID) (Book, bool)

// MakePlan pins a book, with those that it calls, and fills its parameters. What is
// missing is listed and no error; with it, or without a called book, the plan cannot
// be started. It reports values of parameters that the book does not have, and a
// plan that is too large.
func MakePlan(run RunID, b Book, given Values, c Configuration, called Called) (Plan, []Lack, error) {
	p := planner{Plan{
		Run: run, Title: b.Title, Services: slices.Clone(b.Services), Scenario: b.Scenario,
		Preconditions: b.Preconditions, Values: Values{},
	}}
	var v servicecoin.Violations
	b.given(&v, given, c)
	if err := v.Err(); err != nil {
		return Plan{}, nil, err
	}
	lacks := p.add(&v, b, "", given, c, called)
	if v.Len() == 0 {
		lifecycle.Room(&v, "plan", p.Plan, mostBody)
	}
	if err := v.Err(); err != nil {
		return Plan{}, lacks, err
	}
	return p.Plan, lacks, nil
}

// planner is a plan that is being made.
type planner struct{ Plan }

// add adds the steps of a book, below the step that calls it.
func (p *planner) add(v *servicecoin.Violations, b Book, under string, given Values, c Configuration, called Called) []Lack {
	if len(p.Steps)+len(b.Steps) > mostPlanned || strings.Count(under, "/") > mostDepth {
		v.Add("steps", "too-many", "", fmt.Sprintf("with those of called books there must be %d steps at most, and %d calls within calls", mostPlanned, mostDepth))
		return nil
	}
	p.pin(b)
	for _, r := range b.Roles {
		if !slices.ContainsFunc(p.Roles, func(x Role) bool { return x.Name == r.Name }) {
			p.Roles = append(p.Roles, r)
		}
	}
	values, lacks := Resolve(b, given, c)
	for n := range lacks {
		lacks[n].Name = under + lacks[n].Name
	}
	for name, value := range values {
		p.Values[under+name] = value
	}
	for _, x := range b.Parameters {
		if x.Type == Secret {
			p.secret(under+x.Name, x.From)
		}
	}
	value := func(name string) (string, bool) { return values[name], declares(b, name) }
	caller := StepID(strings.TrimSuffix(under, "/"))
	leaves := map[StepID][]StepID{}
	for n, s := range b.Steps {
		p.Steps = append(p.Steps, s.placed(b, n, under, caller))
		if s.Call == nil {
			continue
		}
		book, ok := called(s.Call.Book)
		if !ok {
			v.Add(under+string(s.ID), "unknown", string(s.Call.Book), "calls a book that is not published")
			continue
		}
		arguments := Values{}
		for _, a := range s.Call.Values {
			if text := Fill(a.Value, value); text != "" {
				arguments[a.Name] = text
			}
		}
		from := len(p.Steps)
		lacks = append(lacks, p.add(v, book, under+string(s.ID)+"/", arguments, c, called)...)
		leaves[StepID(under)+s.ID] = ends(p.Steps[from:])
	}
	p.join(under, leaves)
	return lacks
}

func (p *planner) pin(b Book) {
	pin := Pin{Book: b.ID, Version: b.Version}
	if !slices.Contains(p.Books, pin) {
		p.Books = append(p.Books, pin)
	}
}

func (p *planner) secret(name string, from *Source) {
	if p.Secrets == nil {
		p.Secrets = map[string]Source{}
	}
	p.Secrets[name] = Source{}
	if from != nil {
		p.Secrets[name] = *from
	}
}

func declares(b Book, name string) bool {
	return slices.ContainsFunc(b.Parameters, func(p Parameter) bool { return p.Name == name && p.Type != Secret })
}

// placed returns a step as it stands in the plan: its ids below the calling step,
// and all that it comes after.
func (s Step) placed(b Book, n int, under string, caller StepID) Step {
	below := func(ids []StepID) []StepID {
		var list []StepID
		for _, id := range ids {
			list = append(list, StepID(under)+id)
		}
		return list
	}
	switch {
	case s.AtStart:
	case len(s.After) == 0 && n > 0:
		s.After = below([]StepID{b.Steps[n-1].ID})
	default:
		s.After = below(s.After)
	}
	s.ID = StepID(under) + s.ID
	if len(s.After) == 0 && caller != "" {
		s.After = []StepID{caller}
	}
	s.AtStart = len(s.After) == 0
	if s.Decision != nil {
		d := *s.Decision
		if d.Of != nil {
			d.Of = &Reading{Step: StepID(under) + d.Of.Step, Output: d.Of.Output}
		}
		d.Branches = slices.Clone(d.Branches)
		for i := range d.Branches {
			d.Branches[i].Steps = below(d.Branches[i].Steps)
		}
		s.Decision = &d
	}
	return s
}

// ends returns the steps that none of the others comes after.
func ends(steps []Step) []StepID {
	before := map[StepID]bool{}
	for _, s := range steps {
		for _, id := range s.After {
			before[id] = true
		}
	}
	var list []StepID
	for _, s := range steps {
		if !before[s.ID] {
			list = append(list, s.ID)
		}
	}
	return list
}

// join has what comes after a call come after the last steps of the called book.
func (p *planner) join(under string, leaves map[StepID][]StepID) {
	for n, s := range p.Steps {
		rest, ok := strings.CutPrefix(string(s.ID), under)
		if !ok || strings.Contains(rest, "/") {
			continue
		}
		for _, id := range s.After {
			if more := leaves[id]; len(more) > 0 {
				p.Steps[n].After = append(slices.Clone(p.Steps[n].After), more...)
			}
		}
	}
}

// Step returns a step with its parameters filled in, and false if the plan has none
// of that id. The undoing of a step has the id "undo:" before that of the step.
func (p Plan) Step(id StepID) (Step, bool) {
	of, undo := strings.CutPrefix(string(id), undoing)
	place := slices.IndexFunc(p.Steps, func(s Step) bool { return s.ID == StepID(of) })
	if place < 0 || undo && p.Steps[place].Undo == nil {
		return Step{}, false
	}
	s := p.Steps[place]
	if undo {
		s = Step{ID: id, Kind: ManualStep, Title: s.Title, Text: s.Undo.Text, Role: s.Role, Hazard: s.Hazard, Action: s.Undo.Action}
		if s.Action != nil {
			s.Kind = AutomatedStep
		}
	}
	return s.filled(p.value(StepID(of))), true
}

// undoing stands before the id of a step that is undone. No id of a step has a
// colon.
const undoing = "undo:"

// value returns what the parameters are for a step. What has no value and need not
// have one is "", and after an erasure every name stays as it is written.
func (p Plan) value(id StepID) func(string) (string, bool) {
	under := string(id[:strings.LastIndexByte(string(id), '/')+1])
	return func(name string) (string, bool) {
		value, ok := p.Values[under+name]
		return value, ok || !p.Erased
	}
}

func (s Step) filled(value func(string) (string, bool)) Step {
	texts := func(t servicecoin.Texts) servicecoin.Texts {
		t = maps.Clone(t)
		for tag := range t {
			t[tag] = Fill(t[tag], value)
		}
		return t
	}
	s.Title, s.Text, s.Hazard = texts(s.Title), texts(s.Text), texts(s.Hazard)
	s.Action = s.Action.filled(value)
	if s.Undo != nil {
		s.Undo = &Undo{Text: texts(s.Undo.Text), Action: s.Undo.Action.filled(value)}
	}
	if s.Decision != nil {
		d := Decision{Of: s.Decision.Of, Branches: slices.Clone(s.Decision.Branches)}
		for n, b := range d.Branches {
			d.Branches[n].Text = texts(b.Text)
			if b.When != nil {
				d.Branches[n].When = new(b.When.filled(value))
			}
		}
		s.Decision = &d
	}
	if s.Verification != nil {
		x := *s.Verification
		x.LookAt, x.Expect, x.Action = texts(x.LookAt), x.Expect.filled(value), x.Action.filled(value)
		s.Verification = &x
	}
	if s.Wait != nil {
		s.Wait = &Wait{For: s.Wait.For, Until: Fill(s.Wait.Until, value)}
	}
	return s
}

// filled leaves the names of secrets in place: the host finds them by these.
func (a *Action) filled(value func(string) (string, bool)) *Action {
	if a == nil {
		return nil
	}
	filled := *a
	filled.Inputs = slices.Clone(a.Inputs)
	for n, i := range filled.Inputs {
		if i.Type != Secret {
			filled.Inputs[n].Value = Fill(i.Value, value)
		}
	}
	return &filled
}

// until returns when a wait that begins at an instant is over.
func (w Wait) until(at time.Time) time.Time {
	if length, ok := w.For.Get(); ok {
		return servicecoin.Instant(at.Add(length))
	}
	until, err := time.Parse(time.RFC3339, w.Until)
	if err != nil { // an optional parameter that has no value
		return at
	}
	return servicecoin.Instant(until)
}

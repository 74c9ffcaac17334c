package runbook

import (
	"fmt"
	"maps"
	"slices"

	"github.com/servicecoin/servicecoin"
)

// mention is one place of a book that may name parameters.
type mention struct {
	path   string
	text   string
	secret bool // it may name a secret, and nothing else
	want   Type // it has to be a parameter of this type; "": any
}

// mentions yields every place of the book that may name parameters.
func (b *Book) mentions(yield func(mention)) {
	texts := func(path string, t servicecoin.Texts) {
		for _, tag := range slices.Sorted(maps.Keys(t)) {
			yield(mention{path: path + "." + tag, text: t[tag]})
		}
	}
	texts("purpose", b.Purpose)
	for n, t := range b.Preconditions {
		texts(fmt.Sprintf("preconditions[%d]", n), t)
	}
	action := func(path string, a *Action) {
		if a == nil {
			return
		}
		for n, i := range a.Inputs {
			yield(mention{path: fmt.Sprintf("%s.inputs[%d].value", path, n), text: i.Value, secret: i.Type == Secret})
		}
	}
	expect := func(path string, e Expectation) {
		yield(mention{path: path + ".value", text: e.Value})
		yield(mention{path: path + ".low", text: e.Low})
		yield(mention{path: path + ".high", text: e.High})
	}
	for n, s := range b.Steps {
		path := fmt.Sprintf("steps[%d]", n)
		texts(path+".title", s.Title)
		texts(path+".text", s.Text)
		texts(path+".hazard", s.Hazard)
		action(path+".action", s.Action)
		if s.Undo != nil {
			texts(path+".undo.text", s.Undo.Text)
			action(path+".undo.action", s.Undo.Action)
		}
		if s.Decision != nil {
			for i, branch := range s.Decision.Branches {
				at := fmt.Sprintf("%s.decision.branches[%d]", path, i)
				texts(at+".text", branch.Text)
				if branch.When != nil {
					expect(at+".when", *branch.When)
				}
			}
		}
		if x := s.Verification; x != nil {
			texts(path+".verification.lookAt", x.LookAt)
			expect(path+".verification.expect", x.Expect)
			action(path+".verification.action", x.Action)
		}
		if s.Wait != nil {
			yield(mention{path: path + ".wait.until", text: s.Wait.Until, want: Instant})
		}
		if s.Call != nil {
			for i, a := range s.Call.Values {
				yield(mention{path: fmt.Sprintf("%s.call.values[%d].value", path, i), text: a.Value})
			}
		}
	}
}

// checkParameters finds parameters that are named and not declared, declared and
// not named, and secrets where they would be read.
func (b *Book) checkParameters(f *findings) {
	declared := map[string]Parameter{}
	for _, p := range b.Parameters {
		declared[p.Name] = p
	}
	named := map[string]bool{}
	b.mentions(func(m mention) {
		for _, name := range Placeholders(m.text) {
			named[name] = true
			p, ok := declared[name]
			switch {
			case !ok:
				f.fault(m.path, "undeclared", name, "is no parameter of this book")
			case m.secret && p.Type != Secret:
				f.fault(m.path, "secret", name, "is no secret")
			case !m.secret && p.Type == Secret:
				f.fault(m.path, "secret", name, "is a secret: only inputs that are secrets may name it")
			case m.want != "" && p.Type != m.want:
				f.fault(m.path, "bad-type", name, "must be a parameter of type "+string(m.want))
			}
		}
	})
	for n, p := range b.Parameters {
		if !named[p.Name] {
			f.warn(fmt.Sprintf("parameters[%d]", n), "unused", p.Name, "is named nowhere")
		}
	}
}

package junit

import (
	"fmt"
	"iter"
	"strings"

	"github.com/servicecoin/servicecoin/operations/release"
)

// Results yields what the report says of each test, as evidence. What is to be done, and
// what has a word that is not known, proves nothing, as what was skipped. The value is
// used again for the next one.
func (r *Report) Results() iter.Seq[*release.TestResult] {
	return func(yield func(*release.TestResult) bool) {
		var x release.TestResult
		paths := make(map[int]string, len(r.Suites))
		common := make(map[int][]string, len(r.Suites)) // properties of suites and the run
		outer := make([]bool, len(r.Suites))            // suites lie in it
		for _, s := range r.Suites {
			if s.Parent >= 0 {
				outer[s.Parent] = true
			}
		}
		for n := range r.Cases {
			c := &r.Cases[n]
			if _, ok := paths[c.Suite]; !ok {
				paths[c.Suite] = r.path(c.Suite)
				of := *c
				of.Properties = nil
				for p := range r.All(&of) {
					common[c.Suite] = append(common[c.Suite], p.Name+"="+p.Value)
				}
			}
			x = release.TestResult{
				Suite: paths[c.Suite], Package: r.Package(c), Class: c.Class, Name: c.Name, Message: c.Message, At: r.At(c), Again: c.Again, Whole: c.Whole, Outcome: c.proves(),
				Alone: c.Whole && c.Suite >= 0 && !outer[c.Suite],
			}
			if x.Properties = common[c.Suite]; len(c.Properties) > 0 {
				x.Properties = make([]string, 0, len(c.Properties)+len(common[c.Suite]))
				for _, p := range c.Properties {
					x.Properties = append(x.Properties, p.Name+"="+p.Value)
				}
				x.Properties = append(x.Properties, common[c.Suite]...)
			}
			if !yield(&x) {
				return
			}
		}
	}
}

// proves is the outcome as evidence.
func (c *Case) proves() release.TestOutcome {
	switch c.Outcome {
	case Passed:
		return release.TestPassed
	case Flaky:
		return release.TestFlaky
	case Failed:
		return release.TestFailed
	case Skipped, Todo, Other:
	}
	return release.TestSkipped
}

// Run returns what the results of the report have in common, as far as it tells: where it
// ran and of which build is for the caller to say.
func (r *Report) Run() release.TestRun {
	return release.TestRun{Report: r.Digest, At: r.Started, Cut: r.Incomplete != ""}
}

// Value returns the first value of a property that the run or a suite has, whatever the
// letters of its name; "" where none has it.
func (r *Report) Value(name string) string {
	find := func(list []Property) string {
		for _, p := range list {
			if strings.EqualFold(p.Name, name) {
				return p.Value
			}
		}
		return ""
	}
	value := find(r.Properties)
	for n := 0; n < len(r.Suites) && value == ""; n++ {
		value = find(r.Suites[n].Properties)
	}
	return value
}

// Evidence returns what the report tells of itself, for [release.Proofs.Take]: what version,
// environment and build it is of is for the caller to say.
func (r *Report) Evidence(platform release.PlatformID, version string) release.Evidence {
	const most, notes = 400, 20
	e := release.Evidence{
		Report: r.Digest, Platform: platform, Version: version, Form: string(r.Form), Producer: cut(r.Producer, most), Host: cut(r.Host, most), RanAt: r.Started,
		Incomplete: cut(r.Incomplete, most),
	}
	for n, c := range r.Complaints {
		if n == notes-1 && len(r.Complaints)+r.More > notes {
			e.Notes = append(e.Notes, fmt.Sprintf("and %d more", len(r.Complaints)+r.More-n))
			break
		}
		e.Notes = append(e.Notes, fmt.Sprintf("line %d: %s", c.Line, cut(c.Text, most)))
	}
	return e
}

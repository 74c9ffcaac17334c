package junit

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// isGoTest reports whether a line is an event of go test -json.
func isGoTest(line []byte) bool {
	var e event
	return e.read(line) && e.Action != "" && (e.Package != "" || e.ImportPath != "" || e.Test != "" || e.Action == "start" || e.Action == "output" || e.Action == "build-output")
}

// goTest is what is known of a test so far.
type goTest struct {
	x       Case
	running bool
	ended   bool
	failed  bool // once
	runs    int
	output  []byte // its end, while it may fail
}

// goPackage is what is known of a package so far.
type goPackage struct {
	suite  int
	tests  map[string]*goTest
	order  []*goTest
	state  string // the last end: pass, fail, skip; "" it has none
	line   int
	build  string // what was not built
	output []byte
}

// goReader reads go test -json.
type goReader struct {
	*collector

	packages map[string]*goPackage
	order    []*goPackage
	names    []string
	builds   map[string][]byte // what a build that failed said
	line     int
}

// maxLine is how long a line of a stream of events may be; a longer one is no event.
const maxLine = 1 << 20

func readGoTest(b *bufio.Reader, c *collector) error {
	r := &goReader{collector: c, packages: map[string]*goPackage{}, builds: map[string][]byte{}}
	c.Producer = "go test"
	var e event
	for line, err := range lines(b) {
		r.line++
		if err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if !e.read(line) || e.Action == "" {
			c.complain(r.line, CodeNoise, fmt.Sprintf("is no event: %q", cut(string(line), 80)))
			continue
		}
		if err := r.take(&e); err != nil {
			return err
		}
	}
	return r.end()
}

// lines yields lines without their ends; of one that is too long the beginning.
func lines(b *bufio.Reader) func(yield func([]byte, error) bool) {
	return func(yield func([]byte, error) bool) {
		var long []byte
		for {
			part, err := b.ReadSlice('\n')
			switch {
			case errors.Is(err, bufio.ErrBufferFull):
				long = append(long, part[:min(len(part), max(0, maxLine-len(long)))]...)
				continue
			case err != nil && !errors.Is(err, io.EOF):
				yield(nil, err)
				return
			}
			ended := err != nil
			line := part
			if long != nil {
				long = append(long, part[:min(len(part), max(0, maxLine-len(long)))]...)
				line = long
			}
			if ended && len(line) == 0 || !yield(line, nil) || ended {
				return
			}
			long = nil
		}
	}
}

func (r *goReader) of(name string) (*goPackage, error) {
	if p, ok := r.packages[name]; ok {
		return p, nil
	}
	fit := r.intern(r.name(r.line, name))
	place, err := r.suite(r.line, Suite{Name: fit, Parent: -1, Package: fit})
	if err != nil {
		return nil, err
	}
	p := &goPackage{suite: place, tests: map[string]*goTest{}, line: r.line}
	r.packages[fit] = p
	r.order, r.names = append(r.order, p), append(r.names, fit)
	return p, nil
}

// take takes an event.
func (r *goReader) take(e *event) error {
	switch e.Action {
	case "build-output":
		r.builds[e.ImportPath] = ending(r.builds[e.ImportPath], e.Output)
		return nil
	case "build-fail":
		r.builds[e.ImportPath] = ending(r.builds[e.ImportPath], "")
		return nil
	}
	p, err := r.of(e.Package)
	if err != nil {
		return err
	}
	at := r.at(e.Time)
	if s := &r.Suites[p.suite]; s.Started.IsZero() {
		s.Started = at
	}
	if e.Test == "" {
		r.packageEvent(p, e)
		return nil
	}
	t, ok := p.tests[e.Test]
	if !ok {
		if len(r.Cases)+len(p.order) >= r.most {
			return wrong(r.line, "too-many", fmt.Sprintf("has more than the %d cases that are allowed", r.most))
		}
		t = &goTest{x: Case{Suite: p.suite, Class: r.Suites[p.suite].Name, Name: r.name(r.line, e.Test)}}
		p.tests[strings.Clone(e.Test)] = t
		p.order = append(p.order, t)
	}
	switch e.Action {
	case "run":
		t.running, t.output = true, nil
		t.x.Started = at
		t.runs++
	case "output":
		if t.running {
			t.output = ending(t.output, e.Output)
		}
	case "attr":
		t.x.Properties = r.property(r.line, t.x.Properties, e.Key, e.Value)
	case "pass", "fail", "skip", "bench":
		r.ended(t, e, at)
	}
	return nil
}

func (r *goReader) at(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	at, ok := when(text)
	if !ok {
		r.complain(r.line, CodeTime, fmt.Sprintf("the time %q cannot be read", cut(text, 60)))
	}
	return at
}

func (r *goReader) packageEvent(p *goPackage, e *event) {
	switch e.Action {
	case "start":
		p.state = "" // of another run
	case "output":
		p.output = ending(p.output, e.Output)
	case "attr":
		s := &r.Suites[p.suite]
		s.Properties = r.property(r.line, s.Properties, e.Key, e.Value)
	case "pass", "fail", "skip":
		p.state, p.line, p.build = e.Action, r.line, strings.Clone(e.FailedBuild)
	}
}

// ended is the end of a test. The last end of a name counts; one that failed before and
// passed in the end is flaky.
func (r *goReader) ended(t *goTest, e *event, at time.Time) {
	t.running, t.ended, t.x.Line = false, true, r.line
	t.runs = max(t.runs, 1)
	if t.x.Started.IsZero() {
		t.x.Started = at
	}
	if t.x.Took, t.x.Timed = within(e.Elapsed, time.Second); !t.x.Timed {
		t.x.Claimed = fmt.Sprintf("%g", e.Elapsed)
		r.complain(r.line, CodeDuration, "a test took "+t.x.Claimed+" seconds, which is not believed")
	}
	t.x.Message, t.x.Kind = "", ""
	switch e.Action {
	case "fail":
		t.x.Outcome, t.x.Kind, t.failed = Failed, KindFailure, true
		t.x.Message = message(said(t.output))
	case "skip":
		t.x.Outcome = Skipped
		t.x.Message = message(said(t.output))
	default:
		if t.x.Outcome = Passed; t.failed {
			t.x.Outcome = Flaky
		}
	}
	if t.x.Attempts = 0; t.runs > 1 {
		t.x.Attempts = t.runs
	}
	t.output = nil
}

// ending keeps the end of what was written.
func ending(before []byte, more string) []byte {
	before = append(before, more...)
	if len(before) > 2*MaxMessage {
		before = append(before[:0], before[len(before)-MaxMessage:]...)
	}
	return before
}

// said is what a test wrote, without the lines that its runner writes of it.
func said(output []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(output)) {
		text := strings.TrimSpace(line)
		if strings.HasPrefix(text, "=== ") || strings.HasPrefix(text, "--- ") {
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}

// end tells what began and did not end, and which packages failed as a whole.
func (r *goReader) end() error {
	for n, p := range r.order {
		failed := false
		for _, t := range p.order {
			switch {
			case t.ended && !t.running:
			case p.state == "pass" && strings.HasPrefix(t.x.Name, "Benchmark"):
				// Of a benchmark no end is told. It is no test, and proves nothing.
				t.x.Outcome, t.x.Kind, t.x.Line = Skipped, "benchmark", cmp.Or(t.x.Line, r.line)
			default:
				t.x.Outcome, t.x.Kind, t.x.Line = Failed, KindUnfinished, cmp.Or(t.x.Line, r.line)
				t.x.Message = message(said(t.output))
				if p.state == "" {
					r.incomplete(r.line, fmt.Sprintf("the test %q of %q has no end", cut(t.x.Name, 100), cut(r.names[n], 100)))
				} else {
					r.complain(r.line, CodeUnended, fmt.Sprintf("the test %q of %q has no end", cut(t.x.Name, 100), cut(r.names[n], 100)))
				}
			}
			failed = failed || t.x.Outcome == Failed
			if err := r.add(&t.x); err != nil {
				return err
			}
		}
		switch {
		case p.state == "" && (len(p.order) > 0 || r.names[n] != ""):
			r.incomplete(r.line, fmt.Sprintf("the package %q has no end", cut(r.names[n], 100)))
		case p.state == "fail" && !failed:
			x := Case{Suite: p.suite, Class: r.Suites[p.suite].Name, Outcome: Failed, Kind: KindSuite, Whole: true, Line: p.line, Message: message(string(p.output))}
			if p.build != "" || bytes.Contains(p.output, []byte("[build failed]")) || bytes.Contains(p.output, []byte("[setup failed]")) {
				x.Kind = KindBuild
				if said := r.builds[p.build]; len(said) > 0 {
					x.Message = message(string(said))
				}
			}
			if err := r.add(&x); err != nil {
				return err
			}
		}
	}
	return r.unbuilt()
}

// unbuilt adds what was not built and no package speaks of.
func (r *goReader) unbuilt() error {
	var rest []string
	for path := range r.builds {
		if !slices.ContainsFunc(r.order, func(p *goPackage) bool { return p.build == path }) {
			rest = append(rest, path)
		}
	}
	slices.Sort(rest)
	for _, path := range rest {
		name, _, _ := strings.Cut(path, " ")
		if p, ok := r.packages[name]; ok && p.state != "pass" {
			continue // its package tells
		}
		p, err := r.of(name)
		if err != nil {
			return err
		}
		x := Case{Suite: p.suite, Class: r.Suites[p.suite].Name, Outcome: Failed, Kind: KindBuild, Whole: true, Line: r.line, Message: message(string(r.builds[path]))}
		if err := r.add(&x); err != nil {
			return err
		}
	}
	return nil
}

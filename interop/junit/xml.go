package junit

import (
	"bufio"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// counted is what a suite declares of its tests, and what it contains.
type counted struct {
	name     string
	line     int
	declared map[string]int
	own      Counts // of its own cases
	all      Counts // of those of the suites in it, too
	group    bool   // testsuites
	suite    int
	seen     map[string]string // names of its cases, and where they are written
}

// xmlReader reads JUnit XML.
type xmlReader struct {
	*collector

	s     scanner
	stack []string // names of the elements that are open
	open  []counted
	now   Case
	in    string // the element of a case whose text is read
	parts caseParts
	prop  *Property

	written   string // the line of its source where the case stands
	again     int    // names that stood in their suite before
	first     string
	firstLine int
}

// caseParts are the children of a case.
type caseParts struct {
	errored, failed, skipped, warned, rerun, flaky bool
	runs                                           int
	message                                        string
	weight                                         int // of what the message is of
	body                                           []byte
	status                                         string
}

func readXML(b *bufio.Reader, c *collector) error {
	r := &xmlReader{collector: c, s: scanner{b: b, line: 1 + c.line, odd: c.complain}}
	roots := 0
	for {
		t, err := r.s.next()
		if err != nil {
			return err
		}
		switch t {
		case tokenEOF:
			if len(r.stack) > 0 {
				return r.s.wrong(fmt.Sprintf("ends in the middle: <%s> is not closed", r.stack[len(r.stack)-1]))
			}
			if roots == 0 {
				return r.s.wrong("has no element")
			}
			if r.again > 0 {
				r.complain(r.firstLine, CodeDuplicate, fmt.Sprintf("%d tests have a name that stood in their suite before, the first is %q: each counts for itself", r.again, cut(r.first, 100)))
			}
			return nil
		case tokenStart:
			if len(r.stack) == 0 {
				if roots++; roots > 1 {
					r.complain(r.s.line, CodeNoise, "another document follows in the same file, and is read, too")
				}
			}
			if err := r.start(); err != nil {
				return err
			}
		case tokenEnd:
			if err := r.end(); err != nil {
				return err
			}
		case tokenText:
			r.text()
		}
	}
}

// Elements.
const (
	suitesTag   = "testsuites"
	suiteTag    = "testsuite"
	caseTag     = "testcase"
	propertyTag = "property"
)

func (r *xmlReader) top() string {
	if len(r.stack) == 0 {
		return ""
	}
	return r.stack[len(r.stack)-1]
}

func (r *xmlReader) start() error {
	s := &r.s
	parent := r.top()
	const most = 2 * MaxDepth
	if len(r.stack) == most {
		return wrong(s.line, "too-deep", fmt.Sprintf("elements lie %d deep in each other at most", most))
	}
	r.stack = append(r.stack, s.name)
	switch {
	case s.name == suitesTag, s.name == "testrun":
		r.group()
	case s.name == suiteTag && (parent == "" || parent == suitesTag || parent == suiteTag || parent == "testrun"):
		return r.suite()
	case s.name == caseTag && (parent == suiteTag || parent == suitesTag || parent == "testrun"):
		r.begin()
	case s.name == propertyTag && parent == "properties":
		r.prop = &Property{s.attr("name", "key"), s.attr("value")}
		s.keep = maxValue
	case parent == caseTag:
		r.child()
	case parent == suiteTag && (s.name == "error" || s.name == "failure"):
		r.now = Case{Suite: r.open[len(r.open)-1].suite, Outcome: Failed, Kind: KindSuite, Whole: true, Line: s.line}
		r.parts = caseParts{message: s.attr("message", "type")}
		r.in, s.keep = s.name, MaxMessage
	case r.in != "" && parent == r.in && (s.name == "stackTrace" || s.name == "stacktrace" || s.name == "message"):
		s.keep = MaxMessage
	}
	return nil
}

// group begins the whole of a run.
func (r *xmlReader) group() {
	s := &r.s
	r.open = append(r.open, counted{name: s.attr("name"), line: s.line, declared: r.declares(), group: true, suite: -1})
	r.Host = firstOf(r.Host, s.attr("hostname"))
	r.Producer = firstOf(r.Producer, producers(s.attr("name")))
	if at := r.time(s.attr("timestamp")); r.Started.IsZero() {
		r.Started = at
	}
	r.duration(s.attr("time"), "the run")
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// producers knows some tools by the name they give a run or its suite.
func producers(name string) string {
	switch name {
	case "pytest", "nextest-run", "Mocha Tests", "jest tests", "AllTests", "vitest tests", "RSpec Suite":
		return strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(name, "-run"), " tests"))
	}
	return ""
}

func (r *xmlReader) suite() error {
	s := &r.s
	parent := -1
	for _, o := range slices.Backward(r.open) {
		if !o.group {
			parent = o.suite
			break
		}
	}
	name := r.name(s.line, s.attr("name"))
	place, err := r.collector.suite(s.line, Suite{
		Name: name, Parent: parent, Package: r.name(s.line, s.attr("package")), File: r.name(s.line, s.attr("file", "filepath")),
		Host: r.name(s.line, s.attr("hostname")), Started: r.time(s.attr("timestamp")),
	})
	if err != nil {
		return err
	}
	r.Producer = firstOf(r.Producer, producers(name))
	if r.Producer == "" && strings.Contains(s.attr("noNamespaceSchemaLocation"), "surefire") {
		r.Producer = "surefire"
	}
	r.open = append(r.open, counted{name: name, line: s.line, declared: r.declares(), suite: place})
	r.duration(s.attr("time"), "a suite")
	return nil
}

// declares reads the counts of a suite.
func (r *xmlReader) declares() map[string]int {
	out := map[string]int{}
	for _, name := range []string{"tests", "failures", "errors", "skipped", "disabled"} {
		text := r.s.attr(name)
		if text == "" {
			continue
		}
		if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil && n >= 0 {
			out[name] = n
		} else {
			r.complain(r.s.line, CodeCount, fmt.Sprintf("%s %q is no count", name, cut(text, 40)))
		}
	}
	return out
}

func (r *xmlReader) time(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	at, ok := when(text)
	if !ok {
		r.complain(r.s.line, CodeTime, fmt.Sprintf("the time %q cannot be read", cut(text, 60)))
	}
	return at
}

// duration reads seconds, and tells those that cannot be believed.
func (r *xmlReader) duration(text, of string) (d time.Duration, timed bool) {
	if text == "" {
		return 0, false
	}
	d, timed = took(text, time.Second)
	if !timed {
		r.complain(r.s.line, CodeDuration, fmt.Sprintf("%s took %q seconds, which is not believed", of, cut(text, 40)))
	}
	return d, timed
}

// begin begins a case.
func (r *xmlReader) begin() {
	s := &r.s
	suite := -1
	if n := len(r.open); n > 0 {
		suite = r.open[n-1].suite
	}
	r.now = Case{
		Suite: suite, Class: r.intern(r.name(s.line, s.attr("classname", "class"))), Name: r.name(s.line, s.attr("name")),
		File: r.intern(r.name(s.line, s.attr("file", "filepath"))), Started: r.time(s.attr("timestamp", "started-at")),
	}
	if text := s.attr("time"); text != "" {
		r.now.Took, r.now.Timed = r.duration(text, "a test")
		if !r.now.Timed {
			r.now.Claimed = cut(text, 40)
		}
	}
	r.parts, r.written = caseParts{status: s.attr("status")}, s.attr("line", "lineno")
	for _, name := range []string{"disabled", "skipped", "ignored"} {
		if value := strings.ToLower(s.attr(name)); value == "true" || value == "yes" {
			r.parts.skipped = true
		}
	}
	if result := s.attr("result"); result != "" && (r.parts.status == "" || meaning(result) != Passed) {
		r.parts.status = result
	}
}

// child begins an element of a case.
func (r *xmlReader) child() {
	s, p := &r.s, &r.parts
	var weight int
	switch strings.ToLower(s.name) {
	case "error":
		p.errored, weight = true, 4
		p.runs++
	case "failure":
		p.failed, weight = true, 3
		p.runs++
	case "rerunfailure", "rerunerror":
		p.rerun, weight = true, 1
		p.runs++
	case "flakyfailure", "flakyerror", "rerun":
		p.flaky, weight = true, 1
		p.runs++
	case "skipped", "skip", "ignored", "disabled":
		p.skipped, weight = true, 2
	case "warning":
		p.warned, weight = true, 2
	default:
		return
	}
	r.in, s.keep = s.name, MaxMessage
	if weight <= p.weight {
		r.in, s.keep = "-", 0 // the worst is told already
		return
	}
	p.weight, p.message, p.body = weight, firstOf(s.attr("message"), s.attr("type")), nil
}

func (r *xmlReader) text() {
	switch {
	case r.prop != nil && r.prop.Value == "":
		r.prop.Value = r.s.string(r.s.text)
	case r.in != "" && len(r.parts.body) < MaxMessage:
		r.parts.body = append(r.parts.body, r.s.text[:min(len(r.s.text), MaxMessage-len(r.parts.body))]...)
	}
}

func (r *xmlReader) end() error {
	name := r.top()
	if name != r.s.name {
		return r.s.wrong(fmt.Sprintf("<%s> is closed by </%s>", cut(name, maxTag), cut(r.s.name, maxTag)))
	}
	r.stack = r.stack[:len(r.stack)-1]
	parent := r.top()
	switch {
	case r.prop != nil && name == propertyTag:
		r.given(*r.prop)
		r.prop, r.s.keep = nil, 0
	case name == caseTag && (parent == suiteTag || parent == suitesTag || parent == "testrun"):
		return r.finish()
	case parent == caseTag:
		r.in, r.s.keep = "", 0
	case parent == suiteTag && r.in == name:
		r.in, r.s.keep = "", 0
		r.now.Message = message(firstOf(r.parts.message, r.s.string(r.parts.body)))
		last := &r.open[len(r.open)-1]
		last.own = last.own.with(&r.now)
		return r.add(&r.now)
	case (name == suiteTag || name == suitesTag || name == "testrun") && len(r.open) > 0:
		r.close()
	case r.in != "" && parent != r.in:
		r.s.keep = 0
	}
	return nil
}

// given puts a property to where it was given: a case, a suite or the run.
func (r *xmlReader) given(p Property) {
	owner := ""
	if n := len(r.stack); n >= 2 { //nolint:mnd // properties lie in it
		owner = r.stack[n-2]
	}
	line := r.s.line
	switch owner {
	case caseTag:
		r.now.Properties = r.property(line, r.now.Properties, p.Name, p.Value)
	case suiteTag:
		s := &r.Suites[r.open[len(r.open)-1].suite]
		s.Properties = r.property(line, s.Properties, p.Name, p.Value)
		switch p.Name {
		case "go.version":
			r.Producer = "go"
		case "nunit-version":
			r.Producer = "nunit"
		}
	default:
		r.Properties = r.property(line, r.Properties, p.Name, p.Value)
	}
}

// meaning is the outcome that a word of a tool is of, "" for one that is not known.
func meaning(status string) Outcome {
	switch strings.ToLower(strings.TrimSpace(status)) {
	case "", "run", "ran", "pass", "passed", "success", "successful", "succeeded", "ok", "complete", "completed", "finished", "fixed", "xfail", "xfailed", "expected failure":
		return Passed
	case "fail", "failed", "failure", "broken", "regression", "xpass", "timeout", "timedout", "timed_out", "aborted", "panicked", "interrupted", "killed", "crashed", "ko", "nok", "error", "errored", "undefined":
		return Failed
	case "disabled", "skip", "skipped", "skipping", "notrun", "not_run", "not-run", "notexecuted", "ignored", "ignore", "pending", "suppressed", "inconclusive", "untested", "excluded", "blocked", "filtered":
		return Skipped
	case "todo":
		return Todo
	}
	return Other
}

// finish ends a case: of several things that are said of it the worst counts.
func (r *xmlReader) finish() error {
	x, p := &r.now, &r.parts
	x.Line = r.s.line
	word := meaning(p.status)
	switch {
	case p.errored:
		x.Outcome, x.Kind = Failed, KindError
	case p.failed:
		x.Outcome, x.Kind = Failed, KindFailure
	case word == Failed:
		x.Outcome, x.Kind = Failed, KindFailure
		if strings.HasPrefix(strings.ToLower(p.status), "error") {
			x.Kind = KindError
		}
	case p.skipped || word == Skipped:
		x.Outcome = Skipped
	case word == Todo:
		x.Outcome = Todo
	case p.warned:
		x.Outcome, x.Kind = Other, "warning"
	case word == Other:
		x.Outcome, x.Kind = Other, r.name(x.Line, p.status)
		r.complain(x.Line, CodeStatus, fmt.Sprintf("the status %q is not known: it does not count as passed", cut(p.status, 40)))
	case p.rerun && !p.flaky:
		// Reruns that failed, and no failure that would say that all did.
		x.Outcome, x.Kind = Failed, KindFailure
	case p.flaky:
		x.Outcome = Flaky
	default:
		x.Outcome = Passed
	}
	if p.rerun || p.flaky {
		x.Attempts = p.runs
		if x.Outcome == Flaky {
			x.Attempts++
		}
	}
	if x.Outcome != Passed {
		x.Message = message(firstOf(p.message, r.s.string(p.body)))
	}
	if n := len(r.open); n > 0 {
		r.repeated(&r.open[n-1], x)
		r.open[n-1].own = r.open[n-1].own.with(x)
	}
	return r.add(x)
}

// repeated finds names that stand twice in a suite. Where names are unique (Go's within a
// package, those of pytest), and where both are written in the same line of a file, the
// later one is of another run of the same test.
func (r *xmlReader) repeated(suite *counted, x *Case) {
	if x.Name == "" {
		return
	}
	if suite.seen == nil {
		suite.seen = map[string]string{}
	}
	key := x.Class + "\x00" + x.Name
	at := ""
	if x.File != "" && r.written != "" {
		at = x.File + ":" + r.written
	}
	if first, ok := suite.seen[key]; ok {
		if x.Again = r.Producer == "go" || r.Producer == "pytest" || at != "" && at == first; !x.Again {
			if r.again++; r.again == 1 {
				r.first, r.firstLine = x.Name, x.Line
			}
		}
		return
	}
	suite.seen[key] = at
}

// close ends a suite, and compares what it declares with what it contains.
func (r *xmlReader) close() {
	n := len(r.open) - 1
	suite := r.open[n]
	r.open = r.open[:n]
	all := sum(suite.own, suite.all)
	if n > 0 {
		r.open[n-1].all = sum(r.open[n-1].all, all)
	}
	name := "the report"
	if !suite.group {
		name = fmt.Sprintf("the suite %q", cut(suite.name, 100))
	}
	of := func(c Counts) map[string]int {
		return map[string]int{"tests": c.Tests(), "failures": c.Failed, "errors": c.Errors, "skipped": c.Skipped + c.Todo}
	}
	own, whole := of(suite.own), of(all)
	for _, what := range []string{"tests", "failures", "errors", "skipped"} {
		declared, ok := suite.declared[what]
		if !ok || declared == own[what] || declared == whole[what] {
			continue
		}
		if what == "failures" && declared == own[what]+own["errors"] || what == "failures" && declared == whole[what]+whole["errors"] {
			continue // some tools count errors as failures, too
		}
		if d := declared + suite.declared["disabled"]; what == "skipped" && (d == own[what] || d == whole[what]) {
			continue
		}
		if all.Whole > 0 && declared <= whole[what]+all.Whole && declared > whole[what] {
			continue // a suite that failed is counted as a test
		}
		r.complain(suite.line, CodeCount, fmt.Sprintf("%s declares %s %d, and contains %d", name, what, declared, whole[what]))
		if (what == "tests" || what == "failures") && declared > whole[what] && r.Incomplete == "" {
			r.Incomplete = fmt.Sprintf("%s declares %s %d, and contains %d", name, what, declared, whole[what])
		}
	}
}

func sum(a, b Counts) Counts {
	return Counts{
		a.Passed + b.Passed, a.Flaky + b.Flaky, a.Failed + b.Failed, a.Errors + b.Errors, a.Skipped + b.Skipped,
		a.Todo + b.Todo, a.Other + b.Other, a.Whole + b.Whole,
	}
}

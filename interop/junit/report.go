package junit

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"
)

// Form is what a report is written in.
type Form string

// The forms.
const (
	JUnit  Form = "junit"
	GoTest Form = "gotest"
	TAP    Form = "tap"
	CTRF   Form = "ctrf"
)

// Outcome is what came of a test.
type Outcome string

// The outcomes.
const (
	Passed  Outcome = "passed"
	Flaky   Outcome = "flaky"   // it failed, and passed when it was run again
	Failed  Outcome = "failed"  // Kind says how
	Skipped Outcome = "skipped" // it was not run, whatever its tool calls that
	Todo    Outcome = "todo"    // it is known not to work: neither way of ending says anything
	Other   Outcome = "other"   // a word that is not known: it did not pass, as far as anybody knows
)

// The kinds of failures.
const (
	KindFailure    = "failure" // what was expected did not come
	KindError      = "error"   // the test itself went wrong
	KindUnfinished = "unfinished"
	KindBuild      = "build"   // of a suite: it was not built
	KindSuite      = "suite"   // of a suite: it failed, and none of its tests did
	KindBailOut    = "bailout" // of a run: it was given up
)

// Property is a name with a value that a report gives a case, a suite or the run.
type Property struct{ Name, Value string }

// Suite is a suite, a package or a file of tests.
type Suite struct {
	Name       string
	Parent     int // its place in the list, -1 at the top
	Package    string
	File       string
	Host       string
	Started    time.Time
	Properties []Property
}

// Case is a test and what came of it, or a suite that failed as a whole.
type Case struct {
	Suite      int // its place in the list of suites, -1: of none
	Class      string
	Name       string // "": it has none, and can only be counted
	File       string
	Properties []Property
	Outcome    Outcome
	Kind       string // of a failure; of others the tool's own word, where it is another one
	Message    string // why, of what did not pass; cut to [MaxMessage] bytes, without colours
	Started    time.Time
	Took       time.Duration
	Timed      bool   // Took is known, and can be believed
	Claimed    string // what the report says it took, where that is not to be believed
	Attempts   int    // how often it was run, where that is told; 0: not told
	// Again says that the name stood before in the same suite, of a tool whose names are
	// unique, or in the same line of its source: it was run again, and this is the later
	// result.
	Again bool
	// Whole says that this is no test, but a suite that failed though none of its tests did,
	// was not built, or a run that was given up.
	Whole bool
	// Line is where it ends in the report.
	Line int
}

// Complaint is what looks wrong in a report that can be read all the same.
type Complaint struct {
	Line int
	Code string
	Text string
}

// The codes of complaints.
const (
	CodeCount     = "count"     // another number is declared than is contained
	CodeNoise     = "noise"     // lines that are not of the report
	CodeDuration  = "duration"  // a duration that cannot be, or is in an odd unit
	CodeTime      = "time"      // a time that cannot be read, or is in an odd unit
	CodeName      = "name"      // a name that was cut, or characters that cannot be
	CodeStatus    = "status"    // a word for an outcome that is not known
	CodeNumber    = "number"    // test points that are out of order, or there twice
	CodeEntity    = "entity"    // a reference that means nothing
	CodeProperty  = "property"  // properties that are left out
	CodeUnended   = "unended"   // what began and did not end
	CodeDuplicate = "duplicate" // a name that stands twice in a suite
)

// Report is what a run of tests tells.
type Report struct {
	Form       Form
	Digest     string // SHA-256 of its bytes, in hexadecimal digits
	Size       int64
	Producer   string // "" where it does not tell
	Host       string
	Started    time.Time // of the run, or the first thing in it that has a time; zero: not told
	Properties []Property
	Suites     []Suite
	Cases      []Case
	// Incomplete says why the run did not come to its end, as far as the report shows: "" it
	// did. Some of its tests may be missing.
	Incomplete string
	Complaints []Complaint
	More       int // complaints that are not listed
}

// Counts are how many tests came out how. A flaky test is counted as that, not as passed.
type Counts struct {
	Passed, Flaky, Failed, Errors, Skipped, Todo, Other int
	Whole                                               int // suites that failed as a whole: no tests
}

// Tests is how many there are.
func (c Counts) Tests() int {
	return c.Passed + c.Flaky + c.Failed + c.Errors + c.Skipped + c.Todo + c.Other
}

// with counts one more case.
func (c Counts) with(o *Case) Counts {
	switch {
	case o.Whole:
		c.Whole++
		return c
	case o.Outcome == Failed && o.Kind == KindError:
		c.Errors++
		return c
	}
	switch o.Outcome {
	case Passed:
		c.Passed++
	case Flaky:
		c.Flaky++
	case Failed:
		c.Failed++
	case Skipped:
		c.Skipped++
	case Todo:
		c.Todo++
	case Other:
		c.Other++
	}
	return c
}

// Counts counts the cases.
func (r *Report) Counts() Counts {
	var c Counts
	for n := range r.Cases {
		c = c.with(&r.Cases[n])
	}
	return c
}

// Path returns the names of the suites that a case lies in, the outermost first, with "/"
// between them. Suites without a name are left out.
func (r *Report) Path(c *Case) string { return r.path(c.Suite) }

func (r *Report) path(suite int) string {
	if suite < 0 {
		return ""
	}
	s := &r.Suites[suite]
	if s.Parent < 0 {
		return s.Name
	}
	return strings.Trim(r.path(s.Parent)+"/"+s.Name, "/")
}

// Package returns what a class lies in: the package that the report names, or else the
// class up to its last dot.
func (r *Report) Package(c *Case) string {
	for n := c.Suite; n >= 0; n = r.Suites[n].Parent {
		if p := r.Suites[n].Package; p != "" {
			return p
		}
	}
	if n := strings.LastIndexByte(c.Class, '.'); n > 0 {
		return c.Class[:n]
	}
	return c.Class
}

// At returns when a case ran: its own time, or else that of its suite, or else that of the
// run; zero where nothing is told.
func (r *Report) At(c *Case) time.Time {
	if !c.Started.IsZero() {
		return c.Started
	}
	for n := c.Suite; n >= 0; n = r.Suites[n].Parent {
		if at := r.Suites[n].Started; !at.IsZero() {
			return at
		}
	}
	return r.Started
}

// All yields the properties of a case: its own, then those of its suites from the inside
// out, then those of the run.
func (r *Report) All(c *Case) func(yield func(Property) bool) {
	return func(yield func(Property) bool) {
		for _, p := range c.Properties {
			if !yield(p) {
				return
			}
		}
		for n := c.Suite; n >= 0; n = r.Suites[n].Parent {
			for _, p := range r.Suites[n].Properties {
				if !yield(p) {
					return
				}
			}
		}
		for _, p := range r.Properties {
			if !yield(p) {
				return
			}
		}
	}
}

// collector gathers what a reader finds.
type collector struct {
	Report

	most  int
	line  int // lines before the reader began
	known map[string]string
}

func (c *collector) complain(line int, code, text string) {
	if len(c.Complaints) == MaxComplaints {
		c.More++
		return
	}
	c.Complaints = append(c.Complaints, Complaint{max(line, 1), code, text})
}

// incomplete keeps the first reason.
func (c *collector) incomplete(line int, why string) {
	c.complain(line, CodeUnended, why)
	c.Incomplete = cmp.Or(c.Incomplete, why)
}

// suite adds a suite; at a depth that is too much it is an error.
func (c *collector) suite(line int, s Suite) (int, error) {
	depth := 0
	for n := s.Parent; n >= 0; n = c.Suites[n].Parent {
		depth++
	}
	if depth >= MaxDepth {
		return -1, wrong(line, "too-deep", fmt.Sprintf("suites lie %d deep in each other at most", MaxDepth))
	}
	if len(c.Suites) == c.most {
		return -1, wrong(line, "too-many", fmt.Sprintf("has more than the %d suites that are allowed", c.most))
	}
	c.Suites = append(c.Suites, s)
	return len(c.Suites) - 1, nil
}

// add adds a case.
func (c *collector) add(x *Case) error {
	if len(c.Cases) == c.most {
		return wrong(x.Line, "too-many", fmt.Sprintf("has more than the %d cases that are allowed", c.most))
	}
	c.Cases = append(c.Cases, *x)
	return nil
}

// property adds to a list of properties.
func (c *collector) property(line int, list []Property, name, value string) []Property {
	if name == "" {
		return list
	}
	if len(list) == MaxProperties {
		c.complain(line, CodeProperty, fmt.Sprintf("more than %d properties of one thing: the rest is left out", MaxProperties))
		return list
	}
	return append(list, Property{c.intern(c.name(line, name)), c.name(line, value)})
}

// name makes a name fit, and tells if it had to be cut. What is cut keeps a digest of the
// whole, so that two names that begin alike stay two.
func (c *collector) name(line int, text string) string {
	fit := clean(text, false)
	if len(fit) <= MaxName {
		return fit
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(fit)) // it never fails
	c.complain(line, CodeName, fmt.Sprintf("a name of %d bytes is cut", len(fit)))
	return fmt.Sprintf("%s…%016x", cut(fit, MaxName), h.Sum64())
}

// intern keeps one text of those that are the same.
func (c *collector) intern(text string) string {
	if text == "" {
		return ""
	}
	if s, ok := c.known[text]; ok {
		return s
	}
	if c.known == nil {
		c.known = map[string]string{}
	}
	c.known[text] = text
	return text
}

// done puts together what is known only at the end.
func (c *collector) done() *Report {
	first := func(at time.Time) {
		if !at.IsZero() && (c.Started.IsZero() || at.Before(c.Started)) {
			c.Started = at
		}
	}
	if c.Started.IsZero() {
		for n := range c.Suites {
			first(c.Suites[n].Started)
		}
		for n := range c.Cases {
			first(c.Cases[n].Started)
		}
	}
	if c.Host == "" {
		if n := slices.IndexFunc(c.Suites, func(s Suite) bool { return s.Host != "" }); n >= 0 {
			c.Host = c.Suites[n].Host
		}
	}
	return &c.Report
}

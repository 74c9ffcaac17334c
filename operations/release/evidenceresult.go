package release

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// TestOutcome is what came of a test.
type TestOutcome string

// The outcomes of tests.
const (
	TestPassed  TestOutcome = "passed"
	TestFlaky   TestOutcome = "flaky"   // it failed, and passed when it was run again
	TestFailed  TestOutcome = "failed"  // or went wrong, or did not end
	TestSkipped TestOutcome = "skipped" // or is of no meaning yet: it proves nothing
)

// TestResult is what a report says of one test. A test is told apart from others by its
// suite, class and name.
type TestResult struct {
	Suite      string      `json:"suite,omitempty"` // the names of suites that it lies in, with "/" between them
	Package    string      `json:"package,omitempty"`
	Class      string      `json:"class,omitempty"`
	Name       string      `json:"name,omitempty"`
	Properties []string    `json:"properties,omitempty"` // "key=value"
	Outcome    TestOutcome `json:"outcome"`
	Message    string      `json:"message,omitempty"` // of what did not pass
	At         time.Time   `json:"at,omitzero"`       // zero: that of the report
	// Again says that it is a later result of a test that stands before it in the report.
	Again bool `json:"again,omitempty"`
	// Whole says that this is no test: the suite failed as a whole, and so may have whatever
	// its tests are to prove. A suite of "" is the run.
	Whole bool `json:"whole,omitempty"`
	// Alone says of one that failed as a whole that no suite lies in it, though names of
	// others may begin as its own does: Go's packages do.
	Alone bool `json:"alone,omitempty"`
}

// Limits of results.
const (
	mostTestText       = 2000 // bytes of a name, a class, a suite or a message
	mostTestProperties = 400
	mostFailing        = 20 // failing tests that a cell names; the rest is counted
)

// check adds what is wrong with a result.
func (r *TestResult) check(v *servicecoin.Violations, path string) {
	for _, f := range []struct{ name, text string }{{"suite", r.Suite}, {"package", r.Package}, {"class", r.Class}, {"name", r.Name}, {"message", r.Message}} {
		if len(f.text) > mostTestText*10 {
			v.Add(path+"."+f.name, "too-long", f.text, fmt.Sprintf("has %d bytes, %d are allowed", len(f.text), mostTestText*10))
		}
	}
	v.Limit(path+".properties", len(r.Properties), mostTestProperties*2)
	switch r.Outcome {
	case TestPassed, TestFlaky, TestSkipped:
		if r.Whole {
			v.Add(path+".whole", "not-allowed", "", "is of a suite that failed")
		}
	case TestFailed:
	default:
		v.Add(path+".outcome", "unknown", string(r.Outcome), "must be passed, flaky, failed or skipped")
	}
}

// Called returns how a test is called: suite, class and name, without what repeats what
// came before.
func (r *TestResult) Called() string {
	name := cmp.Or(r.Name, "(no name)")
	if r.Whole {
		name = "(the suite as a whole)"
	}
	class := r.Class
	if class == r.Suite || strings.HasSuffix(r.Suite, "/"+class) {
		class = ""
	}
	parts := []string{r.Suite, class, name}
	out := ""
	for _, p := range parts {
		if p == "" {
			continue
		}
		if out != "" {
			out += "/"
		}
		out += p
	}
	return out
}

// key tells tests apart.
func (r *TestResult) key() string {
	return r.Suite + "\x00" + r.Class + "\x00" + r.Name
}

// TestCounts are how many tests came out how.
type TestCounts struct {
	Passed  int `json:"passed"` // the flaky ones among them
	Flaky   int `json:"flaky"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

func (c *TestCounts) add(o TestOutcome) {
	switch o {
	case TestPassed:
		c.Passed++
	case TestFlaky:
		c.Passed++
		c.Flaky++
	case TestFailed:
		c.Failed++
	case TestSkipped:
		c.Skipped++
	}
}

// worse reports whether an outcome is worse than another one.
func (o TestOutcome) worse(than TestOutcome) bool { return o.rank() > than.rank() }

func (o TestOutcome) rank() int {
	switch o {
	case TestSkipped:
		return 0
	case TestPassed:
		return 1
	case TestFlaky:
		return 2
	case TestFailed:
		return 3
	}
	return -1
}

package release

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// TestPattern says which tests prove something: those that fit all that is given. In each
// field * stands for any characters, none too, and \ before one of these two for itself: any
// other \ is one, as in the names of PHP's classes.
type TestPattern struct {
	Suite   string `json:"suite,omitempty"` // the whole path of suites, or the name of any in it
	Package string `json:"package,omitempty"`
	Class   string `json:"class,omitempty"`
	Name    string `json:"name,omitempty"`
	// Property is "key=value", with a * in either: "requirement=REQ-*".
	Property string `json:"property,omitempty"`
}

// Proof is what proves a feature.
type Proof struct {
	Feature FeatureID     `json:"feature"`
	Tests   []TestPattern `json:"tests"` // those that fit any of them
	// MaxAge is how old evidence may be; nil: as old as it is. What has no time is older.
	MaxAge calendar.Duration `json:"maxAge"`
	// Environments must each prove it; none: one of them does, whichever it is.
	Environments []string `json:"environments,omitempty"`
	// From is the stage from which on it must be proven; "": in any, and where the feature is
	// not defined.
	From Stage `json:"from,omitempty"`
	// Optional says that it need not be proven for a version to be certified.
	Optional bool `json:"optional,omitempty"`
}

// FlakyPolicy says what a test proves that failed and passed when it was run again.
type FlakyPolicy string

// The policies for flaky tests.
const (
	FlakyProves FlakyPolicy = "proves" // as one that passed, and is told
	FlakyBreaks FlakyPolicy = "breaks" // as one that failed
)

// CutPolicy says what passed tests of a run prove that did not come to its end.
type CutPolicy string

// The policies for runs that did not come to their end.
const (
	CutProves  CutPolicy = "proves"  // as those of a whole one, and is told
	CutNothing CutPolicy = "nothing" // nothing: what failed failed all the same
)

// ProofRules are what proves the features of a platform, and the policies of that.
type ProofRules struct {
	Proofs []Proof     `json:"proofs"`
	Flaky  FlakyPolicy `json:"flaky,omitempty"` // "": proves
	Cut    CutPolicy   `json:"cut,omitempty"`   // "": proves
}

// Limits of rules.
const (
	mostProofs       = 2000
	mostPatterns     = 100
	mostPattern      = 500
	mostEnvironments = 20
	mostEnvironment  = 100
	mostFeature      = 200
	mostRulesBody    = 200 << 10
)

// Validate reports every violation of the rules.
func (r *ProofRules) Validate() error {
	var v servicecoin.Violations
	if !v.Limit("proofs", len(r.Proofs), mostProofs) {
		return v.Err()
	}
	seen := make(map[FeatureID]int, len(r.Proofs))
	for n := range r.Proofs {
		p := &r.Proofs[n]
		path := fmt.Sprintf("proofs[%d]", n)
		p.check(&v, path)
		if first, ok := seen[p.Feature]; ok {
			v.Add(path+".feature", "duplicate", string(p.Feature), fmt.Sprintf("is that of proofs[%d]", first))
		} else {
			seen[p.Feature] = n
		}
	}
	switch r.Flaky {
	case "", FlakyProves, FlakyBreaks:
	default:
		v.Add("flaky", "unknown", string(r.Flaky), "must be proves or breaks")
	}
	switch r.Cut {
	case "", CutProves, CutNothing:
	default:
		v.Add("cut", "unknown", string(r.Cut), "must be proves or nothing")
	}
	return v.Err()
}

func (p *Proof) check(v *servicecoin.Violations, path string) {
	v.Text(path+".feature", string(p.Feature), 1, mostFeature)
	if len(p.Tests) == 0 {
		v.Add(path+".tests", "required", "", "must say which tests prove it")
	}
	if v.Limit(path+".tests", len(p.Tests), mostPatterns) {
		for n, t := range p.Tests {
			t.check(v, fmt.Sprintf("%s.tests[%d]", path, n))
		}
	}
	if p.From != "" && !p.From.Known() {
		v.Add(path+".from", "unknown", string(p.From), "must be a stage")
	}
	if age, set := p.MaxAge.Get(); set && age <= 0 {
		v.Add(path+".maxAge", "not-positive", "", "must be more than nothing")
	}
	if v.Limit(path+".environments", len(p.Environments), mostEnvironments) {
		seen := map[string]bool{}
		for n, e := range p.Environments {
			where := fmt.Sprintf("%s.environments[%d]", path, n)
			v.Text(where, e, 1, mostEnvironment)
			if seen[e] {
				v.Add(where, "duplicate", e, "stands there before")
			}
			seen[e] = true
		}
	}
}

func (t TestPattern) check(v *servicecoin.Violations, path string) {
	if t == (TestPattern{}) {
		v.Add(path, "required", "", "must name a suite, a package, a class, a name or a property")
	}
	for _, f := range t.fields() {
		where := path + "." + f.name
		before := v.Len()
		v.Text(where, f.text, 0, mostPattern)
		if v.Len() > before || f.text == "" {
			continue
		}
		if !utf8.ValidString(f.text) || strings.HasSuffix(trimEscapes(f.text), `\`) {
			v.Add(where, "bad-pattern", f.text, `must be text, and end with no \ that stands alone`)
		}
	}
	if t.Property != "" && !strings.Contains(t.Property, "=") {
		v.Add(path+".property", "bad-pattern", t.Property, `must be "key=value"`)
	}
}

// trimEscapes leaves out each \ with the character after it.
func trimEscapes(text string) string {
	var b strings.Builder
	for n := 0; n < len(text); n++ {
		if text[n] == '\\' && n+1 < len(text) {
			n++
			continue
		}
		b.WriteByte(text[n])
	}
	return b.String()
}

// The fields of a result that patterns look at.
const (
	ofSuite = iota
	ofPackage
	ofClass
	ofName
	ofProperty
	fieldsOfResult
)

type patternField struct {
	name string
	of   int
	text string
}

func (t TestPattern) fields() [fieldsOfResult]patternField {
	return [fieldsOfResult]patternField{
		{"suite", ofSuite, t.Suite}, {"package", ofPackage, t.Package}, {"class", ofClass, t.Class}, {"name", ofName, t.Name}, {"property", ofProperty, t.Property},
	}
}

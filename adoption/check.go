package adoption

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Finding is one gap of a journey's design.
type Finding struct {
	Code string `json:"code"` // one of the codes below, stable
	Path string `json:"path"` // where, as in JSON: "touchpoints[2].owner"
	Text string `json:"text"` // for people; names the touchpoint
}

// The codes of findings.
const (
	FindingNoTouchpoint = "no-touchpoint"  // a required kind has none
	FindingNoOwner      = "no-owner"       // nobody answers for it
	FindingNoMessage    = "no-message"     // nothing is said
	FindingNoMeasure    = "no-measure"     // nobody would know whether it went well
	FindingNoTarget     = "no-target"      // something is measured, and nothing aimed at
	FindingNoTest       = "no-test"        // it has no acceptance test
	FindingNeverRun     = "test-never-run" // its test was not run by then
	FindingFailed       = "test-failed"    // its test failed when it was run last
	FindingStale        = "test-stale"     // its test passed longer ago than it may
)

// String returns "path: text (code)".
func (f Finding) String() string { return f.Path + ": " + f.Text + " (" + f.Code + ")" }

// Findings are gaps in a fixed order: kinds that are missing first, in the
// order of [RequiredKinds] and then of services, then touchpoint by touchpoint.
type Findings []Finding

// String returns a line for each finding.
func (f Findings) String() string {
	var b strings.Builder
	for _, x := range f {
		b.WriteString(x.String() + "\n")
	}
	return b.String()
}

// Err returns nil if there is no finding, and otherwise an
// [*servicecoin.InvalidError] with a violation for each: what a host's own
// test fails on.
func (f Findings) Err() error {
	var v servicecoin.Violations
	for _, x := range f {
		v.Add(x.Path, x.Code, "", x.Text)
	}
	return v.Err()
}

// Except returns the findings that have none of the codes: a test of the design
// alone leaves out how the acceptance tests went.
func (f Findings) Except(codes ...string) Findings {
	return slices.DeleteFunc(slices.Clone(f), func(x Finding) bool { return slices.Contains(codes, x.Code) })
}

// Check names what the journey lacks at an instant: a touchpoint of each
// required kind, and for every touchpoint an owner, a message, a measure with a
// target, and an acceptance test that passed and is not too old. Nil is none.
//
// With services, each of them needs each kind: by a touchpoint of its own or by
// one for all. Without, a kind is there if any touchpoint has it.
func (j *Journey) Check(at time.Time, services ...servicecoin.ServiceID) Findings {
	findings := missing([]Journey{*j}, services)
	return append(findings, j.gaps("", at)...)
}

// CheckAll checks several journeys as one design: each required kind by any of
// them, and every touchpoint of all. Paths begin with the journey's id.
func CheckAll(at time.Time, services []servicecoin.ServiceID, journeys ...Journey) Findings {
	findings := missing(journeys, services)
	for _, j := range journeys {
		findings = append(findings, j.gaps(string(j.ID)+".", at)...)
	}
	return findings
}

// missing finds the required kinds that no touchpoint has.
func missing(journeys []Journey, services []servicecoin.ServiceID) Findings {
	has := func(kind TouchpointKind, fits func(servicecoin.ServiceID) bool) bool {
		return slices.ContainsFunc(journeys, func(j Journey) bool {
			return slices.ContainsFunc(j.Touchpoints, func(t Touchpoint) bool { return t.Kind == kind && fits(t.Service) })
		})
	}
	wanted := slices.Clone(services)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	var findings Findings
	for _, kind := range RequiredKinds() {
		path := "kinds." + string(kind)
		if len(wanted) == 0 && !has(kind, func(servicecoin.ServiceID) bool { return true }) {
			findings = append(findings, Finding{FindingNoTouchpoint, path, "no touchpoint of kind " + string(kind)})
		}
		for _, service := range wanted {
			if !has(kind, func(s servicecoin.ServiceID) bool { return s == "" || s == service }) {
				findings = append(findings, Finding{
					FindingNoTouchpoint, path + "[" + string(service) + "]", "no touchpoint of kind " + string(kind) + " for service " + string(service),
				})
			}
		}
	}
	return findings
}

// gaps finds what each touchpoint lacks.
func (j *Journey) gaps(prefix string, at time.Time) Findings {
	var findings Findings
	for i, t := range j.Touchpoints {
		add := func(code, field, text string) {
			findings = append(findings, Finding{code, fmt.Sprintf("%stouchpoints[%d].%s", prefix, i, field), "touchpoint " + string(t.ID) + " " + text})
		}
		if t.Owner == "" {
			add(FindingNoOwner, "owner", "has no owner")
		}
		if blank(t.Message) {
			add(FindingNoMessage, "message", "has no message")
		}
		switch {
		case blank(t.Measure.Text):
			add(FindingNoMeasure, "measure.text", "has no measure")
		case blank(t.Measure.Target):
			add(FindingNoTarget, "measure.target", "has a measure without a target")
		}
		last, most := t.Test.Last, j.allowed(t)
		switch {
		case blank(t.Test.Reference):
			add(FindingNoTest, "test.reference", "has no acceptance test")
		case last == (Run{}):
			add(FindingNeverRun, "test.last", "was never tested")
		case last.At.After(at):
			add(FindingNeverRun, "test.last", "was not tested by "+lifecycle.Stamp(at))
		case last.Result != Passed:
			add(FindingFailed, "test.last", "failed its test at "+lifecycle.Stamp(last.At))
		case at.Sub(last.At) > most:
			add(FindingStale, "test.last", fmt.Sprintf("passed its test at %s, more than %d days ago", lifecycle.Stamp(last.At), most/day))
		}
	}
	return findings
}

const day = 24 * time.Hour

// allowed returns how old a passed test of a touchpoint may be.
func (j *Journey) allowed(t Touchpoint) time.Duration {
	days := DefaultTestDays
	switch {
	case t.Test.MaxDays > 0:
		days = t.Test.MaxDays
	case j.TestDays > 0:
		days = j.TestDays
	}
	return time.Duration(days) * day
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

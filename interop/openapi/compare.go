package openapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/version"
)

// Level is what a change does to those who call.
type Level string

// The levels, the worst first.
const (
	Breaking Level = "breaking" // what worked before does not work, or may not be understood
	Risky    Level = "risky"    // it depends on how they call
	Harmless Level = "harmless"
)

func (l Level) rank() int { return slices.Index([]Level{Breaking, Risky, Harmless}, l) }

// Change is one difference.
type Change struct {
	Level     Level  `json:"level"`
	Code      string `json:"code"`                // stable, for programs: oasdiff's, or one of the Code constants
	Operation string `json:"operation,omitempty"` // GET /api/test; empty where it is of the whole API
	Text      string `json:"text"`                // for people, in English
}

// Finding is something that the one who publishes the revision should not do.
type Finding struct {
	Code      string `json:"code"`
	Operation string `json:"operation,omitempty"`
	Text      string `json:"text"`
}

// The codes of findings, and of the changes that are judged here.
const (
	CodeBreakingVersion = "breaking-without-major" // breaking, and the version is not a new major one
	CodeVersionSame     = "version-unchanged"      // something changed, and the version is the same
	CodeVersionBack     = "version-back"           // the version is below the one before
	CodeBeforeSunset    = "removed-before-sunset"
	CodeNotDeprecated   = "removed-not-deprecated"
	CodeNoSunset        = "removed-without-sunset"   // it was deprecated, and no day was given
	CodeAfterSunset     = "removed-after-sunset"     // as was told
	CodeBadSunset       = "bad-sunset"               // the sunset that is given is no day
	CodeUnstable        = "removed-unstable"         // it was a draft or an alpha
	CodeForbids         = "request-schema-not-added" // "not" forbids what was allowed
)

// Difference is what changed between two revisions.
type Difference struct {
	Before   Document      `json:"before"`
	After    Document      `json:"after"`
	Counts   map[Level]int `json:"counts"`            // of all changes, those that are not listed too
	Changes  []Change      `json:"changes,omitempty"` // the worst first, at most MaxChanges
	More     int           `json:"more,omitempty"`    // changes that are not listed
	Findings []Finding     `json:"findings,omitempty"`
}

// Breaks reports whether anything breaks.
func (d *Difference) Breaks() bool { return d.Counts[Breaking] > 0 }

// Compare returns what changed from one revision to the next. What was deprecated may be
// gone from its sunset on, which is judged as of a day. The paths of an error begin with
// "before" or "after".
func Compare(before, after []byte, asOf calendar.Date) (d *Difference, err error) {
	var v servicecoin.Violations
	v.Merge("asOf", asOf.Validate())
	a, errA := read(before)
	v.Merge("before", errA)
	b, errB := read(after)
	v.Merge("after", errB)
	if err := v.Err(); err != nil {
		return nil, err
	}
	defer func() {
		if broken := recover(); broken != nil {
			v.Add("", "uncomparable", "", "the documents cannot be compared: "+short(fmt.Sprint(broken)))
			d, err = nil, v.Err()
		}
	}()
	report, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), &load.SpecInfo{Spec: a.api}, &load.SpecInfo{Spec: b.api})
	if err != nil {
		v.Add("", "uncomparable", "", "the documents cannot be compared: "+short(err.Error()))
		return nil, v.Err()
	}
	d = &Difference{Before: a.Document, After: b.Document, Counts: map[Level]int{Breaking: 0, Risky: 0, Harmless: 0}}
	config := checker.NewConfig(checker.GetAllChecks(), checker.WithStabilityLevel(checker.StabilityDraft))
	texts := checker.NewDefaultLocalizer()
	for _, c := range checker.CheckBackwardCompatibilityUntilLevel(config, report, sources, checker.INFO) {
		if judgedHere(c.GetId()) {
			continue
		}
		d.Changes = append(d.Changes, Change{levelOf(c.GetLevel()), c.GetId(), operationOf(c), short(c.GetUncolorizedText(texts))})
	}
	d.removals(a, b, asOf)
	d.forbidden(a, b)
	d.count()
	d.version()
	return d, nil
}

// judgedHere are the rules of oasdiff that others of this package stand for: they ask the
// clock, leave out what is a draft, or know only two of the ways to write a version.
func judgedHere(id string) bool {
	switch id {
	case checker.APIPathRemovedWithoutDeprecationId, checker.APIPathRemovedWithDeprecationId, checker.APIPathRemovedBeforeSunsetId,
		checker.APIPathSunsetParseId, checker.APIRemovedWithoutDeprecationId, checker.APIRemovedWithDeprecationId, checker.APIRemovedBeforeSunsetId,
		"api-version-not-bumped", "api-major-version-not-bumped":
		return true
	}
	return false
}

func levelOf(l checker.Level) Level {
	if l == checker.ERR {
		return Breaking
	}
	if l == checker.WARN {
		return Risky
	}
	return Harmless
}

func operationOf(c checker.Change) string {
	return strings.TrimSpace(c.GetOperation() + " " + c.GetPath())
}

// removals judges what is gone. A path that only names its parameters otherwise is the
// same one.
func (d *Difference) removals(a, b revision, asOf calendar.Date) {
	left := map[string]bool{}
	for _, op := range operations(b.api) {
		left[nameless(op.name)] = true
	}
	for _, op := range operations(a.api) {
		if left[nameless(op.name)] {
			continue
		}
		sunset, bad := sunsetOf(op.value)
		stability, _ := op.value.Extensions["x-stability-level"].(string)
		switch {
		case stability == checker.StabilityDraft || stability == checker.StabilityAlpha:
			d.add(Harmless, CodeUnstable, op.name, "is gone; its stability was "+stability)
		case !op.value.Deprecated:
			d.add(Breaking, CodeNotDeprecated, op.name, "is gone, and was not deprecated before")
		case bad != "":
			d.add(Breaking, CodeBadSunset, op.name, fmt.Sprintf("is gone; its sunset %q is no day", bad))
		case sunset.IsZero():
			d.add(Risky, CodeNoSunset, op.name, "is gone; it was deprecated, and no day was given")
		case asOf.Compare(sunset) < 0:
			d.add(Breaking, CodeBeforeSunset, op.name, fmt.Sprintf("is gone on %s, before its sunset on %s", asOf, sunset))
			d.Findings = append(d.Findings, Finding{CodeBeforeSunset, op.name, fmt.Sprintf("%s is taken away on %s, and its sunset is %s", op.name, asOf, sunset)})
		default:
			d.add(Harmless, CodeAfterSunset, op.name, fmt.Sprintf("is gone, as its sunset on %s had told", sunset))
		}
	}
}

// nameless takes the names of parameters out of a path.
func nameless(name string) string {
	var b strings.Builder
	inside := false
	for _, r := range name {
		switch r {
		case '{':
			inside = true
			b.WriteRune(r)
		case '}':
			inside = false
			b.WriteRune(r)
		default:
			if !inside {
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}

func (d *Difference) add(l Level, code, operation, text string) {
	d.Changes = append(d.Changes, Change{l, code, operation, text})
}

// count sorts and counts the changes, and keeps those that a person may read.
func (d *Difference) count() {
	slices.SortStableFunc(d.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Level.rank(), b.Level.rank()), cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Text, b.Text))
	})
	for _, c := range d.Changes {
		d.Counts[c.Level]++
	}
	if more := len(d.Changes) - MaxChanges; more > 0 {
		d.Changes, d.More = d.Changes[:MaxChanges], more
	}
}

// version judges whether the version says what happened.
func (d *Difference) version() {
	before, after := d.Before.Version, d.After.Version
	if len(d.Changes) == 0 {
		return
	}
	a, errA := version.ParseLoose(before)
	b, errB := version.ParseLoose(after)
	// A day or a year says when, and nothing of what breaks.
	known := errA == nil && errB == nil && !isCalendar(a) && !isCalendar(b)
	same := before == after || errA == nil && errB == nil && a.Compare(b) == 0
	add := func(code, text string) { d.Findings = append(d.Findings, Finding{Code: code, Text: text}) }
	if known && a.Compare(b) > 0 {
		add(CodeVersionBack, fmt.Sprintf("the version goes back from %s to %s", before, after))
	}
	switch {
	case d.Breaks() && same:
		add(CodeBreakingVersion, fmt.Sprintf("%s, and the version is still %s", broken(d.Counts[Breaking]), before))
	case d.Breaks() && known && !newMajor(a, b):
		add(CodeBreakingVersion, fmt.Sprintf("%s, and the version goes from %s to %s: no new major one", broken(d.Counts[Breaking]), before, after))
	case same:
		add(CodeVersionSame, "something changed, and the version is still "+before)
	}
}

func broken(n int) string {
	if n == 1 {
		return "one change breaks"
	}
	return fmt.Sprintf("%d changes break", n)
}

// newMajor reports whether a version may break what another promised: before 1.0 the second
// number counts.
func newMajor(a, b version.Version) bool {
	return b.Major > a.Major || a.Major == 0 && b.Major == 0 && b.Minor > a.Minor
}

// isCalendar reports whether a version is a calendar version: 2024-06-01, 2024.2.
func isCalendar(v version.Version) bool {
	const first, last = 1990, 2999
	return v.Major >= first && v.Major <= last
}

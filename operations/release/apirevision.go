package release

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/version"
)

// Revision is an API in one version of its platform.
type Revision struct {
	API      APIID         `json:"api"`
	Version  string        `json:"version"` // of the platform
	Released calendar.Date `json:"released"`
	// Own is the version that its description gives itself, Document the digest of that,
	// "sha256:…"; "": not known. The same digest is the same description.
	Own      string `json:"own,omitempty"`
	Document string `json:"document,omitempty"`
	// Gone: the platform does not have the API any more from this version on.
	Gone        bool         `json:"gone,omitempty"`
	Differences *Differences `json:"differences,omitempty"`
	// Findings are what should not have been: those of the comparison, and those of this
	// package's rules. A revision is kept all the same: it is a fact.
	Findings []APIFinding `json:"findings,omitempty"`

	By servicecoin.Actor `json:"by"`
	At time.Time         `json:"at"`
}

// Differences are what changed since another version of the platform, as whoever compared
// the two descriptions says: interop/openapi does for OpenAPI.
type Differences struct {
	Since    string      `json:"since"` // the version of the platform it was compared with
	Breaking int         `json:"breaking"`
	Risky    int         `json:"risky"`
	Harmless int         `json:"harmless"`
	Changes  []APIChange `json:"changes,omitempty"` // the worst first, as many as matter
}

// Total is how many changes there are.
func (d *Differences) Total() int { return d.Breaking + d.Risky + d.Harmless }

// APIChange is one change of an API.
type APIChange struct {
	Level     string `json:"level"` // breaking, risky or harmless
	Code      string `json:"code,omitempty"`
	Operation string `json:"operation,omitempty"` // GET /orders
	Text      string `json:"text"`
}

// APIFinding is something of an API or a binding that should not be.
type APIFinding struct {
	Code      string `json:"code"`
	Operation string `json:"operation,omitempty"`
	Text      string `json:"text"`
}

// The codes of findings of APIs. They are those of interop/openapi where that has them.
const (
	BreakingWithoutMajor = "breaking-without-major"
	OwnVersionSame       = "version-unchanged"
	GoneBeforeSunset     = "removed-before-sunset"
	GoneWithoutSunset    = "removed-without-sunset"
)

const (
	maxChanges   = 200
	maxFindings  = 50
	maxCount     = 1_000_000
	maxRevisions = 500 // of an API
	maxBindings  = 40  // of an API: the work for all is opened at once
)

// Validate reports every violation.
func (r Revision) Validate() error {
	var v servicecoin.Violations
	v.ID("api", string(r.API))
	readVersion(&v, "version", r.Version)
	v.Merge("released", r.Released.Validate())
	v.Text("own", r.Own, 0, maxName)
	v.Text("document", r.Document, 0, maxName)
	if d := r.Differences; d != nil {
		readVersion(&v, "differences.since", d.Since)
		for name, n := range map[string]int{"breaking": d.Breaking, "risky": d.Risky, "harmless": d.Harmless} {
			if n < 0 || n > maxCount {
				v.Add("differences."+name, "out-of-range", strconv.Itoa(n), fmt.Sprintf("must be from 0 to %d", maxCount))
			}
		}
		if v.Limit("differences.changes", len(d.Changes), maxChanges) {
			for n, c := range d.Changes {
				path := fmt.Sprintf("differences.changes[%d]", n)
				oneOf(&v, path+".level", c.Level, []string{"breaking", "risky", "harmless"})
				v.Text(path+".code", c.Code, 0, maxName)
				v.Text(path+".operation", c.Operation, 0, maxItem)
				v.Text(path+".text", c.Text, 1, maxItem)
			}
		}
	}
	if v.Limit("findings", len(r.Findings), maxFindings) {
		for n, f := range r.Findings {
			path := fmt.Sprintf("findings[%d]", n)
			v.Text(path+".code", f.Code, 1, maxName)
			v.Text(path+".operation", f.Operation, 0, maxItem)
			v.Text(path+".text", f.Text, 1, maxItem)
		}
	}
	if v.Len() == 0 {
		lifecycle.Room(&v, "", r, maxBody)
	}
	return v.Err()
}

// prerelease reports whether the version of the platform is one.
func (r Revision) prerelease() bool {
	v, err := version.ParseLoose(r.Version)
	return err == nil && v.Prerelease() != ""
}

// Judge returns what should not be about a revision, next to the one before it, nil where
// there is none: a stable API that breaks without a new major version, a description that
// changed under its old version, an API that is gone without a sunset or before it. Before
// 1.0 the second number counts as the major one, and calendar versions say nothing of what
// breaks.
func (a API) Judge(before *Revision, r Revision) []APIFinding {
	var out []APIFinding
	if r.Gone {
		switch {
		case a.Stability == Experimental:
		case a.Sunset.IsZero():
			out = append(out, APIFinding{Code: GoneWithoutSunset, Text: fmt.Sprintf("%s is gone in %s, and no sunset was given", a.Name, r.Version)})
		case r.Released.Compare(a.Sunset) < 0:
			out = append(out, APIFinding{Code: GoneBeforeSunset, Text: fmt.Sprintf("%s is gone in %s of %s, before its sunset on %s", a.Name, r.Version, r.Released, a.Sunset)})
		}
		return out
	}
	if before == nil || before.Own == "" || r.Own == "" {
		return nil
	}
	breaks := r.Differences != nil && r.Differences.Breaking > 0
	changed := breaks || before.Document != "" && r.Document != "" && before.Document != r.Document
	switch p, q, known := numbers(before.Own, r.Own); {
	case breaks && a.Stability != Experimental && (before.Own == r.Own || known && !newMajor(p, q)):
		out = append(out, APIFinding{Code: BreakingWithoutMajor, Text: fmt.Sprintf("it breaks what callers of %s rely on, and its version goes from %s to %s", before.Version, before.Own, r.Own)})
	case changed && before.Own == r.Own:
		out = append(out, APIFinding{Code: OwnVersionSame, Text: "its description changed, and its version is still " + r.Own})
	}
	return out
}

// numbers reads two versions that number what breaks; false: they do not.
func numbers(a, b string) (p, q version.Version, ok bool) {
	p, errP := version.ParseLoose(a)
	q, errQ := version.ParseLoose(b)
	const first, last = 1990, 2999 // years
	day := func(v version.Version) bool { return v.Major >= first && v.Major <= last }
	return p, q, errP == nil && errQ == nil && !day(p) && !day(q)
}

func newMajor(a, b version.Version) bool {
	return b.Major > a.Major || a.Major == 0 && b.Major == 0 && b.Minor > a.Minor
}

// joined adds findings that are not there yet, so many as there is room for.
func joined(list, more []APIFinding) []APIFinding {
	list = slices.Clone(list)
	for _, f := range more {
		same := func(g APIFinding) bool { return g.Code == f.Code && g.Operation == f.Operation }
		if !slices.ContainsFunc(list, same) && len(list) < maxFindings {
			list = append(list, f)
		}
	}
	return list
}

// byVersion orders revisions, the oldest version first.
func byVersion(list []Revision) {
	slices.SortStableFunc(list, func(a, b Revision) int {
		return cmp.Or(compare(a.Version, b.Version), cmp.Compare(a.Version, b.Version))
	})
}

// beforeOf returns the last revision below a version that is not gone, nil if there is none.
// The list is in order.
func beforeOf(list []Revision, text string) *Revision {
	for n := len(list) - 1; n >= 0; n-- {
		if compare(list[n].Version, text) < 0 && !list[n].Gone && (list[n].Own != "" || list[n].Document != "") {
			return &list[n]
		}
	}
	return nil
}

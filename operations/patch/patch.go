// Package patch models how what runs is kept current: which flaws are known, what they
// concern, by when that is to be mended, and when each target can be.
//
// It answers: does this advisory concern what we run, in the version that runs, and by
// when must that be patched; what did an import bring that is new, and whose deadline was
// brought forward; when is each target patched, and what cannot be before its deadline; how
// far is each ring, what halted it, and what does it wait for; who was compliant at the
// deadline, by what was seen?
//
// A [Bulletin] is what one source publishes of a flaw, an [Advisory] all that is known of
// it. [Policy] makes deadlines, [Advisory.Match] says what it means for a [Component].
// [Advisories] keeps them, in a view of the provider's partition. [Place] gives each
// [Target] a slot, ring by ring, in its customer's own windows, and tells beforehand what
// cannot be done in time, and why. [Comply] says what was compliant at an instant, by what
// had been seen by then.
//
// [Cycles] keeps such a plan as jobs, the slots of one ring, customer and window: what came
// of each target is reported, a [Gate] lets the next ring begin or halts the cycle until a
// person resumes it, and what is not begun may be planned anew. A [Routine] is a cycle that
// comes again and again. [Sightings] keeps what was seen of a customer's targets,
// [Exemptions] what they may go without.
//
// # Errors
//
// A malformed document, term or report is an [*servicecoin.InvalidError] with all that is
// wrong; what the state of a cycle forbids is a [*servicecoin.RefusedError].
package patch

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/version"
)

// Severity is how bad a flaw is, in the words of CVSS.
type Severity string

// The severities. An unknown one is not low: nobody has said.
const (
	Unknown  Severity = "unknown"
	None     Severity = "none"
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// Severities returns all of them, the least bad first; unknown counts as the least.
func Severities() []Severity { return []Severity{Unknown, None, Low, Medium, High, Critical} }

// AtLeast reports whether a severity is as bad as another one, or worse.
func (s Severity) AtLeast(o Severity) bool {
	return slices.Index(Severities(), s) >= slices.Index(Severities(), o)
}

// SeverityOf returns the word of a CVSS score, as FIRST's qualitative scale has it for
// 3.x and 4.0: 0 none, below 4 low, below 7 medium, below 9 high. An undefined score, and
// one that no score can be, is unknown.
func SeverityOf(score decimal.NullDecimal) Severity {
	const low, medium, high, most = 4, 7, 9, 10
	s := score.Decimal
	switch {
	case !score.Valid, s.IsNegative(), s.GreaterThan(decimal.NewFromInt(most)):
		return Unknown
	case s.IsZero():
		return None
	case s.LessThan(decimal.NewFromInt(low)):
		return Low
	case s.LessThan(decimal.NewFromInt(medium)):
		return Medium
	case s.LessThan(decimal.NewFromInt(high)):
		return High
	}
	return Critical
}

// Bulletin is what one source publishes of one flaw: a record of OSV, a vulnerability of a
// CSAF document, an entry of CISA's list of those that are exploited.
type Bulletin struct {
	Source  string   `json:"source"`            // "osv", "csaf", "kev", or the host's own word
	ID      string   `json:"id"`                // as the source names it
	Aliases []string `json:"aliases,omitempty"` // other names of the same flaw: bulletins meet on these
	Title   string   `json:"title,omitempty"`
	Text    string   `json:"text,omitempty"`

	Severity Severity            `json:"severity,omitempty"` // "": by its score
	Score    decimal.NullDecimal `json:"score"`              // of CVSS, 0 to 10; null: there is none
	Vector   string              `json:"vector,omitempty"`   // that the score was reckoned from

	Published time.Time     `json:"published,omitzero"` // zero: not known
	Modified  time.Time     `json:"modified,omitzero"`
	Withdrawn time.Time     `json:"withdrawn,omitzero"` // it was a mistake, or is another one's
	Exploited calendar.Date `json:"exploited,omitzero"` // since when it is known to be exploited
	Due       calendar.Date `json:"due,omitzero"`       // the last day that the source gives
	// Ransomware says that it is known to be used by those who demand ransom.
	Ransomware bool `json:"ransomware,omitempty"`

	Products   []Product `json:"products,omitempty"`
	References []string  `json:"references,omitempty"`
}

// Standing is what a bulletin says of a product.
type Standing string

// The standings, in the words of VEX.
const (
	Affected    Standing = "affected"
	Fixed       Standing = "fixed"
	NotAffected Standing = "notAffected"
	Open        Standing = "open" // under investigation: nobody knows yet
)

// Product is what a bulletin speaks of, and in which of its versions.
type Product struct {
	Component

	Standing Standing `json:"standing,omitempty"` // "": affected
	// Spans and Versions are the versions that it speaks of; none of both: all, or the one
	// that the component names.
	Spans    []Span   `json:"spans,omitempty"`
	Versions []string `json:"versions,omitempty"`
	Remedy   string   `json:"remedy,omitempty"` // what is to be done; "" is not known
}

// Span is versions from the first one that has the flaw: to before the one that mends it,
// or to the last one that has it.
type Span struct {
	Introduced string `json:"introduced,omitempty"` // "": from the first version on
	Fixed      string `json:"fixed,omitempty"`
	Last       string `json:"last,omitempty"`
}

// Component is a piece of software: by its package URL, or by who makes it and its name.
type Component struct {
	PURL    string `json:"purl,omitempty"` // without a version: pkg:maven/org.jenkins-ci.main/jenkins-core
	Vendor  string `json:"vendor,omitempty"`
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
	// Scheme is the order of its versions; "": that of the type of the package URL.
	Scheme version.Scheme `json:"scheme,omitempty"`
}

// The limits of a bulletin.
const (
	maxID       = 200
	maxText     = 8000
	maxTitle    = 500
	maxAliases  = 50
	maxProducts = 2000
	maxVersions = 2000
	maxSpans    = 200
	maxLinks    = 200
	maxVector   = 500
	maxBody     = 192 << 10
)

// Validate reports every violation, up to [servicecoin.MaxViolations].
func (b Bulletin) Validate() error {
	var v servicecoin.Violations
	v.Text("source", b.Source, 1, maxID)
	v.Text("id", b.ID, 1, maxID)
	v.Text("title", b.Title, 0, maxTitle)
	v.Text("text", b.Text, 0, maxText)
	v.Text("vector", b.Vector, 0, maxVector)
	if v.Limit("aliases", len(b.Aliases), maxAliases) {
		for n, a := range b.Aliases {
			v.Text(fmt.Sprintf("aliases[%d]", n), a, 1, maxID)
		}
	}
	if b.Severity != "" && !slices.Contains(Severities(), b.Severity) {
		v.Add("severity", "unknown", string(b.Severity), "must be unknown, none, low, medium, high or critical")
	}
	const digits, most = 3, 10
	if before := v.Len(); b.Score.Valid {
		v.Number("score", b.Score.Decimal, digits, digits)
		if s := b.Score.Decimal; v.Len() == before && (s.IsNegative() || s.GreaterThan(decimal.NewFromInt(most))) {
			v.Add("score", "out-of-range", s.String(), "must be from 0 to 10")
		}
	}
	for path, t := range map[string]time.Time{"published": b.Published, "modified": b.Modified, "withdrawn": b.Withdrawn} {
		if !t.IsZero() {
			v.Time(path, t)
		}
	}
	for path, d := range map[string]calendar.Date{"exploited": b.Exploited, "due": b.Due} {
		if !d.IsZero() {
			v.Merge(path, d.Validate())
		}
	}
	if v.Limit("products", len(b.Products), maxProducts) {
		for n, p := range b.Products {
			p.validate(&v, fmt.Sprintf("products[%d]", n))
		}
	}
	if v.Limit("references", len(b.References), maxLinks) {
		for n, r := range b.References {
			v.Text(fmt.Sprintf("references[%d]", n), r, 1, maxText)
		}
	}
	if v.Len() == 0 {
		lifecycle.Room(&v, "", b, maxBody)
	}
	return v.Err()
}

func (p Product) validate(v *servicecoin.Violations, path string) {
	p.Component.validate(v, path)
	if !slices.Contains([]Standing{"", Affected, Fixed, NotAffected, Open}, p.Standing) {
		v.Add(path+".standing", "unknown", string(p.Standing), "must be affected, fixed, notAffected or open")
	}
	v.Text(path+".remedy", p.Remedy, 0, maxText)
	if v.Limit(path+".spans", len(p.Spans), maxSpans) {
		for n, s := range p.Spans {
			for name, text := range map[string]string{"introduced": s.Introduced, "fixed": s.Fixed, "last": s.Last} {
				v.Text(fmt.Sprintf("%s.spans[%d].%s", path, n, name), text, 0, version.MaxLength)
			}
		}
	}
	if v.Limit(path+".versions", len(p.Versions), maxVersions) {
		for n, text := range p.Versions {
			v.Text(fmt.Sprintf("%s.versions[%d]", path, n), text, 1, version.MaxLength)
		}
	}
}

// Validate reports every violation.
func (c Component) Validate() error {
	var v servicecoin.Violations
	c.validate(&v, "component")
	return v.Err()
}

func (c Component) validate(v *servicecoin.Violations, path string) {
	if c.PURL == "" && c.Name == "" {
		v.Add(path+".purl", "required", "", "say which component: by its package URL, or by its name")
	}
	if c.PURL != "" {
		if _, err := ParsePURL(c.PURL); err != nil {
			v.Merge(path+".purl", err)
		}
	}
	v.Text(path+".vendor", c.Vendor, 0, maxTitle)
	v.Text(path+".name", c.Name, 0, maxTitle)
	v.Text(path+".version", c.Version, 0, version.MaxLength)
	if c.Scheme != "" && !c.Scheme.Known() {
		v.Add(path+".scheme", "unknown", string(c.Scheme), "must be semver, maven or pypi")
	}
}

package release

import (
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/version"
)

// Release is one version of a platform: what it holds, when it was promised, and when it
// came.
type Release struct { //nolint:recvcheck // a value, but while it is changed
	Platform PlatformID `json:"platform"`
	Version  string     `json:"version"` // as it is written
	Line     string     `json:"line"`
	Kind     Kind       `json:"kind"`
	Planned

	// Freeze is the last day on which changes are taken.
	Freeze  calendar.Date `json:"freeze,omitzero"`
	Channel string        `json:"channel,omitempty"` // of the platform's, in which it is offered
	Holds   Holds         `json:"holds"`
	// Notes are what customers are told of it.
	Notes    servicecoin.Texts `json:"notes,omitempty"`
	Recalled *Recalled         `json:"recalled,omitempty"`

	ChangedAt time.Time `json:"changedAt"`
}

// Kind is which number of its version a release counts up.
type Kind string

// The kinds.
const (
	Major      Kind = "major"
	Minor      Kind = "minor"
	Patch      Kind = "patch"
	Prerelease Kind = "prerelease"
)

// Kinds returns all of them.
func Kinds() []Kind { return []Kind{Major, Minor, Patch, Prerelease} }

// KindOf returns the kind of a version by its numbers: 9.0.0 is a major one, 9.1 a minor
// one, 9.1.1 a patch. Calendar versions count the same way.
func KindOf(v version.Version) Kind {
	switch {
	case v.Prerelease() != "":
		return Prerelease
	case v.Patch > 0:
		return Patch
	case v.Minor > 0:
		return Minor
	}
	return Major
}

// Holds is what a release holds.
type Holds struct {
	Features   []FeatureID `json:"features,omitempty"`   // that are new in it, or another stage
	Fixes      []Item      `json:"fixes,omitempty"`      // what was wrong and is not any more
	Advisories []string    `json:"advisories,omitempty"` // that it closes, by a name of theirs: CVE-2026-40118
	Breaking   []Item      `json:"breaking,omitempty"`   // what users must change something for
}

// Item is one thing that a release holds.
type Item struct {
	ID   string `json:"id,omitempty"` // in the host's tracker
	Text string `json:"text"`
}

// Recalled says that a release is bad: nobody new gets it, who has it is led away.
type Recalled struct {
	At      time.Time         `json:"at"`
	By      servicecoin.Actor `json:"by"`
	Why     string            `json:"why"`
	Instead string            `json:"instead,omitempty"` // the version that its users are led to
}

const (
	maxItems = 500
	maxItem  = 1000
)

// Out reports whether a release is published by a day.
func (r Release) Out(on calendar.Date) bool { return !r.Done.IsZero() && r.Done.Compare(on) <= 0 }

// Lead returns the days from the last day on which changes are taken to the release: to the
// day on which it came, or to that which is promised. False: no such day is set, or no
// release.
func (r Release) Lead() (int, bool) {
	to := r.Done
	if to.IsZero() {
		to = r.Target
	}
	if r.Freeze.IsZero() || to.IsZero() {
		return 0, false
	}
	return days(r.Freeze, to), true
}

// OutOfBand reports whether a release has a freeze lead below the least that its line
// states: it is a fix that could not wait.
func (r Release) OutOfBand(rules Rules) bool {
	lead, ok := r.Lead()
	return ok && lead < rules.lead()
}

// Validate reports every violation.
func (r Release) Validate() error {
	var v servicecoin.Violations
	v.ID("platform", string(r.Platform))
	before := v.Len()
	parsed := readVersion(&v, "version", r.Version)
	v.Text("line", r.Line, 1, version.MaxLength)
	if _, numbers := parts(r.Line); v.Len() == before && numbers && !inLine(r.Line, parsed) {
		v.Add("line", "out-of-range", r.Line, r.Version+" is none of its versions")
	}
	if !slices.Contains(Kinds(), r.Kind) {
		v.Add("kind", "unknown", string(r.Kind), "must be major, minor, patch or prerelease")
	}
	r.validate(&v, "")
	if !r.Freeze.IsZero() {
		v.Merge("freeze", r.Freeze.Validate())
	}
	v.Text("channel", r.Channel, 0, maxName)
	r.Holds.validate(&v, "holds")
	v.Merge("notes", r.Notes.Validate())
	if c := r.Recalled; c != nil {
		v.Time("recalled.at", c.At)
		v.Text("recalled.why", c.Why, 1, maxReason)
		if c.Instead != "" {
			readVersion(&v, "recalled.instead", c.Instead)
		}
		if r.Done.IsZero() {
			v.Add("recalled", "out-of-range", "", "what did not come cannot be recalled")
		}
	}
	if v.Len() == 0 {
		lifecycle.Room(&v, "", r, maxBody)
	}
	return v.Err()
}

func (h Holds) validate(v *servicecoin.Violations, path string) {
	if v.Limit(path+".features", len(h.Features), maxItems) {
		for n, f := range h.Features {
			v.ID(fmt.Sprintf("%s.features[%d]", path, n), string(f))
		}
	}
	if v.Limit(path+".advisories", len(h.Advisories), maxItems) {
		for n, a := range h.Advisories {
			v.Text(fmt.Sprintf("%s.advisories[%d]", path, n), a, 1, maxName)
		}
	}
	for name, list := range map[string][]Item{"fixes": h.Fixes, "breaking": h.Breaking} {
		if !v.Limit(path+"."+name, len(list), maxItems) {
			continue
		}
		for n, i := range list {
			at := fmt.Sprintf("%s.%s[%d]", path, name, n)
			v.Text(at+".id", i.ID, 0, maxName)
			v.Text(at+".text", i.Text, 1, maxItem)
		}
	}
}

// lost says what others do not hold of these; "" if all is there. An item without an id may
// be worded anew, but is not left out.
func (h Holds) lost(in Holds) string {
	for _, f := range h.Features {
		if !slices.Contains(in.Features, f) {
			return "the feature " + string(f)
		}
	}
	for _, a := range h.Advisories {
		if !slices.Contains(in.Advisories, a) {
			return "the end of " + a
		}
	}
	for _, x := range []struct {
		what     string
		was, now []Item
	}{{"fix", h.Fixes, in.Fixes}, {"breaking change", h.Breaking, in.Breaking}} {
		for _, i := range x.was {
			if i.ID != "" && !slices.ContainsFunc(x.now, func(o Item) bool { return o.ID == i.ID }) {
				return fmt.Sprintf("the %s %s", x.what, i.ID)
			}
		}
		if len(x.now) < len(x.was) {
			return fmt.Sprintf("no less than %d of kind %s", len(x.was), x.what)
		}
	}
	return ""
}

// kinds are what of a philosophy's words a release holds.
func (h Holds) kinds() []Content {
	var list []Content
	for _, x := range []struct {
		n    int
		kind Content
	}{{len(h.Features), HasFeature}, {len(h.Fixes), HasFix}, {len(h.Advisories), HasAdvisory}, {len(h.Breaking), HasBreak}} {
		if x.n > 0 {
			list = append(list, x.kind)
		}
	}
	return list
}

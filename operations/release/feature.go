package release

import (
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Feature is something that a platform can do for its customers: what it is called, how
// far it is in each line of the platform, what it needs, and who may use it.
type Feature struct {
	ID       FeatureID         `json:"id"`
	Platform PlatformID        `json:"platform"`
	Edition  int               `json:"edition"` // from 1: every change of the record makes the next
	Name     servicecoin.Texts `json:"name"`
	Text     servicecoin.Texts `json:"text,omitempty"`  // what it is good for, to customers
	Owner    string            `json:"owner,omitempty"` // who answers for it: a person or a team
	Needs    []FeatureID       `json:"needs,omitempty"` // of the same platform; who may not use these may not use it
	// Offerings entitle a customer who has one of them; none: every customer is entitled.
	Offerings []servicecoin.OfferingID `json:"offerings,omitempty"`
	Stages    []StageEntry             `json:"stages"`
	// Audiences say who may use it in a stage; where one says nothing, see [DefaultAudience].
	Audiences map[Stage]Audience `json:"audiences,omitempty"`
	// PublicFrom is the stage from which on everybody may be told of it, who is no
	// customer among them; "": nobody but those who may have it.
	PublicFrom Stage `json:"publicFrom,omitempty"`

	Hold        *Hold        `json:"hold,omitempty"`        // it is taken back for now
	Deprecation *Deprecation `json:"deprecation,omitempty"` // of one that is deprecated

	ChangedAt time.Time         `json:"changedAt,omitzero"`
	ChangedBy servicecoin.Actor `json:"changedBy,omitzero"`
	History   []FeatureEntry    `json:"history,omitempty"` // the last [MaxHistory]; editions keep all
}

// Hold says that a feature is taken back: from a line on nobody may use it, whatever
// stage it is in, until it is given free.
type Hold struct {
	From string            `json:"from"` // a line
	Why  string            `json:"why"`
	At   time.Time         `json:"at"`
	By   servicecoin.Actor `json:"by"`
}

// Deprecation is what those who use a deprecated feature have to know.
type Deprecation struct {
	Ends      calendar.Date `json:"ends,omitzero"`       // the last day on which it is there; zero: not said
	Successor FeatureID     `json:"successor,omitempty"` // what to use instead
	Last      string        `json:"last,omitempty"`      // the last line that has it
	Why       string        `json:"why,omitempty"`
}

// FeatureEntry is one thing that was done to a feature.
type FeatureEntry struct {
	At      time.Time         `json:"at"`
	By      servicecoin.Actor `json:"by"`
	Verb    string            `json:"verb"`
	Edition int               `json:"edition"` // that it made
	Stage   Stage             `json:"stage,omitempty"`
	From    string            `json:"from,omitempty"` // the line
	Text    string            `json:"text,omitempty"`
}

// The limits of a feature.
const (
	MaxNeeds   = 50  // features that one needs
	MaxHistory = 100 // entries that its record keeps

	maxFeatureID  = 200 // bytes, so that an edition and a version have room beside it
	maxWords      = 2000
	maxOfferings  = 100
	maxFeature    = 128 << 10
	maxTogether   = 5000 // features of a platform
	maxFeatureTag = 200
)

// Validate reports every violation of one feature. What it needs is looked at by
// [ValidateFeatures].
func (f Feature) Validate() error {
	var v servicecoin.Violations
	shortID(&v, "id", string(f.ID))
	shortID(&v, "platform", string(f.Platform))
	if len(f.Name) == 0 {
		v.Add("name", "required", "", "say what it is called")
	}
	v.Merge("name", f.Name.Validate())
	v.Merge("text", f.Text.Validate())
	v.Text("owner", f.Owner, 0, maxFeatureTag)
	if v.Limit("needs", len(f.Needs), MaxNeeds) {
		for n, id := range f.Needs {
			path := fmt.Sprintf("needs[%d]", n)
			v.ID(path, string(id))
			if slices.Contains(f.Needs[:n], id) {
				v.Add(path, "duplicate", string(id), "stands twice")
			}
			if id == f.ID {
				v.Add(path, "cycle", string(id), "it needs itself")
			}
		}
	}
	if v.Limit("offerings", len(f.Offerings), maxOfferings) {
		for n, id := range f.Offerings {
			v.ID(fmt.Sprintf("offerings[%d]", n), string(id))
		}
	}
	validateStages(&v, "stages", f.Stages)
	if f.PublicFrom != "" && !f.PublicFrom.Known() {
		v.Add("publicFrom", "unknown", string(f.PublicFrom), "must be a stage")
	}
	for _, s := range Stages() {
		if a, ok := f.Audiences[s]; ok {
			a.validate(&v, fmt.Sprintf("audiences[%s]", s))
		}
	}
	for s := range f.Audiences {
		if !s.Known() || s == StagePreAlpha || s == StageRemoved {
			v.Add("audiences", "unknown", string(s), "must be of a stage in which somebody can use it")
		}
	}
	if h := f.Hold; h != nil {
		readLine(&v, "hold.from", h.From)
		v.Text("hold.why", h.Why, 1, maxReason)
	}
	if d := f.Deprecation; d != nil {
		d.validate(&v, f)
	}
	if v.Len() == 0 {
		lifecycle.Room(&v, "", f, maxFeature)
	}
	return v.Err()
}

func shortID(v *servicecoin.Violations, path, id string) {
	v.ID(path, id)
	if len(id) > maxFeatureID {
		v.Add(path, "too-long", id, fmt.Sprintf("must have %d bytes at most", maxFeatureID))
	}
}

func (d *Deprecation) validate(v *servicecoin.Violations, f Feature) {
	if !slices.ContainsFunc(f.Stages, func(e StageEntry) bool { return e.Stage == StageDeprecated }) {
		v.Add("deprecation", "contradiction", "", "it is deprecated in no line")
	}
	if !d.Ends.IsZero() {
		v.Merge("deprecation.ends", d.Ends.Validate())
	}
	if d.Successor != "" {
		v.ID("deprecation.successor", string(d.Successor))
		if d.Successor == f.ID {
			v.Add("deprecation.successor", "contradiction", string(f.ID), "it cannot follow itself")
		}
	}
	if d.Last != "" {
		readLine(v, "deprecation.last", d.Last)
	}
	v.Text("deprecation.why", d.Why, 0, maxReason)
}

// Last returns the entry of the newest line, which counts for what is promoted next.
func (f Feature) Last() StageEntry {
	if len(f.Stages) == 0 {
		return StageEntry{Stage: StagePreAlpha}
	}
	return f.Stages[len(f.Stages)-1]
}

// At returns what the feature is at a version: see [StageAt]. A feature that is held there
// is off.
func (f Feature) At(version, compatible string) (Stand, error) {
	s, err := StageAt(f.Stages, version, compatible)
	if err == nil && f.heldAt(version) {
		s.Default = false
	}
	return s, err
}

// heldAt reports whether it is taken back at a version.
func (f Feature) heldAt(version string) bool {
	if f.Hold == nil {
		return false
	}
	from, errA := lineOf(f.Hold.From)
	at, errB := lineOf(version)
	return errA == nil && errB == nil && !at.before(from)
}

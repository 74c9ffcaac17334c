package release

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/version"
)

// Stage is how mature a feature is, in the words of Kubernetes' feature gates; that one is
// gone altogether is a stage of ours.
type Stage string

// The stages. A feature goes forward through them and never back; it may leave some out.
const (
	StagePreAlpha   Stage = "preAlpha" // it is not in that version, or nobody can use it yet
	StageAlpha      Stage = "alpha"    // it may change or go without notice
	StageBeta       Stage = "beta"     // it stays in some form
	StageGeneral    Stage = "generallyAvailable"
	StageDeprecated Stage = "deprecated" // it works, and is going to be removed
	StageRemoved    Stage = "removed"
)

// Stages returns all of them, in the order in which a feature goes through them.
func Stages() []Stage {
	return []Stage{StagePreAlpha, StageAlpha, StageBeta, StageGeneral, StageDeprecated, StageRemoved}
}

// Known reports whether it is one of the stages.
func (s Stage) Known() bool { return slices.Contains(Stages(), s) }

// Before reports whether a feature is in this stage before it is in another one.
func (s Stage) Before(o Stage) bool { return slices.Index(Stages(), s) < slices.Index(Stages(), o) }

// Words is what people call the stage.
func (s Stage) Words() string {
	switch s {
	case StagePreAlpha:
		return "pre-alpha"
	case StageGeneral:
		return "generally available"
	case StageAlpha, StageBeta, StageDeprecated, StageRemoved:
	}
	return string(s)
}

// firmness orders stages by how much others can rest on them. What is deprecated is the
// least firm of all that is there: nothing new may need it.
func (s Stage) firmness() int {
	const deprecated, alpha, beta, general = 0, 1, 2, 3
	switch s {
	case StageDeprecated:
		return deprecated
	case StagePreAlpha, StageAlpha: // an alpha feature may need one that is not there yet
		return alpha
	case StageBeta:
		return beta
	case StageGeneral:
		return general
	case StageRemoved:
	}
	return -1
}

// StageEntry says what a feature is from a line of its platform on: until the next entry
// that holds.
type StageEntry struct {
	From    string `json:"from"` // a line, of two numbers: "8.4"
	Stage   Stage  `json:"stage"`
	Default bool   `json:"default,omitempty"` // it is on where nobody says otherwise
	Locked  bool   `json:"locked,omitempty"`  // nobody can say otherwise
	// MinCompatible is the oldest line that must be able to take over again for the entry
	// to hold; "": that of the entry before it. It changes what is the default of the entry
	// before it, of the same line.
	MinCompatible string `json:"minCompatible,omitempty"`
	// Since is when it came to be so; zero: nobody knows.
	Since time.Time `json:"since,omitzero"`
}

// stageLine is a version without its patch: stages are told of lines.
type stageLine struct{ major, minor uint64 }

func (l stageLine) before(o stageLine) bool {
	return l.major < o.major || l.major == o.major && l.minor < o.minor
}

// previous is one line below: that of a line of number 0 is itself.
func (l stageLine) previous() stageLine { return stageLine{l.major, max(l.minor, 1) - 1} }

func (l stageLine) String() string {
	return strconv.FormatUint(l.major, 10) + "." + strconv.FormatUint(l.minor, 10)
}

// lineOf is the line of a version: that of 8.5.0-rc.1 and of 8.5.3 is 8.5.
func lineOf(text string) (stageLine, error) {
	v, err := version.ParseLoose(text)
	return stageLine{v.Major, v.Minor}, err
}

// readLine reads a line, which has two numbers and nothing else, and adds to v what is
// wrong with it. It is false where something is.
func readLine(v *servicecoin.Violations, path, text string) (stageLine, bool) {
	before := v.Len()
	p := readVersion(v, path, text)
	if v.Len() > before {
		return stageLine{}, false
	}
	if strings.Count(text, ".") != 1 || p.Prerelease() != "" || p.Build() != "" {
		v.Add(path, "not-a-line", text, "must be a line, of two numbers: stages do not change with a patch")
		return stageLine{}, false
	}
	return stageLine{p.Major, p.Minor}, true
}

// maxStages is how many stage entries a feature has at most.
const maxStages = 50

// ValidateStages reports every violation of the entries of one feature, which stand in
// the order of their lines: that of Kubernetes' feature gates. A line has two entries only
// where the second one says from which compatible line on it changes the default. What is
// generally available is deprecated before it is removed.
func ValidateStages(list []StageEntry) error {
	var v servicecoin.Violations
	validateStages(&v, "stages", list)
	return v.Err()
}

// staged is a stage entry as it is asked: its lines are numbers.
type staged struct {
	StageEntry

	from, min stageLine
	held      bool // it has a lowest compatible line
}

func validateStages(v *servicecoin.Violations, path string, list []StageEntry) {
	if len(list) == 0 {
		v.Add(path, "required", "", "say from which line on it is in which stage")
	}
	if !v.Limit(path, len(list), maxStages) {
		return
	}
	var last staged
	for n, e := range list {
		at := fmt.Sprintf("%s[%d]", path, n)
		x := staged{StageEntry: e}
		var ok bool
		if x.from, ok = readLine(v, at+".from", e.From); !ok {
			return // what comes after it cannot be judged
		}
		if !e.Stage.Known() {
			v.Add(at+".stage", "unknown", string(e.Stage), "must be preAlpha, alpha, beta, generallyAvailable, deprecated or removed")
			return
		}
		if !e.Since.IsZero() {
			v.Time(at+".since", e.Since)
		}
		if e.Default && (e.Stage == StagePreAlpha || e.Stage == StageRemoved) {
			v.Add(at+".default", "contradiction", "", "what is not there cannot be on")
		}
		if e.MinCompatible != "" {
			if x.min, x.held = readLine(v, at+".minCompatible", e.MinCompatible); x.held {
				compatible(v, at, x, last, n == 0)
			}
		}
		if n == 0 {
			first(v, at, x)
		} else {
			follows(v, at, x, last)
		}
		if !x.held && last.held {
			x.min, x.held = last.min, true
		}
		x.Locked = x.Locked || last.Locked
		last = x
	}
}

func first(v *servicecoin.Violations, at string, x staged) {
	if (x.Stage == StageDeprecated || x.Stage == StageRemoved) && x.from.minor != 0 {
		v.Add(at+".stage", "no-predecessor", string(x.Stage), "say what it was before, or that it was so from the first line on, as 1.0")
	}
}

func compatible(v *servicecoin.Violations, at string, x, last staged, first bool) {
	if first || x.from != last.from {
		v.Add(at+".minCompatible", "no-predecessor", x.MinCompatible, "must follow an entry of the same line that holds where less is compatible")
	}
	if x.from.before(x.min) {
		v.Add(at+".minCompatible", "out-of-range", x.MinCompatible, "must not be newer than the line of the entry")
	}
	if last.held && x.min.before(last.min) {
		v.Add(at+".minCompatible", "out-of-order", x.MinCompatible, "must not be older than that of the entry before it")
	}
}

func follows(v *servicecoin.Violations, at string, x, last staged) {
	if x.from.before(last.from) {
		v.Add(at+".from", "out-of-order", x.From, "must not be older than the entry before it")
	}
	if x.from == last.from {
		if x.held == last.held && x.min == last.min {
			v.Add(at+".from", "duplicate", x.From, "stands twice, with the same lowest compatible line")
		}
		if x.Stage != last.Stage {
			v.Add(at+".stage", "contradiction", string(x.Stage), "a line has one stage, whatever is compatible")
		}
		if x.Locked != last.Locked {
			v.Add(at+".locked", "contradiction", "", "a line is locked or is not, whatever is compatible")
		}
	}
	if x.Stage == last.Stage && x.Default == last.Default && x.Locked == last.Locked {
		v.Add(at, "no-change", x.From, "changes nothing")
	}
	if last.Locked && !x.Locked && x.Stage != StageRemoved {
		v.Add(at+".locked", "unlocked", "", "what is locked stays so")
	}
	switch {
	case x.Stage.Before(last.Stage):
		v.Add(at+".stage", "backward", string(x.Stage), "a feature does not go back from "+last.Stage.Words())
	case x.Stage == StageRemoved && last.Stage == StageGeneral:
		v.Add(at+".stage", "not-deprecated", string(x.Stage), "what is generally available is deprecated before it is removed")
	}
}

// Stand is what a feature is at a version.
type Stand struct {
	Stage   Stage
	Default bool
	Locked  bool
	From    string // the line of the entry that says so; "": none does, it is before the first
}

// StageAt returns what a feature is at a version of its platform, of which compatible is
// the oldest version that must be able to take over again; "": one line below. Of both,
// the line counts: a release candidate has the stages of what it is a candidate of.
func StageAt(list []StageEntry, at, compatible string) (Stand, error) {
	var v servicecoin.Violations
	l := asked(&v, "version", at)
	low := l.previous()
	if compatible != "" {
		low = asked(&v, "compatible", compatible)
	}
	entries := readStages(&v, "stages", list)
	if err := v.Err(); err != nil {
		return Stand{}, err
	}
	return standAt(entries, l, low).stand(), nil
}

func asked(v *servicecoin.Violations, path, text string) stageLine {
	p := readVersion(v, path, text)
	return stageLine{p.Major, p.Minor}
}

// readStages reads the lines of entries, whether the entries are valid or not.
func readStages(v *servicecoin.Violations, path string, list []StageEntry) []staged {
	if !v.Limit(path, len(list), maxStages) {
		return nil
	}
	entries := make([]staged, len(list))
	for n, e := range list {
		x := staged{StageEntry: e}
		x.from, _ = readLine(v, fmt.Sprintf("%s[%d].from", path, n), e.From)
		switch {
		case e.MinCompatible != "":
			x.min, x.held = readLine(v, fmt.Sprintf("%s[%d].minCompatible", path, n), e.MinCompatible)
		case n > 0:
			x.min, x.held = entries[n-1].min, entries[n-1].held
		}
		entries[n] = x
	}
	return entries
}

// standAt returns the last entry that holds at a line, nil for none.
func standAt(entries []staged, at, low stageLine) *staged {
	for n := len(entries) - 1; n >= 0; n-- {
		x := &entries[n]
		if at.before(x.from) || x.held && low.before(x.min) {
			continue
		}
		return x
	}
	return nil
}

func (x *staged) stand() Stand {
	if x == nil {
		return Stand{Stage: StagePreAlpha}
	}
	return Stand{Stage: x.Stage, Default: x.Default, Locked: x.Locked, From: x.From}
}

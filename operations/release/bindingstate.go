package release

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/followup"
	"github.com/servicecoin/servicecoin/version"
)

// BindingState is what is known of a binding at one version of the platform.
type BindingState string

// The states. A report counts before a range: what was tested is known.
const (
	BindingTested   BindingState = "tested"   // the newest report says that it works
	BindingBroken   BindingState = "broken"   // the newest report says that it does not
	BindingInferred BindingState = "inferred" // its range holds the version, or it works with the same description
	BindingUntested BindingState = "untested" // nothing says that it works
)

// Covers reports whether whoever uses the version of the platform can use the binding.
func (s BindingState) Covers() bool { return s == BindingTested || s == BindingInferred }

// Trial is what is known of a binding at one version of the platform: the work to try it,
// and the newest report of that.
type Trial struct {
	API     APIID              `json:"api"`
	Binding BindingID          `json:"binding"`
	Version string             `json:"version"` // of the platform
	Work    *followup.FollowUp `json:"work,omitempty"`
	Report  *BindingReport     `json:"report,omitempty"`
}

// BindingReport says whether a binding works with a version of the platform.
type BindingReport struct {
	Own    string            `json:"own,omitempty"` // the version of the binding that was tried
	Passed bool              `json:"passed"`
	Proof  string            `json:"proof,omitempty"` // the digest of a test report, or where it lies
	Note   string            `json:"note,omitempty"`
	By     servicecoin.Actor `json:"by"`
	At     time.Time         `json:"at"`
}

// BindingCell is how a binding stands at one version of the platform.
type BindingCell struct {
	Version  string             `json:"version"`
	Released calendar.Date      `json:"released"`
	State    BindingState       `json:"state"`
	Why      string             `json:"why"` // for people
	Report   *BindingReport     `json:"report,omitempty"`
	Work     *followup.FollowUp `json:"work,omitempty"`
}

// Standing is how a binding keeps up with its API.
type Standing struct {
	Binding Binding       `json:"binding"`
	Cells   []BindingCell `json:"cells,omitempty"` // the newest version first; without those in which the API is gone
	// Days is how long it is behind: since the day of the earliest version that it misses,
	// Missing. 0: it is not.
	Days     int           `json:"days"`
	Missing  string        `json:"missing,omitempty"`
	Since    calendar.Date `json:"since,omitzero"`
	Overdue  []string      `json:"overdue,omitempty"` // the versions with which it should have been tried by now
	Findings []APIFinding  `json:"findings,omitempty"`
}

// The codes of findings of bindings.
const (
	NobodyOwns   = "nobody-owns"
	IsBehind     = "behind"
	WorkOverdue  = "overdue"
	BrokenNow    = "broken"      // at the newest version of the platform
	InferredOnly = "range-alone" // its range holds a version that breaks its API, and nobody tried it
	NothingKnown = "no-range"    // it says no range, and nothing was ever tried
)

// StandingOf returns how a binding stands at an instant, which is a day of the platform's.
//
// It misses a version if that came by the day, is no pre-release, is not below From, is
// neither tested nor inferred, and no newer version of the same line (the first two numbers)
// is: who runs the line can take that. One that is deprecated misses nothing: nobody promises
// that it follows. A report more that it works never makes it more
// behind, and neither does a wider range.
func StandingOf(b Binding, revisions []Revision, trials []Trial, on calendar.Date, at time.Time) Standing {
	s := Standing{Binding: b}
	revisions = slices.Clone(revisions)
	byVersion(revisions)
	known := knowledgeOf(b, revisions, trials)
	covered := map[string]bool{} // lines of which a newer version is covered
	for _, r := range slices.Backward(revisions) {
		if r.Gone {
			continue
		}
		c := known.cell(r)
		s.Cells = append(s.Cells, c)
		if c.Work != nil && c.Work.Overdue(at) {
			s.Overdue = append(s.Overdue, r.Version)
		}
		if c.State.Covers() {
			covered[lineNumbers(r.Version)] = true
			continue
		}
		came := r.Released.Compare(on) <= 0
		if !came || b.Stability == Deprecated || r.prerelease() || covered[lineNumbers(r.Version)] || b.From != "" && compare(r.Version, b.From) < 0 {
			continue
		}
		if s.Missing == "" || r.Released.Compare(s.Since) <= 0 {
			s.Missing, s.Since = r.Version, r.Released
		}
	}
	if s.Missing != "" {
		s.Days = days(s.Since, on)
	}
	s.find(known, on)
	return s
}

// lineNumbers is the first two numbers of a version.
func lineNumbers(text string) string {
	v, err := version.ParseLoose(text)
	if err != nil {
		return text
	}
	return fmt.Sprintf("%d.%d", v.Major, v.Minor)
}

// knowledge is what says how a binding stands.
type knowledge struct {
	holds    func(text string) bool
	trials   map[string]Trial  // by the canonical text of the version
	same     map[string]string // by document: a version with which it works
	breaking map[string]int    // by version: what breaks since the last one that was tried
}

func knowledgeOf(b Binding, revisions []Revision, trials []Trial) knowledge {
	k := knowledge{trials: map[string]Trial{}, same: map[string]string{}, breaking: map[string]int{}, holds: func(string) bool { return false }}
	if r, err := version.ParseRange(b.Range); err == nil && b.Range != "" {
		k.holds = func(text string) bool {
			v, err := version.ParseLoose(text)
			return err == nil && r.Contains(v)
		}
	}
	for _, t := range trials {
		if t.Binding == b.ID {
			k.trials[Canonical(t.Version)] = t
		}
	}
	broke := 0
	for _, r := range revisions {
		t := k.trials[Canonical(r.Version)]
		tried := t.Report != nil && t.Report.Passed
		if r.Differences != nil {
			broke += r.Differences.Breaking
		}
		if tried {
			broke = 0
			if _, there := k.same[r.Document]; !there && r.Document != "" {
				k.same[r.Document] = r.Version
			}
		}
		k.breaking[Canonical(r.Version)] = broke
	}
	return k
}

func (k knowledge) cell(r Revision) BindingCell {
	t := k.trials[Canonical(r.Version)]
	c := BindingCell{Version: r.Version, Released: r.Released, Work: t.Work, Report: t.Report}
	same, like := k.same[r.Document]
	switch {
	case t.Report != nil && t.Report.Passed:
		c.State, c.Why = BindingTested, "it was tried, and works"
	case t.Report != nil:
		c.State, c.Why = BindingBroken, "it was tried, and does not work"
	case like && r.Document != "":
		c.State, c.Why = BindingInferred, "the API is described as in "+same+", with which it works"
	case k.holds(r.Version) && k.breaking[Canonical(r.Version)] > 0:
		c.State, c.Why = BindingInferred, "its range holds it, though the API breaks something since it was last tried"
	case k.holds(r.Version):
		c.State, c.Why = BindingInferred, "its range holds it"
	default:
		c.State, c.Why = BindingUntested, "nobody tried it, and its range does not hold it"
	}
	return c
}

// find adds what should not be.
func (s *Standing) find(k knowledge, on calendar.Date) {
	found := func(code, text string) { s.Findings = append(s.Findings, APIFinding{Code: code, Text: text}) }
	if s.Binding.Owner == "" {
		found(NobodyOwns, "nobody owns it")
	}
	if s.Missing != "" {
		found(IsBehind, fmt.Sprintf("it misses %s, for %s", s.Missing, several(s.Days, "day")))
	}
	if n := len(s.Overdue); n > 0 {
		const most = 3
		more := ""
		if n > most {
			more = fmt.Sprintf(" and %d more", n-most)
		}
		found(WorkOverdue, "it should have been tried by now with "+strings.Join(s.Overdue[:min(n, most)], ", ")+more)
	}
	newest := slices.IndexFunc(s.Cells, func(c BindingCell) bool { return c.Released.Compare(on) <= 0 })
	if newest >= 0 && s.Cells[newest].State == BindingBroken {
		found(BrokenNow, "it does not work with "+s.Cells[newest].Version)
	}
	tried := slices.ContainsFunc(s.Cells, func(c BindingCell) bool { return c.Report != nil })
	for _, c := range s.Cells {
		if n := k.breaking[Canonical(c.Version)]; c.State == BindingInferred && n > 0 && tried && k.holds(c.Version) {
			found(InferredOnly, fmt.Sprintf("its range holds %s, which breaks its API in %s, and nobody tried it", c.Version, several(n, "place")))
			break
		}
	}
	if !tried && s.Binding.Range == "" {
		found(NothingKnown, "it says no range, and nothing was ever tried")
	}
	slices.SortStableFunc(s.Findings, func(a, b APIFinding) int { return cmp.Compare(severity(a.Code), severity(b.Code)) })
}

// severity is the order in which findings of a binding are told.
func severity(code string) int {
	return slices.Index([]string{BrokenNow, NobodyOwns, WorkOverdue, IsBehind, InferredOnly, NothingKnown}, code)
}

func several(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

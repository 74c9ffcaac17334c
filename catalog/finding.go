package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// FindingCode names what a finding is about. Codes are stable.
type FindingCode string

// The codes.
const (
	UnknownService FindingCode = "unknown"         // a dependency names it, nobody describes it
	NotRunning     FindingCode = "not-running"     // planned or retired, and something that runs needs it
	DescribedTwice FindingCode = "described-twice" // two services of one id
	InCycle        FindingCode = "cycle"           // each needs the others first
	NotAssessed    FindingCode = "not-assessed"    // neither it nor what rests on it has a level
	TargetMissed   FindingCode = "rto-missed"      // the way to it takes longer than its target
	TargetLooser   FindingCode = "rto-looser"      // its target is longer than that of what rests on it
	TooEarly       FindingCode = "too-early"       // of a given order: it comes before what it needs
	LeftOut        FindingCode = "left-out"        // of a given order: it is not in it
	TargetUnproven FindingCode = "rto-unproven"    // it has a target, and a duration on the way to it is missing
)

// Finding is something of a graph that does not fit together. It blocks
// nothing: everything else is answered around it.
type Finding struct {
	Code FindingCode `json:"code"`
	// Service is what the finding is about; of a cycle its first.
	Service servicecoin.ServiceID `json:"service"`
	// Services are the others that it takes to understand it: those that name an
	// unknown one or need one that does not run, all of a cycle, the way that
	// misses a target, the way down from the tighter target; of a way the first
	// hundred.
	Services []servicecoin.ServiceID `json:"services,omitempty"`
	Text     string                  `json:"text"` // for people
}

// String returns "code: text".
func (f Finding) String() string { return string(f.Code) + ": " + f.Text }

func sortFindings(list []Finding) {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Service, b.Service))
	})
}

// look adds the findings that need the whole graph, and finds its circles.
// [NewGraph] calls it last.
func (g *Graph) look() {
	for n := range num(len(g.ids)) {
		if g.running(n) {
			continue
		}
		var by []int32
		for _, r := range g.back.of(n) {
			if o := g.owner(r); int(n) >= g.declared || g.running(o) && !g.soft(r) {
				by = append(by, o)
			}
		}
		slices.Sort(by)
		by = slices.Compact(by)
		f := Finding{Service: g.ids[n], Services: g.names(by)}
		switch {
		case int(n) >= g.declared && len(by) == 0:
			f.Code, f.Text = UnknownService, fmt.Sprintf("%s has dependencies, and nobody describes it", f.Service)
		case int(n) >= g.declared:
			f.Code, f.Text = UnknownService, fmt.Sprintf("%s is needed by %s, and nobody describes it", f.Service, joined(f.Services))
		case len(by) == 0:
			continue
		default:
			f.Code, f.Text = NotRunning, fmt.Sprintf("%s is needed by %s, and does not run", f.Service, joined(f.Services))
		}
		g.findings = append(g.findings, f)
	}
	g.circles = g.cycles()
	for _, circle := range g.circles {
		names := g.names(circle)
		text := "needs itself"
		if len(names) > 1 {
			text = fmt.Sprintf("needs %s first, and they need it", joined(names[1:]))
		}
		g.findings = append(g.findings, Finding{Code: InCycle, Service: names[0], Services: names, Text: string(names[0]) + " " + text})
	}
	sortFindings(g.findings)
}

// joined names a few services and counts the rest.
func joined(ids []servicecoin.ServiceID) string {
	const few = 5
	names := make([]string, 0, few+1)
	for i, id := range ids {
		if i == few {
			names = append(names, fmt.Sprintf("%d more", len(ids)-few))
			break
		}
		names = append(names, string(id))
	}
	return strings.Join(names, ", ")
}

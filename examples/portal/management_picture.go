package main

import (
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/sla"
)

// coinPicture is a customer's month as a coin with three sides: how each of them
// stands, and what they gave to each other.
type coinPicture struct {
	Sides  []coinSide
	Arrows []coinArrow // those over which something went
}

// coinSide is a side with the one figure that says most about it.
type coinSide struct {
	Name, Meaning string
	Figure        string
	Path          string // of the page that the figure opens
	State, Tone   string
	Shape         string // of the sector, as a path
	X, Y          int    // of its words
}

// coinArrow is what one side gave another.
type coinArrow struct {
	From, To       string
	N              int
	Words, Path    string
	X1, Y1, X2, Y2 int
	X, Y           int // of the number
}

// toldCounts is how often customers were told of the month's incidents, each counted once,
// however many of the services it touched.
type toldCounts struct {
	incidents, live, letters int
	updates                  incident.Adherence
}

func toldIn(v *coinPage) toldCounts {
	n, seen := toldCounts{}, map[servicecoin.IncidentID]bool{}
	for _, r := range v.Rows {
		for _, h := range r.Run.Incidents {
			if seen[h.Incident] {
				continue
			}
			seen[h.Incident] = true
			n.incidents++
			if h.State.Live() {
				n.live++
			}
			n.updates.Add(h.Updates)
			n.letters += h.Sent
		}
	}
	return n
}

// picture draws the month.
func (v *coinPage) picture(n toldCounts) coinPicture {
	kept, run, used := v.keptSide(), v.runSide(n), v.usedSide()
	p := coinPicture{Sides: []coinSide{kept, run, used}}
	month := "?month=" + v.Month.String()
	updates := n.updates.Kept + n.updates.Missed + n.updates.Pending
	credits, charged, delivered := 0, 0, 0
	for _, r := range v.Rows {
		if r.Charged.CreditAmount.Defined() && !r.Charged.CreditAmount.Decimal().IsZero() {
			credits++
		}
		if r.Charged.Charge.Defined() {
			charged++
		}
		if r.Held.Lead != nil {
			delivered++
		}
	}
	arrows := []coinArrow{
		{From: kept.Name, To: run.Name, N: updates, Words: plural(updates, "update") + " promised while something was wrong", Path: v.Base + "/letters", X1: 271, Y1: 92, X2: 293, Y2: 130, X: 282, Y: 111},
		{From: run.Name, To: kept.Name, N: n.incidents, Words: plural(n.incidents, "incident") + " counted against what was promised", Path: v.Base + "/availability" + month, X1: 252, Y1: 154, X2: 230, Y2: 116, X: 241, Y: 135},
		{From: run.Name, To: used.Name, N: n.letters, Words: plural(n.letters, "letter") + " to the people who use it", Path: v.Base + "/letters", X1: 202, Y1: 288, X2: 158, Y2: 288, X: 180, Y: 288},
		{From: used.Name, To: run.Name, N: delivered, Words: plural(delivered, "order") + " to set something up", Path: v.Base + "/orders", X1: 158, Y1: 240, X2: 202, Y2: 240, X: 180, Y: 240},
	}
	if missed := n.updates.Missed; missed > 0 {
		arrows[0].Words += fmt.Sprintf(", %d of them missed", missed)
	}
	if v.Money {
		arrows = append(arrows,
			coinArrow{From: used.Name, To: kept.Name, N: charged, Words: plural(charged, "service") + " charged", Path: v.Base + "/statement" + month, X1: 67, Y1: 130, X2: 89, Y2: 92, X: 78, Y: 111},
			coinArrow{From: kept.Name, To: used.Name, N: credits, Words: plural(credits, "credit") + " for what was not kept", Path: v.Base + "/statement" + month, X1: 130, Y1: 116, X2: 108, Y2: 154, X: 119, Y: 135},
		)
	}
	for _, a := range arrows {
		if a.N > 0 {
			p.Arrows = append(p.Arrows, a)
		}
	}
	return p
}

func (v *coinPage) keptSide() coinSide {
	s := coinSide{
		Name: "Kept", Meaning: "What was promised, and what became of it", Path: v.Base + "/availability?month=" + v.Month.String(),
		Shape: "M180,170 L50,95 A150,150 0 0 1 310,95 Z", X: 180, Y: 58, Figure: "no promises", State: "nothing to keep", Tone: "none",
	}
	all, good, risk, broken, unknown := 0, 0, 0, 0, 0
	for _, r := range v.Rows {
		for _, x := range r.Promises {
			all++
			switch x.Verdict {
			case sla.Kept, sla.OnCourse:
				good++
			case sla.AtRisk:
				risk++
			case sla.Broken:
				broken++
			case sla.Unknown:
				unknown++
			}
		}
	}
	if all == 0 {
		return s
	}
	s.Figure = fmt.Sprintf("%d of %s", good, plural(all, "promise"))
	switch {
	case broken > 0:
		s.State, s.Tone = fmt.Sprintf("%d broken", broken), "bad"
	case risk > 0:
		s.State, s.Tone = fmt.Sprintf("%d at risk", risk), "warn"
	case unknown == all:
		s.State = "not known"
	case v.Over:
		s.State, s.Tone = "kept", "good"
	default:
		s.State, s.Tone = "on course", "good"
	}
	return s
}

func (v *coinPage) runSide(n toldCounts) coinSide {
	s := coinSide{
		Name: "Run", Meaning: "How it was looked after: incidents, updates, letters", Path: "/status",
		Shape: "M180,170 L310,95 A150,150 0 0 1 180,320 Z", X: 258, Y: 194, Figure: "no incidents", State: "quiet", Tone: "good",
	}
	if v.Viewer.Provider() {
		s.Path = "/incidents"
	}
	if n.incidents > 0 {
		s.Figure, s.State = plural(n.incidents, "incident"), "all over"
	}
	if n.live > 0 {
		s.State, s.Tone = fmt.Sprintf("%d not over", n.live), "warn"
	}
	return s
}

func (v *coinPage) usedSide() coinSide {
	s := coinSide{
		Name: "Used", Meaning: "How people come to use it, and what it costs", Path: v.Base + "/usage?month=" + v.Month.String(),
		Shape: "M180,170 L180,320 A150,150 0 0 1 50,95 Z", X: 102, Y: 194, Figure: plural(len(v.Rows), "service"), State: "as agreed", Tone: "good",
	}
	over, blocked := 0, 0
	for _, r := range v.Rows {
		for _, u := range r.Usage {
			if u.Over {
				over++
			}
		}
		if r.Blocked {
			blocked++
		}
	}
	switch {
	case over > 0:
		s.State, s.Tone = fmt.Sprintf("%d over its limit", over), "warn"
	case blocked > 0:
		s.State, s.Tone = fmt.Sprintf("%d held up", blocked), "warn"
	}
	return s
}

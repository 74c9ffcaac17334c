package release

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/estimate"
)

// Promised is a release or a milestone as one asks whether its day was kept.
type Promised struct {
	Line string
	Kind string // a [Kind], or "milestone"
	Name string // its version, or what it is called
	Planned
}

// AMilestone is the kind of milestones among what was promised.
const AMilestone = "milestone"

// Promised returns a release as what was promised.
func (r Release) Promised() Promised { return Promised{r.Line, string(r.Kind), r.Version, r.Planned} }

// Promised returns a milestone as what was promised.
func (m Milestone) Promised() Promised { return Promised{m.Line, AMilestone, m.Name, m.Planned} }

// Honour says whether a schedule was honoured: of all whose first day has passed or that
// came before, how many came on that day at the latest.
type Honour struct {
	Kept    int `json:"kept"`
	Of      int `json:"of"`      // kept, late, skipped and overdue
	Late    int `json:"late"`    // came after the first promise
	Skipped int `json:"skipped"` // do not come
	Overdue int `json:"overdue"` // have not come, and the day has passed
	// Due are not counted yet, and Unpromised never: nobody had said when they come.
	Due        int `json:"due"`
	Unpromised int `json:"unpromised"`
	// Interval is Wilson's at 95 % of what was kept, as fractions of 1; false: of nothing.
	Interval estimate.Interval `json:"interval"`
	Known    bool              `json:"known"`
	// Median and Ninetieth are the days by which those that are late or overdue are so, by
	// nearest rank; the overdue ones count up to the day that is asked for.
	Median    int `json:"medianDaysLate"`
	Ninetieth int `json:"ninetiethDaysLate"`
	// Before are moves that were announced up to the last minute of the day that was
	// promised first, After those that were announced when it had passed.
	Before int `json:"movedBefore"`
	After  int `json:"movedAfter"`
}

// Honoured says whether what was promised was kept, by a day of the platform's zone.
func Honoured(list []Promised, p Platform, on calendar.Date) Honour {
	var h Honour
	var late []int
	for _, x := range list {
		switch x.Outcome(on) {
		case WasKept:
			h.Kept++
		case WasLate:
			h.Late++
			late = append(late, x.Late(on))
		case WasSkipped:
			h.Skipped++
		case IsOverdue:
			h.Overdue++
			late = append(late, x.Late(on))
		case IsDue:
			h.Due++
		case WasUnpromised:
			h.Unpromised++
		}
		for _, m := range x.Moves {
			if p.Today(m.At).Compare(x.First) > 0 {
				h.After++
			} else {
				h.Before++
			}
		}
	}
	h.Of = h.Kept + h.Late + h.Skipped + h.Overdue
	if i, err := estimate.Wilson.Interval(h.Kept, h.Of, estimate.DefaultLevel); err == nil { // undefined of nothing
		h.Interval, h.Known = i, true
	}
	slices.Sort(late)
	const half, most, whole = 50, 90, 100
	h.Median, h.Ninetieth = nearest(late, half, whole), nearest(late, most, whole)
	return h
}

// nearest is the percentile of a sorted list by nearest rank, 0 of nothing.
func nearest(sorted []int, part, whole int) int {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)*part+whole-1)/whole-1]
}

// Words are how people say it: "14 of 17".
func (h Honour) Words() string { return fmt.Sprintf("%d of %d", h.Kept, h.Of) }

// Group is what a schedule is asked by.
type Group string

// The groups. Periods are those in which the first promise lies.
const (
	ByLine    Group = "line"
	ByKind    Group = "kind"
	ByMonth   Group = "month"
	ByQuarter Group = "quarter"
	ByYear    Group = "year"
)

// InGroup is a part of a schedule, and whether that was honoured.
type InGroup struct {
	Name string `json:"name"`
	Honour
}

// HonouredBy says whether what was promised was kept, group by group: lines and kinds by
// name, lines as their numbers sort, periods in order. What was not promised is in the
// period in which it came.
func HonouredBy(g Group, list []Promised, p Platform, on calendar.Date) []InGroup {
	groups := map[string][]Promised{}
	for _, x := range list {
		name := x.group(g)
		groups[name] = append(groups[name], x)
	}
	var out []InGroup
	for name, part := range groups {
		out = append(out, InGroup{name, Honoured(part, p, on)})
	}
	slices.SortFunc(out, func(a, b InGroup) int {
		if g == ByLine {
			return cmp.Or(compare(a.Name, b.Name), cmp.Compare(a.Name, b.Name))
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return out
}

func (p Promised) group(g Group) string {
	day := p.First
	if day.IsZero() {
		day = p.Done
	}
	if day.IsZero() {
		day = p.Target
	}
	switch g {
	case ByKind:
		return p.Kind
	case ByMonth:
		return fmt.Sprintf("%04d-%02d", day.Year, day.Month)
	case ByQuarter:
		const months = 3
		return fmt.Sprintf("%04d-Q%d", day.Year, (int(day.Month)+months-1)/months)
	case ByYear:
		return fmt.Sprintf("%04d", day.Year)
	case ByLine:
	}
	return p.Line
}

// Summary is a line in figures: what was planned of it, and how long after the last day for
// changes its releases came.
type Summary struct {
	Planned   int `json:"planned"` // all that were promised or came
	Published int `json:"published"`
	Skipped   int `json:"skipped"`
	// Leads are the days from the last day for changes to the release, of those published
	// that have such a day, in order of their versions; MaxLead is the longest.
	Leads   []int `json:"leadDays"`
	MaxLead int   `json:"maxLeadDays"`
}

// Summarised returns the figures of the releases of a line.
func Summarised(list []Release) Summary {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Release) int { return compare(a.Version, b.Version) })
	s := Summary{Planned: len(list)}
	for n := range list {
		switch r := &list[n]; {
		case r.Skipped != nil:
			s.Skipped++
		case !r.Done.IsZero():
			s.Published++
			if lead, ok := r.Lead(); ok {
				s.Leads = append(s.Leads, lead)
				s.MaxLead = max(s.MaxLead, lead)
			}
		}
	}
	return s
}

package release

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin/calendar"
)

// Finding is a place where a schedule does not do what its philosophy says.
type Finding struct {
	Code    string        `json:"code"`
	Line    string        `json:"line"`
	Version string        `json:"version,omitempty"`
	On      calendar.Date `json:"on,omitzero"`
	Days    int           `json:"days,omitempty"` // by which it is off
	Text    string        `json:"text"`
}

// The codes of findings.
const (
	LateInCadence = "cadence"        // too many days after its neighbour
	NoneInCadence = "cadence-open"   // too many days since the last one, and none came
	OutOfBand     = "out-of-band"    // a fix that could not wait for the freeze lead
	AfterEnd      = "after-end"      // it came when support of its line was over
	BeforeLine    = "before-line"    // it came before the line was released
	TooMuch       = "contents"       // a patch that holds what a patch must not
	AgainstPhase  = "phase"          // a feature in a line that gets fixes alone
	ShortSupport  = "support-length" // the line's support ends before the months that are promised
	NoSuccessor   = "no-successor"   // the line's support is about to end, and nobody is led anywhere
	OverdueNow    = "overdue"        // its first day has passed, and it is not there
	MovedLate     = "announced-late" // it was moved after the day that it was promised for
)

// Findings returns where a line and its releases do not do what is stated for them, by a
// day of the platform's zone: in order of days. Neighbours of a line are its releases in the
// order in which they came, pre-releases left out; the time since the last one counts while
// the line is supported.
func Findings(p Platform, l Line, list []Release, on calendar.Date) []Finding {
	rules := l.Stated(p)
	out := lineFindings(l, rules, on)
	came := make([]Release, 0, len(list))
	for n := range list {
		r := &list[n]
		out = append(out, releaseFindings(p, l, r, rules, on)...)
		if !r.Done.IsZero() && r.Kind != Prerelease {
			came = append(came, *r)
		}
	}
	slices.SortStableFunc(came, func(a, b Release) int {
		return cmp.Or(a.Done.Compare(b.Done), compare(a.Version, b.Version))
	})
	out = append(out, cadence(l, came, rules, on)...)
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(a.On.Compare(b.On), compare(a.Version, b.Version), cmp.Compare(a.Code, b.Code))
	})
	return out
}

// cadence finds neighbours that are further from each other than what is stated.
func cadence(l Line, came []Release, rules Rules, on calendar.Date) []Finding {
	if rules.Cadence == 0 {
		return nil
	}
	var out []Finding
	for n := 1; n < len(came); n++ {
		if gap := days(came[n-1].Done, came[n].Done); gap > rules.Cadence {
			out = append(out, Finding{
				Code: LateInCadence, Line: l.Name, Version: came[n].Version, On: came[n].Done, Days: gap - rules.Cadence,
				Text: fmt.Sprintf("%s came %d days after %s, at most %d are stated", came[n].Version, gap, came[n-1].Version, rules.Cadence),
			})
		}
	}
	if len(came) == 0 {
		return out
	}
	until := on
	if end, ok := l.End(); ok && end.Compare(until) < 0 {
		until = end
	}
	last := came[len(came)-1]
	if gap := days(last.Done, until); gap > rules.Cadence && !cmp.Or(l.Support.Until, l.Support.Active).Passed(last.Done) {
		out = append(out, Finding{
			Code: NoneInCadence, Line: l.Name, On: last.Done.AddDays(rules.Cadence + 1), Days: gap - rules.Cadence,
			Text: fmt.Sprintf("none came for %d days after %s, at most %d are stated", gap, last.Version, rules.Cadence),
		})
	}
	return out
}

func lineFindings(l Line, rules Rules, on calendar.Date) []Finding {
	var out []Finding
	end, ok := l.End()
	if ok && rules.Support > 0 && !l.Released.IsZero() {
		if least := l.Released.AddMonths(rules.Support).AddDays(-1); end.Compare(least) < 0 {
			out = append(out, Finding{
				Code: ShortSupport, Line: l.Name, On: end, Days: days(end, least),
				Text: fmt.Sprintf("support ends on %s, %d months after the first release would be %s", end, rules.Support, least),
			})
		}
	}
	if ok && l.Successor == "" && l.NearEnd(on) {
		out = append(out, Finding{Code: NoSuccessor, Line: l.Name, On: end, Text: fmt.Sprintf("support ends on %s, and no successor is named", end)})
	}
	return out
}

func releaseFindings(p Platform, l Line, r *Release, rules Rules, on calendar.Date) []Finding {
	var out []Finding
	found := func(code string, day calendar.Date, off int, text string, args ...any) {
		out = append(out, Finding{Code: code, Line: l.Name, Version: r.Version, On: day, Days: off, Text: fmt.Sprintf(text, args...)})
	}
	if lead, _ := r.Lead(); r.OutOfBand(rules) {
		day := r.Done
		if day.IsZero() {
			day = r.Target
		}
		found(OutOfBand, day, rules.lead()-lead, "changes were taken until %s, %d days before %s, at least %d are stated: an out-of-band fix", r.Freeze, lead, r.Version, rules.lead())
	}
	if r.Outcome(on) == IsOverdue {
		found(OverdueNow, r.First, days(r.First, on), "%s was promised for %s, and is not there", r.Version, r.First)
	}
	for _, m := range r.Moves {
		if told := p.Today(m.At); told.Compare(r.First) > 0 {
			found(MovedLate, told, days(r.First, told), "%s was promised for %s, and moved to %s when that had passed", r.Version, r.First, m.To)
			break
		}
	}
	if r.Done.IsZero() {
		return out
	}
	if !l.Released.IsZero() && r.Done.Compare(l.Released) < 0 && r.Kind != Prerelease {
		found(BeforeLine, r.Done, days(r.Done, l.Released), "%s came on %s, before its line on %s", r.Version, r.Done, l.Released)
	}
	if end, ok := l.End(); ok && r.Done.Compare(end) > 0 && l.Phase(r.Done) != Extended {
		found(AfterEnd, r.Done, days(end, r.Done), "%s came when support of %s was over since %s", r.Version, l.Name, end)
	}
	if phase := l.Phase(r.Done); len(r.Holds.Features) > 0 && (phase == Maintenance || phase == Extended) {
		since := ""
		if last, ok := l.Support.Active.Day(); ok {
			since = " since " + last.String()
		}
		found(AgainstPhase, r.Done, 0, "%s holds a feature, and its line gets fixes alone%s", r.Version, since)
	}
	if r.Kind == Patch && len(rules.Patch) > 0 {
		for _, c := range r.Holds.kinds() {
			if !slices.Contains(rules.Patch, c) {
				found(TooMuch, r.Done, 0, "%s is a patch, and holds a %s", r.Version, c)
			}
		}
	}
	return out
}

package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
)

func releasePath(x release.Release) string {
	path := releasesPath + "/versions/" + url.PathEscape(x.Version)
	if x.Platform != demoPlatform {
		path += "?platform=" + url.QueryEscape(string(x.Platform))
	}
	return path
}

func fixPath(id release.FixID) string { return releasesPath + "/fixes/" + url.PathEscape(string(id)) }

func outcomeTone(o release.Outcome) string {
	switch o {
	case release.WasKept:
		return "good"
	case release.WasLate, release.WasSkipped:
		return "warn"
	case release.IsOverdue:
		return "bad"
	case release.IsDue, release.WasUnpromised:
	}
	return "none"
}

// outcomeWords say what became of a promised day.
func outcomeWords(o release.Outcome, days int) string {
	switch o {
	case release.WasKept:
		if days < 0 {
			return fmt.Sprintf("Kept, %s early", plural(-days, "day"))
		}
		return "Kept"
	case release.WasLate:
		return plural(days, "day") + " late"
	case release.WasSkipped:
		return "Skipped"
	case release.IsOverdue:
		return plural(days, "day") + " overdue"
	case release.IsDue:
		return "Promised"
	case release.WasUnpromised:
	}
	return "Was not promised"
}

func phaseTone(x release.Phase) string {
	switch x {
	case release.Active:
		return "good"
	case release.Maintenance, release.Extended:
		return "warn"
	case release.Ended:
		return "bad"
	case release.NotStated, release.Coming:
	}
	return "none"
}

func phaseWords(x release.Phase) string {
	switch x {
	case release.NotStated, "": // of no line that is known
		return "Support not stated"
	case release.Coming:
		return "Coming"
	case release.Active:
		return "Active"
	case release.Maintenance:
		return "Maintenance: fixes alone"
	case release.Extended:
		return "Extended support"
	case release.Ended:
	}
	return "Support is over"
}

func endWords(e release.End) string {
	if d, ok := e.Day(); ok {
		return onDay(d)
	}
	switch e {
	case release.Over:
		return "over"
	case release.NotOver:
		return "no end is known"
	}
	return "not stated"
}

// dateWords is a day for people, "" for none.
func dateWords(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return onDay(d)
}

// philosophyWords are the rules of a philosophy that are checked.
func philosophyWords(r release.Rules) []string {
	var list []string
	if r.Cadence > 0 {
		list = append(list, fmt.Sprintf("at most %s between two releases of a line", plural(r.Cadence, "day")))
	}
	lead := release.DefaultFreezeLead
	if r.FreezeLead != nil {
		lead = *r.FreezeLead
	}
	list = append(list, fmt.Sprintf("changes are taken until %s before a release, at the latest", plural(lead, "day")))
	if r.Support > 0 {
		list = append(list, "a line is supported for "+plural(r.Support, "month"))
	}
	if len(r.Patch) > 0 {
		var names []string
		for _, c := range r.Patch {
			names = append(names, contentWords(c))
		}
		list = append(list, "a patch holds nothing but "+strings.Join(names, " and "))
	}
	return list
}

func contentWords(c release.Content) string {
	switch c {
	case release.HasFeature:
		return "features"
	case release.HasFix:
		return "fixes"
	case release.HasAdvisory:
		return "closed advisories"
	case release.HasBreak:
	}
	return "breaking changes"
}

func progressWords(r release.Rolled) (words, tone string) {
	switch r.Progress {
	case release.Mended:
		return "Has the fix", "good"
	case release.Exposed:
		return "Exposed", "bad"
	case release.Stopped:
		return "Runs nothing any more", "none"
	case release.NeverAffected:
	}
	return "Not affected", "none"
}

// fractionWords is a fraction of 1 as a percentage.
func fractionWords(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) }

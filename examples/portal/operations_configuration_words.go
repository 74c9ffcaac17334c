package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/coin/configurationroom"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// itemStandingWords says how an item stands, with a tone.
func itemStandingWords(s configuration.Standing) (words, tone string) {
	switch s {
	case configuration.InLine:
		return "As recorded", "good"
	case configuration.Drifted:
		return "Differs", "warn"
	case configuration.Unknown:
		return "Not known", "none"
	case configuration.NeverSeen:
		return "Never seen", "none"
	case configuration.Retired:
		return "No more", "none"
	}
	return sentence(string(s)), "none"
}

// severityTone is the tone of how bad a difference is.
func severityTone(s configuration.Severity) string {
	switch s {
	case configuration.Critical:
		return "bad"
	case configuration.Warning:
		return "warn"
	case configuration.Info:
		return "info"
	}
	return "none"
}

// worstFirst orders items with findings: those that no approved change explains, the
// worst, and those that have them for longest.
func worstFirst(a, b configuration.Item) int {
	severity := func(i configuration.Item) int { return slices.Index(configuration.Severities(), i.Worst) }
	if d := severity(b) - severity(a); d != 0 {
		return d
	}
	if (a.Unauthorised > 0) != (b.Unauthorised > 0) {
		return map[bool]int{true: -1, false: 1}[a.Unauthorised > 0]
	}
	return a.DriftsAt.Compare(b.DriftsAt)
}

func kindWords(k configuration.DifferenceKind) string {
	switch k {
	case configuration.Missing:
		return "is missing"
	case configuration.Unexpected:
		return "is there, and not recorded"
	case configuration.Changed:
	}
	return "is otherwise"
}

func findingWords(s configuration.FindingState) (words, tone string) {
	switch s {
	case configuration.FindingOpen:
		return "Open", "warn"
	case configuration.FindingAcknowledged:
		return "Acknowledged", "info"
	case configuration.FindingAccepted:
		return "Accepted", "good"
	case configuration.FindingRemedied:
		return "Remedied", "good"
	case configuration.FindingOverruled:
		return "No difference any more", "none"
	}
	return sentence(string(s)), "none"
}

// originWords says who changed it, as far as is known.
func originWords(o configuration.Origin) (words, tone string) {
	switch o {
	case configuration.ByChange:
		return "By an approved change", "good"
	case configuration.Unauthorised:
		return "By no approved change", "bad"
	case configuration.Pending:
		return "Recorded, and not there yet", "info"
	case configuration.Untold:
	}
	return "Nobody knows by what", "none"
}

func relationWords(k configuration.RelationKind, back bool) string {
	words := map[configuration.RelationKind][2]string{
		configuration.RunsOn: {"runs on", "carries"}, configuration.PartOf: {"is part of", "has as a part"},
		configuration.Uses: {"uses", "is used by"}, configuration.ConnectsTo: {"connects to", "is connected to by"},
	}[k]
	if back {
		return words[1]
	}
	return words[0]
}

func baselineWords(s configuration.BaselineState) (words, tone string) {
	switch s {
	case configuration.BaselineTaken:
		return "Waits for approval", "warn"
	case configuration.BaselineApproved:
		return "Holds", "good"
	case configuration.BaselineSuperseded:
		return "Another one took its place", "none"
	}
	return sentence(string(s)), "none"
}

// unknownFor says for how long nobody knows how an item is, and why.
func unknownFor(i *configuration.Item, now time.Time) string {
	length := whileWords(now.Sub(configurationroom.UnknownSince(i)))
	switch {
	case i.Looked.At.IsZero():
		return "recorded " + length + " ago, and never looked at"
	case i.Outdated != nil:
		return "a change was done on it " + length + " ago, and nobody has looked since"
	case i.WholeAt.IsZero():
		return "never looked at as a whole"
	}
	return "not known for " + length + ", looked at last " + whileWords(now.Sub(i.Looked.At)) + " ago"
}

// digests are what stands in the place of secrets: no page shows them.
var digests = regexp.MustCompile(`hmac-sha256:[A-Za-z0-9_-]{43}`)

// mostShown is how many characters of a value are shown.
const mostShown = 400

// valueText is a value for people, without what is secret.
func valueText(v configuration.Value) string {
	text, scalar := v.Scalar()
	switch {
	case v.IsZero():
		return "nothing"
	case !scalar:
		text = v.String()
	case v.Kind() == configuration.Text && strings.TrimSpace(text) == "":
		text = v.String()
	}
	return cut(digests.ReplaceAllString(text, "a secret"), mostShown)
}

// stateRow is a place of what is desired, and of what was found.
type stateRow struct {
	Path, Meaning     string
	Desired, Observed string // "": nothing
	Seen              bool   // whether it was looked at
	Differs           bool
}

// mostStateRows is how many places are shown of an item.
const mostStateRows = 300

// leavesOf gathers the places of a value, without those inside of lists.
func leavesOf(v configuration.Value, path string, into map[string]configuration.Value) {
	if v.IsZero() {
		return
	}
	if v.Kind() != configuration.Object || len(v.Members()) == 0 {
		into[path] = v
		return
	}
	for _, m := range v.Members() {
		leavesOf(m.Value, path+"/"+configuration.EscapeSegment(m.Name), into)
	}
}

// stateRows puts what is desired beside what was found, and returns how many places
// there is no room for.
func stateRows(t configuration.Type, desired, observed configuration.Value, look configuration.Look, open []configuration.Finding) (rows []stateRow, more int) {
	wanted, found := map[string]configuration.Value{}, map[string]configuration.Value{}
	leavesOf(desired, "", wanted)
	leavesOf(observed, "", found)
	meaning := map[string]string{}
	for _, a := range t.Attributes {
		meaning[a.Path] = a.Text
	}
	all := map[string]bool{}
	for path := range wanted {
		all[path] = true
	}
	for path := range found {
		all[path] = true
	}
	for _, path := range sortedKeys(all) {
		if len(rows) == mostStateRows {
			more = len(all) - len(rows)
			break
		}
		row := stateRow{Path: path, Meaning: meaning[path], Seen: look.Covers(path) && !look.IsZero()}
		if v, ok := wanted[path]; ok {
			row.Desired = valueText(v)
		}
		if v, ok := found[path]; ok {
			row.Observed = valueText(v)
		}
		row.Differs = slices.ContainsFunc(open, func(f configuration.Finding) bool { return insideOf(f.Path, path) || insideOf(path, f.Path) })
		rows = append(rows, row)
	}
	return rows, more
}

// insideOf reports whether one place is another one, or inside of it.
func insideOf(path, outer string) bool {
	return outer == "" || path == outer || strings.HasPrefix(path, outer+"/")
}

// changedWords counts how versions differ, in words.
func changedWords(d configuration.ItemDifference) string {
	switch d.Kind {
	case configuration.Missing:
		return "is in the first alone"
	case configuration.Unexpected:
		return "is in the second alone"
	case configuration.Changed:
	}
	return fmt.Sprintf("version %d became %d", d.From, d.To)
}

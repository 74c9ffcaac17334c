package main

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/patch"
)

func flawTone(s patch.Severity) string {
	switch s {
	case patch.Critical:
		return "bad"
	case patch.High:
		return "warn"
	case patch.Medium, patch.Low:
		return "info"
	case patch.Unknown, patch.None:
	}
	return "none"
}

func conditionWords(c patch.Condition) (words, tone string) {
	switch c {
	case patch.Compliant:
		return "Compliant", "good"
	case patch.NonCompliant:
		return "Not compliant", "bad"
	case patch.Exempt:
		return "Exempt", "warn"
	case patch.NotKnown:
	}
	return "Unknown", "none"
}

func resultWords(r patch.Result) (words, tone string) {
	switch r {
	case patch.Pending:
		return "Not begun", "none"
	case patch.Running:
		return "Under way", "info"
	case patch.Restarting:
		return "Waits for a restart", "warn"
	case patch.Done:
		return "Done", "good"
	case patch.Failed:
		return "Failed", "bad"
	case patch.PutBack:
		return "Put back", "bad"
	case patch.Skipped:
		return "Skipped", "warn"
	}
	return sentence(string(r)), "none"
}

func ringWords(s patch.RingState) (words, tone string) {
	switch s {
	case patch.RingWaiting:
		return "Waits for the ring before it", "none"
	case patch.RingOpen:
		return "Open", "info"
	case patch.RingSoaking:
		return "Soaks", "warn"
	case patch.RingPassed:
		return "Passed", "good"
	}
	return sentence(string(s)), "none"
}

func cycleTone(s patch.CycleState) string {
	switch s {
	case patch.CyclePlanned:
		return "warn"
	case patch.CycleRunning:
		return "info"
	case patch.CycleHalted:
		return "bad"
	case patch.CycleFinished:
		return "good"
	case patch.CycleCancelled:
	}
	return "none"
}

// cycleVerbs says what an entry in the history of a cycle is.
func cycleVerbs(verb string) string {
	switch verb {
	case patch.VerbGoAhead:
		return "said go"
	case patch.VerbReplan:
		return "planned it anew"
	case patch.VerbPlan:
		return "planned it"
	case patch.VerbBegin:
		return "began it"
	case patch.VerbHalt:
		return "halted it"
	case patch.VerbResume:
		return "resumed it"
	case patch.VerbCancel:
		return "cancelled it"
	}
	_, word, _ := strings.Cut(verb, ".")
	return word
}

// countWords are the numbers of targets by what came of them, the ones that there are.
func countWords(c patch.Counts) []figure {
	var list []figure
	for _, x := range []struct {
		n    int
		name string
	}{
		{c.Done, "done"}, {c.Running, "under way"}, {c.Restarting, "waiting for a restart"}, {c.Pending, "not begun"}, {c.Late, "of them late"}, {c.Failed, "failed"}, {c.PutBack, "put back"}, {c.Skipped, "skipped"},
	} {
		if x.n > 0 {
			list = append(list, figure{x.name, strconv.Itoa(x.n)})
		}
	}
	return list
}

// selectorText writes a selector as readSelector reads it: "environment=test, type=host".
func selectorText(s patch.Selector) string {
	parts := make([]string, 0, len(s))
	for _, name := range sortedKeys(s) {
		parts = append(parts, name+"="+s[name])
	}
	return strings.Join(parts, ", ")
}

// selectorIn reads by which labels targets are picked: "environment=test, type=host".
func (f *form) selectorIn(name string) patch.Selector {
	text := f.text(name)
	if text == "" {
		return nil
	}
	s := patch.Selector{}
	for part := range strings.SplitSeq(text, ",") {
		label, value, ok := strings.Cut(part, "=")
		label, value = strings.TrimSpace(label), strings.TrimSpace(value)
		if _, twice := s[label]; !ok || label == "" || value == "" || twice {
			f.bad.Add(name, "bad-selector", text, "must be labels with one value each, as environment=test, type=host")
			return nil
		}
		s[label] = value
	}
	return s
}

// dateIn reads a day, the zero Date for an empty field.
func (f *form) dateIn(name string) calendar.Date {
	text := f.text(name)
	if text == "" {
		return calendar.Date{}
	}
	d, err := calendar.ParseDate(text)
	if err != nil {
		f.bad.Add(name, "bad-date", text, "must be a day, as 2026-11-24")
	}
	return d
}

var hoursByClock = regexp.MustCompile(`\b(\d{1,7})h by the clock`)

// plainDeadline says why a deadline is then, with days where they are whole.
func plainDeadline(why string) string {
	return hoursByClock.ReplaceAllStringFunc(why, func(part string) string {
		n, err := strconv.Atoi(hoursByClock.FindStringSubmatch(part)[1])
		if err != nil {
			return part
		}
		return lengthText(calendar.Within(time.Duration(n) * time.Hour))
	})
}

// onDay is a day as people write it.
func onDay(d calendar.Date) string { return d.In(time.UTC).Start.Format("2 Jan 2006") }

// isoDay is a day for a file, "" for none.
func isoDay(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// sightingWords says why a target stands as it does, with the source at the end.
func sightingWords(a *patch.Advisory, why string) string {
	for _, b := range a.Bulletins {
		if rest, ok := strings.CutPrefix(why, b.Source+" "+b.ID+": "); ok {
			return rest + " (" + b.Source + " " + b.ID + ")"
		}
	}
	return why
}

// flawName is what an advisory is called in lists and addresses: its CVE, or else the
// first of its names.
func flawName(a *patch.Advisory) string {
	names := a.Names()
	if at := slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(n, "CVE-") }); at >= 0 {
		return names[at]
	}
	if len(names) == 0 {
		return string(a.ID)
	}
	return names[0]
}

// flawTitle is its title, or its name where no source gives one.
func flawTitle(a *patch.Advisory) string {
	if title := a.Title(); title != "" {
		return title
	}
	return flawName(a)
}

// flawText is what it is, as the first source that says so has it.
func flawText(a *patch.Advisory) string {
	for _, b := range a.Bulletins {
		if b.Withdrawn.IsZero() && b.Text != "" {
			return b.Text
		}
	}
	return ""
}

// isWebLink reports whether a reference can be followed.
func isWebLink(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// spanWords says which versions of a product a bulletin speaks of.
func spanWords(p *patch.Product) string {
	var parts []string
	for _, s := range p.Spans {
		parts = append(parts, s.String())
	}
	parts = append(parts, p.Versions...)
	switch {
	case len(parts) > 0:
		return strings.Join(parts, "; ")
	case p.Version != "":
		return p.Version
	}
	return "all versions"
}

func productName(c *patch.Component) string {
	if c.PURL != "" {
		return c.PURL
	}
	return strings.TrimSpace(c.Vendor + " " + c.Name)
}

func standingOf(s patch.Standing) string {
	switch s {
	case patch.Fixed:
		return "mended in"
	case patch.NotAffected:
		return "not affected"
	case patch.Open:
		return "under investigation"
	case patch.Affected:
	}
	return "affected"
}

package release

import (
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/version"
)

// Line is versions that are kept current side by side: 8.4 has 8.4.0 and its patches.
type Line struct {
	Platform PlatformID `json:"platform"`
	// Name is as it is written. One of numbers, "8.4", "24.04", "9", has the versions that begin
	// with them; of another one, "dalmatian", each release says that it is of it.
	Name     string `json:"name"`
	Codename string `json:"codename,omitempty"` // that people call it by
	// Released is its first day, and each of the others the last day of something.
	Released calendar.Date `json:"released,omitzero"`
	Support  Support       `json:"support"`
	// Successor is the line that its users are led to.
	Successor string `json:"successor,omitempty"`
	Rules     Rules  `json:"rules"` // its own; what they leave open is the platform's

	Version int       `json:"version"`
	KeptAt  time.Time `json:"keptAt"`
}

// Support is until when what is done for a line.
type Support struct {
	// Active is the last day on which it gets more than fixes; Until that of maintenance:
	// fixes, and advisories closed; Extended that of what is paid for beside.
	Active   End `json:"active,omitempty"`
	Until    End `json:"until,omitempty"`
	Extended End `json:"extended,omitempty"`
	// LongTerm is since when it is one with support for a long time.
	LongTerm calendar.Date `json:"longTerm,omitzero"`
}

// End is the last day of something, or what is known instead: [Over], [NotOver], or "" where
// nobody has said anything.
type End string

// What is known of an end without a day.
const (
	Over    End = "over"    // since a day that nobody knows
	NotOver End = "notOver" // and no day is known
)

// LastDay is an end on a day: that day is still in.
func LastDay(d calendar.Date) End { return End(d.String()) }

// Day returns the last day, and false where none is known.
func (e End) Day() (calendar.Date, bool) {
	d, err := calendar.ParseDate(string(e))
	return d, err == nil
}

// Stated reports whether anything is known.
func (e End) Stated() bool { return e != "" }

// Passed reports whether it is over on a day.
func (e End) Passed(on calendar.Date) bool {
	d, ok := e.Day()
	return e == Over || ok && on.Compare(d) > 0
}

// Holds reports whether something was stated, and is not over on a day.
func (e End) Holds(on calendar.Date) bool { return e.Stated() && !e.Passed(on) }

func (e End) validate(v *servicecoin.Violations, path string) {
	if e == "" || e == Over || e == NotOver {
		return
	}
	const date = 10
	if len(e) > date {
		v.Add(path, "too-long", "", `must be a day as "2026-11-27", "over" or "notOver"`)
		return
	}
	if _, err := calendar.ParseDate(string(e)); err != nil {
		v.Add(path, "bad-date", string(e), `must be a day as "2026-11-27", "over" or "notOver"`)
	}
}

// Phase is how far the support of a line is.
type Phase string

// The phases, in their order.
const (
	NotStated   Phase = "notStated" // nobody has said until when it is supported
	Coming      Phase = "coming"    // it is not released yet
	Active      Phase = "active"
	Maintenance Phase = "maintenance" // it gets fixes alone
	Extended    Phase = "extended"    // support is over but for those who pay for more
	Ended       Phase = "ended"
)

// Phases returns all of them, in their order.
func Phases() []Phase { return []Phase{NotStated, Coming, Active, Maintenance, Extended, Ended} }

// Phase returns the phase of the line on a day of its platform's zone. Maintained says
// whether anybody at all gets fixes.
func (l Line) Phase(on calendar.Date) Phase {
	s := l.Support
	switch {
	case !l.Released.IsZero() && on.Compare(l.Released) < 0:
		return Coming
	case s == Support{} || s.Active == "" && s.Until == "" && s.Extended == "":
		return NotStated
	case !l.Maintained(on):
		return Ended
	case s.Until.Holds(on) || s.Until == "" && s.Active.Holds(on):
		if s.Active.Passed(on) {
			return Maintenance
		}
		return Active
	case s.Extended.Holds(on):
		return Extended
	}
	return Active // its end is over, and more than fixes is said to come still
}

// Maintained reports whether one of the stated ends is not over: the last day is in. Where
// none is stated, nobody has promised anything.
func (l Line) Maintained(on calendar.Date) bool {
	return l.Support.Active.Holds(on) || l.Support.Until.Holds(on) || l.Support.Extended.Holds(on)
}

// LongTerm reports whether it is a line with support for a long time on a day.
func (l Line) LongTerm(on calendar.Date) bool {
	return !l.Support.LongTerm.IsZero() && on.Compare(l.Support.LongTerm) >= 0
}

// End returns the last day on which everybody gets fixes, and false where none is known.
func (l Line) End() (calendar.Date, bool) {
	if l.Support.Until != "" {
		return l.Support.Until.Day()
	}
	return l.Support.Active.Day()
}

// Stated are the rules that hold for the line: its own, and those of its platform where it
// has none.
func (l Line) Stated(p Platform) Rules { return l.Rules.or(p.Rules) }

// NearEnd reports whether support of the line is about to end: in the last third of its
// life, and at most 120 days before the last day, which is in.
func (l Line) NearEnd(on calendar.Date) bool {
	end, ok := l.End()
	if !ok {
		return false
	}
	left := days(on, end)
	const most, third = 120, 3
	return left >= 0 && left <= most && (l.Released.IsZero() || left*third <= days(l.Released, end))
}

// days are those from one date to another one.
func days(from, to calendar.Date) int {
	const day = 24 * time.Hour
	return int(to.In(time.UTC).Start.Sub(from.In(time.UTC).Start) / day)
}

// Has reports whether a version is one of the line: its numbers begin with those of the
// line's name.
func (l Line) Has(v version.Version) bool { return inLine(l.Name, v) }

// PathName returns the name of a line as a part of a path or the name of a file: a slash in
// it becomes a hyphen.
func PathName(line string) string { return strings.ReplaceAll(line, "/", "-") }

// parts are the numbers of a line's name, at most three.
func parts(name string) (numbers []uint64, ok bool) {
	p, err := version.ParseLoose(name)
	if err != nil || p.Prerelease() != "" {
		return nil, false
	}
	core, _, _ := strings.Cut(name, "+")
	return []uint64{p.Major, p.Minor, p.Patch}[:min(strings.Count(core, ".")+1, 3)], true //nolint:mnd // numbers of a version
}

func inLine(name string, v version.Version) bool {
	numbers, ok := parts(name)
	if !ok {
		return false
	}
	for n, x := range []uint64{v.Major, v.Minor, v.Patch}[:len(numbers)] {
		if x != numbers[n] {
			return false
		}
	}
	return true
}

// LineOf returns which of several lines a version is of: that with the most numbers in its
// name which the version begins with.
func LineOf(lines []Line, text string) (Line, bool) {
	v, err := version.ParseLoose(text)
	if err != nil {
		return Line{}, false
	}
	best, most := Line{}, 0
	for _, l := range lines {
		if numbers, ok := parts(l.Name); ok && len(numbers) > most && l.Has(v) {
			best, most = l, len(numbers)
		}
	}
	return best, most > 0
}

// Validate reports every violation: support that ends before it begins among them.
func (l Line) Validate() error {
	var v servicecoin.Violations
	v.ID("platform", string(l.Platform))
	v.Text("name", l.Name, 1, version.MaxLength)
	v.Text("codename", l.Codename, 0, maxName)
	if !l.Released.IsZero() {
		v.Merge("released", l.Released.Validate())
	}
	if !l.Support.LongTerm.IsZero() {
		v.Merge("support.longTerm", l.Support.LongTerm.Validate())
	}
	last, of := l.Released, "released"
	for _, e := range []struct {
		path string
		end  End
	}{{"support.active", l.Support.Active}, {"support.until", l.Support.Until}, {"support.extended", l.Support.Extended}} {
		e.end.validate(&v, e.path)
		if d, ok := e.end.Day(); ok {
			if !last.IsZero() && d.Compare(last) < 0 {
				v.Add(e.path, "out-of-order", d.String(), fmt.Sprintf("must not be before %s, %s", of, last))
			}
			last, of = d, e.path
		}
	}
	v.Text("successor", l.Successor, 0, version.MaxLength)
	if l.Successor != "" && l.Successor == l.Name {
		v.Add("successor", "out-of-range", l.Successor, "must be another line")
	}
	l.Rules.validate(&v, "rules")
	return v.Err()
}

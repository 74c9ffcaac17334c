package release

import (
	"cmp"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/version"
)

// Position is which version an installation runs, and what stands between that and the
// newest.
type Position struct {
	Installation Installation `json:"installation"`
	Line         Line         `json:"line"`
	Phase        Phase        `json:"phase"` // of the line, today
	// Until is the last day on which everybody gets fixes in its line, NearEnd that it is
	// about to come.
	Until   End  `json:"until,omitempty"`
	NearEnd bool `json:"nearEnd,omitempty"`
	// Recalled says that what runs is bad, and where to go.
	Recalled *Recalled `json:"recalled,omitempty"`
	Pin      *Pin      `json:"pin,omitempty"`
	// Newest is the newest version that is out and was not recalled, Offered the newest that
	// it may get now, "" if none is newer than what runs.
	Newest  string `json:"newest,omitempty"`
	Offered string `json:"offered,omitempty"`
	// Between are the releases after what runs, up to the newest, the oldest first.
	Between []Step `json:"between,omitempty"`
	// Fixes are those that it misses: critical flaws that what runs has.
	Fixes []FixID `json:"fixes,omitempty"`
}

// Step is a release between what runs and the newest.
type Step struct {
	Version  string        `json:"version"`
	Line     string        `json:"line"`
	On       calendar.Date `json:"on"`
	Holds    Holds         `json:"holds"`
	Withheld string        `json:"withheld,omitempty"` // why it is not offered, "" if it is
}

// Behind is how many days ago the first release came that is newer than what runs; 0 where
// nothing is newer.
func (p Position) Behind(on calendar.Date) int {
	first := calendar.Date{}
	for _, s := range p.Between {
		if first.IsZero() || s.On.Compare(first) < 0 {
			first = s.On
		}
	}
	if first.IsZero() {
		return 0
	}
	return max(0, days(first, on))
}

// Locate says where an installation stands at an instant: releases, lines and fixes are
// those of its platform. Pre-releases stand between nothing, unless an earlier one of the
// same version runs.
func Locate(i Installation, p Platform, lines []Line, list []Release, fixes []Fix, now time.Time) Position {
	today := p.Today(now)
	pos := Position{Installation: i, Pin: i.PinAt(now, today)}
	if i.Version == "" {
		return pos
	}
	if l, ok := lineIn(lines, list, i.Version); ok {
		pos.Line, pos.Phase, pos.NearEnd, pos.Until = l, l.Phase(today), l.NearEnd(today), cmp.Or(l.Support.Until, l.Support.Active)
	}
	ordered, upTo := slices.Clone(list), 0
	slices.SortFunc(ordered, func(a, b Release) int { return compare(a.Version, b.Version) })
	for n := range ordered {
		r := &ordered[n]
		switch c := compare(r.Version, i.Version); {
		case c == 0:
			pos.Recalled = r.ledTo(list)
			continue
		case c < 0, !r.Out(today), r.Kind == Prerelease && !oneCore(r.Version, i.Version):
			continue
		}
		step := Step{Version: r.Version, Line: r.Line, On: r.Done, Holds: r.Holds, Withheld: r.withheld(p, i.Channel, pos.Pin, now)}
		if r.Recalled == nil {
			pos.Newest = r.Version
		}
		if step.Withheld == "" {
			pos.Offered = r.Version
		}
		pos.Between = append(pos.Between, step)
		if r.Recalled == nil {
			upTo = len(pos.Between)
		}
	}
	pos.Between = pos.Between[:upTo] // what was recalled after the newest is nothing to go to
	for n := range fixes {
		if f := &fixes[n]; f.Withdrawn == nil && !f.KnownAt.After(now) && !f.Mends(lines, i.Version) {
			pos.Fixes = append(pos.Fixes, f.ID)
		}
	}
	return pos
}

// lineIn returns which line a version is of: that which its release says, else that which
// its numbers do.
func lineIn(lines []Line, list []Release, text string) (Line, bool) {
	if n := slices.IndexFunc(list, func(r Release) bool { return same(r.Version, text) }); n >= 0 {
		if k := slices.IndexFunc(lines, func(l Line) bool { return l.Name == list[n].Line }); k >= 0 {
			return lines[k], true
		}
	}
	return LineOf(lines, text)
}

// oneCore reports whether two versions have the same numbers, and the second one is a
// pre-release of them.
func oneCore(a, b string) bool {
	v, err := version.ParseLoose(a)
	w, err2 := version.ParseLoose(b)
	return err == nil && err2 == nil && w.Prerelease() != "" && v.Major == w.Major && v.Minor == w.Minor && v.Patch == w.Patch
}

// ledTo is why a release was recalled, with where its users are led to by now: past versions
// that were recalled themselves. Nowhere, if these lead in a ring, or to nothing.
func (r Release) ledTo(list []Release) *Recalled {
	if r.Recalled == nil || r.Recalled.Instead == "" {
		return r.Recalled
	}
	led := *r.Recalled
	for range list {
		n := slices.IndexFunc(list, func(x Release) bool { return same(x.Version, led.Instead) })
		if n < 0 || list[n].Recalled == nil {
			return &led
		}
		if led.Instead = list[n].Recalled.Instead; led.Instead == "" {
			return &led
		}
	}
	led.Instead = ""
	return &led
}

// Cost is what a pin costs in support.
type Cost struct {
	Today Phase `json:"today"` // how far the support is of the newest line that the pin allows
	AtEnd Phase `json:"atEnd"` // and on the last day of the pin
	// Without are the days of the pin after that line's support, Fixes the critical flaws that
	// no version which it allows mends.
	Without int     `json:"daysWithoutSupport"`
	Fixes   []FixID `json:"fixes,omitempty"`
}

// CostOf says what a pin costs in support on a day: lines, releases and fixes are those of
// its platform.
func CostOf(pin Pin, lines []Line, list []Release, fixes []Fix, on calendar.Date) Cost {
	best := ""
	for n := range list {
		if r := &list[n]; r.Out(on) && r.Recalled == nil && pin.Allows(r.Version) && (best == "" || compare(r.Version, best) > 0) {
			best = r.Version
		}
	}
	var c Cost
	if best == "" {
		return c
	}
	if l, ok := lineIn(lines, list, best); ok {
		c.Today, c.AtEnd = l.Phase(on), l.Phase(pin.Until)
		if end, ok := l.End(); ok && pin.Until.Compare(end) > 0 {
			c.Without = days(end, pin.Until)
		}
	}
	for n := range fixes {
		if f := &fixes[n]; f.Withdrawn == nil && !f.Mends(lines, best) {
			c.Fixes = append(c.Fixes, f.ID)
		}
	}
	return c
}

package ical

import (
	"fmt"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin/calendar/hours"
)

// eventDepth is how many components are open in a VEVENT: itself and its
// calendar.
const eventDepth = 2

func (f *file) begin(p property) {
	name := strings.ToUpper(strings.TrimSpace(p.Value.Text))
	f.inside = append(f.inside, name)
	switch depth := len(f.inside); {
	case depth > maxNested:
		f.complain(p.Whole, "too-many", p.Value.Text, fmt.Sprintf("must not stand in more than %d components", maxNested))
		f.complaints = maxComplaints
	case (name == "VCALENDAR") != (depth == 1), name == "VEVENT" && depth != eventDepth:
		f.complain(p.Whole, "syntax", p.Value.Text, "must stand where its kind may: calendars side by side, all else in a calendar, events in nothing else")
	case depth == 1:
		f.calendars = append(f.calendars, &vcalendar{zones: map[string]*zoneLines{}})
	case len(f.calendars) == 0: // it is complained of
	case name == "VEVENT":
		f.event = &eventLines{at: p.Whole, calendar: len(f.calendars) - 1}
	case name == "VTIMEZONE" && depth == eventDepth:
		f.zone = &zoneLines{at: p.Whole}
	case f.zone != nil:
		f.zone.begin(p.Whole, name, depth)
	case f.foreign == nil && !passedOver(name):
		f.foreign = &foreign{at: p.Whole, name: strings.TrimSpace(p.Value.Text), depth: depth}
	}
}

// maxNested is how many components may be open at once: four, as RFC 5545 and
// those that came after have it, and as many again.
const maxNested = 8

// passedOver reports whether a component has a name that is known, or one that is
// its maker's own affair.
func passedOver(name string) bool {
	return strings.HasPrefix(name, "X-") || slices.Contains([]string{
		"VCALENDAR", "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "STANDARD", "DAYLIGHT", "VALARM",
		"VAVAILABILITY", "AVAILABLE", "VPOLL", "VVOTER", "VOTE", "PARTICIPANT", "VLOCATION", "VRESOURCE", "VVENUE", "VPATCH", "PATCH",
	}, name)
}

// bracket reports whether a part of a line that is folded looks like a BEGIN or
// END of its own.
func bracket(line string) bool {
	const longest = 64
	if len(line) > longest {
		return false
	}
	name, value, found := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), ":")
	return found && (name == "BEGIN" || name == "END") && value != "" && !strings.HasPrefix(value, "X-") && passedOver(value)
}

func (f *file) end(p property) {
	depth := len(f.inside)
	if depth == 0 || !strings.EqualFold(f.inside[depth-1], strings.TrimSpace(p.Value.Text)) {
		open := "nothing"
		if depth > 0 {
			open = f.inside[depth-1]
		}
		f.complain(p.Whole, "syntax", p.Value.Text, "must end the component that is open: "+open)
		return
	}
	f.inside = f.inside[:depth-1]
	switch {
	case f.event != nil && depth == eventDepth:
		f.read = append(f.read, f.event)
		f.event = nil
		if len(f.read) == hours.MaxDays+1 {
			f.complain(p.Whole, "too-many", "", fmt.Sprintf("must be at most %d events", hours.MaxDays))
			f.complaints = maxComplaints
		}
	case f.zone != nil && depth == eventDepth:
		f.define(f.zone)
		f.zone = nil
	case f.foreign != nil && depth == f.foreign.depth:
		f.strangers = append(f.strangers, *f.foreign)
		f.foreign = nil
	}
}

func (f *file) finish() {
	switch {
	case f.complaints >= maxComplaints: // not read to the end
	case len(f.inside) > 0:
		f.complain(f.last, "syntax", "", "is the last one, and "+f.inside[len(f.inside)-1]+" is still open")
	case len(f.calendars) == 0:
		f.said = append(f.said, complaint{f.last.Line() + 1, "", "required", "", "must have a VCALENDAR"})
	}
	for _, s := range f.strangers { // what is read to have nothing must have nothing
		if f.complaints < maxComplaints && (s.dated || len(f.read) == 0) {
			f.complain(s.at, "unknown", s.name, "must be a component that is known, such as VEVENT, or begin with X-")
		}
	}
}

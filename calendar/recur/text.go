package recur

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Parse reads a rule as the lines of an iCalendar event have it:
//
//	DTSTART;TZID=Europe/Berlin:20260105T090000
//	RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR
//	RDATE;TZID=Europe/Berlin:20260510T090000
//	EXDATE;TZID=Europe/Berlin:20260410T090000,20260413T090000
//
// in any order, ended by LF or CRLF; a line that begins with a space goes on
// from the one before. DTSTART stands once, RRULE, EXRULE, RDATE and EXDATE as
// often as needed. A TZID is a name of the tz database, with or without a prefix
// of its maker. A time without zone is one of the rule's, in which UTC stands for
// none; so is a date, and X-WR-TIMEZONE:Europe/Berlin sets the zone of both. Times
// of another zone than the rule's are kept in UTC. X-GAP:SKIP and X-TWICE:BOTH set
// the policies.
//
// The error is an [*servicecoin.InvalidError] with every violation; its path is
// the place, "line 2, column 14", counted in characters from 1.
func Parse(text string) (Rule, error) {
	var read ruleReader
	if read.lines(text); read.ok() {
		return read.rule, nil
	}
	return Rule{}, read.v.Err()
}

// ruleReader reads the lines of a rule, and those of a window.
type ruleReader struct {
	v      servicecoin.Violations
	rule   Rule
	window *Window // nil: its lines are unknown
	first  map[string]lines.Line
	zoneOf func(name string) *time.Location
}

// maxRuleLines is the most lines of a rule: one for each date, at most.
const maxRuleLines = 2*MaxDates + 2*maxRepeaters + 20

func (r *ruleReader) ok() bool { return r.v.Err() == nil }

// lines reads the whole text.
func (r *ruleReader) lines(text string) {
	if len(text) > lines.MaxText {
		r.v.Add("", "too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(text), lines.MaxText))
		return
	}
	r.first, r.zoneOf = map[string]lines.Line{}, new(wall.ZoneNames).Find
	var rest []lines.Line
	for p := range lines.Unfold(text) {
		if len(rest) > maxRuleLines {
			r.v.Add(p.Place(), "too-many", "", fmt.Sprintf("must be one of at most %d lines", maxRuleLines))
			return
		}
		line, ok := lines.Parse(p)
		switch {
		case lines.Enough(&r.v):
			return
		case !utf8.ValidString(p.Text):
			r.v.Add(p.Place(), "bad-text", p.Text, "must be UTF-8")
		case !ok:
			r.v.Add(p.Place(), "syntax", p.Text, "must be a line such as RRULE:FREQ=DAILY")
		case r.again(line):
			r.v.Add(p.Place(), "duplicate", line.Name, "must stand once")
		default:
			r.first[line.Name] = line
			rest = append(rest, line)
		}
	}
	start, has := r.first["DTSTART"]
	if !has {
		r.v.Add("", "required", "", "must have a DTSTART")
	}
	r.start(start, has)
	for _, line := range rest {
		if lines.Enough(&r.v) {
			return
		}
		r.take(line)
	}
}

// again reports whether a line that stands once has come before.
func (r *ruleReader) again(line lines.Line) bool {
	_, before := r.first[line.Name]
	return before && !slices.Contains([]string{"RRULE", "EXRULE", "RDATE", "EXDATE"}, line.Name)
}

// start reads DTSTART and the zone, on which the other lines depend.
func (r *ruleReader) start(line lines.Line, has bool) {
	if has {
		start, ok := line.Moment(&r.v, line.Value)
		r.rule.Start = When(start)
		if zone, named := line.Params["TZID"]; named && ok {
			if start.Whole || start.UTC {
				r.v.Add(zone.Place(), "unexpected", zone.Text, "must not stand with a date, or with a time in UTC")
			} else {
				r.rule.Zone = nameOf(r.zone(zone))
			}
		}
	}
	if line, named := r.first["X-WR-TIMEZONE"]; named && r.rule.Zone == "" {
		if r.rule.Start.UTC {
			r.v.Add(line.Value.Place(), "unexpected", line.Value.Text, "must not stand beside a start in UTC")
		} else {
			r.rule.Zone = nameOf(r.zone(line.Value))
		}
	}
}

// zone returns the zone of that name, nil if it is unknown.
func (r *ruleReader) zone(p lines.Placed) *time.Location {
	loc := r.zoneOf(strings.TrimSpace(p.Text))
	if loc == nil {
		r.v.Add(p.Place(), "unknown-zone", p.Text, "must name a zone of the tz database")
	}
	return loc
}

// nameOf returns the name of a zone, "" for none.
func nameOf(loc *time.Location) string {
	if loc == nil {
		return ""
	}
	return loc.String()
}

// take reads any line but DTSTART.
func (r *ruleReader) take(line lines.Line) {
	switch line.Name {
	case "DTSTART", "X-WR-TIMEZONE":
	case "RRULE":
		r.rule.Repeats = append(r.rule.Repeats, r.repeat(line))
	case "EXRULE":
		r.rule.Except = append(r.rule.Except, r.repeat(line))
	case "RDATE":
		r.rule.Dates = r.dates(line, r.rule.Dates)
	case "EXDATE":
		r.rule.ExceptDates = r.dates(line, r.rule.ExceptDates)
	case "X-GAP":
		r.rule.Gap = calendar.GapPolicy(r.policy(line, func(text string) error { return calendar.GapPolicy(text).Validate() }))
	case "X-TWICE":
		r.rule.Twice = calendar.TwicePolicy(r.policy(line, func(text string) error { return calendar.TwicePolicy(text).Validate() }))
	default:
		if r.window == nil || !r.takeWindow(line) {
			r.v.Add(line.Whole.Place(), "unknown", line.Name, "is no line of a rule")
		}
	}
}

// repeat reads an RRULE or EXRULE and checks what depends on the start.
func (r *ruleReader) repeat(line lines.Line) Repeat {
	repeat := readRepeat(&r.v, line.Value)
	if r.rule.Start.IsZero() {
		return repeat
	}
	if want := r.rule.untilForm(); !repeat.Until.IsZero() && !repeat.Until.sameForm(want) {
		r.v.Add(line.ValueOf("UNTIL").Place(), "bad-format", repeat.Until.code(), "must be "+want.form()+", since DTSTART is "+r.rule.startForm())
	}
	if r.rule.Start.Whole {
		if name := repeat.clockPart(); name != "" {
			r.v.Add(line.ValueOf(name).Place(), "unexpected", name, "must not stand in a rule of whole days")
		}
	}
	return repeat
}

// startForm says what DTSTART is, for messages.
func (r Rule) startForm() string {
	if r.Zone != "" && !r.Start.Whole {
		return "a time in " + r.Zone
	}
	return r.Start.form()
}

// dates reads an RDATE or EXDATE.
func (r *ruleReader) dates(line lines.Line, list []When) []When {
	reader := lines.DateReader{
		V: &r.v, Start: lines.Moment(r.rule.Start), Zone: r.rule.Zone, Most: MaxDates,
		ZoneOf: r.zone, Home: func() *time.Location { return wall.OrUTC(r.zoneOf(r.rule.Zone)) },
	}
	for _, m := range reader.Read(line, len(list)) {
		list = append(list, When(m))
	}
	return list
}

// policy reads a policy, in capitals or not.
func (r *ruleReader) policy(line lines.Line, check func(string) error) string {
	name := strings.ToLower(strings.TrimSpace(line.Value.Text))
	if check(name) != nil || name == "" {
		r.v.Add(line.Value.Place(), "unknown", line.Value.Text, "must be a policy: SHIFT, AFTER or SKIP for X-GAP; FIRST, LAST or BOTH for X-TWICE")
	}
	return name
}

// String returns the lines of the rule, as [Parse] reads them, each ended by
// LF and folded at 75 bytes. Times that are not the rule's stand after those that
// are.
func (r Rule) String() string {
	var b strings.Builder
	r.write(&b)
	return b.String()
}

func (r Rule) write(b *strings.Builder) {
	zone := ""
	switch {
	case r.Start.Whole:
		foldLine(b, "DTSTART;VALUE=DATE:"+r.Start.code())
	case r.Zone != "":
		zone = ";TZID=" + r.Zone
		fallthrough
	default:
		foldLine(b, "DTSTART"+zone+":"+r.Start.code())
	}
	if r.Start.Whole && r.Zone != "" {
		foldLine(b, "X-WR-TIMEZONE:"+r.Zone)
		zone = ";TZID=" + r.Zone
	}
	for _, x := range r.Repeats {
		foldLine(b, "RRULE:"+x.String())
	}
	writeDates(b, "RDATE", zone, r.Dates)
	for _, x := range r.Except {
		foldLine(b, "EXRULE:"+x.String())
	}
	writeDates(b, "EXDATE", zone, r.ExceptDates)
	if r.Gap != "" {
		foldLine(b, "X-GAP:"+strings.ToUpper(string(r.Gap)))
	}
	if r.Twice != "" {
		foldLine(b, "X-TWICE:"+strings.ToUpper(string(r.Twice)))
	}
}

// writeDates writes the local times, the instants and the days.
func writeDates(b *strings.Builder, name, zone string, list []When) {
	for _, form := range []struct {
		like   When
		params string
	}{{When{}, zone}, {When{UTC: true}, ""}, {When{Whole: true}, ";VALUE=DATE"}} {
		var of []When
		for _, w := range list {
			if w.sameForm(form.like) {
				of = append(of, w)
			}
		}
		if len(of) > 0 {
			foldLine(b, name+form.params+":"+commas(of, When.code))
		}
	}
}

// foldLine writes a line of ASCII.
func foldLine(b *strings.Builder, line string) {
	most := 75
	for len(line) > most {
		b.WriteString(line[:most] + "\n ")
		line, most = line[most:], 74 // the space counts
	}
	b.WriteString(line + "\n")
}

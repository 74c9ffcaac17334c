package calendar

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
)

// Limits of an iCalendar file, beyond which it is refused.
const (
	MaxICalendarBytes = 4 << 20
	maxComplaints     = 100 // violations, after which reading ends
)

// ReadICalendar reads the events of an iCalendar file (RFC 5545) as lists of
// holidays have them: VEVENTs of whole days or between two times, once or again
// and again. Times without a zone are those of loc, nil means UTC; a TZID is a
// name of the tz database, with or without a prefix of its maker. Cancelled
// events are left out, alarms and other components and properties passed over.
//
// Days that come every year on their date stay one event. Of what repeats in
// another way (see [ParseRule]: RRULE, RDATE, EXDATE, EXRULE) each time from 1900
// to 2150 is an event of its own, [MaxDays] of them at most; a time that is moved
// or cancelled by an event with a RECURRENCE-ID is left out, one "and all that
// follow" (RANGE) is refused, and so are more than 200 rules of such events in a
// file. An UNTIL may be a date or a time, with a zone or without. The error is an [*servicecoin.InvalidError] with
// every violation; the path is the line, "line 12". A failure of r is returned as
// it is.
func ReadICalendar(r io.Reader, loc *time.Location) ([]VEvent, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxICalendarBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading iCalendar: %w", err)
	}
	f := icalFile{loc: zone(loc), zones: map[string]*time.Location{}, moved: map[string][]property{}}
	if len(data) > MaxICalendarBytes {
		var v servicecoin.Violations
		v.Add("", "too-long", "", fmt.Sprintf("has more than %d bytes", MaxICalendarBytes))
		return nil, v.Err()
	}
	for line := range contentLines(data) {
		f.take(line)
		if f.complaints >= maxComplaints {
			break
		}
	}
	f.build()
	f.finish()
	if err := f.err(); err != nil {
		return nil, err
	}
	return f.events, nil
}

// contentLine is an unfolded line, and the number of its first part.
type contentLine struct {
	n    int
	text string
}

// contentLines unfolds the lines of a file: one that begins with a space or a
// tab goes on from the one before.
func contentLines(data []byte) func(yield func(contentLine) bool) {
	return func(yield func(contentLine) bool) {
		data = bytes.TrimPrefix(data, []byte("\uFEFF"))
		var current []byte
		first, n := 0, 0
		for line := range bytes.Lines(data) {
			n++
			line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
			if n > 1 && len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
				current = append(current, line[1:]...)
				continue
			}
			if len(current) > 0 && !yield(contentLine{first, string(current)}) {
				return
			}
			first, current = n, append(current[:0], line...)
		}
		if len(current) > 0 {
			yield(contentLine{first, string(current)})
		}
	}
}

// property is a content line taken apart.
type property struct {
	n      int // the line
	name   string
	params map[string]string // by name in capitals
	value  string
	whole  string // all of it
}

// parseProperty takes a line apart: NAME;PARAM=value;PARAM="value":value.
func parseProperty(line contentLine) (property, bool) {
	p := property{n: line.n, params: map[string]string{}, whole: line.text}
	i := strings.IndexAny(line.text, ";:")
	if i <= 0 || !nameText(line.text[:i]) {
		return p, false
	}
	p.name = strings.ToUpper(line.text[:i])
	rest := line.text[i:]
	for rest[0] == ';' {
		key, value, found := strings.Cut(rest[1:], "=")
		if !found || !nameText(key) {
			return p, false
		}
		end := 0
		for quoted := false; end < len(value) && (quoted || value[end] != ';' && value[end] != ':'); end++ {
			quoted = quoted != (value[end] == '"')
		}
		if end == len(value) {
			return p, false
		}
		p.params[strings.ToUpper(key)] = strings.Trim(value[:end], `"`)
		rest = value[end:]
	}
	p.value = rest[1:]
	return p, true
}

// nameText reports whether text can be the name of a property or parameter.
func nameText(text string) bool {
	for i := range len(text) {
		if c := text[i]; c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return text != ""
}

// icalFile is a file that is being read.
type icalFile struct {
	loc        *time.Location
	zones      map[string]*time.Location // by TZID; nil: unknown
	inside     []string                  // the components that are open
	event      *eventLines               // of the VEVENT that is open
	read       []*eventLines             // the others
	moved      map[string][]property     // by UID: the times that other events stand for
	rules      int                       // that are worked out
	calendars  int
	last       int // the last line
	events     []VEvent
	said       []complaint
	complaints int // about lines
}

// complaint is a violation, and the line by which it is sorted.
type complaint struct {
	line                    int
	path, code, value, text string
}

func (f *icalFile) complain(line int, code, value, text string) {
	f.complaints++
	f.said = append(f.said, complaint{line, "line " + strconv.Itoa(line), code, value, text})
}

// err returns all complaints in the order of the lines.
func (f *icalFile) err() error {
	slices.SortStableFunc(f.said, func(a, b complaint) int { return cmp.Compare(a.line, b.line) })
	var v servicecoin.Violations
	for _, c := range f.said {
		v.Add(c.path, c.code, c.value, c.text)
	}
	return v.Err()
}

func (f *icalFile) take(line contentLine) {
	f.last = line.n
	p, ok := parseProperty(line)
	switch {
	case !utf8.ValidString(line.text):
		f.complain(line.n, "bad-text", line.text, "must be UTF-8")
	case !ok:
		f.complain(line.n, "syntax", line.text, "must be a property such as SUMMARY:text")
	case p.name == "BEGIN":
		f.begin(p)
	case p.name == "END":
		f.end(p)
	case len(f.inside) == 0:
		f.complain(line.n, "syntax", line.text, "must be BEGIN:VCALENDAR")
	case f.event != nil && len(f.inside) == eventDepth:
		f.event.take(f, p)
	}
}

// eventDepth is how many components are open in a VEVENT: itself and its
// calendar.
const eventDepth = 2

func (f *icalFile) begin(p property) {
	name := strings.ToUpper(p.value)
	f.inside = append(f.inside, name)
	switch depth := len(f.inside); {
	case (name == "VCALENDAR") != (depth == 1):
		f.complain(p.n, "syntax", p.value, "must stand where its kind may: calendars side by side, all else in a calendar")
	case depth == 1:
		f.calendars++
	case name == "VEVENT" && depth == eventDepth:
		f.event = &eventLines{line: p.n}
	}
}

func (f *icalFile) end(p property) {
	depth := len(f.inside)
	if depth == 0 || !strings.EqualFold(f.inside[depth-1], p.value) {
		open := "nothing"
		if depth > 0 {
			open = f.inside[depth-1]
		}
		f.complain(p.n, "syntax", p.value, "must end the component that is open: "+open)
		return
	}
	f.inside = f.inside[:depth-1]
	if f.event != nil && depth == eventDepth {
		f.read = append(f.read, f.event)
		if id := f.event.moves; id != nil && f.event.uid != "" {
			f.moved[f.event.uid] = append(f.moved[f.event.uid], *id)
		}
		f.event = nil
		if len(f.read) == MaxDays+1 {
			f.complain(p.n, "too-many", "", fmt.Sprintf("must be at most %d events", MaxDays))
			f.complaints = maxComplaints
		}
	}
}

// build makes the events of what was read.
func (f *icalFile) build() {
	for _, e := range f.read {
		if f.complaints >= maxComplaints {
			return
		}
		f.events = append(f.events, e.build(f)...)
	}
}

func (f *icalFile) finish() {
	switch {
	case f.complaints >= maxComplaints: // not read to the end
	case len(f.inside) > 0:
		f.complain(f.last, "syntax", "", "is the last one, and "+f.inside[len(f.inside)-1]+" is still open")
	case f.calendars == 0:
		f.said = append(f.said, complaint{f.last + 1, "", "required", "", "must have a VCALENDAR"})
	}
}

// zoneOf returns the zone of a TZID, nil if it is unknown. Makers put a prefix
// before the name: /freeassociation.sourceforge.net/Europe/Berlin.
func (f *icalFile) zoneOf(name string) *time.Location {
	const longest = 100
	if loc, known := f.zones[name]; known || len(name) > longest {
		return loc
	}
	var found *time.Location
	for rest := strings.TrimPrefix(name, "/"); found == nil && rest != "" && rest != "Local"; {
		if loc, err := time.LoadLocation(rest); err == nil {
			found = loc
		}
		_, rest, _ = strings.Cut(rest, "/")
	}
	f.zones[name] = found
	return found
}

// unescape reads the value of a text property.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) {
			i++
			if c = text[i]; c == 'n' || c == 'N' {
				c = '\n'
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

// plainName makes a name of a text: on one line, at most 200 characters.
func plainName(text string) string {
	name := strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
	if runes := []rune(name); len(runes) > maxNameLength {
		name = string(runes[:maxNameLength-1]) + "…"
	}
	return name
}

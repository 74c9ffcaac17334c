package ical

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// zoneLines is a VTIMEZONE: what the clock of a zone is ahead of UTC, in parts
// that take turns.
type zoneLines struct {
	at    lines.Placed
	name  string
	parts []*zonePart

	worked bool
	loc    *time.Location // nil: it cannot be read
	fault  zoneFault      // why not
}

// zoneFault is why a zone cannot be read.
type zoneFault struct {
	at                lines.Placed
	code, value, text string
}

// zonePart is a STANDARD or DAYLIGHT of a VTIMEZONE.
type zonePart struct {
	at    lines.Placed
	props []property
}

// Limits of the zones of a file. One of them is worked out if a time is in it.
const (
	maxZoneParts = 1000    // of one zone
	maxObserved  = 5000    // parts of all zones that are worked out
	maxJumps     = 200_000 // of their clocks
	maxOffsets   = 250     // different ones of a zone
	firstDefined = 1890    // the years for which the zone of a file is worked out
	lastDefined  = 2400
)

// partDepth is how many components are open in a part of a VTIMEZONE.
const partDepth = 3

func (z *zoneLines) begin(at lines.Placed, name string, depth int) {
	if depth == partDepth && (name == "STANDARD" || name == "DAYLIGHT") {
		z.parts = append(z.parts, &zonePart{at: at})
	}
}

func (z *zoneLines) take(p property, depth int) {
	switch {
	case depth == eventDepth && p.Name == "TZID":
		z.name = strings.TrimSpace(lines.Unescape(p.Value.Text))
	case depth != partDepth || len(z.parts) == 0:
	case slices.Contains([]string{"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE", "EXRULE", "EXDATE"}, p.Name):
		part := z.parts[len(z.parts)-1]
		part.props = append(part.props, p)
	}
}

// define notes a zone of the calendar. Of two that have one name and say
// different things nothing tells which is meant.
func (f *file) define(z *zoneLines) {
	known := f.calendars[len(f.calendars)-1].zones
	if z.name == "" || len(z.parts) == 0 {
		return // it says nothing
	}
	if first := known[z.name]; first == nil {
		known[z.name] = z
	} else if !first.same(z) {
		first.fault = zoneFault{at: z.at, code: "duplicate", value: z.name, text: "must not define a zone anew as something else"}
	}
}

func (z *zoneLines) same(other *zoneLines) bool {
	return slices.EqualFunc(z.parts, other.parts, func(a, b *zonePart) bool {
		return slices.EqualFunc(a.props, b.props, func(a, b property) bool { return a.Whole.Text == b.Whole.Text })
	})
}

// zoneOf returns the zone of a TZID in a calendar of the file, nil if it is
// unknown. What a definition cannot say the tz database does, if it has that name;
// else the definition is complained of, once.
func (f *file) zoneOf(name string, calendar int) *time.Location {
	if calendar < 0 || calendar >= len(f.calendars) {
		return f.names.Find(name)
	}
	z := f.calendars[calendar].zones[name]
	if z == nil {
		return f.names.Find(name)
	}
	if z.worked {
		return z.loc
	}
	z.worked = true
	if z.fault.code == "" {
		z.loc = z.work(f)
	}
	if z.loc == nil {
		z.loc = f.names.Find(name)
	}
	if z.loc == nil {
		f.complain(z.fault.at, z.fault.code, z.fault.value, z.fault.text)
	}
	return z.loc
}

// onset is when a clock begins to show another offset.
type onset struct {
	at   int64 // the instant
	from int64 // the offset before, as the file has it
	to   int64
	part lines.Placed // where its part begins
}

// work makes a zone of its parts, nil if they cannot be read. Before the first of
// them the tz database holds, if the name is that of a place.
func (z *zoneLines) work(f *file) *time.Location {
	var all []onset
	if f.observed += len(z.parts); len(z.parts) > maxZoneParts || f.observed > maxObserved {
		z.fault = zoneFault{at: z.at, code: "too-many", text: fmt.Sprintf("must have at most %d parts, and %d all zones that are in use", maxZoneParts, maxObserved)}
		return nil
	}
	for _, part := range z.parts {
		list, err := part.onsets()
		all = append(all, list...)
		if f.jumps += len(list); err == nil && f.jumps > maxJumps {
			err = tooMany("", fmt.Sprintf("must come to at most %d changes of the clock in all zones that are in use", maxJumps))
		}
		if err != nil {
			x := err.Violations[0]
			z.fault = zoneFault{at: part.at, code: x.Code, value: x.Value, text: "begins a part of a zone of which " + x.Path + " " + x.Text}
			return nil
		}
	}
	slices.SortStableFunc(all, func(a, b onset) int { return cmp.Compare(a.at, b.at) })
	for i := 1; i < len(all); i++ {
		if all[i].at == all[i-1].at && all[i].to != all[i-1].to {
			z.fault = zoneFault{at: all[i].part, code: "contradiction", text: "begins a part of a zone at the instant at which another begins"}
			return nil
		}
	}
	if len(all) == 0 {
		z.fault = zoneFault{at: z.at, code: "bad-format", value: z.name, text: "must define a zone that begins"}
		return nil
	}
	first := all[0].from
	if strings.Contains(strings.TrimPrefix(z.name, "/"), "/") {
		if place := f.names.Find(z.name); place != nil {
			var before []onset
			first, before = jumpsUntil(place, all[0].at)
			all = append(before, all...)
		}
	}
	loc := zoneFrom(fmt.Sprintf("%s of line %d", z.name, z.at.Line()), first, all)
	if loc == nil {
		z.fault = zoneFault{at: z.at, code: "too-many", value: z.name, text: fmt.Sprintf("must define a zone of at most %d different offsets", maxOffsets)}
	}
	return loc
}

func tooMany(value, text string) *servicecoin.InvalidError {
	return &servicecoin.InvalidError{Violations: []servicecoin.Violation{{Code: "too-many", Value: value, Text: text}}}
}

// jumpsUntil returns the offset of a zone in the year from which on zones are
// worked out, and how it changes until an instant.
func jumpsUntil(loc *time.Location, until int64) (int64, []onset) {
	at := civil.Midnight(calendar.Date{Year: firstDefined, Month: time.January, Day: 1}).In(loc)
	_, offset := at.Zone()
	first := int64(offset)
	var list []onset
	for {
		_, end := at.ZoneBounds()
		if end.IsZero() || end.Unix() >= until || !end.After(at) {
			return first, list
		}
		at = end
		_, offset = at.Zone()
		list = append(list, onset{at: at.Unix(), to: int64(offset)})
	}
}

// onsets returns when a part begins, again and again.
func (z *zonePart) onsets() ([]onset, *servicecoin.InvalidError) {
	var v servicecoin.Violations
	var rule recur.Rule
	var from, to int64
	has := map[string]bool{}
	for _, p := range z.props {
		has[p.Name] = true
		switch p.Name {
		case "DTSTART":
			start, _ := lines.ReadMoment(&v, p.Value)
			rule.Start = asShown(start)
		case "TZOFFSETFROM":
			from = readOffset(&v, p)
		case "TZOFFSETTO":
			to = readOffset(&v, p)
		case "EXRULE", "EXDATE":
			v.Add(p.Whole.Place(), "unsupported", p.Name, "is not read in a zone")
		}
	}
	for _, name := range []string{"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"} {
		if !has[name] {
			v.Add(name, "required", "", "must be set")
		}
	}
	for _, p := range z.props {
		switch {
		case strings.TrimSpace(p.Value.Text) == "" || lines.Enough(&v):
		case p.Name == "RRULE":
			rule.Repeats = append(rule.Repeats, onsetRepeat(&v, p, from))
		case p.Name == "RDATE":
			for m := range p.Value.Split(',') {
				if w, ok := p.Moment(&v, m); ok {
					rule.Dates = append(rule.Dates, asShown(w))
				}
				if lines.Enough(&v) || len(rule.Dates) > recur.MaxDates {
					break
				}
			}
		}
	}
	if err := v.Err(); err != nil {
		return nil, invalid(err)
	}
	r, err := rule.Compile()
	if err != nil {
		return nil, invalid(err)
	}
	year := func(y int) time.Time { return civil.Midnight(calendar.Date{Year: y, Month: time.January, Day: 1}) }
	var list []onset
	add := func(t time.Time) { list = append(list, onset{at: t.Unix() - from, from: from, to: to, part: z.at}) }
	if before, ok := r.Previous(year(firstDefined)); ok {
		add(before)
	}
	for t := range r.Between(year(firstDefined), year(lastDefined+1)) {
		if add(t); len(list) > maxJumps {
			break
		}
	}
	return list, nil
}

// asShown returns what the clock shows as if it were UTC.
func asShown(m lines.Moment) recur.When { return recur.When{Local: m.Local, UTC: true} }

// onsetRepeat reads an RRULE of a part. What it says is shown by the clock that
// goes until then, and is kept as if that were UTC; an UNTIL is in UTC.
func onsetRepeat(v *servicecoin.Violations, p property, from int64) recur.Repeat {
	repeat, err := recur.ParseRepeat(p.Value.Text)
	lines.MergeAt(v, p.Value, err)
	if f := repeat.Frequency; err == nil && f != recur.Yearly && f != recur.Monthly {
		v.Add(p.ValueOf("FREQ").Place(), "unsupported", string(f), "must be YEARLY or MONTHLY")
	}
	switch until := repeat.Until; {
	case until.IsZero():
		repeat.Until = recur.At(calendar.LocalTime{Date: calendar.Date{Year: lastDefined, Month: time.December, Day: 31}})
	case until.UTC:
		repeat.Until.Local = civil.Local(civil.Second(until.Local) + from)
	case until.Whole:
		repeat.Until.Local.Clock = calendar.EndOfDay - 1
	}
	repeat.Until.UTC, repeat.Until.Whole = true, false
	return repeat
}

// invalid returns err as what the checks of this package return.
func invalid(err error) *servicecoin.InvalidError {
	var v servicecoin.Violations
	v.Merge("", err)
	list, _ := v.Err().(*servicecoin.InvalidError) //nolint:errorlint // made here
	return list
}

// readOffset reads +0100, -0330 and +001234, which is no more than 16 hours.
func readOffset(v *servicecoin.Violations, p property) int64 {
	const most = 16 * 3600
	text := strings.TrimSpace(p.Value.Text)
	figures := strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-")
	if len(text) != len(figures)+1 || len(figures) != len("0100") && len(figures) != len("010000") || !wall.Digits(figures) || wall.Number(figures[2:4]) > 59 {
		v.Add(p.Value.Place(), "bad-format", text, "must be as +0100")
		return 0
	}
	offset := int64(wall.Number(figures[:2])*3600 + wall.Number(figures[2:4])*60 + wall.Number(figures[4:]))
	if offset > most {
		v.Add(p.Value.Place(), "out-of-range", text, "must be 16 hours at most")
		return 0
	}
	if text[0] == '-' {
		return -offset
	}
	return offset
}

// zoneFrom makes a zone of its first offset and of what comes after it, in order,
// by writing what the package time reads (RFC 8536). It is nil if there are too
// many offsets.
func zoneFrom(name string, first int64, all []onset) *time.Location {
	const abbreviation = "-00\x00" // nothing here shows one
	offsets := []int64{first}      // the first one is that before all onsets, and of none
	index := map[int64]byte{}
	var times, kinds []byte
	n := uint32(0)
	for i, o := range all {
		if i+1 < len(all) && all[i+1].at == o.at {
			continue
		}
		k, known := index[o.to]
		if !known {
			if len(offsets) > maxOffsets {
				return nil
			}
			k = byte(len(offsets)) //nolint:gosec // at most maxOffsets
			index[o.to] = k
			offsets = append(offsets, o.to)
		}
		times = binary.BigEndian.AppendUint64(times, uint64(o.at)) //nolint:gosec // as two's complement
		kinds = append(kinds, k)
		n++
	}
	header := func(times, kinds, chars uint32) []byte {
		out := append([]byte("TZif2"), make([]byte, 15+3*4)...) // no leap seconds, no marks of standard time
		for _, x := range []uint32{times, kinds, chars} {
			out = binary.BigEndian.AppendUint32(out, x)
		}
		return out
	}
	data := append(header(0, 1, 1), make([]byte, 6+1)...)                              // the old form, which is passed over
	data = append(data, header(n, uint32(len(offsets)), uint32(len(abbreviation)))...) //nolint:gosec // at most maxOffsets
	body := slices.Concat(times, kinds)
	for _, o := range offsets {
		body = binary.BigEndian.AppendUint32(body, uint32(int32(o))) //nolint:gosec // 16 hours at most
		body = append(body, 0, 0)                                    // no summer time, and the one abbreviation there is
	}
	data = append(append(data, body...), abbreviation...)
	loc, err := time.LoadLocationFromTZData(name, append(data, "\n\n"...))
	if err != nil {
		return nil
	}
	return loc
}

package ical

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// Limits of what is written, beyond which it is refused.
const (
	MaxEntries    = hours.MaxDays // of a calendar: as many as are read
	maxShort      = 1000          // characters of a summary, a place, a name
	maxLong       = 100_000       // and of a description
	maxURL        = 2000          // bytes
	maxCategories = 100
	maxExtra      = 100
)

// DefaultProduct is the PRODID of a calendar that names none.
const DefaultProduct = "-//servicecoin//servicecoin//EN"

// Calendar is a calendar that is written: a file, or what stands under the address
// of a feed.
type Calendar struct {
	At      time.Time         // when the entries were as they are: their DTSTAMP
	Name    string            // as readers show it
	Product string            // PRODID, "-//maker//program//EN"; "" is [DefaultProduct]
	Refresh calendar.Duration // how long readers may wait before they ask again; undefined: not said
	Entries []Entry
}

// Write writes a calendar as RFC 5545 has it: lines that end with CRLF and have 75
// octets at most, in the order of the entries, the same bytes for the same calendar.
//
// Times are written in UTC, or by the clock of the entry's zone, which is then
// defined in a VTIMEZONE for as long as entries need it; those that the clock shows
// twice, and those outside of the years 1900 to 2150, stay in UTC. A rule without a
// zone is one of UTC. What RFC 5545 does not say, other policies than those it has
// for the jumps of a clock, more than one RRULE, EXRULE, and what [recur.Repeat.Conform]
// reports, is refused: [Times] makes entries of their own of what the rule says.
// A start that the rule itself does not say is written as an exception.
//
// In texts any end of a line becomes one, and other control characters a space.
// The error is an [*servicecoin.InvalidError] with every violation, and then nothing
// was written, or what w returned.
func Write(w io.Writer, c Calendar) error {
	var v servicecoin.Violations
	list := c.work(&v)
	if err := v.Err(); err != nil {
		return err
	}
	var p printer
	c.put(&p, list)
	if len(p.out) > MaxBytes {
		v.Add("", "too-long", "", fmt.Sprintf("has %d bytes as text, %d are allowed", len(p.out), MaxBytes))
		return v.Err()
	}
	if _, err := w.Write(p.out); err != nil {
		return fmt.Errorf("writing iCalendar: %w", err)
	}
	return nil
}

// Validate reports every violation for which [Write] would refuse the calendar, but
// for its length as a whole.
func (c Calendar) Validate() error {
	var v servicecoin.Violations
	c.work(&v)
	return v.Err()
}

// work checks the calendar, and works out what is written of each entry.
func (c Calendar) work(v *servicecoin.Violations) []written {
	v.Time("at", c.At)
	v.Text("name", c.Name, 0, maxShort)
	v.Text("product", c.Product, 0, maxShort)
	v.Merge("refresh", c.Refresh.Validate())
	if !v.Limit("entries", len(c.Entries), MaxEntries) {
		return nil
	}
	zones := wall.Zones{}
	list := make([]written, 0, len(c.Entries))
	seen := map[string]int{}
	size, rules, dates := 0, 0, 0
	for i, e := range c.Entries {
		if v.Len() >= servicecoin.MaxViolations {
			return nil
		}
		path := fmt.Sprintf("entries[%d]", i)
		if size += e.size(); size > MaxBytes {
			v.Add(path, "too-long", "", fmt.Sprintf("has texts with which all have more than %d bytes", MaxBytes))
			return nil
		}
		x := e.work(v, path, zones)
		key := e.UID + "\x00" + x.replaces.key()
		if before, is := seen[key]; is {
			v.Add(path+".uid", "duplicate", e.UID, fmt.Sprintf("is that of entries[%d]", before))
		}
		seen[key] = i
		list = append(list, x)
		dates += len(x.rule.Dates) + len(x.rule.ExceptDates)
		for _, r := range x.rule.Repeats {
			rules += 1 + r.Count/countCost
		}
		if rules > maxFileRules || dates > maxFileDates {
			v.Add(path+".rule", "too-many", "", fmt.Sprintf("must not be more than %d rules (a Count as one for each %d) and %d dates of rules in a calendar: others do not read them", maxFileRules, countCost, maxFileDates))
			return nil
		}
	}
	return list
}

// size is how many bytes the texts of an entry have.
func (e Entry) size() int {
	n := len(e.Summary) + len(e.Description) + len(e.Location)
	for _, x := range e.Categories {
		n += len(x)
	}
	for _, x := range e.Extra {
		n += len(x)
	}
	return n
}

func (c Calendar) put(p *printer, list []written) {
	p.line("BEGIN", "VCALENDAR")
	p.line("VERSION", "2.0")
	p.line("PRODID", escape(cmp.Or(c.Product, DefaultProduct)))
	p.line("CALSCALE", "GREGORIAN")
	p.text("NAME", c.Name)
	p.text("X-WR-CALNAME", c.Name)
	if d, ok := c.Refresh.Get(); ok {
		often := calendar.Period{Exact: d}.String()
		p.line("REFRESH-INTERVAL;VALUE=DURATION", often)
		p.line("X-PUBLISHED-TTL", often)
	}
	zones := map[string]*zoneInUse{}
	for _, x := range list {
		x.uses(zones)
	}
	for _, name := range slices.Sorted(maps.Keys(zones)) {
		zones[name].put(p, name)
	}
	for i, x := range list {
		x.put(p, c.Entries[i], c.At)
	}
	p.line("END", "VCALENDAR")
}

// written is what is written of an entry.
type written struct {
	start, end point          // the zero end: none, or a length
	length     string         // DURATION
	rule       recur.Rule     // of what repeats, with a zone only if it is written by its clock
	until      time.Time      // by when the last time has ended; zero: never
	replaces   point          // the zero one: none
	loc        *time.Location // of the rule
}

// work checks an entry, and works out what is written of it.
func (e Entry) work(v *servicecoin.Violations, path string, zones wall.Zones) written {
	var out written
	v.ID(path+".uid", e.UID)
	if e.Sequence < 0 {
		v.Add(path+".sequence", "out-of-range", strconv.Itoa(e.Sequence), "must be 0 or more")
	}
	if !e.Modified.IsZero() {
		v.Time(path+".modified", e.Modified)
	}
	e.validateTexts(v, path)
	loc, ok := zones.Named(e.Zone)
	if !ok {
		v.Add(path+".zone", "unknown-zone", e.Zone, "is not a zone of the tz database")
		return out
	}
	timed, days, again := e.During != (calendar.Interval{}), !e.First.IsZero() || !e.Last.IsZero(), !e.Rule.Start.IsZero() || len(e.Rule.Repeats) > 0
	switch n := count(timed, days, again); {
	case n != 1:
		v.Add(path, "bad-format", "", "must have one of During, First and Rule")
		return out
	case timed:
		v.Merge(path+".during", e.During.Validate())
		out.start, out.end, out.until = shown(e.During.Start, loc), shown(e.During.End, loc), e.During.End
		if out.start.UTC || out.end.UTC { // both in one way
			out.start, out.end = shown(e.During.Start, time.UTC), shown(e.During.End, time.UTC)
		}
	case days:
		before := v.Len()
		v.Merge(path+".first", e.First.Validate())
		v.Merge(path+".last", e.last().Validate())
		if v.Len() > before {
			return out
		}
		if e.last().Compare(e.First) < 0 {
			v.Add(path+".last", "reversed", e.last().String(), "must not be before the first date")
		}
		next := e.last().AddDays(1)
		if next.Validate() != nil {
			v.Add(path+".last", "out-of-range", e.last().String(), "must have a day after it")
		}
		out.start, out.end = day(e.First), day(next)
	default:
		e.workRule(v, path, zones, &out)
	}
	if again && !e.Replaces.IsZero() {
		v.Add(path+".replaces", "unexpected", e.Replaces.String(), "must not stand beside a rule")
	}
	if !again && e.For != (calendar.Period{}) {
		v.Add(path+".for", "unexpected", e.For.String(), "must stand beside a rule")
	}
	if !e.Replaces.IsZero() {
		before := v.Len()
		if v.Merge(path+".replaces", e.Replaces.Validate()); v.Len() == before {
			out.replaces = inZone(e.Replaces, loc)
		}
	}
	return out
}

func count(list ...bool) int {
	n := 0
	for _, is := range list {
		if is {
			n++
		}
	}
	return n
}

func (e Entry) validateTexts(v *servicecoin.Violations, path string) {
	v.Text(path+".summary", e.Summary, 0, maxShort)
	v.Text(path+".description", e.Description, 0, maxLong)
	v.Text(path+".location", e.Location, 0, maxShort)
	switch e.Status {
	case "", Tentative, Confirmed, Cancelled:
	default:
		v.Add(path+".status", "unknown", string(e.Status), "must be TENTATIVE, CONFIRMED or CANCELLED")
	}
	if e.URL != "" {
		validateURL(v, path+".url", e.URL)
	}
	if v.Limit(path+".categories", len(e.Categories), maxCategories) {
		for i, x := range e.Categories {
			v.Text(fmt.Sprintf("%s.categories[%d]", path, i), x, 1, maxShort)
		}
	}
	if !v.Limit(path+".extra", len(e.Extra), maxExtra) {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(e.Extra)) {
		at := path + ".extra." + name
		if !extraName(name) {
			v.Add(path+".extra", "bad-format", name, "must be a name such as X-ROLLBACK, in capitals")
			continue
		}
		v.Text(at, e.Extra[name], 0, maxLong)
	}
}

// extraName reports whether a property may be called so.
func extraName(name string) bool {
	const most = 60
	return len(name) > len("X-") && len(name) <= most && strings.HasPrefix(name, "X-") &&
		!strings.ContainsFunc(name, func(r rune) bool { return r != '-' && (r < 'A' || r > 'Z') && (r < '0' || r > '9') })
}

func validateURL(v *servicecoin.Violations, path, text string) {
	switch u, err := url.Parse(text); {
	case len(text) > maxURL:
		v.Add(path, "too-long", text, fmt.Sprintf("has %d bytes, %d are allowed", len(text), maxURL))
	case err != nil || !u.IsAbs() || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		v.Add(path, "bad-format", text, "must be an address such as https://example.org/changes/1, in ASCII")
	}
}

func (x written) put(p *printer, e Entry, at time.Time) {
	p.line("BEGIN", "VEVENT")
	p.line("UID", escape(e.UID))
	p.line("DTSTAMP", shown(at, time.UTC).code())
	if !e.Modified.IsZero() {
		p.line("LAST-MODIFIED", shown(e.Modified, time.UTC).code())
	}
	p.line("SEQUENCE", strconv.Itoa(e.Sequence))
	p.moment("RECURRENCE-ID", x.replaces)
	p.moment("DTSTART", x.start)
	switch {
	case x.length != "":
		p.line("DURATION", x.length)
	case x.end.Local != x.start.Local || x.end.UTC != x.start.UTC:
		p.moment("DTEND", x.end)
	}
	x.putRule(p)
	p.text("SUMMARY", e.Summary)
	p.text("DESCRIPTION", e.Description)
	p.text("LOCATION", e.Location)
	if e.URL != "" {
		p.line("URL", e.URL)
	}
	p.texts("CATEGORIES", e.Categories)
	if e.Status != "" {
		p.line("STATUS", string(e.Status))
	}
	if e.Transparent {
		p.line("TRANSP", "TRANSPARENT")
	}
	p.extras(e.Extra)
	p.line("END", "VEVENT")
}

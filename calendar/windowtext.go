package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// ParseWindow reads a window in one of two forms. The short one is a window of
// the week:
//
//	Mo-Fr 22:00-06:00 Europe/Berlin from 2026-01-05 "patch night"
//
// with days as [ParseWeekdays] reads them (none: every day), a span of the day,
// and the zone (none: UTC), the first date (none: 1970-01-01) and the name where
// they are needed. The long one has the lines of [ParseRule], and one more that
// says how long it is:
//
//	DURATION:P1DT12H        a period: nominal days, then real hours
//	DTEND;TZID=…:…          the same real time, or days, as from DTSTART
//	X-UNTIL:06:00           the next time that the clock shows 06:00
//	X-UNTIL;DAYS=2:17:00    17:00, two days after the day on which it begins
//
// and SUMMARY with the name. The error is an [*servicecoin.InvalidError] with
// every violation; its path is the place, "column 7" or "line 2, column 14",
// counted in characters from 1, or the field where the place is right and the
// whole is not: "for" where nothing says how long it is.
func ParseWindow(text string) (Window, error) {
	trimmed := strings.TrimSpace(text)
	unnamed, _, _ := strings.Cut(trimmed, `"`)
	if trimmed != "" && !strings.Contains(trimmed, "\n") && !strings.Contains(strings.ToUpper(unnamed), "DTSTART") {
		return parseWeekly(text)
	}
	var w Window
	read := ruleReader{window: &w}
	if read.lines(text); read.ok() {
		w.Rule = read.rule
		w.validate(&read.v)
	}
	if !read.ok() {
		return Window{}, read.v.Err()
	}
	return w, nil
}

// parseWeekly reads the short form.
func parseWeekly(text string) (Window, error) {
	var v servicecoin.Violations
	if len(text) > maxRuleText {
		v.Add("", "too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(text), maxRuleText))
		return Window{}, v.Err()
	}
	p := column(text)
	words, name, named := p.cut('"')
	var label string
	if named {
		title, rest, closed := name.cut('"')
		if label = title.text; !closed || strings.TrimSpace(rest.text) != "" || label == "" {
			v.Add(name.place(), "syntax", name.text, `must be a name that ends with ", as the last of all`)
		}
	}
	days, zoneName, from, span := AllWeekdays, "", Date{Year: 1970, Month: time.January, Day: 1}, ClockSpan{}
	spanned, fromNext := false, false
	for i, word := range fieldsOf(words) {
		switch {
		case enough(&v):
		case fromNext:
			d, err := ParseDate(word.text)
			mergeAt(&v, word, err)
			from, fromNext = d, false
		case strings.EqualFold(word.text, "from"):
			fromNext = true
		case !spanned && i == 0 && !strings.Contains(word.text, ":"):
			d, err := ParseWeekdays(word.text)
			if days = d; err == nil && d == 0 {
				v.Add(word.place(), "required", word.text, "must have a day")
			}
			mergeAt(&v, word, err)
		case !spanned:
			s, err := ParseClockSpan(word.text)
			mergeAt(&v, word, err)
			span, spanned = s, true
		case zoneName == "":
			if _, ok := (zones{}).named(word.text); !ok {
				v.Add(word.place(), "unknown-zone", word.text, "is not a zone of the tz database")
			}
			zoneName = word.text
		default:
			v.Add(word.place(), "syntax", word.text, "must be from and a date, or a name in quotes")
		}
	}
	if !spanned || fromNext {
		v.Add(p.slice(len(words.text), len(text)).place(), "syntax", "", "must have a span such as 22:00-06:00, and a date after from")
	}
	if err := v.Err(); err != nil {
		return Window{}, err
	}
	w := WeeklyWindow(days, span, zoneName, from)
	w.Name = label
	if err := w.Validate(); err != nil {
		return Window{}, err
	}
	return w, nil
}

// takeWindow reads a line that a window has besides those of its rule.
func (r *ruleReader) takeWindow(line line) bool {
	w := r.window
	switch line.name {
	case "SUMMARY":
		if w.Name = unescape(line.value.text); !plainLine(w.Name) {
			r.v.Add(line.value.place(), "bad-text", line.value.text, "must be on one line, without control characters")
		}
	case "DURATION":
		if r.once(line, "DTEND", "X-UNTIL") {
			if p, ok := readDuration(&r.v, line.value); ok {
				r.length(line, p)
			}
		}
	case "DTEND":
		if r.once(line, "X-UNTIL") {
			r.end(line)
		}
	case "X-UNTIL":
		c, err := ParseClock(strings.TrimSpace(line.value.text))
		mergeAt(&r.v, line.value, err)
		if w.Until = &c; r.rule.Start.Whole {
			r.v.Add(line.value.place(), "unexpected", line.value.text, "must not end whole days")
		}
		if days, named := line.params["DAYS"]; named {
			w.Days = readNumber(&r.v, days, limit{from: 0, to: maxUntilDays})
		}
	default:
		return false
	}
	return true
}

// once complains if a line says how long the window is beside another one.
func (r *ruleReader) once(line line, others ...string) bool {
	for _, name := range others {
		if _, both := r.first[name]; both {
			r.v.Add(line.whole.place(), "unexpected", line.name, "must not stand beside "+name)
			return false
		}
	}
	return true
}

// length sets how long the window is.
func (r *ruleReader) length(line line, p Period) {
	switch {
	case p.IsZero() || p.Validate() != nil:
		r.v.Add(line.value.place(), "out-of-range", line.value.text, "must be longer than nothing, and within the years 1 to 9999")
	case r.rule.Start.Whole && p.Exact != 0:
		r.v.Add(line.value.place(), "unexpected", line.value.text, "must be whole days, as DTSTART is")
	default:
		r.window.For = p
	}
}

// end reads a DTEND as a length.
func (r *ruleReader) end(line line) {
	m, ok := line.moment(&r.v, line.value)
	end := When(m)
	start := r.rule.Start
	if !ok || start.IsZero() {
		return
	}
	if end.Whole != start.Whole {
		r.v.Add(line.value.place(), "bad-format", line.value.text, "must be a date as DTSTART is, or a time as it is")
		return
	}
	if start.Whole {
		days := int((secondOf(end.Local) - secondOf(start.Local)) / secondsADay)
		if days <= 0 {
			r.v.Add(line.value.place(), "reversed", line.value.text, "must be after DTSTART")
			return
		}
		r.length(line, Period{Days: days})
		return
	}
	instantOf := func(w When, loc *time.Location) time.Time {
		if w.UTC {
			loc = time.UTC
		}
		return w.Local.In(loc, ShiftByGap, FirstOfTwo)[0]
	}
	home := r.zoneOf(r.rule.Zone)
	loc := home
	if p, named := line.params["TZID"]; named {
		loc = r.zone(p)
	}
	length := instantOf(end, loc).Sub(instantOf(start, home))
	if length <= 0 {
		r.v.Add(line.value.place(), "reversed", line.value.text, "must be after DTSTART")
		return
	}
	r.length(line, Period{Exact: length})
}

// String returns the window as [ParseWindow] reads it, in the short form if it
// is one of the week and its name has no quotes.
func (w Window) String() string {
	if text, ok := w.short(); ok {
		return text
	}
	var b strings.Builder
	if w.Name != "" {
		escaped := strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`).Replace(w.Name)
		b.WriteString("SUMMARY:" + escaped + "\n")
	}
	w.Rule.write(&b)
	switch {
	case w.Until != nil && w.Days > 0:
		foldLine(&b, "X-UNTIL;DAYS="+strconv.Itoa(w.Days)+":"+w.Until.String())
	case w.Until != nil:
		foldLine(&b, "X-UNTIL:"+w.Until.String())
	case !w.For.IsZero():
		foldLine(&b, "DURATION:"+w.For.String())
	}
	return b.String()
}

// short returns the short form, if the window has one.
func (w Window) short() (string, bool) {
	start := w.Rule.Start
	if w.Until == nil || w.Days != 0 || start.UTC || start.Whole || len(w.Rule.Repeats) != 1 || strings.ContainsAny(w.Name, "\"\r\n") {
		return "", false
	}
	var days Weekdays
	for _, d := range w.Rule.Repeats[0].ByDay {
		days |= WeekdaysOf(d.Day)
	}
	same := WeeklyWindow(days, ClockSpan{Open: start.Local.Clock, Close: *w.Until}, w.Rule.Zone, start.Local.Date)
	if days == 0 || same.Rule.String() != w.Rule.String() {
		return "", false
	}
	text := days.String() + " " + ClockSpan{Open: start.Local.Clock, Close: *w.Until}.String()
	if w.Rule.Zone != "" {
		text += " " + w.Rule.Zone
	}
	if first := (Date{Year: 1970, Month: time.January, Day: 1}); start.Local.Date != first {
		text += " from " + start.Local.Date.String()
	}
	if w.Name != "" {
		text += ` "` + w.Name + `"`
	}
	return text, true
}

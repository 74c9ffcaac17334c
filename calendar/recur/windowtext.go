package recur

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// ParseWindow reads a window in one of two forms. The short one is a window of
// the week:
//
//	Mo-Fr 22:00-06:00 Europe/Berlin from 2026-01-05 "patch night"
//
// with days as [calendar.ParseWeekdays] reads them (none: every day), a span of the day,
// and the zone (none: UTC), the first date (none: 1970-01-01) and the name where
// they are needed. The long one has the lines of [Parse], and one more that
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
	if len(text) > lines.MaxText {
		v.Add("", "too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(text), lines.MaxText))
		return Window{}, v.Err()
	}
	p := lines.Column(text)
	words, name, named := p.Cut('"')
	var label string
	if named {
		title, rest, closed := name.Cut('"')
		if label = title.Text; !closed || strings.TrimSpace(rest.Text) != "" || label == "" {
			v.Add(name.Place(), "syntax", name.Text, `must be a name that ends with ", as the last of all`)
		}
	}
	days, zoneName, from, span := calendar.AllWeekdays, "", calendar.Date{Year: 1970, Month: time.January, Day: 1}, calendar.ClockSpan{}
	spanned, fromNext := false, false
	for i, word := range lines.Words(words) {
		switch {
		case lines.Enough(&v):
		case fromNext:
			d, err := calendar.ParseDate(word.Text)
			lines.MergeAt(&v, word, err)
			from, fromNext = d, false
		case strings.EqualFold(word.Text, "from"):
			fromNext = true
		case !spanned && i == 0 && !strings.Contains(word.Text, ":"):
			d, err := calendar.ParseWeekdays(word.Text)
			if days = d; err == nil && d == 0 {
				v.Add(word.Place(), "required", word.Text, "must have a day")
			}
			lines.MergeAt(&v, word, err)
		case !spanned:
			s, err := calendar.ParseClockSpan(word.Text)
			lines.MergeAt(&v, word, err)
			span, spanned = s, true
		case zoneName == "":
			if _, ok := (wall.Zones{}).Named(word.Text); !ok {
				v.Add(word.Place(), "unknown-zone", word.Text, "is not a zone of the tz database")
			}
			zoneName = word.Text
		default:
			v.Add(word.Place(), "syntax", word.Text, "must be from and a date, or a name in quotes")
		}
	}
	if !spanned || fromNext {
		v.Add(p.Slice(len(words.Text), len(text)).Place(), "syntax", "", "must have a span such as 22:00-06:00, and a date after from")
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
func (r *ruleReader) takeWindow(line lines.Line) bool {
	w := r.window
	switch line.Name {
	case "SUMMARY":
		if w.Name = lines.Unescape(line.Value.Text); !lines.IsPlain(w.Name) {
			r.v.Add(line.Value.Place(), "bad-text", line.Value.Text, "must be on one line, without control characters")
		}
	case "DURATION":
		if r.once(line, "DTEND", "X-UNTIL") {
			if p, ok := lines.ReadDuration(&r.v, line.Value); ok {
				r.length(line, p)
			}
		}
	case "DTEND":
		if r.once(line, "X-UNTIL") {
			r.end(line)
		}
	case "X-UNTIL":
		c, err := calendar.ParseClock(strings.TrimSpace(line.Value.Text))
		lines.MergeAt(&r.v, line.Value, err)
		if w.Until = &c; r.rule.Start.Whole {
			r.v.Add(line.Value.Place(), "unexpected", line.Value.Text, "must not end whole days")
		}
		if days, named := line.Params["DAYS"]; named {
			w.Days = lines.ReadNumber(&r.v, days, lines.Limit{From: 0, To: maxUntilDays})
		}
	default:
		return false
	}
	return true
}

// once complains if a line says how long the window is beside another one.
func (r *ruleReader) once(line lines.Line, others ...string) bool {
	for _, name := range others {
		if _, both := r.first[name]; both {
			r.v.Add(line.Whole.Place(), "unexpected", line.Name, "must not stand beside "+name)
			return false
		}
	}
	return true
}

// length sets how long the window is.
func (r *ruleReader) length(line lines.Line, p calendar.Period) {
	switch {
	case p.IsZero() || p.Validate() != nil:
		r.v.Add(line.Value.Place(), "out-of-range", line.Value.Text, "must be longer than nothing, and within the years 1 to 9999")
	case r.rule.Start.Whole && p.Exact != 0:
		r.v.Add(line.Value.Place(), "unexpected", line.Value.Text, "must be whole days, as DTSTART is")
	default:
		r.window.For = p
	}
}

// end reads a DTEND as a length.
func (r *ruleReader) end(line lines.Line) {
	m, ok := line.Moment(&r.v, line.Value)
	end := When(m)
	start := r.rule.Start
	if !ok || start.IsZero() {
		return
	}
	if end.Whole != start.Whole {
		r.v.Add(line.Value.Place(), "bad-format", line.Value.Text, "must be a date as DTSTART is, or a time as it is")
		return
	}
	if start.Whole {
		days := int((civil.Second(end.Local) - civil.Second(start.Local)) / wall.SecondsADay)
		if days <= 0 {
			r.v.Add(line.Value.Place(), "reversed", line.Value.Text, "must be after DTSTART")
			return
		}
		r.length(line, calendar.Period{Days: days})
		return
	}
	instantOf := func(w When, loc *time.Location) time.Time {
		if w.UTC {
			loc = time.UTC
		}
		return w.Local.In(loc, calendar.ShiftByGap, calendar.FirstOfTwo)[0]
	}
	home := r.zoneOf(r.rule.Zone)
	loc := home
	if p, named := line.Params["TZID"]; named {
		loc = r.zone(p)
	}
	length := instantOf(end, loc).Sub(instantOf(start, home))
	if length <= 0 {
		r.v.Add(line.Value.Place(), "reversed", line.Value.Text, "must be after DTSTART")
		return
	}
	r.length(line, calendar.Period{Exact: length})
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
	var days calendar.Weekdays
	for _, d := range w.Rule.Repeats[0].ByDay {
		days |= calendar.WeekdaysOf(d.Day)
	}
	same := WeeklyWindow(days, calendar.ClockSpan{Open: start.Local.Clock, Close: *w.Until}, w.Rule.Zone, start.Local.Date)
	if days == 0 || same.Rule.String() != w.Rule.String() {
		return "", false
	}
	text := days.String() + " " + calendar.ClockSpan{Open: start.Local.Clock, Close: *w.Until}.String()
	if w.Rule.Zone != "" {
		text += " " + w.Rule.Zone
	}
	if first := (calendar.Date{Year: 1970, Month: time.January, Day: 1}); start.Local.Date != first {
		text += " from " + start.Local.Date.String()
	}
	if w.Name != "" {
		text += ` "` + w.Name + `"`
	}
	return text, true
}

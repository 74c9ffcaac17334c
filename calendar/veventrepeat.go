package calendar

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// What is made of events that repeat.
const (
	maxFileRules  = 200 // a rule that never comes takes some milliseconds
	exceptionCost = 10  // rules for each EXRULE, whose times may have to be gone through
	firstRepeated = 1900
	lastRepeated  = 2150
)

// repeated makes an event of each time that one comes.
func (e *eventLines) repeated(f *icalFile, out VEvent, start moment, length Period) []VEvent {
	for _, p := range e.ruleLines() {
		if f.rules++; p.name == "EXRULE" {
			f.rules += exceptionCost - 1
		}
	}
	if f.rules > maxFileRules {
		f.complain(e.line, "too-many", "", fmt.Sprintf("begins an event with which there are more than %d rules (an EXRULE counts as %d)", maxFileRules, exceptionCost))
		f.complaints = maxComplaints
		return nil
	}
	if length.IsZero() {
		return []VEvent{out} // a moment closes nothing, however often it comes
	}
	rule, ok := e.readRule(f, start)
	if !ok {
		return nil
	}
	loaded := zones{} // days are in none
	if !start.whole {
		loaded[rule.Zone] = start.loc // itself, not by its name: that of the reader may have none
	}
	var v servicecoin.Violations
	times := Window{Rule: rule, For: length}.compile(&v, loaded)
	if err := v.Err(); err != nil {
		f.blame(err, e.line)
		return nil
	}
	var all []VEvent
	year := func(y int) time.Time { return time.Date(y, time.January, 1, 0, 0, 0, 0, time.UTC) }
	for iv := range times.Overlapping(Between(year(firstRepeated), year(lastRepeated+1))) {
		if len(f.events)+len(all) >= MaxDays {
			f.complain(e.line, "too-many", "", fmt.Sprintf("begins an event with which there are more than %d: give it an UNTIL or a COUNT", MaxDays))
			return nil
		}
		next := out
		if start.whole {
			if next.Dates = On(DateOf(iv.Start, time.UTC)); length.Days > 1 {
				next.Dates.Last = next.Dates.First.AddDays(length.Days - 1)
			}
		} else {
			next.During = iv
		}
		all = append(all, next)
	}
	return all
}

// ruleLines returns the lines that say when the event comes besides DTSTART.
func (e *eventLines) ruleLines() []property {
	lines := e.more
	if e.rule != nil {
		lines = append([]property{*e.rule}, lines...)
	}
	return lines
}

// readRule reads the lines of the rule, and takes out the times for which other
// events stand.
func (e *eventLines) readRule(f *icalFile, start moment) (Rule, bool) {
	read := ruleReader{zones: icalFile{zones: f.zones}}
	read.rule.Start = When{Local: LocalTime{Date: start.date, Clock: start.clock}, Whole: start.whole}
	switch {
	case start.whole:
	case start.loc == time.UTC:
		read.rule.Start.UTC = true
	default:
		read.rule.Zone = start.loc.String()
	}
	lines := e.ruleLines()
	for _, p := range f.moved[e.uid] {
		p.whole = "EXDATE" + p.whole[len(p.name):]
		lines = append(lines, p)
	}
	before := f.complaints
	for _, p := range lines {
		if strings.HasSuffix(p.name, "RULE") {
			p.whole = f.untilOf(p, start)
		}
		at := "line " + strconv.Itoa(p.n)
		line, ok := takeApart(placed{p.whole, func(int) string { return at }})
		if !ok {
			f.complain(p.n, "syntax", p.whole, "must be a line such as RRULE:FREQ=DAILY")
			continue
		}
		read.take(line)
		f.blame(read.v.Err(), p.n)
		read.v = servicecoin.Violations{}
	}
	return read.rule, f.complaints == before
}

// untilOf returns a line of a rule with an UNTIL of the form that the start asks
// for. Makers write others: a date for times, midnight in UTC for whole days.
func (f *icalFile) untilOf(p property, start moment) string {
	head, value, _ := strings.Cut(p.whole, ":")
	parts := strings.Split(value, ";")
	for i, part := range parts {
		key, text, _ := strings.Cut(part, "=")
		if !strings.EqualFold(strings.TrimSpace(key), "UNTIL") {
			continue
		}
		w, ok := readWhen(new(servicecoin.Violations), column(text))
		if !ok {
			continue // it is complained of where it is read
		}
		loc := start.loc
		if w.UTC {
			loc = time.UTC
		}
		switch {
		case start.whole && w.UTC: // of the day in the zone of the reader
			w = WholeDay(DateOf(w.Local.Date.At(w.Local.Clock, loc), f.loc))
		case start.whole:
			w = WholeDay(w.Local.Date)
		case w.Whole: // to its end
			w = utcOf(w.Local.Date.AddDays(1).At(StartOfDay, loc).Add(-time.Second))
		default:
			w = utcOf(w.Local.Date.At(w.Local.Clock, loc))
		}
		parts[i] = key + "=" + w.code()
	}
	return head + ":" + strings.Join(parts, ";")
}

func utcOf(t time.Time) When { return When{Local: LocalTimeOf(t, time.UTC), UTC: true} }

// blame complains of violations on account of a line.
func (f *icalFile) blame(err error, line int) {
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	if !ok {
		return
	}
	for _, x := range invalid.Violations {
		f.complain(line, x.Code, x.Value, x.Text)
	}
}

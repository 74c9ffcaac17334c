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
	maxRepeating  = 500 // of a file: a rule that never comes takes some milliseconds
	firstRepeated = 1900
	lastRepeated  = 2150
)

// repeated makes an event of each time that one comes.
func (e *eventLines) repeated(f *icalFile, out VEvent, start moment, length Period) []VEvent {
	if f.repeating++; f.repeating > maxRepeating {
		f.complain(e.line, "too-many", "", fmt.Sprintf("begins one of more than %d events that repeat", maxRepeating))
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
	times, err := Window{Rule: rule, For: length}.Compile()
	if err != nil {
		f.blame(err, func(int) int { return e.line })
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

// readRule reads the lines of the rule, and takes out the times for which other
// events stand.
func (e *eventLines) readRule(f *icalFile, start moment) (Rule, bool) {
	lines, numbers := []string{e.start.whole}, []int{e.start.n}
	add := func(p property, text string) { lines, numbers = append(lines, text), append(numbers, p.n) }
	if e.rule != nil {
		add(*e.rule, e.rule.whole)
	}
	for _, p := range e.more {
		add(p, p.whole)
	}
	for _, p := range f.moved[e.uid] {
		add(p, "EXDATE"+p.whole[len(p.name):])
	}
	if !start.whole && start.loc == f.loc && f.loc != time.UTC && e.start.params["TZID"] == "" {
		add(*e.start, "X-WR-TIMEZONE:"+f.loc.String())
	}
	var read ruleReader
	read.lines(strings.Join(lines, "\n"))
	f.blame(read.v.Err(), func(line int) int { return numbers[min(max(line, 1), len(numbers))-1] })
	return read.rule, read.ok()
}

// blame complains of violations whose paths name a line, which where turns into
// one of the file.
func (f *icalFile) blame(err error, where func(line int) int) {
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	if !ok {
		return
	}
	for _, x := range invalid.Violations {
		number, _, _ := strings.Cut(strings.TrimPrefix(x.Path, "line "), ",")
		line, _ := strconv.Atoi(number)
		f.complain(where(line), x.Code, x.Value, x.Text)
	}
}

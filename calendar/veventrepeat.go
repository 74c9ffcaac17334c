package calendar

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// What is made of events that repeat.
const (
	maxFileRules  = 1000   // what rules cost: each as much as a tenth of a millisecond
	exceptionCost = 50     // of an EXRULE, whose times may have to be gone through
	countCost     = 5000   // times of a COUNT that cost as much as a rule
	maxFileDates  = 50_000 // that are added or left out
	firstRepeated = 1900
	lastRepeated  = 2150
)

// cost returns what it may cost to work a line of a rule out.
func (p property) cost() int {
	switch p.name {
	case "EXRULE":
		return exceptionCost
	case "RRULE":
		return 1
	}
	return 0
}

// affords reports whether the file has not asked for too much, this event
// included.
func (e *eventLines) affords(f *icalFile) bool {
	f.dates += len(f.moved[e.uid])
	for _, p := range e.ruleLines() {
		if f.rules += p.cost(); p.cost() == 0 {
			f.dates += 1 + strings.Count(p.value.text, ",")
		}
	}
	switch {
	case f.rules > maxFileRules:
		f.complain(e.at, "too-many", "", fmt.Sprintf("begins an event with which there are more than %d rules (an EXRULE counts as %d, a COUNT as one for each %d)", maxFileRules, exceptionCost, countCost))
	case f.dates > maxFileDates:
		f.complain(e.at, "too-many", "", fmt.Sprintf("begins an event with which there are more than %d dates of rules", maxFileDates))
	default:
		return true
	}
	f.complaints = maxComplaints
	return false
}

// repeated makes an event of each time that one comes.
func (e *eventLines) repeated(f *icalFile, out VEvent, start point, length Period) []VEvent {
	if !e.affords(f) {
		return nil
	}
	rule, ends, ok := e.readRule(f, start)
	if !ok {
		return nil
	}
	for i := range rule.Repeats {
		if f.rules += rule.Repeats[i].Count / countCost; f.rules > maxFileRules {
			return e.repeatedTooOften(f)
		}
	}
	loc := time.UTC // in which days are counted
	if !start.Whole {
		loc = start.loc // itself, not by its name: that of the reader may have none
	}
	span, asked := Between(yearBegins(firstRepeated), yearBegins(lastRepeated+1)), !f.within.Empty()
	switch {
	case asked && start.Whole:
		first, last := f.days()
		span = Between(midnightOf(first), midnightOf(last.AddDays(1)))
	case asked:
		span = f.within
	}
	var v servicecoin.Violations
	var all []VEvent
	for iv := range timesOf(&v, upTo(rule, span.End), length, ends, loc, span) {
		if len(f.events)+len(all) >= MaxDays {
			return e.repeatedTooOften(f)
		}
		next := out
		if start.Whole {
			if next.Dates = On(dayIn(iv.Start, time.UTC)); length.Days > 1 {
				next.Dates.Last = next.Dates.First.AddDays(length.Days - 1)
			}
		} else {
			next.During = iv
		}
		all = append(all, next)
	}
	for _, x := range violationsOf(v.Err()) {
		f.complain(e.at, x.Code, x.Value, x.Text)
	}
	if v.Len() > 0 {
		return nil
	}
	return all
}

func yearBegins(y int) time.Time { return midnightOf(Date{Year: y, Month: time.January, Day: 1}) }

func (e *eventLines) repeatedTooOften(f *icalFile) []VEvent {
	f.complain(e.at, "too-many", "", fmt.Sprintf("begins an event with which there are more than %d: give it an UNTIL or a COUNT, or read the file within fewer years", MaxDays))
	return nil
}

// upTo returns the rule with an end for each of the Repeats that has none, a day or
// two after an instant, so that nothing later is looked at.
func upTo(r Rule, end time.Time) Rule {
	until := When{Local: LocalTime{Date: DateOf(end, time.UTC).AddDays(2)}, UTC: !r.Start.Whole, Whole: r.Start.Whole}
	if until.Validate() != nil {
		return r
	}
	for i := range r.Repeats {
		if r.Repeats[i].Until.IsZero() {
			r.Repeats[i].Until = until
		}
	}
	return r
}

// timesOf yields the times of a rule that have an instant in a span, or are one;
// ends says when some of them end. What is wrong with the rule is added to v.
func timesOf(v *servicecoin.Violations, rule Rule, length Period, ends map[int64]int64, loc *time.Location, span Interval) iter.Seq[Interval] {
	moments := length.IsZero()
	if moments {
		length.Exact = time.Second // a window has a length
	}
	times, err := Window{Rule: rule, For: length}.CompileIn(loc)
	v.Merge("", err)
	return func(yield func(Interval) bool) {
		if err != nil {
			return
		}
		said := said(times.Begins(), ends, span)
		for iv := range times.Overlapping(span) {
			for ; len(said) > 0 && said[0].Start.Before(iv.Start); said = said[1:] {
				if !yield(said[0]) {
					return
				}
			}
			if _, is := ends[iv.Start.Unix()]; is {
				continue
			}
			if moments {
				iv.End = iv.Start
			}
			if !yield(iv) {
				return
			}
		}
		for _, iv := range said {
			if !yield(iv) {
				return
			}
		}
	}
}

// said returns, in order, the times whose ends are said and that the rule does
// not leave out, as far as they reach a span.
func said(begins *Recurrence, ends map[int64]int64, span Interval) []Interval {
	var out []Interval
	for _, begin := range slices.Sorted(maps.Keys(ends)) {
		iv := Between(time.Unix(begin, 0), time.Unix(ends[begin], 0))
		if (iv.Overlaps(span) || span.Contains(iv.Start)) && begins.Contains(iv.Start) {
			out = append(out, iv)
		}
	}
	return out
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
// events stand. The times of which an RDATE says how long they are, it returns with
// their ends.
func (e *eventLines) readRule(f *icalFile, start point) (rule Rule, ends map[int64]int64, ok bool) {
	rule.Start = When(start.inUTC())
	if !start.Whole && !rule.Start.UTC {
		rule.Zone = start.loc.String()
	}
	before := f.complaints
	ends = map[int64]int64{}
	for _, p := range e.ruleLines() {
		if f.complaints >= maxComplaints {
			break
		}
		switch {
		case p.name == "RRULE":
			repeat, _ := f.repeat(p, start)
			rule.Repeats = append(rule.Repeats, repeat)
		case p.name == "EXRULE":
			repeat, _ := f.repeat(p, start)
			rule.Except = append(rule.Except, repeat)
		case p.name == "EXDATE":
			rule.ExceptDates = f.datesOf(p, rule, rule.ExceptDates)
		case strings.EqualFold(p.param("VALUE"), "PERIOD") && !start.Whole:
			f.periods(p, &rule, ends)
		default:
			rule.Dates = f.datesOf(p, rule, rule.Dates)
		}
	}
	for _, p := range f.moved[e.uid] {
		if f.complaints >= maxComplaints {
			break
		}
		p.name = "EXDATE"
		rule.ExceptDates = f.datesOf(p, rule, rule.ExceptDates)
	}
	return rule, ends, f.complaints == before
}

// repeat reads an RRULE or EXRULE. Its UNTIL gets the form that the start asks
// for: makers write others, a date for times, midnight in UTC for whole days.
func (f *icalFile) repeat(p property, start point) (Repeat, bool) {
	var v servicecoin.Violations
	repeat, err := ParseRepeat(p.value.text)
	mergeAt(&v, p.value, err)
	if until := repeat.Until; !until.IsZero() {
		loc := start.loc
		if until.UTC {
			loc = time.UTC
		}
		switch {
		case start.Whole:
			repeat.Until = WholeDay(moment(until).wholeDay(f.loc))
		case until.Whole: // to its end
			repeat.Until = utcOf(until.Local.Date.AddDays(1).At(StartOfDay, loc).Add(-time.Second))
		default:
			repeat.Until = utcOf(until.Local.Date.At(until.Local.Clock, loc))
		}
	}
	if err == nil {
		rule := Rule{Start: When{Local: start.Local, UTC: !start.Whole, Whole: start.Whole}, Repeats: []Repeat{repeat}}
		for _, x := range violationsOf(rule.Validate()) { // what depends on the start
			v.Add(p.valueOf(x.Value).place(), x.Code, x.Value, x.Text)
		}
	}
	f.blame(&v, p.whole)
	return repeat, v.Len() == 0
}

// datesOf appends the dates of an RDATE or EXDATE to a list of the rule's.
func (f *icalFile) datesOf(p property, rule Rule, list []When) []When {
	var v servicecoin.Violations
	reader := dateReader{
		v: &v, start: moment(rule.Start), zone: rule.Zone, most: MaxRuleDates,
		zoneOf: func(name placed) *time.Location { return f.zoneIn(p, name) },
		home:   func() *time.Location { return f.loc },
	}
	for _, m := range reader.read(p.line, len(list)) {
		list = append(list, When(m))
	}
	f.blame(&v, p.whole)
	return list
}

// periods reads an RDATE of periods, 20260105T090000Z/PT1H or with an end instead
// of a duration. Each is as long as it says.
func (f *icalFile) periods(p property, rule *Rule, ends map[int64]int64) {
	p.params = maps.Clone(p.params)
	delete(p.params, "VALUE") // both ends are times
	for text := range p.value.split(',') {
		if strings.TrimSpace(text.text) == "" {
			continue
		}
		if len(rule.Dates) >= MaxRuleDates || f.complaints >= maxComplaints {
			f.complain(text, "too-many", "", fmt.Sprintf("must be at most %d dates", MaxRuleDates))
			return
		}
		first, last, found := text.cut('/')
		from, ok := f.momentOf(p, first)
		if !ok {
			continue
		}
		until, length := from, Period{}
		switch last = last.trim(); {
		case strings.HasPrefix(strings.TrimPrefix(last.text, "+"), "P"):
			length, ok = f.duration(p.line, last)
			until.Local.Date = until.Local.Date.AddDays(length.Days)
		case found:
			until, ok = f.momentOf(p, last)
		}
		if !ok {
			continue
		}
		span := Between(from.instant(), until.instant().Add(length.Exact))
		switch {
		case !found || from.Whole || until.Whole || span.End.Before(span.Start):
			f.complain(text, "bad-format", text.text, "must be a period as 20260105T090000Z/PT1H, or with its end behind the slash")
		case until.Local.Date.Validate() != nil || span.Validate() != nil:
			f.complain(text, "out-of-range", text.text, "must lie in the years 1 to 9999")
		default:
			rule.Dates = append(rule.Dates, utcOf(span.Start))
			ends[span.Start.Unix()] = span.End.Unix()
		}
	}
}

func utcOf(t time.Time) When { return When{Local: shownIn(t, time.UTC), UTC: true} }

// violationsOf returns the violations of an error.
func violationsOf(err error) []servicecoin.Violation {
	if invalid, ok := errors.AsType[*servicecoin.InvalidError](err); ok {
		return invalid.Violations
	}
	return nil
}

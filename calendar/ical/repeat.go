package ical

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/recur"
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
	switch p.Name {
	case "EXRULE":
		return exceptionCost
	case "RRULE":
		return 1
	}
	return 0
}

// affords reports whether the file has not asked for too much, this event
// included.
func (e *eventLines) affords(f *file) bool {
	f.dates += len(f.moved[e.uid])
	for _, p := range e.ruleLines() {
		if f.rules += p.cost(); p.cost() == 0 {
			f.dates += 1 + strings.Count(p.Value.Text, ",")
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
func (e *eventLines) repeated(f *file, out Event, start point, length calendar.Period) []Event {
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
	span, asked := calendar.Between(yearBegins(firstRepeated), yearBegins(lastRepeated+1)), !f.within.Empty()
	switch {
	case asked && start.Whole:
		first, last := f.days()
		span = calendar.Between(civil.Midnight(first), civil.Midnight(last.AddDays(1)))
	case asked:
		span = f.within
	}
	var v servicecoin.Violations
	var all []Event
	for iv := range timesOf(&v, upTo(rule, span.End), length, ends, loc, span) {
		if len(f.events)+len(all) >= hours.MaxDays {
			return e.repeatedTooOften(f)
		}
		next := out
		if start.Whole {
			if next.Dates = hours.On(civil.DayIn(iv.Start, time.UTC)); length.Days > 1 {
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

func yearBegins(y int) time.Time {
	return civil.Midnight(calendar.Date{Year: y, Month: time.January, Day: 1})
}

func (e *eventLines) repeatedTooOften(f *file) []Event {
	f.complain(e.at, "too-many", "", fmt.Sprintf("begins an event with which there are more than %d: give it an UNTIL or a COUNT, or read the file within fewer years", hours.MaxDays))
	return nil
}

// upTo returns the rule with an end for each of the Repeats that has none, a day or
// two after an instant, so that nothing later is looked at.
func upTo(r recur.Rule, end time.Time) recur.Rule {
	until := recur.When{Local: calendar.LocalTime{Date: calendar.DateOf(end, time.UTC).AddDays(2)}, UTC: !r.Start.Whole, Whole: r.Start.Whole}
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
func timesOf(v *servicecoin.Violations, rule recur.Rule, length calendar.Period, ends map[int64]int64, loc *time.Location, span calendar.Interval) iter.Seq[calendar.Interval] {
	moments := length.IsZero()
	if moments {
		length.Exact = time.Second // a window has a length
	}
	times, err := recur.Window{Rule: rule, For: length}.CompileIn(loc)
	v.Merge("", err)
	return func(yield func(calendar.Interval) bool) {
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
func said(begins *recur.Recurrence, ends map[int64]int64, span calendar.Interval) []calendar.Interval {
	var out []calendar.Interval
	for _, begin := range slices.Sorted(maps.Keys(ends)) {
		iv := calendar.Between(time.Unix(begin, 0), time.Unix(ends[begin], 0))
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
func (e *eventLines) readRule(f *file, start point) (rule recur.Rule, ends map[int64]int64, ok bool) {
	rule.Start = recur.When(start.inUTC())
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
		case p.Name == "RRULE":
			repeat, _ := f.repeat(p, start)
			rule.Repeats = append(rule.Repeats, repeat)
		case p.Name == "EXRULE":
			repeat, _ := f.repeat(p, start)
			rule.Except = append(rule.Except, repeat)
		case p.Name == "EXDATE":
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
		p.Name = "EXDATE"
		rule.ExceptDates = f.datesOf(p, rule, rule.ExceptDates)
	}
	return rule, ends, f.complaints == before
}

// repeat reads an RRULE or EXRULE. Its UNTIL gets the form that the start asks
// for: makers write others, a date for times, midnight in UTC for whole days.
func (f *file) repeat(p property, start point) (recur.Repeat, bool) {
	var v servicecoin.Violations
	repeat, err := recur.ParseRepeat(p.Value.Text)
	lines.MergeAt(&v, p.Value, err)
	if until := repeat.Until; !until.IsZero() {
		loc := start.loc
		if until.UTC {
			loc = time.UTC
		}
		switch {
		case start.Whole:
			repeat.Until = recur.WholeDay(lines.Moment(until).WholeDay(f.loc))
		case until.Whole: // to its end
			repeat.Until = utcOf(until.Local.Date.AddDays(1).At(calendar.StartOfDay, loc).Add(-time.Second))
		default:
			repeat.Until = utcOf(until.Local.Date.At(until.Local.Clock, loc))
		}
	}
	if err == nil {
		rule := recur.Rule{Start: recur.When{Local: start.Local, UTC: !start.Whole, Whole: start.Whole}, Repeats: []recur.Repeat{repeat}}
		for _, x := range violationsOf(rule.Validate()) { // what depends on the start
			v.Add(p.ValueOf(x.Value).Place(), x.Code, x.Value, x.Text)
		}
	}
	f.blame(&v, p.Whole)
	return repeat, v.Len() == 0
}

// datesOf appends the dates of an RDATE or EXDATE to a list of the rule's.
func (f *file) datesOf(p property, rule recur.Rule, list []recur.When) []recur.When {
	var v servicecoin.Violations
	reader := lines.DateReader{
		V: &v, Start: lines.Moment(rule.Start), Zone: rule.Zone, Most: recur.MaxDates,
		ZoneOf: func(name lines.Placed) *time.Location { return f.zoneIn(p, name) },
		Home:   func() *time.Location { return f.loc },
	}
	for _, m := range reader.Read(p.Line, len(list)) {
		list = append(list, recur.When(m))
	}
	f.blame(&v, p.Whole)
	return list
}

// periods reads an RDATE of periods, 20260105T090000Z/PT1H or with an end instead
// of a duration. Each is as long as it says.
func (f *file) periods(p property, rule *recur.Rule, ends map[int64]int64) {
	p.Params = maps.Clone(p.Params)
	delete(p.Params, "VALUE") // both ends are times
	for text := range p.Value.Split(',') {
		if strings.TrimSpace(text.Text) == "" {
			continue
		}
		if len(rule.Dates) >= recur.MaxDates || f.complaints >= maxComplaints {
			f.complain(text, "too-many", "", fmt.Sprintf("must be at most %d dates", recur.MaxDates))
			return
		}
		first, last, found := text.Cut('/')
		from, ok := f.momentOf(p, first)
		if !ok {
			continue
		}
		until, length := from, calendar.Period{}
		switch last = last.Trim(); {
		case strings.HasPrefix(strings.TrimPrefix(last.Text, "+"), "P"):
			length, ok = f.duration(p.Line, last)
			until.Local.Date = until.Local.Date.AddDays(length.Days)
		case found:
			until, ok = f.momentOf(p, last)
		}
		if !ok {
			continue
		}
		span := calendar.Between(from.instant(), until.instant().Add(length.Exact))
		switch {
		case !found || from.Whole || until.Whole || span.End.Before(span.Start):
			f.complain(text, "bad-format", text.Text, "must be a period as 20260105T090000Z/PT1H, or with its end behind the slash")
		case until.Local.Date.Validate() != nil || span.Validate() != nil:
			f.complain(text, "out-of-range", text.Text, "must lie in the years 1 to 9999")
		default:
			rule.Dates = append(rule.Dates, utcOf(span.Start))
			ends[span.Start.Unix()] = span.End.Unix()
		}
	}
}

func utcOf(t time.Time) recur.When { return recur.When{Local: civil.ShownIn(t, time.UTC), UTC: true} }

// violationsOf returns the violations of an error.
func violationsOf(err error) []servicecoin.Violation {
	if invalid, ok := errors.AsType[*servicecoin.InvalidError](err); ok {
		return invalid.Violations
	}
	return nil
}

package calendar

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
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
			f.dates += 1 + strings.Count(p.value, ",")
		}
	}
	switch {
	case f.rules > maxFileRules:
		f.complain(e.line, "too-many", "", fmt.Sprintf("begins an event with which there are more than %d rules (an EXRULE counts as %d, a COUNT as one for each %d)", maxFileRules, exceptionCost, countCost))
	case f.dates > maxFileDates:
		f.complain(e.line, "too-many", "", fmt.Sprintf("begins an event with which there are more than %d dates of rules", maxFileDates))
	default:
		return true
	}
	f.complaints = maxComplaints
	return false
}

// repeated makes an event of each time that one comes.
func (e *eventLines) repeated(f *icalFile, out VEvent, start moment, length Period) []VEvent {
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
	loaded := zones{} // days are in none
	if !start.whole {
		loaded[rule.Zone] = start.loc // itself, not by its name: that of the reader may have none
	}
	span, asked := Between(yearBegins(firstRepeated), yearBegins(lastRepeated+1)), !f.within.Empty()
	switch {
	case asked && start.whole: // days are counted in UTC
		first, last := f.days()
		span = Between(first.midnight(), last.AddDays(1).midnight())
	case asked:
		span = f.within
	}
	var v servicecoin.Violations
	var all []VEvent
	for iv := range timesOf(&v, rule.upTo(span.End), length, ends, loaded, span) {
		if len(f.events)+len(all) >= MaxDays {
			return e.repeatedTooOften(f)
		}
		next := out
		if start.whole {
			if next.Dates = On(dayAt(iv.Start, time.UTC)); length.Days > 1 {
				next.Dates.Last = next.Dates.First.AddDays(length.Days - 1)
			}
		} else {
			next.During = iv
		}
		all = append(all, next)
	}
	if err := v.Err(); err != nil {
		f.blame(err, e.line)
		return nil
	}
	return all
}

func yearBegins(y int) time.Time { return Date{Year: y, Month: time.January, Day: 1}.midnight() }

func (e *eventLines) repeatedTooOften(f *icalFile) []VEvent {
	f.complain(e.line, "too-many", "", fmt.Sprintf("begins an event with which there are more than %d: give it an UNTIL or a COUNT, or read the file within fewer years", MaxDays))
	return nil
}

// timesOf yields the times of a rule that have an instant in a span, or are one;
// ends says when some of them end. What is wrong with the rule is added to v.
func timesOf(v *servicecoin.Violations, rule Rule, length Period, ends map[int64]int64, z zones, span Interval) iter.Seq[Interval] {
	moments := length.IsZero()
	if moments {
		length.Exact = time.Second // a window has a length
	}
	times := Window{Rule: rule, For: length}.compile(v, z)
	longest := times.longest
	for begin, end := range ends {
		longest = max(longest, end-begin)
	}
	return func(yield func(Interval) bool) {
		if v.Err() != nil {
			return
		}
		from, to := span.Start.Unix(), before(span.End)+1
		walk := times.begins.walk()
		clock := clockwork{loc: times.begins.loc}
		for o, ok := walk.next(from - longest - 1); ok && o.at < to; o, ok = walk.next(o.at) {
			end, said := ends[o.at]
			switch {
			case said:
			case moments:
				end = o.at
			default:
				if end = times.ends(&clock, o); end <= o.at {
					continue // it lies in a jump of the clock
				}
			}
			if (end > from || o.at >= from) && !yield(Interval{Start: unix(o.at), End: unix(end)}) {
				return
			}
		}
	}
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
func (e *eventLines) readRule(f *icalFile, start moment) (rule Rule, ends map[int64]int64, ok bool) {
	read := ruleReader{home: f.loc}
	read.rule.Start = When{Local: LocalTime{Date: start.date, Clock: start.clock}, Whole: start.whole}
	switch {
	case start.whole:
	case start.loc == time.UTC:
		read.rule.Start.UTC = true
	default:
		read.rule.Zone = start.loc.String()
	}
	lines := slices.Clip(e.ruleLines())
	for _, p := range f.moved[e.uid] {
		p.whole = "EXDATE" + p.whole[len(p.name):]
		lines = append(lines, p)
	}
	before := f.complaints
	ends = map[int64]int64{}
	for _, p := range lines {
		if f.complaints >= maxComplaints {
			break
		}
		read.zoneOf = func(name string) *time.Location { return f.zoneOf(name, p.calendar) }
		if strings.HasSuffix(p.name, "RULE") {
			p.whole = f.untilOf(p, start)
		}
		if p.name == "RDATE" && strings.EqualFold(p.params["VALUE"], "PERIOD") && !start.whole {
			f.periods(p, &read.rule, ends)
			continue
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
	return read.rule, ends, f.complaints == before
}

// periods reads an RDATE of periods, 20260105T090000Z/PT1H or with an end instead
// of a duration. Each is as long as it says.
func (f *icalFile) periods(p property, rule *Rule, ends map[int64]int64) {
	for text := range strings.SplitSeq(p.value, ",") {
		if strings.TrimSpace(text) == "" {
			continue
		}
		if len(rule.Dates) >= MaxRuleDates || f.complaints >= maxComplaints {
			f.complain(p.n, "too-many", "", fmt.Sprintf("must be at most %d dates", MaxRuleDates))
			return
		}
		first, last, found := strings.Cut(text, "/")
		begin := property{n: p.n, value: first, params: map[string]string{"VALUE": "DATE-TIME", "TZID": p.params["TZID"]}, calendar: p.calendar}
		from, ok := f.moment(begin)
		if !ok {
			continue
		}
		until := from
		length, isLength := parseDuration(strings.TrimSpace(last))
		if isLength {
			until.date = until.date.AddDays(length.days)
		} else if begin.value = last; found {
			if until, ok = f.moment(begin); !ok {
				continue
			}
		}
		span := Between(from.instant(), until.instant().Add(length.exact))
		switch {
		case !found || span.End.Before(span.Start):
			f.complain(p.n, "bad-format", text, "must be a period as 20260105T090000Z/PT1H, or with its end behind the slash")
		case until.date.Validate() != nil || span.Validate() != nil:
			f.complain(p.n, "out-of-range", text, "must lie in the years 1 to 9999")
		default:
			rule.Dates = append(rule.Dates, utcOf(span.Start))
			ends[span.Start.Unix()] = span.End.Unix()
		}
	}
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
		case start.whole:
			w = WholeDay(w.wholeDay(f.loc))
		case w.Whole: // to its end
			w = utcOf(w.Local.Date.AddDays(1).At(StartOfDay, loc).Add(-time.Second))
		default:
			w = utcOf(w.Local.Date.At(w.Local.Clock, loc))
		}
		parts[i] = key + "=" + w.code()
	}
	return head + ":" + strings.Join(parts, ";")
}

func utcOf(t time.Time) When { return When{Local: shownAt(t, time.UTC), UTC: true} }

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

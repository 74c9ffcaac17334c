package recur

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Recurrence is a [Rule] that was compiled: it answers when the rule comes next,
// or came last, without walking there from the start. It never changes, so it can
// be shared between goroutines.
//
// The calendar ends with the year 9999. What never comes (30 February) is found
// out by Compile, within some ten milliseconds for each Repeat, and ends at once
// from then on. Exceptions that take out whole days are stepped over by the day;
// those without an end that take out 300,000 times or days in a row are taken to
// take out all that is left (1,300,000 if others have an end). Compile refuses a
// rule all of whose exceptions have an end, and take out still more.
type Recurrence struct {
	rule     Rule
	loc      *time.Location
	gap      calendar.GapPolicy
	twice    calendar.TwicePolicy
	come     []series     // the Repeats
	except   []series     // the Except
	covers   []bool       // of each: whether on a day of it all that comes is taken out
	patience int          // how many exceptions in a row are met
	dates    []occurrence // the Dates, and the start if it is one, in order
	out      []int64      // instants of the ExceptDates, in order
	outDay   []int64      // days of the ExceptDates, in order
}

// occurrence is an instant, and what the rule called it.
type occurrence struct {
	at    int64
	local int64
}

// Compile checks the rule and works it out; every violation is reported, as by
// [Rule.Validate]. It takes some microseconds. A Count is turned into the last
// time, which takes about 0.2 µs for each year of it; with an Interval, with
// BySetPos, and for hours, minutes and seconds that are limited, 20 ns for each
// time, 20 ms for the most that a count may be.
func (r Rule) Compile() (*Recurrence, error) {
	return r.compile(wall.Zones{}, false)
}

// CompileIn is [Rule.Compile] in a zone that stands for the one which the rule
// names, whether the tz database has that or not.
func (r Rule) CompileIn(loc *time.Location) (*Recurrence, error) {
	return r.compile(wall.Zones{r.Zone: wall.OrUTC(loc)}, false)
}

// compile works out a rule, whose lists are its own or become so.
func (r Rule) compile(z wall.Zones, own bool) (*Recurrence, error) {
	var v servicecoin.Violations
	loc := r.validate(&v, z)
	if err := v.Err(); err != nil {
		return nil, err
	}
	if !own {
		r = r.clone()
	}
	c := &Recurrence{rule: r, loc: loc, gap: r.Gap, twice: r.Twice}
	if c.gap == "" {
		c.gap = calendar.ShiftByGap
	}
	c.come = c.compile(r.Repeats)
	c.except = c.compile(r.Except)
	for _, w := range r.Dates {
		c.dates = append(c.dates, c.resolve(w)...)
	}
	if len(r.Repeats) == 0 {
		c.dates = append(c.dates, c.resolve(r.Start)...)
	}
	slices.SortFunc(c.dates, func(a, b occurrence) int { return cmp.Compare(a.at, b.at) })
	for _, w := range r.ExceptDates {
		if w.Whole && !r.Start.Whole {
			c.outDay = append(c.outDay, wall.FloorDiv(civil.Second(w.Local), wall.SecondsADay))
			continue
		}
		for _, o := range c.resolve(w) {
			c.out = append(c.out, o.at)
		}
	}
	slices.Sort(c.out)
	slices.Sort(c.outDay)
	c.patience = maxExceptions
	endless := false
	for _, x := range c.except {
		if x.pattern.last < math.MaxInt64 || x.until < math.MaxInt64 {
			c.patience = maxEndingExceptions
		} else {
			endless = true
		}
		c.covers = append(c.covers, !slices.ContainsFunc(c.come, func(s series) bool { return !x.pattern.covers(s.pattern) }))
	}
	if w := c.walk(); len(c.except) > 0 {
		switch _, comes := w.next(wall.MinSecond); {
		case w.tired && !endless:
			v.Add("except", "too-many", "", fmt.Sprintf("must not take out more than %d times in a row", c.patience))
			return nil, v.Err()
		case w.tired:
			c.come = nil // the dates may still come
		case !comes:
			c.come, c.dates = nil, nil // nothing but exceptions, which takes time to find out
		}
	}
	return c, nil
}

// compile works out repeats that come at all.
func (c *Recurrence) compile(list []Repeat) []series {
	var out []series
	for _, r := range list {
		s := series{pattern: compileRepeat(r, c.rule.Start.Local), until: math.MaxInt64}
		if s.pattern.never() {
			continue
		}
		switch {
		case r.Until.IsZero():
		case r.Until.UTC:
			s.until = civil.Second(r.Until.Local)
			s.pattern.last = min(s.pattern.last, s.until+wall.Widest)
		default:
			s.pattern.last = min(s.pattern.last, civil.Second(r.Until.Local))
		}
		if r.Count > 0 {
			c.stopAfter(s.pattern, r.Count)
		}
		if _, comes := s.pattern.next(new(year), s.pattern.start); comes {
			out = append(out, s)
		}
	}
	return out
}

// stopAfter ends the pattern with the n-th time. One that a clock jumps over
// and the policy skips is not counted.
func (c *Recurrence) stopAfter(p *pattern, n int) {
	var y year
	last, ok := p.nth(&y, p.start, int64(n))
	if ok && c.gap == calendar.SkipGap {
		last, ok = c.pastGaps(p, last)
	}
	if !ok {
		last = lastInstant // the calendar ends before, or an Until does
	}
	p.last = min(p.last, last)
}

// pastGaps returns the time that comes as many times after last as times up to
// it are jumped over.
func (c *Recurrence) pastGaps(p *pattern, last int64) (int64, bool) {
	var y year
	z := wall.NewClockwork(c.loc)
	for z.Visit(p.start - wall.Widest); z.End+z.Offset <= last && z.End < wall.MaxSecond; {
		at, before := z.End, z.Offset
		z.Visit(at)
		gap, more := at+z.Offset-1, 0 // its last second
		for t, ok := p.next(&y, at+before); ok && t <= min(last, gap); t, ok = p.next(&y, t+1) {
			more++
		}
		for ; more > 0; more-- {
			t, ok := p.next(&y, max(last, gap)+1)
			if !ok {
				return 0, false
			}
			last = t
		}
	}
	return last, true
}

// resolve returns the instants of a date.
func (c *Recurrence) resolve(w When) []occurrence {
	loc := c.loc
	if w.UTC {
		loc = time.UTC
	}
	var out []occurrence
	for _, t := range w.Local.In(loc, c.gap, c.twice) {
		o := occurrence{t.Unix(), civil.Second(w.Local)}
		if w.UTC {
			o.local = civil.Second(civil.ShownIn(t, c.loc))
		}
		out = append(out, o)
	}
	return out
}

// Rule returns the rule that was compiled.
func (c *Recurrence) Rule() Rule { return c.rule.clone() }

// Location returns the zone.
func (c *Recurrence) Location() *time.Location { return c.loc }

// Next returns the first occurrence after t, in UTC, and false if there is none.
func (c *Recurrence) Next(t time.Time) (time.Time, bool) {
	w := c.walk()
	return found(w.next(t.Unix()))
}

// found returns the instant, the zero one if there is none.
func found(o occurrence, ok bool) (time.Time, bool) {
	if !ok {
		return time.Time{}, false
	}
	return wall.Unix(o.at), true
}

// Previous returns the last occurrence before t, in UTC, and false if there is
// none. It asks for the next one several times over, which takes a few
// microseconds, and more where exceptions leave long gaps.
func (c *Recurrence) Previous(t time.Time) (time.Time, bool) {
	end := t.Unix()
	if t.Nanosecond() > 0 {
		end++
	}
	w := c.walk()
	return found(w.previous(end))
}

// Contains reports whether t is an occurrence.
func (c *Recurrence) Contains(t time.Time) bool {
	w := c.walk()
	o, ok := w.next(t.Unix() - 1)
	return ok && o.at == t.Unix() && t.Nanosecond() == 0
}

// Between yields the occurrences from one instant up to, but without, another,
// in order and in UTC.
func (c *Recurrence) Between(from, to time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		w := c.walk()
		for o, ok := w.next(before(from)); ok; o, ok = w.next(o.at) {
			if t := wall.Unix(o.at); !t.Before(to) || !yield(t) {
				return
			}
		}
	}
}

// before returns the last whole second before t.
func before(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix()
	}
	return t.Unix() - 1
}

// All yields the occurrences from the first on, in order and in UTC. Most rules
// have no end before the year 9999.
func (c *Recurrence) All() iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		w := c.walk()
		for o, ok := w.next(wall.MinSecond); ok; o, ok = w.next(o.at) {
			if !yield(wall.Unix(o.at)) {
				return
			}
		}
	}
}

// Last returns the last occurrence, in UTC, of a rule that has an end by Count
// or Until, or has none but dates; false if it has no end or no occurrence.
func (c *Recurrence) Last() (time.Time, bool) {
	for _, s := range c.come {
		if s.pattern.last == math.MaxInt64 {
			return time.Time{}, false
		}
	}
	w := c.walk()
	return found(w.previous(wall.MaxSecond))
}

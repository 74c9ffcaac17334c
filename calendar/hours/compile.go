package hours

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// The years for which hours can be compiled: instants are kept as nanoseconds
// since 1970 in 64 bits, and so are distances, which ends at 292 years.
const (
	firstYear = 1900
	lastYear  = 2150
)

// margin is how many days before and after the compiled span are looked at:
// hours of a day reach into the next one, and a clock that leaves out a date
// moves them by a day more.
const margin = 3

// Compile works the hours out for all instants of within, both ends included.
// Nil policies are the defaults. It takes about 50 µs for a year. Questions
// outside of the span, and questions whose answer lies there, are answered with
// an [*calendar.OutsideError]; so compile generously. The span lies in the years 1900 to
// 2150. Every violation of the hours is reported, as by [Hours.Validate].
func (h Hours) Compile(within calendar.Interval, p *Policies) (*Timetable, error) {
	var v servicecoin.Violations
	loc, _ := h.Location() // Validate reports an unknown zone
	v.Merge("", h.Validate())
	tt, err := newTimetable(within, p)
	v.Merge("", err)
	if err := v.Err(); err != nil {
		return nil, err
	}
	tt.layDays(loc)
	c := compiler{tt: tt, z: wall.NewClockwork(loc), hours: make([][]calendar.ClockSpan, len(tt.days)-1)}
	c.choose(h)
	if !c.takeBreaks(h.Breaks) {
		v.Add("breaks", "too-many", "", fmt.Sprintf("must come to at most %d intervals within the span", maxBreaks))
		return nil, v.Err()
	}
	c.open()
	tt.finish(c.list)
	return tt, nil
}

// CompileYears works the hours out for the years from first to last, both
// included, of the hours' own zone: see [Hours.Compile].
func (h Hours) CompileYears(first, last int, p *Policies) (*Timetable, error) {
	loc, err := h.Location()
	if err != nil {
		return nil, err
	}
	first, last = min(max(first, 0), 10_000), min(max(last, 0), 10_000)
	return h.Compile(calendar.Interval{
		Start: calendar.Date{Year: first, Month: time.January, Day: 1}.In(loc).Start,
		End:   calendar.Date{Year: last + 1, Month: time.January, Day: 1}.In(loc).Start,
	}, p)
}

// TimetableOf makes a timetable of any set of instants: hours less the pauses
// of a ticket, hours that two parties share, the windows of a rule. Its days
// are those of loc; a working day is one on which the set has an instant. The
// set must be complete within the span, and as far beyond as its intervals
// reach.
func TimetableOf(open calendar.Set, within calendar.Interval, loc *time.Location, p *Policies) (*Timetable, error) {
	tt, err := newTimetable(within, p)
	if err != nil {
		return nil, err
	}
	tt.layDays(wall.OrUTC(loc))
	reach := calendar.Between(time.Unix(0, tt.days[0].start), time.Unix(0, tt.days[len(tt.days)-1].start))
	var list []stretch
	for iv := range open.Clip(reach).All() {
		list = append(list, stretch{iv.Start.UnixNano(), iv.End.UnixNano()})
	}
	day := 0
	for _, s := range list {
		for tt.days[day+1].start <= s.start {
			day++
		}
		for ; day < len(tt.days)-1 && tt.days[day].start < s.end; day++ {
			if end := tt.days[day+1].start; tt.days[day].start < end { // the zone did not leave it out
				tt.days[day].shut = min(s.end, end)
			}
		}
		day--
	}
	tt.finish(list)
	return tt, nil
}

// stretch is an interval in nanoseconds since 1970.
type stretch struct{ start, end int64 }

// newTimetable returns one without days and openings.
func newTimetable(within calendar.Interval, p *Policies) (*Timetable, error) {
	var v servicecoin.Violations
	if err := within.Validate(); err != nil {
		v.Merge("within", err)
	} else if within.Empty() {
		v.Add("within", "empty", within.String(), "must not be empty")
	} else if within.Start.UTC().Year() < firstYear-1 || within.End.UTC().Year() > lastYear+1 { // by a zone's hours
		v.Add("within", "out-of-range", within.String(), fmt.Sprintf("must lie in the years %d to %d", firstYear, lastYear))
	}
	if p == nil {
		p = &Policies{}
	}
	v.Merge("policies", p.Validate())
	if err := v.Err(); err != nil {
		return nil, err
	}
	return &Timetable{
		span: calendar.Between(within.Start, within.End), from: within.Start.UnixNano(), to: within.End.UnixNano(),
		reversed: cmp.Or(p.Reversed, RefuseReversed), goOn: p.Closing == NextOpening, keep: p.Zero == KeepStart,
	}, nil
}

// compiler works hours out day by day.
type compiler struct {
	tt     *Timetable
	z      *wall.Clockwork
	hours  [][]calendar.ClockSpan // of each day
	closed []stretch              // the local days of holidays, sorted, disjoint
	cuts   []stretch              // breaks, sorted, disjoint
	list   []stretch              // what is open, in any order
}

// layDays finds where the local days around the span begin.
func (tt *Timetable) layDays(loc *time.Location) {
	tt.loc = loc
	first, last := civil.DayIn(tt.span.Start, loc), civil.DayIn(tt.span.End, loc)
	tt.first = civil.Number(first.AddDays(-margin))
	tt.days = make([]day, civil.Number(last)+margin+2-tt.first)
	z := wall.NewClockwork(loc)
	for i := range tt.days {
		tt.days[i] = day{start: z.Begins((tt.first+int64(i))*wall.SecondsADay) * int64(time.Second), shut: never, holiday: none}
	}
}

// choose gives each day its hours, by the order that [Hours] tells.
func (c *compiler) choose(h Hours) {
	const week = 7
	for i := range c.hours {
		weekday := (c.tt.first + int64(i) + int64(time.Thursday)) % week // day 0 was a Thursday
		c.hours[i] = h.Weekly[(weekday+week)%week]
	}
	for _, s := range h.Special {
		if !s.EvenOnHolidays {
			c.days(s.Dates, func(i int) { c.hours[i] = s.Hours })
		}
	}
	for _, d := range slices.Backward(h.Holidays) { // so that the first one listed gives its name
		index := int32(len(c.tt.holidays)) //nolint:gosec // at most MaxDays
		c.tt.holidays = append(c.tt.holidays, d.Name)
		c.rows(d.Dates, func(year, from, to int) {
			for i := from; i <= to && d.holds(year); i++ {
				c.hours[i], c.tt.days[i].holiday = h.OnHolidays, index
			}
		})
	}
	for _, s := range h.Special {
		if s.EvenOnHolidays {
			c.days(s.Dates, func(i int) { c.hours[i] = s.Hours })
		}
	}
	for i := range c.hours {
		if c.tt.days[i].holiday != none {
			c.closed = append(c.closed, stretch{c.tt.days[i].start, c.tt.days[i+1].start})
		}
	}
	c.closed = merge(c.closed)
}

// rows calls fn with the first and last index of each row of dates, as far as
// there are days, and the year that the row begins in.
func (c *compiler) rows(d Dates, fn func(year, from, to int)) {
	last := len(c.hours) - 1
	d.between(c.date(0), c.date(last), func(year int, from, to int64) {
		fn(year, max(0, int(from-c.tt.first)), min(last, int(to-c.tt.first)))
	})
}

func (c *compiler) days(d Dates, fn func(i int)) {
	c.rows(d, func(_, from, to int) {
		for i := from; i <= to; i++ {
			fn(i)
		}
	})
}

func (c *compiler) date(i int) calendar.Date { return c.tt.date(i) }

// spans calls fn with the instants of each span of the day, none of a date that
// the zone left out. A span that a jump of the clock leaves nothing of is no
// more.
func (c *compiler) spans(i int, spans []calendar.ClockSpan, fn func(stretch)) {
	if c.tt.days[i].start == c.tt.days[i+1].start {
		return
	}
	midnight := (c.tt.first + int64(i)) * wall.SecondsADay
	for _, s := range spans {
		open, shut := spanEnds(s)
		open, shut = c.z.Instant(midnight+open), c.z.Instant(midnight+shut)
		if open < shut {
			fn(stretch{open * int64(time.Second), shut * int64(time.Second)})
		}
	}
}

// maxBreaks is how many breaks a timetable may have, a lunch of each working
// day of 250 years and more.
const maxBreaks = 100_000

// takeBreaks works the breaks out, and reports whether they are not too many.
func (c *compiler) takeBreaks(breaks []Break) bool {
	var named []calendar.Span
	add := func(name string, s stretch) {
		c.cuts = append(c.cuts, s)
		named = append(named, calendar.Span{Interval: s.interval(), Weight: decimal.NewFromInt(1), Tag: name})
	}
	reach := stretch{c.tt.days[0].start, c.tt.days[len(c.hours)].start}.interval()
	for _, b := range breaks {
		if iv := b.During.Intersect(reach); !iv.Empty() {
			add(b.Name, stretch{iv.Start.UnixNano(), iv.End.UnixNano()})
		}
		if !b.Dates.IsZero() {
			c.days(b.Dates, func(i int) {
				if len(c.cuts) <= maxBreaks {
					c.spans(i, b.Hours, func(s stretch) { add(b.Name, s) })
				}
			})
		}
		if len(c.cuts) > maxBreaks {
			return false
		}
	}
	c.cuts, c.tt.breaks = merge(c.cuts), calendar.Worst(named...)
	return true
}

// open collects what is open of each day, less holidays and breaks, and notes
// when each day's own hours close.
func (c *compiler) open() {
	c.list = make([]stretch, 0, len(c.hours)*2)
	for i := range c.hours {
		before := len(c.list)
		near := c.tt.days[i].holiday == none && c.nearHoliday(i)
		c.spans(i, c.hours[i], func(s stretch) {
			if !near {
				c.list = cut(c.list, s, c.cuts)
				return
			}
			for _, part := range cut(nil, s, c.closed) {
				c.list = cut(c.list, part, c.cuts)
			}
		})
		for _, s := range c.list[before:] {
			c.tt.days[i].shut = max(c.tt.days[i].shut, s.end)
		}
	}
}

// nearHoliday reports whether hours of day i can reach into a holiday.
func (c *compiler) nearHoliday(i int) bool {
	for j := max(0, i-1); j <= i+margin && j < len(c.hours); j++ {
		if c.tt.days[j].holiday != none {
			return true
		}
	}
	return false
}

// merge sorts stretches and joins those that overlap or touch, in place.
func merge(list []stretch) []stretch {
	order := func(a, b stretch) int { return cmp.Compare(a.start, b.start) }
	if !slices.IsSortedFunc(list, order) {
		slices.SortFunc(list, order)
	}
	out := list[:0]
	for _, s := range list {
		if n := len(out); n > 0 && s.start <= out[n-1].end {
			out[n-1].end = max(out[n-1].end, s.end)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// cut appends what is left of s without the cuts, which are sorted and
// disjoint.
func cut(out []stretch, s stretch, cuts []stretch) []stretch {
	if len(cuts) == 0 {
		return append(out, s)
	}
	n, _ := slices.BinarySearchFunc(cuts, s.start, func(c stretch, at int64) int {
		if c.end <= at {
			return -1
		}
		return 1
	})
	for _, c := range cuts[n:] {
		if c.start >= s.end {
			break
		}
		if s.start < c.start {
			out = append(out, stretch{s.start, c.start})
		}
		s.start = c.end
	}
	if s.start < s.end {
		out = append(out, s)
	}
	return out
}

// finish clips what is open to the span, and lays the indexes.
func (tt *Timetable) finish(list []stretch) {
	list = merge(list)
	var worked int64
	tt.slots = make([]slot, 0, len(list))
	for _, s := range list {
		start, end := max(s.start, tt.from), min(s.end, tt.to)
		tt.startsOpen = tt.startsOpen || s.start < tt.from && tt.from <= s.end
		tt.endsOpen = tt.endsOpen || s.start <= tt.to && tt.to < s.end
		if start < end {
			tt.slots = append(tt.slots, slot{start, end, worked})
			worked += end - start
		}
	}
	tt.total = worked
	tt.bins = make([]int32, (tt.to-tt.from)>>binBits+1)
	next := 0
	for b := range tt.bins {
		for next < len(tt.slots) && tt.slots[next].end <= tt.from+int64(b)<<binBits {
			next++
		}
		tt.bins[b] = int32(next)
	}
	var n int32
	for i := range tt.days[:len(tt.days)-1] {
		if tt.days[i].shut != never {
			n++
			tt.working = append(tt.working, int32(i))
		}
		tt.days[i].worked = n
	}
}

// spanEnds returns the two ends of a span as seconds since the midnight at which the day
// begins; the second is always after the first.
func spanEnds(s calendar.ClockSpan) (open, shut int64) {
	open, shut = int64(s.Open), int64(s.Close)
	if s.Overnight() {
		shut += wall.SecondsADay
	}
	return open, shut
}

package recur

import (
	"cmp"
	"math"
	"slices"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// series is a pattern in a zone, as far as an instant.
type series struct {
	pattern *pattern
	until   int64 // the last instant that counts
}

// steps through one series. Where the clock runs steadily, an instant is a
// local time less the offset. Around a jump two streams are merged: what the
// clock shows after it, and what it jumped over, moved on.
type seriesWalk struct {
	s      *series
	z      wall.Clockwork
	year   year
	head   occurrence // what comes next after tail
	tail   int64
	state  headState
	inside bool // z is at some stretch
}

type headState uint8

const (
	headUnknown headState = iota
	headFound
	headNone
)

// next returns the first occurrence after an instant.
func (w *seriesWalk) next(c *Recurrence, after int64) (occurrence, bool) {
	if w.state != headUnknown && after >= w.tail && (w.state == headNone || after < w.head.at) {
		return w.head, w.state == headFound
	}
	o, ok := w.find(c, after)
	ok = ok && o.at <= w.s.until
	w.head, w.tail, w.state = o, after, headNone
	if ok {
		w.state = headFound
	}
	return o, ok
}

func (w *seriesWalk) find(c *Recurrence, after int64) (occurrence, bool) {
	z, p := &w.z, w.s.pattern
	if first := p.start - wall.Widest; after < first {
		after = first
	}
	if !w.inside || after < z.Begin || after >= z.End {
		w.inside = true
		z.Visit(after)
	}
	if after >= z.Begin+wall.Widest && after < z.End-wall.Widest { // far from any jump
		t, ok := p.next(&w.year, after+1+z.Offset)
		if !ok || t < z.End-wall.Widest+z.Offset {
			return occurrence{t - z.Offset, t}, ok
		}
	}
	for {
		o, ok := w.inStretch(c, after)
		if ok {
			return o, true
		}
		at, offset := z.End, z.Offset
		if at >= wall.MaxSecond {
			return occurrence{}, false
		}
		// What comes next by the clock lies in the next stretch, or far beyond.
		local := at + offset
		if c.twice == calendar.LastOfTwo || c.twice == calendar.BothOfTwo {
			local = min(local, at+z.OffsetAt(at))
		}
		far, ok := p.next(&w.year, local)
		if !ok {
			return occurrence{}, false
		}
		z.Visit(max(at, far-wall.Widest))
	}
}

// inStretch returns the first occurrence after an instant that lies in the
// stretch of constant offset which the clockwork is in.
func (w *seriesWalk) inStretch(c *Recurrence, after int64) (occurrence, bool) {
	z, p := &w.z, w.s.pattern
	from := max(after+1, z.Begin)
	local, end := from+z.Offset, z.End+z.Offset
	before := z.Offset // what the offset was before the stretch
	if from < z.Begin+wall.Widest && z.Begin > wall.MinSecond {
		before = z.OffsetAt(z.Begin - 1)
	}
	if before > z.Offset && c.twice != calendar.LastOfTwo && c.twice != calendar.BothOfTwo {
		local = max(local, z.Begin+before) // shown in the stretch before
	}
	if c.twice == calendar.LastOfTwo && z.End < wall.MaxSecond {
		end = min(end, z.End+z.OffsetAt(z.End)) // shown in the next one
	}
	best, found := occurrence{at: math.MaxInt64}, false
	if t, ok := p.next(&w.year, local); ok && t < end {
		best, found = occurrence{t - z.Offset, t}, true
	}
	if before >= z.Offset || c.gap == calendar.SkipGap {
		return best, found
	}
	// Between z.begin+before and z.begin+z.offset the clock showed nothing.
	moved, gapEnd := from+before, z.Begin+z.Offset
	if c.gap == calendar.AfterGap {
		if after >= z.Begin {
			return best, found
		}
		moved = z.Begin + before
	}
	if moved >= gapEnd {
		return best, found
	}
	if t, ok := p.next(&w.year, moved); ok && t < gapEnd {
		at := t - before
		if c.gap == calendar.AfterGap {
			at = z.Begin
		}
		if at < best.at && at < z.End {
			best, found = occurrence{at, t}, true
		}
	}
	return best, found
}

// ruleWalk goes through all that a rule says.
type ruleWalk struct {
	c      *Recurrence
	one    seriesWalk   // the first of the repeats
	more   []seriesWalk // and the others
	except []seriesWalk
	z      wall.Clockwork // for steps over days
	tired  bool           // too many exceptions came in a row
	plain  bool           // there is one series, and nothing else
}

func (c *Recurrence) walk() ruleWalk {
	w := ruleWalk{c: c, z: wall.Clockwork{Loc: c.loc}}
	if len(c.come) > 0 {
		w.one = seriesWalk{s: &c.come[0], z: wall.Clockwork{Loc: c.loc}}
	}
	w.plain = len(c.come) == 1 && len(c.except)+len(c.dates)+len(c.out)+len(c.outDay) == 0
	for i := 1; i < len(c.come); i++ {
		w.more = append(w.more, seriesWalk{s: &c.come[i], z: wall.Clockwork{Loc: c.loc}})
	}
	for i := range c.except {
		w.except = append(w.except, seriesWalk{s: &c.except[i], z: wall.Clockwork{Loc: c.loc}})
	}
	return w
}

// After so many exceptions in a row, or days of them, a search gives up: those
// are eight centuries of days. Exceptions that end are waited for, since they may
// be as many as a Count.
const (
	maxExceptions       = 300_000
	maxEndingExceptions = maxCount + maxExceptions
)

// next returns the first occurrence after an instant.
func (w *ruleWalk) next(after int64) (occurrence, bool) {
	if w.plain {
		o, ok := w.one.find(w.c, after)
		return o, ok && o.at <= min(w.one.s.until, lastInstant)
	}
	for range w.c.patience {
		o, ok := w.nextComing(after)
		if !ok {
			return o, false
		}
		by, out := w.excepted(o)
		if !out {
			return o, true
		}
		after = w.past(o, by)
	}
	w.tired = true
	return occurrence{}, false
}

// past returns an instant up to which all is taken out, from an occurrence on
// that the by-th of the exceptions takes out; below 0 is a date.
func (w *ruleWalk) past(o occurrence, by int) int64 {
	if by < 0 || !w.c.covers[by] {
		return o.at
	}
	x := &w.c.except[by]
	target := min(x.until, x.pattern.last-wall.Widest, lastInstant)
	if !x.pattern.allowsAllDays() {
		end := wall.SecondsADay - 1 - wall.Modulo(o.local, wall.SecondsADay) // of the day
		if target = o.at + end; o.local+end > x.pattern.last || target > x.until {
			return o.at
		}
		if w.z.End == w.z.Begin || o.at < w.z.Begin || o.at >= w.z.End {
			w.z.Visit(o.at)
		}
		if target >= w.z.End || o.at+w.z.Offset != o.local {
			return o.at
		}
	}
	if d, is := w.c.dateAfter(o.at); is { // which it need not take out
		target = min(target, d.at-1)
	}
	return max(o.at, target)
}

// nextComing is next without a look at the exceptions.
func (w *ruleWalk) nextComing(after int64) (best occurrence, found bool) {
	best.at = math.MaxInt64
	take := func(o occurrence, ok bool) {
		if ok && o.at < best.at {
			best, found = o, true
		}
	}
	if w.one.s != nil {
		take(w.one.next(w.c, after))
	}
	for i := range w.more {
		take(w.more[i].next(w.c, after))
	}
	take(w.c.dateAfter(after))
	return best, found && best.at <= lastInstant
}

// dateAfter returns the first of the dates after an instant.
func (c *Recurrence) dateAfter(after int64) (occurrence, bool) {
	if len(c.dates) == 0 {
		return occurrence{}, false
	}
	i, _ := slices.BinarySearchFunc(c.dates, after+1, func(o occurrence, at int64) int { return cmp.Compare(o.at, at) })
	if i == len(c.dates) {
		return occurrence{}, false
	}
	return c.dates[i], true
}

// lastInstant is the last second of the year 9999.
const lastInstant = (wall.LastDay+1)*wall.SecondsADay - 1

// excepted reports whether an occurrence is taken out, and by which of the
// exceptions, -1 for a date.
func (w *ruleWalk) excepted(o occurrence) (by int, out bool) {
	if len(w.c.out)+len(w.c.outDay)+len(w.except) == 0 {
		return -1, false
	}
	if _, out := slices.BinarySearch(w.c.out, o.at); out {
		return -1, true
	}
	if len(w.c.outDay) > 0 {
		if _, out := slices.BinarySearch(w.c.outDay, wall.FloorDiv(o.local, wall.SecondsADay)); out {
			return -1, true
		}
	}
	for i := range w.except {
		if x, ok := w.except[i].next(w.c, o.at-1); ok && x.at == o.at {
			return i, true
		}
	}
	return -1, false
}

// previous returns the last occurrence before an instant. It goes back in
// doubling steps until there is one, and then halves what is left.
func (w *ruleWalk) previous(end int64) (occurrence, bool) {
	first, ok := w.next(wall.MinSecond)
	if !ok || first.at >= end {
		return occurrence{}, false
	}
	end = min(end, lastInstant+1)
	low := first
	for step := w.c.spacing(); ; step *= 2 {
		from := end - 1 - step
		if from <= first.at {
			break
		}
		if o, ok := w.next(from); ok && o.at < end {
			low = o
			break
		}
	}
	high := end // no occurrence from high up to end
	for {
		o, ok := w.next(low.at)
		if !ok || o.at >= high {
			return low, true
		}
		low = o
		middle := low.at + (high-low.at)/2
		if o, ok := w.next(middle); ok && o.at < high {
			low = o
		} else {
			high = middle + 1
		}
	}
}

// spacing returns about how many seconds lie between occurrences.
func (c *Recurrence) spacing() int64 {
	spacing := int64(wall.SecondsADay)
	for _, s := range c.come {
		p := s.pattern
		length := [...]int64{1, 60, 3600, wall.SecondsADay, 7 * wall.SecondsADay, 31 * wall.SecondsADay, 366 * wall.SecondsADay}[p.rank]
		if n := length * min(p.every, 10_000); n < spacing || len(c.come) == 1 {
			spacing = n
		}
	}
	return spacing
}

package recur

import (
	"fmt"
	"iter"
	"math/bits"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Windows is a list of windows, worked out for a span of time: which of them an
// instant lies in, which an interval overlaps, and which opens next, each by a
// lookup, however many there are. It never changes, so it can be shared between
// goroutines.
type Windows struct {
	span     calendar.Interval
	from, to int64
	windows  []Window
	times    int      // how often they come
	changes  []uint64 // in order: seconds after from, the window, whether it opens
	words    int      // of 64 windows each
	every    int      // changes between two snapshots
	open     []uint64 // the windows that are open before each such change: words a snapshot
	count    []int32  // and how many
}

// Limits of [CompileWindows], beyond which it refuses its input.
const (
	MaxWindows     = 100_000
	maxWindowTimes = 10_000_000
	maxWindowYears = 250
)

// A change is an unsigned number, so that it sorts: seconds, window, opens.
const (
	changeWindowBits = 20
	changeTimeShift  = changeWindowBits + 1
)

// change returns what happens to a window at a second, not before the span.
func (c *Windows) change(second int64, window int, opens bool) uint64 {
	x := uint64(second-c.from)<<changeTimeShift | uint64(window)<<1 //nolint:gosec // both are not below zero
	if opens {
		x |= 1
	}
	return x
}

func changeWindow(c uint64) int { return int(c >> 1 & (1<<changeWindowBits - 1)) }

func changeOpens(c uint64) bool { return c&1 == 1 }

// CompileWindows works the windows out within an interval. It takes about 0.1 µs
// and 16 bytes for each time that one of them comes in the span, which is at most
// 250 years long and has at most ten million of them. Every violation is reported
// with the index of its window.
func CompileWindows(within calendar.Interval, windows ...Window) (*Windows, error) {
	var v servicecoin.Violations
	if err := within.Validate(); err != nil {
		v.Merge("within", err)
	} else if within.Empty() || within.Duration() > maxWindowYears*366*24*time.Hour {
		v.Add("within", "out-of-range", within.String(), fmt.Sprintf("must be longer than nothing, and at most %d years", maxWindowYears))
	}
	if len(windows) > MaxWindows {
		v.Add("windows", "too-many", strconv.Itoa(len(windows)), fmt.Sprintf("must be at most %d", MaxWindows))
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	c := &Windows{
		span: calendar.Between(within.Start, within.End), from: within.Start.Unix(), to: before(within.End) + 1,
		windows: make([]Window, len(windows)), words: (len(windows) + 63) / 64,
	}
	loaded := wall.Zones{}
	var all changes
	for i, w := range windows {
		var own servicecoin.Violations
		if lines.Enough(&v) {
			break
		}
		w = w.clone()
		asked := w
		w.Rule = w.Rule.upTo(within.End)
		times := w.compile(&own, loaded, true)
		if err := own.Err(); err != nil {
			v.Merge(fmt.Sprintf("windows[%d]", i), err)
			continue
		}
		c.windows[i] = asked
		if c.lay(&all, i, times); c.times > maxWindowTimes {
			v.Add("within", "too-many", within.String(), fmt.Sprintf("must be shorter: the windows come more than %d times", maxWindowTimes))
			break
		}
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	c.changes = all.sorted(uint64(c.to - c.from)) //nolint:gosec // a span
	c.snapshots()
	return c, nil
}

// lay adds the changes of one window, of which stretches that touch are
// joined.
func (c *Windows) lay(all *changes, i int, times *WindowTimes) {
	change := func(second int64, opens bool) { all.add(c.change(second, i, opens)) }
	var opened, shut int64
	none := true
	flush := func() {
		if none {
			return
		}
		if change(opened, true); shut < c.to {
			change(shut, false)
		}
	}
	for begin, end := range times.reach(c.from, c.to) {
		if c.times++; c.times > maxWindowTimes {
			return
		}
		begin = max(begin, c.from)
		if !none && begin <= shut {
			shut = max(shut, end)
			continue
		}
		flush()
		opened, shut, none = begin, end, false
	}
	flush()
}

// snapshots notes what is open, now and then.
func (c *Windows) snapshots() {
	c.every = max(256, 4*c.words)
	now := make([]uint64, c.words)
	count := int32(0)
	n := len(c.changes)/c.every + 1
	c.open, c.count = make([]uint64, 0, n*c.words), make([]int32, 0, n)
	for i, change := range c.changes {
		if i%c.every == 0 {
			c.open = append(c.open, now...)
			c.count = append(c.count, count)
		}
		count += toggle(now, change)
	}
	if len(c.changes)%c.every == 0 {
		c.open = append(c.open, now...)
		c.count = append(c.count, count)
	}
}

// toggle opens or shuts a window, and returns 1 or -1.
func toggle(open []uint64, change uint64) int32 {
	window := changeWindow(change)
	open[window>>6] ^= 1 << (window & 63)
	if changeOpens(change) {
		return 1
	}
	return -1
}

// Span returns the interval that the windows were worked out for.
func (c *Windows) Span() calendar.Interval { return c.span }

// Len returns the number of windows.
func (c *Windows) Len() int { return len(c.windows) }

// Window returns the i-th window of the list.
func (c *Windows) Window(i int) Window { return c.windows[i].clone() }

// after returns the index of the first change after a second.
func (c *Windows) after(second int64) int {
	i, _ := slices.BinarySearch(c.changes, c.change(second+1, 0, false))
	return i
}

// Any reports whether t lies in any window. It allocates nothing. An instant
// outside of the span is an [*calendar.OutsideError].
func (c *Windows) Any(t time.Time) (bool, error) {
	n, err := c.Count(t)
	return n > 0, err
}

// Count returns the number of windows that t lies in. It allocates nothing. An
// instant outside of the span is an [*calendar.OutsideError].
func (c *Windows) Count(t time.Time) (int, error) {
	if !c.span.Contains(t) {
		return 0, c.outside(t.UTC().Format(time.RFC3339Nano))
	}
	i := c.after(t.Unix())
	snapshot := i / c.every
	n := c.count[snapshot]
	for _, change := range c.changes[snapshot*c.every : i] {
		if n--; changeOpens(change) {
			n += 2
		}
	}
	return int(n), nil
}

// At returns the windows that t lies in, by their index in the list, in order.
// An instant outside of the span is an [*calendar.OutsideError].
func (c *Windows) At(t time.Time) ([]int, error) {
	if !c.span.Contains(t) {
		return nil, c.outside(t.UTC().Format(time.RFC3339Nano))
	}
	return listed(c.openAt(t.Unix())), nil
}

// openAt returns the windows that a second lies in, a bit each.
func (c *Windows) openAt(second int64) []uint64 {
	i := c.after(second)
	snapshot := i / c.every
	open := slices.Clone(c.open[snapshot*c.words : (snapshot+1)*c.words])
	for _, change := range c.changes[snapshot*c.every : i] {
		toggle(open, change)
	}
	return open
}

// listed returns the places of the bits that are set.
func listed(open []uint64) []int {
	n := 0
	for _, word := range open {
		n += bits.OnesCount64(word)
	}
	out := make([]int, 0, n)
	for i, word := range open {
		for ; word != 0; word &= word - 1 {
			out = append(out, i<<6+bits.TrailingZeros64(word))
		}
	}
	return out
}

// Overlapping returns the windows that share an instant with the interval, by
// their index in the list, in order: what a planned change would run into. An
// interval that is not within the span is an [*calendar.OutsideError].
func (c *Windows) Overlapping(iv calendar.Interval) ([]int, error) {
	if iv.Start.Before(c.span.Start) || iv.End.After(c.span.End) {
		return nil, c.outside(iv.String())
	}
	if iv.Empty() {
		return nil, nil
	}
	open := c.openAt(iv.Start.Unix())
	for _, change := range c.changes[c.after(iv.Start.Unix()):c.after(before(iv.End))] {
		if changeOpens(change) {
			open[changeWindow(change)>>6] |= 1 << (changeWindow(change) & 63)
		}
	}
	return listed(open), nil
}

// WindowChange is an instant at which a window opens or shuts.
type WindowChange struct {
	At     time.Time // in UTC
	Window int       // its index in the list
	Opens  bool
}

// Changes yields the changes in the interval, as far as it lies in the span, in
// order: the first one that opens is the next window. Of the changes at one
// instant those of earlier windows come first. What is open at the start of the
// span opens there.
func (c *Windows) Changes(iv calendar.Interval) iter.Seq[WindowChange] {
	return func(yield func(WindowChange) bool) {
		if iv = iv.Intersect(c.span); iv.Empty() {
			return
		}
		first := 0 // what opens at the start of the span opens there, be it between two seconds
		if iv.Start.After(c.span.Start) {
			first = c.after(before(iv.Start))
		}
		for _, change := range c.changes[first:c.after(before(iv.End))] {
			at := c.from + int64(change>>changeTimeShift)
			when := wall.Unix(at)
			if when.Before(c.span.Start) {
				when = c.span.Start
			}
			if !yield(WindowChange{At: when, Window: changeWindow(change), Opens: changeOpens(change)}) {
				return
			}
		}
	}
}

// Set returns the instants of the span at which any window is open.
func (c *Windows) Set() calendar.Set {
	var list []calendar.Interval
	open := 0
	for change := range c.Changes(c.span) {
		switch {
		case change.Opens && open == 0:
			list = append(list, calendar.Interval{Start: change.At, End: c.span.End})
			fallthrough
		case change.Opens:
			open++
		default:
			if open--; open == 0 {
				list[len(list)-1].End = change.At
			}
		}
	}
	return calendar.SetOf(list...).Clip(c.span)
}

func (c *Windows) outside(what string) error { return &calendar.OutsideError{What: what, Span: c.span} }

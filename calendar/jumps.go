package calendar

import (
	"iter"
	"time"

	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Jump is an instant at which the clock of a zone is set: forward, as in
// spring, or back.
type Jump struct {
	At     time.Time     // the first instant of the new time, in UTC
	Before time.Duration // local time less UTC until then
	After  time.Duration // and from then on
}

// By returns how far the clock is set: above zero is forward.
func (j Jump) By() time.Duration { return j.After - j.Before }

// From returns what the clock would have shown at the instant of the jump, had
// it not been set.
func (j Jump) From() LocalTime { return localTime(j.At.Unix() + int64(j.Before/time.Second)) }

// To returns what the clock shows instead.
func (j Jump) To() LocalTime { return localTime(j.At.Unix() + int64(j.After/time.Second)) }

// Jumps yields the jumps of the clock of loc in the interval, in order. A nil
// loc means UTC, whose clock never jumps.
func Jumps(iv Interval, loc *time.Location) iter.Seq[Jump] {
	return func(yield func(Jump) bool) {
		if iv.Empty() {
			return
		}
		z := wall.NewClockwork(loc)
		from, to := iv.Start.Unix(), iv.End.Unix()
		if iv.End.Nanosecond() > 0 {
			to++
		}
		if z.Visit(from); z.Begin == from && iv.Start.Nanosecond() == 0 {
			z.Visit(from - 1) // it may begin with one
		}
		for {
			at, before := z.End, z.Offset
			if at >= min(to, wall.MaxSecond) {
				return
			}
			z.Visit(at)
			if z.Offset == before { // the zone's rules changed, or its names
				continue
			}
			j := Jump{At: wall.Unix(at), Before: time.Duration(before) * time.Second, After: time.Duration(z.Offset) * time.Second}
			if !yield(j) {
				return
			}
		}
	}
}

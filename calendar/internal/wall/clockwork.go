package wall

import "time"

// Clockwork turns what the clock of a zone shows into instants, both in
// seconds since 1970-01-01 00:00, the clock's being counted as if it were UTC.
// It remembers the stretch of constant offset that it is in, so that going
// through days in order costs little.
type Clockwork struct {
	Loc        *time.Location
	Begin, End int64 // the stretch, as instants
	Offset     int64 // local time less UTC
}

// Widest is more than any two zones differ, and more than any clock ever
// jumped: a stretch is felt no farther than this beyond its ends.
const Widest = 36 * 60 * 60

// NewClockwork returns the clockwork of a zone, in no stretch yet; nil is UTC.
func NewClockwork(loc *time.Location) *Clockwork { return &Clockwork{Loc: OrUTC(loc)} }

// Instant returns the first instant at which the clock shows the local time, and
// for a time that it jumps over the instant it would have been without the
// jump, at which it shows a time later by the length of the jump.
func (z *Clockwork) Instant(local int64) int64 {
	u, _ := z.Find(local)
	return u
}

// Begins returns the first instant at which the clock shows the local time or
// a later one.
func (z *Clockwork) Begins(local int64) int64 {
	u, jumped := z.Find(local)
	if jumped {
		return z.End
	}
	return u
}

// Find returns the instant, and whether the clock jumps over the local time at
// the end of the stretch that is the current one now.
func (z *Clockwork) Find(local int64) (u int64, jumped bool) {
	u = local - z.Offset
	if z.Begin+Widest <= u && u < z.End {
		return u, false
	}
	for from := local - Widest; ; from = z.End {
		z.enter(from)
		if u = local - z.Offset; u < z.End || z.End <= from {
			return u, false
		}
		// The stretch ends before its clock shows the time. If the next one's
		// clock is past it from the start, it was jumped over.
		if local-z.OffsetAt(z.End) < z.End {
			return u, true
		}
	}
}

// enter makes the stretch at an instant the current one.
func (z *Clockwork) enter(at int64) {
	local := time.Unix(at, 0).In(z.Loc)
	_, offset := local.Zone()
	begin, end := local.ZoneBounds()
	z.Begin, z.End, z.Offset = MinSecond, MaxSecond, int64(offset)
	if !begin.IsZero() {
		z.Begin = begin.Unix()
	}
	if !end.IsZero() {
		z.End = end.Unix()
	}
}

// OffsetAt returns local time less UTC at an instant, and leaves the stretch.
func (z *Clockwork) OffsetAt(at int64) int64 {
	_, offset := time.Unix(at, 0).In(z.Loc).Zone()
	return int64(offset)
}

// Again returns the second instant at which the clock shows the local time
// that was found in the current stretch, and whether there is one.
func (z *Clockwork) Again(local int64) (int64, bool) {
	u, next := local-z.Offset, *z
	for next.End < min(u+Widest, MaxSecond) {
		next.Visit(next.End)
		if second := local - next.Offset; second > u && second >= next.Begin && second < next.End {
			return second, true
		}
	}
	return 0, false
}

// Visit makes the stretch at an instant the current one. It ends after the
// instant, which [time.Time.ZoneBounds] does not see to on the last day of a
// leap year.
func (z *Clockwork) Visit(at int64) {
	z.enter(at)
	if z.End <= at {
		z.End = (FloorDiv(at, SecondsADay) + 1) * SecondsADay
	}
}

// Bounds of what the clockwork is asked for, far beyond the years 1 to 9999.
const (
	MinSecond = -1 << 40
	MaxSecond = 1 << 40
)

package calendar

import "time"

// clockwork turns what the clock of a zone shows into instants, both in
// seconds since 1970-01-01 00:00, the clock's being counted as if it were UTC.
// It remembers the stretch of constant offset that it is in, so that going
// through days in order costs little.
type clockwork struct {
	loc        *time.Location
	begin, end int64 // the stretch, as instants
	offset     int64 // local time less UTC
}

// widest is more than any two zones differ, and more than any clock ever
// jumped: a stretch is felt no farther than this beyond its ends.
const widest = 36 * 60 * 60

func newClockwork(loc *time.Location) *clockwork { return &clockwork{loc: zone(loc)} }

// instant returns the first instant at which the clock shows the local time, and
// for a time that it jumps over the instant it would have been without the
// jump, at which it shows a time later by the length of the jump.
func (z *clockwork) instant(local int64) int64 {
	u, _ := z.find(local)
	return u
}

// begins returns the first instant at which the clock shows the local time or
// a later one.
func (z *clockwork) begins(local int64) int64 {
	u, jumped := z.find(local)
	if jumped {
		return z.end
	}
	return u
}

// find returns the instant, and whether the clock jumps over the local time at
// the end of the stretch that is the current one now.
func (z *clockwork) find(local int64) (u int64, jumped bool) {
	u = local - z.offset
	if z.begin+widest <= u && u < z.end {
		return u, false
	}
	for from := local - widest; ; from = z.end {
		z.enter(from)
		if u = local - z.offset; u < z.end || z.end <= from {
			return u, false
		}
		// The stretch ends before its clock shows the time. If the next one's
		// clock is past it from the start, it was jumped over.
		if local-z.offsetAt(z.end) < z.end {
			return u, true
		}
	}
}

// enter makes the stretch at an instant the current one.
func (z *clockwork) enter(at int64) {
	local := time.Unix(at, 0).In(z.loc)
	_, offset := local.Zone()
	begin, end := local.ZoneBounds()
	z.begin, z.end, z.offset = minSecond, maxSecond, int64(offset)
	if !begin.IsZero() {
		z.begin = begin.Unix()
	}
	if !end.IsZero() {
		z.end = end.Unix()
	}
}

func (z *clockwork) offsetAt(at int64) int64 {
	_, offset := time.Unix(at, 0).In(z.loc).Zone()
	return int64(offset)
}

// again returns the second instant at which the clock shows the local time
// that was found in the current stretch, and whether there is one.
func (z *clockwork) again(local int64) (int64, bool) {
	u, next := local-z.offset, *z
	for next.end < min(u+widest, maxSecond) {
		next.visit(next.end)
		if second := local - next.offset; second > u && second >= next.begin && second < next.end {
			return second, true
		}
	}
	return 0, false
}

// visit makes the stretch at an instant the current one. It ends after the
// instant, which [time.Time.ZoneBounds] does not see to on the last day of a
// leap year.
func (z *clockwork) visit(at int64) {
	z.enter(at)
	if z.end <= at {
		z.end = (floorDiv(at, secondsADay) + 1) * secondsADay
	}
}

// Bounds of what the clockwork is asked for, far beyond the years 1 to 9999.
const (
	minSecond = -1 << 40
	maxSecond = 1 << 40
)

package calendar

import "time"

// dial answers what the clock of a zone has shown so far, as a lookup without
// allocation from 1970 to 2100, and beyond by asking the zone.
//
// It never goes back: where a clock is set back it stands still until it shows
// more than before. So every time that a calendar has begins once, and a turn or
// a day that begins at a time lasts until the next one's. A time that the clock
// jumps over begins as the clock jumps.
type dial struct {
	loc     *time.Location
	to      int64 // the end of the table, as an instant
	periods []dialPeriod
}

// dialPeriod is a stretch of constant offset, up to the next one.
type dialPeriod struct {
	begin  int64 // as an instant
	offset int64
	shown  int64 // the most that the clock has shown before
}

func newDial(loc *time.Location) *dial {
	d := &dial{loc: zone(loc)}
	z := newClockwork(d.loc)
	z.visit(dialFrom - 2*widest) // jumps before may have been felt
	shown := int64(minSecond)
	for {
		if n := len(d.periods); n == 0 || d.periods[n-1].offset != z.offset {
			d.periods = append(d.periods, dialPeriod{begin: z.begin, offset: z.offset, shown: shown})
		}
		shown = max(shown, z.end+z.offset-1)
		if z.end >= dialTo {
			break
		}
		z.visit(z.end)
	}
	d.to = min(z.end, maxSecond)
	d.periods[0].begin = dialFrom - widest // before, the table is not asked
	return d
}

// period returns the index of the one that an instant of the table lies in.
func (d *dial) period(at int64) int {
	low, high := 0, len(d.periods)
	for high-low > 1 {
		if mid := int(uint(low+high) >> 1); d.periods[mid].begin <= at {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// shows returns the most that the clock has shown up to and at an instant.
func (d *dial) shows(at int64) int64 {
	if at < dialFrom || at >= d.to {
		return d.showsBeyond(at)
	}
	p := d.periods[d.period(at)]
	return max(at+p.offset, p.shown)
}

func (d *dial) showsBeyond(at int64) int64 {
	z := newClockwork(d.loc)
	z.visit(at - widest)
	shown := int64(minSecond)
	for z.end <= at {
		shown = max(shown, z.end+z.offset-1)
		z.visit(z.end)
	}
	return max(shown, at+z.offset)
}

// begins returns the first instant at which the clock shows the local time or
// a later one.
func (d *dial) begins(local int64) int64 {
	if local < dialFrom+widest || local >= d.to-widest {
		return newClockwork(d.loc).begins(local)
	}
	// The first period of which the next one finds the local time shown.
	low, high := 0, len(d.periods)-1
	for low < high {
		if mid := int(uint(low+high) >> 1); d.periods[mid+1].shown < local {
			low = mid + 1
		} else {
			high = mid
		}
	}
	p := d.periods[low]
	return max(p.begin, local-p.offset)
}

const (
	dialFrom = 0             // 1970-01-01
	dialTo   = 4_102_444_800 // 2100-01-01
)

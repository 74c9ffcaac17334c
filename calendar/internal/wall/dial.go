package wall

import "time"

// Dial answers what the clock of a zone has shown so far, as a lookup without
// allocation from 1970 to 2100, and beyond by asking the zone.
//
// It never goes back: where a clock is set back it stands still until it shows
// more than before. So every time that a calendar has begins once, and a turn or
// a day that begins at a time lasts until the next one's. A time that the clock
// jumps over begins as the clock jumps.
type Dial struct {
	Loc     *time.Location
	to      int64 // the end of the table, as an instant
	periods []dialPeriod
}

// dialPeriod is a stretch of constant offset, up to the next one.
type dialPeriod struct {
	begin  int64 // as an instant
	offset int64
	shown  int64 // the most that the clock has shown before
}

// NewDial reads the jumps of a zone; nil is UTC.
func NewDial(loc *time.Location) *Dial {
	d := &Dial{Loc: OrUTC(loc)}
	z := NewClockwork(d.Loc)
	z.Visit(dialFrom - 2*Widest) // jumps before may have been felt
	shown := int64(MinSecond)
	for {
		if n := len(d.periods); n == 0 || d.periods[n-1].offset != z.Offset {
			d.periods = append(d.periods, dialPeriod{begin: z.Begin, offset: z.Offset, shown: shown})
		}
		shown = max(shown, z.End+z.Offset-1)
		if z.End >= dialTo {
			break
		}
		z.Visit(z.End)
	}
	d.to = min(z.End, MaxSecond)
	d.periods[0].begin = dialFrom - Widest // before, the table is not asked
	return d
}

// period returns the index of the one that an instant of the table lies in.
func (d *Dial) period(at int64) int {
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

// Shows returns the most that the clock has shown up to and at an instant.
func (d *Dial) Shows(at int64) int64 {
	if at < dialFrom || at >= d.to {
		return d.showsBeyond(at)
	}
	p := d.periods[d.period(at)]
	return max(at+p.offset, p.shown)
}

func (d *Dial) showsBeyond(at int64) int64 {
	z := NewClockwork(d.Loc)
	z.Visit(at - Widest)
	shown := int64(MinSecond)
	for z.End <= at {
		shown = max(shown, z.End+z.Offset-1)
		z.Visit(z.End)
	}
	return max(shown, at+z.Offset)
}

// Begins returns the first instant at which the clock shows the local time or
// a later one.
func (d *Dial) Begins(local int64) int64 {
	if local < dialFrom+Widest || local >= d.to-Widest {
		return NewClockwork(d.Loc).Begins(local)
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

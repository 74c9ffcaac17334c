package calendar

import (
	"iter"
	"time"

	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// start returns the first instant, in UTC, at which the clock of loc shows
// this date or a later one. It walks through the stretches of constant offset
// around the date: time.Date would pick either side of a jump.
func (d Date) start(loc *time.Location) time.Time {
	const margin = 36 * time.Hour // no zone was ever farther from UTC than 16 hours
	midnight := d.midnight()
	if loc = wall.OrUTC(loc); loc == time.UTC {
		return midnight
	}
	from := midnight.Add(-margin)
	for {
		local := from.In(loc)
		_, offset := local.Zone()
		_, end := local.ZoneBounds()
		begin := later(from, midnight.Add(-time.Duration(offset)*time.Second))
		if end.IsZero() || begin.Before(end) || !end.After(from) {
			return begin.UTC()
		}
		from = end
	}
}

// Days yields the days of loc that overlap the interval, in order, each whole,
// not clipped to it. A date that the zone left out does not come.
func Days(iv Interval, loc *time.Location) iter.Seq2[Date, Interval] {
	return func(yield func(Date, Interval) bool) {
		if iv.Empty() {
			return
		}
		d := dayAt(iv.Start, loc)
		for start := d.start(loc); start.Before(iv.End); {
			next := d.AddDays(1)
			day := Interval{Start: start, End: next.start(loc)}
			if !day.Empty() && !yield(d, day) {
				return
			}
			d, start = next, day.End
		}
	}
}

// Months yields the months of loc that overlap the interval, in order, each
// whole, not clipped to it.
func Months(iv Interval, loc *time.Location) iter.Seq2[Month, Interval] {
	return func(yield func(Month, Interval) bool) {
		if iv.Empty() {
			return
		}
		first := dayAt(iv.Start, loc)
		for m := (Month{Year: first.Year, Month: first.Month}); ; m = m.Next() {
			month := m.In(loc)
			if !month.Start.Before(iv.End) || !yield(m, month) {
				return
			}
		}
	}
}

// ClockHours yields the hours of loc that overlap the interval, in order, each
// whole, not clipped to it. An hour begins when the local clock shows a full
// hour, and when a jump of the clock changes its minutes: then the hour before
// the jump or after it is short (Australia/Lord_Howe has a half hour twice a
// year). A jump by whole hours shortens none: a day of 23 hours has 23.
func ClockHours(iv Interval, loc *time.Location) iter.Seq[Interval] {
	return func(yield func(Interval) bool) {
		if iv.Empty() {
			return
		}
		for t := iv.Start; ; {
			hour := hourOf(t, wall.OrUTC(loc))
			if !hour.Start.Before(iv.End) || !yield(hour) {
				return
			}
			t = hour.End
		}
	}
}

// hourOf returns the hour of loc that t lies in, in UTC.
func hourOf(t time.Time, loc *time.Location) Interval {
	local := t.In(loc)
	past := time.Duration(local.Minute())*time.Minute +
		time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	hour := Between(t.Add(-past), t.Add(time.Hour-past))
	_, offset := local.Zone()
	begin, end := local.ZoneBounds()
	if !begin.IsZero() && begin.After(hour.Start) && minutesJump(begin.Add(-1), loc, offset) {
		hour.Start = begin.UTC()
	}
	if !end.IsZero() && end.Before(hour.End) && minutesJump(end, loc, offset) {
		hour.End = end.UTC()
	}
	return hour
}

// minutesJump reports whether the offset at t differs from the given one by
// other than whole hours.
func minutesJump(t time.Time, loc *time.Location, offset int) bool {
	const hour = 3600
	_, there := t.In(loc).Zone()
	return (there-offset)%hour != 0
}

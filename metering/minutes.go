package metering

import (
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
)

// minutesADay is what the minutes of a window divide.
const minutesADay = 24 * 60

// Minutes returns the windows of so many minutes, a number that divides a day: 15 is
// "15min". They are counted from midnight by the clock of the zone.
//
// Where the clock jumps: windows of up to an hour are never longer than they say. A
// jump by whole windows changes none of them (a day of 25 hours has 100 quarters of
// an hour); at any other a new one begins, and the one before is short (hours where
// the clock jumps by half an hour). Of longer windows each day has the same number,
// but for those that a jump leaves no time for: the one in which the clock jumps
// ends by the clock, and is as much shorter or longer.
func Minutes(n int) Stretch { return Stretch(strconv.Itoa(n) + "min") }

// minutes returns how many minutes a window has, 0 if it is none of minutes, or they do
// not divide a day.
func (w Stretch) minutes() int {
	const most = len("1440min")
	text, is := strings.CutSuffix(string(w), "min")
	if !is || len(w) > most {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || minutesADay%n != 0 || Minutes(n) != w {
		return 0
	}
	return n
}

// minutes yields the windows of n minutes that overlap an interval, whole; none for 0.
func minutes(n int, during calendar.Interval, loc *time.Location) iter.Seq[calendar.Interval] {
	if loc == nil {
		loc = time.UTC
	}
	return func(yield func(calendar.Interval) bool) {
		const hour = 60
		switch {
		case n == 0 || during.Empty():
		case n <= hour:
			for t := during.Start; ; {
				w := steady(t, time.Duration(n)*time.Minute, loc)
				if !w.Start.Before(during.End) || !yield(w) {
					return
				}
				t = w.End
			}
		default:
			for date, day := range calendar.Days(during, loc) {
				if !parts(date, day, n, loc, func(w calendar.Interval) bool { return !w.Overlaps(during) || yield(w) }) {
					return
				}
			}
		}
	}
}

// steady returns the window of a length that an instant lies in, cut at a jump of the
// clock that is not by whole windows.
func steady(t time.Time, length time.Duration, loc *time.Location) calendar.Interval {
	local := t.In(loc)
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute +
		time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	past := clock % length
	w := calendar.Between(t.Add(-past), t.Add(length-past))
	_, offset := local.Zone()
	jumps := func(at time.Time) bool {
		_, there := at.In(loc).Zone()
		return time.Duration(there-offset)*time.Second%length != 0
	}
	begin, end := local.ZoneBounds()
	if !begin.IsZero() && begin.After(w.Start) && jumps(begin.Add(-1)) {
		w.Start = begin.UTC()
	}
	if !end.IsZero() && end.Before(w.End) && jumps(end) {
		w.End = end.UTC()
	}
	return w
}

// parts yields the windows of a day, each up to where the clock first shows the minute
// at which the next one begins, or one after it.
func parts(date calendar.Date, day calendar.Interval, n int, loc *time.Location, yield func(calendar.Interval) bool) bool {
	start := day.Start
	for minute := n; minute <= minutesADay; minute += n {
		end := day.End
		if minute < minutesADay {
			at := calendar.LocalTime{Date: date, Clock: calendar.ClockAt(0, minute)}
			end = at.In(loc, calendar.AfterGap, calendar.FirstOfTwo)[0]
		}
		if !start.Before(end) {
			continue // the clock has jumped over it
		}
		if !yield(calendar.Between(start, end)) {
			return false
		}
		start = end
	}
	return true
}

package metering

import (
	"fmt"
	"iter"
	"sort"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Stretch is the length of the stretches that usage is asked for in: one of the words
// below, or a number of minutes that divides a day, as "15min" (see [Minutes]).
type Stretch string

// The windows. They are those of the customer's zone: a day on which the clock is
// changed has 23 or 25 hours and is one day. For billing periods, which begin on
// any day, see [Periods].
const (
	Whole     Stretch = "" // the interval asked for, as one
	Hourly    Stretch = "hour"
	Daily     Stretch = "day"
	Weekly    Stretch = "week" // from Monday
	Monthly   Stretch = "month"
	Quarterly Stretch = "quarter" // from January, April, July and October
	Yearly    Stretch = "year"
)

// MaxWindows is how many windows one question may have: a year of hours and
// more.
const MaxWindows = 10_000

// Validate reports a window that has no such name, and minutes that do not divide a
// day.
func (w Stretch) Validate() error {
	var v servicecoin.Violations
	switch w {
	case Whole, Hourly, Daily, Weekly, Monthly, Quarterly, Yearly:
	default:
		if w.minutes() == 0 {
			v.Add("", "unknown", string(w), `must be hour, day, week, month, quarter, year, empty, or minutes that divide a day, as "15min"`)
		}
	}
	return v.Err()
}

// Split returns the windows of a zone that an interval has, in order: together
// they are the interval, so the first and the last may be clipped. An event on
// a border belongs to the window that starts there. More than [MaxWindows] are
// refused.
func (w Stretch) Split(during calendar.Interval, loc *time.Location) ([]calendar.Interval, error) {
	var v servicecoin.Violations
	v.Merge("window", w.Validate())
	v.Merge("during", during.Validate())
	if err := v.Err(); err != nil {
		return nil, err
	}
	var list []calendar.Interval
	for window := range w.all(during, loc) {
		if len(list) == MaxWindows {
			v.Add("window", "too-many", string(w), "makes more than "+strconv.Itoa(MaxWindows)+" windows of "+during.String())
			return nil, v.Err()
		}
		list = append(list, window.Intersect(during))
	}
	return list, nil
}

// At returns the window of a zone that an instant lies in, whole: the zero interval for
// Whole, for no time, and for what Validate refuses.
func (w Stretch) At(t time.Time, loc *time.Location) calendar.Interval {
	if w == Whole || t.IsZero() {
		return calendar.Interval{}
	}
	for window := range w.all(calendar.Between(t, t.Add(1)), loc) {
		return window
	}
	return calendar.Interval{}
}

// all yields the windows that overlap an interval, whole.
func (w Stretch) all(during calendar.Interval, loc *time.Location) iter.Seq[calendar.Interval] {
	if during.Empty() {
		return func(func(calendar.Interval) bool) {}
	}
	switch w {
	case Hourly:
		return calendar.ClockHours(during, loc)
	case Daily:
		return values(calendar.Days(during, loc))
	case Weekly:
		return weeks(during, loc)
	case Monthly:
		return values(calendar.Months(during, loc))
	case Quarterly:
		return months(3, during, loc)
	case Yearly:
		return months(12, during, loc)
	case Whole:
		return func(yield func(calendar.Interval) bool) { yield(during) }
	default:
		return minutes(w.minutes(), during, loc)
	}
}

func values[K, V any](pairs iter.Seq2[K, V]) iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, value := range pairs {
			if !yield(value) {
				return
			}
		}
	}
}

// weeks yields those that overlap an interval, from Monday to Monday.
func weeks(during calendar.Interval, loc *time.Location) iter.Seq[calendar.Interval] {
	const week = 7
	return func(yield func(calendar.Interval) bool) {
		day := calendar.DateOf(during.Start, loc)
		monday := day.AddDays(-(int(day.Weekday()+week-time.Monday) % week))
		for start := monday.In(loc).Start; start.Before(during.End); {
			monday = monday.AddDays(week)
			end := monday.In(loc).Start
			if !yield(calendar.Between(start, end)) {
				return
			}
			start = end
		}
	}
}

// months yields those that overlap an interval, several at a time, from January on.
func months(several int, during calendar.Interval, loc *time.Location) iter.Seq[calendar.Interval] {
	return func(yield func(calendar.Interval) bool) {
		m := calendar.MonthOf(during.Start, loc)
		m = m.Add(-(int(m.Month-time.January) % several))
		for start := m.In(loc).Start; start.Before(during.End); {
			m = m.Add(several)
			end := m.In(loc).Start
			if !yield(calendar.Between(start, end)) {
				return
			}
			start = end
		}
	}
}

// windowsOf finds the window of an instant: most often the same one as before,
// or the next.
type windowsOf struct {
	list []calendar.Interval
	last int
}

// at returns the place of the window that holds t, -1 for none.
func (w *windowsOf) at(t time.Time) int {
	for i := w.last; i < min(w.last+2, len(w.list)); i++ {
		if w.list[i].Contains(t) {
			w.last = i
			return i
		}
	}
	// The last one that begins by then: empty ones may begin with it.
	i := sort.Search(len(w.list), func(i int) bool { return w.list[i].Start.After(t) }) - 1
	if i < 0 || !w.list[i].Contains(t) {
		return -1
	}
	w.last = i
	return i
}

// ordered refuses windows that are not in order, or overlap.
func ordered(list []calendar.Interval) error {
	var v servicecoin.Violations
	for i := 1; i < len(list); i++ {
		if list[i].Start.Before(list[i-1].End) {
			v.Add(fmt.Sprintf("windows[%d]", i), "order", list[i].String(), "begins before the one before it ends")
		}
	}
	return v.Err()
}

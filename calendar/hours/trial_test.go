package hours_test

import (
	"math/rand/v2"
	"slices"
	"strconv"

	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
)

// dice throws numbers from 0 up to n.
type dice interface{ roll(what string, n int) int }

type rapidDice struct{ t *rapid.T }

func (d rapidDice) roll(what string, n int) int { return rapid.IntRange(0, n-1).Draw(d.t, what) }

type randDice struct{ *rand.Rand }

func (d randDice) roll(_ string, n int) int { return d.IntN(n) }

// times are minutes of a day around which clocks jump and hours begin.
var times = []int{0, 1, 15, 30, 60, 75, 90, 120, 135, 150, 165, 180, 210, 300, 480, 540, 720, 780, 1020, 1080, 1320, 1380, 1381, 1410, 1425, 1440}

func someSpans(d dice, most int) []calendar.ClockSpan {
	var spans []calendar.ClockSpan
	for range d.roll("spans", most+1) {
		open, shut := times[d.roll("open", len(times)-1)], times[d.roll("close", len(times))]
		spans = append(spans, calendar.ClockSpan{Open: calendar.ClockAt(0, open), Close: calendar.ClockAt(0, shut)})
	}
	return spans
}

// someDates draws a day, two or three, of that year or of every year.
func someDates(d dice, r *region, day, days int) hours.Dates {
	first := r.date(day - 2 + d.roll("date", days+4))
	last := first.AddDays(max(0, d.roll("more days", 5)-2))
	out := hours.Through(first, last)
	if d.roll("yearly", 4) == 0 {
		out.First.Year, out.Last.Year = 0, 0
	}
	if first == last {
		out.Last = calendar.Date{}
	}
	return out
}

// trial is a case: hours, and the minutes of the region that it is about.
type trial struct {
	r        *region
	hours    hours.Hours
	policies hours.Policies
	from, to int // minutes

	// what the oracle paints; index 0 is minute origin
	origin  int
	open    []bool
	sum     []int32 // open minutes from the first minute of the case on
	broken  []bool
	holiday map[int]int // day to the holiday that names it
	shut    map[int]int // day to the minute at which its own hours close
	working []int       // days
}

func newTrial(d dice, r *region) *trial {
	x := &trial{r: r, holiday: map[int]int{}, shut: map[int]int{}}
	days := 1 + d.roll("days", longest)
	x.from = r.jump - d.roll("before the jump", longest*dayMinutes) + 3*dayMinutes/2
	x.to = x.from + max(1, days*dayMinutes-d.roll("less", dayMinutes))
	day := int(r.day[x.from])
	x.hours.Zone = r.zone
	for i := range x.hours.Weekly {
		x.hours.Weekly[i] = someSpans(d, 3)
	}
	if x.hours.Weekly.Empty() {
		x.hours.Weekly[d.roll("weekday", 7)] = []calendar.ClockSpan{calendar.AllDay()}
	}
	x.hours.OnHolidays = someSpans(d, 1)
	for range d.roll("special", 4) {
		x.hours.Special = append(x.hours.Special, hours.SpecialDay{
			Dates: someDates(d, r, day, days), Hours: someSpans(d, 2), EvenOnHolidays: d.roll("even on holidays", 3) == 0,
		})
	}
	for i := range d.roll("holidays", 4) {
		x.hours.Holidays = append(x.hours.Holidays, hours.Holiday{Name: strconv.Itoa(i), Dates: someDates(d, r, day, days)})
	}
	for range d.roll("breaks", 3) {
		b := hours.Break{}
		if b.Hours = someSpans(d, 2); len(b.Hours) > 0 {
			b.Dates = someDates(d, r, day, days)
		} else {
			start := x.from - dayMinutes + d.roll("break", x.to-x.from+dayMinutes)
			b.During = calendar.Between(r.instant(60*start), r.instant(60*(start+d.roll("length", 600))))
		}
		x.hours.Breaks = append(x.hours.Breaks, b)
	}
	if d.roll("closing", 3) == 0 {
		x.policies.Closing = hours.NextOpening
	}
	x.policies.Reversed = []hours.ReversedPolicy{"", hours.SignedReversed, hours.ZeroReversed, hours.AbsoluteReversed}[d.roll("reversed", 4)]
	x.paint()
	return x
}

// hoursOf returns the spans of a date, and the holiday that it is, or -1.
func (x *trial) hoursOf(date calendar.Date) (spans []calendar.ClockSpan, holiday int) {
	holiday = slices.IndexFunc(x.hours.Holidays, func(h hours.Holiday) bool { return h.Dates.Contains(date) })
	if spans = x.hours.Weekly[date.Weekday()]; holiday >= 0 {
		spans = x.hours.OnHolidays
	}
	even := false
	for _, s := range x.hours.Special {
		if !s.Dates.Contains(date) || !s.EvenOnHolidays && (even || holiday >= 0) {
			continue
		}
		spans, even = s.Hours, even || s.EvenOnHolidays
	}
	return spans, holiday
}

// within calls fn with the minutes of each span of a day.
func (x *trial) within(day int, spans []calendar.ClockSpan, fn func(from, to int)) {
	for _, s := range spans {
		shut := int(s.Close) / 60
		if s.Close <= s.Open {
			shut += dayMinutes
		}
		if from, to := x.r.minute(day, int(s.Open)/60), x.r.minute(day, shut); from < to && !x.r.leftOut(day) {
			fn(from-x.origin, to-x.origin)
		}
	}
}

func (x *trial) paint() {
	const around = 4
	x.origin = x.from - around*dayMinutes
	n := x.to - x.from + 2*around*dayMinutes
	x.open, x.broken = make([]bool, n), make([]bool, n)
	first, last := int(x.r.day[x.from])-3, int(x.r.day[x.to])+2
	color := func(list []bool, from, to int, on bool) {
		for m := max(from, 0); m < min(to, n); m++ {
			list[m] = on
		}
	}
	spans := map[int][]calendar.ClockSpan{}
	for day := first; day <= last; day++ {
		var h int
		spans[day], h = x.hoursOf(x.r.date(day))
		if h >= 0 {
			x.holiday[day] = h
			continue
		}
		x.within(day, spans[day], func(from, to int) { color(x.open, from, to, true) })
	}
	for day := range x.holiday {
		color(x.open, int(x.r.begin[day])-x.origin, int(x.r.begin[day+1])-x.origin, false)
	}
	for day := range x.holiday {
		x.within(day, spans[day], func(from, to int) { color(x.open, from, to, true) })
	}
	for _, b := range x.hours.Breaks {
		if b.Dates.IsZero() {
			color(x.broken, int(b.During.Start.Sub(x.r.base).Minutes())-x.origin, int(b.During.End.Sub(x.r.base).Minutes())-x.origin, true)
			continue
		}
		for day := first; day <= last; day++ {
			if b.Dates.Contains(x.r.date(day)) {
				x.within(day, b.Hours, func(from, to int) { color(x.broken, from, to, true) })
			}
		}
	}
	for m := range x.open {
		x.open[m] = x.open[m] && !x.broken[m]
	}
	x.sum = make([]int32, x.to-x.from+1)
	for m := range x.to - x.from {
		x.sum[m+1] = x.sum[m]
		if x.isOpen(x.from + m) {
			x.sum[m+1]++
		}
	}
	for day := first; day <= last; day++ {
		_, holiday := x.holiday[day]
		x.within(day, spans[day], func(from, to int) {
			for m := min(to, n) - 1; m >= max(from, 0); m-- {
				_, closed := x.holiday[int(x.r.day[m+x.origin])]
				if !x.broken[m] && (holiday || !closed) {
					x.shut[day] = max(x.shut[day], m+1+x.origin)
					break
				}
			}
		})
		if x.shut[day] > 0 {
			x.working = append(x.working, day)
		}
	}
}

package recur

import (
	"math"
	"math/bits"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// pattern is a [Repeat] worked out, with what it takes from the start: bits for
// all that it allows. It speaks of what a calendar and a clock show and knows no
// zone; times are seconds since 1970-01-01 00:00 on the wall.
//
// The days of a year that it allows are 366 bits, which depend on nothing but
// the year. So the next one is found by looking at the bits of the year, and
// then at those of the years after, however long ago it started.
type pattern struct {
	rank  int   // of the frequency
	every int64 // the interval
	unit  int64 // seconds of a period, for hours, minutes and seconds
	start int64 // nothing comes before
	last  int64 // or after
	cycle int64 // seconds after which all of it comes again

	startDay   int64
	startWeek  int64 // the first day of its week
	startMonth int64 // year*12 + month-1
	startYear  int64
	startUnit  int64 // the first second of its period, for hours, minutes and seconds

	months        uint16     // bit 1 is January
	monthDays     uint32     // bit 0 is the 1st
	monthDaysBack uint32     // bit 0 is the last day
	eachWeekday   [7]uint32  // the days of a month that are on allowed weekdays, by the weekday of the 1st
	nths          []NthDay   // numbered weekdays
	yearDays      [2]daysSet // of a common year, of a leap year
	weeks         uint64     // bit 1 is week 1
	weeksBack     uint64     // bit 1 is the last week
	weekStart     int        // 0 is Sunday

	limitsMonthDays, limitsWeekdays, limitsYearDays, limitsWeeks bool
	weekdays                                                     calendar.Weekdays
	nthsOfYear                                                   bool // numbered weekdays count in the year
	backMissing                                                  bool

	hours   uint32
	minutes uint64
	seconds uint64
	setPos  []int

	firstClock, lastClock int // of the seconds of a day that the three allow

	picksNone bool // there are positions, and no period has them
}

const allMonths = 1<<13 - 2

// daysSet has a bit for each day of a year, from 0.
type daysSet [6]uint64

func (d *daysSet) add(i int) { d[i>>6] |= 1 << (i & 63) }

// compileRepeat works out a valid repeat from a start on.
func compileRepeat(r Repeat, start calendar.LocalTime) *pattern {
	p := &pattern{
		rank: r.Frequency.rank(), every: int64(max(1, r.Interval)), start: civil.Second(start), last: math.MaxInt64,
		weekStart: int(time.Monday), backMissing: r.Skip == BackMissing,
		months: allMonths,
	}
	if r.WeekStart != nil {
		p.weekStart = int(*r.WeekStart)
	}
	p.startDay = wall.FloorDiv(p.start, wall.SecondsADay)
	p.startWeek = p.weekOf(p.startDay)
	p.startYear = int64(start.Date.Year)
	p.startMonth = p.startYear*12 + int64(start.Date.Month) - 1
	p.derive(&r, start)
	p.days(&r)
	p.clock(&r, start)
	if p.rank < daily {
		p.unit = [...]int64{1, 60, 3600}[p.rank]
		p.startUnit = wall.FloorDiv(p.start, p.unit) * p.unit
	}
	p.positions(r.BySetPos)
	p.cycle = p.period400()
	return p
}

// period400 returns the seconds after which a pattern comes again: 400 years, as
// the calendar does, which are whole weeks, as often as it takes the interval to
// fall in with them. What does not come in that time never comes.
func (p *pattern) period400() int64 {
	const years, months, days = 400, 4800, 146_097
	over := func(n, unit int64) int64 { // how often, where n units are 400 years
		return p.every / wall.Divisor(wall.Modulo(n/unit, p.every), p.every)
	}
	var times int64
	switch p.rank {
	case yearly:
		times = over(years, 1)
	case monthly:
		times = over(months, 1)
	case weekly:
		times = over(days, 7)
	case daily:
		times = over(days, 1)
	default:
		times = over(days*wall.SecondsADay, p.unit)
	}
	if most := int64(math.MaxInt64 / 4 / (days * wall.SecondsADay)); times > most {
		times = most // beyond the year 9999 anyhow
	}
	return times * days * wall.SecondsADay
}

// covers reports whether every time of day that the other pattern has is one of
// each day that this one allows.
func (p *pattern) covers(other *pattern) bool {
	return len(p.setPos) == 0 && !p.picksNone && (p.rank >= daily || p.every == 1) &&
		other.hours&^p.hours == 0 && other.minutes&^p.minutes == 0 && other.seconds&^p.seconds == 0
}

// allowsAllDays reports whether no day is left out.
func (p *pattern) allowsAllDays() bool {
	return p.rank <= daily && p.every == 1 && p.months == allMonths &&
		!p.limitsMonthDays && !p.limitsWeekdays && !p.limitsYearDays && !p.limitsWeeks && len(p.nths) == 0
}

// positions keeps those that there can be in a period. Hours, minutes and seconds
// have as many times each, so that the others would be looked for in vain in all
// of them.
func (p *pattern) positions(list []int) {
	most := p.perUnit()
	if p.rank >= daily {
		most = p.clocks() * [...]int64{1, 7, 31, 366}[p.rank-daily]
	}
	for _, n := range list {
		if int64(max(n, -n)) <= most {
			p.setPos = append(p.setPos, n)
		}
	}
	p.picksNone = len(list) > 0 && len(p.setPos) == 0
}

// derive takes from the start what no list says.
func (p *pattern) derive(r *Repeat, start calendar.LocalTime) {
	if r.limitsDays() {
		return
	}
	switch p.rank {
	case yearly:
		if len(r.ByMonth) == 0 {
			r.ByMonth = []time.Month{start.Date.Month}
		}
		r.ByMonthDay = []int{start.Date.Day}
	case monthly:
		r.ByMonthDay = []int{start.Date.Day}
	case weekly:
		r.ByDay = []NthDay{{Day: start.Date.Weekday()}}
	}
}

// days sets the bits for days.
func (p *pattern) days(r *Repeat) {
	if len(r.ByMonth) > 0 {
		p.months = 0
		for _, m := range r.ByMonth {
			p.months |= 1 << m
		}
	}
	for _, n := range r.ByMonthDay {
		p.limitsMonthDays = true
		if n > 0 {
			p.monthDays |= 1 << (n - 1)
		} else {
			p.monthDaysBack |= 1 << (-n - 1)
		}
	}
	for _, n := range r.ByYearDay {
		p.limitsYearDays = true
		for leap := range p.yearDays {
			length := 365 + leap
			day := n - 1
			if n < 0 {
				day = length + n
			}
			if day >= 0 && day < length {
				p.yearDays[leap].add(day)
			}
		}
	}
	for _, n := range r.ByWeekNo {
		p.limitsWeeks = true
		if n > 0 {
			p.weeks |= 1 << n
		} else {
			p.weeksBack |= 1 << -n
		}
	}
	for _, d := range r.ByDay {
		p.limitsWeekdays = true
		if d.N == 0 || p.rank < monthly {
			p.weekdays |= calendar.WeekdaysOf(d.Day)
		} else {
			p.nths = append(p.nths, d)
		}
	}
	p.nthsOfYear = len(p.nths) > 0 && p.rank == yearly && len(r.ByMonth) == 0
	for first := range p.eachWeekday {
		for day := range 31 {
			if p.weekdays.Contains(time.Weekday(first + day)) {
				p.eachWeekday[first] |= 1 << day
			}
		}
	}
}

// clock sets the bits for times of the day.
func (p *pattern) clock(r *Repeat, start calendar.LocalTime) {
	hour, minute, second := int(start.Clock)/3600, int(start.Clock)/60%60, int(start.Clock)%60
	set := func(list []int, size, own int, derived bool) (out uint64) {
		switch {
		case len(list) == 0 && derived:
			return 1 << own
		case len(list) == 0:
			return 1<<size - 1
		}
		for _, n := range list {
			out |= 1 << min(n, size-1) // the leap second is the one before
		}
		return out
	}
	p.hours = uint32(set(r.ByHour, 24, hour, p.rank > hourly)) //nolint:gosec // 24 bits
	p.minutes = set(r.ByMinute, 60, minute, p.rank > minutely)
	p.seconds = set(r.BySecond, 60, second, p.rank > secondly)
	p.firstClock = int(p.clockAt(0))
	p.lastClock = int(p.clockAt(p.clocks() - 1))
}

// weekOf returns the first day of the week of a day.
func (p *pattern) weekOf(day int64) int64 {
	return day - wall.Modulo(int64(wall.WeekdayOfDay(day)-p.weekStart), 7)
}

// year is the days that a pattern allows in a year.
type year struct {
	number int64
	first  int64 // its first day
	length int
	days   daysSet
	until  int64 // up to which a time is looked for
}

// holds reports whether the day is one of the year.
func (y *year) holds(day int64) bool { return day >= y.first && day < y.first+int64(y.length) }

// load makes y the year of a day.
func (p *pattern) load(y *year, day int64) {
	if y.holds(day) {
		return
	}
	number, _, _ := wall.DayDate(day)
	*y = year{until: y.until, number: number, first: wall.DayNumber(number, 1, 1), length: wall.YearLength(number)}
	firstWeekday := wall.WeekdayOfDay(y.first)
	at := 0
	for month := 1; month <= 12; month++ {
		length := wall.MonthLength(number, month)
		if p.months&(1<<month) != 0 {
			days := uint64(p.month((firstWeekday+at)%7, length))
			y.days[at>>6] |= days << (at & 63)
			if at&63 > 32 {
				y.days[at>>6+1] |= days >> (64 - at&63)
			}
		}
		at += length
	}
	if p.nthsOfYear {
		y.keep(p.nthDays(firstWeekday, y.length))
	}
	if p.limitsYearDays {
		y.keep(p.yearDays[y.length-365])
	}
	if p.limitsWeeks {
		y.keep(p.weekDays(y))
	}
}

func (y *year) keep(days daysSet) {
	for i := range y.days {
		y.days[i] &= days[i]
	}
}

// month returns the days that a month of that length allows, by the weekday of
// its first; bit 0 is the 1st.
func (p *pattern) month(first, length int) uint32 {
	all := uint32(1)<<length - 1
	days := all
	if p.limitsMonthDays {
		days = p.monthDays & all
		if p.backMissing && p.monthDays&^all != 0 {
			days |= 1 << (length - 1)
		}
		days |= bits.Reverse32(p.monthDaysBack) >> (32 - length)
	}
	if p.limitsWeekdays && !p.nthsOfYear {
		on := p.eachWeekday[first]
		for _, d := range p.nths {
			if day := nthWeekday(d, first, length); day >= 0 {
				on |= 1 << day
			}
		}
		days &= on
	}
	return days
}

// nthWeekday returns the n-th such weekday of a month or year of that length
// which begins on the weekday first, counted from 0; -1 if there is none.
func nthWeekday(d NthDay, first, length int) int {
	var day int
	if d.N > 0 {
		day = int(wall.Modulo(int64(int(d.Day)-first), 7)) + (d.N-1)*7
	} else {
		last := (first + length - 1) % 7
		day = length - 1 - int(wall.Modulo(int64(last-int(d.Day)), 7)) + (d.N+1)*7
	}
	if day < 0 || day >= length {
		return -1
	}
	return day
}

// nthDays returns the allowed weekdays of a year, numbered ones among them.
func (p *pattern) nthDays(first, length int) (days daysSet) {
	for _, d := range p.nths {
		if day := nthWeekday(d, first, length); day >= 0 {
			days.add(day)
		}
	}
	if p.weekdays != 0 {
		for day := range length {
			if p.weekdays.Contains(time.Weekday(first + day)) {
				days.add(day)
			}
		}
	}
	return days
}

// weekDays returns the days of a year that lie in allowed weeks. The first and the
// last of them may lie in weeks of the years around it.
func (p *pattern) weekDays(y *year) (days daysSet) {
	add := func(from, to int64) {
		for day := max(from, y.first); day < min(to, y.first+int64(y.length)); day++ {
			days.add(int(day - y.first))
		}
	}
	begin := p.firstWeek(y.number - 1)
	for n := y.number - 1; n <= y.number+1; n++ {
		end := p.firstWeek(n + 1)
		count := int(end-begin) / 7
		for week := 1; week <= count; week++ {
			monday := begin + int64(week-1)*7
			if monday+7 <= y.first || monday >= y.first+int64(y.length) {
				continue
			}
			if p.weeks&(1<<week) != 0 || p.weeksBack&(1<<(count+1-week)) != 0 {
				add(monday, monday+7)
			}
		}
		begin = end
	}
	return days
}

// firstWeek returns the first day of week 1 of a year: the first week with at
// least four days of the year.
func (p *pattern) firstWeek(year int64) int64 { return p.weekOf(wall.DayNumber(year, 1, 4)) }

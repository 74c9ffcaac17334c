package recur

import (
	"math/bits"

	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// never reports what can be seen without looking through all days until the
// year 9999: that no period has one of the positions, or that the interval of
// hours, minutes or seconds meets no allowed time of the day, as every second hour
// from nine on, but only at ten.
func (p *pattern) never() bool {
	if p.picksNone || p.rank >= daily || p.every == 1 {
		return p.picksNone
	}
	// On any day, the periods begin at times that leave the same over.
	step := wall.Divisor(wall.Modulo(p.every*p.unit, wall.SecondsADay), wall.SecondsADay)
	for second := int(wall.Modulo(p.startUnit, step)); second < wall.SecondsADay; {
		to := p.nextStep(second)
		if to == second {
			return false
		}
		second += (to - second + int(step) - 1) / int(step) * int(step)
	}
	return true
}

// nth returns the n-th time at or after c, counted from 1. Without an interval,
// and for plain steps, whole years are counted at once; else each time is looked
// for.
func (p *pattern) nth(y *year, c, n int64) (int64, bool) {
	for {
		at, ok := p.next(y, c)
		if !ok || n == 1 {
			return at, ok
		}
		if to, left, jumped := p.leap(y, at, n); jumped {
			c, n = to, left
			continue
		}
		c, n = at+1, n-1
	}
}

// leap goes from a time that counts as the first of n to where fewer are left,
// if it knows how many lie between.
func (p *pattern) leap(y *year, at, n int64) (to, left int64, jumped bool) {
	switch {
	case len(p.setPos) > 0:
		return 0, 0, false
	case p.rank < daily:
		return p.leapUnits(at, n)
	}
	day := wall.FloorDiv(at, wall.SecondsADay)
	perDay := p.clocks()
	if at != day*wall.SecondsADay+int64(p.firstClock) {
		return 0, 0, false // in the middle of a day
	}
	days := (n - 1) / perDay // whole days that end before the n-th
	if days == 0 {
		return 0, 0, false
	}
	switch {
	case p.every == 1:
		p.load(y, day)
		here := y.count(int(day-y.first), y.length)
		if here <= days {
			return (y.first + int64(y.length)) * wall.SecondsADay, n - here*perDay, true
		}
		return p.dayAt(y, day, days) * wall.SecondsADay, n - days*perDay, true
	case p.rank == daily && p.allDays():
		return (day + days*p.every) * wall.SecondsADay, n - days*perDay, true
	}
	return 0, 0, false
}

// allDays reports whether every day is allowed.
func (p *pattern) allDays() bool {
	return p.months == 1<<13-2 && !p.limitsMonthDays && !p.limitsWeekdays && !p.limitsYearDays && !p.limitsWeeks
}

// leapUnits is leap for hours, minutes and seconds of which none is limited.
func (p *pattern) leapUnits(at, n int64) (to, left int64, jumped bool) {
	free := p.allDays() && p.hours == 1<<24-1 && (p.rank == hourly || p.minutes == 1<<60-1) && (p.rank != secondly || p.seconds == 1<<60-1)
	perUnit := p.perUnit()
	from := wall.FloorDiv(at, p.unit) * p.unit
	first, found := p.within(from, from)
	units := (n - 1) / perUnit
	if !free || !found || at != first || units == 0 {
		return 0, 0, false
	}
	return from + units*p.every*p.unit, n - units*perUnit, true
}

// perUnit returns how many times an hour, minute or second has that is allowed.
func (p *pattern) perUnit() int64 {
	switch p.rank {
	case hourly:
		return int64(bits.OnesCount64(p.minutes) * bits.OnesCount64(p.seconds))
	case minutely:
		return int64(bits.OnesCount64(p.seconds))
	}
	return 1
}

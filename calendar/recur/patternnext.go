package recur

import (
	"math/bits"

	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// next returns the first time of the pattern at or after c. The year is where it
// was looked for last, or will be looked for next.
func (p *pattern) next(y *year, c int64) (int64, bool) {
	c = max(c, p.start)
	if c > p.last {
		return 0, false
	}
	y.until = min(p.last, c+p.cycle)
	var ok bool
	switch {
	case p.rank < daily:
		c, ok = p.nextUnit(y, c)
	case len(p.setPos) > 0:
		c, ok = p.nextPicked(y, c)
	default:
		c, ok = p.nextTime(y, c)
	}
	return c, ok && c <= p.last
}

// nextTime is next for days without positions to pick.
func (p *pattern) nextTime(y *year, c int64) (int64, bool) {
	day := wall.FloorDiv(c, wall.SecondsADay)
	second := int(c - day*wall.SecondsADay)
	if second > p.lastClock {
		day++
		second = 0
	}
	at, ok := p.nextDay(y, day)
	if !ok {
		return 0, false
	}
	if at > day || second <= p.firstClock {
		return at*wall.SecondsADay + int64(p.firstClock), true
	}
	second, _ = p.nextClock(second)
	return at*wall.SecondsADay + int64(second), true
}

// nextDay returns the first day at or after day that the lists allow and that
// lies in a period which the interval does not pass over.
func (p *pattern) nextDay(y *year, day int64) (int64, bool) {
	for {
		at, ok := p.nextAllowed(y, day)
		if !ok || p.every == 1 {
			return at, ok
		}
		if day = p.align(at); day == at {
			return at, true
		}
		if day*wall.SecondsADay > y.until {
			return 0, false
		}
	}
}

// nextAllowed returns the first day at or after day that the lists allow.
func (p *pattern) nextAllowed(y *year, day int64) (int64, bool) {
	for day <= wall.LastDay {
		p.load(y, day)
		i := int(day - y.first)
		word := i >> 6
		bitsLeft := y.days[word] >> (i & 63) << (i & 63)
		for {
			if bitsLeft != 0 {
				return y.first + int64(word<<6+bits.TrailingZeros64(bitsLeft)), true
			}
			if word++; word == len(y.days) {
				break
			}
			bitsLeft = y.days[word]
		}
		if day = y.first + int64(y.length); day*wall.SecondsADay > y.until {
			break
		}
	}
	return 0, false
}

// align returns the day if it lies in a period that the interval does not pass
// over, else the first day of the next such period.
func (p *pattern) align(day int64) int64 {
	// ahead returns how many periods to go from the n-th after the start.
	ahead := func(n int64) int64 {
		if over := wall.Modulo(n, p.every); over != 0 {
			return p.every - over
		}
		return 0
	}
	switch p.rank {
	case weekly:
		if n := ahead((p.weekOf(day) - p.startWeek) / 7); n != 0 {
			return p.weekOf(day) + n*7
		}
	case monthly:
		number, month, _ := wall.DayDate(day)
		at := number*12 + int64(month) - 1
		if n := ahead(at - p.startMonth); n != 0 {
			return wall.DayNumber(wall.FloorDiv(at+n, 12), int(wall.Modulo(at+n, 12))+1, 1)
		}
	case yearly:
		number, _, _ := wall.DayDate(day)
		if n := ahead(number - p.startYear); n != 0 {
			return wall.DayNumber(number+n, 1, 1)
		}
	default:
		return day + ahead(day-p.startDay)
	}
	return day
}

// nextClock returns the first allowed second of a day at or after one.
func (p *pattern) nextClock(second int) (int, bool) {
	if second >= wall.SecondsADay {
		return 0, false
	}
	h, m, s := second/3600, second/60%60, second%60
	if p.hours&(1<<h) != 0 {
		if p.minutes&(1<<m) != 0 {
			if left := p.seconds >> s; left != 0 {
				return second + bits.TrailingZeros64(left), true
			}
		}
		if left := p.minutes >> (m + 1); left != 0 {
			m += 1 + bits.TrailingZeros64(left)
			return (h*60+m)*60 + bits.TrailingZeros64(p.seconds), true
		}
	}
	left := p.hours >> (h + 1)
	if left == 0 {
		return 0, false
	}
	h += 1 + bits.TrailingZeros32(left)
	return (h*60+bits.TrailingZeros64(p.minutes))*60 + bits.TrailingZeros64(p.seconds), true
}

// clocks returns the number of allowed seconds of a day.
func (p *pattern) clocks() int64 {
	return int64(bits.OnesCount32(p.hours) * bits.OnesCount64(p.minutes) * bits.OnesCount64(p.seconds))
}

// clockAt returns the n-th allowed second of a day, from 0.
func (p *pattern) clockAt(n int64) int64 {
	minutes, seconds := int64(bits.OnesCount64(p.minutes)), int64(bits.OnesCount64(p.seconds))
	h := nthBit(uint64(p.hours), n/(minutes*seconds))
	m := nthBit(p.minutes, n/seconds%minutes)
	return (h*60+m)*60 + nthBit(p.seconds, n%seconds)
}

// nthBit returns the place of the n-th bit that is set, from 0.
func nthBit(x uint64, n int64) int64 {
	for ; n > 0; n-- {
		x &= x - 1
	}
	return int64(bits.TrailingZeros64(x))
}

// nextPicked is next for days with positions to pick from each period.
func (p *pattern) nextPicked(y *year, c int64) (int64, bool) {
	for day := wall.FloorDiv(c, wall.SecondsADay); ; {
		at, ok := p.nextDay(y, p.periodOf(day))
		if !ok {
			return 0, false
		}
		first, end := p.period(at)
		if best, ok := p.pickDays(y, first, end, c); ok {
			return best, true
		}
		if day = end; day*wall.SecondsADay > y.until {
			return 0, false
		}
	}
}

// periodOf returns the first day of the period of a day.
func (p *pattern) periodOf(day int64) int64 {
	first, _ := p.period(day)
	return first
}

// period returns the first day of the period of a day, and of the next one.
func (p *pattern) period(day int64) (first, end int64) {
	switch p.rank {
	case weekly:
		first = p.weekOf(day)
		return first, first + 7
	case monthly:
		number, month, _ := wall.DayDate(day)
		first = wall.DayNumber(number, month, 1)
		return first, first + int64(wall.MonthLength(number, month))
	case yearly:
		number, _, _ := wall.DayDate(day)
		return wall.DayNumber(number, 1, 1), wall.DayNumber(number+1, 1, 1)
	}
	return day, day + 1
}

// pickDays returns the first picked time at or after c among the allowed days
// of a period.
func (p *pattern) pickDays(y *year, first, end, c int64) (best int64, found bool) {
	perDay := p.clocks()
	total := p.countDays(y, first, end) * perDay
	for _, pos := range p.setPos {
		n := int64(pos) - 1
		if pos < 0 {
			n = total + int64(pos)
		}
		if n < 0 || n >= total {
			continue
		}
		at := p.dayAt(y, first, n/perDay)*wall.SecondsADay + p.clockAt(n%perDay)
		if at >= c && (!found || at < best) {
			best, found = at, true
		}
	}
	return best, found
}

// countDays returns how many days the lists allow from first up to end.
func (p *pattern) countDays(y *year, first, end int64) (n int64) {
	for first < end {
		p.load(y, first)
		to := min(end, y.first+int64(y.length))
		n += y.count(int(first-y.first), int(to-y.first))
		first = to
	}
	return n
}

// count returns the number of days from one day of the year up to another.
func (y *year) count(from, to int) int64 {
	n := 0
	for word := from >> 6; word <= (to-1)>>6; word++ {
		days := y.days[word]
		if word == from>>6 {
			days &= ^uint64(0) << (from & 63)
		}
		if word == to>>6 {
			days &= 1<<(to&63) - 1
		}
		n += bits.OnesCount64(days)
	}
	return int64(n)
}

// dayAt returns the n-th allowed day from first on, from 0; there is one.
func (p *pattern) dayAt(y *year, first, n int64) int64 {
	for {
		p.load(y, first)
		if here := y.count(int(first-y.first), y.length); here <= n {
			n -= here
			first = y.first + int64(y.length)
			continue
		}
		word := int(first-y.first) >> 6
		days := y.days[word] & (^uint64(0) << ((first - y.first) & 63))
		for int64(bits.OnesCount64(days)) <= n {
			n -= int64(bits.OnesCount64(days))
			word++
			days = y.days[word]
		}
		return y.first + int64(word)<<6 + nthBit(days, n)
	}
}

// nextUnit is next for hours, minutes and seconds.
func (p *pattern) nextUnit(y *year, c int64) (int64, bool) {
	for at := wall.FloorDiv(c, p.unit) * p.unit; ; {
		if over := wall.Modulo(at-p.startUnit, p.every*p.unit); over != 0 {
			at += p.every*p.unit - over
		}
		if at > y.until {
			return 0, false
		}
		day := wall.FloorDiv(at, wall.SecondsADay)
		allowed, ok := p.nextAllowed(y, day)
		if !ok {
			return 0, false
		}
		if allowed > day {
			at = allowed * wall.SecondsADay
			continue
		}
		second := int(at - day*wall.SecondsADay)
		if to := p.nextStep(second); to != second {
			at = day*wall.SecondsADay + int64(to)
			continue
		}
		if found, ok := p.within(at, c); ok {
			return found, true
		}
		at += p.unit
	}
}

// nextStep returns the second if its hour, and its minute and itself as far as
// they are limits, are allowed; else where the next such begins, which is the
// end of the day if it has none.
func (p *pattern) nextStep(second int) int {
	h, m, s := second/3600, second/60%60, second%60
	if p.hours&(1<<h) == 0 {
		if left := p.hours >> h; left != 0 {
			return (h + bits.TrailingZeros32(left)) * 3600
		}
		return wall.SecondsADay
	}
	if p.rank <= minutely && p.minutes&(1<<m) == 0 {
		if left := p.minutes >> m; left != 0 {
			return (h*60 + m + bits.TrailingZeros64(left)) * 60
		}
		return (h + 1) * 3600
	}
	if p.rank <= secondly && p.seconds&(1<<s) == 0 {
		if left := p.seconds >> s; left != 0 {
			return second + bits.TrailingZeros64(left)
		}
		return (second/60 + 1) * 60
	}
	return second
}

// within returns the first allowed time at or after c of the hour, minute or
// second that begins at from.
func (p *pattern) within(from, c int64) (best int64, found bool) {
	if p.rank == secondly {
		return from, from >= c // of one time, the first and the last
	}
	minutes := uint64(1) // of the hour, or the one minute that it is
	if p.rank == hourly {
		minutes = p.minutes
	}
	if len(p.setPos) == 0 {
		second := int(max(c-from, 0))
		for m := second / 60; minutes>>m != 0; m++ {
			if left := p.seconds >> (second % 60); minutes>>m&1 != 0 && left != 0 {
				return from + int64(m*60+second%60+bits.TrailingZeros64(left)), true
			}
			second = 0
		}
		return 0, false
	}
	perMinute := int64(bits.OnesCount64(p.seconds))
	total := int64(bits.OnesCount64(minutes)) * perMinute
	for _, pos := range p.setPos {
		n := int64(pos) - 1
		if pos < 0 {
			n = total + int64(pos)
		}
		if n < 0 || n >= total {
			continue
		}
		at := from + nthBit(minutes, n/perMinute)*60 + nthBit(p.seconds, n%perMinute)
		if at >= c && (!found || at < best) {
			best, found = at, true
		}
	}
	return best, found
}

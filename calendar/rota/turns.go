package rota

import (
	"iter"
	"math"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Turns is a [Rotation] that was compiled: who has the turn at an instant, and
// from when until when, by arithmetic, however long ago it started. Between 1970
// and 2100 it allocates nothing and asks no zone. It never changes, so it can be
// shared between goroutines.
type Turns struct {
	rotation Rotation
	dial     *wall.Dial
	start    int64 // on the wall
	length   int64 // units of a turn
	slot     int64 // seconds of what the days are counted in, or of a unit
	worked   *workedSlots
	months   *monthTurns // for monthly and yearly turns
	rosters  []roster
}

// Shift is a stretch of time of one turn that is one member's without a break,
// or nobody's.
type Shift struct {
	calendar.Interval

	Turn   int64                `json:"turn"`   // 0 is the turn that begins at the start; where nobody works, the one that comes next
	Member servicecoin.PersonID `json:"member"` // "" is nobody
}

// String returns "start/end member", or "start/end nobody".
func (s Shift) String() string {
	if s.Member == "" {
		return s.Interval.String() + " nobody"
	}
	return s.Interval.String() + " " + string(s.Member)
}

// roster is who takes turns from an instant on: that turn is the offset-th's.
type roster struct {
	from         int64
	turn, offset int64
	members      []servicecoin.PersonID
}

// place returns the index of the member whose turn it is.
func (r *roster) place(turn int64) int {
	return int(wall.Modulo(turn-r.turn+r.offset, int64(len(r.members))))
}

// member returns whose turn it is, "" if nobody's.
func (r *roster) member(turn int64) servicecoin.PersonID {
	if len(r.members) == 0 {
		return ""
	}
	return r.members[r.place(turn)]
}

// Compile checks the rotation and works it out; every violation is reported, as
// by [Rotation.Validate]. It takes about 0.1 ms, for the jumps of the clock.
func (r Rotation) Compile() (*Turns, error) {
	var v servicecoin.Violations
	loc := r.validate(&v)
	if err := v.Err(); err != nil {
		return nil, err
	}
	r = r.clone()
	t := &Turns{rotation: r, dial: wall.NewDial(loc), start: civil.Second(r.Start), length: int64(r.Length)}
	t.slot = wall.SecondsADay
	switch r.Unit {
	case Hourly:
		t.slot = 3600
	case Weekly:
		t.length *= 7
	case Monthly, Yearly:
		t.months = newMonthTurns(r)
	case Daily:
	}
	if r.Days != 0 && r.Days != calendar.AllWeekdays {
		t.worked = newWorkedSlots(r.Days, r.Start, t.slot)
	}
	t.rosters = []roster{{from: math.MinInt64, members: r.Members}}
	for _, c := range r.Changes {
		t.change(c)
	}
	return t, nil
}

// change appends a roster that goes on where the last one stands.
func (t *Turns) change(c Change) {
	last := &t.rosters[len(t.rosters)-1]
	at := t.dial.Begins(civil.Second(c.From))
	turn, _ := t.turn(t.dial.Shows(at))
	next := roster{from: at, turn: turn, members: c.Members}
	if n := len(last.members); n > 0 && len(c.Members) > 0 {
		place := last.place(turn)
		places := map[servicecoin.PersonID]int{} // the first of each
		for i, id := range slices.Backward(c.Members) {
			places[id] = i
		}
		for i := range n {
			// The one whose turn it is, at the same place if there, or the next
			// one of the old order who is still there.
			id := last.members[(place+i)%n]
			if place < len(c.Members) && i == 0 && c.Members[place] == id {
				next.offset = int64(place)
				break
			}
			if found, there := places[id]; there {
				next.offset = int64(found)
				break
			}
		}
	}
	t.rosters = append(t.rosters, next)
}

// Rotation returns the rotation that was compiled.
func (t *Turns) Rotation() Rotation { return t.rotation.clone() }

// Location returns the zone.
func (t *Turns) Location() *time.Location { return t.dial.Loc }

// Who returns whose turn it is at an instant, and false if it is nobody's.
func (t *Turns) Who(at time.Time) (servicecoin.PersonID, bool) {
	turn, works := t.turn(t.dial.Shows(at.Unix()))
	if !works {
		return "", false
	}
	id := t.rosters[t.rosterAt(at.Unix())].member(turn)
	return id, id != ""
}

// rosterAt returns the index of the roster of an instant.
func (t *Turns) rosterAt(at int64) int {
	low, high := 0, len(t.rosters)
	for high-low > 1 {
		if middle := (low + high) / 2; t.rosters[middle].from <= at {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// turn returns the number of the turn at a local time, and whether the time is
// worked. If not, it is the turn that comes next.
func (t *Turns) turn(local int64) (turn int64, works bool) {
	switch {
	case t.months == nil && t.worked == nil:
		return wall.FloorDiv(wall.FloorDiv(local-t.start, t.slot), t.length), true
	case t.worked == nil:
		k := t.months.at(local)
		return t.months.turn(k), true
	}
	slot := wall.FloorDiv(local-t.start, t.slot)
	works = t.worked.works(slot)
	switch t.rotation.Unit {
	case Hourly, Daily:
		return wall.FloorDiv(t.worked.before(slot), t.length), works
	case Weekly, Monthly, Yearly:
	}
	if !works {
		slot += t.worked.ahead(slot)
		local = t.start + slot*t.slot
	}
	if t.months != nil {
		return t.months.turn(t.months.at(local)), works
	}
	return wall.FloorDiv(slot, t.length), works
}

// stretch returns the turn at a local time and the local times from which up to
// which it lasts without a break.
func (t *Turns) stretch(local int64) (turn, from, to int64, works bool) {
	turn, works = t.turn(local)
	slot := wall.FloorDiv(local-t.start, t.slot)
	switch {
	case t.worked == nil && t.months == nil:
		from = turn * t.length
		return turn, t.start + from*t.slot, t.start + (from+t.length)*t.slot, true
	case t.worked == nil:
		from, to = t.months.bounds(t.months.at(local))
		return turn, from, to, true
	case !works:
		return turn, t.start + (slot-t.worked.back(slot))*t.slot, t.start + (slot+t.worked.ahead(slot))*t.slot, false
	}
	first, end := slot-t.worked.back(slot), slot+t.worked.ahead(slot)
	from, to = t.start+first*t.slot, t.start+end*t.slot
	switch t.rotation.Unit {
	case Hourly, Daily:
		done := t.worked.before(slot) - turn*t.length // of this turn, before the slot
		from, to = max(from, t.start+(slot-done)*t.slot), min(to, t.start+(slot+t.length-done)*t.slot)
	case Weekly:
		from, to = max(from, t.start+turn*t.length*t.slot), min(to, t.start+(turn+1)*t.length*t.slot)
	case Monthly, Yearly:
		begin, end := t.months.bounds(t.months.at(local))
		from, to = max(from, begin), min(to, end)
	}
	return turn, from, to, true
}

// Shift returns the shift that an instant lies in. It is never empty.
func (t *Turns) Shift(at time.Time) Shift {
	now := at.Unix()
	turn, from, to, works := t.stretch(t.dial.Shows(now))
	begin, end := t.dial.Begins(from), t.dial.Begins(to)
	s := Shift{Turn: turn}
	if works {
		here := t.rosterAt(now)
		s.Member = t.rosters[here].member(turn)
		for i := here; i > 0 && t.rosters[i].from > begin; i-- {
			if t.rosters[i-1].member(turn) != s.Member {
				begin = t.rosters[i].from
			}
		}
		for i := here + 1; i < len(t.rosters) && t.rosters[i].from < end; i++ {
			if t.rosters[i].member(turn) != s.Member {
				end = t.rosters[i].from
			}
		}
	}
	s.Interval = calendar.Interval{Start: wall.Unix(begin), End: wall.Unix(end)}
	return s
}

// Shifts yields the shifts that overlap the interval, in order, each whole, those
// of nobody among them. Each begins where the one before ends.
func (t *Turns) Shifts(iv calendar.Interval) iter.Seq[Shift] {
	return func(yield func(Shift) bool) {
		if iv.Empty() {
			return
		}
		for at := iv.Start; ; {
			s := t.Shift(at)
			if !s.Start.Before(iv.End) || !yield(s) {
				return
			}
			at = s.End
		}
	}
}

// workedSlots counts the worked ones of hours or days, which are the same in
// every week.
type workedSlots struct {
	week int64   // slots of a week
	done []int64 // worked slots before each one of the first week, and all
	runs []int64 // how many slots in a row before each one are as it is, worked or not
	left []int64 // and from it on
}

func newWorkedSlots(days calendar.Weekdays, start calendar.LocalTime, slot int64) *workedSlots {
	w := &workedSlots{week: 7 * wall.SecondsADay / slot, done: []int64{0}}
	first := civil.Second(start)
	is := make([]bool, w.week)
	for i := range is {
		date := wall.FloorDiv(first+int64(i)*slot, wall.SecondsADay)
		is[i] = days.Contains(time.Weekday(wall.WeekdayOfDay(date)))
		n := w.done[i]
		if is[i] {
			n++
		}
		w.done = append(w.done, n)
	}
	for i := range w.week {
		run, left := int64(0), int64(1)
		for is[wall.Modulo(i-run-1, w.week)] == is[i] {
			run++
		}
		for is[wall.Modulo(i+left, w.week)] == is[i] {
			left++
		}
		w.runs, w.left = append(w.runs, run), append(w.left, left)
	}
	return w
}

func (w *workedSlots) works(slot int64) bool {
	i := wall.Modulo(slot, w.week)
	return w.done[i+1] > w.done[i]
}

// before returns the worked slots from slot 0 up to one, below zero before it.
func (w *workedSlots) before(slot int64) int64 {
	return wall.FloorDiv(slot, w.week)*w.done[w.week] + w.done[wall.Modulo(slot, w.week)]
}

// back returns how many slots in a row before one are as it is.
func (w *workedSlots) back(slot int64) int64 { return w.runs[wall.Modulo(slot, w.week)] }

// ahead returns how many slots in a row from one on are as it is.
func (w *workedSlots) ahead(slot int64) int64 { return w.left[wall.Modulo(slot, w.week)] }

// monthTurns are turns of months: the k-th handoff is in the month of the start
// and k times so many later.
type monthTurns struct {
	first   int64 // year*12 + month-1 of the start
	step    int64 // months of a turn
	day     int
	clock   int64
	missing MissingDay
	there   []int64 // SkipMonth: how many of the handoffs before the k-th there are; then it repeats
}

func newMonthTurns(r Rotation) *monthTurns {
	m := &monthTurns{
		first: int64(r.Start.Date.Year)*12 + int64(r.Start.Date.Month) - 1, step: int64(r.Length),
		day: r.Start.Date.Day, clock: int64(r.Start.Clock), missing: r.Missing,
	}
	if r.Unit == Yearly {
		m.step *= 12
	}
	const everyMonthHas, again = 28, 400 * 12 // the calendar repeats
	if m.missing != SkipMonth || m.day <= everyMonthHas {
		return m
	}
	n := int64(0)
	for k := range again/wall.Divisor(m.step%again, again) + 1 {
		m.there = append(m.there, n)
		if m.has(k) {
			n++
		}
	}
	return m
}

// month returns the year and the month of the k-th handoff.
func (m *monthTurns) month(k int64) (year int64, month int) {
	n := m.first + k*m.step
	return wall.FloorDiv(n, 12), int(wall.Modulo(n, 12)) + 1
}

// has reports whether the month of the k-th handoff has its day.
func (m *monthTurns) has(k int64) bool {
	year, month := m.month(k)
	return m.day <= wall.MonthLength(year, month)
}

// handoff returns the local time of the k-th handoff.
func (m *monthTurns) handoff(k int64) int64 {
	year, month := m.month(k)
	day := m.day
	if m.missing != OverflowDay {
		day = min(day, wall.MonthLength(year, month))
	}
	return wall.DayNumber(year, month, day)*wall.SecondsADay + m.clock
}

// at returns which was the last handoff at a local time.
func (m *monthTurns) at(local int64) int64 {
	year, month, _ := wall.DayDate(wall.FloorDiv(local, wall.SecondsADay))
	k := wall.FloorDiv(year*12+int64(month)-1-m.first, m.step)
	for m.there != nil && !m.has(k) || m.handoff(k) > local {
		k--
	}
	return k
}

// bounds returns the local times from which up to which the turn lasts that
// begins with the k-th handoff.
func (m *monthTurns) bounds(k int64) (from, to int64) {
	next := k + 1
	for m.there != nil && !m.has(next) {
		next++
	}
	return m.handoff(k), m.handoff(next)
}

// turn returns the number of the turn that begins with the k-th handoff.
func (m *monthTurns) turn(k int64) int64 {
	if m.there == nil {
		return k
	}
	again := int64(len(m.there) - 1)
	return wall.FloorDiv(k, again)*m.there[again] + m.there[wall.Modulo(k, again)]
}

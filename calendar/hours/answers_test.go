package hours_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
)

// What the oracle answers: by counting the minutes that it painted.

func (x *trial) isOpen(minute int) bool { return x.open[minute-x.origin] }

// Questions and answers are seconds since base, -1 for "outside".
const beyond = -1

func (x *trial) openAtSecond(s int) bool { return x.isOpen(s / 60) }

// nextEdge returns the first minute after s at which it turns open or closed.
func (x *trial) nextEdge(s int, opens bool) int {
	for m := s/60 + 1; m <= x.to; m++ {
		if x.isOpen(m) == opens && x.isOpen(m-1) != opens {
			return m * 60
		}
	}
	return beyond
}

func (x *trial) atOrAfter(s int) int {
	if x.openAtSecond(s) {
		return s
	}
	return x.nextEdge(s, true)
}

func (x *trial) openUpTo(s int) bool { return x.isOpen((s+59)/60 - 1) }

func (x *trial) atOrBefore(s int) int {
	if x.openUpTo(s) {
		return s
	}
	for m := s / 60; m >= x.from; m-- {
		if x.isOpen(m - 1) {
			return m * 60
		}
	}
	return beyond
}

func (x *trial) worked(s int) int {
	n := int(x.sum[s/60-x.from]) * 60
	if s%60 > 0 && x.openAtSecond(s) {
		n += s % 60
	}
	return n
}

func (x *trial) deadline(s, work int) int {
	if work == 0 {
		return x.atOrAfter(s)
	}
	due := x.worked(s) + work
	for m := s / 60; m < x.to; m++ {
		if done := x.worked(m * 60); x.isOpen(m) && done+60 >= due {
			at := m*60 + due - done
			if x.policies.Closing == hours.NextOpening {
				return x.atOrAfter(at)
			}
			return at
		}
	}
	return beyond
}

func (x *trial) latestStart(s, work int) int {
	if work == 0 {
		return x.atOrBefore(s)
	}
	due := x.worked(s) - work
	for m := s / 60; m >= x.from; m-- {
		if m < x.to && x.isOpen(m) && x.worked(m*60) <= due {
			at := m*60 + due - x.worked(m*60)
			if x.policies.Closing == hours.NextOpening {
				return x.atOrBefore(at)
			}
			return at
		}
	}
	return beyond
}

// step returns the working day n from a day, beyond if there is none.
func (x *trial) step(day, n int) int {
	var at int
	if n >= 0 {
		at = slices.IndexFunc(x.working, func(d int) bool { return d >= day })
	} else {
		for at = len(x.working) - 1; at >= 0 && x.working[at] > day; at-- {
			continue
		}
	}
	if at < 0 || at+n < 0 || at+n >= len(x.working) {
		return beyond
	}
	return x.working[at+n]
}

func (x *trial) firstDay() int { return int(x.r.day[x.from]) }
func (x *trial) lastDay() int  { return int(x.r.day[x.to]) }

func (x *trial) addDays(day, n int) int {
	if n == 0 {
		return day
	}
	if to := x.step(day, n); to >= x.firstDay() && to <= x.lastDay() {
		return to
	}
	return beyond
}

func (x *trial) inside(s int) bool { return x.from*60 <= s && s <= x.to*60 }

func (x *trial) sameTime(s, n int) int {
	to := x.step(int(x.r.day[s/60]), n)
	if to == beyond {
		return beyond
	}
	if at := x.r.minute(to, int(x.r.shows[s/60])%dayMinutes)*60 + s%60; x.inside(at) {
		return at
	}
	return beyond
}

func (x *trial) daysAfter(s, n int) int {
	if n == 0 {
		return x.deadline(s, 0)
	}
	at := x.sameTime(s, n)
	if at == beyond || x.policies.Closing != hours.NextOpening && at%60 == 0 && x.isOpen(at/60-1) && at > x.from*60 {
		return at
	}
	return x.atOrAfter(at)
}

func (x *trial) daysBefore(s, n int) int {
	if n == 0 {
		return x.latestStart(s, 0)
	}
	at := x.sameTime(s, -n)
	if at == beyond || x.policies.Closing != hours.NextOpening && at%60 == 0 && x.isOpen(at/60) && at < x.to*60 {
		return at
	}
	return x.atOrBefore(at)
}

func (x *trial) endOfDay(s, n int) int {
	day := int(x.r.day[s/60])
	for _, d := range []int{day - 1, day - 2} {
		if x.shut[d]*60 > s {
			day = d
		}
	}
	if n == 0 && x.shut[day] > 0 && x.shut[day]*60 < s {
		day++
	}
	if to := x.step(day, n); to != beyond && x.inside(x.shut[to]*60) {
		return x.shut[to] * 60
	}
	return beyond
}

// verdict collects what differs.
type verdict struct {
	x    *trial
	list []string
}

func (v *verdict) sayf(format string, args ...any) {
	v.list = append(v.list, fmt.Sprintf(format, args...))
}

func (v *verdict) instant(what string, want int, got time.Time, err error) {
	outside, is := errors.AsType[*calendar.OutsideError](err)
	switch {
	case want == beyond && !is:
		v.sayf("%s: want outside, got %s, %v", what, got, err)
	case want == beyond && !outside.Span.Equal(calendar.Between(v.x.r.instant(v.x.from*60), v.x.r.instant(v.x.to*60))):
		v.sayf("%s: outside of %s", what, outside.Span)
	case want != beyond && (err != nil || !got.Equal(v.x.r.instant(want))):
		v.sayf("%s: want %s, got %s, %v", what, v.x.r.instant(want), got, err)
	}
}

// ask compares the answers about a few instants.
func (x *trial) ask(d dice) error {
	v := &verdict{x: x}
	span := calendar.Between(x.r.instant(x.from*60), x.r.instant(x.to*60))
	tt, err := x.hours.Compile(span, &x.policies)
	if err != nil {
		return err
	}
	x.askSpan(v, tt)
	seconds := (x.to - x.from) * 60
	total := int(x.sum[len(x.sum)-1]) * 60
	for range 4 {
		s := x.from*60 + d.roll("at", seconds+1)
		if d.roll("on the edge", 2) == 0 { // openings and closings are the instants that matter
			if edge := x.nextEdge(s, d.roll("opens", 2) == 0); edge != beyond {
				s = edge
			}
		}
		x.askInstant(v, tt, s)
		work := d.roll("work", total+2)
		at := x.r.instant(s)
		if left := total - x.worked(s); d.roll("to the minute", 2) == 0 && left > 0 {
			work = x.worked(s)%60 + d.roll("minutes", left/60+1)*60
		}
		got, err := tt.Deadline(at, time.Duration(work)*time.Second)
		v.instant(fmt.Sprintf("deadline of %d s from %s", work, at), x.deadline(s, work), got, err)
		got, err = tt.LatestStart(at, time.Duration(work)*time.Second)
		v.instant(fmt.Sprintf("latest start of %d s to %s", work, at), x.latestStart(s, work), got, err)
		x.askElapsed(v, tt, s, x.from*60+d.roll("other", seconds+1))

		n := d.roll("working days", 6)
		got, err = tt.DaysAfter(at, n)
		v.instant(fmt.Sprintf("%d days after %s", n, at), x.daysAfter(s, n), got, err)
		got, err = tt.DaysBefore(at, n)
		v.instant(fmt.Sprintf("%d days before %s", n, at), x.daysBefore(s, n), got, err)
		got, err = tt.EndOfDay(at, n)
		v.instant(fmt.Sprintf("end of day %d after %s", n, at), x.endOfDay(s, n), got, err)
		x.askDates(v, tt, x.firstDay()+d.roll("day", x.lastDay()-x.firstDay()+1), d.roll("days to add", 11)-5)
	}
	if len(v.list) > 0 {
		text, err := json.Marshal(x.hours)
		return errors.Join(fmt.Errorf("%s, %v: %q\n%s", span, x.policies, v.list, text), err)
	}
	return nil
}

func (x *trial) askSpan(v *verdict, tt *hours.Timetable) {
	m := x.from
	for iv, err := range tt.Openings(tt.Span()) {
		from, to := int(iv.Start.Sub(x.r.base).Minutes()), int(iv.End.Sub(x.r.base).Minutes())
		if err != nil || from < m || from >= to {
			v.sayf("opening %s, %v", iv, err)
			return
		}
		for ; m < to; m++ {
			if x.isOpen(m) != (m >= from) {
				v.sayf("open at %s: %t", x.r.instant(m*60), !x.isOpen(m))
				return
			}
		}
	}
	for ; m < x.to; m++ {
		if x.isOpen(m) {
			v.sayf("closed at %s", x.r.instant(m*60))
			return
		}
	}
}

func (x *trial) askInstant(v *verdict, tt *hours.Timetable, s int) {
	at := x.r.instant(s)
	if got, err := tt.Open(at); err != nil || got != x.openAtSecond(s) {
		v.sayf("open at %s: %t, %v", at, got, err)
	}
	got, err := tt.NextOpen(at)
	v.instant("next opening after "+at.String(), x.nextEdge(s, true), got, err)
	got, err = tt.NextClose(at)
	v.instant("next closing after "+at.String(), x.nextEdge(s, false), got, err)
	got, err = tt.OpenAtOrAfter(at)
	v.instant("open at or after "+at.String(), x.atOrAfter(s), got, err)
	got, err = tt.OpenAtOrBefore(at)
	v.instant("open at or before "+at.String(), x.atOrBefore(s), got, err)
	if _, got, err := tt.Break(at); err != nil || got != x.broken[s/60-x.origin] {
		v.sayf("break at %s: %t, %v", at, got, err)
	}
	name, got2, err := tt.Holiday(at)
	h, is := x.holiday[int(x.r.day[s/60])]
	if err != nil || got2 != is || is && name != strconv.Itoa(h) {
		v.sayf("holiday at %s: %q, %t, %v", at, name, got2, err)
	}
}

func (x *trial) askElapsed(v *verdict, tt *hours.Timetable, s, other int) {
	want := time.Duration(x.worked(other)-x.worked(s)) * time.Second
	refused := false
	if other < s {
		switch x.policies.Reversed {
		case hours.ZeroReversed:
			want = 0
		case hours.AbsoluteReversed:
			want = -want
		case hours.SignedReversed:
		default:
			want, refused = 0, true
		}
	}
	got, err := tt.Elapsed(x.r.instant(s), x.r.instant(other))
	if got != want || refused != (err != nil) {
		v.sayf("elapsed from %s to %s: want %s, got %s, %v", x.r.instant(s), x.r.instant(other), want, got, err)
	}
}

func (x *trial) askDates(v *verdict, tt *hours.Timetable, day, n int) {
	date := x.r.date(day)
	if got, err := tt.WorkingDay(date); err != nil || got != slices.Contains(x.working, day) {
		v.sayf("%s is a working day: %t, %v", date, got, err)
	}
	want := x.addDays(day, n)
	got, err := tt.AddDays(date, n)
	_, is := errors.AsType[*calendar.OutsideError](err)
	if want == beyond && !is || want != beyond && (err != nil || got != x.r.date(want)) {
		v.sayf("%s and %d working days: want day %d, got %s, %v", date, n, want, got, err)
	}
	between := 0
	for _, d := range x.working {
		if x.firstDay() < d && d <= day {
			between++
		}
	}
	if got, err := tt.DaysBetween(x.r.date(x.firstDay()), date); err != nil || got != between {
		v.sayf("%s to %s: %d working days, %v", x.r.date(x.firstDay()), date, got, err)
	}
	if got, err := tt.DaysBetween(date, x.r.date(x.firstDay())); err != nil || got != -between {
		v.sayf("%s back to %s: %d working days, %v", date, x.r.date(x.firstDay()), got, err)
	}
}

package hours

import (
	"iter"
	"math"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
)

// Timetable is [Hours] worked out for a span of time: when is it open, when
// does it open next, when is something due, how much working time lies
// between. Each answer is a lookup of some tens of nanoseconds that allocates
// nothing, whatever the distance. A Timetable never changes, so it can be
// shared between goroutines.
//
// It answers for the instants of its [Timetable.Span], both ends included. A
// question or an answer beyond is an [*calendar.OutsideError], never a guess. The zero
// Timetable has no span, and answers nothing.
type Timetable struct {
	span     calendar.Interval
	from, to int64 // the span, in nanoseconds since 1970
	loc      *time.Location

	slots                []slot
	bins                 []int32 // the first slot that ends after the start of each bin
	total                int64   // working time of the span
	startsOpen, endsOpen bool    // it was open up to the start of the span, or is at its end

	first    int64 // the number of the first of days
	days     []day // and one more, where the last one ends
	working  []int32
	holidays []string
	breaks   calendar.Steps

	reversed   ReversedPolicy
	goOn, keep bool // NextOpening, KeepStart
}

// slot is an opening: sorted, disjoint, not touching.
type slot struct{ start, end, before int64 } // before: working time of all earlier slots

// binBits is the length of a bin as a power of two of nanoseconds: 19.5 hours.
const binBits = 46

// day is a local day.
type day struct {
	start   int64
	shut    int64 // when its own hours close; never: it is no working day
	worked  int32 // working days up to it, itself included
	holiday int32 // an index of holidays, or none
}

const (
	none  = -1
	never = math.MinInt64
)

func (tt *Timetable) outside(what string) error {
	return &calendar.OutsideError{What: what, Span: tt.span}
}

// Span returns the interval that it was compiled for.
func (tt *Timetable) Span() calendar.Interval { return tt.span }

// Location returns the zone whose days are its days.
func (tt *Timetable) Location() *time.Location { return tt.loc }

func (s stretch) interval() calendar.Interval {
	return calendar.Interval{Start: instant(s.start), End: instant(s.end)}
}

func instant(nano int64) time.Time { return time.Unix(0, nano).UTC() }

// nano returns t in nanoseconds since 1970.
func (tt *Timetable) nano(t time.Time) (int64, error) {
	const most = 1 << 33 // seconds, less than a time.Duration holds
	if sec := t.Unix(); -most < sec && sec < most {
		if n := t.UnixNano(); tt.from <= n && n <= tt.to && len(tt.bins) > 0 {
			return n, nil
		}
	}
	return 0, tt.outside(t.UTC().Format(time.RFC3339Nano))
}

// after returns the index of the first slot that ends after n.
func (tt *Timetable) after(n int64) int {
	i := int(tt.bins[(n-tt.from)>>binBits])
	for i < len(tt.slots) && tt.slots[i].end <= n {
		i++
	}
	return i
}

// openAt reports whether n lies in slot i, the first one that ends after it.
func (tt *Timetable) openAt(i int, n int64) bool {
	if i == len(tt.slots) {
		return n == tt.to && tt.endsOpen
	}
	return tt.slots[i].start <= n
}

// Open reports whether it is open at t. The closing instant is closed.
func (tt *Timetable) Open(t time.Time) (bool, error) {
	n, err := tt.nano(t)
	if err != nil {
		return false, err
	}
	return tt.openAt(tt.after(n), n), nil
}

// NextOpen returns the first instant after t at which it opens. If it is open
// at t, that is the opening after this one.
func (tt *Timetable) NextOpen(t time.Time) (time.Time, error) {
	n, err := tt.nano(t)
	if err != nil {
		return time.Time{}, err
	}
	i := tt.after(n)
	if i < len(tt.slots) && tt.slots[i].start <= n {
		i++
	}
	if i == len(tt.slots) {
		if n, err = tt.opensAtEnd(n); err != nil {
			return time.Time{}, err
		}
		return instant(n), nil
	}
	return instant(tt.slots[i].start), nil
}

// NextClose returns the first instant after t at which it closes: the end of
// the opening that t lies in, or of the next one.
func (tt *Timetable) NextClose(t time.Time) (time.Time, error) {
	n, err := tt.nano(t)
	if err != nil {
		return time.Time{}, err
	}
	i := tt.after(n)
	if i == len(tt.slots) || tt.slots[i].end == tt.to && tt.endsOpen {
		return time.Time{}, tt.outside("the next closing")
	}
	return instant(tt.slots[i].end), nil
}

// OpenAtOrAfter returns t if it is open then, and the next opening otherwise.
func (tt *Timetable) OpenAtOrAfter(t time.Time) (time.Time, error) {
	n, err := tt.nano(t)
	if err != nil {
		return time.Time{}, err
	}
	if n, err = tt.forward(n); err != nil {
		return time.Time{}, err
	}
	return instant(n), nil
}

// forward returns the first open instant at or after n.
func (tt *Timetable) forward(n int64) (int64, error) {
	switch i := tt.after(n); {
	case tt.openAt(i, n):
		return n, nil
	case i < len(tt.slots):
		return tt.slots[i].start, nil
	}
	return tt.opensAtEnd(n)
}

// opensAtEnd returns the end of the span, if that is the next opening after n.
func (tt *Timetable) opensAtEnd(n int64) (int64, error) {
	last := len(tt.slots) - 1
	if n < tt.to && tt.endsOpen && (last < 0 || tt.slots[last].end < tt.to) {
		return tt.to, nil
	}
	return 0, tt.outside("the next opening")
}

// OpenAtOrBefore returns t if it was open up to then, and the last closing
// before otherwise: it sees each opening without its start and with its end,
// as who goes backwards in time does.
func (tt *Timetable) OpenAtOrBefore(t time.Time) (time.Time, error) {
	n, err := tt.nano(t)
	if err != nil {
		return time.Time{}, err
	}
	if n, err = tt.backward(n); err != nil {
		return time.Time{}, err
	}
	return instant(n), nil
}

// backward returns the last instant at or before n up to which it was open.
func (tt *Timetable) backward(n int64) (int64, error) {
	i := tt.after(n)
	if i < len(tt.slots) && tt.slots[i].start < n {
		return n, nil
	}
	if i > 0 {
		return tt.slots[i-1].end, nil
	}
	if tt.startsOpen {
		return tt.from, nil
	}
	return 0, tt.outside("the closing before")
}

// Openings yields what is open in the interval, in order and clipped to it, or
// one error if the interval is not within the span.
func (tt *Timetable) Openings(within calendar.Interval) iter.Seq2[calendar.Interval, error] {
	return func(yield func(calendar.Interval, error) bool) { tt.openings(within, yield) }
}

func (tt *Timetable) openings(within calendar.Interval, yield func(calendar.Interval, error) bool) {
	from, to, err := tt.bounds(within)
	if err != nil {
		yield(calendar.Interval{}, err)
		return
	}
	for _, s := range tt.slots[tt.after(from):] {
		if from == to || s.start >= to || !yield(stretch{max(s.start, from), min(s.end, to)}.interval(), nil) {
			return
		}
	}
}

// OpeningsBackward yields the same as [Timetable.Openings], the last one first.
func (tt *Timetable) OpeningsBackward(within calendar.Interval) iter.Seq2[calendar.Interval, error] {
	return func(yield func(calendar.Interval, error) bool) { tt.openingsBackward(within, yield) }
}

func (tt *Timetable) openingsBackward(within calendar.Interval, yield func(calendar.Interval, error) bool) {
	from, to, err := tt.bounds(within)
	if err != nil {
		yield(calendar.Interval{}, err)
		return
	}
	i := tt.after(to)
	if i == len(tt.slots) || tt.slots[i].start >= to {
		i--
	}
	for ; from < to && i >= 0 && tt.slots[i].end > from; i-- {
		s := tt.slots[i]
		if !yield(stretch{max(s.start, from), min(s.end, to)}.interval(), nil) {
			return
		}
	}
}

// bounds returns the ends of an interval; a reversed one is empty.
func (tt *Timetable) bounds(within calendar.Interval) (from, to int64, err error) {
	if from, err = tt.nano(within.Start); err != nil {
		return 0, 0, err
	}
	if to, err = tt.nano(within.End); err != nil {
		return 0, 0, err
	}
	return from, max(from, to), nil
}

// Set returns what is open in the interval, for the arithmetic of sets.
func (tt *Timetable) Set(within calendar.Interval) (calendar.Set, error) {
	var list []calendar.Interval
	for iv, err := range tt.Openings(within) {
		if err != nil {
			return calendar.Set{}, err
		}
		list = append(list, iv)
	}
	return calendar.Set{List: list}, nil
}

package hours

import (
	"sort"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Deadline returns the instant by which so much working time has passed since
// start: the first of them. So one that is reached exactly as hours close
// falls on the closing ([ClosingPolicy]), and one of no work on the first open
// instant ([ZeroPolicy]). Negative work is refused: [Timetable.LatestStart]
// counts backwards.
func (tt *Timetable) Deadline(start time.Time, work time.Duration) (time.Time, error) {
	n, err := tt.nano(start)
	switch {
	case err != nil:
		return time.Time{}, err
	case work < 0:
		return time.Time{}, negative("work", work.String())
	case work == 0 && tt.keep:
		return instant(n), nil
	case work == 0:
		n, err = tt.forward(n)
	default:
		n, err = tt.ahead(n, int64(work))
	}
	if err != nil {
		return time.Time{}, err
	}
	return instant(n), nil
}

// LatestStart returns the instant from which so much working time passes up to
// end: the last of them. It is [Timetable.Deadline] backwards: what falls on a
// closing there falls on an opening here.
func (tt *Timetable) LatestStart(end time.Time, work time.Duration) (time.Time, error) {
	n, err := tt.nano(end)
	switch {
	case err != nil:
		return time.Time{}, err
	case work < 0:
		return time.Time{}, negative("work", work.String())
	case work == 0 && tt.keep:
		return instant(n), nil
	case work == 0:
		n, err = tt.backward(n)
	default:
		n, err = tt.back(n, int64(work))
	}
	if err != nil {
		return time.Time{}, err
	}
	return instant(n), nil
}

func negative(path, value string) error {
	var v servicecoin.Violations
	v.Add(path, "negative", value, "must not be negative")
	return v.Err()
}

// worked returns the working time from the start of the span to n.
func (tt *Timetable) worked(n int64) int64 {
	i := tt.after(n)
	if i == len(tt.slots) {
		return tt.total
	}
	return tt.slots[i].before + max(0, n-tt.slots[i].start)
}

// ahead returns the deadline of some work.
func (tt *Timetable) ahead(n, work int64) (int64, error) {
	done := tt.worked(n)
	if work > tt.total-done {
		return 0, tt.outside("the deadline")
	}
	due := done + work
	i := sort.Search(len(tt.slots), func(i int) bool { s := &tt.slots[i]; return s.before+s.end-s.start >= due })
	at := tt.slots[i].start + due - tt.slots[i].before
	if tt.goOn {
		return tt.forward(at)
	}
	return at, nil
}

// back returns the latest start of some work.
func (tt *Timetable) back(n, work int64) (int64, error) {
	done := tt.worked(n)
	if work > done {
		return 0, tt.outside("the latest start")
	}
	due := done - work
	i := sort.Search(len(tt.slots), func(i int) bool { return tt.slots[i].before > due }) - 1
	at := tt.slots[i].start + due - tt.slots[i].before
	if tt.goOn {
		return tt.backward(at)
	}
	return at, nil
}

// Elapsed returns the working time from one instant to another, in real time:
// an hour that the clock repeats counts, one that it jumps over does not. If
// the second is the earlier one, the [ReversedPolicy] decides.
func (tt *Timetable) Elapsed(from, to time.Time) (time.Duration, error) {
	a, err := tt.nano(from)
	if err != nil {
		return 0, err
	}
	b, err := tt.nano(to)
	if err != nil {
		return 0, err
	}
	d := time.Duration(tt.worked(b) - tt.worked(a))
	if b >= a {
		return d, nil
	}
	switch tt.reversed {
	case SignedReversed:
		return d, nil
	case ZeroReversed:
		return 0, nil
	case AbsoluteReversed:
		return -d, nil
	case RefuseReversed:
	}
	var v servicecoin.Violations
	v.Add("to", "reversed", to.UTC().Format(time.RFC3339Nano), "must not be before the start")
	return 0, v.Err()
}

package workday

import (
	"iter"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// Days is a Rule that was compiled for a timetable: it answers when the rule comes
// next, or came last. It never changes, so it can be shared between goroutines.
//
// It knows the working days of the timetable's span. Where the answer, or whether
// there is one, depends on days outside of it, that is a [*calendar.OutsideError],
// never a guess; so compile generously, some weeks more on both ends than is asked
// for, and as many working days as the rule shifts by.
type Days struct {
	rule  Rule
	comes *recur.Recurrence // in UTC
	tt    *hours.Timetable
	roll  Roll // what it comes to
}

// Compile checks the rule and works it out for the working days of a timetable,
// which may be nil if the rule does not count any; every violation is reported, as by
// [Rule.Validate].
func (r Rule) Compile(tt *hours.Timetable) (*Days, error) {
	var v servicecoin.Violations
	v.Merge("", r.Validate())
	if r.Counts() && tt == nil {
		v.Add("timetable", "required", "", "must be there, since the rule counts working days")
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	comes, err := r.days().Compile()
	if err != nil {
		return nil, err
	}
	d := &Days{rule: r, comes: comes, tt: tt, roll: r.Roll}
	switch { // the first working day after a free day is the one after the last before it
	case r.Roll != "":
	case r.Shift > 0:
		d.roll = OnOrBefore
	case r.Shift < 0:
		d.roll = OnOrAfter
	}
	return d, nil
}

// Rule returns the rule that was compiled.
func (d *Days) Rule() Rule { return d.rule }

// Next returns the first day after a date, and false if there is none.
func (d *Days) Next(after calendar.Date) (calendar.Date, bool, error) {
	first, err := d.inverse(after)
	if err != nil {
		return calendar.Date{}, false, err
	}
	for t := range d.comes.Between(civil.Midnight(first), endOfDays()) {
		if on, comes, err := d.moved(civil.DateShown(t)); comes || err != nil {
			return on, comes, err
		}
	}
	return calendar.Date{}, false, nil
}

// Previous returns the last day before a date, and false if there is none.
func (d *Days) Previous(before calendar.Date) (calendar.Date, bool, error) {
	first, err := d.inverse(before.AddDays(-1))
	if err != nil {
		return calendar.Date{}, false, err
	}
	for t, ok := d.comes.Previous(civil.Midnight(first)); ok; t, ok = d.comes.Previous(t) {
		if on, comes, err := d.moved(civil.DateShown(t)); comes || err != nil {
			return on, comes, err
		}
	}
	return calendar.Date{}, false, nil
}

// Contains reports whether the date is one of the days.
func (d *Days) Contains(day calendar.Date) (bool, error) {
	for _, err := range d.Between(day, day.AddDays(1)) {
		return err == nil, err
	}
	return false, nil
}

// Between yields the days from one date up to, but without, another, in order, or
// one error where it does not know further.
func (d *Days) Between(from, to calendar.Date) iter.Seq2[calendar.Date, error] {
	return func(yield func(calendar.Date, error) bool) {
		first, err := d.inverse(from.AddDays(-1))
		if err != nil {
			yield(calendar.Date{}, err)
			return
		}
		end := endOfDays()
		if stop, err := d.inverse(to.AddDays(-1)); err == nil {
			end = civil.Midnight(stop)
		}
		last := calendar.Date{}
		for t := range d.comes.Between(civil.Midnight(first), end) {
			on, comes, err := d.moved(civil.DateShown(t))
			switch {
			case err != nil:
				yield(calendar.Date{}, err)
				return
			case comes && on.Compare(to) >= 0:
				return
			case comes && on != last:
				if last = on; !yield(on, nil) {
					return
				}
			}
		}
	}
}

// All yields the days that it knows, in order: those of the timetable's span. A
// rule that counts no working days has no end before the year 9999, unless it says so.
func (d *Days) All() iter.Seq[calendar.Date] {
	return func(yield func(calendar.Date) bool) {
		from, to := startOfDays(), endOfDays()
		if d.rule.Counts() {
			span := d.tt.Span()
			from = civil.Midnight(civil.DayIn(span.Start, d.tt.Location()))
			to = civil.Midnight(civil.DayIn(span.End, d.tt.Location()).AddDays(1))
		}
		last := calendar.Date{}
		for t := range d.comes.Between(from, to) {
			on, comes, err := d.moved(civil.DateShown(t))
			if err != nil || !comes || on == last {
				continue
			}
			if last = on; !yield(on) {
				return
			}
		}
	}
}

func startOfDays() time.Time {
	return civil.Midnight(calendar.Date{Year: 1, Month: time.January, Day: 1})
}

func endOfDays() time.Time {
	return civil.Midnight(calendar.Date{Year: 9999, Month: time.December, Day: 31}).AddDate(0, 0, 1)
}

// moved returns the day that stands for one of the repeat, and false if none does.
func (d *Days) moved(day calendar.Date) (on calendar.Date, comes bool, err error) {
	if !d.rule.Counts() {
		return day, true, nil
	}
	works, err := d.tt.WorkingDay(day)
	if err == nil && !works {
		switch d.roll {
		case OnlyOn:
			return calendar.Date{}, false, nil
		case OnOrAfter:
			day, err = d.working(day, 1)
		case OnOrBefore:
			day, err = d.working(day, -1)
		}
	}
	if err != nil {
		return calendar.Date{}, false, err
	}
	on, err = d.tt.AddDays(day, d.rule.Shift)
	return on, err == nil, err
}

// working returns the first working day from a date on, or the last one up to it.
func (d *Days) working(day calendar.Date, step int) (calendar.Date, error) {
	for {
		works, err := d.tt.WorkingDay(day)
		if works || err != nil {
			return day, err
		}
		day = day.AddDays(step)
	}
}

// inverse returns the date from which on days of the repeat are moved to days after
// a date, while those before it are moved to that date or earlier ones. That they
// keep their order makes it one date.
//
// Working days are numbered: a day with the number n is moved to the one with n plus
// the shift. What is the last one up to the date less the shift is the last that
// stays.
func (d *Days) inverse(date calendar.Date) (calendar.Date, error) {
	if !d.rule.Counts() {
		return date.AddDays(1), nil
	}
	if d.roll == OnOrBefore { // what is rolled back to the next working day is moved as it is
		next, err := d.working(date.AddDays(1), 1)
		if err != nil {
			return next, err
		}
		return d.tt.AddDays(next, -d.rule.Shift)
	}
	last, err := d.working(date, -1)
	if err != nil {
		return last, err
	}
	last, err = d.tt.AddDays(last, -d.rule.Shift)
	return last.AddDays(1), err
}

package ical

import (
	"fmt"
	"iter"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/calendar/rota"
)

// Stretches returns an entry like another one for each stretch of a set. Each has
// a UID of its own, that of like with its start behind it: one that begins at
// another time is another event.
func Stretches(like Entry, set calendar.Set) []Entry {
	var list []Entry
	for iv := range set.All() {
		list = append(list, like.during(iv))
	}
	return list
}

// Shifts returns an entry like another one for each shift of somebody, with the
// name of that person behind the summary; a nil name shows the id. The UID is that
// of like with the start behind it, so who has the shift may change.
func Shifts(like Entry, shifts iter.Seq[rota.Shift], name func(servicecoin.PersonID) string) []Entry {
	var list []Entry
	for s := range shifts {
		if s.Member == "" {
			continue
		}
		who := string(s.Member)
		if name != nil {
			who = name(s.Member)
		}
		e := like.during(s.Interval)
		if e.Summary != "" {
			who = e.Summary + ": " + who
		}
		e.Summary = who
		list = append(list, e)
	}
	return list
}

// during returns the entry between two times, with a UID of its own.
func (e Entry) during(iv calendar.Interval) Entry {
	e.UID += "-" + shown(iv.Start, time.UTC).code()
	e.During, e.First, e.Last = iv, calendar.Date{}, calendar.Date{}
	e.Rule, e.For = recur.Rule{}, calendar.Period{}
	return e
}

// Times returns what the rule of an entry says within an interval as an entry for
// each time, with a UID of its own: for rules that iCalendar does not know, and for
// readers that know none. There are [MaxEntries] at most. An entry without a rule
// is returned as it is.
func Times(e Entry, within calendar.Interval) ([]Entry, error) {
	var v servicecoin.Violations
	v.Merge("within", within.Validate())
	if e.Rule.Start.IsZero() || v.Len() > 0 {
		return []Entry{e}, v.Err()
	}
	v.Merge("rule", e.Rule.Validate())
	e.validateLength(&v, "for")
	if err := v.Err(); err != nil {
		return nil, err
	}
	length, zone := e.For, e.Rule.Zone
	whole := e.Rule.Start.Whole
	if whole {
		length.Days, e.Rule.Zone = max(1, length.Days), ""
		within = daysWithin(within)
	}
	loc, err := calendarLocation(e.Rule.Zone)
	if err != nil {
		return nil, err
	}
	var list []Entry
	for iv := range timesOf(&v, upTo(e.Rule, within.End), length, nil, loc, within) {
		if len(list) == MaxEntries {
			v.Add("rule", "too-many", "", fmt.Sprintf("must come at most %d times within the interval", MaxEntries))
			break
		}
		next := e.during(iv)
		if next.Zone = zone; whole {
			next.UID = e.UID + "-" + day(civil.DateShown(iv.Start)).code()
			next.During, next.Zone = calendar.Interval{}, ""
			next.First = civil.DateShown(iv.Start)
			if length.Days > 1 {
				next.Last = next.First.AddDays(length.Days - 1)
			}
		}
		list = append(list, next)
	}
	return list, v.Err()
}

// daysWithin returns the days of UTC that an interval touches.
func daysWithin(iv calendar.Interval) calendar.Interval {
	first, last := civil.DateShown(iv.Start.UTC()), civil.DateShown(iv.End.Add(-1).UTC())
	return calendar.Between(civil.Midnight(first), civil.Midnight(last.AddDays(1)))
}

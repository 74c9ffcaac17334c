package ical

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
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
	loc, _ := wall.Zones{}.Named(e.Rule.Zone)
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

// Window returns the entries of a window, with the rule, the length and, unless like
// has one, the name of it. Nights that end by the clock are shorter or longer where
// that is set: those within the interval are entries beside the rule that stand for
// its times, and one that does not come is an exception. What [Write] refuses of
// rules, it refuses here: see [Times].
func Window(like Entry, w recur.Window, within calendar.Interval) ([]Entry, error) {
	var v servicecoin.Violations
	v.Merge("within", within.Validate())
	times, err := w.Compile()
	if v.Merge("window", err); v.Len() > 0 {
		return nil, v.Err()
	}
	if like.Summary == "" {
		like.Summary = w.Name
	}
	like.During, like.First, like.Last, like.Zone, like.Replaces = calendar.Interval{}, calendar.Date{}, calendar.Date{}, "", recur.When{}
	like.Rule = w.Rule
	if like.For = w.For; w.Until == nil {
		if w.For.IsZero() {
			like.For.Days = 1
		}
		return []Entry{like}, nil
	}
	lengths := map[int64]int{} // by seconds
	var list []calendar.Interval
	for iv := range times.Overlapping(within) {
		if len(list) == MaxEntries {
			v.Add("window", "too-many", "", fmt.Sprintf("must come at most %d times within the interval", MaxEntries))
			return nil, v.Err()
		}
		list = append(list, iv)
		lengths[seconds(iv)]++
	}
	if len(list) == 0 {
		v.Add("window", "empty", w.String(), "must come once within the interval")
		return nil, v.Err()
	}
	usual := seconds(list[0])
	for d, n := range lengths {
		if n > lengths[usual] || n == lengths[usual] && d < usual {
			usual = d
		}
	}
	like.For = calendar.Period{Exact: time.Duration(usual) * time.Second}
	out := []Entry{like}
	for _, iv := range list {
		if seconds(iv) != usual {
			other := like
			other.Rule, other.For, other.During, other.Zone, other.Replaces = recur.Rule{}, calendar.Period{}, iv, w.Rule.Zone, utcOf(iv.Start)
			out = append(out, other)
		}
	}
	out[0].Rule.ExceptDates = append(slices.Clone(w.Rule.ExceptDates), missing(times, list, within)...)
	return out, nil
}

func seconds(iv calendar.Interval) int64 { return int64(iv.Duration() / time.Second) }

// missing returns the beginnings within an interval of windows that do not come.
func missing(times *recur.WindowTimes, list []calendar.Interval, within calendar.Interval) []recur.When {
	comes := map[int64]bool{}
	for _, iv := range list {
		comes[iv.Start.Unix()] = true
	}
	var out []recur.When
	for t := range times.Begins().Between(within.Start, within.End) {
		if !comes[t.Unix()] {
			out = append(out, utcOf(t))
		}
	}
	return out
}

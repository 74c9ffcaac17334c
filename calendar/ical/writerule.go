package ical

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

const maxEntryDays = 366_000 // of one time of a rule: as many as are read

// workRule checks the rule of an entry, and works out how it is written.
func (e Entry) workRule(v *servicecoin.Violations, path string, zones wall.Zones, out *written) {
	before := v.Len()
	if e.Zone != "" {
		v.Add(path+".zone", "unexpected", e.Zone, "must be that of the rule")
	}
	v.Merge(path+".rule", e.Rule.Validate())
	e.validateLength(v, path+".for")
	e.expressible(v, path+".rule")
	if v.Len() > before {
		return
	}
	rule := e.Rule
	loc, _ := zones.Named(rule.Zone)
	if rule.Start.Whole {
		loc, rule.Zone = time.UTC, "" // days have none
	}
	times, err := rule.Compile()
	if err != nil {
		v.Merge(path+".rule", err)
		return
	}
	if !comes(times) {
		v.Add(path+".rule", "empty", rule.Start.String(), "must come once at least")
		return
	}
	out.loc = loc
	out.start = inZone(rule.Start, loc)
	out.rule = e.synchronised(v, path, rule, times, loc)
	out.until = ends(times, e.For)
	switch {
	case rule.Start.Whole:
		out.end = day(rule.Start.Local.Date.AddDays(max(1, e.For.Days)))
	case !e.For.IsZero():
		out.length = e.For.String()
	default:
		out.end = out.start
	}
}

func comes(times *recur.Recurrence) bool {
	for range times.All() {
		return true
	}
	return false
}

// ends returns an instant by which the last time of a rule has ended, the zero time
// if it has no end.
func ends(times *recur.Recurrence, length calendar.Period) time.Time {
	last, ok := times.Last()
	if !ok {
		return time.Time{}
	}
	return last.AddDate(0, 0, length.Days+1).Add(length.Exact)
}

func (e Entry) validateLength(v *servicecoin.Violations, path string) {
	before := v.Len()
	v.Merge(path, e.For.Validate())
	switch {
	case v.Len() > before:
	case e.For.Years != 0 || e.For.Months != 0:
		v.Add(path, "unsupported", e.For.String(), "must have days, hours, minutes and seconds alone")
	case e.For.Days > maxEntryDays:
		v.Add(path, "out-of-range", e.For.String(), "must be a thousand years at most")
	case e.Rule.Start.Whole && e.For.Exact != 0:
		v.Add(path, "bad-format", e.For.String(), "must be whole days, as the rule is")
	case e.Rule.Start.Whole && e.Rule.Start.Local.Date.AddDays(max(1, e.For.Days)).Validate() != nil:
		v.Add(path, "out-of-range", e.For.String(), "must end in the years 1 to 9999")
	}
}

// expressible reports what RFC 5545 cannot say of a rule.
func (e Entry) expressible(v *servicecoin.Violations, path string) {
	const instead = ": write its times as entries of their own"
	switch {
	case e.Rule.Gap != "" && e.Rule.Gap != calendar.ShiftByGap:
		v.Add(path+".gap", "unsupported", string(e.Rule.Gap), "is no policy of RFC 5545"+instead)
	case e.Rule.Twice != "" && e.Rule.Twice != calendar.FirstOfTwo:
		v.Add(path+".twice", "unsupported", string(e.Rule.Twice), "is no policy of RFC 5545"+instead)
	}
	if n := len(e.Rule.Repeats); n > 1 {
		v.Add(path+".repeats", "unsupported", strconv.Itoa(n), "must be one"+instead)
	}
	if n := len(e.Rule.Except); n > 0 {
		v.Add(path+".except", "unsupported", strconv.Itoa(n), "must be dates"+instead)
	}
	for i, r := range e.Rule.Repeats {
		if !r.Until.IsZero() {
			r.Count = 0 // one of both is written
		}
		if v.Len() < servicecoin.MaxViolations {
			v.Merge(fmt.Sprintf("%s.repeats[%d]", path, i), r.Conform())
		}
	}
}

// synchronised returns the rule so that its start is its first time, or one of its
// exceptions: to RFC 5545 the start comes in any case, and is counted. All that it
// leaves out is a time of its own.
func (e Entry) synchronised(v *servicecoin.Violations, path string, rule recur.Rule, times *recur.Recurrence, loc *time.Location) recur.Rule {
	if len(rule.Repeats) == 1 {
		base, err := recur.Rule{Start: rule.Start, Zone: rule.Zone, Repeats: rule.Repeats}.Compile()
		if err != nil {
			v.Merge(path+".rule", err)
			return rule
		}
		start := inZone(rule.Start, loc).instant()
		repeat := rule.Repeats[0]
		says := base.Contains(start)
		last, some := base.Last()
		if repeat.Count > 0 && some && (!says || !repeat.Until.IsZero()) {
			repeat.Count = 0
			if repeat.Until = utcOf(last); rule.Start.Whole {
				repeat.Until = recur.WholeDay(civil.DateShown(last))
			}
		}
		if !repeat.Until.IsZero() && !repeat.Until.Whole {
			repeat.Until.UTC = true // a rule of no zone is one of UTC
		}
		rule.Repeats = []recur.Repeat{repeat}
		if !comes(base) {
			rule.Repeats = nil
		}
		if !says && !times.Contains(start) {
			rule.ExceptDates = append([]recur.When{rule.Start}, rule.ExceptDates...)
		}
	}
	rule.ExceptDates = e.exceptions(v, path+".rule.exceptDates", rule, times, loc)
	return rule
}

// exceptions returns the dates that the rule leaves out, whole days as the times
// that come on them by the clock of the rule, be they moved to another day by a jump
// of it.
func (e Entry) exceptions(v *servicecoin.Violations, path string, rule recur.Rule, times *recur.Recurrence, loc *time.Location) []recur.When {
	if rule.Start.Whole {
		return rule.ExceptDates
	}
	var list []recur.When
	var all *recur.Recurrence
	out := map[int64]bool{}
	for _, d := range rule.ExceptDates {
		if !d.Whole {
			list = append(list, d)
			continue
		}
		if all == nil {
			var err error
			whole := e.Rule
			whole.ExceptDates = nil
			if all, err = whole.Compile(); err != nil {
				v.Merge(path, err)
				return nil
			}
		}
		for t := range all.Between(d.Local.Date.AddDays(-1).In(loc).Start, d.Local.Date.AddDays(1).In(loc).End) {
			if out[t.Unix()] || times.Contains(t) {
				continue
			}
			out[t.Unix()] = true
			if len(list) >= recur.MaxDates {
				v.Add(path, "too-many", "", fmt.Sprintf("must leave out at most %d times", recur.MaxDates))
				return nil
			}
			list = append(list, utcOf(t))
		}
	}
	return list
}

// putRule writes when an entry comes besides its start.
func (x written) putRule(p *printer) {
	for _, r := range x.rule.Repeats {
		p.line("RRULE", r.String())
	}
	x.putDates(p, "RDATE", x.rule.Dates)
	x.putDates(p, "EXDATE", x.rule.ExceptDates)
}

// putDates writes those by the clock of the zone, then those in UTC.
func (x written) putDates(p *printer, name string, list []recur.When) {
	var params []string
	codes := map[string][]string{}
	for _, w := range list {
		at := inZone(w, x.loc)
		if codes[at.params()] == nil {
			params = append(params, at.params())
		}
		codes[at.params()] = append(codes[at.params()], at.code())
	}
	for _, kind := range params {
		p.line(name+kind, strings.Join(codes[kind], ","))
	}
}

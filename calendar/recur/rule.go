// Package recur models what comes again and again: a [Rule] is the recurrence of
// RFC 5545, that answers when it comes next, or came last, without walking there; a
// [Window] is a rule with a length, for maintenance and for blackouts; and
// [CompileWindows] makes of ten thousand of them an index that answers "which of
// them is open", "what does this change run into" and "what opens next".
//
//	rule, err := recur.Parse("DTSTART;TZID=Europe/Berlin:20260105T090000\nRRULE:FREQ=MONTHLY;BYDAY=2TU")
//	times, err := rule.Compile()
//	next, ok := times.Next(now)
//
//	patches, err := recur.ParseWindow("Sa 22:00-06:00 Europe/Berlin")
//	nights, err := patches.Compile()
//	tonight, is := nights.At(now)
//
// Rules are read as people and programs write them; [Repeat.Conform] says what of
// one RFC 5545 forbids.
package recur

import (
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Rule says when something comes again and again: the DTSTART, RRULE, RDATE,
// EXRULE and EXDATE of RFC 5545. It is plain data, to be written by hand as
// text (see [Parse]) or as JSON:
//
//	{"start": "2026-01-05T09:00", "zone": "Europe/Berlin", "repeats": ["FREQ=WEEKLY;BYDAY=MO,WE,FR"]}
//
// [Rule.Compile] makes a [Recurrence] of it, which answers questions.
//
// What comes is all that the Repeats and the Dates say, without what the Except
// and ExceptDates say, each instant once. The start is an occurrence if there
// are no Repeats; else if they say so, as in python-dateutil (RFC 5545 leaves it
// undefined).
//
// A rule speaks of what the clock of its zone shows. A local time that the
// clock jumps over moves on by as much as the clock does (02:30 becomes 03:30),
// one that it shows twice is the first of the two; Gap and Twice say otherwise.
// So HOURLY, MINUTELY and SECONDLY go by the wall clock, too: nothing comes in an
// hour that it shows again, unless Twice asks for both, and a Count counts what
// the clock shows, of which two that fall together are one. A rule in UTC goes by
// real time. A whole day begins as [calendar.Date.In] does.
type Rule struct {
	Start       When                 `json:"start"`
	Zone        string               `json:"zone,omitempty"`        // IANA name, "" means UTC
	Repeats     []Repeat             `json:"repeats,omitempty"`     // RRULE
	Dates       []When               `json:"dates,omitempty"`       // RDATE
	Except      []Repeat             `json:"except,omitempty"`      // EXRULE
	ExceptDates []When               `json:"exceptDates,omitempty"` // EXDATE; a whole day takes out all that comes on it
	Gap         calendar.GapPolicy   `json:"gap,omitempty"`         // "" is ShiftByGap
	Twice       calendar.TwicePolicy `json:"twice,omitempty"`       // "" is FirstOfTwo
}

// Limits of a [Rule], beyond which Validate refuses it.
const (
	MaxDates     = 10_000 // Dates and ExceptDates: each
	maxRepeaters = 50     // Repeats and Except: each
)

// Validate reports every violation, those of the Repeats among them. An Until
// has the form of the start, as RFC 5545 asks: a whole day if that is one, a
// local time if it is local and the rule has no zone, else an instant in UTC.
func (r Rule) Validate() error {
	var v servicecoin.Violations
	r.validate(&v, wall.Zones{})
	return v.Err()
}

// clone returns the rule with lists of its own.
func (r Rule) clone() Rule {
	r.Repeats, r.Except = cloneRepeats(r.Repeats), cloneRepeats(r.Except)
	r.Dates, r.ExceptDates = slices.Clone(r.Dates), slices.Clone(r.ExceptDates)
	return r
}

func cloneRepeats(list []Repeat) []Repeat {
	list = slices.Clone(list)
	for i, r := range list {
		r.BySecond, r.ByMinute, r.ByHour = slices.Clone(r.BySecond), slices.Clone(r.ByMinute), slices.Clone(r.ByHour)
		r.ByDay, r.ByMonthDay, r.ByYearDay = slices.Clone(r.ByDay), slices.Clone(r.ByMonthDay), slices.Clone(r.ByYearDay)
		r.ByWeekNo, r.ByMonth, r.BySetPos = slices.Clone(r.ByWeekNo), slices.Clone(r.ByMonth), slices.Clone(r.BySetPos)
		if r.WeekStart != nil {
			r.WeekStart = new(*r.WeekStart)
		}
		list[i] = r
	}
	return list
}

// validate adds every violation and returns the zone.
func (r Rule) validate(v *servicecoin.Violations, z wall.Zones) *time.Location {
	if r.Start.IsZero() {
		v.Add("start", "required", "", "must be set")
	} else {
		v.Merge("start", r.Start.Validate())
	}
	loc, ok := z.Named(r.Zone)
	if !ok {
		v.Add("zone", "unknown-zone", r.Zone, "is not a zone of the tz database")
	}
	if r.Start.UTC && r.Zone != "" {
		v.Add("zone", "unexpected", r.Zone, "must not stand beside a start in UTC")
	}
	r.validateRepeats(v, "repeats", r.Repeats)
	r.validateRepeats(v, "except", r.Except)
	validateDates(v, "dates", r.Dates, func(d When) string {
		if d.Whole != r.Start.Whole {
			return "must be a date if the start is one, else a time"
		}
		return ""
	})
	validateDates(v, "exceptDates", r.ExceptDates, func(d When) string {
		if r.Start.Whole && !d.Whole {
			return "must be a date if the start is one"
		}
		return ""
	})
	v.Merge("gap", r.Gap.Validate())
	v.Merge("twice", r.Twice.Validate())
	return loc
}

// upTo returns the rule with an end for each of the Repeats that has none, a day or
// two after an instant: for those who ask for nothing later, so that nothing later
// is looked at.
func (r Rule) upTo(end time.Time) Rule {
	day := civil.DateShown(end.UTC()).AddDays(2)
	if day.Year > 9999 {
		return r
	}
	r.Repeats = slices.Clone(r.Repeats)
	for i := range r.Repeats {
		if r.Repeats[i].Until.IsZero() {
			r.Repeats[i].Until = r.untilForm()
			r.Repeats[i].Until.Local = calendar.LocalTime{Date: day}
		}
	}
	return r
}

func (r Rule) validateRepeats(v *servicecoin.Violations, path string, list []Repeat) {
	if !v.Limit(path, len(list), maxRepeaters) {
		return
	}
	for i, repeat := range list {
		at := func() string { return fmt.Sprintf("%s[%d]", path, i) } // costly to write for nothing
		if err := repeat.Validate(); err != nil {
			v.Merge(at(), err)
		}
		if want := r.untilForm(); !repeat.Until.IsZero() && !repeat.Until.sameForm(want) {
			v.Add(at()+".until", "bad-format", repeat.Until.String(), "must be "+want.form())
		}
		if r.Start.Whole {
			if name := repeat.clockPart(); name != "" {
				v.Add(at(), "unexpected", name, "must not stand in a rule of whole days")
			}
		}
	}
}

// untilForm returns a When of the form that an Until must have.
func (r Rule) untilForm() When {
	return When{Whole: r.Start.Whole, UTC: !r.Start.Whole && (r.Start.UTC || r.Zone != "")}
}

// clockPart names what a repeat of whole days must not have, "" if it has
// none.
func (r Repeat) clockPart() string {
	switch {
	case r.Frequency.rank() >= 0 && r.Frequency.rank() < daily:
		return string(r.Frequency)
	case len(r.ByHour) > 0:
		return "BYHOUR"
	case len(r.ByMinute) > 0:
		return "BYMINUTE"
	case len(r.BySecond) > 0:
		return "BYSECOND"
	}
	return ""
}

// validateDates checks dates, and what is wrong with their form.
func validateDates(v *servicecoin.Violations, path string, list []When, wrong func(When) string) {
	if !v.Limit(path, len(list), MaxDates) {
		return
	}
	for i, d := range list {
		if lines.Enough(v) {
			return
		}
		if err := d.Validate(); err != nil { // a path is costly to write for nothing
			v.Merge(fmt.Sprintf("%s[%d]", path, i), err)
		}
		if text := wrong(d); text != "" {
			v.Add(fmt.Sprintf("%s[%d]", path, i), "bad-format", d.String(), text)
		}
	}
}

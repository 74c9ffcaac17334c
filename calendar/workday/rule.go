// Package workday models days that come again and again and are counted in working
// days: "the last working day of the month", "the third working day after the second
// Tuesday". RFC 5545 knows no holidays, so a [Rule] is one of its repeats and what to
// do with each day that it says; the working days are those of somebody's hours.
//
//	rule, err := workday.Parse("FREQ=MONTHLY;BYMONTHDAY=-1 on or before a working day")
//	days, err := rule.Compile(timetable)
//	next, ok, err := days.Next(today)
//
// It answers with dates: at what time of the day something is due then is for who
// asks.
package workday

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// Roll says what becomes of a day that the repeat says and that is no working day.
type Roll string

// The rolls. Without one such a day stays where it is, unless it is shifted: then
// the first working day after it is 1, the last one before it -1.
const (
	OnOrAfter  Roll = "after"  // the next working day stands for it
	OnOrBefore Roll = "before" // the last working day before it
	OnlyOn     Roll = "only"   // it does not come
)

// Rule says which days come: those of a repeat, each moved to a working day first, if
// there is a Roll, and shifted by so many working days then. Two days that land on
// the same one give it once.
//
//	the last working day of the month       FREQ=MONTHLY;BYMONTHDAY=-1, before
//	the 3rd working day of the month        FREQ=MONTHLY;BYMONTHDAY=-1, shifted by 3
//	the 3rd one after the second Tuesday    FREQ=MONTHLY;BYDAY=2TU, shifted by 3
//	Mondays, but not those that are free    FREQ=WEEKLY;BYDAY=MO, only
//
// As text and in JSON it is what [Parse] reads.
type Rule struct {
	Repeat recur.Repeat  // of whole days
	From   calendar.Date // as the DTSTART of the repeat: none before it, and an interval counts from it. Zero: 1970-01-01
	Shift  int           // working days after the day; below zero: before it
	Roll   Roll
}

// maxShift is how many working days a day may be shifted by.
const maxShift = 1000

// IsZero reports whether it is the zero Rule, so that omitzero leaves it out.
func (r Rule) IsZero() bool {
	return r.Repeat.Frequency == "" && r.From.IsZero() && r.Shift == 0 && r.Roll == ""
}

// Counts reports whether the rule needs working days at all.
func (r Rule) Counts() bool { return r.Shift != 0 || r.Roll != "" }

// Validate reports every violation: those of the repeat, which must be one of whole
// days, a roll that is none, and a shift by more than 1,000 working days.
func (r Rule) Validate() error {
	var v servicecoin.Violations
	err := r.days().Validate()
	if invalid, ok := errors.AsType[*servicecoin.InvalidError](err); ok {
		for _, x := range invalid.Violations {
			path := strings.Replace(x.Path, "repeats[0]", "repeat", 1)
			v.Add(strings.Replace(path, "start", "from", 1), x.Code, x.Value, x.Text)
		}
	}
	if r.Shift < -maxShift || r.Shift > maxShift {
		v.Add("shift", "out-of-range", strconv.Itoa(r.Shift), fmt.Sprintf("must be -%d to %d working days", maxShift, maxShift))
	}
	switch r.Roll {
	case "", OnOrAfter, OnOrBefore, OnlyOn:
	default:
		v.Add("roll", "unknown", string(r.Roll), "must be after, before or only")
	}
	return v.Err()
}

// start is From, or the first of all days.
func (r Rule) start() calendar.Date {
	if r.From.IsZero() {
		return calendar.Date{Year: 1970, Month: time.January, Day: 1}
	}
	return r.From
}

// days is the rule of the days before they are moved.
func (r Rule) days() recur.Rule {
	return recur.Rule{Start: recur.WholeDay(r.start()), Repeats: []recur.Repeat{r.Repeat}}
}

package ical

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// Status says how sure an entry is: the STATUS of RFC 5545.
type Status string

// The statuses of an event.
const (
	Tentative Status = "TENTATIVE" // it may come
	Confirmed Status = "CONFIRMED"
	Cancelled Status = "CANCELLED" // it was to come
)

// Entry is an event that is written. It says when it is in one of three forms:
// During, between two times, First, of whole days, or Rule, again and again.
//
// The UID says which event it is, for good: who reads the calendar again takes
// what has the same one for the same event. Sequence grows when it is moved or
// cancelled, so that an older copy of it does not win. An event that is called off
// stays in the calendar as cancelled; one that is only gone may live on elsewhere.
type Entry struct {
	UID      string
	Sequence int       // 0 is the first version
	Modified time.Time // when it changed last; zero: not said

	During calendar.Interval // cut to seconds; of no length: a moment
	Zone   string            // IANA name: whose clock During is written by; "" means UTC

	First calendar.Date
	Last  calendar.Date // included; the zero Date: First alone

	Rule recur.Rule
	For  calendar.Period // with Rule: days, of timed ones hours as well. None is one day, or a moment

	// Replaces says which time of the rule with the same UID the entry stands for;
	// a local time is one of Zone.
	Replaces recur.When

	Summary     string
	Description string
	Location    string
	URL         string
	Categories  []string
	Status      Status // "": not said
	Transparent bool   // it takes no time: who looks for a free hour may have this one

	Extra map[string]string // further texts by name, X-ROLLBACK
}

// last is Last, or First where that is all.
func (e Entry) last() calendar.Date {
	if e.Last.IsZero() {
		return e.First
	}
	return e.Last
}

// EntryOf returns an event that was read as one to be written, with what of its
// other lines an entry has. Each time of an event that repeats was read as an event
// of its own, with the UID of all: give such ones a UID each before they are
// written.
func EntryOf(e Event) Entry {
	out := Entry{
		UID: e.UID, Summary: e.Summary, Status: Status(e.Status), Transparent: e.Transparent, Categories: slices.Clone(e.Categories),
	}
	switch {
	case e.Dates.Yearly():
		out.Rule, out.For = everyYear(e)
	case e.Dates.IsZero():
		out.During = e.During
	default:
		out.First, out.Last = e.Dates.First, e.Dates.Last
	}
	for _, p := range e.Properties {
		out = out.with(p)
	}
	return out
}

// with returns the entry with a line that was read.
func (e Entry) with(p Property) Entry {
	switch p.Name {
	case "DESCRIPTION":
		e.Description = p.Text()
	case "LOCATION":
		e.Location = p.Text()
	case "URL":
		e.URL = strings.TrimSpace(p.Value)
	case "SEQUENCE":
		if n, err := strconv.Atoi(strings.TrimSpace(p.Value)); err == nil {
			e.Sequence = max(0, n)
		}
	case "LAST-MODIFIED":
		var v servicecoin.Violations
		if m, ok := lines.ReadMoment(&v, lines.Column(p.Value)); ok && m.UTC {
			e.Modified = point{m, time.UTC}.instant()
		}
	default:
		if extraName(p.Name) {
			if e.Extra == nil {
				e.Extra = map[string]string{}
			}
			e.Extra[p.Name] = p.Text()
		}
	}
	return e
}

// everyYear returns the rule of days that come every year on their date.
func everyYear(e Event) (recur.Rule, calendar.Period) {
	const leapYears = 8 // may lie between two 29 February
	first := e.Dates.First
	first.Year = max(1, e.Since)
	for range leapYears {
		if first.Validate() == nil {
			break
		}
		first.Year++
	}
	yearly := recur.Repeat{Frequency: recur.Yearly}
	if e.Until != 0 {
		yearly.Until = recur.WholeDay(calendar.Date{Year: e.Until, Month: time.December, Day: 31})
	}
	return recur.Rule{Start: recur.WholeDay(first), Repeats: []recur.Repeat{yearly}}, calendar.Period{Days: daysOf(e.Dates, first.Year)}
}

// daysOf counts the days of dates that come every year, in a year.
func daysOf(d hours.Dates, year int) int {
	if d.Last.IsZero() {
		return 1
	}
	first, last := d.First, d.Last
	first.Year, last.Year = year, year
	if last.Compare(first) < 0 {
		last.Year++
	}
	return int(civil.Number(last)-civil.Number(first)) + 1
}

// Package hours models the hours at which something is open, staffed or
// promised: weekly hours, special days, holidays and breaks ([Hours]), written by
// hand as text or as JSON. Compiled to a [Timetable] they answer "is it open", "when
// is it due", "how much working time lies between" and "which working day is it",
// each by a lookup.
//
//	desk, err := hours.Parse("Mo-Fr 09:00-17:00; Dec 24 09:00-12:00; PH off")
//	desk.Zone, desk.Holidays = "Europe/Berlin", []hours.Holiday{{Name: "Christmas", Dates: hours.Yearly(time.December, 25)}}
//	timetable, err := desk.CompileYears(2026, 2030, nil)
//	due, err := timetable.Deadline(reported, 4*time.Hour)
//
// An [Allowance] says in a contract what "one day" means. Critical windows
// ([CompileCritical]) are the times that matter more than others, with a weight and
// a reason. What systems decide differently is decided by [Policies].
//
// An instant outside of the years that were compiled is a [calendar.OutsideError],
// never a guess.
package hours

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Hours says when something is open, staffed or promised: weekly hours in a
// zone, and the days on which they do not hold. The instants are found in this
// order:
//
//  1. A date has the hours of its weekday; a special day replaces them, the
//     last one that names the date, and before it the last one that holds even
//     on holidays.
//  2. A holiday is closed, its whole local day from the first instant to the
//     last: a night that began the evening before ends where the holiday
//     begins. Special days do not change that, unless they hold even on
//     holidays.
//  3. On a holiday OnHolidays are the hours, or those of the last special day
//     that names the date and holds even on holidays. As all hours, they may
//     run into the next day.
//  4. Breaks are cut out of all of it.
//
// Spans are by the clock of the zone, their length is real: a local time that
// the clock jumps over moves on by the length of the jump (02:30 becomes
// 03:30), a repeated one is the first of the two, so 00:00-24:00 is 23 or 25
// hours long where the clock is changed. A date that the zone left out has no
// hours.
//
// Hours are plain data to be written by hand, as JSON or as text (see
// [Parse]). [Hours.Compile] makes a [Timetable] of them, which answers
// questions.
type Hours struct {
	Zone       string               `json:"zone,omitempty"`       // IANA name, "" means UTC
	Weekly     Week                 `json:"weekly"`               // by the weekday on which they open
	Special    []SpecialDay         `json:"special,omitempty"`    // dates with hours of their own
	Holidays   []Holiday            `json:"holidays,omitempty"`   // dates that are closed
	OnHolidays []calendar.ClockSpan `json:"onHolidays,omitempty"` // hours on holidays; none: closed
	Breaks     []Break              `json:"breaks,omitempty"`     // stretches that are closed
}

// Holiday is a date, or several in a row, on which everything is closed.
type Holiday struct {
	Name  string `json:"name,omitempty"`
	Dates Dates  `json:"dates"`
	Since int    `json:"since,omitempty"` // the first year in which a yearly one begins; 0: ever since
	Until int    `json:"until,omitempty"` // the last one; 0: for ever
}

// SpecialDay is a date, or several in a row, with hours of its own instead of
// the weekly ones.
type SpecialDay struct {
	Name           string               `json:"name,omitempty"`
	Dates          Dates                `json:"dates"`
	Hours          []calendar.ClockSpan `json:"hours"`                    // none: closed
	EvenOnHolidays bool                 `json:"evenOnHolidays,omitempty"` // they hold if the date is a holiday, too
}

// Break is a stretch that is cut out of the hours, whichever they are: either
// clock times on dates, or an interval between two instants.
type Break struct {
	Name   string               `json:"name,omitempty"`
	Dates  Dates                `json:"dates,omitzero"`
	Hours  []calendar.ClockSpan `json:"hours,omitempty"`
	During calendar.Interval    `json:"during,omitzero"`
}

// Limits of [Hours], beyond which Validate refuses them.
const (
	MaxDays = 10_000 // holidays, special days, breaks: each
)

// Location returns the zone, and an [*servicecoin.InvalidError] if the tz
// database does not know it.
func (h Hours) Location() (*time.Location, error) {
	loc, ok := wall.Zones{}.Named(h.Zone)
	if !ok {
		var v servicecoin.Violations
		v.Add("zone", "unknown-zone", h.Zone, "is not a zone of the tz database")
		return nil, v.Err()
	}
	return loc, nil
}

// Validate reports every violation: an unknown zone, times that no clock
// shows, days that the calendar does not have, reversed ranges, breaks of
// neither form or of both, and hours that are never open at all.
func (h Hours) Validate() error {
	var v servicecoin.Violations
	if _, err := h.Location(); err != nil {
		v.Merge("", err)
	}
	v.Merge("weekly", h.Weekly.Validate())
	validateDays(&v, "special", h.Special)
	validateDays(&v, "holidays", h.Holidays)
	validateSpans(&v, "onHolidays", h.OnHolidays)
	validateDays(&v, "breaks", h.Breaks)
	if h.neverOpen() {
		v.Add("weekly", "never-open", "", "no day has any hours, so nothing would ever be due")
	}
	return v.Err()
}

// neverOpen reports whether there are no hours at all, on no day.
func (h Hours) neverOpen() bool {
	if !h.Weekly.Empty() || len(h.OnHolidays) > 0 && len(h.Holidays) > 0 {
		return false
	}
	return !slices.ContainsFunc(h.Special, func(s SpecialDay) bool { return len(s.Hours) > 0 })
}

func validateDays[T interface{ Validate() error }](v *servicecoin.Violations, path string, days []T) {
	if !v.Limit(path, len(days), MaxDays) {
		return
	}
	for i, d := range days {
		if lines.Enough(v) {
			return
		}
		if err := d.Validate(); err != nil { // a path is costly to write for nothing
			v.Merge(fmt.Sprintf("%s[%d]", path, i), err)
		}
	}
}

// Validate reports every violation. Since and Until are years of yearly
// holidays only.
func (d Holiday) Validate() error {
	var v servicecoin.Violations
	v.Text("name", d.Name, 0, lines.MaxName)
	v.Merge("dates", d.Dates.Validate())
	if !d.Dates.Yearly() && (d.Since != 0 || d.Until != 0) {
		v.Add("since", "unexpected", d.Dates.String(), "and until are for dates of every year")
	}
	if d.Since < 0 || d.Until < 0 || d.Until != 0 && d.Until < d.Since {
		v.Add("until", "reversed", strconv.Itoa(d.Until), "must be a year that is not before since")
	}
	return v.Err()
}

// Reaches reports whether a day of the holiday lies from one date to another,
// both included.
func (d Holiday) Reaches(first, last calendar.Date) bool {
	found := false
	d.Dates.between(first, last, func(year int, _, _ int64) { found = found || !d.Dates.Yearly() || d.holds(year) })
	return found
}

// holds reports whether the holiday is one in a year.
func (d Holiday) holds(year int) bool {
	return d.Since <= year && (d.Until == 0 || year <= d.Until)
}

// Validate reports every violation.
func (d SpecialDay) Validate() error {
	var v servicecoin.Violations
	v.Text("name", d.Name, 0, lines.MaxName)
	v.Merge("dates", d.Dates.Validate())
	validateSpans(&v, "hours", d.Hours)
	return v.Err()
}

// Validate reports every violation.
func (b Break) Validate() error {
	var v servicecoin.Violations
	v.Text("name", b.Name, 0, lines.MaxName)
	if b.During != (calendar.Interval{}) {
		v.Merge("during", b.During.Validate())
		if !b.Dates.IsZero() || len(b.Hours) > 0 {
			v.Add("during", "unexpected", "", "must stand alone, without dates and hours")
		}
		return v.Err()
	}
	v.Merge("dates", b.Dates.Validate())
	validateSpans(&v, "hours", b.Hours)
	if len(b.Hours) == 0 {
		v.Add("hours", "required", "", "must not be empty")
	}
	return v.Err()
}

// MarshalJSON writes [] for a day that is closed.
func (d SpecialDay) MarshalJSON() ([]byte, error) {
	type plain SpecialDay
	if d.Hours == nil {
		d.Hours = []calendar.ClockSpan{}
	}
	return json.Marshal(plain(d))
}

// UnmarshalJSON reads hours and reports every violation of their form with its
// path. Unlike encoding/json it refuses a field that it does not know: hours
// read without the holidays of a misspelt field would be wrong in silence.
func (h *Hours) UnmarshalJSON(data []byte) error {
	var raw struct {
		Zone    string              `json:"zone"`
		Weekly  map[string][]string `json:"weekly"`
		Special []struct {
			Name           string   `json:"name"`
			Dates          string   `json:"dates"`
			Hours          []string `json:"hours"`
			EvenOnHolidays bool     `json:"evenOnHolidays"`
		} `json:"special"`
		Holidays []struct {
			Name  string `json:"name"`
			Dates string `json:"dates"`
			Since int    `json:"since"`
			Until int    `json:"until"`
		} `json:"holidays"`
		OnHolidays []string `json:"onHolidays"`
		Breaks     []struct {
			Name   string            `json:"name"`
			Dates  string            `json:"dates"`
			Hours  []string          `json:"hours"`
			During calendar.Interval `json:"during"`
		} `json:"breaks"`
	}
	var v servicecoin.Violations
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&raw); err != nil {
		v.Add("", "bad-format", "", "must be an object of hours: "+err.Error())
		return v.Err()
	}
	for _, list := range []struct {
		path string
		n    int
	}{{"special", len(raw.Special)}, {"holidays", len(raw.Holidays)}, {"breaks", len(raw.Breaks)}} {
		v.Limit(list.path, list.n, MaxDays)
	}
	if err := v.Err(); err != nil {
		return err
	}
	out := Hours{Zone: raw.Zone, Weekly: readWeek(&v, "weekly", raw.Weekly)}
	dates := func(path, text string) Dates {
		if lines.Enough(&v) {
			return Dates{}
		}
		d, err := ParseDates(text)
		v.Merge(path+".dates", err)
		return d
	}
	for i, r := range raw.Special {
		path := fmt.Sprintf("special[%d]", i)
		out.Special = append(out.Special, SpecialDay{
			Name: r.Name, Dates: dates(path, r.Dates), Hours: readSpans(&v, path+".hours", r.Hours), EvenOnHolidays: r.EvenOnHolidays,
		})
	}
	for i, r := range raw.Holidays {
		out.Holidays = append(out.Holidays, Holiday{
			Name: r.Name, Dates: dates(fmt.Sprintf("holidays[%d]", i), r.Dates), Since: r.Since, Until: r.Until,
		})
	}
	out.OnHolidays = readSpans(&v, "onHolidays", raw.OnHolidays)
	for i, r := range raw.Breaks {
		path := fmt.Sprintf("breaks[%d]", i)
		b := Break{Name: r.Name, Hours: readSpans(&v, path+".hours", r.Hours), During: r.During}
		if r.Dates != "" || r.During == (calendar.Interval{}) {
			b.Dates = dates(path, r.Dates)
		}
		out.Breaks = append(out.Breaks, b)
	}
	if err := v.Err(); err != nil {
		return err
	}
	*h = out
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

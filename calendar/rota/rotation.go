// Package rota models people who take turns: a [Rotation] says who they are, how
// long a turn is and when it is handed over, by the clock on the wall, and who joins
// and leaves when. Compiled to [Turns] it answers "who has the turn" and "from when
// until when", at any instant and however long ago it began.
//
//	people, err := rota.Parse("weekly from 2026-01-05 09:00 Europe/Berlin: anna, ben, carla")
//	turns, err := people.Compile()
//	who, ok := turns.Who(now)
//	for shift := range turns.Shifts(calendar.Between(now, now.AddDate(0, 1, 0))) {
//		fmt.Println(shift)
//	}
package rota

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Rotation is people who take turns: hourly, daily, weekly, monthly or yearly
// ones, or every so many of those, handed over at a time of the clock of a zone.
// It is plain data, to be written by hand as text (see [Parse]) or as
// JSON:
//
//	{"zone": "Europe/Berlin", "start": "2026-01-05T09:00", "unit": "weekly", "length": 1,
//	 "members": ["anna", "ben", "carla"],
//	 "changes": [{"from": "2026-03-02T09:00", "members": ["anna", "carla", "dora"]}]}
//
// [Rotation.Compile] makes [Turns] of it, which answer questions.
//
// Turns follow each other before the start as well as after it: turn 0 begins at
// the start, turn -1 ends there. A turn begins at the first instant at which the
// clock shows its time or a later one: a handoff at 02:30 that the clock jumps
// over is at 03:00, one that it shows twice is the first. So a turn of an hour
// lasts two where the clock is set back by one, and none where it is set forward:
// then it is not taken.
//
// With Days, only the days in the set are worked, and only they count: of daily
// turns of length 2 on Mo-Fr, one is Monday and Tuesday, and one Friday and
// Monday. Of hourly turns only the hours of such days count. A day lasts from
// handoff time to handoff time and has the name of the date on which it begins;
// an hour belongs to the date on which it begins. Nobody has what is not worked.
type Rotation struct {
	Zone    string                 `json:"zone,omitempty"` // IANA name, "" means UTC
	Start   calendar.LocalTime     `json:"start"`
	Unit    Unit                   `json:"unit"`
	Length  int                    `json:"length"`            // units of a turn, from 1 to 9000
	Days    calendar.Weekdays      `json:"days,omitempty"`    // that are worked; none: all
	Missing MissingDay             `json:"missing,omitempty"` // "" is ClampDay
	Members []servicecoin.PersonID `json:"members"`           // in the order of their turns, from the start on; "" is a turn of nobody
	Changes []Change               `json:"changes,omitempty"` // in order
}

// Change is other members from a time on: joiners and leavers. What was
// before stays as it was. Who has the turn then keeps it to its end, if still a
// member; else the next one of the old order who is takes it over at once. The
// order goes on from there. Without members it is nobody's turn, until a change
// brings some.
type Change struct {
	From    calendar.LocalTime     `json:"from"` // not before the start of the rotation
	Members []servicecoin.PersonID `json:"members"`
}

// clone returns the rotation with lists of its own.
func (r Rotation) clone() Rotation {
	r.Members, r.Changes = slices.Clone(r.Members), slices.Clone(r.Changes)
	for i, c := range r.Changes {
		r.Changes[i].Members = slices.Clone(c.Members)
	}
	return r
}

// Unit is what turns are counted in.
type Unit string

// The units of turns.
const (
	Hourly  Unit = "hourly"
	Daily   Unit = "daily"
	Weekly  Unit = "weekly"
	Monthly Unit = "monthly"
	Yearly  Unit = "yearly"
)

// MissingDay says when a turn is handed over in a month that does not have the
// day of the start: monthly from the 31st, yearly from 29 February.
type MissingDay string

// The policies for missing days.
const (
	ClampDay    MissingDay = "clamp"    // on the last day of the month: 31 January, 28 February, 31 March; the default
	SkipMonth   MissingDay = "skip"     // not in that month, and no turn is used up: 31 January, 31 March, 31 May
	OverflowDay MissingDay = "overflow" // as many days later as are missing: 31 January, 3 March, 31 March
)

// Limits of a [Rotation], beyond which Validate refuses it.
const (
	MaxLength  = 9000
	MaxMembers = 1000
	MaxChanges = 10_000
	maxRoster  = 200_000 // members in all
)

// Validate reports every violation.
func (r Rotation) Validate() error {
	var v servicecoin.Violations
	r.validate(&v)
	return v.Err()
}

// validate adds every violation and returns the zone.
func (r Rotation) validate(v *servicecoin.Violations) *time.Location {
	loc, ok := wall.Zones{}.Named(r.Zone)
	if !ok {
		v.Add("zone", "unknown-zone", r.Zone, "is not a zone of the tz database")
	}
	if r.Start.IsZero() {
		v.Add("start", "required", "", "must be set")
	} else {
		v.Merge("start", r.Start.Validate())
	}
	if !slices.Contains(turnUnits(), r.Unit) {
		v.Add("unit", "unknown", string(r.Unit), "must be hourly, daily, weekly, monthly or yearly")
	}
	if r.Length < 1 || r.Length > MaxLength {
		v.Add("length", "out-of-range", strconv.Itoa(r.Length), fmt.Sprintf("must be 1 to %d", MaxLength))
	}
	v.Merge("days", r.Days.Validate())
	switch r.Missing {
	case "", ClampDay, SkipMonth, OverflowDay:
	default:
		v.Add("missing", "unknown", string(r.Missing), "must be clamp, skip or overflow")
	}
	if validateMembers(v, "members", r.Members); !slices.ContainsFunc(r.Members, somebody) {
		v.Add("members", "required", "", "must have somebody")
	}
	if !v.Limit("changes", len(r.Changes), MaxChanges) {
		return loc
	}
	members := len(r.Members)
	for i, c := range r.Changes {
		if lines.Enough(v) {
			break
		}
		if members += len(c.Members); members > maxRoster {
			v.Add(fmt.Sprintf("changes[%d].members", i), "too-many", strconv.Itoa(members), fmt.Sprintf("must be at most %d together with those before", maxRoster))
			break
		}
		if err := r.validateChange(i); err != nil { // a path is costly to write for nothing
			v.Merge(fmt.Sprintf("changes[%d]", i), err)
		}
	}
	return loc
}

// validateChange checks one of the changes.
func (r Rotation) validateChange(i int) error {
	var v servicecoin.Violations
	c := r.Changes[i]
	if c.From.IsZero() {
		v.Add("from", "required", "", "must be set")
	} else {
		v.Merge("from", c.From.Validate())
	}
	if i == 0 && c.From.Compare(r.Start) < 0 {
		v.Add("from", "out-of-order", c.From.String(), "must not be before the start: the members before it are those of the rotation")
	}
	if i > 0 && c.From.Compare(r.Changes[i-1].From) <= 0 {
		v.Add("from", "out-of-order", c.From.String(), "must be after the change before")
	}
	validateMembers(&v, "members", c.Members)
	return v.Err()
}

func turnUnits() []Unit {
	return []Unit{Hourly, Daily, Weekly, Monthly, Yearly}
}

func somebody(id servicecoin.PersonID) bool { return id != "" }

func validateMembers(v *servicecoin.Violations, path string, members []servicecoin.PersonID) {
	if !v.Limit(path, len(members), MaxMembers) {
		return
	}
	for i, id := range members {
		if lines.Enough(v) {
			return
		}
		var one servicecoin.Violations
		if id == "" {
			continue
		}
		if one.ID("", string(id)); one.Len() > 0 {
			v.Merge(fmt.Sprintf("%s[%d]", path, i), one.Err())
		}
	}
}

// UnmarshalJSON reads a rotation and reports every violation of its form with
// its path. Unlike encoding/json it refuses a field that it does not know.
func (r *Rotation) UnmarshalJSON(data []byte) error {
	var raw struct {
		Zone    string                 `json:"zone"`
		Start   string                 `json:"start"`
		Unit    Unit                   `json:"unit"`
		Length  int                    `json:"length"`
		Days    string                 `json:"days"`
		Missing MissingDay             `json:"missing"`
		Members []servicecoin.PersonID `json:"members"`
		Changes []struct {
			From    string                 `json:"from"`
			Members []servicecoin.PersonID `json:"members"`
		} `json:"changes"`
	}
	var v servicecoin.Violations
	if !lines.Strictly(&v, data, "a rotation", &raw) {
		return v.Err()
	}
	out := Rotation{
		Zone: raw.Zone, Start: lines.ReadText[calendar.LocalTime](&v, "start", raw.Start), Unit: raw.Unit, Length: raw.Length,
		Days: lines.ReadText[calendar.Weekdays](&v, "days", raw.Days), Missing: raw.Missing, Members: raw.Members,
	}
	if !v.Limit("changes", len(raw.Changes), MaxChanges) {
		return v.Err()
	}
	for i, c := range raw.Changes {
		if lines.Enough(&v) {
			break
		}
		out.Changes = append(out.Changes, Change{
			From: lines.ReadText[calendar.LocalTime](&v, fmt.Sprintf("changes[%d].from", i), c.From), Members: c.Members,
		})
	}
	if err := v.Err(); err != nil {
		return err
	}
	*r = out
	return nil
}

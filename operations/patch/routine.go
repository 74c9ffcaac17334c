package patch

import (
	"context"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/workday"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// RoutineID names a routine.
type RoutineID string

// Routine is a cycle that comes again and again: "from the third working day after the
// second Tuesday, for ten days".
type Routine struct {
	ID   RoutineID    `json:"id"`
	Rule workday.Rule `json:"rule"`
	// At is when on such a day it begins, by the clock of Zone.
	At   calendar.Clock    `json:"at"`
	Zone string            `json:"zone,omitempty"` // IANA name, "" means UTC
	For  calendar.Duration `json:"for"`            // how long slots are looked for
	// Lead is how long before its start a cycle is planned, so that its changes are asked for
	// in time.
	Lead calendar.Duration `json:"lead"`
	// Select picks the targets; an empty one all.
	Select Selector `json:"select,omitempty"`
	// Terms are those of its cycles; During is left out.
	Terms   Terms     `json:"terms"`
	Stopped bool      `json:"stopped,omitempty"` // it comes no more
	KeptAt  time.Time `json:"keptAt"`
}

// RoutineRecord is the kind of record of a routine, in the provider's partition.
const RoutineRecord = "patch.routine" // [Routine]

// The verb and the event of routines.
const (
	VerbKeepRoutine  = "routine.keep"
	EventRoutineKept = "routine.kept" // its data is the id
)

var routines = store.Kind[Routine]{
	Name: RoutineRecord, House: house.Own(),
	ID:      func(r Routine) string { return string(r.ID) },
	Indexes: []store.Index[Routine]{{Name: "name", Columns: "t", Of: func(r Routine) store.Tuple { return store.Tuple{store.Text(r.Terms.Name)} }}},
}

const (
	maxRoutineID = 40 // the names of its cycles have a date beside
	maxLead      = 366 * 24 * time.Hour
)

// Validate reports every violation.
func (r Routine) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(r.ID))
	v.Limit("id", len(r.ID), maxRoutineID)
	v.Merge("rule", r.Rule.Validate())
	v.Merge("at", r.At.Validate())
	if _, err := r.location(); err != nil {
		v.Merge("", err)
	}
	if d, ok := r.For.Get(); !ok || d <= 0 || d > maxSoak {
		v.Add("for", "out-of-range", r.For.String(), "must be longer than nothing, and at most 366 days")
	}
	if d, ok := r.Lead.Get(); !ok || d < 0 || d > maxLead {
		v.Add("lead", "out-of-range", r.Lead.String(), "must be from nothing to 366 days")
	}
	v.Limit("select", len(r.Select), maxLabels)
	var terms servicecoin.Violations
	r.Terms.validate(&terms)
	v.Merge("terms", terms.Err())
	return v.Err()
}

func (r Routine) location() (*time.Location, error) { return hours.Hours{Zone: r.Zone}.Location() }

// Next returns when the routine begins for the first time after an instant, and false if it
// does not any more. The timetable may be nil if the rule counts no working days.
func (r Routine) Next(tt *hours.Timetable, after time.Time) (calendar.Interval, bool, error) {
	if err := r.Validate(); err != nil || r.Stopped {
		return calendar.Interval{}, false, err
	}
	days, err := r.Rule.Compile(tt)
	if err != nil {
		return calendar.Interval{}, false, err
	}
	loc, err := r.location()
	if err != nil {
		return calendar.Interval{}, false, err
	}
	long, _ := r.For.Get()
	for day := calendar.DateOf(after, loc).AddDays(-1); ; {
		next, ok, err := days.Next(day)
		if err != nil || !ok {
			return calendar.Interval{}, false, err
		}
		if start := next.At(r.At, loc); start.After(after) {
			return calendar.Between(start, start.Add(long)), true, nil
		}
		day = next
	}
}

// Cycle returns the name of the routine's cycle that begins at an instant: the same one,
// whoever asks, so that it is planned once.
func (r Routine) Cycle(start time.Time) (CycleID, error) {
	loc, err := r.location()
	if err != nil {
		return "", err
	}
	return CycleID(fmt.Sprintf("%s.%s", r.ID, calendar.DateOf(start, loc))), nil
}

// KeepRoutine adds a routine, or replaces the one of its id.
func (n *Cycles) KeepRoutine(ctx context.Context, by servicecoin.Actor, r Routine) (Routine, error) {
	if err := n.view.Ask(ctx, by, VerbKeepRoutine, RoutineRecord, string(r.ID)); err != nil {
		return Routine{}, err
	}
	if err := r.Validate(); err != nil {
		return Routine{}, err
	}
	r.KeptAt = servicecoin.Instant(n.view.Now())
	e, err := store.Happened(by, EventRoutineKept, struct {
		Routine RoutineID `json:"routine"`
	}{r.ID})
	if err != nil {
		return Routine{}, err
	}
	return r, n.view.Do(ctx, func(tx store.View) error {
		item, err := store.Of(tx, routines).Item(ctx, string(r.ID))
		if err != nil && !isNotFound(err) {
			return err
		}
		return store.Of(tx, routines).Put(ctx, r, item.Version, e)
	})
}

// Routines lists the routines by the names of their cycles, those that are stopped among
// them.
func (n *Cycles) Routines() store.Listing[Routine] {
	return store.Of(n.view, routines).Find(store.By("name"))
}

// Routine returns a routine.
func (n *Cycles) Routine(ctx context.Context, id RoutineID) (Routine, error) {
	return store.Of(n.view, routines).Get(ctx, string(id))
}

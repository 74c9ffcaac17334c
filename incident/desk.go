package incident

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Options are what a host may set for a desk.
type Options struct {
	// Matrix computes priorities; nil is [DefaultMatrix].
	Matrix *Matrix
	// Service answers ErrNotFound for a service that is not known, nil for one that
	// is. It is asked for those that [Desk.Open] and [Desk.Affect] name; what
	// [Desk.Record] takes in is not asked for. nil: every service is known.
	Service func(ctx context.Context, id servicecoin.ServiceID) error
}

// Desk is where incidents are worked on: over a view of the provider's
// partition. Every changing verb asks Authorize, applies the rule at the
// store's time, and records an event in the same commit.
type Desk struct {
	view store.View
	o    Options
}

// New returns a desk over a view of the provider's partition; of another one, the
// first call says so. A nil o means defaults.
func New(view store.View, o *Options) *Desk {
	d := &Desk{view: view.OfProvider("a desk of incidents")}
	if o != nil {
		d.o = *o
	}
	if d.o.Matrix == nil {
		d.o.Matrix = new(DefaultMatrix())
	}
	return d
}

// On returns the same desk over another view: of the host's transaction, or of
// a unit of work.
func (d *Desk) On(view store.View) *Desk { return New(view, &d.o) }

// Matrix returns the matrix that priorities are computed with.
func (d *Desk) Matrix() Matrix {
	if d.o.Matrix == nil {
		return DefaultMatrix()
	}
	return *d.o.Matrix
}

// Open opens an incident out of a report. An empty id is filled in; the desk's
// matrix is used where the report names none.
func (d *Desk) Open(ctx context.Context, by servicecoin.Actor, r Report) (Incident, error) {
	if r.ID == "" {
		r.ID = servicecoin.IncidentID(d.view.NewID())
	}
	if r.Matrix == nil {
		r.Matrix = d.o.Matrix
	}
	if err := d.authorize(ctx, by, VerbOpen, r.ID); err != nil {
		return Incident{}, err
	}
	i, err := Open(by, d.view.Now(), r)
	if err := d.known(ctx, err, r.Effects, nil); err != nil {
		return Incident{}, err
	}
	return i, d.insert(ctx, by, i, EventOpened)
}

// Record takes in an incident that was worked on elsewhere, as it is: an import.
// It is checked as a whole, and none with its id is there yet.
func (d *Desk) Record(ctx context.Context, by servicecoin.Actor, i Incident) error {
	if err := d.authorize(ctx, by, VerbRecord, i.ID); err != nil {
		return err
	}
	if err := i.Validate(); err != nil {
		return err
	}
	return d.insert(ctx, by, i, EventRecorded)
}

func (d *Desk) insert(ctx context.Context, by servicecoin.Actor, i Incident, event string) error {
	return d.view.Do(ctx, func(tx store.View) error {
		e, err := changed(by, event, &i, nil)
		if err != nil {
			return err
		}
		if err := store.Of(tx, incidents).Insert(ctx, i, e); err != nil {
			return err
		}
		return file(ctx, tx, &i, nil)
	})
}

// Acknowledge says that somebody works on it.
func (d *Desk) Acknowledge(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID) (Incident, error) {
	return d.change(ctx, by, id, VerbAcknowledge, EventAcknowledged, func(i *Incident, at time.Time) error { return i.Acknowledge(by, at) })
}

// Hold says that it waits for somebody outside, and for what.
func (d *Desk) Hold(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, reason string) (Incident, error) {
	return d.change(ctx, by, id, VerbHold, EventHeld, func(i *Incident, at time.Time) error { return i.Hold(by, at, reason) })
}

// Resume ends the waiting.
func (d *Desk) Resume(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID) (Incident, error) {
	return d.change(ctx, by, id, VerbResume, EventResumed, func(i *Incident, at time.Time) error { return i.Resume(by, at) })
}

// Resolve says that service is back.
func (d *Desk) Resolve(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, r Resolution) (Incident, error) {
	return d.change(ctx, by, id, VerbResolve, EventResolved, func(i *Incident, at time.Time) error { return i.Resolve(by, at, r) })
}

// Reopen says that it was not over.
func (d *Desk) Reopen(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, reason string) (Incident, error) {
	return d.change(ctx, by, id, VerbReopen, EventReopened, func(i *Incident, at time.Time) error { return i.Reopen(by, at, reason) })
}

// Close ends it for good, once its follow-ups are done or dropped.
func (d *Desk) Close(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID) (Incident, error) {
	return d.change(ctx, by, id, VerbClose, EventClosed, func(i *Incident, at time.Time) error { return i.Close(by, at) })
}

// Cancel says that it was none, or that another incident stands for it.
func (d *Desk) Cancel(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, reason string) (Incident, error) {
	return d.change(ctx, by, id, VerbCancel, EventCancelled, func(i *Incident, at time.Time) error { return i.Cancel(by, at, reason) })
}

// Assess sets impact and urgency, and the priority that the desk's matrix makes
// of them.
func (d *Desk) Assess(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, impact, urgency int) (Incident, error) {
	return d.change(ctx, by, id, VerbAssess, EventAssessed, func(i *Incident, at time.Time) error {
		return i.Assess(by, at, d.o.Matrix, impact, urgency)
	})
}

// Assign says who works on it.
func (d *Desk) Assign(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, to servicecoin.PersonID) (Incident, error) {
	return d.change(ctx, by, id, VerbAssign, EventAssigned, func(i *Incident, at time.Time) error { return i.Assign(by, at, to) })
}

// Describe replaces title, description and headline.
func (d *Desk) Describe(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, text Description) (Incident, error) {
	return d.change(ctx, by, id, VerbDescribe, EventDescribed, func(i *Incident, at time.Time) error { return i.Describe(by, at, text) })
}

// DeclareMajor says that it is a major incident, and why.
func (d *Desk) DeclareMajor(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, reason string) (Incident, error) {
	return d.change(ctx, by, id, VerbDeclareMajor, EventDeclaredMajor, func(i *Incident, at time.Time) error { return i.DeclareMajor(by, at, reason) })
}

// Redate corrects when it began.
func (d *Desk) Redate(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, began time.Time, reason string) (Incident, error) {
	return d.change(ctx, by, id, VerbRedate, EventRedated, func(i *Incident, at time.Time) error { return i.Redate(by, at, began, reason) })
}

// Affect adds or alters effects on services.
func (d *Desk) Affect(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, effects ...Effect) (Incident, error) {
	return d.change(ctx, by, id, VerbAffect, EventAffected, func(i *Incident, at time.Time) error {
		before := i.Services()
		return d.known(ctx, i.Affect(by, at, effects...), effects, before)
	})
}

// Note adds a message to the timeline, internal unless it says otherwise.
func (d *Desk) Note(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, m Message) (Incident, error) {
	return d.change(ctx, by, id, VerbNote, EventNoted, func(i *Incident, at time.Time) error { return i.Note(by, at, m) })
}

// AddFollowUp adds what is still to be done afterwards, by whom and by when.
func (d *Desk) AddFollowUp(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, owner servicecoin.PersonID, due time.Time, text string) (Incident, error) {
	return d.change(ctx, by, id, VerbAddFollowUp, EventFollowUpAdded, func(i *Incident, at time.Time) error {
		return i.AddFollowUp(by, at, owner, due, text)
	})
}

// CompleteFollowUp says what came of it.
func (d *Desk) CompleteFollowUp(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, number int, outcome string) (Incident, error) {
	return d.change(ctx, by, id, VerbCompleteFollowUp, EventFollowUpCompleted, func(i *Incident, at time.Time) error {
		return i.CompleteFollowUp(by, at, number, outcome)
	})
}

// MoveFollowUp sets another due date; the first one stays on record.
func (d *Desk) MoveFollowUp(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, number int, due time.Time, reason string) (Incident, error) {
	return d.change(ctx, by, id, VerbMoveFollowUp, EventFollowUpMoved, func(i *Incident, at time.Time) error {
		return i.MoveFollowUp(by, at, number, due, reason)
	})
}

// DropFollowUp says why it will not be done.
func (d *Desk) DropFollowUp(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, number int, reason string) (Incident, error) {
	return d.change(ctx, by, id, VerbDropFollowUp, EventFollowUpDropped, func(i *Incident, at time.Time) error {
		return i.DropFollowUp(by, at, number, reason)
	})
}

func (d *Desk) authorize(ctx context.Context, by servicecoin.Actor, verb string, id servicecoin.IncidentID) error {
	return d.view.Ask(ctx, by, verb, IncidentRecord, string(id))
}

// change applies a rule to an incident, files what it did to services, and
// tells of it, in one commit.
func (d *Desk) change(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, verb, event string, rule func(i *Incident, at time.Time) error) (Incident, error) {
	if err := d.authorize(ctx, by, verb, id); err != nil {
		return Incident{}, err
	}
	var after Incident
	err := d.view.Do(ctx, func(tx store.View) error {
		var before map[servicecoin.ServiceID][]Effect
		var err error
		after, err = store.Of(tx, incidents).Update(ctx, string(id), func(i *Incident) ([]store.Event, error) {
			before = i.counted()
			if err := rule(i, tx.Now()); err != nil {
				return nil, err
			}
			e, err := changed(by, event, i, before)
			return []store.Event{e}, err
		})
		if err != nil {
			return err
		}
		return file(ctx, tx, &after, before)
	})
	if err != nil {
		return Incident{}, err
	}
	return after, nil
}

func changed(by servicecoin.Actor, name string, i *Incident, before map[servicecoin.ServiceID][]Effect) (store.Event, error) {
	c := Changed{
		Incident: i.ID, State: i.State, Priority: i.Priority, Services: i.Services(), Touched: touched(before, i.counted()),
	}
	if name == EventNoted {
		c.Audience = i.Timeline[len(i.Timeline)-1].Audience
	}
	return store.Happened(by, name, c)
}

// file keeps the records of effects by service in step with the incident.
func file(ctx context.Context, tx store.View, i *Incident, before map[servicecoin.ServiceID][]Effect) error {
	after := i.counted()
	c := store.Of(tx, serviceEffects)
	services := slices.Sorted(maps.Keys(after))
	for s := range before {
		if _, kept := after[s]; !kept {
			services = append(services, s)
		}
	}
	slices.Sort(services)
	for _, s := range services {
		old, was := before[s]
		if was && slices.EqualFunc(old, after[s], func(a, b Effect) bool { return sameEffect(a, b) && a.RecordedAt.Equal(b.RecordedAt) }) {
			continue
		}
		record := ServiceEffects{Service: s, Incident: i.ID, Effects: after[s]}
		var err error
		switch _, is := after[s]; {
		case !is:
			err = c.Delete(ctx, effectsID(s, i.ID))
		case was:
			_, err = c.Update(ctx, effectsID(s, i.ID), func(r *ServiceEffects) ([]store.Event, error) {
				*r = record
				return nil, nil
			})
		default:
			err = c.Insert(ctx, record)
		}
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
	}
	return nil
}

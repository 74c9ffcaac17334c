package configuration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// Acknowledge says that somebody has seen a finding, and what of it: it stays a
// finding. What is found as something else is open again.
func (r *Register) Acknowledge(ctx context.Context, by servicecoin.Actor, id servicecoin.ConfigurationID, finding int, text string) (Drift, error) {
	if err := r.view.Ask(ctx, by, VerbAcknowledge, ItemRecord, string(id)); err != nil {
		return Drift{}, err
	}
	var after Drift
	err := r.view.Do(ctx, func(tx store.View) error {
		x, err := store.Of(tx, items).Get(ctx, string(id))
		if err != nil {
			return err
		}
		d, err := store.Of(tx, drifts).Item(ctx, string(id))
		if errors.Is(err, servicecoin.ErrNotFound) {
			return refuse(VerbAcknowledge, id, fmt.Sprintf("finding %d is not open", finding))
		} else if err != nil {
			return err
		}
		if after, err = d.Value.Acknowledge(by, tx.Now(), finding, text); err != nil {
			return err
		}
		e, err := itemHappened(by, EventAcknowledged, x, "", []int{finding})
		if err != nil {
			return err
		}
		return store.Of(tx, drifts).Put(ctx, after, d.Version, e)
	})
	return after, err
}

// AcknowledgeStray says that somebody has seen that something is not recorded.
func (r *Register) AcknowledgeStray(ctx context.Context, by servicecoin.Actor, id servicecoin.ConfigurationID, text string) (Stray, error) {
	if err := r.view.Ask(ctx, by, VerbAcknowledge, StrayRecord, string(id)); err != nil {
		return Stray{}, err
	}
	at, err := lifecycle.Check(by, r.view.Now(), lifecycle.Maybe(text, mostReason))
	if err != nil {
		return Stray{}, err
	}
	return store.Of(r.view, strays).Update(ctx, string(id), func(s *Stray) ([]store.Event, error) {
		s.Acknowledged = &Note{By: by, At: at, Text: text}
		e, err := store.Happened(by, EventStrayAcknowledged, StrayChanged{ID: s.ID, Type: s.Type})
		return []store.Event{e}, err
	})
}

// Acceptance says which findings of an item become desired, through which change.
type Acceptance struct {
	Findings []int                `json:"findings"`
	Change   servicecoin.ChangeID `json:"change"`
	Reason   string               `json:"reason,omitempty"`
}

// Accept makes what was observed desired, through an approved change that concerns the
// item: another version is recorded.
func (r *Register) Accept(ctx context.Context, by servicecoin.Actor, id servicecoin.ConfigurationID, a Acceptance) (Item, error) {
	if err := r.view.Ask(ctx, by, VerbAccept, ItemRecord, string(id)); err != nil {
		return Item{}, err
	}
	var v servicecoin.Violations
	v.ID("change", string(a.Change))
	v.Text("reason", a.Reason, 0, mostReason)
	if v.Limit("findings", len(a.Findings), mostOpen) && len(a.Findings) == 0 {
		v.Add("findings", "required", "", "names what is accepted")
	}
	if err := v.Err(); err != nil {
		return Item{}, err
	}
	return r.change(ctx, by, VerbAccept, id, func(tx store.View, x *Item, now time.Time) ([]store.Event, error) {
		if err := r.approved(ctx, *x, a.Change); err != nil {
			return nil, err
		}
		t, err := r.typeOf(x.Type)
		if err != nil {
			return nil, err
		}
		desired, err := r.On(tx).accepted(ctx, x, t, a)
		if err != nil {
			return nil, err
		}
		if err := t.Check(desired); err != nil {
			return nil, err
		}
		return r.On(tx).desire(ctx, by, x, now, t, desired, Why{a.Reason, a.Change}, EventAccepted, a.Findings)
	})
}

// approved refuses a change that is not approved, or is about something else.
func (r *Register) approved(ctx context.Context, x Item, id servicecoin.ChangeID) error {
	if r.o.Changes == nil {
		return nil
	}
	switch c, err := r.o.Changes.Change(ctx, id); {
	case errors.Is(err, servicecoin.ErrNotFound):
		return refuse(VerbAccept, x.ID, fmt.Sprintf("there is no approved change %q", id))
	case err != nil:
		return err
	case !c.Concerns(x):
		return refuse(VerbAccept, x.ID, fmt.Sprintf("change %q does not concern it", id))
	}
	return nil
}

// accepted returns what is desired once findings are.
func (r *Register) accepted(ctx context.Context, x *Item, t declared, a Acceptance) (Value, error) {
	d, err := r.drift(ctx, x.ID)
	if err != nil {
		return Value{}, err
	}
	s, err := getSeen(ctx, r.view, x.ID)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return Value{}, refuse(VerbAccept, x.ID, "it was never observed")
	} else if err != nil {
		return Value{}, err
	}
	desired, c, list, err := r.against(ctx, t, x, s.State)
	if err != nil {
		return Value{}, err
	}
	var take []Difference
	for _, number := range a.Findings {
		f := d.find(number)
		if f == nil {
			return Value{}, refuse(VerbAccept, x.ID, fmt.Sprintf("finding %d is not open", number))
		}
		n := slices.IndexFunc(list, func(x Difference) bool { return x.Path == f.Path && x.Kind == f.Kind })
		if n < 0 || !s.Look.Covers(f.Path) {
			return Value{}, refuse(VerbAccept, x.ID, fmt.Sprintf("finding %d is not of the last observation: look again", number))
		}
		take = append(take, list[n])
	}
	return c.Apply(desired, take)
}
